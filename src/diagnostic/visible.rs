//! Foreign text as it may be shown on a terminal: characters that hide text or turn its order round
//! are written out.
//!
//! What a server answers and what stands in a list or a log reaches the terminal. A text with a
//! right-to-left override reads as another text than it is. Must never change what is sent or kept
//! for machines: it is for showing.

use std::borrow::Cow;
use std::collections::HashSet;

use super::unseen;

/// The text with each hidden character as `\u{202e}`. A line end and a tab stay.
///
/// ```
/// use sejong_digest::diagnostic::visible::visible;
/// assert_eq!(visible("250 ok\u{202E}ko"), "250 ok\\u{202e}ko");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    written_out(text, |c| !matches!(c, '\n' | '\t'), |c, out| out.extend(c.escape_unicode()))
}

/// The same for a text in which our own colours are: control characters of ASCII stay.
pub fn visible_in_colors(text: &str) -> Cow<'_, str> {
    written_out(text, |c| !c.is_ascii(), |c, out| out.extend(c.escape_unicode()))
}

/// JSON in which hidden characters of its texts are written as `\\u202e`: the same to a program.
pub fn visible_in_json(json: &str) -> Cow<'_, str> {
    let may_be_hidden = |c: char| !matches!(c, '\n' | '\t' | '\r');
    written_out(json, may_be_hidden, |c, out| {
        out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
    })
}

/// Writes out control characters, and those that have no shape of their own: direction marks,
/// zero-width spaces, fillers, tags. Joiners, selectors and the tags of a flag stay where a language
/// or an emoji is written with them ([`unseen`]); they change no order and hide nothing there.
fn written_out(
    text: &str,
    may_be_hidden: impl Fn(char) -> bool,
    write: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    let is_candidate = |c: char| (c.is_control() || unseen::is_unseen(c)) && may_be_hidden(c);
    if !text.contains(is_candidate) {
        return Cow::Borrowed(text);
    }
    let odd: HashSet<usize> = unseen::odd(text).into_iter().map(|one| one.at).collect();
    let is_hidden = |at: usize, c: char| {
        is_candidate(c) && (c.is_control() || unseen::is_always_shown(c) || odd.contains(&at))
    };
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        if is_hidden(at, c) {
            write(c, &mut out);
        } else {
            out.push(c);
        }
    }
    if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_hides_text_or_turns_it_round_is_written_out() {
        let ranges = [
            0x00..=0x08,
            0x0B..=0x1F,
            0x7F..=0x9F,
            0x61C..=0x61C,
            0x200B..=0x200B,
            0x200E..=0x200F,
            0x2028..=0x202E,
            0x2060..=0x206F,
            0xFEFF..=0xFEFF,
            0xE0000..=0xE0FFF,
            0x34F..=0x34F,
            0x1160..=0x1160,
            0x17B4..=0x17B5,
            0x180B..=0x180F,
            0x3164..=0x3164,
            0xFE00..=0xFE0F,
            0xFFFC..=0xFFFC,
            0x1D173..=0x1D17A,
        ];
        for code in ranges.into_iter().flatten() {
            let c = char::from_u32(code).unwrap();
            let text = format!("a{c}b");
            assert_eq!(visible(&text), format!("a\\u{{{code:x}}}b"));
            let in_colors = visible_in_colors(&text).into_owned();
            assert_eq!(in_colors == text, c.is_ascii(), "{code:x}");
        }
        for text in [
            "",
            "550 no\n\tsuch",
            "نرم\u{200C}افزار",
            "क्\u{200D}ष",
            "👩\u{200D}💻 \u{2764}\u{FE0F}",
            "삭제됨 é 한국",
            "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F} 葛\u{E0100}城",
        ] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn json_says_the_same_to_a_program() {
        let text = "a\u{202E}b\u{9b}\u{7f}\u{E0041}\u{1b}\n한";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let shown = visible_in_json(&json);
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown}");
        assert!(!shown.contains(unseen::is_unseen), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [text]);
    }

    proptest! {
        #[test]
        fn nothing_else_is_changed(text in "(\\PC|[\u{200B}-\u{200F}]|a|ا){0,40}") {
            let shown = visible(&text);
            if text.contains(unseen::is_unseen) {
                let odd: Vec<char> = unseen::odd(&text).iter().map(|one| one.character).collect();
                let left = shown.chars().filter(|c| unseen::is_unseen(*c)).count();
                let all = text.chars().filter(|c| unseen::is_unseen(*c)).count();
                prop_assert!(!shown.contains(unseen::is_always_shown));
                prop_assert!(left + odd.len() <= all);
            } else {
                prop_assert_eq!(&*shown, &*text);
            }
        }
    }
}
