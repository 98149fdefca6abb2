//! `--at` and `--not-after`: when a send may begin, and until when it may go on.
//!
//! The wall clock is asked again and again, because a machine that slept has lost no time of it.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sejong_digest::delivery::duration;
use sejong_digest::delivery::run::Stopping;
use sejong_digest::delivery::send::planned::Planned;
use tokio::sync::watch;

use super::kept::KeptRight;
use crate::cmd::failure::Failure;
use crate::cmd::{clock, print};

/// So late a timer may start a send: nobody is surprised that it leaves at once.
const GRACE: SignedDuration = SignedDuration::from_hours(1);

/// See the file's head.
#[derive(Clone, Debug)]
pub(super) struct Window {
    at: Option<Timestamp>,
    not_after: Option<Timestamp>,
    zone: TimeZone,
    /// See [`Window::was_ahead`].
    was_ahead: bool,
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
            _ => {
                let was_ahead = at.is_some_and(|at| at > clock::now());
                Ok(Window { at, not_after, zone: zone.clone(), was_ahead })
            }
        }
    }

    /// From now on, without an end.
    pub(super) fn open(zone: &TimeZone) -> Window {
        Window { at: None, not_after: None, zone: zone.clone(), was_ahead: false }
    }

    /// When messages are to leave: the moment of `--at` if it is still to come, or now.
    pub(super) fn begin(&self) -> Timestamp {
        let now = clock::now();
        self.at.map_or(now, |at| at.max(now))
    }

    /// `at 7 January 09:00 (America/New_York), in 41 days`, where it is to wait.
    pub(super) fn start(&self) -> Option<String> {
        let now = clock::now();
        let at = self.at.filter(|at| *at > now)?;
        Some(format!("at {}, in {}", self.day(at, now), duration::spelled(at.duration_since(now))))
    }

    /// Whether the time of `--at` was still to come when the command began: hours may pass then, also
    /// before somebody answers a question.
    pub(super) fn was_ahead(&self) -> bool {
        self.was_ahead
    }

    /// Whether the time of `--at` has come before the command did.
    pub(super) fn is_past(&self) -> bool {
        self.at.is_some_and(|at| at <= clock::now())
    }

    /// What to say of `--at` if its time is past and messages may leave now anyway.
    /// `asked` tells that a person sees this before they say yes, and `begun` that somebody waits of
    /// an earlier plan of the issue: then the same command goes on where it stopped.
    pub(super) fn late(&self, asked: bool, begun: bool) -> Result<Option<String>, Failure> {
        let now = clock::now();
        let Some(at) = self.at.filter(|at| *at <= now) else { return Ok(None) };
        let late = now.duration_since(at);
        let told =
            format!("the time of --at, {}, was {} ago", self.day(at, now), duration::spelled(late));
        if asked || begun || late <= GRACE {
            return Ok(Some(format!("{told}: messages leave at once")));
        }
        Err(Failure::usage(format!("{told}; nothing was sent"))
            .help("leave --at away to send now, or name a time in the future"))
    }

    /// `7 January 09:00 (America/New_York)`; with its year where that is not to be guessed.
    fn day(&self, moment: Timestamp, now: Timestamp) -> String {
        let ahead = moment.duration_since(now);
        let near = ahead > SignedDuration::ZERO && ahead < SignedDuration::from_hours(300 * 24);
        let form = if near { "%-d %B %H:%M" } else { "%-d %B %Y %H:%M" };
        let zone = clock::zone_name(moment, &self.zone);
        format!("{} ({zone})", clock::at(moment, &self.zone).strftime(form))
    }

    /// `the time of --not-after, 2025-11-06 09:00:00, has passed`, once it has.
    pub(super) fn over(&self) -> Option<String> {
        let end = self.not_after.filter(|end| *end <= clock::now())?;
        Some(format!("the time of --not-after, {}, has passed", self.told(end)))
    }

    /// Waits until it may begin; `false` if somebody has interrupted. Meanwhile, and at the end, it keeps
    /// the right to send.
    pub(super) async fn wait(
        &self,
        mut stopping: watch::Receiver<Stopping>,
        planned: &Planned,
    ) -> Result<bool, Failure> {
        let Some(at) = self.at.filter(|at| *at > clock::now()) else { return Ok(true) };
        let told = self.told(at);
        let is_seen = !print::is_for_programs() && std::io::stderr().is_terminal();
        let bar = is_seen.then(ProgressBar::new_spinner);
        if bar.is_none() {
            print::note(&format!("waiting until {told}"));
        }
        let interrupted = stopping.wait_for(|wanted| *wanted >= Stopping::Drain);
        tokio::pin!(interrupted);
        let mut right = KeptRight::new();
        let ended = loop {
            let left = at.duration_since(clock::now());
            tokio::select! {
                kept = right.keep(planned, -left) => match kept {
                    Ok(true) if left <= SignedDuration::ZERO => break Ok(true),
                    Ok(_) => {}
                    Err(failure) => break Err(failure),
                },
                heard = &mut interrupted => if heard.is_ok() { break Ok(false) },
            }
            let left = Duration::try_from(left).unwrap_or_default();
            if let Some(bar) = &bar {
                bar.set_message(format!("waiting until {told}: {}", duration::countdown(left)));
            }
            let second = Duration::from_secs(1);
            let pause = if left.is_zero() { second } else { left.min(second) };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                heard = &mut interrupted => if heard.is_ok() { break Ok(false) },
            }
        };
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        ended
    }

    /// Ends the run when it is over, as a first Ctrl-C does.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn window(at: Timestamp) -> Window {
        let zone = TimeZone::get("America/New_York").unwrap();
        Window { at: Some(at), not_after: None, zone, was_ahead: false }
    }

    #[test]
    fn a_day_has_its_year_where_nobody_would_guess_it() {
        let now: Timestamp = "2025-11-27T12:00:00Z".parse().unwrap();
        let day = |text: &str| {
            let at = text.parse().unwrap();
            window(at).day(at, now)
        };
        assert_eq!(day("2026-01-07T14:00:00Z"), "7 January 09:00 (America/New_York)");
        assert_eq!(day("2027-01-07T14:00:00Z"), "7 January 2027 09:00 (America/New_York)");
        assert_eq!(day("2025-01-07T14:00:00Z"), "7 January 2025 09:00 (America/New_York)");
    }

    #[test]
    fn a_time_long_past_is_taken_only_where_somebody_sees_it_or_the_send_was_begun() {
        let ago = |hours| window(clock::now() - SignedDuration::from_hours(hours));
        assert!(ago(-1).late(false, false).unwrap().is_none());
        assert!(ago(0).late(false, false).unwrap().is_some());
        assert!(ago(24 * 300).late(true, false).unwrap().is_some());
        assert!(ago(24 * 300).late(false, true).unwrap().is_some());
        assert!(ago(24 * 300).late(false, false).is_err());
    }
}
