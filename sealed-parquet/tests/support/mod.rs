//! The table and the keys of the interoperability tests, as `interop/variants.py` has them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Int32Array, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field};
use sealed_parquet::{Keys, Secret};

/// Rows of the table.
const ROWS: i32 = 60;

/// Keys that are known to everybody.
pub struct TestKeys {
    /// The ids that the holder has.
    pub held: Vec<&'static str>,
}

impl TestKeys {
    /// All keys.
    pub fn all() -> Self {
        TestKeys { held: vec!["footer", "names", "money", "uniform"] }
    }

    fn find(&self, id: &str, known: &[(&str, &[u8])]) -> Option<Secret> {
        let (id, key) = known.iter().find(|(known, _)| *known == id)?;
        self.held.contains(id).then(|| Secret::new(key.to_vec()))
    }
}

impl Keys for TestKeys {
    fn data_key(&self, id: &str) -> Option<Secret> {
        self.find(id, &[("uniform", b"data-key-of-thirty-two-bytes-...")])
    }

    fn master_key(&self, id: &str) -> Option<Secret> {
        self.find(
            id,
            &[
                ("footer", b"footer-key-16-by"),
                ("names", b"names-key-of-twenty-four"),
                ("money", b"money-key-of-thirty-two-bytes-.."),
            ],
        )
    }
}

/// The table.
pub fn table() -> RecordBatch {
    let texts = |text: &dyn Fn(i32) -> Option<String>| StringArray::from_iter((0..ROWS).map(text));
    let amounts = Decimal128Array::from_iter_values((0..ROWS).map(|id| i128::from(id) * 125));
    let note = |id: i32| (id % 3 != 0).then(|| "note ".repeat(id as usize % 4));
    let city: ArrayRef = Arc::new(texts(&|id| Some(format!("city-{}", id % 5))));
    let place = StructArray::from(vec![(Arc::new(Field::new("city", DataType::Utf8, true)), city)]);
    let at =
        TimestampMicrosecondArray::from_iter_values((0..ROWS).map(|id| (1_600_000_000 + i64::from(id)) * 1_000_000));
    RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(Int32Array::from_iter_values(0..ROWS)) as ArrayRef, true),
        ("name", Arc::new(texts(&|id| Some(format!("name-{}", id % 7)))), true),
        ("amount", Arc::new(amounts.with_precision_and_scale(10, 2).expect("they fit")), true),
        ("note", Arc::new(texts(&note)), true),
        ("place", Arc::new(place), true),
        ("at", Arc::new(at.with_timezone("UTC")), true),
    ])
    .expect("columns of one length")
}
