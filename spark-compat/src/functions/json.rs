//! Functions of JSON texts: `get_json_object`, `json_array_length`, `json_object_keys`, `from_json`, `to_json`,
//! `schema_of_json`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListBuilder, StringViewBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::arguments::{Arity, Input};
use super::options::{entries, fails_fast};
use super::scalar::{self, Kernel, arguments};
use super::{Call, Function, Support};
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::json::columns::{Column, Leaf};
use crate::json::generate::{self, Options};
use crate::json::infer::Inference;
use crate::json::options::JsonOptions;
use crate::json::path;
use crate::json::read::Reader;
use crate::json::times::Times;
use crate::json::token::{self, Leniency, Parser, Token};
use crate::json::write::{Generator, Style};
use crate::resolver::{Typed, evaluate_constant};
use crate::types::{SparkType, StructField, ddl};

const STRINGS: &[Input] = &[Input::StringOnly];
const JSON_AND_MORE: &[Input] = &[Input::StringOnly, Input::Any];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("get_json_object", Arity::Exactly(2), STRINGS, |call| {
        scalar::lower_nullable(call, "get_json_object", "spark_get_json_object", SparkType::String, get_json_object)
    }),
    Function::scalar("json_array_length", Arity::Exactly(1), STRINGS, |call| {
        scalar::lower_nullable(call, "json_array_length", "spark_json_array_length", SparkType::Int, array_length)
    }),
    Function::scalar("json_object_keys", Arity::Exactly(1), STRINGS, |call| {
        let keys = SparkType::Array { element: Box::new(SparkType::String), contains_null: true };
        scalar::lower_nullable(call, "json_object_keys", "spark_json_object_keys", keys, object_keys)
    }),
    Function::scalar("from_json", Arity::Between(2, 3), JSON_AND_MORE, from_json)
        .with_support(Support::Partial("in English")),
    Function::scalar("schema_of_json", Arity::Between(1, 2), JSON_AND_MORE, schema_of_json)
        .with_support(Support::Partial("in English")),
    Function::scalar("to_json", Arity::Between(1, 2), &[Input::Any], to_json).with_support(Support::Partial(
        "in English; of maps with keys of several parts only constants, and none with binary keys",
    )),
];

fn get_json_object(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [texts, paths] = arguments::<2>(arrays)?;
    let mut out = StringViewBuilder::with_capacity(texts.len());
    // Mostly all rows have one path.
    let mut last: Option<(&str, Option<Vec<path::Step>>)> = None;
    for (text, path) in texts.as_string_view().iter().zip(paths.as_string_view()) {
        let (Some(text), Some(path)) = (text, path) else {
            out.append_null();
            continue;
        };
        let (_, steps) = match last.take() {
            Some(known) if known.0 == path => last.insert(known),
            _ => last.insert((path, path::parse(path))),
        };
        out.append_option(steps.as_ref().and_then(|steps| path::get(text, steps)));
    }
    Ok(Arc::new(out.finish()))
}

fn array_length(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [texts] = arguments::<1>(arrays)?;
    let lengths = texts.as_string_view().iter().map(|text| text.and_then(|text| length_of(text).ok().flatten()));
    Ok(Arc::new(lengths.collect::<Int32Array>()))
}

fn length_of(text: &str) -> token::Result<Option<i32>> {
    let mut parser = Parser::new(text, Leniency::SHARED);
    if parser.next()? != Token::StartArray {
        return Ok(None);
    }
    let mut length = 0;
    while parser.next()? != Token::EndArray {
        length += 1;
        parser.skip_children()?;
    }
    Ok(Some(length))
}

fn object_keys(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    let [texts] = arguments::<1>(arrays)?;
    let field = Field::new_list_field(DataType::Utf8View, true);
    let mut out = ListBuilder::new(StringViewBuilder::new()).with_field(field);
    for text in texts.as_string_view() {
        match text.and_then(|text| keys_of(text).ok().flatten()) {
            Some(keys) => {
                keys.iter().for_each(|key| out.values().append_value(key));
                out.append(true);
            }
            None => out.append(false),
        }
    }
    Ok(Arc::new(out.finish()))
}

fn keys_of(text: &str) -> token::Result<Option<Vec<String>>> {
    let mut parser = Parser::new(text, Leniency::SHARED);
    if parser.next()? != Token::StartObject {
        return Ok(None);
    }
    let mut keys = Vec::new();
    while parser.next()? != Token::EndObject {
        keys.push(parser.text().to_string());
        parser.next()?;
        parser.skip_children()?;
    }
    Ok(Some(keys))
}

fn from_json(call: Call<'_>) -> Result<Typed> {
    let zone = call.zone;
    let mut args = call.args.into_iter();
    let (Some(json), Some(schema)) = (args.next(), args.next()) else {
        return Err(SparkError::internal("from_json without a schema"));
    };
    let data_type = nullable(schema_of(&schema)?);
    let JsonOptions { leniency, times, mode, corrupt_name, .. } =
        JsonOptions::of_function(entries(args.next())?, zone)?;
    fails_fast(mode, "from_json")?;
    let mut reader = Reader { data_type, leniency, times, corrupt_field: None, mode };
    if !matches!(reader.data_type, SparkType::Struct(_) | SparkType::Array { .. } | SparkType::Map { .. }) {
        return Err(SparkError::analysis(format!(
            "cannot resolve 'from_json({})' due to data type mismatch: Input schema {} must be a struct, an array or a map.",
            json.name, reader.data_type
        )));
    }
    if let SparkType::Struct(fields) = &reader.data_type {
        reader.corrupt_field = fields.iter().position(|field| field.name == corrupt_name);
        let corrupt = reader.corrupt_field.and_then(|at| fields.get(at));
        if corrupt.is_some_and(|field| field.data_type != SparkType::String) {
            return Err(SparkError::analysis("The field for corrupt records must be string type and nullable"));
        }
    }
    let name = match &reader.data_type {
        SparkType::Map { .. } => "entries".to_string(),
        _ => format!("from_json({})", json.name),
    };
    let output = reader.data_type.clone();
    let expr = scalar::expr("spark_from_json", reader, &output, vec![json.expr]);
    Ok(Typed::new(expr, output, true, name))
}

impl Kernel for Reader {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [texts] = arguments::<1>(arrays)?;
        let (mut column, mut times) = (Column::new(&self.data_type), self.times.parser());
        for text in texts.as_string_view() {
            match text {
                Some(text) => self.read(text, &mut times, &mut column)?,
                None => column.push(Leaf::Null),
            }
        }
        column.finish(&self.data_type)
    }
}

/// The type that a schema argument gives: a type or a list of columns (`DataType.fromDDL`).
pub(super) fn schema_of(schema: &Typed) -> Result<SparkType> {
    let invalid = || SparkError::analysis(format!("The expression '{}' is not a valid schema string.", schema.name));
    let text = match evaluate_constant(&schema.expr).map_err(|_| invalid())? {
        ScalarValue::Utf8View(Some(text)) => text,
        _ => return Err(invalid()),
    };
    ddl::parse_type(&text)
        .or_else(|_| ddl::parse_columns(&text).map(SparkType::Struct))
        .map_err(|error| SparkError::analysis(format!("Cannot parse the data type: {}", error.message)))
}

/// The type with NULL allowed everywhere.
pub(super) fn nullable(data_type: SparkType) -> SparkType {
    match data_type {
        SparkType::Array { element, .. } => {
            SparkType::Array { element: Box::new(nullable(*element)), contains_null: true }
        }
        SparkType::Map { key, value, .. } => SparkType::Map {
            key: Box::new(nullable(*key)),
            value: Box::new(nullable(*value)),
            value_contains_null: true,
        },
        SparkType::Struct(fields) => {
            let fields = fields.into_iter();
            let nullable =
                |field: StructField| StructField { data_type: nullable(field.data_type), nullable: true, ..field };
            SparkType::Struct(fields.map(nullable).collect())
        }
        other => other,
    }
}

fn schema_of_json(call: Call<'_>) -> Result<Typed> {
    let zone = call.zone;
    let mut args = call.args.into_iter();
    let json = args.next().ok_or_else(|| SparkError::internal("schema_of_json without a text"))?;
    let name = format!("schema_of_json({})", json.name);
    let text = match evaluate_constant(&json.expr) {
        Ok(ScalarValue::Utf8View(Some(text))) => text,
        _ => {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: The input json should be a foldable string expression and \
                 not null; however, got {}.",
                json.name
            )));
        }
    };
    let options = JsonOptions::of_function(entries(args.next())?, zone)?;
    let inference = Inference::new(&options)?;
    let inferred = inference.type_of(&text).map_err(|error| SparkError::execution(error.0))?;
    Ok(Typed::literal(ScalarValue::Utf8View(Some(inferred.sql())), SparkType::String, name))
}

fn to_json(call: Call<'_>) -> Result<Typed> {
    let zone = call.zone;
    let mut args = call.args.into_iter();
    let value = args.next().ok_or_else(|| SparkError::internal("to_json without a value"))?;
    let name = format!("to_json({})", value.name);
    let JsonOptions { times, style, ignore_null_fields, .. } = JsonOptions::of_function(entries(args.next())?, zone)?;
    match &value.data_type {
        SparkType::Void => return Ok(Typed::literal(ScalarValue::Utf8View(None), SparkType::String, name)),
        SparkType::Struct(_) | SparkType::Array { .. } | SparkType::Map { .. } => {
            generate::check(&value.data_type, evaluate_constant(&value.expr).is_ok())?;
        }
        other => {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: Input type {other} must be a struct, array of structs or a \
                 map or array of map."
            )));
        }
    }
    let kernel = ToJson { data_type: value.data_type, zone, times, style, ignore_null_fields };
    let expr = scalar::expr("spark_to_json", kernel, &SparkType::String, vec![value.expr]);
    Ok(Typed::new(expr, SparkType::String, value.nullable, name))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToJson {
    data_type: SparkType,
    zone: Zone,
    times: Times,
    style: Style,
    ignore_null_fields: bool,
}

impl Kernel for ToJson {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [values] = arguments::<1>(arrays)?;
        let times = self.times.formatter()?;
        let options = Options { zone: self.zone, times: &times, ignore_null_fields: self.ignore_null_fields };
        let write = generate::writer(values, &self.data_type, options)?;
        let mut out = StringViewBuilder::with_capacity(values.len());
        let mut generator = Generator::new(self.style);
        for row in 0..values.len() {
            if values.is_null(row) {
                out.append_null();
                continue;
            }
            generator.out.clear();
            write(row, &mut generator);
            out.append_value(&generator.out);
        }
        Ok(Arc::new(out.finish()))
    }
}
