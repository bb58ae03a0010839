//! Entries of logs, kept in memory: a bucket is asked once for each.
//!
//! The reader behind [`super::log`] asks for every entry twice, and for a checkpoint some ten times in pieces, each time
//! that a dataset is opened. An entry never changes once it is there, so its first answer is kept, whole. That it is still
//! the same object is seen where the log is listed, with which every opening begins.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// Bytes of an object that is kept; larger checkpoints are read in pieces, as other objects are.
const LARGEST: u64 = 4 << 20;
/// Bytes of all that is kept; with more, it starts anew.
const ALL: usize = 64 << 20;

/// Storage whose log entries are kept in memory.
#[derive(Debug)]
pub(super) struct LogCache {
    store: Arc<dyn ObjectStore>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    objects: HashMap<Path, (ObjectMeta, Bytes)>,
    bytes: usize,
}

impl Kept {
    fn keep(&mut self, meta: ObjectMeta, bytes: Bytes) {
        if self.bytes + bytes.len() > ALL {
            *self = Self::default();
        }
        self.bytes += bytes.len();
        if let Some((_, before)) = self.objects.insert(meta.location.clone(), (meta, bytes)) {
            self.bytes -= before.len();
        }
    }

    /// Drops what is kept of an object if another one has come in its place.
    fn compare(&mut self, listed: &ObjectMeta) {
        if let Some((kept, bytes)) = self.objects.get(&listed.location)
            && !is_same(kept, listed)
        {
            self.bytes -= bytes.len();
            self.objects.remove(&listed.location);
        }
    }
}

impl LogCache {
    pub(super) fn over(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, kept: Arc::default() }
    }

    /// Also after a panic elsewhere: what is kept is whole at any moment.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An object that is kept, read whole if it is not yet; `None` if it is too large.
    async fn whole(&self, location: &Path) -> Result<Option<(ObjectMeta, Bytes)>> {
        let found = self.kept().objects.get(location).cloned();
        if found.is_some() {
            return Ok(found);
        }
        let answer = self.store.get_opts(location, GetOptions::default()).await?;
        if answer.meta.size > LARGEST {
            return Ok(None);
        }
        let meta = answer.meta.clone();
        let bytes = answer.bytes().await?;
        self.kept().keep(meta.clone(), bytes.clone());
        Ok(Some((meta, bytes)))
    }

    fn compared(&self, listing: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
        let kept = self.kept.clone();
        let compare = move |meta: &ObjectMeta| kept.lock().unwrap_or_else(PoisonError::into_inner).compare(meta);
        listing.inspect_ok(compare).boxed()
    }
}

/// Whether an answer and a listing are of the same object. Some stores list no ETag; and an answer's header knows only the
/// second of a time that a listing may give more exactly.
fn is_same(answered: &ObjectMeta, listed: &ObjectMeta) -> bool {
    let unchanged = match (&answered.e_tag, &listed.e_tag) {
        (Some(answered), Some(listed)) => answered == listed,
        _ => answered.last_modified.timestamp() == listed.last_modified.timestamp(),
    };
    unchanged && answered.size == listed.size
}

/// Whether an object is an entry of a log or a checkpoint, which are written once. Others in its folder are not: the name of
/// the newest checkpoint, and locks.
fn is_entry(location: &Path) -> bool {
    let mut parts = location.parts().rev();
    let (name, folder) = (parts.next(), parts.next());
    let is_named = |name: &str| {
        let version = name.strip_suffix(".checkpoint.parquet").or_else(|| name.strip_suffix(".json"));
        version.is_some_and(|digits| digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    folder.is_some_and(|folder| folder.as_ref() == "_delta_log") && name.is_some_and(|name| is_named(name.as_ref()))
}

/// Whether a request is for an object's bytes and nothing else.
fn is_plain(options: &GetOptions) -> bool {
    let GetOptions { if_match, if_none_match, if_modified_since, if_unmodified_since, version, head, .. } = options;
    let conditions = [if_match.is_some(), if_none_match.is_some(), if_modified_since.is_some()];
    !conditions.contains(&true) && if_unmodified_since.is_none() && version.is_none() && !head
}

/// The bytes of `range`, or `None` if the object does not have them: the store then says so in its own words.
fn part(meta: ObjectMeta, bytes: &Bytes, range: Option<&GetRange>) -> Option<GetResult> {
    let range = match range {
        None => 0..meta.size,
        Some(range) => range.as_range(meta.size).ok()?,
    };
    let bytes = bytes.slice(range.start as usize..range.end as usize);
    let payload = GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed());
    Some(GetResult { payload, meta, range, attributes: Default::default() })
}

impl fmt::Display for LogCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogCache({})", self.store)
    }
}

#[async_trait]
impl ObjectStore for LogCache {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if is_entry(location)
            && is_plain(&options)
            && let Some((meta, bytes)) = self.whole(location).await?
            && let Some(found) = part(meta, &bytes, options.range.as_ref())
        {
            return Ok(found);
        }
        self.store.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        if is_entry(location)
            && let Some((meta, bytes)) = self.whole(location).await?
            && ranges.iter().all(|range| range.start <= range.end && range.end <= meta.size)
        {
            return Ok(ranges.iter().map(|range| bytes.slice(range.start as usize..range.end as usize)).collect());
        }
        self.store.get_ranges(location, ranges).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.compared(self.store.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.compared(self.store.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let listing = self.store.list_with_delimiter(prefix).await?;
        listing.objects.iter().for_each(|meta| self.kept().compare(meta));
        Ok(listing)
    }

    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.store.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(locations)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.store.rename_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;

    use super::*;

    const ENTRY: &str = "lake/x/_delta_log/00000000000000000007.json";

    async fn text(store: &LogCache, location: &str) -> Result<String> {
        let bytes = store.get(&location.into()).await?.bytes().await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A store and a cache over it; entries of the store can be changed behind the cache's back.
    async fn stored(location: &str, text: &str) -> (Arc<InMemory>, LogCache) {
        let store = Arc::new(InMemory::new());
        store.put(&location.into(), text.to_owned().into()).await.unwrap();
        (store.clone(), LogCache::over(store))
    }

    #[tokio::test]
    async fn an_entry_is_read_once() {
        let (store, cache) = stored(ENTRY, "0123456789").await;
        let ranges = cache.get_ranges(&ENTRY.into(), &[2..4, 0..10, 5..5]).await.unwrap();
        assert_eq!(ranges, [&b"23"[..], b"0123456789", b""]);
        store.delete(&ENTRY.into()).await.unwrap();
        assert_eq!(text(&cache, ENTRY).await.unwrap(), "0123456789");
        let range = |range: GetRange| GetOptions { range: Some(range), ..GetOptions::default() };
        let tail = cache.get_opts(&ENTRY.into(), range(GetRange::Suffix(3))).await.unwrap();
        assert_eq!((tail.range.clone(), tail.meta.size), (7..10, 10));
        assert_eq!(tail.bytes().await.unwrap(), "789");
        // What is not kept is asked of the store: a range beyond the end, a look at the object.
        assert!(cache.get_opts(&ENTRY.into(), range(GetRange::Bounded(10..12))).await.is_err());
        assert!(cache.head(&ENTRY.into()).await.is_err());
    }

    #[tokio::test]
    async fn another_object_in_its_place_is_seen_by_a_listing() {
        let (store, cache) = stored(ENTRY, "old").await;
        assert_eq!(text(&cache, ENTRY).await.unwrap(), "old");
        store.put(&ENTRY.into(), "newer".into()).await.unwrap();
        let log: Path = "lake/x/_delta_log".into();
        let _: Vec<ObjectMeta> = cache.list(Some(&log)).try_collect().await.unwrap();
        assert_eq!(text(&cache, ENTRY).await.unwrap(), "newer");
    }

    #[test]
    fn an_object_is_the_same_by_its_tag_or_else_by_size_and_second() {
        let meta = |millis, size, e_tag: Option<&str>| ObjectMeta {
            location: ENTRY.into(),
            last_modified: chrono::DateTime::from_timestamp_millis(millis).unwrap(),
            size,
            e_tag: e_tag.map(str::to_owned),
            version: None,
        };
        let answered = meta(5_000, 3, Some("a"));
        assert!(is_same(&answered, &meta(5_791, 3, None)), "a listing with milliseconds and without tags");
        assert!(is_same(&answered, &meta(9_000, 3, Some("a"))));
        assert!(!is_same(&answered, &meta(5_000, 3, Some("b"))));
        assert!(!is_same(&answered, &meta(6_000, 3, None)));
        assert!(!is_same(&answered, &meta(5_791, 4, None)));
    }

    #[tokio::test]
    async fn only_entries_and_checkpoints_are_kept() {
        for location in [
            "lake/x/_delta_log/_last_checkpoint",
            "lake/x/_delta_log/00000000000000000007.json.tmp",
            "lake/x/_delta_log/7.json",
            "lake/x/00000000000000000007.json",
            "lake/x/v00000007/part-000-00000.parquet",
        ] {
            let (store, cache) = stored(location, "old").await;
            assert_eq!(text(&cache, location).await.unwrap(), "old");
            store.put(&location.into(), "new".into()).await.unwrap();
            assert_eq!(text(&cache, location).await.unwrap(), "new", "{location}");
        }
        assert!(is_entry(&"_delta_log/00000000000000000009.checkpoint.parquet".into()));
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded() {
        let (store, cache) = stored(ENTRY, "small").await;
        let large = vec![b'x'; LARGEST as usize + 1];
        store.put(&ENTRY.into(), large.into()).await.unwrap();
        assert_eq!(text(&cache, ENTRY).await.unwrap().len() as u64, LARGEST + 1);
        assert_eq!(cache.kept().objects.len(), 0);
        for n in 0..20 {
            let location = Path::from(format!("lake/x/_delta_log/{n:020}.json"));
            store.put(&location, vec![b'x'; LARGEST as usize].into()).await.unwrap();
            cache.get(&location).await.unwrap();
        }
        let kept = cache.kept();
        let bytes: usize = kept.objects.values().map(|(_, bytes)| bytes.len()).sum();
        assert!(kept.bytes <= ALL && kept.bytes == bytes && bytes > 0, "{} {bytes}", kept.bytes);
    }
}
