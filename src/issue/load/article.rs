//! One Markdown file -> Article.

use std::sync::Arc;

use super::{IssueReading, find_image, text_offset};
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::issue::block::{Block, BlockKind, Figure, Inline, level_headings, plain};
use crate::issue::{Article, Length, front_matter, links, markdown};
use crate::manifest::{Located, Table};

/// How much of an article is shown, as files say it.
pub(super) const LENGTHS: [(&str, Length); 3] =
    [("full", Length::Full), ("excerpt", Length::Excerpt), ("auto", Length::Auto)];

/// Reads the article `slug` from its file.
pub(super) fn read(reading: &mut IssueReading<'_>, slug: &str, source: &Arc<Source>) -> Article {
    let (mut table, body_start) = front_matter::split(source, &mut reading.problems);
    let title = table.text("title");
    let author = table.text("author");
    let affiliation = table.text("affiliation");
    let date = table.date("date");
    let summary = table.text("summary");
    let url = table.text("url");
    let tags = table.texts("tags").into_iter().map(|tag| tag.value).collect();
    let note = table.text("note");
    let length = table.choice("length", &LENGTHS).unwrap_or(reading.length);
    let language = table.language("language");
    let lead = lead(reading, &mut table);
    table.finish(&mut reading.problems);

    let note = note.map(|note| reading.line(&note, source));
    let url = url.and_then(|url| reading.url(&url, source));
    let known = reading.problems.len();
    let (mut body, footnotes) = reading.body(source, body_start);
    // What could not be read at all has been told.
    let is_told = reading.problems.len() > known;
    let title = match title {
        Some(title) => reading.words(&title, source),
        None => title_from(&mut body).unwrap_or_else(|| {
            reading.problems.push(untitled(source));
            slug.to_owned()
        }),
    };
    level_headings(&mut body);
    if body.is_empty() && !is_told {
        reading.problems.push(
            Diagnostic::error("article-empty", "this article has no text")
                .at(Place::File(source.path().to_owned()))
                .help("write it below the front matter"),
        );
    }
    let mut text = |located: Option<Located<String>>| {
        located.map(|text| reading.words(&text, source)).filter(|text| !text.is_empty())
    };
    Article {
        slug: slug.to_owned(),
        source: Arc::clone(source),
        title,
        author: text(author),
        affiliation: text(affiliation),
        date,
        summary: text(summary),
        url,
        lead,
        tags,
        note,
        length,
        language,
        body,
        footnotes,
    }
}

/// A first heading serves as the title where the front matter has none.
fn title_from(body: &mut Vec<Block>) -> Option<String> {
    match body.first() {
        Some(Block { kind: BlockKind::Heading(1, inlines), .. }) => {
            let title = plain(inlines);
            body.remove(0);
            Some(title)
        }
        _ => None,
    }
}

fn untitled(source: &Arc<Source>) -> Diagnostic {
    Diagnostic::error("missing-key", "this article has no title")
        .at(Place::span(source, 0..0))
        .help("begin the file with three lines: ---, title: …, ---")
}

/// The picture that the front matter names, with its words.
fn lead(reading: &mut IssueReading<'_>, table: &mut Table) -> Option<Figure> {
    let image = table.text("image");
    let alt = table.text("alt");
    let caption = table.text("caption");
    let credit = table.text("credit");
    let image = image?;
    let place = table.place(&image.span);
    if alt.as_ref().is_none_or(|alt| alt.value.trim().is_empty()) {
        table.report(
            Diagnostic::error(
                "image-alt",
                "this picture has no alt text, for readers who cannot see it",
            )
            .at(place.clone())
            .help("add alt: a sentence that says what the picture shows"),
        );
    }
    let source = Arc::clone(table.source());
    let caption = caption.map(|caption| reading.line(&caption, &source));
    let credit = credit.map(|credit| reading.words(&credit, &source));
    let alt = alt.map_or(String::new(), |alt| reading.words(&alt, &source));
    let IssueReading { publication, folder, images, problems, .. } = reading;
    let image = find_image(&publication.root, folder, &image.value, place, images, problems)?;
    Some(Figure { image, alt, caption, credit, href: None })
}

impl IssueReading<'_> {
    fn line(&mut self, text: &Located<String>, source: &Arc<Source>) -> Vec<Inline> {
        let offset = text_offset(source, text);
        markdown::read_line(&text.value, source, offset, &mut self.slots, &mut self.problems)
    }

    fn url(&mut self, url: &Located<String>, source: &Arc<Source>) -> Option<String> {
        match links::target(&url.value, &self.slots) {
            Ok(url) => Some(url),
            Err(reason) => {
                self.problems.push(
                    Diagnostic::error("link-target", reason)
                        .at(Place::span(source, url.span.clone()))
                        .help("write the whole address, such as https://thesejongsociety.org/"),
                );
                None
            }
        }
    }

    fn body(&mut self, source: &Arc<Source>, start: usize) -> (Vec<Block>, Vec<Vec<Block>>) {
        let IssueReading { publication, folder, slots, images, problems, .. } = self;
        let mut find = |path: &str, place: Place, problems: &mut Vec<Diagnostic>| {
            find_image(&publication.root, folder, path, place, images, problems)
        };
        let text = &source.text()[start..];
        let read = markdown::read(text, source, start, slots, problems, &mut find);
        (read.blocks, read.footnotes)
    }
}
