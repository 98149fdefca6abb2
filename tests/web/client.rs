//! Requests byte by byte (RFC 9112): a test sends what it means, right or wrong.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Its lines in small letters.
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.head.iter().find_map(|line| line.strip_prefix(&prefix))
    }
}

pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    stream
}

/// A request for our host, and its answer.
pub(crate) fn ask(
    port: u16,
    method: &str,
    path: &str,
    head: &[(&str, &str)],
    body: &str,
) -> Answer {
    raw(port, written(method, path, head, body).as_bytes())
}

/// The same of a server that may be dead; then the status is 0.
pub(crate) fn ask_if_there(
    port: u16,
    method: &str,
    path: &str,
    head: &[(&str, &str)],
    body: &str,
) -> Answer {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return Answer { status: 0, head: Vec::new(), body: String::new() };
    };
    let _ = stream.write_all(written(method, path, head, body).as_bytes());
    rest(&mut stream)
}

fn written(method: &str, path: &str, head: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", crate::HOST);
    for (name, value) in head {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    format!("{text}Connection: close\r\n\r\n{body}")
}

/// Bytes, and what comes back until the connection ends.
pub(crate) fn raw(port: u16, bytes: &[u8]) -> Answer {
    let mut stream = connect(port);
    // The other side may have said no before it has all.
    let _ = stream.write_all(bytes);
    rest(&mut stream)
}

pub(crate) fn rest(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|s| s.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        head: lines.map(str::to_ascii_lowercase).collect(),
        body: body.to_owned(),
    }
}
