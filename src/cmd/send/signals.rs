//! Ctrl-C, SIGTERM and SIGHUP (a terminal that was closed), heard from the beginning of the command.
//! Before the first message one of them ends the process. Later the first one ends the run when the
//! relay has answered for the messages that it has got, and the second one ends it at once.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use sejong_digest::delivery::run::{Progress, Stopping};
use sejong_digest::store::Store;
use tokio::sync::watch;

use super::{bar, report};
use crate::cmd::failure::{Exit, Failure};
use crate::cmd::print;
use crate::cmd::stop_signals::StopSignals;

/// So long an answer is waited for before it is said who is waited for.
const SILENCE: Duration = Duration::from_secs(1);
const EARLY: &str = "interrupted before the first message";

/// How far a send has come.
#[derive(Clone, Debug)]
enum SendPhase {
    /// Reading, asking: nothing would be lost.
    Preparing,
    /// The plan is committed and waits for its time.
    Waiting,
    /// Messages may be on the wire, if a relay is connected.
    Sending(Arc<Progress>, Store),
}

/// Listens as long as the process lives.
pub(super) struct Signals {
    stop: Arc<watch::Sender<Stopping>>,
    phase: Arc<Mutex<SendPhase>>,
}

impl Signals {
    /// Begins to listen, on a thread of its own: a list that comes slowly and a question on the
    /// terminal hold up the one that sends. `json` is the issue of a send that has to print an object.
    pub(super) fn listen(json: Option<String>) -> std::io::Result<Signals> {
        let stop = Arc::new(watch::channel(Stopping::No).0);
        let phase = Arc::new(Mutex::new(SendPhase::Preparing));
        let (told, begun) = mpsc::channel();
        let obeyed = (Arc::clone(&stop), Arc::clone(&phase));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async {
                let heard = StopSignals::open();
                let _ = told.send(heard.as_ref().err().map(std::io::Error::kind));
                if let Ok(heard) = heard {
                    obey(heard, obeyed.0, obeyed.1, json.as_deref()).await;
                }
            });
        })?;
        match begun.recv() {
            Ok(None) => Ok(Signals { stop, phase }),
            Ok(Some(kind)) => Err(kind.into()),
            Err(error) => Err(std::io::Error::other(error)),
        }
    }

    /// From here on a signal does not end the process, but what it waits for.
    pub(super) fn waiting(&self) -> watch::Receiver<Stopping> {
        self.enter(SendPhase::Waiting);
        self.stop.subscribe()
    }

    /// From here on a signal ends the run; what else is to end it may tell the sender.
    pub(super) fn sending(
        &self,
        progress: &Arc<Progress>,
        store: &Store,
    ) -> Arc<watch::Sender<Stopping>> {
        self.enter(SendPhase::Sending(Arc::clone(progress), store.clone()));
        Arc::clone(&self.stop)
    }

    fn enter(&self, phase: SendPhase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}

async fn obey(
    mut heard: StopSignals,
    stop: Arc<watch::Sender<Stopping>>,
    phase: Arc<Mutex<SendPhase>>,
    json: Option<&str>,
) {
    for wanted in [Stopping::Drain, Stopping::Abort] {
        heard.next().await;
        let phase = phase.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match phase {
            SendPhase::Preparing => {
                print::note(&format!("{EARLY}; run the same command again"));
                let failure = Failure::new(EARLY).help("run the same command again");
                let issue = json.unwrap_or_default();
                let _ = report::in_one_object(Err(failure), json.is_some(), issue);
                std::process::exit(Exit::Interrupted.number().into());
            }
            SendPhase::Waiting => {}
            SendPhase::Sending(progress, store) => match bar::silent(&store, SILENCE) {
                Some(silence) => print::note(&stopping_in_silence(wanted, &silence)),
                None => print::note(stopping(wanted, progress.is_connected())),
            },
        }
        let _ = stop.send(wanted);
    }
}

/// What the first and the second signal do, where a relay is `connected` or none is.
fn stopping(wanted: Stopping, connected: bool) -> &'static str {
    match (wanted, connected) {
        (Stopping::Drain, true) => {
            "stopping: the relay still has to answer for messages that it has got; a second Ctrl-C \
             stops at once"
        }
        (Stopping::Drain, false) => {
            "stopping: no relay is connected now, so no answer is waited for"
        }
        (_, true) => "closing the connections at once",
        (_, false) => "stopping at once",
    }
}

/// The same where the store does not answer: whatever relays say, it can be written nowhere.
fn stopping_in_silence(wanted: Stopping, silence: &str) -> String {
    match wanted {
        Stopping::Abort => format!("{silence}: stopping in a moment"),
        _ => format!("stopping when the store answers: {silence}; a second Ctrl-C stops at once"),
    }
}
