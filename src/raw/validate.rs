//! From the columns of a file to the columns of its table, whole columns at a time.
//!
//! A cell is bad if it has text that is not of the column's type, if it is infinite, or if it is empty in a mandatory
//! column. Cells are cast by arrow; the ones that had a value before and have none after are the bad ones.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch,
};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::compute::{can_cast_types, cast, filter_record_batch, is_not_null, nullif};
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, Float64Type, Schema, SchemaRef, TimeUnit};
use datafusion::arrow::util::display::array_value_to_string;

use super::reader::Source;
use super::schema::RawTable;
use super::{RawError, Result};
use crate::lake::storable_schema;

/// How one file's columns become its table's.
#[derive(Debug)]
pub(super) struct Conversion {
    columns: Vec<Column>,
    schema: SchemaRef,
    is_csv: bool,
}

#[derive(Debug)]
struct Column {
    /// Position in the file.
    source: usize,
    mandatory: bool,
}

/// A cell that keeps its row out of the table.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BadCell {
    /// Row within the batch.
    pub row: usize,
    /// The column's name.
    pub column: String,
    /// What the file has there; `None` if nothing.
    pub value: Option<String>,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A batch in the table's types, and the cells that cost it rows.
pub(super) struct Converted {
    /// The good rows.
    pub rows: RecordBatch,
    /// The first bad cell of each bad row, ascending by row.
    pub bad: Vec<BadCell>,
}

impl Conversion {
    /// Matches the columns of a file with those of `table`. `extras` are columns that the vendor's list does not have
    /// but the stored table or an earlier file has; they keep the type they got there.
    ///
    /// # Errors
    /// If required columns are missing or a type cannot be converted.
    pub fn new(table: &RawTable, extras: &Schema, source: &Source) -> Result<Self> {
        let known = table.schema();
        let missing = table.required.iter().filter(|name| source.schema.index_of(name).is_err());
        let missing: Vec<&str> = missing.copied().collect();
        if !missing.is_empty() {
            let found = source.schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>();
            let (missing, found) = (missing.join(", "), found.join(", "));
            return Err(RawError::MissingColumns { file: source.name.clone(), table: table.name, missing, found });
        }
        let (mut fields, mut columns) = (Vec::new(), Vec::new());
        let mut add = |at: usize, target: &Field| {
            let mandatory = table.is_mandatory(target.name());
            columns.push(Column { source: at, mandatory });
            fields.push(target.clone().with_nullable(true));
        };
        for field in known.fields() {
            if let Ok(at) = source.schema.index_of(field.name()) {
                check_type(source, at, field.data_type(), true)?;
                add(at, field);
            }
        }
        for (at, field) in source.schema.fields().iter().enumerate() {
            if known.index_of(field.name()).is_err() {
                let target = match extras.field_with_name(field.name()) {
                    Ok(extra) => extra.clone(),
                    Err(_) => extra_field(table, source, field)?,
                };
                check_type(source, at, target.data_type(), false)?;
                add(at, &target);
            }
        }
        Ok(Self { columns, schema: Arc::new(Schema::new(fields)), is_csv: source.is_csv })
    }

    /// The columns that the file has, in the table's order, then the others in the file's.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Converts a batch and leaves out the bad rows.
    ///
    /// # Errors
    /// Only if arrow cannot cast a type that it said it can.
    pub fn convert(&self, batch: &RecordBatch) -> Result<Converted> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        let mut bad: Vec<BadCell> = Vec::new();
        for (column, field) in self.columns.iter().zip(self.schema.fields()) {
            let raw = batch.column(column.source);
            let typed = match field.data_type() {
                DataType::Date32 if column.mandatory => to_key_dates(raw)?,
                target => self.convert_column(raw, target)?,
            };
            let missing = |at: usize| column.mandatory && typed.values.is_null(at);
            if typed.has_bad_cells || (column.mandatory && typed.values.null_count() > 0) {
                let rows = (0..batch.num_rows()).filter(|at| typed.bad.value(*at) || missing(*at));
                bad.extend(rows.map(|row| self.bad_cell(raw, field, row)));
            }
            arrays.push(typed.values);
        }
        let rows = RecordBatch::try_new(self.schema.clone(), arrays)?;
        if bad.is_empty() {
            return Ok(Converted { rows, bad });
        }
        // The sort is stable, so the first of a row's bad cells stays first.
        bad.sort_by_key(|cell| cell.row);
        bad.dedup_by_key(|cell| cell.row);
        let mut keep = vec![true; rows.num_rows()];
        bad.iter().for_each(|cell| keep[cell.row] = false);
        Ok(Converted { rows: filter_record_batch(&rows, &BooleanArray::from(keep))?, bad })
    }

    fn bad_cell(&self, raw: &ArrayRef, field: &Field, row: usize) -> BadCell {
        let value = raw.is_valid(row).then(|| array_value_to_string(raw, row).unwrap_or_default());
        let value = value.filter(|text| !text.is_empty());
        let is_infinite = |text: &String| text.parse::<f64>().is_ok_and(|x| !x.is_finite());
        let reason = match (&value, field.data_type()) {
            (None, _) => "a value is required here",
            (Some(text), DataType::Float64) if is_infinite(text) => "is not a finite number",
            (_, DataType::Float64 | DataType::Float32) => "is not a number",
            (_, DataType::Int64) => "is not a whole number",
            (_, DataType::Date32) => "is not a date (expected YYYY-MM-DD, from 1800 to 2199)",
            (_, DataType::Utf8) => "is not UTF-8 text",
            _ => "does not fit the column's type",
        };
        BadCell { row, column: field.name().clone(), value, reason }
    }

    fn convert_column(&self, raw: &ArrayRef, target: &DataType) -> Result<Typed> {
        let raw = match raw.data_type() {
            DataType::Dictionary(_, values) => cast(raw, values)?,
            _ => raw.clone(),
        };
        match target {
            DataType::Float64 => to_numbers(&raw),
            DataType::Float32 => {
                let typed = to_numbers(&raw)?;
                Ok(Typed { values: cast(&typed.values, target)?, ..typed })
            }
            DataType::Int64 => to_integers(&raw),
            DataType::Utf8 if !self.is_csv => to_text(&raw),
            _ => Ok(Typed::after_cast(&raw, cast(&raw, target)?)),
        }
    }
}

/// A converted column, and which of its cells are bad.
struct Typed {
    values: ArrayRef,
    bad: BooleanBuffer,
    has_bad_cells: bool,
}

impl Typed {
    fn new(values: ArrayRef, bad: BooleanBuffer) -> Self {
        let has_bad_cells = bad.count_set_bits() > 0;
        Self { values, bad, has_bad_cells }
    }

    /// Bad is what had a value before the cast and has none after.
    fn after_cast(raw: &ArrayRef, values: ArrayRef) -> Self {
        let rows = values.len();
        if raw.logical_null_count() == values.null_count() {
            return Self { values, bad: BooleanBuffer::new_unset(rows), has_bad_cells: false };
        }
        let valid = |nulls: Option<NullBuffer>| match nulls {
            Some(nulls) => nulls.into_inner(),
            None => BooleanBuffer::new_set(rows),
        };
        let bad = &valid(raw.logical_nulls()) & &!&valid(values.nulls().cloned());
        Self::new(values, bad)
    }
}

/// Numbers; a NaN that is stored as one means "missing", an infinite value is bad, and so is the text "nan".
fn to_numbers(raw: &ArrayRef) -> Result<Typed> {
    let typed = Typed::after_cast(raw, cast(raw, &DataType::Float64)?);
    let numbers: &Float64Array = typed.values.as_primitive::<Float64Type>();
    if numbers.values().iter().all(|x| x.is_finite()) {
        return Ok(typed);
    }
    let is_text = !raw.data_type().is_numeric();
    let in_use = |at: usize| numbers.is_valid(at);
    let values = numbers.values();
    let unusable =
        (0..numbers.len()).map(|at| in_use(at) && (values[at].is_infinite() || (is_text && values[at].is_nan())));
    let bad = &typed.bad | &unusable.collect::<BooleanBuffer>();
    let not_finite = BooleanArray::from_unary(numbers, |x| !x.is_finite());
    Ok(Typed::new(nullif(numbers, &not_finite)?, bad))
}

/// Dates that decide where a row is stored. A far-off one is a slip or another unit, and would open a folder of its own.
fn to_key_dates(raw: &ArrayRef) -> Result<Typed> {
    const DAYS: std::ops::Range<i32> = -62_091..84_006; // 1800-01-01 up to 2200-01-01
    let raw = match raw.data_type() {
        DataType::Dictionary(_, values) => cast(raw, values)?,
        _ => raw.clone(),
    };
    let dates = cast(&raw, &DataType::Date32)?;
    let dates = dates.as_primitive::<Date32Type>();
    let plausible: Date32Array = dates.unary_opt(|day| DAYS.contains(&day).then_some(day));
    Ok(Typed::after_cast(&raw, Arc::new(plausible)))
}

/// Whole numbers, also where they are written with a decimal point, as pandas does for columns with gaps.
fn to_integers(raw: &ArrayRef) -> Result<Typed> {
    if raw.data_type().is_integer() {
        return Ok(Typed::after_cast(raw, cast(raw, &DataType::Int64)?));
    }
    // Above 2^53 a float no longer tells whole numbers apart.
    let is_whole = |x: f64| x.fract() == 0.0 && x.abs() <= 9_007_199_254_740_992.0;
    let floats = cast(raw, &DataType::Float64)?;
    let floats = floats.as_primitive::<Float64Type>();
    let whole: Int64Array = floats.unary_opt(|x| is_whole(x).then_some(x as i64));
    if raw.data_type().is_numeric() {
        let missing = BooleanArray::from_unary(floats, f64::is_nan);
        return Ok(Typed::after_cast(&nullif(raw, &missing)?, Arc::new(whole)));
    }
    let digits = cast(raw, &DataType::Int64)?;
    let values = zip(&is_not_null(&digits)?, &digits, &whole)?;
    Ok(Typed::after_cast(raw, values))
}

/// Text; an empty one is NULL, as it is in CSV, and a whole number has no decimal point.
fn to_text(raw: &ArrayRef) -> Result<Typed> {
    let typed = match raw.data_type() {
        DataType::Float32 | DataType::Float64 => {
            let integers = to_integers(raw)?;
            let raw = if integers.has_bad_cells { raw.clone() } else { integers.values };
            Typed::after_cast(&raw, cast(&raw, &DataType::Utf8)?)
        }
        _ => Typed::after_cast(raw, cast(raw, &DataType::Utf8)?),
    };
    let text = typed.values.as_string::<i32>();
    let lengths = text.offsets().lengths();
    if lengths.into_iter().all(|length| length > 0) {
        return Ok(typed);
    }
    let empty = BooleanArray::from_iter(text.offsets().lengths().map(|length| Some(length == 0)));
    Ok(Typed::new(nullif(&typed.values, &empty)?, typed.bad))
}

/// The type of a column that neither the vendor's list nor the stored table knows.
fn extra_field(table: &RawTable, source: &Source, field: &Field) -> Result<Field> {
    if source.is_csv {
        return Ok(Field::new(field.name(), table.unknown_csv_type(), true));
    }
    if field.data_type().is_null() {
        return Ok(Field::new(field.name(), DataType::Utf8, true));
    }
    let stored = storable_schema(&table.dataset(), &Schema::new(vec![field.clone()]))?;
    let stored = match stored.field(0).clone() {
        // Not every Delta reader knows timestamps without a zone; such times are taken to be UTC, as pandas does.
        field if matches!(field.data_type(), DataType::Timestamp(_, None)) => {
            field.with_data_type(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
        }
        field => field,
    };
    match stored.data_type().is_nested() {
        // Rows are compared column by column, and lists have no cheap comparison.
        true => Err(type_error(source, field, "a plain column; leave it out or flatten it")),
        false => Ok(stored),
    }
}

/// Refuses conversions that arrow would do but that change the meaning.
fn check_type(source: &Source, at: usize, target: &DataType, is_known: bool) -> Result<()> {
    let field = source.schema.field(at);
    let from = match field.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        plain => plain,
    };
    let is_sensible = match (from, target) {
        (DataType::Null, _) => true,
        (from, DataType::Date32) => !from.is_numeric() && from != &DataType::Boolean,
        (DataType::Boolean, DataType::Boolean) => true,
        (DataType::Boolean, _) => !is_known,
        (from, DataType::Utf8) if is_known => !from.is_temporal(),
        (from, DataType::Float64 | DataType::Int64) => !from.is_temporal(),
        _ => true,
    };
    match is_sensible && (from == target || can_cast_types(from, target)) {
        true => Ok(()),
        false => Err(type_error(source, field, &target.to_string())),
    }
}

fn type_error(source: &Source, field: &Field, expected: &str) -> RawError {
    RawError::ColumnType {
        file: source.name.clone(),
        column: field.name().clone(),
        found: field.data_type().to_string(),
        expected: expected.to_owned(),
    }
}

#[cfg(test)]
mod tests;
