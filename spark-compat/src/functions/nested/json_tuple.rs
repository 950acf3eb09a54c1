//! The rows of `json_tuple(text, name, ..)`: one for each text, of the members of these names (Spark's `JsonTuple`).

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, internal_err};

use super::lists;
use crate::json::token::{Leniency, Parser, Result, Token};
use crate::json::write::Generator;

/// A list of one struct for each row: the first array are the texts, the others the names.
pub(super) fn kernel(arrays: &[ArrayRef], result: &DataType) -> DataFusionResult<ArrayRef> {
    let [texts, names @ ..] = arrays else { return internal_err!("json_tuple takes a text and names") };
    let DataType::List(field) = result else { return internal_err!("{result} is not a list") };
    let DataType::Struct(fields) = field.data_type() else { return internal_err!("{result} has no structs") };
    let texts = texts.as_string_view();
    let names: Vec<&StringViewArray> = names.iter().map(|names| names.as_string_view()).collect();
    let mut columns: Vec<StringViewBuilder> =
        names.iter().map(|_| StringViewBuilder::with_capacity(texts.len())).collect();
    for row in 0..texts.len() {
        let wanted: Vec<Option<&str>> =
            names.iter().map(|names| names.is_valid(row).then(|| names.value(row))).collect();
        let text = texts.is_valid(row).then(|| texts.value(row));
        let members = text.and_then(|text| members(text, &wanted).ok());
        let members = members.unwrap_or_else(|| vec![None; wanted.len()]);
        columns.iter_mut().zip(members).for_each(|(column, member)| column.append_option(member));
    }
    let columns = columns.into_iter().map(|mut column| Arc::new(column.finish()) as ArrayRef).collect();
    let structs = StructArray::try_new(fields.clone(), columns, None)?;
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(1, texts.len()));
    lists::list(result, offsets, Arc::new(structs), None)
}

/// The members of the object called `wanted`; the last one counts of several, but null does not.
fn members(text: &str, wanted: &[Option<&str>]) -> Result<Vec<Option<String>>> {
    let mut found: Vec<Option<String>> = vec![None; wanted.len()];
    let mut parser = Parser::new(text, Leniency::SHARED);
    if parser.next()? != Token::StartObject {
        return Ok(found);
    }
    while parser.next()? != Token::EndObject {
        let places: Vec<usize> = (0..wanted.len()).filter(|at| wanted.get(*at) == Some(&Some(parser.text()))).collect();
        let token = parser.next()?;
        if places.is_empty() || token == Token::Null {
            parser.skip_children()?;
            continue;
        }
        let mut out = Generator::default();
        match token {
            Token::String => out.bare(parser.text()),
            _ => out.copy(&mut parser)?,
        }
        for place in places {
            if let Some(member) = found.get_mut(place) {
                *member = Some(out.out.clone());
            }
        }
    }
    Ok(found)
}
