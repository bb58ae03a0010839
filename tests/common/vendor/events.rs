//! What happens to rows that are known already.

use chrono::{Days, NaiveDate};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::market::{Market, multiply, touch};
use super::table::{Row, Table};

#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A number of a row is corrected.
    Restate { table: String },
    /// A row of the day is shown so many days later.
    Late { table: String, days: u64 },
    /// A row of the day is shown on the next one, dated as if it had been there.
    Straggle { table: String },
    /// An old price goes, and another of the same ticker is corrected.
    Replace { table: String },
    /// A row goes, one whose `column` is at most so many days old.
    Delete { table: String, column: String, days: u64 },
    /// One old share becomes `ratio` new ones.
    Split { ticker: String, ratio: f64 },
    /// The ticker gets another symbol.
    Rename { from: String, to: String },
}

impl Market {
    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Late { .. } | Event::Straggle { .. } => {} // has happened: the row was held back
            Event::Replace { table } => self.replace(&table),
            Event::Restate { table } => self.restate(&table),
            Event::Delete { table, column, days } => self.delete(&table, &column, days),
            Event::Split { ticker, ratio } => self.act("split", &ticker, &ratio.to_string(), "N/A"),
            Event::Rename { from, to } => {
                self.rename(&from, &to);
                self.act("tickerchangefrom", &to, "", &from);
                self.act("tickerchangeto", &from, "", &to);
            }
        }
    }

    fn restate(&mut self, table: &str) {
        let (today, table) = (self.today, self.shown.get_mut(table).unwrap());
        if table.rows.is_empty() {
            return;
        }
        let at = self.random.random_range(0..table.rows.len());
        correct(table, at, today);
    }

    fn replace(&mut self, table: &str) {
        let oldest = (self.today - Days::new(7)).to_string();
        let (today, table) = (self.today, self.shown.get_mut(table).unwrap());
        let (ticker, date) = (table.column("ticker").unwrap(), table.column("date").unwrap());
        let old: Vec<usize> = (0..table.rows.len()).filter(|row| table.rows[*row][date] < oldest).collect();
        let Some(gone) = old.choose(&mut self.random) else { return };
        let gone = table.rows.remove(*gone);
        if let Some(other) = table.rows.iter().position(|row| row[ticker] == gone[ticker] && row[date] < oldest) {
            correct(table, other, today);
        }
    }

    fn delete(&mut self, table: &str, column: &str, days: u64) {
        let oldest = (self.today - Days::new(days)).to_string();
        let table = self.shown.get_mut(table).unwrap();
        let at = table.column(column).unwrap();
        let young: Vec<usize> = (0..table.rows.len()).filter(|row| table.rows[*row][at] >= oldest).collect();
        if let Some(row) = young.choose(&mut self.random) {
            table.rows.remove(*row);
        }
    }

    /// Adds a corporate action of today.
    fn act(&mut self, action: &str, ticker: &str, value: &str, contra: &str) {
        let today = self.today.to_string();
        let Some(table) = self.shown.get_mut("actions") else { return };
        let cell = |column: &String| match column.as_str() {
            "date" => today.clone(),
            "action" => action.to_owned(),
            "ticker" => ticker.to_owned(),
            "value" => value.to_owned(),
            "contraticker" => contra.to_owned(),
            _ => "N/A".to_owned(),
        };
        let row: Vec<String> = table.columns.iter().map(cell).collect();
        table.rows.push(Row::from(row));
    }

    /// Schedules `count` events of all kinds on days after `from` until `to`, from a seed. Rows are deleted only where a
    /// pull of the last days can see it: in `sf2`. No ticker is concerned by two splits or renames.
    pub fn schedule_random(
        &mut self,
        seed: u64,
        count: usize,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Vec<(NaiveDate, Event)> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut tickers = self.price_tickers();
        let days = (to - from).num_days();
        let mut scheduled = Vec::new();
        for number in 0..count {
            let day = from + Days::new(random.random_range(1..=days) as u64);
            let table = |random: &mut ChaCha8Rng, tables: &[&str]| {
                let there: Vec<_> = tables.iter().filter(|table| self.shown.contains_key(**table)).collect();
                (**there.choose(random).unwrap()).to_owned()
            };
            let event = match number % 7 {
                0 => Event::Restate { table: table(&mut random, &["sep", "daily", "sf1", "sfp"]) },
                1 => {
                    Event::Late { table: table(&mut random, &["sep", "daily", "sf2"]), days: random.random_range(1..6) }
                }
                2 if self.shown.contains_key("sf2") => {
                    Event::Delete { table: "sf2".to_owned(), column: "filingdate".to_owned(), days: 20 }
                }
                5 => Event::Straggle { table: table(&mut random, &["sep", "daily", "sf1"]) },
                6 => Event::Replace { table: table(&mut random, &["sep", "sfp"]) },
                kind if tickers.is_empty() => Event::Late { table: "sep".to_owned(), days: kind as u64 },
                kind => {
                    let ticker = tickers.swap_remove(random.random_range(0..tickers.len()));
                    let renamed = Event::Rename { from: ticker.clone(), to: format!("{ticker}X{number}") };
                    let ratio = *[2.0, 4.0, 0.1, 1.5].choose(&mut random).unwrap();
                    if kind <= 3 { Event::Split { ticker, ratio } } else { renamed }
                }
            };
            self.schedule(day, event.clone());
            scheduled.push((day, event));
        }
        scheduled
    }
}

/// Changes the numbers of a row a little.
fn correct(table: &mut Table, at: usize, today: NaiveDate) {
    let mut cells = table.rows[at].to_vec();
    for column in ["close", "marketcap", "revenue", "transactionvalue", "value", "price"] {
        multiply(table, &mut cells, column, 1.01);
    }
    touch(table, &mut cells, today);
    table.rows[at] = cells.into();
}
