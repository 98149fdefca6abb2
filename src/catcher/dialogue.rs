//! One connection of the catcher: commands in, replies out, and whatever its script breaks.
//!
//! Reads in bulk and answers in bulk: replies are held until nothing more can be read without
//! waiting, as RFC 2920 3.2 asks of servers. Must never answer 250 to a dot before the message is
//! stored.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::sleep;

use super::script::{At, Do, RuleOccasion};
use super::{CatcherShared, Received};
use crate::net::stream::Stream;
use crate::smtp::stuffing::unstuff;

mod auth;
mod text;

use text::end_of_text;

const READ_BYTES: usize = 64 * 1024;
const LINE_MAX: usize = 64 * 1024;
/// The longest text kept where no limit is set.
const TEXT_MAX: usize = 256 * 1024 * 1024;
/// A rehearsal's client is this program: one that is silent for so long is gone.
const IDLE: Duration = Duration::from_secs(600);

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// It does; the last answer was a success (2xx or 3xx).
    Done,
    /// It does; the last answer was not a success.
    Failed,
    /// It does not.
    Over,
}

struct Served<'a> {
    stream: Stream,
    input: Vec<u8>,
    taken: usize,
    out: Vec<u8>,
    shared: &'a Arc<CatcherShared>,
    stopped: &'a mut watch::Receiver<bool>,
    connection: u64,
    message: u64,
    secure: bool,
    known: bool,
    reverse_path: Option<String>,
    recipients: Vec<String>,
}

/// Serves one connection to its end.
pub(super) async fn run(
    tcp: TcpStream,
    connection: u64,
    shared: &Arc<CatcherShared>,
    stopped: &mut watch::Receiver<bool>,
) -> io::Result<()> {
    let mut dialogue = Served {
        stream: Stream::plain(tcp),
        input: Vec::with_capacity(READ_BYTES),
        taken: 0,
        out: Vec::new(),
        shared,
        stopped,
        connection,
        message: 0,
        secure: false,
        known: false,
        reverse_path: None,
        recipients: Vec::new(),
    };
    if dialogue.scripted(At::Connect, "").await? == Flow::Over {
        return Ok(());
    }
    if shared.options.implicit_tls {
        dialogue = dialogue.into_tls().await?;
    }
    if dialogue.scripted(At::Banner, "220 catcher ESMTP digest").await? == Flow::Over {
        return Ok(());
    }
    while let Some(line) = dialogue.line().await? {
        dialogue = match dialogue.command(&line).await? {
            ServedOn::Go(dialogue) => *dialogue,
            ServedOn::Over => return Ok(()),
        };
    }
    Ok(())
}

/// The connection after a command; STARTTLS makes another of it.
enum ServedOn<'a> {
    Go(Box<Served<'a>>),
    Over,
}

impl<'a> Served<'a> {
    async fn command(mut self, line: &str) -> io::Result<ServedOn<'a>> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let verb = verb.to_ascii_uppercase();
        self.shared.note(if verb == "AUTH" { "AUTH" } else { line });
        let offered = &self.shared.options;
        if !offered.pipelining && self.taken < self.input.len() {
            self.out.extend_from_slice(b"503 5.5.0 PIPELINING was not offered\r\n");
            self.flush().await?;
            return Ok(ServedOn::Over);
        }
        let flow = match verb.as_str() {
            "EHLO" if offered.esmtp => self.ehlo().await?,
            "HELO" => {
                self.forget();
                self.scripted(At::Ehlo, "250 catcher").await?
            }
            "MAIL" => self.mail(argument).await?,
            "RCPT" => self.rcpt(argument).await?,
            "DATA" => self.data().await?,
            "RSET" => {
                self.shared.resets.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                self.forget();
                self.scripted(At::Rset, "250 2.0.0 forgotten").await?
            }
            "AUTH" if offered.login.is_some() => self.auth(argument).await?,
            "STARTTLS" if offered.tls.is_some() && !self.secure => {
                let flow = self.scripted(At::Starttls, "220 2.0.0 go ahead").await?;
                if flow == Flow::Done {
                    self.flush().await?;
                    return Ok(ServedOn::Go(Box::new(self.into_tls().await?)));
                }
                flow
            }
            "NOOP" => self.scripted(At::Noop, "250 2.0.0 ok").await?,
            "VRFY" => self.say("252 2.1.5 send and see"),
            "QUIT" => {
                self.say("221 2.0.0 bye");
                self.flush().await?;
                self.stream.shutdown().await?;
                Flow::Over
            }
            _ => self.say("502 5.5.1 unknown command"),
        };
        Ok(if flow == Flow::Over { ServedOn::Over } else { ServedOn::Go(Box::new(self)) })
    }

    async fn ehlo(&mut self) -> io::Result<Flow> {
        self.forget();
        let offered = &self.shared.options;
        let mut lines = vec!["catcher".to_owned()];
        let mut offer = |yes: bool, keyword: &str| {
            if yes {
                lines.push(keyword.to_owned());
            }
        };
        offer(offered.pipelining, "PIPELINING");
        offer(offered.eight_bit_mime, "8BITMIME");
        offer(offered.smtputf8, "SMTPUTF8");
        offer(offered.enhanced_status_codes, "ENHANCEDSTATUSCODES");
        offer(offered.tls.is_some() && !self.secure, "STARTTLS");
        offer(offered.login.is_some(), "AUTH PLAIN LOGIN");
        offer(offered.size, &format!("SIZE {}", offered.size_limit.unwrap_or(0)));
        let last = lines.len() - 1;
        let mut duty = String::new();
        for (index, line) in lines.iter().enumerate() {
            duty.push_str(if index == last { "250 " } else { "250-" });
            duty.push_str(line);
            duty.push_str(if index == last { "" } else { "\r\n" });
        }
        self.scripted(At::Ehlo, &duty).await
    }

    async fn mail(&mut self, argument: &str) -> io::Result<Flow> {
        let offered = &self.shared.options;
        let counter = &self.shared.messages;
        self.message = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        let declared = argument.split(' ').find_map(|word| word.strip_prefix("SIZE="));
        let declared: u64 = declared.and_then(|size| size.parse().ok()).unwrap_or(0);
        let duty = match path(argument, "FROM:") {
            _ if offered.login.is_some() && !self.known => "530 5.7.0 log in first",
            _ if self.reverse_path.is_some() => "503 5.5.1 one MAIL at a time",
            None => "501 5.5.4 MAIL FROM:<address>",
            _ if offered.size_limit.is_some_and(|max| declared > max) => "552 5.3.4 too large",
            Some(_) => "250 2.1.0 ok",
        };
        let flow = self.scripted(At::Mail, duty).await?;
        if flow == Flow::Done && self.reverse_path.is_none() {
            self.reverse_path = path(argument, "FROM:").map(str::to_owned);
        }
        Ok(flow)
    }

    async fn rcpt(&mut self, argument: &str) -> io::Result<Flow> {
        let duty = match path(argument, "TO:") {
            _ if self.reverse_path.is_none() => "503 5.5.1 MAIL first",
            None | Some("") => "501 5.5.4 RCPT TO:<address>",
            Some(_) => "250 2.1.5 ok",
        };
        // The address counts for the script even where it is refused.
        self.recipients.push(path(argument, "TO:").unwrap_or_default().to_owned());
        let flow = self.scripted(At::Rcpt, duty).await?;
        if flow != Flow::Done || self.reverse_path.is_none() {
            self.recipients.pop();
        }
        Ok(flow)
    }

    async fn data(&mut self) -> io::Result<Flow> {
        let duty = match (&self.reverse_path, self.recipients.is_empty()) {
            (None, _) => "503 5.5.1 MAIL first",
            (Some(_), true) => "554 5.5.1 no valid recipients",
            (Some(_), false) => "354 end with a lone dot",
        };
        let flow = self.scripted(At::Data, duty).await?;
        if flow != Flow::Done {
            return Ok(flow);
        }
        let Some(text) = self.text().await? else { return Ok(Flow::Over) };
        let fits = self.shared.options.size_limit.is_none_or(|max| text.len() as u64 <= max);
        let shared = self.shared;
        let action = shared.options.script.action(At::Dot, self.occasion());
        let wanted = match action {
            Some(Do::Reply(bytes) | Do::ReplyThenClose(bytes)) => bytes.starts_with(b"2"),
            Some(Do::Close | Do::Reset | Do::Stall | Do::StopReading) => false,
            _ => true,
        };
        let nobody = self.recipients.is_empty();
        let received = Received {
            reverse_path: self.reverse_path.take().unwrap_or_default(),
            recipients: std::mem::take(&mut self.recipients),
            bytes: unstuff(text),
            accepted: wanted && fits && !nobody,
            at: Instant::now(),
        };
        let duty = match (nobody, fits, shared.store(received).await) {
            (true, ..) => "554 5.5.1 no valid recipients",
            (_, false, _) => "552 5.3.4 too large",
            (.., Err(_)) => "451 4.3.0 cannot store the message",
            (.., Ok(())) => "250 2.0.0 stored",
        };
        self.perform(action, duty).await
    }

    /// The bytes up to the final dot, still stuffed; `None` when the connection ended before.
    async fn text(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut point = self.shared.options.script.body_point(self.occasion());
        let max = self.shared.options.size_limit.map_or(TEXT_MAX, |max| max as usize + 1);
        let mut text: Vec<u8> = Vec::new();
        let mut dropped = 0;
        loop {
            let from = text.len().saturating_sub(4);
            text.extend_from_slice(&self.input[self.taken..]);
            self.input.clear();
            self.taken = 0;
            let found = end_of_text(&text, from, dropped == 0);
            let length = dropped + found.map_or(text.len(), |(end, _)| end);
            if let Some((_, action)) = point.filter(|(bytes, _)| length >= *bytes) {
                point = None;
                if self.perform(Some(action), "").await? == Flow::Over {
                    return Ok(None);
                }
            }
            if let Some((end, after)) = found {
                self.input.extend_from_slice(&text[after..]);
                text.truncate(end);
                // Only its length counts once it is too long.
                text.resize(length, 0);
                return Ok(Some(text));
            }
            if text.len() > max + READ_BYTES {
                let excess = text.len() - max;
                text.drain(max - 4..max - 4 + excess);
                dropped += excess;
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    fn occasion(&self) -> RuleOccasion<'_> {
        let recipient = self.recipients.last().map_or("", String::as_str);
        RuleOccasion { connection: self.connection, message: self.message, recipient }
    }

    fn forget(&mut self) {
        self.reverse_path = None;
        self.recipients.clear();
    }

    fn say(&mut self, duty: &str) -> Flow {
        let (code, rest) = duty.split_at(duty.len().min(4));
        self.out.extend_from_slice(code.as_bytes());
        let bare = match rest.split_once(' ') {
            Some((word, text)) if word.split('.').count() == 3 => text,
            _ => rest,
        };
        let text = if self.shared.options.enhanced_status_codes { rest } else { bare };
        self.out.extend_from_slice(text.as_bytes());
        self.out.extend_from_slice(b"\r\n");
        if duty.starts_with(['2', '3']) { Flow::Done } else { Flow::Failed }
    }

    async fn scripted(&mut self, at: At, duty: &str) -> io::Result<Flow> {
        let shared = self.shared;
        let action = shared.options.script.action(at, self.occasion());
        if action.is_none() && duty.is_empty() {
            return Ok(Flow::Done);
        }
        self.perform(action, duty).await
    }

    /// Does its duty, or what the script has instead.
    async fn perform(&mut self, action: Option<&Do>, duty: &str) -> io::Result<Flow> {
        let Some(action) = action else { return Ok(self.say(duty)) };
        if let Do::Reply(bytes) | Do::AcceptThenReply(bytes) = action {
            self.out.extend_from_slice(bytes);
            let good = bytes.starts_with(b"2") || bytes.starts_with(b"3");
            return Ok(if good { Flow::Done } else { Flow::Failed });
        }
        if *action == Do::DropRest {
            self.input.clear();
            self.taken = 0;
            return Ok(self.say(duty));
        }
        self.flush().await?;
        match action {
            Do::Delay(time) => {
                sleep(*time).await;
                return Ok(if duty.is_empty() { Flow::Done } else { self.say(duty) });
            }
            Do::Trickle(pause) => {
                let flow = self.say(duty);
                for byte in std::mem::take(&mut self.out) {
                    self.stream.write_all(&[byte]).await?;
                    self.stream.flush().await?;
                    sleep(*pause).await;
                }
                return Ok(flow);
            }
            Do::ReplyThenClose(bytes) => {
                self.out.extend_from_slice(bytes);
                self.flush().await?;
                self.stream.shutdown().await?;
                // Unread input would turn the FIN into a RST, which may overtake the reply.
                self.discard(Duration::from_secs(1)).await;
            }
            Do::Stall => self.discard(IDLE).await,
            Do::StopReading => {
                tokio::select! {
                    _ = self.stopped.changed() => {}
                    () = sleep(IDLE) => {}
                }
            }
            Do::Reset | Do::AcceptThenReset => self.stream.tcp().set_zero_linger()?,
            _ => self.stream.shutdown().await?,
        }
        Ok(Flow::Over)
    }

    /// Reads and forgets until the client leaves, the catcher stops, or the time is over.
    async fn discard(&mut self, time: Duration) {
        let limit = sleep(time);
        tokio::pin!(limit);
        loop {
            self.input.clear();
            self.input.reserve(READ_BYTES);
            tokio::select! {
                _ = self.stopped.changed() => return,
                () = &mut limit => return,
                read = self.stream.read_buf(&mut self.input) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(_) => {}
                },
            }
        }
    }

    /// The next line without its end; `None` when there is none to come.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut seen = 0;
        loop {
            let rest = &self.input[self.taken..];
            if let Some(end) = memchr::memchr(b'\n', &rest[seen..]) {
                let line = &rest[..seen + end];
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                let line = String::from_utf8_lossy(line).into_owned();
                self.taken += seen + end + 1;
                return Ok(Some(line));
            }
            seen = rest.len();
            if seen > LINE_MAX {
                self.say("500 5.5.2 line too long");
                self.flush().await?;
                return Ok(None);
            }
            if !self.fill().await? {
                return Ok(None);
            }
        }
    }

    /// Sends what is due and reads more; false when the client left or the catcher stops.
    async fn fill(&mut self) -> io::Result<bool> {
        self.flush().await?;
        self.input.drain(..self.taken);
        self.taken = 0;
        self.input.reserve(READ_BYTES);
        let stopping = *self.stopped.borrow();
        let read = tokio::select! {
            biased;
            read = self.stream.read_buf(&mut self.input) => read?,
            _ = self.stopped.changed(), if !stopping => 0,
            () = sleep(if stopping { Duration::ZERO } else { IDLE }) => 0,
        };
        if read == 0 {
            // A client that left does not read it; one that is idle learns why.
            self.say("421 4.3.2 the catcher stops");
            let _ = self.flush().await;
            return Ok(false);
        }
        self.shared.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(true)
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await?;
            self.out.clear();
        }
        Ok(())
    }

    async fn into_tls(mut self) -> io::Result<Served<'a>> {
        let server = self.shared.options.tls.as_ref();
        let server = server.ok_or_else(|| io::Error::other("TLS is not set up"))?;
        self.stream = self.stream.accept_tls(server).await?;
        // RFC 3207 4.2: what was said in the clear is forgotten.
        self.input.clear();
        self.taken = 0;
        self.forget();
        self.secure = true;
        Ok(self)
    }
}

/// The address of `FROM:<a@b> PARAMETERS`.
fn path<'l>(argument: &'l str, keyword: &str) -> Option<&'l str> {
    let head = argument.get(..keyword.len())?;
    let rest = argument[keyword.len()..].trim_start().strip_prefix('<')?;
    let end = rest.rfind('>')?;
    head.eq_ignore_ascii_case(keyword).then(|| &rest[..end])
}
