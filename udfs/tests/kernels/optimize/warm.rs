//! One date after the other: what is kept from the dates before saves time and changes nothing.

use kairos_udfs::kernels::optimize::{
    Book, Cause, Estimator, MeanVariance, Method, Optimization, Optimized, RiskModel, Solver, Status, Verdict,
    Workspace, optimize,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::market::{Market, normal};
use super::programs::case;

const SOLVERS: [Solver; 2] = [Solver::Osqp, Solver::Clarabel];

/// A market that a tenth of the names leaves on every date, for others.
fn market(seed: u64, dates: usize) -> Market {
    let mut market = Market::new(seed, 120, dates);
    let random = &mut StdRng::seed_from_u64(seed);
    for eligible in &mut market.eligible {
        eligible.iter_mut().for_each(|eligible| *eligible = random.random_bool(0.9));
    }
    market
}

fn options(method: MeanVariance) -> Optimization {
    let method = Method::MeanVariance(method);
    Optimization { long: 30, short: 30, name_cap: 0.06, method, ..Optimization::default() }
}

fn run(market: &Market, how: &Optimization) -> Vec<Optimized> {
    optimize(&market.dates(), &market.returns, how, 2)
}

/// The book of one date, of which nothing went before.
fn alone(market: &Market, date: usize, how: &Optimization) -> Optimized {
    optimize(&market.dates()[date..=date], &market.returns, how, 1).remove(0)
}

fn assert_same_weights(a: &Optimized, b: &Optimized) {
    assert_eq!((a.day, a.status), (b.day, b.status));
    let weight = |book: &Optimized, ticker: u32| {
        book.positions.iter().find(|position| position.ticker == ticker).map_or(0.0, |position| position.weight)
    };
    for ticker in 0..120 {
        let apart = (weight(a, ticker) - weight(b, ticker)).abs();
        assert!(apart <= 1e-7, "day {} ticker {ticker}: {apart:e}", a.day);
    }
}

/// Whatever the limits, the covariance and the book.
#[test]
fn warm_is_cold() {
    let all = MeanVariance::default();
    let factors = RiskModel { estimator: Estimator::Factors { count: 6 }, ..RiskModel::default() };
    let methods = [
        all,
        MeanVariance { fixed_signs: false, ..all },
        MeanVariance { risk_model: factors, risk_aversion: 200.0, ..all },
        MeanVariance { sector_net: 0.005, gross: 2.0, risk_aversion: 1.0, ..all },
    ];
    for (seed, method) in (30..).zip(methods) {
        let market = market(seed, 20);
        for (solver, book) in SOLVERS.into_iter().flat_map(|it| [(it, Book::DollarNeutral), (it, Book::LongOnly)]) {
            let how = Optimization { book, ..options(MeanVariance { solver, ..method }) };
            let books = run(&market, &how);
            for (date, book) in books.iter().enumerate() {
                let cold = alone(&market, date, &how);
                assert!(!cold.warm && book.residual <= 1e-9);
                assert_same_weights(book, &cold);
            }
            // Otherwise this tests nothing. Nearly linear programs jump from one corner to another.
            let least = if method.risk_aversion < 10.0 { 1 } else { 14 };
            assert!(books.iter().filter(|book| book.warm).count() >= least, "{seed} {how:?}");
        }
    }
}

/// A book that depends on the one before has the same solution by two solvers, of which one had another start.
#[test]
fn trades_start_from_the_book_before() {
    let market = market(40, 30);
    for (cost, turnover, fixed_signs) in [(1e-3, None, true), (3e-4, Some(0.15), false), (0.0, Some(0.1), true)] {
        let method = MeanVariance { cost, turnover, fixed_signs, ..MeanVariance::default() };
        let of = |solver| run(&market, &options(MeanVariance { solver, ..method }));
        let (osqp, clarabel) = (of(Solver::Osqp), of(Solver::Clarabel));
        osqp.iter().zip(&clarabel).for_each(|(a, b)| assert_same_weights(a, b));
        assert!(!osqp[0].warm && osqp.iter().filter(|book| book.warm).count() >= 25);
    }
}

/// Neither a date without signals nor one without a solution has any effect on those after it.
#[test]
fn dates_without_a_book() {
    let mut market = market(50, 12);
    market.alpha[3].iter_mut().for_each(|alpha| *alpha = f64::NAN);
    market.alpha[8].iter_mut().for_each(|alpha| *alpha = f64::NAN);
    // Six names of at most 6 %.
    market.eligible[6].iter_mut().skip(6).for_each(|eligible| *eligible = false);
    for solver in SOLVERS {
        let how = Optimization { book: Book::LongOnly, ..options(MeanVariance { solver, ..MeanVariance::default() }) };
        let books = run(&market, &how);
        assert_eq!(books[3].status, Status::Held(Cause::NoCandidates));
        assert_eq!(books[6].status, Status::Held(Cause::Infeasible));
        for date in [2, 4, 5, 7, 9, 11] {
            assert!(matches!(books[date].status, Status::Solved | Status::Relaxed(_)));
            assert_same_weights(&books[date], &alone(&market, date, &how));
        }
        assert!(books[4].warm && books[7].warm);
    }
}

/// To the bit, and over more dates than are worked on in one go.
#[test]
fn neither_threads_nor_later_dates_matter() {
    let market = market(60, 40);
    let dates = market.dates();
    // Debug output tells every bit, and NaN apart from nothing.
    let text = |books: &[Optimized]| format!("{books:?}");
    for cost in [0.0, 5e-4] {
        for solver in SOLVERS {
            let how = options(MeanVariance { solver, cost, ..MeanVariance::default() });
            let all = optimize(&dates, &market.returns, &how, 1);
            for threads in [2, 3, 8] {
                assert_eq!(text(&all), text(&optimize(&dates, &market.returns, &how, threads)));
            }
            for count in [1, 2, 15, 16, 17, 33] {
                assert_eq!(text(&all[..count]), text(&optimize(&dates[..count], &market.returns, &how, 2)));
            }
        }
    }
}

/// A workspace solves programs of other sizes and patterns, infeasible ones between others, as if each were the first.
#[test]
fn workspaces() {
    for solver in SOLVERS {
        let mut workspace = Workspace::new(solver);
        let (mut infeasible, mut last) = (0, None);
        for seed in 0..150 {
            let random = &mut StdRng::seed_from_u64(seed / 3);
            let mut case = case(random);
            // Of every three programs the entries are at the same places.
            let random = &mut StdRng::seed_from_u64(1000 + seed);
            for name in &mut case.names {
                name.expected *= 1.0 + 0.1 * normal(random);
                name.beta *= 1.0 + 0.01 * f64::from(u8::from(name.beta != 1.0)) * normal(random);
            }
            let program = case.problem().program();
            let cold = solver.solve(&program, None);
            let kept = workspace.solve(&program, None);
            let started = workspace.solve(&program, last.as_ref());
            if cold.verdict == Verdict::NotSolved {
                continue;
            }
            assert_eq!((kept.verdict, started.verdict), (cold.verdict, cold.verdict), "case {seed} {solver:?}");
            if cold.verdict != Verdict::Solved {
                infeasible += 1;
                continue;
            }
            let strictly_convex = case.covariance.specific().iter().all(|variance| *variance > 0.0);
            let size = program.objective(&cold.point.x).abs().max(1.0);
            for solution in [&kept, &started] {
                let apart = (program.objective(&solution.point.x) - program.objective(&cold.point.x)).abs();
                assert!(apart <= 1e-6 * size, "case {seed} {solver:?}: {apart:e}");
                for name in (0..case.names.len()).filter(|_| strictly_convex) {
                    let apart = 0.05 * (solution.point.x[name] - cold.point.x[name]).abs();
                    assert!(apart <= 1e-7, "case {seed} {solver:?} name {name}: {apart:e}");
                }
            }
            last = Some(started.point);
        }
        assert!(infeasible > 5, "{infeasible}");
    }
}
