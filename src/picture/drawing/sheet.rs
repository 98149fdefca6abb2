//! The style sheets of a drawing and its `style` attributes, as far as they have to be known: which
//! selectors refer to which elements, and what is not drawn.

/// Selectors and declarations that a sheet may have, times elements, which are all compared.
pub(super) const MAX_COMPARED: usize = 5_000_000;

/// A rule that refers to elements.
#[derive(Debug, PartialEq)]
pub(super) struct Referring<'a> {
    /// `.name`, `#name` or `name`.
    pub(super) selector: &'a str,
    /// The identifiers in its `url(#…)`.
    pub(super) targets: Vec<&'a str>,
}

/// A sheet without its comments. Nothing that means something may stand in them, because some would
/// read it.
///
/// # Errors
/// What is not drawn, in words.
pub(super) fn without_comments(text: &str) -> Result<String, String> {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("/*")
        && let Some((comment, after)) = after.split_once("*/")
    {
        if comment.contains(['{', '}', '(', '"', '\'', '@']) {
            return Err("a comment with rules in its style sheet".to_owned());
        }
        plain.push_str(before);
        plain.push(' ');
        rest = after;
    }
    plain.push_str(rest);
    Ok(plain)
}

/// Takes a sheet apart: its number of selectors and declarations, and the rules that refer to elements.
///
/// # Errors
/// What is not drawn, in words.
pub(super) fn read(text: &str) -> Result<(usize, Vec<Referring<'_>>), String> {
    for (mark, what) in [
        ("@", "an @ rule in its style sheet"),
        ("\\", "a backslash in its style sheet"),
        ("/*", "a comment without end in its style sheet"),
        ("<", "a comment of another language in its style sheet"),
    ] {
        if text.contains(mark) {
            return Err(what.to_owned());
        }
    }
    // A brace within quotes would be read by some as the end of a rule.
    if ['"', '\''].iter().any(|mark| text.split(*mark).skip(1).step_by(2).any(has_brace)) {
        return Err("a brace in quotes in its style sheet".to_owned());
    }
    let (mut selectors, mut referring) = (0, Vec::new());
    for rule in text.split('}') {
        let Some((names, declarations)) = rule.split_once('{') else {
            selectors += usize::from(!rule.trim().is_empty());
            continue;
        };
        if declarations.contains('{') {
            return Err("nested rules in its style sheet".to_owned());
        }
        if let Some(what) = unwanted(declarations) {
            return Err(what);
        }
        selectors += declarations.split(';').count();
        let targets = targets(declarations)?;
        for selector in names.split(',').map(str::trim) {
            selectors += 1;
            if !is_quick(selector) {
                return Err("a selector of another kind than .name in its style sheet".to_owned());
            }
            if targets.is_empty() {
                continue;
            }
            if !is_simple(selector) {
                return Err("url() for something other than a class in its style sheet".to_owned());
            }
            referring.push(Referring { selector, targets: targets.clone() });
        }
    }
    Ok((selectors, referring))
}

fn has_brace(text: &str) -> bool {
    text.contains(['{', '}'])
}

/// Up to four names, one within the other. Other kinds look at siblings or values each time.
fn is_quick(selector: &str) -> bool {
    let known = |c: char| c.is_alphanumeric() || c.is_whitespace() || "-_.#*>".contains(c);
    selector.chars().all(known) && selector.replace('>', " ").split_whitespace().count() <= 4
}

fn is_simple(selector: &str) -> bool {
    let name = selector.strip_prefix(['.', '#']).unwrap_or(selector);
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
}

/// What declarations ask for that is not drawn.
pub(super) fn unwanted(declarations: &str) -> Option<String> {
    declarations.split(';').find_map(|declaration| {
        let (name, value) = declaration.split_once(':')?;
        is_unwanted(name, value).then(|| format!("the property {}", short(name.trim())))
    })
}

/// Whether an attribute or a property asks for something that is not drawn.
pub(super) fn is_unwanted(name: &str, value: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    let names = ["filter", "mask", "marker", "marker-start", "marker-mid", "marker-end"];
    names.iter().any(|unwanted| name.ends_with(unwanted)) && !value.trim().starts_with("none")
}

/// The identifiers in `url(#…)`.
///
/// # Errors
/// A reference to something else, in words.
pub(super) fn targets(text: &str) -> Result<Vec<&str>, String> {
    let mut targets = Vec::new();
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest.as_bytes(), b"(") {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        rest = after;
        let before = before.trim_end().as_bytes();
        let is_url = before.len() >= 3 && before[before.len() - 3..].eq_ignore_ascii_case(b"url");
        if !is_url {
            continue;
        }
        let inner = after.split(')').next().unwrap_or_default().trim();
        let inner = inner.trim_matches(['"', '\'']).trim();
        match inner.strip_prefix('#') {
            Some(name) if !name.is_empty() && !name.contains([' ', '"', '\'', '\t', '\n']) => {
                targets.push(name);
            }
            _ => return Err("a reference to another file".to_owned()),
        }
    }
    Ok(targets)
}

/// A name as it can stand in a message.
pub(super) fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheets_as_drawing_programs_write_them_are_read() {
        let sheet = ".cls-1{fill:none;}.cls-2,.cls-3{clip-path:url(#clip-path);}\n\
            .d { fill: url('#a'); font-family: \"Noto Sans\", 'X'; filter:none }";
        let (selectors, referring) = read(sheet).unwrap();
        assert_eq!(selectors, 4 + 2 + 2 + 3);
        let found: Vec<_> =
            referring.iter().map(|rule| (rule.selector, &rule.targets[..])).collect();
        let clip = ["clip-path"].as_slice();
        assert_eq!(found, [(".cls-2", clip), (".cls-3", clip), (".d", ["a"].as_slice())]);
    }

    #[test]
    fn what_could_hide_something_is_refused() {
        for sheet in [
            "@import url(http://x/a.css);",
            "a{fill:u\\72l(#b)}",
            "a{x:'}';fill:url(#b)}",
            "/* { */ a{fill:url(#b)}",
            "g > a{fill:url(#b)}",
            "a{fill:url(http://x/a.svg#b)}",
            "a{fill: URL( data:x )}",
            "a{Filter : blur(5px)}",
            "a{marker:url(#b)}",
            "a b c d e{fill:red}",
            "a + b{fill:red}",
            "a[b=c]{fill:red}",
            "a{fill:red} /* {",
            "a{b{filter:blur(1px)}}",
        ] {
            assert!(read(sheet).is_err(), "{sheet}");
        }
        assert_eq!(without_comments("/* a */b{/**/c:d}").unwrap(), " b{ c:d}");
        assert!(without_comments("/*}*/a{b:c}").is_err());
        assert_eq!(unwanted("mask:none;filter: none").as_deref(), None);
        assert_eq!(unwanted("a:b; filter:blur(1px)").as_deref(), Some("the property filter"));
        assert_eq!(targets("rotate(3) url( \"#a\" )").unwrap(), ["a"]);
    }
}
