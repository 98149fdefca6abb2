//! What Amazon SES reports through Amazon SNS: signed as Amazon signs, and everything else, which changes
//! nothing and makes the server ask nobody.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use sejong_digest::catcher::script::{At, Do, Script, When};
use serde_json::{Value, json};

use crate::client::{self, Answer};
use crate::harness::Publication;
use crate::harness::running::wait_until;
use crate::mail::Mail;
use crate::relay::Relay;
use crate::sns::{self, Amazon, Sns, TOPIC};
use crate::subscribing::Subscribed;
use crate::{Served, publication};

const KIM: &str = "kim@example.org";
const ADA: &str = "ada@example.org";
/// What SES said when it took Kim's mail. Ada's went by another relay.
const KIM_ID: &str = "0102018c2f3e4d5a-1b2c3d4e-5f60-7a8b-9c0d-1e2f3a4b5c6d-000000";
const OTHER_ID: &str = "0102018c2f3e4d5a-1b2c3d4e-5f60-7a8b-9c0d-1e2f3a4b5c6e-000000";
const REFUSED: &str = "This is no report of a provider of this newsletter.\n";

/// A server of a publication whose issue two people have, and Amazon.
struct Reported {
    served: Served,
    sns: Sns,
    relay: Relay,
}

impl Reported {
    fn new() -> Reported {
        let (here, sns) = (publication(), Sns::start());
        let took = Do::reply(&format!("250 Ok {KIM_ID}"));
        let relay = Relay::scripted(Script::new().rule(At::Dot, When::recipient(KIM), took));
        let sent = here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
        assert_eq!(sent.code, 0, "{sent:?}");
        let hook = format!("\n[[webhook]]\nprovider = \"ses\"\ntopic = \"{TOPIC}\"\n");
        let toml = format!("{}{hook}", here.read("digest.toml"));
        let here = amazon_reaches(here.write("digest.toml", toml), &sns);
        Reported { served: Served::start(here), sns, relay }
    }

    /// As `visitor` posts it: how often one may be wrong is counted.
    fn post_as(&self, visitor: usize, post: &Value) -> Answer {
        let visitor = format!("192.0.2.{visitor}");
        let head = [("X-Forwarded-For", &*visitor), ("Content-Type", "text/plain; charset=UTF-8")];
        client::ask(self.served.port, "POST", "/hooks/ses", &head, &post.to_string())
    }

    fn post(&self, post: &Value) -> Answer {
        self.post_as(1, post)
    }

    /// What SNS makes of a message of SES.
    fn notification(&self, number: &str, message: &Value, version: &str) -> Value {
        let fields = [
            ("Type", "Notification"),
            ("MessageId", number),
            ("TopicArn", TOPIC),
            ("Subject", "Amazon SES Email Event Notification"),
            ("Message", &format!("{message}\n")),
            ("Timestamp", &at(0)),
        ];
        self.sns.signed(&fields, version)
    }

    fn confirmation(&self, number: &str, token: &str) -> Value {
        let fields = [
            ("Type", "SubscriptionConfirmation"),
            ("MessageId", number),
            ("Token", token),
            ("TopicArn", TOPIC),
            ("Message", "You have chosen to subscribe to the topic."),
            ("SubscribeURL", "https://evil.example/?Action=ConfirmSubscription"),
            ("Timestamp", &at(0)),
        ];
        self.sns.signed(&fields, "2")
    }

    fn reasons(&self, address: &str) -> Vec<String> {
        self.served.standing(address).1
    }

    fn release(&self, address: &str) {
        let told = self.served.here.run(&["subscribers", "release", address, "--why", "asked"]);
        assert_eq!(told.code, 0, "{told:?}");
    }

    fn nobody_is_suppressed(&self) {
        for address in [KIM, ADA] {
            assert_eq!(self.reasons(address), [""; 0], "{address}");
        }
    }
}

/// A publication whose server trusts the TLS of `sns` and reaches it.
fn amazon_reaches(here: Publication, sns: &Sns) -> Publication {
    let here = here.write("trusted.pem", &sns.root);
    let trusted = here.path("trusted.pem").display().to_string();
    here.env("SSL_CERT_FILE", &trusted)
        .env("HTTPS_PROXY", &format!("http://127.0.0.1:{}", sns.port))
}

/// So many seconds ago, as SNS writes it.
#[allow(clippy::disallowed_methods, reason = "the server asks the same clock")]
fn at(ago: i64) -> String {
    let second = Timestamp::now().as_second() - ago;
    Timestamp::from_second(second).expect("a time").strftime("%Y-%m-%dT%H:%M:%S.123Z").to_string()
}

fn bounce(to: &str, feedback: &str, id: &str) -> Value {
    json!({ "eventType": "Bounce", "bounce": { "bounceType": "Permanent", "bounceSubType": "General",
            "bouncedRecipients": [{ "emailAddress": to, "action": "failed", "status": "5.1.1",
                "diagnosticCode": format!("smtp; 550 5.1.1 <{to}>: no such user") }],
            "timestamp": at(-60), "feedbackId": feedback, "reportingMTA": "dns; a8-50.smtp-out.amazonses.com" },
        "mail": { "timestamp": at(60), "source": "digest@sejong.example", "messageId": id,
            "destination": [to], "headersTruncated": false, "tags": {} } })
}

fn complaint(to: &str, feedback: &str, id: &str) -> Value {
    json!({ "notificationType": "Complaint", "complaint": { "feedbackId": feedback,
            "complaintSubType": null, "complaintFeedbackType": "abuse", "timestamp": at(5),
            "complainedRecipients": [{ "emailAddress": to }] },
        "mail": { "timestamp": at(60), "messageId": id, "destination": [to] } })
}

#[test]
fn a_bounce_that_amazon_has_signed_suppresses_once() {
    let reported = Reported::new();
    for version in ["1", "2"] {
        let post =
            reported.notification(&format!("a-{version}"), &bounce(KIM, version, KIM_ID), version);
        assert_eq!(reported.post(&post).status, 200, "{version}");
        assert_eq!(reported.reasons(KIM), ["hard-bounce"], "{version}");
        let known = reported.served.known(KIM).to_string();
        assert!(known.contains("webhook ses") && known.contains("2025-11"), "{known}");
        // Once more is once, by the same number and by another one.
        reported.release(KIM);
        let again = reported.notification("another", &bounce(KIM, version, KIM_ID), version);
        for post in [post, again] {
            assert_eq!(reported.post(&post).status, 200, "{version}");
            assert_eq!(reported.reasons(KIM), [""; 0], "{version}: it counted twice");
        }
    }
    // One number brings one message, whatever is signed with it later.
    let post = reported.notification("a-1", &bounce(KIM, "new", KIM_ID), "2");
    assert_eq!(reported.post(&post).status, 200);
    reported.nobody_is_suppressed();
    // Amazon says words of its own when a topic is chosen; without a subject, too.
    let mut post = reported.notification("word", &Value::Null, "2");
    post["Message"] = "Successfully validated SNS topic for Amazon SES event publishing.".into();
    post.as_object_mut().expect("an object").remove("Subject");
    reported.sns.sign(&mut post, "2");
    assert_eq!(reported.post(&post).status, 200);
    assert_eq!(reported.sns.asked(), [sns::GOOD], "a certificate is fetched once");
}

#[test]
fn what_amazon_has_not_signed_changes_nothing_and_hears_the_same() {
    let reported = Reported::new();
    let good = reported.notification("good", &bounce(KIM, "g", KIM_ID), "2");
    let resigned = |key: &str, value: &str| {
        let mut post = good.clone();
        post[key] = value.into();
        reported.sns.sign(&mut post, "2");
        post
    };
    let with = |key: &str, value: &str| {
        let mut post = good.clone();
        assert_ne!(post[key], value);
        post[key] = value.into();
        post
    };
    let host = format!("https://{}", sns::HOST);
    let message = good["Message"].as_str().expect("a text").replace(KIM, ADA);
    let mut posts = vec![
        with("Message", &message),
        with("MessageId", "other"),
        with("MessageId", "good\nSubject\nAmazon SES Email Event Notification"),
        with("Subject", "Other"),
        with("Timestamp", &at(7)),
        with("Type", "UnsubscribeConfirmation"),
        with("SignatureVersion", "1"),
        with("SignatureVersion", "3"),
        with("Signature", &format!("AAAA{}", &good["Signature"].as_str().expect("a text")[4..])),
        with("Signature", ""),
        resigned("TopicArn", &TOPIC.replace("reports", "other")),
        resigned("TopicArn", &TOPIC.replace("123456789012", "123456789013")),
        resigned("TopicArn", &TOPIC.replace("eu-west-1", "eu-west-2")),
        resigned("Timestamp", &at(2 * 86_400)),
        resigned("Timestamp", &at(-3_600)),
        resigned("Timestamp", "yesterday"),
    ];
    for number in [sns::EXPIRED, sns::TO_COME, sns::OF_ANOTHER, sns::LONG, sns::OF_ANOTHER_KEY] {
        posts.push(with("SigningCertURL", &format!("{host}{number}")));
    }
    for (from, to) in [
        ("https", "http"),
        ("eu-west-1", "us-east-1"),
        (".com/", ".com.evil.example/"),
        (".com/", ".com@evil.example/"),
        (".com/", ".com:444/"),
        ("sns.", "kim@sns."),
        ("sns.", "bucket.s3."),
        ("/Simple", "/x/../Simple"),
        (".pem", ".pem?x=y"),
    ] {
        let address = good["SigningCertURL"].as_str().expect("a text").replacen(from, to, 1);
        posts.push(with("SigningCertURL", &address));
    }
    for (visitor, post) in posts.iter().enumerate() {
        let answer = reported.post_as(visitor, post);
        assert_eq!((answer.status, &*answer.body), (400, REFUSED), "{post}");
    }
    reported.nobody_is_suppressed();
    // The good one, and each wrong one from the right host.
    assert_eq!(reported.sns.asked().len(), 1 + 5, "{:?}", reported.sns.asked());
    let told = reported.served.running.stderr();
    assert!(told.contains("compare topic of [[webhook]]"), "{told}");
    assert_eq!(reported.post(&good).status, 200);
    assert_eq!(reported.reasons(KIM), ["hard-bounce"]);
}

#[test]
fn a_raw_message_is_refused_with_what_to_do() {
    let reported = Reported::new();
    let answer = reported.post(&bounce(KIM, "raw", KIM_ID));
    assert_eq!((answer.status, &*answer.body), (400, REFUSED), "{answer:?}");
    reported.served.running.says("switch off \"raw message delivery\"");
    reported.nobody_is_suppressed();
    assert_eq!(reported.sns.asked(), [""; 0]);
}

#[test]
fn strangers_make_the_server_ask_little() {
    let reported = Reported::new();
    let good = reported.notification("good", &bounce(KIM, "g", KIM_ID), "2");
    assert_eq!(reported.post_as(200, &good).status, 200);
    let forged = |number: usize| {
        let mut post = good.clone();
        let address = format!("https://{}/SimpleNotificationService-f{number:02}.pem", sns::HOST);
        post["SigningCertURL"] = address.into();
        post
    };
    // There is no such certificate: the first few are asked for, and each once.
    let answers: Vec<u16> = (0..10).map(|at| reported.post_as(1, &forged(at % 5)).status).collect();
    assert_eq!(answers[..5], [400, 400, 400, 503, 503]);
    assert_eq!(reported.sns.asked().len(), 1 + 3);
    for visitor in 2..40 {
        reported.post_as(visitor, &forged(visitor + 10));
    }
    let asked = reported.sns.asked().len();
    assert!((5..=10).contains(&asked), "{asked} requests");
    // What is known by then counts as before.
    let other = reported.notification("other", &complaint(ADA, "c", OTHER_ID), "2");
    assert_eq!(reported.post_as(1, &other).status, 200);
    assert_eq!(reported.reasons(ADA), ["complaint"]);
}

#[test]
fn while_amazon_does_not_answer_it_is_asked_to_post_again() {
    let reported = Reported::new();
    let good = reported.notification("good", &bounce(KIM, "g", KIM_ID), "2");
    let link = reported.served.link(ADA);
    let with = |number: usize| {
        let mut post = good.clone();
        let address = format!("https://{}/SimpleNotificationService-{number}0aa.pem", sns::HOST);
        post["SigningCertURL"] = address.into();
        post
    };
    let moods = [Amazon::IsAway, Amazon::Fails, Amazon::IsAnother, Amazon::IsSilent];
    for (number, mood) in moods.into_iter().enumerate() {
        reported.sns.is_now(mood);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| reported.post_as(number, &with(number)));
            // The others have their pages as ever.
            std::thread::sleep(Duration::from_millis(300));
            assert_eq!(reported.served.get("/style.css").status, 200);
            let left = reported.served.post(&link, "List-Unsubscribe=One-Click");
            assert_eq!(left.status, 200, "{mood:?}");
            assert!(begun.elapsed() < Duration::from_secs(4), "{mood:?}: {:?}", begun.elapsed());
            let answer = waiting.join().expect("an answer");
            assert_eq!(answer.status, 503, "{mood:?}: {answer:?}");
            assert_eq!(answer.header("retry-after"), Some("60"), "{mood:?}");
        });
        assert!(begun.elapsed() < Duration::from_secs(15), "{mood:?}: {:?}", begun.elapsed());
    }
    assert_eq!(reported.reasons(KIM), [""; 0]);
    reported.served.running.says("no certificate can be fetched from sns.eu-west-1.amazonaws.com");
    // What has just failed is not asked for again at once; another one is.
    reported.sns.is_now(Amazon::Answers);
    let asked = reported.sns.asked().len();
    assert_eq!(reported.post_as(9, &with(3)).status, 503);
    assert_eq!(reported.sns.asked().len(), asked);
    assert_eq!(reported.post_as(9, &with(7)).status, 200);
    assert_eq!(reported.reasons(KIM), ["hard-bounce"]);
}

#[test]
fn a_subscription_is_confirmed_where_its_topic_is_ours() {
    let reported = Reported::new();
    let good = reported.confirmation("s1", "2336412f37fb687f5d51e6e2");
    let mut altered = good.clone();
    altered["Token"] = "0000".into();
    let mut other = good.clone();
    other["TopicArn"] = TOPIC.replace("reports", "other").into();
    reported.sns.sign(&mut other, "2");
    for post in [altered, other] {
        assert_eq!(reported.post(&post).status, 400, "{post}");
    }
    assert_eq!(reported.sns.asked(), [sns::GOOD]);
    assert_eq!(reported.post(&good).status, 200);
    // Whatever address a post has, the one of Amazon is asked.
    let path =
        format!("/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37fb687f5d51e6e2");
    assert_eq!(reported.sns.asked(), [sns::GOOD, &path]);
    reported.served.running.says(&format!("{TOPIC} is posted to /hooks/ses from now on"));
    reported.sns.is_now(Amazon::Fails);
    let answer = reported.post_as(2, &reported.confirmation("s2", "99"));
    assert_eq!(answer.status, 503, "{answer:?}");
    reported.served.running.says("cannot be confirmed: sns.eu-west-1.amazonaws.com answers 500");
    // One word of a kind a minute hides none of another.
    let mut end = reported.confirmation("s3", "98");
    end["Type"] = "UnsubscribeConfirmation".into();
    reported.sns.sign(&mut end, "2");
    assert_eq!(reported.post_as(3, &end).status, 200);
    reported.served.running.says("is not posted to /hooks/ses any more");
    reported.nobody_is_suppressed();
}

#[test]
fn the_end_of_a_subscription_is_told_and_changes_nothing() {
    let reported = Reported::new();
    let mut post = reported.confirmation("u1", "2336");
    post["Type"] = "UnsubscribeConfirmation".into();
    reported.sns.sign(&mut post, "1");
    assert_eq!(reported.post(&post).status, 200);
    reported.served.running.says("is not posted to /hooks/ses any more");
    assert_eq!(reported.sns.asked(), [sns::GOOD], "it is not subscribed to again");
    reported.nobody_is_suppressed();
}

#[test]
fn a_report_is_about_the_mail_that_amazon_took_by_that_number() {
    let reported = Reported::new();
    let mut numbers = 0..;
    let mut post = |message: &Value| {
        let number = format!("n-{}", numbers.next().expect("a number"));
        let answer = reported.post(&reported.notification(&number, message, "2"));
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    // Other mail that goes by the same account.
    post(&bounce(KIM, "1", OTHER_ID));
    reported.nobody_is_suppressed();
    let mut other = bounce(ADA, "2", OTHER_ID);
    other["mail"]["headers"] = json!([{ "name": "Message-ID", "value": "<other@mail.example>" }]);
    post(&other);
    reported.nobody_is_suppressed();
    // Nobody whom no mail was sent.
    post(&bounce("nobody@example.net", "3", OTHER_ID));
    post(&bounce(KIM, "4", KIM_ID));
    assert_eq!(reported.reasons(KIM), ["hard-bounce"]);
    // Another relay took the mail and said another number: the last one that she was sent.
    post(&complaint(ADA, "5", OTHER_ID));
    assert_eq!(reported.reasons(ADA), ["complaint"]);
    reported.release(ADA);
    // SES replaces the Message-ID, and names the one that the mail came with.
    let mails = reported.relay.accepted();
    let mail = mails.iter().find(|mail| mail.recipients.concat() == ADA).expect("a mail");
    let mut own = bounce(ADA, "6", OTHER_ID);
    own["mail"]["headers"] =
        json!([{ "name": "Message-ID", "value": Mail::read(&mail.bytes).field("Message-ID") }]);
    own["bounce"]["timestamp"] = at(-120).into();
    post(&own);
    assert_eq!(reported.reasons(ADA), ["hard-bounce"]);
}

// The mails of the form are those that strangers can have sent to somebody.
#[test]
fn a_report_about_a_confirmation_counts_where_amazon_took_it_by_that_number() {
    let (new, soon) = ("new@example.org", "soon@example.org");
    let took = Do::reply(&format!("250 Ok {KIM_ID}"));
    let relay = Relay::scripted(Script::new().rule(At::Dot, When::Always, took));
    let sns = Sns::start();
    let hook = format!("\n[[webhook]]\nprovider = \"ses\"\ntopic = \"{TOPIC}\"\n");
    let Subscribed { served, relay } = Subscribed::over(relay, &hook);
    let Served { here, running, .. } = served;
    drop(running);
    let served = Served::start(amazon_reaches(here, &sns));
    let here = Subscribed { served, relay };
    for (email, visitor) in [(new, "192.0.2.7"), (soon, "192.0.2.8")] {
        assert_eq!(here.asks(email, visitor).status, 303);
        here.mails(email, 1);
    }
    let reported = Reported { served: here.served, sns, relay: here.relay };
    // What the relay said is written down a moment after the mail is there.
    for email in [new, soon] {
        let state = || reported.served.known(email)["mails"][0]["state"].clone();
        assert!(wait_until(Duration::from_secs(20), || state() == "accepted"), "{}", state());
    }
    for (number, to, id, expected) in [
        ("1", new, OTHER_ID, &[][..]),
        ("2", new, KIM_ID, &["complaint"]),
        ("3", soon, OTHER_ID, &[]),
    ] {
        let post = reported.notification(number, &complaint(to, number, id), "2");
        assert_eq!(reported.post(&post).status, 200, "{number}");
        assert_eq!(reported.reasons(to), expected, "{number}");
    }
}

#[test]
fn a_topic_that_is_none_keeps_the_server_from_starting() {
    let here = publication();
    let toml = here.read("digest.toml");
    let hook = |text: &str| format!("{toml}\n[[webhook]]\n{text}\n");
    let good = format!("provider = \"ses\"\ntopic = \"{TOPIC}\"");
    let mut here = here.write("digest.toml", hook(&good));
    let told = here.run(&["serve", "--check", "--listen", "127.0.0.1:0"]);
    let address = format!("https://{}/hooks/ses", crate::HOST);
    assert!(told.code == 0 && told.stdout.contains(&address), "{told:?}");
    for (text, says) in [
        ("provider = \"ses\"", "ses needs a topic"),
        ("provider = \"ses\"\ntopic = \"reports\"", "is no topic of Amazon SNS"),
        (&*format!("{good}\nsecret_file = \"x\""), "ses has no secret"),
        (&*good.replace("\"ses\"", "\"postmark\""), "postmark has no topic"),
    ] {
        here = here.write("digest.toml", hook(text));
        let told = here.run(&["serve", "--check"]);
        assert!(told.code != 0 && format!("{told:?}").contains(says), "{text}: {told:?}");
    }
    let here = here.write("digest.toml", hook(&good)).env("HTTPS_PROXY", "socks5://127.0.0.1:1");
    let told = here.run(&["serve", "--check"]);
    assert!(told.code != 0 && told.stderr.contains("HTTPS_PROXY"), "{told:?}");
}
