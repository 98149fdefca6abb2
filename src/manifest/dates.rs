//! Dates as people and programs write them: `2025-11-06`, with a time and a zone behind it, and with
//! the month as an English word. Only the day counts, as it is written.

use jiff::civil::Date;

/// The months in English, in small letters.
pub(crate) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The day that a text names.
pub(super) fn read(text: &str) -> Option<Date> {
    let text = text.trim();
    in_digits(text).or_else(|| in_words(text))
}

/// What is wrong with a day that is written as one and that no calendar has: `2026-11-31`.
pub(super) fn no_such_day(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || "-/.".contains(c))).unwrap_or(text.len());
    let (year, month, day) = match parts(&text[..end]) {
        Some(parts) => parts,
        None => worded(text)?,
    };
    let year = i16::try_from(year).ok()?;
    let Some(first) = i8::try_from(month).ok().and_then(|month| Date::new(year, month, 1).ok())
    else {
        let swapped = (1..=12).contains(&day) && (1..=31).contains(&month);
        let hint = if swapped { ": the month stands before the day" } else { "" };
        return Some(format!("there is no month {month}{hint}"));
    };
    let last = first.last_of_month().day();
    let is_day = i8::try_from(day).is_ok_and(|day| (1..=last).contains(&day));
    (!is_day).then(|| {
        let name = MONTHS.get(usize::from(month) - 1).copied().unwrap_or_default();
        let (initial, rest) = name.split_at(1);
        format!("{}{rest} {year} has {last} days, and this is day {day}", initial.to_uppercase())
    })
}

/// `2025-11-06`, `2025/11/6` as numbers, whether or not there is such a day.
fn parts(day: &str) -> Option<(u16, u16, u16)> {
    let mark = day.chars().find(|c| !c.is_ascii_digit())?;
    let parts: Vec<&str> = day.split(mark).collect();
    let [year, month, day] = parts[..] else { return None };
    let is_short = |part: &str| (1..=2).contains(&part.len());
    if year.len() != 4 || !is_short(month) || !is_short(day) {
        return None;
    }
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

/// `2025-11-06`, `2025/11/6`, `2025-11-06 10:20:30 +0900`, `2025-11-06T10:20Z`.
fn in_digits(text: &str) -> Option<Date> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || "-/.".contains(c))).unwrap_or(text.len());
    let (day, rest) = text.split_at(end);
    let date = date_of(parts(day)?)?;
    let time = rest.strip_prefix(['T', 't']).or_else(|| rest.strip_prefix(char::is_whitespace));
    (rest.is_empty() || time.is_some_and(|time| is_time(time.trim()))).then_some(date)
}

/// `10:20`, `10:20:30.5 +09:00`, `10:20:30Z`, `10:20:30 Asia/Seoul`.
fn is_time(text: &str) -> bool {
    let is_clock = |c: char| c.is_ascii_digit() || ":.,".contains(c);
    let end = text.find(|c| !is_clock(c)).unwrap_or(text.len());
    let (clock, zone) = (&text[..end], text[end..].trim());
    let seconds = clock.split(['.', ',']).next().unwrap_or_default();
    let parts: Vec<&str> = seconds.split(':').collect();
    let below = |part: &str, most: u32| {
        (1..=2).contains(&part.len()) && part.parse::<u32>().is_ok_and(|number| number <= most)
    };
    let is_right = match parts[..] {
        [hour, minute] => below(hour, 24) && below(minute, 59),
        [hour, minute, second] => below(hour, 24) && below(minute, 59) && below(second, 60),
        _ => false,
    };
    is_right && is_zone(zone)
}

/// Nothing, `Z`, `+0900`, `-5`, `+09:00`, `KST`, `Asia/Seoul`, `AM`, and the name in brackets.
fn is_zone(text: &str) -> bool {
    let text = text.trim_start_matches(['[', '(']).trim_end_matches([']', ')']);
    if let Some(offset) = text.strip_prefix(['+', '-']) {
        let (offset, name) = offset.split_at(offset.find(['[', '(', ' ']).unwrap_or(offset.len()));
        let digits = offset.replace(':', "");
        let fits = matches!(digits.len(), 1 | 2 | 4 | 6);
        return fits && digits.bytes().all(|byte| byte.is_ascii_digit()) && is_zone(name.trim());
    }
    text.len() <= 40 && text.chars().all(|c| c.is_ascii_alphabetic() || "/_ ".contains(c))
}

fn date_of((year, month, day): (u16, u16, u16)) -> Option<Date> {
    let (year, month) = (i16::try_from(year).ok()?, i8::try_from(month).ok()?);
    Date::new(year, month, i8::try_from(day).ok()?).ok()
}

/// `6 November 2025`, `November 6, 2025`, `Thu, 06 Nov 2025 10:20:30 +0900`.
fn in_words(text: &str) -> Option<Date> {
    date_of(worded(text)?)
}

/// The same as numbers, whether or not there is such a day.
fn worded(text: &str) -> Option<(u16, u16, u16)> {
    let words: Vec<&str> =
        text.split([' ', ',', '-']).filter(|word| !word.is_empty()).take(8).collect();
    let month_of = |word: &str| {
        let word = word.trim_end_matches('.').to_ascii_lowercase();
        let word = if word == "sept" { "sep" } else { &word };
        MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(word))
    };
    let at = words.iter().take(3).position(|word| month_of(word).is_some())?;
    let month = month_of(words[at])? + 1;
    let number = |at: usize| -> Option<u16> {
        let word = words.get(at)?;
        word.trim_end_matches(['s', 't', 'n', 'd', 'r', 'h']).parse().ok()
    };
    let (day, year) = match at.checked_sub(1).and_then(number) {
        Some(day) => (day, number(at + 1)?),
        None => (number(at + 1)?, number(at + 2)?),
    };
    // What a year would be of two digits nobody knows.
    if year < 1000 {
        return None;
    }
    Some((year, u16::try_from(month).ok()?, day))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_forms_are_dates() {
        for text in [
            "2025-11-06",
            "2025-11-6",
            "2025/11/06",
            "2025.11.06",
            "2025-11-06 10:20",
            "2025-11-06 10:20:30",
            "2025-11-06 10:20:30 +0900",
            "2025-11-06 10:20:30 -5",
            "2025-11-06 10:20:30 +09:00",
            "2025-11-06 10:20:30 UTC",
            "2025-11-06T10:20:30Z",
            "2025-11-06T10:20:30.123Z",
            "2025-11-06t10:20:30+09:00",
            "2025-11-06T10:20:30+09:00[Asia/Seoul]",
            "2025-11-06 10:20:30 Asia/Seoul",
            "2025-11-06 10:20 PM",
            "6 November 2025",
            "6 Nov 2025",
            "November 6, 2025",
            "Nov. 6th, 2025",
            "Thu, 06 Nov 2025 10:20:30 +0900",
        ] {
            assert_eq!(read(text), Some(jiff::civil::date(2025, 11, 6)), "{text}");
        }
        assert_eq!(read("3 Sept 2025"), Some(jiff::civil::date(2025, 9, 3)));
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "",
            "today",
            "2025",
            "2025-11",
            "2025-13-01",
            "2025-02-30",
            "06-11-2025",
            "11/06/2025",
            "25-11-06",
            "2025-11-06 noon!",
            "2025-11-06 25:00",
            "2025-11-06T",
            "2025-11-06x",
            "November 2025",
            "6 November 25",
            "2025-11/06",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn days_that_no_calendar_has_are_told_by_their_month() {
        for (text, told) in [
            ("2026-11-31", Some("November 2026 has 30 days, and this is day 31")),
            ("2026-02-29 10:00", Some("February 2026 has 28 days, and this is day 29")),
            ("31 November 2026", Some("November 2026 has 30 days, and this is day 31")),
            ("2026-31-11", Some("there is no month 31: the month stands before the day")),
            ("2026-00-10", Some("there is no month 0")),
            ("2026-14-40", Some("there is no month 14")),
            ("2026/4/0", Some("April 2026 has 30 days, and this is day 0")),
            ("2026-11-30", None),
            ("2028-02-29", None),
            ("tomorrow", None),
            ("11/31/2026", None),
        ] {
            assert_eq!(no_such_day(text).as_deref(), told, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "(\\PC|[0-9:/. TZ+-]|Nov){0,30}") {
            let _ = (read(&text), no_such_day(&text));
        }
    }
}
