//! The functions of Spark SQL: one row of a registry for each.
//!
//! A row says how the function is called (name, aliases, number of arguments), which types its arguments are cast to, and
//! how it lowers. Rows stand in files by family; a function lowers to a native DataFusion expression where that is exactly
//! equal, to a kernel of our own otherwise. What Spark has and this crate has not is an error that names the function.

mod aggregate;
mod arguments;
mod bits;
mod casts;
mod charsets;
mod compose;
mod conditional;
mod csv;
pub(crate) mod datetime;
pub(crate) mod descriptions;
mod digests;
mod digits;
mod elementary;
mod fdlibm;
pub(crate) mod float_keys;
mod format_number;
mod formatter;
pub(crate) mod grouping;
mod hashes;
pub(crate) mod input_file;
mod json;
mod lenient;
mod letters;
pub(crate) mod like;
mod math;
mod misc;
pub(crate) mod nested;
pub(crate) mod nullable;
mod numbers;
mod options;
mod parse_url;
mod patterns;
mod radix;
mod random;
mod rounding;
mod scalar;
mod search;
mod sentences;
mod shuffle;
mod strings;
mod substring;
mod text;
mod trim;
mod window;
mod xpath;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

pub(crate) use aggregate::AggregateCall;
pub(crate) use window::WindowCall;

use arguments::{Arity, Input};
pub(crate) use nested::generators::{Generated, Generator};
use nested::higher_order::Kind;

use crate::datetime::zone::Zone;
use crate::error::{ErrorKind, Result, SparkError};
use crate::resolver::{Facts, Typed, call_name, suggestions};

/// A function of Spark SQL that this crate has.
#[derive(Debug)]
pub struct Function {
    /// The name that it is listed under.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// How many arguments it takes.
    pub arity: Arity,
    /// What its arguments are cast to; the last one stands for all that follow.
    inputs: &'static [Input],
    lowering: LoweringRule,
    /// How far it agrees with Spark 3.2.
    pub support: Support,
}

/// How far a function agrees with Spark 3.2. In no case does it give another answer: what is not supported is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// In all its forms.
    Full,
    /// In the forms that the note names.
    Partial(&'static str),
}

#[derive(Debug)]
enum LoweringRule {
    Scalar(fn(Call<'_>) -> Result<Typed>),
    Aggregate(fn(AggregateCall<'_>) -> Result<Typed>),
    Window(fn(WindowCall<'_>) -> Result<Typed>),
    /// With lambdas among its arguments.
    HigherOrder(Kind),
    /// Gives rows.
    Generator(Generator),
    Moment(fn(Facts, &str) -> Result<Typed>),
}

impl Function {
    const fn scalar(
        name: &'static str,
        arity: Arity,
        inputs: &'static [Input],
        lower: fn(Call<'_>) -> Result<Typed>,
    ) -> Self {
        let lowering = LoweringRule::Scalar(lower);
        Self { name, aliases: &[], arity, inputs, lowering, support: Support::Full }
    }

    const fn aggregate(
        name: &'static str,
        arity: Arity,
        inputs: &'static [Input],
        lower: fn(AggregateCall<'_>) -> Result<Typed>,
    ) -> Self {
        let lowering = LoweringRule::Aggregate(lower);
        Self { name, aliases: &[], arity, inputs, lowering, support: Support::Full }
    }

    const fn higher_order(name: &'static str, arity: Arity, kind: Kind) -> Self {
        let lowering = LoweringRule::HigherOrder(kind);
        Self { name, aliases: &[], arity, inputs: &[Input::Any], lowering, support: Support::Full }
    }

    const fn generator(name: &'static str, arity: Arity, generator: Generator) -> Self {
        let lowering = LoweringRule::Generator(generator);
        Self { name, aliases: &[], arity, inputs: &[Input::Any], lowering, support: Support::Full }
    }

    /// A function without arguments whose value is a fact of the query.
    const fn moment(name: &'static str, arity: Arity, lower: fn(Facts, &str) -> Result<Typed>) -> Self {
        let lowering = LoweringRule::Moment(lower);
        Self { name, aliases: &[], arity, inputs: &[], lowering, support: Support::Full }
    }

    const fn window(
        name: &'static str,
        arity: Arity,
        inputs: &'static [Input],
        lower: fn(WindowCall<'_>) -> Result<Typed>,
    ) -> Self {
        let lowering = LoweringRule::Window(lower);
        Self { name, aliases: &[], arity, inputs, lowering, support: Support::Full }
    }

    const fn with_aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn with_support(self, support: Support) -> Self {
        Self { support, ..self }
    }

    /// Whether it is a window function that is no aggregate.
    pub fn is_window(&self) -> bool {
        matches!(self.lowering, LoweringRule::Window(_))
    }

    /// Whether it is an aggregate function.
    pub fn is_aggregate(&self) -> bool {
        matches!(self.lowering, LoweringRule::Aggregate(_))
    }

    /// What kind of function with lambdas it is, if it is one.
    pub(crate) fn as_higher_order(&self) -> Option<Kind> {
        match self.lowering {
            LoweringRule::HigherOrder(kind) => Some(kind),
            _ => None,
        }
    }

    /// What kind of generator it is, if it is one.
    pub(crate) fn as_generator(&self) -> Option<Generator> {
        match self.lowering {
            LoweringRule::Generator(generator) => Some(generator),
            _ => None,
        }
    }

    /// An error if `count` arguments are not what the function takes.
    pub(crate) fn check_arity(&self, called: &str, count: usize) -> Result<()> {
        self.arity.check(called, count)
    }
}

/// A call of a scalar function. The arguments are cast to what the function takes.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    /// The name it was called by, in lower case.
    pub called: &'a str,
    /// The arguments.
    pub args: Vec<Typed>,
    /// The session time zone.
    pub zone: Zone,
}

impl Call<'_> {
    /// The name that Spark gives to a column made by this call, if the function has no other rule.
    pub fn name(&self) -> String {
        call_name(self.called, &self.args)
    }

    /// Whether any argument may be NULL.
    pub fn any_nullable(&self) -> bool {
        self.args.iter().any(|arg| arg.nullable)
    }

    /// The arguments, of which there are `N` by the function's arity.
    pub fn take<const N: usize>(self) -> Result<[Typed; N]> {
        <[Typed; N]>::try_from(self.args).map_err(|_| SparkError::internal("a function was called with another arity"))
    }
}

/// Everything that the crate has, by family.
const FAMILIES: &[&[Function]] = &[
    aggregate::numbers::FUNCTIONS,
    aggregate::percentiles::FUNCTIONS,
    aggregate::rows::FUNCTIONS,
    aggregate::sketches::FUNCTIONS,
    aggregate::statistics::FUNCTIONS,
    bits::FUNCTIONS,
    casts::FUNCTIONS,
    charsets::FUNCTIONS,
    compose::FUNCTIONS,
    conditional::FUNCTIONS,
    csv::FUNCTIONS,
    datetime::dates::FUNCTIONS,
    datetime::epoch::FUNCTIONS,
    datetime::fields::FUNCTIONS,
    datetime::make::FUNCTIONS,
    datetime::moment::FUNCTIONS,
    datetime::patterns::FUNCTIONS,
    datetime::truncate::FUNCTIONS,
    datetime::window::FUNCTIONS,
    datetime::zones::FUNCTIONS,
    digests::FUNCTIONS,
    elementary::FUNCTIONS,
    format_number::FUNCTIONS,
    formatter::FUNCTIONS,
    grouping::FUNCTIONS,
    hashes::FUNCTIONS,
    input_file::FUNCTIONS,
    json::FUNCTIONS,
    letters::FUNCTIONS,
    math::FUNCTIONS,
    misc::FUNCTIONS,
    nested::access::FUNCTIONS,
    nested::constructors::FUNCTIONS,
    nested::generators::FUNCTIONS,
    nested::higher_order::FUNCTIONS,
    nested::maps::FUNCTIONS,
    nested::search::FUNCTIONS,
    nested::sequence::FUNCTIONS,
    nested::sets::FUNCTIONS,
    nested::shape::FUNCTIONS,
    nested::sort::FUNCTIONS,
    numbers::FUNCTIONS,
    parse_url::FUNCTIONS,
    patterns::FUNCTIONS,
    random::FUNCTIONS,
    rounding::FUNCTIONS,
    search::FUNCTIONS,
    sentences::FUNCTIONS,
    shuffle::FUNCTIONS,
    strings::FUNCTIONS,
    substring::FUNCTIONS,
    trim::FUNCTIONS,
    window::FUNCTIONS,
    xpath::FUNCTIONS,
];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let rows = FAMILIES.iter().copied().flatten();
    rows.flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()).map(move |name| (name, row)))
        .collect()
});

/// The names of all functions of Spark 3.2.0, as its SHOW FUNCTIONS lists them.
static SPARK_NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| names_of_spark().collect());

/// The names of Spark's functions and operators, in order.
pub(crate) fn names_of_spark() -> impl Iterator<Item = &'static str> {
    include_str!("spark-3.2.0.txt").lines().map(str::trim).filter(|name| !name.is_empty())
}

/// The names of all functions and operators that Spark 3.2.0's SHOW FUNCTIONS lists, in no order.
pub fn spark_names() -> impl Iterator<Item = &'static str> {
    SPARK_NAMES.iter().copied()
}

/// The functions that are supported, in the order of their families.
pub fn supported() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().copied().flatten()
}

/// The function called `name`, which is in lower case.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name).copied()
}

/// Functions of Spark that make no sense in an enclave, and why.
const REFUSED: &[(&str, &str)] = &[
    ("current_user", "a session belongs to a key, and no name of a user is known inside the enclave"),
    ("java_method", JAVA),
    ("reflect", JAVA),
];

const JAVA: &str = "it calls methods of Java classes, and no Java runs inside the enclave";

/// Why a function of Spark, whose name is in lower case, is refused for good.
pub fn refusal(name: &str) -> Option<&'static str> {
    REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, why)| *why)
}

/// The error for a function that this crate does not have.
pub(crate) fn undefined(name: &str) -> SparkError {
    if let Some(why) = refusal(name) {
        return SparkError::new(ErrorKind::Unsupported, format!("the function {name} is not supported: {why}"));
    }
    // It is listed for the sake of CASE; no arguments make a call of it.
    if name == "when" {
        return SparkError::analysis("Invalid arguments for function when");
    }
    if SPARK_NAMES.contains(name) {
        return SparkError::unsupported(format!("the function {name}"));
    }
    let near = suggestions(name, SPARK_NAMES.iter().copied());
    let hint = match near.first() {
        Some(near) => format!(" Did you mean '{near}'?"),
        None => String::new(),
    };
    SparkError::analysis(format!(
        "Undefined function: '{name}'. This function is neither a registered temporary function nor a permanent function \
         registered in the database 'default'.{hint}"
    ))
}

/// Calls a scalar function.
pub(crate) fn call(called: &str, args: Vec<Typed>, zone: Zone) -> Result<Typed> {
    let function = find(called).ok_or_else(|| undefined(called))?;
    let LoweringRule::Scalar(lower) = function.lowering else {
        return Err(SparkError::internal(format!("{called} is not a function of values alone")));
    };
    function.arity.check(called, args.len())?;
    let args = arguments::coerce(called, args, function.inputs, zone)?;
    lower(Call { called, args, zone })
}

/// Calls a function whose value is a fact of the query; `None` if it is another one. `zone_name` is what the setting calls the
/// session time zone.
pub(crate) fn call_moment(called: &str, arguments: usize, facts: Facts, zone_name: &str) -> Option<Result<Typed>> {
    let function = find(called)?;
    let LoweringRule::Moment(lower) = function.lowering else { return None };
    Some(function.arity.check(called, arguments).and_then(|()| lower(facts, zone_name)))
}

/// Calls a window function that is no aggregate.
pub(crate) fn call_window(call: WindowCall<'_>) -> Result<Typed> {
    let function = find(call.called).ok_or_else(|| undefined(call.called))?;
    let LoweringRule::Window(lower) = function.lowering else {
        return Err(SparkError::internal(format!("{} is not a window function", call.called)));
    };
    function.arity.check(call.called, call.args.len())?;
    let args = arguments::coerce(call.called, call.args, function.inputs, call.zone)?;
    lower(WindowCall { args, ..call })
}

/// Calls an aggregate function.
pub(crate) fn call_aggregate(call: AggregateCall<'_>) -> Result<Typed> {
    let function = find(call.called).ok_or_else(|| undefined(call.called))?;
    let LoweringRule::Aggregate(lower) = function.lowering else {
        return Err(SparkError::internal(format!("{} is not an aggregate function", call.called)));
    };
    function.arity.check(call.called, call.args.len())?;
    let args = arguments::coerce(call.called, call.args, function.inputs, call.zone)?;
    lower(AggregateCall { args, ..call })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supported_function_is_one_of_sparks() {
        for row in supported() {
            for name in std::iter::once(&row.name).chain(row.aliases) {
                assert!(SPARK_NAMES.contains(name), "{name} is not a function of Spark 3.2.0");
            }
        }
    }

    #[test]
    fn no_name_stands_for_two_functions() {
        let names = supported().flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()));
        assert_eq!(names.count(), BY_NAME.len());
    }

    #[test]
    fn a_function_of_spark_that_is_refused_is_named_and_a_typo_gets_a_hint() {
        let refused = undefined("reflect");
        assert!(refused.kind == ErrorKind::Unsupported && refused.message.contains("reflect"));
        assert!(undefined("substrin").message.ends_with("Did you mean 'substring'?"));
    }
}
