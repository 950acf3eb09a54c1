use super::*;

fn read(text: &str, pattern: &str) -> Option<i64> {
    Reader::new(pattern).unwrap().read(text, Zone::UTC, &mut Vec::new()).unwrap()
}

#[test]
fn numbers_without_a_gap_share_their_digits_from_the_back() {
    assert_eq!(read("20200102", "yyyyMMdd"), read("2020-01-02", "yyyy-MM-dd"));
    assert_eq!(read("2020010203", "yyyyMMddHH"), read("2020-01-02 03", "yyyy-MM-dd HH"));
}

#[test]
fn hostile_texts_and_patterns_are_refused_and_do_no_harm() {
    let digits = "9".repeat(10_000);
    assert!(Reader::new("y").unwrap().read(&digits, Zone::UTC, &mut Vec::new()).unwrap().is_none());
    assert!(Writer::new(&"[".repeat(1_000)).is_ok());
    for text in ["", "-", "+", "é", "𝟙", "GMT+", "+0", "Z"] {
        for pattern in ["y", "X", "O", "OOOO", "VV", "z", "S", "G", "a", "MMM", "'x'"] {
            let _ = Reader::new(pattern).unwrap().read(text, Zone::UTC, &mut Vec::new());
        }
    }
}

#[test]
fn names_of_zones_follow_the_season() {
    let zone = Zone::parse("Europe/Dublin").unwrap();
    let mut out = String::new();
    Writer::new("z").unwrap().write(&mut out, 1_593_561_600_000_000, zone).unwrap();
    assert_eq!(out, "IST");
}
