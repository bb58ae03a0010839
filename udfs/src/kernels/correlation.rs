//! Correlation of two series.

use super::{FLATNESS, MISSING, Ranking};

/// Pearson's correlation over the rows in which both values are present, in two passes; NaN with fewer than two such
/// rows, or if either side does not vary.
pub fn pearson(x: &[f64], y: &[f64]) -> f64 {
    let both = || x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite());
    let Some((&x0, &y0)) = both().next() else {
        return MISSING;
    };
    // Measured from one of the values, a little movement at a high level loses no digits.
    let (mut count, mut sum_x, mut sum_y, mut most_x, mut most_y) = (0.0, 0.0, 0.0, x0.abs(), y0.abs());
    let (mut far_x, mut far_y) = (0.0_f64, 0.0_f64);
    for (x, y) in both() {
        count += 1.0;
        sum_x += x - x0;
        sum_y += y - y0;
        most_x = most_x.max(x.abs());
        most_y = most_y.max(y.abs());
        far_x = far_x.max((x - x0).abs());
        far_y = far_y.max((y - y0).abs());
    }
    if far_x <= FLATNESS * most_x.max(1.0) || far_y <= FLATNESS * most_y.max(1.0) {
        return MISSING;
    }
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in both() {
        // In units of the largest deviation, squares neither overflow nor vanish.
        let (dx, dy) = ((x - x0 - mean_x) / far_x, (y - y0 - mean_y) / far_y);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0)
}

/// Spearman's rank correlation over the rows in which both values are present: [`pearson`] of their average ranks.
/// NaN if either side does not vary.
pub fn spearman(x: &[f64], y: &[f64]) -> f64 {
    Ranking::of(x).correlation(&Ranking::of(y))
}
