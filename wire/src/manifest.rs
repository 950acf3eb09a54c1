//! Manifests: what a dataset consists of, signed by whoever made it.
//!
//! The parent owns the files of a dataset and may change, swap, drop, add and roll them back. A manifest names every file
//! with what its bytes are checked by, the dataset, and a version that rises, under the signature of a key that clients
//! trust. It lies in the dataset, as a line with signer and signature before a JSON text:
//!
//! ```text
//! casemate manifest 1 p384:<98 hex digits> <signature, 192 hex digits>
//! {"dataset": "sales", "version": 7, "files": [..], ..}
//! ```
//!
//! Everybody can read it: a signer puts nothing into it that an encrypted footer hides.
//!
//! The signature is over `"casemate v1 dataset manifest" || text`, byte by byte, so that nothing has to be parsed before it holds.

mod checks;
mod error;
mod json;
mod signed;
#[cfg(test)]
mod tests;

pub use checks::{CHUNK_BYTES, ChunkHashes, FooterHash, MAX_CHUNK_BYTES, MAX_FOOTER_BYTES, MIN_CHUNK_BYTES};
pub use error::ManifestError;
pub use signed::{MAX_MANIFEST_BYTES, signer};

use crate::data_policy::DataPolicy;
use crate::dataset::DatasetName;

/// The file name of the manifest of a folder, in the folder.
pub const MANIFEST_FILE: &str = "_casemate.manifest";

/// The path of a file within a dataset that is this one file.
pub const WHOLE_DATASET: &str = ".";

/// What a dataset consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The path below the data folder at which it is read.
    pub dataset: DatasetName,
    /// Rises with each change.
    pub version: u64,
    /// When it was signed, in milliseconds since 1970.
    pub signed_ms: u64,
    /// The format of its tables' files, as statements name it: `parquet`, `csv`.
    pub format: String,
    /// The columns of its files; none where an encrypted footer, which the manifest vouches for, hides them.
    pub columns: Vec<ManifestColumn>,
    /// The columns whose values are in the names of folders (`year=2021/`), outermost first.
    pub partition_columns: Vec<String>,
    /// Its files, sorted by path.
    files: Vec<ManifestFile>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestColumn {
    /// Its name.
    pub name: String,
    /// Its type as Spark writes it: `bigint`, `decimal(10,2)`, `array<string>`.
    pub data_type: String,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    /// Its path in the dataset; [`WHOLE_DATASET`] if the dataset is this file.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its rows; `None` where an encrypted footer hides them, or the signer could not tell.
    pub rows: Option<u64>,
    /// What it holds.
    pub content: Content,
    /// How its bytes are checked.
    pub integrity: Integrity,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Rows of which some or all columns are encrypted.
    Encrypted,
    /// Rows that everybody can read who has the file.
    Plain,
    /// Wrapped keys of other files.
    KeyMaterial,
}

/// How a file's bytes are checked, whichever part of it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// Parquet whose every module is authenticated by AES-GCM under the file's own AAD: the footer's hash is enough, since
    /// nothing but the modules that this footer describes opens with it.
    Footer(FooterHash),
    /// Any other file: a hash for each piece of it.
    Chunks(ChunkHashes),
}

impl Manifest {
    /// A manifest of these files, in any order.
    ///
    /// # Errors
    /// When there is no file, when a path is not one below the dataset or stands twice, or when a file's checks don't fit
    /// its size.
    pub fn new(dataset: DatasetName, version: u64, mut files: Vec<ManifestFile>) -> Result<Self, ManifestError> {
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        check_files(&dataset, &files)?;
        Ok(Self {
            dataset,
            version,
            signed_ms: 0,
            format: "parquet".to_owned(),
            columns: Vec::new(),
            partition_columns: Vec::new(),
            files,
        })
    }

    /// Its files, sorted by path.
    pub fn files(&self) -> &[ManifestFile] {
        &self.files
    }

    /// The files at `name`: that file, or all below that folder. Empty if it has none there.
    pub fn files_at(&self, name: &DatasetName) -> impl Iterator<Item = (DatasetName, &ManifestFile)> {
        self.named_files().filter(|(file, _)| name.contains(file))
    }

    /// The file called `name`.
    pub fn file(&self, name: &DatasetName) -> Option<&ManifestFile> {
        let path = match self.dataset.inside(name)? {
            "" => WHOLE_DATASET,
            path => path,
        };
        self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().and_then(|at| self.files.get(at))
    }

    fn named_files(&self) -> impl Iterator<Item = (DatasetName, &ManifestFile)> {
        // Every path was joined to the name once already, when the manifest was made.
        self.files.iter().filter_map(|file| Some((self.dataset.join(&file.path).ok()?, file)))
    }

    /// Whether a client with this policy accepts it as the manifest of `dataset`: it is of that dataset and new enough.
    ///
    /// # Errors
    /// [`ManifestError::OtherDataset`], [`ManifestError::Stale`].
    pub fn accept(&self, dataset: &DatasetName, policy: &DataPolicy) -> Result<(), ManifestError> {
        if self.dataset != *dataset {
            return Err(ManifestError::OtherDataset { found: self.dataset.clone(), expected: dataset.clone() });
        }
        let minimum = policy.minimum_versions.get(dataset).copied().unwrap_or(0);
        if self.version < minimum {
            return Err(ManifestError::Stale { dataset: dataset.clone(), found: self.version, expected: minimum });
        }
        Ok(())
    }

    /// Where the manifest of `dataset` may lie, as paths below the data folder: in it if it is a folder, beside it if it is a
    /// file.
    pub fn locations(dataset: &DatasetName) -> [String; 2] {
        let (folder, name) = dataset.as_str().rsplit_once('/').unwrap_or(("", dataset.as_str()));
        let slash = if folder.is_empty() { "" } else { "/" };
        [format!("{dataset}/{MANIFEST_FILE}"), format!("{folder}{slash}_{name}{MANIFEST_SUFFIX}")]
    }
}

/// What the name of a single file's manifest ends with, after `_` and the name of the file.
const MANIFEST_SUFFIX: &str = ".casemate.manifest";

/// Whether a file of this path in a dataset is none of the table's: Spark hides names that begin with `_` or `.`, except
/// those of partitions.
pub fn is_hidden(path: &str) -> bool {
    let hidden = |part: &str| part.starts_with('.') || (part.starts_with('_') && !part.contains('='));
    path != WHOLE_DATASET && path.split('/').any(hidden)
}

/// The columns that the names of folders in these paths give values to (`year=2021/`), as they are written, outermost first;
/// `None` if the paths don't all have the same.
pub fn partition_columns<'p>(paths: impl IntoIterator<Item = &'p str>) -> Option<Vec<String>> {
    let columns = |path: &'p str| {
        let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
        folders.split('/').filter_map(|folder| Some(folder.split_once('=')?.0)).collect::<Vec<_>>()
    };
    let mut found = paths.into_iter().map(columns);
    let first = found.next().unwrap_or_default();
    found.all(|columns| columns == first).then(|| first.into_iter().map(str::to_owned).collect())
}

fn check_files(dataset: &DatasetName, files: &[ManifestFile]) -> Result<(), ManifestError> {
    let malformed = |path: &str, problem: &'static str| Err(ManifestError::File { path: path.to_owned(), problem });
    let mut before: Option<&str> = None;
    for file in files {
        let ManifestFile { path, size, .. } = file;
        let joined = dataset.join(path);
        let inside = joined.is_ok_and(|name| !path.is_empty() && dataset.inside(&name) == Some(path));
        let normal = path == WHOLE_DATASET || inside;
        if !normal {
            return malformed(path, "it is not a plain path below the dataset");
        }
        if before.is_some_and(|before| before >= path.as_str()) {
            return malformed(path, "it stands twice, or not in order");
        }
        before = Some(path);
        if i64::try_from(*size).is_err() {
            return malformed(path, "its size is more than any disk holds");
        }
        match &file.integrity {
            Integrity::Footer(footer) => footer.check(*size).or_else(|problem| malformed(path, problem))?,
            Integrity::Chunks(chunks) => chunks.check(*size).or_else(|problem| malformed(path, problem))?,
        }
        if file.content != Content::Encrypted && matches!(file.integrity, Integrity::Footer(_)) {
            return malformed(path, "only an encrypted file can be checked by its footer");
        }
    }
    match files {
        [] => Err(ManifestError::Empty),
        [_] => Ok(()),
        many if many.iter().any(|file| file.path == WHOLE_DATASET) => {
            malformed(WHOLE_DATASET, "the dataset is one file and has others in it")
        }
        _ => Ok(()),
    }
}
