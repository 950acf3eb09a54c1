//! Aggregates that fold the values of a group into one of the same type: sums of floats, extremes, bits.

use std::fmt::Debug;
use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalUnit, IntervalYearMonthType,
};
use datafusion::common::Result as DataFusionResult;

use super::kernel::{Kernel, Rows, States, column};
use crate::comparison::compare_floats;
use crate::error::SparkError;

/// A fold. Values are taken in their order; without any the result is NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fold {
    /// The sum of doubles, from left to right, or of ANSI intervals, which may not overflow.
    Sum,
    /// The least float; NaN is the largest of all and the first of equals stays.
    FloatMin,
    /// The greatest float.
    FloatMax,
    /// `&` over integers.
    BitAnd,
    /// `|` over integers.
    BitOr,
    /// `^` over integers.
    BitXor,
}

type Step<N> = fn(N, N) -> DataFusionResult<N>;

impl Kernel for Fold {
    fn name(&self) -> &'static str {
        match self {
            Self::Sum => "spark_ordered_sum",
            Self::FloatMin => "spark_float_min",
            Self::FloatMax => "spark_float_max",
            Self::BitAnd => "spark_bit_and",
            Self::BitOr => "spark_bit_or",
            Self::BitXor => "spark_bit_xor",
        }
    }

    fn result_type(&self, args: &[DataType]) -> DataType {
        args.first().cloned().unwrap_or(DataType::Null)
    }

    fn part_types(&self, args: &[DataType]) -> Vec<DataType> {
        vec![self.result_type(args)]
    }

    fn states(&self, args: &[DataType]) -> DataFusionResult<Box<dyn States>> {
        Ok(match (self, self.result_type(args)) {
            (Self::Sum, DataType::Float64) => Box::new(DoubleSums::default()),
            (Self::Sum, DataType::Interval(IntervalUnit::YearMonth)) => {
                folds::<IntervalYearMonthType>(|a, b| a.checked_add(b).ok_or_else(|| overflow("integer")))
            }
            (Self::Sum, DataType::Duration(_)) => {
                folds::<DurationMicrosecondType>(|a, b| a.checked_add(b).ok_or_else(|| overflow("long")))
            }
            (Self::FloatMin, DataType::Float32) => folds::<Float32Type>(|a, b| Ok(lesser(a, b))),
            (Self::FloatMin, DataType::Float64) => folds::<Float64Type>(|a, b| Ok(lesser(a, b))),
            (Self::FloatMax, DataType::Float32) => folds::<Float32Type>(|a, b| Ok(greater(a, b))),
            (Self::FloatMax, DataType::Float64) => folds::<Float64Type>(|a, b| Ok(greater(a, b))),
            (_, DataType::Int8) => bits::<Int8Type>(*self),
            (_, DataType::Int16) => bits::<Int16Type>(*self),
            (_, DataType::Int32) => bits::<Int32Type>(*self),
            (_, DataType::Int64) => bits::<Int64Type>(*self),
            (_, other) => return datafusion::common::internal_err!("{} over {other}", self.name()),
        })
    }
}

/// Sums of doubles. They start at 0.0, so that none is ever -0.0.
#[derive(Debug, Default)]
struct DoubleSums {
    sums: Vec<f64>,
    /// Whether a group has a value.
    some: Vec<bool>,
}

impl States for DoubleSums {
    fn fresh(&self) -> Box<dyn States> {
        Box::new(Self::default())
    }

    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups, 0.0);
        self.some.resize(groups, false);
    }

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let column = column(args, 0)?.as_primitive::<Float64Type>();
        let (values, sums, some) = (column.values(), &mut self.sums, &mut self.some);
        rows.for_each(column.nulls(), |group, row| {
            sums[group] += values[row];
            some[group] = true;
        });
        Ok(())
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        self.update(parts, rows)
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(vec![self.results(groups)?])
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        let sums = self.sums.iter().zip(&self.some).take(groups);
        Ok(Arc::new(sums.map(|(sum, some)| some.then_some(*sum)).collect::<PrimitiveArray<Float64Type>>()))
    }

    fn forget(&mut self, groups: usize) {
        self.sums.drain(..groups);
        self.some.drain(..groups);
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<f64>() + self.some.capacity()
    }
}

fn overflow(what: &str) -> datafusion::error::DataFusionError {
    SparkError::arithmetic(format!("{what} overflow")).into()
}

fn lesser<F: PartialOrd + Copy>(a: F, b: F) -> F {
    if compare_floats(b, a).is_lt() { b } else { a }
}

fn greater<F: PartialOrd + Copy>(a: F, b: F) -> F {
    if compare_floats(b, a).is_gt() { b } else { a }
}

fn folds<T: ArrowPrimitiveType + Debug>(step: Step<T::Native>) -> Box<dyn States> {
    Box::new(Folds::<T> { step, values: Vec::new() })
}

fn bits<T: ArrowPrimitiveType + Debug>(fold: Fold) -> Box<dyn States>
where
    T::Native: std::ops::BitAnd<Output = T::Native>
        + std::ops::BitOr<Output = T::Native>
        + std::ops::BitXor<Output = T::Native>,
{
    let step: Step<T::Native> = match fold {
        Fold::BitAnd => |a, b| Ok(a & b),
        Fold::BitOr => |a, b| Ok(a | b),
        _ => |a, b| Ok(a ^ b),
    };
    folds::<T>(step)
}

#[derive(Debug)]
struct Folds<T: ArrowPrimitiveType> {
    step: Step<T::Native>,
    values: Vec<Option<T::Native>>,
}

impl<T: ArrowPrimitiveType + Debug> States for Folds<T> {
    fn fresh(&self) -> Box<dyn States> {
        folds::<T>(self.step)
    }

    fn resize(&mut self, groups: usize) {
        self.values.resize(groups, None);
    }

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let column = column(args, 0)?;
        let column = column.as_primitive::<T>();
        let (step, values) = (self.step, &mut self.values);
        rows.try_for_each(column.nulls(), |group, row| {
            let value = column.value(row);
            values[group] = Some(match values[group] {
                Some(folded) => step(folded, value)?,
                None => value,
            });
            Ok(())
        })
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        self.update(parts, rows)
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        Ok(vec![self.results(groups)?])
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        Ok(Arc::new(self.values.iter().take(groups).copied().collect::<PrimitiveArray<T>>()))
    }

    fn forget(&mut self, groups: usize) {
        self.values.drain(..groups);
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<Option<T::Native>>()
    }
}
