//! A pull by pages brings every row once, as the vendor wrote it.

use std::io::Read;
use std::sync::Mutex;

use flate2::read::GzDecoder;
use kairos::raw::vendor::Progress;

use crate::server::Drift;
use crate::*;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_pages_of_ten_thousand_rows() {
    let table = prices(2000, 300);
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    let client = client_with(&server, Settings { rows_per_page: 10_000, ..quick() });
    let seen = Mutex::new(Vec::new());
    let on_progress = |progress: Progress<'_>| match progress {
        Progress::Pages { pages, rows, .. } => seen.lock().unwrap().push((pages, rows)),
        other => panic!("{other:?}"),
    };
    let pull = pull(&client, store.path(), &SEP, &everything("SEP"), Method::Pages, &on_progress).await.unwrap();
    assert_eq!((pull.manifest.pages.len(), pull.manifest.rows()), (60, 600_000));
    assert_holds(&pull, &table);
    let expected: Vec<_> = (1..=60).map(|page| (page, page as u64 * 10_000)).collect();
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(server.requests().len(), 60);
}

#[tokio::test]
async fn the_last_page_may_be_full_and_a_table_may_be_empty() {
    for (tickers, pages) in [(0, 1), (7, 1), (14, 2), (15, 3)] {
        let table = prices(tickers, 1);
        let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
        let pull = pull_all(&server, store.path()).await.unwrap();
        assert_eq!(pull.manifest.pages.len(), pages, "{tickers} rows");
        assert_holds(&pull, &table);
    }
}

#[tokio::test]
async fn the_record_says_what_came() {
    let (server, store) = (served(prices(3, 9)), tempfile::tempdir().unwrap());
    let from = day("2024-01-05");
    let since = Request::new("sep", Window::Since { column: "lastupdated".into(), from });
    let first = pull(&client(&server), store.path(), &SEP, &since, Method::Pages, &|_| {}).await.unwrap();
    let record = first.record();
    assert_eq!((record.table.as_str(), record.requested.as_str()), ("sep", "SEP lastupdated >= 2024-01-05"));
    assert_eq!((record.pages, record.rows, record.watermark), (3, 15, Some(day("2024-01-09"))));
    assert!(record.started_at <= record.finished_at && record.sha256.len() == 64);
    // The same rows have the same hash, in a pull of its own; nothing under way is left.
    let second = pull(&client(&server), store.path(), &SEP, &since, Method::Pages, &|_| {}).await.unwrap();
    assert!(second.record().sha256 == record.sha256 && second.record().pull_id > record.pull_id);
    let listed: Vec<_> = Pull::list(store.path(), "sep").unwrap().iter().map(Pull::record).collect();
    assert_eq!(listed, [record, second.record()]);
    let few = Request::new("sep", Window::Tickers(["NA".into(), "T9".into()].into()));
    // On a thread of its own, as a command that pulls several tables would.
    let (client, store) = (client(&server), store.path().to_owned());
    let few = tokio::spawn(async move { pull(&client, &store, &SEP, &few, Method::Pages, &|_| {}).await });
    let few = few.await.unwrap().unwrap();
    assert!(few.manifest.rows() == 9 && rows(&few, &["ticker"]).iter().all(|row| row[0] == "NA"));
}

#[tokio::test]
async fn json_and_csv_have_the_same_numbers() {
    let mut table = prices(5, 4);
    table.columns.push("name".into());
    let names = ["N/A", "a, \"b\" inc", "two\nlines", "é", "1e5"];
    let named = |(number, row): (usize, &server::Row)| {
        row.iter().cloned().chain([names[number % 5].to_owned()]).collect::<Vec<_>>().into()
    };
    table.rows = table.rows.iter().enumerate().map(named).collect();
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    let pull = pull_all(&server, store.path()).await.unwrap();
    let mut ours = Vec::new();
    for file in pull.files() {
        let mut text = String::new();
        GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
        ours.extend(text.into_bytes());
    }
    let url = format!("{}/api/v3/datatables/SHARADAR/SEP.csv", server.url());
    let theirs = reqwest::Client::builder().no_proxy().build().unwrap();
    let theirs = theirs.get(url).header("X-Api-Token", KEY).send().await.unwrap().bytes().await.unwrap();
    let records = |csv: &[u8]| {
        let mut records: Vec<_> =
            csv::Reader::from_reader(csv).into_byte_records().map(Result::<_, csv::Error>::unwrap).collect();
        records.retain(|record| &record[0] != b"ticker"); // the header of each page
        records.sort_by(|a, b| a.iter().cmp(b.iter()));
        records
    };
    assert_eq!(records(&ours), records(&theirs));
}

#[tokio::test]
async fn columns_may_change_between_pulls() {
    let table = prices(4, 5);
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    for (extra, turn) in [(None, 0), (Some(("figi".to_owned(), "BBG1".to_owned())), 0), (None, 2)] {
        server.state().drift.insert("sep".into(), Drift { extra: extra.clone(), turn });
        let pull = pull_all(&server, store.path()).await.unwrap();
        assert_holds(&pull, &table);
        assert_eq!(pull.manifest.columns.contains(&"figi".to_owned()), extra.is_some());
    }
}
