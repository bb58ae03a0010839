//! Writing sorted rows as Parquet files that are cut where the layout says.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, make_comparator};
use datafusion::arrow::compute::kernels::cmp::not_distinct;
use datafusion::arrow::compute::{SortOptions, cast, concat, partition};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;

use super::buffer::Buffer;
use super::checksum::ChecksumWriter;
use super::finite::NotFinite;
use super::place::{self, Place, write_error};
use super::{DataFile, Lake, LakeError, Layout, Result};

/// A new file begins at the first change of the leading sort column after this many rows: large enough to compress and
/// scan well, small enough that ten million rows give forty files to share among cores.
const ROWS_PER_FILE: usize = 256 * 1024;
/// Rows of a row group, the same for every dataset: those with the same rows then have the same row groups, and a column
/// can be copied from one to the other as it is encoded. Its columns stay in the cache while they are encoded: 128 Ki rows
/// cost a third more CPU time on the ten feature datasets, and a query for one ticker reads a whole group.
const ROWS_PER_ROW_GROUP: usize = 32 * 1024;
/// Rows of a page, of which a row group has a whole number. A writer compresses a page once it is full, and holds the rest
/// as it is.
const ROWS_PER_PAGE: usize = 8 * 1024;
/// The values by which the compression of a column is chosen come from so many places of the first rows, in most files from
/// several tickers: prices of a cheap one have few digits.
const SAMPLES: usize = 4;
/// Values at each of these places.
const SAMPLE: usize = 512;

/// Writes one folder of a dataset, batch by batch, in the order of its layout.
///
/// A file is never cut inside one value of the leading sort column. If the layout has splits, files are cut exactly
/// there as well, so that datasets with the same splits line up.
pub struct DatasetWriter {
    place: Place,
    schema: SchemaRef,
    layout: Layout,
    order: OrderCheck,
    open: Option<OpenFile>,
    done: Vec<DataFile>,
    starts: Vec<String>,
}

/// What a writer left in its folder.
#[derive(Debug, Default)]
pub struct Written {
    /// The files, in the order of their rows.
    pub files: Vec<DataFile>,
    /// The value of the leading sort column that each file begins with, if that column is text.
    pub starts: Vec<String>,
}

struct OpenFile {
    path: String,
    writer: ArrowWriter<Buffer>,
    buffer: Buffer,
    to: ChecksumWriter,
    rows: usize,
    range: usize,
    not_finite: NotFinite,
}

impl DatasetWriter {
    /// A writer into `folder` of `dataset`; file names are `<stem>-00000.parquet` and so on.
    ///
    /// # Errors
    /// If the layout sorts by a column that the schema lacks.
    pub fn new(
        lake: &Lake,
        dataset: &str,
        folder: &str,
        stem: &str,
        schema: SchemaRef,
        layout: &Layout,
    ) -> Result<Self> {
        let order = OrderCheck::new(dataset, &schema, layout)?;
        Ok(Self {
            place: Place::new(lake, dataset, folder, stem),
            schema,
            layout: layout.clone(),
            order,
            open: None,
            done: Vec::new(),
            starts: Vec::new(),
        })
    }

    /// Writes a batch that continues the order.
    ///
    /// # Errors
    /// If the rows are not sorted as the layout says, or storage fails.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.order.check(batch)?;
        for (start, end, boundary) in self.runs(batch) {
            let full = self.open.as_ref().is_some_and(|file| file.rows >= ROWS_PER_FILE);
            let range = self.range_at(batch, start);
            let crossed = self.open.as_ref().is_some_and(|file| file.range != range);
            if boundary && (full || crossed) {
                self.close().await?;
            }
            self.append(&batch.slice(start, end - start), range).await?;
        }
        Ok(())
    }

    /// Closes the last file and returns what was written.
    ///
    /// # Errors
    /// If storage fails.
    pub async fn finish(mut self) -> Result<Written> {
        self.close().await?;
        Ok(Written { files: self.done, starts: self.starts })
    }

    /// Stretches of a batch between which a file may be cut: `(start, end, starts a new leading value)`. Only as many
    /// as can matter: where a split is crossed, and where the open file becomes full.
    fn runs(&self, batch: &RecordBatch) -> Vec<(usize, usize, bool)> {
        let rows = batch.num_rows();
        let Some(leading) = self.order.leading(batch) else {
            return vec![(0, rows, true)];
        };
        let fits = ROWS_PER_FILE.saturating_sub(self.open.as_ref().map_or(0, |file| file.rows));
        let same_range = self.range_at(batch, 0) == self.range_at(batch, rows - 1)
            && self.open.as_ref().is_none_or(|file| file.range == self.range_at(batch, 0));
        if rows <= fits && same_range {
            return vec![(0, rows, false)];
        }
        let Ok(partitions) = partition(&[leading]) else {
            return vec![(0, rows, false)];
        };
        let opens = |start: usize| start > 0 || self.order.opens_value;
        partitions.ranges().into_iter().map(|run| (run.start, run.end, opens(run.start))).collect()
    }

    fn range_at(&self, batch: &RecordBatch, row: usize) -> usize {
        self.leading_text(batch, row).map_or(0, |value| self.layout.range_of(value))
    }

    fn leading_text<'b>(&self, batch: &'b RecordBatch, row: usize) -> Option<&'b str> {
        let leading = batch.column(*self.order.columns.first()?);
        let text = leading.as_string_opt::<i32>()?;
        text.is_valid(row).then(|| text.value(row))
    }

    async fn append(&mut self, rows: &RecordBatch, range: usize) -> Result<()> {
        let mut file = match self.open.take() {
            Some(file) => file,
            None => {
                self.starts.extend(self.leading_text(rows, 0).map(str::to_owned));
                self.create(range, rows)?
            }
        };
        for rows in by_page(file.rows, rows) {
            file.not_finite.observe(&rows);
            let written = file.writer.write(&rows);
            written.map_err(|source| write_error(&file.path, source))?;
            file.rows += rows.num_rows();
            file.pass_on().await?;
        }
        self.open = Some(file);
        Ok(())
    }

    /// A file that begins with the rows `first`.
    fn create(&self, range: usize, first: &RecordBatch) -> Result<OpenFile> {
        let (path, to) = self.place.file(self.done.len());
        let buffer = Buffer::default();
        let writer = ArrowWriter::try_new(buffer.clone(), self.schema.clone(), Some(properties(first)?));
        let writer = writer.map_err(|source| write_error(&path, source))?;
        Ok(OpenFile { path, writer, buffer, to, rows: 0, range, not_finite: NotFinite::new(&self.schema) })
    }

    async fn close(&mut self) -> Result<()> {
        let Some(OpenFile { path, writer, to, not_finite, .. }) = self.open.take() else {
            return Ok(());
        };
        let writer = writer.into_serialized_writer().map_err(|source| write_error(&path, source))?.0;
        let not_finite = not_finite.names(&self.schema);
        self.done.push(place::close(path, &self.schema, writer, to, not_finite).await?);
        Ok(())
    }
}

impl OpenFile {
    /// Passes row groups that are encoded on to the store. The next one will be about as large, so there is room for one that
    /// is a sixteenth larger.
    async fn pass_on(&mut self) -> Result<()> {
        let bytes = self.buffer.take();
        if bytes.is_empty() {
            return Ok(());
        }
        self.buffer.reserve(bytes.len() + bytes.len() / 16);
        self.to.write(bytes).await.map_err(|source| write_error(&self.path, source))
    }
}

/// Refuses rows that break the declared order, since every later query trusts it.
struct OrderCheck {
    dataset: String,
    columns: Vec<usize>,
    order: String,
    /// The layout's columns in the last row so far.
    last: Option<Vec<ArrayRef>>,
    /// Whether the current batch begins with another leading value than the last one ended with.
    opens_value: bool,
}

/// How the layout sorts.
const ASCENDING: SortOptions = SortOptions { descending: false, nulls_first: false };

impl OrderCheck {
    fn new(dataset: &str, schema: &Schema, layout: &Layout) -> Result<Self> {
        let missing = |column: &String| LakeError::Column {
            dataset: dataset.to_owned(),
            column: column.clone(),
            reason: "the statement sorts by it but does not select it".into(),
        };
        let columns = layout.sort.iter().map(|column| schema.index_of(column).map_err(|_| missing(column)));
        let columns: Vec<usize> = columns.collect::<Result<_>>()?;
        Ok(Self { dataset: dataset.to_owned(), columns, order: layout.sort.join(", "), last: None, opens_value: true })
    }

    fn leading(&self, batch: &RecordBatch) -> Option<ArrayRef> {
        self.columns.first().map(|at| batch.column(*at).clone())
    }

    fn check(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns: Vec<ArrayRef> = self.columns.iter().map(|at| batch.column(*at).clone()).collect();
        let Some(leading) = columns.first() else {
            return Ok(());
        };
        let rows = batch.num_rows();
        let mut sorted = is_sorted(&columns)?;
        self.opens_value = true;
        if let Some(last) = &self.last {
            let step = last.iter().zip(&columns).map(|(last, next)| Ok(concat(&[last, &next.slice(0, 1)])?));
            let step: Vec<ArrayRef> = step.collect::<Result<_>>()?;
            sorted &= is_sorted(&step)?;
            self.opens_value = make_comparator(&last[0], leading, ASCENDING)?(0, 0).is_ne();
        }
        if !sorted {
            return Err(LakeError::Unsorted { dataset: self.dataset.clone(), order: self.order.clone() });
        }
        self.last = Some(columns.iter().map(|column| column.slice(rows - 1, 1)).collect());
        Ok(())
    }
}

/// Whether the rows of these columns ascend, nulls last. Column by column: one is compared only within the rows that
/// are equal in the ones before it.
fn is_sorted(columns: &[ArrayRef]) -> Result<bool> {
    let Some((leading, rest)) = columns.split_first() else {
        return Ok(true);
    };
    let compare = make_comparator(leading, leading, ASCENDING)?;
    let equal = partition(std::slice::from_ref(leading))?.ranges();
    let ascends = equal.iter().skip(1).all(|run| compare(run.start - 1, run.start).is_lt());
    if !ascends || rest.is_empty() {
        return Ok(ascends);
    }
    for run in equal {
        let within: Vec<ArrayRef> = rest.iter().map(|column| column.slice(run.start, run.len())).collect();
        if !is_sorted(&within)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The rows of a batch page by page, `before` being those of the file before it. Pages then end where the file says and not
/// where a batch ends, and the same values are encoded to the same bytes.
pub(super) fn by_page(before: usize, rows: &RecordBatch) -> impl Iterator<Item = RecordBatch> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let len = (ROWS_PER_PAGE - (before + at) % ROWS_PER_PAGE).min(rows.num_rows() - at);
        let page = (len > 0).then(|| rows.slice(at, len));
        at += len;
        page
    })
}

/// How each column is stored, judged by the first rows of a file; measured for time of writing and reading, and size.
///
/// Dictionaries pay for tickers and dates, for floats building one costs more time than all the rest of writing. LZ4 halves
/// recorded values such as prices, and leaves little of those that repeat from session to session, as the ones of a filing do,
/// in half the time that zstd takes to write them and a third of the time to read them. Of most computed values, which use all
/// their digits, any method saves one byte in fifteen: these stay as they are. Texts that do not repeat from row to row, such as
/// notes, are long and rarely read; zstd makes most of them.
pub(super) fn properties(first: &RecordBatch) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(1).map_err(|source| write_error("", source))?;
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::LZ4_RAW)
        .set_max_row_group_row_count(Some(ROWS_PER_ROW_GROUP))
        .set_data_page_row_count_limit(ROWS_PER_PAGE)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for (field, column) in first.schema_ref().fields().iter().zip(first.columns()) {
        // A path of one name, whatever dots are in it.
        let path = ColumnPath::new(vec![field.name().clone()]);
        if field.data_type().is_floating() {
            builder = builder.set_column_dictionary_enabled(path.clone(), false);
        }
        builder = match field.data_type() {
            DataType::Utf8 if !repeats(column)? => builder.set_column_compression(path, Compression::ZSTD(level)),
            DataType::Float64 if !shrinks(column.as_primitive()) => {
                builder.set_column_compression(path, Compression::UNCOMPRESSED)
            }
            _ => builder,
        };
    }
    Ok(builder.build())
}

/// Whether LZ4 saves a third of the values tried, or there are none.
fn shrinks(values: &Float64Array) -> bool {
    let places = (0..SAMPLES).map(|place| (2 * place + 1) * values.len() / (2 * SAMPLES));
    let tried = places.flat_map(|start| (start..values.len()).take(SAMPLE)).filter(|at| values.is_valid(*at));
    let sample: Vec<u8> = tried.flat_map(|at| values.value(at).to_le_bytes()).collect();
    sample.is_empty() || lz4_flex::block::compress(&sample).len() * 3 <= sample.len() * 2
}

/// Whether most values are the one before.
fn repeats(values: &ArrayRef) -> Result<bool> {
    let pairs = values.len().saturating_sub(1);
    let equal = not_distinct(&values.slice(0, pairs), &values.slice(values.len() - pairs, pairs))?;
    Ok(equal.true_count() * 2 > values.len())
}

/// The types in which a query's columns are stored: all columns nullable, view and large types as their plain ones,
/// unsigned integers as signed, timestamps in microseconds UTC; what Delta readers of every kind understand.
///
/// # Errors
/// If a column has no storable type, such as a bare `NULL`.
pub fn storable_schema(dataset: &str, schema: &Schema) -> Result<SchemaRef> {
    let fields = schema.fields().iter().map(|field| {
        let data_type = storable_type(field.data_type()).ok_or_else(|| LakeError::Column {
            dataset: dataset.to_owned(),
            column: field.name().clone(),
            reason: format!("type {} has no stored form; cast it, for example `cast(x as double)`", field.data_type()),
        })?;
        Ok(Field::new(field.name(), data_type, true))
    });
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?)))
}

fn storable_type(data_type: &DataType) -> Option<DataType> {
    use DataType::*;
    Some(match data_type {
        Utf8 | LargeUtf8 | Utf8View => Utf8,
        Binary | LargeBinary | BinaryView => Binary,
        UInt8 => Int16,
        UInt16 => Int32,
        UInt32 | UInt64 => Int64,
        Float16 => Float32,
        Date32 | Date64 => Date32,
        Timestamp(_, _) => Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Dictionary(_, value) => storable_type(value)?,
        Boolean | Int8 | Int16 | Int32 | Int64 | Float32 | Float64 | Decimal128(_, _) => data_type.clone(),
        List(item) | LargeList(item) => List(Arc::new(Field::new(item.name(), storable_type(item.data_type())?, true))),
        _ => return None,
    })
}

/// Brings a batch to its stored types.
pub(crate) fn to_stored(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() {
            return Ok(column.clone());
        }
        cast(column, field.data_type())
    });
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(RecordBatch::try_new(schema.clone(), columns)?)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Date32Array, StringArray};

    use super::*;

    #[test]
    fn values_are_compressed_if_that_saves_a_third() {
        let shrink = |of: fn(usize) -> f64| shrinks(&(0..5_000).map(of).collect::<Vec<_>>().into());
        let price = |row: usize| ((row * 7_919) % 997) as f64 / 100.0;
        assert!(shrink(price));
        // A ratio of two prices, and one that stays for a quarter of a year.
        assert!(!shrink(|row| ((row * 7_919) % 997 + 1) as f64 / ((row * 31) % 1_009 + 1) as f64));
        assert!(shrink(|row| 1.0 / ((row / 63) as f64 + 3.0)));
        assert!(shrink(|_| f64::NAN));
        // What is missing says nothing.
        let root = |row: usize| (row as f64).sqrt();
        assert!(!shrinks(&(0..5_000).map(|row| (row > 4_000).then(|| root(row))).collect()));
        // Nor does one ticker for those that follow.
        assert!(!shrinks(&(0..5_000).map(|row| if row < 1_000 { 1.0 } else { root(row) }).collect::<Vec<_>>().into()));
        assert!(shrinks(&Float64Array::new_null(3)) && shrinks(&Float64Array::from(Vec::<f64>::new())));
    }

    #[test]
    fn keys_are_told_from_texts_that_do_not_repeat() {
        let texts = |of: fn(usize) -> String| Arc::new((0..100).map(|row| Some(of(row))).collect::<StringArray>());
        let columns: [(_, ArrayRef); 4] = [
            ("ticker", texts(|row| format!("T{}", row / 20))),
            ("date", Arc::new((0..100).map(Some).collect::<Date32Array>())),
            ("note", texts(|row| format!("row {row}"))),
            ("close", Arc::new((0..100).map(|row| Some(f64::from(row))).collect::<Float64Array>())),
        ];
        let properties = properties(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
        let compression = |name: &str| properties.compression(&ColumnPath::new(vec![name.to_owned()]));
        assert_eq!(["ticker", "date", "close"].map(compression), [Compression::LZ4_RAW; 3]);
        assert!(matches!(compression("note"), Compression::ZSTD(_)));
        let empty: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
        assert!(!repeats(&empty).unwrap());
    }
}
