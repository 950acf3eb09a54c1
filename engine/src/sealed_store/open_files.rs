//! The files that a session has opened, as long as they are the same files.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use object_store::ObjectMeta;
use object_store::path::Path;
use sealed_parquet::SealedFile;

/// Listed files that are remembered, at most; a file that is not is asked for again.
const MAX_SEEN: usize = 100_000;

/// A file that was looked at.
pub(super) struct OpenFile {
    /// What the file was when it was opened.
    pub(super) meta: ObjectMeta,
    /// Its content, if it is encrypted.
    pub(super) sealed: Option<SealedFile>,
    /// What was read ahead of its end, and where that starts.
    end: Bytes,
    start: u64,
}

impl OpenFile {
    /// A file of which the bytes from `start` on are `end`.
    pub(super) fn new(meta: ObjectMeta, start: u64, end: &[u8], sealed: Option<SealedFile>) -> Self {
        // Copied, since what was read is reserved in the session's memory as long as it is held.
        OpenFile { meta, sealed, end: Bytes::copy_from_slice(end), start }
    }

    /// The bytes in a range if they were read ahead.
    pub(super) fn ahead(&self, range: &Range<u64>) -> Option<Bytes> {
        let from = usize::try_from(range.start.checked_sub(self.start)?).ok()?;
        let to = usize::try_from(range.end.checked_sub(self.start)?).ok()?;
        (from <= to && to <= self.end.len()).then(|| self.end.slice(from..to))
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.end.len() + self.sealed.as_ref().map_or(0, SealedFile::memory)
    }
}

/// The open files of a session, the oldest of which are closed beyond a limit.
pub(super) struct OpenFiles {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What listings said last.
    seen: HashMap<Path, ObjectMeta>,
    files: HashMap<Path, Arc<OpenFile>>,
    /// What the encrypted files were when they were opened, the closed ones too.
    opened: HashMap<Path, (ObjectMeta, Vec<u8>)>,
    /// The paths of `files`, and of some that are not there any more, by age.
    order: VecDeque<Path>,
    bytes: usize,
}

impl OpenFiles {
    /// Keeps files of about `limit` bytes of memory.
    pub(super) fn new(limit: usize) -> Self {
        OpenFiles { limit, state: Mutex::default() }
    }

    /// Remembers what a file is now.
    pub(super) fn see(&self, meta: &ObjectMeta) {
        let mut state = self.lock();
        if state.seen.len() >= MAX_SEEN {
            state.seen.clear();
        }
        state.seen.insert(meta.location.clone(), meta.clone());
    }

    /// What a file was when it was listed last.
    pub(super) fn meta(&self, location: &Path) -> Option<ObjectMeta> {
        self.lock().seen.get(location).cloned()
    }

    /// The open file, if it still is that one.
    pub(super) fn get(&self, meta: &ObjectMeta) -> Option<Arc<OpenFile>> {
        let state = self.lock();
        let file = state.files.get(&meta.location)?;
        is_same(&file.meta, meta).then(|| Arc::clone(file))
    }

    /// Keeps a file open. Nothing if it is another than was opened before under the same name, size and time: what was
    /// planned with the one must not be answered from the other.
    #[must_use]
    pub(super) fn insert(&self, file: OpenFile) -> Option<Arc<OpenFile>> {
        let location = file.meta.location.clone();
        let mut state = self.lock();
        if let Some(sealed) = &file.sealed {
            let before = state.opened.get(&location).filter(|(meta, _)| is_same(meta, &file.meta));
            if before.is_some_and(|(_, identity)| identity != sealed.identity()) {
                return None;
            }
            if state.opened.len() >= MAX_SEEN {
                state.opened.clear();
            }
            state.opened.insert(location.clone(), (file.meta.clone(), sealed.identity().to_vec()));
        }
        let file = Arc::new(file);
        state.remove(&location);
        state.bytes += file.memory();
        state.files.insert(location.clone(), Arc::clone(&file));
        state.order.push_back(location);
        // The newest stays, however large: it is about to be read.
        while (state.bytes > self.limit || state.order.len() > MAX_SEEN) && state.order.len() > 1 {
            let Some(oldest) = state.order.pop_front() else { break };
            state.remove(&oldest);
        }
        Some(file)
    }

    /// Closes all files.
    pub(super) fn clear(&self) {
        *self.lock() = State::default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn remove(&mut self, location: &Path) {
        if let Some(file) = self.files.remove(location) {
            self.bytes -= file.memory();
            self.order.retain(|path| path != location);
        }
    }
}

/// Whether a file is what it was, as far as its size and time tell.
fn is_same(before: &ObjectMeta, now: &ObjectMeta) -> bool {
    before.size == now.size && before.last_modified == now.last_modified
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn meta(name: &str, size: u64) -> ObjectMeta {
        let last_modified = DateTime::from_timestamp_millis(0).unwrap();
        ObjectMeta { location: Path::from(name), last_modified, size, e_tag: None, version: None }
    }

    fn file(name: &str, end: usize) -> OpenFile {
        OpenFile::new(meta(name, 1000), 1000 - end as u64, &vec![7; end], None)
    }

    #[test]
    fn a_file_is_open_as_long_as_it_is_the_same() {
        let files = OpenFiles::new(1 << 20);
        files.insert(file("a", 10)).unwrap();
        assert!(files.get(&meta("a", 1000)).is_some());
        assert!(files.get(&meta("a", 1001)).is_none());
        assert!(files.get(&meta("b", 1000)).is_none());
        files.see(&meta("a", 7));
        assert_eq!(files.meta(&Path::from("a")).unwrap().size, 7);
    }

    #[test]
    fn the_oldest_files_are_closed_when_there_are_too_many() {
        let one = file("x", 100).memory();
        let files = OpenFiles::new(one * 2);
        for name in ["a", "b", "a", "c"] {
            files.insert(file(name, 100)).unwrap();
        }
        let open = ["a", "b", "c"].map(|name| files.get(&meta(name, 1000)).is_some());
        assert_eq!(open, [true, false, true]);
        files.clear();
        assert!(files.get(&meta("a", 1000)).is_none());
    }

    #[test]
    fn what_was_read_ahead_is_not_read_again() {
        let file = file("a", 100);
        assert_eq!(file.ahead(&(990..1000)).unwrap().len(), 10);
        assert_eq!(file.ahead(&(900..1000)).unwrap().len(), 100);
        assert!(file.ahead(&(899..1000)).is_none() && file.ahead(&(990..1001)).is_none());
    }
}
