//! Clarabel.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};

use super::active_set;
use super::solver::{Answer, Columns, EXACT, Point, Program, QuadraticSolver, Verdict};

/// Tolerances of the duality gap. Weights are only as near as the root of it, so that it must be far below what is asked
/// of them; but a wide one tells which constraints bind, which is mostly enough.
const GAPS: [f64; 2] = [1e-2, 1e-12];

/// One thread: the caller has others for other dates.
fn settings(gap: f64) -> DefaultSettings<f64> {
    DefaultSettings {
        verbose: false,
        presolve_enable: false,
        max_threads: 1,
        tol_gap_abs: gap,
        tol_gap_rel: gap,
        tol_feas: gap.max(1e-8),
        ..DefaultSettings::default()
    }
}

/// Clarabel and its workspace: how the matrices are scaled and ordered.
#[derive(Default)]
pub(crate) struct Clarabel {
    workspace: Option<Workspace>,
}

struct Workspace {
    matrix: Columns,
    cones: Cones,
    solver: DefaultSolver<f64>,
}

impl QuadraticSolver for Clarabel {
    /// An interior point method has no use for a start.
    fn solve(&mut self, program: &Program, _: Option<&Point>) -> Answer {
        let mut answer = Answer { verdict: Verdict::NotSolved, point: Point::default(), iterations: 0 };
        let Some(Workspace { cones, solver, .. }) = self.prepared(program) else { return answer };
        for gap in GAPS {
            if solver.update_settings(settings(gap)).is_err() {
                return answer;
            }
            solver.solve();
            let solution = &solver.solution;
            answer.iterations += solution.iterations;
            answer.verdict = match solution.status {
                SolverStatus::PrimalInfeasible => Verdict::Infeasible,
                SolverStatus::DualInfeasible => Verdict::Unbounded,
                // Where it stalled it may still be near enough: the KKT conditions decide.
                _ => Verdict::Solved,
            };
            if answer.verdict != Verdict::Solved {
                return answer;
            }
            let point = Point { x: solution.x.clone(), y: cones.multipliers(&solution.z) };
            let (point, residual, steps) = active_set::refined(program, point);
            answer.iterations += steps;
            answer.point = point;
            if residual <= EXACT {
                break;
            }
        }
        answer
    }
}

impl Clarabel {
    /// A workspace with the numbers of a program: the one there is, if the entries are at the same places and the same
    /// bounds exist. Nothing if Clarabel refuses the program.
    fn prepared(&mut self, program: &Program) -> Option<&mut Workspace> {
        let cones = Cones::of(program);
        let matrix = cones.matrix(program);
        let kept = self
            .workspace
            .take()
            .filter(|kept| kept.matrix.same_places(&program.matrix) && kept.cones.place == cones.place);
        let updated = kept.and_then(|Workspace { mut solver, .. }| {
            let (quadratic, linear) = (&program.quadratic, &program.linear);
            solver.update_data(quadratic, linear, &matrix.nzval, &cones.bounds).ok().map(|()| solver)
        });
        let solver = match updated {
            Some(solver) => solver,
            None => {
                let size = program.linear.len();
                let (start, row) = ((0..=size).collect(), (0..size).collect());
                let diagonal = CscMatrix::new(size, size, start, row, program.quadratic.clone());
                let zero = SupportedConeT::ZeroConeT(cones.equalities);
                let kinds = [zero, SupportedConeT::NonnegativeConeT(cones.inequalities())];
                let settings = settings(GAPS[0]);
                DefaultSolver::new(&diagonal, &program.linear, &matrix, &cones.bounds, &kinds, settings).ok()?
            }
        };
        Some(self.workspace.insert(Workspace { matrix: program.matrix.clone(), cones, solver }))
    }
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
