//! Leverage for a volatility (spec 06 §1.7 and §6.3).

use super::super::{Window, annualized_vol, rolling_std};

/// The volatility a portfolio is levered to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VolTarget {
    /// Annual volatility.
    pub target: f64,
    /// Returns a year.
    pub periods_per_year: f64,
    /// How volatility is measured.
    pub method: VolMethod,
}

/// How the volatility of unlevered returns is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum VolMethod {
    /// Once, over all returns, also those that were not known yet: one leverage for every period (spec 06 §1.7).
    ExPost,
    /// For each period over the ones before it (spec 06 §6.3).
    ExAnteRealised {
        /// How many periods, and how many of them must have a return.
        window: Window,
        /// The least leverage.
        lo: f64,
        /// The most leverage, at least `lo`.
        hi: f64,
        /// How many of the last periods before have not ended when the leverage is decided: ⌈(h + exec_lag)/R⌉ − 1.
        shift: usize,
    },
    /// For each period from the volatility that is expected of it, which the covariance of the names held gives: see
    /// [`expected_volatility`](crate::kernels::optimize::expected_volatility) (spec 06 §6.3, `ex_ante_cov`).
    ExAnteCovariance {
        /// The least leverage.
        lo: f64,
        /// The most leverage, at least `lo`.
        hi: f64,
    },
}

/// The leverage of one period, and the volatility it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leverage {
    /// What weights and returns of the period are multiplied by; 1 where there is no volatility to go by.
    pub leverage: f64,
    /// Annual volatility of the unlevered returns; NaN where it is not known.
    pub volatility: f64,
}

/// The leverage of each period, from its unlevered returns or from `expected`, the annual volatility expected of each,
/// which only [`VolMethod::ExAnteCovariance`] looks at. What is missing is left out. An ex-ante leverage does not depend on
/// the return of its own period or of a later one.
pub fn vol_target(returns: &[f64], expected: &[f64], how: &VolTarget) -> Vec<Leverage> {
    let VolTarget { target, periods_per_year, method } = *how;
    match method {
        VolMethod::ExPost => {
            let volatility = annualized_vol(returns, periods_per_year);
            vec![Leverage::of(target, volatility, 0.0, f64::INFINITY); returns.len()]
        }
        VolMethod::ExAnteRealised { window, lo, hi, shift } => {
            let deviation = rolling_std(returns, window);
            let known = |period: usize| deviation[..period].iter().rev().nth(shift).copied().unwrap_or(f64::NAN);
            let leverage = |period| Leverage::of(target, periods_per_year.sqrt() * known(period), lo, hi);
            (0..returns.len()).map(leverage).collect()
        }
        VolMethod::ExAnteCovariance { lo, hi } => {
            let leverage = |period| Leverage::of(target, expected.get(period).copied().unwrap_or(f64::NAN), lo, hi);
            (0..returns.len()).map(leverage).collect()
        }
    }
}

impl Leverage {
    fn of(target: f64, volatility: f64, lo: f64, hi: f64) -> Self {
        // Neither `clamp`, which panics if the bounds are the wrong way round, nor a division by no volatility.
        let leverage =
            if volatility > 0.0 && volatility.is_finite() { (target / volatility).max(lo).min(hi) } else { 1.0 };
        Self { leverage, volatility }
    }
}
