//! Splitting a line of CSV into values, by the rules of the parser that Spark uses with its default options: values may stand
//! in double quotes, `\` escapes a quote inside them, and an empty value is NULL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringViewBuilder, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::error::{Result, SparkError};

/// The character between values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Separator(char);

impl Separator {
    pub const COMMA: Self = Self(',');

    /// The character.
    pub fn character(self) -> char {
        self.0
    }

    /// The separator that the option gives: a character, or `\t`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut characters = text.chars();
        let separator = match (characters.next(), characters.next(), characters.next()) {
            (Some(single), None, None) => single,
            (Some('\\'), Some('t'), None) => '\t',
            (Some('\\'), Some('\\'), None) => '\\',
            _ => return Err(SparkError::unsupported(format!("the separator '{text}' of CSV files"))),
        };
        match separator {
            '"' | '\\' | '\n' | '\r' | ' ' => {
                Err(SparkError::unsupported(format!("the separator '{text}' of CSV files")))
            }
            other => Ok(Self(other)),
        }
    }
}

/// Whether a line holds nothing: such lines are skipped.
pub(super) fn is_blank(line: &str) -> bool {
    line.chars().all(|c| c <= ' ')
}

/// The values of a line; `None` is NULL.
///
/// # Errors
///
/// Something other than blanks follows a closing quote: Spark keeps such a value's quotes by rules of their own.
pub(crate) fn split(line: &str, separator: Separator) -> Result<Vec<Option<String>>> {
    let mut values = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (value, after) = match text.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted, separator)?,
            None => match text.split_once(separator.0) {
                Some((value, after)) => (value.to_string(), Some(after)),
                None => (text.to_string(), None),
            },
        };
        values.push((!value.is_empty()).then_some(value));
        rest = after;
    }
    Ok(values)
}

/// A value behind its opening quote, and what follows its separator.
fn quoted_value(text: &str, separator: Separator) -> Result<(String, Option<&str>)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match text.get(at + 1..).and_then(|rest| rest.chars().next()) {
                Some(escaped @ ('"' | '\\')) => {
                    value.push(escaped);
                    characters.next();
                }
                Some(_) => value.push('\\'),
                None => {}
            },
            '"' => {
                let after = text.get(at + 1..).unwrap_or_default();
                let after = after.trim_start_matches(|c: char| c <= ' ' && c != separator.0);
                return match after.strip_prefix(separator.0) {
                    Some(next) => Ok((value, Some(next))),
                    None if after.is_empty() => Ok((value, None)),
                    None => Err(SparkError::unsupported("CSV values with text behind their closing quote")),
                };
            }
            other => value.push(other),
        }
    }
    // Without a closing quote the value goes on to the end of the line.
    Ok((value, None))
}

/// Whether a line is not blank, as an expression.
pub(super) fn is_not_blank(line: Expr) -> Expr {
    ScalarUDF::from(NotBlank { signature: Signature::exact(vec![DataType::Utf8View], Volatility::Immutable) })
        .call(vec![line])
}

/// The first `count` values of a line as a struct of strings; those that the line does not have are NULL.
pub(super) fn fields(line: Expr, separator: Separator, count: usize) -> Expr {
    let signature = Signature::exact(vec![DataType::Utf8View], Volatility::Immutable);
    ScalarUDF::from(SplitLine { signature, separator, count }).call(vec![line])
}

/// The name of the struct's field for the value at this place.
pub(super) fn field_name(at: usize) -> String {
    at.to_string()
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NotBlank {
    signature: Signature,
}

impl ScalarUDFImpl for NotBlank {
    fn name(&self) -> &str {
        "spark_csv_not_blank"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let lines = single_array(&args)?;
        let lines = lines.as_string_view();
        let kept: BooleanArray = lines.iter().map(|line| Some(line.is_some_and(|line| !is_blank(line)))).collect();
        Ok(ColumnarValue::Array(Arc::new(kept)))
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SplitLine {
    signature: Signature,
    separator: Separator,
    count: usize,
}

impl SplitLine {
    fn struct_fields(&self) -> Fields {
        (0..self.count).map(|at| Field::new(field_name(at), DataType::Utf8View, true)).collect()
    }
}

impl ScalarUDFImpl for SplitLine {
    fn name(&self) -> &str {
        "spark_csv_split"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Struct(self.struct_fields()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let lines = single_array(&args)?;
        let lines = lines.as_string_view();
        let mut columns: Vec<_> = (0..self.count).map(|_| StringViewBuilder::with_capacity(lines.len())).collect();
        for line in lines {
            let values = line.map_or_else(|| Ok(Vec::new()), |line| split(line, self.separator))?;
            let mut values = values.into_iter();
            for column in &mut columns {
                column.append_option(values.next().flatten());
            }
        }
        let columns = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let values = StructArray::try_new_with_length(self.struct_fields(), columns, None, lines.len())?;
        Ok(ColumnarValue::Array(Arc::new(values)))
    }
}

/// The only argument as an array.
pub(super) fn single_array(args: &ScalarFunctionArgs) -> DataFusionResult<ArrayRef> {
    match args.args.as_slice() {
        [ColumnarValue::Array(array)] => Ok(Arc::clone(array)),
        [ColumnarValue::Scalar(value)] => ScalarValue::to_array_of_size(value, args.number_rows),
        _ => datafusion::common::internal_err!("one argument expected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values as Spark 3.2.0 reads them, NULL as `-`.
    fn values(line: &str) -> Vec<String> {
        let values = split(line, Separator::COMMA).unwrap();
        values.into_iter().map(|value| value.unwrap_or_else(|| "-".into())).collect()
    }

    #[test]
    fn quotes_and_escapes_are_taken_off() {
        assert_eq!(values(r#"8,"x,y",-Inf"#), ["8", "x,y", "-Inf"]);
        assert_eq!(values(r#"6,"a\"b",0x1p3"#), ["6", "a\"b", "0x1p3"]);
        assert_eq!(values(r#""a\qb","a\\""#), ["a\\qb", "a\\"]);
        assert_eq!(values("\"a\" ,\"b\"\t,c"), ["a", "b", "c"]);
    }

    #[test]
    fn quotes_count_only_at_the_start_of_a_value() {
        assert_eq!(values(r#"a"b"c, "q""#), ["a\"b\"c", " \"q\""]);
        assert_eq!(values(r"a\,b"), ["a\\", "b"]);
    }

    #[test]
    fn empty_values_are_null_and_blanks_are_not() {
        assert_eq!(values(r#",, ,"""#), ["-", "-", " ", "-"]);
    }

    #[test]
    fn a_quote_that_is_never_closed_takes_the_rest_of_the_line() {
        assert_eq!(values(r#"12,"open,1"#), ["12", "open,1"]);
        assert_eq!(values(r#""op\"en,x"#), ["op\"en,x"]);
        assert_eq!(values(r#""x\"#), ["x"]);
    }

    #[test]
    fn text_behind_a_closing_quote_is_refused() {
        assert!(split(r#"5,"a""b",1e3"#, Separator::COMMA).unwrap_err().message.contains("closing quote"));
    }

    #[test]
    fn separators_are_single_characters() {
        assert_eq!(Separator::parse("\\t").unwrap(), Separator('\t'));
        assert_eq!(split("a;b", Separator::parse(";").unwrap()).unwrap().len(), 2);
        assert!(Separator::parse("||").is_err());
        assert!(Separator::parse("\"").is_err());
    }
}
