//! End to end against a lake in a temporary folder. The events are those that the reference loses or doubles
//! (spec 01 §3) and the landing cases of spec 01 §5.3.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use super::*;
use crate::lake::DatasetProvider;

/// A lake in a temporary folder.
struct World {
    folder: TempDir,
    lake: Lake,
    options: LandOptions,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::open(folder.path().join("lake").to_str().unwrap()).unwrap();
        Self {
            folder,
            lake,
            options: LandOptions::default(),
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    async fn try_land(&self, table: &str, texts: &[&str]) -> Result<LandSummary> {
        let files = texts.iter().enumerate();
        let files: Vec<PathBuf> = files
            .map(|(at, text)| self.file(&format!("{table}{at}.csv"), text))
            .collect();
        land(
            &self.lake,
            RawTable::find(table).unwrap(),
            &files,
            &self.options,
        )
        .await
    }

    async fn land(&self, table: &str, text: &str) -> LandSummary {
        self.try_land(table, &[text]).await.unwrap()
    }

    async fn batch(&self, dataset: &str, version: Option<u64>) -> RecordBatch {
        let snapshot = match version {
            Some(version) => self.lake.snapshot_at(dataset, version).await,
            None => self.lake.snapshot(dataset).await,
        };
        let snapshot = Arc::new(snapshot.unwrap().unwrap());
        let session = SessionContext::new();
        self.lake.register_store(&session.runtime_env());
        let rows = session
            .read_table(Arc::new(DatasetProvider::new(&self.lake, snapshot.clone())))
            .unwrap();
        concat_batches(snapshot.schema(), &rows.collect().await.unwrap()).unwrap()
    }

    /// Rows of the current version as `a|b|c`, sorted.
    async fn rows(&self, table: &str, columns: &str) -> Vec<String> {
        rows(&self.batch(&format!("raw/{table}"), None).await, columns)
    }

    /// Paths of the current version's files.
    async fn paths(&self, table: &str) -> Vec<String> {
        let snapshot = self
            .lake
            .snapshot(&format!("raw/{table}"))
            .await
            .unwrap()
            .unwrap();
        snapshot
            .files()
            .iter()
            .map(|file| file.path.clone())
            .collect()
    }
}

fn rows(batch: &RecordBatch, columns: &str) -> Vec<String> {
    let columns: Vec<&ArrayRef> = columns
        .split_whitespace()
        .map(|name| batch.column_by_name(name).unwrap())
        .collect();
    let cell = |column: &ArrayRef, at| match column.is_valid(at) {
        true => array_value_to_string(column, at).unwrap(),
        false => String::new(),
    };
    let row = |at| {
        columns
            .iter()
            .map(|column| cell(column, at))
            .collect::<Vec<_>>()
            .join("|")
    };
    let mut rows: Vec<String> = (0..batch.num_rows()).map(row).collect();
    rows.sort();
    rows
}

/// A `sep` file; each row is ticker, date, close, closeunadj, lastupdated.
fn sep(rows: &[(&str, &str, f64, f64, &str)]) -> String {
    let mut text =
        "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\n".to_owned();
    for (ticker, date, close, unadjusted, updated) in rows {
        text += &format!(
            "{ticker},{date},{close},{close},{close},{close},100,{close},{unadjusted},{updated}\n"
        );
    }
    text
}

fn counts(summary: &LandSummary) -> [u64; 4] {
    [
        summary.inserted,
        summary.updated,
        summary.unchanged,
        summary.superseded,
    ]
}

#[tokio::test]
async fn the_same_file_twice_changes_nothing() {
    let world = World::new();
    let text = sep(&[
        ("A", "2023-12-29", 1.0, 1.0, "2024-01-02"),
        ("A", "2024-01-02", 2.0, 2.0, "2024-01-02"),
    ]);
    let first = world.land("sep", &text).await;
    assert_eq!((first.version, counts(&first)), (Some(0), [2, 0, 0, 0]));
    let again = world.land("sep", &text).await;
    assert_eq!((again.version, counts(&again)), (None, [0, 0, 2, 0]));
    let (paths, snapshot) = (
        world.paths("sep").await,
        world.lake.snapshot("raw/sep").await.unwrap().unwrap(),
    );
    assert_eq!(snapshot.version(), 0);
    assert!(
        paths[0].starts_with("year=2023/part-") && paths[1].starts_with("year=2024/part-"),
        "{paths:?}"
    );
    assert!(snapshot.schema().index_of("year").is_err());
}

#[tokio::test]
async fn a_day_that_was_incomplete_is_completed() {
    let world = World::new();
    world
        .land("sep", &sep(&[("A", "2024-01-02", 1.0, 1.0, "2024-01-02")]))
        .await;
    let full = sep(&[
        ("A", "2024-01-02", 1.0, 1.0, "2024-01-02"),
        ("B", "2024-01-02", 5.0, 5.0, "2024-01-02"),
    ]);
    assert_eq!(counts(&world.land("sep", &full).await), [1, 0, 1, 0]);
    assert_eq!(world.rows("sep", "ticker close").await, ["A|1.0", "B|5.0"]);
}

#[tokio::test]
async fn a_skipped_session_fills_the_gap_later() {
    let world = World::new();
    for day in ["2024-01-02", "2024-01-05", "2024-01-03"] {
        let landed = world.land("sep", &sep(&[("A", day, 1.0, 1.0, day)])).await;
        assert_eq!(landed.inserted, 1);
    }
    assert_eq!(
        world.rows("sep", "date").await,
        ["2024-01-02", "2024-01-03", "2024-01-05"]
    );
}

#[tokio::test]
async fn a_split_rewrites_the_whole_history_and_the_old_one_stays_readable() {
    let world = World::new();
    let before = sep(&[
        ("A", "2023-12-29", 400.0, 400.0, "2024-01-02"),
        ("A", "2024-01-02", 404.0, 404.0, "2024-01-02"),
        ("B", "2022-01-03", 7.0, 7.0, "2022-01-03"),
    ]);
    world.land("sep", &before).await;
    let after = sep(&[
        ("A", "2023-12-29", 100.0, 400.0, "2024-01-03"),
        ("A", "2024-01-02", 101.0, 404.0, "2024-01-03"),
        ("A", "2024-01-03", 102.0, 102.0, "2024-01-03"),
    ]);
    let paths = world.paths("sep").await;
    let landed = world.land("sep", &after).await;
    assert_eq!((landed.version, counts(&landed)), (Some(1), [1, 2, 0, 0]));
    let expected = [
        "A|2023-12-29|100.0|400.0",
        "A|2024-01-02|101.0|404.0",
        "A|2024-01-03|102.0|102.0",
    ];
    assert_eq!(
        world.rows("sep", "ticker date close closeunadj").await[..3],
        expected
    );
    let old = world.batch("raw/sep", Some(0)).await;
    assert_eq!(
        rows(&old, "ticker date close")[..2],
        ["A|2023-12-29|400.0", "A|2024-01-02|404.0"]
    );
    // 2022 was not touched.
    assert_eq!(world.paths("sep").await[0], paths[0]);
    // A late copy of the file from before the split does not bring the old prices back.
    assert_eq!(counts(&world.land("sep", &before).await), [0, 0, 3, 0]);
}

/// A `sf1` file; each row is dimension, datekey, reportperiod, lastupdated, revenue.
fn sf1(rows: &[(&str, &str, &str, &str, f64)]) -> String {
    let mut text =
        "ticker,dimension,calendardate,datekey,reportperiod,lastupdated,revenue,netinc,assets,equity\n".to_owned();
    for (dimension, datekey, period, updated, revenue) in rows {
        text += &format!("A,{dimension},{period},{datekey},{period},{updated},{revenue},1,2,3\n");
    }
    text
}

#[tokio::test]
async fn a_restated_filing_is_one_row_now_and_two_versions_in_history() {
    let world = World::new();
    world
        .land(
            "sf1",
            &sf1(&[("MRQ", "2023-12-31", "2023-12-31", "2024-02-01", 10.0)]),
        )
        .await;
    let restated = sf1(&[("MRQ", "2023-12-31", "2023-12-31", "2024-05-01", 12.0)]);
    assert_eq!(counts(&world.land("sf1", &restated).await), [0, 1, 0, 0]);
    assert_eq!(
        world.rows("sf1", "lastupdated revenue").await,
        ["2024-05-01|12.0"]
    );
    assert_eq!(
        rows(&world.batch("raw/sf1", Some(0)).await, "revenue"),
        ["10.0"]
    );
    // A row that the vendor publishes later on the same day counts too.
    let same_day = sf1(&[
        ("MRQ", "2023-12-31", "2023-12-31", "2024-05-01", 13.0),
        ("ARQ", "2024-02-15", "2023-12-31", "2024-05-01", 10.0),
    ]);
    assert_eq!(counts(&world.land("sf1", &same_day).await), [1, 1, 0, 0]);
    assert_eq!(
        world.rows("sf1", "dimension revenue").await,
        ["ARQ|10.0", "MRQ|13.0"]
    );
}

/// A `sf2` file; each row is filingdate, ownername, rownum, transactionvalue.
fn sf2(rows: &[(&str, &str, u32, &str)]) -> String {
    let mut text =
        "ticker,filingdate,formtype,issuername,ownername,transactioncode,transactionvalue,rownum\n"
            .to_owned();
    for (date, owner, rownum, value) in rows {
        text += &format!("A,{date},4,\"A, Inc\",{owner},P,{value},{rownum}\n");
    }
    text
}

#[tokio::test]
async fn late_and_corrected_insider_filings_are_taken() {
    let world = World::new();
    world
        .land(
            "sf2",
            &sf2(&[("2024-03-05", "DOE", 1, "100"), ("2024-03-05", "", 1, "5")]),
        )
        .await;
    let late = sf2(&[
        ("2024-03-01", "DOE", 1, "70"),
        ("2024-03-05", "DOE", 1, "110"),
        ("2024-03-05", "", 1, "5"),
    ]);
    assert_eq!(counts(&world.land("sf2", &late).await), [1, 1, 1, 0]);
    let expected = [
        "2024-03-01|DOE|70.0",
        "2024-03-05|DOE|110.0",
        "2024-03-05||5.0",
    ];
    assert_eq!(
        world
            .rows("sf2", "filingdate ownername transactionvalue")
            .await,
        expected
    );
}

#[tokio::test]
async fn filings_of_a_quarter_may_arrive_in_batches() {
    let world = World::new();
    for batch in ["X", "Y", "Z"] {
        let text = format!(
            "calendardate,ticker,investorname,securitytype,value,units,price\n2024-03-31,A,{batch},SHR,1,2,0.5\n"
        );
        assert_eq!(world.land("sf3", &text).await.inserted, 1);
    }
    assert_eq!(world.rows("sf3", "investorname").await, ["X", "Y", "Z"]);
}

#[tokio::test]
async fn actions_may_be_dated_back_and_ahead() {
    let world = World::new();
    let header = "date,action,ticker,name,value,contraticker,contraname\n";
    world
        .land(
            "actions",
            &format!("{header}2031-01-02,split,A,Alpha,4,,\n"),
        )
        .await;
    let back = format!("{header}2019-05-06,dividend,A,,0.5,N/A,\n2030-01-02,delisted,A,Alpha,,,\n");
    assert_eq!(counts(&world.land("actions", &back).await), [2, 0, 0, 0]);
    assert_eq!(
        counts(&world.land("actions", &back).await),
        [0, 0, 2, 0],
        "NULL in a key equals NULL"
    );
    let expected = [
        "2019-05-06|dividend||N/A",
        "2030-01-02|delisted|Alpha|",
        "2031-01-02|split|Alpha|",
    ];
    assert_eq!(
        world.rows("actions", "date action name contraticker").await,
        expected
    );
}

#[tokio::test]
async fn a_metrics_snapshot_replaces_the_row_of_its_key() {
    let world = World::new();
    let header = "ticker,date,lastupdated,price\n";
    world
        .land("metrics", &format!("{header}A,2024-01-05,2024-01-05,10\n"))
        .await;
    world
        .land("metrics", &format!("{header}A,2024-01-05,2024-01-06,11\n"))
        .await;
    assert_eq!(
        world.rows("metrics", "date price").await,
        ["2024-01-05|11.0"]
    );
}

#[tokio::test]
async fn columns_may_be_reordered_and_added() {
    let world = World::new();
    world
        .land("sep", &sep(&[("A", "2023-12-29", 1.0, 1.0, "2023-12-29")]))
        .await;
    let text = "vwap,closeadj,volume,close,low,high,open,date,ticker,lastupdated\n\
                1.5,6,5,4,2,3,1,2024-01-02,A,2024-01-02\n";
    world.land("sep", text).await;
    let columns = "date open high low close volume closeadj closeunadj vwap";
    let expected = [
        "2023-12-29|1.0|1.0|1.0|1.0|100.0|1.0|1.0|",
        "2024-01-02|1.0|3.0|2.0|4.0|5.0|6.0||1.5",
    ];
    assert_eq!(world.rows("sep", columns).await, expected);
    // The further column stays when the next file lacks it.
    world
        .land("sep", &sep(&[("A", "2024-01-03", 1.0, 1.0, "2024-01-03")]))
        .await;
    assert_eq!(world.rows("sep", "vwap").await, ["", "", "1.5"]);
}

#[tokio::test]
async fn a_file_without_a_column_keeps_its_values() {
    let world = World::new();
    world
        .land("sep", &sep(&[("A", "2024-01-02", 8.0, 9.0, "2024-01-02")]))
        .await;
    let header = "ticker,date,open,high,low,close,volume,closeadj";
    let text = format!("{header}\nA,2024-01-02,1,1,1,7,1,1\n");
    assert_eq!(counts(&world.land("sep", &text).await), [0, 1, 0, 0]);
    assert_eq!(
        world.rows("sep", "close closeunadj lastupdated").await,
        ["7.0|9.0|2024-01-02"]
    );
    assert_eq!(world.land("sep", &text).await.version, None);
}

#[tokio::test]
async fn duplicates_within_a_file_and_across_files_leave_one_row() {
    let world = World::new();
    let one = sep(&[
        ("A", "2024-01-02", 1.0, 1.0, "2024-01-02"),
        ("A", "2024-01-02", 1.0, 1.0, "2024-01-02"),
    ]);
    let two = sep(&[("A", "2024-01-02", 2.0, 2.0, "2024-01-03")]);
    let three = sep(&[("A", "2024-01-02", 3.0, 3.0, "2024-01-02")]);
    let landed = world.try_land("sep", &[&one, &two, &three]).await.unwrap();
    assert_eq!(
        (landed.version, landed.files, landed.rows, counts(&landed)),
        (Some(0), 3, 4, [1, 0, 0, 3])
    );
    assert_eq!(world.rows("sep", "close").await, ["2.0"]);
}

#[tokio::test]
async fn sixty_pages_are_all_stored() {
    let world = World::new();
    let page = |page: usize| {
        let days = (0..20).map(|n| format!("T{:02},2024-01-{:02},1,1,1,1,1,1\n", page, n + 1));
        format!(
            "ticker,date,open,high,low,close,volume,closeadj\n{}",
            days.collect::<String>()
        )
    };
    let pages: Vec<String> = (0..60).map(page).collect();
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    assert_eq!(world.try_land("sep", &pages).await.unwrap().inserted, 1200);
    assert_eq!(world.rows("sep", "ticker").await.len(), 1200);
}

#[tokio::test]
async fn odd_tickers_recycled_ones_and_several_rows_per_company() {
    let world = World::new();
    let header = "table,permaticker,ticker,name,exchange,isdelisted,category,siccode,lastupdated\n";
    let text = format!(
        "{header}SEP,1,NA,Nano,NYSE,N,ETF,0100,2024-01-02\nSF1,1,NA,Nano,NYSE,N,ETF,0100,2024-01-02\n\
         SEP,2,TRUE,True,NYSE,N,ETF,,2024-01-02\nSEP,3,NULL,,NYSE,Y,ETF,,2024-01-02\nSEP,4,NAN,,NYSE,Y,ETF,,2024-01-02\n"
    );
    world.land("tickers", &text).await;
    // The symbol goes to another company; the dead one gets a suffix.
    world.land("tickers", &format!("{header}SEP,9,NA,New,NYSE,N,ETF,,2024-03-01\nSEP,1,NA1,Nano,NYSE,Y,ETF,,2024-03-01\n")).await;
    let expected = [
        "SEP|1|NA",
        "SEP|1|NA1",
        "SEP|2|TRUE",
        "SEP|3|NULL",
        "SEP|4|NAN",
        "SEP|9|NA",
        "SF1|1|NA",
    ];
    assert_eq!(
        world.rows("tickers", "table permaticker ticker").await,
        expected
    );
    assert_eq!(
        world.rows("tickers", "siccode").await[6],
        "0100",
        "a code is text"
    );
    assert!(
        world
            .paths("tickers")
            .await
            .iter()
            .all(|path| !path.contains('/'))
    );
}

#[tokio::test]
async fn a_bad_row_refuses_everything_and_is_named() {
    let world = World::new();
    world
        .land("sep", &sep(&[("A", "2024-01-02", 1.0, 1.0, "2024-01-02")]))
        .await;
    let good = sep(&[("A", "2024-01-02", 2.0, 2.0, "2024-01-03")]);
    let mut bad = sep(&[("B", "2024-01-02", 1.0, 1.0, "2024-01-02")]);
    bad += "C,2024-01-02,x,1,1,1,1,1,1,\nshort,row\n";
    bad += &"D,,1,1,1,1,1,1,1,\n".repeat(30);
    let error = world.try_land("sep", &[&good, &bad]).await.unwrap_err();
    let RawError::Rejected { total, rows, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(
        (*total, rows.len(), rows[0].line(), rows[1].line()),
        (32, 20, 3, 4)
    );
    let message = error.to_string();
    assert!(
        message.contains("sep1.csv, line 3, column open: 'x' is not a number"),
        "{message}"
    );
    assert!(
        message.contains("sep1.csv, line 4: expected 10 fields as in the header, found 2"),
        "{message}"
    );
    assert!(
        message.contains("line 5, column date: a value is required here"),
        "{message}"
    );
    assert!(message.ends_with("and 12 more"), "{message}");
    assert_eq!(world.rows("sep", "ticker close").await, ["A|1.0"]);
    assert!(
        world
            .lake
            .snapshot(REJECTED_DATASET)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn quarantine_lands_the_good_rows_and_keeps_the_bad_ones() {
    let mut world = World::new();
    world.options.quarantine = true;
    let mut text = sep(&[("A", "2024-01-02", 1.0, 1.0, "2024-01-02")]);
    text += "C,2024-01-02,x,1,1,1,1,1,1,\nshort,row\n";
    let landed = world.land("sep", &text).await;
    assert_eq!(
        (
            landed.version,
            landed.inserted,
            landed.rejected,
            landed.first_rejected.len()
        ),
        (Some(0), 1, 2, 2)
    );
    let rejected = world.batch(REJECTED_DATASET, None).await;
    let expected = [
        "sep|3|open|x|is not a number|C,2024-01-02,x,1,1,1,1,1,1,",
        "sep|4|||expected 10 fields as in the header, found 2|short,row",
    ];
    assert_eq!(
        rows(&rejected, "table line column value reason record"),
        expected
    );
    // Nothing good is new, but the bad rows of this landing are recorded as well.
    let landed = world.land("sep", &text).await;
    assert_eq!((landed.version, landed.rejected), (None, 2));
    assert_eq!(world.batch(REJECTED_DATASET, None).await.num_rows(), 4);
}

#[tokio::test]
async fn a_file_of_bad_rows_only() {
    let mut world = World::new();
    world.options.quarantine = true;
    let text = sep(&[("", "2024-01-02", 1.0, 1.0, "")]);
    let landed = world.land("sep", &text).await;
    assert_eq!((landed.version, landed.rows, landed.rejected), (None, 0, 1));
    assert!(world.lake.snapshot("raw/sep").await.unwrap().is_none());
}

#[tokio::test]
async fn missing_columns_name_the_file_and_change_nothing() {
    let world = World::new();
    let error = world
        .try_land("daily", &["ticker,date,pe\nA,2024-01-02,1\n"])
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("daily0.csv") && error.contains("evebitda, marketcap, pb, ps;"),
        "{error}"
    );
    let none = land(
        &world.lake,
        RawTable::find("sep").unwrap(),
        &[],
        &world.options,
    )
    .await
    .unwrap_err();
    assert!(matches!(none, RawError::NoFiles { table: "sep" }));
}

#[tokio::test]
async fn parquet_and_csv_of_the_same_rows_are_the_same() {
    let world = World::new();
    let text = "ticker,date,price,rank\nA,2024-01-02,1.25,7\nB,2024-01-02,,\n";
    world.land("metrics", text).await;
    let batch = RecordBatch::try_from_iter(vec![
        (
            "rank",
            Arc::new(Float64Array::from(vec![Some(7.0), None])) as ArrayRef,
        ),
        ("ticker", Arc::new(StringArray::from(vec!["A", "B"]))),
        ("price", Arc::new(Float64Array::from(vec![1.25, f64::NAN]))),
        (
            "date",
            Arc::new(StringArray::from(vec!["2024-01-02", "2024-01-02"])),
        ),
    ]);
    let batch = batch.unwrap();
    let path = world.folder.path().join("metrics.parquet");
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let landed = land(
        &world.lake,
        RawTable::find("metrics").unwrap(),
        &[path],
        &world.options,
    )
    .await
    .unwrap();
    assert_eq!((landed.version, counts(&landed)), (None, [0, 0, 2, 0]));
}

#[tokio::test]
async fn stored_columns_are_the_vendors_in_its_order() {
    let world = World::new();
    world
        .land(
            "sf1",
            &sf1(&[("ARQ", "2024-02-01", "2023-12-31", "2024-02-01", 1.0)]),
        )
        .await;
    let snapshot = world.lake.snapshot("raw/sf1").await.unwrap().unwrap();
    assert_eq!(snapshot.schema(), &RawTable::find("sf1").unwrap().schema());
    assert_eq!(
        snapshot.layout().sort,
        ["ticker", "datekey", "dimension", "reportperiod"]
    );
    let record = world.lake.record("raw/sf1", 0).await.unwrap().unwrap();
    assert_eq!(
        (
            record.operation.as_str(),
            record.source.as_str(),
            record.rows
        ),
        ("land", "sf10.csv", 1)
    );
    assert_eq!(record.run_id, world.options.run_id);
}

#[tokio::test]
async fn two_landings_at_once_both_stay() {
    let world = World::new();
    let landings = (0..4).map(|n| {
        let name = format!("T{n}");
        let file = world.file(
            &format!("sep_{n}.csv"),
            &sep(&[(&name, "2024-01-02", 1.0, 1.0, "2024-01-02")]),
        );
        let (lake, options) = (world.lake.clone(), world.options.clone());
        tokio::spawn(
            async move { land(&lake, RawTable::find("sep").unwrap(), &[file], &options).await },
        )
    });
    for landing in landings.collect::<Vec<_>>() {
        assert_eq!(landing.await.unwrap().unwrap().inserted, 1);
    }
    assert_eq!(world.rows("sep", "ticker").await, ["T0", "T1", "T2", "T3"]);
    assert_eq!(
        world
            .lake
            .snapshot("raw/sep")
            .await
            .unwrap()
            .unwrap()
            .version(),
        3
    );
}

#[tokio::test]
async fn many_rows_with_little_memory_are_sorted_on_disk_and_progress_is_told() {
    let mut world = World::new();
    world.options.memory_limit = 24 << 20;
    let told = Arc::new(Mutex::new(BTreeMap::new()));
    let log = told.clone();
    world.options.on_progress = Arc::new(move |progress| {
        let (what, done, total) = match progress {
            Progress::Reading {
                bytes, total_bytes, ..
            } => ("reading", bytes, total_bytes),
            Progress::Merging { done, total } => ("merging", done as u64, total as u64),
        };
        let previous = log.lock().unwrap().insert(what, (done, total));
        assert!(previous.is_none_or(|(before, _)| before <= done));
    });
    let mut text = "ticker,date,open,high,low,close,volume,closeadj,note\n".to_owned();
    // Newest first, as the vendor sends them, and with text that makes the rows large.
    for n in (0..60_000).rev() {
        text += &format!(
            "T{:05},2024-01-{:02},1,1,1,{n},1,1,{:0>400}\n",
            n / 20,
            n % 20 + 1,
            n
        );
    }
    let landed = world.land("sep", &text).await;
    assert_eq!(counts(&landed), [60_000, 0, 0, 0]);
    let stored = world.batch("raw/sep", None).await;
    let close = stored
        .column_by_name("close")
        .unwrap()
        .as_primitive::<datafusion::arrow::datatypes::Float64Type>();
    assert!(
        close
            .values()
            .iter()
            .enumerate()
            .all(|(at, close)| *close == at as f64)
    );
    assert_eq!(
        stored.column_by_name("note").unwrap().data_type(),
        &DataType::Utf8
    );
    let told = told.lock().unwrap();
    assert_eq!(told["reading"], (text.len() as u64, text.len() as u64));
    assert_eq!(told["merging"], (1, 1));
}
