//! A relay that takes so many a second and answers 450 4.7.1 at RCPT beyond that.
//!
//! Plain sockets and threads, one command at a time: it exists because its answers depend on the
//! rate, which no script can say. Must never lose count.

use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A bucket of tokens, and what became of them.
struct Bucket {
    per_second: f64,
    burst: f64,
    tokens: f64,
    last: Instant,
    accepted: u64,
    refused: u64,
}

impl Bucket {
    fn take(&mut self) -> bool {
        let now = Instant::now();
        let earned = (now - self.last).as_secs_f64() * self.per_second;
        self.tokens = (self.tokens + earned).min(self.burst);
        self.last = now;
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
        allowed
    }
}

/// See the file's head.
pub(crate) struct Limited {
    addr: SocketAddr,
    bucket: Arc<Mutex<Bucket>>,
}

impl Limited {
    /// Listens until the test ends.
    pub(crate) fn start(per_second: f64, burst: f64) -> Limited {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("an address");
        let bucket = Bucket {
            per_second,
            burst,
            tokens: burst,
            last: Instant::now(),
            accepted: 0,
            refused: 0,
        };
        let bucket = Arc::new(Mutex::new(bucket));
        let shared = Arc::clone(&bucket);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let bucket = Arc::clone(&shared);
                std::thread::spawn(move || {
                    let _ = converse(stream, &bucket);
                });
            }
        });
        Limited { addr, bucket }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.addr)
    }

    /// Accepted and refused.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        (bucket.accepted, bucket.refused)
    }
}

fn converse(stream: TcpStream, bucket: &Mutex<Bucket>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut out, mut lines) = (stream.try_clone()?, BufReader::new(stream).lines());
    out.write_all(b"220 limited.example ESMTP\r\n")?;
    let mut allowed = false;
    while let Some(line) = lines.next().transpose()? {
        let command = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = match command.as_str() {
            "RCPT" => {
                allowed = bucket.lock().unwrap_or_else(PoisonError::into_inner).take();
                if allowed { "250 2.1.5 ok" } else { "450 4.7.1 too much mail from you" }
            }
            "DATA" if allowed => {
                out.write_all(b"354 go on\r\n")?;
                for line in lines.by_ref() {
                    if line? == "." {
                        break;
                    }
                }
                "250 2.0.0 taken"
            }
            "DATA" => "503 5.5.1 nobody to send to",
            "QUIT" => "221 2.0.0 bye",
            _ => "250 2.0.0 ok",
        };
        out.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}
