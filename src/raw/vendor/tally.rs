//! What a CSV text holds: its columns, how many rows, and how new they are.

use std::io::Read;

use chrono::NaiveDate;

use super::TableFacts;

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub columns: Vec<String>,
    pub rows: u64,
    /// The newest day that a row is about.
    pub newest_date: Option<NaiveDate>,
    /// The newest day on which the vendor changed a row.
    pub newest_updated: Option<NaiveDate>,
}

impl Tally {
    /// Reads a CSV text to its end. Fields that are no dates count for nothing: the landing reports them.
    ///
    /// # Errors
    /// If the text cannot be read, or a record has another number of fields than the header.
    pub fn read(text: impl Read, facts: &TableFacts) -> csv::Result<Self> {
        let mut reader = csv::ReaderBuilder::new().from_reader(text);
        let columns: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
        let position = |name: Option<&str>| name.and_then(|name| columns.iter().position(|column| column == name));
        let (date, updated) = (position(facts.date), position(facts.updated));
        // Dates in this form are in the order of their texts, so only the newest text is ever parsed.
        let (mut newest_date, mut newest_updated) = (Vec::new(), Vec::new());
        let (mut rows, mut record) = (0, csv::ByteRecord::new());
        while reader.read_byte_record(&mut record)? {
            rows += 1;
            keep_newest(&mut newest_date, &record, date);
            keep_newest(&mut newest_updated, &record, updated);
        }
        Ok(Self { columns, rows, newest_date: parse(&newest_date), newest_updated: parse(&newest_updated) })
    }
}

fn keep_newest(newest: &mut Vec<u8>, record: &csv::ByteRecord, column: Option<usize>) {
    let field = column.and_then(|column| record.get(column)).unwrap_or_default();
    if field > newest.as_slice() && parse(field).is_some() {
        newest.clear();
        newest.extend_from_slice(field);
    }
}

/// A date in the form 2024-01-02.
pub(super) fn parse(field: &[u8]) -> Option<NaiveDate> {
    let text = std::str::from_utf8(field).ok().filter(|text| text.len() == 10)?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEP: TableFacts =
        TableFacts { name: "sep", key: &["ticker", "date"], date: Some("date"), updated: Some("lastupdated") };

    #[test]
    fn rows_and_newest_dates_are_found_by_name() {
        let text = "lastupdated,ticker,date\n2024-01-09,NA,2024-01-02\n2024-01-03,\"A\nB\",2024-01-05\n,C,zzz\n";
        let tally = Tally::read(text.as_bytes(), &SEP).unwrap();
        let day = |day| NaiveDate::from_ymd_opt(2024, 1, day);
        assert_eq!((tally.rows, tally.newest_date, tally.newest_updated), (3, day(5), day(9)));
        assert_eq!(tally.columns, ["lastupdated", "ticker", "date"]);
        let empty = Tally::read("ticker,date\n".as_bytes(), &SEP).unwrap();
        assert_eq!((empty.rows, empty.newest_date, empty.newest_updated), (0, None, None));
        assert!(Tally::read("a,b\n1\n".as_bytes(), &SEP).is_err());
    }
}
