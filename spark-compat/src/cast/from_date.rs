//! Casts of dates.

use arrow::array::{ArrayRef, Date32Array, PrimitiveArray, StringViewBuilder, new_null_array};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::common::Result as DataFusionResult;

use crate::datetime::zone::Zone;
use crate::datetime::{clock, format};
use crate::error::SparkError;
use crate::kernel;
use crate::types::SparkType;

pub(super) fn cast(array: &Date32Array, to: &SparkType, zone: Zone) -> DataFusionResult<ArrayRef> {
    match to {
        // Midnight in the session's zone.
        SparkType::Timestamp => {
            let micros: PrimitiveArray<TimestampMicrosecondType> = array.try_unary(|days| {
                let midnight = clock(days, 0).and_then(|midnight| zone.to_utc(midnight));
                midnight.ok_or_else(|| SparkError::arithmetic("long overflow"))
            })?;
            kernel::shared(micros.with_timezone("UTC"))
        }
        SparkType::String => {
            let mut texts = StringViewBuilder::with_capacity(array.len());
            let mut buffer = String::new();
            for value in array {
                match value {
                    Some(days) => {
                        buffer.clear();
                        format::write_date(&mut buffer, days);
                        texts.append_value(&buffer);
                    }
                    None => texts.append_null(),
                }
            }
            kernel::shared(texts.finish())
        }
        // Hive's rule: a date is no number and no truth value.
        other => Ok(new_null_array(&other.to_arrow(), array.len())),
    }
}
