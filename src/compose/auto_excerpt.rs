//! An issue with articles of `length = "auto"` -> the same with as few excerpts as it takes to stay
//! below what Gmail cuts off, and the last of them the smallest that suffices. Every excerpt leads to
//! where the rest can be read, or it is told that it leads nowhere.

use super::article::{anchor, shown};
use super::article_sizes;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::{Article, Issue, Length, percent};

/// Somewhat less than `check` warns of, because slots are filled in later.
const ROOM: usize = article_sizes::NEAR - 2048;

fn fits(html: &str) -> bool {
    html.len() <= ROOM && article_sizes::on_the_wire(html) <= ROOM
}

/// The HTML that `write` makes of `issue`, after articles of [`Length::Auto`] became excerpts where
/// that was needed, and what was done. `page` is where the issue can be read on the web: an article
/// without an address of its own is read there.
///
/// # Errors
/// Those of `write`.
pub(super) fn shorten<E>(
    issue: &mut Issue,
    page: Option<&str>,
    write: impl Fn(&Issue) -> Result<String, E>,
) -> Result<(String, Vec<Diagnostic>), E> {
    let whole = write(issue)?;
    if fits(&whole) || issue.articles().all(|article| article.length != Length::Auto) {
        return Ok((whole, Vec::new()));
    }
    let smallest = smallest(issue, page, &whole);
    let shortened = |cut: &[usize]| {
        let mut issue = issue.clone();
        let articles = issue.sections.iter_mut().flat_map(|section| &mut section.articles);
        for (at, article) in articles.enumerate().filter(|(at, _)| cut.contains(at)) {
            article.length = Length::Excerpt;
            lead_on(article, page);
            debug_assert!(article.url.is_some(), "article {at} can be read nowhere");
        }
        issue
    };
    // How many of the largest have to go besides the last one that is cut.
    let cut = |count: usize, last: usize| -> Vec<usize> {
        let largest = smallest.iter().rev().take(count);
        largest.copied().chain(smallest.get(last).copied()).collect()
    };
    // With the largest as the last one, the smallest number that fits, or else all of them.
    let (mut low, mut high) = (0, smallest.len().saturating_sub(1));
    while low < high {
        let middle = low.midpoint(high);
        if fits(&write(&shortened(&cut(middle + 1, usize::MAX)))?) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let others = low;
    // And then the smallest article that suffices as the last one.
    let (mut low, mut high) = (0, smallest.len().saturating_sub(others + 1));
    while low < high {
        let middle = low.midpoint(high);
        if fits(&write(&shortened(&cut(others, middle)))?) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let cut = cut(others, low);
    let fitted = shortened(&cut);
    let html = write(&fitted)?;
    let note = told(issue, page, &cut, fits(&html));
    *issue = fitted;
    Ok((html, note.into_iter().collect()))
}

/// An article without an address of its own is read on the page of its issue.
fn lead_on(article: &mut Article, page: Option<&str>) {
    let there = || page.map(|page| format!("{page}#{}", percent::path(&anchor(article))));
    article.url = article.url.clone().or_else(there);
}

/// Lets the articles of [`Length::Excerpt`] lead to their rest, and tells of those that cannot. One
/// that is shown whole needs no link.
pub(super) fn lead_to_rest(issue: &mut Issue, page: Option<&str>) -> Vec<Diagnostic> {
    let articles = issue.sections.iter_mut().flat_map(|section| &mut section.articles);
    let is_cut = |article: &Article| {
        article.length == Length::Excerpt && article.body.len() > shown_of_body(article)
    };
    let mut problems = Vec::new();
    for article in articles.filter(|article| is_cut(article)) {
        lead_on(article, page);
        if article.url.is_none() {
            let what = "this article ends after its excerpt, and readers find the rest nowhere";
            problems.push(
                Diagnostic::warning("length-excerpt", what)
                    .at(Place::File(article.source.path().to_owned()))
                    .help(format!("{ADD_ADDRESS}; length: full keeps the article whole")),
            );
        }
    }
    problems
}

/// How many blocks of the text an excerpt has.
fn shown_of_body(article: &Article) -> usize {
    if article.summary.is_some() { 0 } else { shown(article).len() }
}

/// What to do about a text whose rest is nowhere.
const ADD_ADDRESS: &str =
    "add url: the address where readers find the whole article, or browser_url to digest.toml";

/// The places, in reading order, of the articles that may be shortened, the smallest first. One
/// whose rest could be read nowhere cannot.
fn smallest(issue: &Issue, page: Option<&str>, html: &str) -> Vec<usize> {
    let sizes = article_sizes::articles(issue, html);
    let free = |article: &Article| article.length == Length::Auto && is_readable(article, page);
    let mut smallest: Vec<usize> = issue
        .articles()
        .enumerate()
        .filter(|(_, article)| free(article))
        .map(|(at, _)| at)
        .collect();
    smallest.sort_by_key(|at| sizes.get(*at).copied());
    smallest
}

/// Whether the whole of an article can be read somewhere.
fn is_readable(article: &Article, page: Option<&str>) -> bool {
    article.url.is_some() || page.is_some()
}

/// What was done, and where it was not enough, what stands in the way.
fn told(issue: &Issue, page: Option<&str>, cut: &[usize], fits: bool) -> Option<Diagnostic> {
    let named = |which: &dyn Fn(usize, &Article) -> bool| -> Vec<String> {
        let articles = issue.articles().enumerate();
        let articles = articles.filter(|(at, article)| which(*at, article));
        articles.map(|(_, article)| format!("{}.md", article.slug)).collect()
    };
    let shortened = named(&|at, _| cut.contains(&at));
    let stuck = named(&|_, one| one.length == Length::Auto && !is_readable(one, page));
    let stuck = if fits { Vec::new() } else { stuck };
    let what = if shortened.len() == 1 { "an excerpt" } else { "excerpts" };
    let done = format!(
        "shortened to {what}, so that Gmail does not cut the issue off: {}",
        shortened.join(", ")
    );
    let left = format!("cannot be shortened, having no url: {}", stuck.join(", "));
    let message = match (shortened.is_empty(), stuck.is_empty()) {
        (true, true) => return None,
        (false, true) => done,
        (true, false) => left,
        (false, false) => format!("{done}; {left}"),
    };
    let help = if stuck.is_empty() {
        "length: full keeps an article whole; its summary is the text of the excerpt"
    } else {
        ADD_ADDRESS
    };
    let place = Place::File(issue.manifest.path().to_owned());
    Some(Diagnostic::warning("length-auto", message).at(place).help(help))
}
