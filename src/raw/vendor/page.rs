//! A page of a table: the vendor's JSON, turned into CSV with every number exactly as the vendor wrote it.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Result, VendorError};

/// How much of an unexpected answer is shown.
const SHOWN: usize = 120;

/// Rows of a table, as CSV.
#[derive(Debug)]
pub(super) struct Page {
    /// The columns, in the order of the page.
    pub columns: Vec<String>,
    /// A header line and the rows. Null is an empty field.
    pub csv: Vec<u8>,
    /// Rows, without the header.
    pub rows: u64,
    /// Where the next page begins; `None` on the last.
    pub next: Option<String>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    datatable: Datatable<'a>,
    meta: Meta,
}

#[derive(Deserialize)]
struct Datatable<'a> {
    // A cell as it stands in the text: a parsed f64 would not print as the vendor wrote it.
    #[serde(borrow)]
    data: Vec<Vec<&'a RawValue>>,
    columns: Vec<Column>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
}

#[derive(Deserialize)]
struct Meta {
    // An answer without this member says nothing about whether more rows follow, so it is not taken for the last one.
    #[serde(deserialize_with = "required")]
    next_cursor_id: Option<String>,
}

fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

impl Page {
    /// Reads the body of an answer to `asked`.
    ///
    /// # Errors
    /// [`VendorError::Malformed`] if it is not a complete page.
    pub fn parse(asked: &str, body: &[u8]) -> Result<Self> {
        let malformed = |reason: String| VendorError::malformed(asked, reason);
        let answer: Answer<'_> =
            serde_json::from_slice(body).map_err(|error| malformed(format!("{error}; it {}", shape(body))))?;
        let columns: Vec<String> = answer.datatable.columns.into_iter().map(|column| column.name).collect();
        if columns.is_empty() {
            return Err(malformed("it has no columns".into()));
        }
        let next = answer.meta.next_cursor_id;
        if next.as_deref() == Some("") {
            return Err(malformed("its cursor is an empty text".into()));
        }
        let rows = answer.datatable.data.len() as u64;
        let csv = to_csv(&columns, &answer.datatable.data).map_err(malformed)?;
        Ok(Self { columns, csv, rows, next })
    }
}

fn to_csv(columns: &[String], rows: &[Vec<&RawValue>]) -> Result<Vec<u8>, String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns).map_err(|error| error.to_string())?;
    for (number, row) in rows.iter().enumerate() {
        if row.len() != columns.len() {
            return Err(format!("row {} has {} values for {} columns", number + 1, row.len(), columns.len()));
        }
        for cell in row {
            write_cell(&mut writer, cell.get())?;
        }
        writer.write_record(None::<&[u8]>).map_err(|error| error.to_string())?;
    }
    writer.into_inner().map_err(|error| error.to_string())
}

fn write_cell(writer: &mut csv::Writer<Vec<u8>>, json: &str) -> Result<(), String> {
    let text: String;
    let field = match json.as_bytes().first() {
        Some(b'"') => {
            text = serde_json::from_str(json).map_err(|error| error.to_string())?;
            &text
        }
        Some(b'[' | b'{') => {
            return Err(format!("a value is {}, neither text nor a number", beginning(json.as_bytes())));
        }
        _ if json == "null" => "",
        _ => json,
    };
    writer.write_field(field).map_err(|error| error.to_string())
}

/// What an answer looks like, for the message about it.
pub(super) fn shape(body: &[u8]) -> String {
    match body.trim_ascii_start().first() {
        None => "is empty".to_owned(),
        Some(b'<') => format!("is HTML: {}", beginning(body)),
        Some(_) => format!("has {} bytes and begins with {}", body.len(), beginning(body)),
    }
}

/// The beginning of an answer, in one line.
fn beginning(body: &[u8]) -> String {
    let cut = &body[..body.len().min(SHOWN)];
    let line: Vec<_> = String::from_utf8_lossy(cut).split_whitespace().map(str::to_owned).collect();
    format!("{:?}", line.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Page> {
        Page::parse("SEP everything", body.as_bytes())
    }

    fn page(rows: &str) -> String {
        format!(
            r#"{{"datatable":{{"data":{rows},"columns":[{{"name":"ticker","type":"text"}},{{"name":"close","type":"double"}}]}},"meta":{{"next_cursor_id":null}}}}"#
        )
    }

    #[test]
    fn numbers_stay_as_written_and_text_is_quoted_where_it_must() {
        let rows = r#"[["NA",0.1000],["NULL",1e-7],["TRUE",12345678901234567890.123],["a,\"b\"\n\u00e9",-0.0],[null,null],["",10]]"#;
        let page = parse(&page(rows)).unwrap();
        let expected = "ticker,close\nNA,0.1000\nNULL,1e-7\nTRUE,12345678901234567890.123\n\
                        \"a,\"\"b\"\"\né\",-0.0\n,\n,10\n";
        assert_eq!(String::from_utf8(page.csv).unwrap(), expected);
        assert_eq!((page.columns, page.rows, page.next), (vec!["ticker".into(), "close".into()], 6, None));
    }

    #[test]
    fn an_answer_that_is_no_complete_page_is_refused() {
        let whole = page(r#"[["A",1]]"#);
        assert!(parse(&whole).is_ok());
        for cut in 0..whole.len() {
            let error = parse(&whole[..cut]).unwrap_err();
            assert!(matches!(error, VendorError::Malformed { .. }), "cut at {cut}: {error}");
        }
        let message = |body: &str| parse(body).unwrap_err().to_string();
        assert!(message("<html><body>Bad Gateway</body></html>").contains("is HTML"));
        assert!(message("").contains("is empty"));
        assert!(message(&page(r#"[["A"]]"#)).contains("row 1 has 1 values for 2 columns"));
        assert!(message(&page(r#"[["A",[1]]]"#)).contains("neither text nor a number"));
        assert!(message(&whole.replace(r#""next_cursor_id":null"#, "")).contains("next_cursor_id"));
        assert!(message(&whole.replace("null}", "\"\"}")).contains("empty text"));
        assert!(message(r#"{"quandl_error":{"code":"X"}}"#).contains("datatable"));
    }
}
