//! An issue with articles of `length = "auto"` -> the same with as few excerpts as it takes to stay
//! below what Gmail cuts off: the longest first.

use std::cmp::Reverse;

use super::article_sizes;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::{Article, Issue, Length};

/// Somewhat less than `check` warns of, because slots are filled in later.
const ROOM: usize = article_sizes::NEAR - 2048;

fn fits(html: &str) -> bool {
    html.len() <= ROOM && article_sizes::on_the_wire(html) <= ROOM
}

/// The HTML that `write` makes of `issue`, after articles of [`Length::Auto`] became excerpts where
/// that was needed, and what was done.
///
/// # Errors
/// Those of `write`.
pub(super) fn shorten<E>(
    issue: &mut Issue,
    write: impl Fn(&Issue) -> Result<String, E>,
) -> Result<(String, Vec<Diagnostic>), E> {
    let whole = write(issue)?;
    if fits(&whole) || articles(issue).all(|article| article.length != Length::Auto) {
        return Ok((whole, Vec::new()));
    }
    let longest = longest(issue, &whole);
    let shortened = |count: usize| {
        let mut issue = issue.clone();
        for (at, article) in
            issue.sections.iter_mut().flat_map(|section| &mut section.articles).enumerate()
        {
            if longest[..count].contains(&at) {
                article.length = Length::Excerpt;
            }
        }
        issue
    };
    // The smallest number that fits, or else all of them.
    let (mut low, mut high) = (1.min(longest.len()), longest.len());
    while low < high {
        let middle = low.midpoint(high);
        if fits(&write(&shortened(middle))?) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let fitted = shortened(high);
    let html = write(&fitted)?;
    let mut notes = Vec::new();
    notes.extend(shortened_articles(issue, &longest[..high]));
    if !fits(&html) {
        notes.extend(articles(issue).filter(|one| one.length == Length::Auto).filter_map(stuck));
    }
    *issue = fitted;
    Ok((html, notes))
}

fn articles(issue: &Issue) -> impl Iterator<Item = &Article> {
    issue.sections.iter().flat_map(|section| &section.articles)
}

/// The places, in reading order, of the articles that may be shortened, the longest first. One
/// without an address cannot: its rest could be read nowhere.
fn longest(issue: &Issue, html: &str) -> Vec<usize> {
    let sizes = article_sizes::articles(issue, html);
    let free = |article: &Article| article.length == Length::Auto && article.url.is_some();
    let mut longest: Vec<usize> = articles(issue)
        .enumerate()
        .filter(|(_, article)| free(article))
        .map(|(at, _)| at)
        .collect();
    longest.sort_by_key(|at| Reverse(sizes.get(*at).copied()));
    longest
}

fn shortened_articles(issue: &Issue, shortened: &[usize]) -> Option<Diagnostic> {
    let named: Vec<String> = articles(issue)
        .enumerate()
        .filter(|(at, _)| shortened.contains(at))
        .map(|(_, article)| format!("{}.md", article.slug))
        .collect();
    let what = match named.len() {
        0 => return None,
        1 => "an excerpt",
        _ => "excerpts",
    };
    Some(
        Diagnostic::warning(
            "length-auto",
            format!(
                "shortened to {what}, so that Gmail does not cut the issue off: {}",
                named.join(", ")
            ),
        )
        .at(Place::File(issue.manifest.path().to_owned()))
        .help("length: full keeps an article whole; its summary is the text of the excerpt"),
    )
}

fn stuck(article: &Article) -> Option<Diagnostic> {
    article.url.is_none().then(|| {
        Diagnostic::warning(
            "length-auto",
            "this article cannot be shortened to an excerpt, because it has no url",
        )
        .at(Place::File(article.source.path().to_owned()))
        .help("add url: the address where readers find the whole article")
    })
}
