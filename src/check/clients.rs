//! What mail programs support, by caniemail's tests, and how many of the readers use them.
//!
//! The table (`clients.tsv`, made by `tools/clients/table.py`) says what each program does with a
//! feature; a [`Profile`] says what share of the readers each family of programs has. A feature is
//! reported when those who lose it are more than 5 % of all. What only makes a mail nicer where
//! it is known is never reported.

use std::collections::{BTreeMap, HashSet};
use std::sync::OnceLock;

use super::css;
use super::html::Element;
use super::view::View;
use crate::diagnostic::grouped::grouped;
use crate::diagnostic::{Diagnostic, Place, nearest};

const TABLE: &str = include_str!("clients.tsv");

/// The share of readers, in percent, from whom on a feature that they lose is reported.
const LOST: f64 = 5.0;

/// Shares of readers by family of programs, in percent, where a publication does not say its own.
const USUAL: [(&str, u32); 8] = [
    ("gmail", 35),
    ("apple", 35),
    ("outlook", 15),
    ("yahoo", 5),
    ("samsung", 4),
    ("thunderbird", 2),
    ("protonmail", 2),
    ("gmx", 2),
];

/// Families whose programs differ much, and how many of each hundred readers use which. An
/// estimate: a publication that knows better names programs, as in `"outlook.windows" = 4`.
const WITHIN: [(&str, u32); 10] = [
    ("gmail.desktop-webmail", 35),
    ("gmail.ios", 30),
    ("gmail.android", 32),
    ("gmail.mobile-webmail", 3),
    ("outlook.windows", 50),
    ("outlook.windows-mail", 2),
    ("outlook.macos", 10),
    ("outlook.outlook-com", 20),
    ("outlook.ios", 10),
    ("outlook.android", 8),
];

/// Properties, elements and attributes that a mail is complete without.
const ENHANCEMENTS: [&str; 60] = [
    "border-radius",
    "box-shadow",
    "text-shadow",
    "transition",
    "animation",
    "cursor",
    "opacity",
    "overflow",
    "overflow-wrap",
    "table-layout",
    "word-wrap",
    "word-break",
    "hyphens",
    "hyphenate-character",
    "hyphenate-limit-chars",
    "text-wrap",
    "tab-size",
    "white-space-collapse",
    "letter-spacing",
    "word-spacing",
    "font-kerning",
    "font-size-adjust",
    "font-stretch",
    "text-decoration-color",
    "text-decoration-line",
    "text-decoration-style",
    "text-decoration-thickness",
    "text-decoration-skip-ink",
    "text-underline-offset",
    "text-underline-position",
    "text-justify",
    "color-scheme",
    "accent-color",
    "outline",
    "outline-offset",
    "user-select",
    "orphans",
    "widows",
    "caption-side",
    "empty-cells",
    "box-sizing",
    "max-height",
    "text-overflow",
    "list-style-position",
    "background-clip",
    "object-fit",
    "white-space",
    "max",
    "article",
    "aside",
    "details",
    "figcaption",
    "figure",
    "footer",
    "header",
    "section",
    "abbr",
    "time",
    "mark",
    "nav",
];

/// Attributes for programs that read aloud, and hints: none is lost by who does not know it.
const HINTS: [&str; 10] = [
    "role",
    "lang",
    "dir",
    "aria-label",
    "aria-hidden",
    "aria-labelledby",
    "aria-describedby",
    "aria-live",
    "loading",
    "target",
];

/// Which programs the readers of a publication use: shares in percent of all readers.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile(BTreeMap<String, f64>);

impl Default for Profile {
    fn default() -> Profile {
        Profile::new(USUAL.map(|(name, share)| (name.to_owned(), f64::from(share))))
    }
}

impl Profile {
    /// From shares by family (`gmail`) or program (`outlook.windows`); they need not add up to 100.
    pub fn new(shares: impl IntoIterator<Item = (String, f64)>) -> Profile {
        let mut programs: BTreeMap<String, f64> = BTreeMap::new();
        let mut all = 0.0;
        for (name, share) in shares {
            all += share;
            let own = of_family(&name);
            let within = |program: &str| {
                let known = WITHIN.iter().find(|(name, _)| *name == program);
                known.map_or(100.0 / own.len() as f64, |(_, share)| f64::from(*share))
            };
            let sum: f64 = own.iter().map(|program| within(program)).sum();
            for program in &own {
                *programs.entry((*program).to_owned()).or_default() +=
                    share * within(program) / sum;
            }
        }
        if all > 0.0 {
            programs.values_mut().for_each(|share| *share *= 100.0 / all);
        }
        Profile(programs)
    }

    /// Whether programs of this name are in the table, and else the name that may be meant.
    ///
    /// # Errors
    /// The nearest known name, where there is one.
    pub fn knows(name: &str) -> Result<(), Option<&'static str>> {
        if !of_family(name).is_empty() {
            return Ok(());
        }
        let families = table().programs.iter().map(|program| family(program));
        Err(nearest(name, families.chain(["apple", "samsung"])))
    }
}

/// The programs that a name in a profile means.
fn of_family(name: &str) -> Vec<&'static str> {
    let long = match name {
        "apple" => "apple-mail",
        "samsung" => "samsung-email",
        name => name,
    };
    let programs = table().programs.iter().copied();
    programs.filter(|program| *program == long || family(program) == long).collect()
}

fn family(program: &'static str) -> &'static str {
    program.split('.').next().unwrap_or(program)
}

/// The table, read once.
struct SupportTable {
    programs: Vec<&'static str>,
    /// By what means a feature: `property border-radius`, `element nav`.
    features: BTreeMap<String, &'static str>,
}

fn table() -> &'static SupportTable {
    static READ: OnceLock<SupportTable> = OnceLock::new();
    READ.get_or_init(|| {
        let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let head = lines.next().and_then(|line| line.split_once('\t'));
        let programs = head.map_or("", |(_, programs)| programs).split(' ').collect();
        let mut features = BTreeMap::new();
        for (meaning, answers) in lines.filter_map(|line| line.split_once('\t')) {
            let mut words = meaning.split(' ');
            let kind = words.next().unwrap_or_default();
            // `value display flex inline-flex` means two values of one property.
            let property = if kind == "value" { words.next() } else { None };
            for word in words {
                let key = match property {
                    Some(property) => format!("value {property} {word}"),
                    None => format!("{kind} {word}"),
                };
                features.insert(key, answers);
            }
        }
        SupportTable { programs, features }
    })
}

/// Who loses a feature: their share in percent, and their programs, the largest share first.
fn losers(profile: &Profile, key: &str) -> Option<(f64, Vec<&'static str>)> {
    let answers = table().features.get(key)?;
    let mut programs: Vec<(&'static str, f64)> = table()
        .programs
        .iter()
        .zip(answers.chars())
        .filter(|(_, answer)| *answer == 'n')
        .filter_map(|(program, _)| Some((*program, *profile.0.get(*program)?)))
        .collect();
    programs.sort_by(|a, b| b.1.total_cmp(&a.1));
    let share = programs.iter().map(|(_, share)| share).sum();
    Some((share, programs.into_iter().map(|(program, _)| program).collect()))
}

/// What of a mail means a feature: the number of the first element that has it, and what to look for
/// at the author's place.
type FoundFeatures = BTreeMap<String, (usize, Needle)>;

/// A feature that too many readers lose.
struct LostFeature {
    element: usize,
    what: String,
    needle: Needle,
    /// Whose programs lose it, in words.
    who: String,
}

/// What an author wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Needle {
    /// A declaration: its property and its value.
    Declaration(String, String),
    /// The start of a tag, an attribute's name, the end of a file's name.
    Markup(String),
}

impl Needle {
    fn place(&self, view: &View<'_>) -> Place {
        let place = match self {
            Needle::Declaration(property, value) => view
                .given(&[property], value)
                // It goes out as another one, see `css::without_layers`.
                .or_else(|| {
                    let written = ["relative", "absolute", "fixed", "sticky"].into_iter();
                    let mut written = written.filter(|_| property == "position");
                    written.find_map(|value| view.given(&[property], value))
                })
                .map(|written| written.name),
            Needle::Markup(text) if text.starts_with('.') => view.written(text),
            Needle::Markup(text) => view.in_markup(text),
        };
        place.unwrap_or_else(|| view.manifest())
    }
}

/// Every property, value, function, unit and word of a declaration.
fn of_declaration(element: usize, property: &str, value: &str, used: &mut FoundFeatures) {
    let property = property.to_ascii_lowercase();
    if property.starts_with("mso-") || property.starts_with('-') {
        return;
    }
    let value = value.to_ascii_lowercase();
    // What a program does without a declaration is no loss to who does not know it.
    if ["auto", "none", "normal", "inherit", "initial", "0", "visible"].contains(&value.as_str()) {
        return;
    }
    let mut note = |key: String| {
        let needle = || (element, Needle::Declaration(property.clone(), value.clone()));
        used.entry(key).or_insert_with(needle);
    };
    note(format!("property {property}"));
    let plain = without_strings(&value);
    for word in plain.split([' ', ',', '(', ')', '/', '!']).filter(|word| !word.is_empty()) {
        note(format!("value {property} {word}"));
        note(format!("word {word}"));
        let digits = word.trim_start_matches(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        if digits.len() < word.len() && !digits.is_empty() {
            note(format!("unit {digits}"));
        }
    }
    for (at, _) in plain.match_indices('(') {
        let name = plain[..at].rsplit([' ', ',', '(', '/']).next().unwrap_or_default();
        note(format!("function {name}"));
    }
}

/// A value without what stands between quotes: the names of faces.
fn without_strings(value: &str) -> String {
    let parts = value.split(['"', '\'']).enumerate();
    parts.filter(|(at, _)| at % 2 == 0).map(|(_, part)| part).collect()
}

/// A declaration whose property is written twice in one `style` has a fallback before it.
fn of_styles(view: &View<'_>) -> FoundFeatures {
    let mut used = FoundFeatures::new();
    for (number, element) in view.tree.elements.iter().enumerate() {
        let Some(style) = element.attribute("style") else { continue };
        if view.tree.is_hidden(None) || element.style("display") == Some("none") {
            continue;
        }
        let mut before = HashSet::new();
        for (property, value) in css::declarations(style) {
            if before.insert(property) && !is_thin(element, property, value) {
                of_declaration(number, property, value, &mut used);
            }
        }
    }
    used
}

/// Pixels of a height that nobody misses.
const THIN: f64 = 10.0;

/// Whether a height is that of a line: a program that does not know it shows the line all the same.
fn is_thin(element: &Element, property: &str, value: &str) -> bool {
    let is_height = ["height", "min-height", "block-size", "min-block-size"]
        .iter()
        .any(|name| property.eq_ignore_ascii_case(name));
    is_height && (element.name == "hr" || css::pixels(value).is_some_and(|height| height <= THIN))
}

fn of_elements(view: &View<'_>) -> FoundFeatures {
    let mut used = FoundFeatures::new();
    let body = |element: &Element| !matches!(element.name.as_str(), "style" | "meta" | "title");
    let elements = view.tree.elements.iter().enumerate();
    for (number, element) in elements.filter(|(_, element)| body(element)) {
        let opening = format!("<{}", element.name);
        used.entry(format!("element {}", element.name))
            .or_insert_with(|| (number, Needle::Markup(opening)));
        for (name, value) in &element.attributes {
            let attribute = || (number, Needle::Markup(format!("{name}=")));
            used.entry(format!("attribute {name}")).or_insert_with(attribute);
            let ending = value.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            if name == "src" && !value.starts_with("cid:") {
                let file = || (number, Needle::Markup(format!(".{ending}")));
                used.entry(format!("format {ending}")).or_insert_with(file);
            }
        }
    }
    used
}

fn is_enhancement(key: &str) -> bool {
    let name = key.rsplit(' ').next().unwrap_or_default();
    ENHANCEMENTS.contains(&name) || HINTS.contains(&name)
}

/// A share of the readers in words, so exact that it is seen to be over the limit.
fn percent(share: f64) -> String {
    match share.round() {
        whole if whole > LOST => format!("{whole:.0}"),
        _ => format!("{:.1}", (share * 10.0).ceil() / 10.0),
    }
}

/// What of `used` too many readers lose, element by element.
fn lost(view: &View<'_>, used: FoundFeatures) -> Vec<LostFeature> {
    let told = |(key, (element, needle)): (String, (usize, Needle))| {
        let (share, programs) =
            losers(view.input.clients, &key).filter(|_| !is_enhancement(&key))?;
        if share <= LOST {
            return None;
        }
        let name = key.split_once(' ').map_or("", |(_, name)| name);
        let what = match key.split(' ').next() {
            Some("value") => name.replacen(' ', ": ", 1),
            Some("function") => format!("{name}()"),
            Some("element") => format!("<{name}>"),
            _ => name.to_owned(),
        };
        let named: Vec<&str> = programs.iter().take(3).copied().collect();
        let more = match programs.len().saturating_sub(3) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let who = format!("{}{more}: {} % of the readers", named.join(", "), percent(share));
        Some(LostFeature { element, what, needle, who })
    };
    let mut found: Vec<LostFeature> = used.into_iter().filter_map(told).collect();
    found.sort_by_key(|one| one.element);
    found
}

/// What an element loses, in one sentence: features that the same programs lack stand together.
fn sentence<'f>(features: impl Iterator<Item = &'f LostFeature>) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for LostFeature { what, who, .. } in features {
        match groups.iter_mut().find(|(known, _)| known == who) {
            Some((_, names)) => names.push(what),
            None => groups.push((who, vec![what])),
        }
    }
    let told = |(who, names): (&str, Vec<&str>)| match names.split_last() {
        Some((last, others)) if !others.is_empty() => {
            format!("{} and {last} do not work in {who}", others.join(", "))
        }
        _ => format!("{} does not work in {who}", names.concat()),
    };
    groups.into_iter().map(told).collect::<Vec<_>>().join("; ")
}

/// Declarations left after inlining that too many readers' programs do not know: one problem for
/// all of an element.
pub(super) fn css_support(view: &View<'_>) -> Vec<Diagnostic> {
    let lost = lost(view, of_styles(view));
    let mut found = Vec::new();
    for features in lost.chunk_by(|one, other| one.element == other.element) {
        let mut placed: Vec<(Place, &LostFeature)> =
            features.iter().map(|feature| (feature.needle.place(view), feature)).collect();
        // As they are written, whatever they are called.
        placed.sort_by_key(|(place, _)| place.line_column());
        let what = sentence(placed.iter().map(|(_, feature)| *feature));
        let mut places: Vec<Place> = placed.into_iter().map(|(place, _)| place).collect();
        places.dedup_by_key(|place| place.to_string());
        let problems = places.into_iter().map(|place| {
            Diagnostic::warning("client-css", what.clone()).at(place).help(
                "use another layout; [check] audience in digest.toml says which programs your \
                 readers have",
            )
        });
        found.extend(problems.map(|problem| (features[0].element.to_string(), problem)));
    }
    grouped(found)
}

/// Elements, attributes and picture formats that too many readers' programs do not know.
pub(super) fn html_support(view: &View<'_>) -> Vec<Diagnostic> {
    let lost = lost(view, of_elements(view)).into_iter();
    lost.map(|LostFeature { what, needle, who, .. }| {
        Diagnostic::warning("client-html", format!("{what} does not work in {who}"))
            .at(needle.place(view))
            .help(
                "write it in Markdown; [check] audience in digest.toml says which programs your \
                 readers have",
            )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read() {
        assert!(table().programs.contains(&"outlook.windows"));
        assert!(table().features.len() > 200, "{}", table().features.len());
        for answers in table().features.values() {
            assert_eq!(answers.len(), table().programs.len());
        }
    }

    #[test]
    fn shares_are_of_all_readers() {
        let all: f64 = Profile::default().0.values().sum();
        assert!((all - 100.0).abs() < 1e-6);
        let one = Profile::new([("outlook.windows".to_owned(), 7.0)]);
        let (share, programs) = losers(&one, "value display flex").unwrap();
        assert_eq!((share, programs.as_slice()), (100.0, &["outlook.windows"][..]));
        let apple = Profile::new([("apple".to_owned(), 1.0)]);
        assert_eq!(losers(&apple, "value display flex").unwrap().0, 0.0);
        assert_eq!(Profile::knows("gmial"), Err(Some("gmail")));
        assert_eq!(Profile::knows("samsung"), Ok(()));
    }

    #[test]
    fn a_declaration_is_every_feature_it_uses() {
        let mut used = FoundFeatures::new();
        of_declaration(0, "width", "calc(100% - 2rem)", &mut used);
        of_declaration(1, "font-family", "'max(x)',serif", &mut used);
        let has = |key: &str| used.contains_key(key);
        assert!(has("property width") && has("function calc") && has("unit rem") && has("unit %"));
        assert!(!has("function max"), "{used:?}");
    }

    #[test]
    fn a_share_over_the_limit_is_seen_to_be_over_it() {
        for (share, words) in
            [(5.02, "5.1"), (5.3, "5.3"), (5.6, "6"), (12.4, "12"), (100.0, "100")]
        {
            assert_eq!(percent(share), words, "{share}");
        }
    }
}
