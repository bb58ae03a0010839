//! `zscore(x [, clip, mode])`: z-score within the partition.

use super::arguments::{Constants, Kind};
use super::function::{WindowFunction, on_series};
use crate::error::ArgumentError;
use crate::kernels::{Degenerate, ZScore};

pub(super) fn function() -> WindowFunction {
    let function = WindowFunction::new(
        "zscore",
        "(x - mean) / standard deviation (divisor n - 1) over the present values of the partition. \
         Without variation every present value has score 0.",
        |constants| {
            let zscore =
                ZScore { clip: clip(constants)?, winsorize: None, min_group: 2, degenerate: degenerate(constants)? };
            Ok(on_series(move |x| zscore.evaluate(x)))
        },
    );
    let function = function.required("x", Kind::Series, "The values of one cross-section.").optional(
        "clip",
        Kind::Number,
        "Limit on the absolute score; by default none.",
    );
    with_mode(function)
}

/// Adds the argument that chooses between the two rules for a degenerate cross-section.
pub(super) fn with_mode(function: WindowFunction) -> WindowFunction {
    function.optional(
        "mode",
        Kind::Text,
        "'corrected' (default): missing values stay missing in a cross-section without variation, \
         which is judged up to rounding. 'reference': they get 0, and only a deviation of exactly \
         0 counts.",
    )
}

/// The limit on the score.
pub(super) fn clip(constants: &Constants) -> Result<Option<f64>, ArgumentError> {
    constants.number("clip", "a positive number, or NULL for no limit", |clip| clip > 0.0)
}

/// The rule for a degenerate cross-section.
pub(super) fn degenerate(constants: &Constants) -> Result<Degenerate, ArgumentError> {
    let modes = [("corrected", Degenerate::Corrected), ("reference", Degenerate::Reference)];
    Ok(constants.choice("mode", &modes)?.unwrap_or(Degenerate::Corrected))
}
