//! Cross-sectional rank.

use super::Ranking;

/// Rank divided by the number of present values, in (0, 1]; equal values share their average rank.
/// As pandas `rank(pct=True)`. Missing values have no rank.
pub fn rank_pct(x: &[f64]) -> Vec<f64> {
    let ranking = Ranking::of(x);
    let count = ranking.count() as f64;
    ranking.ranks().map(|rank| rank / count).collect()
}
