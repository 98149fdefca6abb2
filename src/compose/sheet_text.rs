//! The text of an author's sheet on its way into the letter: it loses its comments and what is
//! misspelt, and its rules are made to reach what they mean. It always knows where in the file
//! everything stands.

use std::collections::HashSet;
use std::ops::Range;

use super::selector;
use super::theme::{Color, Theme};
use crate::issue::css::{self, colors};

/// A style sheet without its comments.
pub(super) struct SheetText {
    pub(super) text: String,
    /// A byte of `text`, and the byte of the file from which on the two run side by side.
    starts: Vec<SheetPiece>,
}

#[derive(Clone, Copy)]
struct SheetPiece {
    start: usize,
    file: usize,
    /// Whether it stands in no file: all of it is told at one place.
    is_ours: bool,
}

/// Text that takes the place of other text.
pub(super) type SheetEdit = (Range<usize>, String);

impl SheetText {
    pub(super) fn of(css: &str) -> SheetText {
        let mut sheet = SheetText { text: String::with_capacity(css.len()), starts: Vec::new() };
        let (mut at, mut start, mut quote) = (0, 0, None);
        while let Some(c) = css[at..].chars().next() {
            match (quote, c) {
                (None, '/') if css[at..].starts_with("/*") => {
                    sheet.push(start, false, &css[start..at]);
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
        sheet.push(start, false, &css[start..]);
        sheet
    }

    fn push(&mut self, file: usize, is_ours: bool, piece: &str) {
        self.starts.push(SheetPiece { start: self.text.len(), file, is_ours });
        self.text.push_str(piece);
    }

    /// The byte of the file at which `byte` stands.
    fn in_file(&self, byte: usize) -> usize {
        let piece = self.starts.partition_point(|piece| piece.start <= byte).saturating_sub(1);
        self.starts.get(piece).map_or(byte, |piece| {
            let offset = if piece.is_ours { 0 } else { byte - piece.start };
            piece.file + offset
        })
    }

    pub(super) fn within_file(&self, range: Range<usize>) -> Range<usize> {
        let start = self.in_file(range.start);
        start..self.in_file(range.end.max(1) - 1).max(start) + 1
    }

    /// The same with `edits`, which stand in order and do not touch each other.
    pub(super) fn edited(&self, edits: &[SheetEdit]) -> SheetText {
        let mut out =
            SheetText { text: String::with_capacity(self.text.len()), starts: Vec::new() };
        let mut at = 0;
        for (range, text) in edits {
            self.copy(at..range.start, &mut out);
            out.push(self.in_file(range.start), true, text);
            at = range.end;
        }
        self.copy(at..self.text.len(), &mut out);
        out
    }

    fn copy(&self, range: Range<usize>, out: &mut SheetText) {
        let first = self.starts.partition_point(|piece| piece.start <= range.start);
        let within = self.starts[first..].iter().take_while(|piece| piece.start < range.end);
        let is_ours = first.checked_sub(1).is_some_and(|at| self.starts[at].is_ours);
        let mut from = (range.start, is_ours);
        for piece in within {
            out.push(self.in_file(from.0), from.1, &self.text[from.0..piece.start]);
            from = (piece.start, piece.is_ours);
        }
        if from.0 < range.end {
            out.push(self.in_file(from.0), from.1, &self.text[from.0..range.end]);
        }
    }
}

/// A selector, the condition of an at-rule, or a declaration.
#[derive(Debug)]
pub(super) struct SheetItem<'s> {
    pub(super) range: Range<usize>,
    /// Without the white space around it.
    pub(super) text: &'s str,
    /// Selectors and conditions around it, from the outside.
    pub(super) around: Vec<&'s str>,
    /// Whether a block follows.
    pub(super) is_prelude: bool,
}

impl SheetItem<'_> {
    /// The property of a declaration.
    fn name(&self) -> String {
        self.text.split(':').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Tells the block around it from others.
    fn block(&self) -> usize {
        self.around.last().map_or(0, |prelude| prelude.as_ptr() as usize)
    }

    /// Whether it is said of elements.
    pub(super) fn is_declaration(&self) -> bool {
        !self.is_prelude && self.around.last().is_some_and(|prelude| !prelude.starts_with('@'))
    }
}

/// Preludes that are remembered of what is around: a mail has fewer.
const MAX_AROUND: usize = 8;

/// What a sheet consists of, in order.
pub(super) fn items(css: &str) -> Vec<SheetItem<'_>> {
    let mut found = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let (mut start, mut quote, mut depth) = (0, None, 0_usize);
    for (at, c) in css.char_indices() {
        match (quote, c) {
            (Some(end), c) if c == end || c == '\n' => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, '{' | '}' | ';') => {
                // A brace closes what was left open.
                if c == ';' && depth > 0 {
                    continue;
                }
                depth = 0;
                let raw = &css[start..at];
                let text = raw.trim();
                let from = start + raw.len() - raw.trim_start().len();
                if !text.is_empty() {
                    let around = open.iter().copied().take(MAX_AROUND).collect();
                    let range = from..from + text.len();
                    found.push(SheetItem { range, text, around, is_prelude: c == '{' });
                }
                match c {
                    '{' => open.push(text),
                    '}' => drop(open.pop()),
                    _ => {}
                }
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Selectors and declarations together: a sheet has no more.
const MAX_ITEMS: usize = 6_000;

/// What makes the rules of a sheet reach what they mean.
#[derive(Debug, Default)]
pub(super) struct SheetReach {
    pub(super) edits: Vec<SheetEdit>,
    /// Colours that are without effect, because they could not be read in dark mode.
    pub(super) without_effect: Vec<Range<usize>>,
    /// What is said of every element of the letter and changes none: it is left out.
    pub(super) of_everything: Vec<Range<usize>>,
}

/// A rule about the parts of tables is made to mean the tables that somebody wrote, and a rule that
/// stays in a `<style>` block to win over what stands in the elements.
pub(super) fn reach(sheet: &str, theme: &Theme) -> SheetReach {
    let mut reach = SheetReach::default();
    let mut items = items(sheet);
    // A longer sheet is refused.
    items.truncate(MAX_ITEMS);
    let paired = paired(&items);
    for item in &items {
        if item.is_prelude && !item.text.starts_with('@') {
            let is_of_scheme = |name: &str| {
                let has =
                    |outer: &&str| outer.contains("prefers-color-scheme") && outer.contains(name);
                item.around.iter().any(has)
            };
            let other = match selector::of_tables(item.text) {
                None if is_of_scheme("dark") => selector::of_titles(item.text),
                other => other,
            };
            let text = other.as_deref().unwrap_or(item.text);
            // Not everybody knows what leaves out buttons. Who knows schemes does.
            let is_known = !is_kept(item) && !item.text.contains(':') || is_of_scheme("");
            let of_links = is_known.then(|| selector::of_plain_links(text)).flatten();
            reach.edits.extend(of_links.or(other).map(|text| (item.range.clone(), text)));
        } else if item.is_declaration() && is_reset_of_everything(item) {
            reach.edits.push((item.range.clone(), String::new()));
            reach.of_everything.push(item.range.clone());
        } else if item.is_declaration() && is_kept(item) && wants_importance(item.text) {
            if paired.contains(&item.block()) || is_readable_in_dark(item, theme) {
                reach.edits.push((item.range.end..item.range.end, " !important".to_owned()));
            } else {
                reach.without_effect.push(item.range.clone());
            }
        }
    }
    reach
}

/// Whether a plain rule says of every element what resets of web pages say: each element would carry
/// it, and the letter has margins of its own.
fn is_reset_of_everything(item: &SheetItem<'_>) -> bool {
    let [prelude] = item.around[..] else { return false };
    let is_every = |one: &str| one.trim_end().ends_with('*') && !one.contains([':', '[']);
    if !css::split(prelude, |c| c == ',').into_iter().all(is_every) {
        return false;
    }
    let name = item.name();
    let value = item.text.split_once(':').map_or("", |(_, value)| value);
    let value = value.split('!').next().unwrap_or_default().trim();
    let is_zero = value.split_whitespace().all(|part| part.trim_end_matches("px") == "0");
    let is_bare = prelude.split(',').all(|one| one.trim() == "*");
    name == "box-sizing" || is_bare && is_zero && (name == "margin" || name == "padding")
}

/// Whether the declaration stays in a `<style>` block.
fn is_kept(item: &SheetItem<'_>) -> bool {
    let outer = item.around.first().copied().unwrap_or_default();
    outer.starts_with('@') || outer.contains(':') || outer.contains(selector::OF_OUTLOOK)
}

fn wants_importance(declaration: &str) -> bool {
    let is_name = declaration.starts_with("--");
    let is_scheme = declaration.contains("color-scheme");
    declaration.contains(':') && !is_name && !is_scheme && !declaration.contains('!')
}

fn is_ground(name: &str) -> bool {
    ["background", "background-color"].contains(&name)
}

/// The blocks that give both a colour and its ground: somebody has chosen them for each other.
fn paired(items: &[SheetItem<'_>]) -> HashSet<usize> {
    let of = |has: fn(&str) -> bool| -> HashSet<usize> {
        let declarations = items.iter().filter(|item| item.is_declaration());
        declarations.filter(|item| has(&item.name())).map(SheetItem::block).collect()
    };
    let texts = of(|name| name == "color");
    of(is_ground).intersection(&texts).copied().collect()
}

/// The least contrast in dark mode, and while somebody points at what is coloured.
const LEAST_DARK: f64 = 3.0;
const LEAST_DARK_STATE: f64 = 1.5;

/// Whether a colour that wins in dark mode as well could be read there, as far as is known.
fn is_readable_in_dark(item: &SheetItem<'_>, theme: &Theme) -> bool {
    let has = |word: &str| item.around.iter().any(|prelude| prelude.contains(word));
    if has("prefers-color-scheme") || has("print") {
        return true;
    }
    let is_state = [":hover", ":active", ":focus"].iter().any(|state| has(state));
    let least = if is_state { LEAST_DARK_STATE } else { LEAST_DARK };
    let palette = &theme.dark;
    let value = item.text.split_once(':').map_or("", |(_, value)| value.trim());
    let value = value.to_ascii_lowercase();
    let (colors, others) = match item.name() {
        name if name == "color" => {
            (colors::read(&value).into_iter().collect(), [palette.surface, palette.background])
        }
        name if is_ground(&name) => {
            (colors::ground(&value).unwrap_or_default(), [palette.text, palette.muted])
        }
        _ => return true,
    };
    colors.into_iter().all(|[red, green, blue, opacity]| {
        let color = Color::new(red, green, blue);
        opacity < 128 || others.iter().all(|other| color.contrast(*other) >= least)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn everything_keeps_its_place_in_the_file() {
        let css = "/* a */ td { color: red; x: 1 } /* b */ p/* c */.q { y: 2 }";
        let sheet = SheetText::of(css);
        let edits: Vec<SheetEdit> = vec![(1..3, ".data td".to_owned()), (17..24, String::new())];
        assert_eq!(&sheet.text[1..3], "td");
        let edited = sheet.edited(&edits);
        for word in ["color", "x:", "p", ".q", "y: 2"] {
            let at = edited.text.find(word);
            let Some(at) = at else { continue };
            let place = edited.within_file(at..at + word.len());
            assert!(css[place.clone()].starts_with(&word[..1]), "{word}: {}", &css[place]);
        }
        let at = edited.text.find(".data").unwrap();
        assert_eq!(edited.within_file(at..at + 1).start, css.find("td").unwrap());
    }

    #[test]
    fn rules_that_are_kept_win_over_what_is_inlined() {
        let of = |css: &str| SheetText::of(css).edited(&reach(css, &Theme::default()).edits).text;
        assert_eq!(
            of("a:hover{color:red;margin:0 !important}"),
            "a:hover{color:red !important;margin:0 !important}"
        );
        assert_eq!(
            of("@media (max-width:9px){h2{font-size:40px}}"),
            "@media (max-width:9px){h2{font-size:40px !important}}"
        );
        let kept = of("@media (prefers-color-scheme:light){.t{color:#222}}a:hover{color:#a00000}");
        assert_eq!(kept.matches(" !important").count(), 2);
        let pair = of(".q:hover{color:#222;background:#eee}");
        assert_eq!(pair.matches(" !important").count(), 2);
        for same in [
            "h2{color:red}",
            ":root{--a:1px;color-scheme:dark}",
            // In dark mode nobody could read them.
            "a:visited{color:#551a8b}",
            "a:hover{color:#111}",
            "@media screen{.t{color:#222}.q{background:#eee}}",
            "a:hover{color:red!important}",
            "@media x{}",
        ] {
            assert_eq!(of(same), same);
        }
        assert_eq!(of("td{color:red}"), ".data td,.raw td{color:red}");
        // Titles win over what our dark rules say of classes, as they do in light mode. The label of a
        // button is no link of these.
        let dark = "@media (prefers-color-scheme:dark)";
        assert_eq!(
            of(&format!("{dark}{{h1,.a h2,h3 a,.t{{color:#fff}}}}")),
            format!("{dark}{{.b h1,.a h2,h3 a:not(.k),.t{{color:#fff !important}}}}")
        );
        // What everything is reset to stands in no element.
        assert_eq!(of("*{margin:0;padding:0 0;box-sizing:border-box}"), "*{;;}");
        assert_eq!(of(".a *,b *{box-sizing:border-box}"), ".a *,b *{}");
        for same in ["*{margin:1px}", "*,p{box-sizing:border-box}", "*{color:red}"] {
            assert_eq!(of(same), same);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_keeps_its_places(css in "[a-z{}:;,'\"()/*@! .é\n]{0,60}") {
            let sheet = SheetText::of(&css);
            let edited = sheet.edited(&reach(&sheet.text, &Theme::default()).edits);
            for at in 0..=edited.text.len() {
                prop_assert!(edited.within_file(at..at + 1).start <= css.len());
            }
            prop_assert!(edited.text.len() >= sheet.text.len());
        }
    }
}
