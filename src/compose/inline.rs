//! Style sheet -> `style` attributes, once per issue. The only file that knows the inliner crate.
//! It fetches nothing: no stylesheet, no picture.
//!
//! What the inliner has written is mended as text: it writes every attribute in one way, and to write
//! a tree would lose what only Outlook reads in comments.

use std::collections::HashSet;

use css_inline::CSSInliner;

use super::components::FILLER;

/// An inbox shows about this much behind the subject; where the preheader is shorter, the rest must
/// not be the letter's first words.
const PREHEADER_CHARACTERS: usize = 190;

/// What the inliner says about a style sheet.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct InlineError(#[from] css_inline::InlineError);

/// The document with `css` in its `style` attributes. Blocks of `<style>` in the document stay as
/// they are, and only the classes that their rules (`kept`) name.
///
/// # Errors
/// [`InlineError`].
pub(super) fn inline(html: &str, css: &str, kept: &[String]) -> Result<String, InlineError> {
    let inliner = CSSInliner::options()
        .inline_style_tags(false)
        .keep_style_tags(true)
        .load_remote_stylesheets(false)
        .minify_css(true)
        .extra_css(Some(css.into()))
        .build();
    let inlined = inliner.inline(html)?;
    let used = classes_of(kept);
    let inlined = undressed_head(&inlined);
    Ok(fill_preheader(&drop_classes(&undressed_targets(&drop_row_groups(&inlined)), &used)))
}

/// Class names that rules mention.
fn classes_of(rules: &[String]) -> HashSet<&str> {
    let mut classes = HashSet::new();
    for rule in rules {
        for (at, _) in rule.match_indices('.') {
            let rest = &rule[at + 1..];
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            classes.insert(&rest[..end]);
        }
    }
    classes
}

/// Takes away the class names that nothing needs any more: they are bytes that Gmail counts.
fn drop_classes(html: &str, used: &HashSet<&str>) -> String {
    const ATTRIBUTE: &str = " class=\"";
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(ATTRIBUTE) {
        let value = &rest[at + ATTRIBUTE.len()..];
        let Some(end) = value.find('"') else { break };
        out.push_str(&rest[..at]);
        let names: Vec<&str> =
            value[..end].split_whitespace().filter(|name| used.contains(name)).collect();
        if !names.is_empty() {
            out.push_str(ATTRIBUTE);
            out.push_str(&names.join(" "));
            out.push('"');
        }
        rest = &value[end + 1..];
    }
    out.push_str(rest);
    out
}

/// Takes away the tags that a parser writes into every table and every reader supplies by itself.
fn drop_row_groups(html: &str) -> String {
    html.replace("<tbody>", "").replace("</tbody>", "")
}

/// Takes the style from empty anchors, which show nothing.
fn undressed_targets(html: &str) -> String {
    const START: &str = "<a id=\"";
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(START) {
        let tag = &rest[at..];
        let Some(end) = tag.find('>') else { break };
        let style = tag[..end].find(" style=\"").filter(|_| tag[end..].starts_with("></a>"));
        out.push_str(&rest[..at]);
        out.push_str(&tag[..style.unwrap_or(end)]);
        rest = &tag[end..];
    }
    out.push_str(rest);
    out
}

/// Takes the style from what shows nothing: a rule about everything means it as well.
fn undressed_head(html: &str) -> String {
    const UNSEEN: [&str; 5] = ["head", "title", "style", "meta", "base"];
    const ATTRIBUTE: &str = " style=\"";
    let end = html.find("<body").unwrap_or(0);
    let mut out = String::with_capacity(html.len());
    let mut rest = &html[..end];
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at + 1);
        out.push_str(before);
        rest = tag;
        let name = &tag[..tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len())];
        let Some(behind) = tag[name.len()..].strip_prefix(ATTRIBUTE) else { continue };
        let Some(close) = behind.find('"').filter(|_| UNSEEN.contains(&name)) else { continue };
        out.push_str(name);
        rest = &behind[close + 1..];
    }
    out.push_str(rest);
    out.push_str(&html[end..]);
    out
}

/// Puts spaces that do not collapse (a combining grapheme joiner between each two) behind the
/// preheader. They are written as entities after inlining, because the inliner would write them as
/// raw characters, six to nine bytes each on the wire.
fn fill_preheader(html: &str) -> String {
    let Some(at) = html.find(FILLER) else { return html.to_owned() };
    let text = html[..at].rfind('>').map_or("", |start| &html[start + 1..at]);
    let missing = PREHEADER_CHARACTERS.saturating_sub(text.chars().count());
    let filler = "&#847; ".repeat(missing / 2);
    format!("{}{filler}{}", &html[..at], &html[at + FILLER.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_become_attributes_and_classes_go() {
        let kept = vec![".b{color:red}".to_owned()];
        let html = "<!DOCTYPE html><html><head><style>.b{color:red}</style></head>\
            <body><!--[if mso]><table><tr><td><![endif]--><p class=\"a b\">x</p></body></html>";
        let out = inline(html, ".a{margin:0;color:#112233}", &kept).unwrap();
        assert!(out.starts_with("<!DOCTYPE html>"), "{out}");
        assert!(out.contains("<p class=\"b\" style=\"margin:0;color:#112233\">x</p>"), "{out}");
        assert!(out.contains("<style>.b{color:red}</style>"), "{out}");
        let all = inline(html, "*{color:#112233}", &kept).unwrap();
        assert!(all.contains("<head><style>") && all.contains("<p class=\"b\" style="), "{all}");
        assert!(out.contains("<!--[if mso]><table><tr><td><![endif]-->"), "{out}");
    }
}
