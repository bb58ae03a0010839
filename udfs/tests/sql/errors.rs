//! A call with wrong arguments is refused while the query is planned, with an error that says what to
//! write instead.

use crate::support::session;

/// The error of planning a query, without running it.
async fn planning_error(call: &str) -> String {
    let context = session();
    let sql = format!("select {call} from (values (1, 2.0, 'a')) as t (t, x, s)");
    let planned = async { context.sql(&sql).await?.create_physical_plan().await };
    match planned.await {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{call} was planned"),
    }
}

#[tokio::test]
async fn wrong_arguments() {
    let over = "over (order by t)";
    let cases = [
        ("rolling_mean(x)", "rolling_mean was called with 1 argument(s)"),
        ("rolling_mean(x)", "write rolling_mean(x, n [, min_periods])"),
        ("rolling_mean(x, 1, 2, 3)", "rolling_mean was called with 4 argument(s)"),
        ("rolling_mean(s, 3)", "argument `x` of rolling_mean must be a number, found type Utf8"),
        ("rolling_mean(x, 3.5)", "argument `n` of rolling_mean must be an integer constant"),
        ("rolling_mean(x, '3')", "argument `n` of rolling_mean must be an integer constant"),
        ("rolling_mean(x, 0)", "argument `n` of rolling_mean must be an integer of at least 1, found 0"),
        ("rolling_mean(x, -5)", "must be an integer of at least 1, found -5"),
        ("rolling_mean(x, null)", "must be an integer of at least 1, found NULL"),
        ("rolling_mean(x, t)", "argument `n` of rolling_mean must be a constant"),
        ("rolling_mean(x, 3, 4)", "argument `min_periods` of rolling_mean must be at most n = 3, found 4"),
        ("rolling_mean(x, 3, 0)", "argument `min_periods` of rolling_mean must be an integer of at least 1"),
        ("rolling_beta(x, x)", "write rolling_beta(y, x, n [, min_periods])"),
        ("ewm_mean(x, 0.5)", "argument `span` of ewm_mean must be a number >= 1, found 0.5"),
        ("ewm_mean(x, 'inf'::double)", "argument `span` of ewm_mean must be a number >= 1"),
        ("ewm_mean_alpha(x, 0)", "argument `alpha` of ewm_mean_alpha must be a number in (0, 1]"),
        ("ewm_mean_alpha(x, 1.1)", "argument `alpha` of ewm_mean_alpha must be a number in (0, 1]"),
        ("rsi(x, 0)", "argument `n` of rsi must be an integer of at least 1, found 0"),
        ("rsi(x, (random() * 9)::int)", "argument `n` of rsi must be a constant"),
        ("zscore(x, 0)", "argument `clip` of zscore must be a positive number, or NULL for no limit"),
        ("zscore(x, 3, 'exact')", "argument `mode` of zscore must be 'corrected' or 'reference', found 'exact'"),
        ("zscore(x, 3, 1)", "argument `mode` of zscore must be a string constant, found type Int64"),
        ("winsorized_zscore(x, 3, -0.1)", "argument `p_lo` of winsorized_zscore must be a number from 0 to 1"),
        ("winsorized_zscore(x, 3, 0, 1.5)", "argument `p_hi` of winsorized_zscore must be a number from 0 to 1"),
        ("winsorized_zscore(x, 3, 0.5, 0.5)", "argument `p_hi` of winsorized_zscore must be greater than p_lo = 0.5"),
        (
            "winsorized_zscore(x, 3, 0, 1, 0)",
            "argument `min_group` of winsorized_zscore must be an integer of at least 1",
        ),
        ("quantile(x, 1.5)", "argument `p` of quantile must be a number from 0 to 1, found 1.5"),
        ("winsorize(x, true, 0.9, 0.1)", "argument `p_hi` of winsorize must be greater than p_lo = 0.9, found 0.1"),
        ("neutralize(x)", "write neutralize(x, group)"),
        ("forward_fill()", "write forward_fill(x)"),
    ];
    for (call, expected) in cases {
        let error = planning_error(&format!("{call} {over}")).await;
        assert!(error.contains(expected), "{call}: {error}");
    }
    let scalar = [
        ("safe_div(x)", "safe_div was called with 1 argument(s); write safe_div(a, b)"),
        ("clip(x, 1)", "write clip(x, low, high)"),
        ("mean_of()", "write mean_of(x, …)"),
        ("blend('renorm')", "blend was called with 1 argument(s); write blend(policy, w1, x1, w2, x2, …)"),
        ("blend('renorm', 1, x, 1)", "blend was called with 4 argument(s)"),
        ("blend('mean', 1, x)", "argument `policy` of blend must be 'renorm' or 'zero', found 'mean'"),
        ("blend(s, 1, x)", "argument `policy` of blend must be a constant"),
        ("blend(1, 1, x)", "argument `policy` of blend must be a string constant, found type Int64"),
        ("blend('zero', 1, s)", "argument `x` of blend must be a number, found type Utf8"),
        ("blend('zero', 1, x, s, x)", "argument `w` of blend must be a number, found type Utf8"),
        ("regime_label(x, x, x)", "write regime_label(vol, vol_lo, vol_hi, trend, trend_lo, trend_hi)"),
        ("regime_label(x, x, x, x, s, x)", "argument `trend_lo` of regime_label must be a number, found type Utf8"),
        ("finite(s)", "argument `x` of finite must be a number, found type Utf8"),
    ];
    for (call, expected) in scalar {
        let error = planning_error(call).await;
        assert!(error.contains(expected), "{call}: {error}");
    }
}

#[tokio::test]
async fn ignore_nulls_is_refused() {
    let error = planning_error("rolling_mean(x, 3) ignore nulls over (order by t)").await;
    assert!(error.contains("rolling_mean does not take IGNORE NULLS"), "{error}");
}
