//! `kairos completions` and `kairos man`: what a package installs beside the binary, made from the command itself.

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use super::{Cli, CliError};

/// Print the completions of the command for a shell
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell, such as bash: `kairos completions bash > ~/.local/share/bash-completion/completions/kairos`
    shell: Shell,
}

/// Print the manual page of the command
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The page of a subcommand, such as sql
    command: Option<String>,
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<(), CliError> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "kairos", &mut script);
    write(&script)
}

pub(super) fn man(args: &ManArgs) -> Result<(), CliError> {
    let mut kairos = Cli::command();
    kairos.build();
    let command = match &args.command {
        None => kairos,
        Some(name) => {
            let known: Vec<&str> = kairos.get_subcommands().map(clap::Command::get_name).collect();
            let near = kairos_udfs::nearest(name, known.iter().copied());
            let help = if near.is_empty() {
                format!("there are {}", known.join(", "))
            } else {
                format!("did you mean {}?", near.join(" or "))
            };
            let unknown =
                || CliError::usage(format!("there is no command '{name}'\nhelp: {help}")).correct(name, &near);
            let found = kairos.find_subcommand(name).ok_or_else(unknown)?;
            found.clone()
        }
    };
    let mut page = Vec::new();
    Man::new(command).render(&mut page).map_err(CliError::output)?;
    write(&page)
}

fn write(bytes: &[u8]) -> Result<(), CliError> {
    use std::io::Write;
    std::io::stdout().write_all(bytes).map_err(CliError::output)
}
