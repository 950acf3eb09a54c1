//! The options of `from_json`, `to_json` and `schema_of_json` (Spark's `JSONOptions`). Unknown ones are ignored, as Spark does.

use datafusion::common::ScalarValue;

use arrow::array::AsArray;

use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::json::times::Times;
use crate::json::token::Leniency;
use crate::json::write::Style;
use crate::resolver::{Typed, evaluate_constant};
use crate::types::SparkType;

/// What the options say, or their defaults.
#[derive(Clone, Debug)]
pub(super) struct JsonOptions {
    pub leniency: Leniency,
    pub times: Times,
    pub style: Style,
    /// What bad records lead to.
    pub mode: String,
    pub corrupt_name: String,
    pub ignore_null_fields: bool,
    pub primitives_as_string: bool,
    pub prefers_decimal: bool,
    pub infer_timestamp: bool,
    pub drops_nulls: bool,
}

impl JsonOptions {
    /// Reads the argument of options.
    ///
    /// # Errors
    ///
    /// It is no constant map of strings, a value is not what its option takes, or is not supported.
    pub fn parse(map: Option<Typed>, zone: Zone) -> Result<Self> {
        let mut options = Self {
            leniency: Leniency::DEFAULT,
            times: Times { zone, timestamp_format: None, date_format: None },
            style: Style::default(),
            mode: "PERMISSIVE".to_string(),
            corrupt_name: "_corrupt_record".to_string(),
            ignore_null_fields: true,
            primitives_as_string: false,
            prefers_decimal: false,
            infer_timestamp: false,
            drops_nulls: false,
        };
        for (key, value) in entries(map)? {
            options.set(&key, value)?;
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, value: String) -> Result<()> {
        let allowed = || boolean(key, &value);
        match key.to_lowercase().as_str() {
            "mode" => self.mode = value,
            "columnnameofcorruptrecord" => self.corrupt_name = value,
            "ignorenullfields" => self.ignore_null_fields = allowed()?,
            "pretty" => self.style.pretty = allowed()?,
            "writenonasciicharacterascodepoint" => self.style.ascii = allowed()?,
            "primitivesasstring" => self.primitives_as_string = allowed()?,
            "prefersdecimal" => self.prefers_decimal = allowed()?,
            "infertimestamp" => self.infer_timestamp = allowed()?,
            "dropfieldifallnull" => self.drops_nulls = allowed()?,
            "allowsinglequotes" => self.leniency.single_quotes = allowed()?,
            "allowunquotedfieldnames" => self.leniency.unquoted_names = allowed()?,
            "allowcomments" => self.leniency.comments = allowed()?,
            "allownumericleadingzeros" => self.leniency.leading_zeros = allowed()?,
            "allowbackslashescapinganycharacter" => self.leniency.escaped_any = allowed()?,
            "allowunquotedcontrolchars" => self.leniency.control_characters = allowed()?,
            "allownonnumericnumbers" => self.leniency.non_numeric_numbers = allowed()?,
            // It says how files are read, and what it is is checked all the same.
            "multiline" => _ = allowed()?,
            "samplingratio" if value.parse::<f64>().is_err() => {
                return Err(SparkError::illegal_argument(format!("For input string: \"{value}\" of the option {key}")));
            }
            "compression" => return Err(SparkError::unsupported(format!("the option {key} of functions of JSON"))),
            _ => set_time_option(&mut self.times, key, value)?,
        }
        Ok(())
    }
}

/// Sets one of the options that JSON and CSV share; others are left alone.
pub(super) fn set_time_option(times: &mut Times, key: &str, value: String) -> Result<()> {
    match key.to_lowercase().as_str() {
        "dateformat" => times.date_format = Some(value),
        "timestampformat" => times.timestamp_format = Some(value),
        "timezone" => {
            times.zone = Zone::parse(&value)
                .ok_or_else(|| SparkError::date_time(format!("The option {key} names no time zone: {value}")))?;
        }
        "locale" if !matches!(value.to_lowercase().as_str(), "en" | "en-us") => {
            return Err(SparkError::unsupported(format!("the locale {value}")));
        }
        _ => {}
    }
    Ok(())
}

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
pub(super) fn fails_fast(mode: &str, function: &str) -> Result<bool> {
    match mode.to_uppercase().as_str() {
        "FAILFAST" => Ok(true),
        "DROPMALFORMED" => Err(SparkError::analysis(format!(
            "{function}() doesn't support the DROPMALFORMED mode. Acceptable modes are PERMISSIVE and FAILFAST."
        ))),
        _ => Ok(false),
    }
}

/// The value of an option that is true or false.
pub(super) fn boolean(key: &str, value: &str) -> Result<bool> {
    match value.to_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(SparkError::illegal_argument(format!("For input string: \"{value}\" of the option {key}"))),
    }
}
