//! The fields of a delivery status notification (RFC 3464, RFC 6533) -> a group for each recipient,
//! also where blank lines are missing, doubled or in the wrong place.

use super::addresses;
use super::fields::field;

/// Recipients of one report that are read, at most.
const MOST_RECIPIENTS: usize = 500;

/// What becomes of a message, in the words of RFC 3464 2.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatusAction {
    Failed,
    Delayed,
    Arrived,
}

/// The fields of one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StatusGroup {
    pub(super) last: Option<String>,
    pub(super) original: Option<String>,
    pub(super) action: Option<StatusAction>,
    pub(super) status: String,
    pub(super) diagnostic: String,
    /// The line of its first field in the part, from 0.
    pub(super) line: usize,
}

impl StatusGroup {
    fn has_recipient(&self) -> bool {
        self.last.is_some() || self.original.is_some()
    }

    fn is_empty(&self) -> bool {
        !self.has_recipient()
            && self.action.is_none()
            && self.status.is_empty()
            && self.diagnostic.is_empty()
    }

    /// The address that the report is about: the last one that it was sent to, unless that is a name
    /// which only the server knows.
    pub(super) fn address(&self) -> Option<&str> {
        let is_public = |address: &&str| {
            let (local, domain) = address.rsplit_once('@').unwrap_or_default();
            domain.contains(['.', '[']) && !local.starts_with(['/', '|', '"'])
        };
        let (last, original) = (self.last.as_deref(), self.original.as_deref());
        last.filter(is_public).or(original.filter(is_public)).or(last).or(original)
    }
}

/// Whether a text has such fields.
pub(super) fn is_in(text: &str) -> bool {
    text.lines().any(|line| {
        let name = field(line).map_or("", |(name, _)| name);
        ["final-recipient", "original-recipient", "x-actual-recipient"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    })
}

/// A group for each recipient; the last may have none.
pub(super) fn groups(text: &str) -> Vec<StatusGroup> {
    let mut groups: Vec<StatusGroup> = Vec::new();
    let mut current = StatusGroup::default();
    for (number, (name, value)) in unfolded(text) {
        if groups.len() >= MOST_RECIPIENTS {
            return groups;
        }
        let repeats = match name.as_str() {
            "" | "final-recipient" => current.last.is_some(),
            "original-recipient" => current.original.is_some() && current.last.is_some(),
            _ => false,
        };
        // A block without a recipient belongs to what follows.
        if (repeats || name.is_empty()) && current.has_recipient() {
            groups.push(std::mem::take(&mut current));
        }
        if current.is_empty() {
            current.line = number;
        }
        take(&mut current, &name, &value);
    }
    if current.has_recipient() || groups.is_empty() && !current.is_empty() {
        groups.push(current);
    } else if let [only] = &mut groups[..] {
        // What stands behind the one recipient is about the same.
        only.action = only.action.or(current.action);
        if only.status.is_empty() {
            only.status = current.status;
        }
        if only.diagnostic.is_empty() {
            only.diagnostic = current.diagnostic;
        }
    }
    groups
}

fn take(group: &mut StatusGroup, name: &str, value: &str) {
    match name {
        "final-recipient" => group.last = addresses::of_field(value),
        "original-recipient" => group.original = addresses::of_field(value),
        // Some write the address that they deliver to beside a name of their own.
        "x-actual-recipient" if group.original.is_none() => {
            group.original = addresses::of_field(value);
        }
        "action" => group.action = action(value),
        "status" => group.status = value.to_owned(),
        "diagnostic-code" if group.diagnostic.is_empty() => {
            group.diagnostic = without_type(value).to_owned();
        }
        "diagnostic-code" | "x-supplementary-info" | "x-diagnostic" | "reason" => {
            group.diagnostic.push(' ');
            group.diagnostic.push_str(without_type(value));
        }
        _ => {}
    }
}

/// `550 no` of `smtp; 550 no`.
fn without_type(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if kind.len() < 24 && !kind.trim().contains(' ') => rest.trim(),
        _ => value.trim(),
    }
}

fn action(value: &str) -> Option<StatusAction> {
    let word: String =
        value.trim().chars().take_while(|c| c.is_ascii_alphabetic()).collect::<String>();
    match word.to_ascii_lowercase().as_str() {
        "failed" | "failure" | "fail" | "error" | "bounced" | "dropped" | "expired" => {
            Some(StatusAction::Failed)
        }
        "delayed" | "delay" | "deferred" => Some(StatusAction::Delayed),
        "delivered" | "relayed" | "expanded" | "deliverable" => Some(StatusAction::Arrived),
        _ => None,
    }
}

/// Line number, name and value of each field; an empty name for an empty line.
fn unfolded(text: &str) -> Vec<(usize, (String, String))> {
    let mut fields: Vec<(usize, (String, String))> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let bare = line.trim();
        let is_continued = line.starts_with([' ', '\t']);
        if bare.is_empty() {
            fields.push((number, (String::new(), String::new())));
        } else if let Some((name, value)) = field(bare).filter(|_| !is_continued) {
            fields.push((number, (name.to_ascii_lowercase(), value.trim().to_owned())));
        } else if let Some((_, (name, value))) = fields.last_mut()
            && !name.is_empty()
            && value.len() < 4096
        {
            value.push(' ');
            value.push_str(bare);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(text: &str) -> Vec<String> {
        let found = groups(text);
        found.iter().filter_map(|group| group.address().map(str::to_owned)).collect()
    }

    #[test]
    fn each_recipient_is_a_group() {
        let text = "Reporting-MTA: dns; mx.a.example\n\n\
                    Final-Recipient: rfc822; kim@a.example\nAction: failed\nStatus: 5.1.1\n\
                    Diagnostic-Code: smtp; 550 5.1.1\n no such user\n\n\
                    Final-Recipient: rfc822; lee@a.example\nAction: delayed\nStatus: 4.4.1\n";
        let found = groups(text);
        assert_eq!(addresses(text), ["kim@a.example", "lee@a.example"]);
        assert_eq!(found[0].diagnostic, "550 5.1.1 no such user");
        assert_eq!(found[1].action, Some(StatusAction::Delayed));
        assert_eq!((found[0].line, found[1].line), (2, 8));
    }

    #[test]
    fn blank_lines_are_not_relied_on() {
        let tight = "Reporting-MTA: dns; a\nFinal-Recipient: kim@a.example\nAction: failed\n\
                     Final-Recipient: <lee@a.example>\nAction: failed\n";
        assert_eq!(addresses(tight), ["kim@a.example", "lee@a.example"]);
        let loose = "Reporting-MTA: dns; a\n\nAction: failed\nStatus: 5.2.2\n\n\
                     Final-Recipient: rfc822; kim@a.example\n\nDiagnostic-Code: smtp; 552 full\n";
        let found = groups(loose);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].status.as_str(), found[0].diagnostic.as_str()), ("5.2.2", "552 full"));
    }

    #[test]
    fn an_original_recipient_stands_in_for_a_name_of_their_own() {
        let text = "Original-Recipient: rfc822;kim@a.example\nFinal-Recipient: local;kim01\n";
        assert_eq!(addresses(text), ["kim@a.example"]);
    }
}
