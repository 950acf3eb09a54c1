//! The file systems that a program expects, none of them on a disk.

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

use super::error::InitError;

struct Mount {
    kind: &'static str,
    target: &'static str,
    flags: MsFlags,
    data: Option<&'static str>,
}

const LOCKED: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

/// The last two are for libraries that expect them: the engine keeps no files, so they are small.
const MOUNTS: [Mount; 5] = [
    Mount { kind: "proc", target: "/proc", flags: LOCKED, data: None },
    Mount { kind: "sysfs", target: "/sys", flags: LOCKED, data: None },
    Mount { kind: "devtmpfs", target: "/dev", flags: MsFlags::MS_NOSUID.union(MsFlags::MS_NOEXEC), data: None },
    Mount { kind: "tmpfs", target: "/run", flags: LOCKED, data: Some("mode=0755,size=16m") },
    Mount { kind: "tmpfs", target: "/tmp", flags: LOCKED, data: Some("mode=1777,size=16m") },
];

/// Mounts them where the image has folders for them.
pub(super) fn mount_all() -> Result<(), InitError> {
    for Mount { kind, target, flags, data } in MOUNTS {
        match mount(Some(kind), target, Some(kind), flags, data) {
            // The kernel mounts /dev itself if it is configured so.
            Ok(()) | Err(Errno::EBUSY) => {}
            Err(source) => return Err(InitError::Mount { target, source: source.into() }),
        }
    }
    Ok(())
}
