//! How much a column's order of the names changes from one date to a later one.

use kairos_udfs::kernels::{Ranking, ntile};

use super::by_date::by_date;
use super::panel::Panel;

/// The change of one feature over some dates up to one date.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub feature: usize,
    pub lag: usize,
    pub date: usize,
    /// Members with a value on both dates.
    pub names: usize,
    /// Rank correlation of the values with the earlier ones.
    pub autocorrelation: f64,
    /// Share of the top quantile that was not in it before.
    pub top: f64,
    /// Share of the bottom quantile that was not in it before.
    pub bottom: f64,
}

/// Changes over each lag, counted in dates of the panel.
pub(super) fn changes(
    panel: &Panel,
    features: &[&[f64]],
    lags: &[u32],
    quantiles: usize,
    min_names: usize,
    threads: usize,
) -> Vec<Change> {
    let dates = panel.dates().len();
    let of_feature = |(feature, column): (usize, &&[f64])| {
        let rankings = by_date(dates, threads, |date| Ranking::of(&column[panel.cross_section(date)]));
        let change = |date: usize, lag: usize| {
            let earlier = date.checked_sub(lag)?;
            let pair = Pair {
                now: &rankings[date],
                earlier: &rankings[earlier],
                members: [panel.members(date), panel.members(earlier)],
            };
            let before = pair.ranks_before(panel.tickers().len());
            let names = pair.now.common(&before);
            (names >= min_names).then(|| Change {
                feature,
                lag,
                date,
                names,
                autocorrelation: pair.now.correlation(&before),
                top: pair.newcomers(quantiles, quantiles - 1),
                bottom: pair.newcomers(quantiles, 0),
            })
        };
        let changes = |date| lags.iter().filter_map(|lag| change(date, *lag as usize)).collect::<Vec<_>>();
        by_date(dates, threads, changes).concat()
    };
    features.iter().enumerate().flat_map(of_feature).collect()
}

/// Two dates' ranks and the members that they belong to.
struct Pair<'a> {
    now: &'a Ranking,
    earlier: &'a Ranking,
    members: [&'a [u32]; 2],
}

impl Pair<'_> {
    /// The earlier ranks of the members of now.
    fn ranks_before(&self, tickers: usize) -> Ranking {
        let mut of_ticker = vec![f64::NAN; tickers];
        for (ticker, rank) in self.members[1].iter().zip(self.earlier.ranks()) {
            of_ticker[*ticker as usize] = rank;
        }
        Ranking::of(&self.members[0].iter().map(|ticker| of_ticker[*ticker as usize]).collect::<Vec<_>>())
    }

    /// Share of a quantile of now that was not in the same quantile before; NaN if it is empty.
    fn newcomers(&self, quantiles: usize, quantile: usize) -> f64 {
        let held = |ranking: &Ranking, members: &[u32]| -> Vec<u32> {
            let range = ntile(ranking.count(), quantiles).range(quantile);
            ranking.order()[range].iter().map(|row| members[*row as usize]).collect()
        };
        let (now, mut earlier) = (held(self.now, self.members[0]), held(self.earlier, self.members[1]));
        earlier.sort_unstable();
        let newcomers = now.iter().filter(|ticker| earlier.binary_search(ticker).is_err()).count();
        newcomers as f64 / now.len() as f64
    }
}
