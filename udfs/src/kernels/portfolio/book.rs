//! What a book holds on its long and its short side.

use super::super::rebalance::Scores;
use super::caps::Capped;
use super::proposal::Pick;
use super::selection::Order;
use super::{Bounds, Construction, ConstructionError, CrossSection};

/// The sides of a book and their size, as parts of the capital.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Book {
    /// Longs that sum to 1.
    Long,
    /// Longs that sum to `gross`/2 and shorts that sum to −`gross`/2.
    LongShort {
        /// Sum of the absolute weights, above 0.
        gross: f64,
    },
    /// Shorts that sum to −1.
    Short,
}

/// What becomes of a name that is chosen for both legs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// It is an error if it has a weight in both (spec 06 §7 #21).
    Error,
    /// It leaves both, and the others keep their weights (spec 06 §2.6).
    Drop,
    /// It has the sum of its two weights (spec 06 §2.1), and its rank in the long leg.
    Keep,
}

impl Book {
    /// Signed size of the long and of the short side; 0 where there is none.
    fn sides(self) -> (f64, f64) {
        match self {
            Self::Long => (1.0, 0.0),
            Self::LongShort { gross } => (gross / 2.0, -gross / 2.0),
            Self::Short => (0.0, -1.0),
        }
    }
}

/// The two legs of a book.
pub(super) struct Legs {
    long: Vec<Pick>,
    short: Vec<Pick>,
}

impl Legs {
    /// The names of both legs with their weights, in the order of the tickers.
    pub(super) fn choose(date: &CrossSection<'_>, scores: &Scores, order: &Order, how: &Construction) -> Self {
        let (long, short) = how.book.sides();
        let long = if long == 0.0 { vec![] } else { leg(date, scores, order.best(how.n_long), long, how) };
        let short = if short == 0.0 { vec![] } else { leg(date, scores, order.worst(how.n_short), short, how) };
        Self { long, short }
    }

    /// Sum of the absolute weights of both.
    pub(super) fn gross(&self) -> f64 {
        self.long.iter().chain(&self.short).map(|pick| pick.target.abs()).sum()
    }

    /// Both legs as one book, in the order of the tickers. All weights are 0 if a side that the book must have is
    /// without any.
    pub(super) fn merge(self, ranked: usize, how: &Construction) -> Result<Vec<Pick>, ConstructionError> {
        let Self { mut long, mut short } = self;
        let in_both: Vec<(Pick, Pick)> = long.iter().filter_map(|l| Some((*l, *in_leg(&short, l.row)?))).collect();
        match how.overlap {
            Overlap::Error => {
                let names = in_both.iter().filter(|(l, s)| l.target != 0.0 && s.target != 0.0).count();
                if names > 0 {
                    return Err(ConstructionError::Overlap { names, n_long: how.n_long, n_short: how.n_short, ranked });
                }
            }
            Overlap::Drop => {
                let dropped: Vec<usize> = in_both.iter().map(|(l, _)| l.row).collect();
                long.retain(|pick| !dropped.contains(&pick.row));
                short.retain(|pick| !dropped.contains(&pick.row));
            }
            Overlap::Keep => {}
        }
        let (long_side, short_side) = how.book.sides();
        let lacks = |side: f64, leg: &[Pick]| side != 0.0 && leg.iter().all(|pick| pick.target == 0.0);
        let empty = lacks(long_side, &long) || lacks(short_side, &short);
        let mut picks = net(long, short);
        if empty {
            picks.iter_mut().for_each(|pick| (pick.target, pick.bounds) = (0.0, Bounds::NONE));
        }
        Ok(picks)
    }
}

/// One leg of signed size `side`; `rows` come in the order of their rank.
fn leg(
    date: &CrossSection<'_>,
    scores: &Scores,
    rows: impl Iterator<Item = usize>,
    side: f64,
    how: &Construction,
) -> Vec<Pick> {
    let sign = side.signum();
    let mut ranked: Vec<(usize, i32)> =
        rows.zip(1..).map(|(row, rank)| (row, if side > 0.0 { rank } else { -rank })).collect();
    ranked.sort_unstable();
    let rows: Vec<usize> = ranked.iter().map(|(row, _)| *row).collect();
    let shares: Vec<f64> =
        rows.iter().map(|&row| how.weighting.share(sign * scores.limited[row], date.volatility[row])).collect();
    let Capped { weights, bounds } = how.caps.apply(&shares, &rows, date);
    let pick = |((&(row, rank), weight), bounds)| Pick { row, rank, target: side * weight, bounds };
    ranked.iter().zip(weights).zip(bounds).map(pick).collect()
}

fn in_leg(leg: &[Pick], row: usize) -> Option<&Pick> {
    leg.binary_search_by_key(&row, |pick| pick.row).ok().map(|position| &leg[position])
}

/// The picks of both legs by row; one that is in both is one pick.
fn net(long: Vec<Pick>, short: Vec<Pick>) -> Vec<Pick> {
    let mut picks = long;
    picks.extend(short);
    // A stable sort: of two picks of one row, the long one comes first.
    picks.sort_by_key(|pick| pick.row);
    picks.dedup_by(|second, first| {
        let same = first.row == second.row;
        if same {
            first.target += second.target;
            first.bounds = first.bounds.with(second.bounds);
        }
        same
    });
    picks
}
