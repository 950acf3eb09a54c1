//! `casemate enclave build`: the engine, its access file and a kernel become an enclave image file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use casemate_wire::UnixMillis;
use casemate_wire::access_file::parse_size;
use casemate_wire::address::Address;
use casemate_wire::trust_file::TrustFile;
use clap::ValueEnum;

use crate::enclave::eif::{Measurements, Signer};
use crate::enclave::image::{COMMAND_LINE, Image, Ingredients};
use crate::enclave::kernel::Kernel;
use crate::enclave::layout::Configuration;
use crate::enclave::modules::Module;
use crate::enclave::ramdisk::Compression;
use crate::enclave::root::RootFs;
use crate::enclave::{ImageError, container, libraries, read_file};
use crate::error::{HostError, Result};
use crate::files::{
    DEFAULT_MAX_AGE_SECONDS, FileError, TrustOptions, accept_image, load_access, load_signing_pair, load_trust_file,
    new_trust, save_trust, write_public,
};

const AFTER_HELP: &str = "\
Examples:
  casemate enclave build --image casemate-engine --access access.json --kernel bzImage --trust trust.json
  casemate enclave build --engine target/release/casemate-engine --access access.json --kernel bzImage \\
      --memory-limit 6GiB -o casemate.eif --json > build.json
  casemate enclave build --image casemate-engine --access access.json --trust trust.json --trust-add \\
      --kernel bzImage --init init --module nsm.ko --cmdline \"$(cat cmdline)\"     AWS's kernel and init

The image holds the engine, its options and the access file. PCR1 covers kernel, command line and engine; PCR2 the access file
and the options; PCR0 all of it. The same inputs give the same image and PCRs, whoever builds it and when; only the metadata,
which no PCR covers, has a time: SOURCE_DATE_EPOCH, or 1970.
With --init the engine is started by AWS's init instead of being its own: PCR1 covers AWS's parts, PCR2 the engine and yours.";

/// Arguments of `casemate enclave build`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    #[command(flatten)]
    software: Software,
    /// The program that has container images
    #[arg(long, value_name = "PROGRAM", default_value = "docker")]
    docker: String,
    #[command(flatten)]
    boot: Boot,
    #[command(flatten)]
    engine: EngineOptions,
    #[command(flatten)]
    signing: Signing,
    #[command(flatten)]
    trust: Trust,
    /// Where to write the enclave image
    #[arg(short, long, value_name = "FILE", default_value = "casemate.eif")]
    output: PathBuf,
    /// Also write the ramdisks as one initramfs, for boot loaders that take it beside the kernel
    #[arg(long, value_name = "FILE")]
    initramfs_out: Option<PathBuf>,
    /// How the ramdisks are compressed
    #[arg(long, value_name = "HOW", default_value = "gzip")]
    compression: Compression,
    /// The image's name, in its metadata and in the trust file [default: the container image's, or the engine's file name]
    #[arg(long)]
    name: Option<String>,
    /// Print the measurements as JSON, as `nitro-cli build-enclave` does
    #[arg(long)]
    json: bool,
    /// Replace files that are there already
    #[arg(long)]
    force: bool,
}

/// Where the engine is from.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Software {
    /// A container image with the engine as /usr/bin/casemate-engine (docker/engine.Dockerfile)
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// The same, exported: what `docker export` writes
    #[arg(long, value_name = "TAR")]
    image_archive: Option<PathBuf>,
    /// The engine's binary; what it is linked with is taken from this machine
    #[arg(long = "engine", value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// What boots.
#[derive(Debug, clap::Args)]
struct Boot {
    /// The kernel (bzImage): docker/kernel/build-kernel makes one
    #[arg(long, value_name = "FILE")]
    kernel: PathBuf,
    /// The kernel's command line
    #[arg(long, value_name = "TEXT", default_value = COMMAND_LINE, hide_default_value = true)]
    cmdline: String,
    /// A kernel module (.ko, .ko.xz, .ko.zst) to load before the engine starts; may be repeated, in order
    #[arg(long, value_name = "FILE")]
    module: Vec<PathBuf>,
    /// AWS's init (aws-nitro-enclaves-sdk-bootstrap); without it the engine is its own
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
}

/// How the engine runs. All of it is measured.
#[derive(Debug, clap::Args)]
struct EngineOptions {
    /// The access file (JSON): which client keys may use this engine, and its limits
    #[arg(long, value_name = "FILE")]
    access: PathBuf,
    /// Memory that the queries of all sessions may use together; the enclave needs more than that
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size)]
    memory_limit: String,
    /// Where the engine listens for clients: its own vsock CID is 4294967295, any
    #[arg(long, value_name = "ADDR", default_value = "vsock://4294967295:5005")]
    listen: Address,
    /// Where the parent's storage server listens: the parent's CID is 3
    #[arg(long, value_name = "ADDR", default_value = "vsock://3:5006")]
    storage: Address,
    /// What attests the engine
    #[arg(long, value_enum, default_value_t = NsmKind::Device)]
    nsm: NsmKind,
    /// One more option of the engine, as --engine-arg=--query-timeout=60; may be repeated
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true)]
    engine_arg: Vec<String>,
}

/// Mirrors the engine's own option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum NsmKind {
    /// The Nitro Secure Module
    Device,
    /// Keys made at start, which prove nothing: for tests under emulation
    Simulated,
}

/// Who signs the image.
#[derive(Debug, clap::Args)]
struct Signing {
    /// Sign the image with this P-384 private key (PEM); PCR8 is then the certificate's
    #[arg(long, value_name = "FILE", requires = "signing_certificate")]
    signing_key: Option<PathBuf>,
    /// The certificate of the signing key (PEM)
    #[arg(long, value_name = "FILE", requires = "signing_key")]
    signing_certificate: Option<PathBuf>,
}

/// What clients will accept.
#[derive(Debug, clap::Args)]
struct Trust {
    /// Write a trust file for clients that accepts this image
    #[arg(long = "trust", value_name = "FILE", id = "trust")]
    file: Option<PathBuf>,
    /// Add this image to the trust file instead, for a rollout
    #[arg(long = "trust-add", requires = "trust")]
    add: bool,
}

fn size(text: &str) -> std::result::Result<String, String> {
    parse_size("--memory-limit", text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    // Reading, compressing and hashing take seconds of one core.
    match tokio::task::spawn_blocking(move || build(&args)).await {
        Ok(done) => done,
        Err(error) => Err(HostError::Process(format!("the build ended early: {error}"))),
    }
}

fn build(args: &Args) -> Result<()> {
    if args.engine.nsm == NsmKind::Simulated && args.trust.file.is_some() {
        let problem = "no trust file can accept a simulated engine by its image: leave --trust out, and take the file that the engine writes (--simulated-trust-out)";
        return Err(HostError::Usage(problem.to_owned()));
    }
    args.refuse_existing()?;
    let known = args.trust.known()?;
    let signer = args.signing.signer()?;
    let ingredients = args.ingredients()?;
    let image = Image::build(ingredients)?;
    let measurements = write_public(&args.output, args.force, |file| image.write(signer.as_ref(), file))??;
    if let Some(path) = &args.initramfs_out {
        write_public(path, args.force, |file| image.write_initramfs(file))?;
    }
    print_measurements(args, &image, &measurements)?;
    if let Some(path) = &args.trust.file {
        args.write_trust(path, known, &measurements, &image)?;
    }
    Ok(())
}

impl Args {
    fn name(&self) -> String {
        let file_name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let source = self.software.image.clone();
        let source = source
            .or_else(|| self.software.image_archive.as_ref().or(self.software.binary.as_ref()).and_then(file_name));
        self.name.clone().or(source).unwrap_or_else(|| "casemate-engine".to_owned())
    }

    fn ingredients(&self) -> Result<Ingredients> {
        let modules = self.boot.module.iter().map(|path| Module::read(path)).collect::<std::result::Result<_, _>>()?;
        Ok(Ingredients {
            name: self.name(),
            kernel: Kernel::read(&self.boot.kernel)?,
            command_line: self.boot.cmdline.trim_end().to_owned(),
            software: self.software.read(&self.docker)?,
            modules,
            init: self.boot.init.as_deref().map(|path| read_file(path, MAX_INIT_BYTES)).transpose()?,
            configuration: self.engine.configuration()?,
            compression: self.compression,
            build_time: build_time()?,
        })
    }

    /// Finds out before the work what would fail after it.
    fn refuse_existing(&self) -> Result<()> {
        let trust = self.trust.file.as_ref().filter(|_| !self.trust.add);
        let outputs = [Some(&self.output), self.initramfs_out.as_ref(), trust];
        match outputs.into_iter().flatten().find(|path| !self.force && path.symlink_metadata().is_ok()) {
            Some(path) => Err(FileError::Exists(path.clone()).into()),
            None => Ok(()),
        }
    }

    fn write_trust(
        &self,
        path: &Path,
        known: Option<TrustFile>,
        measurements: &Measurements,
        image: &Image,
    ) -> Result<()> {
        let set = measurements.to_pcr_set(self.name());
        let policy_hash = hex::encode(image.policy_hash());
        let file = match known {
            Some(mut file) => {
                accept_image(&mut file, set, policy_hash)?;
                file
            }
            None => new_trust(TrustOptions {
                pcr_sets: vec![set],
                max_age_seconds: DEFAULT_MAX_AGE_SECONDS,
                policy_hashes: vec![policy_hash],
            })?,
        };
        save_trust(&file, path, self.force || self.trust.add)?;
        eprintln!("{} accepts {} image(s), this one among them", path.display(), file.pcr_sets.len());
        Ok(())
    }
}

impl Trust {
    /// The trust file that this image is added to.
    fn known(&self) -> Result<Option<TrustFile>> {
        let path = self.file.as_ref().filter(|_| self.add);
        Ok(path.map(|path| load_trust_file(path)).transpose()?)
    }
}

impl Software {
    fn read(&self, docker: &str) -> std::result::Result<RootFs, ImageError> {
        match (&self.image, &self.image_archive, &self.binary) {
            (Some(image), _, _) => container::export(docker, image),
            (_, Some(path), _) => container::read_tar_file(path),
            (_, _, Some(path)) => libraries::root_of_engine(path),
            // The parser asks for one of them.
            (None, None, None) => Ok(RootFs::new()),
        }
    }
}

impl EngineOptions {
    fn configuration(&self) -> Result<Configuration> {
        let (access, _) = load_access(&self.access)?;
        let nsm = match self.nsm {
            NsmKind::Device => "device",
            NsmKind::Simulated => "simulated",
        };
        let own = [
            format!("--listen={}", self.listen),
            format!("--storage={}", self.storage),
            format!("--memory-limit={}", self.memory_limit),
            format!("--nsm={nsm}"),
        ];
        Ok(Configuration { access, arguments: own.into_iter().chain(self.engine_arg.iter().cloned()).collect() })
    }
}

impl Signing {
    fn signer(&self) -> Result<Option<Signer>> {
        let (Some(key), Some(certificate)) = (&self.signing_key, &self.signing_certificate) else {
            return Ok(None);
        };
        let (key, certificate) = load_signing_pair(key, certificate)?;
        Ok(Some(Signer::from_pem(&key, &certificate, UnixMillis::from(SystemTime::now()))?))
    }
}

/// Larger than any init.
const MAX_INIT_BYTES: u64 = 64 << 20;

/// The time that the metadata gives: a clock would make each build another file
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
fn build_time() -> Result<i64> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text
            .parse()
            .map_err(|_| HostError::Usage("SOURCE_DATE_EPOCH must be a number of seconds since 1970".to_owned())),
        Err(_) => Ok(0),
    }
}

/// What people and programs get to read: the measurements, which are the command's result.
fn print_measurements(args: &Args, image: &Image, measurements: &Measurements) -> Result<()> {
    let failed = HostError::io("can't write to the standard output");
    let mut out = std::io::stdout().lock();
    if args.json {
        return writeln!(out, "{:#}", measurements.to_json()).map_err(failed);
    }
    let lines = measurements.pcrs.iter().map(|(index, value)| {
        format!("PCR{index}  {}  {}\n", hex::encode(value), covered(*index, args.boot.init.is_some()))
    });
    let policy = format!("\naccess file  {}\n", hex::encode(image.policy_hash()));
    out.write_all((lines.collect::<String>() + &policy).as_bytes()).map_err(failed)
}

fn covered(pcr: u8, aws_init: bool) -> &'static str {
    match (pcr, aws_init) {
        (0, _) => "the whole image",
        (1, false) => "kernel, command line, engine",
        (2, false) => "access file and engine's options",
        (1, true) => "kernel, command line, init",
        (2, true) => "engine, its options and the access file",
        _ => "signing certificate",
    }
}
