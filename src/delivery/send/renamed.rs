//! An issue that was sent under another name: the ledger knows an issue by its folder's name, and
//! does not know a folder that was renamed. In a copy without the ledger, receipts know as much.
//!
//! Exists because everybody who has such an issue would get it again. Only asks for a person's word:
//! must never decide that two issues are one, and must never speak of an issue whose folder is there
//! and still holds it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::civil::Date;

use super::SendError;
use super::content::Content;
use crate::delivery::ledger::{self, Ledger};
use crate::delivery::receipt::{Receipt, ReceiptFound, StandingReceipt};
use crate::diagnostic::Place;
use crate::issue::load::{self, Headline};

/// Issues with the same number are two where their dates lie this far apart: many publications count
/// anew each year.
const HALF_A_YEAR_DAYS: i64 = 183;

/// An issue that somebody has, whose folder is gone, and that looks like this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The name that the ledger knows it by.
    pub before: String,
    /// The name of the issue that is to be sent.
    pub now: String,
    /// People who have it.
    pub accepted: u64,
    /// People who may have it.
    pub uncertain: u64,
    /// Why it looks like this one.
    pub likeness: Likeness,
    /// Whether a folder of that name is there, with another issue in it.
    pub is_taken: bool,
    /// Whether a receipt says all this, and no ledger.
    pub by_receipt: bool,
}

/// Why two issues look like one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// They have the same `issue.toml`.
    Manifest,
    /// They share articles: so many of so many.
    Articles(usize, usize),
    /// They have the same subject, and no other issue has it.
    Subject(String),
    /// They have the same number, and no other issue has it.
    Number(i64),
    /// They are of the same day, and their subjects are alike, as far as both are known.
    Date(Date),
    /// Its receipt names this text.
    Receipt,
}

/// What is compared of an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Features {
    headline: Headline,
    files: BTreeMap<String, String>,
}

/// What all issues together show that somebody has: what stands in several of them tells none from
/// another.
#[derive(Debug, Default)]
struct Usual {
    articles: BTreeSet<String>,
    subjects: BTreeSet<String>,
    numbers: BTreeSet<i64>,
}

impl Usual {
    fn of<'a>(issues: impl Iterator<Item = &'a Features>) -> Usual {
        let (mut once, mut usual) = (Usual::default(), Usual::default());
        for features in issues {
            let Headline { number, subject, .. } = &features.headline;
            let articles: BTreeSet<&String> = features.articles().collect();
            for article in articles {
                twice(&mut once.articles, &mut usual.articles, article);
            }
            subject.iter().for_each(|it| twice(&mut once.subjects, &mut usual.subjects, it));
            number.iter().for_each(|it| twice(&mut once.numbers, &mut usual.numbers, it));
        }
        usual
    }
}

/// Notes what was seen, and what was seen before.
fn twice<T: Clone + Ord>(once: &mut BTreeSet<T>, usual: &mut BTreeSet<T>, seen: &T) {
    if !once.insert(seen.clone()) {
        usual.insert(seen.clone());
    }
}

impl Features {
    /// The hashes of the articles.
    fn articles(&self) -> impl Iterator<Item = &String> {
        self.files.iter().filter(|(name, _)| name.ends_with(".md")).map(|(_, hash)| hash)
    }
}

/// The folders of issues that are there, read where one of them matters.
struct Folders<'a>(&'a [PathBuf]);

impl Folders<'_> {
    /// What stands under a name; nothing where there is no such folder.
    fn named(&self, issue: &str) -> impl Iterator<Item = Features> {
        let is_named = move |folder: &&PathBuf| folder.file_name().is_some_and(|it| it == issue);
        self.0.iter().filter(is_named).map(|folder| {
            let (headline, files) = load::texts(folder);
            Features { headline, files }
        })
    }
}

/// What the ledger knows of this issue under another name, or else the `receipts`. An issue that
/// somebody may have under its own name has been asked about.
pub(super) async fn renamed(
    ledger: &Ledger,
    content: &Content,
    folders: &[PathBuf],
    receipts: Vec<StandingReceipt>,
) -> Result<Option<Renamed>, SendError> {
    let Some(frozen) = content.unsent() else { return Ok(None) };
    let now = Features { headline: frozen.headline.clone(), files: frozen.files.clone() };
    let folders = Folders(folders);
    let mut others = Vec::new();
    for issue in ledger::overview::issues(ledger.store()).await? {
        let other = Ledger::new(ledger.store().clone(), &issue);
        if issue != ledger.issue() && other.may_be_had().await? {
            others.push((features(&other).await?, issue));
        }
    }
    let usual = Usual::of(others.iter().map(|(features, _)| features));
    // The last one is the likeliest.
    for (then, issue) in others.iter().rev() {
        let Some(likeness) = likeness(&now, then, &usual) else { continue };
        let there: Vec<Features> = folders.named(issue).collect();
        if there.iter().any(|there| is_still(there, then, &usual)) {
            continue;
        }
        let other = Ledger::new(ledger.store().clone(), issue);
        let accepted = other.counts().await?.accepted;
        return Ok(Some(Renamed {
            before: issue.clone(),
            now: ledger.issue().to_owned(),
            accepted,
            // Also those who were sent to once more and put off, or refused.
            uncertain: other.reached(&[]).await?.saturating_sub(accepted),
            likeness,
            is_taken: !there.is_empty(),
            by_receipt: false,
        }));
    }
    let known: Vec<&str> = others.iter().map(|(_, issue)| issue.as_str()).collect();
    by_receipt(ledger, content, (&folders, &known), receipts).await
}

/// What receipts say of this issue under another name. Of an issue that is `known` to the ledger they
/// name the text alone: the ledger has been asked about the rest.
async fn by_receipt(
    ledger: &Ledger,
    content: &Content,
    (folders, known): (&Folders<'_>, &[&str]),
    receipts: Vec<StandingReceipt>,
) -> Result<Option<Renamed>, SendError> {
    let (composition, headline) = (content.composition(), content.headline());
    let read = receipts.into_iter().rev().filter_map(|one| match one.found {
        ReceiptFound::Read(receipt) => Some((one.issue, *receipt)),
        _ => None,
    });
    for (before, receipt) in read.filter(|(before, _)| before != ledger.issue()) {
        let same_text = receipt.content_hash == composition.hash_hex_as(&before);
        let likeness = if same_text {
            Some(Likeness::Receipt)
        } else {
            let alike = said_alike(&headline, &receipt);
            alike.filter(|_| !known.contains(&before.as_str()))
        };
        let Some(likeness) = likeness.filter(|_| receipt.reached_by_all() > 0) else { continue };
        let there: Vec<Features> = folders.named(&before).collect();
        if there.iter().any(|there| !is_another_by_receipt(&there.headline, &receipt)) {
            continue;
        }
        // Of a send that had begun from this ledger, the ledger has said above who has it.
        let of_before = Ledger::new(ledger.store().clone(), &before).known_sends().await?;
        if receipt.is_begun() && receipt.kept_beside(&of_before).is_empty() {
            continue;
        }
        let accepted = receipt.counts.accepted;
        return Ok(Some(Renamed {
            before,
            now: ledger.issue().to_owned(),
            accepted,
            uncertain: receipt.reached_by_all().saturating_sub(accepted),
            likeness,
            is_taken: !there.is_empty(),
            by_receipt: true,
        }));
    }
    Ok(None)
}

/// The last issue that a receipt tells of, whose folder is gone, and that the ledger does not know.
/// Nothing shows that it is this one, and without numbers nothing shows that it is not.
pub(super) async fn missing(
    ledger: &Ledger,
    content: &Content,
    folders: &[PathBuf],
    receipts: Vec<StandingReceipt>,
) -> Result<Option<String>, SendError> {
    let now = content.headline();
    if content.unsent().is_none() || now.number.is_some() {
        return Ok(None);
    }
    let known = ledger::overview::issues(ledger.store()).await?;
    let is_missing = |one: &StandingReceipt| {
        let is_meant = |receipt: &Receipt| {
            receipt.number.is_none()
                && receipt.reached_by_all() > 0
                && now.date.zip(receipt.date).is_some_and(|(now, then)| is_near(now, then))
        };
        one.receipt().is_some_and(is_meant)
            && !known.contains(&one.issue)
            && Folders(folders).named(&one.issue).next().is_none()
    };
    Ok(receipts.into_iter().rev().find(is_missing).map(|one| one.issue))
}

/// Of the last revision that the ledger has of its issue.
async fn features(ledger: &Ledger) -> Result<Features, SendError> {
    let revisions = ledger.revisions().await?;
    let Some(last) = revisions.into_iter().last() else { return Ok(Features::default()) };
    let mut headline = last.frozen.headline.clone();
    if headline.subject.is_none() {
        // An older version wrote it. A text that is damaged has no subject to compare; its files may
        // still speak.
        let composition = last.thaw(&Place::File(ledger.issue().into())).ok();
        headline.subject = composition.map(|composition| composition.readable_subject());
    }
    Ok(Features { headline, files: last.frozen.files })
}

/// A publication that deletes old folders must not be asked for each new issue. So what is usual in
/// it makes no two issues one: a standing article, a subject or a number that several issues have.
/// And an issue with a number and a day of its own is another one, unless most of its articles are the
/// same.
fn likeness(now: &Features, then: &Features, usual: &Usual) -> Option<Likeness> {
    let manifest = |features: &Features| features.files.get("issue.toml").cloned();
    if manifest(now).is_some_and(|hash| manifest(then) == Some(hash)) {
        return Some(Likeness::Manifest);
    }
    let is_another = is_another(&now.headline, &then.headline);
    let own = now.articles().filter(|hash| !usual.articles.contains(*hash));
    let own: Vec<&String> = own.collect();
    let kept = own.iter().filter(|hash| then.files.values().any(|then| then == **hash)).count();
    // Of two articles one may be a standing one, which only the third issue shows.
    let is_enough = if is_another { kept * 2 > own.len() } else { kept * 2 >= own.len() };
    if kept > 0 && is_enough {
        return Some(Likeness::Articles(kept, own.len()));
    }
    if is_another {
        return None;
    }
    let subject = now.headline.subject.as_ref();
    let subject = subject.filter(|it| then.headline.subject.as_ref() == Some(it));
    if let Some(subject) = subject.filter(|subject| !usual.subjects.contains(*subject)) {
        return Some(Likeness::Subject(subject.clone()));
    }
    if let Some(number) = same_number(&now.headline, &then.headline)
        && !usual.numbers.contains(&number)
    {
        return Some(Likeness::Number(number));
    }
    let date = now.headline.date.filter(|date| then.headline.date == Some(*date))?;
    are_alike(&now.headline, &then.headline).then_some(Likeness::Date(date))
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

/// The number that both have, at about the same time.
fn same_number(now: &Headline, then: &Headline) -> Option<i64> {
    let number = now.number.filter(|number| then.number == Some(*number))?;
    now.date.zip(then.date).is_none_or(|(now, then)| is_near(now, then)).then_some(number)
}

fn is_near(now: Date, then: Date) -> bool {
    now.since(then).is_ok_and(|span| i64::from(span.get_days()).abs() < HALF_A_YEAR_DAYS)
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
fn is_still(there: &Features, then: &Features, usual: &Usual) -> bool {
    let is_own = |hash: &&String| !usual.articles.contains(*hash);
    let mut articles = then.articles().filter(is_own);
    likeness(there, then, usual).is_some()
        || articles.any(|hash| there.files.values().any(|there| there == hash))
        || same_number(&there.headline, &then.headline).is_some()
        || there.headline.date.is_some() && there.headline.date == then.headline.date
}

/// A receipt has no subject and no files: the number says most, and the day where there is none.
fn said_alike(now: &Headline, receipt: &Receipt) -> Option<Likeness> {
    let then = said(receipt);
    if let Some(number) = same_number(now, &then) {
        return Some(Likeness::Number(number));
    }
    let has_none = now.number.is_none() && then.number.is_none();
    now.date.filter(|date| has_none && then.date == Some(*date)).map(Likeness::Date)
}

/// Whether the folder that is there is another issue than the one that the receipt is of.
fn is_another_by_receipt(there: &Headline, receipt: &Receipt) -> bool {
    let then = said(receipt);
    let known = then.date.is_some() && there.date.is_some();
    known && there.date != then.date && same_number(there, &then).is_none()
}

fn said(receipt: &Receipt) -> Headline {
    Headline { number: receipt.number, date: receipt.date, ..Headline::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(subject: &str, files: &[(&str, &str)]) -> Features {
        let files = files.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned()));
        let headline = Headline { subject: Some(subject.to_owned()), ..Headline::default() };
        Features { headline, files: files.collect() }
    }

    /// The same with a number and a day.
    fn dated(features: Features, number: Option<i64>, date: &str) -> Features {
        let date = Some(date.parse().unwrap());
        Features { headline: Headline { number, date, ..features.headline }, ..features }
    }

    fn usual(issues: &[Features]) -> Usual {
        Usual::of(issues.iter())
    }

    fn sent() -> Features {
        features(
            "Hangul",
            &[("issue.toml", "i1"), ("a.md", "a1"), ("b.md", "b1"), ("imprint.md", "s")],
        )
    }

    #[test]
    fn a_renamed_issue_is_known_by_its_files_or_its_subject() {
        let usual = usual(&[sent(), features("Kimchi", &[])]);
        let of = |now: &Features| likeness(now, &sent(), &usual);
        assert_eq!(of(&sent()), Some(Likeness::Manifest));
        let edited = [("issue.toml", "i2"), ("a.md", "a2"), ("c.md", "b1"), ("imprint.md", "s")];
        assert_eq!(of(&features("Another", &edited)), Some(Likeness::Articles(2, 3)));
        let rewritten = [("issue.toml", "i2"), ("a.md", "a2"), ("b.md", "b2"), ("imprint.md", "s")];
        let subject = Some(Likeness::Subject("Hangul".to_owned()));
        assert_eq!(of(&features("Hangul", &rewritten)), subject);
    }

    #[test]
    fn a_standing_article_or_subject_makes_no_two_issues_one() {
        let next = [("issue.toml", "i2"), ("x.md", "x"), ("y.md", "y"), ("imprint.md", "s")];
        let of = |subject: &str, known: &[Features]| {
            likeness(&features(subject, &next), &sent(), &usual(known))
        };
        assert_eq!(of("Kimchi", &[sent()]), None);
        assert_eq!(of("Hangul", &[sent(), features("Hangul", &[])]), None);
        let (now, nothing) = (features("Hangul", &next), Features::default());
        assert_eq!(likeness(&now, &nothing, &usual(&[])), None);
        assert_eq!(likeness(&nothing, &nothing, &usual(&[])), None);
        // One of two articles stands in each issue.
        let two = |own: &'_ str| features(own, &[("own.md", own), ("imprint.md", "s")]);
        let known = [two("a"), two("b")];
        assert_eq!(likeness(&two("c"), &known[1], &usual(&known)), None);
        let again = features("c", &[("other.md", "b"), ("imprint.md", "s")]);
        assert_eq!(likeness(&again, &known[1], &usual(&known)), Some(Likeness::Articles(1, 1)));
    }

    #[test]
    fn what_was_edited_all_over_is_known_by_its_number_or_its_day() {
        let then = dated(features("Snow in Seoul", &[("a.md", "a1")]), Some(7), "2025-11-06");
        let edited = |subject: &str, number, date: &str| {
            let now = dated(features(subject, &[("a.md", "a2")]), number, date);
            likeness(&now, &then, &usual(std::slice::from_ref(&then)))
        };
        assert_eq!(edited("Kimchi", Some(7), "2025-11-09"), Some(Likeness::Number(7)));
        assert_eq!(edited("Kimchi", Some(7), "2026-11-05"), None, "it counts anew each year");
        let day = Some(Likeness::Date("2025-11-06".parse().unwrap()));
        assert_eq!(edited("Much snow in Seoul", Some(8), "2025-11-06"), day);
        assert_eq!(edited("Kimchi", Some(8), "2025-11-06"), None, "two issues of one day");
        assert_eq!(edited("Snow in Seoul", Some(8), "2025-11-13"), None, "a standing subject");
        let second = dated(features("Kimchi", &[]), Some(7), "2025-10-30");
        let now = dated(features("Rain", &[]), Some(7), "2025-11-13");
        assert_eq!(likeness(&now, &then, &usual(&[then.clone(), second])), None, "nobody counts");
    }

    #[test]
    fn half_of_the_articles_make_no_issue_one_that_has_its_own_number_and_day() {
        let files = |own: &'static str| [("own.md", own), ("imprint.md", "s")];
        let then = dated(features("Snow", &files("a")), Some(7), "2025-11-06");
        let known = usual(std::slice::from_ref(&then));
        let next = dated(features("Rain", &files("b")), Some(8), "2025-11-13");
        assert_eq!(likeness(&next, &then, &known), None);
        let unnumbered = dated(features("Rain", &files("b")), None, "2025-11-13");
        assert_eq!(likeness(&unnumbered, &then, &known), None);
        let same = dated(features("Rain", &files("a")), Some(8), "2025-11-13");
        assert_eq!(likeness(&same, &then, &known), Some(Likeness::Articles(2, 2)));
        // One of six was corrected.
        let six = |last: &'static str| {
            let names = ["a.md", "b.md", "c.md", "d.md", "e.md"];
            let mut files: Vec<(&str, &str)> = names.map(|name| (name, name)).to_vec();
            files.push(("f.md", last));
            features("Rain", &files)
        };
        let (then, now) = (six("f"), dated(six("g"), Some(8), "2025-11-13"));
        let then = dated(then, Some(7), "2025-11-06");
        let known = usual(std::slice::from_ref(&then));
        assert_eq!(likeness(&now, &then, &known), Some(Likeness::Articles(5, 6)));
    }

    #[test]
    fn a_folder_holds_its_issue_until_nothing_of_it_is_left() {
        let files = [("a.md", "a1"), ("b.md", "b1"), ("c.md", "c1")];
        let then = dated(features("Snow", &files), Some(7), "2025-11-06");
        let known = usual(std::slice::from_ref(&then));
        let decoy = dated(features("Rain", &[("a.md", "x")]), Some(9), "2026-01-06");
        assert!(!is_still(&decoy, &then, &known));
        let edited = Features { files: BTreeMap::new(), ..then.clone() };
        assert!(is_still(&edited, &then, &known));
        let files = [("a.md", "x"), ("b.md", "y"), ("c.md", "c1")];
        let one_article = dated(features("Rain", &files), Some(9), "2026-01-06");
        assert!(is_still(&one_article, &then, &known));
    }
}
