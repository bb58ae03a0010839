//! Ranges of tickers that are put together in order.

use futures::StreamExt;
use kairos::engine::{Engine, Outcome, Resources};
use kairos::lake::{CommitRecord, Lake};

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
    for (sql, full) in [
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
        assert_eq!(plan.contains("CoalesceBatchesExec"), full, "{sql}\n{plan}");
    }
}

/// With the first row, the last range is at its end, too.
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
    let mut found = rows.next().await.unwrap().unwrap().num_rows();
    // Whoever had still to read would fail now.
    std::fs::remove_dir_all(folder.path().join("prices")).unwrap();
    while let Some(batch) = rows.next().await {
        found += batch.unwrap().num_rows();
    }
    assert_eq!(found, 900);
}

/// Waiting rows take no more memory than DataFusion gives a merge anyway.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn little_memory_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    engine(&folder, &[PRICES]).await;
    let lake = Lake::open(folder.path().to_str().unwrap()).unwrap();
    let engine = Engine::new(lake, &Resources { threads: Some(3), memory_limit: Some(16 << 20) }).unwrap();
    // A batch of 32 columns takes 2 MB, of which the merge holds one of each range.
    let wide: String = (0..30).map(|at| format!(", x + {at} as x{at}")).collect();
    let rows = engine.query(&format!("select *{wide} from prices order by ticker, date")).await.unwrap();
    assert_eq!(rows.iter().map(|batch| batch.num_rows()).sum::<usize>(), 900_000);
}
