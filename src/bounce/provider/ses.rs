//! Amazon SES: <https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html>
//!
//! What an identity notifies of and what a configuration set publishes differ in one key.

use serde_json::Value;

use super::{BounceClass, BounceReason, EventMeaning, ToldEvent, said, text};

/// One event for each recipient.
pub(super) fn events(value: &Value) -> Vec<ToldEvent<'_>> {
    let kind = said(value, "eventType").or(said(value, "notificationType")).unwrap_or_default();
    let mail = &value["mail"];
    let (event, recipients) = match kind {
        "Bounce" => (&value["bounce"], &value["bounce"]["bouncedRecipients"]),
        "Complaint" => (&value["complaint"], &value["complaint"]["complainedRecipients"]),
        "Delivery" => (&value["delivery"], &value["delivery"]["recipients"]),
        "Reject" => (&value["reject"], &mail["destination"]),
        "Subscription" => (&value["subscription"], &mail["destination"]),
        // What is late is tried again; the others tell what readers do.
        _ => return Vec::new(),
    };
    let number = said(event, "feedbackId").or(said(mail, "messageId"));
    let (Some(number), Some(recipients)) = (number, recipients.as_array()) else {
        return Vec::new();
    };
    let told = recipients.iter().filter_map(|recipient| {
        let email = said(recipient, "emailAddress").or(recipient.as_str())?;
        let words = said(recipient, "diagnosticCode").or(said(event, "bounceSubType"));
        let words = words.or(said(event, "complaintFeedbackType")).or(said(event, "reason"));
        Some(ToldEvent {
            id: format!("{kind}/{number}/{email}"),
            email,
            meaning: meaning(kind, event, recipient),
            text: words.unwrap_or_default(),
            status: said(recipient, "status"),
            code: None,
            message_id: own_id(mail),
            relay_id: id_in(text(mail, "messageId")),
            at: said(event, "timestamp").and_then(|at| at.parse().ok()),
        })
    });
    told.collect()
}

fn meaning(kind: &str, event: &Value, recipient: &Value) -> EventMeaning {
    match kind {
        "Bounce" => bounce(event, recipient),
        "Complaint" => match text(event, "complaintFeedbackType") {
            // A reader says that it is wanted; a server says something of signatures.
            "not-spam" | "auth-failure" => EventMeaning::Is(BounceClass::None),
            _ => EventMeaning::Is(BounceClass::Complaint),
        },
        "Delivery" => EventMeaning::Is(BounceClass::Delivered),
        // SES has found a virus, and sent it to nobody.
        "Reject" => EventMeaning::Failed { for_good: false, reason: BounceReason::Virus },
        // Readers can leave by what SES itself adds to mail, where it is told to.
        "Subscription" if event["newTopicPreferences"]["unsubscribeAll"] == Value::Bool(true) => {
            EventMeaning::Is(BounceClass::Unsubscribe)
        }
        _ => EventMeaning::Is(BounceClass::None),
    }
}

fn bounce(event: &Value, recipient: &Value) -> EventMeaning {
    let failed = |for_good, reason| EventMeaning::Failed { for_good, reason };
    let has_report = said(recipient, "diagnosticCode").or(said(recipient, "status")).is_some();
    match (text(event, "bounceType"), text(event, "bounceSubType")) {
        ("Permanent", _) => failed(true, BounceReason::Unknown),
        // So SES tells of an automatic answer, too: that one has no word of a server.
        ("Transient", "General") if !has_report => EventMeaning::Is(BounceClass::Autoreply),
        ("Transient", "MailboxFull") => failed(false, BounceReason::MailboxFull),
        ("Transient", "MessageTooLarge") => failed(false, BounceReason::MessageSize),
        ("Transient", "ContentRejected") => failed(false, BounceReason::Spam),
        ("Transient", "AttachmentRejected") => failed(false, BounceReason::Policy),
        _ => failed(false, BounceReason::Unknown),
    }
}

/// The Message-ID that a mail came to SES with: SES sends it with another one, which it may name here
/// as well.
fn own_id(mail: &Value) -> Option<&str> {
    let headers = mail["headers"].as_array().into_iter().flatten();
    let mut named =
        headers.filter(|header| text(header, "name").eq_ignore_ascii_case("message-id"));
    let in_headers = named.next().and_then(|header| said(header, "value"));
    let id = in_headers.or(said(&mail["commonHeaders"], "messageId"))?;
    let of_ses = text(mail, "messageId");
    (of_ses.is_empty() || !id.contains(of_ses)).then_some(id)
}

/// The number that SES gives a mail, in its reply to the mail or elsewhere.
pub fn id_in(text: &str) -> Option<&str> {
    let is_id = |word: &&str| {
        let parts: Vec<&str> = word.split('-').collect();
        let is_part = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        lengths == [16, 8, 4, 4, 4, 12, 6] && parts.iter().all(|part| is_part(part))
    };
    text.split(|c: char| c.is_whitespace() || c == '<' || c == '@').find(is_id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(kind: &str, key: &str, event: Value) -> (BounceClass, BounceReason) {
        let value = json!({ "eventType": kind, key: event,
            "mail": { "messageId": "0100", "destination": ["a@x.example"] } });
        let [event] = events(&value).try_into().ok().expect("one event");
        let recipient = event.read().recipient;
        assert_eq!(recipient.address.as_deref(), Some("a@x.example"));
        (recipient.class, recipient.reason)
    }

    #[test]
    fn a_bounce_means_what_its_type_and_the_servers_words_say() {
        use {BounceClass as Class, BounceReason as Why};
        let suppressed = "Amazon SES has suppressed sending to this address because it has a recent \
                          history of bouncing as an invalid address.";
        let listed = "Amazon SES did not send the message to this address because it is on the \
                      suppression list for your account.";
        for (kind, sub, status, words, expected) in [
            (
                "Permanent",
                "General",
                "5.1.1",
                "smtp; 550 5.1.1 unknown",
                (Class::Hard, Why::NoMailbox),
            ),
            ("Permanent", "General", "5.7.1", "smtp; 550 5.7.1 spam", (Class::Soft, Why::Spam)),
            ("Permanent", "Suppressed", "5.1.1", suppressed, (Class::Hard, Why::NoMailbox)),
            (
                "Permanent",
                "OnAccountSuppressionList",
                "5.1.1",
                listed,
                (Class::Hard, Why::NoMailbox),
            ),
            ("Permanent", "NoEmail", "", "", (Class::Hard, Why::Unknown)),
            ("Transient", "General", "", "", (Class::Autoreply, Why::Unknown)),
            (
                "Transient",
                "General",
                "4.4.7",
                "smtp; 554 4.4.7 expired",
                (Class::Soft, Why::Expired),
            ),
            ("Transient", "MailboxFull", "", "", (Class::Soft, Why::MailboxFull)),
            ("Transient", "MessageTooLarge", "", "", (Class::Soft, Why::MessageSize)),
            ("Transient", "ContentRejected", "", "", (Class::Soft, Why::Spam)),
            ("Transient", "AttachmentRejected", "", "", (Class::Soft, Why::Policy)),
            ("Undetermined", "Undetermined", "", "", (Class::Soft, Why::Unknown)),
        ] {
            let recipient =
                json!({ "emailAddress": "a@x.example", "status": status, "diagnosticCode": words });
            let event = json!({ "bounceType": kind, "bounceSubType": sub, "feedbackId": "f",
                "bouncedRecipients": [recipient] });
            assert_eq!(read("Bounce", "bounce", event), expected, "{kind} {sub} {words}");
        }
    }

    #[test]
    fn the_other_events_mean_what_they_say() {
        use BounceClass as Class;
        let complaint = |kind: Value| {
            json!({ "complaintFeedbackType": kind,
            "complainedRecipients": [{ "emailAddress": "a@x.example" }] })
        };
        let left = |all: bool| {
            json!({ "source": "UnsubscribeHeader",
            "newTopicPreferences": { "unsubscribeAll": all } })
        };
        for (kind, key, event, expected) in [
            ("Complaint", "complaint", complaint(json!("abuse")), Class::Complaint),
            ("Complaint", "complaint", complaint(Value::Null), Class::Complaint),
            ("Complaint", "complaint", complaint(json!("not-spam")), Class::None),
            ("Complaint", "complaint", complaint(json!("auth-failure")), Class::None),
            ("Delivery", "delivery", json!({ "recipients": ["a@x.example"] }), Class::Delivered),
            ("Reject", "reject", json!({ "reason": "Bad content" }), Class::Soft),
            ("Subscription", "subscription", left(true), Class::Unsubscribe),
            ("Subscription", "subscription", left(false), Class::None),
        ] {
            assert_eq!(read(kind, key, event.clone()).0, expected, "{kind} {event}");
        }
    }

    #[test]
    fn the_number_of_a_mail_stands_in_the_reply() {
        let id = "0102018c2f3e4d5a-1b2c3d4e-5f60-7a8b-9c0d-1e2f3a4b5c6d-000000";
        for text in
            [id.to_owned(), format!("Ok {id}"), format!("2.0.0 Ok {id}\n"), format!("<{id}@x>")]
        {
            assert_eq!(id_in(&text), Some(id), "{text}");
        }
        let other = id.replace("-000000", "");
        for text in ["", "Ok", "Ok: queued as 4F2A1B", &other, "-", &format!("x{id}")] {
            assert_eq!(id_in(text), None, "{text}");
        }
    }
}
