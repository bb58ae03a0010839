//! Ranges of tickers that are put together in order run ahead of being asked.

use futures::StreamExt;
use kairos::engine::Outcome;
use kairos::lake::CommitRecord;

use super::{compare, engine, plain};

/// Cut into several files; one row in a thousand has a certain date.
const PRICES: &str = "create or replace table prices as
    select
        'T' || lpad(cast(t.value as varchar), 4, '0') as ticker,
        date '2020-01-01' + cast(d.value as int) as date,
        sin(t.value * 12.9898 + d.value) as x
    from generate_series(0, 899) t cross join generate_series(0, 999) d
    order by ticker, date";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_keep_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder, &[PRICES]).await;
    let plain = plain(&engine, &["prices"]).await;
    for (sql, ahead) in [
        ("select * from prices where date = date '2021-05-05' order by ticker", true),
        ("select * from prices order by ticker, date", true),
        (
            "select ticker, date, lag(x) over (partition by ticker order by date) as y from prices order by ticker, date",
            true,
        ),
        ("select * from prices where ticker = 'T0007' order by date", false),
        // From here and there, or not to the end.
        ("select * from prices where date > date '2022-09-20' order by date, ticker", false),
        ("select * from prices order by ticker, date limit 1234", false),
    ] {
        let plan = compare(&engine, &plain, sql).await;
        assert_eq!(plan.contains("BufferExec"), ahead, "{sql}\n{plan}");
    }
}

/// The last range gets to its end while nobody asks for more than the first row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_does_not_wait_for_the_ones_before() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder, &[PRICES]).await;
    let sql = "select ticker, date, x from prices where date = date '2021-05-05' order by ticker";
    let statement = engine.parse(sql).unwrap().pop().unwrap();
    let planned = engine.plan(statement).await.unwrap();
    let Outcome::Rows(mut rows) = engine.run(planned, CommitRecord::default()).await.unwrap() else {
        panic!("expected rows")
    };
    let first = rows.next().await.unwrap().unwrap();
    // Whoever had still to read would fail now.
    for version in std::fs::read_dir(folder.path().join("prices")).unwrap() {
        let version = version.unwrap().path();
        if version.file_name().is_some_and(|name| name.to_string_lossy().starts_with('v')) {
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            std::fs::remove_dir_all(version).unwrap();
        }
    }
    let mut found = first.num_rows();
    while let Some(batch) = rows.next().await {
        found += batch.unwrap().num_rows();
    }
    assert_eq!(found, 900);
}
