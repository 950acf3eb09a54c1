//! The objects of a bucket, or of a prefix of one, in an S3-compatible store. Credentials are the parent's own: they
//! never reach the enclave, and protect availability only, since confidential tables are sealed.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{ClientConfigKey, Error, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use url::Url;

use super::{DataError, FileEntry, check_path};

/// How long the store may take to accept a connection, and to answer one request.
const CONNECT_TIMEOUT: &str = "5 seconds";
const REQUEST_TIMEOUT: &str = "20 seconds";

/// Tries again within this time: the enclave waits 30 seconds for an answer.
const RETRY_TIMEOUT: Duration = Duration::from_secs(25);
const RETRIES: usize = 4;

/// What is not in the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION` and so on; on EC2 the
/// instance's role).
#[derive(Clone, Debug, Default)]
pub struct BucketOptions {
    /// `http://HOST:PORT` or `https://HOST` of a store other than Amazon's.
    pub endpoint: Option<Url>,
    /// The region of the bucket.
    pub region: Option<String>,
}

/// The objects below one prefix of one bucket.
pub struct DataBucket {
    store: AmazonS3,
    prefix: Path,
    url: Url,
}

impl DataBucket {
    /// The bucket and prefix that `url`, of the form `s3://BUCKET/PREFIX`, names. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// When the URL or the settings in the environment make no sense.
    pub fn new(url: &Url, options: BucketOptions) -> Result<Self, DataError> {
        let unusable = |error: &dyn fmt::Display| DataError::Bucket { url: url.to_string(), reason: error.to_string() };
        if url.scheme() != "s3" || url.host_str().is_none_or(str::is_empty) {
            return Err(unusable(&"write s3://BUCKET or s3://BUCKET/PREFIX"));
        }
        let prefix = Path::from_url_path(url.path().trim_matches('/')).map_err(|error| unusable(&error))?;
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::from_env()
            .with_url(format!("s3://{}", url.host_str().unwrap_or_default()))
            .with_retry(retry)
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::ConnectTimeout), CONNECT_TIMEOUT)
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), REQUEST_TIMEOUT);
        if let Some(endpoint) = &options.endpoint {
            let plain = endpoint.scheme() == "http";
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/')).with_allow_http(plain);
        }
        if let Some(region) = options.region {
            builder = builder.with_region(region);
        }
        let store = builder.build().map_err(|error| unusable(&error))?;
        Ok(Self { store, prefix, url: url.clone() })
    }

    /// The URL that it was named by.
    pub fn url(&self) -> &Url {
        &self.url
    }

    pub(super) async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<FileEntry>, DataError> {
        let prefix = prefix.trim_end_matches('/');
        let folder = if prefix.is_empty() { self.prefix.clone() } else { self.location(prefix)? };
        let mut objects = self.store.list(Some(&folder));
        let mut found = Vec::new();
        while let Some(meta) = objects.try_next().await.map_err(|error| failure(prefix, error))? {
            // An object that only marks the folder itself has nothing of its own.
            let Some(entry) = self.entry(&meta).filter(|_| meta.location != folder) else { continue };
            if found.len() == limit {
                return Err(DataError::TooManyFiles { prefix: prefix.to_owned(), limit });
            }
            found.push(entry);
        }
        found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(found)
    }

    pub(super) async fn head(&self, path: &str) -> Result<FileEntry, DataError> {
        let meta = self.store.head(&self.location(path)?).await.map_err(|error| failure(path, error))?;
        self.entry(&meta).ok_or_else(|| DataError::NotServed(path.to_owned()))
    }

    pub(super) async fn read(&self, path: &str, start: u64, end: u64) -> Result<Bytes, DataError> {
        let bytes = self.store.get_range(&self.location(path)?, start..end).await;
        let bytes = bytes.map_err(|error| failure(path, error))?;
        // A store answers a range that leaves the object with less.
        if bytes.len() as u64 == end.saturating_sub(start) {
            Ok(bytes)
        } else {
            let size = start.saturating_add(bytes.len() as u64);
            Err(DataError::Range { path: path.to_owned(), start, end, size })
        }
    }

    fn location(&self, path: &str) -> Result<Path, DataError> {
        check_path(path)?;
        let below = Path::parse(path).map_err(|_| DataError::InvalidPath(path.chars().take(200).collect()))?;
        Ok(self.prefix.parts().chain(below.parts()).collect())
    }

    /// What the enclave is told of an object; `None` for one whose name can't be asked for.
    fn entry(&self, meta: &ObjectMeta) -> Option<FileEntry> {
        let below: Path = meta.location.prefix_match(&self.prefix)?.collect();
        check_path(below.as_ref()).ok()?;
        let modified_ms = meta.last_modified.timestamp_millis();
        Some(FileEntry { path: below.as_ref().to_owned(), size: meta.size, modified_ms })
    }
}

/// Without the client's settings, which hold credentials.
impl fmt::Debug for DataBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataBucket").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

fn failure(path: &str, error: Error) -> DataError {
    let path = path.to_owned();
    match error {
        Error::NotFound { .. } => DataError::NotFound(path),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => DataError::Credentials(path),
        error => DataError::Store { path, source: error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(url: &str) -> Result<DataBucket, DataError> {
        DataBucket::new(&Url::parse(url).unwrap(), BucketOptions::default())
    }

    #[test]
    fn only_a_bucket_with_a_plain_prefix_is_taken() {
        assert_eq!(bucket("s3://tables").unwrap().prefix, Path::default());
        assert_eq!(bucket("s3://tables/a/b/").unwrap().prefix, Path::from("a/b"));
        for url in ["file:///etc", "s3:///x", "http://h/x", "s3://tables/a//b"] {
            assert!(matches!(bucket(url), Err(DataError::Bucket { .. })), "{url}");
        }
    }

    #[test]
    fn no_path_leaves_the_prefix() {
        let bucket = bucket("s3://tables/a").unwrap();
        assert_eq!(bucket.location("t/x.parquet").unwrap(), Path::from("a/t/x.parquet"));
        for path in ["../secret", "t/../../secret", "/etc/passwd", "", "t//x", "t/."] {
            assert!(matches!(bucket.location(path), Err(DataError::InvalidPath(_))), "{path}");
        }
    }

    #[test]
    fn a_bucket_prints_without_its_credentials() {
        let text = format!("{:?}", bucket("s3://tables/a").unwrap());
        assert_eq!(text, "DataBucket { url: \"s3://tables/a\", .. }");
    }
}
