//! Exponentially weighted mean, as pandas `ewm(adjust=False, ignore_na=False, min_periods=1)`.

use super::{MISSING, present};

/// The smoothing factor `α = 2/(span + 1)`.
pub fn smoothing_of_span(span: f64) -> f64 {
    2.0 / (span + 1.0)
}

/// `e_t = (1 − α)·e_{t−1} + α·x_t`, started at the first present value (spec 02 §0.2).
///
/// A missing row repeats the previous result; rows before the first value are missing. After g
/// missing rows the old mean has decayed to weight `β = (1 − α)^{g+1}` and the next value enters as
/// `e = (β·e + α·x)/(β + α)`. `alpha` lies in (0, 1].
pub fn ewm_mean(x: &[f64], alpha: f64) -> Vec<f64> {
    let mut mean = MISSING;
    let mut weight = 1.0;
    x.iter()
        .map(|&value| {
            weight *= 1.0 - alpha;
            if let Some(value) = present(value) {
                // The comparison keeps the mean of equal values exact, as pandas does.
                if mean.is_nan() {
                    mean = value;
                } else if mean != value {
                    mean = (weight * mean + alpha * value) / (weight + alpha);
                }
                weight = 1.0;
            }
            mean
        })
        .collect()
}
