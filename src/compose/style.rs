//! The style sheet: one part is inlined and gone, the other stays in blocks of its own.
//!
//! A client that trips over one rule drops the block it stands in, so that each risky thing
//! (narrow screens, dark schemes, Outlook.com's attributes) has its own. The kept rules hold no
//! comments, no nested at-rules beyond one, no `url()`, and a space before each `!important`.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::footer_style::{self, FooterColors};
use super::theme::{Color, Palette, Theme};
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::issue::css;

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
/// Declarations in a style sheet. Each may end up on one element, where each is compared with the
/// properties that the element has already.
const MAX_DECLARATIONS: usize = 2_000;
/// Properties that plain rules name: mail programs know fewer.
const MAX_PROPERTIES: usize = 150;
/// Bytes of plain rules times elements of the letter: every rule may end up on every element.
const MAX_INLINED: usize = 24 * 1024 * 1024;

/// An author's `style.css`, cut into rules that can be inlined and at-rules that are kept, and
/// what was left out: what could fetch or run anything ([`css::find_refused`]), and at-rules that
/// have no place in a mail.
pub(super) fn author(source: &Arc<Source>, theme: &Theme) -> AuthorStyle {
    let mut style = AuthorStyle::default();
    let colors = FooterColors { light: &theme.light, dark: &theme.dark };
    let sheet = Uncommented::of(source.text());
    let pieces = rules(&sheet.text);
    let (mut end, mut declarations) = (0, 0);
    let mut properties = HashSet::new();
    for rule in pieces {
        let start = rule.as_ptr() as usize - sheet.text.as_ptr() as usize;
        end = start + rule.len();
        let name = at_rule(rule);
        let place = |range: Range<usize>| {
            Place::span(source, sheet.within_file(start + range.start..start + range.end))
        };
        if name.is_some_and(|name| IDLE.contains(&name)) {
            style.problems.push(idle(name.unwrap_or_default(), place(0..1)));
        } else if let Some((range, what)) = css::find_refused(rule) {
            style.problems.push(refused(&what, place(range)));
        } else if braces(rule) > MAX_BRACES {
            style.problems.push(nested(place(0..1)));
        } else if declarations + declared(rule) > MAX_DECLARATIONS {
            style.problems.push(endless(MAX_DECLARATIONS, "declarations", place(0..1)));
            return style;
        } else if let Some((range, what)) = footer_style::find_hiding(rule, colors) {
            style.problems.push(hiding(&what, place(range)));
        } else if name.is_some() || selector(rule).contains(':') {
            style.kept.push(spaced_important(rule));
        } else {
            properties.extend(named(rule));
            if properties.len() > MAX_PROPERTIES {
                style.problems.push(endless(MAX_PROPERTIES, "properties", place(0..1)));
                return style;
            }
            style.inlined.push_str(rule);
        }
        declarations += declared(rule);
    }
    let rest = sheet.text[end..].trim_start_matches(['}', ';', ' ', '\n', '\t']);
    if !rest.is_empty() {
        let start = sheet.text.len() - rest.len();
        let place = Place::span(source, sheet.within_file(start..start + 1));
        style.problems.push(unclosed(place));
    }
    style
}

/// At-rules that fetch nothing, and that no mail has a use for.
const IDLE: [&str; 7] =
    ["@charset", "@container", "@keyframes", "@-webkit-keyframes", "@layer", "@page", "@supports"];

/// See [`author`].
#[derive(Debug, Default, PartialEq)]
pub(super) struct AuthorStyle {
    /// Plain rules.
    pub(super) inlined: String,
    /// Media queries and states such as `:hover`.
    pub(super) kept: Vec<String>,
    /// What is told of the rules that cannot stand in mail.
    pub(super) problems: Vec<Diagnostic>,
}

/// The name of the at-rule that `rule` is, as it is written.
fn at_rule(rule: &str) -> Option<&str> {
    rule.starts_with('@').then(|| rule.split(['{', ' ', '(', ';', '\n', '"', '\'']).next())?
}

fn selector(rule: &str) -> &str {
    rule.split('{').next().unwrap_or_default()
}

fn refused(what: &str, place: Place) -> Diagnostic {
    let message = format!("a style sheet in a mail can load and run nothing, and this has {what}");
    Diagnostic::error("style", message)
        .at(place)
        .help("delete the rule, or write it without; a picture belongs into an article")
}

fn hiding(what: &str, place: Place) -> Diagnostic {
    Diagnostic::error("footer-style", format!("this declaration {what}")).at(place).help(
        "everybody must see the postal address and the link to unsubscribe: delete the \
             declaration, or name a class that only articles have, such as .art",
    )
}

fn idle(name: &str, place: Place) -> Diagnostic {
    Diagnostic::warning("style", format!("the rule with {name} is ignored"))
        .at(place)
        .help("delete the rule: mail programs do not support it")
}

fn nested(place: Place) -> Diagnostic {
    let message = format!("a rule in a style sheet has at most {MAX_BRACES} braces in each other");
    Diagnostic::error("style", message).at(place).help("write the rules one after the other")
}

fn endless(most: usize, what: &str, place: Place) -> Diagnostic {
    let message = format!("a style sheet has at most {most} {what}, and this one has more");
    Diagnostic::error("style", message)
        .at(place)
        .help("delete what the letter does not use; a mail program would cut so long a letter")
}

/// The problem that plain rules (`css`) and the letter (`document`) are too much together, where
/// they are.
pub(super) fn excess(css: &str, document: &str) -> Option<String> {
    let starts = document.as_bytes().windows(2);
    let elements = starts.filter(|pair| pair[0] == b'<' && pair[1].is_ascii_alphabetic()).count();
    (css.len().saturating_mul(elements) > MAX_INLINED).then(|| {
        format!("{} kB of rules are too many for a letter of {elements} elements", css.len() / 1024)
    })
}

/// How many declarations a rule has at most.
fn declared(rule: &str) -> usize {
    rule.matches([';', '{']).count()
}

/// The properties that a plain rule names.
fn named(rule: &str) -> impl Iterator<Item = String> {
    let declarations = rule.split(['{', ';', '}']).skip(1);
    declarations.filter_map(|one| Some(one.split_once(':')?.0.trim().to_ascii_lowercase()))
}

fn unclosed(place: Place) -> Diagnostic {
    Diagnostic::error("style", "the style sheet ends in the middle of this rule")
        .at(place)
        .help("close it with }, and look for a quotation mark that is not closed before it")
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

/// A style sheet without its comments, which still knows where in the file everything stands.
struct Uncommented {
    text: String,
    /// A byte of `text`, and the byte of the file from which on the two run side by side.
    starts: Vec<(usize, usize)>,
}

impl Uncommented {
    fn of(css: &str) -> Uncommented {
        let mut sheet = Uncommented { text: String::with_capacity(css.len()), starts: Vec::new() };
        let (mut at, mut start, mut quote) = (0, 0, None);
        while let Some(c) = css[at..].chars().next() {
            match (quote, c) {
                (None, '/') if css[at..].starts_with("/*") => {
                    sheet.push(start, &css[start..at]);
                    at = css[at + 2..].find("*/").map_or(css.len(), |end| at + 2 + end + 2);
                    start = at;
                    continue;
                }
                (None, '"' | '\'') => quote = Some(c),
                // A string ends with its line.
                (Some(open), c) if c == open || c == '\n' => quote = None,
                _ => {}
            }
            at += c.len_utf8();
        }
        sheet.push(start, &css[start..]);
        sheet
    }

    fn push(&mut self, at: usize, piece: &str) {
        self.starts.push((self.text.len(), at));
        self.text.push_str(piece);
    }

    fn within_file(&self, range: Range<usize>) -> Range<usize> {
        let at = |byte: usize| {
            let piece = self.starts.partition_point(|(start, _)| *start <= byte).saturating_sub(1);
            self.starts.get(piece).map_or(byte, |(start, file)| byte - start + file)
        };
        let start = at(range.start);
        start..at(range.end.max(1) - 1).max(start) + 1
    }
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

    fn styled(css: &str) -> (AuthorStyle, Vec<String>) {
        let style = author(&Source::new("style.css", css), &Theme::default());
        let told = style.problems.iter().map(|problem| {
            let (line, column) = problem.place.as_ref().unwrap().line_column().unwrap();
            format!("{line}:{column} {}", problem.message)
        });
        let told = told.collect();
        (style, told)
    }

    #[test]
    fn an_author_s_rules_go_where_clients_take_them() {
        let (style, told) = styled(
            "/* x */ h1 { color: red } a:hover{color:blue!important}\n\
             @media print { p { margin: 0 } } p/* y */.a{margin:0} @page { margin: 0 }",
        );
        assert_eq!(style.inlined, "h1 { color: red }p.a{margin:0}");
        assert_eq!(style.kept.len(), 2);
        assert!(style.kept[0].contains("blue !important"));
        assert_eq!(told, ["2:55 the rule with @page is ignored"]);
    }

    #[test]
    fn what_could_fetch_is_told_at_its_place_and_reaches_nothing() {
        let (style, told) = styled(
            "/* a\n */ @import 'a';\n.x{background:u/* b */rl(x)}\na:hover{b:src('c')}\n\
             @media print{p{x:image-set('d' 1x)}}\n@font-face{src:local(x)}\np{color:red",
        );
        assert_eq!((style.inlined.as_str(), style.kept.len()), ("", 0));
        let places: Vec<&str> = told.iter().filter_map(|told| told.split(' ').next()).collect();
        assert_eq!(places, ["2:5", "3:15", "4:11", "5:18", "6:1", "7:1"], "{told:?}");
        assert!(style.problems.iter().all(Diagnostic::is_error));
    }

    #[test]
    fn a_comment_in_a_string_is_none() {
        let (style, told) = styled("p{content:\"/*\"} b{background:url(x)} /* */");
        assert_eq!(style.inlined, "p{content:\"/*\"}");
        assert_eq!(told.len(), 1);
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
