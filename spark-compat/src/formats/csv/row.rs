//! Values of CSV as values of types, for `from_csv` and for files alike (Spark's `UnivocityParser`).

use super::options::Numbers;
use super::value;
use crate::datetime::interval;
use crate::error::{Result, SparkError};
use crate::json::columns::Leaf;
use crate::json::times::{self, Times};
use crate::types::SparkType;

/// How values are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ValueRules {
    /// How numbers that are none are spelled.
    pub numbers: Numbers,
    /// How times are written.
    pub times: Times,
    /// The text that stands for NULL.
    pub null_value: String,
}

impl ValueRules {
    /// The value of a text; `None` if it is none of the type.
    ///
    /// # Errors
    ///
    /// A date or timestamp that would have been read before Spark 3.
    pub fn leaf<'t>(
        &self,
        text: &'t str,
        data_type: &SparkType,
        times: &mut times::Parser,
    ) -> Result<Option<Leaf<'t>>> {
        use SparkType as T;
        if text == self.null_value {
            return Ok(Some(Leaf::Null));
        }
        Ok(match data_type {
            T::Boolean => value::boolean(text).map(Leaf::Boolean),
            T::Byte => value::integer::<i8>(text).map(|value| Leaf::Integer(value.into())),
            T::Short => value::integer::<i16>(text).map(|value| Leaf::Integer(value.into())),
            T::Int => value::integer::<i32>(text).map(|value| Leaf::Integer(value.into())),
            T::Long => value::integer(text).map(Leaf::Integer),
            T::Float => self.numbers.float(text).map(Leaf::Float),
            T::Double => self.numbers.double(text).map(Leaf::Double),
            T::Decimal { precision, scale } => value::decimal(text, *precision, *scale).map(Leaf::Decimal),
            T::Date => times.date(text)?.map(|days| Leaf::Integer(days.into())),
            T::Timestamp => times.timestamp(text)?.map(Leaf::Integer),
            T::YearMonthInterval { start, end } => {
                interval::year_month(text, *start, *end).ok().map(|months| Leaf::Integer(months.into()))
            }
            T::DayTimeInterval { start, end } => interval::day_time(text, *start, *end).ok().map(Leaf::Integer),
            T::CalendarInterval => Some(match interval::calendar(text) {
                Ok(interval) => Leaf::Interval(interval.to_arrow()?),
                Err(_) => Leaf::Null,
            }),
            _ => Some(Leaf::Text(text)),
        })
    }
}

/// The error of a bad record in mode FAILFAST.
pub(crate) const MALFORMED: &str = "Malformed records are detected in record parsing. Parse Mode: FAILFAST. To process malformed \
                                    records as null result, try setting the option 'mode' as 'PERMISSIVE'.";

/// An error if CSV has no values of the type.
pub(crate) fn check_type(data_type: &SparkType, place: &str) -> Result<()> {
    use SparkType as T;
    match data_type {
        T::Binary | T::Void | T::CalendarInterval | T::YearMonthInterval { .. } | T::DayTimeInterval { .. } => {
            Err(SparkError::unsupported(format!("{place} {data_type}")))
        }
        _ => Ok(()),
    }
}
