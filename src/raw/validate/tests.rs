use datafusion::arrow::array::{
    BooleanArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray, Float32Array, Int32Array,
    LargeStringArray, StringArray, StringViewArray, TimestampNanosecondArray, UInt16Array,
};
use datafusion::arrow::datatypes::Int8Type;
use datafusion::arrow::util::display::array_value_to_string;

use super::*;

fn table(name: &str) -> &'static RawTable {
    RawTable::find(name).unwrap()
}

fn source(batch: &RecordBatch, is_csv: bool) -> Source {
    Source { name: "t.file".into(), schema: batch.schema(), is_csv }
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(values.iter().map(|v| (!v.is_empty()).then_some(*v)).collect::<StringArray>())
}

/// A CSV batch of `sp500` (date, action, ticker) with one more column.
fn csv(name: &str, dates: &[&str], tickers: &[&str], more: &[&str]) -> RecordBatch {
    let action = text(&vec!["added"; dates.len()]);
    batch(vec![("ticker", text(tickers)), (name, text(more)), ("date", text(dates)), ("action", action)])
}

fn convert(table: &RawTable, batch: &RecordBatch, is_csv: bool) -> Converted {
    let conversion = Conversion::new(table, &Schema::empty(), &source(batch, is_csv)).unwrap();
    conversion.convert(batch).unwrap()
}

fn values(rows: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let column = rows.column_by_name(column).unwrap();
    (0..rows.num_rows()).map(|at| column.is_valid(at).then(|| array_value_to_string(column, at).unwrap())).collect()
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|v| (!v.is_empty()).then(|| (*v).to_owned())).collect()
}

#[test]
fn columns_are_matched_by_name_in_the_tables_order_with_others_after() {
    let rows = csv("rank", &["2024-01-02"], &["NA"], &["7"]);
    let converted = convert(table("sp500"), &rows, true);
    let schema = converted.rows.schema();
    let names: Vec<_> = schema.fields().iter().map(|f| (f.name().as_str(), f.data_type())).collect();
    let (date, utf8) = (&DataType::Date32, &DataType::Utf8);
    assert_eq!(names, [("date", date), ("action", utf8), ("ticker", utf8), ("rank", utf8)]);
    assert_eq!(values(&converted.rows, "ticker"), some(&["NA"]));
    assert!(converted.bad.is_empty());
}

#[test]
fn all_missing_columns_are_listed() {
    let rows = batch(vec![("ticker", text(&["A"])), ("close", text(&["1"])), ("shut", text(&["1"]))]);
    let error = Conversion::new(table("sep"), &Schema::empty(), &source(&rows, true)).unwrap_err().to_string();
    assert!(error.contains("t.file"), "{error}");
    assert!(error.contains("lacks the columns date, open, high, low, volume, closeadj;"), "{error}");
    assert!(error.contains("it has ticker, close, shut"), "{error}");
}

#[test]
fn bad_cells_of_csv() {
    let rows = batch(vec![
        ("ticker", text(&["A", "B", "", "D", "NULL", "NAN", "TRUE", "H", "I"])),
        (
            "date",
            text(&[
                "2024-01-02",
                "2024-02-30",
                "2024-01-02",
                "",
                "2024-01-02",
                "5/1/2024",
                "20240103",
                "x",
                "2024-01-02",
            ]),
        ),
        ("price", text(&["1e3", "oops", "1", "2", "nan", "1", " -7.5 ", "inf", "1e999"])),
        ("lastupdated", text(&["", "", "", "", "", "", "2024-01-05", "", ""])),
    ]);
    let converted = convert(table("metrics"), &rows, true);
    assert_eq!(values(&converted.rows, "ticker"), some(&["A", "TRUE"]));
    assert_eq!(values(&converted.rows, "date"), some(&["2024-01-02", "2024-01-03"]));
    assert_eq!(values(&converted.rows, "price"), some(&["1000.0", "-7.5"]));
    assert_eq!(values(&converted.rows, "lastupdated"), some(&["", "2024-01-05"]));
    let bad: Vec<_> = converted.bad.iter().map(|c| (c.row, c.column.as_str(), c.value.as_deref(), c.reason)).collect();
    let no_date = "is not a date (expected YYYY-MM-DD, from 1800 to 2199)";
    assert_eq!(
        bad,
        [
            (1, "date", Some("2024-02-30"), no_date),
            (2, "ticker", None, "a value is required here"),
            (3, "date", None, "a value is required here"),
            (4, "price", Some("nan"), "is not a finite number"),
            (5, "date", Some("5/1/2024"), no_date),
            (7, "date", Some("x"), no_date),
            (8, "price", Some("1e999"), "is not a finite number"),
        ]
    );
}

#[test]
fn the_date_of_a_key_must_be_plausible_and_no_other() {
    let rows = batch(vec![
        ("ticker", text(&["A"; 6])),
        ("date", text(&["1799-12-31", "1800-01-01", "2199-12-31", "2200-01-01", "0024-01-02", "+99999-01-01"])),
        ("price", text(&["1"; 6])),
        ("lastupdated", text(&["9999-12-31"; 6])),
    ]);
    let converted = convert(table("metrics"), &rows, true);
    assert_eq!(values(&converted.rows, "date"), some(&["1800-01-01", "2199-12-31"]));
    assert_eq!(values(&converted.rows, "lastupdated"), some(&["9999-12-31"; 2]));
    let bad: Vec<_> = converted.bad.iter().map(|cell| cell.row).collect();
    assert_eq!(bad, [0, 3, 4, 5]);
}

#[test]
fn whole_numbers_may_be_written_with_a_point() {
    let rows = |permaticker: &[&str]| {
        let n = permaticker.len();
        let filled = |value: &str| text(&vec![value; n]);
        batch(vec![
            ("table", filled("SEP")),
            ("permaticker", text(permaticker)),
            ("ticker", filled("A")),
            ("exchange", filled("NYSE")),
            ("category", filled("ETF")),
            ("isdelisted", filled("N")),
        ])
    };
    let converted = convert(table("tickers"), &rows(&["199059", "199059.0", "9007199254740993"]), true);
    assert_eq!(values(&converted.rows, "permaticker"), some(&["199059", "199059", "9007199254740993"]));
    let converted = convert(table("tickers"), &rows(&["1.5", "x", "", "7"]), true);
    assert_eq!(values(&converted.rows, "permaticker"), some(&["7"]));
    let reasons: Vec<_> = converted.bad.iter().map(|cell| cell.reason).collect();
    assert_eq!(reasons, ["is not a whole number", "is not a whole number", "a value is required here"]);
}

#[test]
fn the_key_of_actions_may_have_gaps() {
    let rows = batch(vec![
        ("date", text(&["2024-01-02"])),
        ("action", text(&["split"])),
        ("ticker", text(&["A"])),
        ("name", text(&[""])),
        ("value", text(&["4"])),
        ("contraticker", text(&[""])),
        ("contraname", text(&[""])),
    ]);
    assert_eq!(convert(table("actions"), &rows, true).rows.num_rows(), 1);
}

#[test]
fn parquet_of_other_types() {
    let day = 19_724; // 2024-01-02
    let rows = batch(vec![
        ("ticker", Arc::new(LargeStringArray::from(vec!["A", "NA", "C"]))),
        ("date", Arc::new(TimestampNanosecondArray::from(vec![day * 86_400_000_000_000; 3]))),
        ("price", Arc::new(Float32Array::from(vec![Some(1.5), None, Some(f32::NAN)]))),
        ("volume", Arc::new(Int32Array::from(vec![1, 2, 3]))),
        ("lastupdated", Arc::new(StringViewArray::from(vec!["2024-01-03", "2024-01-04", "2024-01-05"]))),
        ("beta1y", Arc::new(Decimal128Array::from(vec![125_i128, -5, 0]).with_precision_and_scale(9, 2).unwrap())),
    ]);
    let converted = convert(table("metrics"), &rows, false);
    assert!(converted.bad.is_empty());
    assert_eq!(values(&converted.rows, "ticker"), some(&["A", "NA", "C"]));
    assert_eq!(values(&converted.rows, "date"), some(&["2024-01-02"; 3]));
    assert_eq!(values(&converted.rows, "price"), some(&["1.5", "", ""]), "NaN means missing");
    assert_eq!(values(&converted.rows, "volume"), some(&["1.0", "2.0", "3.0"]));
    assert_eq!(values(&converted.rows, "lastupdated"), some(&["2024-01-03", "2024-01-04", "2024-01-05"]));
    assert_eq!(values(&converted.rows, "beta1y"), some(&["1.25", "-0.05", "0.0"]));
}

#[test]
fn parquet_dictionaries_empty_text_and_infinite_numbers() {
    let ticker: DictionaryArray<Int8Type> = vec![Some("A"), Some("B"), Some(""), None, Some("A")].into_iter().collect();
    let rows = batch(vec![
        ("ticker", Arc::new(ticker)),
        ("date", Arc::new(Date64Array::from(vec![1_704_153_600_000; 5]))),
        ("price", Arc::new(Float64Array::from(vec![1.0, f64::INFINITY, 1.0, 1.0, f64::NAN]))),
        ("extra", Arc::new(UInt16Array::from(vec![1, 2, 3, 4, 5]))),
        ("flag", Arc::new(BooleanArray::from(vec![true; 5]))),
    ]);
    let converted = convert(table("metrics"), &rows, false);
    assert_eq!(values(&converted.rows, "ticker"), some(&["A", "A"]));
    assert_eq!(values(&converted.rows, "price"), some(&["1.0", ""]));
    assert_eq!(values(&converted.rows, "flag"), some(&["true", "true"]));
    assert_eq!(converted.rows.schema().field_with_name("extra").unwrap().data_type(), &DataType::Int32);
    let bad: Vec<_> = converted.bad.iter().map(|c| (c.row, c.column.as_str(), c.value.as_deref())).collect();
    assert_eq!(bad, [(1, "price", Some("inf")), (2, "ticker", None), (3, "ticker", None)]);
}

#[test]
fn codes_stored_as_numbers_become_text() {
    let rows = |siccode: ArrayRef| {
        batch(vec![
            ("table", text(&["SEP", "SEP"])),
            ("permaticker", Arc::new(Float64Array::from(vec![1.0, 2.0])) as ArrayRef),
            ("ticker", text(&["A", "B"])),
            ("exchange", text(&["NYSE", "NYSE"])),
            ("category", text(&["ETF", "ETF"])),
            ("isdelisted", text(&["N", "N"])),
            ("siccode", siccode),
        ])
    };
    for siccode in [
        Arc::new(Float64Array::from(vec![Some(3571.0), None])) as ArrayRef,
        Arc::new(Int32Array::from(vec![Some(3571), None])),
    ] {
        let converted = convert(table("tickers"), &rows(siccode), false);
        assert_eq!(values(&converted.rows, "siccode"), some(&["3571", ""]));
        assert_eq!(values(&converted.rows, "permaticker"), some(&["1", "2"]));
    }
}

#[test]
fn extra_columns_keep_the_type_they_have() {
    let rows = csv("rank", &["2024-01-02", "2024-01-03"], &["A", "B"], &["7", "x"]);
    let stored = Schema::new(vec![Field::new("rank", DataType::Float64, true)]);
    let conversion = Conversion::new(table("sp500"), &stored, &source(&rows, true)).unwrap();
    let converted = conversion.convert(&rows).unwrap();
    assert_eq!(values(&converted.rows, "rank"), some(&["7.0"]));
    assert_eq!(converted.bad[0].reason, "is not a number");
}

#[test]
fn unknown_columns_of_sf1_are_numbers() {
    let mut columns: Vec<_> = table("sf1").required.iter().map(|name| (*name, text(&["2024-01-02"]))).collect();
    for (name, values) in &mut columns {
        if table("sf1").schema().field_with_name(name).unwrap().data_type() == &DataType::Float64 {
            *values = text(&["1"]);
        }
    }
    columns.push(("newindicator", text(&["2.5"])));
    let converted = convert(table("sf1"), &batch(columns), true);
    assert_eq!(values(&converted.rows, "newindicator"), some(&["2.5"]));
    let last = converted.rows.schema().fields().last().unwrap().clone();
    assert_eq!((last.name().as_str(), last.data_type()), ("newindicator", &DataType::Float64));
}

#[test]
fn conversions_that_would_change_the_meaning_are_refused() {
    let good = || text(&["A"]);
    let day = || Arc::new(Date32Array::from(vec![1])) as ArrayRef;
    let list = datafusion::arrow::array::ListArray::from_iter_primitive::<Int8Type, _, _>([Some(vec![Some(1_i8)])]);
    for (column, rows) in [
        ("date", vec![("date", Arc::new(Int32Array::from(vec![20_240_102])) as ArrayRef), ("ticker", good())]),
        ("ticker", vec![("date", day()), ("ticker", Arc::new(BooleanArray::from(vec![true])))]),
        ("price", vec![("date", day()), ("ticker", good()), ("price", day())]),
        ("odd", vec![("date", day()), ("ticker", good()), ("odd", Arc::new(list))]),
    ] {
        let mut rows = rows;
        if column != "price" {
            rows.push(("price", Arc::new(Float64Array::from(vec![1.0]))));
        }
        let rows = batch(rows);
        let error = Conversion::new(table("metrics"), &Schema::empty(), &source(&rows, false)).unwrap_err();
        assert!(error.to_string().contains(&format!("'{column}' of 't.file'")), "{error}");
    }
}
