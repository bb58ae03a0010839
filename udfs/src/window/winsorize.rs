//! `winsorize(x, reference, p_lo, p_hi)`: x within quantiles of the partition.

use super::arguments::Kind;
use super::function::{WindowFunction, on_pair};
use crate::kernels;

pub(super) fn function() -> WindowFunction {
    WindowFunction::new(
        "winsorize",
        "x limited to the quantiles p_lo and p_hi of the present values of reference within the partition; x \
         as it is where reference has none.",
        |constants| {
            let accept = |p: f64| (0.0..=1.0).contains(&p);
            let low = constants.required_number("p_lo", "a number from 0 to 1", accept)?;
            let high = constants.required_number("p_hi", "a number from 0 to 1", accept)?;
            if low >= high {
                return Err(constants.invalid("p_hi", format!("greater than p_lo = {low}"), high));
            }
            Ok(on_pair(move |x, reference| kernels::winsorize(x, reference, low, high)))
        },
    )
    .required("x", Kind::Series, "The values of one cross-section.")
    .required("reference", Kind::Series, "The values whose quantiles are the limits, e.g. x of members only.")
    .required("p_lo", Kind::Number, "Lower quantile, linearly interpolated.")
    .required("p_hi", Kind::Number, "Upper quantile, linearly interpolated.")
}
