//! Arguments of functions: how many, and what they are cast to (Spark's `ImplicitTypeCasts`).

use crate::datetime::zone::Zone;
use crate::error::{Result, SparkError};
use crate::resolver::{Typed, call_name};
use crate::types::SparkType;

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Exactly this many.
    Exactly(usize),
    /// From the first number to the second.
    Between(usize, usize),
    /// This many or more.
    AtLeast(usize),
}

impl Arity {
    /// An error if `count` arguments are not what the function takes.
    pub(super) fn check(self, called: &str, count: usize) -> Result<()> {
        let (fits, expected) = match self {
            Self::Exactly(n) => (count == n, n.to_string()),
            Self::Between(low, high) => {
                let each: Vec<_> = (low..=high).map(|n| n.to_string()).collect();
                ((low..=high).contains(&count), format!("one of {}", each.join(" and ")))
            }
            Self::AtLeast(n) => (count >= n, format!("at least {n}")),
        };
        if fits {
            return Ok(());
        }
        Err(SparkError::analysis(format!(
            "Invalid number of arguments for function {called}. Expected: {expected}; Found: {count}"
        )))
    }
}

/// What an argument is cast to before the function sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Taken as it is.
    Any,
    /// string
    String,
    /// int
    Int,
    /// bigint
    Long,
    /// float
    Float,
    /// double
    Double,
    /// Any decimal.
    Decimal,
    /// tinyint, smallint, int or bigint.
    Integral,
    /// date
    Date,
    /// Any numeric type; a string becomes a double.
    Numeric,
    /// boolean
    Boolean,
    /// binary
    Binary,
    /// Any of these as it is; what is none of them is cast to the first that it casts to.
    OneOf(&'static [Input]),
    /// decimal of this precision and scale
    DecimalOf(u8, u8),
    /// A string as it is; nothing but NULL is cast to it.
    StringOnly,
    /// timestamp
    Timestamp,
}

/// Casts the arguments to the function's inputs, of which the last one stands for all that follow.
pub(super) fn coerce(called: &str, args: Vec<Typed>, inputs: &[Input], zone: Zone) -> Result<Vec<Typed>> {
    let whole = call_name(called, &args);
    let inputs = inputs.iter().chain(std::iter::repeat(inputs.last().unwrap_or(&Input::Any)));
    args.into_iter()
        .zip(inputs)
        .enumerate()
        .map(|(at, (arg, input))| {
            let to = implicit_type(&arg.data_type, *input).ok_or_else(|| {
                SparkError::analysis(format!(
                    "cannot resolve '{whole}' due to data type mismatch: argument {} requires {} type, however, '{}' is of {} \
                     type.",
                    at + 1,
                    input.requirement(),
                    arg.name,
                    arg.data_type
                ))
            })?;
            arg.coerced(&to, zone)
        })
        .collect()
}

impl Input {
    fn requirement(self) -> String {
        let one = match self {
            Self::Any => "any",
            Self::String => "string",
            Self::Int => "int",
            Self::Long => "bigint",
            Self::Float => "float",
            Self::Double => "double",
            Self::Decimal => "decimal",
            Self::Integral => "integral",
            Self::Date => "date",
            Self::Numeric => "numeric",
            Self::Boolean => "boolean",
            Self::DecimalOf(..) => "decimal",
            Self::StringOnly => "string",
            Self::Timestamp => "timestamp",
            Self::Binary => "binary",
            Self::OneOf(inputs) => {
                let each: Vec<_> = inputs.iter().map(|input| input.requirement()).collect();
                return format!("({})", each.join(" or "));
            }
        };
        one.to_string()
    }
}

/// The type that a value of type `from` is cast to for `input`; `None` if Spark does not cast it by itself.
fn implicit_type(from: &SparkType, input: Input) -> Option<SparkType> {
    use SparkType as T;
    match (input, from) {
        (Input::Any, any) => Some(any.clone()),
        (Input::String, T::Array { .. } | T::Map { .. } | T::Struct(_)) => None,
        (Input::String, T::CalendarInterval) => None,
        (Input::String, _) => Some(T::String),
        (Input::Int, T::String | T::Void) => Some(T::Int),
        (Input::Int, numeric) if numeric.is_numeric() => Some(T::Int),
        (Input::Long, T::String | T::Void) => Some(T::Long),
        (Input::Long, numeric) if numeric.is_numeric() => Some(T::Long),
        (Input::Float, T::String | T::Void) => Some(T::Float),
        (Input::Float, numeric) if numeric.is_numeric() => Some(T::Float),
        (Input::Double, T::String | T::Void) => Some(T::Double),
        (Input::Double, numeric) if numeric.is_numeric() => Some(T::Double),
        (Input::Decimal, T::Decimal { .. }) => Some(from.clone()),
        (Input::Integral, T::Void) => Some(T::Int),
        (Input::Integral, integral) if integral.is_integral() => Some(integral.clone()),
        (Input::Date, T::Date | T::Timestamp | T::String | T::Void) => Some(T::Date),
        (Input::Numeric, T::String | T::Void) => Some(T::Double),
        (Input::Numeric, numeric) if numeric.is_numeric() => Some(numeric.clone()),
        (Input::Boolean, T::Boolean | T::Void) => Some(T::Boolean),
        (Input::Binary, T::Binary | T::String | T::Void) => Some(T::Binary),
        (Input::OneOf(inputs), _) => {
            let casts = || inputs.iter().filter_map(|input| implicit_type(from, *input));
            casts().find(|to| to == from).or_else(|| casts().next())
        }
        (Input::DecimalOf(precision, scale), T::String | T::Void) => Some(T::decimal(precision, scale)),
        (Input::DecimalOf(precision, scale), numeric) if numeric.is_numeric() => Some(T::decimal(precision, scale)),
        (Input::StringOnly, T::String | T::Void) => Some(T::String),
        (Input::Timestamp, T::Date | T::Timestamp | T::String | T::Void) => Some(T::Timestamp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_arguments_is_checked_and_the_message_says_what_is_expected() {
        assert!(Arity::Between(2, 3).check("substring", 3).is_ok());
        assert_eq!(
            Arity::Between(2, 3).check("substring", 1).unwrap_err().message,
            "Invalid number of arguments for function substring. Expected: one of 2 and 3; Found: 1"
        );
        assert_eq!(
            Arity::Exactly(1).check("upper", 0).unwrap_err().message,
            "Invalid number of arguments for function upper. Expected: 1; Found: 0"
        );
    }
}
