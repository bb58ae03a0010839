//! Trades of insiders (SEC forms 3, 4 and 5) and their rows in `sf2`.

use std::collections::HashMap;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use chrono::{Days, NaiveDate};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::World;
use super::frame::Frame;
use super::path::Path;
use super::random::{Purpose, chance, log_between, normal, pick_weighted, stream};
use super::security::{Kind, Security};
use crate::exchange;

/// Sessions after which the news of an insider trade has faded to 1/e.
pub const MEMORY: f64 = 25.0;

/// SEC transaction codes with their frequency, and whether shares are acquired.
const CODES: [(Option<&str>, f64, bool); 15] = [
    (Some("S"), 0.345, false),
    (Some("P"), 0.187, true),
    (Some("A"), 0.152, true),
    (Some("M"), 0.094, true),
    (Some("F"), 0.092, false),
    (Some("G"), 0.038, false),
    (Some("D"), 0.024, false),
    (Some("C"), 0.018, true),
    (Some("J"), 0.013, true),
    (Some("X"), 0.010, true),
    (Some("I"), 0.009, true),
    (Some("U"), 0.005, false),
    (Some("W"), 0.004, true),
    (Some("V"), 0.004, true),
    (None, 0.005, true),
];

const TITLES: [&str; 9] = ["Chief Executive Officer", "CFO", "COO", "General Counsel", "SVP", "EVP", "", "", ""];

const SURNAMES: [&str; 20] = [
    "ABBOT", "BARLOW", "CARVER", "DALTON", "ELLERY", "FENWICK", "GARDNER", "HOLLIS", "IRVING", "JARVIS", "KEATING",
    "LANGLEY", "MERCER", "NORRIS", "OSBORNE", "PRESCOTT", "QUINN", "RAMSEY", "SEWELL", "THATCHER",
];

const FIRST_NAMES: [&str; 10] =
    ["ANNE", "CARL", "DIANE", "EDWARD", "GRACE", "HENRY", "LAURA", "PETER", "SUSAN", "WALTER"];

/// One trade of an insider.
pub struct Trade {
    /// Day of the trade.
    pub date: NaiveDate,
    /// Day of the filing.
    pub filed: NaiveDate,
    code: Option<&'static str>,
    acquired: bool,
    owner: usize,
    dollars: f64,
    holding: f64,
    priced: bool,
    valued: bool,
}

impl Trade {
    /// What the market makes of the trade: purchases tell much, sales little.
    pub fn news(&self) -> f64 {
        match self.code {
            Some("P") => 1.3,
            Some("S") => -0.7,
            _ => 0.0,
        }
    }
}

/// The trades in the shares of an issuer, by filing date.
pub fn schedule(world: &World, security: &Security) -> Vec<Trade> {
    if !security.kind.files_quarterly() {
        return Vec::new();
    }
    let rng = &mut stream(world.config.seed, Purpose::Insiders, security.issuer);
    let per_session = log_between(rng, 1.5, 13.0) / 252.0;
    let typical = 6e4 * (security.traits.market_cap / 1e9).powf(0.4);
    let last = world.calendar.date(security.lifetime.last);
    let mut trades = Vec::new();
    for session in security.lifetime.start..=security.lifetime.last {
        if chance(rng, per_session) {
            let trade = draw(rng, world.calendar.date(session), typical);
            trades.extend((trade.filed <= last).then_some(trade));
        }
    }
    trades.sort_by_key(|trade| trade.filed);
    trades
}

fn draw(rng: &mut ChaCha8Rng, date: NaiveDate, typical: f64) -> Trade {
    let (code, _, acquired) = CODES[pick_weighted(rng, &CODES.map(|(_, weight, _)| weight))];
    // Due two business days after the trade; some file weeks late.
    let lag = if chance(rng, 0.06) { rng.random_range(6..100) } else { rng.random_range(1..=2) };
    let mut filed = date + Days::new(lag);
    while exchange::is_weekend(filed) {
        filed = filed + Days::new(1);
    }
    // Grants, gifts and the like often come without a price.
    let often_priced = !matches!(code, Some("A" | "G" | "M" | "J" | "W"));
    Trade {
        date,
        filed,
        code,
        acquired,
        owner: rng.random_range(0..12),
        dollars: typical * (1.2 * normal(rng)).exp(),
        holding: log_between(rng, 0.2, 60.0),
        priced: chance(rng, if often_priced { 0.98 } else { 0.5 }),
        valued: chance(rng, 0.985),
    }
}

/// A person who files, the same for all trades of an issuer with the same number.
struct Owner {
    name: String,
    title: Option<&'static str>,
    director: bool,
    large: bool,
}

impl Owner {
    fn of(security: &Security, number: usize) -> Self {
        let mix = security.issuer.wrapping_mul(31).wrapping_add(number * 7);
        let title = TITLES[(mix / 3) % TITLES.len()];
        let initial = char::from(b'A' + (number % 26) as u8);
        Self {
            name: format!("{} {} {initial}", SURNAMES[mix % SURNAMES.len()], FIRST_NAMES[mix % FIRST_NAMES.len()]),
            title: (!title.is_empty()).then_some(title),
            director: title.is_empty() || mix.is_multiple_of(5),
            large: number == 11,
        }
    }
}

/// A trade with the figures that depend on the price.
struct Row<'a> {
    trade: &'a Trade,
    owner: Owner,
    form: &'static str,
    number: i64,
    price: f64,
    shares: f64,
    before: f64,
}

/// The rows of `sf2` of one security.
pub fn rows(world: &World, security: &Security, path: &Path, trades: &[Trade]) -> Result<RecordBatch, ArrowError> {
    let first = world.calendar.date(world.calendar.first());
    let mut numbers: HashMap<(NaiveDate, &str, usize), i64> = HashMap::new();
    let written = trades.iter().filter(|trade| trade.filed >= first && security.kind != Kind::SecondaryClass);
    let rows: Vec<Row> = written
        .filter_map(|trade| {
            let session = world.calendar.on_or_before(trade.date)?;
            let price = path.at(session)?.0.close;
            let form = if trade.code == Some("W") { "5" } else { "4" };
            let number = numbers.entry((trade.filed, form, trade.owner)).or_default();
            *number += 1;
            let shares = (trade.dollars / price).ceil();
            // Nobody sells more than he has.
            let before = (shares * trade.holding).ceil().max(shares);
            let owner = Owner::of(security, trade.owner);
            Some(Row { trade, owner, form, number: *number, price, shares, before })
        })
        .collect();
    batch(security, &rows)
}

impl Row<'_> {
    fn signed_shares(&self) -> f64 {
        if self.trade.acquired { self.shares } else { -self.shares }
    }

    fn price(&self) -> Option<f64> {
        self.trade.priced.then_some(self.price)
    }

    fn value(&self) -> Option<f64> {
        (self.trade.priced && self.trade.valued).then(|| (self.price * self.shares).round())
    }
}

fn batch(security: &Security, rows: &[Row]) -> Result<RecordBatch, ArrowError> {
    let yes = |flag: bool| Some(if flag { "Y" } else { "N" });
    let none = || rows.iter().map(|_| None);
    Frame::new()
        .text("ticker", rows.iter().map(|_| Some(&security.ticker)))
        .date("filingdate", rows.iter().map(|row| Some(row.trade.filed)))
        .text("formtype", rows.iter().map(|row| Some(row.form)))
        .text("issuername", rows.iter().map(|_| Some(&security.name)))
        .text("ownername", rows.iter().map(|row| Some(&row.owner.name)))
        .text("officertitle", rows.iter().map(|row| row.owner.title))
        .text("isdirector", rows.iter().map(|row| yes(row.owner.director)))
        .text("isofficer", rows.iter().map(|row| yes(row.owner.title.is_some())))
        .text("istenpercentowner", rows.iter().map(|row| yes(row.owner.large)))
        .date("transactiondate", rows.iter().map(|row| Some(row.trade.date)))
        .text("securityadcode", rows.iter().map(|row| Some(if row.trade.acquired { "NA" } else { "ND" })))
        .text("transactioncode", rows.iter().map(|row| row.trade.code))
        .number("sharesownedbeforetransaction", rows.iter().map(|row| Some(row.before)))
        .number("transactionshares", rows.iter().map(|row| Some(row.signed_shares())))
        .number("sharesownedfollowingtransaction", rows.iter().map(|row| Some(row.before + row.signed_shares())))
        .number("transactionpricepershare", rows.iter().map(Row::price))
        .number("transactionvalue", rows.iter().map(Row::value))
        .text("securitytitle", rows.iter().map(|_| Some("Common Stock")))
        .text("directorindirect", rows.iter().map(|row| Some(if row.owner.large { "I" } else { "D" })))
        .text("natureofownership", rows.iter().map(|row| row.owner.large.then_some("By Fund")))
        .date("dateexercisable", none())
        .number("priceexercisable", rows.iter().map(|_| None))
        .date("expirationdate", none())
        .integer("rownum", rows.iter().map(|row| Some(row.number)))
        .finish()
}
