//! Formulas of TeX, which no mail draws: readers would see `$x^2$`, and what Markdown leaves of
//! `\\(x\\)`.
//!
//! Must never tell of prices, variables of a shell, or brackets that somebody has escaped.

use std::ops::Range;

/// A stretch of a text, and what to do with it.
type FormulaSign = (Range<usize>, &'static str);

/// Bytes between two marks that belong together.
const NEAR: usize = 300;
const HELP: &str = "formulas are not drawn: write it in words, with <sup>2</sup> and <sub>2</sub>, or show a \
                    picture of it";

/// Marks around a formula: what opens it, and what closes it.
const MARKS: [(&str, &str); 4] = [("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")];

/// The first formula of `written`, a paragraph without its code.
pub(super) fn formula(written: &str) -> Option<FormulaSign> {
    let mut at = 0;
    while let Some(start) = written[at..].find(['$', '\\']).map(|start| at + start) {
        let rest = &written[start..];
        let Some((open, close)) = MARKS.iter().find(|(open, _)| rest.starts_with(open)) else {
            // A dollar behind a backslash is one.
            at = start + rest.chars().take(2).map(char::len_utf8).sum::<usize>();
            if rest.starts_with("\\begin{") {
                let end = rest.find('}').map_or(rest.len(), |end| end + 1);
                return Some((start..start + end, HELP));
            }
            continue;
        };
        let inner = &rest[open.len()..];
        let near = &inner[..inner.floor_char_boundary(NEAR)];
        at = start + open.len();
        let Some(end) = near.find(close).filter(|end| *end > 0) else { continue };
        let before = written[..start].chars().next_back();
        let behind = near[end + close.len()..].chars().next();
        let is_joined = [before, behind].iter().any(|c| c.is_some_and(char::is_alphanumeric));
        if is_formula(open, &near[..end], is_joined) {
            return Some((start..at + end + close.len(), HELP));
        }
    }
    None
}

/// Whether what stands between the marks is a formula. `is_joined` tells whether a letter or a digit
/// touches them.
fn is_formula(open: &str, inner: &str, is_joined: bool) -> bool {
    let is_tight = !inner.starts_with(char::is_whitespace)
        && !inner.ends_with(char::is_whitespace)
        && !inner.contains('\n');
    let has_power = inner.contains('^') || inner.contains("_{") || has_command(inner);
    let has_sign = has_power || inner.contains('=') || has_index(inner);
    match open {
        "$$" => has_sign,
        // Prices have no signs of a formula between them.
        "$" => has_sign && (has_power || !inner.contains(' ')) && is_tight && !is_joined,
        "\\(" => (has_sign || is_letter(inner)) && !is_joined,
        _ => has_power || has_sign && !has_words(inner),
    }
}

/// `\frac`, `\alpha`.
fn has_command(inner: &str) -> bool {
    inner
        .split('\\')
        .skip(1)
        .any(|rest| rest.bytes().take_while(u8::is_ascii_alphabetic).count() > 1)
}

/// `x_1`: a letter with something lowered behind it.
fn has_index(inner: &str) -> bool {
    let bytes = inner.as_bytes();
    memchr::memchr_iter(b'_', bytes).any(|at| {
        let is_alone = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let is_short =
            is_alone(at.checked_sub(2).and_then(|at| bytes.get(at))) && is_alone(bytes.get(at + 2));
        is_short
            && before.is_some_and(u8::is_ascii_alphabetic)
            && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
    })
}

/// A letter that stands for a number. `(c)` is a sign of its own.
fn is_letter(inner: &str) -> bool {
    let inner = inner.trim();
    inner.len() == 1 && inner.bytes().all(|byte| byte.is_ascii_alphabetic() && byte != b'c')
}

fn has_words(inner: &str) -> bool {
    inner.split(|c: char| !c.is_alphabetic()).any(|word| word.chars().nth(2).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_told_from_prices() {
        for (text, found) in [
            ("$$E=mc^2$$", "$$E=mc^2$$"),
            ("So $x^2$ is", "$x^2$"),
            ("$\\frac{1}{2}$", "$\\frac{1}{2}$"),
            ("$\\alpha$ and $\\beta$", "$\\alpha$"),
            ("$a=b$", "$a=b$"),
            ("$x_i$", "$x_i$"),
            ("$$ x_1 + x_2 $$", "$$ x_1 + x_2 $$"),
            ("$$\n\\sum_i x\n$$", "$$\n\\sum_i x\n$$"),
            ("Let \\(x\\) be", "\\(x\\)"),
            ("\\( n = 3 \\)", "\\( n = 3 \\)"),
            ("\\[ \\frac{a}{b} \\]", "\\[ \\frac{a}{b} \\]"),
            ("\\[ a = b \\]", "\\[ a = b \\]"),
            ("\\begin{align}", "\\begin{align}"),
            ("It cost \\$5 and $x^2$.", "$x^2$"),
        ] {
            assert_eq!(formula(text).map(|(range, _)| &text[range]), Some(found), "{text}");
        }
        for text in [
            "It is $10$ and $20.",
            "$5 to $10",
            "$5 = 4 € and $6",
            "from $5 (was $7)",
            "US$10^2$",
            "`$`",
            "$name and $x",
            "$5=4€ or $6",
            "?a=$b&c=$d",
            "\\$5 \\* 2 = \\$10",
            "\\(a note\\)",
            "\\(c\\) 2026",
            "author\\(s\\)",
            "\\[the plan\\] and \\[1\\]",
            "C:\\new\\(x86\\)",
            "$$ and $$$",
            "$HOME_DIR and $X_Y",
        ] {
            assert_eq!(formula(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([$()=^_a1 가]|\\[|\\]|\\\\|\\PC){0,60}") {
            let _ = formula(&text);
        }
    }
}
