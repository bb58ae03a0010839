//! `clip(x, low, high)`

use super::function::ScalarFunction;
use crate::kernels;

pub(super) fn function() -> ScalarFunction {
    ScalarFunction::ternary(
        "clip",
        "x limited to the interval from low to high. NULL if any argument is NULL or NaN, if x is \
         infinite, or if low > high. A bound may be infinite, which leaves that side open.",
        &["x", "low", "high"],
        kernels::clip,
    )
}
