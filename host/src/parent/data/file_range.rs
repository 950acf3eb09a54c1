//! Some bytes of an open file, which stay there until they are sent.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rustix::fs::Advice;

/// A range of a regular file, whose length fits into memory.
#[derive(Clone, Debug)]
pub struct FileRange {
    file: Arc<File>,
    start: u64,
    len: usize,
}

impl FileRange {
    /// The bytes in `range`, which the file had when it was looked at. The kernel is told to get them from the disk.
    pub(super) fn new(file: File, range: Range<u64>) -> Self {
        let bytes = range.end.saturating_sub(range.start);
        // Without the advice, everything is only slower: a failure means nothing.
        let _ = rustix::fs::fadvise(&file, range.start, NonZeroU64::new(bytes), Advice::WillNeed);
        Self { file: Arc::new(file), start: range.start, len: usize::try_from(bytes).unwrap_or(usize::MAX) }
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fills `bytes` from the range's byte `at` on.
    ///
    /// # Errors
    /// When the file can't be read, or became shorter.
    pub fn read_at(&self, at: usize, bytes: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(bytes, self.start.saturating_add(at as u64))
    }

    /// Hands the bytes from the range's byte `at` on to the kernel, for a socket that does not block, and moves `at` behind
    /// those that it took.
    ///
    /// # Errors
    /// `WouldBlock` when it takes no more now; `UnexpectedEof` when the file became shorter; others as they come.
    pub(in crate::parent) fn send(&self, at: &mut usize, socket: impl AsFd) -> io::Result<()> {
        while *at < self.len {
            let mut from = self.start.saturating_add(*at as u64);
            match rustix::fs::sendfile(&socket, &self.file, Some(&mut from), self.len - *at) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(sent) => *at += sent,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
