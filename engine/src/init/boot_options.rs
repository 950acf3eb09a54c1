//! Options of the first process on the kernel's command line, which is measured with the kernel (PCR1).

use std::fs;
use std::path::Path;

use super::error::InitError;

/// The context id of an enclave's parent instance.
const PARENT_CID: u32 = 3;
/// Kernels pass options with a dot to nobody but modules of that name, so that this one reaches no argument list.
const PARENT_OPTION: &str = "casemate.parent=";
const COMMAND_LINE: &str = "/proc/cmdline";

/// What the command line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BootOptions {
    /// Who gets the heartbeat: the parent instance, or the host of another virtual machine (2).
    pub(super) parent_cid: u32,
}

impl BootOptions {
    /// Reads `/proc/cmdline`.
    pub(super) fn read() -> Result<Self, InitError> {
        let path = Path::new(COMMAND_LINE);
        let text = fs::read_to_string(path)
            .map_err(|error| InitError::File { path: path.into(), problem: error.to_string() })?;
        Self::parse(&text)
    }

    fn parse(command_line: &str) -> Result<Self, InitError> {
        let mut options = BootOptions { parent_cid: PARENT_CID };
        for option in command_line.split_ascii_whitespace() {
            if let Some(cid) = option.strip_prefix(PARENT_OPTION) {
                options.parent_cid = cid.parse().map_err(|_| InitError::BootOption(option.to_owned()))?;
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_that_of_an_enclave_unless_another_is_named() {
        let parent = |line: &str| BootOptions::parse(line).map(|options| options.parent_cid).ok();
        assert_eq!(parent("reboot=k panic=30 console=ttyS0\n"), Some(3));
        assert_eq!(parent("console=ttyS0 casemate.parent=2 quiet\n"), Some(2));
        assert_eq!(parent("casemate.parent=host\n"), None);
    }
}
