//! The short mail about a correction: an issue of its own, in a folder of its own, which `digest send`
//! sends as any other, and whose author may still change it before.
//!
//! Its name stands in the ledger before its folder is there, so that it never goes to anybody else than
//! those who got the text as it was.

use sejong_digest::archive::corrections::{Correction, ErratumText};
use sejong_digest::archive::edition::WebEdition;
use sejong_digest::delivery::amend::untold;
use sejong_digest::delivery::ledger::LockedLedger;
use sejong_digest::delivery::ledger::editions::ShownIssues;
use sejong_digest::diagnostic::counted;
use sejong_digest::issue::Issue;
use sejong_digest::web::base::BaseUrl;

use crate::cmd::failure::Failure;
use crate::cmd::files::{self, Readable, describe};
use crate::cmd::workspace::Workspace;
use crate::cmd::{archive, clock, print};

/// The only article of it.
const ARTICLE: &str = "correction.md";
const MANIFEST: &str = "issue.toml";

/// Makes the issue that tells of the last correction, unless it is there; its name. `None` where
/// nobody is to be told.
pub(super) async fn made(
    workspace: &Workspace,
    ledger: &LockedLedger,
    (issue, subject): (&Issue, &str),
) -> Result<Option<String>, Failure> {
    let kept = ledger.corrections().await?;
    let Some(last) = kept.last() else { return Ok(None) };
    let outdated = ledger.outdated(last.number).await?;
    if outdated == 0 {
        print::note("nobody got the text as it was, so there is nobody to tell");
        return Ok(None);
    }
    let name = format!("{}-erratum-{}", issue.name, last.number);
    print::note(&format!(
        "{name} is for {} who got the text as it was, or may have, as far as they are in the list",
        counted(outdated, "person")
    ));
    let folder = workspace.root.join("issues").join(&name);
    match &last.erratum {
        Some(name) if folder.join(MANIFEST).exists() => return Ok(Some(name.clone())),
        None if folder.exists() => {
            return Err(Failure::new(format!("{} is there already", describe(&folder))).help(
                "the issue that tells of the correction needs this name: move the folder away",
            ));
        }
        _ => ledger.tell_by(last.number, &name).await?,
    }
    files::make_folder(&folder)?;
    let edition: WebEdition = serde_json::from_str(&last.web)?;
    let corrections: Vec<Correction> =
        untold(&kept).iter().map(|one| one.correction.clone()).collect();
    let base = BaseUrl::read(workspace.config.sender.base_url());
    let site = base.filter(|_| workspace.config.archive.served() != ShownIssues::None);
    let site = site.map(|base| archive::site(workspace, &base)).transpose()?;
    // A field of each reader's is no part of it.
    let subject = if subject.contains("{{") { &issue.title } else { subject };
    let text = ErratumText::of(&corrections, &edition, (&issue.name, subject), site.as_ref());
    let today = clock::now_in(&workspace.config.time_zone).date();
    let manifest = format!(
        "title = {0}\nsubject = {0}\npreheader = {1}\ndate = {today}\nlanguage = {2}\n# It goes to those \
         alone who got this issue as it was, and is no issue of its own on the web.\ncorrects = {3}\n\
         archive = false\n",
        quoted(&text.subject),
        quoted(&preheader(
            &text.notes.join(" "),
            &edition.title,
            &workspace.config.publication.name
        )),
        quoted(&issue.language),
        quoted(&issue.name),
    );
    // A command that was killed may have made the first. The other one makes it an issue.
    files::replace(&folder.join(ARTICLE), markdown(&text).as_bytes(), Readable::Everybody)?;
    files::create(&folder.join(MANIFEST), &manifest)?;
    print::note(&format!("made {}", describe(&folder)));
    Ok(Some(name))
}

/// What an inbox shows behind the subject: the note, and more where that is short.
fn preheader(note: &str, title: &str, newsletter: &str) -> String {
    const LEAST: usize = 40;
    const MOST: usize = 130;
    let mut words = note.to_owned();
    for more in [title, newsletter] {
        if words.chars().count() < LEAST {
            words = format!("{words} · {more}");
        }
    }
    let Some((end, _)) = words.char_indices().nth(MOST - 1) else { return words };
    let begun = &words[..end];
    format!("{}…", begun[..begun.rfind(' ').unwrap_or(end)].trim_end())
}

/// A string of TOML, and of YAML.
fn quoted(text: &str) -> String {
    // No slot of an author's: it is a text that was read already.
    let text = text.replace("{{", "{ {");
    serde_json::json!(text).to_string()
}

fn markdown(text: &ErratumText) -> String {
    let mut out = format!("---\ntitle: {}\n---\n", quoted(&text.title));
    for note in &text.notes {
        out.push_str(&format!("\n{}\n", plain(note)));
    }
    if let Some(words) = text.before_links {
        out.push_str(&format!("\n{words}\n\n"));
        for (title, address) in &text.links {
            out.push_str(&format!("- [{}](<{address}>)\n", plain(title)));
        }
    }
    out
}

/// A text as Markdown that says just that.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_item = number.len() < text.len() && number.starts_with(['.', ')']);
    for (at, c) in text.char_indices() {
        let begins = at == 0 && "#+-=:".contains(c) || is_item && at == text.len() - number.len();
        if begins || "\\`*_{}[]<>|~&^$@".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preheader_fills_the_line_of_an_inbox_and_no_more() {
        let long = "A note of forty characters and some more.";
        assert_eq!(preheader(long, "Title", "Digest"), long);
        assert_eq!(preheader("Wrong.", "Title", "Digest"), "Wrong. · Title · Digest");
        let most = preheader(&"word ".repeat(40), "Title", "Digest");
        assert!(most.ends_with("word…") && most.chars().count() <= 130, "{most}");
        assert_eq!(preheader(&"글".repeat(200), "", "").chars().count(), 130);
    }

    #[test]
    fn a_note_is_no_markup() {
        for (note, written) in [
            ("The hearing is on 3 May.", "The hearing is on 3 May."),
            ("1. was wrong", "1\\. was wrong"),
            ("# 4 of *these* {{ email }}", "\\# 4 of \\*these\\* \\{\\{ email \\}\\}"),
            ("::: only tag:board", "\\::: only tag:board"),
            ("<b> & [x](y)", "\\<b\\> \\& \\[x\\](y)"),
        ] {
            assert_eq!(plain(note), written);
        }
        assert_eq!(quoted("say \"{{ x }}\""), r#""say \"{ { x }}\"""#);
    }
}
