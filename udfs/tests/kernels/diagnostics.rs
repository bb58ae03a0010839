//! Kernels of factor diagnostics and of performance.

use kairos_udfs::kernels::{self, Ranking};
use rand::Rng;

use super::naive;
use super::series::{assert_matches, for_each_case, length, series};

fn average_ranks(x: &[f64]) -> Vec<f64> {
    let rank = |value: &f64| {
        let below = x.iter().filter(|other| *other < value).count() as f64;
        below + (x.iter().filter(|other| *other == value).count() as f64 + 1.0) / 2.0
    };
    x.iter().map(rank).collect()
}

fn assert_number(what: &str, case: u64, found: f64, expected: super::series::Expected) {
    assert_matches(what, case, &[found], &[expected]);
}

#[test]
fn correlations() {
    let mut varied = 0;
    for_each_case(|case, random| {
        let rows = length(random).min(80);
        let (x, y) = (series(random, rows), series(random, rows));
        let (px, py) = naive::present_pairs(&x, &y);
        let ranks = naive::correlation(&average_ranks(&px), &average_ranks(&py));
        varied += u32::from(ranks.is_some());
        assert_number("spearman", case, kernels::spearman(&x, &y), ranks);
        assert_number("pearson", case, kernels::pearson(&x, &y), naive::correlation(&px, &py).filter(|_| px.len() > 1));
    });
    assert!(varied > 3_000, "only {varied} cases have a correlation");
}

#[test]
fn a_ranking_is_a_sorted_cross_section() {
    for_each_case(|case, random| {
        let rows = length(random);
        let mut x = series(random, rows);
        // Values that are equal when rounded to 32 bits, and both zeros.
        for value in &mut x {
            match random.random_range(0..20) {
                0 => *value = 1.0 + f64::from(random.random_range(-3..3)) * 1e-12,
                1 => *value = [0.0, -0.0][random.random_range(0..2)],
                2 => *value *= 1e300,
                _ => {}
            }
        }
        let ranking = Ranking::of(&x);
        let mut order: Vec<u32> = (0..rows as u32).filter(|row| x[*row as usize].is_finite()).collect();
        order.sort_by(|a, b| x[*a as usize].partial_cmp(&x[*b as usize]).unwrap());
        assert_eq!(ranking.order(), order, "case {case}");
        let values = naive::present(&x);
        let mut ranks = average_ranks(&values).into_iter();
        let expected: Vec<_> = x.iter().map(|x| x.is_finite().then(|| (ranks.next().unwrap(), 0.0))).collect();
        assert_matches("ranks", case, &ranking.ranks().collect::<Vec<_>>(), &expected);
        let ties = values.iter().map(|x| values.iter().filter(|y| *y == x).count()).max();
        let means = kernels::group_means(&ranking, &vec![1.0; rows], 3);
        assert_eq!(means.largest_tie, ties.unwrap_or(0), "case {case}");
        assert_eq!(means.counts.iter().sum::<usize>(), values.len(), "case {case}");
    });
}

#[test]
fn newey_west_t() {
    for_each_case(|case, random| {
        let rows = length(random).min(60);
        let x: Vec<f64> =
            (0..rows).map(|_| if random.random_bool(0.1) { f64::NAN } else { random.random::<f64>() - 0.4 }).collect();
        let lag = random.random_range(0..70);
        let values = naive::present(&x);
        let count = values.len() as f64;
        let expected = (values.len() > 1).then(|| {
            let errors = naive::deviations(&values);
            let mut variance = 0.0;
            for (i, a) in errors.iter().enumerate() {
                for (j, b) in errors.iter().enumerate() {
                    variance += (1.0 - i.abs_diff(j) as f64 / (lag as f64 + 1.0)).max(0.0) * a * b / count;
                }
            }
            (naive::average(&values), variance)
        });
        // Close to no variance the quotient is noise.
        let expected = expected.filter(|(_, variance)| *variance > 1e-9).map(|(mean, v)| mean / (v / count).sqrt());
        if values.len() < 2 || expected.is_some() {
            let scale = |t: f64| (t, t.abs().max(1.0));
            assert_number("newey_west_t", case, kernels::newey_west_t(&x, lag), expected.map(scale));
        }
    });
    assert!(kernels::newey_west_t(&[0.3; 9], 2).is_nan(), "no variance, no t");
}

/// Specification 05 §7, E1.
#[test]
fn newey_west_by_hand() {
    let ic = [0.04, 0.03, 0.05, 0.01, -0.02, -0.01, 0.00, 0.02, 0.03, 0.06];
    for (lag, expected) in [(0, 2.6909811055), (2, 2.0929655043), (4, 2.3726163078)] {
        assert!((kernels::newey_west_t(&ic, lag) - expected).abs() < 1e-9, "lag {lag}");
    }
}

#[test]
fn performance() {
    for_each_case(|case, random| {
        let rows = length(random);
        let r: Vec<f64> = (0..rows)
            .map(|_| if random.random_bool(0.1) { f64::NAN } else { 0.1 * (random.random::<f64>() - 0.45) })
            .collect();
        let values = naive::present(&r);
        let deviation = naive::deviation(&values);
        let vol = deviation.map(|(s, scale)| (252_f64.sqrt() * s, 16.0 * scale));
        assert_number("annualized_vol", case, kernels::annualized_vol(&r, 252.0), vol);
        let sharpe =
            deviation.map(|(s, _)| 252_f64.sqrt() * naive::average(&values) / s).map(|s| (s, s.abs().max(1.0)));
        assert_number("sharpe", case, kernels::sharpe(&r, 252.0), sharpe);
        let losses: f64 = naive::sum(values.iter().map(|r| r.min(0.0).powi(2)));
        let downside = deviation.map(|_| (losses / values.len() as f64).sqrt()).filter(|downside| *downside > 0.0);
        let sortino = downside.map(|downside| 252_f64.sqrt() * naive::average(&values) / downside);
        let sortino = sortino.map(|sortino| (sortino, sortino.abs().max(1.0)));
        assert_number("sortino", case, kernels::sortino(&r, 252.0), sortino);
        let equity: Vec<f64> = std::iter::once(1.0)
            .chain(values.iter().scan(1.0, |equity, r| {
                *equity *= 1.0 + r;
                Some(*equity)
            }))
            .collect();
        let total = (!values.is_empty()).then(|| (equity[equity.len() - 1] - 1.0, equity[equity.len() - 1].max(1.0)));
        assert_number("total_return", case, kernels::total_return(&r), total);
        let growth = equity[equity.len() - 1].powf(50.4 / values.len() as f64) - 1.0;
        let growth = (!values.is_empty()).then(|| (growth, growth.abs().max(1.0)));
        assert_number("annualized_return", case, kernels::annualized_return(&r, 50.4), growth);
        let losses = (0..equity.len()).flat_map(|to| equity[..=to].iter().map(move |from| (to, *from)));
        let deepest = losses.map(|(to, from)| equity[to] / from - 1.0).fold(0.0, f64::min);
        let deepest = (!values.is_empty()).then_some((deepest, 1.0));
        assert_number("max_drawdown", case, kernels::max_drawdown(&r), deepest);
    });
}

#[test]
fn ruin_and_nothing() {
    assert_eq!(kernels::annualized_return(&[0.1, -1.3, 0.05], 252.0), -1.0);
    assert_eq!(kernels::max_drawdown(&[0.1, -1.3, 0.05]), -1.0);
    assert_eq!(kernels::total_return(&[0.1, -1.3, 0.05, -2.0]), -1.0);
    assert!(kernels::total_return(&[f64::NAN]).is_nan() && kernels::sortino(&[0.1, 0.2], 252.0).is_nan());
    assert!(kernels::sortino(&[-0.1], 252.0).is_nan() && kernels::sortino(&[], 252.0).is_nan());
    assert!(kernels::sharpe(&[0.1], 252.0).is_nan() && kernels::sharpe(&[0.1, 0.1], 252.0).is_nan());
    assert!(kernels::max_drawdown(&[]).is_nan() && kernels::annualized_return(&[f64::NAN], 252.0).is_nan());
}

/// Specification 06 §8.9.
#[test]
fn ntile() {
    let sizes = |rows, groups| kernels::ntile(rows, groups).iter().map(|group| group.len()).collect::<Vec<_>>();
    assert_eq!(sizes(11, 10), [2, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(sizes(23, 10), [3, 3, 3, 2, 2, 2, 2, 2, 2, 2]);
    assert_eq!(sizes(2, 3), [1, 1, 0]);
    assert_eq!(kernels::ntile(7, 3).range(1), 3..5);
}

/// Specification 05 §7, E2.
#[test]
fn quantile_returns_by_hand() {
    let returns = [0.06, 0.05, 0.02, 0.03, 0.01, 0.02, 0.00, 0.01, -0.01, -0.02, 0.00, -0.03];
    let alpha: Vec<f64> = (0..12).map(|name| f64::from(12 - name)).collect();
    let first = kernels::group_means(&Ranking::of(&alpha), &returns, 5);
    assert_eq!((first.counts.as_slice(), first.largest_tie), ([3, 3, 2, 2, 2].as_slice(), 1));
    let returns = [0.01, -0.02, 0.00, 0.03, 0.01, 0.02, 0.04, f64::NAN];
    let alpha: Vec<f64> = (1..=8).map(f64::from).collect();
    let second = kernels::group_means(&Ranking::of(&alpha), &returns, 5);
    assert_eq!(second.counts, [2, 2, 1, 1, 1]);
    let expected = [[-0.0166666667, 0.0, 0.015, 0.025, 0.055], [-0.005, 0.015, 0.010, 0.020, 0.040]];
    for (found, expected) in [first, second].iter().zip(expected) {
        for (found, expected) in found.means.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
        }
    }
}
