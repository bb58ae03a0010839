//! Scores, ranks and candidates of one date (spec 06 §1.4, §1.5 and §2.7.1).

use std::cmp::Ordering;

use crate::kernels::Degenerate;
use crate::kernels::rebalance::{CrossSection, Scores, Ties};

/// The side of the book that a candidate may be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Long,
    Short,
}

/// A name that may be traded into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Its row in the cross-section.
    pub row: usize,
    pub side: Side,
}

/// The scores of a cross-section.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Signal {
    /// Score of each row; NaN outside the cross-section.
    pub z: Vec<f64>,
    /// Place of each row in descending order of score, from 1; 0 outside the cross-section.
    pub rank: Vec<u32>,
    /// Rows of the cross-section in descending order of score.
    descending: Vec<usize>,
    /// The same in ascending order, which is not the reverse: ties go to the first ticker in both.
    ascending: Vec<usize>,
}

impl Signal {
    /// Standardises the signal over the eligible names that have one.
    pub fn of(cross: &CrossSection<'_>, clip: f64, degenerate: Degenerate, ties: Ties) -> Self {
        let Scores { limited: z, unlimited } = Scores::standardised(cross, 1.0, clip, degenerate);
        let by_score = |a: &usize, b: &usize| {
            let signal = match ties {
                Ties::RawSignal => unlimited[*a].total_cmp(&unlimited[*b]),
                Ties::Ticker => Ordering::Equal,
            };
            z[*a].total_cmp(&z[*b]).then(signal)
        };
        let mut ascending: Vec<usize> = (0..cross.len()).filter(|row| cross.is_ranked(*row)).collect();
        let mut descending = ascending.clone();
        // Rows are in the order of tickers and both sorts are stable.
        ascending.sort_by(by_score);
        descending.sort_by(|a, b| by_score(b, a));
        let mut rank = vec![0; cross.len()];
        (1..).zip(&descending).for_each(|(place, row)| rank[*row] = place);
        Self { z, rank, descending, ascending }
    }

    /// The best `long` and the worst `short` of the usable rows, in the order of tickers. A row in both lists is on the
    /// side of its score.
    pub fn candidates(&self, long: usize, short: usize, usable: impl Fn(usize) -> bool) -> Vec<Candidate> {
        let take = |rows: &[usize], count| rows.iter().copied().filter(|row| usable(*row)).take(count).collect();
        let (best, worst): (Vec<usize>, Vec<usize>) = (take(&self.descending, long), take(&self.ascending, short));
        let mut side = vec![None; self.z.len()];
        best.iter().for_each(|row| side[*row] = Some(Side::Long));
        for &row in worst.iter().filter(|row| !(best.contains(row) && self.z[**row] >= 0.0)) {
            side[row] = Some(Side::Short);
        }
        let candidate = |(row, side): (usize, Option<Side>)| side.map(|side| Candidate { row, side });
        side.into_iter().enumerate().filter_map(candidate).collect()
    }
}

/// The sectors of a cross-section and the share of its names that each has. Names without a sector form one of their
/// own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sectors {
    numbers: Vec<u32>,
    shares: Vec<f64>,
}

impl Sectors {
    pub fn of(cross: &CrossSection<'_>, signal: &Signal) -> Self {
        let mut numbers = cross.sector.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let mut sectors = Self { shares: vec![0.0; numbers.len()], numbers };
        for &row in &signal.descending {
            let place = sectors.place(cross.sector[row]);
            sectors.shares[place] += 1.0;
        }
        sectors.shares.iter_mut().for_each(|count| *count /= signal.descending.len() as f64);
        sectors
    }

    /// The place of a sector that occurs in the cross-section.
    pub fn place(&self, sector: u32) -> usize {
        self.numbers.partition_point(|number| *number < sector)
    }

    /// The number of the sector at a place.
    pub fn number(&self, place: usize) -> u32 {
        self.numbers[place]
    }

    /// Whether a sector occurs in the cross-section.
    pub fn has(&self, sector: u32) -> bool {
        self.numbers.binary_search(&sector).is_ok()
    }

    /// Share of names per sector.
    pub fn shares(&self) -> &[f64] {
        &self.shares
    }
}
