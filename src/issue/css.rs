//! Which CSS may stand in a message. A program that shows a mail must fetch nothing for its styles:
//! whoever serves what is fetched would learn who reads, and when.
//!
//! Goes by what is known to be harmless, not by what is known to fetch: new functions that take an
//! address are still being invented, and old programs have some of their own.

use std::ops::Range;

/// Functions whose values are colours, numbers, shapes and moves.
const VALUES: [&str; 34] = [
    "calc",
    "clamp",
    "color",
    "color-mix",
    "conic-gradient",
    "counter",
    "counters",
    "cubic-bezier",
    "fit-content",
    "hsl",
    "hsla",
    "hwb",
    "lab",
    "lch",
    "light-dark",
    "linear-gradient",
    "max",
    "min",
    "minmax",
    "oklab",
    "oklch",
    "radial-gradient",
    "repeat",
    "repeating-conic-gradient",
    "repeating-linear-gradient",
    "repeating-radial-gradient",
    "rgb",
    "rgba",
    "rotate",
    "scale",
    "skew",
    "steps",
    "translate",
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
                    let length = rest[1..].find(|c| !is_name(c)).unwrap_or(rest.len() - 1);
                    let name = &rest[..=length];
                    if !AT_RULES.contains(&name[1..].to_ascii_lowercase().as_str()) {
                        return Some((here.start..here.start + name.len(), name.to_owned()));
                    }
                    self.at += length;
                }
                '(' | '[' => {
                    let name = self.css[self.word.clone()].to_ascii_lowercase();
                    let is_known = |list: &[&str]| list.contains(&name.as_str());
                    let known = name.is_empty() || is_known(&VALUES) || is_known(&SELECTORS);
                    if c == '(' && !known && !is_known(&WORDS) {
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
        if text.contains('\\') {
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
}
