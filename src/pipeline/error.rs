//! What can be wrong with a pipeline, said the way a compiler says it: what, where, the line itself, and what to do.

use std::fmt;

use super::source::SqlFile;

/// A place in a source file together with the text of its line.
///
/// `Display` prints the block below the message of an error:
///
/// ```text
///   --> sql/features/beta.sql:12:8
///    |
/// 12 |   from sep_bas
///    |        ^^^^^^^
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLocation {
    /// Where the file came from, for example `sql/features/beta.sql`.
    pub origin: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// Characters to underline, at least 1.
    pub width: usize,
    /// The line without its line end.
    pub text: String,
}

impl SourceLocation {
    /// Locates `width` characters from `line` and `column` (both from 1) in `file`.
    pub fn new(file: &SqlFile, line: usize, column: usize, width: usize) -> Box<Self> {
        let text = file.text.lines().nth(line.saturating_sub(1)).unwrap_or("");
        Box::new(Self {
            origin: file.origin.clone(),
            line: line.max(1),
            column: column.max(1),
            width: width.max(1),
            text: text.to_string(),
        })
    }

    /// Locates a range of bytes of `file`; a range over several lines is cut at the end of the first.
    pub fn of_bytes(file: &SqlFile, bytes: std::ops::Range<usize>) -> Box<Self> {
        let before = file.text.get(..bytes.start).unwrap_or(&file.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let covered = file.text.get(bytes).unwrap_or("");
        let width = covered.lines().next().unwrap_or("").chars().count();
        Self::new(file, line, column, width)
    }

    /// `file:line:column`.
    pub fn position(&self) -> String {
        format!("{}:{}:{}", self.origin, self.line, self.column)
    }
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        // Tabs are kept so that the caret stays below its token whatever the tab width of the terminal.
        let indent: String =
            (self.text.chars().take(self.column - 1)).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let room = self.text.chars().count().saturating_sub(self.column - 1);
        let carets = "^".repeat(self.width.min(room.max(1)));
        writeln!(f, "{gutter}--> {}", self.position())?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", self.text)?;
        write!(f, "{gutter} | {indent}{carets}")
    }
}

/// An error of the pipeline's files, parameters or selectors. The message is complete: print it as it is.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// A file or folder could not be read, or is not UTF-8.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The path as it was given.
        path: String,
        /// Why.
        source: std::io::Error,
    },

    /// A file that a statement reads is not there or cannot be read.
    #[error("cannot read {path}: {source}\n{at}\nhelp: a path in read_csv starts from the folder of its .sql file")]
    DataFile {
        /// The path, from where the command runs.
        path: String,
        /// Why.
        source: std::io::Error,
        /// Where the statement names it.
        at: Box<SourceLocation>,
    },

    /// `--overlay` names neither a folder nor an overlay that comes with the SQL.
    #[error(
        "there is no overlay {path}: neither a folder nor one that comes with the SQL\nhelp: {}",
        list_or("create the folder", "use one of", available)
    )]
    NoOverlay {
        /// The overlay as it was given.
        path: String,
        /// The overlays that come with the SQL.
        available: Vec<String>,
    },

    /// A `pipeline.toml` is not valid TOML or does not follow the form of a parameter.
    #[error("{message}\n{at}\nhelp: {help}")]
    Manifest {
        /// What was expected and what was found.
        message: String,
        /// Where.
        at: Box<SourceLocation>,
        /// What to do.
        help: String,
    },

    /// A value does not fit the declared type of its parameter.
    #[error("{name} expects {expected}, found {found}\nhelp: for example --set {name}={example}")]
    InvalidSetting {
        /// The parameter.
        name: String,
        /// Its type, or the values it may take.
        expected: String,
        /// The text that was given.
        found: String,
        /// The declared default, as a value that works.
        example: String,
    },

    /// `--set` is not of the form `name=value`.
    #[error("--set {setting} has no `=`\nhelp: write --set name=value")]
    MalformedSetting {
        /// The argument as it was given.
        setting: String,
    },

    /// `--set` names a parameter that no `pipeline.toml` declares.
    #[error("there is no parameter {name}{}", did_you_mean(similar))]
    UnknownSetting {
        /// The name.
        name: String,
        /// Declared parameters with a similar name.
        similar: Vec<String>,
    },

    /// The SQL does not parse.
    #[error("{message}\n{at}")]
    Syntax {
        /// The parser's message, without its position.
        message: String,
        /// Where.
        at: Box<SourceLocation>,
    },

    /// A pipeline file holds no statement or several.
    #[error("a pipeline file holds one statement, found {found}\n{at}\nhelp: move each statement to a file of its own")]
    StatementCount {
        /// The number of statements.
        found: usize,
        /// The file.
        at: Box<SourceLocation>,
    },

    /// The statement does not define a dataset.
    #[error(
        "a pipeline file defines a dataset, found {found}\n{at}\nhelp: write `create or replace table <dataset> as select … order by …`"
    )]
    NotADataset {
        /// What the statement is.
        found: String,
        /// Where it begins.
        at: Box<SourceLocation>,
    },

    /// A `$name` that no `pipeline.toml` declares.
    #[error("there is no parameter {name}\n{at}{}", unknown_parameter_help(similar))]
    UnknownParameter {
        /// The name, with its `$`.
        name: String,
        /// Where it is used.
        at: Box<SourceLocation>,
        /// Declared parameters with a similar name.
        similar: Vec<String>,
    },

    /// A table that is neither a dataset of the tree, nor a raw table, nor in the lake.
    #[error("there is no table {name}\n{at}{}", did_you_mean(similar))]
    UnknownTable {
        /// The name as it was written.
        name: String,
        /// Where it is read.
        at: Box<SourceLocation>,
        /// Known tables with a similar name.
        similar: Vec<String>,
    },

    /// Two files write the same dataset.
    #[error(
        "two files write the dataset {dataset}\n{first}\n{second}\nhelp: rename one of them; an overlay replaces a file only at the same relative path"
    )]
    DuplicateDataset {
        /// The dataset.
        dataset: String,
        /// The file that comes first by path.
        first: Box<SourceLocation>,
        /// The other one.
        second: Box<SourceLocation>,
    },

    /// A file writes a dataset that is called like a raw table.
    #[error("{dataset} is a raw table and cannot be written by SQL\n{at}\nhelp: choose another name")]
    RawTableWritten {
        /// The dataset.
        dataset: String,
        /// Where it is named.
        at: Box<SourceLocation>,
    },

    /// Datasets that depend on themselves.
    #[error(
        "these datasets depend on each other in a circle: {}\n{}\nhelp: break the circle; to read the version before, use at_version('{}', n)",
        datasets.join(" → "), blocks(reads), datasets.first().map_or("", String::as_str)
    )]
    Cycle {
        /// The datasets in the order in which each reads the next; the first is repeated at the end.
        datasets: Vec<String>,
        /// For each pair, where the one reads the other.
        reads: Vec<SourceLocation>,
    },

    /// A selector on the command line that matches nothing.
    #[error("no {kind} matches {selector}{}", did_you_mean(similar))]
    UnknownSelector {
        /// `dataset` or `phase`.
        kind: &'static str,
        /// The selector as it was given.
        selector: String,
        /// Similar names.
        similar: Vec<String>,
    },

    /// Every selector matches something, but no dataset matches all of them.
    #[error(
        "no dataset satisfies all of the selectors\nhelp: drop one of --phase, --from, --to or the dataset names; they narrow each other"
    )]
    EmptySelection,

    /// The lake could not say in which state a dataset is.
    #[error("cannot read the state of {dataset}: {source}")]
    State {
        /// The dataset.
        dataset: String,
        /// The lake's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn did_you_mean(similar: &[String]) -> String {
    match similar {
        [] => String::new(),
        names => format!("\nhelp: did you mean {}?", names.join(", ")),
    }
}

fn unknown_parameter_help(similar: &[String]) -> String {
    match similar {
        [] => "\nhelp: declare it in pipeline.toml".to_string(),
        names => format!("\nhelp: did you mean ${}? Otherwise declare it in pipeline.toml", names.join(", $")),
    }
}

fn list_or(if_empty: &str, lead: &str, names: &[String]) -> String {
    match names {
        [] => if_empty.to_string(),
        names => format!("{lead}: {}", names.join(", ")),
    }
}

fn blocks(locations: &[SourceLocation]) -> String {
    let blocks: Vec<String> = locations.iter().map(SourceLocation::to_string).collect();
    blocks.join("\n")
}
