//! `from_utc_timestamp` and `to_utc_timestamp`: a clock shown in another zone.

use arrow::array::{AsArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::error::ArrowError;

use super::super::arguments::{Arity, Input};
use super::super::{Call, Function};
use super::{failed, kernel, overflow};
use crate::datetime::MICROS_PER_SECOND;
use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::kernel::shared;
use crate::resolver::Typed;
use crate::types::SparkType;

const TIME_AND_ZONE: &[Input] = &[Input::Timestamp, Input::String];

pub(in crate::functions) const FUNCTIONS: &[Function] = &[
    Function::scalar("from_utc_timestamp", Arity::Exactly(2), TIME_AND_ZONE, |call| shift(call, from_utc)),
    Function::scalar("to_utc_timestamp", Arity::Exactly(2), TIME_AND_ZONE, |call| shift(call, to_utc)),
];

type Shift = fn(i64, Zone) -> Option<i64>;

/// The clock of the zone, taken for one of UTC.
fn from_utc(micros: i64, zone: Zone) -> Option<i64> {
    micros.checked_add(i64::from(zone.offset_at(micros)) * MICROS_PER_SECOND)
}

/// The moment at which the zone's clock shows what UTC's shows at `micros`.
fn to_utc(micros: i64, zone: Zone) -> Option<i64> {
    zone.to_utc(micros)
}

fn shift(call: Call<'_>, shift: Shift) -> Result<Typed> {
    let (name, called, nullable) = (call.name(), call.called.to_owned(), call.any_nullable());
    let [time, zone] = call.take()?;
    let args = [time.expr, zone.expr];
    let expr = kernel::binary("spark_shift_zone", called, &SparkType::Timestamp, args, move |times, zones| {
        let (times, zones) = (times.as_primitive::<TimestampMicrosecondType>(), zones.as_string_view());
        let mut known = Zones::default();
        let shifted = times.iter().zip(zones).map(|(micros, zone)| {
            let (Some(micros), Some(zone)) = (micros, zone) else { return Ok(None) };
            shift(micros, known.get(zone)?).map(Some).ok_or_else(|| overflow("long"))
        });
        shared(shifted.collect::<Result<TimestampMicrosecondArray, ArrowError>>()?.with_timezone("UTC"))
    });
    Ok(Typed::new(expr, SparkType::Timestamp, nullable, name))
}

/// Reads the names of zones, which are mostly the same from row to row.
#[derive(Default)]
pub(super) struct Zones {
    last: Option<(String, Zone)>,
}

impl Zones {
    /// The zone called `name`, or Spark's error.
    pub fn get(&mut self, name: &str) -> Result<Zone, ArrowError> {
        match &self.last {
            Some((known, zone)) if known == name => Ok(*zone),
            _ => {
                let zone = Zone::parse(name)
                    .ok_or_else(|| failed(SparkError::date_time(format!("Unknown time-zone ID: {name}"))))?;
                self.last = Some((name.to_owned(), zone));
                Ok(zone)
            }
        }
    }
}
