//! One file of a dataset: what it holds, how it is encrypted, and what its bytes are checked by.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use arrow::datatypes::SchemaRef;
use casemate_wire::manifest::{
    ChunkHashes, Content, FooterHash, Integrity, MAX_FOOTER_BYTES, ManifestColumn, ManifestFile,
};
use sealed_parquet::Algorithm;

use super::Progress;
use super::columns::manifest_columns;
use super::encryption::{ColumnProtection, ParquetFile};
use super::error::DatasetError;
use super::folder::DatasetFile;
use crate::files::Keys;

/// What is to be known about a file.
pub struct Examined {
    /// As a manifest has it.
    pub file: ManifestFile,
    /// What is special to Parquet, for a file that is.
    pub parquet: Option<ParquetFacts>,
}

/// What is to be known about a Parquet file.
pub struct ParquetFacts {
    /// What pages are encrypted with; `None` for a file that is not encrypted.
    pub algorithm: Option<Algorithm>,
    /// Whether the footer is encrypted, and with it schema and statistics.
    pub encrypted_footer: bool,
    /// How each column is protected, by its path; empty where that can't be seen.
    pub columns: BTreeMap<String, ColumnProtection>,
    /// The columns of the table, where they can be seen.
    pub schema: Option<SchemaRef>,
    /// Rows, where they can be seen.
    pub rows: Option<u64>,
    /// Row groups, where they can be seen.
    pub row_groups: Option<usize>,
    /// Why it can't be opened.
    pub locked: Option<String>,
}

impl ParquetFacts {
    fn of(parquet: &ParquetFile) -> Self {
        let open = parquet.content.as_ref().ok();
        Self {
            algorithm: parquet.encryption.as_ref().map(|encryption| encryption.algorithm),
            encrypted_footer: parquet.encryption.as_ref().is_some_and(|encryption| encryption.encrypted_footer),
            columns: open.map(|open| open.columns.clone()).unwrap_or_default(),
            schema: open.map(|open| open.metadata().schema().clone()),
            rows: open.and_then(|open| open.metadata().metadata().file_metadata().num_rows().try_into().ok()),
            row_groups: open.map(|open| open.metadata().metadata().num_row_groups()),
            locked: parquet.content.as_ref().err().cloned(),
        }
    }

    /// The columns as a manifest names them; none where they are not for everybody to see.
    pub fn manifest_columns(&self) -> Vec<ManifestColumn> {
        self.schema
            .as_ref()
            .filter(|_| !self.encrypted_footer)
            .map(|schema| manifest_columns(schema))
            .unwrap_or_default()
    }
}

/// Looks at a file. One whose footer's hash is enough is not read further; any other is hashed in pieces of `chunk_bytes`, and
/// `progress` is told how many bytes are done.
///
/// # Errors
/// When it can't be read, or is damaged.
pub fn examine(
    file: &DatasetFile,
    keys: Option<&Keys>,
    chunk_bytes: u64,
    progress: Progress<'_>,
) -> Result<Examined, DatasetError> {
    let path = file.location.as_path();
    let parquet = if file.is_key_material() { None } else { ParquetFile::open(path, keys)? };
    let content = match &parquet {
        _ if file.is_key_material() => Content::KeyMaterial,
        Some(ParquetFile { encryption: Some(_), .. }) => Content::Encrypted,
        _ => Content::Plain,
    };
    let integrity = match &parquet {
        Some(parquet) if is_authenticated(parquet) => Integrity::Footer(hash_footer(path, parquet.footer_start)?),
        _ => Integrity::Chunks(hash_chunks(path, chunk_bytes, progress)?),
    };
    let facts = parquet.as_ref().map(ParquetFacts::of);
    // A manifest is for everybody to read: it says nothing that an encrypted footer hides.
    let rows = facts.as_ref().filter(|facts| !facts.encrypted_footer).and_then(|facts| facts.rows);
    let file = ManifestFile { path: file.path.clone(), size: file.size, rows, content, integrity };
    Ok(Examined { file, parquet: facts })
}

/// Whether AES-GCM authenticates all that a reader uses of the file, given its footer. What can't be seen counts as no.
fn is_authenticated(parquet: &ParquetFile) -> bool {
    let gcm = parquet.encryption.as_ref().is_some_and(|encryption| encryption.algorithm == Algorithm::AesGcmV1);
    gcm && parquet.content.as_ref().is_ok_and(|open| open.is_sealed())
}

/// The hash of a file's end.
pub(super) fn hash_footer(path: &Path, start: u64) -> Result<FooterHash, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io(path))?;
    let size = file.metadata().map_err(DatasetError::io(path))?.len();
    let length = size.checked_sub(start).filter(|length| *length <= MAX_FOOTER_BYTES);
    let length = length.and_then(|length| usize::try_from(length).ok());
    let length = length.ok_or_else(|| DatasetError::file(path, "it changed while it was read"))?;
    let mut footer = vec![0; length];
    file.read_exact_at(&mut footer, start).map_err(DatasetError::io(path))?;
    Ok(FooterHash::of(start, &footer))
}

/// The hashes of a file's pieces.
pub(super) fn hash_chunks(path: &Path, chunk_bytes: u64, progress: Progress<'_>) -> Result<ChunkHashes, DatasetError> {
    let mut file = File::open(path).map_err(DatasetError::io(path))?;
    let mut chunks = ChunkHashes::new(chunk_bytes);
    let mut chunk = Vec::new();
    loop {
        chunk.clear();
        let read = (&mut file).take(chunks.chunk_bytes()).read_to_end(&mut chunk).map_err(DatasetError::io(path))?;
        if read == 0 {
            return Ok(chunks);
        }
        chunks.push(&chunk);
        progress(read as u64, 0)?;
    }
}
