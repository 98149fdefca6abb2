//! Ctrl-C, SIGTERM and SIGHUP (a terminal that was closed): once to finish what is on the wire, twice to drop it.

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
    let hangup = async {
        if hangup_is_ignored() {
            std::future::pending().await
        } else {
            signal(SignalKind::hangup())?.recv().await
        };
        Ok(())
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
        ended = hangup => ended,
    }
}

/// Whether somebody has asked for it: that is what `nohup` does.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The lowest bit is signal 1, which is SIGHUP.
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[cfg(not(unix))]
pub(super) async fn asked() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
