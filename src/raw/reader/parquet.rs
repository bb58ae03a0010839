//! Parquet files.

use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::errors::ParquetError;

use super::{BATCH_ROWS, Chunk, Origin, Sink, Source, column_names};
use crate::raw::{RawError, Result};

/// Reads a Parquet file row group by row group.
pub(super) fn read(name: &str, file: File, sink: &mut impl Sink) -> Result<()> {
    let failed = |source| RawError::Parquet { file: name.to_owned(), source };
    let size = file.metadata().map_err(|source| RawError::Read { file: name.to_owned(), source })?.len();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
    let total = builder.metadata().file_metadata().num_rows().max(1) as u64;
    let names = column_names(name, builder.schema().fields().iter().map(|f| f.name().as_str()))?;
    let fields = builder.schema().fields().iter().zip(names);
    let fields = fields.map(|(field, name)| Field::new(name, field.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    sink.begin(&Source { name: name.to_owned(), schema: schema.clone(), is_csv: false })?;

    let mut rows_read = 0;
    for batch in builder.with_batch_size(BATCH_ROWS).build().map_err(failed)? {
        let batch = batch.map_err(|source| failed(ParquetError::from(source)))?;
        let first_row = rows_read + 1;
        rows_read += batch.num_rows() as u64;
        // How far the decoder is in the file is not known; rows are as good a measure.
        let bytes = (size as u128 * rows_read as u128 / total as u128) as u64;
        let rows = RecordBatch::try_new(schema.clone(), batch.columns().to_vec())?;
        sink.chunk(&Chunk::new(rows.clone(), Vec::new(), bytes, Origin::Parquet { first_row, rows }))?;
    }
    Ok(())
}
