//! Words of strangers, as a card can have them: short, on one line, without signs that nobody sees.

/// At most `most` characters of a text; one space where there was any, and nothing unseen. What is cut
/// ends with `…`.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    // What is left out counts as well: nobody reads a text without an end.
    for c in text.chars().take(20 * most) {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
            continue;
        }
        if c.is_control() || is_unseen(c) {
            continue;
        }
        count += 1;
        if count > most {
            out.truncate(out.trim_end().len());
            out.push('…');
            return out;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out
}

/// Names with commas between them, as many as there is room for.
pub(super) fn listed(names: &[&str], most: usize) -> String {
    let mut out = String::new();
    let mut count = 0;
    for (at, name) in names.iter().enumerate() {
        let name = cut(name, most);
        count += name.chars().count() + 2;
        if at > 0 && count > most {
            return format!("{out}, …");
        }
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(&name);
    }
    out
}

/// Signs that turn, join or hide others, but for those that letters are joined by.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Signs that letters are joined by or varied with: no face needs a picture of them.
pub(super) fn is_joining(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

/// Pictures among letters, which may be missing.
pub(super) fn is_pictorial(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}' | '\u{20e3}' | '\u{2b00}'..='\u{2bff}')
}

/// Signs that stand on the letter before them.
#[cfg(feature = "cards")]
pub(super) fn is_mark(c: char) -> bool {
    is_joining(c)
        || matches!(c,
            '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}'..='\u{5c7}'
            | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}'
            | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{e31}' | '\u{e34}'..='\u{e3a}'
            | '\u{e47}'..='\u{e4e}' | '\u{3099}' | '\u{309a}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_and_has_nothing_unseen() {
        assert_eq!(cut("  A\n\u{202e}b  c ", 10), "A b c");
        assert_eq!(cut("abcdef", 3), "abc…");
        assert_eq!(cut("ab cdef", 2), "ab…");
        assert_eq!(cut(&" ".repeat(1000), 3), "");
        assert_eq!(cut(&format!("{}a", "\u{200b}".repeat(1000)), 3), "");
    }

    #[test]
    fn names_stand_in_a_list_while_there_is_room() {
        assert_eq!(listed(&["Ada", "Lin"], 20), "Ada, Lin");
        assert_eq!(listed(&["Ada", "Lin", "Somebody Else"], 14), "Ada, Lin, …");
        assert_eq!(listed(&[], 14), "");
    }
}
