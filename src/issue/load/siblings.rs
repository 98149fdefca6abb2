//! What the other issues of a publication are called and when: enough to find a number twice, and to
//! see whether a folder still holds the issue that it held.

use std::collections::BTreeMap;
use std::path::Path;

use super::{names, read_text};
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

/// Whether the issue called `name` may be shown to everybody, by what its `issue.toml` says now; one
/// that is not here any more may.
pub fn is_public(publication: &Publication, name: &str) -> bool {
    let path = publication.root.join("issues").join(name).join("issue.toml");
    let Ok(source) = read_text(&publication.root, &path) else { return true };
    if !source.text().contains("archive") {
        return true;
    }
    let value = manifest::toml(&source, 0..source.text().len(), &mut Vec::new());
    Table::new(&source, "issue.toml", value).flag("archive").unwrap_or(true)
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
