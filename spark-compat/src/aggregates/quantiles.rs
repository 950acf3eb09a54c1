//! Greenwald and Khanna's summary of quantiles, with the steps and constants of Spark's `QuantileSummaries`, so that its answers are
//! the same (<https://doi.org/10.1145/375663.375670>).

use crate::comparison::compare_floats;

/// Values are inserted into the samples in batches of this size.
const HEAD_SIZE: usize = 50_000;

/// Samples are compressed when there are this many.
const COMPRESS_THRESHOLD: usize = 10_000;

/// A sample: its value, by how much its least rank is above that of the sample before, and how wide its rank may span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub value: f64,
    pub g: i64,
    pub delta: i64,
}

/// A summary of the values of one group.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    relative_error: f64,
    samples: Vec<Sample>,
    /// How many values the samples stand for.
    count: i64,
    /// Values that are not among the samples yet.
    head: Vec<f64>,
    compressed: bool,
}

impl Summary {
    pub(super) fn new(relative_error: f64) -> Self {
        Self { relative_error, samples: Vec::new(), count: 0, head: Vec::new(), compressed: true }
    }

    /// A summary of which [`Summary::samples`] and [`Summary::count`] are known.
    pub(super) fn compressed(relative_error: f64, samples: Vec<Sample>, count: i64) -> Self {
        Self { samples, count, ..Self::new(relative_error) }
    }

    /// The samples, once compressed.
    pub(super) fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The number of values, once compressed.
    pub(super) fn count(&self) -> i64 {
        self.count
    }

    pub(super) fn heap(&self) -> usize {
        self.samples.capacity() * size_of::<Sample>() + self.head.capacity() * size_of::<f64>()
    }

    pub(super) fn insert(&mut self, value: f64) {
        self.head.push(value);
        self.compressed = false;
        if self.head.len() >= HEAD_SIZE {
            self.insert_head();
            if self.samples.len() >= COMPRESS_THRESHOLD {
                self.compress();
            }
        }
    }

    fn insert_head(&mut self) {
        let mut new = std::mem::take(&mut self.head);
        // Java's order of doubles: -0.0 before 0.0, NaN behind all.
        new.sort_by(|a, b| compare_floats(*a, *b).then_with(|| a.total_cmp(b)));
        let old = std::mem::take(&mut self.samples);
        self.samples.reserve(old.len() + new.len());
        let mut rest = old.iter().copied().peekable();
        for (at, value) in new.iter().copied().enumerate() {
            while let Some(sample) = rest.next_if(|sample| sample.value <= value) {
                self.samples.push(sample);
            }
            self.count += 1;
            let is_end = self.samples.is_empty() || (rest.peek().is_none() && at == new.len() - 1);
            let delta = if is_end { 0 } else { (2.0 * self.relative_error * self.count as f64).floor() as i64 };
            self.samples.push(Sample { value, g: 1, delta });
        }
        self.samples.extend(rest);
    }

    /// Brings all values in and drops the samples that the relative error allows to.
    pub(super) fn compress(&mut self) {
        if self.compressed {
            return;
        }
        if !self.head.is_empty() {
            self.insert_head();
        }
        self.samples = thinned(&self.samples, 2.0 * self.relative_error * self.count as f64);
        self.compressed = true;
    }

    /// Takes in a compressed summary.
    pub(super) fn merge(&mut self, other: Self) {
        self.compress();
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other;
            return;
        }
        let relative_error = self.relative_error.max(other.relative_error);
        let count = self.count + other.count;
        let own_delta = (2.0 * other.relative_error * other.count as f64).floor() as i64;
        let other_delta = (2.0 * self.relative_error * self.count as f64).floor() as i64;
        let mut merged = Vec::with_capacity(self.samples.len() + other.samples.len());
        let (mut own, mut others) = (self.samples.iter().peekable(), other.samples.iter().peekable());
        let (mut own_begun, mut others_begun) = (false, false);
        while let (Some(a), Some(b)) = (own.peek(), others.peek()) {
            if a.value < b.value {
                let more = if others_begun { own_delta } else { 0 };
                merged.push(Sample { delta: a.delta + more, ..**a });
                own.next();
                own_begun = true;
            } else {
                let more = if own_begun { other_delta } else { 0 };
                merged.push(Sample { delta: b.delta + more, ..**b });
                others.next();
                others_begun = true;
            }
        }
        merged.extend(own.chain(others));
        let samples = thinned(&merged, 2.0 * relative_error * count as f64);
        *self = Self::compressed(relative_error, samples, count);
    }

    /// The value at a quantile from 0 to 1 of a compressed summary, `None` without values.
    pub(super) fn query(&self, quantile: f64) -> Option<f64> {
        let (first, last) = (self.samples.first()?, self.samples.last()?);
        if quantile <= self.relative_error {
            return Some(first.value);
        }
        if quantile >= 1.0 - self.relative_error {
            return Some(last.value);
        }
        let rank = (quantile * self.count as f64).ceil() as i64;
        let error = self.samples.iter().map(|sample| sample.delta + sample.g).max()? / 2;
        let mut least = 0;
        for sample in &self.samples {
            least += sample.g;
            if least + sample.delta - error <= rank && rank <= least + error {
                return Some(sample.value);
            }
        }
        Some(last.value)
    }
}

/// The samples with those merged into their followers for which the threshold leaves room; the ends stay.
fn thinned(samples: &[Sample], threshold: f64) -> Vec<Sample> {
    let ([first, .., last] | [first @ last]) = samples else { return Vec::new() };
    let mut kept = Vec::new();
    let mut head = *last;
    let inner = samples.get(1..samples.len() - 1).unwrap_or_default();
    for sample in inner.iter().rev() {
        if ((sample.g + head.g + head.delta) as f64) < threshold {
            head.g += sample.g;
        } else {
            kept.push(head);
            head = *sample;
        }
    }
    kept.push(head);
    if first.value <= head.value && samples.len() > 1 {
        kept.push(*first);
    }
    kept.reverse();
    kept
}
