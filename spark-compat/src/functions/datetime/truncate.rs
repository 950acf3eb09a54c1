//! `trunc(date, unit)` and `date_trunc(unit, timestamp)`: the beginning of the year, the week, the hour, ..

use arrow::array::{AsArray, Date32Array, TimestampMicrosecondArray};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};

use super::super::arguments::{Arity, Input};
use super::super::{Call, Function};
use super::{kernel, overflow};
use crate::datetime::calendar::{date_from_days, days_from_date, weekday};
use crate::datetime::zone::{Zone, split_days};
use crate::datetime::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND};
use crate::error::Result;
use crate::kernel::shared;
use crate::resolver::Typed;
use crate::types::SparkType;

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("date_trunc", Arity::Exactly(2), &[Input::String, Input::Timestamp], date_trunc),
    Function::scalar("trunc", Arity::Exactly(2), &[Input::Date, Input::String], trunc),
];

/// What is cut down to (`DateTimeUtils.parseTruncLevel`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Level {
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_uppercase().as_str() {
            "MICROSECOND" => Self::Microsecond,
            "MILLISECOND" => Self::Millisecond,
            "SECOND" => Self::Second,
            "MINUTE" => Self::Minute,
            "HOUR" => Self::Hour,
            "DAY" | "DD" => Self::Day,
            "WEEK" => Self::Week,
            "MONTH" | "MON" | "MM" => Self::Month,
            "QUARTER" => Self::Quarter,
            "YEAR" | "YYYY" | "YY" => Self::Year,
            _ => return None,
        })
    }

    /// The first day of the week, month, quarter or year.
    fn of_days(self, days: i32) -> Option<i32> {
        let (year, month, _) = date_from_days(days);
        match self {
            Self::Week => days.checked_sub(weekday(days) as i32),
            Self::Month => days_from_date(year, month, 1),
            Self::Quarter => days_from_date(year, (month - 1) / 3 * 3 + 1, 1),
            Self::Year => days_from_date(year, 1, 1),
            _ => Some(days),
        }
    }

    /// The first moment of the unit; `None` beyond the range of timestamps.
    fn of_micros(self, micros: i64, zone: Zone) -> Option<i64> {
        let from_epoch = |unit: i64| micros.checked_sub(micros.rem_euclid(unit));
        // On the clock of the zone; where the clock shows a time twice, the moment keeps its offset.
        let on_clock = |unit: i64| {
            let local = zone.to_local(micros);
            zone.to_utc_keeping(local.checked_sub(local.rem_euclid(unit))?, zone.offset_at(micros))
        };
        match self {
            Self::Microsecond => Some(micros),
            Self::Millisecond => from_epoch(MICROS_PER_SECOND / 1000),
            Self::Second => from_epoch(MICROS_PER_SECOND),
            Self::Minute => on_clock(MICROS_PER_MINUTE),
            Self::Hour => on_clock(MICROS_PER_HOUR),
            Self::Day => on_clock(MICROS_PER_DAY),
            _ => {
                let (days, _) = split_days(zone.to_local(micros));
                zone.to_utc(i64::from(self.of_days(days)?).checked_mul(MICROS_PER_DAY)?)
            }
        }
    }
}

fn trunc(call: Call<'_>) -> Result<Typed> {
    let name = call.name();
    let [date, unit] = call.take()?;
    let expr = kernel::binary("spark_trunc", "", &SparkType::Date, [date.expr, unit.expr], |dates, units| {
        let (dates, units) = (dates.as_primitive::<Date32Type>(), units.as_string_view());
        let mut levels = Levels::default();
        let cut = dates.iter().zip(units).map(|(days, unit)| {
            let (Some(days), Some(unit)) = (days, unit) else { return Ok(None) };
            let Some(level) = levels.get(unit).filter(|level| *level >= Level::Week) else { return Ok(None) };
            level.of_days(days).map(Some).ok_or_else(|| overflow("integer"))
        });
        shared(cut.collect::<Result<Date32Array, _>>()?)
    });
    Ok(Typed::new(expr, SparkType::Date, true, name))
}

fn date_trunc(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [unit, time] = call.take()?;
    let to = SparkType::Timestamp;
    let args = [unit.expr, time.expr];
    let expr = kernel::binary("spark_date_trunc", format!("{zone:?}"), &to, args, move |units, times| {
        let (units, times) = (units.as_string_view(), times.as_primitive::<TimestampMicrosecondType>());
        let mut levels = Levels::default();
        let cut = times.iter().zip(units).map(|(micros, unit)| {
            let (Some(micros), Some(unit)) = (micros, unit) else { return Ok(None) };
            let Some(level) = levels.get(unit) else { return Ok(None) };
            level.of_micros(micros, zone).map(Some).ok_or_else(|| overflow("long"))
        });
        shared(cut.collect::<Result<TimestampMicrosecondArray, arrow::error::ArrowError>>()?.with_timezone("UTC"))
    });
    Ok(Typed::new(expr, SparkType::Timestamp, true, name))
}

/// Reads the names of units, which are mostly the same from row to row.
#[derive(Default)]
struct Levels {
    name: String,
    level: Option<Level>,
}

impl Levels {
    fn get(&mut self, name: &str) -> Option<Level> {
        if self.name != name {
            self.name = name.to_owned();
            self.level = Level::named(name);
        }
        self.level
    }
}
