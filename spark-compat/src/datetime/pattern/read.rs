//! Texts read by the items of a pattern, in the strict style and whatever the letters' case.

use chrono_tz::TZ_VARIANTS;

use super::compile::{Field, Item, Number, OffsetForm, Sign};
use super::parsed::Parsed;
use super::{write, zone_names};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};

/// The fields of a whole text; `None` if it is not of the items' form.
pub(super) fn read(items: &[Item], text: &[char]) -> Result<Option<Parsed>> {
    let mut parsed = Parsed::default();
    let end = read_items(items, text, 0, &mut parsed)?;
    Ok(end.filter(|end| *end == text.len()).map(|_| parsed))
}

fn read_items(items: &[Item], text: &[char], start: usize, parsed: &mut Parsed) -> Result<Option<usize>> {
    let mut at = start;
    for item in items {
        let next = match item {
            Item::Literal(literal) => starts_with(text, at, literal).then(|| at + literal.len()),
            Item::Number(number) => read_number(number, text, at, parsed),
            Item::Fraction(_, most) => read_fraction(*most, text, at, parsed),
            Item::Text { field, full } => read_text(*field, *full, text, at, parsed),
            Item::Offset { form, zero } => read_offset(*form, zero, text, at, parsed),
            Item::LocalizedOffset { full } => read_localized(*full, text, at, parsed),
            Item::ZoneId => read_zone(None, text, at, parsed)?,
            Item::ZoneName { generic: false, full } => read_zone(Some(*full), text, at, parsed)?,
            Item::ZoneName { generic: true, .. } => {
                return Err(SparkError::unsupported("the pattern letter v: names of zones without the season"));
            }
            Item::Optional(items) => {
                let mut inner = parsed.clone();
                match read_items(items, text, at, &mut inner)? {
                    Some(end) => {
                        *parsed = inner;
                        Some(end)
                    }
                    None => Some(at),
                }
            }
        };
        match next {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

fn same_letter(a: char, b: char) -> bool {
    a == b || a.to_uppercase().eq(b.to_uppercase()) || a.to_lowercase().eq(b.to_lowercase())
}

fn starts_with(text: &[char], at: usize, wanted: &[char]) -> bool {
    let found = text.get(at..).and_then(|rest| rest.get(..wanted.len()));
    found.is_some_and(|found| found.iter().zip(wanted).all(|(a, b)| same_letter(*a, *b)))
}

fn starts_with_text(text: &[char], at: usize, wanted: &str) -> bool {
    let wanted: Vec<char> = wanted.chars().collect();
    starts_with(text, at, &wanted)
}

fn digit(text: &[char], at: usize) -> Option<i64> {
    text.get(at).and_then(|c| c.to_digit(10)).map(i64::from)
}

/// `NumberPrinterParser.parse`: takes as many digits as it may, but leaves those that the numbers right behind need.
fn read_number(number: &Number, text: &[char], start: usize, parsed: &mut Parsed) -> Option<usize> {
    let (negative, positive) = match text.get(start)? {
        '+' => (number.sign == Sign::ExceedsPad).then_some((false, true))?,
        '-' => (number.sign != Sign::NotNegative).then_some((true, false))?,
        _ => (false, false),
    };
    let from = start + usize::from(negative || positive);
    let available = text.get(from..)?.iter().take(number.most + number.subsequent).take_while(|c| c.is_ascii_digit());
    let available = available.count();
    if available < number.least {
        return None;
    }
    let taken = match number.subsequent {
        0 => available,
        subsequent => number.least.max(available.saturating_sub(subsequent)),
    };
    let mut value: i64 = 0;
    for at in from..from + taken {
        value = value.checked_mul(10)?.checked_add(digit(text, at)?)?;
    }
    if negative {
        // There is no minus zero.
        (value != 0).then_some(())?;
        value = -value;
    } else if number.sign == Sign::ExceedsPad && positive != (taken > number.least) {
        return None;
    }
    if number.reduced && taken == number.least {
        value += 2000;
    }
    parsed.set(number.field, value)?;
    Some(from + taken)
}

/// `FractionPrinterParser.parse`: at least one character must be there, and if it is no digit the fraction is zero.
fn read_fraction(most: usize, text: &[char], start: usize, parsed: &mut Parsed) -> Option<usize> {
    let digits: Vec<i64> = text.get(start..)?.iter().take(most).map_while(|c| c.to_digit(10)).map(i64::from).collect();
    text.get(start)?;
    let nanos = (0..9).fold(0, |total, at| total * 10 + digits.get(at).copied().unwrap_or(0));
    parsed.set(Field::Nano, nanos)?;
    Some(start + digits.len())
}

fn read_text(field: Field, full: bool, text: &[char], start: usize, parsed: &mut Parsed) -> Option<usize> {
    let (first, last) = match field {
        Field::Month => (1, 12),
        _ => (0, 1),
    };
    let names = (first..=last).map(|value| (write::text(field, full, value), value));
    let found = names.filter(|(name, _)| starts_with_text(text, start, name)).max_by_key(|(name, _)| name.len());
    let (name, value) = found?;
    parsed.set(field, value)?;
    Some(start + name.len())
}

/// `OffsetIdPrinterParser.parse`.
fn read_offset(form: OffsetForm, zero: &str, text: &[char], start: usize, parsed: &mut Parsed) -> Option<usize> {
    text.get(start)?;
    if starts_with_text(text, start, zero) {
        parsed.set_offset(0)?;
        return Some(start + zero.len());
    }
    let (end, seconds) = offset(form, text, start)?;
    parsed.set_offset(seconds)?;
    Some(end)
}

/// The end and the seconds of an offset with its sign.
fn offset(form: OffsetForm, text: &[char], start: usize) -> Option<(usize, i32)> {
    let sign = match text.get(start)? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let two = |at: usize| Some(digit(text, at)? * 10 + digit(text, at + 1)?).filter(|value| *value <= 59);
    let part = |at: usize| {
        let at = if form.colon { (text.get(at) == Some(&':')).then_some(at + 1)? } else { at };
        Some((two(at)?, at + 2))
    };
    let mut end = start + 3;
    let mut total = two(start + 1).filter(|hours| *hours <= 23)? * 3600;
    match part(end) {
        Some((minutes, after)) => {
            total += minutes * 60;
            end = after;
            if form.seconds
                && let Some((seconds, after)) = part(end)
            {
                total += seconds;
                end = after;
            }
        }
        None if form.minutes => return None,
        None => {}
    }
    Some((end, sign * total as i32))
}

/// `LocalizedOffsetIdPrinterParser.parse`.
fn read_localized(full: bool, text: &[char], start: usize, parsed: &mut Parsed) -> Option<usize> {
    if !starts_with_text(text, start, "GMT") {
        return None;
    }
    let mut at = start + 3;
    let sign = match text.get(at) {
        Some('+') => 1,
        Some('-') => -1,
        _ => {
            parsed.set_offset(0)?;
            return Some(at);
        }
    };
    at += 1;
    let colon_and_two = |at: usize| {
        (text.get(at) == Some(&':')).then_some(())?;
        Some(digit(text, at + 1)? * 10 + digit(text, at + 2)?)
    };
    let mut total = digit(text, at)?;
    at += 1;
    match digit(text, at) {
        Some(second) => {
            total = total * 10 + second;
            at += 1;
        }
        None if full => return None,
        None => {}
    }
    total *= 3600;
    match colon_and_two(at) {
        Some(minutes) => {
            total += minutes * 60;
            at += 3;
            if let Some(seconds) = colon_and_two(at) {
                total += seconds;
                at += 3;
            }
        }
        None if full => return None,
        None => {}
    }
    parsed.set_offset(sign * total as i32)?;
    Some(at)
}

/// `ZoneIdPrinterParser.parse`, and its like for short or long names of zones.
fn read_zone(full_names: Option<bool>, text: &[char], start: usize, parsed: &mut Parsed) -> Result<Option<usize>> {
    const WITH_COLONS: OffsetForm = OffsetForm { colon: true, minutes: true, seconds: true };
    let Some(first) = text.get(start) else { return Ok(None) };
    if matches!(first, '+' | '-') {
        return Ok(offset(WITH_COLONS, text, start).and_then(|(end, seconds)| {
            parsed.zone = Some(fixed(seconds)?);
            Some(end)
        }));
    }
    for prefix in ["UTC", "UT", "GMT"] {
        if !starts_with_text(text, start, prefix) {
            continue;
        }
        let behind = start + prefix.len();
        let is_gmt0 = prefix == "GMT" && text.get(behind) == Some(&'0');
        let shift = offset(WITH_COLONS, text, behind).filter(|_| !matches!(text.get(behind), Some('0' | 'z' | 'Z')));
        let (id, end) = match shift {
            _ if is_gmt0 => ("GMT0".to_owned(), behind + 1),
            Some((end, seconds)) => match fixed(seconds) {
                Some(Zone::Fixed(0)) => (prefix.to_owned(), end),
                Some(zone) => (format!("{prefix}{zone}"), end),
                None => return Ok(None),
            },
            None => (prefix.to_owned(), behind),
        };
        parsed.zone = Zone::parse(&id);
        return Ok(parsed.zone.map(|_| end));
    }
    let ids = TZ_VARIANTS.iter().map(|zone| zone.name()).filter(|id| starts_with_text(text, start, id));
    let id = ids.max_by_key(|id| id.len());
    if let Some(full) = full_names {
        let rest: String = text.get(start..).unwrap_or_default().iter().collect();
        let longest = zone_names::longest_prefix(&rest, full_names).filter(|length| *length > id.map_or(0, str::len));
        if let Some(length) = longest {
            let zone = zone_names::preferred(rest.get(..length).unwrap_or_default(), full);
            let Some(zone) = zone else {
                return Err(SparkError::unsupported(format!("the zone's name at the start of '{rest}'")));
            };
            parsed.zone = Some(zone);
            return Ok(Some(start + length));
        }
    }
    match id {
        Some(id) => {
            parsed.zone = Zone::parse_region(id);
            Ok(Some(start + id.len()))
        }
        None if same_letter(*first, 'Z') => {
            parsed.zone = Some(Zone::Fixed(0));
            Ok(Some(start + 1))
        }
        None => Ok(None),
    }
}

/// The zone of an offset that `ZoneOffset` allows.
fn fixed(seconds: i32) -> Option<Zone> {
    (seconds.abs() <= 18 * 3600).then_some(Zone::Fixed(seconds))
}
