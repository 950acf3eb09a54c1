//! `shuffle`: the elements of an array in a random order, another one for each row and each run.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use arrow::array::{Array, AsArray, ListArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Arity, Input};
use super::{Call, Function};
use crate::error::{Result, SparkError};
use crate::resolver::Typed;
use crate::types::SparkType;

pub(super) const FUNCTIONS: &[Function] = &[Function::scalar("shuffle", Arity::Exactly(1), &[Input::Any], shuffle)];

fn shuffle(call: Call<'_>) -> Result<Typed> {
    let (name, zone) = (call.name(), call.zone);
    let [array] = call.take()?;
    let array = match array.data_type {
        SparkType::Array { .. } => array,
        SparkType::Void => {
            let of_void = SparkType::Array { element: Box::new(SparkType::Void), contains_null: true };
            array.coerced(&of_void, zone)?
        }
        other => {
            return Err(SparkError::analysis(format!(
                "cannot resolve '{name}' due to data type mismatch: argument 1 requires array type, however, '{}' is of {other} \
                 type.",
                array.name
            )));
        }
    };
    let signature = Signature::any(1, Volatility::Volatile);
    let expr = ScalarUDF::from(Shuffle { signature, output: array.data_type.to_arrow() }).call(vec![array.expr]);
    Ok(Typed::new(expr, array.data_type, array.nullable, name))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Shuffle {
    signature: Signature,
    output: DataType,
}

impl ScalarUDFImpl for Shuffle {
    fn name(&self) -> &str {
        "spark_shuffle"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.output.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let [array] = &args.args[..] else {
            return datafusion::common::internal_err!("shuffle takes one argument");
        };
        // A constant array is shuffled anew for each row, too.
        let array = array.to_array(args.number_rows)?;
        Ok(ColumnarValue::Array(Arc::new(shuffled(array.as_list())?)))
    }
}

fn shuffled(lists: &ListArray) -> DataFusionResult<ListArray> {
    let DataType::List(field) = lists.data_type() else {
        return datafusion::common::internal_err!("{} is not a list", lists.data_type());
    };
    // The standard library keys each state with other randomness of the system's.
    let mut random = RandomState::new().build_hasher().finish();
    let mut places: Vec<u64> = Vec::with_capacity(lists.values().len());
    for bounds in lists.value_offsets().windows(2) {
        let [from, to] = bounds else { continue };
        let start = places.len();
        places.extend(*from as u64..*to as u64);
        for last in (start + 1..places.len()).rev() {
            random = next(random);
            let choices = (last - start + 1) as u64;
            places.swap(last, start + (mixed(random) % choices) as usize);
        }
    }
    let offsets = OffsetBuffer::from_lengths(lists.value_offsets().windows(2).map(|pair| match pair {
        [from, to] => (to - from) as usize,
        _ => 0,
    }));
    let values = take(lists.values(), &UInt64Array::from(places), None)?;
    Ok(ListArray::try_new(Arc::clone(field), offsets, values, lists.nulls().cloned())?)
}

/// The next state of SplitMix64.
fn next(state: u64) -> u64 {
    state.wrapping_add(0x9e37_79b9_7f4a_7c15)
}

/// The random number that SplitMix64 makes of a state.
fn mixed(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn each_row_keeps_its_elements_and_some_row_changes_their_order() {
        let row = || Some((0..20).map(Some).collect::<Vec<_>>());
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([row(), None, Some(vec![]), row(), row()]);
        let lists = lists.slice(1, 4);
        let result = shuffled(&lists).unwrap();
        assert!(result.is_null(0) && result.value(1).is_empty());
        let sorted = |at: usize| {
            let mut elements = result.value(at).as_primitive::<Int32Type>().values().to_vec();
            elements.sort_unstable();
            elements
        };
        assert_eq!((sorted(2), sorted(3)), ((0..20).collect(), (0..20).collect()));
        assert_ne!(result.value(2).to_data(), result.value(3).to_data());
    }
}
