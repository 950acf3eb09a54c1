//! Elementary functions to the last bit as the JVM's `StrictMath` computes them.
//!
//! The JVM's are Sun's fdlibm; the crate `libm` descends from it and differs in the few functions that stand here, of which later
//! versions took other algorithms.

#![allow(clippy::excessive_precision, clippy::approx_constant, reason = "the digits stand as in fdlibm")]

/// 2^54, which makes subnormal numbers normal.
const TWO_54: f64 = 18_014_398_509_481_984.0;

fn high(value: f64) -> u32 {
    (value.to_bits() >> 32) as u32
}

fn with_high(value: f64, high: u32) -> f64 {
    f64::from_bits(value.to_bits() & 0xffff_ffff | u64::from(high) << 32)
}

/// The decimal logarithm (`e_log10.c`).
pub(super) fn log10(value: f64) -> f64 {
    const LOG10_2_HI: f64 = 3.010_299_956_636_117_7e-1;
    const LOG10_2_LO: f64 = 3.694_239_077_158_931e-13;
    if value.is_nan() || value < 0.0 {
        return f64::NAN;
    }
    if value == 0.0 {
        return f64::NEG_INFINITY;
    }
    if value == f64::INFINITY {
        return value;
    }
    let (value, shift) = if value < f64::MIN_POSITIVE { (value * TWO_54, -54) } else { (value, 0) };
    let top = high(value);
    let exponent = shift + (top >> 20) as i32 - 1023;
    let negative = i32::from(exponent < 0);
    let mantissa = with_high(value, top & 0x000f_ffff | ((0x3ff - negative) as u32) << 20);
    let exponent = f64::from(exponent + negative);
    let low = exponent * LOG10_2_LO + std::f64::consts::LOG10_E * libm::log(mantissa);
    low + exponent * LOG10_2_HI
}

/// The cube root (`s_cbrt.c`).
pub(super) fn cbrt(value: f64) -> f64 {
    const C: f64 = 5.428_571_428_571_428e-1;
    const D: f64 = -7.053_061_224_489_796e-1;
    const E: f64 = 1.414_285_714_285_714_4;
    const F: f64 = 1.607_142_857_142_857_2;
    const G: f64 = 3.571_428_571_428_571_5e-1;
    if !value.is_finite() || value == 0.0 {
        return value;
    }
    let x = value.abs();
    let mut t = if x < f64::MIN_POSITIVE {
        with_high(0.0, high(TWO_54 * x) / 3 + 696_219_795)
    } else {
        with_high(0.0, high(x) / 3 + 715_094_163)
    };
    let r = t * t / x;
    let s = C + r * t;
    t *= G + F / (s + E + D / s);
    // Cut to 20 bits, rounded away from zero, so that t * t below is exact.
    t = with_high(0.0, high(t) + 1);
    let r = x / (t * t);
    let r = (r - t) / (t + t + r);
    (t + t * r).copysign(value)
}

/// The hyperbolic tangent (`s_tanh.c`).
pub(super) fn tanh(value: f64) -> f64 {
    let x = value.abs();
    let result = if value.is_nan() {
        return value;
    } else if x >= 22.0 {
        1.0
    } else if x < 2f64.powi(-55) {
        return value * (1.0 + value);
    } else if x >= 1.0 {
        1.0 - 2.0 / (libm::expm1(2.0 * x) + 2.0)
    } else {
        let t = libm::expm1(-2.0 * x);
        -t / (t + 2.0)
    };
    result.copysign(value)
}

/// `Math.pow`: C's, but NaN where the exponent is NaN or where 1 is raised to infinity.
pub(super) fn pow(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || exponent.is_infinite() && base.abs() == 1.0 {
        return f64::NAN;
    }
    libm::pow(base, exponent)
}
