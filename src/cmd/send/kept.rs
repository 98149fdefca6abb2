//! The right to send, while `--at` waits: a server may be restarted in those hours, or the network fail.
//!
//! Must never wait without the right and say nothing.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use sejong_digest::delivery::send::SendError;
use sejong_digest::delivery::send::planned::Planned;
use sejong_digest::store::StoreError;

use super::refusal;
use crate::cmd::failure::Failure;
use crate::cmd::print;

/// So often it is asked whether the right is there still.
const EACH: Duration = Duration::from_secs(10);

/// So long behind its time a send waits for the server. After two minutes that has let go of a session
/// whose network failed.
const LATEST: SignedDuration = SignedDuration::from_secs(150);

/// When it was asked last, and what was heard.
pub(super) struct KeptRight {
    asked: Instant,
    is_lost: bool,
}

impl KeptRight {
    /// Of a send that has it.
    pub(super) fn new() -> KeptRight {
        KeptRight { asked: Instant::now(), is_lost: false }
    }

    /// Asks whether it is there, if it is time to; whether it was there when asked last. `late` is how
    /// long ago the send was to begin.
    pub(super) async fn keep(
        &mut self,
        planned: &Planned,
        late: SignedDuration,
    ) -> Result<bool, Failure> {
        let is_due = late >= SignedDuration::ZERO && !self.is_lost;
        if !is_due && self.asked.elapsed() < EACH {
            return Ok(!self.is_lost);
        }
        let kept = planned.keep_lock().await;
        self.asked = Instant::now();
        match kept {
            Ok(was_lost) => {
                if was_lost || self.is_lost {
                    print::note(
                        "the connection to the store was lost, and is there again: nobody else has \
                         sent the issue",
                    );
                }
                self.is_lost = false;
                Ok(true)
            }
            Err(SendError::Store(error)) if may_pass(&error) && late < LATEST => {
                if !self.is_lost {
                    print::note(&format!("{error}; trying again until it is time to send"));
                }
                self.is_lost = true;
                Ok(false)
            }
            Err(error) => Err(refusal::told(error)),
        }
    }
}

/// Whether it may be over before the send begins.
fn may_pass(error: &StoreError) -> bool {
    error.is_passing() || matches!(error, StoreError::Busy { .. })
}
