//! Ranks of one cross-section, made once and correlated with many others.

use super::MISSING;

/// The average ranks of the present values of a cross-section (1 is the smallest), and their order.
///
/// Sorting is what a rank correlation costs. A `Ranking` is sorted once, however many others it is correlated with.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    /// Rows with a value, ascending by value, ties by row.
    order: Vec<u32>,
    /// Rank of each row, in multiples of ½; NaN for a missing value.
    ranks: Vec<f64>,
    /// Rank less the mean rank; 0 for a missing value, so that it adds nothing to a product.
    centred: Vec<f64>,
    /// Sum of the squares of `centred`.
    squares: f64,
    /// One bit per row: whether it has a value.
    present: Vec<u64>,
}

impl Ranking {
    /// Ranks `x`.
    ///
    /// # Panics
    /// If there are more than `u32::MAX` rows.
    pub fn of(x: &[f64]) -> Self {
        let order = ascending(x);
        let ranks = ranks_of(x.len(), &order, |a, b| x[a] == x[b]);
        Self::new(order, ranks)
    }

    fn new(order: Vec<u32>, ranks: Vec<f64>) -> Self {
        let mean = (order.len() as f64 + 1.0) / 2.0;
        let centred: Vec<f64> = ranks.iter().map(|rank| if rank.is_nan() { 0.0 } else { rank - mean }).collect();
        let squares = dot(&centred, &centred);
        let bits = |rows: &[f64]| rows.iter().rev().fold(0, |word, rank| word << 1 | u64::from(!rank.is_nan()));
        let present = ranks.chunks(64).map(bits).collect();
        Self { order, ranks, centred, squares, present }
    }

    /// Number of present values.
    pub fn count(&self) -> usize {
        self.order.len()
    }

    /// Rows with a value, ascending by value; equal values in the order of their rows.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Rank of each row, NaN where the value is missing.
    pub fn ranks(&self) -> &[f64] {
        &self.ranks
    }

    /// Number of rows with a value in both.
    pub fn common(&self, other: &Self) -> usize {
        self.present.iter().zip(&other.present).map(|(a, b)| (a & b).count_ones() as usize).sum()
    }

    /// Spearman's rank correlation over the rows with a value in both, ranked among themselves: the Pearson
    /// correlation of average ranks, which is right with ties. NaN if either side does not vary.
    ///
    /// Sums of ranks are exact, so the result does not depend on the order of the rows.
    pub fn correlation(&self, other: &Self) -> f64 {
        let common = self.common(other);
        if common == self.count() && common == other.count() {
            return quotient(dot(&self.centred, &other.centred), self.squares, other.squares);
        }
        let (a, b) = (self.among(other, common), other.among(self, common));
        let mean = (common as f64 + 1.0) / 2.0;
        let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
        for (a, b) in a.iter().zip(b.iter()).filter(|(a, b)| !a.is_nan() && !b.is_nan()) {
            let (a, b) = (a - mean, b - mean);
            aa += a * a;
            bb += b * b;
            ab += a * b;
        }
        quotient(ab, aa, bb)
    }

    /// The ranks among the rows that `other` has a value in; made from the order, without sorting again.
    fn among(&self, other: &Self, common: usize) -> std::borrow::Cow<'_, [f64]> {
        if common == self.count() {
            return (&self.ranks).into();
        }
        let has = |row: &u32| !other.ranks[*row as usize].is_nan();
        let order: Vec<u32> = self.order.iter().copied().filter(has).collect();
        ranks_of(self.ranks.len(), &order, |a, b| self.ranks[a] == self.ranks[b]).into()
    }
}

fn quotient(ab: f64, aa: f64, bb: f64) -> f64 {
    if aa > 0.0 && bb > 0.0 { (ab / (aa.sqrt() * bb.sqrt())).clamp(-1.0, 1.0) } else { MISSING }
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

/// Average ranks by row of the rows in `order`; NaN elsewhere.
fn ranks_of(rows: usize, order: &[u32], equal: impl Fn(usize, usize) -> bool) -> Vec<f64> {
    let mut ranks = vec![MISSING; rows];
    let mut before = 0;
    for ties in order.chunk_by(|a, b| equal(*a as usize, *b as usize)) {
        // Ranks count from 1: the ties take before + 1 to before + len.
        let rank = before as f64 + (ties.len() as f64 + 1.0) / 2.0;
        ties.iter().for_each(|row| ranks[*row as usize] = rank);
        before += ties.len();
    }
    ranks
}

/// The rows with a value, ascending by value, then by row.
///
/// Plain integers sort several times as fast as rows compared by their values: the value rounded to 32 bits and the row
/// make one integer. Rounding never swaps two values, it only makes some equal; those few are then sorted by value.
fn ascending(x: &[f64]) -> Vec<u32> {
    let rows = u32::try_from(x.len()).expect("a cross-section has fewer than 2^32 rows");
    let mut keys: Vec<u64> = (0..rows)
        .filter(|row| x[*row as usize].is_finite())
        .map(|row| u64::from(ordered(x[row as usize] as f32)) << 32 | u64::from(row))
        .collect();
    keys.sort_unstable();
    let mut order: Vec<u32> = keys.iter().map(|key| *key as u32).collect();
    let mut start = 0;
    for run in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
        let run = start..start + run.len();
        start = run.end;
        let rows = &mut order[run];
        if rows.iter().any(|row| x[*row as usize] != x[rows[0] as usize]) {
            // A stable sort, so that equal values stay in the order of their rows; 0 and −0 are equal.
            rows.sort_by(|a, b| (x[*a as usize] + 0.0).total_cmp(&(x[*b as usize] + 0.0)));
        }
    }
    order
}

/// The float's bits so that they compare as the float does; 0 and −0 are the same.
fn ordered(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}
