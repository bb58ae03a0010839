//! Worked examples 1 and 6 (momentum) of specification 03 §6, ranks and neutralisation.

use crate::support::{assert_close, assert_column, column, session, some, with_series};

const CROSS_SECTION: &str = "over (partition by ticker) from series order by t";

/// Example 1: 1, 2, …, 11, 1000 and NULL.
#[tokio::test]
async fn example_1_zscore() {
    let mut x: Vec<_> = (1..=11).map(|i| Some(f64::from(i))).collect();
    x.extend([Some(1000.0), None]);
    let context = with_series("series", &[("x", &x)]);
    let rows = |column: &[Option<f64>]| [column[0], column[1], column[10], column[11], column[12]];

    let clipped = [Some(-0.306081606), Some(-0.302596806), Some(-0.271233606), Some(3.0), None];
    for call in [
        "winsorized_zscore(x)",
        "winsorized_zscore(x, null, null, null, null, null)",
        "winsorized_zscore(x, 3.0, 0.0, 1.0, 2, 'corrected')",
        "winsorized_zscore(x, 3, 0, 1, 2, 'reference')",
        "zscore(x, 3)",
        "zscore(x, 3, 'reference')",
    ] {
        let found = column(&context, &format!("select {call} {CROSS_SECTION}")).await;
        assert_close(call, &rows(&found), &clipped, 1e-9);
    }
    let found = column(&context, &format!("select zscore(x) {CROSS_SECTION}")).await;
    assert_close("unclipped", &found[11..12], &some([3.175233665]), 1e-9);
    let call = "winsorized_zscore(x, 3, 0.01, 0.99)";
    let found = column(&context, &format!("select {call} {CROSS_SECTION}")).await;
    let winsorized = [Some(-0.307827236), Some(-0.304344614), Some(-0.269127092), Some(3.0), None];
    assert_close(call, &rows(&found), &winsorized, 1e-9);
    // A group of 12 is too small for 13.
    let mut zeros = vec![Some(0.0); 12];
    zeros.push(None);
    let small = format!("select winsorized_zscore(x, 3, 0, 1, 13) {CROSS_SECTION}");
    assert_column(&context, &small, &zeros).await;
}

/// Example 1: cross-sections without variation.
#[tokio::test]
async fn example_1_degenerate() {
    let cases = [
        (vec![Some(1.0), None, None], some([0.0; 3]), vec![Some(0.0), None, None]),
        (vec![None, None], some([0.0; 2]), vec![None, None]),
        (some([0.1; 3]), some([0.0; 3]), some([0.0; 3])),
    ];
    for (x, reference, corrected) in cases {
        let context = with_series("series", &[("x", &x)]);
        for (mode, expected) in [("reference", &reference), ("corrected", &corrected)] {
            let full = format!("select winsorized_zscore(x, 3, 0, 1, 2, '{mode}') {CROSS_SECTION}");
            assert_column(&context, &full, expected).await;
            let plain = format!("select zscore(x, null, '{mode}') {CROSS_SECTION}");
            assert_column(&context, &plain, expected).await;
        }
    }
}

/// Example 6: the momentum composite of the reference.
#[tokio::test]
async fn example_6_momentum() {
    let sql = "with prices (ticker, p252, p21, p0) as (values
           ('M1', 10.0, 12.0, 12.6), ('M2', 10.0, 9.0, 9.9), ('M3', 10.0, 45.0, 45.0),
           ('M4', 10.0, 11.0, 55.0), ('M5', 10.0, 40.0, 40.0), ('M6', 20.0, 15.0, 12.0)),
         raw as (
           select ticker, clip(p21 / p252 - 1, -5, 5) as mom, clip(1 - p0 / p21, -5, 5) as rev
           from prices),
         kept as (
           select ticker, case when abs(mom) <= 3 then mom end as mom,
             case when abs(rev) <= 3 then rev end as rev from raw),
         scores as (
           select ticker, mom, winsorized_zscore(mom, 3, 0, 1, 2, 'reference') over () as mom_z,
             winsorized_zscore(rev, 3, 0, 1, 2, 'reference') over () as rev_z from kept)
         select 0.60 * coalesce(mom_z, 0) + 0.40 * coalesce(rev_z, 0) from scores
         where mom is not null order by ticker";
    let expected = some([-0.382743767, -0.690655249, -0.216416468, 1.029333371, 0.295564435]);
    assert_close("momentum", &column(&session(), sql).await, &expected, 1e-9);
}

/// As pandas: `Series([3, 1, nan, 3, 2]).rank(pct=True)`.
#[tokio::test]
async fn rank_shares_ties() {
    let x = [Some(3.0), Some(1.0), None, Some(3.0), Some(2.0)];
    let context = with_series("series", &[("x", &x)]);
    let expected = [Some(0.875), Some(0.25), None, Some(0.875), Some(0.5)];
    assert_column(&context, &format!("select rank_pct(x) {CROSS_SECTION}"), &expected).await;
}

/// Groups of any type, NULL being a group; a date is a cross-section of its own.
#[tokio::test]
async fn neutralize_by_group() {
    let values = "(values (1, 'tech', 1.0, 0), (1, 'tech', 3.0, 1), (1, null, 7.0, 2),
         (1, 'bank', 5.0, 3), (1, null, 8.0, 4), (1, 'bank', null, 5), (2, 'tech', 9.0, 6))";
    let groups = [
        "sector",
        "arrow_cast(sector, 'Utf8')",
        "arrow_cast(sector, 'LargeUtf8')",
        "arrow_cast(sector, 'Dictionary(Int32, Utf8)')",
        "case sector when 'tech' then 1 when 'bank' then 2 end",
        "case sector when 'tech' then date '2020-01-01' when 'bank' then date '2020-01-02' end",
        "sector = 'tech'",
        "case when sector is not null then make_array(sector) end",
    ];
    let mut expected = some([-1.0, 1.0, -0.5, 0.0, 0.5, 0.0, 0.0]);
    expected[5] = None;
    for group in groups {
        let sql = format!(
            "select neutralize(x, {group}) over (partition by day)
             from {values} as t (day, sector, x, t) order by t"
        );
        assert_column(&session(), &sql, &expected).await;
    }
}

/// Example 1's quantiles, 1.11 and 891.21, and values limited to those of other values.
#[tokio::test]
async fn quantiles_and_winsorised_values() {
    let mut x: Vec<_> = (1..=11).map(|i| Some(f64::from(i))).collect();
    x.extend([Some(1000.0), None]);
    let context = with_series("series", &[("x", &x)]);
    for (p, expected) in [("0.01", 1.11), ("0.99", 891.21), ("0", 1.0), ("1", 1000.0), ("0.5", 6.5)] {
        let found = column(&context, &format!("select quantile(x, {p}) {CROSS_SECTION}")).await;
        assert_close(p, &found, &some([expected; 13]), 1e-9);
    }
    let found = column(&context, &format!("select winsorize(x, true, 0.01, 0.99) {CROSS_SECTION}")).await;
    let mut winsorised = x.clone();
    (winsorised[0], winsorised[11]) = (Some(1.11), Some(891.21));
    assert_close("winsorize", &found, &winsorised, 1e-9);
    // The limits are those of values below 5 only; a mark may be missing.
    let few = "case when x < 5 then true when x = 5 then false end";
    let limited: Vec<_> = x.iter().map(|value| value.map(|value| value.min(4.0))).collect();
    assert_column(&context, &format!("select winsorize(x, {few}, 0, 1) {CROSS_SECTION}"), &limited).await;
    // Without any there are no limits, and no quantile.
    assert_column(&context, &format!("select winsorize(x, null, 0.4, 0.6) {CROSS_SECTION}"), &x).await;
    assert_column(&context, &format!("select quantile(cast(null as double), 0.5) {CROSS_SECTION}"), &[None; 13]).await;
}
