//! The client against Postfix's smtp-sink, and swaks against the catcher: programs that were not
//! written by us. Skipped with a word where they are not installed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sejong_digest::catcher::script::Script;
use sejong_digest::catcher::{Catcher, CatcherOptions};
use sejong_digest::message::Message;
use sejong_digest::smtp::outcome::Outcome;
use sejong_digest::smtp::relay::Relay;
use sejong_digest::smtp::session::Session;
use sejong_digest::smtp::transaction::{End, Feed, Stop, Ticket};

use super::{Tape, carry, catcher, catcher_with, message, messages};

const SINK: &str = "/usr/sbin/smtp-sink";

/// A running program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// smtp-sink on a free port, or nothing where it is not installed.
fn sink(options: &[&str]) -> Option<(Running, u16)> {
    if !Path::new(SINK).exists() {
        eprintln!("skipped: {SINK} is not installed");
        return None;
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(SINK);
    // As root it wants to become somebody else.
    if Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n") {
        command.args(["-u", "nobody"]);
    }
    let address = format!("127.0.0.1:{port}");
    let child =
        command.args(options).args([&address, "100"]).stderr(Stdio::null()).spawn().unwrap();
    let running = Running(child);
    let start = Instant::now();
    while std::net::TcpStream::connect(&address).is_err() {
        assert!(start.elapsed() < Duration::from_secs(10), "smtp-sink does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    Some((running, port))
}

#[tokio::test]
async fn smtp_sink_accepts_pipelined_and_lockstep_mail() {
    for options in [&[][..], &["-p"], &["-e"], &["-8", "-p"]] {
        let Some((_sink, port)) = sink(options) else { return };
        let relay = Relay::parse(&format!("smtp://127.0.0.1:{port}")).unwrap();
        let (tape, end) = carry(&relay, Tape::of(messages(100))).await;
        assert_eq!(end, Ok(End::Drained), "{options:?}");
        assert_eq!(tape.outcomes(), ["accepted"; 100], "{options:?}");
    }
}

#[tokio::test]
async fn smtp_sink_refusing_everywhere_loses_nobody() {
    let rows: [(&[&str], &str); 4] = [
        (&["-r", "RCPT"], "deferred recipient rcpt"),
        (&["-f", "RCPT"], "refused recipient rcpt"),
        (&["-f", "."], "refused message dot"),
        (&["-r", "DATA"], "deferred recipient data"),
    ];
    for (options, expected) in rows {
        let Some((_sink, port)) = sink(options) else { return };
        let relay = Relay::parse(&format!("smtp://127.0.0.1:{port}")).unwrap();
        let (tape, end) = carry(&relay, Tape::of(messages(10))).await;
        assert_eq!((end, tape.outcomes()), (Ok(End::Drained), vec![expected.to_owned(); 10]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaks_can_send_to_the_catcher() {
    let login = Some(("kim".to_owned(), "secret".to_owned()));
    let plain = catcher(Script::new()).await;
    let guarded = catcher_with(CatcherOptions { login, ..CatcherOptions::default() }).await;
    let log_in = |mechanism| vec!["--auth", mechanism, "-au", "kim", "-ap", "secret"];
    for (catcher, more) in [
        (&plain, vec!["--pipeline"]),
        (&plain, vec![]),
        (&guarded, log_in("PLAIN")),
        (&guarded, log_in("LOGIN")),
    ] {
        let server = catcher.addr().to_string();
        let mut command = Command::new("swaks");
        command.args(["--server", &server, "--from", "a@x.example", "--to", "b@x.example"]);
        command.args(["--body", ".dot\\nline"]).args(more);
        match tokio::task::spawn_blocking(move || command.output()).await.unwrap() {
            Err(error) => return eprintln!("skipped: swaks cannot be run: {error}"),
            Ok(output) => assert!(output.status.success(), "{output:?}"),
        }
        let received = catcher.received().pop().unwrap();
        assert!(received.accepted && received.recipients == ["b@x.example"]);
        assert!(received.bytes.windows(6).any(|window| window == b"\n.dot\r"));
    }
}

/// Gives `left` messages with one text, from a count that all sessions share.
struct Flood {
    left: Arc<AtomicU64>,
    sample: Message,
    accepted: u64,
}

impl Feed for Flood {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        self.try_next().await
    }

    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
        let take = |left: u64| left.checked_sub(1);
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        Some((Ticket(left), self.sample.clone()))
    }

    async fn before_dot(&mut self, _: Ticket) -> Result<(), Stop> {
        Ok(())
    }

    async fn settled(&mut self, _: Ticket, outcome: Outcome) {
        self.accepted += u64::from(matches!(outcome, Outcome::Accepted(_)));
    }
}

/// Messages a second with so many sessions.
async fn flood(port: u16, count: u64, sessions: usize) -> f64 {
    let line = format!("{}\r\n", "x".repeat(74));
    let sample = message("p@x.example", line.repeat(20_000 / line.len()).as_bytes());
    let relay = Relay::parse(&format!("smtp://127.0.0.1:{port}")).unwrap();
    let left = Arc::new(AtomicU64::new(count));
    let start = Instant::now();
    let tasks: Vec<_> = (0..sessions)
        .map(|_| {
            let mut feed = Flood { left: Arc::clone(&left), sample: sample.clone(), accepted: 0 };
            let relay = relay.clone();
            tokio::spawn(async move {
                let mut session = Session::open(&relay).await.unwrap();
                assert_eq!(session.carry(&mut feed).await, Ok(End::Drained));
                session.quit().await;
                feed.accepted
            })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += task.await.unwrap();
    }
    assert_eq!(accepted, count);
    count as f64 / start.elapsed().as_secs_f64()
}

/// Against the raw C client of the same sink, in turns. Run in release, with `--ignored`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement: cargo test --release --test faults -- --ignored --nocapture"]
async fn throughput_against_smtp_source() {
    const COUNT: u64 = 20_000;
    let Some((_sink, port)) = sink(&[]) else { return };
    let server = Catcher::start(CatcherOptions::default()).await.unwrap();
    for _ in 0..3 {
        let (count, target) = (COUNT.to_string(), format!("127.0.0.1:{port}"));
        let start = Instant::now();
        let source = tokio::task::spawn_blocking(move || {
            let options = ["-d", "-s", "4", "-l", "20000", "-m", &count, "-f", "a@x.example"];
            let mut command = Command::new("/usr/sbin/smtp-source");
            command.args(options).args(["-t", "p@x.example", &target]).status()
        });
        let status = source.await.unwrap();
        let theirs = match status {
            Ok(status) if status.success() => COUNT as f64 / start.elapsed().as_secs_f64(),
            other => return eprintln!("skipped: smtp-source: {other:?}"),
        };
        let ours = flood(port, COUNT, 4).await;
        let caught = flood(server.addr().port(), COUNT, 4).await;
        eprintln!(
            "smtp-source {theirs:.0}/s, ours {ours:.0}/s, ours into the catcher {caught:.0}/s"
        );
    }
}
