//! JSON lines: one object a row. Numbers are numbers (decimals with all their digits), what JSON has no number for is
//! text, NULL is `null`.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};

use super::{OutputError, ResultWriter, distinct_names, value_text};
use spark_differential::value::{
    UnknownType, Value, Zone, decimal_text, double_text, float_text, time_zone, timestamp_text,
};

/// Writes the rows of all results.
pub(super) struct JsonWriter<W> {
    to: W,
    zone: Zone,
    names: Vec<String>,
}

impl<W: Write> JsonWriter<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, zone: Zone::UTC, names: Vec::new() }
    }
}

impl<W: Write> ResultWriter<W> for JsonWriter<W> {
    fn start(&mut self, schema: &SchemaRef) -> Result<(), OutputError> {
        distinct_names(schema)?;
        self.zone = time_zone(schema)?;
        self.names = schema.fields().iter().map(|field| quoted(field.name())).collect();
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        let mut lines = String::new();
        for row in 0..batch.num_rows() {
            lines.push('{');
            for (at, (name, array)) in self.names.iter().zip(batch.columns()).enumerate() {
                if at > 0 {
                    lines.push(',');
                }
                lines.push_str(name);
                lines.push(':');
                value_json(Value::at(array.as_ref(), row)?, self.zone, &mut lines)?;
            }
            lines.push_str("}\n");
        }
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

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn value_json(value: Value<'_>, zone: Zone, out: &mut String) -> Result<(), UnknownType> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Boolean(_) | Value::Integer(_) => value_text(value, zone, out)?,
        Value::Decimal(unscaled, scale) => out.push_str(&decimal_text(unscaled, scale)),
        Value::Float(value) if value.is_finite() => out.push_str(&float_text(value)),
        Value::Double(value) if value.is_finite() => out.push_str(&double_text(value)),
        Value::String(value) => out.push_str(&quoted(value)),
        Value::Timestamp(micros) => {
            let text = timestamp_text(micros, zone, 'T', false).unwrap_or_else(|| format!("micros:{micros}"));
            out.push_str(&quoted(&text));
        }
        Value::List(elements) => {
            out.push('[');
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                value_json(element?, zone, out)?;
            }
            out.push(']');
        }
        Value::Map(keys, values) => {
            out.push('{');
            for (at, (key, value)) in keys.iter().zip(values.iter()).enumerate() {
                if at > 0 {
                    out.push(',');
                }
                let mut name = String::new();
                value_text(key?, zone, &mut name)?;
                out.push_str(&quoted(&name));
                out.push(':');
                value_json(value?, zone, out)?;
            }
            out.push('}');
        }
        Value::Struct(array, row) => {
            let DataType::Struct(fields) = arrow::array::Array::data_type(array) else { return Ok(()) };
            out.push('{');
            for (at, (field, value)) in fields.iter().zip(Value::fields(array, row)).enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&quoted(field.name()));
                out.push(':');
                value_json(value?, zone, out)?;
            }
            out.push('}');
        }
        other => {
            let mut text = String::new();
            value_text(other, zone, &mut text)?;
            out.push_str(&quoted(&text));
        }
    }
    Ok(())
}
