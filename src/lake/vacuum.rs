//! Finding and removing files that no reader may need any more.
//!
//! The rule errs on the side of keeping. A file goes only if all of this holds:
//!
//! * it is in none of the newest `versions` versions of its dataset,
//! * it is in no version that was the newest one at some time during the last `age`,
//! * it was written more than `age` ago. Files of a writer that has not committed yet are in no version; their age is
//!   what keeps them, so `age` must be longer than any build or landing takes.
//!
//! Only Parquet files go, and on a local disk the halves of files that a killed process left under names such as
//! `part-000.parquet#1`. The log stays: history and provenance are small.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;

use super::{Lake, LakeError, Result, Snapshot};

/// What must stay.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// Versions, counted from the newest; at least one stays in any case.
    pub versions: u64,
    /// How long a version stays readable after its successor, and a file after it was written.
    pub age: TimeDelta,
}

/// What may go from one dataset.
#[derive(Debug)]
pub struct Garbage {
    /// The dataset.
    pub dataset: String,
    /// The oldest version that stays readable.
    pub oldest_kept: u64,
    /// The newest version.
    pub newest: u64,
    /// Bytes that removing it frees.
    pub bytes: u64,
    files: Vec<Path>,
    halves: Vec<PathBuf>,
}

impl Garbage {
    /// How many files may go.
    pub fn count(&self) -> usize {
        self.files.len() + self.halves.len()
    }
}

impl Lake {
    /// Finds what may go from a dataset; `None` if it has no version. Nothing is removed.
    ///
    /// # Errors
    /// If the storage cannot be listed or an entry of the log cannot be read.
    pub async fn garbage(&self, dataset: &str, keep: Keep) -> Result<Option<Garbage>> {
        let before = Utc::now() - keep.age;
        // Listed before the log is read: what is committed in between is then known to the log.
        let listed = self.listed(dataset).await?;
        let Some(newest) = self.snapshot(dataset).await? else {
            return Ok(None);
        };
        let (oldest_kept, needed) = self.needed(&newest, keep.versions, before).await?;
        let mut garbage = Garbage {
            dataset: dataset.to_owned(),
            oldest_kept,
            newest: newest.version(),
            bytes: 0,
            files: Vec::new(),
            halves: Vec::new(),
        };
        for file in listed {
            if file.last_modified < before && !needed.contains(&file.location) {
                garbage.bytes += file.size;
                garbage.files.push(file.location);
            }
        }
        if let Ok(folder) = self.url().to_file_path() {
            let folder = dataset.split('/').fold(folder, |at, part| at.join(part));
            for (path, size) in halves(&folder, before.into()).map_err(|e| local_error(&folder, e))? {
                garbage.bytes += size;
                garbage.halves.push(path);
            }
        }
        Ok(Some(garbage))
    }

    /// Removes what [`Lake::garbage`] found. What another vacuum has removed meanwhile is no error.
    ///
    /// # Errors
    /// If the storage refuses; what was removed until then stays removed, and the rest can be tried again.
    pub async fn remove(&self, garbage: Garbage) -> Result<()> {
        let files = futures::stream::iter(garbage.files.into_iter().map(Ok)).boxed();
        let mut removed = self.store().delete_stream(files);
        while let Some(file) = removed.next().await {
            match file {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(self.storage_error(&self.child(&garbage.dataset), error)),
            }
        }
        for half in garbage.halves {
            match std::fs::remove_file(&half) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(local_error(&half, error)),
                _ => {}
            }
            // Refused unless it is empty, which is what should happen to it then.
            let _ = half.parent().map(std::fs::remove_dir);
        }
        Ok(())
    }

    /// The Parquet files below a dataset's folder, without what Delta reserves: names that begin with `_` or `.`.
    async fn listed(&self, dataset: &str) -> Result<Vec<object_store::ObjectMeta>> {
        let folder = self.child(dataset);
        let files: Vec<_> = self.store().list(Some(&folder)).try_collect().await.or_else(|error| match error {
            object_store::Error::NotFound { .. } => Ok(Vec::new()),
            other => Err(self.storage_error(&folder, other)),
        })?;
        let is_data = |path: &Path| {
            let reserved = path.prefix_match(&folder).is_none_or(|mut parts| {
                parts.any(|part| part.as_ref().starts_with('_') || part.as_ref().starts_with('.'))
            });
            !reserved && path.extension() == Some("parquet")
        };
        Ok(files.into_iter().filter(|file| is_data(&file.location)).collect())
    }

    /// The oldest version to keep, and the files of all versions from there on: those of the newest one, and those
    /// that a later commit removed.
    async fn needed(&self, newest: &Snapshot, versions: u64, before: DateTime<Utc>) -> Result<(u64, HashSet<Path>)> {
        let dataset = newest.dataset();
        let mut needed: HashSet<Path> =
            newest.files().iter().map(|file| self.child(&format!("{dataset}/{}", file.path))).collect();
        let mut oldest = newest.version();
        while oldest > 0 {
            // The commit of version `oldest` is what superseded the version before it.
            let Some(entry) = self.removals(dataset, oldest).await? else { break };
            let counts = newest.version() - oldest + 1 < versions;
            let recent = entry.committed.is_none_or(|at| at >= before);
            if !counts && !recent {
                break;
            }
            needed.extend(entry.removed.iter().map(|path| self.child(&format!("{dataset}/{path}"))));
            oldest -= 1;
        }
        Ok((oldest, needed))
    }
}

/// Files that a killed process was writing: `object_store` writes to `<name>#<n>` and then renames.
fn halves(folder: &std::path::Path, before: SystemTime) -> std::io::Result<Vec<(PathBuf, u64)>> {
    let (mut folders, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            // One that vanishes meanwhile was being renamed.
            let Ok(meta) = entry.metadata() else { continue };
            if meta.is_dir() {
                folders.push(entry.path());
            } else if is_half(&entry.file_name().to_string_lossy()) && meta.modified()? < before {
                found.push((entry.path(), meta.len()));
            }
        }
    }
    Ok(found)
}

fn is_half(name: &str) -> bool {
    let Some((name, number)) = name.rsplit_once('#') else { return false };
    let ours = [".parquet", ".json"].iter().any(|ending| name.ends_with(ending));
    ours && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn local_error(path: &std::path::Path, source: std::io::Error) -> LakeError {
    let source = object_store::Error::Generic { store: "LocalFileSystem", source: Box::new(source) };
    LakeError::Storage { location: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::is_half;

    #[test]
    fn only_what_the_store_left_unfinished_is_half() {
        assert!(is_half("part-000-00000.parquet#1") && is_half("00000000000000000007.json#12"));
        for name in ["part-000.parquet", "notes#1", "x.parquet#", "x.parquet#1a", "x.parquet#1.bak"] {
            assert!(!is_half(name), "{name}");
        }
    }
}
