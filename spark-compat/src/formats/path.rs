//! Paths in statements: relative to the storage base, never outside it.

use url::Url;

use crate::error::{Result, SparkError};

/// The URL of a file or, with a slash at its end, of a directory.
pub(super) fn resolve(base: &Url, path: &str, directory: bool) -> Result<Url> {
    let segments = segments(path)?;
    let mut url = base.clone();
    {
        let mut parts = url
            .path_segments_mut()
            .map_err(|()| SparkError::internal("the storage base is not a URL that has paths"))?;
        parts.pop_if_empty().extend(segments);
        if directory {
            parts.push("");
        }
    }
    Ok(url)
}

/// The segments of a relative path.
fn segments(path: &str) -> Result<Vec<&str>> {
    let refuse =
        |why: &str| Err(SparkError::analysis(format!("the path '{path}' {why}; give a path relative to the data")));
    if path.starts_with('/') {
        return refuse("is absolute");
    }
    if path.contains(':') {
        return refuse("names a file system");
    }
    if path.contains(['\\', '?', '#']) || path.chars().any(char::is_control) {
        return refuse("has characters that paths can't have");
    }
    if path.contains(['*', '[', '{']) {
        return Err(SparkError::unsupported("patterns in paths"));
    }
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty() && *segment != ".").collect();
    if segments.contains(&"..") {
        return refuse("leaves the data");
    }
    if segments.is_empty() {
        return refuse("is empty");
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Result<String> {
        let base = Url::parse("casemate://data/base").unwrap();
        resolve(&base, path, false).map(Into::into)
    }

    #[test]
    fn paths_are_below_the_base() {
        assert_eq!(url("lineitem.parquet").unwrap(), "casemate://data/base/lineitem.parquet");
        assert_eq!(url("./tpch//part 1/").unwrap(), "casemate://data/base/tpch/part%201");
        assert_eq!(url("50%25.parquet").unwrap(), "casemate://data/base/50%2525.parquet");
        let base = Url::parse("memory:///").unwrap();
        assert_eq!(resolve(&base, "t", true).unwrap().as_str(), "memory:///t/");
    }

    #[test]
    fn paths_that_leave_the_base_or_name_another_store_are_refused() {
        for path in
            ["/etc/passwd", "../x", "a/../../x", "file:///etc/passwd", "s3://bucket/x", "a\\..\\b", "", "./", "a\0b"]
        {
            assert!(url(path).is_err(), "{path}");
        }
    }
}
