//! Plain tables for terminals and pipes.

use comfy_table::{CellAlignment, ContentArrangement, presets};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

/// On which side of its column a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table with a header; missing values are shown as an empty cell.
#[derive(Debug, Clone)]
pub struct Table {
    pub(super) columns: Vec<(String, Align)>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: &[(&str, Align)]) -> Self {
        Self { columns: columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect(), rows: Vec::new() }
    }

    /// Appends a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) -> &mut Self {
        self.rows.push(cells.into_iter().collect());
        self
    }

    /// A table of query results: numbers to the right, floats with up to six significant decimals.
    ///
    /// # Errors
    /// If a column has a type that cannot be shown.
    pub fn of_batches(
        schema: &datafusion::arrow::datatypes::Schema,
        batches: &[RecordBatch],
    ) -> Result<Self, ArrowError> {
        let align = |data_type: &DataType| {
            if data_type.is_numeric() { Align::Right } else { Align::Left }
        };
        let columns: Vec<_> = schema.fields().iter().map(|f| (f.name().as_str(), align(f.data_type()))).collect();
        let mut table = Self::new(&columns);
        let options = FormatOptions::default();
        for batch in batches {
            let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options));
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            for row in 0..batch.num_rows() {
                let cells = columns.iter().zip(schema.fields());
                table.row(cells.map(|(column, field)| shown(&column.value(row).to_string(), field.data_type())));
            }
        }
        Ok(table)
    }
}

/// A float as a person reads it: six significant digits, scientific only when it must be. Files keep every digit.
fn shown(text: &str, data_type: &DataType) -> String {
    let float = matches!(data_type, DataType::Float32 | DataType::Float64);
    match text.parse::<f64>() {
        Ok(x) if float && x != 0.0 && x.is_finite() => {
            let magnitude = x.abs().log10().floor() as i32;
            match magnitude {
                -5..=-1 => trimmed(format!("{x:.*}", (5 - magnitude) as usize)),
                0..=5 => trimmed(format!("{x:.*}", (5 - magnitude).max(0) as usize)),
                6..=14 => format!("{x:.0}"),
                _ => format!("{x:.5e}"),
            }
        }
        _ => text.to_owned(),
    }
}

fn trimmed(text: String) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut table = comfy_table::Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.columns.iter().map(|(name, _)| name));
        table.add_rows(&self.rows);
        for (at, (_, align)) in self.columns.iter().enumerate() {
            if let Some(column) = table.column_mut(at) {
                column.set_padding(if at == 0 { (0, 1) } else { (1, 1) });
                column.set_cell_alignment(match align {
                    Align::Left => CellAlignment::Left,
                    Align::Right => CellAlignment::Right,
                });
            }
        }
        for (at, line) in table.lines().enumerate() {
            if at > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_keep_six_significant_digits() {
        let show = |text| shown(text, &DataType::Float64);
        assert_eq!(show("0.123456789"), "0.123457");
        assert_eq!(show("0.5"), "0.5");
        assert_eq!(show("1234.56789"), "1234.57");
        assert_eq!(show("-12345678.9"), "-12345679");
        assert_eq!(show("0.000000012"), "1.20000e-8");
        assert_eq!(show("1e20"), "1.00000e20");
        assert_eq!(show("100.0"), "100");
        assert_eq!(shown("100", &DataType::Int64), "100");
        assert_eq!(show(""), "");
    }

    #[test]
    fn numbers_stand_on_the_right() {
        let mut table = Table::new(&[("dataset", Align::Left), ("rows", Align::Right)]);
        table.row(["a".into(), "10".into()]).row(["feat_beta".into(), "7".into()]);
        assert_eq!(table.to_string(), "dataset    rows\na            10\nfeat_beta     7");
    }
}
