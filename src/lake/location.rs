//! Where a lake is and which datasets it holds.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::io::AsyncWriteExt;
use tokio::sync::OnceCell;
use url::Url;

use super::bucket::Bucket;
use super::log_cache::LogCache;
use super::{LakeError, Result};

/// The folder that groups the raw datasets; they are named `raw/sep` and so on.
const GROUP: &str = "raw";
/// Bytes of a local file that are read and sent at a time.
const PIECE: u64 = 8 << 20;

/// A lake: a folder or bucket prefix whose sub-folders are datasets. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lake {
    url: Url,
    store: Arc<dyn ObjectStore>,
    store_url: ObjectStoreUrl,
    prefix: Path,
    /// Set if the storage is this machine's disk.
    disk: Option<Arc<LocalFileSystem>>,
    /// Set if the storage is S3.
    bucket: Option<Bucket>,
    /// Set once the storage is known to refuse the second of two writers.
    promise: Arc<OnceCell<()>>,
}

impl Lake {
    /// Opens the lake at a plain path, a `file://`, `s3://bucket/prefix` or (for tests) `memory://` URL. Nothing is read or created.
    ///
    /// # Errors
    /// If the URL does not parse, has another scheme, or the S3 settings in the `AWS_*` variables do not fit together.
    pub fn open(location: &str) -> Result<Self> {
        let refused = |reason: String| LakeError::Location { location: location.to_owned(), reason };
        let url = parse(location).map_err(refused)?;
        let (mut disk, mut bucket) = (None, None);
        let store: Arc<dyn ObjectStore> = match url.scheme() {
            // A folder that vacuum has emptied goes too.
            "file" => disk.insert(Arc::new(LocalFileSystem::new().with_automatic_cleanup(true))).clone(),
            "memory" => Arc::new(InMemory::new()),
            "s3" => {
                let (named, s3) = Bucket::open(&url).map_err(refused)?;
                bucket = Some(named);
                Arc::new(s3)
            }
            other => {
                return Err(refused(format!("scheme '{other}' is unknown; use a path, file:// or s3://bucket/prefix")));
            }
        };
        Ok(Self { disk, bucket, ..Self::on(location, store)? })
    }

    /// A lake at `location` whose files are in `store`, of which `location` is a path: for tests that watch or disturb
    /// the storage.
    ///
    /// # Errors
    /// If the URL does not parse.
    pub fn on(location: &str, store: Arc<dyn ObjectStore>) -> Result<Self> {
        let refused = |reason: String| LakeError::Location { location: location.to_owned(), reason };
        let url = parse(location).map_err(refused)?;
        let store_url = match url.scheme() {
            "file" => ObjectStoreUrl::local_filesystem(),
            _ => ObjectStoreUrl::parse(&url[..url::Position::BeforePath])?,
        };
        let prefix = Path::from_url_path(url.path()).map_err(|e| refused(e.to_string()))?;
        // A disk answers at once, and is what people repair by hand.
        let store = match url.scheme() {
            "s3" => Arc::new(LogCache::over(store)),
            _ => store,
        };
        Ok(Self { url, store, store_url, prefix, disk: None, bucket: None, promise: Arc::default() })
    }

    /// The lake's root, for messages.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The lake's root as a user would type it: a plain path for a local lake, else the URL.
    pub fn display(&self) -> String {
        match self.url.to_file_path() {
            Ok(path) => path.display().to_string().trim_end_matches('/').to_owned(),
            Err(()) => self.url.to_string(),
        }
    }

    /// Makes the lake's storage known to a DataFusion runtime, which reads the data files itself.
    pub fn register_store(&self, runtime: &RuntimeEnv) {
        runtime.register_object_store(self.store_url.as_ref(), self.store.clone());
    }

    /// The names of all datasets, sorted. A folder counts if it is not hidden (`_…`); whether it has a committed
    /// version is known only when it is opened.
    ///
    /// # Errors
    /// If the storage cannot be listed.
    pub async fn folders(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for name in self.children(None).await? {
            match name.as_str() {
                GROUP => names.extend(self.children(Some(GROUP)).await?.into_iter().map(|n| format!("{GROUP}/{n}"))),
                hidden if hidden.starts_with('_') => {}
                _ => names.push(name),
            }
        }
        names.sort();
        Ok(names)
    }

    /// The dataset of a table, as statements name tables: `raw.sep` is the dataset `raw/sep`.
    pub fn dataset_of(table: &str) -> String {
        table.strip_prefix("raw.").map_or_else(|| table.to_owned(), |raw| format!("{GROUP}/{raw}"))
    }

    /// Whether a new dataset may have this name: one folder of the lake, that any file system can hold and that is not
    /// hidden.
    ///
    /// # Errors
    /// [`LakeError::Name`].
    pub fn check_name(name: &str) -> Result<()> {
        let refused = |reason| Err(LakeError::Name { name: name.to_owned(), reason });
        let odd = |c: char| c.is_control() || r#"/\:*?"<>|%#"#.contains(c);
        match name.chars().next() {
            None => refused("it is empty"),
            Some('_' | '.') => refused("it begins with '_' or '.', as what is hidden does"),
            Some(_) if name.contains(odd) => refused("it has a character that is no part of a folder's name"),
            Some(_) => Ok(()),
        }
    }

    async fn children(&self, folder: Option<&str>) -> Result<Vec<String>> {
        let prefix = folder.map_or(self.prefix.clone(), |f| self.prefix.clone().join(f));
        let listing = self.store.list_with_delimiter(Some(&prefix)).await;
        let listing = listing.map_err(|e| self.storage_error(&prefix, e))?;
        Ok(listing.common_prefixes.iter().filter_map(|p| p.filename().map(str::to_owned)).collect())
    }

    /// Stores a small file beside the datasets, such as a run's log, replacing what was there.
    ///
    /// # Errors
    /// If the storage refuses the write.
    pub async fn put(&self, path: &str, bytes: Vec<u8>) -> Result<()> {
        let path = self.child(path);
        self.store.put(&path, bytes.into()).await.map_err(|e| self.storage_error(&path, e))?;
        Ok(())
    }

    /// Stores a copy of a local file beside the datasets, replacing what was there. Read and sent piece by piece.
    ///
    /// # Errors
    /// If the file cannot be read or the storage refuses the write.
    pub async fn put_file(&self, path: &str, file: &std::path::Path) -> Result<()> {
        let target = self.child(path);
        let failed = |source: std::io::Error| LakeError::Storage {
            location: file.display().to_string(),
            source: object_store::Error::Generic { store: "file", source: source.into() },
        };
        let mut reader = std::fs::File::open(file).map_err(failed)?;
        let mut writer = BufWriter::new(self.store.clone(), target.clone());
        loop {
            let mut piece = Vec::new();
            let read = reader.by_ref().take(PIECE).read_to_end(&mut piece).map_err(failed)?;
            if read == 0 {
                break;
            }
            writer.put(piece.into()).await.map_err(|e| self.storage_error(&target, e))?;
        }
        writer.shutdown().await.map_err(failed)
    }

    /// The full URL of something in the lake, for messages and other programs.
    pub fn child_url(&self, path: &str) -> String {
        format!("{}/{path}", self.display())
    }

    /// Whether each request goes over a network, so that few are better than small ones.
    pub(crate) fn is_remote(&self) -> bool {
        self.url.scheme() == "s3"
    }

    pub(super) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The path of a file that is on this machine's disk.
    pub(super) fn on_disk(&self, path: &Path) -> Option<std::path::PathBuf> {
        self.disk.as_ref().and_then(|disk| disk.path_to_filesystem(path).ok())
    }

    pub(super) fn promise(&self) -> &OnceCell<()> {
        &self.promise
    }

    pub(super) fn store_url(&self) -> &ObjectStoreUrl {
        &self.store_url
    }

    pub(super) fn child(&self, path: &str) -> Path {
        path.split('/').fold(self.prefix.clone(), |at, part| at.join(part))
    }

    /// A path of the storage as a user would type it: absolute, or a URL.
    pub(super) fn shown(&self, path: &Path) -> String {
        match self.url.scheme() {
            "file" => format!("/{path}"),
            _ => format!("{}/{path}", &self.url[..url::Position::BeforePath]),
        }
    }

    pub(super) fn storage_error(&self, path: &Path, source: object_store::Error) -> LakeError {
        match &self.bucket {
            Some(bucket) => bucket.explain(path.as_ref(), &source),
            None => LakeError::Storage { location: self.shown(path), source },
        }
    }

    /// The Delta log store of one dataset, on the lake's own storage.
    pub(super) fn log_store(&self, dataset: &str) -> Result<LogStoreRef> {
        let refused = |reason: String| LakeError::Location { location: dataset.to_owned(), reason };
        let root = self.url.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{root}/{dataset}/")).map_err(|e| refused(e.to_string()))?;
        let options = StorageConfig::parse_options(BTreeMap::<String, String>::new());
        let options = options.map_err(|e| refused(e.to_string()))?;
        let prefixed = Arc::new(PrefixStore::new(self.store.clone(), self.child(dataset)));
        Ok(default_logstore(prefixed, self.store.clone(), &url, &options))
    }
}

fn parse(location: &str) -> Result<Url, String> {
    if location.contains("://") {
        return Url::parse(location).map_err(|e| e.to_string());
    }
    let path = std::path::absolute(location).map_err(|e| e.to_string())?;
    Url::from_directory_path(&path).map_err(|()| "it is not a path".to_owned())
}
