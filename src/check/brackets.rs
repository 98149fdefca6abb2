//! Links and pictures whose brackets do not fit: a space, a quotation mark or a bracket too few, those of
//! another keyboard, those of the wrong kind. Markdown reads them as text.
//!
//! Must never tell of brackets as prose has them: `[sic] (see the note)`, `f(x)[0]`.

use super::stretch::LONGEST;

/// What a picture or another file ends with.
const FILES: [&str; 9] = [".md", ".html", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"];

/// Whether `text` begins as an address of the web or of a person, or is the path of a file.
fn is_address(text: &str) -> bool {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let word = text.split(|c: char| c.is_whitespace() || ")]）］".contains(c)).next();
    let word = word.unwrap_or_default().to_ascii_lowercase();
    ["http://", "https://", "mailto:", "www."].iter().any(|start| word.starts_with(start))
        || FILES.iter().any(|kind| word.len() > kind.len() && word.ends_with(kind))
}

/// Where the target ends: at its bracket, or with its line.
fn end_of_target(target: &str) -> usize {
    let target = &target[..target.floor_char_boundary(LONGEST)];
    target.find([')', '\n']).unwrap_or(target.len())
}

/// Whether words follow an address, between quotation marks of print or none: a picture's caption.
fn is_bare_caption(target: &str) -> bool {
    let target = &target[..end_of_target(target)];
    let Some((address, words)) = target.split_once(char::is_whitespace) else { return false };
    let words = words.trim_start();
    let is_quoted = words.starts_with(|c: char| "\"'“”„‟‚‘’‛«»‹›「『".contains(c));
    let is_file = |text: &str| FILES.iter().any(|kind| text.to_ascii_lowercase().ends_with(kind));
    is_address(address) && (is_quoted || is_file(address) && !is_file(words.trim_end()))
}

/// A number with spaces in it, as people are called.
fn is_telephone(target: &str) -> bool {
    let number = target[..end_of_target(target)].trim();
    number.contains(char::is_whitespace)
        && number.bytes().filter(u8::is_ascii_digit).count() >= 6
        && number.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "+-/.".contains(c))
}

/// What is wrong with the target that stands behind `[words]`, if that was to be a link.
pub(super) fn unread_target(behind: &str) -> Option<&'static str> {
    const SPLIT: &str =
        "write a link without a space between its brackets: [the minutes](https://…)";
    const QUOTES: &str = "words with quotation marks in them stand between single ones: \
                          ![A view](view.png 'The \"old\" quay')";
    const CAPTION: &str = "words behind an address stand between straight quotation marks: \
                           ![A view](view.png \"The quay\")";
    const OPEN: &str =
        "the address begins with < and has no >: leave both out, or write > behind it";
    const TELEPHONE: &str = "write tel: before a number, without spaces: [words](tel:+49221123456)";
    const SPACE: &str = "an address has no spaces: write %20 for each, and close the bracket";
    let target = behind.strip_prefix('(');
    if let Some(target) = target {
        if has_odd_title(target) {
            return Some(QUOTES);
        }
        if is_bare_caption(target) {
            return Some(CAPTION);
        }
        if target.starts_with('<') && !target[..end_of_target(target)].contains('>') {
            return Some(OPEN);
        }
        if is_telephone(target) {
            return Some(TELEPHONE);
        }
    }
    if target.is_some_and(|target| target.starts_with("http") || target.starts_with("mailto:")) {
        return Some(SPACE);
    }
    if let Some(target) = target {
        let target = &target[..target.floor_char_boundary(LONGEST)];
        let target = target.split([')', '\n']).next().unwrap_or_default();
        let target = target.split(['"', '“']).next().unwrap_or_default().trim();
        // An address without its scheme, or of a telephone, with a space in it.
        let first = target.split(char::is_whitespace).next().unwrap_or_default();
        let is_bare = first.split_once('/').is_some_and(|(host, _)| {
            host.contains('.')
                && host.split('.').all(|part| {
                    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                })
        });
        let starts = |scheme: &str| target.to_ascii_lowercase().starts_with(scheme);
        if target.contains(char::is_whitespace) && (is_bare || starts("tel:") || starts("www.")) {
            return Some(SPACE);
        }
        let kinds = [".md", ".html", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"];
        let is_file = kinds.iter().any(|kind| target.to_ascii_lowercase().ends_with(kind));
        return is_file.then_some(SPACE);
    }
    if ["http://", "https://", "www."].iter().any(|start| behind.starts_with(start)) {
        return Some("put the address between round brackets: [the minutes](https://…)");
    }
    behind.trim_start().starts_with("(http").then_some(SPLIT)
}

/// Whether `target`, behind a round bracket, is an address without a space, and behind it words between
/// quotation marks that hold others of the same kind.
fn has_odd_title(target: &str) -> bool {
    let target = &target[..target.floor_char_boundary(LONGEST)];
    let line = target.lines().next().unwrap_or_default();
    let quotes = ['"', '“', '”'];
    let Some((path, title)) = line.split_once(char::is_whitespace) else { return false };
    let title = title.trim_start();
    let Some(end) = title.rfind(quotes) else { return false };
    let is_end = title[end..].trim_start_matches(quotes).trim_start().starts_with(')');
    path.contains(['.', '/'])
        && !path.contains(')')
        && title.starts_with(quotes)
        && is_end
        && title.matches(quotes).count() > 2
}

/// A link or picture without the brackets that `unread_target` goes by.
pub(super) fn broken_link(text: &str) -> Option<(&str, &'static str)> {
    reversed(text).or_else(|| full_width(text)).or_else(|| unclosed(text))
}

/// `(words)[https://…]`: the brackets in the wrong order.
fn reversed(text: &str) -> Option<(&str, &'static str)> {
    const HELP: &str = "the brackets are in the wrong order: [the minutes](https://…)";
    let mut found = text.match_indices(")[").map(|(at, _)| at);
    let at = found.find(|at| is_address(&text[at + 2..]))?;
    let start = text[..at].rfind('(').unwrap_or(at);
    let end = text[at..].find(']').map_or(text.len(), |end| at + end + 1);
    Some((&text[start..end], HELP))
}

/// `［words］（https://…）`: brackets of an East Asian keyboard.
fn full_width(text: &str) -> Option<(&str, &'static str)> {
    const HELP: &str = "write the plain brackets of the English keyboard: [the minutes](https://…)";
    ["］（", "］(", "]（"].into_iter().find_map(|middle| {
        let at = text.find(middle).filter(|at| is_address(&text[at + middle.len()..]))?;
        let start = text[..at].rfind(['［', '[']).unwrap_or(at);
        Some((&text[start..at + middle.len()], HELP))
    })
}

/// `[words(https://…)`: a bracket is missing, or of the wrong kind.
fn unclosed(text: &str) -> Option<(&str, &'static str)> {
    const HELP: &str = "write ] behind the words, and then the address: [the minutes](https://…)";
    let mut found = text.match_indices('(').filter(|(at, _)| is_address(&text[at + 1..]));
    found.find_map(|(at, _)| {
        let line = text.ceil_char_boundary(at.saturating_sub(LONGEST));
        let line = text[line..at].rfind('\n').map_or(line, |end| line + end + 1);
        let before = text[line..at].strip_suffix('[').unwrap_or(&text[line..at]);
        let start = line + before.rfind('[')?;
        let words = &text[start + 1..line + before.len()];
        let behind = &text[at + 1 + end_of_target(&text[at + 1..])..];
        let behind = &behind[..behind.floor_char_boundary(LONGEST)];
        let is_closed = behind.split(['[', '\n']).next().is_some_and(|rest| rest.contains(']'));
        let is_link = !words.trim().is_empty() && !words.contains([']', '(']);
        let is_apart = words.ends_with(char::is_whitespace);
        (is_link && !is_apart && !is_closed).then_some((&text[start..=at], HELP))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_that_are_none_are_told_with_what_is_right() {
        for (behind, help) in [
            ("(hanok.jpg „Hanok im Schnee“)", "straight quotation marks"),
            ("(hanok.jpg »Hanok«)", "straight quotation marks"),
            ("(hanok.jpg ‚Hanok‘)", "straight quotation marks"),
            ("(hanok.jpg “Hanok”)", "straight quotation marks"),
            ("(hanok.jpg Hanok im Schnee)", "straight quotation marks"),
            ("(https://quay.kr/a „The plan“)", "straight quotation marks"),
            ("(my photo.jpg)", "%20"),
            ("(https://quay.kr/a b)", "%20"),
            ("(0221 123456)", "tel:"),
            ("(<https://quay.kr/a)", "has no >"),
        ] {
            assert!(unread_target(behind).is_some_and(|told| told.contains(help)), "{behind}");
        }
        for behind in ["(see the note)", "(1990)", "(12 34)", "(vgl. S. 12)", " (see above)"] {
            assert_eq!(unread_target(behind), None, "{behind}");
        }
    }

    #[test]
    fn brackets_that_do_not_fit_are_found() {
        for (text, found) in [
            ("See (the plan)[https://quay.kr/]", "(the plan)[https://quay.kr/]"),
            ("!(Hanok)[bilder/hanok.jpg]", "(Hanok)[bilder/hanok.jpg]"),
            ("[Umfrage(https://quay.kr/x)", "[Umfrage("),
            ("![Ein Hanok[(bilder/hanok.jpg)", "[Ein Hanok[("),
            ("［Umfrage］（https://quay.kr/x）", "［Umfrage］（"),
            ("[Umfrage]（https://quay.kr/x）", "[Umfrage]（"),
        ] {
            assert_eq!(broken_link(text).map(|(found, _)| found), Some(found), "{text}");
        }
        for text in [
            "[see (https://quay.kr/x) there]",
            "[Quelle(https://quay.kr/x)]",
            "[see above (https://quay.kr/x)",
            "f(x)[0] and (a)[b]",
            "［참고］（앞의 글）",
        ] {
            assert_eq!(broken_link(text), None, "{text}");
        }
    }
}
