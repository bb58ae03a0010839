//! The functions of a time series, through SQL: a row dated t is the same whether or not later rows
//! exist.

use datafusion::prelude::SessionContext;

use crate::support::{Column, query, session};

const CALLS: [&str; 17] = [
    "rolling_mean(x, 21)",
    "rolling_std(x, 21)",
    "rolling_min(x, 21)",
    "rolling_max(x, 21)",
    "rolling_sum(x, 21)",
    "rolling_zscore(x, 21)",
    "rolling_skew(x, 21, 5)",
    "rolling_kurt(x, 21, 5)",
    "rolling_beta(y, x, 21, 5)",
    "rolling_alpha(y, x, 21, 5)",
    "rolling_corr(y, x, 21, 5)",
    "rolling_resid_std(y, x, 21, 5)",
    "ewm_mean(x, 12)",
    "ewm_mean_alpha(x, 0.1)",
    "rsi(x, 14)",
    "forward_fill(x)",
    "rolling_mean(x, 500, 1)",
];

/// Rows before `end` of five tickers, 200 rows each, with missing values; computed on rows before
/// `known` only.
async fn before(context: &SessionContext, call: &str, known: u32, end: u32) -> Column {
    let sql = format!(
        "with rows as (
           select value / 200 as ticker, value % 200 as t,
             case when value % 61 > 0 then sin(value * 0.7) + (value * value % 101) end as x,
             case when value % 53 > 0 then cos(value * 0.9) * (value % 13) end as y
           from generate_series(0, 999)),
         result as (
           select ticker, t, {call} over (partition by ticker order by t) as result from rows
           where t < {known})
         select result from result where t < {end} order by ticker, t"
    );
    query(context, &sql).await.unwrap_or_else(|error| panic!("{call}: {error}")).remove(0)
}

#[tokio::test]
async fn later_rows_change_nothing() {
    let context = session();
    for call in CALLS {
        let whole = before(&context, call, 200, 120).await;
        let known = before(&context, call, 120, 120).await;
        assert_eq!(whole.len(), 600, "{call}");
        assert_eq!(whole, known, "{call}");
        assert!(whole.iter().flatten().count() > 100, "{call} has values");
    }
}
