//! One connection as the client sees it: groups of commands out, replies in, each within a time.
//!
//! A group leaves in one write and one flush, so that it needs one segment's round trip. After any
//! [`Loss`] the connection must never be used again: a late reply would answer the wrong command.

use std::future::{Future, pending, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::dialogue::{Dialogue, Spoken};
use super::reply::{Garbled, Reply, ReplyReader, TEXT_MAX};
use crate::net::dial::{self, DialError, Patience};
use crate::net::stream::Stream;
use crate::net::tls::{HandshakeError, Secured, TlsClient};

/// Room for one read: longer than nearly every group of replies.
const READ_BYTES: usize = 4 * 1024;
/// How long to listen, after a failed write, for the reply that explains it.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub(super) enum Loss {
    /// The time of the stage is over.
    #[error("no answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    /// The server took no byte for the time of the stage.
    #[error("the relay accepted no more data for {} s", .0.as_secs_f32())]
    Stuck(Duration),
    /// An orderly end of the connection.
    #[error("the relay closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// What came is no reply.
    #[error("the relay sent something that is no answer: {0}")]
    Garbled(#[from] Garbled),
    /// A reply to nothing.
    #[error("the relay sent an answer, but no command was waiting for one")]
    OutOfTurn,
    /// Commands left in one group, and only some of them were answered.
    #[error("the relay answered only some of the commands that were sent together, and then nothing came \
             for {} s", .0.as_secs_f32())]
    Missing(Duration),
    /// The run is to end, and nothing of the final dot has left.
    #[error("stopped")]
    Stopped,
    /// There is no connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// TLS did not come about.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The relay does not offer what our options ask for, or what it does is not safe.
    #[error("{0}")]
    Unfit(String),
    /// The session had ended before.
    #[error("the session had ended before")]
    Over,
}

impl Loss {
    /// Whether something came, but no reply.
    pub(super) fn is_garbled(&self) -> bool {
        matches!(self, Loss::Garbled(_) | Loss::OutOfTurn)
    }

    /// Whether replies may have come to answer other commands than their own.
    pub(super) fn is_out_of_step(&self) -> bool {
        self.is_garbled() || matches!(self, Loss::Missing(_))
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Stream,
    input: Vec<u8>,
    taken: usize,
    reader: ReplyReader,
    group_start: u64,
    dialogue: Dialogue,
}

/// Connects to `host`, trying every address that the name has.
pub(super) async fn connect(host: &str, port: u16, within: Duration) -> Result<Wire, Loss> {
    let addresses = dial::addresses(host, port, within).await?;
    let tcp = dial::connect(&addresses, Patience { each: within, last: within }).await?;
    let dialogue = Dialogue::of(tcp.local_addr().map_or(0, |address| address.port()));
    dialogue.note(format_args!("connected to {host}:{port}"));
    Ok(Wire::on(Stream::plain(tcp), dialogue))
}

impl Wire {
    fn on(stream: Stream, dialogue: Dialogue) -> Wire {
        let group_start = stream.written();
        let (input, reader) = (Vec::new(), ReplyReader::default());
        Wire { stream, input, taken: 0, reader, group_start, dialogue }
    }

    /// From now on none of these is shown, nor kept in a reply.
    pub(super) fn hide(&mut self, secrets: impl IntoIterator<Item = String>) {
        self.dialogue.hide(secrets);
    }

    /// From now on no part of these is shown either; see [`Dialogue::hide_parts`].
    pub(super) fn hide_parts(&mut self, secrets: impl IntoIterator<Item = String>) {
        self.dialogue.hide_parts(secrets);
    }

    /// The address that the connection comes from.
    pub(super) fn local_address(&self) -> Option<IpAddr> {
        self.stream.tcp().local_addr().ok().map(|address| address.ip())
    }

    /// What TLS agreed on; `None` in the clear.
    pub(super) fn secured(&self) -> Option<Secured> {
        self.stream.secured()
    }

    /// Shakes hands for TLS. The caller has made sure that nothing is left to read.
    pub(super) async fn into_tls(
        self,
        client: &TlsClient,
        host: &str,
        within: Duration,
    ) -> Result<Wire, Loss> {
        let shaken = timeout(within, self.stream.into_tls(client, host)).await;
        let wire = Wire::on(shaken.unwrap_or(Err(HandshakeError::Late(within)))?, self.dialogue);
        if let Some(secured) = wire.secured() {
            wire.dialogue.note(format_args!("{} begins", secured.version));
        }
        Ok(wire)
    }

    /// Writes a whole group and flushes it; `within` is the longest time without progress.
    pub(super) async fn write_group(
        &mut self,
        group: &[u8],
        spoken: Spoken<'_>,
        within: Duration,
    ) -> Result<(), Loss> {
        self.write_unless(group, spoken, within, 0, pending()).await
    }

    /// The same for a group that may be given up when `stopping` is done, as long as no more than its
    /// first `before` bytes have left.
    pub(super) async fn write_unless(
        &mut self,
        group: &[u8],
        spoken: Spoken<'_>,
        within: Duration,
        before: u64,
        stopping: impl Future<Output = ()>,
    ) -> Result<(), Loss> {
        self.dialogue.say(group, spoken);
        self.group_start = self.stream.written();
        let (mut rest, mut stopping) = (group, pin!(stopping));
        while !rest.is_empty() {
            let may_end = self.left() <= before;
            let written = tokio::select! {
                biased;
                written = timeout(within, self.stream.write(rest)) => written,
                () = &mut stopping, if may_end => return Err(Loss::Stopped),
            };
            match written {
                Err(_) => return Err(Loss::Stuck(within)),
                Ok(Ok(0)) => return Err(Loss::Closed),
                Ok(Ok(taken)) => rest = &rest[taken..],
                Ok(Err(error)) => return Err(Loss::Broken(error)),
            }
        }
        match timeout(within, self.stream.flush()).await {
            Err(_) => Err(Loss::Stuck(within)),
            Ok(flushed) => Ok(flushed?),
        }
    }

    /// Bytes of the last group that left us, at most: under TLS the count includes its framing.
    pub(super) fn left(&self) -> u64 {
        self.stream.written() - self.group_start
    }

    /// The next reply, complete within the time.
    pub(super) async fn reply(&mut self, within: Duration) -> Result<Reply, Loss> {
        match timeout(within, self.read_reply()).await {
            Ok(result) => result,
            Err(_) => Err(Loss::Timeout(within)),
        }
    }

    /// The next reply of a group that was answered in part: it comes soon, or it has been lost. One
    /// that has begun may take its time.
    pub(super) async fn reply_of_group(
        &mut self,
        soon: Duration,
        within: Duration,
    ) -> Result<Reply, Loss> {
        match self.reply(soon.min(within)).await {
            Err(Loss::Timeout(_)) if self.reader.has_begun() => {
                self.reply(within.saturating_sub(soon)).await
            }
            Err(Loss::Timeout(waited)) => Err(Loss::Missing(waited)),
            result => result,
        }
    }

    /// A reply of which more text is worth keeping: what a server offers to EHLO.
    pub(super) async fn long_reply(&mut self, within: Duration) -> Result<Reply, Loss> {
        self.reader = ReplyReader::keeping(16 * TEXT_MAX);
        let result = self.reply(within).await;
        self.reader = ReplyReader::default();
        result
    }

    /// The reply that a server may have sent before it broke the connection.
    pub(super) async fn last_words(&mut self) -> Option<Reply> {
        self.reply(LAST_WORDS).await.ok()
    }

    /// Whether bytes are there that no command asked for.
    pub(super) fn has_input(&self) -> bool {
        self.taken < self.input.len()
    }

    /// What the server said or did without being asked (a 421, a FIN), before a text or after a
    /// pause.
    pub(super) async fn unasked(&mut self) -> Option<Result<Reply, Loss>> {
        if !self.has_input() {
            // Polled once: a silent connection costs no wait, and mostly no system call.
            let mut fill = pin!(self.fill());
            match poll_fn(|cx| Poll::Ready(fill.as_mut().poll(cx))).await {
                Poll::Pending => return None,
                Poll::Ready(Err(loss)) => return Some(Err(loss)),
                Poll::Ready(Ok(())) => {}
            }
        }
        Some(self.reply(LAST_WORDS).await)
    }

    /// Ends the connection as TLS wants it ended; nobody waits for the peer.
    pub(super) async fn close(mut self) {
        let _ = timeout(LAST_WORDS, self.stream.shutdown()).await;
    }

    async fn read_reply(&mut self) -> Result<Reply, Loss> {
        loop {
            let mut rest = &self.input[self.taken..];
            let reply = self.reader.take(&mut rest);
            let reply = reply.map_err(|garbled| self.dialogue.scrub_garbled(garbled))?;
            self.taken = self.input.len() - rest.len();
            if let Some(mut reply) = reply {
                self.dialogue.scrub(&mut reply);
                self.dialogue.hear(&reply);
                return Ok(reply);
            }
            self.fill().await?;
        }
    }

    /// Reads what is there; everything read before has been taken.
    async fn fill(&mut self) -> Result<(), Loss> {
        if !self.has_input() {
            self.input.clear();
            self.taken = 0;
        }
        self.input.reserve(READ_BYTES);
        match self.stream.read_buf(&mut self.input).await {
            Ok(0) => Err(Loss::Closed),
            Ok(_) => Ok(()),
            // TLS without its farewell: a close like any other once replies are complete.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Loss::Closed),
            Err(error) => Err(Loss::Broken(error)),
        }
    }
}
