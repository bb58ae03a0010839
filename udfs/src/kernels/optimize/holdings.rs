//! The book between two rebalances.

use crate::kernels::rebalance::{CrossSection, drifted};

/// Weights by ticker, ascending, none of them 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Holdings {
    weights: Vec<(u32, f64)>,
}

impl Holdings {
    /// The book when the next date comes, from tickers and weights after a rebalance. A book that has lost all capital
    /// holds nothing.
    pub fn drifted(cross: &CrossSection<'_>, weights: impl Iterator<Item = (u32, f64)> + Clone) -> Self {
        let mut weights = drifted(cross, weights).unwrap_or_default();
        weights.retain(|(_, weight)| *weight != 0.0);
        Self { weights }
    }

    /// The weights by row of a cross-section, 0 where nothing is held.
    pub fn by_row(&self, cross: &CrossSection<'_>) -> Vec<f64> {
        let mut rows = vec![0.0; cross.len()];
        for (ticker, weight) in &self.weights {
            if let Some(row) = cross.row_of(*ticker) {
                rows[row] = *weight;
            }
        }
        rows
    }

    /// What is held but not in a cross-section: it must be sold.
    pub fn gone(&self, cross: &CrossSection<'_>) -> Vec<(u32, f64)> {
        let gone = self.weights.iter().filter(|(ticker, _)| cross.row_of(*ticker).is_none());
        gone.copied().collect()
    }
}
