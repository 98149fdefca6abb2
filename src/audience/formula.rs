//! Cells that a spreadsheet would compute: written with a `'` before them, and read without it.
//!
//! Exists so that a name such as `=cmd()` does nothing where a list is opened, and comes back as it
//! was. Must be its own reverse: what is written is read again as the same text.

use std::borrow::Cow;

/// What a spreadsheet takes for the beginning of a formula. One that is set to Japanese, Chinese or Korean
/// takes the wide forms for the same signs.
const BEGINNINGS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Whether a text begins so, behind any number of `'`.
pub fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(BEGINNINGS)
}

/// The text as a cell that no spreadsheet computes.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that such a cell stands for.
pub(super) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|_| is_formula(cell)).unwrap_or(cell)
}

/// A cell of a CSV file (RFC 4180) that no spreadsheet computes.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let text = guarded(text);
    if text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_each_stays_one_cell() {
        for (text, written) in [
            ("kim@example.org", "kim@example.org"),
            ("=cmd()", "'=cmd()"),
            ("+1@x.example", "'+1@x.example"),
            ("'=cmd()", "''=cmd()"),
            ("'tis", "'tis"),
            ("＝cmd()", "'＝cmd()"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("'＠SUM(A1)", "''＠SUM(A1)"),
            ("Ｋim", "Ｋim"),
            ("asked, by phone", "\"asked, by phone\""),
            ("-\"no\"", "\"'-\"\"no\"\"\""),
        ] {
            assert_eq!(csv_cell(text), written);
        }
    }

    proptest! {
        #[test]
        fn a_guarded_text_reads_as_it_was(text in "['=+@a\t＝＋－＠-]{0,6}") {
            let written = guarded(&text);
            prop_assert!(!written.starts_with(BEGINNINGS));
            prop_assert_eq!(unguarded(&written), &*text);
        }
    }
}
