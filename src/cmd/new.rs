//! `digest new`: an empty issue, or an empty article in one.
//!
//! Must never overwrite anything, and never change a file that somebody wrote: where the order of
//! articles is written down, the line to add is printed.

use std::ops::Range;
use std::path::Path;

use jiff::civil::Date;
use sejong_digest::delivery::receipt;
use sejong_digest::issue::load;
use sejong_digest::manifest::{self, Table};

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::workspace::Workspace;
use super::{Global, clock, files, print};

const LONG: &str = "\
Make a new issue, or an article in one

An issue gets the next number and today's date, or the day that its name says: 2026-12 is the first of
December, where that is still to come. An article is made in the folder of its issue; if
the issue lists its articles, the line to add is printed. No file is ever overwritten.";

const EXAMPLES: &str = "\
Examples:
  digest new 2025-12
  digest new 2025-12 --like 2025-11
  digest new 2025-12/winter-in-seoul";

/// Make a new issue, or an article in one
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// ISSUE, such as 2025-12, or ISSUE/ARTICLE
    #[arg(value_name = "ISSUE[/ARTICLE]")]
    name: String,
    /// Take the sections and settings of this issue, without its words and articles
    #[arg(long, value_name = "ISSUE")]
    like: Option<String>,
}

/// Runs `digest new`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    let name = args.name.strip_prefix("issues/").unwrap_or(&args.name).trim_end_matches('/');
    match name.split_once('/') {
        None => issue(&workspace, name, args.like.as_deref()),
        Some(_) if args.like.is_some() => {
            Err(Failure::usage("--like is for a new issue, and this is an article")
                .help("leave --like out, or name an issue alone"))
        }
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

fn issue(workspace: &Workspace, name: &str, like: Option<&str>) -> Ending {
    check_name(name)?;
    let folder = workspace.root.join("issues").join(name);
    let path = folder.join("issue.toml");
    let today = clock::now_in(&workspace.config.time_zone).date();
    let later = day_of(name).filter(|day| *day > today);
    let date = later.unwrap_or(today).to_string();
    let number = last_number(workspace) + 1;
    let text = match like {
        Some(like) => text_like(workspace, like, number, &date)?,
        None => include_str!("templates/issue.toml")
            .replace("@NUMBER@", &number.to_string())
            .replace("@DATE@", &date),
    };
    files::create(&path, &text)?;
    let made = describe(&path);
    let day = match later {
        Some(day) => {
            format!("\nIts date is {day}, from its name: write the day on which it is sent\n")
        }
        None => String::new(),
    };
    let report = format!("made {made}\n{day}\nNext:\n  digest new {name}/first-article\n");
    print::words(&report)?;
    Ok(Exit::Done)
}

/// The day that the name of an issue says: `2026-12-05`, or the first of `2026-12` and `202612`.
fn day_of(name: &str) -> Option<Date> {
    let digits: Vec<&str> = name.split(|c: char| !c.is_ascii_digit()).take(4).collect();
    let (year, month, day) = match digits[..] {
        [whole, ..] if whole.len() == 8 => (&whole[..4], &whole[4..6], &whole[6..]),
        [whole, ..] if whole.len() == 6 => (&whole[..4], &whole[4..], ""),
        [year, month, day, ..] if day.len() == 2 => (year, month, day),
        [year, month, ..] => (year, month, ""),
        _ => return None,
    };
    if year.len() != 4 || !(1..=2).contains(&month.len()) {
        return None;
    }
    let day = if day.is_empty() { 1 } else { day.parse().ok()? };
    Date::new(year.parse().ok()?, month.parse().ok()?, day).ok()
}

/// What stands in the place of another issue's words, which nobody is to get twice.
const PREHEADER: &str = "# preheader = \"…\"\n";
const INTRO: &str = "# intro = \"\"\"\n# …\n# \"\"\"\n";

/// The text of another issue's manifest with a new number and date, and without what belongs to that
/// issue alone: its words in an inbox, its first words, its articles, and what it allows.
fn text_like(
    workspace: &Workspace,
    like: &str,
    number: i64,
    date: &str,
) -> Result<String, Failure> {
    let publication = &workspace.config.publication;
    let folder = load::folder(publication, like);
    let source = load::read_text(&workspace.root, &folder.join("issue.toml")).map_err(|_| {
        Failure::usage(format!("--like: there is no issue {like}"))
            .help(load::instead(publication, &folder))
    })?;
    let text = source.text();
    let mut problems = Vec::new();
    let value = manifest::toml(&source, 0..text.len(), &mut problems);
    if !problems.is_empty() {
        print::problems(&problems);
        return Err(Failure::checks(format!("--like: the issue {like} cannot be read")));
    }
    let mut table = Table::new(&source, "issue.toml", value);
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let title = format!("\"Issue {number}\"");
    let values = [
        ("number", number.to_string()),
        ("date", date.to_owned()),
        ("title", title.clone()),
        ("subject", title),
    ];
    for (key, new) in values {
        edits.extend(table.take(key).map(|value| (value.span, new)));
    }
    for (key, new) in [("preheader", PREHEADER), ("intro", INTRO), ("allow", "")] {
        let Some(value) = table.take(key) else { continue };
        // The whole of its lines goes.
        let start = text[..value.span.start].rfind('\n').map_or(0, |at| at + 1);
        let end =
            text[value.span.end..].find('\n').map_or(text.len(), |at| value.span.end + at + 1);
        edits.push((start..end, new.to_owned()));
    }
    for mut section in table.tables("section") {
        edits.extend(section.take("articles").map(|value| (value.span, "[]".to_owned())));
    }
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    edits.into_iter().for_each(|(span, new)| text.replace_range(span, &new));
    Ok(text)
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
    // An article is not from after its issue.
    let date = manifest.date("date").map_or(today, |date| date.min(today));
    let text = include_str!("templates/article.md")
        .replace("@TITLE@", &title_from(slug))
        .replace("@DATE@", &date.to_string());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_say_a_day() {
        for (name, day) in [
            ("2026-12", Some("2026-12-01")),
            ("2026-12-05", Some("2026-12-05")),
            ("2026.12.05-winter", Some("2026-12-05")),
            ("2026-12-winter", Some("2026-12-01")),
            ("202612", Some("2026-12-01")),
            ("20261205", Some("2026-12-05")),
            ("2026-9", Some("2026-09-01")),
            ("2026-13", None),
            ("2026-12-32", None),
            ("2026-w49", None),
            ("issue-12", None),
            ("2026", None),
            ("winter", None),
        ] {
            assert_eq!(day_of(name).map(|day| day.to_string()).as_deref(), day, "{name}");
        }
    }
}
