//! Table functions as SQL sees them: in any query, in a plan, and on their way to another machine.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::physical_plan::{collect, displayable};
use datafusion::prelude::SessionContext;
use datafusion_proto::bytes::{
    logical_plan_from_bytes_with_extension_codec, logical_plan_to_bytes_with_extension_codec,
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use kairos_udfs::TableFunctionCodec;

use crate::support::{query, session};

/// Specification 06 §8.1, first date: name, sector, alpha, volatility and the return that follows.
const CANDIDATES: &str = "(select * from (values
    (date '2024-01-02', 'A1', 'Tech', 2.0, 0.020, 0.03), (date '2024-01-02', 'A2', 'Tech', 1.6, 0.016, 0.01),
    (date '2024-01-02', 'A3', 'Tech', 1.1, 0.022, -0.02), (date '2024-01-02', 'A4', 'Tech', 0.4, 0.020, 0.00),
    (date '2024-01-02', 'B1', 'Fin', 0.9, 0.012, 0.02), (date '2024-01-02', 'B2', 'Fin', -0.2, 0.015, 0.01),
    (date '2024-01-02', 'B3', 'Fin', -1.0, 0.014, -0.01), (date '2024-01-02', 'C1', 'Util', 0.5, 0.010, 0.005),
    (date '2024-01-02', 'C2', 'Util', -0.8, 0.011, 0.00), (date '2024-01-02', 'C3', 'Util', -1.5, 0.012, -0.03)
    ) as t (date, ticker, sector, alpha, volatility, period_return))";

const OPTIONS: &str = "n_long => 5, weighting => 'alpha_over_volatility', name_cap => 0.25, sector_multiple => 1.2";

#[tokio::test]
async fn a_portfolio_is_a_relation_like_any_other() {
    let context = session();
    let sql = format!(
        "with candidates as {CANDIDATES}
         select sum(p.weight * c.period_return), sum(p.weight), count(*), max(p.rank)
         from construct_portfolio(candidates, {OPTIONS}, caps => 'single_pass') p
         join candidates c on c.ticker = p.ticker and c.date = p.date"
    );
    let found = query(&context, &sql).await.unwrap();
    let expected = [0.013129505575858789, 1.0, 5.0, 5.0];
    for (column, expected) in found.iter().zip(expected) {
        assert!((column[0].unwrap() - expected).abs() < 1e-12, "{found:?}, not {expected}");
    }
    // Exact caps: 2 % find no room.
    let sql = format!("select sum(weight) from construct_portfolio({CANDIDATES}, {OPTIONS})");
    assert!((query(&context, &sql).await.unwrap()[0][0].unwrap() - 0.98).abs() < 1e-12);
}

#[tokio::test]
async fn a_plan_shows_the_call_and_sorts_only_what_is_not_sorted() {
    let context = session();
    let sql = format!("select ticker, weight from construct_portfolio({CANDIDATES}, {OPTIONS}) order by date, ticker");
    let plan = context.sql(&sql).await.unwrap().create_physical_plan().await.unwrap();
    let text = displayable(plan.as_ref()).indent(false).to_string();
    assert!(text.contains("TableFunctionExec: construct_portfolio(") && text.contains("name_cap => 0.25"), "{text}");
    let above = text.split("TableFunctionExec").next().unwrap();
    assert!(!above.contains("Sort"), "the result comes sorted:\n{text}");
}

#[tokio::test]
async fn leverage_passes_other_columns_through() {
    let rows = "(select date '2024-01-01' + cast(n * 7 || ' days' as interval) as date, r as ret, n
        from (values (0, 0.01), (1, -0.02), (2, 0.015), (3, 0.03), (4, -0.005), (5, 0.012)) as t (n, r))";
    let call = "target => 0.2, periods_per_year => 50.4, window => 3, min_periods => 3, least => 0.5, most => 1.5";
    let found =
        query(&session(), &format!("select n, leverage * ret from vol_target({rows}, {call}) order by n")).await;
    let found = found.unwrap();
    let expected = [0.01, -0.02, 0.015, 0.0446470098, -0.0054898668, 0.018];
    for (n, expected) in expected.into_iter().enumerate() {
        assert_eq!(found[0][n], Some(n as f64));
        assert!((found[1][n].unwrap() - expected).abs() < 1e-10, "{n}: {found:?}");
    }
}

/// The candidates as a CSV file, which a plan on another machine can read.
async fn stored(context: &SessionContext) -> PathBuf {
    let path = std::env::temp_dir().join(format!("kairos-candidates-{}.csv", std::process::id()));
    let copy = format!("copy {CANDIDATES} to '{}' stored as csv options ('format.has_header' 'true')", path.display());
    context.sql(&copy).await.unwrap().collect().await.unwrap();
    context.register_csv("candidates", path.to_str().unwrap(), Default::default()).await.unwrap();
    path
}

#[tokio::test]
async fn physical_plans_travel() {
    let (here, there) = (session(), session());
    let path = stored(&here).await;
    let sql = format!("select * from construct_portfolio((select * from candidates), {OPTIONS}) order by ticker");
    let plan = here.sql(&sql).await.unwrap().create_physical_plan().await.unwrap();
    let codec = TableFunctionCodec::default();
    let bytes = physical_plan_to_bytes_with_extension_codec(plan.clone(), &codec).unwrap();
    let again = physical_plan_from_bytes_with_extension_codec(&bytes, &there.task_ctx(), &codec).unwrap();
    let shown =
        |plan: &Arc<dyn datafusion::physical_plan::ExecutionPlan>| displayable(plan.as_ref()).indent(false).to_string();
    assert_eq!(shown(&plan), shown(&again));
    let rows = collect(plan, here.task_ctx()).await.unwrap();
    let rows_again = collect(again, there.task_ctx()).await.unwrap();
    assert_eq!(
        pretty_format_batches(&rows).unwrap().to_string(),
        pretty_format_batches(&rows_again).unwrap().to_string()
    );
    assert_eq!(rows.iter().map(|batch| batch.num_rows()).sum::<usize>(), 5);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn logical_plans_travel() {
    let (here, there) = (session(), session());
    // The relation is given as values, which need no table on the other side.
    let sql = format!("select ticker, weight from construct_portfolio({CANDIDATES}, {OPTIONS}) where weight > 0.1");
    let plan = here.sql(&sql).await.unwrap().into_optimized_plan().unwrap();
    let codec = TableFunctionCodec::default();
    let bytes = logical_plan_to_bytes_with_extension_codec(&plan, &codec).unwrap();
    let again = logical_plan_from_bytes_with_extension_codec(&bytes, &there.task_ctx(), &codec).unwrap();
    let rows = here.execute_logical_plan(plan).await.unwrap().collect().await.unwrap();
    let rows_again = there.execute_logical_plan(again).await.unwrap().collect().await.unwrap();
    assert_eq!(
        pretty_format_batches(&rows).unwrap().to_string(),
        pretty_format_batches(&rows_again).unwrap().to_string()
    );
}

/// Specification 06 §8.5: the prices of three names over six days.
const PRICES: &str = "(select date '2024-01-01' + cast(day || ' days' as interval) as date, ticker, price from (values
    ('X', 0, 100.0), ('X', 1, 101.0), ('X', 2, 100.0), ('X', 3, 102.0), ('X', 4, 103.0), ('X', 5, 102.0),
    ('Y', 0, 50.0), ('Y', 1, 50.5), ('Y', 2, 50.5), ('Y', 3, 51.0), ('Y', 4, 50.0), ('Y', 5, 50.5),
    ('Z', 0, 20.0), ('Z', 1, 19.8), ('Z', 2, 20.2), ('Z', 3, 20.1), ('Z', 4, 20.3), ('Z', 5, 20.6)
    ) as t (ticker, day, price))";
const WEIGHTS: &str = "(select date '2024-01-06' as date, ticker, weight
    from (values ('X', 0.5), ('Y', 0.3), ('Z', 0.2)) as w (ticker, weight))";

#[tokio::test]
async fn leverage_from_a_covariance() {
    let context = session();
    let returns = format!(
        "(select ticker, date, price / lag(price) over (partition by ticker order by date) - 1 as ret from {PRICES})"
    );
    let volatility = format!("portfolio_volatility({WEIGHTS}, {returns}, cov_window => 5)");
    let found = query(&context, &format!("select volatility, names, with_median_variance from {volatility}")).await;
    let found = found.unwrap();
    // The smallest variance, Y's, is lifted to the 5 % quantile of the three: by a tenth of the way to the median, Z's.
    let lifted = 0.3 * 0.3 * 0.1 * (1.6756852441 - 1.6532683564) * 1e-4;
    let expected = (0.09936925192402159_f64.powi(2) + 252.0 * lifted).sqrt();
    assert!((found[0][0].unwrap() - expected).abs() < 1e-11, "{found:?}, not {expected}");
    assert_eq!((found[1][0], found[2][0]), (Some(3.0), Some(0.0)));
    let forecast = format!("(select date, 0.01 as ret, volatility as forecast from {volatility})");
    let leverage = "target => 0.1, method => 'ex_ante_cov', most => 1.5";
    let found = query(&context, &format!("select leverage from vol_target({forecast}, {leverage})")).await.unwrap();
    assert!((found[0][0].unwrap() - 0.1 / expected).abs() < 1e-10, "{found:?}");
    // Nothing to go by is said, and not taken for a leverage of 1.
    let without = format!("(select date, 0.01 as ret from {volatility})");
    let error = query(&context, &format!("select leverage from vol_target({without}, {leverage})")).await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("ex_ante_cov goes by the column forecast") && error.contains("cov_window"), "{error}");
}
