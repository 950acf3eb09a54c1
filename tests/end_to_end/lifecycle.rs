//! Sessions and processes that end: at the wrong moment, on purpose, or never.

use std::time::Duration;

use casemate_host::HostError;
use casemate_host::client::QueryStream;
use casemate_tests::deployment::{Plan, engine_arguments};
use casemate_tests::engines::{Folder, LocalEngine};
use casemate_tests::process::Server;
use casemate_tests::{eventually, soon};
use casemate_wire::session::{EndStatus, ResultItem};

use crate::{ENDLESS, ONE, PROGRAMS, small_tables};

async fn next(answer: &mut QueryStream<'_>) -> casemate_host::Result<Option<ResultItem>> {
    soon("an item of the answer", answer.next()).await
}

/// Reads until the first rows have come.
async fn first_rows(answer: &mut QueryStream<'_>) {
    loop {
        match next(answer).await.unwrap() {
            Some(ResultItem::Batch(_)) => return,
            Some(ResultItem::End(status)) => panic!("an end before any row: {status:?}"),
            Some(_) => {}
            None => panic!("an answer without an end"),
        }
    }
}

/// Reads on to the end.
async fn end(answer: &mut QueryStream<'_>) -> casemate_host::Result<EndStatus> {
    loop {
        match next(answer).await? {
            Some(ResultItem::End(status)) => return Ok(status),
            Some(_) => {}
            None => panic!("an answer without an end"),
        }
    }
}

#[tokio::test]
async fn an_engine_that_is_killed_in_the_middle_of_an_answer_leaves_an_error_and_a_parent_that_serves_the_next_engine()
{
    let mut deployment = Plan::new(PROGRAMS, &small_tables()).start().await;
    let mut client = deployment.connect().await;
    let mut answer = client.query(ENDLESS).await.unwrap();
    first_rows(&mut answer).await;
    deployment.engine.kill().await;
    let ended = end(&mut answer).await;
    assert!(matches!(ended, Err(HostError::Protocol(_))), "{ended:?}");

    assert!(deployment.parent.is_running());
    let stderr = deployment.client("sql", &["-e", ONE]).await.failure(4);
    assert!(!stderr.is_empty());

    let (listen, storage) = (&deployment.engine_address, &deployment.storage_address);
    let arguments = engine_arguments(deployment.folder(), listen, storage, "1GiB");
    let log = deployment.file("engine-2.log");
    deployment.engine = Server::start(PROGRAMS.engine.as_ref(), &arguments, &log).await;
    let stdout = deployment.client("sql", &["-e", ONE, "--format", "csv"]).await.success();
    assert!(stdout.contains("GERMANY"), "{stdout}");
}

#[tokio::test]
async fn the_query_of_a_client_that_vanishes_stops_and_gives_its_memory_back() {
    let (engine, mut client) = LocalEngine::with_client(Folder::new(&small_tables())).await;
    let mut answer = client.query(ENDLESS).await.unwrap();
    first_rows(&mut answer).await;
    assert_eq!(engine.engine.open_sessions(), 1);
    drop(answer);
    drop(client);
    eventually("the session is over", || engine.engine.open_sessions() == 0).await;
    eventually("its memory is free", || engine.engine.memory_used() == 0).await;
}

#[tokio::test]
async fn the_only_place_of_an_engine_is_free_again_when_its_client_vanishes() {
    let plan = Plan::new(PROGRAMS, &small_tables());
    let deployment = plan.access(|file| file.max_sessions = 1).start().await;
    let mut client = deployment.connect().await;
    let mut answer = client.query(ENDLESS).await.unwrap();
    first_rows(&mut answer).await;
    let Err(busy) = deployment.try_connect(&deployment.address).await else { panic!("two sessions") };
    assert!(busy.to_string().contains("busy"), "{busy}");
    drop(answer);
    drop(client);
    soon("a free place", async {
        while deployment.try_connect(&deployment.address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_query_ends_as_cancelled_and_the_session_goes_on() {
    let (engine, mut client) = LocalEngine::with_client(Folder::new(&small_tables())).await;
    let mut answer = client.query(ENDLESS).await.unwrap();
    first_rows(&mut answer).await;
    answer.cancel().await.unwrap();
    assert_eq!(end(&mut answer).await.unwrap(), EndStatus::Cancelled);
    let mut answer = client.query(ONE).await.unwrap();
    assert_eq!(end(&mut answer).await.unwrap(), EndStatus::Ok);
    eventually("the memory of both is free", || engine.engine.memory_used() == 0).await;
}

#[tokio::test]
async fn a_query_that_was_given_up_half_read_makes_room_for_the_next() {
    let (_engine, mut client) = LocalEngine::with_client(Folder::new(&small_tables())).await;
    let mut answer = client.query(ENDLESS).await.unwrap();
    first_rows(&mut answer).await;
    drop(answer);
    let results = soon("the next answer", client.query(ONE).await.unwrap().collect()).await.unwrap();
    assert_eq!(results[0].batches.iter().map(|batch| batch.num_rows()).sum::<usize>(), 1);
}

#[tokio::test]
async fn a_client_that_does_not_read_does_not_make_the_engine_produce() {
    let deployment = Plan::new(PROGRAMS, &small_tables()).tapped().start().await;
    let mut client = deployment.connect().await;
    let mut answer = client.query(ENDLESS).await.unwrap();
    first_rows(&mut answer).await;

    // Sockets and pipes on the way take some megabytes; then nothing must move any more.
    let mut before = usize::MAX;
    let passed = || deployment.recordings[0].bytes();
    soon("standstill", async {
        while passed() != before {
            before = passed();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
    assert!(before < 64 << 20, "{before} bytes were sent to a client that does not read");

    first_rows(&mut answer).await;
    answer.cancel().await.unwrap();
    assert_eq!(end(&mut answer).await.unwrap(), EndStatus::Cancelled);
}

#[tokio::test]
async fn an_engine_that_is_asked_to_stop_ends_its_queries_with_an_authenticated_end_and_exits_with_0() {
    let mut deployment = Plan::new(PROGRAMS, &small_tables()).start().await;
    let mut client = deployment.connect().await;
    let mut answer = client.query(ENDLESS).await.unwrap();
    first_rows(&mut answer).await;
    deployment.engine.signal(nix::sys::signal::Signal::SIGTERM);
    let status = end(&mut answer).await.expect("an authenticated end, not a cut stream");
    assert_ne!(status, EndStatus::Ok);
    drop(client);
    assert_eq!(deployment.engine.stop_after_signal().await, Some(0));
    assert!(!deployment.file("engine.sock").exists(), "the socket is gone");
    assert_eq!(deployment.parent.stop().await, Some(0));
}

#[tokio::test]
async fn a_query_over_its_time_limit_fails_with_that_reason() {
    let plan = Plan::new(PROGRAMS, &small_tables()).engine_arguments(&["--query-timeout=0.5"]);
    let deployment = plan.start().await;
    let mut client = deployment.connect().await;
    let mut answer = client.query(ENDLESS).await.unwrap();
    let status = end(&mut answer).await.unwrap();
    assert!(matches!(&status, EndStatus::Failed(failure) if failure.kind == "timeout"), "{status:?}");
}
