//! A cell -> what of it was lost before the list came here: letters, or the result of a formula; and
//! whether it only says that there is no value.
//!
//! Exists so that nobody is greeted as `JÃ¶rg`, `#NV` or `null`. Must never change letters: what they
//! were, only the person knows who keeps the list.

use encoding_rs::{UTF_8, WINDOWS_1252};

/// What programs write where they have no value. `Null` with one capital is a family name.
const NO_VALUE: [&str; 19] = [
    "-",
    "--",
    "---",
    "–",
    "—",
    "/",
    "?",
    "null",
    "NULL",
    "(null)",
    "<null>",
    "undefined",
    "\\N",
    "n/a",
    "N/A",
    "n.a.",
    "k.A.",
    "k. A.",
    "NaN",
];

/// Whether a cell only says that there is no value.
pub(super) fn is_no_value(cell: &str) -> bool {
    NO_VALUE.contains(&cell)
}

/// Whether a spreadsheet could not reckon what belongs here: `#NV`, `#N/A`, `#REF!`, `#####`.
pub(super) fn is_failed_formula(cell: &str) -> bool {
    let Some(name) = cell.strip_prefix('#') else { return cell.starts_with("Err:5") };
    let is_name = |c: char| c.is_uppercase() || c.is_ascii_digit() || matches!(c, '/' | '_');
    match name.strip_suffix(['!', '?']) {
        Some(name) => !name.is_empty() && name.chars().all(is_name),
        None => {
            matches!(name, "N/A" | "NV" | "N/D" | "N/B" | "ND")
                || name.len() > 1 && name.bytes().all(|byte| byte == b'#')
        }
    }
}

/// The first word whose letters were destroyed: by a program that put U+FFFD in their place, or that
/// took UTF-8 for the encoding of Windows.
pub(super) fn destroyed(text: &str) -> Option<&str> {
    if text.is_ascii() {
        return None;
    }
    text.split(' ').find(|word| word.contains('\u{FFFD}') || is_taken_for_windows(word))
}

/// Whether the letters of a word, as bytes of Windows-1252, are UTF-8: those of `KÃ¶ln` are `Köln`. By
/// accident they are so in letters of scripts that nobody has here, as those of `MENÜ–` are.
fn is_taken_for_windows(word: &str) -> bool {
    if word.is_ascii() {
        return false;
    }
    let (bytes, _, is_lossy) = WINDOWS_1252.encode(word);
    if is_lossy {
        return false;
    }
    let meant = UTF_8.decode_without_bom_handling_and_without_replacement(&bytes);
    meant.is_some_and(|meant| !meant.chars().any(|c| ('\u{500}'..'\u{800}').contains(&c)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn destroyed_letters_are_found() {
        for (text, word) in [
            ("KÃ¶ln", "KÃ¶ln"),
            ("Am KÃ¶lner Tor", "KÃ¶lner"),
            ("â€žHalloâ€œ", "â€žHalloâ€œ"),
            ("J\u{FFFD}rg Lang", "J\u{FFFD}rg"),
            ("ê¹€ë¯¼ì§€", "ê¹€ë¯¼ì§€"),
            ("voilÃ\u{A0}", "voilÃ\u{A0}"),
        ] {
            assert_eq!(destroyed(text), Some(word));
        }
    }

    #[test]
    fn letters_that_are_right_are_left_alone() {
        for text in [
            "Köln",
            "Groß“",
            "MENÜ–KARTE",
            "São Paulo",
            "Ângela",
            "„Hallo“",
            "김민지",
            "Łódź",
            "§ 5",
            "Ünal",
            "ÉÈ",
            "Ñandú",
            "20 °C",
            "École",
            "Ærø",
            "Íñigo",
            "ÃO",
        ] {
            assert_eq!(destroyed(text), None, "{text}");
        }
    }

    #[test]
    fn failed_formulas_and_signs_for_no_value_are_told_from_values() {
        for cell in
            ["#NV", "#N/A", "#REF!", "#BEZUG!", "#DIV/0!", "#NAME?", "#WERT!", "####", "Err:502"]
        {
            assert!(is_failed_formula(cell), "{cell}");
        }
        for cell in ["#1", "#", "#kultur", "#NVA", "Errol", "#!", "#Now!"] {
            assert!(!is_failed_formula(cell), "{cell}");
        }
        assert!(is_no_value("null") && is_no_value("-") && is_no_value("N/A"));
        assert!(
            !is_no_value("Null") && !is_no_value("Nan") && !is_no_value("") && !is_no_value("A")
        );
    }

    proptest! {
        #[test]
        fn any_cell_is_looked_at(cell in "\\PC{0,40}") {
            let _ = (destroyed(&cell), is_failed_formula(&cell), is_no_value(&cell));
        }

        #[test]
        fn what_was_taken_for_windows_is_found(word in "[a-z]{0,5}[äöüßéèñçøå가-힣]{1,3}[a-z]{0,5}") {
            let (wrong, _) = WINDOWS_1252.decode_without_bom_handling(word.as_bytes());
            prop_assert!(destroyed(&wrong).is_some(), "{wrong}");
        }
    }
}
