//! The t-statistic of a mean of overlapping observations.

use super::{FLATNESS, MISSING, present};

/// t-statistic of the mean of `x` with the variance of Newey and West (1987): autocovariances up to `lag`, with Bartlett
/// weights. `x` is in time order; missing values are left out before lags are counted.
///
/// With e = x − mean and γ_k = (1/T) Σ e_t e_{t−k}: v = γ_0 + 2 Σ_{k=1}^{lag} (1 − k/(lag + 1)) γ_k and
/// t = mean/√(v/T). Returns over h rows that are sampled on every row overlap in h − 1 of them: lag = h − 1.
/// NaN with fewer than two values, or if v is not positive.
pub fn newey_west_t(x: &[f64], lag: usize) -> f64 {
    let x: Vec<f64> = x.iter().copied().filter_map(present).collect();
    if x.len() < 2 {
        return MISSING;
    }
    let count = x.len() as f64;
    // Measured from the first value, a little movement at a high level loses no digits.
    let shift = x.iter().map(|value| value - x[0]).sum::<f64>() / count;
    let errors: Vec<f64> = x.iter().map(|value| value - x[0] - shift).collect();
    let autocovariance = |k: usize| errors.iter().zip(&errors[k..]).map(|(a, b)| a * b).sum::<f64>() / count;
    let variance = autocovariance(0);
    let largest = x.iter().fold(1.0_f64, |most, value| most.max(value.abs()));
    if variance.sqrt() <= FLATNESS * largest {
        return MISSING;
    }
    let lags = 1..=lag.min(x.len() - 1);
    let weighted = lags.map(|k| (1.0 - k as f64 / (lag as f64 + 1.0)) * autocovariance(k));
    let long_run = variance + 2.0 * weighted.sum::<f64>();
    if long_run > 0.0 { (x[0] + shift) / (long_run / count).sqrt() } else { MISSING }
}
