//! Which reads to make for a set of ranges of one object.

use std::ops::Range;

/// The most bytes that are asked for in one request.
pub(super) const MAX_READ: u64 = casemate_wire::storage::MAX_RANGE_BYTES;

/// Ranges with at most this many bytes between them become one read: a round trip to the parent costs
/// about as much as moving this many bytes.
const MAX_GAP: u64 = 256 << 10;

/// Reads that cover a set of ranges.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ReadPlan {
    /// What to read, by rising start.
    pub reads: Vec<Range<u64>>,
    /// For each wanted range, in the order given, the index of the read that covers it.
    pub source: Vec<usize>,
}

impl ReadPlan {
    /// Merges neighbours as long as the sum stays one request. A range larger than that stays alone.
    pub fn new(wanted: &[Range<u64>]) -> Self {
        let mut order: Vec<usize> = (0..wanted.len()).collect();
        order.sort_unstable_by_key(|index| (wanted[*index].start, wanted[*index].end));
        let mut reads: Vec<Range<u64>> = Vec::new();
        let mut source = vec![0; wanted.len()];
        for index in order {
            let range = &wanted[index];
            match reads.last_mut() {
                Some(last) if mergeable(last, range) => last.end = last.end.max(range.end),
                _ => reads.push(range.clone()),
            }
            source[index] = reads.len() - 1;
        }
        ReadPlan { reads, source }
    }
}

fn mergeable(last: &Range<u64>, next: &Range<u64>) -> bool {
    let inside = next.end <= last.end;
    let near = next.start.saturating_sub(last.end) <= MAX_GAP;
    inside || (near && next.end.max(last.end) - last.start <= MAX_READ)
}

/// The requests for one read, none larger than [`MAX_READ`].
pub(super) fn requests(read: Range<u64>) -> impl Iterator<Item = Range<u64>> + Send {
    let Range { mut start, end } = read;
    std::iter::from_fn(move || {
        (start < end).then(|| {
            let stop = start.saturating_add(MAX_READ).min(end);
            let request = start..stop;
            start = stop;
            request
        })
    })
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of ranges is what is tested")]
mod tests {
    use super::*;

    #[test]
    fn near_ranges_become_one_read_and_far_ones_stay_apart() {
        let plan = ReadPlan::new(&[900_000..900_010, 0..100, 200..300]);
        assert_eq!(plan.reads, [0..300, 900_000..900_010]);
        assert_eq!(plan.source, [1, 0, 0]);
    }

    #[test]
    fn a_merged_read_never_outgrows_one_request() {
        let plan = ReadPlan::new(&[0..MAX_READ - 10, MAX_READ - 10..MAX_READ, MAX_READ..MAX_READ + 1]);
        assert_eq!(plan.reads, [0..MAX_READ, MAX_READ..MAX_READ + 1]);
    }

    #[test]
    fn a_range_inside_a_large_one_is_not_read_twice() {
        let plan = ReadPlan::new(&[5..6, 0..3 * MAX_READ]);
        assert_eq!(plan.reads, [0..3 * MAX_READ]);
        assert_eq!(plan.source, [0, 0]);
    }

    #[test]
    fn every_wanted_range_lies_inside_its_read() {
        let wanted = [7..9, u64::MAX - 5..u64::MAX, 0..0, 3..MAX_READ * 2, 100..200, MAX_READ..MAX_READ + 4];
        let plan = ReadPlan::new(&wanted);
        for (range, source) in wanted.iter().zip(&plan.source) {
            let read = &plan.reads[*source];
            assert!(read.start <= range.start && range.end <= read.end, "{range:?} in {read:?}");
        }
    }

    #[test]
    fn a_large_read_is_split_into_requests_that_touch() {
        let parts: Vec<_> = requests(5..2 * MAX_READ + 6).collect();
        assert_eq!(parts, [5..MAX_READ + 5, MAX_READ + 5..2 * MAX_READ + 5, 2 * MAX_READ + 5..2 * MAX_READ + 6]);
        assert_eq!(requests(4..4).count(), 0);
    }
}
