//! What providers of mail post: in the documented form of each, proven as each proves it, and everything
//! else, which changes nothing.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Value, json};

use crate::client::{self, Answer};
use crate::mail::Mail;
use crate::relay::Relay;
use crate::subscribing::Subscribed;
use crate::{HOST, Served, publication};

const KIM: &str = "kim@example.org";
const ADA: &str = "ada@example.org";
/// Who has subscribed by the form, and who has not confirmed yet.
const NEW: &str = "new@example.org";
const SOON: &str = "soon@example.org";
const SECRET: &str = "9f2c7a51d08e4b63a1d5";
const REFUSED: &str = "This is no report of a provider of this newsletter.\n";

/// A server of a publication whose issue two people have, and who posts to it.
struct Hooked {
    served: Served,
    relay: Relay,
    sendgrid: EcdsaKeyPair,
}

impl Hooked {
    fn new() -> Hooked {
        let here = publication();
        let relay = Relay::new();
        let sent = here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
        assert_eq!(sent.code, 0, "{sent:?}");
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key");
        let public: PublicKeyX509Der<'_> = key.public_key().as_der().expect("DER");
        let public = BASE64.encode(public.as_ref());
        let hook = |name: &str| format!("\n[[webhook]]\nprovider = \"{name}\"\n");
        let hooks: String = PROVIDERS.iter().map(|name| hook(name)).collect();
        let toml = format!("{}{hooks}", here.read("digest.toml"));
        let mut here = here.write("digest.toml", toml);
        for name in PROVIDERS {
            let secret = if *name == "sendgrid" { public.as_str() } else { SECRET };
            let variable = format!("DIGEST_WEBHOOK_SECRET_{}", name.to_uppercase());
            here = here.env(&variable, secret);
        }
        Hooked { served: Served::start(here), relay, sendgrid: key }
    }

    /// The same, where people can subscribe as well; two have asked to, and one has confirmed.
    fn with_newcomers() -> Hooked {
        let hooked = Hooked::new();
        let Hooked { served, relay, sendgrid } = hooked;
        let Served { here, running, .. } = served;
        drop(running);
        let (toml, url) = (here.read("digest.toml"), relay.url());
        let form = "[audience]\nsource = \"store\"\n\n[form]\n\n[bounce]\n\
                    reverse_path = \"bounces+{token}@sejong.example\"\n";
        let toml = format!("{toml}\n{form}\n[[relay]]\nurl = \"{url}\"\n");
        let here = here.write("digest.toml", toml);
        let here = Subscribed { served: Served::start(here), relay };
        for (at, email) in [NEW, SOON].into_iter().enumerate() {
            assert_eq!(here.asks(email, &format!("192.0.2.{at}")).status, 303);
        }
        assert_eq!(here.served.post(&here.link(NEW), "confirm=yes").status, 200);
        here.mails(NEW, 2);
        here.mails(SOON, 1);
        Hooked { served: here.served, relay: here.relay, sendgrid }
    }

    fn message_id(&self, to: &str) -> String {
        let mails = self.relay.accepted();
        let mail = mails.iter().find(|mail| mail.recipients.concat() == to).expect("a mail");
        Mail::read(&mail.bytes).field("Message-ID").to_owned()
    }

    fn post(&self, path: &str, head: &[(&str, &str)], body: &str) -> Answer {
        client::ask(self.served.port, "POST", path, head, body)
    }

    fn mailgun(&self, event: &Value, age: u64, token: &str) -> Answer {
        self.post("/hooks/mailgun", &[], &mailgun(event, &(now() - age).to_string(), token))
    }

    fn sendgrid(&self, events: &Value) -> Answer {
        let (time, body) = (now().to_string(), events.to_string());
        self.post("/hooks/sendgrid", &self.signed(&time, &body).each(), &body)
    }

    fn signed(&self, time: &str, body: &str) -> Signed {
        let text = format!("{time}{body}");
        let signature = self.sendgrid.sign(&SystemRandom::new(), text.as_bytes()).expect("signed");
        Signed { time: time.to_owned(), signature: BASE64.encode(signature.as_ref()) }
    }

    fn postmark(&self, event: &Value) -> Answer {
        self.post(&format!("/hooks/postmark/{SECRET}"), &[], &event.to_string())
    }

    fn reasons(&self, address: &str) -> Vec<String> {
        self.served.standing(address).1
    }

    fn release(&self, address: &str) {
        let told = self.served.here.run(&["subscribers", "release", address, "--why", "asked"]);
        assert_eq!(told.code, 0, "{told:?}");
        assert_eq!(self.reasons(address), [""; 0]);
    }

    fn nobody_is_suppressed(&self) {
        for address in [KIM, ADA] {
            assert_eq!(self.served.standing(address), ("confirmed".to_owned(), Vec::new()));
        }
    }
}

const PROVIDERS: &[&str] = &["brevo", "mailgun", "postmark", "sendgrid", "sparkpost"];

struct Signed {
    time: String,
    signature: String,
}

impl Signed {
    fn each(&self) -> [(&str, &str); 2] {
        [
            ("X-Twilio-Email-Event-Webhook-Signature", &self.signature),
            ("X-Twilio-Email-Event-Webhook-Timestamp", &self.time),
        ]
    }
}

#[allow(clippy::disallowed_methods, reason = "the server asks the same clock")]
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs()
}

fn mailgun(event: &Value, time: &str, token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let code = HEXLOWER.encode(hmac::sign(&key, format!("{time}{token}").as_bytes()).as_ref());
    let signature = json!({ "timestamp": time, "token": token, "signature": code });
    json!({ "signature": signature, "event-data": event }).to_string()
}

fn mailgun_bounce(to: &str, message_id: &str) -> Value {
    json!({ "event": "failed", "severity": "permanent", "reason": "bounce", "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "timestamp": now() as f64 + 0.37, "recipient": to, "log-level": "error", "tags": [],
        "message": { "headers": { "to": to, "message-id": message_id.trim_matches(['<', '>']) } },
        "delivery-status": { "code": 550, "enhanced-code": "5.1.1", "attempt-no": 1,
            "message": format!("5.1.1 <{to}>: no such user"), "description": "" } })
}

fn sendgrid_bounce(to: &str, message_id: &str, id: &str) -> Value {
    json!({ "email": to, "event": "bounce", "type": "bounce", "timestamp": now(), "status": "5.1.1",
        "reason": "550 5.1.1 unknown user", "smtp-id": message_id, "sg_event_id": id,
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001" })
}

fn postmark_bounce(to: &str, id: i64) -> Value {
    json!({ "RecordType": "Bounce", "ID": id, "Type": "HardBounce", "TypeCode": 1, "Email": to,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "Inactive": true,
        "BouncedAt": "2099-11-05T16:33:54.9070259Z",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist" })
}

#[test]
fn a_proven_bounce_suppresses_and_says_where_it_is_from() {
    let hooked = Hooked::new();
    let given = format!("Bearer {SECRET}");
    let bearer = [("Authorization", &*given)];
    let brevo = json!([7, { "event": "hard_bounce", "email": KIM, "id": 26_224, "ts": 4_000_000_000_i64,
        "ts_event": 4_000_000_000_i64, "message-id": "<201798300811.5787683@relay.mail.example>",
        "reason": "550 5.1.1 no such user" }]);
    let sparkpost = json!([{ "msys": {} }, { "msys": { "message_event": { "type": "bounce",
        "bounce_class": "10", "error_code": "550", "event_id": "92356927693813856", "rcpt_to": KIM,
        "raw_reason": "550 5.1.1 no such user", "timestamp": "4000000000" } } }]);
    let (brevo, sparkpost) = (brevo.to_string(), sparkpost.to_string());
    for provider in PROVIDERS {
        let bounce = || match *provider {
            "mailgun" => hooked.mailgun(&mailgun_bounce(KIM, &hooked.message_id(KIM)), 5, "once"),
            "brevo" => hooked.post("/hooks/brevo", &bearer, &brevo),
            "sparkpost" => hooked.post("/hooks/sparkpost", &bearer, &sparkpost),
            "postmark" => hooked.postmark(&postmark_bounce(KIM, 4_323_372_036_854_775_807)),
            _ => hooked.sendgrid(&json!([sendgrid_bounce(KIM, &hooked.message_id(KIM), "g1")])),
        };
        assert_eq!(bounce().status, 200, "{provider}");
        assert_eq!(hooked.reasons(KIM), ["hard-bounce"], "{provider}");
        let known = hooked.served.known(KIM);
        let text = known.to_string();
        assert!(text.contains(&format!("webhook {provider}")), "{text}");
        assert!(text.contains("\"webhook\""), "no origin: {text}");
        // Once more is once: the provider hears yes, and nothing happens.
        hooked.release(KIM);
        assert_eq!(bounce().status, 200, "{provider}");
        assert_eq!(hooked.reasons(KIM), [""; 0], "{provider}: it counted twice");
    }
    assert_eq!(hooked.reasons(ADA), [""; 0]);
    let told = hooked.served.here.run(&["status", "2025-11", "--list", "bounced", "--json"]);
    assert!(told.stdout.contains("webhook postmark"), "{told:?}");
}

#[test]
fn what_is_forged_altered_or_old_changes_nothing_and_hears_the_same() {
    let hooked = Hooked::new();
    let own = mailgun_bounce(KIM, &hooked.message_id(KIM));
    let time = now().to_string();
    let old = (now() - 2 * 86_400).to_string();
    let ahead = (now() + 3_600).to_string();
    let good = mailgun(&own, &time, "token");
    let grid = json!([sendgrid_bounce(KIM, &hooked.message_id(KIM), "g1")]).to_string();
    let (signed, signed_before) = (hooked.signed(&time, &grid), hooked.signed(&old, &grid));
    let other = Signed { time: old.clone(), ..hooked.signed(&time, &grid) };
    let mark = postmark_bounce(KIM, 1).to_string();
    let basic = format!("Basic {}", BASE64.encode(format!("digest:{SECRET}x").as_bytes()));
    let mut answers: Vec<(&str, Answer)> = Vec::new();
    for (what, path, head, body) in [
        ("another token", "/hooks/mailgun", vec![], good.replace("\"token\":\"t", "\"token\":\"u")),
        (
            "another code",
            "/hooks/mailgun",
            vec![],
            good.replacen("\"signature\":\"", "\"signature\":\"0", 1),
        ),
        ("no code", "/hooks/mailgun", vec![], own.to_string()),
        ("an old time", "/hooks/mailgun", vec![], mailgun(&own, &old, "a")),
        ("a time to come", "/hooks/mailgun", vec![], mailgun(&own, &ahead, "b")),
        ("no JSON", "/hooks/mailgun", vec![], "{".to_owned()),
        ("one byte", "/hooks/sendgrid", signed.each().to_vec(), grid.replace("unknown", "unknowm")),
        ("old", "/hooks/sendgrid", signed_before.each().to_vec(), grid.clone()),
        ("its time altered", "/hooks/sendgrid", other.each().to_vec(), grid.clone()),
        ("unsigned", "/hooks/sendgrid", vec![], grid.clone()),
        ("no secret", "/hooks/postmark", vec![], mark.clone()),
        ("a wrong one", "/hooks/postmark/9f2c7a51d08e4b63a1d6", vec![], mark.clone()),
        ("a part of it", "/hooks/postmark/9f2c7a51d08e4b63", vec![], mark.clone()),
        ("a wrong password", "/hooks/postmark", vec![("Authorization", &*basic)], mark.clone()),
        ("no such hook", "/hooks/other/x", vec![], mark.clone()),
        ("no name", "/hooks/%ff", vec![], mark.clone()),
    ] {
        answers.push((what, hooked.post(path, &head, &body)));
    }
    for (what, answer) in &answers {
        assert_eq!((answer.status, &*answer.body), (400, REFUSED), "{what}: {answer:?}");
    }
    hooked.nobody_is_suppressed();
    assert!(hooked.served.running.stderr().contains("compare the secret or key of [[webhook]]"));
    assert!(!hooked.served.running.stderr().contains(SECRET));
    // What was forged is not what was refused for good.
    assert_eq!(hooked.post("/hooks/mailgun", &[], &good).status, 200);
    assert_eq!(hooked.reasons(KIM), ["hard-bounce"]);
    assert_eq!(hooked.post("/hooks/sendgrid", &signed.each(), &grid).status, 200);
}

/// Mailgun's code is over its token alone: whoever has seen a request could write another event below it.
#[test]
fn a_token_of_mailgun_proves_one_request() {
    let hooked = Hooked::new();
    let first = hooked.mailgun(&mailgun_bounce(KIM, &hooked.message_id(KIM)), 0, "seen");
    assert_eq!((first.status, hooked.reasons(KIM)), (200, vec!["hard-bounce".to_owned()]));
    let mut other = mailgun_bounce(ADA, &hooked.message_id(ADA));
    other["id"] = json!("another");
    assert_eq!(hooked.mailgun(&other, 0, "seen").status, 200);
    assert_eq!(hooked.reasons(ADA), [""; 0]);
    assert_eq!(hooked.mailgun(&other, 0, "new").status, 200);
    assert_eq!(hooked.reasons(ADA), ["hard-bounce"]);
}

#[test]
fn nothing_happens_to_whom_no_mail_of_ours_was_sent() {
    let hooked = Hooked::new();
    let told =
        hooked.served.here.run(&["subscribers", "add", "new@example.org", "--consent", "asked"]);
    assert_eq!(told.code, 0, "{told:?}");
    for answer in [
        hooked.postmark(&postmark_bounce("new@example.org", 1)),
        hooked.postmark(&postmark_bounce("nobody@example.net", 2)),
        hooked.sendgrid(&json!([
            sendgrid_bounce(KIM, "<other@mail.example>", "o"),
            sendgrid_bounce(ADA, &hooked.message_id(KIM), "p"),
        ])),
    ] {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(hooked.reasons("new@example.org"), [""; 0]);
    hooked.nobody_is_suppressed();
    let told = hooked.served.here.run(&["who", "nobody@example.net"]);
    assert!(!told.stdout.contains("webhook"), "{told:?}");
}

#[test]
fn a_report_follows_who_has_another_address_by_now() {
    let hooked = Hooked::new();
    let (kim, ada) = ("kim@new.example.org", "ada@new.example.org");
    for (old, new) in [(KIM, kim), (ADA, ada)] {
        let told =
            hooked.served.here.run(&["subscribers", "set", old, "--set", &format!("email={new}")]);
        assert_eq!(told.code, 0, "{told:?}");
    }
    // Who complains or leaves does that as the person that they are now; a mailbox that is gone is the
    // old one.
    let complaint = json!({ "email": KIM, "event": "spamreport", "timestamp": now(),
        "sg_event_id": "c", "smtp-id": hooked.message_id(KIM) });
    let bounce = sendgrid_bounce(ADA, &hooked.message_id(ADA), "b");
    assert_eq!(hooked.sendgrid(&json!([complaint, bounce])).status, 200);
    assert_eq!(hooked.served.standing(kim), ("confirmed".into(), vec!["complaint".into()]));
    assert_eq!(hooked.served.standing(ada), ("confirmed".into(), vec![]));
    let left = json!([{ "event": "unsubscribe", "email": ADA, "timestamp": now(),
        "sg_event_id": "u", "smtp-id": hooked.message_id(ADA) }]);
    assert_eq!(hooked.sendgrid(&left).status, 200);
    assert_eq!(hooked.served.standing(ada), ("unsubscribed".into(), vec!["unsubscribed".into()]));
}

// The mails of the form are those that strangers can have sent to somebody.
#[test]
fn a_report_about_a_mail_to_who_subscribes_counts_as_one_about_an_issue() {
    let hooked = Hooked::with_newcomers();
    let other = sendgrid_bounce(SOON, "<other@mail.example>", "other");
    assert_eq!(hooked.sendgrid(&json!([other])).status, 200);
    assert_eq!(hooked.reasons(SOON), [""; 0]);
    let complaint = json!([{ "event": "spamreport", "email": SOON, "timestamp": now(),
        "sg_event_id": "c", "smtp-id": hooked.message_id(SOON) }]);
    assert_eq!(hooked.sendgrid(&complaint).status, 200);
    assert_eq!(hooked.reasons(SOON), ["complaint"]);
    let unsubscribed = json!([{ "event": "unsubscribe", "email": NEW, "timestamp": now(),
        "sg_event_id": "u" }]);
    assert_eq!(hooked.sendgrid(&unsubscribed).status, 200);
    assert_eq!(hooked.served.standing(NEW), ("unsubscribed".into(), vec!["unsubscribed".into()]));
    // A provider that gives its own Message-ID is believed for whom a mail has left.
    assert_eq!(hooked.postmark(&postmark_bounce(NEW, 7)).status, 200);
    assert_eq!(hooked.reasons(NEW), ["unsubscribed", "hard-bounce"]);
    let told = hooked.served.here.run(&["subscribers", "show", SOON]);
    assert!(told.stdout.contains("complaint, ") && told.stdout.contains("confirm"), "{told:?}");
}

#[test]
fn a_bounce_of_a_mail_to_who_subscribes_is_proven_by_its_reverse_path() {
    let hooked = Hooked::with_newcomers();
    let mails = hooked.relay.accepted();
    let mut own = mails.iter().filter(|mail| mail.recipients.concat() == NEW);
    let welcome = own.next_back().expect("a welcome");
    let (path, id) =
        (&welcome.reverse_path, Mail::read(&welcome.bytes).field("Message-ID").to_owned());
    let report = |to: &str| {
        format!(
            "Return-Path: <>\nTo: {to}\nFrom: MAILER-DAEMON@mx.example.net\nSubject: failed\n\
             MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; \
             boundary=\"b\"\n\n--b\nContent-Type: message/delivery-status\n\n\
             Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {NEW}\n\
             Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n--b--\n"
        )
    };
    let returned = format!(
        "\n--b\nContent-Type: message/rfc822\n\nSubject: Welcome\nMessage-ID: {id}\n\nHi.\n\n--b--\n"
    );
    let by_id = report("b@sejong.example").replace("\n--b--\n", &returned);
    let forged = report(&path.replace('+', "+a"));
    let proven = report(path);
    let known_by = "known by the token of the reverse-path of a mail about a subscription";
    for (text, undecided, expected, says) in [
        (forged, 0, vec![], "unproven: nothing in it shows"),
        (by_id, 1, vec![], "a person has to decide: it has the Message-ID of the mail"),
        (proven, 0, vec!["hard-bounce"], known_by),
    ] {
        std::fs::write(hooked.served.here.path("bounce.eml"), text).expect("written");
        let told = hooked.served.here.run(&["bounces", "read", "bounce.eml"]);
        assert!(told.stdout.contains(NEW) && told.stdout.contains(says), "{told:?}");
        assert_eq!(hooked.reasons(NEW), expected, "{told:?}");
        // That it has the Message-ID of a mail of ours is for a person to decide, as of an issue.
        let known = hooked.served.known(NEW);
        assert_eq!(known["undecided"].as_array().map(Vec::len), Some(undecided), "{known}");
    }
}

#[test]
fn one_damaged_event_of_many_loses_no_other() {
    let hooked = Hooked::new();
    let events = json!([
        7, null, {}, { "event": "bounce", "email": ["x"] },
        { "event": "spamreport", "email": ADA, "timestamp": now(), "sg_event_id": "s",
            "smtp-id": hooked.message_id(ADA) },
        { "event": "bounce", "type": "blocked", "email": KIM, "sg_event_id": "b",
            "smtp-id": hooked.message_id(KIM), "reason": "550 5.7.1 blocked by a list" },
        { "event": "unsubscribe", "email": KIM, "timestamp": now(), "sg_event_id": "u" },
    ]);
    assert_eq!(hooked.sendgrid(&events).status, 200);
    assert_eq!(hooked.reasons(ADA), ["complaint"]);
    assert_eq!(hooked.served.standing(KIM), ("unsubscribed".into(), vec!["unsubscribed".into()]));
    let body = format!("{}x", events);
    let signed = hooked.signed(&now().to_string(), &body);
    assert_eq!(hooked.post("/hooks/sendgrid", &signed.each(), &body).status, 422);
    let basic = format!("Basic {}", BASE64.encode(format!("digest:{SECRET}").as_bytes()));
    let bearer = format!("Bearer {SECRET}");
    for given in [basic, bearer] {
        let answer = hooked.post("/hooks/postmark", &[("Authorization", &*given)], "{");
        assert_eq!(answer.status, 422, "{answer:?}");
    }
}

#[test]
fn a_large_report_is_taken_and_a_larger_one_is_not() {
    let hooked = Hooked::new();
    let other = |number: usize| json!({ "event": "delivered", "email": "x@example.net", "sg_event_id": number.to_string() });
    let mut events: Vec<Value> = (0..9_000).map(other).collect();
    events.push(sendgrid_bounce(KIM, &hooked.message_id(KIM), "last"));
    let large = Value::from(events.clone());
    assert!((500_000..1_048_576).contains(&large.to_string().len()), "{}", large.to_string().len());
    assert_eq!(hooked.sendgrid(&large).status, 200);
    assert_eq!(hooked.reasons(KIM), ["hard-bounce"]);
    events.extend((0..9_000).map(other));
    events.push(sendgrid_bounce(ADA, &hooked.message_id(ADA), "too late"));
    assert_eq!(hooked.sendgrid(&Value::from(events)).status, 413);
    assert_eq!(hooked.reasons(ADA), [""; 0]);
    // Everywhere else 16 KiB are the most, as before.
    let form = "x".repeat(17_000);
    assert_eq!(hooked.post("/unsubscribe/x", &[], &form).status, 413);
    for method in ["GET", "HEAD", "PUT"] {
        let path = format!("/hooks/postmark/{SECRET}");
        assert_eq!(client::ask(hooked.served.port, method, &path, &[], "").status, 405);
    }
}

#[test]
fn one_visitor_with_many_unfinished_reports_keeps_no_provider_out() {
    let hooked = Hooked::new();
    let head = format!(
        "POST /hooks/sendgrid HTTP/1.1\r\nHost: {HOST}\r\nX-Forwarded-For: 192.0.2.66\r\n\
         Content-Length: 900000\r\n\r\n["
    );
    let mut unfinished: Vec<TcpStream> = Vec::new();
    for _ in 0..60 {
        let mut stream = client::connect(hooked.served.port);
        stream.write_all(head.as_bytes()).expect("sent");
        unfinished.push(stream);
    }
    // Of the first ones the server waits for the rest; the others hear that there are too many.
    assert_eq!(client::rest(unfinished.last_mut().expect("a stream")).status, 503);
    let other = |number: usize| json!({ "event": "delivered", "email": "x@example.net", "sg_event_id": number.to_string() });
    let mut events: Vec<Value> = (0..1_000).map(other).collect();
    events.push(sendgrid_bounce(KIM, &hooked.message_id(KIM), "last"));
    let body = Value::from(events).to_string();
    assert!(body.len() > 16 * 1_024, "{}", body.len());
    let signed = hooked.signed(&now().to_string(), &body);
    let [signature, time] = signed.each();
    let head = [signature, time, ("X-Forwarded-For", "192.0.2.7")];
    assert_eq!(hooked.post("/hooks/sendgrid", &head, &body).status, 200);
    assert_eq!(hooked.reasons(KIM), ["hard-bounce"]);
}

#[test]
fn a_hook_that_proves_nothing_keeps_the_server_from_starting() {
    let here = publication();
    let toml = here.read("digest.toml");
    let hook = |text: &str| format!("{toml}\n[[webhook]]\n{text}\n");
    let postmark = hook("provider = \"postmark\"");
    let variable = "DIGEST_WEBHOOK_SECRET_POSTMARK";
    let mut here = here.write("digest.toml", &postmark);
    let told = here.run(&["serve", "--check"]);
    assert!(told.code != 0 && told.stderr.contains(variable), "{told:?}");
    here = here.env(variable, "short");
    let told = here.run(&["serve", "--check"]);
    assert!(told.code != 0 && told.stderr.contains("fewer than 16 characters"), "{told:?}");
    assert!(!told.stderr.contains("short"), "{told:?}");
    here = here.env(variable, SECRET);
    let told = here.run(&["serve", "--check", "--listen", "127.0.0.1:0"]);
    let address = format!("https://{}/hooks/postmark", crate::HOST);
    assert!(told.code == 0 && told.stdout.contains(&address), "{told:?}");
    assert!(!format!("{told:?}").contains(SECRET));
    for (text, says) in [
        ("provider = \"sendmail\"", "provider cannot be"),
        ("provider = \"postmark\"\nname = \"A/b\"", "cannot be a part of the address"),
        ("provider = \"postmark\"\nsecret = \"x\"", "secret"),
        ("provider = \"postmark\"\n[[webhook]]\nprovider = \"postmark\"", "stands twice"),
        ("name = \"a\"", "provider"),
    ] {
        here = here.write("digest.toml", hook(text));
        let told = here.run(&["check"]);
        assert!(told.code != 0 && format!("{told:?}").contains(says), "{text}: {told:?}");
    }
}
