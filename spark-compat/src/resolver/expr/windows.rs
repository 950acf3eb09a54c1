//! `function(..) OVER (..)`: the window's keys and frame, and which functions may stand over one.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{SortExpr, WindowFrame, WindowFrameBound, WindowFrameUnits};
use sqlparser::ast;

use super::{Clause, Lowering, evaluate_constant};
use crate::cast;
use crate::datetime::zone::Zone;
use crate::error::{ErrorKind, Result, SparkError};
use crate::resolver::typed::Typed;
use crate::resolver::windows::Over;
use crate::resolver::{refuse, same_name};
use crate::types::SparkType;

/// Definitions of windows may refer to each other this often.
const MAX_REFERENCES: usize = 64;

/// Rows that no partition has.
const FAR: u64 = 1 << 48;

impl Clause {
    /// Whether window functions may stand here; if not, the error.
    pub(super) fn check_window(self) -> Result<()> {
        let inside = |clause: &str| {
            Err(SparkError::analysis(format!("It is not allowed to use window functions inside {clause} clause")))
        };
        match self {
            Self::Select => Ok(()),
            Self::Where => inside("WHERE"),
            Self::Having => inside("HAVING"),
            Self::JoinCondition => inside("JOIN"),
            Self::GroupBy => inside("GROUP BY"),
            Self::LateralView => inside("LATERAL VIEW"),
            Self::OrderBy => Err(SparkError::analysis(
                "The query operator `Sort` contains one or more unsupported expression types Aggregate, Window or Generate.",
            )),
            Self::AggregateArgument => Err(SparkError::analysis(
                "It is not allowed to use a window function inside an aggregate function. Please use the inner window function \
                 in a sub-query.",
            )),
            Self::Constant(place) => Err(SparkError::analysis(format!("{place} must be a constant"))),
        }
    }
}

impl Lowering<'_, '_> {
    /// The window that OVER names or describes.
    pub(super) fn over(&self, window: &ast::WindowType) -> Result<Over> {
        self.clause.check_window()?;
        match window {
            ast::WindowType::NamedWindow(name) => self.named_window(name),
            ast::WindowType::WindowSpec(spec) => self.window(spec),
        }
    }

    fn named_window(&self, name: &ast::Ident) -> Result<Over> {
        let mut name = name;
        for _ in 0..MAX_REFERENCES {
            let definition = self.place.windows.iter().find(|known| same_name(&known.0.value, &name.value));
            let Some(ast::NamedWindowDefinition(_, definition)) = definition else {
                return Err(SparkError::analysis(format!(
                    "Window specification {} is not defined in the WINDOW clause.",
                    name.value
                )));
            };
            match definition {
                ast::NamedWindowExpr::NamedWindow(other) => name = other,
                ast::NamedWindowExpr::WindowSpec(spec) => return self.window(spec),
            }
        }
        Err(SparkError::analysis(format!("Window reference '{}' is not a window specification", name.value)))
    }

    fn window(&self, spec: &ast::WindowSpec) -> Result<Over> {
        let ast::WindowSpec { window_name, partition_by, order_by, window_frame } = spec;
        if let Some(name) = window_name {
            if partition_by.is_empty() && order_by.is_empty() && window_frame.is_none() {
                return self.named_window(name);
            }
            return Err(SparkError::new(ErrorKind::Parse, format!("mismatched input after the window name {name}")));
        }
        let partitions = self.lower_all(partition_by)?;
        let keys = order_by.iter().map(|key| self.window_key(key)).collect::<Result<Vec<_>>>()?;
        let mut texts = Vec::new();
        if !partitions.is_empty() {
            let names: Vec<_> = partitions.iter().map(|typed| typed.name.as_str()).collect();
            texts.push(format!("PARTITION BY {}", names.join(", ")));
        }
        if !keys.is_empty() {
            let names: Vec<_> = keys.iter().map(|key| key.text.as_str()).collect();
            texts.push(format!("ORDER BY {}", names.join(", ")));
        }
        let frame = window_frame.as_ref().map(|frame| self.frame(frame, &keys)).transpose()?;
        Ok(Over {
            partition_by: partitions.iter().map(|typed| self.group_key(typed)).collect::<Result<_>>()?,
            order_by: keys.into_iter().map(|key| key.sort).collect(),
            frame,
            keys_text: texts.join(" "),
        })
    }

    fn window_key(&self, key: &ast::OrderByExpr) -> Result<WindowKey> {
        let ast::OrderByExpr { expr, options, with_fill } = key;
        let ast::OrderByOptions { asc, nulls_first } = options;
        refuse(with_fill.is_some(), "WITH FILL")?;
        let typed = self.lower(expr)?;
        crate::resolver::order::refuse_unorderable(&typed)?;
        let ascending = asc.unwrap_or(true);
        let nulls_first = nulls_first.unwrap_or(ascending);
        let direction = if ascending { "ASC" } else { "DESC" };
        let nulls = if nulls_first { "NULLS FIRST" } else { "NULLS LAST" };
        Ok(WindowKey {
            text: format!("{} {direction} {nulls}", typed.name),
            data_type: typed.data_type.clone(),
            sort: SortExpr::new(self.sort_key(typed)?, ascending, nulls_first),
        })
    }

    /// A frame, with its text in the column's name.
    fn frame(&self, frame: &ast::WindowFrame, keys: &[WindowKey]) -> Result<(WindowFrame, String)> {
        let ast::WindowFrame { units, start_bound, end_bound } = frame;
        let end_bound = end_bound.as_ref().unwrap_or(&ast::WindowFrameBound::CurrentRow);
        let (units, word) = match units {
            ast::WindowFrameUnits::Rows => (WindowFrameUnits::Rows, "ROWS"),
            ast::WindowFrameUnits::Range => (WindowFrameUnits::Range, "RANGE"),
            ast::WindowFrameUnits::Groups => {
                return Err(SparkError::new(ErrorKind::Parse, "mismatched input 'GROUPS' expecting {'RANGE', 'ROWS'}"));
            }
        };
        if units == WindowFrameUnits::Range {
            check_range(start_bound, end_bound, keys)?;
        }
        let key = keys.first();
        let start = self.bound(start_bound, units, key)?;
        let end = self.bound(end_bound, units, key)?;
        let text = format!("{word} BETWEEN {} AND {}", start.text, end.text);
        check_order(&start, &end)?;
        let (start, end) = if is_empty(&start, &end)? {
            // Spark takes it; to DataFusion the rows would end before they begin.
            refuse(
                units == WindowFrameUnits::Range,
                "a range frame that begins behind the current row and ends with it",
            )?;
            let behind_all = || WindowFrameBound::Following(ScalarValue::UInt64(Some(FAR)));
            (behind_all(), behind_all())
        } else {
            (start.bound, end.bound)
        };
        Ok((WindowFrame::new_bounds(units, start, end), text))
    }

    fn bound(&self, bound: &ast::WindowFrameBound, units: WindowFrameUnits, key: Option<&WindowKey>) -> Result<Bound> {
        let unbounded = ScalarValue::UInt64(None);
        let (value, preceding) = match bound {
            ast::WindowFrameBound::CurrentRow => {
                return Ok(Bound { bound: WindowFrameBound::CurrentRow, text: "CURRENT ROW".into(), distance: None });
            }
            ast::WindowFrameBound::Preceding(None) => {
                let text = "UNBOUNDED PRECEDING".into();
                return Ok(Bound { bound: WindowFrameBound::Preceding(unbounded), text, distance: None });
            }
            ast::WindowFrameBound::Following(None) => {
                let text = "UNBOUNDED FOLLOWING".into();
                return Ok(Bound { bound: WindowFrameBound::Following(unbounded), text, distance: None });
            }
            ast::WindowFrameBound::Preceding(Some(value)) => (value, true),
            ast::WindowFrameBound::Following(Some(value)) => (value, false),
        };
        let typed = Self { clause: Clause::Constant("Frame bound value"), ..*self }.lower(value)?;
        if !typed.expr.column_refs().is_empty() {
            return Err(SparkError::new(ErrorKind::Parse, "Frame bound value must be a literal."));
        }
        let side = if preceding { "PRECEDING" } else { "FOLLOWING" };
        let text = format!("{} {side}", typed.name);
        match (units, key) {
            (WindowFrameUnits::Rows, _) => rows_bound(&typed, preceding, text),
            (_, Some(key)) => self.range_bound(typed, preceding, key, text),
            (_, None) => {
                Err(SparkError::analysis("A range window frame cannot be used in an unordered window specification."))
            }
        }
    }

    /// A distance between sort keys: a number of the key's type, days or months for dates, an interval for timestamps.
    fn range_bound(&self, value: Typed, preceding: bool, key: &WindowKey, text: String) -> Result<Bound> {
        use SparkType as T;
        let mismatch = || {
            SparkError::analysis(format!(
                "The data type '{}' used in the order specification does not match the data type '{}' which is used in the range \
                 frame.",
                key.data_type, value.data_type
            ))
        };
        let (offset, text) = match (&key.data_type, &value.data_type) {
            (T::Date, T::Int) => (days(&evaluate_constant(&value.expr)?)?, text),
            (T::Timestamp, T::DayTimeInterval { .. }) => (micros(&evaluate_constant(&value.expr)?)?, text),
            (T::Date, T::YearMonthInterval { .. }) => (months(&evaluate_constant(&value.expr)?)?, text),
            // Months of timestamps are those of the session's wall clock.
            (T::Timestamp, T::YearMonthInterval { .. }) if self.zone() == Zone::UTC => {
                (months(&evaluate_constant(&value.expr)?)?, text)
            }
            (T::Timestamp, T::YearMonthInterval { .. } | T::CalendarInterval) => {
                return Err(SparkError::unsupported(
                    "a range frame of months over timestamps in a session whose time zone is not UTC",
                ));
            }
            (numeric, other) if numeric.is_numeric() && other.is_numeric() => {
                let text = match numeric == other {
                    true => text,
                    false if preceding => format!("(- {}) FOLLOWING", value.name),
                    false => text,
                };
                let cast = cast::lower(value.expr.clone(), other, numeric, self.zone())?;
                (evaluate_constant(&cast)?, text)
            }
            _ => return Err(mismatch()),
        };
        if offset.is_null() {
            return Err(SparkError::unsupported("a range frame with a NULL bound"));
        }
        let distance = if preceding { offset.arithmetic_negate()? } else { offset };
        Bound::at(distance, text)
    }
}

/// A sort key of a window.
struct WindowKey {
    sort: SortExpr,
    data_type: SparkType,
    text: String,
}

/// A bound of a frame: DataFusion's, its text in names, and how far behind the current row it is, if it says so.
struct Bound {
    bound: WindowFrameBound,
    text: String,
    distance: Option<ScalarValue>,
}

impl Bound {
    /// The bound at a distance behind the current row, before it where the distance is negative: -1 PRECEDING is 1 FOLLOWING.
    fn at(distance: ScalarValue, text: String) -> Result<Self> {
        let bound = if is_negative(&distance)? {
            WindowFrameBound::Preceding(distance.arithmetic_negate()?)
        } else if is_positive(&distance)? {
            WindowFrameBound::Following(distance.clone())
        } else {
            WindowFrameBound::CurrentRow
        };
        Ok(Self { bound, text, distance: Some(distance) })
    }
}

fn is_negative(distance: &ScalarValue) -> Result<bool> {
    Ok(*distance < ScalarValue::new_zero(&distance.data_type())?)
}

fn is_positive(distance: &ScalarValue) -> Result<bool> {
    Ok(*distance > ScalarValue::new_zero(&distance.data_type())?)
}

/// A number of rows, which is an int.
fn rows_bound(value: &Typed, preceding: bool, text: String) -> Result<Bound> {
    if value.data_type != SparkType::Int {
        return Err(SparkError::analysis(format!(
            "The data type of the bound '{}' does not match the expected data type 'int'.",
            value.data_type
        )));
    }
    let ScalarValue::Int32(Some(count)) = evaluate_constant(&value.expr)? else {
        return Err(SparkError::unsupported("a frame with a NULL bound"));
    };
    let distance = if preceding { -i64::from(count) } else { i64::from(count) };
    let rows = ScalarValue::UInt64(Some(distance.unsigned_abs()));
    let bound = match distance.signum() {
        -1 => WindowFrameBound::Preceding(rows),
        1 => WindowFrameBound::Following(rows),
        _ => WindowFrameBound::CurrentRow,
    };
    Ok(Bound { bound, text, distance: Some(distance.into()) })
}

fn days(value: &ScalarValue) -> Result<ScalarValue> {
    match value {
        ScalarValue::Int32(Some(days)) => Ok(ScalarValue::new_interval_mdn(0, *days, 0)),
        _ => Err(SparkError::unsupported("a range frame with a NULL bound")),
    }
}

fn months(value: &ScalarValue) -> Result<ScalarValue> {
    match value {
        ScalarValue::IntervalYearMonth(Some(months)) => Ok(ScalarValue::new_interval_mdn(*months, 0, 0)),
        _ => Err(SparkError::unsupported("a range frame with a NULL bound")),
    }
}

fn micros(value: &ScalarValue) -> Result<ScalarValue> {
    match value {
        ScalarValue::DurationMicrosecond(Some(micros)) => match micros.checked_mul(1000) {
            Some(nanos) => Ok(ScalarValue::new_interval_mdn(0, 0, nanos)),
            None => Err(SparkError::unsupported("a range frame of more than 292 years")),
        },
        _ => Err(SparkError::unsupported("a range frame with a NULL bound")),
    }
}

/// A range needs an order, and distances need one key.
fn check_range(start: &ast::WindowFrameBound, end: &ast::WindowFrameBound, keys: &[WindowKey]) -> Result<()> {
    use ast::WindowFrameBound as B;
    if keys.is_empty() && !matches!((start, end), (B::Preceding(None), B::Following(None))) {
        return Err(SparkError::analysis("A range window frame cannot be used in an unordered window specification."));
    }
    let has_distance = |bound: &B| matches!(bound, B::Preceding(Some(_)) | B::Following(Some(_)));
    if keys.len() > 1 && (has_distance(start) || has_distance(end)) {
        return Err(SparkError::analysis(
            "A range window frame with value boundaries cannot be used in a window specification with multiple order by \
             expressions",
        ));
    }
    Ok(())
}

/// Only distances are in an order that Spark checks.
fn check_order(start: &Bound, end: &Bound) -> Result<()> {
    let unbounded_start = matches!(&start.bound, WindowFrameBound::Following(rows) if rows.is_null());
    let unbounded_end = matches!(&end.bound, WindowFrameBound::Preceding(rows) if rows.is_null());
    let reversed = matches!((&start.distance, &end.distance), (Some(start), Some(end)) if start > end);
    if unbounded_start || unbounded_end || reversed {
        return Err(SparkError::analysis(
            "The lower bound of a window frame must be less than or equal to the upper bound",
        ));
    }
    Ok(())
}

/// Whether one bound is the current row, and the other one on its wrong side.
fn is_empty(start: &Bound, end: &Bound) -> Result<bool> {
    Ok(match (&start.bound, &start.distance, &end.bound, &end.distance) {
        (_, Some(start), WindowFrameBound::CurrentRow, _) => is_positive(start)?,
        (WindowFrameBound::CurrentRow, _, _, Some(end)) => is_negative(end)?,
        _ => false,
    })
}
