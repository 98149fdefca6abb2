//! What `digest serve` says to whoever runs it: on a listener of its own, and to systemd.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use sejong_digest::store::sql;
use tokio::runtime::Runtime;

use crate::harness::server::only_files;
use crate::harness::{DIGEST, Publication, Running};
use crate::relay::{open, store_of};
use crate::{Served, client, port, publication};

/// A server with a listener for metrics; and the port of that.
fn watched(here: Publication) -> (Served, u16) {
    let settings = format!("{}\n[web]\nmetrics = \"localhost:0\"\n", here.read("digest.toml"));
    let here = here.write("digest.toml", settings);
    let running = here.start(&["serve", "--listen", "localhost:0"]);
    with_metrics(here, running)
}

fn with_metrics(here: Publication, running: Running) -> (Served, u16) {
    running.says("how it is:");
    let told = running.stderr();
    let at = told.split("how it is: http://127.0.0.1:").nth(1).expect("an address");
    let metrics = at.split('/').next().and_then(|port| port.parse().ok()).expect("a port");
    let first = told.split("http://127.0.0.1:").nth(1).expect("an address");
    let first: String = first.chars().take_while(char::is_ascii_digit).collect();
    (Served { here, running, port: first.parse().expect("a port") }, metrics)
}

/// What a page of the listener says, when it has the status.
fn says(metrics: u16, path: &str, status: u16) -> String {
    let begun = Instant::now();
    loop {
        let answer = client::ask(metrics, "GET", path, &[], "");
        if answer.status == status {
            return answer.body;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{path}: {answer:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn metrics_count_requests_and_readers_and_name_nobody() {
    let (served, metrics) = watched(publication());
    assert_eq!(says(metrics, "/healthz", 200), "ok\n");
    assert_eq!(says(metrics, "/readyz", 200), "ready\n");
    let link = served.link("kim@example.org");
    assert_eq!(served.post(&link, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(served.post(&link, "List-Unsubscribe=One-Click").status, 200);
    assert_eq!(served.get("/unsubscribe/wrong").status, 400);
    assert_eq!(served.get("/kim@example.org?ada@example.org").status, 404);
    let answer = client::ask(metrics, "GET", "/metrics", &[], "");
    let kind = answer.header("content-type").expect("a type");
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = answer.body;
    for line in [
        "digest_web_requests_total{class=\"unsubscribe\",status=\"200\"} 2",
        "digest_web_requests_total{class=\"unsubscribe\",status=\"400\"} 1",
        "digest_web_request_duration_seconds_count{class=\"unsubscribe\"} 3",
        "digest_reader_events_total{event=\"left\"} 1",
        "digest_reader_events_total{event=\"came_back\"} 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}\n{text}");
    }
    let token = link.rsplit('/').next().expect("a token");
    for secret in ["@", "kim", token, "wrong"] {
        assert!(!text.contains(secret), "{secret}\n{text}");
    }
}

#[test]
fn a_check_says_that_metrics_can_be_read_or_are_read_already() {
    let (served, metrics) = watched(publication());
    let settings = served.here.read("digest.toml");
    let check = served.here.run(&["serve", "--check", "--listen", "127.0.0.1:0"]);
    assert!(check.stdout.contains("metrics can be read at http://127.0.0.1:"), "{check:?}");
    let taken = settings.replace("localhost:0", &format!("localhost:{metrics}"));
    std::fs::write(served.here.path("digest.toml"), taken).expect("written");
    let check = served.here.run(&["serve", "--check", "--listen", "127.0.0.1:0"]);
    let told = format!("metrics: a server is at http://127.0.0.1:{metrics}/\n");
    assert!(check.code == 0 && check.stdout.contains(&told), "{check:?}");
}

#[test]
fn readers_do_not_meet_the_metrics() {
    let (served, metrics) = watched(publication());
    for path in ["/metrics", "/healthz", "/readyz"] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
    assert_eq!(client::ask(metrics, "GET", "/style.css", &[], "").status, 404);
    assert_eq!(client::ask(metrics, "POST", "/metrics", &[], "").status, 405);
}

#[test]
fn a_store_that_is_gone_is_not_ready_until_it_is_back() {
    let (served, metrics) = watched(publication());
    says(metrics, "/readyz", 200);
    let store = served.here.path("digest.db");
    let away = served.here.path("away.db");
    std::fs::rename(&store, &away).expect("moved");
    let why = says(metrics, "/readyz", 503);
    assert!(why.contains("digest.db") && why.lines().count() == 1, "{why}");
    assert_eq!(says(metrics, "/healthz", 200), "ok\n");
    let left = served.post(&served.link("kim@example.org"), "List-Unsubscribe=One-Click");
    assert_eq!(left.status, 503, "{left:?}");
    let waits = |count: u32| format!("digest_leavers_waiting {count}\n");
    assert!(says(metrics, "/metrics", 200).contains(&waits(1)));
    std::fs::rename(&away, &store).expect("moved back");
    says(metrics, "/readyz", 200);
    assert!(says(metrics, "/metrics", 200).contains(&waits(0)));
    let secret = served.here.path(".digest-secret");
    std::fs::rename(&secret, &away).expect("moved");
    assert_eq!(says(metrics, "/readyz", 503), "the secret cannot be read\n");
}

// As a plan or an import of very many people does.
#[test]
fn a_store_that_another_process_writes_to_for_long_is_not_told_as_one_that_cannot_be_written() {
    if only_files("a server lets several write at once") {
        return;
    }
    let (served, metrics) = watched(publication());
    says(metrics, "/readyz", 200);
    Runtime::new().expect("threads").block_on(async {
        let store = open(&store_of(&served.here)).await;
        let writing = store.begin().await.expect("a transaction");
        let why = tokio::task::spawn_blocking(move || says(metrics, "/readyz", 503));
        let why = why.await.expect("an answer");
        assert_eq!(why, "another process writes to the store for long\n");
        drop(writing);
        store.close().await;
    });
    says(metrics, "/readyz", 200);
    let told = served.running.stderr();
    assert!(!told.contains("come again"), "{told}");
    let link = served.link("kim@example.org");
    assert_eq!(served.post(&link, "List-Unsubscribe=One-Click").status, 200);
}

// A transaction begins on a full disk, and ends there.
#[test]
fn a_full_disk_is_not_ready_and_is_told_once_until_there_is_room() {
    if only_files("a server has a disk of its own") {
        return;
    }
    let here = publication();
    let toml = here.read("digest.toml");
    let more = "\n[web]\nmetrics = \"localhost:0\"\n\n[audience]\nsource = \"store\"\n\n[form]\n\n\
                [[relay]]\nurl = \"smtp://127.0.0.1:1\"\n";
    let here = here.write("digest.toml", format!("{toml}{more}"));
    // The file can grow no more, and its log to the same size only.
    let size = std::fs::metadata(here.path("digest.db")).expect("a store").len();
    let line =
        format!("ulimit -S -f {}; exec \"$0\" serve --listen localhost:0", size.div_ceil(512) + 8);
    let mut command = here.command("sh");
    command.args(["-c", &line, DIGEST]);
    let running = Running::start(&mut command);
    let (served, metrics) = with_metrics(here, running);
    says(metrics, "/readyz", 200);
    let ask = |number: u32| {
        let email = format!("reader{number}@example.org");
        crate::subscribing::asks(served.port, &email, &format!("192.0.{number}.1")).status
    };
    let refused = (0..200).find(|number| ask(*number) != 303).expect("a full disk");
    assert_eq!(ask(refused), 503);
    for _ in 0..20 {
        let ready = client::ask(metrics, "GET", "/readyz", &[], "");
        assert!(ready.status == 503 && ready.body.contains("free space"), "{ready:?}");
        std::thread::sleep(Duration::from_millis(250));
    }
    assert_eq!(ask(201), 503);
    let told = served.running.stderr();
    assert_eq!(told.matches("come again in a minute").count(), 1, "{told}");
    assert!(!told.contains("can be written down again"), "{told}");
    let free = format!("--pid={}", served.running.pid());
    let freed = Command::new("prlimit").args([&free, "--fsize=unlimited:"]).status();
    if !freed.is_ok_and(|freed| freed.success()) {
        return;
    }
    says(metrics, "/readyz", 200);
    served.running.says("can be written down again");
    assert_eq!(ask(202), 303);
}

// Each open connection is a file.
#[test]
fn a_server_without_files_left_says_so_once_and_goes_on_when_it_has_some() {
    let here = publication();
    let mut command = here.command("sh");
    let line = "ulimit -n 48; exec \"$0\" serve --listen 127.0.0.1:0";
    command.args(["-c", line, DIGEST]);
    let running = Running::start(&mut command);
    let served = Served { port: port(&running), here, running };
    let link = served.link("kim@example.org");
    // The store is open now.
    assert_eq!(served.post(&link, "leave=yes").status, 200);
    let idle: Vec<_> = (0..60).map(|_| client::connect(served.port)).collect();
    served.running.says("no connection can be taken: ");
    std::thread::sleep(Duration::from_millis(500));
    drop(idle);
    assert_eq!(served.get("/style.css").status, 200);
    let told = served.running.stderr();
    assert_eq!(told.matches("no connection can be taken").count(), 1, "{told}");
    assert!(told.contains("ulimit -n"), "{told}");
}

#[test]
fn numbers_are_those_of_now_whenever_somebody_asked_before() {
    let (served, metrics) = watched(publication());
    let waiting = |count: u32| format!("digest_outbox_mails{{state=\"waiting\"}} {count}\n");
    let text = || client::ask(metrics, "GET", "/metrics", &[], "").body;
    let first = text();
    assert!(first.contains(&waiting(0)), "{first}");
    Runtime::new().expect("threads").block_on(async {
        let store = open(&store_of(&served.here)).await;
        sql::query(
            "INSERT INTO outbox (kind, identity, email, language, not_after, added_at, at) \
             VALUES ('welcome', 'a@a.example', 'a@a.example', 'en', 0, 0, 0)",
        )
        .execute(store.pool())
        .await
        .expect("written");
        store.close().await;
    });
    // Longer than numbers are kept, and shorter than anybody scrapes.
    std::thread::sleep(Duration::from_millis(3_500));
    let second = text();
    assert!(second.contains(&waiting(1)), "{second}");
}

/// The next thing that is told on a socket of systemd's.
fn next(told: &UnixDatagram) -> String {
    let mut bytes = [0; 64];
    let length = told.recv(&mut bytes).expect("a message");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[test]
fn systemd_is_told_of_the_beginning_life_and_the_end() {
    let here = publication();
    let path = here.path("notify");
    let told = UnixDatagram::bind(&path).expect("a socket");
    told.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    let socket = path.display().to_string();
    let here = here.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "200000");
    let running = here.start(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(next(&told), "READY=1");
    // Whoever is told so may ask at once.
    assert_eq!(client::ask(port(&running), "GET", "/style.css", &[], "").status, 200);
    assert_eq!([next(&told), next(&told)], ["WATCHDOG=1", "WATCHDOG=1"]);
    running.signal("TERM");
    let mut last = next(&told);
    while last == "WATCHDOG=1" {
        last = next(&told);
    }
    assert_eq!(last, "STOPPING=1");
}
