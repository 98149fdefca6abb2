//! What the other issues of a publication are called and when: enough to find a number twice, and to
//! see whether a folder still holds the issue that it held.

use std::collections::BTreeMap;
use std::path::Path;

use super::{names, read_text};
use crate::files;
use crate::issue::{self, Publication};
use crate::manifest::{self, Table};

/// What `issue.toml` says of an issue, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headline {
    /// The folder's name.
    pub name: String,
    /// Which issue of the newsletter.
    pub number: Option<i64>,
    /// The Subject, as it is written.
    pub subject: Option<String>,
    /// The language of its texts, where it is another than the publication's (BCP 47).
    pub language: Option<String>,
    /// The day it is dated.
    pub date: Option<jiff::civil::Date>,
    /// The topics of its sections, as they are written.
    pub topics: Vec<String>,
}

/// The publication's issues; what is wrong with one is told when that one is checked.
pub fn siblings(publication: &Publication) -> Vec<Headline> {
    let names = names(publication).unwrap_or_default();
    let root = &publication.root;
    let read = |name: String| headline(root, &root.join("issues").join(&name), name);
    names.into_iter().filter_map(read).collect()
}

/// What the folder of an issue says now of whether everybody may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveStanding {
    /// `issue.toml` has nothing against it.
    Shown,
    /// It says `archive = false`.
    Withdrawn,
    /// There is no `issue.toml`: the folder has another name by now, or is gone.
    Missing,
    /// It cannot be read, or somebody is just writing it.
    Unreadable,
}

/// What the folder of the issue called `name` says now of the web.
pub fn archive_standing(publication: &Publication, name: &str) -> ArchiveStanding {
    let path = publication.root.join("issues").join(name).join("issue.toml");
    let source = match read_text(&publication.root, &path) {
        Ok(source) => source,
        Err(_) if files::is_there(&path) => return ArchiveStanding::Unreadable,
        Err(_) => return ArchiveStanding::Missing,
    };
    let mut problems = Vec::new();
    let value = manifest::toml(&source, 0..source.text().len(), &mut problems);
    let mut table = Table::new(&source, "issue.toml", value);
    // A file that is being written is empty first.
    if !problems.is_empty() || source.text().trim().is_empty() {
        return ArchiveStanding::Unreadable;
    }
    let is_said = table.has("archive");
    match table.flag("archive") {
        Some(false) => ArchiveStanding::Withdrawn,
        None if is_said => ArchiveStanding::Unreadable,
        _ => ArchiveStanding::Shown,
    }
}

/// What the issue in `folder` is called, and the texts in it, each with its SHA-256 as
/// [`issue::Issue::files`] has it. What cannot be read is left out, and so is what a link brings from
/// outside.
pub fn texts(folder: &Path) -> (Headline, BTreeMap<String, (String, String)>) {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let unreadable = Headline { name: name.clone(), ..Headline::default() };
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let texts = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let is_text = name == "issue.toml" || name.ends_with(".md");
        let source = is_text.then(|| read_text(folder, &entry.path()).ok())??;
        let text = source.text().to_owned();
        Some((name, (issue::hash(text.as_bytes()), text)))
    });
    (headline(folder, folder, name).unwrap_or(unreadable), texts.collect())
}

/// The issue in a `folder` that lies in `root`.
fn headline(root: &Path, folder: &Path, name: String) -> Option<Headline> {
    let source = read_text(root, &folder.join("issue.toml")).ok()?;
    let value = manifest::toml(&source, 0..source.text().len(), &mut Vec::new());
    let mut table = Table::new(&source, "issue.toml", value);
    let number = table.integer("number", 0..1_000_000);
    let subject = table.text("subject").map(|text| text.value);
    let language = table.text("language").map(|text| text.value);
    let date = table.date("date");
    let topic = |mut section: Table| section.text("topic").map(|text| text.value);
    let topics = table.tables("section").into_iter().filter_map(topic).collect();
    Some(Headline { name, number, subject, language, date, topics })
}
