//! A day of the week that does not fit the date beside it, and a day that no calendar has: readers come
//! on the wrong day.
//!
//! Must never guess a year: only dates with day, month and year are looked at, and only the day of
//! the week that stands directly before or behind them.

use std::ops::Range;

use jiff::civil::{Date, Weekday};

use super::author::readable;
use super::calendar::{self, WEEKDAYS};
use super::spot::Spot;
use super::view::View;
use crate::diagnostic::Diagnostic;

/// Years in which every country that prints newsletters counts its days alike.
const YEARS: Range<i16> = 1930..2200;

/// Wrong days of one text that are told.
const MOST: usize = 20;

/// A piece of a text: a word, a number, or a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DatePart<'t> {
    Word(&'t str),
    Number(i16, usize),
    Sign(char),
}

/// The texts of an issue, with where each stands, and its language.
fn texts<'v>(view: &'v View<'_>) -> impl Iterator<Item = (Spot<'v>, String, &'v str)> {
    let issue = view.input.issue;
    let at =
        |span: &Range<usize>| Spot { source: &issue.manifest, span: span.clone(), is_file: false };
    let head = std::iter::once(&issue.subject).chain(&issue.preheader);
    let own = issue.language.as_str();
    let head = head.map(move |text| (at(&text.span), readable(&text.value, &issue.slots), own));
    let passages = view.author.passages.iter();
    head.chain(passages.map(|one| (one.spot.clone(), one.text.clone(), one.language)))
}

/// The rule `weekday`.
pub(super) fn weekday(view: &View<'_>) -> Vec<Diagnostic> {
    let own = view.input.issue.language.as_str();
    texts(view)
        .flat_map(|(spot, text, language)| {
            let wrong = wrong(&text, &[language, own, "en"]).into_iter();
            wrong.map(|wrong| told(&spot, &text, wrong)).collect::<Vec<_>>()
        })
        .collect()
}

/// The rule `no-such-day`: 31 November.
pub(super) fn no_such_day(view: &View<'_>) -> Vec<Diagnostic> {
    texts(view)
        .flat_map(|(spot, text, _)| {
            let told = |range: Range<usize>| {
                let written = &text[range];
                Diagnostic::warning("no-such-day", format!("there is no such day: {written}"))
                    .at(spot.of(written))
                    .help("correct the day or the month")
            };
            impossible(&text).into_iter().map(told).collect::<Vec<_>>()
        })
        .collect()
}

/// Dates of a text that no calendar has. A month that there is not is more likely no date at all.
fn impossible(text: &str) -> Vec<Range<usize>> {
    if !["29", "30", "31"].iter().any(|day| text.contains(day)) {
        return Vec::new();
    }
    let pieces = pieces(text);
    let found = (0..pieces.len()).filter_map(|at| {
        let (day, end) = date_at(&pieces, at)?;
        let is_none = YEARS.contains(&day.year)
            && (1..=12).contains(&day.month)
            && (29..=31).contains(&day.day)
            && day.date().is_none();
        is_none.then(|| pieces[at].0.start..pieces[end - 1].0.end)
    });
    found.take(MOST).collect()
}

/// A day of the week that does not fit.
#[derive(Debug, PartialEq, Eq)]
struct WrongDay {
    /// Where it is written.
    day: Range<usize>,
    /// Where it is written together with its date.
    whole: Range<usize>,
    /// What the date is.
    date: Date,
}

fn told(spot: &Spot<'_>, text: &str, WrongDay { day, whole, date }: WrongDay) -> Diagnostic {
    let word = &text[day];
    let (day, own) = (date.weekday(), word.to_lowercase());
    let index = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
    let english = WEEKDAYS[0].names[index];
    let (first, rest) = english.split_at(1);
    let english = format!("{}{rest}", first.to_uppercase());
    let row = WEEKDAYS.iter().find(|row| row.names.contains(&own.as_str()));
    let local = row.filter(|row| row.language != "en").map(|row| row.names[index]);
    let local = local.map(|local| format!(" ({local})")).unwrap_or_default();
    Diagnostic::warning(
        "weekday",
        format!("{date} is a {english}{local}, and the text says {word}"),
    )
    .at(spot.find(&text[whole]).unwrap_or_else(|| spot.of(word)))
    .help("correct the day of the week, or the date")
}

/// The days of the week of a text that do not fit; short names are read in these `languages`.
fn wrong(text: &str, languages: &[&str]) -> Vec<WrongDay> {
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return Vec::new();
    }
    let pieces = pieces(text);
    let mut found = Vec::new();
    for at in 0..pieces.len() {
        let Some((day, end)) = date_at(&pieces, at) else { continue };
        let Some(date) = day.date() else { continue };
        let named =
            day_before(&pieces, at, languages).or_else(|| day_behind(&pieces, end, languages));
        if let Some(NamedDay { range, days, .. }) = named
            && found.len() < MOST
            && !days.contains(&date.weekday())
        {
            let written = pieces[at].0.start..pieces[end - 1].0.end;
            let whole = range.start.min(written.start)..range.end.max(written.end);
            found.push(WrongDay { day: range, whole, date });
        }
    }
    found
}

fn pieces(text: &str) -> Vec<(Range<usize>, DatePart<'_>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = |is_part: fn(char) -> bool| rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (length, piece) = if c.is_ascii_digit() {
            let length = length(|c| c.is_ascii_digit());
            (length, DatePart::Number(rest[..length].parse().unwrap_or(-1), length))
        } else if c.is_alphabetic() {
            let length = length(char::is_alphabetic);
            (length, DatePart::Word(&rest[..length]))
        } else {
            (c.len_utf8(), DatePart::Sign(c))
        };
        if !c.is_whitespace() {
            found.push((at..at + length, piece));
        }
        at += length;
    }
    found
}

/// A date as it is written, whether or not there is such a day.
#[derive(Clone, Copy)]
struct WrittenDate {
    year: i16,
    month: i16,
    day: i16,
}

impl WrittenDate {
    /// The day of the calendar, in the years that are looked at.
    fn date(self) -> Option<Date> {
        let (month, day) = (i8::try_from(self.month).ok()?, i8::try_from(self.day).ok()?);
        YEARS.contains(&self.year).then(|| Date::new(self.year, month, day).ok()).flatten()
    }
}

fn date(year: i16, month: i16, day: i16) -> WrittenDate {
    WrittenDate { year, month, day }
}

/// The date that begins with the piece at `at`, and where it ends.
fn date_at(all: &[(Range<usize>, DatePart<'_>)], at: usize) -> Option<(WrittenDate, usize)> {
    use DatePart::{Number, Sign, Word};
    let piece = |offset: usize| all.get(at + offset).map(|(_, piece)| *piece);
    let touch = |offset: usize| all[at + offset].0.end == all[at + offset + 1].0.start;
    // A number that goes on before it, as `5.11.2026` does behind its day, begins no date.
    if at > 0
        && matches!(all[at - 1].1, Sign('.' | '/' | '-' | '–' | '—' | '~' | ':') | Number(..))
        && all[at - 1].0.end == all[at].0.start
    {
        return None;
    }
    match (piece(0)?, piece(1)?) {
        // 2026년 11월 27일, 2026年11月27日
        (Number(year, 4), Word("년" | "年")) => {
            match (piece(2)?, piece(3)?, piece(4)?, piece(5)?) {
                // A particle may be written together with the day: 27일에.
                (Number(month, _), Word("월" | "月"), Number(day, _), Word(end))
                    if end.starts_with(['일', '日']) =>
                {
                    Some((date(year, month, day), at + 6))
                }
                _ => None,
            }
        }
        // 2026-11-27, 2026.11.27, 2026. 11. 27.
        (Number(year, 4), Sign(sign @ ('-' | '.' | '/'))) => {
            match (piece(2)?, piece(3)?, piece(4)?) {
                (Number(month, _), Sign(same), Number(day, _)) if same == sign => {
                    let is_ended = sign == '.' && piece(5) == Some(Sign('.')) && touch(4);
                    Some((date(year, month, day), at + 5 + usize::from(is_ended)))
                }
                _ => None,
            }
        }
        // 27.11.2026
        (Number(day, 1..=2), Sign('.')) if matches!(piece(2), Some(Number(..))) => {
            match (piece(2)?, piece(3)?, piece(4)?) {
                (Number(month, 1..=2), Sign('.'), Number(year, 4)) => {
                    Some((date(year, month, day), at + 5))
                }
                _ => None,
            }
        }
        _ => named_month(all, at),
    }
}

/// The date with the name of its month that begins with the piece at `at`, and where it ends.
fn named_month(all: &[(Range<usize>, DatePart<'_>)], at: usize) -> Option<(WrittenDate, usize)> {
    use DatePart::{Number, Sign, Word};
    let piece = |offset: usize| all.get(at + offset).map(|(_, piece)| *piece);
    match (piece(0)?, piece(1)?) {
        // 27 November 2026, 27th November, 2026, 27. November 2026, 27 de noviembre de 2026
        (Number(day, 1..=2), _) => {
            let skipped = usize::from(matches!(
                piece(1),
                Some(Sign('.') | Word("st" | "nd" | "rd" | "th" | "er" | "de" | "of"))
            ));
            let next = skipped + usize::from(skipped == 1 && piece(2) == Some(Word("of")));
            let Word(word) = piece(1 + next)? else { return None };
            let month = month(word)?;
            let mut end = 2 + next;
            end += usize::from(matches!(piece(end), Some(Sign('.' | ',') | Word("de"))));
            let Number(year, 4) = piece(end)? else { return None };
            Some((date(year, month, day), at + end + 1))
        }
        // November 27, 2026, Nov. 27th 2026
        (Word(word), _) => {
            let month = month(word)?;
            let mut end = 1 + usize::from(piece(1) == Some(Sign('.')));
            let Number(day, 1..=2) = piece(end)? else { return None };
            end += 1;
            end += usize::from(matches!(piece(end), Some(Word("st" | "nd" | "rd" | "th"))));
            end += usize::from(piece(end) == Some(Sign(',')));
            let Number(year, 4) = piece(end)? else { return None };
            Some((date(year, month, day), at + end + 1))
        }
        _ => None,
    }
}

fn month(word: &str) -> Option<i16> {
    i16::try_from(calendar::month(&word.to_lowercase())? + 1).ok()
}

/// A day of the week as it is written, and which it may be.
#[derive(Debug)]
struct NamedDay {
    range: Range<usize>,
    days: Vec<Weekday>,
    /// Whether no language has it as a whole name.
    is_short: bool,
    /// Whether its script has capitals.
    is_cased: bool,
}

/// The day that a piece names. Short names are other words as well: where a script has capitals they
/// begin with one, and are of one of these `languages`.
fn named((range, piece): &(Range<usize>, DatePart<'_>), languages: &[&str]) -> Option<NamedDay> {
    let DatePart::Word(word) = piece else { return None };
    let lower = word.to_lowercase();
    let is_cased = lower != word.to_uppercase();
    let is_of =
        |language: &str| languages.iter().any(|one| one.split('-').next() == Some(language));
    let is_read =
        |language: &str| !is_cased || word.starts_with(char::is_uppercase) && is_of(language);
    let rows = WEEKDAYS.iter().filter(|row| !row.is_short || is_read(row.language));
    let mut is_short = true;
    let mut days = Vec::new();
    for row in rows {
        let Some(index) = row.names.iter().position(|name| *name == lower) else { continue };
        is_short &= row.is_short;
        days.extend(Weekday::from_monday_zero_offset(i8::try_from(index).ok()?));
    }
    (!days.is_empty()).then(|| NamedDay { range: range.clone(), days, is_short, is_cased })
}

/// `Monday, 27 November`, `Mo., den 27. November`: the day directly before.
fn day_before(
    all: &[(Range<usize>, DatePart<'_>)],
    at: usize,
    languages: &[&str],
) -> Option<NamedDay> {
    let mut before = at;
    for _ in 0..3 {
        before = before.checked_sub(1)?;
        match all[before].1 {
            DatePart::Sign('.' | ',') | DatePart::Word("den" | "dem" | "the" | "le" | "el") => {}
            _ => break,
        }
    }
    let day = named(&all[before], languages)?;
    // Two letters, or one sign of a script without capitals, are mostly another word.
    let is_marked = matches!(all[before + 1].1, DatePart::Sign('.' | ','));
    let is_word = day.is_short && (day.range.len() < 3 && !is_marked || !day.is_cased);
    // A sentence may end with a day that is written in full.
    let is_end = matches!(all[before + 1].1, DatePart::Sign('.')) && !day.is_short;
    // `Sat/Sun, 28/29 November`, `Sunday to Monday, 5 October`: there it is one of several.
    let is_joined = before.checked_sub(1).is_some_and(|joint| match all[joint].1 {
        DatePart::Sign('/' | '-' | '–' | '—' | '~' | '&' | '+') => true,
        DatePart::Word(word) => {
            ["to", "and", "bis", "und", "or", "oder", "through", "et", "y", "e", "au"]
                .contains(&word)
                && joint > 0
                && named(&all[joint - 1], languages).is_some()
        }
        _ => false,
    });
    (!is_joined && !is_end && !is_word).then_some(day)
}

/// `27 November 2026 (Monday)`, `2026년 11월 27일 월요일`: the day directly behind.
fn day_behind(
    all: &[(Range<usize>, DatePart<'_>)],
    end: usize,
    languages: &[&str],
) -> Option<NamedDay> {
    let is_open = matches!(all.get(end)?.1, DatePart::Sign('(' | '（' | '['));
    if is_open {
        let day = named(all.get(end + 1)?, languages)?;
        let is_closed = matches!(all.get(end + 2)?.1, DatePart::Sign(')' | '）' | ']' | ',' | ' '));
        return is_closed.then_some(day);
    }
    // Without brackets, a short one is the beginning of something else.
    let (range, DatePart::Word(word)) = all.get(end)? else { return None };
    let length = ["요일", "曜日"].iter().find_map(|end| word.find(end).map(|at| at + end.len()));
    let length = length.unwrap_or(if word.starts_with("星期") { word.len() } else { 0 });
    named(&(range.start..range.start + length, DatePart::Word(&word[..length])), languages)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_that_does_not_fit_is_found() {
        for (text, found) in [
            ("We meet on Monday, 27 November 2026 at 7.", "Monday"),
            ("Monday 27th November 2026", "Monday"),
            ("Monday, the 27th of November 2026", "Monday"),
            ("Monday, November 27, 2026", "Monday"),
            ("Mon. Nov. 27, 2026", "Mon"),
            ("on 27 November 2026 (Monday)", "Monday"),
            ("Montag, 27. November 2026", "Montag"),
            ("Montag, den 27. November 2026", "Montag"),
            ("Mo., 27.11.2026", "Mo"),
            ("So, 27.11.2026", "So"),
            ("Thurs. 27 November 2026", "Thurs"),
            ("27.11.2026 (Mo)", "Mo"),
            ("lundi 27 novembre 2026", "lundi"),
            ("lunes, 27 de noviembre de 2026", "lunes"),
            ("lunedì 27 novembre 2026", "lunedì"),
            ("2026년 11월 27일(월)", "월"),
            ("2026년 11월 27일 월요일에", "월"),
            ("2026. 11. 27.(월)", "월"),
            ("2026-11-27 (월)", "월"),
            ("2026年11月27日（月）", "月"),
            ("2026年11月27日 星期一", "星期一"),
            ("Mon 26, Tue 27 and Monday, 27 November 2026", "Monday"),
        ] {
            let wrong = wrong(text, &["de", "en"]);
            assert_eq!(wrong.len(), 1, "{text}");
            assert!(text[wrong[0].day.clone()].starts_with(found), "{text}");
            assert_eq!(wrong[0].date.to_string(), "2026-11-27", "{text}");
        }
    }

    #[test]
    fn what_fits_and_what_has_no_year_is_left_alone() {
        for text in [
            "Friday, 27 November 2026",
            "2026년 11월 27일(금)",
            "2026년 11월 27일 금요일",
            "Freitag, den 27. November 2026",
            "Monday, 27 November",
            "Sat/Sun, 28/29 November 2026",
            "Monday to Wednesday, 25 November 2026",
            "Friday to Sunday, 27–29 November 2026",
            "Fri 27 – Sun 29 November 2026",
            "27–29 November 2026 (Fri–Sun)",
            "November 27–29, 2026 (Fri–Sun)",
            "See you on Monday. 27 November 2026 is a holiday.",
            "Sunday, 31 November 2026",
            "Monday, 3 May 1515",
            "Version 2026.11.27 (Mon Repos)",
            "We met on Monday, 2 of 27 November 2026 forms came",
            "2026년 11월 27일 일정",
            "2026년 11월 27일(일정 변경)",
            "2026년 11월 27일 월간 회의",
            "On 27 November 2026 sun and rain came",
            "mar 27 novembre 2026",
            // Short names are words as well.
            "Ann and Bob wed 14 June 2025",
            "The committee sat 27 November 2026",
            "It sat, 27 November 2026 was a Friday",
            "so 27 November 2026 it is",
            "So 27 November 2026 it is",
            "Do 27 November 2026 and Di 28 November 2026 fit?",
            "27 November 2026 (so)",
            "할 일 2026년 11월 27일",
            "See you Friday. 27 November 2026 is near.",
        ] {
            assert_eq!(wrong(text, &["de-AT", "en"]), [], "{text}");
        }
    }

    #[test]
    fn short_names_are_read_in_the_languages_of_the_text() {
        for text in ["So, 27.11.2026", "27.11.2026 (Mo)"] {
            assert_eq!(wrong(text, &["en"]), [], "{text}");
            assert_eq!(wrong(text, &["en", "de-CH"]).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_day_that_there_is_not_is_found() {
        for (text, found) in [
            ("Wir treffen uns am 31.11.2026 um 7.", "31.11.2026"),
            ("am 30. Februar 2027", "30. Februar 2027"),
            ("2026년 11월 31일에", "2026년 11월 31일에"),
            ("Sunday, 31 November 2026", "31 November 2026"),
            ("February 29, 2027", "February 29, 2027"),
        ] {
            let told: Vec<&str> = impossible(text).into_iter().map(|at| &text[at]).collect();
            assert_eq!(told, [found], "{text}");
        }
        for text in ["29 February 2028", "31.12.2026", "31.13.2026", "Ver. 2026.11.32", "1.31.2026"]
        {
            assert!(impossible(text).is_empty(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([0-9]{1,4}|Monday|November|년|월|일|[ .,/()-]|\\PC){0,30}") {
            let _ = (wrong(&text, &["de", "en"]), impossible(&text));
        }
    }
}
