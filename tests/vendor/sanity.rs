//! Answers that look like success and are not.

use kairos::raw::vendor::{VendorError, refuse_sample, refuse_shrunk};

use crate::server::BadKey;
use crate::*;

async fn ask(server: &VendorServer, key: &str, window: Window) -> Pull {
    let store = tempfile::tempdir().unwrap().keep();
    let client = Client::new(&server.url(), ApiKey::new(key).unwrap(), quick()).unwrap();
    pull(&client, &store, &SEP, &Request::new("sep", window), Method::Pages, &|_| {}).await.unwrap()
}

#[tokio::test]
async fn sample_data_is_refused() {
    let server = served(prices(3, 60)); // until 2024-02-29
    server.state().bad_key = BadKey::Sample;
    let judge =
        |pull: &Pull, watermark: Option<&str>, as_of: &str| refuse_sample(pull, &SEP, watermark.map(day), day(as_of));
    let whole = ask(&server, KEY, Window::Everything).await;
    assert!(judge(&whole, None, "2024-03-01").is_ok());
    assert!(judge(&whole, None, "2024-03-15").is_ok(), "15 days");
    assert!(judge(&whole, None, "2024-03-16").is_err(), "16 days");
    let sample = ask(&server, "unknown-key", Window::Everything).await;
    let error = judge(&sample, None, "2024-03-01").unwrap_err();
    assert!(matches!(error, VendorError::SampleData { .. }));
    let message = error.to_string();
    assert!(message.contains("ends on 2024-01-05, 56 days before 2024-03-01"), "{message}");
    assert!(message.contains("NASDAQ_DATA_LINK_API_KEY") && message.contains("subscription"), "{message}");
    assert!(judge(&sample, Some("2024-02-29"), "2024-03-01").is_err(), "what is stored does not excuse a snapshot");
}

#[tokio::test]
async fn a_pull_of_changes_may_bring_nothing_but_not_for_long() {
    let server = served(prices(3, 60));
    let window = Window::Since { column: "lastupdated".into(), from: day("2024-03-02") };
    let nothing = ask(&server, KEY, window).await;
    assert_eq!(nothing.manifest.rows(), 0);
    assert!(refuse_sample(&nothing, &SEP, Some(day("2024-02-29")), day("2024-03-05")).is_ok());
    assert!(refuse_sample(&nothing, &SEP, Some(day("2024-02-29")), day("2024-04-05")).is_err());
    let message = refuse_sample(&nothing, &SEP, None, day("2024-04-05")).unwrap_err().to_string();
    assert!(message.contains("has no row with a date"), "{message}");
    let gone = ask(&server, KEY, Window::Tickers(vec!["OLD".into()])).await;
    assert!(refuse_sample(&gone, &SEP, None, day("2024-04-05")).is_ok());
}

#[tokio::test]
async fn an_answer_that_would_delete_most_rows_is_refused() {
    let pull = ask(&served(prices(3, 60)), KEY, Window::Everything).await;
    for (stored, fine) in [(0, true), (180, true), (360, true), (361, false)] {
        assert_eq!(refuse_shrunk(&pull, stored).is_ok(), fine, "{stored}");
    }
    let message = refuse_shrunk(&pull, 1000).unwrap_err().to_string();
    assert!(message.contains("180 rows where 1000 are stored"), "{message}");
}
