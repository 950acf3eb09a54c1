//! What kernels over Arrow arrays share: loops that turn some results into NULL, and scalar arguments.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

/// Applies `f` to every value; where it gives `None` the result is NULL.
///
/// `f` also sees the values behind NULLs, so it must be total.
pub(crate) fn unary<A, O>(a: &PrimitiveArray<A>, f: impl Fn(A::Native) -> Option<O::Native>) -> PrimitiveArray<O>
where
    A: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    collect(a.values().iter().map(|a| f(*a)), a.nulls().cloned())
}

/// Applies `f` to every pair of values of arrays of one length; where it gives `None` the result is NULL.
///
/// `f` also sees the values behind NULLs, so it must be total.
pub(crate) fn binary<A, B, O>(
    a: &PrimitiveArray<A>,
    b: &PrimitiveArray<B>,
    f: impl Fn(A::Native, B::Native) -> Option<O::Native>,
) -> PrimitiveArray<O>
where
    A: ArrowPrimitiveType,
    B: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    let nulls = NullBuffer::union(a.nulls(), b.nulls());
    collect(a.values().iter().zip(b.values().iter()).map(|(a, b)| f(*a, *b)), nulls)
}

fn collect<O: ArrowPrimitiveType>(
    results: impl ExactSizeIterator<Item = Option<O::Native>>,
    nulls: Option<NullBuffer>,
) -> PrimitiveArray<O> {
    let length = results.len();
    let mut failed: Vec<usize> = Vec::new();
    let values: Vec<O::Native> = results
        .enumerate()
        .map(|(at, result)| {
            result.unwrap_or_else(|| {
                failed.push(at);
                O::Native::default()
            })
        })
        .collect();
    PrimitiveArray::new(values.into(), with_nulls_at(nulls, &failed, length))
}

/// `nulls` with further NULLs at the given places, which rise.
fn with_nulls_at(nulls: Option<NullBuffer>, places: &[usize], length: usize) -> Option<NullBuffer> {
    if places.is_empty() {
        return nulls;
    }
    let mut rest = places.iter().peekable();
    let valid = BooleanBuffer::collect_bool(length, |at| rest.next_if(|place| **place == at).is_none());
    NullBuffer::union(nulls.as_ref(), Some(&NullBuffer::new(valid)))
}

/// Runs a kernel over the arguments as arrays of one length; only scalars in gives a scalar out.
pub(crate) fn evaluate(
    args: &ScalarFunctionArgs,
    kernel: impl FnOnce(&[ArrayRef]) -> DataFusionResult<ArrayRef>,
) -> DataFusionResult<ColumnarValue> {
    let scalars = args.args.iter().all(|a| matches!(a, ColumnarValue::Scalar(_)));
    let result = kernel(&ColumnarValue::values_to_arrays(&args.args)?)?;
    if scalars {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?));
    }
    Ok(ColumnarValue::Array(result))
}

/// An array as a shared reference.
pub(crate) fn shared<A: Array + 'static>(array: A) -> DataFusionResult<ArrayRef> {
    Ok(Arc::new(array))
}

#[cfg(test)]
mod tests {
    use arrow::array::Int32Array;
    use arrow::datatypes::{Int32Type, Int64Type};

    use super::*;

    #[test]
    fn failures_become_nulls_beside_those_of_the_input() {
        let a = Int32Array::from(vec![Some(1), None, Some(3), Some(4)]);
        let doubled = unary::<Int32Type, Int64Type>(&a, |v| (v != 3).then_some(i64::from(v) * 2));
        assert_eq!(doubled.iter().collect::<Vec<_>>(), [Some(2), None, None, Some(8)]);
    }

    #[test]
    fn a_slice_keeps_its_own_nulls() {
        let a = Int32Array::from(vec![None, Some(1), Some(0), None]).slice(1, 3);
        let b = Int32Array::from(vec![10, 20, 30]);
        let sums = binary::<_, _, Int32Type>(&a, &b, |a, b| (a != 0).then_some(a + b));
        assert_eq!(sums.iter().collect::<Vec<_>>(), [Some(11), None, None]);
    }
}
