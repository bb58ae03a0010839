//! Storage of bad days: calls fail before they are done, or are done and the answer is lost.

use std::fmt;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Done,
    /// A timeout, or 503 for longer than patience lasts: nothing was done.
    Failed,
    /// It was done, and the answer was lost.
    Unanswered,
    /// It was done, the answer was lost, and the client asked again: 409 or 412, since it is there already.
    Repeated,
    /// The answer breaks off.
    Partial,
}

/// A local disk on a bad day, in one folder. Every choice follows from the seed.
#[derive(Debug)]
pub struct Flaky {
    disk: LocalFileSystem,
    folder: Path,
    random: Mutex<ChaCha8Rng>,
    probability: f64,
    faults: AtomicUsize,
}

impl Flaky {
    pub fn new(folder: &std::path::Path, seed: u64, probability: f64) -> Self {
        let random = Mutex::new(ChaCha8Rng::seed_from_u64(seed));
        let folder = Path::from_absolute_path(folder).unwrap();
        Self { disk: LocalFileSystem::new(), folder, random, probability, faults: AtomicUsize::new(0) }
    }

    /// How many calls went wrong so far.
    pub fn faults(&self) -> usize {
        self.faults.load(Ordering::SeqCst)
    }

    fn fate(&self, location: &Path, kinds: &[Fate]) -> Fate {
        if !location.prefix_matches(&self.folder) {
            return Fate::Done;
        }
        let mut random = self.random.lock().unwrap();
        if !random.random_bool(self.probability) {
            return Fate::Done;
        }
        self.faults.fetch_add(1, Ordering::SeqCst);
        kinds[random.random_range(0..kinds.len())]
    }

    fn lost() -> object_store::Error {
        object_store::Error::Generic { store: "flaky", source: "operation timed out".into() }
    }
}

impl fmt::Display for Flaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flaky({})", self.disk)
    }
}

#[async_trait]
impl ObjectStore for Flaky {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let creates = options.mode == PutMode::Create;
        let fate = self.fate(location, &[Fate::Failed, Fate::Unanswered, Fate::Repeated]);
        if fate == Fate::Failed {
            return Err(Self::lost());
        }
        let done = self.disk.put_opts(location, payload, options).await?;
        match fate {
            Fate::Repeated if creates => {
                Err(object_store::Error::AlreadyExists { path: location.to_string(), source: "412".into() })
            }
            Fate::Unanswered => Err(Self::lost()),
            _ => Ok(done),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        match self.fate(location, &[Fate::Failed]) {
            Fate::Done => self.disk.put_multipart_opts(location, options).await,
            _ => Err(Self::lost()),
        }
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        match self.fate(location, &[Fate::Failed, Fate::Unanswered]) {
            Fate::Done => self.disk.get_opts(location, options).await,
            _ => Err(Self::lost()),
        }
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<bytes::Bytes>> {
        match self.fate(location, &[Fate::Failed, Fate::Partial]) {
            Fate::Failed => Err(Self::lost()),
            Fate::Partial => {
                let whole = self.disk.get_ranges(location, ranges).await?;
                Ok(whole.into_iter().map(|bytes| bytes.slice(..bytes.len() / 2)).collect())
            }
            _ => self.disk.get_ranges(location, ranges).await,
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.disk.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.fate(prefix.unwrap_or(&self.folder), &[Fate::Failed]) {
            Fate::Done => self.disk.list(prefix),
            _ => futures::stream::iter([Err(Self::lost())]).boxed(),
        }
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.fate(prefix.unwrap_or(&self.folder), &[Fate::Failed]) {
            Fate::Done => self.disk.list_with_offset(prefix, offset),
            _ => futures::stream::iter([Err(Self::lost())]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        match self.fate(prefix.unwrap_or(&self.folder), &[Fate::Failed]) {
            Fate::Done => self.disk.list_with_delimiter(prefix).await,
            _ => Err(Self::lost()),
        }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.disk.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.disk.rename_opts(from, to, options).await
    }
}
