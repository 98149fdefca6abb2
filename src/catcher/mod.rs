//! An SMTP server that keeps what it gets: for rehearsals (`send --catch`) and for tests.
//!
//! A rehearsal speaks the same protocol over a real socket as a real send, so it exercises all of
//! it. In tests the same server misbehaves as a [`script`] says. It relays nothing to anybody, and
//! it answers 250 to a final dot only once the message is stored.

mod dialogue;
pub mod maildir;
pub mod script;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use maildir::Maildir;
use script::Script;

use crate::net::tls::TlsServer;

/// What a catcher offers and keeps.
#[derive(Debug)]
pub struct CatcherOptions {
    /// Where to listen; port 0 for any free one.
    pub listen: SocketAddr,
    /// A Maildir for what is accepted.
    pub maildir: Option<PathBuf>,
    /// Keep every message in memory for [`Catcher::received`].
    pub keep: bool,
    /// What goes wrong.
    pub script: Script,
    /// The largest message taken, also named in SIZE.
    pub size_limit: Option<u64>,
    /// Answer EHLO; otherwise only HELO.
    pub esmtp: bool,
    /// Offer PIPELINING.
    pub pipelining: bool,
    /// Offer 8BITMIME.
    pub eight_bit_mime: bool,
    /// Offer SIZE.
    pub size: bool,
    /// Offer SMTPUTF8.
    pub smtputf8: bool,
    /// Offer ENHANCEDSTATUSCODES.
    pub enhanced_status_codes: bool,
    /// Offer AUTH, and ask for this user and password before MAIL.
    pub login: Option<(String, String)>,
    /// Offer STARTTLS, or speak TLS from the start.
    pub tls: Option<TlsServer>,
    /// TLS from the start.
    pub implicit_tls: bool,
}

impl Default for CatcherOptions {
    /// On a free loopback port, offering all that needs no key, keeping nothing.
    fn default() -> CatcherOptions {
        CatcherOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            maildir: None,
            keep: false,
            script: Script::new(),
            size_limit: None,
            esmtp: true,
            pipelining: true,
            eight_bit_mime: true,
            size: true,
            smtputf8: true,
            enhanced_status_codes: true,
            login: None,
            tls: None,
            implicit_tls: false,
        }
    }
}

/// A message that came up to its final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The address of MAIL; empty for the null reverse-path.
    pub reverse_path: String,
    /// The accepted addresses of RCPT.
    pub recipients: Vec<String>,
    /// The text, dots unstuffed.
    pub bytes: Vec<u8>,
    /// Whether it was stored: usually, answered by 250.
    pub accepted: bool,
    /// When its final dot was read.
    pub at: Instant,
}

/// What has happened so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CatcherCounts {
    /// Connections since the start.
    pub connections: u64,
    /// Connections open now.
    pub open: u64,
    /// The most connections open at once.
    pub max_open: u64,
    /// Command lines.
    pub commands: u64,
    /// RSET commands.
    pub resets: u64,
    /// Messages stored.
    pub accepted: u64,
    /// Reads that brought something: with few of them, clients group their commands.
    pub reads: u64,
}

/// A running server. Dropping it ends the listening and all connections.
#[derive(Debug)]
pub struct Catcher {
    addr: SocketAddr,
    shared: Arc<CatcherShared>,
    stop: watch::Sender<bool>,
    leave: watch::Sender<()>,
    listening: JoinHandle<()>,
}

/// What all connections of a catcher share.
#[derive(Debug)]
struct CatcherShared {
    options: CatcherOptions,
    maildir: Option<Maildir>,
    received: Mutex<Vec<Received>>,
    lines: Mutex<Vec<String>>,
    connections: AtomicU64,
    open: AtomicU64,
    max_open: AtomicU64,
    messages: AtomicU64,
    commands: AtomicU64,
    resets: AtomicU64,
    accepted: AtomicU64,
    reads: AtomicU64,
}

impl Catcher {
    /// Listens and serves until stopped.
    ///
    /// # Errors
    /// The address cannot be listened on, or the Maildir not be made.
    pub async fn start(options: CatcherOptions) -> io::Result<Catcher> {
        let maildir = options.maildir.as_deref().map(Maildir::open).transpose()?;
        let listener = TcpListener::bind(options.listen).await?;
        let addr = listener.local_addr()?;
        let shared = Arc::new(CatcherShared {
            options,
            maildir,
            received: Mutex::default(),
            lines: Mutex::default(),
            connections: AtomicU64::new(0),
            open: AtomicU64::new(0),
            max_open: AtomicU64::new(0),
            messages: AtomicU64::new(0),
            commands: AtomicU64::new(0),
            resets: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            reads: AtomicU64::new(0),
        });
        let (stop, stopped) = watch::channel(false);
        let leave = watch::Sender::new(());
        let listening =
            tokio::spawn(listen(listener, Arc::clone(&shared), stopped, leave.subscribe()));
        Ok(Catcher { addr, shared, stop, leave, listening })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What came so far, in the order of final dots; empty unless kept.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The command lines so far, without secrets; empty unless kept.
    pub fn lines(&self) -> Vec<String> {
        self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What has happened so far.
    pub fn counts(&self) -> CatcherCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let shared = &self.shared;
        CatcherCounts {
            connections: read(&shared.connections),
            open: read(&shared.open),
            max_open: read(&shared.max_open),
            commands: read(&shared.commands),
            resets: read(&shared.resets),
            accepted: read(&shared.accepted),
            reads: read(&shared.reads),
        }
    }

    /// Closes all connections that are open now, as a server that has waited for too long; new ones
    /// are taken.
    pub fn drop_connections(&self) {
        let _ = self.leave.send(());
    }

    /// Ends the listening, lets open connections end at their next command, and waits for them.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.listening).await;
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        // The set of connections lives in that task and ends with it.
        self.listening.abort();
    }
}

async fn listen(
    listener: TcpListener,
    shared: Arc<CatcherShared>,
    mut stopped: watch::Receiver<bool>,
    mut leave: watch::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => {
                    let (shared, stopped) = (Arc::clone(&shared), stopped.clone());
                    leave.mark_unchanged();
                    connections.spawn(serve(tcp, shared, stopped, leave.clone()));
                }
                // Out of descriptors, or a client that left: neither ends the server.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve(
    tcp: TcpStream,
    shared: Arc<CatcherShared>,
    mut stopped: watch::Receiver<bool>,
    mut leave: watch::Receiver<()>,
) {
    let number = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
    let open = shared.open.fetch_add(1, Ordering::Relaxed) + 1;
    shared.max_open.fetch_max(open, Ordering::Relaxed);
    // Broken connections are the client's business to notice.
    tokio::select! {
        _ = dialogue::run(tcp, number, &shared, &mut stopped) => {}
        Ok(()) = leave.changed() => {}
    }
    shared.open.fetch_sub(1, Ordering::Relaxed);
}

impl CatcherShared {
    /// Stores what was accepted; on return it may be answered by 250.
    async fn store(self: &Arc<CatcherShared>, received: Received) -> io::Result<()> {
        let received = match self.maildir {
            Some(_) if received.accepted => {
                let shared = Arc::clone(self);
                let written = tokio::task::spawn_blocking(move || {
                    let recipient = received.recipients.first().map_or("", String::as_str);
                    let stored =
                        shared.maildir.as_ref().map(|m| m.store(recipient, &received.bytes));
                    stored.unwrap_or(Ok(())).map(|()| received)
                });
                written.await.map_err(io::Error::other)??
            }
            _ => received,
        };
        if received.accepted {
            self.accepted.fetch_add(1, Ordering::Relaxed);
        }
        if self.options.keep {
            self.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
        }
        Ok(())
    }

    /// Counts a command line, and keeps it if asked to.
    fn note(&self, line: &str) {
        self.commands.fetch_add(1, Ordering::Relaxed);
        if self.options.keep {
            self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        }
    }
}
