//! The options of JSON, of the functions and of files (Spark's `JSONOptions`).

use super::times::Times;
use super::token::Leniency;
use super::write::Style;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::formats::Mode;

/// The options of files besides those of times.
const FILE_OPTIONS: &[&str] = &[
    "mode",
    "columnnameofcorruptrecord",
    "primitivesasstring",
    "prefersdecimal",
    "infertimestamp",
    "dropfieldifallnull",
    "allowsinglequotes",
    "allowunquotedfieldnames",
    "allowcomments",
    "allownumericleadingzeros",
    "allowbackslashescapinganycharacter",
    "allowunquotedcontrolchars",
    "allownonnumericnumbers",
    "multiline",
    "linesep",
];

/// What the options say, or their defaults.
#[derive(Clone, Debug)]
pub(crate) struct JsonOptions {
    pub leniency: Leniency,
    pub times: Times,
    pub style: Style,
    /// What bad records lead to.
    pub mode: Mode,
    pub corrupt_name: String,
    pub ignore_null_fields: bool,
    pub primitives_as_string: bool,
    pub prefers_decimal: bool,
    pub infer_timestamp: bool,
    pub drops_nulls: bool,
    /// Whether a file is one text.
    pub multi_line: bool,
    /// What stands between records, if it is not a line's end.
    pub line_separator: Option<String>,
    /// Whether an option gives the time zone.
    pub has_zone: bool,
}

impl JsonOptions {
    /// Spark's defaults.
    pub fn new(zone: Zone) -> Self {
        Self {
            leniency: Leniency::DEFAULT,
            times: Times { zone, timestamp_format: None, date_format: None },
            style: Style::default(),
            mode: Mode::Permissive,
            corrupt_name: "_corrupt_record".to_string(),
            ignore_null_fields: true,
            primitives_as_string: false,
            prefers_decimal: false,
            infer_timestamp: false,
            drops_nulls: false,
            multi_line: false,
            line_separator: None,
            has_zone: false,
        }
    }

    /// The options of a function: those that are not known don't matter.
    ///
    /// # Errors
    ///
    /// A value is not what its option takes, or is not supported.
    pub fn of_function(entries: Vec<(String, String)>, zone: Zone) -> Result<Self> {
        let mut options = Self::new(zone);
        for (key, value) in entries {
            options.set(&key, value)?;
        }
        Ok(options)
    }

    /// The options of files.
    ///
    /// # Errors
    ///
    /// A value is not what its option takes, or it or the option is not supported.
    pub fn of_files(entries: &[(String, String)], zone: Zone) -> Result<Self> {
        let mut options = Self::new(zone);
        for (key, value) in entries {
            let lower = key.to_lowercase();
            let is_known = match lower.as_str() {
                // Dates and names are read in English whatever it says; values of other languages are refused.
                "locale" | "dateformat" | "timestampformat" | "timezone" => true,
                "encoding" | "charset" => value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8"),
                "samplingratio" => value.parse() == Ok(1.0),
                other => FILE_OPTIONS.contains(&other),
            };
            if !is_known {
                return Err(SparkError::unsupported(format!("the option {key} '{value}' of JSON files")));
            }
            options.set(key, value.clone())?;
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, value: String) -> Result<()> {
        let allowed = || boolean(key, &value);
        match key.to_lowercase().as_str() {
            "mode" => self.mode = Mode::of(&value),
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
            "multiline" => self.multi_line = allowed()?,
            "linesep" => self.line_separator = Some(line_separator(value)?),
            "timezone" => {
                self.has_zone = true;
                set_time_option(&mut self.times, key, value)?;
            }
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
pub(crate) fn set_time_option(times: &mut Times, key: &str, value: String) -> Result<()> {
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

/// The value of an option that is true or false.
pub(crate) fn boolean(key: &str, value: &str) -> Result<bool> {
    match value.to_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(SparkError::illegal_argument(format!("For input string: \"{value}\" of the option {key}"))),
    }
}

/// What stands between records.
pub(crate) fn line_separator(value: String) -> Result<String> {
    match value.is_empty() {
        true => Err(SparkError::illegal_argument("requirement failed: 'lineSep' cannot be an empty string.")),
        false => Ok(value),
    }
}
