//! OSQP.

use osqp::{CscMatrix, Problem, Settings, Status};

use super::kkt;
use super::solver::{Answer, Point, Program, Verdict};

/// Tolerances of the iteration, from loose to tight. A loose one already tells which constraints bind, and then the
/// polishing step solves the program to machine precision; a tighter one is only needed where it does not.
const TOLERANCES: [f64; 7] = [1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10];
/// What OSQP takes for no bound.
const INFINITE: f64 = 1e30;
/// How exact a certificate of infeasibility must be, relative to its size.
const CERTAIN: f64 = 1e-6;
/// A KKT residual that is good enough to stop at: a thousandth of what is asked for. Polished ones are far below it.
const EXACT: f64 = 1e-9;

/// The penalty is adapted every 50 iterations, not after a share of the setup time, as is the default: the same program
/// must have the same solution on every machine.
fn settings() -> Settings {
    Settings::default()
        .verbose(false)
        .max_iter(20_000)
        .polish(true)
        .polish_refine_iter(5)
        .adaptive_rho_interval(Some(50))
        .check_termination(Some(25))
        .eps_prim_inf(1e-7)
        .eps_dual_inf(1e-7)
}

pub(crate) fn solve(program: &Program, start: Option<&Point>) -> Answer {
    let mut answer = Answer { verdict: Verdict::NotSolved, point: Point::default(), iterations: 0 };
    let Ok(mut problem) = setup(program) else { return answer };
    if let Some(Point { x, y }) = start.filter(|start| fits(program, start)) {
        problem.warm_start(x, y);
    }
    let mut best = f64::INFINITY;
    for tolerance in TOLERANCES {
        problem.update_eps_abs(tolerance);
        problem.update_eps_rel(tolerance);
        let status = problem.solve();
        answer.iterations += status.iter();
        let solution = match status {
            Status::Solved(solution) | Status::SolvedInaccurate(solution) | Status::MaxIterationsReached(solution) => {
                solution
            }
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
        let residual = kkt::residual(program, &point).largest();
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

fn setup(program: &Program) -> Result<Problem, osqp::SetupError> {
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
    Problem::new(quadratic, &program.linear, matrix, &lower, &upper, &settings())
}

fn fits(program: &Program, start: &Point) -> bool {
    let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
    start.x.len() == program.linear.len()
        && start.y.len() == program.lower.len()
        && finite(&start.x)
        && finite(&start.y)
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
