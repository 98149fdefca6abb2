//! What nobody may see: a password in `digest.toml`, on a command line, or as a server repeats it.

use data_encoding::BASE64;
use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::harness::{Output, Publication};
use crate::relay::Relay;

const USER: &str = "kim";
const PASSWORD: &str = "correct-horse-battery";

/// That no piece of the password is told.
#[track_caller]
fn tells_nothing(output: &Output, about: &str) {
    let told = format!("{}{}", output.stdout, output.stderr);
    for piece in ["correct-", "horse", "battery"] {
        assert!(!told.contains(piece), "{about}: {piece} in {told}");
    }
}

#[test]
fn no_report_shows_the_line_of_a_relay_however_it_is_written() {
    let plain = Publication::new().read("digest.toml");
    for line in [
        r#"url = "smtps://kim:correct-horse@mx.example:99999""#,
        r#"url = "smtps:\u002f\u002fkim:correct-horse@mx.example""#,
        r#"url = "smtps:/kim:correct-horse@mx.example""#,
        r#"url = "kim:correct-horse@mx.example""#,
        r#"url = "smtps://kim:correct-horse@mx.example" oops"#,
        r#"url = "smtps://kim:correct-horse"#,
        r#"url = smtps:/kim:correct-horse@mx.example"#,
        "url = \"smtps:/kim:\ncorrect-horse@mx.example\"",
        "url = \"\"\"smtps:/kim:\\\n  correct-horse\\\n  @mx.example",
        r#"url = ["kim:correct-horse"]"#,
        r#"url = "smtps://kim:correct?horse@mx.example""#,
        r#"url = "smtps://kim:12?correct=horse""#,
        r#"url = "smtps://kim:cor/rect horse""#,
        r#""smtps://kim:correct-horse@mx.example" = 1"#,
    ] {
        let here = Publication::new().write("digest.toml", format!("{plain}\n[[relay]]\n{line}\n"));
        for form in ["human", "json", "sarif", "github"] {
            let output = here.run(&["check", "--format", form]);
            // One of them is a good address, and a password where it does not belong.
            let wrong = output.code == 3 || output.stdout.contains("password-in-url");
            assert!(wrong, "{line}: {output:?}");
            tells_nothing(&output, line);
        }
        let others: [&[&str]; 5] = [
            &["doctor", "--offline"],
            &["doctor", "--offline", "--json"],
            &["status"],
            &["test", "2025-11", "--to", "kim@x.example", "-vv"],
            &["send", "2025-11", "--yes", "--json", "-vv"],
        ];
        for command in others {
            tells_nothing(&here.run(command), line);
        }
        // The same from the environment, which has no line.
        let value = line.trim_start_matches("url = ").trim_matches('"');
        let there = Publication::new().env("DIGEST_RELAY__URL", value);
        tells_nothing(&there.run(&["check"]), line);
    }
}

#[test]
fn a_command_line_with_a_password_is_refused_without_repeating_it() {
    let here = Publication::new();
    for url in [
        "smtp://kim:correct horse",
        "smtp://kim:12?correct=horse",
        "smtp://kim:cor@x/horse?battery@mx.example",
        "smtp://kim:correct@mx.example?horse=battery",
        "smtp://kim:correct@mx.example/horse",
        "smtp://kim:correct-horse@mx.example:battery",
        "smtp://kim:correct-horse@[battery",
        "smtp://kim:%horse@mx.example",
        "smtp:/kim:correct-horse@mx.example",
    ] {
        for command in [
            &["doctor", "--offline", "--relay", url][..],
            &["test", "2025-11", "--to", "a@x.example", "--relay", url],
            &["send", "2025-11", "--yes", "--relay", url],
        ] {
            let output = here.run(command);
            assert_eq!(output.code, 2, "{url}: {output:?}");
            tells_nothing(&output, url);
        }
    }
    // In a place where no relay belongs.
    let url = "smtps://kim:correct horse@mx.example";
    for command in [
        &["check", "2025-11", "--relay", url][..],
        &["doctor", "2025-11", url],
        &["render", url],
        &["send", url, "--yes"],
        &["test", url, "--to", "a@x.example"],
        &["status", url],
        &["init", "here", url],
    ] {
        let output = here.run(command);
        assert_ne!(output.code, 0, "{command:?}: {output:?}");
        tells_nothing(&output, &command.join(" "));
    }
}

/// What each mechanism sends, as it goes over the wire.
fn sent() -> [String; 3] {
    let bearer = format!("user={USER}\x01auth=Bearer {PASSWORD}\x01\x01");
    let plain = format!("\0{USER}\0{PASSWORD}");
    [PASSWORD.to_owned(), plain, bearer].map(|text| BASE64.encode(text.as_bytes()))
}

/// Every way to repeat what was sent: whole, cut at either end, encoded once more, in the safe
/// letters of a URL.
fn echoes() -> Vec<String> {
    let whole = [sent().as_slice(), &[PASSWORD.to_owned()]].concat();
    let mut all = Vec::new();
    for text in whole {
        let (middle, more) = (text.len() / 2, &text[text.len() / 4..]);
        all.extend([
            format!("{}... (cut)", &text[..middle]),
            format!("...{}", &text[middle..]),
            format!("[{}]", &more[..10]),
            format!("{{\"sent\":\"{}\"}}", text.replace('-', "\\u002d")),
            text.replace('-', "&#45;"),
            text.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned(),
            BASE64.encode(text.as_bytes()),
            BASE64.encode(format!("{{\"auth\":\"{text}\"}}").as_bytes()),
            text,
        ]);
    }
    all
}

/// That no eight letters in a row of any form of the password are told.
#[track_caller]
fn hides_every_part(told: &str, about: &str) {
    let told = told.to_ascii_lowercase();
    let twice = sent().map(|text| BASE64.encode(text.as_bytes()));
    for form in [&sent()[..], &twice, &[PASSWORD.to_owned()]].concat() {
        let form = form.to_ascii_lowercase();
        for at in 0..form.len() - 8 {
            let part = &form[at..at + 8];
            assert!(!told.contains(part), "{about}: {part} of {form} in {told}");
        }
    }
}

#[test]
fn no_part_of_what_a_login_sends_is_shown_or_kept_at_any_time_of_a_session() {
    let login = Some((USER.to_owned(), PASSWORD.to_owned()));
    for (place, echo) in echoes().into_iter().enumerate() {
        let (code, at) = match place % 4 {
            // A server knows the password from an earlier session, and greets with it.
            0 => ("220", At::Banner),
            1 => ("535 5.7.8", At::Auth),
            2 => ("550 5.1.1", At::Rcpt),
            _ => ("250 2.0.0", At::Dot),
        };
        let script =
            Script::new().rule(at, When::Always, Do::reply(&format!("{code} said {echo} END")));
        let relay =
            Relay::with(CatcherOptions { script, login: login.clone(), ..Default::default() });
        let here = Publication::new()
            .write("subscribers.csv", "email\nada@x.example\n")
            .env("DIGEST_SMTP_PASSWORD", PASSWORD);
        let url = format!("smtp://{USER}@127.0.0.1:{}", relay.port());
        let sent = here.run(&["send", "2025-11", "--yes", "-vv", "--json", "--relay", &url]);
        let told = format!("{}{}", sent.stdout, sent.stderr);
        assert!(told.contains("****"), "{echo}: {told}");
        hides_every_part(&told, &echo);
        let listed = here.run(&["status", "2025-11", "--json"]);
        hides_every_part(&format!("{listed:?}"), &echo);
        for name in here.files() {
            let bytes = std::fs::read(here.path(&name)).expect("a file");
            hides_every_part(&String::from_utf8_lossy(&bytes), &format!("{name}: {echo}"));
        }
    }
}
