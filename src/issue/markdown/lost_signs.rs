//! Stars and underlines that were no marks of emphasis: those of a sum, of the name of a file or of a
//! program, of `Leser*innen`; backquotes in the place of apostrophes. Markdown takes them for a pair,
//! and readers do not see them.
//!
//! Must never tell of a word or of some words that somebody has emphasized: only of pairs that
//! stand within words, or around what is none.

use std::ops::Range;

use comrak::nodes::Node;

use super::MarkdownReader;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::script::WritingScript;

const WHAT: &str = "Markdown reads these signs as marks of emphasis: readers would not see them";
/// What is one line or one sum is told once, up to so many bytes further on.
const NEAR: usize = 200;
/// Letters of a word that is shown with the signs in it.
const WORD: usize = 40;

/// Names of Python that are no words, and stand between two underlines on each side.
const NAMES: [&str; 9] = ["init", "main", "dict", "str", "repr", "len", "iter", "slots", "pycache"];

impl MarkdownReader<'_> {
    /// A pair of signs that was meant to be seen.
    pub(super) fn warn_of_lost_signs(&mut self, node: Node<'_>) {
        let span = self.span(node.data().sourcepos);
        let text = self.source.text();
        let Some(shown) = lost(text, &span) else { return };
        let is_told = self.problems.last().is_some_and(|last| {
            let Some(Place::Span { span: told, .. }) = &last.place else { return false };
            last.message == WHAT
                && told.end <= shown.start + WORD
                && shown.start < told.end + NEAR
                && !text[told.start.min(shown.start)..shown.start].contains('\n')
        });
        if is_told {
            return;
        }
        let sign = &text[span.start..span.start + 1];
        let help = match sign {
            "*" => {
                "write × in a product, a backslash before every other star (\\*), and backquotes around \
                 code: `2*x`"
            }
            _ => "put names of files and programs between backquotes: `__init__.py`",
        };
        let place = Place::span(self.source, shown);
        self.problems.push(Diagnostic::warning("leftover-markdown", WHAT).at(place).help(help));
    }

    /// Code between two backquotes that were to be apostrophes.
    pub(super) fn warn_of_apostrophes(&mut self, code: Node<'_>) {
        let span = self.span(code.data().sourcepos);
        if !is_between_apostrophes(self.source.text(), &span) {
            return;
        }
        let what = "two backquotes make code of the words between them";
        let help = "write ' in the place of ` where an apostrophe is meant: it's";
        self.warn(what, Place::span(self.source, span), help);
    }
}

/// `geht`s dir? Wie geht`s`, `Hans` Hut und Klaus` Hut`, `l`ami et d`un`: the words go on beyond both
/// marks, and one of those around the first mark is as short as what is left out or elided.
fn is_between_apostrophes(text: &str, span: &Range<usize>) -> bool {
    let Some(written) = text.get(span.clone()) else { return false };
    let inner = written.trim_matches('`');
    let (before, behind) = (&text[..span.start], &text[span.end..]);
    let is_letter =
        |c: Option<char>| c.is_some_and(|c| c.is_alphabetic() && WritingScript::of(c).is_none());
    let is_genitive = inner.starts_with(char::is_whitespace);
    let first = inner.find(|c: char| !c.is_alphabetic()).unwrap_or(inner.len());
    let is_short = |length: usize| (1..=2).contains(&length);
    written.len() == inner.len() + 2
        && is_letter(before.chars().next_back())
        && is_letter(inner.chars().next_back())
        && inner.contains(char::is_whitespace)
        && (is_genitive
            || is_letter(behind.chars().next())
                && (is_short(first) || is_short(word_before(before))))
}

/// What to show of the signs around `span`, emphasis, if they were meant to be seen.
fn lost(text: &str, span: &Range<usize>) -> Option<Range<usize>> {
    let written = text.get(span.clone())?;
    let sign = written.chars().next().filter(|c| matches!(c, '*' | '_'))?;
    let inner = written.trim_start_matches(sign);
    let marks = written.len() - inner.len();
    let inner = inner.trim_end_matches(sign);
    let (before, behind) = (&text[..span.start], &text[span.end..]);
    let is_lost = match sign {
        '*' => is_sum(before, inner, behind) || is_pattern(inner),
        _ if marks == 2 => is_name(inner, behind),
        _ => is_row_of_names(inner),
    };
    is_lost.then(|| span.start - word_before(before)..span.end + word_behind(behind))
}

/// `2*x + 3*y`, `a*b*c`, `Leser*innen und Autor*innen`: both signs stand within words.
fn is_sum(before: &str, inner: &str, behind: &str) -> bool {
    let (Some(left), Some(right)) = (before.chars().next_back(), behind.chars().next()) else {
        return false;
    };
    let (Some(first), Some(last)) = (inner.chars().next(), inner.chars().next_back()) else {
        return false;
    };
    // Where words have no spaces between them, marks within them are meant.
    let is_letter = |c: char| c.is_alphanumeric() && c < '\u{1100}';
    let is_within = (is_letter(left) || left == ')') && (is_letter(right) || right == '(');
    let has_digit = [left, first, last, right].iter().any(char::is_ascii_digit);
    let has_sign = inner.contains(['+', '=', '/', '<', '>', '*']) || inner.contains(" - ");
    let is_letters = inner.len() == 1 && word_before(before) == 1 && word_behind(behind) == 1;
    is_within && (has_digit || has_sign || is_letters || inner.contains(char::is_whitespace))
}

/// `*.txt or b*`.
fn is_pattern(inner: &str) -> bool {
    let mut all = inner.chars();
    all.next() == Some('.') && all.next().is_some_and(|c| c.is_ascii_alphanumeric())
}

/// `__init__.py`, `__call__()`.
fn is_name(inner: &str, behind: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let mut next = behind.chars();
    let goes_on = match next.next() {
        Some('(' | '[') => true,
        Some('.') => next.next().is_some_and(|c| c.is_ascii_alphanumeric()),
        _ => [" = ", " == ", " in "].iter().any(|sign| behind.starts_with(sign)),
    };
    inner.chars().all(is_part) && (goes_on || NAMES.contains(&inner))
}

/// `_private names, and my_var_`: underlines within the words at the ends.
fn is_row_of_names(inner: &str) -> bool {
    let mut words = inner.split_whitespace();
    let (first, last) = (words.next(), words.next_back());
    last.is_some() && [first, last].into_iter().flatten().any(|word| word.contains('_'))
}

/// Bytes of the word that ends `before`.
fn word_before(before: &str) -> usize {
    let is_part = |c: &char| c.is_alphanumeric();
    before.chars().rev().take(WORD).take_while(is_part).map(char::len_utf8).sum()
}

/// Bytes of the word that begins `behind`, with the ending of a file.
fn word_behind(behind: &str) -> usize {
    let is_part = |c: &char| c.is_alphanumeric();
    let word: usize = behind.chars().take(WORD).take_while(is_part).map(char::len_utf8).sum();
    let ending = behind[word..].strip_prefix('.').filter(|_| word == 0);
    let ending = ending
        .map_or(0, |rest| rest.chars().take(8).take_while(char::is_ascii_alphanumeric).count());
    word + ending + usize::from(ending > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of the text between the first sign and the last.
    fn shown<'t>(text: &'t str, emphasis: &str) -> Option<&'t str> {
        let start = text.find(emphasis).unwrap();
        lost(text, &(start..start + emphasis.len())).map(|range| &text[range])
    }

    #[test]
    fn backquotes_within_words_are_apostrophes() {
        for (text, is_told) in [
            ("Wie geht`s dir? Mir geht`s gut.", true),
            ("Hans` Hut und Klaus` Hut", true),
            ("We don`t know, and they don`t care.", true),
            ("Il voit l`ami et d`autres.", true),
            ("Run `git log` now.", false),
            ("Run`git log`now.", false),
            ("Two`Vec`s and un`do`ne", false),
            ("the `a b`s and `c d`s", false),
            ("이것은`let x`입니다", false),
            ("see``it`s me or it`s``it", false),
        ] {
            let first = text.find('`').unwrap();
            let marks = text[first..].bytes().take_while(|byte| *byte == b'`').count();
            let inner = text[first + marks..].find(&"`".repeat(marks)).unwrap();
            let span = first..first + inner + 2 * marks;
            assert_eq!(is_between_apostrophes(text, &span), is_told, "{text}");
        }
    }

    #[test]
    fn signs_of_sums_and_names_are_lost() {
        for (text, emphasis, found) in [
            ("2*x + 3*y = 5*z", "*x + 3*", "2*x + 3*y"),
            ("We get a*b + c*d.", "*b + c*", "a*b + c*d"),
            ("5*3 and 4*2", "*3 and 4*", "5*3 and 4*2"),
            ("It is 2*3*4 cm.", "*3*", "2*3*4"),
            ("2**10**3", "**10**", "2**10**3"),
            ("(30cm*20cm*10cm)", "*20cm*", "30cm*20cm*10cm"),
            ("x*y*z and 1", "*y*", "x*y*z"),
            ("(a)*(b) + (c)*(d)", "*(b) + (c)*", "*(b) + (c)*"),
            ("Leser*innen und Autor*innen", "*innen und Autor*", "Leser*innen und Autor*innen"),
            ("Schüler*innen, Köch*innen", "*innen, Köch*", "Schüler*innen, Köch*innen"),
            ("All *.txt or b* files", "*.txt or b*", "*.txt or b*"),
            ("Edit __init__.py first.", "__init__", "__init__.py"),
            ("Call __repr__() first.", "__repr__", "__repr__"),
            ("See __pycache__/ too", "__pycache__", "__pycache__"),
            ("The __main__ module", "__main__", "__main__"),
            ("_foo_bar and my_var_ too", "_foo_bar and my_var_", "_foo_bar and my_var_"),
        ] {
            assert_eq!(shown(text, emphasis), Some(found), "{text}");
        }
    }

    #[test]
    fn emphasis_is_left_alone() {
        for (text, emphasis) in [
            ("un*frigging*believable", "*frigging*"),
            ("한국*어*는 좋다", "*어*"),
            ("한글**강조 단어**입니다", "**강조 단어**"),
            ("A *soft word* here", "*soft word*"),
            ("*3* of 5", "*3*"),
            ("(*see 4*)", "*see 4*"),
            ("**2026**: the year", "**2026**"),
            ("__Note__: read", "__Note__"),
            ("__note__ this", "__note__"),
            ("What is __new__ this month", "__new__"),
            ("Ask __him__/her", "__him__"),
            ("a _very good_ day", "_very good_"),
            ("a*very*b", "*very*"),
            ("*...and so on*", "*...and so on*"),
        ] {
            assert_eq!(shown(text, emphasis), None, "{text}");
        }
    }
}
