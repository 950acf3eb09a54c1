//! The options of CSV, of the functions and of files (Spark's `CSVOptions`).

use super::tokenizer::{Format, LineEnd, NONE};
use super::value;
use crate::cast::from_string::parse_float;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::formats::Mode;
use crate::json::options::{line_separator, set_time_option};
use crate::json::times::Times;

/// Options that are supported with their defaults only.
const FIXED: &[(&str, &str)] = &[("escapequotes", "true"), ("unescapedquotehandling", "STOP_AT_DELIMITER")];

/// The options of files besides those of dates and times.
const FILE_OPTIONS: &[&str] = &[
    "sep",
    "delimiter",
    "mode",
    "columnnameofcorruptrecord",
    "nullvalue",
    "emptyvalue",
    "nanvalue",
    "positiveinf",
    "negativeinf",
    "ignoreleadingwhitespace",
    "ignoretrailingwhitespace",
    "header",
    "inferschema",
    "multiline",
    "quote",
    "escape",
    "chartoescapequoteescaping",
    "comment",
    "linesep",
    "maxcolumns",
    "maxcharspercolumn",
    "unescapedquotehandling",
    // What only writers heed.
    "quoteall",
    "escapequotes",
];

/// What the options say, or their defaults.
#[derive(Clone, Debug)]
pub(crate) struct CsvOptions {
    /// How records are read.
    pub format: Format,
    pub empty_value: Option<String>,
    pub numbers: Numbers,
    /// Readers keep blanks around values and writers do not, unless they are told to.
    pub ignore_leading: Option<bool>,
    pub ignore_trailing: Option<bool>,
    pub quote_all: bool,
    pub times: Times,
    /// Whether an option gives the time zone.
    pub has_zone: bool,
    /// What bad records lead to.
    pub mode: Mode,
    pub corrupt_name: String,
    /// Whether the first line of a file has the names of the columns.
    pub header: bool,
    /// Whether columns have the types of their values, or are strings.
    pub infer_schema: bool,
    /// Whether line ends may stand in quotes.
    pub multi_line: bool,
    /// What stands between records, if it is not a line's end.
    pub line_separator: Option<String>,
    /// The names of all options, in lower case.
    given: Vec<String>,
}

/// How numbers that are none are spelled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Numbers {
    nan: String,
    positive_infinity: String,
    negative_infinity: String,
}

impl CsvOptions {
    fn new(zone: Zone) -> Self {
        Self {
            format: Format::default(),
            empty_value: None,
            numbers: Numbers::default(),
            ignore_leading: None,
            ignore_trailing: None,
            quote_all: false,
            times: Times { zone, timestamp_format: None, date_format: None },
            has_zone: false,
            mode: Mode::Permissive,
            corrupt_name: "_corrupt_record".to_string(),
            header: false,
            infer_schema: false,
            multi_line: false,
            line_separator: None,
            given: Vec::new(),
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
        Ok(options.finished())
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
                "enforceschema" => flag(key, value)?,
                other => FILE_OPTIONS.contains(&other),
            };
            if !is_known {
                return Err(SparkError::unsupported(format!("the option {key} '{value}' of CSV files")));
            }
            options.set(key, value.clone())?;
        }
        Ok(options.finished())
    }

    fn finished(mut self) -> Self {
        self.format.trims_start = self.ignore_leading.unwrap_or(false);
        self.format.trims_end = self.ignore_trailing.unwrap_or(false);
        self.format.empty_value = self.empty_value.clone().unwrap_or_default();
        self
    }

    fn set(&mut self, key: &str, value: String) -> Result<()> {
        let lower = key.to_lowercase();
        match lower.as_str() {
            "sep" | "delimiter" => self.format.separator = separator(&value)?,
            "quote" => self.format.quote = character(key, &value)?.unwrap_or(NONE),
            "escape" => self.format.escape = character(key, &value)?.unwrap_or(NONE),
            "chartoescapequoteescaping" => self.format.escape_of_escape = character(key, &value)?,
            "comment" => self.format.comment = character(key, &value)?,
            "maxcolumns" => self.format.max_columns = number(key, &value)?.max(0) as usize,
            "maxcharspercolumn" => self.format.max_characters = usize::try_from(number(key, &value)?).ok(),
            "mode" => self.mode = Mode::of(&value),
            "columnnameofcorruptrecord" => self.corrupt_name = value,
            "nullvalue" => self.format.null_value = value,
            "emptyvalue" => self.empty_value = Some(value),
            "nanvalue" => self.numbers.nan = value,
            "positiveinf" => self.numbers.positive_infinity = value,
            "negativeinf" => self.numbers.negative_infinity = value,
            "ignoreleadingwhitespace" => self.ignore_leading = Some(flag(key, &value)?),
            "ignoretrailingwhitespace" => self.ignore_trailing = Some(flag(key, &value)?),
            "quoteall" => self.quote_all = flag(key, &value)?,
            "header" => self.header = flag(key, &value)?,
            "inferschema" => self.infer_schema = flag(key, &value)?,
            "multiline" => self.multi_line = flag(key, &value)?,
            "linesep" => self.line_separator = Some(line_end(value)?),
            "enforceschema" => _ = flag(key, &value)?,
            "timezone" => {
                self.has_zone = true;
                set_time_option(&mut self.times, key, value)?;
            }
            _ => {
                let is_other = |(name, default): &(&str, &str)| *name == lower && !default.eq_ignore_ascii_case(&value);
                if FIXED.iter().any(is_other) {
                    return Err(SparkError::unsupported(format!("the option {key} '{value}' of CSV")));
                }
                set_time_option(&mut self.times, key, value)?;
            }
        }
        self.given.push(lower);
        Ok(())
    }

    /// An error if one of these options, in lower case, is given: `function` does not do what they say.
    pub fn refuse(&self, function: &str, names: &[&str]) -> Result<()> {
        match self.given.iter().find(|name| names.contains(&name.as_str())) {
            Some(name) => Err(SparkError::unsupported(format!("the option {name} of {function}"))),
            None => Ok(()),
        }
    }

    /// What ends lines inside of a text.
    pub fn line_end(&self) -> LineEnd {
        let mut characters = self.line_separator.iter().flat_map(|separator| separator.chars());
        match characters.next() {
            Some(first) => {
                let second = characters.next();
                LineEnd { first, second, normal: NONE, is_normal_in_quotes: !self.multi_line }
            }
            None => LineEnd::LINE_FEED,
        }
    }
}

impl Default for Numbers {
    fn default() -> Self {
        Self { nan: "NaN".into(), positive_infinity: "Inf".into(), negative_infinity: "-Inf".into() }
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
            None => value::java_double(text),
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

fn number(key: &str, value: &str) -> Result<i32> {
    value.parse().map_err(|_| SparkError::execution(format!("{key} should be an integer. Found {value}")))
}

/// The only character of a value; `None` if it has none.
fn character(key: &str, value: &str) -> Result<Option<char>> {
    let mut characters = value.chars();
    match (characters.next(), characters.next()) {
        (None, _) => Ok(None),
        (Some(single), None) if single.len_utf16() == 1 => Ok(Some(single)),
        _ => Err(SparkError::execution(format!("{key} cannot be more than one character"))),
    }
}

/// What stands between values, in which a backslash and a character stand for another one (`CSVExprUtils.toDelimiterStr`).
fn separator(value: &str) -> Result<Vec<char>> {
    let refused = |why: String| Err(SparkError::illegal_argument(why));
    let mut separator = Vec::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        separator.push(match character {
            '\\' => match characters.next() {
                Some('t') => '\t',
                Some('r') => '\r',
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some(itself @ ('"' | '\'' | '\\')) => itself,
                Some(other) => return refused(format!("Unsupported special character for delimiter: \\{other}")),
                None => return refused("Single backslash is prohibited. It has special meaning as beginning of an escape \
                                        sequence. To get the backslash character, pass a string with two backslashes as the \
                                        delimiter."
                    .to_string()),
            },
            other => other,
        });
    }
    match separator.as_slice() {
        [] => refused("Delimiter cannot be empty string".to_string()),
        characters if characters.contains(&'\n') => {
            Err(SparkError::unsupported(format!("the separator '{value}' of CSV")))
        }
        _ => Ok(separator),
    }
}

/// What ends lines: one character, or two.
fn line_end(value: String) -> Result<String> {
    let value = line_separator(value)?;
    if value.encode_utf16().count() > 2 {
        return Err(SparkError::illegal_argument("requirement failed: 'lineSep' can contain only 1 character."));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_characters_and_escapes_of_them() {
        assert_eq!(separator("\\t").unwrap(), ['\t']);
        assert_eq!(separator("||").unwrap(), ['|', '|']);
        assert_eq!(separator("\\\\").unwrap(), ['\\']);
        for refused in ["", "\\", "\\x", "\n"] {
            assert!(separator(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn files_have_no_options_that_are_not_known() {
        let option = |key: &str, value: &str| vec![(key.to_string(), value.to_string())];
        for (key, value) in
            [("encoding", "latin1"), ("enforceSchema", "false"), ("basePath", "x"), ("samplingRatio", "0.5")]
        {
            let refused = CsvOptions::of_files(&option(key, value), Zone::UTC).unwrap_err();
            assert!(refused.message.contains(key), "{refused}");
        }
        assert!(CsvOptions::of_files(&option("Quote", "''"), Zone::UTC).is_err());
        assert_eq!(CsvOptions::of_files(&option("Quote", ""), Zone::UTC).unwrap().format.quote, NONE);
    }
}
