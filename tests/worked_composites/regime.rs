//! Examples 8.3 and 8.4.

use std::fmt::Write;

use super::{DEFAULT, OVERLAY, build, check, dataset};
use crate::common::Desk;

/// Example 8.3: volatility and trend of twelve dates.
const STATISTICS: [(&str, &str); 12] = [
    ("-", "-"),
    ("-", "-"),
    ("0.012", "-"),
    ("0.010", "-"),
    ("0.014", "0.02"),
    ("0.020", "0.05"),
    ("0.018", "-0.03"),
    ("0.011", "-0.08"),
    ("0.016", "0.01"),
    ("0.030", "0.07"),
    ("0.009", "0.02"),
    ("0.015", "-0.01"),
];

/// The labels of the first `known` dates from what they hold.
fn labels(settings: &[&str], known: usize) -> Desk {
    let desk = Desk::new();
    let mut rows = String::from("date n_names vol_21 trend_60 dispersion\n");
    for (at, (vol, trend)) in STATISTICS[..known].iter().enumerate() {
        writeln!(rows, "{} 100 {vol} {trend} -", at + 1).unwrap();
    }
    dataset(&desk, "regime_statistics", &rows);
    build(&desk, settings, "regime/regime_history_academic.sql");
    desk
}

#[test]
fn example_3_full_sample_and_repainting() {
    let all = labels(&OVERLAY, 12);
    check(
        &all,
        "select distinct vol_lo, vol_hi, trend_lo, trend_hi from regime_history_academic",
        1e-12,
        "0.01197 0.01594 -0.0038 0.02",
    );
    check(
        &all,
        "select regime from regime_history_academic",
        0.0,
        "normal_vol_neutral\n normal_vol_neutral\n normal_vol_neutral\n low_vol_neutral\n normal_vol_bull
         high_vol_bull\n high_vol_bear\n low_vol_bear\n high_vol_neutral\n high_vol_bull\n low_vol_bull
         normal_vol_bear",
    );
    // Rows 3, 5 and 9 were something else two rows earlier.
    check(
        &labels(&OVERLAY, 10),
        "select regime from regime_history_academic",
        0.0,
        "normal_vol_neutral\n normal_vol_neutral\n low_vol_neutral\n low_vol_neutral\n normal_vol_neutral
         high_vol_bull\n high_vol_bear\n low_vol_bear\n normal_vol_neutral\n high_vol_bull",
    );
}

const EXPANDING: &str = "1 - - - - - - -
    2 - - - - - - -
    3 - - - - - - -
    4 - - - - - - -
    5 - - - - - - -
    6 - - - - - - -
    7 high_vol - - 0.01198 0.01396 - -
    8 low_vol - - 0.01264 0.01656 - -
    9 high_vol neutral high_vol_neutral 0.01165 0.0152 -0.0305 0.019
    10 high_vol bull high_vol_bull 0.01198 0.01592 -0.0172 0.0164
    11 low_vol neutral low_vol_neutral 0.01262 0.01724 -0.004 0.029
    12 normal_vol bear normal_vol_bear 0.01164 0.01656 0.0092 0.02";

/// The default: thresholds from strictly earlier dates, so the first rows are the same however many follow.
#[test]
fn example_3_expanding_thresholds() {
    let settings = [&DEFAULT[..], &["--set", "regime_min_obs=4"]].concat();
    let rows = "select extract(day from date), vol_regime, trend_regime, regime, vol_lo, vol_hi, trend_lo, trend_hi
                from regime_history_academic";
    let expected: Vec<&str> = EXPANDING.lines().collect();
    for known in [12, 10, 7] {
        check(&labels(&settings, known), rows, 1e-12, &expected[..known].join("\n"));
    }
}

/// A label is its two parts, whatever the numbers: the function and the SQL agree.
#[test]
fn labels_are_their_parts() {
    let desk = labels(&[&DEFAULT[..], &["--set", "regime_min_obs=1"]].concat(), 12);
    let differ = "select count(*) from regime_history_academic
                  where regime is distinct from case
                      when vol_regime is not null and trend_regime is not null then concat(vol_regime, '_', trend_regime)
                  end";
    assert_eq!(desk.number(differ), 0.0);
    assert_eq!(desk.number("select count(regime) from regime_history_academic"), 7.0);
}

/// Example 8.4: from closes to labels, as the reference has it.
#[test]
fn example_4_end_to_end() {
    let closes = [
        ("A", "100 102 101 103 106 104 105 109 108 112 111 115"),
        ("B", "50 50.5 - 51 50 49 49.5 48 48.5 47 46 46.5"),
        ("C", "- - 20 20.2 20.6 20.4 20.9 21.5 21.1 21.8 22.6 22.0"),
    ];
    let desk = Desk::new();
    let mut rows = String::from("ticker date close\n");
    for (ticker, prices) in closes {
        for (at, price) in prices.split(' ').enumerate().filter(|(_, price)| *price != "-") {
            writeln!(rows, "{ticker} {} {price}", at + 1).unwrap();
        }
    }
    dataset(&desk, "sep_base_academic", &rows);
    let settings = [&OVERLAY[..], &["--set", "regime_vol_rows=3", "--set", "regime_trend_rows=4"]].concat();
    build(&desk, &settings, "regime/regime_statistics.sql");
    build(&desk, &settings, "regime/regime_history_academic.sql");
    check(
        &desk,
        "select distinct vol_lo, vol_hi, trend_lo, trend_hi, disp_med from regime_history_academic",
        1e-11,
        "0.018232142593 0.024486948969 0.025346511628 0.050478076379 0.014804135846",
    );
    check(
        &desk,
        "select extract(day from date), vol_21, trend_60, dispersion, regime, dispersion_regime
         from regime_history_academic",
        1e-10,
        "1 - - - normal_vol_neutral low_dispersion
         2 - - 0.0070710678 normal_vol_neutral low_dispersion
         3 - - 0.0069324194 normal_vol_neutral low_dispersion
         4 0.0114477794 - 0.0056879730 low_vol_neutral low_dispersion
         5 0.0176723367 0.0300000000 0.0258685259 low_vol_neutral high_dispersion
         6 0.0171512596 -0.0050475636 0.0056433201 low_vol_bear low_dispersion
         7 0.0185470334 0.0396039604 0.0084344925 normal_vol_neutral low_dispersion
         8 0.0210728523 0.0582524272 0.0370782019 normal_vol_bull high_dispersion
         9 0.0237997378 0.0188679245 0.0148041358 normal_vol_bear high_dispersion
         10 0.0269907976 0.0686274510 0.0381736285 high_vol_bull high_dispersion
         11 0.0266094793 0.0571428571 0.0305372876 high_vol_bull high_dispersion
         12 0.0262540635 0.0232558140 0.0314915902 high_vol_bear high_dispersion",
    );
}
