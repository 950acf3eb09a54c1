//! Loops that the group accumulators share.

use arrow::array::{Array, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;

/// Calls `f` with the group and the value of each row that is neither NULL nor filtered out.
pub(super) fn for_each_valid<T: ArrowPrimitiveType>(
    group_indices: &[usize],
    values: &PrimitiveArray<T>,
    filter: Option<&BooleanArray>,
    mut f: impl FnMut(usize, T::Native),
) {
    let rows = group_indices.iter().zip(values.values().iter());
    match valid_rows(values, filter) {
        None => rows.for_each(|(group, value)| f(*group, *value)),
        Some(valid) => {
            for ((group, value), valid) in rows.zip(valid.iter()) {
                if valid {
                    f(*group, *value);
                }
            }
        }
    }
}

/// The rows that count, `None` if all do.
pub(super) fn valid_rows(values: &dyn Array, filter: Option<&BooleanArray>) -> Option<NullBuffer> {
    NullBuffer::union(values.nulls(), filter.map(passing).as_ref())
}

/// The rows that a filter lets pass; where it is NULL it does not.
pub(super) fn passing(filter: &BooleanArray) -> NullBuffer {
    match filter.nulls() {
        Some(nulls) => NullBuffer::new(filter.values() & nulls.inner()),
        None => NullBuffer::new(filter.values().clone()),
    }
}
