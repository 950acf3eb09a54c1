//! Which files a path stands for, by the rules of Spark's `InMemoryFileIndex`.

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::execution::cache::TableScopedPath;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use url::Url;

use super::{Storage, path};
use crate::error::{Result, SparkError};

/// The files of a table.
#[derive(Debug)]
pub(super) struct Files {
    /// What a listing table scans.
    pub urls: Vec<ListingTableUrl>,
    /// The files themselves, by path.
    pub objects: Vec<ObjectMeta>,
    /// The store that they lie in.
    pub store: std::sync::Arc<dyn ObjectStore>,
}

/// Finds the file or the files of the directory at `relative`: those that lie directly in it and don't start with `_` or `.`.
///
/// # Errors
///
/// Nothing lies there, or the directory is partitioned (`a=1/`), which is not supported.
pub(super) async fn find(storage: Storage<'_>, relative: &str) -> Result<Files> {
    let file_url = path::resolve(storage.base, relative, false)?;
    let directory_url = path::resolve(storage.base, relative, true)?;
    let store = storage.state.runtime_env().object_store(table_url(&file_url)?)?;
    let location = Path::from_url_path(file_url.path()).map_err(|error| SparkError::storage(error.to_string()))?;

    match store.head(&location).await {
        Ok(object) => {
            return Ok(Files { urls: vec![table_url(&file_url)?], objects: vec![object], store });
        }
        Err(object_store::Error::NotFound { .. }) => {}
        Err(error) => return Err(SparkError::storage(format!("cannot read '{relative}': {error}"))),
    }

    forget_listing(storage, &location);
    let below: Vec<ObjectMeta> = store
        .list(Some(&location))
        .try_collect()
        .await
        .map_err(|error| SparkError::storage(format!("cannot list '{relative}': {error}")))?;
    if below.is_empty() {
        return Err(SparkError::analysis(format!("Path does not exist: {relative}")));
    }
    let children = classify(&location, below, relative)?;
    let urls = match (children.hidden, children.nested) {
        (false, _) => vec![table_url(&directory_url)?],
        (true, false) => vec![table_url(&directory_url)?.with_glob("[!_.]*")?],
        // A pattern would let the listing descend into the directories below.
        (true, true) => children.files.iter().map(|file| file_url_of(storage.base, file)).collect::<Result<_>>()?,
    };
    Ok(Files { urls, objects: children.files, store })
}

/// What lies in a directory.
struct Children {
    files: Vec<ObjectMeta>,
    hidden: bool,
    nested: bool,
}

fn classify(directory: &Path, below: Vec<ObjectMeta>, relative: &str) -> Result<Children> {
    let mut children = Children { files: Vec::new(), hidden: false, nested: false };
    for object in below {
        let parts: Vec<_> = object.location.prefix_match(directory).into_iter().flatten().collect();
        match &parts[..] {
            [name] if name.as_ref().starts_with(['_', '.']) => children.hidden = true,
            [_] => children.files.push(object),
            [first, ..] if first.as_ref().contains('=') => {
                return Err(SparkError::unsupported(format!("partitioned directories such as '{relative}'")));
            }
            _ => children.nested = true,
        }
    }
    children.files.sort_by(|a, b| a.location.cmp(&b.location));
    if children.files.is_empty() {
        return Err(SparkError::analysis(format!("'{relative}' has no files to read")));
    }
    Ok(children)
}

fn table_url(url: &Url) -> Result<ListingTableUrl> {
    Ok(ListingTableUrl::try_new(url.clone(), None)?)
}

fn file_url_of(base: &Url, object: &ObjectMeta) -> Result<ListingTableUrl> {
    let mut url = base.clone();
    {
        let mut parts = url
            .path_segments_mut()
            .map_err(|()| SparkError::internal("the storage base is not a URL that has paths"))?;
        parts.clear().extend(object.location.parts().map(|part| part.as_ref().to_string()));
    }
    table_url(&url)
}

/// A table sees the files that were there when it was named; a listing of before is out of date.
fn forget_listing(storage: Storage<'_>, location: &Path) {
    if let Some(cache) = storage.state.runtime_env().cache_manager.get_list_files_cache() {
        cache.remove(&TableScopedPath { table: None, path: location.clone() });
    }
}
