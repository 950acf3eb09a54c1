//! A small generator of random numbers that gives the same ones for the same seed on every machine (SplitMix64).

/// A source of random choices.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The source for one specimen of a seed.
    pub(super) fn new(seed: u64, specimen: u64) -> Self {
        let mut random = Self(seed);
        let mixed = random.next() ^ specimen;
        Self(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if there is none.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // The remainder is in the range of `bound`; its slight bias does no harm here.
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    /// Whether something with this many chances in a hundred happens.
    pub(super) fn percent(&mut self, chances: usize) -> bool {
        self.below(100) < chances
    }

    /// One of the choices, if there are any.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len()))
    }
}
