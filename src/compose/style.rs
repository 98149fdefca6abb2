//! The style sheet: one part is inlined and gone, the other stays in blocks of its own.
//!
//! A client that trips over one rule drops the block it stands in, so that each risky thing
//! (narrow screens, dark schemes, Outlook.com's attributes) has its own. The kept rules hold no
//! comments, no nested at-rules beyond one, no `url()`, and a space before each `!important`.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::class_names;
use super::footer_style::{self, HiddenPart, Hiding};
use super::selector;
use super::sheet_text::{self, SheetText};
use super::theme::presets::Preset;
use super::theme::{Color, Palette, Theme};
use super::uneven;
use super::variables;
use crate::diagnostic::{Diagnostic, Place, Source};
use crate::issue::css;
use crate::issue::css::slips::{self, CssSlip};

/// The width of a letter in pixels, and of its text between the margins.
pub(super) const LETTER_WIDTH: usize = 600;
/// See [`LETTER_WIDTH`].
pub(super) const TEXT_WIDTH: usize = 552;
/// The width of one of two columns; 16 pixels lie between them.
pub(super) const COLUMN_WIDTH: usize = 268;
/// The width for which pictures in columns are made: on a phone, where columns stand below each
/// other, they are wider than here.
pub(super) const NARROW_WIDTH: usize = 400;

/// What is written into `style` attributes. Only element, class and child selectors: this is the
/// whole vocabulary of the components. What an element inherits is not said again, and every
/// surface says both its ground and its text.
pub(super) fn inlined(theme: &Theme) -> String {
    let mut rules = frame(theme) + &articles(theme);
    rules.push_str(&theme.preset.rules(&theme.light));
    rules
}

/// The letter around its articles.
fn frame(theme: &Theme) -> String {
    let Theme { light, font, heading_font, .. } = theme;
    let Palette { background, surface, text, muted, accent, accent_text, .. } = light;
    format!(
        "body{{margin:0;padding:0;background:{background};color:{text}}}\
         .b{{background:{background};color:{text};font-family:{font};line-height:1.5;\
         overflow-wrap:break-word;word-break:keep-all;-webkit-text-size-adjust:100%}}\
         .letter{{max-width:600px;margin:0 auto;table-layout:fixed;font-size:106%}}\
         .s{{background:{surface};color:{text}}}\
         .p{{padding:0 24px}}\
         .hd{{border-bottom:1px solid {accent}}}\
         .hd p{{margin:14px 0 10px}}.hd .m,.hd .bd{{white-space:nowrap}}\
         .f{{background:{background};color:{muted};padding:16px 24px 32px;font-size:14px}}\
         .f p,.small p{{margin:0 0 8px}}\
         .y a{{display:inline-block;line-height:24px}}\
         p{{margin:0 0 1em}}\
         .nm{{font:bold 22px/1.3 {heading_font}}}\
         .lg{{display:inline;vertical-align:middle}}\
         .seal{{display:inline-block;margin:0 10px 0 0;padding:0 9px;background:{accent};\
         color:{accent_text};font:bold 20px/34px {heading_font};border-radius:6px}}\
         h1{{margin:16px 0 8px;font:bold 38px/1.15 {heading_font}}}\
         .in{{margin:0 0 16px;padding:0;list-style:none;font-size:14px;line-height:24px}}\
         .il{{line-height:24px}}\
         .h{{margin:0 0 8px;font-size:13px;line-height:32px;letter-spacing:1px;\
         text-transform:uppercase;color:{muted};border-top:2px solid {accent}}}"
    )
}

/// What stands in articles.
fn articles(theme: &Theme) -> String {
    let Theme { light, heading_font, .. } = theme;
    let Palette { text, muted, accent, accent_text, link, border, callout, .. } = light;
    format!(
        ".t{{margin:0 0 4px}}.n{{margin:0 0 8px}}\
         .ld{{font:bold 28px/1.2 {heading_font}}}.st{{font:bold 22px/1.3 {heading_font}}}\
         .ct{{font:bold 18px/1.3 {heading_font}}}\
         .sub{{margin:24px 0 8px;font:bold 19px/1.35 {heading_font}}}\
         .sb{{margin:20px 0 4px;font-size:16px;line-height:1.4}}\
         a{{color:{link}}}.u{{color:{text};text-decoration:none}}\
         ul,ol{{margin:0 0 16px;padding:0 0 0 24px}}\
         .lx{{padding:0;list-style:none}}\
         .ls li{{margin:0 0 4px}}.lx li{{margin:0 0 10px}}\
         li p{{margin:0 0 8px}}\
         .qt{{border-left:3px solid {accent};padding:0 0 0 16px}}.qt p{{margin:8px 0}}\
         .pq{{font:italic 21px/1.4 {heading_font}}}\
         img{{display:block;width:100%;height:auto;background:{callout}}}\
         .tr{{background:none}}\
         a img{{border:0}}\
         sup{{font-size:12px;line-height:0}}\
         .icon{{display:inline;vertical-align:middle}}.row{{margin:0 8px 8px 0}}\
         .m{{color:{muted};font-size:14px}}.bd{{font-size:14px}}\
         p.m{{margin:0 0 1em}}\
         p.ab{{margin:16px 0 0}}.ab+h1{{margin:4px 0 8px}}\
         .q{{background:{callout};color:{text};padding:16px 16px 1px}}\
         .code{{background:{callout};color:{text};font:14px/1.5 Consolas,Menlo,monospace}}\
         .ca{{background:{callout};color:{link};font:14px/1.5 Consolas,Menlo,monospace}}\
         .pre{{padding:12px 16px;white-space:pre-wrap;word-break:normal}}\
         .k{{background:{accent};color:{accent_text};border-radius:4px}}\
         td.k{{mso-padding-alt:12px 24px;overflow-wrap:anywhere}}\
         a.k{{display:inline-block;padding:12px 24px;font-weight:bold;text-decoration:none;\
         mso-padding-alt:0}}\
         .bar{{background:{accent}}}.bar .nm,.bar .bd{{color:{accent_text}}}\
         .hr{{margin:24px 0;border:0;border-top:1px solid {border}}}\
         .data{{width:100%;margin:0 0 16px;border-collapse:collapse}}\
         .data th,.data td{{padding:8px 12px 8px 0;border-bottom:1px solid {border};\
         text-align:left;vertical-align:top}}\
         .data .end{{text-align:right}}.data .z{{padding:8px 0}}.w{{overflow-wrap:anywhere}}\
         .data .center{{text-align:center}}\
         .c{{display:inline-block;width:100%;max-width:268px;margin:0 0 24px;vertical-align:top}}\
         .br{{margin:0 0 12px}}\
         .g{{margin:0 16px 24px 0}}\
         .ln{{margin:0 0 14px}}.ln p{{margin:0 0 4px}}.art{{margin:0 0 32px}}\
         .e{{margin:0 0 24px;text-align:center}}\
         .small{{margin:16px 0;padding:8px 0 0;font-size:14px;border-top:1px solid {border}}}\
         [dir=rtl] ul,[dir=rtl] ol{{padding:0 24px 0 0}}\
         [dir=rtl] .in,[dir=rtl] .lx{{padding:0}}\
         [dir=rtl] .qt{{padding:0 16px 0 0;border-left:0;border-right:3px solid {accent}}}\
         [dir=rtl] .data th,[dir=rtl] .data td{{padding:8px 0 8px 12px;text-align:right}}\
         [dir=rtl] .data .end{{text-align:left}}[dir=rtl] .data .z{{padding:8px 0}}\
         [dir=rtl] .data .center{{text-align:center}}\
         [dir=rtl] .seal{{margin:0 0 0 10px}}\
         [dir=rtl] .g{{margin:0 0 24px 16px}}\
         [lang|=ko]{{line-height:1.7}}\
         span[lang|=ko]{{line-height:inherit}}\
         em span[lang|=ko],[lang|=ko] .pq,.pq span[lang|=ko]{{font-style:normal}}\
         [lang|=ko] em{{font-style:normal;font-weight:bold}}"
    )
}

/// What may stay in the head: each string is one `<style>` block. `used` takes out what the letter
/// has no use for.
pub(super) fn kept(theme: &Theme) -> Vec<String> {
    vec![
        ":root{color-scheme:light dark}".to_owned(),
        "@media (max-width:599px){.p{padding:0 16px !important}.f{padding:16px !important}\
         h1{font-size:30px !important}.c,.i{max-width:100% !important}\
         .g{margin:0 0 24px !important}}"
            .to_owned(),
        format!("@media (prefers-color-scheme:dark){{{}}}", dark(theme)),
        outlook(theme),
    ]
}

/// What gives the footer's words their own colours back in the dark, where an author's plain rules
/// colour paragraphs or links.
pub(super) fn guard(theme: &Theme) -> String {
    let Palette { muted, .. } = theme.dark;
    format!(
        "@media (prefers-color-scheme:dark){{.f p,.f a{{background:none !important}}\
         .f p{{color:{muted} !important}}}}"
    )
}

/// Which elements have which ground.
fn grounds(palette: &Palette) -> [(&'static [&'static str], Color); 4] {
    [
        (&[".b", ".f"], palette.background),
        (&[".s"], palette.surface),
        (&[".q", ".code", ".ca", "img"], palette.callout),
        (&[".k", ".bar", ".seal"], palette.accent),
    ]
}

/// Which elements have text of which colour.
fn texts(palette: &Palette) -> [(&'static [&'static str], Color); 5] {
    [
        (&[".b", ".s", ".q", ".code"], palette.text),
        (&[".f", ".m", ".h"], palette.muted),
        (&["a", ".ca"], palette.link),
        (&[".u"], palette.text),
        (&[".k", ".bar .nm", ".bar .bd", ".seal"], palette.accent_text),
    ]
}

/// Which elements have lines of which colour, and text that a look sets in another one.
fn lines(theme: &Theme, palette: &Palette) -> Vec<(&'static [&'static str], &'static str, Color)> {
    let section: &[&str] = &[".h", ".hd"];
    let (section_line, section_text) = match theme.preset {
        Preset::Gazette => (palette.border, palette.muted),
        Preset::Studio => (palette.accent, palette.text),
        Preset::Ink | Preset::Celadon => (palette.accent, palette.muted),
    };
    let mut lines: Vec<(&[&str], &str, Color)> = vec![
        (section, "border-color", section_line),
        (&[".qt", ".bt"], "border-color", palette.accent),
        (&[".small", ".hr", ".data th", ".data td"], "border-color", palette.border),
    ];
    if section_text != palette.muted {
        lines.push((&[".h"], "color", section_text));
    }
    lines
}

fn dark(theme: &Theme) -> String {
    let palette = &theme.dark;
    let Palette { background, text, .. } = palette;
    let mut css = String::new();
    for (selectors, color) in grounds(palette) {
        let body = if color == *background { "body," } else { "" };
        css.push_str(&format!("{body}{}{{background:{color} !important}}", selectors.join(",")));
    }
    for (selectors, color) in texts(palette) {
        let body = if color == *text && selectors.contains(&".b") { "body," } else { "" };
        css.push_str(&format!("{body}{}{{color:{color} !important}}", selectors.join(",")));
    }
    for (selectors, property, color) in lines(theme, palette) {
        css.push_str(&format!("{}{{{property}:{color} !important}}", selectors.join(",")));
    }
    css.push_str(
        ".tr{background:none !important}\
         .lo{display:none !important}.do{display:inline !important;max-height:none !important}",
    );
    css
}

/// The same for Outlook.com and its apps, which say so by attributes: `data-ogsc` where they changed
/// a colour of text or of a line, `data-ogsb` where they changed a background.
fn outlook(theme: &Theme) -> String {
    let palette = &theme.dark;
    let mut css = String::new();
    let below = |attribute: &str, selectors: &[&str]| {
        let one = |selector: &&str| format!("[{attribute}] {selector}");
        selectors.iter().map(one).collect::<Vec<_>>().join(",")
    };
    for (selectors, color) in texts(palette) {
        css.push_str(&format!("{}{{color:{color} !important}}", below("data-ogsc", selectors)));
    }
    for (selectors, property, color) in lines(theme, palette) {
        let selectors = below("data-ogsc", selectors);
        css.push_str(&format!("{selectors}{{{property}:{color} !important}}"));
    }
    for (selectors, color) in grounds(palette) {
        css.push_str(&format!(
            "{}{{background:{color} !important}}",
            below("data-ogsb", selectors)
        ));
    }
    css.push_str("[data-ogsb] .tr{background:none !important}");
    css
}

/// Braces inside each other: a declaration in a rule in a media query has two.
const MAX_BRACES: usize = 8;
/// Declarations in a style sheet. Each may end up on one element, where each is compared with the
/// properties that the element has already.
const MAX_DECLARATIONS: usize = 2_000;
/// Properties that plain rules name: mail programs know fewer.
const MAX_PROPERTIES: usize = 150;
/// Selectors in a style sheet: each is looked for on every kind of element.
const MAX_SELECTORS: usize = 4_000;
/// Bytes of plain rules times elements of the letter: every rule may end up on every element.
const MAX_INLINED: usize = 24 * 1024 * 1024;

/// An author's `style.css`, cut into rules that can be inlined and at-rules that are kept, and
/// what was left out: what could fetch or run anything ([`css::find_refused`]), and at-rules that
/// have no place in a mail.
pub(super) fn author(source: &Arc<Source>, theme: &Theme) -> AuthorStyle {
    let mut style = AuthorStyle::default();
    let sheet = SheetText::of(source.text());
    let sheet = sheet.edited(&class_names::short_names(&sheet.text));
    told_names(source, &sheet, &mut style.problems);
    let sheet = sheet.edited(&class_names::without_unmet(&sheet.text));
    let sheet = sheet.edited(&variables::written_out(&sheet.text));
    let sheet = without_endless(source, &sheet, &mut style.problems);
    let sheet = uneven::left_out(source, &sheet, &mut style.problems);
    let sheet = without_slips(source, &sheet, &mut style.problems);
    let reach = sheet_text::reach(&sheet.text, theme);
    for range in reach.without_effect.into_iter().take(MOST_TOLD) {
        let place = Place::span(source, sheet.within_file(range));
        style.problems.push(without_effect(place));
    }
    if let Some(first) = reach.of_everything.first() {
        let place = Place::span(source, sheet.within_file(first.clone()));
        style.problems.push(of_everything(place));
    }
    let sheet = sheet.edited(&reach.edits);
    let (accepted, end) = accepted(source, &sheet, &mut style.problems);
    let start = |rule: &str| rule.as_ptr() as usize - sheet.text.as_ptr() as usize;
    let rules: Vec<(&str, bool)> = accepted
        .iter()
        .map(|rule| (*rule, at_rule(rule).is_some() || selector::asks_more(selector(rule))))
        .collect();
    let hiding = footer_style::find_hiding(&rules, &masthead_notes(&rules), theme);
    for one in &hiding {
        let from = start(rules[one.rule].0);
        let range = sheet.within_file(from + one.range.start..from + one.range.end);
        style.problems.push(hides(one, Place::span(source, range)));
    }
    let stays = |at: usize| !hiding.iter().any(|one| one.rule == at && !one.is_slight);
    let staying = rules.iter().enumerate().filter(|(at, _)| stays(*at));
    let staying: Vec<(&str, bool)> = staying.map(|(_, rule)| *rule).collect();
    style.inlined.push_str(&masthead_notes(&staying));
    for (rule, is_kept) in &staying {
        if *is_kept {
            style.kept.push(spaced_important(&css::without_layers(rule)));
        } else {
            style.inlined.push_str(&lifted(&css::without_layers(rule)));
        }
    }
    if footer_style::needs_guard(&style.inlined) {
        style.kept.insert(0, guard(theme));
    }
    let rest = sheet.text[end..].trim_start_matches(['}', ';', ' ', '\n', '\t']);
    if !rest.is_empty() {
        let start = sheet.text.len() - rest.len();
        let place = Place::span(source, sheet.within_file(start..start + 1));
        style.problems.push(unclosed(place));
    }
    style
}

/// What gives the number and the date in a masthead the colour that an author gives the masthead with
/// its ground: our own is for our ground.
fn masthead_notes(rules: &[(&str, bool)]) -> String {
    let of_masthead = rules.iter().filter(|(rule, is_kept)| {
        let mut each = selector(rule).split(',').map(str::trim);
        !is_kept && each.any(|one| [".hd", "td.hd"].contains(&one))
    });
    let mut found = String::new();
    for (rule, _) in of_masthead {
        let body = rule.split_once('{').map_or("", |(_, body)| body.trim_end_matches('}'));
        let said: Vec<(&str, &str)> = css::split(body, |c| c == ';')
            .into_iter()
            .filter_map(|one| one.split_once(':'))
            .map(|(name, value)| (name.trim(), value.trim()))
            .collect();
        let has_ground = said.iter().any(|(name, _)| name.starts_with("background"));
        let color = said.iter().rfind(|(name, _)| *name == "color").filter(|_| has_ground);
        found.extend(color.map(|(_, color)| format!(".hd .m,.hd .bd{{color:{color}}}")));
    }
    found
}

/// Names and slips that are told one by one.
const MOST_TOLD: usize = 12;

/// Tells what the selectors name and no letter has.
fn told_names(source: &Arc<Source>, sheet: &SheetText, problems: &mut Vec<Diagnostic>) {
    const LIST: &str = "docs/reference.md lists the classes that a letter has";
    let unmet = class_names::unmet(&sheet.text);
    let more = unmet.len().saturating_sub(MOST_TOLD);
    for (at, one) in unmet.into_iter().take(MOST_TOLD + 1).enumerate() {
        let kind = if one.name.starts_with('.') { "class" } else { "element" };
        let name: String = one.name.chars().take(40).collect();
        let what = match at {
            MOST_TOLD => format!("{more} more names in selectors are of nothing in a letter"),
            _ => format!("no letter has the {kind} {name}"),
        };
        let help = match &one.meant {
            Some(meant) if at < MOST_TOLD => format!("did you mean {meant}? {LIST}"),
            _ => LIST.to_owned(),
        };
        let place = Place::span(source, sheet.within_file(one.range));
        problems.push(Diagnostic::warning("style", what).at(place).help(help));
    }
}

/// The sheet without the selectors of so many parts that to look for what they mean takes long. They
/// are told, and what is in their place means nothing.
fn without_endless(
    source: &Arc<Source>,
    sheet: &SheetText,
    problems: &mut Vec<Diagnostic>,
) -> SheetText {
    let items = sheet_text::items(&sheet.text).into_iter();
    let endless = items.filter(|item| {
        item.is_prelude && !item.text.starts_with('@') && selector::is_endless(item.text)
    });
    let mut edits = Vec::new();
    for item in endless {
        if edits.len() < MOST_TOLD {
            let most = selector::MAX_PARTS;
            let what = format!("a selector has at most {most} parts, and this one has more");
            let place = item.range.start..item.range.start + 1;
            let problem =
                Diagnostic::error("style", what).at(Place::span(source, sheet.within_file(place)));
            problems
                .push(problem.help("name the last class or element alone; the rule is left out"));
        }
        edits.push((item.range, "._".to_owned()));
    }
    sheet.edited(&edits)
}

/// The sheet without the declarations that no program knows, which are told.
fn without_slips(
    source: &Arc<Source>,
    sheet: &SheetText,
    problems: &mut Vec<Diagnostic>,
) -> SheetText {
    let items = sheet_text::items(&sheet.text);
    let declarations = items.into_iter().filter(sheet_text::SheetItem::is_declaration);
    let mut edits = Vec::new();
    for item in declarations.take(MAX_DECLARATIONS) {
        // What could load something is another rule's business.
        let slip = slips::find(item.text, edits.len() < MOST_TOLD)
            .filter(|_| css::find_refused(item.text).is_none());
        let Some(CssSlip { what, help }) = slip else { continue };
        if edits.len() < MOST_TOLD {
            let place = Place::span(source, sheet.within_file(item.range.clone()));
            problems.push(Diagnostic::warning("style", what).at(place).help(help));
        }
        edits.push((item.range, String::new()));
    }
    if edits.len() > MOST_TOLD {
        let what = format!("{} more declarations have slips", edits.len() - MOST_TOLD);
        let place = edits.get(MOST_TOLD).map(|(range, _)| sheet.within_file(range.clone()));
        let place = Place::span(source, place.unwrap_or_default());
        let help = "correct those above first; all of them are left out";
        problems.push(Diagnostic::warning("style", what).at(place).help(help));
    }
    sheet.edited(&edits)
}

/// A plain rule, so that it wins over ours.
fn lifted(rule: &str) -> String {
    match rule.split_once('{') {
        Some((head, body)) => format!("{}{{{body}", selector::lifted(head)),
        None => rule.to_owned(),
    }
}

/// The rules that a mail may hold, and where the last of all ends; what is wrong with the others is
/// told.
fn accepted<'s>(
    source: &Arc<Source>,
    sheet: &'s SheetText,
    problems: &mut Vec<Diagnostic>,
) -> (Vec<&'s str>, usize) {
    let mut accepted = Vec::new();
    let (mut end, mut declarations, mut selectors) = (0, 0, 0);
    let mut properties = HashSet::new();
    for rule in rules(&sheet.text) {
        let start = rule.as_ptr() as usize - sheet.text.as_ptr() as usize;
        end = start + rule.len();
        let name = at_rule(rule);
        let place = |range: Range<usize>| {
            Place::span(source, sheet.within_file(start + range.start..start + range.end))
        };
        let is_plain = name.is_none() && !selector::asks_more(selector(rule));
        declarations += declared(rule);
        selectors += count_selectors(rule);
        if is_plain {
            properties.extend(named(rule));
        }
        let counts = [
            (declarations, MAX_DECLARATIONS, "declarations"),
            (selectors, MAX_SELECTORS, "selectors"),
            (properties.len(), MAX_PROPERTIES, "properties"),
        ];
        if name.is_some_and(|name| IDLE.contains(&name)) {
            problems.push(idle(name.unwrap_or_default(), place(0..1)));
        } else if let Some((range, what)) = css::find_refused(rule) {
            problems.push(refused(&what, place(range)));
        } else if braces(rule) > MAX_BRACES {
            problems.push(nested(place(0..1)));
        } else if let Some((_, most, what)) =
            counts.into_iter().find(|(count, most, _)| count > most)
        {
            problems.push(endless(most, what, place(0..1)));
            return (accepted, sheet.text.len());
        } else {
            accepted.push(rule);
        }
    }
    (accepted, end)
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

fn hides(one: &Hiding, place: Place) -> Diagnostic {
    let Hiding { hidden, what, .. } = one;
    if one.is_slight {
        return Diagnostic::warning("style", format!("this declaration {what}"))
            .at(place)
            .help("write a higher line, or one without px, such as 1.3");
    }
    match hidden {
        HiddenPart::Footer => {
            Diagnostic::error("footer-style", format!("this declaration {what}")).at(place).help(
                "everybody must see the postal address and the link to unsubscribe: delete the \
                 declaration, or name a class that only articles have, such as .art",
            )
        }
        HiddenPart::Letter => {
            Diagnostic::error("letter-hidden", format!("this declaration {what}")).at(place).help(
                "delete the declaration, or name what stands in no article; take an article out of \
                 issue.toml if nobody is to read it",
            )
        }
    }
}

fn idle(name: &str, place: Place) -> Diagnostic {
    Diagnostic::warning("style", format!("the rule with {name} is ignored"))
        .at(place)
        .help("delete the rule: mail programs do not support it")
}

fn without_effect(place: Place) -> Diagnostic {
    let what = "this color could not be read in dark mode, so it does not win over colors that the elements have";
    Diagnostic::warning("style", what).at(place).help(
        "put the rule into \
         @media (prefers-color-scheme: light), and write another one for dark",
    )
}

fn of_everything(place: Place) -> Diagnostic {
    let what = "* is every element, and each would carry this in the mail: it is left out";
    Diagnostic::warning("style", what)
        .at(place)
        .help("delete it: a letter needs no reset; or name the elements that it is for")
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

/// How many selectors a rule has at most.
fn count_selectors(rule: &str) -> usize {
    let preludes = rule.split('{').map(|before| before.rsplit(['}', ';']).next());
    preludes.flatten().map(|prelude| prelude.matches(',').count() + 1).sum()
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
             @media print { p { margin: 0 } } p/* y */.art{margin:0} @page { margin: 0 }",
        );
        assert_eq!(style.inlined, "h1:not(._){ color: red }p.art:not(._){margin:0}");
        assert_eq!(style.kept.len(), 2);
        assert!(style.kept[0].contains("blue !important"));
        assert_eq!(told, ["2:57 the rule with @page is ignored"]);
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
        let (style, told) = styled("p{font-family:\"/*\"} b{background:url(x)} /* */");
        assert_eq!(style.inlined, "p{font-family:\"/*\"}");
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
