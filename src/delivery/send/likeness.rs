//! Whether two issues are one, by what their heads and their texts have in common. Pure: what is there,
//! what was sent and what people have said comes in, and a `Likeness` or nothing comes out.
//!
//! | Folder of the one that was sent | What of it is here | Answer of |
//! | --- | --- | --- |
//! | gone | the whole `issue.toml`; over half of its own articles; half of its words, or two fifths with its subject; its subject, its number or its day, where nothing says that this is another one | `likeness` |
//! | gone | an article of its own is alike and it was put off, or people still wait for it | `likeness`, by `put_off` |
//! | there | nothing new in any article; two thirds of its words; its subject and most that is old | `copied` |
//! | either | nothing or nearly nothing new, also where all of it stands in several issues | `made_of` |
//! | either, and a person has said that two such issues are two | the same letter is sent again and again: no question | `is_letter` |
//! | its own, and this issue is in it | still the same one, edited or not | `is_still` |
//! | its own, and this issue is in it | nothing left of its text, or next to nothing and another subject | `is_written_anew` |

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::known::{
    ComparedIssue, Features, Figures, KnownIssues, LeastStayed, SharedArticles, TELLING_WORDS,
    has_same_mark,
};
use crate::issue::load::Headline;

/// Why two issues look like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They have the same `issue.toml`.
    Manifest,
    /// They share articles: so many of so many.
    Articles(usize, usize),
    /// They share so many of so many articles, but for a few words.
    AlikeArticles(usize, usize),
    /// So many hundredths of its words stand there too.
    Words(usize),
    /// They have the same subject, and no other issue has it.
    Subject(String),
    /// They have the same number, and no other issue has it.
    Number(i64),
    /// They are of the same day, and their subjects are alike, as far as both are known.
    Date(Date),
    /// Its receipt names this text.
    Receipt,
    /// Nothing but that its receipt is of another ledger and not older than what is known here. There
    /// are so many more of the kind.
    Unknown(u64),
}

/// Of an issue whose folder is gone, half of the words.
const STAYED: LeastStayed = LeastStayed { percent: 50, words: TELLING_WORDS };
/// The same where the subject is the same, and no other issue has it.
const STAYED_WITH_SUBJECT: LeastStayed = LeastStayed { percent: 40, words: 20 };
/// Of an issue whose folder is there: whoever copies it for the next one keeps some sentences.
const STAYED_IN_COPY: LeastStayed = LeastStayed { percent: 67, words: TELLING_WORDS };
/// Two texts have so many hundredths of their words in common by chance, and with an imprint.
const LITTLE: usize = 33;
/// So many words in which nothing is left of a text are another text, and no correction.
const NEW_WORDS: usize = 40;

/// A publication that deletes old folders must not be asked for each new issue. So what is usual in
/// it makes no two issues one: a standing article, a subject or a number that several issues have.
/// And an issue with a number and a day of its own is another one, unless most of its articles are the
/// same. Of an issue whose folder is gone.
pub(super) fn likeness(
    now: &ComparedIssue<'_>,
    then: &ComparedIssue<'_>,
    known: &KnownIssues<'_>,
) -> Option<Likeness> {
    if has_same_manifest(now, then) {
        return Some(Likeness::Manifest);
    }
    let (here, there) = (&now.features.headline, &then.features.headline);
    let is_another = is_another(here, there);
    let are_unnumbered_days = are_unnumbered_days(here, there);
    let shared = known.own(now, then, Figures::Count);
    let is_half = !is_another && !are_unnumbered_days && shared.is_same_half();
    if shared.same * 2 > shared.all || is_half {
        return Some(Likeness::Articles(shared.same, shared.all));
    }
    if let Some(likeness) = nothing_new(now, then, known).or_else(|| put_off(now, then, known)) {
        return Some(likeness);
    }
    // Of another day, and only its number and its subject were left as they always are.
    let days = here.date.zip(there.date);
    if days.is_some_and(|(now, then)| now != then) && is_all_new(now, then, known) {
        return None;
    }
    let subject = known.same_subject(now, then);
    let least = if subject.is_some() { STAYED_WITH_SUBJECT } else { STAYED };
    if let Some(percent) = known.stayed(now, then, least) {
        return Some(Likeness::Words(percent));
    }
    // Two issues of different days and without numbers may have a standing subject.
    let is_named = !is_another && !are_unnumbered_days;
    let is_unknown = !is_another && then.features.sketches.is_empty();
    if let Some(subject) = subject
        && (is_named || is_unknown || is_mostly_old(now, then, known))
    {
        return Some(Likeness::Subject(subject.clone()));
    }
    if is_another {
        return None;
    }
    if let Some(number) = known.same_number(now, then) {
        return Some(Likeness::Number(number));
    }
    let date = here.date.filter(|date| there.date == Some(*date))?;
    are_alike(here, there).then_some(Likeness::Date(date))
}

/// Whether an issue is one that was put off to another day, which its text names too, and whose folder
/// is gone. It may as well be the next notice of a kind. So a subject has to tell that it is the same
/// one, and in an issue with a number of its own only where other issues have other subjects. Or people
/// still wait for the one whose folder is gone: then it does not have to be the whole of it.
fn put_off(
    now: &ComparedIssue<'_>,
    then: &ComparedIssue<'_>,
    known: &KnownIssues<'_>,
) -> Option<Likeness> {
    let own = known.own(now, then, Figures::Ignored);
    let all = SharedArticles::of_all(now, then, Figures::Ignored);
    let numbers = now.features.headline.number.zip(then.features.headline.number);
    let is_renumbered = numbers.is_some_and(|(now, then)| now != then);
    let subject = known.same_subject(now, then);
    let is_nothing_new = own.is_all_alike() || all.is_nothing_new();
    let is_told = subject.is_some() && (!is_renumbered || known.are_several());
    let is_unfinished = then.features.is_unfinished;
    // What stands in several issues tells only of the last one.
    let is_standing = own.all == 0 && all.is_all_alike() && known.is_last(then);
    if is_told && is_nothing_new || is_unfinished && (own.is_mostly_alike() || is_standing) {
        return Some(Likeness::AlikeArticles(all.alike, all.all));
    }
    subject.filter(|_| is_unfinished).map(|subject| Likeness::Subject(subject.clone()))
}

/// Whether an issue is one that was sent and whose folder is still there: a copy in which next to
/// nothing was changed. An ordinary copy for the next issue has articles of its own.
pub(super) fn copied(
    now: &ComparedIssue<'_>,
    then: &ComparedIssue<'_>,
    known: &KnownIssues<'_>,
) -> Option<Likeness> {
    let known = known.of_copies();
    if let Some(likeness) = nothing_new(now, then, known) {
        return Some(likeness);
    }
    let subject = known.same_subject(now, then).filter(|_| is_mostly_old(now, then, known));
    let subject = subject.map(|subject| Likeness::Subject(subject.clone()));
    subject.or_else(|| known.stayed(now, then, STAYED_IN_COPY).map(Likeness::Words))
}

/// Whether nothing of an issue is new, or nearly nothing, also where all of it stands in several issues:
/// whoever has the one has the other.
pub(super) fn made_of(
    now: &ComparedIssue<'_>,
    then: &ComparedIssue<'_>,
    known: &KnownIssues<'_>,
) -> Option<Likeness> {
    let all = SharedArticles::of_all(now, then, Figures::Count);
    if all.is_nothing_new() {
        return Some(all_of(&all));
    }
    known.nearly_all(now, then).map(Likeness::Words)
}

/// Whether an issue is a letter that is sent again and again: of two that were sent, and that it is made
/// of, a person has said for everybody that one is another than the other. Where the folder of the last
/// of them is not there any more, it may as well be that one under another name.
pub(super) fn is_letter(
    sent: &[Features],
    made_of: &[Option<Likeness>],
    is_there: impl Fn(&Features) -> bool,
) -> bool {
    let same = sent.iter().zip(made_of).filter(|(_, likeness)| likeness.is_some());
    let same: Vec<&Features> = same.map(|(then, _)| then).collect();
    let names: BTreeSet<&str> = same.iter().map(|then| then.headline.name.as_str()).collect();
    let mut said = same.iter().flat_map(|then| &then.another_than);
    said.any(|other| names.contains(other.as_str())) && same.last().is_some_and(|it| is_there(it))
}

fn all_of(shared: &SharedArticles) -> Likeness {
    if shared.same == shared.all {
        Likeness::Articles(shared.same, shared.all)
    } else {
        Likeness::AlikeArticles(shared.alike, shared.all)
    }
}

/// The articles, where none is new. Where all of them stand in several issues it may be a letter that
/// is sent again and again: then the number, the day or the whole `issue.toml` has to be the same.
fn nothing_new(
    now: &ComparedIssue<'_>,
    then: &ComparedIssue<'_>,
    known: &KnownIssues<'_>,
) -> Option<Likeness> {
    let own = known.own(now, then, Figures::Count);
    let all = SharedArticles::of_all(now, then, Figures::Count);
    let is_same_issue = || {
        let (here, there) = (&now.features.headline, &then.features.headline);
        let same_day = here.date.is_some() && here.date == there.date;
        same_day || known.same_number(now, then).is_some() || has_same_manifest(now, then)
    };
    let shared = if own.is_nothing_new() {
        own
    } else {
        Some(all).filter(|all| all.is_nothing_new() && is_same_issue())?
    };
    Some(all_of(&shared))
}

/// Whether so much is old that a subject which both have, and no other issue, tells that they are one.
/// An article that is only alike may be one that is brought up to date each month: it counts where
/// none is new, or where the number or the day is the same.
fn is_mostly_old(
    now: &ComparedIssue<'_>,
    then: &ComparedIssue<'_>,
    known: &KnownIssues<'_>,
) -> bool {
    let own = known.own(now, then, Figures::Count);
    let all = SharedArticles::of_all(now, then, Figures::Count);
    let same_mark = has_same_mark(&now.features.headline, &then.features.headline);
    own.is_mostly_same()
        || own.is_all_alike()
        || all.is_nothing_new()
        || same_mark && own.is_mostly_alike()
}

fn has_same_manifest(now: &ComparedIssue<'_>, then: &ComparedIssue<'_>) -> bool {
    let manifest = |issue: &ComparedIssue<'_>| issue.features.files.get("issue.toml").cloned();
    manifest(now).is_some_and(|hash| manifest(then) == Some(hash))
}

/// Whether both name a day, another one each, and neither has a number.
fn are_unnumbered_days(now: &Headline, then: &Headline) -> bool {
    let is_unnumbered = now.number.is_none() && then.number.is_none();
    is_unnumbered && now.date.zip(then.date).is_some_and(|(now, then)| now != then)
}

/// Whether both name a day, and all that they name is different.
fn is_another(now: &Headline, then: &Headline) -> bool {
    let days = now.date.zip(then.date);
    days.is_some_and(|(now, then)| now != then)
        && match now.number.zip(then.number) {
            Some((now, then)) => now != then,
            None => now.subject != then.subject,
        }
}

/// Whether two subjects have at least half of the words of the shorter one in common.
fn are_alike(now: &Headline, then: &Headline) -> bool {
    let words = |headline: &Headline| -> BTreeSet<String> {
        let subject = headline.subject.as_deref().unwrap_or_default().to_lowercase();
        let words = subject.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let (now, then) = (words(now), words(then));
    let shared = now.intersection(&then).count();
    shared > 0 && shared * 2 >= now.len().min(then.len())
}

/// Whether a folder that is there still holds the issue that was sent, edited or not.
pub(super) fn is_still(
    there: &ComparedIssue<'_>,
    then: &ComparedIssue<'_>,
    known: &KnownIssues<'_>,
) -> bool {
    if is_written_anew(there, then, known) {
        return false;
    }
    likeness(there, then, known).is_some()
        || known.same_subject(there, then).is_some()
        || known.own(then, there, Figures::Count).same > 0
        || has_same_mark(&there.features.headline, &then.features.headline)
}

/// Whether nothing is left of the text of an issue, whatever the head says: no article of its own, and
/// of a text that is long enough to tell fewer than one word of ten.
fn is_all_new(now: &ComparedIssue<'_>, then: &ComparedIssue<'_>, known: &KnownIssues<'_>) -> bool {
    let own = known.own(then, now, Figures::Ignored);
    // An older version has kept nothing of the texts.
    let is_gone = own.all > 0 && own.alike == 0 && !then.features.sketches.is_empty();
    let kept = known.kept_text(now, then, LITTLE).filter(|_| is_gone);
    kept.is_some_and(|text| text.kept == 0 && text.percent < 10 && text.words >= NEW_WORDS)
}

/// Whether a folder has next to nothing of the text that was sent, and another subject: whoever writes a
/// new issue over an old one may leave its number or its day. Where both are left, the text has to be
/// long enough to tell. Where nothing is left of it, the subject may be the old one too.
pub(super) fn is_written_anew(
    there: &ComparedIssue<'_>,
    then: &ComparedIssue<'_>,
    known: &KnownIssues<'_>,
) -> bool {
    if is_all_new(there, then, known) {
        return true;
    }
    let (here, before) = (&there.features.headline, &then.features.headline);
    let has_other_subject =
        here.subject.as_ref().zip(before.subject.as_ref()).is_some_and(|(now, then)| now != then);
    let has_other_number = here.number.zip(before.number).is_some_and(|(now, then)| now != then);
    let has_other_day = here.date.zip(before.date).is_some_and(|(now, then)| now != then);
    let Some(kept) = known.kept_text(there, then, LITTLE).filter(|_| has_other_subject) else {
        return false;
    };
    let is_named_anew = has_other_number || has_other_day;
    let is_numbered = here.number.is_some() && before.number.is_some();
    // An imprint may be there still.
    let most = if is_named_anew || !is_numbered { kept.articles / 3 } else { 0 };
    let is_new = kept.articles > 0 && kept.kept <= most && kept.percent < LITTLE;
    is_new && (is_named_anew || kept.words >= TELLING_WORDS)
}

#[cfg(test)]
#[path = "likeness_tests.rs"]
mod tests;
