//! `--at` and `--not-after`: when a send may begin, and until when it may go on.
//!
//! The wall clock is asked again and again, because a machine that slept has lost no time of it.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sejong_digest::delivery::run::Stopping;
use tokio::sync::watch;

use super::signals;
use crate::cmd::failure::Failure;
use crate::cmd::{clock, print};

/// See the file's head.
#[derive(Clone, Debug)]
pub(super) struct Window {
    at: Option<Timestamp>,
    not_after: Option<Timestamp>,
    zone: TimeZone,
}

impl Window {
    /// Reads both flags; a time without an offset is the publication's.
    pub(super) fn read(
        at: Option<&str>,
        not_after: Option<&str>,
        zone: &TimeZone,
    ) -> Result<Window, Failure> {
        let moment = |flag: &str, text: Option<&str>| {
            let read = text.map(|text| clock::moment(text, zone)).transpose();
            read.map_err(|reason| {
                Failure::usage(format!("{flag}: {reason}"))
                    .help("as in 2025-11-06 09:00, or 2025-11-06T09:00:00-05:00")
            })
        };
        let at = moment("--at", at)?;
        let not_after = moment("--not-after", not_after)?;
        match (at, not_after) {
            (Some(at), Some(end)) if at >= end => {
                Err(Failure::usage("--not-after is not later than --at"))
            }
            _ => Ok(Window { at, not_after, zone: zone.clone() }),
        }
    }

    /// When messages are to leave: the moment of `--at` if it is still to come, or now.
    pub(super) fn begin(&self) -> Timestamp {
        let now = clock::now();
        self.at.map_or(now, |at| at.max(now))
    }

    /// `not after 2025-11-06 09:00`, once it is later than that.
    pub(super) fn over(&self) -> Option<String> {
        let end = self.not_after.filter(|end| *end <= clock::now())?;
        Some(format!("not after {}", self.told(end)))
    }

    /// Waits until it may begin; `false` if somebody has interrupted.
    pub(super) async fn wait(&self) -> bool {
        let Some(at) = self.at.filter(|at| *at > clock::now()) else { return true };
        let told = self.told(at);
        let bar = std::io::stderr().is_terminal().then(ProgressBar::new_spinner);
        if bar.is_none() {
            print::note(&format!("waiting until {told}"));
        }
        let interrupted = signals::asked();
        tokio::pin!(interrupted);
        let ended = loop {
            let left = at.duration_since(clock::now());
            if left <= jiff::SignedDuration::ZERO {
                break true;
            }
            if let Some(bar) = &bar {
                bar.set_message(format!("waiting until {told}: {}", countdown(left.as_secs())));
            }
            let pause = Duration::try_from(left).unwrap_or_default().min(Duration::from_secs(1));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                heard = &mut interrupted => if heard.is_ok() { break false },
            }
        };
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        ended
    }

    /// Ends the run when it is over: what is on the wire is finished.
    pub(super) async fn watch(self, stop: Arc<watch::Sender<Stopping>>) {
        if self.not_after.is_some() {
            while self.over().is_none() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            stop.send_if_modified(|wanted| {
                let changed = *wanted == Stopping::No;
                *wanted = (*wanted).max(Stopping::Drain);
                changed
            });
        }
    }

    fn told(&self, moment: Timestamp) -> String {
        clock::at(moment, &self.zone).strftime("%F %H:%M:%S").to_string()
    }
}

/// `1 h 02 min 03 s`.
fn countdown(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest:02} s"),
        _ => format!("{hours} h {minutes:02} min {rest:02} s"),
    }
}
