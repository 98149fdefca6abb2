//! The queue ids under which a server handles messages that are asked about.
//!
//! A queue id is good for one message at a time, on one host and of one instance, and is given to
//! another message afterwards. Must never hold messages that nobody asked about.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::evidence::{Here, LoggedMessageId};
use super::syslog::SyslogLine;

/// A queue id that is not taken so long after its message began belongs to another by now: lines
/// are missing in between.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// Lines of one host may stand a little out of order.
const DISORDER: SignedDuration = SignedDuration::from_mins(5);

/// Whose queue id it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    container: &'a str,
    host: &'a str,
    /// One host may run several servers of a kind under names of their own.
    instance: &'a str,
}

impl<'a> Origin<'a> {
    pub(super) fn new(line: &SyslogLine<'a>, instance: &'a str) -> Origin<'a> {
        Origin { container: line.container, host: line.host, instance }
    }
}

/// A queue id under which a message was begun.
#[derive(Debug)]
struct Queued {
    container: String,
    host: String,
    instance: String,
    logged: LoggedMessageId,
    since: Option<Timestamp>,
    taken: bool,
}

impl Queued {
    fn is_of(&self, origin: &Origin<'_>) -> bool {
        (self.host.as_str(), self.instance.as_str(), self.container.as_str())
            == (origin.host, origin.instance, origin.container)
    }
}

/// The queue ids of messages that are asked about.
#[derive(Debug, Default)]
pub(super) struct QueueIds {
    ids: HashMap<String, Vec<Queued>>,
}

impl QueueIds {
    /// A message that is asked about has this queue id from here on.
    pub(super) fn begin(
        &mut self,
        id: &str,
        origin: &Origin<'_>,
        logged: LoggedMessageId,
        here: &Here<'_>,
    ) {
        self.forget(id, origin);
        let queued = Queued {
            container: origin.container.to_owned(),
            host: origin.host.to_owned(),
            instance: origin.instance.to_owned(),
            logged,
            since: here.moment(),
            taken: false,
        };
        self.ids.entry(id.to_owned()).or_default().push(queued);
    }

    /// The queue id is another message's from here on, or nobody's.
    pub(super) fn forget(&mut self, id: &str, origin: &Origin<'_>) {
        let Some(all) = self.ids.get_mut(id) else { return };
        all.retain(|queued| !queued.is_of(origin));
        if all.is_empty() {
            self.ids.remove(id);
        }
    }

    /// The message that has this queue id.
    pub(super) fn logged(
        &mut self,
        id: &str,
        origin: &Origin<'_>,
        here: &Here<'_>,
    ) -> Option<LoggedMessageId> {
        let queued = self.ids.get(id)?.iter().find(|queued| queued.is_of(origin))?;
        let logged = queued.logged;
        let (false, Some(since), Some(now)) = (queued.taken, queued.since, here.moment()) else {
            return Some(logged);
        };
        let plausible = -DISORDER..=LONGEST;
        if plausible.contains(&now.duration_since(since)) {
            return Some(logged);
        }
        self.forget(id, origin);
        None
    }

    /// The message with this queue id was taken: it may stay in the queue for days.
    pub(super) fn taken(&mut self, id: &str, origin: &Origin<'_>) {
        let mut all = self.ids.get_mut(id).into_iter().flatten();
        if let Some(queued) = all.find(|queued| queued.is_of(origin)) {
            queued.taken = true;
        }
    }

    /// How many queue ids are followed.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }
}
