//! Many clients at once, and the limits that keep one from harming the others.

use casemate_host::HostError;
use casemate_host::client::Client;
use casemate_tests::deployment::Plan;
use casemate_tests::soon;
use casemate_wire::session::QueryFailure;
use futures::future::join_all;

use crate::{ONE, PROGRAMS, small_tables};

/// Needs every row of a large cross join in memory.
const HUNGRY: &str = "SELECT a.l_comment, b.l_comment, count(*) AS n \
     FROM parquet.`lineitem.parquet` a, parquet.`lineitem.parquet` b GROUP BY a.l_comment, b.l_comment";

async fn rows(client: &mut Client, sql: &str) -> Result<usize, HostError> {
    let results = soon("an answer", client.query(sql).await?.collect()).await?;
    Ok(results.iter().flat_map(|result| &result.batches).map(|batch| batch.num_rows()).sum())
}

async fn failure(client: &mut Client, sql: &str) -> QueryFailure {
    match rows(client, sql).await {
        Err(HostError::Query(failure)) => failure,
        other => panic!("the query did not fail: {other:?}"),
    }
}

#[tokio::test]
async fn fifty_sessions_at_once_each_get_their_own_answer() {
    let deployment = Plan::new(PROGRAMS, &small_tables()).start().await;
    let mut clients = join_all((0..50).map(|_| deployment.connect())).await;
    // All sessions are open before the first query is sent.
    let answers = join_all(clients.iter_mut().enumerate().map(|(number, client)| async move {
        let nation = number % 25;
        let sql = format!("SELECT n_nationkey FROM parquet.`nation.parquet` WHERE n_nationkey <= {nation}");
        (nation, rows(client, &sql).await)
    }))
    .await;
    for (nation, rows) in answers {
        assert_eq!(rows.unwrap(), nation + 1);
    }
}

#[tokio::test]
async fn a_query_over_the_engines_memory_is_an_error_for_its_client_and_the_others_go_on() {
    let mut deployment = Plan::new(PROGRAMS, &small_tables()).memory_limit("64MiB").start().await;
    let (mut hungry, mut modest) = (deployment.connect().await, deployment.connect().await);
    let (failure, answers) = tokio::join!(failure(&mut hungry, HUNGRY), async {
        let mut answers = Vec::new();
        for _ in 0..5 {
            answers.push(rows(&mut modest, ONE).await);
        }
        answers
    });
    assert_eq!(failure.kind, "memory", "{failure:?}");
    assert!(failure.message.contains("--memory-limit"), "{failure:?}");
    assert!(answers.into_iter().all(|rows| rows.unwrap() == 1));
    assert_eq!(rows(&mut hungry, ONE).await.unwrap(), 1, "its session goes on too");
    assert!(deployment.engine.is_running());
}

#[tokio::test]
async fn a_client_has_the_memory_that_the_access_file_gives_it() {
    let plan = Plan::new(PROGRAMS, &small_tables());
    let deployment = plan.access(|file| file.clients[0].memory_limit = Some("48MiB".to_owned())).start().await;
    let mut client = deployment.connect().await;
    let failure = failure(&mut client, HUNGRY).await;
    assert_eq!(failure.kind, "memory", "{failure:?}");
    assert!(failure.message.contains("memory_limit"), "{failure:?}");
}

#[tokio::test]
async fn a_program_that_finds_no_free_session_says_so_and_exits_with_4() {
    let plan = Plan::new(PROGRAMS, &small_tables());
    let deployment = plan.access(|file| file.max_sessions = 1).start().await;
    let _only = deployment.connect().await;
    let stderr = deployment.client("sql", &["-e", ONE]).await.failure(4);
    assert!(stderr.contains("busy"), "{stderr}");
}
