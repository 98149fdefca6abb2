//! Whom a message is made for: somebody on the list, somebody at an address, or a reader who
//! stands for all of them.
//!
//! Must never send, and must never change a list.

use std::path::{Path, PathBuf};

use sejong_digest::audience::list::{self, List, ReadOptions};
use sejong_digest::compose::Composition;
use sejong_digest::issue::load;
use sejong_digest::issue::slot::BUILT_IN;
use sejong_digest::message::address::Address;
use sejong_digest::message::recipient::Recipient;

use super::failure::Failure;
use super::print;
use super::workspace::Workspace;

/// A list with the names of its columns.
#[derive(Debug)]
pub(crate) struct Readers {
    /// As people should read it.
    pub(crate) path: PathBuf,
    /// The names of its columns, as slots call them.
    pub(crate) columns: Vec<String>,
    /// Its rows.
    pub(crate) list: List,
}

/// The subscriber file: the one that was named, or `subscribers.csv` beside `digest.toml`.
pub(crate) fn file(workspace: &Workspace, named: Option<&Path>) -> Option<PathBuf> {
    let usual = workspace.root.join("subscribers.csv");
    named.map(Path::to_owned).or_else(|| usual.is_file().then_some(usual))
}

/// Reads a list whole.
pub(crate) fn read(path: &Path) -> Result<Readers, sejong_digest::diagnostic::Diagnostic> {
    let shown = load::path_from_here(path);
    let rows = list::open(path, &shown, &ReadOptions::default())?;
    let columns = rows.field_names().map(str::to_owned).collect();
    Ok(Readers { path: shown, columns, list: list::read_all(rows)? })
}

/// The person at `address`, which `flag` named, with the fields that the list has of them.
pub(crate) fn at_address(
    flag: &str,
    address: &str,
    file: Option<&Path>,
) -> Result<Recipient, Failure> {
    let address =
        Address::parse(address).map_err(|error| Failure::usage(format!("{flag}: {error}")))?;
    let nobody = || Recipient::new(address.clone(), [], []);
    let Some(path) = file else { return Ok(nobody()) };
    let readers = read(path).map_err(|problem| {
        print::problems(&[problem]);
        Failure::checks("the list of subscribers cannot be read")
    })?;
    let identity = address.identity();
    let found =
        readers.list.recipients.into_iter().find(|person| person.address().identity() == identity);
    Ok(found.unwrap_or_else(|| {
        let path = readers.path.display();
        print::note(&format!(
            "{} is not in {path}, so this reader has no fields",
            address.as_str()
        ));
        nobody()
    }))
}

/// A reader who stands for all: every fallback shows, and where a slot has none, its field's name.
pub(crate) fn anybody(composition: &Composition) -> Result<Recipient, Failure> {
    let fields = unfilled(composition);
    if !fields.is_empty() {
        let names: Vec<String> = fields.iter().map(|field| format!("«{field}»")).collect();
        let names = names.join(", ");
        print::note(&format!(
            "these slots have no fallback, so their names are shown: {names}; --as ADDRESS fills them"
        ));
    }
    stand_in(composition)
}

/// The same, where nobody looks at what shows.
pub(crate) fn stand_in(composition: &Composition) -> Result<Recipient, Failure> {
    let address = Address::parse("reader@example.org")?;
    let fields = unfilled(composition);
    let named: Vec<String> = fields.iter().map(|field| format!("«{field}»")).collect();
    Ok(Recipient::new(address, fields.into_iter().zip(named.iter().map(String::as_str)), []))
}

/// Fields without a fallback, each once.
fn unfilled(composition: &Composition) -> Vec<&str> {
    let mut fields: Vec<&str> = Vec::new();
    for slot in composition.slots.iter().flatten() {
        let field = slot.field.as_str();
        if slot.fallback.is_none() && !BUILT_IN.contains(&field) && !fields.contains(&field) {
            fields.push(field);
        }
    }
    fields
}
