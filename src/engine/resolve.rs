//! Names in a statement → versions of datasets.
//!
//! A bare name is a view, else a derived dataset, else a raw one; `raw.x` is a raw one; `at_version('x', n)` is an older
//! version.
//! Each is opened once per statement, so a statement never sees two versions under one name.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider, SchemaProvider,
};
use datafusion::catalog::{CatalogProviderList, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{ScalarValue, TableReference, plan_err};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::Expr;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{self, FunctionArg, FunctionArgExpr, TableFactor, Value, Visit, Visitor};

use super::assemble::{ASSEMBLE, AssembleCall, Assemblies, Assembly, calls, has_key};
use super::session::{CATALOG, RAW_SCHEMA, SCHEMA};
use super::{Engine, EngineError, Guests, Result};
use crate::lake::{DatasetProvider, Lake, Snapshot};
use kairos_udfs::nearest;

pub(super) const AT_VERSION: &str = "at_version";

/// A session whose catalog holds what the statement names, and nothing else.
pub(super) async fn state_for(engine: &Engine, statement: &Statement) -> Result<SessionState> {
    let Engine { lake, session, guests, views } = engine;
    let created = created_table(statement);
    if let Some(view) = created.as_deref().and_then(|name| views.get(name)) {
        return Err(view.refused("no dataset can have its name: choose another one"));
    }
    let views = views.read_by(session, statement)?;
    let queries: Vec<Statement> = views.iter().map(|view| view.statement()).collect();
    let statements: Vec<&Statement> = std::iter::once(statement).chain(&queries).collect();
    let derived = Arc::new(MemorySchemaProvider::new());
    let raw = Arc::new(MemorySchemaProvider::new());
    for reference in &references(engine, &statements).await? {
        let schema = match reference.schema() {
            Some("information_schema") => continue,
            Some(RAW_SCHEMA) => &raw,
            schema if is_guest(guests, schema.unwrap_or(SCHEMA), reference.table()) => continue,
            _ if engine.views.named(reference).is_some() => continue,
            _ => &derived,
        };
        match find(lake, reference).await? {
            Some(snapshot) => {
                let table = Arc::new(DatasetProvider::new(lake, Arc::new(snapshot)));
                schema.register_table(reference.table().to_owned(), table)?;
            }
            None if created.as_deref() == Some(reference.table()) => {}
            None if is_function(session, reference) => {}
            None => return Err(unknown(lake, reference).await?),
        }
    }
    let assemblies = open_assemblies(engine, &statements, created.as_deref()).await?;
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, derived.clone())?;
    catalog.register_schema(RAW_SCHEMA, raw)?;
    register(guests, &catalog)?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    let builder = SessionStateBuilder::new_from_existing(session.clone());
    let mut state = builder.with_catalog_list(Arc::new(catalogs)).build();
    register_pinned(&mut state, lake, &statements).await?;
    state.register_relation_planner(Arc::new(assemblies))?;
    super::views::register(&views, &state, &derived, lake).await?;
    Ok(state)
}

/// Every table that the statements name, once; all of the lake if they ask which there are.
async fn references(engine: &Engine, statements: &[&Statement]) -> Result<Vec<TableReference>> {
    let mut all = Vec::new();
    for statement in statements {
        all.extend(engine.session.resolve_table_references(statement)?);
    }
    if all.iter().any(|name| name.schema() == Some("information_schema")) {
        all.extend(all_tables(&engine.lake).await?);
    }
    let mut seen = HashSet::new();
    all.retain(|reference| seen.insert(reference.clone()));
    Ok(all)
}

/// Lets the statements read the older versions that they name with `at_version`.
pub(super) async fn register_pinned(state: &mut SessionState, lake: &Lake, statements: &[&Statement]) -> Result<()> {
    let pinned = AtVersion { versions: open_pinned(lake, statements).await? };
    state.register_udtf(AT_VERSION, Arc::new(pinned));
    Ok(())
}

fn is_guest(guests: &Guests, schema: &str, table: &str) -> bool {
    guests.contains_key(&(schema.to_owned(), table.to_owned()))
}

fn register(guests: &Guests, catalog: &MemoryCatalogProvider) -> Result<()> {
    for ((schema, name), table) in guests {
        let provider = match catalog.schema(schema) {
            Some(known) => known,
            None => {
                let new = Arc::new(MemorySchemaProvider::new());
                catalog.register_schema(schema, new.clone())?;
                new
            }
        };
        provider.register_table(name.clone(), table.clone())?;
    }
    Ok(())
}

/// The dataset behind a table name.
async fn find(lake: &Lake, reference: &TableReference) -> Result<Option<Snapshot>> {
    let table = reference.table();
    match reference.schema() {
        Some(RAW_SCHEMA) => Ok(lake.snapshot(&format!("{RAW_SCHEMA}/{table}")).await?),
        Some(other) if other != SCHEMA => Ok(None),
        _ => match lake.snapshot(table).await? {
            Some(found) => Ok(Some(found)),
            None => Ok(lake.snapshot(&format!("{RAW_SCHEMA}/{table}")).await?),
        },
    }
}

/// A call such as `generate_series(0, 9)` looks like a table to the parser.
fn is_function(session: &SessionState, reference: &TableReference) -> bool {
    let name = reference.table();
    reference.schema().is_none()
        && (name == AT_VERSION
            || name == ASSEMBLE
            || session.table_functions().contains_key(name)
            || kairos_udfs::table_function_names().iter().any(|known| known == name))
}

async fn all_tables(lake: &Lake) -> Result<Vec<TableReference>> {
    let folders = lake.folders().await?;
    let mut tables = Vec::new();
    for name in folders {
        if lake.snapshot(&name).await?.is_some() {
            tables.push(match name.split_once('/') {
                Some((schema, table)) => TableReference::partial(schema, table),
                None => TableReference::bare(name),
            });
        }
    }
    Ok(tables)
}

/// The table that the statement creates; it may be named in it without existing.
fn created_table(statement: &Statement) -> Option<String> {
    match statement {
        Statement::Statement(statement) => match statement.as_ref() {
            ast::Statement::CreateTable(create) => {
                let last = create.name.0.last().and_then(|part| part.as_ident())?;
                Some(last.value.clone())
            }
            _ => None,
        },
        _ => None,
    }
}

async fn unknown(lake: &Lake, reference: &TableReference) -> Result<EngineError> {
    let name = match reference.schema() {
        Some(schema) if schema != SCHEMA => format!("{schema}.{}", reference.table()),
        _ => reference.table().to_owned(),
    };
    let known: Vec<String> = lake.folders().await?.into_iter().map(|folder| folder.replace('/', ".")).collect();
    // A raw table may be named with its schema or without.
    let bare = known.iter().filter_map(|known| known.strip_prefix("raw."));
    let suggestions = nearest(&name, known.iter().map(String::as_str).chain(bare));
    Ok(EngineError::UnknownTable { name, suggestions })
}

/// Opens the datasets that `assemble(…)` calls in the statements name or find.
async fn open_assemblies(engine: &Engine, statements: &[&Statement], created: Option<&str>) -> Result<Assemblies> {
    let mut opened = Assemblies::default();
    for statement in statements.iter().filter_map(|statement| inner(statement)) {
        for call in calls(statement)? {
            let base = open(engine, &call.base).await?;
            let mut datasets = Vec::new();
            for name in call.datasets(&keyed_datasets(engine, &call, created).await?) {
                datasets.push(open(engine, &name).await?);
            }
            let assembly = Assembly::new(&call, base, datasets)?;
            opened.0.insert(call, Arc::new(assembly));
        }
    }
    Ok(opened)
}

async fn open(engine: &Engine, name: &str) -> Result<DatasetProvider> {
    if let Some(view) = engine.views.get(name) {
        return Err(view.refused("assemble takes datasets: name those that it reads"));
    }
    let reference = TableReference::bare(name);
    match find(&engine.lake, &reference).await? {
        Some(snapshot) => Ok(DatasetProvider::new(&engine.lake, Arc::new(snapshot))),
        None => Err(unknown(&engine.lake, &reference).await?),
    }
}

/// The datasets of the lake that patterns of a call may find, by name.
async fn keyed_datasets(engine: &Engine, call: &AssembleCall, created: Option<&str>) -> Result<Vec<String>> {
    let Engine { lake, views, .. } = engine;
    let mut keyed = Vec::new();
    let may_be = |name: &String| call.finds(name) && Some(name.as_str()) != created && views.get(name).is_none();
    for name in lake.folders().await?.into_iter().filter(may_be) {
        if lake.snapshot(&name).await?.is_some_and(|snapshot| has_key(snapshot.schema())) {
            keyed.push(name);
        }
    }
    keyed.sort();
    Ok(keyed)
}

/// The statement below `EXPLAIN`, if it is one of SQL.
fn inner(mut statement: &Statement) -> Option<&ast::Statement> {
    while let Statement::Explain(explain) = statement {
        statement = &explain.statement;
    }
    match statement {
        Statement::Statement(statement) => Some(statement),
        _ => None,
    }
}

/// Opens the versions that `at_version('x', n)` calls in the statements ask for; planning itself cannot wait for storage.
async fn open_pinned(lake: &Lake, statements: &[&Statement]) -> Result<HashMap<(String, u64), Arc<DatasetProvider>>> {
    let mut calls = PinnedCalls::default();
    for statement in statements.iter().filter_map(|statement| inner(statement)) {
        let _ = statement.visit(&mut calls);
    }
    let mut opened = HashMap::new();
    for (name, version) in calls.0 {
        let dataset = name.replace('.', "/");
        let found = match lake.snapshot_at(&dataset, version).await? {
            Some(found) => Some(found),
            None => lake.snapshot_at(&format!("{RAW_SCHEMA}/{dataset}"), version).await?,
        };
        let Some(snapshot) = found else {
            return Err(unknown(lake, &TableReference::parse_str(&name)).await?);
        };
        opened.insert((name, version), Arc::new(DatasetProvider::new(lake, Arc::new(snapshot))));
    }
    Ok(opened)
}

#[derive(Default)]
struct PinnedCalls(HashSet<(String, u64)>);

impl Visitor for PinnedCalls {
    type Break = ();

    fn pre_visit_table_factor(&mut self, table: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, args: Some(arguments), .. } = table
            && name.to_string().eq_ignore_ascii_case(AT_VERSION)
            && let [dataset, version] = arguments.args.as_slice()
            && let (Some(Value::SingleQuotedString(dataset)), Some(Value::Number(version, _))) =
                (literal(dataset), literal(version))
            && let Ok(version) = version.parse()
        {
            self.0.insert((dataset.clone(), version));
        }
        ControlFlow::Continue(())
    }
}

fn literal(argument: &FunctionArg) -> Option<&Value> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(ast::Expr::Value(value))) => Some(&value.value),
        _ => None,
    }
}

/// `at_version('dataset', n)`: the dataset as its version `n` left it.
#[derive(Debug)]
struct AtVersion {
    versions: HashMap<(String, u64), Arc<DatasetProvider>>,
}

impl TableFunctionImpl for AtVersion {
    fn call_with_args(&self, args: TableFunctionArgs) -> datafusion::error::Result<Arc<dyn TableProvider>> {
        if let [Expr::Literal(ScalarValue::Utf8(Some(name)), _), Expr::Literal(ScalarValue::Int64(Some(version)), _)] =
            args.exprs()
            && let Ok(version) = u64::try_from(*version)
            && let Some(table) = self.versions.get(&(name.clone(), version))
        {
            return Ok(table.clone());
        }
        plan_err!(
            "at_version takes a dataset's name and a version number, for example at_version('feat_momentum_v2', 0)"
        )
    }
}
