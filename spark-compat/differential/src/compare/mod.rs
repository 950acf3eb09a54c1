//! How two answers to one query differ.
//!
//! Rows are multisets, unless the outermost query has an ORDER BY: then the sort keys must follow the reference's sequence,
//! and rows that tie may stand in any order. Floating point is compared by its bits, and what is equal within
//! [`TOLERANCE`] is told apart from what is not; decimals are compared by value, their scale being part of the type. Maps
//! are compared in order, for Spark's maps have one.

mod cells;
mod order;
mod rows;

use serde_json::Value as Json;

use crate::answer::{Outcome, Refusal, Table};
use crate::catalog_type::CatalogType;

pub use cells::TOLERANCE;
pub use order::{RowOrder, row_order};

/// Kinds of refusal that say nothing about the query, and so never agree with the reference's refusal: a construct that is
/// missing here, a defect, a query that took too long or was lost.
const NO_ANSWER: [&str; 4] = ["unsupported", "internal", "timeout", "connection"];

/// How equal values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// Not equal.
    Different,
    /// Floating point that differs within [`TOLERANCE`].
    Close,
    /// Equal to the last bit.
    Same,
}

/// What became of a query. `here` is the engine that is judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Both answered.
    BothAnswer {
        /// How equal the values are.
        values: Closeness,
        /// Whether the columns' types are the same.
        types: bool,
        /// Whether the columns' names are the same.
        names: bool,
        /// The first difference, if there is one.
        difference: Option<String>,
    },
    /// Both refused.
    BothRefuse {
        /// Whether for a reason of the same kind.
        same_kind: bool,
    },
    /// The construct is not supported here, whatever the reference says.
    NotSupported {
        /// What was said here.
        here: Refusal,
    },
    /// The reference answered and was refused here, or the engine here broke on a query that the reference refused.
    RefusedHere {
        /// What was said here.
        here: Refusal,
    },
    /// The reference refused what was answered here.
    AnsweredHere {
        /// What the reference said.
        reference: Refusal,
    },
}

impl Verdict {
    /// Whether the answers are equal in values (within the tolerance), types and names, or both refuse.
    pub fn is_equal(&self) -> bool {
        match self {
            Self::BothAnswer { difference, .. } => difference.is_none(),
            Self::BothRefuse { .. } => true,
            Self::NotSupported { .. } | Self::RefusedHere { .. } | Self::AnsweredHere { .. } => false,
        }
    }

    /// The first difference, in one line; none for equal answers.
    pub fn difference(&self) -> Option<String> {
        match self {
            Self::BothAnswer { difference, .. } => difference.clone(),
            Self::BothRefuse { .. } => None,
            Self::NotSupported { here } => Some(here.headline().to_owned()),
            Self::RefusedHere { here } => Some(format!("{}: {}", here.kind(), here.headline())),
            Self::AnsweredHere { reference } => {
                Some(format!("answers where Spark refuses: {}: {}", reference.kind(), reference.headline()))
            }
        }
    }
}

/// Compares the answer of the engine `here` to the reference's.
pub fn compare(query: &str, reference: &Outcome, here: &Outcome) -> Verdict {
    match (reference, here) {
        (_, Outcome::Refusal(here)) if here.kind() == "unsupported" => Verdict::NotSupported { here: here.clone() },
        (_, Outcome::Refusal(here)) if NO_ANSWER.contains(&here.kind()) => Verdict::RefusedHere { here: here.clone() },
        (Outcome::Refusal(reference), Outcome::Refusal(here)) => {
            Verdict::BothRefuse { same_kind: reference.kind == here.kind }
        }
        (Outcome::Table(_), Outcome::Refusal(here)) => Verdict::RefusedHere { here: here.clone() },
        (Outcome::Refusal(reference), Outcome::Table(_)) => Verdict::AnsweredHere { reference: reference.clone() },
        (Outcome::Table(reference), Outcome::Table(here)) => compare_tables(query, reference, here),
    }
}

fn compare_tables(query: &str, reference: &Table, here: &Table) -> Verdict {
    let (expected, got) = (Rows::of(reference), Rows::of(here));
    let (values, value_difference) = if expected.types.len() == got.types.len() {
        let names: Vec<&str> = reference.schema.iter().map(|(name, _)| name.as_str()).collect();
        rows::compare(&expected, &got, &row_order(query, &names))
    } else {
        let difference = format!("{} columns, Spark has {}", got.types.len(), expected.types.len());
        (Closeness::Different, Some(difference))
    };
    let type_difference = column_difference(reference, here, "type", |column| &column.1);
    let name_difference = column_difference(reference, here, "name", |column| &column.0);
    Verdict::BothAnswer {
        values,
        types: type_difference.is_none(),
        names: name_difference.is_none(),
        difference: value_difference.or(type_difference).or(name_difference),
    }
}

/// The first column whose name or type differs.
fn column_difference(
    reference: &Table,
    here: &Table,
    what: &str,
    of: impl Fn(&(String, String)) -> &String,
) -> Option<String> {
    let mut pairs = reference.schema.iter().zip(&here.schema).enumerate();
    let (at, (expected, got)) = pairs.find(|(_, (expected, got))| of(expected) != of(got))?;
    Some(format!("{what} of column {}: {}, Spark has {}", at + 1, of(got), of(expected)))
}

/// Rows with what their values are compared by.
struct Rows<'a> {
    types: Vec<CatalogType>,
    rows: &'a [Vec<Json>],
}

impl<'a> Rows<'a> {
    fn of(table: &'a Table) -> Self {
        Self { types: table.schema.iter().map(|(_, name)| CatalogType::of(name)).collect(), rows: &table.rows }
    }
}

#[cfg(test)]
mod tests;
