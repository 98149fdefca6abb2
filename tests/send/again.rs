//! The same command once more: nobody gets an issue twice, and whoever is new gets it.

use std::time::Duration;

use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::delivery::ledger;
use sejong_digest::store::Store;
use sejong_digest::store::sql;

use crate::harness::running::wait_until;
use crate::harness::server::only_files;
use crate::harness::{Output, Publication};
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{LIST, book, counts, send, with_readers};

#[test]
fn a_second_send_sends_nothing_and_says_so() {
    let (here, relay) = (with_readers(5), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let connections = relay.counts().connections;
    let again = send(&here, &relay, &[]);
    assert_eq!((again.code, counts(&here, &again)), (0, [5, 0, 0, 0, 0, 0]));
    let words = "nothing to send of 2025-11: 5 who have it already";
    assert!(again.stderr.contains(words), "{}", again.stderr);
    assert_eq!((relay.counts().accepted, relay.counts().connections), (5, connections));
}

#[test]
fn an_address_in_other_case_is_the_same_person() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let here = here.write(LIST, "email\nR001@X.EXAMPLE\nr002@x.example\n");
    assert_eq!(send(&here, &relay, &[]).code, 0);
    assert_eq!(relay.counts().accepted, 2);
}

#[test]
fn who_is_new_gets_the_issue_and_the_others_do_not_get_it_again() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let list = here.read(LIST) + "new@x.example,Ada\n";
    let here = here.write(LIST, list);
    let again = send(&here, &relay, &[]);
    assert_eq!((again.code, counts(&here, &again)), (0, [4, 0, 0, 0, 0, 0]));
    let last = relay.accepted().pop().expect("a message");
    assert_eq!((relay.counts().accepted, last.recipients), (4, vec!["new@x.example".to_owned()]));
}

#[test]
fn who_left_the_list_before_being_sent_to_is_suppressed() {
    let here = with_readers(3);
    let relay = Relay::scripted(crate::outcomes::script(&["r001", "r002"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let here = here.write(LIST, "email\nr002@x.example\nr003@x.example\n");
    let open = Relay::new();
    let again = send(&here, &open, &[]);
    assert_eq!((again.code, counts(&here, &again)), (0, [2, 0, 0, 0, 1, 0]));
    assert_eq!(open.copies().into_keys().collect::<Vec<_>>(), ["r002@x.example"]);
}

#[test]
fn who_left_the_list_last_leaves_nothing_undone() {
    let here = with_readers(2);
    let relay = Relay::scripted(crate::outcomes::script(&["r002"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let here = here.write(LIST, "email\nr001@x.example\n");
    let again = send(&here, &Relay::new(), &[]);
    assert_eq!((again.code, counts(&here, &again)), (0, [1, 0, 0, 0, 1, 0]), "{}", again.stderr);
}

#[test]
fn another_issue_is_another_send() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let issue = here.read("issues/2025-11/issue.toml").replacen("number = 1", "number = 2", 1);
    let article = here.read("issues/2025-11/hangul.md");
    let here: Publication =
        here.write("issues/2025-12/issue.toml", issue).write("issues/2025-12/hangul.md", article);
    let other =
        here.run(&["send", "2025-12", "--yes", "--new-issue", "--json", "--relay", &relay.url()]);
    assert_eq!((other.code, relay.counts().accepted), (0, 4));
    let ids: std::collections::BTreeSet<_> = relay
        .accepted()
        .iter()
        .map(|m| crate::mail::Mail::read(&m.bytes).id().to_owned())
        .collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn an_address_with_needless_quotes_is_the_same_person() {
    let list = "email,first_name\nkim@x.example,Kim\n\"\"\"KIM\"\"@x.example\",Kim\n\
        \"\"\"a\\ b\"\"@x.example\",A\n";
    let (here, relay) = (Publication::new().write(LIST, list), Relay::new());
    let first = send(&here, &relay, &[]);
    assert_eq!((first.code, counts(&here, &first)), (0, [2, 0, 0, 0, 0, 0]), "{first:?}");
    let here = here.write(LIST, "email\n\"\"\"kim\"\"@x.example\"\n\"\"\"a b\"\"@x.example\"\n");
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let copies: Vec<_> = relay.copies().into_iter().collect();
    assert_eq!(copies, [("\"a b\"@x.example".to_owned(), 1), ("kim@x.example".to_owned(), 1)]);
}

/// Sends to one person, by these flags.
fn send_to(here: &Publication, relay: &Relay, address: &str, more: &[&str]) -> Output {
    send(here, relay, &[&["--to", address], more].concat())
}

#[test]
fn somebody_gets_the_issue_once_more_on_purpose_and_nobody_else_does() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let has = send_to(&here, &relay, "r002@x.example", &[]);
    assert_eq!((has.code, relay.counts().accepted), (0, 3), "{has:?}");
    for words in ["r002@x.example has 2025-11 already (sent 20", "--again sends it once more"] {
        assert!(has.stderr.contains(words), "no {words:?} in {}", has.stderr);
    }
    // What it was, whatever has become of the files.
    let here = here.edit("issues/2025-11/hangul.md", "Twenty-eight", "Twenty-four");
    for copies in [2, 3] {
        let again = send_to(&here, &relay, "R002@x.example", &["--again"]);
        assert_eq!((again.code, counts(&here, &again)), (0, [3, 0, 0, 0, 0, 0]), "{again:?}");
        assert_eq!(relay.copies()["r002@x.example"], copies);
        assert_eq!(book(&here).row("r002@x.example").attempts, copies as i64);
    }
    let mails: Vec<Mail> = relay
        .accepted()
        .iter()
        .filter(|message| message.recipients == ["r002@x.example"])
        .map(|message| Mail::read(&message.bytes))
        .collect();
    assert!(mails.iter().all(|mail| mail.text.contains("Twenty-eight")));
    let ids: std::collections::BTreeSet<&str> = mails.iter().map(Mail::id).collect();
    assert_eq!(ids.len(), 3, "an inbox may hide the second of two equal ids");
    assert_eq!(send(&here, &relay, &[]).code, 0);
    assert_eq!(relay.counts().accepted, 5, "{:?}", relay.copies());
}

#[test]
fn who_is_sent_to_alone_is_on_the_list_and_the_others_wait() {
    let (here, relay) = (with_readers(3), Relay::new());
    let stranger = send_to(&here, &relay, "kim@y.example", &["--again"]);
    assert_eq!((stranger.code, relay.counts().connections), (3, 0), "{stranger:?}");
    let words = "kim@y.example is not in subscribers.csv";
    assert!(stranger.stderr.contains(words), "{}", stranger.stderr);
    // Who does not have it yet gets it once, with or without the flag.
    let one = send_to(&here, &relay, "r002@x.example", &["--again"]);
    assert_eq!((one.code, counts(&here, &one)), (0, [1, 0, 0, 0, 0, 0]), "{one:?}");
    let rest = send(&here, &relay, &[]);
    assert_eq!((rest.code, relay.counts().accepted), (0, 3), "{rest:?}");
    for flags in [&["--again"][..], &["--again", "--only", "tag:a"]] {
        assert_eq!(send(&here, &relay, flags).code, 2);
    }
}

/// The issue is not done, so the exit code is 4; the end says that it is not about this person.
#[test]
fn people_whom_a_send_was_not_for_are_told_at_its_end() {
    let busy = Relay::scripted(crate::outcomes::script(&["r002"], "450 4.2.1 busy"));
    let here = with_readers(2);
    assert_eq!(send(&here, &busy, &[]).code, 4);
    let (here, relay) = (here.write(LIST, crate::list(3)), Relay::new());
    let output = send_to(&here, &relay, "r003@x.example", &[]);
    assert_eq!((output.code, counts(&here, &output)), (4, [2, 0, 1, 0, 0, 0]), "{output:?}");
    let words = "1 person whom this command was not for waits for 2025-11";
    assert!(output.stderr.contains(words), "{}", output.stderr);
    assert!(!output.stderr.contains("put off"), "{}", output.stderr);
    assert_eq!(crate::summary(&output)["this_send"]["deferred"].as_u64(), Some(0));
    assert_eq!(send(&here, &relay, &[]).code, 0);
}

/// Killed with the copy on the wire: nobody can tell, and the same command sends no third.
#[test]
fn a_further_copy_that_was_killed_on_the_wire_is_held_and_has_an_id_of_its_own() {
    let (here, first) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &first, &[]).code, 0);
    let silent = Relay::scripted(Script::new().rule(At::Dot, When::Always, Do::Stall));
    let url = silent.url();
    let line = ["send", "2025-11", "--yes", "--to", "r001@x.example", "--again", "--relay", &url];
    let running = here.start(&line);
    let asked = || silent.lines().iter().any(|line| line.starts_with("DATA"));
    assert!(wait_until(Duration::from_secs(20), asked));
    std::thread::sleep(Duration::from_millis(500));
    running.kill();
    let relay = Relay::new();
    let held = send_to(&here, &relay, "r001@x.example", &["--again"]);
    assert_eq!((held.code, counts(&here, &held)), (4, [1, 0, 0, 1, 0, 0]), "{held:?}");
    // It is said what is not known, and both commands that settle it.
    for words in [
        "r001@x.example has 2025-11, and it is not known whether the further copy arrived",
        "--again sends no other copy until that one is settled",
        "`digest reconcile 2025-11 --maillog FILE`",
        " --to r001@x.example --uncertain resend` sends once more",
    ] {
        assert!(held.stderr.contains(words), "no {words:?} in {}", held.stderr);
    }
    assert!(!held.stderr.contains("1 who may or may not have it"), "{}", held.stderr);
    // Nobody misses the issue, but the copy is not settled.
    let missed = here.run(&["status", "2025-11", "--missed"]);
    for words in ["nobody is missing", "(1 of them may or may not have a further copy)"] {
        assert!(missed.stderr.contains(words), "no {words:?} in {missed:?}");
    }
    let resend = ["--again", "--uncertain", "resend"];
    let resent = send_to(&here, &relay, "r001@x.example", &resend);
    assert_eq!((resent.code, relay.counts().accepted), (0, 1), "{resent:?}");
    let mail = Mail::read(&relay.accepted()[0].bytes);
    let first = first.accepted().into_iter().find(|one| one.recipients == ["r001@x.example"]);
    assert_ne!(mail.id(), Mail::read(&first.expect("a message").bytes).id());
}

#[test]
fn a_further_copy_that_was_put_off_is_told_as_one_and_is_one_copy_in_the_end() {
    let (here, first) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &first, &[]).code, 0);
    let busy = Relay::scripted(crate::outcomes::script(&["r001"], "450 4.2.1 busy"));
    let put_off = send_to(&here, &busy, "r001@x.example", &["--again"]);
    assert_eq!((put_off.code, counts(&here, &put_off)), (4, [1, 0, 1, 0, 0, 0]), "{put_off:?}");
    let words = "deferred  r001@x.example: 450 4.2.1 busy (a further copy: they have the issue)";
    assert!(put_off.stderr.contains(words), "{}", put_off.stderr);
    let status = here.run(&["status", "2025-11", "--list", "deferred"]);
    assert!(status.stdout.contains("(a further copy: they have the issue)"), "{status:?}");
    // A plan says so too.
    for to in [&[][..], &["--to", "r001@x.example"]] {
        let plan = here.run(&[&["plan", "2025-11"], to].concat());
        assert!(plan.stdout.contains("\nTo        1 recipient "), "{plan:?}");
        let words = "\nCopies    1 of them has it, and gets a further copy\n";
        assert!(plan.stdout.contains(words), "{plan:?}");
        let plan = here.run(&[&["plan", "2025-11", "--json"], to].concat());
        assert!(plan.stdout.contains(r#""further_copies":1"#), "{plan:?}");
    }
    // Any send goes on with that copy. Killed behind the relay's reply it has sent it: the same
    // command says so, and only the one after that is a new wish.
    let list = here.read(LIST) + "new@x.example,Ada\n";
    let here = here.write(LIST, list);
    let stalled = Script::new().rule(At::Rcpt, When::recipient("new@"), Do::Stall);
    let relay = Relay::scripted(stalled);
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--connections", "1", "--relay", &url];
    let running = here.start(&line);
    relay.has_taken(1);
    std::thread::sleep(Duration::from_millis(500));
    running.kill();
    let open = Relay::new();
    let told = send_to(&here, &open, "r001@x.example", &["--again"]);
    assert_eq!((told.code, open.counts().accepted), (4, 0), "{told:?}");
    assert!(told.stderr.contains("had already sent the copy to r001@x.example"), "{}", told.stderr);
    send_to(&here, &open, "r001@x.example", &["--again"]);
    assert_eq!(open.copies().into_keys().collect::<Vec<_>>(), ["r001@x.example"]);
}

#[test]
fn a_refused_further_copy_does_not_say_that_nobody_has_the_issue() {
    let (here, first) = (with_readers(1), Relay::new());
    assert_eq!(send(&here, &first, &[]).code, 0);
    let relay = Relay::scripted(crate::outcomes::script(&["r001"], "550 5.1.1 no such user"));
    let refused = send_to(&here, &relay, "r001@x.example", &["--again"]);
    assert_eq!((refused.code, counts(&here, &refused)), (1, [1, 0, 0, 0, 0, 0]), "{refused:?}");
    assert!(refused.stderr.contains("(a further copy: they have the issue)"), "{refused:?}");
    assert!(refused.stderr.contains("nobody got anything by this send"), "{refused:?}");
    assert!(!refused.stderr.contains("nobody has the issue"), "{refused:?}");
    // They have it, so the receipt stays, and a clone asks.
    let receipt = here.read("receipts/2025-11.toml");
    assert!(receipt.contains("\nreached = 1\n") && !receipt.contains("begun"), "{receipt}");
    let clone = with_readers(1).write("receipts/2025-11.toml", receipt);
    let asked = send(&clone, &first, &["--new-secret"]);
    assert_eq!((asked.code, first.counts().accepted), (3, 1), "{asked:?}");
    assert!(asked.stderr.contains("the issue went to 1 recipient by"), "{}", asked.stderr);
}

#[test]
fn who_was_refused_a_further_copy_has_the_issue_and_is_not_retried_with_those_who_do_not() {
    let here = with_readers(20);
    let none: Vec<String> = (6..=20).map(|n| format!("r{n:03}")).collect();
    let none: Vec<&str> = none.iter().map(String::as_str).collect();
    let relay = Relay::scripted(crate::outcomes::script(&none, "550 5.1.1 no such user"));
    assert_eq!(send(&here, &relay, &[]).code, 0);
    for _ in 0..2 {
        let relay = Relay::scripted(crate::outcomes::script(&["r001"], "550 5.1.1 moved away"));
        let refused = send_to(&here, &relay, "r001@x.example", &["--again"]);
        let now = counts(&here, &refused);
        assert_eq!((refused.code, now), (1, [5, 15, 0, 0, 0, 0]), "{refused:?}");
        assert_eq!(crate::summary(&refused)["this_send"]["refused"].as_u64(), Some(1));
        for words in ["they still have 2025-11 from before", "--to and --again, tries once more"] {
            assert!(refused.stderr.contains(words), "no {words:?} in {}", refused.stderr);
        }
        assert!(!refused.stderr.contains("--retry-refused"), "{}", refused.stderr);
        let text = book(&here).row("r001@x.example").text.clone().expect("a text");
        let wish = "(a further copy was not taken: 550 5.1.1 moved away)";
        assert!(text.ends_with(wish) && text.matches('(').count() == 1, "{text}");
    }
    let missed = here.run(&["status", "2025-11", "--missed"]);
    assert_eq!(missed.stdout.lines().count(), 15, "{missed:?}");
    // All are named before they are tried, and nobody gets a second copy.
    let open = Relay::new();
    let retried = send(&here, &open, &["--retry-refused"]);
    assert_eq!((retried.code, counts(&here, &retried)), (0, [20, 0, 0, 0, 0, 0]), "{retried:?}");
    let named = |address: &&String| retried.stderr.contains(&format!("refused   {address}: 550"));
    let copies = open.copies();
    assert_eq!((copies.len(), copies.keys().filter(named).count()), (15, 15), "{retried:?}");
}

/// The first copy may have arrived, although the relay takes no second one: an inbox would hide a third
/// with its Message-ID.
#[test]
fn a_copy_behind_a_refused_one_that_may_have_arrived_has_an_id_of_its_own() {
    let (here, first) = (with_readers(1), Relay::new());
    assert_eq!(send(&here, &first, &[]).code, 0);
    let lost = Relay::scripted(Script::new().rule(At::Dot, When::Always, Do::AcceptThenClose));
    assert_ne!(send_to(&here, &lost, "r001@x.example", &["--again"]).code, 0);
    let gone = Relay::scripted(crate::outcomes::script(&["r001"], "550 5.1.1 moved away"));
    let resend = ["--again", "--uncertain", "resend"];
    let refused = send_to(&here, &gone, "r001@x.example", &resend);
    assert_eq!((refused.code, counts(&here, &refused)), (1, [1, 0, 0, 0, 0, 0]), "{refused:?}");
    let relay = Relay::new();
    for _ in 0..2 {
        let again = send_to(&here, &relay, "r001@x.example", &["--again"]);
        assert_eq!((again.code, counts(&here, &again)), (0, [1, 0, 0, 0, 0, 0]), "{again:?}");
    }
    let all = [&first, &lost, &relay].map(Relay::accepted).concat();
    let ids: Vec<String> =
        all.iter().map(|message| Mail::read(&message.bytes).id().to_owned()).collect();
    let different: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert!(ids.len() >= 4 && different.len() == 4, "{ids:?}");
}

/// Killed behind the relay's reply: the next command finds that they have the issue.
#[test]
fn a_further_copy_that_was_refused_before_its_sender_was_killed_leaves_the_issue_with_them() {
    let (here, first) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &first, &[]).code, 0);
    let busy = Relay::scripted(crate::outcomes::script(&["r001"], "450 4.2.1 busy"));
    assert_eq!(send_to(&here, &busy, "r001@x.example", &["--again"]).code, 4);
    let list = here.read(LIST) + "new@x.example,Ada\n";
    let here = here.write(LIST, list);
    let script = crate::outcomes::script(&["r001"], "550 5.1.1 no such user");
    let relay = Relay::scripted(script.rule(At::Rcpt, When::recipient("new@"), Do::Stall));
    let url = relay.url();
    let line = ["send", "2025-11", "--yes", "--connections", "1", "--relay", &url];
    let running = here.start(&line);
    let asked = || relay.lines().iter().any(|line| line.contains("new@"));
    assert!(wait_until(Duration::from_secs(20), asked), "{:?}", relay.lines());
    std::thread::sleep(Duration::from_millis(500));
    running.kill();
    let open = Relay::new();
    let plain = send(&here, &open, &["--retry-refused"]);
    assert_eq!((plain.code, counts(&here, &plain)), (0, [3, 0, 0, 0, 0, 0]), "{plain:?}");
    assert_eq!(open.copies().into_keys().collect::<Vec<_>>(), ["new@x.example"]);
}

/// Who may have it and is sent to once more may still have it.
#[test]
fn a_resend_that_was_put_off_leaves_the_receipt() {
    let here = with_readers(1);
    let lost = Relay::scripted(Script::new().rule(At::Dot, When::Always, Do::AcceptThenClose));
    assert_ne!(send(&here, &lost, &[]).code, 0);
    assert!(here.read("receipts/2025-11.toml").contains("\nuncertain = 1\n"));
    let busy = Relay::scripted(crate::outcomes::script(&["r001"], "450 4.2.1 busy"));
    let put_off = send(&here, &busy, &["--uncertain", "resend"]);
    assert_eq!((put_off.code, counts(&here, &put_off)), (4, [0, 0, 1, 0, 0, 0]), "{put_off:?}");
    let receipt = here.read("receipts/2025-11.toml");
    assert!(receipt.contains("\nreached = 1\n") && !receipt.contains("begun"), "{receipt}");
}

/// What counts is the send, not the issue: those who have it already were not sent to.
#[test]
fn a_send_of_which_everybody_was_refused_has_failed_although_others_have_the_issue() {
    let (here, first) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &first, &[]).code, 0);
    let list = here.read(LIST) + "new@x.example,Ada\n";
    let here = here.write(LIST, list);
    let relay = Relay::scripted(crate::outcomes::script(&["new@"], "550 5.1.1 no such user"));
    let words = "nobody got anything by this send: the only recipient was refused (550 5.1.1";
    let failed: [(&[&str], u64); 5] = [
        (&[], 1),
        (&["--retry-refused"], 1),
        (&["--only", "email=new@x.example", "--retry-refused"], 1),
        // Nobody is sent to, and the one whom the command names was refused before.
        (&["--to", "new@x.example"], 0),
        (&["--only", "email=new@x.example"], 0),
    ];
    for (more, in_run) in failed {
        let output = send(&here, &relay, more);
        assert_eq!((output.code, counts(&here, &output)), (1, [3, 1, 0, 0, 0, 0]), "{output:?}");
        assert!(output.stderr.contains(words), "{more:?}: {}", output.stderr);
        let told = &crate::summary(&output)["this_send"];
        let told = ["planned", "accepted", "refused"].map(|name| told[name].as_u64());
        assert_eq!(told, [Some(in_run), Some(0), Some(in_run)], "{more:?}: {output:?}");
    }
    // All of the list have an outcome, and there was nothing to do.
    assert_eq!(send(&here, &relay, &[]).code, 0);
    // One of two was accepted.
    let list = here.read(LIST) + "kim@x.example,Kim\n";
    let here = here.write(LIST, list);
    let output = send(&here, &relay, &["--retry-refused"]);
    assert_eq!((output.code, counts(&here, &output)), (0, [4, 1, 0, 0, 0, 0]), "{output:?}");
    let told = &crate::summary(&output)["this_send"];
    assert_eq!((told["planned"].as_u64(), told["accepted"].as_u64()), (Some(2), Some(1)));
}

/// A ledger as version 0.1.0 left it, which took `"kim"@x` and `kim@x` for two people.
fn older_ledger(here: &Publication, rows: &[(&str, &str)]) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let path = here.path("digest.db");
        let store = Store::open(&path, &ledger::STEPS[..4]).await.expect("a ledger");
        for (at, (address, state)) in rows.iter().enumerate() {
            let statements = [
                "INSERT INTO recipient (id, issue, identity, email, fields, tags, planned_by, state, \
                 attempts, at) VALUES (?1, '2025-11', ?2, ?2, '{}', '[]', 1, ?3, \
                 ?3 = 'accepted', CASE ?3 WHEN 'accepted' THEN '2025-11-06T14:00:00Z' END)",
                "INSERT INTO person (recipient, issue, identity) VALUES (?1, '2025-11', ?2)",
            ];
            for statement in statements {
                let query = sql::query(statement).bind(at as i64 + 1).bind(address).bind(state);
                query.execute(store.pool()).await.expect("written");
            }
        }
        store.close().await;
    });
}

#[test]
fn a_ledger_that_knows_an_address_in_needless_quotes_sends_no_second_copy() {
    if only_files("version 0.1.0 sent from no server") {
        return;
    }
    let relay = Relay::new();
    let here = Publication::new().write(
        LIST,
        "email\nkim@x.example\nada@x.example\nlee@x.example\n\"\"\"a b\"\"@x.example\"\n\
         \"\"\"a@b\"\"@x.example\"\nnew@x.example\n",
    );
    older_ledger(
        &here,
        &[
            (r#""kim"@x.example"#, "accepted"),
            (r#""ada"@x.example"#, "pending"),
            ("ada@x.example", "accepted"),
            (r#""lee"@x.example"#, "accepted"),
            ("lee@x.example", "pending"),
            (r#""a\ b"@x.example"#, "pending"),
            (r#""a@b"@x.example"#, "accepted"),
        ],
    );
    let output = send(&here, &relay, &["--new-secret"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(counts(&here, &output), [6, 0, 0, 0, 2, 0], "{output:?}");
    let copies: Vec<_> = relay.copies().into_keys().collect();
    assert_eq!(copies, [r#""a b"@x.example"#, "new@x.example"]);
    let again = send(&here, &relay, &[]);
    assert_eq!((again.code, relay.counts().accepted), (0, 2), "{again:?}");
}
