//! Books over many dates.

use kairos_udfs::kernels::optimize::{
    Book, Bounds, Cause, Estimator, KktClip, MeanVariance, Method, Optimization, Optimized, Relaxation, RiskModel,
    Solver, Status, optimize,
};

use super::market::{Market, SECTORS};

fn options(method: MeanVariance) -> Optimization {
    Optimization {
        long: 40,
        short: 40,
        name_cap: 0.05,
        method: Method::MeanVariance(method),
        ..Optimization::default()
    }
}

fn run(market: &Market, how: &Optimization) -> Vec<Optimized> {
    optimize(&market.dates(), &market.returns, how, 2)
}

fn sum(book: &Optimized, value: impl Fn(u32, f64) -> f64) -> f64 {
    book.positions.iter().map(|position| value(position.ticker, position.weight)).sum()
}

fn turnover(book: &Optimized) -> f64 {
    0.5 * book.positions.iter().map(|position| (position.weight - position.before).abs()).sum::<f64>()
}

/// All limits hold at once, which is what the reference lacks (defects 3 and 9).
fn assert_limits(market: &Market, book: &Optimized, sector_net: f64) {
    assert!(book.residual <= 1e-6);
    assert!(sum(book, |_, w| w).abs() <= 1e-6);
    assert!(sum(book, |ticker, w| w * market.beta(ticker)).abs() <= 1e-6);
    assert!(sum(book, |_, w| w.abs()) <= 1.0 + 1e-6);
    assert!(book.positions.iter().all(|position| position.weight.abs() <= 0.05));
    for sector in 0..SECTORS {
        let net = sum(book, |ticker, w| if market.sector(ticker) == sector { w } else { 0.0 });
        assert!(net.abs() <= sector_net + 1e-6, "sector {sector}: {net}");
    }
}

#[test]
fn limits_hold() {
    let market = Market::new(1, 150, 12);
    for solver in [Solver::Osqp, Solver::Clarabel] {
        for estimator in
            [Estimator::Diagonal { intensity: 0.3 }, Estimator::LedoitWolf, Estimator::Factors { count: 8 }]
        {
            let risk_model = RiskModel { estimator, ..RiskModel::default() };
            let books = run(&market, &options(MeanVariance { solver, risk_model, ..MeanVariance::default() }));
            for book in &books {
                assert_eq!(book.status, Status::Solved);
                assert_limits(&market, book, 0.05);
                assert!(sum(book, |_, w| w.abs()) > 0.9);
                let candidates = book.positions.iter().filter(|position| position.rank > 0);
                assert!(candidates.clone().filter(|it| it.z > 0.0).all(|it| it.weight >= 0.0));
                assert!(candidates.filter(|it| it.z < 0.0).all(|it| it.weight <= 0.0));
                assert!(book.fallbacks.floored > 0 && book.at_bound > 0.0);
            }
            assert!(books.iter().any(|book| book.fallbacks.with_median_variance > 0));
        }
    }
}

#[test]
fn solvers_find_the_same_books() {
    let market = Market::new(2, 150, 8);
    for (fixed_signs, cost, turnover) in
        [(true, 0.0, None), (false, 0.0, None), (true, 2e-4, Some(0.2)), (false, 2e-4, None)]
    {
        let method = MeanVariance { fixed_signs, cost, turnover, ..MeanVariance::default() };
        let of = |solver| run(&market, &options(MeanVariance { solver, ..method }));
        for (a, b) in of(Solver::Osqp).iter().zip(&of(Solver::Clarabel)) {
            assert_eq!(a.status, b.status);
            for ticker in 0..150 {
                let weight = |book: &Optimized| sum(book, |it, weight| if it == ticker { weight } else { 0.0 });
                assert!((weight(a) - weight(b)).abs() < 1e-6, "{ticker}: {} {}", weight(a), weight(b));
            }
        }
    }
}

#[test]
fn long_only() {
    let market = Market::new(3, 150, 6);
    let how = Optimization { book: Book::LongOnly, ..options(MeanVariance::default()) };
    for book in run(&market, &how) {
        assert_eq!(book.status, Status::Solved);
        assert!((sum(&book, |_, w| w) - 1.0).abs() < 1e-6);
        assert!(book.positions.iter().all(|position| (0.0..=0.05).contains(&position.weight)));
    }
}

#[test]
fn turnover_is_limited_and_costs_reduce_it() {
    let market = Market::new(4, 150, 12);
    let mean = |books: &[Optimized]| books[1..].iter().map(turnover).sum::<f64>() / (books.len() - 1) as f64;
    let free = run(&market, &options(MeanVariance::default()));
    let costly = run(&market, &options(MeanVariance { cost: 5e-4, ..MeanVariance::default() }));
    assert!(mean(&costly) < 0.8 * mean(&free), "{} {}", mean(&costly), mean(&free));
    // Names that change sides must be traded; the limit leaves room for them.
    let limited = run(&market, &options(MeanVariance { turnover: Some(0.2), ..MeanVariance::default() }));
    for (place, book) in limited.iter().enumerate() {
        assert_eq!(book.status, Status::Solved);
        assert!(place == 0 || turnover(book) <= 0.2 + 1e-6);
        assert_limits(&market, book, 0.05);
    }
    let impossible = run(&market, &options(MeanVariance { turnover: Some(0.0), ..MeanVariance::default() }));
    assert_eq!(impossible[0].status, Status::Solved);
    assert!(impossible[1..].iter().any(|book| book.status == Status::Relaxed(Relaxation::Turnover)));
}

/// `before` is the book before it, drifted (spec 06 §6.2).
#[test]
fn books_drift() {
    let market = Market::new(5, 60, 5);
    let how = Optimization { long: 20, short: 20, ..options(MeanVariance::default()) };
    let books = run(&market, &how);
    assert!(books[0].positions.iter().all(|position| position.before == 0.0));
    for (k, pair) in books.windows(2).enumerate() {
        let return_of = |ticker: u32| market.period_return[k][ticker as usize];
        let value = 1.0 + sum(&pair[0], |ticker, w| w * return_of(ticker));
        for position in &pair[0].positions {
            let drifted = position.weight * (1.0 + return_of(position.ticker)) / value;
            let before = pair[1].positions.iter().find(|it| it.ticker == position.ticker).map_or(0.0, |it| it.before);
            assert!((before - drifted).abs() < 1e-15);
        }
    }
}

#[test]
fn ladder() {
    let market = Market::new(6, 150, 4);
    // Long only: the caps of sectors leave no room for 100 %.
    let tight = Optimization { book: Book::LongOnly, sector_multiple: 0.5, ..options(MeanVariance::default()) };
    assert!(run(&market, &tight).iter().all(|book| book.status == Status::Relaxed(Relaxation::Sectors)));
    // Nor do those of names: the last book is held, and there is none.
    let impossible = Optimization { name_cap: 0.01, ..tight };
    for book in run(&market, &impossible) {
        assert_eq!(book.status, Status::Held(Cause::Infeasible));
        assert!(!book.positions.is_empty() && book.positions.iter().all(|it| it.weight == 0.0 && it.target == 0.0));
    }
    // A date without signal keeps the book of the one before.
    let mut market = Market::new(6, 150, 4);
    market.alpha[2].iter_mut().for_each(|alpha| *alpha = f64::NAN);
    let books = run(&market, &options(MeanVariance::default()));
    assert_eq!(books[2].status, Status::Held(Cause::NoCandidates));
    assert!(!books[2].positions.is_empty());
    assert!(books[2].positions.iter().all(|it| it.weight == it.before && it.before != 0.0 && it.rank == 0));
    // Not enough history.
    let long = RiskModel { window: 500, ..RiskModel::default() };
    let books = run(&market, &options(MeanVariance { risk_model: long, ..MeanVariance::default() }));
    assert_eq!(books[0].status, Status::Held(Cause::TooFewReturns));
    assert!(!books[0].positions.is_empty() && books[0].positions.iter().all(|it| it.weight == 0.0 && it.rank > 0));
    // A date that is infeasible keeps the book before, candidates included.
    let mut market = Market::new(6, 150, 4);
    market.eligible[2].iter_mut().skip(6).for_each(|eligible| *eligible = false);
    let books = run(&market, &Optimization { book: Book::LongOnly, ..options(MeanVariance::default()) });
    assert_eq!(books[2].status, Status::Held(Cause::Infeasible));
    assert!(books[2].positions.iter().all(|it| it.weight == it.before) && sum(&books[2], |_, w| w) > 0.99);
    assert!(books[2].positions.iter().any(|it| it.rank > 0));
}

#[test]
fn nothing_depends_on_threads_or_on_later_dates() {
    let market = Market::new(8, 150, 10);
    let dates = market.dates();
    let methods = [
        Method::MeanVariance(MeanVariance::default()),
        Method::MeanVariance(MeanVariance { solver: Solver::Clarabel, ..MeanVariance::default() }),
        Method::MeanVariance(MeanVariance { cost: 2e-4, turnover: Some(0.2), ..MeanVariance::default() }),
        Method::KktClip(KktClip::research()),
    ];
    for method in methods {
        let how = Optimization { method, ..options(MeanVariance::default()) };
        let one = optimize(&dates, &market.returns, &how, 1);
        // Debug output tells every bit, and NaN apart from nothing.
        let text = |books: &[Optimized]| format!("{books:?}");
        assert_eq!(text(&one), text(&optimize(&dates, &market.returns, &how, 5)));
        assert_eq!(text(&one[..6]), text(&optimize(&dates[..6], &market.returns, &how, 3)));
    }
}

#[test]
fn missing_numbers_do_not_reach_the_book() {
    for seed in 0..20 {
        let mut market = Market::new(100 + seed, 60, 4);
        market.spoil(seed);
        let long_only = Optimization { book: Book::LongOnly, ..options(MeanVariance::default()) };
        let carried =
            options(MeanVariance { cost: 1e-4, turnover: Some(0.1), fixed_signs: false, ..MeanVariance::default() });
        let reference = Optimization { method: Method::KktClip(KktClip::production()), ..long_only };
        let factors = RiskModel { estimator: Estimator::Factors { count: 5 }, ..RiskModel::default() };
        let factors =
            options(MeanVariance { risk_model: factors, solver: Solver::Clarabel, ..MeanVariance::default() });
        for how in [options(MeanVariance::default()), long_only, carried, reference, factors] {
            for book in run(&market, &how) {
                assert!(
                    book.positions.iter().all(|it| [it.weight, it.before, it.target].iter().all(|w| w.is_finite()))
                );
                assert!(matches!(book.status, Status::Solved | Status::Relaxed(_)), "{seed} {how:?} {:?}", book.status);
            }
        }
    }
}

/// With equal betas the two neutralities are one, and the closed form of the reference is singular.
#[test]
fn equal_betas() {
    let mut market = Market::new(9, 100, 3);
    market.set_beta(1.0);
    for book in run(&market, &options(MeanVariance::default())) {
        assert_eq!(book.status, Status::Solved);
        assert_limits(&market, &book, 0.05);
    }
    let reference = Optimization { method: Method::KktClip(KktClip::research()), ..options(MeanVariance::default()) };
    for book in run(&market, &reference) {
        assert!(book.status == Status::Solved && book.fallbacks.singular);
        assert!((sum(&book, |_, w| w.abs()) - 1.0).abs() < 1e-12 && sum(&book, |_, w| w).abs() < 1e-12);
    }
}

/// What the two scripts of the reference do without enough data (spec 06 §2.7).
#[test]
fn reference_without_data() {
    let market = Market::new(10, 100, 2);
    let with = |script: KktClip| {
        let method = Method::KktClip(KktClip { lookback_days: 20, ..script });
        run(&market, &Optimization { method, ..options(MeanVariance::default()) })
    };
    let research = with(KktClip::research());
    assert!(research.iter().all(|book| book.status == Status::Solved && book.fallbacks.identity_covariance));
    let production = with(KktClip::production());
    assert!(production.iter().all(|book| book.status == Status::Solved && book.returns == 19));
    let nothing = |script: KktClip| {
        let method = Method::KktClip(KktClip { lookback_days: 0, ..script });
        run(&market, &Optimization { method, ..options(MeanVariance::default()) })
    };
    assert!(nothing(KktClip::research()).iter().all(|book| book.status == Status::Skipped(Cause::NoCandidates)));
    assert!(nothing(KktClip::production()).iter().all(|book| book.status == Status::Flat(Cause::TooFewReturns)));
}

/// What is said to hold a position back is at its limit, and who is said to be free could be moved without touching it.
#[test]
fn what_binds_is_named() {
    let market = Market::new(5, 150, 12);
    let (mut gross, mut sectors, mut turnovers) = (0, 0, 0);
    for solver in [Solver::Osqp, Solver::Clarabel] {
        let method = MeanVariance { solver, sector_net: 0.01, turnover: Some(0.2), ..MeanVariance::default() };
        // Without limits of the gross weight of sectors, so that there is one limit of each kind.
        let how = Optimization { sector_multiple: f64::INFINITY, ..options(method) };
        for (place, book) in run(&market, &how).iter().enumerate() {
            let has = |limit: Bounds| book.positions.iter().filter(move |position| position.limits.contains(limit));
            let at = |value: f64, limit: f64| (value - limit).abs() <= 1e-6;
            if has(Bounds::GROSS_CAP).count() > 0 {
                gross += 1;
                assert!(at(sum(book, |_, w| w.abs()), 1.0));
                assert!(book.positions.iter().all(|it| it.limits.contains(Bounds::GROSS_CAP) == (it.weight != 0.0)));
            }
            if has(Bounds::TURNOVER_CAP).count() > 0 {
                turnovers += 1;
                assert!(place > 0 && at(turnover(book), 0.2), "{}", turnover(book));
            }
            let mut bound: Vec<u32> = has(Bounds::SECTOR_CAP).map(|position| market.sector(position.ticker)).collect();
            bound.dedup();
            for sector in bound {
                sectors += 1;
                let net = sum(book, |ticker, w| if market.sector(ticker) == sector { w } else { 0.0 });
                assert!(at(net.abs(), 0.01) || book.status != Status::Solved, "sector {sector}: {net}");
            }
        }
    }
    assert!(gross > 5 && sectors > 20 && turnovers > 5, "{gross} {sectors} {turnovers}");
}
