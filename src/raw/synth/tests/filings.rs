//! Statements, insider trades and holdings.

use std::collections::{HashMap, HashSet};

use arrow::array::Array;

use super::market::MARKET;

#[test]
fn restatements_add_reported_rows_and_replace_recent_ones() {
    let sf1 = MARKET.table("sf1");
    let rows = sf1.names("dimension").into_iter().zip(sf1.names("ticker")).zip(sf1.days("reportperiod"));
    let mut versions: HashMap<(&str, &str, i32), Vec<usize>> = HashMap::new();
    for (row, ((dimension, ticker), period)) in rows.enumerate() {
        versions.entry((dimension, ticker, period)).or_default().push(row);
    }
    let (datekey, updated) = (sf1.days("datekey"), sf1.days("lastupdated"));
    let revenue = sf1.options("revenue");
    let (mut restated, mut changed) = (0, 0);
    for ((dimension, ticker, period), rows) in &versions {
        match *dimension {
            "ARQ" => assert!(rows.iter().all(|row| datekey[*row] > *period && updated[*row] == datekey[*row])),
            "MRQ" => assert!(rows.len() == 1 && datekey[rows[0]] == *period),
            _ => {}
        }
        if let ("ARQ", [original, corrected]) = (*dimension, rows.as_slice()) {
            restated += 1;
            changed += usize::from(revenue[*original] != revenue[*corrected]);
            assert!(datekey[*corrected] > datekey[*original]);
            let recent = versions[&("MRQ", *ticker, *period)][0];
            assert_eq!(revenue[recent], revenue[*corrected], "{ticker}");
            assert_eq!(updated[recent], datekey[*corrected]);
        }
    }
    // Companies without revenue restate other items.
    assert!(restated > 20 && 2 * changed > restated, "{changed} of {restated}");
}

#[test]
fn statements_balance_and_returns_are_yearly() {
    let sf1 = MARKET.table("sf1");
    let dimension = sf1.names("dimension");
    let column = |name| sf1.options(name);
    let (assets, liabilities, equity) = (column("assets"), column("liabilities"), column("equity"));
    let (revenue, cor, gp) = (column("revenue"), column("cor"), column("gp"));
    let (roe, netinc) = (column("roe"), column("netinc"));
    let minus = |a: Option<f64>, b: Option<f64>| Some(a? - b?);
    for row in 0..sf1.rows() {
        // Amounts in another currency are rounded to its unit.
        let close = |found: Option<f64>, expected: Option<f64>| match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() <= 1.0,
            _ => true,
        };
        assert!(close(equity[row], minus(assets[row], liabilities[row])));
        assert!(close(gp[row], minus(revenue[row], cor[row])));
        let quarterly = dimension[row].ends_with('Q');
        assert!(!quarterly || roe[row].is_none());
        assert!(quarterly || netinc[row].is_none() || roe[row].is_some());
    }
    assert!(equity.iter().flatten().any(|equity| *equity < 0.0));
    assert!(netinc.iter().flatten().any(|income| *income < 0.0));
    assert!(netinc.contains(&None));
    let dimensions: HashSet<&str> = dimension.into_iter().collect();
    assert_eq!(dimensions, HashSet::from(["ARQ", "ART", "ARY", "MRQ"]));
}

#[test]
fn daily_market_capitalisation_is_in_millions() {
    let (daily, sf1) = (MARKET.table("daily"), MARKET.table("sf1"));
    let keys = daily.names("ticker").into_iter().zip(daily.days("date"));
    let by_key: HashMap<(&str, i32), f64> = keys.zip(daily.numbers("marketcap")).collect();
    let keys = sf1.names("ticker").into_iter().zip(sf1.days("datekey"));
    let rows = keys.zip(sf1.options("marketcap")).zip(sf1.names("dimension"));
    let ratios = rows.filter(|(_, dimension)| *dimension == "ARQ").filter_map(|((key, marketcap), _)| {
        let marketcap = marketcap.filter(|dollars| *dollars > 1e7)?;
        Some(by_key.get(&key)? * 1e6 / marketcap)
    });
    let ratios: Vec<f64> = ratios.collect();
    let near = ratios.iter().filter(|ratio| (0.8..1.2).contains(*ratio)).count();
    assert!(ratios.len() > 1000 && near as f64 > 0.95 * ratios.len() as f64, "{near} of {}", ratios.len());
}

#[test]
fn insiders_and_institutions_report() {
    let sf2 = MARKET.table("sf2");
    let codes: HashSet<Option<&str>> = sf2.texts("transactioncode").into_iter().collect();
    assert!(["P", "S", "A", "F", "M", "G", "D"].iter().all(|code| codes.contains(&Some(*code))));
    assert!(codes.contains(&None) && sf2.options("transactionvalue").contains(&None));
    assert!(sf2.days("filingdate").iter().zip(sf2.days("transactiondate")).all(|(filed, traded)| *filed > traded));
    assert!(sf2.0.column_by_name("rownum").unwrap().null_count() == 0);
    let types: HashSet<&str> = MARKET.table("sf3").names("securitytype").into_iter().collect();
    assert_eq!(types, HashSet::from(["SHR", "CLL", "PUT"]));
}
