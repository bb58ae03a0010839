//! Parts of a report from tables of query results.

use chrono::{NaiveDate, TimeDelta};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type, Float64Type};

use super::data::{
    Binding, Book, Coefficient, Correlations, Decay, Metric, Period, QuantileReturn, Scope, SectorWeight, Spread,
    Turnover,
};
use super::{ReportError, Result};

/// The columns of one batch.
struct Columns<'a> {
    table: &'static str,
    batch: &'a RecordBatch,
}

impl<'a> Columns<'a> {
    /// A column in the type that is asked for; numbers of any type can be read as floats, dates with a time as dates.
    fn of(&self, column: &'static str, expected: &'static str, data_type: &DataType) -> Result<ArrayRef> {
        let schema = self.batch.schema();
        let Some(found) = self.batch.column_by_name(column) else {
            let found = schema.fields().iter().map(|field| field.name().clone()).collect();
            return Err(ReportError::MissingColumn { table: self.table, column, found });
        };
        let readable = match data_type {
            DataType::Float64 => found.data_type().is_numeric() || found.data_type().is_null(),
            DataType::Date32 => found.data_type().is_temporal(),
            _ => found.data_type().is_string() || found.data_type().is_null() || is_dictionary(found.data_type()),
        };
        let wrong =
            || ReportError::WrongType { table: self.table, column, expected, found: found.data_type().to_string() };
        if !readable {
            return Err(wrong());
        }
        cast(found, data_type).map_err(|_| wrong())
    }

    /// Numbers, of which those that are not finite are missing.
    fn numbers(&self, column: &'static str) -> Result<Vec<Option<f64>>> {
        let values = self.of(column, "a number", &DataType::Float64)?;
        Ok(values.as_primitive::<Float64Type>().iter().map(|value| value.filter(|x| x.is_finite())).collect())
    }

    fn counts(&self, column: &'static str) -> Result<Vec<u32>> {
        let values = self.numbers(column)?;
        self.every(column, values.into_iter().map(|value| value.map(|x| x as u32)))
    }

    fn dates(&self, column: &'static str) -> Result<Vec<Option<NaiveDate>>> {
        let values = self.of(column, "a date", &DataType::Date32)?;
        let date = |days: i32| NaiveDate::default().checked_add_signed(TimeDelta::days(i64::from(days)));
        Ok(values.as_primitive::<Date32Type>().iter().map(|days| days.and_then(date)).collect())
    }

    fn texts(&self, column: &'static str) -> Result<Vec<Option<String>>> {
        let values = self.of(column, "a text", &DataType::Utf8)?;
        Ok(values.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect())
    }

    /// The values of a column in which none may be missing.
    fn every<T>(&self, column: &'static str, values: impl IntoIterator<Item = Option<T>>) -> Result<Vec<T>> {
        let missing = |row: usize| ReportError::MissingValue { table: self.table, column, row: row + 1 };
        values.into_iter().enumerate().map(|(row, value)| value.ok_or_else(|| missing(row))).collect()
    }

    fn all_dates(&self, column: &'static str) -> Result<Vec<NaiveDate>> {
        self.every(column, self.dates(column)?)
    }

    fn all_texts(&self, column: &'static str) -> Result<Vec<String>> {
        self.every(column, self.texts(column)?)
    }
}

fn is_dictionary(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(_, value) if value.is_string())
}

/// The rows of all batches, each read by `read`.
fn rows<T>(batches: &[RecordBatch], table: &'static str, read: impl Fn(&Columns) -> Result<Vec<T>>) -> Result<Vec<T>> {
    let parts: Result<Vec<_>> = batches.iter().map(|batch| read(&Columns { table, batch })).collect();
    Ok(parts?.into_iter().flatten().collect())
}

impl Period {
    /// From `date, exec_date, date_end, status, port_ret_raw, leverage, cost_trading, cost_borrow, cost_financing,
    /// port_ret, bench_ret, active_ret, beta, gross, net, n_long, n_short, turnover, invested, regime`; all but date
    /// and status may be NULL. In the order of the rows.
    ///
    /// # Errors
    /// If a column is missing or of another type, or if a date or a status is NULL.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        rows(batches, "periods", |columns| {
            let (dates, statuses) = (columns.all_dates("date")?, columns.all_texts("status")?);
            let (exec, end) = (columns.dates("exec_date")?, columns.dates("date_end")?);
            let regimes = columns.texts("regime")?;
            let numbers = |column| columns.numbers(column);
            let (raw, leverage) = (numbers("port_ret_raw")?, numbers("leverage")?);
            let (trading, borrow) = (numbers("cost_trading")?, numbers("cost_borrow")?);
            let (financing, portfolio) = (numbers("cost_financing")?, numbers("port_ret")?);
            let (benchmark, active) = (numbers("bench_ret")?, numbers("active_ret")?);
            let (beta, gross, net) = (numbers("beta")?, numbers("gross")?, numbers("net")?);
            let (n_long, n_short) = (numbers("n_long")?, numbers("n_short")?);
            let (turnover, invested) = (numbers("turnover")?, numbers("invested")?);
            let period = |(row, (date, (status, regime)))| Self {
                date,
                exec_date: exec[row],
                date_end: end[row],
                status,
                port_ret_raw: raw[row],
                leverage: leverage[row],
                cost_trading: trading[row],
                cost_borrow: borrow[row],
                cost_financing: financing[row],
                port_ret: portfolio[row],
                bench_ret: benchmark[row],
                active_ret: active[row],
                beta: beta[row],
                gross: gross[row],
                net: net[row],
                n_long: n_long[row],
                n_short: n_short[row],
                turnover: turnover[row],
                invested: invested[row],
                regime,
            };
            Ok(dates.into_iter().zip(statuses.into_iter().zip(regimes)).enumerate().map(period).collect())
        })
    }
}

impl SectorWeight {
    /// From `date, sector, long, short`; a missing weight is 0, a missing sector is called so.
    ///
    /// # Errors
    /// If a column is missing or of another type, or if a date is NULL.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        rows(batches, "sector weights", |columns| {
            let (dates, sectors) = (columns.all_dates("date")?, columns.texts("sector")?);
            let (long, short) = (columns.numbers("long")?, columns.numbers("short")?);
            let weight = |(((date, sector), long), short): (((NaiveDate, Option<String>), _), _)| Self {
                date,
                sector: sector.unwrap_or_else(|| "without a sector".to_owned()),
                long: Option::unwrap_or(long, 0.0),
                short: Option::unwrap_or(short, 0.0),
            };
            Ok(dates.into_iter().zip(sectors).zip(long).zip(short).map(weight).collect())
        })
    }
}

impl Binding {
    /// From `date, constraint, names`.
    ///
    /// # Errors
    /// If a column is missing or of another type, or if a value is NULL.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        rows(batches, "binding constraints", |columns| {
            let (dates, constraints) = (columns.all_dates("date")?, columns.all_texts("constraint")?);
            let names = columns.every("names", columns.numbers("names")?)?;
            let bound = |((date, constraint), names)| Self { date, constraint, names };
            Ok(dates.into_iter().zip(constraints).zip(names).map(bound).collect())
        })
    }
}

impl Metric {
    /// From `book` (`portfolio`, `benchmark`, `active`), `scope` (`all`, `year:2023`, `regime:low_vol_bull`), `name`,
    /// `value`.
    ///
    /// # Errors
    /// If a column is missing or of another type, if a text is NULL, or if a book or a scope is none of these.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        rows(batches, "metrics", |columns| {
            let (books, scopes) = (columns.all_texts("book")?, columns.all_texts("scope")?);
            let (names, values) = (columns.all_texts("name")?, columns.numbers("value")?);
            let metric = |(((book, scope), name), value): (((String, String), _), _)| {
                Ok(Self { book: book_of(&book)?, scope: scope_of(&scope)?, name, value })
            };
            books.into_iter().zip(scopes).zip(names).zip(values).map(metric).collect()
        })
    }
}

fn book_of(text: &str) -> Result<Book> {
    match text {
        "portfolio" => Ok(Book::Portfolio),
        "benchmark" => Ok(Book::Benchmark),
        "active" => Ok(Book::Active),
        _ => Err(unknown("book", text, "portfolio, benchmark or active")),
    }
}

fn scope_of(text: &str) -> Result<Scope> {
    let wrong = || unknown("scope", text, "all, year:YYYY or regime:NAME");
    match text.split_once(':') {
        None if text == "all" => Ok(Scope::All),
        Some(("year", year)) => year.parse().map(Scope::Year).map_err(|_| wrong()),
        Some(("regime", regime)) if !regime.is_empty() => Ok(Scope::Regime(regime.to_owned())),
        _ => Err(wrong()),
    }
}

fn unknown(column: &'static str, found: &str, expected: &'static str) -> ReportError {
    ReportError::UnknownValue { table: "metrics", column, found: found.to_owned(), expected }
}

impl Coefficient {
    /// From `date, horizon, spearman`, as in `diag_ic` of one feature and all members.
    ///
    /// # Errors
    /// If a column is missing or of another type, or if a date or a horizon is NULL.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        rows(batches, "information coefficients", |columns| {
            let (dates, horizons) = (columns.all_dates("date")?, columns.counts("horizon")?);
            let row = |((date, horizon), spearman)| Self { date, horizon, spearman };
            Ok(dates.into_iter().zip(horizons).zip(columns.numbers("spearman")?).map(row).collect())
        })
    }
}

impl Decay {
    /// From `horizon, ic, t_nw`, as `sql/diagnostics/decay.sql` returns them; the standard error follows from them.
    ///
    /// # Errors
    /// If a column is missing or of another type, or if a horizon is NULL.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        rows(batches, "decay", |columns| {
            let (horizons, ics) = (columns.counts("horizon")?, columns.numbers("ic")?);
            let row = |((horizon, ic), t_nw)| Self { horizon, ic, t_nw, standard_error: None };
            Ok(horizons.into_iter().zip(ics).zip(columns.numbers("t_nw")?).map(row).collect())
        })
    }
}

impl QuantileReturn {
    /// From `quantile, mean_return`, as `sql/diagnostics/quantiles.sql` returns them for one feature and horizon.
    ///
    /// # Errors
    /// If a column is missing or of another type, or if a quantile is NULL.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        rows(batches, "quantile returns", |columns| {
            let (quantiles, means) = (columns.counts("quantile")?, columns.numbers("mean_return")?);
            Ok(quantiles.into_iter().zip(means).map(|(quantile, mean_return)| Self { quantile, mean_return }).collect())
        })
    }
}

impl Spread {
    /// From `date, cumulative`.
    ///
    /// # Errors
    /// If a column is missing or of another type, or if a date is NULL.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        rows(batches, "spread", |columns| {
            let (dates, sums) = (columns.all_dates("date")?, columns.numbers("cumulative")?);
            Ok(dates.into_iter().zip(sums).map(|(date, cumulative)| Self { date, cumulative }).collect())
        })
    }
}

impl Turnover {
    /// From `lag, autocorrelation, top, bottom`, as `sql/diagnostics/turnover.sql` returns them.
    ///
    /// # Errors
    /// If a column is missing or of another type, or if a lag is NULL.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Vec<Self>> {
        rows(batches, "turnover", |columns| {
            let (lags, autocorrelations) = (columns.counts("lag")?, columns.numbers("autocorrelation")?);
            let (top, bottom) = (columns.numbers("top")?, columns.numbers("bottom")?);
            let row = |(((lag, autocorrelation), top), bottom)| Self { lag, autocorrelation, top, bottom };
            Ok(lags.into_iter().zip(autocorrelations).zip(top).zip(bottom).map(row).collect())
        })
    }
}

impl Correlations {
    /// From pairs `feature, other, correlation`, each once, as `sql/diagnostics/correlation.sql` returns them. The
    /// columns are in the order in which they first occur.
    ///
    /// # Errors
    /// If a column is missing or of another type, or if a name is NULL.
    pub fn from_batches(batches: &[RecordBatch]) -> Result<Self> {
        let pairs = rows(batches, "correlations", |columns| {
            let (features, others) = (columns.all_texts("feature")?, columns.all_texts("other")?);
            Ok(features.into_iter().zip(others).zip(columns.numbers("correlation")?).collect())
        })?;
        let mut names: Vec<String> = Vec::new();
        for name in pairs.iter().flat_map(|((feature, other), _)| [feature, other]) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let place = |name: &str| names.iter().position(|known| known == name);
        let mut values = vec![vec![None; names.len()]; names.len()];
        for ((feature, other), correlation) in &pairs {
            if let (Some(a), Some(b)) = (place(feature), place(other)) {
                (values[a][b], values[b][a]) = (*correlation, *correlation);
            }
        }
        for (at, row) in values.iter_mut().enumerate() {
            row[at] = Some(1.0);
        }
        Ok(Self { names, values })
    }
}
