//! The weak truth in the returns.

use std::collections::HashMap;

use super::market::MARKET;

/// Sessions ahead that a signal should tell about.
const HORIZON: usize = 5;

/// Mean over the dates of the rank correlation between `signal` and the return over the next
/// sessions. A signal gets a ticker, its adjusted closes by day, and the row of the day.
fn information_coefficient(signal: impl Fn(&str, &[(i32, f64)], usize) -> Option<f64>) -> f64 {
    let sep = MARKET.table("sep");
    let rows = sep.names("ticker").into_iter().zip(sep.days("date")).zip(sep.numbers("closeadj"));
    let mut series: HashMap<&str, Vec<(i32, f64)>> = HashMap::new();
    for ((ticker, day), close) in rows {
        series.entry(ticker).or_default().push((day, close));
    }
    let mut by_date: HashMap<i32, Vec<(f64, f64)>> = HashMap::new();
    for (ticker, closes) in &series {
        for row in 0..closes.len().saturating_sub(HORIZON) {
            if let Some(signal) = signal(ticker, closes, row) {
                let later = closes[row + HORIZON].1 / closes[row].1;
                by_date.entry(closes[row].0).or_default().push((signal, later));
            }
        }
    }
    let correlations: Vec<f64> =
        by_date.into_values().filter(|pairs| pairs.len() > 100).map(|pairs| spearman(&pairs)).collect();
    assert!(correlations.len() > 200);
    correlations.iter().sum::<f64>() / correlations.len() as f64
}

/// Rank correlation; ties take any order.
fn spearman(pairs: &[(f64, f64)]) -> f64 {
    let ranks = |value: fn(&(f64, f64)) -> f64| {
        let mut order: Vec<usize> = (0..pairs.len()).collect();
        order.sort_by(|a, b| value(&pairs[*a]).total_cmp(&value(&pairs[*b])));
        let mut ranks = vec![0.0; pairs.len()];
        order.into_iter().enumerate().for_each(|(rank, row)| ranks[row] = rank as f64);
        ranks
    };
    let count = pairs.len() as f64;
    let differences = ranks(|pair| pair.0).into_iter().zip(ranks(|pair| pair.1)).map(|(a, b)| (a - b) * (a - b));
    1.0 - 6.0 * differences.sum::<f64>() / (count * (count * count - 1.0))
}

#[test]
fn momentum_reversal_and_value_tell_a_little_about_later_returns() {
    let daily = MARKET.table("daily");
    let keys = daily.names("ticker").into_iter().zip(daily.days("date"));
    let price_to_book: HashMap<(&str, i32), Option<f64>> = keys.zip(daily.options("pb")).collect();
    let past = |closes: &[(i32, f64)], row: usize, from: usize, to: usize| {
        let base = closes[row.checked_sub(from)?].1;
        Some(closes[row - to].1 / base)
    };
    let momentum = information_coefficient(|_, closes, row| past(closes, row, 252, 21));
    let reversal = information_coefficient(|_, closes, row| Some(-past(closes, row, 21, 0)?));
    let value = information_coefficient(|ticker, closes, row| {
        price_to_book.get(&(ticker, closes[row].0)).copied().flatten().map(|ratio| 1.0 / ratio)
    });
    for (name, found) in [("momentum", momentum), ("reversal", reversal), ("value", value)] {
        assert!((0.005..0.05).contains(&found), "{name}: {found}");
    }
}
