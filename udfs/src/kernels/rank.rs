//! Cross-sectional rank.

use super::MISSING;

/// Rank divided by the number of present values, in (0, 1]; equal values share their average rank.
/// As pandas `rank(pct=True)`. Missing values have no rank.
pub fn rank_pct(x: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).filter(|&i| x[i].is_finite()).collect();
    // `total_cmp` would separate −0 from 0; adding 0 makes both +0.
    order.sort_unstable_by(|&a, &b| (x[a] + 0.0).total_cmp(&(x[b] + 0.0)));
    let count = order.len() as f64;
    let mut result = vec![MISSING; x.len()];
    let mut before = 0;
    for ties in order.chunk_by(|&a, &b| x[a] == x[b]) {
        // Ranks count from 1: the ties take before + 1 to before + len.
        let rank = before as f64 + (ties.len() as f64 + 1.0) / 2.0;
        for &row in ties {
            result[row] = rank / count;
        }
        before += ties.len();
    }
    result
}
