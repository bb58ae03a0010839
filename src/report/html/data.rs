//! What a report is made of: plain data of one run. A number that is missing is `None`.

use chrono::{DateTime, NaiveDate, Utc};

use super::{ReportError, Result};

/// Everything that a report shows.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// What was run, with what.
    pub run: Run,
    /// One per rebalance, in the order of their dates.
    pub periods: Vec<Period>,
    /// Weights of sectors on rebalance dates.
    pub sectors: Vec<SectorWeight>,
    /// Constraints that bound on rebalance dates.
    pub constraints: Vec<Binding>,
    /// Key figures.
    pub metrics: Vec<Metric>,
    /// What the alpha of the run says about later returns.
    pub factor: Option<Factor>,
}

/// What was run, with what.
#[derive(Debug, Clone)]
pub struct Run {
    /// Its identity.
    pub run_id: String,
    /// The preset.
    pub strategy: String,
    /// The column that ranks the names; a blend of strategies has none of its own.
    pub alpha: Option<String>,
    /// The command line.
    pub command: String,
    /// The version of kairos.
    pub code_version: String,
    /// When it was started.
    pub started_at: Option<DateTime<Utc>>,
    /// Rebalances in a year: 252 / rows between two.
    pub periods_per_year: f64,
    /// Parameters by name.
    pub parameters: Vec<(String, String)>,
    /// Datasets read, with their versions.
    pub inputs: Vec<(String, i64)>,
    /// The first day asked for.
    pub from: NaiveDate,
    /// The last day asked for.
    pub to: NaiveDate,
}

/// One rebalance and the holding period after it (spec 06 §5.4). Returns and costs are fractions of the book's value.
#[derive(Debug, Clone, Default)]
pub struct Period {
    /// The formation date, whose close is the last thing known.
    pub date: NaiveDate,
    /// The date of execution; `None` in reference mode.
    pub exec_date: Option<NaiveDate>,
    /// The end of the holding period.
    pub date_end: Option<NaiveDate>,
    /// `ok`, `held`, `cash`, `relaxed`, ….
    pub status: String,
    /// The return before leverage and costs.
    pub port_ret_raw: Option<f64>,
    /// Leverage that scales the book to its target volatility.
    pub leverage: Option<f64>,
    /// Cost of trading.
    pub cost_trading: Option<f64>,
    /// Cost of borrowing what is sold short.
    pub cost_borrow: Option<f64>,
    /// Cost of financing leverage.
    pub cost_financing: Option<f64>,
    /// The return after leverage and costs.
    pub port_ret: Option<f64>,
    /// The return of the benchmark.
    pub bench_ret: Option<f64>,
    /// The return of the book less that of the benchmark.
    pub active_ret: Option<f64>,
    /// The beta of the book to the market.
    pub beta: Option<f64>,
    /// Sum of absolute weights.
    pub gross: Option<f64>,
    /// Sum of weights.
    pub net: Option<f64>,
    /// Names held long.
    pub n_long: Option<f64>,
    /// Names held short.
    pub n_short: Option<f64>,
    /// Half the sum of absolute changes of weights.
    pub turnover: Option<f64>,
    /// The share of the budget that is not in cash.
    pub invested: Option<f64>,
    /// The regime of the formation date, as `low_vol_bull`.
    pub regime: Option<String>,
}

/// The weight of a sector in the book on a formation date.
#[derive(Debug, Clone)]
pub struct SectorWeight {
    /// The formation date.
    pub date: NaiveDate,
    /// The sector.
    pub sector: String,
    /// Sum of its positive weights.
    pub long: f64,
    /// Sum of its negative weights; positive numbers are taken as their negatives.
    pub short: f64,
}

/// How many names (or sectors) a constraint held back on a formation date.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The formation date.
    pub date: NaiveDate,
    /// What the constraint is called.
    pub constraint: String,
    /// Names on the bound.
    pub names: f64,
}

/// Whose return a key figure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Book {
    /// The portfolio, after costs.
    Portfolio,
    /// The benchmark.
    Benchmark,
    /// The portfolio less the benchmark.
    Active,
}

/// The periods that a key figure is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// All of them.
    All,
    /// Those of a calendar year.
    Year(i32),
    /// Those of a regime.
    Regime(String),
}

/// A key figure, in long form.
#[derive(Debug, Clone)]
pub struct Metric {
    /// Whose.
    pub book: Book,
    /// Of which periods.
    pub scope: Scope,
    /// Its name, as `sharpe`; names that the report does not know are shown as they are.
    pub name: String,
    /// The figure.
    pub value: Option<f64>,
}

/// What a column says about later returns.
#[derive(Debug, Clone, Default)]
pub struct Factor {
    /// The column.
    pub column: String,
    /// The horizon of information coefficients, quantile returns and spread, in rows.
    pub horizon: u32,
    /// Information coefficients by date, of that horizon; others are left out.
    pub coefficients: Vec<Coefficient>,
    /// Mean information coefficients by horizon.
    pub decay: Vec<Decay>,
    /// Mean returns of quantiles, 1 the lowest values.
    pub quantiles: Vec<QuantileReturn>,
    /// The return of the highest less that of the lowest quantile, summed up over dates.
    pub spread: Vec<Spread>,
    /// How fast the column changes.
    pub turnover: Vec<Turnover>,
    /// Rank correlations with other columns.
    pub correlations: Option<Correlations>,
}

/// The information coefficient of a date.
#[derive(Debug, Clone)]
pub struct Coefficient {
    /// The date.
    pub date: NaiveDate,
    /// Rows over which the return is taken.
    pub horizon: u32,
    /// Rank correlation of the column with the return.
    pub spearman: Option<f64>,
}

/// The mean information coefficient of a horizon.
#[derive(Debug, Clone)]
pub struct Decay {
    /// Rows over which the return is taken.
    pub horizon: u32,
    /// Mean over dates.
    pub ic: Option<f64>,
    /// The mean over its standard error, after Newey and West.
    pub t_nw: Option<f64>,
    /// That standard error; `None`: `ic / t_nw`.
    pub standard_error: Option<f64>,
}

/// The mean return of a quantile.
#[derive(Debug, Clone)]
pub struct QuantileReturn {
    /// 1 is the lowest.
    pub quantile: u32,
    /// Mean over dates of the mean return of its names, over the horizon.
    pub mean_return: Option<f64>,
}

/// The sum of the spread up to a date.
#[derive(Debug, Clone)]
pub struct Spread {
    /// The date.
    pub date: NaiveDate,
    /// Sum of returns of the highest less the lowest quantile.
    pub cumulative: Option<f64>,
}

/// How much a column changes over some dates.
#[derive(Debug, Clone)]
pub struct Turnover {
    /// Dates between two looks.
    pub lag: u32,
    /// Mean rank correlation of the values with the earlier ones.
    pub autocorrelation: Option<f64>,
    /// Mean share of the highest quantile that was not in it before.
    pub top: Option<f64>,
    /// The same of the lowest quantile.
    pub bottom: Option<f64>,
}

/// A matrix of correlations.
#[derive(Debug, Clone)]
pub struct Correlations {
    /// The columns.
    pub names: Vec<String>,
    /// One row per column; `names.len()` values in each.
    pub values: Vec<Vec<Option<f64>>>,
}

impl RunReport {
    /// The figure `name` of a book over a scope.
    pub(super) fn metric(&self, book: Book, scope: &Scope, name: &str) -> Option<f64> {
        let found = self.metrics.iter().find(|m| m.book == book && m.scope == *scope && m.name == name);
        found.and_then(|metric| metric.value).filter(|value| value.is_finite())
    }

    /// A number of each period; NaN where it is missing.
    pub(super) fn column(&self, of: impl Fn(&Period) -> Option<f64>) -> Vec<f64> {
        self.periods.iter().map(|period| of(period).unwrap_or(f64::NAN)).collect()
    }

    /// Whether there is a benchmark that moves. That of a market-neutral book is cash, which earns nothing here.
    pub(super) fn has_benchmark(&self) -> bool {
        self.periods.iter().any(|period| period.bench_ret.is_some_and(|ret| ret.is_finite() && ret != 0.0))
    }

    pub(super) fn check(&self) -> Result<()> {
        if self.periods.is_empty() {
            return Err(ReportError::NoPeriods(self.run.run_id.clone()));
        }
        match self.periods.windows(2).find(|pair| pair[0].date >= pair[1].date) {
            Some(pair) => Err(ReportError::Unordered { date: pair[1].date, before: pair[0].date }),
            None => Ok(()),
        }
    }
}
