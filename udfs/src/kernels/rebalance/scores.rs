//! From the raw signal to a score (spec 06 §1.4).

use super::CrossSection;
use crate::kernels::{Degenerate, ZScore, clip};

/// What decides between names of the same score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// The ticker: the first comes first. What a stable sort gives.
    Ticker,
    /// The score before it was limited, then the ticker.
    #[default]
    RawSignal,
}

/// The scores of one date, row by row; the higher, the better. NaN for a row that is not eligible or has no signal.
pub(crate) struct Scores {
    /// What weights are made from.
    pub limited: Vec<f64>,
    /// The same before it is limited, which tells names at the limit apart.
    pub unlimited: Vec<f64>,
}

impl Scores {
    /// The signal itself, times a sign.
    pub fn raw(cross: &CrossSection<'_>, sign: f64) -> Self {
        let signal: Vec<f64> =
            (0..cross.len()).map(|row| if cross.is_ranked(row) { sign * cross.alpha[row] } else { f64::NAN }).collect();
        Self { limited: signal.clone(), unlimited: signal }
    }

    /// Its z-scores, limited to ±`limit`; mean and deviation are those of the eligible rows that have a signal. If they do
    /// not vary, or too much for a number to hold, every z is 0.
    pub fn standardised(cross: &CrossSection<'_>, sign: f64, limit: f64, degenerate: Degenerate) -> Self {
        let signal = Self::raw(cross, sign).unlimited;
        let score = ZScore { clip: None, winsorize: None, min_group: 2, degenerate };
        let mut unlimited = score.evaluate(&signal);
        // The reference scores rows without a signal, too, where it does not vary.
        unlimited.iter_mut().zip(&signal).filter(|(_, signal)| signal.is_nan()).for_each(|(z, _)| *z = f64::NAN);
        Self { limited: unlimited.iter().map(|z| clip(*z, -limit, limit)).collect(), unlimited }
    }
}
