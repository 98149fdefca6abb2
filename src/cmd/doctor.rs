//! `digest doctor`: configuration, relays and DNS -> a line for each check. Changes nothing, and
//! makes no file.

mod outbox;

use std::net::{IpAddr, SocketAddr};

use sejong_digest::audience::subscribers::change;
use sejong_digest::check::{self, online};
use sejong_digest::compose::Composition;
use sejong_digest::config::{self, AudienceSource, PasswordError, Secret};
use sejong_digest::delivery::ledger::{Ledger, STEPS};
use sejong_digest::diagnostic::visible::visible;
use sejong_digest::diagnostic::{Diagnostic, counted, render};
use sejong_digest::doctor::dns::Dns;
use sejong_digest::doctor::mailbox;
use sejong_digest::doctor::names;
use sejong_digest::doctor::origin::SendingHost;
use sejong_digest::doctor::relay::{self, Candidate};
use sejong_digest::doctor::sender::{Domains, Modes};
use sejong_digest::doctor::{Finding, Level, one_click, sender};
use sejong_digest::fetch::Reach;
use sejong_digest::message::dkim::Signer;
use sejong_digest::message::splice::{Identity, Template};
use sejong_digest::smtp::relay::Relay;
use sejong_digest::store::{Store, StoreAddress};

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::workspace::{LostSecret, Workspace};
use super::{Global, bounces, clock, print, published, reach, readers, runtime};

const LONG: &str = "\
Check everything that decides whether mail arrives

Checks digest.toml, the secret and the keys. Opens a session with each relay and checks the
connection, TLS and certificate, login and extensions; no mail is sent. Asks DNS for SPF, DKIM,
DMARC and MX records. Tries the page for unsubscribing with a token that belongs to nobody. With an
issue, it also compares the size of a message with what the relays accept, and asks whether its
pictures are published.

Prints a line for each check: ok, warning or error, and what to do. The exit code is 3 if there is
an error. If DNS does not answer, that is a warning.";

const EXAMPLES: &str = "\
Examples:
  digest doctor --offline
  digest doctor 2025-11 --offline --json";

/// Check everything that decides whether mail arrives
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// A folder in issues/, or a path: the size of its message is checked
    issue: Option<String>,
    /// Contact only this computer: no DNS, and only relays on loopback
    #[arg(long)]
    offline: bool,
    /// Ask the page for unsubscribing also where it is not on the internet
    #[arg(long)]
    allow_private: bool,
    /// Ask this DNS server, such as 192.0.2.53 or 127.0.0.1:5353 [default: the system's]
    #[arg(long, value_name = "ADDRESS", value_parser = server, conflicts_with = "offline")]
    dns: Option<SocketAddr>,
    /// The relay, such as smtps://user@host [default: those in digest.toml]
    #[arg(long, value_name = "URL")]
    relay: Option<String>,
    /// Print JSON to stdout
    #[arg(long)]
    json: bool,
}

fn server(text: &str) -> Result<SocketAddr, String> {
    let whole = text.parse().or_else(|_| text.parse().map(|ip: IpAddr| SocketAddr::new(ip, 53)));
    whole.map_err(|_| "write an IP address, with a port if it is not 53".to_owned())
}

/// Runs `digest doctor`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let findings = match Workspace::try_open(global)? {
        Ok(workspace) => look(&workspace, args)?,
        Err(problems) => problems.iter().map(|problem| of("configuration", problem)).collect(),
    };
    if args.json {
        print::json(&format!("{}\n", serde_json::to_string(&findings)?))?
    } else {
        print::colored_answer(&lines(&findings))?
    }
    if findings.iter().any(|finding| finding.level == Level::Error) {
        Ok(Exit::ChecksFailed)
    } else {
        Ok(Exit::Done)
    }
}

fn look(workspace: &Workspace, args: &Args) -> Result<Vec<Finding>, Failure> {
    let relays = candidates(workspace, args)?;
    let mut found = vec![Finding::ok("configuration", "digest.toml can be read")];
    found.extend(workspace.config.warnings.iter().map(|warning| of("configuration", warning)));
    found.push(runtime()?.block_on(secret(workspace)));
    found.extend(runtime()?.block_on(consent(workspace)));
    found.extend(runtime()?.block_on(outbox::check(workspace)));
    found.extend(runtime()?.block_on(outbox::check_erasures(workspace)));
    let identity = workspace.config.sender.identity(&Secret::for_nobody());
    let domains = domains(workspace, &identity);
    let origin =
        |relay: &Relay| SendingHost { host: relay.host().to_owned(), local: relay.is_local() };
    let origins: Vec<SendingHost> =
        relays.iter().map(|candidate| origin(&candidate.relay)).collect();
    let hosts: Vec<&str> = relays.iter().map(|candidate| candidate.relay.host()).collect();
    found.push(sender::from_domain(&domains.from, &hosts));
    let answered = identity.reply_to.as_ref().unwrap_or(&identity.from);
    found.push(sender::answered(&answered.address));
    let pattern = identity.reverse_path.as_deref();
    found.push(sender::reverse_path(pattern, &identity.from.address));
    found.push(sender::base_url(&identity.base_url));
    found.push(sender::postal_address(workspace.config.publication.postal_address.as_deref()));
    let samples = check::before_sending(&workspace.config.publication);
    found.extend(samples.iter().map(|problem| of("configuration", problem)));
    let signers = signers(workspace, &mut found);
    let base_url = identity.base_url.clone();
    let identity = Identity { signers: signers.clone(), ..identity };
    let composed = match &args.issue {
        Some(issue) => message(workspace, issue, identity, &mut found)?,
        None => None,
    };
    let message = composed.as_ref().map(|(_, bytes)| bytes);
    found.extend(message.map(|bytes| sender::one_click(bytes)));
    let size = message.map(|bytes| bytes.len() as u64);
    let dns = if args.offline { None } else { Some(Dns::new(args.dns)) };
    let known = dns.as_ref().and_then(|dns| dns.as_ref().ok());
    runtime()?.block_on(async {
        let asked = async {
            match &dns {
                None => without_dns(&domains, "not checked (--offline)".to_owned()),
                Some(Ok(dns)) => names::check(dns, &domains, &signers, &origins).await,
                Some(Err(error)) => without_dns(&domains, error.to_string()),
            }
        };
        found.extend(reports(workspace, args.offline).await);
        let (page, relays, names) = tokio::join!(
            one_click::check(known, &base_url, reach(args.allow_private)),
            relay::check(relays, size, args.offline, clock::now()),
            asked
        );
        found.push(page);
        found.extend(relays);
        found.extend(names);
        if let (Some((composition, _)), false) = (&composed, args.offline) {
            let there = pictures(composition, &base_url, reach(args.allow_private)).await?;
            found.extend(there);
        }
        Ok::<(), Failure>(())
    })?;
    Ok(found)
}

/// The mailbox of reports, where digest.toml names one.
async fn reports(workspace: &Workspace, offline: bool) -> Option<Finding> {
    let source = bounces::named_mailbox(workspace)?;
    Some(match bounces::imap_address(&source) {
        Some(Ok(address)) => {
            let password = bounces::imap_password(&address).map_err(|failure| failure.message);
            mailbox::on_server(&address, password, offline).await
        }
        // A wrong one is an error of digest.toml.
        Some(Err(_)) => return None,
        None => mailbox::of_path(&source, &describe(&source)),
    })
}

/// Whether the pictures of the issue are published, where it has any.
async fn pictures(
    composition: &Composition,
    base_url: &str,
    reach: Reach,
) -> Result<Vec<Finding>, Failure> {
    const CHECK: &str = "pictures";
    let visits = published::ask([composition], base_url, reach).await?;
    if visits.is_empty() {
        return Ok(Vec::new());
    }
    let problems = online::pictures(None, composition, base_url, &visits);
    if problems.is_empty() {
        let what = format!("published: {}", counted(visits.len() as u64, "picture"));
        return Ok(vec![Finding::ok(CHECK, what)]);
    }
    Ok(problems.iter().map(|problem| of(CHECK, problem)).collect())
}

/// What can be said of names where nobody is asked for them.
fn without_dns(domains: &Domains, reason: String) -> Vec<Finding> {
    vec![sender::alignment(domains, Modes::default()), Finding::warning("dns", reason)]
}

/// Relays with what is known of their passwords.
fn candidates(workspace: &Workspace, args: &Args) -> Result<Vec<Candidate>, Failure> {
    let candidate = |relay: Relay, known: Result<Relay, PasswordError>| match known {
        Ok(relay) => Candidate { relay, no_password: None },
        Err(error) => Candidate { relay, no_password: Some(error.to_string()) },
    };
    if let Some(url) = &args.relay {
        let relay =
            Relay::parse(url).map_err(|error| Failure::usage(format!("--relay: {error}")))?;
        let known = config::credentials(relay.clone(), None, None, &workspace.environment);
        return Ok(vec![candidate(relay, known)]);
    }
    let relays = (1..).zip(&workspace.config.relays);
    Ok(relays
        .map(|(number, configured)| {
            let known = configured.with_password(number, &workspace.environment);
            candidate(configured.route.relay.clone(), known.map(|route| route.relay))
        })
        .collect())
}

/// The key of the secret that mail was sent with and that is not here; nothing where the ledger cannot
/// be read.
async fn lost_key(workspace: &Workspace) -> Option<LostSecret> {
    let path = workspace.ledger_place().ok().filter(StoreAddress::is_there)?;
    let store = Store::read(&path, &STEPS).await.ok()?;
    let list_id = workspace.config.sender.list_id_in_mail();
    let sent = Ledger::new(store.clone(), "").sent_keys(list_id).await.ok();
    store.close().await;
    LostSecret::in_part(workspace, &sent?, &path).ok().flatten()
}

async fn secret(workspace: &Workspace) -> Finding {
    const CHECK: &str = "secret";
    match config::known_secret(&workspace.root, &workspace.environment) {
        Ok(Some(secret)) => {
            let keys = match secret.older().len() {
                0 => String::new(),
                older => format!(" with {} keys", older + 1),
            };
            let what = format!("there is a secret{keys}, and only its owner can read it");
            match lost_key(workspace).await {
                Some(lost) => Finding::error(CHECK, lost.to_string()).help(format!(
                    "copy {} here from the computer that sent before: without that key, unsubscribe \
                     links in mail that was already sent do not work",
                    lost.file()
                )),
                None => Finding::ok(CHECK, what),
            }
        }
        Ok(None) => match LostSecret::of(workspace, workspace.ledger_place().ok()).await {
            Ok(Some(lost)) => Finding::error(CHECK, lost.to_string())
                .help(format!(
                    "copy that file here from the computer that sent before, and digest.db with the \
                     files beside it (digest.db-*). {}",
                    lost.doubt()
                ).trim_end()),
            Ok(None) => Finding::ok(CHECK, "there is no secret yet; the first send will make one"),
            Err(_) => Finding::warning(
                CHECK,
                "there is no secret here, and the ledger cannot be read to see whether mail was sent \
                 with one",
            )
            .help("`digest status` says what is wrong with the ledger"),
        },
        Err(error) => Finding::error(CHECK, error.to_string()),
    }
}

/// Whether it is written down how the people of the store have agreed, where the list is that of the
/// store and can be read.
async fn consent(workspace: &Workspace) -> Option<Finding> {
    const CHECK: &str = "consent";
    if workspace.config.audience_source == Some(AudienceSource::File) {
        return None;
    }
    let path = readers::own_store(workspace).ok().flatten()?;
    let store = Store::read(&path, &STEPS).await.ok()?;
    let found = change::consent_on_record(&store).await;
    store.close().await;
    let found = found.ok().filter(|found| found.confirmed > 0)?;
    let people = counted(found.confirmed, "person");
    let Some(example) = found.example else {
        let what = format!("it is on record how they agreed: {people} of the store");
        return Some(Finding::ok(CHECK, what));
    };
    let what = format!(
        "of {people} of the store who get mail, {} without a record of how they agreed, such as \
         {example}",
        match found.lacking {
            1 => "1 is".to_owned(),
            lacking => format!("{lacking} are"),
        }
    );
    Some(Finding::warning(CHECK, what).help(
        "write it down with `digest subscribers set ADDRESS --consent TEXT`; in what `digest subscribers \
         export` writes, their column consent_how is empty",
    ))
}

fn domains(workspace: &Workspace, identity: &Identity) -> Domains {
    let from = identity.from.address.domain().to_owned();
    let pattern = identity.reverse_path.as_deref();
    let reverse_path = pattern.and_then(|pattern| pattern.rsplit_once('@'));
    Domains {
        reply_to: identity.reply_to.as_ref().map(|mailbox| mailbox.address.domain().to_owned()),
        reverse_path: reverse_path.map_or_else(|| from.clone(), |(_, domain)| domain.to_owned()),
        signing: workspace.config.dkim.as_ref().map(|dkim| dkim.domain().to_owned()),
        from,
    }
}

/// Those who sign, with what is wrong with their keys added to `found`.
fn signers(workspace: &Workspace, found: &mut Vec<Finding>) -> Vec<Signer> {
    const CHECK: &str = "dkim-key";
    let Some(dkim) = &workspace.config.dkim else {
        found.push(sender::unsigned());
        return Vec::new();
    };
    match dkim.signers() {
        Ok(signers) => {
            found.push(Finding::ok(CHECK, format!("messages are signed: {dkim}")));
            signers
        }
        Err(problems) => {
            found.extend(problems.iter().map(|problem| of(CHECK, problem)));
            Vec::new()
        }
    }
}

/// The issue, and one message of it, as somebody without fields gets it.
fn message(
    workspace: &Workspace,
    issue: &str,
    identity: Identity,
    found: &mut Vec<Finding>,
) -> Result<Option<(Composition, Vec<u8>)>, Failure> {
    const CHECK: &str = "issue";
    let draft = workspace.draft(issue);
    if let Some(absent) = draft.absent() {
        let finding = Finding::error(CHECK, absent.message);
        found.push(match absent.help {
            Some(help) => finding.help(help),
            None => finding,
        });
        return Ok(None);
    }
    let errors: Vec<Diagnostic> =
        draft.problems.iter().filter(|problem| problem.is_error()).cloned().collect();
    let name = describe(&draft.folder);
    found.push(match render::summary(&errors) {
        None => Finding::ok(CHECK, format!("{name} can be composed")),
        Some(count) => {
            Finding::error(CHECK, format!("{name} has {count}")).help("`digest check` shows them")
        }
    });
    let Some(composition) = draft.composition else { return Ok(None) };
    let reader = readers::stand_in(&composition)?;
    let occasion = clock::occasion(&clock::now_in(&workspace.config.time_zone), false)?;
    let bytes = Template::new(&composition, identity, &occasion).splice(&reader)?.bytes;
    Ok(Some((composition, bytes)))
}

/// A problem as a finding: its place, and what it says.
fn of(check: &'static str, problem: &Diagnostic) -> Finding {
    let place = problem.place.as_ref().map(|place| {
        let path = describe(place.path());
        match place.line_column() {
            Some((line, column)) => format!("{path}:{line}:{column}: "),
            None => format!("{path}: "),
        }
    });
    let message = format!("{}{}", place.unwrap_or_default(), problem.message);
    let level = if problem.is_error() { Level::Error } else { Level::Warning };
    Finding { check, level, message, help: problem.help.clone() }
}

/// A line for each finding, and a sum.
fn lines(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (color, reset) = match finding.level {
            Level::Ok => ("\u{1b}[32m", "\u{1b}[0m"),
            Level::Warning => ("\u{1b}[1m\u{1b}[93m", "\u{1b}[0m"),
            Level::Error => ("\u{1b}[1m\u{1b}[91m", "\u{1b}[0m"),
        };
        let (level, check) = (finding.level.name(), finding.check);
        // A relay may answer in several lines.
        let message = finding.message.replace('\n', " ");
        let message = visible(&message);
        text.push_str(&format!("{color}{level:<7}{reset}  {check:<16}  {message}"));
        if let Some(help) = &finding.help {
            text.push_str(&format!("; {}", visible(help)));
        }
        text.push('\n');
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (errors, warnings) = (count(Level::Error), count(Level::Warning));
    text.push_str(&format!(
        "{}, errors: {errors}, warnings: {warnings}\n",
        counted(findings.len() as u64, "check")
    ));
    text
}
