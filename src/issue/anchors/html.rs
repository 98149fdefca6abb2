//! Names and links in raw HTML that the sanitiser has made clean: all tags are closed, and all
//! values stand between double quotation marks.

use std::ops::Range;

use super::is_name;
use crate::issue::sanitize::element_name;

/// The place that a link within the letter leads to. Gmail's page, Outlook and Yahoo go by names,
/// other programs by ids. `name` is one by [`is_name`].
pub(in crate::issue) fn target(name: &str) -> String {
    format!("<a id=\"{name}\" name=\"{name}\"></a>")
}

/// Elements in which no words may stand, but only other elements.
const STRUCTURE: [&str; 8] = ["table", "thead", "tbody", "tfoot", "tr", "ul", "ol", "dl"];

/// An opening tag without its `id` and `name`, and what these said.
pub(in crate::issue) fn names_of(tag: &str) -> (String, Vec<String>) {
    let mut bare = String::with_capacity(tag.len());
    let mut names: Vec<String> = Vec::new();
    let mut at = 0;
    for (name, value) in attributes(tag) {
        if !["id", "name"].contains(&&tag[name.clone()]) {
            continue;
        }
        // With the space before it, and the quotation mark behind it.
        bare.push_str(&tag[at..name.start - 1]);
        at = value.end + 1;
        let value = &tag[value];
        if is_name(value) && !names.iter().any(|known| known == value) {
            names.push(value.to_owned());
        }
    }
    bare.push_str(&tag[at..]);
    (bare, names)
}

/// The targets of all names in clean HTML, and nothing else of it.
pub(in crate::issue) fn targets_of(clean: &str) -> String {
    let mut out = String::new();
    let mut keep = |name: &str| {
        out.push_str(&target(name));
        None
    };
    with_targets(clean, &mut keep);
    out
}

/// Where a clean tag leads.
pub(in crate::issue) fn href_of(tag: &str) -> Option<String> {
    let (_, value) = attributes(tag).into_iter().find(|(name, _)| &tag[name.clone()] == "href")?;
    Some(tag[value].replace("&amp;", "&"))
}

/// The attributes of a clean tag: name and value.
fn attributes(tag: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(space) = tag[at..].find(' ') {
        let start = at + space + 1;
        let Some(equals) = tag[start..].find("=\"").map(|equals| start + equals) else { break };
        let Some(end) = tag[equals + 2..].find('"').map(|end| equals + 2 + end) else { break };
        found.push((start..equals, equals + 2..end));
        at = end + 1;
    }
    found
}

/// The length of the tag at the start of `html`: `>` may stand in a value.
pub(in crate::issue) fn tag_length(html: &str) -> usize {
    let mut is_quoted = false;
    let end = html.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == b'>' && !is_quoted
    });
    end.map_or(html.len(), |end| end + 1)
}

/// `html` with a target for each name that `keep` gives one, and without all others.
pub(super) fn with_targets(html: &str, keep: &mut dyn FnMut(&str) -> Option<String>) -> String {
    if !html.contains(" id=\"") && !html.contains(" name=\"") {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len());
    // Those that wait for a place where they may stand.
    let mut waiting = String::new();
    let mut in_link = false;
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let tag = &rest[open..open + tag_length(&rest[open..])];
        rest = &rest[open + tag.len()..];
        let name = element_name(tag);
        if tag.starts_with("</") {
            out.push_str(tag);
            if name == "a" {
                in_link = false;
                out.push_str(&std::mem::take(&mut waiting));
            }
            continue;
        }
        let (bare, names) = names_of(tag);
        names.iter().filter_map(|name| keep(name)).for_each(|name| {
            waiting.push_str(&target(&name));
        });
        if name == "a" && !in_link {
            out.push_str(&std::mem::take(&mut waiting));
            // Nothing is left of an anchor but its place.
            if let Some(behind) = rest.strip_prefix("</a>").filter(|_| bare == "<a>") {
                rest = behind;
                continue;
            }
            in_link = true;
        }
        out.push_str(&bare);
        if !in_link && !STRUCTURE.contains(&name.as_str()) {
            out.push_str(&std::mem::take(&mut waiting));
        }
    }
    out.push_str(rest);
    out.push_str(&waiting);
    out
}

/// Gives the links of `html` the targets that `change` says.
pub(super) fn rewrite_hrefs(html: &mut String, change: &mut dyn FnMut(&str) -> Option<String>) {
    if !html.contains("href=\"#") {
        return;
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html.as_str();
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let tag = &rest[open..open + tag_length(&rest[open..])];
        rest = &rest[open + tag.len()..];
        let href = attributes(tag).into_iter().find(|(name, _)| &tag[name.clone()] == "href");
        let changed = href.and_then(|(_, value)| Some((change(&tag[value.clone()])?, value)));
        match changed {
            Some((changed, value)) => {
                out.push_str(&tag[..value.start]);
                let escaped = [("&", "&amp;"), ("\"", "&quot;"), ("<", "&lt;"), (">", "&gt;")];
                let escape = |text: String, (c, entity): &(&str, &str)| text.replace(c, entity);
                out.push_str(&escaped.iter().fold(changed, escape));
                out.push_str(&tag[value.end..]);
            }
            None => out.push_str(tag),
        }
    }
    out.push_str(rest);
    *html = out;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stand_where_html_allows_them() {
        for (html, written) in [
            ("<a id=\"x\"></a>", "[x]"),
            ("<h3 id=\"x\" title=\"a > id=\">B</h3>", "<h3 title=\"a > id=\">[x]B</h3>"),
            (
                "<table id=\"x\"><tbody><tr id=\"y\"><td>B</td></tr></tbody></table>",
                "<table><tbody><tr><td>[x][y]B</td></tr></tbody></table>",
            ),
            (
                "<a id=\"x\" href=\"https://a.example/\">B</a>",
                "[x]<a href=\"https://a.example/\">B</a>",
            ),
            ("<a href=\"#x\"><b id=\"x\">B</b></a>c", "<a href=\"#x\"><b>B</b></a>[x]c"),
            ("<p id=\"no\" name=\"y\">B</p>", "<p>[y]B</p>"),
            ("<p id=\"a b\">B</p>", "<p>B</p>"),
            ("<p title=\" id=\" id=\"x\">B</p>", "<p title=\" id=\">[x]B</p>"),
        ] {
            let mut keep = |name: &str| (name != "no").then(|| name.to_owned());
            let found = with_targets(html, &mut keep);
            let expected = written.replace("[x]", &target("x")).replace("[y]", &target("y"));
            assert_eq!(found, expected, "{html}");
        }
        let mut html =
            "<p><a href=\"#x\">a</a><a href=\"https://x.example/\">#x</a></p>".to_owned();
        rewrite_hrefs(&mut html, &mut |href| (href == "#x").then(|| "#y".to_owned()));
        assert_eq!(html, "<p><a href=\"#y\">a</a><a href=\"https://x.example/\">#x</a></p>");
    }
}
