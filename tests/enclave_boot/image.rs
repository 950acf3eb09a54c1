//! Images of the engine under test, built by `casemate enclave build`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use casemate_host::files::Keys;
use casemate_tests::{engines, process};
use casemate_wire::access_file::AccessFile;
use serde::Deserialize;
use tempfile::TempDir;

use crate::machine::HOST_CID;
use crate::{PROGRAMS, temporary};

/// An image, the keys of its only client, and the files beside them.
pub struct Image {
    /// Which clients its engine accepts.
    pub access: AccessFile,
    /// What the build printed.
    pub measurements: Measurements,
    folder: TempDir,
}

/// The measurements that `casemate enclave build --json` prints, in hexadecimal.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub struct Measurements {
    /// The whole image.
    pub pcr0: String,
    /// Kernel, command line and engine.
    pub pcr1: String,
    /// The operator's configuration.
    pub pcr2: String,
}

/// What every image of these tests is built from.
pub struct Recipe<'a> {
    /// The kernel.
    pub kernel: &'a Path,
    /// Its modules.
    pub modules: &'a [PathBuf],
    /// `device` or `simulated`.
    pub nsm: &'a str,
    /// More options of the engine.
    pub engine_arguments: &'a [&'a str],
}

/// The kernel's command line: what it prints goes to the serial port, what ends it ends the machine, and its parent is the
/// host of an ordinary virtual machine.
pub const COMMAND_LINE: &str = "console=ttyS0 loglevel=5 reboot=k panic=1 casemate.parent=2";

impl Image {
    /// Builds an image with an access file of its own.
    ///
    /// # Panics
    /// When that fails, with what the builder said.
    pub async fn build(recipe: &Recipe<'_>, keys: &Keys) -> Self {
        let folder = tempfile::tempdir().expect("a folder in the temporary one");
        let access = engines::access(keys);
        let at = |name: &str| folder.path().join(name);
        fs::write(at("access.json"), access.to_json()).expect("an access file");
        keys.save(&at("keys.json"), false).expect("a keys file");

        let named = |option: &str, path: &Path| format!("--{option}={}", path.display());
        let mut arguments = vec!["enclave".to_owned(), "build".to_owned(), "--json".to_owned()];
        arguments.extend([
            named("engine", &stripped_engine()),
            named("access", &at("access.json")),
            named("kernel", recipe.kernel),
            named("output", &at("engine.eif")),
            named("initramfs-out", &at("initramfs")),
            format!("--cmdline={COMMAND_LINE}"),
            format!("--nsm={}", recipe.nsm),
            format!("--storage=vsock://{HOST_CID}:5006"),
            "--memory-limit=512MiB".to_owned(),
            "--compression=none".to_owned(),
        ]);
        if recipe.nsm == "device" {
            arguments.push(named("trust", &at("trust.json")));
        }
        arguments.extend(recipe.modules.iter().map(|module| named("module", module)));
        arguments.extend(recipe.engine_arguments.iter().map(|argument| format!("--engine-arg={argument}")));
        let printed = process::run(Path::new(PROGRAMS.casemate), &arguments, "").await.success();

        #[derive(Deserialize)]
        struct Built {
            #[serde(rename = "Measurements")]
            measurements: Measurements,
        }
        let built: Built = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        Self { access, measurements: built.measurements, folder }
    }

    /// One of `engine.eif`, `initramfs`, `keys.json`, `access.json`, with the NSM's device `trust.json`, or a new file.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The engine without its debug information, which has several times its size: images lie in memory. Made once for each
/// engine that cargo builds.
fn stripped_engine() -> PathBuf {
    let lock = File::create(temporary().join("stripped-engine.lock")).expect("the build's folder is writable");
    lock.lock().expect("a file of ours can be locked");
    let stripped = temporary().join("casemate-engine");
    let made = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    let built = made(Path::new(PROGRAMS.engine)).expect("cargo built an engine");
    if !made(&stripped).is_ok_and(|made| made > built) {
        let status = Command::new("strip").arg("-o").arg(&stripped).arg(PROGRAMS.engine).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "binutils' strip is needed: run tests/enclave_boot/install"
        );
    }
    stripped
}
