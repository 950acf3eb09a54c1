//! The engine's arguments, from a file of the image: one on each line, nothing quoted.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::InitError;

/// More than any sensible list has.
const MAX_BYTES: u64 = 64 << 10;

/// The arguments behind the program's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EngineArguments(pub(super) Vec<String>);

impl EngineArguments {
    /// Reads the file; empty lines count for nothing.
    pub(super) fn read(path: &Path) -> Result<Self, InitError> {
        let unusable = |problem: String| InitError::File { path: path.into(), problem };
        let file = File::open(path).map_err(|error| unusable(error.to_string()))?;
        let mut text = String::new();
        file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| unusable(error.to_string()))?;
        if text.len() as u64 > MAX_BYTES {
            return Err(unusable(format!("it has more than {MAX_BYTES} bytes")));
        }
        let arguments: Vec<_> = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        match arguments.is_empty() {
            true => Err(unusable("it names no arguments for the engine".to_owned())),
            false => Ok(Self(arguments)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<EngineArguments, InitError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        EngineArguments::read(file.path())
    }

    #[test]
    fn every_line_is_one_argument_with_its_spaces() {
        let arguments = read(b"--listen\nvsock://any:5005\n\n--access\n/etc/case mate/access.json\n").unwrap();
        assert_eq!(arguments.0, ["--listen", "vsock://any:5005", "--access", "/etc/case mate/access.json"]);
    }

    #[test]
    fn a_file_that_can_t_be_meant_is_named_with_its_problem() {
        for content in [&b""[..], b"\n\n", b"\xff\xfe", &vec![b'a'; (64 << 10) + 1]] {
            assert!(matches!(read(content), Err(InitError::File { .. })));
        }
        let missing = EngineArguments::read(Path::new("/nowhere/engine.args")).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/engine.args"), "{missing}");
    }
}
