//! Ends of lines within Chinese and Japanese, which have no spaces between words: where an author
//! broke a line there, readers must see nothing. Korean has spaces, and keeps them.

use crate::issue::block::Inline;
use crate::issue::script::WritingScript;

/// Stands for what is neither letter nor space: a picture, code.
const OBJECT: char = '\u{FFFC}';

/// Takes the ends of lines away that stand between two characters of Chinese or Japanese.
pub(super) fn join(inlines: &mut Vec<Inline>) {
    let mut flat = Vec::new();
    flatten(inlines, &mut flat);
    if !flat.iter().any(|c| is_eastern(*c)) {
        return;
    }
    let ends = flat.iter().enumerate().filter(|(_, c)| **c == '\n');
    let is_joined = ends.map(|(at, _)| {
        let before = flat[..at].iter().rev().copied().find(|c| !is_passed(*c, true));
        let behind = flat[at + 1..].iter().copied().find(|c| !is_passed(*c, false));
        before.is_some_and(is_eastern) && behind.is_some_and(is_eastern)
    });
    let is_joined: Vec<bool> = is_joined.collect();
    if is_joined.contains(&true) {
        remove(inlines, &mut is_joined.into_iter());
    }
}

/// `html` without the line ends that stand so in its text. In `<pre>` each counts.
pub(super) fn join_lines(html: &str) -> String {
    if !html.contains(is_eastern) || html.to_ascii_lowercase().contains("<pre") {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len());
    for line in html.split_inclusive('\n') {
        let words = line.trim_start_matches([' ', '\t']);
        let before = out.trim_end_matches(['\n', '\r', ' ', '\t']).chars().next_back();
        let is_end = out.ends_with('\n') && !out.trim_end_matches([' ', '\r']).ends_with("\n\n");
        if is_end && before.is_some_and(is_eastern) && words.starts_with(is_eastern) {
            let length = out.trim_end_matches(['\n', '\r', ' ', '\t']).len();
            out.truncate(length);
            out.push_str(words);
        } else {
            out.push_str(line);
        }
    }
    out
}

/// Quotation marks and dashes are of no script: what stands beyond them tells.
fn is_passed(c: char, is_before: bool) -> bool {
    match c {
        ' ' | '"' | '\'' => true,
        '”' | '’' | '—' | '…' => is_before,
        '“' | '‘' => !is_before,
        _ => false,
    }
}

/// A Chinese character, kana, or a mark as wide as one.
fn is_eastern(c: char) -> bool {
    matches!(WritingScript::of(c), Some(WritingScript::Han | WritingScript::Kana))
        || matches!(c as u32, 0x3001..=0x303F | 0x3100..=0x312F | 0x31A0..=0x31BF | 0xFF01..=0xFF65)
}

fn flatten(inlines: &[Inline], out: &mut Vec<char>) {
    for inline in inlines {
        match inline {
            Inline::Text(text) => out.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c })),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                flatten(inner, out);
            }
            Inline::Html(_, _, inner) => flatten(inner, out),
            Inline::Link(link) => flatten(&link.text, out),
            Inline::Code(_) | Inline::Image(_) | Inline::LineBreak => out.push(OBJECT),
            Inline::SoftBreak => out.push('\n'),
            // A small number stands above the line, and a name is not seen.
            Inline::Footnote(..) | Inline::Anchor(_) => {}
        }
    }
}

/// Removes the ends of lines for which the next of `is_joined` is true.
fn remove(inlines: &mut Vec<Inline>, is_joined: &mut impl Iterator<Item = bool>) {
    let mut out: Vec<Inline> = Vec::with_capacity(inlines.len());
    for mut inline in inlines.drain(..) {
        match &mut inline {
            Inline::SoftBreak if is_joined.next() == Some(true) => continue,
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                remove(inner, is_joined);
            }
            Inline::Html(_, _, inner) => remove(inner, is_joined),
            Inline::Link(link) => remove(&mut link.text, is_joined),
            _ => {}
        }
        // One text again, so that its script is told from the whole.
        match (out.last_mut(), inline) {
            (Some(Inline::Text(before)), Inline::Text(text)) => before.push_str(&text),
            (_, inline) => out.push(inline),
        }
    }
    *inlines = out;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issue::block::plain;

    #[test]
    fn lines_of_chinese_and_japanese_are_joined() {
        let text = |text: &str| Inline::Text(text.to_owned());
        for (first, second, joined) in [
            ("港の発表や", "人気の船", true),
            ("港口，", "船只", true),
            ("他说：“好。”", "她走了", true),
            ("カモメ", "「ミナト」", true),
            ("等等……", "然后", true),
            ("항구의 소식", "배", false),
            ("港の発表", "Linux", false),
            ("Linux", "港の発表", false),
            ("引文", "——鲁迅", false),
        ] {
            let mut inlines =
                vec![Inline::Strong(vec![text(first)]), Inline::SoftBreak, text(second)];
            join(&mut inlines);
            let space = if joined { "" } else { " " };
            assert_eq!(plain(&inlines), format!("{first}{space}{second}"));
            let html = format!("<p>{first}\n  {second}</p>\n");
            let expected = html.contains('“') || html.contains('…') || !joined;
            assert_eq!(join_lines(&html) == html, expected, "{html}");
        }
        assert_eq!(join_lines("<pre>港\n船</pre>"), "<pre>港\n船</pre>");
    }
}
