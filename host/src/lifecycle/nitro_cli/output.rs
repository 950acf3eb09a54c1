//! What `nitro-cli` prints when all goes well: JSON, behind lines for people in some versions.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{NitroCliError, unreadable};

/// An enclave that was started.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RunInfo {
    /// The name it is known by.
    #[serde(rename = "EnclaveName", default)]
    pub name: Option<String>,
    /// Its id, `i-..-enc..`.
    #[serde(rename = "EnclaveID")]
    pub id: String,
    /// Its vsock context id.
    #[serde(rename = "EnclaveCID")]
    pub cid: u32,
    /// The CPUs that it took from the parent.
    #[serde(rename = "CPUIDs", default)]
    pub cpu_ids: Vec<u32>,
    /// Its memory in MiB: what was asked for, rounded up to whole huge pages.
    #[serde(rename = "MemoryMiB")]
    pub memory_mib: u64,
}

/// An enclave of this instance.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EnclaveInfo {
    /// The name it is known by; old versions know none.
    #[serde(rename = "EnclaveName", default)]
    pub name: Option<String>,
    /// Its id, `i-..-enc..`.
    #[serde(rename = "EnclaveID")]
    pub id: String,
    /// The process on the parent that holds its resources.
    #[serde(rename = "ProcessID", default)]
    pub process: Option<u32>,
    /// Its vsock context id.
    #[serde(rename = "EnclaveCID")]
    pub cid: u32,
    /// The CPUs that it took from the parent.
    #[serde(rename = "CPUIDs", default)]
    pub cpu_ids: Vec<u32>,
    /// Its memory in MiB.
    #[serde(rename = "MemoryMiB")]
    pub memory_mib: u64,
    /// What it does.
    #[serde(rename = "State")]
    pub state: EnclaveState,
    /// `NONE`, or `DEBUG_MODE`.
    #[serde(rename = "Flags", default)]
    pub flags: String,
    /// `PCR0` and so on of its image in hexadecimal. In debug mode the enclave itself attests zeros instead.
    #[serde(rename = "Measurements", default)]
    pub measurements: BTreeMap<String, String>,
}

impl EnclaveInfo {
    /// Whether its console is readable; then no client accepts it.
    pub fn is_debug(&self) -> bool {
        self.flags.contains("DEBUG")
    }

    /// Whether a person who says `what` means this one: by name, id or context id.
    pub fn is_called(&self, what: &str) -> bool {
        self.name.as_deref() == Some(what) || self.id == what || what.parse() == Ok(self.cid)
    }
}

/// What an enclave does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "String", into = "String")]
pub enum EnclaveState {
    /// It runs.
    Running,
    /// It is being terminated.
    Terminating,
    /// Anything else, in the words of `nitro-cli`.
    Other(String),
}

impl From<String> for EnclaveState {
    fn from(text: String) -> Self {
        match text.as_str() {
            "RUNNING" => Self::Running,
            "TERMINATING" => Self::Terminating,
            _ => Self::Other(text),
        }
    }
}

impl From<EnclaveState> for String {
    fn from(state: EnclaveState) -> Self {
        state.to_string()
    }
}

impl fmt::Display for EnclaveState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "RUNNING",
            Self::Terminating => "TERMINATING",
            Self::Other(text) => text,
        })
    }
}

/// What `terminate-enclave` says.
#[derive(Deserialize)]
pub(super) struct TerminateInfo {
    #[serde(rename = "Terminated")]
    pub(super) terminated: bool,
}

/// Reads the JSON value at the first line that begins one.
pub(super) fn parse<T: DeserializeOwned>(command: &'static str, printed: &str) -> Result<T, NitroCliError> {
    let mut offset = 0;
    let start = printed.split_inclusive('\n').find_map(|line| {
        let at = offset;
        offset += line.len();
        line.starts_with(['{', '[']).then_some(at)
    });
    let json = start.and_then(|at| printed.get(at..));
    let json = json.ok_or_else(|| unreadable(command, "there is no JSON in it".to_owned()))?;
    // More may follow: old versions end with a line for people.
    let mut values = serde_json::Deserializer::from_str(json).into_iter();
    match values.next() {
        Some(value) => value.map_err(|error| unreadable(command, error.to_string())),
        None => Err(unreadable(command, "there is no JSON in it".to_owned())),
    }
}
