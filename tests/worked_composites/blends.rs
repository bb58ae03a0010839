//! Examples 8.1, 8.2 and 8.5, and component 8.6 of the long composite.

use super::{DEFAULT, OVERLAY, build, check, dataset};
use crate::common::{Desk, SQL};

/// Example 8.1: v33, quality and value of five names.
fn five_names() -> Desk {
    let desk = Desk::new();
    dataset(
        &desk,
        "feat_composite_v33_regime",
        "ticker date alpha_composite_v33_regime
         A 1 0.40
         B 1 -
         C 1 -1.20
         D 1 -
         E 1 0.00",
    );
    dataset(
        &desk,
        "feat_quality_v2",
        "ticker date quality_composite_z
         A 1 1.00
         B 1 1.00
         C 1 -
         D 1 0.60
         E 1 0.60",
    );
    dataset(
        &desk,
        "feat_value_v2",
        "ticker date value_composite_z
         A 1 -0.50
         B 1 -0.50
         C 1 0.80
         D 1 -
         E 1 0.80",
    );
    desk
}

#[test]
fn example_1_v7_and_v8() {
    let desk = five_names();
    for settings in [&DEFAULT[..], &OVERLAY] {
        build(&desk, settings, "composites/v8.sql");
        let v8 = "select ticker, alpha_composite_v8 from feat_composite_v8 where alpha_composite_v8 is not null";
        check(&desk, v8, 1e-12, "A 0.34\n B 0.3076923076923077\n E 0.45");
        build(&desk, settings, "composites/v7.sql");
        let v7 = "select ticker, alpha_composite_v7 from feat_composite_v7 where alpha_composite_v7 is not null";
        check(&desk, v7, 1e-12, "A 0.70\n E 0.30");
        // The names that v8 needs no fallback for.
        let whole = "select e.ticker, e.alpha_composite_v8 from feat_composite_v8 e join feat_composite_v33_regime c
                     on e.ticker = c.ticker and e.date = c.date
                     where alpha_composite_v33_regime is not null and alpha_composite_v8 is not null order by 1";
        check(&desk, whole, 1e-12, "A 0.34\n E 0.45");
    }
    // One row per row of the input by default, so nothing is dropped without a trace.
    build(&desk, &DEFAULT, "composites/v8.sql");
    assert_eq!(desk.number("select count(*) from feat_composite_v8"), 5.0);
    let weights = ["--set", "v8_v33_weight=0.5", "--set", "v8_quality_weight=0.3", "--set", "v8_value_weight=0.4"];
    build(&desk, &[&DEFAULT[..], &weights].concat(), "composites/v8.sql");
    let ab = "select ticker, alpha_composite_v8 from feat_composite_v8 where ticker in ('A', 'B')";
    check(&desk, ab, 1e-12, "A 0.25\n B 0.14285714285714285");
}

/// Example 8.2: six dates of one name; the last one has no label.
fn six_dates() -> Desk {
    let desk = Desk::new();
    let component = |dataset_name: &str, column: &str, values: [&str; 6]| {
        let rows: Vec<String> = values.iter().enumerate().map(|(at, value)| format!("A {} {value}", at + 1)).collect();
        dataset(&desk, dataset_name, &format!("ticker date {column}\n{}", rows.join("\n")));
    };
    component("feat_composite_academic", "alpha_composite_eq", ["1.0", "1.0", "1.0", "-", "-", "1.0"]);
    component("feat_composite_long_v2", "alpha_CL_v2", ["0.5", "0.5", "-", "0.5", "-", "0.5"]);
    component("feat_alpha_smoothed_v31", "alpha_smoothed", ["0.2", "0.2", "-", "0.2", "-", "0.2"]);
    dataset(
        &desk,
        "regime_history_academic",
        "date regime
         1 low_vol_bull
         2 high_vol_bear
         3 high_vol_bear
         4 normal_vol_neutral
         5 normal_vol_neutral
         6 -",
    );
    desk.ok(&["sql", &format!("{SQL}/composites/regime_weights.sql")]);
    desk
}

#[test]
fn example_2_v33_and_v32b() {
    let desk = six_dates();
    let v33 = "select regime, alpha_composite_v33_regime from feat_composite_v33_regime";
    build(&desk, &OVERLAY, "composites/v33_regime.sql");
    // Without a label the weights are those of normal_vol_neutral: 0.325 + 0.375 · 0.5 + 0.3 · 0.2.
    check(
        &desk,
        v33,
        1e-12,
        "low_vol_bull 0.675
         high_vol_bear 0.525
         high_vol_bear 0.20
         normal_vol_neutral 0.2475
         normal_vol_neutral -
         - 0.5725",
    );
    build(&desk, &DEFAULT, "composites/v33_regime.sql");
    check(
        &desk,
        v33,
        1e-12,
        "low_vol_bull 0.675
         high_vol_bear 0.525
         high_vol_bear 1.0
         normal_vol_neutral 0.36666666666666664
         normal_vol_neutral -
         - 0.5725",
    );
    let v32b = "select alpha_composite_v32b from feat_composite_v32b";
    build(&desk, &OVERLAY, "composites/v32b.sql");
    check(&desk, v32b, 1e-12, "0.61\n 0.61\n 0.40\n -\n -\n 0.61");
    build(&desk, &DEFAULT, "composites/v32b.sql");
    check(&desk, v32b, 1e-12, "0.61\n 0.61\n 1.0\n 0.35\n -\n 0.61");
}

/// Every label has weights that sum to 1 on every date, and a row of its own for each of the others' numbers.
#[test]
fn regime_weights_are_complete() {
    let desk = Desk::new();
    desk.ok(&["sql", &format!("{SQL}/composites/regime_weights.sql")]);
    check(
        &desk,
        "select regime, v5_multiplier, v6_multiplier from regime_weights",
        0.0,
        "high_vol_bear 1.2 1.2
         high_vol_bull 1.1 1.1
         high_vol_neutral 1.0 1.1
         low_vol_bear 0.8 0.8
         low_vol_bull 0.8 0.8
         low_vol_neutral 0.8 0.8
         normal_vol_bear 1.0 0.8
         normal_vol_bull 1.1 1.1
         normal_vol_neutral 0.5 0.5",
    );
    let wrong = "select count(*) from regime_weights where abs(short + long + smoothed - 1) > 1e-12";
    assert_eq!(desk.number(wrong), 0.0);
    let labels = "select count(*) from (values ('low_vol'), ('normal_vol'), ('high_vol')) as v (vol)
                  cross join (values ('bear'), ('neutral'), ('bull')) as t (trend)
                  join regime_weights w on w.regime = concat(vol, '_', trend)
                      and w.valid_from <= date '1990-01-01' and w.valid_to is null";
    assert_eq!(desk.number(labels), 9.0);
    // The check agrees, and finds a label without weights and one with two rows of them.
    dataset(&desk, "regime_history_academic", "date regime\n 1 high_vol_bear\n 2 -\n 3 low_vol\n 4 low_vol_bull");
    let check_file = format!("{SQL}/checks/regime_weights.sql");
    let found = |desk: &Desk| desk.ok(&["sql", "--format", "csv", &check_file]);
    assert_eq!(found(&desk), "date,regime,rows_of_weights\n2024-01-03,low_vol,0\n");
    desk.ok(&[
        "sql",
        "-c",
        "create or replace table regime_weights as
         select * from at_version('regime_weights', 0)
         union all
         select * from at_version('regime_weights', 0) where regime = 'low_vol_bull'
         order by regime, valid_from",
    ]);
    let twice = "2024-01-03,low_vol,0\n2024-01-04,low_vol_bull,2\n";
    assert_eq!(found(&desk), format!("date,regime,rows_of_weights\n{twice}"));
}

/// Example 8.6: the long composite over what is present, and v31.
#[test]
fn example_6_long_composite() {
    let desk = Desk::new();
    dataset(&desk, "feat_composite_long", "ticker date quality_z growth_z inst_z\n A 1 1.0 - -0.5");
    dataset(&desk, "feat_value_v2", "ticker date value_composite_z\n A 1 -");
    dataset(&desk, "feat_adv", "ticker date size_z adv_z\n A 1 0.8 0.2");
    dataset(&desk, "feat_composite_academic", "ticker date alpha_composite_eq\n A 1 0.25");
    build(&desk, &DEFAULT, "composites/long_v2.sql");
    check(&desk, "select \"alpha_CL_v2\" from feat_composite_long_v2", 1e-12, "0.375");
    build(&desk, &DEFAULT, "composites/v31.sql");
    check(&desk, "select alpha_composite_v31 from feat_composite_v31", 1e-12, "0.30");
    // One leg of the mean of size and liquidity less.
    build(&desk, &[&DEFAULT[..], &["--set", "cl_adv_weight=0"]].concat(), "composites/long_v2.sql");
    check(&desk, "select \"alpha_CL_v2\" from feat_composite_long_v2", 1e-12, "0.43333333333333335");
}

/// Example 8.5: four names on eight dates, whose markets are those of the table of labels.
fn four_names() -> Desk {
    let desk = Desk::new();
    let on_all_dates = |dataset_name: &str, columns: &str, rows: [&str; 4]| {
        let mut text = format!("ticker date {columns}\n");
        for (name, row) in ["T1", "T2", "T3", "T4"].iter().zip(rows) {
            (1..=8).for_each(|day| text.push_str(&format!("{name} {day} {row}\n")));
        }
        dataset(&desk, dataset_name, &text);
    };
    on_all_dates("sep_base", "close", ["1", "1", "1", "1"]);
    on_all_dates("feat_quality_v2", "quality_composite_z", ["1.2", "-0.4", "-", "0.3"]);
    let momentum = "mom_12_1 reversal_1m momentum_composite_z";
    on_all_dates("feat_momentum_v2", momentum, ["0.30 0.05 0.5", "-0.20 -0.10 -", "- 0.02 -0.8", "0.10 - 0.1"]);
    let value = "value_composite_z value_quality_adj";
    on_all_dates("feat_value_v2", value, ["-0.2 -1.2", "0.9 0.9", "0.4 0.4", "- -"]);
    on_all_dates("feat_insider", "insider_composite_z", ["-", "2.0", "0.0", "-1.0"]);
    let markets = [
        ("0.028", "0.01"),
        ("0.31", "-0.03"),
        ("0.31", "-0.02"),
        ("0.30", "0.03"),
        ("0.15", "0.02"),
        ("0.20", "-0.021"),
        ("0.20", "-"),
        ("-", "0.01"),
    ];
    let of = |name: &str, pick: fn(&(&'static str, &'static str)) -> &'static str| {
        let rows = markets.iter().enumerate().map(|(at, market)| format!("T1 {} {}", at + 1, pick(market)));
        format!("ticker date {name}\n{}", rows.collect::<Vec<_>>().join("\n"))
    };
    dataset(&desk, "feat_vol_sizing", &of("vol_blend", |market| market.0));
    dataset(&desk, "feat_price_action", &of("ret_21d", |market| market.1));
    desk
}

#[test]
fn example_5_v5_and_v6_of_the_reference() {
    let desk = four_names();
    build(&desk, &OVERLAY, "composites/v6.sql");
    let v6 = "select ticker, alpha_composite_v6 from feat_composite_v6 where date = '2024-01-01'";
    check(&desk, v6, 1e-9, "T1 1.3257561402\n T2 -1.0812069372\n T3 -0.2696856926\n T4 0.0251364896");
    build(&desk, &OVERLAY, "composites/v5.sql");
    let v5 = "select ticker, alpha_composite_v5, alpha_composite_v5_regime from feat_composite_v5
              where date = '2024-01-01'";
    check(
        &desk,
        v5,
        1e-9,
        "T1 0.2880520772 0.2880520772
         T2 -0.5638923223 -0.5638923223
         T3 1.2695135851 1.2695135851
         T4 -0.9936733401 -0.9936733401",
    );
    // The multiplier of each market, as it is in the regime column.
    let multipliers = "select alpha_composite_v6_regime, alpha_composite_v6_regime / alpha_composite_v6
                       from feat_composite_v6 where ticker = 'T1'";
    check(
        &desk,
        multipliers,
        1e-9,
        "1.0606049121 0.8
         1.5909073682 1.2
         1.4583317542 1.1
         1.4583317542 1.1
         0.6628780701 0.5
         1.0606049121 0.8
         0.6628780701 0.5
         1.3257561402 1.0",
    );
}

/// By default the components that are missing give their weight away, names outside the universe have no part, and
/// the multiplier is the one of the shared label.
#[test]
fn v6_over_members_only() {
    let desk = four_names();
    desk.ok(&[
        "sql",
        "-c",
        "create or replace table sep_base_academic as
         select ticker, date, ticker <> 'T4' as in_universe from sep_base order by ticker, date",
    ]);
    dataset(&desk, "regime_history_academic", "date regime\n 1 low_vol_bear\n 2 high_vol_bear\n 3 -");
    desk.ok(&["sql", &format!("{SQL}/composites/regime_weights.sql")]);
    build(&desk, &DEFAULT, "composites/v6.sql");
    // Over T1, T2 and T3: reversal_z 0.7559289460, -1.1338934190, 0.3779644730; momentum_z of two names ±1/√2.
    let reversal: [f64; 3] = [0.7559289460184544, -1.1338934190276817, 0.3779644730092272];
    let momentum = std::f64::consts::FRAC_1_SQRT_2;
    let blended = [
        0.4 * 1.2 + 0.3 * reversal[0] + 0.2 * momentum + 0.1 * -0.2,
        0.4 * -0.4 + 0.3 * reversal[1] + 0.2 * -momentum + 0.1 * 0.9,
        (0.3 * reversal[2] + 0.1 * 0.4) / 0.4,
    ];
    let mean = blended.iter().sum::<f64>() / 3.0;
    let deviation = (blended.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2.0).sqrt();
    let z: Vec<f64> = blended.iter().map(|x| (x - mean) / deviation).collect();
    let expected =
        format!("T1 {} {}\n T2 {} {}\n T3 {} {}\n T4 - -", z[0], 0.8 * z[0], z[1], 0.8 * z[1], z[2], 0.8 * z[2]);
    let on = |day: &str| {
        format!(
            "select ticker, alpha_composite_v6, alpha_composite_v6_regime from feat_composite_v6
             where date = '2024-01-{day}'"
        )
    };
    check(&desk, &on("01"), 1e-12, &expected);
    let scale = "select date, alpha_composite_v6_regime / alpha_composite_v6 from feat_composite_v6
                 where ticker = 'T1' and date < '2024-01-05'";
    check(&desk, scale, 1e-12, "2024-01-01 0.8\n 2024-01-02 1.2\n 2024-01-03 1\n 2024-01-04 1");
    // With three of four components required, T3 has no score.
    build(&desk, &[&DEFAULT[..], &["--set", "min_components=3"]].concat(), "composites/v6.sql");
    assert_eq!(desk.rows(&on("01"))[2], ["T3", "", ""]);
}
