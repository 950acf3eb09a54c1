//! The hash of one value of each type, as a function of its row.

use arrow::array::types::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, IntervalMonthDayNanoType, IntervalYearMonthType, TimestampMicrosecondType,
};
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use datafusion::common::Result as DataFusionResult;

use super::Hasher;

/// From a row and a seed to the hash of the row's value.
pub(super) type Chain<'a, T> = Box<dyn Fn(usize, T) -> T + 'a>;

/// Decimals of no more digits than this are hashed as their unscaled bigint (`Decimal.MAX_LONG_DIGITS`).
const MAX_LONG_DIGITS: u8 = 18;

/// How the values of an array are hashed. NULL gives the seed back.
pub(super) fn chain<H: Hasher>(array: &ArrayRef) -> DataFusionResult<Chain<'_, H::Hash>> {
    use DataType as T;
    let of_values: Chain<'_, H::Hash> = match array.data_type() {
        T::Null => return Ok(Box::new(|_, seed| seed)),
        T::Boolean => {
            let values = array.as_boolean();
            Box::new(move |row, seed| H::int(values.value(row).into(), seed))
        }
        T::Int8 => each::<Int8Type, H>(array, |value, seed| H::int(value.into(), seed)),
        T::Int16 => each::<Int16Type, H>(array, |value, seed| H::int(value.into(), seed)),
        T::Int32 => each::<Int32Type, H>(array, H::int),
        T::Date32 => each::<Date32Type, H>(array, H::int),
        T::Interval(IntervalUnit::YearMonth) => each::<IntervalYearMonthType, H>(array, H::int),
        T::Int64 => each::<Int64Type, H>(array, H::long),
        T::Timestamp(TimeUnit::Microsecond, _) => each::<TimestampMicrosecondType, H>(array, H::long),
        T::Duration(TimeUnit::Microsecond) => each::<DurationMicrosecondType, H>(array, H::long),
        T::Float32 => each::<Float32Type, H>(array, |value, seed| H::int(float_bits(value), seed)),
        T::Float64 => each::<Float64Type, H>(array, |value, seed| H::long(double_bits(value), seed)),
        T::Decimal128(precision, _) if *precision <= MAX_LONG_DIGITS => {
            each::<Decimal128Type, H>(array, |value, seed| H::long(value as i64, seed))
        }
        T::Decimal128(..) => each::<Decimal128Type, H>(array, |value, seed| {
            let bytes = value.to_be_bytes();
            H::bytes(bytes.get(leading_bytes(value)..).unwrap_or_default(), seed)
        }),
        T::Interval(IntervalUnit::MonthDayNano) => each::<IntervalMonthDayNanoType, H>(array, |value, seed| {
            H::int(value.months, H::int(value.days, H::long(value.nanoseconds / 1000, seed)))
        }),
        T::Utf8View => {
            let values = array.as_string_view();
            Box::new(move |row, seed| H::bytes(values.value(row).as_bytes(), seed))
        }
        T::BinaryView => {
            let values = array.as_binary_view();
            Box::new(move |row, seed| H::bytes(values.value(row), seed))
        }
        T::List(_) => {
            let lists = array.as_list::<i32>();
            let member = chain::<H>(lists.values())?;
            let offsets = lists.value_offsets();
            Box::new(move |row, seed| match offsets.get(row..row + 2) {
                Some([from, to]) => (*from as usize..*to as usize).fold(seed, |seed, at| member(at, seed)),
                _ => seed,
            })
        }
        T::Map(..) => {
            let maps = array.as_map();
            let (key, value) = (chain::<H>(maps.keys())?, chain::<H>(maps.values())?);
            let offsets = maps.value_offsets();
            Box::new(move |row, seed| match offsets.get(row..row + 2) {
                Some([from, to]) => (*from as usize..*to as usize).fold(seed, |seed, at| value(at, key(at, seed))),
                _ => seed,
            })
        }
        T::Struct(_) => {
            let columns = array.as_struct().columns().iter();
            let members: Vec<_> = columns.map(chain::<H>).collect::<DataFusionResult<_>>()?;
            Box::new(move |row, seed| members.iter().fold(seed, |seed, member| member(row, seed)))
        }
        other => return datafusion::common::internal_err!("{other} has no hash"),
    };
    Ok(match array.logical_nulls() {
        Some(nulls) => Box::new(move |row, seed| if nulls.is_null(row) { seed } else { of_values(row, seed) }),
        None => of_values,
    })
}

fn each<'a, A: ArrowPrimitiveType, H: Hasher>(
    array: &'a ArrayRef,
    hash: impl Fn(A::Native, H::Hash) -> H::Hash + 'a,
) -> Chain<'a, H::Hash> {
    let values = array.as_primitive::<A>();
    Box::new(move |row, seed| hash(values.value(row), seed))
}

/// `Float.floatToIntBits`: all NaNs are one, and -0.0 is 0.0.
fn float_bits(value: f32) -> i32 {
    let value = if value.is_nan() { f32::from_bits(0x7fc0_0000) } else { value + 0.0 };
    value.to_bits() as i32
}

/// `Double.doubleToLongBits`: all NaNs are one, and -0.0 is 0.0.
fn double_bits(value: f64) -> i64 {
    let value = if value.is_nan() { f64::from_bits(0x7ff8_0000_0000_0000) } else { value + 0.0 };
    value.to_bits() as i64
}

/// How many leading bytes `BigInteger.toByteArray` leaves away, which keeps the sign in the first bit.
fn leading_bytes(value: i128) -> usize {
    let sign_bits = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    (sign_bits as usize - 1) / 8
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int32Array;

    use super::super::murmur3::Murmur3;
    use super::*;

    #[test]
    fn a_slice_is_hashed_by_its_own_rows() {
        let array: ArrayRef = Arc::new(Int32Array::from(vec![Some(5), None, Some(1)]).slice(1, 2));
        let hash = chain::<Murmur3>(&array).unwrap();
        assert_eq!([hash(0, 42), hash(1, 42)], [42, -559_580_957]);
    }

    #[test]
    fn wide_decimals_keep_the_fewest_bytes_that_hold_their_sign() {
        assert_eq!([0, -1, 127, 128, -128, -129].map(|value| 16 - leading_bytes(value)), [1, 1, 1, 2, 1, 2]);
    }
}
