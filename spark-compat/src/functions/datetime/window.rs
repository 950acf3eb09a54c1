//! Windows of time: the kernel behind `window(time, duration[, slide[, start]])`, which the resolver makes a column of.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray, TimestampMicrosecondArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use datafusion::common::{Result as DataFusionResult, internal_err};
use datafusion::logical_expr::Expr;

use super::super::arguments::{Arity, Input};
use super::super::{Call, Function, Support};
use super::kernel;
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

const PLACES: Support = Support::Partial("in the SELECT list, GROUP BY, HAVING and ORDER BY");

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("window", Arity::Between(2, 4), &[Input::Any], elsewhere).with_support(PLACES),
    Function::scalar("session_window", Arity::Exactly(2), &[Input::Any], elsewhere).with_support(PLACES),
];

/// Where a window may stand the resolver has made it a column.
fn elsewhere(call: Call<'_>) -> Result<Typed> {
    let called = call.called;
    Err(SparkError::unsupported(format!("{called}(..) outside of the SELECT list, GROUP BY, HAVING and ORDER BY")))
}

/// Windows that begin every `slide` microseconds from `start` on and are `length` long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeWindows {
    /// Microseconds from the beginning of a window to its end.
    pub length: i64,
    /// Microseconds from the beginning of a window to that of the next.
    pub slide: i64,
    /// Where the first begins, from the epoch on.
    pub start: i64,
}

impl TimeWindows {
    /// How many windows a moment may be in.
    pub fn overlapping(self) -> i64 {
        self.length / self.slide + i64::from(self.length % self.slide != 0)
    }

    /// The beginning of the window number `index` of those that a moment may be in, by Spark's formula, which counts windows in
    /// doubles; `None` if the moment is not in it.
    fn start_of(self, micros: i64, index: i64) -> Option<i64> {
        let division = micros.wrapping_sub(self.start) as f64 / self.slide as f64;
        let ceiling = division.ceil();
        let id = ceiling as i64 + i64::from(ceiling == division);
        let count = id.checked_add(index)?.checked_sub(self.overlapping())?;
        let start = count.checked_mul(self.slide)?.checked_add(self.start)?;
        (start <= micros && micros < start.checked_add(self.length)?).then_some(start)
    }
}

/// A struct of the window number `index` that `time` may be in: NULL if it is not.
pub(crate) fn window_of(time: Expr, index: Expr, windows: TimeWindows, data_type: &SparkType) -> Expr {
    let fields = data_type.to_arrow();
    kernel::binary("spark_time_window", format!("{windows:?}"), data_type, [time, index], move |times, indexes| {
        let (times, indexes) = (times.as_primitive::<TimestampMicrosecondType>(), indexes.as_primitive::<Int64Type>());
        let starts: TimestampMicrosecondArray =
            times.iter().zip(indexes).map(|(time, index)| windows.start_of(time?, index?)).collect();
        let ends: TimestampMicrosecondArray = starts.unary(|start| start.saturating_add(windows.length));
        let nulls = starts.nulls().cloned();
        structs(&fields, [Arc::new(starts.with_timezone("UTC")), Arc::new(ends.with_timezone("UTC"))], nulls)
    })
}

/// A struct of a start and an end.
pub(crate) fn window_between(start: Expr, end: Expr, data_type: &SparkType) -> Expr {
    let fields = data_type.to_arrow();
    kernel::binary("spark_window_between", "", data_type, [start, end], move |starts, ends| {
        structs(&fields, [Arc::clone(starts), Arc::clone(ends)], None)
    })
}

fn structs(data_type: &DataType, columns: [ArrayRef; 2], nulls: Option<NullBuffer>) -> DataFusionResult<ArrayRef> {
    match data_type {
        DataType::Struct(fields) if fields.len() == columns.len() => {
            Ok(Arc::new(StructArray::try_new(fields.clone(), columns.into(), nulls)?))
        }
        other => internal_err!("a window has a start and an end and is no {other}"),
    }
}
