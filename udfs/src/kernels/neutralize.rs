//! Cross-sectional neutralisation.

use super::reproducible_sum::ReproducibleSum;
use super::{MISSING, present};

/// Each present value minus the mean of the present values of its group: what is left of a signal
/// once, say, its sector's average is taken out. The result of a row does not depend on the order of the rows.
///
/// `group[i]` is the number of the group of row i; numbers are dense, from 0.
pub fn neutralize(x: &[f64], group: &[usize]) -> Vec<f64> {
    let groups = group.iter().max().map_or(0, |last| last + 1);
    let largest = x.iter().copied().filter_map(present).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let mut totals = vec![(ReproducibleSum::of_terms_up_to(largest), 0.0); groups];
    for (value, &group) in x.iter().zip(group) {
        if let Some(value) = present(*value) {
            totals[group].0.add(value);
            totals[group].1 += 1.0;
        }
    }
    x.iter()
        .zip(group)
        .map(|(&value, &group)| {
            let (sum, count) = &totals[group];
            present(value).map_or(MISSING, |value| value - sum.value() / count)
        })
        .collect()
}
