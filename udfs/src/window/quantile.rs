//! `quantile(x, p)`: a quantile of the partition.

use super::arguments::Kind;
use super::function::{WindowFunction, on_series};
use crate::kernels;

pub(super) fn function() -> WindowFunction {
    WindowFunction::new(
        "quantile",
        "The quantile p of the present values of the partition, linearly interpolated, on every row; NULL \
         without a value.",
        |constants| {
            let p = constants.required_number("p", "a number from 0 to 1", |p| (0.0..=1.0).contains(&p))?;
            Ok(on_series(move |x| {
                let mut values: Vec<f64> = x.iter().copied().filter(|value| value.is_finite()).collect();
                vec![kernels::quantile(&mut values, p).unwrap_or(f64::NAN); x.len()]
            }))
        },
    )
    .required("x", Kind::Series, "The values of one cross-section.")
    .required("p", Kind::Number, "The quantile, from 0 to 1.")
}
