//! What fails and may pass is tried again; what does not pass is an error that says what to do.

use std::sync::Mutex;

use kairos::raw::vendor::{Progress, Remedy, VendorError};

use crate::server::{Fault, Faults, PASSING};
use crate::*;

#[tokio::test(flavor = "multi_thread")]
async fn every_passing_fault_passes_on_every_page() {
    let table = prices(4, 7);
    for fault in PASSING {
        for page in 0..4 {
            let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
            let before = vec![None; page];
            server.state().faults.then(before.into_iter().chain([Some(fault), Some(fault)]));
            let pull = pull_all(&server, store.path()).await;
            assert_holds(&pull.unwrap_or_else(|error| panic!("{fault:?} at {page}: {error}")), &table);
            let tries = if matches!(fault, Fault::Slow(_)) { 4 } else { 6 };
            assert_eq!(server.requests().len(), tries, "{fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn storms_of_faults_lose_and_double_nothing() {
    let table = prices(10, 14);
    let kinds: Vec<_> = PASSING.into_iter().chain([Fault::RepeatCursor, Fault::ExtraColumn]).collect();
    for seed in 0..12 {
        let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
        server.state().faults = Faults::random(seed, 0.35, 30, &kinds);
        // A changed column starts over, a limited number of times; then the next run does.
        let mut pulled = pull_all(&server, store.path()).await;
        while let Err(error) = &pulled {
            assert!(matches!(error, VendorError::ColumnsChanged { .. } | VendorError::GaveUp { .. }), "{error}");
            pulled = pull_all(&server, store.path()).await;
        }
        assert_holds(&pulled.unwrap(), &table);
    }
}

#[tokio::test]
async fn the_vendor_s_wait_is_waited_and_reported() {
    let (server, store) = (served(prices(1, 3)), tempfile::tempdir().unwrap());
    server.state().faults.then([Some(Fault::RateLimited(Some(1)))]);
    let waits = Mutex::new(Vec::new());
    let on_progress = |progress: Progress<'_>| {
        if let Progress::Waiting { reason, wait, .. } = progress {
            waits.lock().unwrap().push((reason.to_owned(), wait));
        }
    };
    let begin = std::time::Instant::now();
    pull(&client(&server), store.path(), &SEP, &everything("sep"), Method::Pages, &on_progress).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1));
    let waits = waits.into_inner().unwrap();
    assert!(waits.len() == 1 && waits[0].0.contains("429") && waits[0].1 == Duration::from_secs(1), "{waits:?}");
}

#[tokio::test]
async fn patience_ends_with_the_reason_and_the_next_run_continues() {
    let table = prices(4, 7);
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    server.state().faults.then([None, None].into_iter().chain([Some(Fault::Html); 8]));
    let error = pull_all(&server, store.path()).await.unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, VendorError::GaveUp { attempts: 8, .. }), "{message}");
    assert!(message.contains("page 3 of SEP everything") && message.contains("is HTML"), "{message}");
    assert!(message.contains("down for maintenance") && message.contains("continues"), "{message}");
    assert_holds(&pull_all(&server, store.path()).await.unwrap(), &table);
    assert_eq!(server.requests().len(), 2 + 8 + 2, "the first two pages did not come again");
}

#[tokio::test]
async fn a_vendor_that_never_comes_to_an_end_is_an_error() {
    for (fault, reason) in [(Fault::RepeatCursor, "its cursor leads back"), (Fault::NoRows, "no rows again")] {
        let (server, store) = (served(prices(4, 7)), tempfile::tempdir().unwrap());
        server.state().faults = Faults::random(1, 1.0, usize::MAX, &[fault]);
        let pulled = tokio::time::timeout(Duration::from_secs(20), pull_all(&server, store.path())).await;
        let message = pulled.expect("it pulls for ever").unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
        assert!(server.requests().len() < 20);
    }
}

#[tokio::test]
async fn a_page_without_rows_is_not_the_end() {
    let table = prices(4, 7);
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    server.state().faults.then([None, Some(Fault::NoRows), None, Some(Fault::NoRows)]);
    let pull = pull_all(&server, store.path()).await.unwrap();
    assert_holds(&pull, &table);
    assert_eq!(pull.manifest.pages.len(), 4 + 2);
}

#[tokio::test]
async fn columns_that_change_in_the_middle_begin_the_pull_anew() {
    let table = prices(4, 7);
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    server.state().faults.then([None, Some(Fault::ExtraColumn)]);
    assert_holds(&pull_all(&server, store.path()).await.unwrap(), &table);
    assert_eq!(server.requests().len(), 2 + 4);
    // The first page differs from all others, again and again.
    server.state().faults.then((0..20).flat_map(|_| [Some(Fault::ExtraColumn), None]));
    let error = pull_all(&server, store.path()).await.unwrap_err();
    assert!(matches!(error, VendorError::ColumnsChanged { page: 2, .. }) && error.remedy() == Remedy::StartOver);
    assert!(error.to_string().contains("brandnew"), "{error}");
}

#[tokio::test]
async fn an_expired_cursor_begins_the_pull_anew() {
    let table = prices(4, 7);
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    server.state().cursor_pages = 2;
    let error = pull_all(&server, store.path()).await.unwrap_err();
    assert!(matches!(error, VendorError::CursorExpired { status: 400, .. }), "{error}");
    server.state().cursor_pages = 4;
    assert_holds(&pull_all(&server, store.path()).await.unwrap(), &table);
}

#[tokio::test]
async fn refusals_are_not_tried_again() {
    let (server, store) = (served(prices(1, 3)), tempfile::tempdir().unwrap());
    let ask = async |key: &str, request: Request| {
        let client = Client::new(&server.url(), ApiKey::new(key).unwrap(), quick()).unwrap();
        pull(&client, store.path(), &SEP, &request, Method::Pages, &|_| {}).await.unwrap_err().to_string()
    };
    let message = ask("another-key", everything("sep")).await;
    assert!(message.contains("403 [QEPx04]") && message.contains("check NASDAQ_DATA_LINK_API_KEY"), "{message}");
    let message = ask(KEY, everything("sf9")).await;
    assert!(message.contains("404 [QECx02]") && message.contains("SF9"), "{message}");
    let window = Window::Since { column: "changed".into(), from: day("2024-01-01") };
    let message = ask(KEY, Request::new("sep", window)).await;
    assert!(message.contains("400 [QESx08]") && message.contains("changed"), "{message}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_server_that_is_not_there_and_one_that_stalls() {
    let store = tempfile::tempdir().unwrap();
    let gone = served(prices(1, 1)).url();
    let client = Client::new(&gone, ApiKey::new(KEY).unwrap(), quick()).unwrap();
    let error = pull(&client, store.path(), &SEP, &everything("sep"), Method::Pages, &|_| {}).await.unwrap_err();
    assert!(matches!(error, VendorError::GaveUp { .. }), "{error}");
    let table = prices(1, 5);
    let server = served(table.clone());
    server.state().faults.then([Some(Fault::Slow(3000))]);
    let settings = Settings { silence: Duration::from_millis(200), ..quick() };
    let client = client_with(&server, settings);
    let begin = std::time::Instant::now();
    let pull = pull(&client, store.path(), &SEP, &everything("sep"), Method::Pages, &|_| {}).await.unwrap();
    assert_holds(&pull, &table);
    assert!(server.requests().len() == 2 && begin.elapsed() < Duration::from_secs(2));
}
