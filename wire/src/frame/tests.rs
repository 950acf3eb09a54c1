//! What a frame header may and may not say.

use super::*;

fn sample() -> FrameHeader {
    FrameHeader {
        kind: FrameType::ResultBatch,
        last: false,
        session: SessionId(*b"0123456789abcdef"),
        stream: 0x0102_0304_0506_0708,
        epoch: 0x090a_0b0c,
        seq: 0x0d0e_0f10_1112_1314,
        len: 0x0000_1516,
    }
}

#[test]
fn the_header_has_the_documented_layout() {
    let bytes = sample().to_bytes();
    assert_eq!(
        hex::encode(bytes),
        "01080000303132333435363738396162636465660102030405060708090a0b0c0d0e0f101112131400001516"
    );
    assert_eq!(FrameHeader::parse(&bytes).unwrap(), sample());
}

#[test]
fn an_unknown_version_is_refused() {
    let mut bytes = sample().to_bytes();
    bytes[0] = 2;
    assert!(matches!(FrameHeader::parse(&bytes), Err(Error::UnknownVersion(2))));
}

#[test]
fn an_unknown_type_is_refused() {
    for kind in [0, 12, 255] {
        let mut bytes = sample().to_bytes();
        bytes[1] = kind;
        assert!(matches!(FrameHeader::parse(&bytes), Err(Error::UnknownFrameType(k)) if k == kind));
    }
}

#[test]
fn unknown_flags_are_refused() {
    for (byte, value) in [(2, 1), (3, 2), (3, 0x80)] {
        let mut bytes = sample().to_bytes();
        bytes[byte] = value;
        assert!(matches!(FrameHeader::parse(&bytes), Err(Error::Malformed(_))));
    }
}

#[tokio::test]
async fn a_huge_length_is_refused_before_anything_is_allocated() {
    for kind in 1..=11 {
        let kind = FrameType::from_byte(kind).unwrap();
        for len in [kind.max_payload() as u32 + 1, u32::MAX] {
            let header = FrameHeader { kind, len, ..sample() };
            // The payload never comes: a reader that wanted it would say Truncated.
            let error = read_frame(&mut &header.to_bytes()[..], |_| true).await.err().unwrap();
            assert!(matches!(error, Error::FrameTooLarge { len: l, .. } if l == u64::from(len)), "{error}");
        }
    }
}

#[tokio::test]
async fn a_frame_cut_at_any_byte_is_not_a_frame() {
    let mut bytes = Vec::new();
    write_frame(&mut bytes, &FrameHeader { len: 5, ..sample() }, b"hello").await.unwrap();
    assert!(matches!(read_frame(&mut &bytes[..0], |_| true).await, Err(Error::Closed)));
    for cut in 1..bytes.len() {
        assert!(matches!(read_frame(&mut &bytes[..cut], |_| true).await, Err(Error::Truncated)));
    }
    assert_eq!(read_frame(&mut &bytes[..], |_| true).await.unwrap().payload, b"hello");
}

#[test]
fn a_status_is_exactly_one_known_byte() {
    assert_eq!(parse_status(&[3]).unwrap(), StatusCode::Denied);
    assert_eq!(parse_status(&[5]).unwrap(), StatusCode::Unavailable);
    for bad in [&[][..], &[0], &[6], &[1, 1]] {
        assert!(parse_status(bad).is_err());
    }
}
