//! Dates and numbers: an issue among its siblings.

use super::view::View;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::load::Headline;

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

/// A number that another issue has. It is told of the one that can change: that of an issue that
/// was sent stays, and of two that were not sent the later name is the copy.
pub(super) fn number(view: &View<'_>) -> Vec<Diagnostic> {
    let name = &view.input.issue.name;
    let Some(number) = view.input.issue.number else { return Vec::new() };
    let mut others = same_language(view).filter(|other| other.number == Some(number));
    let is_first = |other: &&Headline| view.input.sent.contains(&other.name) || other.name < *name;
    let Some(other) = others.find(is_first) else { return Vec::new() };
    let what = format!("the issue {} also has the number {number}", other.name);
    let next = same_language(view).filter_map(|other| other.number).max();
    let next = next.unwrap_or(number).max(number) + 1;
    let problem = Diagnostic::error("issue-number", what)
        .at(of_key(view, "number"))
        .help(format!("give {name} the number {next}"));
    vec![problem]
}

/// A date that does not fit the order of the numbers.
pub(super) fn order(view: &View<'_>) -> Vec<Diagnostic> {
    let issue = view.input.issue;
    let Some(number) = issue.number else { return Vec::new() };
    let earlier = same_language(view).filter(|other| other.number.is_some_and(|n| n < number));
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
    let same = same_language(view).find(|other| other.date == Some(issue.date));
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

/// Days by which an event that an article tells of may be later than its issue.
const LATER: i32 = 60;

/// An article from long after the issue: that of an event to come has the day of the event.
pub(super) fn article(view: &View<'_>) -> Vec<Diagnostic> {
    let issue = view.input.issue;
    let articles = issue.sections.iter().flat_map(|section| &section.articles);
    articles
        .filter_map(|article| {
            let date = article.date.filter(|date| is_far(issue.date, *date))?;
            let written = date.to_string();
            let text = article.source.text();
            let place = match text.find(&written) {
                Some(at) => Place::span(&article.source, at..at + written.len()),
                None => Place::File(article.source.path().to_owned()),
            };
            Some(
                Diagnostic::warning(
                    "article-date",
                    format!(
                        "this date is more than {LATER} days later than the issue, which is of {}",
                        issue.date
                    ),
                )
                .at(place)
                .help("check the year and the month"),
            )
        })
        .collect()
}

fn is_far(issue: jiff::civil::Date, article: jiff::civil::Date) -> bool {
    article.since(issue).is_ok_and(|span| span.get_days() > LATER)
}

/// The other issues in the language of this one: what is sent in two languages has one day and one
/// number. An issue that names none has that of the publication.
fn same_language<'v>(view: &View<'v>) -> impl Iterator<Item = &'v Headline> + use<'v> {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let own = primary(&view.input.issue.language);
    let default = &view.input.publication.language;
    view.input
        .siblings
        .iter()
        .filter(move |other| primary(other.language.as_deref().unwrap_or(default)) == own)
}
