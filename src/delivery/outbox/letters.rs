//! The letters that the outbox sends, composed as an issue is: of a file of the publication, or of our
//! own text in the reader's language.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;

use crate::compose::letters::{self, LetterKind};
use crate::compose::theme::Theme;
use crate::compose::{self, Composition};
use crate::diagnostic::{Diagnostic, Place, Source, nearest};
use crate::files;
use crate::issue::load::{self, LetterText, Loaded};
use crate::issue::slot::{self, Slot};
use crate::issue::{self, Issue, Publication};
use crate::picture::Cache;

/// Fields that every letter has a value for.
const KNOWN: [&str; 4] = ["email", "newsletter", slot::PAGES[0], slot::PAGES[1]];
/// Compositions that are kept: kinds and languages of one day.
const MOST: usize = 64;

/// Which composition somebody gets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct LetterWanted {
    pub(super) kind: LetterKind,
    pub(super) language: String,
    /// Whether there is an issue that the letter can lead to.
    pub(super) has_latest: bool,
    pub(super) date: Date,
}

/// All letters of a publication.
pub struct Letters {
    publication: Publication,
    theme: Theme,
    pictures: Cache,
    /// Those that the publication has written.
    own: Vec<(LetterKind, Arc<Source>)>,
    composed: Mutex<HashMap<LetterWanted, Arc<Composition>>>,
}

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letters").field("own", &self.own).finish_non_exhaustive()
    }
}

impl Letters {
    /// Reads `mails/confirm.md` and its neighbours, one for each [`LetterKind`], as far as they are there, and
    /// says what is wrong with them; `today` is for the look of a date.
    pub fn read(
        publication: &Publication,
        theme: &Theme,
        pictures: Cache,
        today: Date,
    ) -> (Letters, Vec<Diagnostic>) {
        let mut problems = unread(&publication.root);
        let mut own = Vec::new();
        for kind in LetterKind::ALL {
            let path = publication.root.join("mails").join(format!("{}.md", kind.word()));
            if !files::is_there(&path) {
                continue;
            }
            match load::read_text(&publication.root, &path) {
                Ok(source) => own.push((kind, source)),
                Err(error) => problems.push(error.diagnostic(&path)),
            }
        }
        let letters = Letters {
            // No page of the web has the letter.
            publication: Publication { browser_url: None, ..publication.clone() },
            theme: theme.clone(),
            pictures,
            own,
            composed: Mutex::default(),
        };
        for (kind, _) in &letters.own {
            let language = publication.language.clone();
            let wanted = LetterWanted { kind: *kind, language, has_latest: true, date: today };
            problems.extend(letters.compose(&wanted).1);
        }
        (letters, problems)
    }

    /// The newsletter's name, for the slot.
    pub(super) fn newsletter(&self) -> &str {
        &self.publication.name
    }

    /// The composition that is wanted; none where the letter cannot be composed.
    pub(super) fn composition(&self, wanted: &LetterWanted) -> Option<Arc<Composition>> {
        let known = || self.composed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(composition) = known().get(wanted) {
            return Some(Arc::clone(composition));
        }
        let composition = Arc::new(self.compose(wanted).0?);
        let mut known = known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(wanted.clone(), Arc::clone(&composition));
        Some(composition)
    }

    fn compose(&self, wanted: &LetterWanted) -> (Option<Composition>, Vec<Diagnostic>) {
        let LetterWanted { kind, language, has_latest, date } = wanted;
        let written = self.own.iter().find(|(known, _)| known == kind);
        let (source, language) = match written {
            Some((_, source)) => (Arc::clone(source), self.publication.language.clone()),
            None => {
                let own = letters::own(*kind, language, *has_latest);
                (Source::new(kind.name(), own.text), own.language.to_owned())
            }
        };
        let asks_to_confirm = kind.is_to_stranger();
        let folder = self.publication.root.join("mails");
        let urls = letters::URLS;
        let text = LetterText { source, folder, language, date: *date, urls, asks_to_confirm };
        let Loaded { issue, mut problems } = load::letter(&self.publication, &text);
        let Some(mut issue) = issue else { return (None, problems) };
        // By it reports find the mail, from wherever the text was read.
        issue.name = kind.name();
        let widths = compose::widths(&issue);
        let made = |_: usize, _: usize| {};
        problems.extend(issue::image::prepare(&mut issue.images, &widths, &self.pictures, &made));
        problems.extend(slot_problems(*kind, &issue));
        let theme = if asks_to_confirm {
            // Why somebody gets an issue is no reason for this.
            Theme { footer: None, ..self.theme.clone() }
        } else {
            self.theme.clone()
        };
        let (composition, found) = compose::compose(&self.publication, &issue, &theme);
        problems.extend(found);
        (composition, problems)
    }
}

/// A confirmation has to lead to its page, and a slot to have a value.
fn slot_problems(kind: LetterKind, issue: &Issue) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let used: Vec<(usize, &Slot)> = issue.slots.used().collect();
    let lacking = kind.needs().filter(|url| !used.iter().any(|(_, slot)| slot.field == *url));
    if lacking.is_some() {
        let (what, help) = match kind {
            LetterKind::Link => (
                "this message has no link to what is kept of the reader, for which it was asked",
                "write [Open the page]({{ data_url }}){.button}",
            ),
            LetterKind::Address => (
                "this message does not lead to the page for confirming, so nobody can change their address",
                "write [Confirm the address]({{ address_url }}){.button}",
            ),
            LetterKind::Moved => (
                "this message has no link by which a reader puts back an address that somebody else changed",
                "write [Put the address back]({{ restore_url }}){.button}",
            ),
            _ => (
                "this message does not lead to the page for confirming, so nobody can subscribe",
                "write [Confirm the subscription]({{ confirm_url }}){.button}",
            ),
        };
        problems.push(
            Diagnostic::error("letter-slot", what)
                .at(Place::File(issue.manifest.path().to_owned()))
                .help(help),
        );
    }
    for (index, slot) in used {
        let is_known =
            KNOWN.contains(&slot.field.as_str()) || kind.needs() == Some(slot.field.as_str());
        let place = issue.slots.places(index).next();
        let place = place.cloned().unwrap_or(Place::File(issue.manifest.path().to_owned()));
        let problem = match &slot.fallback {
            None if !is_known => Diagnostic::error(
                "letter-slot",
                format!("not everybody has a value for {}", slot.field),
            )
            .help(format!("give it a fallback: {{{{ {} | … }}}}", slot.field)),
            Some(fallback) if letters::URLS.contains(&&*slot.field) && !is_address(fallback) => {
                Diagnostic::error("letter-slot", format!("{fallback:?} is no web address"))
                    .help("write a whole address, such as https://news.example.org/")
            }
            _ => continue,
        };
        problems.push(problem.at(place));
    }
    problems
}

fn is_address(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// Whether the publication has a folder for letters of its own: for who only wants to know whether to
/// look.
pub fn are_there(root: &Path) -> bool {
    root.join("mails").is_dir()
}

/// Texts in the folder of letters that nothing reads, because they are called otherwise.
fn unread(root: &Path) -> Vec<Diagnostic> {
    let entries = std::fs::read_dir(root.join("mails")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names.iter().filter_map(|name| unread_name(name)).collect()
}

fn unread_name(name: &str) -> Option<Diagnostic> {
    let (stem, ending) = name.split_once('.')?;
    let is_text =
        ["md", "markdown", "txt"].contains(&ending.rsplit('.').next()?.to_lowercase().as_str());
    let kinds = LetterKind::ALL.map(LetterKind::word);
    let is_read = ending == "md" && kinds.contains(&stem);
    // Of an editor, or about the folder.
    if !is_text || is_read || stem.is_empty() || stem.eq_ignore_ascii_case("readme") {
        return None;
    }
    let help = match nearest(stem, kinds) {
        Some(meant) if ending.contains('.') => format!(
            "did you mean {meant}.md? One file is for all languages; without it, each reader gets our own \
             text in theirs"
        ),
        Some(meant) => format!("did you mean {meant}.md?"),
        None => {
            format!("what is read here is {}", kinds.map(|kind| format!("{kind}.md")).join(", "))
        }
    };
    let place = Place::File(Path::new("mails").join(name));
    let what = format!("nothing reads mails/{name}");
    Some(Diagnostic::warning("letter-file", what).at(place).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nothing_reads_is_told_with_the_one_that_was_meant() {
        let help = |name: &str| unread_name(name).map(|found| found.help.unwrap_or_default());
        for name in ["confirm.md", "moved.md", "welcome.md", "photo.png", "README.md", ".x.md", "a"]
        {
            assert_eq!(help(name), None, "{name}");
        }
        for (name, told) in [
            ("welcom.md", "did you mean welcome.md?"),
            ("Confirm.md", "did you mean confirm.md?"),
            ("confirm.ko.md", "for all languages"),
            ("welcome.md.txt", "did you mean welcome.md?"),
            ("goodbye.md", "confirm.md, already.md, welcome.md"),
        ] {
            assert!(help(name).is_some_and(|help| help.contains(told)), "{name}: {:?}", help(name));
        }
    }
}
