//! What the first process says: lines on the console, which an operator sees in debug mode only.

use std::io::{self, Write};
use std::{fmt, fs};

/// Writes a line. It holds numbers, paths of the image and the kernel's reasons, never anything of a client.
pub(super) fn say(line: fmt::Arguments<'_>) {
    // A console that takes nothing is no reason to fail.
    let _ = writeln!(io::stderr(), "casemate-init: {line}");
}

/// Says how much memory the machine has and how much of it is left: the image lies in memory too.
pub(super) fn report_memory() {
    let table = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    match (mebibytes(&table, "MemTotal:"), mebibytes(&table, "MemAvailable:")) {
        (Some(total), Some(available)) => {
            say(format_args!("memory {total} MiB, of which {available} MiB are available"))
        }
        _ => say(format_args!("the kernel does not tell how much memory there is")),
    }
}

/// A row of `/proc/meminfo`, whose numbers are in KiB.
fn mebibytes(table: &str, row: &str) -> Option<u64> {
    let number = table.lines().find_map(|line| line.strip_prefix(row))?;
    let kibibytes: u64 = number.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        let table = "MemTotal:        1013120 kB\nMemFree:          800000 kB\nMemAvailable:     921600 kB\n";
        assert_eq!(mebibytes(table, "MemTotal:"), Some(989));
        assert_eq!(mebibytes(table, "MemAvailable:"), Some(900));
        assert_eq!(mebibytes(table, "SwapTotal:"), None);
        assert_eq!(mebibytes("MemTotal: many kB", "MemTotal:"), None);
    }
}
