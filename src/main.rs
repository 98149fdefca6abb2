//! The program `digest`: arguments in, one command run, at most one error printed, an exit code out.
//!
//! Everything that people see is made in [`cmd`]; everything that is sent is made in the library.

mod cmd;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = match cmd::Cli::try_parse() {
        Ok(cli) => cli,
        // Usage errors and --help end here; the exit code for misuse is 2.
        Err(error) if error.use_stderr() => return cmd::print::misuse(&error).into(),
        Err(help) => help.exit(),
    };
    match cmd::run(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            cmd::print::failure(&failure);
            failure.exit.into()
        }
    }
}
