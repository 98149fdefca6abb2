//! Diagnostics as people and programs read them: source line with a caret, or JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use super::visible::visible;
use super::{Diagnostic, Place, Severity, counted, masked};

/// Bytes of a file that are shown around a place: more than a person reads, and few enough that a
/// text of one line is not laid out again for each problem in it.
const SHOWN: usize = 4_096;

/// What is allowed of one rule that is shown, a line each.
const MOST_ALLOWED: usize = 10;

/// The diagnostics with their source lines, in the order given; ANSI colours when `color`. What is
/// allowed has a line each, behind all others.
pub fn human(diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in diagnostics.iter().filter(|diagnostic| !diagnostic.is_allowed()) {
        // Names of files, arguments and keys stand in it as others wrote them, and from here on our
        // own colours do, too.
        let diagnostic = &Diagnostic {
            message: visible(&diagnostic.message).into_owned(),
            help: diagnostic.help.as_deref().map(|help| visible(help).into_owned()),
            ..diagnostic.clone()
        };
        out.push_str(&renderer.render(&[report(diagnostic)]));
        if let (Some(help), true) = (&diagnostic.help, needs_own_help_line(diagnostic)) {
            let _ = write!(out, "\n  = help: {help}");
        }
        out.push_str("\n\n");
    }
    out.push_str(&allowed_lines(diagnostics));
    out
}

/// What is allowed: `allowed: link-port at a.md:7:1 (--allow): …`.
fn allowed_lines(diagnostics: &[Diagnostic]) -> String {
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    let mut out = String::new();
    for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.is_allowed()) {
        let count = shown.entry(diagnostic.rule).or_default();
        *count += 1;
        if *count > MOST_ALLOWED {
            continue;
        }
        let at = diagnostic.place.as_ref().map_or(String::new(), |place| format!(" at {place}"));
        let by = diagnostic.allowed_by().unwrap_or_default();
        let line = format!("allowed: {}{at} ({by}): {}", diagnostic.rule, diagnostic.message);
        let _ = writeln!(out, "{}", visible(&line.replace(['\n', '\r'], " ")));
    }
    for (rule, count) in shown.into_iter().filter(|(_, count)| *count > MOST_ALLOWED) {
        let _ = writeln!(out, "allowed: {rule} at {} more places", count - MOST_ALLOWED);
    }
    out
}

/// A place that cannot be quoted has no snippet for the renderer to hang the help on.
fn needs_own_help_line(diagnostic: &Diagnostic) -> bool {
    !matches!(diagnostic.place, Some(Place::Span { .. }))
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).into_owned()
}

fn report(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.rule);
    match &diagnostic.place {
        Some(Place::Span { source, span }) => {
            let path = shown(source.path());
            let (lines, first) = source.lines(span);
            let quoted = masked::lines(source, lines.clone());
            let inner = span.start - lines.start..span.end - lines.start;
            let group = if lines.len() <= SHOWN {
                let snippet = Snippet::source(quoted).line_start(first).path(path);
                title.element(snippet.annotation(AnnotationKind::Primary.span(inner)))
            } else {
                let (line, column) = source.line_column(span.start);
                let origin = Origin::path(path).line(line).char_column(column);
                let (cut, inner) = cut_out(&quoted, inner);
                let snippet = Snippet::source(cut).line_start(first);
                let snippet = snippet.annotation(AnnotationKind::Primary.span(inner));
                title.element(origin).element(snippet)
            };
            match &diagnostic.help {
                Some(help) => group.element(Level::HELP.message(help.as_str())),
                None => group,
            }
        }
        Some(place) => {
            let mut origin = Origin::path(shown(place.path()));
            if let Some((line, column)) = place.line_column() {
                origin = origin.line(line).char_column(column);
            }
            title.element(origin)
        }
        None => Group::with_title(title),
    }
}

/// The part of `text` around the start of `span`, and where the span lies in it: at most the rest of
/// its first line.
fn cut_out(text: &str, span: Range<usize>) -> (String, Range<usize>) {
    let around = SHOWN / 4;
    let mut from = span.start.saturating_sub(around);
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let mut to = (span.start + around).min(text.len());
    while !text.is_char_boundary(to) {
        to += 1;
    }
    // Lines before the one with the span would make its number wrong.
    from = text[from..span.start].rfind('\n').map_or(from, |at| from + at + 1);
    to = text[span.start..to].find('\n').map_or(to, |at| span.start + at);
    (text[from..to].to_owned(), span.start - from..span.end.min(to) - from)
}

/// `errors` and `warnings` in a sentence: `2 errors, 1 warning`; `None` when there is nothing.
/// What is allowed is not counted.
pub fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let of = |severity| diagnostics.iter().filter(|one| one.severity == severity).count();
    let count = |number: usize, word| (number > 0).then(|| counted(number as u64, word));
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let parts: Vec<String> =
        [count(errors, "error"), count(warnings, "warning")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// How many problems are allowed, in words: `2 allowed`; `None` when none is.
pub fn allowed(diagnostics: &[Diagnostic]) -> Option<String> {
    let count = diagnostics.iter().filter(|diagnostic| diagnostic.is_allowed()).count();
    (count > 0).then(|| format!("{count} allowed"))
}

#[derive(Serialize)]
struct JsonProblem<'a> {
    severity: Severity,
    rule: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// How many of its kind it stands for, if it is more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// By what it is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<&'a str>,
}

/// A JSON array of objects `severity, rule, file, line, column, message, help, count, allowed`; lines and columns
/// count from 1, and keys that do not apply are left out.
pub fn json(diagnostics: &[Diagnostic]) -> String {
    let rows: Vec<JsonProblem<'_>> = diagnostics
        .iter()
        .map(|diagnostic| {
            let place = diagnostic.place.as_ref();
            let line_column = place.and_then(Place::line_column);
            JsonProblem {
                severity: diagnostic.severity,
                rule: diagnostic.rule,
                file: place.map(|place| place.path().display().to_string()),
                line: line_column.map(|(line, _)| line),
                column: line_column.map(|(_, column)| column),
                message: &diagnostic.message,
                help: diagnostic.remedy(),
                count: (diagnostic.count > 1).then_some(diagnostic.count),
                allowed: diagnostic.allowed_by(),
            }
        })
        .collect();
    serde_json::to_string_pretty(&rows).unwrap_or_else(|_| "[]".to_owned())
}
