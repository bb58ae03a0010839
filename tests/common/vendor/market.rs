//! A market that moves through time: it shows on each day what the vendor would have shown.
//!
//! It is made from the final state of a market, such as `kairos synth --format csv` writes. A row is shown on the day
//! it becomes known; what happens to it later is told by events. Prices are final ones divided by what is still to come,
//! so that after the last split they are the final ones again, up to rounding.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{Days, NaiveDate};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::events::Event;
use super::table::{Row, Table};

/// 13F filings are due 45 days after the quarter.
const FILING_DELAY: u64 = 45;
/// Columns in units per share, which a split divides.
const PER_SHARE: [&str; 5] = ["open", "high", "low", "close", "closeadj"];

pub struct Market {
    pub(super) today: NaiveDate,
    pub(super) shown: BTreeMap<String, Table>,
    /// Rows to come, by the day on which they are shown.
    hidden: BTreeMap<NaiveDate, Vec<Coming>>,
    /// The table of tickers as it is in the end.
    listing: Option<Table>,
    events: BTreeMap<NaiveDate, Vec<Event>>,
    /// Splits to come: ticker, day, new shares for an old one.
    splits: Vec<Split>,
    renamed: BTreeMap<String, String>,
    pub(super) random: ChaCha8Rng,
}

/// A row to come.
struct Coming {
    table: String,
    row: Row,
    /// The day of last change that it will have, if it is not the day on which it is shown.
    dated: Option<NaiveDate>,
}

#[derive(Clone, Debug)]
struct Split {
    ticker: String,
    day: NaiveDate,
    ratio: f64,
    /// It is not in the final state that the market was made from: traded prices before it must be higher.
    invented: bool,
}

impl Market {
    /// A market in which nothing happens.
    pub fn fixed(tables: impl IntoIterator<Item = Table>) -> Self {
        let mut market = Self::empty();
        market.shown = tables.into_iter().map(|table| (table.name.clone(), table)).collect();
        market
    }

    /// The market whose final state is in the CSV files of a folder. Nothing is shown yet.
    pub fn read(folder: &Path) -> Self {
        let mut market = Self::empty();
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "csv"));
        files.sort();
        for file in files {
            market.add(Table::read(&file));
        }
        market
    }

    fn empty() -> Self {
        Self {
            today: NaiveDate::MIN,
            shown: BTreeMap::new(),
            hidden: BTreeMap::new(),
            listing: None,
            events: BTreeMap::new(),
            splits: Vec::new(),
            renamed: BTreeMap::new(),
            random: ChaCha8Rng::seed_from_u64(1),
        }
    }

    fn add(&mut self, table: Table) {
        self.shown.insert(table.name.clone(), table.with(Vec::new()));
        if table.name == "tickers" {
            self.listing = Some(table);
            return;
        }
        let (column, delay) = match table.name.as_str() {
            "sf1" => ("datekey", 0),
            "sf2" => ("filingdate", 0),
            "sf3" => ("calendardate", FILING_DELAY),
            _ => ("date", 0),
        };
        let at = table.column(column).unwrap();
        for row in &table.rows {
            let day = row[at].parse::<NaiveDate>().unwrap() + Days::new(delay);
            let coming = Coming { table: table.name.clone(), row: row.clone(), dated: None };
            self.hidden.entry(day).or_default().push(coming);
        }
        if table.name == "actions" {
            let value = |row: &Row, column| row[table.column(column).unwrap()].clone();
            self.splits.extend(table.rows.iter().filter(|row| value(row, "action") == "split").map(|row| Split {
                ticker: value(row, "ticker"),
                day: value(row, "date").parse().unwrap(),
                ratio: value(row, "value").parse().unwrap(),
                invented: false,
            }));
        }
    }

    /// What will happen on a day that is still to come.
    pub fn schedule(&mut self, day: NaiveDate, event: Event) {
        assert!(day > self.today, "{event:?} is in the past");
        if let Event::Split { ticker, ratio } = &event {
            self.splits.push(Split { ticker: ticker.clone(), day, ratio: *ratio, invented: true });
        }
        self.events.entry(day).or_default().push(event);
    }

    /// Moves on to a day.
    pub fn reveal(&mut self, day: NaiveDate) {
        assert!(day >= self.today, "time does not go back");
        let known = self.hidden.keys().chain(self.events.keys()).copied();
        let mut days: BTreeSet<_> = known.chain(self.splits.iter().map(|split| split.day)).collect();
        while let Some(next) = days.pop_first().filter(|next| *next <= day) {
            self.today = next;
            self.live_through(next);
            days.extend(self.hidden.keys().copied().filter(|day| *day > next));
        }
        self.today = day;
        self.list();
    }

    fn live_through(&mut self, day: NaiveDate) {
        let mut rows = self.hidden.remove(&day).unwrap_or_default();
        let events = self.events.remove(&day).unwrap_or_default();
        for event in &events {
            match event {
                Event::Late { table, days } => self.hold_back(&mut rows, table, day + Days::new(*days), None),
                Event::Straggle { table } => self.hold_back(&mut rows, table, day + Days::new(1), Some(day)),
                _ => {}
            }
        }
        rows.into_iter().for_each(|coming| self.show(&coming));
        let due: Vec<_> = self.splits.extract_if(.., |split| split.day <= day).collect();
        due.into_iter().for_each(|split| self.split(&split));
        events.into_iter().for_each(|event| self.happen(event));
    }

    fn hold_back(&mut self, rows: &mut Vec<Coming>, table: &str, until: NaiveDate, dated: Option<NaiveDate>) {
        let candidates: Vec<_> = (0..rows.len()).filter(|at| rows[*at].table == table).collect();
        if !candidates.is_empty() {
            let coming = rows.remove(candidates[self.random.random_range(0..candidates.len())]);
            self.hidden.entry(until).or_default().push(Coming { dated, ..coming });
        }
    }

    /// Shows a row for the first time.
    fn show(&mut self, Coming { table, row, dated }: &Coming) {
        let mut cells = row.to_vec();
        let shown = &self.shown[table];
        if let Some(at) = shown.column("ticker") {
            if let Some(new) = self.renamed.get(&cells[at]) {
                cells[at].clone_from(new);
            }
            if let (Some(_), Some(date)) = (shown.column("closeunadj"), shown.column("date")) {
                let date: NaiveDate = cells[date].parse().unwrap();
                let ticker = cells[at].clone();
                for split in self.splits.iter().filter(|split| split.ticker == ticker && split.day > date) {
                    scale(shown, &mut cells, split.ratio);
                    if split.invented {
                        multiply(shown, &mut cells, "closeunadj", split.ratio);
                    }
                }
            }
        }
        touch(shown, &mut cells, dated.unwrap_or(self.today));
        self.shown.get_mut(table).unwrap().rows.push(cells.into());
    }

    /// Rewrites all earlier prices of a ticker.
    fn split(&mut self, split: &Split) {
        for table in ["sep", "sfp"] {
            let Some(table) = self.shown.get_mut(table) else { continue };
            let (ticker, date) = (table.column("ticker").unwrap(), table.column("date").unwrap());
            let day = split.day.to_string();
            let names = table.with(Vec::new());
            for row in table.rows.iter_mut().filter(|row| row[ticker] == split.ticker && row[date] < day) {
                let mut cells = row.to_vec();
                scale(&names, &mut cells, 1.0 / split.ratio);
                touch(&names, &mut cells, self.today);
                *row = cells.into();
            }
        }
    }

    /// Gives a ticker another symbol in all tables.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let today = self.today;
        for table in self.shown.values_mut() {
            let Some(at) = table.column("ticker") else { continue };
            let names = table.with(Vec::new());
            for row in table.rows.iter_mut().filter(|row| row[at] == from) {
                let mut cells = row.to_vec();
                to.clone_into(&mut cells[at]);
                touch(&names, &mut cells, today);
                *row = cells.into();
            }
        }
        self.splits.iter_mut().filter(|split| split.ticker == from).for_each(|split| to.clone_into(&mut split.ticker));
        self.renamed.values_mut().filter(|now| *now == from).for_each(|now| to.clone_into(now));
        self.renamed.insert(from.to_owned(), to.to_owned());
    }

    /// The table of tickers as of today.
    fn list(&mut self) {
        let Some(listing) = &self.listing else { return };
        let at = |name| listing.column(name).unwrap();
        let (first, last, updated) = (at("firstpricedate"), at("lastpricedate"), at("lastupdated"));
        let today = self.today.to_string();
        let as_of_today = |row: &Row| {
            let mut cells = row.to_vec();
            if cells[last] >= today {
                "N".clone_into(&mut cells[at("isdelisted")]);
            }
            for at in [last, updated] {
                cells[at] = cells[at].clone().min(today.clone());
            }
            if let Some(new) = self.renamed.get(&cells[at("ticker")]) {
                cells[at("ticker")].clone_from(new);
            }
            Row::from(cells)
        };
        let rows = listing.rows.iter().filter(|row| row[first] <= today).map(as_of_today).collect();
        self.shown.insert("tickers".to_owned(), listing.with(rows));
    }

    /// The tickers whose prices are still to come or are shown, of `sep`.
    pub(super) fn price_tickers(&self) -> Vec<String> {
        let Some(sep) = self.shown.get("sep") else { return Vec::new() };
        let at = sep.column("ticker").unwrap();
        let hidden = self.hidden.values().flatten().filter(|coming| coming.table == "sep").map(|coming| &coming.row);
        let tickers: BTreeSet<_> = hidden.chain(&sep.rows).map(|row| row[at].clone()).collect();
        tickers.into_iter().collect()
    }

    pub fn table(&self, name: &str) -> &Table {
        &self.shown[name]
    }

    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.shown.values()
    }

    /// Writes what is shown today as CSV files.
    pub fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        self.tables().for_each(|table| table.write(folder));
    }
}

/// Sets the day of the last change, in a table that has one.
pub(super) fn touch(table: &Table, cells: &mut [String], day: NaiveDate) {
    if let Some(at) = table.column("lastupdated") {
        cells[at] = day.to_string();
    }
}

fn scale(table: &Table, cells: &mut [String], factor: f64) {
    PER_SHARE.iter().for_each(|column| multiply(table, cells, column, factor));
    multiply(table, cells, "volume", 1.0 / factor);
}

pub(super) fn multiply(table: &Table, cells: &mut [String], column: &str, factor: f64) {
    let Some(at) = table.column(column) else { return };
    if let Ok(value) = cells[at].parse::<f64>() {
        cells[at] = format!("{:?}", (value * factor * 1e9).round() / 1e9);
    }
}
