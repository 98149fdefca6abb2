//! `digest test`: the message that a send would deliver, to a few addresses, marked in its subject
//! only. Leaves no trace in the ledger.

use sejong_digest::delivery::test_send;
use sejong_digest::message::Message;
use sejong_digest::message::address::Address;
use sejong_digest::message::recipient::Recipient;
use sejong_digest::message::splice::{SpliceError, Template};
use sejong_digest::smtp::outcome::Outcome;

use super::failure::{Ending, Exit, Failure};
use super::gate::Gate;
use super::readers::ListArgs;
use super::relays::{self, RelayArgs};
use super::workspace::Workspace;
use super::{Global, clock, files, pictures, print, readers, runtime};

/// Send an issue to yourself, exactly as subscribers will get it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  digest test 2025-11 --to editor@sejong.example
  digest test 2025-11 --to editor@sejong.example --catch out
")]
pub(crate) struct Args {
    /// The issue: a folder in issues/, or a path
    issue: String,
    /// The address to send it to; repeat the flag for several addresses
    #[arg(long, value_name = "ADDRESS", required = true, num_args = 1..)]
    to: Vec<String>,
    /// Send it to these addresses although one of them is suppressed
    #[arg(long, hide_short_help = true)]
    despite_suppression: bool,
    #[command(flatten)]
    list: ListArgs,
    /// Allow problems of this rule; repeat the flag for several rules
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
    #[command(flatten)]
    relay: RelayArgs,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    let mut gate = Gate::new(&args.allow)?;
    let draft = gate.read(&workspace, &args.issue);
    let (issue, mut composition) = gate.pass(&workspace, draft)?;
    let publication = &workspace.config.publication;
    let is_caught = args.relay.choice()?.rehearsal().is_some();
    if is_caught && pictures::tell_caught(&issue, true, publication) {
        composition.put_pictures_inside(&issue, &publication.base_url);
    }
    let now = clock::now_in(&workspace.config.time_zone);
    let signers = workspace.signers()?;
    let options = args.list.options(&workspace);
    runtime()?.block_on(async {
        let list = args.list.place(&workspace).await?;
        let identity = workspace.identity(&workspace.trial_secret().await?, signers);
        let template = Template::new(&composition, identity, &clock::occasion(&now, true)?);
        let people = readers::at_addresses("--to", &args.to, list.as_ref(), options).await?;
        nobody_is_suppressed(&workspace, &people, args.despite_suppression).await?;
        for person in &people {
            readers::tell_left_out(&issue, person.address().as_str(), person);
        }
        let messages: Vec<Message> = people
            .iter()
            .map(|person| template.splice(person).map_err(unspliced))
            .collect::<Result<_, Failure>>()?;
        let destination = relays::destination(&workspace, &args.relay.choice()?).await?;
        let sent = test_send::send(&destination.routes[0].relay, messages).await;
        destination.close().await;
        let (outcomes, trouble) = match sent {
            Ok(outcomes) => (outcomes, None),
            Err((trouble, outcomes)) => (outcomes, Some(trouble)),
        };
        let told: String =
            outcomes.iter().map(|(address, outcome)| told(address, outcome)).collect();
        print::words(&told)?;
        match trouble {
            Some(trouble) => Err(Failure::new(trouble.to_string())
                .help(format!("{}; then run the same command again", trouble.advice()))),
            None => ending(&outcomes),
        }
    })
}

/// A trial is mail too: whoever said no gets none by mistake, and whoever was forgotten none at all, as
/// long as that is known.
async fn nobody_is_suppressed(
    workspace: &Workspace,
    people: &[Recipient],
    despite: bool,
) -> Result<(), Failure> {
    let addresses = people.iter().map(Recipient::address);
    let suppressed = match readers::suppressions(workspace, addresses).await {
        Err(_) if despite => return Ok(()),
        found => found?,
    };
    if let Some((address, _)) = suppressed.iter().find(|(_, one)| one.is_of_forgotten()) {
        let what = format!("{address} was forgotten and gets no mail; nothing was sent");
        return Err(Failure::checks(what));
    }
    let Some((address, one)) = suppressed.first().filter(|_| !despite) else { return Ok(()) };
    let shown = files::with_address("digest subscribers show", address.as_str(), "");
    Err(Failure::checks(format!(
        "{address} is suppressed ({}) and gets no mail; nothing was sent",
        one.reason
    ))
    .help(format!(
        "`{shown}` says since when and why. --despite-suppression sends this \
         test all the same"
    )))
}

/// As a send: that all were refused is a failure.
fn ending(outcomes: &[(Address, Outcome)]) -> Ending {
    let refused = outcomes.iter().filter_map(|(_, outcome)| match outcome {
        Outcome::Refused(failure) => Some(failure),
        _ => None,
    });
    let refused: Vec<_> = refused.collect();
    match refused.first() {
        Some(first) if refused.len() == outcomes.len() => Err(Failure::new(format!(
            "nobody got the test message: {} was refused ({})",
            if refused.len() == 1 { "the only address" } else { "every address" },
            first.text
        ))),
        _ if outcomes.iter().all(|(_, outcome)| matches!(outcome, Outcome::Accepted(_))) => {
            Ok(Exit::Done)
        }
        _ => Ok(Exit::Unfinished),
    }
}

fn unspliced(error: SpliceError) -> Failure {
    let what = format!("no message can be made: {error}");
    match error {
        SpliceError::Unfilled(_) => Failure::checks(what).help(
            "give the slot a fallback, {{ field | fallback }}, or name a list with --subscribers",
        ),
        SpliceError::Unsigned(_) => Failure::new(what),
    }
}

fn told(address: &Address, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted(reply) => format!("{address}: accepted ({reply})\n"),
        Outcome::Deferred(failure) => format!("{address}: deferred: {}\n", failure.text),
        Outcome::Refused(failure) => format!("{address}: refused: {}\n", failure.text),
        Outcome::Uncertain(failure) => format!("{address}: uncertain: {}\n", failure.text),
        Outcome::Unsent(failure) => format!("{address}: not sent: {}\n", failure.text),
    }
}
