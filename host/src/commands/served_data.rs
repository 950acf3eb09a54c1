//! What `casemate serve` lets the enclave read: a directory, or with the feature `s3` the objects of a bucket.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::{HostError, Result};
use crate::parent::{DataDirectory, DataSource};

/// The options that name the data.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServedData {
    /// What the enclave may read: the files of a directory, or the objects of an S3-compatible bucket (in builds with the
    /// feature `s3`)
    #[arg(long, value_name = "DIR|s3://BUCKET/PREFIX")]
    data: Place,
    /// The store, if it is not Amazon's: http://HOST:PORT or https://HOST
    #[cfg(feature = "s3")]
    #[arg(long, value_name = "URL", help_heading = "With --data s3://..")]
    s3_endpoint: Option<url::Url>,
    /// The bucket's region [default: AWS_REGION]
    #[cfg(feature = "s3")]
    #[arg(long, value_name = "REGION", help_heading = "With --data s3://..")]
    s3_region: Option<String>,
}

#[derive(Clone, Debug)]
enum Place {
    Directory(PathBuf),
    #[cfg(feature = "s3")]
    Bucket(url::Url),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        match text.split_once("://") {
            #[cfg(feature = "s3")]
            Some(("s3", _)) => text.parse().map(Self::Bucket).map_err(|error| format!("no URL: {error}")),
            #[cfg(not(feature = "s3"))]
            Some(("s3", _)) => Err("this program was built without the feature `s3`: name a directory".to_owned()),
            Some((scheme, _)) => Err(format!("`{scheme}://` is not supported: name a directory or s3://BUCKET/PREFIX")),
            None => Ok(Self::Directory(text.into())),
        }
    }
}

impl fmt::Display for ServedData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            Place::Directory(path) => path.display().fmt(f),
            #[cfg(feature = "s3")]
            Place::Bucket(url) => url.fmt(f),
        }
    }
}

impl ServedData {
    /// The files of a directory.
    #[cfg(test)]
    pub(crate) fn directory(path: &str) -> Self {
        Self {
            data: Place::Directory(path.into()),
            #[cfg(feature = "s3")]
            s3_endpoint: None,
            #[cfg(feature = "s3")]
            s3_region: None,
        }
    }

    /// Opens what is named. A store is not asked for anything yet.
    ///
    /// # Errors
    /// When there is no such directory, or the bucket's settings make no sense.
    pub(crate) fn open(&self) -> Result<DataSource> {
        match &self.data {
            #[cfg(feature = "s3")]
            Place::Directory(_) if self.s3_endpoint.is_some() || self.s3_region.is_some() => {
                Err(HostError::Usage("--s3-endpoint and --s3-region need --data s3://BUCKET/PREFIX".to_owned()))
            }
            Place::Directory(path) => DataDirectory::open(path)
                .map(DataSource::from)
                .map_err(HostError::io(format!("can't serve the directory {}", path.display()))),
            #[cfg(feature = "s3")]
            Place::Bucket(url) => {
                use crate::parent::{BucketOptions, DataBucket};
                let options = BucketOptions { endpoint: self.s3_endpoint.clone(), region: self.s3_region.clone() };
                Ok(DataBucket::new(url, options)?.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_directory_or_a_bucket_where_buckets_are_built_in() {
        assert!(matches!("./tables".parse(), Ok(Place::Directory(_))));
        assert_eq!("s3://tables/a".parse::<Place>().is_ok(), cfg!(feature = "s3"));
        assert!("gs://tables".parse::<Place>().unwrap_err().contains("not supported"));
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = ServedData::directory("/nowhere/tables").open().unwrap_err();
        assert!(error.to_string().contains("/nowhere/tables"), "{error}");
    }
}
