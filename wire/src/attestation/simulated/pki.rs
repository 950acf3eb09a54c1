//! Keys and certificates of a simulated module, made like AWS's: a root, an authority for the instance, a leaf.

use std::str::FromStr;
use std::time::Duration;

use p384::ecdsa::{DerSignature, SigningKey};
use p384::elliptic_curve::Generate;
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder, Result as BuildResult};
use x509_cert::der::Encode;
use x509_cert::der::asn1::GeneralizedTime;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

use super::failed;
use crate::UnixMillis;
use crate::attestation::nsm::NsmError;

/// The clocks of engine and client may be apart a little.
const BACKDATED: Duration = Duration::from_secs(60);
const AUTHORITY_LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// What a certificate says besides its key.
#[derive(Clone)]
pub(super) struct Template {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_before: UnixMillis,
    pub(super) not_after: UnixMillis,
    pub(super) constraints: Option<BasicConstraints>,
    pub(super) usage: Option<KeyUsage>,
    pub(super) more: Vec<Extension>,
}

/// A key that issues certificates.
pub(super) struct Authority {
    name: String,
    key: SigningKey,
    certificate: Vec<u8>,
}

/// A key that signs documents.
pub(super) struct LeafKey {
    key: SigningKey,
    certificate: Vec<u8>,
}

impl Template {
    pub(super) fn authority(subject: &str, issuer: &str, now: UnixMillis, path_length: Option<u8>) -> Self {
        Self {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            not_before: now.saturating_sub(BACKDATED),
            not_after: now.saturating_add(AUTHORITY_LIFETIME),
            constraints: Some(BasicConstraints { ca: true, path_len_constraint: path_length }),
            usage: Some(KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign | KeyUsages::CRLSign)),
            more: Vec::new(),
        }
    }

    pub(super) fn leaf(subject: &str, issuer: &str, now: UnixMillis, lifetime: Duration) -> Self {
        Self {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            not_before: now.saturating_sub(BACKDATED),
            not_after: now.saturating_add(lifetime),
            constraints: Some(BasicConstraints { ca: false, path_len_constraint: None }),
            usage: Some(KeyUsage(KeyUsages::DigitalSignature | KeyUsages::NonRepudiation)),
            more: Vec::new(),
        }
    }

    /// A certificate for `subject_key`, signed by `issuer_key`, in DER form.
    pub(super) fn issue(&self, subject_key: &SigningKey, issuer_key: &SigningKey) -> Result<Vec<u8>, NsmError> {
        let mut serial = [0; 16];
        getrandom::fill(&mut serial).map_err(failed)?;
        let validity = Validity::new(time(self.not_before)?, time(self.not_after)?);
        let key = SubjectPublicKeyInfo::from_key(subject_key.verifying_key()).map_err(failed)?;
        let profile = Profile {
            subject: distinguished_name(&self.subject)?,
            issuer: distinguished_name(&self.issuer)?,
            constraints: self.constraints.clone(),
            usage: self.usage,
            more: self.more.clone(),
        };
        let serial = SerialNumber::new(&serial).map_err(failed)?;
        let builder = CertificateBuilder::new(profile, serial, validity, key).map_err(failed)?;
        builder.build::<_, DerSignature>(issuer_key).map_err(failed)?.to_der().map_err(failed)
    }
}

impl Authority {
    /// A self-signed root.
    pub(super) fn root(name: &str, now: UnixMillis) -> Result<Self, NsmError> {
        let key = new_key()?;
        let certificate = Template::authority(name, name, now, None).issue(&key, &key)?;
        Ok(Self { name: name.to_owned(), key, certificate })
    }

    /// An authority under this one that issues leaves only.
    pub(super) fn subordinate(&self, name: &str, now: UnixMillis) -> Result<Self, NsmError> {
        self.authority(&Template::authority(name, &self.name, now, Some(0)))
    }

    /// An authority under this one, as the template says.
    pub(super) fn authority(&self, template: &Template) -> Result<Self, NsmError> {
        let key = new_key()?;
        let certificate = template.issue(&key, &self.key)?;
        Ok(Self { name: template.subject.clone(), key, certificate })
    }

    /// A key that signs documents, valid from now.
    pub(super) fn leaf(&self, name: &str, now: UnixMillis, lifetime: Duration) -> Result<LeafKey, NsmError> {
        self.leaf_from(&Template::leaf(name, &self.name, now, lifetime))
    }

    /// A key that signs documents, with a certificate as the template says.
    pub(super) fn leaf_from(&self, template: &Template) -> Result<LeafKey, NsmError> {
        let key = new_key()?;
        let certificate = template.issue(&key, &self.key)?;
        Ok(LeafKey { key, certificate })
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

impl LeafKey {
    pub(super) fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    pub(super) fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

/// Names and extensions for the builder.
struct Profile {
    subject: Name,
    issuer: Name,
    constraints: Option<BasicConstraints>,
    usage: Option<KeyUsage>,
    more: Vec<Extension>,
}

impl BuilderProfile for Profile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _key: SubjectPublicKeyInfoRef<'_>,
        _issuer_key: SubjectPublicKeyInfoRef<'_>,
        certificate: &TbsCertificate,
    ) -> BuildResult<Vec<Extension>> {
        let mut extensions = Vec::new();
        if let Some(constraints) = &self.constraints {
            extensions.push(constraints.to_extension(certificate.subject(), &extensions)?);
        }
        if let Some(usage) = &self.usage {
            let mut usage = usage.to_extension(certificate.subject(), &extensions)?;
            // AWS marks it critical in the certificates of authorities only.
            usage.critical = self.constraints.as_ref().is_some_and(|constraints| constraints.ca);
            extensions.push(usage);
        }
        extensions.extend_from_slice(&self.more);
        Ok(extensions)
    }
}

fn new_key() -> Result<SigningKey, NsmError> {
    SigningKey::try_generate().map_err(failed)
}

fn distinguished_name(common_name: &str) -> Result<Name, NsmError> {
    Name::from_str(&format!("CN={common_name},O=Casemate,OU=Simulated")).map_err(failed)
}

fn time(at: UnixMillis) -> Result<Time, NsmError> {
    let whole_seconds = Duration::from_secs(at.0 / 1000);
    GeneralizedTime::from_unix_duration(whole_seconds).map(Time::GeneralTime).map_err(failed)
}
