//! Functions of XML texts: `xpath`, `xpath_string` and those that give numbers.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array, Int16Array, Int32Array, Int64Array, ListBuilder,
    StringViewArray, StringViewBuilder,
};
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::arguments::{Arity, Input};
use super::scalar::{self, Kernel, arguments};
use super::{Call, Function, Support};
use crate::error::{Result, SparkError};
use crate::resolver::{Typed, evaluate_constant};
use crate::types::SparkType;
use crate::xpath::{Document, Expr, Value, evaluate, parse};

const NOTE: Support = Support::Partial(
    "without the axis namespace, siblings of attributes, functions beyond XPath 1.0, and XML with ATTLIST, parameter entities or \
     elements in entities",
);

pub(super) const FUNCTIONS: &[Function] = &[
    row("xpath", |call| lower(call, Output::Texts)),
    row("xpath_boolean", |call| lower(call, Output::Boolean)),
    row("xpath_double", |call| lower(call, Output::Double)).with_aliases(&["xpath_number"]),
    row("xpath_float", |call| lower(call, Output::Float)),
    row("xpath_int", |call| lower(call, Output::Int)),
    row("xpath_long", |call| lower(call, Output::Long)),
    row("xpath_short", |call| lower(call, Output::Short)),
    row("xpath_string", |call| lower(call, Output::Text)),
];

const fn row(name: &'static str, lower: fn(Call<'_>) -> Result<Typed>) -> Function {
    Function::scalar(name, Arity::Exactly(2), &[Input::StringOnly], lower).with_support(NOTE)
}

/// What a function makes of a path's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Output {
    Texts,
    Boolean,
    Double,
    Float,
    Int,
    Long,
    Short,
    Text,
}

impl Output {
    fn data_type(self) -> SparkType {
        match self {
            Self::Texts => SparkType::Array { element: Box::new(SparkType::String), contains_null: false },
            Self::Boolean => SparkType::Boolean,
            Self::Double => SparkType::Double,
            Self::Float => SparkType::Float,
            Self::Int => SparkType::Int,
            Self::Long => SparkType::Long,
            Self::Short => SparkType::Short,
            Self::Text => SparkType::String,
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct XPath {
    /// NULL gives NULL.
    path: Option<String>,
    output: Output,
}

fn lower(call: Call<'_>, output: Output) -> Result<Typed> {
    let name = call.name();
    let [xml, path] = call.take::<2>()?;
    let Ok(ScalarValue::Utf8View(constant)) = evaluate_constant(&path.expr) else {
        return Err(SparkError::analysis(format!(
            "cannot resolve '{name}' due to data type mismatch: path should be a string literal"
        )));
    };
    let data_type = output.data_type();
    let expr = scalar::expr("spark_xpath", XPath { path: constant, output }, &data_type, vec![xml.expr]);
    Ok(Typed::new(expr, data_type, true, name))
}

impl Kernel for XPath {
    fn run(&self, arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
        let [texts] = arguments::<1>(arrays)?;
        let number = |value: &Value, document: &Document| Ok(value.number(document));
        Ok(match self.output {
            Output::Texts => lists(self.each(texts, node_values)?),
            Output::Boolean => Arc::new(BooleanArray::from(self.each(texts, |value, _| Ok(value.boolean()))?)),
            Output::Double => Arc::new(Float64Array::from(self.each(texts, number)?)),
            Output::Float => Arc::new(Float32Array::from(self.each(texts, |v, d| Ok(v.number(d) as f32))?)),
            // As Java narrows a double: by way of the int.
            Output::Short => Arc::new(Int16Array::from(self.each(texts, |v, d| Ok(v.number(d) as i32 as i16))?)),
            Output::Int => Arc::new(Int32Array::from(self.each(texts, |v, d| Ok(v.number(d) as i32))?)),
            Output::Long => Arc::new(Int64Array::from(self.each(texts, |v, d| Ok(v.number(d) as i64))?)),
            Output::Text => {
                let values = self.each(texts, |value, document| Ok(value.text(document)))?;
                Arc::new(values.into_iter().collect::<StringViewArray>())
            }
        })
    }
}

impl XPath {
    /// What `convert` makes of the path's value in each text; NULL where there is no text or no path.
    fn each<T>(
        &self,
        texts: &ArrayRef,
        convert: impl Fn(&Value, &Document) -> Result<T>,
    ) -> DataFusionResult<Vec<Option<T>>> {
        let Some(path) = self.path.as_deref().filter(|path| !path.is_empty()) else {
            return Ok(texts.as_string_view().iter().map(|_| None).collect());
        };
        // A faulty path is an error only where there is something to ask.
        let mut parsed: Option<Expr> = None;
        let values = texts.as_string_view().iter().map(|text| {
            let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
            let expr = match parsed.take() {
                Some(expr) => parsed.insert(expr),
                None => parsed.insert(parse(path)?),
            };
            let document = Document::parse(text)?;
            convert(&evaluate(expr, &document)?, &document).map(Some)
        });
        Ok(values.collect::<Result<_>>()?)
    }
}

fn node_values(value: &Value, document: &Document) -> Result<Vec<String>> {
    value.node_values(document)?.ok_or_else(|| {
        SparkError::execution(
            "xpath() has a path to elements, which have no value of their own in Java: take their text() or use xpath_string()",
        )
    })
}

fn lists(rows: Vec<Option<Vec<String>>>) -> ArrayRef {
    let field = Field::new_list_field(DataType::Utf8View, false);
    let mut out = ListBuilder::new(StringViewBuilder::new()).with_field(field);
    for row in rows {
        let is_valid = row.is_some();
        row.into_iter().flatten().for_each(|text| out.values().append_value(text));
        out.append(is_valid);
    }
    Arc::new(out.finish())
}
