//! The key and the signature of a link are in no URL of the API, no error, no report and no file.

use std::fs;
use std::sync::Mutex;

use crate::server::{Fault, Faults};
use crate::*;

fn texts_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => texts.extend(texts_below(&path)),
            false => texts.push((path.display().to_string(), fs::read(&path).unwrap())),
        }
    }
    texts
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_seen_nowhere() {
    let store = tempfile::tempdir().unwrap();
    let seen = Mutex::new(vec![format!("{:?}", client(&served(prices(1, 1))))]);
    let all = [
        Fault::RateLimited(None),
        Fault::Status(500),
        Fault::Status(404),
        Fault::Status(418),
        Fault::Drop,
        Fault::Truncate,
        Fault::Cut,
        Fault::Html,
    ];
    for (method, fault) in [Method::Pages, Method::Bulk].into_iter().flat_map(|method| all.map(|fault| (method, fault)))
    {
        for step in 0..3 {
            let server = served(prices(5, 7));
            let on_progress = |progress: kairos::raw::vendor::Progress<'_>| {
                seen.lock().unwrap().push(format!("{progress:?}"));
            };
            let fails = vec![None; step].into_iter().chain([Some(fault); 40]);
            server.state().faults.then(fails);
            let result = pull(&client(&server), store.path(), &SEP, &everything("sep"), method, &on_progress).await;
            if let Err(error) = result {
                seen.lock().unwrap().push(format!("{error} {error:?}"));
            }
            for request in server.requests() {
                assert!(!request.target.contains(KEY));
                assert_eq!(request.had_key, !request.target.contains("/bulk/"), "{request:?}");
            }
        }
    }
    let seen = seen.into_inner().unwrap();
    assert!(seen.len() > 50);
    for text in &seen {
        assert!(!text.contains(KEY) && !text.contains("s1gned"), "{text}");
    }
    for (file, bytes) in texts_below(store.path()) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(KEY) && !text.contains("s1gned"), "{file}");
    }
}

#[tokio::test]
async fn a_key_that_the_server_repeats_is_taken_out_and_a_redirect_is_not_followed() {
    use std::io::{Read, Write};
    for (status, head) in [("403 Forbidden", ""), ("302 Found", "location: http://127.0.0.1:1/elsewhere\r\n")] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            let body = format!(r#"{{"quandl_error":{{"code":"QEAx01","message":"unknown key {KEY}"}}}}"#);
            write!(stream, "HTTP/1.1 {status}\r\n{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        });
        let store = tempfile::tempdir().unwrap();
        let client = Client::new(&url, ApiKey::new(KEY).unwrap(), quick()).unwrap();
        let error = pull(&client, store.path(), &SEP, &everything("sep"), Method::Pages, &|_| {}).await.unwrap_err();
        let message = format!("{error} {error:?}");
        assert!(message.contains("unknown key [hidden]") && !message.contains(KEY), "{message}");
        server.join().unwrap();
    }
}

#[test]
fn faults_are_the_same_for_the_same_seed() {
    let draw = |seed| {
        let mut faults = Faults::random(seed, 0.5, 10, &server::PASSING);
        (0..100).map(|_| faults.draw()).collect::<Vec<_>>()
    };
    assert_eq!(draw(3), draw(3));
    assert_ne!(draw(3), draw(4));
    assert_eq!(draw(3).iter().flatten().count(), 10);
}
