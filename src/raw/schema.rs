//! The raw tables: columns, types, keys.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::columns::{ACTIONS, DAILY, Group, Kind, METRICS, SEP, SF1, SF2, SF3, SP500, TICKERS};
use super::vendor::TableFacts;
use super::{RawError, Result};

/// A vendor table: its name, columns and key (spec 01 §1).
#[derive(Debug, Clone, Copy)]
pub struct RawTable {
    /// Name in lower case, as in `kairos land NAME`; the dataset is `raw/NAME`.
    pub name: &'static str,
    /// Columns that identify a row, in the order in which rows are stored.
    pub key: &'static [&'static str],
    /// Key columns that the vendor leaves empty at times. Two empty values are equal.
    pub nullable_key: &'static [&'static str],
    /// Columns without which a file is refused; the key is among them.
    pub required: &'static [&'static str],
    /// The key column whose year decides where a row is stored; `None` keeps the table in one folder.
    pub partition_date: Option<&'static str>,
    /// The column that says when the vendor last changed a row; `None` if the vendor does not say.
    pub updated: Option<&'static str>,
    columns: &'static [Group],
    unknown: Kind,
}

/// What most tables have in common: prices by ticker and session.
const BY_SESSION: RawTable = RawTable {
    name: "sep",
    key: &["ticker", "date"],
    nullable_key: &[],
    required: &["ticker", "date", "open", "high", "low", "close", "volume", "closeadj"],
    partition_date: Some("date"),
    updated: Some("lastupdated"),
    columns: SEP,
    unknown: Kind::Text,
};

static TABLES: [RawTable; 10] = [
    BY_SESSION,
    RawTable {
        name: "daily",
        required: &["ticker", "date", "evebitda", "marketcap", "pb", "pe", "ps"],
        columns: DAILY,
        ..BY_SESSION
    },
    RawTable {
        name: "sf1",
        key: &["ticker", "datekey", "dimension", "reportperiod"],
        required: &[
            "ticker",
            "dimension",
            "datekey",
            "reportperiod",
            "calendardate",
            "revenue",
            "netinc",
            "assets",
            "equity",
        ],
        partition_date: Some("datekey"),
        columns: SF1,
        // All indicators are numbers, so a new one is too.
        unknown: Kind::Number,
        ..BY_SESSION
    },
    RawTable {
        name: "sf2",
        key: &["ticker", "filingdate", "ownername", "formtype", "rownum"],
        nullable_key: &["ownername", "formtype"],
        required: &["ticker", "filingdate", "formtype", "ownername", "rownum", "transactioncode", "transactionvalue"],
        partition_date: Some("filingdate"),
        updated: None,
        columns: SF2,
        ..BY_SESSION
    },
    RawTable {
        name: "sf3",
        key: &["ticker", "calendardate", "investorname", "securitytype"],
        required: &["ticker", "investorname", "securitytype", "calendardate", "value", "units"],
        partition_date: Some("calendardate"),
        updated: None,
        columns: SF3,
        ..BY_SESSION
    },
    RawTable {
        name: "tickers",
        key: &["ticker", "table", "permaticker"],
        required: &["table", "permaticker", "ticker", "exchange", "category", "isdelisted"],
        partition_date: None,
        columns: TICKERS,
        ..BY_SESSION
    },
    RawTable {
        name: "actions",
        key: &["ticker", "date", "action", "name", "contraticker", "contraname"],
        nullable_key: &["name", "contraticker", "contraname"],
        required: &["date", "action", "ticker", "name", "value", "contraticker", "contraname"],
        updated: None,
        columns: ACTIONS,
        ..BY_SESSION
    },
    RawTable { name: "metrics", required: &["ticker", "date", "price"], columns: METRICS, ..BY_SESSION },
    RawTable { name: "sfp", ..BY_SESSION },
    RawTable {
        name: "sp500",
        key: &["ticker", "date", "action"],
        required: &["date", "action", "ticker"],
        updated: None,
        columns: SP500,
        ..BY_SESSION
    },
];

impl RawTable {
    /// Every raw table.
    pub fn all() -> &'static [RawTable] {
        &TABLES
    }

    /// The table of this name, in any case.
    ///
    /// # Errors
    /// [`RawError::UnknownTable`] with the nearest name.
    pub fn find(name: &str) -> Result<&'static RawTable> {
        let wanted = name.to_ascii_lowercase();
        TABLES.iter().find(|table| table.name == wanted).ok_or_else(|| RawError::UnknownTable {
            name: name.to_owned(),
            nearest: nearest(&wanted),
            known: TABLES.iter().map(|table| table.name).collect::<Vec<_>>().join(", "),
        })
    }

    /// The dataset that holds the table: `raw/NAME`.
    pub fn dataset(&self) -> String {
        format!("raw/{}", self.name)
    }

    /// What pulling the table from the vendor depends on.
    pub fn facts(&self) -> TableFacts {
        TableFacts { name: self.name, key: self.key, date: self.partition_date, updated: self.updated }
    }

    /// The vendor's columns in the vendor's order. All are nullable: only a row's key must be there, and
    /// [`RawTable::is_mandatory`] says which columns that means.
    pub fn schema(&self) -> SchemaRef {
        let fields = self
            .columns
            .iter()
            .flat_map(|(kind, names)| names.split_whitespace().map(|name| Field::new(name, kind.data_type(), true)));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// Whether every row must have a value in this column.
    pub fn is_mandatory(&self, column: &str) -> bool {
        self.key.contains(&column) && !self.nullable_key.contains(&column)
    }

    /// The type given to a CSV column that the vendor's list does not have.
    pub fn unknown_csv_type(&self) -> DataType {
        self.unknown.data_type()
    }
}

fn nearest(wanted: &str) -> &'static str {
    let distance = |table: &&RawTable| strsim::damerau_levenshtein(table.name, wanted);
    TABLES.iter().min_by_key(distance).map_or("sep", |table| table.name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_column_a_table_names_exists_once() {
        for table in RawTable::all() {
            let schema = table.schema();
            let names: HashSet<_> = schema.fields().iter().map(|field| field.name()).collect();
            assert_eq!(names.len(), schema.fields().len(), "{}: a column is listed twice", table.name);
            let named = table.required.iter().chain(table.nullable_key).chain(&table.updated);
            for column in named.chain(table.key).chain(&table.partition_date) {
                assert!(schema.index_of(column).is_ok(), "{}.{column}", table.name);
            }
            for column in table.key {
                assert!(table.required.contains(column), "{}.{column}", table.name);
            }
            for column in table.nullable_key.iter().chain(&table.partition_date) {
                assert!(table.key.contains(column), "{}.{column}", table.name);
            }
            if let Some(date) = table.partition_date {
                assert!(table.is_mandatory(date));
                assert_eq!(schema.field_with_name(date).unwrap().data_type(), &DataType::Date32);
            }
        }
    }

    #[test]
    fn vendor_types() {
        let type_of = |table: &str, column: &str| {
            let schema = RawTable::find(table).unwrap().schema();
            schema.field_with_name(column).unwrap().data_type().clone()
        };
        assert_eq!(type_of("tickers", "siccode"), DataType::Utf8);
        assert_eq!(type_of("tickers", "permaticker"), DataType::Int64);
        assert_eq!(type_of("sf2", "rownum"), DataType::Int64);
        assert_eq!(type_of("sf1", "revenueusd"), DataType::Float64);
        assert_eq!(type_of("sf1", "fiscalperiod"), DataType::Utf8);
        let indicators = RawTable::find("sf1").unwrap().schema();
        let numbers = indicators.fields().iter().filter(|f| f.data_type() == &DataType::Float64);
        assert_eq!(numbers.count(), 105);
    }

    #[test]
    fn names_are_found_in_any_case_and_misspelt_names_get_a_hint() {
        assert_eq!(RawTable::find("SEP").unwrap().name, "sep");
        let message = RawTable::find("ticker").unwrap_err().to_string();
        assert!(message.contains("'ticker'") && message.contains("did you mean tickers?"), "{message}");
    }
}
