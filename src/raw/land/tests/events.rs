//! The events that the reference loses or doubles (spec 01 §3), and the landing cases of spec 01 §5.3.

use super::*;

#[tokio::test]
async fn the_same_file_twice_changes_nothing() {
    let world = World::new();
    let text = sep(&[("A", "2023-12-29", 1.0, 1.0, "2024-01-02"), ("A", "2024-01-02", 2.0, 2.0, "2024-01-02")]);
    let first = world.land("sep", &text).await;
    assert_eq!((first.version, counts(&first)), (Some(0), [2, 0, 0, 0]));
    let again = world.land("sep", &text).await;
    assert_eq!((again.version, counts(&again)), (None, [0, 0, 2, 0]));
    let (paths, snapshot) = (world.paths("sep").await, world.lake.snapshot("raw/sep").await.unwrap().unwrap());
    assert_eq!(snapshot.version(), 0);
    assert!(paths[0].starts_with("year=2023/part-") && paths[1].starts_with("year=2024/part-"), "{paths:?}");
    assert!(snapshot.schema().index_of("year").is_err());
}

#[tokio::test]
async fn a_day_that_was_incomplete_is_completed() {
    let world = World::new();
    world.land("sep", &sep(&[("A", "2024-01-02", 1.0, 1.0, "2024-01-02")])).await;
    let full = sep(&[("A", "2024-01-02", 1.0, 1.0, "2024-01-02"), ("B", "2024-01-02", 5.0, 5.0, "2024-01-02")]);
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
    assert_eq!(world.rows("sep", "date").await, ["2024-01-02", "2024-01-03", "2024-01-05"]);
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
    let expected = ["A|2023-12-29|100.0|400.0", "A|2024-01-02|101.0|404.0", "A|2024-01-03|102.0|102.0"];
    assert_eq!(world.rows("sep", "ticker date close closeunadj").await[..3], expected);
    let old = world.batch("raw/sep", Some(0)).await;
    assert_eq!(rows(&old, "ticker date close")[..2], ["A|2023-12-29|400.0", "A|2024-01-02|404.0"]);
    // 2022 was not touched.
    assert_eq!(world.paths("sep").await[0], paths[0]);
    // A late copy of the file from before the split does not bring the old prices back.
    assert_eq!(counts(&world.land("sep", &before).await), [0, 0, 3, 0]);
}

#[tokio::test]
async fn a_restated_filing_is_one_row_now_and_two_versions_in_history() {
    let world = World::new();
    world.land("sf1", &sf1(&[("MRQ", "2023-12-31", "2023-12-31", "2024-02-01", 10.0)])).await;
    let restated = sf1(&[("MRQ", "2023-12-31", "2023-12-31", "2024-05-01", 12.0)]);
    assert_eq!(counts(&world.land("sf1", &restated).await), [0, 1, 0, 0]);
    assert_eq!(world.rows("sf1", "lastupdated revenue").await, ["2024-05-01|12.0"]);
    assert_eq!(rows(&world.batch("raw/sf1", Some(0)).await, "revenue"), ["10.0"]);
    // A row that the vendor publishes later on the same day counts too.
    let same_day = sf1(&[
        ("MRQ", "2023-12-31", "2023-12-31", "2024-05-01", 13.0),
        ("ARQ", "2024-02-15", "2023-12-31", "2024-05-01", 10.0),
    ]);
    assert_eq!(counts(&world.land("sf1", &same_day).await), [1, 1, 0, 0]);
    assert_eq!(world.rows("sf1", "dimension revenue").await, ["ARQ|10.0", "MRQ|13.0"]);
}

#[tokio::test]
async fn late_and_corrected_insider_filings_are_taken() {
    let world = World::new();
    world.land("sf2", &sf2(&[("2024-03-05", "DOE", 1, "100"), ("2024-03-05", "", 1, "5")])).await;
    let late = sf2(&[("2024-03-01", "DOE", 1, "70"), ("2024-03-05", "DOE", 1, "110"), ("2024-03-05", "", 1, "5")]);
    assert_eq!(counts(&world.land("sf2", &late).await), [1, 1, 1, 0]);
    let expected = ["2024-03-01|DOE|70.0", "2024-03-05|DOE|110.0", "2024-03-05||5.0"];
    assert_eq!(world.rows("sf2", "filingdate ownername transactionvalue").await, expected);
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
    world.land("actions", &format!("{header}2031-01-02,split,A,Alpha,4,,\n")).await;
    let back = format!("{header}2019-05-06,dividend,A,,0.5,N/A,\n2030-01-02,delisted,A,Alpha,,,\n");
    assert_eq!(counts(&world.land("actions", &back).await), [2, 0, 0, 0]);
    assert_eq!(counts(&world.land("actions", &back).await), [0, 0, 2, 0], "NULL in a key equals NULL");
    let expected = ["2019-05-06|dividend||N/A", "2030-01-02|delisted|Alpha|", "2031-01-02|split|Alpha|"];
    assert_eq!(world.rows("actions", "date action name contraticker").await, expected);
}

#[tokio::test]
async fn a_metrics_snapshot_replaces_the_row_of_its_key() {
    let world = World::new();
    let header = "ticker,date,lastupdated,price\n";
    world.land("metrics", &format!("{header}A,2024-01-05,2024-01-05,10\n")).await;
    world.land("metrics", &format!("{header}A,2024-01-05,2024-01-06,11\n")).await;
    assert_eq!(world.rows("metrics", "date price").await, ["2024-01-05|11.0"]);
}

#[tokio::test]
async fn duplicates_within_a_file_and_across_files_leave_one_row() {
    let world = World::new();
    let one = sep(&[("A", "2024-01-02", 1.0, 1.0, "2024-01-02"), ("A", "2024-01-02", 1.0, 1.0, "2024-01-02")]);
    let two = sep(&[("A", "2024-01-02", 2.0, 2.0, "2024-01-03")]);
    let three = sep(&[("A", "2024-01-02", 3.0, 3.0, "2024-01-02")]);
    let landed = world.try_land("sep", &[&one, &two, &three]).await.unwrap();
    assert_eq!((landed.version, landed.files, landed.rows, counts(&landed)), (Some(0), 3, 4, [1, 0, 0, 3]));
    assert_eq!(world.rows("sep", "close").await, ["2.0"]);
}

#[tokio::test]
async fn sixty_pages_are_all_stored() {
    let world = World::new();
    let page = |page: usize| {
        let days = (0..20).map(|n| format!("T{:02},2024-01-{:02},1,1,1,1,1,1\n", page, n + 1));
        format!("ticker,date,open,high,low,close,volume,closeadj\n{}", days.collect::<String>())
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
    world
        .land(
            "tickers",
            &format!("{header}SEP,9,NA,New,NYSE,N,ETF,,2024-03-01\nSEP,1,NA1,Nano,NYSE,Y,ETF,,2024-03-01\n"),
        )
        .await;
    let expected = ["SEP|1|NA", "SEP|1|NA1", "SEP|2|TRUE", "SEP|3|NULL", "SEP|4|NAN", "SEP|9|NA", "SF1|1|NA"];
    assert_eq!(world.rows("tickers", "table permaticker ticker").await, expected);
    assert_eq!(world.rows("tickers", "siccode").await[6], "0100", "a code is text");
    assert!(world.paths("tickers").await.iter().all(|path| !path.contains('/')));
}

#[tokio::test]
async fn rows_without_a_date_of_update_and_renamed_tickers_are_taken() {
    let world = World::new();
    world.land("sep", &sep(&[("OLD", "2024-01-02", 1.0, 1.0, "2024-01-02")])).await;
    let renamed = sep(&[("NEW", "2024-01-02", 1.0, 1.0, "2024-01-08"), ("X", "2023-05-05", 3.0, 3.0, "")]);
    assert_eq!(counts(&world.land("sep", &renamed).await), [2, 0, 0, 0]);
    // The vendor sends no word of a row that it took back; checks against `tickers` find it.
    assert_eq!(world.rows("sep", "ticker").await, ["NEW", "OLD", "X"]);
}

/// A complete answer also says what is gone: in its window, and only there.
#[tokio::test]
async fn a_complete_answer_removes_what_it_lacks() {
    let mut world = World::new();
    let day = "2024-03-01";
    let rows = [
        ("A", "2023-12-29", 1.0, 1.0, day),
        ("A", "2024-01-02", 1.0, 1.0, day),
        ("B", "2023-12-29", 2.0, 2.0, day),
        ("B", "2024-01-02", 2.0, 2.0, day),
    ];
    world.land("sep", &sep(&rows)).await;
    // Ticker A is now called C; the year 2023 has no row in the files, and yet a row to lose.
    world.options.window = Some(Window::Tickers(["A".to_owned(), "C".to_owned()].into()));
    let landed = world.land("sep", &sep(&[("C", "2024-01-02", 1.0, 1.0, "2024-03-04")])).await;
    assert_eq!((landed.inserted, landed.removed), (1, 2));
    assert_eq!(world.rows("sep", "ticker date").await, ["B|2023-12-29", "B|2024-01-02", "C|2024-01-02"]);
    // From a date on.
    let from = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    world.options.window = Some(Window::Since { column: "date".to_owned(), from });
    let landed = world.land("sep", &sep(&[("C", "2024-01-02", 1.0, 1.0, "2024-03-04")])).await;
    assert_eq!((landed.unchanged, landed.removed), (1, 1));
    assert_eq!(world.rows("sep", "ticker date").await, ["B|2023-12-29", "C|2024-01-02"]);
    // Nothing at all is no answer, and a bad row may be the one that is missing.
    world.options.window = Some(Window::Everything);
    assert_eq!(world.land("sep", &sep(&[])).await.removed, 0);
    world.options.quarantine = true;
    let bad = sep(&[("B", "2023-12-29", 2.0, 2.0, "not a date")]);
    let landed = world.land("sep", &bad).await;
    assert_eq!((landed.removed, landed.rejected), (0, 1));
    assert_eq!(world.rows("sep", "ticker").await, ["B", "C"]);
}
