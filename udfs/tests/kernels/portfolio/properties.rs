//! What must hold of portfolios of any market.

use kairos_udfs::kernels::portfolio::{
    Book, Bounds, CapMethod, Caps, Construction, CrossSection, Direction, NO_SECTOR, Neutralize, OnEmpty, Overlap,
    Portfolio, Signal, Status, Ties, Turnover, Weighting, construct,
};
use rand::Rng;
use rand::rngs::StdRng;

use super::super::series::{for_each_case, series};
use super::names::{NO_CAPS, Names, PLAIN};

/// A few dates of up to 30 names with everything that goes wrong in real data, and some construction.
pub fn market(random: &mut StdRng) -> (Vec<Names>, Construction) {
    let dates = (0..random.random_range(1..8)).map(|_| date(random)).collect();
    (dates, construction(random))
}

fn date(random: &mut StdRng) -> Names {
    let here = [0.0, 0.7, 0.95, 1.0][random.random_range(0..4)];
    let ticker: Vec<u32> = (0..30).filter(|_| random.random_bool(here)).collect();
    let n = ticker.len();
    let period_return = (0..n).map(|_| match random.random_range(0..40) {
        0 => f64::NAN,
        1 => f64::NEG_INFINITY,
        2 => -1.0,
        3 => -5.0,
        4 => 3.0,
        _ => 0.2 * (random.random::<f64>() - 0.5),
    });
    Names {
        period_return: period_return.collect(),
        alpha: series(random, n),
        volatility: series(random, n),
        beta: series(random, n),
        sector: (0..n).map(|_| [NO_SECTOR, 0, 1, 2, 7][random.random_range(0..5)]).collect(),
        eligible: (0..n).map(|_| random.random_bool(0.9)).collect(),
        ticker,
    }
}

fn construction(random: &mut StdRng) -> Construction {
    let book = [Book::Long, Book::Short, Book::LongShort { gross: 1.0 }, Book::LongShort { gross: 2.0 }]
        [random.random_range(0..4)];
    let neutral = matches!(book, Book::LongShort { .. }) && random.random_bool(0.5);
    let full = Turnover::FullBook { lambda: 0.5, cap_one_way: 0.2, dust: 1e-4 };
    let restrict = Turnover::Restrict { lambda: 0.2, cap: 0.2 };
    let picks = Turnover::Picks { lambda: 0.5, cap_one_way: 0.3 };
    Construction {
        signal: [Signal::Raw, Signal::ZScore { clip: 3.0 }, Signal::ZScore { clip: 0.5 }][random.random_range(0..3)],
        direction: [Direction::HighIsGood, Direction::LowIsGood][random.random_range(0..2)],
        n_long: random.random_range(1..25),
        n_short: random.random_range(1..25),
        ties: [Ties::Ticker, Ties::RawSignal][random.random_range(0..2)],
        overlap: [Overlap::Drop, Overlap::Keep][random.random_range(0..2)],
        weighting: [Weighting::Equal, Weighting::Alpha, Weighting::AlphaOverVolatility][random.random_range(0..3)],
        caps: Caps {
            name: [None, Some(0.05), Some(0.3)][random.random_range(0..3)],
            sector_multiple: [None, Some(0.7), Some(2.0)][random.random_range(0..3)],
            sector_limit: None,
            method: [CapMethod::SinglePass, CapMethod::WaterFill][random.random_range(0..2)],
        },
        book,
        neutralize: if neutral { Neutralize::Residual { min_names: 3 } } else { Neutralize::None },
        turnover: match (random.random_range(0..4), book) {
            (0, _) => Turnover::None,
            (1, Book::Long) => restrict,
            (2, Book::Long) => picks,
            _ => full,
        },
        on_empty: [OnEmpty::Skip, OnEmpty::Hold][random.random_range(0..2)],
    }
}

fn views(dates: &[Names]) -> Vec<CrossSection<'_>> {
    dates.iter().map(Names::view).collect()
}

fn assert_sound(case: u64, how: &Construction, dates: &[Names], portfolios: &[Portfolio]) {
    assert_eq!(portfolios.len(), dates.len());
    for (names, portfolio) in dates.iter().zip(portfolios) {
        assert!(portfolio.positions.is_sorted_by_key(|position| position.ticker), "case {case}");
        for position in &portfolio.positions {
            let numbers = [position.target, position.weight, position.before];
            assert!(numbers.iter().all(|number| number.is_finite()), "case {case}, {how:?}: {position:?}");
            let row = names.view().row_of(position.ticker);
            let ranked = row.is_some_and(|row| names.view().is_ranked(row));
            assert_eq!(position.z.is_finite(), ranked, "case {case}: {position:?}");
            assert!(row.is_some() || position.weight == 0.0 && position.before != 0.0, "case {case}: {position:?}");
            assert!(position.rank == 0 || ranked, "case {case}: {position:?}");
            let (cut, dust) = (position.bounds.contains(Bounds::TURNOVER_CAP), position.bounds.contains(Bounds::DUST));
            let restricts = matches!(how.turnover, Turnover::Restrict { .. } | Turnover::Picks { .. });
            assert!(!cut || restricts || position.target != position.before, "case {case}: {position:?}");
            assert!(!dust || position.weight == 0.0 && position.before != 0.0, "case {case}: {position:?}");
            // Only a neutral book may turn a name around, only a net one a name that is in both legs.
            let leg = f64::from(position.rank.signum());
            let free = how.neutralize != Neutralize::None || how.overlap == Overlap::Keep;
            let held = portfolio.status != Status::Ok;
            assert!(free || held || leg * position.target >= 0.0, "case {case}: {position:?}");
        }
        assert!((portfolio.net() + portfolio.cash() - 1.0).abs() <= 1e-12 * portfolio.gross().max(1.0));
        let size = match how.book {
            Book::LongShort { gross } => gross,
            _ => 1.0,
        };
        let wanted: f64 = portfolio.positions.iter().map(|position| position.target.abs()).sum();
        assert!(portfolio.status != Status::Ok || wanted <= size + 1e-9, "case {case}: {wanted} above {size}");
        if how.book == Book::Long {
            assert!((-1e-9..=1.0 + 1e-9).contains(&portfolio.cash()), "case {case}: cash {}", portfolio.cash());
        }
    }
}

#[test]
fn any_market() {
    let mut seen = std::collections::HashMap::new();
    for_each_case(|case, random| {
        let (mut dates, how) = market(random);
        for names in &mut dates {
            // Numbers whose squares and sums overflow.
            for column in [&mut names.alpha, &mut names.volatility, &mut names.beta] {
                if random.random_bool(0.1) && !column.is_empty() {
                    let row = random.random_range(0..column.len());
                    column[row] = [1e300, -1e308, f64::MAX, 1e-320][random.random_range(0..4)];
                }
            }
        }
        let portfolios = construct(&views(&dates), &how, 1).unwrap();
        assert_sound(case, &how, &dates, &portfolios);
        portfolios.iter().for_each(|portfolio| *seen.entry(portfolio.status.name()).or_insert(0) += 1);
    });
    for status in ["ok", "held", "cash", "skipped", "ruined"] {
        assert!(seen.get(status).is_some_and(|count| *count > 100), "{status}: {seen:?}");
    }
}

/// Debug text, in which NaN equals NaN.
fn text(portfolios: &[Portfolio]) -> Vec<String> {
    portfolios.iter().map(|portfolio| format!("{portfolio:?}")).collect()
}

#[test]
fn later_dates_change_nothing() {
    for_each_case(|case, random| {
        let (mut dates, how) = market(random);
        let known = random.random_range(0..=dates.len());
        let all = text(&construct(&views(&dates), &how, 1).unwrap());
        if case % 100 == 0 {
            assert_eq!(text(&construct(&views(&dates), &how, 3).unwrap()), all, "case {case}: threads matter");
        }
        assert_eq!(text(&construct(&views(&dates[..known]), &how, 1).unwrap()), all[..known], "case {case}");
        // Nor does the return that the last known date has yet to earn.
        if let Some(last) = dates[..known].last_mut() {
            last.period_return.fill(0.77);
        }
        assert_eq!(text(&construct(&views(&dates[..known]), &how, 1).unwrap()), all[..known], "case {case}");
    });
}

#[test]
fn a_full_book_trades_no_more_than_its_cap() {
    let mut bound = 0;
    for_each_case(|case, random| {
        let (dates, mut how) = market(random);
        let (cap_one_way, dust) = ([0.02, 0.1][random.random_range(0..2)], 1e-3);
        how.turnover = Turnover::FullBook { lambda: [0.2, 1.0][random.random_range(0..2)], cap_one_way, dust };
        let portfolios = construct(&views(&dates), &how, 1).unwrap();
        for portfolio in portfolios.iter().filter(|portfolio| portfolio.status == Status::Ok) {
            let held = |p: &&kairos_udfs::kernels::portfolio::Position| !p.bounds.contains(Bounds::FORCED_EXIT);
            let staying = portfolio.positions.iter().filter(held);
            if staying.clone().all(|position| position.before == 0.0) {
                continue; // Nothing was held: the first purchase.
            }
            let traded = staying.clone().filter(|position| !position.bounds.contains(Bounds::DUST));
            let one_way: f64 = traded.map(|position| (position.weight - position.before).abs()).sum::<f64>() / 2.0;
            assert!(one_way <= cap_one_way + 1e-9, "case {case}: {one_way} above {cap_one_way}");
            bound += usize::from(one_way > cap_one_way - 1e-9);
            for position in staying.filter(|position| position.target == 0.0) {
                let decays = position.weight.abs() <= position.before.abs() && position.weight * position.before >= 0.0;
                assert!(decays, "case {case}: {position:?}");
                assert!(position.weight == 0.0 || position.weight.abs() >= dust, "case {case}: {position:?}");
            }
        }
    });
    assert!(bound > 3_000, "only {bound} dates at the cap");
}

#[test]
fn a_neutral_book_has_no_market_in_it() {
    let mut neutral = 0;
    for_each_case(|case, random| {
        let n = random.random_range(4..40);
        let number = |random: &mut StdRng| random.random::<f64>() - 0.5;
        let names = Names {
            beta: (0..n).map(|_| 1.0 + number(random)).collect(),
            volatility: (0..n).map(|_| 0.01 + 0.02 * random.random::<f64>()).collect(),
            ..Names::of(&(0..n).map(|_| number(random)).collect::<Vec<_>>())
        };
        let how = Construction {
            signal: Signal::ZScore { clip: 3.0 },
            n_long: n / 2,
            n_short: n / 2,
            book: Book::LongShort { gross: 1.0 },
            neutralize: Neutralize::Residual { min_names: 3 },
            caps: Caps { name: Some(0.1), ..NO_CAPS },
            ..PLAIN
        };
        let portfolio = construct(&[names.view()], &how, 1).unwrap().remove(0);
        if portfolio.positions.iter().filter(|position| position.weight != 0.0).count() < 4 {
            return; // Three names that are neutral to both are none, up to rounding.
        }
        neutral += 1;
        let weights = portfolio.positions.iter().map(|position| position.weight * names.beta[position.ticker as usize]);
        let (net, exposure) = (portfolio.net(), weights.sum::<f64>());
        assert!(net.abs() < 1e-9 && exposure.abs() < 1e-9, "case {case}: net {net}, beta {exposure}");
        assert!(portfolio.gross() <= 1.0 + 1e-12, "case {case}: gross {}", portfolio.gross());
    });
    assert!(neutral > 5_000, "only {neutral} books");
}

#[test]
fn one_name_and_none() {
    let nothing = Names::default();
    let one = Names::of(&[2.0]);
    let z = Construction { signal: Signal::ZScore { clip: 3.0 }, ..PLAIN };
    let equal = Construction { weighting: Weighting::Equal, ..z };
    let flat = Names::of(&[4.0; 9]);
    let risky = Names { volatility: vec![0.0; 9], ..Names::of(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]) };
    let over = Construction { weighting: Weighting::AlphaOverVolatility, ..z };
    for (what, names, how, status, positions) in [
        ("no name", &nothing, z, Status::Cash, 0),
        ("one name has no z-score", &one, z, Status::Cash, 1),
        ("one name, equal weights", &one, equal, Status::Ok, 1),
        ("no variation", &flat, z, Status::Cash, 9),
        ("no variation, equal weights", &flat, equal, Status::Ok, 9),
        ("no volatility", &risky, over, Status::Cash, 9),
    ] {
        let portfolio = construct(&[names.view()], &how, 1).unwrap().remove(0);
        assert_eq!((portfolio.status, portfolio.positions.len()), (status, positions), "{what}");
        assert!((portfolio.net() - f64::from(u8::from(status == Status::Ok))).abs() < 1e-12, "{what}");
    }
}
