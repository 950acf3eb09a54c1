//! Root file systems of container images.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tar::{Archive, EntryType};

use super::ImageError;
use super::root::{Entry, MAX_ROOT_BYTES, RootFs};

/// What is kept of a container engine's error text.
const MAX_MESSAGE_BYTES: u64 = 4096;

/// The root file system of an image that a container engine (`docker`, `podman`) has: a container is made of it, never
/// started, exported and removed.
///
/// # Errors
/// When the container engine can't be run or has no such image, or when the image holds what an enclave can't.
pub fn export(program: &str, image: &str) -> Result<RootFs, ImageError> {
    // An image need not say what it runs, but a container must; nothing runs it.
    let created = Command::new(program)
        .args(["create", "--network", "none", image, "/unused"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| ImageError::Container(format!("can't run `{program}`: {error}; name another with --docker, or give --root-fs or --engine instead of --image")))?;
    if !created.status.success() {
        let message = String::from_utf8_lossy(&created.stderr);
        return Err(ImageError::Container(format!(
            "`{program} create {image}` failed: {}; build the image first (docker/README.md)",
            message.trim()
        )));
    }
    let container = Container { program, id: String::from_utf8_lossy(&created.stdout).trim().to_owned() };
    let mut child = container.export()?;
    let root = match child.stdout.take() {
        Some(output) => read_tar(output),
        None => Ok(RootFs::new()),
    };
    let mut message = String::new();
    if let Some(stderr) = child.stderr.take() {
        // The message only explains a failure that the exit status tells.
        let _ = stderr.take(MAX_MESSAGE_BYTES).read_to_string(&mut message);
    }
    let failed = |problem: String| ImageError::Container(format!("`{program} export` failed: {problem}"));
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    // What was read of a failed export is no image, whatever it looks like.
    if !status.success() && !message.is_empty() {
        return Err(failed(message.trim().to_owned()));
    }
    if !status.success() && root.is_ok() {
        return Err(failed(status.to_string()));
    }
    root
}

/// A root file system in a tar archive, as `docker export` writes it.
///
/// # Errors
/// When it can't be read, is no tar archive, or holds what an enclave can't.
pub fn read_tar_file(path: &Path) -> Result<RootFs, ImageError> {
    read_tar(std::fs::File::open(path).map_err(ImageError::read(path))?)
}

/// A container that is removed again.
struct Container<'a> {
    program: &'a str,
    id: String,
}

impl Container<'_> {
    fn export(&self) -> Result<Child, ImageError> {
        Command::new(self.program)
            .args(["export", &self.id])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| ImageError::Container(format!("can't run `{} export`: {error}", self.program)))
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        let removed =
            Command::new(self.program).args(["rm", &self.id]).stdin(Stdio::null()).stdout(Stdio::null()).status();
        if !removed.is_ok_and(|status| status.success()) {
            tracing::warn!("the container {} was left behind: remove it with `{} rm`", self.id, self.program);
        }
    }
}

/// Reads a tree from a tar archive. Owners and times are dropped; what the container engine itself adds is left out.
fn read_tar(reader: impl Read) -> Result<RootFs, ImageError> {
    let unreadable =
        |error: std::io::Error| ImageError::Container(format!("the image's tar archive can't be read: {error}"));
    let mut archive = Archive::new(reader);
    let mut root = RootFs::new();
    for member in archive.entries().map_err(unreadable)? {
        let mut member = member.map_err(unreadable)?;
        let path = String::from_utf8(member.path_bytes().into_owned()).map_err(|error| ImageError::Entry {
            path: String::from_utf8_lossy(error.as_bytes()).into_owned(),
            problem: "its name is no UTF-8",
        })?;
        if is_from_container_engine(&path) || matches!(path.trim_matches('/'), "" | ".") {
            continue;
        }
        let left = MAX_ROOT_BYTES.saturating_sub(root.bytes());
        if member.size() > left {
            let what = format!("the image with '{path}'");
            return Err(ImageError::TooLarge { what, limit: MAX_ROOT_BYTES });
        }
        let mode = member.header().mode().map_err(unreadable)? & 0o7777;
        let target = match member.link_name_bytes() {
            Some(target) => String::from_utf8(target.into_owned()).ok(),
            None => None,
        };
        let refused = |problem| Err(ImageError::Entry { path: path.clone(), problem });
        let entry = match (member.header().entry_type(), target) {
            (EntryType::Directory, _) => Entry::Folder { mode },
            (EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse, _) => {
                let mut content = Vec::new();
                member.by_ref().take(left).read_to_end(&mut content).map_err(unreadable)?;
                Entry::File { mode, content: content.into() }
            }
            (EntryType::Symlink, Some(target)) => Entry::Link { target },
            (EntryType::Link, Some(target)) => match root.get(&target) {
                Some(linked @ Entry::File { .. }) => linked.clone(),
                _ => return refused("it is a hard link to nothing that came before"),
            },
            _ => return refused("an image for an enclave holds files, folders and links only"),
        };
        root.insert(&path, entry)?;
    }
    Ok(root)
}

/// What `docker export` shows and no image holds: folders that the kernel fills, and empty files that a container's
/// network settings would stand in.
fn is_from_container_engine(path: &str) -> bool {
    let path = path.trim_start_matches("./").trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    matches!(first, "dev" | "proc" | "sys" | ".dockerenv")
        || matches!(path, "etc/hostname" | "etc/hosts" | "etc/resolv.conf" | "etc/mtab" | "run/.containerenv")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(members: &[(&str, EntryType, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, kind, content) in members {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_mode(0o755);
            header.set_mtime(1_700_000_000);
            header.set_uid(1000);
            match kind {
                EntryType::Symlink | EntryType::Link => {
                    header.set_size(0);
                    builder.append_link(&mut header, path, content).unwrap();
                }
                _ => {
                    header.set_size(content.len() as u64);
                    builder.append_data(&mut header, path, content.as_bytes()).unwrap();
                }
            }
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn an_export_becomes_a_tree_without_what_the_container_engine_added() {
        let bytes = archive(&[
            (".dockerenv", EntryType::Regular, ""),
            ("dev/console", EntryType::Regular, ""),
            ("etc/hosts", EntryType::Regular, ""),
            ("etc/passwd", EntryType::Regular, "casemate"),
            ("usr/bin/casemate-engine", EntryType::Regular, "engine"),
            ("usr/bin/link", EntryType::Symlink, "casemate-engine"),
            ("usr/bin/again", EntryType::Link, "usr/bin/casemate-engine"),
        ]);
        let root = read_tar(&bytes[..]).unwrap();
        let paths: Vec<_> = root.iter().map(|(path, _)| path.as_str()).collect();
        let expected =
            ["etc", "etc/passwd", "usr", "usr/bin", "usr/bin/again", "usr/bin/casemate-engine", "usr/bin/link"];
        assert_eq!(paths, expected);
        assert_eq!(root.file("usr/bin/link").unwrap(), "engine");
        assert_eq!(root.get("usr/bin/again"), root.get("usr/bin/casemate-engine"));
    }

    #[test]
    fn the_order_of_an_export_makes_no_difference() {
        let mut members =
            [("b", EntryType::Regular, "2"), ("a/c", EntryType::Regular, "3"), ("a/b", EntryType::Symlink, "c")];
        let first = read_tar(&archive(&members)[..]).unwrap();
        members.reverse();
        assert_eq!(read_tar(&archive(&members)[..]).unwrap(), first);
    }

    #[test]
    fn what_no_enclave_can_hold_is_refused() {
        for member in [("a", EntryType::Fifo, ""), ("a", EntryType::Block, ""), ("a", EntryType::Link, "missing")] {
            assert!(matches!(read_tar(&archive(&[member])[..]), Err(ImageError::Entry { .. })));
        }
        assert!(
            read_tar(&b"no archive, but long enough to be taken for the first header of one".repeat(20)[..]).is_err()
        );
        let whole = archive(&[("a", EntryType::Regular, "content")]);
        assert!(read_tar(&whole[..515]).is_err());
    }

    #[test]
    fn a_container_engine_that_is_not_there_is_named() {
        let error = export("/nonexistent/docker", "image").unwrap_err().to_string();
        assert!(error.contains("/nonexistent/docker") && error.contains("--docker"), "{error}");
    }
}
