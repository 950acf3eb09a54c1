//! Enclave images by AWS's own crate: what this project's writer and reader are compared with.
//!
//! - `eif-reference write FOLDER` makes the images of `fixtures/` anew from the inputs beside them;
//! - `eif-reference check FILE` reads an image as `nitro-cli describe-eif` does: checksum, PCRs and, where there is one,
//!   the signature.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use aws_nitro_enclaves_image_format::utils::eif_reader::EifReader;
use aws_nitro_enclaves_image_format::utils::{EifBuilder, PcrSignatureChecker, SignKeyData};
use sha2::{Digest, Sha384};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", folder] => write(Path::new(folder)),
        ["check", file] => check(file),
        _ => bail!("usage: eif-reference write FOLDER | eif-reference check FILE"),
    }
}

/// The images: name, ramdisks, and whether it is signed.
const IMAGES: [(&str, &[&str], bool); 3] = [
    ("one-ramdisk", &["ramdisk-1"], false),
    ("two-ramdisks", &["ramdisk-1", "ramdisk-2"], false),
    ("signed", &["ramdisk-1", "ramdisk-2"], true),
];

fn write(folder: &Path) -> Result<()> {
    for (name, ramdisks, signed) in IMAGES {
        let measurements = write_image(folder, name, ramdisks, signed).with_context(|| name.to_owned())?;
        let text = serde_json::to_string_pretty(&BTreeMap::from([("Measurements", measurements)]))?;
        fs::write(folder.join(name).with_extension("json"), text + "\n")?;
    }
    Ok(())
}

fn write_image(folder: &Path, name: &str, ramdisks: &[&str], signed: bool) -> Result<BTreeMap<String, String>> {
    let text = |file: &str| fs::read_to_string(folder.join(file)).with_context(|| file.to_owned());
    let key = folder.join("test-signing-key.pem").display().to_string();
    let key = match signed {
        true => Some(SignKeyData::new(&key, &folder.join("test-signing-certificate.pem")).map_err(anyhow::Error::msg)?),
        false => None,
    };
    let info = serde_json::from_str(&text("metadata.json")?)?;
    let mut builder = EifBuilder::new(&folder.join("kernel"), text("cmdline")?, key, Sha384::new(), 0, info);
    for ramdisk in ramdisks {
        builder.add_ramdisk(&folder.join(ramdisk));
    }
    Ok(builder.write_to(&mut File::create(folder.join(name).with_extension("eif"))?))
}

fn check(file: &str) -> Result<()> {
    let mut reader = EifReader::from_eif(file.to_owned()).map_err(anyhow::Error::msg)?;
    ensure!(reader.check_crc(), "the checksum is wrong");
    let measurements = reader.get_measurements().map_err(anyhow::Error::msg)?;
    println!("{}", serde_json::to_string_pretty(&measurements)?);
    let mut checker = PcrSignatureChecker::from_eif(file).map_err(anyhow::Error::msg)?;
    if checker.is_empty() {
        println!("not signed");
        return Ok(());
    }
    checker.verify().map_err(anyhow::Error::msg)?;
    reader.get_certificate_info(measurements).map_err(anyhow::Error::msg)?;
    ensure!(reader.sign_check == Some(true), "the signature is of another PCR0");
    println!("the signature is valid");
    Ok(())
}
