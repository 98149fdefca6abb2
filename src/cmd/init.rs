//! `digest init`: a publication that checks clean and renders at once, made of plain files.
//!
//! Must never overwrite anything that somebody wrote.

use std::path::{Path, PathBuf};

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::{Global, clock, files, print};

const LONG: &str = "\
Make a new publication

Writes digest.toml, a first issue with two articles, and an example list of subscribers. You can
check and render this issue at once. No file is ever overwritten.";

const EXAMPLES: &str = "\
Examples:
  digest init
  digest init my-newsletter";

/// Make a new publication
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The folder; it is made if it does not exist [default: this folder]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// What a new publication holds: where, and what.
const FILES: [(&str, &str); 5] = [
    ("digest.toml", include_str!("templates/digest.toml")),
    ("issues/@ISSUE@/issue.toml", include_str!("templates/first-issue.toml")),
    ("issues/@ISSUE@/welcome.md", include_str!("templates/welcome.md")),
    ("issues/@ISSUE@/writing.md", include_str!("templates/writing.md")),
    ("subscribers.csv", include_str!("templates/subscribers.csv")),
];
const GITIGNORE: &str = include_str!("templates/gitignore.txt");

/// Runs `digest init`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    // `--publication DIR` says where a publication is; here it says where one will be.
    let folder = args.folder.clone().or_else(|| global.publication.clone());
    let folder = folder.unwrap_or_else(|| PathBuf::from("."));
    let today = clock::now_in(&jiff::tz::TimeZone::system()).date();
    let issue = format!("{:04}-{:02}", today.year(), today.month());
    let name = name_from(&folder);
    let fill = |text: &str| {
        let text = text.replace("@ISSUE@", &issue).replace("@DATE@", &today.to_string());
        text.replace("@NAME@", &name)
    };
    let made: Vec<(PathBuf, String)> =
        FILES.iter().map(|(path, text)| (folder.join(fill(path)), fill(text))).collect();
    if let Some((taken, _)) = made.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(Failure::new(format!("{} already exists", describe(taken))).help(
            "nothing was written; choose another folder, or make an issue with `digest new`",
        ));
    }
    let mut report = String::new();
    for (path, text) in &made {
        files::create(path, text)?;
        report.push_str(&format!("made {}\n", describe(path)));
    }
    let gitignore = folder.join(".gitignore");
    if gitignore.symlink_metadata().is_ok() {
        let lines = GITIGNORE.lines().filter(|line| !line.starts_with('#'));
        let lines: Vec<&str> = lines.collect();
        print::note(&format!(
            "{} already exists: add {} to it",
            describe(&gitignore),
            lines.join(" ")
        ));
    } else {
        files::create(&gitignore, GITIGNORE)?;
        report.push_str(&format!("made {}\n", describe(&gitignore)));
    }
    report.push_str("\nNext:\n");
    if folder != Path::new(".") {
        report.push_str(&format!("  cd {}\n", files::quoted(&folder.display().to_string())));
    }
    report.push_str(&format!("  digest check\n  digest render {issue} -o out.html\n"));
    print::words(&report)?;
    Ok(Exit::Done)
}

/// What the newsletter is called until somebody says so: the folder's name, without what a header
/// or a TOML text could not hold as it is.
fn name_from(folder: &Path) -> String {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    let plain = |c: char| c.is_alphanumeric() || c == ' ';
    let name = name.unwrap_or_default().replace(|c| !plain(c), " ");
    let words: Vec<&str> = name.split_whitespace().collect();
    match words.join(" ") {
        name if name.is_empty() => "My newsletter".to_owned(),
        name => name,
    }
}
