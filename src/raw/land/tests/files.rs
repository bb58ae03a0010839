//! What files may look like, and what happens to the rows that are not right.

use super::*;

#[tokio::test]
async fn columns_may_be_reordered_and_added() {
    let world = World::new();
    world.land("sep", &sep(&[("A", "2023-12-29", 1.0, 1.0, "2023-12-29")])).await;
    let text = "vwap,closeadj,volume,close,low,high,open,date,ticker,lastupdated\n\
                1.5,6,5,4,2,3,1,2024-01-02,A,2024-01-02\n";
    world.land("sep", text).await;
    let columns = "date open high low close volume closeadj closeunadj vwap";
    let expected = ["2023-12-29|1.0|1.0|1.0|1.0|100.0|1.0|1.0|", "2024-01-02|1.0|3.0|2.0|4.0|5.0|6.0||1.5"];
    assert_eq!(world.rows("sep", columns).await, expected);
    // The further column stays when the next file lacks it.
    world.land("sep", &sep(&[("A", "2024-01-03", 1.0, 1.0, "2024-01-03")])).await;
    assert_eq!(world.rows("sep", "vwap").await, ["", "", "1.5"]);
}

#[tokio::test]
async fn a_file_without_a_column_keeps_its_values() {
    let world = World::new();
    world.land("sep", &sep(&[("A", "2024-01-02", 8.0, 9.0, "2024-01-02")])).await;
    let header = "ticker,date,open,high,low,close,volume,closeadj";
    let text = format!("{header}\nA,2024-01-02,1,1,1,7,1,1\n");
    assert_eq!(counts(&world.land("sep", &text).await), [0, 1, 0, 0]);
    assert_eq!(world.rows("sep", "close closeunadj lastupdated").await, ["7.0|9.0|2024-01-02"]);
    assert_eq!(world.land("sep", &text).await.version, None);
}

#[tokio::test]
async fn a_bad_row_refuses_everything_and_is_named() {
    let world = World::new();
    world.land("sep", &sep(&[("A", "2024-01-02", 1.0, 1.0, "2024-01-02")])).await;
    let good = sep(&[("A", "2024-01-02", 2.0, 2.0, "2024-01-03")]);
    let mut bad = sep(&[("B", "2024-01-02", 1.0, 1.0, "2024-01-02")]);
    bad += "C,2024-01-02,x,1,1,1,1,1,1,\nshort,row\n";
    bad += &"D,,1,1,1,1,1,1,1,\n".repeat(30);
    let error = world.try_land("sep", &[&good, &bad]).await.unwrap_err();
    let RawError::Rejected { total, rows, .. } = &error else { panic!("{error}") };
    assert_eq!((*total, rows.len(), rows[0].line(), rows[1].line()), (32, 20, 3, 4));
    let message = error.to_string();
    assert!(message.contains("sep1.csv, line 3, column open: 'x' is not a number"), "{message}");
    assert!(message.contains("sep1.csv, line 4: expected 10 fields as in the header, found 2"), "{message}");
    assert!(message.contains("line 5, column date: a value is required here"), "{message}");
    assert!(message.ends_with("and 12 more"), "{message}");
    assert_eq!(world.rows("sep", "ticker close").await, ["A|1.0"]);
    assert!(world.lake.snapshot(REJECTED_DATASET).await.unwrap().is_none());
}

#[tokio::test]
async fn quarantine_lands_the_good_rows_and_keeps_the_bad_ones() {
    let mut world = World::new();
    world.options.quarantine = true;
    let mut text = sep(&[("A", "2024-01-02", 1.0, 1.0, "2024-01-02")]);
    text += "C,2024-01-02,x,1,1,1,1,1,1,\nshort,row\n";
    let landed = world.land("sep", &text).await;
    assert_eq!((landed.version, landed.inserted, landed.rejected, landed.first_rejected.len()), (Some(0), 1, 2, 2));
    let rejected = world.batch(REJECTED_DATASET, None).await;
    let expected = [
        "sep|3|open|x|is not a number|C,2024-01-02,x,1,1,1,1,1,1,",
        "sep|4|||expected 10 fields as in the header, found 2|short,row",
    ];
    assert_eq!(rows(&rejected, "table line column value reason record"), expected);
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
    let error = world.try_land("daily", &["ticker,date,pe\nA,2024-01-02,1\n"]).await.unwrap_err().to_string();
    assert!(error.contains("daily0.csv") && error.contains("evebitda, marketcap, pb, ps;"), "{error}");
    let none = land(&world.lake, RawTable::find("sep").unwrap(), &[], &world.options).await.unwrap_err();
    assert!(matches!(none, RawError::NoFiles { table: "sep" }));
}

#[tokio::test]
async fn parquet_and_csv_of_the_same_rows_are_the_same() {
    let world = World::new();
    let text = "ticker,date,price,rank\nA,2024-01-02,1.25,7\nB,2024-01-02,,\n";
    world.land("metrics", text).await;
    let batch = RecordBatch::try_from_iter(vec![
        ("rank", Arc::new(Float64Array::from(vec![Some(7.0), None])) as ArrayRef),
        ("ticker", Arc::new(StringArray::from(vec!["A", "B"]))),
        ("price", Arc::new(Float64Array::from(vec![1.25, f64::NAN]))),
        ("date", Arc::new(StringArray::from(vec!["2024-01-02", "2024-01-02"]))),
    ]);
    let batch = batch.unwrap();
    let path = world.folder.path().join("metrics.parquet");
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let landed = land(&world.lake, RawTable::find("metrics").unwrap(), &[path], &world.options).await.unwrap();
    assert_eq!((landed.version, counts(&landed)), (None, [0, 0, 2, 0]));
}

#[tokio::test]
async fn further_columns_of_every_plain_type() {
    let world = World::new();
    let text = |value: &str| Arc::new(StringArray::from(vec![value])) as ArrayRef;
    let as_type = |value: &str, data_type| cast(&text(value), &data_type).unwrap();
    let zone = Some("America/New_York".into());
    let columns = vec![
        ("ticker", text("A")),
        ("date", text("2024-01-02")),
        ("price", as_type("1.5", DataType::Float64)),
        ("flag", as_type("true", DataType::Boolean)),
        ("byte", as_type("-7", DataType::Int8)),
        ("count", as_type("7", DataType::UInt32)),
        ("single", as_type("0.5", DataType::Float32)),
        ("money", as_type("12.34", DataType::Decimal128(9, 2))),
        ("bytes", as_type("xyz", DataType::Binary)),
        ("day", as_type("2024-01-02", DataType::Date32)),
        ("local", as_type("2024-01-02T03:04:05", DataType::Timestamp(TimeUnit::Nanosecond, None))),
        ("instant", as_type("2024-01-02T03:04:05", DataType::Timestamp(TimeUnit::Millisecond, zone))),
        ("nothing", datafusion::arrow::array::new_null_array(&DataType::Null, 1)),
    ];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let path = world.folder.path().join("metrics.parquet");
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let table = RawTable::find("metrics").unwrap();
    land(&world.lake, table, std::slice::from_ref(&path), &world.options).await.unwrap();
    let columns = "flag byte count single money bytes day local instant nothing";
    let expected = "true|-7|7|0.5|12.34|78797a|2024-01-02|2024-01-02T03:04:05Z|2024-01-02T08:04:05Z|";
    assert_eq!(world.rows("metrics", columns).await, [expected]);
    assert_eq!(land(&world.lake, table, &[path], &world.options).await.unwrap().version, None);
}

#[tokio::test]
async fn stored_columns_are_the_vendors_in_its_order() {
    let world = World::new();
    world.land("sf1", &sf1(&[("ARQ", "2024-02-01", "2023-12-31", "2024-02-01", 1.0)])).await;
    let snapshot = world.lake.snapshot("raw/sf1").await.unwrap().unwrap();
    assert_eq!(snapshot.schema(), &RawTable::find("sf1").unwrap().schema());
    assert_eq!(snapshot.layout().sort, ["ticker", "datekey", "dimension", "reportperiod"]);
    let record = world.lake.record("raw/sf1", 0).await.unwrap().unwrap();
    assert_eq!((record.operation.as_str(), record.source.as_str(), record.rows), ("land", "sf10.csv", 1));
    assert_eq!(record.run_id, world.options.run_id);
}

#[tokio::test]
async fn two_landings_at_once_both_stay() {
    let world = World::new();
    let landings = (0..4).map(|n| {
        let name = format!("T{n}");
        let file = world.file(&format!("sep_{n}.csv"), &sep(&[(&name, "2024-01-02", 1.0, 1.0, "2024-01-02")]));
        let (lake, options) = (world.lake.clone(), world.options.clone());
        tokio::spawn(async move { land(&lake, RawTable::find("sep").unwrap(), &[file], &options).await })
    });
    for landing in landings.collect::<Vec<_>>() {
        assert_eq!(landing.await.unwrap().unwrap().inserted, 1);
    }
    assert_eq!(world.rows("sep", "ticker").await, ["T0", "T1", "T2", "T3"]);
    assert_eq!(world.lake.snapshot("raw/sep").await.unwrap().unwrap().version(), 3);
}

#[tokio::test]
async fn many_rows_with_little_memory_are_sorted_on_disk_and_progress_is_told() {
    let mut world = World::new();
    world.options.memory_limit = 24 << 20;
    let told = Arc::new(Mutex::new(BTreeMap::new()));
    let log = told.clone();
    world.options.on_progress = Arc::new(move |progress| {
        let (what, done, total) = match progress {
            Progress::Reading { bytes, total_bytes, .. } => ("reading", bytes, total_bytes),
            Progress::Merging { done, total } => ("merging", done as u64, total as u64),
        };
        let previous = log.lock().unwrap().insert(what, (done, total));
        assert!(previous.is_none_or(|(before, _)| before <= done));
    });
    let mut text = "ticker,date,open,high,low,close,volume,closeadj,note\n".to_owned();
    // Newest first, as the vendor sends them, and with text that makes the rows large.
    for n in (0..60_000).rev() {
        text += &format!("T{:05},2024-01-{:02},1,1,1,{n},1,1,{:0>400}\n", n / 20, n % 20 + 1, n);
    }
    let landed = world.land("sep", &text).await;
    assert_eq!(counts(&landed), [60_000, 0, 0, 0]);
    let stored = world.batch("raw/sep", None).await;
    let close = stored.column_by_name("close").unwrap().as_primitive::<Float64Type>();
    assert!(close.values().iter().enumerate().all(|(at, close)| *close == at as f64));
    assert_eq!(stored.column_by_name("note").unwrap().data_type(), &DataType::Utf8);
    let told = told.lock().unwrap();
    assert_eq!(told["reading"], (text.len() as u64, text.len() as u64));
    assert_eq!(told["merging"], (1, 1));
}
