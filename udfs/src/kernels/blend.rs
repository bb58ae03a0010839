//! Weighted blend of the components of one row (spec 04 §6.1).

use super::{FLATNESS, MISSING, finite, present};

/// What becomes of the weight of a component that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingWeight {
    /// The present components share it: the sum is divided by the weights that are present.
    Renormalise,
    /// It is lost: a missing component counts as 0.
    Zero,
}

/// `Σ w·x / Σ w` over the present components, or `Σ w·x` with [`MissingWeight::Zero`]; pairs are (weight, value).
///
/// A component is present if its weight and its value are. Missing if no component is present, or if weights have to
/// be divided by but do not sum to more than rounding noise above 0 (dividing by a negative sum would turn the
/// signal around).
#[inline]
pub fn blend(missing: MissingWeight, components: impl IntoIterator<Item = (f64, f64)>) -> f64 {
    let (mut any, mut sum, mut weights, mut size) = (false, 0.0, 0.0, 0.0);
    for (weight, value) in components {
        let (Some(weight), Some(value)) = (present(weight), present(value)) else { continue };
        any = true;
        sum += weight * value;
        weights += weight;
        size += weight.abs();
    }
    match missing {
        _ if !any => MISSING,
        MissingWeight::Zero => finite(sum),
        MissingWeight::Renormalise if weights > FLATNESS * size => finite(sum / weights),
        MissingWeight::Renormalise => MISSING,
    }
}
