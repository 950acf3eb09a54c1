//! Scopes: which attributes a name can mean at a place in the query (Spark's `AttributeSeq`).

use super::attribute::Attribute;
use super::similarity;
use crate::error::{Result, SparkError};

/// An attribute with the name and the qualifier by which it can be reached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScopeColumn {
    /// The name, in the case in which it was defined.
    pub name: String,
    /// The relation's name or alias, if it has one.
    pub qualifier: Option<String>,
    /// What the name stands for.
    pub attribute: Attribute,
}

impl ScopeColumn {
    /// The name with its qualifier, as messages show it.
    pub fn qualified_name(&self) -> String {
        match &self.qualifier {
            Some(qualifier) => format!("{qualifier}.{}", self.name),
            None => self.name.clone(),
        }
    }

    fn is_named(&self, name: &str) -> bool {
        same_name(&self.name, name)
    }

    fn is_qualified_by(&self, qualifier: &str) -> bool {
        self.qualifier.as_deref().is_some_and(|own| same_name(own, qualifier))
    }
}

/// Names are compared without regard to case (`spark.sql.caseSensitive=false`).
pub(crate) fn same_name(left: &str, right: &str) -> bool {
    left == right || left.to_lowercase() == right.to_lowercase()
}

/// What a name was found to mean.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found<'a> {
    /// The column.
    pub column: &'a ScopeColumn,
    /// Name parts left over after the column: struct fields.
    pub fields: &'a [String],
    /// The name part that was matched with the column's name, in the user's case.
    pub written_name: &'a str,
}

/// The columns that names can mean at one place of a query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// The columns that `*` stands for, in order. An attribute may occur more than once.
    pub columns: Vec<ScopeColumn>,
    /// Columns that only a name (or a qualified star) reaches: the join columns that USING and NATURAL have merged
    /// (Spark's `hiddenOutput`).
    pub hidden: Vec<ScopeColumn>,
}

impl Scope {
    /// A scope of `columns` without hidden ones.
    pub fn new(columns: Vec<ScopeColumn>) -> Self {
        Self { columns, hidden: Vec::new() }
    }

    /// Finds what `parts` (`a`, `t.a`, `t.a.field`) means: qualified names first, then plain names with struct fields;
    /// hidden columns only if no other one matches.
    ///
    /// # Errors
    ///
    /// More than one attribute has this name.
    pub fn resolve<'a>(&'a self, parts: &'a [String]) -> Result<Option<Found<'a>>> {
        match Self::resolve_among(&self.columns, parts)? {
            Some(found) => Ok(Some(found)),
            None => Self::resolve_among(&self.hidden, parts),
        }
    }

    fn resolve_among<'a>(columns: &'a [ScopeColumn], parts: &'a [String]) -> Result<Option<Found<'a>>> {
        if let [qualifier, name, fields @ ..] = parts {
            let matches = columns.iter().filter(|c| c.is_qualified_by(qualifier) && c.is_named(name));
            if let Some(column) = one_of(matches, parts)? {
                return Ok(Some(Found { column, fields, written_name: name }));
            }
        }
        if let [name, fields @ ..] = parts {
            let matches = columns.iter().filter(|c| c.is_named(name));
            if let Some(column) = one_of(matches, parts)? {
                return Ok(Some(Found { column, fields, written_name: name }));
            }
        }
        Ok(None)
    }

    /// The columns that `qualifier.*` stands for: hidden ones first, as Spark's `UnresolvedStar` lists them.
    pub fn qualified_star(&self, qualifier: &str) -> Vec<&ScopeColumn> {
        self.hidden.iter().chain(&self.columns).filter(|c| c.is_qualified_by(qualifier)).collect()
    }

    /// The error for a name that means nothing here, with the columns there are, the most similar first.
    pub fn unresolved(&self, parts: &[String]) -> SparkError {
        let name = name_of(parts);
        let candidates = self.columns.iter().map(ScopeColumn::qualified_name).collect();
        let candidates = similarity::most_similar_first(&name, candidates);
        SparkError::analysis(format!("cannot resolve '{name}' given input columns: [{}]", candidates.join(", ")))
    }

    /// The same columns, all reached by `qualifier` from now on; what was hidden can't be reached any more.
    pub fn requalified(self, qualifier: &str) -> Self {
        let columns = self
            .columns
            .into_iter()
            .map(|column| ScopeColumn { qualifier: Some(qualifier.to_string()), ..column })
            .collect();
        Self::new(columns)
    }

    /// The columns of two relations side by side.
    pub fn joined(mut self, right: Self) -> Self {
        self.columns.extend(right.columns);
        self.hidden.extend(right.hidden);
        self
    }
}

/// The single column among `matches`. The same attribute twice under the same name is one column.
fn one_of<'a>(matches: impl Iterator<Item = &'a ScopeColumn>, parts: &[String]) -> Result<Option<&'a ScopeColumn>> {
    let mut distinct: Vec<&ScopeColumn> = Vec::new();
    for column in matches {
        if !distinct.contains(&column) {
            distinct.push(column);
        }
    }
    match distinct[..] {
        [] => Ok(None),
        [column] => Ok(Some(column)),
        _ => {
            let candidates: Vec<_> = distinct.iter().map(|c| c.qualified_name()).collect();
            Err(SparkError::analysis(format!(
                "Reference '{}' is ambiguous, could be: {}.",
                name_of(parts),
                candidates.join(", ")
            )))
        }
    }
}

fn name_of(parts: &[String]) -> String {
    parts.iter().map(|part| quote_if_needed(part)).collect::<Vec<_>>().join(".")
}

/// Backquotes around a name that is not a plain identifier (Spark's `quoteIfNeeded`).
pub(crate) fn quote_if_needed(name: &str) -> String {
    let plain = !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.chars().all(|c| c.is_ascii_digit());
    if plain { name.to_string() } else { format!("`{}`", name.replace('`', "``")) }
}

#[cfg(test)]
mod tests {
    use super::super::attribute::AttributeIds;
    use super::*;
    use crate::types::SparkType;

    fn scope(columns: &[(&str, &str)]) -> Scope {
        let ids = AttributeIds::default();
        let columns = columns
            .iter()
            .map(|(qualifier, name)| ScopeColumn {
                name: name.to_string(),
                qualifier: Some(qualifier.to_string()),
                attribute: ids.attribute(SparkType::Int, true),
            })
            .collect();
        Scope::new(columns)
    }

    fn parts(name: &str) -> Vec<String> {
        name.split('.').map(str::to_string).collect()
    }

    #[test]
    fn names_are_found_without_regard_to_case() {
        let scope = scope(&[("t", "Amount")]);
        for name in ["amount", "T.AMOUNT"] {
            let parts = parts(name);
            let found = scope.resolve(&parts).unwrap().unwrap();
            assert_eq!(found.column.name, "Amount");
            assert_eq!(found.written_name.to_lowercase(), "amount");
        }
    }

    #[test]
    fn an_ambiguous_name_is_refused_with_its_candidates() {
        let error = scope(&[("t", "a"), ("s", "A")]).resolve(&parts("a")).unwrap_err();
        assert_eq!(error.message, "Reference 'a' is ambiguous, could be: t.a, s.A.");
    }

    #[test]
    fn one_attribute_under_one_name_twice_is_not_ambiguous() {
        let mut scope = scope(&[("t", "a")]);
        scope.columns.push(scope.columns[0].clone());
        assert!(scope.resolve(&parts("a")).unwrap().is_some());
    }

    #[test]
    fn a_qualifier_wins_over_a_struct_column_of_the_same_name() {
        let scope = scope(&[("t", "a"), ("s", "t")]);
        let qualified = parts("t.a.x");
        let found = scope.resolve(&qualified).unwrap().unwrap();
        assert_eq!((found.column.name.as_str(), found.fields), ("a", &["x".to_string()][..]));
        let fields = parts("t.b");
        let found = scope.resolve(&fields).unwrap().unwrap();
        assert_eq!((found.column.name.as_str(), found.fields), ("t", &["b".to_string()][..]));
    }

    #[test]
    fn hidden_columns_are_the_last_choice() {
        let mut scope = scope(&[("t", "a"), ("s", "a")]);
        scope.hidden.push(scope.columns.pop().unwrap());
        assert_eq!(scope.resolve(&parts("a")).unwrap().unwrap().column.qualifier.as_deref(), Some("t"));
        assert_eq!(scope.resolve(&parts("s.a")).unwrap().unwrap().column.qualifier.as_deref(), Some("s"));
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_most_similar_columns_first() {
        let error = scope(&[("t", "price"), ("t", "quantity")]).unresolved(&parts("quantty"));
        assert_eq!(error.message, "cannot resolve 'quantty' given input columns: [t.quantity, t.price]");
    }
}
