//! The named classes of Java's patterns: `\d`, `\p{Alpha}`, `\p{IsGreek}`, ..

use regex_syntax::hir::HirKind;

use super::node::{Set, negated, set};

/// Ends of lines other than the pair of `\r` and `\n`.
pub(super) const LINE_TERMINATORS: &[(char, char)] =
    &[('\n', '\n'), ('\r', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')];

/// The class of an escape such as `\d`; `unicode` for the flag `(?U)`. The upper case letter is the complement.
pub(super) fn escape(letter: char, unicode: bool) -> Option<Set> {
    let class = match letter.to_ascii_lowercase() {
        'd' if unicode => property("Nd")?,
        'w' if unicode => {
            let parts = ["Alphabetic", "M", "Nd", "Pc", "Join_Control"];
            parts.iter().try_fold(Set::empty(), |mut all, part| {
                all.union(&property(part)?);
                Some(all)
            })?
        }
        's' if unicode => property("White_Space")?,
        'd' => set(&[('0', '9')]),
        'w' => set(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        's' => set(&[('\t', '\r'), (' ', ' ')]),
        'h' => set(&[
            ('\t', '\t'),
            (' ', ' '),
            ('\u{a0}', '\u{a0}'),
            ('\u{1680}', '\u{1680}'),
            ('\u{180e}', '\u{180e}'),
            ('\u{2000}', '\u{200a}'),
            ('\u{202f}', '\u{202f}'),
            ('\u{205f}', '\u{205f}'),
            ('\u{3000}', '\u{3000}'),
        ]),
        'v' => set(&[('\n', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')]),
        _ => return None,
    };
    Some(if letter.is_ascii_uppercase() { negated(class) } else { class })
}

/// The class of `\p{name}`; `None` if Java does not know the name.
pub(super) fn named(name: &str, unicode: bool) -> Option<Set> {
    if let Some((key, value)) = name.split_once('=') {
        return match key.to_ascii_lowercase().as_str() {
            "sc" | "script" => property(&format!("sc={value}")),
            "gc" | "general_category" => general_category(value),
            _ => None,
        };
    }
    if let Some(rest) = name.strip_prefix("Is") {
        return unicode_property(rest).or_else(|| general_category(rest)).or_else(|| property(&format!("sc={rest}")));
    }
    if unicode && let Some(class) = posix_of_unicode(name) {
        return Some(class);
    }
    posix(name).or_else(|| java_method(name)).or_else(|| general_category(name))
}

/// The classes of POSIX, which are ASCII's.
fn posix(name: &str) -> Option<Set> {
    Some(match name {
        "Lower" => set(&[('a', 'z')]),
        "Upper" => set(&[('A', 'Z')]),
        "ASCII" => set(&[('\0', '\x7f')]),
        "Alpha" => set(&[('A', 'Z'), ('a', 'z')]),
        "Digit" => set(&[('0', '9')]),
        "Alnum" => set(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        "Punct" => set(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
        "Graph" => set(&[('!', '~')]),
        "Print" => set(&[(' ', '~')]),
        "Blank" => set(&[('\t', '\t'), (' ', ' ')]),
        "Cntrl" => set(&[('\0', '\x1f'), ('\x7f', '\x7f')]),
        "XDigit" => set(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
        "Space" => set(&[('\t', '\r'), (' ', ' ')]),
        _ => return None,
    })
}

/// The classes of POSIX under the flag `(?U)`, as far as one property of Unicode is them.
fn posix_of_unicode(name: &str) -> Option<Set> {
    match name {
        "Lower" => property("Lowercase"),
        "Upper" => property("Uppercase"),
        "Alpha" => property("Alphabetic"),
        "Digit" => property("Nd"),
        "Alnum" => {
            let mut class = property("Alphabetic")?;
            class.union(&property("Nd")?);
            Some(class)
        }
        "Punct" => property("P"),
        "Cntrl" => property("Cc"),
        "Space" => property("White_Space"),
        _ => None,
    }
}

/// `javaLowerCase` and its like: the methods of `Character`.
fn java_method(name: &str) -> Option<Set> {
    match name {
        "javaLowerCase" => property("Lowercase"),
        "javaUpperCase" => property("Uppercase"),
        "javaAlphabetic" => property("Alphabetic"),
        "javaIdeographic" => property("Ideographic"),
        "javaTitleCase" => property("Lt"),
        "javaDigit" => property("Nd"),
        "javaLetter" => property("L"),
        "javaLetterOrDigit" => {
            let mut class = property("L")?;
            class.union(&property("Nd")?);
            Some(class)
        }
        "javaSpaceChar" => property("Z"),
        "javaISOControl" => property("Cc"),
        "javaMirrored" => property("Bidi_Mirrored"),
        "javaWhitespace" => {
            let mut class = property("Z")?;
            class.difference(&set(&[('\u{a0}', '\u{a0}'), ('\u{2007}', '\u{2007}'), ('\u{202f}', '\u{202f}')]));
            class.union(&set(&[('\t', '\r'), ('\x1c', '\x1f')]));
            Some(class)
        }
        _ => None,
    }
}

/// Binary properties, by their names in any case.
fn unicode_property(name: &str) -> Option<Set> {
    match name.to_ascii_uppercase().as_str() {
        "ALPHABETIC" => property("Alphabetic"),
        "LETTER" => property("L"),
        "IDEOGRAPHIC" => property("Ideographic"),
        "LOWERCASE" => property("Lowercase"),
        "UPPERCASE" => property("Uppercase"),
        "TITLECASE" => property("Lt"),
        "WHITE_SPACE" | "WHITESPACE" => property("White_Space"),
        "CONTROL" => property("Cc"),
        "PUNCTUATION" => property("P"),
        "HEX_DIGIT" | "HEXDIGIT" => property("Hex_Digit"),
        "ASSIGNED" => property("Cn").map(negated),
        "NONCHARACTER_CODE_POINT" | "NONCHARACTERCODEPOINT" => property("Noncharacter_Code_Point"),
        "DIGIT" => property("Nd"),
        "JOIN_CONTROL" | "JOINCONTROL" => property("Join_Control"),
        _ => None,
    }
}

/// General categories by their short names, which Java wants in their own case.
fn general_category(name: &str) -> Option<Set> {
    const NAMES: &[&str] = &[
        "C", "Cc", "Cf", "Cn", "Co", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No",
        "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
    ];
    match name {
        // No text has lone surrogates.
        "Cs" => Some(Set::empty()),
        "LC" => property("LC"),
        "LD" => java_method("javaLetterOrDigit"),
        "L1" => Some(set(&[('\0', '\u{ff}')])),
        "all" => Some(set(&[('\0', char::MAX)])),
        name if NAMES.contains(&name) => property(name),
        _ => None,
    }
}

/// A property as the crate `regex-syntax` names it.
pub(super) fn property(name: &str) -> Option<Set> {
    // Names come from the pattern: nothing but a name may get into the braces.
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '=' | ' ')) {
        return None;
    }
    match regex_syntax::Parser::new().parse(&format!("\\p{{{name}}}")).ok()?.into_kind() {
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => Some(class),
        HirKind::Literal(literal) => {
            let character = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(set(&[(character, character)]))
        }
        _ => None,
    }
}
