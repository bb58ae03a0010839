//! Tables whose cells are tinted by their numbers: blue above zero, orange below.

use maud::{Markup, html};

use super::number::Unit;

/// A cell, at its darkest when the value is as far from zero as `most`.
pub(super) fn cell(value: f64, most: f64, unit: Unit) -> Markup {
    if !value.is_finite() {
        return html! { td.heat.empty {} };
    }
    let strength = if most > 0.0 { (value.abs() / most).min(1.0) } else { 0.0 };
    let class = if value < 0.0 { "heat below" } else { "heat above" };
    // Square root: small values are told from none.
    html! { td class=(class) style=(format!("--a:{:.2}", 0.6 * strength.sqrt())) { (unit.show(value)) } }
}

/// The value that all but one in twenty are below in magnitude, so that one extreme does not pale the rest.
pub(super) fn strongest(values: impl Iterator<Item = f64>) -> f64 {
    let mut magnitudes: Vec<f64> = values.filter(|value| value.is_finite()).map(f64::abs).collect();
    magnitudes.sort_by(f64::total_cmp);
    magnitudes.get((magnitudes.len() * 95 / 100).min(magnitudes.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_tinted_by_sign_and_size() {
        let shown = |value| cell(value, 0.04, Unit::Percent(1)).into_string();
        assert_eq!(shown(-0.04), "<td class=\"heat below\" style=\"--a:0.60\">−4.0%</td>");
        assert_eq!(shown(0.01), "<td class=\"heat above\" style=\"--a:0.30\">1.0%</td>");
        assert_eq!(shown(9.0), "<td class=\"heat above\" style=\"--a:0.60\">900.0%</td>");
        assert_eq!(shown(f64::NAN), "<td class=\"heat empty\"></td>");
    }

    #[test]
    fn one_extreme_does_not_set_the_scale() {
        let values = (0..100).map(|n| n as f64 / 100.0).chain([50.0]);
        assert_eq!(strongest(values), 0.95);
        assert_eq!(strongest([0.3].into_iter()), 0.3);
        assert_eq!(strongest(std::iter::empty()), 0.0);
    }
}
