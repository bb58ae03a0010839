use std::fs;
use std::io::Write;
use std::path::PathBuf;

use datafusion::arrow::array::{ArrayRef, AsArray, Int32Array, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::parquet::arrow::ArrowWriter;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

/// What was read, source by source.
#[derive(Default)]
struct Collected {
    sources: Vec<Source>,
    batches: Vec<Vec<RecordBatch>>,
    malformed: Vec<Malformed>,
    records: Vec<Record>,
    bytes: u64,
}

impl Sink for Collected {
    fn begin(&mut self, source: &Source) -> Result<()> {
        self.sources.push(source.clone());
        self.batches.push(Vec::new());
        Ok(())
    }

    fn chunk(&mut self, chunk: &Chunk) -> Result<()> {
        self.records.extend((0..chunk.rows.num_rows()).map(|row| chunk.record(row)));
        let malformed = chunk.malformed.iter();
        self.malformed.extend(malformed.map(|m| {
            let Record { position, text } = &m.record;
            let record = Record { position: *position, text: text.clone() };
            Malformed { record, reason: m.reason.clone() }
        }));
        self.bytes = chunk.bytes;
        self.batches.last_mut().unwrap().push(chunk.rows.clone());
        Ok(())
    }
}

impl Collected {
    /// A column of the source `at`; NULL is `None`.
    fn column(&self, at: usize, name: &str) -> Vec<Option<String>> {
        let rows = concat_batches(&self.sources[at].schema, &self.batches[at]).unwrap();
        let column = rows.column_by_name(name).unwrap().as_string::<i32>().clone();
        column.iter().map(|value| value.map(str::to_owned)).collect()
    }
}

fn read(bytes: &[u8], name: &str) -> (Result<Collected>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let mut collected = Collected::default();
    (read_file(&path, &mut collected).map(|()| collected), folder)
}

fn read_csv(text: &str) -> Collected {
    read(text.as_bytes(), "t.csv").0.unwrap()
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| (!value.is_empty()).then(|| (*value).to_owned())).collect()
}

#[test]
fn quotes_line_breaks_and_empty_fields() {
    let read = read_csv("ticker,name,value\nA,\"Alpha, \"\"Inc\"\"\",1\nNA,\"two\nlines\",\nNULL,,3\n");
    assert_eq!(read.column(0, "ticker"), some(&["A", "NA", "NULL"]));
    assert_eq!(read.column(0, "name"), some(&["Alpha, \"Inc\"", "two\nlines", ""]));
    assert_eq!(read.column(0, "value"), some(&["1", "", "3"]));
    let positions: Vec<_> = read.records.iter().map(|record| record.position).collect();
    assert_eq!(positions, [Position::Line(2), Position::Line(3), Position::Line(5)]);
    assert_eq!(read.records[1].text, "NA,\"two\nlines\",");
}

#[test]
fn byte_order_mark_carriage_returns_blank_lines_and_no_last_line_break() {
    let read = read_csv("\u{feff}Ticker, DATE \r\n\r\nA,2024-01-02\r\n\r\n\r\nB,2024-01-03");
    let names: Vec<_> = read.sources[0].schema.fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["ticker", "date"]);
    assert_eq!(read.column(0, "date"), some(&["2024-01-02", "2024-01-03"]));
    let lines: Vec<_> = read.records.iter().map(|record| record.position.number()).collect();
    assert_eq!(lines, [3, 6]);
    assert_eq!(read.records[0].text, "A,2024-01-02");
}

#[test]
fn a_record_with_the_wrong_number_of_fields_is_set_aside() {
    let read = read_csv("a,b\n1,2\n3\n4,5,6\n\"7\n7\",8\n,\n");
    assert_eq!(read.column(0, "a"), some(&["1", "7\n7", ""]));
    assert_eq!(read.column(0, "b"), some(&["2", "8", ""]));
    let malformed: Vec<_> = read
        .malformed
        .iter()
        .map(|m| (m.record.position.number(), m.record.text.as_str(), m.reason.as_str()))
        .collect();
    assert_eq!(
        malformed,
        [
            (3, "3", "expected 2 fields as in the header, found 1"),
            (4, "4,5,6", "expected 2 fields as in the header, found 3"),
        ]
    );
    let lines: Vec<_> = read.records.iter().map(|record| record.position.number()).collect();
    assert_eq!(lines, [2, 5, 7]);
}

#[test]
fn a_record_that_is_not_utf8_is_set_aside() {
    let (read, _folder) = read(b"a,b\nx,y\n\xff,y\nx,\xc3\nz,\xc3\xa9\n", "t.csv");
    let read = read.unwrap();
    assert_eq!(read.column(0, "b"), some(&["y", "é"]));
    let malformed: Vec<_> = read.malformed.iter().map(|m| (m.record.position.number(), m.reason.as_str())).collect();
    assert_eq!(malformed, [(3, "column a is not UTF-8 text"), (4, "column b is not UTF-8 text")]);
    assert_eq!(read.records[1].position, Position::Line(5));
}

#[test]
fn many_batches_keep_rows_and_line_numbers_together() {
    let mut text = String::from("n,text\n");
    let mut lines = Vec::new();
    let mut line = 2;
    for n in 0..3 * BATCH_ROWS {
        let is_long = n % 1000 == 0;
        lines.push(line);
        // Some records span two lines, and some are larger than the parser's first buffers.
        text += &if is_long { format!("{n},\"{}\nx\"\n", "y".repeat(70_000)) } else { format!("{n},a\n") };
        line += if is_long { 2 } else { 1 };
    }
    let read = read_csv(&text);
    let expected: Vec<_> = (0..3 * BATCH_ROWS).map(|n| Some(n.to_string())).collect();
    assert_eq!(read.column(0, "n"), expected);
    let found: Vec<_> = read.records.iter().map(|record| record.position.number()).collect();
    assert_eq!(found, lines);
    assert_eq!(read.bytes, text.len() as u64);
}

#[test]
fn a_quote_left_open_is_named() {
    let text = format!("a,b\n1,2\r\n\r\n3,\"{}", "4,5\n".repeat(2_000_000));
    let error = read(text.as_bytes(), "t.csv").0.err().unwrap().to_string();
    assert!(error.contains("line 4") && error.contains("quote"), "{error}");
}

#[test]
fn headers_that_cannot_be_used() {
    for (text, expected) in [
        ("a,,c\n", "column 2 has no name"),
        ("a,b,A\n", "'a' occurs twice"),
        ("a,__sequence\n", "reserved"),
        ("", "is empty"),
        ("\n\n", "is empty"),
    ] {
        let error = read(text.as_bytes(), "t.csv").0.err().unwrap().to_string();
        assert!(error.contains(expected) && error.contains("t.csv"), "{text:?}: {error}");
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_with_any_name_and_with_several_streams() {
    let mut bytes = gzip("a,b\n1,2\n");
    bytes.extend(gzip("3,4\n"));
    let read = read(&bytes, "t.csv").0.unwrap();
    assert_eq!(read.column(0, "b"), some(&["2", "4"]));
}

#[test]
fn a_truncated_gzip_is_an_error_with_its_name() {
    let text: String = (0..20_000).map(|n| format!("{n},{}\n", n * 7919 % 10_007)).collect();
    let bytes = gzip(&format!("a,b\n{text}"));
    for keep in [bytes.len() / 2, bytes.len() - 4] {
        let error = read(&bytes[..keep], "t.csv.gz").0.err().unwrap();
        assert!(matches!(error, RawError::Read { .. }), "{error}");
        assert!(error.to_string().contains("t.csv.gz"), "{error}");
    }
}

fn zipped(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn every_csv_member_of_a_zip_is_read() {
    let members =
        [("b.csv", "a,b\n1,2\n"), ("readme.txt", "hello"), ("__MACOSX/b.csv", "?"), ("d/A.CSV", "b,a,c\n4,3,5\n")];
    let (read, _folder) = read(&zipped(&members), "t.zip");
    let read = read.unwrap();
    let names: Vec<_> = read.sources.iter().map(|source| source.name.rsplit_once("t.zip/").unwrap().1).collect();
    assert_eq!(names, ["b.csv", "d/A.CSV"]);
    assert_eq!(read.column(0, "b"), some(&["2"]));
    assert_eq!(read.column(1, "b"), some(&["4"]));
    assert_eq!(read.records[1].position, Position::Line(2));
}

#[test]
fn damaged_and_empty_zips_are_errors_with_their_name() {
    let text: String = (0..5_000).map(|n| format!("{n},{}\n", n * 7919 % 10_007)).collect();
    let whole = zipped(&[("b.csv", &format!("a,b\n{text}"))]);
    let error = read(&whole[..whole.len() / 2], "t.zip").0.err().unwrap();
    assert!(matches!(&error, RawError::Zip { file, .. } if file.ends_with("t.zip")), "{error}");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 0xff;
    let error = read(&damaged, "t.zip").0.err().unwrap();
    assert!(matches!(&error, RawError::Read { file, .. } if file.ends_with("t.zip/b.csv")), "{error}");
    let error = read(&zipped(&[("x.txt", "")]), "t.zip").0.err().unwrap();
    assert!(error.to_string().contains("x.txt"), "{error}");
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn parquet_keeps_types_and_numbers_rows() {
    let ticker: ArrayRef = Arc::new(StringArray::from(vec![Some("A"), None]));
    let bytes = parquet(vec![("Ticker", ticker), ("n", Arc::new(Int32Array::from(vec![1, 2])))]);
    let read = read(&bytes, "t.bin").0.unwrap();
    assert_eq!(read.column(0, "ticker"), [Some("A".into()), None]);
    assert!(read.sources[0].schema.field(1).data_type().is_integer());
    assert_eq!(read.records[0].position, Position::Row(1));
    assert_eq!(read.records[0].text, "ticker=A, n=1");
    assert_eq!(read.records[1].text, "n=2");
    assert_eq!(read.bytes, bytes.len() as u64);
}

#[test]
fn a_truncated_parquet_file_is_an_error_with_its_name() {
    let bytes = parquet(vec![("n", Arc::new(Int32Array::from_iter_values(0..10_000)))]);
    for keep in [4, bytes.len() / 2, bytes.len() - 1] {
        let error = read(&bytes[..keep], "t.parquet").0.err().unwrap();
        assert!(matches!(&error, RawError::Parquet { file, .. } if file.ends_with("t.parquet")), "{error}");
    }
}

#[test]
fn a_file_that_is_not_there() {
    let error = read_file(&PathBuf::from("no/such.csv"), &mut Collected::default()).unwrap_err();
    assert!(error.to_string().contains("no/such.csv"), "{error}");
}
