//! A pull that ends at any point is continued, and never counts as whole.

use std::fs;
use std::path::PathBuf;

use kairos::raw::vendor::{MANIFEST, VendorError};

use crate::server::Fault;
use crate::*;

/// Pulls until `pages` pages are stored, then stops as a killed process would: at a wait that never ends.
async fn pull_and_stop(server: &VendorServer, store: &Path, pages: usize) {
    let faults = vec![None; pages].into_iter().chain([Some(Fault::RateLimited(Some(3600)))]);
    server.state().faults.then(faults);
    let patience = Patience { total: Duration::from_secs(7200), ..quick().patience };
    let client = client_with(server, Settings { patience, ..quick() });
    let request = everything("sep");
    let pulling = pull(&client, store, &SEP, &request, Method::Pages, &|_| {});
    let stopped = tokio::time::timeout(Duration::from_millis(300), pulling).await;
    assert!(stopped.is_err(), "the pull has ended");
}

fn under_way(store: &Path) -> PathBuf {
    let mut entries = fs::read_dir(store.join("partial")).unwrap().map(|entry| entry.unwrap().path());
    entries.find(|path| path.is_dir()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_was_killed_after_any_page_continues_there() {
    let table = prices(4, 7);
    for pages in 0..4 {
        let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
        pull_and_stop(&server, store.path(), pages).await;
        assert!(Pull::list(store.path(), "sep").unwrap().is_empty(), "what is not whole does not count");
        assert!(Pull::open(&under_way(store.path())).is_none());
        let before = server.requests().len();
        let pull = pull_all(&server, store.path()).await.unwrap();
        assert_holds(&pull, &table);
        assert_eq!(server.requests().len() - before, 4 - pages);
        assert_eq!(fs::read_dir(&pull.folder).unwrap().count(), 4 + 1, "pages and manifest");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_page_and_manifest_brings_the_page_again() {
    let table = prices(4, 7);
    let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
    pull_and_stop(&server, store.path(), 2).await;
    let folder = under_way(store.path());
    // What a kill in the middle of writing leaves: a page that no manifest names, a manifest that is half.
    fs::write(folder.join("SHARADAR_SEP-00003.csv.gz"), b"half a page").unwrap();
    fs::write(folder.join("manifest.json.part"), b"{\"format\":").unwrap();
    let before = server.requests().len();
    assert_holds(&pull_all(&server, store.path()).await.unwrap(), &table);
    assert_eq!(server.requests().len() - before, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_damaged_or_other_pull_is_begun_anew() {
    let table = prices(4, 7);
    let spoil: [fn(&Path); 4] = [
        |folder| {
            let text = fs::read_to_string(folder.join(MANIFEST)).unwrap();
            let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
            let old = chrono::Utc::now() - chrono::TimeDelta::hours(13);
            manifest["started_at"] = serde_json::json!(old);
            fs::write(folder.join(MANIFEST), manifest.to_string()).unwrap();
        },
        |folder| fs::write(folder.join(MANIFEST), b"{").unwrap(),
        |folder| fs::write(folder.join("SHARADAR_SEP-00001.csv.gz"), b"").unwrap(),
        |folder| fs::remove_file(folder.join("SHARADAR_SEP-00002.csv.gz")).unwrap(),
    ];
    for spoil in spoil {
        let (server, store) = (served(table.clone()), tempfile::tempdir().unwrap());
        pull_and_stop(&server, store.path(), 2).await;
        spoil(&under_way(store.path()));
        let before = server.requests().len();
        assert_holds(&pull_all(&server, store.path()).await.unwrap(), &table);
        assert_eq!(server.requests().len() - before, 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pulls_of_a_table_do_not_mix() {
    let (server, store) = (served(prices(4, 7)), tempfile::tempdir().unwrap());
    server.state().faults.then([Some(Fault::Slow(500))]);
    let client = client(&server);
    let request = everything("sep");
    let first = pull(&client, store.path(), &SEP, &request, Method::Pages, &|_| {});
    let second = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        pull_all(&server, store.path()).await
    };
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_ok() && matches!(second, Err(VendorError::Busy { .. })), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pulls_that_nobody_continues_are_removed_and_those_of_other_tables_and_windows_are_not() {
    let (server, store) = (served(prices(4, 7)), tempfile::tempdir().unwrap());
    pull_and_stop(&server, store.path(), 2).await;
    let young = under_way(store.path());
    let of = |name: &str| store.path().join("partial").join(name);
    for name in ["sep-0123456789abcdef", "sepa-0123456789abcdef"] {
        fs::create_dir(of(name)).unwrap();
    }
    let window = Window::Since { column: "date".into(), from: day("2024-01-02") };
    let request = Request::new("sep", window);
    pull(&client(&server), store.path(), &SEP, &request, Method::Pages, &|_| {}).await.unwrap();
    assert!(young.exists() && of("sepa-0123456789abcdef").exists() && !of("sep-0123456789abcdef").exists());
}
