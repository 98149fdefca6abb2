//! What Amazon SNS wraps a report of Amazon SES in, and what of it is signed:
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>
//!
//! Must never let two readings have the same signed text: a line within a field that has none could
//! pass for another field.

use serde_json::Value;

use super::said;

/// The topic that reports are published to, by its Amazon Resource Name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicArn {
    text: String,
    host: String,
}

impl TopicArn {
    /// `arn:aws:sns:eu-west-1:123456789012:reports`. First-in-first-out topics post to no address.
    pub fn parse(text: &str) -> Option<TopicArn> {
        let parts: Vec<&str> = text.split(':').collect();
        let [arn, partition, service, region, account, name] = parts[..] else { return None };
        let suffix = match partition {
            "aws" | "aws-us-gov" => "",
            "aws-cn" => ".cn",
            _ => return None,
        };
        let is_all = |text: &str, is_part: fn(char) -> bool| {
            (1..=256).contains(&text.len()) && text.chars().all(is_part)
        };
        let is_region =
            is_all(region, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
                && region.len() <= 40
                && !region.starts_with('-')
                && !region.ends_with('-');
        let is_account = account.len() == 12 && is_all(account, |c| c.is_ascii_digit());
        let is_name = is_all(name, |c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let is_topic = (arn, service) == ("arn", "sns") && is_region && is_account && is_name;
        let host = format!("sns.{region}.amazonaws.com{suffix}");
        is_topic.then(|| TopicArn { text: text.to_owned(), host })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host of SNS in the region of the topic.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether an address is one of the certificates that this topic is signed with: nothing of it is
    /// free but a number in hexadecimal.
    pub fn is_certificate(&self, address: &str) -> bool {
        let rest = address.strip_prefix("https://").and_then(|rest| rest.strip_prefix(&self.host));
        let rest = rest.and_then(|rest| rest.strip_prefix("/SimpleNotificationService-"));
        let number = rest.and_then(|rest| rest.strip_suffix(".pem"));
        number.is_some_and(|number| {
            (1..=64).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }

    /// Where a subscription to this topic is confirmed.
    pub fn confirmation(&self, token: &str) -> String {
        let TopicArn { text, host } = self;
        format!("https://{host}/?Action=ConfirmSubscription&TopicArn={text}&Token={token}")
    }
}

/// What a post of SNS is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SnsKind {
    /// A message that was published to the topic.
    Notification,
    /// Somebody wants the topic posted here: with what that is confirmed by.
    SubscriptionConfirmation(String),
    /// It is posted here no more.
    UnsubscribeConfirmation,
}

/// How a post is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnsSignatureVersion {
    /// RSA with SHA-1, which topics begin with.
    One,
    /// RSA with SHA-256.
    Two,
}

/// A post of SNS, still without a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnsPost {
    /// What it is.
    pub kind: SnsKind,
    /// The number of the message, the same each time that it is posted.
    pub id: String,
    /// The topic that it names.
    pub topic: String,
    /// When it was published, RFC 3339.
    pub timestamp: String,
    /// What was published.
    pub message: String,
    /// How it is signed.
    pub version: SnsSignatureVersion,
    /// The signature in base64.
    pub signature: String,
    /// Where the certificate is.
    pub certificate: String,
    /// What the signature is over.
    pub signed: String,
}

/// What is posted in one piece.
const LONGEST: usize = 2_048;

impl SnsPost {
    /// Reads a body; `None` for what is none, or is not signed.
    pub fn read(body: &[u8]) -> Option<SnsPost> {
        let value: Value = serde_json::from_slice(body).ok()?;
        SnsPost::of(&value)
    }

    pub(super) fn of(value: &Value) -> Option<SnsPost> {
        let line = |key| said(value, key).filter(|text| is_line(text)).map(str::to_owned);
        let kind = match said(value, "Type")? {
            "Notification" => SnsKind::Notification,
            "SubscriptionConfirmation" => {
                let token = line("Token")?;
                let is_plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric());
                SnsKind::SubscriptionConfirmation(Some(token).filter(|_| is_plain)?)
            }
            "UnsubscribeConfirmation" => SnsKind::UnsubscribeConfirmation,
            _ => return None,
        };
        let id = line("MessageId")?;
        if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return None;
        }
        Some(SnsPost {
            signed: signed(value, &kind)?,
            kind,
            id,
            topic: line("TopicArn")?,
            timestamp: line("Timestamp")?,
            message: value.get("Message")?.as_str()?.to_owned(),
            version: match said(value, "SignatureVersion")? {
                "1" => SnsSignatureVersion::One,
                "2" => SnsSignatureVersion::Two,
                _ => return None,
            },
            signature: line("Signature")?,
            certificate: line("SigningCertURL")?,
        })
    }
}

/// Whether a body is what SES has published, bare: SNS does so where it delivers raw messages, and
/// signs none of them.
pub fn is_raw(body: &[u8]) -> bool {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    value.is_some_and(|value| {
        let is_event = said(&value, "eventType").or(said(&value, "notificationType")).is_some();
        is_event && value.get("Type").is_none()
    })
}

/// Each key and its value on a line of its own, in the order of their names.
fn signed(value: &Value, kind: &SnsKind) -> Option<String> {
    let keys: &[&str] = match kind {
        SnsKind::Notification => {
            &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        }
        SnsKind::SubscriptionConfirmation(_) | SnsKind::UnsubscribeConfirmation => {
            &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        }
    };
    let mut text = String::new();
    for key in keys {
        let part = match value.get(key) {
            // Only what was published with a subject has one.
            None | Some(Value::Null) if *key == "Subject" => continue,
            part => part?.as_str()?,
        };
        if *key != "Message" && !is_line(part) {
            return None;
        }
        text.extend([key, "\n", part, "\n"]);
    }
    Some(text)
}

fn is_line(text: &str) -> bool {
    text.len() <= LONGEST && !text.contains('\n')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:reports";

    fn notification() -> Value {
        json!({ "Type": "Notification", "MessageId": "22b8-a", "TopicArn": TOPIC, "Subject": "News",
            "Message": "{\"a\":1}\n", "Timestamp": "2026-11-05T16:33:54.907Z", "SignatureVersion": "1",
            "Signature": "AAAA", "SigningCertURL": "https://x.example/a.pem" })
    }

    fn read(value: &Value) -> Option<SnsPost> {
        SnsPost::read(value.to_string().as_bytes())
    }

    #[test]
    fn what_is_signed_is_each_key_with_its_value() {
        let signed = read(&notification()).unwrap().signed;
        let rest = format!("Timestamp\n2026-11-05T16:33:54.907Z\nTopicArn\n{TOPIC}\nType\n");
        let before = "Message\n{\"a\":1}\n\nMessageId\n22b8-a\n";
        assert_eq!(signed, format!("{before}Subject\nNews\n{rest}Notification\n"));
        let mut bare = notification();
        bare.as_object_mut().unwrap().remove("Subject");
        assert_eq!(read(&bare).unwrap().signed, format!("{before}{rest}Notification\n"));
        let mut asks = bare;
        for (key, value) in [
            ("Type", "SubscriptionConfirmation"),
            ("Token", "2336412f37"),
            ("SubscribeURL", "https://x.example/?a=b"),
        ] {
            asks[key] = json!(value);
        }
        let post = read(&asks).unwrap();
        assert_eq!(post.kind, SnsKind::SubscriptionConfirmation("2336412f37".to_owned()));
        let expected = format!(
            "{before}SubscribeURL\nhttps://x.example/?a=b\nTimestamp\n2026-11-05T16:33:54.907Z\n\
             Token\n2336412f37\nTopicArn\n{TOPIC}\nType\nSubscriptionConfirmation\n"
        );
        assert_eq!(post.signed, expected);
    }

    // Otherwise a signed message could be posted again under another number.
    #[test]
    fn no_two_readings_have_the_same_signed_text() {
        let whole = notification();
        for (key, value) in [
            ("MessageId", json!("22b8-a\nSubject\nNews")),
            ("Subject", json!("News\nTimestamp\n2026-11-05T16:33:54.907Z")),
            ("Timestamp", json!("2026\nTopicArn\nx")),
            ("TopicArn", json!("x\nType")),
            ("Token", json!("&x=y")),
            ("SubscribeURL", json!("a\nb")),
            ("Subject", json!(7)),
            ("Message", json!({})),
            ("Type", json!("notification")),
            ("SignatureVersion", json!("3")),
            ("SignatureVersion", json!(1)),
            ("Signature", Value::Null),
            ("SigningCertURL", json!("")),
        ] {
            let mut altered = whole.clone();
            if ["Token", "SubscribeURL"].contains(&key) {
                altered["Type"] = json!("SubscriptionConfirmation");
                altered["Token"] = json!("2336");
                altered["SubscribeURL"] = json!("a");
                assert!(read(&altered).is_some());
            }
            altered[key] = value;
            assert_eq!(read(&altered), None, "{altered}");
        }
    }

    #[test]
    fn a_topic_is_one_of_sns_and_knows_its_host() {
        for (text, host) in [
            (TOPIC, Some("sns.eu-west-1.amazonaws.com")),
            (
                "arn:aws-cn:sns:cn-north-1:123456789012:a_B-9",
                Some("sns.cn-north-1.amazonaws.com.cn"),
            ),
            (
                "arn:aws-us-gov:sns:us-gov-west-1:123456789012:a",
                Some("sns.us-gov-west-1.amazonaws.com"),
            ),
            ("arn:aws:sqs:eu-west-1:123456789012:reports", None),
            ("arn:aws:sns:eu-west-1:123456789012:reports.fifo", None),
            ("arn:aws:sns:eu-west-1:123456789012:reports:7c5f", None),
            ("arn:aws:sns:eu-west-1:12345678901:reports", None),
            ("arn:aws:sns:evil.example/:123456789012:reports", None),
            ("arn:aws:sns:a.evil:123456789012:reports", None),
            ("arn:aws:sns::123456789012:reports", None),
            ("arn:aws:sns:eu-west-1:123456789012:", None),
            ("reports", None),
            ("", None),
        ] {
            let topic = TopicArn::parse(text);
            assert_eq!(topic.as_ref().map(TopicArn::host), host, "{text}");
        }
    }

    #[test]
    fn only_a_certificate_of_the_topics_region_is_one() {
        let topic = TopicArn::parse(TOPIC).unwrap();
        let host = "sns.eu-west-1.amazonaws.com";
        let good = format!("https://{host}/SimpleNotificationService-01d088a6F7.pem");
        assert!(topic.is_certificate(&good));
        for address in [
            good.replace("https", "http"),
            good.replace("https", "HTTPS"),
            good.replace("eu-west-1", "us-east-1"),
            good.replace(host, "sns.eu-west-1.amazonaws.com.evil.example"),
            good.replace(host, "evil.example/sns.eu-west-1.amazonaws.com"),
            good.replace(host, "kim@sns.eu-west-1.amazonaws.com"),
            good.replace(host, "sns.eu-west-1.amazonaws.com@evil.example"),
            good.replace(host, "sns.eu-west-1.amazonaws.com:443"),
            good.replace(host, "sns.eu-west-1.amazonaws.com."),
            good.replace(host, "sns.eu-west-1.amazonaws.com.cn"),
            good.replace(host, "sns.eu-west-1.amazonaws.com/.."),
            good.replace(host, "sns%2eeu-west-1.amazonaws.com"),
            good.replace(host, "bucket.s3.amazonaws.com"),
            good.replace(host, ""),
            good.replace("-01d0", "-../01d0"),
            good.replace("-01d0", "-%2e%2e/01d0"),
            good.replace("01d088a6F7", ""),
            good.replace("01d088a6F7", "01d088a6g7"),
            good.replace("01d088a6F7", &"0".repeat(65)),
            good.replace(".pem", ".pem?x"),
            good.replace(".pem", ".pem#x"),
            good.replace(".pem", "/x.pem"),
            good.replace(".pem", ""),
            format!(" {good}"),
            format!("{good}\n"),
        ] {
            assert!(!topic.is_certificate(&address), "{address}");
        }
    }

    /// Lines as they stand in what is signed.
    fn any_lines() -> impl Strategy<Value = Vec<&'static str>> {
        let words = ["MessageId", "Subject", "Timestamp", "TopicArn", "a", "b", ""];
        prop::collection::vec(prop::sample::select(words.to_vec()), 0..5)
    }

    /// All posts whose signed text these lines could be.
    fn posts_of(lines: &[&str]) -> Vec<SnsPost> {
        let keys =
            |key: &str| -> Vec<usize> { (0..lines.len()).filter(|at| lines[*at] == key).collect() };
        let mut found = Vec::new();
        for id in keys("MessageId") {
            for time in keys("Timestamp").into_iter().filter(|at| *at > id) {
                let between = |at: &usize| (id..time).contains(at);
                let subjects = keys("Subject").into_iter().filter(between).map(Some);
                for (subject, topic) in subjects.chain([None]).flat_map(|subject| {
                    let topics = keys("TopicArn").into_iter().filter(move |at| *at > time);
                    topics.map(move |topic| (subject, topic))
                }) {
                    let text = |from: usize, to: usize| lines[from.min(to)..to].join("\n");
                    let mut value = notification();
                    value["Message"] = text(0, id).into();
                    value["MessageId"] = text(id + 1, subject.unwrap_or(time)).into();
                    value["Subject"] = subject.map_or(Value::Null, |at| text(at + 1, time).into());
                    value["Timestamp"] = text(time + 1, topic).into();
                    value["TopicArn"] = text(topic + 1, lines.len()).into();
                    found.extend(read(&value));
                }
            }
        }
        let whole = format!("Message\n{}\nType\nNotification\n", lines.join("\n"));
        found.retain(|post| post.signed == whole);
        found
    }

    proptest! {
        #[test]
        fn a_signed_text_is_that_of_one_post(
            before in any_lines(), within in any_lines(), at in 0_usize..9, subject in any::<bool>(),
        ) {
            let subject = if subject { &["Subject", "b"][..] } else { &[] };
            let mut lines = [&["MessageId", "a"][..], subject, &["Timestamp", "a", "TopicArn", "a"]].concat();
            let at = at.min(lines.len());
            lines.splice(at..at, within);
            let lines = [before, lines].concat();
            let posts = posts_of(&lines);
            prop_assert!(posts.len() <= 1, "{posts:?}");
        }
    }

    #[test]
    fn posts_are_found_by_their_text() {
        let lines = ["x", "MessageId", "a", "Subject", "b", "Timestamp", "c", "TopicArn", "d"];
        let [post] = posts_of(&lines).try_into().expect("one");
        assert_eq!((&*post.message, &*post.id, &*post.topic), ("x", "a", "d"));
    }

    #[test]
    fn a_bare_report_is_known_as_one() {
        assert!(is_raw(br#"{"eventType":"Bounce","mail":{}}"#));
        assert!(is_raw(br#"{"notificationType":"Bounce","mail":{}}"#));
        assert!(!is_raw(br#"{"Type":"Notification","eventType":"x"}"#) && !is_raw(b"{}"));
        assert!(!is_raw(b"") && !is_raw(b"[]") && !is_raw(b"7"));
    }
}
