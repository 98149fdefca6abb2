//! CSS as rules read it: declarations and rules, not more than mail needs.

/// The declarations of a `style` attribute or of a rule's body, in order.
pub(super) fn declarations(style: &str) -> Vec<(&str, &str)> {
    let pairs = split(style, ';').into_iter().filter_map(|part| part.split_once(':'));
    pairs.map(|(name, value)| (name.trim(), value.trim())).collect()
}

/// Cuts `text` at `separator`, but not inside of quotes and parentheses.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut depth, mut quote, mut start) = (0_usize, None, 0);
    let mut parts = Vec::new();
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, c) if c == separator && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The most at-rules that stand inside each other in a sheet.
pub(super) fn at_rule_depth(sheet: &str) -> usize {
    let mut open: Vec<bool> = Vec::new();
    let (mut deepest, mut prelude) = (0, 0);
    for (at, c) in sheet.char_indices() {
        match c {
            '{' => {
                open.push(sheet[prelude..at].trim_start().starts_with('@'));
                deepest = deepest.max(open.iter().filter(|is_at| **is_at).count());
                prelude = at + 1;
            }
            '}' => {
                open.pop();
                prelude = at + 1;
            }
            ';' => prelude = at + 1,
            _ => {}
        }
    }
    deepest
}

/// A length in pixels; `None` for other units.
pub(super) fn pixels(value: &str) -> Option<f64> {
    value.trim().strip_suffix("px")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_end_at_semicolons_that_are_not_text() {
        let found = declarations("color: red; font-family:'a;b',x;width:max(1px;2px);");
        assert_eq!(
            found,
            [("color", "red"), ("font-family", "'a;b',x"), ("width", "max(1px;2px)")]
        );
        assert_eq!(pixels("13.5px"), Some(13.5));
        assert_eq!(pixels("1rem"), None);
    }

    #[test]
    fn nested_at_rules_are_counted() {
        assert_eq!(at_rule_depth("@media x{a{b:c}}@media y{d{e:f}}"), 1);
        assert_eq!(at_rule_depth("a{b:c}@media x{@supports (y:z){a{b:c}}}"), 2);
        assert_eq!(at_rule_depth("@import x;a{b:c}"), 0);
    }
}
