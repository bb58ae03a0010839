//! Which columns say the same.

use kairos_udfs::kernels::Ranking;

use super::by_date::by_date;
use super::panel::Panel;

/// The rank correlation of two columns over the dates on which they have one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Similarity {
    pub dates: usize,
    pub sum: f64,
    pub squares: f64,
}

impl Similarity {
    pub(super) fn mean(&self) -> f64 {
        self.sum / self.dates as f64
    }

    /// Standard deviation over dates, divisor n − 1.
    pub(super) fn deviation(&self) -> f64 {
        let count = self.dates as f64;
        // Correlations are of the order of one, so that little is lost in the difference.
        ((self.squares - self.sum * self.sum / count).max(0.0) / (count - 1.0)).sqrt()
    }
}

/// One similarity per pair of columns: (0, 1), (0, 2), …, (1, 2), ….
pub(super) fn similarities(panel: &Panel, columns: &[&[f64]], min_names: usize, threads: usize) -> Vec<Similarity> {
    let pairs = columns.len() * columns.len().saturating_sub(1) / 2;
    // Neighbouring dates share one list of sums, or there would be a list of all pairs for each date.
    const BLOCK: usize = 32;
    let of_block = |block: usize| {
        let mut found = vec![Similarity::default(); pairs];
        for date in block * BLOCK..((block + 1) * BLOCK).min(panel.dates().len()) {
            let slice = panel.cross_section(date);
            let rankings: Vec<Ranking> = columns.iter().map(|column| Ranking::of(&column[slice.clone()])).collect();
            let mut next = found.iter_mut();
            for (at, first) in rankings.iter().enumerate() {
                for (second, pair) in rankings[at + 1..].iter().zip(&mut next) {
                    if first.common(second) >= min_names {
                        pair.add(first.correlation(second));
                    }
                }
            }
        }
        found
    };
    let blocks = by_date(panel.dates().len().div_ceil(BLOCK), threads, of_block);
    let mut total = vec![Similarity::default(); pairs];
    for block in blocks {
        for (total, pair) in total.iter_mut().zip(block) {
            total.dates += pair.dates;
            total.sum += pair.sum;
            total.squares += pair.squares;
        }
    }
    total
}

impl Similarity {
    fn add(&mut self, correlation: f64) {
        if correlation.is_finite() {
            self.dates += 1;
            self.sum += correlation;
            self.squares += correlation * correlation;
        }
    }
}
