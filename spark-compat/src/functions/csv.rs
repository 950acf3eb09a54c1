//! Functions of lines of CSV: `from_csv`, `to_csv`, `schema_of_csv`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::arguments::{Arity, Input};
use super::json::{boolean, fails_fast, nullable, options, schema_of, schema_text};
use super::scalar::{self, Kernel, arguments};
use super::{Call, Function, Support};
use crate::cast;
use crate::cast::from_string::{parse_double, parse_float};
use crate::datetime::parse;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::formats::csv::line::{self, Separator};
use crate::formats::csv::{infer, value};
use crate::json::generate;
use crate::json::read::Value;
use crate::json::rows;
use crate::resolver::{Typed, evaluate_constant};
use crate::types::{SparkType, StructField};

const LINE_AND_MORE: &[Input] = &[Input::StringOnly, Input::Any];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("from_csv", Arity::Between(2, 3), LINE_AND_MORE, from_csv)
        .with_support(Support::Partial("with the options sep, mode, nullValue and columnNameOfCorruptRecord")),
    Function::scalar("schema_of_csv", Arity::Between(1, 2), LINE_AND_MORE, schema_of_csv)
        .with_support(Support::Partial("without timestamps, with the option sep")),
    Function::scalar("to_csv", Arity::Between(1, 2), &[Input::Any], to_csv)
        .with_support(Support::Partial("of structs of simple types, with the options sep, nullValue and quoteAll")),
];

#[derive(Debug, PartialEq, Eq, Hash)]
struct FromCsv {
    fields: Vec<StructField>,
    separator: Separator,
    /// The text that stands for NULL, besides the empty one.
    null_value: String,
    corrupt_field: Option<usize>,
    fail_fast: bool,
    zone: Zone,
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
    let mut corrupt_name = "_corrupt_record".to_string();
    let (separator, null_value) = (Separator::COMMA, String::new());
    let mut kernel = FromCsv { fields, separator, null_value, corrupt_field: None, fail_fast: false, zone };
    for (key, value) in options(args.next())? {
        match key.to_lowercase().as_str() {
            "sep" | "delimiter" => kernel.separator = Separator::parse(&value)?,
            "mode" => kernel.fail_fast = fails_fast(&value, "from_csv")?,
            "nullvalue" => kernel.null_value = value,
            "columnnameofcorruptrecord" => corrupt_name = value,
            _ => return Err(SparkError::unsupported(format!("the option {key} of from_csv"))),
        }
    }
    kernel.corrupt_field = kernel.fields.iter().position(|field| field.name == corrupt_name);
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
        T::Array { .. } | T::Map { .. } | T::Struct(_) => {
            Err(SparkError::execution(format!("Unsupported type: {data_type}")))
        }
        T::Binary | T::Void | T::CalendarInterval | T::YearMonthInterval { .. } | T::DayTimeInterval { .. } => {
            Err(SparkError::unsupported(format!("from_csv to {data_type}")))
        }
        _ => Ok(()),
    }
}

impl Kernel for FromCsv {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [lines] = arguments::<1>(arrays)?;
        let mut values = Vec::with_capacity(lines.len());
        for line in lines.as_string_view() {
            values.push(line.map_or(Ok(Value::Null), |line| self.read(line))?);
        }
        rows::array(&SparkType::Struct(self.fields.clone()), values)
    }
}

impl FromCsv {
    fn read(&self, text: &str) -> Result<Value> {
        // What stands behind the first line is not read.
        let line = text.split(['\n', '\r']).next().unwrap_or_default();
        if line.len() < text.len() && line.contains('"') {
            return Err(SparkError::unsupported("line breaks in a line of CSV with quotes"));
        }
        let tokens = line::split(line, self.separator)?;
        let wanted = self.fields.iter().enumerate().filter(|(at, _)| Some(*at) != self.corrupt_field);
        let mut good = tokens.len() == self.fields.len() - usize::from(self.corrupt_field.is_some());
        let mut members = vec![Value::Null; self.fields.len()];
        for ((at, field), token) in wanted.zip(&tokens) {
            let Some(token) = token.as_deref().filter(|token| *token != self.null_value) else { continue };
            let parsed = self.value(token, &field.data_type);
            good &= parsed.is_some();
            if let (Some(member), Some(parsed)) = (members.get_mut(at), parsed) {
                *member = parsed;
            }
        }
        if !good && self.fail_fast {
            return Err(SparkError::illegal_argument(
                "Malformed records are detected in record parsing. Parse Mode: FAILFAST. To process malformed records as null \
                 result, try setting the option 'mode' as 'PERMISSIVE'.",
            ));
        }
        if let (false, Some(member)) = (good, self.corrupt_field.and_then(|at| members.get_mut(at))) {
            *member = Value::Text(text.to_string());
        }
        Ok(Value::List(members))
    }

    /// The value of a token; `None` if it is none of the type.
    fn value(&self, text: &str, data_type: &SparkType) -> Option<Value> {
        use SparkType as T;
        Some(match data_type {
            T::Boolean => Value::Boolean(value::boolean(text)?),
            T::Byte => Value::Integer(value::integer::<i8>(text)?.into()),
            T::Short => Value::Integer(value::integer::<i16>(text)?.into()),
            T::Int => Value::Integer(value::integer::<i32>(text)?.into()),
            T::Long => Value::Integer(value::integer(text)?),
            T::Float => Value::Float(value::float(text, parse_float)?),
            T::Double => Value::Double(value::float(text, parse_double)?),
            T::Decimal { precision, scale } => Value::Decimal(value::decimal(text, *precision, *scale)?),
            T::Date => Value::Integer(parse::date(text)?.into()),
            T::Timestamp => Value::Integer(parse::timestamp(text, &self.zone, chrono::Utc::now().timestamp_micros())?),
            _ => Value::Text(text.to_string()),
        })
    }
}

fn schema_of_csv(call: Call<'_>) -> Result<Typed> {
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
    let mut separator = Separator::COMMA;
    for (key, value) in options(args.next())? {
        match key.to_lowercase().as_str() {
            "sep" | "delimiter" => separator = Separator::parse(&value)?,
            _ => return Err(SparkError::unsupported(format!("the option {key} of schema_of_csv"))),
        }
    }
    let line = text.split(['\n', '\r']).next().unwrap_or_default();
    if line.is_empty() {
        return Err(SparkError::execution("assertion failed: Parsed CSV record should not be null."));
    }
    let tokens = line::split(line, separator)?;
    let fields = tokens.iter().enumerate().map(|(at, token)| {
        let inferred = match token {
            Some(token) => infer::with_value(&SparkType::Void, token)?,
            None => SparkType::String,
        };
        Ok(StructField { name: format!("_c{at}"), data_type: inferred, nullable: true })
    });
    let schema = schema_text(&SparkType::Struct(fields.collect::<Result<_>>()?));
    Ok(Typed::literal(ScalarValue::Utf8View(Some(schema)), SparkType::String, name))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToCsv {
    types: Vec<SparkType>,
    separator: Separator,
    /// What NULL is written as.
    null_value: String,
    /// Whether all values stand in quotes.
    quote_all: bool,
    zone: Zone,
}

fn to_csv(call: Call<'_>) -> Result<Typed> {
    let zone = call.zone;
    let mut args = call.args.into_iter();
    let value = args.next().ok_or_else(|| SparkError::internal("to_csv without a value"))?;
    let name = format!("to_csv({})", value.name);
    let mut kernel =
        ToCsv { types: Vec::new(), separator: Separator::COMMA, null_value: String::new(), quote_all: false, zone };
    for (key, value) in options(args.next())? {
        match key.to_lowercase().as_str() {
            "sep" | "delimiter" => kernel.separator = Separator::parse(&value)?,
            "nullvalue" => kernel.null_value = value,
            "quoteall" => kernel.quote_all = boolean(&key, &value)?,
            _ => return Err(SparkError::unsupported(format!("the option {key} of to_csv"))),
        }
    }
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
    let nested = |t: &&SparkType| {
        matches!(t, SparkType::Array { .. } | SparkType::Map { .. } | SparkType::Struct(_) | SparkType::Binary)
    };
    if let Some(nested) = kernel.types.iter().find(nested) {
        return Err(SparkError::unsupported(format!("to_csv of fields of type {nested}")));
    }
    let expr = scalar::expr("spark_to_csv", kernel, &SparkType::String, vec![value.expr]);
    Ok(Typed::new(expr, SparkType::String, value.nullable, name))
}

impl Kernel for ToCsv {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [values] = arguments::<1>(arrays)?;
        let columns = values.as_struct().columns().iter().zip(&self.types);
        let columns: Vec<StringViewArray> =
            columns.map(|(column, data_type)| self.texts(column, data_type)).collect::<DataFusionResult<_>>()?;
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
                    line.push(self.separator.character());
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
    fn texts(&self, column: &ArrayRef, data_type: &SparkType) -> DataFusionResult<StringViewArray> {
        if *data_type == SparkType::Timestamp {
            let micros = column.as_primitive::<TimestampMicrosecondType>();
            return Ok(micros.iter().map(|at| at.map(|at| generate::timestamp(at, &self.zone))).collect());
        }
        Ok(cast::array(column, data_type, &SparkType::String, self.zone)?.as_string_view().clone())
    }

    /// A value without the blanks around it; in quotes if it is empty or would be read as something else.
    fn write_value(&self, line: &mut String, value: &str) {
        let value = value.trim_matches(|c: char| c <= ' ');
        let special = self.quote_all || value.contains(['"', '\n', '\r', self.separator.character()]);
        if !special && !value.is_empty() {
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
