//! A web server on loopback that answers as a test says and keeps what it was asked: just as much
//! of HTTP/1.1 as one request with a short body needs.

#![allow(dead_code, reason = "each test program uses its part")]

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The lines of its head, in lower case.
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

/// What to answer: the status line's number and the head's further lines.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: u16,
    head: String,
    after: Duration,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Reply {
        Reply { status, head: String::new(), after: Duration::ZERO }
    }

    pub(crate) fn to(status: u16, location: &str) -> Reply {
        Reply { head: format!("Location: {location}\r\n"), ..Reply::status(status) }
    }

    pub(crate) fn after(self, after: Duration) -> Reply {
        Reply { after, ..self }
    }
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

/// The server; its threads end with the test program.
pub(crate) struct Web {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    answer: Box<Answer>,
    asked: Mutex<Vec<Asked>>,
    busy: AtomicUsize,
    most: AtomicUsize,
    tls: Option<Arc<ServerConfig>>,
}

impl Web {
    pub(crate) fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Web {
        Web::serve(Box::new(answer), None)
    }

    /// The same, at every address of this machine.
    pub(crate) fn everywhere(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Web {
        Web::listen("0.0.0.0:0", Box::new(answer), None)
    }

    /// One with a certificate of its own for `name`, and the PEM text to trust.
    pub(crate) fn with_tls(
        name: &str,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> (Web, String) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| {
                let chain = vec![made.cert.der().clone()];
                config.with_no_client_auth().with_single_cert(chain, key.into())
            })
            .expect("a configuration");
        (Web::serve(Box::new(answer), Some(Arc::new(tls))), made.cert.pem())
    }

    fn serve(answer: Box<Answer>, tls: Option<Arc<ServerConfig>>) -> Web {
        Web::listen("127.0.0.1:0", answer, tls)
    }

    fn listen(address: &str, answer: Box<Answer>, tls: Option<Arc<ServerConfig>>) -> Web {
        let listener = TcpListener::bind(address).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (asked, busy, most) = (Mutex::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let shared = Arc::new(Shared { answer, asked, busy, most, tls });
        let for_all = Arc::clone(&shared);
        std::thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let shared = Arc::clone(&for_all);
                std::thread::spawn(move || shared.connection(tcp));
            }
        });
        Web { port, shared }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// An address of it over http.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it was asked, in the order of arrival.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().expect("no panic").clone()
    }

    /// How many requests it had open at once, at the most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn connection(&self, tcp: TcpStream) {
        match &self.tls {
            None => self.request(tcp),
            Some(tls) => {
                let server = ServerConnection::new(Arc::clone(tls)).expect("a server");
                self.request(StreamOwned::new(server, tcp));
            }
        }
    }

    fn request(&self, stream: impl Read + Write) {
        let mut stream = BufReader::new(stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line) {
                Ok(length) if length > 0 => {}
                // A client that does not trust us hangs up.
                _ => return,
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let busy = self.busy.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(busy, Ordering::SeqCst);
        let first = head.remove(0);
        let mut words = first.split(' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, path) = (word(), word());
        let head: Vec<String> = head.iter().map(|line| line.to_lowercase()).collect();
        let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |text| text.parse().expect("a number"))];
        stream.read_exact(&mut body).expect("a body");
        let body = String::from_utf8(body).expect("text");
        let asked = Asked { method, path, head, body, at: Instant::now() };
        self.asked.lock().expect("no panic").push(asked.clone());
        let reply = (self.answer)(&asked);
        std::thread::sleep(reply.after);
        let head = format!(
            "HTTP/1.1 {} Said\r\n{}Content-Length: 0\r\nConnection: close\r\n\r\n",
            reply.status, reply.head
        );
        self.busy.fetch_sub(1, Ordering::SeqCst);
        let _ = stream.get_mut().write_all(head.as_bytes());
        let _ = stream.get_mut().flush();
    }
}
