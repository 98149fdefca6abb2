//! What was corrected in an issue after it was sent: which of its articles, and how its pages say so.
//!
//! An article that is taken out keeps a page: somebody has a link to it, and is told what became of it.
//! Must never hide that there was another text.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::articles::day;
use super::document::{Framed, around};
use super::edition::{WebArticle, WebEdition, WebSection};
use super::metadata::PageMetadata;
use super::words::ArchiveWords;
use super::{ArchiveSite, Making, PublishedIssue};
use crate::compose::phrases::phrases;
use crate::issue::topics::Topic;

/// A correction of an issue, as everybody may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// When it was made.
    pub at: Timestamp,
    /// The day of that, where the publication is.
    pub day: Date,
    /// What was wrong, in the editor's words: a text, and no HTML.
    pub note: String,
    /// Where.
    pub changes: CorrectedParts,
}

/// What a correction changes. Names are kept: ledgers hold them as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectedParts {
    /// Articles that say something else, by their anchors.
    pub corrected: Vec<String>,
    /// Articles that were not there.
    pub added: Vec<String>,
    /// Articles that are gone.
    pub removed: Vec<RemovedArticle>,
    /// Whether something beside the articles is another: the title, what the editor says first, a
    /// heading.
    pub around: bool,
}

/// An article that was taken out of an issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovedArticle {
    /// Its anchor, and the name of its page.
    pub slug: String,
    /// Whether it had a page.
    pub page: bool,
    /// What it was called.
    pub title: String,
    /// BCP 47.
    pub language: String,
}

impl CorrectedParts {
    /// What differs between two editions of an issue.
    pub fn between(before: &WebEdition, after: &WebEdition) -> CorrectedParts {
        let had: BTreeMap<&str, &WebArticle> =
            before.articles().map(|article| (&*article.slug, article)).collect();
        let has: BTreeSet<&str> = after.articles().map(|article| &*article.slug).collect();
        let named = |article: &WebArticle| article.slug.clone();
        let corrected = after
            .articles()
            .filter(|article| had.get(&*article.slug).is_some_and(|before| *before != *article));
        let added = after.articles().filter(|article| !had.contains_key(&*article.slug));
        let removed = before.articles().filter(|article| !has.contains(&*article.slug));
        CorrectedParts {
            corrected: corrected.map(named).collect(),
            added: added.map(named).collect(),
            removed: removed.map(RemovedArticle::of).collect(),
            around: without_articles(before) != without_articles(after),
        }
    }

    /// Whether everybody who reads the issue on the web reads the same as before.
    pub fn is_nothing(&self) -> bool {
        *self == CorrectedParts::default()
    }

    /// What the topic is called that all of this is about, as these editions of the issue say; `None`
    /// where it is for everybody, or of several topics.
    fn topic<'a>(&self, editions: &'a [WebEdition]) -> Option<&'a String> {
        let removed = self.removed.iter().map(|one| &one.slug);
        let slugs: Vec<&String> = self.corrected.iter().chain(&self.added).chain(removed).collect();
        let sections = editions.iter().flat_map(|edition| &edition.sections);
        let of_slug = |slug: &&String| {
            let mut found = sections
                .clone()
                .filter(|section| section.articles.iter().any(|article| article.slug == **slug));
            let first = found.next()?.topic.as_ref()?;
            found.all(|section| section.topic.as_ref() == Some(first)).then_some(first)
        };
        let first = slugs.first().and_then(of_slug)?;
        let is_same = |slug: &&String| of_slug(slug) == Some(first);
        (!self.around && slugs.iter().all(is_same)).then_some(first)
    }

    /// Whether the article is another one than before.
    fn is_about(&self, slug: &str) -> bool {
        self.corrected.iter().chain(&self.added).any(|one| one == slug)
    }
}

impl RemovedArticle {
    fn of(article: &WebArticle) -> RemovedArticle {
        let WebArticle { slug, page, title, language, .. } = article.clone();
        RemovedArticle { slug, page, title, language }
    }
}

/// What stands around the articles, and is read: how a picture is prepared is not.
fn without_articles(edition: &WebEdition) -> WebEdition {
    let bare = |section: &WebSection| WebSection { articles: Vec::new(), ..section.clone() };
    WebEdition {
        archive: true,
        logos: Vec::new(),
        sections: edition.sections.iter().map(bare).collect(),
        pictures: BTreeMap::new(),
        ..edition.clone()
    }
}

impl PublishedIssue {
    /// The corrections that an article has seen.
    pub(super) fn corrections_of(&self, slug: &str) -> impl Iterator<Item = &Correction> {
        self.corrections.iter().filter(move |one| one.changes.is_about(slug))
    }

    /// Articles that were taken out and not put back, each with the correction that did it.
    pub(super) fn removed(&self) -> BTreeMap<&str, (&RemovedArticle, &Correction)> {
        let has: BTreeSet<&str> = self
            .edition()
            .into_iter()
            .flat_map(WebEdition::articles)
            .map(|one| &*one.slug)
            .collect();
        let all = self.corrections.iter().flat_map(|correction| {
            correction.changes.removed.iter().map(move |one| (&*one.slug, (one, correction)))
        });
        all.filter(|(slug, (one, _))| one.page && !has.contains(slug)).collect()
    }
}

/// `Corrected on 28 November 2026: The date was wrong.`
fn line(correction: &Correction, language: &str) -> Markup {
    let words = ArchiveWords::of(language);
    let before = words.corrected.strip_suffix("{note}").unwrap_or(words.corrected);
    html! {
        span lang=[words.apart(language)] {
            (around(before, "{date}", day(correction.day, language)))
        }
        bdi { (correction.note) }
    }
}

/// What was corrected, for the top of a text.
pub(super) fn told<'a>(
    corrections: impl Iterator<Item = &'a Correction>,
    language: &str,
) -> Markup {
    let lines: Vec<Markup> = corrections.map(|one| line(one, language)).collect();
    html! {
        @if !lines.is_empty() {
            div.callout role="note" { @for line in &lines { p { (line) } } }
        }
    }
}

/// The same for an issue, with links to its articles that are not as they were.
pub(super) fn told_of_all(issue: &PublishedIssue, edition: &WebEdition) -> Markup {
    let language = &edition.language;
    html! {
        @if !issue.corrections.is_empty() {
            div.callout role="note" {
                @for correction in &issue.corrections {
                    p {
                        (line(correction, language))
                        @for article in edition.articles() {
                            @if correction.changes.is_about(&article.slug) {
                                " · " a href={ "#" (article.slug) } { bdi { (article.title) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The page of an article that was taken out.
pub(super) fn removed(
    making: Making<'_>,
    issue: &PublishedIssue,
    (article, correction): (&RemovedArticle, &Correction),
) -> String {
    let (site, language) = (making.site, &*article.language);
    let words = ArchiveWords::of(language);
    let path = format!("{}{}/", issue.path(), article.slug);
    let content = html! {
        article {
            p.m { a href=(site.link(&issue.path())) lang=(issue.language()) { (issue.title()) } }
            h1 { (article.title) }
            p lang=[words.apart(language)] { (words.removed) }
            (told(std::iter::once(correction), language))
        }
    };
    making.framed(Framed {
        title: &article.title,
        language,
        path: &path,
        metadata: PageMetadata::plain(site, &article.title, &path),
        logos: issue.edition().map_or(&[], |edition| &edition.logos),
        is_hidden: true,
        searches: false,
        content,
    })
}

/// What a short mail says to those who got the text as it was.
#[derive(Clone, Debug, PartialEq)]
pub struct ErratumText {
    /// Its Subject, which names that of the issue.
    pub subject: String,
    /// What everybody is told, and then what is for those alone who want a topic.
    pub parts: Vec<ErratumPart>,
}

/// What an erratum says to the readers of a topic, or to everybody.
#[derive(Clone, Debug, PartialEq)]
pub struct ErratumPart {
    /// The topic that all of it is about; `None` for everybody.
    pub topic: Option<Topic>,
    /// Above what is corrected.
    pub title: String,
    /// What was wrong, in the editor's words; with its day, where there are several.
    pub notes: Vec<String>,
    /// Before the links; nothing where the site does not show the issue.
    pub before_links: Option<&'static str>,
    /// Titles and addresses of the pages that are right now.
    pub links: Vec<(String, String)>,
}

impl ErratumText {
    /// The words for these corrections of an issue that was called `subject`; `site` is where it is read.
    /// `editions` are its texts on the web, the newest one at the end.
    pub fn of(
        corrections: &[Correction],
        (editions, topics): (&[WebEdition], &[Topic]),
        (name, subject): (&str, &str),
        site: Option<&ArchiveSite>,
    ) -> Option<ErratumText> {
        let edition = editions.last()?;
        let words = ArchiveWords::of(&edition.language);
        let named = |title: &String| topics.iter().find(|topic| topic.title == *title);
        let mut groups: BTreeMap<Option<&str>, (Option<&Topic>, Vec<&Correction>)> =
            BTreeMap::new();
        for correction in corrections {
            let topic = correction.changes.topic(editions).and_then(named);
            let group = groups.entry(topic.map(|topic| &*topic.name)).or_default();
            group.0 = topic;
            group.1.push(correction);
        }
        let site = site.filter(|_| edition.archive).map(|site| (site, format!("issues/{name}/")));
        let part = |(topic, corrections): (Option<&Topic>, Vec<&Correction>)| {
            let links = site
                .as_ref()
                .map_or_else(Vec::new, |(site, path)| links(&corrections, edition, (site, path)));
            let is_one = corrections.len() == 1;
            let note = |one: &&Correction| {
                if is_one { one.note.clone() } else { dated(one, &edition.language) }
            };
            ErratumPart {
                topic: topic.cloned(),
                title: words.erratum_title.to_owned(),
                notes: corrections.iter().map(note).collect(),
                before_links: (!links.is_empty()).then_some(words.corrected_text),
                links,
            }
        };
        Some(ErratumText {
            subject: words.erratum.replace("{subject}", subject),
            parts: groups.into_values().map(part).collect(),
        })
    }
}

/// `Corrected on 28 November 2026: The date was wrong.`
fn dated(correction: &Correction, language: &str) -> String {
    let words = ArchiveWords::of(language);
    let day = correction.day.strftime(phrases(language).date).to_string();
    words.corrected.replace("{date}", &day).replace("{note}", &correction.note)
}

/// The pages that are right now; none where nobody can read on the web what was corrected.
fn links(
    corrections: &[&Correction],
    edition: &WebEdition,
    (site, path): (&ArchiveSite, &str),
) -> Vec<(String, String)> {
    let is_about = |article: &&WebArticle| {
        article.page && corrections.iter().any(|one| one.changes.is_about(&article.slug))
    };
    let articles = edition
        .articles()
        .filter(is_about)
        .map(|article| (article.title.clone(), site.absolute(&format!("{path}{}/", article.slug))));
    let mut links: Vec<(String, String)> = articles.collect();
    if links.is_empty() && corrections.iter().any(|one| !one.changes.is_nothing()) {
        links.push((edition.title.clone(), site.absolute(path)));
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(slug: &str, body: &str) -> WebArticle {
        WebArticle {
            slug: slug.to_owned(),
            page: true,
            title: slug.to_uppercase(),
            author: None,
            affiliation: None,
            date: None,
            language: "en".to_owned(),
            description: String::new(),
            url: None,
            excerpt: false,
            tags: Vec::new(),
            picture: None,
            body: body.to_owned(),
            text: body.to_owned(),
        }
    }

    fn edition(articles: Vec<WebArticle>) -> WebEdition {
        WebEdition {
            archive: true,
            title: "Title".to_owned(),
            summary: None,
            number: Some(1),
            date: jiff::civil::date(2026, 11, 1),
            language: "en".to_owned(),
            logos: Vec::new(),
            intro: String::new(),
            sections: vec![WebSection { heading: None, topic: None, articles }],
            sign_off: None,
            pictures: BTreeMap::new(),
        }
    }

    #[test]
    fn each_article_is_the_same_corrected_new_or_gone() {
        let before = edition(vec![article("a", "1"), article("b", "2"), article("c", "3")]);
        let mut after = edition(vec![article("d", "4"), article("b", "2!"), article("a", "1")]);
        let parts = CorrectedParts::between(&before, &after);
        assert_eq!((parts.corrected, parts.added), (vec!["b".to_owned()], vec!["d".to_owned()]));
        assert_eq!(parts.removed, [RemovedArticle::of(&article("c", "3"))]);
        assert!(!parts.around);
        assert!(CorrectedParts::between(&before, &before).is_nothing());
        after.title.push('!');
        assert!(CorrectedParts::between(&before, &after).around);
    }

    #[test]
    fn what_was_taken_out_and_put_back_is_no_longer_gone() {
        let (before, after) = (edition(vec![article("a", ""), article("b", "")]), |slug| {
            edition(vec![article(slug, "")])
        });
        let correction = Correction {
            at: Timestamp::UNIX_EPOCH,
            day: jiff::civil::date(2026, 11, 28),
            note: "It was wrong.".to_owned(),
            changes: CorrectedParts::between(&before, &after("a")),
        };
        let issue = |edition| PublishedIssue {
            name: "x".to_owned(),
            sent_at: Timestamp::UNIX_EPOCH,
            content: super::super::PublishedContent::Edition(Box::new(edition)),
            corrections: vec![correction.clone()],
        };
        assert_eq!(issue(after("a")).removed().keys().collect::<Vec<_>>(), [&"b"]);
        assert!(issue(before).removed().is_empty());
    }

    #[test]
    fn the_note_is_a_text_in_the_words_of_the_language() {
        let correction = Correction {
            at: Timestamp::UNIX_EPOCH,
            day: jiff::civil::date(2026, 11, 28),
            note: "5 < 6".to_owned(),
            changes: CorrectedParts::default(),
        };
        let english = line(&correction, "en").0;
        assert!(
            english
                .contains(">Corrected on <time datetime=\"2026-11-28\">28 November 2026</time>: ")
        );
        assert!(english.contains("5 &lt; 6"), "{english}");
        assert!(line(&correction, "ko").0.contains("2026년 11월 28일"));
    }
}
