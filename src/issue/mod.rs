//! A publication's issue as plain data, and the only code that reads content files.
//!
//! Must never know how an email looks: that is `compose`.

pub(crate) mod anchors;
pub mod block;
mod command;
pub(crate) mod css;
mod front_matter;
pub mod image;
mod image_path;
mod links;
pub mod load;
mod markdown;
pub mod only;
pub mod percent;
pub(crate) mod raised;
mod raw_text;
mod rows;
pub(crate) mod sanitize;
pub mod script;
pub mod slot;
pub mod topics;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use self::image::Image;
use crate::crypto;
use crate::diagnostic::{Place, Source};
use crate::manifest::Located;
use block::{Block, Figure, Inline};
use only::Only;
use only::segments::SelectionNames;
use slot::Slots;
use topics::Topic;

/// The newsletter that an issue belongs to, as far as composing needs to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Publication {
    /// The folder with `digest.toml`; nothing outside it is ever read into a message.
    pub root: PathBuf,
    /// The newsletter's name.
    pub name: String,
    /// Who publishes it.
    pub organization: Option<String>,
    /// Where paper mail reaches them; the law asks for it in bulk mail.
    pub postal_address: Option<String>,
    /// BCP 47.
    pub language: String,
    /// Where archive, images and unsubscribe page are reachable; no slash at its end.
    pub base_url: String,
    /// Where each issue can be read as a page; `{issue}` in it is the issue's folder name.
    pub browser_url: Option<String>,
    /// Whether that is a page of the archive, which has not every issue.
    pub has_archive: bool,
    /// Where a reader chooses what to receive: one page for all.
    pub preferences_url: Option<String>,
    /// Whether, without it, each has a link of their own to do so.
    pub has_preferences: bool,
    /// The address in From.
    pub from: String,
    /// Where an answer goes, for the `mailto:` of List-Unsubscribe and the footer.
    pub reply_to: Option<String>,
    /// The masthead's picture, from the root, with the place that names it.
    pub logo: Option<(String, Place)>,
    /// The same for dark surroundings.
    pub logo_dark: Option<(String, Place)>,
    /// How pictures travel, where an issue does not say.
    pub pictures: Pictures,
    /// Whether issues are advertisements, where one does not say.
    pub advertising: bool,
    /// What the letter ends with, where an issue does not say.
    pub sign_off: Option<String>,
    /// How the letter says what is inside, where an issue does not say.
    pub contents: Contents,
    /// Whether typed quotation marks and dashes become those of print, where an issue does not say.
    pub smart: bool,
    /// Keys of the front matter that another program reads, and this one passes over.
    pub ignored_keys: Vec<String>,
    /// What readers may choose.
    pub topics: Vec<Topic>,
    /// Expressions that have a name.
    pub segments: BTreeMap<String, Only>,
    /// Where each of them is written.
    pub segment_places: BTreeMap<String, Place>,
}

/// A rule that an issue may break.
#[derive(Clone, Debug, PartialEq)]
pub struct AllowedRule {
    /// The rule's name, as it is written.
    pub rule: String,
    /// Why it may.
    pub reason: String,
    /// Where the name is written.
    pub place: Place,
}

impl Publication {
    /// What expressions may name.
    pub fn names(&self) -> SelectionNames<'_> {
        SelectionNames { topics: &self.topics, segments: &self.segments }
    }

    /// Where the issue in the folder `name` can be read as a page, if it can.
    pub fn page_of(&self, name: &str) -> Option<String> {
        // A folder's name may hold a space; nothing in an address may.
        let name = percent::path(name);
        self.browser_url.as_ref().map(|url| url.replace("{issue}", &name))
    }
}

/// How pictures travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pictures {
    /// Fetched from under `base_url` when the mail is read.
    #[default]
    Hosted,
    /// In the message (RFC 2387), each once.
    Embedded,
}

/// How the letter says what is inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contents {
    /// Nothing below three articles, a list up to seven, words above.
    #[default]
    Auto,
    /// A list with a link to each article.
    Links,
    /// A paragraph with the sections and how many articles each has.
    Text,
    /// A link to the issue on the web, and nothing else.
    Web,
    /// Nothing.
    Off,
}

/// An issue: what a folder under `issues/` says.
#[derive(Clone, Debug)]
pub struct Issue {
    /// The folder's name.
    pub name: String,
    /// `issue.toml`.
    pub manifest: Arc<Source>,
    /// Which issue of the newsletter.
    pub number: Option<i64>,
    /// The issue's title.
    pub title: String,
    /// The Subject, slots marked.
    pub subject: Located<String>,
    /// What an inbox shows behind the subject, slots marked.
    pub preheader: Option<Located<String>>,
    /// The day it is dated.
    pub date: jiff::civil::Date,
    /// BCP 47.
    pub language: String,
    /// What the editor says first.
    pub intro: Vec<Block>,
    /// How the letter says what is inside.
    pub contents: Contents,
    /// The last words of the letter, in lines.
    pub sign_off: Option<String>,
    /// In reading order.
    pub sections: Vec<Section>,
    /// How pictures travel.
    pub pictures: Pictures,
    /// Whether it is an advertisement, of which some laws ask more.
    pub advertising: bool,
    /// Whether its pages may be shown to everybody.
    pub archive: bool,
    /// The issue whose correction it tells of: it goes to those alone who got that as it was.
    pub corrects: Option<String>,
    /// Rules that it may break.
    pub allow: Vec<AllowedRule>,
    /// Every picture, each once.
    pub images: Vec<Image>,
    /// The masthead's picture.
    pub logo: Option<usize>,
    /// The same for dark surroundings.
    pub logo_dark: Option<usize>,
    /// `style.css` of the publication.
    pub style: Option<Arc<Source>>,
    /// Every slot of the issue.
    pub slots: Slots,
    /// Whether it only asks somebody to confirm: they are on no list, so nothing leads out of one.
    pub asks_to_confirm: bool,
}

impl Issue {
    /// The sections that have articles.
    pub fn filled_sections(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| !section.articles.is_empty())
    }

    /// Its articles, in reading order.
    pub fn articles(&self) -> impl Iterator<Item = &Article> {
        self.sections.iter().flat_map(|section| &section.articles)
    }

    /// The article of a letter that has one and no other: its title is the letter's.
    pub fn only_article(&self) -> Option<&Article> {
        let mut articles = self.articles();
        articles.next().filter(|_| articles.next().is_none())
    }

    /// The files that the issue was read from, and the SHA-256 of each as hexadecimal digits:
    /// articles by their name in the folder, pictures by their path from the root.
    pub fn files(&self) -> BTreeMap<String, String> {
        let text = |source: &Source| hash(source.text().as_bytes());
        let mut files = BTreeMap::from([("issue.toml".to_owned(), text(&self.manifest))]);
        for article in self.articles() {
            files.insert(format!("{}.md", article.slug), text(&article.source));
        }
        files.extend(self.style.iter().map(|style| ("style.css".to_owned(), text(style))));
        files.extend(self.images.iter().map(|image| (image.path.clone(), hash(&image.bytes))));
        files
    }
}

/// The SHA-256 of a file, as hexadecimal digits.
fn hash(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&crypto::sha256([bytes]))
}

/// A group of articles under a heading.
#[derive(Clone, Debug)]
pub struct Section {
    /// Above the articles.
    pub heading: Option<String>,
    /// The name of its topic: whoever does not want that gets the issue without the section.
    pub topic: Option<String>,
    /// How the articles stand.
    pub layout: Layout,
    /// In reading order.
    pub articles: Vec<Article>,
}

impl Section {
    /// The heading, where there is something below it.
    pub fn shown_heading(&self) -> Option<&str> {
        self.heading.as_deref().filter(|_| !self.articles.is_empty())
    }
}

/// How the articles of a section stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One below the other.
    #[default]
    Stack,
    /// Two side by side where there is room.
    Columns,
    /// Short notes whose titles stand at the start of their text.
    Brief,
    /// Links: the title is the link, and where it leads to stands behind it.
    Links,
}

/// A Markdown file.
#[derive(Clone, Debug)]
pub struct Article {
    /// The file's name without `.md`: its anchor.
    pub slug: String,
    /// The file.
    pub source: Arc<Source>,
    /// Its title.
    pub title: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// Where they work.
    pub affiliation: Option<String>,
    /// The day it is dated.
    pub date: Option<jiff::civil::Date>,
    /// In one or two sentences.
    pub summary: Option<String>,
    /// Where the whole of it can be read.
    pub url: Option<String>,
    /// The picture above it.
    pub lead: Option<Figure>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// A line under it, such as where it first appeared.
    pub note: Option<Vec<Inline>>,
    /// How much of it the email shows.
    pub length: Length,
    /// Whether it is a lead story; `None` where its file does not say.
    pub is_lead: Option<bool>,
    /// BCP 47, where it is not the issue's.
    pub language: Option<String>,
    /// Its text.
    pub body: Vec<Block>,
    /// The definitions of its footnotes, by number from 1.
    pub footnotes: Vec<Vec<Block>>,
}

/// How much of an article the email shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Length {
    /// All of it.
    #[default]
    Full,
    /// Its summary, or else its first paragraph, and a link to the rest.
    Excerpt,
    /// All of it where the issue is small enough; the longest become excerpts where it is not.
    Auto,
}
