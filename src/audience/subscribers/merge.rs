//! What a file may change of a person whom the store has: the rule of `--update`, as one function.
//!
//! Must never empty anything: a cell without a value says nothing.

use super::SubscriptionStatus;
use super::profile::{SubscriberProfile, moment, pause_text};
use super::staged::ImportEntry;
use crate::audience::pause;

/// What a file may change of people whom the store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum UpdatePolicy {
    /// What is empty.
    #[default]
    Fill,
    /// All that it has a value for.
    Overwrite,
    /// Nothing.
    Never,
}

/// A person as they are when a file's row is taken in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) after: SubscriberProfile,
    /// What changes: the field, and its values before and after.
    pub(super) changes: Vec<(String, String, String)>,
    /// Where the file says something else than the store, which stays: the field, and both.
    pub(super) conflicts: Vec<(String, String, String)>,
}

/// Takes a row into what the store has.
pub(super) fn merge(stored: &SubscriberProfile, row: &ImportEntry, policy: UpdatePolicy) -> Merged {
    let mut merging = Merging {
        policy,
        merged: Merged { after: stored.clone(), changes: Vec::new(), conflicts: Vec::new() },
    };
    if row.refusal.is_some() {
        // Of who said no, the file changes that alone.
        if row.status == SubscriptionStatus::Unsubscribed {
            let after = &mut merging.merged.after;
            let before = std::mem::replace(&mut after.status, row.status);
            merging.merged.changes = changed("status", before.word(), row.status.word());
        }
        return merging.merged;
    }
    for (name, value) in &row.fields {
        let before = stored.fields.get(name).map_or("", String::as_str);
        if merging.takes(name, before, value) {
            merging.merged.after.fields.insert(name.clone(), value.clone());
        }
    }
    if merging.takes("language", &stored.language, &row.language) {
        merging.merged.after.language.clone_from(&row.language);
    }
    if merging.takes("topics", &stored.topics, &row.topics) {
        merging.merged.after.topics.clone_from(&row.topics);
    }
    merging.take_tags(&stored.tags, row);
    if merging.takes("status", stored.status.word(), row.status.word()) {
        merging.merged.after.status = row.status;
    }
    if merging.takes("email", &stored.email, row.address.as_str()) {
        merging.merged.after.email = row.address.as_str().to_owned();
    }
    // Nobody who has ended a pause is paused again by an older file.
    let pause = pause_text(row.paused_until);
    if policy == UpdatePolicy::Overwrite
        && merging.takes(pause::FIELD, &stored.pause_text(), &pause)
    {
        merging.merged.after.paused_until = row.paused_until;
    }
    if let Some(joined) = row.joined
        && joined != stored.joined
        && merging.takes(
            "joined",
            &if row.is_day_unknown { String::new() } else { moment(stored.joined) },
            &moment(joined),
        )
    {
        merging.merged.after.joined = joined;
    }
    merging.merged
}

fn changed(name: &str, before: &str, after: &str) -> Vec<(String, String, String)> {
    if before == after {
        return Vec::new();
    }
    vec![(name.to_owned(), before.to_owned(), after.to_owned())]
}

struct Merging {
    policy: UpdatePolicy,
    merged: Merged,
}

impl Merging {
    /// Tags are a set: those of the file are taken as a whole, and those of `--tag` come to whatever
    /// there is.
    fn take_tags(&mut self, stored: &[String], row: &ImportEntry) {
        let has_all = row.tags.iter().all(|tag| stored.contains(tag));
        let before = stored.join(";");
        let is_more = |tag: &&String| !row.tags.contains(tag) && !row.further_tags.contains(tag);
        let takes = match self.policy {
            UpdatePolicy::Fill => stored.is_empty(),
            UpdatePolicy::Overwrite => !has_all || stored.iter().any(|tag| is_more(&tag)),
            UpdatePolicy::Never => false,
        };
        let mut after = stored.to_vec();
        if takes && !row.tags.is_empty() {
            after.clone_from(&row.tags);
        } else if !has_all {
            self.merged.conflicts.push(("tags".to_owned(), before.clone(), row.tags.join(";")));
        }
        if self.policy != UpdatePolicy::Never {
            let missing: Vec<String> =
                row.further_tags.iter().filter(|tag| !after.contains(tag)).cloned().collect();
            after.extend(missing);
        }
        self.merged.changes.extend(changed("tags", &before, &after.join(";")));
        self.merged.after.tags = after;
    }

    /// Whether the file's value is taken; notes down what that means.
    fn takes(&mut self, name: &str, before: &str, value: &str) -> bool {
        if value.is_empty() || value == before {
            return false;
        }
        let takes = match self.policy {
            UpdatePolicy::Fill => before.is_empty(),
            UpdatePolicy::Overwrite => true,
            UpdatePolicy::Never => false,
        };
        let noted = (name.to_owned(), before.to_owned(), value.to_owned());
        if takes {
            self.merged.changes.push(noted);
        } else if !before.is_empty() && name != "joined" && name != "email" {
            // How an address is written, and an older date, are nothing to decide about.
            self.merged.conflicts.push(noted);
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::suppression::SuppressionReason;
    use crate::message::address::Address;

    fn stored() -> SubscriberProfile {
        SubscriberProfile {
            email: "Kim@example.org".to_owned(),
            fields: [("name".to_owned(), "Kim".to_owned())].into(),
            tags: vec!["board".to_owned()],
            language: String::new(),
            topics: String::new(),
            status: SubscriptionStatus::Confirmed,
            joined: super::super::profile::of_ms(1_000),
            paused_until: None,
            consent: None,
        }
    }

    fn row(fields: &[(&str, &str)]) -> ImportEntry {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ImportEntry {
            fields: fields.collect(),
            language: "ko".to_owned(),
            further_tags: vec!["new".to_owned()],
            ..ImportEntry::nothing(2, Address::parse("kim@example.org").unwrap())
        }
    }

    fn names(noted: &[(String, String, String)]) -> Vec<&str> {
        noted.iter().map(|(name, ..)| name.as_str()).collect()
    }

    #[test]
    fn each_policy_changes_what_it_may() {
        let row = row(&[("name", "Kim M."), ("city", "Seoul")]);
        for (policy, changes, conflicts) in [
            (UpdatePolicy::Fill, vec!["city", "language", "tags"], vec!["name"]),
            (UpdatePolicy::Overwrite, vec!["city", "name", "language", "tags", "email"], vec![]),
            (UpdatePolicy::Never, vec![], vec!["name"]),
        ] {
            let merged = merge(&stored(), &row, policy);
            assert_eq!(names(&merged.changes), changes, "{policy:?}");
            assert_eq!(names(&merged.conflicts), conflicts, "{policy:?}");
            assert_eq!(merged.changes.is_empty(), merged.after == stored());
            let again = merge(&merged.after, &row, policy);
            assert_eq!(again.after, merged.after, "{policy:?}: the same row again changes nothing");
        }
    }

    #[test]
    fn a_cell_without_a_value_empties_nothing() {
        let row = ImportEntry { language: String::new(), further_tags: vec![], ..row(&[]) };
        let merged = merge(&stored(), &row, UpdatePolicy::Overwrite);
        assert_eq!((merged.after.fields, merged.after.tags), (stored().fields, stored().tags));
    }

    #[test]
    fn of_who_said_no_that_alone_is_taken() {
        let row = ImportEntry {
            refusal: Some((SuppressionReason::Unsubscribed, "unsubscribed")),
            status: SubscriptionStatus::Unsubscribed,
            ..row(&[("name", "Other")])
        };
        let merged = merge(&stored(), &row, UpdatePolicy::Overwrite);
        let after = SubscriberProfile { status: SubscriptionStatus::Unsubscribed, ..stored() };
        assert_eq!((merged.after, names(&merged.changes)), (after, vec!["status"]));
    }

    #[test]
    fn whoever_never_confirmed_is_confirmed_by_an_overwriting_file_alone() {
        let stored = SubscriberProfile { status: SubscriptionStatus::Unconfirmed, ..stored() };
        let filled = merge(&stored, &row(&[]), UpdatePolicy::Fill);
        assert_eq!(filled.after.status, SubscriptionStatus::Unconfirmed);
        assert_eq!(names(&filled.conflicts), ["status"]);
        let overwritten = merge(&stored, &row(&[]), UpdatePolicy::Overwrite);
        assert_eq!(overwritten.after.status, SubscriptionStatus::Confirmed);
    }
}
