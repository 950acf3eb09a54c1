//! Functions of lines of CSV: `from_csv`, `to_csv`, `schema_of_csv`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::arguments::{Arity, Input};
use super::json::{nullable, schema_of};
use super::options::{entries, fails_fast};
use super::scalar::{self, Kernel, arguments};
use super::{Call, Function, Support};
use crate::cast;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::formats::csv::infer::Inference;
use crate::formats::csv::options::CsvOptions;
use crate::formats::csv::row::{MALFORMED, ValueRules};
use crate::formats::csv::tokenizer::{Format, LineEnd, values_of};
use crate::json::columns::{Column, Leaf};
use crate::json::generate;
use crate::json::times::{self, Formatter, Times};
use crate::resolver::{Typed, evaluate_constant};
use crate::types::{SparkType, StructField};

const LINE_AND_MORE: &[Input] = &[Input::StringOnly, Input::Any];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("from_csv", Arity::Between(2, 3), LINE_AND_MORE, from_csv).with_support(Support::Partial(
        "without the option unescapedQuoteHandling, in English",
    )),
    Function::scalar("schema_of_csv", Arity::Between(1, 2), LINE_AND_MORE, schema_of_csv)
        .with_support(Support::Partial("as from_csv")),
    Function::scalar("to_csv", Arity::Between(1, 2), &[Input::Any], to_csv).with_support(Support::Partial(
        "in English, without the options quote, escape and escapeQuotes; arrays and structs in fields only in constants, and no maps \
         or binaries",
    )),
];

#[derive(Debug, PartialEq, Eq, Hash)]
struct FromCsv {
    fields: Vec<StructField>,
    format: Format,
    line_end: LineEnd,
    rules: ValueRules,
    corrupt_field: Option<usize>,
    fail_fast: bool,
}

fn from_csv(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (format!("from_csv({})", call.args.first().map_or("", |arg| arg.name.as_str())), call.zone);
    let mut args = call.args.into_iter();
    let (Some(csv), Some(schema)) = (args.next(), args.next()) else {
        return Err(SparkError::internal("from_csv without a schema"));
    };
    let fields = match nullable(schema_of(&schema)?) {
        SparkType::Struct(fields) => fields,
        other => return Err(SparkError::analysis(format!("Schema should be struct type but got {}.", other.sql()))),
    };
    let options = CsvOptions::of_function(entries(args.next())?, zone)?;
    let kernel = FromCsv {
        corrupt_field: fields.iter().position(|field| field.name == options.corrupt_name),
        fields,
        line_end: options.line_end(),
        rules: ValueRules {
            numbers: options.numbers,
            times: options.times,
            null_value: options.format.null_value.clone(),
        },
        format: options.format,
        fail_fast: fails_fast(options.mode, "from_csv")?,
    };
    for field in &kernel.fields {
        check_type(&field.data_type)?;
    }
    let output = SparkType::Struct(kernel.fields.clone());
    let expr = scalar::expr("spark_from_csv", kernel, &output, vec![csv.expr]);
    Ok(Typed::new(expr, output, true, name))
}

fn check_type(data_type: &SparkType) -> Result<()> {
    use SparkType as T;
    match data_type {
        T::Array { .. } | T::Map { .. } | T::Struct(_) | T::Binary | T::Void => {
            Err(SparkError::execution(format!("Unsupported type: {data_type}")))
        }
        _ => Ok(()),
    }
}

impl Kernel for FromCsv {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [lines] = arguments::<1>(arrays)?;
        let data_type = SparkType::Struct(self.fields.clone());
        let (mut column, mut times) = (Column::new(&data_type), self.rules.times.parser());
        for line in lines.as_string_view() {
            match line {
                Some(line) => self.read(line, &mut times, &mut column)?,
                None => column.push(Leaf::Null),
            }
        }
        column.finish(&data_type)
    }
}

impl FromCsv {
    fn read(&self, text: &str, times: &mut times::Parser, column: &mut Column) -> Result<()> {
        // What stands behind the first record is not read.
        let values = values_of(text, &self.format, self.line_end)?;
        let wanted = self.fields.len() - usize::from(self.corrupt_field.is_some());
        let mut good = values.as_ref().is_some_and(|values| values.len() == wanted);
        let mut values = values.iter().flatten();
        for (at, (field, member)) in self.fields.iter().zip(column.members()).enumerate() {
            if Some(at) == self.corrupt_field {
                continue;
            }
            let leaf = match values.next() {
                Some(value) => self.rules.leaf(value, &field.data_type, times)?,
                None => Some(Leaf::Null),
            };
            good &= leaf.is_some();
            member.push(leaf.unwrap_or(Leaf::Null));
        }
        if !good && self.fail_fast {
            return Err(SparkError::illegal_argument(MALFORMED));
        }
        if let (false, Some(member)) = (good, self.corrupt_field.and_then(|at| column.members().get_mut(at))) {
            member.push(Leaf::Text(text));
        }
        column.close();
        Ok(())
    }
}

fn schema_of_csv(call: Call<'_>) -> Result<Typed> {
    let zone = call.zone;
    let mut args = call.args.into_iter();
    let csv = args.next().ok_or_else(|| SparkError::internal("schema_of_csv without a line"))?;
    let name = format!("schema_of_csv({})", csv.name);
    let Ok(ScalarValue::Utf8View(Some(text))) = evaluate_constant(&csv.expr) else {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: The input csv should be a foldable string expression and not \
             null; however, got {}.",
            csv.name
        )));
    };
    let options = CsvOptions::of_function(entries(args.next())?, zone)?;
    let values = values_of(&text, &options.format, options.line_end())?
        .ok_or_else(|| SparkError::execution("assertion failed: Parsed CSV record should not be null."))?;
    let mut inference = Inference::new(&options, values.len())?;
    inference.see(&values);
    let fields = inference.types().into_iter().enumerate().map(|(at, data_type)| StructField {
        name: format!("_c{at}"),
        data_type,
        nullable: true,
    });
    let schema = SparkType::Struct(fields.collect()).sql();
    Ok(Typed::literal(ScalarValue::Utf8View(Some(schema)), SparkType::String, name))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToCsv {
    types: Vec<SparkType>,
    separator: char,
    /// What NULL is written as.
    null_value: String,
    /// What an empty text is written as.
    empty_value: String,
    /// Whether all values stand in quotes.
    quote_all: bool,
    /// Whether blanks before and behind values are left away.
    trims: (bool, bool),
    times: Times,
    zone: Zone,
}

fn to_csv(call: Call<'_>) -> Result<Typed> {
    let zone = call.zone;
    let mut args = call.args.into_iter();
    let value = args.next().ok_or_else(|| SparkError::internal("to_csv without a value"))?;
    let name = format!("to_csv({})", value.name);
    let options = CsvOptions::of_function(entries(args.next())?, zone)?;
    options.refuse("to_csv", &["quote", "escape", "chartoescapequoteescaping", "comment", "linesep"])?;
    let [separator] = options.format.separator[..] else {
        return Err(SparkError::unsupported("separators of several characters in to_csv"));
    };
    let mut kernel = ToCsv {
        types: Vec::new(),
        separator,
        null_value: options.format.null_value,
        empty_value: options.empty_value.unwrap_or_else(|| "\"\"".to_string()),
        quote_all: options.quote_all,
        trims: (options.ignore_leading.unwrap_or(true), options.ignore_trailing.unwrap_or(true)),
        times: options.times,
        zone,
    };
    kernel.types = match &value.data_type {
        SparkType::Void => return Ok(Typed::literal(ScalarValue::Utf8View(None), SparkType::String, name)),
        SparkType::Struct(fields) => fields.iter().map(|field| field.data_type.clone()).collect(),
        other => {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: argument 1 requires struct type, however, '{}' is of {other} \
                 type.",
                value.name
            )));
        }
    };
    // Spark writes other types as Java prints what it holds of them.
    let constant = evaluate_constant(&value.expr).is_ok();
    if let Some(other) = kernel.types.iter().find(|t| !generate::has_java_text(t, constant)) {
        return Err(SparkError::unsupported(format!("to_csv of fields of type {other} that are not constant")));
    }
    let expr = scalar::expr("spark_to_csv", kernel, &SparkType::String, vec![value.expr]);
    Ok(Typed::new(expr, SparkType::String, value.nullable, name))
}

impl Kernel for ToCsv {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [values] = arguments::<1>(arrays)?;
        let times = self.times.formatter()?;
        let columns = values.as_struct().columns().iter().zip(&self.types);
        let columns = columns.map(|(column, data_type)| self.texts(column, data_type, &times));
        let columns: Vec<StringViewArray> = columns.collect::<DataFusionResult<_>>()?;
        let mut out = StringViewBuilder::with_capacity(values.len());
        let mut line = String::new();
        for row in 0..values.len() {
            if values.is_null(row) {
                out.append_null();
                continue;
            }
            line.clear();
            for (at, column) in columns.iter().enumerate() {
                if at > 0 {
                    line.push(self.separator);
                }
                let value = if column.is_null(row) { self.null_value.as_str() } else { column.value(row) };
                self.write_value(&mut line, value);
            }
            out.append_value(&line);
        }
        Ok(Arc::new(out.finish()))
    }
}

impl ToCsv {
    fn texts(&self, column: &ArrayRef, data_type: &SparkType, times: &Formatter) -> DataFusionResult<StringViewArray> {
        if matches!(data_type, SparkType::Timestamp | SparkType::Date) {
            return generate::times(column, times);
        }
        if matches!(data_type, SparkType::Array { .. } | SparkType::Struct(_)) {
            return generate::java_texts(column, data_type, self.zone);
        }
        Ok(cast::array(column, data_type, &SparkType::String, self.zone)?.as_string_view().clone())
    }

    /// A value; in quotes if it would be read as something else.
    fn write_value(&self, line: &mut String, value: &str) {
        let is_blank = |c: char| c <= ' ';
        let (leading, trailing) = self.trims;
        let value = if leading { value.trim_start_matches(is_blank) } else { value };
        let value = if trailing { value.trim_end_matches(is_blank) } else { value };
        if value.is_empty() {
            line.push_str(&self.empty_value);
            return;
        }
        if !self.quote_all && !value.contains(['"', '\n', '\r', self.separator]) {
            line.push_str(value);
            return;
        }
        line.push('"');
        for character in value.chars() {
            if matches!(character, '"' | '\\') {
                line.push('\\');
            }
            line.push(character);
        }
        line.push('"');
    }
}
