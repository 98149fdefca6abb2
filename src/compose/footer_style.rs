//! What style.css may say of the footer and of the letter: the postal address, the way to
//! unsubscribe and the articles are seen on every screen, in every scheme, without hovering.
//!
//! First each declaration by itself, as `issue::css::properties` has it. Then what is harmless alone
//! and hides together with other rules: they are followed from the outside of a letter to its words,
//! each taken to hold as it is worst. Goes by the names in a selector, not by a document: who reads
//! what with which program is not known here.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::ink;
use super::letter_size::{LetterSize, size_of};
use super::selector::{
    self, ANY_BLOCK, ANY_INLINE, ANY_WRITTEN, Fit, LetterNode, PseudoElement, Selector,
};
use super::sheet::{self, Scheme, StyleBlock};
use super::theme::Theme;
use super::theme::presets::Preset;
use super::word_room;
use super::word_width;
use crate::issue::css::Declaration;
use crate::issue::css::lengths::{PixelRange, Scale, measure};
use crate::issue::css::properties::{self, Concern};
use crate::issue::css::values::{self, TextSize};

const fn node(element: &'static str, classes: &'static [&'static str]) -> LetterNode<'static> {
    LetterNode { element, classes, has_id: false, nth: None }
}

const HTML: LetterNode<'static> = node("html", &[]);
const BODY: LetterNode<'static> = node("body", &[]);
const AROUND: LetterNode<'static> = node("div", &["b"]);
const LETTER: LetterNode<'static> = node("table", &["letter", "s"]);
const TBODY: LetterNode<'static> = node("tbody", &[]);
const ROW: LetterNode<'static> = node("tr", &[]);
const CELL: LetterNode<'static> = node("td", &["p"]);
const P: LetterNode<'static> = node("p", &[]);
const A: LetterNode<'static> = node("a", &[]);
const TABLE: LetterNode<'static> = node("table", &[]);
const ARTICLE: LetterNode<'static> = node("div", &["art", "br", "ln"]);
const COLUMN: LetterNode<'static> = node("div", &["c", "g"]);
const TITLE: &[&str] = &["t", "n", "ld", "st", "ct"];
const MASTHEAD: &[&str] = &["p", "hd", "bar", "bt"];
const PLAIN_MASTHEAD: &[&str] = &["p", "hd", "bt"];
const NOTE: LetterNode<'static> =
    LetterNode { element: "p", classes: &[], has_id: true, nth: None };

/// What stands in each other from the outside to the words of the footer.
pub(super) const FOOTER: [LetterNode<'static>; 9] =
    [HTML, BODY, AROUND, LETTER, TBODY, ROW, node("td", &["f"]), P, A];
/// How many of them are around the letter as well.
pub(super) const SHARED: usize = 6;
/// Which of them is the table that holds the letter.
const LETTER_AT: usize = 3;
/// What stands in a cell of the letter, down to some words of each kind. The masthead has a cell of its
/// own.
const WORDS: &[&[LetterNode<'static>]] = &[
    &[node("td", MASTHEAD), P, node("strong", &["nm"])],
    &[node("td", MASTHEAD), P, node("span", &["m", "bd"])],
    &[node("td", MASTHEAD), P, node("span", &["seal"])],
    &[node("h1", &[])],
    &[node("p", &["e"])],
    &[node("h2", &["h"])],
    &[node("p", &["m", "in", "il", "ab"]), A],
    &[node("ul", &["in"]), node("li", &["il"]), A],
    &[P, A],
    &[ARTICLE, node("h2", TITLE), node("a", &["u"])],
    &[ARTICLE, node("h3", TITLE), node("a", &["u"])],
    &[ARTICLE, node("h3", &["sub", "sb"])],
    &[ARTICLE, node("h4", &["sub", "sb"])],
    &[ARTICLE, P, A],
    &[ARTICLE, P, node("strong", &[])],
    &[ARTICLE, P, node("em", &[])],
    &[ARTICLE, P, node("s", &[])],
    &[ARTICLE, P, node("del", &[])],
    &[ARTICLE, P, node("span", &[])],
    &[ARTICLE, P, node(ANY_INLINE, &[])],
    &[ARTICLE, node(ANY_BLOCK, &[])],
    &[ARTICLE, node(ANY_BLOCK, &[]), node(ANY_INLINE, &[])],
    &[ARTICLE, P, node("code", &["code"])],
    &[ARTICLE, node("p", &["m"])],
    &[ARTICLE, node("ul", &["ls", "lx"]), node("li", &[]), P],
    &[ARTICLE, node("ol", &["ls"]), node("li", &[]), P],
    &[ARTICLE, TABLE, TBODY, ROW, node("td", &["qt"]), node("blockquote", &[]), node("p", &["pq"])],
    &[ARTICLE, TABLE, TBODY, ROW, node("td", &["q"]), P],
    &[ARTICLE, TABLE, TBODY, ROW, node("td", &["code", "pre"])],
    &[ARTICLE, TABLE, TBODY, ROW, node("td", &["k"]), node("a", &["k"])],
    &[ARTICLE, node("table", &["data"]), TBODY, ROW, node("td", &["w", "z", "end", "center"])],
    &[ARTICLE, node("table", &["raw"]), TBODY, ROW, node("td", &[])],
    &[
        ARTICLE,
        node("table", &["data"]),
        node("thead", &[]),
        ROW,
        node("th", &["w", "z", "end", "center"]),
    ],
    &[ARTICLE, node("div", &["small", "l"]), NOTE],
    &[COLUMN, P],
    &[COLUMN, node("h3", TITLE)],
];

/// Any elements of an article in each other: what a rule says of words in a list in a list, in a cell
/// or in a title is said of words, too.
const DEEP: LetterNode<'static> = node(
    ANY_WRITTEN,
    &[
        "q", "qt", "pq", "data", "raw", "code", "pre", "ls", "lx", "small", "w", "z", "end",
        "center", "sub", "sb", "m", "l",
    ],
);

/// Pictures, and raised and lowered signs, which stand in any of them.
const INNER: [LetterNode<'static>; 3] =
    [node("img", &["i", "icon", "row", "tr"]), node("sup", &[]), node("sub", &[])];

/// Whether an element has a line of its own, above or below that around.
fn is_raised(node: &LetterNode<'_>) -> bool {
    ["sup", "sub"].contains(&node.element)
}

/// What hides the footer or the letter: in which rule, where, and how.
#[derive(Debug)]
pub(super) struct Hiding {
    pub(super) rule: usize,
    pub(super) range: Range<usize>,
    pub(super) hidden: HiddenPart,
    pub(super) what: &'static str,
    /// Whether words can be read all the same, so that the rule stays.
    pub(super) is_slight: bool,
}

/// See [`Hiding`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum HiddenPart {
    Footer,
    Letter,
}

/// A block that could mean an element of a chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<'a> {
    pub(super) block: &'a StyleBlock,
    pub(super) fit: Fit,
    /// Whether it holds only while somebody points at the element.
    pub(super) is_state: bool,
    /// What of the element it means, where that is not the element itself.
    pub(super) pseudo: Option<PseudoElement>,
    /// Whether nothing but words stands in the element.
    pub(super) is_inner: bool,
    pub(super) is_button: bool,
    pub(super) specificity: (usize, usize),
}

/// The elements from the outside to some words, and what is said of each.
#[derive(Debug)]
pub(super) struct Chain<'a> {
    pub(super) nodes: Vec<LetterNode<'static>>,
    pub(super) hits: Vec<Vec<Hit<'a>>>,
    pub(super) part: HiddenPart,
    /// See [`Chain::sizes`]: many checks ask.
    sizes: OnceCell<Vec<LetterSize>>,
}

/// What blocks say of elements; what stands in the same is looked for once.
#[derive(Debug)]
pub(super) struct KnownHits<'a> {
    blocks: &'a [StyleBlock],
    known: HashMap<Vec<LetterNode<'static>>, Vec<Hit<'a>>>,
}

impl<'a> KnownHits<'a> {
    pub(super) fn of(blocks: &'a [StyleBlock]) -> KnownHits<'a> {
        KnownHits { blocks, known: HashMap::new() }
    }

    /// The chain of these elements, and what the blocks say of each.
    pub(super) fn chain(&mut self, nodes: &[LetterNode<'static>], part: HiddenPart) -> Chain<'a> {
        let mut hits = Vec::new();
        for end in 1..=nodes.len() {
            let here = &nodes[..end];
            let blocks = self.blocks;
            let known = self.known.entry(here.to_vec());
            let found =
                known.or_insert_with(|| blocks.iter().filter_map(|one| hit(one, here)).collect());
            hits.push(found.clone());
        }
        Chain { nodes: nodes.to_vec(), hits, part, sizes: OnceCell::new() }
    }
}

impl<'a> Chain<'a> {
    /// The same elements with some of what is said of them.
    pub(super) fn only(&self, is_meant: impl Fn(&Hit<'a>) -> bool) -> Chain<'a> {
        let some = |hits: &Vec<Hit<'a>>| hits.iter().copied().filter(&is_meant).collect();
        Chain {
            nodes: self.nodes.clone(),
            hits: self.hits.iter().map(some).collect(),
            part: self.part,
            sizes: OnceCell::new(),
        }
    }

    pub(super) fn is_footer(&self) -> bool {
        self.part == HiddenPart::Footer
    }

    /// The sizes that letters may have in each element.
    pub(super) fn sizes(&self) -> &[LetterSize] {
        self.sizes.get_or_init(|| LetterSize::of_each(self))
    }

    /// The elements whose own words are read.
    pub(super) fn has_words(&self, at: usize) -> bool {
        if self.is_footer() { at >= FOOTER.len() - 2 } else { at + 1 == self.nodes.len() }
    }

    /// What is said of one element, in the letter on screens, whether or not somebody points at it.
    pub(super) fn said(
        &self,
        at: usize,
    ) -> impl Iterator<Item = (&'a StyleBlock, &'a Declaration, &'a str)> {
        self.told(at, |hit| hit.pseudo.is_none())
    }

    /// What is said of what stands before and behind the words of one element.
    pub(super) fn generated(
        &self,
        at: usize,
    ) -> impl Iterator<Item = (&'a StyleBlock, &'a Declaration, &'a str)> {
        self.told(at, |hit| hit.pseudo.is_some())
    }

    /// The same without its first letter.
    pub(super) fn signs(
        &self,
        at: usize,
    ) -> impl Iterator<Item = (&'a StyleBlock, &'a Declaration, &'a str)> {
        self.told(at, |hit| hit.pseudo == Some(PseudoElement::Generated))
    }

    fn told(
        &self,
        at: usize,
        is_meant: impl Fn(&Hit<'a>) -> bool,
    ) -> impl Iterator<Item = (&'a StyleBlock, &'a Declaration, &'a str)> {
        let is_footer = self.is_footer();
        let hits = self.hits[at].iter().copied().filter(is_meant);
        hits.filter(move |hit| is_footer || !hit.block.condition.is_print)
            .flat_map(|hit| hit.block.said().map(move |(one, value)| (hit.block, one, value)))
    }
}

fn hit<'a>(block: &'a StyleBlock, chain: &[LetterNode<'static>]) -> Option<Hit<'a>> {
    let fitting: Vec<(Fit, &Selector)> = block
        .selectors
        .iter()
        .map(|one| (one.fits(chain), one))
        .filter(|(fit, _)| *fit != Fit::No)
        .collect();
    let specificity = fitting.iter().map(|(_, one)| {
        // See `selector::lifted`.
        let lift = usize::from(block.rule.is_some() && !block.is_kept && one.is_lifted());
        (one.specificity.0 + lift, one.specificity.1)
    });
    let specificity = specificity.max()?;
    let fit = fitting.iter().map(|(fit, _)| *fit).max()?;
    let is_state = fitting.iter().all(|(_, one)| one.is_state);
    // Said of the element as well as of what stands before it, it is held to be said of the element.
    let pseudo = fitting.iter().map(|(_, one)| one.pseudo).min().flatten();
    let is_inner =
        chain.last().is_some_and(|node| ["td", "p", "a", ANY_INLINE].contains(&node.element));
    let is_button = chain.last().is_some_and(|node| node.classes.contains(&"k"));
    Some(Hit { block, fit, is_state, pseudo, is_inner, is_button, specificity })
}

/// Where something is said.
pub(super) type Blame = (usize, Range<usize>);

pub(super) fn blame(block: &StyleBlock, declaration: &Declaration) -> Option<Blame> {
    Some((block.rule?, declaration.range.clone()))
}

/// What in an author's `rules` (each as it stands, and whether it stays in a `<style>` block) could
/// hide the footer or the letter: the first of each rule and each of the two. `notes` is what digest
/// itself says of the masthead because of them.
pub(super) fn find_hiding(rules: &[(&str, bool)], notes: &str, theme: &Theme) -> Vec<Hiding> {
    let mut blocks: Vec<StyleBlock> = Vec::new();
    for (at, (css, is_kept)) in rules.iter().enumerate() {
        blocks.extend(sheet::blocks(css, Some(at), *is_kept));
    }
    blocks.retain(|block| !block.selectors.iter().all(Selector::is_of_nothing));
    sheet::expand(&mut blocks);
    let mut hits = KnownHits::of(&blocks);
    let mut chains = chains(&mut hits, theme);
    let mut found = BTreeMap::new();
    let deep = [&FOOTER[..SHARED], &[CELL, ARTICLE, DEEP, DEEP, DEEP, DEEP, DEEP]].concat();
    chains.push(hits.chain(&deep, HiddenPart::Letter));
    let known = chains.len() - 1;
    for inner in ["em", "strong", "code"] {
        let title = [node("h3", TITLE), node(inner, &[])];
        let nodes = [&FOOTER[..SHARED], &[CELL, ARTICLE], &title].concat();
        chains.push(hits.chain(&nodes, HiddenPart::Letter));
    }
    for (around, inner) in [ARTICLE, COLUMN].into_iter().flat_map(|a| INNER.map(|one| (a, one))) {
        let mut nodes = [&FOOTER[..SHARED], &[CELL, around, DEEP, DEEP, DEEP, inner]].concat();
        nodes.extend(is_raised(&inner).then_some(A));
        chains.push(hits.chain(&nodes, HiddenPart::Letter));
    }
    let met = met_words(&chains);
    for block in &blocks {
        alone(block, met.get(&std::ptr::from_ref(block)).copied().unwrap_or_default(), &mut found);
    }
    // In which colours and sizes words stand in these, nobody knows.
    chains.truncate(known);
    let ours = ink::our_blocks(theme, notes, colors_footer_words(&chains[0]));
    let mut ours = KnownHits::of(&ours);
    for chain in &chains {
        let mut add = |told: Option<(Blame, &'static str)>| {
            if let Some(((rule, range), what)) = told {
                let hidden = chain.part;
                let hiding = Hiding { rule, range, hidden, what, is_slight: false };
                found.entry((rule, hidden)).or_insert(hiding);
            }
        };
        add(small(chain));
        add(faint(chain));
        add(struck(chain));
        let checks = word_room::CHECKS.iter().chain(&word_width::CHECKS);
        checks.for_each(|check| add(check(chain)));
        add(ink::unreadable(chain, &mut ours));
    }
    for inner in INNER.into_iter().filter(|one| is_raised(one)) {
        let nodes = [&FOOTER[..SHARED], &[CELL, ARTICLE, P, inner]].concat();
        let chain = hits.chain(&nodes, HiddenPart::Letter);
        let told = small(&chain).or_else(|| ink::unreadable(&chain, &mut ours));
        if let Some(((rule, range), what)) = told {
            let hiding = Hiding { rule, range, hidden: chain.part, what, is_slight: false };
            found.entry((rule, chain.part)).or_insert(hiding);
        }
    }
    for chain in &chains {
        if let Some(((rule, range), what)) = word_room::tight(chain) {
            let slight = Hiding { rule, range, hidden: chain.part, what, is_slight: true };
            found.entry((rule, chain.part)).or_insert(slight);
        }
    }
    found.into_values().collect()
}

/// What of the letter's frame a rule may mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MeantFrame {
    /// The footer, something in it, or what stands before and behind.
    pub(super) is_footer: bool,
    /// What stands before or behind something that the footer is in.
    pub(super) is_sign: bool,
    /// The whole page.
    pub(super) is_page: bool,
    /// The table that holds the letter, which no screen shows wider than 600 pixels.
    pub(super) is_letter: bool,
}

/// What the selectors of a rule may mean of the letter's frame, see [`MeantFrame`].
pub(super) fn meant_frame(list: &str) -> MeantFrame {
    let of_written = selector::of_tables(list);
    let mut found = MeantFrame::default();
    for one in Selector::list(of_written.as_deref().unwrap_or(list)) {
        let means = |end: usize| one.fits(&FOOTER[..end]) != Fit::No;
        let is_sign = one.pseudo == Some(PseudoElement::Generated);
        found.is_footer |= (SHARED + 1..=FOOTER.len()).any(means);
        found.is_sign |= is_sign && (1..=SHARED).any(means);
        found.is_page |= !is_sign && (means(1) || means(2));
        found.is_letter |= !is_sign && means(LETTER_AT + 1);
    }
    found
}

/// The footer first.
fn chains<'a>(hits: &mut KnownHits<'a>, theme: &Theme) -> Vec<Chain<'a>> {
    // Only this look has its masthead on a bar in the accent's colour.
    let has_bar = theme.preset == Preset::Studio;
    let without_bar = |node: &LetterNode<'static>| match node.classes {
        MASTHEAD if !has_bar => self::node("td", PLAIN_MASTHEAD),
        _ => *node,
    };
    let footer = hits.chain(&FOOTER, HiddenPart::Footer);
    let letters = WORDS.iter().map(|words| {
        let is_cell = words.first().is_some_and(|node| node.element == "td");
        let cell: &[LetterNode<'static>] = if is_cell { &[] } else { &[CELL] };
        let words: Vec<LetterNode<'static>> = words.iter().map(without_bar).collect();
        let nodes = [&FOOTER[..SHARED], cell, &words].concat();
        hits.chain(&nodes, HiddenPart::Letter)
    });
    std::iter::once(footer).chain(letters).collect()
}

/// Whether plain rules colour the words of the footer, which then keep that colour in the dark.
pub(super) fn colors_footer_words(footer: &Chain<'_>) -> bool {
    (0..footer.nodes.len()).filter(|at| footer.has_words(*at)).any(|at| {
        footer.said(at).any(|(block, one, _)| {
            !block.is_kept && (one.name == "color" || one.name.starts_with("background"))
        })
    })
}

/// The guard that a dark scheme needs because of an author's plain rules; see
/// [`colors_footer_words`].
pub(super) fn needs_guard(inlined: &str) -> bool {
    let blocks = sheet::blocks(inlined, None, false);
    colors_footer_words(&KnownHits::of(&blocks).chain(&FOOTER, HiddenPart::Footer))
}

const HIDES_FOOTER: &str = "could hide the footer";
const HIDES_LETTER: &str = "could hide the text of the letter";
const UNREAD_GROUND: &str =
    "gives a background that is not looked at: write it as background instead of background-image";
const HIDES_PICTURES: &str = "could hide the pictures of the letter";

/// Of which words a block speaks.
#[derive(Clone, Copy, Debug, Default)]
struct MetWords {
    footer: bool,
    letter: bool,
    /// Words of the letter other than its seal.
    beyond_seal: bool,
    /// Words of the letter other than raised and lowered ones.
    beyond_raised: bool,
    pictures: bool,
    first_letter: bool,
    /// The first letter of the footer.
    footer_letter: bool,
}

/// What the blocks of `chains` speak of; a block is known by its address.
fn met_words(chains: &[Chain<'_>]) -> HashMap<*const StyleBlock, MetWords> {
    let mut found: HashMap<*const StyleBlock, MetWords> = HashMap::new();
    for chain in chains {
        for (at, hits) in chain.hits.iter().enumerate() {
            let node = &chain.nodes[at];
            let is_picture = node.element == "img";
            let is_in_raised = chain.nodes[..=at].iter().any(is_raised);
            for hit in hits {
                let met = found.entry(std::ptr::from_ref(hit.block)).or_default();
                let is_seen = at >= SHARED && !hit.block.condition.is_print;
                match hit.pseudo {
                    None if chain.is_footer() => met.footer = true,
                    None if is_picture => met.pictures |= is_seen,
                    None => {
                        met.letter |= is_seen;
                        met.beyond_seal |= is_seen && !node.classes.contains(&"seal");
                        met.beyond_raised |= is_seen && !is_in_raised;
                    }
                    Some(PseudoElement::FirstLetter) => {
                        met.first_letter = true;
                        met.footer_letter |= chain.is_footer();
                    }
                    Some(PseudoElement::Generated) => {}
                }
            }
        }
    }
    found
}

/// What a declaration does by itself.
fn alone(block: &StyleBlock, met: MetWords, found: &mut BTreeMap<(usize, HiddenPart), Hiding>) {
    let Some(rule) = block.rule else { return };
    let is_sign = block.selectors.iter().any(|one| one.pseudo == Some(PseudoElement::Generated));
    for (one, value) in block.said() {
        // What nobody knows was left out before; if not, it is refused here.
        let refuses =
            |concern: Concern| properties::allows(&one.name, value, concern) != Some(true);
        let has_words = match one.name.as_str() {
            _ if is_icon_size(one, value) => met.beyond_seal,
            "line-height" => met.beyond_raised,
            _ => met.letter,
        };
        let told = if is_sign && word_room::is_large_sign(one, value) {
            Some((HiddenPart::Footer, "takes more room than a sign before or behind words"))
        } else if met.footer && (refuses(Concern::Footer) || strikes(one, value))
            || met.footer_letter && one.name != "float" && refuses(Concern::Footer)
        {
            Some((HiddenPart::Footer, HIDES_FOOTER))
        } else if (met.letter || !met.footer) && refuses(Concern::Beside) {
            if properties::is_of_words(&one.name) {
                Some((HiddenPart::Letter, HIDES_LETTER))
            } else {
                Some((HiddenPart::Footer, "could come to lie above the footer"))
            }
        } else if has_words && refuses(Concern::Letter)
            || met.first_letter && hides_first_letter(one, value)
        {
            Some((HiddenPart::Letter, HIDES_LETTER))
        } else if met.pictures && is_of_picture(one, value) && refuses(Concern::Letter) {
            Some((HiddenPart::Letter, HIDES_PICTURES))
        } else {
            None
        };
        if let Some((hidden, what)) = told {
            let what = if one.name == "background-image" { UNREAD_GROUND } else { what };
            let range = one.range.clone();
            let hiding = Hiding { rule, range, hidden, what, is_slight: false };
            found.entry((rule, hidden)).or_insert(hiding);
        }
    }
}

/// Whether a declaration says if a picture is seen. A small one may be an icon.
fn is_of_picture(one: &Declaration, value: &str) -> bool {
    let names = ["display", "visibility", "opacity", "width", "max-width", "height", "max-height"];
    let name = properties::canonical(&one.name);
    (names.contains(&&*name) || name == "mso-hide") && !is_icon_size(one, value)
}

/// Whether a box has room for one letter: the seal is one that says nothing new.
fn is_icon_size(one: &Declaration, value: &str) -> bool {
    const LEAST: f64 = 16.0;
    let name = properties::canonical(&one.name);
    ["width", "max-width", "height", "max-height"].contains(&&*name)
        && measure(value, &Scale::default()).is_some_and(|found| found.range.least >= LEAST)
}

/// A first letter may be as high as some lines, its own line lower than it, and words beside it.
fn sizes_first_letter(one: &Declaration, value: &str) -> bool {
    const LEAST: f64 = 9.0;
    let usual = PixelRange::of(16.0);
    let scale = Scale { em: usual, root: usual, whole: usual };
    match one.name.as_str() {
        "font" | "font-size" => match size_of(one, value) {
            Some(TextSize::Pixels(size)) => size >= LEAST,
            Some(TextSize::Times(times)) => times * usual.least >= LEAST,
            Some(TextSize::Inherited) => true,
            Some(TextSize::Length(text)) => {
                measure(text, &scale).is_some_and(|found| found.range.least >= LEAST)
            }
            None => false,
        },
        "line-height" => values::number(value).is_some_and(|times| times.range.least >= 0.6),
        _ => false,
    }
}

/// Whether a first letter could not be read, or would stand elsewhere than before its word.
fn hides_first_letter(one: &Declaration, value: &str) -> bool {
    match one.name.as_str() {
        "float" => !["left", "none", "inline-start"].contains(&value),
        "font" | "font-size" => !sizes_first_letter(one, value),
        _ => {
            !sizes_first_letter(one, value)
                && properties::allows(&one.name, value, Concern::Letter) != Some(true)
        }
    }
}

/// Whether words are struck through: a thick line covers them, and a thin one says that they do not
/// count.
fn strikes(one: &Declaration, value: &str) -> bool {
    one.name.contains("text-decoration") && value.contains("line-through")
}

/// Sizes that our own sheet gives, in pixels.
pub(super) fn own_size(node: &LetterNode<'static>) -> Option<f64> {
    let sizes =
        [("f", 14.0), ("m", 14.0), ("h", 14.0), ("small", 14.0), ("code", 14.0), ("b", 16.0)];
    let of_class = sizes.iter().find(|(class, _)| node.classes.contains(class));
    of_class.map(|(_, size)| *size).or((node.element == "h1").then_some(30.0))
}

/// Text that is too small, also by sizes that are each a part of the next.
fn small(chain: &Chain<'_>) -> Option<(Blame, &'static str)> {
    let least = if chain.is_footer() { 9.0 } else { 8.0 };
    const LARGEST: f64 = 24.0;
    for (at, here) in chain.sizes().iter().enumerate() {
        if !chain.has_words(at) {
            continue;
        }
        if here.range.least < least - 0.01 {
            return here
                .smaller
                .clone()
                .map(|blame| (blame, "makes the text too small to be read"));
        }
        if chain.is_footer() && here.range.most > LARGEST + 0.1 {
            let large = here.larger.clone().or(here.smaller.clone());
            return large.map(|blame| (blame, "makes the footer larger than the letter"));
        }
    }
    None
}

/// Opacities that are each a part of the next.
fn faint(chain: &Chain<'_>) -> Option<(Blame, &'static str)> {
    let least = if chain.is_footer() { 0.5 } else { 0.3 };
    let mut left = 1.0;
    for at in 0..chain.nodes.len() {
        let faintest = chain
            .said(at)
            .filter(|(_, one, _)| one.name.trim_start_matches("-webkit-") == "opacity")
            .filter_map(|(block, one, value)| {
                Some((values::number(value)?.range.least, blame(block, one)?))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((opacity, because)) = faintest else { continue };
        left *= opacity.clamp(0.0, 1.0);
        if left < least - 0.001 {
            return Some((because, "makes the text too faint to be read"));
        }
    }
    None
}

/// A line through the words that is as thick as a letter is high.
fn struck(chain: &Chain<'_>) -> Option<(Blame, &'static str)> {
    const THICKEST: f64 = 2.41;
    let usual = PixelRange::of(16.0);
    let scale = Scale { em: usual, root: usual, whole: usual };
    for at in 0..chain.nodes.len() {
        let said = || chain.said(at).filter(|(_, one, _)| one.name.contains("text-decoration"));
        let is_struck = ["s", "del"].contains(&chain.nodes[at].element);
        if !is_struck && !said().any(|(_, one, value)| strikes(one, value)) {
            continue;
        }
        let is_thick = |value: &str| {
            let lengths = sheet::parts(value).into_iter().filter_map(|part| measure(part, &scale));
            lengths.into_iter().any(|found| found.range.most > THICKEST)
        };
        let thick = said().find(|(.., value)| is_thick(value));
        if let Some(because) = thick.and_then(|(block, one, _)| blame(block, one)) {
            return Some((because, "covers the words with a thick line"));
        }
    }
    None
}

/// Whether a block holds in these surroundings, with some of the other conditions met.
pub(super) fn holds(block: &StyleBlock, scheme: Scheme, met: &[&str]) -> bool {
    let condition = &block.condition;
    condition.scheme.is_none_or(|only| only == scheme)
        && (!condition.is_print || scheme == Scheme::Light)
        && condition.asked.as_ref().is_none_or(|asked| met.contains(&asked.as_str()))
}

#[cfg(test)]
#[path = "footer_style_tests.rs"]
mod tests;
