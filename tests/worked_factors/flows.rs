//! Examples 4 and 6: what insiders and institutions trade.

use crate::common::REFERENCE;
use crate::{EVERYBODY, OVERLAY, SESSIONS, check, land, market, run};

const TRADES: &str = "ticker,filingdate,formtype,ownername,rownum,transactioncode,transactionvalue,securityadcode
A,2024-01-03,4,X,1,P,1000,NA
A,2024-01-03,4,X,2,P,500,NA
A,2024-01-04,4,X,1,A,99999,NA
A,2024-01-04,4,X,2,P,,NA
A,2024-01-05,4,X,1,S,2000,ND
A,2024-01-06,4,X,1,P,700,NA
A,2024-01-10,4,X,1,P,300,NA
B,2024-01-02,4,Y,1,S,-400,ND
B,2024-01-12,4,Y,1,P,400,NA
C,2024-01-08,4,Z,1,P,50,NA
C,2024-01-08,4,Z,2,S,50,ND
C,2024-01-11,4,Z,1,P,10,NA
";

/// Example 4 with a net value and score per row.
fn insiders(settings: &[&str], more: &str, expected: &str) {
    let desk = market(["A", "B", "C"].map(|ticker| (ticker, &SESSIONS[..])));
    land(&desk, "sf2", &format!("{TRADES}{more}"));
    run(&desk, &[settings, &["--set", "insider_lookback=3"]].concat(), &["feat_insider"]);
    let sql = "select ticker || substr(cast(date as text), 9), net_buy_value_30d, net_buy_signal, insider_composite_z \
        from feat_insider order by date, ticker";
    check(&desk, sql, expected);
    let counts = "select 'A', buy_value_30d, sell_value_30d, buy_count_30d, sell_count_30d from feat_insider \
        where ticker = 'A' and date = '2024-01-05'";
    let known = if settings.contains(&REFERENCE) { "A 1500 2000 2 1" } else { "A 1500 0 2 0" };
    check(&desk, counts, known);
}

#[test]
fn example_4_insiders_of_the_reference() {
    let expected = "
        B02 -400 -1 0
        A03 1500 1 0.707106781
        B03 -400 -1 -0.707106781
        A04 1500 1 0.707106781
        B04 -400 -1 -0.707106781
        A05 -500 -1 -0.707106781
        B05 0 0 0.707106781
        A08 -2000 -1 -1.154700538
        B08 0 0 0.577350269
        C08 0 0 0.577350269
        A09 -2000 -1 -1.154700538
        B09 0 0 0.577350269
        C09 0 0 0.577350269
        A10 300 1 1.154700538
        B10 0 0 -0.577350269
        C10 0 0 -0.577350269
        B11 0 0 -0.707106781
        C11 10 1 0.707106781
        B12 400 1 0";
    insiders(&OVERLAY, "", expected);
}

#[test]
fn example_4_insiders() {
    // An amended form and a derivative are no purchases in the open market.
    let more = "A,2024-01-05,RESTATED - 4,X,9,P,7777,NA\nA,2024-01-05,4,X,9,P,7777,DA\n";
    let expected = "
        A02 0 0 0
        B02 0 0 0
        C02 0 0 0
        A03 0 0 0.577350269
        B03 -400 -1 -1.154700538
        C03 0 0 0.577350269
        A04 1500 1 1.031371698
        B04 -400 -1 -0.965357190
        C04 0 0 -0.066014508
        A05 1500 1 1.031371698
        B05 -400 -1 -0.965357190
        C05 0 0 -0.066014508
        A08 200 1 1.154700538
        B08 0 0 -0.577350269
        C08 0 0 -0.577350269
        A09 -1300 -1 -1.154700538
        B09 0 0 0.577350269
        C09 0 0 0.577350269
        A10 -1300 -1 -1.154700538
        B10 0 0 0.577350269
        C10 0 0 0.577350269
        A11 300 1 1.154700538
        B11 0 0 -0.577350269
        C11 0 0 -0.577350269
        A12 300 1 1.048779592
        B12 0 0 -0.942774817
        C12 10 1 -0.106004774";
    insiders(&EVERYBODY, more, expected);
}

#[test]
fn example_6_institutions() {
    let sessions = [
        "2024-02-13",
        "2024-02-14",
        "2024-02-15",
        "2024-05-15",
        "2024-05-16",
        "2024-08-14",
        "2024-08-15",
        "2025-01-16",
        "2025-01-17",
    ];
    let holdings = "ticker,investorname,securitytype,calendardate,value,units
A,X,SHR,2023-12-31,100,10
A,Y,SHR,2023-12-31,300,30
A,X,PUT,2024-03-31,50,5
A,X,SHR,2024-03-31,150,12
A,Y,SHR,2024-03-31,330,30
A,Z,SHR,2024-03-31,70,7
A,Y,SHR,2024-06-30,400,32
";
    let sql = "select date || '' as day, inst_value, inst_shares, inst_num, inst_flow_value_qoq, \
        inst_flow_shares_qoq, inst_num_change from feat_institutional_academic where date <> '2024-02-13' order by 1";
    let reference = "
        2024-02-14 400 40 2 - - -
        2024-02-15 400 40 2 - - -
        2024-05-15 600 54 3 0.5 0.35 1
        2024-05-16 600 54 3 0.5 0.35 1
        2024-08-14 400 32 1 -0.333333333 -0.407407407 -2
        2024-08-15 400 32 1 -0.333333333 -0.407407407 -2
        2025-01-16 400 32 1 -0.333333333 -0.407407407 -2
        2025-01-17 400 32 1 -0.333333333 -0.407407407 -2";
    // Shares only, a session later, and not for ever.
    let default = "
        2024-02-14 - - - - - -
        2024-02-15 400 40 2 - - -
        2024-05-15 400 40 2 - - -
        2024-05-16 550 49 3 0.375 0.225 1
        2024-08-14 550 49 3 0.375 0.225 1
        2024-08-15 400 32 1 -0.272727273 -0.346938776 -2
        2025-01-16 400 32 1 -0.272727273 -0.346938776 -2
        2025-01-17 - - - - - -";
    for (settings, expected) in [(&OVERLAY[..], reference), (&EVERYBODY[..], default)] {
        let desk = market([("A", &sessions[..])]);
        land(&desk, "sf3", holdings);
        run(&desk, settings, &["feat_institutional_academic"]);
        check(&desk, sql, expected);
    }
    // A missing quarter is no basis for a flow.
    let desk = market([("A", &sessions[..])]);
    land(&desk, "sf3", &holdings.replace("2024-03-31", "2023-09-30"));
    run(&desk, &EVERYBODY, &["feat_institutional_academic"]);
    let sql = "select 'A', inst_value, inst_flow_value_qoq from feat_institutional_academic where date = '2024-08-15'";
    check(&desk, sql, "A 400 -");
}
