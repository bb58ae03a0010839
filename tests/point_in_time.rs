//! No look-ahead: what the pipeline says about a date does not change when later data arrives.

mod common;

use common::{Desk, SQL};

/// Datasets whose rows dated t must be known at t. Targets are not among them: they are the future.
const DATASETS: [&str; 19] = [
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
];

/// `column type` of a dataset, keys left out.
fn columns(desk: &Desk, dataset: &str) -> Vec<(String, String)> {
    let sql = format!("select column_name, data_type from information_schema.columns where table_name = '{dataset}'");
    let columns = desk.rows(&sql).into_iter().map(|row| (row[0].clone(), row[1].clone()));
    columns.filter(|(name, _)| name != "ticker" && name != "date").collect()
}

/// Counts rows up to `cutoff` that differ between the dataset's first version and now, over the tickers it had then:
/// a ticker that becomes a member later brings its past along as new rows.
fn changed_rows(desk: &Desk, dataset: &str, cutoff: &str) -> f64 {
    let differs = columns(desk, dataset).into_iter().map(|(name, data_type)| match data_type.as_str() {
        // Means over a date may add their terms in another order.
        "Float64" => format!(
            "(a.{name} is null) <> (b.{name} is null) or abs(a.{name} - b.{name}) > 1e-9 * (abs(a.{name}) + 1e-6)"
        ),
        _ => format!("(a.{name} is distinct from b.{name})"),
    });
    let differs: Vec<_> = differs.collect();
    assert!(!differs.is_empty(), "{dataset} has no columns");
    let known = format!("(select distinct ticker from at_version('{dataset}', 0))");
    desk.number(&format!(
        "select count(*) from at_version('{dataset}', 0) a \
         full join (select * from {dataset} where date <= '{cutoff}' and ticker in {known}) b \
         on a.ticker = b.ticker and a.date = b.date \
         where a.ticker is null or b.ticker is null or {}",
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
    let settings = ["--sql", SQL, "--set", "market_min_names=5", "--set", "z_min_group=5"];
    desk.ok(&[&settings[..], &["run"]].concat());

    desk.ok(&["land", "--dir", &market]);
    desk.ok(&[&settings[..], &["run"]].concat());

    for dataset in DATASETS {
        let later = desk.number(&format!("select count(*) from {dataset} where date > '{cutoff}'"));
        assert!(later > 0.0, "{dataset} has no later rows, so the test shows nothing");
        let before = desk.number(&format!("select count(*) from at_version('{dataset}', 0)"));
        assert!(before > 0.0, "{dataset} was empty");
        assert_eq!(changed_rows(&desk, dataset, &cutoff), 0.0, "{dataset} changed before {cutoff}");
    }
}
