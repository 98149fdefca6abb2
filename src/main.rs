//! The program `digest`: arguments in, one command run, at most one error printed, an exit code out.
//!
//! Everything that people see is made in [`cmd`]; everything that is sent is made in the library.

mod cmd;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    // Usage errors and --help end here: clap prints them, and its exit code for misuse is 2.
    let cli = cmd::Cli::parse();
    match cmd::run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            cmd::print::failure(&failure);
            failure.exit.into()
        }
    }
}
