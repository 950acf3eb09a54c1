//! The machine's end.

use std::fmt::Display;
use std::{fs, io, panic};

use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::termios::tcdrain;
use nix::unistd::sync;

use super::console::say;

/// Ends the machine, with its reason as the last line on the console.
///
/// By a restart: an enclave has no power to switch off, and the hypervisor ends one that restarts (`reboot=k` on the kernel's
/// command line, as in AWS's images). So does QEMU with `-no-reboot`.
pub(super) fn end(reason: &dyn Display) -> ! {
    say(format_args!("the machine ends: {reason}"));
    // The line is on its way through a slow serial port. Without one there is nothing to wait for.
    let _ = tcdrain(io::stderr());
    sync();
    let Err(error) = reboot(RebootMode::RB_AUTOBOOT);
    say(format_args!("the kernel does not restart: {error}"));
    // The kernel panics when its first process is gone, and restarts after that.
    std::process::exit(1)
}

/// Ends the machine when the first process has a defect. Says where and never what: messages may quote data.
pub(super) fn end_on_panic() {
    panic::set_hook(Box::new(|panic| match panic.location() {
        Some(place) => end(&format_args!("internal error at {}:{}", place.file(), place.line())),
        None => end(&"internal error"),
    }));
}

/// Has the kernel restart one second after a panic of its own, whatever its command line says. A kernel without the
/// setting hangs then, as it would have.
pub(super) fn restart_after_kernel_panic() {
    if let Err(error) = fs::write("/proc/sys/kernel/panic", "1") {
        say(format_args!("a panic of the kernel will not end the machine: {error}"));
    }
}
