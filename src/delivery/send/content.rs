//! What a send is made of: the composition that the ledger froze, or the author's files as they
//! are now.
//!
//! Decides and says why; must never write to the ledger.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::known::Features;
use super::{SendError, SendOptions};
use crate::archive::edition::WebEdition;
use crate::compose::Composition;
use crate::delivery::id::RevisionId;
use crate::delivery::ledger::revision::{FrozenIssue, PlannedText, Revision};
use crate::delivery::sketch::Sketch;
use crate::delivery::templates::Templates;
use crate::diagnostic::Place;
use crate::issue::Issue;
use crate::issue::load::Headline;
use crate::message::splice::{Identity, MailKind, Occasion, Template};

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
    /// What the archive shows of it.
    pub web: WebEdition,
}

/// The beginning of a content hash that somebody has approved: nothing else may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedHash(String);

/// A text is no beginning of a content hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a content hash is 64 hexadecimal digits, of which the first 12 are enough")]
pub struct HashError;

impl ExpectedHash {
    /// Digits that are enough to tell two issues apart; as many as a plan shows.
    const DIGITS: usize = 12;

    /// Whether `hash` begins so.
    pub fn fits(&self, hash: &str) -> bool {
        hash.starts_with(&self.0)
    }
}

impl FromStr for ExpectedHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<ExpectedHash, HashError> {
        let digits = text.trim().to_ascii_lowercase();
        let is_hash = (ExpectedHash::DIGITS..=64).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash { Ok(ExpectedHash(digits)) } else { Err(HashError) }
    }
}

impl fmt::Display for ExpectedHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
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
    /// What the files are, where somebody has the issue and they can be composed.
    here: Option<Features>,
}

#[derive(Debug)]
enum Chosen {
    /// A revision of the ledger.
    Kept(RevisionId),
    /// The files, as the next one.
    New(FrozenIssue),
    /// The files, in the place of a revision that nobody has.
    Instead(RevisionId, FrozenIssue),
}

/// The files give something else than what was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// When the issue was planned, RFC 3339.
    pub planned_at: String,
    /// The content hash of what was planned, hexadecimal digits.
    pub content_hash: String,
    /// Why the files give something else.
    pub cause: DifferenceCause,
    /// Whether the planned text is sent anyway, because somebody may have it.
    pub frozen: bool,
}

/// See [`Difference::cause`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DifferenceCause {
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
    /// Decides, by what the files give now, what the ledger has, and whether the issue is `had`, or
    /// may be: as long as nobody can have it, nobody can have another text than the next one.
    pub(super) fn choose(
        options: &SendOptions,
        files: Files,
        revisions: Vec<Revision>,
        had: bool,
    ) -> Result<Content, SendError> {
        let Some(latest) = revisions.last().cloned() else {
            return Content::of_files(options, files, revisions, Chosen::New);
        };
        if !had {
            let difference = files.difference(&latest.frozen, false);
            let instead = |frozen| Chosen::Instead(latest.id, frozen);
            let content = Content::of_files(options, files, revisions, instead)?;
            return Ok(Content { difference, ..content });
        }
        let here = files.features(options);
        if options.recompose {
            let content = Content::of_files(options, files, revisions, Chosen::New)?;
            return Ok(Content { here, ..content });
        }
        let difference = files.difference(&latest.frozen, true);
        let Revision { id, number, frozen, .. } = latest.clone();
        let (issue, composition) = match files {
            Files::Sound(now) if difference.is_none() => (Some(now.issue), now.composition),
            Files::Sound(_) | Files::Broken => {
                let place = PathBuf::from(format!("{} (revision {number})", options.issue));
                (None, latest.thaw(&Place::File(place))?)
            }
        };
        let (date, chosen) = (frozen.date, Chosen::Kept(id));
        Ok(Content { composition, issue, date, chosen, revisions, difference, here })
    }

    /// The files as they are.
    fn of_files(
        options: &SendOptions,
        files: Files,
        revisions: Vec<Revision>,
        chosen: impl FnOnce(FrozenIssue) -> Chosen,
    ) -> Result<Content, SendError> {
        let Files::Sound(now) = files else { return Err(SendError::Broken) };
        let Composed { issue, composition, files, web } = *now;
        let date = jiff::fmt::rfc2822::to_string(&options.begin)?;
        let frozen = FrozenIssue {
            content_hash: composition.hash_hex(),
            composition: composition.freeze()?,
            date: date.clone(),
            files,
            sketches: sketches(&issue),
            headline: headline(options, &issue, &composition),
            created_at: (options.clock)(),
            web: serde_json::to_string(&web).ok(),
        };
        let (issue, chosen) = (Some(issue), chosen(frozen));
        let (difference, here) = (None, None);
        Ok(Content { composition, issue, date, chosen, revisions, difference, here })
    }

    /// What new recipients get.
    pub fn composition(&self) -> &Composition {
        &self.composition
    }

    /// Shows pictures in a rehearsal, before they are published. The content hash is that of the real
    /// message.
    pub(super) fn put_pictures_inside(&mut self, base_url: &str) {
        if let Some(issue) = &self.issue {
            self.composition.put_pictures_inside(issue, base_url);
        }
    }

    /// What its authors wrote; `None` where the files may have changed since.
    pub fn issue(&self) -> Option<&Issue> {
        self.issue.as_ref()
    }

    /// What the files would give, where that is not what is sent.
    pub fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// Only what was approved is sent, to new recipients and to those of `kept` revisions.
    pub(super) fn is_expected(
        &self,
        expected: Option<&ExpectedHash>,
        kept: &[RevisionId],
    ) -> Result<(), SendError> {
        let Some(expected) = expected else { return Ok(()) };
        let earlier = self.revisions.iter().filter(|revision| kept.contains(&revision.id));
        let earlier = earlier.map(|revision| revision.frozen.content_hash.clone());
        let mut hashes = std::iter::once(self.composition.hash_hex()).chain(earlier);
        match hashes.find(|hash| !expected.fits(hash)) {
            None => Ok(()),
            Some(found) => Err(SendError::Unexpected { expected: expected.clone(), found }),
        }
    }

    /// Whether it was chosen among these; a send that went first may have added one.
    pub(super) fn is_of(&self, revisions: &[Revision]) -> bool {
        self.revisions == revisions
    }

    /// Whether somebody had the issue, or may have had it, when this was chosen.
    pub fn is_had(&self) -> bool {
        match &self.chosen {
            Chosen::Kept(_) => true,
            Chosen::New(_) => !self.revisions.is_empty(),
            Chosen::Instead(..) => false,
        }
    }

    /// What the files are, where somebody has the issue and they can be composed.
    pub(super) fn here(&self) -> Option<&Features> {
        self.here.as_ref()
    }

    /// Whether the files give something else than what somebody has, or may.
    pub(super) fn has_changed(&self) -> bool {
        self.difference.is_some() || self.is_recomposed()
    }

    /// Whether the files are to go to those who have nothing yet, although others have the issue.
    pub(super) fn is_recomposed(&self) -> bool {
        self.is_had() && matches!(self.chosen, Chosen::New(_))
    }

    /// Whether it holds only as long as nobody may have the issue.
    pub(super) fn is_unsent(&self) -> bool {
        matches!(self.chosen, Chosen::Instead(..))
    }

    /// What new recipients get, as it is frozen.
    pub(super) fn frozen(&self) -> Option<&FrozenIssue> {
        match &self.chosen {
            Chosen::Instead(_, frozen) | Chosen::New(frozen) => Some(frozen),
            Chosen::Kept(id) => {
                let kept = self.revisions.iter().find(|revision| revision.id == *id);
                kept.map(|revision| &revision.frozen)
            }
        }
    }

    /// What is frozen of the files, where nobody may have the issue.
    pub(super) fn unsent(&self) -> Option<&FrozenIssue> {
        match &self.chosen {
            Chosen::Instead(_, frozen) => Some(frozen),
            Chosen::New(frozen) if self.revisions.is_empty() => Some(frozen),
            Chosen::New(_) | Chosen::Kept(_) => None,
        }
    }

    /// What the issue is called that is sent.
    pub fn headline(&self) -> Headline {
        let headline = self.frozen().map(|frozen| frozen.headline.clone()).unwrap_or_default();
        match &self.issue {
            // An older version froze it. The files still say the same.
            Some(issue) if headline.date.is_none() && self.difference.is_none() => {
                Headline { number: issue.number, date: Some(issue.date), ..headline }
            }
            _ => headline,
        }
    }

    /// For the plan.
    pub(super) fn planned_text(&self) -> PlannedText<'_> {
        match &self.chosen {
            Chosen::Kept(id) => PlannedText::Kept(*id),
            Chosen::New(frozen) => PlannedText::New(frozen),
            Chosen::Instead(id, frozen) => PlannedText::Instead(*id, frozen),
        }
    }

    /// The encoded compositions of all revisions; only rows of earlier ones need theirs.
    pub(super) fn templates(&self, identity: &Identity) -> Result<Templates, SendError> {
        let template = |composition: &Composition, date: &str| {
            let time = jiff::fmt::rfc2822::parse(date)?.timestamp().as_second();
            let occasion =
                Occasion { date: date.to_owned(), time, test: false, kind: MailKind::Issue };
            Ok::<_, SendError>(Template::new(composition, identity.clone(), &occasion))
        };
        let latest = match self.chosen {
            Chosen::Kept(id) | Chosen::Instead(id, _) => Some(id),
            Chosen::New(_) => None,
        };
        let mut earlier = HashMap::new();
        let place = Place::File(PathBuf::new());
        for revision in self.revisions.iter().filter(|revision| Some(revision.id) != latest) {
            let composition = revision.thaw(&place)?;
            earlier.insert(revision.id, template(&composition, &revision.frozen.date)?);
        }
        Ok(Templates::new(template(&self.composition, &self.date)?, earlier))
    }
}

impl Files {
    /// What is compared of them with an issue that was sent; `None` where they have errors.
    fn features(&self, options: &SendOptions) -> Option<Features> {
        let Files::Sound(now) = self else { return None };
        let Composed { issue, composition, files, .. } = &**now;
        let headline = headline(options, issue, composition);
        Some(Features {
            headline,
            files: files.clone(),
            sketches: sketches(issue),
            ..Features::default()
        })
    }

    /// What they would give, where that is not what was planned.
    fn difference(&self, planned: &FrozenIssue, frozen: bool) -> Option<Difference> {
        let cause = match self {
            Files::Sound(now) if now.composition.hash_hex() == planned.content_hash => return None,
            Files::Sound(now) => match changes(&planned.files, &now.files) {
                changes if changes.is_empty() => DifferenceCause::Version,
                changes => DifferenceCause::Files(changes),
            },
            Files::Broken => DifferenceCause::Errors,
        };
        Some(Difference {
            planned_at: planned.created_at.clone(),
            content_hash: planned.content_hash.clone(),
            cause,
            frozen,
        })
    }
}

/// What the issue is called.
fn headline(options: &SendOptions, issue: &Issue, composition: &Composition) -> Headline {
    Headline {
        name: options.issue.clone(),
        number: issue.number,
        subject: Some(composition.readable_subject()),
        language: Some(issue.language.clone()),
        date: Some(issue.date),
        topics: Vec::new(),
    }
}

/// What each article says, by the name of its file.
fn sketches(issue: &Issue) -> BTreeMap<String, Sketch> {
    let articles = issue.sections.iter().flat_map(|section| &section.articles);
    let sketched =
        articles.map(|article| (format!("{}.md", article.slug), Sketch::of(article.source.text())));
    sketched.collect()
}

/// What became of each file since.
pub(in crate::delivery) fn changes(
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
