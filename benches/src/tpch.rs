//! TPC-H for benchmarks: the tables, plain and encrypted, and who is compared.

use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use anyhow::Result;
use casemate_host::tpch::{self, Encryption};

use crate::peers::{DataFusion, Peer, Sealed};

/// The id of the key of encrypted tables.
pub const KEY_ID: &str = "tpch";

/// The key of encrypted tables. It protects nothing: the tables are public.
pub const KEY: [u8; 32] = *b"the key of benchmark tables only";

/// The same tables twice.
pub struct Tables {
    /// In the clear.
    pub plain: PathBuf,
    /// Encrypted under [`KEY`].
    pub encrypted: PathBuf,
}

impl Tables {
    /// The tables of this scale factor below `folder`, made if they are not there.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn make(folder: &Path, scale_factor: f64) -> Result<Self> {
        let at = |kind: &str| folder.join(format!("sf{scale_factor}-{kind}"));
        let tables = Self { plain: at("plain"), encrypted: at("encrypted") };
        let encryption = Encryption { key_id: KEY_ID, key: &KEY };
        for (path, encryption) in [(&tables.plain, None), (&tables.encrypted, Some(&encryption))] {
            let complete = tpch::Table::ALL.iter().all(|table| path.join(table.file_name()).exists());
            if !complete {
                eprintln!("making {}", path.display());
                tpch::write_tables(path, scale_factor, encryption)?;
            }
        }
        Ok(tables)
    }

    /// Everyone who is compared, by name; Casemate first.
    ///
    /// # Errors
    /// When one does not start.
    pub async fn peers(&self) -> Result<Vec<(&'static str, Peer)>> {
        let partitions = available_parallelism().map_or(1, usize::from);
        Ok(vec![
            (
                "Casemate, sealed and encrypted",
                Peer::Sealed(Box::new(Sealed::start(&self.encrypted, partitions).await?)),
            ),
            ("DataFusion, encrypted", Peer::Plain(DataFusion::start(&self.encrypted, Some(&KEY), partitions).await?)),
            ("DataFusion, plain", Peer::Plain(DataFusion::start(&self.plain, None, partitions).await?)),
        ])
    }
}
