//! A study: some columns over one universe, and the diagnostics of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{BooleanArray, RecordBatch};
use tokio::sync::OnceCell;

use super::lay::Laid;
use super::load;
use super::panel::Panel;
use super::rows::{counts, dates, numbers, table, texts};
use super::{DiagnosticsError, Feature, Result, Universe, correlation, coverage, ic, quantiles, turnover};
use crate::engine::Engine;

/// Columns are read in portions of at most this many bytes.
const PORTION: usize = 1 << 30;

/// What a feature is meant to predict: the return over `horizon` rows.
#[derive(Debug, Clone)]
pub struct Target {
    /// Rows of the ticker between the date and the start of the return; 0 of a return that begins at once.
    pub lag: u32,
    /// Rows of the ticker; returns overlap on `horizon` − 1 dates.
    pub horizon: u32,
    /// The column that holds it; computed from adjusted closes if `None`.
    pub column: Option<Feature>,
}

/// What followed on the dates of a study's members: one column for each target, read once for all questions about it.
pub struct Returns {
    targets: Vec<Target>,
    columns: Vec<Laid>,
}

/// Columns under examination and the members they are examined over.
pub struct Study {
    engine: Engine,
    universe: Universe,
    features: Vec<Feature>,
    panel: Arc<Panel>,
    /// The columns of all features, once they were read, if they fit into one portion.
    columns: OnceCell<Arc<Vec<Laid>>>,
    threads: usize,
    memory: usize,
}

impl Study {
    /// Reads the universe. `memory` bounds what columns may hold at a time, in bytes.
    ///
    /// # Errors
    /// If the universe is empty or cannot be read.
    pub async fn open(
        engine: &Engine,
        universe: Universe,
        features: Vec<Feature>,
        threads: usize,
        memory: usize,
    ) -> Result<Self> {
        let panel = Arc::new(load::members(engine, &universe).await?);
        Ok(Self { engine: engine.clone(), universe, features, panel, columns: OnceCell::new(), threads, memory })
    }

    /// The columns under examination.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The datasets that the study reads, for the record of what is computed from them.
    pub fn sources(&self) -> BTreeSet<&str> {
        const ALWAYS: [&str; 4] = ["sep_base_academic", "feat_targets", "security", "regime_history_academic"];
        let liquidity = self.universe.min_adv.map(|_| "feat_adv");
        self.features.iter().map(|feature| feature.dataset.as_str()).chain(ALWAYS).chain(liquidity).collect()
    }

    /// The members.
    pub fn panel(&self) -> &Panel {
        &self.panel
    }

    /// The returns of these targets.
    ///
    /// # Errors
    /// If a column or the base cannot be read.
    pub async fn returns(&self, targets: &[Target]) -> Result<Returns> {
        let stored: Vec<Feature> = targets.iter().filter_map(|target| target.column.clone()).collect();
        let computed: Vec<&Target> = targets.iter().filter(|target| target.column.is_none()).collect();
        let mut stored = load::features(&self.engine, &self.panel, &self.universe, &stored).await?.into_iter();
        let computed = match computed.as_slice() {
            [] => Vec::new(),
            targets => load::forward_returns(&self.engine, &self.panel, &self.universe, targets).await?,
        };
        let mut computed = computed.into_iter();
        let next = |target: &Target| if target.column.is_some() { stored.next() } else { computed.next() };
        let columns = targets.iter().filter_map(next).collect();
        Ok(Returns { targets: targets.to_vec(), columns })
    }

    /// Information coefficients: feature, lag, horizon, date, sector (NULL: all members), regime, names, pearson,
    /// spearman. The coefficients of dates with fewer than `min_names` names are NULL.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub async fn information_coefficients(
        &self,
        returns: &Returns,
        min_names: usize,
        by_sector: bool,
    ) -> Result<RecordBatch> {
        let targets = &returns.targets;
        let (sectors, sector_names) =
            if by_sector { load::sectors(&self.engine, &self.panel).await? } else { Default::default() };
        let regimes = load::regimes(&self.engine, &self.panel).await?;
        let mut found = Vec::new();
        for (first, portion) in self.portions() {
            let columns = self.columns(portion).await?;
            let question = ic::Question {
                panel: &self.panel,
                features: values(&columns),
                targets: values(&returns.columns),
                min_names,
                sectors: by_sector.then_some(sectors.as_slice()),
                threads: self.threads,
            };
            let of_portion = tokio::task::block_in_place(|| ic::coefficients(&question));
            found.extend(of_portion.into_iter().map(|c| ic::Coefficient { feature: c.feature + first, ..c }));
        }
        found.sort_by_key(|c| (c.feature, c.target, c.sector, c.date));
        let sector = |number: u32| sector_names[number as usize].as_str();
        let regime = |date: usize| regimes.as_ref().and_then(|regimes| regimes[date].as_deref());
        table(vec![
            ("feature", texts(found.iter().map(|c| Some(self.name(c.feature))))),
            ("lag", counts(found.iter().map(|c| targets[c.target].lag as usize))),
            ("horizon", counts(found.iter().map(|c| targets[c.target].horizon as usize))),
            ("date", dates(found.iter().map(|c| self.panel.dates()[c.date]))),
            ("sector", texts(found.iter().map(|c| c.sector.map(sector)))),
            ("regime", texts(found.iter().map(|c| regime(c.date)))),
            ("names", counts(found.iter().map(|c| c.names))),
            ("pearson", numbers(found.iter().map(|c| c.pearson))),
            ("spearman", numbers(found.iter().map(|c| c.spearman))),
        ])
    }

    /// Mean returns of the quantiles of each feature: feature, horizon, date, quantile (1: lowest values), names,
    /// mean_return, tied. Dates with fewer than five names per quantile are left out.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub async fn quantile_returns(&self, returns: &Returns, quantiles: usize) -> Result<RecordBatch> {
        let Returns { targets, columns: returns } = returns;
        let mut found = Vec::new();
        for (first, portion) in self.portions() {
            let columns = self.columns(portion).await?;
            let of_portion = tokio::task::block_in_place(|| {
                quantiles::quantile_returns(&self.panel, &values(&columns), &values(returns), quantiles, self.threads)
            });
            found.extend(of_portion.into_iter().map(|q| quantiles::QuantileReturn { feature: q.feature + first, ..q }));
        }
        found.sort_by_key(|q| (q.feature, q.target, q.date, q.quantile));
        table(vec![
            ("feature", texts(found.iter().map(|q| Some(self.name(q.feature))))),
            ("horizon", counts(found.iter().map(|q| targets[q.target].horizon as usize))),
            ("date", dates(found.iter().map(|q| self.panel.dates()[q.date]))),
            ("quantile", counts(found.iter().map(|q| q.quantile))),
            ("names", counts(found.iter().map(|q| q.names))),
            ("mean_return", numbers(found.iter().map(|q| q.mean))),
            ("tied", Arc::new(found.iter().map(|q| Some(q.tied)).collect::<BooleanArray>())),
        ])
    }

    /// Changes of each feature over some dates: feature, lag, date, names, autocorrelation, top_turnover,
    /// bottom_turnover.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub async fn turnover(&self, lags: &[u32], quantiles: usize, min_names: usize) -> Result<RecordBatch> {
        let mut found = Vec::new();
        for (first, portion) in self.portions() {
            let columns = self.columns(portion).await?;
            let of_portion = tokio::task::block_in_place(|| {
                turnover::changes(&self.panel, &values(&columns), lags, quantiles, min_names, self.threads)
            });
            found.extend(of_portion.into_iter().map(|c| turnover::Change { feature: c.feature + first, ..c }));
        }
        found.sort_by_key(|c| (c.feature, c.lag, c.date));
        table(vec![
            ("feature", texts(found.iter().map(|c| Some(self.name(c.feature))))),
            ("lag", counts(found.iter().map(|c| c.lag))),
            ("date", dates(found.iter().map(|c| self.panel.dates()[c.date]))),
            ("names", counts(found.iter().map(|c| c.names))),
            ("autocorrelation", numbers(found.iter().map(|c| c.autocorrelation))),
            ("top_turnover", numbers(found.iter().map(|c| c.top))),
            ("bottom_turnover", numbers(found.iter().map(|c| c.bottom))),
        ])
    }

    /// Rank correlations of all pairs of features, each the mean over dates: feature, other, dates, correlation,
    /// deviation.
    ///
    /// # Errors
    /// If a column cannot be read, or if the columns do not fit into memory together.
    pub async fn correlations(&self, min_names: usize) -> Result<RecordBatch> {
        let needed = self.features.len() * self.panel.places() * size_of::<f64>();
        if needed > self.memory {
            let (columns, limit) = (self.features.len(), self.memory);
            return Err(DiagnosticsError::TooLarge { columns, needed, limit });
        }
        let columns = self.columns(&self.features).await?;
        let found = tokio::task::block_in_place(|| {
            correlation::similarities(&self.panel, &values(&columns), min_names, self.threads)
        });
        let count = self.features.len();
        let pairs: Vec<(usize, usize)> = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))).collect();
        table(vec![
            ("feature", texts(pairs.iter().map(|(a, _)| Some(self.name(*a))))),
            ("other", texts(pairs.iter().map(|(_, b)| Some(self.name(*b))))),
            ("dates", counts(found.iter().map(|pair| pair.dates))),
            ("correlation", numbers(found.iter().map(correlation::Similarity::mean))),
            ("deviation", numbers(found.iter().map(correlation::Similarity::deviation))),
        ])
    }

    /// Values per date: feature, date, members, expected, present, and infinite, the values of the feature over all
    /// dates that are not finite.
    ///
    /// # Errors
    /// If a column cannot be read.
    pub async fn coverage(&self) -> Result<RecordBatch> {
        let row_numbers = load::row_numbers(&self.engine, &self.panel, &self.universe).await?;
        let (mut found, mut infinite) = (Vec::new(), Vec::new());
        for (first, portion) in self.portions() {
            let columns = self.columns(portion).await?;
            let of_portion = coverage::coverage(&self.panel, &values(&columns), &row_numbers);
            found.extend(of_portion.into_iter().map(|c| coverage::Coverage { feature: c.feature + first, ..c }));
            infinite.extend(columns.iter().map(|column| column.infinite));
        }
        table(vec![
            ("feature", texts(found.iter().map(|c| Some(self.name(c.feature))))),
            ("date", dates(found.iter().map(|c| self.panel.dates()[c.date]))),
            ("members", counts(found.iter().map(|c| c.members))),
            ("expected", counts(found.iter().map(|c| c.expected))),
            ("present", counts(found.iter().map(|c| c.present))),
            ("infinite", counts(found.iter().map(|c| infinite[c.feature]))),
        ])
    }

    /// The columns of some features; those of all are kept for the next question.
    async fn columns(&self, features: &[Feature]) -> Result<Arc<Vec<Laid>>> {
        let read = || async {
            let columns = load::features(&self.engine, &self.panel, &self.universe, features).await?;
            Ok(Arc::new(columns))
        };
        match features.len() == self.features.len() {
            true => self.columns.get_or_try_init(read).await.cloned(),
            false => read().await,
        }
    }

    /// The features in portions that fit into memory, with the number of the first of each.
    fn portions(&self) -> impl Iterator<Item = (usize, &[Feature])> {
        let column = (self.panel.places() * size_of::<f64>()).max(1);
        let size = (PORTION.min(self.memory / 4) / column).max(1);
        self.features.chunks(size).enumerate().map(move |(at, portion)| (at * size, portion))
    }

    fn name(&self, feature: usize) -> &str {
        &self.features[feature].name
    }
}

fn values(columns: &[Laid]) -> Vec<&[f64]> {
    columns.iter().map(|column| column.values.as_slice()).collect()
}
