//! `winsorized_zscore(x [, clip, p_lo, p_hi, min_group, mode])`: robust z-score within the partition.

use super::arguments::{Constants, Kind};
use super::function::{WindowFunction, on_series};
use super::zscore::{clip, degenerate, with_mode};
use crate::error::ArgumentError;
use crate::kernels::ZScore;

const DEFAULT_CLIP: f64 = 3.0;
const DEFAULT_MIN_GROUP: usize = 2;

pub(super) fn function() -> WindowFunction {
    let function = WindowFunction::new(
        "winsorized_zscore",
        "Z-score over the partition after limiting x to its quantiles p_lo and p_hi; the score is \
         then limited to ±clip. Without variation, or below min_group present values, every \
         present value has score 0.",
        |constants| {
            let zscore = ZScore {
                clip: clip(constants)?.or(Some(DEFAULT_CLIP)),
                winsorize: quantiles(constants)?,
                min_group: constants.count("min_group")?.unwrap_or(DEFAULT_MIN_GROUP),
                degenerate: degenerate(constants)?,
            };
            Ok(on_series(move |x| zscore.evaluate(x)))
        },
    );
    let function = function
        .required("x", Kind::Series, "The values of one cross-section.")
        .optional("clip", Kind::Number, "Limit on the absolute score; by default 3.")
        .optional("p_lo", Kind::Number, "Lower quantile, linearly interpolated; by default 0.")
        .optional("p_hi", Kind::Number, "Upper quantile, linearly interpolated; by default 1.")
        .optional("min_group", Kind::Count, "Fewest present values that have scores; by default 2.");
    with_mode(function)
}

/// The quantiles to winsorise at; nothing if that would change no value.
fn quantiles(constants: &Constants) -> Result<Option<(f64, f64)>, ArgumentError> {
    let accept = |p: f64| (0.0..=1.0).contains(&p);
    let low = constants.number("p_lo", "a number from 0 to 1", accept)?.unwrap_or(0.0);
    let high = constants.number("p_hi", "a number from 0 to 1", accept)?.unwrap_or(1.0);
    if low >= high {
        return Err(constants.invalid("p_hi", format!("greater than p_lo = {low}"), high));
    }
    Ok(Some((low, high)).filter(|bounds| *bounds != (0.0, 1.0)))
}
