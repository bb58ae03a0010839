//! Last observation carried forward.

use super::{MISSING, present};

/// The last present value at or before each row; missing before the first.
pub fn forward_fill(x: &[f64]) -> Vec<f64> {
    let mut last = MISSING;
    x.iter()
        .map(|&value| {
            last = present(value).unwrap_or(last);
            last
        })
        .collect()
}
