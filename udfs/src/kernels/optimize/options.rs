//! What can be chosen about an optimised book (spec 06 §5.2 and §6.4).

use super::risk_model::RiskModel;
use super::solver::Solver;
use crate::kernels::rebalance::Ties;

/// How books are optimised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optimization {
    /// Which book is held. Default: dollar-neutral.
    pub book: Book,
    /// How many names with the highest scores are candidates. Default 150.
    pub long: usize,
    /// How many names with the lowest scores are candidates of a dollar-neutral book. Default 150.
    pub short: usize,
    /// Limit of |z|. Default 3.
    pub clip: f64,
    /// What decides between names of the same score. Default: the signal before clipping, then the ticker.
    pub ties: Ties,
    /// Largest weight of a name, as a share of capital. Default 0.03.
    pub name_cap: f64,
    /// A sector may have this multiple of its share of the names in the cross-section. Default 2. Not finite: no limit.
    pub sector_multiple: f64,
    /// How weights are found. Default: mean–variance.
    pub method: Method,
}

impl Default for Optimization {
    fn default() -> Self {
        Self {
            book: Book::DollarNeutral,
            long: 150,
            short: 150,
            clip: 3.0,
            ties: Ties::RawSignal,
            name_cap: 0.03,
            sector_multiple: 2.0,
            method: Method::MeanVariance(MeanVariance::default()),
        }
    }
}

/// Which book is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Book {
    /// `Σw = 1`, `w ≥ 0`.
    LongOnly,
    /// `Σw = 0` and `Σβw = 0`.
    DollarNeutral,
}

/// How weights are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// A quadratic program with all limits in it (spec 06 §6.4).
    MeanVariance(MeanVariance),
    /// The chain of the reference (spec 06 §2.7): always dollar-neutral, whatever the book.
    KktClip(KktClip),
}

/// `min ½γ·h·w'Σw − μ'w + κ‖w − before‖₁` with `μ = ic·σ·√h·z`: σ the daily volatility of a name, Σ the covariance of
/// daily returns, h the horizon in days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanVariance {
    /// What solves the program where the solution before does not tell which constraints bind. Default: OSQP.
    pub solver: Solver,
    /// How Σ is estimated.
    pub risk_model: RiskModel,
    /// γ. Default 20.
    pub risk_aversion: f64,
    /// Information coefficient that the signal is believed to have. Default 0.03.
    pub ic: f64,
    /// h, trading days between rebalances. Default 5.
    pub horizon: f64,
    /// Largest `‖w‖₁`. Default 1.
    pub gross: f64,
    /// Largest |net weight| of a sector in a dollar-neutral book. Default 0.05. Not finite: no limit.
    pub sector_net: f64,
    /// Largest one-way turnover `½‖w − before‖₁`, if any. It does not hold for the first book, nor for what must be sold
    /// because it is not priced any more. Default: none.
    pub turnover: Option<f64>,
    /// κ, the cost of one unit of trading. Default 0.
    pub cost: f64,
    /// Whether candidates for the long side have no negative weights, and the others no positive ones. Default: yes.
    pub fixed_signs: bool,
}

impl Default for MeanVariance {
    fn default() -> Self {
        Self {
            solver: Solver::Osqp,
            risk_model: RiskModel::default(),
            risk_aversion: 20.0,
            ic: 0.03,
            horizon: 5.0,
            gross: 1.0,
            sector_net: 0.05,
            turnover: None,
            cost: 0.0,
            fixed_signs: true,
        }
    }
}

impl MeanVariance {
    /// Whether a book depends on the one before it.
    pub(crate) fn carries_over(&self) -> bool {
        self.cost != 0.0 || self.turnover.is_some()
    }
}

/// The chain of the reference: closed form without inequalities, clip, sector cap, gross 1, residual, gross 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KktClip {
    /// Calendar days of prices.
    pub lookback_days: i32,
    /// How many rows of returns are kept at most.
    pub window: usize,
    /// With fewer rows the covariance is the identity; without this number, whatever there is is used.
    pub min_rows: Option<usize>,
    /// Weight of the diagonal in the covariance.
    pub shrink: f64,
    /// Added to every variance.
    pub ridge: f64,
    /// γ.
    pub risk_aversion: f64,
    /// ε in `z/(‖z‖₂ + ε)`, which replaces the solution of a singular system.
    pub epsilon: f64,
    /// Which of the two scripts is followed where they differ.
    pub script: Script,
}

/// The two scripts of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Drops names without a return, and leaves out dates without weights.
    Research,
    /// Keeps names with a price but without a return, and records dates without weights.
    Production,
}

impl KktClip {
    /// `backtest_academic_strategy_ls_opt`.
    pub fn research() -> Self {
        Self {
            lookback_days: 90,
            window: 60,
            min_rows: Some(30),
            shrink: 0.3,
            ridge: 1e-6,
            risk_aversion: 1.0,
            epsilon: 1e-8,
            script: Script::Research,
        }
    }

    /// `backtest_academic_strategy_ls_opt_save`.
    pub fn production() -> Self {
        Self { lookback_days: 80, min_rows: None, epsilon: 1e-12, script: Script::Production, ..Self::research() }
    }
}
