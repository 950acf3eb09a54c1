//! The session's settings: which keys are known, and what each may be.

use std::collections::BTreeMap;

use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::parse::lexer::Escapes;

/// The settings that statements are resolved and run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `spark.sql.session.timeZone` as it was set.
    pub time_zone: String,
    /// The zone that this names.
    pub zone: Zone,
    /// All other keys that were set, with their values as written.
    values: BTreeMap<String, String>,
}

/// What a setting may be.
#[derive(Clone, Copy, Debug)]
enum Known {
    /// `spark.sql.session.timeZone`
    TimeZone,
    /// Only its default is supported.
    Fixed,
    /// Any value: it tells Spark how to run a query, not what the answer is; or it is asked for where it counts.
    Free,
}

pub(super) const TIME_ZONE: &str = "spark.sql.session.timeZone";
const SUBSTITUTE: &str = "spark.sql.variable.substitute";
const ESCAPED_LITERALS: &str = "spark.sql.parser.escapedStringLiterals";

/// Spark's settings with their defaults.
const SETTINGS: &[(&str, &str, Known)] = &[
    (TIME_ZONE, "", Known::TimeZone),
    (SUBSTITUTE, "true", Known::Free),
    ("spark.sql.ansi.enabled", "false", Known::Fixed),
    ("spark.sql.caseSensitive", "false", Known::Fixed),
    ("spark.sql.columnNameOfCorruptRecord", "_corrupt_record", Known::Fixed),
    ("spark.sql.crossJoin.enabled", "true", Known::Fixed),
    ("spark.sql.datetime.java8API.enabled", "false", Known::Free),
    ("spark.sql.decimalOperations.allowPrecisionLoss", "true", Known::Fixed),
    ("spark.sql.files.ignoreCorruptFiles", "false", Known::Fixed),
    ("spark.sql.files.ignoreMissingFiles", "false", Known::Fixed),
    ("spark.sql.function.concatBinaryAsString", "false", Known::Fixed),
    ("spark.sql.function.eltOutputAsString", "false", Known::Fixed),
    ("spark.sql.groupByAliases", "true", Known::Fixed),
    ("spark.sql.groupByOrdinal", "true", Known::Fixed),
    ("spark.sql.jsonGenerator.ignoreNullFields", "true", Known::Fixed),
    ("spark.sql.legacy.timeParserPolicy", "EXCEPTION", Known::Fixed),
    ("spark.sql.mapKeyDedupPolicy", "EXCEPTION", Known::Fixed),
    ("spark.sql.orderByOrdinal", "true", Known::Fixed),
    ("spark.sql.parquet.binaryAsString", "false", Known::Fixed),
    ("spark.sql.parquet.int96AsTimestamp", "true", Known::Fixed),
    ("spark.sql.parquet.mergeSchema", "false", Known::Fixed),
    (ESCAPED_LITERALS, "false", Known::Free),
    ("spark.sql.parser.quotedRegexColumnNames", "false", Known::Fixed),
    ("spark.sql.sources.default", "parquet", Known::Fixed),
    ("spark.sql.sources.partitionColumnTypeInference.enabled", "true", Known::Fixed),
    ("spark.sql.storeAssignmentPolicy", "ANSI", Known::Free),
    ("spark.sql.adaptive.coalescePartitions.enabled", "true", Known::Free),
    ("spark.sql.adaptive.enabled", "true", Known::Free),
    ("spark.sql.adaptive.skewJoin.enabled", "true", Known::Free),
    ("spark.sql.autoBroadcastJoinThreshold", "10485760b", Known::Free),
    ("spark.sql.broadcastTimeout", "300", Known::Free),
    ("spark.sql.cbo.enabled", "false", Known::Free),
    ("spark.sql.cbo.joinReorder.enabled", "false", Known::Free),
    ("spark.sql.codegen.wholeStage", "true", Known::Free),
    ("spark.sql.debug.maxToStringFields", "25", Known::Free),
    ("spark.sql.files.maxPartitionBytes", "134217728b", Known::Free),
    ("spark.sql.inMemoryColumnarStorage.compressed", "true", Known::Free),
    ("spark.sql.optimizer.dynamicPartitionPruning.enabled", "true", Known::Free),
    ("spark.sql.parquet.enableVectorizedReader", "true", Known::Free),
    ("spark.sql.parquet.filterPushdown", "true", Known::Free),
    ("spark.sql.shuffle.partitions", "200", Known::Free),
];

/// A change of one setting, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The time zone becomes another one.
    TimeZone(String, Zone),
    /// The time zone becomes what it was at the start.
    ResetTimeZone,
    /// A key gets a value.
    Set(String, String),
    /// A key loses its value.
    Reset(String),
    /// All keys lose their values.
    ResetAll,
}

/// Variables take no more memory than this, keys and values together.
const MAX_BYTES: usize = 1 << 20;

impl Settings {
    /// Settings with the given time zone and Spark's defaults.
    pub fn new(time_zone: &str) -> Result<Self> {
        Ok(Self { time_zone: time_zone.to_string(), zone: zone(time_zone)?, values: BTreeMap::new() })
    }

    /// The time zone as Arrow writes it in types.
    pub fn time_zone_label(&self) -> String {
        match self.zone {
            Zone::Fixed(0) | Zone::Prefixed(_, 0) => "UTC".into(),
            Zone::Fixed(seconds) | Zone::Prefixed(_, seconds) => {
                let sign = if seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Zone::Region(region) => region.name().to_string(),
        }
    }

    /// The value of a key: as it was set, or Spark's default; `None` if it has neither.
    ///
    /// # Errors
    ///
    /// The key is one of Spark's whose default is not known here.
    pub fn value(&self, key: &str) -> Result<Option<String>> {
        if let Some(set) = self.set_value(key) {
            return Ok(Some(set.to_string()));
        }
        match known(key) {
            Some((_, default, _)) => Ok(Some((*default).to_string())),
            None if is_of_spark(key) => Err(unknown(key)),
            None => Ok(None),
        }
    }

    /// The value that a key was given.
    pub fn set_value(&self, key: &str) -> Option<&str> {
        if key == TIME_ZONE { Some(&self.time_zone) } else { self.values.get(key).map(String::as_str) }
    }

    /// All keys that were given values, in order.
    pub fn set_values(&self) -> Vec<(String, String)> {
        let mut all = self.values.clone();
        all.insert(TIME_ZONE.to_string(), self.time_zone.clone());
        all.into_iter().collect()
    }

    /// Whether `${key}` stands for the key's value.
    pub fn substitutes_variables(&self) -> bool {
        self.values.get(SUBSTITUTE).is_none_or(|value| value.trim().eq_ignore_ascii_case("true"))
    }

    /// What backslashes in string literals are.
    pub fn escapes(&self) -> Escapes {
        match self.values.get(ESCAPED_LITERALS) {
            Some(value) if value.trim().eq_ignore_ascii_case("true") => Escapes::Kept,
            _ => Escapes::Resolved,
        }
    }

    /// Applies a change; `initial` are the settings of the session's start.
    pub(super) fn apply(&mut self, change: &Change, initial: &Self) -> Result<()> {
        match change {
            Change::TimeZone(name, zone) => (self.time_zone, self.zone) = (name.clone(), *zone),
            Change::ResetTimeZone => (self.time_zone, self.zone) = (initial.time_zone.clone(), initial.zone),
            Change::Set(key, value) => {
                let used: usize = self.values.iter().map(|(key, value)| key.len() + value.len()).sum();
                if used + key.len() + value.len() > MAX_BYTES {
                    return Err(SparkError::illegal_argument("the settings of the session take too much memory"));
                }
                self.values.insert(key.clone(), value.clone());
            }
            Change::Reset(key) => {
                self.values.remove(key);
            }
            Change::ResetAll => *self = initial.clone(),
        }
        Ok(())
    }
}

impl Change {
    /// `SET key=value`.
    pub fn set(key: &str, value: &str) -> Result<Self> {
        let set = || Ok(Self::Set(key.to_string(), value.to_string()));
        let Some((_, default, known)) = known(key) else {
            return if is_of_spark(key) { Err(unknown(key)) } else { set() };
        };
        let is_boolean = matches!(*default, "true" | "false");
        if is_boolean && !matches!(value.trim().to_lowercase().as_str(), "true" | "false") {
            return Err(SparkError::illegal_argument(format!("{key} should be boolean, but was {value}")));
        }
        match known {
            Known::TimeZone => Self::time_zone(value),
            Known::Fixed if !value.trim().eq_ignore_ascii_case(default) => {
                Err(SparkError::unsupported(format!("{key}={value} (only {default})")))
            }
            Known::Fixed | Known::Free => set(),
        }
    }

    /// `SET TIME ZONE name`.
    pub fn time_zone(name: &str) -> Result<Self> {
        Ok(Self::TimeZone(name.to_string(), zone(name)?))
    }

    /// `RESET [key]`.
    pub fn reset(key: Option<&str>) -> Self {
        match key {
            None => Self::ResetAll,
            Some(TIME_ZONE) => Self::ResetTimeZone,
            Some(key) => Self::Reset(key.to_string()),
        }
    }

    /// The key that SET shows.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::TimeZone(..) => Some(TIME_ZONE),
            Self::Set(key, _) => Some(key),
            Self::ResetTimeZone | Self::Reset(_) | Self::ResetAll => None,
        }
    }
}

fn known(key: &str) -> Option<&'static (&'static str, &'static str, Known)> {
    SETTINGS.iter().find(|(name, ..)| *name == key)
}

/// Whether a key may be one that Spark knows; all others are variables of the user.
fn is_of_spark(key: &str) -> bool {
    key.starts_with("spark.") || key.starts_with("mapred.")
}

fn unknown(key: &str) -> SparkError {
    SparkError::unsupported(format!("the setting {key}"))
}

fn zone(name: &str) -> Result<Zone> {
    Zone::parse(name).ok_or_else(|| {
        SparkError::illegal_argument(format!(
            "'{name}' in {TIME_ZONE} is invalid. Cannot resolve the given timezone; give a region such as Europe/Berlin or an \
             offset such as +01:00"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_zone_can_be_set_and_reset() {
        let initial = Settings::new("UTC").unwrap();
        let mut settings = initial.clone();
        settings.apply(&Change::set(TIME_ZONE, "America/New_York").unwrap(), &initial).unwrap();
        assert_eq!(settings.time_zone_label(), "America/New_York");
        settings.apply(&Change::time_zone("GMT+8").unwrap(), &initial).unwrap();
        assert_eq!((settings.time_zone.as_str(), settings.time_zone_label().as_str()), ("GMT+8", "+08:00"));
        settings.apply(&Change::reset(None), &initial).unwrap();
        assert_eq!(settings, initial);
    }

    #[test]
    fn unknown_settings_and_other_values_are_refused_by_name() {
        assert_eq!(
            Change::set("spark.sql.foo", "1").unwrap_err().message,
            "the setting spark.sql.foo: not supported yet"
        );
        assert!(
            Change::set("spark.sql.ansi.enabled", "true").unwrap_err().message.contains("spark.sql.ansi.enabled=true")
        );
        assert!(Change::set("spark.sql.ansi.enabled", "FALSE").is_ok());
        assert!(Change::set(TIME_ZONE, "Nowhere/Town").unwrap_err().message.contains("Nowhere/Town"));
    }

    #[test]
    fn variables_are_bounded() {
        let initial = Settings::new("UTC").unwrap();
        let mut settings = initial.clone();
        let large = Change::Set("a".into(), "x".repeat(MAX_BYTES));
        assert!(settings.apply(&large, &initial).is_err());
    }
}
