//! The life of one security, session by session: news, price, trading, splits, dividends,
//! statements.

use rand_chacha::ChaCha8Rng;

use super::World;
use super::filings::{self, Quarter};
use super::firm::Firm;
use super::insiders::{self, Trade};
use super::lifetime::{Exit, Lifetime};
use super::market::{Session, YEAR};
use super::path::{Bar, Path, adjustments, to_tick};
use super::random::{Purpose, between, fat_tailed, normal, stream};
use super::sectors::FINANCIALS;
use super::security::{Kind, Security};
use super::statement::Statement;
use super::style::Characteristics;
use super::tape::{Move, Tape};

/// Sessions of the warm-up: a year for momentum, and some more for the trailing statements.
pub const WARM_UP: usize = 330;

/// Length of the look-back of momentum and of the month that it leaves out, in sessions.
const LOOK_BACK: usize = 252;
const MONTH: usize = 21;

/// Market capitalisation of a giant in USD.
const GIANT: f64 = 4e11;

/// Simulates `security`, whose insiders do `trades`. The classes of one issuer share their path but
/// for a small spread.
pub fn simulate(world: &World, security: &Security, trades: &[Trade]) -> Path {
    let mut walk = Walk::new(world, security, trades);
    for session in security.lifetime.start..=security.lifetime.last {
        walk.step(session);
    }
    let (mut bars, factor) = walk.tape.into_bars();
    let (mut quarters, mut statements) = (walk.quarters, walk.statements);
    if security.kind == Kind::SecondaryClass {
        spread(world, security, &mut bars);
    }
    if !security.covered {
        (quarters, statements) = (Vec::new(), Vec::new());
        bars.iter_mut().for_each(|bar| bar.reported = 0);
    }
    Path { adjustments: adjustments(&bars), bars, factor, quarters, statements }
}

struct Walk<'a> {
    world: &'a World,
    security: &'a Security,
    trades: &'a [Trade],
    rng: ChaCha8Rng,
    firm_rng: ChaCha8Rng,
    firm: Option<Firm>,
    tape: Tape,
    /// Logarithm of volatility over its usual value.
    cluster: f64,
    /// Sum of the returns to date, one per session since the start.
    levels: Vec<f64>,
    characteristics: Characteristics,
    insider_news: f64,
    trades_seen: usize,
    quarters: Vec<Quarter>,
    statements: Vec<Statement>,
    dividends: f64,
    /// Number of quarters up to the last one filed.
    reported: usize,
    /// The same, as of the session before: what everyone can have read.
    digested: usize,
}

impl<'a> Walk<'a> {
    fn new(world: &'a World, security: &'a Security, trades: &'a [Trade]) -> Self {
        let mut firm_rng = stream(world.config.seed, Purpose::Firm, security.issuer);
        let files = security.kind.files();
        let lifetime = &security.lifetime;
        let quarters = filings::schedule(world.config.seed, security, &world.calendar);
        let mut walk = Self {
            world,
            security,
            trades,
            rng: stream(world.config.seed, Purpose::Price, security.issuer),
            firm: files.then(|| Firm::new(&mut firm_rng, security)),
            firm_rng,
            tape: Tape::new(&security.traits, security.issuer * 17),
            cluster: 0.0,
            levels: Vec::with_capacity(lifetime.last + 1 - lifetime.start),
            characteristics: Characteristics::default(),
            insider_news: 0.0,
            trades_seen: 0,
            quarters: if files { quarters } else { Vec::new() },
            statements: Vec::new(),
            dividends: 0.0,
            reported: 0,
            digested: 0,
        };
        walk.close_quarters(lifetime.start, true);
        walk
    }

    fn step(&mut self, session: usize) {
        let market = self.world.market[session];
        let volatility = self.volatility(session, &market);
        let news = self.file(session);
        let shock = fat_tailed(&mut self.rng);
        let own = volatility * (shock + news + self.characteristics.reward(&market.styles))
            - 0.5 * volatility * volatility
            - self.gravity();
        let change = (self.common_return(session, &market) + own + self.event(session)).clamp(-1.5, 1.5);
        self.levels.push(self.levels.last().copied().unwrap_or(0.0) + change);
        let &Lifetime { start, last, .. } = &self.security.lifetime;
        let step = Move {
            session,
            change,
            volatility,
            activity: shock + news,
            shares: self.shares(),
            reported: self.reported,
            required: [start, last, self.world.calendar.first()].contains(&session),
        };
        self.dividends += self.tape.record(&mut self.rng, &step);
        self.close_quarters(session, false);
        self.characterise(session);
    }

    /// Today's volatility: a stochastic volatility of its own times the stress of the market.
    fn volatility(&mut self, session: usize, market: &Session) -> f64 {
        self.cluster = 0.96 * self.cluster + 0.09 * normal(&mut self.rng);
        let usual = self.security.traits.volatility * market.stress;
        let calm = match self.exit(session) {
            Some(Exit::Acquisition) => 0.12,
            Some(Exit::Bankruptcy) => 2.0,
            _ => 1.0,
        };
        usual * calm * self.cluster.exp()
    }

    /// What a giant grows less per session, or one would become the whole market.
    fn gravity(&self) -> f64 {
        let relative = self.market_cap() / GIANT;
        if relative > 1.0 { 0.15 * relative.ln() / YEAR } else { 0.0 }
    }

    /// The end that the market knows to be coming, if it does.
    fn exit(&self, session: usize) -> Option<Exit> {
        let delisting = self.security.delisting()?;
        (session >= delisting.warning).then_some(delisting.exit)
    }

    fn common_return(&self, session: usize, market: &Session) -> f64 {
        let traits = &self.security.traits;
        let pinned = if self.exit(session) == Some(Exit::Acquisition) { 0.05 } else { 1.0 };
        let sector = traits.sector_loading * market.sectors[self.security.sector];
        pinned * (traits.beta * market.market + sector)
    }

    /// The jump of a bid, or the slide to a bad end.
    fn event(&mut self, session: usize) -> f64 {
        let Some(delisting) = self.security.delisting() else {
            return 0.0;
        };
        let sessions = (self.security.lifetime.last - delisting.warning + 1) as f64;
        match self.exit(session) {
            Some(Exit::Acquisition) if session == delisting.warning => between(&mut self.rng, 0.12, 0.40),
            Some(Exit::Bankruptcy) => -2.8 / sessions,
            Some(Exit::Regulatory) => -0.8 / sessions,
            _ => 0.0,
        }
    }

    /// Takes note of filings up to this session; returns the surprise in daily deviations.
    fn file(&mut self, session: usize) -> f64 {
        self.digested = self.reported;
        let today = self.world.calendar.date(session);
        let filed = |quarter: &Quarter| quarter.filed.is_some_and(|date| date <= today);
        let new = self.quarters[self.reported..self.statements.len()].iter().rposition(filed);
        let Some(new) = new else { return 0.0 };
        self.reported += new + 1;
        let surprise = self.firm.as_ref().map_or(0.0, Firm::surprise);
        1.5 * surprise + normal(&mut self.rng)
    }

    /// Shares outstanding as last reported, in shares at the start.
    fn shares(&self) -> f64 {
        let traits = &self.security.traits;
        let reported = self.reported.checked_sub(1).and_then(|last| self.statements.get(last));
        reported.map_or(traits.market_cap / traits.price, |statement| statement.shares)
    }

    fn market_cap(&self) -> f64 {
        self.tape.price() * self.shares() * self.tape.factor()
    }

    /// Closes the fiscal quarters that ended by this session; `before` the listing their filings
    /// are old news.
    fn close_quarters(&mut self, session: usize, before: bool) {
        let today = self.world.calendar.date(session);
        let distress = matches!(self.exit(session), Some(Exit::Bankruptcy | Exit::Regulatory));
        let market_cap = if before { self.security.traits.market_cap } else { self.market_cap() };
        let Some(firm) = &mut self.firm else { return };
        while self.quarters.get(self.statements.len()).is_some_and(|quarter| quarter.period <= today) {
            let dividends = std::mem::take(&mut self.dividends);
            self.statements.push(firm.close_quarter(&mut self.firm_rng, market_cap, dividends, distress));
        }
        if before {
            let filed = |quarter: &Quarter| quarter.filed.is_some_and(|date| date < today);
            self.reported = self.quarters[..self.statements.len()].iter().rposition(filed).map_or(0, |last| last + 1);
        }
    }

    /// Characteristics as they stand at the end of the session, for the returns from the next one
    /// on. Filings count from the session after they arrived, as a strategy could use them.
    fn characterise(&mut self, session: usize) {
        let today = self.world.calendar.date(session);
        self.insider_news *= (-1.0 / insiders::MEMORY).exp();
        while let Some(trade) = self.trades.get(self.trades_seen).filter(|trade| trade.filed < today) {
            self.insider_news += trade.news();
            self.trades_seen += 1;
        }
        let (value, quality) = self.fundamentals();
        let yearly = self.own_return(session, LOOK_BACK, MONTH);
        let monthly = self.own_return(session, MONTH, 0);
        let insiders = self.insider_news;
        self.characteristics = Characteristics { value, quality, momentum: yearly, reversal: -monthly, insiders };
    }

    /// Return in excess of the market from `from` to `to` sessions ago, over its usual deviation; 0
    /// when too young.
    fn own_return(&self, session: usize, from: usize, to: usize) -> f64 {
        let age = self.levels.len() - 1;
        if age < from {
            return 0.0;
        }
        let market = &self.world.market;
        let market_return = market[session - to].market_level - market[session - from].market_level;
        let traits = &self.security.traits;
        let excess = self.levels[age - to] - self.levels[age - from] - traits.beta * market_return;
        excess / (traits.volatility * ((from - to) as f64).sqrt())
    }

    /// Standard scores of value and quality from the filings digested, by typical means and
    /// deviations.
    fn fundamentals(&self) -> (f64, f64) {
        let Some(four) = self.digested.checked_sub(4).and_then(|from| self.statements.get(from..self.digested)) else {
            return (0.0, 0.0);
        };
        let latest = four[3];
        let earnings: f64 = four.iter().map(Statement::netinc).sum();
        let cash_flow: f64 = four.iter().map(|quarter| quarter.ncfo).sum();
        let market_cap = self.tape.price() * latest.shares * self.tape.factor();
        let book_yield = latest.equity() / market_cap;
        let book = if book_yield > 0.0 { (book_yield / 0.45).ln() / 0.7 } else { -2.0 };
        let earnings_yield = (earnings / market_cap - 0.04) / 0.06;
        let asset_scale = if self.security.sector == FINANCIALS { 0.2 } else { 1.0 };
        let on_assets = (earnings / latest.assets / asset_scale - 0.035) / 0.05;
        let on_equity = if latest.equity() > 0.0 { (earnings / latest.equity() - 0.09) / 0.12 } else { 0.0 };
        let accruals = ((earnings - cash_flow) / latest.assets / asset_scale + 0.03) / 0.03;
        let within = |score: f64| score.clamp(-2.5, 2.5);
        (
            0.9 * within(book) + 0.2 * within(earnings_yield),
            0.45 * within(on_assets) + 0.45 * within(on_equity) - 0.7 * within(accruals),
        )
    }
}

/// Turns the path of an issuer's primary class into that of the other class: nearly the same price.
fn spread(world: &World, security: &Security, bars: &mut [Bar]) {
    let rng = &mut stream(world.config.seed, Purpose::Spread, security.issuer);
    let discount = between(rng, -0.06, 0.01);
    let mut difference = 0.0;
    for bar in bars {
        difference = 0.9 * difference + 0.0015 * normal(rng);
        let factor = (discount + difference).exp();
        for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
            *price = to_tick(*price * factor);
        }
    }
}
