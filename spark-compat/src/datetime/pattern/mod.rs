//! Patterns such as `yyyy-MM-dd HH:mm:ss`: Java's `DateTimeFormatter` in its strict style, with what Spark 3.2 changes of it
//! (`DateTimeFormatterHelper`), and the older `SimpleDateFormat` as far as Spark asks what it would have read.
//!
//! A text that only the older parser reads is an error and not NULL (`spark.sql.legacy.timeParserPolicy=EXCEPTION`), so that
//! nobody gets another answer than before Spark 3 without notice.

mod compile;
mod legacy;
mod parsed;
mod read;
mod resolve;
mod write;
mod zone_names;

use super::clock;
use super::zone::Zone;
use crate::error::{Result, SparkError};
use compile::Item;

/// A pattern that writes timestamps.
#[derive(Debug)]
pub struct Writer {
    items: Vec<Item>,
}

/// A pattern that reads timestamps.
#[derive(Debug)]
pub struct Reader {
    items: Vec<Item>,
    /// The older parser of the same pattern, if it takes the pattern.
    legacy: Option<legacy::Pattern>,
}

impl Writer {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// Letters that Spark does not take, too many of one letter, brackets that do not match.
    pub fn new(pattern: &str) -> Result<Self> {
        let items = compile::items(pattern, false).map_err(|why| unrecognized(pattern, why))?;
        Ok(Self { items })
    }

    /// Appends the timestamp as the pattern says, in the clock of the zone.
    pub fn write(&self, out: &mut String, micros: i64, zone: Zone) -> Result<()> {
        write::write(&self.items, out, &write::Moment::new(micros, zone))
    }
}

impl Reader {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// As for [`Writer::new`]; some letters can only be written.
    pub fn new(pattern: &str) -> Result<Self> {
        let items = compile::items(pattern, true).map_err(|why| unrecognized(pattern, why))?;
        Ok(Self { items, legacy: legacy::Pattern::compile(pattern) })
    }

    /// Reads a whole text; what it does not say is of 1970-01-01 00:00:00, and without a zone it is in `zone`.
    ///
    /// `None` if the text is not of the pattern's form or names no time. `scratch` is memory that one text after the other uses.
    ///
    /// # Errors
    ///
    /// The text would have been read before Spark 3, or it names a time that no timestamp holds.
    pub fn read(&self, text: &str, zone: Zone, scratch: &mut Vec<char>) -> Result<Option<i64>> {
        scratch.clear();
        scratch.extend(text.chars());
        let characters = &*scratch;
        let found = read::read(&self.items, characters)?.and_then(|parsed| parsed.resolve());
        if let Some((days, time, own_zone)) = found {
            let micros = clock(days, time).and_then(|local| own_zone.unwrap_or(zone).to_utc(local));
            return micros.map(Some).ok_or_else(|| SparkError::arithmetic("long overflow"));
        }
        match &self.legacy {
            Some(legacy) if legacy.reads(characters, zone) => Err(SparkError::date_time(format!(
                "You may get a different result due to the upgrading of Spark 3.0: Fail to parse '{text}' in the new parser. You \
                 can set spark.sql.legacy.timeParserPolicy to LEGACY to restore the behavior before Spark 3.0, or set to CORRECTED \
                 and treat it as an invalid datetime string."
            ))),
            _ => Ok(None),
        }
    }
}

/// Spark's error for a pattern: another one if the older parser would have taken it.
fn unrecognized(pattern: &str, why: String) -> SparkError {
    if legacy::Pattern::compile(pattern).is_none() {
        return SparkError::illegal_argument(why);
    }
    SparkError::date_time(format!(
        "You may get a different result due to the upgrading of Spark 3.0: Fail to recognize '{pattern}' pattern in the \
         DateTimeFormatter ({why}). You can form a valid datetime pattern with the guide from \
         https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html"
    ))
}

#[cfg(test)]
mod tests;
