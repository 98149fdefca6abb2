//! What holds for every request: by which name, how long, how much, and how the server ends.

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::server::only_files;
use crate::harness::{DIGEST, Publication, Running};
use crate::{HOST, Served, client, publication};

fn asked(port: u16, head: &str) -> client::Answer {
    client::raw(port, format!("GET / HTTP/1.1\r\n{head}Connection: close\r\n\r\n").as_bytes())
}

// Row 40: no link is ever made of a name that a visitor wrote.
#[test]
fn another_name_is_another_site() {
    let served = Served::start(publication());
    for head in [
        "Host: evil.example\r\n",
        "Host: digest.sejong.example.evil.example\r\n",
        "Host: digest.sejong.example\r\nHost: evil.example\r\n",
        "",
    ] {
        let answer = asked(served.port, head);
        assert!(matches!(answer.status, 400 | 421), "{head:?}: {answer:?}");
        assert!(!answer.body.contains("evil"), "{answer:?}");
        let is_one = head.matches("Host").count() == 1;
        assert_eq!(
            (answer.status, answer.body.contains("has one Host")),
            if is_one { (421, false) } else { (400, true) }
        );
    }
    let head = format!("Host: {HOST}\r\nX-Forwarded-Host: evil.example\r\n");
    let answer = asked(served.port, &head);
    assert_eq!(answer.status, 404);
    assert!(!answer.body.contains("evil"), "{answer:?}");
    assert_eq!(asked(served.port, "Host: DIGEST.sejong.example:443\r\n").status, 404);
}

// Row 41: nothing frames a page, and nothing runs in one.
#[test]
fn every_answer_says_what_a_browser_may_do() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    for path in [&*link, "/style.css", "/nothing", "/unsubscribe/x"] {
        let answer = served.get(path);
        let policy = answer.header("content-security-policy").expect("a policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"), "{path}");
        assert_eq!(answer.header("set-cookie"), None, "{path}");
    }
    assert_eq!(served.get(&link).header("cache-control"), Some("no-store"));
}

// Row 42: too much is refused, too slow is cut off, and both while others are answered.
#[test]
fn who_sends_too_much_or_too_slowly_keeps_nobody_waiting() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    assert_eq!(served.post(&link, &"x".repeat(20_000)).status, 413);
    let head = "a".repeat(40_000);
    let long = client::ask(served.port, "GET", "/", &[("X-Long", &head)], "");
    assert!(matches!(long.status, 0 | 400 | 431), "{long:?}");
    let many: String = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect();
    let answer = asked(served.port, &format!("Host: {HOST}\r\n{many}"));
    assert!(matches!(answer.status, 0 | 400 | 431), "{answer:?}");
    let begun = Instant::now();
    let mut silent = client::connect(served.port);
    let mut half_a_head = client::connect(served.port);
    half_a_head.write_all(b"GET / HTTP/1.1\r\nHost: ").expect("sent");
    let mut half_a_body = client::connect(served.port);
    let text = format!("POST {link} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 90\r\n\r\nList-");
    half_a_body.write_all(text.as_bytes()).expect("sent");
    assert_eq!(served.get(&link).status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "others waited");
    assert_eq!(client::rest(&mut silent).status, 0);
    assert!(matches!(client::rest(&mut half_a_head).status, 0 | 408));
    assert_eq!(client::rest(&mut half_a_body).status, 408);
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(9) && took < Duration::from_secs(20), "{took:?}");
    assert_eq!(served.standing("kim@example.org").0, "confirmed");
}

#[test]
fn a_stop_lets_a_request_finish_and_takes_no_other() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    let mut half = client::connect(served.port);
    let text = format!(
        "POST {link} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 26\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\nList-Unsub"
    );
    half.write_all(text.as_bytes()).expect("sent");
    std::thread::sleep(Duration::from_millis(300));
    served.running.signal("TERM");
    served.running.says("no request is taken any more");
    half.write_all(b"scribe=One-Click").expect("sent");
    let answer = client::rest(&mut half);
    assert_eq!((answer.status, &*answer.body), (200, "You are unsubscribed.\n"), "{answer:?}");
    let Served { here, running, port } = served;
    let output = running.wait();
    assert_eq!(output.code, 0, "{output:?}");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    let told = here.run(&["subscribers", "list", "--suppressed"]);
    assert!(told.stdout.contains("kim@example.org"), "{told:?}");
}

#[test]
fn one_visitor_has_a_share_of_the_connections() {
    let here = publication();
    let here = here.edit(
        "digest.toml",
        "[publication]",
        "[web]\nproxies = [\"192.0.2.1\"]\n\n[publication]",
    );
    let served = Served::start(here);
    let held: Vec<_> = (0..256).map(|_| client::connect(served.port)).collect();
    assert_eq!(served.get("/style.css").status, 0, "a 257th was answered");
    drop(held);
    let answered = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        served.get("/style.css").status == 200
    });
    assert!(answered, "no place was given back");
}

#[test]
fn a_socket_that_systemd_opened_is_taken() {
    let here = publication();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
    let port = socket.local_addr().expect("an address").port();
    let mut command = Command::new("sh");
    let line = "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve --listen 192.0.2.1:9 3<&0 </dev/null";
    command.args(["-c", line, DIGEST]).current_dir(here.path("")).envs(here.variables());
    command.stdin(Stdio::from(OwnedFd::from(socket)));
    let running = Running::start(&mut command);
    assert_eq!(crate::port(&running), port);
    let link = crate::link(&here, "kim@example.org");
    let served = Served { here, running, port };
    assert_eq!(served.get(&link).status, 200);
}

#[test]
fn what_is_not_in_order_is_told_before_the_first_reader_comes() {
    let here = publication();
    let check = here.run(&["serve", "--check", "--listen", "127.0.0.1:0"]);
    assert_eq!(check.code, 0, "{check:?}");
    let expected = [
        "configuration, secret and digest.db are in order",
        "no issue is shown",
        &format!("https://{HOST}/ can be answered from http://127.0.0.1:"),
    ];
    assert_eq!(check.stdout.lines().count(), expected.len(), "{check:?}");
    for (line, begin) in check.stdout.lines().zip(expected) {
        assert!(line.starts_with(begin), "{begin}: {check:?}");
    }
    for named in ["example.org:80", "LOCALHOST:80", "localhost", "8080"] {
        let told = here.run(&["serve", "--check", "--listen", named]);
        assert!(told.code != 0 && told.stderr.contains("such as 127.0.0.1:8080"), "{told:?}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = taken.local_addr().expect("an address").to_string();
    let check = here.run(&["serve", "--check", "--listen", &address]);
    assert!(check.code == 0 && check.stdout.contains("a server is at"), "{check:?}");
    let told = here.run(&["serve", "--listen", &address]);
    assert!(
        told.code == 1 && told.stderr.contains(&format!("cannot listen at {address}")),
        "{told:?}"
    );
    assert!(told.stderr.contains("[web] listen"), "{told:?}");
    let here = here.edit(
        "digest.toml",
        "[publication]",
        "[web]\nlisten = \"8080\"\nproxies = [\"x\"]\n\n[publication]",
    );
    let told = here.run(&["serve", "--check"]);
    assert_eq!(told.code, 3, "{told:?}");
    for words in [
        "digest.toml:2:10",
        "\"8080\" is no address and port",
        "digest.toml:3:12",
        "\"x\" is no address and no network",
    ] {
        assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
    }
}

// A database that nobody sends from would have every no, and nobody would ask it.
#[test]
fn without_the_store_that_sends_nobody_is_told_that_they_have_left() {
    if only_files("moves digest.db") {
        return;
    }
    let here = Publication::new();
    let check = here.run(&["serve", "--check"]);
    assert!(check.code == 1 && check.stderr.contains("where no send looks"), "{check:?}");
    assert!(!here.exists("digest.db") && !here.exists(".digest-secret"), "a check wrote something");
    let here = publication();
    std::fs::remove_file(here.path(".digest-secret")).expect("removed");
    let check = here.run(&["serve", "--check"]);
    assert!(check.code == 1 && check.stderr.contains("there is no secret here"), "{check:?}");
    assert!(!here.exists(".digest-secret"));
}

// Row 42: bodies that never end hold no place that somebody else wants.
#[test]
fn whoever_sends_a_body_for_ever_loses_the_place_first() {
    let served = Served::start(publication());
    let link = served.link("kim@example.org");
    let head = format!("POST /undo/x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 90\r\n\r\nact");
    let limit = Command::new("sh").args(["-c", "ulimit -n"]).output().expect("a shell");
    let limit = String::from_utf8_lossy(&limit.stdout).trim().parse().unwrap_or(usize::MAX);
    // Both sides are in this machine's limit of descriptors.
    if limit < 5_000 {
        return;
    }
    let held: Vec<_> = (0..2_100)
        .map(|_| {
            let mut stream = client::connect(served.port);
            stream.write_all(head.as_bytes()).expect("sent");
            stream
        })
        .collect();
    for _ in 0..5 {
        assert_eq!(served.post(&link, "List-Unsubscribe=One-Click").status, 200);
    }
    drop(held);
}

#[test]
fn a_site_below_a_path_stays_there() {
    let here = publication().edit(
        "digest.toml",
        "https://digest.sejong.example",
        "https://digest.sejong.example/news/",
    );
    let served = Served::start(here);
    let link = served.link("kim@example.org");
    assert!(link.starts_with("/news/unsubscribe/"), "{link}");
    let page = served.get(&link);
    assert!(page.status == 200 && page.body.contains("href=\"/news/style.css\""), "{page:?}");
    assert_eq!(served.get("/news/style.css").status, 200);
    assert_eq!(served.get(link.trim_start_matches("/news")).status, 404);
    let left = served.post(&link, "leave=yes");
    assert!(left.body.contains("action=\"/news/undo/"), "{left:?}");
}

// RFC 8058 as a mailbox provider asks it.
#[test]
fn the_probe_of_doctor_is_answered_as_by_a_page_in_order() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = free.local_addr().expect("an address").to_string();
    drop(free);
    let answer = {
        let here = publication();
        let running = here.start(&["serve", "--listen", &address]);
        let served = Served { port: crate::port(&running), here, running };
        served.post("/unsubscribe/digest-doctor.names-nobody", "List-Unsubscribe=One-Click")
    };
    // What `doctor` takes for a page that refuses a false link.
    assert_eq!((answer.status, answer.header("location")), (400, None));
}
