//! Spark's catalog strings, read as far as comparing values needs: where floating point and decimals stand in a type.

/// What a value of a type is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CatalogType {
    /// `float`, `double`
    Floating,
    /// `decimal(p,s)`
    Decimal,
    /// `array<..>`
    Array(Box<CatalogType>),
    /// `map<..,..>`
    Map(Box<CatalogType>, Box<CatalogType>),
    /// `struct<name:type,..>`
    Struct(Vec<CatalogType>),
    /// Every other type, and what can't be read: its values are compared as they are written.
    Other,
}

impl CatalogType {
    /// Reads a catalog string.
    pub(crate) fn of(text: &str) -> Self {
        let mut rest = text;
        match parse(&mut rest) {
            Some(found) if rest.is_empty() => found,
            _ => Self::Other,
        }
    }
}

fn parse(rest: &mut &str) -> Option<CatalogType> {
    let end = leaf_end(rest);
    let (word, after) = rest.split_at(end);
    *rest = after;
    if !rest.starts_with('<') {
        return Some(leaf(word));
    }
    expect(rest, '<')?;
    let found = match word {
        "array" => CatalogType::Array(Box::new(parse(rest)?)),
        "map" => {
            let key = parse(rest)?;
            expect(rest, ',')?;
            CatalogType::Map(Box::new(key), Box::new(parse(rest)?))
        }
        "struct" => CatalogType::Struct(fields(rest)?),
        _ => return None,
    };
    expect(rest, '>')?;
    Some(found)
}

/// Field names are not quoted in catalog strings: a name that holds a colon makes the type unreadable.
fn fields(rest: &mut &str) -> Option<Vec<CatalogType>> {
    let mut fields = Vec::new();
    while !rest.starts_with('>') {
        if !fields.is_empty() {
            expect(rest, ',')?;
        }
        let (_, after) = rest.split_once(':')?;
        *rest = after;
        fields.push(parse(rest)?);
    }
    Some(fields)
}

/// Where the word at the start of `text` ends; the comma of `decimal(10,2)` does not end it.
fn leaf_end(text: &str) -> usize {
    let mut in_parentheses = false;
    for (at, character) in text.char_indices() {
        match character {
            '(' => in_parentheses = true,
            ')' => in_parentheses = false,
            '<' | '>' | ',' if !in_parentheses => return at,
            _ => {}
        }
    }
    text.len()
}

fn leaf(word: &str) -> CatalogType {
    match word {
        "float" | "double" => CatalogType::Floating,
        _ if word.starts_with("decimal(") => CatalogType::Decimal,
        _ => CatalogType::Other,
    }
}

fn expect(rest: &mut &str, character: char) -> Option<()> {
    *rest = rest.strip_prefix(character)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::CatalogType::{self, *};

    #[test]
    fn floating_point_and_decimals_are_found_wherever_they_stand() {
        assert_eq!(CatalogType::of("double"), Floating);
        assert_eq!(CatalogType::of("interval day to second"), Other);
        assert_eq!(CatalogType::of("decimal(10,2)"), Decimal);
        assert_eq!(CatalogType::of("array<float>"), Array(Box::new(Floating)));
        assert_eq!(
            CatalogType::of("struct<a:map<string,decimal(1,0)>,b c:array<struct<>>>"),
            Struct(vec![Map(Box::new(Other), Box::new(Decimal)), Array(Box::new(Struct(Vec::new())))])
        );
    }

    #[test]
    fn what_cant_be_read_is_compared_as_it_is_written() {
        for text in ["", "array<", "struct<a>", "struct<a:b:int>>", "set<int>", "map<int>"] {
            assert_eq!(CatalogType::of(text), Other, "{text}");
        }
    }
}
