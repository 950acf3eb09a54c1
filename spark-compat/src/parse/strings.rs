//! Escapes inside string literals, by the rules of Spark's `ParserUtils.unescapeSQLString`.

/// The value of a string literal whose text between the quotes is `body`.
///
/// Known escapes are `\0 \' \" \b \n \r \t \Z \\`, octal `\ooo` up to `\177`, `\uXXXX` in UTF-16 and `\UXXXXXXXX`; `\%` and `\_` keep
/// their backslash (they escape inside LIKE patterns); before any other character the backslash is dropped.
pub fn unescape(body: &str) -> String {
    if !body.contains('\\') {
        return body.to_string();
    }
    let text: Vec<u16> = body.encode_utf16().collect();
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&unit) = text.get(at) {
        if unit != u16::from(b'\\') {
            out.push(unit);
            at += 1;
        } else if let Some(code) = unicode_escape(&text, at) {
            out.push(code);
            at += 6;
        } else if let Some(units) = code_point_escape(&text, at) {
            out.extend(units);
            at += 10;
        } else if let Some(code) = octal_escape(&text, at) {
            out.push(code);
            at += 4;
        } else {
            if let Some(&escaped) = text.get(at + 1) {
                push_escaped(&mut out, escaped);
            }
            at += 2;
        }
    }
    // Java writes a lone surrogate as '?' when it encodes UTF-8.
    char::decode_utf16(out).map(|c| c.unwrap_or('?')).collect()
}

/// `\uXXXX`, a code unit of UTF-16.
fn unicode_escape(text: &[u16], at: usize) -> Option<u16> {
    u16::try_from(hexadecimal(text, at, b'u', 4)?).ok()
}

/// `\UXXXXXXXX`, a code point; what is above all code points becomes the surrogates that Spark computes for it.
fn code_point_escape(text: &[u16], at: usize) -> Option<Vec<u16>> {
    let code = hexadecimal(text, at, b'U', 8)?;
    Some(match code.checked_sub(0x1_0000) {
        None => vec![code as u16],
        Some(above) => vec![(above / 0x400 + 0xD800) as u16, (above % 0x400 + 0xDC00) as u16],
    })
}

/// The value of `count` hexadecimal digits behind a backslash and `letter`.
fn hexadecimal(text: &[u16], at: usize, letter: u8, count: usize) -> Option<u32> {
    if text.get(at + 1) != Some(&u16::from(letter)) {
        return None;
    }
    let digits = text.get(at + 2..at + 2 + count)?;
    digits.iter().try_fold(0, |code, d| {
        let digit = char::from_u32(u32::from(*d)).and_then(|c| c.to_digit(16))?;
        Some((code << 4) + digit)
    })
}

fn octal_escape(text: &[u16], at: usize) -> Option<u16> {
    let digit = |offset: usize, most: u8| {
        let value = text.get(at + offset)?.checked_sub(u16::from(b'0'))?;
        (value <= u16::from(most)).then_some(value)
    };
    Some((digit(1, 1)? << 6) + (digit(2, 7)? << 3) + digit(3, 7)?)
}

fn push_escaped(out: &mut Vec<u16>, unit: u16) {
    let backslash = u16::from(b'\\');
    match u8::try_from(unit) {
        Ok(b'0') => out.push(0),
        Ok(b'b') => out.push(0x08),
        Ok(b'n') => out.push(u16::from(b'\n')),
        Ok(b'r') => out.push(u16::from(b'\r')),
        Ok(b't') => out.push(u16::from(b'\t')),
        Ok(b'Z') => out.push(0x1A),
        Ok(b'%' | b'_') => out.extend([backslash, unit]),
        _ => out.push(unit),
    }
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn known_escapes_give_their_characters() {
        assert_eq!(unescape(r#"a\n\t\r\b\0\Z\\\'\""#), "a\n\t\r\u{8}\0\u{1a}\\'\"");
    }

    #[test]
    fn like_escapes_keep_the_backslash_and_unknown_ones_drop_it() {
        assert_eq!(unescape(r"\%\_\d\q"), r"\%\_dq");
    }

    #[test]
    fn octal_and_unicode_escapes_are_code_units() {
        assert_eq!(unescape(r"\101\u0042\uD83D\uDE00"), "AB\u{1F600}");
        assert_eq!(unescape(r"\U0001F600\U00000041"), "\u{1F600}A");
        assert_eq!(unescape(r"\277"), "277");
        assert_eq!(unescape(r"\uD83D"), "?");
    }

    #[test]
    fn short_escapes_at_the_end_are_not_read_beyond_it() {
        assert_eq!(unescape(r"\10"), "\u{1}0".replace('\u{1}', "1"));
        assert_eq!(unescape(r"\u00"), "u00");
        assert_eq!(unescape(r"\uXYZW \U0001F60"), "uXYZW U0001F60");
    }
}
