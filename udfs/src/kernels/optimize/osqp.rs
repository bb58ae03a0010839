//! OSQP.

use osqp::{CscMatrix, Problem, Settings, Status};

use super::active_set;
use super::solver::{Answer, Columns, EXACT, Point, Program, QuadraticSolver, Verdict};

/// Tolerances of the iteration, from loose to tight. A loose one already tells which constraints bind, and then the
/// program can be solved to machine precision; a tighter one is only needed where it does not.
const TOLERANCES: [f64; 9] = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10];
/// From here on OSQP polishes, too: what helps where variables have no curvature.
const POLISHED: f64 = 1e-4;
/// What OSQP takes for no bound.
const INFINITE: f64 = 1e30;
/// Numbers in a matrix above this are not put into a workspace that exists: OSQP may refuse them, and only a new one can
/// say so.
const ORDINARY: f64 = 1e15;
/// How exact a certificate of infeasibility must be, relative to its size.
const CERTAIN: f64 = 1e-6;
/// Where OSQP starts to look for certificates.
const CERTIFICATE: f64 = 1e-7;

/// The penalty is adapted every 50 iterations, not after a share of the setup time, as is the default: the same program
/// must have the same solution on every machine.
fn settings() -> Settings {
    Settings::default()
        .verbose(false)
        .max_iter(20_000)
        .polish_refine_iter(5)
        .adaptive_rho_interval(Some(50))
        .check_termination(Some(25))
        .eps_prim_inf(CERTIFICATE)
        .eps_dual_inf(CERTIFICATE)
}

/// OSQP and its workspace: with the matrices, how they are scaled and factorised, and the penalty.
#[derive(Default)]
pub(crate) struct Osqp {
    workspace: Option<Workspace>,
}

struct Workspace {
    matrix: Columns,
    problem: Problem,
}

impl QuadraticSolver for Osqp {
    fn solve(&mut self, program: &Program, start: Option<&Point>) -> Answer {
        let mut answer = Answer { verdict: Verdict::NotSolved, point: Point::default(), iterations: 0 };
        let Some(problem) = self.prepared(program) else { return answer };
        if let Some(Point { x, y }) = start {
            problem.warm_start(x, y);
        }
        let mut best = f64::INFINITY;
        for tolerance in TOLERANCES {
            problem.update_eps_abs(tolerance);
            problem.update_eps_rel(tolerance);
            problem.update_polish(tolerance <= POLISHED);
            let status = problem.solve();
            answer.iterations += status.iter();
            let solution = match status {
                Status::Solved(solution)
                | Status::SolvedInaccurate(solution)
                | Status::MaxIterationsReached(solution) => solution,
                Status::PrimalInfeasible(certificate) if proves_infeasible(program, certificate.delta_y()) => {
                    return Answer { verdict: Verdict::Infeasible, ..answer };
                }
                // A step that is rounding noise can look like a certificate.
                Status::PrimalInfeasible(_) => {
                    problem.update_eps_prim_inf(f64::EPSILON);
                    continue;
                }
                Status::DualInfeasible(_) => return Answer { verdict: Verdict::Unbounded, ..answer },
                _ => break,
            };
            let point = Point { x: solution.x().to_vec(), y: solution.y().to_vec() };
            let (point, residual, steps) = active_set::refined(program, point);
            answer.iterations += steps;
            if residual < best {
                best = residual;
                answer.verdict = Verdict::Solved;
                answer.point = point;
            }
            if best <= EXACT {
                break;
            }
        }
        answer
    }
}

impl Osqp {
    /// A workspace with the numbers of a program: the one there is, if the entries are at the same places. Nothing if
    /// OSQP refuses the program.
    fn prepared(&mut self, program: &Program) -> Option<&mut Problem> {
        let (columns, rows) = (program.linear.len(), program.lower.len());
        let quadratic = CscMatrix {
            nrows: columns,
            ncols: columns,
            indptr: (0..=columns).collect::<Vec<_>>().into(),
            indices: (0..columns).collect::<Vec<_>>().into(),
            data: (&program.quadratic).into(),
        };
        let matrix = CscMatrix {
            nrows: rows,
            ncols: columns,
            indptr: (&program.matrix.start).into(),
            indices: (&program.matrix.row).into(),
            data: (&program.matrix.value).into(),
        };
        let limited = |bounds: &[f64]| bounds.iter().map(|bound| bound.clamp(-INFINITE, INFINITE)).collect::<Vec<_>>();
        let (lower, upper) = (limited(&program.lower), limited(&program.upper));
        let numbers = [&program.quadratic, &program.linear, &program.matrix.value];
        let ordinary = numbers.iter().all(|values| values.iter().all(|value| value.abs() < ORDINARY));
        let kept = self.workspace.take().filter(|kept| ordinary && kept.matrix.same_places(&program.matrix));
        let problem = match kept {
            Some(Workspace { mut problem, .. }) => {
                problem.update_P_A(quadratic, matrix);
                problem.update_lin_cost(&program.linear);
                problem.update_bounds(&lower, &upper);
                problem.update_eps_prim_inf(CERTIFICATE);
                problem.warm_start(&vec![0.0; columns], &vec![0.0; rows]);
                problem
            }
            None => Problem::new(quadratic, &program.linear, matrix, &lower, &upper, &settings()).ok()?,
        };
        Some(&mut self.workspace.insert(Workspace { matrix: program.matrix.clone(), problem }).problem)
    }
}

/// Whether multipliers y prove that no x satisfies the constraints: `A'y = 0`, so that `y'Ax` is 0 for every x, but below
/// 0 for all values of Ax within the bounds.
fn proves_infeasible(program: &Program, y: &[f64]) -> bool {
    let size = y.iter().fold(0.0_f64, |size, y| size.max(y.abs()));
    let pull = |column| program.matrix.column(column).map(|(row, value)| value * y[row]).sum::<f64>();
    let largest_pull = (0..program.linear.len()).map(pull).fold(0.0_f64, |largest, pull| largest.max(pull.abs()));
    let bounds = program.lower.iter().zip(&program.upper);
    let highest = y.iter().zip(bounds).map(|(y, (lower, upper))| match *y {
        up if up > 0.0 => up * upper,
        down if down < 0.0 => down * lower,
        _ => 0.0,
    });
    largest_pull <= CERTAIN * size && highest.sum::<f64>() < -CERTAIN * size
}
