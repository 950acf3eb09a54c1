//! Aligned tables for people. Widths come from a page of rows at a time, so that a long result neither fills the memory
//! nor waits for its end.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use unicode_width::UnicodeWidthStr;

use super::{OutputError, ResultWriter, value_text};
use spark_differential::value::{Value, Zone, for_each_cell, time_zone};

/// Rows that share one set of column widths.
const PAGE_ROWS: usize = 1000;

/// Text held at most before a page is printed, whatever its number of rows.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Writes each result as a table with a count of its rows below it; statements without columns print nothing.
pub(super) struct TableWriter<W> {
    to: W,
    columns: Vec<Column>,
    zone: Zone,
    page: Vec<String>,
    page_bytes: usize,
    header_printed: bool,
    rows: u64,
    results: usize,
}

struct Column {
    name: String,
    to_the_right: bool,
    width: usize,
}

impl<W: Write> TableWriter<W> {
    pub(super) fn new(to: W) -> Self {
        let (columns, page) = (Vec::new(), Vec::new());
        Self { to, columns, zone: Zone::UTC, page, page_bytes: 0, header_printed: false, rows: 0, results: 0 }
    }

    /// Prints the rows held; a page that needs wider columns than the last one repeats the header.
    fn print_page(&mut self) -> Result<(), OutputError> {
        let mut widened = false;
        for row in self.page.chunks(self.columns.len()) {
            for (cell, column) in row.iter().zip(&mut self.columns) {
                let width = cell.width();
                widened |= width > column.width;
                column.width = column.width.max(width);
            }
        }
        if !self.header_printed || widened {
            self.header_printed = true;
            self.print_rule()?;
            let names: Vec<_> = self.columns.iter().map(|column| column.name.clone()).collect();
            self.print_row(&names)?;
            self.print_rule()?;
        }
        let page = std::mem::take(&mut self.page);
        for row in page.chunks(self.columns.len()) {
            self.print_row(row)?;
        }
        self.page_bytes = 0;
        Ok(())
    }

    fn print_rule(&mut self) -> Result<(), OutputError> {
        let rule: String = self.columns.iter().map(|column| format!("+{}", "-".repeat(column.width + 2))).collect();
        Ok(writeln!(self.to, "{rule}+")?)
    }

    fn print_row(&mut self, cells: &[String]) -> Result<(), OutputError> {
        let mut line = String::new();
        for (cell, column) in cells.iter().zip(&self.columns) {
            let space = " ".repeat(column.width.saturating_sub(cell.width()));
            let (before, after) = if column.to_the_right { (space.as_str(), "") } else { ("", space.as_str()) };
            line.extend(["| ", before, cell, after, " "]);
        }
        Ok(writeln!(self.to, "{line}|")?)
    }
}

impl<W: Write> ResultWriter<W> for TableWriter<W> {
    fn start(&mut self, schema: &SchemaRef) -> Result<(), OutputError> {
        self.zone = time_zone(schema)?;
        self.columns = schema
            .fields()
            .iter()
            .map(|field| {
                let name = printable(field.name());
                Column { width: name.width(), name, to_the_right: is_number(field.data_type()) }
            })
            .collect();
        self.header_printed = false;
        self.rows = 0;
        if !self.columns.is_empty() {
            if self.results > 0 {
                writeln!(self.to)?;
            }
            self.results += 1;
        }
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        self.rows += batch.num_rows() as u64;
        let last = batch.num_columns().saturating_sub(1);
        for_each_cell(batch, |column, value| {
            let mut text = String::new();
            match value {
                Value::Null => text.push_str("NULL"),
                value => value_text(value, self.zone, &mut text)?,
            }
            let text = printable(&text);
            self.page_bytes += text.len();
            self.page.push(text);
            let full = self.page_bytes > PAGE_BYTES || self.page.len() >= PAGE_ROWS * self.columns.len();
            if column == last && full { self.print_page() } else { Ok(()) }
        })
    }

    fn end(&mut self) -> Result<(), OutputError> {
        if self.columns.is_empty() {
            return Ok(());
        }
        if !self.page.is_empty() || !self.header_printed {
            self.print_page()?;
        }
        self.print_rule()?;
        let noun = if self.rows == 1 { "row" } else { "rows" };
        Ok(writeln!(self.to, "({} {noun})", self.rows)?)
    }

    fn finish(mut self: Box<Self>) -> Result<W, OutputError> {
        self.to.flush()?;
        Ok(self.to)
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}

/// One line without control characters: a value can neither break the table nor steer the terminal.
fn printable(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}
