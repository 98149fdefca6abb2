//! Whether an issue is another one than that which the ledger knows under the name of a folder that is
//! gone: the words and the question.

use sejong_digest::delivery::send::renamed::{Likeness, Renamed};
use sejong_digest::delivery::send::survey::Ready;
use sejong_digest::diagnostic::counted;
use sejong_digest::diagnostic::visible::visible;

use super::{question, refusal};
use crate::cmd::failure::Failure;
use crate::cmd::print;

/// Whether the issue is sent although it looks like one that was sent under another name: `wanted` by
/// a flag, or by whoever is `asked`.
pub(super) async fn is_new(ready: &Ready, wanted: bool, asked: bool) -> Result<bool, Failure> {
    if wanted {
        return Ok(true);
    }
    let Some(renamed) = ready.renamed().await.map_err(refusal::told)? else {
        if let Some(missing) = ready.missing().await.map_err(refusal::told)? {
            let (now, before) = (&ready.content().composition().issue, visible(&missing));
            print::note(&format!(
                "receipts/{before}.toml tells of issues/{before}, whose folder is gone, and this \
                 ledger does not know it; if issues/{now} is the same issue, give the folder its old \
                 name back, or people get it again"
            ));
        }
        return Ok(false);
    };
    if asked {
        print::note(&seems(&renamed));
        if question::new_issue_confirmed(&renamed.now, &renamed.before)? {
            return Ok(true);
        }
    }
    Err(stopped(&renamed))
}

/// `2025-11 was sent to 40 people, and its folder is gone; 2025-11-winter has the same issue.toml`
pub(super) fn seems(renamed: &Renamed) -> String {
    let Renamed { before, now, accepted, uncertain, likeness, .. } = renamed;
    let sent = match (*accepted, *uncertain) {
        (0, uncertain) => format!("may have reached {}", counted(uncertain, "person")),
        (accepted, 0) => format!("was sent to {}", counted(accepted, "person")),
        (accepted, uncertain) => {
            format!(
                "was sent to {}, and may have reached {uncertain} more",
                counted(accepted, "person")
            )
        }
    };
    let why = match likeness {
        Likeness::Manifest => "has the same issue.toml".to_owned(),
        Likeness::Articles(1, 1) => "has the same article".to_owned(),
        Likeness::Articles(kept, all) => format!("has {kept} of its {all} articles from there"),
        Likeness::Receipt => "has the text that is named there".to_owned(),
        Likeness::Subject(subject) => format!("has the same subject, {subject:?}"),
        Likeness::Number(number) => format!("has the same number, {number}"),
        Likeness::Date(date) => format!("is of the same day, {date}"),
    };
    // Anybody may propose a receipt.
    let said = renamed.by_receipt.then(|| format!("receipts/{before}.toml says that "));
    let folder =
        if renamed.is_taken { "another issue is in its folder now" } else { "its folder is gone" };
    let said = said.unwrap_or_default();
    format!("{said}issues/{before} {sent}, and {folder}; issues/{now} {why}")
}

/// Nobody has said that it is another issue.
pub(super) fn stopped(renamed: &Renamed) -> Failure {
    let Renamed { before, now, .. } = renamed;
    let same = if renamed.is_taken {
        "give the folder its old name back, after you have given the folder that has this name now \
         another one"
            .to_owned()
    } else {
        format!("give the folder its old name back{}", command(now, before))
    };
    Failure::checks(format!(
        "{}: the people who have it would get it again; nothing was sent",
        seems(renamed)
    ))
    .help(format!(
        "if it is the same issue, {same}: then only those get it who do not have it. If it is another \
         issue, add --new-issue: then everybody gets it{}",
        doubt(renamed)
    ))
}

/// The command that does it, where a shell takes the names for nothing but names: they come from
/// folders and receipts that anybody may propose.
fn command(now: &str, before: &str) -> String {
    let is_plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c));
    if is_plain(now) && is_plain(before) {
        format!(": `git mv issues/{now} issues/{before}`")
    } else {
        String::new()
    }
}

/// A receipt alone proves nothing.
fn doubt(renamed: &Renamed) -> &'static str {
    if renamed.by_receipt {
        ". If you do not know of that send, the receipt may be forged: `git log -p -- receipts` \
         shows who changed it"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_that_a_shell_would_read_stands_in_a_command() {
        assert_eq!(command("2025-12", "2025-11"), ": `git mv issues/2025-12 issues/2025-11`");
        assert_eq!(command("겨울", "x"), ": `git mv issues/겨울 issues/x`");
        for name in ["x;curl y|sh", "$(id)", "a b", "`id`", "a\u{202e}b"] {
            assert_eq!(command(name, "a") + &command("a", name), "", "{name}");
        }
    }
}
