//! The volatility that the covariance of its names expects of a book (spec 06 §6.3).

use kairos_udfs::kernels::optimize::{Estimator, Held, Return, Returns, RiskModel, expected_volatility};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::market::{Market, normal};

fn returns_of(prices: &[&[f64]]) -> Returns {
    let entry = |name: &[f64], day: usize| Return {
        day: day as i32,
        since: day as i32 - 1,
        value: if day == 0 { f64::NAN } else { name[day] / name[day - 1] - 1.0 },
    };
    let names = prices.iter().map(|name| (0..name.len()).map(|day| entry(name, day)).collect()).collect();
    Returns { dates: (0..prices[0].len() as i32).collect(), names }
}

/// `√(252·w'Σw)` with the Σ of spec 06 §8.5: 0.25·1.7771124573 + 0.09·1.6632683564 + 0.04·1.6856852441
/// + 2·(−0.15·0.0575289635 ± 0.10·0.9905736997 ± 0.06·0.4515916669), all times 252·1e−4.
#[test]
fn three_names() {
    let returns = returns_of(&[
        &[100.0, 101.0, 100.0, 102.0, 103.0, 102.0],
        &[50.0, 50.5, 50.5, 51.0, 50.0, 50.5],
        &[20.0, 19.8, 20.2, 20.1, 20.3, 20.6],
    ]);
    let model = RiskModel { window: 5, floor_quantile: 0.0, ..RiskModel::default() };
    let book = |day, last| Held { day, weights: vec![(0, 0.5), (1, 0.3), (2, last)] };
    let nothing = Held { day: 5, weights: vec![(0, 0.0), (1, f64::NAN)] };
    let books = [book(5, -0.2), book(5, 0.2), book(4, 0.2), nothing];
    let found = expected_volatility(&books, &returns, &model, 252.0, 1);
    assert!((found[0].volatility - 0.15030122262).abs() < 1e-11, "{found:?}");
    assert!((found[1].volatility - 0.09936925192).abs() < 1e-11, "{found:?}");
    assert_eq!((found[0].names, found[0].with_median_variance), (3, 0));
    assert!(found[2].volatility.is_nan(), "five returns are not known on the fifth day");
    assert_eq!((found[3].volatility.is_nan(), found[3].names), (true, 0));
}

/// The definition, cell by cell: nothing if no covariance can be had.
fn naive(book: &Held, returns: &Returns, model: &RiskModel, intensity: f64) -> Option<f64> {
    let last = returns.dates.iter().position(|day| *day == book.day).unwrap();
    let days: Vec<i32> = (0..model.window).map(|back| returns.dates[last - back]).collect();
    let start = returns.dates[last - model.window];
    let held: Vec<(u32, f64)> =
        book.weights.iter().copied().filter(|(_, weight)| weight.is_finite() && *weight != 0.0).collect();
    let deviations: Vec<Option<Vec<f64>>> = (held.iter())
        .map(|(ticker, _)| {
            let of = |day: &i32| {
                let entry = returns.names[*ticker as usize].iter().find(|entry| entry.day == *day)?;
                (entry.since >= start && entry.value.is_finite()).then_some(entry.value)
            };
            let known: Vec<f64> = days.iter().filter_map(of).collect();
            let n = known.len() as f64;
            if n < (model.min_observed * model.window as f64).max(2.0) {
                return None;
            }
            let mean = known.iter().sum::<f64>() / n;
            Some(days.iter().map(|day| of(day).map_or(0.0, |value| (value - mean) / (n - 1.0).sqrt())).collect())
        })
        .collect();
    let square = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut known: Vec<f64> = deviations.iter().flatten().map(|deviation| square(deviation, deviation)).collect();
    known.sort_by(f64::total_cmp);
    let at = |p: f64| {
        let place = p * (known.len() - 1) as f64;
        let (low, high) = (known[place as usize], known[(place as usize + 1).min(known.len() - 1)]);
        low + place.fract() * (high - low)
    };
    if known.is_empty() || at(0.5) <= 0.0 {
        return None;
    }
    let mut variance = 0.0;
    for (i, (_, wi)) in held.iter().enumerate() {
        for (j, (_, wj)) in held.iter().enumerate() {
            let cell = match (&deviations[i], &deviations[j]) {
                (Some(a), _) if i == j => square(a, a).max(at(model.floor_quantile)) + model.ridge,
                (None, _) if i == j => at(0.5) + model.ridge,
                (Some(a), Some(b)) => (1.0 - intensity) * square(a, b),
                _ => 0.0,
            };
            variance += wi * wj * cell;
        }
    }
    Some((252.0 * variance).sqrt())
}

#[test]
fn random_books() {
    let (mut found_some, mut short) = (0, 0);
    for seed in 0..60 {
        let random = &mut StdRng::seed_from_u64(seed);
        let market = Market::new(seed, 40, 6);
        let intensity = [0.0, 0.3, 1.0][random.random_range(0..3)];
        let estimator = Estimator::Diagonal { intensity };
        let window = [2, 20, 60][random.random_range(0..3)];
        let model = RiskModel { estimator, window, ..RiskModel::default() };
        let weight = |random: &mut StdRng| match random.random_range(0..6) {
            0 => 0.0,
            1 => f64::NAN,
            _ => 0.05 * normal(random),
        };
        let size = random.random_range(1..40);
        let books: Vec<Held> = (market.days.iter())
            .map(|day| Held { day: *day, weights: (0..size).map(|ticker| (ticker, weight(random))).collect() })
            .collect();
        let found = expected_volatility(&books, &market.returns, &model, 252.0, 1);
        assert_eq!(
            format!("{found:?}"),
            format!("{:?}", expected_volatility(&books, &market.returns, &model, 252.0, 3))
        );
        for (book, found) in books.iter().zip(&found) {
            match naive(book, &market.returns, &model, intensity) {
                Some(expected) => {
                    let near = (found.volatility - expected).abs() <= 1e-11 * expected;
                    assert!(near, "seed {seed}: {found:?}, expected {expected}");
                    found_some += 1;
                }
                None => assert!(found.volatility.is_nan(), "seed {seed}: {found:?}"),
            }
            short += found.with_median_variance;
            // Nothing of later days is in it.
            let known = Returns {
                dates: market.returns.dates.iter().copied().filter(|day| *day <= book.day).collect(),
                names: (market.returns.names.iter())
                    .map(|name| name.iter().copied().filter(|entry| entry.day <= book.day).collect())
                    .collect(),
            };
            let then = expected_volatility(std::slice::from_ref(book), &known, &model, 252.0, 1);
            assert_eq!(then[0].volatility.to_bits(), found.volatility.to_bits(), "seed {seed}: it looks ahead");
        }
    }
    assert!(found_some > 250 && short > 50, "{found_some} books, {short} names without enough returns");
}
