//! Writing the files of a splice, row group by row group.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use futures::future::try_join_all;
use futures::{StreamExt, TryStreamExt, stream};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves};
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::ColumnDescPtr;

use super::chunk::Chunk;
use super::comparison::Comparison;
use super::donor::Donor;
use super::{Splice, Step};
use crate::lake::buffer::Buffer;
use crate::lake::checksum::ChecksumWriter;
use crate::lake::finite::NotFinite;
use crate::lake::place::{self, Place, write_error};
use crate::lake::writer::{by_page, properties};
use crate::lake::{DataFile, Lake, LakeError, Result, Written};

/// Requests under way at once: enough to hide the distance of a store, few enough to hold little.
const REQUESTS: usize = 4;

/// Writes one range of a splice into a folder: files like those of the first dataset, with its row groups.
///
/// It is given the rows of the columns that are not copied, in the order of the first dataset and as many; once it has
/// those of a row group, it copies the rest. Holds the encoded rows of one row group and a few requests.
pub(crate) struct SpliceWriter {
    splice: Arc<Splice>,
    steps: Vec<Step>,
    place: Place,
    /// The files of the first dataset that are left.
    files: VecDeque<usize>,
    open: Option<OpenFile>,
    done: Vec<DataFile>,
    starts: Vec<String>,
}

impl SpliceWriter {
    /// A writer into `folder` of `dataset`, for these files of the first dataset. The rows begin with the leading column of
    /// the dataset's order.
    pub(crate) fn new(
        lake: &Lake,
        dataset: &str,
        folder: &str,
        stem: &str,
        splice: Arc<Splice>,
        files: Vec<usize>,
    ) -> Self {
        let place = Place::new(lake, dataset, folder, stem);
        let steps = splice.steps();
        Self { splice, steps, place, files: files.into(), open: None, done: Vec::new(), starts: Vec::new() }
    }

    /// Takes the rows that follow.
    ///
    /// # Errors
    /// [`LakeError::Unlike`] if the datasets turn out not to have the same rows; the table must be computed then.
    pub(crate) async fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let given = rows.project(&self.splice.given())?;
        let mut at = 0;
        while at < rows.num_rows() {
            let mut file = match self.open.take() {
                Some(file) => file,
                None => self.next(rows, &given, at).await?,
            };
            let len = file.missing().min(rows.num_rows() - at);
            file.encode(&given.slice(at, len))?;
            at += len;
            if file.missing() == 0 {
                file.close_group(&self.splice, &self.steps).await?;
            }
            match file.groups.is_empty() {
                true => self.done.push(file.close(&self.splice).await?),
                false => self.open = Some(file),
            }
        }
        Ok(())
    }

    /// What was written.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(crate) fn finish(self) -> Result<Written> {
        match self.open.is_none() && self.files.is_empty() {
            true => Ok(Written { files: self.done, starts: self.starts }),
            false => Err(self.rows_differ()),
        }
    }

    /// The file that begins with this row.
    async fn next(&mut self, rows: &RecordBatch, given: &RecordBatch, at: usize) -> Result<OpenFile> {
        let file = self.files.pop_front().ok_or_else(|| self.rows_differ())?;
        let leading = rows.columns().first().and_then(|column| column.as_string_opt::<i32>());
        self.starts.extend(leading.filter(|text| text.is_valid(at)).map(|text| text.value(at).to_owned()));
        let donors = try_join_all(self.splice.datasets.iter().map(|dataset| Donor::open(dataset, file))).await?;
        let (path, to) = self.place.file(self.done.len());
        OpenFile::new(&self.splice, donors, path, to, &given.slice(at, given.num_rows() - at))
    }

    fn rows_differ(&self) -> LakeError {
        let dataset = self.splice.datasets.first().map_or("", |dataset| dataset.snapshot().dataset());
        LakeError::Unlike { dataset: dataset.to_owned(), reason: "the rows to join are not as many".to_owned() }
    }
}

/// A file on its way.
struct OpenFile {
    path: String,
    donors: Vec<Donor>,
    writer: SerializedFileWriter<Buffer>,
    buffer: Buffer,
    to: ChecksumWriter,
    /// The rows that each row group still lacks; the first one is open.
    groups: VecDeque<usize>,
    /// What encodes the rows, and those of the open row group.
    encoders: ArrowRowGroupWriterFactory,
    group: Vec<ArrowColumnWriter>,
    rows: SchemaRef,
    /// How many rows there were so far.
    encoded: usize,
    not_finite: NotFinite,
}

impl OpenFile {
    /// A file whose encoded columns begin with the rows `first`.
    fn new(splice: &Splice, donors: Vec<Donor>, path: String, to: ChecksumWriter, first: &RecordBatch) -> Result<Self> {
        let groups = donors.first().map(Donor::row_groups).unwrap_or_default();
        let odd = |donor: &&Donor| donor.row_groups() != groups || groups.is_empty() || groups.contains(&0);
        if let Some(donor) = donors.iter().find(odd) {
            return Err(donor.unlike("its row groups are others"));
        }
        let (properties, buffer) = (properties(first)?, Buffer::default());
        let writers = |schema: &SchemaRef, to: &Buffer| {
            let writer = ArrowWriter::try_new(to.clone(), schema.clone(), Some(properties.clone()));
            writer.and_then(ArrowWriter::into_serialized_writer).map_err(|source| write_error(&path, source))
        };
        let (writer, _) = writers(&splice.schema, &buffer)?;
        let rows = first.schema();
        let (_, encoders) = writers(&rows, &Buffer::default())?;
        let (groups, group, not_finite) = (groups.into(), Vec::new(), NotFinite::new(&rows));
        Ok(Self { path, donors, writer, buffer, to, groups, encoders, group, rows, encoded: 0, not_finite })
    }

    /// The rows that the open row group lacks.
    fn missing(&self) -> usize {
        self.groups.front().copied().unwrap_or(0)
    }

    /// Adds rows to the open row group.
    fn encode(&mut self, rows: &RecordBatch) -> Result<()> {
        for rows in by_page(self.encoded, rows) {
            self.not_finite.observe(&rows);
            self.encode_columns(&rows).map_err(|source| write_error(&self.path, source))?;
        }
        self.encoded += rows.num_rows();
        if let Some(missing) = self.groups.front_mut() {
            *missing -= rows.num_rows();
        }
        Ok(())
    }

    fn encode_columns(&mut self, rows: &RecordBatch) -> Result<(), ParquetError> {
        if self.group.is_empty() {
            self.group = self.encoders.create_column_writers(self.writer.flushed_row_groups().len())?;
        }
        let mut writers = self.group.iter_mut();
        for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
            let stretches = stretches(column).into_iter().map(|stretch| compute_leaves(field, &stretch));
            let stretches = stretches.collect::<Result<Vec<_>, _>>()?;
            for leaf in 0..stretches.first().map_or(0, Vec::len) {
                let writer = writers.next().ok_or_else(no_column)?;
                stretches.iter().try_for_each(|leaves| writer.write(&leaves[leaf]))?;
            }
        }
        Ok(())
    }

    /// Lays the columns of the open row group side by side, step by step, and passes them on to the store.
    async fn close_group(&mut self, splice: &Splice, steps: &[Step]) -> Result<()> {
        let Self { path, donors, writer, buffer, to, groups, group, .. } = self;
        let failed = |source| write_error(path, source);
        let number = writer.flushed_row_groups().len();
        groups.pop_front();
        let given = group.drain(..).map(ArrowColumnWriter::close).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let mut given = given.into_iter();
        let mut columns = leaves(writer);
        let mut requests = stream::iter(requests(splice, steps, donors, number)).buffered(REQUESTS);
        let mut comparison = Comparison::new(&splice.equal, donors);
        let mut out = writer.next_row_group().map_err(failed)?;
        for step in steps {
            let copied = match step.dataset {
                Some(dataset) => {
                    let chunks = requests.try_next().await?.unwrap_or_default();
                    comparison.take(dataset, &step.compared, chunks)?
                }
                None => Vec::new(),
            };
            let encoded = match step.dataset {
                Some(_) => 0,
                None => columns.iter().take_while(|(_, root)| step.columns.contains(root)).count(),
            };
            let encoded = given.as_slice().iter().take(encoded).map(|chunk| chunk.close().bytes_written as usize);
            buffer.reserve(copied.iter().map(|chunk| chunk.bytes.len()).chain(encoded).sum());
            let mut copied = copied.into_iter();
            while let Some(column) = columns.pop_front_if(|(_, root)| step.columns.contains(root)) {
                append(&mut out, column.0, copied.next(), &mut given).map_err(failed)?;
            }
            to.write(buffer.take()).await.map_err(failed)?;
        }
        out.close().map_err(failed)?;
        Ok(())
    }

    async fn close(self, splice: &Splice) -> Result<DataFile> {
        // What is copied is finite.
        let not_finite = self.not_finite.names(&self.rows);
        place::close(self.path, &splice.schema, self.writer, self.to, not_finite).await
    }
}

/// A column in stretches that have values, or none, throughout: of these the levels are one number and a count. A feature has
/// no values while its window fills, so there are a few stretches in each ticker; a column with many is left as it is.
fn stretches(column: &ArrayRef) -> Vec<ArrayRef> {
    const MOST: usize = 32;
    let Some(nulls) = column.nulls().filter(|nulls| nulls.null_count() > 0) else {
        return vec![column.clone()];
    };
    let valid: Vec<(usize, usize)> = nulls.valid_slices().take(MOST + 1).collect();
    if valid.len() > MOST {
        return vec![column.clone()];
    }
    let ends = valid.into_iter().flat_map(|(start, end)| [start, end]).chain([column.len()]);
    let stretches = ends.scan(0, |start, end| {
        let stretch = column.slice(*start, end - *start);
        *start = end;
        Some(stretch)
    });
    stretches.filter(|stretch| !stretch.is_empty()).collect()
}

/// The requests of the steps that read, in their order. Each asks for what is compared, then for what is copied.
fn requests<'a>(
    splice: &Splice,
    steps: &[Step],
    donors: &'a [Donor],
    group: usize,
) -> Vec<impl Future<Output = Result<Vec<Chunk>>> + use<'a>> {
    let request = |step: &Step| {
        let columns = step.compared.iter().copied().chain(step.copied(splice)).collect();
        Some(donors[step.dataset?].chunks(group, columns))
    };
    steps.iter().filter_map(request).collect()
}

/// The columns of a file as Parquet stores them, each with the position of the table's column that it belongs to.
fn leaves(writer: &SerializedFileWriter<Buffer>) -> VecDeque<(ColumnDescPtr, usize)> {
    let schema = writer.schema_descr();
    let root = |(leaf, column): (usize, &ColumnDescPtr)| (column.clone(), schema.get_column_root_idx(leaf));
    schema.columns().iter().enumerate().map(root).collect()
}

/// Appends a copied chunk, or else the next one of those that were encoded.
fn append(
    out: &mut SerializedRowGroupWriter<'_, Buffer>,
    column: ColumnDescPtr,
    copied: Option<Chunk>,
    encoded: &mut impl Iterator<Item = ArrowColumnChunk>,
) -> Result<(), ParquetError> {
    match copied {
        Some(chunk) => chunk.append_to(out, column),
        None => encoded.next().ok_or_else(no_column)?.append_to_row_group(out),
    }
}

fn no_column() -> ParquetError {
    ParquetError::General("a row group has not the columns of its table".to_owned())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::Float64Array;
    use datafusion::arrow::compute::concat;
    use datafusion::arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    /// Which rows have a value.
    type Valid = fn(usize) -> bool;

    fn column(valid: Valid, rows: usize) -> ArrayRef {
        Arc::new((0..rows).map(|row| valid(row).then_some((row as f64).sqrt())).collect::<Float64Array>())
    }

    /// A file with a column that is written in these pieces.
    fn file(whole: &ArrayRef, pieces: &[ArrayRef]) -> Vec<u8> {
        let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Float64, true)]));
        let batch = RecordBatch::try_new(schema.clone(), vec![whole.clone()]).unwrap();
        let buffer = Buffer::default();
        let writer = ArrowWriter::try_new(buffer.clone(), schema.clone(), Some(properties(&batch).unwrap())).unwrap();
        let (mut writer, encoders) = writer.into_serialized_writer().unwrap();
        let mut column = encoders.create_column_writers(0).unwrap().remove(0);
        for piece in pieces {
            column.write(&compute_leaves(schema.field(0), piece).unwrap()[0]).unwrap();
        }
        let mut group = writer.next_row_group().unwrap();
        column.close().unwrap().append_to_row_group(&mut group).unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        buffer.take().to_vec()
    }

    #[test]
    fn a_column_is_cut_where_values_begin_and_end_if_that_is_rare() {
        let cases: [(Valid, usize); 6] = [
            (|_| true, 1),
            (|_| false, 1),
            (|row| row % 2 == 0, 1),
            (|row| row % 300 >= 20, 8),
            (|row| row % 300 < 280, 7),
            (|row| (1..999).contains(&row), 3),
        ];
        for (valid, expected) in cases {
            let column = column(valid, 1_000);
            let found = stretches(&column);
            assert_eq!(found.len(), expected);
            assert_eq!(&concat(&found.iter().map(AsRef::as_ref).collect::<Vec<_>>()).unwrap(), &column);
            let alike = |stretch: &ArrayRef| [0, stretch.len()].contains(&stretch.null_count());
            assert!(expected == 1 || found.iter().all(alike));
        }
        assert_eq!(stretches(&column(|_| true, 0)).len(), 1);
    }

    #[test]
    fn stretches_are_stored_as_the_whole_column_is() {
        let cases: [Valid; 6] = [
            |_| true,
            |_| false,
            |row| row % 1_000 >= 252,
            |row| row % 700 < 690,
            |row| row % 400 >= 1,
            |row| (3..8_190).contains(&row),
        ];
        for valid in cases {
            let column = column(valid, 8_192);
            assert_eq!(file(&column, &stretches(&column)), file(&column, std::slice::from_ref(&column)));
        }
    }
}
