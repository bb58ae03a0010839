//! Invented symbols, company names and places.

use std::collections::HashSet;

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::random::{chance, pick, pick_weighted};
use super::sectors::Sector;

/// Legal symbols that careless readers turn into nulls, booleans or numbers.
pub const AWKWARD: [&str; 4] = ["NA", "NULL", "NAN", "TRUE"];

const STEMS: [&str; 40] = [
    "ALDER", "AMBER", "ARDEN", "ASTER", "BIRCH", "BOREAL", "CALDER", "CEDAR", "COBALT", "CREST", "DELTA", "EMBER",
    "FALCON", "FJORD", "GARNET", "GLADE", "GRANITE", "HARBOR", "HAZEL", "INDIGO", "JUNIPER", "KESTREL", "LARCH",
    "LINDEN", "MAPLE", "MERIDIAN", "NIMBUS", "OAKEN", "ONYX", "ORCHARD", "PIONEER", "QUARRY", "RIDGE", "SABLE",
    "SUMMIT", "TALON", "TERRA", "UMBER", "VERDANT", "WILLOW",
];

const FORMS: [&str; 4] = ["INC", "CORP", "HOLDINGS INC", "GROUP INC"];

const STATES: [&str; 12] = [
    "California",
    "Colorado",
    "Delaware",
    "Florida",
    "Georgia",
    "Illinois",
    "Massachusetts",
    "New Jersey",
    "New York",
    "Ohio",
    "Pennsylvania",
    "Texas",
];

/// A foreign home: place, currency of the statements, units of that currency per US dollar.
pub type Home = (&'static str, &'static str, f64);

const FOREIGN_HOMES: [Home; 6] = [
    ("United Kingdom", "GBP", 0.78),
    ("Netherlands", "EUR", 0.92),
    ("Japan", "JPY", 145.0),
    ("Brazil", "BRL", 5.3),
    ("China", "CNY", 7.1),
    ("Israel", "USD", 1.0),
];

const CANADIAN_HOMES: [Home; 2] = [("Ontario; Canada", "CAD", 1.36), ("Alberta; Canada", "USD", 1.0)];

/// Symbols handed out so far.
#[derive(Default)]
pub struct Symbols {
    taken: HashSet<String>,
}

impl Symbols {
    /// Takes `symbol` if nobody has it.
    pub fn take(&mut self, symbol: String) -> Option<String> {
        self.taken.insert(symbol.clone()).then_some(symbol)
    }

    /// A new symbol of two to four letters, or of exactly `letters`.
    pub fn draw(&mut self, rng: &mut ChaCha8Rng, letters: Option<usize>) -> String {
        loop {
            let length = letters.unwrap_or_else(|| 2 + pick_weighted(rng, &[0.04, 0.40, 0.56]));
            let symbol: String = (0..length).map(|_| char::from(rng.random_range(b'A'..=b'Z'))).collect();
            if AWKWARD.contains(&symbol.as_str()) {
                continue;
            }
            if let Some(symbol) = self.take(symbol) {
                return symbol;
            }
        }
    }
}

/// A name for a company of a sector.
pub fn company(rng: &mut ChaCha8Rng, symbol: &str, sector: &Sector) -> String {
    let mut word = |words: &[&'static str]| pick(rng, words).copied().unwrap_or_default();
    format!("{} {symbol} {} {}", word(&STEMS), word(sector.trades), word(&FORMS))
}

/// The names of the institutions that report their holdings.
pub fn investor(index: usize) -> String {
    let stem = STEMS[index % STEMS.len()];
    let kind = ["ADVISORS LLC", "ASSET MANAGEMENT", "CAPITAL PARTNERS LP", "TRUST CO"][index % 4];
    match index / STEMS.len() {
        0 => format!("{stem} {kind}"),
        more => format!("{stem} {kind} {}", more + 1),
    }
}

/// The home of a domestic company.
pub fn domestic_home(rng: &mut ChaCha8Rng) -> (String, &'static str, f64) {
    (format!("{}; U.S.A", pick(rng, &STATES).copied().unwrap_or_default()), "USD", 1.0)
}

/// The home of a foreign or Canadian company.
pub fn foreign_home(rng: &mut ChaCha8Rng, canadian: bool) -> (String, &'static str, f64) {
    let homes: &[Home] = if canadian { &CANADIAN_HOMES } else { &FOREIGN_HOMES };
    let (place, currency, rate) = pick(rng, homes).copied().unwrap_or(("Bermuda", "USD", 1.0));
    (place.to_owned(), currency, rate)
}

/// The exchange of a domestic share; small companies more often list on NYSE American.
pub fn exchange(rng: &mut ChaCha8Rng, small: bool) -> &'static str {
    if chance(rng, if small { 0.15 } else { 0.04 }) {
        "NYSEMKT"
    } else if chance(rng, 0.45) {
        "NYSE"
    } else {
        "NASDAQ"
    }
}
