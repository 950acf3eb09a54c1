//! What one session knows of its datasets: the client's policy, the manifests that were accepted, the files that were named.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use casemate_wire::data_policy::DataPolicy;
use casemate_wire::dataset::DatasetName;
use casemate_wire::manifest::{Content, MAX_MANIFEST_BYTES, Manifest, ManifestError};
use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, Result};
use spark_compat::session::TableRule;

use super::error::DatasetError;
use super::guard::{Check, Guard};

/// What Spark names the files that hold the wrapped keys of others (`FileKeyMaterialStore` of parquet-mr).
const KEY_MATERIAL_PREFIX: &str = "_KEY_MATERIAL_FOR_";

/// The datasets of one session.
pub struct Datasets {
    policy: DataPolicy,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Accepted manifests by the path at which they lie.
    manifests: HashMap<String, Known>,
    /// The newest manifest of each dataset.
    newest: HashMap<DatasetName, Arc<Manifest>>,
    /// The files that a query may read.
    guards: HashMap<Path, Arc<Guard>>,
    problem: Option<String>,
}

/// An accepted manifest, and what the parent said about its file: as long as it says the same, it is not read again.
struct Known {
    size: u64,
    modified: DateTime<Utc>,
    manifest: Arc<Manifest>,
    /// Its text: as long as this is held, about as much memory as the manifest takes is reserved in the session's pool.
    _text: Bytes,
}

impl Datasets {
    /// Datasets of a client with this policy.
    pub fn new(policy: DataPolicy) -> Arc<Self> {
        Arc::new(Self { policy, state: Mutex::default() })
    }

    /// The text of the last refusal since the last call.
    pub fn take_problem(&self) -> Option<String> {
        self.lock().problem.take()
    }

    /// Remembers why a table is not read, so that the client is told in these words.
    pub(super) fn refuse(&self, error: DatasetError) -> Error {
        self.lock().problem = Some(error.to_string());
        error.into()
    }

    /// Remembers the refusal that is behind `error`, if one is.
    pub(super) fn note(&self, error: &Error) {
        if let Error::Generic { source, .. } = error
            && let Some(refusal) = source.downcast_ref::<DatasetError>()
        {
            self.lock().problem = Some(refusal.to_string());
        }
    }

    /// The manifest that vouches for `name`: its own or that of a folder that it lies in. `None` where the client accepts that
    /// there is none.
    pub(super) async fn manifest(&self, store: &dyn ObjectStore, name: &DatasetName) -> Result<Option<Arc<Manifest>>> {
        let required = self.policy.required(name);
        if !self.policy.signers.is_empty() {
            let is_candidate = |dataset: &DatasetName| required.as_ref().is_none_or(|(only, _)| only == dataset);
            let datasets = name.with_ancestors().filter(is_candidate);
            let places =
                datasets.flat_map(|dataset| Manifest::locations(&dataset).map(|place| (dataset.clone(), place)));
            let found = try_join_all(places.map(|(dataset, place)| find(store, dataset, place))).await?;
            for (dataset, meta) in found.into_iter().flatten() {
                match self.load(store, &dataset, &meta).await {
                    Ok(manifest) => return Ok(Some(manifest)),
                    // Who accepts the table without a manifest accepts it with one that says nothing to this session.
                    Err(LoadError::Refused(_)) if self.policy.allows_unsigned(name) => {}
                    Err(LoadError::Refused(error)) => return Err(self.refuse(error)),
                    Err(LoadError::Storage(error)) => return Err(error),
                }
            }
        }
        match required {
            Some((dataset, version)) => Err(self.refuse(DatasetError::Required { dataset, version })),
            None if self.policy.allows_unsigned(name) => Ok(None),
            None => Err(self.refuse(DatasetError::Unsigned(name.clone()))),
        }
    }

    /// Lets a file of a manifest be read.
    pub(super) fn admit_signed(&self, manifest: &Arc<Manifest>, name: &DatasetName) -> Result<ObjectMeta> {
        let Some(file) = manifest.file(name) else { return Err(self.refuse(DatasetError::Extra(name.clone()))) };
        if file.content == Content::Plain && !self.policy.plaintext.allows(name) {
            return Err(self.refuse(DatasetError::Plaintext(manifest.dataset.clone())));
        }
        self.admit(Guard::new(name.clone(), file.size, Check::Signed(Arc::clone(manifest))))?;
        // The manifest's time and not the parent's word: what is cached by it belongs to one signed state.
        let signed = i64::try_from(manifest.signed_ms).ok().and_then(DateTime::from_timestamp_millis);
        let last_modified = signed.unwrap_or(DateTime::UNIX_EPOCH);
        Ok(ObjectMeta { location: path_of(name)?, last_modified, size: file.size, e_tag: None, version: None })
    }

    /// Lets a file be read for which no manifest vouches.
    pub(super) fn admit_unsigned(&self, name: &DatasetName, meta: ObjectMeta) -> Result<ObjectMeta> {
        let check = if self.policy.plaintext.allows(name) || is_key_material(name.as_str()) {
            Check::Nothing
        } else {
            Check::Encrypted
        };
        self.admit(Guard::new(name.clone(), meta.size, check))?;
        Ok(meta)
    }

    /// The guard of a file that was admitted.
    pub(super) fn guard(&self, location: &Path) -> Option<Arc<Guard>> {
        self.lock().guards.get(location).cloned()
    }

    /// Whether a file at or below `location` was admitted in this session.
    pub(super) fn knows(&self, location: &Path) -> bool {
        self.lock().guards.keys().any(|known| known.prefix_matches(location))
    }

    fn admit(&self, guard: Guard) -> Result<()> {
        let location = path_of(guard.name())?;
        let mut state = self.lock();
        match state.guards.get(&location) {
            Some(known) if !known.is_same_file(&guard) => {
                drop(state);
                Err(self.refuse(DatasetError::Replaced(guard.name().clone())))
            }
            _ => {
                state.guards.insert(location, Arc::new(guard));
                Ok(())
            }
        }
    }

    async fn load(
        &self,
        store: &dyn ObjectStore,
        dataset: &DatasetName,
        meta: &ObjectMeta,
    ) -> Result<Arc<Manifest>, LoadError> {
        let place = meta.location.as_ref();
        let unchanged = |known: &&Known| known.size == meta.size && known.modified == meta.last_modified;
        if let Some(known) = self.lock().manifests.get(place).filter(unchanged) {
            return Ok(Arc::clone(&known.manifest));
        }
        let refused = |problem| LoadError::Refused(DatasetError::Manifest { dataset: dataset.clone(), problem });
        if meta.size > MAX_MANIFEST_BYTES as u64 {
            return Err(refused(ManifestError::TooLarge));
        }
        let file = store.get_range(&meta.location, 0..meta.size).await.map_err(LoadError::Storage)?;
        let manifest = Manifest::verify(&file, &self.policy.signers).map_err(refused)?;
        manifest.accept(dataset, &self.policy).map_err(refused)?;
        self.remember(meta, file, Arc::new(manifest)).map_err(LoadError::Refused)
    }

    fn remember(&self, meta: &ObjectMeta, text: Bytes, manifest: Arc<Manifest>) -> Result<Arc<Manifest>, DatasetError> {
        let mut state = self.lock();
        let (dataset, found) = (manifest.dataset.clone(), manifest.version);
        if let Some(seen) = state.newest.get(&dataset) {
            let same = seen.version == found && **seen == *manifest;
            if seen.version > found || (seen.version == found && !same) {
                return Err(DatasetError::RolledBack { dataset, found, seen: seen.version });
            }
        }
        state.newest.insert(dataset, Arc::clone(&manifest));
        let known =
            Known { size: meta.size, modified: meta.last_modified, manifest: Arc::clone(&manifest), _text: text };
        state.manifests.insert(meta.location.to_string(), known);
        Ok(manifest)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Formats that can't be encrypted are plaintext, whatever their bytes look like.
impl TableRule for Datasets {
    fn check(&self, format: &str, path: &str) -> std::result::Result<(), String> {
        let refused = |error: DatasetError| {
            let text = error.to_string();
            self.lock().problem = Some(text.clone());
            text
        };
        let name: DatasetName =
            path.parse().map_err(|problem| refused(DatasetError::Name { path: path.to_owned(), problem }))?;
        let encrypted = format.eq_ignore_ascii_case("parquet") && !is_key_material(name.as_str());
        if encrypted || self.policy.plaintext.allows(&name) {
            return Ok(());
        }
        Err(refused(DatasetError::Plaintext(name)))
    }
}

enum LoadError {
    Refused(DatasetError),
    Storage(Error),
}

/// What the parent says about the manifest of `dataset` at `place`, if there is one.
async fn find(
    store: &dyn ObjectStore,
    dataset: DatasetName,
    place: String,
) -> Result<Option<(DatasetName, ObjectMeta)>> {
    match store.head(&Path::parse(place)?).await {
        Ok(meta) => Ok(Some((dataset, meta))),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_key_material(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(KEY_MATERIAL_PREFIX))
}

fn path_of(name: &DatasetName) -> Result<Path> {
    Ok(Path::parse(name.as_str())?)
}
