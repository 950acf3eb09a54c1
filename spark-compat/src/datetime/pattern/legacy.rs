//! The parser before Spark 3: whether Java's `SimpleDateFormat`, not lenient, reads a text. What it reads does not matter.

use super::write::MONTHS;
use super::zone_names;
use crate::datetime::calendar::{days_from_date, days_in_month};
use crate::datetime::zone::{Zone, split_days};
use crate::datetime::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND};

/// The letters of `SimpleDateFormat`.
const LETTERS: &str = "GyMdkHmsSEDFwWahKzZYuXL";

/// A pattern of `SimpleDateFormat`.
#[derive(Debug)]
pub(super) struct Pattern {
    items: Vec<Item>,
}

#[derive(Debug, PartialEq, Eq)]
enum Item {
    Literal(char),
    Letters(char, usize),
}

impl Pattern {
    /// `None` if `SimpleDateFormat` does not take the pattern.
    pub fn compile(pattern: &str) -> Option<Self> {
        let mut items = Vec::new();
        let mut rest = pattern.chars().peekable();
        let mut quoted = false;
        while let Some(c) = rest.next() {
            match c {
                '\'' if rest.next_if_eq(&'\'').is_some() => items.push(Item::Literal('\'')),
                '\'' => quoted = !quoted,
                'a'..='z' | 'A'..='Z' if !quoted => {
                    let mut count = 1;
                    while rest.next_if_eq(&c).is_some() {
                        count += 1;
                    }
                    let known = LETTERS.contains(c) && !(c == 'X' && count > 3);
                    known.then(|| items.push(Item::Letters(c, count)))?;
                }
                other => items.push(Item::Literal(other)),
            }
        }
        (!quoted).then_some(Self { items })
    }

    /// Whether a start of the text is read as a time that exists.
    pub fn reads(&self, text: &[char], zone: Zone) -> bool {
        self.read(text).is_some_and(|fields| fields.exist(zone))
    }

    fn read(&self, text: &[char]) -> Option<Fields> {
        let mut fields = Fields::default();
        let mut at = 0;
        for (index, item) in self.items.iter().enumerate() {
            at = match item {
                Item::Literal(c) => (text.get(at) == Some(c)).then_some(at + 1)?,
                Item::Letters(letter, count) => {
                    // A number takes its own digits only where another one follows.
                    let next = self.items.get(index + 1);
                    let bounded = match next {
                        Some(Item::Letters('M' | 'L', count)) => *count <= 2,
                        Some(Item::Letters(letter, _)) => "yYdkHmsSDFwWhKu".contains(*letter),
                        _ => false,
                    };
                    let width = bounded.then_some(*count);
                    let minus_follows = next == Some(&Item::Literal('-'));
                    fields.read(*letter, *count, width, minus_follows, text, at)?
                }
            };
        }
        Some(fields)
    }
}

/// The fields in the order in which they were set: where two contradict each other the later one counts, and must fit.
#[derive(Debug, Default)]
struct Fields {
    values: Vec<(char, i64)>,
    has_zone: bool,
}

impl Fields {
    /// Reads the letters of one field (`SimpleDateFormat.subParse`); gives the place behind it.
    fn read(
        &mut self,
        letter: char,
        count: usize,
        width: Option<usize>,
        minus_follows: bool,
        text: &[char],
        start: usize,
    ) -> Option<usize> {
        let blanks = text.get(start..)?.iter().take_while(|c| matches!(c, ' ' | '\t')).count();
        let from = start + blanks;
        text.get(from)?;
        match letter {
            'G' => self.name(letter, &["Before Christ", "Anno Domini", "BC", "AD"], text, start),
            'a' => self.name(letter, &["AM", "PM"], text, start),
            'M' | 'L' if count > 2 => {
                let short = MONTHS.iter().map(|name| name.get(..3).unwrap_or(name));
                let names: Vec<&str> = MONTHS.iter().copied().chain(short).collect();
                self.name('M', &names, text, start)
            }
            'E' => Some(from + text.get(from..)?.iter().take_while(|c| c.is_alphabetic()).count()),
            'z' | 'Z' => self.zone(text, start, from),
            'X' => {
                if text.get(from) == Some(&'Z') {
                    self.has_zone = true;
                    return Some(from + 1);
                }
                sign(text, from)?;
                self.numeric_zone(text, from + 1, count, count == 3)
            }
            _ => {
                let (value, end) = number(width.map(|width| start + width), minus_follows, text, from)?;
                self.number(letter, count, value, text, from, end)?;
                Some(end)
            }
        }
    }

    fn number(&mut self, letter: char, count: usize, value: i64, text: &[char], from: usize, end: usize) -> Option<()> {
        let is_digit = |at: usize| text.get(at).is_some_and(char::is_ascii_digit);
        let value = match letter {
            // Two digits are of the hundred years around now.
            'y' if count <= 2 && end - from == 2 && is_digit(from) && is_digit(from + 1) => 2000 + value,
            'k' => (1..=24).contains(&value).then_some(value % 24)?,
            'h' => (1..=12).contains(&value).then_some(value % 12)?,
            _ => value,
        };
        let letter = match letter {
            'k' => 'H',
            'h' => 'K',
            'L' => 'M',
            other => other,
        };
        self.values.push((letter, value));
        Some(())
    }

    /// The longest of the names that the text goes on with; blanks before it do not count as such.
    fn name(&mut self, letter: char, names: &[&str], text: &[char], start: usize) -> Option<usize> {
        let matches = |name: &str| {
            name.chars()
                .enumerate()
                .all(|(at, c)| text.get(start + at).is_some_and(|found| found.eq_ignore_ascii_case(&c)))
        };
        let found = names.iter().enumerate().filter(|(_, name)| matches(name)).max_by_key(|(_, name)| name.len());
        let (at, name) = found?;
        let value = match letter {
            'M' => at % 12 + 1,
            _ => at % 2,
        };
        self.values.push((letter, value as i64));
        Some(start + name.len())
    }

    fn zone(&mut self, text: &[char], start: usize, from: usize) -> Option<usize> {
        if sign(text, from).is_some() {
            return self.numeric_zone(text, from + 1, 0, false);
        }
        let rest: String = text.get(start..)?.iter().collect();
        if matches!(text.get(from), Some('G' | 'g')) && rest.get(..3).is_some_and(|s| s.eq_ignore_ascii_case("GMT")) {
            self.has_zone = true;
            let behind = start + 3;
            return match sign(text, behind) {
                None => Some(behind),
                Some(_) => self.numeric_zone(text, behind + 1, 0, true),
            };
        }
        let rest: String = text.get(from..)?.iter().collect();
        self.has_zone = true;
        zone_names::longest_prefix(&rest, None).map(|length| from + length)
    }

    /// `hh`, `hhmm` or `hh:mm` (`SimpleDateFormat.subParseNumericZone`).
    fn numeric_zone(&mut self, text: &[char], start: usize, count: usize, colon: bool) -> Option<usize> {
        let digit = |at: usize| text.get(at).and_then(|c| c.to_digit(10));
        let mut at = start + 1;
        let mut hours = digit(start)?;
        match digit(at) {
            Some(second) => {
                hours = hours * 10 + second;
                at += 1;
            }
            None if count > 0 || !colon => return None,
            None => {}
        }
        (hours <= 23).then_some(())?;
        let mut minutes = 0;
        if count != 1 {
            if colon {
                (text.get(at) == Some(&':')).then_some(())?;
                at += 1;
            }
            minutes = digit(at)? * 10 + digit(at + 1)?;
            (minutes <= 59).then_some(())?;
            at += 2;
        }
        // The range of the calendar's field.
        let ahead = text.get(start.checked_sub(1)?) == Some(&'+');
        let most = if ahead { 14 * 60 } else { 13 * 60 };
        (hours * 60 + minutes <= most).then_some(())?;
        self.has_zone = true;
        Some(at)
    }

    fn last(&self, letter: char) -> Option<i64> {
        self.values.iter().rev().find(|(known, _)| *known == letter).map(|(_, value)| *value)
    }

    /// Whether the fields, each in its range, are those of one moment (`Calendar.getTime`, not lenient).
    fn exist(&self, zone: Zone) -> bool {
        self.moment(zone).unwrap_or(false)
    }

    fn moment(&self, zone: Zone) -> Option<bool> {
        let year_of_era = self.last('y').or_else(|| self.last('Y')).unwrap_or(1970);
        if !(1..=292_278_994).contains(&year_of_era) {
            return Some(false);
        }
        let era = self.last('G').unwrap_or(1);
        let year = i32::try_from(if era == 1 { year_of_era } else { 1 - year_of_era }).ok()?;
        let place = |letter: char| self.values.iter().rposition(|(known, _)| *known == letter);
        let (month, day) = match (self.last('D'), place('D') > place('M').max(place('d'))) {
            (Some(of_year), true) => {
                let (month, day) = date_of_year(year, of_year)?;
                let fits = |letter, actual: u32| self.last(letter).is_none_or(|value| value == i64::from(actual));
                (fits('M', month) && fits('d', day)).then_some((month, day))?
            }
            _ => {
                let (month, day) = (self.last('M').unwrap_or(1), self.last('d').unwrap_or(1));
                let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
                if !(1..=12).contains(&month) || day < 1 || day > length_of_month(year, month) {
                    return Some(false);
                }
                // The days that the change of the calendar left out.
                if (year, month) == (1582, 10) && (5..=14).contains(&day) {
                    return Some(false);
                }
                let of_year = || (1..month).map(|m| length_of_month(year, m)).sum::<u32>() + day;
                if self.last('D').is_some_and(|value| value != i64::from(of_year())) {
                    return Some(false);
                }
                (month, day)
            }
        };
        let time = self.time()?;
        if self.has_zone || year < 1900 {
            return Some(true);
        }
        // A time that the clock of the zone leaves out does not exist.
        let local = i64::from(days_from_date(year, month, day)?).checked_mul(MICROS_PER_DAY)?.checked_add(time)?;
        Some(zone.to_utc(local).is_some_and(|micros| zone.to_local(micros) == local) && split_days(local).1 == time)
    }

    fn time(&self) -> Option<i64> {
        let in_range = |letter: char, most: i64| match self.last(letter) {
            Some(value) => (0..=most).contains(&value).then_some(Some(value)),
            None => Some(None),
        };
        let (of_day, of_half, half) = (in_range('H', 23)?, in_range('K', 11)?, self.last('a'));
        let (minute, second, millis) = (in_range('m', 59)?, in_range('s', 59)?, in_range('S', 999)?);
        let place = |letter: char| self.values.iter().rposition(|(known, _)| *known == letter);
        let hour = match (of_day, of_half) {
            (Some(hour), _) if place('H') > place('K').max(place('a')) || of_half.is_none() && half.is_none() => {
                let fits =
                    of_half.is_none_or(|value| value == hour % 12) && half.is_none_or(|value| value == hour / 12);
                fits.then_some(hour)?
            }
            _ => {
                let hour = half.unwrap_or(0) * 12 + of_half.unwrap_or(0);
                of_day.is_none_or(|value| value == hour).then_some(hour)?
            }
        };
        let (minute, second) = (minute.unwrap_or(0), second.unwrap_or(0));
        let clock = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * MICROS_PER_SECOND;
        Some(clock + millis.unwrap_or(0) * 1000)
    }
}

fn sign(text: &[char], at: usize) -> Option<char> {
    text.get(at).copied().filter(|c| matches!(c, '+' | '-'))
}

/// `DecimalFormat` for integers: a minus and digits, no further than `until`. A minus that the pattern has behind the number
/// is taken for the pattern's.
fn number(until: Option<usize>, minus_follows: bool, text: &[char], from: usize) -> Option<(i64, usize)> {
    let text = match until {
        Some(until) => text.get(..until)?,
        None => text,
    };
    let negative = text.get(from) == Some(&'-');
    let first = from + usize::from(negative);
    let digits = text.get(first..)?.iter().take_while(|c| c.is_ascii_digit()).count();
    (digits > 0).then_some(())?;
    let end = first + digits;
    let value = text
        .get(first..end)?
        .iter()
        .try_fold(0i64, |total, c| total.checked_mul(10)?.checked_add(i64::from(c.to_digit(10)?)));
    // Java narrows a long number to its low bits; no such number is in a field's range.
    let value = value.filter(|value| *value <= i64::from(i32::MAX))?;
    if negative && minus_follows && text.get(end).is_some_and(|c| *c != '-') {
        return Some((value, end - 1));
    }
    Some((if negative { -value } else { value }, end))
}

/// Days of a month: every fourth year is a leap year up to the change of the calendar.
fn length_of_month(year: i32, month: u32) -> u32 {
    if month == 2 && year < 1582 && year.rem_euclid(4) == 0 { 29 } else { days_in_month(year, month) }
}

fn date_of_year(year: i32, day: i64) -> Option<(u32, u32)> {
    let mut rest = u32::try_from(day).ok().filter(|day| *day > 0)?;
    for month in 1..=12 {
        let length = length_of_month(year, month);
        if rest <= length {
            return Some((month, rest));
        }
        rest -= length;
    }
    None
}
