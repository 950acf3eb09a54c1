//! Which of the names that exist is the one that was meant.

/// `candidates` with those that differ least from `name` first, in a stable order (Spark's `orderStringsBySimilarity`).
pub(crate) fn most_similar_first(name: &str, mut candidates: Vec<String>) -> Vec<String> {
    candidates.sort_by_cached_key(|candidate| edit_distance(candidate, name));
    candidates
}

/// The candidates near enough to `name` to suggest them, nearest first, at most three; case does not count.
pub(crate) fn suggestions<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let name = name.to_lowercase();
    let limit = (name.chars().count() / 3).clamp(1, 3);
    let mut near: Vec<_> = candidates
        .map(|candidate| (edit_distance(&candidate.to_lowercase(), &name), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// Levenshtein distance in characters.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        row[0] = previous;
        for (r, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let cost = diagonal + usize::from(l != *r);
            diagonal = *cell;
            previous = cost.min(previous + 1).min(diagonal + 1);
            *cell = previous;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_insertions_deletions_and_replacements() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("abc", ""), 3);
        assert_eq!(edit_distance("lineitem", "lineitem"), 0);
    }

    #[test]
    fn only_near_names_are_suggested() {
        let names = ["lineitem", "orders", "part"];
        assert_eq!(suggestions("LINEITEMS", names.iter().copied()), ["lineitem"]);
        assert!(suggestions("weather", names.iter().copied()).is_empty());
    }
}
