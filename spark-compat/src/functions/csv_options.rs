//! The options of `from_csv`, `to_csv` and `schema_of_csv` (Spark's `CSVOptions`). Unknown ones are ignored, as Spark does.

use super::json_options::{entries, set_time_option};
use crate::cast::from_string::{parse_double, parse_float};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::formats::csv::line::Separator;
use crate::formats::csv::value;
use crate::json::times::Times;
use crate::resolver::Typed;

/// Options that are supported with their defaults only.
const FIXED: &[(&str, &str)] = &[
    ("quote", "\""),
    ("escape", "\\"),
    ("escapequotes", "true"),
    ("comment", "\0"),
    ("maxcolumns", "20480"),
    ("maxcharspercolumn", "-1"),
    ("unescapedquotehandling", "STOP_AT_DELIMITER"),
    ("chartoescapequoteescaping", "\0"),
    ("linesep", "\n"),
    ("prefersdate", "false"),
];

/// What the options say, or their defaults.
#[derive(Clone, Debug)]
pub(super) struct CsvOptions {
    pub separator: Separator,
    pub null_value: String,
    pub empty_value: Option<String>,
    pub numbers: Numbers,
    /// Readers keep blanks around values and writers do not, unless they are told to.
    pub ignore_leading: Option<bool>,
    pub ignore_trailing: Option<bool>,
    pub quote_all: bool,
    pub times: Times,
    /// What bad records lead to.
    pub mode: String,
    pub corrupt_name: String,
    /// The names of all options, in lower case.
    given: Vec<String>,
}

/// How numbers that are none are spelled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Numbers {
    nan: String,
    positive_infinity: String,
    negative_infinity: String,
}

impl CsvOptions {
    /// Reads the argument of options.
    ///
    /// # Errors
    ///
    /// It is no constant map of strings, a value is not what its option takes, or is not supported.
    pub fn parse(map: Option<Typed>, zone: Zone) -> Result<Self> {
        let mut options = Self {
            separator: Separator::COMMA,
            null_value: String::new(),
            empty_value: None,
            numbers: Numbers { nan: "NaN".into(), positive_infinity: "Inf".into(), negative_infinity: "-Inf".into() },
            ignore_leading: None,
            ignore_trailing: None,
            quote_all: false,
            times: Times { zone, timestamp_format: None, date_format: None },
            mode: "PERMISSIVE".to_string(),
            corrupt_name: "_corrupt_record".to_string(),
            given: Vec::new(),
        };
        for (key, value) in entries(map)? {
            options.given.push(key.to_lowercase());
            options.set(&key, value)?;
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, value: String) -> Result<()> {
        let lower = key.to_lowercase();
        match lower.as_str() {
            "sep" | "delimiter" => self.separator = Separator::parse(&value)?,
            "mode" => self.mode = value,
            "columnnameofcorruptrecord" => self.corrupt_name = value,
            "nullvalue" => self.null_value = value,
            "emptyvalue" => self.empty_value = Some(value),
            "nanvalue" => self.numbers.nan = value,
            "positiveinf" => self.numbers.positive_infinity = value,
            "negativeinf" => self.numbers.negative_infinity = value,
            "ignoreleadingwhitespace" => self.ignore_leading = Some(flag(key, &value)?),
            "ignoretrailingwhitespace" => self.ignore_trailing = Some(flag(key, &value)?),
            "quoteall" => self.quote_all = flag(key, &value)?,
            // They say how files are read, and what they are is checked all the same.
            "header" | "inferschema" | "multiline" | "enforceschema" => _ = flag(key, &value)?,
            _ => {
                if FIXED.iter().any(|(name, default)| *name == lower && *default != value) {
                    return Err(SparkError::unsupported(format!("the option {key} of functions of CSV")));
                }
                set_time_option(&mut self.times, key, value)?;
            }
        }
        Ok(())
    }

    /// An error if one of these options, in lower case, is given: `function` does not do what they say.
    pub fn refuse(&self, function: &str, names: &[&str]) -> Result<()> {
        match self.given.iter().find(|name| names.contains(&name.as_str())) {
            Some(name) => Err(SparkError::unsupported(format!("the option {name} of {function}"))),
            None => Ok(()),
        }
    }
}

impl Numbers {
    /// The float that a text spells.
    pub fn float(&self, text: &str) -> Option<f32> {
        match self.special(text) {
            Some(special) => Some(special as f32),
            None => value::float(text, parse_float).filter(|_| !matches!(text, "Inf" | "-Inf")),
        }
    }

    /// The double that a text spells.
    pub fn double(&self, text: &str) -> Option<f64> {
        match self.special(text) {
            Some(special) => Some(special),
            None => value::float(text, parse_double).filter(|_| !matches!(text, "Inf" | "-Inf")),
        }
    }

    fn special(&self, text: &str) -> Option<f64> {
        match text {
            _ if text == self.nan => Some(f64::NAN),
            _ if text == self.negative_infinity => Some(f64::NEG_INFINITY),
            _ if text == self.positive_infinity => Some(f64::INFINITY),
            _ => None,
        }
    }
}

fn flag(key: &str, value: &str) -> Result<bool> {
    match value.to_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(SparkError::execution(format!("{key} flag can be true or false"))),
    }
}
