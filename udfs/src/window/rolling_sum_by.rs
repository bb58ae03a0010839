//! `rolling_sum_by(x, by, n [, min_periods])`: a sum over the last n positions, not the last n rows.

use super::arguments::Kind;
use super::function::{WindowFunction, on_pair};
use crate::kernels;

pub(super) fn function() -> WindowFunction {
    WindowFunction::new(
        "rolling_sum_by",
        "Sum of x over the rows whose position `by` is among the last n up to the current row's, as \
         Polars rolling_sum_by; NULL where by is missing or falls.",
        |constants| {
            let span = constants.required_count("n")?;
            let min_periods = constants.count("min_periods")?.unwrap_or(1);
            Ok(on_pair(move |x, by| kernels::rolling_sum_by(x, by, span as f64, min_periods)))
        },
    )
    .required("x", Kind::Series, "The series, ordered by its position.")
    .required("by", Kind::Series, "The position of a row, e.g. the number of the market session; must not fall.")
    .required("n", Kind::Count, "Number of positions in the window.")
    .optional("min_periods", Kind::Count, "Values of x that a sum needs; 1 by default.")
}
