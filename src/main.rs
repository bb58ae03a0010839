//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    kairos::cli::main(kairos::cli::Cli::parse()).await
}
