//! The book between two rebalances.

use crate::kernels::portfolio::CrossSection;

/// Weights by ticker, ascending, none of them 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Holdings {
    weights: Vec<(u32, f64)>,
}

impl Holdings {
    /// The book after a rebalance, drifted to the next (spec 06 §6.2): `w(1 + r)/(1 + Σwr)`, cash with a return of 0 in
    /// the denominator. `weights` are by row of the cross-section. A book that has lost all capital holds nothing.
    pub fn drifted(cross: &CrossSection<'_>, weights: impl Iterator<Item = (usize, f64)> + Clone) -> Self {
        let return_of = |row: usize| Some(cross.period_return[row]).filter(|r| r.is_finite()).unwrap_or(0.0);
        let value = 1.0 + weights.clone().map(|(row, weight)| weight * return_of(row)).sum::<f64>();
        if value.is_nan() || value <= 0.0 {
            return Self::default();
        }
        let drifted = weights.map(|(row, weight)| (cross.ticker[row], weight * (1.0 + return_of(row)) / value));
        Self { weights: drifted.filter(|(_, weight)| *weight != 0.0).collect() }
    }

    /// The weights by row of a cross-section, 0 where nothing is held.
    pub fn by_row(&self, cross: &CrossSection<'_>) -> Vec<f64> {
        let mut rows = vec![0.0; cross.len()];
        for (ticker, weight) in &self.weights {
            if let Ok(row) = cross.ticker.binary_search(ticker) {
                rows[row] = *weight;
            }
        }
        rows
    }

    /// What is held but not in a cross-section: it must be sold.
    pub fn gone(&self, cross: &CrossSection<'_>) -> Vec<(u32, f64)> {
        let gone = self.weights.iter().filter(|(ticker, _)| cross.ticker.binary_search(ticker).is_err());
        gone.copied().collect()
    }
}
