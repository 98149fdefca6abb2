//! The class names of a letter: those that authors may rely on, and what they may have meant by one
//! that no letter has.

use std::collections::BTreeSet;
use std::ops::Range;

use super::selector::{self, Selector};
use super::sheet_text::{self, SheetEdit};
use crate::diagnostic::nearest;
use crate::issue::css;

/// Classes that `docs/reference.md` lists: they keep their names and their meaning.
pub(super) const STABLE: [&str; 44] = [
    "ab", "art", "b", "bar", "bd", "br", "bt", "c", "center", "code", "ct", "data", "e", "end",
    "f", "h", "hd", "hr", "icon", "il", "in", "k", "ld", "letter", "lg", "ln", "ls", "m", "nm",
    "p", "pq", "pre", "q", "qt", "raw", "row", "s", "sb", "seal", "small", "st", "sub", "t", "u",
];
/// Classes that only our own sheet needs.
pub(super) const OWN: [&str; 14] =
    ["ca", "do", "g", "i", "l", "lo", "lx", "n", "tr", "w", "wide", "x", "y", "z"];

/// The names in words of classes that an author may want to style, and the class that each means: a
/// letter carries the short ones, because it carries them hundreds of times.
const IN_WORDS: [(&str, &str); 18] = [
    ("article", "art"),
    ("button", "k"),
    ("byline", "m"),
    ("callout", "q"),
    ("caption", "m"),
    ("column", "c"),
    ("contents", "in"),
    ("footer", "f"),
    ("footnotes", "small"),
    ("lead", "ld"),
    ("logo", "lg"),
    ("masthead", "hd"),
    ("name", "nm"),
    ("pull-quote", "pq"),
    ("quote", "qt"),
    ("section-title", "h"),
    ("table", "data"),
    ("title", "t"),
];

/// Whether some letter has the class.
pub(super) fn is_of_letter(class: &str) -> bool {
    STABLE.contains(&class) || OWN.contains(&class)
}

/// What people call a part of a letter, and the selector that means it.
const CALLED: &[(&str, &str)] = &[
    ("article story post item entry card piece", ".art"),
    ("aside box callout info infobox note notice panel tip alert highlight", ".q"),
    ("blockquote quote quotation", ".qt"),
    ("pullquote", ".pq"),
    ("btn button cta action", ".k"),
    ("brief briefs", ".br"),
    ("byline caption credit date figcaption meta muted small subtle time author", ".m"),
    ("body content container inner main page paper sheet surface wrapper wrap email mail", ".s"),
    ("background bg outer canvas", ".b"),
    ("brand name", ".nm"),
    ("code pre codeblock", ".code"),
    ("col column columns half", ".c"),
    ("contents toc index", ".in"),
    ("divider hr line rule separator", ".hr"),
    ("footer foot bottom unsubscribe legal", ".f"),
    ("footnote footnotes notes", ".small"),
    ("head header masthead top banner", ".hd"),
    ("headline title", ".t"),
    ("heading section kicker category", ".h"),
    ("hero lead feature featured", ".ld"),
    ("figure image img photo picture", "img"),
    ("link links", ".ln"),
    ("list", ".ls"),
    ("logo", ".lg"),
    ("seal stamp", ".seal"),
    ("subheading subtitle subhead", ".sub"),
    ("table", ".data"),
    ("nav menu", ".in"),
    ("text paragraph copy", ".art p"),
];
/// Elements that no letter has, because mail programs do not know them.
const NO_ELEMENTS: [&str; 13] = [
    "article",
    "aside",
    "button",
    "details",
    "figcaption",
    "figure",
    "footer",
    "header",
    "main",
    "nav",
    "section",
    "summary",
    "video",
];
/// Classes that mail programs put into or around a letter, and with what others of theirs begin.
const OF_PROGRAMS: [&str; 9] =
    ["ExternalClass", "ReadMsgBody", "WindowsMail", "a6S", "aBn", "body", "ii", "im", "msg"];
const BEGINNINGS: [&str; 14] = [
    "aolmail",
    "apple-",
    "ecx",
    "g-img",
    "gmail",
    "mcn",
    "mobile-link",
    "moz-",
    "outlook",
    "ox-",
    "rps_",
    "unstyle-auto",
    "yahoo",
    "yshortcuts",
];

/// What a selector names that no letter has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnmetName {
    pub(super) range: Range<usize>,
    /// `.button`, or `header`.
    pub(super) name: String,
    /// The selector that was probably meant.
    pub(super) meant: Option<String>,
}

/// Names for which another is looked for: no more are told.
const MOST_MEANT: usize = 20;
/// Selectors of a sheet that are looked at: it has no more.
const MAX_PRELUDES: usize = 4_000;

/// Puts the class that a letter has where a selector of `sheet` names it in words.
pub(super) fn short_names(sheet: &str) -> Vec<SheetEdit> {
    let is_name = |c: char| c.is_alphanumeric() || "-_".contains(c);
    let mut edits = Vec::new();
    let items = sheet_text::items(sheet);
    let preludes = items.iter().filter(|item| item.is_prelude && !item.text.starts_with('@'));
    let short = preludes.filter(|item| !selector::is_endless(item.text));
    for item in short.take(MAX_PRELUDES) {
        let mut brackets = 0_usize;
        for (dot, sign) in item.text.match_indices(['.', '[', ']']) {
            // An attribute's value may be anything.
            match sign {
                "[" => brackets += 1,
                "]" => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            if sign != "." || brackets > 0 {
                continue;
            }
            let rest = &item.text[dot + 1..];
            let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
            let short = IN_WORDS.iter().find(|(words, _)| *words == name);
            let start = item.range.start + dot + 1;
            edits.extend(short.map(|(_, short)| (start..start + name.len(), (*short).to_owned())));
        }
    }
    edits
}

/// The names in the selectors of `sheet` that no letter has, each where it stands first.
pub(super) fn unmet(sheet: &str) -> Vec<UnmetName> {
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    let items = sheet_text::items(sheet);
    let preludes = items.iter().filter(|item| {
        item.is_prelude && !item.text.starts_with('@') && !selector::is_endless(item.text)
    });
    for item in preludes.take(MAX_PRELUDES) {
        for one in css::split(item.text, |c| c == ',') {
            for (is_class, name) in Selector::list(one).iter().flat_map(Selector::names) {
                let is_known = is_met(is_class, &name);
                let written = if is_class { format!(".{name}") } else { name.clone() };
                if is_known || !told.insert(written.clone()) {
                    continue;
                }
                let lower = one.to_ascii_lowercase();
                // Classes are told by their case, elements are not.
                let at = one.find(&written);
                let at =
                    at.or_else(|| lower.find(&written.to_ascii_lowercase())).unwrap_or_default();
                let at =
                    item.range.start + at + (one.as_ptr() as usize - item.text.as_ptr() as usize);
                let range = at..at + written.len().min(sheet.len() - at);
                let meant = if found.len() < MOST_MEANT { meant(&name) } else { None };
                found.push(UnmetName { range, meant, name: written });
            }
        }
    }
    found
}

/// Whether a letter, or a mail program around it, has the class or the element.
fn is_met(is_class: bool, name: &str) -> bool {
    if !is_class {
        return !NO_ELEMENTS.contains(&name);
    }
    is_of_letter(name)
        || name == "_"
        || OF_PROGRAMS.contains(&name)
        || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
}

/// Leaves out the selectors of `sheet` that mean nothing in any letter: what is said of it does
/// nothing, be it what it may.
pub(super) fn without_unmet(sheet: &str) -> Vec<SheetEdit> {
    let items = sheet_text::items(sheet);
    let preludes = items.iter().filter(|item| {
        item.is_prelude && !item.text.starts_with('@') && !selector::is_endless(item.text)
    });
    let mut edits = Vec::new();
    for item in preludes.take(MAX_PRELUDES) {
        let each = css::split(item.text, |c| c == ',');
        let is_meant = |one: &&str| {
            let parts = Selector::list(one);
            parts.iter().flat_map(Selector::names).all(|(is_class, name)| is_met(is_class, &name))
        };
        let meant: Vec<&str> = each.iter().copied().filter(is_meant).collect();
        if meant.len() < each.len() {
            let list = if meant.is_empty() { "._".to_owned() } else { meant.join(",") };
            edits.push((item.range.clone(), list));
        }
    }
    edits
}

/// What somebody meant who wrote `name`: the whole of it, or else its last part that is known.
fn meant(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let called = |word: &str| {
        let singular = word.strip_suffix('s').unwrap_or(word);
        let has = |list: &str| list.split(' ').any(|one| one == word || one == singular);
        CALLED.iter().find(|(list, _)| has(list)).map(|(_, selector)| (*selector).to_owned())
    };
    let parts = || lower.split(['-', '_']);
    // A capital makes another name of it.
    if STABLE.contains(&lower.as_str()) {
        return Some(format!(".{lower}"));
    }
    called(&lower.replace(['-', '_'], ""))
        .or_else(|| parts().rev().find_map(called))
        .or_else(|| {
            let words = CALLED.iter().flat_map(|(list, _)| list.split(' '));
            nearest(&lower, words).and_then(called)
        })
        .or_else(|| {
            let classes = STABLE.into_iter().filter(|class| class.len() > 2);
            nearest(&lower, classes).map(|class| format!(".{class}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::style;
    use crate::compose::theme::presets::Preset;

    #[test]
    fn names_that_no_letter_has_are_told_with_the_nearest() {
        let told = |sheet: &str| -> Vec<String> {
            let found = unmet(sheet).into_iter();
            found
                .map(|one| format!("{} {}", &sheet[one.range], one.meant.unwrap_or_default()))
                .collect()
        };
        assert_eq!(
            told(".button{} .callout p, .header{} @media x{.footer-link a{}} .button{}"),
            [".button .k", ".callout .q", ".header .hd", ".footer-link .ln"]
        );
        assert_eq!(told(".f p, .F p{}"), [".F .f"]);
        assert_eq!(told("header h1, h2.article-title{}"), ["header .hd", ".article-title .t"]);
        assert_eq!(
            told(".buton{} .lettr{} .qqqqqq{}"),
            [".buton .k", ".lettr .letter", ".qqqqqq "]
        );
        let known =
            ".k, .art > p.m, td.f a:hover, .moz-text-html .f, .ExternalClass td, #x, body{}";
        assert_eq!(told(known), Vec::<String>::new());
    }

    #[test]
    fn the_reference_lists_the_classes_that_stay() {
        let reference = include_str!("../../docs/reference.md");
        let (_, section) = reference.split_once("\n## Classes for style.css\n").unwrap();
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `."));
        let mut listed: Vec<&str> =
            rows.flat_map(|row| row.split(" |").next().unwrap().split("`, `.")).collect();
        listed.iter_mut().for_each(|name| *name = name.trim_end_matches('`'));
        listed.sort_unstable();
        assert_eq!(listed, STABLE);
        for class in OWN {
            assert!(!STABLE.contains(&class), "{class}");
        }
        for (words, class) in IN_WORDS {
            assert!(STABLE.contains(&class) && !is_of_letter(words), "{words}");
            assert!(section.contains(&format!("`.{words}` `.{class}`")), "{words}");
        }
    }

    #[test]
    fn names_in_words_become_those_of_the_letter() {
        let sheet = ".button:hover, td.callout > p{color:red} @media x{.title{}} .buttons{} a[x='.title']{} .footer[class], p[a].callout{}";
        let edited = sheet_text::SheetText::of(sheet).edited(&short_names(sheet)).text;
        assert_eq!(
            edited,
            ".k:hover, td.q > p{color:red} @media x{.t{}} .buttons{} a[x='.title']{} .f[class], p[a].q{}"
        );
    }

    #[test]
    fn every_class_that_our_sheet_names_is_known() {
        for (_, preset) in Preset::ALL {
            let theme = preset.theme();
            let sheets = [style::kept(&theme).concat(), style::inlined(&theme)].concat();
            let heads = sheet_text::items(&sheets).into_iter().filter(|item| item.is_prelude);
            for head in heads.filter(|item| !item.text.starts_with('@')) {
                let names = Selector::list(head.text);
                for (is_class, name) in names.iter().flat_map(Selector::names) {
                    assert!(!is_class || is_of_letter(&name), "{name}");
                }
            }
        }
    }
}
