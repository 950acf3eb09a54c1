//! Deep nesting: the stack grows as needed, up to a limit that is a clear error.

use std::cell::Cell;

use crate::error::{Result, SparkError};

/// How deep expressions and queries may nest. DataFusion's later passes (some of which recurse without growing the stack)
/// manage this depth on the 2 MiB stacks of worker threads.
const MAX_DEPTH: usize = 512;

/// Stack that is left when a new segment is allocated, and the size of that segment.
const RED_ZONE: usize = 256 * 1024;
const SEGMENT: usize = 4 * 1024 * 1024;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Runs one level of a recursion over the syntax tree.
///
/// # Errors
///
/// The nesting is deeper than what is supported.
pub(crate) fn descend<T>(level: impl FnOnce() -> Result<T>) -> Result<T> {
    let _level = Level::enter()?;
    stacker::maybe_grow(RED_ZONE, SEGMENT, level)
}

struct Level;

impl Level {
    fn enter() -> Result<Self> {
        DEPTH.with(|depth| {
            if depth.get() >= MAX_DEPTH {
                return Err(SparkError::analysis(format!(
                    "the statement nests deeper than {MAX_DEPTH} levels; split it with WITH or temporary views"
                )));
            }
            depth.set(depth.get() + 1);
            Ok(Self)
        })
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        DEPTH.with(|depth| depth.set(depth.get() - 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nest(levels: usize) -> Result<usize> {
        if levels == 0 { Ok(0) } else { descend(|| Ok(nest(levels - 1)? + 1)) }
    }

    #[test]
    fn nesting_up_to_the_limit_is_fine_and_beyond_it_an_error() {
        assert_eq!(nest(MAX_DEPTH), Ok(MAX_DEPTH));
        assert!(nest(MAX_DEPTH + 1).unwrap_err().message.contains("nests deeper than"));
        assert_eq!(nest(MAX_DEPTH), Ok(MAX_DEPTH), "an error leaves the counter right");
    }
}
