//! Nobody who said no gets mail: columns and words of exporters, columns that are asked about, files
//! of exceptions, and the person behind a link.

use sejong_digest::catcher::script::{At, Do, Script, When};
use serde_json::{Value, json};

use crate::harness::{Output, Publication};
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{LIST, book, counts, send, summary};

/// Exports: in each, only people whose address begins with `stays` may be mailed.
const EXPORTS: [(&str, &str); 33] = [
    (
        "Mailchimp",
        "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,LEID,EUID,NOTES,TAGS\n\
         stays@a.example,A,2,2019-01-01 10:00:00,,,,,1,a,,\n\
         left@a.example,B,2,2019-01-01 10:00:00,,2020-02-02 10:00:00,Winter,NORMAL,2,b,,\n",
    ),
    (
        "Mailchimp, cleaned",
        "Email Address,MEMBER_RATING,OPTIN_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,LEID\n\
         stays@a.example,2,,,,1\nclean@a.example,2,,2020-02-02 10:00:00,Winter,2\n",
    ),
    (
        "Ghost (PB-01)",
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n\
         m1,stays@a.example,S,,true,false,,2024-01-15T10:00:00.000Z,,crew,\n\
         m2,left@a.example,L,,false,false,,2024-01-15T10:00:00.000Z,,crew,\n\
         m3,gone@a.example,G,,true,false,,2024-01-15T10:00:00.000Z,2024-05-01T00:00:00.000Z,,\n",
    ),
    (
        "Substack",
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n\
         stays@a.example,false,,other,false,2023-06-01T10:11:12.000Z,\n\
         stays2@a.example,true,2026-01-01T00:00:00.000Z,yearly,false,2023-06-01T10:11:12.000Z,\n\
         muted@a.example,false,,other,true,2023-06-03T10:11:12.000Z,\n",
    ),
    (
        "Buttondown",
        "email_address,type,creation_date,source,tags,unsubscription_date,unsubscription_reason,undeliverability_date,undeliverability_reason\n\
         stays@a.example,regular,2024-01-01,api,,,,,\n\
         stays2@a.example,premium,2024-01-01,api,,,,,\n\
         removed@a.example,removed,2024-01-01,api,,,,,\n\
         new@a.example,unactivated,2024-01-01,api,,,,,\n\
         left@a.example,regular,2024-01-01,api,,2024-05-01,too often,,\n\
         bad@a.example,regular,2024-01-01,api,,,,2024-05-01,mailbox full\n",
    ),
    (
        "Kit",
        "id,first_name,email,state,created_at,tags\n\
         1,A,stays@a.example,active,2024-01-01,\n2,B,left@a.example,cancelled,2024-01-01,\n\
         3,C,bad@a.example,bounced,2024-01-01,\n4,D,spam@a.example,complained,2024-01-01,\n\
         5,E,cold@a.example,inactive,2024-01-01,\n",
    ),
    (
        "beehiiv",
        "email,status,tier,created,utm_source,unsubscribed_on\n\
         stays@a.example,active,free,2024-01-01,x,\nleft@a.example,inactive,free,2024-01-01,x,\n\
         new@a.example,pending,free,2024-01-01,x,\nbad@a.example,invalid,free,2024-01-01,x,\n\
         val@a.example,validating,premium,2024-01-01,x,\nday@a.example,active,free,2024-01-01,x,2024-06-01\n",
    ),
    (
        "MailerLite",
        "Subscriber,Email,Subscribed,Opened,Clicked,Unsubscribed,Status\n\
         S,stays@a.example,2023-01-05 10:00:00,3,1,,Active\n\
         L,left@a.example,2023-01-05 10:00:00,3,1,2024-01-05 10:00:00,Unsubscribed\n\
         J,junk@a.example,2023-01-05 10:00:00,3,1,,Junk\n\
         B,bad@a.example,2023-01-05 10:00:00,3,1,,Bounced\nU,new@a.example,2023-01-05 10:00:00,0,0,,Unconfirmed\n",
    ),
    (
        "Brevo (PB-05)",
        "CONTACT ID;EMAIL;FIRSTNAME;BLOCKLISTED\n1;stays@a.example;Stay;no\n2;left@a.example;Left;yes\n",
    ),
    (
        "Brevo",
        "EMAIL;NOM;SMS;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME\n\
         stays@a.example;S;;0;1;2024-01-01\nleft@a.example;L;;1;0;2024-01-01\n",
    ),
    (
        "HubSpot (PB-03)",
        "Record ID,First Name,Last Name,Email,Lead Status,Unsubscribed from all email,Email hard bounce reason,Create Date\n\
         1,Stay,Er,stays@a.example,,false,,2024-01-15\n2,Left,Er,left@a.example,,true,,2024-01-15\n\
         3,Bou,Er,bou@a.example,,,UNKNOWN_USER,2024-01-15\n",
    ),
    (
        "HubSpot, by kind",
        "Record ID,Email,Lead Status,Opted out of email: Newsletter,Marketing contact status\n\
         1,stays@a.example,Open,,Marketing contact\n2,left@a.example,New,Yes,Marketing contact\n\
         3,non@a.example,New,,Non-marketing contact\n",
    ),
    (
        "Constant Contact (PB-05)",
        "Email address,First name,Email status,Email permission status,Confirmed Opt-Out Date\n\
         stays@a.example,Stay,Active,Express,\nstays2@a.example,Stay,Active,Implied,\n\
         left@a.example,Left,Unsubscribed,Unsubscribed,2024-03-01\n\
         wait@a.example,Wait,Active,Pending confirmation,\nday@a.example,Day,Active,Express,2024-03-01\n",
    ),
    (
        "Campaign Monitor",
        "Email Address,Name,Status,Date Subscribed,Permission to track\n\
         stays@a.example,S,Active,2024-01-01,No\nleft@a.example,L,Unsubscribed,2024-01-01,Yes\n\
         del@a.example,D,Deleted,2024-01-01,Yes\nbad@a.example,B,Bounced,2024-01-01,Unknown\n",
    ),
    (
        "MailPoet (PB-05)",
        "\"Email\",\"First name\",\"Global status\",\"List status\",\"List\"\n\
         \"stays@a.example\",\"Stay\",\"subscribed\",\"subscribed\",\"News\"\n\
         \"left@a.example\",\"Left\",\"unsubscribed\",\"unsubscribed\",\"News\"\n\
         \"one@a.example\",\"One\",\"subscribed\",\"unsubscribed\",\"News\"\n\
         \"old@a.example\",\"Old\",\"inactive\",\"subscribed\",\"News\"\n",
    ),
    (
        "Stibee",
        "이메일 주소,이름,구독 상태,구독일,수신거부일,광고성 정보 수신 동의일\n\
         stays@a.example,가,구독 중,2024-01-01,,2024-01-01\nleft@a.example,나,수신 거부,2024-01-01,2024-05-01,\n\
         auto@a.example,다,자동 삭제,2024-01-01,,\nwait@a.example,라,구독 확인 대기,2024-01-01,,\n\
         day@a.example,마,구독 중,2024-01-01,2024. 5. 1. 오후 3:12,\n",
    ),
    (
        "listmonk",
        "uuid,email,name,attributes,status,created_at,updated_at\n\
         a,stays@a.example,A,{},enabled,2024-01-01,2024-01-01\nb,off@a.example,B,{},disabled,2024-01-01,2024-01-01\n\
         c,block@a.example,C,{},blocklisted,2024-01-01,2024-01-01\n",
    ),
    (
        "listmonk, a list",
        "email,name,subscription_status\nstays@a.example,A,confirmed\n\
         left@a.example,B,unsubscribed\nnew@a.example,C,unconfirmed\n",
    ),
    (
        "Keila",
        "Email,First name,Last name,Data,Status,External ID,Double opt-in at\n\
         stays@a.example,A,B,{},active,,\nleft@a.example,A,B,{},unsubscribed,,2024-01-01T00:00:00Z\n\
         bad@a.example,A,B,{},unreachable,,\n",
    ),
    (
        "phpList (PB-05)",
        "id,email,confirmed,blacklisted,optedin,bouncecount,entered,htmlemail,disabled\n\
         1,stays@a.example,1,0,0,0,2024-01-15 10:00:00,1,0\n2,black@a.example,1,1,0,0,2024-01-15 10:00:00,1,0\n\
         3,unconf@a.example,0,0,1,0,2024-01-15 10:00:00,1,0\n4,dis@a.example,1,0,0,2,2024-01-15 10:00:00,1,1\n\
         5,stays2@a.example,1,0,1,3,2024-01-15 10:00:00,1,0\n",
    ),
    (
        "Mailtrain",
        "cid,email,status,opt_in,opt_in_ip,created\n\
         a,stays@a.example,1,2024-01-01,,2024-01-01\nb,left@a.example,2,2024-01-01,,2024-01-01\n\
         c,bad@a.example,3,,,2024-01-01\nd,spam@a.example,4,,,2024-01-01\n",
    ),
    (
        "Google Groups",
        "Email address,Nickname,Group status,Email status,Email preference,Posting permissions,Join year\n\
         stays@a.example,S,member,,Each email,allowed,2020\nbad@a.example,B,member,Bouncing,Each email,allowed,2020\n\
         ban@a.example,X,banned,,Each email,allowed,2020\nnone@a.example,N,member,,No email,allowed,2020\n\
         stays2@a.example,S,member,,email,allowed,2020\nnone2@a.example,N,member,,none,allowed,2020\n",
    ),
    (
        "Google Groups, with its first line",
        "Members for group Harbour\nEmail address,Nickname,Group status,Email status,Email preference\n\
         stays@a.example,S,member,,Each email\nbad@a.example,B,member,Bouncing,Each email\n",
    ),
    (
        "Google Admin",
        "Group Email [Required],Member Email,Member Type,Member Role\n\
         g@a.example,stays@a.example,USER,MEMBER\ng@a.example,stays2@a.example,USER,OWNER\n",
    ),
    ("yes and no", "email,Subscribed\nstays@a.example,yes\nleft@a.example,no\nnone@a.example,\n"),
    (
        "the other sense",
        "email,Unsubscribe\nstays@a.example,no\nstays2@a.example,\nleft@a.example,Yes\n",
    ),
    ("numbers", "email,active\nstays@a.example,1\nleft@a.example,0\n"),
    ("a spreadsheet's numbers", "email,confirmed\nstays@a.example,1.0\nnew@a.example,0.0\n"),
    (
        "Korean consent",
        "이메일,이름,이메일 수신동의\nstays@a.example,가,동의\nno@a.example,나,미동의\nx@a.example,다,X\nstays2@a.example,라,O\n",
    ),
    (
        "Korean refusal",
        "이메일,수신거부\nstays@a.example,X\nstays2@a.example,\nleft@a.example,O\nleft2@a.example,거부\n",
    ),
    (
        "German",
        "E-Mail;Name;Abgemeldet;Abgemeldet am\nstays@a.example;A;nein;\nleft@a.example;B;ja;\nday@a.example;C;;01.02.2024\n",
    ),
    ("French", "Email,Nom,Statut\nstays@a.example,A,Abonné\nleft@a.example,B,Désabonné\n"),
    (
        "by hand",
        "email,name,tags,note\nstays@a.example,A,crew,\nleft@a.example,B,crew,Unsubscribed\ntag@a.example,C,crew;do-not-email,\n",
    ),
];

/// Lists that have nothing to do with consent, or where all say yes: everybody gets mail.
const ORDINARY: [&str; 17] = [
    "email,first_name,company\nstays@a.example,A,Hanbit\nstays2@a.example,B,\n",
    "email,type\nstays@a.example,student\nstays2@a.example,professor\n",
    "email,city,state\nstays@a.example,Portland,OR\nstays2@a.example,Tulsa,OK\nstays3@a.example,Gary,IN\n",
    "email,state\nstays@a.example,Bayern\nstays2@a.example,North Carolina\n",
    "email,active_member\nstays@a.example,yes\nstays2@a.example,no\n",
    "email,Membership status\nstays@a.example,lapsed\nstays2@a.example,inactive\nstays3@a.example,active\n",
    "email,Newsletter,language\nstays@a.example,weekly,ko\nstays2@a.example,monthly,en\n",
    "email,Subscription date,Opt-in date,consent_ip\nstays@a.example,2024-01-01,2024-01-01,1.2.3.4\nstays2@a.example,,,\n",
    "email,GDPR consent\nstays@a.example,yes\nstays2@a.example,yes\n",
    "email,SMS consent,Photo consent\nstays@a.example,no,no\nstays2@a.example,yes,\n",
    "email,unsubscribe_url\nstays@a.example,https://a.example/u/1\nstays2@a.example,https://a.example/u/2\n",
    "이메일,이름,소속,가입일,회원유형\nstays@a.example,가,한빛,2024-01-01,정회원\nstays2@a.example,나,나래,,준회원\n",
    "이메일,이름,구독일,유입 경로\nstays@a.example,가,2024-01-01,블로그\nstays2@a.example,나,,지인\n",
    "email,note\nstays@a.example,\"asked in May whether we had unsubscribed him, we had not\"\n",
    "email,Marital status,Payment status,Bounces\nstays@a.example,single,cancelled,2\nstays2@a.example,,pending,0\n",
    "Email,Name,Position,Format,Adoption\nstays@a.example,A,chair,html,no\n",
    "email,subscription,donor_type\nstays@a.example,annual,major\nstays2@a.example,,\n",
];

/// What a plan would send, by address: the rehearsal's mails.
fn mailed(list: &str) -> Vec<String> {
    let (here, relay) = (Publication::new().write(LIST, list), Relay::new());
    let sent = send(&here, &relay, &[]);
    assert_eq!(sent.code, 0, "{list}\n{sent:?}");
    let mut mailed: Vec<String> =
        relay.accepted().iter().map(|mail| mail.recipients.concat()).collect();
    mailed.sort();
    mailed
}

#[test]
fn exports_of_each_program_mail_nobody_who_left() {
    for (program, list) in EXPORTS {
        let stay = |line: &str| line.contains("stays");
        let wanted = list.lines().filter(|line| stay(line)).count();
        let mailed = mailed(list);
        assert!(mailed.iter().all(|address| stay(address)), "{program}: {mailed:?}");
        assert_eq!(mailed.len(), wanted, "{program}: {mailed:?}");
    }
}

#[test]
fn those_who_left_are_counted_by_what_the_export_says() {
    let ghost = EXPORTS[2].1;
    let plan = Publication::new().write(LIST, ghost).run(&["plan", "2025-11"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.stdout.contains("To        1 recipient"), "{}", plan.stdout);
    assert!(plan.stdout.contains("Not to    2 unsubscribed"), "{}", plan.stdout);
    let hubspot = EXPORTS[10].1;
    let plan = Publication::new().write(LIST, hubspot).run(&["plan", "2025-11"]);
    for line in ["Not to    1 bounced", "Not to    1 unsubscribed"] {
        assert!(plan.stdout.contains(line), "{}", plan.stdout);
    }
}

#[test]
fn ordinary_lists_are_not_asked_about() {
    for list in ORDINARY {
        let here = Publication::new().write(LIST, list);
        let check = here.run(&["check"]);
        assert_eq!(check.code, 0, "{list}\n{check:?}");
        let plan = summary(&here.run(&["plan", "2025-11", "--json"]));
        assert_eq!(plan["to_send"], list.lines().count() - 1, "{list}");
    }
}

/// A column that only looks like consent.
const OPTED_IN: &str = "Email,first_name,Opted In\n\
    a@a.example,A,TRUE\nb@a.example,B,FALSE\nc@a.example,C,TRUE\n";

#[track_caller]
pub(crate) fn is_asked(output: &Output, words: &[&str]) {
    assert_eq!(output.code, 3, "{output:?}");
    for word in words {
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        assert!(said.contains(word), "{word}: {output:?}");
    }
}

#[test]
fn a_column_that_looks_like_consent_stops_every_command_until_it_is_said_what_it_means() {
    let (here, relay) = (Publication::new().write(LIST, OPTED_IN), Relay::new());
    let url = relay.url();
    let commands: [&[&str]; 5] = [
        &["check", "2025-11"],
        &["plan", "2025-11"],
        &["send", "2025-11", "--yes", "--relay", &url],
        &["send", "2025-11", "--yes", "--relay", &url, "--to", "a@a.example"],
        &["test", "2025-11", "--relay", &url, "--to", "a@a.example"],
    ];
    let line = "--consent-column 'Opted In=yes'";
    let toml = "consent_columns = { \"Opted In\" = \"yes\" }";
    for command in commands {
        let stopped = here.run(command);
        let values = "\"TRUE\" in 2 rows, \"FALSE\" in 1 row";
        is_asked(
            &stopped,
            &["list-consent", "\"Opted In\"", values, line, toml, "subscribers.csv:1:18"],
        );
        // Nobody can let it pass as a mistake of little account.
        if command[0] != "test" {
            let allowed = here.run(&[command, &["--allow", "list-consent"]].concat());
            assert_eq!(allowed.code, 2, "{allowed:?}");
        }
    }
    assert_eq!(relay.counts().connections, 0);
    let asked = here.shell(&format!("digest plan 2025-11 --json {line}"));
    assert_eq!(summary(&asked)["to_send"], 2, "{asked:?}");
    for (meaning, to_send) in [("yes", 2), ("no", 1), ("ignore", 3)] {
        let said = format!("opted_in={meaning}");
        let plan = here.run(&["plan", "2025-11", "--json", "--consent-column", &said]);
        assert_eq!(summary(&plan)["to_send"], to_send, "{plan:?}");
        let toml = format!("[audience]\nconsent_columns = {{ \"Opted In\" = \"{meaning}\" }}\n");
        let here = Publication::new().write(LIST, OPTED_IN);
        let toml = here.read("digest.toml") + &toml;
        let here = here.write("digest.toml", toml);
        assert_eq!(summary(&here.run(&["plan", "2025-11", "--json"]))["to_send"], to_send);
        assert_eq!(here.run(&["check"]).code, 0);
        // The command line is about this list, and counts more.
        let plan = here.run(&["plan", "2025-11", "--json", "--consent-column", "Opted In=ignore"]);
        assert_eq!(summary(&plan)["to_send"], 3, "{plan:?}");
    }
    for wrong in ["Opted In", "Opted In=perhaps", "=yes"] {
        assert_eq!(here.run(&["plan", "2025-11", "--consent-column", wrong]).code, 2);
    }
    let absent = here.run(&["plan", "2025-11", "--consent-column", "Opted Inn=yes"]);
    is_asked(&absent, &["no column \"Opted Inn\"", "did you mean \"Opted In\"?"]);
}

#[test]
fn consent_in_other_languages_and_unknown_words_stop_too() {
    for (list, words) in [
        ("email,Einwilligung\na@a.example,ja\nb@a.example,nein\n", &["\"Einwilligung\""][..]),
        ("email,Consentement\na@a.example,oui\nb@a.example,non\n", &["\"Consentement\""]),
        ("이메일,마케팅 동의\na@a.example,Y\nb@a.example,N\n", &["마케팅 동의"]),
        ("email,Newsletter\na@a.example,x\nb@a.example,\n", &["nothing in 1 row"]),
        ("email,Opted out of news\na@a.example,yes\nb@a.example,no\n", &["Opted out of news=no"]),
        ("email,Subscription Status\na@a.example,Gold\n", &["list-status", "\"Gold\" in 1 row"]),
        ("email,status\na@a.example,subscribed\nb@a.example,ruht\n", &["'status: ruht=yes'"]),
        ("email,Subscribed\na@a.example,yes\nb@a.example,maybe\n", &["\"maybe\" in 1 row"]),
        ("email,state\na@a.example,subscribed\nb@a.example,on ice\n", &["\"on ice\" in 1 row"]),
        ("email,Unsubscribe\na@a.example,no\nb@a.example,accepted\n", &["\"accepted\""]),
        ("email,Confirmed at\na@a.example,2024-01-01\nb@a.example,\n", &["\"Confirmed at\""]),
    ] {
        let plan = Publication::new().write(LIST, list).run(&["plan", "2025-11"]);
        is_asked(&plan, words);
    }
    let here = Publication::new().write(
        LIST,
        "email,Status\na@a.example,Gold\nb@a.example,ruht\nc@a.example,unsubscribed\n",
    );
    let said = ["--consent-column", "Status: Gold=yes", "--consent-column", "status: RUHT=no"];
    let plan = here.run(&[&["plan", "2025-11", "--json"], &said[..]].concat());
    assert_eq!(summary(&plan)["to_send"], 1, "{plan:?}");
    assert_eq!(summary(&plan)["left_out"], 2, "{plan:?}");
}

/// The line that a question proposes for digest.toml, with the words that are left to decide.
fn proposed(output: &Output) -> String {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let at = said.find("consent_columns = {").expect(&said);
    let line = &said[at..];
    line[..line.find('}').expect("an end") + 1].to_owned()
}

#[test]
fn the_line_that_is_proposed_answers_the_question_and_says_no_for_nobody() {
    let long = format!("Opted in, as people said when they {}", "came and ".repeat(12));
    let long_list = format!("email,\"{long}\"\na@a.example,yes\nb@b.example,no\n");
    for (list, decided) in [
        ("email,Subscription Status\na@a.example,Gold\nb@b.example,Silver\n", 2),
        ("email,Unsubscribe\na@a.example,no\nb@b.example,accepted\n", 1),
        ("email,Opted In\na@a.example,yes\nb@b.example,by form\nc@c.example,no\n", 1),
        ("email,Subscribed\na@a.example,o\nb@b.example,x\n", 0),
        ("email,Opted out of news\na@a.example,o\nb@b.example,x\n", 0),
        (
            "email,\"Status \"\"x\"\" of subscriber\"\na@a.example,subscribed\nb@b.example,\"a\nb\"\n",
            1,
        ),
        (&long_list, 0),
    ] {
        let here = Publication::new().write(LIST, list);
        let asked = here.run(&["plan", "2025-11"]);
        assert_eq!(asked.code, 3, "{list}: {asked:?}");
        let line = proposed(&asked);
        assert_eq!(line.matches("\"yes or no\"").count(), decided, "{list}: {line}");
        let toml = here.read("digest.toml");
        let with = |line: &str| format!("{toml}[audience]\n{line}\n");
        if decided > 0 {
            let here = Publication::new().write(LIST, list).write("digest.toml", with(&line));
            let undecided = here.run(&["plan", "2025-11"]);
            is_asked(&undecided, &["should be yes, no or ignore"]);
        }
        let here = here.write("digest.toml", with(&line.replace("yes or no", "yes")));
        let plan = here.run(&["plan", "2025-11", "--json"]);
        assert_eq!(plan.code, 0, "{list}: {line}: {plan:?}");
        assert!(summary(&plan)["to_send"].as_u64() >= Some(1), "{list}: {line}: {plan:?}");
        let here = here.write("digest.toml", with(&line.replace("yes or no", "no")));
        let fewer = here.run(&["plan", "2025-11", "--json"]);
        let to_send = |output: &Output| summary(output)["to_send"].as_u64().unwrap_or_default();
        // Of a list without anybody left, a plan stops.
        assert!(fewer.code != 0 || to_send(&fewer) + decided as u64 == to_send(&plan), "{list}");
    }
}

#[test]
fn a_list_of_stibee_with_plain_words_is_not_asked_about() {
    let list = "이메일 주소,이름,그룹,구독일,광고성 정보 수신 동의\n\
        stays@a.example,가,회원,2024-01-01,Y\nno@a.example,나,회원,2024-01-01,N\n";
    let check = Publication::new().write(LIST, list).run(&["check"]);
    assert_eq!((check.code, check.stdout.contains("list-")), (0, false), "{check:?}");
    assert_eq!(mailed(list), ["stays@a.example"]);
}

#[test]
fn a_wrong_meaning_in_the_configuration_is_told_at_its_place() {
    let here = Publication::with_subscribers();
    let toml =
        here.read("digest.toml") + "[audience]\nconsent_columns = { \"Opted In\" = \"si\" }\n";
    let here = here.write("digest.toml", toml);
    is_asked(&here.run(&["check"]), &["\"Opted In\" should be yes, no or ignore", "digest.toml:7"]);
    // Another list may have the column.
    let toml = here.read("digest.toml").replace("\"si\"", "\"yes\"");
    let here = here.write("digest.toml", toml);
    let check = here.run(&["check"]);
    assert!(check.code == 0 && check.stdout.contains("no column \"Opted In\""), "{check:?}");
}

#[test]
fn many_warnings_of_one_kind_are_one_with_its_count() {
    let rows: String = (0..3_000).map(|n| format!("u{n}@a.example,U,\"crew, news\"\n")).collect();
    let here = Publication::new().write(LIST, format!("email,first_name,tags\n{rows}"));
    let check = here.run(&["check"]);
    assert_eq!(check.stdout.matches("row-tags").count(), 1, "{}", check.stdout);
    let told = "contains a comma (and 2999 more like this: lines 3, 4, 5, 6,";
    assert!(check.stdout.contains(told), "{}", check.stdout);
    let plan = here.run(&["plan", "2025-11"]);
    assert!(plan.stderr.contains(told), "{}", plan.stderr);
    let json = here.run(&["check", "--format", "json"]);
    let problems: Vec<Value> = serde_json::from_str(&json.stdout).expect("an array");
    let of_tags: Vec<&Value> = problems.iter().filter(|one| one["rule"] == "row-tags").collect();
    assert_eq!(of_tags.iter().map(|one| &one["count"]).collect::<Vec<_>>(), [&json!(3000)]);
}

#[test]
fn a_korean_list_of_windows_is_read_as_such_and_its_encoding_has_many_names() {
    // 이메일,이름 / 김민지
    let list =
        b"\xC0\xCC\xB8\xDE\xC0\xCF,\xC0\xCC\xB8\xA7\nkim@a.example,\xB1\xE8\xB9\xCE\xC1\xF6\n";
    let here = Publication::new().write(LIST, list).edit(
        "issues/2025-11/issue.toml",
        "first_name",
        "name",
    );
    let relay = Relay::new();
    let sent = send(&here, &relay, &[]);
    assert_eq!(sent.code, 0, "{sent:?}");
    assert!(sent.stderr.contains("read as CP949"), "{}", sent.stderr);
    assert_eq!(Mail::read(&relay.accepted()[0].bytes).subject(), "Hello 김민지");
    let check = here.run(&["check"]);
    assert!(check.code == 0 && check.stdout.contains("read as CP949"), "{check:?}");
    for name in ["cp949", "CP949", "ms949", "uhc", "windows-949", "euckr", "ks_c_5601-1987"] {
        for command in [&["check"][..], &["plan", "2025-11"]] {
            let read = here.run(&[command, &["--encoding", name]].concat());
            assert_eq!(read.code, 0, "{name}: {read:?}");
            assert!(!read.stderr.contains("list-encoding"), "{name}: {read:?}");
        }
    }
}

#[test]
fn nobody_in_a_file_of_exceptions_is_mailed() {
    let list = "email,first_name\na@a.example,A\nB@A.example,B\nc@a.example,C\nd@a.example,D\n";
    for (file, left_out) in [
        ("a@a.example\nb@a.example\n", 2),
        ("\u{FEFF}A@a.example\r\n\r\n\"\"\"b\"\"@a.example\"\r\nelse@a.example\r\n", 2),
        ("Name,Email\nA,a@a.example\nB,B@A.example\n", 2),
        ("A;a@a.example\nB;b@a.example\n", 2),
        ("Email Address,UNSUB_TIME,LEID\na@a.example,2024-01-01,1\n", 1),
        ("email\n", 0),
    ] {
        let here = Publication::new().write(LIST, list).write("never.txt", file);
        let plan = here.run(&["plan", "2025-11", "--except", "never.txt"]);
        assert_eq!(plan.code, 0, "{file}: {plan:?}");
        let line = format!("Not to    {left_out} left out by never.txt");
        assert_eq!(plan.stdout.contains(&line), left_out > 0, "{file}: {}", plan.stdout);
        let relay = Relay::new();
        let sent = send(&here, &relay, &["--except", "never.txt"]);
        assert_eq!((sent.code, relay.accepted().len()), (0, 4 - left_out), "{file}: {sent:?}");
        assert!(
            left_out == 0 || relay.accepted().iter().all(|mail| mail.recipients != ["a@a.example"])
        );
    }
    let here =
        Publication::new().write(LIST, list).write("never.txt", "a@a.example\nb@@a.example\n");
    let stopped = here.run(&["plan", "2025-11", "--except", "never.txt"]);
    is_asked(&stopped, &["never.txt:2:1", "row-address", "somebody who said no"]);
    is_asked(&here.run(&["plan", "2025-11", "--except", "none.txt"]), &["none.txt"]);
    let here = here.write("never.txt", "b@@a.example\na@a.example\n");
    is_asked(&here.run(&["plan", "2025-11", "--except", "never.txt"]), &["never.txt:1:1"]);
    let here = here.write("never.txt", "a@a.example\n");
    let one = here.run(&["plan", "2025-11", "--except", "never.txt", "--to", "A@a.example"]);
    is_asked(&one, &["never.txt leaves this person out"]);
}

#[test]
fn who_waits_and_is_in_the_file_of_exceptions_is_suppressed() {
    let list = "email,first_name\na@a.example,A\nb@b.example,B\n";
    let here = Publication::new().write(LIST, list);
    let later = Do::reply("450 4.2.0 later");
    let script = Script::new().rule(At::Rcpt, When::recipient("b@b.example"), later);
    let relay = Relay::scripted(script);
    assert_eq!(counts(&here, &send(&here, &relay, &[]))[2], 1);
    let here = here.write("never.txt", "B@b.example\n");
    let relay = Relay::new();
    let sent = send(&here, &relay, &["--except", "never.txt"]);
    assert_eq!(counts(&here, &sent)[4], 1, "{sent:?}");
    assert_eq!(book(&here).of("suppressed").len(), 1);
    assert!(relay.accepted().is_empty(), "{sent:?}");
}

#[test]
fn a_link_names_its_person() {
    let list = "email,first_name,status\nKim@a.example,Kim,\nleft@a.example,L,unsubscribed\n";
    let (here, relay) = (Publication::new().write(LIST, list), Relay::new());
    let none = here.run(&["who", "AbCd"]);
    assert!(none.code == 1 && none.stderr.contains("no secret here"), "{none:?}");
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let mail = Mail::read(&relay.accepted()[0].bytes);
    let link = mail.unsubscribe().to_owned();
    let token = link.rsplit('/').next().expect("a token").to_owned();
    for text in [link.clone(), token.clone(), format!("<{link}>"), format!(" {link}?x=1 ")] {
        let who = here.run(&["who", &text]);
        assert_eq!(who.code, 0, "{text}: {who:?}");
        assert!(
            who.stdout.starts_with("Kim@a.example\n  on the list\n  2025-11: accepted"),
            "{who:?}"
        );
    }
    let who = summary(&here.run(&["who", &link, "--json"]));
    assert_eq!((&who["address"], &who["list"]), (&json!("Kim@a.example"), &json!("subscribed")));
    assert_eq!(who["issues"][0]["state"], "accepted");
    let here = here.write(LIST, "email\nelse@a.example\n");
    assert!(here.run(&["who", &token]).stdout.contains("not on the list"));
    let here = here.write(LIST, "email,status\nkim@a.example,unsubscribed\n");
    assert!(here.run(&["who", &token]).stdout.contains("the list says unsubscribed"));
    let mut changed = token.clone();
    changed.replace_range(3..4, if &token[3..4] == "A" { "B" } else { "A" });
    for wrong in [changed, token[..token.len() - 4].to_owned(), "https://a.example/".to_owned()] {
        let who = here.run(&["who", &wrong]);
        assert_eq!((who.code, who.stdout.as_str()), (1, ""), "{wrong}: {who:?}");
        assert!(who.stderr.contains("link"), "{who:?}");
    }
    let here = here.write(".digest-secret", "another secret, of another publication");
    assert_eq!(here.run(&["who", &token]).code, 1);
}
