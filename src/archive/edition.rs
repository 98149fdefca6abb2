//! Issue -> web edition: what the site shows of an issue, kept beside what its readers get, so that
//! the site shows what was sent whatever has become of the author's files.
//!
//! Its HTML is as anybody may read it: no reader's data can come into it, because none is at hand.

use std::collections::BTreeMap;

use jiff::civil::Date;
use maud::html;
use serde::{Deserialize, Serialize};

use super::fragment::{self, Fragment};
use super::neutral;
use super::words::ArchiveWords;
use crate::compose::pictures::logo_size;
use crate::crypto;
use crate::diagnostic::unseen;
use crate::issue::block::{Block, BlockKind, plain};
use crate::issue::{Article, Issue, Layout, Length, Publication, Section, anchors};

/// Characters of a description that is made of a text.
const DESCRIPTION: usize = 200;

/// An issue as the site shows it. Names are kept: ledgers hold them as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebEdition {
    /// Whether its `issue.toml` lets it be shown.
    pub archive: bool,
    /// The issue's title.
    pub title: String,
    /// What it is about: its preheader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Which issue of the newsletter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// The day it is dated.
    pub date: Date,
    /// BCP 47.
    pub language: String,
    /// The masthead's picture, and the one for dark surroundings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logos: Vec<WebPicture>,
    /// What the editor says first: HTML.
    pub intro: String,
    /// In reading order.
    pub sections: Vec<WebSection>,
    /// The last words, in lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_off: Option<String>,
    /// Every picture by its path under `base_url`, with its SHA-256.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pictures: BTreeMap<String, String>,
}

/// A group of articles under a heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSection {
    /// Above the articles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// What readers who choose call its topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// In reading order.
    pub articles: Vec<WebArticle>,
}

/// An article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebArticle {
    /// Its anchor and, where it has a page, the page's name.
    pub slug: String,
    /// Whether it has a page of its own: what is a link to elsewhere has none.
    pub page: bool,
    /// Its title.
    pub title: String,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Where they work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affiliation: Option<String>,
    /// The day it is dated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// BCP 47.
    pub language: String,
    /// What it is about, in a sentence or two.
    pub description: String,
    /// Where it stands elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether only its beginning is here, and the rest is at `url`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub excerpt: bool,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The picture above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<WebPicture>,
    /// HTML, with the picture and the notes.
    pub body: String,
    /// Its words, for searching.
    pub text: String,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A picture with its size on the page, in CSS pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebPicture {
    /// Its address within the site.
    pub address: String,
    /// How wide.
    pub width: usize,
    /// How tall.
    pub height: usize,
}

impl WebEdition {
    /// The edition of an issue whose pictures are prepared.
    pub fn of(publication: &Publication, issue: &Issue) -> WebEdition {
        let words = ArchiveWords::of(&issue.language);
        let fragment = Fragment { issue, language: &issue.language, anchor: "" };
        let summary = issue.preheader.as_ref();
        let summary = summary.map(|text| neutral::text(&text.value, &issue.slots, words));
        let sections = issue.filled_sections().map(|one| section(publication, issue, one));
        let logos = [issue.logo, issue.logo_dark].into_iter().flatten();
        let logos = logos.filter_map(|at| issue.images.get(at)).map(|image| {
            let (width, height) = logo_size(image);
            WebPicture { address: fragment::address(image), width, height }
        });
        let intro = fragment.blocks(&issue.intro).0;
        let mut edition = WebEdition {
            archive: issue.archive,
            title: issue.title.clone(),
            summary: summary.filter(|text| !text.trim().is_empty()),
            number: issue.number,
            date: issue.date,
            language: issue.language.clone(),
            logos: logos.collect(),
            intro: written(&intro, issue, words),
            sections: sections.collect(),
            sign_off: issue.sign_off.clone(),
            pictures: BTreeMap::new(),
        };
        edition.pictures = edition.shown_pictures(issue);
        edition
    }

    /// The issue's pictures that the edition shows: those of a passage for some readers are not there.
    fn shown_pictures(&self, issue: &Issue) -> BTreeMap<String, String> {
        let shown = |address: &str| {
            let source = format!("src=\"{address}\"");
            self.intro.contains(&source)
                || self.logos.iter().any(|logo| logo.address == address)
                || self.articles().any(|article| article.body.contains(&source))
        };
        let shown = issue.images.iter().filter(|image| shown(&fragment::address(image)));
        let hash = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&crypto::sha256([bytes]));
        shown.map(|image| (image.sent.path.clone(), hash(&image.sent.bytes))).collect()
    }

    /// Its articles, in reading order.
    pub fn articles(&self) -> impl Iterator<Item = &WebArticle> {
        self.sections.iter().flat_map(|section| &section.articles)
    }
}

fn section(publication: &Publication, issue: &Issue, section: &Section) -> WebSection {
    let topic = section.topic.as_ref();
    let topic = topic.and_then(|name| publication.topics.iter().find(|one| one.name == *name));
    let is_links = section.layout == Layout::Links;
    let articles = section.articles.iter().map(|one| article(issue, one, is_links));
    WebSection {
        heading: section.heading.clone(),
        topic: topic.map(|topic| topic.title.clone()),
        articles: articles.collect(),
    }
}

fn article(issue: &Issue, article: &Article, is_link: bool) -> WebArticle {
    let language = article.language.as_ref().unwrap_or(&issue.language);
    let words = ArchiveWords::of(language);
    let anchor = anchors::of_article(&article.slug);
    let fragment = Fragment { issue, language, anchor: &anchor };
    // What is whole nowhere else is whole here.
    let excerpt = article.length == Length::Excerpt && article.url.is_some();
    let body = if excerpt { first_paragraph(article) } else { &article.body[..] };
    let markup = html! {
        @if let Some(lead) = &article.lead { (fragment.figure(lead)) }
        @match article.summary.as_ref().filter(|_| excerpt) {
            Some(summary) => p { (fragment.text(summary)) },
            None => (fragment.blocks(body)),
        }
        @if let Some(note) = &article.note { p.note { (fragment.inlines(note)) } }
        @if !excerpt { (fragment.footnotes(&article.footnotes)) }
    };
    let mut text = String::new();
    push_words(body, &mut text);
    let text = neutral::text(&unseen::without_pasted(&text), &issue.slots, words);
    let picture = article.lead.as_ref().and_then(|lead| issue.images.get(lead.image));
    WebArticle {
        page: !(article.body.is_empty() || is_link && article.url.is_some()),
        title: article.title.clone(),
        author: article.author.clone(),
        affiliation: article.affiliation.clone(),
        date: article.date,
        language: language.clone(),
        description: article.summary.clone().unwrap_or_else(|| beginning(&text)),
        url: article.url.clone(),
        excerpt,
        tags: article.tags.clone(),
        picture: picture.map(|image| WebPicture {
            address: fragment::address(image),
            width: image.sent.width,
            height: image.sent.height,
        }),
        body: written(&markup.0, issue, words),
        slug: anchor,
        text,
    }
}

/// HTML as it is kept: no marks, and no characters that were pasted unseen.
fn written(html: &str, issue: &Issue, words: &ArchiveWords) -> String {
    neutral::html(&unseen::without_pasted(html), &issue.slots, words)
}

fn first_paragraph(article: &Article) -> &[Block] {
    let is_text = |block: &Block| matches!(block.kind, BlockKind::Paragraph(_));
    let first = article.body.iter().position(is_text);
    first.map_or(&[], |at| &article.body[at..=at])
}

/// The words that anybody may read, a space between blocks.
fn push_words(blocks: &[Block], out: &mut String) {
    for block in blocks {
        let mut say = |words: &str| {
            if !out.is_empty() && !words.is_empty() {
                out.push(' ');
            }
            out.push_str(words.trim());
        };
        match &block.kind {
            BlockKind::Heading(_, inlines) | BlockKind::Paragraph(inlines) => say(&plain(inlines)),
            BlockKind::List { items, .. } => {
                items.iter().for_each(|item| push_words(&item.blocks, out));
            }
            BlockKind::Quote(blocks, _)
            | BlockKind::Callout(blocks)
            | BlockKind::Language(_, blocks) => push_words(blocks, out),
            BlockKind::Only(only, blocks) if neutral::is_public(only) => push_words(blocks, out),
            BlockKind::Table(table) => {
                let cells = table.head.iter().chain(table.rows.iter().flatten());
                cells.for_each(|cell| say(&plain(cell)));
            }
            BlockKind::Figure(figure) => {
                figure.caption.iter().for_each(|caption| say(&plain(caption)));
            }
            BlockKind::Html(_, lines) => lines.iter().for_each(|line| say(&line.text)),
            BlockKind::Only(..)
            | BlockKind::Row(_)
            | BlockKind::Button(_)
            | BlockKind::Code(..)
            | BlockKind::Rule => {}
        }
    }
}

/// As much of a text as a description has, up to the end of a sentence or a word.
fn beginning(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(DESCRIPTION) else { return text.to_owned() };
    let begun = &text[..end];
    let sentence = begun.rfind([' ', '。']).and_then(|_| {
        let ends = [". ", "! ", "? ", "。", "！", "？"];
        ends.iter().filter_map(|mark| begun.rfind(mark).map(|at| at + mark.trim_end().len())).max()
    });
    match sentence.filter(|at| *at > end / 3) {
        Some(at) => begun[..at].to_owned(),
        None => format!("{}…", begun[..begun.rfind(' ').unwrap_or(end)].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_ends_where_a_sentence_or_a_word_ends() {
        assert_eq!(beginning("Short."), "Short.");
        let long = format!("{}. {}", "a".repeat(120), "b ".repeat(90));
        assert_eq!(beginning(&long), format!("{}.", "a".repeat(120)));
        let long = "word ".repeat(80);
        assert!(beginning(&long).ends_with("word…") && beginning(&long).len() <= DESCRIPTION + 3);
        assert_eq!(beginning(&"한".repeat(300)), format!("{}…", "한".repeat(DESCRIPTION)));
    }
}
