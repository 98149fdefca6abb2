//! The clock: the only place that reads it. Rooms of the library take the time as an argument, so
//! that each can be tested at any hour.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use sejong_digest::message::splice::Occasion;

use super::failure::Failure;

/// This moment.
#[allow(clippy::disallowed_methods, reason = "commands are where the time comes in")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// This moment where the publication is.
pub(crate) fn now_in(zone: &TimeZone) -> ZonedDateTime {
    now().to_zoned_datetime(zone.clone())
}

/// What a run at `moment` adds to all its messages: the date as RFC 5322 3.3 writes it, `Thu, 6 Nov
/// 2025 09:00:00 -0500`, and the same for signatures.
pub(crate) fn occasion(moment: &ZonedDateTime, test: bool) -> Result<Occasion, Failure> {
    let date = jiff::fmt::rfc2822::to_string(moment)?;
    Ok(Occasion { date, time: moment.timestamp().as_second(), test })
}
