//! The types of generated columns, the values that stand in them, and the tables made of both.

use super::random::Random;

/// A type of columns and expressions.
#[derive(Debug)]
pub(super) struct ColumnType {
    /// Its name in the list of expressions and the end of its columns' names.
    pub(super) name: &'static str,
    /// Its name in SQL.
    sql: &'static str,
    /// Constants: ordinary ones and those at the edges.
    values: &'static [&'static str],
}

/// A generated table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// The view's name, and what its columns' names start with.
    name: &'static str,
    columns: Vec<String>,
    /// Constants; as many in each row as there are columns.
    rows: Vec<Vec<String>>,
}

/// Chances of NULL in a hundred.
const NULL_PERCENT: usize = 20;

/// Chances in a hundred that a row has the most frequent key.
const SKEW_PERCENT: usize = 60;

const MAX_ROWS: usize = 9;

const fn of(name: &'static str, sql: &'static str, values: &'static [&'static str]) -> ColumnType {
    ColumnType { name, sql, values }
}

/// All types.
pub(super) const TYPES: &[ColumnType] = &[
    of("boolean", "boolean", &["true", "false"]),
    of("tinyint", "tinyint", &["0", "1", "-1", "7", "127", "-128"]),
    of("smallint", "smallint", &["0", "1", "-3", "300", "32767", "-32768"]),
    of("int", "int", &["0", "1", "2", "-1", "-7", "42", "65536", "2147483647", "'-2147483648'"]),
    of("bigint", "bigint", &["0", "1", "-1", "10", "4294967296", "9223372036854775807", "'-9223372036854775808'"]),
    of(
        "float",
        "float",
        &["'0.0'", "'-0.0'", "'1.5'", "'-2.25'", "'0.1'", "'1e10'", "'3.4e38'", "'NaN'", "'Infinity'"],
    ),
    of(
        "double",
        "double",
        &[
            "'0.0'",
            "'-0.0'",
            "'1.5'",
            "'-2.5'",
            "'0.1'",
            "'1e16'",
            "'1e-7'",
            "'1e300'",
            "'NaN'",
            "'Infinity'",
            "'-Infinity'",
        ],
    ),
    of("decimal", "decimal(12,3)", &["'0'", "'1.5'", "'-2.005'", "'0.125'", "'999999999.999'", "'-999999999.999'"]),
    of("wide", "decimal(38,10)", &["'0'", "'1.0000000001'", "'-33.3'", "'9999999999999999999999999999.9999999999'"]),
    of(
        "string",
        "string",
        &[
            "''",
            "' '",
            "'a'",
            "'Ab c'",
            "'abcabc'",
            "'été'",
            "'😀x'",
            "'12'",
            "' -7 '",
            "'1.5e1'",
            "'true'",
            "'NaN'",
            "'2021-03-09'",
            "'2020-02-29 12:34:56.789'",
            "'a,b,,c'",
            "'%_\\\\\\\\'",
        ],
    ),
    of("binary", "binary", &["''", "'a'", "'été'", "unhex('00ff80')"]),
    of(
        "date",
        "date",
        &[
            "'1970-01-01'",
            "'2020-02-29'",
            "'2021-12-31'",
            "'1582-10-04'",
            "'0001-01-01'",
            "'9999-12-31'",
            "'1900-03-01'",
        ],
    ),
    of(
        "timestamp",
        "timestamp",
        &[
            "'1970-01-01 00:00:00'",
            "'2020-02-29 12:34:56.789012'",
            "'1969-12-31 23:59:59.999999'",
            "'2021-03-28 01:30:00'",
            "'0001-01-01 00:00:00'",
            "'9999-12-31 23:59:59'",
            "'1900-01-01 00:00:01'",
        ],
    ),
    of(
        "months",
        "interval year to month",
        &["interval '0-0' year to month", "interval '1-2' year to month", "interval '-3' month"],
    ),
    of(
        "duration",
        "interval day to second",
        &["interval '0' second", "interval '1 02:03:04.5' day to second", "interval '-1' day"],
    ),
    of("ints", "array<int>", &["array(1, 2, 3)", "array(1, null, 1)", "array(cast(null as int))", "array(-5)"]),
    of("strings", "array<string>", &["array('a', 'b')", "array('', null)", "array('b', 'a', 'b')"]),
    of("map", "map<string,int>", &["map('a', 1, 'b', 2)", "map('x', cast(null as int))", "map('', 0)"]),
];

/// The type with this name.
pub(super) fn type_named(name: &str) -> Option<&'static ColumnType> {
    TYPES.iter().find(|column_type| column_type.name == name)
}

impl ColumnType {
    /// A constant of this type, NULL sometimes.
    pub(super) fn constant(&self, random: &mut Random) -> String {
        match random.pick(self.values) {
            Some(value) if !random.percent(NULL_PERCENT) => format!("cast({value} as {})", self.sql),
            _ => self.null(),
        }
    }

    /// A query that has all constants of this type.
    pub(super) fn query(&self) -> String {
        let values = self.values.iter().map(|value| format!("(cast({value} as {}))", self.sql));
        let rows: Vec<_> = values.chain([format!("({})", self.null())]).collect();
        format!("SELECT * FROM VALUES {}", rows.join(", "))
    }

    /// NULL of this type.
    pub(super) fn null(&self) -> String {
        format!("cast(null as {})", self.sql)
    }

    /// The name of a table's column of this type.
    pub(super) fn column(&self, table: &str) -> String {
        format!("{table}_{}", self.name)
    }
}

impl Table {
    /// A table with the key `NAME_id`, the skewed key `NAME_k` and a column of each type.
    pub(super) fn random(name: &'static str, types: &[&'static ColumnType], random: &mut Random) -> Self {
        let mut columns = vec![format!("{name}_id"), format!("{name}_k")];
        columns.extend(types.iter().map(|column_type| column_type.column(name)));
        let rows = (0..random.below(MAX_ROWS) + 1)
            .map(|row| {
                let key = if random.percent(SKEW_PERCENT) { 1 } else { random.below(4) };
                let key = if key == 0 { "cast(null as int)".to_owned() } else { key.to_string() };
                let values = types.iter().map(|column_type| column_type.constant(random));
                [row.to_string(), key].into_iter().chain(values).collect()
            })
            .collect();
        Self { name, columns, rows }
    }

    /// The statement that makes it.
    pub(super) fn statement(&self) -> String {
        let rows: Vec<_> = self.rows.iter().map(|row| format!("  ({})", row.join(", "))).collect();
        format!(
            "CREATE TEMPORARY VIEW {name} AS SELECT * FROM VALUES\n{}\n  AS {name}({})",
            rows.join(",\n"),
            self.columns.join(", "),
            name = self.name
        )
    }

    /// Whether a query names it.
    pub(super) fn is_used_by(&self, query: &str) -> bool {
        words(query).any(|word| word == self.name)
    }

    /// The same without the columns that `query` does not name, if that leaves some.
    pub(super) fn with_columns_of(&self, query: &str) -> Option<Self> {
        let named: Vec<usize> =
            (0..self.columns.len()).filter(|at| words(query).any(|word| word == self.columns[*at])).collect();
        if named.is_empty() || named.len() == self.columns.len() {
            return None;
        }
        let keep = |cells: &[String]| named.iter().map(|at| cells[*at].clone()).collect();
        Some(Self {
            name: self.name,
            columns: keep(&self.columns),
            rows: self.rows.iter().map(|row| keep(row)).collect(),
        })
    }

    /// The same without one row, for each row.
    pub(super) fn without_a_row(&self) -> impl Iterator<Item = Self> {
        let several = self.rows.len() > 1;
        (0..self.rows.len()).filter(move |_| several).map(|at| {
            let mut smaller = self.clone();
            smaller.rows.remove(at);
            smaller
        })
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric() && character != '_')
}
