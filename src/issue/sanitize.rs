//! Raw HTML in Markdown, cut down to what is safe and useful in mail. The only file that knows the
//! sanitiser crate. Scripts, forms, event attributes and `javascript:` never survive.
//!
//! The text of clean HTML is read off its tags: the sanitiser has closed and quoted all of them, and
//! the tree of the checks, which stands below, says nothing about where a line of plain text ends.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use super::{css, slot};

/// Elements that may stand in running text; everything else in a line is dropped, its text kept.
const INLINE: [&str; 18] = [
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q",
    "small", "span", "strong", "u",
];
const INLINE_MORE: [&str; 6] = ["s", "sub", "sup", "time", "var", "samp"];
const BLOCK: [&str; 22] = [
    "blockquote",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "table",
    "tbody",
    "td",
    "th",
    "ul",
];
/// No pictures: one from the web would tell its server who reads, and Markdown has those of the
/// publication.
const BLOCK_MORE: [&str; 4] = ["thead", "tfoot", "tr", "caption"];
/// Elements whose content goes with them.
const WITH_CONTENT: [&str; 7] = ["script", "style", "iframe", "object", "template", "svg", "math"];

/// Elements without an end (HTML 13.1.2).
const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];
/// Kinds of what is left out that are named.
const NAMED: usize = 8;

/// Whether the element `name` has no end.
pub(super) fn is_void(name: &str) -> bool {
    VOID.iter().any(|void| void.eq_ignore_ascii_case(name))
}

/// Attributes that name what a program would fetch.
const FETCHING: [&str; 27] = [
    "action",
    "archive",
    "background",
    "cite",
    "classid",
    "codebase",
    "data",
    "dynsrc",
    "formaction",
    "icon",
    "imagesrcset",
    "itemid",
    "itemtype",
    "longdesc",
    "lowsrc",
    "manifest",
    "mask",
    "ping",
    "poster",
    "profile",
    "src",
    "srcdoc",
    "srcset",
    "usemap",
    "vocab",
    "xlink:href",
    "xml:base",
];

/// Properties that take an element out of its place, or paint far around it: it could come to lie
/// above what the law requires in every mail.
const MOVES: [&str; 16] = [
    "position",
    "-webkit-transform",
    "animation",
    "bottom",
    "box-shadow",
    "inset",
    "left",
    "outline",
    "outline-width",
    "right",
    "rotate",
    "scale",
    "top",
    "transform",
    "translate",
    "z-index",
];

/// Targets of links that may stay although they name no scheme.
struct MayStay(Vec<String>);

impl ammonia::UrlRelativeEvaluate<'_> for MayStay {
    fn evaluate<'a>(&self, address: &'a str) -> Option<Cow<'a, str>> {
        self.0.iter().any(|known| known == address).then_some(Cow::Borrowed(address))
    }
}

static ELEMENTS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    [&INLINE[..], &INLINE_MORE, &BLOCK, &BLOCK_MORE].concat().into_iter().collect()
});

/// Made once: a text may hold ten thousand tags.
static CLEANER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| cleaner(Vec::new()));

/// `html` made safe and well-formed; `kept`: the targets of links that may stay although they name no
/// scheme.
fn cleaned(html: &str, kept: Vec<String>) -> String {
    if kept.is_empty() {
        CLEANER.clean(html).to_string()
    } else {
        cleaner(kept).clean(html).to_string()
    }
}

/// See [`cleaned`].
fn cleaner(kept: Vec<String>) -> ammonia::Builder<'static> {
    let mut builder = ammonia::Builder::new();
    let style = ["style", "align", "lang", "dir", "title"];
    builder
        .tags(ELEMENTS.clone())
        .clean_content_tags(WITH_CONTENT.into_iter().collect())
        .generic_attributes(style.into_iter().collect())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("td", HashSet::from(["colspan", "rowspan", "bgcolor", "valign", "width"])),
            ("th", HashSet::from(["colspan", "rowspan", "bgcolor", "valign", "width", "scope"])),
            ("table", HashSet::from(["width", "bgcolor", "border", "cellpadding", "cellspacing"])),
            ("ol", HashSet::from(["start", "type"])),
            ("time", HashSet::from(["datetime"])),
        ]))
        .url_schemes(["https", "http", "mailto", "tel", "sms"].into_iter().collect())
        .url_relative(ammonia::UrlRelative::Custom(Box::new(MayStay(kept))))
        .link_rel(None)
        .strip_comments(true)
        .attribute_filter(|_, attribute, value| {
            (attribute != "style" || is_plain_style(value)).then(|| value.into())
        });
    builder
}

/// Declarations that fetch and run nothing, and that leave everything in its place.
fn is_plain_style(value: &str) -> bool {
    odd_in_style(value).is_none()
}

/// What a `style` attribute may not hold, in words, and where it is.
fn odd_in_style(value: &str) -> Option<(Range<usize>, String)> {
    // A subscriber's field could bring what is looked for here.
    if let Some((at, _)) = slot::pieces_at(value).iter().find(|(_, piece)| is_slot(piece)) {
        return Some((*at..*at, "a slot".to_owned()));
    }
    let lower = value.to_ascii_lowercase();
    for word in MOVES {
        let mut found = lower.match_indices(word).map(|(at, _)| at);
        let is_name = |at: &usize| {
            let before = lower[..*at].trim_end();
            let behind = lower[*at + word.len()..].trim_start();
            let is_whole = before.is_empty() || before.ends_with(';') || word == "position";
            let inner = lower[..*at].ends_with(|c: char| c == '-' || c.is_alphanumeric());
            is_whole && !inner && (behind.starts_with(':') || word == "position")
        };
        if let Some(at) = found.find(is_name) {
            return Some((at..at + word.len(), word.to_owned()));
        }
    }
    if let Some(at) = value.find('<') {
        return Some((at..at + 1, "\"<\"".to_owned()));
    }
    css::find_refused(value)
}

fn is_slot(piece: &slot::Piece<'_>) -> bool {
    matches!(piece, slot::Piece::Slot(_))
}

/// An attribute as it is written in raw HTML.
#[derive(Debug, PartialEq)]
pub(super) struct RawAttribute<'a> {
    /// The element's name, in lower case.
    pub(super) element: String,
    /// In lower case.
    pub(super) name: String,
    /// Without its quotation marks.
    pub(super) value: &'a str,
    /// Where the value starts.
    pub(super) at: usize,
    /// Where its tag starts.
    tag: usize,
}

/// Attributes of one tag.
pub(super) const MAX_ATTRIBUTES: usize = 200;

/// The attributes of all tags of `html`.
pub(super) fn attributes(html: &str) -> Vec<RawAttribute<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = html[at..].find('<') {
        at += open + 1;
        let tag = at;
        let element: String = html[at..].chars().take_while(char::is_ascii_alphanumeric).collect();
        if element.is_empty() {
            continue;
        }
        at += element.len();
        let element = element.to_ascii_lowercase();
        loop {
            let rest = html[at..].trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            at = html.len() - rest.len();
            if rest.is_empty() || rest.starts_with(['>', '<']) {
                break;
            }
            let is_end = |c: char| c.is_whitespace() || "=>/".contains(c);
            let length = rest.find(is_end).unwrap_or(rest.len());
            // A stray `=` would otherwise be looked at for ever.
            let length = length.max(rest.chars().next().map_or(1, char::len_utf8));
            let name = rest[..length].to_ascii_lowercase();
            at += length;
            let (start, end, next) = value(html, at);
            let value = &html[start..end];
            found.push(RawAttribute { element: element.clone(), name, value, at: start, tag });
            at = next;
        }
    }
    found
}

/// The value of the first attribute that is one too many in its tag: each is compared with all
/// before it where HTML is parsed.
pub(super) fn excess_attribute(html: &str) -> Option<Range<usize>> {
    let (mut tag, mut count) = (None, 0);
    for attribute in attributes(html) {
        count = if tag == Some(attribute.tag) { count + 1 } else { 1 };
        tag = Some(attribute.tag);
        if count > MAX_ATTRIBUTES {
            return Some(attribute.at..attribute.at + attribute.value.len());
        }
    }
    None
}

/// Where the value behind an attribute's name starts and ends, and where what follows it starts.
fn value(html: &str, at: usize) -> (usize, usize, usize) {
    let Some(rest) = html[at..].trim_start().strip_prefix('=') else { return (at, at, at) };
    let rest = rest.trim_start();
    let start = html.len() - rest.len();
    match rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        Some(quote) => {
            let end = rest[1..].find(quote).map_or(html.len(), |end| start + 1 + end);
            (start + 1, end, (end + 1).min(html.len()))
        }
        None => {
            let is_end = |c: char| c.is_whitespace() || c == '>';
            let end = rest.find(is_end).map_or(html.len(), |end| start + end);
            (start, end, end)
        }
    }
}

/// The `style` attributes of `html` that cannot stay: where each goes wrong, and how.
pub(super) fn refused_styles(html: &str) -> Vec<(Range<usize>, String)> {
    let styles = attributes(html).into_iter().filter(|attribute| attribute.name == "style");
    let odd = styles.filter_map(|style| {
        let (range, what) = odd_in_style(style.value)?;
        Some((style.at + range.start..style.at + range.end, what))
    });
    odd.collect()
}

/// A block of HTML made safe and well-formed, and its text.
pub(super) fn block(html: &str, kept: Vec<String>) -> (String, String) {
    let clean = cleaned(html, kept);
    let text = text(&clean);
    (clean, text)
}

/// The text between the tags of clean HTML, with the targets of its links between angle brackets.
fn text(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    let mut link = None;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let tag_end = rest[open..].find('>').map_or(rest.len(), |at| open + at + 1);
        let tag = &rest[open..tag_end];
        let breaks = ["<br", "<p", "</p", "<li", "<tr", "<div", "</div", "<h", "<dt", "<dd"];
        if breaks.iter().any(|name| tag.starts_with(name)) && !out.ends_with('\n') {
            out.push('\n');
        }
        match element_name(tag).as_str() {
            "li" if !tag.starts_with("</") => out.push_str("* "),
            // Cells of a row stand apart.
            "td" | "th" if !tag.starts_with("</") && !out.trim_end_matches(' ').is_empty() => {
                out.push_str(if out.ends_with(['\n', ' ']) { "" } else { " | " });
            }
            "a" if tag.starts_with("</") => {
                if let Some((start, href)) = link.take() {
                    push_target(&mut out, start, href);
                }
            }
            "a" => {
                let href = tag.split("href=\"").nth(1).and_then(|value| value.split('"').next());
                link = href.filter(|href| !href.starts_with('#')).map(|href| (out.len(), href));
            }
            _ => {}
        }
        rest = &rest[tag_end..];
    }
    out.push_str(rest);
    let plain =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", "\u{a0}"), ("&amp;", "&")];
    plain.iter().fold(out, |text, (entity, c)| text.replace(entity, c)).trim().to_owned()
}

/// Writes where the link leads whose words start at `start`, unless they say so.
fn push_target(out: &mut String, start: usize, href: &str) {
    let address = href.trim_start_matches("mailto:").trim_start_matches("tel:");
    match out[start..].trim() {
        shown if shown == href => {
            out.truncate(start);
            out.push_str(&format!("<{href}>"));
        }
        shown if shown == address => {}
        _ => out.push_str(&format!(" <{address}>")),
    }
}

/// Raw HTML without its comments, in which nothing counts; `comment` gets each.
pub(super) fn without_comments(html: &str, mut comment: impl FnMut(&str)) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, behind)) = rest.split_once("<!--") {
        let Some((inner, behind)) = behind.split_once("-->") else { break };
        comment(inner);
        out.push_str(before);
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// A single tag in running text.
#[derive(Debug, PartialEq)]
pub(super) enum Tag {
    /// An element that may stand here: its name and its opening tag, cleaned.
    Open(String, String),
    /// Its end.
    Close(String),
    /// `<br>`.
    Break,
    /// A comment, or something that cannot stand in running text.
    Nothing,
}

/// The name of the element that `html`, one tag, opens or ends.
pub(super) fn element_name(html: &str) -> String {
    let inner = html.trim_start_matches('<').trim_start_matches('/');
    inner.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

/// What `html`, one tag, means in running text.
pub(super) fn inline(html: &str, kept: Vec<String>) -> Tag {
    let name = element_name(html);
    if name == "br" {
        return Tag::Break;
    }
    if !INLINE.contains(&name.as_str()) && !INLINE_MORE.contains(&name.as_str()) {
        return Tag::Nothing;
    }
    if html.starts_with("</") {
        return Tag::Close(name);
    }
    // The content matters: an empty element must come back as a pair, whatever the tag holds.
    let clean = cleaned(&format!("{html}x</{name}>"), kept);
    match clean.strip_suffix(&format!("x</{name}>")) {
        Some(open) if open.starts_with(&format!("<{name}")) => Tag::Open(name, open.to_owned()),
        _ => Tag::Nothing,
    }
}

/// What the sanitiser takes out of `html`, in words, for a warning: the first kinds, and how many
/// others there are.
pub(super) fn removed(html: &str) -> String {
    let kinds = removed_kinds(html);
    let more = kinds.len().saturating_sub(NAMED);
    let named = kinds[..kinds.len() - more].join(", ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

fn removed_kinds(html: &str) -> Vec<String> {
    let lower = html.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    for (at, _) in lower.match_indices('<') {
        let rest = &lower[at + 1..];
        let is_name = |c: char| c.is_ascii_alphanumeric();
        let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        if !name.is_empty() && !ELEMENTS.contains(name) && known.insert(name) {
            found.push(format!("<{name}>"));
        }
    }
    for word in lower.split(|c: char| c.is_whitespace() || c == '"' || c == '\'' || c == '/') {
        let name = word.split('=').next().unwrap_or_default();
        let event = word.contains('=') && name.len() > 3 && name.starts_with("on");
        if event && name.bytes().all(|b| b.is_ascii_lowercase()) && known.insert(name) {
            found.push(name.to_owned());
        }
    }
    let mut told = HashSet::new();
    for attribute in attributes(html) {
        let lost = FETCHING.contains(&attribute.name.as_str())
            || slot::has_slot(attribute.value)
                && !["href", "style", "title"].contains(&attribute.name.as_str());
        if lost
            && ELEMENTS.contains(attribute.element.as_str())
            && told.insert(attribute.name.clone())
        {
            found.push(format!("{}=", attribute.name));
        }
    }
    let squeezed: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
    for scheme in ["javascript:", "vbscript:", "data:text"] {
        if squeezed.contains(scheme) {
            found.push(scheme.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_runs_or_asks_survives() {
        let dirty = "<p onclick=\"x()\">a<script>alert(1)</script><form action=x><input></form>\
            <iframe src=x></iframe><a href=\"java\nscript:alert(1)\">b</a><meta http-equiv=refresh>\
            <img src=x onerror=alert(1)><p style=\"background:url(x)\">c";
        let (clean, text) = block(dirty, Vec::new());
        for bad in
            ["script", "onclick", "form", "iframe", "input", "meta", "onerror", "url(", "img"]
        {
            assert!(!clean.contains(bad), "{bad} in {clean}");
        }
        assert_eq!(text, "a\nb\nc");
        let told = removed_kinds(dirty);
        for word in [
            "<script>",
            "<form>",
            "<iframe>",
            "<meta>",
            "<img>",
            "onclick",
            "onerror",
            "javascript:",
        ] {
            assert!(told.iter().any(|found| found == word), "{word} not in {told:?}");
        }
    }

    #[test]
    fn the_text_of_a_block_keeps_links_and_cells_apart() {
        let (_, text) = block(
            "<table><tr><th>Boat</th><th>Skipper</th></tr><tr><td>Gull</td><td>\
             <a href=\"https://a.example/x?a=1&amp;b=2\">Ann</a></td></tr></table>\
             <ul><li>one<li><a href=\"https://a.example/\">https://a.example/</a></ul>",
            Vec::new(),
        );
        assert_eq!(
            text,
            "Boat | Skipper\nGull | Ann <https://a.example/x?a=1&b=2>\n* one\n* <https://a.example/>"
        );
    }

    #[test]
    fn comments_go_and_what_only_looks_like_one_stays() {
        assert_eq!(without_comments("a<!-- {{ x }} -->b<!---->c", |_| {}), "abc");
        assert_eq!(without_comments("a <!-- open", |_| {}), "a <!-- open");
    }

    #[test]
    fn no_field_of_a_subscriber_reaches_a_style() {
        let (clean, _) = block(&format!("<p style=\"color:{}\">a</p>", slot::mark(0)), Vec::new());
        assert_eq!(clean, "<p>a</p>");
    }

    #[test]
    fn tags_in_a_line_are_known_one_by_one() {
        let tag = |html| inline(html, Vec::new());
        assert_eq!(tag("<B>"), Tag::Open("b".into(), "<b>".into()));
        assert_eq!(tag("</b>"), Tag::Close("b".into()));
        assert_eq!(tag("<br/>"), Tag::Break);
        assert_eq!(tag("<script>"), Tag::Nothing);
        let link = tag("<a href=\"https://a.example/\" onclick=\"x\">");
        assert_eq!(link, Tag::Open("a".into(), "<a href=\"https://a.example/\">".into()));
        assert_eq!(tag("<a href=\"javascript:x\">"), Tag::Open("a".into(), "<a>".into()));
    }

    #[test]
    fn attributes_are_found_however_they_are_written() {
        let found = attributes("a <IMG SRC=x alt='a > b' hidden/><p style = \"c:d\"=>b < c</p>");
        let found: Vec<_> =
            found.iter().map(|a| (a.element.as_str(), a.name.as_str(), a.value)).collect();
        let expected = [
            ("img", "src", "x"),
            ("img", "alt", "a > b"),
            ("img", "hidden", ""),
            ("p", "style", "c:d"),
            ("p", "=", ""),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_cannot_stay_in_an_attribute_is_told() {
        let mark = slot::mark(0);
        for (html, what) in [
            ("<p style=\"background:url(x)\">", "url()"),
            ("<td style='background:image-set(\"x\" 1x)'>", "image-set()"),
            ("<p style=color:re\\64>", "a backslash"),
            ("<p style=\"a:b;position:fixed\">", "position"),
            (&format!("<p style=\"color:{mark}\">"), "a slot"),
        ] {
            let told = refused_styles(html);
            assert_eq!(told.len(), 1, "{html}");
            assert_eq!(told[0].1, what);
        }
        assert_eq!(refused_styles("<p style=\"background-position:0 0;color:rgb(1,2,3)\">"), []);
        let told = removed(&format!(
            "<table background=x><tr><td lang=\"{mark}x\" title=\"{mark}\" id={mark}></table>"
        ));
        assert_eq!(told, "background=, lang=, id=");
    }

    #[test]
    fn only_known_relative_addresses_stay() {
        let html = "<a href=\"#note\">a</a><a href=\"/b\">b</a>";
        let (clean, _) = block(html, vec!["#note".to_owned()]);
        assert_eq!(clean, "<a href=\"#note\">a</a><a>b</a>");
    }
}
