//! Elementary functions of doubles: roots, powers, logarithms, angles.
//!
//! Spark calls Java's `StrictMath` for most of them, whose results `fdlibm` and the crate `libm` have to the last bit, and `Math`
//! for sine, cosine and tangent, to which the platform's functions are closest. Logarithms outside of their domain are NULL.

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::lit;

use super::arguments::{Arity, Input};
use super::scalar::{self, Run, arguments};
use super::{Call, Function, fdlibm};
use crate::error::Result;
use crate::kernel;
use crate::resolver::{Typed, call_name};
use crate::types::SparkType;

const DOUBLE: &[Input] = &[Input::Double];

const fn of_one(name: &'static str, lower: fn(Call<'_>) -> Result<Typed>) -> Function {
    Function::scalar(name, Arity::Exactly(1), DOUBLE, lower)
}

const fn of_two(name: &'static str, lower: fn(Call<'_>) -> Result<Typed>) -> Function {
    Function::scalar(name, Arity::Exactly(2), DOUBLE, lower)
}

pub(super) const FUNCTIONS: &[Function] = &[
    of_one("sqrt", |call| total(call, "SQRT", "spark_sqrt", |a| map(a, f64::sqrt))),
    of_one("cbrt", |call| total(call, "CBRT", "spark_cbrt", |a| map(a, fdlibm::cbrt))),
    of_one("exp", |call| total(call, "EXP", "spark_exp", |a| map(a, libm::exp))),
    of_one("expm1", |call| total(call, "EXPM1", "spark_expm1", |a| map(a, libm::expm1))),
    of_one("sin", |call| total(call, "SIN", "spark_sin", |a| map(a, f64::sin))),
    of_one("cos", |call| total(call, "COS", "spark_cos", |a| map(a, f64::cos))),
    of_one("tan", |call| total(call, "TAN", "spark_tan", |a| map(a, f64::tan))),
    of_one("cot", |call| total(call, "COT", "spark_cot", |a| map(a, |x| 1.0 / x.tan()))),
    of_one("asin", |call| total(call, "ASIN", "spark_asin", |a| map(a, libm::asin))),
    of_one("acos", |call| total(call, "ACOS", "spark_acos", |a| map(a, libm::acos))),
    of_one("atan", |call| total(call, "ATAN", "spark_atan", |a| map(a, libm::atan))),
    of_one("sinh", |call| total(call, "SINH", "spark_sinh", |a| map(a, libm::sinh))),
    of_one("cosh", |call| total(call, "COSH", "spark_cosh", |a| map(a, libm::cosh))),
    of_one("tanh", |call| total(call, "TANH", "spark_tanh", |a| map(a, fdlibm::tanh))),
    of_one("asinh", |call| total(call, "ASINH", "spark_asinh", |a| map(a, asinh))),
    of_one("acosh", |call| total(call, "ACOSH", "spark_acosh", |a| map(a, |x| libm::log(x + (x * x - 1.0).sqrt())))),
    of_one("atanh", |call| {
        total(call, "ATANH", "spark_atanh", |a| map(a, |x| 0.5 * (libm::log1p(x) - libm::log1p(-x))))
    }),
    of_one("degrees", |call| total(call, "DEGREES", "spark_degrees", |a| map(a, f64::to_degrees))),
    of_one("radians", |call| total(call, "RADIANS", "spark_radians", |a| map(a, f64::to_radians))),
    of_one("rint", |call| total(call, "rint", "spark_rint", |a| map(a, f64::round_ties_even))),
    of_one("sign", |call| total(call, "sign", "spark_signum", |a| map(a, signum))),
    of_one("signum", |call| total(call, "SIGNUM", "spark_signum", |a| map(a, signum))),
    of_one("ln", |call| partial(call, "ln", "spark_ln", |a| log(a, 0.0, libm::log))),
    of_one("log10", |call| partial(call, "LOG10", "spark_log10", |a| log(a, 0.0, fdlibm::log10))),
    of_one("log2", |call| partial(call, "LOG2", "spark_log2", |a| log(a, 0.0, |x| libm::log(x) / libm::log(2.0)))),
    of_one("log1p", |call| partial(call, "LOG1P", "spark_log1p", |a| log(a, -1.0, libm::log1p))),
    Function::scalar("log", Arity::Between(1, 2), DOUBLE, logarithm),
    of_two("pow", |call| total(call, "pow", "spark_pow", |a| zip(a, |x, y| Some(fdlibm::pow(x, y))))),
    of_two("power", |call| total(call, "POWER", "spark_pow", |a| zip(a, |x, y| Some(fdlibm::pow(x, y))))),
    // Adding zero turns -0.0 into 0.0, as Spark does.
    of_two("atan2", |call| total(call, "ATAN2", "spark_atan2", |a| zip(a, |x, y| Some(libm::atan2(x + 0.0, y + 0.0))))),
    of_two("hypot", |call| total(call, "HYPOT", "spark_hypot", |a| zip(a, |x, y| Some(libm::hypot(x, y))))),
    Function::scalar("pi", Arity::Exactly(0), &[], |_| Ok(constant("PI()", std::f64::consts::PI))),
    Function::scalar("e", Arity::Exactly(0), &[], |_| Ok(constant("E()", std::f64::consts::E))),
];

fn constant(name: &str, value: f64) -> Typed {
    Typed::new(lit(value), SparkType::Double, false, name)
}

fn total(call: Call<'_>, shown: &str, kernel: &'static str, run: Run) -> Result<Typed> {
    scalar::lower(call, shown, kernel, SparkType::Double, run)
}

fn partial(call: Call<'_>, shown: &str, kernel: &'static str, run: Run) -> Result<Typed> {
    scalar::lower_nullable(call, shown, kernel, SparkType::Double, run)
}

/// `log(x)` is shown with its base; `log(base, x)` is NULL unless both are positive.
fn logarithm(call: Call<'_>) -> Result<Typed> {
    if let [value] = &call.args[..] {
        let name = call_name("LOG", &[constant("E()", 0.0), value.clone()]);
        return Ok(partial(call, "LOG", "spark_ln", |a| log(a, 0.0, libm::log))?.named(name));
    }
    partial(call, "LOG", "spark_log", |arrays| {
        zip(arrays, |base, x| (!(base <= 0.0 || x <= 0.0)).then(|| libm::log(x) / libm::log(base)))
    })
}

fn map(arrays: &[ArrayRef], f: impl Fn(f64) -> f64) -> DataFusionResult<ArrayRef> {
    let [a] = arguments(arrays)?;
    kernel::shared(a.as_primitive::<Float64Type>().unary::<_, Float64Type>(f))
}

/// NULL for values at or below `asymptote`.
fn log(arrays: &[ArrayRef], asymptote: f64, f: impl Fn(f64) -> f64) -> DataFusionResult<ArrayRef> {
    let [a] = arguments(arrays)?;
    let logs: Float64Array =
        kernel::unary(a.as_primitive::<Float64Type>(), |x| (x.is_nan() || x > asymptote).then(|| f(x)));
    kernel::shared(logs)
}

fn zip(arrays: &[ArrayRef], f: impl Fn(f64, f64) -> Option<f64>) -> DataFusionResult<ArrayRef> {
    let [a, b] = arguments(arrays)?;
    let (a, b) = (a.as_primitive::<Float64Type>(), b.as_primitive::<Float64Type>());
    let result: Float64Array = kernel::binary(a, b, f);
    kernel::shared(result)
}

fn asinh(x: f64) -> f64 {
    if x == f64::NEG_INFINITY { x } else { libm::log(x + (x * x + 1.0).sqrt()) }
}

/// `Math.signum`: zeros and NaN are themselves.
fn signum(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() { x } else { x.signum() }
}
