//! Lists of issues, the page for what is not there, and the one that says how to leave.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::document::{Framed, around};
use super::issues::number_and_day;
use super::metadata::PageMetadata;
use super::neutral::LEAVE;
use super::{MISSING, Making, PublishedIssue};

/// Issues of the list that has all years; each year has a list of its own.
const LISTED: usize = 60;

/// The first page, the list of all issues, and one for each year.
pub(super) fn lists(making: Making<'_>) -> Vec<(String, String)> {
    let Making { site, issues, words, .. } = making;
    let mut years: BTreeMap<i16, Vec<&PublishedIssue>> = BTreeMap::new();
    for issue in issues {
        years.entry(issue.date().year()).or_default().push(issue);
    }
    let by_year: Vec<(i16, Vec<&PublishedIssue>)> = years.into_iter().rev().collect();
    let of_all = html! {
        (links_to_years(making, &by_year))
        @let mut left = LISTED;
        @for (year, issues) in &by_year {
            @if left > 0 {
                h2 { (year) }
                (list(making, &issues[..issues.len().min(left)]))
                @let () = left -= issues.len().min(left);
            }
        }
        @if issues.is_empty() { p { (words.no_issue) } }
    };
    // Both are one list, and search engines are told so.
    let all = page(making, (words.all_issues, "issues/", "issues/"), of_all.clone());
    let home = page(making, (&site.name, "", "issues/"), of_all);
    let mut pages = vec![(String::new(), home), ("issues/".to_owned(), all)];
    for (year, issues) in &by_year {
        let path = format!("issues/in/{year:04}/");
        let title = format!("{} · {year}", words.all_issues);
        let content = html! { (links_to_years(making, &by_year)) (list(making, issues)) };
        pages.push((path.clone(), page(making, (&title, &path, &path), content)));
    }
    pages
}

/// A page with a title, a path, and the path by which search engines shall know it.
fn page(making: Making<'_>, (title, path, canonical): (&str, &str, &str), list: Markup) -> String {
    let newest = making.issues.iter().find_map(PublishedIssue::edition);
    making.framed(Framed {
        title,
        language: &making.site.language,
        path,
        metadata: PageMetadata::plain(making.site, title, canonical),
        logos: newest.map_or(&[], |edition| &edition.logos),
        is_hidden: false,
        searches: false,
        content: html! {
            h1 lang=[making.words.apart(&making.site.language)] { (title) }
            (list)
        },
    })
}

fn links_to_years(making: Making<'_>, by_year: &[(i16, Vec<&PublishedIssue>)]) -> Markup {
    html! {
        @if by_year.len() > 1 {
            nav aria-label=(making.words.all_issues) {
                ul.bar {
                    @for (year, _) in by_year {
                        li { a href=(making.site.link(&format!("issues/in/{year:04}/"))) { (year) } }
                    }
                }
            }
        }
    }
}

/// Issues with their titles and days.
fn list(making: Making<'_>, issues: &[&PublishedIssue]) -> Markup {
    html! {
        ul.list {
            @for issue in issues {
                @let own = (issue.language() != making.site.language).then_some(issue.language());
                li lang=[own] {
                    a href=(making.site.link(&issue.path())) { bdi { (issue.title()) } }
                    " " span.m { (number_and_day(issue)) }
                }
            }
        }
    }
}

/// For what is not there: the newest issues, and the search.
pub(super) fn missing(making: Making<'_>) -> String {
    let Making { site, issues, words, .. } = making;
    let newest: Vec<&PublishedIssue> = issues.iter().take(5).collect();
    let content = html! {
        h1 { (words.missing_title) }
        p { (words.missing_text) }
        (list(making, &newest))
        ul.bar {
            li { a href=(site.link("issues/")) { (words.all_issues) } }
            li { a href=(site.link("search/")) { (words.search) } }
        }
    };
    making.framed(aside(making, words.missing_title, MISSING, content))
}

/// How to leave, for whoever has followed a link that is a reader's own in the mail.
pub(super) fn leave(making: Making<'_>) -> String {
    let Making { site, words, .. } = making;
    let title = words.leave_title.replace("{name}", &site.name);
    let contact = html! { a href={ "mailto:" (site.contact) } { bdi { (site.contact) } } };
    let content = html! {
        h1 { (title) }
        p { (around(words.leave_text, "{contact}", contact)) }
    };
    making.framed(aside(making, &title, LEAVE, content))
}

/// A page that nobody shall find by searching.
fn aside<'a>(making: Making<'a>, title: &'a str, path: &'a str, content: Markup) -> Framed<'a> {
    let newest = making.issues.iter().find_map(PublishedIssue::edition);
    Framed {
        title,
        language: making.words.language,
        path,
        metadata: PageMetadata::plain(making.site, title, path),
        logos: newest.map_or(&[], |edition| &edition.logos),
        is_hidden: true,
        searches: false,
        content,
    }
}
