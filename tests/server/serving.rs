//! `digest serve` beside a server that is silent, or goes.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::alone;
use crate::harness::Publication;
use crate::harness::running::{Running, wait_until};

/// A page of the second listener: its status and what it says.
fn ask(port: u16, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).expect("asked");
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    (head.get(9..12).unwrap_or_default().to_owned(), body.to_owned())
}

fn started(here: &Publication) -> (Running, u16) {
    let running = here.start(&["serve", "--listen", "127.0.0.1:0"]);
    running.says("how it is:");
    let told = running.stderr();
    let at = told.split("how it is: http://127.0.0.1:").nth(1).expect("an address");
    let port = at.split('/').next().and_then(|port| port.parse().ok()).expect("a port");
    let is_ready = wait_until(Duration::from_secs(20), || ask(port, "/readyz").0 == "200");
    assert!(is_ready, "{:?}: {}", ask(port, "/readyz"), running.stderr());
    (running, port)
}

#[test]
fn a_silent_or_restarted_server_is_told_once_with_the_way_out_of_a_server() {
    let Some((server, _alone)) = alone() else { return };
    let here = Publication::new().sending_from(&server.fresh());
    let added = here.run(&["subscribers", "add", "kim@example.org", "--consent", "by mail"]);
    assert_eq!(added.code, 0, "{added:?}");
    assert_eq!(
        here.run(&["render", "2025-11", "--format", "eml", "--as", "kim@example.org"]).code,
        0
    );
    let toml = format!("{}\n[web]\nmetrics = \"127.0.0.1:0\"\n", here.read("digest.toml"));
    let here = here.write("digest.toml", toml);
    let (running, port) = started(&here);
    let silence = server.silence();
    let begun = Instant::now();
    let is_unready = wait_until(Duration::from_secs(5), || ask(port, "/readyz").0 == "503");
    assert!(is_unready, "after {:?}: {:?}", begun.elapsed(), ask(port, "/readyz"));
    assert!(ask(port, "/readyz").1.contains("has not answered"), "{:?}", ask(port, "/readyz"));
    assert_eq!(ask(port, "/healthz").0, "200");
    std::thread::sleep(Duration::from_secs(3));
    let told = running.stderr();
    assert_eq!(told.matches("come again in a minute").count(), 1, "{told}");
    drop(silence);
    running.says("can be written down again");
    assert_eq!(ask(port, "/readyz").0, "200");
    // A restart that nobody meets is not told; this one lasts until it was met.
    server.control("stop");
    let is_told = || running.stderr().matches("come again in a minute").count() == 2;
    let was_told = wait_until(Duration::from_secs(20), is_told);
    server.control("start");
    assert!(was_told, "{}", running.stderr());
    let is_back = || running.stderr().matches("can be written down again").count() == 2;
    assert!(wait_until(Duration::from_secs(20), is_back), "{}", running.stderr());
    let told = running.stderr();
    assert!(!told.contains("run the same command again") && !told.contains("tester@"), "{told}");
}
