//! Rolling mean and sum.

use super::sliding::{Summary, slide};
use super::{Window, present};

/// Mean of the present values in the trailing window.
pub fn rolling_mean(x: &[f64], window: Window) -> Vec<f64> {
    slide::<Offsets>(
        x.len(),
        window,
        |i| present(x[i]),
        |frame| frame.pivot + frame.summary.0 / frame.count,
    )
}

/// Sum of the present values in the trailing window. Sums of integers are exact up to 2⁵³.
pub fn rolling_sum(x: &[f64], window: Window) -> Vec<f64> {
    slide::<Total>(x.len(), window, |i| present(x[i]), |frame| frame.summary.0)
}

/// Sum of the differences from the pivot: the mean of equal values is exactly that value.
#[derive(Clone, Copy)]
struct Offsets(f64);

impl Summary for Offsets {
    type Row = f64;
    const EMPTY: Self = Self(0.0);

    #[inline]
    fn with(self, row: f64, pivot: f64) -> Self {
        Self(self.0 + (row - pivot))
    }

    #[inline]
    fn merge(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

/// Plain sum of the values.
#[derive(Clone, Copy)]
struct Total(f64);

impl Summary for Total {
    type Row = f64;
    const EMPTY: Self = Self(0.0);

    #[inline]
    fn with(self, row: f64, _pivot: f64) -> Self {
        Self(self.0 + row)
    }

    #[inline]
    fn merge(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
