//! Winsorising a cross-section (spec 03 §1.6 rule 5c).

use super::{MISSING, present, quantile};

/// `x` limited to the quantiles `p_low` and `p_high` of its present values where `member` is true; `x` as it is if there
/// are none. Missing stays missing.
pub fn winsorize(x: &[f64], member: &[bool], p_low: f64, p_high: f64) -> Vec<f64> {
    let of_members = x.iter().zip(member).filter(|(x, member)| **member && x.is_finite());
    let mut values: Vec<f64> = of_members.map(|(x, _)| *x).collect();
    let low = quantile(&mut values, p_low).unwrap_or(f64::NEG_INFINITY);
    let high = quantile(&mut values, p_high).unwrap_or(f64::INFINITY);
    let limit = |value: f64| value.max(low).min(high);
    x.iter().map(|&value| present(value).map_or(MISSING, limit)).collect()
}
