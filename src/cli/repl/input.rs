//! Where the lines come from: a person at a terminal, or a pipe.

use std::borrow::Cow;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use rustyline::completion::Completer;
use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, CompletionType, Config, Editor, Helper};

use super::complete::Names;
use super::highlight::highlight;
use crate::cli::CliError;

/// Names that the completion reads while the session and its background work change them.
pub(super) type SharedNames = Arc<RwLock<Names>>;

pub(super) enum Event {
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of the pipe.
    End,
}

pub(super) enum Input {
    Terminal { editor: Box<Editor<Assistant, FileHistory>>, history: Option<PathBuf> },
    Pipe,
}

impl Input {
    pub(super) fn open(names: SharedNames) -> Result<Self, CliError> {
        if !std::io::stdin().is_terminal() {
            return Ok(Self::Pipe);
        }
        let config = Config::builder().completion_type(CompletionType::List).tab_stop(4).build();
        let mut editor = Editor::with_config(config).map_err(|error| unreadable(&error))?;
        if !console::colors_enabled() {
            editor.set_color_mode(ColorMode::Disabled);
        }
        editor.set_helper(Some(Assistant { names, before: String::new() }));
        let history = history_file();
        if let Some(path) = &history {
            // There is none in the first session.
            let _ = editor.load_history(path);
        }
        Ok(Self::Terminal { editor: Box::new(editor), history })
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal { .. })
    }

    /// The next line; `before` are the lines of the statement so far.
    pub(super) fn next(&mut self, before: &str) -> Result<Event, CliError> {
        match self {
            Self::Terminal { editor, .. } => {
                if let Some(assistant) = editor.helper_mut() {
                    before.clone_into(&mut assistant.before);
                }
                let prompt = if before.is_empty() { "kairos> " } else { "   ...> " };
                let styled = console::style(prompt).dim().to_string();
                match editor.readline(&(prompt, styled.as_str())) {
                    Ok(line) => Ok(Event::Line(line)),
                    Err(ReadlineError::Interrupted) => Ok(Event::Interrupted),
                    Err(ReadlineError::Eof) => Ok(Event::End),
                    Err(error) => Err(unreadable(&error)),
                }
            }
            Self::Pipe => {
                let mut line = String::new();
                let read = std::io::stdin().lock().read_line(&mut line);
                match read.map_err(|error| CliError::failed(format!("cannot read the input: {error}")))? {
                    0 => Ok(Event::End),
                    _ => Ok(Event::Line(line.trim_end_matches(['\n', '\r']).to_owned())),
                }
            }
        }
    }

    /// Keeps a statement for the arrow keys, in this session and the next ones.
    pub(super) fn remember(&mut self, statement: &str) {
        if let Self::Terminal { editor, history } = self {
            let _ = editor.add_history_entry(statement);
            let written = history.as_ref().map(|path| editor.append_history(path));
            if let Some(Err(error)) = written {
                tracing::warn!("the history is not kept: {error}");
                *history = None;
            }
        }
    }
}

fn unreadable(error: &ReadlineError) -> CliError {
    CliError::failed(format!("cannot read from the terminal: {error}"))
}

/// The file in the user's folder for state, which is made if need be.
fn history_file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))
        .or_else(|| set("LOCALAPPDATA"))?;
    let folder = state.join("kairos");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

/// What the line editor asks while a person types.
pub(super) struct Assistant {
    names: SharedNames,
    before: String,
}

impl Helper for Assistant {}
impl Validator for Assistant {}
impl Hinter for Assistant {
    type Hint = String;
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &rustyline::Context<'_>,
    ) -> Result<(usize, Vec<String>), ReadlineError> {
        let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
        let text = format!("{}{line}", self.before);
        let (start, offers) = names.complete(&text, self.before.len() + at);
        // A word never reaches into the line above.
        Ok((start.saturating_sub(self.before.len()), offers))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        Cow::Owned(highlight(&self.before, line))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}
