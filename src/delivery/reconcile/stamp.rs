//! The time that stands before a log line, in the forms that syslog, journalctl and mail servers
//! write.
//!
//! It is cut out of every line and worked out for few: `Stamp` borrows, `Stamp::moment` reads.
//! Must never decide what a line means.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What a stamp leaves out: the year is the last one in which it has passed, and a time without a
/// zone is read in `zone`.
#[derive(Clone, Debug)]
pub struct LogClock {
    /// When the log is read.
    pub now: Timestamp,
    /// Where the relay's clock is taken to be.
    pub zone: TimeZone,
}

/// The time of a line as it is written there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp<'a> {
    pub(super) form: Form,
    pub(super) text: &'a str,
}

/// How a stamp is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// `Nov  6 14:00:00`, perhaps with a fraction: neither year nor zone.
    #[default]
    Classic,
    /// `2025-11-06T14:00:00.123+01:00`: RFC 3339, perhaps without a zone.
    Iso,
    /// `2025-11-06 14:00:00`, perhaps with a fraction and ` +0100`.
    Civil,
    /// Seconds since 1970.
    Unix,
}

impl<'a> Stamp<'a> {
    /// Takes a stamp off the front of a line; the rest begins behind the space.
    pub(super) fn cut(text: &'a str) -> Option<(Stamp<'a>, &'a str)> {
        classic(text).or_else(|| iso(text)).or_else(|| full(text)).or_else(|| unix(text))
    }

    /// Whether it leaves out its zone, so that one has to be assumed.
    pub(super) fn lacks_zone(self) -> bool {
        let zoned = |text: &str| {
            let time = text.get(10..).unwrap_or_default();
            time.contains(['Z', '+', '-'])
        };
        match self.form {
            Form::Classic => !self.text.is_empty(),
            Form::Iso | Form::Civil => !zoned(self.text),
            Form::Unix => false,
        }
    }

    /// The moment that it means, as far as that can be told.
    pub(super) fn moment(self, clock: &LogClock) -> Option<Timestamp> {
        let text = self.text;
        match self.form {
            Form::Classic => classic_moment(text, clock),
            Form::Iso => text.parse().ok().or_else(|| local(text, clock)),
            Form::Civil => {
                // `2025-11-06 14:00:00 +0100`: the zone follows its own space.
                let close = match text.rsplit_once(' ') {
                    Some((front, zone)) if zone.starts_with(['+', '-']) => format!("{front}{zone}"),
                    _ => text.to_owned(),
                };
                close.parse().ok().or_else(|| local(&close, clock))
            }
            Form::Unix => {
                let seconds = text.split('.').next()?;
                Timestamp::from_second(seconds.parse().ok()?).ok()
            }
        }
    }
}

/// Takes `2025-11-06 14:00:00` off the front of a line, with a fraction and a zone if they are
/// there.
pub(super) fn cut_civil(text: &str) -> Option<(Stamp<'_>, &str)> {
    let bytes = text.as_bytes();
    if !shaped(bytes, b"dddd-dd-dd dd:dd:dd") {
        return None;
    }
    let end = 19 + fraction(&bytes[19..]);
    let zone = bytes.get(end..).is_some_and(|rest| shaped(rest, b" +dddd"));
    let end = if zone { end + 6 } else { end };
    let stamp = Stamp { form: Form::Civil, text: text.get(..end)? };
    behind_space(text, end).map(|rest| (stamp, rest))
}

fn classic(text: &str) -> Option<(Stamp<'_>, &str)> {
    let bytes = text.as_bytes();
    MONTHS.iter().find(|month| bytes.starts_with(month.as_bytes()))?;
    let clock = [b" sd dd:dd:dd".as_slice(), b" d dd:dd:dd"]
        .into_iter()
        .find(|form| shaped(&bytes[3..], form))?;
    let end = 3 + clock.len();
    let end = end + fraction(&bytes[end..]);
    let stamp = Stamp { form: Form::Classic, text: text.get(..end)? };
    behind_space(text, end).map(|rest| (stamp, rest))
}

fn iso(text: &str) -> Option<(Stamp<'_>, &str)> {
    if !shaped(text.as_bytes(), b"dddd-dd-ddTdd:dd:dd") {
        return None;
    }
    let (stamp, rest) = text.split_once(' ')?;
    let plain = |byte: u8| byte.is_ascii_digit() || b"-+:.TZ".contains(&byte);
    let all = stamp.bytes().all(plain);
    all.then(|| (Stamp { form: Form::Iso, text: stamp }, rest.trim_start()))
}

/// `Thu 2025-11-06 14:00:00 CET`: an abbreviation names no one zone, so it is passed over.
fn full(text: &str) -> Option<(Stamp<'_>, &str)> {
    let (day, rest) = text.split_at_checked(4)?;
    let (stamp, rest) = cut_civil(rest).filter(|_| day.ends_with(' '))?;
    let (zone, rest) = rest.split_once(' ')?;
    zone.bytes().all(|byte| byte.is_ascii_uppercase()).then(|| (stamp, rest.trim_start()))
}

fn unix(text: &str) -> Option<(Stamp<'_>, &str)> {
    let (stamp, rest) = text.split_once(' ')?;
    let (seconds, fraction) = stamp.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let plausible = seconds.len() == 10 && digits(seconds) && digits(fraction);
    plausible.then(|| (Stamp { form: Form::Unix, text: stamp }, rest.trim_start()))
}

/// Whether `bytes` begin in a form: `d` is a digit, `s` a digit or a space, `+` a sign.
fn shaped(bytes: &[u8], form: &[u8]) -> bool {
    bytes.len() >= form.len()
        && bytes.iter().zip(form).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            b's' => byte.is_ascii_digit() || *byte == b' ',
            b'+' => b"+-".contains(byte),
            other => byte == other,
        })
}

/// How long the fraction of a second is, with its point.
fn fraction(bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(b'.' | b',') => 1 + bytes[1..].iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    }
}

fn behind_space(text: &str, end: usize) -> Option<&str> {
    text.get(end..)?.strip_prefix(' ').map(str::trim_start)
}

fn local(text: &str, clock: &LogClock) -> Option<Timestamp> {
    let there: DateTime = text.parse().ok()?;
    Some(there.to_zoned_datetime(clock.zone.clone()).ok()?.timestamp())
}

/// The last year in which the day exists and the moment has passed: a clock that is a day ahead
/// of ours has not.
fn classic_moment(text: &str, clock: &LogClock) -> Option<Timestamp> {
    let month = MONTHS.iter().position(|name| text.starts_with(name))?;
    let month = i8::try_from(month + 1).ok()?;
    let (day, time) = text[3..].trim_start().split_once(' ')?;
    let (day, time): (i8, Time) = (day.parse().ok()?, time.parse().ok()?);
    let latest = clock.now.checked_add(Span::new().hours(24)).ok()?;
    let this_year = clock.now.to_zoned_datetime(clock.zone.clone()).year();
    // A leap day comes back after eight years at the latest.
    (-1..=8).find_map(|back| {
        let date = Date::new(this_year.checked_sub(back)?, month, day).ok()?;
        let there = date.to_datetime(time).to_zoned_datetime(clock.zone.clone()).ok()?.timestamp();
        (there <= latest).then_some(there)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str, zone: &str) -> Option<String> {
        let now = "2026-01-02T10:00:00Z".parse().unwrap();
        let clock = LogClock { now, zone: TimeZone::get(zone).unwrap() };
        let line = format!("{text} mx postfix/qmgr[7]: x");
        let (stamp, rest) = Stamp::cut(&line).or_else(|| cut_civil(&line))?;
        assert!(rest.starts_with("mx "), "{rest}");
        stamp.moment(&clock).map(|moment| moment.to_string())
    }

    #[test]
    fn each_form_of_a_stamp_is_read() {
        for (text, zone, moment) in [
            ("Nov  6 14:00:00", "UTC", "2025-11-06T14:00:00Z"),
            ("Nov 6 14:00:00", "UTC", "2025-11-06T14:00:00Z"),
            ("Nov 16 14:00:00.123456", "UTC", "2025-11-16T14:00:00.123456Z"),
            ("Nov  6 14:00:00", "Asia/Seoul", "2025-11-06T05:00:00Z"),
            ("2025-11-06T14:00:00.5+01:00", "UTC", "2025-11-06T13:00:00.5Z"),
            ("2025-11-06T14:00:00+0100", "UTC", "2025-11-06T13:00:00Z"),
            ("2025-11-06T14:00:00Z", "Asia/Seoul", "2025-11-06T14:00:00Z"),
            ("2025-11-06T14:00:00", "Asia/Seoul", "2025-11-06T05:00:00Z"),
            ("2025-11-06 14:00:00", "Asia/Seoul", "2025-11-06T05:00:00Z"),
            ("2025-11-06 14:00:00.25 +0100", "UTC", "2025-11-06T13:00:00.25Z"),
            ("Thu 2025-11-06 14:00:00 CET", "UTC", "2025-11-06T14:00:00Z"),
            ("1762437600.123456", "UTC", "2025-11-06T14:00:00Z"),
        ] {
            assert_eq!(read(text, zone).as_deref(), Some(moment), "{text}");
        }
    }

    #[test]
    fn a_year_that_is_not_written_is_the_last_in_which_the_day_has_passed() {
        for (text, moment) in [
            ("Jan  2 09:00:00", "2026-01-02T09:00:00Z"),
            ("Jan  3 09:00:00", "2026-01-03T09:00:00Z"),
            ("Jan  4 09:00:00", "2025-01-04T09:00:00Z"),
            ("Dec 31 23:59:59", "2025-12-31T23:59:59Z"),
            ("Feb 29 12:00:00", "2024-02-29T12:00:00Z"),
        ] {
            assert_eq!(read(text, "UTC").as_deref(), Some(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_stamp_is_none() {
        for text in ["Nov 32", "Nov 6 14:00", "2025-11-06", "12.5", "May be", "thu 6"] {
            assert_eq!(Stamp::cut(&format!("{text} mx x")), None, "{text}");
        }
        assert_eq!(read("Feb 31 12:00:00", "UTC"), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|(Nov|Feb) [0-9 ]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\PC{0,9}") {
            let now = "2026-01-02T10:00:00Z".parse().unwrap();
            let clock = LogClock { now, zone: TimeZone::UTC };
            for (stamp, rest) in [Stamp::cut(&text), cut_civil(&text)].into_iter().flatten() {
                prop_assert!(text.ends_with(rest));
                stamp.moment(&clock);
            }
        }
    }
}
