//! One test for each way to break a stream of records.

use super::position::{EpochLimits, Position};
use super::schedule::BINDING_LEN;
use super::*;
use crate::Error;
use crate::frame::{FrameHeader, FrameType, SessionId, VERSION};

type Record = (FrameHeader, Vec<u8>);

const SESSION: SessionId = SessionId([7; 16]);
const SMALL_EPOCHS: EpochLimits = EpochLimits { records: 3, bytes: 64 << 30 };

fn keys_of(direction: u8, session: SessionId, stream: u64, binding: u8) -> StreamKeys {
    DirectionSecret([direction; SECRET_LEN]).stream(session, stream, &[binding; BINDING_LEN])
}

fn keys() -> StreamKeys {
    keys_of(1, SESSION, 1, 1)
}

fn seal_with(mut sealer: Sealer, contents: &[&[u8]]) -> Vec<Record> {
    let count = contents.len();
    let seal = |(index, content): (usize, &&[u8])| {
        let mut payload = content.to_vec();
        let header = sealer.seal(FrameType::ResultBatch, index + 1 == count, &mut payload).unwrap();
        (header, payload)
    };
    contents.iter().enumerate().map(seal).collect()
}

fn sealed() -> Vec<Record> {
    seal_with(Sealer::new(keys()), &[b"zero", b"one", b"two"])
}

fn open_one(opener: &mut Opener, (header, payload): &Record) -> crate::Result<Vec<u8>> {
    let mut content = payload.clone();
    opener.open(header, &mut content).map(|()| content)
}

/// Opens all records; the position and error of the first that does not open.
fn first_failure(keys: StreamKeys, records: &[Record]) -> Option<(usize, Error)> {
    let mut opener = Opener::new(keys);
    records.iter().enumerate().find_map(|(index, record)| open_one(&mut opener, record).err().map(|e| (index, e)))
}

fn assert_unsealing(failure: Option<(usize, Error)>, at: usize) {
    match failure {
        Some((index, Error::Unsealing)) => assert_eq!(index, at),
        other => panic!("expected Unsealing at record {at}, got {other:?}"),
    }
}

#[test]
fn a_stream_as_it_was_sealed_opens() {
    let mut opener = Opener::new(keys());
    let contents: Vec<_> = sealed().iter().map(|record| open_one(&mut opener, record).unwrap()).collect();
    assert_eq!(contents, [&b"zero"[..], b"one", b"two"]);
}

#[test]
fn a_dropped_record_is_noticed_at_the_next_one() {
    for dropped in 0..2 {
        let mut records = sealed();
        records.remove(dropped);
        assert_unsealing(first_failure(keys(), &records), dropped);
    }
}

#[test]
fn reordered_records_do_not_open() {
    let mut records = sealed();
    records.swap(1, 2);
    assert_unsealing(first_failure(keys(), &records), 1);
}

#[test]
fn a_replayed_record_does_not_open() {
    let mut records = sealed();
    records.insert(1, records[0].clone());
    assert_unsealing(first_failure(keys(), &records), 1);
}

#[test]
fn a_record_renumbered_to_fit_does_not_open() {
    let mut records = sealed();
    let mut replayed = records[0].clone();
    replayed.0.seq = 1;
    records[1] = replayed;
    assert_unsealing(first_failure(keys(), &records), 1);
}

#[test]
fn a_record_of_another_session_stream_query_or_direction_does_not_open() {
    let elsewhere = [
        keys_of(1, SessionId([8; 16]), 1, 1),
        keys_of(1, SESSION, 2, 1),
        keys_of(1, SESSION, 1, 2),
        keys_of(2, SESSION, 1, 1),
    ];
    for other in elsewhere {
        let foreign = seal_with(Sealer::new(other), &[b"zero"]);
        assert_unsealing(first_failure(keys(), &foreign), 0);
        // Relabelled as ours, it still does not open: the header it was sealed with is associated data.
        let mut relabelled = foreign;
        (relabelled[0].0.session, relabelled[0].0.stream) = (SESSION, 1);
        assert_unsealing(first_failure(keys(), &relabelled), 0);
    }
}

#[test]
fn a_record_of_the_wrong_epoch_does_not_open() {
    let late = Sealer::with_position(keys(), Position::at(EpochLimits::PROTOCOL, 1, 0));
    let mut records = seal_with(late, &[b"zero"]);
    assert_unsealing(first_failure(keys(), &records), 0);
    records[0].0.epoch = 0;
    assert_unsealing(first_failure(keys(), &records), 0);
}

#[test]
fn a_flipped_bit_anywhere_in_the_header_is_refused() {
    let (header, payload) = sealed().remove(0);
    for bit in 0..8 * crate::frame::HEADER_LEN {
        let mut bytes = header.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // What no longer parses never reaches the record layer.
        let Ok(changed) = FrameHeader::parse(&bytes) else { continue };
        assert_unsealing(first_failure(keys(), &[(changed, payload.clone())]), 0);
    }
    assert_eq!(header.to_bytes()[0], VERSION);
}

#[test]
fn a_flipped_bit_anywhere_in_the_payload_is_the_same_error() {
    let (header, payload) = sealed().remove(0);
    for byte in (0..payload.len()).step_by(61).chain([payload.len() - 1]) {
        let mut changed = payload.clone();
        changed[byte] ^= 0x10;
        assert_unsealing(first_failure(keys(), &[(header, changed)]), 0);
    }
}

#[test]
fn a_payload_of_any_other_length_is_the_same_error() {
    let (header, payload) = sealed().remove(0);
    for len in [0, 1, 15, 16, 17, payload.len() - 1] {
        let cut = payload[..len].to_vec();
        let relabelled = FrameHeader { len: len as u32, ..header };
        assert_unsealing(first_failure(keys(), &[(header, cut.clone())]), 0);
        assert_unsealing(first_failure(keys(), &[(relabelled, cut)]), 0);
    }
}

#[test]
fn after_one_failure_even_the_right_record_does_not_open() {
    let records = sealed();
    let mut opener = Opener::new(keys());
    assert!(open_one(&mut opener, &records[1]).is_err());
    assert!(matches!(open_one(&mut opener, &records[0]), Err(Error::Unsealing)));
}

#[test]
fn epochs_change_at_their_record_limit_on_both_sides() {
    let contents: Vec<&[u8]> = vec![b"x"; 10];
    let records = seal_with(Sealer::with_position(keys(), Position::start(SMALL_EPOCHS)), &contents);
    let epochs: Vec<_> = records.iter().map(|(header, _)| (header.epoch, header.seq)).collect();
    assert_eq!(epochs[..4], [(0, 0), (0, 1), (0, 2), (1, 3)]);
    assert_eq!(epochs[9], (3, 9));
    let mut opener = Opener::with_position(keys(), Position::start(SMALL_EPOCHS));
    for record in &records {
        open_one(&mut opener, record).unwrap();
    }
    // A peer that keeps the old key longer than the protocol says is refused.
    assert_unsealing(first_failure(keys(), &records), 3);
}

#[test]
fn epochs_change_at_their_byte_limit() {
    let limits = EpochLimits { records: 1 << 20, bytes: 8000 };
    let contents: Vec<&[u8]> = vec![b"x"; 5];
    let records = seal_with(Sealer::with_position(keys(), Position::start(limits)), &contents);
    let epochs: Vec<_> = records.iter().map(|(header, _)| header.epoch).collect();
    assert_eq!(epochs, [0, 0, 1, 1, 2]);
}

#[test]
fn the_limits_are_those_of_the_protocol() {
    assert_eq!(EpochLimits::PROTOCOL.records, 1 << 20);
    assert_eq!(EpochLimits::PROTOCOL.bytes, 64 << 30);
}

#[test]
fn a_counter_that_would_overflow_fails_closed() {
    let last_seq = Position::at(EpochLimits::PROTOCOL, 0, u64::MAX);
    let mut sealer = Sealer::with_position(keys(), last_seq);
    sealer.seal(FrameType::ResultBatch, false, &mut Vec::new()).unwrap();
    assert!(matches!(sealer.seal(FrameType::ResultBatch, false, &mut Vec::new()), Err(Error::Exhausted)));

    let last_epoch = Position::at(SMALL_EPOCHS, u32::MAX, 0);
    let mut sealer = Sealer::with_position(keys(), last_epoch);
    for _ in 0..3 {
        sealer.seal(FrameType::ResultBatch, false, &mut Vec::new()).unwrap();
    }
    assert!(matches!(sealer.seal(FrameType::ResultBatch, false, &mut Vec::new()), Err(Error::Exhausted)));
}

#[test]
fn no_two_records_of_a_stream_share_key_and_nonce() {
    // Equal content under equal key and nonce would give equal payloads.
    let contents: Vec<&[u8]> = vec![b"same"; 12];
    let records = seal_with(Sealer::with_position(keys(), Position::start(SMALL_EPOCHS)), &contents);
    let payloads: std::collections::HashSet<_> = records.iter().map(|(_, payload)| &payload[..64]).collect();
    assert_eq!(payloads.len(), records.len());
}

#[test]
fn the_key_schedule_gives_the_documented_bytes() {
    // The example of docs/protocol.md. Secret and IVs were computed by another implementation of HKDF.
    let secret = "dd126b156b4b7bc3f4374dd14d6b90a3f2d4cd79183546861b570d9d338a80c02045d87a634ed5d90ad85404903b2b91";
    assert_eq!(hex::encode(keys().secret), secret);
    assert_eq!(hex::encode(*keys().epoch(0).iv), "e4cc81982f1f8f4f1c88aa19");
    assert_eq!(hex::encode(*keys().epoch(1).iv), "29e17d2c1e75ac91e8d6bfb2");
    let (header, payload) = seal_with(Sealer::new(keys()), &[b"zero"]).remove(0);
    assert_eq!((payload.len(), header.last), (4112, true));
    assert_eq!(hex::encode(&payload[4096..]), "36c452a53c38633d251d54309c37cb04");
}
