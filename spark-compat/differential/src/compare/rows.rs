//! The rows of two results: as multisets, or in order up to ties.

use serde_json::Value as Json;

use super::cells::{closeness, write_canonical};
use super::{Closeness, RowOrder, Rows};

/// Rows that differ are paired one with each other up to this many; the work grows with the square.
const MAX_PAIRED: usize = 2000;

/// A shown row is cut off here.
const MAX_SHOWN: usize = 400;

/// How equal the rows are, and the first difference.
pub(super) fn compare(expected: &Rows<'_>, got: &Rows<'_>, order: &RowOrder) -> (Closeness, Option<String>) {
    let (e, g) = (indices(expected), indices(got));
    if e.len() != g.len() {
        let extra = unmatched(expected, got, &e, &g);
        let example = first_difference(expected, got, &extra.0, &extra.1).unwrap_or_default();
        return (Closeness::Different, Some(format!("{} rows, Spark has {}: {example}", g.len(), e.len())));
    }
    match order {
        RowOrder::Any => multiset(expected, got, &e, &g),
        RowOrder::Sequence => {
            let found = sequence(expected, got, None);
            explain_order(found, expected, got, &e, &g)
        }
        RowOrder::Keys(keys) => {
            let found = match sequence(expected, got, Some(keys)) {
                (Closeness::Different, difference) => (Closeness::Different, difference),
                (keys_closeness, _) => {
                    let mut worst = (keys_closeness, None);
                    for ties in tie_groups(expected, keys) {
                        let group = multiset(expected, got, &ties, &ties);
                        if group.0 < worst.0 {
                            worst = group;
                        }
                    }
                    worst
                }
            };
            explain_order(found, expected, got, &e, &g)
        }
    }
}

/// Says so where all rows are there and only their order is wrong.
fn explain_order(
    found: (Closeness, Option<String>),
    expected: &Rows<'_>,
    got: &Rows<'_>,
    e: &[usize],
    g: &[usize],
) -> (Closeness, Option<String>) {
    match found {
        (Closeness::Different, Some(difference)) if multiset(expected, got, e, g).0 != Closeness::Different => {
            (Closeness::Different, Some(format!("the order of the rows: {difference}")))
        }
        found => found,
    }
}

fn indices(rows: &Rows<'_>) -> Vec<usize> {
    (0..rows.rows.len()).collect()
}

/// Compares row by row, all columns or the given ones.
fn sequence(expected: &Rows<'_>, got: &Rows<'_>, columns: Option<&[usize]>) -> (Closeness, Option<String>) {
    let mut worst = Closeness::Same;
    for at in 0..expected.rows.len() {
        let cells = match columns {
            None => row_closeness(expected, at, got, at),
            Some(columns) => {
                let keys = columns.iter().map(|column| key_closeness(expected, got, at, *column));
                keys.min().unwrap_or(Closeness::Same)
            }
        };
        if cells == Closeness::Different {
            return (cells, first_difference(expected, got, &[at], &[at]));
        }
        worst = worst.min(cells);
    }
    (worst, None)
}

/// Sort keys tie where zeros differ only in their sign.
fn key_closeness(expected: &Rows<'_>, got: &Rows<'_>, row: usize, column: usize) -> Closeness {
    match (cell(expected, row, column), cell(got, row, column)) {
        (Some(e), Some(g)) if unsigned_zero(e) == unsigned_zero(g) => Closeness::Same,
        (Some(e), Some(g)) => closeness((e, &expected.types[column]), (g, &got.types[column])),
        _ => Closeness::Different,
    }
}

fn unsigned_zero(cell: &Json) -> &Json {
    static ZERO: std::sync::LazyLock<Json> = std::sync::LazyLock::new(|| "0.0".into());
    if cell.as_str() == Some("-0.0") { &ZERO } else { cell }
}

/// The runs of the reference's rows whose keys are equal.
fn tie_groups(expected: &Rows<'_>, keys: &[usize]) -> Vec<Vec<usize>> {
    let key = |row: usize| -> Vec<Option<&Json>> {
        keys.iter().map(|column| cell(expected, row, *column).map(unsigned_zero)).collect()
    };
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for row in 0..expected.rows.len() {
        match groups.last_mut() {
            Some(group) if key(group[0]) == key(row) => group.push(row),
            _ => groups.push(vec![row]),
        }
    }
    groups
}

/// Compares the rows at the given places as multisets of the same size.
fn multiset(expected: &Rows<'_>, got: &Rows<'_>, e: &[usize], g: &[usize]) -> (Closeness, Option<String>) {
    let (mut e, mut g) = unmatched(expected, got, e, g);
    if e.is_empty() {
        return (Closeness::Same, None);
    }
    if e.len() <= MAX_PAIRED {
        e.retain(|row| {
            match g.iter().position(|other| row_closeness(expected, *row, got, *other) >= Closeness::Close) {
                Some(pair) => {
                    g.swap_remove(pair);
                    false
                }
                None => true,
            }
        });
    }
    if e.is_empty() {
        return (Closeness::Close, None);
    }
    (Closeness::Different, first_difference(expected, got, &e, &g))
}

/// The rows of each side that have no equal on the other.
fn unmatched(expected: &Rows<'_>, got: &Rows<'_>, e: &[usize], g: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let sorted = |rows: &Rows<'_>, places: &[usize]| {
        let mut keyed: Vec<(String, usize)> = places.iter().map(|row| (canonical(rows, *row), *row)).collect();
        keyed.sort();
        keyed
    };
    let (e, g) = (sorted(expected, e), sorted(got, g));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let (mut e, mut g) = (e.into_iter().peekable(), g.into_iter().peekable());
    loop {
        match (e.peek(), g.peek()) {
            (None, None) => break,
            (Some((x, _)), Some((y, _))) if x == y => {
                e.next();
                g.next();
            }
            (Some((x, _)), other) if other.is_none_or(|(y, _)| x < y) => left.extend(e.next().map(|(_, row)| row)),
            _ => right.extend(g.next().map(|(_, row)| row)),
        }
    }
    left.sort_unstable();
    right.sort_unstable();
    (left, right)
}

fn canonical(rows: &Rows<'_>, row: usize) -> String {
    let mut text = String::new();
    for (cell, cell_type) in rows.rows[row].iter().zip(&rows.types) {
        write_canonical(cell, cell_type, &mut text);
        text.push('\u{1f}');
    }
    text
}

fn cell<'a>(rows: &Rows<'a>, row: usize, column: usize) -> Option<&'a Json> {
    rows.rows.get(row)?.get(column)
}

fn row_closeness(expected: &Rows<'_>, e: usize, got: &Rows<'_>, g: usize) -> Closeness {
    let (left, right) = (&expected.rows[e], &got.rows[g]);
    if left.len() != right.len() {
        return Closeness::Different;
    }
    let cells = left.iter().zip(&expected.types).zip(right.iter().zip(&got.types));
    cells.map(|(expected, got)| closeness(expected, got)).min().unwrap_or(Closeness::Same)
}

/// Describes the first row of the reference that is missing, beside the row here that is nearest to it.
fn first_difference(expected: &Rows<'_>, got: &Rows<'_>, e: &[usize], g: &[usize]) -> Option<String> {
    let Some(&missing) = e.first() else {
        return g.first().map(|row| format!("the row {} is not in Spark's answer", shown(&got.rows[*row])));
    };
    let wanted = shown(&expected.rows[missing]);
    let equal_cells = |row: &usize| {
        let cells = expected.rows[missing].iter().zip(&expected.types).zip(got.rows[*row].iter().zip(&got.types));
        cells.filter(|(expected, got)| closeness(*expected, *got) > Closeness::Different).count()
    };
    // The first of the nearest, so that the message is the same each time.
    let nearest = g.iter().rev().max_by_key(|row| equal_cells(row));
    Some(match nearest {
        None => format!("the row {wanted} of Spark's answer is missing"),
        Some(row) => format!("the row {}, Spark has {wanted}", shown(&got.rows[*row])),
    })
}

fn shown(row: &[Json]) -> String {
    let text = Json::from(row).to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text,
    }
}
