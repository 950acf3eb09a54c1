//! Kernel modules of the image, for kernels that have vsock or the NSM's driver outside.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::kmod::{ModuleInitFlags, finit_module};

use super::console::say;
use super::error::InitError;

/// Loads every file of the folder in the order of their names. An image without the folder needs none.
pub(super) fn load_all(folder: &Path) -> Result<(), InitError> {
    let modules =
        in_order(folder).map_err(|error| InitError::File { path: folder.into(), problem: error.to_string() })?;
    for path in &modules {
        load(path).map_err(|source| InitError::Module { path: path.clone(), source })?;
    }
    if !modules.is_empty() {
        say(format_args!("{} kernel modules loaded", modules.len()));
    }
    Ok(())
}

fn in_order(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths)
}

fn load(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    match finit_module(&file, c"", ModuleInitFlags::empty()) {
        // It is there already, as a part of the kernel or because an earlier one asked for it.
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_come_in_the_order_of_their_names_and_a_missing_folder_has_none() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["20-b.ko", "10-z.ko", "05-vsock.ko"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let names: Vec<_> =
            in_order(folder.path()).unwrap().iter().map(|path| path.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["05-vsock.ko", "10-z.ko", "20-b.ko"]);
        assert_eq!(in_order(&folder.path().join("missing")).unwrap(), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_file_that_is_no_module_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("01-text.ko"), "not a module").unwrap();
        let error = load_all(folder.path()).unwrap_err();
        assert!(error.to_string().contains("01-text.ko"), "{error}");
    }
}
