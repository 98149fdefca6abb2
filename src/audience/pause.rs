//! A pause: until which day somebody wants no mail, as a list says it.
//!
//! They get mail again from that day on, by themselves. Must never count as a no, nor end one.

use jiff::civil::Date;

use crate::message::recipient::Recipient;

/// The column and the field with the day, as `2027-01-10`.
pub const FIELD: &str = "paused_until";

/// How it is called where people are counted who are left out for it.
pub const PAUSED: &str = "paused";

/// What is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{FIELD}: {0:?} is no day: write it as 2027-01-10")]
pub struct NoDay(String);

/// The day that somebody writes; none for an empty text.
///
/// # Errors
/// It is no day, in words.
pub fn day(text: &str) -> Result<Option<Date>, NoDay> {
    let text = text.trim();
    let no_day = || NoDay(text.to_owned());
    match text.len() {
        0 => Ok(None),
        // Others are guesses: 2027-1-2, 20270110, a day with a time.
        10 => text.parse().map(Some).map_err(|_| no_day()),
        _ => Err(no_day()),
    }
}

/// Until when somebody has paused, if that is not over `today`.
pub fn until(person: &Recipient, today: Date) -> Option<Date> {
    day(person.field(FIELD)?).ok().flatten().filter(|until| today < *until)
}

/// Why somebody gets no mail now.
pub fn reason(until: Date) -> String {
    format!("paused until {until}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::address::Address;

    fn person(until: &str) -> Recipient {
        Recipient::new(Address::parse("kim@example.org").unwrap(), [(FIELD, until)], [])
    }

    #[test]
    fn who_has_paused_gets_mail_again_on_the_very_day() {
        let today = "2027-01-10".parse().unwrap();
        for (text, is_out) in [
            ("2027-01-11", true),
            ("2027-01-10", false),
            ("2027-01-09", false),
            ("9999-12-31", true),
            ("", false),
            ("soon", false),
        ] {
            assert_eq!(until(&person(text), today).is_some(), is_out, "{text}");
        }
        assert_eq!(reason(today), "paused until 2027-01-10");
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        assert_eq!(day(" 2027-01-10 "), Ok(Some("2027-01-10".parse().unwrap())));
        assert_eq!(day("  "), Ok(None));
        for text in ["2027-1-10", "20270110", "2027-02-30", "2027-01-10T09:00", "10.01.2027", "x"] {
            assert_eq!(day(text), Err(NoDay(text.to_owned())), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in "\\PC{0,12}|[0-9]{4}-[0-9]{2}-[0-9]{2}") {
            if let Ok(Some(day)) = day(&text) {
                prop_assert_eq!(day.to_string(), text.trim());
            }
        }
    }
}
