//! Lines of plain text that hold Markdown or HTML: titles, the subject, the preheader, names and
//! summaries. Nothing is read there, so readers would see the stars and the tags.
//!
//! Must never tell of what is ordinary in a title: `5 * 3`, `C*`, `Free* tea`, `AT&T`, `Vec<T>`.

use std::collections::HashSet;
use std::ops::Range;

use super::spot::Spot;
use super::view::View;
use crate::diagnostic::Diagnostic;

/// What stands in a line, and what to write for it.
type PlainSign = (Range<usize>, String);

/// A line in which neither Markdown nor HTML is read: what it is, its text, and where it stands.
type PlainLine<'v> = (&'static str, &'v str, Spot<'v>);

/// All lines of plain text that readers see.
fn plain_lines<'v>(view: &View<'v>) -> Vec<PlainLine<'v>> {
    let issue = view.input.issue;
    let manifest = Spot::whole(&issue.manifest);
    let at =
        |span: &Range<usize>| Spot { source: &issue.manifest, span: span.clone(), is_file: false };
    let subject = &issue.subject;
    let mut all: Vec<PlainLine<'v>> = vec![("subject", &subject.value, at(&subject.span))];
    all.extend(
        issue.preheader.iter().map(|text| ("preheader", text.value.as_str(), at(&text.span))),
    );
    // The subject is made of the title where there is none.
    let title = Some(issue.title.as_str()).filter(|title| *title != subject.value);
    all.extend(title.map(|title| ("title", title, manifest.clone())));
    for section in &issue.sections {
        all.extend(section.shown_heading().map(|text| ("heading", text, manifest.clone())));
        for article in &section.articles {
            let texts = [
                ("title", Some(&article.title)),
                ("name", article.author.as_ref()),
                ("name", article.affiliation.as_ref()),
                ("summary", article.summary.as_ref()),
            ];
            let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text?.as_str())));
            all.extend(texts.map(|(name, text)| (name, text, Spot::whole(&article.source))));
        }
    }
    all
}

/// The lines in which [`marks`] finds something: what is found in them is told once.
pub(super) fn told<'v>(view: &View<'v>) -> HashSet<&'v str> {
    let lines = plain_lines(view).into_iter().map(|(_, text, _)| text);
    lines.filter(|text| sign(text).is_some()).collect()
}

/// The rule `leftover-markdown` for the lines in which none is read.
pub(super) fn marks(view: &View<'_>) -> Vec<Diagnostic> {
    let told = |(name, text, spot): PlainLine<'_>| {
        let (range, instead) = sign(text)?;
        let found = &text[range];
        let what = format!("{found} would be sent as it is");
        let help = format!("a {name} is plain text, without Markdown and HTML: write {instead}");
        Some(Diagnostic::warning("leftover-markdown", what).at(spot.of(found)).help(help))
    };
    plain_lines(view).into_iter().filter_map(told).collect()
}

/// Bytes of what stands between two marks.
const LONGEST: usize = 300;

/// The first sign of Markdown or HTML in a line.
pub(super) fn sign(text: &str) -> Option<PlainSign> {
    let kinds = [link(text), tag(text), entity(text), emphasis(text), heading(text)];
    kinds.into_iter().flatten().min_by_key(|(range, _)| range.start)
}

/// `[words](target)`, and a picture.
fn link(text: &str) -> Option<PlainSign> {
    let middle = text.find("](")?;
    let open = text[..middle].rfind('[')?;
    let end = middle + text[middle..].find(')')?;
    let target = &text[middle + 2..end];
    let is_target = [":", "/", ".", "#"].iter().any(|sign| target.contains(sign));
    let words = text[open + 1..middle].to_owned();
    let start = open - usize::from(text[..open].ends_with('!'));
    (is_target && end - start < 2 * LONGEST).then_some((start..end + 1, words))
}

/// Elements that make words bold, larger or a link.
const TAGS: [&str; 26] = [
    "b", "i", "u", "s", "em", "strong", "small", "big", "sup", "sub", "span", "a", "p", "code",
    "mark", "font", "center", "div", "h1", "h2", "h3", "q", "cite", "del", "ins", "br",
];

/// `<b>words</b>` and `<br>`.
fn tag(text: &str) -> Option<PlainSign> {
    let mut closed = 0;
    text.match_indices('<').take(50).find_map(|(at, _)| {
        let rest = &text[at + 1..text.floor_char_boundary(at + LONGEST)];
        let end = rest.find('>')?;
        let name = rest[..end].split([' ', '/']).next()?.to_ascii_lowercase();
        if !TAGS.contains(&name.as_str()) {
            return None;
        }
        let behind = &text[at + end + 2..];
        if name == "br" {
            // An article about HTML names the tag.
            let next = behind.trim_start().split(|c: char| !c.is_alphanumeric()).next();
            let is_named = next.is_some_and(|word| ["tag", "tags", "element"].contains(&word));
            return (!is_named).then(|| (at..at + end + 2, "a space, or two lines".to_owned()));
        }
        if closed > at {
            return None;
        }
        let close = format!("</{name}>");
        // Where one end is missing, those behind are not looked for again and again.
        let length = behind.to_ascii_lowercase().find(&close)?;
        closed = at + end + 2 + length + close.len();
        Some((at..closed, behind[..length].to_owned()))
    })
}

/// What names of HTML stand for.
const ENTITIES: [(&str, &str); 22] = [
    ("amp", "&"),
    ("nbsp", "a space"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("euro", "€"),
    ("pound", "£"),
    ("copy", "©"),
    ("middot", "·"),
    ("szlig", "ß"),
    ("times", "×"),
    ("deg", "°"),
];
/// How the names of letters with a mark end.
const ACCENTS: [&str; 8] = ["uml", "acute", "grave", "circ", "tilde", "cedil", "slash", "caron"];

/// `&amp;`, `&#8217;`, `&eacute;`.
fn entity(text: &str) -> Option<PlainSign> {
    text.match_indices('&').find_map(|(at, _)| {
        let rest = &text[at + 1..text.floor_char_boundary(at + 12)];
        let name = &rest[..rest.find(';')?];
        let number =
            name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok(),
                None => number.parse().ok(),
            });
        let known = ENTITIES.iter().find(|(known, _)| *known == name);
        let is_accented =
            ACCENTS.iter().any(|end| name.len() == end.len() + 1 && name.ends_with(end));
        let instead = match (number.and_then(char::from_u32), known) {
            (Some(c), _) if c.is_whitespace() => "a space".to_owned(),
            (Some(c), _) => c.to_string(),
            (_, Some((_, instead))) => (*instead).to_owned(),
            _ if is_accented => "the letter itself".to_owned(),
            _ => return None,
        };
        Some((at..at + name.len() + 2, instead))
    })
}

/// `*words*`, `**words**`, `_words_`, `~~words~~`.
fn emphasis(text: &str) -> Option<PlainSign> {
    ["**", "__", "~~", "*", "_"].into_iter().find_map(|mark| {
        let mut found = text.match_indices(mark).map(|(at, _)| at).peekable();
        while let Some(open) = found.next() {
            let Some(close) = found.peek().copied() else { break };
            let inner = &text[open + mark.len()..close];
            let end = close + mark.len();
            let (before, behind) = (text[..open].chars().next_back(), text[end..].chars().next());
            let sign = mark.chars().next();
            let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric()) && c != sign;
            let opens = inner.starts_with(|c: char| c.is_alphanumeric() || "\"“‘«(¡¿".contains(c));
            let closes = inner.ends_with(|c: char| !c.is_whitespace() && c != '/');
            let has_words = inner.chars().any(char::is_alphabetic);
            // Names of programs: __init__, and a path with two wildcards.
            let is_code = mark.starts_with('_') && !inner.contains(' ') && inner.is_ascii()
                || inner.contains(['/', '|', '=']);
            let is_joined = mark.len() == 1 && !(is_apart(before) && is_apart(behind));
            let stands = !is_joined && before != sign && behind != sign && before != Some('\\');
            if opens && closes && has_words && !is_code && stands && inner.len() <= LONGEST {
                return Some((open..end, inner.to_owned()));
            }
        }
        None
    })
}

/// `## Words`.
fn heading(text: &str) -> Option<PlainSign> {
    let words = text.trim_start_matches('#');
    let signs = text.len() - words.len();
    let is_heading = (1..=6).contains(&signs)
        && words.starts_with(' ')
        && words.trim_start().starts_with(char::is_alphabetic);
    is_heading.then(|| (0..text.len(), words.trim_start().to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_are_found_with_what_to_write() {
        for (text, found, instead) in [
            ("*The Sea, Again*", "*The Sea, Again*", "The Sea, Again"),
            ("On *The Sea*: a note", "*The Sea*", "The Sea"),
            ("A **bold** word", "**bold**", "bold"),
            ("**바다**는 높다", "**바다**", "바다"),
            ("_The Sea, Again_ returns", "_The Sea, Again_", "The Sea, Again"),
            ("~~Old~~ new", "~~Old~~", "Old"),
            ("<b>News</b> of May", "<b>News</b>", "News"),
            ("<span style=\"color:red\">x</span>", "<span style=\"color:red\">x</span>", "x"),
            ("Spring<br>walk", "<br>", "a space, or two lines"),
            ("Food &amp; drink", "&amp;", "&"),
            ("Kim&#8217;s", "&#8217;", "’"),
            ("Caf&eacute;", "&eacute;", "the letter itself"),
            ("See [the site](https://a.example)", "[the site](https://a.example)", "the site"),
            ("## News", "## News", "News"),
        ] {
            let (range, words) = sign(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((&text[range], words.as_str()), (found, instead));
        }
    }

    #[test]
    fn ordinary_titles_are_left_alone() {
        for text in [
            "5 * 3 and 4 * 2",
            "C* and D* algebras",
            "C*-algebras and *-rings",
            "Free* tea and cake*",
            "AT&T; and R&D; Q&A",
            "Vec<T> and Option<b>",
            "The <b> element",
            "How the <br> tag came",
            "a < b and c > d",
            "snake_case_name and other_name",
            "What __init__ does",
            "all *.rs and *.toml",
            "f*** this",
            "Hotels **** and *****",
            "Issue # 12",
            "#metoo",
            "C# in May",
            "[sic](!)",
            "\\*stars\\*",
            "Dear *|FNAME|*",
            "src/*/a/*/b",
            "1*2*3",
            "x & y; z",
        ] {
            assert_eq!(sign(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_read(text in "([*_~&;#<>/b\\[\\]()!\\\\ ]|\\PC){0,60}") {
            let _ = sign(&text);
        }
    }
}
