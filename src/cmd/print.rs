//! The two streams: stdout carries the answer, stderr everything that is said about it.
//!
//! Colour follows the terminal, NO_COLOR and CLICOLOR_FORCE. A closed stream ends nothing and
//! panics nowhere: whoever reads through `head` has seen enough, and the exit code stays true.
//!
//! With `--log-format json` every line on stderr is an object, and names nobody.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::sync::OnceLock;

use sejong_digest::diagnostic::capped::capped;
use sejong_digest::diagnostic::log::LogEntry;
use sejong_digest::diagnostic::visible::{visible, visible_in_colors, visible_in_json};
use sejong_digest::diagnostic::{Diagnostic, Place, Severity, masked, render};
use tracing::field::{Field, Visit};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, format};
use tracing_subscriber::registry::LookupSpan;

use super::clock;
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

/// How stderr is written. It is one stream of the process, and so is this.
static LOG_FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// For whom stderr is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// People.
    #[default]
    Text,
    /// Programs: a JSON object on each line.
    Json,
}

/// Says once, before anything is written, how stderr is.
pub(crate) fn choose(format: LogFormat) {
    let _ = LOG_FORMAT.set(format);
}

/// Whether programs read stderr.
pub(crate) fn is_for_programs() -> bool {
    LOG_FORMAT.get() == Some(&LogFormat::Json)
}

/// Says something about the answer, in one line.
pub(crate) fn note(text: &str) {
    if is_for_programs() {
        return notice(&LogEntry::new("note", text));
    }
    message(&format!("{}\n", visible(text)));
}

/// Says what has happened in a program that runs for long, and names nobody.
pub(crate) fn notice(notice: &LogEntry) {
    if is_for_programs() {
        let json = notice.json(&clock::now().to_string());
        return message(&format!("{}\n", visible_in_json(&json)));
    }
    message(&format!("{}\n", visible(&notice.line())));
}

/// Asks something; the answer is typed behind it, on the same line.
pub(crate) fn prompt(text: &str) {
    message(&visible(text));
}

/// Shows problems with their source lines and counts them.
pub(crate) fn problems(problems: &[Diagnostic]) {
    if is_for_programs() {
        return problems.iter().for_each(|problem| notice(&notice_of(problem)));
    }
    let counts = [render::summary(problems), render::allowed(problems)];
    let summary = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if !summary.is_empty() {
        message(&format!("{}{summary}\n", render::human(&capped(problems), true)));
    }
}

fn notice_of(problem: &Diagnostic) -> LogEntry {
    let make = match problem.severity {
        Severity::Note => LogEntry::new,
        Severity::Warning => LogEntry::warning,
        Severity::Error => LogEntry::error,
    };
    let mut told = make("problem", problem.message.clone()).with("rule", problem.rule);
    if let Some(place) = &problem.place {
        told = told.with("file", place.path().display().to_string());
    }
    if let Some((line, column)) = problem.place.as_ref().and_then(Place::line_column) {
        told = told.with("line", line).with("column", column);
    }
    if let Some(help) = problem.remedy() {
        told = told.with("help", help);
    }
    told
}

/// The one error that a run ends with.
pub(crate) fn failure(failure: &Failure) {
    if is_for_programs() {
        let told = LogEntry::error("failed", failure.message.clone());
        return notice(&match &failure.help {
            Some(help) => told.with("help", help.as_str()),
            None => told,
        });
    }
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

/// What the program traces, an object on each line.
pub(crate) struct TracesInJson;

impl<S, N> FormatEvent<S, N> for TracesInJson
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        _: format::Writer<'_>,
        event: &tracing::Event<'_>,
    ) -> fmt::Result {
        let mut told = TracedFields::default();
        event.record(&mut told);
        let make = match *event.metadata().level() {
            tracing::Level::ERROR => LogEntry::error,
            tracing::Level::WARN => LogEntry::warning,
            _ => LogEntry::new,
        };
        let told_of = make("trace", told.message).with("target", event.metadata().target());
        notice(&told.more.into_iter().fold(told_of, |told, (name, value)| told.with(name, value)));
        Ok(())
    }
}

#[derive(Default)]
struct TracedFields {
    message: String,
    more: Vec<(&'static str, String)>,
}

impl Visit for TracedFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let value = format!("{value:?}");
        match field.name() {
            "message" => self.message = value,
            name => self.more.push((name, value)),
        }
    }
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
