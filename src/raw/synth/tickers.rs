//! Rows of `tickers`: one per security and product.

use std::iter::repeat_n;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use chrono::NaiveDate;

use super::World;
use super::frame::Frame;
use super::path::{Bar, Path};
use super::sectors::SECTORS;
use super::security::{Kind, Security};
use super::statement::Statement;

/// Upper bounds of the vendor's size classes in USD (spec 01, section 1.6).
const SCALES: [(f64, &str); 6] = [
    (5e7, "1 - Nano"),
    (3e8, "2 - Micro"),
    (2e9, "3 - Small"),
    (1e10, "4 - Mid"),
    (2e11, "5 - Large"),
    (f64::INFINITY, "6 - Mega"),
];

/// The part of a security's row that is known only after its simulation.
struct Life {
    first_price: Option<NaiveDate>,
    last_price: Option<NaiveDate>,
    first_quarter: Option<NaiveDate>,
    last_quarter: Option<NaiveDate>,
    largest_market_cap: Option<f64>,
    revenue: Option<f64>,
}

impl Life {
    fn of(world: &World, security: &Security, path: &Path) -> Self {
        let (bars, _) = path.written(&world.calendar);
        let date = |bar: &Bar| world.calendar.date(bar.session);
        let filed = || path.quarters.iter().filter(|quarter| quarter.filed.is_some());
        let year = path.statements.len().checked_sub(4).map(|from| &path.statements[from..]);
        Self {
            first_price: bars.first().map(date),
            last_price: bars.last().map(date),
            first_quarter: filed().next().map(|quarter| quarter.calendar_quarter()),
            last_quarter: filed().next_back().map(|quarter| quarter.calendar_quarter()),
            // Without statements the vendor knows no number of shares.
            largest_market_cap: bars.iter().map(Bar::market_cap).reduce(f64::max).filter(|_| security.has_statements()),
            revenue: year.and_then(Statement::total).map(|year| year.revenue),
        }
    }
}

fn scale(dollars: f64) -> &'static str {
    SCALES.iter().find(|(below, _)| dollars < *below).map_or("6 - Mega", |(_, name)| name)
}

/// The rows of one security: its prices, and its fundamentals if the vendor has them.
pub fn rows(world: &World, security: &Security, path: &Path) -> Result<RecordBatch, ArrowError> {
    let life = Life::of(world, security, path);
    let products: &[&str] =
        if security.has_statements() { &[security.price_table(), "SF1"] } else { &[security.price_table()] };
    let classified = security.classified && security.kind != Kind::Fund;
    let count = products.len();
    let sector = Some(&SECTORS[security.sector]).filter(|_| classified);
    let industry = sector.map(|sector| sector.industries[security.industry]);
    let related = (!security.related.is_empty()).then(|| security.related.join(" "));
    let delisted = if security.delisting().is_some() { "Y" } else { "N" };
    let updated = life.last_price.or(life.first_price);
    Frame::new()
        .text("table", products.iter().map(Some))
        .integer("permaticker", repeat_n(Some(security.permaticker), count))
        .text("ticker", repeat_n(Some(&security.ticker), count))
        .text("name", repeat_n(Some(&security.name), count))
        .text("exchange", repeat_n(Some(security.exchange), count))
        .text("isdelisted", repeat_n(Some(delisted), count))
        .text("category", repeat_n(Some(security.category), count))
        .text("cusips", repeat_n(None::<&str>, count))
        .integer("siccode", repeat_n(industry.map(|(_, code)| code), count))
        .text("sicsector", repeat_n(None::<&str>, count))
        .text("sicindustry", repeat_n(None::<&str>, count))
        .text("famasector", repeat_n(None::<&str>, count))
        .text("famaindustry", repeat_n(None::<&str>, count))
        .text("sector", repeat_n(sector.map(|sector| sector.name), count))
        .text("industry", repeat_n(industry.map(|(name, _)| name), count))
        .text("scalemarketcap", repeat_n(life.largest_market_cap.map(scale), count))
        .text("scalerevenue", repeat_n(life.revenue.map(scale), count))
        .text("relatedtickers", repeat_n(related.as_deref(), count))
        .text("currency", repeat_n(Some(security.currency), count))
        .text("location", repeat_n(Some(&security.location), count))
        .date("lastupdated", repeat_n(updated, count))
        .date("firstadded", repeat_n(life.first_price, count))
        .date("firstpricedate", repeat_n(life.first_price, count))
        .date("lastpricedate", repeat_n(life.last_price, count))
        .date("firstquarter", repeat_n(life.first_quarter, count))
        .date("lastquarter", repeat_n(life.last_quarter, count))
        .text("secfilings", repeat_n(None::<&str>, count))
        .text("companysite", repeat_n(None::<&str>, count))
        .finish()
}
