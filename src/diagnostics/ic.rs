//! Information coefficients: per date, how well a column ranks and scales the returns that follow.

use std::collections::HashMap;

use kairos_udfs::kernels::{Presence, Ranking, pearson};

use super::by_date::by_date;
use super::panel::Panel;

/// The information coefficient of one feature for one target on one date.
#[derive(Debug, Clone, Copy)]
pub(super) struct Coefficient {
    pub feature: usize,
    pub target: usize,
    pub date: usize,
    /// The sector whose members were looked at; all members if `None`.
    pub sector: Option<u32>,
    /// Members with a value and a return.
    pub names: usize,
    /// NaN with too few names, or if either side does not vary.
    pub pearson: f64,
    /// As `pearson`, of ranks.
    pub spearman: f64,
}

/// What is correlated, and how.
pub(super) struct Question<'a> {
    pub panel: &'a Panel,
    pub features: Vec<&'a [f64]>,
    pub targets: Vec<&'a [f64]>,
    /// Fewest names that have a correlation.
    pub min_names: usize,
    /// The sector of each ticker, if sectors are to be looked at, too.
    pub sectors: Option<&'a [Option<u32>]>,
    pub threads: usize,
}

/// All coefficients, by date. Dates without a single pair have none.
pub(super) fn coefficients(question: &Question) -> Vec<Coefficient> {
    let of_date = |date| {
        let everyone = question.panel.cross_section(date);
        let whole: Vec<u32> = (0..everyone.len() as u32).collect();
        let mut found = question.of_members(date, None, &whole);
        if let Some(sectors) = question.sectors {
            let sector_at = |member: &u32| sectors[question.panel.members(date)[*member as usize] as usize];
            let mut members: Vec<u32> = whole.into_iter().filter(|member| sector_at(member).is_some()).collect();
            members.sort_by_key(sector_at);
            for of_sector in members.chunk_by(|a, b| sector_at(a) == sector_at(b)) {
                found.extend(question.of_members(date, sector_at(&of_sector[0]), of_sector));
            }
        }
        found
    };
    by_date(question.panel.dates().len(), question.threads, of_date).concat()
}

impl Question<'_> {
    /// The coefficients among some of a date's members.
    fn of_members(&self, date: usize, sector: Option<u32>, members: &[u32]) -> Vec<Coefficient> {
        let slice = self.panel.cross_section(date);
        // Who has no value, or no return that follows, says nothing.
        let any = |columns: &[&[f64]], member: u32| {
            columns.iter().any(|column| column[slice.start + member as usize].is_finite())
        };
        let mut counted = Vec::with_capacity(members.len());
        counted.extend(
            members.iter().copied().filter(|member| any(&self.targets, *member) && any(&self.features, *member)),
        );
        let pick = |column: &[f64]| -> Vec<f64> {
            let column = &column[slice.clone()];
            counted.iter().map(|member| column[*member as usize]).collect()
        };
        let mut targets: Vec<_> = self.targets.iter().map(|column| Returns::of(pick(column))).collect();
        let mut found = Vec::with_capacity(self.features.len() * targets.len());
        for (feature, column) in self.features.iter().enumerate() {
            let values = pick(column);
            let ranks = Ranking::of(&values);
            for (target, returns) in targets.iter_mut().enumerate() {
                let ranks = ranks.among(returns.ranks.present());
                let names = ranks.count();
                if names == 0 {
                    continue;
                }
                let (pearson, spearman) = match names >= self.min_names {
                    true => (pearson(&values, &returns.values), ranks.correlation(returns.among(ranks.present()))),
                    false => (f64::NAN, f64::NAN),
                };
                found.push(Coefficient { feature, target, date, sector, names, pearson, spearman });
            }
        }
        found
    }
}

/// The returns of a cross-section.
struct Returns {
    values: Vec<f64>,
    ranks: Ranking,
    /// Ranks among the names that some feature has a value of, too; many features miss the same names.
    parts: HashMap<Presence, Ranking>,
}

impl Returns {
    fn of(values: Vec<f64>) -> Self {
        let ranks = Ranking::of(&values);
        Self { values, ranks, parts: HashMap::new() }
    }

    fn among(&mut self, present: &Presence) -> &Ranking {
        let Self { ranks, parts, .. } = self;
        if present == ranks.present() {
            return ranks;
        }
        parts.entry(present.clone()).or_insert_with(|| ranks.among(present).into_owned())
    }
}
