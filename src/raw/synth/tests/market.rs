//! A generated market, read back from its files.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::LazyLock;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Date32Type, Float64Type};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tempfile::TempDir;

use super::super::{Config, generate};

/// Securities of the shared market.
pub const TICKERS: usize = 500;
/// Sessions of the shared market.
pub const DAYS: usize = 750;

/// One market for all tests that only look.
pub static MARKET: LazyLock<Market> = LazyLock::new(|| Market::new(TICKERS, DAYS));

pub struct Market {
    tables: HashMap<&'static str, Table>,
}

pub struct Table(pub RecordBatch);

impl Market {
    fn new(tickers: usize, days: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let config = Config { tickers, days, ..Config::default() };
        let summary = generate(&config, folder.path(), &mut |_| {}).unwrap();
        let tables = summary.tables.iter().map(|table| {
            let batch = Table::read(&table.path);
            assert_eq!(batch.0.num_rows() as u64, table.rows, "{}", table.table);
            (table.table, batch)
        });
        Self { tables: tables.collect() }
    }

    pub fn table(&self, name: &str) -> &Table {
        &self.tables[name]
    }
}

impl Table {
    fn read(path: &Path) -> Self {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
        let schema = builder.schema().clone();
        let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
        Self(concat_batches(&schema, &batches).unwrap())
    }

    pub fn rows(&self) -> usize {
        self.0.num_rows()
    }

    pub fn texts(&self, name: &str) -> Vec<Option<&str>> {
        self.0.column_by_name(name).unwrap().as_string::<i32>().iter().collect()
    }

    pub fn names(&self, name: &str) -> Vec<&str> {
        self.texts(name).into_iter().map(Option::unwrap).collect()
    }

    pub fn days(&self, name: &str) -> Vec<i32> {
        self.0.column_by_name(name).unwrap().as_primitive::<Date32Type>().iter().map(Option::unwrap).collect()
    }

    pub fn options(&self, name: &str) -> Vec<Option<f64>> {
        self.0.column_by_name(name).unwrap().as_primitive::<Float64Type>().iter().collect()
    }

    pub fn numbers(&self, name: &str) -> Vec<f64> {
        self.options(name).into_iter().map(Option::unwrap).collect()
    }

    pub fn keys(&self, columns: &[&str]) -> Vec<String> {
        let options = FormatOptions::default();
        let column = |name: &&str| {
            let column = self.0.column_by_name(name).unwrap();
            ArrayFormatter::try_new(column.as_ref(), &options).unwrap()
        };
        let columns: Vec<ArrayFormatter> = columns.iter().map(column).collect();
        let key = |row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join("|");
        (0..self.rows()).map(key).collect()
    }

    /// Rows of the SEP product by ticker.
    pub fn by_ticker(&self, product: &str) -> HashMap<&str, usize> {
        let tickers = self.names("ticker").into_iter().zip(self.names("table")).enumerate();
        tickers.filter(|(_, (_, table))| *table == product).map(|(row, (ticker, _))| (ticker, row)).collect()
    }
}

/// Values of `action` by ticker and day.
pub fn actions(action: &str) -> HashMap<(&'static str, i32), f64> {
    let table = MARKET.table("actions");
    let keys = table.names("ticker").into_iter().zip(table.days("date"));
    let rows = keys.zip(table.options("value")).zip(table.names("action"));
    rows.filter(|(_, name)| *name == action).map(|((key, value), _)| (key, value.unwrap())).collect()
}
