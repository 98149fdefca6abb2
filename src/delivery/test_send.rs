//! A few messages over one session, without a ledger: what `digest test` sends.

use crate::message::Message;
use crate::message::address::Address;
use crate::smtp::outcome::Outcome;
use crate::smtp::relay::Relay;
use crate::smtp::session::Session;
use crate::smtp::transaction::{Feed, Stop, Ticket};
use crate::smtp::trouble::Trouble;

struct Few {
    waiting: std::vec::IntoIter<Message>,
    addresses: Vec<Address>,
    outcomes: Vec<(Address, Outcome)>,
}

impl Feed for Few {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        self.try_next().await
    }

    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
        let message = self.waiting.next()?;
        let ticket = Ticket(self.addresses.len() as u64);
        self.addresses.push(message.envelope.recipient.clone());
        Some((ticket, message))
    }

    async fn before_dot(&mut self, _: Ticket) -> Result<(), Stop> {
        Ok(())
    }

    async fn settled(&mut self, ticket: Ticket, outcome: Outcome) {
        if let Some(address) = self.addresses.get(ticket.0 as usize) {
            self.outcomes.push((address.clone(), outcome));
        }
    }
}

/// Sends messages one after the other, and says what became of each that the relay was asked about.
///
/// # Errors
/// The trouble that ended the session, with the outcomes until then.
pub async fn send(
    relay: &Relay,
    messages: Vec<Message>,
) -> Result<Vec<(Address, Outcome)>, (Trouble, Vec<(Address, Outcome)>)> {
    let mut session = match Session::open(relay).await {
        Ok(session) => session,
        Err(trouble) => return Err((trouble, Vec::new())),
    };
    let mut few =
        Few { waiting: messages.into_iter(), addresses: Vec::new(), outcomes: Vec::new() };
    match session.carry(&mut few).await {
        Ok(_) => {
            session.quit().await;
            Ok(few.outcomes)
        }
        Err(trouble) => Err((trouble, few.outcomes)),
    }
}
