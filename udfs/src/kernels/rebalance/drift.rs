//! Weights from one rebalance to the next.

use super::CrossSection;
use crate::kernels::{FLATNESS, present};

/// `w(1 + r)/(1 + Σwr)`, r being the returns from this date to the next (spec 06 §6.2), of tickers with their weights, in
/// their order. Cash earns nothing. A missing return is 0, and no name loses more than itself. Nothing if the capital is
/// lost.
pub(crate) fn drifted(
    cross: &CrossSection<'_>,
    weights: impl Iterator<Item = (u32, f64)> + Clone,
) -> Option<Vec<(u32, f64)>> {
    let growth = |ticker: u32| {
        let r = cross.row_of(ticker).and_then(|row| present(cross.period_return[row]));
        1.0 + r.unwrap_or(0.0).max(-1.0)
    };
    let grown: Vec<(u32, f64, f64)> = weights.map(|(ticker, weight)| (ticker, weight, growth(ticker))).collect();
    let capital = 1.0 + grown.iter().map(|(_, weight, growth)| weight * (growth - 1.0)).sum::<f64>();
    let drifted = |(ticker, weight, growth): (u32, f64, f64)| (ticker, weight * (growth / capital));
    (capital > FLATNESS).then(|| grown.into_iter().map(drifted).collect())
}
