//! The relation `candidates` of the portfolio functions: what is known of every name on every rebalance date.

use std::collections::HashMap;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use datafusion::arrow::datatypes::Date32Type;
use datafusion::common::internal_datafusion_err;
use datafusion::error::Result;

use super::declaration::{ColumnKind, ColumnSpec, RelationSpec};
use crate::column::numbers;
use crate::kernels::portfolio::{CrossSection, NO_SECTOR};

/// Its declaration.
pub(super) const CANDIDATES: RelationSpec = RelationSpec {
    name: "candidates",
    columns: &[
        ColumnSpec { name: "date", kind: ColumnKind::Date, required: true, meaning: "the rebalance date" },
        ColumnSpec { name: "ticker", kind: ColumnKind::Text, required: true, meaning: "the name" },
        ColumnSpec { name: "alpha", kind: ColumnKind::Number, required: true, meaning: "the signal" },
        ColumnSpec {
            name: "volatility",
            kind: ColumnKind::Number,
            required: false,
            meaning: "standard deviation of daily returns",
        },
        ColumnSpec { name: "sector", kind: ColumnKind::Text, required: false, meaning: "the sector" },
        ColumnSpec { name: "beta", kind: ColumnKind::Number, required: false, meaning: "beta to the market" },
        ColumnSpec {
            name: "eligible",
            kind: ColumnKind::Flag,
            required: false,
            meaning: "whether the name may be traded into; others are only kept or sold",
        },
        ColumnSpec {
            name: "period_return",
            kind: ColumnKind::Number,
            required: false,
            meaning: "return from this date's execution to the next one's, by which holdings drift",
        },
    ],
    keeps_others: false,
    key: &["date", "ticker"],
};

const DATE: usize = 0;
const TICKER: usize = 1;
const ALPHA: usize = 2;
const VOLATILITY: usize = 3;
const SECTOR: usize = 4;
const BETA: usize = 5;
const ELIGIBLE: usize = 6;
const PERIOD_RETURN: usize = 7;

/// The candidates as columns, date by date.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Days since 1970, ascending.
    pub(super) dates: Vec<i32>,
    /// The first row of each date, and the end.
    starts: Vec<usize>,
    /// The name of each number.
    pub(super) tickers: Vec<String>,
    ticker: Vec<u32>,
    sector: Vec<u32>,
    alpha: Vec<f64>,
    volatility: Vec<f64>,
    beta: Vec<f64>,
    eligible: Vec<bool>,
    period_return: Vec<f64>,
}

impl Candidates {
    /// From rows sorted by date and ticker, columns as declared.
    pub(super) fn of(rows: &RecordBatch) -> Result<Self> {
        let days = rows.column(DATE).as_primitive::<Date32Type>().values();
        let mut starts: Vec<usize> = (0..days.len()).filter(|row| *row == 0 || days[row - 1] != days[*row]).collect();
        let dates = starts.iter().map(|row| days[*row]).collect();
        starts.push(days.len());
        let (ticker, tickers) = numbered(texts(rows.column(TICKER))?);
        let (sector, _) = numbered(texts(rows.column(SECTOR))?);
        let flags = rows.column(ELIGIBLE).as_boolean();
        let column = |at: usize| Ok::<_, datafusion::error::DataFusionError>(numbers(rows.column(at))?.into_owned());
        Ok(Self {
            dates,
            starts,
            tickers,
            ticker: ticker.into_iter().map(|number| number.unwrap_or_default()).collect(),
            sector: sector.into_iter().map(|number| number.unwrap_or(NO_SECTOR)).collect(),
            alpha: column(ALPHA)?,
            volatility: column(VOLATILITY)?,
            beta: column(BETA)?,
            // Without the column every name may be traded; where the column is NULL it is not known, so not.
            eligible: match flags.null_count() == flags.len() {
                true => vec![true; flags.len()],
                false => flags.iter().map(|flag| flag == Some(true)).collect(),
            },
            period_return: column(PERIOD_RETURN)?,
        })
    }

    /// One cross-section per date.
    pub(super) fn cross_sections(&self) -> Vec<CrossSection<'_>> {
        let section = |range: &[usize]| {
            let (from, to) = (range[0], range[1]);
            CrossSection {
                ticker: &self.ticker[from..to],
                alpha: &self.alpha[from..to],
                volatility: &self.volatility[from..to],
                beta: &self.beta[from..to],
                sector: &self.sector[from..to],
                eligible: &self.eligible[from..to],
                period_return: &self.period_return[from..to],
            }
        };
        self.starts.windows(2).map(section).collect()
    }

    /// Turns the signal around, so that low values are good.
    pub(super) fn negate_alpha(&mut self) {
        self.alpha.iter_mut().for_each(|alpha| *alpha = -*alpha);
    }
}

pub(super) fn texts(column: &ArrayRef) -> Result<&StringArray> {
    column
        .as_string_opt::<i32>()
        .ok_or_else(|| internal_datafusion_err!("expected texts, found {}", column.data_type()))
}

/// Numbers in the order of the texts, with the text of each number. There are few texts, which many rows have.
pub(super) fn numbered(column: &StringArray) -> (Vec<Option<u32>>, Vec<String>) {
    let mut found: HashMap<&str, u32> = HashMap::new();
    let mut as_found = |text| {
        let next = found.len() as u32;
        *found.entry(text).or_insert(next)
    };
    let mut of_rows: Vec<Option<u32>> = column.iter().map(|text| text.map(&mut as_found)).collect();
    let mut texts: Vec<(&str, u32)> = found.into_iter().collect();
    texts.sort_unstable();
    let mut places = vec![0; texts.len()];
    (0..).zip(&texts).for_each(|(place, (_, found))| places[*found as usize] = place);
    of_rows.iter_mut().flatten().for_each(|number| *number = places[*number as usize]);
    (of_rows, texts.into_iter().map(|(text, _)| text.to_owned()).collect())
}
