//! Bytes that no honest client sends: the engine answers with a status or nothing, and serves the next client.

use casemate_tests::deployment::{Deployment, Plan};
use casemate_tests::soon;
use casemate_wire::address::Address;
use casemate_wire::frame::{FrameHeader, FrameType, HEADER_LEN, SessionId, StatusCode, VERSION};
use casemate_wire::transport::{self, BoxedIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{ONE, PROGRAMS, small_tables};

async fn deployment() -> Deployment {
    Plan::new(PROGRAMS, &small_tables()).start().await
}

async fn open(address: &Address) -> BoxedIo {
    transport::connect(address).await.expect("somebody listens")
}

fn header(kind: FrameType, len: u32) -> [u8; HEADER_LEN] {
    FrameHeader { kind, last: false, session: SessionId::NONE, stream: 0, epoch: 0, seq: 0, len }.to_bytes()
}

/// What is answered to these bytes until the connection closes.
async fn answer(address: &Address, bytes: &[u8]) -> Vec<u8> {
    let mut io = open(address).await;
    io.write_all(bytes).await.expect("the engine reads or closes");
    let mut answer = Vec::new();
    // A connection that is reset is closed too.
    let _ = soon("the connection to be closed", io.read_to_end(&mut answer)).await;
    answer
}

/// A status frame in the clear.
fn status(code: StatusCode) -> Vec<u8> {
    [&header(FrameType::Status, 1)[..], &[code as u8]].concat()
}

async fn assert_still_serves(deployment: &mut Deployment) {
    assert!(deployment.engine.is_running() && deployment.parent.is_running());
    let mut client = deployment.connect().await;
    soon("an answer", client.query(ONE).await.unwrap().collect()).await.unwrap();
}

#[tokio::test]
async fn a_malformed_frame_is_answered_with_a_status_directly_and_through_the_parent() {
    let mut deployment = deployment().await;
    let unknown_type = {
        let mut bytes = header(FrameType::ClientHello, 0);
        bytes[1] = 99;
        bytes.to_vec()
    };
    let unknown_flags = {
        let mut bytes = header(FrameType::ClientHello, 0);
        bytes[2] = 0x80;
        bytes.to_vec()
    };
    let empty_hello = header(FrameType::ClientHello, 0).to_vec();
    // Our version comes first, so that what follows is read.
    let garbage_hello = [&header(FrameType::ClientHello, 100)[..], &[VERSION; 100]].concat();
    let query_first = [&header(FrameType::Control, 100)[..], &[0; 100]].concat();
    for (what, bytes) in [
        ("an unknown type", unknown_type),
        ("unknown flags", unknown_flags),
        ("an empty hello", empty_hello),
        ("a hello of garbage", garbage_hello),
        ("a query before the handshake", query_first),
    ] {
        for address in [&deployment.engine_address, &deployment.address] {
            assert_eq!(answer(address, &bytes).await, status(StatusCode::BadFrame), "{what} at {address}");
        }
    }
    assert_still_serves(&mut deployment).await;
}

#[tokio::test]
async fn a_huge_length_is_refused_before_anything_follows() {
    let mut deployment = deployment().await;
    for kind in [FrameType::ClientHello, FrameType::ClientAuth, FrameType::Control, FrameType::ResultBatch] {
        let bytes = header(kind, u32::MAX);
        assert_eq!(answer(&deployment.address, &bytes).await, status(StatusCode::BadFrame), "{kind:?}");
    }
    assert_still_serves(&mut deployment).await;
}

#[tokio::test]
async fn an_unknown_version_is_answered_as_such() {
    let mut deployment = deployment().await;
    for version in [0, VERSION + 1, u8::MAX] {
        let mut bytes = header(FrameType::ClientHello, 0);
        bytes[0] = version;
        assert_eq!(answer(&deployment.address, &bytes).await, status(StatusCode::UnsupportedVersion), "{version}");
    }
    assert_still_serves(&mut deployment).await;
}

#[tokio::test]
async fn other_protocols_and_half_frames_harm_nobody() {
    let mut deployment = deployment().await;
    let address = deployment.address.clone();
    for bytes in [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(8), vec![0; 4096], vec![0xff; 4096]] {
        assert!(answer(&address, &bytes).await.len() <= HEADER_LEN + 1);
    }
    for length in [0, 1, HEADER_LEN - 1] {
        let mut io = open(&address).await;
        io.write_all(&header(FrameType::ClientHello, 48)[..length]).await.unwrap();
        io.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = soon("the connection to be closed", io.read_to_end(&mut answer)).await;
        assert!(answer.len() <= HEADER_LEN + 1);
    }
    assert_still_serves(&mut deployment).await;
}

#[tokio::test]
async fn a_client_that_never_finishes_its_handshake_is_dropped_after_the_time_that_the_access_file_gives() {
    let plan = Plan::new(PROGRAMS, &small_tables());
    let mut deployment = plan.access(|file| file.handshake_timeout_seconds = 1).start().await;
    let mut silent = open(&deployment.engine_address).await;
    silent.write_all(&header(FrameType::ClientHello, 48)[..10]).await.unwrap();
    assert_still_serves(&mut deployment).await;
    let mut answer = Vec::new();
    let _ = soon("the connection to be closed", silent.read_to_end(&mut answer)).await;
    assert!(answer.len() <= HEADER_LEN + 1);
}

#[tokio::test]
async fn a_flood_of_silent_connections_is_turned_away_and_ends_by_itself() {
    let plan = Plan::new(PROGRAMS, &small_tables());
    let mut deployment = plan.access(|file| file.handshake_timeout_seconds = 2).start().await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(open(&deployment.engine_address).await);
    }
    // While they hold all handshakes the answer may be 'busy'; when their time is over it is not.
    soon("a session", async {
        while deployment.try_connect(&deployment.address).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_still_serves(&mut deployment).await;
}
