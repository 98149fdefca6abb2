//! `digest new`: an empty issue, or an empty article in one.
//!
//! Must never overwrite anything, and never change a file that somebody wrote: where the order of
//! articles is written down, the line to add is printed.

use std::path::Path;

use sejong_digest::delivery::receipt;
use sejong_digest::issue::load;
use sejong_digest::manifest::{self, Table};

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::workspace::Workspace;
use super::{Global, clock, files, print};

const LONG: &str = "\
Make a new issue, or an article in one

An issue gets the next number and today's date. An article is made in the folder of its issue; if
the issue lists its articles, the line to add is printed. No file is ever overwritten.";

const EXAMPLES: &str = "\
Examples:
  digest new 2025-12
  digest new 2025-12/winter-in-seoul";

/// Make a new issue, or an article in one
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// ISSUE, such as 2025-12, or ISSUE/ARTICLE
    #[arg(value_name = "ISSUE[/ARTICLE]")]
    name: String,
}

/// Runs `digest new`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    let name = args.name.strip_prefix("issues/").unwrap_or(&args.name).trim_end_matches('/');
    match name.split_once('/') {
        None => issue(&workspace, name),
        Some((issue, slug)) => article(&workspace, issue, slug.strip_suffix(".md").unwrap_or(slug)),
    }
}

/// Refuses what could lead out of `issues/` or would be hidden or awkward to type.
fn check_name(name: &str) -> Result<(), Failure> {
    let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if !name.is_empty() && name.chars().all(fits) && !name.starts_with(['.', '-']) {
        return Ok(());
    }
    Err(Failure::usage(format!("{name:?} cannot be the name of an issue or article"))
        .help("use letters, digits and hyphens, such as 2025-12 or 2025-12/winter-in-seoul"))
}

fn issue(workspace: &Workspace, name: &str) -> Ending {
    check_name(name)?;
    let folder = workspace.root.join("issues").join(name);
    let path = folder.join("issue.toml");
    let today = clock::now_in(&workspace.config.time_zone).date();
    let text = include_str!("templates/issue.toml")
        .replace("@NUMBER@", &(last_number(workspace) + 1).to_string())
        .replace("@DATE@", &today.to_string());
    files::create(&path, &text)?;
    let made = describe(&path);
    let report = format!("made {made}\n\nNext:\n  digest new {name}/first-article\n");
    print::words(&report)?;
    Ok(Exit::Done)
}

/// The highest number of any issue that can be read, or that a receipt names: old folders may have been
/// moved away. 0 before the first.
fn last_number(workspace: &Workspace) -> i64 {
    let names = load::names(&workspace.config.publication).unwrap_or_default();
    let numbers = names.iter().filter_map(|name| {
        manifest_of(workspace, &workspace.root.join("issues").join(name))?
            .integer("number", 0..1_000_000)
    });
    let receipts = receipt::standing(&workspace.root);
    let sent = receipts.iter().filter_map(|one| one.receipt()?.number);
    numbers.chain(sent).max().unwrap_or(0)
}

/// An issue's manifest, as far as it can be read; its mistakes are for `check` to tell.
fn manifest_of(workspace: &Workspace, folder: &Path) -> Option<Table> {
    let source = load::read_text(&workspace.root, &folder.join("issue.toml")).ok()?;
    let value = manifest::toml(&source, 0..source.text().len(), &mut Vec::new());
    Some(Table::new(&source, "issue.toml", value))
}

fn article(workspace: &Workspace, issue: &str, slug: &str) -> Ending {
    check_name(issue)?;
    check_name(slug)?;
    let folder = load::folder(&workspace.config.publication, issue);
    let Some(mut manifest) = manifest_of(workspace, &folder) else {
        return Err(Failure::new(format!("there is no issue {issue}"))
            .help(format!("make it with `digest new {issue}`")));
    };
    let path = folder.join(format!("{slug}.md"));
    let today = clock::now_in(&workspace.config.time_zone).date();
    let text = include_str!("templates/article.md")
        .replace("@TITLE@", &title_from(slug))
        .replace("@DATE@", &today.to_string());
    files::create(&path, &text)?;
    let mut report = format!("made {}\n", describe(&path));
    if !manifest.tables("section").is_empty() {
        let file = describe(&folder.join("issue.toml"));
        report.push_str(&format!(
            "\nNext, add it to the articles of a section in {file}:\n  articles = [\"{slug}\"]\n"
        ));
    }
    print::words(&report)?;
    Ok(Exit::Done)
}

/// `winter-in-seoul` -> `Winter in seoul`.
fn title_from(slug: &str) -> String {
    let words = slug.replace(['-', '_'], " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}
