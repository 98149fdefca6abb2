//! The short mail about a correction: an issue of its own, in a folder of its own, which `digest send`
//! sends as any other, and whose author may still change it before.
//!
//! Its name stands in the ledger before its folder is there, so that it never goes to anybody else than
//! those who got the text as it was.

use sejong_digest::archive::corrections::{Correction, ErratumPart, ErratumText};
use sejong_digest::archive::edition::WebEdition;
use sejong_digest::delivery::ledger::corrections::KeptCorrection;
use sejong_digest::delivery::ledger::editions::ShownIssues;
use sejong_digest::delivery::ledger::{Ledger, LockedLedger};
use sejong_digest::diagnostic::counted;
use sejong_digest::issue::Issue;
use sejong_digest::web::base::BaseUrl;

use crate::cmd::failure::Failure;
use crate::cmd::files::{self, Readable, describe};
use crate::cmd::workspace::Workspace;
use crate::cmd::{archive, clock, print};

const MANIFEST: &str = "issue.toml";

/// An issue that tells of all corrections of another one.
pub(super) struct Erratum {
    name: String,
    /// The number of the last correction, and the issue that was made for it before.
    number: i64,
    made: Option<String>,
    outdated: u64,
    /// The title of the issue that was corrected.
    title: String,
    text: ErratumText,
}

impl Erratum {
    /// What is to be told. `None` where nobody has to be.
    pub(super) async fn found(
        workspace: &Workspace,
        ledger: &Ledger,
        (issue, subject): (&Issue, &str),
    ) -> Result<Option<Erratum>, Failure> {
        let kept = ledger.corrections().await?;
        let Some(last) = kept.last() else { return Ok(None) };
        let outdated = ledger.outdated(last.number).await?;
        if outdated == 0 {
            print::note("nobody got the text as it was, so there is nobody to tell");
            return Ok(None);
        }
        // As it was sent, and after each correction: what is gone by now had a topic, too.
        let sent = ledger.latest_web().await?;
        let sent = sent.and_then(|web| serde_json::from_str::<WebEdition>(&web).ok());
        let mut editions: Vec<WebEdition> = sent.into_iter().collect();
        for one in &kept {
            editions.push(serde_json::from_str(&one.web)?);
        }
        let corrections: Vec<Correction> = kept.iter().map(|one| one.correction.clone()).collect();
        let base = BaseUrl::read(workspace.config.sender.base_url());
        let site = base.filter(|_| workspace.config.archive.served() != ShownIssues::None);
        let site = site.map(|base| archive::site(workspace, &base)).transpose()?;
        let texts = (&editions[..], &workspace.config.publication.topics[..]);
        let text = ErratumText::of(&corrections, texts, (&issue.name, subject), site.as_ref());
        Ok(text.map(|text| Erratum {
            name: format!("{}-erratum-{}", issue.name, last.number),
            number: last.number,
            made: last.erratum.clone(),
            outdated,
            title: issue.title.clone(),
            text,
        }))
    }

    /// Says for whom it is.
    pub(super) fn tell(&self) {
        let topics: Option<Vec<&str>> =
            self.text.parts.iter().map(|part| Some(&*part.topic.as_ref()?.title)).collect();
        let wants = topics.map(|topics| format!(", and want {}", topics.join(" or ")));
        print::note(&format!(
            "{} is for {} who got the text as it was, or may have, as far as they are in the list{}",
            self.name,
            counted(self.outdated, "person"),
            wants.unwrap_or_default()
        ));
    }

    /// What it says, for a person who looks.
    pub(super) fn shown(&self) -> String {
        let mut out = format!("{}\nSubject: {}\n", self.name, self.text.subject);
        for part in &self.text.parts {
            if let Some(topic) = &part.topic {
                out.push_str(&format!("  for those who want {}:\n", topic.title));
            }
            part.notes.iter().for_each(|note| out.push_str(&format!("  {note}\n")));
            part.links.iter().for_each(|(_, address)| out.push_str(&format!("  {address}\n")));
        }
        out
    }

    /// The same for a script; `told` is how many people have it already.
    pub(super) fn in_json(&self, issue: &str, told: u64) -> serde_json::Value {
        let notes = self.text.parts.iter().flat_map(|part| &part.notes).collect::<Vec<_>>();
        serde_json::json!({
            "issue": issue,
            "erratum": self.name,
            "subject": self.text.subject,
            "notes": notes,
            "outdated": self.outdated,
            "told": told,
        })
    }

    /// Makes the issue, unless it is there; its name.
    pub(super) async fn made(
        self,
        workspace: &Workspace,
        ledger: &LockedLedger,
        issue: &Issue,
    ) -> Result<String, Failure> {
        self.tell();
        tell_older(ledger, &self.name).await?;
        let folder = workspace.root.join("issues").join(&self.name);
        match &self.made {
            Some(name) if folder.join(MANIFEST).exists() => return Ok(name.clone()),
            None if folder.exists() => {
                return Err(Failure::new(format!("{} is there already", describe(&folder))).help(
                    "the issue that tells of the correction needs this name: move the folder away",
                ));
            }
            _ => ledger.tell_by(self.number, &self.name).await?,
        }
        files::make_folder(&folder)?;
        // A command that was killed may have made the first. The last one makes it an issue.
        for (at, part) in self.text.parts.iter().enumerate() {
            let article = folder.join(format!("{}.md", article(at)));
            files::replace(&article, markdown(part).as_bytes(), Readable::Everybody)?;
        }
        files::create(&folder.join(MANIFEST), &self.manifest(workspace, issue))?;
        print::note(&format!("made {}", describe(&folder)));
        Ok(self.name)
    }

    fn manifest(&self, workspace: &Workspace, issue: &Issue) -> String {
        let today = clock::now_in(&workspace.config.time_zone).date();
        // What one reader wants to know is no line for all.
        let note = match &self.text.parts[..] {
            [part] => part.notes.last().map_or("", |note| note),
            _ => &self.text.subject,
        };
        let newsletter = &workspace.config.publication.name;
        let mut manifest = format!(
            "title = {0}\nsubject = {0}\npreheader = {1}\ndate = {today}\nlanguage = {2}\n# It goes to \
             those alone who got this issue as it was, and is no issue of its own on the web.\n\
             corrects = {3}\narchive = false\n",
            quoted(&self.text.subject),
            quoted(&preheader(note, &self.title, newsletter)),
            quoted(&issue.language),
            quoted(&issue.name),
        );
        if self.text.parts.iter().all(|part| part.topic.is_none()) {
            return manifest;
        }
        for (at, part) in self.text.parts.iter().enumerate() {
            manifest.push_str(&format!("\n[[section]]\narticles = [{}]\n", quoted(&article(at))));
            if let Some(topic) = &part.topic {
                let (heading, topic) = (quoted(&topic.title), quoted(&topic.name));
                manifest.push_str(&format!("heading = {heading}\ntopic = {topic}\n"));
            }
        }
        manifest
    }
}

/// `correction`, `correction-2`
fn article(at: usize) -> String {
    if at == 0 { "correction".to_owned() } else { format!("correction-{}", at + 1) }
}

/// Errata of earlier corrections that somebody waits for, or that nobody got: this one has their notes.
async fn tell_older(ledger: &Ledger, name: &str) -> Result<(), Failure> {
    let all = ledger.corrections().await?;
    for older in all.iter().filter_map(|one| one.erratum.as_ref()).filter(|older| *older != name) {
        let counts = Ledger::new(ledger.store().clone(), older).counts().await?;
        let waiting = counts.pending + counts.deferred;
        if counts.accepted + counts.uncertain > 0 && waiting == 0 {
            continue;
        }
        let what = match (counts.accepted + counts.uncertain, waiting) {
            (0, _) => "nobody has".to_owned(),
            (_, waiting) => format!("{} did not get", counted(waiting, "person")),
        };
        print::note(&format!(
            "{name} also has the note of {older}, which {what}: do not send {older} any more"
        ));
    }
    Ok(())
}

/// Whether nobody has, or may have, what tells of the last correction.
pub(super) async fn is_untold(ledger: &Ledger, last: &KeptCorrection) -> Result<bool, Failure> {
    Ok(ledger.told(last.number).await? == 0)
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

fn markdown(text: &ErratumPart) -> String {
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
