//! What kernels that make strings share: rows that are NULL, one buffer for all results, and a bound on their size.

use arrow::array::builder::NullBufferBuilder;
use arrow::array::{Array, ArrayRef, StringArray, StringViewArray};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use datafusion::common::Result as DataFusionResult;

use crate::error::{ErrorKind, SparkError};
use crate::kernel;

/// What the strings of one batch may take together: `repeat`, `lpad` and the like turn small inputs into any size.
const MAX_BYTES: usize = 512 << 20;

/// A string for each row without a NULL argument: `write` appends it to the strings of the rows before, or says by `false` that
/// it is NULL. All stand in one buffer, which the result's views share.
pub(super) fn rows(
    arrays: &[ArrayRef],
    write: impl FnMut(usize, &mut String) -> DataFusionResult<bool>,
) -> DataFusionResult<ArrayRef> {
    rows_in(arrays, write)
}

/// [`rows`] for strings that are made byte by byte; that all are UTF-8 is looked at once, at the end.
pub(super) fn rows_of_bytes(
    arrays: &[ArrayRef],
    write: impl FnMut(usize, &mut Vec<u8>) -> DataFusionResult<bool>,
) -> DataFusionResult<ArrayRef> {
    rows_in(arrays, write)
}

/// What strings are written to.
trait Buffered: Default {
    fn length(&self) -> usize;
    fn cut(&mut self, length: usize);
    fn into_bytes(self) -> Vec<u8>;
}

impl Buffered for String {
    fn length(&self) -> usize {
        self.len()
    }

    fn cut(&mut self, length: usize) {
        self.truncate(length);
    }

    fn into_bytes(self) -> Vec<u8> {
        self.into_bytes()
    }
}

impl Buffered for Vec<u8> {
    fn length(&self) -> usize {
        self.len()
    }

    fn cut(&mut self, length: usize) {
        self.truncate(length);
    }

    fn into_bytes(self) -> Vec<u8> {
        self
    }
}

fn rows_in<B: Buffered>(
    arrays: &[ArrayRef],
    mut write: impl FnMut(usize, &mut B) -> DataFusionResult<bool>,
) -> DataFusionResult<ArrayRef> {
    let length = arrays.first().map_or(0, |array| array.len());
    let nulls = nulls(arrays);
    let mut texts = B::default();
    let mut lengths = Vec::with_capacity(length);
    let mut valid = NullBufferBuilder::new(length);
    for row in 0..length {
        let start = texts.length();
        let is_some = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) && write(row, &mut texts)?;
        if !is_some {
            texts.cut(start);
        }
        check_size(texts.length())?;
        lengths.push(texts.length() - start);
        valid.append(is_some);
    }
    let offsets = OffsetBuffer::from_lengths(lengths);
    let texts = StringArray::try_new(offsets, Buffer::from_vec(texts.into_bytes()), valid.finish())?;
    kernel::shared(StringViewArray::from(&texts))
}

/// Where any of the arrays is NULL.
pub(super) fn nulls(arrays: &[ArrayRef]) -> Option<NullBuffer> {
    arrays.iter().fold(None, |nulls, array| NullBuffer::union(nulls.as_ref(), array.nulls()))
}

/// An error if so many bytes are more than the strings of one batch may take.
pub(super) fn check_size(bytes: usize) -> DataFusionResult<()> {
    if bytes <= MAX_BYTES {
        return Ok(());
    }
    Err(SparkError::new(
        ErrorKind::Resources,
        format!("the query needs more memory than it may use: strings of {bytes} bytes in one batch, {MAX_BYTES} are allowed"),
    )
    .into())
}

/// Where the character with this number, counted from 0, starts; the end of the text if it has fewer.
pub(super) fn offset(text: &str, characters: usize) -> usize {
    if text.is_ascii() {
        return characters.min(text.len());
    }
    text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, StringViewArray};

    use super::*;

    #[test]
    fn rows_see_their_slice_and_are_null_where_an_argument_is() {
        let a: ArrayRef = Arc::new(StringViewArray::from(vec![Some("x"), None, Some("b"), Some("c")]).slice(1, 3));
        let out = rows(std::slice::from_ref(&a), |row, out| {
            out.push_str(a.as_string_view().value(row));
            Ok(row != 2)
        });
        assert_eq!(out.unwrap().as_string_view().iter().collect::<Vec<_>>(), [None, Some("b"), None]);
    }

    #[test]
    fn more_than_a_batch_may_take_is_an_error() {
        assert_eq!(SparkError::from(check_size(MAX_BYTES + 1).unwrap_err()).kind, ErrorKind::Resources);
    }
}
