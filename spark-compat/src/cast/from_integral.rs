//! Casts of tinyint, smallint, int and bigint.

use arrow::array::{
    ArrayRef, AsArray, BinaryViewBuilder, BooleanArray, Decimal128Array, Int64Array, StringViewBuilder,
};
use arrow::compute::cast as arrow_cast;
use arrow::datatypes::{DataType, Decimal128Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType};
use datafusion::common::Result as DataFusionResult;

use crate::arithmetic::decimal_math::rescale;
use crate::datetime::MICROS_PER_SECOND;
use crate::kernel;
use crate::types::SparkType;

/// Seconds since the epoch from rows of a bigint: Spark's generated code multiplies as Java does and wraps around beyond the
/// range of timestamps. Constants and members of arrays, maps and structs it casts by [`cast`], which saturates.
pub(super) fn wrapped_timestamps(array: &Int64Array) -> DataFusionResult<ArrayRef> {
    let micros = array.unary::<_, TimestampMicrosecondType>(|v| v.wrapping_mul(MICROS_PER_SECOND));
    kernel::shared(micros.with_timezone("UTC"))
}

pub(super) fn cast(array: &ArrayRef, to: &SparkType) -> DataFusionResult<ArrayRef> {
    let width = array.data_type().primitive_width().unwrap_or(8);
    let wide = arrow_cast(array, &DataType::Int64)?;
    from_long(wide.as_primitive(), width, to)
}

fn from_long(array: &Int64Array, width: usize, to: &SparkType) -> DataFusionResult<ArrayRef> {
    match to {
        SparkType::Byte => kernel::shared(array.unary::<_, Int8Type>(|v| v as i8)),
        SparkType::Short => kernel::shared(array.unary::<_, Int16Type>(|v| v as i16)),
        SparkType::Int => kernel::shared(array.unary::<_, Int32Type>(|v| v as i32)),
        SparkType::Long => kernel::shared(array.clone()),
        SparkType::Boolean => kernel::shared(BooleanArray::from_unary(array, |v| v != 0)),
        SparkType::Decimal { precision, scale } => {
            let decimals: Decimal128Array =
                kernel::unary::<Int64Type, Decimal128Type>(array, |v| rescale(v.into(), 0, *scale, *precision));
            kernel::shared(decimals.with_precision_and_scale(*precision, *scale as i8)?)
        }
        // Seconds since the epoch, saturating as `TimeUnit.SECONDS.toMicros`.
        SparkType::Timestamp => {
            let micros = array.unary::<_, TimestampMicrosecondType>(|v| v.saturating_mul(MICROS_PER_SECOND));
            kernel::shared(micros.with_timezone("UTC"))
        }
        SparkType::String => {
            let mut texts = StringViewBuilder::with_capacity(array.len());
            let mut buffer = String::new();
            for value in array {
                match value {
                    Some(value) => {
                        buffer.clear();
                        let _ = std::fmt::Write::write_fmt(&mut buffer, format_args!("{value}"));
                        texts.append_value(&buffer);
                    }
                    None => texts.append_null(),
                }
            }
            kernel::shared(texts.finish())
        }
        // The two's complement in big-endian order, as long as the type.
        SparkType::Binary => {
            let mut bytes = BinaryViewBuilder::with_capacity(array.len());
            for value in array {
                match value {
                    Some(value) => bytes.append_value(value.to_be_bytes().get(8 - width..).unwrap_or_default()),
                    None => bytes.append_null(),
                }
            }
            kernel::shared(bytes.finish())
        }
        _ => super::no_kernel(&SparkType::Long, to),
    }
}
