//! Messages over a session, one round trip each: MAIL, RCPT, DATA, text, dot (RFC 5321 3.3).
//!
//! With PIPELINING (RFC 2920) the text and final dot of one message and the MAIL, RCPT and DATA of
//! the next leave in one write; the reply to the dot and the three next replies come back
//! together. Without it, or while the feed has nothing ready, one command at a time.
//!
//! What must never happen: a byte of a text before [`Feed::before_dot`] has returned; a reply
//! credited to another message than its own; a message taken from the feed and not settled once;
//! a session used after a doubt. Dropping the future of [`Session::carry`] drops the connection:
//! a message for which `before_dot` was called and `settled` was not is then uncertain.

use std::future::Future;
use std::time::Instant;

use lettre::transport::smtp::commands::{Data, Noop, Rset};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};

use super::dialogue::Spoken;
use super::outcome::{self, Outcome, Stage, of_end, of_stop};
use super::reply::Reply;
use super::session::{Offered, Session};
use super::stuffing::stuff;
use super::trouble::{History, Trouble, trouble_of_loss, trouble_of_reply};
use super::wire::Loss;
use crate::message::Message;

const DOT: &[u8] = b".\r\n";

/// Names a message to the feed that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What the feed wants not to be sent on this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Anything more.
    Session,
    /// This message. SMTP has no word that takes DATA back, so the connection is given up; others
    /// may go on another one.
    Message,
}

/// Where messages come from and outcomes go to; one for each session.
pub trait Feed: Send {
    /// The next message, waiting for it if need be; `None` when there is no more. Called only
    /// while nothing is on the wire, and never dropped before it is done.
    fn next(&mut self) -> impl Future<Output = Option<(Ticket, Message)>> + Send;

    /// The next message if it may go at once. Must not wait for more than its making: a text is
    /// held back meanwhile. `None` for "not now" and for "no more"; [`Feed::next`] is asked
    /// afterwards.
    fn try_next(&mut self) -> impl Future<Output = Option<(Ticket, Message)>> + Send;

    /// Called after the 354 and before any byte of the text or its final dot may be written: the
    /// attempt must be durable on return.
    ///
    /// # Errors
    /// [`Stop`]: nothing of it was sent, and nothing more will be on this session.
    fn before_dot(&mut self, ticket: Ticket) -> impl Future<Output = Result<(), Stop>> + Send;

    /// Done when the run is to end and the relay has had a little time. What waits for the relay
    /// before a final dot is then given up: nothing of it can have been delivered. May be dropped
    /// and asked again.
    fn stopping(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// Done when a text must not go on leaving, whose relay takes it so slowly that its person has
    /// left meanwhile. As long as its dot has not left it is then given up, with the connection.
    /// May be dropped.
    fn taken_back(&self, ticket: Ticket) -> impl Future<Output = ()> + Send {
        let _ = ticket;
        std::future::pending()
    }

    /// The last byte of it has left: it will not arrive late through any fault of ours.
    fn left(&mut self, ticket: Ticket) {
        let _ = ticket;
    }

    /// What became of it: once for each message that was taken. A message refused without a
    /// command may be settled before one that was taken earlier.
    fn settled(&mut self, ticket: Ticket, outcome: Outcome) -> impl Future<Output = ()> + Send;
}

/// Why a session was done without trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The feed has no more. The session may carry again.
    Drained,
    /// The relay's messages per connection are reached: quit and open another.
    MaxMessages,
    /// The feed said [`Stop`] after a 354, or the run was to end before a dot: only dropping the
    /// connection is left.
    Stopped,
    /// The feed has taken back a message after its 354: only dropping the connection is left, and
    /// another session goes on.
    TakenBack,
}

/// A message between the feed and its outcome.
struct Taken {
    ticket: Ticket,
    message: Message,
}

/// How a transaction's envelope was received.
enum Opened {
    /// 354: the text may follow.
    Go,
    /// This message is settled; the session goes on.
    Refused(Outcome),
    /// This message is settled and so is the session.
    Over(Outcome, Trouble),
    /// The run is to end, and the relay says nothing.
    Stopped,
}

/// How one message ended.
enum AfterMessage {
    /// The next message's envelope is already out.
    Next(Taken),
    /// Nothing is on the wire.
    Idle,
    /// The feed said stop.
    Stopped(Stop),
}

impl Session {
    /// Carries messages until the feed has no more, the relay's limit is reached, or the session
    /// fails. Every message taken from the feed is settled before this returns.
    ///
    /// # Errors
    /// The [`Trouble`] that ended the session. Drop it.
    pub async fn carry<F: Feed>(&mut self, feed: &mut F) -> Result<End, Trouble> {
        loop {
            if !self.usable {
                return Err(trouble_of_loss(Stage::Mail, &Loss::Over, self.history()));
            }
            if !self.has_room(0) {
                return Ok(End::MaxMessages);
            }
            let Some((ticket, message)) = feed.next().await else { return Ok(End::Drained) };
            let Some(mut current) = self.admit(feed, ticket, message).await else { continue };
            let mut sent_ahead = false;
            if self.check_idle(feed, &current).await? == Some(Stop::Session) {
                return Ok(End::Stopped);
            }
            loop {
                let opened = tokio::select! {
                    biased;
                    opened = self.open_transaction(&current.message, sent_ahead) => opened,
                    () = feed.stopping() => Opened::Stopped,
                };
                match opened {
                    Opened::Go => {}
                    Opened::Stopped => {
                        self.usable = false;
                        feed.settled(current.ticket, of_stop(Stage::Data)).await;
                        return Ok(End::Stopped);
                    }
                    Opened::Refused(outcome) => {
                        feed.settled(current.ticket, outcome).await;
                        self.heard = Instant::now();
                        break;
                    }
                    Opened::Over(outcome, trouble) => {
                        self.usable = false;
                        feed.settled(current.ticket, outcome).await;
                        return Err(trouble);
                    }
                }
                match self.deliver(feed, current).await {
                    Ok(AfterMessage::Next(next)) => (current, sent_ahead) = (next, true),
                    Ok(AfterMessage::Idle) => {
                        self.heard = Instant::now();
                        break;
                    }
                    Ok(AfterMessage::Stopped(Stop::Session)) => return Ok(End::Stopped),
                    Ok(AfterMessage::Stopped(Stop::Message)) => return Ok(End::TakenBack),
                    Err(trouble) => return Err(trouble),
                }
            }
        }
    }

    /// Whether the relay's limit leaves room, with so many messages under way.
    fn has_room(&self, under_way: u64) -> bool {
        let max = self.relay.max_messages_per_connection();
        max.is_none_or(|max| self.carried + under_way < max)
    }

    fn pipelined(&self) -> bool {
        self.offered.pipelining && self.relay.pipelining()
    }

    fn history(&self) -> History<'_> {
        History { relay: &self.relay, carried: self.carried, pipelined: self.pipelined() }
    }

    /// After a wait: a 421 or a FIN that came meanwhile ends the session before anything is sent.
    /// After a long one a peer may be gone without either, so it is asked.
    async fn check_idle<F: Feed>(
        &mut self,
        feed: &mut F,
        taken: &Taken,
    ) -> Result<Option<Stop>, Trouble> {
        let trouble = match self.wire.unasked().await {
            Some(said) => self.spoken(Stage::Mail, said),
            None if self.heard.elapsed() < self.relay.timeouts().idle => return Ok(None),
            None => {
                let there = tokio::select! {
                    biased;
                    there = self.ask_whether_there() => there,
                    () = feed.stopping() => Err(Loss::Stopped),
                };
                match there {
                    Ok(_) => return Ok(None),
                    Err(Loss::Stopped) => {
                        self.usable = false;
                        feed.settled(taken.ticket, of_stop(Stage::Mail)).await;
                        return Ok(Some(Stop::Session));
                    }
                    Err(loss) => self.spoken(Stage::Mail, Err(loss)),
                }
            }
        };
        self.usable = false;
        feed.settled(taken.ticket, of_end(Stage::Mail, trouble.text.clone())).await;
        Err(trouble)
    }

    /// NOOP. Any answer will do, but for the 421 of a server that leaves.
    async fn ask_whether_there(&mut self) -> Result<Reply, Loss> {
        let within = self.relay.timeouts().greeting;
        self.wire.write_group(Noop.to_string().as_bytes(), Spoken::Commands, within).await?;
        match self.wire.reply(within).await? {
            Reply { code: 421, .. } => Err(Loss::Closed),
            reply => Ok(reply),
        }
    }

    /// What it means that a server spoke, or left, without being asked.
    fn spoken(&self, stage: Stage, said: Result<Reply, Loss>) -> Trouble {
        match said {
            Ok(reply) => trouble_of_reply(stage, reply, self.history()),
            Err(loss) => trouble_of_loss(stage, &loss, self.history()),
        }
    }

    /// Settles what this relay cannot take, before a command is spent on it.
    async fn admit<F: Feed>(
        &self,
        feed: &mut F,
        ticket: Ticket,
        message: Message,
    ) -> Option<Taken> {
        match outcome::of_offer(&self.offered, &message) {
            None => Some(Taken { ticket, message }),
            Some(outcome) => {
                feed.settled(ticket, outcome).await;
                None
            }
        }
    }

    /// The message that may follow at once, if there is one.
    async fn follower<F: Feed>(&self, feed: &mut F) -> Option<Taken> {
        while self.pipelined() && self.has_room(1) {
            let (ticket, message) = feed.try_next().await?;
            let admitted = self.admit(feed, ticket, message).await;
            if admitted.is_some() {
                return admitted;
            }
        }
        None
    }

    /// MAIL, RCPT and DATA with their replies. `sent_ahead`: they left with the text before.
    async fn open_transaction(&mut self, message: &Message, sent_ahead: bool) -> Opened {
        let grouped = self.pipelined();
        if grouped && !sent_ahead {
            self.group.clear();
            if self.reset_due {
                self.group.extend_from_slice(Rset.to_string().as_bytes());
            }
            for stage in [Stage::Mail, Stage::Rcpt, Stage::Data] {
                push_command(&mut self.group, stage, message, &self.offered);
            }
            if let Err(loss) = self.write(Stage::Mail).await {
                return self.over(Stage::Mail, &loss);
            }
        }
        // Whether something that left with these commands has been answered.
        let mut begun = sent_ahead;
        if self.reset_due {
            match self.reset(grouped, begun).await {
                Ok(()) => self.reset_due = false,
                Err(over) => return over,
            }
            begun = true;
        }
        let mut refusal: Option<Outcome> = None;
        let mut mail_stands = false;
        for stage in [Stage::Mail, Stage::Rcpt, Stage::Data] {
            if !grouped {
                if refusal.is_some() {
                    break;
                }
                self.group.clear();
                push_command(&mut self.group, stage, message, &self.offered);
                if let Err(loss) = self.write(stage).await {
                    return self.over(stage, &loss);
                }
            }
            let reply = match self.reply(stage, begun).await {
                Ok(reply) => reply,
                Err(loss) => return self.over(stage, &loss),
            };
            begun = true;
            if stage == Stage::Data
                && reply.code == 354
                && let Some(refusal) = refusal
            {
                return self.lone_dot(refusal).await;
            }
            mail_stands |= stage == Stage::Mail && stage.expects(reply.code);
            // After a refusal only 5xx or 4xx may follow (RFC 2920 3.1), and they tell nothing new.
            let moot = refusal.is_some() && reply.class() >= 4 && reply.code != 421;
            match outcome::of_reply(stage, reply.clone()) {
                _ if moot => {}
                // RCPT may be accepted although MAIL was refused; DATA then fails.
                None => {}
                Some(outcome) if outcome.ends_session() => {
                    let trouble = trouble_of_reply(stage, reply, self.history());
                    return Opened::Over(refusal.unwrap_or(outcome), trouble);
                }
                Some(outcome) => refusal = Some(outcome),
            }
        }
        match refusal {
            None => Opened::Go,
            Some(outcome) => {
                self.reset_due = mail_stands;
                Opened::Refused(outcome)
            }
        }
    }

    /// RSET, whose reply comes before that of MAIL.
    async fn reset(&mut self, sent: bool, begun: bool) -> Result<(), Opened> {
        if !sent {
            self.group.clear();
            self.group.extend_from_slice(Rset.to_string().as_bytes());
            if let Err(loss) = self.write(Stage::Mail).await {
                return Err(self.over(Stage::Mail, &loss));
            }
        }
        match self.reply(Stage::Mail, begun).await {
            Ok(reply) if reply.code == 250 => Ok(()),
            Ok(reply) => {
                let text = format!("the relay answered RSET with {reply}");
                let trouble = trouble_of_reply(Stage::Mail, reply, self.history());
                Err(Opened::Over(of_end(Stage::Mail, text), trouble))
            }
            Err(loss) => Err(self.over(Stage::Mail, &loss)),
        }
    }

    /// 354 although no recipient was accepted: an empty text, whose reply is a formality
    /// (RFC 2920 3.1).
    async fn lone_dot(&mut self, refusal: Outcome) -> Opened {
        self.group.clear();
        self.group.extend_from_slice(DOT);
        let reply = match self.write(Stage::LoneDot).await {
            Ok(()) => self.wire.reply(self.limit(Stage::LoneDot)).await,
            Err(loss) => Err(loss),
        };
        match reply {
            Ok(reply) if Stage::LoneDot.expects(reply.code) => Opened::Refused(refusal),
            said => Opened::Over(refusal, self.spoken(Stage::LoneDot, said)),
        }
    }

    /// The text of a message whose 354 has come, and with it the envelope of the next.
    async fn deliver<F: Feed>(
        &mut self,
        feed: &mut F,
        current: Taken,
    ) -> Result<AfterMessage, Trouble> {
        if self.wire.has_input() {
            // Whatever is there would pass for the reply to the dot.
            self.usable = false;
            let trouble = self.spoken(Stage::Data, Err(Loss::OutOfTurn));
            feed.settled(current.ticket, of_end(Stage::Data, trouble.text.clone())).await;
            return Err(trouble);
        }
        if let Err(stop) = feed.before_dot(current.ticket).await {
            self.usable = false;
            feed.settled(current.ticket, of_stop(Stage::Data)).await;
            return Ok(AfterMessage::Stopped(stop));
        }
        if let Some(said) = self.wire.unasked().await {
            // A 421, a FIN or a stray reply that came meanwhile: no byte of the text has left.
            let trouble = self.spoken(Stage::Data, said);
            self.usable = false;
            feed.settled(current.ticket, of_end(Stage::Data, trouble.text.clone())).await;
            return Err(trouble);
        }
        let next = self.follower(feed).await;
        self.group.clear();
        stuff(&current.message.bytes, &mut self.group);
        let dot_at = self.group.len();
        self.group.extend_from_slice(DOT);
        if let Some(next) = &next {
            for stage in [Stage::Mail, Stage::Rcpt, Stage::Data] {
                push_command(&mut self.group, stage, &next.message, &self.offered);
            }
        }
        let (spoken, within) = (Spoken::Text(dot_at), self.relay.timeouts().body);
        let mut stop = Stop::Session;
        let stopping = async {
            tokio::select! {
                () = feed.stopping() => {}
                () = feed.taken_back(current.ticket) => stop = Stop::Message,
            }
        };
        let write = self.wire.write_unless(&self.group, spoken, within, dot_at as u64, stopping);
        let (outcome, trouble) = match write.await {
            Ok(()) => {
                feed.left(current.ticket);
                self.dot_reply().await
            }
            Err(Loss::Stopped) => {
                self.usable = false;
                for taken in [Some(current), next].into_iter().flatten() {
                    feed.settled(taken.ticket, of_stop(Stage::Body)).await;
                }
                return Ok(AfterMessage::Stopped(stop));
            }
            Err(loss) => self.broken_text(dot_at as u64, loss).await,
        };
        let Some(trouble) = trouble else {
            self.carried += 1;
            feed.settled(current.ticket, outcome).await;
            return Ok(next.map_or(AfterMessage::Idle, AfterMessage::Next));
        };
        self.usable = false;
        feed.settled(current.ticket, outcome).await;
        if let Some(next) = next {
            feed.settled(next.ticket, of_end(Stage::Mail, trouble.text.clone())).await;
        }
        Err(trouble)
    }

    /// The reply that decides. With a trouble when the session ends here.
    async fn dot_reply(&mut self) -> (Outcome, Option<Trouble>) {
        let reply = match self.wire.reply(self.limit(Stage::Dot)).await {
            Ok(reply) => reply,
            Err(loss) => return self.lost(Stage::Dot, &loss),
        };
        let Some(outcome) = outcome::of_reply(Stage::Dot, reply.clone()) else {
            return self.lost(Stage::Dot, &Loss::OutOfTurn);
        };
        // This message is settled by its reply, hence carried.
        let history = History { carried: self.carried + 1, ..self.history() };
        let trouble = outcome.ends_session().then(|| trouble_of_reply(Stage::Dot, reply, history));
        (outcome, trouble)
    }

    /// The connection failed while the group with the text was written.
    async fn broken_text(&mut self, dot_at: u64, loss: Loss) -> (Outcome, Option<Trouble>) {
        if self.wire.left() > dot_at {
            return self.lost(Stage::Dot, &loss);
        }
        let said = self.wire.last_words().await;
        let judged = said.and_then(|reply| {
            let outcome = outcome::of_reply(Stage::Body, reply.clone())?;
            Some((outcome, Some(trouble_of_reply(Stage::Body, reply, self.history()))))
        });
        judged.unwrap_or_else(|| self.lost(Stage::Body, &loss))
    }

    async fn write(&mut self, stage: Stage) -> Result<(), Loss> {
        let within = self.limit(stage);
        self.wire.write_group(&self.group, Spoken::Commands, within).await
    }

    /// The next reply. `begun`: what left with its command has been answered, so that a reply to it
    /// may be missing.
    async fn reply(&mut self, stage: Stage, begun: bool) -> Result<Reply, Loss> {
        let limit = self.limit(stage);
        if begun && self.pipelined() {
            let soon = self.relay.timeouts().missing;
            return self.wire.reply_of_group(soon, limit).await;
        }
        self.wire.reply(limit).await
    }

    fn limit(&self, stage: Stage) -> std::time::Duration {
        let times = self.relay.timeouts();
        match stage {
            Stage::Data => times.data,
            Stage::Dot | Stage::LoneDot => times.dot,
            _ => times.envelope,
        }
    }

    fn over(&self, stage: Stage, loss: &Loss) -> Opened {
        let (outcome, trouble) =
            (outcome::of_loss(stage, loss), trouble_of_loss(stage, loss, self.history()));
        Opened::Over(outcome, trouble)
    }

    fn lost(&self, stage: Stage, loss: &Loss) -> (Outcome, Option<Trouble>) {
        let trouble = trouble_of_loss(stage, loss, self.history());
        (outcome::of_loss(stage, loss), Some(trouble))
    }
}

/// Appends the command of one stage (RFC 5321 4.1.1.2 to 4.1.1.4).
fn push_command(group: &mut Vec<u8>, stage: Stage, message: &Message, offered: &Offered) {
    use std::io::Write;
    let envelope = &message.envelope;
    // Writing to a Vec does not fail.
    let _ = match stage {
        Stage::Rcpt => write!(group, "RCPT TO:<{}>\r\n", envelope.recipient),
        Stage::Data => write!(group, "{Data}"),
        _ => {
            let sender = envelope.reverse_path.as_ref();
            let _ = write!(group, "MAIL FROM:<{}>", sender.map_or("", |address| address.as_str()));
            let international =
                envelope.recipient.needs_smtputf8() || sender.is_some_and(|a| a.needs_smtputf8());
            let eight_bit = offered.eight_bit_mime && !message.bytes.is_ascii();
            let body = MailBodyParameter::EightBitMime;
            let parameters = [
                offered.size.is_some().then_some(MailParameter::Size(message.bytes.len())),
                eight_bit.then_some(MailParameter::Body(body)),
                (offered.smtputf8 && international).then_some(MailParameter::SmtpUtfEight),
            ];
            for parameter in parameters.into_iter().flatten() {
                let _ = write!(group, " {parameter}");
            }
            group.write_all(b"\r\n")
        }
    };
}
