//! What the command line says when something fails, and the exit code that goes with it.

use std::io::Write;
use std::process::ExitCode;

use super::correction::Correction;
use crate::audit::AuditError;
use crate::engine::{EngineError, Help};
use crate::lake::LakeError;
use crate::pipeline::{PipelineError, SourceLocation, SqlFile};
use crate::raw::synth::SynthError;
use crate::raw::{RawError, RawTable};

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const REFUSED: u8 = 3;
/// What shells expect of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// A failed command.
#[derive(Debug)]
pub(crate) struct CliError {
    code: u8,
    message: String,
    correction: Option<Correction>,
}

impl CliError {
    /// The command was understood and failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { code: FAILED, message: message.into(), correction: None }
    }

    /// The command line itself is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: USAGE, message: message.into(), correction: None }
    }

    /// With the command to paste, if similar names are known.
    pub(crate) fn correct(self, wrong: &str, similar: &[String]) -> Self {
        Self { correction: Correction::new(wrong, similar), ..self }
    }

    /// A check refused the data.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self { code: REFUSED, ..Self::failed(message) }
    }

    /// The failure has been reported already.
    pub(crate) fn reported() -> Self {
        Self::failed(String::new())
    }

    /// The same exit code without printing the message again.
    pub(crate) fn already_printed(self) -> Self {
        Self { message: String::new(), correction: None, ..self }
    }

    pub(crate) fn interrupted() -> Self {
        let message = "interrupted; what was committed before stays, the rest was not begun or is not visible";
        Self { code: INTERRUPTED, ..Self::failed(message) }
    }

    /// Ctrl-C ended a statement and not the session.
    pub(crate) fn cancelled() -> Self {
        Self { code: INTERRUPTED, ..Self::failed("cancelled; nothing was committed by this statement") }
    }

    /// Standard output is closed or full.
    pub(crate) fn output(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self { code: 0, ..Self::failed(String::new()) },
            _ => Self::failed(format!("cannot write the output: {error}")),
        }
    }

    /// An engine's error with the line of the text it is about.
    pub(crate) fn in_text(error: EngineError, file: &SqlFile) -> Self {
        match error {
            EngineError::Query { message, at, help } => {
                let place = at.map(|(line, column)| SourceLocation::of_word(file, line as usize, column as usize));
                let place = place.map_or(String::new(), |place| format!("\n{place}"));
                let (wrong, similar) = help.as_ref().map_or(("", &[][..]), Help::names);
                let text = help.as_ref().map_or(String::new(), |help| format!("\nhelp: {help}"));
                Self::failed(format!("{message}{place}{text}")).correct(wrong, similar)
            }
            EngineError::UnknownTable { name, suggestions } => {
                let place = mention(&file.text, &name).map(|bytes| SourceLocation::of_bytes(file, bytes));
                let place = place.map_or(String::new(), |place| format!("\n{place}"));
                let raw = name.strip_prefix("raw.").filter(|table| RawTable::find(table).is_ok());
                let help = match (suggestions.as_slice(), raw) {
                    ([], Some(table)) => format!("`kairos land {table} FILE` or `kairos sync {table}` brings it"),
                    ([], None) => "`kairos datasets` lists what there is".to_owned(),
                    (names, _) => format!("did you mean {}?", names.join(" or ")),
                };
                let message = format!("there is no dataset '{name}' in the lake{place}\nhelp: {help}");
                Self::failed(message).correct(&name, &suggestions)
            }
            other => other.into(),
        }
    }

    /// What went wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn print(&self) {
        // Nobody may be listening any more, as behind `2>&1 | head`.
        let mut to = std::io::stderr();
        if !self.message.is_empty() {
            let _ = writeln!(to, "{} {}", console::style("error:").for_stderr().red().bold(), self.message);
        }
        if let Some(command) = self.correction.as_ref().and_then(|correction| correction.of(std::env::args())) {
            let _ = writeln!(to, "      {command}");
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

/// Where a text names something, as a word of its own.
pub(super) fn mention(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    let alone = |(at, _): &(usize, &str)| {
        let (before, after) = (&text[..*at], &text[at + name.len()..]);
        !before.ends_with(of_word) && !after.starts_with(of_word)
    };
    text.match_indices(name).find(alone).map(|(at, _)| at..at + name.len())
}

impl From<LakeError> for CliError {
    fn from(error: LakeError) -> Self {
        match error {
            LakeError::Location { .. } => Self::usage(error.to_string()),
            LakeError::Locked { .. } => Self::refused(error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<EngineError> for CliError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Output(error) => Self::output(error),
            error => Self::failed(error.to_string()),
        }
    }
}

impl From<PipelineError> for CliError {
    fn from(error: PipelineError) -> Self {
        match &error {
            PipelineError::UnknownSelector { selector, similar, .. } => {
                Self::usage(error.to_string()).correct(selector, similar)
            }
            PipelineError::UnknownSetting { name, similar } => Self::usage(error.to_string()).correct(name, similar),
            PipelineError::UnknownColumn { column, similar, .. } => {
                Self::usage(error.to_string()).correct(column, similar)
            }
            PipelineError::EmptySelection
            | PipelineError::NoOverlay { .. }
            | PipelineError::MalformedSetting { .. }
            | PipelineError::InvalidSetting { .. } => Self::usage(error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<RawError> for CliError {
    fn from(error: RawError) -> Self {
        match &error {
            RawError::UnknownTable { name, nearest, .. } => {
                Self::usage(error.to_string()).correct(name, &[(*nearest).to_owned()])
            }
            RawError::NoFiles { .. } | RawError::Mapping { .. } => Self::usage(error.to_string()),
            RawError::Vendor(source) if source.is_setting() => Self::usage(error.to_string()),
            RawError::Rejected { .. } => Self { code: REFUSED, ..Self::failed(error.to_string()) },
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<AuditError> for CliError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Pipeline(error) => error.into(),
            AuditError::UnknownCheck { .. } => Self::usage(error.to_string()),
            _ => Self::failed(error.to_string()),
        }
    }
}

impl From<SynthError> for CliError {
    fn from(error: SynthError) -> Self {
        Self::failed(error.to_string())
    }
}
