//! Floats as Java 11 writes them: `Double.toString` and `Float.toString`, which are not always the shortest text.

use std::cmp::Ordering;

/// A double as `Double.toString` of Java 11 writes it: `1.0`, `1.0E7`, `1.0E-4`, `NaN`, `Infinity`.
pub fn double_to_string(value: f64) -> String {
    let mut out = String::new();
    write_double(&mut out, value);
    out
}

/// A float as `Float.toString` of Java 11 writes it.
pub fn float_to_string(value: f32) -> String {
    let mut out = String::new();
    write_float(&mut out, value);
    out
}

/// Appends [`double_to_string`].
pub(crate) fn write_double(out: &mut String, value: f64) {
    match special(value) {
        Some(text) => out.push_str(text),
        None => layout(out, value.is_sign_negative(), &java_double_digits(value.abs())),
    }
}

/// Appends [`float_to_string`].
pub(crate) fn write_float(out: &mut String, value: f32) {
    match special(value.into()) {
        Some(text) => out.push_str(text),
        None => layout(out, value.is_sign_negative(), &java_float_digits(value.abs())),
    }
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value.is_infinite() {
        Some(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else if value == 0.0 {
        Some(if value.is_sign_negative() { "-0.0" } else { "0.0" })
    } else {
        None
    }
}

/// Decimal digits and the exponent of the first: the value is `0.d1d2.. * 10^exponent`.
struct Digits {
    digits: DigitList,
    exponent: i32,
}

/// Decimal digits, 0 to 9: no double has more than Java has room for, which is 20.
#[derive(Default)]
struct DigitList {
    digits: [u8; 24],
    len: usize,
}

impl DigitList {
    fn push(&mut self, digit: u8) {
        if let Some(place) = self.digits.get_mut(self.len) {
            *place = digit;
            self.len += 1;
        }
    }

    fn as_mut(&mut self) -> &mut [u8] {
        self.digits.get_mut(..self.len).unwrap_or_default()
    }
}

impl std::ops::Deref for DigitList {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }
}

/// Java's layout: plain between 10^-3 and 10^7, otherwise scientific with one digit before the point.
fn layout(out: &mut String, negative: bool, number: &Digits) {
    if negative {
        out.push('-');
    }
    let Digits { digits, exponent } = number;
    let push = |out: &mut String, part: &[u8]| {
        let mut text = [0u8; 24];
        text.iter_mut().zip(part).for_each(|(place, digit)| *place = b'0' + digit);
        out.push_str(text.get(..part.len()).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default());
    };
    let split = usize::try_from(*exponent).unwrap_or(0).min(digits.len());
    let (whole, fraction) = digits.split_at(split);
    match exponent {
        1..=7 => {
            push(out, whole);
            out.extend(std::iter::repeat_n('0', *exponent as usize - whole.len()));
            out.push('.');
            if fraction.is_empty() {
                out.push('0');
            } else {
                push(out, fraction);
            }
        }
        -2..=0 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n('0', exponent.unsigned_abs() as usize));
            push(out, digits);
        }
        _ => {
            let (first, rest) = digits.split_at(1.min(digits.len()));
            push(out, first);
            out.push('.');
            if rest.is_empty() {
                out.push('0');
            } else {
                push(out, rest);
            }
            out.push('E');
            out.push_str(&(exponent - 1).to_string());
        }
    }
}

fn java_double_digits(value: f64) -> Digits {
    java_digits(value.to_bits(), 52, 1023)
}

fn java_float_digits(value: f32) -> Digits {
    java_digits(value.to_bits().into(), 23, 127)
}

/// A binary float as `FloatingDecimal` unpacks it: `fraction` has its highest bit at 52, the value is `fraction * 2^(exponent - 52)`.
struct Binary {
    fraction: u64,
    exponent: i32,
    significant_bits: i32,
}

fn unpack(bits: u64, fraction_bits: u32, bias: i32) -> Binary {
    let align = 52 - fraction_bits;
    let biased = (bits >> fraction_bits) as i32;
    let fraction = bits & ((1 << fraction_bits) - 1);
    if biased == 0 {
        // Subnormal: move the first bit to the place of the hidden one.
        let shift = fraction.leading_zeros() as i32 - (63 - fraction_bits as i32);
        let significant_bits = 64 - fraction.leading_zeros() as i32;
        return Binary { fraction: fraction << shift << align, exponent: 1 - shift - bias, significant_bits };
    }
    let fraction = fraction | 1 << fraction_bits;
    Binary { fraction: fraction << align, exponent: biased - bias, significant_bits: fraction_bits as i32 + 1 }
}

/// The digits that Java 11's `FloatingDecimal.BinaryToASCIIBuffer.dtoa` chooses for a positive finite value.
///
/// It is not the shortest text in all cases: the digit loop stops at a symmetric half unit, exact powers of two are treated
/// specially, and whole numbers drop only digits that are certainly insignificant.
fn java_digits(bits: u64, fraction_bits: u32, bias: i32) -> Digits {
    let Binary { fraction, exponent, significant_bits } = unpack(bits, fraction_bits, bias);
    let tail_zeros = fraction.trailing_zeros() as i32;
    let length = 53 - tail_zeros;
    // Significant bits right of the point.
    let tiny_bits = (length - exponent - 1).max(0);
    if tiny_bits == 0 && (-21..=62).contains(&exponent) {
        return whole_number(fraction, exponent, significant_bits);
    }
    let scales = Scales::new(fraction, exponent, significant_bits, tiny_bits);
    scales.digits(fraction >> tail_zeros)
}

/// A value without a fraction below 2^63.
fn whole_number(fraction: u64, exponent: i32, significant_bits: i32) -> Digits {
    let mut value = if exponent >= 52 { fraction << (exponent - 52) } else { fraction >> (52 - exponent) };
    let mut dropped = 0;
    if exponent > significant_bits {
        // Decimal digits that carry no information: floor(log10(2^n)) for the n bits below the last significant one.
        let power = exponent - significant_bits - 1;
        dropped = if power > 1 { (f64::from(power) * std::f64::consts::LOG10_2) as u32 } else { 0 };
    }
    if dropped > 0 {
        let power = 10u64.pow(dropped);
        let rest = value % power;
        value /= power;
        if rest >= power / 2 {
            value += 1;
        }
    }
    let text = value.to_string();
    let mut digits = DigitList::default();
    text.trim_end_matches('0').bytes().for_each(|b| digits.push(b - b'0'));
    Digits { digits, exponent: text.len() as i32 + dropped as i32 }
}

/// The powers of two and five in `value = B / S * 10^decimal_exponent` and in the half unit `M`, all scaled alike.
struct Scales {
    decimal_exponent: i32,
    length: i32,
    b: (i32, i32),
    s: (i32, i32),
    m: (i32, i32),
}

impl Scales {
    fn new(fraction: u64, exponent: i32, significant_bits: i32, tiny_bits: i32) -> Self {
        let length = 53 - fraction.trailing_zeros() as i32;
        let decimal_exponent = estimate_decimal_exponent(fraction, exponent);
        let b5 = (-decimal_exponent).max(0);
        let s5 = decimal_exponent.max(0);
        let mut b2 = b5 + tiny_bits + exponent;
        let mut s2 = s5 + tiny_bits;
        let mut m2 = b2 - significant_bits;
        b2 -= length - 1;
        let common = b2.min(s2);
        b2 -= common;
        s2 -= common;
        m2 -= common;
        if length == 1 {
            // The next smaller value of a power of two is only half as far away.
            m2 -= 1;
        }
        if m2 < 0 {
            b2 -= m2;
            s2 -= m2;
            m2 = 0;
        }
        Self { decimal_exponent, length, b: (b2, b5), s: (s2, s5), m: (m2, b5) }
    }

    /// The first digits of `B / S` up to the first that tells the value from its neighbours.
    fn digits(self, fraction: u64) -> Digits {
        let b_bits = self.length + self.b.0 + bits_of_power_of_5(self.b.1);
        let ten_s_bits = self.s.0 + 1 + bits_of_power_of_5(self.s.1 + 1);
        if b_bits < 64 && ten_s_bits < 64 {
            return self.small_digits(fraction, b_bits < 32 && ten_s_bits < 32);
        }
        self.big_digits(fraction)
    }

    /// With 64-bit numbers, or 32-bit ones where Java takes those: their overflows decide some last digits.
    fn small_digits(self, fraction: u64, int: bool) -> Digits {
        let wrap = |v: i64| if int { i64::from(v as i32) } else { v };
        // What has no place in 64 bits, Java doesn't compute here: `digits` has seen to that. It wraps what follows.
        let power = |(two, five): (i32, i32)| 5i64.wrapping_pow(five as u32).wrapping_shl(two as u32);
        let (s, mut m) = (power(self.s), power(self.m));
        let mut b = (fraction as i64).wrapping_mul(power(self.b));
        let tens = s.wrapping_mul(10);
        let step = |b: &mut i64, m: &mut i64| {
            let digit = b.wrapping_div(s);
            *b = b.wrapping_sub(digit.wrapping_mul(s)).wrapping_mul(10);
            *m = wrap(m.wrapping_mul(10));
            (digit as u8, *b < *m, wrap(b.wrapping_add(*m)) > tens)
        };
        let first = step(&mut b, &mut m);
        let (mut found, mut state) = DigitLoop::start(self.decimal_exponent, first);
        while !state.0 && !state.1 {
            let (digit, low, high) = step(&mut b, &mut m);
            found.digits.push(digit);
            state = if m > 0 { (low, high) } else { (true, true) };
        }
        let difference = wrap(wrap(b.wrapping_mul(2)).wrapping_sub(tens));
        found.finish(state, difference.cmp(&0))
    }

    fn big_digits(self, fraction: u64) -> Digits {
        let s = Big::power(self.s.1, self.s.0);
        let tens = Big::power(self.s.1 + 1, self.s.0 + 1);
        let mut b = Big::power(self.b.1, self.b.0).times(fraction);
        let mut m = Big::power(self.m.1 + 1, self.m.0 + 1);
        let digit = b.divide_step(&s);
        let first = (digit, b < m, b.plus(&m) >= tens);
        let (mut found, mut state) = DigitLoop::start(self.decimal_exponent, first);
        while !state.0 && !state.1 {
            let digit = b.divide_step(&s);
            m = m.times(10);
            state = (b < m, b.plus(&m) >= tens);
            found.digits.push(digit);
        }
        found.finish(state, b.times(2).cmp(&tens))
    }
}

/// The digits so far.
struct DigitLoop {
    digits: DigitList,
    decimal_exponent: i32,
}

impl DigitLoop {
    /// Takes the first digit, which is dropped if the exponent was estimated one too high, and says whether to stop.
    fn start(decimal_exponent: i32, (digit, low, high): (u8, bool, bool)) -> (Self, (bool, bool)) {
        let mut start = Self { digits: DigitList::default(), decimal_exponent };
        if digit == 0 && !high {
            start.decimal_exponent -= 1;
        } else {
            start.digits.push(digit);
        }
        // Scientific notation shows a digit behind the point in any case.
        let plain = (-3..8).contains(&start.decimal_exponent);
        (start, if plain { (low, high) } else { (false, false) })
    }

    fn finish(mut self, (low, high): (bool, bool), rest: Ordering) -> Digits {
        let odd = self.digits.last().is_some_and(|d| d % 2 == 1);
        let round_up = high && (!low || rest.is_gt() || rest.is_eq() && odd);
        let mut exponent = self.decimal_exponent + 1;
        if round_up {
            let mut at = self.digits.len();
            loop {
                match at.checked_sub(1).and_then(|i| self.digits.as_mut().get_mut(i)) {
                    Some(digit) if *digit == 9 => {
                        *digit = 0;
                        at -= 1;
                    }
                    Some(digit) => {
                        *digit += 1;
                        break;
                    }
                    None => {
                        if let Some(first) = self.digits.as_mut().first_mut() {
                            *first = 1;
                        }
                        exponent += 1;
                        break;
                    }
                }
            }
        }
        Digits { digits: self.digits, exponent }
    }
}

/// Bits of 5^n, as far as Java tabulates them; an estimate beyond.
fn bits_of_power_of_5(n: i32) -> i32 {
    match u32::try_from(n) {
        Ok(0) => 0,
        Ok(n @ 1..=26) => (5u64.pow(n).ilog2() + 1) as i32,
        _ => n * 3,
    }
}

/// floor(log10(value)), at times one too high.
#[allow(clippy::approx_constant, reason = "Java's literal, one unit below the constant in its last place")]
fn estimate_decimal_exponent(fraction: u64, exponent: i32) -> i32 {
    let mantissa = f64::from_bits(1023 << 52 | (fraction & ((1 << 52) - 1)));
    let estimate = (mantissa - 1.5) * 0.289_529_654 + 0.176_091_259 + f64::from(exponent) * 0.301_029_995_663_981;
    estimate.floor() as i32
}

/// An unsigned number of any size: 32-bit limbs, lowest first, without zeros at the end.
#[derive(Clone, PartialEq, Eq)]
struct Big(Vec<u32>);

impl Big {
    /// 5^five * 2^two
    fn power(five: i32, two: i32) -> Self {
        let mut limbs = vec![0; two.max(0) as usize / 32];
        limbs.push(1 << (two.max(0) % 32));
        let mut power = Self(limbs);
        let mut left = five;
        while left > 0 {
            let step = left.min(13);
            power = power.times(5u64.pow(step as u32));
            left -= step;
        }
        power
    }

    fn times(&self, factor: u64) -> Self {
        let mut carry = 0u128;
        let mut limbs = Vec::with_capacity(self.0.len() + 3);
        for limb in &self.0 {
            carry += u128::from(*limb) * u128::from(factor);
            limbs.push(carry as u32);
            carry >>= 32;
        }
        while carry > 0 {
            limbs.push(carry as u32);
            carry >>= 32;
        }
        Self(limbs).trimmed()
    }

    fn plus(&self, other: &Self) -> Self {
        let mut carry = 0u64;
        let mut limbs = Vec::with_capacity(self.0.len().max(other.0.len()) + 1);
        for at in 0..self.0.len().max(other.0.len()) {
            let limb = |n: &Self| u64::from(n.0.get(at).copied().unwrap_or(0));
            carry += limb(self) + limb(other);
            limbs.push(carry as u32);
            carry >>= 32;
        }
        limbs.push(carry as u32);
        Self(limbs).trimmed()
    }

    fn minus(&mut self, other: &Self) {
        let mut borrow = 0i64;
        for (at, limb) in self.0.iter_mut().enumerate() {
            let difference = i64::from(*limb) - i64::from(other.0.get(at).copied().unwrap_or(0)) + borrow;
            *limb = difference as u32;
            borrow = difference >> 32;
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// The quotient by `s`, a digit, while the number becomes ten times the rest.
    fn divide_step(&mut self, s: &Self) -> u8 {
        let mut digit = 0;
        while *self >= *s {
            self.minus(s);
            digit += 1;
        }
        *self = self.times(10);
        digit
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }
}

impl Ord for Big {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Big {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_written_as_java_writes_them() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e7, "1.0E7"),
            (9_999_999.0, "9999999.0"),
            (1e-3, "0.001"),
            (1e-4, "1.0E-4"),
            (123.456, "123.456"),
            (4.611_686_018_427_388e18, "4.6116860184273879E18"),
            (0.10000000149011612, "0.10000000149011612"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (5e-324, "4.9E-324"),
            (1e23, "9.999999999999999E22"),
            (8.41e21, "8.409999999999999E21"),
            (9_007_199_254_740_993.0, "9.007199254740992E15"),
            (f64::NEG_INFINITY, "-Infinity"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(double_to_string(value), text);
        }
    }

    #[test]
    fn floats_are_written_as_java_writes_them() {
        for (value, text) in [
            (0.1f32, "0.1"),
            (16_777_216.0, "1.6777216E7"),
            (f32::MAX, "3.4028235E38"),
            (1e-45, "1.4E-45"),
            (1.5, "1.5"),
        ] {
            assert_eq!(float_to_string(value), text);
        }
    }

    #[test]
    fn every_text_reads_back_to_its_value() {
        let mut bits = 0x0123_4567_89ab_cdefu64;
        for _ in 0..20_000 {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = f64::from_bits(bits);
            if value.is_finite() {
                assert_eq!(double_to_string(value).parse::<f64>().unwrap().to_bits(), bits, "{value:e}");
            }
            let float = f32::from_bits((bits >> 32) as u32);
            if float.is_finite() {
                assert_eq!(float_to_string(float).parse::<f32>().unwrap().to_bits(), float.to_bits(), "{float:e}");
            }
        }
    }
}
