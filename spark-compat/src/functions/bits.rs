//! Bits and number bases: shifts, `bit_count`, `bit_get`, `hex`, `unhex`, `bin`, `conv`.

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryViewBuilder, Int8Array, Int32Array, PrimitiveArray,
    StringViewBuilder,
};
use arrow::datatypes::{DataType, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::common::Result as DataFusionResult;

use super::arguments::{Arity, Input};
use super::scalar::{self, arguments};
use super::{Call, Function, radix};
use crate::error::{Result, SparkError};
use crate::kernel;
use crate::resolver::Typed;
use crate::types::SparkType;

const SHIFTED: &[Input] = &[Input::OneOf(&[Input::Int, Input::Long]), Input::Int];
const COUNTED: &[Input] = &[Input::OneOf(&[Input::Integral, Input::Boolean])];
const HEX: &[Input] = &[Input::OneOf(&[Input::Long, Input::Binary, Input::String])];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("shiftleft", Arity::Exactly(2), SHIFTED, |call| {
        shift(call, "spark_shiftleft", |a| shifted(a, i32::wrapping_shl, i64::wrapping_shl))
    }),
    Function::scalar("shiftright", Arity::Exactly(2), SHIFTED, |call| {
        shift(call, "spark_shiftright", |a| shifted(a, i32::wrapping_shr, i64::wrapping_shr))
    }),
    Function::scalar("shiftrightunsigned", Arity::Exactly(2), SHIFTED, |call| {
        shift(call, "spark_shiftrightunsigned", |a| {
            let int = |v: i32, by| v.cast_unsigned().wrapping_shr(by).cast_signed();
            let long = |v: i64, by| v.cast_unsigned().wrapping_shr(by).cast_signed();
            shifted(a, int, long)
        })
    }),
    Function::scalar("bit_count", Arity::Exactly(1), COUNTED, |call| {
        let called = call.called;
        scalar::lower(call, called, "spark_bit_count", SparkType::Int, bit_count)
    }),
    Function::scalar("bit_get", Arity::Exactly(2), &[Input::Integral, Input::Int], |call| {
        let called = call.called;
        scalar::lower(call, called, "spark_bit_get", SparkType::Byte, bit_get)
    })
    .with_aliases(&["getbit"]),
    Function::scalar("hex", Arity::Exactly(1), HEX, |call| {
        scalar::lower(call, "hex", "spark_hex", SparkType::String, hex)
    }),
    Function::scalar("unhex", Arity::Exactly(1), &[Input::String], |call| {
        scalar::lower_nullable(call, "unhex", "spark_unhex", SparkType::Binary, unhex)
    }),
    Function::scalar("bin", Arity::Exactly(1), &[Input::Long], |call| {
        scalar::lower(call, "bin", "spark_bin", SparkType::String, bin)
    }),
    Function::scalar("conv", Arity::Exactly(3), &[Input::String, Input::Int], |call| {
        scalar::lower_nullable(call, "conv", "spark_conv", SparkType::String, conv)
    }),
];

fn shift(call: Call<'_>, kernel: &'static str, run: scalar::Run) -> Result<Typed> {
    let called = call.called;
    let output = call.args.first().map_or(SparkType::Int, |value| value.data_type.clone());
    scalar::lower(call, called, kernel, output, run)
}

/// Java's shifts look at the low bits of the distance only, as Rust's wrapping ones.
fn shifted(arrays: &[ArrayRef], int: fn(i32, u32) -> i32, long: fn(i64, u32) -> i64) -> DataFusionResult<ArrayRef> {
    let [value, by] = arguments(arrays)?;
    let by = by.as_primitive::<Int32Type>();
    match value.data_type() {
        DataType::Int32 => {
            let shifted: PrimitiveArray<Int32Type> =
                kernel::binary(value.as_primitive::<Int32Type>(), by, |v, by| Some(int(v, by.cast_unsigned())));
            kernel::shared(shifted)
        }
        _ => {
            let shifted: PrimitiveArray<Int64Type> =
                kernel::binary(value.as_primitive::<Int64Type>(), by, |v, by| Some(long(v, by.cast_unsigned())));
            kernel::shared(shifted)
        }
    }
}

/// The bits of the value as a bigint: a negative tinyint has them all in front.
fn bit_count(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    fn count<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &ArrayRef) -> DataFusionResult<ArrayRef> {
        kernel::shared(array.as_primitive::<T>().unary::<_, Int32Type>(|v| v.into().count_ones() as i32))
    }
    let [array] = arguments(arrays)?;
    match array.data_type() {
        DataType::Boolean => {
            let bits = array.as_boolean().iter().map(|v| v.map(i32::from));
            kernel::shared(bits.collect::<Int32Array>())
        }
        DataType::Int8 => count::<Int8Type>(array),
        DataType::Int16 => count::<Int16Type>(array),
        DataType::Int32 => count::<Int32Type>(array),
        _ => count::<Int64Type>(array),
    }
}

fn bit_get(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [value, position] = arguments(arrays)?;
    let position = position.as_primitive::<Int32Type>();
    match value.data_type() {
        DataType::Int8 => bits(value.as_primitive::<Int8Type>(), position, 8),
        DataType::Int16 => bits(value.as_primitive::<Int16Type>(), position, 16),
        DataType::Int32 => bits(value.as_primitive::<Int32Type>(), position, 32),
        _ => bits(value.as_primitive::<Int64Type>(), position, 64),
    }
}

fn bits<T>(values: &PrimitiveArray<T>, positions: &Int32Array, width: i32) -> DataFusionResult<ArrayRef>
where
    T: ArrowPrimitiveType<Native: Into<i64>>,
{
    let bits = values.iter().zip(positions).map(|pair| {
        let (Some(value), Some(position)) = pair else { return Ok(None) };
        if position < 0 {
            return Err(SparkError::illegal_argument(format!("Invalid bit position: {position} is less than zero")));
        }
        if position >= width {
            return Err(SparkError::illegal_argument(format!(
                "Invalid bit position: {position} exceeds the bit upper limit"
            )));
        }
        Ok(Some((value.into() >> position & 1) as i8))
    });
    kernel::shared(bits.collect::<Result<Int8Array>>()?)
}

const HEX_DIGITS: [[u8; 2]; 256] = radix::pairs_of_hex_digits(b"0123456789ABCDEF");

fn hex(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    match array.data_type() {
        DataType::Int64 => radix::hex_texts(array),
        DataType::Utf8View => hex_of_bytes(array.as_string_view().iter().map(|text| text.map(str::as_bytes))),
        _ => hex_of_bytes(array.as_binary_view().iter()),
    }
}

fn hex_of_bytes<'a>(values: impl ExactSizeIterator<Item = Option<&'a [u8]>>) -> DataFusionResult<ArrayRef> {
    let mut out = StringViewBuilder::with_capacity(values.len());
    let mut buffer = Vec::new();
    for value in values {
        let Some(bytes) = value else {
            out.append_null();
            continue;
        };
        buffer.clear();
        buffer.extend(bytes.iter().flat_map(|byte| HEX_DIGITS[usize::from(*byte)]));
        out.append_value(std::str::from_utf8(&buffer).unwrap_or_default());
    }
    kernel::shared(out.finish())
}

fn unhex(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    let texts = array.as_string_view();
    let mut out = BinaryViewBuilder::with_capacity(texts.len());
    let mut buffer = Vec::new();
    for text in texts {
        match text.and_then(|text| bytes_of_hex(text.as_bytes(), &mut buffer)) {
            Some(()) => out.append_value(&buffer),
            None => out.append_null(),
        }
    }
    kernel::shared(out.finish())
}

/// Of an odd number of digits Spark 3.2 puts the first one into the first byte, and then the second pair over it.
fn bytes_of_hex(digits: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    out.clear();
    let (first, pairs) = digits.split_at_checked(digits.len() % 2)?;
    let alone = first.first().map(|byte| digit(*byte)).map_or(Some(None), |digit| digit.map(Some))?;
    for pair in pairs.chunks_exact(2) {
        let [high, low] = pair else { return None };
        out.push(digit(*high)? << 4 | digit(*low)?);
    }
    if let Some(alone) = alone {
        out.push(if pairs.is_empty() { alone } else { 0 });
    }
    Some(())
}

fn bin(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [array] = arguments(arrays)?;
    radix::binary_texts(array)
}

fn conv(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [text, from, to] = arguments(arrays)?;
    let (text, from, to) = (text.as_string_view(), from.as_primitive::<Int32Type>(), to.as_primitive::<Int32Type>());
    let mut out = StringViewBuilder::with_capacity(text.len());
    let mut buffer = String::new();
    for ((text, from), to) in text.iter().zip(from).zip(to) {
        let converted = match (text, from, to) {
            (Some(text), Some(from), Some(to)) => radix::convert(text, from, to, &mut buffer),
            _ => None,
        };
        match converted {
            Some(()) => out.append_value(&buffer),
            None => out.append_null(),
        }
    }
    kernel::shared(out.finish())
}
