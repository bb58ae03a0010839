//! Returns of the quantiles of a column.

use kairos_udfs::kernels::{Ranking, group_means};

use super::by_date::by_date;
use super::panel::Panel;

/// A quantile needs this many names on average, or the date is left out (spec 05 §4.2).
const NAMES_PER_QUANTILE: usize = 5;

/// The mean return of one quantile on one date.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuantileReturn {
    pub feature: usize,
    pub target: usize,
    pub date: usize,
    /// From 1, the lowest values.
    pub quantile: usize,
    pub names: usize,
    pub mean: f64,
    /// Whether more values are equal than a quantile holds, so that chance decides who is in which.
    pub tied: bool,
}

/// The quantiles of all dates that have enough names.
pub(super) fn quantile_returns(
    panel: &Panel,
    features: &[&[f64]],
    targets: &[&[f64]],
    quantiles: usize,
    threads: usize,
) -> Vec<QuantileReturn> {
    let of_date = |date: usize| {
        let slice = panel.cross_section(date);
        let mut found = Vec::new();
        for (feature, column) in features.iter().enumerate() {
            let ranking = Ranking::of(&column[slice.clone()]);
            for (target, returns) in targets.iter().enumerate() {
                let groups = group_means(&ranking, &returns[slice.clone()], quantiles);
                let names: usize = groups.counts.iter().sum();
                if names < NAMES_PER_QUANTILE * quantiles {
                    continue;
                }
                let tied = groups.largest_tie > names / quantiles;
                for (quantile, (names, mean)) in groups.counts.into_iter().zip(groups.means).enumerate() {
                    found.push(QuantileReturn { feature, target, date, quantile: quantile + 1, names, mean, tied });
                }
            }
        }
        found
    };
    by_date(panel.dates().len(), threads, of_date).concat()
}
