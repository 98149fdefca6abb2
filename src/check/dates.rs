//! Dates and numbers: an issue among its siblings.

use super::view::View;
use crate::diagnostic::{Diagnostic, Place};

/// Nobody dates an issue farther ahead.
const AHEAD: i32 = 92;

/// Where a key of `issue.toml` has its value; `issue.toml` where it is not found.
fn of_key(view: &View<'_>, key: &str) -> Place {
    let source = &view.input.issue.manifest;
    let mut at = 0;
    for line in source.text().split_inclusive('\n') {
        let written = line.split_once('=').filter(|(name, _)| name.trim() == key);
        if let Some((name, value)) = written {
            let start = at + name.len() + 1 + (value.len() - value.trim_start().len());
            let value = value.split('#').next().unwrap_or_default().trim();
            return Place::span(source, start..start + value.len());
        }
        at += line.len();
    }
    view.manifest()
}

/// A number that another issue has.
pub(super) fn number(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(number) = view.input.issue.number else { return Vec::new() };
    let mut others = view.input.siblings.iter();
    let Some(other) = others.find(|other| other.number == Some(number)) else { return Vec::new() };
    let what = format!("the issue {} also has the number {number}", other.name);
    let next = view.input.siblings.iter().filter_map(|other| other.number).max();
    let next = next.unwrap_or(number) + 1;
    let problem = Diagnostic::error("issue-number", what)
        .at(of_key(view, "number"))
        .help(format!("the next free number is {next}"));
    vec![problem]
}

/// A date that does not fit the order of the numbers.
pub(super) fn order(view: &View<'_>) -> Vec<Diagnostic> {
    let issue = view.input.issue;
    let Some(number) = issue.number else { return Vec::new() };
    let earlier =
        view.input.siblings.iter().filter(|other| other.number.is_some_and(|n| n < number));
    let Some(other) = earlier.max_by_key(|other| other.number) else { return Vec::new() };
    let Some(date) = other.date.filter(|date| *date > issue.date) else { return Vec::new() };
    let what = format!("the issue {} has a lower number but a later date, {date}", other.name);
    let problem = Diagnostic::warning("issue-order", what)
        .at(of_key(view, "date"))
        .help("correct the date or the number");
    vec![problem]
}

/// A date far ahead, or that of another issue: what is copied keeps its date.
pub(super) fn date(view: &View<'_>) -> Vec<Diagnostic> {
    let issue = view.input.issue;
    let ahead = view.input.today.and_then(|today| issue.date.since(today).ok());
    let ahead = ahead.map_or(0, |span| span.get_days());
    let same = view.input.siblings.iter().find(|other| other.date == Some(issue.date));
    let what = match same {
        Some(other) => format!("the issue {} also has the date {}", other.name, issue.date),
        None if ahead > AHEAD => format!("{} is {ahead} days from today", issue.date),
        None => return Vec::new(),
    };
    let problem = Diagnostic::warning("issue-date", what)
        .at(of_key(view, "date"))
        .help("write the day on which the issue is sent");
    vec![problem]
}

/// An article from after the issue.
pub(super) fn article(view: &View<'_>) -> Vec<Diagnostic> {
    let issue = view.input.issue;
    let articles = issue.sections.iter().flat_map(|section| &section.articles);
    articles
        .filter_map(|article| {
            let date = article.date.filter(|date| *date > issue.date)?;
            let written = date.to_string();
            let text = article.source.text();
            let place = match text.find(&written) {
                Some(at) => Place::span(&article.source, at..at + written.len()),
                None => Place::File(article.source.path().to_owned()),
            };
            Some(
                Diagnostic::warning(
                    "article-date",
                    format!("this date is later than the date of the issue, {}", issue.date),
                )
                .at(place)
                .help("check whether the date is correct"),
            )
        })
        .collect()
}
