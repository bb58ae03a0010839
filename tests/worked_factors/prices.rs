//! Examples 2 and 6: yields and momentum.

use std::fmt::Write;

use crate::common::Desk;
use crate::{EVERYBODY, OVERLAY, SESSIONS, check, land, market, run};

/// The ratios of example 2 for tickers 1 to `count`; pb is invalid from `no_book` on.
fn ratios(count: usize, no_book: usize) -> (Vec<String>, String) {
    let names: Vec<String> = (1..=count).map(|k| format!("K{k}")).chain(["BAD".to_owned()]).collect();
    let mut daily = String::from("ticker,date,marketcap,pe,pb,evebitda,ps,lastupdated\n");
    for k in 1..=count {
        let x = k as f64;
        let pb = if k < no_book { 0.5 + 0.1 * x } else { -1.0 };
        let (pe, evebitda, ps) = (4.0 + 0.5 * x, 3.0 + 0.25 * x, 0.2 + 0.05 * (121.0 - x));
        writeln!(daily, "K{k},2024-01-02,1000,{pe},{pb},{evebitda},{ps},2025-01-02").unwrap();
    }
    daily.push_str("BAD,2024-01-02,1000,100,20,50,0,2025-01-02\n");
    (names, daily)
}

#[test]
fn example_2_value_and_its_traps() {
    let expected = "
        K1   2.096775691 -0.903224309
        K11  0.933196240 -2.066803760
        K12  0.838228647 -1.161771353
        K13  0.752419207  0.752419207
        K60 -0.399883190 -0.399883190
        K109 -0.260947189 -1.260947189
        K111 -0.039164529 -1.039164529
        K120 0.481944408 -0.518055592";
    let picked = "select ticker, value_composite_z, value_quality_adj from feat_value_v2 \
        where ticker in ('K1', 'K11', 'K12', 'K13', 'K60', 'K109', 'K111', 'K120') \
        order by cast(substr(ticker, 2) as int)";
    let penalties = "select cast(round(value_composite_z - value_quality_adj) as int) as penalty, count(*) from feat_value_v2 \
        where value_composite_z is not null group by 1 order by 1";
    // By default a score takes two yields and one penalty is enough.
    let four = [&EVERYBODY[..], &["--set", "trap_max_penalties=4", "--set", "value_min_yields=1"]].concat();
    for settings in [&OVERLAY[..], &four] {
        let (names, daily) = ratios(120, 111);
        let desk = market(names.iter().map(|name| (name.as_str(), &SESSIONS[..1])));
        land(&desk, "daily", &daily);
        run(&desk, settings, &["feat_value_v2"]);
        check(&desk, picked, expected);
        check(&desk, penalties, "0 96\n 1 12\n 2 1\n 3 11");
        let bad = "select count(value_composite_z) from feat_value_v2 where ticker = 'BAD'";
        assert_eq!(desk.number(bad), 0.0);
    }
    let (names, daily) = ratios(120, 111);
    let desk = market(names.iter().map(|name| (name.as_str(), &SESSIONS[..1])));
    land(&desk, "daily", &daily);
    run(&desk, &EVERYBODY, &["feat_value_v2"]);
    check(&desk, penalties, "0 96\n 1 24");
    // More than a hundred yields, not a hundred.
    for (count, penalised) in [(100, 0.0), (101, 22.0)] {
        let desk = Desk::new();
        land(&desk, "daily", &ratios(count, usize::MAX).1);
        run(&desk, &OVERLAY, &["feat_value_v2"]);
        let sql = "select count(*) from feat_value_v2 where value_quality_adj < value_composite_z - 0.5";
        assert_eq!(desk.number(sql), penalised, "{count} names");
    }
}

#[test]
fn example_6_momentum_of_the_reference() {
    let desk = Desk::new();
    let mut sep = String::from("ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n");
    let first = chrono::NaiveDate::from_ymd_opt(2023, 1, 2).unwrap();
    for (ticker, p252, p21, p0) in [
        ("M1", 10.0, 12.0, 12.6),
        ("M2", 10.0, 9.0, 9.9),
        ("M3", 10.0, 45.0, 45.0),
        ("M4", 10.0, 11.0, 55.0),
        ("M5", 10.0, 40.0, 40.0),
        ("M6", 20.0, 15.0, 12.0),
    ] {
        for ago in (0..=252).rev() {
            let price = match ago {
                0 => p0,
                1..=21 => p21,
                _ => p252,
            };
            let date = first + chrono::Days::new(252 - ago);
            writeln!(sep, "{ticker},{date},{price},{price},{price},{price},1000,{price},{price},2025-01-01").unwrap();
        }
    }
    land(&desk, "sep", &sep);
    run(&desk, &OVERLAY, &["feat_momentum_v2"]);
    let sql = "select ticker, mom_12_1, momentum_composite_z from feat_momentum_v2 order by ticker";
    let expected = "
        M1 0.2 -0.382743767
        M2 -0.1 -0.690655249
        M4 0.1 -0.216416468
        M5 3.0 1.029333371
        M6 -0.25 0.295564435";
    check(&desk, sql, expected);
}
