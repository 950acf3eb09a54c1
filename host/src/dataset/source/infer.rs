//! Which types the columns of CSV files have: the narrowest that every value of a column can be read as without losing anything.
//!
//! A number with a leading zero (`00123`) stays text, as does an integer that 64 bits don't hold.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::kernels::cast_utils::Parser;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Date32Type, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};

use super::{CsvOptions, csv};
use crate::dataset::Progress;
use crate::dataset::error::DatasetError;
use crate::dataset::folder::DatasetFile;

/// The types that a column may still have.
#[derive(Clone, Copy)]
struct Guess {
    boolean: bool,
    integer: bool,
    double: bool,
    date: bool,
    timestamp: bool,
    /// Whether it has a value at all.
    seen: bool,
}

impl Guess {
    const ANY: Self = Self { boolean: true, integer: true, double: true, date: true, timestamp: true, seen: false };

    fn see(&mut self, text: &str) {
        self.seen = true;
        self.boolean &= text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
        self.double &= is_number(text);
        self.integer &= self.double && text.parse::<i64>().is_ok();
        self.date &= is_date(text);
        self.timestamp &= is_timestamp(text);
    }

    fn data_type(self) -> DataType {
        match self {
            Self { seen: false, .. } => DataType::Utf8,
            Self { integer: true, .. } => DataType::Int64,
            // Integers beyond 64 bits would lose digits.
            Self { double: true, .. } => DataType::Float64,
            Self { boolean: true, .. } => DataType::Boolean,
            Self { date: true, .. } => DataType::Date32,
            Self { timestamp: true, .. } => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            _ => DataType::Utf8,
        }
    }
}

/// A number whose text says no more than its value: no leading zero, no plus sign; an integer only if 64 bits hold it.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes().get(1) != Some(&b'.');
    let is_integer = digits.bytes().all(|byte| byte.is_ascii_digit());
    let starts_well = digits.starts_with(|first: char| first.is_ascii_digit());
    let fits = if is_integer { text.parse::<i64>().is_ok() } else { text.parse::<f64>().is_ok_and(f64::is_finite) };
    starts_well && !leading_zero && fits
}

/// `2021-03-09`
fn is_date(text: &str) -> bool {
    let shape = |(index, byte): (usize, u8)| if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(shape) && Date32Type::parse(text).is_some()
}

/// A date, a space or `T`, and a time of day; in UTC where it names no offset.
fn is_timestamp(text: &str) -> bool {
    let (Some(date), Some(rest)) = (text.get(..10), text.get(10..)) else { return false };
    is_date(date) && rest.starts_with([' ', 'T']) && TimestampMicrosecondType::parse(text).is_some()
}

/// The columns of `files`, which all have those of the first. All are read to their end.
pub(super) fn csv_schema(
    files: &[DatasetFile],
    options: &CsvOptions,
    progress: Progress<'_>,
) -> Result<SchemaRef, DatasetError> {
    let mut names: Option<Vec<String>> = None;
    let mut guesses: Vec<Guess> = Vec::new();
    for file in files {
        let found = column_names(&file.location, options)?;
        match &names {
            Some(names) if *names != found => {
                return Err(DatasetError::file(&file.location, "it has other columns than the files before it"));
            }
            Some(_) => {}
            None => {
                guesses = vec![Guess::ANY; found.len()];
                names = Some(found.clone());
            }
        }
        if !options.strings {
            see_all(&file.location, &found, options, &mut guesses)?;
        }
        progress(file.size, 0)?;
    }
    let fields = names.unwrap_or_default().into_iter().zip(guesses);
    let field = |(name, guess): (String, Guess)| Field::new(name, guess.data_type(), true);
    Ok(Arc::new(Schema::new(fields.map(field).collect::<Vec<_>>())))
}

fn see_all(path: &Path, names: &[String], options: &CsvOptions, guesses: &mut [Guess]) -> Result<(), DatasetError> {
    let texts = names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect::<Vec<_>>();
    for batch in csv::reader(path, &Arc::new(Schema::new(texts)), options)? {
        let batch = batch.map_err(DatasetError::rows(path))?;
        for (column, guess) in batch.columns().iter().zip(guesses.iter_mut()) {
            column.as_string::<i32>().iter().flatten().for_each(|text| guess.see(text));
        }
    }
    Ok(())
}

/// The names in the first line, or those that Spark gives where there are none.
fn column_names(path: &Path, options: &CsvOptions) -> Result<Vec<String>, DatasetError> {
    let mut file = BufReader::new(File::open(path).map_err(DatasetError::io(path))?);
    if file.fill_buf().map_err(DatasetError::io(path))?.is_empty() {
        return Err(DatasetError::file(path, "it is empty: there are no columns to name"));
    }
    let format = Format::default().with_header(options.header).with_delimiter(options.delimiter);
    // One row is enough for the names; their types are found out from all rows.
    let (schema, _) = format.infer_schema(file, Some(1)).map_err(DatasetError::rows(path))?;
    let name = |(index, name): (usize, &String)| {
        // Programs of Windows begin text files with a byte order mark.
        let name = name.trim_start_matches('\u{feff}');
        if options.header && !name.is_empty() { name.to_owned() } else { format!("_c{index}") }
    };
    Ok(schema.fields().iter().map(|field| field.name()).enumerate().map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(texts: &[&str]) -> DataType {
        let mut guess = Guess::ANY;
        texts.iter().for_each(|text| guess.see(text));
        guess.data_type()
    }

    #[test]
    fn a_type_fits_every_value() {
        assert_eq!(guess(&["1", "-20", "0"]), DataType::Int64);
        assert_eq!(guess(&["1", "2.5", "-0.5", "1e9"]), DataType::Float64);
        assert_eq!(guess(&["true", "False"]), DataType::Boolean);
        assert_eq!(guess(&["2021-03-09", "0001-01-01"]), DataType::Date32);
        let timestamp = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        assert_eq!(guess(&["2021-03-09 10:11:12", "2021-03-09T10:11:12.5Z"]), timestamp);
        assert_eq!(guess(&["1", "x"]), DataType::Utf8);
        assert_eq!(guess(&[]), DataType::Utf8);
    }

    #[test]
    fn text_that_is_more_than_its_value_stays_text() {
        for texts in
            [&["00123"][..], &["+1"], &["123456789012345678901"], &["nan"], &["inf"], &["20210309", "2021-03-09"]]
        {
            assert_eq!(guess(texts), DataType::Utf8, "{texts:?}");
        }
        assert_eq!(guess(&["2021-02-30"]), DataType::Utf8);
        assert_eq!(guess(&["2021-03-09", "2021-03-09 10:00:00"]), DataType::Utf8);
    }
}
