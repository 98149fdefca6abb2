//! A subscriber file -> the staging table, in one pass and in a few kilobytes: the only reader of
//! lists. `check`, `test`, `render`, `plan` and `send` all come through here.
//!
//! What is wrong with rows is counted, and only the first problems of each rule are kept. Must never
//! drop a row that it stages without a count or a problem that says so.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use super::ledger::Ledger;
use super::ledger::got::GotIssue;
use super::ledger::staging::{StagedRow, Standing};
use super::ledger::suppressed::SuppressedPeople;
use super::parts::PartNumbers;
use super::source::ListRows;
use crate::audience::except::Exceptions;
use crate::audience::forgotten::{ForgettingKeys, ForgottenError};
use crate::audience::list;
use crate::audience::near::NearAddress;
use crate::audience::pause;
use crate::audience::problems::{LINES, Problems};
use crate::audience::row::Row;
use crate::compose::Composition;
use crate::diagnostic::{Diagnostic, Severity};
use crate::issue::only::by_issues::OnlyByIssues;
use crate::issue::only::{Only, STATUS_WORDS, TermsToMeet, UnmetTerm};
use crate::message::address::Address;
use crate::message::recipient::Recipient;
use crate::store::{StoreAddress, StoreError};

/// What was found in a list.
#[derive(Debug, Default)]
pub struct Intake {
    /// The names of its columns, as slots call them.
    pub columns: Vec<String>,
    /// People whom it keeps, each once, also those who are left out for a no elsewhere.
    pub people: u64,
    /// Rows that repeat one of them.
    pub duplicates: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
    /// Rows and people left out, by what the list says of them.
    pub left_out: BTreeMap<String, u64>,
    /// Of each issue that was asked about, how many people have it.
    pub got: Vec<GotIssue>,
    /// What the people whom the list keeps get of the issue.
    pub parts: PartNumbers,
    /// Of the people whom the list keeps, those for whom the issue has no section.
    pub unserved: u64,
    /// People whom the list keeps, and who are suppressed.
    pub suppressed: SuppressedPeople,
    /// The first rows that cannot be used, and then what is worth a look. Where there is more of a
    /// rule, one of its problems says how many rows have it, and which are the first.
    pub problems: Vec<Diagnostic>,
    /// Columns of which somebody has to say first what they mean: until then, nobody can know who
    /// of the list has said no.
    pub unclear: u64,
    /// Tags and values of fields that were asked for, and that nobody has.
    pub unmet: Vec<UnmetTerm>,
    /// Fields that were asked for, and that nobody has.
    pub unknown_fields: Vec<String>,
    /// The tags that people have, in small letters; `None` where there are too many to keep.
    pub tags: Option<BTreeSet<String>>,
}

/// Why a list could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The file.
    #[error("{}", .0.message)]
    List(Box<Diagnostic>),
    /// The temporary table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nobody can tell who of it was forgotten.
    #[error(transparent)]
    Forgotten(ForgottenError),
    /// An expression asks who has an issue that no store knows.
    #[error("got:{issue}: no issue of this name was sent")]
    UnknownIssue {
        /// Its name.
        issue: String,
        /// The one that was probably meant.
        meant: Option<String>,
    },
}

impl From<ForgottenError> for IntakeError {
    fn from(error: ForgottenError) -> IntakeError {
        match error {
            ForgottenError::Store(error) => IntakeError::Store(error),
            error => IntakeError::Forgotten(error),
        }
    }
}

impl From<Diagnostic> for IntakeError {
    fn from(problem: Diagnostic) -> IntakeError {
        IntakeError::List(Box::new(problem))
    }
}

/// Who of a list is meant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice<'a> {
    /// These; everybody without.
    pub only: Option<&'a Only>,
    /// Of these, those for whom the issue has a section; everybody without.
    pub sent_to: Option<&'a Only>,
    /// But nobody of these.
    pub except: Option<&'a Exceptions>,
    /// Nor who is suppressed by this store, beside those whom the ledger's own file names.
    pub suppressed_in: Option<&'a StoreAddress>,
    /// Nor who was forgotten by either, as these keys tell.
    pub forgetting: Option<&'a ForgettingKeys>,
    /// Of this it is counted who gets which parts.
    pub composition: Option<&'a Composition>,
}

/// Reads a list into the ledger's staging table.
///
/// # Errors
/// The file cannot be read to its end, or the staging table not be written.
pub async fn stage<R: Read>(
    ledger: &Ledger,
    rows: impl Into<ListRows<R>>,
    choice: Choice<'_>,
) -> Result<Intake, IntakeError> {
    let mut rows = rows.into();
    let mut found = Intake::default();
    let mut problems = Problems::default();
    rows.warnings().iter().cloned().for_each(|warning| problems.add(warning));
    let mut terms = terms_to_meet(&choice, &rows);
    let mut tags = Some(BTreeSet::new());
    let mut kept_rows = 0;
    let mut excepted = BTreeSet::new();
    let chosen = choice.only.map(OnlyByIssues::new);
    let issues = chosen.as_ref().map_or(&[][..], OnlyByIssues::issues);
    let exceptions = ExceptedPeople::of(ledger, &choice).await?;
    found.got = ledger.look_up_got(issues, choice.suppressed_in).await?;
    let mut parts = choice.composition.map(PartNumbers::of).unwrap_or_default();
    let mut staging = ledger.begin_staging().await?;
    while let Some(row) = rows.next().await {
        match row? {
            Row::Kept { recipient, warnings, .. } => {
                terms.meet(&recipient);
                keep_tags(&mut tags, &recipient);
                let address = recipient.address();
                if let Some(except) = exceptions.about(address) {
                    excepted.insert(address.identity());
                    staging.add(StagedRow::left(address, except.reason().to_owned())).await?;
                    continue;
                }
                // Nobody is told what is odd in a row that is not used.
                warnings.into_iter().for_each(|warning| problems.add(warning));
                kept_rows += 1;
                let row = kept(&recipient, chosen.as_ref(), choice.sent_to);
                staging.add(row.part(parts.number(&recipient))).await?;
            }
            Row::Rejected(problem) => {
                found.rejected += 1;
                problems.add(problem);
            }
            Row::LeftOut { address, reason, person, .. } => {
                // A tag of people who have all left is none that was mistyped.
                if let Some(person) = &person {
                    terms.meet(person.as_ref());
                    keep_tags(&mut tags, person);
                }
                *found.left_out.entry(reason.to_owned()).or_default() += 1;
                if let Some(address) = address {
                    staging.add(StagedRow::left(&address, why(reason, person.as_deref()))).await?;
                }
            }
        }
    }
    let except = choice.except.filter(|_| !excepted.is_empty());
    found.left_out.extend(except.map(|one| (one.reason().to_owned(), excepted.len() as u64)));
    found.columns = rows.field_names();
    found.people = staging.finish().await?;
    found.duplicates = kept_rows - found.people;
    ledger.choose_by_got(issues.len()).await?;
    contradictions(ledger, rows.path(), &mut found, &mut problems).await?;
    leave_out(ledger, choice, &mut found).await?;
    (found.tags, found.parts) = (tags, parts);
    let doubts = rows.doubts();
    found.unclear = doubts.iter().filter(|doubt| doubt.is_error()).count() as u64;
    let told = doubts.into_iter().chain(rows.guessed()).chain(problems.in_order());
    found.problems = told.chain(all_left(&rows, &found, excepted.len())).collect();
    let unknown_fields = terms.unknown_fields(&found.columns);
    Ok(Intake { unmet: terms.unmet(), unknown_fields, ..found })
}

/// Why somebody gets no mail, in full.
fn why(reason: &'static str, person: Option<&Recipient>) -> Cow<'static, str> {
    let until = person.and_then(|person| pause::day(person.field(pause::FIELD)?).ok()?);
    match until {
        Some(until) if reason == pause::PAUSED => Cow::Owned(pause::reason(until)),
        _ => Cow::Borrowed(reason),
    }
}

/// What `--only` asks about. The store has its own words for how somebody stands.
fn terms_to_meet<'a, R: Read>(choice: &Choice<'a>, rows: &ListRows<R>) -> TermsToMeet<'a> {
    let mut terms = TermsToMeet::of(choice.only);
    if rows.are_stored() {
        terms.know("status", &STATUS_WORDS);
    }
    terms
}

/// Somebody whom the list keeps, and whether they are meant and the issue has a section for them.
/// Whom a file of exceptions means, under whichever of their addresses.
struct ExceptedPeople<'a> {
    except: Option<&'a Exceptions>,
    /// Addresses of now of whoever stands there with an earlier one.
    moved: BTreeSet<String>,
}

impl<'a> ExceptedPeople<'a> {
    /// Reads who had which address before.
    async fn of(ledger: &Ledger, choice: &Choice<'a>) -> Result<ExceptedPeople<'a>, StoreError> {
        let elsewhere: Vec<&StoreAddress> = choice.suppressed_in.into_iter().collect();
        ledger.know_former(&elsewhere).await?;
        let Some(except) = choice.except else {
            return Ok(ExceptedPeople { except: None, moved: BTreeSet::new() });
        };
        let is_meant = |former: &str| Address::parse(former).is_ok_and(|one| except.has(&one));
        let former = ledger.former().await?.into_iter();
        let moved = former.filter(|(former, _)| is_meant(former)).map(|(_, now)| now).collect();
        Ok(ExceptedPeople { except: Some(except), moved })
    }

    fn about(&self, address: &Address) -> Option<&'a Exceptions> {
        self.except.filter(|except| {
            except.has(address)
                || !self.moved.is_empty() && self.moved.contains(&address.identity())
        })
    }
}

fn kept(
    person: &Recipient,
    chosen: Option<&OnlyByIssues<'_>>,
    sent_to: Option<&Only>,
) -> StagedRow {
    // Bit 0 is of somebody who has none of the issues that are asked about.
    let chosen = chosen.map_or(1, |chosen| chosen.meant(person));
    let served = sent_to.is_none_or(|only| only.means(person));
    StagedRow::kept(person, chosen & 1 == 0).chosen(chosen).served(served)
}

/// Takes out whom the list keeps and who gets nothing all the same.
async fn leave_out(
    ledger: &Ledger,
    choice: Choice<'_>,
    found: &mut Intake,
) -> Result<(), IntakeError> {
    let no_keys = ForgettingKeys::default();
    let keys = choice.forgetting.unwrap_or(&no_keys);
    found.suppressed = ledger.leave_suppressed_out(choice.suppressed_in, keys).await?;
    found.unserved = ledger.leave_unserved_out(choice.sent_to.is_some()).await?;
    Ok(())
}

/// Two exports put together call one person subscribed and unsubscribed: a no counts more.
async fn contradictions(
    ledger: &Ledger,
    path: &Path,
    found: &mut Intake,
    problems: &mut Problems,
) -> Result<(), IntakeError> {
    let (counts, first) = ledger.contradictions(LINES as i64).await?;
    let all: u64 = counts.values().sum();
    for (reason, count) in counts {
        *found.left_out.entry(reason).or_default() += count;
    }
    for one in &first {
        problems.add(list::contradiction(path, &one.email, &one.reason));
    }
    problems.count("list-contradiction", Severity::Warning, all - first.len() as u64);
    Ok(())
}

/// What is told of a list that holds nobody but people who left.
fn all_left<R: Read>(rows: &ListRows<R>, found: &Intake, excepted: usize) -> Option<Diagnostic> {
    let left: u64 = found.left_out.values().sum();
    let is_nobody = found.people + found.rejected == 0 && excepted == 0;
    rows.all_left(left).filter(|_| is_nobody && left > 0)
}

/// Tags of a list that are kept, so that a passage for a tag that nobody has can be told.
const KEPT_TAGS: usize = 10_000;

fn keep_tags(kept: &mut Option<BTreeSet<String>>, person: &Recipient) {
    let Some(tags) = kept else { return };
    for tag in person.tags() {
        if !tags.contains(tag) {
            tags.insert(tag.to_lowercase());
        }
    }
    if tags.len() > KEPT_TAGS {
        *kept = None;
    }
}

/// What a list says of some people.
#[derive(Debug)]
pub struct Standings {
    /// Of each of them, and the address of the list that is written almost like theirs.
    pub people: Vec<(Standing, Option<String>)>,
    /// What a person has to say first of columns about consent, and what should be known of the
    /// file.
    pub problems: Vec<Diagnostic>,
}

/// Takes those out of `people`, who are named by their identities, whom the list has.
///
/// # Errors
/// The file cannot be read to its end.
pub async fn strike<R: Read>(
    rows: impl Into<ListRows<R>>,
    people: &mut BTreeSet<String>,
) -> Result<(), IntakeError> {
    let mut rows = rows.into();
    while let Some(row) = rows.next().await {
        match row? {
            Row::Kept { recipient, .. } => drop(people.remove(&recipient.address().identity())),
            Row::LeftOut { address: Some(address), .. } => drop(people.remove(&address.identity())),
            Row::LeftOut { .. } | Row::Rejected(_) => {}
        }
    }
    Ok(())
}

/// What a list says of each of `addresses`. The whole list is read, because its last row may say
/// that somebody has left, but only the rows of these people are kept.
///
/// # Errors
/// The file cannot be read to its end, or the staging table not be written.
pub async fn find<R: Read>(
    ledger: &Ledger,
    rows: impl Into<ListRows<R>>,
    addresses: &[Address],
) -> Result<Standings, IntakeError> {
    let mut rows = rows.into();
    let wanted: BTreeSet<String> = addresses.iter().map(Address::identity).collect();
    let is_wanted = |address: &Address| wanted.contains(&address.identity());
    let mut near: Vec<NearAddress> = addresses.iter().map(NearAddress::to).collect();
    let mut staging = ledger.begin_staging().await?;
    while let Some(row) = rows.next().await {
        match row? {
            Row::Kept { recipient, .. } if is_wanted(recipient.address()) => {
                staging.add(StagedRow::kept(&recipient, false)).await?;
            }
            Row::Kept { recipient, .. } => {
                let address = recipient.address();
                near.iter_mut().for_each(|near| near.see(address.as_str(), &address.identity()));
            }
            Row::LeftOut { address: Some(address), reason, person, .. } if is_wanted(&address) => {
                staging.add(StagedRow::left(&address, why(reason, person.as_deref()))).await?;
            }
            Row::LeftOut { .. } | Row::Rejected(_) => {}
        }
    }
    staging.finish().await?;
    let mut people = Vec::with_capacity(addresses.len());
    for (address, near) in addresses.iter().zip(near) {
        people.push((ledger.standing(address).await?, near.found()));
    }
    Ok(Standings { people, problems: rows.doubts().into_iter().chain(rows.guessed()).collect() })
}
