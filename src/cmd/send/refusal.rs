//! The reasons that stop a send before its next stage, in words and with an exit code.

use std::path::Path;

use sejong_digest::audience::except::LEFT_OUT_BY;
use sejong_digest::audience::suppression::SUPPRESSED;
use sejong_digest::delivery::ledger::staging::NO_SECTION;
use sejong_digest::delivery::receipt::AlreadySent;
use sejong_digest::delivery::send::{ListFault, SendError};
use sejong_digest::diagnostic::{counted, nearest};
use sejong_digest::issue::load;
use sejong_digest::message::address::Address;

use super::renamed;
use crate::cmd::failure::{Failure, Passes};
use crate::cmd::files::with_address;
use crate::cmd::{looking, print, receipts};

/// What a person is told.
pub(super) fn told(error: SendError) -> Failure {
    let what = format!("{error}; nothing was sent");
    match error {
        SendError::AlreadySent(sent) => {
            let what = format!("{}; nothing was sent", receipts::already_sent(&sent));
            Failure::checks(what).help(format!(
                "{}. {}. {}",
                receipts::instead(&sent),
                receipts::doubt(&sent.path, &sent.found),
                receipts::anyway(&sent)
            ))
            .passes(Passes::With("--despite-receipt"))
        }
        SendError::Renamed(renamed) => renamed::stopped(&renamed),
        SendError::Overtaken => {
            Failure::new(what).help("run the same command again: it goes on from there")
        }
        SendError::List(list, fault) => of_list(&list, fault),
        SendError::Broken | SendError::Checks => Failure::checks(what),
        SendError::Unexpected { .. } => Failure::checks(what).help(
            "look at what would be sent with `digest plan` and `digest render`, then give the hash that the plan shows",
        ),
        SendError::OtherPublication { .. } => Failure::checks(what).help(
            "each publication needs a ledger of its own: name another file in the digest.toml of this \
             one, as in [store] url = \"sqlite:NAME.db\". If it is the same publication, and both `from` \
             and `list_id` were changed, put one of them back until everybody has this issue",
        ),
        SendError::NoCorrection(corrected) => Failure::checks(what).help(format!(
            "the ledger in which `digest amend {corrected}` was run knows: send from there. To send it to \
             the whole list, take `corrects` out of its issue.toml"
        )),
        SendError::Store(error) => looking::unusable(error),
        SendError::Recovery(error) => Failure::new(format!("{error}. Nothing was sent")),
        SendError::Caught(..) => Failure::new(error.to_string()),
        SendError::Freeze(_) | SendError::Date(_) | SendError::Forgotten(_) => Failure::new(what),
    }
}

/// Somebody was asked about a receipt, and has said no: what it says was told before.
pub(super) fn after_a_no(sent: &AlreadySent) -> Failure {
    Failure::checks("nothing was sent").help(receipts::instead(sent))
}

/// Who is suppressed gets nothing, whatever the list says.
fn suppressed(address: &Address, reason: &str) -> Failure {
    let what = format!("{address} is suppressed ({reason}) and gets no mail; nothing was sent");
    let show = with_address("digest subscribers show", address.as_str(), "");
    let release = with_address("digest subscribers release", address.as_str(), "--why TEXT");
    Failure::checks(what).help(format!(
        "`{show}` says since when and why, and `{release}` lets this person get mail again"
    ))
}

/// What a person is told of a list that nothing can be sent to.
fn of_list(list: &Path, fault: ListFault) -> Failure {
    let list = load::path_from_here(list).display().to_string();
    let what = fault.to_string();
    match fault {
        ListFault::Unreadable(problem) => {
            print::problems(&[*problem]);
            Failure::checks(format!("{list} cannot be used; nothing was sent"))
        }
        ListFault::Unclear(_) => Failure::checks(format!(
            "it is not known who of {list} may be mailed; nothing was sent"
        ))
        .help("say what the columns mean that are named above"),
        ListFault::Rejected(rows) => Failure::checks(format!(
            "{rows} of the rows of {list} cannot be used; nothing was sent"
        ))
        .help("correct them, or leave them out with --skip-invalid"),
        ListFault::UnknownField { field, columns } => {
            let failure = Failure::usage(format!("--only: {what}"));
            match nearest(&field, columns.iter().map(String::as_str)) {
                Some(meant) => failure.help(format!("did you mean {meant}?")),
                None => failure.help(format!("columns of the list: {}", columns.join(", "))),
            }
        }
        ListFault::NotInList { address, meant } => {
            let failure = Failure::checks(format!("{address} is not in {list}; nothing was sent"));
            match meant {
                Some(meant) => failure.help(format!("did you mean {meant}?")),
                None => failure,
            }
        }
        ListFault::Moved { address, now } => {
            let what = format!("{address} is an earlier address of {now}; nothing was sent");
            Failure::checks(what).help(format!("name {now} instead"))
        }
        ListFault::Left { address, reason } if reason.starts_with(SUPPRESSED) => {
            suppressed(&address, reason.trim_start_matches(SUPPRESSED))
        }
        ListFault::Left { address, reason } => {
            let why = match reason.strip_prefix(LEFT_OUT_BY) {
                Some(file) => format!("{file} leaves this person out"),
                None if reason == NO_SECTION => format!("it has {NO_SECTION}"),
                None => format!("{list} says {reason}"),
            };
            let what = format!("{address} gets no issue, because {why}; nothing was sent");
            Failure::checks(what)
        }
        ListFault::UnknownIssue { meant, .. } => {
            Failure::usage(format!("--only: {what}")).help(match meant {
                Some(meant) => format!("did you mean got:{meant}?"),
                None => "`digest status` names the issues that were sent".to_owned(),
            })
        }
        ListFault::NoSection(people) => {
            let who = counted(people, "person");
            Failure::checks(format!("the issue has no section for the topics of {who} in {list}"))
                .help(
                    "each section of the issue has a topic that these people do not want; a section \
                     without `topic` is for everybody",
                )
        }
        ListFault::Nobody { others: true } => {
            Failure::checks(format!("{list} has nobody who fits --only"))
        }
        ListFault::Nobody { others: false } => {
            Failure::checks(format!("{list} has nobody to send to"))
        }
    }
}
