//! Rules of the language that settings can change.

/// How names and numbers in clauses are taken. The default is Spark's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Whether a number in GROUP BY is a column of the SELECT list (`spark.sql.groupByOrdinal`).
    pub group_by_ordinal: bool,
    /// Whether a name in GROUP BY may be an alias of the SELECT list (`spark.sql.groupByAliases`).
    pub group_by_aliases: bool,
    /// Whether a number in ORDER BY and SORT BY is a column of the SELECT list (`spark.sql.orderByOrdinal`).
    pub order_by_ordinal: bool,
    /// Whether a WITH query inside another may have the name of one outside, which it hides; else that is an error
    /// (`spark.sql.legacy.ctePrecedencePolicy` is CORRECTED, not EXCEPTION).
    pub inner_ctes_hide: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { group_by_ordinal: true, group_by_aliases: true, order_by_ordinal: true, inner_ctes_hide: false }
    }
}
