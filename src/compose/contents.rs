//! What is inside: a list of links, or the sections in a few words.
//!
//! It must never be the loudest thing on a phone's first screen.

use maud::{Markup, PreEscaped, html};

use super::article::anchor;
use super::blocks::Page;
use super::components::{DOT, Letter};
use super::phrases::phrases;
use super::style::TEXT_WIDTH;
use super::topics;
use crate::issue::{Article, Contents, Issue, Layout, Section};

/// Fewer articles need no contents.
const FEW: usize = 3;
/// More make a list that fills a phone.
const MOST_LISTED: usize = 7;
/// A section with more articles is counted and not listed.
const MOST_NAMED: usize = 3;

/// The class of links in a paragraph that shall not be loud.
const MUTED: Option<&str> = Some("m");

/// How the contents of `issue` are written: never [`Contents::Auto`].
pub(super) fn manner(issue: &Issue) -> Contents {
    match (issue.contents, issue.articles().count()) {
        (Contents::Auto, count) if count < FEW => Contents::Off,
        (Contents::Auto, count) if count <= MOST_LISTED => Contents::Links,
        (Contents::Auto, _) => Contents::Text,
        (Contents::Text, 0..2) | (Contents::Links, 0..2) => Contents::Off,
        (given, _) => given,
    }
}

/// The sections that a paragraph of contents names: those with a heading.
pub(super) fn named(issue: &Issue) -> impl Iterator<Item = (usize, &Section, &str)> {
    let sections = issue.sections.iter().enumerate();
    sections.filter_map(|(at, section)| Some((at, section, section.shown_heading()?)))
}

/// Whether the articles of the section are named one by one, because it is the first and they are
/// few.
pub(super) fn is_spelled_out(issue: &Issue, at: usize) -> bool {
    let first = named(issue).next().filter(|(first, ..)| *first == at);
    first.is_some_and(|(_, section, _)| {
        let is_told = matches!(section.layout, Layout::Stack | Layout::Columns);
        is_told && section.articles.len() <= MOST_NAMED
    })
}

/// What links to the section call it: a name that no article has.
pub(super) fn section_anchor(issue: &Issue, at: usize) -> Option<String> {
    let is_linked = manner(issue) == Contents::Text && !is_spelled_out(issue, at);
    let is_free = |prefix: &String| !issue.articles().any(|one| anchor(one).starts_with(prefix));
    let prefix = (0..).map(|count| format!("section{}", "-".repeat(count + 1))).find(is_free);
    prefix.filter(|_| is_linked).map(|prefix| format!("{prefix}{}", at + 1))
}

impl Letter<'_> {
    /// What is inside, where there is enough to choose from.
    pub(super) fn contents(self) -> Markup {
        let manner = manner(self.issue);
        let web = self.publication.page_of(&self.issue.name);
        let entries = topics::of_contents(self.issue, manner);
        let only = topics::contents_for(self.issue, &entries);
        let listed = |markup: Markup| topics::within(only.as_deref(), markup);
        html! {
            @match manner {
                Contents::Links => (listed(self.as_list(&entries, web.as_deref()))),
                Contents::Text => (listed(html! {
                    p.m.il { (self.in_words(&entries, web.as_deref())) }
                })),
                Contents::Web => @if let Some(web) = web { p.m { (self.on_the_web(&web, None)) } },
                Contents::Auto | Contents::Off => {}
            }
        }
    }

    /// A link to each article; `entries` says for whom each is. Whoever does not get the last one has
    /// the link to the web all the same.
    fn as_list(self, entries: &[Option<String>], web: Option<&str>) -> Markup {
        let count = entries.len();
        let is_apart = entries.last().is_some_and(Option::is_some);
        html! {
            ul.in {
                @for (at, (article, only)) in self.issue.articles().zip(entries).enumerate() {
                    (topics::within(only.as_deref(), html! {
                        li {
                            (self.jump(article, None))
                            @if at + 1 == count && !is_apart && let Some(web) = web {
                                (DOT) (self.on_the_web(web, None))
                            }
                        }
                    }))
                }
                @if is_apart && let Some(web) = web { li { (self.on_the_web(web, None)) } }
            }
        }
    }

    fn in_words(self, entries: &[Option<String>], web: Option<&str>) -> Markup {
        let Letter { issue, .. } = self;
        let page = self.page("", 1, TEXT_WIDTH);
        let entry = |nth: usize, words: Markup| {
            let between = (nth > 0).then(|| PreEscaped(DOT.to_owned()));
            let before = topics::separated_for(&entries[..=nth]);
            let between = between.map(|dot| topics::within(before.as_deref(), dot));
            let whole = html! { @if let Some(dot) = between { (dot) } (words) };
            topics::within(entries[nth].as_deref(), whole)
        };
        let sections: Vec<_> = named(issue).collect();
        html! {
            @for (nth, (at, section, heading)) in sections.iter().enumerate() {
                @if is_spelled_out(issue, *at) {
                    (entry(nth, html! {
                        strong { (page.text(heading)) ":" }
                        @for (nth, article) in section.articles.iter().enumerate() {
                            @if nth > 0 { "," } " " (self.jump(article, MUTED))
                        }
                    }))
                } @else {
                    @let anchor = section_anchor(issue, *at).unwrap_or_default();
                    (entry(nth, html! {
                        a.m href=(format!("#{anchor}")) { (page.text(heading)) }
                        " (" (section.articles.len()) ")"
                    }))
                }
            }
            @if sections.is_empty() {
                @for (nth, article) in issue.articles().enumerate() {
                    (entry(nth, self.jump(article, MUTED)))
                }
            }
            @if let Some(web) = web { (DOT) (self.on_the_web(web, MUTED)) }
        }
    }

    /// A link to an article, in the article's own language.
    fn jump(self, article: &Article, class: Option<&str>) -> Markup {
        let language = article.language.as_deref();
        let page = self.page("", 1, TEXT_WIDTH);
        let page = Page { language: language.unwrap_or(page.language), ..page };
        html! {
            a class=[class] href=(format!("#{}", anchor(article))) lang=[language] { (page.text(&article.title)) }
        }
    }

    fn on_the_web(self, address: &str, class: Option<&str>) -> Markup {
        let phrases = phrases(&self.issue.language);
        html! { a class=[class] href=(address) lang=[phrases.language] { (phrases.on_the_web) } }
    }
}
