//! `symlog1p(x)`

use super::function::ScalarFunction;
use crate::kernels;

pub(super) fn function() -> ScalarFunction {
    ScalarFunction::unary(
        "symlog1p",
        "sign(x) * ln(1 + |x|): a logarithm that keeps the sign, accurate near zero.",
        &["x"],
        kernels::symlog1p,
    )
}
