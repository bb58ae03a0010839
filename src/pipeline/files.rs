//! Files that a statement reads with `read_csv('path')`: found beside the statement's own file, known by their contents.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use datafusion::sql::sqlparser::ast::{Expr, FunctionArg, FunctionArgExpr, TableFactor, Value, VisitMut, VisitorMut};
use datafusion::sql::sqlparser::tokenizer::Span;
use sha2::{Digest, Sha256};

use super::error::PipelineError;
use super::hex;
use super::source::SqlFile;

/// The table function that reads a CSV file of the user's own: `read_csv('sentiment.csv')`.
pub const READ_CSV: &str = "read_csv";

/// Makes every path in `read_csv('path')` absolute, relative ones starting from the folder of `file`, and returns the
/// SHA-256 (hex) of each file by its path as it is written.
///
/// # Errors
/// [`PipelineError::DataFile`] for the first file that cannot be read. `node` is then partly bound: throw it away.
pub fn bind_files<N: VisitMut>(node: &mut N, file: &SqlFile) -> Result<BTreeMap<String, String>, PipelineError> {
    let mut binder = Binder { file, hashes: BTreeMap::new() };
    match node.visit(&mut binder) {
        ControlFlow::Continue(()) => Ok(binder.hashes),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Binder<'a> {
    file: &'a SqlFile,
    hashes: BTreeMap<String, String>,
}

impl Binder<'_> {
    /// The absolute form of a path, after a look at the file.
    fn find(&mut self, written: &str, span: Span) -> Result<PathBuf, Box<PipelineError>> {
        let folder = Path::new(&self.file.origin).parent().unwrap_or(Path::new(""));
        let found = std::path::absolute(folder.join(written)).and_then(|path| Ok((hash(&path)?, path)));
        let (hash, path) = found.map_err(|source| PipelineError::DataFile {
            path: folder.join(written).display().to_string(),
            source,
            at: self.file.at(span),
        })?;
        self.hashes.insert(written.to_owned(), hash);
        Ok(path)
    }
}

impl VisitorMut for Binder<'_> {
    type Break = Box<PipelineError>;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        if let TableFactor::Table { name, args: Some(arguments), .. } = factor
            && name.to_string().eq_ignore_ascii_case(READ_CSV)
            && let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(argument)))] = arguments.args.as_mut_slice()
            && let Value::SingleQuotedString(path) = &mut argument.value
        {
            match self.find(path, argument.span) {
                Ok(found) => *path = found.display().to_string(),
                Err(error) => return ControlFlow::Break(error),
            }
        }
        ControlFlow::Continue(())
    }
}

/// SHA-256 of a file's contents, hex.
fn hash(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut File::open(path)?, &mut hash)?;
    Ok(hex(hash))
}
