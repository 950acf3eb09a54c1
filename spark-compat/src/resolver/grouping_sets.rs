//! GROUP BY as it is written: plain expressions, GROUPING SETS, ROLLUP and CUBE in all their forms, and the sets they come to.
//!
//! Several of them in one GROUP BY multiply: each set of one is joined with each set of the others.

use datafusion::logical_expr::{Expr, Operator, binary_expr, lit};
use sqlparser::ast;

use super::{AttributeIds, name_parts, refuse};
use crate::error::{ErrorKind, Result, SparkError};
use crate::functions;
use crate::resolver::attribute::Attribute;
use crate::types::SparkType;

/// A GROUP BY may come to this many sets: each row of the input is grouped once for every one of them.
const MAX_SETS: usize = 4096;

/// More keys than this have no `grouping_id` (Spark's `GroupingID` has as many bits).
pub(super) const MAX_KEYS: usize = 63;

/// What a GROUP BY clause groups by.
#[derive(Debug, Default)]
pub(super) struct GroupBy<'a> {
    /// The expressions in the order in which `grouping_id` counts them; the same may occur again.
    pub exprs: Vec<&'a ast::Expr>,
    /// The sets, each as places in `exprs`; `None` where all expressions are the only one.
    pub sets: Option<Vec<Vec<usize>>>,
}

/// The sets of an aggregation, as numbers of its keys.
#[derive(Debug)]
pub(super) struct Sets {
    /// The keys of each set, in rising order.
    pub sets: Vec<Vec<usize>>,
    /// The attribute that says which keys a row was not grouped by.
    pub id: Attribute,
}

impl Sets {
    /// The sets of `group_by` for keys of which `key_of` says where each of its expressions went.
    pub fn new(sets: &[Vec<usize>], key_of: &[usize], ids: &AttributeIds) -> Self {
        let keys = |set: &Vec<usize>| {
            let mut keys: Vec<usize> = set.iter().filter_map(|place| key_of.get(*place).copied()).collect();
            keys.sort_unstable();
            keys.dedup();
            keys
        };
        Self { sets: sets.iter().map(keys).collect(), id: ids.attribute(SparkType::Long, false) }
    }

    /// The keys in the order in which they first occur in the sets; a key that is in none is left out.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::new();
        for key in self.sets.iter().flatten() {
            if !order.contains(key) {
                order.push(*key);
            }
        }
        order
    }

    /// 1 where a row was not grouped by `key`, else 0: a bigint.
    ///
    /// The number that the aggregation gives to a set has a bit for each key of [`Sets::order`], the last one lowest.
    pub fn bit(&self, key: usize) -> Expr {
        let order = self.order();
        match order.iter().position(|other| *other == key) {
            Some(place) => {
                let shift = i64::try_from(order.len() - 1 - place).unwrap_or_default();
                let shifted = binary_expr(self.id.expr(), Operator::BitwiseShiftRight, lit(shift));
                binary_expr(shifted, Operator::BitwiseAnd, lit(1i64))
            }
            None => lit(1i64),
        }
    }

    /// The bits of `count` keys, the first one highest.
    pub fn bits(&self, count: usize) -> Expr {
        if self.order().into_iter().eq(0..count) {
            let mask = (1i64 << count.min(MAX_KEYS)) - 1;
            return binary_expr(self.id.expr(), Operator::BitwiseAnd, lit(mask));
        }
        let bits = (0..count).map(|key| {
            let shift = i64::try_from(count - 1 - key).unwrap_or_default();
            binary_expr(self.bit(key), Operator::BitwiseShiftLeft, lit(shift))
        });
        bits.reduce(|bits, bit| binary_expr(bits, Operator::BitwiseOr, bit)).unwrap_or_else(|| lit(0i64))
    }
}

impl<'a> GroupBy<'a> {
    /// Takes a GROUP BY clause apart; `None` without one.
    pub fn of(group_by: &'a ast::GroupByExpr) -> Result<Option<Self>> {
        let ast::GroupByExpr::Expressions(exprs, modifiers) = group_by else {
            return Err(SparkError::analysis("cannot resolve 'all': there is no GROUP BY ALL, name the columns"));
        };
        let mut group_by = Self::default();
        let sets = match &modifiers[..] {
            [] if exprs.is_empty() => return Ok(None),
            [] if !exprs.iter().any(is_analytic) => {
                exprs.iter().try_for_each(refuse_empty)?;
                return Ok(Some(Self { exprs: exprs.iter().collect(), sets: None }));
            }
            [] => group_by.product(exprs)?,
            [ast::GroupByWithModifier::Rollup] => rollup(group_by.singles(exprs)),
            [ast::GroupByWithModifier::Cube] => cube(group_by.singles(exprs))?,
            [ast::GroupByWithModifier::GroupingSets(sets)] => {
                refuse_analytic_sets(sets)?;
                let sets = group_by.element(sets)?;
                // The list before GROUPING SETS adds keys that no set has.
                group_by.singles(exprs);
                sets
            }
            _ => return Err(SparkError::unsupported("WITH TOTALS")),
        };
        Ok(Some(Self { sets: Some(bounded(sets)?), ..group_by }))
    }

    fn place(&mut self, expr: &'a ast::Expr) -> usize {
        self.exprs.push(expr);
        self.exprs.len() - 1
    }

    fn singles(&mut self, exprs: &'a [ast::Expr]) -> Vec<Vec<usize>> {
        exprs.iter().map(|expr| vec![self.place(expr)]).collect()
    }

    /// `a, ROLLUP (b, c), GROUPING SETS (..)`
    fn product(&mut self, elements: &'a [ast::Expr]) -> Result<Vec<Vec<usize>>> {
        let mut product: Vec<Vec<usize>> = vec![vec![]];
        for element in elements {
            let sets = self.element(element)?;
            let joined = product.iter().flat_map(|left| sets.iter().map(move |right| [&left[..], right].concat()));
            product = bounded(joined.take(MAX_SETS + 1).collect())?;
        }
        Ok(product)
    }

    /// The sets of one element of GROUP BY.
    fn element(&mut self, element: &'a ast::Expr) -> Result<Vec<Vec<usize>>> {
        refuse_empty(element)?;
        match element {
            ast::Expr::Rollup(parts) => Ok(rollup(self.composites(parts))),
            ast::Expr::Cube(parts) => cube(self.composites(parts)),
            ast::Expr::GroupingSets(sets) => {
                let mut all = Vec::new();
                for set in sets {
                    all.extend(self.grouping_set(set)?);
                }
                bounded(all)
            }
            ast::Expr::Function(function) if is_analytic(element) => {
                let parts = self.arguments(function)?;
                if name_parts(&function.name)?.iter().any(|name| name.eq_ignore_ascii_case("rollup")) {
                    Ok(rollup(parts))
                } else {
                    cube(parts)
                }
            }
            plain => Ok(vec![vec![self.place(plain)]]),
        }
    }

    /// One item of GROUPING SETS: a set, or a ROLLUP or CUBE that stands for several.
    fn grouping_set(&mut self, set: &'a [ast::Expr]) -> Result<Vec<Vec<usize>>> {
        match set {
            [only] if is_analytic(only) => self.element(only),
            exprs => Ok(vec![self.singles(exprs).concat()]),
        }
    }

    /// The parts of `ROLLUP (a, (b, c))`: a part in parentheses comes and goes as one.
    fn composites(&mut self, parts: &'a [Vec<ast::Expr>]) -> Vec<Vec<usize>> {
        parts.iter().map(|part| self.singles(part).concat()).collect()
    }

    /// The same where ROLLUP or CUBE stands inside GROUPING SETS, which makes it a call to the parser.
    fn arguments(&mut self, function: &'a ast::Function) -> Result<Vec<Vec<usize>>> {
        let ast::FunctionArguments::List(list) = &function.args else {
            return Err(SparkError::unsupported(format!("{function} in GROUP BY")));
        };
        refuse(list.duplicate_treatment.is_some() || !list.clauses.is_empty(), &format!("{function} in GROUP BY"))?;
        let parts = list.args.iter().map(|arg| match arg {
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Tuple(exprs))) => {
                Ok(self.singles(exprs).concat())
            }
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Ok(vec![self.place(expr)]),
            _ => Err(SparkError::unsupported(format!("{function} in GROUP BY"))),
        });
        parts.collect()
    }
}

/// Whether an element of GROUP BY stands for several sets.
fn is_analytic(expr: &ast::Expr) -> bool {
    match expr {
        ast::Expr::Rollup(_) | ast::Expr::Cube(_) | ast::Expr::GroupingSets(_) => true,
        ast::Expr::Function(function) => name_parts(&function.name).is_ok_and(|parts| {
            matches!(&parts[..], [name] if name.eq_ignore_ascii_case("rollup") || name.eq_ignore_ascii_case("cube"))
        }),
        _ => false,
    }
}

/// `GROUP BY a GROUPING SETS (..)` takes plain sets: a ROLLUP or CUBE among them is a call of a function that is not there.
fn refuse_analytic_sets(sets: &ast::Expr) -> Result<()> {
    match sets {
        ast::Expr::GroupingSets(sets) => match sets.iter().flatten().find(|expr| is_analytic(expr)) {
            Some(ast::Expr::Function(function)) => Err(functions::undefined(&function.name.to_string())),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// `GROUP BY ()` is no Spark.
fn refuse_empty(element: &ast::Expr) -> Result<()> {
    match element {
        ast::Expr::Tuple(exprs) if exprs.is_empty() => {
            Err(SparkError::new(ErrorKind::Parse, "no viable alternative at input 'group by ()'"))
        }
        _ => Ok(()),
    }
}

/// All parts, then all but the last, and so on to none.
fn rollup(parts: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
    (0..=parts.len()).rev().map(|count| parts.iter().take(count).flatten().copied().collect()).collect()
}

/// Every choice of parts.
fn cube(parts: Vec<Vec<usize>>) -> Result<Vec<Vec<usize>>> {
    parts.into_iter().try_fold(vec![vec![]], |sets: Vec<Vec<usize>>, part| {
        let with = sets.iter().map(|set| [&set[..], &part].concat());
        bounded(with.chain(sets.iter().cloned()).collect())
    })
}

fn bounded(sets: Vec<Vec<usize>>) -> Result<Vec<Vec<usize>>> {
    if sets.len() > MAX_SETS {
        return Err(SparkError::unsupported(format!("GROUP BY with more than {MAX_SETS} grouping sets")));
    }
    Ok(sets)
}
