//! What stands in the way of an enclave before it is started, said in terms of what to change.

use std::fmt;

use super::machine::{ALLOCATOR_FILE, Device, Machine};
use super::nitro_cli::{EnclaveInfo, RunRequest};

/// `nitro-cli` refuses an enclave whose memory is below so many times the size of its image: the kernel holds the image
/// and what is unpacked from it at the same time.
const MEMORY_PER_IMAGE: u64 = 4;

/// What kernel and engine need beside the image and the queries. An estimate, generous for an idle engine.
const OWN_MIB: u64 = 256;

/// The least context id: 0 to 2 are reserved, 3 is the parent.
const FIRST_CID: u32 = 4;

/// Something to know before a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The start will fail.
    Problem(String),
    /// The enclave will start, and later disappoint.
    Warning(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(text) => write!(f, "problem: {text}"),
            Self::Warning(text) => write!(f, "warning: {text}"),
        }
    }
}

/// What is known before a start.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// What is to be started.
    pub request: &'a RunRequest,
    /// The size of the image file in bytes.
    pub image_bytes: u64,
    /// What the engine in the image may use for queries in bytes, if it is known.
    pub engine_memory: Option<u64>,
}

/// The least memory in MiB with which `nitro-cli` starts an image of this size.
pub fn least_memory_mib(image_bytes: u64) -> u64 {
    image_bytes.div_ceil(1 << 20) * MEMORY_PER_IMAGE
}

/// What an engine may use for queries, in MiB, in an enclave with so much memory.
pub fn engine_memory_mib(memory_mib: u64, image_bytes: u64) -> u64 {
    memory_mib.saturating_sub(least_memory_mib(image_bytes) + OWN_MIB)
}

/// Everything that is wrong with a plan on this machine beside these enclaves.
pub fn findings(plan: &Plan<'_>, machine: &Machine, running: &[EnclaveInfo]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if machine.device != Device::Usable {
        findings.push(Finding::Problem(device_text(machine.device)));
    }
    // Without the driver there is neither a pool nor a reason for huge pages.
    if machine.device != Device::Missing {
        findings.extend(cpu_problem(plan.request.cpus, machine, running).map(Finding::Problem));
        findings.extend(pages_problem(plan.request.memory_mib, machine).map(Finding::Problem));
    }
    findings.extend(image_problem(plan).map(Finding::Problem));
    findings.extend(name_problem(plan.request, running).map(Finding::Problem));
    findings.extend(engine_warning(plan).map(Finding::Warning));
    findings
}

fn device_text(device: Device) -> String {
    match device {
        Device::Forbidden => {
            "this user may not open /dev/nitro_enclaves: `sudo usermod -aG ne $USER`, then log in again"
        }
        _ => {
            "there is no /dev/nitro_enclaves: launch the instance with enclaves enabled (EC2: --enclave-options \
             Enabled=true), then `sudo modprobe nitro_enclaves`"
        }
    }
    .to_owned()
}

fn cpu_problem(cpus: u32, machine: &Machine, running: &[EnclaveInfo]) -> Option<String> {
    let restart = "stop all enclaves, and `sudo systemctl restart nitro-enclaves-allocator`";
    let pool = machine.pool.as_deref().unwrap_or_default();
    if pool.is_empty() {
        return Some(format!("no CPUs are set aside for enclaves: set cpu_count in {ALLOCATOR_FILE}, {restart}"));
    }
    let taken = |cpu: &&u32| running.iter().any(|enclave| enclave.cpu_ids.contains(cpu));
    let free = pool.len() - pool.iter().filter(taken).count();
    if u64::from(cpus) > free as u64 {
        return Some(format!(
            "{cpus} CPUs are wanted, and {free} of the {} that are set aside are free: raise cpu_count in \
             {ALLOCATOR_FILE}, {restart}",
            pool.len()
        ));
    }
    (machine.two_threads_per_core && cpus % 2 == 1)
        .then(|| format!("{cpus} CPUs are not whole cores: with two threads a core their number is even"))
}

fn image_problem(plan: &Plan<'_>) -> Option<String> {
    let wanted = plan.request.memory_mib;
    let least = least_memory_mib(plan.image_bytes);
    (wanted < least).then(|| {
        format!(
            "{wanted} MiB are too little for this image of {} MiB: it needs {MEMORY_PER_IMAGE} times its size, \
             --memory {least}MiB or more",
            plan.image_bytes.div_ceil(1 << 20)
        )
    })
}

fn pages_problem(wanted: u64, machine: &Machine) -> Option<String> {
    (wanted > machine.free_mib).then(|| {
        let configured = machine.configured_mib.map_or_else(String::new, |mib| format!(" (now {mib})"));
        format!(
            "{wanted} MiB are wanted, and {} of {} MiB of huge pages are free: raise memory_mib{configured} in \
             {ALLOCATOR_FILE}, stop all enclaves, and `sudo systemctl restart nitro-enclaves-allocator`",
            machine.free_mib, machine.total_mib
        )
    })
}

fn name_problem(request: &RunRequest, running: &[EnclaveInfo]) -> Option<String> {
    if let Some(cid) = request.cid {
        if cid < FIRST_CID || cid == u32::MAX {
            return Some(format!("context id {cid} is reserved: choose {FIRST_CID} or more"));
        }
        if let Some(other) = running.iter().find(|enclave| enclave.cid == cid) {
            return Some(format!(
                "context id {cid} belongs to the enclave {}: choose another --cid, or stop it",
                other.id
            ));
        }
    }
    let name = request.name.as_deref()?;
    let other = running.iter().find(|enclave| enclave.name.as_deref() == Some(name))?;
    Some(format!(
        "the enclave {} has the name {name}: choose another --name, or `casemate enclave stop {name}`",
        other.id
    ))
}

fn engine_warning(plan: &Plan<'_>) -> Option<String> {
    let allowed = plan.engine_memory?.div_ceil(1 << 20);
    let fits = engine_memory_mib(plan.request.memory_mib, plan.image_bytes);
    (allowed > fits).then(|| {
        format!(
            "the engine may use {allowed} MiB for queries, and about {fits} of {} MiB are left for them: a large query \
             would end the enclave. Give it more --memory, or build the image with a lower --memory-limit",
            plan.request.memory_mib
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RunRequest {
        RunRequest {
            image: "casemate.eif".into(),
            cpus: 2,
            memory_mib: 4096,
            cid: Some(16),
            name: Some("casemate".to_owned()),
            debug: false,
        }
    }

    fn machine() -> Machine {
        Machine {
            device: Device::Usable,
            pool: Some(vec![1, 2, 5, 6]),
            two_threads_per_core: true,
            free_mib: 4096,
            total_mib: 8192,
            configured_mib: Some(8192),
        }
    }

    fn other(cid: u32, name: &str, cpu_ids: &[u32]) -> EnclaveInfo {
        let text = format!(
            r#"{{"EnclaveName": "{name}", "EnclaveID": "i-1-enc2", "EnclaveCID": {cid}, "CPUIDs": {cpu_ids:?},
                "MemoryMiB": 512, "State": "RUNNING", "Flags": "NONE"}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn said(request: &RunRequest, machine: &Machine, running: &[EnclaveInfo]) -> String {
        let plan = Plan { request, image_bytes: 80 << 20, engine_memory: None };
        findings(&plan, machine, running).iter().map(|finding| format!("{finding}\n")).collect()
    }

    #[test]
    fn a_plan_that_fits_has_no_findings() {
        assert_eq!(said(&request(), &machine(), &[other(17, "other", &[1, 5])]), "");
    }

    #[test]
    fn each_thing_that_stands_in_the_way_is_named_with_its_remedy() {
        let missing = Machine { device: Device::Missing, ..machine() };
        assert!(said(&request(), &missing, &[]).contains("enclaves enabled"));
        let forbidden = Machine { device: Device::Forbidden, ..machine() };
        assert!(said(&request(), &forbidden, &[]).contains("usermod -aG ne"));
        for pool in [None, Some(vec![])] {
            assert!(said(&request(), &Machine { pool, ..machine() }, &[]).contains("no CPUs are set aside"));
        }
        let taken = [other(17, "other", &[1, 2, 5])];
        assert!(said(&request(), &machine(), &taken).contains("1 of the 4 that are set aside are free"));
        assert!(said(&RunRequest { cpus: 3, ..request() }, &machine(), &[]).contains("whole cores"));
        let single = Machine { two_threads_per_core: false, ..machine() };
        assert_eq!(said(&RunRequest { cpus: 3, ..request() }, &single, &[]), "");
        assert!(said(&RunRequest { memory_mib: 319, ..request() }, &machine(), &[]).contains("--memory 320MiB"));
        let more = said(&RunRequest { memory_mib: 4098, ..request() }, &machine(), &[]);
        assert!(more.contains("4096 of 8192 MiB of huge pages are free: raise memory_mib (now 8192)"), "{more}");
        for cid in [0, 3, u32::MAX] {
            assert!(said(&RunRequest { cid: Some(cid), ..request() }, &machine(), &[]).contains("is reserved"));
        }
        assert!(said(&request(), &machine(), &[other(16, "other", &[])]).contains("--cid"));
        assert!(said(&request(), &machine(), &[other(17, "casemate", &[])]).contains("--name"));
    }

    #[test]
    fn an_engine_that_may_use_more_than_there_is_gets_a_warning() {
        let request = request();
        let plan = |engine_memory| Plan { request: &request, image_bytes: 80 << 20, engine_memory };
        // 4096 - 4 * 80 - 256
        assert_eq!(findings(&plan(Some(3520 << 20)), &machine(), &[]), []);
        let found = findings(&plan(Some(3521 << 20)), &machine(), &[]);
        assert!(matches!(&found[..], [Finding::Warning(text)] if text.contains("3520 of 4096")), "{found:?}");
    }
}
