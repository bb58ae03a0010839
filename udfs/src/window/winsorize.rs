//! `winsorize(x, member, p_lo, p_hi)`: x within quantiles of the partition.

use super::arguments::Kind;
use super::function::{WindowFunction, on_marked};
use crate::kernels;

pub(super) fn function() -> WindowFunction {
    WindowFunction::new(
        "winsorize",
        "x limited to the quantiles p_lo and p_hi of its present values within the partition where member is true; x \
         as it is where there are none.",
        |constants| {
            let accept = |p: f64| (0.0..=1.0).contains(&p);
            let low = constants.required_number("p_lo", "a number from 0 to 1", accept)?;
            let high = constants.required_number("p_hi", "a number from 0 to 1", accept)?;
            if low >= high {
                return Err(constants.invalid("p_hi", format!("greater than p_lo = {low}"), high));
            }
            Ok(on_marked(move |x, member| kernels::winsorize(x, member, low, high)))
        },
    )
    .required("x", Kind::Series, "The values of one cross-section.")
    .required("member", Kind::Mark, "Which of the values have the quantiles that are the limits; all if true.")
    .required("p_lo", Kind::Number, "Lower quantile, linearly interpolated.")
    .required("p_hi", Kind::Number, "Upper quantile, linearly interpolated.")
}
