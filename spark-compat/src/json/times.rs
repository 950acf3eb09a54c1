//! Dates and timestamps in JSON and CSV: by the pattern of an option, else as casts read them and as ISO 8601 writes them.

use crate::datetime::format;
use crate::datetime::parse;
use crate::datetime::pattern::{Reader, Writer};
use crate::datetime::zone::Zone;
use crate::datetime::{MICROS_PER_DAY, MICROS_PER_SECOND};
use crate::error::{ErrorKind, Result, SparkError};

/// The pattern of timestamps where no option gives one.
pub(crate) const DEFAULT_TIMESTAMP: &str = "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]";

/// How dates and timestamps are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Times {
    /// The option `timeZone`, or the session's.
    pub zone: Zone,
    /// The option `timestampFormat`.
    pub timestamp_format: Option<String>,
    /// The option `dateFormat`.
    pub date_format: Option<String>,
}

/// Reads the values of a batch.
#[derive(Debug)]
pub(crate) struct Parser {
    zone: Zone,
    now: i64,
    timestamp: Option<Result<Reader>>,
    date: Option<Result<Reader>>,
    scratch: Vec<char>,
}

/// Writes the values of a batch.
#[derive(Debug)]
pub(crate) struct Formatter {
    zone: Zone,
    timestamp: Option<Writer>,
    date: Option<Writer>,
}

impl Times {
    /// What reads by these formats. A pattern that is none does not matter before it is needed.
    pub fn parser(&self) -> Parser {
        Parser {
            zone: self.zone,
            now: chrono::Utc::now().timestamp_micros(),
            timestamp: self.timestamp_format.as_deref().map(Reader::new),
            date: self.date_format.as_deref().map(Reader::new),
            scratch: Vec::new(),
        }
    }

    /// What writes by these formats.
    ///
    /// # Errors
    ///
    /// A pattern is none.
    pub fn formatter(&self) -> Result<Formatter> {
        Ok(Formatter {
            zone: self.zone,
            timestamp: self.timestamp_format.as_deref().map(Writer::new).transpose()?,
            date: self.date_format.as_deref().map(Writer::new).transpose()?,
        })
    }
}

impl Parser {
    /// Microseconds since the epoch; `None` if the text is no timestamp.
    ///
    /// # Errors
    ///
    /// The pattern would have read the text before Spark 3.
    pub fn timestamp(&mut self, text: &str) -> Result<Option<i64>> {
        let by_pattern = by_pattern(self.timestamp.as_ref(), text, self.zone, &mut self.scratch);
        match by_pattern {
            Ok(Some(micros)) => Ok(Some(micros)),
            Ok(None) => Ok(parse::timestamp(text, &self.zone, self.now)),
            Err(error) if error.kind == ErrorKind::DateTime => {
                parse::timestamp(text, &self.zone, self.now).map(Some).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Days since the epoch; `None` if the text is no date.
    ///
    /// # Errors
    ///
    /// As for [`Parser::timestamp`].
    pub fn date(&mut self, text: &str) -> Result<Option<i32>> {
        let by_pattern = by_pattern(self.date.as_ref(), text, self.zone, &mut self.scratch);
        match by_pattern {
            Ok(Some(micros)) => Ok(Some(parse::date_of_timestamp(micros, &self.zone))),
            Ok(None) => Ok(parse::date(text)),
            Err(error) if error.kind == ErrorKind::DateTime => parse::date(text).map(Some).ok_or(error),
            Err(error) => Err(error),
        }
    }
}

/// The text read by a pattern, if there is one. That it is none, or that the time is too large, is no error here.
fn by_pattern(
    pattern: Option<&Result<Reader>>,
    text: &str,
    zone: Zone,
    scratch: &mut Vec<char>,
) -> Result<Option<i64>> {
    let read = match pattern {
        None => return Ok(None),
        Some(Ok(pattern)) => pattern.read(text, zone, scratch),
        Some(Err(error)) => Err(error.clone()),
    };
    match read {
        Err(SparkError { kind: ErrorKind::IllegalArgument | ErrorKind::Arithmetic, .. }) => Ok(None),
        read => read,
    }
}

impl Formatter {
    /// Appends a timestamp.
    pub fn write_timestamp(&self, out: &mut String, micros: i64) -> Result<()> {
        match &self.timestamp {
            Some(pattern) => pattern.write(out, micros, self.zone),
            None => {
                write_iso(out, micros, &self.zone);
                Ok(())
            }
        }
    }

    /// Appends a date.
    pub fn write_date(&self, out: &mut String, days: i32) -> Result<()> {
        match &self.date {
            Some(pattern) => pattern.write(out, i64::from(days) * MICROS_PER_DAY, Zone::UTC),
            None => {
                format::write_date(out, days);
                Ok(())
            }
        }
    }
}

/// The default pattern: milliseconds, and the offset without its seconds.
fn write_iso(out: &mut String, micros: i64, zone: &Zone) {
    let whole = micros.div_euclid(MICROS_PER_SECOND) * MICROS_PER_SECOND;
    let millis = micros.rem_euclid(MICROS_PER_SECOND) / 1000;
    let clock = format::timestamp(whole, zone).replace(' ', "T");
    let offset = zone.offset_at(micros);
    let minutes = offset.abs() / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    out.push_str(&match offset {
        0 => format!("{clock}.{millis:03}Z"),
        _ => format!("{clock}.{millis:03}{sign}{:02}:{:02}", minutes / 60, minutes % 60),
    });
}
