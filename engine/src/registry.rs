//! The object store registry of a session: the parent's store and nothing else.
//!
//! DataFusion's default registry answers `file://` with the machine's own file system. Here any URL but
//! the parent's is an error, so that no query can name a file of the enclave.

use std::sync::Arc;

use datafusion::common::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreRegistry;
use object_store::ObjectStore;
use url::Url;

use crate::storage::STORAGE_URL;

/// Knows one store, the parent's, under [`STORAGE_URL`].
#[derive(Debug)]
pub struct ParentOnlyRegistry {
    store: Arc<dyn ObjectStore>,
}

impl ParentOnlyRegistry {
    /// A registry with `store` as the parent's.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        ParentOnlyRegistry { store }
    }
}

impl ObjectStoreRegistry for ParentOnlyRegistry {
    /// Registers nothing: a session's stores are fixed when it starts.
    fn register_store(&self, _url: &Url, _store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        let is_parent = Url::parse(STORAGE_URL)
            .is_ok_and(|parent| (parent.scheme(), parent.authority()) == (url.scheme(), url.authority()));
        if is_parent {
            return Ok(Arc::clone(&self.store));
        }
        Err(DataFusionError::Plan(format!(
            "'{url}' can't be read: tables lie in the data folder that the parent serves, name them by a path \
             inside it"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;

    #[test]
    fn only_the_parents_url_has_a_store() {
        let registry = ParentOnlyRegistry::new(Arc::new(InMemory::new()));
        let get = |text: &str| registry.get_store(&Url::parse(text).unwrap());
        assert!(get("parent://data/tpch/lineitem").is_ok());
        for other in ["file:///etc/passwd", "parent://other/x", "s3://data/x", "parent://data:1/x", "http://data/"] {
            let error = get(other).unwrap_err().to_string();
            assert!(error.contains("data folder"), "{error}");
        }
    }

    #[test]
    fn registering_another_store_changes_nothing() {
        let registry = ParentOnlyRegistry::new(Arc::new(InMemory::new()));
        let file = Url::parse("file:///").unwrap();
        registry.register_store(&file, Arc::new(InMemory::new()));
        assert!(registry.get_store(&file).is_err());
    }
}
