//! Reading the files of a pull back, a few columns at a time.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::{Pull, Result, VendorError};

impl Pull {
    /// Gives the values of `columns`, in that order, of every row to `row`.
    ///
    /// # Errors
    /// [`VendorError::MissingColumn`] if a column is not there; [`VendorError::Damaged`] or [`VendorError::Io`] if a file cannot be read.
    pub fn for_each_row(&self, columns: &[&str], mut row: impl FnMut(&[&[u8]])) -> Result<()> {
        let header = &self.manifest.columns;
        let position = |column: &&str| {
            header.iter().position(|name| name == column).ok_or_else(|| VendorError::MissingColumn {
                asked: self.manifest.request.to_string(),
                column: (*column).to_owned(),
                found: header.join(", "),
            })
        };
        let positions = columns.iter().map(position).collect::<Result<Vec<_>>>()?;
        for path in self.files() {
            for_each_csv(&path, &mut |text| {
                let (mut reader, mut record) = (csv::Reader::from_reader(text), csv::ByteRecord::new());
                while reader.read_byte_record(&mut record).map_err(|error| error.to_string())? {
                    let values: Vec<&[u8]> = positions.iter().map(|at| record.get(*at).unwrap_or_default()).collect();
                    row(&values);
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Opens a `.csv.gz`, or each `.csv` of a ZIP archive, and gives its text to `read`, which says what is wrong with it.
pub(super) fn for_each_csv(path: &Path, read: &mut dyn FnMut(&mut dyn Read) -> Result<(), String>) -> Result<()> {
    let damaged = |reason: String| VendorError::Damaged { path: path.to_owned(), reason };
    let file = BufReader::new(File::open(path).map_err(VendorError::io(path))?);
    if path.extension().is_some_and(|extension| extension == "gz") {
        return read(&mut MultiGzDecoder::new(file)).map_err(damaged);
    }
    let mut archive = ZipArchive::new(file).map_err(|error| damaged(error.to_string()))?;
    let mut found = false;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| damaged(error.to_string()))?;
        if member.name().to_ascii_lowercase().ends_with(".csv") {
            found = true;
            read(&mut member).map_err(damaged)?;
        }
    }
    if found { Ok(()) } else { Err(damaged("it holds no .csv file".to_owned())) }
}
