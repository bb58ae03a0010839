//! How far a point is from the conditions of Karush, Kuhn and Tucker.

use super::solver::{Point, Program};

/// The three residuals, each relative to the size of the terms it is the difference of, or absolute if that is below 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Residual {
    /// Largest violation of a constraint.
    pub primal: f64,
    /// Largest entry of the gradient of the Lagrangian, or multiplier of a bound that does not exist.
    pub dual: f64,
    /// Largest product of a multiplier and the distance from its bound.
    pub complementarity: f64,
}

impl Residual {
    /// Of a point that does not exist.
    pub const UNKNOWN: Self = Self { primal: f64::INFINITY, dual: f64::INFINITY, complementarity: f64::INFINITY };

    /// The largest of the three; infinite if one is not a number.
    pub fn largest(&self) -> f64 {
        let values = [self.primal, self.dual, self.complementarity];
        values
            .into_iter()
            .fold(0.0, |largest, value| if value <= largest { largest } else { value.max(0.0) + nan(value) })
    }
}

/// Infinite for NaN.
fn nan(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { 0.0 }
}

/// The residuals of a point.
pub(crate) fn residual(program: &Program, point: &Point) -> Residual {
    let Point { x, y } = point;
    let mut rows = vec![0.0; y.len()];
    let mut residual = Residual { primal: 0.0, dual: 0.0, complementarity: 0.0 };
    let (mut gradient_scale, mut row_scale) = (1.0, 1.0);
    for (column, value) in x.iter().enumerate() {
        let mut pull = 0.0;
        for (row, entry) in program.matrix.column(column) {
            rows[row] += entry * value;
            pull += entry * y[row];
        }
        let (curvature, linear) = (program.quadratic[column] * value, program.linear[column]);
        raise(&mut residual.dual, (curvature + linear + pull).abs());
        [curvature, linear, pull].iter().for_each(|term| raise(&mut gradient_scale, term.abs()));
    }
    for ((row, multiplier), (lower, upper)) in rows.iter().zip(y).zip(program.lower.iter().zip(&program.upper)) {
        raise(&mut row_scale, row.abs());
        raise(&mut residual.primal, (row - upper).max(lower - row));
        for (pressure, slack) in [(multiplier.max(0.0), upper - row), (-multiplier.min(0.0), row - lower)] {
            if slack == f64::INFINITY {
                raise(&mut residual.dual, pressure);
            } else {
                raise(&mut residual.complementarity, (pressure * slack).abs());
            }
        }
    }
    residual.primal /= row_scale;
    residual.dual /= gradient_scale;
    residual.complementarity /= program.objective(x).abs().max(1.0);
    residual
}

/// Keeps the larger number, and NaN.
fn raise(largest: &mut f64, value: f64) {
    if value > *largest || value.is_nan() {
        *largest = value;
    }
}
