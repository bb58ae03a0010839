//! Scalar functions: one file per function, and the shell they share.

mod bounded_inverse;
mod clip;
mod finite;
mod function;
mod mean_of;
mod operand;
mod safe_div;
mod symlog1p;

use function::ScalarFunction;

/// All scalar functions of this crate.
pub(crate) fn functions() -> Vec<ScalarFunction> {
    vec![
        bounded_inverse::function(),
        clip::function(),
        finite::function(),
        mean_of::function(),
        safe_div::function(),
        symlog1p::function(),
    ]
}
