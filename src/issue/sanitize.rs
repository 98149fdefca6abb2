//! Raw HTML in Markdown, cut down to what is safe and useful in mail. The only file that knows the
//! sanitiser crate. Scripts, forms, event attributes and `javascript:` never survive.
//!
//! The text of clean HTML is read off its tags: the sanitiser has closed and quoted all of them, and
//! the tree of the checks, which stands below, says nothing about where a line of plain text ends.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use super::block::RawLine;
use super::css::RefusedStyle;
use super::css::uneven::LeftOut;
use super::{anchors, css, links, raw_text, slot};

/// Elements that may stand in running text; everything else in a line is dropped, its text kept.
const INLINE: [&str; 17] = [
    "a", "abbr", "b", "bdi", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "small",
    "span", "strong", "u",
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

/// Characters of a declaration that are repeated in a message.
const TOLD: usize = 60;

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
    let style = ["style", "align", "lang", "dir", "title", "id"];
    builder
        .tags(ELEMENTS.clone())
        .clean_content_tags(WITH_CONTENT.into_iter().collect())
        .generic_attributes(style.into_iter().collect())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href", "name"])),
            ("td", HashSet::from(["colspan", "rowspan", "bgcolor", "valign", "width"])),
            ("th", HashSet::from(["colspan", "rowspan", "bgcolor", "valign", "width", "scope"])),
            ("table", HashSet::from(["width", "bgcolor", "border", "cellpadding", "cellspacing"])),
            ("ol", HashSet::from(["start", "type"])),
            ("time", HashSet::from(["datetime"])),
        ]))
        .url_schemes(links::schemes().collect())
        .url_relative(ammonia::UrlRelative::Custom(Box::new(MayStay(kept))))
        .link_rel(None)
        .strip_comments(true)
        .attribute_filter(|element, attribute, value| {
            if ["id", "name"].contains(&attribute) {
                return anchors::is_name(value).then(|| value.into());
            }
            if attribute != "style" {
                return is_bounded(attribute, value).then(|| value.into());
            }
            let plain = is_plain_style(element, value).then(|| css::without_layers(value));
            let kept = plain.map(|style| css::without_uneven(element, style));
            let kept = kept.map(|style| css::with_own_color(element, style));
            kept.filter(|style| !style.trim().is_empty())
        });
    builder
}

/// Attributes that say how large something is, and the most of each: the same in a style is held to
/// bounds as well. What is larger pushes what follows out of sight.
const SIZES: [(&str, f64); 9] = [
    ("border", 12.0),
    ("cellpadding", 64.0),
    ("cellspacing", 40.0),
    ("colspan", 100.0),
    ("height", 400.0),
    ("hspace", 64.0),
    ("rowspan", 1_000.0),
    ("vspace", 64.0),
    ("width", 700.0),
];

/// The most that the attribute may say, where it is one of a size.
fn most_of(attribute: &str, value: &str) -> Option<f64> {
    let (_, most) = SIZES.iter().find(|(name, _)| *name == attribute)?;
    let is_share = value.trim_end().ends_with('%');
    Some(if is_share { 100.0 } else { *most })
}

/// Whether an attribute keeps within what is sane; words are not understood by anybody.
fn is_bounded(attribute: &str, value: &str) -> bool {
    if attribute == "bgcolor" {
        return css::colors::read(&value.trim().to_ascii_lowercase()).is_some();
    }
    let Some(most) = most_of(attribute, value) else { return true };
    let text = value.trim_start().trim_start_matches('+');
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    match text[..end].parse::<f64>() {
        Ok(size) => size <= most,
        Err(_) => !text.starts_with('-'),
    }
}

/// The sizes in attributes of `html` that are out of bounds: where each stands, and what to say.
pub(super) fn refused_sizes(html: &str) -> Vec<(Range<usize>, String)> {
    let odd = attributes(html)
        .into_iter()
        .filter(|one| ELEMENTS.contains(one.element.as_str()) && !is_bounded(&one.name, one.value));
    odd.map(|one| {
        let what = match most_of(&one.name, one.value) {
            Some(most) => format!("{} is left out: it is at most {most}", one.name),
            None => format!("{} is left out: no color is read in it", one.name),
        };
        (one.at..one.at + one.value.len(), what)
    })
    .collect()
}

/// Declarations that fetch and run nothing, and that leave everything in its place.
fn is_plain_style(element: &str, value: &str) -> bool {
    odd_in_style(element, value).is_none()
}

/// What a `style` attribute may not hold.
fn odd_in_style(element: &str, value: &str) -> Option<RefusedStyle> {
    let refused = |range, what| Some(RefusedStyle { range, what, hides: false });
    // A subscriber's field could bring what is looked for here.
    if let Some((at, _)) = slot::pieces_at(value).iter().find(|(_, piece)| is_slot(piece)) {
        return refused(*at..*at, "a slot".to_owned());
    }
    if let Some(at) = value.find('<') {
        return refused(at..at + 1, "\"<\"".to_owned());
    }
    css::find_refused(value).and_then(|(range, what)| refused(range, what)).or_else(|| {
        let found = css::find_covering(element, value)?;
        Some(RefusedStyle { what: found.what.chars().take(TOLD).collect(), ..found })
    })
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
        let mut count = 0;
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
            count += 1;
            // One more says that there are too many.
            if count <= MAX_ATTRIBUTES + 1 {
                found.push(RawAttribute { element: element.clone(), name, value, at: start, tag });
            }
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
pub(super) fn refused_styles(html: &str) -> Vec<RefusedStyle> {
    let styles = attributes(html).into_iter().filter(|attribute| attribute.name == "style");
    let odd = styles.filter_map(|style| {
        let odd = odd_in_style(&style.element, style.value)?;
        let range = style.at + odd.range.start..style.at + odd.range.end;
        Some(RefusedStyle { range, ..odd })
    });
    odd.collect()
}

/// What programs do not agree on in the `style` attributes of `html`, of those that can stay.
pub(super) fn uneven_styles(html: &str) -> LeftOut {
    let mut found = LeftOut::default();
    let is_style =
        |one: &RawAttribute<'_>| one.name == "style" && is_plain_style(&one.element, one.value);
    for style in attributes(html).into_iter().filter(is_style) {
        for (kind, one) in css::find_uneven(&style.element, style.value) {
            let range = style.at + one.range.start..style.at + one.range.end;
            found.add(kind, &one.name, &one.value, range);
        }
    }
    found
}

/// A block of HTML made safe and well-formed, and its text.
pub(super) fn block(html: &str, kept: Vec<String>) -> (String, Vec<RawLine>) {
    let clean = cleaned(html, kept);
    let lines = raw_text::lines(&clean);
    (clean, lines)
}

/// Elements that are open at the end of `html`, of those that stay: the outermost first. What HTML
/// itself ends, such as a paragraph or a cell, counts only together with what is around it.
pub(super) fn left_open(html: &str) -> Vec<(usize, String)> {
    const ENDED: [&str; 11] =
        ["p", "li", "td", "th", "tr", "thead", "tbody", "tfoot", "dt", "dd", "caption"];
    let mut open: Vec<(usize, String)> = Vec::new();
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        let start = at + found;
        let name = element_name(&html[start..]);
        at = start + 1;
        if name.is_empty() || is_void(&name) || !ELEMENTS.contains(name.as_str()) {
            continue;
        }
        let end = html[start..].find('>').map_or(html.len(), |end| start + end);
        let is_anchor = name == "a" && !html[start..end].contains("href");
        if html[..end].ends_with('/') || is_anchor && !html[start..].starts_with("</") {
            continue;
        }
        if !html[start..].starts_with("</") {
            if open.len() < MAX_OPEN {
                open.push((start, name));
            }
        } else if let Some(found) = open.iter().rposition(|(_, known)| *known == name) {
            open.truncate(found);
        }
        at = end.max(at);
    }
    if open.iter().all(|(_, name)| ENDED.contains(&name.as_str())) { Vec::new() } else { open }
}

/// Elements that are followed to their ends, at most: no text has more inside each other.
const MAX_OPEN: usize = 64;

/// The targets of links of clean HTML that have nothing to press.
pub(super) fn empty_links(clean: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = clean;
    while let Some(at) = rest.find("<a ") {
        rest = &rest[at..];
        let Some(inner) = rest.find('>') else { break };
        let Some(end) = rest.find("</a>").filter(|end| *end > inner) else { break };
        let href = rest[..inner].split("href=\"").nth(1).and_then(|value| value.split('"').next());
        let is_empty = without_tags(&rest[inner + 1..end]).trim().is_empty();
        found.extend(href.filter(|_| is_empty));
        rest = &rest[end..];
    }
    found
}

/// HTML with other values in the place of some of its attributes' own, which are in their order.
pub(super) fn with_values(html: &str, values: Vec<(Range<usize>, String)>) -> String {
    let (mut out, mut at) = (String::with_capacity(html.len()), 0);
    for (span, value) in values {
        out.push_str(&html[at..span.start]);
        out.push_str(&value);
        at = span.end;
    }
    out.push_str(&html[at..]);
    out
}

/// Whether the link of raw HTML that leads to `href` holds a picture.
pub(super) fn is_around_picture(html: &str, href: &str) -> bool {
    let lower = html.to_ascii_lowercase();
    let found = lower.find(&href.to_ascii_lowercase());
    found.is_some_and(|at| {
        let inner = lower[at..].split("</a").next().unwrap_or_default();
        inner.contains("<img") || inner.contains("<picture")
    })
}

fn without_tags(html: &str) -> String {
    let mut parts = html.split('<');
    let mut out = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| out.push_str(part.split_once('>').map_or("", |(_, text)| text)));
    out.replace("&nbsp;", " ")
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

/// What to do about what [`removed`] names.
pub(super) fn help_for(html: &str) -> Cow<'static, str> {
    const KNOWN: [&str; 29] = [
        "address",
        "article",
        "aside",
        "audio",
        "big",
        "button",
        "canvas",
        "col",
        "colgroup",
        "details",
        "fieldset",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "header",
        "img",
        "label",
        "main",
        "nav",
        "picture",
        "section",
        "source",
        "strike",
        "summary",
        "tt",
        "video",
        "wbr",
    ];
    const RUNS: [&str; 15] = [
        "applet", "embed", "form", "frame", "iframe", "input", "link", "math", "meta", "object",
        "script", "select", "style", "svg", "textarea",
    ];
    if is_post(html) {
        return "an embedded post needs a program, and mail programs run none: copy its words as a \
                quote (> words), and link to it".into();
    }
    let kinds = removed_kinds(html);
    let names = kinds.iter().filter_map(|kind| kind.strip_prefix('<')?.strip_suffix('>'));
    let names: Vec<String> = names.map(str::to_ascii_lowercase).collect();
    let has = |one: &[&str]| names.iter().any(|name| one.contains(&name.as_str()));
    if has(&["img", "picture"]) {
        return picture_help(html).into();
    }
    let help = if has(&["details", "summary"]) {
        "nothing unfolds in a mail: write a heading and the words below it, in Markdown"
    } else if has(&RUNS) || names.is_empty() {
        "mail programs block scripts, forms and frames; use Markdown, for pictures too"
    } else if has(&KNOWN) || names.iter().all(|name| name.contains(':')) {
        "its words stay; write it in Markdown"
    } else {
        "what only looks like a tag, such as Vec<T>, is shown between backquotes: `Vec<T>`"
    };
    help.into()
}

/// The first picture of `html` in Markdown.
fn picture_help(html: &str) -> String {
    let attributes = attributes(html);
    let value = |name: &str| {
        let found = attributes.iter().find(|one| one.element == "img" && one.name == name);
        let short = |text: &str| text.chars().take(TOLD).collect::<String>();
        found.map(|one| short(one.value.trim())).filter(|value| !value.is_empty())
    };
    let alt = value("alt").unwrap_or_else(|| "what it shows".to_owned());
    match value("src") {
        Some(path) if path.contains("//") => {
            let end = path.split(['?', '#']).next().and_then(|path| path.rsplit('/').next());
            let name = end.filter(|name| name.contains('.')).unwrap_or("picture.jpg");
            format!("copy the file into the folder of the issue, and write ![{alt}]({name})")
        }
        Some(path) => format!("write the picture in Markdown: ![{alt}]({path})"),
        None => format!("write the picture in Markdown: ![{alt}](picture.jpg)"),
    }
}

/// Whether it is what a social network writes for a web page that is to show one of its posts.
pub(crate) fn is_post(html: &str) -> bool {
    const SIGNS: [&str; 12] = [
        "twitter-tweet",
        "twitter-video",
        "platform.twitter.com/widgets",
        "platform.x.com/widgets",
        "instagram-media",
        "instagram.com/embed.js",
        "mastodon-embed",
        "bluesky-embed",
        "tiktok-embed",
        "reddit-embed",
        "reddit-card",
        "fb-post",
    ];
    SIGNS.iter().any(|sign| html.contains(sign))
}

/// Whether a tag of this name came with text out of a word processor, of which a rule of its own
/// tells.
pub(super) fn is_pasted(name: &str) -> bool {
    let space = name.split_once(':').map(|(space, _)| space);
    space.is_some_and(|space| ["o", "w", "v", "m", "st1"].contains(&space))
        || name == "google-sheets-html-origin"
}

fn removed_kinds(html: &str) -> Vec<String> {
    let lower = html.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    for (at, _) in lower.match_indices('<') {
        let rest = &lower[at + 1..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || ":-_".contains(c);
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.starts_with(|c: char| c.is_ascii_alphabetic())
            && !ELEMENTS.contains(name)
            && !is_pasted(name)
            && known.insert(name)
        {
            // As it is written: <T> of a program is no <t>.
            found.push(format!("<{}>", &html[at + 1..at + 1 + end]));
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
#[path = "sanitize_tests.rs"]
mod tests;
