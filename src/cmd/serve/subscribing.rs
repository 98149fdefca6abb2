//! What `digest serve` needs so that people can subscribe: a form, a list in the store, relays, and
//! letters without mistakes.

use std::sync::Arc;

use sejong_digest::config;
use sejong_digest::delivery::ledger::editions::{PageOf, ShownIssues};
use sejong_digest::delivery::outbox::letters::{self, Letters};
use sejong_digest::delivery::outbox::run::OutboxOptions;
use sejong_digest::delivery::route::Route;
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::issue::load::{self, ArchiveStanding};
use sejong_digest::message::splice::Identity;
use sejong_digest::picture::Cache;
use sejong_digest::smtp::session::Session;
use sejong_digest::web::Subscribing;

use crate::cmd::failure::Failure;
use crate::cmd::relays;
use crate::cmd::workspace::Workspace;
use crate::cmd::{clock, print};

/// What the form needs; `None` where nobody can subscribe here, which is told if `[form]` says so.
pub(super) fn options(workspace: &Workspace) -> Result<Option<Subscribing>, Failure> {
    let config = &workspace.config;
    let Some(form) = config.form.clone() else { return Ok(None) };
    if config.has_list_in_file() {
        print::note(
            "nobody can subscribe at base_url/subscribe: the list is a file, which no server writes. Take \
             it into the store with `digest subscribers import`, and write source = \"store\" below \
             [audience] in digest.toml",
        );
        return Ok(None);
    }
    let routes = routes(workspace)?;
    let letters = Arc::new(own_letters(workspace)?);
    let signers = workspace.signers()?;
    let secret = config::known_secret(&workspace.root, &workspace.environment).ok().flatten();
    let secret =
        secret.ok_or_else(|| Failure::new("there is no secret here to make links with"))?;
    let identity = Identity { signers, ..config.sender.identity(&secret) };
    let publication = config.publication.clone();
    // Also where nobody looks for `archive = false`, because the pages are on another site.
    let page_of = move |issue: &str| {
        let is_withdrawn =
            load::archive_standing(&publication, issue) == ArchiveStanding::Withdrawn;
        publication.page_of(issue).filter(|_| !is_withdrawn)
    };
    let shown = match config.archive.served() {
        // A browser_url that digest.toml names is of another site.
        ShownIssues::None => ShownIssues::Sent,
        shown => shown,
    };
    let page_of: PageOf = Arc::new(page_of);
    let outbox = OutboxOptions {
        routes,
        schedule: config.schedule,
        letters,
        identity: Arc::new(move || identity.clone()),
        latest: form.latest_issue.then_some((shown, page_of)),
        time_zone: config.time_zone.clone(),
        clock: clock::now,
        tell: print::notice,
    };
    Ok(Some(Subscribing { form, outbox }))
}

fn routes(workspace: &Workspace) -> Result<Vec<Route>, Failure> {
    if workspace.config.relays.is_empty() {
        let what = "there is no relay, and whoever subscribes is written a mail";
        return Err(Failure::checks(what).help("add [[relay]] to digest.toml, or delete [form]"));
    }
    relays::configured_routes(workspace)
}

/// The letters, where they have no errors; what is wrong with them is shown.
fn own_letters(workspace: &Workspace) -> Result<Letters, Failure> {
    let (letters, problems) = read_letters(workspace);
    print::problems(&problems);
    if problems.iter().any(Diagnostic::is_error) {
        let what = "the messages in mails/ have errors, and nobody could subscribe";
        return Err(Failure::checks(what).help("correct them, or remove them for our own"));
    }
    Ok(letters)
}

/// The same, with what is wrong with them.
fn read_letters(workspace: &Workspace) -> (Letters, Vec<Diagnostic>) {
    let config = &workspace.config;
    let secret = config::known_secret(&workspace.root, &workspace.environment).ok().flatten();
    let pictures = Cache::of(&workspace.root, secret.as_ref().map(|secret| secret.newest().1));
    let today = clock::now_in(&config.time_zone).date();
    Letters::read(&config.publication, &config.theme, pictures, today)
}

/// What is wrong with the letters of the publication.
pub(crate) fn problems_of_letters(workspace: &Workspace) -> Vec<Diagnostic> {
    if !letters::are_there(&workspace.root) {
        return Vec::new();
    }
    read_letters(workspace).1
}

/// Whether each relay can be used; their names.
pub(super) async fn relays_answer(routes: &[Route]) -> Result<String, Failure> {
    for route in routes {
        match Session::open(&route.relay).await {
            Ok(session) => session.quit().await,
            Err(trouble) => {
                return Err(Failure::new(trouble.to_string()).help(trouble.advice()));
            }
        }
    }
    let names: Vec<String> = routes.iter().map(|route| route.relay.to_string()).collect();
    Ok(names.join(", "))
}
