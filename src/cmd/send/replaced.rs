//! Whether an issue goes on although another one is in its folder now: the words and the question.

use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::send::replaced::{HeldIssue, Replaced, SentAs};
use sejong_digest::delivery::send::survey::Ready;
use sejong_digest::diagnostic::visible::visible;
use sejong_digest::issue::load::Headline;

use super::renamed::{is_plain, sent};
use super::{question, refusal};
use crate::cmd::failure::{Failure, Passes};
use crate::cmd::print;

/// Goes on where the folder holds the issue that was sent, or somebody says that this one is meant:
/// by a flag (`wanted`), or whoever is `asked`.
pub(super) async fn goes_on(
    ready: &Ready,
    reopened: Reopened,
    (wanted, asked): (bool, bool),
) -> Result<(), Failure> {
    if wanted {
        return Ok(());
    }
    let Some(replaced) = ready.replaced().await.map_err(refusal::told)? else { return Ok(()) };
    let to_send = ready.plan(reopened).await.map_err(refusal::told)?.to_send;
    if to_send == 0
        && let Some(swapped) = swapped(&replaced)
    {
        print::note(&format!("{}: {swapped}", holds(&replaced)));
        return Ok(());
    }
    let perhaps = if replaced.uncertain > 0 { ", or may not" } else { "" };
    let people = match to_send {
        1 => format!("the person who does not have it{perhaps}"),
        more => format!("the {more} people who do not have it{perhaps}"),
    };
    let question = if replaced.recomposed {
        format!("Send the new issue to {people}, and to nobody else?")
    } else {
        format!("Send the old issue to {people}?")
    };
    // Where nobody is left, a yes would send nothing.
    question::allowed(
        &holds(&replaced),
        (&question, if to_send > 0 { Passes::With("--despite-changes") } else { Passes::Never }),
        asked && to_send > 0,
        instead(&replaced, to_send),
    )
}

/// What is to be done where the issue was sent too, under another name.
pub(super) fn swapped(replaced: &Replaced) -> Option<String> {
    let SentAs { name: other, holds } = replaced.sent_as.as_ref()?;
    let name = &replaced.name;
    let back = match holds {
        HeldIssue::Swapped => ": swap the two folders back".to_owned(),
        HeldIssue::None => {
            let command = if is_plain(name) && is_plain(other) {
                format!(": `mv issues/{name} issues/{other}`")
            } else {
                String::new()
            };
            format!(", and no folder has that name now: give it back{command}")
        }
        HeldIssue::Own => format!(
            ", whose folder is still there: this is a copy. Put back what was sent as {}",
            visible(name)
        ),
        HeldIssue::Another => {
            ", and a third issue is in that folder now: give each folder the name back that its issue \
             was sent under"
                .to_owned()
        }
        HeldIssue::Earlier => return Some("it was sent under this name too, before that one".to_owned()),
    };
    Some(format!("it is the issue that was sent as {}{back}", visible(other)))
}

/// What is to be done with the new issue, and what with the old one.
fn instead(replaced: &Replaced, to_send: u64) -> String {
    // Of these, one that nobody is left for was told before.
    if let Some(swapped) = swapped(replaced) {
        let name = visible(&replaced.name);
        if replaced.sent_as.as_ref().is_some_and(|one| one.holds == HeldIssue::Earlier) {
            return format!(
                "{swapped}. To send it to those who have neither, add --recompose. To send the later one to \
                 them, add --despite-changes"
            );
        }
        let anyway = if replaced.recomposed {
            "send it under this name all the same, to those who do not have the old issue"
        } else {
            "send the old issue to those who do not have it, whatever is in the folder"
        };
        return format!(
            "{swapped}. Then {name} goes on as it was. To {anyway}, add --despite-changes"
        );
    }
    let name = &replaced.name;
    let command =
        if is_plain(name) { format!(": `mv issues/{name} issues/NEW`") } else { String::new() };
    let others = match (to_send, replaced.recomposed) {
        (0, _) if replaced.uncertain > 0 => {
            "everybody in the list has the old issue or may have it; `digest reconcile` finds out, and \
             --despite-changes with --uncertain resend sends it to them again"
        }
        (0, _) => "nobody in the list waits for the old issue",
        (_, false) => "to send the old issue to those who do not have it, add --despite-changes",
        (_, true) => {
            "to send the new issue only to those who do not have the old one, add --despite-changes"
        }
    };
    format!(
        "a folder's name is one issue. Give the new issue a folder of its own{command}, and send it from \
         there: then everybody gets it. As for {name}, {others}"
    )
}

/// `issues/2025-11 holds another issue now (number 2, 2025-12-04, "News") than the one that was sent …`
pub(super) fn holds(replaced: &Replaced) -> String {
    let Replaced { name, now, then, accepted, uncertain, .. } = replaced;
    let sent = sent(*accepted, *uncertain);
    if called(now) == called(then) {
        return format!(
            "issues/{name} holds another text now than the one that {sent} under this name, of which \
             nothing is left but the head ({})",
            called(now)
        );
    }
    format!(
        "issues/{name} holds another issue now ({}) than the one that {sent} under this name ({})",
        called(now),
        called(then)
    )
}

/// `number 2, 2025-12-04, "News"`
fn called(headline: &Headline) -> String {
    let number = headline.number.map(|number| format!("number {number}"));
    let date = headline.date.map(|date| date.to_string());
    let subject = headline.subject.as_ref().map(|subject| format!("\"{}\"", visible(subject)));
    [number, date, subject].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
