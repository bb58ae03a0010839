//! Kernels of one cross-section.

use kairos_udfs::kernels::{self, Degenerate, ZScore};
use rand::Rng;

use super::naive;
use super::series::{Expected, assert_matches, for_each_case, length, series};

/// Linear interpolation on the sorted values.
fn quantile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = p * (sorted.len() - 1) as f64;
    let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    low + position.fract() * (high - low)
}

/// The definition, step by step. Absolute error, relative above 1.
fn scores(x: &[f64], options: ZScore) -> Vec<Expected> {
    let values = naive::present(x);
    let limits = match options.winsorize {
        Some((low, high)) if !values.is_empty() => (quantile(&values, low), quantile(&values, high)),
        _ => (f64::MIN, f64::MAX),
    };
    let values: Vec<_> = values.iter().map(|value| value.clamp(limits.0, limits.1)).collect();
    let n = values.len();
    let mean = naive::average(&values);
    let deviations = naive::deviations(&values);
    let squares = naive::sum(deviations.iter().map(|value| value.powi(2)));
    let deviation = (squares / (n as f64 - 1.0)).sqrt();
    let degenerate = n < 2
        || n < options.min_group
        || match options.degenerate {
            Degenerate::Corrected => deviation <= 1e-12 * mean.abs().max(1.0),
            Degenerate::Reference => deviation == 0.0,
        };
    let mut deviations = deviations.into_iter();
    x.iter()
        .map(|value| match (value.is_finite(), degenerate, options.degenerate) {
            (_, true, Degenerate::Reference) | (true, true, Degenerate::Corrected) => Some((0.0, 0.0)),
            (false, _, _) => None,
            (true, false, _) => {
                let score = deviations.next()? / deviation;
                let limit = options.clip.unwrap_or(f64::MAX);
                Some((score.clamp(-limit, limit), score.abs().max(1.0)))
            }
        })
        .collect()
}

/// Whether the deviation is so small that it is rounding noise, or nearly so: there the exact test of
/// the reference, and the position of the corrected threshold, depend on the order of summation.
fn borderline(x: &[f64]) -> bool {
    let values = naive::present(x);
    let mean = naive::average(&values);
    naive::deviation(&values).is_some_and(|(deviation, _)| deviation < 1e-10 * mean.abs().max(1.0))
        && values.iter().any(|value| *value != 0.0)
}

#[test]
fn zscore() {
    let mut compared = 0;
    for_each_case(|case, random| {
        let rows = length(random);
        let x = series(random, rows);
        let options = ZScore {
            clip: [None, Some(3.0), Some(0.5)][random.random_range(0..3)],
            winsorize: [None, Some((0.01, 0.99)), Some((0.1, 1.0))][random.random_range(0..3)],
            min_group: [2, 10, 1][random.random_range(0..3)],
            degenerate: [Degenerate::Corrected, Degenerate::Reference][random.random_range(0..2)],
        };
        if !borderline(&x) {
            compared += 1;
            assert_matches("zscore", case, &options.evaluate(&x), &scores(&x, options));
        }
    });
    assert!(compared > 5_000, "only {compared} cases were compared");
}

#[test]
fn zscore_without_variation() {
    let corrected = ZScore { clip: Some(3.0), winsorize: None, min_group: 2, degenerate: Degenerate::Corrected };
    let reference = ZScore { degenerate: Degenerate::Reference, ..corrected };
    for_each_case(|_, random| {
        let value = 1e6 * (random.random::<f64>() - 0.5);
        let mut x = vec![value; random.random_range(1..300)];
        x.push(f64::NAN);
        let (scores, missing) = x.split_at(x.len() - 1);
        let found = corrected.evaluate(&x);
        assert!(found[..scores.len()].iter().all(|score| *score == 0.0), "{value}");
        assert!(found[scores.len()].is_nan() && missing.len() == 1);
        // Integers add up exactly, so that the reference's test on exactly 0 holds.
        let whole: Vec<f64> = x.iter().map(|value| value.round()).collect();
        assert!(reference.evaluate(&whole).iter().all(|score| *score == 0.0), "{value}");
    });
}

#[test]
fn quantiles() {
    for_each_case(|case, random| {
        let rows = length(random);
        let mut values = naive::present(&series(random, rows));
        let p = [0.0, 0.01, 0.5, 0.99, 1.0, random.random()][random.random_range(0..6)];
        let expected = (!values.is_empty()).then(|| quantile(&values, p));
        assert_eq!(kernels::quantile(&mut values, p), expected, "case {case}, p {p}");
    });
}

#[test]
fn winsorize() {
    for_each_case(|case, random| {
        let rows = length(random);
        let x = series(random, rows);
        let member: Vec<bool> = (0..rows).map(|_| random.random_bool(0.7)).collect();
        let of_members: Vec<f64> = x.iter().zip(&member).filter(|(_, member)| **member).map(|(x, _)| *x).collect();
        let values = naive::present(&of_members);
        let (low, high) = match values.is_empty() {
            true => (f64::MIN, f64::MAX),
            false => (quantile(&values, 0.1), quantile(&values, 0.9)),
        };
        let expected: Vec<Expected> =
            x.iter().map(|value| value.is_finite().then_some((value.clamp(low, high), 0.0))).collect();
        assert_matches("winsorize", case, &kernels::winsorize(&x, &member, 0.1, 0.9), &expected);
    });
}

#[test]
fn rank_pct() {
    for_each_case(|case, random| {
        let rows = length(random);
        let x = series(random, rows);
        let count = naive::present(&x).len() as f64;
        let rank = |value: &f64| {
            let below = x.iter().filter(|other| other.is_finite() && *other < value).count() as f64;
            let equal = x.iter().filter(|other| *other == value).count() as f64;
            value.is_finite().then_some(((below + (equal + 1.0) / 2.0) / count, 1.0))
        };
        let expected: Vec<_> = x.iter().map(rank).collect();
        assert_matches("rank_pct", case, &kernels::rank_pct(&x), &expected);
    });
}

#[test]
fn neutralize() {
    for_each_case(|case, random| {
        let rows = length(random);
        let x = series(random, rows);
        let groups: Vec<usize> = (0..rows).map(|_| random.random_range(0..5)).collect();
        let expected = |row: usize| {
            let members = (0..rows).filter(|other| groups[*other] == groups[row]);
            let values = naive::present(&members.map(|other| x[other]).collect::<Vec<_>>());
            let (mean, scale) = naive::mean(&values)?;
            x[row].is_finite().then_some((x[row] - mean, scale))
        };
        let expected: Vec<_> = (0..rows).map(expected).collect();
        assert_matches("neutralize", case, &kernels::neutralize(&x, &groups), &expected);
    });
}
