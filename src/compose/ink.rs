//! Text on its ground, as an author's sheet and ours make it together: whether the words of the
//! footer and of the letter can be told from what is behind them.
//!
//! What certainly holds is resolved as a mail program would; what may hold is taken to hold in every
//! combination. Light and dark surroundings, and each media query being met or not, are looked at
//! one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::footer_style::{Chain, HiddenPart, Hit, KnownHits, holds};
use super::selector::{Fit, PseudoElement};
use super::sheet::{self, Scheme, StyleBlock};
use super::style;
use super::theme::{Color, Theme};
use crate::issue::css::Declaration;
use crate::issue::css::colors::{self, Rgba};
use crate::issue::css::values;

/// The least contrast of the footer's text (WCAG 2.2, of large text).
const LEAST: f64 = 3.0;
/// While somebody points at it.
const LEAST_STATE: f64 = 1.5;
/// The least of the letter's: what is nearer is one colour. Whether it is enough is told by
/// `text-contrast`.
const LEAST_LETTER: f64 = 1.5;
/// Media queries that are looked at one by one; of more, each is taken to hold when it is worst.
const MAX_QUERIES: usize = 4;
/// Rules that may colour one element at once.
const MAX_PAINTS: usize = 24;
/// Texts on grounds that are looked at for one element: no letter needs a tenth of them.
const MAX_PAIRS: usize = 1_000;

/// Where a colour is said, and whether only while somebody points at it.
type ColorOrigin = Option<(usize, Range<usize>, bool)>;

/// What one rule says of an element's colours.
#[derive(Clone, Debug)]
struct Paint {
    /// What wins over what: where it stands and whether it is important, specificity, order.
    weight: (u8, (usize, usize), usize),
    is_certain: bool,
    /// `None`: as it is around.
    text: Option<Vec<Option<Rgba>>>,
    ground: Option<GroundPaint>,
    origin: ColorOrigin,
}

#[derive(Clone, Debug, Default)]
struct GroundPaint {
    colors: Vec<Rgba>,
    /// Whether what is around is seen too.
    is_thin: bool,
}

/// Text and ground, and where each is said.
type Pairs = BTreeMap<(Rgba, [u8; 3]), (ColorOrigin, ColorOrigin)>;

/// What our own sheet says of colours; `guarded` where the footer's words must be given their colour in the dark, and `notes` what the masthead's get.
pub(super) fn our_blocks(theme: &Theme, notes: &str, guarded: bool) -> Vec<StyleBlock> {
    let mut ours: Vec<StyleBlock> = style::rules(&(style::inlined(theme) + notes))
        .into_iter()
        .flat_map(|rule| sheet::blocks(rule, None, false))
        .collect();
    let guard = guarded.then(|| style::guard(theme));
    for css in style::kept(theme).into_iter().chain(guard) {
        ours.extend(
            style::rules(&css).into_iter().flat_map(|rule| sheet::blocks(rule, None, true)),
        );
    }
    ours.retain(colours);
    ours
}

/// Whether a block says something of colours.
fn colours(block: &StyleBlock) -> bool {
    block.declarations.iter().any(|one| is_color(&one.declaration.name))
}

/// The declaration of an author that puts text of `chain` on a ground like it.
pub(super) fn unreadable(
    chain: &Chain<'_>,
    ours: &mut KnownHits<'_>,
) -> Option<((usize, Range<usize>), &'static str)> {
    let chain = &chain.only(|hit| colours(hit.block));
    let hits = || chain.hits.iter().flatten().filter(|hit| is_of_words(hit));
    hits().next()?;
    let queries: BTreeSet<&str> =
        hits().filter_map(|hit| hit.block.condition.asked.as_deref()).collect();
    let queries: Vec<&str> = queries.into_iter().collect();
    let own = ours.chain(&chain.nodes, chain.part);
    for scheme in [Scheme::Light, Scheme::Dark, Scheme::Outlook] {
        if queries.len() > MAX_QUERIES {
            let world = World { scheme, met: &queries, is_certain: false };
            let found = world.unreadable(chain, &own);
            if found.is_some() {
                return found;
            }
            continue;
        }
        for some in 0..1_usize << queries.len() {
            let met: Vec<&str> =
                (0..queries.len()).filter(|at| some >> at & 1 == 1).map(|at| queries[at]).collect();
            let world = World { scheme, met: &met, is_certain: true };
            let found = world.unreadable(chain, &own);
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// Whether the words of the element are meant, and not what stands before or behind them.
fn is_of_words(hit: &Hit<'_>) -> bool {
    hit.pseudo != Some(PseudoElement::Generated)
}

/// Whether a property may let a gradient end before its element does.
fn ends_ground(name: &str) -> bool {
    ["background-size", "background-repeat", "background-origin"].contains(&name)
}

fn is_color(name: &str) -> bool {
    name == "color"
        || name.starts_with("background")
        || name.ends_with("-shadow")
        || name.ends_with("text-stroke")
}

/// Surroundings, and which media queries are met.
struct World<'a> {
    scheme: Scheme,
    met: &'a [&'a str],
    /// Whether queries that are met are so for certain.
    is_certain: bool,
}

impl World<'_> {
    fn unreadable(
        &self,
        chain: &Chain<'_>,
        own: &Chain<'_>,
    ) -> Option<((usize, Range<usize>), &'static str)> {
        let is_light = self.scheme == Scheme::Light;
        let canvas = if is_light { [255; 3] } else { [18; 3] };
        let ink = if is_light { [0, 0, 0, 255] } else { [255; 4] };
        let mut around: Pairs = BTreeMap::from([((ink, canvas), (None, None))]);
        for at in 0..chain.nodes.len() {
            let has_ground =
                own.hits[at].iter().chain(&chain.hits[at]).any(|hit| self.gives_ground(hit));
            let mut paints = self.paints(&own.hits[at], 0, chain.part, has_ground);
            paints.extend(self.paints(&chain.hits[at], 1, chain.part, has_ground));
            around = match painted(&around, &paints) {
                Ok(pairs) => pairs,
                Err(origin) => {
                    return origin.map(|(rule, range, _)| {
                        ((rule, range), "is one of too many that colour the same text")
                    });
                }
            };
            if !chain.has_words(at) {
                continue;
            }
            let bad = around.iter().find_map(|((text, ground), (of_text, of_ground))| {
                let origin = later(of_text.clone(), of_ground.clone())?;
                let is_state = [of_text, of_ground].into_iter().flatten().any(|origin| origin.2);
                let least = match (chain.part, is_state) {
                    (HiddenPart::Letter, _) => LEAST_LETTER,
                    (HiddenPart::Footer, true) => LEAST_STATE,
                    (HiddenPart::Footer, false) => LEAST,
                };
                let seen = color(mixed(*text, *ground));
                (seen.contrast(color(*ground)) < least).then_some((origin.0, origin.1))
            });
            if let Some(place) = bad {
                let what = match self.scheme {
                    Scheme::Light => "gives the text a colour too much like its ground",
                    Scheme::Dark => "gives the text a colour too much like its ground in dark mode",
                    Scheme::Outlook => {
                        "gives the text a colour too much like its ground in dark mode of Outlook.com"
                    }
                };
                return Some((place, what));
            }
        }
        None
    }

    /// Whether an element has a colour behind all of its words here, for certain.
    fn gives_ground(&self, hit: &Hit<'_>) -> bool {
        let is_full = |value: &str| {
            let colors = colors::ground(value).unwrap_or_default();
            !colors.is_empty()
                && colors.iter().all(|[.., opacity]| *opacity == 255)
                && !colors::may_end(value)
        };
        hit.fit == Fit::Always
            && hit.pseudo.is_none()
            && !hit.is_state
            && holds(hit.block, self.scheme, self.met)
            && hit.block.declarations.iter().any(|one| {
                ["background", "background-color"].contains(&one.declaration.name.as_str())
                    && one.values.iter().all(|value| is_full(value))
            })
    }

    /// What is said of the colours of one element here; `has_ground` says whether it has one of its own.
    fn paints(
        &self,
        hits: &[Hit<'_>],
        later: usize,
        part: HiddenPart,
        has_ground: bool,
    ) -> Vec<Paint> {
        let mut found = Vec::new();
        let may_end =
            hits.iter().any(|hit| hit.block.said().any(|(one, _)| ends_ground(&one.name)));
        for (order, hit) in hits.iter().enumerate() {
            let block = hit.block;
            // In the dark, an author's plain colours of articles are another rule's business. A button
            // keeps its ground while somebody points at it.
            let left_out = part == HiddenPart::Letter
                && block.rule.is_some()
                && (hit.is_state && hit.is_button
                    || block.condition.is_print
                    || self.scheme != Scheme::Light && block.condition.scheme.is_none());
            // Outlook.com changes plain colours itself, those of the footer as well.
            let left_out = left_out
                || self.scheme == Scheme::Outlook
                    && block.rule.is_some()
                    && block.condition.scheme.is_none();
            let left_out = left_out || !is_of_words(hit);
            let is_certain = hit.fit == Fit::Always
                && hit.pseudo.is_none()
                && !hit.is_state
                && (self.is_certain || block.condition.asked.is_none());
            // Of ours, only what certainly holds is known to be good.
            if left_out
                || !holds(block, self.scheme, self.met)
                || block.rule.is_none() && !is_certain
            {
                continue;
            }
            for is_important in [false, true] {
                let weight = match (block.is_kept, is_important) {
                    (true, false) => 0,
                    (false, false) => 1,
                    (true, true) => 2,
                    (false, true) => 3,
                };
                let said = block
                    .declarations
                    .iter()
                    .filter(|one| one.declaration.is_important == is_important);
                let mut paint = Paint {
                    weight: (weight, hit.specificity, later * 1_000_000 + order),
                    is_certain,
                    text: None,
                    ground: None,
                    origin: None,
                };
                let mut over = Paint { is_certain: false, ..paint.clone() };
                for one in said {
                    self.add(one, hit, (may_end, has_ground), &mut paint, &mut over);
                }
                let has_colors = paint.text.is_some() || paint.ground.is_some();
                found.extend(has_colors.then_some(paint));
                found.extend((over.ground.is_some() || over.text.is_some()).then_some(over));
            }
        }
        found
    }

    fn add(
        &self,
        said: &sheet::Stated,
        hit: &Hit<'_>,
        (may_end, has_ground): (bool, bool),
        paint: &mut Paint,
        over: &mut Paint,
    ) {
        let Declaration { name, range, .. } = &said.declaration;
        let origin = hit.block.rule.map(|rule| (rule, range.clone(), hit.is_state));
        let values = said.values.iter().map(String::as_str);
        if name == "color" {
            paint.text = Some(values.map(colors::read).collect());
            paint.origin = origin;
        } else if ["background", "background-color"].contains(&name.as_str()) {
            let mut ground = GroundPaint::default();
            for value in values {
                let colors = colors::ground(value).unwrap_or_default();
                ground.is_thin |= colors.is_empty() || colors::may_end(value);
                ground.is_thin |= may_end && colors::is_gradient(value);
                ground.colors.extend(colors);
            }
            paint.ground = Some(ground);
            paint.origin = later(paint.origin.take(), origin);
        } else if name.ends_with("text-stroke") {
            // It is painted over the letter.
            let colors: Vec<_> = values.flat_map(values::parts).map(colors::read).collect();
            let colors: Vec<_> = colors.into_iter().filter(Option::is_some).collect();
            if !colors.is_empty() {
                over.text = Some(colors);
                over.origin = origin;
            }
        } else if name.ends_with("-shadow") {
            // They lie on the colour that there is, and may leave some of it free. Those of a box lie
            // around it, and behind its words where it has no ground, or where they are set in.
            let is_behind = |value: &&str| {
                !name.ends_with("box-shadow")
                    || hit.is_inner && (!has_ground || values::parts(value).contains(&"inset"))
            };
            let parts = values.filter(is_behind).flat_map(values::parts);
            let colors: Vec<Rgba> = parts.filter_map(colors::read).collect();
            if !colors.is_empty() {
                over.ground = Some(GroundPaint { colors, is_thin: true });
                over.origin = origin;
            }
        }
    }
}

/// What an element's text and ground can be, of what is around and what is said of it; the rule
/// that is one too many.
fn painted(around: &Pairs, paints: &[Paint]) -> Result<Pairs, ColorOrigin> {
    let winner = |has: fn(&Paint) -> bool| {
        paints.iter().filter(|paint| paint.is_certain && has(paint)).max_by_key(|one| one.weight)
    };
    let text = winner(|paint| paint.text.is_some());
    let ground = winner(|paint| paint.ground.is_some());
    let mut pairs = Pairs::new();
    for ((of_text, of_ground), (text_origin, ground_origin)) in around {
        let texts: Vec<(Rgba, ColorOrigin)> = match text {
            Some(paint) => texts_of(paint, std::iter::once((*of_text, text_origin.clone()))),
            None => vec![(*of_text, text_origin.clone())],
        };
        let grounds: Vec<([u8; 3], ColorOrigin)> = match ground {
            Some(paint) => grounds_of(paint, std::iter::once((*of_ground, ground_origin.clone()))),
            None => vec![(*of_ground, ground_origin.clone())],
        };
        cross(&texts, &grounds, &mut pairs);
    }
    let may: Vec<Paint> = paints
        .iter()
        .filter(|paint| !paint.is_certain)
        .filter_map(|paint| {
            let wins =
                |other: Option<&Paint>| other.is_none_or(|other| paint.weight.0 >= other.weight.0);
            let mut paint = paint.clone();
            paint.text = paint.text.take().filter(|_| wins(text));
            paint.ground = paint.ground.take().filter(|_| wins(ground));
            (paint.text.is_some() || paint.ground.is_some()).then_some(paint)
        })
        .collect();
    if let Some(excess) = may.get(MAX_PAINTS) {
        return Err(excess.origin.clone());
    }
    let ways: Vec<Way> = may.iter().map(|paint| Way::of(paint, around)).collect();
    // Each may come on top of any other: until nothing new comes of it.
    loop {
        let before = pairs.len();
        let known: Vec<_> = pairs.iter().map(|(pair, origins)| (*pair, origins.clone())).collect();
        for (paint, way) in may.iter().zip(&ways) {
            for ((of_text, of_ground), (text_origin, ground_origin)) in &known {
                let kept_text = [(*of_text, text_origin.clone())];
                let kept_ground = [(*of_ground, ground_origin.clone())];
                let texts = way.texts.as_deref().unwrap_or(&kept_text);
                let grounds = way.grounds.as_deref().unwrap_or(&kept_ground);
                cross(texts, grounds, &mut pairs);
                if pairs.len() > MAX_PAIRS {
                    return Err(paint.origin.clone());
                }
            }
        }
        if pairs.len() == before {
            return Ok(pairs);
        }
    }
}

/// What a rule that may hold makes of an element, each once; `None` where it leaves that as it was.
struct Way {
    texts: Option<Vec<(Rgba, ColorOrigin)>>,
    grounds: Option<Vec<([u8; 3], ColorOrigin)>>,
}

impl Way {
    fn of(paint: &Paint, around: &Pairs) -> Way {
        let texts = paint.text.as_ref().map(|_| {
            let around = around.iter().map(|((text, _), origins)| (*text, origins.0.clone()));
            let around: BTreeMap<Rgba, ColorOrigin> = around.collect();
            let all = texts_of(paint, around.iter().map(|(text, origin)| (*text, origin.clone())));
            all.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect()
        });
        let grounds = paint.ground.as_ref().map(|_| {
            let around = around.iter().map(|((_, ground), origins)| (*ground, origins.1.clone()));
            let around: BTreeMap<[u8; 3], ColorOrigin> = around.collect();
            let all = grounds_of(paint, around.into_iter());
            all.into_iter().collect::<BTreeMap<_, _>>().into_iter().collect()
        });
        Way { texts, grounds }
    }
}

fn texts_of(
    paint: &Paint,
    around: impl Iterator<Item = (Rgba, ColorOrigin)> + Clone,
) -> Vec<(Rgba, ColorOrigin)> {
    let said = paint.text.iter().flatten();
    said.flat_map(|text| match text {
        Some(color) => vec![(*color, paint.origin.clone())],
        None => around.clone().collect(),
    })
    .collect()
}

fn grounds_of(
    paint: &Paint,
    around: impl Iterator<Item = ([u8; 3], ColorOrigin)>,
) -> Vec<([u8; 3], ColorOrigin)> {
    let Some(ground) = &paint.ground else { return Vec::new() };
    let mut found = Vec::new();
    for (below, origin) in around {
        let colors = ground.colors.iter().map(|color| (mixed(*color, below), paint.origin.clone()));
        found.extend(colors);
        // Who takes a ground away shows what is below it.
        found.extend(ground.is_thin.then(|| (below, origin.or_else(|| paint.origin.clone()))));
    }
    found
}

fn cross(texts: &[(Rgba, ColorOrigin)], grounds: &[([u8; 3], ColorOrigin)], pairs: &mut Pairs) {
    for (text, of_text) in texts {
        for (ground, of_ground) in grounds {
            let origins = || (of_text.clone(), of_ground.clone());
            pairs.entry((*text, *ground)).or_insert_with(origins);
        }
    }
}

/// The one further down in the sheet.
fn later(one: ColorOrigin, other: ColorOrigin) -> ColorOrigin {
    let place = |origin: &ColorOrigin| origin.as_ref().map(|(rule, range, _)| (*rule, range.start));
    if place(&one) < place(&other) { other } else { one }
}

/// What is seen of a colour that lies over another.
fn mixed([red, green, blue, opacity]: Rgba, below: [u8; 3]) -> [u8; 3] {
    let channel = |above: u8, below: u8| {
        let share = f64::from(opacity) / 255.0;
        (f64::from(above) * share + f64::from(below) * (1.0 - share)).round() as u8
    };
    [channel(red, below[0]), channel(green, below[1]), channel(blue, below[2])]
}

fn color([red, green, blue]: [u8; 3]) -> Color {
    Color::new(red, green, blue)
}
