//! Two cells, and a cell in the form that equal ones share.

use serde_json::Value as Json;

use super::Closeness;
use crate::catalog_type::CatalogType;

/// How far two floating-point values may be apart, relative to the larger one, to be called close.
pub const TOLERANCE: f64 = 1e-12;

/// How equal two cells are; floating point and decimals are told by their types on both sides.
pub(super) fn closeness(expected: (&Json, &CatalogType), got: (&Json, &CatalogType)) -> Closeness {
    use CatalogType as T;
    let ((expected, expected_type), (got, got_type)) = (expected, got);
    match (expected_type, got_type) {
        (T::Floating, T::Floating) => floating(expected, got),
        (T::Decimal, T::Decimal) => same(decimal_digits(expected) == decimal_digits(got)),
        (T::Array(e), T::Array(g)) => match (expected, got) {
            (Json::Array(expected), Json::Array(got)) if expected.len() == got.len() => {
                least(expected.iter().zip(got).map(|(x, y)| closeness((x, e), (y, g))))
            }
            _ => same(expected == got),
        },
        (T::Struct(e), T::Struct(g)) if e.len() == g.len() => match (expected, got) {
            (Json::Array(expected), Json::Array(got)) if expected.len() == e.len() && got.len() == g.len() => {
                let cells = expected.iter().zip(e).zip(got.iter().zip(g));
                least(cells.map(|(expected, got)| closeness(expected, got)))
            }
            _ => same(expected == got),
        },
        (T::Map(ek, ev), T::Map(gk, gv)) => match (entries(expected), entries(got)) {
            (Some(expected), Some(got)) if expected.len() == got.len() => least(
                expected
                    .iter()
                    .zip(&got)
                    .map(|((xk, xv), (yk, yv))| closeness((xk, ek), (yk, gk)).min(closeness((xv, ev), (yv, gv)))),
            ),
            _ => same(expected == got),
        },
        _ => same(expected == got),
    }
}

/// The cell as a text that cells which are [`Closeness::Same`] share, appended to `out`.
pub(super) fn write_canonical(cell: &Json, cell_type: &CatalogType, out: &mut String) {
    match (cell_type, cell) {
        (CatalogType::Floating, Json::String(text)) => match text.parse::<f64>() {
            Ok(value) => out.push_str(&format!("{value:?}")),
            Err(_) => out.push_str(text),
        },
        (CatalogType::Decimal, _) => match decimal_digits(cell) {
            Some(digits) => out.push_str(digits),
            None => out.push_str(&cell.to_string()),
        },
        (CatalogType::Array(element), Json::Array(cells)) => {
            write_all(cells.iter().map(|cell| (cell, element.as_ref())), out);
        }
        (CatalogType::Struct(fields), Json::Array(cells)) => write_all(cells.iter().zip(fields), out),
        (CatalogType::Map(key_type, value_type), _) => match entries(cell) {
            Some(entries) => write_all(
                entries.into_iter().flat_map(|(key, value)| [(key, key_type.as_ref()), (value, value_type.as_ref())]),
                out,
            ),
            None => out.push_str(&cell.to_string()),
        },
        _ => out.push_str(&cell.to_string()),
    }
}

fn write_all<'a>(cells: impl Iterator<Item = (&'a Json, &'a CatalogType)>, out: &mut String) {
    out.push('[');
    for (cell, cell_type) in cells {
        write_canonical(cell, cell_type, out);
        out.push(',');
    }
    out.push(']');
}

fn floating(expected: &Json, got: &Json) -> Closeness {
    let number = |cell: &Json| cell.as_str().and_then(|text| text.parse::<f64>().ok());
    let (Some(x), Some(y)) = (number(expected), number(got)) else { return same(expected == got) };
    if x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan() {
        return Closeness::Same;
    }
    // A zero of the other sign shows, and an infinity is far from everything.
    let close = x != 0.0 && x.is_finite() && y.is_finite() && (x - y).abs() <= TOLERANCE * x.abs().max(y.abs());
    if close { Closeness::Close } else { Closeness::Different }
}

/// A decimal's text without the zeros that only its scale writes.
fn decimal_digits(cell: &Json) -> Option<&str> {
    let text = cell.as_str()?;
    Some(if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text })
}

/// The entries of a map.
fn entries(cell: &Json) -> Option<Vec<(&Json, &Json)>> {
    let entries = cell.get("map")?.as_array()?.iter().map(|entry| match entry.as_array().map(Vec::as_slice) {
        Some([key, value]) => Some((key, value)),
        _ => None,
    });
    entries.collect()
}

fn least(cells: impl Iterator<Item = Closeness>) -> Closeness {
    cells.min().unwrap_or(Closeness::Same)
}

fn same(equal: bool) -> Closeness {
    if equal { Closeness::Same } else { Closeness::Different }
}
