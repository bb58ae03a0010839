//! CSV inside gzip and ZIP.

use std::fs::File;
use std::io::BufReader;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::{Counted, Sink, csv};
use crate::raw::{RawError, Result};

/// Reads a gzip file that holds CSV; several gzip streams in a row are one text, as for `gunzip`.
pub(super) fn read_gzip(name: &str, file: File, sink: &mut impl Sink) -> Result<()> {
    let (input, bytes) = Counted::new(file);
    csv::read(name, MultiGzDecoder::new(input), &bytes, sink)
}

/// Reads every `.csv` member of a ZIP archive in the archive's order; other members are left alone.
pub(super) fn read_zip(name: &str, file: File, sink: &mut impl Sink) -> Result<()> {
    let failed = |source| RawError::Zip { file: name.to_owned(), source };
    let (input, bytes) = Counted::new(file);
    let mut archive = ZipArchive::new(BufReader::new(input)).map_err(failed)?;
    let members: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let is_csv = |member: &&String| {
        // macOS adds a shadow file of its own to each member.
        member.to_ascii_lowercase().ends_with(".csv") && !member.starts_with("__MACOSX/")
    };
    let wanted: Vec<&String> = members.iter().filter(is_csv).collect();
    if wanted.is_empty() {
        return Err(RawError::NoCsvInZip { file: name.to_owned(), members: members.join(", ") });
    }
    for member in wanted {
        let input = archive.by_name(member).map_err(failed)?;
        csv::read(&format!("{name}/{member}"), input, &bytes, sink)?;
    }
    Ok(())
}
