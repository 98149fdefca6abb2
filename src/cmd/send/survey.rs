//! Everything that is known before anything is sent: the issue, the list and the ledger, checked
//! against each other. `plan` ends here, and `send` begins here.
//!
//! Must never change a file that is there, and must make none.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use sejong_digest::audience::list::{self, ReadOptions};
use sejong_digest::check::allow::Allowed;
use sejong_digest::check::{self, Audience, Lacking};
use sejong_digest::delivery::intake::{self, Intake, IntakeError};
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::issue::load;
use sejong_digest::store::Store;

use super::frozen::Content;
use super::options::PlanArgs;
use super::plan::Plan;
use crate::cmd::failure::Failure;
use crate::cmd::workspace::Workspace;
use crate::cmd::{gate, print, readers};

/// Problems of a list that are shown one by one.
const SHOWN: usize = 20;
/// Domains that a plan counts by name.
const DOMAINS: i64 = 10;

/// See the file's head.
pub(super) struct Survey<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) args: &'a PlanArgs,
    pub(super) content: Content,
    pub(super) store: Store,
    pub(super) ledger: Ledger,
    list: PathBuf,
    intake: Intake,
}

impl<'a> Survey<'a> {
    /// Reads all, and stops where it or the slots have errors. Without a ledger it asks one that
    /// is nowhere. `begin` is when messages are to leave.
    pub(super) async fn take(
        workspace: &'a Workspace,
        args: &'a PlanArgs,
        begin: Timestamp,
    ) -> Result<Survey<'a>, Failure> {
        let mut flags = gate::allowed(&args.allow)?;
        let mut draft = workspace.draft(&args.issue);
        draft.problems = flags.remaining(draft.problems);
        draft.show();
        let allowed = [std::mem::take(&mut draft.allowed), flags];
        let name = draft.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = args.store_path(workspace)?;
        let store = match path.is_file() {
            true => Store::open(&path, &ledger::STEPS).await?,
            false => Store::nowhere(&path, &ledger::STEPS).await?,
        };
        let ledger = Ledger::new(store.clone(), &name);
        let revisions = ledger.revisions().await?;
        let found = draft.sendable();
        let content = Content::choose(workspace, &name, found, revisions, args.recompose, begin)?;
        let Some(list) = readers::file(workspace, args.subscribers.as_deref()) else {
            return Err(Failure::usage("there is no list of subscribers")
                .help("name one: --subscribers FILE.csv"));
        };
        let intake = read(&ledger, args, &list).await?;
        let survey = Survey { workspace, args, content, store, ledger, list, intake };
        survey.list_is_usable()?;
        survey.rules_are_kept(allowed).await?;
        Ok(survey)
    }

    /// The same with the ledger's file, which is made if it is not there.
    pub(super) async fn with_ledger(self) -> Result<Survey<'a>, Failure> {
        let store = self.store.settle(&ledger::STEPS).await?;
        let ledger = Ledger::new(store.clone(), &self.content.composition.issue);
        Ok(Survey { store, ledger, ..self })
    }

    /// Who gets the issue, as the ledger is now.
    pub(super) async fn plan(&self, resend: bool) -> Result<Plan, Failure> {
        Ok(Plan::new(&self.intake, self.ledger.census(resend, DOMAINS).await?, resend))
    }

    fn shown(&self) -> String {
        load::path_from_here(&self.list).display().to_string()
    }

    fn list_is_usable(&self) -> Result<(), Failure> {
        let intake = &self.intake;
        print::problems(&intake.problems);
        let more = intake.problem_count.saturating_sub(intake.problems.len() as u64);
        if more > 0 {
            print::note(&format!("… and {more} more of this kind"));
        }
        if intake.rejected > 0 && !self.args.skip_invalid {
            return Err(Failure::checks(format!(
                "{} of the rows of {} cannot be used; nothing was sent",
                intake.rejected,
                self.shown()
            ))
            .help("correct them, or leave them out with --skip-invalid"));
        }
        if let Some(field) = intake.unknown_fields.first() {
            return Err(Failure::usage(format!("--only: nobody in the list has a {field}"))
                .help(format!("columns of the list: {}", intake.columns.join(", "))));
        }
        for tag in &intake.unknown_tags {
            print::note(&format!("--only: nobody in the list has the tag {tag}"));
        }
        Ok(())
    }

    async fn rules_are_kept(&self, allowed: [Allowed; 2]) -> Result<(), Failure> {
        let Content { composition, issue, .. } = &self.content;
        let (people, outside) = self.ledger.planned_counts().await?;
        if people == 0 {
            let why = match self.args.only {
                Some(_) if outside > 0 => "nobody whom --only names",
                _ => "nobody to send to",
            };
            return Err(Failure::checks(format!("{} holds {why}", self.shown())));
        }
        let columns = &self.intake.columns;
        let mut lacking = BTreeMap::new();
        for field in check::asked(composition, columns) {
            let without = self.ledger.without(field, check::EXAMPLES as i64).await?;
            let without = Lacking { count: without.count, examples: without.examples };
            lacking.insert(field.to_owned(), without);
        }
        let audience = Audience { columns, people, lacking: &lacking };
        let mut problems = match issue {
            Some(issue) => gate::issue(self.workspace, issue, composition, Some(audience))?,
            None => check::readers(composition, &audience),
        };
        for mut allowed in allowed {
            problems = allowed.remaining(problems);
            // Of a composition that was frozen before, only the rules about readers are asked.
            if issue.is_some() {
                problems.extend(allowed.finish());
            }
        }
        print::problems(&problems);
        match problems.iter().any(Diagnostic::is_error) {
            true => Err(Failure::checks("the issue does not fit its readers; nothing was sent")),
            false => Ok(()),
        }
    }
}

async fn read(ledger: &Ledger, args: &PlanArgs, path: &std::path::Path) -> Result<Intake, Failure> {
    let encoding = match &args.encoding {
        None => None,
        Some(label) => Some(list::encoding_named(label).ok_or_else(|| {
            Failure::usage(format!("--encoding: {label:?} is not known"))
                .help("as in utf-8, windows-1252, euc-kr")
        })?),
    };
    let shown = load::path_from_here(path);
    let unreadable = |problem: Diagnostic| {
        print::problems(&[problem]);
        Failure::checks(format!("{} cannot be used; nothing was sent", shown.display()))
    };
    let rows = list::open(path, &shown, &ReadOptions { encoding }).map_err(unreadable)?;
    match intake::stage(ledger, rows, args.only.as_ref(), SHOWN).await {
        Ok(found) => Ok(found),
        Err(IntakeError::List(problem)) => Err(unreadable(*problem)),
        Err(IntakeError::Store(error)) => Err(error.into()),
    }
}
