//! Cross-sections that own their values, and the constructions the tests begin with.

use kairos_udfs::kernels::portfolio::{
    Book, CapMethod, Caps, Construction, CrossSection, Direction, Neutralize, OnEmpty, Overlap, Portfolio, Position,
    Proposal, Signal, Ties, Turnover, Weighting,
};

/// The names of one date.
#[derive(Debug, Clone, Default)]
pub struct Names {
    pub ticker: Vec<u32>,
    pub alpha: Vec<f64>,
    pub volatility: Vec<f64>,
    pub beta: Vec<f64>,
    pub sector: Vec<u32>,
    pub eligible: Vec<bool>,
    pub period_return: Vec<f64>,
}

impl Names {
    /// Eligible names 0, 1, … of one sector, volatility 1 and beta 1, that do not move.
    pub fn of(alpha: &[f64]) -> Self {
        let (ones, n) = (vec![1.0; alpha.len()], alpha.len());
        Self {
            ticker: (0..n as u32).collect(),
            alpha: alpha.to_vec(),
            volatility: ones.clone(),
            beta: ones,
            sector: vec![0; n],
            eligible: vec![true; n],
            period_return: vec![0.0; n],
        }
    }

    pub fn view(&self) -> CrossSection<'_> {
        CrossSection {
            ticker: &self.ticker,
            alpha: &self.alpha,
            volatility: &self.volatility,
            beta: &self.beta,
            sector: &self.sector,
            eligible: &self.eligible,
            period_return: &self.period_return,
        }
    }
}

pub const NO_CAPS: Caps = Caps { name: None, sector_multiple: None, sector_limit: None, method: CapMethod::WaterFill };

/// Weights proportional to the raw signal, without a cap; all other things as the default mode has them.
pub const PLAIN: Construction = Construction {
    signal: Signal::Raw,
    direction: Direction::HighIsGood,
    n_long: usize::MAX,
    n_short: usize::MAX,
    ties: Ties::RawSignal,
    overlap: Overlap::Error,
    weighting: Weighting::Alpha,
    caps: NO_CAPS,
    book: Book::Long,
    neutralize: Neutralize::None,
    turnover: Turnover::None,
    on_empty: OnEmpty::Hold,
};

/// The targets of all rows, 0 for those that were not chosen.
pub fn targets(proposal: &Proposal) -> Vec<f64> {
    let mut targets = vec![0.0; proposal.z.len()];
    proposal.picks.iter().for_each(|pick| targets[pick.row] = pick.target);
    targets
}

/// The position of a ticker, if it has one.
pub fn position(portfolio: &Portfolio, ticker: u32) -> Option<&Position> {
    portfolio.positions.iter().find(|position| position.ticker == ticker)
}

/// The weights of tickers 0 to `n` − 1.
pub fn weights(portfolio: &Portfolio, n: u32) -> Vec<f64> {
    (0..n).map(|ticker| position(portfolio, ticker).map_or(0.0, |position| position.weight)).collect()
}

/// Demands values within `tolerance`.
pub fn assert_near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    let near = found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance || a.is_nan() && b.is_nan());
    assert!(near && found.len() == expected.len(), "{what}: {found:?}, expected {expected:?}");
}
