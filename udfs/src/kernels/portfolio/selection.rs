//! Which names are chosen (spec 06 §1.5).

use std::cmp::Ordering;

use super::super::rebalance::{Scores, Ties};

/// The names of one date that have a score, in one order from the best to the worst. The long leg is its head and the
/// short leg its tail, so that they have a name in common only if there are too few names for both.
pub(super) struct Order {
    /// Rows, the best first.
    rows: Vec<usize>,
}

impl Order {
    pub(super) fn of(scores: &Scores, ties: Ties) -> Self {
        let mut rows: Vec<usize> = (0..scores.limited.len()).filter(|&row| !scores.limited[row].is_nan()).collect();
        rows.sort_unstable_by(|&a, &b| better(scores, ties, a, b));
        Self { rows }
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The best `n` rows, the best first; all if there are fewer.
    pub(super) fn best(&self, n: usize) -> impl Iterator<Item = usize> {
        self.rows.iter().copied().take(n)
    }

    /// The worst `n` rows, the worst first; all if there are fewer.
    pub(super) fn worst(&self, n: usize) -> impl Iterator<Item = usize> {
        self.rows.iter().rev().copied().take(n)
    }
}

/// Rows are in the order of their tickers, so no two compare as equal.
fn better(scores: &Scores, ties: Ties, a: usize, b: usize) -> Ordering {
    // Adding 0 makes −0 and 0 the same.
    let descending = |x: &[f64]| (x[b] + 0.0).total_cmp(&(x[a] + 0.0));
    let by_score = descending(&scores.limited);
    match ties {
        Ties::Ticker => by_score.then(a.cmp(&b)),
        Ties::RawSignal => by_score.then_with(|| descending(&scores.unlimited)).then(a.cmp(&b)),
    }
}
