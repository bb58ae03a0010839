//! Worked examples of specification 04 §8 that are a function's alone: blends, labels and primitives.

use datafusion::arrow::array::AsArray;

use crate::support::{assert_close, assert_column, column, session, some, with_series};

/// Example 8.2: three components, by policy; NaN is missing too.
#[tokio::test]
async fn example_2_blend() {
    let rows = "from (values (1, 1.0, 0.5, 0.2), (2, 1.0, null, 'nan'::double), (3, null, 0.5, 0.2),
        (4, null, null, null)) as t (i, cs, cl2, sm) order by i";
    let cases = [
        ("blend('zero', 0.5, cs, 0.25, cl2, 0.25, sm)", vec![Some(0.675), Some(0.5), Some(0.175), None]),
        ("blend('renorm', 0.5, cs, 0.25, cl2, 0.25, sm)", vec![Some(0.675), Some(1.0), Some(0.35), None]),
        (
            "blend('renorm', 0.325, cs, 0.375, cl2, 0.3, sm)",
            vec![Some(0.5725), Some(1.0), Some(0.36666666666666664), None],
        ),
        // Weights need not sum to 1, and one without a weight is absent.
        ("blend('renorm', 2, cs, 1, cl2, 1, sm)", vec![Some(0.675), Some(1.0), Some(0.35), None]),
        ("blend('renorm', null, cs, 1, cl2, 1, sm)", vec![Some(0.35), None, Some(0.35), None]),
        ("blend('zero', i, cs, i, cl2, 'inf'::double, sm)", vec![Some(1.5), Some(2.0), Some(1.5), None]),
        // Nothing to divide by, or weights that would turn the signal around.
        ("blend('renorm', 0, cs, 1, cl2)", vec![Some(0.5), None, Some(0.5), None]),
        ("blend('renorm', -2, cs, 1, cl2)", vec![None, None, Some(0.5), None]),
        ("blend('renorm', 0.1 + 0.2, cs, -0.3, 1)", vec![None; 4]),
        ("blend('zero', 0.5, cs, -0.5, cl2)", vec![Some(0.25), Some(0.5), Some(-0.25), None]),
    ];
    for (call, expected) in cases {
        assert_column(&session(), &format!("select {call} {rows}"), &expected).await;
    }
    assert_column(&session(), "select blend('renorm', 1, 2, 3, 4)", &some([3.5])).await;
    assert_column(&session(), "select blend('renorm', 1, null)", &[None]).await;
}

/// Example 8.1: v8 with its fallback is a blend with two required components.
#[tokio::test]
async fn example_1_fallback() {
    let names = "from (values ('A', 0.40, 1.00, -0.50), ('B', null, 1.00, -0.50), ('C', -1.20, null, 0.80),
        ('D', null, 0.60, null), ('E', 0.00, 0.60, 0.80)) as t (ticker, v33, quality, value) order by ticker";
    let v8 = "case when quality is not null and value is not null
        then blend('renorm', 0.35, v33, 0.35, quality, 0.30, value) end";
    let expected = [Some(0.34), Some(0.3076923076923077), None, None, Some(0.45)];
    assert_column(&session(), &format!("select {v8} {names}"), &expected).await;
}

/// Example 8.3 in parts: ties go to the outer label, the lower one first, and a missing number has none.
#[tokio::test]
async fn example_3_labels() {
    let rows = "(values (1, 0.01197, 0.0), (2, 0.01594, 0.02), (3, 0.014, -0.0038), (4, 0.02, 0.03),
        (5, 0.01, null), (6, 'nan'::double, 0.0)) as t (i, vol, trend)";
    let sql =
        format!("select regime_label(vol, 0.01197, 0.01594, trend, -0.0038, 0.02) as label from {rows} order by i");
    let context = session();
    let batches = context.sql(&sql).await.expect("plans").collect().await.expect("runs");
    let labels: Vec<Option<String>> = batches
        .iter()
        .flat_map(|batch| batch.column(0).as_string::<i32>().iter().map(|l| l.map(str::to_owned)))
        .collect();
    let expected =
        [Some("low_vol_neutral"), Some("high_vol_bull"), Some("normal_vol_bear"), Some("high_vol_bull"), None, None];
    assert_eq!(labels, expected.map(|label| label.map(str::to_owned)));
    // Both thresholds at the value: the lower test goes first. A threshold that is missing says nothing.
    let constant = "select case regime_label(1, 1, 1, 2, 2, 2) when 'low_vol_bear' then 1 end,
        case when regime_label(1, null, 1, 2, 2, 2) is null then 1 end";
    let found = crate::support::query(&context, constant).await.expect("runs");
    assert_eq!(found, [vec![Some(1.0)], vec![Some(1.0)]]);
}

/// Example 8.6: z-scores of the reference, exponential means, and the long composite.
#[tokio::test]
async fn example_6_primitives() {
    let cases = [
        (
            vec![Some(1.0), Some(2.0), None, Some(6.0)],
            vec![Some(-0.7559289460184544), Some(-0.3779644730092272), None, Some(1.1338934190276817)],
        ),
        (vec![None, Some(3.0), None], some([0.0; 3])),
        (vec![Some(2.0), Some(2.0), None], some([0.0; 3])),
    ];
    for (x, expected) in cases {
        let context = with_series("series", &[("x", &x)]);
        let sql = "select zscore(x, null, 'reference') over (partition by ticker) from series order by t";
        assert_close("z", &column(&context, sql).await, &expected, 1e-12);
    }
    let smoothed = [
        (
            vec![Some(0.5), Some(1.0), None, Some(-0.2), Some(0.1)],
            some([0.5, 0.65, 0.65, 0.32721518987341763, 0.2590506329113923]),
        ),
        (vec![None, Some(0.5)], vec![None, Some(0.5)]),
    ];
    for (x, expected) in smoothed {
        let context = with_series("series", &[("x", &x)]);
        let sql = "select ewm_mean_alpha(x, 0.3) over (partition by ticker order by t) from series order by t";
        assert_close("ewm", &column(&context, sql).await, &expected, 1e-12);
    }
    let long = "select blend('renorm', 1, 1.0, 1, null, 1, -0.5, 1, null, 1, 0.8, 1, 0.2)";
    assert_column(&session(), long, &some([0.375])).await;
    assert_column(&session(), "select blend('renorm', 0.6, 0.25, 0.4, 0.375)", &some([0.30])).await;
}
