//! A relay for the binary to talk to, and the ledger that the binary keeps.
//!
//! The relay is our catcher on threads of its own, doing what a script says, behind a real socket.
//! The ledger is read as `status` would read it. Neither must ever touch what the binary does.

#![allow(dead_code, reason = "each test program uses its part")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use sejong_digest::catcher::script::Script;
use sejong_digest::catcher::{Catcher, CatcherCounts, CatcherOptions, Received};
use sejong_digest::delivery::ledger::overview::Listed;
use sejong_digest::delivery::ledger::{self, Ledger};
use sejong_digest::delivery::state::State;
use sejong_digest::store::{Store, StoreAddress};
use tokio::runtime::Runtime;

use crate::harness::running::wait_until;
use crate::harness::{Publication, server};

/// A catcher that keeps what it gets.
pub(crate) struct Relay {
    catcher: Catcher,
    runtime: Runtime,
}

impl Relay {
    pub(crate) fn new() -> Relay {
        Relay::scripted(Script::new())
    }

    pub(crate) fn scripted(script: Script) -> Relay {
        Relay::with(CatcherOptions { script, ..CatcherOptions::default() })
    }

    pub(crate) fn with(options: CatcherOptions) -> Relay {
        let runtime = Runtime::new().expect("threads");
        let options = CatcherOptions { keep: true, ..options };
        let catcher = runtime.block_on(Catcher::start(options)).expect("it listens");
        Relay { catcher, runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.catcher.addr())
    }

    pub(crate) fn port(&self) -> u16 {
        self.catcher.addr().port()
    }

    pub(crate) fn counts(&self) -> CatcherCounts {
        self.catcher.counts()
    }

    /// Closes the connections that are open now.
    pub(crate) fn drop_connections(&self) {
        self.catcher.drop_connections();
    }

    /// The command lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.catcher.lines()
    }

    /// The messages it took, in order.
    pub(crate) fn accepted(&self) -> Vec<Received> {
        let mut received = self.catcher.received();
        received.retain(|message| message.accepted);
        received
    }

    /// How often each address got a message.
    pub(crate) fn copies(&self) -> BTreeMap<String, usize> {
        let mut copies = BTreeMap::new();
        for message in self.accepted() {
            *copies.entry(message.recipients.concat()).or_default() += 1;
        }
        copies
    }

    /// Waits until it has taken so many.
    pub(crate) fn has_taken(&self, count: u64) {
        let taken = || self.counts().accepted;
        assert!(wait_until(Duration::from_secs(30), || taken() >= count), "took {}", taken());
    }

    /// What it has taken when nobody is connected any more: the text of a sender that was killed
    /// may still be on its way.
    pub(crate) fn taken_in_the_end(&self) -> u64 {
        assert!(wait_until(Duration::from_secs(30), || self.counts().open == 0), "still connected");
        self.counts().accepted
    }
}

/// The address of a publication's own ledger.
pub(crate) fn store_of(here: &Publication) -> StoreAddress {
    let password = ("DIGEST_STORE_PASSWORD".to_owned(), server::PASSWORD.to_owned());
    let (base, url) = (here.path(""), here.store_url());
    let address = StoreAddress::parse(&url, &base, &here.path(".digest/ledger"), &[password]);
    address.expect("an address")
}

/// A ledger for the statements of a test.
pub(crate) async fn open(address: &StoreAddress) -> Store {
    Store::open(address, &ledger::STEPS).await.expect("a ledger")
}

/// The rows of one issue.
#[derive(Debug)]
pub(crate) struct Book {
    rows: Vec<Listed>,
}

impl Book {
    /// Reads the ledger at `path`.
    pub(crate) fn read(path: &Path, issue: &str) -> Book {
        Book::open(path.into(), issue)
    }

    /// Reads a publication's own ledger.
    pub(crate) fn of_publication(here: &Publication, issue: &str) -> Book {
        Book::open(store_of(here), issue)
    }

    fn open(address: StoreAddress, issue: &str) -> Book {
        let runtime = Runtime::new().expect("threads");
        runtime.block_on(async {
            let store = open(&address).await;
            let ledger = Ledger::new(store.clone(), issue);
            let mut rows = Vec::new();
            for state in State::ALL {
                rows.extend(ledger.list(state, i64::MAX).await.expect("rows"));
            }
            store.close().await;
            Book { rows }
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn row(&self, email: &str) -> &Listed {
        let found = self.rows.iter().find(|row| row.email == email);
        found.unwrap_or_else(|| panic!("{email} is not in {:?}", self.rows))
    }

    pub(crate) fn state(&self, email: &str) -> &str {
        self.row(email).state.word()
    }

    /// The addresses in a state.
    pub(crate) fn of(&self, state: &str) -> Vec<&str> {
        let rows = self.rows.iter().filter(|row| row.state.word() == state);
        rows.map(|row| row.email.as_str()).collect()
    }
}
