//! One column of one row group, as it is encoded.

use std::sync::Arc;

use bytes::{Buf, Bytes};
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchReader};
use datafusion::arrow::compute::concat_batches;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::writer::SerializedRowGroupWriter;
use parquet::schema::types::ColumnDescPtr;

/// A chunk and the footer that describes it.
#[derive(Clone)]
pub(super) struct Chunk {
    pub footer: Arc<ParquetMetaData>,
    pub group: usize,
    pub leaf: usize,
    /// From its dictionary, if it has one, to the end of its last page.
    pub bytes: Bytes,
}

impl Chunk {
    fn metadata(&self) -> &ColumnChunkMetaData {
        self.footer.row_group(self.group).column(self.leaf)
    }

    /// The chunk in memory of its own, which it shares with nothing that was read with it.
    pub(super) fn alone(&self) -> Self {
        Self { bytes: Bytes::copy_from_slice(&self.bytes), ..self.clone() }
    }

    /// Whether both hold the same values of the same type. Bytes that are encoded and compressed in the same way need not
    /// be decoded for it: pages name their encodings themselves.
    pub(super) fn equals(&self, other: &Self) -> Result<bool> {
        let kind = |chunk: &Self| {
            let (metadata, column) = (chunk.metadata(), chunk.metadata().column_descr());
            let levels = (column.max_def_level(), column.max_rep_level());
            let types = (column.physical_type(), column.converted_type(), column.type_length());
            (metadata.compression_codec(), metadata.num_values(), types, levels)
        };
        let (ours, theirs) = (self.metadata().column_descr(), other.metadata().column_descr());
        let same_kind = kind(self) == kind(other) && ours.logical_type_ref() == theirs.logical_type_ref();
        if same_kind && self.bytes == other.bytes {
            return Ok(true);
        }
        Ok(self.decoded()?.as_ref() == other.decoded()?.as_ref())
    }

    fn decoded(&self) -> Result<ArrayRef> {
        let footer = ArrowReaderMetadata::try_new(self.footer.clone(), ArrowReaderOptions::new())?;
        let mask = ProjectionMask::leaves(self.footer.file_metadata().schema_descr(), [self.leaf]);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(self.clone(), footer);
        let reader = reader.with_row_groups(vec![self.group]).with_projection(mask).build()?;
        let schema = reader.schema();
        let batches = reader.collect::<std::result::Result<Vec<RecordBatch>, _>>()?;
        Ok(concat_batches(&schema, &batches)?.column(0).clone())
    }

    /// Appends it as the next column of a row group, which may have another name.
    pub(super) fn append_to<W: std::io::Write + Send>(
        &self,
        to: &mut SerializedRowGroupWriter<'_, W>,
        column: ColumnDescPtr,
    ) -> Result<()> {
        let metadata = renamed(self.metadata(), column)?;
        let pages = self.footer.offset_index().and_then(|index| index.get(self.group)?.get(self.leaf)).cloned();
        let close = ColumnCloseResult {
            bytes_written: metadata.compressed_size() as u64,
            rows_written: self.footer.row_group(self.group).num_rows() as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: pages,
        };
        to.append_column(self, close)
    }
}

/// The same chunk under another column.
fn renamed(chunk: &ColumnChunkMetaData, column: ColumnDescPtr) -> Result<ColumnChunkMetaData> {
    let stored = chunk.column_descr();
    if stored.physical_type() != column.physical_type() || stored.max_def_level() != column.max_def_level() {
        return Err(ParquetError::General(format!("{stored:?} cannot be stored as {column:?}")));
    }
    let mut renamed = ColumnChunkMetaData::builder(column)
        .set_compression_codec(chunk.compression_codec())
        .set_encodings_mask(*chunk.encodings_mask())
        .set_num_values(chunk.num_values())
        .set_total_compressed_size(chunk.compressed_size())
        .set_total_uncompressed_size(chunk.uncompressed_size())
        .set_data_page_offset(chunk.data_page_offset())
        .set_dictionary_page_offset(chunk.dictionary_page_offset())
        .set_unencoded_byte_array_data_bytes(chunk.unencoded_byte_array_data_bytes())
        .set_repetition_level_histogram(chunk.repetition_level_histogram().cloned())
        .set_definition_level_histogram(chunk.definition_level_histogram().cloned());
    if let Some(statistics) = chunk.statistics() {
        renamed = renamed.set_statistics(statistics.clone());
    }
    if let Some(encodings) = chunk.page_encoding_stats() {
        renamed = renamed.set_page_encoding_stats(encodings.clone());
    }
    renamed.build()
}

/// As a file of which only the chunk can be read, at the places where the footer says that things are.
impl Length for Chunk {
    fn len(&self) -> u64 {
        let (start, len) = self.metadata().byte_range();
        start + len
    }
}

impl ChunkReader for Chunk {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let len = self.len().saturating_sub(start) as usize;
        Ok(self.get_bytes(start, len)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let beyond = || ParquetError::EOF(format!("{length} bytes at {start} are not in the column chunk"));
        let from = start.checked_sub(self.metadata().byte_range().0).ok_or_else(beyond)? as usize;
        let end = from.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or_else(beyond)?;
        Ok(self.bytes.slice(from..end))
    }
}
