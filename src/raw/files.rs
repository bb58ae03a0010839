//! Which files of a folder belong to which raw table.

use std::path::{Path, PathBuf};

use super::{RawError, RawTable, Result};

/// The endings of files that can be landed.
const ENDINGS: [&str; 5] = [".csv", ".csv.gz", ".zip", ".parquet", ".pq"];

/// The files of a folder, by the table they are for.
#[derive(Debug, Default)]
pub struct FolderListing {
    /// Tables that have files, in the order of [`RawTable::all`], and their files by name.
    pub tables: Vec<(&'static RawTable, Vec<PathBuf>)>,
    /// Files that belong to no table.
    pub ignored: Vec<PathBuf>,
}

/// Looks for `<table>.*` and `SHARADAR_<TABLE>*.*`, in any case, with an ending that can be read (`.csv`, `.csv.gz`,
/// `.zip`, `.parquet`, `.pq`). Folders inside are not entered.
///
/// # Errors
/// If the folder cannot be listed.
pub fn list_folder(folder: &Path) -> Result<FolderListing> {
    let failed = |source| RawError::Folder { folder: folder.display().to_string(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !path.is_dir() {
            files.push(path);
        }
    }
    // Vendors put the date into the name, so the order of names is the order of time.
    files.sort();
    let (known, ignored): (Vec<_>, Vec<_>) =
        files.into_iter().map(|path| (table_of(&path), path)).partition(|(table, _)| table.is_some());
    let files_of = |table: &RawTable| {
        let own = known.iter().filter(|(of, _)| of.is_some_and(|of| of.name == table.name));
        own.map(|(_, path)| path.clone()).collect::<Vec<_>>()
    };
    let tables = RawTable::all().iter().map(|table| (table, files_of(table)));
    Ok(FolderListing {
        tables: tables.filter(|(_, files)| !files.is_empty()).collect(),
        ignored: ignored.into_iter().map(|(_, path)| path).collect(),
    })
}

fn table_of(path: &Path) -> Option<&'static RawTable> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    if !ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        return None;
    }
    let stem = match name.strip_prefix("sharadar_") {
        // What follows the table's name is the vendor's: `SHARADAR_SEP_2024-01-05.parquet`.
        Some(rest) => rest.split(|c: char| !c.is_ascii_alphanumeric()).next()?,
        None => name.split('.').next()?,
    };
    RawTable::find(stem).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        let of = |name: &str| table_of(Path::new(name)).map(|table| table.name);
        assert_eq!(of("d/sep.parquet"), Some("sep"));
        assert_eq!(of("SEP.CSV.GZ"), Some("sep"));
        assert_eq!(of("SHARADAR_SEP_2024-01-05.parquet"), Some("sep"));
        assert_eq!(of("sharadar_sf1.zip"), Some("sf1"));
        assert_eq!(of("SHARADAR_SF3-3a.csv"), Some("sf3"));
        assert_eq!(of("SHARADAR_SF3A_2024.csv"), None, "another table of the vendor");
        assert_eq!(of("sep_old.csv"), None);
        assert_eq!(of("tickers.json"), None);
        assert_eq!(of("README.md"), None);
    }

    #[test]
    fn a_folder_is_sorted_by_table_and_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["SHARADAR_SEP_2024-01-03.csv", "SHARADAR_SEP_2024-01-02.csv", "sf1.zip", "gen.json"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(folder.path().join("daily.csv")).unwrap();
        let listing = list_folder(folder.path()).unwrap();
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let found: Vec<_> = listing
            .tables
            .iter()
            .map(|(table, files)| (table.name, files.iter().map(name).collect::<Vec<_>>()))
            .collect();
        let days = vec!["SHARADAR_SEP_2024-01-02.csv".to_owned(), "SHARADAR_SEP_2024-01-03.csv".to_owned()];
        assert_eq!(found, [("sep", days), ("sf1", vec!["sf1.zip".to_owned()])]);
        assert_eq!(listing.ignored.iter().map(name).collect::<Vec<_>>(), ["gen.json"]);
        assert!(matches!(list_folder(&folder.path().join("nowhere")), Err(RawError::Folder { .. })));
    }
}
