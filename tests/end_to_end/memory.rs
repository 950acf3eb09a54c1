//! What an engine keeps of its sessions when all have ended: no data key.

use casemate_tests::data::KEY;
use casemate_tests::deployment::Plan;
use casemate_tests::eventually;

use crate::{ONE, PROGRAMS, small_tables};

#[tokio::test]
async fn no_data_key_stays_in_the_engines_memory_when_its_sessions_have_ended() {
    let deployment = Plan::new(PROGRAMS, &small_tables()).start().await;
    let mut client = deployment.connect().await;
    client.query(ONE).await.unwrap().collect().await.unwrap();
    client.query("SELECT count(*) FROM parquet.`lineitem.parquet`").await.unwrap().collect().await.unwrap();
    // Shows that the search finds a key where there is one.
    assert!(deployment.engine.count_in_memory(&KEY) > 0);

    client.close().await.unwrap();
    eventually("the key to be gone", || deployment.engine.count_in_memory(&KEY) == 0).await;
}
