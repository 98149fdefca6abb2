//! Sends what stands in the outbox until it is told to stop: over the relays in their order, one
//! connection at a time.
//!
//! A relay that is away makes nobody wait but its mails, and is told once. Must never ask a relay for
//! nothing, nor let a page wait.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::{Notify, watch};

use super::feed::{OutboxFeed, OutboxMemory};
use super::letters::Letters;
use super::rows::OutboxRows;
use super::{counts, tidy};
use crate::audience::{address_change, signup};
use crate::crypto;
use crate::delivery::ledger::editions::{PageOf, ShownIssues};
use crate::delivery::pace::Rate;
use crate::delivery::route::Route;
use crate::delivery::schedule::Schedule;
use crate::diagnostic::counted;
use crate::diagnostic::log::LogEntry;
use crate::message::splice::Identity;
use crate::smtp::session::Session;
use crate::smtp::transaction::End;
use crate::smtp::trouble::Trouble;
use crate::store::StoreError;
use crate::store::shared::SharedStore;

/// How often is looked for what other processes have left.
const LOOK: Duration = Duration::from_secs(1);
/// How often claims are renewed.
const RENEW: Duration = Duration::from_secs(10);
/// How often is deleted what nobody needs.
const TIDY: Duration = Duration::from_secs(3_600);
/// Until relays are asked again that could not be used, at first and at most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What mails are made of and where they go.
#[derive(Clone)]
pub struct OutboxOptions {
    /// Relays, the first one first.
    pub routes: Vec<Route>,
    /// When deferred mails are tried again.
    pub schedule: Schedule,
    /// What is written.
    pub letters: Arc<Letters>,
    /// Who writes, with the keys that are known now. Asked for each mail: must read no file.
    pub identity: Arc<dyn Fn() -> Identity + Send + Sync>,
    /// Among which issues the latest is, and where it is read, if a welcome leads there.
    pub latest: Option<(ShownIssues, PageOf)>,
    /// Where dates are told.
    pub time_zone: TimeZone,
    /// Tells the time.
    pub clock: fn() -> Timestamp,
    /// Tells whoever runs the server what they have to know.
    pub tell: fn(&LogEntry),
}

impl fmt::Debug for OutboxOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxOptions").field("routes", &self.routes).finish_non_exhaustive()
    }
}

/// The outbox of this process.
#[derive(Debug)]
pub struct Outbox {
    options: OutboxOptions,
    process: String,
    memory: OutboxMemory,
    tidied: Option<Instant>,
    pause: Duration,
    is_told: bool,
    has_failed: bool,
}

impl Outbox {
    /// An outbox that has nothing yet.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn new(options: OutboxOptions) -> Result<Outbox, crypto::RandomError> {
        let process = data_encoding::BASE64URL_NOPAD.encode(&crypto::random::<12>()?);
        let (memory, pause) = (OutboxMemory::default(), PAUSES.0);
        Ok(Outbox {
            options,
            process,
            memory,
            tidied: None,
            pause,
            is_told: false,
            has_failed: false,
        })
    }

    /// Sends until `stop` is true; `woken` says that somebody has written a mail down.
    ///
    /// # Errors
    /// The store's: it may be called again with another one.
    pub async fn run(
        &mut self,
        stores: &SharedStore,
        woken: &Notify,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), StoreError> {
        let rows = OutboxRows { stores: stores.clone(), process: self.process.clone() };
        let mut stopped = stop.clone();
        while !*stop.borrow() {
            while let Some(end) = self.memory.unwritten.last() {
                rows.settle(end).await?;
                self.memory.unwritten.pop();
            }
            let now = (self.options.clock)();
            rows.recover(now).await?;
            self.tidy(stores, now).await?;
            let pause = if rows.due(now).await? {
                match self.send(&rows, stop).await? {
                    Some(pause) => pause,
                    None => {
                        self.works();
                        continue;
                    }
                }
            } else {
                self.works();
                LOOK
            };
            // A relay that is away comes back no sooner because of another mail.
            let is_away = pause != LOOK;
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = woken.notified(), if !is_away => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        }
        Ok(())
    }

    /// Tells, once, that mails cannot be sent although the store takes what is written to it.
    pub fn fails(&mut self, error: &StoreError) {
        if !std::mem::replace(&mut self.has_failed, true) {
            let text = format!(
                "mails to people who subscribe cannot be sent: {error}. They wait in the store, and are \
                 tried again; `digest store check` says whether it is damaged"
            );
            (self.options.tell)(&LogEntry::warning("outbox_failed", text));
        }
    }

    fn works(&mut self) {
        if std::mem::take(&mut self.has_failed) {
            let text = "mails to people who subscribe can be sent again";
            (self.options.tell)(&LogEntry::new("outbox_back", text));
        }
    }

    async fn tidy(&mut self, stores: &SharedStore, now: Timestamp) -> Result<(), StoreError> {
        if self.tidied.is_some_and(|tidied| tidied.elapsed() < TIDY) {
            return Ok(());
        }
        let store = stores.lease().await?;
        signup::tidy(&store, now).await?;
        address_change::tidy(&store, now).await?;
        tidy(&store, now).await?;
        self.tidied = Some(Instant::now());
        Ok(())
    }

    /// Sends what is due over the first relay that can be used; how long to wait where none can.
    async fn send(
        &mut self,
        rows: &OutboxRows,
        stop: &watch::Receiver<bool>,
    ) -> Result<Option<Duration>, StoreError> {
        let mut troubles: Vec<Trouble> = Vec::new();
        for route in self.options.routes.clone() {
            match Session::open(&route.relay).await {
                Ok(mut session) => {
                    match self.carry(&mut session, (rows, route.limit), stop).await? {
                        Ok(()) => {
                            session.quit().await;
                            self.is_well();
                            return Ok(None);
                        }
                        Err((trouble, answered)) if answered > 0 => {
                            tracing::warn!("{trouble}");
                            return Ok(None);
                        }
                        Err((trouble, _)) => troubles.push(trouble),
                    }
                }
                Err(trouble) => troubles.push(trouble),
            }
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(PAUSES.1);
        if let Some(trouble) = troubles.first().filter(|_| !self.is_told) {
            let waiting = counts(&*rows.stores.lease().await?).await?.waiting;
            let (text, advice, mails) =
                (trouble.to_string(), trouble.advice(), counted(waiting, "mail"));
            let notice = LogEntry::warning(
                "relay_lost",
                format!("{text}; {mails} to people who subscribe will be tried again ({advice})"),
            );
            (self.options.tell)(&notice.with("waiting", waiting));
            self.is_told = true;
        }
        // To be due is asked again at once otherwise.
        Ok(Some(pause.max(LOOK + Duration::from_millis(1))))
    }

    fn is_well(&mut self) {
        self.pause = PAUSES.0;
        if std::mem::take(&mut self.is_told) {
            let text = "the relay takes mails to people who subscribe again";
            (self.options.tell)(&LogEntry::new("relay_back", text));
        }
    }

    /// Carries what is due, and renews the claim meanwhile; how many were answered before trouble.
    async fn carry(
        &mut self,
        session: &mut Session,
        (rows, limit): (&OutboxRows, Option<Rate>),
        stop: &watch::Receiver<bool>,
    ) -> Result<Result<(), (Trouble, u64)>, StoreError> {
        let clock = self.options.clock;
        let mut feed = OutboxFeed {
            options: &self.options,
            rows,
            memory: &mut self.memory,
            stop: stop.clone(),
            limit,
            taken: None,
            answered: 0,
            failed: None,
        };
        let renewing = async {
            loop {
                tokio::time::sleep(RENEW).await;
                // Where the store is away the claim ends by itself.
                let _ = rows.renew(clock()).await;
            }
        };
        let carried = tokio::select! {
            carried = session.carry(&mut feed) => carried,
            () = renewing => Ok(End::Drained),
        };
        let answered = feed.answered;
        if let Some(error) = feed.failed {
            return Err(error);
        }
        Ok(carried.map(drop).map_err(|trouble| (trouble, answered)))
    }
}
