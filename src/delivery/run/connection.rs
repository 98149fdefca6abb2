//! One connection: sessions opened one after the other, each carrying what the queue hands out.

use std::time::Duration;

use super::Stopping;
use super::feed::RowFeed;
use super::shared::Work;
use crate::smtp::outcome::{Scope, Stage};
use crate::smtp::relay::Relay;
use crate::smtp::session::Session;
use crate::smtp::transaction::End;
use crate::smtp::trouble::{Remedy, Trouble};

/// The first pause before connecting again; each next one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Keeps a connection to a relay for as long as there is work; the trouble that ended it early.
pub(super) async fn keep(work: Work, route: usize, number: usize) -> Option<Trouble> {
    let relay = work.options.routes.get(route)?.relay.clone();
    let (mut failures, mut last) = (0_u32, None);
    while work.admitted(route).await {
        if work.refusals.is_refusing(route) {
            work.leave_to_others();
            return None;
        }
        let probe = work.health.is_probed(route);
        let Past { carried, answered, same_row, end } =
            session(&work, &work.health.adapted(route, &relay), route).await;
        if answered > 0 {
            failures = 0;
        }
        let trouble = match end {
            // Not a failure: the next session goes on at once.
            Ok(End::MaxMessages | End::TakenBack) => continue,
            Ok(End::Drained) if work.refusals.is_refusing(route) => continue,
            Ok(End::Drained) if work.queue.more().await => continue,
            Ok(End::Drained | End::Stopped) => return None,
            Err(trouble) => trouble,
        };
        tracing::debug!(relay = route, connection = number, %trouble, "session ended");
        last = Some(trouble.clone());
        work.note_trouble(&trouble);
        if trouble.asks_for_fewer_connections() && work.health.want_fewer(route) {
            continue;
        }
        // What one row does again and again is not the relay's failure.
        failures += u32::from(!same_row);
        let given_up = failures > work.patience();
        let fails = trouble.scope == Scope::Relay || given_up || probe;
        // A name that no server knows may be a passing fault only where it was known before.
        let unknown = trouble.is_about_the_name() && !work.has_opened();
        match trouble.remedy {
            Remedy::Stop if work.has_several_relays() => {
                work.note_failed(route, &trouble);
                work.leave_to_others();
                return last;
            }
            _ if fails && work.has_several_relays() && work.health.fail(route) => {
                work.note_failed(route, &trouble);
                failures = 0;
            }
            _ if unknown || trouble.remedy == Remedy::Stop => {
                work.queue.close();
                return last;
            }
            _ if given_up && !work.has_several_relays() => return last,
            Remedy::Lockstep => work.health.cannot_pipeline(route),
            Remedy::Reconnect if trouble.stage == Stage::Mail => {
                work.health.ended_after(route, carried);
            }
            // Behind MAIL it is rather the recipient than a limit.
            Remedy::Reconnect => {}
            Remedy::BackOff | Remedy::Stop => {
                // Longer each time, and not in step with the other connections.
                let length = FIRST_PAUSE * 2_u32.pow(failures.saturating_sub(1).min(6));
                pause(&work, length + length.mul_f64(0.13 * (number % 4) as f64)).await;
            }
        }
    }
    last
}

/// Waits before connecting again. When other connections have done all the work meanwhile, there is
/// nothing to wait for.
pub(super) async fn pause(work: &Work, pause: Duration) {
    let mut stopping = work.options.stopping.clone();
    let stopped = stopping.wait_for(|wanted| *wanted >= Stopping::Drain);
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        Ok(_) = stopped => {}
        () = work.queue.over() => {}
    }
}

/// What became of one session.
struct Past {
    /// Messages that it settled by a reply to their final dot.
    carried: u64,
    /// Rows that the relay has answered to in any way.
    answered: u64,
    /// It ended in the middle of a row that had ended another one before.
    same_row: bool,
    end: Result<End, Trouble>,
}

/// One session, from its opening to its end.
async fn session(work: &Work, relay: &Relay, route: usize) -> Past {
    let opened = tokio::select! {
        opened = Session::open(relay) => opened.map_err(Err),
        // A relay that says nothing holds up no end.
        () = pause(work, Duration::MAX) => Err(Ok(End::Stopped)),
    };
    let mut session = match opened {
        Ok(session) => session,
        Err(end) => {
            work.health.closed(route, false, 0);
            return Past { carried: 0, answered: 0, same_row: false, end };
        }
    };
    let open = work.options.progress.open();
    work.health.opened(route);
    work.note_opened();
    work.options.progress.tell(None);
    let mut feed = RowFeed::new(work, route);
    let end = session.carry(&mut feed).await;
    let carried = session.carried();
    work.health.closed(route, true, carried);
    drop(open);
    let (answered, same_row) = feed.past();
    if matches!(end, Ok(End::Drained | End::MaxMessages)) {
        session.quit().await;
    }
    Past { carried, answered, same_row, end }
}
