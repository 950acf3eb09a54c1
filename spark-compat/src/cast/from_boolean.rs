//! Casts of booleans.

use arrow::array::{ArrayRef, BooleanArray, Decimal128Array, StringViewArray, TimestampMicrosecondArray};
use datafusion::common::Result as DataFusionResult;

use crate::arithmetic::decimal_math::rescale;
use crate::kernel;
use crate::types::SparkType;

pub(super) fn cast(array: &BooleanArray, to: &SparkType) -> DataFusionResult<ArrayRef> {
    match to {
        SparkType::String => {
            let texts = array.iter().map(|v| v.map(|v| if v { "true" } else { "false" }));
            kernel::shared(texts.collect::<StringViewArray>())
        }
        SparkType::Decimal { precision, scale } => {
            let decimals = array.iter().map(|v| v.and_then(|v| rescale(v.into(), 0, *scale, *precision)));
            let decimals = decimals.collect::<Decimal128Array>();
            kernel::shared(decimals.with_precision_and_scale(*precision, *scale as i8)?)
        }
        // One microsecond after the epoch.
        SparkType::Timestamp => {
            let micros: TimestampMicrosecondArray = array.iter().map(|v| v.map(i64::from)).collect();
            kernel::shared(micros.with_timezone("UTC"))
        }
        _ => super::no_kernel(&SparkType::Boolean, to),
    }
}
