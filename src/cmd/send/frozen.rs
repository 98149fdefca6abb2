//! Which composition a send is made of: the one that the ledger froze, or the files as they are.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use jiff::Timestamp;
use sejong_digest::compose::Composition;
use sejong_digest::delivery::ledger::revision::{Draft, Revision, Text};
use sejong_digest::delivery::templates::Templates;
use sejong_digest::diagnostic::Place;
use sejong_digest::issue::Issue;
use sejong_digest::message::splice::{Identity, Template};

use crate::cmd::desk::Desk;
use crate::cmd::failure::Failure;
use crate::cmd::{clock, print};

/// What recipients are to get.
pub(super) struct Content {
    /// The one that new recipients get.
    pub(super) composition: Composition,
    /// `None` where the composition is frozen, and its files may have changed since.
    pub(super) issue: Option<Issue>,
    date: String,
    kept: Option<i64>,
    draft: Option<Draft>,
    revisions: Vec<Revision>,
}

impl Content {
    /// Decides. `found` is what the files say now, and `revisions` what the ledger has.
    pub(super) fn choose(
        desk: &Desk,
        name: &str,
        found: Result<(Issue, Composition), Failure>,
        revisions: Vec<Revision>,
        recompose: bool,
        begin: Timestamp,
    ) -> Result<Content, Failure> {
        let Some(latest) = revisions.last().filter(|_| !recompose) else {
            return Content::new(desk, found?, revisions, begin);
        };
        let Revision { id, number, draft, .. } = latest.clone();
        if let Ok((issue, composition)) = &found
            && composition.hash_hex() == draft.content_hash
        {
            let (issue, composition) = (Some(issue.clone()), composition.clone());
            let (date, kept) = (draft.date, Some(id));
            return Ok(Content { composition, issue, date, kept, draft: None, revisions });
        }
        let files = found.as_ref().ok().map(|(issue, _)| files(desk, issue));
        print::note(&differs(&draft, files.as_ref()));
        let place = Place::File(PathBuf::from(format!("{name} (revision {number})")));
        let composition = latest.thaw(&place)?;
        let (date, kept) = (draft.date, Some(id));
        Ok(Content { composition, issue: None, date, kept, draft: None, revisions })
    }

    /// The files as they are, as the issue's first revision or its next one.
    fn new(
        desk: &Desk,
        (issue, composition): (Issue, Composition),
        revisions: Vec<Revision>,
        begin: Timestamp,
    ) -> Result<Content, Failure> {
        let date = clock::rfc5322(&clock::at(begin, &desk.config.time_zone))?;
        let draft = Draft {
            content_hash: composition.hash_hex(),
            composition: composition.freeze()?,
            date: date.clone(),
            files: files(desk, &issue),
            created_at: clock::now().to_string(),
        };
        let (issue, draft) = (Some(issue), Some(draft));
        Ok(Content { composition, issue, date, kept: None, draft, revisions })
    }

    /// Whether it was chosen among these; a send that went first may have added one.
    pub(super) fn is_of(&self, revisions: &[Revision]) -> bool {
        self.revisions == revisions
    }

    /// For the plan.
    pub(super) fn text(&self) -> Text<'_> {
        match (&self.draft, self.kept) {
            (Some(draft), _) => Text::New(draft),
            (None, kept) => Text::Kept(kept.unwrap_or_default()),
        }
    }

    /// The encoded compositions of all revisions; only rows of earlier ones need theirs.
    pub(super) fn templates(&self, identity: &Identity) -> Result<Templates, Failure> {
        let template = |composition: &Composition, date: &str| {
            let occasion = clock::occasion_of(date)?;
            Ok::<_, Failure>(Template::new(composition, identity.clone(), &occasion))
        };
        let mut earlier = HashMap::new();
        let place = Place::File(PathBuf::new());
        for revision in self.revisions.iter().filter(|revision| Some(revision.id) != self.kept) {
            let composition = revision.thaw(&place)?;
            earlier.insert(revision.id, template(&composition, &revision.draft.date)?);
        }
        Ok(Templates::new(template(&self.composition, &self.date)?, earlier))
    }
}

/// The files that decide what the issue looks like, and the hash of each.
fn files(desk: &Desk, issue: &Issue) -> BTreeMap<String, String> {
    let mut files = issue.files();
    if let Ok(bytes) = std::fs::read(desk.root.join("digest.toml")) {
        let hash = sejong_digest::seal::sha256([&bytes[..]]);
        let digits = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        files.insert("digest.toml".to_owned(), digits);
    }
    files
}

/// Says that the issue would look different today, and why.
fn differs(draft: &Draft, files: Option<&BTreeMap<String, String>>) -> String {
    let went_on = format!(
        "going on with the issue as it was planned at {} ({}); --recompose takes the files as they \
         are, for those whom no relay can have it for",
        draft.created_at,
        &draft.content_hash[..12.min(draft.content_hash.len())],
    );
    let Some(files) = files else {
        return format!("the issue's files have errors now; {went_on}");
    };
    let mut changed: Vec<String> = Vec::new();
    for (name, hash) in &draft.files {
        match files.get(name) {
            None => changed.push(format!("{name} (gone)")),
            Some(now) if now != hash => changed.push(name.clone()),
            Some(_) => {}
        }
    }
    let new = files.keys().filter(|name| !draft.files.contains_key(*name));
    changed.extend(new.map(|name| format!("{name} (new)")));
    match changed.is_empty() {
        true => format!("this version of digest composes the issue differently; {went_on}"),
        false => format!("changed since the plan: {}; {went_on}", changed.join(", ")),
    }
}
