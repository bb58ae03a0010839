//! Exposures made neutral with all caps in force (spec 06 §6.5).

use super::covariance::Covariance;
use super::problem::{Balance, Limits, Name, Problem};
use super::solver::{Solution, Solver};

/// The limits that a projected book satisfies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProjectionLimits<'a> {
    /// Largest |weight| of a name.
    pub name_cap: f64,
    /// Largest `‖w‖₁`; 1 in the specification.
    pub gross: f64,
    /// Largest `Σ|w|` of each sector, by its number, if there is such a limit.
    pub sector_gross: Option<&'a [f64]>,
}

/// The dollar- and beta-neutral book within the limits that is nearest to `exposure`: `min ½‖w − e‖²` with every weight
/// on the side of its exposure. `beta` must be finite; `sector` are numbers from 0. The weights are empty unless the
/// solution says solved. An exposure of 0 stays 0.
pub fn project(
    exposure: &[f64],
    beta: &[f64],
    sector: &[usize],
    limits: &ProjectionLimits<'_>,
    solver: Solver,
) -> (Solution, Vec<f64>) {
    let cap = limits.name_cap;
    let range = |exposure: f64| match exposure {
        long if long > 0.0 => (0.0, cap),
        short if short < 0.0 => (-cap, 0.0),
        _ => (0.0, 0.0),
    };
    let names: Vec<Name> = (exposure.iter().zip(beta).zip(sector))
        .map(|((&expected, &beta), &sector)| Name { range: range(expected), expected, beta, sector, before: 0.0 })
        .collect();
    let limits = Limits {
        gross: limits.gross,
        sector_net: None,
        sector_gross: limits.sector_gross.map(<[f64]>::to_vec),
        turnover: None,
    };
    let covariance = Covariance::diagonal(vec![1.0; names.len()]);
    let balance = Balance::Neutral;
    Problem { names: &names, covariance: &covariance, risk: 1.0, cost: 0.0, balance, limits, unit: cap }.solve(solver)
}
