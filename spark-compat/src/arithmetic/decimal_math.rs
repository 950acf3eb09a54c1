//! Exact decimal arithmetic on unscaled values: 128 bits where they suffice, 256 bits where not.

use arrow::datatypes::i256;

/// Powers of ten that fit 128 bits: `POWERS[n]` is 10^n.
pub(crate) const POWERS: [i128; 39] = {
    let mut powers = [1i128; 39];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};

/// 10^exponent, `None` beyond 10^76, the largest of 256 bits.
pub(crate) fn power(exponent: u32) -> Option<i256> {
    match POWERS.get(exponent as usize) {
        Some(power) => Some(i256::from_i128(*power)),
        None => {
            let rest = POWERS.get(exponent as usize - 38)?;
            i256::from_i128(POWERS[38]).checked_mul(i256::from_i128(*rest))
        }
    }
}

/// Whether the unscaled value has at most `precision` digits.
pub(crate) fn fits(value: i128, precision: u8) -> bool {
    POWERS.get(usize::from(precision)).is_some_and(|limit| value < *limit && value > -*limit)
}

/// The value as 128 bits if it has at most `precision` digits.
pub(crate) fn narrow(value: i256, precision: u8) -> Option<i128> {
    value.to_i128().filter(|v| fits(*v, precision))
}

/// Divides and rounds half away from zero (HALF_UP); the divisor must not be zero.
pub(crate) fn divide_half_up(value: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (value / divisor, value % divisor);
    // |rest| >= |divisor| - |rest| is 2 * |rest| >= |divisor| without overflow.
    if rest.unsigned_abs() >= divisor.unsigned_abs() - rest.unsigned_abs() {
        quotient + if (value < 0) == (divisor < 0) { 1 } else { -1 }
    } else {
        quotient
    }
}

/// As [`divide_half_up`] with 256 bits.
pub(crate) fn divide_half_up_256(value: i256, divisor: i256) -> Option<i256> {
    let quotient = value.checked_div(divisor)?;
    let rest = value.checked_rem(divisor)?;
    let (rest, size) = (rest.checked_abs()?, divisor.checked_abs()?);
    if rest < size.checked_sub(rest)? {
        return Some(quotient);
    }
    let same_sign = value.is_negative() == divisor.is_negative();
    quotient.checked_add(if same_sign { i256::ONE } else { i256::MINUS_ONE })
}

/// Moves an unscaled value from one scale to another, rounding half up; `None` if it then has more than `precision` digits.
pub(crate) fn rescale(value: i128, from: u8, to: u8, precision: u8) -> Option<i128> {
    let moved = match to.checked_sub(from) {
        Some(up) => value.checked_mul(*POWERS.get(usize::from(up))?)?,
        None => divide_half_up(value, *POWERS.get(usize::from(from - to))?),
    };
    fits(moved, precision).then_some(moved)
}

/// As [`rescale`] from 256 bits and any scale up to 76.
pub(crate) fn rescale_256(value: i256, from: u32, to: u32, precision: u8) -> Option<i128> {
    let moved =
        if to >= from { value.checked_mul(power(to - from)?)? } else { divide_half_up_256(value, power(from - to)?)? };
    narrow(moved, precision)
}

/// `a / b * 10^shift`, rounded half up, if it has at most `precision` digits; `None` for a zero divisor.
pub(crate) fn quotient(a: i128, b: i128, shift: i32, precision: u8) -> Option<i128> {
    if b == 0 {
        return None;
    }
    let up = usize::try_from(shift).ok();
    let fast = match up {
        Some(up) => POWERS.get(up).and_then(|p| a.checked_mul(*p)).map(|a| divide_half_up(a, b)),
        None => POWERS.get(shift.unsigned_abs() as usize).and_then(|p| b.checked_mul(*p)).map(|b| divide_half_up(a, b)),
    };
    match (fast, up) {
        (Some(quotient), _) => fits(quotient, precision).then_some(quotient),
        (None, Some(up)) => long_quotient(a, b, up, precision),
        (None, None) => {
            let divisor = i256::from_i128(b).checked_mul(power(shift.unsigned_abs())?)?;
            narrow(divide_half_up_256(i256::from_i128(a), divisor)?, precision)
        }
    }
}

/// Long division: brings down up to 38 zeros at a time, so that no step leaves 256 bits.
fn long_quotient(a: i128, b: i128, shift: usize, precision: u8) -> Option<i128> {
    let negative = (a < 0) != (b < 0);
    let divisor = i256::from_parts(b.unsigned_abs(), 0);
    let a = i256::from_parts(a.unsigned_abs(), 0);
    let mut quotient = a.checked_div(divisor)?;
    let mut rest = a.checked_rem(divisor)?;
    let mut left = shift;
    while left > 0 {
        let step = left.min(38);
        let power = power(step as u32)?;
        rest = rest.checked_mul(power)?;
        quotient = quotient.checked_mul(power)?.checked_add(rest.checked_div(divisor)?)?;
        rest = rest.checked_rem(divisor)?;
        narrow(quotient, 38)?;
        left -= step;
    }
    if rest >= divisor.checked_sub(rest)? {
        quotient = quotient.checked_add(i256::ONE)?;
    }
    let quotient = narrow(quotient, precision)?;
    Some(if negative { -quotient } else { quotient })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_half_away_from_zero() {
        assert_eq!(rescale(15, 1, 0, 38), Some(2));
        assert_eq!(rescale(-15, 1, 0, 38), Some(-2));
        assert_eq!(rescale(14, 1, 0, 38), Some(1));
        assert_eq!(rescale(995, 1, 0, 2), None);
        assert_eq!(rescale(9, 0, 2, 3), Some(900));
        assert_eq!(rescale(i128::MAX, 38, 0, 38), Some(2));
    }

    #[test]
    fn wide_values_are_divided_exactly() {
        let ten_60 = power(60).unwrap();
        assert_eq!(rescale_256(ten_60, 60, 2, 38), Some(100));
        assert_eq!(rescale_256(ten_60, 20, 0, 38), None);
        assert_eq!(power(77), None);
    }

    #[test]
    fn quotients_need_no_room_for_their_numerator() {
        assert_eq!(quotient(1, 3, 6, 38), Some(333_333));
        assert_eq!(quotient(2, 3, 6, 38), Some(666_667));
        assert_eq!(quotient(-2, 3, 6, 38), Some(-666_667));
        assert_eq!(quotient(1, 0, 6, 38), None);
        assert_eq!(quotient(1, POWERS[38] - 1, 76, 38), None);
        assert_eq!(quotient(1, POWERS[37], 74, 38), Some(POWERS[37]));
        assert_eq!(quotient(2, 3, 37, 38), Some(6_666_666_666_666_666_666_666_666_666_666_666_667));
        assert_eq!(quotient(55, 1, -1, 38), Some(6));
        assert_eq!(quotient(POWERS[37], POWERS[37], 0, 38), Some(1));
    }
}
