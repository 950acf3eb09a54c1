//! How the values of answers are written as JSON, so that two engines' answers can be compared exactly.
//!
//! | type | JSON |
//! |---|---|
//! | tinyint, smallint, int, bigint | number |
//! | boolean, NULL, void | `true`, `false`, `null` |
//! | float, double | text: the shortest decimal that reads back, `NaN`, `Infinity`, `-Infinity`, `-0.0` |
//! | decimal | text in plain notation with all its fraction digits |
//! | string | text |
//! | binary | text, lower-case hexadecimal |
//! | date | `2021-03-09`, outside the years 1 to 9999 `days:N` |
//! | timestamp | `2021-03-09T10:11:12.000000` in the session time zone, outside those years `micros:N` |
//! | interval year to month | `{"months": N}` |
//! | interval day to second | `{"microseconds": N}` |
//! | interval | `{"months": N, "days": N, "microseconds": N}` |
//! | array | `[..]` |
//! | map | `{"map": [[key, value]..]}` |
//! | struct | `[field values..]` in field order |

use arrow::array::Array;
use serde_json::{Value as Json, json};

use super::{Elements, UnknownType, Value, Zone, date_text, decimal_text, double_text, float_text, timestamp_text};

/// The value of `array` at `row`.
pub fn encode_value(array: &dyn Array, row: usize, zone: Zone) -> Result<Json, UnknownType> {
    encode(Value::at(array, row)?, zone)
}

fn encode(value: Value<'_>, zone: Zone) -> Result<Json, UnknownType> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(value),
        Value::Integer(value) => value.into(),
        Value::Float(value) => float_text(value).into(),
        Value::Double(value) => double_text(value).into(),
        Value::Decimal(unscaled, scale) => decimal_text(unscaled, scale).into(),
        Value::String(value) => value.into(),
        Value::Binary(value) => hex::encode(value).into(),
        Value::Date(days) => date_text(days).unwrap_or_else(|| format!("days:{days}")).into(),
        Value::Timestamp(micros) => {
            timestamp_text(micros, zone, 'T', false).unwrap_or_else(|| format!("micros:{micros}")).into()
        }
        Value::Months(months) => json!({ "months": months }),
        Value::Micros(micros) => json!({ "microseconds": micros }),
        Value::Calendar { months, days, micros } => json!({ "months": months, "days": days, "microseconds": micros }),
        Value::List(elements) => Json::Array(encode_all(elements, zone)?),
        Value::Map(keys, values) => {
            let entries = encode_all(keys, zone)?.into_iter().zip(encode_all(values, zone)?);
            json!({ "map": entries.map(|(key, value)| json!([key, value])).collect::<Vec<_>>() })
        }
        Value::Struct(array, row) => {
            Value::fields(array, row).map(|value| encode(value?, zone)).collect::<Result<Vec<_>, _>>()?.into()
        }
    })
}

fn encode_all(elements: Elements<'_>, zone: Zone) -> Result<Vec<Json>, UnknownType> {
    elements.iter().map(|value| encode(value?, zone)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray, Float32Array,
        Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, IntervalYearMonthArray,
        LargeStringArray, ListArray, NullArray, StringArray, StringDictionaryBuilder, StructArray,
        TimestampMicrosecondArray,
    };
    use arrow::array::{Int32Builder, MapBuilder, StringBuilder};
    use arrow::datatypes::{DataType, Field, Int32Type, IntervalMonthDayNano};

    use super::*;

    fn all(array: impl Array) -> Json {
        in_zone(array, "UTC")
    }

    fn in_zone(array: impl Array, zone: &str) -> Json {
        let zone = zone.parse().unwrap();
        (0..array.len()).map(|row| encode_value(&array, row, zone).unwrap()).collect()
    }

    #[test]
    fn integers_booleans_and_nulls_are_json_values() {
        assert_eq!(all(Int8Array::from(vec![Some(-128), None])), json!([-128, null]));
        assert_eq!(all(Int16Array::from(vec![1])), json!([1]));
        assert_eq!(all(Int32Array::from(vec![i32::MIN])), json!([i32::MIN]));
        assert_eq!(all(Int64Array::from(vec![i64::MAX])).to_string(), "[9223372036854775807]");
        assert_eq!(all(BooleanArray::from(vec![Some(true), None])), json!([true, null]));
        assert_eq!(all(NullArray::new(2)), json!([null, null]));
    }

    #[test]
    fn floating_point_is_the_shortest_text_that_reads_back() {
        let doubles = vec![0.1, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e7];
        let expected = json!(["0.1", "-0.0", "NaN", "Infinity", "-Infinity", "10000000.0"]);
        assert_eq!(all(Float64Array::from(doubles)), expected);
        assert_eq!(all(Float32Array::from(vec![0.1, 16_777_216.0])), json!(["0.1", "16777216.0"]));
        for value in [f64::MAX, f64::MIN_POSITIVE, 1.0 / 3.0, 123_456_789.123_456_78] {
            let text = all(Float64Array::from(vec![value]))[0].as_str().unwrap().to_owned();
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }

    #[test]
    fn decimals_strings_and_binaries_are_text() {
        let decimals = Decimal128Array::from(vec![150, -5, 0]).with_precision_and_scale(10, 2).unwrap();
        assert_eq!(all(decimals), json!(["1.50", "-0.05", "0.00"]));
        let largest = Decimal128Array::from(vec![10_i128.pow(38) - 1]).with_precision_and_scale(38, 0).unwrap();
        assert_eq!(all(largest), json!(["99999999999999999999999999999999999999"]));
        assert_eq!(all(StringArray::from(vec!["", "é\"\n"])), json!(["", "é\"\n"]));
        assert_eq!(all(BinaryArray::from(vec![&b"\x00\xAB"[..], b""])), json!(["00ab", ""]));
    }

    #[test]
    fn dates_and_timestamps_are_iso_text_within_four_digit_years() {
        let days = vec![18_695, -719_162, 2_932_896, 2_932_897, -719_163];
        let expected = json!(["2021-03-09", "0001-01-01", "9999-12-31", "days:2932897", "days:-719163"]);
        assert_eq!(all(Date32Array::from(days)), expected);
        let at = TimestampMicrosecondArray::from(vec![1_615_284_672_000_000, i64::MAX]).with_timezone("UTC");
        let beyond = "micros:9223372036854775807";
        assert_eq!(all(at.clone()), json!(["2021-03-09T10:11:12.000000", beyond]));
        assert_eq!(in_zone(at, "America/Los_Angeles"), json!(["2021-03-09T02:11:12.000000", beyond]));
    }

    #[test]
    fn intervals_are_objects_of_their_parts() {
        assert_eq!(all(IntervalYearMonthArray::from(vec![-14])), json!([{"months": -14}]));
        assert_eq!(all(DurationMicrosecondArray::from(vec![5])), json!([{"microseconds": 5}]));
        let calendar = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, -2, 3_000)]);
        assert_eq!(all(calendar), json!([{"months": 1, "days": -2, "microseconds": 3}]));
    }

    #[test]
    fn nested_values_keep_their_order_and_nulls() {
        let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
        assert_eq!(all(list.clone()), json!([[1, null], null, []]));
        assert_eq!(all(list.slice(2, 1)), json!([[]]));

        let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
        map.keys().append_value("b");
        map.values().append_null();
        map.keys().append_value("a");
        map.values().append_value(1);
        map.append(true).unwrap();
        map.append(false).unwrap();
        assert_eq!(all(map.finish()), json!([{"map": [["b", null], ["a", 1]]}, null]));

        let fields: Vec<(_, ArrayRef)> = vec![
            (Arc::new(Field::new("x", DataType::Utf8, true)), Arc::new(StringArray::from(vec![Some("v"), None]))),
            (Arc::new(Field::new("y", DataType::Float64, true)), Arc::new(Float64Array::from(vec![1.5, 2.0]))),
        ];
        assert_eq!(all(StructArray::from(fields)), json!([["v", "1.5"], [null, "2.0"]]));
    }

    #[test]
    fn dictionaries_are_read_through() {
        let mut dictionary = StringDictionaryBuilder::<Int32Type>::new();
        dictionary.extend([Some("a"), None, Some("a")]);
        assert_eq!(all(dictionary.finish()), json!(["a", null, "a"]));
    }

    #[test]
    fn a_type_that_no_spark_value_has_is_an_error() {
        let error = encode_value(&LargeStringArray::from(vec!["x"]), 0, Zone::UTC).unwrap_err();
        assert!(error.to_string().contains("LargeUtf8"));
    }
}
