//! Conversion between days and year, month, day in the proleptic Gregorian calendar, for all of Spark's range.

/// Days since 1970-01-01 of a date, `None` if there is no such date. The year may be zero or negative, as in `java.time.LocalDate`.
pub fn days_from_date(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    i32::try_from(days_from_civil(year.into(), month, day)).ok()
}

/// Year, month and day of a number of days since 1970-01-01.
pub fn date_from_days(days: i32) -> (i32, u32, u32) {
    // Counts from 0000-03-01, so that the leap day is the last of its year: one era has 400 years.
    let shifted = i64::from(days) + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month as u32, day as u32)
}

/// Days in a month of a year.
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether the year has a 29th of February.
pub fn is_leap_year(year: i32) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// The date some months later, its day cut to the month's length (`LocalDate.plusMonths`); `None` beyond the range of dates.
pub fn add_months(days: i32, months: i32) -> Option<i32> {
    let (year, month, day) = date_from_days(days);
    let total = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
    let year = i32::try_from(total.div_euclid(12)).ok()?;
    let month = total.rem_euclid(12) as u32 + 1;
    i32::try_from(days_from_civil(year.into(), month, day.min(days_in_month(year, month)))).ok()
}

/// The weekday, Monday = 0.
pub fn weekday(days: i32) -> u32 {
    (i64::from(days) + 3).rem_euclid(7) as u32
}

/// The ISO year and week that a day belongs to: weeks begin on Monday, and the first has the year's first Thursday.
pub fn iso_week(days: i32) -> (i32, i32) {
    let thursday = i64::from(days) + 3 - i64::from(weekday(days));
    let (year, ..) = date_from_days(thursday.clamp(i32::MIN.into(), i32::MAX.into()) as i32);
    let first = days_from_civil(year.into(), 1, 1);
    (year, ((thursday - first) / 7 + 1) as i32)
}

fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse_over_the_whole_range() {
        for days in (i32::MIN..i32::MAX).step_by(9_999_991) {
            let (year, month, day) = date_from_days(days);
            assert_eq!(days_from_date(year, month, day), Some(days));
        }
        assert_eq!(date_from_days(0), (1970, 1, 1));
        assert_eq!(date_from_days(-719_528), (0, 1, 1));
        assert_eq!(days_from_date(2020, 2, 29), Some(18_321));
        assert_eq!(days_from_date(2021, 2, 29), None);
        assert_eq!(days_from_date(2021, 13, 1), None);
    }

    #[test]
    fn months_are_added_with_the_day_cut_to_the_month() {
        let day = |y, m, d| days_from_date(y, m, d).unwrap();
        assert_eq!(add_months(day(2020, 1, 31), 1), Some(day(2020, 2, 29)));
        assert_eq!(add_months(day(2020, 2, 29), -12), Some(day(2019, 2, 28)));
        assert_eq!(add_months(i32::MAX, 1), None);
    }

    #[test]
    fn the_epoch_is_a_thursday() {
        assert_eq!(weekday(0), 3);
    }
}
