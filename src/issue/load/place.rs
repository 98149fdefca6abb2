//! Where an issue lies, and what it is called: its folder's own name, which the ledger, the receipts and
//! the addresses of pictures know it by.
//!
//! Exists so that two issues never share a name. Must never take the name from the way that led to the
//! folder: `.`, `..` and a link are no names.

use std::path::{Component, Path, PathBuf};

use super::{odd_name, path_from_here};
use crate::diagnostic::{Diagnostic, Place, refused};
use crate::files;
use crate::issue::Publication;

/// Folders of folders below `issues/` in which issues are looked for.
const DEPTH: usize = 3;

/// The name of the issue in `folder`: that of the folder itself, also where a link or `.` has led to it.
///
/// # Errors
/// The folder does not lie directly under `issues/`: then another issue may have the same name.
pub fn name_of(publication: &Publication, folder: &Path) -> Result<String, Box<Diagnostic>> {
    let issues = publication.root.join("issues");
    let issues = issues.canonicalize().unwrap_or(issues);
    let is_issue = match folder.canonicalize() {
        Ok(real) => real.parent() == Some(issues.as_path()),
        // An issue that was sent goes on although its folder is gone.
        Err(_) => is_named_below_issues(publication, folder, &issues),
    };
    let name = Some(last_part(folder)).filter(|name| is_issue && !name.is_empty());
    name.ok_or_else(|| Box::new(not_below_issues(publication, folder)))
}

/// The same, with what is wrong with it.
pub(super) fn named(
    publication: &Publication,
    folder: &Path,
    problems: &mut Vec<Diagnostic>,
) -> String {
    let name = name_of(publication, folder).unwrap_or_else(|problem| {
        problems.push(*problem);
        last_part(folder)
    });
    if let Some((_, odd)) = refused::find(&name) {
        problems.push(odd_name(odd, folder));
    }
    name
}

/// Whether the path of a folder that is not there would be that of an issue.
fn is_named_below_issues(publication: &Publication, folder: &Path, issues: &Path) -> bool {
    let is_plain = matches!(folder.components().next_back(), Some(Component::Normal(_)));
    let parent = folder.parent();
    is_plain
        && (parent == Some(&publication.root.join("issues"))
            || parent.and_then(|parent| parent.canonicalize().ok()).as_deref() == Some(issues))
}

/// The last part of where the folder is.
fn last_part(folder: &Path) -> String {
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    real.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is told of each issue that is deeper below `issues/` than directly under it.
pub fn misplaced(publication: &Publication) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let issues = publication.root.join("issues");
    let mut folders = vec![(issues, 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = folder.read_dir().into_iter().flatten().flatten();
        // What a link leads to has its own place.
        let below = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let below: Vec<PathBuf> = below.map(|entry| entry.path()).collect();
        for folder in below {
            let is_issue = files::is_there(&folder.join("issue.toml"));
            if is_issue && depth > 0 {
                found.push(folder);
            } else if !is_issue && depth < DEPTH {
                folders.push((folder, depth + 1));
            }
        }
    }
    found.sort();
    found.iter().map(|folder| not_below_issues(publication, folder)).collect()
}

fn not_below_issues(publication: &Publication, folder: &Path) -> Diagnostic {
    let shown = path_from_here(folder);
    let root = &publication.root;
    let (root, real) = (
        root.canonicalize().unwrap_or_else(|_| root.clone()),
        folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
    );
    let problem = Diagnostic::error(
        "issue-folder",
        format!(
            "{} does not lie directly under issues/, and an issue is known by the name of its folder there",
            shown.display()
        ),
    )
    .at(Place::File(shown));
    let Ok(inside) = real.strip_prefix(&root) else {
        return problem.help("put the issue into a folder under issues/");
    };
    let below = inside.strip_prefix("issues").unwrap_or(inside);
    let parts: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let (from, to) = (inside.display().to_string(), parts.join("-"));
    if parts.is_empty() || !from.chars().chain(to.chars()).all(is_plain) {
        return problem.help("give it a folder of its own under issues/, and send it from there");
    }
    problem.help(format!(
        "move it, with `mv {from} issues/{to}` in the folder of digest.toml, and name it {to}"
    ))
}
