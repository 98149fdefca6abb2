//! Fields and commands of other newsletter programs, which nothing fills in here.
//!
//! They are looked for in what the author wrote, not in what Markdown made of it: Markdown takes the
//! stars of Mailchimp's `*|FNAME|*` for emphasis, and makes other quotation marks. Code is left out.
//! Every look ahead is bounded, so that a text of nothing but brackets is read in one go.

use std::collections::HashSet;
use std::ops::Range;

use super::author::Passage;
use super::leftovers::texts;
use super::view::View;
use super::without_code::without_code;
use crate::diagnostic::{Diagnostic, Place};

/// Bytes in which a tag must end.
const WINDOW: usize = 400;
/// Bytes of a field with its fallback.
const FIELD: usize = 80;

/// Fields that nearly every program has, without spaces, points and underscores.
const FIELDS: [&str; 46] = [
    "name",
    "firstname",
    "lastname",
    "fname",
    "lname",
    "fullname",
    "surname",
    "givenname",
    "familyname",
    "middlename",
    "nickname",
    "username",
    "displayname",
    "company",
    "companyname",
    "email",
    "emailaddress",
    "subscriberid",
    "recipientname",
    "subscribername",
    "contactname",
    "unsubscribe",
    "unsubscribeurl",
    "unsubscribelink",
    "unsub",
    "webversion",
    "webversionurl",
    "browserlink",
    "viewinbrowser",
    "preferencesurl",
    "updateprofile",
    "salutation",
    "vorname",
    "nachname",
    "anrede",
    "prénom",
    "prenom",
    "nombre",
    "apellido",
    "이름",
    "성함",
    "성명",
    "이메일",
    "회원명",
    "고객명",
    "닉네임",
];

/// What stands before a field, with a point or a colon.
const OWNERS: [&str; 13] = [
    "subscriber",
    "contact",
    "recipient",
    "member",
    "user",
    "customer",
    "person",
    "lead",
    "profile",
    "contactattribute",
    "link",
    "merge",
    "data",
];

/// Filters of Liquid, Jinja and Django: behind the bar of a slot they are no fallback.
const FILTERS: [&str; 27] = [
    "append",
    "capfirst",
    "capitalize",
    "default",
    "default_if_none",
    "downcase",
    "escape",
    "escape_once",
    "escapejs",
    "fallback",
    "html_safe",
    "linebreaks",
    "lower",
    "lstrip",
    "markdownify",
    "newline_to_br",
    "prepend",
    "replace",
    "rstrip",
    "strip_html",
    "striptags",
    "titlecase",
    "truncate",
    "truncatewords",
    "upcase",
    "url_encode",
    "urlencode",
];

/// How a tag of other programs opens and closes, and what may stand between.
struct TagForm {
    open: &'static str,
    close: &'static str,
    fits: fn(&str) -> bool,
}

const fn form(open: &'static str, close: &'static str, fits: fn(&str) -> bool) -> TagForm {
    TagForm { open, close, fits }
}

/// The longer opening stands before the shorter.
const FORMS: [TagForm; 18] = [
    form("*|", "|*", is_mailchimp),
    form("{%", "%}", is_command),
    form("{!", "}", is_path),
    form("{$", "}", is_path),
    form("{", "}", is_single_brace),
    form("<%", "%>", |inner| !inner.trim().is_empty()),
    form("<<", ">>", is_field),
    form("[%", "%]", is_command),
    form("[[", "]]", is_wiki),
    form("[", "]", is_bracketed),
    form("$%", "%$", is_path),
    form("${", "}", is_path),
    form("%%", "%%", is_script),
    form("%", "%", is_field),
    form("#{", "}", is_path),
    form("##", "##", is_field),
    form("«", "»", is_field),
    form("｛", "｝", is_full_width),
];

/// Mailchimp: `FNAME`, `IF:FNAME`, `LIST:ADDRESS`, `END:IF`, `DATE:d/m/y`.
fn is_mailchimp(inner: &str) -> bool {
    let name = inner.split([':', '|', ' ']).next().unwrap_or_default();
    let is_capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "_%".contains(c);
    inner == inner.trim()
        && !inner.contains('\n')
        && (name.len() >= 2 && name.chars().all(is_capital) || is_field(name))
}

/// Liquid, Jinja, Twig: `if x`, `- assign a = "b" -`, `/hint`.
fn is_command(inner: &str) -> bool {
    let inner = inner.trim_start_matches(['-', '+']).trim_start();
    inner.starts_with(|c: char| c.is_alphabetic() || c == '/' || c == '_')
}

/// `Contact.FirstName`: a name of more than one letter, which may have points.
fn is_path(inner: &str) -> bool {
    let inner = inner.trim();
    let fits = |c: char| c.is_alphanumeric() || "_.".contains(c);
    inner.chars().nth(1).is_some()
        && inner.len() <= FIELD
        && inner.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && inner.chars().all(fits)
}

/// `First Name`, `[ if … ]`: between double percent signs.
fn is_script(inner: &str) -> bool {
    let named = |c: char| c.is_alphanumeric() || " _:.-=".contains(c);
    let is_name = inner.starts_with(char::is_alphabetic) && inner.chars().all(named);
    is_name && inner.len() <= FIELD || inner.starts_with("=") || inner.starts_with('[')
}

/// `first name`, `FIRSTNAME OR "Friend"`, and the name of another page as wikis link it.
fn is_wiki(inner: &str) -> bool {
    inner.len() <= FIELD
        && !inner.contains(['[', ']', '\n'])
        && inner.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        && inner.contains(char::is_alphabetic)
}

/// Whether it is a field that nearly every program has: `first_name`, `Contact.FirstName`.
fn is_field(inner: &str) -> bool {
    let inner = inner.trim();
    if inner.len() > FIELD || inner.contains('\n') {
        return false;
    }
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|c| !matches!(c, ' ' | '_' | '-'));
        kept.flat_map(char::to_lowercase).collect()
    };
    let (owner, name) = match inner.rsplit_once(['.', ':']) {
        Some((owner, name)) => (plain(owner), plain(name)),
        None => (String::new(), plain(inner)),
    };
    let is_owned = owner.is_empty() || OWNERS.contains(&owner.as_str());
    is_owned && FIELDS.contains(&name.as_str())
}

/// A field, what stands between it and its fallback, and the fallback.
fn with_fallback(inner: &str) -> Option<(&str, &str, &str)> {
    let at = inner.find([',', '|', '?'])?;
    let rest = inner[at..].trim_start_matches([',', '|', '?', ' ']);
    Some((inner[..at].trim(), &inner[at..at + 1], rest.trim()))
}

fn is_quoted(text: &str) -> bool {
    let pairs = [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('„', '“')];
    let inner = |(open, close)| text.strip_prefix(open)?.strip_suffix(close);
    pairs.into_iter().filter_map(inner).any(|inner: &str| !inner.contains(['"', '“', '”']))
}

/// Ghost's `{name, "friend"}`, `{first_name}`, `{ nickname | friend }`. A set, as mathematics writes
/// it, is none.
fn is_single_brace(inner: &str) -> bool {
    if inner.len() > FIELD || inner.contains(['\n', '{']) {
        return false;
    }
    let Some((field, mark, fallback)) = with_fallback(inner) else { return is_field(inner) };
    let is_name = |c: char| c.is_ascii_alphabetic() || c == '_';
    let in_words = |c: char| c.is_alphanumeric() || " '\"“”‘’.-:_".contains(c);
    match mark {
        "," => is_field(field) && is_quoted(fallback),
        _ => {
            is_field(field)
                || field.len() > 3 && field.chars().all(is_name) && fallback.chars().all(in_words)
        }
    }
}

/// Campaign Monitor's `[firstname,fallback=there]`, MailPoet's `[subscriber:firstname |
/// default:reader]`, phpList's `[NAME]`.
fn is_bracketed(inner: &str) -> bool {
    if inner.len() > FIELD || inner.contains(['\n', '[']) {
        return false;
    }
    match with_fallback(inner) {
        None => is_field(inner),
        Some((field, ",", fallback)) => {
            let is_path = |c: char| c.is_alphanumeric() || c == '_';
            field.chars().all(is_path) && fallback.starts_with("fallback=")
        }
        Some((field, ..)) => is_field(field),
    }
}

/// `name`, and with double braces any field.
fn is_full_width(inner: &str) -> bool {
    let inner = inner.trim_start();
    match inner.strip_prefix('｛') {
        Some(inner) => inner.len() <= FIELD && !inner.trim().is_empty() && !inner.contains('\n'),
        None => with_fallback(inner).map_or_else(|| is_field(inner), |(field, ..)| is_field(field)),
    }
}

/// The tags in a text from which code was taken out.
pub(super) fn tags(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find(['*', '{', '<', '[', '$', '%', '#', '«', '｛', '-']) {
        let here = at + next;
        match tag_length(text, here) {
            Some(length) => {
                found.push(here..here + length);
                at = here + length;
            }
            None => at = here + text[here..].chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

/// How long the tag is that starts at `at`, if one does.
fn tag_length(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    if rest.starts_with('-') {
        return sendgrid(text, at);
    }
    FORMS.iter().filter(|form| rest.starts_with(form.open)).find_map(|form| {
        let inner = &rest[form.open.len()..];
        let window = &inner[..inner.floor_char_boundary(WINDOW)];
        let end = window.find(form.close)?;
        let mut length = form.open.len() + end + form.close.len();
        length += rest[length..].chars().next().filter(|c| *c == '｝').map_or(0, char::len_utf8);
        ((form.fits)(&inner[..end]) && stands_alone(text, at, length, form)).then_some(length)
    })
}

/// Whether what is around a tag leaves it one: `[name](…)` is a link, and `*a*|FOO|*b*` a row.
fn stands_alone(text: &str, at: usize, length: usize, form: &TagForm) -> bool {
    let (before, behind) = (text[..at].chars().next_back(), &text[at + length..]);
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    match form.open {
        "*|" => !(is_letter(before) && is_letter(behind.chars().next())),
        "[[" => !behind.starts_with('('),
        "[" => {
            let label = text[at..at + length].to_owned() + ":";
            !behind.starts_with(['(', '[', ':', '{'])
                && before != Some(']')
                && !text.contains(&format!("\n{label}"))
        }
        "${" => !behind.starts_with('$'),
        _ => true,
    }
}

/// SendGrid's `-first_name-`, a word of its own.
fn sendgrid(text: &str, at: usize) -> Option<usize> {
    let is_open = |c: char| c.is_whitespace() || "(\"'>,".contains(c);
    if !text[..at].chars().next_back().is_none_or(is_open) {
        return None;
    }
    let rest = &text[at + 1..];
    let window = &rest[..rest.floor_char_boundary(FIELD)];
    let end = window.find('-')?;
    let inner = &window[..end];
    let is_short = inner.len() < 6 || !inner.is_ascii() || inner.contains([' ', '\n']);
    let is_end = |c: char| c.is_whitespace() || ".,!?;:)\"'<".contains(c);
    let ends = rest[end + 1..].chars().next().is_none_or(is_end);
    (!is_short && is_field(inner) && ends && inner != "company").then_some(end + 2)
}

/// What is wrong with the fallback of a slot: the message behind the slot's text, and what to do.
fn odd_fallback(fallback: &str) -> Option<(bool, &'static str, &'static str)> {
    if fallback.starts_with('|') {
        let help = "one bar is enough: {{ first_name | reader }}";
        return Some((true, "has two bars, and readers would see the second", help));
    }
    let is_filter = |part: &str| {
        let part = part.trim();
        let end = part.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        let argument = rest.trim_start().trim_start_matches([':', '(']).trim_start();
        let has_argument = argument.starts_with(['"', '\'', '“', '‘']);
        let is_call = rest.starts_with([':', '(']) && has_argument;
        let is_known = FILTERS.contains(&name) && (rest.is_empty() || rest.starts_with([':', '(']));
        is_known || name == "default" && has_argument || !name.is_empty() && is_call
    };
    if fallback.split('|').any(is_filter) {
        let help = "what stands behind the bar is what people read who have no value: {{ first_name \
                    | reader }}";
        return Some((true, "has a filter of another program, which readers would see", help));
    }
    let help = "write it without: {{ first_name | reader }}";
    is_quoted(fallback).then_some((
        false,
        "has quotation marks around its fallback, and readers would see them",
        help,
    ))
}

/// What to write for `[[the plan]]` and `[[quay.jpg]]`, links and pictures of notes.
fn wiki_help(tag: &str) -> Option<&'static str> {
    let inner = tag.strip_prefix("[[")?.trim_end_matches(']');
    let lower = inner.to_lowercase();
    let is_picture =
        [".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg"].iter().any(|end| lower.ends_with(end));
    match (is_picture, is_field(inner)) {
        (true, _) => Some("write a picture as ![what it shows](quay.jpg)"),
        (_, false) => Some(
            "write a link as [the plan](https://…), or a field of the list as {{ first_name | \
             reader }}",
        ),
        _ => None,
    }
}

fn problem(tag: &str, place: Place) -> Diagnostic {
    let short: String = tag.split_whitespace().collect::<Vec<_>>().join(" ");
    let short = match short.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &short[..end]),
        None => short,
    };
    let is_command = ["{%", "<%", "%%[", "[%", "*|IF", "*|END"].iter().any(|o| tag.starts_with(o));
    let help = if is_command {
        "no command of another program works here: delete it, or put it between backquotes if \
         readers are to see it"
    } else {
        wiki_help(tag).unwrap_or("write a field of the list as {{ first_name | reader }}")
    };
    let what = format!("{short} would be sent as it is");
    Diagnostic::error("leftover-merge-tag", what).at(place).help(help)
}

/// A tag of `text`, which is what an author has `written` without its code, with the backslash before it.
fn as_written(written: &str, text: &str, tag: Range<usize>) -> Range<usize> {
    let is_escaped = written[..tag.start].ends_with('\\') && !text[..tag.start].ends_with('\\');
    tag.start - usize::from(is_escaped)..tag.end
}

/// The rule `leftover-merge-tag`.
pub(super) fn merge_tags(view: &View<'_>) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    // One tag is told once in a file, and a cell of a table not once for each of its cells.
    let mut told: HashSet<(std::path::PathBuf, String)> = HashSet::new();
    let mut seen: HashSet<(std::path::PathBuf, usize)> = HashSet::new();
    for Passage { spot, .. } in &view.author.passages {
        let Some((source, span)) = spot.stretch() else { continue };
        if !seen.insert((source.path().to_owned(), span.start)) {
            continue;
        }
        let written = &source.text()[span.clone()];
        let text = without_code(written);
        for range in tags(&text) {
            let range = as_written(written, &text, range);
            let tag = &written[range.clone()];
            if told.insert((source.path().to_owned(), tag.to_owned())) {
                let range = span.start + range.start..span.start + range.end;
                problems.push(problem(tag, Place::span(source, range)));
            }
        }
    }
    for one in texts(view) {
        let text = without_code(one.text);
        for range in tags(&text) {
            let tag = &text[range];
            // `\*|FNAME|\*`: programs that turn HTML into Markdown write stars so.
            if one.is_stretch && !tag.starts_with("*|") {
                continue;
            }
            let place = (one.place)(tag);
            if told.insert((place.path().to_owned(), tag.to_owned())) {
                problems.push(problem(tag, place));
            }
        }
    }
    let slots = &view.input.issue.slots;
    for (index, slot) in slots.used() {
        let odd = slot.fallback.as_deref().and_then(odd_fallback);
        let Some((is_error, what, help)) = odd else { continue };
        let what = format!("the slot for {} {what}", slot.field);
        let problem = if is_error {
            Diagnostic::error("leftover-merge-tag", what)
        } else {
            Diagnostic::warning("leftover-merge-tag", what)
        };
        let place = slots.places(index).next().cloned().unwrap_or_else(|| view.manifest());
        problems.push(problem.at(place).help(help));
    }
    problems
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tags_of_all_programs_are_found_whole() {
        for tag in [
            "*|FNAME|*",
            "*|FNAME:reader|*",
            "*|IF:FNAME|*",
            "*|END:IF|*",
            "*|LIST:ADDRESS|*",
            "*|fname|*",
            "{% hint style=\"info\" %}",
            "{% endhint %}",
            "{%- assign t='0:40' -%}",
            "{% include snippets/ad.md\nwhen=\"2026-01-01\" %}",
            "{% /callout %}",
            "<%= name %>",
            "%%First Name%%",
            "%%unsubscribe_url%%",
            "%FIRST_NAME%",
            "%recipient.name%",
            "%이름%",
            "$%name%$",
            "$%email%$",
            "[%first_name%]",
            "[% member:first_name | default:\"you\" %]",
            "${first_name}",
            "[[first name]]",
            "[[FIRSTNAME OR \"Friend\"]]",
            "[firstname,fallback=there]",
            "[city,fallback=]",
            "[subscriber:firstname | default:reader]",
            "[NAME]",
            "[이름]",
            "{name, \"friend\"}",
            "{first_name, “Reader”}",
            "{name}",
            "{ first_name | reader }",
            "{ nickname | friend }",
            "{!Contact.FirstName}",
            "{$name}",
            "#{first_name}",
            "##first_name##",
            "<<First Name>>",
            "«First_Name»",
            "-first_name-",
            "-unsubscribe-",
            "｛｛ name ｝｝",
            "｛이름｝",
        ] {
            let text = format!("Dear {tag}, the tide is high. {{ not }} 100 % [sic] ** (a)");
            let found: Vec<&str> = tags(&text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, [tag], "{text}");
        }
    }

    #[test]
    fn ordinary_text_has_no_tags() {
        for text in [
            "a*|b|*c",
            "a * | b | * c",
            "|*a*|FOO|*c*|",
            "the set { x | x > 0 } and {a, b}, {email, fax}",
            "{see the next page} and {1, 2, 3}",
            "a 100 % wool, 20 % off, 5%",
            "100%name and %PATH% and %APPDATA%",
            "[sic], [name](https://quay.example/), [name][1], [Name withheld], [1][2]",
            "[email]\n\n[email]: https://quay.example/",
            "well-name-known and - name - and -name-",
            "a first-name-basis, co-company-owned",
            "<name@quay.example> and << less >> and «Bonjour»",
            "#harbour ##Harbour ## and #1",
            "$5 {per person} costs $10",
            "x^{n} and ${n}$ and $a_{ij}$",
            "[[text](https://quay.example/)]",
            "[[1]](https://quay.example/)",
            "he said [their email, not ours] so",
            "50%% of % all %",
            "{%} and %} {%",
            "｛참고｝ and （name）",
            "*|* and *||*",
        ] {
            assert!(tags(text).is_empty(), "{text}: {:?}", tags(text));
        }
    }

    #[test]
    fn fallbacks_that_are_filters_or_quoted_are_known() {
        for fallback in [
            "| reader",
            "upcase",
            "default: \"friend\"",
            "default:'friend'",
            "default \"friend\"",
            "date: \"%Y\"",
            "upcase | default: \"x\"",
            "\"friend\"",
            "'friend'",
            "“friend”",
        ] {
            assert!(odd_fallback(fallback).is_some(), "{fallback}");
        }
        for fallback in [
            "reader",
            "",
            "dear reader",
            "Re: news",
            "it's you",
            "독자",
            "A | B",
            "the \"best\" one",
        ] {
            assert_eq!(odd_fallback(fallback), None, "{fallback}");
        }
    }

    proptest! {
        #[test]
        fn looking_for_tags_never_panics(text in "(\\PC|[*|{}%$<>\\[\\]#«»｛｝\\n-]){0,80}") {
            for range in tags(&text) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
