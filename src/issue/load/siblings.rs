//! What the other issues of a publication are called and when: enough to find a number twice.

use std::path::Path;

use super::{names, read_text};
use crate::issue::Publication;
use crate::manifest::{self, Table};

/// What `issue.toml` says of an issue, as far as it can be read.
#[derive(Clone, Debug, PartialEq)]
pub struct Headline {
    /// The folder's name.
    pub name: String,
    /// Which issue of the newsletter.
    pub number: Option<i64>,
    /// The Subject, as it is written.
    pub subject: Option<String>,
    /// The day it is dated.
    pub date: Option<jiff::civil::Date>,
}

/// The publication's issues; what is wrong with one is told when that one is checked.
pub fn siblings(publication: &Publication) -> Vec<Headline> {
    let names = names(publication).unwrap_or_default();
    names.into_iter().filter_map(|name| headline(&publication.root, name)).collect()
}

fn headline(root: &Path, name: String) -> Option<Headline> {
    let source = read_text(root, &root.join("issues").join(&name).join("issue.toml")).ok()?;
    let value = manifest::toml(&source, 0..source.text().len(), &mut Vec::new());
    let mut table = Table::new(&source, "issue.toml", value);
    let number = table.integer("number", 0..1_000_000);
    let subject = table.text("subject").map(|text| text.value);
    Some(Headline { name, number, subject, date: table.date("date") })
}
