//! Quantile of a set of values.

/// The quantile at `p` in [0, 1] with linear interpolation between neighbours (spec 03 §1.5, the
/// default of NumPy and pandas): `h = p(n − 1)`, `Q = x_⌊h⌋ + (h − ⌊h⌋)(x_⌊h⌋₊₁ − x_⌊h⌋)`.
///
/// All values must be present; nothing if there are none. Reorders `values`.
pub fn quantile(values: &mut [f64], p: f64) -> Option<f64> {
    let position = p.clamp(0.0, 1.0) * values.len().checked_sub(1)? as f64;
    let (_, low, above) = values.select_nth_unstable_by(position as usize, f64::total_cmp);
    let low = *low;
    // Nothing lies above the largest value.
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(low + position.fract() * (high - low))
}
