//! A pattern to the items that write and read its parts: `DateTimeFormatterBuilder.appendPattern` of Java 11.

/// A field of a date or a time that patterns name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Era,
    /// From 1 in each era.
    YearOfEra,
    /// With 0 and negative years.
    Year,
    Quarter,
    Month,
    DayOfYear,
    Day,
    /// 1 in the days 1 to 7 of a month's every seven days.
    AlignedDay,
    DayOfWeek,
    AmPm,
    /// 0 to 23.
    Hour,
    /// 1 to 24.
    ClockHour,
    /// 0 to 11.
    HourOfHalf,
    /// 1 to 12.
    ClockHourOfHalf,
    Minute,
    Second,
    Nano,
    /// Days since 1858-11-17.
    JulianDay,
}

/// When a number has a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A minus if it is negative.
    Normal,
    /// Never.
    NotNegative,
    /// A plus where it has more digits than the pattern has letters.
    ExceedsPad,
}

/// A number of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub field: Field,
    pub least: usize,
    pub most: usize,
    pub sign: Sign,
    /// The digits that the numbers right behind need, so that this one leaves them.
    pub subsequent: usize,
    /// Two digits of a year in 2000 to 2099.
    pub reduced: bool,
}

/// An item of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Literal(Vec<char>),
    Number(Number),
    /// Digits behind the point of a second, from the first number of digits to the second.
    Fraction(usize, usize),
    Text {
        field: Field,
        full: bool,
    },
    /// An offset in the form, with the text for none.
    Offset {
        form: OffsetForm,
        zero: &'static str,
    },
    /// `GMT+8`, or `GMT+08:00` in full.
    LocalizedOffset {
        full: bool,
    },
    ZoneId,
    /// The zone's name by the season, or the same all year.
    ZoneName {
        full: bool,
        generic: bool,
    },
    Optional(Vec<Item>),
}

/// What an offset shows besides hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OffsetForm {
    pub colon: bool,
    /// Whether minutes stand there even if they are zero.
    pub minutes: bool,
    /// Whether seconds stand there if they are not zero.
    pub seconds: bool,
}

/// Letters of weeks, which mean something else in the older parser.
const WEEK_LETTERS: &str = "YWwuec";
const REFUSED: &str = "ABnNp";
const REFUSED_FOR_READING: &str = "EFqQ";

/// The items of a pattern, or why there are none.
pub(super) fn items(pattern: &str, reading: bool) -> Result<Vec<Item>, String> {
    let pattern = converted(pattern, reading)?;
    let mut builder = Builder::default();
    if reading && pattern.contains('S') {
        with_variable_fractions(&mut builder, &pattern)?;
    } else {
        builder.append(&pattern)?;
    }
    builder.finish()
}

/// Refuses letters that changed their meaning; `y` means the year with its sign, unless the era stands there, too
/// (Spark's `convertIncompatiblePattern`).
fn converted(pattern: &str, reading: bool) -> Result<String, String> {
    let parts: Vec<&str> = pattern.split('\'').collect();
    let has_era = parts.iter().step_by(2).any(|part| part.contains('G'));
    let mut converted = Vec::with_capacity(parts.len());
    for (at, part) in parts.into_iter().enumerate() {
        if at % 2 == 1 {
            converted.push(part.to_owned());
            continue;
        }
        if let Some(letter) = part.chars().find(|c| WEEK_LETTERS.contains(*c)) {
            return Err(format!(
                "All week-based patterns are unsupported since Spark 3.0, detected: {letter}, Please use the SQL function EXTRACT \
                 instead"
            ));
        }
        let refused = |c: &char| REFUSED.contains(*c) || reading && REFUSED_FOR_READING.contains(*c);
        if let Some(letter) = part.chars().find(refused) {
            return Err(format!("Illegal pattern character: {letter}"));
        }
        for (letter, count) in [("G", 5), ("M", 5), ("L", 5), ("E", 5), ("Q", 5), ("q", 5), ("y", 7)] {
            if part.contains(&letter.repeat(count)) {
                return Err(format!("Too many pattern letters: {letter}"));
            }
        }
        converted.push(if has_era { part.to_owned() } else { part.replace('y', "u") });
    }
    Ok(converted.join("'"))
}

/// Fractions take from one digit to as many as the pattern has letters (`createBuilderWithVarLengthSecondFraction`).
fn with_variable_fractions(builder: &mut Builder, pattern: &str) -> Result<(), String> {
    let mut parts: Vec<&str> = pattern.split('\'').collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    for (at, part) in parts.into_iter().enumerate() {
        if part.is_empty() && at != 0 {
            builder.literal("'");
        } else if at % 2 == 1 {
            builder.literal(part);
        } else {
            let mut rest = part;
            while !rest.is_empty() {
                let start = rest.find('S').unwrap_or(rest.len());
                let (before, behind) = rest.split_at_checked(start).unwrap_or((rest, ""));
                let behind_fraction = behind.trim_start_matches('S');
                builder.append(before)?;
                match behind.len() - behind_fraction.len() {
                    0 => {}
                    count @ 1..=9 => builder.push(Item::Fraction(1, count)),
                    count => return Err(too_wide(count)),
                }
                rest = behind_fraction;
            }
        }
    }
    Ok(())
}

fn too_wide(count: usize) -> String {
    format!("Maximum width must be from 1 to 9 inclusive but was {count}")
}

/// The items of a pattern and of the optional sections around the place where it is being built.
#[derive(Default)]
struct Builder {
    levels: Vec<Level>,
    level: Level,
}

#[derive(Default)]
struct Level {
    items: Vec<Item>,
    /// The number that those that follow without a gap take their digits from.
    adjacent: Option<usize>,
}

impl Builder {
    fn finish(mut self) -> Result<Vec<Item>, String> {
        while !self.levels.is_empty() {
            self.close()?;
        }
        Ok(self.level.items)
    }

    fn push(&mut self, item: Item) {
        self.level.adjacent = None;
        self.level.items.push(item);
    }

    fn literal(&mut self, text: &str) {
        if !text.is_empty() {
            self.push(Item::Literal(text.chars().collect()));
        }
    }

    fn open(&mut self) {
        self.level.adjacent = None;
        self.levels.push(std::mem::take(&mut self.level));
    }

    fn close(&mut self) -> Result<(), String> {
        let outer = self.levels.pop().ok_or("Pattern invalid as it contains ] without previous [")?;
        let inner = std::mem::replace(&mut self.level, outer);
        if !inner.items.is_empty() {
            self.push(Item::Optional(inner.items));
        }
        Ok(())
    }

    /// Appends a number; digits right behind each other are shared out from the back.
    fn number(&mut self, mut number: Number) {
        let fixed = number.least == number.most && number.sign == Sign::NotNegative;
        let first = self.level.adjacent;
        match first.and_then(|at| self.level.items.get_mut(at)) {
            Some(Item::Number(base)) if fixed => {
                base.subsequent += number.most;
                number.subsequent = 0;
                self.level.items.push(Item::Number(number));
            }
            _ => {
                self.level.items.push(Item::Number(number));
                self.level.adjacent = Some(self.level.items.len() - 1);
            }
        }
    }

    fn append(&mut self, pattern: &str) -> Result<(), String> {
        let mut rest = pattern.chars().peekable();
        while let Some(c) = rest.next() {
            match c {
                'a'..='z' | 'A'..='Z' => {
                    let mut count = 1;
                    while rest.next_if_eq(&c).is_some() {
                        count += 1;
                    }
                    self.letters(c, count)?;
                }
                '\'' => {
                    let mut text = String::new();
                    loop {
                        match rest.next() {
                            Some('\'') if rest.next_if_eq(&'\'').is_some() => text.push('\''),
                            Some('\'') => break,
                            Some(other) => text.push(other),
                            None => return Err("Pattern ends with an incomplete string literal".into()),
                        }
                    }
                    self.literal(if text.is_empty() { "'" } else { &text });
                }
                '[' => self.open(),
                ']' => self.close()?,
                '{' | '}' | '#' => return Err(format!("Pattern includes reserved character: '{c}'")),
                other => self.literal(other.encode_utf8(&mut [0; 4])),
            }
        }
        Ok(())
    }

    fn letters(&mut self, letter: char, count: usize) -> Result<(), String> {
        use Field as F;
        let too_many = || Err(format!("Too many pattern letters: {letter}"));
        match (letter, count) {
            ('u', _) => self.year(F::Year, count),
            ('y', _) => self.year(F::YearOfEra, count),
            ('M' | 'L', _) => self.text_or_number(F::Month, count),
            ('Q' | 'q', _) => self.text_or_number(F::Quarter, count),
            ('E', 1..=4) => self.push(Item::Text { field: F::DayOfWeek, full: count == 4 }),
            ('G', 1..=4) => self.push(Item::Text { field: F::Era, full: count == 4 }),
            ('a', 1) => self.push(Item::Text { field: F::AmPm, full: false }),
            ('S', 1..=9) => self.push(Item::Fraction(count, count)),
            ('S', _) => return Err(too_wide(count)),
            ('F', 1) => self.number(plain(F::AlignedDay)),
            ('d' | 'h' | 'H' | 'k' | 'K' | 'm' | 's', 1 | 2) => {
                let field = field_of(letter);
                self.number(if count == 1 { plain(field) } else { two_digits(field) });
            }
            ('D', 1) => self.number(plain(F::DayOfYear)),
            ('D', 2 | 3) => {
                let field = F::DayOfYear;
                let sign = Sign::NotNegative;
                self.number(Number { field, least: count, most: 3, sign, subsequent: 0, reduced: false });
            }
            ('g', 1..=19) => self.number(Number { least: count, ..plain(F::JulianDay) }),
            ('z', 1..=4) => self.push(Item::ZoneName { full: count == 4, generic: false }),
            ('v', 1 | 4) => self.push(Item::ZoneName { full: count == 4, generic: true }),
            ('v', _) => return Err("Wrong number of pattern letters: v".into()),
            ('V', 2) => self.push(Item::ZoneId),
            ('V', _) => return Err("Pattern letter count must be 2: V".into()),
            ('O', 1 | 4) => self.push(Item::LocalizedOffset { full: count == 4 }),
            ('O', _) => return Err("Pattern letter count must be 1 or 4: O".into()),
            ('Z', 1..=3) => self.push(Item::Offset { form: offset_form(2), zero: "+0000" }),
            ('Z', 4) => self.push(Item::LocalizedOffset { full: true }),
            ('Z', 5) => self.push(Item::Offset { form: offset_form(5), zero: "Z" }),
            ('X', 1..=5) => self.push(Item::Offset { form: offset_form(count), zero: "Z" }),
            ('x', 1) => self.push(Item::Offset { form: offset_form(1), zero: "+00" }),
            ('x', 2 | 4) => self.push(Item::Offset { form: offset_form(count), zero: "+0000" }),
            ('x', 3 | 5) => self.push(Item::Offset { form: offset_form(count), zero: "+00:00" }),
            (
                'E' | 'G' | 'a' | 'F' | 'd' | 'h' | 'H' | 'k' | 'K' | 'm' | 's' | 'D' | 'g' | 'z' | 'Z' | 'X' | 'x',
                _,
            ) => {
                return too_many();
            }
            _ => return Err(format!("Unknown pattern letter: {letter}")),
        }
        Ok(())
    }

    fn year(&mut self, field: Field, count: usize) {
        let number = Number { field, least: count, most: 19, sign: Sign::Normal, subsequent: 0, reduced: false };
        self.number(match count {
            2 => Number { most: 2, sign: Sign::NotNegative, reduced: true, ..number },
            1 | 3 => number,
            _ => Number { sign: Sign::ExceedsPad, ..number },
        });
    }

    fn text_or_number(&mut self, field: Field, count: usize) {
        match count {
            1 => self.number(plain(field)),
            2 => self.number(two_digits(field)),
            _ => self.push(Item::Text { field, full: count == 4 }),
        }
    }
}

/// A number of any width.
fn plain(field: Field) -> Number {
    Number { field, least: 1, most: 19, sign: Sign::Normal, subsequent: 0, reduced: false }
}

fn two_digits(field: Field) -> Number {
    Number { field, least: 2, most: 2, sign: Sign::NotNegative, subsequent: 0, reduced: false }
}

fn field_of(letter: char) -> Field {
    match letter {
        'd' => Field::Day,
        'h' => Field::ClockHourOfHalf,
        'H' => Field::Hour,
        'k' => Field::ClockHour,
        'K' => Field::HourOfHalf,
        'm' => Field::Minute,
        _ => Field::Second,
    }
}

/// The form of an offset by the number of letters X or x.
fn offset_form(count: usize) -> OffsetForm {
    OffsetForm { colon: matches!(count, 3 | 5), minutes: count > 1, seconds: count > 3 }
}
