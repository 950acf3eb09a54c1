//! Scala's mutable `HashSet`, in which Spark collects different values: they come out in the order of its table.
//!
//! Rule: `scala.collection.mutable.FlatHashTable` of Scala 2.12, linear probing over a table that doubles when it is 45% full.

/// A value as the JVM compares it: numbers by their value, so that NaN is never equal and -0.0 equals 0.0.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Element {
    /// An integer, date, timestamp, interval, boolean or decimal (of one scale).
    Number(i128),
    /// A float.
    Float(f64),
    /// A string, a binary, or the row form of a nested value.
    Bytes(Box<[u8]>),
}

impl Element {
    /// The bytes that it holds outside itself.
    pub(super) fn heap(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    element: Element,
    hash: i32,
    /// Where the value stands.
    place: u32,
}

/// A set of values of one group, each with a place that says where it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct ScalaSet {
    entries: Vec<Entry>,
    /// The table: 0 for an empty slot, otherwise the number of an entry, counted from 1.
    slots: Vec<u32>,
}

const INITIAL_SLOTS: usize = 32;
const LOAD_FACTOR_PER_MILLE: usize = 450;

impl ScalaSet {
    /// Adds a value unless it is there; says whether it was added.
    pub(super) fn add(&mut self, element: Element, hash: i32, place: u32) -> bool {
        if self.slots.is_empty() {
            self.slots = vec![0; INITIAL_SLOTS];
        }
        let entries = &self.entries;
        let Some(slot) = free_slot(&self.slots, hash, |at| entries.get(at).is_some_and(|e| e.element == element))
        else {
            return false;
        };
        self.entries.push(Entry { element, hash, place });
        self.slots[slot] = self.entries.len() as u32;
        if self.entries.len() >= self.slots.len() * LOAD_FACTOR_PER_MILLE / 1000 {
            self.grow();
        }
        true
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![0; old.len() * 2];
        for number in old.into_iter().filter(|number| *number > 0) {
            let hash = self.entries[number as usize - 1].hash;
            if let Some(slot) = free_slot(&self.slots, hash, |_| false) {
                self.slots[slot] = number;
            }
        }
    }

    fn in_order(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().filter_map(|number| self.entries.get((*number as usize).checked_sub(1)?))
    }

    /// The places in the order of the table.
    pub(super) fn places(&self) -> impl Iterator<Item = u32> {
        self.in_order().map(|entry| entry.place)
    }

    /// The set as it is after another one has taken its values in.
    pub(super) fn copied(&self) -> Self {
        let mut copy = Self::default();
        for entry in self.in_order() {
            copy.add(entry.element.clone(), entry.hash, entry.place);
        }
        copy
    }

    /// The bytes of the table.
    pub(super) fn table_size(&self) -> usize {
        self.slots.capacity() * size_of::<u32>()
    }

    /// The bytes of an entry besides its element's.
    pub(super) const ENTRY_SIZE: usize = size_of::<Entry>();
}

/// The slot for a new value, `None` if the value is there.
fn free_slot(slots: &[u32], hash: i32, is_same: impl Fn(usize) -> bool) -> Option<usize> {
    let mask = slots.len() - 1;
    let bits = mask.count_ones();
    let improved = byteswap32(hash as u32).rotate_right(bits);
    let mut slot = (improved >> (32 - bits)) as usize & mask;
    loop {
        match slots[slot] {
            0 => return Some(slot),
            number if is_same(number as usize - 1) => return None,
            _ => slot = (slot + 1) & mask,
        }
    }
}

/// Scala's `hashing.byteswap32`.
fn byteswap32(value: u32) -> u32 {
    value.wrapping_mul(0x9e37_75cd).swap_bytes().wrapping_mul(0x9e37_75cd)
}
