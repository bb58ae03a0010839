//! What all securities share: market regimes and the returns of the market, the sectors and the
//! styles.

use super::random::{Purpose, between, chance, normal, pick_weighted, stream};
use super::sectors::SECTORS;
use super::style::STYLES;

/// Sessions per year, for annual figures.
pub const YEAR: f64 = 252.0;

/// A spell of the market: yearly drift, yearly volatility, mean length in sessions, and the odds of
/// what follows.
struct Regime {
    drift: f64,
    volatility: f64,
    sessions: f64,
    next: [f64; 5],
}

/// Calm bull, nervous bull, bear, crash, recovery (a regime-switching model in the manner of
/// Hamilton 1989).
const REGIMES: [Regime; 5] = [
    Regime { drift: 0.16, volatility: 0.10, sessions: 150.0, next: [0.0, 0.70, 0.22, 0.08, 0.0] },
    Regime { drift: 0.09, volatility: 0.17, sessions: 70.0, next: [0.60, 0.0, 0.30, 0.10, 0.0] },
    Regime { drift: -0.26, volatility: 0.24, sessions: 75.0, next: [0.10, 0.15, 0.0, 0.25, 0.50] },
    Regime { drift: -1.10, volatility: 0.45, sessions: 16.0, next: [0.0, 0.10, 0.30, 0.0, 0.60] },
    Regime { drift: 0.42, volatility: 0.22, sessions: 55.0, next: [0.60, 0.35, 0.05, 0.0, 0.0] },
];

/// Long-run growth of the logarithm of the market per year, and the share of the excess over it that
/// a year takes back: dear markets earn less later (Campbell and Shiller 1988).
const TREND: f64 = 0.06;
const PULL: f64 = 0.25;

/// Volatility at which securities have their ordinary risk.
const ORDINARY_VOLATILITY: f64 = 0.16;

/// One session of the market; all returns are logarithmic.
#[derive(Clone, Copy)]
pub struct Session {
    /// Return of the market.
    pub market: f64,
    /// Sum of the market's returns up to and including this session.
    pub market_level: f64,
    /// Return of each sector in excess of the market.
    pub sectors: [f64; SECTORS.len()],
    /// Return of one unit of each style, in units of a security's own daily volatility.
    pub styles: [f64; STYLES],
    /// Factor on the volatility of single securities.
    pub stress: f64,
}

/// Simulates `sessions` sessions.
pub fn simulate(seed: u64, sessions: usize) -> Vec<Session> {
    let rng = &mut stream(seed, Purpose::Market, 0);
    let mut regime = 0;
    let mut cluster = 0.0_f64;
    let mut market_level = 0.0;
    let sector_volatility: Vec<f64> = SECTORS.iter().map(|_| between(rng, 0.004, 0.008)).collect();
    (0..sessions)
        .map(|session| {
            let Regime { drift, volatility, sessions, next } = &REGIMES[regime];
            // Clusters within a regime: the logarithm of volatility is autoregressive (Taylor
            // 1986).
            cluster = 0.97 * cluster + 0.10 * normal(rng);
            let yearly = volatility * cluster.exp();
            // The drift is that of the price level, not of its logarithm.
            let excess = market_level - TREND * session as f64 / YEAR;
            let drift = (drift - PULL * excess - 0.5 * yearly * yearly) / YEAR;
            let market = (drift + yearly / YEAR.sqrt() * normal(rng)).clamp(-0.2, 0.2);
            market_level += market;
            let stress = (yearly / ORDINARY_VOLATILITY).sqrt().clamp(0.6, 2.0);
            let session = Session {
                market,
                market_level,
                sectors: std::array::from_fn(|s| sector_volatility[s] * stress * normal(rng)),
                styles: super::style::returns(rng),
                stress,
            };
            if chance(rng, 1.0 / sessions) {
                regime = pick_weighted(rng, next);
            }
            session
        })
        .collect()
}
