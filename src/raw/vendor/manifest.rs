//! The record of a pull on disk: what was asked, what has come, and where to go on.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::tally::Tally;
use super::{Method, Request, Result, VendorError};

/// The file of the manifest in a pull's folder.
pub const MANIFEST: &str = "manifest.json";
/// The form of the manifest. Pulls of another form are begun anew.
const FORMAT: u32 = 1;

/// What a pull has brought so far. Files that it does not name do not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the manifest.
    pub format: u32,
    /// Identifies the pull; in the order of time.
    pub pull_id: String,
    /// What is asked.
    pub request: Request,
    /// How it is asked.
    pub method: Method,
    /// When the first page was asked for.
    pub started_at: DateTime<Utc>,
    /// When the last row had come.
    pub finished_at: Option<DateTime<Utc>>,
    /// The columns of all files.
    pub columns: Vec<String>,
    /// The files, in the order in which they came.
    pub pages: Vec<PageFile>,
    /// The cursor of the next page; `None` before the first page and after the last.
    pub next_cursor: Option<String>,
    /// The state of the vendor's table that a bulk file shows.
    pub snapshot: Option<String>,
    /// The newest day that a row is about.
    pub newest_date: Option<NaiveDate>,
    /// The newest day on which the vendor changed a row.
    pub newest_updated: Option<NaiveDate>,
    /// Whether everything has come.
    pub complete: bool,
}

/// A file of a pull.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageFile {
    /// Its name in the pull's folder.
    pub file: String,
    /// Its rows.
    pub rows: u64,
    /// The SHA-256 of its bytes.
    pub sha256: String,
    /// The cursor that led to it.
    pub cursor: Option<String>,
}

impl Manifest {
    pub(super) fn begin(request: &Request, method: Method) -> Self {
        Self {
            format: FORMAT,
            pull_id: uuid::Uuid::now_v7().to_string(),
            request: request.clone(),
            method,
            started_at: Utc::now(),
            finished_at: None,
            columns: Vec::new(),
            pages: Vec::new(),
            next_cursor: None,
            snapshot: None,
            newest_date: None,
            newest_updated: None,
            complete: false,
        }
    }

    /// The manifest in a folder; `None` if there is none, or none that this program can use.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let bytes = fs::read(folder.join(MANIFEST)).ok()?;
        let manifest: Self = serde_json::from_slice(&bytes).ok()?;
        (manifest.format == FORMAT).then_some(manifest)
    }

    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(MANIFEST);
        let bytes = serde_json::to_vec_pretty(self).map_err(std::io::Error::from).map_err(VendorError::io(&path))?;
        write_durably(&path, &bytes)
    }

    /// Rows in all files.
    pub fn rows(&self) -> u64 {
        self.pages.iter().map(|page| page.rows).sum()
    }

    /// Adds a file and what it holds.
    pub(super) fn add(&mut self, file: PageFile, tally: Tally) {
        self.pages.push(file);
        self.columns = tally.columns;
        self.newest_date = self.newest_date.max(tally.newest_date);
        self.newest_updated = self.newest_updated.max(tally.newest_updated);
    }

    pub(super) fn finish(&mut self) {
        self.complete = true;
        self.next_cursor = None;
        self.finished_at = Some(Utc::now());
    }
}

/// Writes a file so that it is there whole or not at all, whenever the machine stops.
pub(super) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    let write = || {
        let mut file = File::create(&unfinished)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    };
    write().map_err(VendorError::io(path))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(VendorError::io(folder))
}
