//! The ledger on a PostgreSQL server, through the real binary: what a file cannot do, and what only a
//! server does to a sender. It is restarted as after a loss of power, and its sessions are cut.
//!
//! What both kinds of store promise is held by `tests/crash` and `tests/send`, which run on a server
//! with `DIGEST_TEST_STORE=postgres`.

#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/mail.rs"]
mod mail;
#[path = "../harness/relay.rs"]
mod relay;
mod moving;
mod patience;
mod serving;
mod storm;
mod tables;
mod tls;
mod way_in;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use harness::server::{Server, server};
use harness::{Publication, Running};
use relay::{Book, Relay};

/// Tests that use the server as it is, and those that restart it.
static RUNNING: RwLock<()> = RwLock::new(());

/// The server, which nobody restarts meanwhile.
fn steady() -> Option<(&'static Server, RwLockReadGuard<'static, ()>)> {
    let guard = RUNNING.read().unwrap_or_else(PoisonError::into_inner);
    Some((server()?, guard))
}

/// The server, for one test alone.
fn alone() -> Option<(&'static Server, RwLockWriteGuard<'static, ()>)> {
    let guard = RUNNING.write().unwrap_or_else(PoisonError::into_inner);
    Some((server()?, guard))
}

fn readers(count: usize) -> Publication {
    let row = |n| format!("r{n:04}@x.example,Reader {n}\n");
    let rows: String = (1..=count).map(row).collect();
    Publication::new().write("subscribers.csv", format!("email,first_name\n{rows}"))
}

/// A folder on another machine, with the same secret.
fn elsewhere(count: usize, url: &str) -> Publication {
    readers(count).sending_from(url).env("DIGEST_SECRET", "0123456789abcdef0123456789abcdef")
}

fn start(here: &Publication, relay: &Relay, more: &[&str]) -> Running {
    let url = relay.url();
    here.start(&[&["send", "2025-11", "--yes", "--json", "--relay", &url], more].concat())
}

fn book(here: &Publication) -> Book {
    Book::of_publication(here, "2025-11")
}
