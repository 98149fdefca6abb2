//! Names of tables in brackets: `[theme]`, and `[[section]]` for what there are several of.

use super::{Slip, line_at};

/// What there may be several of, each below a line of its own in two brackets.
const SEVERAL: [&str; 2] = ["section", "relay"];

/// What is wrong with the brackets around a name in the line at `at`.
pub(super) fn slip(text: &str, at: usize) -> Option<Slip> {
    let line = line_at(text, at, '=');
    let (before, name, behind) = heading(line.text)?;
    let whole = line.start..line.start + line.text.trim_end().len();
    let is_several = SEVERAL.contains(&name);
    if before != behind {
        let right = if is_several || before.min(behind) > 1 {
            format!("[[{name}]]")
        } else {
            format!("[{name}]")
        };
        let what = "the brackets around this name are not the same at both ends".to_owned();
        return Some(Slip { span: whole, what, help: format!("write {right}").into() });
    }
    if line.text.contains("[ [") || line.text.contains("] ]") {
        let what = "there is a space between these brackets".to_owned();
        return Some(Slip { span: whole, what, help: format!("write [[{name}]]").into() });
    }
    if before > 2 {
        let what = "a name stands between one bracket or two".to_owned();
        return Some(Slip { span: whole, what, help: format!("write [[{name}]]").into() });
    }
    is_several.then(|| several(text, name)).flatten()
}

/// Of headings of one name, of which there may be several, the first with single brackets.
fn several(text: &str, name: &str) -> Option<Slip> {
    let mut at = 0;
    let lines = text.split_inclusive('\n').zip(1..).filter_map(|(line, number)| {
        let start = at;
        at += line.len();
        let (before, found, behind) = heading(line)?;
        let is_single = found == name && (before, behind) == (1, 1);
        is_single.then(|| (number, start..start + line.trim_end().len()))
    });
    let single: Vec<(usize, std::ops::Range<usize>)> = lines.collect();
    let ((_, first), others) = single.split_first()?;
    let others: Vec<String> = others.iter().take(10).map(|(line, _)| line.to_string()).collect();
    let also = match others.len() {
        0 => String::new(),
        1 => format!(", and so in line {}", others.concat()),
        _ => format!(", and so in lines {}", others.join(", ")),
    };
    let what =
        format!("there is more than one {name}, and this one stands between single brackets");
    let help = format!("write [[{name}]] here{also}: two brackets, each time");
    Some(Slip { span: first.clone(), what, help: help.into() })
}

/// The name that a line has between brackets, and how many there are at each end.
fn heading(line: &str) -> Option<(usize, &str, usize)> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let is_bracket = |c: char| matches!(c, '[' | ']' | ' ');
    let name = line.trim_matches(is_bracket);
    let is_name = !name.is_empty()
        && name.starts_with(|c: char| c.is_alphabetic() || c == '"')
        && name.chars().all(|c| c.is_alphanumeric() || "_-.\"".contains(c));
    let opens = line.len() - line.trim_start_matches(is_bracket).len();
    let before = line[..opens].matches('[').count();
    let closes = line.trim_end_matches(is_bracket).len();
    let behind = line[closes..].matches(']').count();
    (is_name && before > 0 && line.starts_with('[')).then_some((before, name, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, at: usize) -> Option<(String, String)> {
        let slip = slip(text, at)?;
        Some((text[slip.span].to_owned(), slip.help.into_owned()))
    }

    #[test]
    fn slips_of_brackets_are_told_with_what_is_right() {
        for (text, at, shown, help) in [
            ("[[section]\na = 1\n", 10, "[[section]", "write [[section]]"),
            ("[section]]\na = 1\n", 0, "[section]]", "write [[section]]"),
            ("[ [section] ]\na = 1\n", 2, "[ [section] ]", "write [[section]]"),
            ("[theme\na = 1\n", 6, "[theme", "write [theme]"),
            ("[[[section]]]\n", 0, "[[[section]]]", "write [[section]]"),
            (
                "a = 1\n[section]\nb = 1\n\n[section]\nc = 1\n[[section]]\n",
                23,
                "[section]",
                "write [[section]] here, and so in line 5: two brackets, each time",
            ),
            (
                "[relay]\nb = 1\n[[relay]]\n",
                14,
                "[relay]",
                "write [[relay]] here: two brackets, each time",
            ),
        ] {
            let expected = (shown.to_owned(), help.to_owned());
            assert_eq!(told(text, at), Some(expected), "{text}");
        }
        for right in ["[theme]\na = 1\n", "[[section]]\n", "a = [1]\n", "[theme.light] # [x\n"] {
            assert_eq!(told(right, 0), None, "{right}");
        }
    }
}
