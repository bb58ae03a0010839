//! A program as names that only its coupling rows tie to each other.

use super::dense::dot;
use super::solver::{Kink, Point, Program};

/// A strictly convex program, seen as the sum of functions of one variable each that share a few rows. What a row alone
/// says of one variable (its range, its kinks) is part of the function of that variable. Given the price of every shared
/// row, each variable has one best value, which is found in a few operations.
pub(super) struct Separable<'a> {
    program: &'a Program,
    /// The variables that are not the far side of a kink.
    columns: Vec<Variable>,
    kinks: Vec<Bend>,
    /// The rows of the program that tie variables to each other.
    pub rows: Vec<usize>,
    /// Their coefficients: those of one variable after the other.
    coefficients: Vec<f64>,
}

/// One variable: `½·curvature·x² + linear·x` within a range, and its kinks.
struct Variable {
    column: usize,
    low: Edge,
    high: Edge,
    /// Its kinks, in ascending order of their points.
    kinks: std::ops::Range<usize>,
}

/// A bound of a variable, and the row and coefficient it comes from; nothing if it comes from a kink, or is none.
#[derive(Clone, Copy)]
struct Edge {
    at: f64,
    row: Option<(usize, f64)>,
}

/// A kink with its coefficients in the shared rows.
struct Bend {
    kink: Kink,
    point: f64,
    coefficients: Vec<(usize, f64)>,
}

/// Where the best value of a variable lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At a bound or a kink, which small changes of prices do not move it from.
    Fixed,
    /// Between them, below so many kinks.
    Free(usize),
}

/// What the variables do at some prices.
#[derive(Clone)]
pub(super) struct Response {
    /// The best value of each variable.
    pub x: Vec<f64>,
    pub place: Vec<Place>,
    /// The value of each shared row.
    pub rows: Vec<f64>,
}

impl<'a> Separable<'a> {
    /// Nothing if a variable has no curvature: its best value is not unique.
    pub fn of(program: &'a Program) -> Option<Self> {
        let mut entries = vec![0; program.lower.len()];
        program.matrix.row.iter().for_each(|row| entries[*row] += 1);
        let mut own = vec![false; program.linear.len()];
        let mut local: Vec<bool> = entries.iter().map(|entries| *entries == 1).collect();
        for kink in &program.kinks {
            own[kink.below] = true;
            (local[kink.part], local[kink.above]) = (true, true);
        }
        let rows: Vec<usize> = (0..local.len()).filter(|row| !local[*row] && entries[*row] > 0).collect();
        let mut shared = vec![usize::MAX; local.len()];
        rows.iter().enumerate().for_each(|(place, row)| shared[*row] = place);
        let main = || (0..own.len()).filter(|column| !own[*column]);
        if main().any(|column| program.quadratic[column] <= 0.0) {
            return None;
        }
        let mut kinks: Vec<Bend> = program.kinks.iter().map(|kink| Bend::of(program, *kink, &shared)).collect();
        kinks.sort_by(|a, b| a.kink.column.cmp(&b.kink.column).then(a.point.total_cmp(&b.point)));
        let mut coefficients = vec![0.0; main().count() * rows.len()];
        let mut columns = Vec::with_capacity(own.len());
        let mut first = 0;
        for (place, column) in main().enumerate() {
            let after = first + kinks[first..].partition_point(|bend| bend.kink.column == column);
            columns.push(Variable::of(program, column, &local, &kinks, first..after));
            first = after;
            let row_of = |row: usize| place * rows.len() + shared[row];
            let entries = program.matrix.column(column).filter(|(row, _)| !local[*row]);
            entries.for_each(|(row, value)| coefficients[row_of(row)] = value);
        }
        Some(Self { program, columns, kinks, rows, coefficients })
    }

    /// How many variables there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// The bounds of a shared row.
    pub fn bounds(&self, row: usize) -> (f64, f64) {
        (self.program.lower[self.rows[row]], self.program.upper[self.rows[row]])
    }

    fn coefficients(&self, variable: usize) -> &[f64] {
        &self.coefficients[variable * self.rows.len()..(variable + 1) * self.rows.len()]
    }

    /// The curvature of a variable.
    pub fn curvature(&self, variable: usize) -> f64 {
        self.program.quadratic[self.columns[variable].column]
    }

    /// What a unit of a variable adds to the shared rows while it is below so many kinks.
    pub fn slopes(&self, variable: usize, below: usize, slopes: &mut Vec<f64>) {
        slopes.clear();
        slopes.extend_from_slice(self.coefficients(variable));
        let kinks = self.columns[variable].kinks.clone();
        for bend in &self.kinks[kinks.end - below..kinks.end] {
            bend.coefficients.iter().for_each(|(row, value)| slopes[*row] -= value);
        }
    }

    /// The best values at some prices of the shared rows.
    pub fn respond(&self, prices: &[f64]) -> Response {
        let (mut x, mut place) = (Vec::with_capacity(self.len()), Vec::with_capacity(self.len()));
        let mut rows = vec![0.0; self.rows.len()];
        for (number, variable) in self.columns.iter().enumerate() {
            let coefficients = self.coefficients(number);
            let price = self.program.linear[variable.column] + dot(coefficients, prices);
            let (value, at) = self.best(variable, price, prices);
            if value != 0.0 {
                rows.iter_mut().zip(coefficients).for_each(|(row, coefficient)| *row += coefficient * value);
            }
            for bend in &self.kinks[variable.kinks.clone()] {
                let below = (bend.point - value).max(0.0);
                bend.coefficients.iter().for_each(|(row, coefficient)| rows[*row] += coefficient * below);
            }
            x.push(value);
            place.push(at);
        }
        Response { x, place, rows }
    }

    /// The best value of one variable: where the slope of its function, which rises with x and jumps at kinks, is 0.
    fn best(&self, variable: &Variable, price: f64, prices: &[f64]) -> (f64, Place) {
        let kinks = &self.kinks[variable.kinks.clone()];
        let curvature = self.program.quadratic[variable.column];
        let (low, high) = (variable.low.at, variable.high.at);
        if low >= high {
            return (low, Place::Fixed);
        }
        let mut slope = price - kinks.iter().map(|bend| bend.jump(self.program, prices)).sum::<f64>();
        let mut value = -slope / curvature;
        if value <= low {
            return (low, Place::Fixed);
        }
        for (passed, bend) in kinks.iter().enumerate() {
            if value < bend.point {
                return (value, Place::Free(kinks.len() - passed));
            }
            slope += bend.jump(self.program, prices);
            value = -slope / curvature;
            if value <= bend.point {
                return (bend.point, Place::Fixed);
            }
        }
        if value >= high { (high, Place::Fixed) } else { (value, Place::Free(0)) }
    }

    /// The point of the program at some prices, with the multipliers of all rows.
    pub fn point(&self, prices: &[f64], x: &[f64]) -> Point {
        let program = self.program;
        let mut point = Point { x: vec![0.0; program.linear.len()], y: vec![0.0; program.lower.len()] };
        self.rows.iter().zip(prices).for_each(|(row, price)| point.y[*row] = *price);
        for (number, (variable, &value)) in self.columns.iter().zip(x).enumerate() {
            point.x[variable.column] = value;
            // What the rows of the variable alone must make up for.
            let mut left = program.quadratic[variable.column] * value
                + program.linear[variable.column]
                + dot(self.coefficients(number), prices);
            let kinks = &self.kinks[variable.kinks.clone()];
            for bend in kinks.iter().rev() {
                let jump = bend.jump(program, prices);
                point.x[bend.kink.below] = (bend.point - value).max(0.0);
                let above = match value {
                    below if below < bend.point => -jump,
                    above if above > bend.point => 0.0,
                    _ => -left.clamp(0.0, jump),
                };
                left += above;
                (point.y[bend.kink.above], point.y[bend.kink.part]) = (above, -jump - above);
            }
            if value > variable.low.at && value < variable.high.at {
                continue;
            }
            let edge = if left > 0.0 { variable.low } else { variable.high };
            match (edge.row, kinks.first(), kinks.last()) {
                (Some((row, coefficient)), _, _) => point.y[row] -= left / coefficient,
                (None, Some(first), _) if left > 0.0 => {
                    // A larger part below the lowest kink is what its bound forbids.
                    point.y[first.kink.above] -= left;
                    point.y[first.kink.part] += left;
                }
                (None, _, Some(last)) => {
                    point.y[last.kink.above] -= left;
                    point.y[last.kink.part] += left;
                }
                _ => {}
            }
        }
        point
    }
}

impl Bend {
    fn of(program: &Program, kink: Kink, shared: &[usize]) -> Self {
        let entries = program.matrix.column(kink.below).filter(|(row, _)| shared[*row] != usize::MAX);
        let coefficients = entries.map(|(row, value)| (shared[row], value)).collect();
        Self { kink, point: program.lower[kink.above], coefficients }
    }

    /// By how much the slope rises at the kink.
    fn jump(&self, program: &Program, prices: &[f64]) -> f64 {
        let priced = self.coefficients.iter().map(|(row, value)| value * prices[*row]).sum::<f64>();
        (program.linear[self.kink.below] + priced).max(0.0)
    }
}

impl Variable {
    fn of(program: &Program, column: usize, local: &[bool], bends: &[Bend], kinks: std::ops::Range<usize>) -> Self {
        let mut low = Edge { at: f64::NEG_INFINITY, row: None };
        let mut high = Edge { at: f64::INFINITY, row: None };
        for Bend { kink, point, .. } in &bends[kinks.clone()] {
            low.at = low.at.max(point - program.upper[kink.part]);
            high.at = high.at.min(program.upper[kink.above]);
        }
        let above = |row: usize| bends[kinks.clone()].iter().any(|bend| bend.kink.above == row);
        for (row, value) in program.matrix.column(column).filter(|(row, value)| local[*row] && *value != 0.0) {
            if above(row) {
                continue;
            }
            let (a, b) = (program.lower[row] / value, program.upper[row] / value);
            if a.min(b) > low.at {
                low = Edge { at: a.min(b), row: Some((row, value)) };
            }
            if a.max(b) < high.at {
                high = Edge { at: a.max(b), row: Some((row, value)) };
            }
        }
        Self { column, low, high, kinks }
    }
}
