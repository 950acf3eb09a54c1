//! What a parent instance has set aside for enclaves, read from the files of its kernel.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// No file that is read here is longer; an endless one is not read to its end.
const MAX_BYTES: u64 = 64 * 1024;

/// What AWS's allocator was told to set aside.
pub const ALLOCATOR_FILE: &str = "/etc/nitro_enclaves/allocator.yaml";

const DEVICE: &str = "dev/nitro_enclaves";
const CPU_POOL: &str = "sys/module/nitro_enclaves/parameters/ne_cpus";
const SMT: &str = "sys/devices/system/cpu/smt/active";
const HUGE_PAGES: &str = "sys/kernel/mm/hugepages";

/// What this machine offers to enclaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Whether the driver's device can be used.
    pub device: Device,
    /// The CPUs of the pool, those of running enclaves included; `None` without the driver.
    pub pool: Option<Vec<u32>>,
    /// Whether a core has two CPUs.
    pub two_threads_per_core: bool,
    /// Huge pages in MiB that nothing uses.
    pub free_mib: u64,
    /// All huge pages in MiB.
    pub total_mib: u64,
    /// `memory_mib` of the allocator's file, all entries together.
    pub configured_mib: Option<u64>,
}

/// `/dev/nitro_enclaves`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// It can be opened.
    Usable,
    /// It is there and this user may not open it.
    Forbidden,
    /// It is not there.
    Missing,
}

impl Machine {
    /// Reads the files of this machine.
    pub fn read() -> Self {
        Self::below(Path::new("/"))
    }

    /// Reads the files below `root`.
    pub fn below(root: &Path) -> Self {
        let (free_mib, total_mib) = huge_pages(&root.join(HUGE_PAGES));
        Self {
            device: device(&root.join(DEVICE)),
            pool: text(&root.join(CPU_POOL)).map(|text| cpu_list(&text)),
            two_threads_per_core: text(&root.join(SMT)).is_some_and(|text| text.trim() == "1"),
            free_mib,
            total_mib,
            configured_mib: text(&root.join(ALLOCATOR_FILE.trim_start_matches('/'))).and_then(|text| memory_mib(&text)),
        }
    }
}

fn device(path: &Path) -> Device {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => Device::Usable,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Device::Forbidden,
        Err(_) => Device::Missing,
    }
}

/// The beginning of a file; nothing if it can't be read: then it says nothing about this machine.
fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_string(&mut text).ok()?;
    Some(text)
}

/// The CPUs in a list such as `1,5-7` (cpuset(7)). What is no number is passed over, and so is a range that is longer
/// than any machine.
fn cpu_list(text: &str) -> Vec<u32> {
    const MAX_CPU: u32 = 8192;
    let mut cpus = Vec::new();
    for part in text.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.trim().parse(), last.trim().parse::<u32>()) {
            cpus.extend(first..=last.min(MAX_CPU));
        }
    }
    cpus
}

/// Free and all huge pages in MiB, of every size: `hugepages-2048kB/{free,nr}_hugepages`.
fn huge_pages(folder: &Path) -> (u64, u64) {
    let Ok(sizes) = std::fs::read_dir(folder) else { return (0, 0) };
    let mut pages = (0, 0);
    for path in sizes.flatten().map(|size| size.path()) {
        let Some(kib) = page_kib(&path) else { continue };
        let count = |name| text(&path.join(name)).and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0);
        pages.0 += count("free_hugepages").saturating_mul(kib) / 1024;
        pages.1 += count("nr_hugepages").saturating_mul(kib) / 1024;
    }
    pages
}

fn page_kib(folder: &Path) -> Option<u64> {
    folder.file_name()?.to_str()?.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()
}

/// The sum of the lines `memory_mib: N`, also of a list. The file needs no more of YAML than that.
fn memory_mib(text: &str) -> Option<u64> {
    let values = text.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("- ");
        line.strip_prefix("memory_mib:")?.trim().trim_matches('"').parse::<u64>().ok()
    });
    values.reduce(u64::saturating_add)
}

/// The size of a file in bytes.
///
/// # Errors
/// When it is not there, or no file.
pub fn file_size(path: &Path) -> io::Result<u64> {
    let metadata = std::fs::metadata(path)?;
    match metadata.is_file() {
        true => Ok(metadata.len()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn what_the_kernel_and_the_allocator_say_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, DEVICE, "");
        write(root, CPU_POOL, "1,5-7\n");
        write(root, SMT, "1\n");
        write(root, &format!("{HUGE_PAGES}/hugepages-2048kB/free_hugepages"), "100\n");
        write(root, &format!("{HUGE_PAGES}/hugepages-2048kB/nr_hugepages"), "512\n");
        write(root, &format!("{HUGE_PAGES}/hugepages-1048576kB/free_hugepages"), "2\n");
        write(root, &format!("{HUGE_PAGES}/hugepages-1048576kB/nr_hugepages"), "3\n");
        write(root, &ALLOCATOR_FILE[1..], "---\n# memory_mib: 7\nmemory_mib: 4096\ncpu_count: 2\n");
        let expected = Machine {
            device: Device::Usable,
            pool: Some(vec![1, 5, 6, 7]),
            two_threads_per_core: true,
            free_mib: 200 + 2048,
            total_mib: 1024 + 3072,
            configured_mib: Some(4096),
        };
        assert_eq!(Machine::below(root), expected);
    }

    #[test]
    fn a_machine_without_any_of_it_offers_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine::below(folder.path());
        assert_eq!((machine.device, machine.pool, machine.total_mib), (Device::Missing, None, 0));
    }

    #[test]
    fn lists_of_enclaves_are_added_and_nonsense_is_passed_over() {
        assert_eq!(memory_mib("- memory_mib: 512\n  cpu_count: 2\n- memory_mib: 256\n"), Some(768));
        assert_eq!(memory_mib("memory_mib: much\n"), None);
        assert_eq!(cpu_list("\n"), Vec::<u32>::new());
        assert_eq!(cpu_list("x,2,9-3"), vec![2]);
        assert!(cpu_list("0-4294967295").len() < 10_000);
    }
}
