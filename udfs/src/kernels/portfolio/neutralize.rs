//! A book without market exposure (spec 06 §2.6).

use super::super::rebalance::residual;

/// How a long–short book is made neutral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neutralize {
    /// Not at all.
    None,
    /// The exposures are replaced by what a regression on a constant and the betas leaves of them: they sum to 0, and so
    /// do their products with the betas. Signs may turn, and caps may break.
    Residual {
        /// With fewer names that have an exposure and a beta, nothing changes.
        min_names: usize,
    },
    /// The nearest book that is neutral and keeps every sign, cap and the gross weight (spec 06 §6.5).
    Projection,
}

impl Neutralize {
    /// The neutral exposures. A name without an exposure or without a beta (NaN) keeps what it has and plays no part.
    pub fn apply(self, exposures: &mut [f64], beta: &[f64]) {
        if let Self::Residual { min_names } = self {
            residual(exposures, beta, min_names);
        }
    }
}
