//! The files of a dataset on this machine.

use std::fs;
use std::path::{Path, PathBuf};

use casemate_wire::dataset::DatasetName;
use casemate_wire::manifest::{Manifest, WHOLE_DATASET, is_hidden, partition_columns};

use super::error::DatasetError;

/// What the files that hold the wrapped keys of others begin with (`FileKeyMaterialStore` of parquet-mr).
const KEY_MATERIAL_PREFIX: &str = "_KEY_MATERIAL_FOR_";

/// Folders in folders; deeper ones are taken for a mistake.
const MAX_DEPTH: usize = 32;

/// A dataset on disk: a folder with files below it, or one file.
#[derive(Debug)]
pub struct DatasetFolder {
    path: PathBuf,
    single: bool,
    files: Vec<DatasetFile>,
}

/// A file of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetFile {
    /// Its path in the dataset, with `/` between folders; [`WHOLE_DATASET`] where the dataset is one file.
    pub path: String,
    /// Where it lies.
    pub location: PathBuf,
    /// Its size in bytes.
    pub size: u64,
}

impl DatasetFile {
    /// Whether it holds the wrapped keys of another file.
    pub fn is_key_material(&self) -> bool {
        self.path.rsplit('/').next().is_some_and(|name| name.starts_with(KEY_MATERIAL_PREFIX))
    }
}

impl DatasetFolder {
    /// Finds the files at `path`: that file, or the regular files below that folder without those that Spark hides.
    ///
    /// # Errors
    /// When there is none, when a name is not UTF-8, or when something is neither a file nor a folder.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let metadata = fs::metadata(path).map_err(DatasetError::io(path))?;
        let single = metadata.is_file();
        let mut files = Vec::new();
        if single {
            let (location, size) = (path.to_path_buf(), metadata.len());
            files.push(DatasetFile { path: WHOLE_DATASET.to_owned(), location, size });
        } else {
            collect(path, "", 0, &mut files)?;
        }
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        if files.is_empty() {
            return Err(DatasetError::file(path, "it has no files of a table"));
        }
        Ok(Self { path: path.to_path_buf(), single, files })
    }

    /// Its files, sorted by path, those with wrapped keys among them.
    pub fn files(&self) -> &[DatasetFile] {
        &self.files
    }

    /// The name that the dataset has where it is served from the folder above it.
    ///
    /// # Errors
    /// When its last part is not a name.
    pub fn default_name(&self) -> Result<DatasetName, DatasetError> {
        let whole = fs::canonicalize(&self.path).map_err(DatasetError::io(&self.path))?;
        let name = whole.file_name().and_then(|name| name.to_str());
        let name =
            name.ok_or_else(|| DatasetError::file(&self.path, "its name can't be that of a dataset: use --name"))?;
        Ok(name.parse()?)
    }

    /// Where its manifest lies.
    ///
    /// # Errors
    /// As for [`default_name`](Self::default_name).
    pub fn manifest_path(&self) -> Result<PathBuf, DatasetError> {
        let [inside, beside] = Manifest::locations(&self.default_name()?);
        let whole = fs::canonicalize(&self.path).map_err(DatasetError::io(&self.path))?;
        let above = whole.parent().unwrap_or(Path::new("/"));
        Ok(above.join(if self.single { beside } else { inside }))
    }

    /// A folder with files in it whose name is not one of a partition; readers of the table would pass over it.
    pub(super) fn plain_subfolder(&self) -> Option<&str> {
        let folders = self.files.iter().filter_map(|file| Some(file.path.rsplit_once('/')?.0));
        folders.flat_map(|folders| folders.split('/')).find(|folder| !folder.contains('='))
    }

    /// The columns that the names of its folders give values to (`year=2021`), outermost first.
    ///
    /// # Errors
    /// When its files don't all have the same.
    pub fn partition_columns(&self) -> Result<Vec<String>, DatasetError> {
        let tables = self.files.iter().filter(|file| !file.is_key_material());
        partition_columns(tables.map(|file| file.path.as_str()))
            .ok_or_else(|| DatasetError::file(&self.path, "its files lie in folders of different partition columns"))
    }
}

fn collect(folder: &Path, prefix: &str, depth: usize, files: &mut Vec<DatasetFile>) -> Result<(), DatasetError> {
    if depth > MAX_DEPTH {
        return Err(DatasetError::file(folder, format!("folders lie more than {MAX_DEPTH} deep")));
    }
    for entry in fs::read_dir(folder).map_err(DatasetError::io(folder))? {
        let entry = entry.map_err(DatasetError::io(folder))?;
        let location = entry.path();
        let name = entry.file_name().into_string();
        let name = name.map_err(|_| DatasetError::file(&location, "its name is not UTF-8"))?;
        let path = format!("{prefix}{name}");
        // Follows links, as the parent's server does inside its folder.
        let metadata = fs::metadata(&location).map_err(DatasetError::io(&location))?;
        let file = DatasetFile { path, location, size: metadata.len() };
        if is_hidden(&name) && !(metadata.is_file() && file.is_key_material()) {
            continue;
        }
        if metadata.is_dir() {
            collect(&file.location, &format!("{}/", file.path), depth + 1, files)?;
        } else if metadata.is_file() {
            files.push(file);
        } else {
            return Err(DatasetError::file(
                &file.location,
                "it is neither a file nor a folder: take it out of the dataset",
            ));
        }
    }
    Ok(())
}
