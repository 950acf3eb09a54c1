//! Dates and timestamps written and read by patterns.

use super::super::Function;

pub(in crate::functions) const FUNCTIONS: &[Function] = &[];
