//! Functions of the values of one row (spec 03 §4).

use super::{MISSING, present};

/// `a / b`; missing if `b` is zero, or if an operand or the quotient is not finite.
#[inline]
pub fn safe_div(a: f64, b: f64) -> f64 {
    // x/0 and ∞/b are not finite by themselves; only a/±∞ = 0 would slip through.
    if b.is_finite() { finite(a / b) } else { MISSING }
}

/// `x` limited to the interval from `low` to `high`.
///
/// Missing if `x` is missing, if a bound is NaN, or if the interval is empty (`low > high`). A bound
/// may be infinite, which leaves that side open.
#[inline]
pub fn clip(x: f64, low: f64, high: f64) -> f64 {
    // A comparison with NaN is false, so a NaN bound fails here too.
    if x.is_finite() && low <= high {
        // The clamp can return an infinite bound only for the empty side, e.g. clip(x, ∞, ∞).
        finite(x.clamp(low, high))
    } else {
        MISSING
    }
}

/// `x` itself, or missing if it is NaN or infinite.
#[inline]
pub fn finite(x: f64) -> f64 {
    if x.is_finite() { x } else { MISSING }
}

/// `1 / x` for `0 < x < high`, both ends excluded, otherwise missing: a valuation ratio turned into a yield.
#[inline]
pub fn bounded_inverse(x: f64, high: f64) -> f64 {
    if x > 0.0 && x < high { finite(1.0 / x) } else { MISSING }
}

/// The arithmetic mean of the values that are present; missing if none is.
#[inline]
pub fn mean_of(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) =
        values.into_iter().filter_map(present).fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    finite(sum / count)
}

/// `sign(x)·ln(1 + |x|)`: a logarithm that keeps the sign and is accurate near zero.
#[inline]
pub fn symlog1p(x: f64) -> f64 {
    finite(x.abs().ln_1p().copysign(x))
}
