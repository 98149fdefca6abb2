//! A relay that says anything: the client of `send` against a server whose answers are the input.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use sejong_digest::message::address::Address;
use sejong_digest::message::{Envelope, Message};
use sejong_digest::smtp::outcome::{Outcome, Stage};
use sejong_digest::smtp::relay::{Relay, Timeouts};
use sejong_digest::smtp::session::Session;
use sejong_digest::smtp::transaction::{Feed, Stop, Ticket};
use sejong_digest::smtp::trouble::Trouble;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::signature;

/// See `Target::words`.
pub(super) const WORDS: &[&str] = &[
    "220 a.example ESMTP\r\n",
    "250-PIPELINING\r\n",
    "250 SIZE 1000\r\n",
    "250 OK\r\n",
    "354 go\r\n",
    "250-AUTH PLAIN LOGIN XOAUTH2\r\n",
    "235 2.7.0 in\r\n",
    "334 VXNlcm5hbWU6\r\n",
    "334 \r\n",
    "421 4.3.2 bye\r\n",
    "450 4.7.1 later\r\n",
    "451 4.3.0 x\r\n",
    "550 5.1.1 nobody\r\n",
    "552 5.2.2\r\n",
    "553 x\r\n",
    "535 5.7.8 no\r\n",
    "554-5.7.1 a\r\n",
    "554 5.7.1 b\r\n",
    "251 x\r\n",
    "500 what\r\n",
    "250",
    "-",
    " ",
    "\r\n",
    "\n",
    "\r",
    "\u{1b}[2J",
    "\u{202e}",
    "pas5w0rdQ",
    "AHVzZXIAcGFzNXcwcmRR",
    "cGFzNXcwcmRR",
    "5.7.999",
    "999.999.999",
    "SIZE 99999999999999999999",
    "SMTPUTF8",
    "STARTTLS",
    "\u{0}",
    "é",
    "250 2.0.0 OK\r\n250 2.1.5 OK\r\n354 go\r\n",
];

const PASSWORD: &str = "pas5w0rdQ";
const MESSAGES: u64 = 3;
/// Pieces of the input that the server says one after the other.
const PIECES: usize = 60;

/// Sessions that go well and sessions that do not.
pub(super) fn seeds(_: &Path) -> Vec<Vec<u8>> {
    let hello = "220 mail.example ESMTP\r\n250-mail.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n\
                 250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n";
    let old = "220 mail.example\r\n250-mail.example\r\n250 SIZE 1000000\r\n";
    let login = "235 2.7.0 Authentication successful\r\n";
    let one = "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n\
               250 2.0.0 Ok: queued as 4bXZ1n\r\n";
    let refused = "250 2.1.0 Ok\r\n550 5.1.1 <p@x.example>: no such user\r\n554 no valid recipients\r\n\
                   250 2.0.0 Ok\r\n";
    let later = "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n451 4.7.1 greylisted, try again\r\n";
    let gone = "250 2.1.0 Ok\r\n421 4.3.2 shutting down\r\n";
    let mut seeds = Vec::new();
    for greeting in [format!("{hello}{login}"), hello.to_owned(), old.to_owned()] {
        for after in [
            [one, one, one].concat(),
            [refused, one, later].concat(),
            [later, gone].concat(),
            [one, refused, refused].concat(),
        ] {
            seeds.push(format!("{greeting}{after}").into_bytes());
        }
    }
    seeds.push(b"554 5.7.1 you are not welcome\r\n".to_vec());
    seeds.push(b"220 x\r\n500 what\r\n250 hello\r\n".to_vec());
    seeds
}

/// Every message has one outcome, none is lost, and nothing is called accepted whose final dot never
/// left. No text shows a password, or moves a terminal's cursor.
pub(super) fn run(bytes: &[u8]) -> u64 {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(session(bytes))
}

async fn session(bytes: &[u8]) -> u64 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let time = Duration::from_millis(150);
    let relay = Relay::parse(&format!("smtp://127.0.0.1:{port}")).expect("a relay");
    let mut relay = relay.with_timeouts(Timeouts {
        connect: Duration::from_secs(2),
        greeting: time,
        hello: time,
        envelope: time,
        data: time,
        body: time,
        dot: time,
        missing: time,
        idle: Duration::from_secs(30),
    });
    // The same bytes with a login and without.
    let logs_in = bytes.len().is_multiple_of(2);
    if logs_in {
        relay = relay.with_credentials("user", SecretString::from(PASSWORD)).expect("a login");
    }
    let mut tape = Tape { logs_in, ..Tape::default() };
    let client = async {
        let opened = Session::open(&relay).await;
        match opened {
            Err(trouble) => Some(trouble),
            Ok(mut session) => {
                let end = session.carry(&mut tape).await;
                if end.is_ok() {
                    session.quit().await;
                }
                end.err()
            }
        }
    };
    let (trouble, dots) = tokio::join!(client, serve(&listener, bytes));
    tape.is_whole(trouble.as_ref(), dots)
}

/// Says the input one reply at a time, each when the client has said something, and counts the final
/// dots that come.
async fn serve(listener: &TcpListener, bytes: &[u8]) -> usize {
    let Ok((mut stream, _)) = listener.accept().await else { return 0 };
    let _ = stream.set_nodelay(true);
    let mut heard = Vec::new();
    for piece in replies(bytes).into_iter().take(PIECES) {
        if stream.write_all(piece).await.is_err() {
            break;
        }
        hear(&mut stream, &mut heard, Duration::from_millis(4)).await;
    }
    let _ = stream.shutdown().await;
    while hear(&mut stream, &mut heard, Duration::from_millis(500)).await {}
    heard.windows(5).filter(|part| *part == b"\r\n.\r\n").count()
}

async fn hear(stream: &mut TcpStream, heard: &mut Vec<u8>, within: Duration) -> bool {
    let mut buffer = [0; 4096];
    match timeout(within, stream.read(&mut buffer)).await {
        Ok(Ok(count)) => {
            heard.extend_from_slice(&buffer[..count]);
            count > 0
        }
        _ => false,
    }
}

/// The input, cut behind each line that ends a reply.
fn replies(bytes: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut start, mut line) = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' {
            if bytes.get(line + 3) != Some(&b'-') {
                pieces.push(&bytes[start..=at]);
                start = at + 1;
            }
            line = at + 1;
        }
    }
    pieces.push(&bytes[start..]);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// A feed of [`MESSAGES`] that remembers everything.
#[derive(Default)]
struct Tape {
    /// The password is known, and so must not be shown.
    logs_in: bool,
    taken: Vec<Ticket>,
    announced: Vec<Ticket>,
    settled: Vec<(Ticket, Outcome)>,
}

impl Tape {
    fn take(&mut self) -> Option<(Ticket, Message)> {
        let number = self.taken.len() as u64 + 1;
        if number > MESSAGES {
            return None;
        }
        let address = |text: &str| Address::parse(text).expect("an address");
        let message = Message {
            envelope: Envelope {
                reverse_path: Some(address("bounces@news.example")),
                recipient: address(&format!("p{number}@x.example")),
            },
            message_id: format!("{number}@news.example"),
            bytes: b"Subject: Digest\r\n\r\nHello.\r\n.dot\r\n".to_vec(),
        };
        self.taken.push(Ticket(number));
        Some((Ticket(number), message))
    }

    fn is_whole(&self, trouble: Option<&Trouble>, dots: usize) -> u64 {
        let mut settled: Vec<Ticket> = self.settled.iter().map(|(ticket, _)| *ticket).collect();
        settled.sort();
        assert_eq!(settled, self.taken, "taken and settled differ");
        let mut behind_the_dot = 0;
        let mut words = Vec::new();
        for (ticket, outcome) in &self.settled {
            let (word, failure) = match outcome {
                Outcome::Accepted(reply) => {
                    self.is_fit_to_show(&reply.to_string());
                    ("accepted", None)
                }
                Outcome::Deferred(failure) => ("deferred", Some(failure)),
                Outcome::Refused(failure) => ("refused", Some(failure)),
                Outcome::Uncertain(failure) => ("uncertain", Some(failure)),
                Outcome::Unsent(failure) => ("unsent", Some(failure)),
            };
            let stage = failure.map(|failure| failure.stage);
            if let Some(failure) = failure {
                self.is_fit_to_show(&failure.text);
                failure.reply.iter().for_each(|reply| self.is_fit_to_show(&reply.to_string()));
            }
            let may_have_arrived = matches!(word, "accepted" | "uncertain");
            if may_have_arrived {
                assert!(self.announced.contains(ticket), "{ticket:?} was not announced");
            }
            behind_the_dot += usize::from(may_have_arrived || stage == Some(Stage::Dot));
            words.push(format!("{word} {stage:?}"));
        }
        // A dot that left and was forgotten would be sent again; the lone one carries nothing.
        let lone = |(_, outcome): &&(Ticket, Outcome)| {
            outcome.failure().is_some_and(|failure| {
                matches!(failure.stage, Stage::Rcpt | Stage::LoneDot | Stage::Data | Stage::Mail)
            })
        };
        let lone = self.settled.iter().filter(lone).count();
        assert!(dots <= behind_the_dot + lone, "{dots} dots, {:?}", self.settled);
        let accepted = words.iter().filter(|word| word.starts_with("accepted")).count();
        assert!(accepted <= dots, "{accepted} accepted of {dots} dots");
        if let Some(trouble) = trouble {
            self.is_fit_to_show(&trouble.text);
            words.push(format!("{:?} {:?}", trouble.stage, trouble.scope));
        }
        signature(words)
    }

    fn is_fit_to_show(&self, text: &str) {
        is_fit_to_show(text, self.logs_in);
    }
}

fn is_fit_to_show(text: &str, logs_in: bool) {
    let odd = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(odd), "a control character in {text:?}");
    assert!(!text.contains('\u{202e}'), "text that is turned round: {text:?}");
    assert!(!logs_in || !text.contains(PASSWORD), "the password in {text:?}");
    assert!(text.len() < 20_000, "{} bytes of text", text.len());
}

impl Feed for Tape {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        self.take()
    }

    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
        self.take()
    }

    async fn before_dot(&mut self, ticket: Ticket) -> Result<(), Stop> {
        self.announced.push(ticket);
        Ok(())
    }

    async fn settled(&mut self, ticket: Ticket, outcome: Outcome) {
        self.settled.push((ticket, outcome));
    }
}
