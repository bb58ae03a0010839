//! Bulk files: waited for, fetched in parts, read to their end.

use kairos::raw::vendor::{Progress, VendorError};

use crate::server::{Fault, PASSING};
use crate::*;

async fn pull_bulk(server: &VendorServer, store: &Path) -> Result<Pull> {
    pull(&client(server), store, &SEP, &everything("sep"), Method::Bulk, &|_| {}).await
}

#[tokio::test]
async fn a_bulk_file_holds_the_table() {
    let table = prices(200, 30);
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    server.state().bulk_polls = 3;
    let statuses = std::sync::Mutex::new(Vec::new());
    let on_progress = |progress: Progress<'_>| {
        if let Progress::Preparing { status, .. } = progress {
            statuses.lock().unwrap().push(status.to_owned());
        }
    };
    let pull =
        pull(&client(&server), store.path(), &SEP, &everything("sep"), Method::Bulk, &on_progress).await.unwrap();
    assert_holds(&pull, &table);
    assert_eq!(*statuses.lock().unwrap(), ["creating"; 3]);
    let record = pull.record();
    assert_eq!((record.pages, record.rows, record.watermark), (1, 6000, Some(day("2024-01-30"))));
    assert!(pull.files()[0].ends_with("SHARADAR_SEP.zip"));
    assert_eq!(server.requests().len(), 3 + 1 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_passing_fault_passes_at_every_step() {
    let table = prices(50, 30);
    for fault in PASSING {
        for step in 0..3 {
            let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
            server.state().faults.then(vec![None; step].into_iter().chain([Some(fault)]));
            let pull = pull_bulk(&server, store.path()).await;
            assert_holds(&pull.unwrap_or_else(|error| panic!("{fault:?} at {step}: {error}")), &table);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_download_continues_where_it_broke() {
    let table = prices(200, 30);
    for ranges in [true, false] {
        let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
        server.state().ranges = ranges;
        // State, state, half of the file; state, half of the rest; state, the end.
        server.state().faults.then([None, None, Some(Fault::Truncate), None, Some(Fault::Truncate)]);
        assert_holds(&pull_bulk(&server, store.path()).await.unwrap(), &table);
        let asked: Vec<_> = server.requests().into_iter().filter(|request| request.target.contains("/bulk/")).collect();
        assert!(asked.len() == 3 && asked[0].range.is_none() && asked[1].range.is_some() && asked[2].range.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_was_killed_continues_with_the_same_file_and_not_with_a_newer_one() {
    let table = prices(200, 30);
    for newer in [false, true] {
        let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
        let faults = [None, None, Some(Fault::Truncate), Some(Fault::RateLimited(Some(3600)))];
        server.state().faults.then(faults);
        let error = pull_bulk(&server, store.path()).await.unwrap_err();
        assert!(matches!(error, VendorError::GaveUp { .. }), "{error}");
        let mut expected = table.clone();
        if newer {
            expected.rows.truncate(5900);
            server.state().market = Market::fixed([expected.clone()]);
            server.state().forget_bulk();
        }
        assert_holds(&pull_bulk(&server, store.path()).await.unwrap(), &expected);
        let last = server.requests().pop().unwrap();
        assert_eq!(last.range.is_some(), !newer, "{last:?}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_fetched_again_and_one_that_never_comes_is_an_error() {
    let table = prices(50, 30);
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    // Cut, with a length that says it is whole.
    server.state().faults.then([None, None, Some(Fault::Cut)]);
    assert_holds(&pull_bulk(&server, store.path()).await.unwrap(), &table);
    server.state().bulk_polls = usize::MAX;
    server.state().forget_bulk();
    let settings = Settings { bulk_time: Duration::from_millis(30), ..quick() };
    let client = client_with(&server, settings);
    let error = pull(&client, store.path(), &SEP, &everything("sep"), Method::Bulk, &|_| {}).await.unwrap_err();
    assert!(matches!(error, VendorError::NotReady { .. }) && error.to_string().contains("creating"), "{error}");
}
