//! A hostile parent against the records of a session: every drop, swap, repeat, cut, splice and change is noticed, and
//! nothing that it did is taken for an answer.

use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_tests::deployment::{Deployment, Plan};
use casemate_tests::meddler::{Meddle, Meddler, Sent, Toward, Verdict, is_batch, is_result, pass};
use casemate_tests::soon;
use casemate_wire::frame::{Frame, FrameHeader, FrameType, SessionId};
use casemate_wire::session::{EndStatus, ResultItem};

use crate::{MANY_ROWS, ONE, PROGRAMS, small_tables};

async fn deployment() -> Deployment {
    Plan::new(PROGRAMS, &small_tables()).start().await
}

/// A session through a parent that does `change` to the records of results, numbered from 0.
async fn session_through(
    deployment: &Deployment,
    mut change: impl FnMut(usize, &Frame) -> Verdict + Clone + Send + 'static,
) -> (Meddler, Client) {
    let mut number = 0;
    let meddle = move |toward: Toward, frame: &Frame| {
        if toward == Toward::Engine || !is_result(&frame.header) {
            return pass(frame);
        }
        number += 1;
        change(number - 1, frame)
    };
    let meddler = Meddler::start(deployment.engine_address.clone(), move |_| meddle.clone()).await;
    let client = deployment.try_connect(&meddler.address).await.expect("the handshake is not attacked");
    (meddler, client)
}

/// What came of a query: the batches that were given out, and how it ended.
async fn outcome(client: &mut Client, sql: &str) -> (Vec<RecordBatch>, Result<EndStatus, HostError>) {
    let mut answer = client.query(sql).await.unwrap();
    let mut batches = Vec::new();
    loop {
        match soon("an item of the answer", answer.next()).await {
            Ok(Some(ResultItem::Batch(batch))) => batches.push(batch),
            Ok(Some(ResultItem::End(status))) => return (batches, Ok(status)),
            Ok(Some(_)) => {}
            Ok(None) => panic!("the answer ended without an end"),
            Err(error) => return (batches, Err(error)),
        }
    }
}

/// The honest answer.
async fn honest(deployment: &Deployment) -> Vec<RecordBatch> {
    let (batches, end) = outcome(&mut deployment.connect().await, MANY_ROWS).await;
    assert_eq!(end.unwrap(), EndStatus::Ok);
    assert!(batches.len() > 4, "attacks need several batches, there are {}", batches.len());
    batches
}

/// Asserts that the attack is noticed, and that what was given out before is an honest beginning.
async fn assert_noticed(
    deployment: &Deployment,
    attack: &str,
    change: impl FnMut(usize, &Frame) -> Verdict + Clone + Send + 'static,
) {
    let honest = honest(deployment).await;
    let (_meddler, mut client) = session_through(deployment, change).await;
    let (batches, end) = outcome(&mut client, MANY_ROWS).await;
    match end {
        Err(HostError::Protocol(_)) => {}
        other => panic!("{attack}: not noticed: {other:?}"),
    }
    // Which batch comes first is the engine's choice in each run; each must be one of the honest ones.
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let all: usize = honest.iter().map(RecordBatch::num_rows).sum();
    assert!(rows < all, "{attack}: the answer is complete");
}

fn send(frames: Vec<Sent>) -> Verdict {
    Verdict::Send(frames)
}

/// Changes the frame with this number and passes the others on.
fn at(
    wanted: usize,
    change: impl Fn(&mut Sent) + Clone + Send + 'static,
) -> impl FnMut(usize, &Frame) -> Verdict + Clone {
    move |number, frame| {
        let mut sent = Sent::copy(frame);
        if number == wanted {
            change(&mut sent);
        }
        send(vec![sent])
    }
}

#[tokio::test]
async fn an_untouched_stream_is_accepted_through_the_same_relay() {
    let deployment = deployment().await;
    let honest = honest(&deployment).await;
    let (_meddler, mut client) = session_through(&deployment, |_, frame: &Frame| pass(frame)).await;
    let (batches, end) = outcome(&mut client, MANY_ROWS).await;
    assert_eq!(end.unwrap(), EndStatus::Ok);
    let rows = |batches: &[RecordBatch]| batches.iter().map(RecordBatch::num_rows).sum::<usize>();
    assert_eq!(rows(&batches), rows(&honest));
}

#[tokio::test]
async fn a_dropped_record_is_noticed_wherever_it_is() {
    let deployment = deployment().await;
    for dropped in [0, 1, 3] {
        assert_noticed(&deployment, &format!("dropping record {dropped}"), move |number, frame: &Frame| {
            if number == dropped { send(Vec::new()) } else { pass(frame) }
        })
        .await;
    }
}

#[tokio::test]
async fn two_swapped_batches_are_noticed() {
    let mut held: Option<Sent> = None;
    let swap = move |number: usize, frame: &Frame| match number {
        2 => {
            held = Some(Sent::copy(frame));
            send(Vec::new())
        }
        3 => send([Sent::copy(frame)].into_iter().chain(held.take()).collect()),
        _ => pass(frame),
    };
    assert_noticed(&deployment().await, "swapping two batches", swap).await;
}

#[tokio::test]
async fn a_repeated_batch_is_noticed() {
    let repeat = |number: usize, frame: &Frame| {
        let copies = if number == 2 { 2 } else { 1 };
        send(vec![Sent::copy(frame); copies])
    };
    assert_noticed(&deployment().await, "repeating a batch", repeat).await;
}

#[tokio::test]
async fn a_stream_that_is_cut_after_any_record_is_truncated_and_never_a_short_answer() {
    let deployment = deployment().await;
    let records = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&records);
    let (_meddler, mut client) = session_through(&deployment, move |number, frame: &Frame| {
        *counter.lock().unwrap() = number + 1;
        pass(frame)
    })
    .await;
    outcome(&mut client, MANY_ROWS).await.1.unwrap();
    let records = *records.lock().unwrap();

    for kept in 0..records {
        let cut = move |number: usize, frame: &Frame| match number {
            _ if kept == 0 => Verdict::SendAndClose(Vec::new()),
            _ if number + 1 == kept => Verdict::SendAndClose(vec![Sent::copy(frame)]),
            _ => pass(frame),
        };
        let (_meddler, mut client) = session_through(&deployment, cut).await;
        let (_, end) = outcome(&mut client, MANY_ROWS).await;
        assert!(matches!(end, Err(HostError::Protocol(_))), "cut after {kept} of {records} records: {end:?}");
    }
}

#[tokio::test]
async fn a_changed_bit_is_noticed_in_the_text_and_in_the_tag() {
    let deployment = deployment().await;
    for position in [0, usize::MAX] {
        let flip = at(2, move |sent| {
            let last = sent.payload.len() - 1;
            sent.payload[position.min(last)] ^= 1;
        });
        assert_noticed(&deployment, &format!("flipping a bit at {position}"), flip).await;
    }
}

#[tokio::test]
async fn a_shorter_or_longer_record_is_noticed() {
    let deployment = deployment().await;
    assert_noticed(&deployment, "cutting a record", at(2, |sent| sent.payload.truncate(sent.payload.len() - 1))).await;
    assert_noticed(&deployment, "emptying a record", at(2, |sent| sent.payload.clear())).await;
    assert_noticed(&deployment, "lengthening a record", at(2, |sent| sent.payload.push(0))).await;
}

#[tokio::test]
async fn a_change_of_any_field_of_the_header_is_noticed() {
    type Change = fn(&mut FrameHeader);
    let changes: [(&str, Change); 6] = [
        ("type", |header| header.kind = FrameType::StatementEnd),
        ("last", |header| header.last = true),
        ("session", |header| header.session = SessionId([9; 16])),
        ("stream", |header| header.stream += 1),
        ("epoch", |header| header.epoch += 1),
        ("seq", |header| header.seq += 1),
    ];
    let deployment = deployment().await;
    for (field, change) in changes {
        let attack = format!("changing {field}");
        assert_noticed(&deployment, &attack, at(2, move |sent| change(&mut sent.header))).await;
    }
}

#[tokio::test]
async fn a_batch_of_another_query_does_not_fit_even_with_a_corrected_header() {
    let deployment = deployment().await;
    let first_stream: Arc<Mutex<Vec<Sent>>> = Arc::default();
    let kept = Arc::clone(&first_stream);
    let splice = move |_: usize, frame: &Frame| {
        let mut kept = kept.lock().unwrap();
        if frame.header.stream == 1 {
            kept.push(Sent::copy(frame));
            return pass(frame);
        }
        let stolen = kept.iter().find(|old| is_batch(&frame.header) && old.header.seq == frame.header.seq);
        match stolen {
            Some(old) => {
                send(vec![Sent { header: FrameHeader { len: 0, ..frame.header }, payload: old.payload.clone() }])
            }
            None => pass(frame),
        }
    };
    let (_meddler, mut client) = session_through(&deployment, splice).await;
    assert_eq!(outcome(&mut client, MANY_ROWS).await.1.unwrap(), EndStatus::Ok);
    assert!(!first_stream.lock().unwrap().is_empty());
    // The same text again: the parent answers it with the batches of the first time.
    let (batches, end) = outcome(&mut client, MANY_ROWS).await;
    assert!(matches!(end, Err(HostError::Protocol(_))), "{end:?}");
    assert!(batches.is_empty(), "nothing came before the spliced batch");
}

#[tokio::test]
async fn the_answer_of_another_session_does_not_fit() {
    let deployment = deployment().await;
    let earlier: Arc<Mutex<Vec<Sent>>> = Arc::default();
    let keep = Arc::clone(&earlier);
    let (_first, mut client) = session_through(&deployment, move |_, frame: &Frame| {
        keep.lock().unwrap().push(Sent::copy(frame));
        pass(frame)
    })
    .await;
    outcome(&mut client, ONE).await.1.unwrap();

    let old = Arc::clone(&earlier);
    let replay = move |number: usize, frame: &Frame| match old.lock().unwrap().get(number) {
        Some(old) => {
            let header = FrameHeader { session: frame.header.session, ..old.header };
            send(vec![Sent { header, payload: old.payload.clone() }])
        }
        None => pass(frame),
    };
    let (_second, mut client) = session_through(&deployment, replay).await;
    let (batches, end) = outcome(&mut client, ONE).await;
    assert!(batches.is_empty() && matches!(end, Err(HostError::Protocol(_))), "{end:?}");
}

/// Does something to the frames that a client sends after the handshake, numbered from 0.
struct TowardEngine<F>(usize, F);

impl<F: FnMut(usize, &Frame) -> Verdict + Send + 'static> Meddle for TowardEngine<F> {
    fn frame(&mut self, toward: Toward, frame: &Frame) -> Verdict {
        if toward == Toward::Client || frame.header.kind != FrameType::Control {
            return pass(frame);
        }
        self.0 += 1;
        (self.1)(self.0 - 1, frame)
    }
}

/// Asserts that the engine ends a session whose requests a parent tampered with, and serves the next one.
async fn assert_engine_refuses(attack: &str, change: fn(usize, &Frame) -> Verdict) {
    let deployment = deployment().await;
    let meddler = Meddler::start(deployment.engine_address.clone(), move |_| TowardEngine(0, change)).await;
    let mut client = deployment.try_connect(&meddler.address).await.unwrap();
    let mut ended = false;
    for _ in 0..3 {
        let Ok(answer) = client.query(ONE).await else {
            ended = true;
            break;
        };
        if soon("an answer or an error", answer.collect()).await.is_err() {
            ended = true;
            break;
        }
    }
    assert!(ended, "{attack}: the session goes on");
    outcome(&mut deployment.connect().await, ONE).await.1.unwrap();
}

#[tokio::test]
async fn a_query_that_is_sent_to_the_engine_twice_ends_the_session() {
    assert_engine_refuses("repeating a query", |number, frame| {
        send(vec![Sent::copy(frame); 1 + usize::from(number == 0)])
    })
    .await;
}

#[tokio::test]
async fn a_query_that_never_reaches_the_engine_ends_the_session_at_the_next() {
    let deployment = deployment().await;
    let drop_first = |number: usize, frame: &Frame| if number == 0 { send(Vec::new()) } else { pass(frame) };
    let meddler = Meddler::start(deployment.engine_address.clone(), move |_| TowardEngine(0, drop_first)).await;
    let mut client = deployment.try_connect(&meddler.address).await.unwrap();
    drop(client.query(ONE).await.unwrap());
    // Cancels the first, then asks again; the engine has seen neither the first query nor its number.
    let second = match client.query(ONE).await {
        Ok(answer) => soon("an answer or an error", answer.collect()).await.map(drop),
        Err(error) => Err(error),
    };
    assert!(matches!(second, Err(HostError::Protocol(_))), "{second:?}");
}

#[tokio::test]
async fn a_changed_query_record_ends_the_session() {
    assert_engine_refuses("changing a query", |_, frame| {
        let mut sent = Sent::copy(frame);
        sent.payload[0] ^= 1;
        send(vec![sent])
    })
    .await;
}

#[tokio::test]
async fn a_handshake_with_any_message_changed_fails() {
    let deployment = deployment().await;
    for kind in [FrameType::ClientHello, FrameType::ServerHello, FrameType::ClientAuth, FrameType::Accept] {
        let change = move |_: Toward, frame: &Frame| {
            let mut sent = Sent::copy(frame);
            if frame.header.kind == kind {
                let middle = sent.payload.len() / 2;
                sent.payload[middle] ^= 1;
            }
            send(vec![sent])
        };
        let meddler = Meddler::start(deployment.engine_address.clone(), move |_| change).await;
        let refused = deployment.try_connect(&meddler.address).await;
        assert!(matches!(refused, Err(HostError::Handshake(_))), "{kind:?} was changed and nobody noticed");
    }
    deployment.connect().await;
}

#[tokio::test]
async fn a_program_leaves_no_file_behind_when_its_stream_is_cut() {
    let deployment = deployment().await;
    let mut number = 0;
    let cut = move |toward: Toward, frame: &Frame| {
        number += usize::from(toward == Toward::Client && is_batch(&frame.header));
        if number == 3 { Verdict::SendAndClose(Vec::new()) } else { pass(frame) }
    };
    let meddler = Meddler::start(deployment.engine_address.clone(), move |_| cut).await;
    for format in ["csv", "json", "arrow", "parquet"] {
        let out = deployment.file(&format!("out.{format}"));
        let arguments = ["-e", MANY_ROWS, "--format", format, "-o", out.to_str().unwrap()];
        let stderr = deployment.client_at(&meddler.address, "sql", &arguments, "").await.failure(4);
        assert!(!out.exists(), "{format}: a cut answer was kept");
        assert!(!stderr.is_empty());
    }
}
