//! DISTINCT before an aggregate function: each combination of arguments reaches it once.

use std::collections::HashSet;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StructArray};
use arrow::compute::{concat, filter};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use arrow::row::{RowConverter, SortField};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::Accumulator;
use datafusion::logical_expr::utils::format_state_name;

/// Passes on to another accumulator the rows that were not there before, in their order.
///
/// Rows with a NULL are passed on too: the function decides what they mean. Floats must be normalized.
#[derive(Debug)]
pub(super) struct Distinct<A> {
    inner: A,
    converter: RowConverter,
    fields: Fields,
    seen: HashSet<Box<[u8]>>,
    /// The different rows, as they came.
    rows: Vec<ArrayRef>,
    bytes: usize,
}

fn fields(types: &[DataType]) -> Fields {
    types.iter().enumerate().map(|(at, t)| Field::new(at.to_string(), t.clone(), true)).collect()
}

impl<A: Accumulator> Distinct<A> {
    pub(super) fn new(inner: A, types: &[DataType]) -> DataFusionResult<Self> {
        let converter = RowConverter::new(types.iter().map(|t| SortField::new(t.clone())).collect())?;
        Ok(Self { inner, converter, fields: fields(types), seen: HashSet::new(), rows: Vec::new(), bytes: 0 })
    }
}

impl Distinct<()> {
    /// The state: the list of different rows.
    pub(super) fn state_fields(name: &str, types: &[DataType]) -> Vec<FieldRef> {
        let row = Field::new_list_field(DataType::Struct(fields(types)), true);
        vec![Arc::new(Field::new_list(format_state_name(name, "distinct"), row, true))]
    }
}

impl<A: Accumulator> Accumulator for Distinct<A> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        let rows = self.converter.convert_columns(values)?;
        let new: BooleanArray = rows
            .iter()
            .map(|row| {
                let bytes: &[u8] = row.as_ref();
                let new = !self.seen.contains(bytes);
                if new {
                    self.bytes += 2 * size_of::<Box<[u8]>>() + bytes.len();
                    self.seen.insert(bytes.into());
                }
                Some(new)
            })
            .collect();
        if new.true_count() == 0 {
            return Ok(());
        }
        let values = values.iter().map(|column| filter(column, &new)).collect::<Result<Vec<_>, _>>()?;
        self.inner.update_batch(&values)?;
        let rows = StructArray::try_new(self.fields.clone(), values, None)?;
        self.bytes += rows.get_array_memory_size();
        self.rows.push(Arc::new(rows));
        Ok(())
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        self.inner.evaluate()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.inner.size() + self.bytes
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let rows: Vec<&dyn Array> = self.rows.iter().map(AsRef::as_ref).collect();
        let rows = match rows[..] {
            [] => arrow::array::new_empty_array(&DataType::Struct(self.fields.clone())),
            _ => concat(&rows)?,
        };
        Ok(vec![SingleRowListArrayBuilder::new(rows).build_list_scalar()])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        for lists in states {
            for list in lists.as_list::<i32>().iter().flatten() {
                self.update_batch(list.as_struct().columns())?;
            }
        }
        Ok(())
    }
}
