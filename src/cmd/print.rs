//! The two streams: stdout carries the answer, stderr everything that is said about it.
//!
//! Colour follows the terminal, NO_COLOR and CLICOLOR_FORCE. A closed stream ends nothing and
//! panics nowhere: whoever reads through `head` has seen enough, and the exit code stays true.

use std::io::{self, IsTerminal as _, Write};

use sejong_digest::diagnostic::capped::capped;
use sejong_digest::diagnostic::visible::{visible, visible_in_colors, visible_in_json};
use sejong_digest::diagnostic::{Diagnostic, masked, render};

use super::failure::{Exit, Failure};

const RED: &str = "\u{1b}[1m\u{1b}[91m";
const CYAN: &str = "\u{1b}[1m\u{1b}[96m";
const RESET: &str = "\u{1b}[0m";

/// Writes the answer as it is.
pub(crate) fn answer(bytes: &[u8]) -> Result<(), Failure> {
    closed_is_fine(write_all(&mut io::stdout().lock(), bytes))
}

/// Writes an answer for people. Names, replies and lines of a log stand in it as others wrote them.
pub(crate) fn words(text: &str) -> Result<(), Failure> {
    answer(visible(text).as_bytes())
}

/// Writes an answer for programs, in which hidden characters are escaped as JSON has it.
pub(crate) fn json(text: &str) -> Result<(), Failure> {
    answer(visible_in_json(text).as_bytes())
}

/// Writes what was made of an issue: to a file or a pipe as it is, and to a terminal as it may be
/// shown there.
pub(crate) fn made(bytes: &[u8]) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        words(&String::from_utf8_lossy(bytes).replace('\r', ""))
    } else {
        answer(bytes)
    }
}

/// Writes an answer that has ANSI colours; they are taken out where nobody would see them.
pub(crate) fn colored_answer(text: &str) -> Result<(), Failure> {
    let text = visible_in_colors(text);
    closed_is_fine(write_all(&mut anstream::stdout().lock(), text.as_bytes()))
}

/// Says something about the answer, in one line.
pub(crate) fn note(text: &str) {
    message(&format!("{}\n", visible(text)));
}

/// Asks something; the answer is typed behind it, on the same line.
pub(crate) fn prompt(text: &str) {
    message(&visible(text));
}

/// Shows problems with their source lines and counts them.
pub(crate) fn problems(problems: &[Diagnostic]) {
    let counts = [render::summary(problems), render::allowed(problems)];
    let summary = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if !summary.is_empty() {
        message(&format!("{}{summary}\n", render::human(&capped(problems), true)));
    }
}

/// The one error that a run ends with.
pub(crate) fn failure(failure: &Failure) {
    let mut text = format!("{RED}error{RESET}: {}\n", visible(&failure.message));
    if let Some(help) = &failure.help {
        text.push_str(&format!("{CYAN}help{RESET}: {}\n", visible(help)));
    }
    message(&text);
}

/// What clap says of a command line. An argument that it repeats may be a relay with its password,
/// and is then told without colours, which would part it; so is one with hidden characters.
pub(crate) fn misuse(error: &clap::Error) -> Exit {
    let plain = error.render().to_string();
    let masked = masked::words(&plain);
    let shown = visible(&masked);
    let text = if shown == plain { error.render().ansi().to_string() } else { shown.into_owned() };
    message(&text);
    Exit::Usage
}

/// What the program traces, with hidden characters written out: server replies are among it.
pub(crate) struct Traces;

impl Write for Traces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        message(&visible(&String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// There is nobody left to tell about a stderr that fails.
fn message(text: &str) {
    let _ = write_all(&mut anstream::stderr().lock(), visible_in_colors(text).as_bytes());
}

fn write_all(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}

fn closed_is_fine(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("the output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}
