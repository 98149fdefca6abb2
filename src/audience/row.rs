//! One record -> a recipient, a refusal, or somebody who is not to be written to.
//!
//! Exists so that what becomes of a row is decided in one place. Must never end without saying
//! which of the three it is.

use std::borrow::Cow;
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::issue::topics::{self, Topic, TopicChoice, TopicChoiceError};
use crate::message::address::Address;
use crate::message::recipient::Recipient;

use super::attributes::{Attributes, attributes};
use super::clean::clean;
use super::columns::{Columns, Exporter, Role};
use super::csv::{Placed, Record, Split, split};
use super::damage::{destroyed, is_failed_formula, is_no_value};
use super::email::{EmailCell, email, is_role};
use super::formula::unguarded;
use super::remarks::may_say_no;
use super::rules;
use super::status::{ADDRESS_CHANGED, OPTED_OUT, is_strong};
use super::suppression::SuppressionReason;
use super::tally::{SaidNo, Tallies};

/// What became of a row.
#[derive(Debug)]
pub enum Row {
    /// Somebody to write to.
    Kept {
        /// The line on which the row starts.
        line: usize,
        /// Who.
        recipient: Recipient,
        /// What was mended, or is worth a look.
        warnings: Vec<Diagnostic>,
    },
    /// A row that cannot be used.
    Rejected(Diagnostic),
    /// Somebody who, as the list itself says, is not to be written to.
    LeftOut {
        /// The line on which the row starts.
        line: usize,
        /// Who, where the row says so: another row may call the same person subscribed.
        address: Option<Address>,
        /// Why: `unsubscribed`, `bounced`, `unconfirmed` and the like.
        reason: &'static str,
        /// The column and what they have answered there, as `수신동의=아니오`, where they were asked and
        /// said no.
        answer: Option<String>,
        /// What the row says of them otherwise, where it can be read: whose tag it is that nobody
        /// else has.
        person: Option<Box<Recipient>>,
    },
}

/// What rows are read with.
pub(super) struct RowContext<'a> {
    pub(super) path: &'a Path,
    pub(super) columns: &'a Columns,
    pub(super) tallies: &'a mut Tallies,
    pub(super) topics: &'a [Topic],
    /// What the name of the file says of everybody in it, if it is known to say something.
    pub(super) of_all: Option<&'static str>,
}

/// Why a row yields no recipient.
enum NoRecipient {
    Left(SaidNo),
    Bad(Diagnostic),
}

/// Decides what a record is; `None` for a row in which every cell is empty.
pub(super) fn read(context: &mut RowContext<'_>, record: &Record) -> Option<Row> {
    if record.is_blank() {
        return None;
    }
    let line = record.line();
    let mut warnings = Vec::new();
    Some(match recipient(context, record, &mut warnings) {
        Ok(recipient) => Row::Kept { line, recipient, warnings },
        Err(NoRecipient::Left(SaidNo { reason, answer })) => {
            let cell = record.get(context.columns.email);
            let address = cell.and_then(|cell| email(unguarded(cell.text)).ok());
            let address = address.map(|found| found.address);
            // Nobody is told what is wrong with a row that is not used.
            let person = person(context, record, &mut Vec::new()).ok();
            let reason = if answer.is_some() { OPTED_OUT } else { reason };
            Row::LeftOut { line, address, reason, answer, person: person.map(Box::new) }
        }
        Err(NoRecipient::Bad(diagnostic)) => Row::Rejected(diagnostic),
    })
}

fn recipient(
    context: &mut RowContext<'_>,
    record: &Record,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Recipient, NoRecipient> {
    fits(context, record).map_err(NoRecipient::Bad)?;
    subscribed(context, record)?;
    for (index, cell) in record.iter().enumerate() {
        let is_free = context.tallies.is_for_remarks(index)
            && context
                .columns
                .all
                .get(index)
                .is_some_and(|column| matches!(column.role, Role::Field | Role::Nameless));
        if is_free && may_say_no(cell.text) {
            warnings.push(rules::row_remark(context.path, cell));
        }
    }
    person(context, record, warnings)
}

/// The person of a row, whether or not they are to be written to.
fn person(
    context: &RowContext<'_>,
    record: &Record,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Recipient, NoRecipient> {
    let RowContext { path, columns, .. } = *context;
    let EmailCell { address, name } = address(path, columns, record, warnings)?;

    let mut fields: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(record.len() + 1);
    let mut tags: Vec<Cow<'_, str>> = Vec::new();
    let mut found = Attributes::default();
    let mut attributes_cell = None;
    for (column, cell) in columns.all.iter().zip(record.iter()) {
        match column.role {
            Role::Email | Role::Number | Role::Nameless => {}
            Role::Field if column.name == topics::FIELD && !context.topics.is_empty() => {
                fields.push((&column.name, topics_in(context, cell, warnings)?.into()));
            }
            Role::Field => {
                let value = match columns.exporter {
                    Exporter::Digest => {
                        tidy(path, cell, &column.name, unguarded(cell.text), warnings)
                    }
                    _ => value(path, cell, &column.name, warnings),
                };
                // Where there are no topics yet, the words may be anything.
                if column.name == topics::FIELD
                    && let Err(mixed @ TopicChoiceError::Mixed(_)) = value.parse::<TopicChoice>()
                {
                    return Err(NoRecipient::Bad(rules::row_topics(path, cell, &mixed)));
                }
                fields.push((&column.name, value));
            }
            Role::Tags => {
                for tag in tags_in(unguarded(cell.text), columns.exporter) {
                    if tag.contains(',') && columns.exporter == Exporter::Plain {
                        warnings.push(rules::row_tags(path, cell, &tag));
                    }
                    tags.push(tidy_owned(path, cell, "a tag", &tag, warnings));
                }
            }
            Role::Attributes => {
                found = attributes(cell.text)
                    .map_err(|error| NoRecipient::Bad(rules::row_attributes(path, cell, &error)))?;
                attributes_cell = Some(cell);
            }
        }
    }
    if let Some(cell) = attributes_cell {
        warnings
            .extend(found.unnamed.iter().map(|key| rules::row_unnamed_attribute(path, cell, key)));
        for (name, value) in &found.fields {
            fields.push((name, tidy(path, cell, name, value, warnings)));
        }
        tags.extend(found.tags.iter().map(|tag| tidy(path, cell, "a tag", tag, warnings)));
    }
    // The name beside the address counts only where the list has no better one.
    let named = |(name, value): &(&str, Cow<'_, str>)| {
        matches!(*name, "name" | "first_name" | "last_name") && !value.is_empty()
    };
    if let (Some(name), Some(cell)) = (&name, record.get(columns.email))
        && !fields.iter().any(named)
    {
        fields.push(("name", tidy_owned(path, cell, "the name", name, warnings)));
    }
    let fields = fields.iter().map(|(name, value)| (*name, &**value));
    Ok(Recipient::new(address, fields, tags.iter().map(|tag| &**tag)))
}

/// The topics that a cell names. Whether somebody wants mail is not guessed.
fn topics_in(
    context: &RowContext<'_>,
    cell: Placed<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<String, NoRecipient> {
    let RowContext { path, topics, .. } = context;
    let choice: TopicChoice = unguarded(cell.text)
        .parse()
        .map_err(|error| NoRecipient::Bad(rules::row_topics(path, cell, &error)))?;
    let is_known = |name: &str| topics.iter().any(|topic| topic.name == name);
    let unknown = choice.names().filter(|name| !is_known(name));
    warnings.extend(unknown.map(|name| rules::row_topic_unknown(path, cell, name, topics)));
    Ok(choice.to_string())
}

/// Topics of a person that the publication does not have. Where it has none yet, the words may be
/// anything.
pub fn unknown_topics(who: &Address, choice: &str, topics: &[Topic]) -> Vec<Diagnostic> {
    let choice: Result<TopicChoice, TopicChoiceError> = choice.parse();
    let Ok(choice) = choice else { return Vec::new() };
    let is_unknown =
        |name: &&str| !topics.is_empty() && !topics.iter().any(|one| one.name == *name);
    let unknown = choice.names().filter(is_unknown);
    unknown.map(|name| rules::person_topic_unknown(who.as_str(), name, topics)).collect()
}

/// As many cells as columns, and no NUL: a row that does not fit has its values in wrong columns.
fn fits(context: &RowContext<'_>, record: &Record) -> Result<(), Diagnostic> {
    let width = context.columns.all.len();
    let extra = record.iter().skip(width).any(|cell| !cell.text.trim().is_empty());
    if record.len() < width || extra {
        return Err(rules::row_cells(context.path, record, width));
    }
    match record.iter().find(|cell| cell.text.contains('\0')) {
        Some(cell) => Err(rules::row_nul(context.path, cell)),
        None => Ok(()),
    }
}

/// Leaves out who unsubscribed, bounced or never confirmed, as the list itself says.
fn subscribed(context: &mut RowContext<'_>, record: &Record) -> Result<(), NoRecipient> {
    let columns = context.columns;
    let role = |index: usize| columns.all.get(index).map(|column| &column.role);
    let said = context
        .tallies
        .row(record, |index| !matches!(role(index), Some(Role::Field | Role::Nameless)));
    // A tag may be all that a program keeps of somebody who left.
    let tagged = columns.all.iter().zip(record.iter()).any(|(column, cell)| {
        column.role == Role::Tags
            && tags_in(cell.text, columns.exporter).iter().any(|tag| is_strong(tag))
    });
    let tagged = tagged.then_some("unsubscribed").map(SaidNo::because);
    let said = SaidNo::stronger(said, tagged);
    let said = match columns.exporter {
        Exporter::Suppressed => Some(SaidNo::because(own_word(reason_of(columns, record)))),
        _ => said,
    };
    match SaidNo::stronger(said, context.of_all.map(SaidNo::because)) {
        Some(said) => Err(NoRecipient::Left(said)),
        None => Ok(()),
    }
}

/// Why somebody is suppressed by our own list of those who are; a word that is none was written by hand.
pub(super) fn reason_of(columns: &Columns, record: &Record) -> SuppressionReason {
    let cells = columns.all.iter().zip(record.iter());
    let cell = cells.into_iter().find(|(column, _)| column.name == "reason");
    let reason = cell.and_then(|(_, cell)| unguarded(cell.text).trim().parse().ok());
    reason.unwrap_or(SuppressionReason::Manual)
}

/// The word that other lists have for it.
fn own_word(reason: SuppressionReason) -> &'static str {
    match reason {
        SuppressionReason::Unsubscribed => "unsubscribed",
        SuppressionReason::HardBounce => "bounced",
        SuppressionReason::Complaint => "complained",
        SuppressionReason::Manual => "blocklisted",
        SuppressionReason::Moved => ADDRESS_CHANGED,
    }
}

fn address(
    path: &Path,
    columns: &Columns,
    record: &Record,
    warnings: &mut Vec<Diagnostic>,
) -> Result<EmailCell, NoRecipient> {
    let Columns { email: index, exporter, .. } = columns;
    let Some(cell) = record.get(*index) else {
        let width = columns.all.len();
        return Err(NoRecipient::Bad(rules::row_cells(path, record, width)));
    };
    let mut text = unguarded(cell.text);
    let mut several = false;
    if *exporter == Exporter::Google {
        // Most contacts in an address book have only a telephone.
        if text.trim().is_empty() {
            return Err(NoRecipient::Left(SaidNo::because("no email address")));
        }
        if let Some((first, _)) = text.split_once(":::") {
            (text, several) = (first, true);
        }
    }
    let found =
        email(text).map_err(|refused| NoRecipient::Bad(rules::row_address(path, cell, refused)))?;
    if several {
        warnings.push(rules::row_several(path, cell, found.address.as_str()));
    }
    if is_role(&found.address) {
        warnings.push(rules::row_role(path, cell, found.address.as_str()));
    }
    Ok(found)
}

/// The value of a field; none where the cell only says that there is none, or where a formula failed.
fn value<'a>(
    path: &Path,
    cell: Placed<'a>,
    name: &str,
    warnings: &mut Vec<Diagnostic>,
) -> Cow<'a, str> {
    let text = tidy(path, cell, name, unguarded(cell.text), warnings);
    let is_failed = is_failed_formula(&text);
    if is_failed {
        warnings.push(rules::row_formula(path, cell, name));
    }
    if is_failed || is_no_value(&text) { Cow::Borrowed("") } else { text }
}

/// Cleans a value and reports what was done to it, or before.
fn tidy<'a>(
    path: &Path,
    cell: Placed<'_>,
    name: &str,
    value: &'a str,
    warnings: &mut Vec<Diagnostic>,
) -> Cow<'a, str> {
    let cleaned = clean(value);
    if cleaned.broken {
        warnings.push(rules::row_line_break(path, cell, name));
    }
    if let Some(odd) = cleaned.removed {
        warnings.push(rules::row_invisible(path, cell, name, odd));
    }
    if let Some(word) = destroyed(value) {
        warnings.push(rules::row_letters(path, cell, name, word));
    }
    cleaned.text
}

fn tidy_owned(
    path: &Path,
    cell: Placed<'_>,
    name: &str,
    value: &str,
    warnings: &mut Vec<Diagnostic>,
) -> Cow<'static, str> {
    Cow::Owned(tidy(path, cell, name, value, warnings).into_owned())
}

/// `a; b` in general, `"a","b"` at Mailchimp, `* myContacts ::: a` at Google.
fn tags_in(cell: &str, exporter: Exporter) -> Vec<String> {
    let tags: Vec<String> = match exporter {
        Exporter::Mailchimp => {
            let mut record = Record::default();
            match split(cell, true, b',', 1, &mut record) {
                Split::Record(_) => record.iter().map(|tag| tag.text.to_owned()).collect(),
                _ => cell.split(',').map(|tag| tag.replace('"', "")).collect(),
            }
        }
        // The asterisk marks the groups that Google itself makes.
        Exporter::Google => {
            cell.split(":::").map(|tag| tag.trim().trim_start_matches("* ").to_owned()).collect()
        }
        Exporter::Ghost => cell.split(',').map(|tag| tag.trim().to_owned()).collect(),
        _ => cell.split(';').map(str::to_owned).collect(),
    };
    tags.into_iter().filter(|tag| !tag.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_written_in_the_way_of_each_program() {
        assert_eq!(tags_in("Board; donor ;", Exporter::Plain), ["Board", " donor "]);
        let tags = tags_in("\"Board\",\"a, b\"", Exporter::Mailchimp);
        assert_eq!(tags, ["Board", "a, b"]);
        assert_eq!(tags_in("\"Board\" x,y", Exporter::Mailchimp), ["Board x", "y"]);
        assert_eq!(tags_in("VIP, Board", Exporter::Ghost), ["VIP", "Board"]);
        assert_eq!(tags_in("Choir ::: * myContacts", Exporter::Google), ["Choir", "myContacts"]);
    }
}
