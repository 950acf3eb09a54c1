//! Aggregates that pick a row of the group and give one of its values: `first`, `last`, `max_by`, `min_by`, and `min` and `max` over
//! nested types.

use std::cmp::Ordering;
use std::mem::size_of;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows as KeyRows, SortField};
use datafusion::common::{Result as DataFusionResult, ScalarValue};

use super::kernel::{Kernel, Rows, States, column};

/// Which row is picked, by the arguments `(value)` or `(value, key)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pick {
    /// The first row, or the first whose value is not NULL.
    First { ignore_nulls: bool },
    /// The last row, or the last whose value is not NULL.
    Last { ignore_nulls: bool },
    /// The row with the greatest key, the last of several; rows without a key don't count.
    MaxBy,
    /// The row with the least key, the last of several.
    MinBy,
}

impl Pick {
    fn is_by_key(self) -> bool {
        matches!(self, Self::MaxBy | Self::MinBy)
    }
}

impl Kernel for Pick {
    fn name(&self) -> &'static str {
        match self {
            Self::First { ignore_nulls: false } => "spark_first",
            Self::First { ignore_nulls: true } => "spark_first_not_null",
            Self::Last { ignore_nulls: false } => "spark_last",
            Self::Last { ignore_nulls: true } => "spark_last_not_null",
            Self::MaxBy => "spark_max_by",
            Self::MinBy => "spark_min_by",
        }
    }

    fn result_type(&self, args: &[DataType]) -> DataType {
        args.first().cloned().unwrap_or(DataType::Null)
    }

    /// The value, and the key; without keys whether there was a row.
    fn part_types(&self, args: &[DataType]) -> Vec<DataType> {
        let key = if self.is_by_key() { args.get(1).cloned() } else { None };
        vec![self.result_type(args), key.unwrap_or(DataType::Boolean)]
    }

    fn states(&self, args: &[DataType]) -> DataFusionResult<Box<dyn States>> {
        let types = self.part_types(args);
        Ok(Box::new(Picked { pick: *self, converter: self.converter(&types)?, types, ..Picked::empty() }))
    }
}

impl Pick {
    fn converter(self, types: &[DataType]) -> DataFusionResult<Option<RowConverter>> {
        match types {
            [_, key] if self.is_by_key() => Ok(Some(RowConverter::new(vec![SortField::new(key.clone())])?)),
            _ => Ok(None),
        }
    }
}

/// The picked row of a group.
#[derive(Clone, Debug)]
struct Row {
    value: ScalarValue,
    /// The key in a form whose bytes are ordered as keys are; empty without keys.
    order: Box<[u8]>,
    key: ScalarValue,
}

#[derive(Debug)]
struct Picked {
    pick: Pick,
    types: Vec<DataType>,
    converter: Option<RowConverter>,
    rows: Vec<Option<Row>>,
    /// For each group the row of the present batch that it picked.
    winners: Vec<Option<usize>>,
    touched: Vec<usize>,
    /// The bytes outside the vectors.
    heap: usize,
}

impl Picked {
    fn empty() -> Self {
        let pick = Pick::First { ignore_nulls: false };
        Self { pick, types: vec![], converter: None, rows: vec![], winners: vec![], touched: vec![], heap: 0 }
    }

    /// Picks among rows of `values`, whose keys are `keys`, those that are valid.
    fn pick_rows(
        &mut self,
        values: &ArrayRef,
        keys: Option<&ArrayRef>,
        valid: Option<&NullBuffer>,
        rows: &Rows<'_>,
    ) -> DataFusionResult<()> {
        let ordered = match (&self.converter, keys) {
            (Some(converter), Some(keys)) => Some(converter.convert_columns(std::slice::from_ref(keys))?),
            _ => None,
        };
        rows.for_each(valid, |group, row| {
            if self.wins(group, row, ordered.as_ref()) {
                if self.winners[group].is_none() {
                    self.touched.push(group);
                }
                self.winners[group] = Some(row);
            }
        });
        for group in std::mem::take(&mut self.touched) {
            let Some(row) = self.winners[group].take() else { continue };
            let key = match keys {
                Some(keys) => ScalarValue::try_from_array(keys, row)?,
                None => ScalarValue::Null,
            };
            let order = ordered.as_ref().map(|ordered| ordered.row(row).as_ref().into()).unwrap_or_default();
            let mut value = ScalarValue::try_from_array(values, row)?;
            // A nested value would otherwise keep its whole batch.
            value.compact();
            let new = Row { value, order, key };
            self.heap += heap_size(&new);
            if let Some(old) = self.rows[group].replace(new) {
                self.heap = self.heap.saturating_sub(heap_size(&old));
            }
        }
        Ok(())
    }

    /// Whether a row takes the place of the one that the group has picked so far.
    fn wins(&self, group: usize, row: usize, ordered: Option<&KeyRows>) -> bool {
        let best = match (self.winners[group], &self.rows[group], ordered) {
            (None, None, _) => return true,
            (_, _, None) => return matches!(self.pick, Pick::Last { .. }),
            (Some(winner), _, Some(ordered)) => ordered.row(winner).data(),
            (None, Some(old), _) => &old.order,
        };
        let Some(ordered) = ordered else { return false };
        let order = ordered.row(row).data().cmp(best);
        order == Ordering::Equal || (order == Ordering::Greater) == (self.pick == Pick::MaxBy)
    }
}

fn heap_size(row: &Row) -> usize {
    row.value.size() + row.key.size() + row.order.len()
}

impl States for Picked {
    fn fresh(&self) -> Box<dyn States> {
        // The types were accepted when this was made.
        let converter = self.pick.converter(&self.types).ok().flatten();
        Box::new(Self { pick: self.pick, types: self.types.clone(), converter, ..Self::empty() })
    }

    fn resize(&mut self, groups: usize) {
        self.rows.resize(groups, None);
        self.winners.resize(groups, None);
    }

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let values = column(args, 0)?;
        match self.pick {
            Pick::First { ignore_nulls: false } | Pick::Last { ignore_nulls: false } => {
                self.pick_rows(values, None, None, rows)
            }
            Pick::First { ignore_nulls: true } | Pick::Last { ignore_nulls: true } => {
                self.pick_rows(values, None, values.logical_nulls().as_ref(), rows)
            }
            Pick::MaxBy | Pick::MinBy => {
                let keys = column(args, 1)?;
                self.pick_rows(values, Some(keys), keys.logical_nulls().as_ref(), rows)
            }
        }
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let (values, second) = (column(parts, 0)?, column(parts, 1)?);
        if self.pick.is_by_key() {
            return self.pick_rows(values, Some(second), second.logical_nulls().as_ref(), rows);
        }
        let present = NullBuffer::new(second.as_boolean().values().clone());
        self.pick_rows(values, None, Some(&present), rows)
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        let values = self.results(groups)?;
        if !self.pick.is_by_key() {
            let present: BooleanArray = self.rows.iter().take(groups).map(|row| Some(row.is_some())).collect();
            return Ok(vec![values, std::sync::Arc::new(present)]);
        }
        Ok(vec![values, self.column(groups, 1, |row| &row.key)?])
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        self.column(groups, 0, |row| &row.value)
    }

    fn forget(&mut self, groups: usize) {
        let gone: usize = self.rows.drain(..groups).flatten().map(|row| heap_size(&row)).sum();
        self.winners.drain(..groups);
        self.heap = self.heap.saturating_sub(gone);
    }

    fn size(&self) -> usize {
        self.rows.capacity() * (size_of::<Option<Row>>() + size_of::<Option<usize>>()) + self.heap
    }
}

impl Picked {
    fn column(&self, groups: usize, at: usize, of: fn(&Row) -> &ScalarValue) -> DataFusionResult<ArrayRef> {
        let data_type = self.types.get(at).unwrap_or(&DataType::Null);
        if groups == 0 {
            return Ok(arrow::array::new_empty_array(data_type));
        }
        let null = ScalarValue::try_from(data_type)?;
        let rows = self.rows.iter().take(groups);
        ScalarValue::iter_to_array(rows.map(|row| row.as_ref().map_or_else(|| null.clone(), |row| of(row).clone())))
    }
}
