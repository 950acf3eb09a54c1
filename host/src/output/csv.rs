//! CSV as RFC 4180 has it: a header line, quotes where needed; NULL is an empty field and the empty string is `""`.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::{OutputError, ResultWriter, value_text};
use spark_differential::value::{Value, Zone, for_each_cell, time_zone};

/// Writes results one after another, an empty line between them.
pub(super) struct CsvWriter<W> {
    to: W,
    zone: Zone,
    columns: usize,
    results: usize,
}

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, zone: Zone::UTC, columns: 0, results: 0 }
    }
}

impl<W: Write> ResultWriter<W> for CsvWriter<W> {
    fn start(&mut self, schema: &SchemaRef) -> Result<(), OutputError> {
        self.zone = time_zone(schema)?;
        self.columns = schema.fields().len();
        if self.columns == 0 {
            return Ok(());
        }
        let mut line = String::new();
        if self.results > 0 {
            line.push('\n');
        }
        self.results += 1;
        for (at, field) in schema.fields().iter().enumerate() {
            if at > 0 {
                line.push(',');
            }
            push_field(&mut line, field.name());
        }
        line.push('\n');
        Ok(self.to.write_all(line.as_bytes())?)
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        let mut lines = String::new();
        let mut text = String::new();
        for_each_cell(batch, |column, value| {
            if !matches!(value, Value::Null) {
                text.clear();
                value_text(value, self.zone, &mut text)?;
                push_field(&mut lines, &text);
            }
            lines.push(if column + 1 == self.columns { '\n' } else { ',' });
            Ok::<_, OutputError>(())
        })?;
        self.to.write_all(lines.as_bytes())?;
        // A reader of a pipe gets the rows when they are there, not when a buffer is full.
        Ok(self.to.flush()?)
    }

    fn end(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<W, OutputError> {
        self.to.flush()?;
        Ok(self.to)
    }
}

fn push_field(line: &mut String, text: &str) {
    if text.is_empty() || text.contains(['"', ',', '\n', '\r']) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
}
