//! Two solvers that share no code, on random problems.

use kairos_udfs::kernels::optimize::{
    Balance, Covariance, Limits, Name, Point, Problem, Solution, Solver, TOLERANCE, Verdict, closed_form,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::market::normal;

const CASES: u64 = 500;

pub struct Case {
    pub names: Vec<Name>,
    pub covariance: Covariance,
    pub limits: Limits,
    risk: f64,
    cost: f64,
    balance: Balance,
}

impl Case {
    pub fn problem(&self) -> Problem<'_> {
        Problem {
            names: &self.names,
            covariance: &self.covariance,
            risk: self.risk,
            cost: self.cost,
            balance: self.balance,
            limits: self.limits.clone(),
            unit: 0.05,
        }
    }

    pub fn objective(&self, weights: &[f64]) -> f64 {
        let each = self.names.iter().zip(weights);
        let linear: f64 = each.map(|(name, w)| name.expected * w - self.cost * (w - name.before).abs()).sum();
        0.5 * self.risk * self.covariance.variance_of(weights) - linear
    }
}

/// Factors, specific variances, sometimes none of either.
fn covariance(random: &mut StdRng, names: usize) -> Covariance {
    let factors = [0, 1, 5, 60][random.random_range(0..4)];
    let specific = if random.random_bool(0.1) && factors > 0 { 0.0 } else { 1e-4 };
    let loadings: Vec<Vec<f64>> = (0..names).map(|_| (0..factors).map(|_| 0.01 * normal(random)).collect()).collect();
    let cell = |cell: usize| {
        let (i, j) = (cell / names, cell % names);
        let common: f64 = loadings[i].iter().zip(&loadings[j]).map(|(a, b)| a * b).sum();
        common / f64::from(factors.max(1)) + if i == j { specific } else { 0.0 }
    };
    Covariance::of_matrix(names, &(0..names * names).map(cell).collect::<Vec<_>>()).unwrap()
}

pub fn case(random: &mut StdRng) -> Case {
    let names = [1, 2, 5, 20, 40][random.random_range(0..5)];
    let equal_betas = random.random_bool(0.15);
    let signs = random.random_bool(0.6);
    let held = random.random_bool(0.5);
    let name = |random: &mut StdRng| {
        let expected = if random.random_bool(0.05) { 0.0 } else { 2e-3 * normal(random) };
        let range = match signs {
            true if expected > 0.0 => (0.0, 0.05),
            true => (-0.05, 0.0),
            false => (-0.05, 0.05),
        };
        let beta = if equal_betas { 1.0 } else { 1.0 + 0.3 * normal(random) };
        let before = if held && random.random_bool(0.7) { 0.03 * normal(random) } else { 0.0 };
        Name { range, expected, beta, sector: random.random_range(0..4), before }
    };
    let names: Vec<Name> = (0..names).map(|_| name(random)).collect();
    let maybe = |random: &mut StdRng, value: f64| random.random_bool(0.5).then_some(value);
    let limits = Limits {
        gross: [0.2, 1.0, 3.0][random.random_range(0..3)],
        sector_net: maybe(random, 0.02),
        sector_gross: random.random_bool(0.5).then(|| (0..4).map(|_| 0.5 * random.random::<f64>()).collect()),
        turnover: maybe(random, 0.3),
    };
    let balance = if random.random_bool(0.3) && !signs { Balance::Invested } else { Balance::Neutral };
    let risk = [1.0, 100.0, 10_000.0][random.random_range(0..3)];
    let cost = [0.0, 5e-4][random.random_range(0..2)];
    Case { covariance: covariance(random, names.len()), names, limits, risk, cost, balance }
}

#[test]
fn solvers_agree() {
    let (mut seen, mut hard) = ([0; 2], 0);
    for seed in 0..CASES {
        let case = case(&mut StdRng::seed_from_u64(seed));
        let (osqp, by_osqp) = case.problem().solve(Solver::Osqp);
        let (clarabel, by_clarabel) = case.problem().solve(Solver::Clarabel);
        if osqp.verdict == Verdict::NotSolved {
            // Almost linear programs are hard for operator splitting; it must say so.
            assert_eq!((case.covariance.specific()[0], clarabel.verdict), (0.0, Verdict::Solved), "case {seed}");
            hard += 1;
            continue;
        }
        assert_eq!(osqp.verdict, clarabel.verdict, "case {seed}");
        seen[usize::from(osqp.verdict == Verdict::Solved)] += 1;
        if osqp.verdict != Verdict::Solved {
            assert_eq!(osqp.verdict, Verdict::Infeasible, "case {seed}");
            assert!(by_osqp.is_empty() && by_clarabel.is_empty());
            continue;
        }
        assert!(osqp.residual.largest() <= TOLERANCE && clarabel.residual.largest() <= TOLERANCE);
        let (a, b) = (case.objective(&by_osqp), case.objective(&by_clarabel));
        // The scale of a return on the whole gross.
        let scale = 2e-3 * case.limits.gross;
        assert!((a - b).abs() <= 1e-6 * scale.max(a.abs()), "case {seed}: {a:e} {b:e}");
    }
    assert!(seen[0] > 50 && seen[1] > 250 && hard < 3, "{seen:?} {hard}");
}

/// Without a binding inequality the program has the closed form of spec 06 §2.7.3.
#[test]
fn slack_limits_leave_the_closed_form() {
    for seed in 0..50 {
        let random = &mut StdRng::seed_from_u64(seed);
        let names = random.random_range(4..40);
        let covariance = covariance(random, names);
        if covariance.variances().iter().any(|variance| *variance < 1e-5)
            || covariance.specific()[0] == 0.0 && names > 5
        {
            continue;
        }
        let name = |random: &mut StdRng| {
            let (expected, beta) = (2e-3 * normal(random), 1.0 + 0.3 * normal(random));
            Name { range: (-9.0, 9.0), expected, beta, sector: 0, before: 0.0 }
        };
        let names: Vec<Name> = (0..names).map(|_| name(random)).collect();
        let limits = Limits { gross: 99.0, sector_net: None, sector_gross: None, turnover: None };
        let case = Case { names, covariance, limits, risk: 1000.0, cost: 0.0, balance: Balance::Neutral };
        let (z, beta): (Vec<f64>, Vec<f64>) = case.names.iter().map(|name| (name.expected, name.beta)).unzip();
        let Some(expected) = closed_form(&case.covariance, &z, &beta, case.risk) else { continue };
        if expected.iter().any(|weight| weight.abs() > 8.0) {
            continue;
        }
        for solver in [Solver::Osqp, Solver::Clarabel] {
            let (_, weights) = case.problem().solve(solver);
            let error = weights.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(weights.len() == expected.len() && error < 1e-6, "case {seed} {solver:?}: {error}");
        }
    }
}

/// A solution is found from anywhere, and is the same.
#[test]
fn starting_points() {
    let mut last: Option<Solution> = None;
    for seed in 0..100 {
        let random = &mut StdRng::seed_from_u64(seed);
        let mut case = case(&mut StdRng::seed_from_u64(7));
        case.names.iter_mut().for_each(|name| name.expected += 3e-4 * normal(random));
        let program = case.problem().program();
        let cold = Solver::Osqp.solve(&program, None);
        let warm = Solver::Osqp.solve(&program, last.as_ref().map(|last| &last.point));
        assert_eq!((cold.verdict, warm.verdict), (Verdict::Solved, Verdict::Solved));
        let names = case.names.len();
        let error = cold.point.x[..names].iter().zip(&warm.point.x).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(error <= 1e-7, "case {seed}: {error:e}");
        last = Some(warm);
    }
    // One that does not fit, or is not finite, is no start.
    let program = case(&mut StdRng::seed_from_u64(7)).problem().program();
    let nowhere = Point { x: vec![f64::NAN; program.linear.len()], y: vec![0.0; program.lower.len()] };
    for start in [Point::default(), nowhere] {
        assert_eq!(Solver::Osqp.solve(&program, Some(&start)), Solver::Osqp.solve(&program, None));
    }
}

#[test]
fn what_cannot_be_solved() {
    // Not positive semi-definite, or not a number.
    assert_eq!(Covariance::of_matrix(2, &[1.0, 2.0, 2.0, 1.0]), None);
    assert_eq!(Covariance::of_matrix(2, &[-1.0, 0.0, 0.0, 1.0]), None);
    assert_eq!(Covariance::of_matrix(2, &[1.0, f64::NAN, f64::NAN, 1.0]), None);
    // Semi-definite is enough.
    assert!(Covariance::of_matrix(3, &[1.0, 1.0, 0.5, 1.0, 1.0, 0.5, 0.5, 0.5, 1.0]).is_some());

    let whole = case(&mut StdRng::seed_from_u64(7));
    let solve = |case: &Case| [Solver::Osqp, Solver::Clarabel].map(|solver| case.problem().solve(solver).0.verdict);
    let with = |change: &dyn Fn(&mut Name)| {
        let mut names = whole.names.clone();
        change(&mut names[0]);
        Case { names, covariance: whole.covariance.clone(), limits: whole.limits.clone(), ..whole }
    };
    assert_eq!(solve(&with(&|_| ())), [Verdict::Solved; 2]);
    assert_eq!(solve(&with(&|name| name.expected = f64::NAN)), [Verdict::Invalid; 2]);
    assert_eq!(solve(&with(&|name| name.beta = f64::INFINITY)), [Verdict::Invalid; 2]);
    assert_eq!(solve(&with(&|name| name.range = (f64::NAN, 1.0))), [Verdict::Invalid; 2]);
    assert_eq!(solve(&with(&|name| name.range = (0.2, 0.1))), [Verdict::Infeasible; 2]);
    let none =
        Case { names: Vec::new(), covariance: Covariance::diagonal(Vec::new()), limits: whole.limits.clone(), ..whole };
    assert_eq!(solve(&none), [Verdict::Invalid; 2]);
    let negative = Covariance::diagonal(vec![-1.0; whole.names.len()]);
    let negative = Case { names: whole.names.clone(), covariance: negative, limits: whole.limits.clone(), ..whole };
    assert_eq!(solve(&negative), [Verdict::NotConvex; 2]);
}
