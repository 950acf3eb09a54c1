//! Which byte strings the demonstration looks for: texts of its tables, queries and results, and all of its keys.

use arrow::array::{Array, ArrayAccessor, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type};

use super::search::{Canaries, Origin};
use crate::files::Keys;
use crate::tpch::Table;

/// Rows of a table between two that are remembered.
const EVERY_ROWS: usize = 500;

/// Unscaled decimals below this have too many zero bytes to mean anything.
const MIN_DECIMAL: i128 = 1 << 32;

/// The column names of a table, and the texts of some of its first rows.
pub(super) fn of_table(table: Table, scale_factor: f64, canaries: &mut Canaries) {
    let mut rows = table.rows(scale_factor);
    rows.schema().fields().iter().for_each(|field| canaries.add(Origin::Table, field.name().as_bytes()));
    if let Some(Ok(batch)) = rows.next() {
        for column in batch.columns() {
            if let Some(texts) = column.as_string_view_opt() {
                sample(texts, EVERY_ROWS, Origin::Table, canaries);
            }
        }
    }
}

/// The texts and decimals of a result; decimals as Arrow holds them, 16 bytes.
pub(super) fn of_result(batch: &RecordBatch, canaries: &mut Canaries) {
    for column in batch.columns() {
        match column.data_type() {
            DataType::Utf8 => sample(column.as_string::<i32>(), 1, Origin::Result, canaries),
            DataType::Decimal128(..) => {
                let decimals = column.as_primitive::<Decimal128Type>();
                for value in decimals.iter().flatten().filter(|value| value.abs() >= MIN_DECIMAL) {
                    canaries.add(Origin::Result, &value.to_le_bytes());
                }
            }
            _ => {}
        }
    }
}

/// All secrets of a keys file.
pub(super) fn of_keys(keys: &Keys, canaries: &mut Canaries) {
    canaries.add_key(&keys.identity.to_bytes()[..]);
    canaries.add_key(keys.result_key.as_bytes());
    for id in keys.data_keys.ids() {
        if let Some(key) = keys.data_keys.get(id) {
            canaries.add_key(key.as_bytes());
        }
    }
}

fn sample<'a>(texts: impl ArrayAccessor<Item = &'a str>, every: usize, origin: Origin, canaries: &mut Canaries) {
    for row in (0..texts.len()).step_by(every).filter(|row| texts.is_valid(*row)) {
        canaries.add(origin, texts.value(row).as_bytes());
    }
}
