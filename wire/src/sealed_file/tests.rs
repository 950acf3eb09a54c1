//! Sealed results on disk, and what becomes of them in other hands.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};

use super::*;
use crate::frame::{FrameType, TAG_LEN};
use crate::ipc::Encoder;
use crate::record::{DirectionSecret, Sealer, StreamKeys};
use crate::session::EndStatus;
use crate::test_random::TestRandom;

fn keys(stream: u64) -> StreamKeys {
    DirectionSecret([1; SECRET_LEN]).stream(SessionId([2; 16]), stream, &[3; 48])
}

fn key() -> ResultKey {
    ResultKey::from_bytes(&[7; 32]).unwrap()
}

fn batch() -> RecordBatch {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

/// The records of a stream: schema, two batches, end of statement, end.
fn frames(stream: u64) -> Vec<SealedFrame> {
    let mut sealer = Sealer::new(keys(stream));
    let mut encoder = Encoder::new();
    let mut contents = vec![(FrameType::ResultSchema, encoder.schema(&batch().schema()).unwrap().content)];
    for _ in 0..2 {
        let mut slices = Encoder::slices(&batch()).unwrap();
        contents
            .extend(encoder.next_slice(&mut slices).unwrap().into_iter().map(|record| (record.kind, record.content)));
    }
    let counts = [200_u64.to_be_bytes(), 2_u64.to_be_bytes()].concat();
    contents.push((FrameType::StatementEnd, counts.clone()));
    contents.push((FrameType::End, [&counts[..], &[0]].concat()));
    let seal = |(kind, mut content): (FrameType, Vec<u8>)| {
        let header = sealer.seal(kind, kind == FrameType::End, &mut content).unwrap();
        SealedFrame(Frame { header, payload: content })
    };
    contents.into_iter().map(seal).collect()
}

fn file_of<'a>(frames: impl IntoIterator<Item = &'a SealedFrame>) -> Vec<u8> {
    let mut writer = SealedFileWriter::create(Vec::new(), &StreamSecret(keys(1)), &key()).unwrap();
    frames.into_iter().for_each(|frame| writer.frame(frame).unwrap());
    writer.finish().unwrap()
}

fn read(file: &[u8]) -> Result<Vec<ResultItem>> {
    let mut reader = SealedFileReader::open(file, &key())?;
    let mut items = Vec::new();
    while let Some(item) = reader.next_item()? {
        items.push(item);
    }
    Ok(items)
}

#[test]
fn a_sealed_result_opens_with_its_key() {
    let items = read(&file_of(&frames(1))).unwrap();
    assert_eq!(items.len(), 5);
    assert_eq!(items[1], ResultItem::Batch(batch()));
    assert_eq!(items[4], ResultItem::End(EndStatus::Ok));
}

#[test]
fn nothing_of_the_result_or_its_secret_stands_in_the_file() {
    let file = file_of(&frames(1));
    let holds = |needle: &[u8]| file.windows(needle.len()).any(|bytes| bytes == needle);
    assert!(!holds(&keys(1).secret));
    let values: Vec<u8> = (40_i64..43).flat_map(i64::to_le_bytes).collect();
    assert!(!holds(&values));
}

#[test]
fn another_key_does_not_open_it() {
    let other = ResultKey::from_bytes(&[8; 32]).unwrap();
    assert!(matches!(SealedFileReader::open(&file_of(&frames(1))[..], &other), Err(Error::WrongResultKey)));
}

#[test]
fn a_header_that_was_changed_or_cut_does_not_open() {
    let file = file_of(&frames(1));
    for at in 0..BOUND_LEN + WRAPPED_LEN {
        let mut changed = file.clone();
        changed[at] ^= 1;
        let refused = SealedFileReader::open(&changed[..], &key()).err().unwrap();
        assert!(matches!(refused, Error::SealedFile(_) | Error::WrongResultKey), "byte {at}: {refused}");
        assert!(matches!(SealedFileReader::open(&file[..at], &key()), Err(Error::SealedFile(_))));
    }
}

#[test]
fn a_file_cut_anywhere_is_truncated() {
    let frames = frames(1);
    let file = file_of(&frames);
    let mut boundary = BOUND_LEN + WRAPPED_LEN;
    for frame in &frames {
        let len = HEADER_LEN + frame.payload().len();
        for cut in [0, 1, HEADER_LEN - 1, HEADER_LEN, HEADER_LEN + 1, len - TAG_LEN, len - 1] {
            assert!(matches!(read(&file[..boundary + cut]), Err(Error::Truncated)), "{boundary} + {cut}");
        }
        boundary += len;
    }
    assert_eq!(boundary, file.len());
}

#[test]
fn anything_after_the_end_is_refused() {
    let mut file = file_of(&frames(1));
    file.push(0);
    assert!(matches!(read(&file), Err(Error::TrailingData)));
    let twice = file_of(frames(1).iter().chain(&frames(1)));
    assert!(matches!(read(&twice), Err(Error::TrailingData)));
}

#[test]
fn records_dropped_swapped_repeated_or_from_elsewhere_do_not_open() {
    let (own, other) = (frames(1), frames(2));
    let orders: [Vec<&SealedFrame>; 4] = [
        own.iter().enumerate().filter(|(index, _)| *index != 1).map(|(_, frame)| frame).collect(),
        vec![&own[0], &own[2], &own[1], &own[3], &own[4]],
        vec![&own[0], &own[1], &own[1], &own[2], &own[3], &own[4]],
        vec![&own[0], &other[1], &own[2], &own[3], &own[4]],
    ];
    for order in orders {
        assert!(matches!(read(&file_of(order)), Err(Error::Unsealing)));
    }
}

#[test]
fn hostile_files_never_panic_and_never_open() {
    let file = file_of(&frames(1));
    let mut random = TestRandom::new(8);
    for _ in 0..300 {
        let changed = random.mutate(&file);
        assert!(changed == file || read(&changed).is_err());
    }
}
