//! What stands between one file of the parent and its readers: no byte passes that was not checked as far as it can be.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use casemate_wire::dataset::DatasetName;
use casemate_wire::manifest::{ChunkHashes, FooterHash, Integrity, Manifest};
use object_store::path::Path;
use object_store::{Error, ObjectStore, Result};

use super::error::DatasetError;

/// The end of every Parquet file whose footer is encrypted; without the key, nobody can make one that opens.
const ENCRYPTED_MAGIC: &[u8; 4] = b"PARE";

/// One file as it was when the session named it first, and what is checked when it is read.
#[derive(Debug)]
pub struct Guard {
    name: DatasetName,
    size: u64,
    check: Check,
}

/// How a file's bytes are checked.
#[derive(Debug)]
pub enum Check {
    /// Not at all: the client has allowed that.
    Nothing,
    /// It must be Parquet with an encrypted footer; what is in it is authenticated when it is decrypted.
    Encrypted,
    /// By this manifest, which names the file.
    Signed(Arc<Manifest>),
}

impl Guard {
    /// A guard of the file `name`, of `size` bytes.
    pub fn new(name: DatasetName, size: u64, check: Check) -> Self {
        Self { name, size, check }
    }

    /// Its file.
    pub fn name(&self) -> &DatasetName {
        &self.name
    }

    /// Whether readers who started with this guard may go on with `newer`: sizes and checks that belong to different states of
    /// a file must not be mixed, since a reader looks for the footer where the size says.
    pub fn is_same_file(&self, newer: &Guard) -> bool {
        match (&self.check, &newer.check) {
            (Check::Nothing, _) => true,
            (Check::Encrypted, Check::Encrypted) => self.size == newer.size,
            (Check::Signed(old), Check::Signed(new)) => old.file(&self.name) == new.file(&self.name),
            _ => false,
        }
    }

    /// The bytes of `ranges`, checked.
    pub async fn read(&self, store: &dyn ObjectStore, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let inside = |range: &Range<u64>| range.start <= range.end && range.end <= self.size;
        let integrity = match &self.check {
            Check::Nothing => return store.get_ranges(path, ranges).await,
            _ if !ranges.iter().all(inside) => {
                return Err(Error::Generic { store: "parent", source: "a range outside of its file".into() });
            }
            Check::Encrypted => return self.read_encrypted(store, path, ranges).await,
            Check::Signed(manifest) => manifest.file(&self.name).map(|file| &file.integrity),
        };
        match integrity {
            Some(Integrity::Footer(footer)) => self.read_behind_footer(footer, store, path, ranges).await,
            Some(Integrity::Chunks(chunks)) => self.read_chunks(chunks, store, path, ranges).await,
            None => Err(DatasetError::Extra(self.name.clone()).into()),
        }
    }

    /// Of the magic at the file's end, whatever part of it is read must be right.
    async fn read_encrypted(&self, store: &dyn ObjectStore, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let read = store.get_ranges(path, ranges).await?;
        let magic_start = self.size.saturating_sub(ENCRYPTED_MAGIC.len() as u64);
        for (range, bytes) in ranges.iter().zip(&read) {
            let magic = magic_start.max(range.start)..self.size.min(range.end);
            let found = slice(bytes, range, &magic);
            let expected = slice(&Bytes::from_static(ENCRYPTED_MAGIC), &(magic_start..self.size), &magic);
            if magic.start < magic.end && (found.is_none() || found != expected) {
                return Err(DatasetError::Plaintext(self.name.clone()).into());
            }
        }
        Ok(read)
    }

    /// A range that touches the footer is read with all of it.
    async fn read_behind_footer(
        &self,
        footer: &FooterHash,
        store: &dyn ObjectStore,
        path: &Path,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>> {
        let touches = |range: &Range<u64>| range.end > footer.start && range.start < range.end;
        let widened = |range: &Range<u64>| {
            if touches(range) { range.start.min(footer.start)..self.size } else { range.clone() }
        };
        let wide: Vec<Range<u64>> = ranges.iter().map(widened).collect();
        let read = store.get_ranges(path, &wide).await?;
        let mut checked = Vec::with_capacity(ranges.len());
        for ((range, wide), bytes) in ranges.iter().zip(&wide).zip(&read) {
            if touches(range) {
                let whole = slice(bytes, wide, &(footer.start..self.size)).filter(|bytes| footer.matches(bytes));
                whole.ok_or_else(|| DatasetError::Altered(self.name.clone()))?;
            }
            checked.push(slice(bytes, wide, range).ok_or_else(|| DatasetError::Altered(self.name.clone()))?);
        }
        Ok(checked)
    }

    /// Whole chunks are read, each once however many ranges lie in it.
    async fn read_chunks(
        &self,
        chunks: &ChunkHashes,
        store: &dyn ObjectStore,
        path: &Path,
        ranges: &[Range<u64>],
    ) -> Result<Vec<Bytes>> {
        let runs = runs(ranges.iter().map(|range| chunks.aligned(range, self.size)).collect());
        let read = store.get_ranges(path, &runs).await?;
        let altered = || DatasetError::Altered(self.name.clone());
        for (run, bytes) in runs.iter().zip(&read) {
            let whole = bytes.len() as u64 == run.end.saturating_sub(run.start);
            if !whole || !chunks.matches(run.start, bytes) {
                return Err(altered().into());
            }
        }
        let cut = |range: &Range<u64>| {
            let around = |(run, _): &(&Range<u64>, &Bytes)| run.start <= range.start && range.end <= run.end;
            match runs.iter().zip(&read).find(around) {
                Some((run, bytes)) => slice(bytes, run, range),
                None => (range.start == range.end).then(Bytes::new),
            }
        };
        ranges.iter().map(|range| cut(range).ok_or_else(|| altered().into())).collect()
    }
}

/// Ranges that touch or overlap made one, by rising start, without empty ones.
fn runs(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| range.start);
    let mut runs: Vec<Range<u64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match runs.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => runs.push(range),
        }
    }
    runs
}

/// The bytes of `part`, of which `bytes` are those of `whole`.
fn slice(bytes: &Bytes, whole: &Range<u64>, part: &Range<u64>) -> Option<Bytes> {
    let from = usize::try_from(part.start.checked_sub(whole.start)?).ok()?;
    let to = usize::try_from(part.end.checked_sub(whole.start)?).ok()?;
    (from <= to && to <= bytes.len()).then(|| bytes.slice(from..to))
}
