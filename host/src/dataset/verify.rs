//! Comparing a dataset on this machine with its manifest, to the last byte.

use std::path::Path;

use casemate_wire::data_policy::DataPolicy;
use casemate_wire::identity::ClientPublicKey;
use casemate_wire::manifest::{Integrity, Manifest, ManifestFile};

use super::Progress;
use super::encryption::ParquetFile;
use super::error::DatasetError;
use super::examine::{hash_chunks, hash_footer};
use super::folder::{DatasetFile, DatasetFolder};
use super::sign::read_manifest;
use crate::files::Keys;

/// What was found about a dataset.
#[derive(Debug)]
pub struct Verified {
    /// Its manifest.
    pub manifest: Manifest,
    /// Whatever does not agree with it.
    pub problems: Vec<String>,
    /// Files of which every page was decrypted.
    pub decrypted: usize,
    /// Encrypted files that could only be compared as far as that goes without their keys.
    pub locked: usize,
}

/// Checks signature, files, hashes and, with keys, every page of encrypted files. `progress` is told how many bytes are done.
///
/// # Errors
/// When there is no manifest, or it is not accepted. What is wrong with files is in the answer.
pub fn verify(
    path: &Path,
    keys: Option<&Keys>,
    trusted: &[ClientPublicKey],
    progress: Progress<'_>,
) -> Result<Verified, DatasetError> {
    let folder = DatasetFolder::open(path)?;
    let Some((manifest, place)) = read_manifest(&folder, trusted)? else {
        return Err(DatasetError::file(path, "it has no manifest: make one with `casemate dataset sign`"));
    };
    let policy = keys.map_or_else(DataPolicy::default, |keys| keys.data_policy.clone());
    manifest.accept(&manifest.dataset, &policy).map_err(DatasetError::manifest(&place))?;
    let mut verified = Verified { manifest, problems: Vec::new(), decrypted: 0, locked: 0 };
    let problems = compare_names(&folder, &verified.manifest);
    verified.problems.extend(problems);
    let known = |file: &&DatasetFile| verified.manifest.files().iter().find(|known| known.path == file.path);
    let pairs: Vec<_> = folder.files().iter().filter_map(|file| Some((file, known(&file)?.clone()))).collect();
    for (file, expected) in pairs {
        match check(file, &expected, keys, progress) {
            Ok(Outcome::Decrypted) => verified.decrypted += 1,
            Ok(Outcome::Locked) => verified.locked += 1,
            Ok(Outcome::Compared) => {}
            Err(problem) => verified.problems.push(format!("{}: {problem}", file.path)),
        }
        progress(file.size, 0)?;
    }
    Ok(verified)
}

fn compare_names(folder: &DatasetFolder, manifest: &Manifest) -> Vec<String> {
    let missing = manifest.files().iter().filter(|known| !folder.files().iter().any(|file| file.path == known.path));
    let missing = missing.map(|known| format!("{}: it is in the manifest and not there", known.path));
    let extra = folder.files().iter().filter(|file| !manifest.files().iter().any(|known| known.path == file.path));
    let extra = extra.map(|file| format!("{}: it is there and not in the manifest", file.path));
    missing.chain(extra).collect()
}

enum Outcome {
    Compared,
    Decrypted,
    Locked,
}

fn check(
    file: &DatasetFile,
    expected: &ManifestFile,
    keys: Option<&Keys>,
    progress: Progress<'_>,
) -> Result<Outcome, String> {
    if file.size != expected.size {
        return Err(format!("it has {} bytes where the manifest says {}", file.size, expected.size));
    }
    let path = file.location.as_path();
    let altered = || "its bytes are not those that were signed".to_owned();
    match &expected.integrity {
        Integrity::Chunks(chunks) => {
            let found = hash_chunks(path, chunks.chunk_bytes(), progress).map_err(|error| error.to_string())?;
            if found != *chunks {
                return Err(altered());
            }
        }
        Integrity::Footer(footer) => {
            if hash_footer(path, footer.start).map_err(|error| error.to_string())? != *footer {
                return Err(altered());
            }
        }
    }
    let parquet =
        if file.is_key_material() { None } else { ParquetFile::open(path, keys).map_err(|error| error.to_string())? };
    let Some(parquet) = parquet else { return Ok(Outcome::Compared) };
    let Ok(open) = &parquet.content else { return Ok(Outcome::Locked) };
    let mut rows = 0;
    for batch in open.rows().map_err(|error| error.to_string())? {
        let count = batch.map_err(|error| error.to_string())?.num_rows() as u64;
        progress(0, count).map_err(|error| error.to_string())?;
        rows += count;
    }
    match expected.rows {
        Some(expected) if expected != rows => Err(format!("it has {rows} rows where the manifest says {expected}")),
        _ if parquet.encryption.is_some() => Ok(Outcome::Decrypted),
        _ => Ok(Outcome::Compared),
    }
}
