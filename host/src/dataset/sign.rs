//! Making a dataset's manifest.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use casemate_wire::UnixMillis;
use casemate_wire::dataset::DatasetName;
use casemate_wire::identity::ClientPublicKey;
use casemate_wire::manifest::{CHUNK_BYTES, Content, MAX_MANIFEST_BYTES, Manifest, ManifestError};

use super::Progress;
use super::error::DatasetError;
use super::examine::{Examined, examine};
use super::folder::{DatasetFile, DatasetFolder};
use crate::files::Keys;

/// What a manifest says besides what its files do.
#[derive(Clone, Debug)]
pub struct SignOptions {
    /// The path below the data folder at which the dataset will be read; the name of its folder or file if `None`.
    pub name: Option<DatasetName>,
    /// Its version; one more than before if `None`.
    pub version: Option<u64>,
    /// Bytes of a piece that has a hash of its own, for files that encryption does not authenticate.
    pub chunk_bytes: u64,
}

impl Default for SignOptions {
    fn default() -> Self {
        Self { name: None, version: None, chunk_bytes: CHUNK_BYTES }
    }
}

/// Signs the files at `path` with the identity of `keys` and puts the manifest to them. `progress` is told how many bytes were
/// hashed.
///
/// # Errors
/// When a file can't be read, when formats are mixed, or when the version is not higher than the one that is there.
pub fn sign(path: &Path, keys: &Keys, options: &SignOptions, progress: Progress<'_>) -> Result<Manifest, DatasetError> {
    let folder = DatasetFolder::open(path)?;
    let place = folder.manifest_path()?;
    let name = match &options.name {
        Some(name) => name.clone(),
        None => folder.default_name()?,
    };
    let version = next_version(&place, &name, keys, options.version)?;
    let examined = folder.files().iter().map(|file| examine(file, Some(keys), options.chunk_bytes, progress));
    let examined = examined.collect::<Result<Vec<_>, _>>()?;
    let manifest = manifest_of(&folder, name, version, examined, &place)?;
    write_manifest(&manifest, keys, &place)?;
    Ok(manifest)
}

/// The manifest of a dataset on this machine, if it has one, and where it lies.
///
/// # Errors
/// When it can't be read, or is not signed by one of `trusted`.
pub fn read_manifest(
    folder: &DatasetFolder,
    trusted: &[ClientPublicKey],
) -> Result<Option<(Manifest, PathBuf)>, DatasetError> {
    let place = folder.manifest_path()?;
    let Some(bytes) = read_bounded(&place)? else { return Ok(None) };
    let manifest = Manifest::verify(&bytes, trusted).map_err(DatasetError::manifest(&place))?;
    Ok(Some((manifest, place)))
}

fn next_version(place: &Path, name: &DatasetName, keys: &Keys, chosen: Option<u64>) -> Result<u64, DatasetError> {
    let known = keys.data_policy.minimum_versions.get(name).copied().unwrap_or(0);
    let there = match read_bounded(place)? {
        Some(bytes) => {
            let manifest = Manifest::verify(&bytes, &keys.trusted_signers());
            let manifest = manifest.map_err(DatasetError::manifest(place));
            // With a version of one's own, what is there may be by whomever.
            if chosen.is_some() { manifest.map_or(0, |manifest| manifest.version) } else { manifest?.version }
        }
        None => 0,
    };
    let last = known.max(there);
    match chosen {
        Some(version) if version <= last => Err(DatasetError::file(
            place,
            format!("version {version} is not higher than {last}, which clients may have seen: leave --version out"),
        )),
        Some(version) => Ok(version),
        None => Ok(last + 1),
    }
}

fn manifest_of(
    folder: &DatasetFolder,
    name: DatasetName,
    version: u64,
    examined: Vec<Examined>,
    place: &Path,
) -> Result<Manifest, DatasetError> {
    let tables = || examined.iter().zip(folder.files()).filter(|(one, _)| one.file.content != Content::KeyMaterial);
    let mut format: Option<&str> = None;
    for (one, file) in tables() {
        let found = format_of(one, file)?;
        if format.is_some_and(|format| format != found) {
            return Err(DatasetError::file(
                &file.location,
                "it has another format than the files before: a dataset has one",
            ));
        }
        format = Some(found);
    }
    let format = format.unwrap_or("parquet").to_owned();
    // As Spark takes them when it does not merge schemas: those of the first file. What an encrypted footer hides stays hidden;
    // its hash vouches for it all the same.
    let columns = tables().find_map(|(one, _)| Some(one.parquet.as_ref()?.manifest_columns()));
    let hidden = tables().any(|(one, _)| one.parquet.as_ref().is_some_and(|parquet| parquet.encrypted_footer));
    let columns = columns.filter(|_| !hidden).unwrap_or_default();
    let files = examined.into_iter().map(|one| one.file).collect();
    let mut manifest = Manifest::new(name, version, files).map_err(DatasetError::manifest(place))?;
    manifest.format = format;
    manifest.columns = columns;
    manifest.partition_columns = folder.partition_columns()?;
    manifest.signed_ms = UnixMillis::from(SystemTime::now()).0;
    Ok(manifest)
}

fn format_of(examined: &Examined, file: &DatasetFile) -> Result<&'static str, DatasetError> {
    let extension = file.location.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match (&examined.parquet, extension.to_ascii_lowercase().as_str()) {
        (Some(_), _) => Ok("parquet"),
        (None, "csv" | "tsv" | "txt") => Ok("csv"),
        (None, "json" | "jsonl" | "ndjson") => Ok("json"),
        _ => {
            let problem = "it is neither Parquet nor called .csv or .json: take it out of the dataset, or hide it with a name that \
                           begins with _";
            Err(DatasetError::file(&file.location, problem))
        }
    }
}

/// Puts the manifest to its place, whole or not at all, readable by everybody.
fn write_manifest(manifest: &Manifest, keys: &Keys, place: &Path) -> Result<(), DatasetError> {
    let bytes = manifest.sign(&keys.identity).map_err(DatasetError::manifest(place))?;
    let folder = place.parent().unwrap_or(Path::new("."));
    let public = Permissions::from_mode(0o644);
    let mut file = tempfile::Builder::new()
        .prefix(".casemate-")
        .permissions(public)
        .make_in(folder, |path| OpenOptions::new().write(true).create_new(true).mode(0o644).open(path))
        .map_err(DatasetError::io(place))?;
    file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(DatasetError::io(place))?;
    file.persist(place).map(drop).map_err(|error| DatasetError::io(place)(error.error))
}

fn read_bounded(place: &Path) -> Result<Option<Vec<u8>>, DatasetError> {
    let file = match File::open(place) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(DatasetError::io(place))?,
    };
    let mut bytes = Vec::new();
    file.take(MAX_MANIFEST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(DatasetError::io(place))?;
    if bytes.len() > MAX_MANIFEST_BYTES {
        return Err(DatasetError::manifest(place)(ManifestError::TooLarge));
    }
    Ok(Some(bytes))
}
