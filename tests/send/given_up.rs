//! People to whom the relay said "not now" for too long: what the run that gives them up ends with, and
//! what the commands after it say of them.

use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::Publication;
use crate::relay::Relay;
use crate::retries::with_settings;
use crate::{counts, send};

const SOON: &str = "[retry]\nfirst = \"100ms\"\ncap = \"200ms\"\ngive_up = \"600ms\"";
const WAIT: [&str; 2] = ["--wait", "20s"];
const BUSY: &str = "450 4.2.1 mailbox busy";

fn relay(rules: &[(&str, &str)]) -> Relay {
    let rule = |script: Script, (who, reply): &(&str, &str)| {
        script.rule(At::Rcpt, When::recipient(who), Do::reply(reply))
    };
    Relay::scripted(rules.iter().fold(Script::new(), rule))
}

fn after_giving_up() -> Publication {
    let here = with_settings(3, SOON);
    let output = send(&here, &relay(&[("r002", BUSY)]), &WAIT);
    assert_eq!((output.code, counts(&here, &output)), (0, [2, 1, 0, 0, 0, 0]), "{output:?}");
    let words = "1 person was given up, because the relay has said \"not now\" for too long: the \
                 same command with --retry-refused tries once more";
    assert!(output.stderr.contains(words), "{}", output.stderr);
    here
}

#[test]
fn whoever_was_given_up_is_told_as_such_and_not_as_refused_for_good() {
    let (here, open) = (after_giving_up(), Relay::new());
    let given_up = "1 given up, because the relay said \"not now\" for too long: --retry-refused";
    for told in [send(&here, &open, &[]), here.run(&["plan", "2025-11"])] {
        assert_eq!(told.code, 0, "{told:?}");
        let text = format!("{}{}", told.stdout, told.stderr);
        assert!(text.contains(given_up) && !text.contains("refused for good"), "{text}");
    }
    // Nobody whom these commands are for has the issue.
    for part in [["--to", "r002@x.example"], ["--only", "email=r002@x.example"]] {
        let told = send(&here, &open, &part);
        assert_eq!(told.code, 1, "{told:?}");
        let words = "nobody got anything by this send: the only recipient was given up after ";
        for words in
            [words, " of \"not now\" (450 4.2.1 mailbox busy)", "--retry-refused sends once"]
        {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
        assert!(!told.stderr.contains("refused for good"), "{}", told.stderr);
    }
    assert_eq!(open.counts().connections, 0);
    let once_more = send(&here, &open, &["--to", "r002@x.example", "--retry-refused"]);
    assert_eq!((once_more.code, open.counts().accepted), (0, 1), "{once_more:?}");
}

/// Where nobody whom the command is for has the issue, the next command ends with 1 too. A relay that
/// refuses somebody for good and takes nothing is told by that run alone, where others have the issue.
#[test]
fn a_run_that_gives_up_all_whom_it_is_for_has_failed_and_one_that_gives_up_the_last_has_not() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], [i32; 2], &'a str);
    let gone = "550 5.1.1 no such user";
    let cases: [Case; 7] = [
        // All refused for good.
        (
            &[("r00", gone)],
            &[],
            [1, 1],
            "nobody has the issue: every recipient was refused (550 5.1.1",
        ),
        // All given up.
        (
            &[("r00", BUSY)],
            &[],
            [1, 1],
            "nobody has the issue: every recipient was given up, the first after ",
        ),
        // Some had it before, and the last one is given up.
        (&[("r003", BUSY)], &[], [0, 0], "1 person was given up"),
        // The same, and the command is for that one alone.
        (
            &[("r003", BUSY)],
            &["--to", "r003@x.example"],
            [1, 1],
            "nobody got anything by this send: the only recipient was given up after ",
        ),
        // The last one is refused for good.
        (
            &[("r003", gone)],
            &[],
            [1, 0],
            "nobody got anything by this send: the only recipient was refused (550 5.1.1",
        ),
        // One was refused for good beside them, whoever comes first.
        (
            &[("r002", BUSY), ("r003", gone)],
            &[],
            [1, 0],
            "nobody got anything by this send: every recipient was refused (550 5.1.1",
        ),
        (
            &[("r002", gone), ("r003", BUSY)],
            &[],
            [1, 0],
            "nobody got anything by this send: every recipient was refused (550 5.1.1",
        ),
    ];
    for (rules, part, [code, next], words) in cases {
        let here = with_settings(3, SOON);
        let all = rules[0].0 == "r00";
        if !all {
            let had =
                if rules.len() == 2 { "email=r001@x.example" } else { "!email=r003@x.example" };
            assert_eq!(send(&here, &Relay::new(), &["--only", had]).code, 0);
        }
        let told = send(&here, &relay(rules), &[&WAIT[..], part].concat());
        assert_eq!(told.code, code, "{rules:?} {part:?}: {told:?}");
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        let again = send(&here, &Relay::new(), part);
        assert_eq!(again.code, next, "{rules:?} {part:?}: {again:?}");
    }
}
