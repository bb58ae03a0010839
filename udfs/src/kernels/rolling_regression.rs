//! Rolling least squares of y on x with intercept: slope, intercept, correlation, residual deviation
//! (spec 02 §8 and §11.3).
//!
//! A row takes part only if both values are present. With S the sums of squared deviations from the
//! mean and K the sum of their products: `beta = K/S_x`, `alpha = ȳ − beta·x̄`, `corr = K/√(S_x·S_y)`,
//! `SSE = S_y − K²/S_x`.

use std::ops::Range;

use super::rolling_spread::Extent;
use super::sliding::{Frame, Summary, larger, slide};
use super::{MISSING, Window};

/// Slope of the regression; missing below two pairs and if x is flat in the window.
pub fn rolling_beta(y: &[f64], x: &[f64], window: Window) -> Vec<f64> {
    regress(y, x, window, |fit| fit.beta())
}

/// Intercept of the regression; missing below two pairs and if x is flat in the window.
pub fn rolling_alpha(y: &[f64], x: &[f64], window: Window) -> Vec<f64> {
    regress(y, x, window, |fit| fit.mean_y - fit.beta() * fit.mean_x)
}

/// Pearson correlation, within [−1, 1]; missing below two pairs and if x or y is flat in the window.
pub fn rolling_corr(y: &[f64], x: &[f64], window: Window) -> Vec<f64> {
    regress(y, x, window, |fit| {
        if fit.flat_y {
            return MISSING;
        }
        (fit.xy / (fit.xx.sqrt() * fit.yy.sqrt())).clamp(-1.0, 1.0)
    })
}

/// Standard deviation of the regression's residuals, `√(SSE/(n − 2))`; missing below three pairs and
/// if x is flat in the window.
pub fn rolling_resid_std(y: &[f64], x: &[f64], window: Window) -> Vec<f64> {
    regress(y, x, window, |fit| {
        if fit.count < 3.0 {
            return MISSING;
        }
        let mut sse = fit.yy - fit.beta() * fit.xy;
        // The difference cancels when the fit is nearly perfect (an index against itself). Then, and
        // only then, sum the residuals themselves.
        if sse <= 1e-4 * fit.yy {
            sse = fit.squared_residuals(y, x);
        }
        (larger(sse, 0.0) / (fit.count - 2.0)).sqrt()
    })
}

/// Evaluates `statistic` on the fit of each window in which x varies.
fn regress(y: &[f64], x: &[f64], window: Window, statistic: impl Fn(&Fit) -> f64) -> Vec<f64> {
    let pair = |i: usize| (y[i].is_finite() && x[i].is_finite()).then(|| (y[i], x[i]));
    slide::<Joint>(y.len().min(x.len()), window, pair, |frame| {
        if frame.count < 2.0 || frame.summary.range_x.is_flat() {
            return MISSING;
        }
        statistic(&Fit::new(frame))
    })
}

/// Centred sums of a window's pairs.
struct Fit {
    count: f64,
    mean_y: f64,
    mean_x: f64,
    yy: f64,
    xx: f64,
    xy: f64,
    flat_y: bool,
    rows: Range<usize>,
}

impl Fit {
    #[inline]
    fn new(frame: Frame<Joint>) -> Self {
        let Frame { summary: joint, pivot: (y, x), count, rows } = frame;
        let (offset_y, offset_x) = (joint.y / count, joint.x / count);
        Self {
            count,
            mean_y: y + offset_y,
            mean_x: x + offset_x,
            yy: joint.yy - joint.y * offset_y,
            xx: joint.xx - joint.x * offset_x,
            xy: joint.xy - joint.y * offset_x,
            flat_y: joint.range_y.is_flat(),
            rows,
        }
    }

    #[inline]
    fn beta(&self) -> f64 {
        self.xy / self.xx
    }

    /// Sum of squared residuals in two passes. Any rounding error in beta or the means cancels to
    /// first order, because the residuals are orthogonal to both regressors.
    fn squared_residuals(&self, y: &[f64], x: &[f64]) -> f64 {
        let beta = self.beta();
        let pairs = y[self.rows.clone()].iter().zip(&x[self.rows.clone()]);
        let residuals = pairs
            .filter(|(y, x)| y.is_finite() && x.is_finite())
            .map(|(y, x)| (y - self.mean_y) - beta * (x - self.mean_x));
        let (sum, squares) = residuals.fold((0.0, 0.0), |(sum, squares), e| (sum + e, squares + e * e));
        squares - sum * sum / self.count
    }
}

/// Sums of the differences from the pivot pair and of their products, and the ranges of the values.
#[derive(Clone, Copy)]
struct Joint {
    y: f64,
    x: f64,
    yy: f64,
    xx: f64,
    xy: f64,
    range_y: Extent,
    range_x: Extent,
}

impl Summary for Joint {
    /// (y, x)
    type Row = (f64, f64);
    const EMPTY: Self =
        Self { y: 0.0, x: 0.0, yy: 0.0, xx: 0.0, xy: 0.0, range_y: Extent::EMPTY, range_x: Extent::EMPTY };

    #[inline]
    fn with(self, row: (f64, f64), pivot: (f64, f64)) -> Self {
        let (y, x) = (row.0 - pivot.0, row.1 - pivot.1);
        Self {
            y: self.y + y,
            x: self.x + x,
            yy: self.yy + y * y,
            xx: self.xx + x * x,
            xy: self.xy + x * y,
            range_y: self.range_y.with(row.0),
            range_x: self.range_x.with(row.1),
        }
    }

    #[inline]
    fn merge(self, other: Self) -> Self {
        Self {
            y: self.y + other.y,
            x: self.x + other.x,
            yy: self.yy + other.yy,
            xx: self.xx + other.xx,
            xy: self.xy + other.xy,
            range_y: self.range_y.merge(other.range_y),
            range_x: self.range_x.merge(other.range_x),
        }
    }
}
