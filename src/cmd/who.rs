//! `digest who`: whose link it is. Whoever gets mail that was passed on, or a log of the
//! page for unsubscribing, has the link and not the address. Changes nothing.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sejong_digest::audience::forgotten;
use sejong_digest::audience::subscribers::moved;
use sejong_digest::audience::suppression::SuppressionReason;
use sejong_digest::config;
use sejong_digest::delivery::ledger::forgotten::stand_in;
use sejong_digest::delivery::ledger::overview;
use sejong_digest::delivery::ledger::staging::Standing;
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::delivery::state::State;
use sejong_digest::message::address::Address;
use sejong_digest::message::token::{TokenContent, token_in};
use sejong_digest::store::Store;
use serde::{Serialize, Serializer};

use super::failure::{Ending, Exit, Failure};
use super::readers::{self, ListArgs};
use super::workspace::Workspace;
use super::{Global, clock, files, print, runtime, status};

/// Show whose unsubscribe link this is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  digest who https://digest.sejong.example/unsubscribe/AbCd…
  digest who AbCd… --json

The link itself says whose it is, but only to whoever has the secret. The list and the ledger say
more: whether they are still on the list, and which issues they got.")]
pub(crate) struct Args {
    /// The link, or what stands behind /unsubscribe/ in it
    #[arg(value_name = "TOKEN")]
    token: String,
    #[command(flatten)]
    list: ListArgs,
    /// Another ledger than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL", conflicts_with = "catch")]
    store: Option<String>,
    /// The ledger of a rehearsal, in the folder that you named with --catch
    #[arg(long, value_name = "DIR")]
    catch: Option<PathBuf>,
    /// Print JSON to stdout
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct LinkOwner {
    /// Nothing of somebody who was forgotten.
    address: Option<String>,
    /// When they were forgotten, if they were.
    #[serde(serialize_with = "to_the_second")]
    forgotten: Option<Timestamp>,
    /// `unsubscribe`, `preferences`, `confirm`, `undo` or `data`.
    purpose: &'static str,
    /// The number of the key that the link was made with.
    key: u8,
    /// When it stops working, for a link that does.
    #[serde(serialize_with = "to_the_second")]
    end: Option<Timestamp>,
    /// `subscribed`, `absent`, or why the list does not keep them; `None` without a list.
    list: Option<String>,
    /// The address that they have now, where the link is for an earlier one.
    now: Option<String>,
    /// Why they get no mail, whatever the list says: `unsubscribed`, `hard-bounce` and the like.
    suppressed: Option<SuppressionReason>,
    issues: Vec<HadIssue>,
}

#[derive(Serialize)]
struct HadIssue {
    issue: String,
    state: State,
    at: Option<String>,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    let TokenContent { address, purpose, key, end, .. } = named(&workspace, &args.token)?;
    let nobody = LinkOwner {
        address: None,
        forgotten: None,
        purpose: purpose.word(),
        key,
        end,
        list: None,
        now: None,
        suppressed: None,
        issues: Vec::new(),
    };
    let answer = runtime()?.block_on(async {
        let forgotten = forgotten(&workspace, &address).await?;
        if let Some((at, hash)) = forgotten {
            let stand_in = Address::parse(&stand_in(&hash))?;
            let issues = in_ledger(&workspace, args, &stand_in).await?;
            return Ok(LinkOwner { forgotten: Some(at), issues, ..nobody });
        }
        let list = in_list(&workspace, args, &address).await?;
        let issues = in_ledger(&workspace, args, &address).await?;
        let own = readers::suppressions(&workspace, std::iter::once(&address)).await;
        let suppressed = match own {
            Ok(own) => own.first().map(|(_, one)| one.reason),
            Err(error) => {
                print::note(&format!("it is not known who is suppressed: {}", error.message));
                None
            }
        };
        let now = address_now(&workspace, &address).await?;
        let address = Some(address.to_string());
        Ok::<_, Failure>(LinkOwner { address, now, list, suppressed, issues, ..nobody })
    })?;
    if args.json {
        print::json(&format!("{}\n", serde_json::to_string(&answer)?))?;
    } else {
        print::words(&words(&answer, &workspace.config.time_zone))?;
    }
    Ok(Exit::Done)
}

/// Whom the token names, and for what: only our secret can make it or read it.
pub(super) fn named(workspace: &Workspace, text: &str) -> Result<TokenContent, Failure> {
    let address = text.trim().trim_start_matches("mailto:").trim_matches(['<', '>']);
    if let Ok(address) = Address::parse(address) {
        let to = files::option("--to", address.as_str());
        return Err(Failure::usage(
            "this is an address; who takes an unsubscribe link, or the token in it",
        )
        .help(format!(
            "`digest plan ISSUE{to}` says whether this person has an issue or would get \
             it, and `digest status ISSUE --list accepted` (or refused, deferred, uncertain) names \
             everybody in a state"
        )));
    }
    let Some(token) = token_in(text) else {
        return Err(Failure::new("this is no unsubscribe link of digest, and no token of one")
            .help(
                "copy the whole link from the end of the mail, or from its List-Unsubscribe header",
            ));
    };
    let Some(secret) = config::known_secret(&workspace.root, &workspace.environment)? else {
        return Err(Failure::new("there is no secret here, so no link can be read").help(
            "copy .digest-secret here from the computer that sent the mail, or set DIGEST_SECRET",
        ));
    };
    let identity = workspace.identity(&secret, Vec::new());
    identity.keys.read_token(&identity.list_id, &token).ok_or_else(|| {
        Failure::new("this publication has not made this link, or it was changed or cut off").help(
            "copy the whole link; if another publication or an older secret made it, name that one: \
             --publication DIR. A key that was taken out of the secret reads no link either",
        )
    })
}

/// When the person was forgotten by the publication's own store, and the hash of them.
async fn forgotten(
    workspace: &Workspace,
    address: &Address,
) -> Result<Option<(Timestamp, String)>, Failure> {
    let Some(path) = readers::own_store(workspace)? else { return Ok(None) };
    let Ok(store) = Store::read(&path, &ledger::STEPS).await else { return Ok(None) };
    let since = forgotten::since(&store, address, &readers::forgetting_keys(workspace)?).await;
    store.close().await;
    Ok(since?)
}

/// The address that the person has now, by the publication's own store.
async fn address_now(workspace: &Workspace, address: &Address) -> Result<Option<String>, Failure> {
    let Some(path) = readers::own_store(workspace)? else { return Ok(None) };
    let Ok(store) = Store::read(&path, &ledger::STEPS).await else { return Ok(None) };
    let now = moved::now(&store, address).await;
    store.close().await;
    Ok(now?)
}

/// What the list says of the person, where there is one.
async fn in_list(
    workspace: &Workspace,
    args: &Args,
    address: &Address,
) -> Result<Option<String>, Failure> {
    let Some(place) = args.list.place(workspace).await? else { return Ok(None) };
    let options = args.list.options(workspace);
    let found = readers::standings(std::slice::from_ref(address), &place, &options).await?;
    let said = found.people.into_iter().next().map(|(standing, _)| match standing {
        Standing::Kept(_) => "subscribed".to_owned(),
        Standing::Left(reason) => reason,
        Standing::Absent => "absent".to_owned(),
    });
    // Nobody can know what a list says of them as long as its columns are not clear.
    if found.problems.iter().any(|problem| problem.is_error()) {
        print::problems(&found.problems);
        return Ok(None);
    }
    Ok(said)
}

/// The issues that were for the person, where there is a ledger.
async fn in_ledger(
    workspace: &Workspace,
    args: &Args,
    address: &Address,
) -> Result<Vec<HadIssue>, Failure> {
    let path = match status::ledger_address(workspace, args.store.as_deref(), args.catch.as_deref())
    {
        Ok(path) => path,
        // Nothing was sent yet: the link comes from a test.
        Err(_) if args.store.is_none() && args.catch.is_none() => return Ok(Vec::new()),
        Err(missing) => return Err(missing),
    };
    let store = Store::read(&path, &ledger::STEPS).await?;
    let mut had = Vec::new();
    for issue in overview::issues(&store).await? {
        if let Some(one) = Ledger::new(store.clone(), &issue).one(address).await? {
            let state = if one.state == State::Claimed { State::Pending } else { one.state };
            let at = one.at.map(|at| at.parse().map_or(at, clock::second));
            had.push(HadIssue { issue, state, at });
        }
    }
    store.close().await;
    Ok(had)
}

fn to_the_second<S: Serializer>(end: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    end.map(clock::second).serialize(to)
}

fn words(owner: &LinkOwner, zone: &TimeZone) -> String {
    let mut text = match (&owner.address, owner.forgotten) {
        (Some(address), _) => format!("{address}\n"),
        (None, at) => {
            let since = at.map_or(String::new(), |at| format!(", {}", clock::minute(at, zone)));
            format!("a person who was forgotten{since}: the address is not shown\n")
        }
    };
    match owner.list.as_deref() {
        None => {}
        Some("subscribed") => text.push_str("  on the list\n"),
        Some("absent") => text.push_str("  not on the list\n"),
        Some(reason) => text.push_str(&format!("  gets no mail: the list says {reason}\n")),
    }
    if let Some(now) = &owner.now {
        text.push_str(&format!("  address now: {now}\n"));
    }
    if let Some(reason) = owner.suppressed {
        text.push_str(&format!("  suppressed ({reason}): gets no mail, whatever the list says\n"));
    }
    for had in &owner.issues {
        let at =
            had.at.as_deref().map_or(String::new(), |at| format!(", {}", clock::told(at, zone)));
        text.push_str(&format!("  {}: {}{at}\n", had.issue, had.state));
    }
    let end = owner.end.map_or(String::new(), |end| {
        let is_over = if end <= clock::now() { "ended" } else { "ends" };
        format!(", {is_over} {}", clock::minute(end, zone))
    });
    text.push_str(&format!("  link: {}, key {}{end}\n", owner.purpose, owner.key));
    text
}
