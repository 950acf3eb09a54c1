//! The decimal digits of numbers as Java writes them, and their rounding.

use crate::cast::double_to_string;

/// A number of no sign: the digits after a point, times ten to the power of `point`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Digits {
    /// Digits from 0 to 9, the first of which is not 0; none for zero.
    pub digits: Vec<u8>,
    /// How many of them stand before the decimal point; negative for zeros behind it.
    pub point: i64,
}

impl Digits {
    /// The digits of `Double.toString`, without the sign. The value is finite.
    pub fn of_double(value: f64) -> Self {
        let text = double_to_string(value.abs());
        let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = whole.bytes().chain(fraction.bytes()).map(|byte| byte.wrapping_sub(b'0')).collect();
        let point = whole.len() as i64 + exponent.parse::<i64>().unwrap_or(0);
        Self { digits, point }.normal()
    }

    /// The digits of an unscaled value.
    pub fn of_decimal(unscaled: u128, scale: i64) -> Self {
        let digits: Vec<u8> = unscaled.to_string().bytes().map(|byte| byte - b'0').collect();
        let point = digits.len() as i64 - scale;
        Self { digits, point }.normal()
    }

    /// Without zeros at the start and the end.
    fn normal(mut self) -> Self {
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..zeros);
        self.point -= zeros as i64;
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.point = 0;
        }
        self
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The number with `keep` digits at most, rounded by the first that goes: up from 5 on. No digits to keep, or less, are
    /// zero unless the first digit itself rounds up.
    pub fn half_up(self, keep: i64) -> Self {
        self.rounded(keep, |rest| rest.first().is_some_and(|first| *first >= 5))
    }

    /// The number with `keep` digits at most, rounded half even. `below` says of a tie whether the number is less than its
    /// digits say (`Less`), or more.
    pub fn half_even(self, keep: i64, tie: std::cmp::Ordering) -> Self {
        let odd = usize::try_from(keep - 1).ok().and_then(|at| self.digits.get(at)).is_some_and(|digit| digit % 2 == 1);
        self.rounded(keep, |rest| match rest {
            [5] => tie.is_gt() || tie.is_eq() && odd,
            [first, ..] => *first >= 5,
            [] => false,
        })
    }

    fn rounded(mut self, keep: i64, up: impl Fn(&[u8]) -> bool) -> Self {
        let Ok(keep) = usize::try_from(keep) else { return Self::default() };
        if keep >= self.digits.len() {
            return self;
        }
        let carry = up(self.digits.get(keep..).unwrap_or_default());
        self.digits.truncate(keep);
        if carry {
            while self.digits.last() == Some(&9) {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    self.digits.push(1);
                    self.point += 1;
                }
            }
        }
        self.normal()
    }

    /// The digit at a place counted from the decimal point: 0 is the first before it, -1 the first behind it.
    pub fn at(&self, place: i64) -> u8 {
        let index = self.point - 1 - place;
        usize::try_from(index).ok().and_then(|index| self.digits.get(index)).copied().unwrap_or(0)
    }

    /// Appends the digits before the decimal point, at least `least` of them, in groups of `group` (0 for none).
    pub fn write_whole(&self, out: &mut String, least: i64, group: i64) {
        let count = self.point.max(least);
        for place in (0..count).rev() {
            out.push(char::from(b'0' + self.at(place)));
            if group > 0 && place > 0 && place % group == 0 {
                out.push(',');
            }
        }
    }

    /// Appends so many digits behind the decimal point.
    pub fn write_fraction(&self, out: &mut String, count: i64) {
        out.extend((1..=count).map(|place| char::from(b'0' + self.at(-place))));
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::*;

    fn text(digits: &Digits, fraction: i64) -> String {
        let mut out = String::new();
        digits.write_whole(&mut out, 1, 3);
        out.push('.');
        digits.write_fraction(&mut out, fraction);
        out
    }

    #[test]
    fn digits_are_javas() {
        assert_eq!(text(&Digits::of_double(1234567.5), 2), "1,234,567.50");
        assert_eq!(text(&Digits::of_double(1e-5), 6), "0.000010");
        assert_eq!(text(&Digits::of_decimal(1005, 3), 3), "1.005");
        assert!(Digits::of_double(-0.0).is_zero());
    }

    #[test]
    fn rounding_carries() {
        assert_eq!(text(&Digits::of_double(999.995).half_up(5), 2), "1,000.00");
        assert_eq!(text(&Digits::of_double(0.05).half_up(0), 1), "0.1");
        assert_eq!(text(&Digits::of_double(0.25).half_even(1, Ordering::Equal), 1), "0.2");
        assert_eq!(text(&Digits::of_double(0.35).half_even(1, Ordering::Equal), 1), "0.4");
        assert_eq!(text(&Digits::of_double(1.005).half_even(3, Ordering::Less), 2), "1.00");
        assert!(Digits::of_double(0.001).half_up(-1).is_zero());
    }
}
