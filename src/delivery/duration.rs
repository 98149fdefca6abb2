//! Lengths of time as people write and read them.
//!
//! jiff reads them. It writes every unit of a length, as in `2h 14m 3s`, which is more than anybody
//! wants to know of a wait or of a guess: so the words are ours, and mostly one unit.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::diagnostic::counted;

/// Nothing here waits longer; a number with a unit too many is a slip.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// It is not of the form `5m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is written 30s, 5m, 2h or 3d")]
pub struct DurationError;

/// Reads `500ms`, `30s`, `5m`, `2h`, `1h30m` or `3d`. A day has 24 hours; longer units are no units
/// of a wait.
///
/// # Errors
/// [`DurationError`].
pub fn read(text: &str) -> Result<Duration, DurationError> {
    let span: Span = text.trim().parse().map_err(|_| DurationError)?;
    if (span.get_years(), span.get_months(), span.get_weeks()) != (0, 0, 0) {
        return Err(DurationError);
    }
    let exact: Result<SignedDuration, _> = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let exact = exact.ok().and_then(|exact| Duration::try_from(exact).ok());
    exact.filter(|exact| *exact <= LONGEST).ok_or(DurationError)
}

/// A wait that is over: `90 s`, `119 min`, `24 h`.
pub fn whole(time: Duration) -> String {
    match time.as_secs() {
        s if s < 120 => format!("{s} s"),
        s if s < 7_200 => format!("{} min", s / 60),
        s => format!("{} h", s / 3_600),
    }
}

/// A measure or a guess in seconds: `1.2 s`, `90 s`, `14 min`, `2.5 h`.
pub fn about(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}

/// A length in the words of a sentence, in the largest unit of which there are two: `41 days`.
pub fn spelled(time: SignedDuration) -> String {
    match time.as_secs().max(0).unsigned_abs() {
        s if s < 120 => counted(s, "second"),
        s if s < 2 * 3_600 => counted(s / 60, "minute"),
        s if s < 2 * 86_400 => counted(s / 3_600, "hour"),
        s => counted(s / 86_400, "day"),
    }
}

/// What is left, to the second: `1 h 02 min 03 s`.
pub fn countdown(left: Duration) -> String {
    let seconds = left.as_secs();
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest:02} s"),
        _ => format!("{hours} h {minutes:02} min {rest:02} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn lengths_are_read() {
        for (text, time) in [
            ("500ms", Duration::from_millis(500)),
            ("0s", Duration::ZERO),
            (" 2 h ", MINUTE * 120),
            ("1h30m", MINUTE * 90),
            ("3d", MINUTE * 60 * 72),
        ] {
            assert_eq!(read(text), Ok(time), "{text}");
        }
        for bad in ["", "5", "m", "-5m", "5 weeks", "1mo", "1y", "99999999999s", "5 m of"] {
            assert_eq!(read(bad), Err(DurationError), "{bad}");
        }
    }

    #[test]
    fn lengths_are_spelled_in_the_largest_unit_of_which_there_are_two() {
        for (seconds, words) in [
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
            (41 * 86_400 + 5, "41 days"),
        ] {
            assert_eq!(spelled(SignedDuration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn lengths_are_written_in_one_unit_or_to_the_second() {
        let seconds = Duration::from_secs;
        for (time, text) in [(119, "119 s"), (120, "2 min"), (7_199, "119 min"), (86_400, "24 h")] {
            assert_eq!(whole(seconds(time)), text);
        }
        for (time, text) in [(1.23, "1.2 s"), (99.6, "100 s"), (840.0, "14 min"), (9e3, "2.5 h")] {
            assert_eq!(about(time), text);
        }
        for (time, text) in [(59, "59 s"), (63, "1 min 03 s"), (3_723, "1 h 02 min 03 s")] {
            assert_eq!(countdown(seconds(time)), text);
        }
    }
}
