//! Rows of `sf1`: which statements the vendor shows, in which dimension, and as of when.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use chrono::{Days, NaiveDate};
use rand_chacha::ChaCha8Rng;

use super::World;
use super::filings::Quarter;
use super::frame::Frame;
use super::indicators::{Averages, Gaps, INDICATORS, Indicator, Row};
use super::path::Path;
use super::random::{Purpose, stream};
use super::sectors::FINANCIALS;
use super::security::{Kind, Security};
use super::statement::Statement;

/// Days before the first session from which filings are kept: enough for a trailing year and its
/// predecessor.
const HISTORY: u64 = 500;

/// Ordinary shares per depositary receipt, by issuer.
const RECEIPT_RATIOS: [f64; 4] = [1.0, 2.0, 5.0, 0.5];

/// The statements of one security as the vendor shows them: `ARQ`, `ART`, `ARY` as filed, with a
/// further row when a later filing corrects the quarter, and `MRQ` once per quarter with the latest
/// numbers.
pub fn rows(world: &World, security: &Security, path: &Path) -> Result<RecordBatch, ArrowError> {
    let from = world.calendar.date(world.calendar.first()) - Days::new(HISTORY);
    let mut reporter = Reporter::new(world, security, path);
    let mut rows = Vec::new();
    for (index, quarter) in path.quarters.iter().enumerate().take(path.statements.len()) {
        let Some(filed) = quarter.filed.filter(|&date| date >= from) else {
            continue;
        };
        rows.extend(reporter.as_reported(index, quarter, filed));
        rows.extend(quarter.restated.into_iter().flat_map(|date| reporter.as_reported(index, quarter, date)));
        rows.extend(reporter.most_recent(index, quarter, filed));
    }
    rows.sort_by(|a, b| (a.dimension, a.datekey, a.reportperiod).cmp(&(b.dimension, b.datekey, b.reportperiod)));
    batch(&security.ticker, &rows)
}

struct Reporter<'a> {
    world: &'a World,
    security: &'a Security,
    path: &'a Path,
    rng: ChaCha8Rng,
    /// The corrected statement of each quarter that was restated.
    corrections: Vec<Option<Statement>>,
}

impl<'a> Reporter<'a> {
    fn new(world: &'a World, security: &'a Security, path: &'a Path) -> Self {
        // Both classes of an issuer lack and correct the same items.
        let mut rng = stream(world.config.seed, Purpose::Gaps, security.issuer);
        let correct =
            |(quarter, statement): (&Quarter, &Statement)| quarter.restated.map(|_| statement.restated(&mut rng));
        let corrections = path.quarters.iter().zip(&path.statements).map(correct).collect();
        Self { world, security, path, rng, corrections }
    }

    /// The rows of a filing on `datekey`: the quarter, the trailing year, and the fiscal year if it
    /// ends here. Foreign issuers file only years.
    fn as_reported(&mut self, index: usize, quarter: &Quarter, datekey: NaiveDate) -> Vec<Row> {
        let mut rows = Vec::with_capacity(3);
        let trailing = self.trailing(index, datekey);
        if self.security.kind.files_quarterly() {
            let statement = self.version(index, datekey);
            let calendardate = quarter.calendar_quarter();
            rows.push(Row { calendardate, ..self.row("ARQ", quarter, datekey, statement, trailing) });
            if let Some((year, averages)) = trailing {
                let row = self.row("ART", quarter, datekey, year, trailing);
                rows.push(Row { calendardate, averages: Some(averages), ..row });
            }
        }
        if let Some((year, averages)) = trailing.filter(|_| quarter.closes_year) {
            let row = self.row("ARY", quarter, datekey, year, trailing);
            rows.push(Row { calendardate: quarter.calendar_year(), averages: Some(averages), ..row });
        }
        rows
    }

    /// The row with the latest numbers of a quarter, dated by the end of the period.
    fn most_recent(&mut self, index: usize, quarter: &Quarter, filed: NaiveDate) -> Option<Row> {
        let statement = self.version(index, NaiveDate::MAX);
        let trailing = self.trailing(index, NaiveDate::MAX);
        let lastupdated = quarter.restated.unwrap_or(filed);
        let row = self.row("MRQ", quarter, quarter.period, statement, trailing);
        let row = Row { lastupdated, calendardate: quarter.calendar_quarter(), ..row };
        self.security.kind.files_quarterly().then_some(row)
    }

    /// The statement of a quarter as known on `date`.
    fn version(&self, index: usize, date: NaiveDate) -> Statement {
        let corrected = self.path.quarters[index].restated.is_some_and(|restated| restated <= date);
        match self.corrections[index] {
            Some(correction) if corrected => correction,
            _ => self.path.statements[index],
        }
    }

    /// The year that ends with a quarter as known on `date`, and its average balances.
    fn trailing(&self, index: usize, date: NaiveDate) -> Option<(Statement, Averages)> {
        let quarters: Vec<Statement> =
            (index.checked_sub(3)?..=index).map(|quarter| self.version(quarter, date)).collect();
        let mean = |balance: fn(&Statement) -> f64| quarters.iter().map(balance).sum::<f64>() / 4.0;
        let averages = Averages {
            assets: mean(|quarter| quarter.assets),
            equity: mean(Statement::equity),
            invcap: mean(Statement::invcap),
            shares: self.adjusted(mean(|quarter| quarter.shares)),
        };
        Some((Statement::total(&quarters)?, averages))
    }

    fn row(
        &mut self,
        dimension: &'static str,
        quarter: &Quarter,
        datekey: NaiveDate,
        statement: Statement,
        trailing: Option<(Statement, Averages)>,
    ) -> Row {
        let session = self.world.calendar.on_or_before(datekey);
        let bar = session.and_then(|session| self.path.at(session));
        let receipt = self.security.kind == Kind::Adr;
        let ratio = if receipt { RECEIPT_RATIOS[self.security.issuer % RECEIPT_RATIOS.len()] } else { 1.0 };
        Row {
            dimension,
            calendardate: quarter.period,
            datekey,
            reportperiod: quarter.period,
            lastupdated: datekey,
            statement,
            trailing: trailing.map(|(year, _)| year),
            averages: None,
            price: bar.map(|(bar, adjustment)| adjustment.price(bar.close)),
            shares: self.adjusted(statement.shares),
            receipt_ratio: ratio,
            rate: self.security.rate,
            classified_balance: self.security.sector != FINANCIALS,
            gaps: Gaps::draw(&mut self.rng),
        }
    }

    /// A number of shares in shares of the latest row, as the vendor's price and counts are
    /// adjusted for splits.
    fn adjusted(&self, shares: f64) -> f64 {
        (shares * self.path.factor).round().max(1.0)
    }
}

fn batch(ticker: &str, rows: &[Row]) -> Result<RecordBatch, ArrowError> {
    let frame = Frame::new()
        .text("ticker", rows.iter().map(|_| Some(ticker)))
        .text("dimension", rows.iter().map(|row| Some(row.dimension)))
        .date("calendardate", rows.iter().map(|row| Some(row.calendardate)))
        .date("datekey", rows.iter().map(|row| Some(row.datekey)))
        .date("reportperiod", rows.iter().map(|row| Some(row.reportperiod)))
        .date("lastupdated", rows.iter().map(|row| Some(row.lastupdated)));
    let add = |frame: Frame, (name, value): &(&str, Indicator)| frame.number(name, rows.iter().map(value));
    INDICATORS.iter().fold(frame, add).finish()
}
