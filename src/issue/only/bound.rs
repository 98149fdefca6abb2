//! `2025-01-31` and `10`: what the value of a field is compared with.
//!
//! The rule is small because a database has to follow it exactly: see `audience::selection`. A value
//! is a day or a number by its letters, or it is neither and fits no comparison.

use std::fmt;

/// Letters of the longest number that is compared: as many digits are exact in every program.
pub const LONGEST: usize = 15;

/// How a value stands to the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

impl Comparison {
    /// As it is written, in expressions and in SQL.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Below => "<",
            Comparison::AtMost => "<=",
            Comparison::Above => ">",
            Comparison::AtLeast => ">=",
        }
    }

    fn holds<T: PartialOrd + ?Sized>(self, value: &T, bound: &T) -> bool {
        match self {
            Comparison::Below => value < bound,
            Comparison::AtMost => value <= bound,
            Comparison::Above => value > bound,
            Comparison::AtLeast => value >= bound,
        }
    }
}

/// What a value is compared with, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// A day, `2025-01-31`.
    Day(String),
    /// A number, `-2.5`.
    Number(String),
}

impl Bound {
    /// The day or number that `text` is.
    pub fn read(text: &str) -> Option<Bound> {
        if text.len() == 10 && day(text).is_some() && text.parse::<jiff::civil::Date>().is_ok() {
            return Some(Bound::Day(text.to_owned()));
        }
        number(text).map(|_| Bound::Number(text.to_owned()))
    }

    /// Whether the value of a field stands so to it. A value of another kind does not.
    pub fn fits(&self, comparison: Comparison, value: &str) -> bool {
        match self {
            Bound::Day(bound) => day(value).is_some_and(|day| comparison.holds(day, bound)),
            Bound::Number(bound) => match (number(value), number(bound)) {
                (Some(value), Some(bound)) => comparison.holds(&value, &bound),
                _ => false,
            },
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Bound::Day(text) | Bound::Number(text)) = self;
        f.write_str(text)
    }
}

/// The day that a text is or begins with, as `2025-01-31T09:00:00Z` does.
fn day(text: &str) -> Option<&str> {
    let (day, rest) = text.split_at_checked(10)?;
    let fits = day.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        5 => matches!(byte, b'0' | b'1'),
        8 => matches!(byte, b'0'..=b'3'),
        _ => byte.is_ascii_digit(),
    });
    (fits && (rest.is_empty() || rest.starts_with(['T', ' ']))).then_some(day)
}

/// The number that a text is: digits, at most one point between them, at most a minus before them.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > LONGEST || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_numbers_are_compared_with_their_own_kind() {
        let fits = |value: &str, comparison, bound: &str| {
            Bound::read(bound).unwrap().fits(comparison, value)
        };
        for (value, comparison, bound, expected) in [
            ("2025-01-02", Comparison::Above, "2025-01-01", true),
            ("2025-01-01", Comparison::Above, "2025-01-01", false),
            ("2025-01-01T23:59:59Z", Comparison::AtMost, "2025-01-01", true),
            ("2025-01-01 09:00", Comparison::AtLeast, "2025-01-01", true),
            ("2025-01-011", Comparison::AtLeast, "2025-01-01", false),
            ("1.1.2025", Comparison::AtLeast, "2024-01-01", false),
            ("9", Comparison::Below, "10", true),
            ("10.0", Comparison::AtLeast, "10", true),
            ("-3", Comparison::Below, "-2.5", true),
            ("", Comparison::Below, "10", false),
            ("many", Comparison::Below, "10", false),
            ("1,000", Comparison::Above, "10", false),
            ("1e3", Comparison::Above, "10", false),
            ("1234567890123456", Comparison::Above, "10", false),
            ("2025", Comparison::Above, "2024-01-01", false),
        ] {
            assert_eq!(fits(value, comparison, bound), expected, "{value} {comparison:?} {bound}");
        }
        for no in ["", "soon", "2025-02-30", "2025-1-1", "1.", ".5", "--1", "+1", "1.2.3"] {
            assert_eq!(Bound::read(no), None, "{no}");
        }
    }
}
