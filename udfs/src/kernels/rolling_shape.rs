//! Rolling skewness and kurtosis (spec 02 §11.3).

use super::rolling_spread::Extent;
use super::sliding::{Frame, Summary, slide};
use super::{MISSING, Window, present};

/// Sample skewness `√(n(n−1))/(n−2) · m₃/m₂^{3/2}` of the present values in the trailing window;
/// missing below three values and for a flat window.
pub fn rolling_skew(x: &[f64], window: Window) -> Vec<f64> {
    slide::<PowerSums>(
        x.len(),
        window,
        |i| present(x[i]),
        |frame| {
            let n = frame.count;
            match central_moments(&frame) {
                Some([m2, m3, _]) if n >= 3.0 => (n * (n - 1.0)).sqrt() / (n - 2.0) * m3 / (m2 * m2.sqrt()),
                _ => MISSING,
            }
        },
    )
}

/// Sample excess kurtosis `(n−1)/((n−2)(n−3)) · [(n+1)·m₄/m₂² − 3(n−1)]` of the present values in the
/// trailing window; missing below four values and for a flat window.
pub fn rolling_kurt(x: &[f64], window: Window) -> Vec<f64> {
    slide::<PowerSums>(
        x.len(),
        window,
        |i| present(x[i]),
        |frame| {
            let n = frame.count;
            match central_moments(&frame) {
                Some([m2, _, m4]) if n >= 4.0 => {
                    (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * m4 / (m2 * m2) - 3.0 * (n - 1.0))
                }
                _ => MISSING,
            }
        },
    )
}

/// Central moments of order 2, 3 and 4 with divisor n; nothing for a flat window.
fn central_moments(frame: &Frame<PowerSums>) -> Option<[f64; 3]> {
    if frame.summary.range.is_flat() {
        return None;
    }
    let [a, b, c, d] = frame.summary.sums.map(|sum| sum / frame.count);
    let m2 = b - a * a;
    let m3 = c - a * (3.0 * b - 2.0 * a * a);
    let m4 = d - a * (4.0 * c - a * (6.0 * b - 3.0 * a * a));
    (m2 > 0.0).then_some([m2, m3, m4])
}

/// First four power sums of the differences from the pivot, and the range of the values.
#[derive(Clone, Copy)]
struct PowerSums {
    sums: [f64; 4],
    range: Extent,
}

impl Summary for PowerSums {
    type Row = f64;
    const EMPTY: Self = Self { sums: [0.0; 4], range: Extent::EMPTY };

    #[inline]
    fn with(self, row: f64, pivot: f64) -> Self {
        let offset = row - pivot;
        let square = offset * offset;
        let powers = [offset, square, square * offset, square * square];
        Self { sums: add(self.sums, powers), range: self.range.with(row) }
    }

    #[inline]
    fn merge(self, other: Self) -> Self {
        Self { sums: add(self.sums, other.sums), range: self.range.merge(other.range) }
    }
}

#[inline]
fn add(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    std::array::from_fn(|i| a[i] + b[i])
}
