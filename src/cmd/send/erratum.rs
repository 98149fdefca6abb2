//! The send that `digest amend --notify` goes on with.

use std::time::Duration;

use sejong_digest::delivery::pace::Rate;

use super::Args;
use super::options::PlanArgs;
use crate::cmd::LogOptions;
use crate::cmd::readers::ListArgs;
use crate::cmd::relays::RelayArgs;

impl Args {
    /// Those of an erratum, which is another issue than the one that it is about, however like that it is.
    pub(in crate::cmd) fn of_erratum(
        issue: String,
        (list, relay, limit): (ListArgs, RelayArgs, Option<Rate>),
        (yes, json, log): (bool, bool, LogOptions),
    ) -> Args {
        Args {
            plan: PlanArgs::of_issue(issue, (list, relay, limit), json),
            yes,
            dry_run: false,
            fresh: false,
            despite_receipt: false,
            new_issue: true,
            despite_changes: false,
            despite_list: false,
            despite_clock: false,
            despite_complaints: false,
            despite_copy: false,
            new_secret: false,
            allow_private: false,
            wait: Duration::ZERO,
            at: None,
            not_after: None,
            log,
        }
    }
}
