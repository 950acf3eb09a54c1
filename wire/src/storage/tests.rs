//! Round trips and hostile bytes of the storage protocol.

use super::*;
use crate::test_random::TestRandom;

fn requests() -> Vec<Request> {
    vec![
        Request::List { prefix: String::new() },
        Request::Head { path: "lineitem/part-0.parquet".into() },
        Request::Get { path: "ä/b".into(), start: 4, end: u64::MAX },
    ]
}

fn responses() -> Vec<Response> {
    let meta = ObjectMeta { path: "a/b".into(), size: 7, modified_ms: 1_600_000_000_000 };
    vec![
        Response::Listing(vec![]),
        Response::Listing(vec![meta.clone(), meta.clone()]),
        Response::Meta(meta),
        Response::Data(Bytes::new()),
        Response::Data(Bytes::from_static(b"PAR1")),
        Response::Error { code: ErrorCode::NotFound, message: "no such file".into() },
    ]
}

#[tokio::test]
async fn requests_and_responses_read_back_with_their_ids() {
    let (mut engine, mut parent) = tokio::io::duplex(1 << 16);
    for (id, request) in (1 << 40..).zip(requests()) {
        write_request(&mut engine, id, &request).await.unwrap();
        assert_eq!(read_request(&mut parent).await.unwrap(), Some((id, request)));
    }
    for (id, response) in (0..).zip(responses()) {
        write_response(&mut parent, id, &response).await.unwrap();
        assert_eq!(read_response(&mut engine).await.unwrap(), Some((id, response)));
    }
    drop(parent);
    assert_eq!(read_response(&mut engine).await.unwrap(), None);
}

#[tokio::test]
async fn data_that_is_sent_and_taken_in_parts_is_the_same_response() {
    let mut sent = data_head(9, 4).unwrap().to_vec();
    sent.extend_from_slice(b"PAR1");
    let mut whole = Vec::new();
    write_response(&mut whole, 9, &Response::Data(Bytes::from_static(b"PAR1"))).await.unwrap();
    assert_eq!(sent, whole);
    let mut received = &sent[..];
    assert_eq!(read_incoming(&mut received).await.unwrap(), Some(Incoming::Data { id: 9, len: 4 }));
    let mut data = BytesMut::from(&b"before "[..]);
    read_data(&mut received, 4, &mut data).await.unwrap();
    assert_eq!(data, &b"before PAR1"[..]);
    assert!(data_head(9, MAX_RANGE_BYTES as usize + 1).is_err());
}

#[tokio::test]
async fn a_length_beyond_the_cap_is_refused_before_anything_is_allocated() {
    let too_long = (MAX_REQUEST_BYTES as u32 + 1).to_be_bytes();
    assert!(matches!(read_request(&mut &too_long[..]).await, Err(Error::FrameTooLarge { .. })));
    let too_long = u32::MAX.to_be_bytes();
    assert!(matches!(read_response(&mut &too_long[..]).await, Err(Error::FrameTooLarge { .. })));
}

#[tokio::test]
async fn a_path_beyond_the_cap_is_an_error_before_anything_is_written() {
    let mut sink = Vec::new();
    let request = Request::Head { path: "x".repeat(MAX_REQUEST_BYTES) };
    assert!(matches!(write_request(&mut sink, 0, &request).await, Err(Error::FrameTooLarge { .. })));
    assert!(sink.is_empty());
}

#[tokio::test]
async fn an_answer_beyond_the_cap_becomes_an_error_that_says_so() {
    let mut bytes = Vec::new();
    write_response(&mut bytes, 9, &Response::Data(vec![0; MAX_RESPONSE_BYTES].into())).await.unwrap();
    let answer = read_response(&mut &bytes[..]).await.unwrap().unwrap();
    assert!(matches!(answer, (9, Response::Error { code: ErrorCode::TooLarge, .. })));
}

#[tokio::test]
async fn a_message_cut_anywhere_is_an_error() {
    let mut bytes = Vec::new();
    write_request(&mut bytes, 1, &requests()[2]).await.unwrap();
    for cut in 1..bytes.len() {
        assert!(read_request(&mut &bytes[..cut]).await.is_err());
    }
    for response in responses() {
        let mut bytes = Vec::new();
        write_response(&mut bytes, 1, &response).await.unwrap();
        for cut in 1..bytes.len() {
            assert!(read_response(&mut &bytes[..cut]).await.is_err());
        }
    }
}

#[tokio::test]
async fn hostile_bytes_never_panic() {
    let mut random = TestRandom::new(1);
    for _ in 0..20_000 {
        let mut body = random.bytes(64);
        let kind = random.below(6) as u8;
        if let Some(byte) = body.get_mut(8) {
            *byte = kind;
        }
        let mut message = (body.len() as u32).to_be_bytes().to_vec();
        message.extend_from_slice(&body);
        let _ = read_request(&mut &message[..]).await;
        let _ = read_response(&mut &message[..]).await;
    }
}
