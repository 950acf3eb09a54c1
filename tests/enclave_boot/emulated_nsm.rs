//! The enclave image itself, on QEMU's emulation of a Nitro enclave: the code for `/dev/nsm` runs, and the machine measures.
//!
//! Nobody signs the documents of that NSM. The verifier refuses them, and only a client of this test takes them.

use std::path::Path;
use std::time::SystemTime;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use casemate_host::client::Client;
use casemate_host::files::{self, Keys};
use casemate_tests::engines::{self, Folder, LocalEngine};
use casemate_tests::{process, soon};
use casemate_wire::UnixMillis;
use casemate_wire::access_file::policy_hash;
use casemate_wire::address::Address;
use casemate_wire::attestation::{AttestationError, POLICY_PCR, TrustPolicy, policy_pcr};
use casemate_wire::handshake::{self, ClientOptions, HandshakeError};
use casemate_wire::transport;

use crate::image::{Image, Recipe};
use crate::machine::Machine;
use crate::tools::{self, NitroMachine};
use crate::{ENCRYPTED, PLAIN, PROGRAMS, address, queries, serve, tables};

const INSTANCE: &str = "i-0123456789abcdef0";
const MODULE: &str = "i-0123456789abcdef0-enc0123456789abcdef";

async fn build(tools: &NitroMachine, keys: &Keys) -> Image {
    let recipe = Recipe { kernel: &tools.kernel, modules: &[], nsm: "device", engine_arguments: &[] };
    Image::build(&recipe, keys).await
}

/// The policy of the trust file that the build wrote, and the register of the access policy beside it.
fn trust(image: &Image) -> TrustPolicy {
    let mut trust = files::load_trust(&image.file("trust.json")).expect("the build wrote a trust file");
    let access = image.access.to_policy().expect("a usable access file");
    for set in &mut trust.pcr_sets {
        set.pcrs.insert(POLICY_PCR, policy_pcr(&policy_hash(&access)));
    }
    trust
}

/// A session with an engine whose document nobody signed.
async fn connect(address: &Address, keys: &Keys, trust: &TrustPolicy) -> Result<Client, HandshakeError> {
    let io = transport::connect(address).await.expect("the parent takes connections");
    let clock = || UnixMillis::from(SystemTime::now());
    let options = ClientOptions {
        identity: &keys.identity,
        data_keys: &keys.data_keys,
        data_policy: &keys.data_policy,
        trust,
        clock: &clock,
    };
    soon("a session", handshake::connect_to_emulated(io, options)).await.map(Client::of_session)
}

#[tokio::test]
async fn an_enclave_image_boots_attests_what_its_build_printed_and_answers() {
    let Some(tools) = tools::nitro_machine() else { return };
    let keys = engines::keys();
    let image = build(&tools, &keys).await;
    let mut machine = Machine::boot_nitro(&tools, &image.file("engine.eif"), MODULE, INSTANCE).await;
    let parent = serve(&machine).await;
    machine.await_engine().await;
    assert_eq!(soon("a heartbeat", machine.heartbeat()).await, 0xb7);
    let console = machine.console();
    assert!(console.contains("random bytes from the NSM"), "{console}");

    let mut client = connect(&address(&parent), &keys, &trust(&image)).await.expect("the measurements are the build's");
    let attested = client.attested();
    assert!(attested.simulated, "nothing is proven by a document without a signature");
    assert_eq!(attested.module_id, MODULE);
    let pcr = |index: u8| attested.pcrs.get(&index).map(hex::encode).unwrap_or_default();
    let measured = &image.measurements;
    assert_eq!([pcr(0), pcr(1), pcr(2)], [measured.pcr0.clone(), measured.pcr1.clone(), measured.pcr2.clone()]);
    let (_engine, mut local) = LocalEngine::with_client(Folder::new(&tables())).await;
    for (encrypted, plain) in queries(ENCRYPTED).into_iter().zip(queries(PLAIN)) {
        let expected = rows(&mut local, &plain).await;
        for sql in [encrypted, plain] {
            assert_eq!(rows(&mut client, &sql).await, expected, "{sql}");
        }
    }

    refuses_unsigned_documents(&image, &address(&parent)).await;
    refuses_another_image(&tools, &image, &keys, &address(&parent)).await;
}

/// The answer to one statement, in one batch.
async fn rows(client: &mut Client, sql: &str) -> RecordBatch {
    let answer = async { client.query(sql).await?.collect().await };
    let results = soon("an answer", answer).await.expect("an answer");
    concat_batches(&results[0].schema, &results[0].batches).expect("batches of one schema")
}

/// Neither the command line with the very trust file of the image, nor the library's verifier, takes such a document.
async fn refuses_unsigned_documents(image: &Image, address: &Address) {
    let arguments = [
        "attest".to_owned(),
        format!("--connect={address}"),
        format!("--trust={}", image.file("trust.json").display()),
    ];
    let refusal = process::run(Path::new(PROGRAMS.casemate), &arguments, "").await.failure(3);
    assert!(refusal.contains("the enclave is refused: the attestation document"), "{refusal}");
}

/// What a client notices after somebody started an image with another access file in place of the one it knows.
async fn refuses_another_image(tools: &NitroMachine, image: &Image, keys: &Keys, address: &Address) {
    let other = build(tools, &engines::keys()).await;
    assert_eq!(other.measurements.pcr1, image.measurements.pcr1, "kernel and engine are the same");
    assert_ne!(other.measurements.pcr0, image.measurements.pcr0);
    assert_ne!(other.measurements.pcr2, image.measurements.pcr2);
    let refused = connect(address, keys, &trust(&other)).await.map(|_| ());
    let unknown = matches!(refused, Err(HandshakeError::Attestation(AttestationError::UnknownImage(_))));
    assert!(unknown, "{refused:?}");

    let mut other_policy = trust(image);
    other_policy.pcr_sets[0].pcrs.insert(POLICY_PCR, [7; 48]);
    let refused = connect(address, keys, &other_policy).await.map(|_| ());
    let unknown = matches!(refused, Err(HandshakeError::Attestation(AttestationError::UnknownImage(_))));
    assert!(unknown, "PCR16 is not compared: {refused:?}");
}
