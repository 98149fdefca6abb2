//! A list that lacks many of the people who got the last issue, before the first send of the next one: it
//! may have been cut off. Somebody has to say that it is right where it lacks most of them.
//!
//! Must never speak of a list of which a part was chosen, nor of another file than the one that the last
//! issue went to: an edition for other people has other people.

use std::path::Path;

use sejong_digest::delivery::ledger::origin::LastReaders;
use sejong_digest::delivery::send::survey::Ready;

use super::{question, refusal};
use crate::cmd::failure::{Failure, Passes};
use crate::cmd::files::describe;
use crate::cmd::print;

/// Told from so many people on, and one of so many: some leave a list between two issues.
const FEWEST: u64 = 10;
const ONE_OF: u64 = 10;

/// Asked about from so many people on.
const FEWEST_ASKED: u64 = 5;

/// What is told of a list, and whether it is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShrunkList {
    pub(super) says: String,
    pub(super) is_asked: bool,
}

/// What is told of the list, if anything.
pub(super) async fn found(ready: &Ready, list: &Path) -> Result<Option<ShrunkList>, Failure> {
    let readers = ready.last_readers().await.map_err(refusal::told)?;
    Ok(readers.and_then(|readers| judged(&readers, list)))
}

fn judged(readers: &LastReaders, list: &Path) -> Option<ShrunkList> {
    let LastReaders { issue, accepted, missing } = readers;
    let is_asked = *missing >= FEWEST_ASKED && missing * 2 > *accepted;
    let is_told = *missing >= FEWEST && missing * ONE_OF >= *accepted;
    (is_asked || is_told).then(|| {
        let list = describe(list);
        let what = format!("{missing} of the {accepted} people who got {issue} are not in {list}");
        let says = if is_asked { format!("{what}: it may have been cut off") } else { what };
        ShrunkList { says, is_asked }
    })
}

/// Goes on where the list is not doubted, or somebody says that it is right: by a flag (`wanted`), or
/// whoever is `asked`.
pub(super) async fn is_right(
    ready: &Ready,
    list: &Path,
    (wanted, asked): (bool, bool),
) -> Result<(), Failure> {
    let Some(ShrunkList { says, is_asked }) = found(ready, list).await? else { return Ok(()) };
    if wanted || !is_asked {
        print::note(&says);
        return Ok(());
    }
    question::allowed(
        &says,
        ("Send to the people of this list alone?", Passes::With("--despite-list")),
        asked,
        "look whether the list is whole, or name the right one: --subscribers FILE. If it is right, add \
         --despite-list: once a send has begun, it is not asked about again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_about_from_a_tenth_on_and_asked_about_from_more_than_half() {
        let (nothing, told, asked) = (None, Some(false), Some(true));
        for (accepted, missing, expected) in [
            (1000, 0, nothing),
            (1000, 99, nothing),
            (1000, 100, told),
            (1000, 500, told),
            (1000, 501, asked),
            (90, 9, nothing),
            (90, 10, told),
            (9, 4, nothing),
            (9, 5, asked),
            (5, 4, nothing),
        ] {
            let readers = LastReaders { issue: "2025-10".to_owned(), accepted, missing };
            let found = judged(&readers, Path::new("a.csv")).map(|one| one.is_asked);
            assert_eq!(found, expected, "{missing} of {accepted}");
        }
    }
}
