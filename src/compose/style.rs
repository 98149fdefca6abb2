//! The style sheet: one part is inlined and gone, the other stays in blocks of its own.
//!
//! A client that trips over one rule drops the block it stands in, so that each risky thing
//! (narrow screens, dark schemes, Outlook.com's attributes) has its own. The kept rules hold no
//! comments, no nested at-rules beyond one, no `url()`, and a space before each `!important`.

use super::theme::{Color, Palette, Theme};

/// The width of a letter in pixels, and of its text between the margins.
pub(super) const LETTER_WIDTH: usize = 600;
/// See [`LETTER_WIDTH`].
pub(super) const TEXT_WIDTH: usize = 552;
/// The width of one of two columns; 16 pixels lie between them.
pub(super) const COLUMN_WIDTH: usize = 268;

/// What is written into `style` attributes. Only element, class and child selectors: this is the
/// whole vocabulary of the components. What an element inherits is not said again, and every
/// surface says both its ground and its text.
pub(super) fn inlined(theme: &Theme) -> String {
    let Theme { light, font, heading_font, .. } = theme;
    let Palette { background, surface, text, muted, accent, accent_text, link, border, callout } =
        light;
    let mut rules = format!(
        "body{{margin:0;padding:0;background:{background};color:{text}}}\
         .b{{background:{background};color:{text};font-family:{font};line-height:1.5;\
         overflow-wrap:break-word;word-break:keep-all;-webkit-text-size-adjust:100%}}\
         .letter{{max-width:600px;margin:0 auto;table-layout:fixed}}\
         .s{{background:{surface};color:{text};padding:24px}}\
         .f{{background:{background};color:{muted};padding:16px 24px 32px;font-size:14px}}\
         .f p,.small p{{margin:0 0 8px}}\
         p{{margin:0 0 16px}}\
         h1{{margin:16px 0;font:bold 30px/1.2 {heading_font}}}\
         .h{{margin:0 0 16px;font-size:14px;letter-spacing:1px;\
         text-transform:uppercase;color:{muted};border-top:2px solid {accent};padding:8px 0 0}}\
         .t{{margin:0 0 4px;font:bold 22px/1.3 {heading_font}}}.n{{margin:0 0 8px}}\
         .sub{{margin:24px 0 8px;font-size:17px;line-height:1.4}}\
         a{{color:{link}}}\
         ul,ol{{margin:0 0 16px;padding:0 0 0 24px}}\
         li{{margin:0 0 4px}}\
         li p{{margin:0 0 8px}}\
         blockquote{{margin:0 0 16px;padding:0 0 0 16px;border-left:3px solid {accent}}}\
         img{{display:block;width:100%;height:auto}}\
         a img{{border:0}}\
         .icon{{display:inline;width:auto;vertical-align:middle}}\
         .m{{color:{muted};font-size:14px}}\
         p.m{{margin:0 0 16px}}\
         .q{{background:{callout};color:{text};padding:16px 16px 1px}}\
         .code{{background:{callout};color:{text};font:14px/1.5 Consolas,Menlo,monospace}}\
         .pre{{padding:12px 16px;white-space:pre-wrap;word-break:normal}}\
         .k{{background:{accent};color:{accent_text};border-radius:4px}}\
         td.k{{mso-padding-alt:12px 24px;overflow-wrap:anywhere}}\
         a.k{{display:inline-block;padding:12px 24px;font-weight:bold;text-decoration:none;\
         mso-padding-alt:0}}\
         .hr{{margin:24px 0;border:0;border-top:1px solid {border}}}\
         .l{{border-color:{border}}}\
         .data{{width:100%;margin:0 0 16px;border-collapse:collapse}}\
         .data th,.data td{{padding:8px 12px 8px 0;border-bottom:1px solid {border};\
         text-align:left;vertical-align:top}}\
         .data .end{{text-align:right}}.data .z{{padding:8px 0}}.w{{overflow-wrap:anywhere}}\
         .data .center{{text-align:center}}\
         .c{{display:inline-block;width:100%;vertical-align:top}}\
         .art{{margin:0 0 32px}}\
         .g{{margin:0 16px 32px 0}}\
         .small{{margin:16px 0;padding:8px 0 0;font-size:14px;border-top:1px solid {border}}}\
         [dir=rtl] ul,[dir=rtl] ol{{padding:0 24px 0 0}}\
         [dir=rtl] blockquote{{padding:0 16px 0 0;border-left:0;border-right:3px solid {accent}}}\
         [dir=rtl] .data th,[dir=rtl] .data td{{padding:8px 0 8px 12px;text-align:right}}\
         [dir=rtl] .data .end{{text-align:left}}[dir=rtl] .data .z{{padding:8px 0}}\
         [dir=rtl] .data .center{{text-align:center}}\
         [dir=rtl] .g{{margin:0 0 32px 16px}}\
         [lang|=ko]{{line-height:1.7}}\
         span[lang|=ko]{{line-height:inherit}}\
         em span[lang|=ko]{{font-style:normal}}\
         [lang|=ko] em{{font-style:normal;font-weight:bold}}"
    );
    rules.push_str(&theme.preset.rules(light));
    rules
}

/// What may stay in the head: each string is one `<style>` block. `used` takes out what the letter
/// has no use for.
pub(super) fn kept(theme: &Theme) -> Vec<String> {
    vec![
        ":root{color-scheme:light dark}".to_owned(),
        "@media (max-width:599px){.s,.f{padding:16px !important}.c,.i{max-width:100% !important}\
         .g{margin:0 0 32px !important}}"
            .to_owned(),
        format!("@media (prefers-color-scheme:dark){{{}}}", dark(&theme.dark)),
        outlook(&theme.dark),
    ]
}

/// Which elements have which ground.
fn grounds(palette: &Palette) -> [(&'static [&'static str], Color); 4] {
    [
        (&[".b", ".f"], palette.background),
        (&[".s"], palette.surface),
        (&[".q", ".code"], palette.callout),
        (&[".k"], palette.accent),
    ]
}

/// Which elements have text of which colour.
fn texts(palette: &Palette) -> [(&'static [&'static str], Color); 4] {
    [
        (&[".b", ".s", ".q", ".code"], palette.text),
        (&[".f", ".m", ".h"], palette.muted),
        (&["a"], palette.link),
        (&[".k"], palette.accent_text),
    ]
}

fn dark(palette: &Palette) -> String {
    let Palette { background, text, accent, border, .. } = palette;
    let mut css = String::new();
    for (selectors, color) in grounds(palette) {
        let body = if color == *background { "body," } else { "" };
        css.push_str(&format!("{body}{}{{background:{color} !important}}", selectors.join(",")));
    }
    for (selectors, color) in texts(palette) {
        let body = if color == *text { "body," } else { "" };
        css.push_str(&format!("{body}{}{{color:{color} !important}}", selectors.join(",")));
    }
    css.push_str(&format!(
        ".h,blockquote{{border-color:{accent} !important}}\
         .l,.hr,h1,.data th,.data td{{border-color:{border} !important}}\
         .lo{{display:none !important}}.do{{display:block !important;max-height:none !important}}"
    ));
    css
}

/// The same for Outlook.com and its apps, which say so by attributes: `data-ogsc` where they changed
/// a colour of text, `data-ogsb` where they changed a background.
fn outlook(palette: &Palette) -> String {
    let mut css = String::new();
    let below = |attribute: &str, selectors: &[&str]| {
        let one = |selector: &&str| format!("[{attribute}] {selector}");
        selectors.iter().map(one).collect::<Vec<_>>().join(",")
    };
    for (selectors, color) in texts(palette) {
        css.push_str(&format!("{}{{color:{color} !important}}", below("data-ogsc", selectors)));
    }
    for (selectors, color) in grounds(palette) {
        css.push_str(&format!(
            "{}{{background:{color} !important}}",
            below("data-ogsb", selectors)
        ));
    }
    css
}

/// Braces inside each other: a declaration in a rule in a media query has two.
const MAX_BRACES: usize = 8;

/// An author's `style.css`, cut into rules that can be inlined and at-rules that are kept, and
/// what was left out: imports, anything that fetches (`url(`) or runs (`expression(`).
pub(super) fn author(css: &str) -> AuthorStyle {
    let mut style = AuthorStyle::default();
    let css = without_comments(css);
    for rule in rules(&css) {
        let lower = rule.to_ascii_lowercase();
        let bad = ["url(", "expression(", "@import", "behavior:", "-moz-binding", "</", "\\"];
        match bad.iter().find(|bad| lower.contains(**bad)) {
            None if braces(rule) > MAX_BRACES => style.left_out.push("{".to_owned()),
            Some(bad) => style.left_out.push((*bad).to_owned()),
            None if rule.starts_with("@media") => style.kept.push(spaced_important(rule)),
            None if rule.starts_with('@') => {
                style.left_out.push(rule.split(['{', ' ', ';']).next().unwrap_or("@").to_owned());
            }
            None if rule.split('{').next().is_some_and(|selector| selector.contains(':')) => {
                style.kept.push(spaced_important(rule));
            }
            None => style.inlined.push_str(rule),
        }
    }
    style
}

/// See [`author`].
#[derive(Debug, Default, PartialEq)]
pub(super) struct AuthorStyle {
    /// Plain rules.
    pub(super) inlined: String,
    /// Media queries and states such as `:hover`.
    pub(super) kept: Vec<String>,
    /// What begins the rules that cannot stand in mail.
    pub(super) left_out: Vec<String>,
}

/// How many braces are open at most.
fn braces(rule: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in rule.bytes() {
        match byte {
            b'{' => open += 1,
            b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

fn spaced_important(rule: &str) -> String {
    rule.replace(" !important", "!important").replace("!important", " !important")
}

fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        rest = rest[start..].find("*/").map_or("", |end| &rest[start + end + 2..]);
    }
    out.push_str(rest);
    out
}

/// Top-level rules: up to the brace that closes them, or a semicolon for at-rules without one.
pub(super) fn rules(css: &str) -> Vec<&str> {
    let mut rules = Vec::new();
    let (mut depth, mut start, mut quote) = (0_usize, 0, None);
    for (at, c) in css.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => depth += 1,
            (None, '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    rules.push(css[start..=at].trim());
                    start = at + 1;
                }
            }
            (None, ';') if depth == 0 => {
                rules.push(css[start..=at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    rules.retain(|rule| !rule.is_empty() && *rule != "}" && *rule != ";");
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_s_rules_go_where_clients_take_them() {
        let style = author(
            "/* x */ h1 { color: red } @import 'a'; a:hover{color:blue!important}\n\
             @media print { p { margin: 0 } } .x{background:url(http://a)} @font-face{src:local(x)}",
        );
        assert_eq!(style.inlined, "h1 { color: red }");
        assert_eq!(style.kept.len(), 2);
        assert!(style.kept[0].contains("blue !important"));
        assert_eq!(style.left_out, ["@import", "url(", "@font-face"]);
    }

    #[test]
    fn kept_blocks_are_safe_for_gmail() {
        let kept = kept(&Theme::default());
        assert!(kept.iter().map(String::len).sum::<usize>() < 8_192);
        for block in kept {
            assert!(!block.contains("/*") && !block.contains("url("));
            assert_eq!(block.matches("!important").count(), block.matches(" !important").count());
            assert!(block.matches('@').count() <= 1);
        }
    }
}
