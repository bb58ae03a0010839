//! Tables of text, as the vendor's CSV has them.

use std::path::Path;
use std::sync::Arc;

pub type Row = Arc<[String]>;

/// Columns that are text even if every value looks like a number.
const TEXT: [&str; 7] = ["ticker", "siccode", "formtype", "cusips", "name", "contraticker", "note"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// In lower case.
    pub name: String,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
}

impl Table {
    pub fn new(name: &str, columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Self { name: name.to_owned(), columns, rows: rows.into_iter().map(Row::from).collect() }
    }

    /// A table like this one, with other rows.
    pub fn with(&self, rows: Vec<Row>) -> Self {
        Self { name: self.name.clone(), columns: self.columns.clone(), rows }
    }

    /// Reads `<name>.csv`.
    pub fn read(path: &Path) -> Self {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let columns = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let row = |record: csv::Result<csv::StringRecord>| record.unwrap().iter().map(str::to_owned).collect();
        let rows = reader.records().map(row).collect();
        Self { name: path.file_stem().unwrap().to_str().unwrap().to_owned(), columns, rows }
    }

    /// Writes `<folder>/<name>.csv`.
    pub fn write(&self, folder: &Path) {
        std::fs::write(folder.join(&self.name).with_extension("csv"), self.csv()).unwrap();
    }

    pub fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns).unwrap();
        self.rows.iter().for_each(|row| writer.write_record(row.iter()).unwrap());
        writer.into_inner().unwrap()
    }

    /// The rows as the vendor's JSON answer, with numbers as they are written here.
    pub fn json(&self, next: Option<&str>) -> Vec<u8> {
        let numeric: Vec<bool> = (0..self.columns.len()).map(|at| self.is_numeric(at)).collect();
        let mut text = String::from(r#"{"datatable":{"data":["#);
        for (number, row) in self.rows.iter().enumerate() {
            text.push_str(if number == 0 { "[" } else { ",[" });
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                match cell.as_str() {
                    "" => text.push_str("null"),
                    number if numeric[at] => text.push_str(number),
                    other => text.push_str(&serde_json::to_string(other).unwrap()),
                }
            }
            text.push(']');
        }
        let kind = |numeric: bool| if numeric { "double" } else { "text" };
        let columns: Vec<_> = self.columns.iter().zip(&numeric).collect();
        let columns: Vec<_> =
            columns.iter().map(|(name, numeric)| serde_json::json!({"name": name, "type": kind(**numeric)})).collect();
        let tail = serde_json::to_string(&columns).unwrap();
        let next = serde_json::to_string(&next).unwrap();
        text.push_str(&format!(r#"],"columns":{tail}}},"meta":{{"next_cursor_id":{next}}}}}"#));
        text.into_bytes()
    }

    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The rows that pass `column[.gte|.gt|.lte|.lt]=value`; the error names a column that is not there.
    pub fn filter(&self, filters: &[(String, String)]) -> Result<Vec<Row>, String> {
        let mut rows = self.rows.clone();
        for (filter, value) in filters {
            let (column, operator) = filter.split_once('.').unwrap_or((filter, ""));
            let at = self.column(column).ok_or_else(|| column.to_owned())?;
            let value = value.as_str();
            rows.retain(|row| {
                let cell = row[at].as_str();
                match operator {
                    "gte" => cell >= value,
                    "gt" => cell > value,
                    "lte" => cell <= value && !cell.is_empty(),
                    "lt" => cell < value && !cell.is_empty(),
                    _ => value.split(',').any(|value| value == cell),
                }
            });
        }
        Ok(rows)
    }

    fn is_numeric(&self, at: usize) -> bool {
        let plain =
            |cell: &str| cell.bytes().all(|byte| b"0123456789+-.eE".contains(&byte)) && cell.parse::<f64>().is_ok();
        !TEXT.contains(&self.columns[at].as_str()) && self.rows.iter().all(|row| row[at].is_empty() || plain(&row[at]))
    }
}
