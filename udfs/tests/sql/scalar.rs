//! Scalar functions over columns and constants of every numeric type.

use crate::support::{assert_column, session, some};

const NUMBERS: &str = "(values (1, 4.0, 2), (2, 0.0, 0), (3, -6.0, null), (4, null, 3),
    (5, 'nan'::double, 1), (6, 'inf'::double, 2), (7, 1e300, -3)) as t (i, a, b)";

/// Checks `expression` on the seven rows above.
async fn assert_rows(expression: &str, expected: &[Option<f64>]) {
    assert_column(&session(), &format!("select {expression} from {NUMBERS} order by i"), expected).await;
}

#[tokio::test]
async fn safe_div() {
    let quotient = [Some(2.0), None, None, None, None, None, Some(1e300 / -3.0)];
    assert_rows("safe_div(a, b)", &quotient).await;
    let by_constant = [Some(2.0), Some(0.0), Some(-3.0), None, None, None, Some(5e299)];
    assert_rows("safe_div(a, 2)", &by_constant).await;
    let of_constant = [Some(0.5), None, Some(-1.0 / 3.0), None, None, None, Some(2e-300)];
    assert_rows("safe_div(2, a)", &of_constant).await;
    assert_rows("safe_div(a, 0)", &[None; 7]).await;
    assert_rows("safe_div(a, null)", &[None; 7]).await;
    assert_rows("safe_div(1, 'inf'::double)", &[None; 7]).await;
    // Overflow of the quotient.
    assert_rows("safe_div(a, 1e-300)", &[Some(4e300), Some(0.0), Some(-6e300), None, None, None, None]).await;
}

#[tokio::test]
async fn clip() {
    let clipped = [Some(3.0), Some(0.0), Some(-1.0), None, None, None, Some(3.0)];
    assert_rows("clip(a, -1, 3)", &clipped).await;
    assert_rows("clip(a, null, 3)", &[None; 7]).await;
    // b as upper bound: missing where b is, and where the interval is empty.
    assert_rows("clip(a, 0, b)", &[Some(2.0), Some(0.0), None, None, None, None, None]).await;
    let open = [Some(3.0), Some(0.0), Some(-6.0), None, None, None, Some(3.0)];
    assert_rows("clip(a, '-inf'::double, 3)", &open).await;
}

#[tokio::test]
async fn finite() {
    let found = [Some(4.0), Some(0.0), Some(-6.0), None, None, None, Some(1e300)];
    assert_rows("finite(a)", &found).await;
}

#[tokio::test]
async fn bounded_inverse() {
    // Both ends are excluded: a = 4 is not below 4.
    assert_rows("bounded_inverse(a, 4)", &[None; 7]).await;
    let found = [Some(0.25), None, None, None, None, None, None];
    assert_rows("bounded_inverse(a, 4.5)", &found).await;
    let inverse = [Some(0.5), None, None, Some(1.0 / 3.0), Some(1.0), Some(0.5), None];
    assert_rows("bounded_inverse(b, 10)", &inverse).await;
}

#[tokio::test]
async fn mean_of() {
    let found = [Some(3.0), Some(0.0), Some(-6.0), Some(3.0), Some(1.0), Some(2.0), Some(5e299)];
    assert_rows("mean_of(a, b)", &found).await;
    assert_rows("mean_of(null, a / 0 * 0)", &[None; 7]).await;
    assert_rows("mean_of(1, 2.5, null, 4::smallint)", &[Some(2.5); 7]).await;
}

#[tokio::test]
async fn symlog1p() {
    let log = |x: f64| Some(x.ln_1p());
    let found = [log(4.0), Some(0.0), Some(-7f64.ln()), None, None, None, log(1e300)];
    assert_rows("symlog1p(a)", &found).await;
    // ln(1 + x) computed naively has no correct digit here.
    assert_column(&session(), "select symlog1p(-1e-18) * 1e18", &some([-1.0])).await;
}

#[tokio::test]
async fn every_numeric_type() {
    let types = [
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "tinyint unsigned",
        "int unsigned",
        "bigint unsigned",
        "real",
        "double",
        "decimal(10, 2)",
    ];
    for data_type in types {
        let sql = format!("select safe_div(x::{data_type}, 4) from (values (3), (null)) as t (x)");
        assert_column(&session(), &sql, &[Some(0.75), None]).await;
        let sql = format!("select rolling_sum(x::{data_type}, 1) over () from (values (3), (null)) as t (x)");
        assert_column(&session(), &sql, &[Some(3.0), None]).await;
    }
}
