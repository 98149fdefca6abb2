//! Which CSS may stand in a message. A program that shows a mail must fetch nothing for its styles:
//! whoever serves what is fetched would learn who reads, and when.
//!
//! Goes by what is known to be harmless, not by what is known to fetch: new functions that take an
//! address are still being invented, and old programs have some of their own.

pub(crate) mod colors;
pub(crate) mod lengths;
pub(crate) mod ornaments;
pub(crate) mod properties;
pub(crate) mod slips;
pub(crate) mod uneven;
pub(crate) mod values;

use std::borrow::Cow;
use std::ops::Range;

use properties::Concern;

/// Functions whose values are colours, numbers, shapes and moves, and ways to paint them.
const VALUES: [&str; 66] = [
    "blur",
    "brightness",
    "calc",
    "circle",
    "clamp",
    "color",
    "color-mix",
    "conic-gradient",
    "contrast",
    "counter",
    "counters",
    "cubic-bezier",
    "drop-shadow",
    "ellipse",
    "fit-content",
    "grayscale",
    "hsl",
    "hsla",
    "hue-rotate",
    "hwb",
    "inset",
    "invert",
    "lab",
    "lch",
    "linear",
    "linear-gradient",
    "matrix",
    "matrix3d",
    "max",
    "min",
    "minmax",
    "oklab",
    "oklch",
    "opacity",
    "perspective",
    "polygon",
    "radial-gradient",
    "rect",
    "repeat",
    "repeating-conic-gradient",
    "repeating-linear-gradient",
    "repeating-radial-gradient",
    "rgb",
    "rgba",
    "rotate",
    "rotate3d",
    "rotatex",
    "rotatey",
    "rotatez",
    "saturate",
    "scale",
    "scale3d",
    "scalex",
    "scaley",
    "scalez",
    "sepia",
    "skew",
    "skewx",
    "skewy",
    "steps",
    "translate",
    "translate3d",
    "translatex",
    "translatey",
    "translatez",
    "var",
];
/// What takes arguments in a selector.
const SELECTORS: [&str; 10] = [
    "dir",
    "has",
    "is",
    "lang",
    "not",
    "nth-child",
    "nth-last-child",
    "nth-last-of-type",
    "nth-of-type",
    "where",
];
/// Words that stand before a parenthesis without being the name of a function.
const WORDS: [&str; 3] = ["and", "only", "or"];
/// At-rules that hold rules like any other.
const AT_RULES: [&str; 2] = ["media", "supports"];
/// Properties that name a program to be run.
const PROPERTIES: [&str; 3] = ["-moz-binding", "-ms-behavior", "behavior"];

/// The first thing in `css` (declarations, a rule, or a block of rules) that may not stand in a
/// message: where it is, and what to call it.
pub(crate) fn find_refused(css: &str) -> Option<(Range<usize>, String)> {
    let mut scan = Scan { css, at: 0, word: 0..0, open: Vec::new() };
    scan.first_refused()
}

/// One declaration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Declaration {
    /// Where it stands, from its name to the end of its value.
    pub(crate) range: Range<usize>,
    /// In lower case.
    pub(crate) name: String,
    /// In lower case, without `!important`.
    pub(crate) value: String,
    pub(crate) is_important: bool,
}

impl Declaration {
    /// What `css[range]` declares.
    pub(crate) fn read(css: &str, range: Range<usize>) -> Option<Declaration> {
        let text = &css[range.clone()];
        let (name, value) = text.split_once(':')?;
        let start = range.start + text.len() - text.trim_start().len();
        let end = range.start + text.trim_end().len();
        let lower = value.trim().to_ascii_lowercase();
        let important = lower.rsplit_once('!').filter(|(_, word)| word.trim() == "important");
        Some(Declaration {
            range: start..end,
            name: name.trim().to_ascii_lowercase(),
            value: important.map_or(lower.as_str(), |(value, _)| value).trim().to_owned(),
            is_important: important.is_some(),
        })
    }
}

/// The strings of a value, each as it is read.
fn strings(value: &str) -> impl Iterator<Item = String> {
    let mut rest = value;
    std::iter::from_fn(move || {
        let start = rest.find(['"', '\''])?;
        let (inner, behind) = rest[start + 1..].split_at(
            rest[start + 1..].find(&rest[start..start + 1]).unwrap_or(rest.len() - start - 1),
        );
        rest = behind.get(1..).unwrap_or_default();
        Some(unescaped(inner))
    })
}

/// A string with each escaped sign as that sign: after its digits, one space belongs to it.
fn unescaped(text: &str) -> String {
    let mut pieces = text.split('\\');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = piece.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let sign = u32::from_str_radix(&piece[..digits], 16).ok().and_then(char::from_u32);
        out.extend(sign);
        let behind = &piece[digits..];
        out.push_str(behind.strip_prefix(' ').filter(|_| digits > 0).unwrap_or(behind));
    }
    out
}

/// A declaration of raw HTML that cannot stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RefusedStyle {
    pub(crate) range: Range<usize>,
    /// What to call it.
    pub(crate) what: String,
    /// Whether it would take words from readers, and neither loads nor moves anything.
    pub(crate) hides: bool,
}

/// The first declaration of a `style` attribute in an article that could cover what stands beside
/// it, push that out of sight, or let nobody read it, or that nobody knows.
pub(crate) fn find_covering(element: &str, style: &str) -> Option<RefusedStyle> {
    declarations(style).into_iter().find_map(|one| {
        let is_refused = !is_of_office(&one)
            && uneven::kind(&one.name, &one.value, &[element]).is_none()
            && (one.name.starts_with("--")
                || properties::allows(&one.name, &one.value, Concern::Beside) != Some(true));
        let what = style[one.range.clone()].trim().to_owned();
        let hides = properties::is_of_words(&one.name);
        is_refused.then_some(RefusedStyle { range: one.range, what, hides })
    })
}

/// What a `style` attribute declares, each where it stands.
fn declarations(style: &str) -> Vec<Declaration> {
    let mut start = 0;
    let parts = split(style, |c| c == ';').into_iter();
    let ranges = parts.map(|part| {
        start = part.as_ptr() as usize - style.as_ptr() as usize;
        start..start + part.len()
    });
    let ranges: Vec<Range<usize>> = ranges.collect();
    ranges.into_iter().filter_map(|range| Declaration::read(style, range)).collect()
}

/// Colours that only Outlook shows, and that come with text out of a word processor: they are left
/// out, as they could hide words from readers of that program alone.
const OF_OFFICE: [&str; 6] = [
    "mso-color-alt",
    "mso-highlight",
    "mso-shading",
    "mso-themecolor",
    "mso-themeshade",
    "mso-themetint",
];

/// Whether only a word processor knows what colour it is.
fn is_of_office(one: &Declaration) -> bool {
    OF_OFFICE.contains(&one.name.as_str()) || one.name == "color" && one.value == "windowtext"
}

/// What of `all` that is said of an element a declaration is about, where it goes into no mail. A width
/// that gives way to a telephone's may be any.
fn uneven_kind(
    element: &str,
    one: &Declaration,
    all: &[Declaration],
) -> Option<uneven::UnevenKind> {
    let gives_way = || {
        let mut most = all.iter().filter(|other| other.name == "max-width").peekable();
        one.name == "width"
            && uneven::is_readable_width(&one.value)
            && most.peek().is_some()
            && most.all(|other| uneven::is_bound(&other.value))
    };
    uneven::kind(&one.name, &one.value, &[element]).filter(|_| !gives_way())
}

/// The same `style` attribute without the colours that only one program shows, and without what
/// programs do not agree on.
pub(crate) fn without_uneven<'s>(element: &str, style: Cow<'s, str>) -> Cow<'s, str> {
    let all = declarations(&style);
    let is_kept =
        |one: &Declaration| !is_of_office(one) && uneven_kind(element, one, &all).is_none();
    if all.iter().all(is_kept) {
        return style;
    }
    let kept = all.iter().filter(|one| is_kept(one)).map(|one| &style[one.range.clone()]);
    let kept: Vec<&str> = kept.collect();
    Cow::Owned(kept.join(";"))
}

/// The same `style` attribute of a link with a ground of its own, so that the words on it keep their
/// colour in dark mode: all other links get one there. It is said twice, as Word passes over what is
/// important.
pub(crate) fn with_own_color<'s>(element: &str, style: Cow<'s, str>) -> Cow<'s, str> {
    let all = declarations(&style);
    let of = |names: &[&str]| all.iter().rfind(|one| names.contains(&one.name.as_str()));
    let ground = of(&["background", "background-color"]);
    let ground = ground.filter(|one| colors::ground(&one.value).is_some_and(|all| all.len() == 1));
    match of(&["color"]).filter(|one| element == "a" && ground.is_some() && !one.is_important) {
        Some(color) if colors::read(&color.value).is_some() => {
            let color = &color.value;
            Cow::Owned(format!(
                "{};color:{color} !important",
                style.trim_end().trim_end_matches(';')
            ))
        }
        _ => style,
    }
}

/// What programs do not agree on in a `style` attribute of raw HTML.
pub(crate) fn find_uneven(element: &str, style: &str) -> Vec<(uneven::UnevenKind, Declaration)> {
    let all = declarations(style);
    let kinds: Vec<_> = all.iter().map(|one| uneven_kind(element, one, &all)).collect();
    kinds.into_iter().zip(all).filter_map(|(kind, one)| Some((kind?, one))).collect()
}

/// Cuts at what `is_border` names, but not inside of parentheses, brackets and quotes; empty parts
/// are left out.
pub(crate) fn split(text: &str, is_border: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut found, mut depth, mut quote, mut start) = (Vec::new(), 0_usize, None, 0);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, c) if depth == 0 && is_border(c) => {
                found.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    found.push(&text[start..]);
    found.retain(|part| !part.trim().is_empty());
    found
}

struct Scan<'a> {
    css: &'a str,
    at: usize,
    /// The name that ends before `at`, only white space in between.
    word: Range<usize>,
    /// Parentheses and brackets that are open.
    open: Vec<(usize, char)>,
}

impl Scan<'_> {
    fn first_refused(&mut self) -> Option<(Range<usize>, String)> {
        while let Some(c) = self.css[self.at..].chars().next() {
            let here = self.at..self.at + c.len_utf8();
            let rest = &self.css[self.at..];
            // Programs skip this mark, and read on as if it were not there.
            if rest.starts_with("-->") {
                return Some((here.start..here.start + 3, "\"-->\"".to_owned()));
            }
            if is_name(c) {
                let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                self.word = self.at..self.at + length;
                self.at += length;
                if &rest[..length] == "-" {
                    // In calc(), this takes one number from another.
                    self.word = self.at..self.at;
                }
                continue;
            }
            // A comment may tear a name in two that an old program reads as one.
            if ["//", "/*", "</", "<!"].iter().any(|odd| rest.starts_with(odd)) {
                return Some((here.start..here.start + 2, format!("{:?}", &rest[..2])));
            }
            self.at = here.end;
            match c {
                '\\' => return Some((here, "a backslash".to_owned())),
                '"' | '\'' => {
                    let string = self.string(here.start, c);
                    if string.is_some() {
                        return string;
                    }
                }
                '@' => {
                    let refused = self.at_rule(rest);
                    if refused.is_some() {
                        return refused;
                    }
                }
                '(' | '[' => {
                    if c == '(' && !self.is_known_before(here.start) {
                        let name = self.css[self.word.clone()].to_ascii_lowercase();
                        return Some((self.word.clone(), format!("{name}()")));
                    }
                    self.open.push((here.start, c));
                }
                ')' | ']' => {
                    let opening = if c == ')' { '(' } else { '[' };
                    if self.open.pop().is_none_or(|(_, open)| open != opening) {
                        return Some((here, format!("a {c:?} too many")));
                    }
                }
                ':' if PROPERTIES
                    .contains(&self.css[self.word.clone()].to_ascii_lowercase().as_str()) =>
                {
                    return Some((self.word.clone(), self.css[self.word.clone()].to_owned()));
                }
                '{' | '}' | ';' if !self.open.is_empty() => return self.unclosed(),
                _ => {}
            }
            if !c.is_ascii_whitespace() {
                self.word = self.at..self.at;
            }
        }
        self.unclosed()
    }

    /// Reads on behind the name of an at-rule, which `rest` starts with.
    fn at_rule(&mut self, rest: &str) -> Option<(Range<usize>, String)> {
        let length = rest[1..].find(|c| !is_name(c)).unwrap_or(rest.len() - 1);
        let name = &rest[..=length];
        let start = self.at - 1;
        self.at += length;
        let is_known = AT_RULES.contains(&name[1..].to_ascii_lowercase().as_str());
        (!is_known).then(|| (start..start + name.len(), name.to_owned()))
    }

    /// Whether what the parenthesis at `at` belongs to is known to be harmless.
    fn is_known_before(&self, at: usize) -> bool {
        let name = self.css[self.word.clone()].to_ascii_lowercase();
        let is_known = |list: &[&str]| list.contains(&name.as_str());
        // In print, the address of a link stands behind it.
        let is_plain_attribute = || {
            name == "attr"
                && self.property_before(at).eq_ignore_ascii_case("content")
                && self.css[at + 1..].split_once(')').is_some_and(|(of, _)| of.trim() == "href")
        };
        name.is_empty()
            || is_known(&VALUES)
            || is_known(&SELECTORS)
            || is_known(&WORDS)
            || is_plain_attribute()
    }

    /// The property that the value at `at` is of.
    fn property_before(&self, at: usize) -> &str {
        let start = self.css[..at].rfind([';', '{']).map_or(0, |start| start + 1);
        self.css[start..at].split(':').next().unwrap_or_default().trim()
    }

    /// Reads on to the end of the string that `quote` opened at `start`.
    fn string(&mut self, start: usize, quote: char) -> Option<(Range<usize>, String)> {
        let inner = &self.css[start + 1..];
        let end = inner.find([quote, '\n']).filter(|end| inner[*end..].starts_with(quote));
        let Some(end) = end else {
            return Some((start..start + 1, "a quotation mark that is not closed".to_owned()));
        };
        let text = &inner[..end];
        self.at = start + 1 + end + 1;
        let whole = start..self.at;
        // A selector may name the links that it means: a[href^="https://…"].
        let in_selector = self.open.last().is_some_and(|(_, open)| *open == '[');
        if !only_signs_are_escaped(text) {
            return Some((whole, "a backslash".to_owned()));
        }
        if text.contains('<') {
            return Some((whole, "\"<\"".to_owned()));
        }
        (is_address(text) && !in_selector).then(|| (whole, "a web address".to_owned()))
    }

    fn unclosed(&self) -> Option<(Range<usize>, String)> {
        let (at, open) = self.open.last()?;
        Some((*at..at + 1, format!("a {open:?} that is not closed")))
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '_' || !c.is_ascii()
}

/// Whether each backslash stands for a sign beyond ASCII, as `\2014` for a dash: no word that a program
/// acts on can be spelt with them.
fn only_signs_are_escaped(text: &str) -> bool {
    text.split('\\').skip(1).all(|behind| {
        let digits = behind.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        u32::from_str_radix(&behind[..digits], 16).is_ok_and(|sign| sign >= 0xA0)
    })
}

/// `https://…`, `//…`, `data:…`: a name, a colon and no space.
fn is_address(text: &str) -> bool {
    let scheme = text.trim_start().split_once(':').is_some_and(|(scheme, rest)| {
        let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(is_scheme)
            && rest.starts_with(|c: char| !c.is_whitespace())
    });
    scheme || text.contains("//")
}

/// What makes an element be painted above whatever follows it, and the value that does not.
const LAYERS: [(&str, &str); 4] =
    [("position", "static"), ("opacity", "1"), ("-webkit-opacity", "1"), ("-moz-opacity", "1")];

/// The same text with nothing that is positioned or see-through. Such an element is painted above
/// whatever follows, with its shadows and all that stands in it, and could cover the footer; mail
/// programs leave `position` out as well, and Outlook and Yahoo `opacity`.
pub(crate) fn without_layers(css: &str) -> Cow<'_, str> {
    LAYERS.iter().fold(Cow::Borrowed(css), |css, (name, value)| {
        match with_value(&css, name, value) {
            Some(changed) => Cow::Owned(changed),
            None => css,
        }
    })
}

/// The same text with another value of a property, where it has one.
fn with_value(css: &str, name: &str, value: &str) -> Option<String> {
    let first = name.as_bytes().first().copied()?;
    let mut out = String::new();
    let (mut kept, mut end) = (0, 0);
    let is_name = |at: &usize| {
        css.get(*at..at + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    let starts = memchr::memchr2_iter(first, first.to_ascii_uppercase(), css.as_bytes());
    for at in starts.filter(is_name) {
        let before = css[..at].trim_end().chars().next_back();
        let behind = css[at + name.len()..].trim_start();
        if at < end || before.is_some_and(|c| !";{}".contains(c)) || !behind.starts_with(':') {
            continue;
        }
        let start = css.len() - behind.len() + 1;
        end = start + css[start..].find([';', '}']).unwrap_or(css.len() - start);
        out.push_str(&css[kept..start]);
        out.push_str(value);
        kept = end;
    }
    if kept == 0 {
        return None;
    }
    out.push_str(&css[kept..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_pages_and_mails_are_written_with_passes() {
        for css in [
            "color: rgb(1 2 3 / 50%); width: calc(100% - (2 * 8px))",
            "p:not(.a):nth-child(2n + 1) > a::before { content: \"Note: \u{2192}\" }",
            "font: bold 14px/1.4 'Malgun Gothic', sans-serif !important",
            "background: linear-gradient(to right, #fff, var(--ink))",
            "@media screen and (max-width:599px) or (400px <= width) { p { margin: 0 } }",
            "@media(prefers-color-scheme:dark){@supports not (x:y){a[href^=\"https://a\"]{b:c}}}",
            ".한글 { --ink: #123 }",
            "",
        ] {
            assert_eq!(find_refused(css), None, "{css}");
        }
    }

    #[test]
    fn what_fetches_runs_or_hides_that_it_does_is_found() {
        for (css, at, what) in [
            ("p{background:url(https://e.example/x)}", 13, "url()"),
            ("p{background:URL ( x )}", 13, "url()"),
            ("background:image-set(\"x.png\" 1x)", 11, "image-set()"),
            ("a:hover{background:src(\"x\")}", 19, "src()"),
            ("x:-webkit-cross-fade(a,b)", 2, "-webkit-cross-fade()"),
            ("x:calc(1px + element(#a))", 13, "element()"),
            ("@media screen{p{x:paint(a)}}", 18, "paint()"),
            ("--x:attr(href)", 4, "attr()"),
            ("width:expression(alert(1))", 6, "expression()"),
            ("filter:progid:X.Microsoft.AlphaImageLoader(src='x')", 26, "alphaimageloader()"),
            ("p{x:u\\72l(x)}", 5, "a backslash"),
            ("content:\"\\68\"", 8, "a backslash"),
            ("--x:\"https://e.example\"", 4, "a web address"),
            ("--x:'//e.example'", 4, "a web address"),
            ("--x:'data:text/html,x'", 4, "a web address"),
            ("x: //e.example", 3, "\"//\""),
            ("p{behavior:x}", 2, "behavior"),
            ("@media x{@import 'a';}", 9, "@import"),
            ("@media x{@font-face{src:local(a)}}", 9, "@font-face"),
            ("x:url/**/(a)", 5, "\"/*\""),
            ("p{x:rgb(1}", 7, "a '(' that is not closed"),
            ("p{x:1)}", 5, "a ')' too many"),
            ("p{x:'a\n'}", 4, "a quotation mark that is not closed"),
            ("p{x:y}</style>", 6, "\"</\""),
            ("p::after{content:'</style>'}", 17, "\"<\""),
        ] {
            let found = find_refused(css).map(|(range, what)| (range.start, what));
            assert_eq!(found, Some((at, what.to_owned())), "{css}");
        }
    }

    proptest! {
        #[test]
        fn every_function_that_passes_is_known(
            before in "[ a-z:;{}'\"@/]{0,8}", name in "[a-z-]{1,12}", gap in " ?",
        ) {
            let css = format!("{before} {name}{gap}(x)");
            let known = VALUES.contains(&&*name) || SELECTORS.contains(&&*name);
            prop_assume!(name != "-" && !known && !WORDS.contains(&&*name));
            prop_assert!(find_refused(&css).is_some() || before.contains(['"', '\'']));
        }

        #[test]
        fn any_text_has_an_answer(css in "\\PC{0,60}") {
            if let Some((range, _)) = find_refused(&css) {
                prop_assert!(css.get(range).is_some());
            }
        }
    }

    #[test]
    fn nothing_makes_a_layer() {
        for (css, out) in [
            (
                ".a{opacity:.99;-webkit-opacity : .5}b{c:d}",
                ".a{opacity:1;-webkit-opacity :1}b{c:d}",
            ),
            ("fill-opacity:.5;OPACITY:0.3 !important", "fill-opacity:.5;OPACITY:1"),
            (".opacity:hover{b:c}", ".opacity:hover{b:c}"),
            ("sup{top:-1px;position:relative}", "sup{top:-1px;position:static}"),
            ("a{Position : var(--p) !important;color:red}", "a{Position :static;color:red}"),
            ("@media all{a{position:fixed}b{c:d}}", "@media all{a{position:static}b{c:d}}"),
            ("position:relative", "position:static"),
            (
                "a{background-position:top}.position:hover{b:c}",
                "a{background-position:top}.position:hover{b:c}",
            ),
        ] {
            assert_eq!(without_layers(css), out);
        }
    }
}
