//! One long job at a time: a lock that ends with its holder, however that ends.
//!
//! Commits need no lock, since of two only one wins. A job of many commits, such as a nightly run, wants to be alone all
//! the same: a second one would do everything twice. On a local disk the operating system holds the lock and drops it
//! with the process. On an object store it is a small object that its holder renews; one that is no longer renewed is
//! taken over, by a conditional write, so that of several only one gets it; and at once if its holder ran on this machine and
//! no longer does.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::{Lake, LakeError, Result};

/// The folder of the locks in a lake.
const FOLDER: &str = "_locks";
/// How often a holder renews a lock on an object store.
const RENEWAL: Duration = Duration::from_secs(60);
/// A lock that was not renewed for this long is nobody's: many renewals, and more than clocks differ.
const ABANDONED: chrono::TimeDelta = chrono::TimeDelta::minutes(15);

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The run of the program.
    pub run_id: String,
    /// The machine it runs on.
    pub host: String,
    /// Its process there.
    pub process: u32,
    /// When it got the lock.
    pub since: DateTime<Utc>,
    /// When it last said that it is alive.
    pub renewed: DateTime<Utc>,
}

impl Holder {
    /// This process.
    pub fn this(run_id: &str) -> Self {
        let now = Utc::now();
        let host = sysinfo::System::host_name().unwrap_or_else(|| "unknown".to_owned());
        Self { run_id: run_id.to_owned(), host, process: std::process::id(), since: now, renewed: now }
    }

    fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Whether it may still be at work: it said so lately, and if it ran on this machine, it still does.
    fn is_alive(&self) -> bool {
        let here = Self::this("");
        let gone = self.host == here.host && !is_running(self.process);
        !gone && Utc::now() - self.renewed < ABANDONED
    }

    /// Whether both are the same job of the same process.
    fn is(&self, other: &Self) -> bool {
        let who = |holder: &Self| (holder.run_id.clone(), holder.host.clone(), holder.process, holder.since);
        who(self) == who(other)
    }

    fn describe(json: &[u8]) -> String {
        match serde_json::from_slice::<Self>(json) {
            Ok(holder) => {
                let since = holder.since.format("%Y-%m-%d %H:%M UTC");
                format!("process {} on {} since {since} (run {})", holder.process, holder.host, holder.run_id)
            }
            Err(_) => "another process".to_owned(),
        }
    }
}

fn is_running(process: u32) -> bool {
    let process = sysinfo::Pid::from_u32(process);
    let mut system = sysinfo::System::new();
    system.refresh_processes(sysinfo::ProcessesToUpdate::Some(&[process]), true);
    system.process(process).is_some_and(|found| found.status() != sysinfo::ProcessStatus::Zombie)
}

/// A lock that is held. On an object store call [`Lock::release`]; dropped without it, it is free after a while.
#[derive(Debug)]
pub struct Lock(Held);

#[derive(Debug)]
enum Held {
    /// The operating system frees it when the file is closed.
    #[allow(dead_code, reason = "open is all that the file has to be")]
    File(File),
    Lease {
        store: Arc<dyn ObjectStore>,
        path: Path,
        renewal: JoinHandle<()>,
    },
}

impl Lake {
    /// Takes the lock of this name, or says who has it.
    ///
    /// # Errors
    /// [`LakeError::Locked`] if another process holds it; or if the storage fails.
    pub async fn lock(&self, name: &str, holder: Holder) -> Result<Lock> {
        match self.url().to_file_path() {
            Ok(root) if self.url().scheme() == "file" => {
                self.lock_file(&root.join(FOLDER), name, &holder).map(Held::File).map(Lock)
            }
            _ => self.lease(name, holder).await.map(Lock),
        }
    }

    fn lock_file(&self, folder: &std::path::Path, name: &str, holder: &Holder) -> Result<File> {
        let path = folder.join(format!("{name}.lock"));
        let failed = |source: std::io::Error| LakeError::Lock { name: name.to_owned(), reason: source.to_string() };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut text = Vec::new();
                file.read_to_end(&mut text).map_err(failed)?;
                return Err(LakeError::Locked { name: name.to_owned(), holder: Holder::describe(&text) });
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        file.write_all(&holder.to_json()).map_err(failed)?;
        Ok(file)
    }

    async fn lease(&self, name: &str, holder: Holder) -> Result<Held> {
        self.ensure_conditional_writes().await?;
        let (store, path) = (self.store().clone(), self.child(&format!("{FOLDER}/{name}.json")));
        let failed = |error| self.storage_error(&path, error);
        let created = store.put_opts(&path, holder.to_json().into(), PutMode::Create.into()).await;
        let version = match created {
            Ok(put) => UpdateVersion { e_tag: put.e_tag, version: put.version },
            Err(object_store::Error::AlreadyExists { .. }) => self.take_over(name, &path, &holder).await?,
            Err(error) => return Err(failed(error)),
        };
        let renewal = tokio::spawn(renew(store.clone(), path.clone(), holder, version));
        Ok(Held::Lease { store, path, renewal })
    }

    /// Takes a lease that its holder no longer renews.
    async fn take_over(&self, name: &str, path: &Path, holder: &Holder) -> Result<UpdateVersion> {
        let failed = |error| self.storage_error(path, error);
        let locked = |json: &[u8]| LakeError::Locked { name: name.to_owned(), holder: Holder::describe(json) };
        let found = match self.store().get(path).await {
            Ok(found) => found,
            // Freed just now; whoever comes next is let in.
            Err(object_store::Error::NotFound { .. }) => return Err(locked(b"")),
            Err(error) => return Err(failed(error)),
        };
        let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        let json = found.bytes().await.map_err(failed)?;
        match serde_json::from_slice::<Holder>(&json) {
            // It was given to this one, and the answer was lost.
            Ok(other) if other.is(holder) => return Ok(version),
            Ok(other) if other.is_alive() => return Err(locked(&json)),
            _ => {}
        }
        let taken = self.store().put_opts(path, holder.to_json().into(), PutMode::Update(version).into()).await;
        match taken {
            Ok(put) => Ok(UpdateVersion { e_tag: put.e_tag, version: put.version }),
            Err(object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. }) => Err(locked(&json)),
            Err(error) => Err(failed(error)),
        }
    }
}

/// Renews a lease until it is lost to another or this task is ended.
async fn renew(store: Arc<dyn ObjectStore>, path: Path, holder: Holder, mut version: UpdateVersion) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        let holder = Holder { renewed: Utc::now(), ..holder.clone() };
        let put = store.put_opts(&path, holder.to_json().into(), PutMode::Update(version.clone()).into()).await;
        match put {
            Ok(put) => version = UpdateVersion { e_tag: put.e_tag, version: put.version },
            Err(object_store::Error::Precondition { .. } | object_store::Error::NotFound { .. }) => {
                match held_by(store.as_ref(), &path, &holder).await {
                    Some(renewed) => version = renewed,
                    None => return tracing::warn!(lock = %path, "another process has taken over the lock of this one"),
                }
            }
            Err(error) => tracing::warn!(lock = %path, %error, "the lock could not be renewed"),
        }
    }
}

/// The version of a lease, if this holder has it: a write can succeed and its answer be lost, so that it is refused when it
/// is tried again.
async fn held_by(store: &dyn ObjectStore, path: &Path, holder: &Holder) -> Option<UpdateVersion> {
    let found = store.get(path).await.ok()?;
    let version = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
    let json = found.bytes().await.ok()?;
    serde_json::from_slice::<Holder>(&json).is_ok_and(|other| other.is(holder)).then_some(version)
}

impl Lock {
    /// Frees it.
    pub async fn release(self) {
        if let Held::Lease { store, path, renewal } = self.0 {
            renewal.abort();
            if let Err(error) = store.delete(&path).await {
                tracing::warn!(lock = %path, %error, "the lock stays until it counts as abandoned");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn taken(lake: &Lake) -> String {
        match lake.lock("daily", Holder::this("second")).await.unwrap_err() {
            LakeError::Locked { holder, .. } => holder,
            other => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn only_one_holds_it_and_the_next_is_told_who() {
        let folder = tempfile::tempdir().unwrap();
        for location in [folder.path().join("lake").to_str().unwrap(), "memory:///lake"] {
            let lake = Lake::open(location).unwrap();
            let lock = lake.lock("daily", Holder::this("first")).await.unwrap();
            let holder = taken(&lake).await;
            assert!(holder.contains("(run first)") && holder.contains(&std::process::id().to_string()), "{holder}");
            let other = lake.lock("other", Holder::this("first")).await.unwrap();
            other.release().await;
            lock.release().await;
            lake.lock("daily", Holder::this("third")).await.unwrap().release().await;
        }
    }

    /// Of a write that is tried again because its answer was lost, the second try is refused.
    #[tokio::test]
    async fn a_lost_answer_loses_no_lease() {
        let lake = Lake::open("memory:///lake").unwrap();
        let holder = Holder::this("first");
        lake.put("_locks/daily.json", holder.to_json()).await.unwrap();
        let lock = lake.lock("daily", holder.clone()).await.unwrap();
        assert!(taken(&lake).await.contains("(run first)"));
        let (store, path) = (lake.store().clone(), lake.child("_locks/daily.json"));
        let renewed = Holder { renewed: Utc::now() + chrono::TimeDelta::minutes(1), ..holder.clone() };
        lake.put("_locks/daily.json", renewed.to_json()).await.unwrap();
        assert!(held_by(store.as_ref(), &path, &holder).await.is_some());
        lake.put("_locks/daily.json", Holder::this("second").to_json()).await.unwrap();
        assert!(held_by(store.as_ref(), &path, &holder).await.is_none());
        lock.release().await;
    }

    /// A crash: nothing was released.
    #[tokio::test]
    async fn an_abandoned_lease_is_taken_over_by_one() {
        let lake = Lake::open("memory:///lake").unwrap();
        let dead = |minutes| {
            let renewed = Utc::now() - chrono::TimeDelta::minutes(minutes);
            Holder { renewed, host: "elsewhere".to_owned(), ..Holder::this("dead") }
        };
        std::mem::forget(lake.lock("daily", dead(14)).await.unwrap());
        assert!(taken(&lake).await.contains("(run dead)"));
        lake.put("_locks/daily.json", dead(16).to_json()).await.unwrap();
        let racers = (0..8).map(|n| {
            let lake = lake.clone();
            async move { lake.lock("daily", Holder::this(&n.to_string())).await.ok() }
        });
        let winners = futures::future::join_all(racers).await.into_iter().flatten().count();
        assert_eq!(winners, 1);
        // One of a process of this machine that has ended is free at once.
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let ended = Holder { process: child.id(), ..Holder::this("ended") };
        lake.put("_locks/daily.json", ended.to_json()).await.unwrap();
        lake.lock("daily", Holder::this("next")).await.unwrap().release().await;
        // A lease that cannot be read is nobody's either.
        lake.put("_locks/daily.json", b"?".to_vec()).await.unwrap();
        lake.lock("daily", Holder::this("next")).await.unwrap();
    }
}
