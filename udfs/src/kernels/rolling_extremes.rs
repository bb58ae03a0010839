//! Rolling minimum and maximum.

use super::sliding::{Summary, larger, slide, smaller};
use super::{Window, present};

/// Smallest present value in the trailing window.
pub fn rolling_min(x: &[f64], window: Window) -> Vec<f64> {
    slide::<Minimum>(x.len(), window, |i| present(x[i]), |frame| frame.summary.0)
}

/// Largest present value in the trailing window.
pub fn rolling_max(x: &[f64], window: Window) -> Vec<f64> {
    slide::<Maximum>(x.len(), window, |i| present(x[i]), |frame| frame.summary.0)
}

#[derive(Clone, Copy)]
struct Minimum(f64);

impl Summary for Minimum {
    type Row = f64;
    const EMPTY: Self = Self(f64::INFINITY);

    #[inline]
    fn with(self, row: f64, _pivot: f64) -> Self {
        Self(smaller(self.0, row))
    }

    #[inline]
    fn merge(self, other: Self) -> Self {
        Self(smaller(self.0, other.0))
    }
}

#[derive(Clone, Copy)]
struct Maximum(f64);

impl Summary for Maximum {
    type Row = f64;
    const EMPTY: Self = Self(f64::NEG_INFINITY);

    #[inline]
    fn with(self, row: f64, _pivot: f64) -> Self {
        Self(larger(self.0, row))
    }

    #[inline]
    fn merge(self, other: Self) -> Self {
        Self(larger(self.0, other.0))
    }
}
