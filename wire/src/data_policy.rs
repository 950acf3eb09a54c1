//! What a client accepts as its tables: whose manifests, how old at most, and what may be read without.
//!
//! It goes to the engine with the keys, sealed, at the end of the handshake. The default accepts nothing but datasets
//! that are encrypted and have a manifest, and trusts no signer.

use std::collections::{BTreeMap, BTreeSet};

use crate::codec::{Reader, put_short_text};
use crate::dataset::DatasetName;
use crate::identity::{ClientPublicKey, PUBLIC_LEN};
use crate::{Error, Result};

/// The version of the encoding.
const VERSION: u8 = 1;

/// The most bytes that a policy takes in the handshake.
pub const MAX_POLICY_BYTES: usize = 12 << 10;

/// The most signers that a policy trusts.
pub const MAX_SIGNERS: usize = 64;

/// The most names in each list of a policy.
pub const MAX_NAMES: usize = 1024;

/// Which tables a client lets the engine read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataPolicy {
    /// Whose manifests are accepted.
    pub signers: Vec<ClientPublicKey>,
    /// The lowest version that a dataset may have. A dataset that stands here is never read without its manifest.
    pub minimum_versions: BTreeMap<DatasetName, u64>,
    /// Tables that may be read although they are not encrypted.
    pub plaintext: Allowed,
    /// Tables that may be read without a manifest: nobody vouches that their files are all there and the newest.
    pub unsigned: Allowed,
}

/// Names of datasets, each with all that lies in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// These alone.
    Named(BTreeSet<DatasetName>),
    /// Every one.
    All,
}

impl Default for Allowed {
    /// None.
    fn default() -> Self {
        Self::Named(BTreeSet::new())
    }
}

impl Allowed {
    /// Whether `name`, or a folder that it lies in, is among them.
    pub fn allows(&self, name: &DatasetName) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => name.with_ancestors().any(|name| names.contains(&name)),
        }
    }

    /// Adds a name.
    pub fn add(&mut self, name: DatasetName) {
        if let Self::Named(names) = self {
            names.insert(name);
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::All => out.push(1),
            Self::Named(names) => {
                out.push(0);
                out.extend_from_slice(&(names.len() as u16).to_be_bytes());
                names.iter().for_each(|name| put_short_text(out, name.as_str()));
            }
        }
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        match reader.u8()? {
            1 => Ok(Self::All),
            0 => {
                let count = count(reader)?;
                (0..count).map(|_| reader.short_text()?.parse()).collect::<Result<_>>().map(Self::Named)
            }
            _ => Err(Error::Malformed("unknown kind of a list in a data policy")),
        }
    }
}

impl DataPolicy {
    /// Nothing is asked of any table: for data that nobody else can write to, such as a folder of this machine.
    pub fn allow_all() -> Self {
        Self { plaintext: Allowed::All, unsigned: Allowed::All, ..Self::default() }
    }

    /// Adds a signer whose manifests are accepted.
    pub fn trust(&mut self, signer: ClientPublicKey) {
        if !self.signers.contains(&signer) {
            self.signers.push(signer);
        }
    }

    /// Asks for at least `version` of `dataset`; never for less than before.
    pub fn require(&mut self, dataset: DatasetName, version: u64) {
        let minimum = self.minimum_versions.entry(dataset).or_default();
        *minimum = version.max(*minimum);
    }

    /// The dataset with a minimum version that `name` belongs to, if there is one: the innermost.
    pub fn required(&self, name: &DatasetName) -> Option<(DatasetName, u64)> {
        name.with_ancestors().find_map(|name| self.minimum_versions.get(&name).map(|version| (name, *version)))
    }

    /// Whether `name` may be read without a manifest.
    pub fn allows_unsigned(&self, name: &DatasetName) -> bool {
        self.unsigned.allows(name) && self.required(name).is_none()
    }

    /// Whether the policy fits into a handshake.
    pub fn check(&self) -> Result<()> {
        let names = |allowed: &Allowed| if let Allowed::Named(names) = allowed { names.len() } else { 0 };
        let lists = [self.minimum_versions.len(), names(&self.plaintext), names(&self.unsigned)];
        if self.signers.len() > MAX_SIGNERS {
            return Err(Error::DataPolicy("it trusts more than 64 signers"));
        }
        if lists.into_iter().any(|count| count > MAX_NAMES) || self.encode().len() > MAX_POLICY_BYTES {
            return Err(Error::DataPolicy(
                "it names more datasets than fit into a session: name the folders above them",
            ));
        }
        Ok(())
    }

    /// `version u8 | count u8 | signer [49] .. | count u16 | (name, version u64) .. | plaintext | unsigned`, a list of names
    /// being `1` for all or `0 | count u16 | name ..`, and a name its text behind its length in two bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION, self.signers.len() as u8];
        self.signers.iter().for_each(|signer| out.extend_from_slice(&signer.to_bytes()));
        out.extend_from_slice(&(self.minimum_versions.len() as u16).to_be_bytes());
        for (name, version) in &self.minimum_versions {
            put_short_text(&mut out, name.as_str());
            out.extend_from_slice(&version.to_be_bytes());
        }
        self.plaintext.encode(&mut out);
        self.unsigned.encode(&mut out);
        out
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        if reader.u8()? != VERSION {
            return Err(Error::Malformed("a data policy of another version"));
        }
        let signers = usize::from(reader.u8()?);
        if signers > MAX_SIGNERS {
            return Err(Error::Malformed("a data policy trusts too many signers"));
        }
        let signers =
            (0..signers).map(|_| ClientPublicKey::from_bytes(reader.bytes(PUBLIC_LEN)?)).collect::<Result<_>>()?;
        let minimums = count(reader)?;
        let minimum_versions =
            (0..minimums).map(|_| Ok((reader.short_text()?.parse()?, reader.u64()?))).collect::<Result<_>>()?;
        let (plaintext, unsigned) = (Allowed::decode(reader)?, Allowed::decode(reader)?);
        Ok(Self { signers, minimum_versions, plaintext, unsigned })
    }
}

fn count(reader: &mut Reader<'_>) -> Result<usize> {
    let count = usize::from(reader.u16()?);
    if count > MAX_NAMES { Err(Error::Malformed("a data policy names too many datasets")) } else { Ok(count) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::ClientIdentity;
    use crate::test_random::TestRandom;

    fn name(text: &str) -> DatasetName {
        text.parse().unwrap()
    }

    fn sample() -> DataPolicy {
        let mut policy = DataPolicy { unsigned: Allowed::All, ..DataPolicy::default() };
        policy.trust(ClientIdentity::generate().unwrap().public());
        policy.require(name("sales"), 7);
        policy.require(name("lake/hr"), 1);
        policy.plaintext.add(name("people.csv"));
        policy
    }

    #[test]
    fn a_policy_reads_back_from_its_encoding() {
        for policy in [sample(), DataPolicy::default(), DataPolicy::allow_all()] {
            let bytes = policy.encode();
            let mut reader = Reader::new(&bytes);
            assert_eq!(DataPolicy::decode(&mut reader).unwrap(), policy);
            reader.finish().unwrap();
            policy.check().unwrap();
        }
    }

    #[test]
    fn a_policy_cut_anywhere_or_changed_is_an_error_or_another_policy() {
        let bytes = sample().encode();
        for cut in 0..bytes.len() {
            assert!(DataPolicy::decode(&mut Reader::new(&bytes[..cut])).is_err(), "{cut}");
        }
        let mut random = TestRandom::new(8);
        for _ in 0..2_000 {
            let _ = DataPolicy::decode(&mut Reader::new(&random.mutate(&bytes)));
        }
    }

    #[test]
    fn a_name_allows_what_lies_in_it_and_nothing_beside_it() {
        let mut allowed = Allowed::default();
        assert!(!allowed.allows(&name("lake")));
        allowed.add(name("lake/sales"));
        assert!(allowed.allows(&name("lake/sales/year=2021/part-0.parquet")));
        assert!(!allowed.allows(&name("lake/sales2")));
        assert!(!allowed.allows(&name("lake")));
        assert!(Allowed::All.allows(&name("anything")));
    }

    #[test]
    fn a_dataset_with_a_minimum_version_is_never_read_without_its_manifest() {
        let policy = sample();
        assert_eq!(policy.required(&name("lake/hr/part-0.parquet")), Some((name("lake/hr"), 1)));
        assert!(!policy.allows_unsigned(&name("lake/hr/part-0.parquet")));
        assert!(policy.allows_unsigned(&name("lake/others")));
    }

    #[test]
    fn a_minimum_version_only_rises() {
        let mut policy = sample();
        policy.require(name("sales"), 3);
        assert_eq!(policy.required(&name("sales")), Some((name("sales"), 7)));
    }

    #[test]
    fn a_policy_that_does_not_fit_into_a_session_is_named() {
        let mut policy = DataPolicy::default();
        (0..MAX_NAMES + 1).for_each(|index| policy.plaintext.add(name(&format!("t{index}"))));
        assert!(policy.check().is_err());
        let mut policy = DataPolicy::default();
        (0..100).for_each(|index| policy.plaintext.add(name(&format!("{index}{}", "x".repeat(900)))));
        assert!(policy.check().is_err());
    }
}
