//! The header comment of a `.sql` file: what the dataset is, in the words of whoever wrote it.
//!
//! ```sql
//! -- feat_adv: liquidity and size, with their place in the cross-section.
//! -- Key: ticker, date.
//! -- Role: feature
//! -- Units: dollar_volume, adv_20 and adv_60 in USD per day; size_z in standard deviations.
//! -- Known: after the close of date.
//! ```

use std::fmt;

use super::error::PipelineError;
use super::source::SqlFile;

/// What the columns of a dataset are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Something measured, from which signals are made.
    #[default]
    Feature,
    /// A score that ranks names for a portfolio.
    Signal,
    /// What a signal is meant to predict. It lies in the future and is never an input.
    Target,
    /// The state of the last date only: another date has other rows.
    Snapshot,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Feature => "feature",
            Self::Signal => "signal",
            Self::Target => "target",
            Self::Snapshot => "snapshot",
        })
    }
}

/// What a file says about its dataset before the statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// The comment as one text, without the `Role:` line.
    pub about: String,
    /// What `Role:` says; a feature if it says nothing.
    pub role: Role,
}

impl Header {
    /// Reads the comment lines at the top of a file.
    ///
    /// # Errors
    /// If `Role:` names none of the roles.
    pub fn of(file: &SqlFile) -> Result<Self, PipelineError> {
        let mut header = Self::default();
        let mut lines = Vec::new();
        let comment = file.text.lines().map_while(|line| line.trim().strip_prefix("--")).map(str::trim);
        for (at, line) in comment.enumerate() {
            match line.strip_prefix("Role:") {
                Some(role) => header.role = parse(role, file, at + 1)?,
                None => lines.push(line),
            }
        }
        header.about = lines.join(" ").trim().to_owned();
        Ok(header)
    }
}

fn parse(text: &str, file: &SqlFile, line: usize) -> Result<Role, PipelineError> {
    match text.trim().trim_end_matches('.') {
        "feature" => Ok(Role::Feature),
        "signal" => Ok(Role::Signal),
        "target" => Ok(Role::Target),
        "snapshot" => Ok(Role::Snapshot),
        other => Err(PipelineError::Syntax {
            message: format!("Role: expects feature, signal, target or snapshot, found {other:?}"),
            at: super::SourceLocation::new(file, line, 1, 1),
        }),
    }
}

/// What a header says of a column: the clauses that name it, else what the dataset is.
pub fn meaning(about: &str, column: &str) -> String {
    let clauses: Vec<&str> = clauses(about);
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    let names = |clause: &&&str| clause.split(|c| !of_word(c)).any(|word| word == column);
    let naming: Vec<&str> = clauses.iter().skip(1).filter(names).copied().collect();
    if !naming.is_empty() {
        return naming.join("; ");
    }
    let dataset = clauses.first().copied().unwrap_or_default();
    dataset.split_once(": ").map_or(dataset, |(_, what)| what).to_owned()
}

/// The text cut at the ends of sentences and at semicolons, without the words that open a section.
fn clauses(about: &str) -> Vec<&str> {
    let parts = about.split("; ").flat_map(|part| part.split(". "));
    parts
        .map(|part| {
            let part = part.trim().trim_end_matches('.');
            let section = ["Key: ", "Units: ", "Known: "].iter().find_map(|section| part.strip_prefix(section));
            section.unwrap_or(part)
        })
        .filter(|part| !part.is_empty())
        .collect()
}
