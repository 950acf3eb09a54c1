//! The text of a manifest.

use base64ct::{Base64, Encoding};
use serde::{Deserialize, Serialize};

use super::{
    ChunkHashes, Content, FooterHash, Integrity, Manifest, ManifestColumn, ManifestError, ManifestFile,
    partition_columns,
};
use crate::dataset::DatasetName;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestJson {
    dataset: DatasetName,
    version: u64,
    signed_ms: u64,
    format: String,
    columns: Vec<ColumnJson>,
    partition_columns: Vec<String>,
    files: Vec<FileJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnJson {
    name: String,
    #[serde(rename = "type")]
    data_type: String,
}

/// Has either `footer` or `chunks`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileJson {
    path: String,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    content: ContentJson,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    footer: Option<FooterJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chunks: Option<ChunksJson>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ContentJson {
    Encrypted,
    Plain,
    KeyMaterial,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FooterJson {
    start: u64,
    sha384: String,
}

/// The hashes, one after the other, in base64.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChunksJson {
    bytes: u64,
    sha256: String,
}

impl Manifest {
    pub(super) fn to_json(&self) -> Vec<u8> {
        let columns = self.columns.iter();
        let json = ManifestJson {
            dataset: self.dataset.clone(),
            version: self.version,
            signed_ms: self.signed_ms,
            format: self.format.clone(),
            columns: columns
                .map(|column| ColumnJson { name: column.name.clone(), data_type: column.data_type.clone() })
                .collect(),
            partition_columns: self.partition_columns.clone(),
            files: self.files.iter().map(FileJson::from_file).collect(),
        };
        // Texts, numbers and lists of them serialise without a failing case.
        let mut text = serde_json::to_vec_pretty(&json).unwrap_or_default();
        text.push(b'\n');
        text
    }

    pub(super) fn from_json(text: &[u8]) -> Result<Self, ManifestError> {
        let json: ManifestJson =
            serde_json::from_slice(text).map_err(|error| ManifestError::Malformed(error.to_string()))?;
        let files = json.files.into_iter().map(FileJson::into_file).collect::<Result<Vec<_>, _>>()?;
        check_partition_columns(&json.partition_columns, &files)?;
        let column = |column: ColumnJson| ManifestColumn { name: column.name, data_type: column.data_type };
        Ok(Self {
            signed_ms: json.signed_ms,
            format: json.format,
            columns: json.columns.into_iter().map(column).collect(),
            partition_columns: json.partition_columns,
            ..Self::new(json.dataset, json.version, files)?
        })
    }
}

/// What a manifest says about partitions must be what its files' paths say.
fn check_partition_columns(columns: &[String], files: &[ManifestFile]) -> Result<(), ManifestError> {
    let tables = files.iter().filter(|file| file.content != Content::KeyMaterial);
    match partition_columns(tables.map(|file| file.path.as_str())) {
        _ if columns.is_empty() => Ok(()),
        Some(found) if found == columns => Ok(()),
        _ => Err(ManifestError::Malformed("its partition columns are not those that its files' paths name".to_owned())),
    }
}

impl FileJson {
    fn from_file(file: &ManifestFile) -> Self {
        let (footer, chunks) = match &file.integrity {
            Integrity::Footer(FooterHash { start, sha384 }) => {
                (Some(FooterJson { start: *start, sha384: hex::encode(sha384) }), None)
            }
            Integrity::Chunks(chunks) => {
                let sha256 = Base64::encode_string(chunks.as_bytes());
                (None, Some(ChunksJson { bytes: chunks.chunk_bytes(), sha256 }))
            }
        };
        let content = match file.content {
            Content::Encrypted => ContentJson::Encrypted,
            Content::Plain => ContentJson::Plain,
            Content::KeyMaterial => ContentJson::KeyMaterial,
        };
        Self { path: file.path.clone(), size: file.size, rows: file.rows, content, footer, chunks }
    }

    fn into_file(self) -> Result<ManifestFile, ManifestError> {
        let integrity = match (&self.footer, &self.chunks) {
            (Some(footer), None) => {
                let mut sha384 = [0; 48];
                hex::decode_to_slice(&footer.sha384, &mut sha384)
                    .map_err(|_| self.malformed("its footer's hash is not 96 hexadecimal digits"))?;
                Integrity::Footer(FooterHash { start: footer.start, sha384 })
            }
            (None, Some(chunks)) => {
                let hashes = Base64::decode_vec(&chunks.sha256);
                let hashes = hashes.map_err(|_| self.malformed("the hashes of its chunks are not base64"))?;
                Integrity::Chunks(ChunkHashes::from_bytes(chunks.bytes, hashes))
            }
            _ => return Err(self.malformed("it has not exactly one of footer and chunks")),
        };
        let content = match self.content {
            ContentJson::Encrypted => Content::Encrypted,
            ContentJson::Plain => Content::Plain,
            ContentJson::KeyMaterial => Content::KeyMaterial,
        };
        Ok(ManifestFile { path: self.path, size: self.size, rows: self.rows, content, integrity })
    }

    fn malformed(&self, problem: &'static str) -> ManifestError {
        ManifestError::File { path: self.path.clone(), problem }
    }
}
