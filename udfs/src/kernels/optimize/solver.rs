//! Convex quadratic programs and what solves them.

use super::active_set;
use super::clarabel::Clarabel;
use super::kkt::{self, Residual};
use super::osqp::Osqp;

/// The largest KKT residual of a program that counts as solved.
pub const TOLERANCE: f64 = 1e-6;

/// A KKT residual that leaves nothing to be done: a thousandth of what is asked for. What the binding constraints
/// determine is far below it.
pub(crate) const EXACT: f64 = 1e-9;

/// `min ½x'diag(quadratic)x + linear'x` subject to `lower ≤ Ax ≤ upper`. The quadratic part is diagonal: a covariance
/// enters through rows `y = Bx` for its factors, which keeps A and all factorisations sparse.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Program {
    /// Diagonal of the quadratic part.
    pub quadratic: Vec<f64>,
    /// Linear part.
    pub linear: Vec<f64>,
    /// The constraints A.
    pub matrix: Columns,
    /// Lower bounds of Ax; −∞ for none.
    pub lower: Vec<f64>,
    /// Upper bounds of Ax; +∞ for none. An equality has the same number on both sides.
    pub upper: Vec<f64>,
    /// Where the program is that of a function with kinks.
    pub kinks: Vec<Kink>,
}

/// A kink in the function of a variable: a variable without curvature says how far it is below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kink {
    /// The variable x.
    pub column: usize,
    /// The variable b ≥ 0, which in a solution is `max(0, kink − x)`.
    pub below: usize,
    /// The row `0 ≤ b ≤ kink − low`.
    pub part: usize,
    /// The row `kink ≤ x + b ≤ high`.
    pub above: usize,
}

/// A sparse matrix in compressed columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Where the entries of each column start, and where the last column ends.
    pub start: Vec<usize>,
    /// The row of each entry, ascending within a column.
    pub row: Vec<usize>,
    /// The value of each entry.
    pub value: Vec<f64>,
}

impl Default for Columns {
    fn default() -> Self {
        Self { start: vec![0], row: Vec::new(), value: Vec::new() }
    }
}

impl Columns {
    /// Appends a column from its entries (row, value), in any order, one per row.
    pub fn push(&mut self, entries: impl IntoIterator<Item = (usize, f64)>) {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort_unstable_by_key(|(row, _)| *row);
        self.row.extend(entries.iter().map(|(row, _)| *row));
        self.value.extend(entries.iter().map(|(_, value)| *value));
        self.start.push(self.row.len());
    }

    /// The entries (row, value) of a column.
    pub fn column(&self, column: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.start[column]..self.start[column + 1];
        self.row[range.clone()].iter().copied().zip(self.value[range].iter().copied())
    }

    /// The rows `Ax`, of which there are so many.
    pub(crate) fn times(&self, x: &[f64], rows: usize) -> Vec<f64> {
        let mut product = vec![0.0; rows];
        for (column, value) in x.iter().enumerate() {
            self.column(column).for_each(|(row, entry)| product[row] += entry * value);
        }
        product
    }

    /// Whether another matrix has its entries at the same places.
    pub(crate) fn same_places(&self, other: &Self) -> bool {
        self.start == other.start && self.row == other.row
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        self.start.len() - 1
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Program {
    /// `½x'diag(quadratic)x + linear'x`.
    pub fn objective(&self, x: &[f64]) -> f64 {
        let terms = x.iter().zip(self.quadratic.iter().zip(&self.linear));
        terms.map(|(x, (quadratic, linear))| x * (0.5 * quadratic * x + linear)).sum()
    }

    /// Why no solver need be asked.
    fn flaw(&self) -> Option<Verdict> {
        let numbers = [&self.quadratic, &self.linear, &self.matrix.value];
        let finite = numbers.iter().all(|values| values.iter().all(|value| value.is_finite()));
        let bounds = || self.lower.iter().zip(&self.upper);
        let absurd = |(lower, upper): (&f64, &f64)| lower.is_nan() || upper.is_nan();
        if !finite || bounds().any(absurd) || self.linear.is_empty() {
            return Some(Verdict::Invalid);
        }
        if self.quadratic.iter().any(|value| *value < 0.0) {
            return Some(Verdict::NotConvex);
        }
        bounds().any(|(lower, upper)| lower > upper).then_some(Verdict::Infeasible)
    }
}

/// What became of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The KKT residual is at most [`TOLERANCE`].
    Solved,
    /// No point satisfies the constraints.
    Infeasible,
    /// The objective has no minimum.
    Unbounded,
    /// The quadratic part is not positive semi-definite.
    NotConvex,
    /// There is no variable, or a number is not finite that must be.
    Invalid,
    /// The solver gave up, or its solution does not satisfy the KKT conditions.
    NotSolved,
}

/// A primal and a dual point.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Point {
    /// The variables.
    pub x: Vec<f64>,
    /// The multipliers of the rows: positive at an upper bound, negative at a lower one.
    pub y: Vec<f64>,
}

impl Point {
    /// Whether it has a finite number for every variable and row of a program.
    fn fits(&self, program: &Program) -> bool {
        let finite = |values: &[f64], count: usize| values.len() == count && values.iter().all(|it| it.is_finite());
        finite(&self.x, program.linear.len()) && finite(&self.y, program.lower.len())
    }
}

/// The answer to a program.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// What became of it.
    pub verdict: Verdict,
    /// The solution; empty unless solved.
    pub point: Point,
    /// How far the point is from the KKT conditions; infinite without a point.
    pub residual: Residual,
    /// Iterations of the solver, and steps from one set of binding constraints to the next.
    pub iterations: u32,
    /// Whether the starting point told which constraints bind, so that the solver was not needed.
    pub warm: bool,
}

impl Solution {
    fn none(verdict: Verdict, iterations: u32) -> Self {
        Self { verdict, point: Point::default(), residual: Residual::UNKNOWN, iterations, warm: false }
    }
}

/// What solves quadratic programs. It may keep what it has made of one program (an ordering, a scaling, a penalty) for the
/// next, so that an answer depends on the programs before.
pub(crate) trait QuadraticSolver {
    /// Solves a program without flaws, from a starting point that fits it if there is one and it can use it.
    fn solve(&mut self, program: &Program, start: Option<&Point>) -> Answer;
}

/// What a solver hands back, before anybody has checked it.
pub(crate) struct Answer {
    pub verdict: Verdict,
    pub point: Point,
    pub iterations: u32,
}

/// The solvers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Solver {
    /// Operator splitting (Stellato et al., "OSQP: an operator splitting solver for quadratic programs", Mathematical
    /// Programming Computation 12 (2020)).
    #[default]
    Osqp,
    /// Interior point (Goulart and Chen, "Clarabel: an interior-point solver for conic programs with quadratic
    /// objectives", arXiv:2405.12762 (2024)).
    Clarabel,
}

impl Solver {
    /// The one to ask when this one cannot tell.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Osqp => Self::Clarabel,
            Self::Clarabel => Self::Osqp,
        }
    }

    /// Solves one program, from a starting point if there is one.
    pub fn solve(self, program: &Program, start: Option<&Point>) -> Solution {
        Workspace::new(self).solve(program, start)
    }
}

/// A solver for one program after the other.
pub struct Workspace {
    solver: Box<dyn QuadraticSolver>,
}

impl Workspace {
    /// Has made nothing yet.
    pub fn new(solver: Solver) -> Self {
        let solver: Box<dyn QuadraticSolver> = match solver {
            Solver::Osqp => Box::new(Osqp::default()),
            Solver::Clarabel => Box::new(Clarabel::default()),
        };
        Self { solver }
    }

    /// Solves a program. If there is a starting point that is near enough to tell which constraints bind, the solver is
    /// not needed. The KKT conditions are checked here, whatever it says.
    pub fn solve(&mut self, program: &Program, start: Option<&Point>) -> Solution {
        if let Some(flaw) = program.flaw() {
            return Solution::none(flaw, 0);
        }
        let start = start.filter(|start| start.fits(program));
        if let Some((point, iterations)) = start.and_then(|start| active_set::finish(program, start)) {
            let residual = kkt::residual(program, &point);
            if residual.largest() <= EXACT {
                return Solution { verdict: Verdict::Solved, point, residual, iterations, warm: true };
            }
        }
        let Answer { verdict, point, iterations } = self.solver.solve(program, start);
        if verdict != Verdict::Solved {
            return Solution::none(verdict, iterations);
        }
        let residual = kkt::residual(program, &point);
        match residual.largest() <= TOLERANCE {
            true => Solution { verdict, point, residual, iterations, warm: false },
            false => Solution { residual, ..Solution::none(Verdict::NotSolved, iterations) },
        }
    }
}
