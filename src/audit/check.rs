//! A file of `sql/checks/`: a query for offending rows, and a header that says when and on what it is asked.
//!
//! ```sql
//! -- duplicate_keys: keys that occur more than once.
//! -- Severity: critical          or warning
//! -- After: each phase           or the phase after which a run asks; without it only `kairos check` does
//! -- For each: feat_*, raw.*     asked once per dataset, which is $dataset; its key is $key
//! -- Except: target, feat_m*     but not those with such a name, or whose file says `-- Role: target`
//! -- Key: ticker, date           only those with this key
//! -- Columns: *_z                asked once per numeric column besides the key, which is $column
//! ```
//!
//! `$dataset`, `$key` and `$column` stand for names, all other `$name`s are parameters. `checked.datasets` and
//! `checked.columns` say what the lake's log knows of all datasets under check, at no cost.

use std::collections::BTreeSet;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Word};
use glob::Pattern;

use super::header::{header, list};
use super::subject::{SCHEMA, Subject};
use super::{AuditError, Result};
use crate::pipeline::{Parameters, References, SqlFile, SqlTree, parse_template};
use kairos_udfs::nearest;

/// The folder of the checks.
const FOLDER: &str = "checks";
/// The gate of checks that are asked about every phase.
pub const EACH_PHASE: &str = "each phase";

/// What a finding means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing may be built on this data.
    Critical,
    /// Somebody should look.
    Warning,
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        })
    }
}

/// A data check.
#[derive(Debug, Clone)]
pub struct Check {
    /// The name of its file.
    pub name: String,
    /// What a finding means.
    pub severity: Severity,
    /// The phase after which a run asks it, or [`EACH_PHASE`]; `None` if only `kairos check` does.
    pub after: Option<String>,
    /// Patterns of the datasets it is asked about one by one; empty if it names its datasets itself.
    for_each: Vec<Pattern>,
    /// Names and roles of datasets it is not asked about.
    except: Vec<Pattern>,
    key: Option<Vec<String>>,
    columns: Vec<Pattern>,
    file: SqlFile,
}

/// A check as it is asked: with names and parameters in place.
pub(super) struct Question {
    /// The dataset it is about, if it is asked once per dataset.
    pub dataset: Option<String>,
    /// The column it is about.
    pub column: Option<String>,
    pub statement: Statement,
    /// The datasets it reads, without those of the schema `checked`.
    pub reads: BTreeSet<String>,
}

impl Check {
    /// The checks of a tree whose names match any of `names`, or all; by name.
    ///
    /// # Errors
    /// If a header is wrong or a name matches no check.
    pub fn all(tree: &SqlTree, names: &[String]) -> Result<Vec<Self>> {
        let files = tree.files().filter(|file| file.phase() == FOLDER);
        let checks = files.map(Self::parse).collect::<Result<Vec<_>>>()?;
        let patterns = names.iter().map(|name| Ok((name, pattern(name, "the command line")?)));
        let patterns = patterns.collect::<Result<Vec<_>>>()?;
        for (name, pattern) in &patterns {
            if !checks.iter().any(|check| pattern.matches(&check.name)) {
                let near = nearest(name, checks.iter().map(|check| check.name.as_str()));
                let help = match near.as_slice() {
                    [] => "they are the files of sql/checks; `kairos check` asks them all".to_owned(),
                    near => format!("did you mean {}?", near.join(" or ")),
                };
                return Err(AuditError::UnknownCheck { name: (*name).clone(), help });
            }
        }
        let wanted = |check: &Check| patterns.is_empty() || patterns.iter().any(|(_, p)| p.matches(&check.name));
        Ok(checks.into_iter().filter(wanted).collect())
    }

    fn parse(file: &SqlFile) -> Result<Self> {
        let wrong = |message: String, help: &str| AuditError::Header {
            file: file.origin.clone(),
            message,
            help: help.to_owned(),
        };
        let severity = match header(&file.text, "Severity") {
            Some("critical") => Severity::Critical,
            Some("warning") => Severity::Warning,
            found => {
                let found = found.unwrap_or("nothing");
                let message = format!("expected `-- Severity: critical` or `warning`, found {found}");
                return Err(wrong(message, "say in the header what a finding means"));
            }
        };
        let patterns = |name: &str| {
            let listed = header(&file.text, name).map_or(Vec::new(), list);
            listed.iter().map(|text| pattern(text, &file.origin)).collect::<Result<Vec<_>>>()
        };
        let (for_each, except, columns) = (patterns("For each")?, patterns("Except")?, patterns("Columns")?);
        let narrows = ["Except", "Key", "Columns"].into_iter().find(|name| header(&file.text, name).is_some());
        if let (true, Some(name)) = (for_each.is_empty(), narrows) {
            return Err(wrong(format!("`{name}` narrows `For each`, which is missing"), "add `-- For each: *`"));
        }
        let name = file.path.rsplit('/').next().unwrap_or(&file.path).trim_end_matches(".sql");
        Ok(Self {
            name: name.to_owned(),
            severity,
            after: header(&file.text, "After").map(str::to_owned),
            for_each,
            except,
            key: header(&file.text, "Key").map(list),
            columns,
            file: file.clone(),
        })
    }

    /// Whether it is about whatever is under check, and names no dataset of its own to be about.
    pub fn is_generic(&self) -> bool {
        !self.for_each.is_empty() || self.file.text.contains(&format!("{SCHEMA}."))
    }

    /// The file, for error messages.
    pub fn file(&self) -> &SqlFile {
        &self.file
    }

    /// Everything it asks about `subjects`.
    pub(super) fn questions(&self, subjects: &[Subject], parameters: &Parameters) -> Result<Vec<Question>> {
        if self.for_each.is_empty() {
            return Ok(vec![self.question(None, None, parameters)?]);
        }
        let mut questions = Vec::new();
        for subject in subjects.iter().filter(|subject| self.is_about(subject)) {
            if self.columns.is_empty() {
                questions.push(self.question(Some(subject), None, parameters)?);
            }
            for column in subject.numeric_columns() {
                if self.columns.iter().any(|pattern| pattern.matches(column)) {
                    questions.push(self.question(Some(subject), Some(column), parameters)?);
                }
            }
        }
        Ok(questions)
    }

    fn is_about(&self, subject: &Subject) -> bool {
        // `*` means the derived datasets; raw tables are asked for as `raw.…`.
        let named = |pattern: &Pattern| {
            pattern.matches(&subject.name) && (pattern.as_str().starts_with("raw.") || !subject.is_raw())
        };
        let excepted = |pattern: &Pattern| {
            pattern.matches(&subject.name) || subject.role.as_ref().is_some_and(|role| pattern.matches(role))
        };
        self.for_each.iter().any(named)
            && !self.except.iter().any(excepted)
            && self.key.as_ref().is_none_or(|key| *key == subject.key)
    }

    fn question(&self, subject: Option<&Subject>, column: Option<&str>, parameters: &Parameters) -> Result<Question> {
        let names = |placeholder: &str| match (placeholder, subject, column) {
            ("$dataset", Some(subject), _) => Some(joined(subject.name.split('.'), &Token::Period)),
            ("$key", Some(subject), _) => Some(joined(subject.key.iter().map(String::as_str), &Token::Comma)),
            ("$column", _, Some(column)) => Some(vec![word(column)]),
            _ => None,
        };
        let mut statement = parse_template(&self.file, names)?;
        let mut reads = BTreeSet::new();
        match &mut statement {
            Statement::Statement(inner) if matches!(inner.as_ref(), ast::Statement::Query(_)) => {
                parameters.bind(inner, &self.file)?;
                if let ast::Statement::Query(query) = inner.as_ref() {
                    let tables = References::of(query).tables.into_iter().map(|table| table.name);
                    reads.extend(tables.filter(|name| !name.starts_with(&format!("{SCHEMA}."))));
                }
            }
            _ => {
                return Err(AuditError::Header {
                    file: self.file.origin.clone(),
                    message: "a check is a plain select of the rows that are wrong".into(),
                    help: "a dataset belongs into another folder".into(),
                });
            }
        }
        let (dataset, column) = (subject.map(|subject| subject.name.clone()), column.map(str::to_owned));
        Ok(Question { dataset, column, statement, reads })
    }
}

fn pattern(text: &str, origin: &str) -> Result<Pattern> {
    Pattern::new(text).map_err(|error| AuditError::Header {
        file: origin.to_owned(),
        message: format!("'{text}' is no pattern: {error}"),
        help: "use a name in which * stands for any letters".into(),
    })
}

fn joined<'a>(names: impl Iterator<Item = &'a str>, separator: &Token) -> Vec<Token> {
    let mut tokens = Vec::new();
    for name in names {
        if !tokens.is_empty() {
            tokens.push(separator.clone());
        }
        tokens.push(word(name));
    }
    tokens
}

/// A name in quotes, so that it means what it says whatever letters are in it.
fn word(name: &str) -> Token {
    Token::Word(Word { value: name.to_owned(), quote_style: Some('"'), keyword: Keyword::NoKeyword })
}
