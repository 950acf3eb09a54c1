//! Where things are in an enclave: the ramdisks for each kind of init.

use casemate_wire::access_file::AccessFile;

use super::ImageError;
use super::modules::Module;
use super::root::{Entry, RootFs};

/// The engine's binary, in every image.
pub const ENGINE: &str = "usr/bin/casemate-engine";
/// The access file.
const ACCESS: &str = "etc/casemate/access.json";
/// The engine's own options, one to a line, when it is its own init.
const ENGINE_ARGUMENTS: &str = "etc/casemate/engine.args";
/// Modules that the engine loads when it is its own init, in the order of their names.
const MODULES: &str = "usr/lib/casemate/modules";
/// Where file systems are mounted, with permission bits.
const MOUNT_POINTS: [(&str, u32); 5] =
    [("dev", 0o755), ("proc", 0o555), ("run", 0o755), ("sys", 0o555), ("tmp", 0o1777)];
/// Major and minor number of `/dev/console`, from which the kernel gives the init its output.
const CONSOLE: (u32, u32) = (5, 1);
/// Modules whose order two digits can tell.
const MAX_MODULES: usize = 99;
/// Where AWS's init expects the root file system.
const AWS_ROOT: &str = "rootfs";
/// The search path that AWS's init gives programs when there is no other.
const AWS_ENVIRONMENT: &str = "PATH=/sbin:/usr/sbin:/bin:/usr/bin\n";

/// What decides who may use an engine, and how it runs.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The access file.
    pub access: AccessFile,
    /// The engine's options, `--access` aside.
    pub arguments: Vec<String>,
}

impl Configuration {
    /// All of the engine's options.
    ///
    /// # Errors
    /// When one holds a line break: both inits read one option to a line.
    fn lines(&self) -> Result<String, ImageError> {
        let mut lines = String::new();
        let access = format!("--access=/{ACCESS}");
        for argument in self.arguments.iter().chain([&access]) {
            if argument.contains(['\n', '\0']) || argument.is_empty() {
                return Err(ImageError::Option(format!("the engine's option {argument:?} is no single line")));
            }
            lines += argument;
            lines += "\n";
        }
        Ok(lines)
    }
}

/// The ramdisks of an enclave whose init is the engine: the software, and its configuration.
///
/// `software` is a root file system with the engine at [`ENGINE`].
///
/// # Errors
/// When the parts don't fit together.
pub fn with_own_init(
    software: &RootFs,
    modules: &[Module],
    configuration: &Configuration,
) -> Result<[RootFs; 2], ImageError> {
    let mut first = software.clone();
    for (path, mode) in MOUNT_POINTS {
        first.insert_folder(path, mode)?;
    }
    first.insert("dev/console", Entry::Device { mode: 0o600, number: CONSOLE })?;
    first.insert("init", Entry::Link { target: ENGINE.to_owned() })?;
    if modules.len() > MAX_MODULES {
        return Err(ImageError::Option(format!("an image takes at most {MAX_MODULES} kernel modules")));
    }
    for (number, module) in (1..).zip(modules) {
        first.insert_file(&format!("{MODULES}/{number:02}-{}.ko", module.name), module.bytes.clone())?;
    }
    let mut second = RootFs::new();
    second.insert_file(ENGINE_ARGUMENTS, configuration.lines()?)?;
    second.insert_file(ACCESS, configuration.access.to_json())?;
    Ok([first, second])
}

/// The ramdisks of an enclave with the init of AWS's `aws-nitro-enclaves-sdk-bootstrap`: that init with its modules, and
/// the engine with its configuration below `rootfs`, beside the command that the init starts.
///
/// # Errors
/// When the parts don't fit together.
pub fn with_aws_init(
    init: Vec<u8>,
    software: &RootFs,
    modules: &[Module],
    configuration: &Configuration,
) -> Result<[RootFs; 2], ImageError> {
    let mut first = RootFs::new();
    first.insert_folder("dev", 0o755)?;
    first.insert_program("init", init)?;
    let mut order = String::new();
    for module in modules {
        first.insert_program(&format!("{}.ko", module.name), module.bytes.clone())?;
        order += &format!("{}.ko\n", module.name);
    }
    // Older ones load nsm.ko and nothing else, newer ones what this list names.
    first.insert_file("modules_load_order", order)?;

    let mut second = RootFs::new();
    for (path, mode) in MOUNT_POINTS.into_iter().chain([("var", 0o755)]) {
        second.insert_folder(&format!("{AWS_ROOT}/{path}"), mode)?;
    }
    second.merge(software, AWS_ROOT)?;
    second.insert_file(&format!("{AWS_ROOT}/{ACCESS}"), configuration.access.to_json())?;
    second.insert_file("cmd", format!("/{ENGINE}\n{}", configuration.lines()?))?;
    second.insert_file("env", AWS_ENVIRONMENT)?;
    Ok([first, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn software() -> RootFs {
        let mut root = RootFs::new();
        root.insert_program(ENGINE, "engine").unwrap();
        root
    }

    fn configuration(arguments: &[&str]) -> Configuration {
        let access = AccessFile::from_json(r#"{"clients": []}"#).unwrap();
        Configuration { access, arguments: arguments.iter().map(|&argument| argument.to_owned()).collect() }
    }

    fn modules() -> Vec<Module> {
        ["vsock", "nsm"].map(|name| Module { name: name.to_owned(), bytes: name.into() }).into()
    }

    fn paths(root: &RootFs) -> Vec<&str> {
        root.iter().map(|(path, _)| path.as_str()).collect()
    }

    fn text<'a>(root: &'a RootFs, path: &str) -> &'a str {
        std::str::from_utf8(root.file(path).unwrap()).unwrap()
    }

    #[test]
    fn the_engine_as_init_finds_its_modules_in_order_and_its_options_in_the_second_ramdisk() {
        let [first, second] = with_own_init(&software(), &modules(), &configuration(&["--nsm", "device"])).unwrap();
        assert_eq!(text(&first, "/init"), "engine");
        let found: Vec<_> = paths(&first).into_iter().filter(|path| path.ends_with(".ko")).collect();
        assert_eq!(found, ["usr/lib/casemate/modules/01-vsock.ko", "usr/lib/casemate/modules/02-nsm.ko"]);
        for folder in ["dev", "proc", "run", "sys", "tmp"] {
            assert!(matches!(first.get(folder), Some(Entry::Folder { .. })), "{folder}");
        }
        assert_eq!(first.get("dev/console"), Some(&Entry::Device { mode: 0o600, number: (5, 1) }));
        assert_eq!(text(&second, ENGINE_ARGUMENTS), "--nsm\ndevice\n--access=/etc/casemate/access.json\n");
        assert_eq!(paths(&second), ["etc", "etc/casemate", ACCESS, ENGINE_ARGUMENTS]);
        assert!(AccessFile::from_json(text(&second, ACCESS)).is_ok());
    }

    #[test]
    fn awss_init_finds_the_root_file_system_and_the_command_where_it_looks() {
        let [first, second] =
            with_aws_init(b"init".to_vec(), &software(), &modules(), &configuration(&["--nsm=device"])).unwrap();
        assert_eq!(paths(&first), ["dev", "init", "modules_load_order", "nsm.ko", "vsock.ko"]);
        assert_eq!(text(&first, "modules_load_order"), "vsock.ko\nnsm.ko\n");
        let command = "/usr/bin/casemate-engine\n--nsm=device\n--access=/etc/casemate/access.json\n";
        assert_eq!(text(&second, "cmd"), command);
        assert_eq!(text(&second, "rootfs/usr/bin/casemate-engine"), "engine");
        assert!(second.file("rootfs/etc/casemate/access.json").is_some() && second.file("env").is_some());
        assert!(paths(&second).iter().all(|path| ["cmd", "env"].contains(path) || path.starts_with("rootfs")));
    }

    #[test]
    fn options_that_would_fall_apart_are_refused() {
        for argument in ["two\nlines", "", "zero\0"] {
            assert!(with_own_init(&software(), &[], &configuration(&[argument])).is_err());
        }
        let modules = vec![modules().remove(0); 100];
        assert!(with_own_init(&software(), &modules, &configuration(&[])).is_err());
    }
}
