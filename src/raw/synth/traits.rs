//! How the price and volume of a security behave.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::random::{between, chance, log_between, normal};
use super::sectors::Sector;
use super::security::Kind;

/// Market capitalisation of the smallest ordinary listed company, in USD.
const SMALLEST: f64 = 6e8;

/// Market capitalisation at the start, in USD.
#[derive(Clone, Copy)]
pub struct Size(f64);

impl Size {
    /// One size per kind. Ordinary companies follow Zipf's law (as Axtell 2001 finds for US firms):
    /// the n-th largest of N has N/n times the smallest size. The quantiles are spread evenly, so
    /// that each size class exists.
    pub fn stratified(rng: &mut ChaCha8Rng, kinds: &[Kind]) -> Vec<Size> {
        let ordinary = |kind: &Kind| matches!(kind, Kind::Common | Kind::PrimaryClass);
        let count = kinds.iter().filter(|kind| ordinary(kind)).count();
        let mut ranks: Vec<usize> = (0..count).collect();
        ranks.shuffle(rng);
        let mut zipf = ranks.into_iter().map(|rank| SMALLEST * count as f64 / (rank as f64 + 0.5));
        let size = |kind: &Kind| match kind {
            Kind::Common | Kind::PrimaryClass => zipf.next().unwrap_or(SMALLEST).min(4e12),
            Kind::MicroCap => log_between(rng, 4e6, 2.5e8),
            Kind::Otc => log_between(rng, 2e6, 3e8),
            Kind::Adr => log_between(rng, 1e9, 1.5e11),
            Kind::Canadian => log_between(rng, 3e8, 3e10),
            _ => log_between(rng, 5e7, 2e9),
        };
        kinds.iter().map(size).map(Size).collect()
    }

    /// In USD.
    pub fn dollars(self) -> f64 {
        self.0
    }

    /// True below one billion.
    pub fn is_small(self) -> bool {
        self.0 < 1e9
    }

    /// True for companies that do not go bankrupt here.
    pub fn is_large(self) -> bool {
        self.0 > 2e10
    }
}

/// Constant traits of a security.
#[derive(Clone)]
pub struct Traits {
    /// Market capitalisation at the start, in USD.
    pub market_cap: f64,
    /// Price per share at the start, in USD.
    pub price: f64,
    /// Daily deviation of the part of the return that is the security's own.
    pub volatility: f64,
    /// Loading on the market.
    pub beta: f64,
    /// Loading on the sector.
    pub sector_loading: f64,
    /// Mean share of the shares outstanding that trade in a session.
    pub turnover: f64,
    /// Probability that a halt of 3 to 15 sessions begins.
    pub halts: f64,
    /// Probability that a session has no row.
    pub missing: f64,
    /// Probability that a session has no trade.
    pub untraded: f64,
    /// Dividends per year over price; zero for those that pay none.
    pub dividend_yield: f64,
    /// Dividends per year.
    pub payments: usize,
    /// Price above which the issuer splits the shares.
    pub split_above: f64,
    /// Price below which the issuer joins the shares; zero for those that never do.
    pub join_below: f64,
}

impl Traits {
    /// Traits of a security of `kind` and `size` in `sector`.
    pub fn draw(rng: &mut ChaCha8Rng, kind: Kind, size: Size, sector: &Sector) -> Self {
        let market_cap = size.dollars();
        let relative_size = (market_cap / 3e9).ln();
        let illiquid = chance(rng, 0.04);
        let ordinary = Self {
            market_cap,
            price: (30.0 * (0.15 * relative_size + 0.6 * normal(rng)).exp()).clamp(4.0, 900.0),
            volatility: (0.018 * (0.25 * normal(rng) - 0.09 * relative_size).exp()).clamp(0.008, 0.045)
                * (1.0 + sector.research),
            beta: (1.0 + 0.3 * normal(rng)).clamp(0.2, 2.2),
            sector_loading: (1.0 + 0.3 * normal(rng)).clamp(0.2, 2.0),
            turnover: if illiquid { 3e-4 } else { 0.006 * (0.4 * normal(rng)).exp() },
            halts: 1.5e-4,
            missing: 2e-4,
            untraded: if illiquid { 0.03 } else { 2e-4 },
            dividend_yield: if chance(rng, sector.payers) { log_between(rng, 0.005, 0.05) } else { 0.0 },
            payments: [4, 4, 4, 4, 4, 4, 12, 2, 1][(between(rng, 0.0, 9.0)) as usize],
            split_above: log_between(rng, 90.0, 900.0),
            join_below: if chance(rng, 0.9) { 1.0 } else { 0.0 },
        };
        match kind {
            Kind::Common if chance(rng, 0.03) => Self { price: log_between(rng, 0.8, 5.0), ..ordinary },
            Kind::MicroCap => Self {
                price: log_between(rng, 0.3, 6.0),
                volatility: between(rng, 0.030, 0.055),
                turnover: log_between(rng, 0.0005, 0.005),
                missing: 0.004,
                untraded: 0.04,
                dividend_yield: 0.0,
                ..ordinary
            },
            Kind::Otc => Self {
                price: log_between(rng, 0.05, 3.0),
                volatility: between(rng, 0.035, 0.06),
                turnover: log_between(rng, 0.0002, 0.002),
                missing: 0.01,
                untraded: 0.10,
                dividend_yield: 0.0,
                join_below: 0.0,
                ..ordinary
            },
            Kind::Preferred => Self {
                price: between(rng, 21.0, 26.5),
                volatility: 0.005,
                beta: 0.15,
                sector_loading: 0.1,
                turnover: 0.001,
                missing: 0.005,
                untraded: 0.08,
                dividend_yield: between(rng, 0.045, 0.08),
                payments: 4,
                ..ordinary
            },
            Kind::Warrant => Self {
                price: log_between(rng, 0.2, 4.0),
                volatility: 0.06,
                beta: 1.8,
                turnover: 0.002,
                missing: 0.02,
                untraded: 0.12,
                dividend_yield: 0.0,
                join_below: 0.0,
                ..ordinary
            },
            Kind::Fund => Self {
                price: log_between(rng, 30.0, 180.0),
                turnover: 0.02,
                halts: 0.0,
                missing: 0.0,
                untraded: 0.0,
                dividend_yield: 0.013,
                payments: 4,
                ..ordinary
            },
            _ => ordinary,
        }
    }
}
