//! Storage that kills its process or refuses to write, over a local disk.
#![allow(dead_code)] // each test file uses a part of it

pub mod flaky;

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};

/// When, around a call, the process dies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    Before,
    /// With half of a file written, under the name that a local disk gives it until it is whole.
    Within,
    After,
}

impl Moment {
    pub const ALL: [Self; 3] = [Self::Before, Self::Within, Self::After];

    pub fn applies_to(self, call: &str) -> bool {
        match self {
            Self::Before => true,
            Self::Within => call == "put",
            // A stream is done whenever its reader is.
            Self::After => call != "stream",
        }
    }
}

/// Counts calls and kills this process at one of them.
#[derive(Debug)]
pub struct KillAt {
    disk: LocalFileSystem,
    shared: std::sync::Arc<Kill>,
}

#[derive(Debug)]
struct Kill {
    at: usize,
    moment: Moment,
    count: AtomicUsize,
    calls: Mutex<Vec<&'static str>>,
}

impl Kill {
    /// Begins a call and returns its number.
    fn begin(&self, call: &'static str) -> usize {
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        self.calls.lock().unwrap().push(call);
        self.die_if(number, Moment::Before);
        number
    }

    fn die_if(&self, number: usize, moment: Moment) {
        if number == self.at && moment == self.moment {
            let me = sysinfo::get_current_pid().unwrap();
            let mut system = sysinfo::System::new();
            system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[me]), true);
            // SIGKILL: nothing is flushed, dropped or unwound.
            system.process(me).unwrap().kill();
            loop {
                std::thread::park();
            }
        }
    }
}

impl KillAt {
    pub fn new(at: usize, moment: Moment) -> Self {
        let kill = Kill { at, moment, count: AtomicUsize::new(0), calls: Mutex::new(Vec::new()) };
        Self { disk: LocalFileSystem::new(), shared: std::sync::Arc::new(kill) }
    }

    /// The calls so far, in their order.
    pub fn calls(&self) -> Vec<&'static str> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// What a disk holds while `LocalFileSystem` is writing.
    fn write_half(location: &Path, payload: &PutPayload) {
        let bytes: Vec<u8> = payload.iter().flat_map(|part| part.to_vec()).collect();
        let path = PathBuf::from(format!("/{location}#1"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }
}

impl fmt::Display for KillAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KillAt({})", self.disk)
    }
}

#[async_trait]
impl ObjectStore for KillAt {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let call = self.shared.begin("put");
        if call == self.shared.at && self.shared.moment == Moment::Within {
            Self::write_half(location, &payload);
            self.shared.die_if(call, Moment::Within);
        }
        let done = self.disk.put_opts(location, payload, options).await;
        self.shared.die_if(call, Moment::After);
        done
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let call = self.shared.begin("multipart");
        let upload = self.disk.put_multipart_opts(location, options).await?;
        self.shared.die_if(call, Moment::After);
        Ok(Box::new(Parts { upload, kill: self.shared.clone() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let call = self.shared.begin("get");
        let done = self.disk.get_opts(location, options).await;
        self.shared.die_if(call, Moment::After);
        done
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<bytes::Bytes>> {
        let call = self.shared.begin("get");
        let done = self.disk.get_ranges(location, ranges).await;
        self.shared.die_if(call, Moment::After);
        done
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.shared.begin("stream");
        self.disk.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.shared.begin("stream");
        self.disk.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.shared.begin("stream");
        self.disk.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let call = self.shared.begin("list");
        let done = self.disk.list_with_delimiter(prefix).await;
        self.shared.die_if(call, Moment::After);
        done
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let call = self.shared.begin("copy");
        let done = self.disk.copy_opts(from, to, options).await;
        self.shared.die_if(call, Moment::After);
        done
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let call = self.shared.begin("rename");
        let done = self.disk.rename_opts(from, to, options).await;
        self.shared.die_if(call, Moment::After);
        done
    }
}

#[derive(Debug)]
struct Parts {
    upload: Box<dyn MultipartUpload>,
    kill: std::sync::Arc<Kill>,
}

#[async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let call = self.kill.begin("part");
        let (part, kill) = (self.upload.put_part(data), self.kill.clone());
        Box::pin(async move {
            let done = part.await;
            kill.die_if(call, Moment::After);
            done
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let call = self.kill.begin("complete");
        let done = self.upload.complete().await;
        self.kill.die_if(call, Moment::After);
        done
    }

    async fn abort(&mut self) -> Result<()> {
        let call = self.kill.begin("abort");
        let done = self.upload.abort().await;
        self.kill.die_if(call, Moment::After);
        done
    }
}

/// Takes some writes and then refuses all others, as a full or a read-only disk does.
#[derive(Debug)]
pub struct Refusing {
    disk: LocalFileSystem,
    left: AtomicUsize,
    why: std::io::ErrorKind,
}

impl Refusing {
    pub fn after(writes: usize, why: std::io::ErrorKind) -> Self {
        Self { disk: LocalFileSystem::new(), left: AtomicUsize::new(writes), why }
    }

    fn take(&self) -> Result<()> {
        let take = |left: usize| left.checked_sub(1);
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(object_store::Error::Generic {
                store: "LocalFileSystem",
                source: Box::new(std::io::Error::from(self.why)),
            }),
        }
    }
}

impl fmt::Display for Refusing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusing({})", self.disk)
    }
}

#[async_trait]
impl ObjectStore for Refusing {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.take()?;
        self.disk.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.take()?;
        self.disk.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.disk.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        match self.take() {
            Ok(()) => self.disk.delete_stream(locations),
            Err(error) => futures::stream::iter([Err(error)]).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.disk.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.disk.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.take()?;
        self.disk.copy_opts(from, to, options).await
    }
}
