//! An article: within its issue, and on a page of its own.

use std::collections::HashSet;

use jiff::civil::Date;
use maud::{Markup, PreEscaped, html};

use super::card::PagePicture;
use super::corrections;
use super::document::Framed;
use super::edition::{WebArticle, WebEdition};
use super::fragment::lowered;
use super::metadata::PageMetadata;
use super::{ArchiveSite, Making, PublishedIssue};
use crate::compose::language;
use crate::compose::phrases::phrases;

/// A day in words.
pub(super) fn day(date: Date, language: &str) -> Markup {
    let words = date.strftime(phrases(language).date).to_string();
    html! { time datetime=(date) { (words) } }
}

/// Author, where they work, and the day.
pub(super) fn byline(article: &WebArticle) -> Markup {
    let mut parts: Vec<Markup> = Vec::new();
    let words = [&article.author, &article.affiliation].into_iter().flatten();
    parts.extend(words.map(|words| html! { (words) }));
    parts.extend(article.date.map(|date| day(date, &article.language)));
    html! {
        @if !parts.is_empty() {
            p.m {
                @for (at, part) in parts.iter().enumerate() { @if at > 0 { " · " } (part) }
            }
        }
    }
}

/// The link to the rest of an excerpt.
fn rest(article: &WebArticle) -> Markup {
    let phrases = phrases(&article.language);
    html! {
        @if let Some(url) = article.url.as_ref().filter(|_| article.excerpt) {
            p { a href=(url) lang=[phrases.language] {
                (phrases.read_in_full.0) (article.title) (phrases.read_in_full.1)
            } }
        }
    }
}

/// An article within its issue; `level` is that of its title.
pub(super) fn within(
    site: &ArchiveSite,
    issue: &PublishedIssue,
    article: &WebArticle,
    (level, around): (u8, &str),
) -> Markup {
    let own = (article.language != around).then_some(&article.language);
    let turned = own.and_then(|language| language::turned(language, around));
    let href = if article.page {
        Some(site.link(&issue.article_path(article)))
    } else {
        article.url.clone()
    };
    let title = html! {
        @match &href {
            Some(href) => a href=(href) { (article.title) },
            None => (article.title),
        }
    };
    let body = site.placed(&lowered(&article.body, level - 1));
    html! {
        article.part #(article.slug) lang=[own] dir=[turned] {
            @if level == 2 { h2 { (title) } } @else { h3 { (title) } }
            (byline(article))
            (PreEscaped(body))
            (rest(article))
        }
    }
}

/// An article on a page of its own.
pub(super) fn page(
    making: Making<'_>,
    issue: &PublishedIssue,
    edition: &WebEdition,
    (article, picture): (&WebArticle, &PagePicture),
) -> String {
    let site = making.site;
    let link = |path: &str| site.link(path);
    let body = site.placed(&leading_home(&article.body, (edition, issue), "", &link));
    let mine = |one: &&WebArticle| one.page && one.slug == article.slug;
    let pages: Vec<&WebArticle> = edition.articles().filter(|one| one.page).collect();
    let at = pages.iter().position(mine).unwrap_or_default();
    let neighbour = |at: Option<usize>| at.and_then(|at| pages.get(at));
    let (before, after) = (neighbour(at.checked_sub(1)), neighbour(Some(at + 1)));
    let turn = |one: &WebArticle, rel: &'static str| {
        let href = site.link(&issue.article_path(one));
        html! { a class=(rel) rel=(rel) href=(href) lang=(one.language) { (one.title) } }
    };
    let around = &article.language;
    let content = html! {
        article {
            p.m {
                a href=(site.link(&issue.path())) lang=(edition.language) { (edition.title) }
                @if article.date.is_none() { " · " (day(edition.date, around)) }
            }
            h1 { (article.title) }
            (byline(article))
            (corrections::told(issue.corrections_of(&article.slug), around))
            (PreEscaped(body))
            (rest(article))
        }
        @if before.is_some() || after.is_some() {
            nav.turn aria-label=(edition.title) {
                @if let Some(one) = before { (turn(one, "prev")) }
                @if let Some(one) = after { (turn(one, "next")) }
            }
        }
    };
    making.framed(Framed {
        title: &article.title,
        language: around,
        path: &issue.article_path(article),
        metadata: PageMetadata::article(site, issue, edition, (article, picture)),
        logos: &edition.logos,
        is_hidden: false,
        searches: false,
        content,
    })
}

/// Links within the letter lead to the page of the article that they name, or to the issue's, where what
/// they name is not in this text; `here` is the address of a place that is in it, without its name.
pub(super) fn leading_home(
    html: &str,
    (edition, issue): (&WebEdition, &PublishedIssue),
    here: &str,
    link: &dyn Fn(&str) -> String,
) -> String {
    const HREF: &str = "href=\"#";
    if !html.contains(HREF) {
        return html.to_owned();
    }
    let ids: HashSet<&str> =
        html.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let mut parts = html.split(HREF);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = part.split('"').next().unwrap_or_default();
        let other = edition.articles().find(|one| one.page && one.slug == name);
        match other {
            _ if ids.contains(name) => {
                out.push_str("href=\"");
                out.push_str(here);
                out.push('#');
            }
            Some(article) => {
                out.push_str("href=\"");
                out.push_str(&link(&issue.article_path(article)));
                // The address takes the place of the name.
                out.push_str(&part[name.len()..]);
                continue;
            }
            None => {
                out.push_str("href=\"");
                out.push_str(&link(&issue.path()));
                out.push('#');
            }
        }
        out.push_str(part);
    }
    out
}
