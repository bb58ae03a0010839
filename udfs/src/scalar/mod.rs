//! Scalar functions: one file per function, and the shell they share.

mod blend;
mod bounded_inverse;
mod clip;
mod finite;
mod function;
mod mean_of;
mod operand;
mod regime_label;
mod safe_div;
mod symlog1p;

use datafusion::logical_expr::ScalarUDF;

/// All scalar functions of this crate.
pub(crate) fn functions() -> Vec<ScalarUDF> {
    let of_numbers = [
        bounded_inverse::function(),
        clip::function(),
        finite::function(),
        mean_of::function(),
        safe_div::function(),
        symlog1p::function(),
    ];
    let mut functions: Vec<_> = of_numbers.into_iter().map(ScalarUDF::from).collect();
    functions.push(ScalarUDF::from(blend::Blend::new()));
    functions.push(ScalarUDF::from(regime_label::RegimeLabel::new()));
    functions
}
