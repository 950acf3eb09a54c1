//! TPC-DS: its tables as Parquet files, for statements of that benchmark's size and shape. The statements are the project's own.

use std::fs;
use std::path::Path;

use arrow::array::RecordBatchReader;
use casemate_host::tpch::{self, Encryption};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use tpcdsgen::config::{Session, SessionBuilder};
use tpcdsgen_arrow as generate;

/// A table of TPC-DS.
#[derive(Clone, Copy)]
pub struct Table {
    /// The table's name in the statements.
    pub name: &'static str,
    rows: fn(Session) -> Box<dyn RecordBatchReader>,
}

macro_rules! tables {
    ($($name:literal => $generator:ident),* $(,)?) => {
        [$(Table { name: $name, rows: |session| Box::new(generate::$generator::new(session)) }),*]
    };
}

/// All tables by name, but for the one that describes the generator.
pub const TABLES: [Table; 24] = tables! {
    "call_center" => CallCenterArrow,
    "catalog_page" => CatalogPageArrow,
    "catalog_returns" => CatalogReturnsArrow,
    "catalog_sales" => CatalogSalesArrow,
    "customer" => CustomerArrow,
    "customer_address" => CustomerAddressArrow,
    "customer_demographics" => CustomerDemographicsArrow,
    "date_dim" => DateDimArrow,
    "household_demographics" => HouseholdDemographicsArrow,
    "income_band" => IncomeBandArrow,
    "inventory" => InventoryArrow,
    "item" => ItemArrow,
    "promotion" => PromotionArrow,
    "reason" => ReasonArrow,
    "ship_mode" => ShipModeArrow,
    "store" => StoreArrow,
    "store_returns" => StoreReturnsArrow,
    "store_sales" => StoreSalesArrow,
    "time_dim" => TimeDimArrow,
    "warehouse" => WarehouseArrow,
    "web_page" => WebPageArrow,
    "web_returns" => WebReturnsArrow,
    "web_sales" => WebSalesArrow,
    "web_site" => WebSiteArrow,
};

impl Table {
    /// The name of the file that [`write_tables`] makes of it.
    pub fn file_name(&self) -> String {
        format!("{}.parquet", self.name)
    }

    /// The statement that makes the table's file a temporary view.
    pub fn create_view(&self) -> String {
        format!("CREATE OR REPLACE TEMPORARY VIEW {} USING parquet OPTIONS (path '{}')", self.name, self.file_name())
    }
}

/// Writes the tables to `dir` (made if it is missing), one file each, plain or encrypted. Returns the rows of each.
///
/// # Errors
/// A scale factor that the generator does not take, or files that can't be written.
pub fn write_tables(
    dir: &Path,
    scale_factor: f64,
    encryption: Option<&Encryption<'_>>,
) -> Result<Vec<(Table, usize)>, ParquetError> {
    fs::create_dir_all(dir)?;
    let session = SessionBuilder::new().with_scale_factor(scale_factor).build();
    let session = session.map_err(|error| ParquetError::External(Box::new(error)))?;
    let write = |table: Table| {
        let path = dir.join(table.file_name());
        let rows = tpch::write_rows(&path, (table.rows)(session.clone()), encryption, Compression::SNAPPY)?;
        Ok((table, rows))
    };
    TABLES.into_iter().map(write).collect()
}
