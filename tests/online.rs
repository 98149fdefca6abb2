//! `digest check --online` as an editor runs it: the real binary against web servers on loopback.

#[path = "harness/mod.rs"]
mod harness;
#[path = "harness/web.rs"]
mod web;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use harness::{Output, Publication};
use web::{Reply, Web};

const HEAD: &str = "---\ntitle: Hangul\n---\n\n";

fn with_article(text: &str) -> Publication {
    Publication::new().write("issues/2025-11/hangul.md", format!("{HEAD}{text}\n"))
}

/// The lines of the annotations that come from asking.
fn told(output: &Output) -> Vec<String> {
    let lines = output.stdout.lines().filter(|line| line.contains("-link"));
    lines.map(str::to_owned).collect()
}

/// Our servers are on loopback, which readers could not reach.
const ALLOW: [&str; 2] = ["--allow", "link-local"];

fn check(here: &Publication) -> Output {
    let private = ["--online", "--allow-private"];
    here.run(&[&["check", "--format", "github"], &private[..], &ALLOW].concat())
}

#[test]
fn without_the_flag_nobody_is_asked() {
    let web = Web::start(|_| Reply::status(404));
    let here = with_article(&format!("[Dead]({}).", web.url("/dead")));
    let output = here.run(&[&["check"][..], &ALLOW].concat());
    assert_eq!(output.code, 0, "{output:?}");
    assert!(web.asked().is_empty());
}

#[test]
fn only_public_addresses_are_asked_in_whatever_way_they_are_written() {
    let web = Web::everywhere(|_| Reply::status(404));
    let hosts = [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "017700000001",
        "127.0.0.1.",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "localhost",
    ];
    let links = |host| format!("- [a](http://{host}:{}/dead)\n", web.port());
    let here = with_article(&hosts.map(links).concat());
    let online = ["check", "--online", "--format", "github", "--allow", "link-local"];
    let output = here.run(&online);
    let lines = told(&output);
    let skipped = lines.iter().filter(|line| line.contains("no public address"));
    assert_eq!(skipped.count(), hosts.len(), "{output:?}");
    assert!(lines.iter().all(|line| line.starts_with("::warning")), "{lines:?}");
    assert!(web.asked().is_empty(), "{:?}", web.asked());
    // Who trusts the links may say so, and then each of them is asked.
    let all = here.run(&[&online[..], &["--allow-private"]].concat());
    let dead = told(&all).iter().filter(|line| line.contains("leads nowhere (404)")).count();
    assert_eq!(dead, hosts.len(), "{all:?}");
    let alone = here.run(&["check", "--allow-private"]);
    assert_eq!(alone.code, 2, "{alone:?}");
}

#[test]
fn each_link_is_told_at_its_place_for_what_the_server_said() {
    let web = Web::start(|asked| match asked.path.as_str() {
        "/dead" => Reply::status(404),
        "/gone" => Reply::status(410),
        "/moved" => Reply::to(301, "/new?a=1&b=2"),
        "/for-now" => Reply::to(302, "/new"),
        "/moved-twice" => Reply::to(308, "/moved"),
        "/moved-to-nothing" => Reply::to(301, "/dead"),
        "/round" => Reply::to(302, "/round"),
        "/login" => Reply::status(403),
        "/busy" => Reply::status(429),
        "/broken" => Reply::status(503),
        _ => Reply::status(200),
    });
    let at = |path: &str| web.url(path);
    let text = format!(
        "A [fine]({}) one, a [dead]({}) one.\n\n- [gone](<{}>)\n- <{}>\n\n\
         See [a]({}), [b]({}#part), [c]({}) and {}.\n\n<a href=\"{}\">e</a> [f]({}) [g]({})",
        at("/fine?x=1&y=2"),
        at("/dead"),
        at("/gone"),
        at("/moved"),
        at("/for-now"),
        at("/moved-twice"),
        at("/moved-to-nothing"),
        at("/round"),
        at("/login"),
        at("/busy"),
        at("/broken"),
    );
    let here = with_article(&text);
    let output = check(&here);
    assert_eq!((output.code, output.stderr.as_str()), (3, ""), "{output:?}");
    let lines = output.stdout.replace(&format!(":{}", web.port()), ":80");
    let lines: Vec<&str> = lines.lines().filter(|line| line.contains("-link")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_address_is_asked_once_however_often_it_is_written_and_first_by_head() {
    let web = Web::start(|asked| match (asked.method.as_str(), asked.path.as_str()) {
        ("HEAD", "/no-head") => Reply::status(405),
        ("HEAD", "/head-lies") => Reply::status(404),
        _ => Reply::status(200),
    });
    let url = |path: &str| web.url(path);
    let text = format!(
        "[a]({0}) [b]({0}#x) [c]({0}) [d]({1}) [e]({2})\n\n[f]({0}?{{{{ first_name | x }}}})",
        url("/one"),
        url("/no-head"),
        url("/head-lies"),
    );
    let issue = "issues/2025-12/issue.toml";
    let here = with_article(&text);
    let toml = here.read("issues/2025-11/issue.toml");
    let article = here.read("issues/2025-11/hangul.md");
    let here = here.write(issue, toml).write("issues/2025-12/hangul.md", article);
    let output = check(&here);
    assert_eq!(told(&output), Vec::<String>::new());
    let mut asked = BTreeMap::new();
    for request in web.asked() {
        *asked.entry(format!("{} {}", request.method, request.path)).or_insert(0) += 1;
        assert!(request.head.iter().any(|line| line.starts_with("user-agent: digest/")));
        assert!(!request.head.iter().any(|line| line.starts_with("cookie")));
    }
    let wanted =
        ["GET /head-lies", "GET /no-head", "HEAD /head-lies", "HEAD /no-head", "HEAD /one"];
    assert_eq!(asked, wanted.map(|request| (request.to_owned(), 1)).into());
}

#[test]
fn a_dead_link_is_told_in_every_place_that_names_it() {
    let web = Web::start(|_| Reply::status(404));
    let dead = web.url("/dead");
    let here = with_article(&format!("[a]({dead}) and {dead}/longer too.\n\n한글 [b]({dead})."));
    let output = check(&here);
    let places: Vec<String> = told(&output)
        .iter()
        .filter(|line| line.contains(&format!("{dead} leads")))
        .map(|line| line.split("title=").next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(places.len(), 2, "{output:?}");
    assert!(places[0].contains("line=5,") && places[0].contains("col=5"), "{places:?}");
    assert!(places[1].contains("line=7,") && places[1].contains("col=8"), "{places:?}");
}

/// Answers late, so that requests meet.
fn slow(_: &web::Asked) -> Reply {
    Reply::status(200).after(Duration::from_millis(300))
}

#[test]
fn a_host_is_asked_twice_at_once_at_the_most_with_pauses() {
    let web = Web::start(slow);
    let link = |n| format!("[x{n}]({}) ", web.url(&format!("/{n}")));
    let output = check(&with_article(&(0..6).map(link).collect::<String>()));
    assert_eq!(told(&output), Vec::<String>::new());
    let asked = web.asked();
    assert_eq!((asked.len(), web.most_at_once()), (6, 2));
    // Three rounds: between the first and the last lie two answers of 300 ms and two pauses of 200.
    let whole = asked[5].at - asked[0].at;
    assert!(whole >= Duration::from_millis(950), "{whole:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn many_hosts_are_asked_side_by_side_but_no_more_than_eight_at_once() {
    // On Linux every address of 127.0.0.0/8 is this machine.
    let web = Web::everywhere(slow);
    let link = |n: usize| format!("[x{n}](http://127.0.0.{}:{}/{n}) ", n % 8 + 1, web.port());
    let output = check(&with_article(&(0..24).map(link).collect::<String>()));
    assert_eq!(told(&output), Vec::<String>::new());
    assert_eq!((web.asked().len(), web.most_at_once()), (24, 8));
}

#[test]
fn a_server_that_does_not_answer_is_a_warning() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("free");
    let (tls, _) = Web::with_tls("localhost", |_| Reply::status(200));
    let text = format!("[a](http://{closed}/) [b](https://localhost:{}/)", tls.port());
    let output = check(&with_article(&text));
    assert_eq!(output.code, 0, "{output:?}");
    let lines = told(&output);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("could not be checked: cannot connect")));
    assert!(lines.iter().any(|line| line.contains("signed by nobody this machine trusts")));
}

#[test]
fn one_that_listens_and_says_nothing_is_given_up_after_ten_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("an address"));
    let output = check(&with_article(&format!("[a]({url})")));
    assert_eq!(output.code, 0);
    assert!(told(&output)[0].contains("no answer within 10 s"), "{output:?}");
}

#[test]
fn pictures_under_base_url_are_asked_for_and_those_that_are_missing_are_named() {
    let web = Web::start(|asked| match asked.path.as_str() {
        path if path.contains("there") => Reply::status(200),
        _ => Reply::status(404),
    });
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"300\" height=\"200\">\
                   <rect width=\"300\" height=\"200\" fill=\"#246\"/></svg>";
    let words = "A paragraph that says what a newsletter says. ".repeat(12);
    let here = with_article(&format!("![One](there.svg)\n\n![Two](gone.svg)\n\n{words}"))
        .write("issues/2025-11/there.svg", drawing)
        .write("issues/2025-11/gone.svg", drawing.replace("#246", "#642"));
    let base = web.url("").trim_end_matches('/').to_owned();
    let here = here.edit("digest.toml", "https://digest.sejong.example", &base);
    let output = here.run(&["check", "--online", "--allow-private"]);
    assert_eq!(output.code, 3, "{output:?}");
    for words in ["picture-unpublished", "1 of 2 pictures are not published", "hangul.md:7:1"] {
        assert!(output.stdout.contains(words), "{words}: {output:?}");
    }
    // Without the flag nobody is asked, and of a reserved name neither.
    let asked = web.asked().len();
    here.run(&["check"]);
    let here = here.edit("digest.toml", &base, "https://digest.sejong.example");
    let output = here.run(&["check", "--online"]);
    assert!(output.stdout.contains("no problems"), "{output:?}");
    assert_eq!(web.asked().len(), asked);
}
