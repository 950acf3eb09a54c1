use super::*;

fn found(pattern: &str, text: &str) -> Vec<String> {
    let regex = JavaRegex::new(pattern).unwrap();
    let mut matches = regex.searches(text);
    let mut all = Vec::new();
    while let Some(groups) = matches.next().unwrap() {
        all.push(groups.get(text, 0).unwrap().to_string());
    }
    all
}

/// The groups of the first match by both matchers, which must agree.
fn groups(pattern: &str, text: &str) -> Option<Vec<Option<String>>> {
    let regex = JavaRegex::new(pattern).unwrap();
    let slow = JavaRegex { linear: None, ..JavaRegex::new(pattern).unwrap() };
    let [fast, slow] = [&regex, &slow].map(|regex| {
        let mut matches = regex.searches(text);
        let groups = matches.next().unwrap()?;
        Some((0..=regex.groups()).map(|group| groups.get(text, group).map(String::from)).collect::<Vec<_>>())
    });
    assert_eq!(fast, slow, "{pattern} in {text}");
    fast
}

#[test]
fn empty_matches_part_a_character_that_is_two_in_java() {
    let places = |pattern: &str, text: &str| {
        let regex = JavaRegex::new(pattern).unwrap();
        let (mut matches, mut places) = (regex.searches(text), Vec::new());
        while let Some(groups) = matches.next().unwrap() {
            places.push((groups.start(), groups.end()));
        }
        places
    };
    for pattern in ["", "x*", "(?=b)|", "()"] {
        assert_eq!(places(pattern, "a😀"), [(0, 0), (1, 1), (2, 2), (5, 5)], "{pattern}");
    }
    assert_eq!(places("\\b", "a😀"), [(0, 0), (1, 1)]);
    assert_eq!(places(".", "😀"), [(0, 4)]);
    assert_eq!(
        (between("a😀b", 1, 2), between("a😀b", 2, 6), between("a😀b", 2, 2)),
        ("?".into(), "?b".into(), "".into())
    );
}

#[test]
fn both_matchers_find_the_same() {
    let patterns = [
        "a|ab|abc",
        "(a+)(a*)",
        "(a+?)(a*)",
        "(?:(a)|b)+",
        "(a|b)*?c",
        "x{2,3}(x*)",
        "[^a-c]+",
        "(\\d+)-(\\d+)",
        "^a.*c$",
        "\\bb",
        "(?i)B(c)",
        "((a)|(b))*c",
        "(a?b)+",
        "[[a-c]&&[^b]]",
        "é+",
        ".",
        "(ab){2}",
        "(ab){1,2}?",
        "\\w+$",
    ];
    let texts = ["", "a", "abc", "aaa", "abab", "xxxxx", "12-345", "aabbc", "b c", "éé", "a\nb", "ababab", "cab"];
    for pattern in patterns {
        assert!(JavaRegex::new(pattern).unwrap().linear.is_some(), "{pattern}");
        for text in texts {
            groups(pattern, text);
        }
    }
}

#[test]
fn what_backtracks_backtracks() {
    assert_eq!(found("(a)\\1b", "aab"), ["aab"]);
    assert_eq!(found("(?:\\2){2,3}(a)|b", "aab"), ["b"]);
    assert_eq!(found("foo(?=bar)", "foobar"), ["foo"]);
    assert_eq!(found("(?<=foo|xx)b", "foob xxb xb"), ["b", "b"]);
    assert_eq!(found("(?<!foo)bar", "foobar xbar"), ["bar"]);
    assert_eq!(found("(?>a+)ab|x", "aaabx"), ["x"]);
    assert_eq!(found("a*+a|b", "aab"), ["b"]);
    assert_eq!(found("(a|b)*+c", "abc"), ["abc"]);
    assert_eq!(found("(?:a?)*b", "aab"), ["aab"]);
    assert_eq!(found("(?:|a)*", "aa"), ["", "", ""]);
    assert_eq!(found("\\Ga", "aaba"), ["a", "a"]);
    assert_eq!(found("(?m)^\\w$", "a\r\nb\nc"), ["a", "b", "c"]);
    assert_eq!(found("c$", "abc\n"), ["c"]);
    assert_eq!(found("(?!a)\\w", "ab"), ["b"]);
    assert_eq!(found("a??b", "aab"), ["ab"]);
    assert_eq!(found("(?:ab??)+?c", "aababc"), ["aababc"]);
}

#[test]
fn a_search_that_explodes_is_given_up() {
    let regex = JavaRegex::new("(?:(a*)*)*\\1c").unwrap();
    let error = regex.is_match(&"a".repeat(40)).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Resources);
}

#[test]
fn groups_in_groups_are_bounded() {
    let deep = format!("{}a{}", "(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(JavaRegex::new(&deep).unwrap_err().kind, ErrorKind::Unsupported);
    let deep = format!("{}a{}", "[".repeat(1_000), "]".repeat(1_000));
    assert_eq!(JavaRegex::new(&deep).unwrap_err().kind, ErrorKind::Unsupported);
}

#[test]
fn replacements_name_groups() {
    let regex = JavaRegex::new("(?<n>b)(c)?").unwrap();
    let text = "abd";
    let mut matches = regex.searches(text);
    let groups = matches.next().unwrap().unwrap();
    let mut out = String::new();
    Replacement::new("<$1|${n}|$2|$10|\\$>", &regex).unwrap().write(groups, text, &mut out);
    assert_eq!(out, "<b|b||b0|$>");
    assert!(Replacement::new("$3", &regex).is_err());
    assert!(Replacement::new("$", &regex).is_err());
}
