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
const PREHEADER_CHARACTERS: usize = 200;

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
    Ok(fill_preheader(&drop_classes(&drop_row_groups(&inlined), &used)))
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
        assert!(out.contains("<!--[if mso]><table><tr><td><![endif]-->"), "{out}");
    }
}
