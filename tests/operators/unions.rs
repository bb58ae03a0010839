//! Unions that windows read in the order of ticker and date.

use super::{compare, engine, plain};

/// Many rows, cut into several files: tickers of uneven length with gaps, and rows without a ticker or a date.
const SESSIONS: &str = "create or replace table sessions as
    with listed as (
        select 'T' || lpad(cast(t.value as varchar), 4, '0') as ticker, t.value as t, d.value as d
        from generate_series(0, 799) t cross join generate_series(0, 999) d
        where d.value >= (t.value * 37) % 900 and (t.value + d.value) % 17 <> 0
        union all
        select 'T0123x', 123, value from generate_series(0, 19999)
        union all
        select null, 7, value from generate_series(0, 299)
    )
    select
        ticker,
        case when (t * 7 + d) % 9001 <> 0 or ticker = 'T0123x' then date '1990-01-01' + cast(d as int) end as date,
        d as row,
        case when (t + d) % 7 <> 0 then sin(t * 12.9898 + d) end as x
    from listed
    order by ticker, date";

/// Few rows in another order, some of tickers that have no session, before the first, between two and after the last one.
const FILINGS: &str = "create or replace table filings as
    select
        case when t.value <> 7 then 'T' || lpad(cast(t.value as varchar), 4, '0') end as ticker,
        date '1989-06-01' + cast(q.value * 61 + t.value % 30 as int) as filed,
        q.value as row,
        cos(t.value + q.value) as y
    from generate_series(-3, 809) t cross join generate_series(0, 29) q
    where (t.value + q.value) % 3 <> 0
    order by filed, ticker";

/// A union of all, with what was known at each row.
fn known(inputs: &[&str], order: &str) -> String {
    format!(
        "select ticker, date, kind, row, x,
            last_value(y) ignore nulls over w as y, count(y) over w as filings, lag(x) over w as before
        from ({}) window w as (partition by ticker order by {order} rows unbounded preceding)
        order by ticker, date, kind",
        inputs.join(" union all ")
    )
}

const SESSION_EVENTS: &str = "select ticker, date, 1 as kind, row, x, null as y from sessions";
const FILING_EVENTS: &str = "select ticker, filed + 1 as date, 0 as kind, row, null as x, y from filings";
const EVEN_SESSIONS: &str = "select ticker, date, 2 as kind, row, -x as x, x as y from sessions where row % 2 = 0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_give_what_datafusion_gives() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine(&folder, &[SESSIONS, FILINGS]).await;
    let plain = plain(&engine, &["sessions", "filings"]).await;
    let in_order = "date, kind";
    for inputs in [
        vec![SESSION_EVENTS, FILING_EVENTS],
        vec![FILING_EVENTS, SESSION_EVENTS],
        vec![EVEN_SESSIONS, FILING_EVENTS, SESSION_EVENTS],
        // Nothing of one of them.
        vec![SESSION_EVENTS, "select ticker, filed, 0, row, null, y from filings where y > 2"],
    ] {
        let sql = known(&inputs, in_order);
        let plan = compare(&engine, &plain, &sql).await;
        assert!(plan.contains("MergeUnionExec"), "{sql}:\n{plan}");
        assert!(!plan.contains("Hash("), "rows are dealt out by {sql}:\n{plan}");
    }
    // The sessions do not lie in this order.
    let sql = known(&[SESSION_EVENTS, FILING_EVENTS], "date desc, kind");
    let plan = compare(&engine, &plain, &sql).await;
    assert!(!plan.contains("MergeUnionExec"), "{sql}:\n{plan}");
}
