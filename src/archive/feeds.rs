//! What programs read of the site: feeds of issues and of articles (RFC 4287, JSON Feed 1.1), the map
//! of the site, and what robots may do.

use jiff::Timestamp;
use maud::{PreEscaped, html};
use serde_json::{Value, json};

use super::articles::leading_home;
use super::card;
use super::corrections;
use super::edition::{WebArticle, WebEdition};
use super::xml::XmlText;
use super::{ArchiveSite, Making, PublishedIssue};

/// Issues of a feed, and articles of one.
const ISSUES: usize = 20;
const ARTICLES: usize = 50;

/// An entry of a feed, whatever its form.
struct FeedEntry<'a> {
    title: &'a str,
    address: String,
    /// Where the whole of it is, if that is elsewhere.
    elsewhere: Option<&'a str>,
    language: &'a str,
    at: Timestamp,
    /// When it was corrected last.
    corrected: Option<Timestamp>,
    author: Option<&'a str>,
    summary: Option<&'a str>,
    html: String,
    tags: &'a [String],
    /// The address of a picture of it.
    picture: Option<String>,
}

impl FeedEntry<'_> {
    fn updated(&self) -> Timestamp {
        self.corrected.map_or(self.at, |at| at.max(self.at))
    }
}

/// What tells a feed from another.
struct FeedHead {
    title: String,
    /// Where it is, and in its other form.
    path: &'static str,
}

fn issues(making: Making<'_>) -> Vec<FeedEntry<'_>> {
    let Making { site, issues, .. } = making;
    issues.iter().take(ISSUES).map(|issue| of_issue(site, issue)).collect()
}

fn of_issue<'a>(site: &ArchiveSite, issue: &'a PublishedIssue) -> FeedEntry<'a> {
    let edition = issue.edition();
    let content = html! {
        @if let Some(edition) = edition {
            (corrections::told(issue.corrections.iter(), &edition.language))
            (PreEscaped(absolute(site, issue, edition, (&edition.intro, &issue.path()))))
            ul {
                @for article in edition.articles() {
                    li {
                        a href=(address(site, issue, article)) { (article.title) }
                        @if !article.description.is_empty() { ": " (article.description) }
                    }
                }
            }
        }
    };
    FeedEntry {
        title: issue.title(),
        address: site.absolute(&issue.path()),
        elsewhere: None,
        language: issue.language(),
        at: issue.sent_at,
        corrected: issue.corrections.iter().map(|one| one.at).max(),
        author: None,
        summary: edition.and_then(|edition| edition.summary.as_deref()),
        html: content.0,
        tags: &[],
        picture: edition.and_then(|edition| card::of_issue(site, issue, edition).address()),
    }
}

/// A text of an issue for who reads it elsewhere, with the path of the page that has it.
fn absolute(
    site: &ArchiveSite,
    issue: &PublishedIssue,
    edition: &WebEdition,
    (html, path): (&str, &str),
) -> String {
    let link = |path: &str| site.absolute(path);
    site.placed_absolute(&leading_home(html, (edition, issue), &site.absolute(path), &link))
}

/// Where an article is read.
fn address(site: &ArchiveSite, issue: &PublishedIssue, article: &WebArticle) -> String {
    match &article.url {
        _ if article.page => site.absolute(&issue.article_path(article)),
        Some(url) => url.clone(),
        None => format!("{}#{}", site.absolute(&issue.path()), article.slug),
    }
}

fn articles(making: Making<'_>) -> Vec<FeedEntry<'_>> {
    let Making { site, issues, .. } = making;
    let editions = issues.iter().filter_map(|issue| Some((issue, issue.edition()?)));
    let all = editions
        .flat_map(|(issue, edition)| issue.pages().map(move |article| (issue, edition, article)));
    all.take(ARTICLES)
        .map(|(issue, edition, article)| {
            let path = issue.article_path(article);
            let body = absolute(site, issue, edition, (&article.body, &path));
            let notes = corrections::told(issue.corrections_of(&article.slug), &article.language);
            let html = notes.0 + &body;
            let address = site.absolute(&path);
            FeedEntry {
                title: &article.title,
                address,
                elsewhere: article.url.as_deref(),
                language: &article.language,
                at: issue.sent_at,
                corrected: issue.corrections_of(&article.slug).map(|one| one.at).max(),
                author: article.author.as_deref(),
                summary: Some(&*article.description).filter(|text| !text.is_empty()),
                html,
                tags: &article.tags,
                picture: card::of_article(site, issue, edition, article).address(),
            }
        })
        .collect()
}

pub(super) fn issues_atom(making: Making<'_>) -> String {
    let head = FeedHead { title: making.site.name.clone(), path: "feed.xml" };
    atom(making, &head, &issues(making))
}

pub(super) fn issues_json(making: Making<'_>) -> String {
    let head = FeedHead { title: making.site.name.clone(), path: "feed.json" };
    json_feed(making, &head, issues(making))
}

pub(super) fn articles_atom(making: Making<'_>) -> String {
    let title = format!("{} · {}", making.site.name, making.words.newest);
    atom(making, &FeedHead { title, path: "articles.xml" }, &articles(making))
}

pub(super) fn articles_json(making: Making<'_>) -> String {
    let title = format!("{} · {}", making.site.name, making.words.newest);
    json_feed(making, &FeedHead { title, path: "articles.json" }, articles(making))
}

fn atom(making: Making<'_>, head: &FeedHead, entries: &[FeedEntry<'_>]) -> String {
    let site = making.site;
    let updated = entries.iter().map(FeedEntry::updated).max().unwrap_or(Timestamp::UNIX_EPOCH);
    let mut xml = XmlText::new();
    let space = ("xmlns", "http://www.w3.org/2005/Atom");
    xml.open("feed", &[space, ("xml:lang", &site.language)]);
    xml.text("id", &[], &site.absolute(head.path));
    xml.text("title", &[], &head.title);
    xml.text("updated", &[], &seconds(updated));
    xml.empty("link", &[("rel", "self"), ("href", &site.absolute(head.path))]);
    xml.empty("link", &[("rel", "alternate"), ("type", "text/html"), ("href", &site.absolute(""))]);
    xml.open("author", &[]);
    xml.text("name", &[], site.organization.as_ref().unwrap_or(&site.name));
    xml.close("author");
    for entry in entries {
        xml.open("entry", &[("xml:lang", entry.language)]);
        xml.text("id", &[], &entry.address);
        xml.text("title", &[], entry.title);
        xml.text("updated", &[], &seconds(entry.updated()));
        xml.text("published", &[], &seconds(entry.at));
        xml.empty("link", &[("rel", "alternate"), ("type", "text/html"), ("href", &entry.address)]);
        if let Some(elsewhere) = entry.elsewhere {
            xml.empty("link", &[("rel", "related"), ("href", elsewhere)]);
        }
        if let Some(author) = entry.author {
            xml.open("author", &[]);
            xml.text("name", &[], author);
            xml.close("author");
        }
        for tag in entry.tags {
            xml.empty("category", &[("term", tag)]);
        }
        if let Some(summary) = entry.summary {
            xml.text("summary", &[], summary);
        }
        if !entry.html.is_empty() {
            xml.text("content", &[("type", "html")], &entry.html);
        }
        xml.close("entry");
    }
    xml.close("feed");
    xml.finish()
}

fn json_feed(making: Making<'_>, head: &FeedHead, entries: Vec<FeedEntry<'_>>) -> String {
    let site = making.site;
    let item = |entry: FeedEntry<'_>| {
        let mut item = json!({
            "id": entry.address,
            "url": entry.address,
            "title": entry.title,
            "date_published": seconds(entry.at),
            "language": entry.language,
        });
        let mut add = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                item[key] = value;
            }
        };
        add("date_modified", entry.corrected.map(|at| seconds(at).into()));
        add("external_url", entry.elsewhere.map(Value::from));
        add("image", entry.picture.map(Value::from));
        add("summary", entry.summary.map(Value::from));
        add("authors", entry.author.map(|name| json!([{ "name": name }])));
        add("tags", Some(json!(entry.tags)).filter(|_| !entry.tags.is_empty()));
        let (key, text) = if entry.html.is_empty() {
            ("content_text", entry.title.to_owned())
        } else {
            ("content_html", entry.html)
        };
        add(key, Some(text.into()));
        item
    };
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.title,
        "home_page_url": site.absolute(""),
        "feed_url": site.absolute(head.path),
        "language": site.language,
        "items": entries.into_iter().map(item).collect::<Vec<Value>>(),
    });
    feed.to_string()
}

/// RFC 3339, without fractions.
fn seconds(at: Timestamp) -> String {
    let whole = Timestamp::from_second(at.as_second());
    whole.unwrap_or(at).to_string()
}

/// The map of the site (sitemaps.org), of pages that have a place of their own.
pub(super) fn sitemap(making: Making<'_>) -> String {
    let Making { site, issues, .. } = making;
    let mut xml = XmlText::new();
    xml.open("urlset", &[("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9")]);
    let mut page = |address: &str, day: Option<jiff::civil::Date>| {
        xml.open("url", &[]);
        xml.text("loc", &[], address);
        if let Some(day) = day {
            xml.text("lastmod", &[], &day.to_string());
        }
        xml.close("url");
    };
    page(&site.absolute("issues/"), issues.first().map(PublishedIssue::date));
    for issue in issues {
        let latest = |days: &mut dyn Iterator<Item = jiff::civil::Date>| {
            Some(days.fold(issue.date(), Ord::max))
        };
        let days = &mut issue.corrections.iter().map(|one| one.day);
        page(&site.absolute(&issue.path()), latest(days));
        for article in issue.pages().filter(|article| !article.excerpt) {
            let days = &mut issue.corrections_of(&article.slug).map(|one| one.day);
            page(&site.absolute(&issue.article_path(article)), latest(days));
        }
    }
    xml.close("urlset");
    xml.finish()
}

/// Robots follow no link that is a reader's own.
pub(super) fn robots(site: &ArchiveSite) -> String {
    let closed = ["unsubscribe", "undo", "confirm", "preferences"];
    let closed: String =
        closed.iter().map(|name| format!("Disallow: {}/{name}/\n", site.path)).collect();
    format!("User-agent: *\n{closed}Sitemap: {}\n", site.absolute("sitemap.xml"))
}
