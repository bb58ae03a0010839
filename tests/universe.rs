//! The point-in-time universe (spec 01 §4.1 and §5.3) and the reference's static one on a market of a few hand-made rows.

mod common;

use std::fmt::Write;

use common::{Desk, REFERENCE, SQL};

/// Weekdays from a date on.
fn weekdays(from: &str, count: usize) -> Vec<chrono::NaiveDate> {
    use chrono::Datelike;
    let first: chrono::NaiveDate = from.parse().unwrap();
    first.iter_days().filter(|day| day.weekday().number_from_monday() <= 5).take(count).collect()
}

struct Market {
    sep: String,
    daily: String,
    tickers: String,
}

impl Market {
    fn new() -> Self {
        Self {
            sep: "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n".into(),
            daily: "ticker,date,marketcap,ev,pe,pb,ps,evebit,evebitda,lastupdated\n".into(),
            tickers: "table,permaticker,ticker,name,exchange,category,isdelisted,scalemarketcap,firstpricedate,lastpricedate,lastupdated\n"
                .into(),
        }
    }

    fn bar(&mut self, ticker: &str, day: chrono::NaiveDate, close: f64, volume: f64) {
        writeln!(self.sep, "{ticker},{day},{close},{close},{close},{close},{volume},{close},{close},2030-01-01")
            .unwrap();
    }

    fn marketcap(&mut self, ticker: &str, day: chrono::NaiveDate, millions: f64) {
        writeln!(self.daily, "{ticker},{day},{millions},,,,,,,2030-01-01").unwrap();
    }

    fn listing(&mut self, ticker: &str, exchange: &str, category: &str, delisted: &str, last: &str) {
        let table = ["SEP", "SF1"];
        for table in table {
            writeln!(
                self.tickers,
                "{table},1,{ticker},{ticker} Inc,{exchange},{category},{delisted},4 - Mid,2000-01-03,{last},2030-01-01"
            )
            .unwrap();
        }
    }

    fn land(&self, desk: &Desk) {
        for (table, text) in [("sep", &self.sep), ("daily", &self.daily), ("tickers", &self.tickers)] {
            desk.ok(&["land", table, &desk.write(&format!("{table}.csv"), text)]);
        }
    }
}

const COMMON: &str = "Domestic Common Stock";

#[test]
fn membership_is_judged_on_what_was_known_on_the_day() {
    let (desk, mut market) = (Desk::new(), Market::new());
    let days = weekdays("2009-01-05", 80);
    for (at, day) in days.iter().enumerate() {
        // Trades all along, liquid and large.
        market.bar("GOOD", *day, 10.0, 100_000.0);
        market.marketcap("GOOD", *day, 1000.0);
        // The same until it is delisted after day 70.
        if at < 70 {
            market.bar("GONE", *day, 10.0, 100_000.0);
            market.marketcap("GONE", *day, 1000.0);
        }
        // Below two dollars on day 79 only.
        market.bar("FELL", *day, if at == 79 { 1.5 } else { 20.0 }, 100_000.0);
        market.marketcap("FELL", *day, 1000.0);
        // Its market capitalisation is not published after day 60: known for ten days more.
        market.bar("DARK", *day, 10.0, 100_000.0);
        if at <= 60 {
            market.marketcap("DARK", *day, 1000.0);
        }
        // Trades every second session only: 30 of 60.
        if at % 2 == 0 {
            market.bar("GAPS", *day, 10.0, 100_000.0);
            market.marketcap("GAPS", *day, 1000.0);
        }
        market.bar("PREF", *day, 10.0, 100_000.0);
        market.marketcap("PREF", *day, 1000.0);
    }
    market.listing("GOOD", "NYSE", COMMON, "N", "2009-12-31");
    market.listing("GONE", "NYSEMKT", COMMON, "Y", &days[69].to_string());
    market.listing("FELL", "NASDAQ", "Domestic Common Stock Primary Class", "N", "2009-12-31");
    market.listing("DARK", "NYSE", COMMON, "N", "2009-12-31");
    market.listing("GAPS", "NYSE", COMMON, "N", "2009-12-31");
    market.listing("PREF", "OTC", "Domestic Preferred Stock", "N", "2009-12-31");
    market.land(&desk);
    desk.ok(&["--sql", SQL, "run", "universe"]);

    let reasons = |ticker: &str, day: usize| {
        let sql =
            format!("select reasons, in_universe from universe where ticker = '{ticker}' and date = '{}'", days[day]);
        // Reasons are separated by commas, as CSV cells are: the last cell is the verdict.
        let mut cells = desk.rows(&sql).remove(0);
        let member = cells.pop().unwrap() == "true";
        let reasons = cells.join(",").replace('"', "");
        assert_eq!(member, reasons.is_empty(), "{ticker} on day {day}");
        reasons
    };
    // Forty observed days are needed.
    assert_eq!(reasons("GOOD", 38), "history");
    assert_eq!(reasons("GOOD", 39), "");
    // Delisted later, a member until its last day; one row per day although TICKERS lists it twice.
    assert_eq!(reasons("GONE", 69), "");
    assert_eq!(desk.number("select count(*) from universe where ticker = 'GONE'"), 70.0);
    assert_eq!(reasons("FELL", 78), "");
    assert_eq!(reasons("FELL", 79), "price");
    // Day 60 is a Monday: ten calendar days later is day 68.
    assert_eq!(reasons("DARK", 60), "");
    assert_eq!(reasons("DARK", 68), "");
    assert_eq!(reasons("DARK", 69), "size");
    // Sessions without a row count as days without trading.
    assert_eq!(reasons("GAPS", 78), "history");
    assert_eq!(reasons("PREF", 79), "category,exchange");
    let adv = |ticker: &str, day: usize| {
        desk.number(&format!("select adv_60 from universe where ticker = '{ticker}' and date = '{}'", days[day]))
    };
    assert_eq!(adv("GOOD", 79), 1e6);
    assert_eq!(adv("GAPS", 78), 5e5);
    assert_eq!(adv("GAPS", 2), 1e6 * 2.0 / 3.0);
}

#[test]
fn the_reference_averages_over_ninety_calendar_days_inclusive() {
    let (desk, mut market) = (Desk::new(), Market::new());
    let last: chrono::NaiveDate = "2020-06-30".parse().unwrap();
    // Spec 01 §5.3 (k): a row exactly 90 days before the last date counts, one 91 days before does not.
    market.bar("A", last, 10.0, 60_000.0);
    market.bar("A", last - chrono::Days::new(90), 10.0, 80_000.0);
    market.bar("A", last - chrono::Days::new(91), 10.0, 9_000_000.0);
    // A stale name keeps its own last close.
    market.bar("B", last - chrono::Days::new(80), 3.0, 1_000_000.0);
    market.bar("OLD", last - chrono::Days::new(91), 30.0, 1_000_000.0);
    for ticker in ["A", "B", "OLD"] {
        market.listing(ticker, "NYSE", COMMON, "N", "2020-06-30");
    }
    market.listing("C", "NYSEMKT", COMMON, "N", "2020-06-30");
    market.land(&desk);
    desk.ok(&["--sql", SQL, "--overlay", REFERENCE, "run", "universe"]);
    let csv = desk.ok(&["export", "universe", "--format", "csv"]);
    let expected = "ticker,name,exchange,category,scalemarketcap,isdelisted,adv_60d,last_close\n\
                    A,A Inc,NYSE,Domestic Common Stock,4 - Mid,N,700000.0,10.0\n\
                    B,B Inc,NYSE,Domestic Common Stock,4 - Mid,N,3000000.0,3.0\n";
    assert_eq!(csv, expected);
}
