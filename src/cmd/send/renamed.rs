//! Whether an issue is another one than that which the ledger knows under the name of a folder that is
//! gone: the words and the question.

use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::send::likeness::Likeness;
use sejong_digest::delivery::send::renamed::{AlsoAlike, FormerFolder, Renamed};
use sejong_digest::delivery::send::survey::Ready;
use sejong_digest::diagnostic::counted;
use sejong_digest::diagnostic::visible::visible;

use super::{question, refusal};
use crate::cmd::failure::{Failure, Passes};
use crate::cmd::print;

/// So many further issues that look like one are named.
const ALSO_NAMED: usize = 2;

/// Whether the issue is sent although it looks like one that was sent under another name: `wanted` by
/// a flag, or by whoever is `asked`. Where nobody is left to send to, it is told and not asked.
pub(super) async fn is_new(
    ready: &Ready,
    reopened: Reopened,
    (wanted, asked): (bool, bool),
) -> Result<bool, Failure> {
    if wanted {
        return Ok(true);
    }
    let Some(renamed) = ready.renamed().await.map_err(refusal::told)? else { return Ok(false) };
    if ready.plan(reopened).await.map_err(refusal::told)?.to_send == 0 {
        print::note(&seems(&renamed));
        return Ok(false);
    }
    if asked {
        print::note(&format!("{}: {}", seems(&renamed), again(&renamed)));
        if question::new_issue_confirmed(&renamed.now, &renamed.before)? {
            return Ok(true);
        }
        let message = "nothing was sent".to_owned();
        return Err(Failure { message, ..stopped(&renamed) });
    }
    Err(stopped(&renamed))
}

/// `2025-11 was sent to 40 people, and its folder is gone; 2025-11-winter has the same issue.toml`
pub(super) fn seems(renamed: &Renamed) -> String {
    let Renamed { now, accepted, uncertain, likeness, .. } = renamed;
    // Anybody may have named a receipt.
    let before = visible(&renamed.before);
    let sent = sent(*accepted, *uncertain);
    let why = match likeness {
        Likeness::Manifest => "has the same issue.toml".to_owned(),
        Likeness::Articles(1, 1) => "has the same article".to_owned(),
        Likeness::Articles(kept, all) => format!("has {kept} of its {all} articles from there"),
        Likeness::AlikeArticles(1, 1) => "has nearly the same article".to_owned(),
        Likeness::AlikeArticles(kept, all) => {
            format!("has {kept} of its {all} articles from there, nearly the same")
        }
        Likeness::Words(percent) => format!("has about {percent}% of its text from there"),
        Likeness::Receipt => "has the text that is named there".to_owned(),
        Likeness::Subject(subject) => format!("has the same subject, {subject:?}"),
        Likeness::Number(number) => format!("has the same number, {number}"),
        Likeness::Date(date) => format!("is of the same day, {date}"),
        Likeness::Unknown(more) => {
            let more = match more {
                0 => String::new(),
                more => format!(" (so may those of {})", counted(*more, "more receipt")),
            };
            format!("may be the same issue{more}, because this ledger does not know of that send")
        }
    };
    // Anybody may propose a receipt.
    let said = renamed.by_receipt.then(|| format!("receipts/{before}.toml says that "));
    let folder = match renamed.folder {
        FormerFolder::Gone => "its folder is gone",
        FormerFolder::Taken => "another issue is in its folder now",
        FormerFolder::There => "its folder is still there",
    };
    let said = said.unwrap_or_default();
    let also = also(&renamed.also, renamed.by_receipt);
    format!("{said}issues/{before} {sent}, and {folder}; issues/{now} {why}{also}")
}

/// `. It looks like issues/2025-11 too, which was sent to 30 people`
fn also(others: &[AlsoAlike], by_receipt: bool) -> String {
    let name = |one: &AlsoAlike| {
        let (sent, name) = (sent(one.accepted, one.uncertain), visible(&one.name));
        let says =
            if by_receipt { format!(", as receipts/{name}.toml says") } else { String::new() };
        format!("like issues/{name}, which {sent}{says}")
    };
    let mut named: Vec<String> = others.iter().take(ALSO_NAMED).map(name).collect();
    match others.len().saturating_sub(ALSO_NAMED) as u64 {
        0 => {}
        more => named.push(format!("like {}", counted(more, "more issue"))),
    }
    if named.is_empty() { String::new() } else { format!("; it looks {}", named.join(", and ")) }
}

/// `was sent to 40 people, and may have reached 2 more`
pub(super) fn sent(accepted: u64, uncertain: u64) -> String {
    match (accepted, uncertain) {
        (0, uncertain) => format!("may have reached {}", counted(uncertain, "person")),
        (accepted, 0) => format!("was sent to {}", counted(accepted, "person")),
        (accepted, uncertain) => {
            let people = counted(accepted, "person");
            format!("was sent to {people}, and may have reached {uncertain} more")
        }
    }
}

/// Who would get it again.
pub(super) fn again(renamed: &Renamed) -> String {
    match renamed.in_list {
        None => "the people who have it would get it again".to_owned(),
        Some(0) => {
            "nobody of this list has it; but who has it would get it again by a later send, \
                    which asks no more"
                .to_owned()
        }
        Some(people) => {
            let people = counted(people, "person");
            let also = renamed.also.iter();
            let all = also.map(|one| (one.accepted, one.uncertain));
            let sum = |(some, more): (u64, u64), (one, other)| (some + one, more + other);
            let have = match all.fold((renamed.accepted, renamed.uncertain), sum) {
                (_, 0) => "got it",
                (0, _) => "may have got it",
                _ => "got it or may have got it",
            };
            let of =
                if renamed.is_part { "of those whom this send is for" } else { "of this list" };
            let it = if renamed.also.is_empty() { "" } else { " under one of these names" };
            format!("{people} {of} {have}{it}, and would get it again")
        }
    }
}

/// Nobody has said that it is another issue.
pub(super) fn stopped(renamed: &Renamed) -> Failure {
    let everybody = if renamed.is_part { "these people get" } else { "everybody gets" };
    Failure::checks(format!("{}: {}; nothing was sent", seems(renamed), again(renamed)))
        .help(format!(
            "if it is the same issue, {}. If it is another issue, add --new-issue: then {everybody} it{}",
            instead(renamed),
            doubt(renamed)
        ))
        .passes(Passes::With("--new-issue"))
}

/// What is to be done with the same issue.
fn instead(renamed: &Renamed) -> String {
    let now = &renamed.now;
    if renamed.is_had && !renamed.by_receipt {
        // Under its old name the folder would be asked about for the sake of those who have this one.
        return format!(
            "some have it under this name and some under the other: leave those out who have it already, \
             with --except FILE{}",
            listed(renamed)
        );
    }
    let (before, folder) = renamed.home();
    let same = match folder {
        FormerFolder::Gone => {
            format!("give the folder its old name back{}", command(now, before))
        }
        FormerFolder::Taken => {
            format!(
                "give the folder its old name back ({}), after you have given the folder that has this \
                 name now another one",
                visible(before)
            )
        }
        FormerFolder::There => format!("send issues/{}, whose folder is there", visible(before)),
    };
    format!("{same}: then only those get it who do not have it")
}

/// The commands that name them.
fn listed(renamed: &Renamed) -> String {
    let also = renamed.also.iter().map(|one| one.name.as_str());
    let names: Vec<&str> = [renamed.before.as_str()].into_iter().chain(also).collect();
    if !names.iter().all(|name| is_plain(name)) {
        return String::new();
    }
    let command = |name: &&str| format!("`digest status {name} --list accepted,uncertain`");
    let shown: Vec<String> = names.iter().take(1 + ALSO_NAMED).map(command).collect();
    let more = match names.len() - shown.len() {
        0 => String::new(),
        more => format!(", and the same of the {}", counted(more as u64, "further issue")),
    };
    let verb = if names.len() == 1 { "names" } else { "name" };
    format!(" ({}{more} {verb} them)", shown.join(" and "))
}

/// Whether a shell takes the name for nothing but a name.
pub(super) fn is_plain(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c))
}

/// The command that does it, where a shell takes the names for nothing but names: they come from
/// folders and receipts that anybody may propose.
fn command(now: &str, before: &str) -> String {
    if is_plain(now) && is_plain(before) {
        format!(": `mv issues/{now} issues/{before}`")
    } else {
        String::new()
    }
}

/// A receipt alone proves nothing. The words are those that are said of every receipt, so that they
/// stand once where there are more reasons.
fn doubt(renamed: &Renamed) -> String {
    if !renamed.by_receipt {
        return String::new();
    }
    let file = if is_plain(&renamed.before) {
        format!("receipts/{}.toml", renamed.before)
    } else {
        "receipts".to_owned()
    };
    format!(
        ". If you do not know of that send, the receipt may be forged, as by a pull request, or damaged: \
         `git log -p -- {file}` shows who changed it, and how"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_that_a_shell_would_read_stands_in_a_command() {
        assert_eq!(command("2025-12", "2025-11"), ": `mv issues/2025-12 issues/2025-11`");
        assert_eq!(command("겨울", "x"), ": `mv issues/겨울 issues/x`");
        for name in ["x;curl y|sh", "$(id)", "a b", "`id`", "a\u{202e}b"] {
            assert_eq!(command(name, "a") + &command("a", name), "", "{name}");
        }
    }
}
