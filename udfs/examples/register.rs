//! A plain DataFusion program that uses the functions; nothing of the Kairos engine is involved.
//!
//! Run it with `cargo run --release -p kairos-udfs --example register`.

use datafusion::error::Result;
use datafusion::prelude::SessionContext;

#[tokio::main]
async fn main() -> Result<()> {
    let context = SessionContext::new();
    kairos_udfs::register_all(&context)?;
    println!("functions: {}", kairos_udfs::function_names().join(", "));

    // Sixty days of three tickers.
    context
        .sql(
            "create table prices as
             select case value % 3 when 0 then 'AAA' when 1 then 'BBB' else 'CCC' end as ticker,
               date '2024-01-01' + (value / 3)::int as date,
               100 + 10 * (value % 3) + 5 * sin(value * 0.37) + 0.1 * value as close
             from generate_series(0, 179)",
        )
        .await?
        .collect()
        .await?;

    // Features of one ticker through time, then scores of one date across tickers.
    context
        .sql(
            "with returns as (
               select ticker, date, close, safe_div(close, lag(close) over w) - 1 as ret
               from prices window w as (partition by ticker order by date)),
             features as (
               select ticker, date, ret,
                 rolling_mean(close, 21) over w as sma_21,
                 rolling_std(ret, 21) over w as vol_21,
                 ewm_mean(close, 12) over w - ewm_mean(close, 26) over w as macd,
                 rsi(close, 14) over w as rsi_14
               from returns window w as (partition by ticker order by date))
             select ticker, date, sma_21, vol_21, macd, rsi_14,
               winsorized_zscore(vol_21) over d as vol_z,
               rank_pct(macd) over d as macd_rank
             from features window d as (partition by date)
             order by date desc, ticker limit 6",
        )
        .await?
        .show()
        .await
}
