//! Selectors of a stranger's style sheet against the elements of the letter: which of them a rule
//! means for certain, and which it could mean in some mail program.
//!
//! Goes by names and by what stands around what. Mail programs put elements of their own around a
//! letter, and nobody here knows them: what is said of such is taken to hold.

use super::class_names::is_of_letter;
use crate::issue::css;

/// An element of the letter as selectors see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LetterNode<'a> {
    /// In lower case.
    pub element: &'a str,
    /// Of a composed letter, only those that kept rules name.
    pub classes: &'a [&'a str],
    /// Whether some letter gives it an id.
    pub has_id: bool,
    /// Which child it is of what is around, from 1; `None` where that differs between letters.
    pub nth: Option<usize>,
}

/// Elements that no mail program puts around a letter.
const NEVER_AROUND: [&str; 20] = [
    "a", "code", "em", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "img", "li", "ol", "p", "pre",
    "s", "span", "strong", "sup", "ul",
];

/// Stands for each element that raw HTML may have in a line of text.
pub(super) const ANY_INLINE: &str = "?";
/// The same for those that are boxes.
pub(super) const ANY_BLOCK: &str = "??";
/// Stands for each element that words of an article may stand in.
pub(super) const ANY_WRITTEN: &str = "???";
/// Those of them that the others do not stand for.
const WRITTEN_OTHERS: [&str; 20] = [
    "a", "code", "del", "em", "h2", "h3", "h4", "li", "ol", "p", "s", "span", "strong", "table",
    "tbody", "td", "th", "thead", "tr", "ul",
];
/// Elements of raw HTML that no chain has by its name. Raised and lowered signs have lines of their own.
const WRITTEN_INLINE: [&str; 17] = [
    "abbr", "b", "bdi", "cite", "i", "ins", "kbd", "mark", "q", "samp", "small", "time", "u",
    "var", "font", "tt", "big",
];
const WRITTEN_BLOCKS: [&str; 13] = [
    "blockquote",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "h5",
    "h6",
    "pre",
    "section",
    "article",
    "address",
];

fn is_meant(name: &str, element: &str) -> bool {
    match element {
        ANY_INLINE => WRITTEN_INLINE.contains(&name),
        ANY_BLOCK => WRITTEN_BLOCKS.contains(&name),
        ANY_WRITTEN => [&WRITTEN_INLINE[..], &WRITTEN_BLOCKS, &WRITTEN_OTHERS]
            .iter()
            .any(|names| names.contains(&name)),
        element => name == element,
    }
}

/// Elements that a table consists of.
const TABLE_PARTS: [&str; 9] =
    ["caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead"];
const ROW: &str = "tr";
/// Classes of tables and cells: who names one knows what it means.
const OF_TABLES: [&str; 20] = [
    "bar", "bt", "center", "code", "data", "end", "f", "hd", "k", "letter", "p", "pre", "q", "qt",
    "raw", "s", "tr", "w", "y", "z",
];
/// Classes of the tables that somebody wrote, in Markdown and in raw HTML.
const WRITTEN: [&str; 2] = ["data", "raw"];

/// The selectors of a rule, each about the parts of tables only of those that somebody wrote: the
/// letter is laid out in tables, too. `None` where nothing changes.
pub(super) fn of_tables(list: &str) -> Option<String> {
    let each = css::split(list, |c| c == ',');
    let found: Vec<Option<String>> = each.iter().map(|one| of_written(one.trim())).collect();
    if found.iter().all(Option::is_none) {
        return None;
    }
    let all = each.iter().zip(found).map(|(one, other)| other.unwrap_or_else(|| one.trim().into()));
    Some(all.collect::<Vec<_>>().join(","))
}

fn of_written(text: &str) -> Option<String> {
    let pieces = css::split(text, |c| c.is_whitespace() || "><+~".contains(c));
    let names: Vec<Compound> = pieces.iter().map(|piece| Compound::read(piece)).collect();
    if names.iter().flat_map(|one| &one.classes).any(|class| OF_TABLES.contains(&class.as_str())) {
        return None;
    }
    let is_part = |name: &str| name == ROW || TABLE_PARTS.contains(&name);
    let at = names.iter().zip(&pieces).position(|(one, piece)| {
        let is_bare = one.classes.is_empty() && !one.has_id;
        is_bare
            && match &one.element {
                Some(name) => is_part(name),
                None => [":is(", ":where("].iter().any(|list| {
                    let inner = piece.strip_prefix(list).and_then(|rest| rest.split(')').next());
                    inner.is_some_and(|inner| inner.split(',').any(|name| is_part(name.trim())))
                }),
            }
    })?;
    let start = pieces[at].as_ptr() as usize - text.as_ptr() as usize;
    let is_table = names[at].element.as_deref() == Some("table");
    let (before, behind) = text.split_at(if is_table { start + "table".len() } else { start });
    let space = if is_table { "" } else { " " };
    let each = WRITTEN.iter().map(|class| format!("{before}.{class}{space}{behind}"));
    Some(each.collect::<Vec<_>>().join(","))
}

/// What weighs an author's selectors up against ours, which name classes where an author names
/// elements. It means every element.
const LIFT: &str = ":not(._)";

/// The selectors of a rule that is inlined, so that what an author says of titles, or of something
/// with a class, holds whatever we say of it. A bare `p` or `a` means what nothing more is said of.
pub(super) fn lifted(list: &str) -> String {
    let each = css::split(list, |c| c == ',').into_iter().map(|one| {
        let lift = if Selector::read(one).is_lifted() { LIFT } else { "" };
        format!("{}{lift}", one.trim())
    });
    each.collect::<Vec<_>>().join(",")
}

/// The selectors of a rule, each about links in something only of those that are no button: what is
/// said of links in an article would otherwise colour the label of its buttons. `None` where nothing
/// changes.
pub(super) fn of_plain_links(list: &str) -> Option<String> {
    let each = css::split(list, |c| c == ',');
    let found: Vec<Option<String>> = each.iter().map(|one| of_plain_link(one.trim())).collect();
    if found.iter().all(Option::is_none) {
        return None;
    }
    let all = each.iter().zip(found).map(|(one, other)| other.unwrap_or_else(|| one.trim().into()));
    Some(all.collect::<Vec<_>>().join(","))
}

fn of_plain_link(text: &str) -> Option<String> {
    let pieces = css::split(text, |c| c.is_whitespace() || "><+~".contains(c));
    let (last, around) = pieces.split_last()?;
    let read: Vec<Compound> = pieces.iter().map(|piece| Compound::read(piece)).collect();
    let link = read.last()?;
    let names = |class: &str| read.iter().any(|one| one.classes.iter().any(|name| name == class));
    let is_bare = link.element.as_deref() == Some("a")
        && link.classes.is_empty()
        && link.not_classes.is_empty()
        && !link.has_id
        && last.starts_with(['a', 'A']);
    // A bare `a` means what nothing more is said of.
    if !is_bare || around.is_empty() || names("k") || names("f") {
        return None;
    }
    let end = last.as_ptr() as usize - text.as_ptr() as usize + "a".len();
    Some(format!("{}{NO_BUTTON}{}", &text[..end], &text[end..]))
}

/// Whether the selectors of a rule ask for a state or a place, so that it stays in a `<style>` block.
pub(super) fn asks_more(list: &str) -> bool {
    list.contains(OF_OUTLOOK) || list.replace(NO_BUTTON, "").contains(':')
}

/// What Outlook.com's attributes begin with: it puts them around a letter whose colours it changes.
pub(super) const OF_OUTLOOK: &str = "[data-ogs";

/// See [`of_plain_links`].
const NO_BUTTON: &str = ":not(.k)";

/// The selectors of a rule that is kept, each about titles so that it counts more than what our dark
/// rules say of classes: what is inlined does, too. `None` where nothing changes.
pub(super) fn of_titles(list: &str) -> Option<String> {
    let each = css::split(list, |c| c == ',').into_iter().map(|one| {
        let selector = Selector::read(one);
        let is_title = selector.is_lifted() && selector.specificity.0 == 0 && !one.contains('[');
        (is_title, one.trim())
    });
    let each: Vec<(bool, &str)> = each.collect();
    let all = each.iter().map(|(is_title, one)| {
        let around = if *is_title { ".b " } else { "" };
        format!("{around}{one}")
    });
    each.iter().any(|(is_title, _)| *is_title).then(|| all.collect::<Vec<_>>().join(","))
}

/// How a selector relates to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    No,
    /// In some mail program, at some time, or in some issue.
    Perhaps,
    Always,
}

/// A part of an element that a selector may mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PseudoElement {
    /// What stands before or behind its words, also as a bullet.
    Generated,
    FirstLetter,
}

impl PseudoElement {
    fn of(name: &str) -> Option<PseudoElement> {
        match name.to_ascii_lowercase().as_str() {
            "before" | "after" | "marker" => Some(PseudoElement::Generated),
            "first-letter" => Some(PseudoElement::FirstLetter),
            _ => None,
        }
    }
}

/// What stands between two combinators: `td.f:hover`.
#[derive(Clone, Debug, Default)]
struct Compound {
    element: Option<String>,
    classes: Vec<String>,
    has_id: bool,
    is_root: bool,
    /// Whether it means what is marked.
    is_of_no_text: bool,
    /// Attributes, states, and what is in parentheses: nobody knows whether it holds.
    is_open: bool,
    /// What of the element it means, where that is not all of it.
    pseudo: Option<PseudoElement>,
    /// Classes that it must not have.
    not_classes: Vec<String>,
    /// Of `a` and `b`: means each `a`th child from the `b`th on.
    nth: Option<(i64, i64)>,
    /// What is said here is of something beside.
    is_beside: bool,
    /// Whether it must be the parent of what follows.
    is_parent: bool,
}

/// One selector, of several that commas part.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    /// From the outside.
    compounds: Vec<Compound>,
    /// Whether it holds only while somebody points at the element or presses it.
    pub(super) is_state: bool,
    /// What of the element it means, where that is not the element itself.
    pub(super) pseudo: Option<PseudoElement>,
    /// Classes and the like, and elements.
    pub(super) specificity: (usize, usize),
}

impl Selector {
    /// The selectors of a rule.
    pub(super) fn list(text: &str) -> Vec<Selector> {
        css::split(text, |c| c == ',').into_iter().map(Selector::read).collect()
    }

    fn read(text: &str) -> Selector {
        let text = text.trim();
        let mut compounds: Vec<Compound> = Vec::new();
        let pieces = css::split(text, |c| c.is_whitespace() || "><+~".contains(c));
        let start = text.as_ptr() as usize;
        for (at, piece) in pieces.iter().enumerate() {
            let mut compound = Compound::read(piece);
            let end = piece.as_ptr() as usize - start + piece.len();
            let behind = text[end..].trim_start();
            let is_last = at + 1 == pieces.len();
            compound.is_beside = !is_last && behind.starts_with(['+', '~']);
            compound.is_parent = behind.starts_with('>');
            compounds.push(compound);
        }
        let sum = |count: fn(&Compound) -> usize| compounds.iter().map(count).sum();
        Selector {
            specificity: (
                sum(|one| {
                    one.classes.len()
                        + one.not_classes.len()
                        + usize::from(one.is_open)
                        + 100 * usize::from(one.has_id)
                }),
                sum(|one| usize::from(one.element.is_some())),
            ),
            is_state: is_state(pieces.last().copied().unwrap_or_default()),
            pseudo: compounds.last().and_then(|last| last.pseudo),
            compounds,
        }
    }

    /// The classes (`true`) and the elements that it names.
    pub(super) fn names(&self) -> impl Iterator<Item = (bool, String)> {
        self.compounds.iter().flat_map(|one| {
            let classes = one.classes.iter().map(|class| (true, class.clone()));
            classes.chain(one.element.iter().map(|name| (false, name.clone())))
        })
    }

    /// Whether it stands for nothing, as what no letter has is written.
    pub(super) fn is_of_nothing(&self) -> bool {
        self.compounds.iter().any(|one| one.classes.iter().any(|class| class == "_"))
    }

    /// See [`lifted`].
    pub(super) fn is_lifted(&self) -> bool {
        // What leaves out a class weighs as much.
        if self.compounds.last().is_some_and(|last| !last.not_classes.is_empty()) {
            return false;
        }
        let title = ["h1", "h2", "h3", "h4", "h5", "h6"];
        let last = self.compounds.last().and_then(|one| one.element.as_deref());
        self.specificity.0 > 0 || last.is_some_and(|name| title.contains(&name))
    }

    /// How it fits the last of `chain`, which stand in each other.
    pub(super) fn fits(&self, chain: &[LetterNode<'_>]) -> Fit {
        let Some(((last, around), (node, mut outer))) =
            self.compounds.split_last().zip(chain.split_last())
        else {
            return Fit::No;
        };
        let mut fit = last.fits(node);
        for compound in around.iter().rev() {
            if fit == Fit::No {
                break;
            }
            if compound.is_beside {
                fit = if compound.is_nowhere() { Fit::No } else { fit.min(Fit::Perhaps) };
                continue;
            }
            let found = outer.iter().rposition(|node| compound.fits(node) != Fit::No);
            fit = match found {
                Some(at) => {
                    let is_exact = !compound.is_parent || at + 1 == outer.len();
                    let one = compound.fits(&outer[at]);
                    outer = &outer[..at];
                    fit.min(if is_exact { one } else { Fit::Perhaps })
                }
                None if compound.may_be_a_program_s() => fit.min(Fit::Perhaps),
                None => Fit::No,
            };
        }
        fit
    }
}

/// Whether a state that passes is part of it. What holds when it does not, is none.
fn is_state(compound: &str) -> bool {
    let states = [":hover", ":active", ":focus"];
    !compound.contains('(')
        && states.iter().any(|state| compound.to_ascii_lowercase().contains(state))
}

/// What counts the children of what is around, where a compound asks for nothing else that is not
/// known: of `2n + 1` the two numbers.
fn nth(compound: &str) -> Option<(i64, i64)> {
    let (before, pseudo) = compound.split_once(':')?;
    let inner = match pseudo {
        "first-child" => "1",
        _ => pseudo.strip_prefix("nth-child(")?.strip_suffix(')')?,
    };
    if before.contains(['[', '#']) {
        return None;
    }
    let inner = inner.replace(' ', "").to_ascii_lowercase();
    let (step, first) = match inner.as_str() {
        "odd" => ("2", "1"),
        "even" => ("2", "0"),
        other => match other.split_once('n') {
            Some((step, first)) => (step, if first.is_empty() { "0" } else { first }),
            None => ("0", other),
        },
    };
    let step = match step {
        "" | "+" => 1,
        "-" => -1,
        step => step.parse::<i32>().ok()?,
    };
    Some((i64::from(step), i64::from(first.parse::<i32>().ok()?)))
}

/// The class in a parenthesis that holds nothing else, and what follows: of `(.k):hover`.
fn plain_class(text: &str) -> Option<(&str, &str)> {
    let (class, behind) = text.strip_prefix("(.")?.split_once(')')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!class.is_empty() && class.chars().all(is_name)).then_some((class, behind))
}

/// What is said of a selection leaves the text as it is.
fn is_beside_text(pseudo: &str) -> bool {
    ["selection", "-moz-selection", "placeholder"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(pseudo))
}

impl Compound {
    fn read(text: &str) -> Compound {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii();
        let mut compound = Compound { nth: nth(text), ..Compound::default() };
        let (mut rest, mut before) = (text, ' ');
        while let Some(c) = rest.chars().next() {
            if !is_name(c) {
                // What :not(…), :is(…) and […] hold is taken to hold.
                let close = match c {
                    '(' => Some(')'),
                    '[' => Some(']'),
                    _ => None,
                };
                compound.is_open |= close.is_some() || c == '&';
                match close {
                    Some(close) => rest = rest.rfind(close).map_or("", |end| &rest[end + 1..]),
                    None => rest = &rest[c.len_utf8()..],
                }
                before = c;
                continue;
            }
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let name = &rest[..end];
            match before {
                '.' => compound.classes.push(name.to_owned()),
                '#' => compound.has_id = true,
                ':' if name.eq_ignore_ascii_case("root") => compound.is_root = true,
                ':' if is_beside_text(name) => compound.is_of_no_text = true,
                ':' if name.eq_ignore_ascii_case("not") && plain_class(&rest[end..]).is_some() => {
                    let (class, behind) = plain_class(&rest[end..]).unwrap_or_default();
                    compound.not_classes.push(class.to_owned());
                    rest = behind;
                    before = ' ';
                    continue;
                }
                ':' => {
                    compound.is_open = true;
                    compound.pseudo = PseudoElement::of(name).or(compound.pseudo);
                }
                _ => compound.element = Some(name.to_ascii_lowercase()),
            }
            rest = &rest[end..];
            before = ' ';
        }
        compound
    }

    fn fits(&self, node: &LetterNode<'_>) -> Fit {
        let element = self.element.as_deref();
        let is_other = element.is_some_and(|name| !is_meant(name, node.element))
            || self.classes.iter().any(|class| !node.classes.contains(&class.as_str()))
            || self.is_root && node.element != "html"
            || self.is_of_no_text
            || self.not_classes.iter().any(|class| node.classes.contains(&class.as_str()))
            || self.has_id && !node.has_id;
        if is_other {
            return Fit::No;
        }
        if let (Some((step, first)), Some(nth)) = (self.nth, node.nth) {
            let beyond = i64::try_from(nth).unwrap_or(i64::MAX) - first;
            let is_meant = match step {
                0 => beyond == 0,
                step => beyond % step == 0 && beyond / step >= 0,
            };
            return if is_meant { Fit::Always } else { Fit::No };
        }
        if self.is_open || self.has_id { Fit::Perhaps } else { Fit::Always }
    }

    /// Whether it means an element that neither the letter nor a mail program around it has.
    fn is_nowhere(&self) -> bool {
        self.element.as_deref().is_some_and(|name| NEVER_AROUND.contains(&name))
            && self.classes.iter().any(|class| !is_of_letter(class))
    }

    /// Whether it could mean what a mail program has around the letter.
    fn may_be_a_program_s(&self) -> bool {
        !self.classes.iter().any(|class| is_of_letter(class))
            && !self.is_root
            && !self.element.as_deref().is_some_and(|name| NEVER_AROUND.contains(&name))
    }
}

/// Classes, ids, attributes, states and elements in each other that a selector may have.
pub(super) const MAX_PARTS: usize = 64;

/// Whether a selector of `prelude` has more than [`MAX_PARTS`].
pub(super) fn is_endless(prelude: &str) -> bool {
    css::split(prelude, |c| c == ',').into_iter().any(|one| {
        let (mut count, mut is_open, mut before) = (0_usize, false, ' ');
        for c in one.chars() {
            match c {
                '[' => is_open = true,
                ']' => is_open = false,
                _ => {}
            }
            let is_border = c.is_whitespace() || ">+~".contains(c);
            let begins = ".#:,[".contains(c) || is_border && !before.is_whitespace();
            count += usize::from(begins && (!is_open || c == '['));
            before = c;
        }
        count > MAX_PARTS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn node<'a>(element: &'a str, classes: &'a [&'a str]) -> LetterNode<'a> {
        LetterNode { element, classes, has_id: false, nth: None }
    }

    #[test]
    fn rules_about_tables_mean_those_that_somebody_wrote() {
        for (given, wanted) in [
            ("td", ".data td,.raw td"),
            ("table", "table.data,table.raw"),
            ("tr:nth-child(even)", ".data tr:nth-child(even),.raw tr:nth-child(even)"),
            ("body, td , p", "body,.data td,.raw td,p"),
            ("table > tbody td", "table.data > tbody td,table.raw > tbody td"),
            (".art thead th", ".art .data thead th,.art .raw thead th"),
            ("td p", ".data td p,.raw td p"),
            (":is(td, th)", ".data :is(td, th),.raw :is(td, th)"),
            ("TD", ".data TD,.raw TD"),
        ] {
            assert_eq!(of_tables(given).as_deref(), Some(wanted));
        }
        for same in ["td.f", ".data td", "table.letter td", "p", "*", "td.columns", ".k a", ""] {
            assert_eq!(of_tables(same), None, "{same}");
        }
        assert_eq!(lifted("h2, p,.art p , a"), "h2:not(._),p,.art p:not(._),a");
    }

    #[test]
    fn what_a_selector_means_is_known_or_taken_to_hold() {
        let chain = [
            node("html", &[]),
            node("body", &[]),
            node("div", &["b"]),
            node("table", &["letter"]),
            node("tbody", &[]),
            node("tr", &[]),
            node("td", &["f"]),
            node("p", &[]),
        ];
        for (selector, fit) in [
            ("p", Fit::Always),
            ("*", Fit::Always),
            (".f p", Fit::Always),
            ("td.f > p", Fit::Always),
            ("tr > p", Fit::Perhaps),
            ("P", Fit::Always),
            ("p:hover", Fit::Perhaps),
            ("*:lang(en)", Fit::Perhaps),
            (":root", Fit::No),
            ("html p", Fit::Always),
            (".s ~ .f p", Fit::Perhaps),
            ("img.wide-1 + p", Fit::No),
            (".x + p", Fit::Perhaps),
            ("p::selection", Fit::No),
            ("#MessageViewBody p", Fit::Perhaps),
            (".moz-text-html p", Fit::Perhaps),
            ("center p", Fit::Perhaps),
            (".art p", Fit::No),
            ("li p", Fit::No),
            (".x", Fit::No),
            ("#x", Fit::No),
            ("td", Fit::No),
            ("[dir] p", Fit::Perhaps),
            ("p:not(.x)", Fit::Always),
            ("td:not(.f) p", Fit::Perhaps),
            ("p:not(.x, .y)", Fit::Perhaps),
            ("&", Fit::Perhaps),
            ("", Fit::No),
        ] {
            let list = Selector::list(selector);
            let found = list.first().map_or(Fit::No, |one| one.fits(&chain));
            assert_eq!(found, fit, "{selector}");
        }
        for (selector, fit) in [
            ("p:nth-child(even)", Fit::Always),
            ("p:nth-child(2n + 1)", Fit::No),
            ("p:nth-child(-n+4)", Fit::Always),
            ("p:nth-child(-n+3)", Fit::No),
            ("p:nth-child(3n+1)", Fit::Always),
            ("p:first-child", Fit::No),
            ("p:nth-child(4):hover", Fit::Perhaps),
            ("p:nth-child(x)", Fit::Perhaps),
        ] {
            let fourth = LetterNode { nth: Some(4), ..node("p", &[]) };
            assert_eq!(Selector::list(selector)[0].fits(&[fourth]), fit, "{selector}");
        }
        assert!(Selector::list("a:hover")[0].is_state);
        assert!(!Selector::list("a:not(:hover)")[0].is_state);
        assert!(!Selector::list("a:hover b")[0].is_state);
    }
}
