//! Runs the `casemate` executable as a user does.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// What a finished command left.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs a command to its end, without stdin.
pub fn casemate(folder: &Path, arguments: &[&str]) -> Ran {
    casemate_with_stdin(folder, arguments, "")
}

/// Runs a command to its end.
pub fn casemate_with_stdin(folder: &Path, arguments: &[&str], stdin: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_casemate"))
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = stdin.to_owned();
    // A command that fails early does not read its stdin to the end.
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let _ = writer.join();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
}

impl Ran {
    #[track_caller]
    pub fn fails(self, code: i32, says: &str) -> Self {
        assert_eq!(self.code, code, "{}", self.err);
        assert!(self.err.contains(says), "{}", self.err);
        assert_eq!(self.out, "", "an error leaves stdout clean");
        self
    }

    #[track_caller]
    pub fn works(self) -> String {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }
}

/// A new empty folder.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A running `casemate serve`, killed when dropped.
pub struct Serving {
    child: Child,
    pub address: String,
}

impl Serving {
    /// Starts it and waits until it listens.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_casemate"))
            .arg("serve")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        Self { child, address }
    }

    /// Sends SIGTERM and gives what it wrote to stderr.
    pub fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        let mut text = String::new();
        std::io::Read::read_to_string(&mut self.child.stderr.take().unwrap(), &mut text).unwrap();
        assert!(self.child.wait().unwrap().success(), "{text}");
        text
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
