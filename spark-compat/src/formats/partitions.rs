//! Columns whose values are the names of folders (`year=2024/month=01/`), by the rules of Spark's `PartitioningUtils`.

use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef};
use datafusion::common::ScalarValue;

use super::csv::value;
use super::schema::refuse_duplicates_in;
use crate::cast::from_string::parse_decimal;
use crate::coercion;
use crate::datetime::parse;
use crate::datetime::pattern::Reader;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::json::columns::{Column, Leaf};
use crate::parse::literal::DecimalText;
use crate::resolver::{TableColumn, same_name};
use crate::types::{MAX_PRECISION, SparkType, StructField};

/// What stands in the place of NULL.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The pattern of values that are timestamps.
const TIMESTAMP: &str = "yyyy-MM-dd HH:mm:ss[.S]";

/// How the types of partition columns are found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartitionRules {
    /// Whether they are found by the values (`spark.sql.sources.partitionColumnTypeInference.enabled`), or strings.
    pub infers_types: bool,
    /// The time zone of values that are timestamps.
    pub zone: Zone,
}

/// The partition columns of a table.
#[derive(Debug, Default)]
pub(super) struct Partitions {
    /// The columns, outermost first.
    pub columns: Vec<TableColumn>,
    /// For each folder the values of the columns; `None` if the folder is no partition.
    pub values: Vec<Option<Vec<ScalarValue>>>,
}

impl Partitions {
    /// The partition columns of a table with files in these `folders`, each given by the names below the table's own folder.
    ///
    /// # Errors
    ///
    /// The folders don't agree about the columns, or a value is none of its column's declared type.
    pub fn find(folders: &[Vec<String>], declared: Option<&[StructField]>, rules: PartitionRules) -> Result<Self> {
        let found: Vec<Found<'_>> = folders.iter().map(|folder| Found::of(folder)).collect::<Result<_>>()?;
        let Some(first) = found.iter().find(|found| !found.values.is_empty()) else {
            return Ok(Self { columns: Vec::new(), values: vec![None; folders.len()] });
        };
        check_one_base(&found)?;
        check_one_list_of_names(&found)?;
        let patterns = Patterns::new()?;
        let columns = first.values.iter().enumerate().map(|(at, (name, _))| {
            let values = found.iter().filter_map(|found| found.values.get(at)).map(|(_, value)| *value);
            column(name, values, declared, rules, &patterns)
        });
        let columns: Vec<TableColumn> = columns.collect::<Result<_>>()?;
        refuse_duplicates_in("partition schema", &columns)?;
        let values = found.iter().map(|found| {
            let values =
                found.values.iter().zip(&columns).map(|((_, value), column)| scalar(value, column, rules.zone));
            (!found.values.is_empty()).then(|| values.collect::<Result<Vec<ScalarValue>>>()).transpose()
        });
        let values = values.collect::<Result<_>>()?;
        Ok(Self { columns, values })
    }

    /// The columns as fields of an Arrow schema.
    pub fn fields(&self) -> Vec<FieldRef> {
        self.columns
            .iter()
            .map(|column| Arc::new(Field::new(&column.name, column.data_type.to_arrow(), true)))
            .collect()
    }
}

/// What the path of a folder says.
struct Found<'f> {
    /// The folders above the first partition column; the whole path if there is none.
    base: Vec<String>,
    /// Names of columns, and values as they are written.
    values: Vec<(String, &'f str)>,
}

impl<'f> Found<'f> {
    /// The partition that a folder is: its name and those of the folders above it, up to one that names no column.
    fn of(folder: &'f [String]) -> Result<Self> {
        let mut values = Vec::new();
        let mut base = folder.len();
        for (at, name) in folder.iter().enumerate().rev() {
            match name.split_once('=') {
                Some((_, "")) => return Err(malformed(format!("Empty partition column value in '{name}'"))),
                Some(("", _)) => return Err(malformed(format!("Empty partition column name in '{name}'"))),
                Some((column, value)) => {
                    values.push((unescaped(column), value));
                    base = at;
                }
                None if !values.is_empty() => break,
                None => {}
            }
        }
        values.reverse();
        let base = folder.iter().take(base).map(|name| name.to_lowercase()).collect();
        Ok(Self { base, values })
    }
}

fn malformed(message: String) -> SparkError {
    SparkError::execution(format!("assertion failed: {message}"))
}

fn check_one_base(found: &[Found<'_>]) -> Result<()> {
    let mut bases: Vec<&[String]> = Vec::new();
    for base in found.iter().map(|found| found.base.as_slice()) {
        if !bases.contains(&base) {
            bases.push(base);
        }
    }
    if bases.len() < 2 {
        return Ok(());
    }
    let bases: Vec<String> = bases.iter().map(|base| format!("\n\t{}", base.join("/"))).collect();
    Err(malformed(format!(
        "Conflicting directory structures detected. Suspicious paths:{}\n\nRead tables of their own one by one and union them.",
        bases.concat()
    )))
}

fn check_one_list_of_names(found: &[Found<'_>]) -> Result<()> {
    let mut lists: Vec<String> = Vec::new();
    for found in found.iter().filter(|found| !found.values.is_empty()) {
        let names: Vec<&str> = found.values.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        if !lists.iter().any(|known| same_name(known, &names)) {
            lists.push(names);
        }
    }
    if lists.len() < 2 {
        return Ok(());
    }
    let lists = lists.iter().enumerate().map(|(at, names)| format!("\n\tPartition column name list #{at}: {names}"));
    Err(malformed(format!(
        "Conflicting partition column names detected:\n{}\n\nFor partitioned table directories, data files should only live in \
         leaf directories. And directories at the same level should have the same partition column name.",
        lists.collect::<String>()
    )))
}

/// The column of a name: as it was declared, or of the type that holds all its values.
fn column<'v>(
    name: &str,
    values: impl Iterator<Item = &'v str>,
    declared: Option<&[StructField]>,
    rules: PartitionRules,
    patterns: &Patterns,
) -> Result<TableColumn> {
    if let Some(field) = declared.unwrap_or_default().iter().find(|field| same_name(&field.name, name)) {
        return Ok(TableColumn { name: field.name.clone(), data_type: field.data_type.clone(), nullable: true });
    }
    let types = values.map(|value| match rules.infers_types {
        true => patterns.type_of(value, rules.zone),
        false if value == NULL => SparkType::Void,
        false => SparkType::String,
    });
    let data_type = types.reduce(|a, b| wider(&a, &b)).unwrap_or(SparkType::Void);
    Ok(TableColumn { name: name.to_string(), data_type, nullable: true })
}

/// The type that holds values of both; strings hold everything, and nothing may lose digits.
fn wider(a: &SparkType, b: &SparkType) -> SparkType {
    use SparkType as T;
    match (a, b) {
        (T::Double, T::Decimal { .. } | T::Long) | (T::Decimal { .. } | T::Long, T::Double) => T::String,
        _ => coercion::wider_type(a, b).unwrap_or(T::String),
    }
}

/// What tells dates and timestamps from strings.
struct Patterns {
    date: Reader,
    timestamp: Reader,
}

impl Patterns {
    fn new() -> Result<Self> {
        Ok(Self { date: Reader::new("yyyy-MM-dd")?, timestamp: Reader::new(TIMESTAMP)? })
    }

    /// The type of a value: the first that reads it.
    fn type_of(&self, raw: &str, zone: Zone) -> SparkType {
        if value::integer::<i32>(raw).is_some() {
            return SparkType::Int;
        }
        if value::integer::<i64>(raw).is_some() {
            return SparkType::Long;
        }
        if let Some(precision) = whole_digits(raw) {
            return SparkType::decimal(precision, 0);
        }
        if value::java_double(raw).is_some() {
            return SparkType::Double;
        }
        let reads = |pattern: &Reader, text: &str| matches!(pattern.read(text, zone, &mut Vec::new()), Ok(Some(_)));
        let text = unescaped(raw);
        if reads(&self.timestamp, &text) && parse::timestamp(&text, &zone, 0).is_some() {
            return SparkType::Timestamp;
        }
        if reads(&self.date, raw) && parse::date(raw).is_some() {
            return SparkType::Date;
        }
        if raw == NULL { SparkType::Void } else { SparkType::String }
    }
}

/// How many digits a number without a fraction has, if a decimal holds them.
fn whole_digits(raw: &str) -> Option<u8> {
    let DecimalText { digits, scale, .. } = DecimalText::read(raw).filter(|number| number.scale <= 0)?;
    let digits = i64::try_from(digits.len()).ok()?.max(1).checked_sub(scale)?;
    u8::try_from(digits).ok().filter(|digits| *digits <= MAX_PRECISION)
}

/// The value of a partition as a value of its column's type.
fn scalar(raw: &str, column: &TableColumn, zone: Zone) -> Result<ScalarValue> {
    let text = unescaped(raw);
    let leaf = match raw {
        NULL => Leaf::Null,
        _ => leaf(raw, &text, &column.data_type, zone)?.ok_or_else(|| {
            SparkError::execution(format!(
                "Failed to cast value `{raw}` to `{}` for partition column `{}`",
                column.data_type, column.name
            ))
        })?,
    };
    let mut values = Column::new(&column.data_type);
    values.push(leaf);
    Ok(ScalarValue::try_from_array(&values.finish(&column.data_type)?, 0)?)
}

/// The value as a value of a type; `None` if it is none of it. Times that are none are NULL.
fn leaf<'t>(raw: &str, text: &'t str, data_type: &SparkType, zone: Zone) -> Result<Option<Leaf<'t>>> {
    use SparkType as T;
    Ok(match data_type {
        T::Void => Some(Leaf::Null),
        T::String => Some(Leaf::Text(text)),
        T::Int => value::integer::<i32>(raw).map(|number| Leaf::Integer(number.into())),
        T::Long => value::integer(raw).map(Leaf::Integer),
        T::Double => value::java_double(raw).map(Leaf::Double),
        T::Decimal { precision, scale } => {
            if DecimalText::read(raw).is_some_and(|number| number.scale > i64::from(*scale)) {
                // Spark keeps digits behind those that the column shows, and compares by them.
                return Err(SparkError::unsupported(format!("the partition value {raw} as a {data_type}")));
            }
            parse_decimal(raw, *precision, *scale).map(Leaf::Decimal)
        }
        T::Date => Some(parse::date(raw).map_or(Leaf::Null, |days| Leaf::Integer(days.into()))),
        T::Timestamp => Some(parse::timestamp(text, &zone, 0).map_or(Leaf::Null, Leaf::Integer)),
        _ => None,
    })
}

/// A name in which `%` and two hexadecimal digits stand for a character (Spark's `ExternalCatalogUtils.unescapePathName`).
fn unescaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(character) = rest.chars().next() {
        let code = rest.get(..3).filter(|_| character == '%').and_then(|escape| escape.get(1..));
        let code = code.filter(|code| code.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => {
                text.push(code.into());
                rest = rest.get(3..).unwrap_or_default();
            }
            None => {
                text.push(character);
                rest = rest.get(character.len_utf8()..).unwrap_or_default();
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(folders: &[&str]) -> Result<Vec<String>> {
        let folders: Vec<Vec<String>> =
            folders.iter().map(|folder| folder.split('/').map(str::to_string).collect()).collect();
        let rules = PartitionRules { infers_types: true, zone: Zone::UTC };
        let columns = Partitions::find(&folders, None, rules)?.columns;
        Ok(columns.iter().map(|column| format!("{} {}", column.name, column.data_type)).collect())
    }

    #[test]
    fn a_column_has_the_type_that_holds_all_its_values() {
        assert_eq!(columns(&["a=1/b=x", "a=3000000000/b=2"]).unwrap(), ["a bigint", "b string"]);
        assert_eq!(columns(&["a=3000000000", "a=1.5"]).unwrap(), ["a string"]);
        assert_eq!(columns(&["a=1e3"]).unwrap(), ["a decimal(4,0)"]);
        assert_eq!(columns(&["a=2020-01-01", "a=2020-01-01 10%3A11%3A12"]).unwrap(), ["a timestamp"]);
        assert_eq!(columns(&["a=__HIVE_DEFAULT_PARTITION__"]).unwrap(), ["a void"]);
    }

    #[test]
    fn folders_must_agree_about_where_columns_begin_and_what_they_are_called() {
        for folders in [&["a=1", "old"][..], &["x/a=1", "y/a=1"]] {
            assert!(columns(folders).unwrap_err().message.contains("Conflicting directory structures"), "{folders:?}");
        }
        for folders in [&["a=1", "b=1"][..], &["a=1", "a=1/b=1"]] {
            assert!(
                columns(folders).unwrap_err().message.contains("Conflicting partition column names"),
                "{folders:?}"
            );
        }
        assert_eq!(columns(&["x/a=1", "x/A=2"]).unwrap(), ["a int"]);
        assert!(columns(&["a="]).unwrap_err().message.contains("Empty partition column value"));
    }

    #[test]
    fn escapes_are_two_hexadecimal_digits() {
        assert_eq!(["%41%2F", "%zz", "50%", "%4", "é%C3"].map(unescaped), ["A/", "%zz", "50%", "%4", "éÃ"]);
    }
}
