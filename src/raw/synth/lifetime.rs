//! When securities are listed, and how listings end.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::calendar::Calendar;
use super::random::{chance, pick, pick_weighted};
use super::security::{Kind, Security};
use super::traits::Size;

/// Share of the securities that are listed after the first session.
const LATE: f64 = 0.12;

/// Share of the securities whose listing ends before the last session.
const DELISTED: f64 = 0.14;

/// Data shorter than this have neither late listings nor delistings.
const SHORTEST: usize = 40;

/// The end of a listing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// Bought by another company: a jump on the announcement, then hardly a move.
    Acquisition,
    /// Liquidated: a slide to pennies.
    Bankruptcy,
    /// Removed by the exchange: a slide, less deep.
    Regulatory,
    /// Withdrawn by the issuer.
    Voluntary,
}

impl Exit {
    /// The vendor's action besides `delisted`.
    pub fn action(self) -> &'static str {
        match self {
            Self::Acquisition => "acquisitionby",
            Self::Bankruptcy => "bankruptcyliquidation",
            Self::Regulatory => "regulatorydelisting",
            Self::Voluntary => "voluntarydelisting",
        }
    }
}

/// How a listing ends.
#[derive(Clone)]
pub struct Delisting {
    /// Why.
    pub exit: Exit,
    /// The session from which the market knows or feels it.
    pub warning: usize,
    /// Symbol and name of the buyer.
    pub acquirer: Option<(String, String)>,
}

/// Sessions of a listing.
#[derive(Clone)]
pub struct Lifetime {
    /// First simulated session; 0, in the warm-up, for securities that were listed before the data
    /// begin.
    pub start: usize,
    /// Last session with a price.
    pub last: usize,
    /// The end, unless the security still trades on the last session of the data.
    pub delisting: Option<Delisting>,
}

/// Draws the lifetime of a security.
pub fn draw(rng: &mut ChaCha8Rng, kind: Kind, size: Size, calendar: &Calendar) -> Lifetime {
    let whole = Lifetime { start: 0, last: calendar.last(), delisting: None };
    let days = calendar.len() - calendar.first();
    if days < SHORTEST {
        return whole;
    }
    let at = |share: f64| calendar.first() + (share * days as f64) as usize;
    let start = if chance(rng, LATE) { rng.random_range(at(0.02)..at(0.85)) } else { 0 };
    let survives = size.is_large() || matches!(kind, Kind::Fund | Kind::Preferred);
    let exits = start.max(calendar.first()) + days / 10..calendar.last();
    if survives || !chance(rng, DELISTED * 1.12) || exits.is_empty() {
        return Lifetime { start, ..whole };
    }
    let last = rng.random_range(exits);
    let odds = if kind == Kind::Common { [0.65, 0.12, 0.08, 0.15] } else { [0.20, 0.30, 0.30, 0.20] };
    let exit = [Exit::Acquisition, Exit::Bankruptcy, Exit::Regulatory, Exit::Voluntary][pick_weighted(rng, &odds)];
    let notice = match exit {
        Exit::Acquisition => rng.random_range(20..120),
        Exit::Bankruptcy | Exit::Regulatory => rng.random_range(60..200),
        Exit::Voluntary => 0,
    };
    let warning = last.saturating_sub(notice).max(start + 1);
    Lifetime { start, last, delisting: Some(Delisting { exit, warning, acquirer: None }) }
}

/// Finds a buyer for each company that is bought: another one that outlives it.
pub fn name_acquirers(rng: &mut ChaCha8Rng, securities: &mut [Security]) {
    let lives = |security: &&Security| security.kind == Kind::Common && security.delisting().is_none();
    let buyers: Vec<(String, String)> =
        securities.iter().filter(lives).map(|buyer| (buyer.ticker.clone(), buyer.name.clone())).collect();
    for security in securities {
        if let Some(delisting) = &mut security.lifetime.delisting
            && delisting.exit == Exit::Acquisition
        {
            delisting.acquirer = pick(rng, &buyers).cloned();
        }
    }
}
