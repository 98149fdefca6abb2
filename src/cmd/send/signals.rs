//! Ctrl-C and SIGTERM: once to finish what is on the wire, twice to drop it.

use std::sync::Arc;

use sejong_digest::delivery::run::Stopping;
use tokio::sync::watch;

use crate::cmd::print;

/// Tells the run, until it is aborted.
pub(super) async fn watch(stop: Arc<watch::Sender<Stopping>>) {
    for wanted in [Stopping::Drain, Stopping::Abort] {
        if asked().await.is_err() {
            // Without signals the run goes on to its end; the sender must live as long.
            std::future::pending::<()>().await;
        }
        print::note(match wanted {
            Stopping::Drain => "stopping: what is on the wire is finished; again to drop it",
            _ => "dropping the connections",
        });
        let _ = stop.send(wanted);
    }
    std::future::pending::<()>().await;
}

/// Waits until somebody wants an end.
#[cfg(unix)]
pub(super) async fn asked() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
pub(super) async fn asked() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
