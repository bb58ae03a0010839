//! The strategies of the SQL tree and the files they rest on.

use datafusion::sql::parser::Statement as DataFusionStatement;
use datafusion::sql::sqlparser::ast::{Query, Statement};
use kairos_udfs::nearest;

use super::{BacktestError, Result};
use crate::pipeline::{Header, References, SqlFile, SqlTree, parse_statements};

/// The folder of the strategies.
const FOLDER: &str = "backtests/";
/// The folder of the relations that strategies share.
const STAGES: &str = "backtests/stages/";
/// The folder of what a run can be compared with.
const BENCHMARKS: &str = "backtests/benchmarks/";
/// The folder of the tables in which the latest run of a strategy is saved.
const RESULTS: &str = "backtests/results/";
/// Files of the folder that are no strategies.
const SHARED: [&str; 2] = ["accounting", "metrics"];

/// A strategy: a file whose result are positions, or periods.
#[derive(Debug, Clone)]
pub struct Strategy {
    /// The name of its file without `.sql`.
    pub name: String,
    /// What its header says.
    pub about: String,
    /// The file.
    pub file: SqlFile,
}

/// The backtest files of a SQL tree.
#[derive(Debug, Clone, Copy)]
pub struct Strategies<'a>(pub &'a SqlTree);

impl Strategies<'_> {
    /// All strategies, by name.
    ///
    /// # Errors
    /// If a header is wrong.
    pub fn all(&self) -> Result<Vec<Strategy>> {
        let named = self.0.files().filter_map(|file| {
            let name = file.path.strip_prefix(FOLDER)?.strip_suffix(".sql")?;
            (!name.contains('/') && !SHARED.contains(&name)).then_some((name, file))
        });
        named
            .map(|(name, file)| {
                Ok(Strategy { name: name.to_owned(), about: Header::of(file)?.about, file: file.clone() })
            })
            .collect()
    }

    /// The strategy of this name.
    ///
    /// # Errors
    /// [`BacktestError::UnknownStrategy`].
    pub fn find(&self, name: &str) -> Result<Strategy> {
        let all = self.all()?;
        let known: Vec<String> = all.iter().map(|strategy| strategy.name.clone()).collect();
        all.into_iter().find(|strategy| strategy.name == name).ok_or_else(|| BacktestError::UnknownStrategy {
            name: name.to_owned(),
            nearest: nearest(name, known.iter().map(String::as_str)),
            known,
        })
    }

    /// The file of a shared relation, if there is one of this name.
    pub(super) fn stage(&self, name: &str) -> Option<&SqlFile> {
        self.0.file(&format!("{STAGES}{name}.sql"))
    }

    /// Whether the file of a shared relation says that it is not to be computed as a whole and kept.
    pub(super) fn is_inline(stage: &SqlFile) -> bool {
        stage.text.lines().any(|line| line.trim().starts_with("-- Inline:"))
    }

    /// A file of the folder.
    pub(super) fn shared(&self, name: &str) -> Result<&SqlFile> {
        let path = format!("{FOLDER}{name}.sql");
        self.0.file(&path).ok_or(BacktestError::NoFile(path))
    }

    /// The file that gives the returns of a benchmark.
    ///
    /// # Errors
    /// [`BacktestError::UnknownBenchmark`].
    pub(super) fn benchmark(&self, name: &str) -> Result<&SqlFile> {
        self.0.file(&format!("{BENCHMARKS}{name}.sql")).ok_or_else(|| {
            let file = |file: &SqlFile| Some(file.path.strip_prefix(BENCHMARKS)?.strip_suffix(".sql")?.to_owned());
            let known: Vec<String> = self.0.files().filter_map(file).collect();
            BacktestError::UnknownBenchmark {
                name: name.to_owned(),
                nearest: nearest(name, known.iter().map(String::as_str)),
                known,
            }
        })
    }

    /// The strategies whose saved runs leave a dataset.
    pub(super) fn makers(&self, dataset: &str) -> Vec<String> {
        self.0.file(&format!("{RESULTS}{dataset}.sql")).map(saves).unwrap_or_default()
    }

    /// The datasets in which a run of a strategy is saved, with the file that says how.
    pub(super) fn results(&self, strategy: &str) -> Vec<(String, &SqlFile)> {
        let files = self.0.files().filter(|file| saves(file).iter().any(|name| name == strategy));
        files
            .filter_map(|file| {
                let name = file.path.strip_prefix(RESULTS)?.strip_suffix(".sql")?;
                Some((name.to_owned(), file))
            })
            .collect()
    }

    /// The shared relations that a file reads, directly and through others, each after those that it reads itself.
    pub(super) fn stages_of(&self, file: &SqlFile) -> Result<Vec<&SqlFile>> {
        let mut found = Vec::new();
        self.visit(file, &mut Vec::new(), &mut found)?;
        Ok(found)
    }

    fn visit<'a>(&'a self, file: &SqlFile, path: &mut Vec<String>, found: &mut Vec<&'a SqlFile>) -> Result<()> {
        for table in References::of(&query(file)?).tables {
            let Some(stage) = self.stage(&table.name) else { continue };
            if path.contains(&stage.path) {
                return Err(BacktestError::Cycle(stage.origin.clone()));
            }
            if found.iter().all(|known| known.path != stage.path) {
                path.push(stage.path.clone());
                self.visit(stage, path, found)?;
                path.pop();
                found.push(stage);
            }
        }
        Ok(())
    }
}

/// The strategies that a file of results names.
fn saves(file: &SqlFile) -> Vec<String> {
    let line = file.text.lines().find_map(|line| line.trim().strip_prefix("-- Saves:")).unwrap_or_default();
    line.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The query that a file is.
pub(super) fn query(file: &SqlFile) -> Result<Query> {
    let not_a_query = || BacktestError::NotAQuery { file: file.origin.clone() };
    let mut statements = parse_statements(file)?;
    match (statements.pop(), statements.is_empty()) {
        (Some(DataFusionStatement::Statement(statement)), true) => match *statement {
            Statement::Query(query) => Ok(*query),
            _ => Err(not_a_query()),
        },
        _ => Err(not_a_query()),
    }
}
