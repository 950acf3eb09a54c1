//! Writes the interoperability table in every way that [`Sealer`] has: `seal_variants OUT`. Then Spark and pyarrow read it.

#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::path::PathBuf;

use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use sealed_parquet::{KeyLength, SealOptions, Sealer};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: seal_variants OUT")?);
    let columns = BTreeMap::from([
        ("amount".to_owned(), "money".to_owned()),
        ("place.city".to_owned(), "money".to_owned()),
        ("name".to_owned(), "names".to_owned()),
    ]);
    for (bits, key_length) in [(128, KeyLength::Bits128), (256, KeyLength::Bits256)] {
        for (form, plaintext_footer) in [("", false), ("-plain-footer", true)] {
            for (scope, column_keys) in [("uniform", BTreeMap::new()), ("columns", columns.clone())] {
                let options = SealOptions {
                    footer_key: "footer".to_owned(),
                    column_keys,
                    key_length,
                    plaintext_footer,
                    aad_prefix: Some(b"sales/2024".to_vec()),
                };
                let file = File::create(out.join(format!("casemate-{scope}-{bits}{form}.parquet")))?;
                write(file, options)?;
            }
        }
    }
    Ok(())
}

fn write(file: File, options: SealOptions) -> Result<(), Box<dyn Error>> {
    let table = support::table();
    let leaves = ["id", "name", "amount", "note", "place.city", "at"].map(str::to_owned);
    let sealer = Sealer::new(options, &support::TestKeys::all())?;
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(25))
        .set_data_page_row_count_limit(10)
        .set_write_batch_size(5)
        .with_file_encryption_properties(sealer.file_properties(&leaves)?)
        .build();
    let mut writer = ArrowWriter::try_new(file, table.schema(), Some(properties))?;
    writer.write(&table)?;
    writer.close()?;
    Ok(())
}
