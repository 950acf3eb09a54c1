//! `json_tuple(text, name, ..)`: one row with the fields of a JSON object as strings (Spark's `JsonTuple`).

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use datafusion::common::Result as DataFusionResult;

use super::scalar::{self, Kernel};
use crate::error::{Result, SparkError};
use crate::json::read::Value;
use crate::json::rows;
use crate::json::token::{self, Leniency, Parser, Token};
use crate::json::write::Generator;
use crate::resolver::Typed;
use crate::types::{SparkType, StructField};

/// The array of the row, whose fields are `c0`, `c1`, ..
pub(crate) fn json_tuple(args: Vec<Typed>, name: &str) -> Result<Typed> {
    if args.iter().any(|arg| !matches!(arg.data_type, SparkType::String)) {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: json_tuple requires that all arguments are strings"
        )));
    }
    let fields = (0..args.len() - 1).map(|at| StructField {
        name: format!("c{at}"),
        data_type: SparkType::String,
        nullable: true,
    });
    let row = SparkType::Struct(fields.collect());
    let output = SparkType::Array { element: Box::new(row), contains_null: false };
    let exprs = args.into_iter().map(|arg| arg.expr).collect();
    let expr = scalar::expr("spark_json_tuple", Tuple { output: output.clone() }, &output, exprs);
    Ok(Typed::new(expr, output, false, name))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Tuple {
    output: SparkType,
}

impl Kernel for Tuple {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [texts, names @ ..] = arrays else {
            return datafusion::common::internal_err!("json_tuple takes a text");
        };
        let texts = texts.as_string_view();
        let names: Vec<&StringViewArray> = names.iter().map(|names| names.as_string_view()).collect();
        let mut values = Vec::with_capacity(texts.len());
        for (row, text) in texts.iter().enumerate() {
            let wanted: Vec<Option<&str>> = names.iter().map(|n| n.is_valid(row).then(|| n.value(row))).collect();
            let fields = text.and_then(|text| fields_of(text, &wanted).ok());
            values.push(Value::List(vec![Value::List(fields.unwrap_or_else(|| vec![Value::Null; wanted.len()]))]));
        }
        rows::array(&self.output, values)
    }
}

/// The values of the wanted fields; an error anywhere in the text is one for all of them.
fn fields_of(text: &str, wanted: &[Option<&str>]) -> token::Result<Vec<Value>> {
    let mut fields = vec![Value::Null; wanted.len()];
    let mut parser = Parser::new(text, Leniency::SHARED);
    if parser.next()? != Token::StartObject {
        return Ok(fields);
    }
    while parser.next()? != Token::EndObject {
        let places: Vec<usize> =
            wanted.iter().enumerate().filter(|(_, name)| **name == Some(parser.text())).map(|(at, _)| at).collect();
        let token = parser.next()?;
        if places.is_empty() || token == Token::Null {
            parser.skip_children()?;
            continue;
        }
        let value = match token {
            Token::String => parser.text().to_string(),
            _ => {
                let mut copy = Generator::default();
                copy.copy(&mut parser)?;
                copy.out
            }
        };
        for at in places {
            if let Some(field) = fields.get_mut(at) {
                *field = Value::Text(value.clone());
            }
        }
    }
    Ok(fields)
}
