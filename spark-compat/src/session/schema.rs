//! A result's columns: names (which may repeat) and Spark types.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};

use crate::types::SparkType;

/// Field metadata key whose value is the Spark type's catalog string.
pub const TYPE_METADATA_KEY: &str = "spark.type";

/// Schema metadata key whose value is the session time zone.
pub const TIME_ZONE_METADATA_KEY: &str = "spark.timeZone";

/// A column of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SparkColumn {
    /// The name as Spark gives it; not necessarily unique.
    pub name: String,
    /// The column's type.
    pub data_type: SparkType,
    /// Whether the column may hold NULL.
    pub nullable: bool,
}

/// The columns of a result, in order. Statements without a result have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SparkSchema {
    /// The columns.
    pub columns: Vec<SparkColumn>,
}

impl SparkSchema {
    /// The Arrow schema of the result: `Utf8` and `Binary` without views, timestamps labelled with `time_zone`, and the
    /// metadata [`TYPE_METADATA_KEY`] and [`TIME_ZONE_METADATA_KEY`].
    pub fn to_arrow(&self, time_zone: &str) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|column| {
                let metadata = HashMap::from([(TYPE_METADATA_KEY.to_string(), column.data_type.catalog_string())]);
                Field::new(&column.name, column.data_type.to_output_arrow(time_zone), column.nullable)
                    .with_metadata(metadata)
            })
            .collect();
        let metadata = HashMap::from([(TIME_ZONE_METADATA_KEY.to_string(), time_zone.to_string())]);
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }
}
