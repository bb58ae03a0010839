//! Exchange traded funds and the like: what they hold and how they trade.

use super::World;
use super::indices::Indices;
use super::path::{Path, adjustments};
use super::random::{Purpose, normal, stream};
use super::sectors::SECTORS;
use super::security::Security;
use super::tape::{Move, Tape};

/// Symbol of the fund that holds the market.
pub const MARKET_FUND: &str = "SPX1";

/// Yearly costs of a fund.
const COSTS: f64 = 0.001;

/// What a fund holds.
#[derive(Clone, Copy, Debug)]
pub enum Exposure {
    /// A multiple of the market of stocks; 1 for the plain index.
    Market(f64),
    /// One sector of it.
    Sector(usize),
    /// Bonds.
    Bonds,
}

impl Exposure {
    /// What the fund of that number holds: the market first, then each sector, then the rest in
    /// turn.
    pub fn of(number: usize) -> Self {
        match number {
            0 => Self::Market(1.0),
            sector if sector <= SECTORS.len() => Self::Sector(sector - 1),
            other => [Self::Market(2.0), Self::Bonds, Self::Market(-1.0), Self::Market(0.6)][other % 4],
        }
    }

    /// The name of such a fund.
    pub fn name(&self) -> String {
        match self {
            Self::Market(1.0) => "KESTREL TOTAL MARKET INDEX FUND".to_owned(),
            Self::Market(multiple) => format!("KESTREL {multiple}X DAILY MARKET FUND"),
            Self::Sector(sector) => format!("KESTREL {} INDEX FUND", SECTORS[*sector].name.to_uppercase()),
            Self::Bonds => "KESTREL AGGREGATE BOND FUND".to_owned(),
        }
    }

    /// True for plain index funds.
    pub fn is_index(&self) -> bool {
        matches!(self, Self::Market(1.0) | Self::Sector(_))
    }
}

/// Simulates a fund on the returns of the finished indices.
pub fn simulate(world: &World, security: &Security, exposure: Exposure, indices: &Indices) -> Path {
    let rng = &mut stream(world.config.seed, Purpose::Fund, security.issuer);
    let traits = &security.traits;
    let first = security.lifetime.start.max(world.calendar.first());
    let mut tape = Tape::new(traits, security.issuer * 17);
    for session in first..=security.lifetime.last {
        let change = match exposure {
            Exposure::Market(multiple) => multiple * indices.total_return(session, None),
            Exposure::Sector(sector) => indices.total_return(session, Some(sector)),
            Exposure::Bonds => 0.0001 + 0.003 * normal(rng),
        };
        let volatility = if matches!(exposure, Exposure::Bonds) { 0.003 } else { 0.008 };
        let step = Move {
            session,
            change: (change - COSTS / 252.0).max(-0.9).ln_1p(),
            volatility,
            activity: change / volatility,
            shares: traits.market_cap / traits.price,
            reported: 0,
            required: session == first || session == security.lifetime.last,
        };
        tape.record(rng, &step);
    }
    let (bars, factor) = tape.into_bars();
    Path { adjustments: adjustments(&bars), bars, factor, quarters: Vec::new(), statements: Vec::new() }
}
