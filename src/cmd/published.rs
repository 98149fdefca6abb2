//! Whether the pictures that a mail fetches are on the web: asked before a mail leaves, as nobody can
//! add them to one that has left.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sejong_digest::check::allow::AllowedRules;
use sejong_digest::check::online;
use sejong_digest::compose::Composition;
use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::send::survey::Ready;
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::fetch::links::{self, Visit};
use sejong_digest::fetch::{Client, Reach};

use super::failure::Failure;
use super::gate::Gate;
use super::print;
use super::send::refused;

/// For all pictures together.
const WITHIN: Duration = Duration::from_secs(5);

/// What servers say of the pictures of these compositions under `base_url`. Nothing is asked where it
/// is certain that nobody is.
pub(crate) async fn ask<'a>(
    compositions: impl IntoIterator<Item = &'a Composition>,
    base_url: &str,
    reach: Reach,
) -> Result<BTreeMap<String, Visit>, Failure> {
    let all = compositions.into_iter().flat_map(|one| one.hosted_pictures(base_url));
    let addresses: BTreeSet<String> = all.filter(|one| online::can_be_asked(one)).collect();
    if addresses.is_empty() {
        return Ok(BTreeMap::new());
    }
    let client = Client::new(reach).map_err(|error| Failure::new(error.to_string()))?;
    Ok(links::visit_within(&client, addresses, WITHIN).await)
}

/// Names the pictures of a send that are not published yet. Without a person to decide (`unasked`),
/// nothing is sent then, unless the rule is allowed.
pub(crate) async fn before(
    ready: &Ready,
    reopened: Reopened,
    base_url: &str,
    (allow, reach, unasked): (&[String], Reach, bool),
) -> Result<(), Failure> {
    let content = ready.content();
    let composition = content.composition();
    if composition.hosted_pictures(base_url).is_empty()
        || ready.plan(reopened).await.map_err(refused)?.to_send == 0
    {
        return Ok(());
    }
    let visits = ask([composition], base_url, reach).await?;
    let problems = online::pictures(content.issue(), composition, base_url, &visits);
    let mut own = content.issue().map(AllowedRules::of_issue).unwrap_or_default();
    let problems = Gate::new(allow)?.remaining(own.remaining(problems));
    print::problems(&problems);
    if unasked && problems.iter().any(Diagnostic::is_error) {
        return Err(Failure::checks("nothing was sent: readers would not see the pictures")
            .help("publish them, or send with --allow picture-unpublished"));
    }
    Ok(())
}
