//! Web editions -> the public pages of a publication: each issue, each article, lists, feeds, search.
//!
//! One set of pages, whoever shows them: `digest archive build` writes it down, `digest serve` answers
//! with it, byte for byte the same. Made of web editions alone, in which nobody's data is. The room
//! stands above `message` and `audience`, so that it cannot even name a recipient.
//!
//! Must never read a clock, the network, or anything of a reader. Only [`folder`], [`links`] and
//! [`pictures`] touch files: those of the site.

mod articles;
pub mod card;
pub mod corrections;
mod document;
pub mod edition;
mod feeds;
pub mod folder;
mod fragment;
mod issues;
pub mod links;
mod metadata;
mod neutral;
mod others;
pub mod pictures;
mod search;
pub(crate) mod sheet;
mod words;
mod xml;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::compose::Composition;
use crate::compose::theme::Theme;
use crate::crypto;
use crate::issue::percent;
use crate::picture::card::faces::CardFaces;
use card::{ArchiveCard, PagePicture, UntitledCard};
use corrections::Correction;
use edition::{WebArticle, WebEdition};
use words::ArchiveWords;

/// What the pages say of the publication.
#[derive(Clone, Debug)]
pub struct ArchiveSite {
    /// The newsletter's name.
    pub name: String,
    /// Its language (BCP 47).
    pub language: String,
    /// Who publishes it.
    pub organization: Option<String>,
    /// Where people write to.
    pub contact: String,
    /// Where the pages are found, without a slash at the end.
    pub base_url: String,
    /// The path of that: `/digest`, or nothing.
    pub path: String,
    /// Whether `digest serve` has a page on which people subscribe.
    pub has_form: bool,
    /// How the pages look.
    pub theme: Theme,
    /// What cards are drawn with; none where pages have none.
    pub faces: Option<CardFaces>,
}

/// An issue that the site shows.
#[derive(Clone, Debug)]
pub struct PublishedIssue {
    /// Its folder's name, which is its address.
    pub name: String,
    /// When it was first sent.
    pub sent_at: Timestamp,
    /// What is shown.
    pub content: PublishedContent,
    /// What was corrected in it since, the first correction first.
    pub corrections: Vec<Correction>,
}

/// See [`PublishedIssue::content`].
#[derive(Clone, Debug)]
pub enum PublishedContent {
    /// Its web edition.
    Edition(Box<WebEdition>),
    /// The mail itself, of an issue that an older version sent.
    Mail(Box<SentMail>),
}

/// An issue of which only the mail is known.
#[derive(Clone, Debug)]
pub struct SentMail {
    title: String,
    composition: Composition,
    date: Date,
    number: Option<i64>,
}

impl SentMail {
    /// What is known of it: the mail, the day it is dated, its number. It is called by its Subject, as
    /// anybody may read that.
    pub fn new(composition: Composition, date: Date, number: Option<i64>) -> SentMail {
        let words = ArchiveWords::of(&composition.language);
        let slot = |index: usize| composition.slots.get(index).and_then(Option::as_ref);
        let title = neutral::segments(&composition.subject, slot, words);
        SentMail { title, composition, date, number }
    }
}

/// What a page is (RFC 9110, 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// A page for people.
    Html,
    /// The same, made of a mail, whose styles stand in its elements.
    Mail,
    /// The style sheet.
    Css,
    /// The script of the search.
    Script,
    /// A feed.
    Atom,
    /// A feed, or the index of the search.
    Json,
    /// The map of the site.
    Xml,
    /// For robots.
    Text,
    /// A picture of a mail.
    Picture(&'static str),
}

impl PageKind {
    /// For `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            PageKind::Html | PageKind::Mail => "text/html; charset=utf-8",
            PageKind::Css => "text/css; charset=utf-8",
            PageKind::Script => "text/javascript; charset=utf-8",
            PageKind::Atom => "application/atom+xml; charset=utf-8",
            PageKind::Json => "application/json; charset=utf-8",
            PageKind::Xml => "application/xml; charset=utf-8",
            PageKind::Text => "text/plain; charset=utf-8",
            PageKind::Picture(kind) => kind,
        }
    }
}

/// A page as it is sent, or lies in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivePage {
    /// What it is.
    pub kind: PageKind,
    /// Its body.
    pub bytes: Vec<u8>,
}

/// All pages of a publication, by their paths under `base_url`: a path that ends with a slash, or is
/// empty, is a folder's `index.html`.
#[derive(Clone, Debug, Default)]
pub struct ArchivePages {
    /// The pages.
    pub pages: BTreeMap<String, ArchivePage>,
    /// The pictures that they show, by their paths under `base_url`, with the SHA-256 of each. They are
    /// not made here.
    pub pictures: BTreeMap<String, String>,
    /// The cards of pages, by their paths under `base_url`. They are not drawn here.
    pub cards: BTreeMap<String, ArchiveCard>,
    /// Those whose title cannot be drawn.
    pub untitled: Vec<UntitledCard>,
}

/// The page on which people subscribe, which is none of these: `digest serve` answers there.
const SUBSCRIBE: &str = "subscribe";

/// The page of what is not there: the one that web servers are told to answer with.
pub const MISSING: &str = "404.html";

/// Changes whenever pages are made in another way.
const MANNER: &str = concat!(env!("CARGO_PKG_VERSION"), " 4");

impl ArchiveSite {
    /// What all pages depend on, but for the issues.
    pub fn key(&self) -> String {
        let text = format!("{MANNER} {self:?}");
        data_encoding::HEXLOWER.encode(&crypto::sha256([text.as_bytes()]))
    }

    /// The address of a path of the site for pages of the site.
    fn link(&self, path: &str) -> String {
        format!("{}/{}", self.path, percent::path(path))
    }

    /// The same for feeds, and whatever is read elsewhere.
    fn absolute(&self, path: &str) -> String {
        format!("{}/{}", self.base_url, percent::path(path))
    }

    /// HTML of an edition with its own addresses as pages of the site have them.
    fn placed(&self, html: &str) -> String {
        html.replace(&format!("=\"{}", neutral::OWN), &format!("=\"{}/", self.path))
    }

    /// The same for feeds.
    fn placed_absolute(&self, html: &str) -> String {
        html.replace(&format!("=\"{}", neutral::OWN), &format!("=\"{}/", self.base_url))
    }

    /// One such address.
    fn placed_address(&self, address: &str) -> String {
        let rest = address.strip_prefix(neutral::OWN).unwrap_or(address);
        format!("{}/{rest}", self.base_url)
    }
}

impl PublishedIssue {
    /// Its path.
    fn path(&self) -> String {
        format!("issues/{}/", self.name)
    }

    /// The path of one of its articles.
    fn article_path(&self, article: &WebArticle) -> String {
        format!("issues/{}/{}/", self.name, article.slug)
    }

    fn edition(&self) -> Option<&WebEdition> {
        match &self.content {
            PublishedContent::Edition(edition) => Some(edition),
            PublishedContent::Mail(_) => None,
        }
    }

    fn title(&self) -> &str {
        match &self.content {
            PublishedContent::Edition(edition) => &edition.title,
            PublishedContent::Mail(mail) => &mail.title,
        }
    }

    fn language(&self) -> &str {
        match &self.content {
            PublishedContent::Edition(edition) => &edition.language,
            PublishedContent::Mail(mail) => &mail.composition.language,
        }
    }

    fn date(&self) -> Date {
        match &self.content {
            PublishedContent::Edition(edition) => edition.date,
            PublishedContent::Mail(mail) => mail.date,
        }
    }

    fn number(&self) -> Option<i64> {
        match &self.content {
            PublishedContent::Edition(edition) => edition.number,
            PublishedContent::Mail(mail) => mail.number,
        }
    }

    /// The articles that have pages.
    fn pages(&self) -> impl Iterator<Item = &WebArticle> {
        let articles = self.edition().into_iter().flat_map(WebEdition::articles);
        articles.filter(|article| article.page)
    }
}

/// What every page is made with.
#[derive(Clone, Copy)]
struct Making<'a> {
    site: &'a ArchiveSite,
    /// The newest first.
    issues: &'a [PublishedIssue],
    /// The address of the style sheet, which changes with it.
    sheet: &'a str,
    /// The words of lists, in the publication's language.
    words: &'static ArchiveWords,
}

impl ArchivePages {
    /// The pages of these issues, in any order.
    pub fn of(site: &ArchiveSite, mut issues: Vec<PublishedIssue>) -> ArchivePages {
        issues.sort_by(|a, b| {
            let place = |one: &PublishedIssue| (one.date(), one.number(), one.sent_at);
            place(b).cmp(&place(a)).then_with(|| b.name.cmp(&a.name))
        });
        let css = sheet::sheet(&site.theme);
        let hash = data_encoding::HEXLOWER.encode(&crypto::sha256([css.as_bytes()])[..5]);
        let sheet = format!("{}/site.css?{hash}", site.path);
        let words = ArchiveWords::of(&site.language);
        let making = Making { site, issues: &issues, sheet: &sheet, words };
        let mut made = ArchivePages::default();
        made.add("site.css", PageKind::Css, css);
        for (at, issue) in issues.iter().enumerate() {
            made.issue(making, at, issue);
        }
        made.lists(making);
        made.add("robots.txt", PageKind::Text, feeds::robots(site));
        made
    }

    fn issue(&mut self, making: Making<'_>, at: usize, issue: &PublishedIssue) {
        let edition = match &issue.content {
            PublishedContent::Edition(edition) => edition,
            PublishedContent::Mail(mail) => {
                let (page, pictures) = issues::of_mail(making, issue, &mail.composition);
                self.add(&issue.path(), PageKind::Mail, page);
                for (path, kind, bytes) in pictures {
                    self.pages.insert(path, ArchivePage { kind: PageKind::Picture(kind), bytes });
                }
                return;
            }
        };
        let picture = card::of_issue(making.site, issue, edition);
        self.add(
            &issue.path(),
            PageKind::Html,
            issues::page(making, at, (issue, &picture), edition),
        );
        self.card(issue.path(), picture);
        self.pictures.extend(edition.pictures.clone());
        for article in edition.articles().filter(|article| article.page) {
            let path = issue.article_path(article);
            let picture = card::of_article(making.site, issue, edition, article);
            let page = articles::page(making, issue, edition, (article, &picture));
            self.add(&path, PageKind::Html, page);
            self.card(path, picture);
        }
        for (slug, gone) in issue.removed() {
            let page = corrections::removed(making, issue, gone);
            self.add(&format!("{}{slug}/", issue.path()), PageKind::Html, page);
        }
    }

    /// Adds the card of the page at `path`, if it has one.
    fn card(&mut self, path: String, picture: PagePicture) {
        let PagePicture { card, lacks, .. } = picture;
        if let Some(card) = card {
            self.cards.entry(card::path(&path)).or_insert(card);
        }
        self.untitled.extend(lacks.map(|lacks| UntitledCard { page: path, lacks }));
    }

    fn lists(&mut self, making: Making<'_>) {
        for (path, page) in others::lists(making) {
            self.add(&path, PageKind::Html, page);
        }
        self.add(neutral::LEAVE, PageKind::Html, others::leave(making));
        self.add(MISSING, PageKind::Html, others::missing(making));
        self.add("search/", PageKind::Html, search::page(making));
        self.add("search/search.js", PageKind::Script, search::SCRIPT.to_owned());
        self.add("search/index.json", PageKind::Json, search::index(making));
        self.add("feed.xml", PageKind::Atom, feeds::issues_atom(making));
        self.add("feed.json", PageKind::Json, feeds::issues_json(making));
        self.add("articles.xml", PageKind::Atom, feeds::articles_atom(making));
        self.add("articles.json", PageKind::Json, feeds::articles_json(making));
        self.add("sitemap.xml", PageKind::Xml, feeds::sitemap(making));
    }

    /// Adds a page where there is none: of two of one name the first stays.
    fn add(&mut self, path: &str, kind: PageKind, text: String) {
        let page = ArchivePage { kind, bytes: text.into_bytes() };
        self.pages.entry(path.to_owned()).or_insert(page);
    }
}
