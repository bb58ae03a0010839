//! The quadratic program of one date (spec 06 §6.4 and §6.5).

use super::builder::Builder;
use super::covariance::Covariance;
use super::limit::{Limit, Priced};
use super::solver::{Point, Program, Solution, Solver, Verdict, Workspace};

/// How near to a bound a weight is at it, in units.
const AT_BOUND: f64 = 1e-8;

/// What the optimiser decides on for one name. All numbers are weights or per unit of weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Name {
    /// Smallest and largest weight.
    pub range: (f64, f64),
    /// Expected return, or what else is to be maximised.
    pub expected: f64,
    /// Beta to the market.
    pub beta: f64,
    /// The place of its sector in the sector limits.
    pub sector: usize,
    /// The weight before the trade.
    pub before: f64,
}

/// What the weights must sum to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// `Σw = 1`.
    Invested,
    /// `Σw = 0` and `Σβw = 0`.
    Neutral,
}

/// Limits of the book. The limits of single names are their ranges.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// On `‖w‖₁`.
    pub gross: f64,
    /// On `|Σw|` of every sector.
    pub sector_net: Option<f64>,
    /// On `Σ|w|` of each sector.
    pub sector_gross: Option<Vec<f64>>,
    /// On `‖w − before‖₁`.
    pub turnover: Option<f64>,
}

/// `min ½·risk·w'Σw − expected'w + cost·‖w − before‖₁` within the ranges, the balance and the limits.
#[derive(Debug, Clone)]
pub struct Problem<'a> {
    /// The names.
    pub names: &'a [Name],
    /// Σ of the names, in their order.
    pub covariance: &'a Covariance,
    /// What the variance costs: risk aversion times horizon.
    pub risk: f64,
    /// What a unit of trading costs.
    pub cost: f64,
    /// What the weights sum to.
    pub balance: Balance,
    /// Limits of the book.
    pub limits: Limits,
    /// The size of a weight that matters, which becomes 1 in the program: the cap of a name.
    pub unit: f64,
}

impl Problem<'_> {
    /// Solves the problem. The weights are in the order of the names, within their ranges, and empty unless solved.
    pub fn solve(&self, solver: Solver) -> (Solution, Vec<f64>) {
        let (solution, priced) = self.solve_from(&mut Workspace::new(solver), None);
        (solution, priced.weights)
    }

    /// The same with a workspace that may have solved other problems, and from what is thought to be near the solution.
    pub(crate) fn solve_from(&self, workspace: &mut Workspace, near: Option<&Priced>) -> (Solution, Priced) {
        let (program, rows) = self.build();
        let start = near.map(|near| self.start(&program, &rows, near));
        let solution = workspace.solve(&program, start.as_ref());
        if solution.verdict != Verdict::Solved {
            return (solution, Priced::default());
        }
        let Point { x, y } = &solution.point;
        let weights = self.names.iter().zip(x).map(|(name, x)| self.snapped(name, x * self.unit)).collect();
        let per_unit = self.scale() * self.unit;
        let prices = rows.iter().map(|(limit, row)| (*limit, y[*row] / per_unit)).collect();
        (solution, Priced { weights, prices })
    }

    /// A point of the program. Only rows that tie names to each other get multipliers: of limits the prices, of factors
    /// the risk of the book along them, which is what they must be where the weights are right.
    fn start(&self, program: &Program, rows: &[(Limit<usize>, usize)], near: &Priced) -> Point {
        let mut x: Vec<f64> = near.weights.iter().map(|weight| weight / self.unit).collect();
        x.resize(program.linear.len(), 0.0);
        let mut y = vec![0.0; program.lower.len()];
        let (names, factors) = (self.names.len(), self.covariance.factors());
        let risk = program.matrix.times(&x[..names], y.len());
        y[..factors].copy_from_slice(&risk[..factors]);
        x[names..names + factors].copy_from_slice(&risk[..factors]);
        for kink in &program.kinks {
            x[kink.below] = (program.lower[kink.above] - x[kink.column]).max(0.0);
        }
        let per_unit = self.scale() * self.unit;
        for (limit, row) in rows {
            let price = near.prices.iter().find(|(priced, _)| priced == limit);
            y[*row] = price.map_or(0.0, |(_, price)| price * per_unit);
        }
        Point { x, y }
    }

    /// A weight without what is left of the tolerance of the solver: 0 and the bounds are met exactly.
    fn snapped(&self, name: &Name, weight: f64) -> f64 {
        let (low, high) = name.range;
        let near = |point: &f64| (weight - point).abs() <= AT_BOUND * self.unit;
        [low, high, 0.0].into_iter().find(near).unwrap_or(weight).max(low).min(high)
    }

    /// The program. Its variables are, in this order, the weight of each name in units, the risk of the book along each
    /// factor, and for each name that can lie on either side of a kink (0, or the weight before the trade) how far it is
    /// below. The objective is scaled so that its largest linear term is 1: tolerances of solvers are absolute.
    pub fn program(&self) -> Program {
        self.build().0
    }

    /// The program, and the rows of its limits.
    fn build(&self) -> (Program, Vec<(Limit<usize>, usize)>) {
        Builder::new(self, self.scale()).build()
    }

    /// By how much the objective is multiplied.
    fn scale(&self) -> f64 {
        let linear = self.names.iter().map(|name| name.expected.abs()).fold(self.cost.abs(), f64::max);
        let variance = self.covariance.variances().into_iter().fold(0.0, f64::max);
        let size = if linear > 0.0 { linear * self.unit } else { self.risk * variance * self.unit * self.unit };
        if size > 0.0 { size.recip() } else { 1.0 }
    }
}
