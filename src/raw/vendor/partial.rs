//! A pull that is under way: its folder, locked, in a state from which any process can go on.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::manifest::{Manifest, PageFile, sync_folder, write_durably};
use super::page::Page;
use super::request::hex;
use super::tally::Tally;
use super::{Method, Pull, Request, Result, TableFacts, VendorError};

/// The folder of pulls under way, in the folder of all pulls.
const UNDER_WAY: &str = "partial";
/// How old a pull may be to be continued. The vendor's cursors end sooner or later, and its table moves on.
const RESUMABLE: TimeDelta = TimeDelta::hours(12);

/// A pull under way. Dropping it keeps what has come.
pub(super) struct Partial {
    pub folder: PathBuf,
    pub manifest: Manifest,
    facts: TableFacts,
    store: PathBuf,
    _lock: File,
}

impl Partial {
    /// Continues the pull of this request, or begins one.
    pub fn open(store: &Path, facts: &TableFacts, request: &Request, method: Method) -> Result<Self> {
        let under_way = store.join(UNDER_WAY);
        fs::create_dir_all(&under_way).map_err(VendorError::io(&under_way))?;
        let lock = lock(&under_way.join(format!("{}.lock", request.table)))?;
        forget_old(&under_way, &request.table)?;
        let folder = under_way.join(request.folder());
        let found = Manifest::read(&folder).filter(|found| {
            (found.request == *request && found.method == method)
                && found.pages.iter().all(|page| is_intact(&folder, page))
        });
        let resumed = found.is_some();
        let manifest = found.unwrap_or_else(|| Manifest::begin(request, method));
        let partial = Self { folder, manifest, facts: *facts, store: store.to_owned(), _lock: lock };
        if !resumed {
            partial.clear()?;
        }
        Ok(partial)
    }

    /// Forgets what has come and begins anew.
    pub fn start_over(&mut self) -> Result<()> {
        self.manifest = Manifest::begin(&self.manifest.request, self.manifest.method);
        self.clear()
    }

    fn clear(&self) -> Result<()> {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(VendorError::io(&self.folder))?;
        }
        fs::create_dir_all(&self.folder).map_err(VendorError::io(&self.folder))?;
        self.manifest.write(&self.folder)
    }

    /// Stores a page. The manifest comes last: until then the page does not count, and comes again.
    pub fn add_page(mut self, page: Page) -> Result<Self> {
        let file =
            format!("SHARADAR_{}-{:05}.csv.gz", self.manifest.request.vendor_name(), self.manifest.pages.len() + 1);
        let path = self.folder.join(&file);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        let bytes = gzip.write_all(&page.csv).and_then(|()| gzip.finish()).map_err(VendorError::io(&path))?;
        write_durably(&path, &bytes)?;
        let tally = Tally::read(page.csv.as_slice(), &self.facts)
            .map_err(|error| VendorError::Damaged { path, reason: error.to_string() })?;
        let sha256 = hex(&Sha256::digest(&bytes));
        let cursor = self.manifest.next_cursor.take();
        self.manifest.add(PageFile { file, rows: page.rows, sha256, cursor }, tally);
        match page.next {
            Some(cursor) => self.manifest.next_cursor = Some(cursor),
            None => self.manifest.finish(),
        }
        self.manifest.write(&self.folder)?;
        Ok(self)
    }

    pub fn facts(&self) -> TableFacts {
        self.facts
    }

    /// Moves a complete pull to its place, `<store>/<table>/<pull id>`, where nothing changes it any more.
    pub fn publish(self) -> Result<Pull> {
        let of_table = self.store.join(&self.manifest.request.table);
        fs::create_dir_all(&of_table).map_err(VendorError::io(&of_table))?;
        let folder = of_table.join(&self.manifest.pull_id);
        fs::rename(&self.folder, &folder).map_err(VendorError::io(&folder))?;
        sync_folder(&of_table)?;
        Ok(Pull { folder, manifest: self.manifest })
    }
}

/// Removes the pulls of a table that nobody will continue. Its lock must be held.
fn forget_old(under_way: &Path, table: &str) -> Result<()> {
    let prefix = format!("{table}-");
    for entry in fs::read_dir(under_way).map_err(VendorError::io(under_way))? {
        let entry = entry.map_err(VendorError::io(under_way))?;
        let is_of_table = entry.file_name().to_string_lossy().starts_with(&prefix);
        if is_of_table && !Manifest::read(&entry.path()).is_some_and(|manifest| is_young(&manifest)) {
            fs::remove_dir_all(entry.path()).map_err(VendorError::io(&entry.path()))?;
        }
    }
    Ok(())
}

fn is_young(manifest: &Manifest) -> bool {
    let age = Utc::now() - manifest.started_at;
    age >= TimeDelta::zero() && age < RESUMABLE
}

fn lock(path: &Path) -> Result<File> {
    let file = File::create(path).map_err(VendorError::io(path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(VendorError::Busy { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(VendorError::io(path)(source)),
    }
}

fn is_intact(folder: &Path, page: &PageFile) -> bool {
    fs::read(folder.join(&page.file)).is_ok_and(|bytes| hex(&Sha256::digest(bytes)) == page.sha256)
}
