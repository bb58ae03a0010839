//! What an optimisation hands back.

use crate::kernels::rebalance::Bounds;

/// The book of one date.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimized {
    /// The rebalance date, in days since 1970-01-01.
    pub day: i32,
    /// All names that are or were held or could have been, in the order of their tickers.
    pub positions: Vec<Position>,
    /// Whether the book is what was asked for.
    pub status: Status,
    /// KKT residual of the program; 0 where none was solved.
    pub residual: f64,
    /// Iterations of the solver, and steps from one set of binding constraints to the next.
    pub iterations: u32,
    /// Whether the solution before told which constraints bind, so that the solver was not needed.
    pub warm: bool,
    /// Share of the candidates at a bound of theirs. Above one half, expected returns and risk are badly scaled.
    pub at_bound: f64,
    /// Days of returns that the covariance was estimated from.
    pub returns: usize,
    /// Where data did not suffice.
    pub fallbacks: Fallbacks,
}

/// One name of a book. Weights are shares of capital and never missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// Number of the ticker.
    pub ticker: u32,
    /// Score; missing outside the cross-section.
    pub z: f64,
    /// Place in descending order of score, from 1; 0 outside the cross-section.
    pub rank: u32,
    /// What the optimiser asked for before anything was done to it: for the chain of the reference the solution of its
    /// linear system, otherwise the weight.
    pub target: f64,
    /// The weight after the rebalance.
    pub weight: f64,
    /// The weight before it: the last one, drifted with returns since.
    pub before: f64,
    /// The bound of the name that its weight is at; for the chain of the reference, which scales weights after it has cut
    /// them, the one at which it was cut.
    pub bound: Bound,
    /// The limits of the book that hold it back: those whose price is not 0. Empty for the chain of the reference.
    pub limits: Bounds,
}

/// The bounds of a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bound {
    /// Between its bounds.
    #[default]
    None,
    /// At the smallest weight allowed, which for a candidate of the long side is 0.
    Lower,
    /// At the largest.
    Upper,
}

/// Whether a book is what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is.
    Solved,
    /// It is, but for limits that had to be relaxed.
    Relaxed(Relaxation),
    /// It is the last one, drifted.
    Held(Cause),
    /// There is none on this date.
    Skipped(Cause),
    /// It is empty.
    Flat(Cause),
}

/// The rungs of the ladder, each on top of the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relaxation {
    /// The turnover limit was dropped.
    Turnover,
    /// The limit of the net weight of sectors was doubled.
    SectorNet,
    /// All limits of sectors were dropped.
    Sectors,
}

/// Why there is no solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No name can be traded into, or none has a price in the window.
    NoCandidates,
    /// There are not enough returns for a covariance.
    TooFewReturns,
    /// The constraints contradict each other even without limits of sectors and turnover.
    Infeasible,
    /// Neither solver found a point that satisfies the KKT conditions, or an option is not finite.
    NotSolved,
    /// Every weight is 0.
    NoWeights,
}

/// Where data did not suffice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fallbacks {
    /// Candidates with the median variance because they have too few returns.
    pub with_median_variance: usize,
    /// Candidates whose variance was below the floor.
    pub floored: usize,
    /// Names that would be candidates but for a missing beta or volatility, or a price in the window.
    pub without_data: usize,
    /// Whether the covariance is the identity because there were too few returns.
    pub identity_covariance: bool,
    /// Whether the linear system was singular and weights are proportional to scores.
    pub singular: bool,
    /// Whether a program had to be given to the other solver, because the chosen one found no point that satisfies the
    /// KKT conditions.
    pub other_solver: bool,
}

/// The weights found for the rows of a cross-section, before anything is known of the book before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    pub weights: Vec<Weight>,
    pub status: Status,
    pub residual: f64,
    pub iterations: u32,
    pub warm: bool,
    pub returns: usize,
    pub fallbacks: Fallbacks,
}

/// The weight found for one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weight {
    pub row: usize,
    pub target: f64,
    pub weight: f64,
    pub bound: Bound,
    pub limits: Bounds,
}

impl Decision {
    /// The same with rows that could have had a weight, so that their positions say why they have none.
    pub fn with_candidates(mut self, rows: &[usize]) -> Self {
        let none =
            |row: &usize| Weight { row: *row, target: 0.0, weight: 0.0, bound: Bound::None, limits: Bounds::NONE };
        self.weights = rows.iter().map(none).collect();
        self
    }

    /// None, and why.
    pub fn without_weights(status: Status, fallbacks: Fallbacks) -> Self {
        Self { weights: Vec::new(), status, residual: 0.0, iterations: 0, warm: false, returns: 0, fallbacks }
    }
}
