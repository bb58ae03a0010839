//! The list of securities: who exists, of which kind, when listed, and with which traits.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::calendar::Calendar;
use super::funds::{Exposure, MARKET_FUND};
use super::lifetime::{self, Delisting, Lifetime};
use super::names::{self, AWKWARD, Symbols};
use super::random::{Purpose, chance, pick, pick_weighted, stream};
use super::sectors::SECTORS;
use super::traits::{Size, Traits};

/// What a security is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Listed domestic common stock of an issuer with one class.
    Common,
    /// The same, but tiny, cheap and seldom traded.
    MicroCap,
    /// The more traded class of an issuer with two.
    PrimaryClass,
    /// The other class.
    SecondaryClass,
    /// Depositary receipt of a foreign issuer.
    Adr,
    /// Common stock of a Canadian issuer.
    Canadian,
    /// Preferred stock.
    Preferred,
    /// Warrant on common stock.
    Warrant,
    /// Domestic common stock traded over the counter.
    Otc,
    /// Exchange traded fund, closed-end fund or note.
    Fund,
}

/// Share of each kind among all securities; what is left over is [`Kind::Common`]. A primary class
/// brings its secondary class with it.
const MIX: [(Kind, f64); 8] = [
    (Kind::Fund, 0.05),
    (Kind::MicroCap, 0.05),
    (Kind::Adr, 0.04),
    (Kind::Preferred, 0.03),
    (Kind::Otc, 0.03),
    (Kind::PrimaryClass, 0.02),
    (Kind::Canadian, 0.02),
    (Kind::Warrant, 0.02),
];

/// From this number on, each kind and each awkward symbol exists.
const COMPLETE: usize = 50;

impl Kind {
    /// True for shares whose issuer files statements.
    pub fn files(self) -> bool {
        !matches!(self, Self::Preferred | Self::Warrant | Self::Fund)
    }

    /// True when the issuer files every quarter; foreign issuers file once a year.
    pub fn files_quarterly(self) -> bool {
        self.files() && !matches!(self, Self::Adr | Self::Canadian)
    }

    /// True for the shares that indices hold.
    pub fn in_indices(self) -> bool {
        matches!(self, Self::Common | Self::PrimaryClass | Self::MicroCap)
    }
}

/// One security.
pub struct Security {
    /// Symbol, unique.
    pub ticker: String,
    /// The vendor's stable identifier.
    pub permaticker: i64,
    /// Name of the issuer or fund.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// The vendor's category.
    pub category: &'static str,
    /// Last exchange.
    pub exchange: &'static str,
    /// Number of the issuer; the classes of one issuer share it.
    pub issuer: usize,
    /// Position in [`SECTORS`].
    pub sector: usize,
    /// Position in the sector's industries.
    pub industry: usize,
    /// False when the vendor gives neither sector nor industry.
    pub classified: bool,
    /// False when the vendor has no statements although the issuer files.
    pub covered: bool,
    /// Where the issuer sits.
    pub location: String,
    /// Currency of the statements.
    pub currency: &'static str,
    /// Units of that currency per US dollar.
    pub rate: f64,
    /// Sessions of the listing.
    pub lifetime: Lifetime,
    /// Other securities of the issuer.
    pub related: Vec<String>,
    /// How price and volume behave.
    pub traits: Traits,
    /// What a fund holds.
    pub exposure: Option<Exposure>,
}

impl Security {
    /// The vendor's product that holds the prices.
    pub fn price_table(&self) -> &'static str {
        if self.kind == Kind::Fund { "SFP" } else { "SEP" }
    }

    /// True when the vendor's fundamentals cover the security.
    pub fn has_statements(&self) -> bool {
        self.kind.files() && self.covered
    }

    /// How the listing ended, if it did.
    pub fn delisting(&self) -> Option<&Delisting> {
        self.lifetime.delisting.as_ref()
    }
}

/// Makes `tickers` securities, sorted by symbol.
pub fn build(seed: u64, tickers: usize, calendar: &Calendar) -> Vec<Security> {
    let mut builder = Builder {
        rng: stream(seed, Purpose::Securities, 0),
        symbols: Symbols::default(),
        calendar,
        securities: Vec::with_capacity(tickers),
        issuers: 0,
    };
    let kinds = kinds(tickers);
    let mut awkward = AWKWARD.iter().filter(|_| tickers >= COMPLETE);
    for (kind, size) in kinds.iter().copied().zip(Size::stratified(&mut builder.rng, &kinds)) {
        let symbol = if kind == Kind::Common { awkward.next() } else { None };
        builder.add(kind, size, symbol.copied());
    }
    let mut securities = builder.securities;
    lifetime::name_acquirers(&mut builder.rng, &mut securities);
    number(&mut builder.rng, &mut securities);
    securities.sort_by(|a, b| a.ticker.cmp(&b.ticker));
    securities
}

/// The kind of each security, commons first because others refer to them. Secondary classes are not
/// listed: they come with the primary ones.
fn kinds(tickers: usize) -> Vec<Kind> {
    let mut special = Vec::new();
    let mut left = tickers;
    for (kind, share) in MIX {
        let size = if kind == Kind::PrimaryClass { 2 } else { 1 };
        let at_least = usize::from(tickers >= COMPLETE || (kind == Kind::Fund && tickers > 1));
        let count = ((share * tickers as f64).round() as usize).max(at_least).min(left / size);
        special.extend(std::iter::repeat_n(kind, count));
        left -= count * size;
    }
    let mut kinds = vec![Kind::Common; left];
    kinds.extend(special);
    kinds
}

/// Hands out identifiers that say nothing about the order of symbols.
fn number(rng: &mut ChaCha8Rng, securities: &mut [Security]) {
    let mut numbers: Vec<i64> = (0..securities.len() as i64).map(|offset| 110_000 + offset).collect();
    numbers.shuffle(rng);
    for (security, number) in securities.iter_mut().zip(numbers) {
        security.permaticker = number;
    }
}

struct Builder<'a> {
    rng: ChaCha8Rng,
    symbols: Symbols,
    calendar: &'a Calendar,
    securities: Vec<Security>,
    issuers: usize,
}

impl Builder<'_> {
    fn add(&mut self, kind: Kind, size: Size, symbol: Option<&str>) {
        let parent = match kind {
            Kind::Preferred | Kind::Warrant => self.parent(),
            _ => None,
        };
        let ticker = self.symbol(kind, symbol, parent);
        let mut security = self.security(kind, size, ticker, parent);
        if let Some(parent) = parent {
            self.securities[parent].related.push(security.ticker.clone());
        }
        self.issuers += 1;
        let secondary = (kind == Kind::PrimaryClass).then(|| secondary(&security));
        security.related.extend(secondary.as_ref().map(|class| class.ticker.clone()));
        self.securities.push(security);
        self.securities.extend(secondary);
    }

    /// A common stock that lives from the first to the last session, for a preferred or a warrant.
    fn parent(&mut self) -> Option<usize> {
        let living = |security: &Security| {
            security.kind == Kind::Common
                && security.lifetime.start == 0
                && security.delisting().is_none()
                && security.related.is_empty()
        };
        let candidates: Vec<usize> = (0..self.securities.len()).filter(|&i| living(&self.securities[i])).collect();
        pick(&mut self.rng, &candidates).copied()
    }

    fn funds(&self) -> usize {
        self.securities.iter().filter(|security| security.kind == Kind::Fund).count()
    }

    fn symbol(&mut self, kind: Kind, wanted: Option<&str>, parent: Option<usize>) -> String {
        let of_parent = |suffix: &str| parent.map(|p| format!("{}{suffix}", self.securities[p].ticker));
        let wanted = match kind {
            Kind::Preferred => of_parent("-PA"),
            Kind::Warrant => of_parent("-WT"),
            Kind::Fund if self.funds() == 0 => Some(MARKET_FUND.to_owned()),
            _ => wanted.map(str::to_owned),
        };
        let letters = match kind {
            Kind::Otc => Some(5),
            Kind::PrimaryClass => Some(3),
            Kind::Fund => Some(4),
            _ => None,
        };
        let taken = wanted.and_then(|symbol| self.symbols.take(symbol));
        let symbol = taken.unwrap_or_else(|| self.symbols.draw(&mut self.rng, letters));
        if kind == Kind::PrimaryClass { format!("{symbol}.A") } else { symbol }
    }

    fn security(&mut self, kind: Kind, size: Size, ticker: String, parent: Option<usize>) -> Security {
        let exposure = (kind == Kind::Fund).then(|| Exposure::of(self.funds()));
        let rng = &mut self.rng;
        let weights = SECTORS.each_ref().map(|sector| sector.weight);
        let sector = pick_weighted(rng, &weights);
        let (location, currency, rate) = match kind {
            Kind::Adr | Kind::Canadian => names::foreign_home(rng, kind == Kind::Canadian),
            _ => names::domestic_home(rng),
        };
        let (name, sector, related) = match (parent.map(|p| &self.securities[p]), &exposure) {
            (Some(parent), _) => (parent.name.clone(), parent.sector, vec![parent.ticker.clone()]),
            (None, Some(exposure)) => (exposure.name(), sector, Vec::new()),
            (None, None) => (names::company(rng, &ticker, &SECTORS[sector]), sector, Vec::new()),
        };
        let exchange = match kind {
            Kind::Otc => "OTC",
            Kind::Fund => ["NYSEARCA", "BATS"][usize::from(chance(rng, 0.3))],
            _ => names::exchange(rng, size.is_small()),
        };
        Security {
            ticker,
            permaticker: 0,
            name,
            kind,
            category: category(rng, kind, exposure.as_ref()),
            exchange,
            issuer: self.issuers,
            sector,
            industry: rng.random_range(0..SECTORS[sector].industries.len()),
            classified: !chance(rng, 0.01),
            covered: !chance(rng, 0.006),
            location,
            currency,
            rate,
            lifetime: lifetime::draw(rng, kind, size, self.calendar),
            related,
            traits: Traits::draw(rng, kind, size, &SECTORS[sector]),
            exposure,
        }
    }
}

/// The second class of `primary`: same issuer, same path, its own liquidity.
fn secondary(primary: &Security) -> Security {
    let root = primary.ticker.strip_suffix(".A").unwrap_or(&primary.ticker);
    let mut traits = primary.traits.clone();
    traits.turnover *= 0.3;
    Security {
        ticker: format!("{root}.B"),
        name: primary.name.clone(),
        kind: Kind::SecondaryClass,
        category: "Domestic Common Stock Secondary Class",
        location: primary.location.clone(),
        lifetime: primary.lifetime.clone(),
        related: vec![primary.ticker.clone()],
        traits,
        exposure: None,
        ..*primary
    }
}

/// The vendor's category; a fund that tracks the stock market or a sector of it is an ETF.
fn category(rng: &mut ChaCha8Rng, kind: Kind, exposure: Option<&Exposure>) -> &'static str {
    match kind {
        Kind::Common | Kind::MicroCap | Kind::Otc => "Domestic Common Stock",
        Kind::PrimaryClass => "Domestic Common Stock Primary Class",
        Kind::SecondaryClass => "Domestic Common Stock Secondary Class",
        Kind::Adr => "ADR Common Stock",
        Kind::Canadian => "Canadian Common Stock",
        Kind::Preferred => "Domestic Preferred Stock",
        Kind::Warrant => "Domestic Common Stock Warrant",
        Kind::Fund if exposure.is_some_and(Exposure::is_index) => "ETF",
        Kind::Fund => ["ETF", "CEF", "ETN"][pick_weighted(rng, &[0.4, 0.4, 0.2])],
    }
}
