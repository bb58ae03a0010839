//! Mean and standard deviation of rows in no particular order.

use super::reproducible_sum::reproducible_sum;
use super::{FLATNESS, MISSING, present};

/// The mean of the present values, the same in every order; missing if there are none.
pub fn mean(x: &[f64]) -> f64 {
    let values = x.iter().copied().filter_map(present);
    match values.clone().count() {
        0 => MISSING,
        count => reproducible_sum(values) / count as f64,
    }
}

/// The standard deviation (divisor n − 1) of the present values, the same in every order, in two passes; missing with
/// fewer than two, and 0 if they differ by rounding noise only (spec 02 §11.3).
pub fn std(x: &[f64]) -> f64 {
    let values = x.iter().copied().filter_map(present);
    let count = values.clone().count();
    if count < 2 {
        return MISSING;
    }
    // Measured from one of the values, a little movement at a high level loses no digits.
    let pivot = values.clone().fold(f64::INFINITY, f64::min);
    let mean = reproducible_sum(values.clone().map(|value| value - pivot)) / count as f64;
    let squares = reproducible_sum(values.map(|value| (value - pivot - mean).powi(2)));
    let deviation = (squares / (count - 1) as f64).sqrt();
    if deviation <= FLATNESS * (pivot + mean).abs().max(1.0) { 0.0 } else { deviation }
}
