//! What the subcommands share: the lake, the engine and the pipeline that the global options describe.

use std::collections::BTreeSet;
use std::io::Write;

use tokio::sync::watch;

use super::{CliError, GlobalArgs};
use crate::engine::{Engine, Resources};
use crate::lake::{Lake, Snapshot};
use crate::pipeline::{Functions, KnownTables, Parameters, Pipeline, SqlTree, Views};
use crate::raw::RawTable;

/// Opens things on demand, so that a command that needs no lake does not fail for one.
pub(crate) struct Context {
    global: GlobalArgs,
    lake: String,
    run_id: String,
    cancel: watch::Sender<bool>,
    /// Whether Ctrl-C ends the command at once, or is left to the command.
    handles_interrupt: watch::Sender<bool>,
}

impl Context {
    pub(super) fn new(global: GlobalArgs, default_lake: &str) -> Self {
        let run_id = uuid::Uuid::now_v7().to_string();
        let lake = global.lake.clone().unwrap_or_else(|| default_lake.to_owned());
        Self { global, lake, run_id, cancel: watch::channel(false).0, handles_interrupt: watch::channel(false).0 }
    }

    /// Identifies this invocation in commits and logs.
    pub(crate) fn run_id(&self) -> &str {
        &self.run_id
    }

    pub(crate) fn quiet(&self) -> bool {
        self.global.quiet
    }

    pub(crate) fn lake_location(&self) -> &str {
        &self.lake
    }

    /// Prints a line about what is going on, unless `--quiet`.
    pub(crate) fn say(&self, text: impl std::fmt::Display) {
        if !self.global.quiet {
            // Nobody may be listening any more, as behind `2>&1 | head`.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    pub(crate) fn lake(&self) -> Result<Lake, CliError> {
        Ok(Lake::open(&self.lake)?)
    }

    /// An engine over the lake and the views of the SQL tree.
    pub(crate) fn engine(&self) -> Result<Engine, CliError> {
        let tree = self.sql_tree()?;
        self.engine_with(&tree, &self.parameters(&tree)?)
    }

    /// An engine over the lake and the views of a tree with these parameters.
    pub(crate) fn engine_with(&self, tree: &SqlTree, parameters: &Parameters) -> Result<Engine, CliError> {
        let views = Views::of(tree, parameters, &functions())?;
        Ok(Engine::new(self.lake()?, &self.resources())?.with_views(views.for_engine()))
    }

    /// The views of the SQL tree with these parameters.
    pub(crate) fn views(&self, parameters: &Parameters) -> Result<Views, CliError> {
        Ok(Views::of(&self.sql_tree()?, parameters, &functions())?)
    }

    pub(crate) fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, usize::from);
        self.global.threads.map_or_else(all, usize::from)
    }

    /// Bytes that may be held in memory: what was asked for, or 70 % of the machine's memory.
    pub(crate) fn memory_limit(&self) -> usize {
        match self.global.memory_limit {
            Some(limit) => limit.as_u64() as usize,
            None => {
                let system = sysinfo::System::new_with_specifics(
                    sysinfo::RefreshKind::nothing().with_memory(sysinfo::MemoryRefreshKind::nothing().with_ram()),
                );
                (system.total_memory() as f64 * 0.7) as usize
            }
        }
    }

    /// Datasets that are built at a time: two, if there are threads and memory for them.
    pub(crate) fn jobs(&self) -> usize {
        const ENOUGH_FOR_TWO: usize = 4 << 30;
        if self.threads() > 1 && self.memory_limit() >= ENOUGH_FOR_TWO { 2 } else { 1 }
    }

    pub(crate) fn resources(&self) -> Resources {
        Resources { threads: Some(self.threads()), memory_limit: Some(self.memory_limit()) }
    }

    pub(crate) fn sql_tree(&self) -> Result<SqlTree, CliError> {
        Ok(SqlTree::load(self.global.sql.as_deref(), &self.global.overlay)?)
    }

    pub(crate) fn parameters(&self, tree: &SqlTree) -> Result<Parameters, CliError> {
        Ok(Parameters::load(tree.manifests(), &self.global.set)?)
    }

    /// The checked pipeline over the lake as it is now.
    pub(crate) async fn pipeline(&self, lake: &Lake) -> Result<Pipeline, CliError> {
        let known = KnownTables {
            raw: RawTable::all().iter().map(|table| table.name.to_owned()).collect(),
            lake: lake.folders().await?.into_iter().filter(|name| !name.contains('/')).collect(),
        };
        Ok(Pipeline::load(self.sql_tree()?, &self.global.set, &functions(), &known)?)
    }

    /// The newest version of a dataset that the user named as `x`, `raw.x` or `raw/x`.
    pub(crate) async fn find(&self, lake: &Lake, name: &str) -> Result<Snapshot, CliError> {
        let name = Lake::dataset_of(name);
        if let Some(snapshot) = lake.snapshot(&name).await? {
            return Ok(snapshot);
        }
        if let Some(snapshot) = lake.snapshot(&format!("raw/{name}")).await? {
            return Ok(snapshot);
        }
        let known = lake.folders().await?;
        let near = kairos_udfs::nearest(&name, known.iter().map(String::as_str));
        let help = match near.as_slice() {
            [] => format!("`kairos --lake {} datasets` lists what there is", self.lake),
            near => format!("did you mean {}?", near.join(", ")),
        };
        if let Some(view) = self.views(&self.parameters(&self.sql_tree()?)?)?.iter().find(|view| view.dataset == name) {
            let message = format!("{name} is a view ({}), nothing of it is stored", view.source);
            return Err(CliError::failed(format!("{message}\nhelp: it reads {}", view.inputs.join(", "))));
        }
        let message = format!("there is no dataset '{name}' in the lake '{}'\nhelp: {help}", lake.display());
        Err(CliError::failed(message).correct(&name, &near))
    }

    /// Resolves when the user presses Ctrl-C, unless the command winds down by itself.
    pub(super) async fn interrupted(&self) {
        loop {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            let second = self.cancel.send_replace(true);
            if second || !*self.handles_interrupt.borrow() {
                return;
            }
            eprintln!("stopping after Ctrl-C; press it again to stop at once");
        }
    }

    /// Becomes true on Ctrl-C; from now on the command winds down by itself.
    pub(crate) fn cancellation(&self) -> watch::Receiver<bool> {
        self.handles_interrupt.send_replace(true);
        self.cancel.subscribe()
    }
}

pub(super) fn functions() -> Functions {
    let names: BTreeSet<String> = kairos_udfs::function_names().into_iter().collect();
    Functions { names, fingerprint: kairos_udfs::FINGERPRINT.to_owned() }
}
