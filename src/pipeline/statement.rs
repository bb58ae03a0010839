//! One `.sql` file as a step: its statement, and what the rest of the pipeline needs to know about it.

use std::collections::BTreeSet;

use datafusion::common::DataFusionError;
use datafusion::sql::parser::{DFParserBuilder, Statement as DataFusionStatement};
use datafusion::sql::sqlparser::ast::{
    CreateTable, Expr, Ident, ObjectNamePart, OrderByExpr, OrderByKind, Query, Spanned, Statement,
};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Span, Token, TokenWithSpan, Tokenizer};
use sha2::{Digest, Sha256};

use super::error::{PipelineError, SourceLocation};
use super::header::Header;
use super::hex;
use super::references::{References, TableRead, normalised};
use super::source::SqlFile;

/// One key of the `ORDER BY` of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderKey {
    /// The output column (lower case unless quoted), or the text of the expression if it is not a column.
    pub column: String,
    /// Whether values ascend.
    pub ascending: bool,
}

/// What a file makes of its query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A dataset: `CREATE OR REPLACE TABLE <dataset> AS <query>`. The rows are stored, version by version.
    Table,
    /// A name for the query: `CREATE OR REPLACE VIEW <name> AS <query>`. Nothing is stored, nothing goes stale.
    View,
}

/// A parsed pipeline file: a dataset or a view, by its query.
#[derive(Debug, Clone)]
pub struct Step {
    /// The file.
    pub file: SqlFile,
    /// What the file says about the dataset.
    pub header: Header,
    /// Whether its rows are stored.
    pub kind: Kind,
    /// The dataset it writes, or the view it defines.
    pub dataset: String,
    /// Where the dataset is named.
    pub dataset_span: Span,
    /// The statement with its placeholders.
    pub statement: Statement,
    /// Tables it reads, minus CTEs; not yet resolved.
    pub tables: Vec<TableRead>,
    /// Patterns by which it reads further datasets.
    pub patterns: Vec<TableRead>,
    /// Datasets it reads at a fixed version.
    pub pinned: BTreeSet<String>,
    /// The Kairos functions it calls.
    pub functions: BTreeSet<String>,
    /// The parameters it names.
    pub parameters: BTreeSet<String>,
    /// The `ORDER BY` of the outermost query: the physical order of the dataset. Empty if there is none.
    pub order_by: Vec<OrderKey>,
    /// See [`sql_hash`].
    pub sql_hash: String,
}

impl Step {
    /// Parses `file`; of the functions it calls, those in `functions` are kept.
    ///
    /// # Errors
    /// If the text does not parse, holds more or less than one statement, the statement is neither
    /// `CREATE OR REPLACE TABLE <name> AS <query>` nor the same with `VIEW`, with a plain name, or the header names an
    /// unknown role.
    pub fn parse(file: &SqlFile, functions: &BTreeSet<String>) -> Result<Self, PipelineError> {
        let tokens = tokenize(file)?;
        let start = tokens.iter().find(|t| is_significant(&t.token)).map_or(Span::empty(), |t| t.span);
        let hash = sql_hash(&tokens);
        let mut statements = parse_tokens(file, tokens)?;
        let statement = match (statements.pop(), statements.is_empty()) {
            (Some(DataFusionStatement::Statement(statement)), true) => *statement,
            (Some(other), true) => return Err(not_a_dataset(file, start, opening_words(&other))),
            (last, _) => {
                let found = statements.len() + usize::from(last.is_some());
                return Err(PipelineError::StatementCount { found, at: file.at(start) });
            }
        };
        let (kind, name, query) = definition(file, start, &statement)?;
        let references = References::of(query);
        Ok(Self {
            file: file.clone(),
            header: Header::of(file)?,
            kind,
            dataset: normalised(name),
            dataset_span: name.span,
            order_by: order_keys(query),
            tables: references.tables,
            patterns: references.patterns,
            pinned: references.pinned,
            functions: references.functions.intersection(functions).cloned().collect(),
            parameters: references.parameters,
            sql_hash: hash,
            statement,
        })
    }

    /// The names of the tables it reads.
    pub fn table_names(&self) -> Vec<String> {
        self.tables.iter().map(|table| table.name.clone()).collect()
    }
}

/// Parses all statements of `file` with DataFusion's parser and dialect.
///
/// # Errors
/// [`PipelineError::Syntax`] with the place of the first error.
pub fn parse_statements(file: &SqlFile) -> Result<Vec<DataFusionStatement>, PipelineError> {
    parse_tokens(file, tokenize(file)?)
}

/// Parses the only statement of `file`, in which some placeholders stand for names: where `name` knows one, its tokens
/// take its place. Errors still point into the file.
///
/// # Errors
/// [`PipelineError::Syntax`], or [`PipelineError::StatementCount`] unless there is exactly one statement.
pub fn parse_template(
    file: &SqlFile,
    name: impl Fn(&str) -> Option<Vec<Token>>,
) -> Result<DataFusionStatement, PipelineError> {
    let expand = |token: TokenWithSpan| {
        let names = match &token.token {
            Token::Placeholder(placeholder) => name(placeholder),
            _ => None,
        };
        let tokens = names.unwrap_or_else(|| vec![token.token]);
        tokens.into_iter().map(move |new| TokenWithSpan { token: new, span: token.span })
    };
    let mut statements = parse_tokens(file, tokenize(file)?.into_iter().flat_map(expand).collect())?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (last, _) => {
            let found = statements.len() + usize::from(last.is_some());
            Err(PipelineError::StatementCount { found, at: SourceLocation::new(file, 1, 1, 1) })
        }
    }
}

/// SHA-256 of a statement, hex: a change of comments, layout, letter case of unquoted words or a final semicolon keeps
/// it, any other change does not.
///
/// It is taken over the tokens and not over the printed syntax tree, so that nothing the printer leaves out can go
/// unnoticed and a newer parser does not make every dataset stale. Placeholders count by name; their values are
/// compared separately.
pub fn sql_hash(tokens: &[TokenWithSpan]) -> String {
    let mut hash = Sha256::new();
    for token in tokens.iter().map(|t| &t.token).filter(|token| is_significant(token)) {
        let text = match token {
            Token::Word(word) if word.quote_style.is_none() => word.value.to_lowercase(),
            other => other.to_string(),
        };
        // The length keeps `a b` and `ab` apart.
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hex(hash)
}

fn is_significant(token: &Token) -> bool {
    !matches!(token, Token::Whitespace(_) | Token::SemiColon | Token::EOF)
}

fn tokenize(file: &SqlFile) -> Result<Vec<TokenWithSpan>, PipelineError> {
    Tokenizer::new(&GenericDialect {}, &file.text).tokenize_with_location().map_err(|error| {
        let (line, column) = (error.location.line as usize, error.location.column as usize);
        PipelineError::Syntax { message: error.message, at: SourceLocation::of_word(file, line, column) }
    })
}

fn parse_tokens(file: &SqlFile, tokens: Vec<TokenWithSpan>) -> Result<Vec<DataFusionStatement>, PipelineError> {
    let parsed = DFParserBuilder::new(tokens).build().and_then(|mut p| p.parse_statements());
    parsed.map(Vec::from).map_err(|error| {
        let (message, line, column) = split_position(&parser_message(error));
        PipelineError::Syntax { message, at: SourceLocation::of_word(file, line, column) }
    })
}

fn parser_message(error: DataFusionError) -> String {
    match error {
        DataFusionError::SQL(error, _) => match *error {
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
            ParserError::RecursionLimitExceeded => {
                "the statement is nested too deeply for the parser: split it with CTEs".to_string()
            }
        },
        DataFusionError::Diagnostic(_, inner) => parser_message(*inner),
        other => other.strip_backtrace(),
    }
}

/// Splits `message at Line: 3, Column: 5`, the form in which the parser reports a position; line 1, column 1 without it.
fn split_position(message: &str) -> (String, usize, usize) {
    let split = || {
        let (text, position) = message.rsplit_once(" at Line: ")?;
        let (line, column) = position.split_once(", Column: ")?;
        Some((text.to_string(), line.parse().ok()?, column.trim().parse().ok()?))
    };
    split().unwrap_or((message.to_string(), 1, 1))
}

/// The kind, the name and the query, if `statement` is `CREATE OR REPLACE TABLE name AS query` or the same with `VIEW`,
/// and nothing more.
fn definition<'a>(
    file: &SqlFile,
    start: Span,
    statement: &'a Statement,
) -> Result<(Kind, &'a Ident, &'a Query), PipelineError> {
    let wrong = |span: Span, found: &str| not_a_dataset(file, span, found.to_string());
    let (kind, or_replace, is_plain, name, query) = match statement {
        Statement::CreateTable(CreateTable { or_replace, temporary, if_not_exists, columns, name, query, .. }) => {
            let is_plain = !temporary && !if_not_exists && columns.is_empty();
            (Kind::Table, *or_replace, is_plain, name, query.as_deref())
        }
        Statement::CreateView(view) => {
            let is_plain = !view.temporary && !view.if_not_exists && !view.materialized && view.columns.is_empty();
            (Kind::View, view.or_replace, is_plain, &view.name, Some(view.query.as_ref()))
        }
        other => return Err(wrong(start, &opening_words(&DataFusionStatement::Statement(Box::new(other.clone()))))),
    };
    let word = if kind == Kind::View { "view" } else { "table" };
    if !or_replace {
        return Err(wrong(start, &format!("`create {word}` without `or replace`")));
    }
    if !is_plain {
        let extras = "`temporary`, `if not exists`, `materialized` or a list of columns";
        return Err(wrong(start, &format!("{extras}, which have no meaning here")));
    }
    let Some(query) = query else {
        return Err(wrong(start, "a table without `as select …`"));
    };
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(ident)] if is_dataset_name(&normalised(ident)) => Ok((kind, ident, query)),
        _ => Err(wrong(name.span(), "a name that is not one word of lower-case letters, digits and _")),
    }
}

fn is_dataset_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn not_a_dataset(file: &SqlFile, span: Span, found: String) -> PipelineError {
    PipelineError::NotADataset { found, at: file.at(span) }
}

fn opening_words(statement: &DataFusionStatement) -> String {
    let text = statement.to_string();
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    format!("`{} …`", words.join(" ").to_lowercase())
}

fn order_keys(query: &Query) -> Vec<OrderKey> {
    let Some(OrderByKind::Expressions(keys)) = query.order_by.as_ref().map(|order| &order.kind) else {
        return Vec::new();
    };
    let key = |key: &OrderByExpr| OrderKey {
        column: match &key.expr {
            Expr::Identifier(ident) => normalised(ident),
            Expr::CompoundIdentifier(parts) => parts.last().map(normalised).unwrap_or_default(),
            other => other.to_string(),
        },
        ascending: key.options.asc.unwrap_or(true),
    };
    keys.iter().map(key).collect()
}
