//! Timestamps written by the items of a pattern.

use super::compile::{Field, Item, Number, OffsetForm, Sign};
use super::zone_names;
use crate::datetime::calendar::{date_from_days, days_from_date, weekday};
use crate::datetime::zone::{Zone, split_days};
use crate::datetime::{MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND};
use crate::error::{Result, SparkError};

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const QUARTERS: [&str; 4] = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"];
const SHORT_QUARTERS: [&str; 4] = ["Q1", "Q2", "Q3", "Q4"];

/// A moment on the clock of a zone.
pub(super) struct Moment {
    micros: i64,
    zone: Zone,
    days: i32,
    year: i32,
    month: u32,
    day: u32,
    time: i64,
}

impl Moment {
    pub fn new(micros: i64, zone: Zone) -> Self {
        let (days, time) = split_days(zone.to_local(micros));
        let (year, month, day) = date_from_days(days);
        Self { micros, zone, days, year, month, day, time }
    }

    fn field(&self, field: Field) -> i64 {
        let hour = self.time / MICROS_PER_HOUR;
        match field {
            Field::Era => i64::from(self.year > 0),
            Field::YearOfEra if self.year > 0 => self.year.into(),
            Field::YearOfEra => 1 - i64::from(self.year),
            Field::Year => self.year.into(),
            Field::Quarter => (i64::from(self.month) - 1) / 3 + 1,
            Field::Month => self.month.into(),
            Field::DayOfYear => {
                days_from_date(self.year, 1, 1).map_or(0, |first| i64::from(self.days) - i64::from(first) + 1)
            }
            Field::Day => self.day.into(),
            Field::AlignedDay => (i64::from(self.day) - 1) % 7 + 1,
            Field::DayOfWeek => i64::from(weekday(self.days)) + 1,
            Field::AmPm => hour / 12,
            Field::Hour => hour,
            Field::ClockHour => (hour + 23) % 24 + 1,
            Field::HourOfHalf => hour % 12,
            Field::ClockHourOfHalf => (hour + 11) % 12 + 1,
            Field::Minute => self.time % MICROS_PER_HOUR / MICROS_PER_MINUTE,
            Field::Second => self.time % MICROS_PER_MINUTE / MICROS_PER_SECOND,
            Field::Nano => self.time % MICROS_PER_SECOND * 1000,
            Field::JulianDay => i64::from(self.days) + 40_587,
        }
    }
}

/// Appends what the items say of the moment.
pub(super) fn write(items: &[Item], out: &mut String, moment: &Moment) -> Result<()> {
    for item in items {
        match item {
            Item::Literal(text) => out.extend(text),
            Item::Number(number) => write_number(number, out, moment.field(number.field))?,
            Item::Fraction(_, count) => {
                let digits = format!("{:09}", moment.field(Field::Nano));
                out.push_str(digits.get(..*count).unwrap_or_default());
            }
            Item::Text { field, full } => out.push_str(text(*field, *full, moment.field(*field))),
            Item::Offset { form, zero } => write_offset(*form, zero, out, moment.zone.offset_at(moment.micros)),
            Item::LocalizedOffset { full } => write_localized(*full, out, moment.zone.offset_at(moment.micros)),
            Item::ZoneId => out.push_str(&moment.zone.to_string()),
            Item::ZoneName { generic: true, .. } => {
                return Err(SparkError::unsupported("the pattern letter v: names of zones without the season"));
            }
            Item::ZoneName { full, generic: false } => match zone_names::name(moment.zone, moment.micros, *full) {
                Some(name) => out.push_str(name),
                None => out.push_str(&moment.zone.to_string()),
            },
            // Every field of a timestamp is there to be written.
            Item::Optional(items) => write(items, out, moment)?,
        }
    }
    Ok(())
}

fn write_number(number: &Number, out: &mut String, value: i64) -> Result<()> {
    let value = if number.reduced { value.abs() % 100 } else { value };
    let digits = value.unsigned_abs().to_string();
    if digits.len() > number.most {
        return Err(SparkError::date_time(format!(
            "Field cannot be printed as the value {value} exceeds the maximum print width of {}",
            number.most
        )));
    }
    if value < 0 {
        out.push('-');
    } else if number.sign == Sign::ExceedsPad && digits.len() > number.least {
        out.push('+');
    }
    out.extend(std::iter::repeat_n('0', number.least.saturating_sub(digits.len())));
    out.push_str(&digits);
    Ok(())
}

/// The English name of a value of a field.
pub(super) fn text(field: Field, full: bool, value: i64) -> &'static str {
    let of = |names: &[&'static str], first: i64| {
        usize::try_from(value - first).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
    };
    let short = |name: &'static str| if full { name } else { name.get(..3).unwrap_or(name) };
    match field {
        Field::Era if full => of(&["Before Christ", "Anno Domini"], 0),
        Field::Era => of(&["BC", "AD"], 0),
        Field::AmPm => of(&["AM", "PM"], 0),
        Field::Month => short(of(&MONTHS, 1)),
        Field::DayOfWeek => short(of(&WEEKDAYS, 1)),
        Field::Quarter if full => of(&QUARTERS, 1),
        Field::Quarter => of(&SHORT_QUARTERS, 1),
        _ => "",
    }
}

fn write_offset(form: OffsetForm, zero: &str, out: &mut String, offset: i32) {
    if offset == 0 {
        out.push_str(zero);
        return;
    }
    let start = out.len();
    let total = offset.unsigned_abs();
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    let colon = if form.colon { ":" } else { "" };
    out.push(if offset < 0 { '-' } else { '+' });
    out.push_str(&format!("{hours:02}"));
    let mut shown = hours;
    if form.minutes || minutes > 0 {
        out.push_str(&format!("{colon}{minutes:02}"));
        shown += minutes;
    }
    if form.seconds && seconds > 0 {
        out.push_str(&format!("{colon}{seconds:02}"));
        shown += seconds;
    }
    if shown == 0 {
        out.truncate(start);
        out.push_str(zero);
    }
}

fn write_localized(full: bool, out: &mut String, offset: i32) {
    out.push_str("GMT");
    if offset == 0 {
        return;
    }
    let total = offset.unsigned_abs();
    let (hours, minutes, seconds) = (total / 3600, total / 60 % 60, total % 60);
    out.push(if offset < 0 { '-' } else { '+' });
    if full {
        out.push_str(&format!("{hours:02}:{minutes:02}"));
    } else {
        out.push_str(&hours.to_string());
        if minutes > 0 || seconds > 0 {
            out.push_str(&format!(":{minutes:02}"));
        }
    }
    if seconds > 0 {
        out.push_str(&format!(":{seconds:02}"));
    }
}
