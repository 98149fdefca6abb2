//! An issue's page: all of it, with contents that jump; and that of an issue of which only the mail is
//! known.

use maud::{Markup, PreEscaped, html};

use super::articles::{day, within};
use super::card::PagePicture;
use super::corrections;
use super::document::Framed;
use super::edition::{WebEdition, WebSection};
use super::fragment::lowered;
use super::metadata::PageMetadata;
use super::neutral;
use super::words::ArchiveWords;
use super::{Making, PublishedIssue};
use crate::compose::Composition;
use crate::compose::phrases::phrases;
use crate::crypto;

/// Fewer articles need no contents.
const FEW: usize = 3;

/// The issue at `at`, of which the newest is the first.
pub(super) fn page(
    making: Making<'_>,
    at: usize,
    (issue, picture): (&PublishedIssue, &PagePicture),
    edition: &WebEdition,
) -> String {
    let site = making.site;
    // The only article of an issue may have its title.
    let mut articles = edition.articles();
    let only = articles.next().filter(|_| articles.next().is_none());
    let is_one = only.is_some_and(|article| article.title == edition.title);
    let language = &edition.language;
    let content = html! {
        p.m { (number_and_day(issue)) }
        h1 { (edition.title) }
        (corrections::told_of_all(issue, edition))
        (PreEscaped(site.placed(&edition.intro)))
        @if edition.articles().count() >= FEW { (contents(edition)) }
        @for section in &edition.sections {
            @if is_one {
                @for article in &section.articles {
                    div #(article.slug) {
                        (super::articles::byline(article))
                        (PreEscaped(site.placed(&lowered(&article.body, 0))))
                    }
                }
            } @else {
                (of_section(making, issue, edition, section))
            }
        }
        @if let Some(words) = &edition.sign_off {
            p { @for (at, line) in words.lines().enumerate() { @if at > 0 { br; } (line.trim()) } }
        }
        (neighbours(making, at, language))
    };
    making.framed(Framed {
        title: &edition.title,
        language,
        path: &issue.path(),
        metadata: PageMetadata::issue(site, issue, edition, picture),
        logos: &edition.logos,
        is_hidden: false,
        searches: false,
        content,
    })
}

fn of_section(
    making: Making<'_>,
    issue: &PublishedIssue,
    edition: &WebEdition,
    section: &WebSection,
) -> Markup {
    let level = if section.heading.is_some() { 3 } else { 2 };
    let articles = html! {
        @for article in &section.articles {
            (within(making.site, issue, article, (level, &edition.language)))
        }
    };
    html! {
        @match &section.heading {
            Some(heading) => section {
                h2.sec {
                    (heading)
                    @if let Some(topic) = section.topic.as_ref().filter(|topic| *topic != heading) {
                        " · " (topic)
                    }
                }
                (articles)
            },
            // Screen readers announce a section by its heading.
            None => (articles),
        }
    }
}

/// A link to each article, down the page.
fn contents(edition: &WebEdition) -> Markup {
    let phrases = phrases(&edition.language);
    html! {
        nav.toc aria-labelledby="contents" {
            h2.m #contents lang=[phrases.language] { (phrases.in_this_issue) }
            ol.toc {
                @for article in edition.articles() {
                    @let own = (article.language != edition.language).then_some(&article.language);
                    li { a href={ "#" (article.slug) } lang=[own] { (article.title) } }
                }
            }
        }
    }
}

/// `No. 12 · 6 November 2025`, as the mail says it.
pub(super) fn number_and_day(issue: &PublishedIssue) -> Markup {
    let phrases = phrases(issue.language());
    html! {
        @if let Some(number) = issue.number() {
            span lang=[phrases.language] { (phrases.number.0) (number) (phrases.number.1) } " · "
        }
        (day(issue.date(), issue.language()))
    }
}

/// The issues before and after.
fn neighbours(making: Making<'_>, at: usize, language: &str) -> Markup {
    let words = ArchiveWords::of(language);
    let issue = |at: Option<usize>| at.and_then(|at| making.issues.get(at));
    let (older, newer) = (issue(Some(at + 1)), issue(at.checked_sub(1)));
    let turn = |one: &PublishedIssue, rel: &'static str, label: &str| {
        html! {
            a class=(rel) rel=(rel) href=(making.site.link(&one.path())) {
                span lang=[words.apart(language)] { (label) }
                bdi lang=(one.language()) { (one.title()) }
            }
        }
    };
    html! {
        @if older.is_some() || newer.is_some() {
            nav.turn aria-label=(words.all_issues) {
                @if let Some(one) = older { (turn(one, "prev", words.previous)) }
                @if let Some(one) = newer { (turn(one, "next", words.next)) }
            }
        }
    }
}

/// A picture that only the mail has: its path, its media type, its bytes.
pub(super) type MailPicture = (String, &'static str, Vec<u8>);

/// The page of an issue that an older version sent: its mail, with a way to the other issues.
pub(super) fn of_mail(
    making: Making<'_>,
    issue: &PublishedIssue,
    mail: &Composition,
) -> (String, Vec<MailPicture>) {
    let site = making.site;
    let words = ArchiveWords::of(&mail.language);
    let slot = |index: usize| mail.slots.get(index).and_then(Option::as_ref);
    let mut page = site.placed(&neutral::segments(&mail.html, slot, words));
    let mut pictures = Vec::new();
    for picture in &mail.pictures {
        let kind = match &*picture.media_type {
            "image/png" => ("png", "image/png"),
            "image/gif" => ("gif", "image/gif"),
            _ => ("jpg", "image/jpeg"),
        };
        let hash = crypto::sha256([&picture.bytes[..]]);
        let name = data_encoding::HEXLOWER.encode(&hash[..8]);
        let path = format!("issues/{}/mail/{name}.{}", issue.name, kind.0);
        let source = format!("\"cid:{}\"", picture.content_id);
        if page.contains(&source) {
            page = page.replace(&source, &format!("\"{}\"", site.link(&path)));
            pictures.push((path, kind.1, picture.bytes.to_vec()));
        }
    }
    let way = html! {
        p style="text-align:center;padding:16px" lang=[words.apart(&mail.language)] {
            a href=(site.link("issues/")) { (words.all_issues) }
        }
    };
    if let Some(end) = page.rfind("</body>") {
        page.insert_str(end, &way.0);
    }
    (page, pictures)
}
