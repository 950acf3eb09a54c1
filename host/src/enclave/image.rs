//! Puts an enclave image together.

use std::io::Write;

use casemate_wire::access_file::{parse_size, policy_hash};
use chrono::DateTime;
use serde_json::{Value, json};

use super::ImageError;
use super::eif::{BuildMetadata, Eif, Measurements, Metadata, Signer};
use super::kernel::Kernel;
use super::layout::{self, Configuration};
use super::libraries::check_engine;
use super::modules::Module;
use super::ramdisk::{self, Compression};
use super::root::RootFs;

/// The kernel's command line when none is given: that of AWS's own images, except that a kernel that fails ends the
/// enclave at once. `i8042..` spare the search for a keyboard. The processor's random numbers seed the first ones; the
/// engine adds the NSM's before it makes a key.
pub const COMMAND_LINE: &str = "reboot=k panic=1 pci=off console=ttyS0 i8042.noaux i8042.nomux i8042.nopnp \
                                i8042.dumbkbd random.trust_cpu=on";

/// What goes into an image.
pub struct Ingredients {
    /// The name in the metadata.
    pub name: String,
    /// The kernel.
    pub kernel: Kernel,
    /// Its command line.
    pub command_line: String,
    /// A root file system with the engine.
    pub software: RootFs,
    /// Kernel modules in the order in which they are loaded.
    pub modules: Vec<Module>,
    /// AWS's init; without it the engine is the init.
    pub init: Option<Vec<u8>>,
    /// Who may use the engine, and how it runs.
    pub configuration: Configuration,
    /// How the ramdisks are compressed.
    pub compression: Compression,
    /// What the metadata gives as time of the build, in seconds since 1970.
    pub build_time: i64,
}

/// An image that can be written.
pub struct Image {
    eif: Eif,
    policy_hash: [u8; 48],
}

impl Image {
    /// Packs the ingredients, and signs the image when there is a signer. The same ones give the same image.
    ///
    /// # Errors
    /// When the parts don't fit together, when the engine could not start, or when the image can't be signed.
    pub fn build(ingredients: Ingredients, signer: Option<&Signer>) -> Result<Self, ImageError> {
        let Ingredients { name, kernel, software, modules, configuration, .. } = ingredients;
        check_engine(&software, &name)?;
        let policy = configuration.access.to_policy().map_err(|error| ImageError::Option(error.to_string()))?;
        let trees = match ingredients.init {
            None => layout::with_own_init(&software, &modules, &configuration)?,
            Some(init) => layout::with_aws_init(init, &software, &modules, &configuration)?,
        };
        let ramdisks =
            trees.iter().map(|tree| ramdisk::pack(tree, ingredients.compression)).collect::<Result<_, _>>()?;
        let mut metadata = metadata(name, &kernel, ingredients.build_time)?;
        metadata.custom_metadata = json!({ ENGINE_ARGUMENTS: configuration.arguments });
        let eif = Eif::new(kernel.bytes, ingredients.command_line, &metadata, ramdisks, signer)?;
        Ok(Self { eif, policy_hash: policy_hash(&policy) })
    }

    /// What the hardware will measure.
    pub fn measurements(&self) -> &Measurements {
        self.eif.measurements()
    }

    /// Writes the enclave image.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        self.eif.write(out)
    }

    /// Writes the ramdisks as one initramfs, as a boot loader hands it to the kernel.
    ///
    /// # Errors
    /// The writer's.
    pub fn write_initramfs(&self, out: &mut impl Write) -> std::io::Result<()> {
        self.eif.ramdisks().try_for_each(|ramdisk| out.write_all(ramdisk))
    }

    /// The hash of the access file, as the engine attests it.
    pub fn policy_hash(&self) -> &[u8; 48] {
        &self.policy_hash
    }
}

/// Under which name the metadata lists the engine's options: an operator sees with what an image runs.
const ENGINE_ARGUMENTS: &str = "EngineArguments";

/// The engine's `--memory-limit` in bytes, as the metadata of an image gives it. No PCR covers that: it is good for
/// advice, and for nothing else.
pub fn engine_memory_limit(metadata: &Value) -> Option<u64> {
    let arguments = metadata.get("CustomMetadata")?.get(ENGINE_ARGUMENTS)?.as_array()?;
    let limit = arguments.iter().find_map(|argument| argument.as_str()?.strip_prefix("--memory-limit="))?;
    parse_size("--memory-limit", limit).ok()
}

fn metadata(name: String, kernel: &Kernel, build_time: i64) -> Result<Metadata, ImageError> {
    let build_time = DateTime::from_timestamp(build_time, 0)
        .ok_or_else(|| ImageError::Option("the time of the build is no time (SOURCE_DATE_EPOCH)".to_owned()))?;
    Ok(Metadata {
        image_name: name,
        image_version: env!("CARGO_PKG_VERSION").to_owned(),
        build_metadata: BuildMetadata {
            build_time: build_time.to_rfc3339(),
            build_tool: "casemate".to_owned(),
            build_tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            operating_system: "Linux".to_owned(),
            kernel_version: kernel.release.clone().unwrap_or_else(|| "unknown".to_owned()),
        },
        docker_info: json!({}),
        custom_metadata: Value::Null,
    })
}
