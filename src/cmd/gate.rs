//! The rules asked of an issue: this file gathers what they look at, `check`, `test` and `send` alike.
//!
//! Must never send anything, and must never make a file.

use sejong_digest::check::allow::Allowed;
use sejong_digest::check::{self, Audience, Input};
use sejong_digest::compose::Composition;
use sejong_digest::config::Secret;
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::issue::Issue;
use sejong_digest::issue::load::{self, Headline};
use sejong_digest::message::splice::Template;

use super::failure::Failure;
use super::workspace::Workspace;
use super::{clock, readers};

/// What the rules say of an issue, its composition, and the message for a reader who stands for
/// all of them.
pub(crate) fn issue(
    workspace: &Workspace,
    issue: &Issue,
    composition: &Composition,
    audience: Option<Audience<'_>>,
) -> Result<Vec<Diagnostic>, Failure> {
    let publication = &workspace.config.publication;
    let mut siblings = load::siblings(publication);
    siblings.retain(|sibling: &Headline| sibling.name != issue.name);
    let now = clock::now_in(&workspace.config.time_zone);
    let identity = workspace.config.sender.identity(&Secret::for_nobody());
    let template = Template::new(composition, identity, &clock::occasion(&now, false)?);
    let message = template.splice(&readers::stand_in(composition)?)?;
    let input = Input {
        publication,
        theme: &workspace.config.theme,
        issue,
        composition,
        message: Some(&message.bytes),
        siblings: &siblings,
        clients: &workspace.config.clients,
        today: Some(now.date()),
    };
    Ok(check::issue(&input, audience))
}

/// What `--allow` names.
pub(crate) fn allowed(names: &[String]) -> Result<Allowed, Failure> {
    Allowed::of_names(names)
        .map_err(|refusal| Failure::usage(format!("--allow: {}", refusal.what)).help(refusal.help))
}
