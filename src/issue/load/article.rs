//! One Markdown file -> Article.

use std::ops::Range;
use std::sync::Arc;

use super::{IssueReading, find_image, foreign, text_offset};
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::issue::block::{Block, BlockKind, Figure, Inline, level_headings, plain};
use crate::issue::{Article, Layout, Length, front_matter, links, markdown};
use crate::manifest::{Located, Table};

/// How much of an article is shown, as files say it.
pub(super) const LENGTHS: [(&str, Length); 3] =
    [("full", Length::Full), ("excerpt", Length::Excerpt), ("auto", Length::Auto)];

/// Reads the article `slug`, of a section of `layout`, from its file.
pub(super) fn read(
    reading: &mut IssueReading<'_>,
    slug: &str,
    layout: Layout,
    source: &Arc<Source>,
) -> Article {
    let known = reading.problems.len();
    let (mut table, body_start) = front_matter::split(source, &mut reading.problems);
    // Where the head cannot be read, nobody knows what is in it.
    let has_head = reading.problems.len() == known;
    let comment = table.only_comment("title");
    let title = table.text("title");
    let author = authors(&mut table);
    let affiliation = table.text("affiliation");
    let date = table.date("date");
    let summary = summary(&mut table);
    let url = table.text("url");
    let tags = table.texts("tags").into_iter().map(|tag| tag.value).collect();
    let note = table.text("note");
    let length = table.choice("length", &LENGTHS).unwrap_or(reading.length);
    let is_lead = table.flag("lead");
    reading.article_language = table.language("language").or_else(|| table.language("lang"));
    foreign::draft(&mut table);
    let lead = lead(reading, &mut table);
    foreign::take(&mut table, &reading.publication.ignored_keys);
    // A title under a misspelt key has been told there.
    let is_asked = has_head && !(title.is_none() && table.misspells("title"));
    table.finish(&mut reading.problems);

    let note = note.map(|note| reading.line(&note, source));
    let url = url.and_then(|url| reading.url(&url, source));
    let known = reading.problems.len();
    let (mut body, footnotes) = reading.body(source, body_start);
    // What could not be read at all has been told.
    let is_told = reading.problems.len() > known;
    let title = match title {
        Some(title) if !title.value.trim().is_empty() => reading.words(&title, source),
        empty => title_from(&mut body).unwrap_or_else(|| {
            let told = is_asked.then(|| untitled(source, empty.map(|one| one.span), comment));
            reading.problems.extend(told);
            slug.to_owned()
        }),
    };
    level_headings(&mut body);
    // The title of a link says all that there is to say.
    if body.is_empty() && !is_told && !(layout == Layout::Links && url.is_some()) {
        reading.problems.push(without_text(source));
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
        is_lead,
        language: reading.article_language.take(),
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

fn without_text(source: &Arc<Source>) -> Diagnostic {
    Diagnostic::error("article-empty", "this article has no text")
        .at(Place::File(source.path().to_owned()))
        .help("write it below the front matter")
}

/// What the article says in short. Other programs call it differently.
fn summary(table: &mut Table) -> Option<Located<String>> {
    let summary = table.text("summary");
    let described = table.text("description");
    let excerpt = table.text("excerpt");
    summary.or(described).or(excerpt)
}

/// Who wrote the article: one, or several.
fn authors(table: &mut Table) -> Option<Located<String>> {
    let mut names = table.texts("author");
    if names.is_empty() {
        names = table.texts("authors");
    }
    let first = names.first()?.span.start;
    let span = first..names.last()?.span.end;
    let names: Vec<String> = names.into_iter().map(|name| name.value).collect();
    Some(Located { value: names.join(", "), span })
}

/// `empty` is where a title is written that has no words, `comment` a comment in its place.
fn untitled(
    source: &Arc<Source>,
    empty: Option<Range<usize>>,
    comment: Option<Range<usize>>,
) -> Diagnostic {
    if let Some(comment) = comment {
        let what = "the title is empty: YAML takes what follows # for a comment";
        return Diagnostic::error("missing-key", what)
            .at(Place::span(source, comment))
            .help("put the title between quotation marks: \"…\"");
    }
    let what = if empty.is_some() { "the title is empty" } else { "this article has no title" };
    Diagnostic::error("missing-key", what)
        .at(Place::span(source, empty.unwrap_or(0..0)))
        .help("begin the file with three lines: ---, title: …, ---")
}

/// The picture that the front matter names, with its words.
fn lead(reading: &mut IssueReading<'_>, table: &mut Table) -> Option<Figure> {
    let image = table.text("image");
    let alt = table.text("alt");
    let caption = table.text("caption");
    let credit = table.text("credit");
    let Some(image) = image else {
        let without = [("alt", alt), ("caption", caption), ("credit", credit)];
        without.into_iter().for_each(|(key, text)| report_no_image(table, key, text));
        return None;
    };
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

/// A key about a picture where there is none: readers would not see its words.
fn report_no_image(table: &mut Table, key: &str, text: Option<Located<String>>) {
    let Some(text) = text.filter(|text| !text.value.trim().is_empty()) else { return };
    let place = table.place(&text.span);
    let what = format!("{key} belongs to a picture, and there is no image");
    table.report(
        Diagnostic::warning("missing-key", what)
            .at(place)
            .help(format!("add image: photo.jpg, or delete {key}")),
    );
}

impl IssueReading<'_> {
    fn line(&mut self, text: &Located<String>, source: &Arc<Source>) -> Vec<Inline> {
        let (offset, marks) = (text_offset(source, text), self.marks());
        let (slots, problems) = (&mut self.slots, &mut self.problems);
        markdown::read_line(&text.value, source, offset, marks, slots, problems)
    }

    /// Where the whole of the article is: a target like those in the text, so slots are filled in.
    fn url(&mut self, url: &Located<String>, source: &Arc<Source>) -> Option<String> {
        let offset = text_offset(source, url);
        let place = Place::span(source, url.span.clone());
        let shielded = self.slots.shield(url.value.trim(), source, offset, &mut self.problems);
        let url = self.slots.resolve(&shielded, &place, &mut self.problems);
        match links::target(&url, &self.slots) {
            Ok(url) if links::is_way_out(&url) => {
                self.problems.push(links::way_out(place));
                None
            }
            Ok(url) => Some(url),
            Err(reason) => {
                self.problems.push(links::refused(&reason, place));
                None
            }
        }
    }

    pub(super) fn body(
        &mut self,
        source: &Arc<Source>,
        start: usize,
    ) -> (Vec<Block>, Vec<Vec<Block>>) {
        let marks = self.marks();
        let IssueReading { publication, folder, slots, images, problems, .. } = self;
        let mut find = |path: &str, place: Place, problems: &mut Vec<Diagnostic>| {
            find_image(&publication.root, folder, path, place, images, problems)
        };
        let text = &source.text()[start..];
        let read = markdown::read(text, source, start, marks, slots, problems, &mut find);
        (read.blocks, read.footnotes)
    }
}
