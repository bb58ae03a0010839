//! The call `assemble(base, dataset, 'pattern*', …)` as syntax.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, TableFactor, Value, VisitMut, VisitorMut,
};
use glob::Pattern;

use super::{ASSEMBLE, AssembleError};

/// Datasets that no pattern finds: they are assemblies themselves, or parts of one.
const NEVER_MATCHED: &str = "feat_matrix";

/// One argument after the base.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Member {
    /// A dataset by its name.
    Named(String),
    /// Every dataset that matches and is not named elsewhere in the call, by name: `feat_*`.
    Pattern(String),
}

/// How a column is called whose name another dataset's column has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum Repeated {
    /// After its dataset: `dollar_volume_adv`.
    #[default]
    Dataset,
    /// By a number: `dollar_volume_1`.
    Number,
}

/// A column declared to equal another one wherever both datasets have a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct CopyOf {
    /// Dataset and column of the copy.
    pub copy: (String, String),
    /// Dataset and column that it equals.
    pub source: (String, String),
}

/// A call of the table function, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AssembleCall {
    /// The dataset whose rows the result has.
    pub base: String,
    /// The other datasets in the order of their columns.
    pub members: Vec<Member>,
    pub(super) repeated: Repeated,
    pub(super) copies: Vec<CopyOf>,
}

impl AssembleCall {
    /// The call in a `FROM` clause, if it is one of this function.
    ///
    /// # Errors
    /// If it is, but its arguments are not what the function takes.
    pub fn of(factor: &TableFactor) -> Result<Option<Self>, AssembleError> {
        let TableFactor::Table { name, args: Some(arguments), .. } = factor else {
            return Ok(None);
        };
        if !is_assemble(name) {
            return Ok(None);
        }
        let wrong = |text: &str| AssembleError::Call(text.to_owned());
        let mut named = Vec::new();
        let mut call = Self { base: String::new(), members: Vec::new(), repeated: Repeated::default(), copies: vec![] };
        for argument in &arguments.args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => named.push(member(expr)?),
                FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. } => call.set(&name.value, expr)?,
                FunctionArg::ExprNamed { name, arg: FunctionArgExpr::Expr(expr), .. } => {
                    call.set(&name.to_string(), expr)?
                }
                other => return Err(AssembleError::Call(format!("cannot take the argument {other}"))),
            }
        }
        let mut named = named.into_iter();
        call.base = match named.next() {
            Some(Member::Named(base)) => base,
            Some(Member::Pattern(_)) => return Err(wrong("the base is the name of a dataset and no pattern")),
            None => return Err(wrong("the base is missing")),
        };
        call.members = named.collect();
        Ok(Some(call))
    }

    fn set(&mut self, option: &str, expr: &Expr) -> Result<(), AssembleError> {
        let text = literal(expr)
            .ok_or_else(|| AssembleError::Call(format!("{option} expects a text in quotes, found {expr}")))?;
        match (option.to_lowercase().as_str(), text) {
            ("repeated", "dataset") => self.repeated = Repeated::Dataset,
            ("repeated", "number") => self.repeated = Repeated::Number,
            ("copies", text) => self.copies = copies(text)?,
            ("repeated", other) => {
                return Err(AssembleError::Call(format!("repeated expects dataset or number, found {other}")));
            }
            (other, _) => return Err(AssembleError::Call(format!("there is no option {other}"))),
        }
        Ok(())
    }

    /// The datasets of the call in their order: `known` are those that a pattern may find, in the order of their names.
    ///
    /// A dataset stands where it is named, else at the first pattern that finds it.
    pub fn datasets(&self, known: &[String]) -> Vec<String> {
        let named = |name: &String| self.members.iter().any(|m| matches!(m, Member::Named(n) if n == name));
        let mut found: Vec<String> = Vec::new();
        for member in &self.members {
            match member {
                Member::Named(name) => found.push(name.clone()),
                Member::Pattern(pattern) => {
                    let new = known.iter().filter(|name| pattern_finds(pattern, name) && !named(name));
                    let new: Vec<String> = new.filter(|name| !found.contains(name)).cloned().collect();
                    found.extend(new);
                }
            }
        }
        found
    }

    /// Whether one of its patterns finds a dataset.
    pub fn finds(&self, dataset: &str) -> bool {
        self.members.iter().any(|member| matches!(member, Member::Pattern(pattern) if pattern_finds(pattern, dataset)))
    }

    /// Replaces the patterns of every call in a statement by the datasets of `known` that they find.
    pub fn name_datasets<N: VisitMut>(node: &mut N, known: &[String]) {
        // The visitor never breaks.
        let _ = node.visit(&mut Namer(known));
    }
}

/// Whether a pattern of a call finds a dataset.
pub(crate) fn pattern_finds(pattern: &str, dataset: &str) -> bool {
    !dataset.starts_with(NEVER_MATCHED) && Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(dataset))
}

struct Namer<'a>(&'a [String]);

impl VisitorMut for Namer<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let Ok(Some(call)) = AssembleCall::of(factor) else {
            return ControlFlow::Continue(());
        };
        let TableFactor::Table { args: Some(arguments), .. } = factor else {
            return ControlFlow::Continue(());
        };
        let name =
            |name: String| FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(Ident::with_quote('"', name))));
        let options = arguments.args.iter().filter(|argument| !matches!(argument, FunctionArg::Unnamed(_))).cloned();
        let options: Vec<FunctionArg> = options.collect();
        let datasets = call.datasets(self.0);
        arguments.args = [call.base].into_iter().chain(datasets).map(name).chain(options).collect();
        ControlFlow::Continue(())
    }
}

fn is_assemble(name: &ObjectName) -> bool {
    let [part] = name.0.as_slice() else { return false };
    part.as_ident().is_some_and(|ident| ident.value.eq_ignore_ascii_case(ASSEMBLE))
}

fn member(expr: &Expr) -> Result<Member, AssembleError> {
    match expr {
        Expr::Identifier(ident) => Ok(Member::Named(normalised(ident))),
        Expr::Nested(inner) => member(inner),
        other => match literal(other) {
            Some(text) if Pattern::new(text).is_ok() => Ok(Member::Pattern(text.to_owned())),
            _ => Err(AssembleError::Call(format!("{other} is neither a dataset nor a pattern in quotes"))),
        },
    }
}

fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn normalised(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

/// `feat_b.x = feat_a.y, feat_c.x = feat_a.y`.
fn copies(text: &str) -> Result<Vec<CopyOf>, AssembleError> {
    let column = |text: &str| {
        let (dataset, column) = text.trim().split_once('.')?;
        (!dataset.is_empty() && !column.is_empty()).then(|| (dataset.to_owned(), column.to_owned()))
    };
    let read = |part: &str| {
        let (copy, source) = part.split_once('=')?;
        Some(CopyOf { copy: column(copy)?, source: column(source)? })
    };
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let wrong = || AssembleError::Call(format!("'{part}' in copies is not of the form feat_b.x = feat_a.y"));
            read(part).ok_or_else(wrong)
        })
        .collect()
}
