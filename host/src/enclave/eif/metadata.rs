//! The metadata section: what an image is and how it was built. `nitro-cli describe-eif` shows it; no PCR covers it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The section's JSON, with its fields in the order in which AWS's crate writes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metadata {
    /// Name of the image.
    pub image_name: String,
    /// Version of the image.
    pub image_version: String,
    /// How it was built.
    pub build_metadata: BuildMetadata,
    /// What the container engine says of the image it is from; an empty object when there is none.
    pub docker_info: Value,
    /// Anything else.
    pub custom_metadata: Value,
}

/// How an image was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BuildMetadata {
    /// When, in RFC 3339.
    pub build_time: String,
    /// By which program.
    pub build_tool: String,
    /// Of which version.
    pub build_tool_version: String,
    /// The operating system.
    pub operating_system: String,
    /// The kernel's release.
    pub kernel_version: String,
}
