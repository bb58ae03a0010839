//! `bounded_inverse(x, high)`

use super::function::ScalarFunction;
use crate::kernels;

pub(super) fn function() -> ScalarFunction {
    ScalarFunction::binary(
        "bounded_inverse",
        "1 / x for 0 < x < high (both ends excluded), otherwise NULL: a valuation ratio as a yield.",
        &["x", "high"],
        kernels::bounded_inverse,
    )
}
