//! Aggregates: the worked examples of specifications 05 §7 and 06 §8.7, and what SQL can do with them.

use crate::support::{assert_close, query, session, some};

/// Three dates of six names.
const E1: &str = "(values
    (1, 1.0, 0.02), (1, 2.0, -0.01), (1, 2.0, 0.03), (1, 4.0, 0.03), (1, 5.0, 0.05), (1, 3.0, 0.00),
    (2, 10.0, 0.10), (2, 20.0, 0.12), (2, 30.0, 0.08), (2, 40.0, 0.15), (2, 50.0, 0.11), (2, 20.0, 0.09),
    (3, 3.0, -0.03), (3, 1.0, -0.01), (3, 2.0, -0.02), (3, 2.0, -0.02), (3, 5.0, -0.06), (3, 4.0, -0.04))
    as e1 (d, f, r)";

#[tokio::test]
async fn rank_correlation_per_date_and_pooled() {
    let context = session();
    let by_date = query(&context, &format!("select spearman(f, r) from {E1} group by d order by d")).await.unwrap();
    assert_close("per date", &by_date[0], &some([0.5735294118, 0.2898855178, -1.0]), 1e-9);
    let pooled = query(&context, &format!("select spearman(f, r) from {E1}")).await.unwrap();
    assert_close("pooled", &pooled[0], &some([0.6520960697]), 1e-9);
    let summary = format!(
        "select avg(ic), stddev(ic), avg(ic) / stddev(ic), avg(ic) / (stddev(ic) / sqrt(3))
         from (select spearman(f, r) as ic from {E1} group by d)"
    );
    let found: Vec<_> = query(&context, &summary).await.unwrap().concat();
    assert_close("summary", &found, &some([-0.0455283568, 0.8386748791, -0.0542860624, -0.0940262182]), 1e-9);
}

#[tokio::test]
async fn missing_pairs_filters_and_types() {
    let context = session();
    let sql = format!(
        "select spearman(case when f < 5 then f end, r), spearman(f, r) filter (where f < 5),
                spearman(f, r) filter (where d > 9), spearman(1, r), spearman(cast(f as int), cast(r as float))
         from {E1} group by d order by d"
    );
    let found = query(&context, &sql).await.unwrap();
    assert_eq!(found[0][0], found[1][0], "a missing value is no pair");
    assert_eq!((found[2][0], found[3][0]), (None, None), "nothing to correlate");
    assert_close("integers", &found[4][..1], &some([0.5735294118]), 1e-9);
}

/// Four partitions and small batches: the states of thousands of groups are merged, in any order.
#[tokio::test]
async fn many_groups() {
    let context = session();
    let sql = "with rows as (select value % 700 as g, value as t, value * 7919 % 1009 as x, value * 31 % 501 as y
                             from generate_series(1, 20000)),
               ranked as (select g, rank() over (partition by g order by x) + (count(*) over (partition by g, x) - 1) / 2.0
                                     as rx,
                                 rank() over (partition by g order by y) + (count(*) over (partition by g, y) - 1) / 2.0
                                     as ry
                          from rows),
               a as (select g, spearman(x, y) as ours, max_drawdown(cos(x) / 9 order by t) as down,
                            newey_west_t(cos(x), 3 order by t desc) as backwards,
                            newey_west_t(cos(x), 3 order by t) as forwards
                     from rows group by g),
               b as (select g, corr(rx, ry) as theirs from ranked group by g)
               select max(abs(ours - theirs)), count(ours), max(down), max(abs(forwards - backwards))
               from a join b using (g)";
    let found: Vec<_> = query(&context, sql).await.unwrap().concat().into_iter().flatten().collect();
    assert!(found[0] < 1e-9 && found[1] == 700.0, "{found:?}");
    assert!(found[2] < 0.0 && found[3] < 1e-9, "autocovariances are the same both ways: {found:?}");
}

#[tokio::test]
async fn order_decides() {
    let context = session();
    let returns = "(values (3, -0.2), (1, -0.2), (2, 0.5)) as r (t, r)";
    let sql = format!("select max_drawdown(r order by t), max_drawdown(r order by r) from {returns}");
    let found = query(&context, &sql).await.unwrap().concat();
    assert_close("drawdown", &found, &some([-0.2, -0.36]), 1e-12);
    let sql = "select newey_west_t(r, 2 order by t), newey_west_t(r, 2 order by -r)
        from (values (1, 0.04), (2, 0.03), (3, 0.05), (4, 0.01), (5, -0.02), (6, -0.01), (7, 0.0), (8, 0.02), (9, 0.03),
                     (10, 0.06)) as r (t, r)";
    let found = query(&context, sql).await.unwrap().concat();
    assert_close("by time", &found[..1], &some([2.0929655043]), 1e-9);
    assert!((found[1].unwrap() - 2.0929655043).abs() > 0.1, "sorted by value, neighbours are alike");
}

#[tokio::test]
async fn performance_by_hand() {
    let sql = "select annualized_return(r, 50.4), annualized_vol(r, 50.4), sharpe(r, 50.4), max_drawdown(r order by t)
               from (values (1, -0.04), (2, 0.03), (3, 0.01), (4, -0.02), (5, 0.05), (6, 0.02)) as r (t, r)";
    let found = query(&session(), sql).await.unwrap().concat();
    assert_close("portfolio", &found, &some([0.4850503403, 0.2350999787, 1.7864740025, -0.04]), 1e-9);
}

#[tokio::test]
async fn wrong_calls() {
    for (call, expected) in [
        ("newey_west_t(r, 2)", "depends on the order of the rows; write newey_west_t(x, lag order by date)"),
        ("newey_west_t(r order by t)", "write newey_west_t(x, lag)"),
        (
            "newey_west_t(r, -1 order by t)",
            "argument `lag` of newey_west_t must be a whole number, 0 or more, found -1",
        ),
        ("newey_west_t(r, t order by t)", "must be the same in all rows of a group"),
        ("sharpe(r, 0)", "argument `periods` of sharpe must be a positive number, found 0"),
        ("spearman(distinct r, t)", "spearman does not take DISTINCT"),
        ("spearman(r, 'a')", "argument `y` of spearman must be a number"),
    ] {
        let sql = format!("select {call} from (values (1, 0.5), (2, 0.1)) as r (t, r)");
        match query(&session(), &sql).await {
            Err(error) => assert!(error.to_string().contains(expected), "{call}: {error}"),
            Ok(found) => panic!("{call} gave {found:?}"),
        }
    }
}

/// The order of rows is that of threads and files, and must not be seen in a result.
#[tokio::test]
async fn moments_and_correlations_are_the_same_in_every_order() {
    let context = session();
    let of = async |order: &str| {
        let sql = format!(
            "with n as (select value as n from generate_series(1, 5000)),
                  x as (select n, sin(n) * exp(cos(n * 7) * 9) as x, cos(n) + sin(n) / 3 as y from n order by {order})
             select stable_mean(x), stable_std(x), pearson(x, y), spearman(x, y),
                    stable_mean(case when n < 3 then x end), stable_std(case when n < 2 then x end), pearson(1, y),
                    corr(x, y) - pearson(x, y), (avg(x) - stable_mean(x)) / avg(x), stddev(x) / stable_std(x) - 1
             from x"
        );
        query(&context, &sql).await.unwrap().concat()
    };
    let first = of("n").await;
    for order in ["n desc", "sin(n * 3)", "y", "x"] {
        assert_eq!(of(order).await[..7], first[..7], "{order}");
    }
    assert!(first[4].is_some() && first[5].is_none() && first[6].is_none(), "{first:?}");
    assert_close("the functions of DataFusion", &first[7..], &some([0.0, 0.0, 0.0]), 1e-12);
}
