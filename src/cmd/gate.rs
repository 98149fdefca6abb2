//! The rules asked of an issue: this file gathers what they look at, `check`, `test` and `send` alike.
//!
//! Must never send anything, and must never make a file.

use sejong_digest::check::allow::Allowed;
use sejong_digest::check::{self, Audience, Proof};
use sejong_digest::compose::Composition;
use sejong_digest::config::Secret;
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::issue::Issue;
use sejong_digest::issue::load::{self, Headline};
use sejong_digest::message::splice::Template;

use super::desk::Desk;
use super::failure::Failure;
use super::{clock, readers};

/// What the rules say of an issue, its composition, and the message for a reader who stands for
/// all of them.
pub(crate) fn issue(
    desk: &Desk,
    issue: &Issue,
    composition: &Composition,
    audience: Option<Audience<'_>>,
) -> Result<Vec<Diagnostic>, Failure> {
    let publication = &desk.config.publication;
    let mut siblings = load::siblings(publication);
    siblings.retain(|sibling: &Headline| sibling.name != issue.name);
    let now = clock::now_in(&desk.config.time_zone);
    let identity = desk.config.sender.identity(&Secret::for_nobody());
    let template = Template::new(composition, identity, &clock::occasion(&now, false)?);
    let message = template.splice(&readers::stand_in(composition)?)?;
    let proof = Proof {
        publication,
        theme: &desk.config.theme,
        issue,
        composition,
        message: Some(&message.bytes),
        siblings: &siblings,
        clients: &desk.config.clients,
        today: Some(now.date()),
    };
    Ok(check::issue(&proof, audience))
}

/// What `--allow` names.
pub(crate) fn allowed(names: &[String]) -> Result<Allowed, Failure> {
    Allowed::of_names(names)
        .map_err(|refusal| Failure::usage(format!("--allow: {}", refusal.what)).help(refusal.help))
}
