//! Rolling standard deviation and z-score.

use super::sliding::{Frame, Summary, larger, slide, smaller};
use super::{FLATNESS, MISSING, Window, present};

/// Standard deviation (divisor n − 1) of the present values in the trailing window; exactly 0 for a
/// flat window, missing below two values.
pub fn rolling_std(x: &[f64], window: Window) -> Vec<f64> {
    slide::<Spread>(x.len(), window, |i| present(x[i]), |frame| deviation(&frame))
}

/// `(x − mean) / standard deviation` of the trailing window, the current row included; missing where
/// `x` is missing and for a flat window.
pub fn rolling_zscore(x: &[f64], window: Window) -> Vec<f64> {
    slide::<Spread>(
        x.len(),
        window,
        |i| present(x[i]),
        |frame| {
            let current = x[frame.rows.end - 1];
            let deviation = deviation(&frame);
            if deviation > 0.0 && current.is_finite() {
                ((current - frame.pivot) - frame.summary.sum / frame.count) / deviation
            } else {
                MISSING
            }
        },
    )
}

fn deviation(frame: &Frame<Spread>) -> f64 {
    let Spread { sum, squares, range } = frame.summary;
    if frame.count < 2.0 {
        MISSING
    } else if range.is_flat() {
        0.0
    } else {
        ((squares - sum * sum / frame.count) / (frame.count - 1.0)).sqrt()
    }
}

/// First two power sums of the differences from the pivot, and the range of the values.
#[derive(Clone, Copy)]
struct Spread {
    sum: f64,
    squares: f64,
    range: Extent,
}

impl Summary for Spread {
    type Row = f64;
    const EMPTY: Self = Self { sum: 0.0, squares: 0.0, range: Extent::EMPTY };

    #[inline]
    fn with(self, row: f64, pivot: f64) -> Self {
        let offset = row - pivot;
        Self { sum: self.sum + offset, squares: self.squares + offset * offset, range: self.range.with(row) }
    }

    #[inline]
    fn merge(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, squares: self.squares + other.squares, range: self.range.merge(other.range) }
    }
}

/// Smallest and largest value.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    low: f64,
    high: f64,
}

impl Extent {
    pub(super) const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };

    #[inline]
    pub(super) fn with(self, value: f64) -> Self {
        Self { low: smaller(self.low, value), high: larger(self.high, value) }
    }

    #[inline]
    pub(super) fn merge(self, other: Self) -> Self {
        Self { low: smaller(self.low, other.low), high: larger(self.high, other.high) }
    }

    /// Whether the values differ by no more than rounding noise (spec 02 §11.3):
    /// `max − min ≤ 1e−12·max(1, max|x|)`.
    #[inline]
    pub(super) fn is_flat(self) -> bool {
        let scale = larger(1.0, larger(self.high.abs(), self.low.abs()));
        self.high - self.low <= FLATNESS * scale
    }
}
