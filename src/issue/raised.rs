//! Numbers above and below the line, in plain text: `2^176`, `10^-3`, `x_max`. Without a mark they
//! would read as other numbers.

/// How what stands in `<sup>` is written behind `before`.
pub(crate) fn above(before: &str, inner: &str) -> String {
    let inner = inner.trim();
    let last = before.chars().next_back();
    // A footnote by hand: a number behind a sentence.
    let is_note = last.is_some_and(|c| ".,;:!?…\"”’'»。、，！？".contains(c));
    if is_note && !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!(" ({inner})");
    }
    // 1st, 2e, Mme and trademarks read well as they are, and so do variables that could be one.
    let is_variable =
        matches!(inner, "n" | "k" | "m" | "x" | "y" | "i" | "j" | "t" | "p" | "N" | "T")
            && last.is_some_and(|c| c.is_ascii_digit() || c == ')' || c.is_ascii_lowercase());
    if is_value(inner) || is_variable { marked('^', inner) } else { inner.to_owned() }
}

/// How what stands in `<sub>` is written behind `before`: H2O is read by everybody.
pub(crate) fn below(before: &str, inner: &str) -> String {
    let inner = inner.trim();
    let last = before.chars().next_back();
    let is_count = inner.bytes().all(|byte| byte.is_ascii_digit());
    let behind_digit = last.is_some_and(|c| c.is_ascii_digit());
    let is_index = inner.len() <= 8 && inner.chars().all(char::is_alphabetic);
    let is_marked = if is_count { behind_digit } else { is_value(inner) || is_index };
    let stands_behind = last.is_some_and(|c| c.is_alphanumeric() || c == ')');
    if is_marked && stands_behind { marked('_', inner) } else { inner.to_owned() }
}

fn is_sign(c: char) -> bool {
    "+-−–".contains(c)
}

/// A number, or a sum of numbers and letters without spaces: `176`, `-3`, `n+1`, `1/2`, `2−`.
fn is_value(inner: &str) -> bool {
    let rest = inner.trim_start_matches(is_sign);
    let fits = |c: char| c.is_ascii_alphanumeric() || is_sign(c) || "./,·*()= ".contains(c);
    let has_operator = rest.contains(|c| is_sign(c) || "/·*".contains(c));
    let starts = rest.starts_with(|c: char| c.is_ascii_digit()) || rest.starts_with('.');
    let is_ordinal = starts && rest.ends_with(|c: char| c.is_ascii_alphabetic()) && rest.len() > 3;
    let is_short = !rest.contains(' ') || has_operator;
    !rest.is_empty()
        && inner.len() <= 24
        && is_short
        && rest.chars().all(fits)
        && (starts && !is_ordinal
            || has_operator && rest.split(is_sign).all(|part| part.len() <= 3)
            || rest.len() < inner.len() && rest.len() <= 3)
}

/// What is more than one number or word stands in parentheses.
fn marked(mark: char, inner: &str) -> String {
    let body = inner.trim_start_matches(is_sign).trim_end_matches(is_sign);
    if body.chars().all(|c| c.is_alphanumeric() || c == '.') {
        format!("{mark}{inner}")
    } else {
        format!("{mark}({inner})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_above_and_below_the_line_keep_their_meaning() {
        for (before, inner, written) in [
            ("2", "176", "^176"),
            ("10", "-3", "^-3"),
            ("10", "−3", "^−3"),
            ("m", "2", "^2"),
            ("10", "n+1", "^(n+1)"),
            ("2", "n", "^n"),
            ("x", "1/2", "^(1/2)"),
            ("Ca", "2+", "^2+"),
            (" ", "14", "^14"),
            ("e", "-x", "^-x"),
            ("10", "1.5", "^1.5"),
            ("1", "st", "st"),
            ("2", "nd", "nd"),
            ("1", "er", "er"),
            ("M", "me", "me"),
            ("Gull", "TM", "TM"),
            ("Gull", "®", "®"),
            ("the end.", "1", " (1)"),
            ("a", "see below", "see below"),
        ] {
            assert_eq!(above(before, inner), written, "{before}<sup>{inner}</sup>");
        }
        for (before, inner, written) in [
            ("H", "2", "2"),
            ("CO", "2", "2"),
            ("x", "max", "_max"),
            ("x", "n+1", "_(n+1)"),
            ("10", "2", "_2"),
            ("", "small print", "small print"),
            ("word ", "small", "small"),
        ] {
            assert_eq!(below(before, inner), written, "{before}<sub>{inner}</sub>");
        }
    }
}
