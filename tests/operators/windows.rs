//! Windows, ticker by ticker and across tickers.

use super::{compare, engine, plain, rows};

/// Tickers of uneven length in several files, one longer than two batches; gaps, missing values, a group that may be
/// missing, and rows without a ticker at the end.
const ROWS: &str = "create or replace table rows as
    with listed as (
        select 'T' || lpad(cast(t.value as varchar), 4, '0') as ticker, t.value as t, d.value as d
        from generate_series(0, 499) t cross join generate_series(0, 1199) d
        where d.value >= (t.value * 37) % 1000 and (t.value + d.value) % 17 <> 0
        union all
        select 'T0123x', 123, value from generate_series(0, 19999)
        union all
        select null, 7, value from generate_series(0, 299)
    )
    select
        ticker,
        date '1990-01-01' + cast(d as int) as date,
        case when (t * 31 + d * 7) % 23 <> 0 then sin(t * 12.9898 + d * 78.233) * 1000 end as x,
        case when (t + d) % 5 <> 0 then cast((t * t + d) % 11 as bigint) end as g
    from listed
    order by ticker, date";

const QUERIES: [&str; 9] = [
    "rolling_mean(x, 5) over w as a, lag(x, 3) over w as b, row_number() over w as c,
     sum(x) over (partition by ticker order by date rows 3 preceding) as d
     from rows window w as (partition by ticker order by date)",
    "count(x) over (partition by ticker) as a, max(x) over (partition by ticker) as b from rows",
    "zscore(x) over (partition by date) as a, count(x) over (partition by date) as b,
     max(ticker) over (partition by date) as c from rows",
    "avg(x) over (partition by g) as a, rank_pct(x) over (partition by date) as b from rows",
    "avg(x) over (partition by date, g) as a from rows",
    "rank_pct(a) over (partition by date) as a
     from (select ticker, date, rolling_std(x, 21) over (partition by ticker order by date) as a from rows)",
    "zscore(x) over (partition by date) as a, rolling_max(x, 9) over (partition by ticker order by date) as b
     from rows where ticker < 'T0003'",
    "zscore(x) over (partition by date) as a, lag(x) over (partition by ticker order by date) as b
     from rows where x > 1e6",
    "zscore(x) over (partition by date) as a from rows where ticker is null or g is null",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_compute_what_datafusion_computes() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder, &[ROWS]).await;
    let plain = plain(&engine, &["rows"]).await;
    let mut operators = String::new();
    for query in QUERIES {
        let sql = format!("select ticker, date, {query} order by ticker, date");
        operators += &compare(&engine, &plain, &sql).await;
    }
    for operator in ["ByKeyExec", "CrossSectionExec"] {
        assert!(operators.contains(operator), "no plan has a {operator}:\n{operators}");
    }
    let few = rows(&engine, "select zscore(x) over (partition by date) as z from rows order by z limit 3").await;
    assert_eq!(few.num_rows(), 3);
}
