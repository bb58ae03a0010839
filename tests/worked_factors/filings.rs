//! Examples 3 and 5: filings meet sessions.

use std::fmt::Write;

use crate::common::Desk;
use crate::{EVERYBODY, OVERLAY, SESSIONS, check, land, market, run};

const FILINGS: &str = "ticker,dimension,datekey,reportperiod,calendardate,netinc,equity,assets,ncfo,revenue,lastupdated
A,ARQ,2024-01-02,2023-09-30,2023-09-30,10,100,400,14,,2025-01-01
A,ARQ,2024-01-06,2023-12-31,2023-12-31,30,100,400,20,,2025-01-01
A,ARQ,2024-01-09,2024-03-31,2024-03-31,-50,-20,400,-10,,2025-01-01
B,ARQ,2024-01-03,2023-09-30,2023-09-30,250,100,500,,,2025-01-01
B,ARQ,2024-01-08,2023-12-31,2023-12-31,60,50,150,60,,2025-01-01
C,ARQ,2024-01-04,2023-09-30,2023-09-30,5,50,100,,,2025-01-01
C,ARQ,2024-01-10,2023-12-31,2023-12-31,4,50,100,2,,2025-01-01
C,ARQ,2024-01-10,2024-03-31,2024-03-31,6,50,100,3,,2025-01-01
";

/// Example 3: C is delisted after January 10.
fn filers() -> Desk {
    let desk = market([("A", &SESSIONS[..]), ("B", &SESSIONS[..]), ("C", &SESSIONS[..7])]);
    land(&desk, "sf1", FILINGS);
    desk
}

const QUALITY: &str = "select ticker || substr(cast(date as text), 9), computed_roe, computed_roa, computed_accruals, \
    quality_composite_z from feat_quality_v2";

#[test]
fn example_3_quality_of_the_reference() {
    let desk = filers();
    run(&desk, &OVERLAY, &["feat_quality_v2", "feat_fundamental"]);
    let expected = "
        A02 0.10  0.025 -0.01  0
        A03 0.10  0.025 -0.01  0
        A04 0.10  0.025 -0.01 -0.235702260
        A05 0.10  0.025 -0.01 -0.235702260
        A08 0.10  0.025 -0.01 -0.175946479
        A09 0.10 -0.125 -0.10 -0.268857555
        B08 1.00  0.30   0     0.532795556
        B09 1.00  0.30   0     0.500321361
        C04 0.10  0.05   -     0.235702260
        C05 0.10  0.05   -     0.235702260
        C08 0.10  0.05   -    -0.535273616
        C09 0.10  0.05   -    -0.347195708";
    check(&desk, &format!("{QUALITY} where date < '2024-01-10' order by 1"), expected);
    // Two reports of one day are two rows, as in the reference, on that day and are in its cross-section.
    let expected = "
        A10 0.10 -0.125 -0.10 -0.046567906
        B10 1.00  0.30   0     0.870192615
        C10 0.08  0.04   0.02 -0.417720572
        C10 0.12  0.06   0.03 -0.405904137";
    check(&desk, &format!("{QUALITY} where date = '2024-01-10' order by 1, 2"), expected);
    let expected = "
        A11 0.10 -0.125 -0.10 -0.141528910
        A12 0.10 -0.125 -0.10 -0.141528910
        B11 1.00  0.30   0     0.617309403
        B12 1.00  0.30   0     0.617309403
        C11 0.12  0.06   0.03 -0.475780493
        C12 0.12  0.06   0.03 -0.475780493";
    check(&desk, &format!("{QUALITY} where date > '2024-01-10' order by 1"), expected);

    // Ratios inside the quantiles of all filings.
    let fundamental = "select ticker || substr(cast(date as text), 9), roe, roa, accruals from feat_fundamental \
        where ticker || substr(cast(date as text), 9) in ('A08', 'A09', 'B02', 'B03', 'B08', 'C10') order by 1";
    let expected = "
        A08 0.30 0.075 0.025
        A09 2.50 -0.1145 -0.0955
        B02 - - -
        B03 2.50 0.493 -
        B08 1.20 0.40 0
        C10 0.12 0.06 0.02975";
    check(&desk, fundamental, expected);
}

#[test]
fn example_3_quality() {
    let desk = filers();
    run(&desk, &EVERYBODY, &["feat_quality_v2"]);
    let expected = "
        A02 -     -      -     -
        A03 0.10  0.025 -0.01  0
        A04 0.10  0.025 -0.01  0
        A05 0.10  0.025 -0.01 -0.235702260
        A08 0.30  0.075  0.025 0.471404521
        A09 0.30  0.075  0.025 -0.514653872
        A10 -    -0.125 -0.10 -0.114611198
        A11 -    -0.125 -0.10  0
        A12 -    -0.125 -0.10  0
        B02 -     -      -     -
        B03 -     -      -     -
        B04 -     -      -     -
        B05 -     -      -     -
        B08 -     -      -     -
        B09 1.00  0.30   0     0.995197360
        B10 1.00  0.30   0     0.351123442
        B11 1.00  0.30   0     0
        B12 1.00  0.30   0     0
        C02 -     -      -     -
        C03 -     -      -     -
        C04 -     -      -     -
        C05 0.10  0.05   -     0.353553391
        C08 0.10  0.05   -    -0.707106781
        C09 0.10  0.05   -    -0.720815232
        C10 0.10  0.05   -    -0.412073964";
    check(&desk, &format!("{QUALITY} order by 1"), expected);
}

#[test]
fn filings_expire_and_late_ones_of_old_periods_count_for_nothing() {
    let sessions = ["2021-01-04", "2021-06-01", "2021-06-02", "2021-07-01", "2022-02-05", "2022-02-06", "2022-07-07"];
    let desk = market([("A", &sessions[..]), ("B", &sessions[..6])]);
    let filings = "ticker,dimension,datekey,reportperiod,calendardate,netinc,equity,assets,ncfo,revenue,lastupdated
A,ARQ,2021-01-01,2020-09-30,2020-09-30,1,10,100,0,,2025-01-01
A,ARQ,2021-05-31,2020-06-30,2020-06-30,9,10,100,0,,2025-01-01
A,ARQ,2021-06-01,2020-09-30,2020-09-30,2,10,100,0,,2025-01-01
B,ARQ,2021-01-01,2020-09-30,2020-09-30,1,10,100,0,,2025-01-01
";
    land(&desk, "sf1", filings);
    run(&desk, &EVERYBODY, &["feat_quality_v2"]);
    // On June 1 the late report of an older quarter is no news; on June 2 the restated quarter is.
    let sql = "select ticker || cast(date as text), computed_roe from feat_quality_v2 order by ticker, date";
    let expected = "
        A2021-01-04 0.1
        A2021-06-01 0.1
        A2021-06-02 0.2
        A2021-07-01 0.2
        A2022-02-05 0.2
        A2022-02-06 0.2
        A2022-07-07 -
        B2021-01-04 0.1
        B2021-06-01 0.1
        B2021-06-02 0.1
        B2021-07-01 0.1
        B2022-02-05 0.1
        B2022-02-06 -";
    check(&desk, sql, expected);
}

/// The edge of example 3: 400 days are not too old, 401 are.
#[test]
fn example_3_expiry_of_the_reference() {
    let desk = market([("B", &["2021-01-04", "2022-02-05", "2022-02-06"][..])]);
    land(
        &desk,
        "sf1",
        &format!(
            "{}\nB,ARQ,2021-01-01,2020-09-30,2020-09-30,1,10,100,0,,2025-01-01\n",
            FILINGS.lines().next().unwrap()
        ),
    );
    run(&desk, &OVERLAY, &["feat_fundamental"]);
    let sql = "select ticker || cast(date as text), roe from feat_fundamental order by date";
    check(&desk, sql, "B2021-01-04 0.1\n B2022-02-05 0.1\n B2022-02-06 -");
}

#[test]
fn example_5_growth() {
    let names = ["G1", "G2", "G3", "G4", "G5"];
    let desk = market(names.map(|name| (name, &["2024-02-15", "2024-02-16"][..])));
    let mut filings = String::from(
        "ticker,dimension,datekey,reportperiod,calendardate,revenue,revenueusd,eps,epsdil,netinc,equity,assets,lastupdated\n",
    );
    for (ticker, datekey, period, millions, eps) in [
        ("G1", "2023-03-01", "2022-12-31", 100, 2.00),
        ("G1", "2024-02-15", "2023-12-31", 125, 2.50),
        ("G2", "2023-03-01", "2022-12-31", 80, -1.00),
        ("G2", "2024-02-15", "2023-12-31", 60, -0.50),
        ("G3", "2023-03-01", "2022-12-31", 50, 0.10),
        ("G3", "2023-06-01", "2022-12-31", 40, 0.05),
        ("G3", "2024-02-15", "2023-12-31", 200, 1.00),
        ("G4", "2024-02-15", "2023-12-31", 70, 3.00),
        ("G5", "2023-03-01", "2022-12-31", 10, 1.00),
        ("G5", "2024-02-15", "2023-12-31", 11, -0.20),
        // Filed later still: nobody knew it on the 15th.
        ("G5", "2024-02-16", "2022-12-31", 1, 9.00),
    ] {
        writeln!(
            filings,
            "{ticker},ART,{datekey},{period},{period},{millions}000000,{millions}000000,{eps},{eps},1,1,1,2025-01-01"
        )
        .unwrap();
    }
    land(&desk, "sf1", &filings);
    run(&desk, &EVERYBODY, &["feat_growth_v2"]);
    let sql = "select ticker, revenue_growth_yoy, eps_growth_yoy, revenue_growth_z, eps_growth_z, growth_z \
        from feat_growth_v2 where date = '2024-02-16' order by ticker";
    let expected = "
        G1  0.25 0.222222222 -0.350454588 0.029827499 -0.160313544
        G2 -0.25 0.666666667 -0.684220862 0.308217493 -0.188001685
        G3  3.0  1.809523810  1.485259920 1.024077476  1.254668698
        G4  -    -            -           -            -
        G5  0.1 -2.0         -0.450584470 -1.362122469 -0.906353469";
    check(&desk, sql, expected);
    let filing = "select src_datekey, src_calendardate from feat_growth_v2 where ticker = 'G3' and date = '2024-02-16'";
    assert_eq!(desk.rows(filing), [["2024-02-15", "2023-12-31"]]);
}
