//! Engines that are linked dynamically: their loader and libraries, found without running anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use object::LittleEndian;
use object::elf::{DT_NEEDED, EM_X86_64};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};

use super::ImageError;
use super::error::read_file;
use super::layout::ENGINE;
use super::root::{MAX_ROOT_BYTES, RootFs};

/// Where the loaders of distributions look without being told, in their order.
const LIBRARY_FOLDERS: [&str; 6] =
    ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"];
const MAX_LIBRARY_BYTES: u64 = 256 << 20;
/// Libraries of one program; the engine has about five.
const MAX_LIBRARIES: usize = 64;

/// A root file system of an engine's binary and what it needs from this machine.
///
/// # Errors
/// When the binary is none for x86-64 Linux, or needs what is not here.
pub fn root_of_engine(path: &Path) -> Result<RootFs, ImageError> {
    let engine = read_file(path, MAX_ROOT_BYTES)?;
    let what = path.display().to_string();
    let needs = Needs::of(&engine).map_err(|problem| ImageError::Engine { what: what.clone(), problem })?;
    let mut root = RootFs::new();
    root.insert_program(ENGINE, engine)?;
    if let Some(loader) = &needs.loader {
        root.insert_program(loader, read_file(Path::new(loader), MAX_LIBRARY_BYTES)?)?;
    }
    let mut missing = needs.libraries;
    let mut seen: BTreeSet<String> = missing.iter().cloned().collect();
    while let Some(name) = missing.pop() {
        let refused = |problem| ImageError::Engine { what: what.clone(), problem };
        let Some(place) = find(&name) else {
            let problem = format!(
                "it needs {name}, which is in none of {LIBRARY_FOLDERS:?}: link the engine statically (docker/README.md), or use --image"
            );
            return Err(refused(problem));
        };
        let library = read_file(&place, MAX_LIBRARY_BYTES)?;
        let needs = Needs::of(&library).map_err(|problem| refused(format!("{}: {problem}", place.display())))?;
        missing.extend(needs.libraries.into_iter().filter(|name| seen.insert(name.clone())));
        if seen.len() > MAX_LIBRARIES {
            return Err(refused(format!("it needs more than {MAX_LIBRARIES} libraries")));
        }
        root.insert_program(&place.display().to_string(), library)?;
    }
    Ok(root)
}

/// Checks that a root file system holds an engine that can start there.
///
/// # Errors
/// [`ImageError::Engine`] when there is no engine, one for another machine, or one whose loader or libraries are missing.
pub fn check_engine(root: &RootFs, what: &str) -> Result<(), ImageError> {
    let refused = |problem| ImageError::Engine { what: what.to_owned(), problem };
    let Some(engine) = root.file(ENGINE) else {
        return Err(refused(format!("there is no file /{ENGINE}")));
    };
    let needs = Needs::of(engine).map_err(refused)?;
    if let Some(loader) = needs.loader.filter(|loader| root.file(loader).is_none()) {
        return Err(refused(format!("its loader {loader} is missing")));
    }
    let missing =
        |name: &String| !LIBRARY_FOLDERS.iter().any(|folder| root.file(&format!("{folder}/{name}")).is_some());
    if let Some(library) = needs.libraries.into_iter().find(missing) {
        return Err(refused(format!("its library {library} is missing")));
    }
    Ok(())
}

fn find(name: &str) -> Option<PathBuf> {
    LIBRARY_FOLDERS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.is_file())
}

/// What a binary names to be started.
struct Needs {
    /// The dynamic loader's path; none for a static program, or for a library.
    loader: Option<String>,
    /// Names of libraries.
    libraries: Vec<String>,
}

impl Needs {
    /// Reads the headers of a program or library; the error says what is wrong with it.
    fn of(bytes: &[u8]) -> Result<Self, String> {
        let malformed = |error: object::read::Error| format!("it is no usable ELF file: {error}");
        let elf = ElfFile64::<LittleEndian>::parse(bytes).map_err(malformed)?;
        if elf.elf_header().e_machine(LittleEndian) != EM_X86_64 {
            return Err("it is not for x86-64".to_owned());
        }
        let mut needs = Self { loader: None, libraries: Vec::new() };
        for segment in elf.elf_program_headers() {
            if let Some(name) = segment.interpreter(LittleEndian, bytes).map_err(malformed)? {
                needs.loader = Some(String::from_utf8_lossy(name).into_owned());
            }
        }
        let table = elf.elf_dynamic_table().map_err(malformed)?;
        for entry in table.iter().filter(|entry| entry.tag == DT_NEEDED) {
            let name = table.string(entry).map_err(malformed)?;
            needs.libraries.push(String::from_utf8_lossy(name).into_owned());
        }
        // A name with a path would be looked for outside the folders above.
        match needs.libraries.iter().find(|name| name.contains('/')) {
            Some(name) => Err(format!("it names a library by its path: {name}")),
            None => Ok(needs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this_program() -> PathBuf {
        std::env::current_exe().unwrap()
    }

    #[test]
    fn a_dynamic_program_brings_its_loader_and_libraries() {
        let root = root_of_engine(&this_program()).unwrap();
        check_engine(&root, "this test").unwrap();
        let libc = LIBRARY_FOLDERS.iter().find_map(|folder| root.file(&format!("{folder}/libc.so.6")));
        assert!(libc.is_some());
        assert_eq!(root.file(ENGINE).unwrap(), &std::fs::read(this_program()).unwrap());
    }

    #[test]
    fn an_engine_without_its_loader_or_its_libraries_is_refused() {
        let mut root = RootFs::new();
        assert!(check_engine(&root, "x").unwrap_err().to_string().contains("no file /usr/bin"));
        root.insert_program(ENGINE, std::fs::read(this_program()).unwrap()).unwrap();
        assert!(check_engine(&root, "x").unwrap_err().to_string().contains("loader"));
        let loader = Needs::of(root.file(ENGINE).unwrap()).unwrap().loader.unwrap();
        root.insert_program(&loader, "").unwrap();
        assert!(check_engine(&root, "x").unwrap_err().to_string().contains("library"));
    }

    #[test]
    fn what_is_no_program_for_this_machine_is_refused() {
        let mut program = std::fs::read(this_program()).unwrap();
        assert!(Needs::of(b"#!/bin/sh").is_err());
        assert!(Needs::of(&program[..100]).is_err());
        program[18] = 183; // the machine in an ELF header: aarch64
        assert!(Needs::of(&program).err().unwrap().contains("x86-64"));
    }
}
