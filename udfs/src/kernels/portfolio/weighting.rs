//! How much of each chosen name is wanted, before caps (spec 06 §2.2–2.6).

/// What the weights within a leg are proportional to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighting {
    /// 1: the same for every name, whatever the sign of its score.
    Equal,
    /// `max(z, 0)`; `max(−z, 0)` in the short leg.
    Alpha,
    /// `max(z, 0) / volatility`; `max(−z, 0) / volatility` in the short leg. 0 if the volatility is missing or not
    /// above 0.
    AlphaOverVolatility,
}

impl Weighting {
    /// The share wanted of a name, at least 0 and finite. `z` is its score as its leg sees it: with the opposite sign in
    /// the short leg.
    pub(super) fn share(self, z: f64, volatility: f64) -> f64 {
        let share = match self {
            Self::Equal => 1.0,
            Self::Alpha => z,
            Self::AlphaOverVolatility if volatility > 0.0 => z / volatility,
            Self::AlphaOverVolatility => 0.0,
        };
        if share > 0.0 && share.is_finite() { share } else { 0.0 }
    }
}
