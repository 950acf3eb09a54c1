//! `trim`, `ltrim`, `rtrim`, `btrim`: spaces, or all characters of a string.

use arrow::array::{ArrayRef, AsArray, StringViewArray};
use datafusion::common::Result as DataFusionResult;

use super::arguments::{Arity, Input};
use super::scalar::{self, Run};
use super::{Call, Function};
use crate::error::Result;
use crate::kernel;
use crate::resolver::{Typed, call_name};
use crate::types::SparkType;

const STRINGS: &[Input] = &[Input::String];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::scalar("trim", Arity::Between(1, 2), STRINGS, |call| trim(call, "BOTH", "spark_trim", both)),
    Function::scalar("ltrim", Arity::Between(1, 2), STRINGS, |call| trim(call, "LEADING", "spark_ltrim", leading)),
    Function::scalar("rtrim", Arity::Between(1, 2), STRINGS, |call| trim(call, "TRAILING", "spark_rtrim", trailing)),
    Function::scalar("btrim", Arity::Between(1, 2), STRINGS, |call| {
        scalar::lower(call, "btrim", "spark_trim", SparkType::String, both)
    }),
];

/// The characters come before the text here, and in `btrim` behind it.
fn trim(call: Call<'_>, side: &str, kernel: &'static str, run: Run) -> Result<Typed> {
    let name = match &call.args[..] {
        [what, text] => format!("TRIM({side} {} FROM {})", what.name, text.name),
        args => call_name(call.called, args),
    };
    let args = call.args.into_iter().rev().collect();
    let typed = scalar::lower(Call { args, ..call }, "trim", kernel, SparkType::String, run)?;
    Ok(typed.named(name))
}

fn both(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    each(arrays, |text, what| text.trim_matches(|c| what.contains(c)))
}

fn leading(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    each(arrays, |text, what| text.trim_start_matches(|c| what.contains(c)))
}

fn trailing(arrays: &[ArrayRef]) -> DataFusionResult<ArrayRef> {
    each(arrays, |text, what| text.trim_end_matches(|c| what.contains(c)))
}

fn each(arrays: &[ArrayRef], cut: impl for<'a> Fn(&'a str, &str) -> &'a str) -> DataFusionResult<ArrayRef> {
    match arrays {
        [text] => {
            kernel::shared(text.as_string_view().iter().map(|text| Some(cut(text?, " "))).collect::<StringViewArray>())
        }
        [text, what] => {
            let pairs = text.as_string_view().iter().zip(what.as_string_view());
            kernel::shared(pairs.map(|(text, what)| Some(cut(text?, what?))).collect::<StringViewArray>())
        }
        _ => datafusion::common::internal_err!("trim takes one or two strings"),
    }
}
