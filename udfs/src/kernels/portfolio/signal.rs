//! From the raw signal to a score (spec 06 §1.4).

use super::super::{Degenerate, ZScore, clip};
use super::CrossSection;

/// How the signal of one date becomes a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Signal {
    /// As it is.
    Raw,
    /// Its z-score, limited to ±`clip` (spec 06 §1.4: 3).
    ZScore {
        /// Limit on |z|, above 0.
        clip: f64,
    },
}

/// Which end of the signal is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// High values are bought.
    HighIsGood,
    /// Low values are bought: the signal is taken with the opposite sign.
    LowIsGood,
}

/// The scores of one date, row by row; the higher, the better. NaN for a row that is not eligible or has no signal.
pub(super) struct Scores {
    /// What weights are made from.
    pub(super) limited: Vec<f64>,
    /// The same before it is limited, which tells names at the limit apart.
    pub(super) unlimited: Vec<f64>,
}

const Z_SCORE: ZScore = ZScore { clip: None, winsorize: None, min_group: 2, degenerate: Degenerate::Corrected };

/// The scores of the eligible rows that have a signal; mean and deviation are those of these rows. If they do not vary,
/// or too much for a number to hold, every z is 0.
pub(super) fn scores(date: &CrossSection<'_>, signal: Signal, direction: Direction) -> Scores {
    let sign = match direction {
        Direction::HighIsGood => 1.0,
        Direction::LowIsGood => -1.0,
    };
    let alpha: Vec<f64> =
        (0..date.len()).map(|row| if date.is_ranked(row) { sign * date.alpha[row] } else { f64::NAN }).collect();
    match signal {
        Signal::Raw => Scores { limited: alpha.clone(), unlimited: alpha },
        Signal::ZScore { clip: limit } => {
            let unlimited = Z_SCORE.evaluate(&alpha);
            Scores { limited: unlimited.iter().map(|z| clip(*z, -limit, limit)).collect(), unlimited }
        }
    }
}
