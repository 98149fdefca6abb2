//! What `plan` and `send` both begin with: the issue as it is, the list and the ledger, and the
//! rules asked of them. Shows what was found.

use jiff::tz::TimeZone;
use sejong_digest::archive::edition::WebEdition;
use sejong_digest::check::Audience;
use sejong_digest::check::allow::AllowedRules;
use sejong_digest::delivery::send::SendError;
use sejong_digest::delivery::send::content::{
    Change, Composed, Difference, DifferenceCause, Files,
};
use sejong_digest::delivery::send::survey::{PlannedReaders, Ready, Survey};
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::issue::only::UnmetTerm;

use super::options::PlanOptions;
use super::refusal;
use crate::cmd::failure::Failure;
use crate::cmd::gate::Gate;
use crate::cmd::workspace::Workspace;
use crate::cmd::{clock, print};

/// What the command ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    /// People get mail.
    Mail,
    /// A plan is shown.
    Nothing,
}

/// Reads all, and stops where it or the slots have errors.
pub(super) async fn take(
    workspace: &Workspace,
    options: &PlanOptions,
    leaves: Leaves,
) -> Result<Ready, Failure> {
    let mut gate = Gate::new(&options.allow)?;
    let mut draft = gate.read(workspace, &options.issue);
    draft.show();
    let mut own = std::mem::take(&mut draft.allowed);
    let is_gone = draft.missing.is_some();
    let (files, errors) = match draft.sendable() {
        Ok((issue, composition)) => {
            let files = workspace.files(&issue);
            let web = WebEdition::of(&workspace.config.publication, &issue);
            (Files::Sound(Box::new(Composed { issue, composition, files, web })), None)
        }
        Err(errors) => (Files::Broken, Some(errors)),
    };
    let survey = match (Survey::take(options.send.clone(), files).await, errors) {
        (Err(SendError::Broken), Some(errors)) => return Err(errors),
        (taken, _) => taken.map_err(refusal::told)?,
    };
    if let Some(difference) = survey.content().difference() {
        let instead = match options.relay.rehearsal() {
            Some(_) => "; --fresh starts the rehearsal over with the issue as it is now",
            // Another issue than the one that was sent belongs into a folder of its own.
            None if survey.replaced().await.map_err(refusal::told)?.is_some() => "",
            None => "; --recompose sends the new one to the people who cannot have the old one",
        };
        let zone = &workspace.config.time_zone;
        print::note(&differs(difference, is_gone, zone, instead));
    }
    print::problems(&gate.remaining(survey.list().problems.clone()));
    for unmet in &survey.list().unmet {
        print::note(&format!("--only: nobody in the list has {}: {}", unmet.term, unmet.instead()));
    }
    let readers = survey.readers().await.map_err(|error| {
        let (failure, unmet) = (refusal::told(error), survey.list().unmet.first());
        let help = failure.help.clone().or_else(|| unmet.map(UnmetTerm::instead));
        Failure { help, ..failure }
    })?;
    let mut problems = rules(workspace, &survey, &readers, &mut gate, &mut own)?;
    // Whoever only plans may still write what is missing.
    if leaves == Leaves::Mail && options.relay.rehearsal().is_none() {
        let more = gate.before_sending(workspace, &mut own, &mut problems);
        problems.extend(more);
    }
    print::problems(&problems);
    survey.passed(readers, &problems).map_err(refusal::told)
}

/// A tag or value in `--only` that nobody has is a slip of the pen, and with `!` it means everybody:
/// only a person who is `asked` may let it pass.
pub(super) fn is_met(ready: &Ready, asked: bool) -> Result<(), Failure> {
    match ready.list().unmet.first() {
        Some(unmet) if !asked => Err(Failure::checks(format!(
            "--only names {}, and nobody in the list has that; nothing was sent",
            unmet.term
        ))
        .help(format!(
            "{}. If it is right, leave that part of the expression out",
            unmet.instead()
        ))),
        _ => Ok(()),
    }
}

/// What the rules say of the issue and its readers, without what is allowed.
fn rules(
    workspace: &Workspace,
    survey: &Survey,
    readers: &PlannedReaders,
    gate: &mut Gate,
    own: &mut AllowedRules,
) -> Result<Vec<Diagnostic>, Failure> {
    let (people, lacking) = (readers.people(), readers.lacking());
    let (columns, tags) = (&survey.list().columns[..], survey.list().tags.as_ref());
    let audience = Audience { columns, people, lacking, tags };
    let composition = survey.content().composition();
    // Of a composition that was frozen before, only the rules about readers are asked.
    let Some(issue) = survey.content().issue() else {
        return Ok(gate.rules_of_slots(composition, own, &audience));
    };
    if survey.content().is_had() {
        gate.is_had();
    }
    let mut problems = gate.rules(workspace, (issue, composition), own, Some(audience))?;
    problems.extend(gate.unused());
    Ok(problems)
}

/// Says that the files give another issue than the one that was planned, and which of the two is
/// sent; `instead` is what somebody can do who wants the other one, if anything.
fn differs(difference: &Difference, is_gone: bool, zone: &TimeZone, instead: &str) -> String {
    let changed = |(name, change): &(String, Change)| match change {
        Change::Edited => name.clone(),
        Change::Gone => format!("{name} (gone)"),
        Change::New => format!("{name} (new)"),
    };
    let why = match &difference.cause {
        DifferenceCause::Errors if is_gone => "the issue's folder is gone".to_owned(),
        DifferenceCause::Errors => "the issue's files have errors now".to_owned(),
        DifferenceCause::Version => {
            "this version of digest composes the issue differently".to_owned()
        }
        DifferenceCause::Files(files) => {
            let changed: Vec<String> = files.iter().map(changed).collect();
            format!("changed since the plan: {}", changed.join(", "))
        }
    };
    if !difference.frozen {
        return format!("{why}; nobody has this issue yet, so it goes out as it is now");
    }
    let planned_at = &difference.planned_at;
    let planned_at = planned_at.parse().map_or(planned_at.clone(), |at| clock::minute(at, zone));
    let hash = &difference.content_hash[..12.min(difference.content_hash.len())];
    format!(
        "{why}; some people may have the issue already, so the others get the same one, planned at \
         {planned_at} ({hash}){instead}"
    )
}
