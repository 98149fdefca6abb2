//! Whether an issue is another one than that which the ledger knows under the name of a folder that is
//! gone: the words and the question.

use sejong_digest::delivery::send::renamed::{Likeness, Renamed};
use sejong_digest::delivery::send::survey::Ready;
use sejong_digest::diagnostic::counted;

use super::{question, refusal};
use crate::cmd::failure::Failure;
use crate::cmd::print;

/// Whether the issue is sent although it looks like one that was sent under another name: `wanted` by
/// a flag, or by whoever is `asked`.
pub(super) async fn is_new(ready: &Ready, wanted: bool, asked: bool) -> Result<bool, Failure> {
    let renamed = ready.renamed().await.map_err(refusal::told)?;
    let Some(renamed) = renamed.filter(|_| !wanted) else { return Ok(wanted) };
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
    let Renamed { before, now, accepted, uncertain, likeness } = renamed;
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
        Likeness::Receipt => format!("has the text that receipts/{before}.toml names"),
        Likeness::Subject(subject) => format!("has the same subject, {subject:?}"),
    };
    format!("issues/{before} {sent}, and its folder is gone; issues/{now} {why}")
}

/// Nobody has said that it is another issue.
pub(super) fn stopped(renamed: &Renamed) -> Failure {
    let Renamed { before, now, .. } = renamed;
    Failure::checks(format!(
        "{}: the people who have it would get it again; nothing was sent",
        seems(renamed)
    ))
    .help(format!(
        "if it is the same issue, give the folder its old name back: `git mv issues/{now} \
         issues/{before}`. If it is another issue, add --new-issue"
    ))
}
