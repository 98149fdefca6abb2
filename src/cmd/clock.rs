//! The clock: the only place that reads it. Rooms of the library take the time as an argument, so
//! that each can be tested at any hour.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};
use sejong_digest::message::splice::{MailKind, Occasion};

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
    let date = rfc5322(moment)?;
    Ok(Occasion { date, time: moment.timestamp().as_second(), test, kind: MailKind::Issue })
}

/// A moment where the publication is.
pub(crate) fn at(moment: Timestamp, zone: &TimeZone) -> ZonedDateTime {
    moment.to_zoned_datetime(zone.clone())
}

/// A moment for people, to the minute: `2025-11-06 09:00` where the publication is.
pub(crate) fn minute(moment: Timestamp, zone: &TimeZone) -> String {
    at(moment, zone).strftime("%F %H:%M").to_string()
}

/// A moment of the ledger, RFC 3339, for people: as [`minute`], or as it stands there where it is
/// none.
pub(crate) fn told(at: &str, zone: &TimeZone) -> String {
    at.parse().map_or_else(|_| at.to_owned(), |at| minute(at, zone))
}

/// A moment for scripts: RFC 3339, to the second, `2025-11-06T14:00:00Z`.
pub(crate) fn second(moment: Timestamp) -> String {
    moment.strftime("%FT%TZ").to_string()
}

/// The zone in a form that everybody knows: `America/New_York`, or else its offset at that moment.
pub(crate) fn zone_name(moment: Timestamp, zone: &TimeZone) -> String {
    let offset = || at(moment, zone).strftime("UTC%:z").to_string();
    zone.iana_name().map_or_else(offset, str::to_owned)
}

/// A moment as people write it: RFC 3339, or a date and a time where the publication is. A date alone
/// is none: nobody who writes it means midnight.
pub(crate) fn moment(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    if text.trim().parse::<jiff::civil::Date>().is_ok() && !text.trim().contains([' ', 'T', 't']) {
        return Err(format!("{text:?} is a day without a time"));
    }
    let unreadable = |_| format!("{text:?} is not a time");
    let local: jiff::civil::DateTime = text.parse().map_err(unreadable)?;
    let there = local.to_zoned_datetime(zone.clone()).map_err(unreadable)?;
    Ok(there.timestamp())
}

/// A moment as RFC 5322 3.3 writes it: `Thu, 6 Nov 2025 09:00:00 -0500`.
pub(crate) fn rfc5322(moment: &ZonedDateTime) -> Result<String, Failure> {
    Ok(jiff::fmt::rfc2822::to_string(moment)?)
}
