//! What a session gets.

use std::collections::BTreeSet;

use datafusion::execution::FunctionRegistry;

use crate::support::{assert_column, session, some};

/// The names of the design (DESIGN.md §6), rolling_sum_by for windows over market sessions, and quantile and winsorize
/// for cross-sections without a score.
const NAMES: &str = "safe_div clip finite bounded_inverse mean_of symlog1p rolling_mean rolling_std \
    rolling_min rolling_max rolling_sum rolling_zscore rolling_skew rolling_kurt rolling_beta \
    rolling_alpha rolling_corr rolling_resid_std ewm_mean ewm_mean_alpha rsi forward_fill zscore \
    winsorized_zscore rank_pct neutralize rolling_sum_by quantile winsorize blend regime_label \
    pearson spearman stable_mean stable_std newey_west_t sharpe annualized_return annualized_vol max_drawdown sortino total_return";
const TABLE_FUNCTIONS: [&str; 4] = ["construct_portfolio", "optimize_portfolio", "portfolio_volatility", "vol_target"];

#[test]
fn every_function_is_registered_and_documented() {
    let mut names: BTreeSet<_> = kairos_udfs::function_names().into_iter().collect();
    assert_eq!(kairos_udfs::table_function_names(), TABLE_FUNCTIONS);
    assert!(TABLE_FUNCTIONS.iter().all(|name| names.remove(*name)));
    assert_eq!(names, NAMES.split_whitespace().map(str::to_owned).collect());
    let context = session();
    for name in names {
        let documented = match context.udf(&name) {
            Ok(function) => function.documentation().is_some(),
            Err(_) => match context.udwf(&name) {
                Ok(function) => function.documentation().is_some(),
                Err(_) => context.udaf(&name).expect(&name).documentation().is_some(),
            },
        };
        assert!(documented, "{name}");
    }
}

#[test]
fn fingerprint_is_a_hash() {
    let fingerprint = kairos_udfs::FINGERPRINT;
    assert_eq!(fingerprint.len(), 32);
    assert!(fingerprint.chars().all(|digit| digit.is_ascii_hexdigit()));
}

/// Inline and named windows, several functions in one, a frame that is ignored, constants that need
/// folding, and an input that is itself a constant.
#[tokio::test]
async fn forms_of_a_call() {
    let rows = "from (values (1, 1.0), (2, 2.0), (3, 4.0)) as t (t, x)";
    let sum = [None, Some(3.0), Some(6.0)];
    for call in [
        "rolling_sum(x, 2) over (order by t)",
        "rolling_sum(x, 1 + 1) over (order by t)",
        "rolling_sum(x, cast('2' as int)) over (order by t)",
        "rolling_sum(x, 2, null) over (order by t)",
        "rolling_sum(x, 2) over (order by t rows between unbounded preceding and current row)",
        "rolling_sum(x, 2) over (order by t) + 0 * rolling_sum(x, 1) over (order by t desc)",
    ] {
        assert_column(&session(), &format!("select {call} {rows} order by t"), &sum).await;
    }
    let named = format!("select rolling_sum(x, 2) over w {rows} window w as (order by t) order by t");
    assert_column(&session(), &named, &sum).await;
    let constant = format!("select rolling_sum(1, 2) over (order by t) {rows} order by t");
    assert_column(&session(), &constant, &[None, Some(2.0), Some(2.0)]).await;
    let huge = format!("select rolling_mean(x, 9223372036854775807, 1) over (order by t) {rows} order by t");
    assert_column(&session(), &huge, &some([1.0, 1.5, 7.0 / 3.0])).await;
    let empty = format!("select rolling_std(x, 2) over (order by t) {rows} where x > 9");
    assert_column(&session(), &empty, &[]).await;
}
