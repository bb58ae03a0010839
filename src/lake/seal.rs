//! The seal of a version: a checksum over all that the log says of it, kept in the log and compared whenever the version
//! is opened.
//!
//! A log entry with a flipped bit, or without its last lines, is often still a valid entry: of other files, other row
//! counts or another order. The seal covers the outcome of reading the log (schema, layout, and for each file its path,
//! size, statistics and checksums), so that it also covers older entries, checkpoints and entries that are lost.
//!
//! It stands in the table's configuration as `version:crc`, which other Delta programs keep when they commit. A version of
//! theirs is newer than the seal and counts as it is. So that a lost seal is not taken for such a version, each file says
//! in which version Kairos added it.

use std::collections::BTreeMap;

use crc32fast::Hasher;
use deltalake_core::DeltaTableError;
use deltalake_core::kernel::{Add, Metadata, MetadataExt};

/// Where the seal stands in the table's configuration.
const SEAL_KEY: &str = "kairos.seal";
/// Where the version that added a file stands among the file's tags.
pub(super) const VERSION_KEY: &str = "kairos.version";

/// What the log says of each file of a version, summed up, by path.
#[derive(Debug, Clone, Default)]
pub(super) struct Entries {
    files: BTreeMap<String, u32>,
    /// The newest version that added a file, as far as is known.
    newest: Option<u64>,
}

impl Entries {
    pub(super) fn insert(&mut self, add: &Add) {
        let size = add.size.to_string();
        let mut tags: Vec<(&String, &Option<String>)> = add.tags.iter().flatten().collect();
        tags.sort();
        let tags = tags.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_deref().unwrap_or_default()]);
        let parts = [add.path.as_str(), &size, add.stats.as_deref().unwrap_or_default()];
        self.files.insert(add.path.clone(), crc(parts.into_iter().chain(tags)));
        self.newest = self.newest.max(tag(add, VERSION_KEY).and_then(|version| version.parse().ok()));
    }

    pub(super) fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    fn crc(&self, metadata: &Metadata) -> Result<u32, DeltaTableError> {
        // As it stands in the log, whatever a library makes of it.
        let text = serde_json::to_value(metadata)?;
        let schema = text["schemaString"].as_str().unwrap_or_default().to_owned();
        let configuration: BTreeMap<_, _> =
            metadata.configuration().iter().filter(|(name, _)| *name != SEAL_KEY).collect();
        let configuration = configuration.into_iter().flat_map(|(name, value)| [name.clone(), value.clone()]);
        let files = self.files.iter().map(|(path, crc)| format!("{path} {crc:08x}"));
        Ok(crc([schema].into_iter().chain(configuration).chain(files)))
    }
}

/// A tag of a file.
pub(super) fn tag<'a>(add: &'a Add, name: &str) -> Option<&'a str> {
    add.tags.as_ref()?.get(name)?.as_deref()
}

/// The metadata with the seal of this version.
pub(super) fn close(metadata: Metadata, version: u64, entries: &Entries) -> Result<Metadata, DeltaTableError> {
    let seal = format!("{version}:{:08x}", entries.crc(&metadata)?);
    Ok(metadata.add_config_key(SEAL_KEY.to_owned(), seal)?)
}

/// Whether the version is what was committed, as far as its seal can tell.
pub(super) fn holds(metadata: &Metadata, version: u64, entries: &Entries) -> Result<bool, DeltaTableError> {
    let Some(text) = metadata.configuration().get(SEAL_KEY) else {
        // From before there were seals, or made by another program; unless a file says otherwise.
        return Ok(entries.newest.is_none());
    };
    let sealed =
        text.split_once(':').and_then(|(of, crc)| Some((of.parse().ok()?, u32::from_str_radix(crc, 16).ok()?)));
    Ok(match sealed {
        Some((of, crc)) if of == version => crc == entries.crc(metadata)?,
        Some((of, _)) => of < version && entries.newest.is_none_or(|newest| newest <= of),
        None => false,
    })
}

/// The CRC-32 of texts and where they end.
fn crc<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> u32 {
    let mut crc = Hasher::new();
    for text in texts {
        crc.update(&(text.as_ref().len() as u64).to_le_bytes());
        crc.update(text.as_ref().as_bytes());
    }
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use deltalake_core::kernel::{DataType, StructField, StructType, new_metadata};

    use super::*;

    fn file(path: &str, version: u64, stats: &str) -> Add {
        let tags = [(VERSION_KEY.to_owned(), Some(version.to_string()))].into();
        Add { path: path.to_owned(), size: 10, stats: Some(stats.to_owned()), tags: Some(tags), ..Default::default() }
    }

    fn entries(files: &[Add]) -> Entries {
        let mut entries = Entries::default();
        files.iter().for_each(|file| entries.insert(file));
        entries
    }

    #[test]
    fn a_seal_tells_what_was_committed_from_what_was_not() {
        let column = |name| StructType::try_new([StructField::nullable(name, DataType::LONG)]).unwrap();
        let of = |name, layout: &str| {
            new_metadata(&column(name), Vec::<String>::new(), [("kairos.layout".to_owned(), layout.to_owned())])
                .unwrap()
        };
        let metadata = of("x", "sorted");
        let (a, b) = (file("a", 6, "{1}"), file("b", 7, "{2}"));
        let whole = entries(&[b.clone(), a.clone()]);
        let sealed = close(metadata.clone(), 7, &whole).unwrap();
        let holds = |metadata: &Metadata, version, files: &[Add]| holds(metadata, version, &entries(files)).unwrap();
        assert!(holds(&sealed, 7, &[a.clone(), b.clone()]));
        // A file lost, left, or with other statistics; another schema or layout.
        let alone = std::slice::from_ref(&a);
        assert!(!holds(&sealed, 7, alone) && !holds(&sealed, 7, &[a.clone(), b.clone(), file("c", 5, "")]));
        assert!(!holds(&sealed, 7, &[a.clone(), file("b", 7, "{3}")]));
        let seal = sealed.configuration()[SEAL_KEY].clone();
        for other in [of("y", "sorted"), of("x", "unsorted")] {
            let other = other.add_config_key(SEAL_KEY.to_owned(), seal.clone()).unwrap();
            assert!(!holds(&other, 7, &[a.clone(), b.clone()]));
        }
        // A later version of another program, and one of ours that lost its seal.
        let foreign = Add { tags: None, ..file("c", 0, "") };
        assert!(holds(&sealed, 8, &[a.clone(), foreign.clone()]));
        assert!(!holds(&sealed, 8, &[a.clone(), file("c", 8, "")]) && !holds(&sealed, 6, std::slice::from_ref(&a)));
        assert!(!holds(&metadata, 7, &[a, b]) && holds(&metadata, 7, &[foreign]));
    }
}
