//! Folder -> Issue: the only reader of content files. All problems of an issue are collected in
//! one round; nothing is sent from an issue that has one.

mod allow;
mod article;
mod choices;
mod foreign;
mod letter;
mod place;
mod selections;
mod siblings;
mod text;

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::block::{Block, level_headings};
use super::image::{Image, ImageError, Searches, open as open_image};
use super::markdown::quotation_marks::QuotationMarks;
use super::rows;
use super::slot::Slots;
use super::{
    Article, Contents, Issue, Layout, Length, Pictures, Publication, Section, anchors, markdown,
};
use crate::diagnostic::grouped::group_rule;
use crate::diagnostic::{Diagnostic, Place, Source, nearest, refused, unseen};
use crate::files;
use crate::manifest::{self, Located, Table};
use choices::{CONTENTS, LAYOUTS, OF_THE_ISSUE, PICTURES};
pub use choices::{contents_choices, pictures_choices};
pub use letter::{LetterText, letter};
pub use place::{misplaced, name_of};
pub use siblings::{ArchiveStanding, Headline, archive_standing, siblings, texts};
pub use text::{TextError, path_from_here, read_text};

/// Issues that are named to somebody who has named none of them: the last.
const LISTED: usize = 12;
/// Articles of an issue: a mail of a fraction of them is cut off.
const MAX_ARTICLES: usize = 500;
/// Bytes of an issue's articles together.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// Names without a file for which a similar one is looked for.
const COMPARED: usize = 20;

/// An issue as far as it could be read, and everything that is wrong with it.
#[derive(Debug)]
pub struct Loaded {
    /// `None` when `issue.toml` itself cannot be read.
    pub issue: Option<Issue>,
    /// In the order in which the files name things.
    pub problems: Vec<Diagnostic>,
}

/// What the files of one issue share while they are read.
struct IssueReading<'a> {
    publication: &'a Publication,
    folder: PathBuf,
    slots: Slots,
    images: FoundImages,
    problems: Vec<Diagnostic>,
    /// Bytes of the articles so far.
    bytes: usize,
    /// Of articles that do not say.
    length: Length,
    /// Whether marks become those of print.
    is_smart: bool,
    /// The language of the issue, and that of the article that is being read (BCP 47).
    language: String,
    article_language: Option<String>,
}

/// The folder that `name` means: a folder under `issues/`, or a path from here or from the root.
pub fn folder(publication: &Publication, name: &str) -> PathBuf {
    let path = Path::new(name);
    let named = publication.root.join("issues").join(name);
    let parts = path.components().count();
    // `.` and `../x` are paths, although `issues/.` is a folder too.
    let normal = path.components().all(|part| matches!(part, Component::Normal(_)));
    if normal && (parts < 2 || named.is_dir()) {
        return named;
    }
    let from_root = publication.root.join(path);
    if !path.is_dir() && from_root.is_dir() { from_root } else { path.to_owned() }
}

/// The names of the publication's issues, in order.
///
/// # Errors
/// The system's, where `issues/` cannot be listed.
pub fn names(publication: &Publication) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(publication.root.join("issues"))? {
        let entry = entry?;
        if files::is_there(&entry.path().join("issue.toml")) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The name of a file or folder, which becomes an anchor or a part of an address.
fn odd_name(odd: char, path: &Path) -> Diagnostic {
    refused::diagnostic("this name", odd).at(Place::File(path_from_here(path)))
}

/// What somebody can do who has named an issue whose folder does not exist.
pub fn instead(publication: &Publication, folder: &Path) -> String {
    let given = folder.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let known = names(publication).unwrap_or_default();
    if let Some(meant) = named_like(&given, &known) {
        return format!("did you mean {meant}?");
    }
    match known.as_slice() {
        [] => "`digest new 2025-11` makes the first".to_owned(),
        all if all.len() > LISTED => {
            format!("the last issues here: {}", all[all.len() - LISTED..].join(", "))
        }
        all => format!("issues here: {}", all.join(", ")),
    }
}

/// The issue among `known` that `given` was probably meant to be: its name has a slip, or is a part
/// of the issue's name.
pub fn named_like<'a>(given: &str, known: &'a [String]) -> Option<&'a str> {
    let part = || {
        let holds = |name: &&String| given.len() > 1 && name.to_lowercase().contains(given);
        known.iter().rfind(holds).map(String::as_str)
    };
    nearest(given, known.iter().map(String::as_str)).or_else(part)
}

/// Reads the issue in `folder`.
pub fn load(publication: &Publication, folder: &Path) -> Loaded {
    let mut problems = Vec::new();
    let Some(manifest) = open_manifest(publication, folder, &mut problems) else {
        return Loaded { issue: None, problems };
    };
    let reading = IssueReading {
        publication,
        folder: folder.to_owned(),
        slots: Slots::default(),
        images: FoundImages::default(),
        problems,
        bytes: 0,
        length: Length::default(),
        is_smart: publication.smart,
        language: publication.language.clone(),
        article_language: None,
    };
    reading.issue(manifest)
}

fn open_manifest(
    publication: &Publication,
    folder: &Path,
    problems: &mut Vec<Diagnostic>,
) -> Option<Arc<Source>> {
    let path = folder.join("issue.toml");
    if !folder.is_dir() {
        problems.push(
            Diagnostic::error("issue-missing", "there is no such issue")
                .at(Place::File(path_from_here(folder)))
                .help(instead(publication, folder)),
        );
        return None;
    }
    match read_text(&publication.root, &path) {
        Ok(source) => Some(source),
        Err(error) => {
            let problem = error.diagnostic(&path);
            let missing = !path.exists();
            problems.push(if missing {
                problem.help("`digest new` makes an issue with all keys")
            } else {
                problem
            });
            None
        }
    }
}

impl IssueReading<'_> {
    fn issue(mut self, manifest: Arc<Source>) -> Loaded {
        let value = manifest::toml(&manifest, 0..manifest.text().len(), &mut self.problems);
        let is_half = |problem: &Diagnostic| problem.is_error() && problem.rule != unseen::RULE;
        if self.problems.iter().any(is_half) {
            // Half a table would report keys as missing that stand behind the mistake.
            return Loaded { issue: None, problems: self.problems };
        }
        let mut table = Table::new(&manifest, "issue.toml", value);
        let sections = self.section_tables(&mut table);
        let number = table.integer("number", 0..1_000_000);
        let (advertising, archive) = (table.flag("advertising"), table.flag("archive"));
        let corrects = table.text("corrects").map(|name| name.value);
        let allow = allow::read(&mut table);
        let title = table.required_text("title", "add title = \"…\": the issue's headline");
        let subject = table
            .required_text("subject", "add subject = \"…\": the text that an inbox shows first");
        let preheader = table.text("preheader");
        let date = table.required_date("date", "add date = 2025-11-06: the date of the issue");
        self.language = table.language("language").unwrap_or(self.language);
        let intro = table.text("intro");
        let contents = table.choice("contents", &CONTENTS);
        let sign_off = table.text("sign_off");
        let pictures = table.choice("images", &PICTURES);
        self.defaults(&mut table);
        table.finish(&mut self.problems);

        let subject = subject.map(|text| self.template(text, &manifest));
        let preheader = preheader.map(|text| self.template(text, &manifest));
        let title = title.map(|title| self.words(&title, &manifest));
        let sign_off = self.sign_off(sign_off, &manifest);
        let mut intro = intro.map_or(Vec::new(), |text| self.intro(&text, &manifest));
        let mut sections = self.sections(sections, &manifest);
        let logo = self.publication_image(&self.publication.logo.clone());
        let logo_dark = self.publication_image(&self.publication.logo_dark.clone());
        let style = self.style();
        self.report_empty(&sections, &manifest);
        self.arrange(&mut intro, &mut sections, &manifest);
        let IssueReading { folder, publication, slots, images, problems, language, .. } = self;
        let mut problems = problems;
        let name = place::named(publication, &folder, &mut problems);
        let issue = match (title, subject, date) {
            (Some(title), Some(subject), Some(date)) => Some(Issue {
                name,
                number,
                title,
                subject,
                preheader,
                date,
                language,
                intro,
                contents: contents.unwrap_or(publication.contents),
                sign_off,
                sections,
                pictures: pictures.unwrap_or(publication.pictures),
                advertising: advertising.unwrap_or(publication.advertising),
                archive: archive.unwrap_or(true),
                corrects,
                allow,
                images: images.images,
                logo,
                logo_dark,
                style,
                slots,
                manifest,
                asks_to_confirm: false,
            }),
            _ => None,
        };
        Loaded { issue, problems: group_rule(problems, "link-text") }
    }

    /// What holds for articles that do not say.
    fn defaults(&mut self, table: &mut Table) {
        self.length = table.choice("length", &article::LENGTHS).unwrap_or_default();
        let mut text = table.table("text");
        self.is_smart = text.flag("smart").unwrap_or(self.publication.smart);
        text.finish(&mut self.problems);
    }

    /// The sections. Keys of the issue below `[[section]]`, where TOML takes them for keys of the
    /// section, are told and read as they are meant, so that nothing is said to be missing.
    fn section_tables(&mut self, table: &mut Table) -> Vec<Table> {
        let mut sections = table.tables("section");
        for section in &mut sections {
            let moved = section.take_those(|key| OF_THE_ISSUE.contains(&key));
            for (key, _) in &moved {
                let what = format!(
                    "{} stands below [[section]], so it is not a key of the issue",
                    key.value
                );
                let problem = Diagnostic::error("unknown-key", what)
                    .at(section.place(&key.span))
                    .help("move it above the first [[section]]");
                self.problems.push(problem);
            }
            table.add(moved);
        }
        sections
    }

    /// The last words, the publication's where the issue has none of its own. Empty ones are none.
    fn sign_off(&mut self, own: Option<Located<String>>, source: &Arc<Source>) -> Option<String> {
        let own = own.map(|text| self.words(&text, source));
        own.or_else(|| self.publication.sign_off.clone()).filter(|words| !words.is_empty())
    }

    /// Sets pictures in rows where several stand in a line, and makes the names of the texts work.
    fn arrange(
        &mut self,
        intro: &mut Vec<Block>,
        sections: &mut [Section],
        manifest: &Arc<Source>,
    ) {
        let IssueReading { publication, problems, .. } = self;
        selections::settle(publication, manifest, intro, problems);
        for Article { source, body, footnotes, .. } in
            sections.iter_mut().flat_map(|section| &mut section.articles)
        {
            for blocks in std::iter::once(body).chain(footnotes) {
                selections::settle(publication, source, blocks, problems);
            }
        }
        rows::arrange(intro, &self.images.images);
        for article in sections.iter_mut().flat_map(|section| &mut section.articles) {
            rows::arrange(&mut article.body, &self.images.images);
        }
        anchors::settle(intro, sections);
    }

    /// What quotation marks become, if they become those of print.
    fn marks(&self) -> Option<QuotationMarks> {
        let language = self.article_language.as_deref().unwrap_or(&self.language);
        self.is_smart.then(|| QuotationMarks::of(language))
    }

    /// A one-line text with slots.
    fn template(&mut self, text: Located<String>, source: &Arc<Source>) -> Located<String> {
        let offset = text_offset(source, &text);
        let place = Place::span(source, text.span.clone());
        if text.value.trim().contains(['\n', '\r']) {
            self.problems.push(
                Diagnostic::error(
                    "line-break",
                    "this text goes into a header of the message, so it must be one line",
                )
                .at(place.clone())
                .help("write it between single quotes or on one line"),
            );
        }
        let shielded = self.slots.shield(text.value.trim(), source, offset, &mut self.problems);
        let value = self.slots.resolve(&shielded, &place, &mut self.problems);
        Located { value: value.replace(['\n', '\r', '\t'], " "), span: text.span }
    }

    /// Words that no slot is filled in, such as a title.
    fn words(&mut self, text: &Located<String>, source: &Arc<Source>) -> String {
        if text.value.contains("{{") {
            self.problems.push(
                Diagnostic::warning(
                    "slot-literal",
                    "slots do not work here: readers would see the braces",
                )
                .at(Place::span(source, text.span.clone()))
                .help("slots work in the text, in the subject and in the preheader"),
            );
        }
        text.value.trim().to_owned()
    }

    fn intro(&mut self, text: &Located<String>, source: &Arc<Source>) -> Vec<Block> {
        let (offset, marks) = (text_offset(source, text), self.marks());
        let IssueReading { publication, folder, slots, images, problems, .. } = self;
        let mut find = |path: &str, place: Place, problems: &mut Vec<Diagnostic>| {
            find_image(&publication.root, folder, path, place, images, problems)
        };
        let read = markdown::read(&text.value, source, offset, marks, slots, problems, &mut find);
        let mut blocks = read.blocks;
        level_headings(&mut blocks);
        blocks
    }

    fn sections(&mut self, tables: Vec<Table>, manifest: &Arc<Source>) -> Vec<Section> {
        let files = self.article_files();
        let mut unused: BTreeSet<String> = files.iter().cloned().collect();
        let (mut missing, mut misspelt) = (0, BTreeSet::new());
        let mut sections = Vec::new();
        if tables.is_empty() {
            unused.clear();
            let layout = Layout::Stack;
            let articles = files.iter().filter_map(|slug| self.article(slug, layout)).collect();
            sections.push(Section { heading: None, topic: None, layout, articles });
        }
        for mut table in tables {
            let heading = table.text("heading");
            let heading_span = heading.as_ref().map_or(0..0, |heading| heading.span.clone());
            let heading = heading.map(|heading| self.words(&heading, manifest));
            let topic = table
                .text("topic")
                .and_then(|text| selections::topic(self.publication, &text, &mut table));
            let layout = table.choice("layout", &LAYOUTS).unwrap_or_default();
            let names = table.texts("articles");
            let is_empty = names.is_empty() && heading.is_some();
            let mut articles = Vec::new();
            for name in names {
                let slug = name.value.strip_suffix(".md").unwrap_or(&name.value).to_owned();
                let place = table.place(&name.span);
                if files.binary_search(&slug).is_err() {
                    missing += 1;
                    let named = if missing <= COMPARED { &files[..] } else { &[] };
                    let meant = nearest(&slug, named.iter().map(String::as_str));
                    let problem = article_missing(&slug, place);
                    self.problems.push(match meant {
                        Some(meant) => problem.help(format!("did you mean {meant:?}?")),
                        None if missing > COMPARED => problem,
                        None => problem.help(listed(&files)),
                    });
                    // It has been named here.
                    meant.and_then(|meant| unused.take(meant)).into_iter().for_each(|slug| {
                        misspelt.insert(slug);
                    });
                } else if unused.remove(&slug) || misspelt.remove(&slug) {
                    articles.extend(self.article(&slug, layout));
                } else {
                    self.problems.push(article_twice(&slug, place));
                }
            }
            if is_empty {
                table.report(section_empty(table.place(&heading_span)));
            }
            table.finish(&mut self.problems);
            sections.push(Section { heading, topic, layout, articles });
        }
        for slug in unused {
            self.problems.push(article_unused(&slug, manifest));
        }
        sections
    }

    fn article_files(&mut self) -> Vec<String> {
        let mut files = Vec::new();
        let listed = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for entry in listed {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(slug) = name.strip_suffix(".md").filter(|slug| !slug.starts_with('.')) else {
                self.problems.extend(unread_file(&entry.path(), &name));
                continue;
            };
            match refused::find(slug) {
                Some((_, odd)) => self.problems.push(odd_name(odd, &entry.path())),
                None => files.push(slug.to_owned()),
            }
        }
        files.sort();
        if files.len() > MAX_ARTICLES {
            let what = format!("{} articles in one issue; it can have {MAX_ARTICLES}", files.len());
            self.problems.push(
                Diagnostic::error("issue-large", what)
                    .at(Place::File(path_from_here(&self.folder)))
                    .help("move some of the .md files to another issue"),
            );
            files.truncate(MAX_ARTICLES);
        }
        files
    }

    fn article(&mut self, slug: &str, layout: Layout) -> Option<Article> {
        let path = self.folder.join(format!("{slug}.md"));
        match read_text(&self.publication.root, &path) {
            Ok(source) => {
                let before = self.bytes;
                self.bytes += source.text().len();
                if self.bytes <= MAX_BYTES {
                    return Some(article::read(self, slug, layout, &source));
                }
                if before <= MAX_BYTES {
                    self.problems.push(
                        Diagnostic::error(
                            "issue-large",
                            "the articles up to this one are over 2 MB together; the others are \
                             not read",
                        )
                        .at(Place::File(source.path().to_owned()))
                        .help("make several issues: Gmail cuts a mail off at 100 kB"),
                    );
                }
                None
            }
            Err(error) => {
                self.problems.push(error.diagnostic(&path));
                None
            }
        }
    }

    fn publication_image(&mut self, named: &Option<(String, Place)>) -> Option<usize> {
        let (path, place) = named.as_ref()?;
        let root = &self.publication.root;
        find_image(root, root, path, place.clone(), &mut self.images, &mut self.problems)
    }

    fn style(&mut self) -> Option<Arc<Source>> {
        let path = self.publication.root.join("style.css");
        if !path.exists() {
            return None;
        }
        match read_text(&self.publication.root, &path) {
            Ok(source) => {
                let Some((at, odd)) = refused::find(source.text()) else { return Some(source) };
                let end = at + odd.len_utf8();
                let problem = refused::diagnostic("this style sheet", odd);
                self.problems.push(problem.at(Place::span(&source, at..end)));
                None
            }
            Err(error) => {
                self.problems.push(error.diagnostic(&path));
                None
            }
        }
    }

    fn report_empty(&mut self, sections: &[Section], manifest: &Arc<Source>) {
        let any_error = self.problems.iter().any(Diagnostic::is_error);
        if !any_error && sections.iter().all(|section| section.articles.is_empty()) {
            self.problems.push(
                Diagnostic::error("issue-empty", "this issue has no articles")
                    .at(Place::File(manifest.path().to_owned()))
                    .help("`digest new ISSUE/ARTICLE` makes one"),
            );
        }
    }
}

/// Where the characters of a text start in its file: behind the quotes, unless escapes made the
/// two differ.
fn text_offset(source: &Arc<Source>, text: &Located<String>) -> usize {
    let raw = &source.text()[text.span.clone()];
    text.span.start + raw.find(text.value.trim_end()).unwrap_or(0)
}

/// The pictures of an issue, and what became of each name: a file is opened once, however often it
/// is named.
#[derive(Default)]
struct FoundImages {
    images: Vec<Image>,
    known: HashMap<(PathBuf, String), Result<usize, ImageError>>,
    /// The same by the path of the file, which may be named in several ways.
    by_path: HashMap<String, usize>,
    searches: Searches,
}

impl FoundImages {
    fn find(
        &mut self,
        root: &Path,
        folder: &Path,
        path: &str,
        place: &Place,
    ) -> Result<usize, ImageError> {
        let name = (folder.to_owned(), path.to_owned());
        if let Some(known) = self.known.get(&name) {
            return known.clone();
        }
        let found = open_image(root, folder, path, place.clone(), &mut self.searches);
        let found = found.map(|image| {
            *self.by_path.entry(image.path.clone()).or_insert_with(|| {
                self.images.push(image);
                self.images.len() - 1
            })
        });
        self.known.insert(name, found.clone());
        found
    }
}

/// The index of the picture that `path` names; one file is one picture, however often it is shown.
fn find_image(
    root: &Path,
    folder: &Path,
    path: &str,
    place: Place,
    images: &mut FoundImages,
    problems: &mut Vec<Diagnostic>,
) -> Option<usize> {
    if path.contains("://") || path.starts_with("data:") || path.starts_with("//") {
        problems.push(
            Diagnostic::error("image-remote", "a picture must be a file inside the publication")
                .at(place)
                .help(
                    "copy it into the folder of the issue: a picture on another site can change or \
                     disappear",
                ),
        );
        return None;
    }
    match images.find(root, folder, path, &place) {
        Ok(image) => Some(image),
        Err(error) => {
            problems.push(error.diagnostic(place));
            None
        }
    }
}

/// A file that looks like an article and is read by nobody.
fn unread_file(path: &Path, name: &str) -> Option<Diagnostic> {
    let (what, help) = match name.rsplit_once('.') {
        Some((slug, end))
            if ["md", "markdown", "mdown", "mkd", "mdx"].contains(&end.to_lowercase().as_str())
                && !slug.is_empty() =>
        {
            (
                format!("{name} is not read: the name of an article ends with .md"),
                format!("rename it to {slug}.md"),
            )
        }
        _ if ["index.md", "_index.md", "README.md"]
            .iter()
            .any(|file| path.join(file).is_file()) =>
        {
            (
                format!("no article is read from the folder {name}"),
                format!("move its text to {name}.md, beside issue.toml"),
            )
        }
        _ => return None,
    };
    Some(
        Diagnostic::warning("article-unused", what)
            .at(Place::File(path_from_here(path)))
            .help(help),
    )
}

fn article_missing(slug: &str, place: Place) -> Diagnostic {
    Diagnostic::error("article-missing", format!("there is no article {slug}.md")).at(place)
}

/// The articles that there are.
fn listed(files: &[String]) -> String {
    match files.len() {
        0 => "`digest new ISSUE/ARTICLE` makes one".to_owned(),
        all if all > LISTED => {
            format!("articles here: {} and {} more", files[..LISTED].join(", "), all - LISTED)
        }
        _ => format!("articles here: {}", files.join(", ")),
    }
}

fn article_twice(slug: &str, place: Place) -> Diagnostic {
    Diagnostic::error("article-twice", format!("the article {slug:?} is named twice"))
        .at(place)
        .help("an article can be in one section only")
}

fn section_empty(place: Place) -> Diagnostic {
    Diagnostic::warning("section-empty", "this section has no articles, so it is left out")
        .at(place)
        .help("add some, such as articles = [\"first-article\"], or delete the section")
}

fn article_unused(slug: &str, manifest: &Arc<Source>) -> Diagnostic {
    Diagnostic::warning("article-unused", format!("the article {slug}.md is in no section"))
        .at(Place::File(manifest.path().to_owned()))
        .help(format!(
            "add {slug:?} to the articles of a [[section]], or move the file to another folder"
        ))
}
