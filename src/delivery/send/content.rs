//! What a send is made of: the composition that the ledger froze, or the author's files as they
//! are now.
//!
//! Decides and says why; must never write to the ledger.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use super::{SendError, SendOptions};
use crate::compose::Composition;
use crate::delivery::ledger::revision::{FrozenIssue, PlannedText, Revision};
use crate::delivery::templates::Templates;
use crate::diagnostic::Place;
use crate::issue::Issue;
use crate::message::splice::{Identity, Occasion, Template};

/// What the author's files give now.
#[derive(Debug)]
pub enum Files {
    /// An issue without errors.
    Sound(Box<Composed>),
    /// They have errors: only what was planned before can be sent.
    Broken,
}

/// An issue as it was read and composed.
#[derive(Clone, Debug)]
pub struct Composed {
    /// What authors wrote.
    pub issue: Issue,
    /// What is sent.
    pub composition: Composition,
    /// The files that it was made of, and the SHA-256 of each.
    pub files: BTreeMap<String, String>,
}

/// What recipients are to get.
#[derive(Debug)]
pub struct Content {
    /// What new recipients get.
    composition: Composition,
    /// `None` where the composition is frozen, and its files may have changed since.
    issue: Option<Issue>,
    /// The Date header, RFC 5322.
    date: String,
    chosen: Chosen,
    /// All that the ledger had when this was chosen.
    revisions: Vec<Revision>,
    difference: Option<Difference>,
}

#[derive(Debug)]
enum Chosen {
    /// A revision of the ledger.
    Kept(i64),
    /// The files, as the next one.
    New(FrozenIssue),
}

/// The files give something else than what was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// When the issue was planned, RFC 3339.
    pub planned_at: String,
    /// The content hash of what was planned, hexadecimal digits.
    pub content_hash: String,
    /// Why the files give something else.
    pub cause: Cause,
}

/// See [`Difference::cause`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// They have errors.
    Errors,
    /// These changed, each with what became of it.
    Files(Vec<(String, Change)>),
    /// They are the same: another version of the program composes them differently.
    Version,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It has another text.
    Edited,
    /// It is not there any more.
    Gone,
    /// It was not there.
    New,
}

impl Content {
    /// Decides, by what the files give now and what the ledger has.
    pub(super) fn choose(
        options: &SendOptions,
        files: Files,
        revisions: Vec<Revision>,
    ) -> Result<Content, SendError> {
        let Some(latest) = revisions.last().filter(|_| !options.recompose).cloned() else {
            return Content::of_files(options, files, revisions);
        };
        let Revision { id, number, frozen } = latest;
        let chosen = Chosen::Kept(id);
        let difference = match files {
            Files::Sound(now) if now.composition.hash_hex() == frozen.content_hash => {
                let Composed { issue, composition, .. } = *now;
                let (issue, date) = (Some(issue), frozen.date);
                return Ok(Content {
                    composition,
                    issue,
                    date,
                    chosen,
                    revisions,
                    difference: None,
                });
            }
            Files::Sound(now) => Difference::between(&frozen, Some(&now.files)),
            Files::Broken => Difference::between(&frozen, None),
        };
        let place = PathBuf::from(format!("{} (revision {number})", options.issue));
        let composition = Composition::thaw(&frozen.composition, &Place::File(place))?;
        let (issue, date, difference) = (None, frozen.date, Some(difference));
        Ok(Content { composition, issue, date, chosen, revisions, difference })
    }

    /// The files as they are, as the issue's first revision or its next one.
    fn of_files(
        options: &SendOptions,
        files: Files,
        revisions: Vec<Revision>,
    ) -> Result<Content, SendError> {
        let Files::Sound(now) = files else { return Err(SendError::Broken) };
        let Composed { issue, composition, files } = *now;
        let date = jiff::fmt::rfc2822::to_string(&options.begin)?;
        let frozen = FrozenIssue {
            content_hash: composition.hash_hex(),
            composition: composition.freeze()?,
            date: date.clone(),
            files,
            created_at: (options.clock)(),
        };
        let (issue, chosen) = (Some(issue), Chosen::New(frozen));
        Ok(Content { composition, issue, date, chosen, revisions, difference: None })
    }

    /// What new recipients get.
    pub fn composition(&self) -> &Composition {
        &self.composition
    }

    /// What its authors wrote; `None` where the files may have changed since.
    pub fn issue(&self) -> Option<&Issue> {
        self.issue.as_ref()
    }

    /// What the files would give, where that is not what is sent.
    pub fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// Whether it was chosen among these; a send that went first may have added one.
    pub(super) fn is_of(&self, revisions: &[Revision]) -> bool {
        self.revisions == revisions
    }

    /// For the plan.
    pub(super) fn planned_text(&self) -> PlannedText<'_> {
        match &self.chosen {
            Chosen::Kept(id) => PlannedText::Kept(*id),
            Chosen::New(frozen) => PlannedText::New(frozen),
        }
    }

    /// The encoded compositions of all revisions; only rows of earlier ones need theirs.
    pub(super) fn templates(&self, identity: &Identity) -> Result<Templates, SendError> {
        let template = |composition: &Composition, date: &str| {
            let time = jiff::fmt::rfc2822::parse(date)?.timestamp().as_second();
            let occasion = Occasion { date: date.to_owned(), time, test: false };
            Ok::<_, SendError>(Template::new(composition, identity.clone(), &occasion))
        };
        let kept = match self.chosen {
            Chosen::Kept(id) => Some(id),
            Chosen::New(_) => None,
        };
        let mut earlier = HashMap::new();
        let place = Place::File(PathBuf::new());
        for revision in self.revisions.iter().filter(|revision| Some(revision.id) != kept) {
            let composition = Composition::thaw(&revision.frozen.composition, &place)?;
            earlier.insert(revision.id, template(&composition, &revision.frozen.date)?);
        }
        Ok(Templates::new(template(&self.composition, &self.date)?, earlier))
    }
}

impl Difference {
    /// Between what was planned and files as they are now, which have errors if there are none.
    fn between(frozen: &FrozenIssue, files: Option<&BTreeMap<String, String>>) -> Difference {
        let cause = match files.map(|files| changes(&frozen.files, files)) {
            None => Cause::Errors,
            Some(changes) if changes.is_empty() => Cause::Version,
            Some(changes) => Cause::Files(changes),
        };
        Difference {
            planned_at: frozen.created_at.clone(),
            content_hash: frozen.content_hash.clone(),
            cause,
        }
    }
}

fn changes(
    then: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Vec<(String, Change)> {
    let changed = then.iter().filter_map(|(name, hash)| match now.get(name) {
        None => Some((name.clone(), Change::Gone)),
        Some(now) if now != hash => Some((name.clone(), Change::Edited)),
        Some(_) => None,
    });
    let new = now.keys().filter(|name| !then.contains_key(*name));
    changed.chain(new.map(|name| (name.clone(), Change::New))).collect()
}
