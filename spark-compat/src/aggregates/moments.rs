//! Variance, skewness, kurtosis, covariance and correlation by Spark's one-pass formulas, step by step in its order, so that
//! the results have the same bits (`CentralMomentAgg`, `Covariance`, `PearsonCorrelation`).

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result as DataFusionResult;

use super::kernel::{Kernel, Rows, States, column};

/// A statistic of one column or of pairs of columns, all doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// `stddev_samp`
    StddevSamp,
    /// `stddev_pop`
    StddevPop,
    /// `var_samp`
    VarSamp,
    /// `var_pop`
    VarPop,
    /// `skewness`
    Skewness,
    /// `kurtosis`
    Kurtosis,
    /// `covar_samp`
    CovarSamp,
    /// `covar_pop`
    CovarPop,
    /// `corr`
    Corr,
}

impl Statistic {
    fn is_of_pairs(self) -> bool {
        matches!(self, Self::CovarSamp | Self::CovarPop | Self::Corr)
    }

    /// The result, NULL where it would be a division by zero.
    fn result(self, state: &State) -> Option<f64> {
        let n = state[0];
        if n == 0.0 {
            return None;
        }
        let [_, _, m2, m3, m4, _] = *state;
        let [_, _, _, ck, x_mk, y_mk] = *state;
        match self {
            Self::StddevSamp => ratio(m2, n - 1.0).map(f64::sqrt),
            Self::StddevPop => Some((m2 / n).sqrt()),
            Self::VarSamp => ratio(m2, n - 1.0),
            Self::VarPop => Some(m2 / n),
            Self::Skewness => ratio(n.sqrt() * m3, (m2 * m2 * m2).sqrt()),
            Self::Kurtosis => ratio(n * m4, m2 * m2).map(|ratio| ratio - 3.0),
            Self::CovarSamp => ratio(ck, n - 1.0),
            Self::CovarPop => Some(ck / n),
            Self::Corr => ratio(ck, (x_mk * y_mk).sqrt()).filter(|_| n != 1.0),
        }
    }
}

/// Spark's division: NULL if the divisor is zero.
fn ratio(dividend: f64, divisor: f64) -> Option<f64> {
    (divisor != 0.0).then(|| dividend / divisor)
}

/// Of one column: count, mean, m2, m3, m4. Of pairs: count, both means, the co-moment, both m2.
type State = [f64; 6];

impl Kernel for Statistic {
    fn name(&self) -> &'static str {
        match self {
            Self::StddevSamp => "spark_stddev_samp",
            Self::StddevPop => "spark_stddev_pop",
            Self::VarSamp => "spark_var_samp",
            Self::VarPop => "spark_var_pop",
            Self::Skewness => "spark_skewness",
            Self::Kurtosis => "spark_kurtosis",
            Self::CovarSamp => "spark_covar_samp",
            Self::CovarPop => "spark_covar_pop",
            Self::Corr => "spark_corr",
        }
    }

    fn result_type(&self, _args: &[DataType]) -> DataType {
        DataType::Float64
    }

    fn part_types(&self, _args: &[DataType]) -> Vec<DataType> {
        vec![DataType::Float64; size_of::<State>() / size_of::<f64>()]
    }

    fn states(&self, _args: &[DataType]) -> DataFusionResult<Box<dyn States>> {
        Ok(Box::new(Statistics { statistic: *self, states: Vec::new(), merged: false }))
    }
}

#[derive(Debug)]
struct Statistics {
    statistic: Statistic,
    states: Vec<State>,
    /// Whether the states were put together from partial ones.
    merged: bool,
}

impl Statistics {
    fn merge_one(&self) -> fn(&mut State, &State) {
        if self.statistic.is_of_pairs() { merge_pairs } else { merge }
    }

    /// Spark always merges partial states into an empty one, which turns what has overflown into NaN.
    fn finished(&self, state: &State) -> State {
        if self.merged || state[0] == 0.0 {
            return *state;
        }
        let mut whole = State::default();
        self.merge_one()(&mut whole, state);
        whole
    }
}

impl States for Statistics {
    fn fresh(&self) -> Box<dyn States> {
        Box::new(Self { statistic: self.statistic, states: Vec::new(), merged: false })
    }

    fn resize(&mut self, groups: usize) {
        self.states.resize(groups, State::default());
    }

    fn update(&mut self, args: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let x = column(args, 0)?.as_primitive::<Float64Type>();
        let states = &mut self.states;
        if !self.statistic.is_of_pairs() {
            rows.for_each(x.nulls(), |group, row| add(&mut states[group], x.value(row)));
            return Ok(());
        }
        let y = column(args, 1)?.as_primitive::<Float64Type>();
        let valid = NullBuffer::union(x.nulls(), y.nulls());
        rows.for_each(valid.as_ref(), |group, row| add_pair(&mut states[group], x.value(row), y.value(row)));
        Ok(())
    }

    fn merge(&mut self, parts: &[ArrayRef], rows: &Rows<'_>) -> DataFusionResult<()> {
        let mut columns = [const { None }; 6];
        for (at, part) in columns.iter_mut().enumerate() {
            *part = Some(column(parts, at)?.as_primitive::<Float64Type>());
        }
        self.merged = true;
        let merge = self.merge_one();
        let states = &mut self.states;
        rows.for_each(None, |group, row| {
            let part: State = columns.map(|column| column.map_or(0.0, |column| column.value(row)));
            if part[0] != 0.0 {
                merge(&mut states[group], &part);
            }
        });
        Ok(())
    }

    fn parts(&self, groups: usize) -> DataFusionResult<Vec<ArrayRef>> {
        let column = |at: usize| self.states.iter().take(groups).map(move |state| state[at]);
        Ok((0..6).map(|at| Arc::new(Float64Array::from_iter_values(column(at))) as ArrayRef).collect())
    }

    fn results(&self, groups: usize) -> DataFusionResult<ArrayRef> {
        let results = self.states.iter().take(groups).map(|state| self.statistic.result(&self.finished(state)));
        Ok(Arc::new(results.collect::<Float64Array>()))
    }

    fn forget(&mut self, groups: usize) {
        self.states.drain(..groups);
    }

    fn size(&self) -> usize {
        self.states.capacity() * size_of::<State>()
    }
}

fn add(state: &mut State, value: f64) {
    let [n, mean, m2, m3, m4, _] = *state;
    let new_n = n + 1.0;
    let delta = value - mean;
    let delta_n = delta / new_n;
    let new_m2 = m2 + delta * (delta - delta_n);
    let delta2 = delta * delta;
    let delta_n2 = delta_n * delta_n;
    let new_m3 = m3 - 3.0 * delta_n * new_m2 + delta * (delta2 - delta_n2);
    let new_m4 = m4 - 4.0 * delta_n * new_m3 - 6.0 * delta_n2 * new_m2 + delta * (delta * delta2 - delta_n * delta_n2);
    *state = [new_n, mean + delta_n, new_m2, new_m3, new_m4, 0.0];
}

fn merge(state: &mut State, other: &State) {
    let [n1, mean, m2, m3, m4, _] = *state;
    let [n2, other_mean, other_m2, other_m3, other_m4, _] = *other;
    let n = n1 + n2;
    let delta = other_mean - mean;
    let delta_n = delta / n;
    let new_m2 = m2 + other_m2 + delta * delta_n * n1 * n2;
    let new_m3 =
        m3 + other_m3 + delta_n * delta_n * delta * n1 * n2 * (n1 - n2) + 3.0 * delta_n * (n1 * other_m2 - n2 * m2);
    let new_m4 = m4
        + other_m4
        + delta_n * delta_n * delta_n * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2)
        + 6.0 * delta_n * delta_n * (n1 * n1 * other_m2 + n2 * n2 * m2)
        + 4.0 * delta_n * (n1 * other_m3 - n2 * m3);
    *state = [n, mean + delta_n * n2, new_m2, new_m3, new_m4, 0.0];
}

fn add_pair(state: &mut State, x: f64, y: f64) {
    let [n, x_mean, y_mean, ck, x_mk, y_mk] = *state;
    let new_n = n + 1.0;
    let (dx, dy) = (x - x_mean, y - y_mean);
    let (new_x, new_y) = (x_mean + dx / new_n, y_mean + dy / new_n);
    *state = [new_n, new_x, new_y, ck + dx * (y - new_y), x_mk + dx * (x - new_x), y_mk + dy * (y - new_y)];
}

fn merge_pairs(state: &mut State, other: &State) {
    let [n1, x_mean, y_mean, ck, x_mk, y_mk] = *state;
    let [n2, other_x, other_y, other_ck, other_x_mk, other_y_mk] = *other;
    let n = n1 + n2;
    let (dx, dy) = (other_x - x_mean, other_y - y_mean);
    let (dx_n, dy_n) = (dx / n, dy / n);
    *state = [
        n,
        x_mean + dx_n * n2,
        y_mean + dy_n * n2,
        ck + other_ck + dx * dy_n * n1 * n2,
        x_mk + other_x_mk + dx * dx_n * n1 * n2,
        y_mk + other_y_mk + dy * dy_n * n1 * n2,
    ];
}
