//! Sorting by a comparator that may fail, and that may contradict itself.
//!
//! Spark sorts with Java's `Arrays.sort`. For a comparator that is consistent every stable sort gives the same; for short arrays
//! this is Java's own algorithm, so that inconsistent comparators give the same as well.

use std::cmp::Ordering;

use datafusion::common::Result as DataFusionResult;

/// Arrays with fewer elements are sorted by binary insertion (Java's `TimSort.MIN_MERGE`).
pub(super) const SHORT: usize = 32;

/// The order of `count` elements, fewer than [`SHORT`]: a run at the start, the rest inserted into it one by one.
pub(super) fn short(
    count: usize,
    mut compare: impl FnMut(usize, usize) -> DataFusionResult<Ordering>,
) -> DataFusionResult<Vec<usize>> {
    let mut order: Vec<usize> = (0..count).collect();
    let run = first_run(&mut order, &mut compare)?;
    for at in run..count {
        let pivot = order.remove(at);
        let (mut low, mut high) = (0, at);
        while low < high {
            let middle = (low + high) / 2;
            let before = order.get(middle).copied().unwrap_or(pivot);
            if compare(pivot, before)?.is_lt() {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        order.insert(low, pivot);
    }
    Ok(order)
}

/// The length of the run at the start, which ascends; one that strictly descends is reversed.
fn first_run(
    order: &mut [usize],
    compare: &mut impl FnMut(usize, usize) -> DataFusionResult<Ordering>,
) -> DataFusionResult<usize> {
    if order.len() < 2 {
        return Ok(order.len());
    }
    let descending = compare(1, 0)?.is_lt();
    let mut end = 2;
    while end < order.len() && compare(end, end - 1)?.is_lt() == descending {
        end += 1;
    }
    if descending && let Some(run) = order.get_mut(..end) {
        run.reverse();
    }
    Ok(end)
}

/// The order of `count` elements by merging.
pub(super) fn long(
    count: usize,
    mut compare: impl FnMut(usize, usize) -> DataFusionResult<Ordering>,
) -> DataFusionResult<Vec<usize>> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut width = 1;
    while width < count {
        let mut merged = Vec::with_capacity(count);
        for pair in order.chunks(2 * width) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
            loop {
                let next = match (left.peek(), right.peek()) {
                    (Some(l), Some(r)) if compare(**r, **l)?.is_lt() => right.next(),
                    (Some(_), _) => left.next(),
                    (None, _) => right.next(),
                };
                match next {
                    Some(next) => merged.push(*next),
                    None => break,
                }
            }
        }
        order = merged;
        width *= 2;
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sorts_are_stable() {
        let values = [3, 1, 2, 1, 3, 0, 2];
        let compare = |a: usize, b: usize| Ok(values[a].cmp(&values[b]));
        let expected = [5, 1, 3, 2, 6, 0, 4];
        assert_eq!(short(values.len(), compare).unwrap(), expected);
        assert_eq!(long(values.len(), compare).unwrap(), expected);
    }
}
