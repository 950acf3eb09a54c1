//! Encrypted Parquet on this side: opened with a client's keys, read like a file in the clear.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, Length};
use sealed_parquet::{
    Algorithm, ExternalMaterial, Footer, FooterPlace, FreshMemory, KeyError, MAX_EXTERNAL_BYTES, Protection,
    SealedFile, TAIL_LEN, external_file_name,
};

use super::error::DatasetError;
use crate::files::Keys;

/// The longest footer that is read.
const MAX_FOOTER_BYTES: u64 = casemate_wire::manifest::MAX_FOOTER_BYTES;

/// How a column of a file is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnProtection {
    /// Everybody can read it who has the file.
    Plain,
    /// By the footer's key.
    FooterKey,
    /// By a key of its own, with this id.
    Key(String),
    /// By a key that the keys file doesn't have; the text says which.
    Locked(String),
}

/// What encrypts a Parquet file, as far as it shows without a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileEncryption {
    /// What pages are encrypted with.
    pub algorithm: Algorithm,
    /// Whether schema and statistics are hidden too.
    pub encrypted_footer: bool,
}

/// A Parquet file.
pub(super) struct ParquetFile {
    /// Where its footer starts.
    pub footer_start: u64,
    /// How it is encrypted, if it is.
    pub encryption: Option<FileEncryption>,
    /// Its content, or why its footer can't be opened.
    pub content: Result<OpenParquet, String>,
}

/// A Parquet file that can be read.
pub(super) struct OpenParquet {
    reader: Reader,
    metadata: ArrowReaderMetadata,
    /// How each column is protected, by its full path; empty if the file is not encrypted.
    pub columns: BTreeMap<String, ColumnProtection>,
}

impl ParquetFile {
    /// Opens `path` if it is Parquet.
    pub(super) fn open(path: &Path, keys: Option<&Keys>) -> Result<Option<Self>, DatasetError> {
        let file = File::open(path).map_err(DatasetError::io(path))?;
        let size = file.metadata().map_err(DatasetError::io(path))?.len();
        let damaged = |error: sealed_parquet::Error| DatasetError::file(path, error.to_string());
        let Some(tail_start) = size.checked_sub(TAIL_LEN as u64) else { return Ok(None) };
        let mut tail = [0; TAIL_LEN];
        file.read_exact_at(&mut tail, tail_start).map_err(DatasetError::io(path))?;
        let Some(place) = FooterPlace::find(size, &tail).map_err(damaged)? else { return Ok(None) };
        if place.range.end - place.range.start > MAX_FOOTER_BYTES {
            return Err(DatasetError::file(path, "its footer is larger than 64 MiB"));
        }
        let bytes = read_range(&file, &place.range).map_err(DatasetError::io(path))?;
        let footer = Footer::parse(&bytes, place.encrypted).map_err(damaged)?;
        let footer_start = place.range.start;
        let encryption = footer
            .as_ref()
            .map(|footer| FileEncryption { algorithm: footer.algorithm(), encrypted_footer: footer.is_encrypted() });
        let sealed = match (&footer, keys) {
            (None, _) => Ok(None),
            (Some(footer), Some(keys)) => open_footer(path, footer, place.range, keys).map(Some),
            (Some(_), None) => Err("it is encrypted, and no keys file was given".to_owned()),
        };
        let content = sealed.and_then(|sealed| OpenParquet::new(file, size, sealed));
        Ok(Some(Self { footer_start, encryption, content }))
    }
}

fn open_footer(path: &Path, footer: &Footer<'_>, place: Range<u64>, keys: &Keys) -> Result<SealedFile, String> {
    let external = if footer.has_external_material() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = external_file_name(name);
        let content = read_bounded(&path.with_file_name(&name)).map_err(|error| format!("{name}: {error}"))?;
        Some(ExternalMaterial::parse(&name, &content).map_err(|error: KeyError| error.to_string())?)
    } else {
        None
    };
    footer.open(place, keys, external.as_ref(), None).map_err(|error| error.to_string())
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    // One byte more than allowed tells that there are too many.
    fs::File::open(path)?.take(MAX_EXTERNAL_BYTES + 1).read_to_end(&mut content)?;
    Ok(content)
}

impl OpenParquet {
    fn new(file: File, size: u64, sealed: Option<SealedFile>) -> Result<Self, String> {
        let columns = sealed.iter().flat_map(|sealed| sealed.columns());
        let protection = |protection: &Protection| match protection {
            Protection::None => ColumnProtection::Plain,
            Protection::FooterKey => ColumnProtection::FooterKey,
            Protection::ColumnKey(id) => ColumnProtection::Key(id.clone()),
            Protection::Locked(error) => ColumnProtection::Locked(error.to_string()),
        };
        let columns = columns.map(|column| (column.path.clone(), protection(&column.protection))).collect();
        let shared = Shared { file, size, sealed, chunks: Mutex::default() };
        let reader = Reader(Arc::new(shared));
        // By the Parquet types alone, as Spark reads them.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(&reader, options).map_err(|error| error.to_string())?;
        reader.0.lock().ranges = chunk_ranges(metadata.metadata());
        Ok(Self { reader, metadata, columns })
    }

    /// Schema, sizes and places.
    pub(super) fn metadata(&self) -> &ArrowReaderMetadata {
        &self.metadata
    }

    /// Whether every byte that a reader uses is behind the footer's hash: all columns encrypted, and no filters beside them.
    pub(super) fn is_sealed(&self) -> bool {
        let groups = self.metadata.metadata().row_groups().iter();
        let mut chunks = groups.flat_map(|group| group.columns());
        !self.columns.is_empty()
            && self.columns.values().all(|protection| *protection != ColumnProtection::Plain)
            && chunks.all(|chunk| chunk.bloom_filter_offset().is_none())
    }

    /// All rows; each page is authenticated as it is read.
    pub(super) fn rows(&self) -> ParquetResult<impl Iterator<Item = Result<RecordBatch, arrow::error::ArrowError>>> {
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.reader.clone(), self.metadata.clone()).build()
    }
}

fn chunk_ranges(metadata: &ParquetMetaData) -> Vec<(usize, Range<u64>)> {
    let groups = metadata.row_groups().iter().enumerate();
    let ranges =
        groups.flat_map(|(number, group)| group.columns().iter().map(move |chunk| (number, chunk.byte_range())));
    ranges.map(|(number, (start, length))| (number, start..start.saturating_add(length))).collect()
}

/// The file in the clear. Clones share what was decrypted.
#[derive(Clone)]
struct Reader(Arc<Shared>);

struct Shared {
    file: File,
    size: u64,
    sealed: Option<SealedFile>,
    chunks: Mutex<Chunks>,
}

/// The column chunks of one row group, each decrypted once and as a whole.
#[derive(Default)]
struct Chunks {
    /// Where column chunks lie, with the number of their row group.
    ranges: Vec<(usize, Range<u64>)>,
    group: usize,
    open: BTreeMap<u64, Bytes>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Chunks> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes from `start` to the end of their column chunk, or `wanted` bytes that lie in none.
    fn open_from(&self, start: u64, wanted: usize) -> ParquetResult<Bytes> {
        let mut chunks = self.lock();
        let around = |(_, chunk): &&(usize, Range<u64>)| chunk.contains(&start);
        let Some((group, chunk)) = chunks.ranges.iter().find(around).cloned() else {
            return self.read(start..start.saturating_add(wanted as u64).min(self.size));
        };
        if chunks.group != group {
            chunks.open.clear();
            chunks.group = group;
        }
        let bytes = match chunks.open.get(&chunk.start) {
            Some(bytes) => bytes.clone(),
            None => {
                let bytes = self.read(chunk.clone())?;
                chunks.open.insert(chunk.start, bytes.clone());
                bytes
            }
        };
        let from = usize::try_from(start - chunk.start).unwrap_or(usize::MAX);
        Ok(bytes.slice(from.min(bytes.len())..))
    }

    fn read(&self, range: Range<u64>) -> ParquetResult<Bytes> {
        let Some(sealed) = &self.sealed else { return Ok(read_range(&self.file, &range)?.into()) };
        let failed = |error: sealed_parquet::Error| ParquetError::External(Box::new(error));
        let plan = sealed.plan(std::slice::from_ref(&range)).map_err(failed)?;
        let read = plan.reads().iter().map(|range| read_range(&self.file, range).map(Bytes::from));
        let mut answers = plan.finish(&read.collect::<io::Result<Vec<_>>>()?, &FreshMemory).map_err(failed)?;
        answers.pop().ok_or_else(|| ParquetError::EOF("nothing was read".to_owned()))
    }
}

impl Length for Reader {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for Reader {
    type T = BufReader<Tail>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(BufReader::new(Tail { reader: self.clone(), position: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let end = start.checked_add(length as u64).filter(|end| *end <= self.0.size);
        let end = end.ok_or_else(|| ParquetError::EOF("a range beyond the end of the file".to_owned()))?;
        let mut bytes = self.0.open_from(start, length)?;
        if bytes.len() < length {
            bytes = self.0.read(start..end)?;
        }
        bytes.truncate(length);
        Ok(bytes)
    }
}

/// The file from a position on.
struct Tail {
    reader: Reader,
    position: u64,
}

impl Read for Tail {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.reader.0.size.saturating_sub(self.position);
        let wanted = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let bytes = self.reader.0.open_from(self.position, wanted).map_err(io::Error::other)?;
        let count = wanted.min(bytes.len());
        out.get_mut(..count).unwrap_or_default().copy_from_slice(bytes.get(..count).unwrap_or_default());
        self.position += count as u64;
        Ok(count)
    }
}

fn read_range(file: &File, range: &Range<u64>) -> io::Result<Vec<u8>> {
    let length = range.end.saturating_sub(range.start);
    let mut bytes = Vec::new();
    // Checked: a length out of a file may be more than there is memory for.
    let length = usize::try_from(length).map_err(io::Error::other)?;
    bytes.try_reserve_exact(length).map_err(io::Error::other)?;
    bytes.resize(length, 0);
    file.read_exact_at(&mut bytes, range.start)?;
    Ok(bytes)
}
