//! Expressions: trees made from the list in `expressions.txt`.

use std::fmt;

use super::random::Random;
use super::tables::{ColumnType, TYPES, type_named};

/// Where the list says what it says of itself.
const LIST: &str = include_str!("expressions.txt");

/// The deepest expression.
const MAX_DEPTH: usize = 3;

/// Stands for any type in the list.
const ANY: &str = "T";

/// Stands for the column of a table that has another value in each row.
const KEY: &str = "key";

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// The type of the result, [`ANY`], or what else the line is for: `aggregate`, `window`.
    result: &'static str,
    /// The text around the holes; one more than there are holes.
    texts: Vec<&'static str>,
    /// The types of the holes.
    holes: Vec<&'static str>,
    /// The line itself.
    pub(super) line: &'static str,
}

/// The lines and the types that a run draws from.
#[derive(Clone, Debug)]
pub(super) struct Templates {
    lines: Vec<Template>,
    types: Vec<&'static ColumnType>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A column or a constant.
    Leaf {
        /// What it is worth.
        column_type: &'static str,
        /// Its SQL.
        text: String,
    },
    /// A line of the list with its holes filled.
    Made {
        /// The type of the result.
        column_type: &'static str,
        /// The line.
        template: Template,
        /// What fills the holes.
        arguments: Vec<Expression>,
    },
}

impl Template {
    fn parse(line: &'static str) -> Option<Self> {
        let (result, mut rest) = line.split_once(' ').map(|(result, rest)| (result, rest.trim()))?;
        let (mut texts, mut holes) = (Vec::new(), Vec::new());
        while let Some((text, after)) = rest.split_once('{') {
            let (hole, after) = after.split_once('}')?;
            texts.push(text);
            holes.push(hole);
            rest = after;
        }
        texts.push(rest);
        Some(Self { result, texts, holes, line })
    }
}

impl Templates {
    /// The whole list.
    pub(super) fn all() -> Self {
        let lines = LIST.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { lines: lines.filter_map(Template::parse).collect(), types: TYPES.iter().collect() }
    }

    /// The types.
    pub(super) fn types(&self) -> &[&'static ColumnType] {
        &self.types
    }

    /// One of the types.
    pub(super) fn any_type(&self, random: &mut Random) -> &'static ColumnType {
        random.pick(&self.types).copied().unwrap_or(&TYPES[0])
    }

    /// Takes a type off, and the lines that need it.
    pub(super) fn remove_type(&mut self, name: &str) {
        self.types.retain(|column_type| column_type.name != name);
        self.lines.retain(|line| line.result != name && !line.holes.contains(&name));
    }

    /// All lines.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Template> {
        self.lines.iter()
    }

    /// Takes a line off.
    pub(super) fn remove(&mut self, line: &str) {
        self.lines.retain(|template| template.line != line);
    }

    fn making(&self, result: &str) -> Vec<&Template> {
        let any = TYPES.iter().any(|column_type| column_type.name == result);
        self.lines.iter().filter(|template| template.result == result || any && template.result == ANY).collect()
    }

    /// An expression of a type over the columns of these tables.
    pub(super) fn expression(
        &self,
        column_type: &'static ColumnType,
        tables: &[&str],
        depth: usize,
        random: &mut Random,
    ) -> Expression {
        if depth < MAX_DEPTH && random.percent(75) {
            let making = self.making(column_type.name);
            if let Some(template) = random.pick(&making) {
                return self.fill(template, column_type.name, tables, depth, random);
            }
        }
        let text = match random.pick(tables) {
            Some(table) if random.percent(80) => column_type.column(table),
            _ => column_type.constant(random),
        };
        Expression::Leaf { column_type: column_type.name, text }
    }

    /// An expression of any type.
    pub(super) fn any_expression(&self, tables: &[&str], random: &mut Random) -> Expression {
        let column_type = self.any_type(random);
        self.expression(column_type, tables, 0, random)
    }

    /// A call of a function that the list keeps under `what`: `aggregate`, `window`.
    pub(super) fn special(&self, what: &'static str, tables: &[&str], random: &mut Random) -> Option<Expression> {
        let making = self.making(what);
        let template = random.pick(&making)?;
        // One level less: the arguments of such functions need not be deep.
        Some(self.fill(template, what, tables, 1, random))
    }

    /// The simplest expression of a line: columns in all holes.
    pub(super) fn simplest(&self, template: &Template, table: &str) -> Expression {
        let any = if template.result == ANY || template.holes.contains(&ANY) { "int" } else { template.result };
        let column_type = if template.result == ANY { any } else { template.result };
        let arguments = template.holes.iter().map(|hole| {
            if *hole == KEY {
                return key(&[table]);
            }
            let hole = if *hole == ANY { any } else { hole };
            let text = type_named(hole).map_or_else(String::new, |hole| hole.column(table));
            Expression::Leaf { column_type: hole, text }
        });
        Expression::Made { column_type, template: template.clone(), arguments: arguments.collect() }
    }

    fn fill(
        &self,
        template: &Template,
        column_type: &'static str,
        tables: &[&str],
        depth: usize,
        random: &mut Random,
    ) -> Expression {
        let drawn = self.any_type(random).name;
        let any = if template.result == ANY { column_type } else { drawn };
        let arguments = template.holes.iter().map(|hole| {
            if *hole == KEY {
                return key(tables);
            }
            let hole = type_named(if *hole == ANY { any } else { hole }).unwrap_or(&TYPES[0]);
            self.expression(hole, tables, depth + 1, random)
        });
        Expression::Made { column_type, template: template.clone(), arguments: arguments.collect() }
    }
}

/// The key of the first of the tables.
fn key(tables: &[&str]) -> Expression {
    let text = tables.first().map_or_else(|| "NULL".to_owned(), |table| format!("{table}_id"));
    Expression::Leaf { column_type: KEY, text }
}

impl Expression {
    fn column_type(&self) -> &'static str {
        match self {
            Self::Leaf { column_type, .. } | Self::Made { column_type, .. } => column_type,
        }
    }

    /// The lines that it was made from.
    pub(super) fn lines(&self, out: &mut Vec<&'static str>) {
        if let Self::Made { template, arguments, .. } = self {
            out.push(template.line);
            arguments.iter().for_each(|argument| argument.lines(out));
        }
    }

    /// The arguments, of whatever type.
    pub(super) fn parts(&self) -> &[Self] {
        match self {
            Self::Leaf { .. } => &[],
            Self::Made { arguments, .. } => arguments,
        }
    }

    /// Smaller expressions of the same type: an argument in place of the whole, NULL, a smaller argument.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let Self::Made { column_type, template, arguments } = self else { return Vec::new() };
        let mut smaller: Vec<Self> =
            arguments.iter().filter(|argument| argument.column_type() == *column_type).cloned().collect();
        for (at, argument) in arguments.iter().enumerate() {
            let simpler = argument.smaller().into_iter().chain(argument.as_null());
            smaller.extend(simpler.map(|argument| {
                let mut arguments = arguments.clone();
                arguments[at] = argument;
                Self::Made { column_type, template: template.clone(), arguments }
            }));
        }
        smaller
    }

    /// NULL in place of a call.
    fn as_null(&self) -> Option<Self> {
        let Self::Made { column_type, .. } = self else { return None };
        let text = type_named(column_type)?.null();
        Some(Self::Leaf { column_type, text })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaf { text, .. } => f.write_str(text),
            Self::Made { template, arguments, .. } => {
                for (text, argument) in template.texts.iter().zip(arguments) {
                    // An operator's argument needs parentheses, a function's does not: both understand them.
                    match argument {
                        Self::Leaf { .. } => write!(f, "{text}{argument}")?,
                        Self::Made { .. } => write!(f, "{text}({argument})")?,
                    }
                }
                f.write_str(template.texts.last().copied().unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_well_formed() {
        let known = |name: &str| name == ANY || name == KEY || type_named(name).is_some();
        for line in LIST.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
            let template = Template::parse(line).unwrap_or_else(|| panic!("{line}"));
            assert!(known(template.result) || ["aggregate", "window"].contains(&template.result), "{line}");
            assert!(template.holes.iter().all(|hole| known(hole)), "{line}");
        }
    }

    #[test]
    fn smaller_expressions_keep_the_type() {
        let templates = Templates::all();
        let mut random = Random::new(1, 1);
        for column_type in TYPES {
            let expression = templates.expression(column_type, &["t"], 0, &mut random);
            assert!(expression.smaller().iter().all(|smaller| smaller.column_type() == column_type.name));
        }
    }
}
