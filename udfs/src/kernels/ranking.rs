//! Ranks of one cross-section, made once and correlated with many others.

use std::borrow::Cow;

use super::MISSING;
use super::sorting::ascending;

/// The average ranks of the present values of a cross-section (1 is the smallest), and their order.
///
/// Sorting is what a rank correlation costs. A `Ranking` is sorted once, however many others it is correlated with.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    /// Rows with a value, ascending by value, ties by row.
    order: Vec<u32>,
    /// Rank of each row less the mean rank, in multiples of ½; 0 for a missing value, so that it adds nothing to a product.
    centred: Vec<f64>,
    /// Sum of the squares of `centred`.
    squares: f64,
    present: Presence,
}

/// Which rows have a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Presence {
    /// One bit per row.
    bits: Vec<u64>,
    count: usize,
}

impl Presence {
    fn of(x: &[f64]) -> Self {
        let bit = |(row, x): (usize, &f64)| u64::from(x.is_finite()) << row;
        let bits = |rows: &[f64]| rows.iter().enumerate().map(bit).fold(0, |word, bit| word | bit);
        Self::new(x.chunks(64).map(bits).collect())
    }

    fn new(bits: Vec<u64>) -> Self {
        let count = bits.iter().map(|word| word.count_ones() as usize).sum();
        Self { bits, count }
    }

    fn has(&self, row: u32) -> bool {
        self.bits[row as usize / 64] >> (row % 64) & 1 == 1
    }

    fn and(&self, other: &Self) -> Self {
        Self::new(self.bits.iter().zip(&other.bits).map(|(a, b)| a & b).collect())
    }

    /// Number of rows with a value in both.
    fn common(&self, other: &Self) -> usize {
        self.bits.iter().zip(&other.bits).map(|(a, b)| (a & b).count_ones() as usize).sum()
    }
}

impl Ranking {
    /// Ranks `x`.
    ///
    /// # Panics
    /// If there are more than `u32::MAX` rows.
    pub fn of(x: &[f64]) -> Self {
        let mut ranking = Self::unranked(x.len(), Presence::of(x));
        ascending(x, |ties| ranking.push(ties));
        ranking.complete()
    }

    fn unranked(rows: usize, present: Presence) -> Self {
        let order = Vec::with_capacity(present.count);
        Self { order, centred: vec![0.0; rows], squares: 0.0, present }
    }

    /// Ranks the rows of the next larger value.
    fn push(&mut self, ties: &[u32]) {
        // Ranks count from 1: the ties take order.len() + 1 to order.len() + ties.len().
        let rank = self.order.len() as f64 + (ties.len() as f64 + 1.0) / 2.0;
        let centred = rank - self.mean();
        ties.iter().for_each(|row| self.centred[*row as usize] = centred);
        self.order.extend_from_slice(ties);
    }

    fn complete(self) -> Self {
        Self { squares: dot(&self.centred, &self.centred), ..self }
    }

    /// The mean rank.
    fn mean(&self) -> f64 {
        (self.present.count as f64 + 1.0) / 2.0
    }

    /// Number of present values.
    pub fn count(&self) -> usize {
        self.order.len()
    }

    /// Rows with a value, ascending by value; equal values in the order of their rows.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Which rows have a value.
    pub fn present(&self) -> &Presence {
        &self.present
    }

    /// Rank of each row, NaN where the value is missing.
    pub fn ranks(&self) -> impl Iterator<Item = f64> {
        let rank = |(row, centred): (usize, &f64)| match self.present.has(row as u32) {
            true => centred + self.mean(),
            false => MISSING,
        };
        self.centred.iter().enumerate().map(rank)
    }

    /// Whether two rows with a value have equal ones.
    pub fn tied(&self, a: usize, b: usize) -> bool {
        self.centred[a] == self.centred[b]
    }

    /// Number of rows with a value in both.
    pub fn common(&self, other: &Self) -> usize {
        self.present.common(&other.present)
    }

    /// Spearman's rank correlation over the rows with a value in both, ranked among themselves: the Pearson
    /// correlation of average ranks, which is right with ties. NaN if either side does not vary.
    ///
    /// Sums of ranks are exact, so the result does not depend on the order of the rows.
    pub fn correlation(&self, other: &Self) -> f64 {
        let (a, b) = (self.among(&other.present), other.among(&self.present));
        let (aa, bb) = (a.squares, b.squares);
        if aa > 0.0 && bb > 0.0 {
            (dot(&a.centred, &b.centred) / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0)
        } else {
            MISSING
        }
    }

    /// The ranks among the rows that are `present` elsewhere, too; made from the order, without sorting again.
    pub fn among(&self, present: &Presence) -> Cow<'_, Self> {
        if self.present.common(present) == self.count() {
            return Cow::Borrowed(self);
        }
        let mut ranking = Self::unranked(self.centred.len(), self.present.and(present));
        let mut order = Vec::with_capacity(ranking.present.count);
        order.extend(self.order.iter().copied().filter(|row| present.has(*row)));
        order.chunk_by(|a, b| self.tied(*a as usize, *b as usize)).for_each(|ties| ranking.push(ties));
        Cow::Owned(ranking.complete())
    }
}

/// Sum of products, in eight partial sums so that the processor can work on several at once.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}
