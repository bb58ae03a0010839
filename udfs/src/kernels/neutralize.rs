//! Cross-sectional neutralisation.

use super::reproducible_sum::ReproducibleSum;
use super::{MISSING, present};

/// Each present value minus the mean of the present values of its group: what is left of a signal
/// once, say, its sector's average is taken out. The result of a row does not depend on the order of the rows.
///
/// `group[i]` is the number of the group of row i; numbers are dense, from 0.
pub fn neutralize(x: &[f64], group: &[usize]) -> Vec<f64> {
    let groups = group.iter().max().map_or(0, |last| last + 1);
    let values = || x.iter().zip(group).filter_map(|(value, &group)| Some((present(*value)?, group)));
    let mut largest = vec![0.0_f64; groups];
    values().for_each(|(value, group)| largest[group] = largest[group].max(value.abs()));
    let mut totals: Vec<_> = largest.into_iter().map(|most| (ReproducibleSum::of_terms_up_to(most), 0.0)).collect();
    for (value, group) in values() {
        totals[group].0.add(value);
        totals[group].1 += 1.0;
    }
    x.iter()
        .zip(group)
        .map(|(&value, &group)| {
            let (sum, count) = &totals[group];
            present(value).map_or(MISSING, |value| value - sum.value() / count)
        })
        .collect()
}
