//! From the raw signal to a score (spec 06 §1.4).

use super::super::Degenerate;
use super::super::rebalance::Scores;
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

impl Signal {
    /// The scores of one date.
    pub(super) fn scores(self, date: &CrossSection<'_>, direction: Direction) -> Scores {
        let sign = match direction {
            Direction::HighIsGood => 1.0,
            Direction::LowIsGood => -1.0,
        };
        match self {
            Self::Raw => Scores::raw(date, sign),
            Self::ZScore { clip } => Scores::standardised(date, sign, clip, Degenerate::Corrected),
        }
    }
}
