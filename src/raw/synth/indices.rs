//! Capitalisation-weighted indices of the market and of each sector.

use super::calendar::Calendar;
use super::path::Path;
use super::sectors::SECTORS;
use super::security::Security;

/// Sums over the constituents of one index in one session.
#[derive(Clone, Copy, Default)]
struct Sums {
    capital: f64,
    gain: f64,
}

/// Gains of all constituents seen so far, by session.
pub struct Indices {
    first: usize,
    /// The market, then the sectors.
    sums: Vec<[Sums; SECTORS.len() + 1]>,
}

/// The gain of one constituent in one session.
pub struct Gain {
    session: usize,
    capital: f64,
    gain: f64,
}

impl Indices {
    /// Indices without constituents.
    pub fn new(calendar: &Calendar) -> Self {
        let first = calendar.first();
        Self { first, sums: vec![[Sums::default(); SECTORS.len() + 1]; calendar.len() - first] }
    }

    /// Adds a constituent.
    pub fn add(&mut self, sector: usize, gains: &[Gain]) {
        for &Gain { session, capital, gain } in gains {
            let sums = &mut self.sums[session - self.first];
            for index in [0, sector + 1] {
                sums[index].capital += capital;
                sums[index].gain += gain;
            }
        }
    }

    /// Total return of an index in a session: of a sector, or of the market. 0 without
    /// constituents.
    pub fn total_return(&self, session: usize, sector: Option<usize>) -> f64 {
        let sums = self.sums[session - self.first][sector.map_or(0, |sector| sector + 1)];
        if sums.capital > 0.0 { sums.gain / sums.capital } else { 0.0 }
    }
}

/// What a security adds to the indices; nothing when it is not of a kind they hold.
pub fn gains(calendar: &Calendar, security: &Security, path: &Path) -> Vec<Gain> {
    if !security.kind.in_indices() {
        return Vec::new();
    }
    let (bars, _) = path.written(calendar);
    let gain = |pair: &[super::path::Bar]| {
        let [before, after] = pair else { return None };
        let change = (after.close + after.dividend) * after.split / before.close - 1.0;
        let capital = before.market_cap();
        Some(Gain { session: after.session, capital, gain: capital * change })
    };
    bars.windows(2).filter_map(gain).collect()
}
