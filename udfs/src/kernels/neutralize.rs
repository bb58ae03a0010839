//! Cross-sectional neutralisation.

use super::{MISSING, present};

/// Each present value minus the mean of the present values of its group: what is left of a signal
/// once, say, its sector's average is taken out.
///
/// `group[i]` is the number of the group of row i; numbers are dense, from 0.
pub fn neutralize(x: &[f64], group: &[usize]) -> Vec<f64> {
    let groups = group.iter().max().map_or(0, |last| last + 1);
    let mut totals = vec![(0.0, 0.0); groups];
    for (value, &group) in x.iter().zip(group) {
        if let Some(value) = present(*value) {
            totals[group].0 += value;
            totals[group].1 += 1.0;
        }
    }
    x.iter()
        .zip(group)
        .map(|(&value, &group)| {
            let (sum, count) = totals[group];
            present(value).map_or(MISSING, |value| value - sum / count)
        })
        .collect()
}
