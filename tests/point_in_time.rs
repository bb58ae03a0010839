//! No look-ahead: what the pipeline says about a date does not change when later data arrives.

mod common;

use common::{Desk, SQL};

/// Datasets whose rows dated t must be known at t. Targets are not among them: they are the future.
const DATASETS: [&str; 36] = [
    "sep_base",
    "universe",
    "feat_price_action",
    "feat_trend",
    "feat_stat",
    "feat_price_shape",
    "feat_volume_volatility",
    "feat_adv",
    "feat_vol_sizing",
    "feat_beta",
    "feat_momentum_v2",
    "sf1_asof",
    "feat_value_v2",
    "feat_quality_v2",
    "feat_growth_v2",
    "feat_insider",
    "feat_institutional_academic",
    "feat_fundamental",
    "feat_gross_profit",
    "regime_statistics",
    "regime_history_academic",
    "component_coefficients",
    "feat_composite_academic",
    "feat_composite_long",
    "feat_composite_long_v2",
    "feat_composite_v3",
    "feat_composite_v31",
    "feat_alpha_smoothed_v31",
    "feat_composite_v32",
    "feat_composite_v32b",
    "feat_composite_v33_regime",
    "feat_composite_v4",
    "feat_composite_v5",
    "feat_composite_v6",
    "feat_composite_v7",
    "feat_composite_v8",
];

/// Name and type of each column of a dataset.
fn columns(desk: &Desk, dataset: &str) -> Vec<(String, String)> {
    let sql = format!("select column_name, data_type from information_schema.columns where table_name = '{dataset}'");
    desk.rows(&sql).into_iter().map(|row| (row[0].clone(), row[1].clone())).collect()
}

/// Counts rows up to `cutoff` that differ between the dataset's first version and now, over the tickers it had then:
/// a ticker that becomes a member later brings its past along as new rows.
fn changed_rows(desk: &Desk, dataset: &str, cutoff: &str) -> f64 {
    let columns = columns(desk, dataset);
    let by_ticker = columns.iter().any(|(name, _)| name == "ticker");
    let values = columns.iter().filter(|(name, _)| name != "ticker" && name != "date");
    let differs: Vec<_> = values
        .map(|(name, data_type)| match data_type.as_str() {
            // Means over a date may add their terms in another order.
            "Float64" => format!(
                r#"(a."{name}" is null) <> (b."{name}" is null)
                   or abs(a."{name}" - b."{name}") > 1e-9 * (abs(a."{name}") + 1e-6)"#
            ),
            _ => format!(r#"(a."{name}" is distinct from b."{name}")"#),
        })
        .collect();
    assert!(!differs.is_empty(), "{dataset} has no columns");
    let known = match by_ticker {
        true => format!("and ticker in (select distinct ticker from at_version('{dataset}', 0))"),
        false => String::new(),
    };
    let same_ticker = if by_ticker { "and a.ticker = b.ticker" } else { "" };
    desk.number(&format!(
        "select count(*) from at_version('{dataset}', 0) a \
         full join (select * from {dataset} where date <= '{cutoff}' {known}) b on a.date = b.date {same_ticker} \
         where a.date is null or b.date is null or {}",
        differs.join(" or ")
    ))
}

#[test]
fn later_data_changes_nothing_before() {
    let desk = Desk::new();
    let market = desk.path("market").display().to_string();
    desk.ok(&["synth", "--tickers", "120", "--days", "420", "--seed", "3", "--out", &market]);
    // The whole market in a second lake, from which the first one gets a past.
    let whole = desk.path("whole").display().to_string();
    desk.ok(&["--lake", &whole, "land", "--dir", &market]);
    let dates = desk.ok(&[
        "--lake",
        &whole,
        "sql",
        "--format",
        "csv",
        "-c",
        "select distinct date from raw.sep order by date offset 340 limit 1",
    ]);
    let cutoff = dates.lines().nth(1).unwrap().to_owned();
    // A holding is known when form 13F is due.
    for (table, known) in
        [("sep", "date"), ("daily", "date"), ("sf1", "datekey"), ("sf2", "filingdate"), ("sf3", "calendardate + 45")]
    {
        let file = desk.path(&format!("past/{table}.parquet")).display().to_string();
        let sql = format!("select * from raw.{table} where {known} <= date '{cutoff}'");
        desk.ok(&["--lake", &whole, "sql", "-c", &sql, "-o", &file]);
    }
    let tickers = desk.path("market/tickers.parquet").display().to_string();
    desk.ok(&["land", "--dir", &desk.path("past").display().to_string()]);
    desk.ok(&["land", "tickers", &tickers]);
    // Few names in a small market.
    let minima = ["market_min_names=5", "z_min_group=5", "regime_min_names=5", "regime_min_obs=60", "ic_min_names=5"];
    let minima = minima.iter().chain(&["ic_min_dates=60"]).flat_map(|minimum| ["--set", minimum]);
    let settings: Vec<&str> = ["--sql", SQL].into_iter().chain(minima).collect();
    desk.ok(&[&settings[..], &["run"]].concat());

    desk.ok(&["land", "--dir", &market]);
    desk.ok(&[&settings[..], &["run"]].concat());

    for dataset in DATASETS {
        let later = desk.number(&format!("select count(*) from {dataset} where date > '{cutoff}'"));
        assert!(later > 0.0, "{dataset} has no later rows, so the test shows nothing");
        let before = desk.number(&format!("select count(*) from at_version('{dataset}', 0)"));
        assert!(before > 0.0, "{dataset} was empty");
        for (column, _) in columns(&desk, dataset) {
            let values = desk.number(&format!(r#"select count("{column}") from at_version('{dataset}', 0)"#));
            assert!(values > 0.0, "{dataset}.{column} had no value, so the test shows nothing");
        }
        assert_eq!(changed_rows(&desk, dataset, &cutoff), 0.0, "{dataset} changed before {cutoff}");
    }
}
