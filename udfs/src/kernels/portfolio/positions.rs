//! The portfolio of one rebalance date.

use super::Bounds;

/// A portfolio: its positions, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Portfolio {
    /// Names that are chosen, asked for, held after the trade or held before it, in the order of their tickers.
    pub positions: Vec<Position>,
    /// How it came about.
    pub status: Status,
}

/// One name of a portfolio. Weights are parts of the capital; shorts are negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// The number of the ticker.
    pub ticker: u32,
    /// Its score, the higher the better; NaN if it is not eligible or has no signal.
    pub z: f64,
    /// Its place in its leg: 1 is the best long, −1 the best short, 0 is not chosen.
    pub rank: i32,
    /// The weight asked for; on a date that asks for nothing, the weight that is kept.
    pub target: f64,
    /// The weight held after the trade.
    pub weight: f64,
    /// The weight held before the trade: that of the date before, drifted with the returns since (with
    /// [`Turnover::Restrict`](super::Turnover::Restrict) and [`Turnover::Picks`](super::Turnover::Picks): not drifted).
    pub before: f64,
    /// Which constraints hold it back.
    pub bounds: Bounds,
}

/// How a portfolio came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// From the signals of its date.
    Ok,
    /// The date asks for nothing, and what is held is kept.
    Held,
    /// The date asks for nothing, and nothing is held.
    Cash,
    /// The date asks for nothing and has no portfolio. What is held is kept.
    Skipped,
    /// The capital was lost before the date: nothing is held before, and the portfolio begins anew.
    Ruined,
}

impl Status {
    /// Its name in a table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Held => "held",
            Self::Cash => "cash",
            Self::Skipped => "skipped",
            Self::Ruined => "ruined",
        }
    }
}

impl Position {
    /// Whether the name may be held, being in the cross-section.
    pub(super) fn may_stay(&self) -> bool {
        !self.bounds.contains(Bounds::FORCED_EXIT)
    }

    pub(super) fn says_something(&self) -> bool {
        self.rank != 0 || self.target != 0.0 || self.weight != 0.0 || self.before != 0.0
    }
}

impl Portfolio {
    /// Sum of the absolute weights.
    pub fn gross(&self) -> f64 {
        self.positions.iter().map(|position| position.weight.abs()).sum()
    }

    /// Sum of the weights; of a long book, what is invested.
    pub fn net(&self) -> f64 {
        self.positions.iter().map(|position| position.weight).sum()
    }

    /// What is not invested: 1 − [`Self::net`].
    pub fn cash(&self) -> f64 {
        1.0 - self.net()
    }

    /// One-way turnover: half the sum of the absolute changes, forced exits included.
    pub fn turnover(&self) -> f64 {
        self.positions.iter().map(|position| (position.weight - position.before).abs()).sum::<f64>() / 2.0
    }
}
