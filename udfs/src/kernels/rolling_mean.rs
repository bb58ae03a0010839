//! Rolling mean and sums.

use super::sliding::{Summary, slide, slide_from};
use super::{Window, present};

/// Mean of the present values in the trailing window.
pub fn rolling_mean(x: &[f64], window: Window) -> Vec<f64> {
    slide::<Offsets>(x.len(), window, |i| present(x[i]), |frame| frame.pivot + frame.summary.0 / frame.count)
}

/// Sum of the present values in the trailing window. Sums of integers are exact up to 2⁵³.
pub fn rolling_sum(x: &[f64], window: Window) -> Vec<f64> {
    slide::<Total>(x.len(), window, |i| present(x[i]), |frame| frame.summary.0)
}

/// Sum of the present values in the rows whose `by` lies in `(by − span, by]` of the current row, for
/// positions such as a count of market sessions, where a series may lack rows. `by` must not decrease;
/// where it is missing or decreases, the result is missing. Missing with fewer than `min_periods`
/// present values.
pub fn rolling_sum_by(x: &[f64], by: &[f64], span: f64, min_periods: usize) -> Vec<f64> {
    let mut highest = f64::NEG_INFINITY;
    let ordered: Vec<bool> = by
        .iter()
        .map(|&by| {
            let follows = by.is_finite() && by >= highest;
            highest = highest.max(by);
            follows
        })
        .collect();
    let mut first = 0;
    let start = |end: usize| {
        if ordered[end] {
            while first < end && !(ordered[first] && by[first] > by[end] - span) {
                first += 1;
            }
        }
        first
    };
    let row = |i: usize| if ordered[i] { present(x[i]) } else { None };
    let mut sums = slide_from::<Total>(x.len(), start, min_periods, row, |frame| frame.summary.0);
    for (sum, ordered) in sums.iter_mut().zip(&ordered) {
        if !ordered {
            *sum = super::MISSING;
        }
    }
    sums
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
