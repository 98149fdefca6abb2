//! A mailbox on an IMAP server (RFC 9051), under TLS from the start.
//!
//! Messages are looked at without being marked; one that is done gets the flag \Seen, or moves to the
//! folder that was named for it. Must never log in on a connection in the clear, nor show the password.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Display;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use async_imap::Session;
use async_imap::types::{Capabilities, Fetch};
use futures_util::TryStreamExt as _;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};

use super::{FoundMessage, MOST_MESSAGE, MailBatch, MailMark, MailboxLook};
use crate::files::FileError;
use crate::net::dial::{self, Patience};
use crate::net::stream::Stream;
use crate::net::tls::TlsClient;

/// What an address begins with.
const SCHEME: &str = "imaps://";
const PORT: u16 = 993;
/// How long a server may be silent.
const LIMIT: Duration = Duration::from_secs(60);
/// A server may end a connection after half an hour of IDLE (RFC 2177).
const IDLE: Duration = Duration::from_secs(20 * 60);
/// How often a server is asked that has no IDLE, and when a lost connection is made again.
const PAUSE: Duration = Duration::from_secs(20);
/// Messages that are fetched at once: each may be large.
const AT_ONCE: usize = 20;

/// `imaps://user@host/INBOX`, and in a query `done=FOLDER` and `ca_file=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImapAddress {
    /// Who logs in.
    pub user: String,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The mailbox.
    pub folder: String,
    /// Where messages move to that are done; without, they get the flag \Seen.
    pub done: Option<String>,
    /// Certificates that are trusted besides those of the machine.
    pub ca_file: Option<PathBuf>,
}

/// Why a mailbox cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// The address is not of that form.
    #[error("a mailbox is written imaps://user@host/INBOX{0}")]
    Address(&'static str),
    /// No connection, or none that can be trusted.
    #[error("no connection to {host}: {reason}")]
    Connection {
        /// The server.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The server does not let us in.
    #[error(
        "{host} does not let {user} log in: {reason}. The password is that of DIGEST_IMAP_PASSWORD, or of the file that DIGEST_IMAP_PASSWORD_FILE names"
    )]
    Login {
        /// The server.
        host: String,
        /// Who.
        user: String,
        /// What it said.
        reason: String,
    },
    /// It refuses something, or breaks off.
    #[error("{host}: {what} failed: {reason}")]
    Refused {
        /// The server.
        host: String,
        /// What was asked for.
        what: &'static str,
        /// What it said.
        reason: String,
    },
}

impl ImapAddress {
    /// Whether a text is meant as one, however it is mistyped: what is taken for the path of a file is
    /// repeated in errors, and may hold a password.
    pub fn is_meant(text: &str) -> bool {
        let kind = text.split([':', '/']).next().unwrap_or_default().to_ascii_lowercase();
        let is_address =
            text[kind.len()..].starts_with(':') || text[kind.len()..].starts_with("//");
        is_address && matches!(&*kind, "imap" | "imaps" | "pop" | "pop3" | "pop3s")
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`ImapError::Address`], which does not repeat it.
    pub fn read(text: &str) -> Result<ImapAddress, ImapError> {
        let rest = text.strip_prefix(SCHEME).ok_or(ImapError::Address(": TLS is required"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = authority.rsplit_once('@').ok_or(ImapError::Address(""))?;
        if user.contains(':') {
            let why = ", without the password: DIGEST_IMAP_PASSWORD, or a file that \
                       DIGEST_IMAP_PASSWORD_FILE names, has that";
            return Err(ImapError::Address(why));
        }
        let (host, port) = match host.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| ImapError::Address(""))?),
            None => (host, PORT),
        };
        let decoded = |text: &str| {
            let text = percent_decode_str(text).decode_utf8().ok().map(String::from);
            text.filter(|text| !text.contains(char::is_control)).ok_or(ImapError::Address(""))
        };
        let (mut done, mut ca_file) = (None, None);
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("done", folder)) if !folder.is_empty() => done = Some(decoded(folder)?),
                Some(("ca_file", path)) => ca_file = Some(PathBuf::from(decoded(path)?)),
                _ => {
                    return Err(ImapError::Address(
                        "; behind ? may stand done=FOLDER and ca_file=PATH",
                    ));
                }
            }
        }
        let (user, folder) = (decoded(user)?, decoded(folder)?);
        if user.is_empty() || host.is_empty() {
            return Err(ImapError::Address(""));
        }
        let folder = if folder.is_empty() { "INBOX".to_owned() } else { folder };
        Ok(ImapAddress { user, host: host.to_owned(), port, folder, done, ca_file })
    }

    /// Who logs in where: `user@host:port`.
    pub fn account(&self) -> String {
        format!("{}@{}:{}", self.user, self.host, self.port)
    }

    fn refused(&self, what: &'static str, reason: impl Display) -> ImapError {
        ImapError::Refused { host: self.host.clone(), what, reason: reason.to_string() }
    }

    fn unconnected(&self, reason: impl Display) -> ImapError {
        ImapError::Connection { host: self.host.clone(), reason: reason.to_string() }
    }
}

impl Display for ImapAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.host, self.folder)
    }
}

/// A session with a server.
#[derive(Debug)]
pub struct ImapMailbox {
    address: ImapAddress,
    password: SecretString,
    /// None between two connections.
    session: Option<Session<Stream>>,
    has_move: bool,
    has_idle: bool,
    queue: VecDeque<u32>,
    handed_out: BTreeSet<u32>,
    /// What numbers of messages are valid for; others are of another mailbox.
    validity: Option<u32>,
    unread: Vec<(PathBuf, String)>,
}

impl ImapMailbox {
    /// Logs in, and looks which messages are new.
    ///
    /// # Errors
    /// An [`ImapError`].
    pub async fn open(
        address: ImapAddress,
        password: SecretString,
    ) -> Result<ImapMailbox, ImapError> {
        let mut mailbox = ImapMailbox {
            address,
            password,
            session: None,
            has_move: false,
            has_idle: false,
            queue: VecDeque::new(),
            handed_out: BTreeSet::new(),
            validity: None,
            unread: Vec::new(),
        };
        mailbox.connect().await?;
        Ok(mailbox)
    }

    /// How many messages are new.
    pub fn look(&self) -> MailboxLook {
        MailboxLook { waiting: u64::try_from(self.queue.len()).ok(), can_be_marked: true }
    }

    async fn connect(&mut self) -> Result<(), ImapError> {
        let address = self.address.clone();
        let unconnected = |reason: &dyn Display| address.unconnected(reason);
        let tls =
            TlsClient::new(address.ca_file.as_deref()).map_err(|error| unconnected(&error))?;
        let found = dial::addresses(&address.host, address.port, LIMIT).await;
        let found = found.map_err(|error| unconnected(&error))?;
        let patience = Patience { each: LIMIT / 6, last: LIMIT / 2 };
        let tcp = dial::connect(&found, patience).await.map_err(|error| unconnected(&error))?;
        let secured = Stream::plain(tcp).into_tls(&tls, &address.host);
        let stream = tokio::time::timeout(LIMIT, secured).await;
        let stream =
            stream.map_err(|late| unconnected(&late))?.map_err(|error| unconnected(&error))?;
        let mut client = async_imap::Client::new(stream);
        match tokio::time::timeout(LIMIT, client.read_response()).await {
            Ok(Ok(Some(_))) => {}
            _ => return Err(unconnected(&"it does not greet as an IMAP server")),
        }
        let login = client.login(&address.user, self.password.expose_secret());
        let login = tokio::time::timeout(LIMIT, login).await.map_err(|late| unconnected(&late))?;
        let mut session = login.map_err(|(error, _)| ImapError::Login {
            host: address.host.clone(),
            user: address.user.clone(),
            reason: error.to_string(),
        })?;
        let known: Capabilities = self.within("CAPABILITY", session.capabilities()).await?;
        (self.has_move, self.has_idle) = (known.has_str("MOVE"), known.has_str("IDLE"));
        let selected = self.within("SELECT", session.select(&address.folder)).await?;
        if self.validity != selected.uid_validity {
            self.handed_out.clear();
        }
        self.validity = selected.uid_validity;
        self.session = Some(session);
        self.search().await
    }

    /// Looks for messages that are new. What was read before and not marked is found again by the next
    /// command, and not by this one.
    async fn search(&mut self) -> Result<(), ImapError> {
        let Some(mut session) = self.session.take() else { return Ok(()) };
        let query = if self.address.done.is_some() { "UNDELETED" } else { "UNSEEN UNDELETED" };
        let found = self.within("SEARCH", session.uid_search(query)).await?;
        self.session = Some(session);
        let mut found: Vec<u32> = found.into_iter().collect();
        found.sort_unstable();
        found.retain(|uid| self.handed_out.insert(*uid));
        self.queue.extend(found);
        Ok(())
    }

    /// The next messages; none at the end.
    pub(super) async fn next_batch(&mut self) -> Result<MailBatch, ImapError> {
        let mut batch =
            MailBatch { unread: std::mem::take(&mut self.unread), ..MailBatch::default() };
        let uids: Vec<u32> = self.queue.drain(..self.queue.len().min(AT_ONCE)).collect();
        let Some(mut session) = self.session.take().filter(|_| !uids.is_empty()) else {
            return Ok(batch);
        };
        let sizes = async {
            session
                .uid_fetch(set(&uids), "(UID RFC822.SIZE)")
                .await?
                .try_collect::<Vec<Fetch>>()
                .await
        };
        let sizes = self.within("FETCH", sizes).await?;
        let (large, small): (Vec<&Fetch>, Vec<&Fetch>) =
            sizes.iter().partition(|one| u64::from(one.size.unwrap_or(0)) > MOST_MESSAGE);
        let large = large.into_iter().filter_map(|one| one.uid);
        batch
            .unread
            .extend(large.map(|uid| (self.place(uid), FileError::Large(MOST_MESSAGE).to_string())));
        // One at a time: all of them could be large.
        for uid in small.into_iter().filter_map(|one| one.uid) {
            let one = async {
                let mut answers = session.uid_fetch(uid.to_string(), "(UID BODY.PEEK[])").await?;
                let mut bytes = None;
                while let Some(answer) = answers.try_next().await? {
                    bytes = bytes.or(answer.body().map(<[u8]>::to_vec));
                }
                Ok(bytes)
            };
            // Somebody may have deleted it.
            let Some(bytes) = self.within("FETCH", one).await? else { continue };
            let (place, mark) = (self.place(uid), MailMark::Imap(uid));
            batch.messages.push(FoundMessage { place, number: None, bytes, mark });
        }
        self.session = Some(session);
        Ok(batch)
    }

    /// Marks messages as done.
    ///
    /// # Errors
    /// The server's: then they are read once more, and known again.
    pub(super) async fn mark_as_done(&mut self, uids: &[u32]) -> Result<(), ImapError> {
        let Some(mut session) = self.session.take().filter(|_| !uids.is_empty()) else {
            return Ok(());
        };
        let uids = set(uids);
        if let Some(done) = self.address.done.clone() {
            if self.has_move {
                let seen = async {
                    let flags = session.uid_store(&uids, "+FLAGS.SILENT (\\Seen)").await?;
                    flags.try_collect::<Vec<Fetch>>().await
                };
                self.within("STORE", seen).await?;
                self.within("MOVE", session.uid_mv(&uids, &done)).await?;
                self.session = Some(session);
                return Ok(());
            }
            self.within("COPY", session.uid_copy(&uids, &done)).await?;
        }
        let flags = match self.address.done {
            Some(_) => "+FLAGS.SILENT (\\Seen \\Deleted)",
            None => "+FLAGS.SILENT (\\Seen)",
        };
        let marked =
            async { session.uid_store(&uids, flags).await?.try_collect::<Vec<Fetch>>().await };
        self.within("STORE", marked).await?;
        self.session = Some(session);
        Ok(())
    }

    /// Waits for new messages. A connection that was lost is made again.
    pub(super) async fn look_again(&mut self) {
        if let Err(error) = self.wait().await {
            self.unread.push((PathBuf::from(self.address.to_string()), error.to_string()));
            self.session = None;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn wait(&mut self) -> Result<(), ImapError> {
        let Some(mut session) = self.session.take() else { return self.connect().await };
        if self.has_idle {
            let mut idle = session.idle();
            self.within("IDLE", idle.init()).await?;
            let (heard, _interrupt) = idle.wait_with_timeout(IDLE);
            heard.await.map_err(|error| self.address.refused("IDLE", error))?;
            session = self.within("IDLE", idle.done()).await?;
        } else {
            tokio::time::sleep(PAUSE).await;
            self.within("NOOP", session.noop()).await?;
        }
        self.session = Some(session);
        self.search().await
    }

    fn place(&self, uid: u32) -> PathBuf {
        PathBuf::from(format!("{};UID={uid}", self.address))
    }

    /// What a server answers in time.
    async fn within<T>(
        &self,
        what: &'static str,
        asked: impl Future<Output = async_imap::error::Result<T>>,
    ) -> Result<T, ImapError> {
        match tokio::time::timeout(LIMIT, asked).await {
            Ok(answer) => answer.map_err(|error| self.address.refused(what, error)),
            Err(_) => Err(self.address.refused(what, "no answer within 60 s")),
        }
    }
}

/// Numbers as a set of RFC 9051.
fn set(uids: &[u32]) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_user_host_and_folder_and_no_password() {
        let read =
            ImapAddress::read("imaps://bounces%40x.example@mail.x.example:9993/Box%20A?done=Done");
        let read = read.unwrap();
        assert_eq!(
            (read.user.as_str(), read.host.as_str(), read.port),
            ("bounces@x.example", "mail.x.example", 9993)
        );
        assert_eq!((read.folder.as_str(), read.done.as_deref()), ("Box A", Some("Done")));
        let short = ImapAddress::read("imaps://kim@x.example").unwrap();
        assert_eq!((short.folder.as_str(), short.port), ("INBOX", 993));
        for wrong in [
            "imap://kim@x.example/INBOX",
            "imaps://x.example/INBOX",
            "imaps://kim:secret-word@x.example/INBOX",
            "imaps://kim@x.example:port/INBOX",
            "imaps://kim@x.example/INBOX?delete=yes",
            "imaps://kim@x.example/A%0d%0aB",
        ] {
            let told = ImapAddress::read(wrong).unwrap_err().to_string();
            assert!(!told.contains("secret-word"), "{told}");
        }
        for mistyped in ["imaps//kim:secret-word@x/I", "imaps:kim:secret-word@x", "POP3S://kim@x"] {
            assert!(ImapAddress::is_meant(mistyped), "{mistyped}");
            let told = ImapAddress::read(mistyped).unwrap_err().to_string();
            assert!(!told.contains("secret-word"), "{told}");
        }
        for path in ["imap", "imaps/box", "box", "/home/imap//box", "pop.mbox"] {
            assert!(!ImapAddress::is_meant(path), "{path}");
        }
    }
}
