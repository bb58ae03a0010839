//! `read_csv('path')`: a CSV file of the user's own as a table.

use std::fs::File;
use std::io::Seek;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::csv::ReaderBuilder;
use datafusion::arrow::csv::reader::Format;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::{MemTable, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{ScalarValue, plan_datafusion_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::Expr;

/// Reads the whole file when a statement is planned: a header line, types as the values have them, empty is NULL.
#[derive(Debug)]
pub(super) struct ReadCsv;

impl TableFunctionImpl for ReadCsv {
    fn call_with_args(&self, args: TableFunctionArgs) -> Result<Arc<dyn TableProvider>> {
        let [Expr::Literal(ScalarValue::Utf8(Some(path)), _)] = args.exprs() else {
            return plan_err!(
                "read_csv takes the path of a file with a header line, for example read_csv('sentiment.csv')"
            );
        };
        let (schema, batches) = read(path).map_err(|error| plan_datafusion_err!("cannot read '{path}': {error}"))?;
        Ok(Arc::new(MemTable::try_new(schema, vec![batches])?))
    }
}

fn read(path: &str) -> Result<(SchemaRef, Vec<RecordBatch>), ArrowError> {
    let mut file = File::open(path)?;
    let format = Format::default().with_header(true);
    let (schema, _) = format.infer_schema(&file, None)?;
    let schema = Arc::new(schema);
    file.rewind()?;
    let reader = ReaderBuilder::new(schema.clone()).with_format(format).build(file)?;
    Ok((schema, reader.collect::<Result<_, _>>()?))
}
