//! `kairos repl`: SQL over the lake, line by line.

mod commands;
mod complete;
mod highlight;
mod input;
mod lex;

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use clap::Args;

use super::sql::Target;
use super::{CliError, Context, datasets, describe, history, params, print, sql};
use crate::engine::Engine;
use crate::pipeline::{Parameters, SqlFile};
use commands::Command;
use complete::{Catalog, Names};
use input::{Event, Input, SharedNames};

/// Ask the lake in SQL, interactively
#[derive(Debug, Args)]
pub(super) struct ReplArgs {
    /// Rows that a table shows at most
    #[arg(long, default_value_t = 40, value_name = "N")]
    max_rows: usize,
}

pub(super) async fn run(context: &Context, args: &ReplArgs) -> Result<(), CliError> {
    let engine = context.engine()?;
    let parameters = context.parameters(&context.sql_tree()?)?;
    let names = Arc::new(RwLock::new(Names {
        functions: engine.function_names(),
        parameters: parameters.iter().map(|parameter| parameter.name.clone()).collect(),
        commands: commands::names(),
        ..Names::default()
    }));
    let mut input = Input::open(names.clone())?;
    let mut session = Session { context, engine, parameters, names, timing: true, max_rows: args.max_rows };
    if input.is_terminal() {
        context.say(format_args!(
            "Kairos {} over {}\nSQL ends with ;  \\? helps, \\q leaves.",
            env!("CARGO_PKG_VERSION"),
            session.engine.lake().display()
        ));
        session.refresh_names();
    }
    session.read_and_run(&mut input).await
}

struct Session<'a> {
    context: &'a Context,
    engine: Engine,
    parameters: Parameters,
    names: SharedNames,
    timing: bool,
    max_rows: usize,
}

impl Session<'_> {
    /// At a terminal an error is shown and the session goes on; a pipe ends at the first.
    async fn read_and_run(&mut self, input: &mut Input) -> Result<(), CliError> {
        let mut pending = String::new();
        loop {
            let (text, ended) = match input.next(&pending)? {
                Event::Interrupted => {
                    pending.clear();
                    continue;
                }
                Event::End => (std::mem::take(&mut pending), true),
                Event::Line(line) => {
                    let is_command = pending.is_empty() && commands::parse(&line).is_some();
                    pending.push_str(&line);
                    if !is_command && !lex::is_complete(&pending) {
                        pending.push('\n');
                        continue;
                    }
                    (std::mem::take(&mut pending), false)
                }
            };
            if !(lex::is_blank(&text) || ended && input.is_terminal()) {
                input.remember(&text);
                match self.run(&text, input.is_terminal()).await {
                    Ok(Goes::On) => {}
                    Ok(Goes::Out) => return Ok(()),
                    Err(error) if input.is_terminal() => error.print(),
                    Err(error) => return Err(error),
                }
            }
            if ended {
                return Ok(());
            }
        }
    }

    async fn run(&mut self, text: &str, timed: bool) -> Result<Goes, CliError> {
        let started = Instant::now();
        match commands::parse(text) {
            None => {
                cancellable(self.statement(text)).await?;
                if lex::creates(text) {
                    self.refresh_names();
                }
            }
            Some(command) => {
                let command = command.map_err(CliError::usage)?;
                let queries = matches!(command, Command::Plan(_));
                if let Goes::Out = self.command(command).await? {
                    return Ok(Goes::Out);
                }
                if !queries {
                    return Ok(Goes::On);
                }
            }
        }
        if self.timing && timed {
            self.context.say(format_args!("{:.3} s\n", started.elapsed().as_secs_f64()));
        }
        Ok(Goes::On)
    }

    async fn statement(&self, text: &str) -> Result<(), CliError> {
        let file = SqlFile::inline("repl", text);
        let target = Target::Screen { max_rows: self.max_rows };
        sql::execute(self.context, &self.engine, &file, &self.parameters, &target).await
    }

    async fn command(&mut self, command: Command) -> Result<Goes, CliError> {
        let (context, lake) = (self.context, self.engine.lake());
        match command {
            Command::Datasets => cancellable(datasets::show(context, &self.engine)).await?,
            Command::Describe(dataset) => cancellable(describe::show(context, &self.engine, &dataset)).await?,
            Command::History(dataset) => cancellable(history::show(context, lake, &dataset)).await?,
            Command::Plan(text) => {
                let file = SqlFile::inline("repl", &text);
                cancellable(sql::show_plan(context, &self.engine, &file, &self.parameters)).await?;
            }
            Command::Parameters => params::show(&self.parameters)?,
            Command::Set(setting) => {
                self.parameters.set(&setting)?;
                self.engine = self.engine.clone().with_views(context.views(&self.parameters)?.for_engine());
            }
            Command::Timing => {
                self.timing = !self.timing;
                context.say(if self.timing { "timing is on" } else { "timing is off" });
            }
            Command::Help => print(commands::help())?,
            Command::Quit => return Ok(Goes::Out),
        }
        Ok(Goes::On)
    }

    /// Reads the names for the completion in the background: a lake in a bucket may take a while.
    fn refresh_names(&self) {
        let (engine, names) = (self.engine.clone(), self.names.clone());
        tokio::spawn(async move {
            // Without them Tab knows less, and a statement will say what is wrong with the lake.
            if let Ok(catalog) = Catalog::load(&engine).await {
                names.write().unwrap_or_else(PoisonError::into_inner).catalog = catalog;
            }
        });
    }
}

enum Goes {
    On,
    Out,
}

/// Ctrl-C drops the work, and with it everything that it has not committed.
async fn cancellable(work: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    tokio::select! {
        done = work => done,
        Ok(()) = tokio::signal::ctrl_c() => Err(CliError::cancelled()),
    }
}
