//! The client against an engine that follows a script instead of SQL.

use std::sync::Arc;

use arrow::array::{AsArray, Int32Array};
use arrow::datatypes::Int32Type;
use casemate_wire::access_file::AccessPolicy;
use casemate_wire::attestation::policy::{PcrSet, TrustPolicy};
use casemate_wire::attestation::simulated::{SimulatedNsm, SimulatedOptions};
use casemate_wire::handshake::{ServerOptions, accept};
use casemate_wire::session::{QueryFailure, Request, ServerReceiver, ServerSender};
use futures::TryStreamExt;
use tokio::sync::mpsc;

use super::*;
use crate::error::ExitStatus;
use crate::files::new_access;
use crate::sealed;

/// An engine without SQL, and a client that it accepts.
struct Scripted {
    keys: Keys,
    trust: TrustPolicy,
    options: ServerOptions,
}

fn scripted() -> Scripted {
    let keys = Keys::generate().unwrap();
    let pcrs: std::collections::BTreeMap<u8, [u8; 48]> = (0..3).map(|index| (index, [index + 1; 48])).collect();
    let clock = Arc::new(|| UnixMillis::from(SystemTime::now()));
    let options = SimulatedOptions { pcrs: pcrs.clone(), module_id: "i-1-enc2".to_owned(), clock };
    let nsm = SimulatedNsm::generate(options).unwrap();
    let trust = TrustPolicy {
        roots: vec![nsm.trusted_root()],
        pcr_sets: vec![PcrSet { name: "v1".to_owned(), pcrs }],
        max_age: Duration::from_secs(60),
        policy_hashes: Vec::new(),
    };
    let access: AccessPolicy =
        new_access(vec![("tester".to_owned(), keys.identity.public())]).unwrap().to_policy().unwrap();
    Scripted { keys, trust, options: ServerOptions::new(Arc::new(nsm), Arc::new(access)) }
}

impl Scripted {
    fn serve(&self) -> BoxedIo {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let options = self.options.clone();
        tokio::spawn(async move {
            if let Ok(session) = accept(far, &options).await {
                let (receiver, sender, _) = session.split();
                // The client has gone; that is how every script ends.
                let _ = play(receiver, sender).await;
            }
        });
        Box::new(near)
    }

    async fn connect(&self) -> Client {
        Client::over(self.serve(), &self.keys, &self.trust).await.unwrap()
    }
}

fn rows(values: std::ops::Range<i32>) -> RecordBatch {
    let column = Int32Array::from_iter_values(values);
    RecordBatch::try_from_iter([("n", Arc::new(column) as _)]).unwrap()
}

/// `rows`: two batches; `fail`: a failure; `forever`: batches until it is cancelled; `stall`: nothing; `cut`: half an
/// answer, then the connection is closed.
async fn play(mut receiver: ServerReceiver, mut sender: ServerSender) -> casemate_wire::Result<()> {
    let (requests, mut inbox) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok(request) = receiver.next().await {
            if requests.send(request).is_err() {
                return;
            }
        }
    });
    while let Some(request) = inbox.recv().await {
        let Request::Query { sql, secret, .. } = request else { continue };
        let mut answer = sender.start(secret);
        match sql.as_str() {
            "fail" => {
                let message = "it does not".to_owned();
                let failure = QueryFailure { kind: "analysis".to_owned(), message, position: Some((1, 1)) };
                answer.end(EndStatus::Failed(failure)).await?;
            }
            "forever" => {
                answer.schema(&rows(0..0).schema()).await?;
                while !matches!(inbox.try_recv(), Ok(Request::Cancel { .. })) {
                    answer.batch(&rows(0..1000)).await?;
                }
                answer.end(EndStatus::Cancelled).await?;
            }
            "stall" => std::future::pending().await,
            script => {
                answer.schema(&rows(0..0).schema()).await?;
                answer.batch(&rows(0..3)).await?;
                if script == "cut" {
                    return sender.shutdown().await;
                }
                answer.batch(&rows(3..5)).await?;
                answer.statement_end().await?;
                answer.end(EndStatus::Ok).await?;
            }
        }
    }
    Ok(())
}

fn numbers(batches: &[RecordBatch]) -> Vec<i32> {
    let columns = batches.iter().map(|batch| batch.column(0).as_primitive::<Int32Type>());
    columns.flat_map(|column| column.values().to_vec()).collect()
}

#[tokio::test]
async fn the_batches_of_an_answer_come_in_order() {
    let mut client = scripted().connect().await;
    assert_eq!((client.name(), client.attested().simulated), ("tester", true));
    let results = client.query("rows").await.unwrap().collect().await.unwrap();
    assert_eq!((results.len(), numbers(&results[0].batches)), (1, vec![0, 1, 2, 3, 4]));
    let batches: Vec<_> = client.query("rows").await.unwrap().into_batches().try_collect().await.unwrap();
    assert_eq!(numbers(&batches), [0, 1, 2, 3, 4]);
    client.close().await.unwrap();
}

#[tokio::test]
async fn a_failed_query_is_an_error_and_the_session_goes_on() {
    let mut client = scripted().connect().await;
    let error = client.query("fail").await.unwrap().collect().await.unwrap_err();
    assert_eq!((error.to_string(), error.exit_status()), ("it does not".to_owned(), ExitStatus::Query));
    assert!(client.query("fail").await.unwrap().into_batches().try_collect::<Vec<_>>().await.is_err());
    assert_eq!(client.query("rows").await.unwrap().collect().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_cancelled_query_ends_as_cancelled() {
    let mut client = scripted().connect().await;
    let mut answer = client.query("forever").await.unwrap();
    for _ in 0..10 {
        answer.next().await.unwrap();
    }
    answer.cancel().await.unwrap();
    let ended = loop {
        if let Some(ResultItem::End(status)) = answer.next().await.unwrap() {
            break status;
        }
    };
    assert_eq!(ended, EndStatus::Cancelled);
    assert!(answer.next().await.unwrap().is_none());
}

#[tokio::test]
async fn an_answer_that_is_not_read_to_its_end_is_cancelled_by_the_next_query() {
    let mut client = scripted().connect().await;
    for _ in 0..3 {
        let mut answer = client.query("forever").await.unwrap();
        answer.next().await.unwrap();
        answer.next().await.unwrap();
    }
    let results = client.query("rows").await.unwrap().collect().await.unwrap();
    assert_eq!(numbers(&results[0].batches), [0, 1, 2, 3, 4]);
}

#[tokio::test]
async fn an_answer_that_is_cut_is_an_error_of_the_connection() {
    let mut client = scripted().connect().await;
    let error = client.query("cut").await.unwrap().collect().await.unwrap_err();
    assert!(matches!(error, HostError::Protocol(casemate_wire::Error::Truncated)), "{error}");
    assert_eq!(error.exit_status(), ExitStatus::Connection);
}

#[tokio::test]
async fn a_reader_that_is_given_up_half_way_closes_the_session_to_further_queries() {
    let mut client = scripted().connect().await;
    let mut answer = client.query("stall").await.unwrap();
    let waited = tokio::time::timeout(Duration::from_millis(50), answer.next()).await;
    assert!(waited.is_err());
    assert!(matches!(answer.next().await, Err(HostError::Interrupted)));
    assert!(matches!(client.query("rows").await, Err(HostError::Interrupted)));
}

#[tokio::test]
async fn an_engine_that_the_trust_policy_does_not_name_is_refused() {
    let engine = scripted();
    let mut trust = engine.trust.clone();
    trust.pcr_sets[0].pcrs.insert(0, [9; 48]);
    let error = Client::over(engine.serve(), &engine.keys, &trust).await.err().unwrap();
    assert_eq!(error.exit_status(), ExitStatus::Attestation, "{error}");
    let stranger = Keys::generate().unwrap();
    let error = Client::over(engine.serve(), &stranger, &engine.trust).await.err().unwrap();
    assert_eq!(error.exit_status(), ExitStatus::Connection, "{error}");
    assert!(error.to_string().contains("denied"), "{error}");
}

#[tokio::test]
async fn a_sealed_answer_opens_later_with_its_key_and_only_whole() {
    let engine = scripted();
    let mut client = engine.connect().await;
    let key = &engine.keys.result_key;
    let mut told = 0;
    let file = sealed::keep(&mut client, "rows", key, Vec::new(), |bytes| told = bytes).await.unwrap();
    assert!(told > 0 && (told as usize) < file.len());

    let open = |bytes: Vec<u8>| async move {
        let items: Vec<_> = sealed::items(std::io::Cursor::new(bytes), key)?.try_collect().await?;
        Ok::<_, HostError>(items)
    };
    let items = open(file.clone()).await.unwrap();
    assert!(matches!(items.last(), Some(ResultItem::End(EndStatus::Ok))));
    assert_eq!(items.iter().filter(|item| matches!(item, ResultItem::Batch(_))).count(), 2);
    for length in [0, 1, file.len() / 2, file.len() - 1] {
        assert!(open(file[..length].to_vec()).await.is_err(), "{length}");
    }
    assert!(open([file.clone(), vec![0]].concat()).await.is_err());
    let other = Keys::generate().unwrap();
    assert!(sealed::items(&file[..], &other.result_key).is_err());

    // A failure is part of the answer and shows when it is opened.
    let failed = sealed::keep(&mut client, "fail", key, Vec::new(), |_| ()).await.unwrap();
    assert!(matches!(open(failed).await.unwrap().last(), Some(ResultItem::End(EndStatus::Failed(_)))));
}
