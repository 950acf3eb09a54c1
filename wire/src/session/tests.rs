//! Sessions that work, and result streams that somebody broke.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use tokio::io::AsyncWriteExt;

use super::message::End;
use super::*;
use crate::Error;
use crate::frame::{Frame, FrameHeader, FrameType, SessionId, StatusCode, write_frame, write_status};
use crate::ipc::Encoder;
use crate::record::{DirectionSecret, SECRET_LEN, Sealer};
use crate::test_session::open;

const PIPE: usize = 1 << 20;

fn numbers(count: i64) -> RecordBatch {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count));
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

fn query(sql: &str) -> QueryRequest {
    QueryRequest { sql: sql.into() }
}

/// Answers one query with one statement of `batches` batches.
async fn answer(receiver: &mut ServerReceiver, sender: &mut ServerSender, batches: usize) {
    let Request::Query { secret, .. } = receiver.next().await.unwrap() else { panic!("a query was sent") };
    let mut sealer = sender.start(secret);
    sealer.schema(&numbers(1).schema()).await.unwrap();
    for _ in 0..batches {
        sealer.batch(&numbers(10)).await.unwrap();
    }
    sealer.statement_end().await.unwrap();
    sealer.end(EndStatus::Ok).await.unwrap();
}

/// The sealed records of `queries` equal queries in one session, and what opens each.
async fn recorded(queries: usize) -> Vec<(StreamSecret, Vec<SealedFrame>)> {
    let (client, server) = open(PIPE).await;
    let (mut requests, mut results) = client.split();
    let (mut receiver, mut sender, _) = server.split();
    let mut all = Vec::new();
    for _ in 0..queries {
        let secret = requests.query(&query("SELECT 1")).await.unwrap();
        answer(&mut receiver, &mut sender, 2).await;
        let mut frames = Vec::new();
        while frames.last().is_none_or(|frame: &SealedFrame| !frame.header().last) {
            frames.push(results.next_frame().await.unwrap());
        }
        all.push((secret, frames));
    }
    all
}

fn copy(frame: &SealedFrame) -> SealedFrame {
    SealedFrame(Frame { header: *frame.header(), payload: frame.payload().to_vec() })
}

#[tokio::test]
async fn a_query_of_several_statements_arrives_whole() {
    let (client, server) = open(PIPE).await;
    assert_eq!(client.client_name(), "alice");
    assert_eq!(client.id(), server.id);
    let (mut requests, mut results) = client.split();
    let (mut receiver, mut sender, keys) = server.split();
    assert_eq!(keys.len(), 1);
    let engine = async {
        let Request::Query { stream, sql, secret } = receiver.next().await.unwrap() else { panic!() };
        assert_eq!((stream, sql.as_str()), (1, "SELECT 1; SELECT 2"));
        let mut sealer = sender.start(secret);
        for rows in [3, 0] {
            sealer.schema(&numbers(1).schema()).await.unwrap();
            sealer.batch(&numbers(rows)).await.unwrap();
            sealer.statement_end().await.unwrap();
        }
        sealer.end(EndStatus::Ok).await.unwrap();
    };
    let client = async {
        let secret = requests.query(&query("SELECT 1; SELECT 2")).await.unwrap();
        let mut opener = StreamOpener::new(secret);
        let mut items = Vec::new();
        while !opener.is_finished() {
            items.extend(opener.open(results.next_frame().await.unwrap()).unwrap());
        }
        opener.finish().unwrap();
        items
    };
    let ((), items) = tokio::join!(engine, client);
    let schema = || ResultItem::Schema(numbers(1).schema());
    let end = |rows| ResultItem::StatementEnd(StatementSummary { rows, batches: 1 });
    let expected = [
        schema(),
        ResultItem::Batch(numbers(3)),
        end(3),
        schema(),
        ResultItem::Batch(numbers(0)),
        end(0),
        ResultItem::End(EndStatus::Ok),
    ];
    assert_eq!(items, expected);
}

#[tokio::test]
async fn cancellations_and_the_end_of_a_session_arrive_while_a_result_is_under_way() {
    let (client, server) = open(PIPE).await;
    let (mut requests, _results) = client.split();
    let (mut receiver, _sender, _) = server.split();
    requests.query(&query("SELECT 1")).await.unwrap();
    requests.cancel(1).await.unwrap();
    requests.close().await.unwrap();
    assert!(matches!(receiver.next().await, Ok(Request::Query { stream: 1, .. })));
    assert!(matches!(receiver.next().await, Ok(Request::Cancel { stream: 1 })));
    assert!(matches!(receiver.next().await, Ok(Request::Close)));
}

#[tokio::test]
async fn a_failure_travels_sealed_with_its_position() {
    let (client, server) = open(PIPE).await;
    let (mut requests, mut results) = client.split();
    let (mut receiver, mut sender, _) = server.split();
    let secret = requests.query(&query("SELEC 1")).await.unwrap();
    let Request::Query { secret: sealing, .. } = receiver.next().await.unwrap() else { panic!() };
    let message = "CANARY near SELEC".to_owned();
    let failure = QueryFailure { kind: "parse".into(), message, position: Some((1, 1)) };
    sender.start(sealing).end(EndStatus::Failed(failure.clone())).await.unwrap();
    let frame = results.next_frame().await.unwrap();
    assert!(!frame.payload().windows(6).any(|bytes| bytes == b"CANARY"));
    let item = StreamOpener::new(secret).open(frame).unwrap();
    assert_eq!(item, Some(ResultItem::End(EndStatus::Failed(failure))));
}

#[tokio::test]
async fn a_stream_cut_at_any_record_boundary_is_truncated() {
    let (secret, frames) = recorded(1).await.remove(0);
    let keys = secret.0;
    for cut in 0..frames.len() {
        let mut opener = StreamOpener::new(same(&keys));
        for frame in &frames[..cut] {
            opener.open(copy(frame)).unwrap();
        }
        assert!(matches!(opener.finish(), Err(Error::Truncated)), "cut after {cut} records");
    }
}

/// The same secret once more, as a file of it would give.
fn same(keys: &crate::record::StreamKeys) -> StreamSecret {
    let crate::record::StreamKeys { session, stream, secret } = keys;
    StreamSecret(crate::record::StreamKeys { session: *session, stream: *stream, secret: *secret })
}

#[tokio::test]
async fn a_dropped_reordered_or_replayed_record_is_refused_at_every_place() {
    let (secret, frames) = recorded(1).await.remove(0);
    let opens = |order: &[usize]| {
        let mut opener = StreamOpener::new(same(&secret.0));
        order.iter().try_for_each(|&index| opener.open(copy(&frames[index])).map(drop))
    };
    let all: Vec<usize> = (0..frames.len()).collect();
    opens(&all).unwrap();
    for place in 0..frames.len() - 1 {
        let dropped: Vec<_> = all.iter().copied().filter(|&index| index != place).collect();
        let mut reordered = all.clone();
        reordered.swap(place, place + 1);
        let mut replayed = all.clone();
        replayed.insert(place, place);
        for order in [dropped, reordered, replayed] {
            assert!(matches!(opens(&order), Err(Error::Unsealing)), "{order:?}");
        }
    }
}

#[tokio::test]
async fn the_result_of_another_query_does_not_open_even_if_the_text_is_the_same() {
    let mut both = recorded(2).await;
    let (second, second_frames) = both.pop().unwrap();
    let (first, _) = both.pop().unwrap();
    assert_eq!((first.stream(), second.stream()), (1, 2));
    let mut relabelled = copy(&second_frames[0]);
    relabelled.0.header.stream = 1;
    let mut opener = StreamOpener::new(first);
    assert!(matches!(opener.open(relabelled), Err(Error::Unsealing)));
}

#[tokio::test]
async fn the_result_of_another_session_does_not_open() {
    let (here, elsewhere) = (recorded(1).await.remove(0), recorded(1).await.remove(0));
    let mut relabelled = copy(&elsewhere.1[0]);
    relabelled.0.header.session = here.0.session();
    let mut opener = StreamOpener::new(here.0);
    assert!(matches!(opener.open(relabelled), Err(Error::Unsealing)));
}

#[tokio::test]
async fn a_record_after_the_end_is_refused() {
    let (secret, frames) = recorded(1).await.remove(0);
    let mut opener = StreamOpener::new(secret);
    for frame in &frames {
        opener.open(copy(frame)).unwrap();
    }
    assert!(opener.is_finished());
    assert!(matches!(opener.open(copy(&frames[0])), Err(Error::TrailingData)));
}

/// A stream sealed by an engine that does not keep to the protocol.
struct OddEngine(Sealer);

fn odd_stream() -> (OddEngine, StreamOpener) {
    let keys = || DirectionSecret([1; SECRET_LEN]).stream(SessionId([2; 16]), 1, &[3; 48]);
    (OddEngine(Sealer::new(keys())), StreamOpener::new(StreamSecret(keys())))
}

impl OddEngine {
    fn send(&mut self, kind: FrameType, last: bool, mut content: Vec<u8>) -> SealedFrame {
        let header = self.0.seal(kind, last, &mut content).unwrap();
        SealedFrame(Frame { header, payload: content })
    }

    fn schema(&mut self) -> SealedFrame {
        let content = Encoder::new().schema(&numbers(1).schema()).unwrap().content;
        self.send(FrameType::ResultSchema, false, content)
    }

    fn end(&mut self, status: EndStatus, rows: u64, batches: u64) -> SealedFrame {
        let end = End { status, total: StatementSummary { rows, batches } };
        self.send(FrameType::End, true, end.encode())
    }
}

#[test]
fn records_out_of_their_order_are_refused_although_they_are_genuine() {
    for kind in [FrameType::ResultBatch, FrameType::ResultDictionary, FrameType::StatementEnd] {
        let (mut engine, mut opener) = odd_stream();
        assert!(matches!(opener.open(engine.send(kind, false, vec![])), Err(Error::Unexpected(k)) if k == kind));
    }
    let (mut engine, mut opener) = odd_stream();
    opener.open(engine.schema()).unwrap();
    assert!(matches!(opener.open(engine.schema()), Err(Error::Unexpected(FrameType::ResultSchema))));
}

#[test]
fn the_last_flag_stands_on_the_end_and_nowhere_else() {
    let (mut engine, mut opener) = odd_stream();
    let end = End { status: EndStatus::Ok, total: StatementSummary::default() };
    assert!(matches!(opener.open(engine.send(FrameType::End, false, end.encode())), Err(Error::Malformed(_))));
    let (mut engine, mut opener) = odd_stream();
    assert!(matches!(opener.open(engine.send(FrameType::ResultSchema, true, vec![])), Err(Error::Malformed(_))));
}

#[test]
fn an_end_that_counts_other_rows_is_refused() {
    for (rows, batches) in [(1, 0), (0, 1)] {
        let (mut engine, mut opener) = odd_stream();
        assert!(matches!(opener.open(engine.end(EndStatus::Ok, rows, batches)), Err(Error::Malformed(_))));
        let (mut engine, mut opener) = odd_stream();
        opener.open(engine.schema()).unwrap();
        let summary = StatementSummary { rows, batches }.encode();
        assert!(matches!(opener.open(engine.send(FrameType::StatementEnd, false, summary)), Err(Error::Malformed(_))));
    }
}

#[test]
fn a_query_ends_well_only_between_statements() {
    let (mut engine, mut opener) = odd_stream();
    opener.open(engine.schema()).unwrap();
    assert!(matches!(opener.open(engine.end(EndStatus::Ok, 0, 0)), Err(Error::Malformed(_))));
    let (mut engine, mut opener) = odd_stream();
    opener.open(engine.schema()).unwrap();
    let cancelled = opener.open(engine.end(EndStatus::Cancelled, 0, 0)).unwrap();
    assert_eq!(cancelled, Some(ResultItem::End(EndStatus::Cancelled)));
}

#[tokio::test]
async fn an_engine_cannot_send_its_records_out_of_order() {
    let (client, server) = open(PIPE).await;
    let (mut requests, _results) = client.split();
    let (mut receiver, mut sender, _) = server.split();
    requests.query(&query("SELECT 1")).await.unwrap();
    let Request::Query { secret, .. } = receiver.next().await.unwrap() else { panic!() };
    let mut sealer = sender.start(secret);
    assert!(sealer.batch(&numbers(1)).await.is_err());
    assert!(sealer.statement_end().await.is_err());
    sealer.schema(&numbers(1).schema()).await.unwrap();
    assert!(sealer.schema(&numbers(1).schema()).await.is_err());
    assert!(sealer.end(EndStatus::Ok).await.is_err());
}

#[tokio::test]
async fn a_slow_client_slows_the_engine_down() {
    let (client, server) = open(16 << 10).await;
    let (mut requests, mut results) = client.split();
    let (mut receiver, mut sender, _) = server.split();
    requests.query(&query("SELECT 1")).await.unwrap();
    let Request::Query { secret, .. } = receiver.next().await.unwrap() else { panic!() };
    let mut sealer = sender.start(secret);
    sealer.schema(&numbers(1).schema()).await.unwrap();
    let batch = numbers(100_000);
    let mut writing = Box::pin(sealer.batch(&batch));
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut writing).await.is_err());
    let reading = async {
        for _ in 0..2 {
            results.next_frame().await.unwrap();
        }
    };
    let (written, ()) = tokio::join!(writing, reading);
    written.unwrap();
}

#[tokio::test]
async fn a_write_that_was_given_up_is_the_last_one() {
    let (client, server) = open(16 << 10).await;
    let (mut requests, _results) = client.split();
    let (mut receiver, mut sender, _) = server.split();
    requests.query(&query("SELECT 1")).await.unwrap();
    let Request::Query { secret, .. } = receiver.next().await.unwrap() else { panic!() };
    let mut sealer = sender.start(secret);
    sealer.schema(&numbers(1).schema()).await.unwrap();
    let batch = numbers(100_000);
    assert!(tokio::time::timeout(Duration::from_millis(50), sealer.batch(&batch)).await.is_err());
    assert!(matches!(sealer.statement_end().await, Err(Error::Interrupted)));
}

#[tokio::test]
async fn a_query_beyond_the_limit_is_refused_and_the_session_goes_on() {
    let (client, server) = open(PIPE).await;
    let (mut requests, _results) = client.split();
    let (mut receiver, _sender, _) = server.split();
    let long = query(&"x".repeat(MAX_SQL_BYTES + 1));
    assert!(matches!(requests.query(&long).await, Err(Error::QueryTooLong(_))));
    requests.query(&query("SELECT 1")).await.unwrap();
    assert!(matches!(receiver.next().await, Ok(Request::Query { stream: 1, .. })));
}

#[tokio::test]
async fn a_client_that_vanishes_is_noticed_as_closed() {
    let (client, server) = open(PIPE).await;
    let (mut receiver, _sender, _) = server.split();
    drop(client);
    assert!(matches!(receiver.next().await, Err(Error::Closed)));
}

#[tokio::test]
async fn an_engine_that_vanishes_leaves_a_truncated_result() {
    let (client, server) = open(PIPE).await;
    let (mut requests, mut results) = client.split();
    requests.query(&query("SELECT 1")).await.unwrap();
    drop(server);
    assert!(matches!(results.next_frame().await, Err(Error::Truncated)));
}

/// A client whose connection ends in the hands of a test, behind a finished handshake.
async fn hijacked() -> (ClientReceiver, tokio::io::DuplexStream, SessionId) {
    let (near, far) = tokio::io::duplex(PIPE);
    let (client, _) = open(PIPE).await;
    let id = client.id();
    let (_, receiver) = client.split();
    (receiver.over(Box::new(near)), far, id)
}

#[tokio::test]
async fn frames_of_another_session_or_another_kind_never_reach_an_opener() {
    let header = |kind, session| FrameHeader { kind, last: false, session, stream: 1, epoch: 0, seq: 0, len: 16 };
    let (mut receiver, mut far, id) = hijacked().await;
    let foreign = header(FrameType::ResultBatch, SessionId([9; 16]));
    assert_ne!(foreign.session, id);
    write_frame(&mut far, &foreign, &[0; 16]).await.unwrap();
    assert!(matches!(receiver.next_frame().await, Err(Error::Unsealing)));

    for kind in [FrameType::Accept, FrameType::Control, FrameType::ServerHello] {
        let (mut receiver, mut far, id) = hijacked().await;
        write_frame(&mut far, &header(kind, id), &[0; 16]).await.unwrap();
        assert!(matches!(receiver.next_frame().await, Err(Error::Unexpected(k)) if k == kind));
    }
}

#[tokio::test]
async fn a_status_during_a_session_is_an_error_and_never_a_short_result() {
    let (mut receiver, mut far, _) = hijacked().await;
    write_status(&mut far, StatusCode::Busy).await.unwrap();
    assert!(matches!(receiver.next_frame().await, Err(Error::Status(StatusCode::Busy))));
}

#[tokio::test]
async fn a_frame_cut_in_its_middle_is_truncated() {
    let (mut receiver, mut far, session) = hijacked().await;
    let header =
        FrameHeader { kind: FrameType::ResultBatch, last: false, session, stream: 1, epoch: 0, seq: 0, len: 9 };
    far.write_all(&header.to_bytes()).await.unwrap();
    far.write_all(&[0; 8]).await.unwrap();
    drop(far);
    assert!(matches!(receiver.next_frame().await, Err(Error::Truncated)));
}

#[tokio::test]
async fn a_replayed_or_changed_request_is_refused_by_the_engine() {
    for replayed in [true, false] {
        let (client, server) = open(PIPE).await;
        let (mut requests, _) = client.split();
        let (near, mut far) = tokio::io::duplex(PIPE);
        let mut recorded = Vec::new();
        requests.record_to(&mut recorded, "SELECT 1").await;
        let (mut receiver, _, _) = server.split();
        receiver = receiver.over(Box::new(near));
        if !replayed {
            recorded[60] ^= 1;
        }
        far.write_all(&recorded).await.unwrap();
        far.write_all(&recorded).await.unwrap();
        if replayed {
            assert!(matches!(receiver.next().await, Ok(Request::Query { .. })));
        }
        assert!(matches!(receiver.next().await, Err(Error::Unsealing)));
    }
}

#[tokio::test]
async fn the_stream_ids_of_queries_must_rise() {
    let (client, server) = open(PIPE).await;
    let (mut requests, _results) = client.split();
    let (mut receiver, _sender, _) = server.split();
    requests.query(&query("SELECT 1")).await.unwrap();
    receiver.next().await.unwrap();
    requests.rewind();
    requests.query(&query("SELECT 2")).await.unwrap();
    assert!(matches!(receiver.next().await, Err(Error::Malformed(_))));
}
