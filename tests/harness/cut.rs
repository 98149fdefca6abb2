//! A wire between a sender and a relay that is cut: on every second connection inside the first
//! text, on the others behind its final dot, so that the reply never comes.
//!
//! It carries bytes and understands as much SMTP as that takes: where a text begins, and whom it is
//! for. It never closes a connection by itself: whoever sends ends first.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::harness::running::wait_until;

/// Bytes of the connection that pass where the text is cut off: the header and a part of the body.
const PASSED: usize = 8_000;

/// The wire.
pub(crate) struct Cut {
    addr: SocketAddr,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    cut_off: usize,
    /// Whose message the relay took without our sender hearing of it.
    taken: BTreeSet<String>,
}

type Shared = Arc<Mutex<Held>>;

impl Cut {
    /// Listens in front of a relay.
    pub(crate) fn between(relay: SocketAddr) -> Cut {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let held = Shared::default();
        let shared = Arc::clone(&held);
        std::thread::spawn(move || {
            for (number, sender) in listener.incoming().flatten().enumerate() {
                let Ok(relay) = TcpStream::connect(relay) else { return };
                if number % 2 == 0 {
                    cut_text(sender, relay, &shared);
                } else {
                    hold_reply(sender, relay, &shared);
                }
            }
        });
        Cut { addr, held }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.addr)
    }

    /// Waits until so many connections are held.
    pub(crate) fn holds(&self, count: usize) {
        let held = || {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.cut_off + held.taken.len()
        };
        assert!(wait_until(Duration::from_secs(30), || held() == count), "{} are held", held());
    }

    /// Whose message the relay took, and nobody heard of it.
    pub(crate) fn taken(&self) -> BTreeSet<String> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).taken.clone()
    }
}

/// The relay gets the front of the first text and then nothing more.
fn cut_text(sender: TcpStream, relay: TcpStream, held: &Shared) {
    let (up, down) = (pair(&sender, &relay), pair(&relay, &sender));
    let held = Arc::clone(held);
    std::thread::spawn(move || {
        let mut left = PASSED;
        carry(up, |bytes| {
            let passed = bytes.len().min(left);
            if left > 0 && passed == left {
                held.lock().unwrap_or_else(PoisonError::into_inner).cut_off += 1;
            }
            left -= passed;
            passed
        });
    });
    std::thread::spawn(move || carry(down, <[u8]>::len));
}

/// The relay gets everything, and from its 354 on the sender hears nothing more.
fn hold_reply(sender: TcpStream, relay: TcpStream, held: &Shared) {
    let (up, down) = (pair(&sender, &relay), pair(&relay, &sender));
    let recipient = Arc::new(Mutex::new(Vec::new()));
    let (heard, held) = (Arc::clone(&recipient), Arc::clone(held));
    std::thread::spawn(move || {
        carry(up, |bytes| {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            // The envelope stands in the first bytes.
            if heard.len() < 4096 {
                heard.extend_from_slice(bytes);
            }
            bytes.len()
        });
    });
    std::thread::spawn(move || {
        let (mut replies, mut passed) = (String::new(), true);
        carry(down, |bytes| {
            let pass = if passed { bytes.len() } else { 0 };
            replies.push_str(&String::from_utf8_lossy(bytes));
            passed = !replies.contains("\r\n354 ");
            if replies.contains("queued as") {
                let heard = recipient.lock().unwrap_or_else(PoisonError::into_inner);
                let heard = String::from_utf8_lossy(&heard);
                let address =
                    heard.split("RCPT TO:<").nth(1).and_then(|rest| rest.split('>').next());
                let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                held.taken.extend(address.map(str::to_owned));
            }
            pass
        });
    });
}

fn pair(from: &TcpStream, to: &TcpStream) -> (TcpStream, TcpStream) {
    (from.try_clone().unwrap(), to.try_clone().unwrap())
}

/// Carries what comes, as many bytes of each piece as `passed` says, until it ends.
fn carry((mut from, mut to): (TcpStream, TcpStream), mut passed: impl FnMut(&[u8]) -> usize) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let passed = passed(&buffer[..count]);
        if to.write_all(&buffer[..passed]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
