//! What `nitro-cli` prints when something is wrong: error codes, sentences, a backtrace; and what to do about each.
//!
//! The codes are those of its `document_errors.rs` (`E00` to `E58`), the sentences of the driver those of its
//! `resource_manager.rs`. `nitro-cli explain --error-code CODE` describes the rest.

use std::fmt;
use std::process::ExitStatus;

/// Most bytes of its own words that are passed on.
const MAX_QUOTED: usize = 2000;

/// A command of `nitro-cli` that failed.
#[derive(Debug, thiserror::Error)]
pub struct Failure {
    command: &'static str,
    /// The code of the cause, `E22` for example, if it gave one.
    pub code: Option<String>,
    explanation: Option<&'static Explanation>,
    /// Its own words, without control characters.
    said: String,
    exit: ExitStatus,
}

/// What a failure means.
#[derive(Debug)]
struct Explanation {
    code: &'static str,
    /// A part of the text that tells this cause from others of the same code.
    text: Option<&'static str>,
    means: &'static str,
    next: &'static str,
}

/// The more precise ones come first.
const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "E19",
        text: Some("'/dev/nitro_enclaves'"),
        means: "/dev/nitro_enclaves can't be opened",
        next: "if it is missing, the instance was launched without enclaves (EC2: --enclave-options Enabled=true; can be \
               changed while it is stopped) or the driver is not loaded (`sudo modprobe nitro_enclaves`); if it is \
               there, this user is not in the group ne (`sudo usermod -aG ne $USER`, then log in again)",
    },
    Explanation {
        code: "E19",
        text: Some("ne_cpus"),
        means: "the driver nitro_enclaves is not loaded",
        next: "`sudo modprobe nitro_enclaves` and `sudo systemctl enable --now nitro-enclaves-allocator`; the instance \
               must be launched with enclaves enabled",
    },
    Explanation {
        code: "E19",
        text: None,
        means: "a file can't be used",
        next: "the text below names it: most often the image, which must be readable, or a folder of \
               /run/nitro_enclaves or /var/log/nitro_enclaves, which belong to the group ne",
    },
    Explanation {
        code: "E07",
        text: None,
        means: "the folder of the sockets of enclaves can't be read",
        next: "/run/nitro_enclaves is made at boot by the package aws-nitro-enclaves-cli and belongs to the group ne: \
               `sudo systemd-tmpfiles --create`, and check that this user is in that group",
    },
    Explanation {
        code: "E18",
        text: None,
        means: "the log of nitro-cli belongs to somebody else",
        next: "/var/log/nitro_enclaves/nitro_enclaves.log must be writable for the group ne",
    },
    Explanation { code: "E20", text: None, means: "a CPU is named twice", next: "name each CPU once" },
    Explanation {
        code: "E21",
        text: None,
        means: "a CPU is not in the pool",
        next: "add it to cpu_pool in /etc/nitro_enclaves/allocator.yaml, then \
               `sudo systemctl restart nitro-enclaves-allocator`",
    },
    Explanation {
        code: "E22",
        text: None,
        means: "the CPU pool is too small",
        next: "ask for fewer --cpus, or raise cpu_count in /etc/nitro_enclaves/allocator.yaml, stop all enclaves, and \
               `sudo systemctl restart nitro-enclaves-allocator`",
    },
    Explanation {
        code: "E26",
        text: None,
        means: "the memory is below what the image needs: four times the size of its file",
        next: "give it the --memory that the text below names, or more",
    },
    Explanation {
        code: "E27",
        text: None,
        means: "too few huge pages are free",
        next: "ask for less --memory, or raise memory_mib in /etc/nitro_enclaves/allocator.yaml, stop all enclaves, and \
               `sudo systemctl restart nitro-enclaves-allocator`; right after a reboot memory is least fragmented",
    },
    Explanation {
        code: "E29",
        text: Some("full CPU cores have not been set"),
        means: "a CPU core would be shared with the parent",
        next: "give the enclave whole cores: an even number of --cpus where each core has two threads",
    },
    Explanation {
        code: "E29",
        text: Some("no CPUs are available in the pool"),
        means: "other enclaves have taken every CPU of the pool",
        next: "stop one of them (`casemate enclave describe`), or raise cpu_count in /etc/nitro_enclaves/allocator.yaml",
    },
    Explanation {
        code: "E29",
        text: Some("different NUMA nodes"),
        means: "CPUs and huge pages lie on different NUMA nodes",
        next: "name the CPUs of one node in cpu_pool of /etc/nitro_enclaves/allocator.yaml and restart \
               nitro-enclaves-allocator, which takes the memory from the same node",
    },
    Explanation {
        code: "E29",
        text: Some("maximum number of memory regions"),
        means: "the memory is made of too many huge pages",
        next: "larger ones are needed: reboot with `hugepagesz=1G hugepages=N` on the kernel's command line, or start \
               nitro-enclaves-allocator early at boot, before memory is fragmented",
    },
    Explanation {
        code: "E29",
        text: Some("lower than the minimum supported"),
        means: "the memory is below the least that an enclave may have",
        next: "give it 64 MiB or more",
    },
    Explanation {
        code: "E29",
        text: Some("enclave CID is invalid"),
        means: "the vsock context id can't be used",
        next: "choose a --cid of 4 or more",
    },
    Explanation {
        code: "E29",
        text: None,
        means: "the driver refused",
        next: "the backtrace below names the reason. If it is the start itself, the vsock context id may be taken: \
               `casemate enclave describe` shows those in use",
    },
    Explanation {
        code: "E42",
        text: None,
        means: "memory of huge pages can't be taken",
        next: "see whether any are free: `grep -i huge /proc/meminfo`; memory_mib in \
               /etc/nitro_enclaves/allocator.yaml sets them aside",
    },
    Explanation {
        code: "E35",
        text: None,
        means: "the enclave image can't be read",
        next: "check it with `casemate enclave describe FILE`; if it is whole, huge pages are missing: see \
               memory_mib in /etc/nitro_enclaves/allocator.yaml",
    },
    Explanation {
        code: "E36",
        text: None,
        means: "the enclave did not boot: it sent no heartbeat",
        next: "start it once with --debug-mode and read `casemate enclave console`; too little memory to unpack the \
               image, an engine that ends at once (its arguments, its access file) and an expired signing \
               certificate look like this",
    },
    Explanation {
        code: "E39",
        text: None,
        means: "the process that holds an enclave does not answer",
        next: "it may have just ended: try again; sockets that were left behind lie in /run/nitro_enclaves",
    },
    Explanation {
        code: "E11",
        text: None,
        means: "there is no enclave with this id, or its process is gone",
        next: "`casemate enclave describe` lists what runs; enclaves of other users are seen by root only",
    },
    Explanation {
        code: "E44",
        text: Some("not started with the debug flag"),
        means: "only an enclave in debug mode has a console",
        next: "that is as it should be: what runs is unreadable. To look inside an image, start it with \
               --debug-mode and without real keys",
    },
    Explanation {
        code: "E44",
        text: None,
        means: "the console can't be reached",
        next: "only an enclave in debug mode has one, and only one reader at a time",
    },
    Explanation {
        code: "E58",
        text: None,
        means: "the name can't be used",
        next: "names have letters, digits and . _ : - and each is used once: see `casemate enclave describe`",
    },
];

/// Codes that only report that something failed elsewhere.
const CONSEQUENCES: [&str; 3] = ["E38", "E39", "E11"];

/// What clap prints for an option that this version does not have.
const UNKNOWN_OPTION: [&str; 3] = ["unexpected argument", "wasn't expected", "unrecognized subcommand"];

const TOO_OLD: Explanation = Explanation {
    code: "",
    text: None,
    means: "this nitro-cli is too old: it does not know an option that is needed",
    next: "update the package aws-nitro-enclaves-cli to version 1.2 or later",
};

impl Failure {
    /// Reads what a failed command wrote to its standard error stream.
    pub(super) fn read(command: &'static str, exit: &ExitStatus, stderr: &str) -> Self {
        let code = cause(stderr);
        let explanation = match &code {
            Some(code) => {
                EXPLANATIONS.iter().find(|row| row.code == code && row.text.is_none_or(|text| stderr.contains(text)))
            }
            None => UNKNOWN_OPTION.iter().any(|text| stderr.contains(text)).then_some(&TOO_OLD),
        };
        Self { command, code, explanation, said: quoted(stderr), exit: *exit }
    }
}

/// The code that stands first and is a cause: a failed start ends with the codes of those who waited for it.
fn cause(stderr: &str) -> Option<String> {
    let codes: Vec<&str> = stderr.split("[ ").skip(1).filter_map(|rest| code(rest.split(" ]").next()?)).collect();
    let cause = codes.iter().find(|code| !CONSEQUENCES.contains(code)).or(codes.first());
    cause.map(|code| (*code).to_owned())
}

fn code(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('E')?;
    (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// The text without empty lines and without anything that a terminal would obey.
fn quoted(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        lines.push_str("\n  ");
        lines.extend(line.chars().filter(|c| !c.is_control()));
        if lines.len() > MAX_QUOTED {
            lines.truncate(lines.floor_char_boundary(MAX_QUOTED));
            lines.push_str(" ..");
            break;
        }
    }
    lines
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`nitro-cli {}` failed", self.command)?;
        match &self.code {
            Some(code) => write!(f, " with {code}")?,
            None => write!(f, " ({})", self.exit)?,
        }
        if let Some(explanation) = self.explanation {
            write!(f, ": {}. What to do: {}", explanation.means, explanation.next)?;
        }
        if self.said.is_empty() {
            write!(f, "; it said nothing: see /var/log/nitro_enclaves")
        } else {
            write!(f, "\nIt said:{}", self.said)
        }
    }
}
