//! `casemate enclave build`: the same inputs give the same image, whatever they look like on disk, and clients can trust it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use casemate_host::enclave::eif::{self, SectionKind, SignatureCheck};
use casemate_host::enclave::layout::ENGINE;
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Ran, casemate, folder};

/// A program that every Debian has, small and dynamically linked, in the engine's place: nothing is started here.
const PROGRAM: &str = "/bin/true";

/// A folder with a kernel's header, an engine, and an access file for one client.
fn workplace() -> TempDir {
    let folder = folder();
    let at = folder.path();
    // The magic number and the version pointer of a bzImage, and the version.
    let mut kernel = vec![0; 0x400];
    kernel[0x202..0x206].copy_from_slice(b"HdrS");
    kernel[0x20e..0x210].copy_from_slice(&[0, 1]);
    kernel[0x300..0x306].copy_from_slice(b"6.12.1");
    fs::write(at.join("bzImage"), kernel).unwrap();
    fs::copy(PROGRAM, at.join("engine")).unwrap();
    let client = format!("alice=p384:{}", KEY);
    casemate(at, &["access", "new", "--client", &client]).works();
    folder
}

/// A point of P-384 (its generator), compressed.
const KEY: &str = "03aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7";

const INPUTS: [&str; 8] = ["enclave", "build", "--access", "access.json", "--kernel", "bzImage", "--engine", "engine"];

fn build(at: &Path, more: &[&str]) -> Ran {
    casemate(at, &[&INPUTS, more].concat())
}

fn measurements(json: &str) -> Value {
    serde_json::from_str::<Value>(json).unwrap()["Measurements"].take()
}

fn old(path: &Path) {
    File::options()
        .append(true)
        .open(path)
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1))
        .unwrap();
}

#[test]
fn two_builds_from_the_same_inputs_give_the_same_image_and_initramfs() {
    let (first, second) = (workplace(), workplace());
    let outputs = ["--name", "engine", "--module", "nsm.ko", "--initramfs-out", "initramfs", "--json"];
    for folder in [&first, &second] {
        fs::write(folder.path().join("nsm.ko"), b"\x7fELF module").unwrap();
    }
    // Times, permissions and the form of the JSON are not content.
    let at = second.path();
    for name in ["engine", "nsm.ko", "bzImage"] {
        old(&at.join(name));
    }
    fs::set_permissions(at.join("engine"), Permissions::from_mode(0o600)).unwrap();
    let access: Value = serde_json::from_slice(&fs::read(at.join("access.json")).unwrap()).unwrap();
    fs::write(at.join("access.json"), access.to_string()).unwrap();

    let printed = [&first, &second].map(|folder| build(folder.path(), &outputs).works());
    assert_eq!(measurements(&printed[0]), measurements(&printed[1]));
    for name in ["casemate.eif", "initramfs"] {
        let bytes = [&first, &second].map(|folder| fs::read(folder.path().join(name)).unwrap());
        assert!(bytes[0] == bytes[1], "{name} differs");
    }
}

#[test]
fn an_image_says_what_is_in_it_and_measures_what_was_printed() {
    let folder = workplace();
    let at = folder.path();
    let printed = build(at, &["--json", "--cmdline", "console=ttyS0\n"]).works();
    let description = eif::read(File::open(at.join("casemate.eif")).unwrap()).unwrap();
    assert_eq!(description.measurements.to_json()["Measurements"], measurements(&printed));
    assert_eq!(description.command_line, "console=ttyS0");
    assert_eq!(description.metadata["BuildMetadata"]["KernelVersion"], "6.12.1");
    assert_eq!(description.metadata["BuildMetadata"]["BuildTime"], "1970-01-01T00:00:00+00:00");
    let ramdisks = description.sections.iter().filter(|section| section.kind == SectionKind::Ramdisk).count();
    assert_eq!(ramdisks, 2);
    assert_eq!(description.file_bytes(), at.join("casemate.eif").metadata().unwrap().len());
}

#[test]
fn who_may_use_the_engine_and_how_it_runs_is_in_pcr2_and_the_software_in_pcr1() {
    let folder = workplace();
    let at = folder.path();
    let base = measurements(&build(at, &["--json"]).works());
    let differs = |more: &[&str]| {
        let other = measurements(&build(at, &[&["--json", "--force"], more].concat()).works());
        ["PCR0", "PCR1", "PCR2"].map(|pcr| base[pcr] != other[pcr])
    };
    assert_eq!(differs(&[]), [false; 3]);
    assert_eq!(differs(&["--memory-limit", "2GiB"]), [true, false, true]);
    assert_eq!(differs(&["--engine-arg=--query-timeout=60"]), [true, false, true]);
    assert_eq!(differs(&["--cmdline", "quiet"]), [true, true, false]);
    casemate(at, &["access", "new", "--force", "--client", &format!("bob=p384:{KEY}")]).works();
    assert_eq!(differs(&[]), [true, false, true]);
    fs::copy("/bin/false", at.join("engine")).unwrap();
    assert!(differs(&[])[1]);
}

#[test]
fn a_trust_file_accepts_the_image_and_takes_the_next_one_in() {
    let folder = workplace();
    let at = folder.path();
    let printed = build(at, &["--json", "--trust", "trust.json"]).works();
    let trust = |name: &str| -> Value { serde_json::from_slice(&fs::read(at.join(name)).unwrap()).unwrap() };
    let written = trust("trust.json");
    assert_eq!(written["pcr_sets"][0]["pcrs"]["0"], measurements(&printed)["PCR0"]);
    let hash = casemate(at, &["access", "hash"]).works();
    assert_eq!(written["policy_hashes"], serde_json::json!([hash.trim()]));
    // What was printed gives the same file by the other way.
    fs::write(at.join("build.json"), printed).unwrap();
    let other = ["trust", "new", "other.json", "--measurements", "build.json", "--access", "access.json"];
    casemate(at, &other).works();
    assert_eq!(trust("other.json")["pcr_sets"][0]["pcrs"], written["pcr_sets"][0]["pcrs"]);

    build(at, &["-o", "next.eif", "--memory-limit", "2GiB", "--trust", "trust.json"]).fails(5, "--force");
    build(at, &["-o", "next.eif", "--memory-limit", "2GiB", "--trust", "trust.json", "--trust-add"]).works();
    let grown = trust("trust.json");
    assert_eq!(grown["pcr_sets"].as_array().unwrap().len(), 2);
    assert_eq!(grown["pcr_sets"][0], written["pcr_sets"][0]);
    assert_eq!(grown["policy_hashes"], written["policy_hashes"]);
}

#[test]
fn an_engine_from_a_container_image_or_its_archive_is_the_same_engine() {
    let folder = workplace();
    let at = folder.path();
    let image = |reverse: bool, name: &str| {
        let mut members: Vec<PathBuf> = libraries_of(PROGRAM);
        if reverse {
            members.reverse();
        }
        let mut archive = tar::Builder::new(File::create(at.join(name)).unwrap());
        for path in &members {
            archive.append_path_with_name(path, path.strip_prefix("/").unwrap()).unwrap();
        }
        archive.append_path_with_name(PROGRAM, "usr/bin/casemate-engine").unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        archive.append_data(&mut header, ".dockerenv", &[][..]).unwrap();
        archive.finish().unwrap();
    };
    image(false, "image.tar");
    image(true, "reversed.tar");
    fake_docker(at);
    let common = ["enclave", "build", "--access", "access.json", "--kernel", "bzImage", "--force", "--json"];
    let of = |source: &[&str]| measurements(&casemate(at, &[&common[..], source].concat()).works());
    let archived = of(&["--image-archive", "image.tar"]);
    assert_eq!(of(&["--image-archive", "reversed.tar"]), archived);
    assert_eq!(of(&["--image", "casemate-engine:1", "--docker", "./docker"]), archived);
    let calls = fs::read_to_string(at.join("calls")).unwrap();
    assert_eq!(calls, "create --network none casemate-engine:1 /unused\nexport 0123abcd\nrm 0123abcd\n");
    casemate(at, &[&common[..], &["--image", "unknown", "--docker", "./docker"]].concat()).fails(5, "No such image");
}

/// The loader and the library that [`PROGRAM`] needs, where this machine has them.
fn libraries_of(program: &str) -> Vec<PathBuf> {
    let root = casemate_host::enclave::libraries::root_of_engine(Path::new(program)).unwrap();
    let paths = root.iter().map(|(path, _)| Path::new("/").join(path));
    paths.filter(|path| path.is_file() && path.to_string_lossy().contains(".so")).collect()
}

/// A container engine that knows one image, and writes down what it is asked.
fn fake_docker(at: &Path) {
    let script = "#!/bin/sh\n\
        echo \"$@\" >> calls\n\
        case \"$*\" in\n\
        create*unknown*) echo 'Error: No such image: unknown' >&2; exit 1 ;;\n\
        create*) echo 0123abcd ;;\n\
        export*) cat image.tar ;;\n\
        esac\n";
    fs::write(at.join("docker"), script).unwrap();
    fs::set_permissions(at.join("docker"), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_signed_image_measures_its_signer_and_its_key_must_be_kept_secret() {
    let folder = workplace();
    let at = folder.path();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/eif-reference/fixtures");
    for (fixture, name) in [("test-signing-key.pem", "key.pem"), ("test-signing-certificate.pem", "certificate.pem")] {
        fs::copy(fixtures.join(fixture), at.join(name)).unwrap();
    }
    let signed = ["--json", "--signing-key", "key.pem", "--signing-certificate", "certificate.pem"];
    fs::set_permissions(at.join("key.pem"), Permissions::from_mode(0o644)).unwrap();
    build(at, &signed).fails(5, "chmod 600 key.pem");
    fs::set_permissions(at.join("key.pem"), Permissions::from_mode(0o600)).unwrap();
    let printed = build(at, &signed).works();
    let reference: Value = serde_json::from_slice(&fs::read(fixtures.join("signed.json")).unwrap()).unwrap();
    assert_eq!(measurements(&printed)["PCR8"], reference["Measurements"]["PCR8"]);
    let description = eif::read(File::open(at.join("casemate.eif")).unwrap()).unwrap();
    assert_eq!(description.signature, Some(SignatureCheck::Valid));
    build(at, &["--signing-key", "key.pem"]).fails(2, "--signing-certificate");
}

#[test]
fn awss_init_gets_its_own_layout() {
    let folder = workplace();
    let at = folder.path();
    let own = measurements(&build(at, &["--json"]).works());
    fs::write(at.join("init"), b"AWS's init").unwrap();
    fs::write(at.join("nsm.ko"), b"\x7fELF module").unwrap();
    let aws = ["--json", "--force", "--init", "init", "--module", "nsm.ko", "--initramfs-out", "initramfs"];
    let aws = [&aws[..], &["--compression", "none"]].concat();
    let other = measurements(&build(at, &aws).works());
    assert_ne!(own["PCR1"], other["PCR1"]);
    let initramfs = fs::read(at.join("initramfs")).unwrap();
    for name in ["init", "nsm.ko", "cmd", "env", "rootfs/usr/bin/casemate-engine", "rootfs/etc/casemate/access.json"] {
        let name = format!("{name}\0");
        assert!(initramfs.windows(name.len()).any(|window| window == name.as_bytes()), "{name}");
    }
}

#[test]
fn the_recipe_of_the_engines_image_puts_it_where_enclaves_start_it_and_pins_the_projects_rust() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let recipe = fs::read_to_string(project.join("docker/engine.Dockerfile")).unwrap();
    assert!(recipe.contains(&format!("/root-fs/{ENGINE}\n")));
    assert!(recipe.contains(&format!("ENTRYPOINT [\"/{ENGINE}\"]")));
    assert!(recipe.contains(&format!("rust:{}.", env!("CARGO_PKG_RUST_VERSION"))));
}

#[test]
fn inputs_that_make_no_enclave_are_refused_and_nothing_is_written() {
    let folder = workplace();
    let at = folder.path();
    fs::write(at.join("text"), "text").unwrap();
    let with = |replaced: usize, value: &str, more: &[&str]| {
        let mut arguments = INPUTS;
        arguments[replaced] = value;
        casemate(at, &[&arguments, more].concat())
    };
    with(3, "none.json", &[]).fails(5, "casemate access new");
    with(5, "text", &[]).fails(5, "no bzImage");
    with(7, "text", &[]).fails(5, "can't be used as the engine");
    build(at, &["--image", "casemate-engine"]).fails(2, "cannot be used with");
    casemate(at, &INPUTS[..6]).fails(2, "--image");
    build(at, &["--nsm", "simulated", "--trust", "trust.json"]).fails(2, "--simulated-trust-out");
    build(at, &["--memory-limit", "much"]).fails(2, "512MiB");
    build(at, &["--trust-add"]).fails(2, "--trust");
    build(at, &["--module", "text"]).fails(5, ".ko");
    assert!(!at.join("casemate.eif").exists() && !at.join("trust.json").exists());
    build(at, &[]).works();
    build(at, &[]).fails(5, "--force");
}
