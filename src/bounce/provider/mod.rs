//! What providers of mail post about messages that they have carried -> what it means of whom.
//!
//! Bytes in, values out, in the documented form of each. Must never panic, nor decide whether the bytes
//! are the provider's: whoever hands them in has asked for a proof.

mod brevo;
pub mod mailgun;
mod postmark;
mod sendgrid;
pub mod ses;
pub mod sns;
mod sparkpost;

use jiff::Timestamp;
use serde_json::Value;

use super::reason::{self, BounceClass, BounceReason};
use super::{ReportedRecipient, code, one_line};

/// Who carries mail, and tells what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailProvider {
    /// Brevo: a secret in the address or in a header.
    Brevo,
    /// Mailgun: a code over a time and a random text.
    Mailgun,
    /// Postmark: a secret in the address or in a header.
    Postmark,
    /// SendGrid: a signature over a time and the body.
    SendGrid,
    /// Amazon SES: a signature of Amazon SNS over what it posts.
    Ses,
    /// SparkPost: a secret in the address or in a header.
    SparkPost,
}

impl MailProvider {
    /// All of them.
    pub const ALL: [MailProvider; 6] = [
        MailProvider::Brevo,
        MailProvider::Mailgun,
        MailProvider::Postmark,
        MailProvider::SendGrid,
        MailProvider::Ses,
        MailProvider::SparkPost,
    ];

    /// As `digest.toml` names it.
    pub const fn word(self) -> &'static str {
        match self {
            MailProvider::Brevo => "brevo",
            MailProvider::Mailgun => "mailgun",
            MailProvider::Postmark => "postmark",
            MailProvider::SendGrid => "sendgrid",
            MailProvider::Ses => "ses",
            MailProvider::SparkPost => "sparkpost",
        }
    }

    /// Whether a Message-ID in its reports is the one that a mail left us with.
    pub fn keeps_message_id(self) -> bool {
        matches!(self, MailProvider::Mailgun | MailProvider::SendGrid | MailProvider::Ses)
    }

    /// What a body reports; `None` where it is not of the provider's form. Of several events, one that
    /// cannot be read is left out.
    pub fn read(self, body: &[u8]) -> Option<Vec<ProviderEvent>> {
        let value: Value = serde_json::from_slice(body).ok()?;
        if self == MailProvider::Ses {
            let message = sns::SnsPost::of(&value)?.message;
            // SNS and SES say a word of their own now and then, which is no report.
            let value: Value = serde_json::from_str(&message).unwrap_or_default();
            return Some(ses::events(&value).into_iter().map(ToldEvent::read).collect());
        }
        let one = |event: Option<ToldEvent<'_>>| event.map(ToldEvent::read);
        let read = |value| match self {
            MailProvider::Brevo => one(brevo::event(value)),
            MailProvider::Mailgun => one(mailgun::event(value)),
            MailProvider::Postmark => one(postmark::event(value)),
            MailProvider::SendGrid => one(sendgrid::event(value)),
            MailProvider::Ses => None,
            MailProvider::SparkPost => one(sparkpost::event(value)),
        };
        let is_list = matches!(self, MailProvider::SendGrid | MailProvider::SparkPost);
        match &value {
            Value::Array(all) if is_list => Some(all.iter().filter_map(read).collect()),
            // Brevo can be told to post several at once.
            Value::Array(all) if self == MailProvider::Brevo => {
                Some(all.iter().filter_map(read).collect())
            }
            Value::Object(_) if !is_list => Some(read(&value).into_iter().collect()),
            _ => None,
        }
    }
}

/// One event about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderEvent {
    /// What tells it from every other event of the provider.
    pub id: String,
    /// What it means of whom.
    pub recipient: ReportedRecipient,
    /// The Message-ID, as it is in mail without its brackets.
    pub message_id: Option<String>,
    /// What the provider said when it took the mail, if its reports have that.
    pub relay_id: Option<String>,
    /// When it happened.
    pub at: Option<Timestamp>,
}

/// What the provider calls an event.
#[derive(Clone, Copy, Debug)]
enum EventMeaning {
    Is(BounceClass),
    /// It did not arrive, and the provider tries no more: for good, as far as it knows, or not; with
    /// what it says of the reason itself.
    Failed {
        for_good: bool,
        reason: BounceReason,
    },
}

/// An event in the words of the provider.
struct ToldEvent<'a> {
    id: String,
    email: &'a str,
    meaning: EventMeaning,
    text: &'a str,
    status: Option<&'a str>,
    code: Option<i64>,
    message_id: Option<&'a str>,
    relay_id: Option<&'a str>,
    at: Option<Timestamp>,
}

impl ToldEvent<'_> {
    fn read(self) -> ProviderEvent {
        let text = one_line(self.text);
        let code = self.code.filter(|code| (200..600).contains(code));
        let (class, reason) = match self.meaning {
            EventMeaning::Is(class) => (class, BounceReason::Unknown),
            EventMeaning::Failed { for_good, reason } => {
                let (_, said) = reason::of_reply(&text, self.status, code);
                let reason = if said == BounceReason::Unknown { reason } else { said };
                // What servers say of the sender is not held against an address.
                let is_hard = for_good && (reason.is_hard() || reason == BounceReason::Unknown);
                (if is_hard { BounceClass::Hard } else { BounceClass::Soft }, reason)
            }
        };
        let recipient = ReportedRecipient {
            address: Some(self.email.to_owned()),
            original_address: None,
            class,
            reason,
            status: self.status.and_then(code::status_of),
            code: code.and_then(|code| u16::try_from(code).ok()).map(code::ReplyCode),
            text,
            part: "event".to_owned(),
            line: 1,
        };
        let message_id = self.message_id.map(|id| id.trim_matches([' ', '<', '>']));
        let message_id = message_id.filter(|id| !id.is_empty() && id.len() <= 998);
        ProviderEvent {
            id: self.id,
            recipient,
            message_id: message_id.map(str::to_owned),
            relay_id: self.relay_id.map(str::to_owned),
            at: self.at,
        }
    }
}

/// A text of an object; one that is missing is empty.
fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The same, where it says something.
fn said<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    Some(text(object, key)).filter(|text| !text.is_empty())
}

/// Seconds since 1970, with or without a part of one.
fn seconds(value: Option<&Value>) -> Option<Timestamp> {
    let seconds = value.and_then(Value::as_f64)?;
    Timestamp::from_second(seconds as i64).ok()
}

/// The same in digits.
fn seconds_in_text(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_event_means_what_the_same_bounce_means() {
        use MailProvider::{Brevo, Mailgun, Postmark, SendGrid, SparkPost};
        use {BounceClass as Class, BounceReason as Why};
        let mailgun = |event: Value| json!({ "event-data": event });
        let failed = |severity: &str, reason: &str, message: &str| {
            let status = json!({ "message": message, "code": 550 });
            mailgun(json!({ "event": "failed", "id": "a", "recipient": "a@x.example",
                "severity": severity, "reason": reason, "delivery-status": status }))
        };
        let bounce = |kind: &str, details: &str| {
            json!({ "RecordType": "Bounce", "ID": 4, "Type": kind, "Email": "a@x.example",
                "Details": details })
        };
        let grid = |event: &str, kind: &str, reason: &str| {
            json!([{ "event": event, "type": kind, "reason": reason, "email": "a@x.example",
                "sg_event_id": "e" }])
        };
        let spark = |kind: &str, class: &str, reason: &str| {
            json!([{ "msys": { "message_event": { "type": kind, "bounce_class": class,
                "raw_reason": reason, "event_id": "9", "rcpt_to": "a@x.example" } } }])
        };
        let brevo = |kind: &str, reason: &str| json!({ "event": kind, "email": "a@x.example", "ts_event": 1, "reason": reason });
        for (provider, body, expected) in [
            (
                Mailgun,
                failed("permanent", "bounce", "5.1.1 no such user"),
                (Class::Hard, Why::NoMailbox),
            ),
            (
                Mailgun,
                failed("permanent", "bounce", "blocked by Spamhaus"),
                (Class::Soft, Why::Blocked),
            ),
            (Mailgun, failed("permanent", "old", "try later"), (Class::Soft, Why::Expired)),
            (Mailgun, failed("temporary", "generic", "mailbox full"), (Class::None, Why::Unknown)),
            (
                Postmark,
                bounce("HardBounce", "smtp;550 5.1.1 unknown user"),
                (Class::Hard, Why::NoMailbox),
            ),
            (Postmark, bounce("HardBounce", ""), (Class::Hard, Why::Unknown)),
            (Postmark, bounce("SoftBounce", "mailbox is full"), (Class::Soft, Why::MailboxFull)),
            (Postmark, bounce("Blocked", "no"), (Class::Soft, Why::Blocked)),
            (Postmark, bounce("AutoResponder", ""), (Class::Autoreply, Why::Unknown)),
            (
                SendGrid,
                grid("bounce", "bounce", "550 5.1.1 no such user"),
                (Class::Hard, Why::NoMailbox),
            ),
            (SendGrid, grid("bounce", "blocked", "550 5.7.1 spam"), (Class::Soft, Why::Spam)),
            (SendGrid, grid("spamreport", "", ""), (Class::Complaint, Why::Unknown)),
            (SendGrid, grid("unsubscribe", "", ""), (Class::Unsubscribe, Why::Unknown)),
            (SendGrid, grid("deferred", "", ""), (Class::None, Why::Unknown)),
            (SparkPost, spark("bounce", "10", ""), (Class::Hard, Why::Unknown)),
            (SparkPost, spark("bounce", "10", "550 5.7.1 spam"), (Class::Soft, Why::Spam)),
            (SparkPost, spark("out_of_band", "22", ""), (Class::Soft, Why::MailboxFull)),
            (SparkPost, spark("delay", "21", ""), (Class::None, Why::Unknown)),
            (SparkPost, spark("spam_complaint", "", ""), (Class::Complaint, Why::Unknown)),
            (Brevo, brevo("hard_bounce", "550 5.1.1 no such user"), (Class::Hard, Why::NoMailbox)),
            (Brevo, brevo("soft_bounce", "mailbox is full"), (Class::Soft, Why::MailboxFull)),
            (Brevo, brevo("unsubscribed", ""), (Class::Unsubscribe, Why::Unknown)),
            (Brevo, brevo("deferred", ""), (Class::None, Why::Unknown)),
            (SendGrid, grid("delivered", "", ""), (Class::Delivered, Why::Unknown)),
        ] {
            let read = provider.read(body.to_string().as_bytes()).expect("of its form");
            let [event] = &read[..] else { panic!("{body}") };
            assert_eq!((event.recipient.class, event.recipient.reason), expected, "{body}");
            assert_eq!(event.recipient.address.as_deref(), Some("a@x.example"));
        }
    }

    fn posted_by_sns(message: &Value) -> Value {
        json!({ "Type": "Notification", "MessageId": "1", "TopicArn": "t", "Timestamp": "now",
            "Message": message.to_string(), "SignatureVersion": "1", "Signature": "s",
            "SigningCertURL": "u" })
    }

    #[test]
    fn amazon_tells_of_each_recipient_and_by_what_the_mail_is_known() {
        let of_ses = "0100018c2f3e4d5a-1b2c3d4e-5f60-7a8b-9c0d-1e2f3a4b5c6d-000000";
        let read = |mail: Value| {
            let message = json!({ "notificationType": "Complaint", "mail": mail, "complaint": {
                "feedbackId": "f", "timestamp": "2026-11-05T16:33:54.000Z", "complainedRecipients":
                    [{ "emailAddress": "a@x.example" }, {}, 7, { "emailAddress": "b@x.example" }] } });
            MailProvider::Ses.read(posted_by_sns(&message).to_string().as_bytes()).unwrap()
        };
        let two = read(json!({ "messageId": of_ses }));
        let ids: Vec<&str> = two.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(ids, ["Complaint/f/a@x.example", "Complaint/f/b@x.example"]);
        assert_eq!(
            (two[0].message_id.as_deref(), two[0].relay_id.as_deref()),
            (None, Some(of_ses))
        );
        assert_eq!(two[0].at.unwrap().to_string(), "2026-11-05T16:33:54Z");
        let own =
            json!([{ "name": "From", "value": "x" }, { "name": "Message-Id", "value": "<a@b>" }]);
        let by_ses = format!("<{of_ses}@eu-west-1.amazonses.com>");
        for (mail, expected) in [
            (json!({ "messageId": of_ses, "headers": own }), Some("a@b")),
            (
                json!({ "messageId": of_ses, "commonHeaders": { "messageId": "<a@b>" } }),
                Some("a@b"),
            ),
            (json!({ "messageId": of_ses, "commonHeaders": { "messageId": of_ses } }), None),
            (json!({ "messageId": of_ses, "commonHeaders": { "messageId": by_ses } }), None),
        ] {
            assert_eq!(read(mail.clone())[0].message_id.as_deref(), expected, "{mail}");
        }
        // Its own words, and what it tells of no recipient.
        for message in [
            "Successfully validated SNS topic for Amazon SES event publishing.",
            "",
            "7",
            "{\"notificationType\":\"AmazonSnsSubscriptionSucceeded\",\"message\":\"x\"}",
            "{\"eventType\":\"DeliveryDelay\",\"mail\":{}}",
            "{\"eventType\":\"Open\"}",
        ] {
            let mut body = posted_by_sns(&Value::Null);
            body["Message"] = json!(message);
            assert_eq!(
                MailProvider::Ses.read(body.to_string().as_bytes()),
                Some(vec![]),
                "{message}"
            );
        }
    }

    #[test]
    fn one_damaged_event_loses_no_other() {
        let body = json!([1, {}, { "event": 7, "email": [] }, null,
            { "event": "bounce", "email": "a@x.example", "sg_event_id": "e" }]);
        let read = MailProvider::SendGrid.read(body.to_string().as_bytes()).unwrap();
        assert_eq!(read.len(), 1);
        for body in ["", "{", "7", "\"x\"", "[", "{\"a\":", "{}x"] {
            for provider in MailProvider::ALL {
                assert_eq!(provider.read(body.as_bytes()), None, "{body}");
            }
        }
        let deep = "[".repeat(100_000);
        assert_eq!(MailProvider::SendGrid.read(deep.as_bytes()), None);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let word = prop_oneof![
            Just("failed"),
            Just("permanent"),
            Just("bounce"),
            Just("Bounce"),
            Just("HardBounce"),
            Just("2026-11-05T16:33:54.9070259Z"),
            Just("a@x.example"),
            Just("<é@"),
            Just("550 5.1.1"),
        ];
        let leaf = prop_oneof![
            word.prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(Value::Null),
        ];
        let key = prop_oneof![
            Just("event"),
            Just("event-data"),
            Just("recipient"),
            Just("email"),
            Just("Email"),
            Just("RecordType"),
            Just("Type"),
            Just("id"),
            Just("ID"),
            Just("timestamp"),
            Just("delivery-status"),
            Just("message"),
            Just("headers"),
            Just("message-id"),
            Just("smtp-id"),
            Just("severity"),
            Just("reason"),
            Just("signature"),
            Just("BouncedAt"),
            Just("bouncedRecipients"),
            Just("emailAddress"),
            Just("destination"),
            Just("feedbackId"),
            Just("messageId"),
            Just("name"),
            Just("Message"),
            Just("MessageId"),
        ];
        leaf.prop_recursive(4, 64, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(key.clone(), inner, 0..8).prop_map(|map| {
                    Value::Object(
                        map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                    )
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_message_in_a_post_of_sns_has_an_answer(value in any_json(), kind in 0_usize..5) {
            let kind = ["Bounce", "Complaint", "Delivery", "Reject", "Subscription"][kind];
            let message = json!({ "eventType": kind, "mail": value, "bounce": value,
                "complaint": value, "delivery": value, "reject": value, "subscription": value });
            for message in [message, value] {
                let body = posted_by_sns(&message);
                let read = MailProvider::Ses.read(body.to_string().as_bytes());
                for event in read.expect("a post of SNS") {
                    prop_assert!(event.recipient.text.len() <= 520);
                }
            }
        }

        #[test]
        fn any_body_has_an_answer(value in any_json(), cut in 0_usize..400) {
            let text = value.to_string();
            let short = &text.as_bytes()[..cut.min(text.len())];
            for provider in MailProvider::ALL {
                for body in [text.as_bytes(), short] {
                    let _ = (mailgun::signature(body), sns::SnsPost::read(body), sns::is_raw(body));
                    for event in provider.read(body).unwrap_or_default() {
                        prop_assert!(event.recipient.text.len() <= 520);
                    }
                }
            }
        }
    }
}
