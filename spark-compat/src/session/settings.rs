//! The session's settings: which keys are known, and what each may be.

use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};

/// The settings that statements are resolved and run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `spark.sql.session.timeZone` as it was set.
    pub time_zone: String,
    /// The zone that this names.
    pub zone: Zone,
}

/// What a setting may be.
enum Known {
    /// `spark.sql.session.timeZone`
    TimeZone,
    /// Only this value is supported.
    Fixed(&'static str),
    /// Any value: it tells Spark how to run a query, not what the answer is.
    NoEffect,
}

const TIME_ZONE: &str = "spark.sql.session.timeZone";

const SETTINGS: &[(&str, Known)] = &[
    (TIME_ZONE, Known::TimeZone),
    ("spark.sql.ansi.enabled", Known::Fixed("false")),
    ("spark.sql.caseSensitive", Known::Fixed("false")),
    ("spark.sql.legacy.timeParserPolicy", Known::Fixed("EXCEPTION")),
    ("spark.sql.mapKeyDedupPolicy", Known::Fixed("EXCEPTION")),
    ("spark.sql.decimalOperations.allowPrecisionLoss", Known::Fixed("true")),
    ("spark.sql.adaptive.enabled", Known::NoEffect),
    ("spark.sql.autoBroadcastJoinThreshold", Known::NoEffect),
    ("spark.sql.shuffle.partitions", Known::NoEffect),
];

/// A change of one setting, or of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The time zone becomes another one.
    TimeZone(String, Zone),
    /// The time zone becomes what it was at the start.
    ResetTimeZone,
    /// Nothing that answers depend on changes.
    Nothing,
}

impl Settings {
    /// Settings with the given time zone and Spark's defaults.
    pub fn new(time_zone: &str) -> Result<Self> {
        Ok(Self { time_zone: time_zone.to_string(), zone: zone(time_zone)? })
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

    /// Applies a change; `initial` are the settings of the session's start.
    pub(super) fn apply(&mut self, change: &Change, initial: &Self) {
        match change {
            Change::TimeZone(name, zone) => (self.time_zone, self.zone) = (name.clone(), *zone),
            Change::ResetTimeZone => (self.time_zone, self.zone) = (initial.time_zone.clone(), initial.zone),
            Change::Nothing => {}
        }
    }
}

impl Change {
    /// `SET key=value`.
    pub fn set(key: &str, value: &str) -> Result<Self> {
        match known(key)? {
            Known::TimeZone => Self::time_zone(value),
            Known::Fixed(only) if value.eq_ignore_ascii_case(only) => Ok(Self::Nothing),
            Known::Fixed(only) => Err(SparkError::unsupported(format!("{key}={value} (only {only})"))),
            Known::NoEffect => Ok(Self::Nothing),
        }
    }

    /// `SET TIME ZONE name`.
    pub fn time_zone(name: &str) -> Result<Self> {
        Ok(Self::TimeZone(name.to_string(), zone(name)?))
    }

    /// `RESET [key]`.
    pub fn reset(key: Option<&str>) -> Result<Self> {
        match key.map(known).transpose()? {
            None | Some(Known::TimeZone) => Ok(Self::ResetTimeZone),
            Some(Known::Fixed(_) | Known::NoEffect) => Ok(Self::Nothing),
        }
    }
}

fn known(key: &str) -> Result<&'static Known> {
    let found = SETTINGS.iter().find(|(name, _)| *name == key);
    found.map(|(_, known)| known).ok_or_else(|| SparkError::unsupported(format!("the setting {key}")))
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
        settings.apply(&Change::set(TIME_ZONE, "America/New_York").unwrap(), &initial);
        assert_eq!(settings.time_zone_label(), "America/New_York");
        settings.apply(&Change::time_zone("GMT+8").unwrap(), &initial);
        assert_eq!((settings.time_zone.as_str(), settings.time_zone_label().as_str()), ("GMT+8", "+08:00"));
        settings.apply(&Change::reset(None).unwrap(), &initial);
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
        assert_eq!(Change::set("spark.sql.ansi.enabled", "FALSE"), Ok(Change::Nothing));
        assert!(Change::set(TIME_ZONE, "Nowhere/Town").unwrap_err().message.contains("Nowhere/Town"));
    }
}
