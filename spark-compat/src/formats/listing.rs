//! Which files a path stands for, by the rules of Spark's `InMemoryFileIndex`.

use std::collections::HashMap;

use datafusion::datasource::listing::ListingTableUrl;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use url::Url;

use super::partitions::Partitions;
use super::table::{DataFile, Files};
use super::{FileRelation, Storage, path};
use crate::error::{Result, SparkError};

/// The files of a table.
#[derive(Debug)]
pub(super) struct Found {
    /// Those that rows are read from, with the values of their partitions.
    pub files: Files,
    /// Those that tell the columns, in the order of their paths. Files beside the folders of partitions are among them.
    pub all: Vec<ObjectMeta>,
    /// The columns that folders are named after.
    pub partitions: Partitions,
}

/// Finds the file or the files of the folder that a relation names. Of a folder with partitions these are the files of all
/// partitions, of another folder those that lie directly in it.
///
/// # Errors
///
/// Nothing lies there, or the folders below make no table.
pub(super) async fn find(storage: Storage<'_>, relation: FileRelation<'_>) -> Result<Found> {
    let url = path::resolve(storage.base, relation.path, false)?;
    let url = table_url(&url)?;
    let store = storage.state.runtime_env().object_store(&url)?;
    let location = url.prefix().clone();
    let files = |data| Files { url: url.object_store(), store: store.clone(), data };
    match store.head(&location).await {
        Ok(object) => {
            let is_read = location.filename().is_some_and(|name| !is_passed_over(name));
            let all: Vec<ObjectMeta> = is_read.then_some(object).into_iter().collect();
            return Ok(Found { files: files(unpartitioned(&all)), all, partitions: Partitions::default() });
        }
        Err(object_store::Error::NotFound { .. }) => {}
        Err(error) => return Err(SparkError::storage(format!("cannot read '{}': {error}", relation.path))),
    }
    let below: Vec<ObjectMeta> = store
        .list(Some(&location))
        .try_collect()
        .await
        .map_err(|error| SparkError::storage(format!("cannot list '{}': {error}", relation.path)))?;
    if below.is_empty() {
        return Err(SparkError::analysis(format!("Path does not exist: {}", relation.path)));
    }
    let mut below: Vec<Leaf> = below.into_iter().filter_map(|object| Leaf::of(&location, object)).collect();
    below.sort_by(|a, b| a.object.location.cmp(&b.object.location));

    let mut folders: Vec<Vec<String>> = Vec::new();
    let mut known: HashMap<&[String], usize> = HashMap::new();
    let folder_of: Vec<usize> = below
        .iter()
        .map(|leaf| {
            *known.entry(&leaf.folder).or_insert_with(|| {
                folders.push(leaf.folder.clone());
                folders.len() - 1
            })
        })
        .collect();
    let partitions = Partitions::find(&folders, relation.columns, storage.partitions)?;
    let (all, data) = match partitions.columns.is_empty() {
        true => {
            let direct = below.into_iter().filter(|leaf| leaf.folder.is_empty());
            let all: Vec<ObjectMeta> = direct.map(|leaf| leaf.object).collect();
            let data = unpartitioned(&all);
            (all, data)
        }
        false => {
            let filled = below.iter().zip(folder_of).filter(|(leaf, _)| leaf.object.size > 0);
            let data = filled.filter_map(|(leaf, folder)| {
                let partition = partitions.values.get(folder)?.clone()?;
                Some(DataFile { object: leaf.object.clone(), partition })
            });
            let data = data.collect();
            (below.into_iter().map(|leaf| leaf.object).collect(), data)
        }
    };
    Ok(Found { files: files(data), all, partitions })
}

/// A file below a folder.
struct Leaf {
    /// The folders between.
    folder: Vec<String>,
    object: ObjectMeta,
}

impl Leaf {
    /// A file of the table in the folder at `base`; `None` if it, or a folder between, is none of it.
    fn of(base: &Path, object: ObjectMeta) -> Option<Self> {
        let mut folder: Vec<String> =
            object.location.prefix_match(base)?.map(|part| part.as_ref().to_string()).collect();
        if folder.iter().any(|name| is_passed_over(name)) {
            return None;
        }
        folder.pop()?;
        Some(Self { folder, object })
    }
}

/// Files without rows are none: no format has a table in no bytes.
fn unpartitioned(objects: &[ObjectMeta]) -> Vec<DataFile> {
    let filled = objects.iter().filter(|object| object.size > 0);
    filled.map(|object| DataFile { object: object.clone(), partition: Vec::new() }).collect()
}

/// Names of files and folders that are no part of a table (`HadoopFSUtils.shouldFilterOutPathName`).
fn is_passed_over(name: &str) -> bool {
    (name.starts_with('_') && !name.contains('=')) || name.starts_with('.') || name.ends_with("._COPYING_")
}

fn table_url(url: &Url) -> Result<ListingTableUrl> {
    Ok(ListingTableUrl::try_new(url.clone(), None)?)
}
