//! The argument of functions of texts that says how they are read and written: a constant map of strings.

use arrow::array::AsArray;
use datafusion::common::ScalarValue;

use crate::error::{Result, SparkError};
use crate::formats::Mode;
use crate::resolver::{Typed, evaluate_constant};
use crate::types::SparkType;

/// The entries of an options argument: a constant map of strings.
pub(super) fn entries(map: Option<Typed>) -> Result<Vec<(String, String)>> {
    let Some(map) = map else { return Ok(Vec::new()) };
    let SparkType::Map { key, value, .. } = &map.data_type else {
        return Err(SparkError::analysis("Must use a map() function for options"));
    };
    if **key != SparkType::String || **value != SparkType::String {
        return Err(SparkError::analysis(format!(
            "A type of keys and values in map() must be string, but got {}",
            map.data_type
        )));
    }
    let Ok(ScalarValue::Map(entries)) = evaluate_constant(&map.expr) else {
        return Err(SparkError::unsupported("options that are not a constant map()"));
    };
    let (keys, values) = (entries.keys().as_string_view(), entries.values().as_string_view());
    Ok(keys.iter().zip(values).filter_map(|(key, value)| Some((key?.to_string(), value?.to_string()))).collect())
}

/// Whether the mode is one in which a bad record is an error.
pub(super) fn fails_fast(mode: Mode, function: &str) -> Result<bool> {
    match mode {
        Mode::FailFast => Ok(true),
        Mode::DropMalformed => Err(SparkError::analysis(format!(
            "{function}() doesn't support the DROPMALFORMED mode. Acceptable modes are PERMISSIVE and FAILFAST."
        ))),
        Mode::Permissive => Ok(false),
    }
}
