//! What datasets are called: their path below the data folder.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Error, Result};

/// The longest name in bytes.
pub const MAX_NAME_BYTES: usize = 1024;

/// The name of a dataset, of one of its folders or of one of its files: the path below the data folder by which statements
/// read it, with `/` between its parts. Two spellings of a path (`./a//b/` and `a/b`) are one name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasetName(String);

impl DatasetName {
    /// The name as text: its parts, each not empty, with one `/` between them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this dataset or lies in it.
    pub fn contains(&self, other: &DatasetName) -> bool {
        self.inside(other).is_some()
    }

    /// The path of `other` below this dataset, empty for the dataset itself; `None` if it lies elsewhere.
    pub fn inside<'a>(&self, other: &'a DatasetName) -> Option<&'a str> {
        let rest = other.0.strip_prefix(&self.0)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// This name and those of the folders that it lies in, the nearest first.
    pub fn with_ancestors(&self) -> impl Iterator<Item = DatasetName> + '_ {
        std::iter::successors(Some(self.0.as_str()), |name| name.rsplit_once('/').map(|(folder, _)| folder))
            .map(|name| DatasetName(name.to_owned()))
    }

    /// The name of what lies at `path` below this one; this one itself if `path` is empty.
    pub fn join(&self, path: &str) -> Result<DatasetName> {
        format!("{}/{path}", self.0).parse()
    }
}

impl FromStr for DatasetName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = |why: &'static str| Err(Error::DatasetName(why));
        if text.len() > MAX_NAME_BYTES {
            return refused("it is longer than 1024 bytes");
        }
        if text.starts_with('/') {
            return refused("it is absolute: give the path below the data folder");
        }
        if text.contains('\\') || text.chars().any(char::is_control) {
            return refused("it has characters that paths can't have");
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if parts.contains(&"..") {
            return refused("it leaves the data folder");
        }
        if parts.is_empty() {
            return refused("it is empty: the data folder itself is no dataset, a folder or file in it is");
        }
        Ok(Self(parts.join("/")))
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for DatasetName {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DatasetName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DatasetName {
        text.parse().unwrap()
    }

    #[test]
    fn spellings_of_one_path_are_one_name() {
        for text in ["a/b", "./a/b", "a//b/", "a/./b"] {
            assert_eq!(name(text).as_str(), "a/b");
        }
    }

    #[test]
    fn paths_that_leave_the_data_folder_are_no_names() {
        for text in ["", ".", "/", "/etc", "..", "a/../../b", "a\\b", "a\nb", &"x".repeat(MAX_NAME_BYTES + 1)] {
            assert!(text.parse::<DatasetName>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_dataset_contains_itself_and_what_lies_in_it_by_whole_parts() {
        assert!(name("a").contains(&name("a")));
        assert_eq!(name("a").inside(&name("a/b/c")), Some("b/c"));
        assert!(!name("a").contains(&name("ab")));
        assert!(!name("a/b").contains(&name("a")));
    }

    #[test]
    fn ancestors_come_nearest_first() {
        let names: Vec<String> = name("a/b/c").with_ancestors().map(|name| name.to_string()).collect();
        assert_eq!(names, ["a/b/c", "a/b", "a"]);
    }
}
