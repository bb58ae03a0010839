//! A book without market exposure (spec 06 §2.6).

use super::super::{FLATNESS, present};

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
        let Self::Residual { min_names } = self else { return };
        let names: Vec<usize> =
            (0..exposures.len()).filter(|&i| exposures[i] != 0.0 && present(beta[i]).is_some()).collect();
        if names.len() < min_names.max(1) {
            return;
        }
        // The residual does not depend on the scale of the betas; at this one their squares do not overflow.
        let largest = names.iter().map(|&i| beta[i].abs()).fold(f64::MIN_POSITIVE, f64::max);
        let beta = centred(names.iter().map(|&i| beta[i] / largest).collect());
        let rest = centred(names.iter().map(|&i| exposures[i]).collect());
        let slope =
            if beta.iter().all(|beta| beta.abs() <= FLATNESS) { 0.0 } else { dot(&beta, &rest) / dot(&beta, &beta) };
        for ((&i, rest), beta) in names.iter().zip(rest).zip(beta) {
            exposures[i] = rest - slope * beta;
        }
    }
}

fn centred(values: Vec<f64>) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.into_iter().map(|value| value - mean).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
