//! `casemate attest`: verifies an enclave and prints what it proved.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use casemate_wire::UnixMillis;
use casemate_wire::address::Address;
use casemate_wire::attestation::policy::{Pcr, PcrSet, TrustPolicy, TrustedRoot};
use casemate_wire::attestation::{AttestationError, VerifiedDocument, verify, verify_chain_only};
use casemate_wire::handshake::{Inspection, inspect};
use casemate_wire::transport;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value as Json, json};

use super::warn_simulated;
use crate::client::HANDSHAKE_TIMEOUT;
use crate::error::{HostError, Result};
use crate::files::load_trust;

const AFTER_HELP: &str = "\
Examples:
  casemate attest --connect vsock://16:5005 --trust trust.json
  casemate attest --connect tcp://127.0.0.1:7400              what is it, before there is a trust file?
  casemate attest --connect tcp://127.0.0.1:7400 --json | jq -r .pcrs

No key leaves this machine. Exit code 0: with --trust, the file accepts the enclave; without, its document is signed by
AWS Nitro hardware, of whatever image. Exit code 3: it is not so.";

/// Arguments of `casemate attest`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The engine, or the `casemate serve` in front of it
    #[arg(long, value_name = "ADDR")]
    connect: Address,
    /// The trust file to judge by
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What is printed.
struct Findings {
    /// What the document says, if its signature and chain hold.
    facts: std::result::Result<VerifiedDocument, AttestationError>,
    policy_hash: String,
    verdict: Verdict,
    /// For each accepted image, the registers that are not those of this enclave: why none matches, or which does.
    differences: Vec<(String, Vec<u8>)>,
}

enum Verdict {
    Accepted(String),
    Refused(String),
    NotJudged,
}

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<()> {
    let trust = args.trust.as_deref().map(load_trust).transpose()?;
    let inspection = ask(&args.connect).await?;
    let now = UnixMillis::from(SystemTime::now());
    let findings = judge(&inspection, trust.as_ref(), now);
    if args.json {
        println!("{}", findings.json());
    } else {
        findings.print(now);
    }
    if findings.facts.as_ref().is_ok_and(|facts| facts.simulated) {
        warn_simulated("this engine is an ordinary process that");
    }
    match findings.verdict {
        Verdict::Refused(why) => Err(HostError::Refused(format!("the enclave is refused: {why}"))),
        Verdict::Accepted(_) | Verdict::NotJudged => Ok(()),
    }
}

async fn ask(address: &Address) -> Result<Inspection> {
    let asked = async {
        let io = transport::connect(address)
            .await
            .map_err(|source| HostError::Connect { address: address.clone(), source })?;
        Ok(inspect(io).await?)
    };
    tokio::time::timeout(HANDSHAKE_TIMEOUT, asked).await.unwrap_or(Err(HostError::HandshakeTimeout(HANDSHAKE_TIMEOUT)))
}

fn judge(inspection: &Inspection, trust: Option<&TrustPolicy>, now: UnixMillis) -> Findings {
    let policy_hash = hex::encode(inspection.policy_hash);
    let Some(trust) = trust else {
        let hardware = TrustPolicy {
            roots: vec![TrustedRoot::AwsNitro],
            pcr_sets: Vec::new(),
            max_age: Duration::from_secs(300),
            policy_hashes: Vec::new(),
        };
        let facts = verify_chain_only(&inspection.document, &hardware, now);
        let verdict = match &facts {
            Ok(_) => Verdict::NotJudged,
            Err(error) => Verdict::Refused(format!(
                "{error}; if it is a simulated engine, pass the trust file that it wrote with --trust"
            )),
        };
        return Findings { facts, policy_hash, verdict, differences: Vec::new() };
    };
    let facts = verify_chain_only(&inspection.document, trust, now);
    let verdict = match verify(&inspection.document, &inspection.expected(), trust, now) {
        Err(error) => Verdict::Refused(error.to_string()),
        Ok(_) if !accepts_policy(trust, inspection) => {
            Verdict::Refused(format!("its access file (hash {policy_hash}) is not one that the trust file names"))
        }
        Ok(verified) => Verdict::Accepted(verified.pcr_set.unwrap_or_default()),
    };
    let differences = facts.as_ref().map(|facts| differences(trust, facts)).unwrap_or_default();
    Findings { facts, policy_hash, verdict, differences }
}

fn differences(trust: &TrustPolicy, facts: &VerifiedDocument) -> Vec<(String, Vec<u8>)> {
    let differing = |set: &PcrSet| {
        let registers = set.pcrs.iter().filter(|(index, value)| facts.pcrs.get(index) != Some(value));
        (set.name.clone(), registers.map(|(index, _)| *index).collect())
    };
    trust.pcr_sets.iter().map(differing).collect()
}

fn accepts_policy(trust: &TrustPolicy, inspection: &Inspection) -> bool {
    trust.policy_hashes.is_empty() || trust.policy_hashes.contains(&inspection.policy_hash)
}

impl Findings {
    fn print(&self, now: UnixMillis) {
        if let Ok(facts) = &self.facts {
            println!("module       {}", facts.module_id);
            let age = now.0.saturating_sub(facts.timestamp.0) / 1000;
            println!("issued       {} ({age} s ago)", time_text(facts.timestamp));
            println!("root         {}", root_text(facts));
            // Registers that nothing was measured into say nothing, except where that is the finding.
            let tells = |(index, value): &(&u8, &Pcr)| **index <= 2 || value.iter().any(|byte| *byte != 0);
            for (index, value) in facts.pcrs.iter().filter(tells) {
                println!("PCR{index:<10}{}", hex::encode(value));
            }
        }
        for (name, differing) in &self.differences {
            println!("image        {name}: {}", match_text(differing));
        }
        println!("access file  {}", self.policy_hash);
        println!("verdict      {}", self.verdict_text());
    }

    fn json(&self) -> Json {
        let mut json = json!({ "policy_hash": self.policy_hash, "verdict": self.verdict_text() });
        json["accepted"] = match &self.verdict {
            Verdict::Accepted(_) => true.into(),
            Verdict::Refused(_) => false.into(),
            Verdict::NotJudged => Json::Null,
        };
        if let Verdict::Accepted(name) = &self.verdict {
            json["image"] = name.as_str().into();
        }
        json["images"] = self
            .differences
            .iter()
            .map(|(name, differing)| json!({ "name": name, "differing_pcrs": differing }))
            .collect();
        if let Ok(facts) = &self.facts {
            json["module_id"] = facts.module_id.as_str().into();
            json["timestamp"] = time_text(facts.timestamp).into();
            json["simulated"] = facts.simulated.into();
            json["pcrs"] = facts.pcrs.iter().map(|(index, value)| (index.to_string(), hex::encode(value))).collect();
        }
        json
    }

    fn verdict_text(&self) -> String {
        match &self.verdict {
            Verdict::Accepted(name) => format!("accepted: image \"{name}\" of the trust file"),
            Verdict::Refused(why) => format!("REFUSED: {why}"),
            Verdict::NotJudged => {
                "none: no trust file was given; the document is signed by AWS Nitro hardware".to_owned()
            }
        }
    }
}

fn match_text(differing: &[u8]) -> String {
    let registers: Vec<String> = differing.iter().map(|index| format!("PCR{index}")).collect();
    match registers.is_empty() {
        true => "every register matches".to_owned(),
        false => format!("{} differ", registers.join(", ")),
    }
}

fn root_text(facts: &VerifiedDocument) -> &'static str {
    if facts.simulated { "SIMULATED: no hardware stands behind this document" } else { "AWS Nitro Enclaves" }
}

fn time_text(time: UnixMillis) -> String {
    let time = i64::try_from(time.0).ok().and_then(DateTime::from_timestamp_millis);
    time.map_or_else(|| "unknown".to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}
