//! `rank_pct(x)`: rank within the partition.

use super::arguments::Kind;
use super::function::{WindowFunction, on_series};
use crate::kernels;

pub(super) fn function() -> WindowFunction {
    WindowFunction::new(
        "rank_pct",
        "Rank of x within the partition divided by the number of present values, in (0, 1]; equal \
         values share their average rank, as pandas rank(pct=True).",
        |_| Ok(on_series(kernels::rank_pct)),
    )
    .required("x", Kind::Series, "The values of one cross-section.")
}
