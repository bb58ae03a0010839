//! Clarabel.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};

use super::solver::{Answer, Columns, Point, Program, Verdict};

/// Tolerance of the duality gap. Weights are only as near as the root of it, so the default of 1e−8 is not enough.
const GAP: f64 = 1e-12;

/// One thread: the caller has others for other dates.
fn settings() -> DefaultSettings<f64> {
    DefaultSettings {
        verbose: false,
        presolve_enable: false,
        max_threads: 1,
        tol_gap_abs: GAP,
        tol_gap_rel: GAP,
        ..DefaultSettings::default()
    }
}

pub(crate) fn solve(program: &Program) -> Answer {
    let mut answer = Answer { verdict: Verdict::NotSolved, point: Point::default(), iterations: 0 };
    let cones = Cones::of(program);
    let size = program.linear.len();
    let diagonal = CscMatrix::new(size, size, (0..=size).collect(), (0..size).collect(), program.quadratic.clone());
    let kinds = [SupportedConeT::ZeroConeT(cones.equalities), SupportedConeT::NonnegativeConeT(cones.inequalities())];
    let solver =
        DefaultSolver::new(&diagonal, &program.linear, &cones.matrix(program), &cones.bounds, &kinds, settings());
    let Ok(mut solver) = solver else { return answer };
    solver.solve();
    let solution = &solver.solution;
    answer.iterations = solution.iterations;
    answer.verdict = match solution.status {
        SolverStatus::PrimalInfeasible => Verdict::Infeasible,
        SolverStatus::DualInfeasible => Verdict::Unbounded,
        // Where it stalled it may still be near enough: the KKT conditions decide.
        _ => Verdict::Solved,
    };
    answer.point = Point { x: solution.x.clone(), y: cones.multipliers(&solution.z) };
    answer
}

/// The rows in Clarabel's form `Ax + s = b`: equalities (s = 0) first, then one row s ≥ 0 per bound that exists.
struct Cones {
    /// Per row of the program its row for the upper bound, which is also the one of an equality, and for the lower.
    place: Vec<(Option<usize>, Option<usize>)>,
    equalities: usize,
    bounds: Vec<f64>,
}

impl Cones {
    fn of(program: &Program) -> Self {
        let sides = || program.lower.iter().copied().zip(program.upper.iter().copied());
        let mut bounds: Vec<f64> = sides().filter(|(lower, upper)| lower == upper).map(|(_, upper)| upper).collect();
        let equalities = bounds.len();
        let mut next_equality = 0..;
        let mut inequality = |bound: f64, sign: f64| {
            bound.is_finite().then(|| {
                bounds.push(sign * bound);
                bounds.len() - 1
            })
        };
        let place = sides()
            .map(|(lower, upper)| match lower == upper {
                true => (next_equality.next(), None),
                false => (inequality(upper, 1.0), inequality(lower, -1.0)),
            })
            .collect();
        Self { place, equalities, bounds }
    }

    fn inequalities(&self) -> usize {
        self.bounds.len() - self.equalities
    }

    fn matrix(&self, program: &Program) -> CscMatrix<f64> {
        let mut columns = Columns::default();
        for column in 0..program.matrix.len() {
            let sides = program.matrix.column(column).flat_map(|(row, value)| {
                let (upper, lower) = self.place[row];
                [upper.map(|row| (row, value)), lower.map(|row| (row, -value))]
            });
            columns.push(sides.flatten());
        }
        CscMatrix::new(self.bounds.len(), columns.len(), columns.start, columns.row, columns.value)
    }

    fn multipliers(&self, z: &[f64]) -> Vec<f64> {
        let of = |row: Option<usize>| row.map_or(0.0, |row| z[row]);
        self.place.iter().map(|(upper, lower)| of(*upper) - of(*lower)).collect()
    }
}
