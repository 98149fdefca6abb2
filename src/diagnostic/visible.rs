//! Foreign text as it may be shown on a terminal: characters that hide text or turn its order round
//! are written out.
//!
//! What a server answers and what stands in a list or a log reaches the terminal. A text with a
//! right-to-left override reads as another text than it is. Must never change what is sent or kept
//! for machines: it is for showing.

use std::borrow::Cow;

/// The text with each hidden character as `\u{202e}`. A line end and a tab stay.
///
/// ```
/// use sejong_digest::diagnostic::visible::visible;
/// assert_eq!(visible("250 ok\u{202E}ko"), "250 ok\\u{202e}ko");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_hidden(c) && !matches!(c, '\n' | '\t'))
}

/// The same for a text in which our own colours are: control characters of ASCII stay.
pub fn visible_in_colors(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_hidden(c) && !c.is_ascii())
}

/// JSON in which hidden characters of its texts are written as `\\u202e`: the same to a program.
pub fn visible_in_json(json: &str) -> Cow<'_, str> {
    let hidden = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t' | '\r');
    if !json.contains(hidden) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if hidden(c) {
            out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn escaped(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters, and those that have no shape of their own: direction marks, zero-width
/// spaces, line and paragraph separators, fillers, tags. The two joiners (U+200C, U+200D) and
/// variation selectors stay, because names in some languages and many emoji are written with them;
/// they change no order and hide nothing.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c as u32,
            0xAD | 0x61C | 0x115F..=0x1160 | 0x180E | 0x200B | 0x200E..=0x200F | 0x2028..=0x202E
            | 0x2060..=0x206F | 0x3164 | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0xE0000..=0xE00FF)
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
            0x2060..=0x2064,
            0x2066..=0x2069,
            0xFEFF..=0xFEFF,
            0xE0000..=0xE007F,
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
        ] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn json_says_the_same_to_a_program() {
        let text = "a\u{202E}b\u{9b}\u{7f}\u{E0041}\u{1b}\n한";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let shown = visible_in_json(&json);
        assert!(!shown.contains(|c| is_hidden(c) && c != '\n'), "{shown}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&shown).unwrap(), [text]);
    }

    proptest! {
        #[test]
        fn nothing_else_is_changed(text in "\\PC{0,40}") {
            let kept: String = text.chars().filter(|c| !is_hidden(*c)).collect();
            if kept == text {
                prop_assert_eq!(&*visible(&text), &text);
            } else {
                prop_assert!(!visible(&text).contains(is_hidden));
            }
        }
    }
}
