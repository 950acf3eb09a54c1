//! XXH64 over columns with Spark's encoding of each type (`XxHash64Function`).

use arrow::array::{Array, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, TimestampMicrosecondType,
};
use datafusion::common::Result as DataFusionResult;

const P1: u64 = 0x9E37_79B1_85EB_CA87;
const P2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const P3: u64 = 0x1656_67B1_9E37_79F9;
const P4: u64 = 0x85EB_CA77_C2B2_AE63;
const P5: u64 = 0x27D4_EB2F_1656_67C5;

/// The largest precision of decimals that Spark keeps, and hashes, as a long.
const MAX_LONG_DIGITS: u8 = 18;

fn finish(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(P2);
    hash = (hash ^ (hash >> 29)).wrapping_mul(P3);
    hash ^ (hash >> 32)
}

fn round(accumulator: u64, word: u64) -> u64 {
    accumulator.wrapping_add(word.wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1)
}

fn mix_long(hash: u64, word: u64) -> u64 {
    (hash ^ round(0, word)).rotate_left(27).wrapping_mul(P1).wrapping_add(P4)
}

fn mix_int(hash: u64, word: u32) -> u64 {
    (hash ^ u64::from(word).wrapping_mul(P1)).rotate_left(23).wrapping_mul(P2).wrapping_add(P3)
}

/// The hash of an int.
pub(crate) fn hash_int(value: i32, seed: u64) -> u64 {
    finish(mix_int(seed.wrapping_add(P5).wrapping_add(4), value as u32))
}

/// The hash of a long.
pub(crate) fn hash_long(value: i64, seed: u64) -> u64 {
    finish(mix_long(seed.wrapping_add(P5).wrapping_add(8), value as u64))
}

/// The hash of bytes.
pub(crate) fn hash_bytes(bytes: &[u8], seed: u64) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut hash = if blocks.is_empty() {
        seed.wrapping_add(P5)
    } else {
        let mut lanes = [seed.wrapping_add(P1).wrapping_add(P2), seed.wrapping_add(P2), seed, seed.wrapping_sub(P1)];
        for block in blocks {
            for (lane, word) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
        let [a, b, c, d] = lanes;
        let sum = a.rotate_left(1).wrapping_add(b.rotate_left(7));
        let sum = sum.wrapping_add(c.rotate_left(12)).wrapping_add(d.rotate_left(18));
        lanes.iter().fold(sum, |hash, lane| (hash ^ round(0, *lane)).wrapping_mul(P1).wrapping_add(P4))
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    let (longs, rest) = rest.as_chunks::<8>();
    for word in longs {
        hash = mix_long(hash, u64::from_le_bytes(*word));
    }
    let (ints, rest) = rest.as_chunks::<4>();
    for word in ints {
        hash = mix_int(hash, u32::from_le_bytes(*word));
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte).wrapping_mul(P5)).rotate_left(11).wrapping_mul(P1);
    }
    finish(hash)
}

/// The shortest two's complement of a number, the highest byte first (Java's `BigInteger.toByteArray`).
pub(crate) fn big_integer_bytes(bytes: &[u8; 16]) -> &[u8] {
    let redundant = bytes.windows(2).take_while(|pair| match pair {
        [0, next] => *next < 0x80,
        [0xff, next] => *next >= 0x80,
        _ => false,
    });
    let redundant = redundant.count();
    bytes.get(redundant..).unwrap_or(bytes)
}

/// Hashes each value with the hash beside it as the seed; NULLs leave the hash as it is.
pub(crate) fn hash_column(array: &dyn Array, hashes: &mut [u64]) -> DataFusionResult<()> {
    match array.data_type() {
        DataType::Null => {}
        DataType::Boolean => {
            let values = array.as_boolean();
            each(array, hashes, |row, seed| hash_int(i32::from(values.value(row)), seed));
        }
        DataType::Int8 => ints::<Int8Type>(array, hashes, i32::from),
        DataType::Int16 => ints::<Int16Type>(array, hashes, i32::from),
        DataType::Int32 => ints::<Int32Type>(array, hashes, |v| v),
        DataType::Date32 => ints::<Date32Type>(array, hashes, |v| v),
        DataType::Interval(IntervalUnit::YearMonth) => ints::<IntervalYearMonthType>(array, hashes, |v| v),
        DataType::Int64 => longs::<Int64Type>(array, hashes, |v| v),
        DataType::Timestamp(..) => longs::<TimestampMicrosecondType>(array, hashes, |v| v),
        DataType::Duration(_) => longs::<DurationMicrosecondType>(array, hashes, |v| v),
        DataType::Float32 => ints::<Float32Type>(array, hashes, |v| match v {
            nan if nan.is_nan() => f32::NAN.to_bits() as i32,
            // -0.0 + 0.0 is 0.0
            v => (v + 0.0).to_bits() as i32,
        }),
        DataType::Float64 => longs::<Float64Type>(array, hashes, |v| match v {
            nan if nan.is_nan() => f64::NAN.to_bits() as i64,
            v => (v + 0.0).to_bits() as i64,
        }),
        DataType::Decimal128(precision, _) if *precision <= MAX_LONG_DIGITS => {
            longs::<Decimal128Type>(array, hashes, |v| v as i64);
        }
        DataType::Decimal128(..) => {
            let values = array.as_primitive::<Decimal128Type>();
            each(array, hashes, |row, seed| hash_bytes(big_integer_bytes(&values.value(row).to_be_bytes()), seed));
        }
        DataType::Utf8View => {
            let values = array.as_string_view();
            each(array, hashes, |row, seed| hash_bytes(values.value(row).as_bytes(), seed));
        }
        DataType::BinaryView => {
            let values = array.as_binary_view();
            each(array, hashes, |row, seed| hash_bytes(values.value(row), seed));
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            let values = array.as_primitive::<IntervalMonthDayNanoType>();
            each(array, hashes, |row, seed| {
                let interval = values.value(row);
                let hash = hash_long(interval.nanoseconds / 1000, seed);
                hash_int(interval.months, hash_int(interval.days, hash))
            });
        }
        DataType::Struct(_) => {
            let values = array.as_struct();
            let before = hashes.to_vec();
            for column in values.columns() {
                hash_column(column, hashes)?;
            }
            let null = |row: &usize| values.is_null(*row);
            (0..values.len()).filter(null).for_each(|row| hashes[row] = before[row]);
        }
        DataType::List(_) => {
            let values = array.as_list::<i32>();
            return nested(array, hashes, |row| vec![values.value(row)]);
        }
        DataType::Map(..) => {
            let values = array.as_map();
            return nested(array, hashes, |row| values.value(row).columns().to_vec());
        }
        other => return datafusion::common::internal_err!("{other} has no hash"),
    }
    Ok(())
}

fn each(array: &dyn Array, hashes: &mut [u64], hash: impl Fn(usize, u64) -> u64) {
    for (row, seed) in hashes.iter_mut().enumerate().filter(|(row, _)| array.is_valid(*row)) {
        *seed = hash(row, *seed);
    }
}

fn ints<T: ArrowPrimitiveType>(array: &dyn Array, hashes: &mut [u64], int: impl Fn(T::Native) -> i32) {
    let values: &PrimitiveArray<T> = array.as_primitive();
    each(array, hashes, |row, seed| hash_int(int(values.value(row)), seed));
}

fn longs<T: ArrowPrimitiveType>(array: &dyn Array, hashes: &mut [u64], long: impl Fn(T::Native) -> i64) {
    let values: &PrimitiveArray<T> = array.as_primitive();
    each(array, hashes, |row, seed| hash_long(long(values.value(row)), seed));
}

/// Each member is hashed with the hash of those before it as the seed; of a map the key, then the value.
fn nested(
    array: &dyn Array,
    hashes: &mut [u64],
    members: impl Fn(usize) -> Vec<arrow::array::ArrayRef>,
) -> DataFusionResult<()> {
    for (row, hash) in hashes.iter_mut().enumerate().filter(|(row, _)| array.is_valid(*row)) {
        let members = members(row);
        for at in 0..members.first().map_or(0, |first| first.len()) {
            for column in &members {
                hash_column(&column.slice(at, 1), std::slice::from_mut(hash))?;
            }
        }
    }
    Ok(())
}
