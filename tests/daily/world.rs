//! A desk whose vendor is a server on this machine.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use chrono::NaiveDate;
use kairos::exchange::is_session;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::common::vendor::{Faults, KEY, Market, PASSING, VendorServer};
use crate::common::{Desk, stderr};

/// The last session of the market.
pub const LAST: &str = "2025-12-18";

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub struct World {
    pub desk: Desk,
    pub server: VendorServer,
    pub random: ChaCha8Rng,
    /// The sessions to live through, the first one loaded as a whole.
    pub sessions: Vec<NaiveDate>,
}

impl World {
    /// A market of so many securities and days, of which the last `nights` are still to come.
    pub fn new(desk: Desk, tickers: usize, days: usize, nights: usize, seed: u64) -> Self {
        println!("seed {seed}");
        let files = desk.path("market").display().to_string();
        let (tickers, days) = (tickers.to_string(), days.to_string());
        let synth = ["synth", "--tickers", &tickers, "--days", &days, "--last-date", LAST, "--format", "csv"];
        desk.ok(&[&synth[..], &["--seed", "5", "--out", &files]].concat());
        let mut sessions: Vec<NaiveDate> =
            day(LAST).iter_days().rev().filter(|day| is_session(*day)).take(nights + 1).collect();
        sessions.reverse();
        let mut market = Market::read(&desk.path("market"));
        market.reveal(sessions[0]);
        let last = *sessions.last().unwrap();
        for (day, event) in market.schedule_random(seed, nights, sessions[0], last) {
            println!("{day}: {event:?}");
        }
        let server = VendorServer::start(market);
        // The vendor prepares a bulk file for minutes, and is asked every 15 seconds.
        server.state().bulk_polls = 0;
        Self { desk, server, random: ChaCha8Rng::seed_from_u64(seed), sessions }
    }

    /// The command with the vendor's address and key.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.desk.command(arguments);
        command.env("NASDAQ_DATA_LINK_API_KEY", KEY).env("NASDAQ_DATA_LINK_BASE_URL", self.server.url());
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must end well, and returns what it prints.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "kairos {arguments:?}: {}", seen(&output));
        assert!(!seen(&output).contains(KEY), "the key is printed");
        seen(&output)
    }

    /// Starts a command and kills it after a random time, if it lives that long.
    pub fn kill_within(&mut self, arguments: &[&str], longest: Duration) {
        let wait = longest.mul_f64(self.random.random());
        let mut child = self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(wait);
        let _ = child.kill();
        child.wait().unwrap();
    }

    /// The next requests fail now and then, in ways that pass.
    pub fn bad_weather(&mut self, faults: usize) {
        let seed = self.random.random();
        self.server.state().faults = Faults::random(seed, 0.15, faults, &PASSING);
    }

    pub fn reveal(&self, day: NaiveDate) {
        let mut state = self.server.state();
        state.market.reveal(day);
        // The next bulk file is made of what is shown now.
        state.forget_bulk();
    }

    /// Whether every raw table holds what the vendor shows: the same number of rows, and the same sums of numbers.
    pub fn assert_holds_what_is_shown(&self, session: NaiveDate) {
        let lake = |sql: &str| self.desk.rows(sql)[0].clone();
        for (table, column) in [
            ("sep", "close * volume"),
            ("sfp", "closeadj"),
            ("daily", "marketcap"),
            ("sf1", "revenue"),
            ("sf2", "transactionvalue"),
            ("sf3", "value"),
            ("actions", "value"),
            ("tickers", "permaticker"),
        ] {
            let expected = self.shown(table, column);
            let found = lake(&format!("select count(*), coalesce(sum(cast({column} as double)), 0) from raw.{table}"));
            assert_eq!(found[0], expected.0.to_string(), "rows of {table} on {session}");
            let (found, expected) = (found[1].parse::<f64>().unwrap(), expected.1);
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                "{table} on {session}: {found} {expected}"
            );
        }
    }

    fn shown(&self, table: &str, column: &str) -> (usize, f64) {
        let state = self.server.state();
        let table = state.market.table(table);
        let factors: Vec<usize> = column.split(" * ").map(|name| table.column(name).unwrap()).collect();
        let cell = |cell: &str| cell.parse::<f64>().ok();
        let product = |row: &Vec<String>| factors.iter().map(|at| cell(&row[*at])).product::<Option<f64>>();
        let sum = table.rows.iter().filter_map(|row| product(&row.to_vec())).sum();
        (table.rows.len(), sum)
    }

    /// A desk with a lake that was loaded at once from what the vendor shows now.
    pub fn loaded_at_once(&self) -> Desk {
        let desk = Desk::new();
        let folder = desk.path("final");
        self.server.state().market.write(&folder);
        desk.ok(&["land", "--dir", &folder.display().to_string()]);
        desk
    }
}

pub fn seen(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(output))
}

/// Whether two lakes have the same raw tables, cell by cell.
pub fn assert_same_raw_tables(one: &Desk, other: &Desk) {
    for table in ["sep", "sfp", "daily", "sf1", "sf2", "sf3", "actions", "tickers", "metrics", "sp500"] {
        let columns = one.ok(&["sql", "--format", "csv", "-c", &format!("select * from raw.{table} limit 0")]);
        let columns: Vec<String> = columns.trim().split(',').map(|name| format!("\"{name}\"")).collect();
        let sql = format!("select {0} from raw.{table} order by {0}", columns.join(", "));
        let rows = |desk: &Desk| desk.ok(&["sql", "--format", "csv", "-c", &sql]);
        let (one, other) = (rows(one), rows(other));
        let difference = one.lines().zip(other.lines()).find(|(one, other)| one != other);
        assert_eq!(one.lines().count(), other.lines().count(), "rows of {table}, first difference {difference:?}");
        assert_eq!(difference, None, "{table}");
    }
}
