//! How a command ends: an exit code that tells the truth, and one error with its remedy.
//!
//! The codes are relied on by scripts; DESIGN.md section 5 lists them. Errors of the library lose
//! their type here and nowhere else: whoever branches on an error does so before.

use std::process::ExitCode;

use sejong_digest::diagnostic::masked;

/// What the calling script is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for is done.
    Done,
    /// It could not run.
    CouldNotRun,
    /// It was called in a way that has no meaning; clap finds most of these.
    Usage,
    /// The publication or the issue has errors.
    ChecksFailed,
    /// It ended with some recipients deferred or uncertain.
    Unfinished,
    /// A mail system that hands over a message has to do so again later (EX_TEMPFAIL of sysexits).
    TryLater,
    /// It was interrupted, and the same command goes on.
    Interrupted,
}

impl Exit {
    /// What the calling script sees.
    pub(crate) fn number(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::CouldNotRun => 1,
            Exit::Usage => 2,
            Exit::ChecksFailed => 3,
            Exit::Unfinished => 4,
            Exit::TryLater => 75,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.number())
    }
}

/// What every command returns.
pub(crate) type Ending = Result<Exit, Failure>;

/// Why a command ended early: printed once, by `main`.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What happened, in one sentence without a full stop.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) help: Option<String>,
    /// Whether the command's answer is on stdout already.
    pub(crate) answered: bool,
    /// Of a doubt, which a person may answer: how it passes.
    pub(crate) passes: Option<Passes>,
}

/// How a send goes on in spite of a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passes {
    /// With this flag.
    With(&'static str),
    /// No flag is of use: something else has to be done first.
    Never,
}

impl Failure {
    /// Exit code 1.
    pub(crate) fn new(message: impl Into<String>) -> Failure {
        // It may repeat what was typed, and that may be a relay with its password.
        let message = masked::words(&message.into()).into_owned();
        Failure { exit: Exit::CouldNotRun, message, help: None, answered: false, passes: None }
    }

    /// Exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Usage, ..Failure::new(message) }
    }

    /// Exit code 3.
    pub(crate) fn checks(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::ChecksFailed, ..Failure::new(message) }
    }

    /// The same, with what to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(masked::words(&help.into()).into_owned());
        self
    }

    /// The same of a doubt.
    pub(crate) fn passes(self, passes: Passes) -> Failure {
        Failure { passes: Some(passes), ..self }
    }

    /// The same, behind an answer that was printed.
    pub(crate) fn behind_an_answer(self) -> Failure {
        Failure { answered: true, ..self }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Failure {
        Failure::new(error.to_string())
    }
}
