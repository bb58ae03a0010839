//! Cross-sectional z-score (spec 03 §1.3 and §1.6 rule 5).

use super::reproducible_sum::reproducible_sum;
use super::{FLATNESS, MISSING, present, quantile};

/// What a cross-section without variation becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degenerate {
    /// 0 where the value is present, missing elsewhere; a deviation within rounding noise
    /// (`s ≤ 1e−12·max(1, |m|)`) counts as none. "Zc" of the specification.
    Corrected,
    /// 0 for every row, also where the value is missing; only a deviation of exactly 0 counts as
    /// none. "Z3" and "Z" of the specification.
    Reference,
}

/// How to standardise one cross-section.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ZScore {
    /// Limit on |z|, if any. Only the score is limited; mean and deviation are not computed again.
    pub clip: Option<f64>,
    /// Quantiles (low < high, both in [0, 1]) at which values are winsorised before mean and
    /// deviation are taken, if at all.
    pub winsorize: Option<(f64, f64)>,
    /// A cross-section with fewer present values counts as degenerate.
    pub min_group: usize,
    /// What a degenerate cross-section becomes.
    pub degenerate: Degenerate,
}

impl ZScore {
    /// `(x − mean)/deviation` over the present values of the whole slice, divisor n − 1, in two
    /// passes. A missing value has a missing score. The score of a row does not depend on the order of the rows.
    pub fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = x.iter().copied().filter_map(present).collect();
        let (low, high) = self.bounds(&mut values);
        // Measured from one of the values, a little movement at a high level loses no digits.
        let pivot = values.iter().copied().reduce(f64::min).map_or(0.0, |least| least.max(low).min(high));
        let offset = |value: f64| value.max(low).min(high) - pivot;
        values.iter_mut().for_each(|value| *value = offset(*value));
        let Some((mean, deviation)) = self.location_and_scale(&values, pivot) else {
            return self.degenerate_scores(x);
        };
        let limit = self.clip.unwrap_or(f64::INFINITY);
        let score = |value| ((offset(value) - mean) / deviation).max(-limit).min(limit);
        x.iter().map(|&value| present(value).map_or(MISSING, score)).collect()
    }

    /// The interval to which values are winsorised. Reorders `values`.
    fn bounds(&self, values: &mut [f64]) -> (f64, f64) {
        let bound = |p, values: &mut [f64], open| quantile(values, p).unwrap_or(open);
        self.winsorize.map_or((f64::NEG_INFINITY, f64::INFINITY), |(p_low, p_high)| {
            (bound(p_low, values, f64::NEG_INFINITY), bound(p_high, values, f64::INFINITY))
        })
    }

    /// Mean and deviation of the offsets from the pivot; nothing if the cross-section is degenerate.
    fn location_and_scale(&self, offsets: &[f64], pivot: f64) -> Option<(f64, f64)> {
        // One value has no deviation, whatever `min_group` says.
        if offsets.len() < self.min_group.max(2) {
            return None;
        }
        let count = offsets.len() as f64;
        let mean = reproducible_sum(offsets.iter().copied()) / count;
        let squares = reproducible_sum(offsets.iter().map(|offset| (offset - mean).powi(2)));
        let deviation = (squares / (count - 1.0)).sqrt();
        let noise = match self.degenerate {
            Degenerate::Corrected => FLATNESS * (pivot + mean).abs().max(1.0),
            Degenerate::Reference => 0.0,
        };
        (deviation > noise).then_some((mean, deviation))
    }

    fn degenerate_scores(&self, x: &[f64]) -> Vec<f64> {
        match self.degenerate {
            Degenerate::Reference => vec![0.0; x.len()],
            Degenerate::Corrected => x.iter().map(|value| if value.is_finite() { 0.0 } else { MISSING }).collect(),
        }
    }
}
