//! One request at a time to the vendor's API: pages and the state of bulk files.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{HeaderValue, RANGE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use serde::Deserialize;

use super::key::SignedLink;
use super::page::{Page, shape};
use super::{ApiKey, Request, Result, Settings, VendorError};

/// The environment variable that names another server.
pub const BASE_URL_VARIABLE: &str = "NASDAQ_DATA_LINK_BASE_URL";
/// The vendor's server.
pub const DEFAULT_BASE_URL: &str = "https://data.nasdaq.com";

/// A connection to the vendor's tables API, with a key.
#[derive(Debug, Clone)]
pub struct Client {
    /// For the API: follows no redirect, which would carry the key to another host.
    api: reqwest::Client,
    /// For signed links, without the key.
    links: reqwest::Client,
    base: Url,
    key: ApiKey,
    pub(super) settings: Settings,
}

/// Where a bulk file stands.
#[derive(Debug)]
pub(super) struct Bulk {
    /// `fresh` once it can be fetched.
    pub status: String,
    /// Where it is.
    pub link: Option<SignedLink>,
    /// When its rows were read; another value means another file.
    pub snapshot: String,
}

impl Client {
    /// A client with the key and the server that the environment names.
    ///
    /// # Errors
    /// If there is no key, or the server's URL cannot be used.
    pub fn from_env(settings: Settings) -> Result<Self> {
        let key = ApiKey::from_env()?;
        let base = std::env::var(BASE_URL_VARIABLE).ok().filter(|url| !url.is_empty());
        Self::new(base.as_deref().unwrap_or(DEFAULT_BASE_URL), key, settings)
    }

    /// A client of the server at `base`, which must be HTTPS unless it is this machine.
    ///
    /// # Errors
    /// [`VendorError::BaseUrl`] if `base` cannot be used, [`VendorError::Setup`] if TLS cannot.
    pub fn new(base: &str, key: ApiKey, settings: Settings) -> Result<Self> {
        let base = checked(base)?;
        let builder = || {
            let builder = reqwest::Client::builder().connect_timeout(settings.silence).read_timeout(settings.silence);
            if is_local(&base) { builder.no_proxy() } else { builder }
        };
        let setup = |error: reqwest::Error| VendorError::Setup(error.without_url().to_string());
        let api = builder().redirect(Policy::none()).timeout(settings.page_time).build().map_err(setup)?;
        // A referer would tell the next host the signed link.
        let links = builder().referer(false).build().map_err(setup)?;
        Ok(Self { api, links, base, key, settings })
    }

    /// Asks for the first page of a request, and says how many rows it has and whether there are more. Nothing is kept.
    ///
    /// # Errors
    /// If the vendor refuses or does not answer.
    pub async fn probe(&self, request: &Request) -> Result<(u64, bool)> {
        let page = self.page(request, None, 1).await?;
        Ok((page.rows, page.next.is_some()))
    }

    /// Asks for one page, once.
    pub(super) async fn page(&self, request: &Request, cursor: Option<&str>, number: usize) -> Result<Page> {
        let asked = format!("page {number} of {request}");
        let mut query = vec![("qopts.per_page".to_owned(), self.settings.rows_per_page.to_string())];
        query.extend(cursor.map(|cursor| ("qopts.cursor_id".to_owned(), cursor.to_owned())));
        let body = self.get(request, &asked, query).await.map_err(|error| expired(error, cursor))?;
        Page::parse(&asked, &body).map_err(|error| self.redact(error))
    }

    /// Asks for a bulk file, or how far it is, once.
    pub(super) async fn bulk(&self, request: &Request) -> Result<Bulk> {
        let asked = format!("the bulk file of {request}");
        let body = self.get(request, &asked, vec![("qopts.export".to_owned(), "true".to_owned())]).await?;
        // No part of this answer goes into a message: it contains the link.
        let answer: BulkAnswer = serde_json::from_slice(&body).map_err(|error| {
            VendorError::malformed(&asked, format!("no state of a bulk file, line {}", error.line()))
        })?;
        let file = answer.datatable_bulk_download.file;
        let link = file.link.map(|link| Url::parse(&link).map(SignedLink::new)).transpose();
        let link = link.map_err(|_| VendorError::malformed(&asked, "its link is no URL"))?;
        if link.as_ref().is_some_and(|link| !is_private(link.url())) {
            return Err(VendorError::malformed(&asked, "its link is not encrypted"));
        }
        let snapshot = file.data_snapshot_time.map(|time| time.to_string()).unwrap_or_default();
        Ok(Bulk { status: file.status.to_ascii_lowercase(), link, snapshot })
    }

    /// Opens a signed link at a byte. The key is not sent.
    pub(super) async fn open(&self, asked: &str, link: &SignedLink, from: u64) -> Result<Response> {
        let mut get = self.links.get(link.url().clone());
        if from > 0 {
            get = get.header(RANGE, format!("bytes={from}-"));
        }
        get.send().await.map_err(|error| VendorError::network(asked, error))
    }

    async fn get(&self, request: &Request, asked: &str, mut query: Vec<(String, String)>) -> Result<Vec<u8>> {
        query.extend(request.filter());
        let mut url = self.base.clone();
        url.set_path(&format!(
            "{}/api/v3/datatables/SHARADAR/{}.json",
            self.base.path().trim_end_matches('/'),
            request.vendor_name()
        ));
        let get = self.api.get(url).query(&query).header("X-Api-Token", self.key.header());
        let response = get.send().await.map_err(|error| VendorError::network(asked, error))?;
        let (status, retry_after) =
            (response.status().as_u16(), retry_after(response.headers().get(RETRY_AFTER), Utc::now()));
        let body = response.bytes().await.map_err(|error| VendorError::network(asked, error))?;
        match status {
            200 => Ok(body.into()),
            429 => Err(VendorError::RateLimited { asked: asked.to_owned(), retry_after }),
            408 | 500.. => Err(VendorError::Server { asked: asked.to_owned(), status, retry_after }),
            _ => Err(self.redact(refusal(asked, status, &body))),
        }
    }

    /// Takes the key out of what a server sent back.
    fn redact(&self, mut error: VendorError) -> VendorError {
        if let VendorError::Refused { message: text, .. } | VendorError::Malformed { reason: text, .. } = &mut error {
            *text = self.key.redact(text);
        }
        error
    }
}

#[derive(Deserialize)]
struct BulkAnswer {
    datatable_bulk_download: BulkDownload,
}

#[derive(Deserialize)]
struct BulkDownload {
    file: BulkFile,
}

#[derive(Deserialize)]
struct BulkFile {
    link: Option<String>,
    status: String,
    data_snapshot_time: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Refusal {
    quandl_error: RefusalText,
}

#[derive(Deserialize)]
struct RefusalText {
    code: String,
    message: String,
}

fn refusal(asked: &str, status: u16, body: &[u8]) -> VendorError {
    let (code, message) = match serde_json::from_slice::<Refusal>(body) {
        Ok(Refusal { quandl_error: RefusalText { code, message } }) => (format!(" [{code}]"), message),
        Err(_) => (String::new(), format!("the answer {}", shape(body))),
    };
    let help = match status {
        401 | 403 => "check NASDAQ_DATA_LINK_API_KEY, and that your subscription covers this table",
        404 => "check that the vendor still has this table",
        300..=399 => "the base URL should name the server itself, not one that forwards",
        _ => "the table may lack a column that is filtered by; check the vendor's documentation of it",
    };
    VendorError::Refused { asked: asked.to_owned(), status, code, message, help }
}

/// A request that worked for the first page can be wrong about nothing but its cursor.
fn expired(error: VendorError, cursor: Option<&str>) -> VendorError {
    match error {
        VendorError::Refused { asked, status: status @ (400 | 404 | 410 | 422), message, .. } if cursor.is_some() => {
            VendorError::CursorExpired { asked, status, message }
        }
        other => other,
    }
}

/// How long the server wants us to wait: it says so in seconds, or as a date.
fn retry_after(header: Option<&HeaderValue>, now: DateTime<Utc>) -> Option<Duration> {
    let text = header?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now).to_std().ok()
}

fn checked(base: &str) -> Result<Url> {
    let shown = || Url::parse(base).map_or_else(|_| "the value".to_owned(), |url| SignedLink::new(url).to_string());
    let refused = |reason| VendorError::BaseUrl { found: shown(), reason };
    let url = Url::parse(base).map_err(|_| refused("it is no URL"))?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(refused("it may have a host and a path, but no user, password or query"));
    }
    if is_private(&url) {
        Ok(url)
    } else {
        Err(refused("it must begin with https://, or anyone on the way could read the API key"))
    }
}

/// Whether nobody on the way can read what is sent.
fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_local(url))
}

fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_only_where_nobody_can_read_it() {
        for good in ["https://data.nasdaq.com", "http://127.0.0.1:8080/below", "http://localhost:1"] {
            assert!(checked(good).is_ok(), "{good}");
        }
        for bad in ["http://data.nasdaq.com", "ftp://127.0.0.1", "https://user:pw@host", "https://h/?api_key=abc", "x"]
        {
            let message = checked(bad).unwrap_err().to_string();
            assert!(!message.contains("pw") && !message.contains("abc"), "{message}");
        }
    }

    #[test]
    fn a_wait_in_seconds_or_as_a_date() {
        let now = "2026-01-05T10:00:00Z".parse().unwrap();
        let wait = |text| retry_after(Some(&HeaderValue::from_static(text)), now);
        assert_eq!(wait("17"), Some(Duration::from_secs(17)));
        assert_eq!(wait("Mon, 05 Jan 2026 10:01:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(wait("Mon, 05 Jan 2026 09:00:00 GMT"), None, "it is over");
        assert_eq!((wait("soon"), retry_after(None, now)), (None, None));
    }
}
