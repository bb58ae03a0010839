//! The mean–variance optimum without inequalities.

use super::covariance::Covariance;
use super::lu;

/// Minimises `½w'Σw − z'w/γ` with `Σw = 0` and `Σβw = 0`: one linear system (spec 06 §2.7.3). Nothing if it is singular,
/// as with equal betas, or a number is not finite.
pub fn closed_form(covariance: &Covariance, z: &[f64], beta: &[f64], risk_aversion: f64) -> Option<Vec<f64>> {
    let n = z.len();
    let size = n + 2;
    let mut matrix = vec![0.0; size * size];
    for row in 0..n {
        (0..n).for_each(|column| matrix[row * size + column] = covariance.get(row, column));
        for (place, value) in [(n, 1.0), (n + 1, beta[row])] {
            matrix[row * size + place] = value;
            matrix[place * size + row] = value;
        }
    }
    let mut right: Vec<f64> = z.iter().map(|z| z / risk_aversion).collect();
    right.resize(size, 0.0);
    let mut weights = lu::solve(matrix, right)?;
    weights.truncate(n);
    Some(weights)
}
