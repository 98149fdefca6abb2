//! A DNS server on loopback that answers from a table: just as much of RFC 1035 as a question with
//! one name needs.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

const TXT: u16 = 16;
const MX: u16 = 15;
const A: u16 = 1;
const SERVER_FAILURE: u8 = 2;
const NO_SUCH_NAME: u8 = 3;

/// What the table holds.
#[derive(Clone)]
enum Entry {
    Record(u16, Vec<u8>),
    Broken,
}

/// The table, before it is served.
#[derive(Clone, Default)]
pub(crate) struct Zone(Vec<(String, Entry)>);

impl Zone {
    /// What a sender at `sejong.example` needs who does not sign.
    pub(crate) fn good() -> Zone {
        Zone::default()
            .txt("sejong.example", "v=spf1 mx -all")
            .txt("_dmarc.sejong.example", "v=DMARC1; p=none")
            .mx("sejong.example", "mail.sejong.example.")
            .a("digest.sejong.example", [127, 0, 0, 1])
    }

    /// A TXT record, in strings of 255 bytes.
    pub(crate) fn txt(self, name: &str, text: &str) -> Zone {
        let mut data = Vec::new();
        for part in text.as_bytes().chunks(255) {
            data.push(part.len() as u8);
            data.extend_from_slice(part);
        }
        self.with(name, Entry::Record(TXT, data))
    }

    pub(crate) fn mx(self, name: &str, host: &str) -> Zone {
        let mut data = vec![0, 10];
        data.extend(name_bytes(host));
        self.with(name, Entry::Record(MX, data))
    }

    pub(crate) fn a(self, name: &str, address: [u8; 4]) -> Zone {
        self.with(name, Entry::Record(A, address.to_vec()))
    }

    /// Every question for this name fails.
    pub(crate) fn broken(self, name: &str) -> Zone {
        self.with(name, Entry::Broken)
    }

    /// Takes the records of a name out.
    pub(crate) fn without(mut self, name: &str) -> Zone {
        self.0.retain(|(known, _)| known != name);
        self
    }

    fn with(mut self, name: &str, entry: Entry) -> Zone {
        self.0.push((name.to_owned(), entry));
        self
    }

    /// Serves it until the test program ends; the address is for `--dns`.
    pub(crate) fn serve(self) -> String {
        let socket = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let address = socket.local_addr().expect("an address").to_string();
        std::thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                if let Some(answer) = self.answer(&buffer[..length]) {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        address
    }

    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let (mut at, mut labels) = (12, Vec::new());
        loop {
            let length = usize::from(*question.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(question.get(at..at + length)?).to_lowercase());
            at += length;
        }
        let kind = u16::from_be_bytes([*question.get(at)?, *question.get(at + 1)?]);
        let (name, end) = (labels.join("."), at + 4);
        let entries: Vec<&Entry> =
            self.0.iter().filter(|(known, _)| *known == name).map(|(_, entry)| entry).collect();
        let code = match entries.as_slice() {
            [] => NO_SUCH_NAME,
            entries if entries.iter().any(|entry| matches!(entry, Entry::Broken)) => SERVER_FAILURE,
            _ => 0,
        };
        let records: Vec<&Vec<u8>> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Record(known, data) if *known == kind => Some(data),
                _ => None,
            })
            .collect();
        let mut out = question[..2].to_vec();
        // An answer, recursion wanted and had.
        out.extend([0x81, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
        out.extend_from_slice(question.get(12..end)?);
        for data in records {
            // The name of the question, class IN, a minute to live.
            out.extend([0xc0, 12]);
            out.extend(kind.to_be_bytes());
            out.extend([0, 1, 0, 0, 0, 60]);
            out.extend((data.len() as u16).to_be_bytes());
            out.extend_from_slice(data);
        }
        Some(out)
    }
}

/// A server that takes questions and never answers; alive as long as the socket is.
pub(crate) fn silent() -> (UdpSocket, String) {
    let socket = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    socket.set_read_timeout(Some(Duration::from_secs(1))).expect("a time");
    let address = socket.local_addr().expect("an address").to_string();
    (socket, address)
}

fn name_bytes(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        out.push(label.len() as u8);
        out.extend_from_slice(label.as_bytes());
    }
    out.push(0);
    out
}
