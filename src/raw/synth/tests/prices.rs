//! Price rows and their adjustments.

use std::collections::HashSet;

use super::market::{DAYS, MARKET, actions};

#[test]
fn prices_are_sorted_and_sane() {
    for name in ["sep", "sfp"] {
        let table = MARKET.table(name);
        let keys: Vec<(&str, i32)> = table.names("ticker").into_iter().zip(table.days("date")).collect();
        assert!(keys.is_sorted(), "{name}");
        let column = |name| table.numbers(name);
        let (open, high, low, close) = (column("open"), column("high"), column("low"), column("close"));
        let (volume, updated) = (column("volume"), table.days("lastupdated"));
        for row in 0..table.rows() {
            let (bottom, top) = (open[row].min(close[row]), open[row].max(close[row]));
            assert!(0.0 < low[row] && low[row] <= bottom && top <= high[row], "{name} {:?}", keys[row]);
            assert!(volume[row] > 0.0 || (volume[row] == 0.0 && high[row] == low[row]), "{name} {:?}", keys[row]);
            assert!(updated[row] >= keys[row].1);
        }
        assert!(name == "sfp" || volume.contains(&0.0));
    }
}

#[test]
fn split_factors_change_on_split_dates_only() {
    let splits = actions("split");
    let up = splits.values().filter(|ratio| **ratio > 1.0).count();
    assert!(up >= 5 && splits.len() - up >= 5, "{up} of {} splits are upwards", splits.len());
    let sep = MARKET.table("sep");
    let keys: Vec<(&str, i32)> = sep.names("ticker").into_iter().zip(sep.days("date")).collect();
    let (close, raw) = (sep.numbers("close"), sep.numbers("closeunadj"));
    let mut seen = 0;
    for row in (1..sep.rows()).filter(|&row| keys[row].0 == keys[row - 1].0) {
        let ratio = (raw[row - 1] / close[row - 1]) / (raw[row] / close[row]);
        let expected = splits.get(&keys[row]).copied().unwrap_or(1.0);
        seen += usize::from(expected != 1.0);
        // Prices have four decimals.
        let tolerance = 1e-4 / close[row].min(close[row - 1]);
        assert!((ratio / expected - 1.0).abs() <= tolerance, "{:?}: {ratio} for {expected}", keys[row]);
    }
    let funds = MARKET.table("sfp").names("ticker").into_iter().collect::<HashSet<_>>();
    assert_eq!(seen, splits.keys().filter(|(ticker, _)| !funds.contains(ticker)).count());
}

#[test]
fn dividends_adjust_the_closes_before() {
    let dividends = actions("dividend");
    let sep = MARKET.table("sep");
    let keys: Vec<(&str, i32)> = sep.names("ticker").into_iter().zip(sep.days("date")).collect();
    let (close, adjusted) = (sep.numbers("close"), sep.numbers("closeadj"));
    let mut seen = 0;
    for row in (1..sep.rows()).filter(|&row| keys[row].0 == keys[row - 1].0) {
        let step = (close[row - 1] / adjusted[row - 1]) / (close[row] / adjusted[row]);
        let dividend = dividends.get(&keys[row]).copied().unwrap_or(0.0);
        seen += usize::from(dividend > 0.0);
        let expected = (close[row] + dividend) / close[row];
        let tolerance = 3e-4 / adjusted[row].min(adjusted[row - 1]);
        assert!((step / expected - 1.0).abs() <= tolerance, "{:?}: {step} for {expected}", keys[row]);
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn the_latest_row_is_unadjusted() {
    let sep = MARKET.table("sep");
    let tickers = sep.names("ticker");
    let (close, adjusted, raw) = (sep.numbers("close"), sep.numbers("closeadj"), sep.numbers("closeunadj"));
    for row in (0..sep.rows()).filter(|&row| tickers.get(row + 1) != Some(&tickers[row])) {
        assert!(close[row] == adjusted[row] && close[row] == raw[row], "{}", tickers[row]);
    }
}

#[test]
fn rows_lie_within_the_listing() {
    let tickers = MARKET.table("tickers");
    let (first, last) = (tickers.days("firstpricedate"), tickers.days("lastpricedate"));
    for (name, product) in [("sep", "SEP"), ("daily", "SEP"), ("sfp", "SFP")] {
        let listed = tickers.by_ticker(product);
        let table = MARKET.table(name);
        for (ticker, day) in table.names("ticker").into_iter().zip(table.days("date")) {
            let row = listed[ticker];
            assert!(first[row] <= day && day <= last[row], "{name} {ticker}");
        }
    }
}

#[test]
fn the_market_fund_trades_every_session_and_moves_with_the_market() {
    let sfp = MARKET.table("sfp");
    let rows = sfp.names("ticker").into_iter().zip(sfp.numbers("closeadj"));
    let closes: Vec<f64> = rows.filter(|(ticker, _)| *ticker == "SPX1").map(|(_, close)| close).collect();
    assert_eq!(closes.len(), DAYS);
    let returns: Vec<f64> = closes.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect();
    let deviation = (returns.iter().map(|r| r * r).sum::<f64>() / returns.len() as f64).sqrt();
    assert!((0.004..0.03).contains(&deviation), "{deviation}");
}
