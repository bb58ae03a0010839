//! Specification 06 §9: every strategy in reference mode, by its returns and figures.

use crate::common::REFERENCE;
use crate::market::{Periods, lake, lake_with, periods, reference};

const FROM: [&str; 4] = ["--from", "2019-05-21", "--to", "2019-12-31"];
const NAME_CAP: &str = "name_cap=0.15";
const SECTOR: &str = "sector_multiple=1.3";

/// Name, strategy, options; raw returns of periods 0, 1, 2 and 18; scale, total, return and volatility per year, Sharpe,
/// largest drawdown.
type Case = (&'static str, &'static str, &'static [&'static str], [f64; 4], [f64; 6]);

const HIGH: &str = "alpha_direction=high_is_good";

const CASES: [Case; 12] = [
    (
        "base",
        "baseline",
        &["--top-n", "6", "--set", HIGH],
        [0.021182107127, 0.007855029364, 0.014695206860, -0.007956135127],
        [1.0, 0.0444725431, 0.1223462315, 0.0633536299, 1.9311637199, -0.0198730938],
    ),
    (
        "base_ls",
        "baseline",
        &["--top-n", "6", "--bottom-n", "6", "--set", HIGH],
        [0.026794283941, -0.000927379333, 0.008552287774, -0.009700138903],
        [1.0, 0.0169254245, 0.0455271409, 0.0716957114, 0.6350050792, -0.0415446203],
    ),
    (
        "v1",
        "risk1",
        &["--top-n", "8"],
        [0.010315687810, -0.001302874225, 0.008748597207, 0.000306695763],
        [3.1570007447, 0.3149985248, 1.0675923429, 0.20, 5.3379617146, -0.0369177169],
    ),
    (
        "v2",
        "risk2",
        &["--top-n", "8", "--set", NAME_CAP, "--set", SECTOR],
        [0.008478761659, 0.002730404958, 0.008232966921, 0.002040769971],
        [4.0903638855, 0.4628011745, 1.7426838177, 0.20, 8.7134190883, -0.0508816404],
    ),
    (
        "v3",
        "risk3",
        &["--top-n", "8", "--set", NAME_CAP, "--set", SECTOR],
        [-0.002125699106, 0.001820041276, 0.007044040807, -0.003093127586],
        [3.4247413246, 0.2162636184, 0.6809206200, 0.20, 3.4046031001, -0.0665034141],
    ),
    (
        "v4",
        "risk4",
        &["--top-n", "8", "--set", NAME_CAP, "--set", SECTOR],
        [-0.002125699106, 0.004596445932, 0.000541591211, -0.001250922499],
        [3.8797908018, 0.0245541905, 0.0664617868, 0.20, 0.3323089341, -0.0842823005],
    ),
    (
        "v4-save",
        "risk4_save",
        &["--top-n", "8", "--set", NAME_CAP, "--set", SECTOR],
        [-0.002125699106, 0.004596445932, 0.000541591211, -0.001250922499],
        [3.8797908018, 0.0245541905, 0.0664617868, 0.20, 0.3323089341, -0.0842823005],
    ),
    (
        "v4b",
        "risk4",
        &["--top-n", "8", "--set", NAME_CAP, "--set", SECTOR, "--set", "turnover_lambda=0.5"],
        [-0.002125699106, 0.003906524713, 0.004268873339, -0.000462475125],
        [4.1409912539, 0.0681575083, 0.1911292639, 0.20, 0.9556463197, -0.0726143147],
    ),
    (
        "ls",
        "ls",
        &["--top-n", "6", "--bottom-n", "6", "--set", "name_cap=0.25", "--set", SECTOR],
        [0.003858783994, -0.004427134896, -0.005877513206, 0.001052155765],
        [2.5429540197, 0.0009260161, 0.0024582595, 0.12, 0.0204854957, -0.0588932753],
    ),
    (
        "ls_opt",
        "ls_opt",
        &["--top-n", "6", "--bottom-n", "6", "--set", "name_cap=0.03", "--set", SECTOR],
        [0.015471990411, -0.000799676808, 0.002492133915, -0.003348270821],
        [2.4770603275, 0.0417236256, 0.1145277307, 0.10, 1.1452773073, -0.0469494262],
    ),
    (
        "ls_opt γ",
        "ls_opt",
        &["--top-n", "6", "--bottom-n", "6", "--set", "name_cap=0.25", "--set", SECTOR, "--set", "risk_aversion=20000"],
        [0.007512140133, 0.005075013521, -0.000113882746, -0.000729274558],
        [2.8588133366, 0.1331764311, 0.3932573759, 0.10, 3.9325737591, -0.0259574000],
    ),
    (
        "ls_opt-save γ",
        "ls_opt_save",
        &["--top-n", "6", "--bottom-n", "6", "--set", "name_cap=0.25", "--set", SECTOR, "--set", "risk_aversion=20000"],
        [0.007446624632, 0.005274481452, 0.000382083465, -0.000433776616],
        [2.8659873506, 0.1375359695, 0.4075210312, 0.10, 4.0752103124, -0.0257470815],
    ),
];

#[test]
fn every_strategy_of_the_reference() {
    let desk = lake();
    for (name, strategy, options, returns, figures) in CASES {
        let run = reference(&desk, strategy, &[&FROM[..], options].concat());
        let raw = run.returns("port_ret_raw");
        assert_eq!(raw.len(), 19, "{name}");
        for (period, expected) in [0, 1, 2, 18].into_iter().zip(returns) {
            assert!((raw[period] - expected).abs() < 2e-12, "{name}, period {period}: {}, not {expected}", raw[period]);
        }
        let scale = run.returns("leverage")[0];
        let [expected_scale, rest @ ..] = figures;
        assert!((scale - expected_scale).abs() < 2e-8, "{name}: scale {scale}, not {expected_scale}");
        let names = ["total_return", "annual_return", "annual_vol", "sharpe", "max_drawdown"];
        for (figure, expected) in names.into_iter().zip(rest) {
            let found = run.figure("portfolio", figure).unwrap();
            assert!((found - expected).abs() < 2e-8, "{name}: {figure} is {found}, not {expected}");
        }
    }
    let bench = reference(&desk, "risk3", &[&FROM[..], &["--top-n", "8"]].concat());
    for (figure, expected) in [
        ("total_return", 0.0627715915),
        ("annual_return", 0.1752639416),
        ("annual_vol", 0.0146682245),
        ("sharpe", 11.9485451142),
        ("max_drawdown", -0.0001654409),
    ] {
        let found = bench.figure("benchmark", figure).unwrap();
        assert!((found - expected).abs() < 2e-8, "benchmark: {figure} is {found}, not {expected}");
    }
}

#[test]
fn the_short_only_diagnostic() {
    let desk = lake();
    let run = reference(&desk, "short_only", &[&FROM[..], &["--bottom-n", "6"]].concat());
    let returns = run.returns("port_ret");
    assert_eq!(returns.len(), 95);
    assert!((returns[0] + 0.001445963759733419).abs() < 1e-14, "{}", returns[0]);
    for (figure, expected) in [
        ("total_return", -0.030645698340),
        ("annual_return", -0.079246955032),
        ("annual_vol", 0.050891423466),
        ("sharpe", -1.557177017964),
        ("max_drawdown", -0.046009330421),
    ] {
        let found = run.figure("portfolio", figure).unwrap();
        assert!((found - expected).abs() < 2e-11, "{figure} is {found}, not {expected}");
    }
}

#[test]
fn regime_switching_blends_the_saved_runs_and_falls_through_its_own_rules() {
    // The label of period j: volatility by j mod 3, trend by j / 3 mod 3.
    let desk = lake_with(|t| {
        let j = t.saturating_sub(100) / 5;
        let volatility = ["low_vol", "normal_vol", "high_vol"][j % 3];
        let trend = ["bull", "bear", "neutral"][j / 3 % 3];
        (volatility.to_owned(), trend.to_owned())
    });
    let legs: [(&str, &[&str]); 2] = [
        ("risk4_save", &["--top-n", "8", "--set", NAME_CAP, "--set", SECTOR, "--save"]),
        ("ls_opt_save", &["--top-n", "6", "--bottom-n", "6", "--set", "name_cap=0.03", "--set", SECTOR, "--save"]),
    ];
    for (strategy, options) in legs {
        reference(&desk, strategy, &[&FROM[..], options].concat());
    }
    let blends = |run: &Periods, returns: [f64; 4], figures: [f64; 5]| {
        let found = run.returns("port_ret");
        for (period, expected) in [0, 1, 2, 18].into_iter().zip(returns) {
            assert!((found[period] - expected).abs() < 2e-10, "period {period}: {}, not {expected}", found[period]);
        }
        let names = ["total_return", "annual_return", "annual_vol", "sharpe", "max_drawdown"];
        for (figure, expected) in names.into_iter().zip(figures) {
            let found = run.figure("portfolio", figure).unwrap();
            assert!((found - expected).abs() < 2e-9, "{figure} is {found}, not {expected}");
        }
    };
    let run = reference(&desk, "regime_switching", &FROM);
    blends(
        &run,
        [0.0150388929, 0.0079262005, 0.0041372133, -0.0065735932],
        [0.0353341424, 0.0964860383, 0.1144005393, 0.8434054497, -0.0552100474],
    );
    assert!(run.returns("w_long").iter().all(|share| *share == 0.5));
    // The rules as they were meant: the label cut where volatility ends ("D map").
    let strategy = std::fs::read_to_string(format!("{REFERENCE}/backtests/regime_switching.sql")).unwrap();
    let mended = strategy
        .replace(
            "split_part(regime, '_', 1) as volatility",
            "substr(regime, 1, strpos(regime, '_vol') + 3) as volatility",
        )
        .replace(
            "substr(regime, strpos(regime, '_') + 1) as trend",
            "substr(regime, strpos(regime, '_vol') + 5) as trend",
        );
    desk.write("mended/backtests/regime_switching.sql", &mended);
    let overlay = desk.path("mended").display().to_string();
    let run = periods(&desk, &["--overlay", REFERENCE, "--overlay", &overlay], "regime_switching", &FROM);
    blends(
        &run,
        [-0.0082472678, 0.0178332486, 0.0033228322, -0.0048533176],
        [-0.0074477966, -0.0196348729, 0.1067304128, -0.1839669907, -0.0543619169],
    );
    assert_eq!(run.returns("w_long")[..6], [1.0, 1.0, 0.7, 0.3, 0.3, 0.0]);
}
