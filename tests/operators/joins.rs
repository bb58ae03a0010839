//! Joins by ticker and date.

use super::{compare, engine, plain};

/// Tickers of uneven length in several files, one longer than two batches; gaps, dates that come twice or three times,
/// and rows without a ticker or a date.
fn dataset(name: &str, gap: u32, again: u32) -> String {
    format!(
        "create or replace table {name} as
        with listed as (
            select 'T' || lpad(cast(t.value as varchar), 4, '0') as ticker, t.value as t, d.value as d
            from generate_series(0, 399) t cross join generate_series(0, 999) d
            where d.value >= (t.value * 37) % 900 and (t.value + d.value) % {gap} <> 0
            union all
            select 'T0123x', 123, value from generate_series(0, 19999) where value % {gap} <> 1
            union all
            select null, 7, value from generate_series(0, 299)
        ),
        repeated as (
            select ticker, t, d, 0 as copy from listed
            union all
            select ticker, t, d, 1 from listed where (t * 13 + d) % {again} = 0
            union all
            select ticker, t, d, 2 from listed where (t * 13 + d) % {again} = 0 and d % 2 = 0
        )
        select
            ticker,
            case when (t * 7 + d) % 9001 <> 0 then date '1990-01-01' + cast(d as int) end as date,
            copy,
            case when (t + d) % 7 <> 0 then sin(t * 12.9898 + d * {gap}) end as {name}_x,
            case when (t + d) % 5 <> 0 then cast((t * t + d) % 11 as varchar) end as {name}_s
        from repeated
        order by ticker, date"
    )
}

/// The same rows in another order, so that they must be moved to be read in step.
const BY_DATE: &str = "create or replace table d as select * from b order by date, ticker";

const ON: &str = "l.ticker = r.ticker and l.date = r.date";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_find_what_datafusion_finds() {
    let folder = tempfile::tempdir().unwrap();
    let datasets = [dataset("a", 17, 4001), dataset("b", 3, 1_000_003), dataset("c", 29, 5)];
    let engine = engine(&folder, &[&datasets[0], &datasets[1], &datasets[2], BY_DATE]).await;
    let plain = plain(&engine, &["a", "b", "c", "d"]).await;

    let columns =
        |l: &str, r: &str| format!("l.ticker, l.date, l.copy, l.{l}_x, r.copy as c2, r.{r}_x, r.{r}_s, r.date as d2");
    let sorted = "order by 1, 2, 3, 5, 4, 6, 7, 8";
    let mut queries = Vec::new();
    for (l, r) in [("a", "b"), ("b", "a"), ("a", "c"), ("c", "a"), ("c", "c"), ("b", "b")] {
        for kind in ["join", "left join", "right join"] {
            queries.push(format!("select {} from {l} l {kind} {r} r on {ON} {sorted}", columns(l, r)));
        }
    }
    let some = columns("a", "b");
    queries.extend([
        format!("select {some} from a l left join b r on r.date = l.date and r.ticker = l.ticker {sorted}"),
        format!("select {some} from (select * from a where copy = 0) l join (select * from b where b_x > 0.2) r on {ON} {sorted}"),
        format!("select {some} from a l left join (select * from b where b_x > 0.99999) r on {ON} {sorted}"),
        format!("select {some} from (select * from a where a_x > 0.99999) l left join b r on {ON} {sorted}"),
        format!("select {some} from a l left join d r on {ON} {sorted}"),
        format!("select {some} from d l join a r on {ON} {sorted}")
            .replace("l.a_x", "l.b_x").replace("r.b_x", "r.a_x").replace("r.b_s", "r.a_s"),
        "select a.ticker, a.date, a.copy, b.copy as c1, c.copy as c2, a_x, b_x, c_s, z
             from a left join b on a.ticker = b.ticker and a.date = b.date
             left join (
                select *, zscore(c_x) over (partition by date) as z from c
             ) c on a.ticker = c.ticker and a.date = c.date
             order by 1, 2, 3, 4, 5"
            .to_owned(),
        "select l.ticker, l.date, count(r.b_x) over (partition by l.ticker order by l.date, r.copy rows 5 preceding) as n
         from (select * from a where copy = 0) l left join (select * from b where copy = 0) r
         on l.ticker = r.ticker and l.date = r.date order by 1, 2, 3".to_owned(),
    ]);
    for sql in queries {
        let plan = compare(&engine, &plain, &sql).await;
        assert!(plan.contains("MergeJoinExec") && !plan.contains("HashJoinExec"), "{sql}:\n{plan}");
    }
    // A sort by date stays above: below, it would take the order that the join needs.
    for kind in ["join", "left join"] {
        let sql = format!(
            "select l.date, l.ticker, l.a_x, r.b_x from (select * from a where copy = 0 and date is not null) l
             {kind} (select * from b where copy = 0) r on {ON} order by l.date, l.ticker"
        );
        let plan = compare(&engine, &plain, &sql).await;
        assert!(plan.contains("MergeJoinExec") && !plan.contains("sorted="), "{sql}:\n{plan}");
    }
    // No join by ticker and date alone: as DataFusion plans it.
    for condition in
        ["l.ticker = r.ticker and l.date = r.date and l.a_x < r.b_x", "l.date = r.date and l.copy = r.copy"]
    {
        let sql = format!(
            "select count(*), sum(l.a_x) as s from (select * from a where ticker < 'T0005') l
            join (select * from b where ticker < 'T0005') r on {condition}"
        );
        let plan = compare(&engine, &plain, &sql).await;
        assert!(!plan.contains("MergeJoinExec"), "{sql}:\n{plan}");
    }
}
