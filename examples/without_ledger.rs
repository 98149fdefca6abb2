//! Sends an issue as `digest send` does, and writes nothing down: the same composition, list and
//! sessions, so that the difference is what the ledger costs. Who sends newsletters so loses
//! people.
//!
//!     without_ledger PUBLICATION ISSUE LIST PORT CONNECTIONS

use std::collections::HashSet;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sejong_digest::audience::list::{self, ReadOptions};
use sejong_digest::audience::row::Row;
use sejong_digest::message::Message;
use sejong_digest::message::recipient::Recipient;
use sejong_digest::message::splice::{Identity, MailKind, Occasion, Template};
use sejong_digest::smtp::outcome::Outcome;
use sejong_digest::smtp::relay::Relay;
use sejong_digest::smtp::session::Session;
use sejong_digest::smtp::transaction::{Feed, Stop, Ticket};
use sejong_digest::{compose, config, issue::load};

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What all connections share.
struct Work {
    template: Template,
    recipients: Mutex<std::vec::IntoIter<Recipient>>,
}

/// What one connection takes from it.
struct Unrecorded {
    work: Arc<Work>,
    taken: u64,
    under_way: HashSet<Ticket>,
    accepted: u64,
}

impl Feed for Unrecorded {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        self.try_next().await
    }

    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
        let next = self.work.recipients.lock().unwrap_or_else(PoisonError::into_inner).next();
        let message = self.work.template.splice(&next?).ok()?;
        self.taken += 1;
        self.under_way.insert(Ticket(self.taken));
        Some((Ticket(self.taken), message))
    }

    async fn before_dot(&mut self, ticket: Ticket) -> Result<(), Stop> {
        self.under_way.contains(&ticket).then_some(()).ok_or(Stop::Session)
    }

    async fn settled(&mut self, ticket: Ticket, outcome: Outcome) {
        self.under_way.remove(&ticket);
        self.accepted += u64::from(matches!(outcome, Outcome::Accepted(_)));
    }
}

fn template(publication: &Path, name: &str) -> Fallible<Template> {
    let environment: Vec<(String, String)> = std::env::vars().collect();
    let config = config::read(publication, &environment).map_err(|_| "digest.toml has errors")?;
    let folder = load::folder(&config.publication, name);
    let issue = load::load(&config.publication, &folder).issue.ok_or("the issue has errors")?;
    let (composition, _) = compose::compose(&config.publication, &issue, &config.theme);
    let composition = composition.ok_or("the issue cannot be composed")?;
    let signers = match &config.dkim {
        Some(dkim) => dkim.signers().map_err(|_| "the key cannot be used")?,
        None => Vec::new(),
    };
    let secret = config::secret(publication, &environment)?;
    let identity = Identity { signers, ..config.sender.identity(&secret) };
    let occasion = Occasion {
        date: "Thu, 6 Nov 2025 09:00:00 -0500".to_owned(),
        time: 1_762_437_600,
        test: false,
        kind: MailKind::Issue,
    };
    Ok(Template::new(&composition, identity, &occasion))
}

async fn carry(relay: Relay, work: Arc<Work>) -> Fallible<u64> {
    let mut session = Session::open(&relay).await.map_err(|trouble| trouble.to_string())?;
    let mut feed = Unrecorded { work, taken: 0, under_way: HashSet::new(), accepted: 0 };
    session.carry(&mut feed).await.map_err(|trouble| trouble.to_string())?;
    session.quit().await;
    Ok(feed.accepted)
}

#[expect(clippy::print_stdout)] // its answer, for bench/compare.py
fn main() -> Fallible<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [publication, name, list, port, connections] = words.as_slice() else {
        return Err("without_ledger PUBLICATION ISSUE LIST PORT CONNECTIONS".into());
    };
    let mut recipients = Vec::new();
    let rows = list::open(Path::new(list), list, &ReadOptions::default());
    for row in rows.map_err(|_| "the list cannot be read")? {
        // The benchmark's list has each person once.
        if let Row::Kept { recipient, .. } = row.map_err(|_| "the list cannot be read")? {
            recipients.push(recipient);
        }
    }
    let work = Arc::new(Work {
        template: template(Path::new(publication), name)?,
        recipients: Mutex::new(recipients.into_iter()),
    });
    let relay = Relay::parse(&format!("smtp://127.0.0.1:{port}"))?;
    // As many threads as `digest` has.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let accepted = runtime.block_on(async {
        let connections: Vec<_> = (0..connections.parse::<usize>()?)
            .map(|_| tokio::spawn(carry(relay.clone(), Arc::clone(&work))))
            .collect();
        let mut accepted = 0;
        for connection in connections {
            accepted += connection.await??;
        }
        Fallible::Ok(accepted)
    })?;
    println!("{{\"accepted\": {accepted}}}");
    Ok(())
}
