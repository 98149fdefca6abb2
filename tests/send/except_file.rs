//! `--except`: it holds for one command, and that is said where somebody may forget it.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::relay::Relay;
use crate::{send, with_readers};

#[test]
fn a_plan_and_the_end_of_a_send_say_that_it_holds_for_this_command_only() {
    let here = with_readers(3).write("never.txt", "r002@x.example\n");
    let except = ["--except", "never.txt"];
    let plan = here.run(&[&["plan", "2025-11"][..], &except].concat());
    let line = "Except    never.txt, in this command only: name it in each send of the issue\n";
    assert!(plan.code == 0 && plan.stdout.contains(line), "{plan:?}");
    assert!(!here.run(&["plan", "2025-11"]).stdout.contains("Except "));
    let cut = Script::new().once(At::Dot, When::recipient("r001"), Do::AcceptThenReset);
    let relay = Relay::scripted(cut);
    let told = send(&here, &relay, &except);
    assert_eq!(told.code, 4, "{told:?}");
    let words = "--except never.txt held for this command only: without it, the next send of 2025-11 \
                 sends to the people in that file as well";
    assert!(told.stderr.contains(words), "{}", told.stderr);
    // The command that is printed has it.
    let resend = told.stderr.split('`').find(|part| part.starts_with("digest send")).expect("one");
    assert!(resend.contains("--except never.txt"), "{resend}");
    let plain = send(&with_readers(1), &Relay::new(), &[]);
    assert!(!plain.stderr.contains("held for this command"), "{}", plain.stderr);
}

/// As it is pasted from the line of a mail: all of them are left out, or nobody is sent to.
#[test]
fn each_address_of_a_line_without_a_header_is_left_out() {
    for line in [
        "r001@x.example; r002@x.example; r003@x.example\n",
        "r001@x.example,Kim <r002@x.example>,r003@x.example",
        "r001@x.example\tr002@x.example\tr003@x.example\n",
        "r001@x.example, r002@x.example\nr003@x.example, r002@x.example\n",
    ] {
        let here = with_readers(4).write("never.txt", line);
        let relay = Relay::new();
        assert_eq!(send(&here, &relay, &["--except", "never.txt"]).code, 0, "{line}");
        let got: Vec<String> = relay.copies().into_keys().collect();
        assert_eq!(got, ["r004@x.example"], "{line}");
    }
    let here =
        with_readers(4).write("never.txt", "r001@x.example; r002@x..example; r003@x.example\n");
    let relay = Relay::new();
    let told = send(&here, &relay, &["--except", "never.txt"]);
    assert_eq!((told.code, relay.counts().connections), (3, 0), "{told:?}");
    assert!(told.stderr.contains("never.txt:1:1"), "{}", told.stderr);
}

/// Who waits and is left out is in the list, and the relay's older word is not why.
#[test]
fn who_was_left_out_is_told_as_left_out_and_not_as_missing_in_the_list() {
    let here = with_readers(4)
        .write("never.txt", "r002@x.example\n")
        .write("one.csv", "email\nr001@x.example\nr002@x.example\nr003@x.example\n");
    let busy = crate::outcomes::script(&["r002", "r004"], "450 4.2.1 busy");
    assert_eq!(send(&here, &Relay::scripted(busy), &[]).code, 4);
    let flags = ["--subscribers", "one.csv", "--except", "never.txt"];
    assert_eq!(send(&here, &Relay::new(), &flags).code, 0);
    let missed = here.run(&["status", "2025-11", "--missed"]);
    for (address, reason) in [
        ("r002", "left out with --except: a send without it sends to them"),
        ("r004", "not in the list any more"),
    ] {
        let row = format!("{address}@x.example\tsuppressed\t{reason}\t");
        assert!(missed.stdout.contains(&row), "{missed:?}");
    }
    assert!(missed.stdout.contains("\tleft out by never.txt\n"), "{missed:?}");
    assert!(!missed.stdout.contains("450"), "{missed:?}");
    // Without the file they get it.
    let relay = Relay::new();
    assert_eq!((send(&here, &relay, &[]).code, relay.counts().accepted), (0, 2));
}

#[test]
fn a_file_of_exceptions_that_is_not_there_is_named_with_its_own_flag() {
    let here = with_readers(2);
    for command in ["plan", "send"] {
        let told = here.run(&[command, "2025-11", "--except", "nofile.txt"]);
        assert_eq!(told.code, 3, "{told:?}");
        for words in
            ["the file of --except cannot be read", "nofile.txt", "name a file with --except"]
        {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
        assert!(!told.stderr.contains("--subscribers"), "{}", told.stderr);
    }
}

/// Who asks for a person by their address is told which commands know one.
#[test]
fn who_takes_a_link_and_names_the_commands_that_take_an_address() {
    let here = with_readers(2);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    for address in ["r001@x.example", "<r001@x.example>", "mailto:r001@x.example"] {
        let told = here.run(&["who", address]);
        assert_eq!(told.code, 2, "{told:?}");
        for words in ["who takes an unsubscribe link", "`digest plan ISSUE --to r001@x.example`"] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
    }
    let plan = here.run(&["plan", "2025-11", "--to", "r001@x.example"]);
    assert!(plan.code == 0 && plan.stdout.contains("1 who has it already"), "{plan:?}");
}

/// They have the issue that a copied folder is like. `--except` holds for one command, and the next one
/// would send to them: then it is asked.
#[test]
fn whoever_is_left_out_by_a_file_counts_in_the_command_that_would_send_to_them() {
    let (here, relay) = (with_readers(2), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let article = here.read("issues/2025-11/hangul.md");
    let manifest = here.read("issues/2025-11/issue.toml");
    let manifest = manifest.replace("number = 1\n", "number = 2\n").replace("11-06", "12-04");
    let here = here
        .write("issues/2025-12/hangul.md", article)
        .write("issues/2025-12/issue.toml", manifest)
        .write("subscribers.csv", crate::list(4))
        .write("have.txt", "r001@x.example\nr002@x.example\n");
    let url = relay.url();
    let line = ["send", "2025-12", "--yes", "--relay", &url];
    let told = here.run(&[&line[..], &["--except", "have.txt"]].concat());
    assert_eq!((told.code, relay.counts().accepted), (0, 4), "{told:?}");
    let told = here.run(&line);
    assert_eq!((told.code, relay.counts().accepted), (3, 4), "{told:?}");
    for words in ["2 people of this list got it, and would get it again", "--new-issue"] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
}

/// Who was left out when somebody said that an issue is new is not among those for whom it was said.
#[test]
fn a_yes_beside_a_file_of_exceptions_is_none_for_the_people_in_it() {
    let (here, relay) = (with_readers(4), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let folder = |name: &str| here.path(&format!("issues/{name}"));
    std::fs::rename(folder("2025-11"), folder("winter")).expect("renamed");
    let four: String = (1..=4).map(|at| format!("r00{at}@x.example\n")).collect();
    let here = here.write("never.txt", four).write(crate::LIST, crate::list(8));
    let but = ["--except", "never.txt"];
    let told =
        crate::renamed::send_as(&here, &relay, "winter", &[&but[..], &["--new-issue"]].concat());
    assert_eq!((told.code, relay.counts().accepted), (0, 8), "{told:?}");
    assert_eq!(crate::renamed::send_as(&here, &relay, "winter", &but).code, 0);
    let told = crate::renamed::send_as(&here, &relay, "winter", &[]);
    assert_eq!((told.code, relay.counts().accepted), (3, 8), "{told:?}");
    assert!(told.stderr.contains("4 people of this list got it"), "{}", told.stderr);
}

/// A file that grows from send to send takes nobody out of the list.
#[test]
fn whoever_has_the_issue_and_is_left_out_since_is_not_missing_in_the_list() {
    let here = with_readers(40);
    let busy: Vec<String> = (21..=40).map(|at| format!("r{at:03}")).collect();
    let busy: Vec<&str> = busy.iter().map(String::as_str).collect();
    let script = crate::outcomes::script(&busy, "450 4.2.1 busy");
    assert_eq!(send(&here, &Relay::scripted(script), &[]).code, 4);
    let some = (1..=4).chain(21..=26).map(|at| format!("r{at:03}@x.example\n"));
    let here = here.write("never.txt", some.collect::<String>());
    let relay = Relay::new();
    let told = send(&here, &relay, &["--except", "never.txt"]);
    assert_eq!((told.code, relay.counts().accepted), (0, 14), "{told:?}");
}
