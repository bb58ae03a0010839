//! Standard figures of a series of simple returns (spec 06 §6.8). Missing returns are left out.

use super::{FLATNESS, MISSING, present};

/// Mean and deviation (divisor n − 1) of the present values; nothing with fewer than two.
fn location_and_scale(r: &[f64]) -> Option<(f64, f64)> {
    let r: Vec<f64> = r.iter().copied().filter_map(present).collect();
    if r.len() < 2 {
        return None;
    }
    let count = r.len() as f64;
    let shift = r.iter().map(|value| value - r[0]).sum::<f64>() / count;
    let squares: f64 = r.iter().map(|value| (value - r[0] - shift).powi(2)).sum();
    Some((r[0] + shift, (squares / (count - 1.0)).sqrt()))
}

/// √periods · mean/deviation, for `periods` returns a year. Arithmetic, no riskless rate: subtract it from `r` before.
/// NaN with fewer than two returns, or if they do not vary.
pub fn sharpe(r: &[f64], periods: f64) -> f64 {
    match location_and_scale(r) {
        Some((mean, deviation)) if deviation > FLATNESS * mean.abs().max(1.0) => periods.sqrt() * mean / deviation,
        _ => MISSING,
    }
}

/// √periods · mean/downside deviation, for `periods` returns a year; the downside deviation is `√(mean of min(r, 0)²)`
/// over all returns (Sortino and van der Meer 1991, with a minimum acceptable return of 0). NaN with fewer than two
/// returns, or if there is no loss.
pub fn sortino(r: &[f64], periods: f64) -> f64 {
    let losses = r.iter().copied().filter_map(present).map(|r| r.min(0.0).powi(2));
    let (squares, count) = losses.fold((0.0, 0.0), |(squares, count), loss| (squares + loss, count + 1.0));
    let downside: f64 = f64::sqrt(squares / count);
    match location_and_scale(r) {
        Some((mean, _)) if downside > 0.0 => periods.sqrt() * mean / downside,
        _ => MISSING,
    }
}

/// √periods · deviation (divisor n − 1). NaN with fewer than two returns.
pub fn annualized_vol(r: &[f64], periods: f64) -> f64 {
    location_and_scale(r).map_or(MISSING, |(_, deviation)| periods.sqrt() * deviation)
}

/// (Π (1 + r))^(periods/n) − 1. A return of −100 % or less is ruin, and the result −1. NaN without returns.
pub fn annualized_return(r: &[f64], periods: f64) -> f64 {
    let (mut log_growth, mut count) = (0.0, 0.0);
    for r in r.iter().copied().filter_map(present) {
        if r <= -1.0 {
            return -1.0;
        }
        log_growth += r.ln_1p();
        count += 1.0;
    }
    if count > 0.0 { (log_growth * periods / count).exp_m1() } else { MISSING }
}

/// Π (1 + r) − 1: what equity that begins at 1 has gained. A return of −100 % or less is ruin, and the result −1. NaN
/// without returns.
pub fn total_return(r: &[f64]) -> f64 {
    let grown = |equity: Option<f64>, r: f64| Some(equity.unwrap_or(1.0) * (1.0 + r).max(0.0));
    r.iter().copied().filter_map(present).fold(None, grown).map_or(MISSING, |equity| equity - 1.0)
}

/// The largest loss from a peak of the compounded returns, as a negative number; 0 if there is none. Equity begins at 1,
/// which counts as a peak, and never falls below 0. NaN without returns.
pub fn max_drawdown(r: &[f64]) -> f64 {
    let mut state = None;
    for r in r.iter().copied().filter_map(present) {
        let (equity, peak, deepest) = state.unwrap_or((1.0_f64, 1.0_f64, 0.0_f64));
        let equity = (equity * (1.0 + r)).max(0.0);
        state = Some((equity, peak.max(equity), deepest.min(equity / peak.max(equity) - 1.0)));
    }
    state.map_or(MISSING, |(_, _, deepest)| deepest)
}
