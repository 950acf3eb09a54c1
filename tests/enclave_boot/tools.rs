//! What enclaves are booted with, found where `install` puts it. A test without its tools skips, visibly.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A virtual machine of QEMU with a distribution's kernel, and its vsock.
pub struct StockMachine {
    /// QEMU as the distribution builds it.
    pub qemu: PathBuf,
    /// The kernel.
    pub kernel: PathBuf,
    /// Its modules for vsock, in the order they load in.
    pub modules: Vec<PathBuf>,
    /// `vhost-device-vsock`.
    pub vsock_device: PathBuf,
}

/// QEMU's emulation of a Nitro enclave, with its NSM.
pub struct NitroMachine {
    /// A QEMU with `-M nitro-enclave`.
    pub qemu: PathBuf,
    /// A kernel with the drivers for it.
    pub kernel: PathBuf,
    /// `vhost-device-vsock`.
    pub vsock_device: PathBuf,
}

/// The tools for a stock kernel, or nothing, said aloud.
pub fn stock_machine() -> Option<StockMachine> {
    let folder = folder();
    let machine = StockMachine {
        qemu: PathBuf::from("qemu-system-x86_64"),
        kernel: folder.join("kernel/vmlinuz"),
        modules: sorted(&folder.join("kernel/modules")),
        vsock_device: folder.join("bin/vhost-device-vsock"),
    };
    let missing = missing_file(&[&machine.kernel, &machine.vsock_device]).or(missing_program(&machine.qemu));
    given(machine, missing)
}

/// The tools for the emulated Nitro machine, or nothing, said aloud.
pub fn nitro_machine() -> Option<NitroMachine> {
    let folder = folder();
    let named = |variable: &str, file: &str| std::env::var_os(variable).map_or(folder.join(file), PathBuf::from);
    let machine = NitroMachine {
        qemu: named("CASEMATE_NITRO_QEMU", "nitro/qemu-system-x86_64"),
        kernel: named("CASEMATE_ENCLAVE_KERNEL", "nitro/bzImage"),
        vsock_device: folder.join("bin/vhost-device-vsock"),
    };
    let missing = missing_file(&[&machine.qemu, &machine.kernel, &machine.vsock_device]);
    given(machine, missing)
}

fn folder() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let cache = || std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home().join(".cache"), PathBuf::from);
    std::env::var_os("CASEMATE_BOOT_TOOLS").map_or_else(|| cache().join("casemate/enclave-boot"), PathBuf::from)
}

fn given<T>(machine: T, missing: Option<String>) -> Option<T> {
    let Some(missing) = missing else { return Some(machine) };
    // Not by eprintln, which a test harness keeps to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: no {missing}; run tests/enclave_boot/install");
    None
}

fn missing_file(paths: &[&Path]) -> Option<String> {
    paths.iter().find(|path| !path.is_file()).map(|path| path.display().to_string())
}

fn missing_program(program: &Path) -> Option<String> {
    Command::new(program).arg("--version").output().err().map(|_| program.display().to_string())
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
