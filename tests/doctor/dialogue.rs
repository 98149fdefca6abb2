//! `-vv`: the whole dialogue with a relay on stderr, without what must not be seen; and what `-v`
//! says instead.

use data_encoding::BASE64;
use rcgen::IsCa;
use sejong_digest::catcher::CatcherOptions;
use sejong_digest::catcher::script::{At, Do, Script, When};

use crate::certificates::certified;
use crate::harness::{Output, Publication};
use crate::relay::Relay;

const USER: &str = "kim";
const PASSWORD: &str = "correct-horse";

/// The password in every form in which a server gets it.
fn secrets() -> [String; 4] {
    let plain = BASE64.encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
    let bearer = format!("user={USER}\x01auth=Bearer {PASSWORD}\x01\x01");
    let bearer = BASE64.encode(bearer.as_bytes());
    [PASSWORD.to_owned(), BASE64.encode(PASSWORD.as_bytes()), plain, bearer]
}

#[track_caller]
fn hides_the_password(output: &Output) {
    let told = format!("{}{}", output.stdout, output.stderr).to_lowercase();
    for secret in secrets() {
        assert!(!told.contains(&secret.to_lowercase()), "{secret} in {told}");
    }
}

/// Everything is there, in this order.
#[track_caller]
fn in_order(output: &Output, lines: &[&str]) {
    let mut rest = output.stderr.as_str();
    for line in lines {
        let at = rest.find(line);
        rest = &rest[at.unwrap_or_else(|| panic!("no {line:?} in {rest} of {output:?}"))..];
    }
}

fn doctor(here: &Publication, url: &str, verbose: &str) -> Output {
    here.run(&["doctor", "--offline", verbose, "--relay", url])
}

fn publication() -> Publication {
    Publication::new().env("DIGEST_SMTP_PASSWORD", PASSWORD)
}

#[test]
fn the_whole_dialogue_is_shown_also_of_a_login_that_fails() {
    let (tls, pem) = certified(IsCa::NoCa, "localhost", (2090, 1, 1));
    let login = Some((USER.to_owned(), "another".to_owned()));
    let options = CatcherOptions { tls: Some(tls.into()), login, ..CatcherOptions::default() };
    let relay = Relay::with(options);
    let here = publication().write("ca.pem", pem);
    let url = format!(
        "smtp://{USER}@localhost:{}?tls=required&hello=news.example.org&ca_file=ca.pem",
        relay.port()
    );
    let output = doctor(&here, &url, "-vv");
    in_order(
        &output,
        &[
            " < 220 catcher ESMTP digest\n",
            " > EHLO news.example.org\n",
            " < 250-catcher\n",
            " < 250-PIPELINING\n",
            " < 250-STARTTLS\n",
            " < 250 SIZE 0\n",
            " > STARTTLS\n",
            " < 220 2.0.0 go ahead\n",
            " TLS 1.3 begins\n",
            " > EHLO news.example.org\n",
            " < 250-AUTH PLAIN LOGIN\n",
            " > AUTH PLAIN ****\n",
            " < 535 5.7.8 wrong user or password\n",
        ],
    );
    hides_the_password(&output);
}

// Row 11.
#[test]
fn no_mechanism_shows_its_secret_whatever_the_server_repeats() {
    for mechanism in ["PLAIN", "LOGIN", "XOAUTH2"] {
        let repeats = format!("535 5.7.8 wrong: {}", secrets().join(" ")).to_uppercase();
        let offer = format!("250-catcher\r\n250 AUTH {mechanism}\r\n");
        let script = Script::new()
            .rule(At::Ehlo, When::Always, Do::Reply(offer.into_bytes()))
            .rule(At::Auth, When::Always, Do::reply(&repeats));
        let login = Some((USER.to_owned(), PASSWORD.to_owned()));
        let relay = Relay::with(CatcherOptions { script, login, ..CatcherOptions::default() });
        let url = format!("smtp://{USER}@127.0.0.1:{}", relay.port());
        let output = doctor(&publication(), &url, "-vv");
        in_order(&output, &[&format!(" > AUTH {mechanism}"), " < 535 5.7.8 WRONG: **** ****"]);
        hides_the_password(&output);
    }
}

// Row 11. Servers log and repeat what they got in the ways of the web and of mail too.
#[test]
fn a_password_that_is_repeated_in_another_form_or_over_two_lines_is_hidden() {
    let hex = data_encoding::HEXLOWER.encode(PASSWORD.as_bytes());
    let each =
        |mark: &str| PASSWORD.bytes().map(|byte| format!("{mark}{byte:02X}")).collect::<String>();
    let (url, printable) = (each("%"), each("="));
    let forms = [
        PASSWORD.replace('-', "%2D"),
        PASSWORD.replace('-', "=2d"),
        url.to_lowercase(),
        url,
        printable,
        hex.to_uppercase(),
        hex,
        BASE64.encode(format!("{USER}:{PASSWORD}").as_bytes()),
    ];
    let (front, back) = PASSWORD.split_at(5);
    let lines = forms.map(|form| format!("535-5.7.8 said <{form}>\r\n")).concat();
    let lines = format!("{lines}535-5.7.8 said <{front}\r\n535 5.7.8 {back}>\r\n");
    let login = Some((USER.to_owned(), PASSWORD.to_owned()));
    let script = Script::new().rule(At::Auth, When::Always, Do::Reply(lines.into_bytes()));
    let relay = Relay::with(CatcherOptions { script, login, ..CatcherOptions::default() });
    let url = format!("smtp://{USER}@127.0.0.1:{}", relay.port());
    let output = doctor(&publication(), &url, "-vv");
    let shown = output.stderr.matches("said <****>").count();
    assert_eq!(shown, 8, "{}", output.stderr);
    // In base64 only the letters remain that say something of what stands beside it.
    let rest = output.stderr.lines().filter(|line| line.contains("said <")).count();
    assert_eq!(rest, 9, "{}", output.stderr);
    hides_the_password(&output);
}

// Row 11: the reply goes into the ledger and the report too.
#[test]
fn a_password_that_is_repeated_later_is_hidden_as_well() {
    let all = secrets().join(" ");
    let refusal = format!("550 5.1.1 no such user, said {all}");
    let script = Script::new()
        .rule(At::Rcpt, When::recipient("kim@"), Do::reply(&refusal))
        .rule(At::Dot, When::recipient("ada@"), Do::reply(&format!("250 2.0.0 stored {all}")))
        .rule(At::Dot, When::recipient("lee@"), Do::reply(&format!("{all} 250 stored")));
    let login = Some((USER.to_owned(), PASSWORD.to_owned()));
    let relay = Relay::with(CatcherOptions { script, login, ..CatcherOptions::default() });
    let list = "email\nkim@x.example\nada@x.example\nlee@x.example\n";
    let here = publication().write("subscribers.csv", list);
    let url = format!("smtp://{USER}@127.0.0.1:{}", relay.port());
    let sent = here.run(&["send", "2025-11", "--yes", "-vv", "--json", "--relay", &url]);
    in_order(&sent, &[" > RCPT TO:<kim@x.example>\n", " > DATA\n", " bytes of text)\n", " > .\n"]);
    hides_the_password(&sent);
    for list in ["accepted", "refused", "uncertain"] {
        let listed = here.run(&["status", "2025-11", "--list", list]);
        assert!(listed.stdout.contains("@x.example"), "{list}: {listed:?}");
        hides_the_password(&listed);
    }
    for name in here.files() {
        let bytes = std::fs::read(here.path(&name)).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains(PASSWORD), "{name} holds the password");
    }
}

#[test]
fn once_verbose_is_words_and_no_structures() {
    let relay = Relay::new();
    let output = doctor(&Publication::new(), &format!("{}?hello=a.example", relay.url()), "-v");
    in_order(
        &output,
        &["a session has opened; greeted as a.example; it offers PIPELINING, 8BITMIME, SMTPUTF8"],
    );
    for sign in ["Offered", "Some(", "None", " {", "true", "\\n"] {
        assert!(!output.stderr.contains(sign), "{sign:?} in {}", output.stderr);
    }
    assert!(!output.stderr.contains(" > EHLO"), "{}", output.stderr);
}
