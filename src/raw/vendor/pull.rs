//! A pull: everything that a request has, downloaded to its end.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::bulk::fetch_bulk;
use super::manifest::Manifest;
use super::page::Page;
use super::partial::Partial;
use super::progress::{OnProgress, Progress};
use super::request::hex;
use super::{Client, Remedy, Request, Result, TableFacts, VendorError};

/// How often a pull begins anew because the vendor changed something in the middle of it.
const RESTARTS: usize = 3;

/// How the rows are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Page by page.
    Pages,
    /// As one file that the vendor prepares.
    Bulk,
}

/// A complete pull on disk.
#[derive(Debug, Clone)]
pub struct Pull {
    /// Its folder, which belongs to it alone.
    pub folder: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

/// What is kept about a pull for ever, as a row of `raw/_pulls`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRecord {
    /// Identifies the pull; in the order of time.
    pub pull_id: String,
    /// The table, in lower case.
    pub table: String,
    /// What was asked, in words: `SEP lastupdated >= 2024-01-02`.
    pub requested: String,
    /// How it was asked.
    pub method: Method,
    /// When the first page was asked for.
    pub started_at: DateTime<Utc>,
    /// When the last row had come.
    pub finished_at: DateTime<Utc>,
    /// Files that came.
    pub pages: u64,
    /// Rows that came.
    pub rows: u64,
    /// The SHA-256 over the SHA-256 of the files, as lower-case text, one after the other.
    pub sha256: String,
    /// The newest change that came, or the newest day if the vendor does not say when it changes rows.
    pub watermark: Option<NaiveDate>,
    /// The newest day that a row is about.
    pub newest_date: Option<NaiveDate>,
}

/// Downloads all rows of `request` into a folder below `store`. A pull of the same request that was interrupted less
/// than twelve hours ago is continued. One table can be pulled by one caller at a time.
///
/// # Errors
/// If the vendor refuses, if patience is at an end, or if the files cannot be written. What has come is kept.
pub async fn pull(
    client: &Client,
    store: &Path,
    facts: &TableFacts,
    request: &Request,
    method: Method,
    on_progress: &OnProgress<'_>,
) -> Result<Pull> {
    let mut restarts = 0;
    loop {
        let partial = open(store, facts, request, method).await?;
        let brought = match method {
            Method::Pages => fetch_pages(client, partial, on_progress).await,
            Method::Bulk => fetch_bulk(client, partial, on_progress).await,
        };
        match brought {
            Ok(partial) => return blocking(|| partial.publish()).await,
            Err(error) if error.remedy() == Remedy::StartOver && restarts < RESTARTS => {
                tracing::info!(table = request.table, %error, "the pull begins anew");
                restarts += 1;
                let mut partial = open(store, facts, request, method).await?;
                blocking(move || partial.start_over()).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn open(store: &Path, facts: &TableFacts, request: &Request, method: Method) -> Result<Partial> {
    let (store, facts, request) = (store.to_owned(), *facts, request.clone());
    blocking(move || Partial::open(&store, &facts, &request, method)).await
}

/// Runs file work where it holds up no connection.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

async fn fetch_pages(client: &Client, mut partial: Partial, on_progress: &OnProgress<'_>) -> Result<Partial> {
    let asked = partial.manifest.request.to_string();
    while !partial.manifest.complete {
        let page = next_page(client, &partial.manifest, &asked, on_progress).await?;
        partial = blocking(|| partial.add_page(page)).await?;
        let (pages, rows) = (partial.manifest.pages.len(), partial.manifest.rows());
        on_progress(Progress::Pages { request: &asked, pages, rows });
    }
    Ok(partial)
}

async fn next_page(client: &Client, so_far: &Manifest, asked: &str, on_progress: &OnProgress<'_>) -> Result<Page> {
    let wait = |error: &VendorError, wait| {
        on_progress(Progress::Waiting { request: asked, reason: &error.to_string(), wait });
    };
    let attempt = || async {
        let cursor = so_far.next_cursor.as_deref();
        let page = client.page(&so_far.request, cursor, so_far.pages.len() + 1).await?;
        check(so_far, asked, page)
    };
    client.settings.patience.retry(wait, attempt).await
}

/// Refuses a page that does not continue the ones before it.
fn check(so_far: &Manifest, asked: &str, page: Page) -> Result<Page> {
    let number = so_far.pages.len() + 1;
    if !so_far.pages.is_empty() && so_far.columns != page.columns {
        let (expected, found) = (so_far.columns.join(", "), page.columns.join(", "));
        return Err(VendorError::ColumnsChanged { asked: asked.to_owned(), page: number, expected, found });
    }
    let known = so_far.pages.iter().map(|page| &page.cursor).chain([&so_far.next_cursor]);
    if page.next.is_some() && known.into_iter().any(|cursor| *cursor == page.next) {
        return Err(VendorError::malformed(format!("page {number} of {asked}"), "its cursor leads back"));
    }
    let was_empty = so_far.pages.last().is_some_and(|last| last.rows == 0);
    if page.rows == 0 && was_empty && page.next.is_some() {
        return Err(VendorError::malformed(format!("page {number} of {asked}"), "no rows again, and yet not the end"));
    }
    Ok(page)
}

impl Pull {
    /// The complete pull in a folder, as [`pull`] left it; `None` if there is none.
    pub fn open(folder: &Path) -> Option<Self> {
        let manifest = Manifest::read(folder).filter(|manifest| manifest.complete)?;
        Some(Self { folder: folder.to_owned(), manifest })
    }

    /// The complete pulls of a table below `store`, oldest first.
    ///
    /// # Errors
    /// If the folder is there and cannot be listed.
    pub fn list(store: &Path, table: &str) -> Result<Vec<Self>> {
        let folder = store.join(table.to_ascii_lowercase());
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let entries = entries.map_err(VendorError::io(&folder))?;
        let mut pulls: Vec<_> = entries.iter().filter_map(|entry| Self::open(&entry.path())).collect();
        pulls.sort_by(|a, b| a.manifest.pull_id.cmp(&b.manifest.pull_id));
        Ok(pulls)
    }

    /// Its files, for the landing, in the order in which they came.
    pub fn files(&self) -> Vec<PathBuf> {
        self.manifest.pages.iter().map(|page| self.folder.join(&page.file)).collect()
    }

    /// What to keep about it.
    pub fn record(&self) -> PullRecord {
        let manifest = &self.manifest;
        let mut hash = Sha256::new();
        manifest.pages.iter().for_each(|page| hash.update(&page.sha256));
        PullRecord {
            pull_id: manifest.pull_id.clone(),
            table: manifest.request.table.clone(),
            requested: manifest.request.to_string(),
            method: manifest.method,
            started_at: manifest.started_at,
            finished_at: manifest.finished_at.unwrap_or(manifest.started_at),
            pages: manifest.pages.len() as u64,
            rows: manifest.rows(),
            sha256: hex(&hash.finalize()),
            watermark: manifest.newest_updated.or(manifest.newest_date),
            newest_date: manifest.newest_date,
        }
    }
}
