//! Diagnostics as people and programs read them: source line with a caret, or JSON.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use super::{Diagnostic, Place, Severity, counted, masked};

/// The diagnostics with their source lines, in the order given; ANSI colours when `color`.
pub fn human(diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&renderer.render(&[report(diagnostic)]));
        if let (Some(help), true) = (&diagnostic.help, needs_own_help_line(diagnostic)) {
            let _ = write!(out, "\n  = help: {help}");
        }
        out.push_str("\n\n");
    }
    out
}

/// A place that cannot be quoted has no snippet for the renderer to hang the help on.
fn needs_own_help_line(diagnostic: &Diagnostic) -> bool {
    !matches!(diagnostic.place, Some(Place::Span { .. }))
}

fn report(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.rule);
    match &diagnostic.place {
        Some(Place::Span { source, span }) => {
            let path = source.path().to_string_lossy().into_owned();
            let snippet = Snippet::source(masked::source(source))
                .path(path)
                .annotation(AnnotationKind::Primary.span(span.clone()));
            let group = title.element(snippet);
            match &diagnostic.help {
                Some(help) => group.element(Level::HELP.message(help.as_str())),
                None => group,
            }
        }
        Some(place) => {
            let mut origin =
                annotate_snippets::Origin::path(place.path().to_string_lossy().into_owned());
            if let Some((line, column)) = place.line_column() {
                origin = origin.line(line).char_column(column);
            }
            title.element(origin)
        }
        None => Group::with_title(title),
    }
}

/// `errors` and `warnings` in a sentence: `2 errors, 1 warning`; `None` when there is nothing.
pub fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let count = |number: usize, word| (number > 0).then(|| counted(number as u64, word));
    let parts: Vec<String> = [count(errors, "error"), count(diagnostics.len() - errors, "warning")]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
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
}

/// A JSON array of objects `severity, rule, file, line, column, message, help`; lines and columns
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
                help: diagnostic.help.as_deref(),
            }
        })
        .collect();
    serde_json::to_string_pretty(&rows).unwrap_or_else(|_| "[]".to_owned())
}
