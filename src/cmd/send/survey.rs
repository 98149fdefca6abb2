//! What `plan` and `send` both begin with: the issue as it is, the list and the ledger, and the
//! rules asked of them. Shows what was found.

use jiff::ZonedDateTime;
use sejong_digest::check::Audience;
use sejong_digest::check::allow::Allowed;
use sejong_digest::delivery::send::SendError;
use sejong_digest::delivery::send::content::{Cause, Change, Composed, Difference, Files};
use sejong_digest::delivery::send::survey::{PlannedReaders, Ready, Survey};
use sejong_digest::diagnostic::Diagnostic;

use super::options::PlanArgs;
use super::refusal;
use crate::cmd::failure::Failure;
use crate::cmd::gate::Gate;
use crate::cmd::workspace::Workspace;
use crate::cmd::{print, readers};

/// Reads all, and stops where it or the slots have errors. `begin` is when messages are to leave.
pub(super) async fn take(
    workspace: &Workspace,
    args: &PlanArgs,
    begin: ZonedDateTime,
) -> Result<Ready, Failure> {
    let mut gate = Gate::new(&args.allow)?;
    let mut draft = gate.read(workspace, &args.issue);
    draft.show();
    let mut own = std::mem::take(&mut draft.allowed);
    let issue = draft.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some(list) = readers::file(workspace, args.subscribers.as_deref()) else {
        return Err(Failure::usage("there is no list of subscribers")
            .help("name one: --subscribers FILE.csv"));
    };
    let told = |error| refusal::of_list(error, &list);
    let options = args.options(workspace, issue, list.clone(), begin)?;
    let (files, errors) = match draft.sendable() {
        Ok((issue, composition)) => {
            let files = workspace.files(&issue);
            (Files::Sound(Box::new(Composed { issue, composition, files })), None)
        }
        Err(errors) => (Files::Broken, Some(errors)),
    };
    let survey = match (Survey::take(options, files).await, errors) {
        (Err(SendError::Broken), Some(errors)) => return Err(errors),
        (taken, _) => taken.map_err(told)?,
    };
    if let Some(difference) = survey.content().difference() {
        print::note(&differs(difference));
    }
    print::problems(&gate.remaining(survey.list().problems.clone()));
    for tag in &survey.list().unknown_tags {
        print::note(&format!("--only: nobody in the list has the tag {tag}"));
    }
    let readers = survey.readers().await.map_err(told)?;
    let problems = rules(workspace, &survey, &readers, &mut gate, &mut own)?;
    print::problems(&problems);
    survey.passed(readers, &problems).map_err(told)
}

/// What the rules say of the issue and its readers, without what is allowed.
fn rules(
    workspace: &Workspace,
    survey: &Survey,
    readers: &PlannedReaders,
    gate: &mut Gate,
    own: &mut Allowed,
) -> Result<Vec<Diagnostic>, Failure> {
    let PlannedReaders { people, lacking } = readers;
    let audience = Audience { columns: &survey.list().columns, people: *people, lacking };
    let composition = survey.content().composition();
    // Of a composition that was frozen before, only the rules about readers are asked.
    let Some(issue) = survey.content().issue() else {
        return Ok(gate.rules_of_slots(composition, own, &audience));
    };
    let mut problems = gate.rules(workspace, (issue, composition), own, Some(audience))?;
    problems.extend(own.finish().into_iter().chain(gate.finish()));
    Ok(problems)
}

/// Says that the issue would look different today, and why.
fn differs(difference: &Difference) -> String {
    let Difference { planned_at, content_hash, cause } = difference;
    let went_on = format!(
        "going on with the issue as it was planned at {planned_at} ({}); --recompose takes the \
         files as they are, for those whom no relay can have it for",
        &content_hash[..12.min(content_hash.len())],
    );
    let changed = |(name, change): &(String, Change)| match change {
        Change::Edited => name.clone(),
        Change::Gone => format!("{name} (gone)"),
        Change::New => format!("{name} (new)"),
    };
    match cause {
        Cause::Errors => format!("the issue's files have errors now; {went_on}"),
        Cause::Version => {
            format!("this version of digest composes the issue differently; {went_on}")
        }
        Cause::Files(files) => {
            let changed: Vec<String> = files.iter().map(changed).collect();
            format!("changed since the plan: {}; {went_on}", changed.join(", "))
        }
    }
}
