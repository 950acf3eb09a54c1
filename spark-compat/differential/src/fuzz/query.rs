//! Queries: shapes of relational algebra, filled with expressions.

use std::fmt;

use super::Shapes;
use super::expressions::{Expression, Templates};
use super::random::Random;
use super::tables::TYPES;

/// A query over the tables `t` and `u`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    shape: Shape,
    /// What is selected besides keys.
    select: Vec<Expression>,
    /// WHERE.
    filter: Option<Expression>,
    /// What the shape needs one expression for: the ON of a join, the WHERE of a subquery, the HAVING of groups.
    condition: Option<Expression>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Shape {
    Plain,
    Ordered { limit: usize },
    Distinct,
    Grouped { by: Option<Expression> },
    Window,
    Join { kind: &'static str },
    Set { operator: &'static str, other: Vec<Expression> },
    In { not: &'static str, left: Expression, right: Expression },
    Exists { not: &'static str },
    Scalar { aggregate: Expression },
}

/// The tables of expressions that see the first one only, the second one only, or both.
const T: &[&str] = &["t"];
const U: &[&str] = &["u"];
const BOTH: &[&str] = &["t", "u"];

const JOINS: &[&str] = &["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "LEFT SEMI JOIN", "LEFT ANTI JOIN"];
const SETS: &[&str] = &["UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"];
const NEGATIONS: &[&str] = &["", "NOT "];

impl Query {
    pub(super) fn random(templates: &Templates, shapes: Shapes, random: &mut Random) -> Self {
        let boolean = &TYPES[0];
        let condition = |random: &mut Random, tables: &[&str]| {
            random.percent(40).then(|| templates.expression(boolean, tables, 1, random))
        };
        let filter = condition(random, T);
        let negation = random.pick(NEGATIONS).copied().unwrap_or_default();
        let plain = |select| Self { shape: Shape::Plain, select, filter: filter.clone(), condition: None };
        let of = match shapes {
            Shapes::Scalars => 4,
            Shapes::All => 14,
        };
        match random.below(of) {
            0..4 => plain(any(templates, T, random)),
            4 => Self { shape: Shape::Ordered { limit: random.below(6) }, ..plain(any(templates, T, random)) },
            5 => Self { shape: Shape::Distinct, ..plain(any(templates, T, random)) },
            6 | 7 => {
                let by = random.percent(30).then(|| templates.any_expression(T, random));
                let condition = condition(random, &[]);
                Self { shape: Shape::Grouped { by }, condition, ..plain(special(templates, "aggregate", random)) }
            }
            8 => Self { shape: Shape::Window, ..plain(special(templates, "window", random)) },
            9 | 10 => {
                let kind = random.pick(JOINS).copied().unwrap_or("JOIN");
                let tables = if is_half_join(kind) { T } else { BOTH };
                let condition = condition(random, BOTH);
                Self { shape: Shape::Join { kind }, condition, ..plain(any(templates, tables, random)) }
            }
            11 => {
                let operator = random.pick(SETS).copied().unwrap_or("UNION ALL");
                let column_type = templates.any_type(random);
                let mut side = |tables| vec![templates.expression(column_type, tables, 1, random)];
                let (select, other) = (side(T), side(U));
                Self { shape: Shape::Set { operator, other }, ..plain(select) }
            }
            12 => {
                let column_type = templates.any_type(random);
                let left = templates.expression(column_type, T, 2, random);
                let right = templates.expression(column_type, U, 2, random);
                let condition = condition(random, U);
                let shape = Shape::In { not: negation, left, right };
                Self { shape, condition, filter: None, ..plain(any(templates, T, random)) }
            }
            _ if random.percent(50) => {
                let condition = condition(random, BOTH);
                let shape = Shape::Exists { not: negation };
                Self { shape, condition, filter: None, ..plain(any(templates, T, random)) }
            }
            _ => match templates.special("aggregate", U, random) {
                Some(aggregate) => {
                    let condition = condition(random, U);
                    Self { shape: Shape::Scalar { aggregate }, condition, ..plain(any(templates, T, random)) }
                }
                None => plain(any(templates, T, random)),
            },
        }
    }

    /// A query that selects one expression of `t`.
    pub(super) fn of(expression: Expression, what: &str) -> Self {
        let shape = match what {
            "aggregate" => Shape::Grouped { by: None },
            "window" => Shape::Window,
            _ => Shape::Plain,
        };
        Self { shape, select: vec![expression], filter: None, condition: None }
    }

    /// The lines of the list that it was made from.
    pub(super) fn lines(&self) -> Vec<&'static str> {
        let mut lines = Vec::new();
        let of_shape: Vec<&Expression> = match &self.shape {
            Shape::Grouped { by: Some(by) } => vec![by],
            Shape::Set { other, .. } => other.iter().collect(),
            Shape::In { left, right, .. } => vec![left, right],
            Shape::Scalar { aggregate } => vec![aggregate],
            _ => Vec::new(),
        };
        let all = self.select.iter().chain(&self.filter).chain(&self.condition).chain(of_shape);
        all.for_each(|expression| expression.lines(&mut lines));
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// Smaller queries, the smallest first. Some may be refused by both sides; those show no difference.
    pub(super) fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        if matches!(self.shape, Shape::Ordered { .. } | Shape::Distinct | Shape::In { .. } | Shape::Exists { .. })
            || matches!(self.shape, Shape::Join { .. } | Shape::Set { .. } | Shape::Scalar { .. })
        {
            smaller.push(Self { shape: Shape::Plain, condition: None, ..self.clone() });
        }
        if let Shape::Grouped { by: Some(_) } = self.shape {
            smaller.push(Self { shape: Shape::Grouped { by: None }, ..self.clone() });
        }
        if self.select.len() > 1 {
            smaller.extend(self.select.iter().map(|item| Self { select: vec![item.clone()], ..self.clone() }));
        }
        if !self.select.is_empty() && self.can_select_nothing() {
            smaller.push(Self { select: Vec::new(), ..self.clone() });
        }
        smaller.extend(self.filter.is_some().then(|| Self { filter: None, ..self.clone() }));
        smaller.extend(self.condition.is_some().then(|| Self { condition: None, ..self.clone() }));
        // A set operation keeps the types of its columns, and what a function is called for must stay a call of it.
        let free = !matches!(self.shape, Shape::Set { .. } | Shape::Grouped { .. } | Shape::Window);
        for at in 0..self.select.len() {
            let parts = self.select[at].parts().iter().filter(|_| free).cloned();
            smaller.extend(parts.chain(self.select[at].smaller()).map(|item| {
                let mut query = self.clone();
                query.select[at] = item;
                query
            }));
        }
        if let (Shape::Plain, Some(filter)) = (&self.shape, &self.filter) {
            smaller.push(Self { select: vec![filter.clone()], filter: None, ..self.clone() });
        }
        let filters = self.filter.iter().flat_map(Expression::smaller);
        smaller.extend(filters.map(|filter| Self { filter: Some(filter), ..self.clone() }));
        let conditions = self.condition.iter().flat_map(Expression::smaller);
        smaller.extend(conditions.map(|condition| Self { condition: Some(condition), ..self.clone() }));
        smaller.extend(self.shape.smaller().into_iter().map(|shape| Self { shape, ..self.clone() }));
        smaller
    }

    /// Whether keys alone make a result.
    fn can_select_nothing(&self) -> bool {
        !matches!(self.shape, Shape::Window)
    }
}

impl Shape {
    fn smaller(&self) -> Vec<Self> {
        match self {
            Self::Grouped { by: Some(by) } => {
                by.smaller().into_iter().map(|by| Self::Grouped { by: Some(by) }).collect()
            }
            Self::Scalar { aggregate } => {
                aggregate.smaller().into_iter().map(|aggregate| Self::Scalar { aggregate }).collect()
            }
            Self::Set { operator, other } => {
                let others = other.iter().flat_map(Expression::smaller);
                others.map(|other| Self::Set { operator, other: vec![other] }).collect()
            }
            Self::In { not, left, right } => {
                let lefts = left.smaller().into_iter().map(|left| (left, right.clone()));
                let rights = right.smaller().into_iter().map(|right| (left.clone(), right));
                lefts.chain(rights).map(|(left, right)| Self::In { not, left, right }).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn any(templates: &Templates, tables: &[&str], random: &mut Random) -> Vec<Expression> {
    (0..random.below(3) + 1).map(|_| templates.any_expression(tables, random)).collect()
}

fn special(templates: &Templates, what: &'static str, random: &mut Random) -> Vec<Expression> {
    (0..random.below(3) + 1).filter_map(|_| templates.special(what, T, random)).collect()
}

fn is_half_join(kind: &str) -> bool {
    kind.contains("SEMI") || kind.contains("ANTI")
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let select = |keys: &[&str], over: &str| {
            let keys = keys.iter().map(ToString::to_string);
            keys.chain(self.select.iter().map(|item| format!("{item}{over}"))).collect::<Vec<_>>().join(", ")
        };
        let and = |condition: &Option<Expression>| {
            condition.as_ref().map(|condition| format!(" AND ({condition})")).unwrap_or_default()
        };
        let filter = self.filter.as_ref().map(|filter| format!(" WHERE {filter}")).unwrap_or_default();
        match &self.shape {
            Shape::Plain => write!(f, "SELECT {} FROM t{filter}", select(&["t_id"], "")),
            Shape::Ordered { limit } => {
                write!(f, "SELECT {} FROM t{filter} ORDER BY t_id DESC LIMIT {limit}", select(&["t_id"], ""))
            }
            Shape::Distinct => write!(f, "SELECT DISTINCT {} FROM t{filter}", select(&["t_k"], "")),
            Shape::Grouped { by } => {
                let by = by.as_ref().map_or_else(|| "t_k".to_owned(), ToString::to_string);
                let having = self.condition.as_ref().map(|having| format!(" HAVING {having}")).unwrap_or_default();
                write!(f, "SELECT {} FROM t{filter} GROUP BY {by}{having}", select(&[&by], ""))
            }
            Shape::Window => {
                let over = " OVER (PARTITION BY t_k ORDER BY t_id)";
                write!(f, "SELECT {} FROM t{filter}", select(&["t_id"], over))
            }
            Shape::Join { kind } => {
                let keys: &[&str] = if is_half_join(kind) { &["t_id"] } else { &["t_id", "u_id"] };
                write!(f, "SELECT {} FROM t {kind} u ON t_k = u_k{}{filter}", select(keys, ""), and(&self.condition))
            }
            Shape::Set { operator, other } => {
                let other: Vec<_> = other.iter().map(|item| format!(", {item}")).collect();
                write!(
                    f,
                    "SELECT {} FROM t{filter} {operator} SELECT u_k{} FROM u",
                    select(&["t_k"], ""),
                    other.concat()
                )
            }
            Shape::In { not, left, right } => {
                let inner = self.condition.as_ref().map(|inner| format!(" WHERE {inner}")).unwrap_or_default();
                let select = select(&["t_id"], "");
                write!(f, "SELECT {select} FROM t WHERE ({left}) {not}IN (SELECT {right} FROM u{inner})")
            }
            Shape::Exists { not } => {
                let (select, condition) = (select(&["t_id"], ""), and(&self.condition));
                write!(f, "SELECT {select} FROM t WHERE {not}EXISTS (SELECT 1 FROM u WHERE u_k = t_k{condition})")
            }
            Shape::Scalar { aggregate } => {
                let scalar = format!("(SELECT {aggregate} FROM u WHERE u_k = t_k{})", and(&self.condition));
                write!(f, "SELECT {} FROM t{filter}", select(&["t_id", &scalar], ""))
            }
        }
    }
}
