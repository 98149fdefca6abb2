//! Typed quotation marks, dashes and three dots as print has them.
//!
//! Looks at a whole paragraph, through emphasis and links: an apostrophe behind `*Moby*` or `` `Vec` ``
//! is one. What people type to machines stays as it is: addresses, options of commands, paths, what
//! stands beside code, and what was escaped with a backslash. So do marks that were typed as print
//! has them.

use super::quotation_marks::QuotationMarks;
use crate::issue::block::{Inline, plain};

/// Before a character that was escaped: no file that is read can hold it.
pub(super) const GUARD: char = '\u{2}';
/// Stands for code, or an address.
const CODE: char = '\u{FFFC}';
/// Stands for a picture or a footnote's number.
const OBJECT: char = '\u{FFFB}';

const APOSTROPHE: &str = "’";
/// Words that begin with an apostrophe.
const ELIDED: [&str; 9] = ["tis", "twas", "til", "till", "em", "cause", "bout", "n", "round"];
/// Those that no capital begins: `'s ist`, `'ne`, `'t`.
const ELIDED_SMALL: [&str; 6] = ["s", "t", "ne", "nen", "nem", "ner"];
/// What stands behind the two figures of a year: `'90s`, `'90ern`.
const OF_YEARS: [&str; 6] = ["", "s", "er", "ern", "ers", "ies"];

/// Writes the marks of running text; without any only the guards are taken away.
pub(super) fn smarten(inlines: &mut [Inline], print: Option<QuotationMarks>) {
    let mut flat = Vec::new();
    flatten(inlines, &mut flat);
    if !flat.iter().any(|c| matches!(c, '\'' | '"' | '-' | '.' | &GUARD)) {
        return;
    }
    let written = print.map_or_else(|| vec![None; flat.len()], |print| marks(&flat, print));
    let mut at = 0;
    rewrite(inlines, &flat, &written, &mut at);
}

/// Whether the words of a link are its address.
fn is_address(text: &[Inline]) -> bool {
    let shown = plain(text);
    shown.contains("://") || shown.contains('@') || shown.starts_with("www.")
}

fn flatten(inlines: &[Inline], out: &mut Vec<char>) {
    for inline in inlines {
        match inline {
            Inline::Text(text) => out.extend(text.chars()),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                flatten(inner, out);
            }
            Inline::Html(_, name, _) if is_code(name) => out.push(CODE),
            Inline::Html(_, _, inner) => flatten(inner, out),
            Inline::Link(link) if is_address(&link.text) => out.push(CODE),
            Inline::Link(link) => flatten(&link.text, out),
            Inline::Code(_) => out.push(CODE),
            Inline::Image(_) | Inline::Footnote(..) => out.push(OBJECT),
            Inline::SoftBreak | Inline::LineBreak => out.push('\n'),
            Inline::Anchor(_) => {}
        }
    }
}

/// Elements whose words are typed to machines.
fn is_code(name: &str) -> bool {
    ["code", "kbd", "samp", "var"].contains(&name)
}

fn rewrite(inlines: &mut [Inline], flat: &[char], written: &[Option<&str>], at: &mut usize) {
    for inline in inlines {
        match inline {
            Inline::Text(text) => {
                let count = text.chars().count();
                let mut out = String::with_capacity(text.len());
                for here in *at..*at + count {
                    match written[here] {
                        Some(mark) => out.push_str(mark),
                        None if flat[here] == GUARD => {}
                        None => out.push(flat[here]),
                    }
                }
                *at += count;
                *text = out;
            }
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                rewrite(inner, flat, written, at);
            }
            Inline::Html(_, name, inner) if is_code(name) => {
                without_guards(inner);
                *at += 1;
            }
            Inline::Html(_, _, inner) => rewrite(inner, flat, written, at),
            Inline::Link(link) if is_address(&link.text) => {
                without_guards(&mut link.text);
                *at += 1;
            }
            Inline::Link(link) => rewrite(&mut link.text, flat, written, at),
            Inline::Anchor(_) => {}
            _ => *at += 1,
        }
    }
}

fn without_guards(inlines: &mut [Inline]) {
    for inline in inlines {
        match inline {
            Inline::Text(text) => text.retain(|c| c != GUARD),
            Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                without_guards(inner);
            }
            Inline::Html(_, _, inner) => without_guards(inner),
            Inline::Link(link) => without_guards(&mut link.text),
            _ => {}
        }
    }
}

/// What to write in the place of each character, where it is not itself.
fn marks(flat: &[char], print: QuotationMarks) -> Vec<Option<&'static str>> {
    let mut reader = MarkReader {
        flat,
        print,
        is_typed: typed(flat),
        last_end: last_end(flat),
        double: None,
        single: None,
        was_opening: false,
    };
    let mut out = vec![None; flat.len()];
    let mut at = 0;
    while at < flat.len() {
        let length = match flat[at] {
            GUARD => 2,
            '-' | '.' => run(flat, at),
            _ => 1,
        };
        let is_typed = reader.is_typed[at];
        match flat[at] {
            '"' => out[at] = reader.quote(at, is_typed, true),
            '\'' => out[at] = reader.quote(at, is_typed, false),
            '-' if !is_typed => {
                if let Some(dash) = reader.dash(at, length) {
                    out[at] = Some(dash);
                    out[at + 1..at + length].fill(Some(""));
                }
            }
            '.' if !is_typed && length == 3 && !reader.is_within_word(at, length) => {
                out[at] = Some("…");
                out[at + 1..at + length].fill(Some(""));
            }
            mark => reader.see_printed(mark),
        }
        at += length;
    }
    out
}

/// How often the character at `at` follows itself.
fn run(flat: &[char], at: usize) -> usize {
    flat[at..].iter().take_while(|c| **c == flat[at]).count()
}

/// A quotation that is open: whether its marks stay as they were typed.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    Printed,
    Typed,
}

struct MarkReader<'a> {
    flat: &'a [char],
    print: QuotationMarks,
    /// Of each character, whether it is a part of what is typed to machines.
    is_typed: Vec<bool>,
    /// Where the last `'` is that could end a quotation.
    last_end: usize,
    double: Option<Open>,
    single: Option<Open>,
    /// Whether the mark before was an opening one.
    was_opening: bool,
}

impl MarkReader<'_> {
    fn before(&self, at: usize) -> Option<char> {
        at.checked_sub(1).map(|at| self.flat[at])
    }

    /// A mark that was typed as print has it, and that a straight one may end.
    fn see_printed(&mut self, mark: char) {
        let is = |form: &str| form.chars().any(|c| c == mark && c != '\u{a0}');
        let ([opening, closing], [inner, inner_end]) = (self.print.double, self.print.single);
        if is(opening) || mark == '„' && !is(inner) {
            self.double = Some(Open::Printed);
        } else if is(closing) {
            self.double = None;
        } else if is(inner) && mark != '’' || mark == '‚' {
            self.single = Some(Open::Printed);
        } else if is(inner_end) && mark != '’' {
            self.single = None;
        }
    }

    fn is_within_word(&self, at: usize, length: usize) -> bool {
        let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        is_letter(self.before(at)) && is_letter(self.flat.get(at + length).copied())
    }

    fn dash(&self, at: usize, length: usize) -> Option<&'static str> {
        let (before, behind) = (self.before(at), self.flat.get(at + length).copied());
        let is_edge = |c: Option<char>| c.is_none_or(|c| c == '\n');
        let is_arrow = |c: Option<char>| c.is_some_and(|c| "<>!|+".contains(c) || c == CODE);
        if !(2..=3).contains(&length)
            || is_arrow(before)
            || is_arrow(behind)
            || is_edge(before) && is_edge(behind)
        {
            return None;
        }
        let begins_word = opens(before) || is_quote(before) && self.was_opening;
        let is_option = length == 2 && begins_word && behind.is_some_and(char::is_alphanumeric);
        if is_option {
            return None;
        }
        Some(if length == 3 { "—" } else { "–" })
    }

    fn quote(&mut self, at: usize, is_typed: bool, is_double: bool) -> Option<&'static str> {
        let (before, behind) = (self.before(at), self.flat.get(at + 1).copied());
        let open = if is_double { self.double } else { self.single };
        let set = |reader: &mut Self, open| {
            let place = if is_double { &mut reader.double } else { &mut reader.single };
            *place = open;
        };
        if open == Some(Open::Typed) {
            set(self, None);
            return None;
        }
        if is_typed || before == Some('=') {
            set(self, Some(Open::Typed).filter(|_| before == Some('=')));
            return None;
        }
        let is_number = before.is_some_and(|c| c.is_ascii_digit());
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == CODE);
        // Feet and inches, minutes and seconds.
        if is_number && open.is_none() && !is_letter(behind) {
            return None;
        }
        let opens = if is_double {
            self.opens_double(at, open.is_some())
        } else {
            self.opens_single(at, open.is_some())
        };
        let opens = opens?;
        self.was_opening = opens;
        let [opening, closing] = if is_double { self.print.double } else { self.print.single };
        if opens {
            set(self, Some(Open::Printed));
            return Some(opening);
        }
        if !is_double && is_letter(behind) && !behind.is_some_and(is_eastern) {
            return Some(APOSTROPHE);
        }
        set(self, None);
        let is_apostrophe = !is_double && open.is_none();
        Some(if is_apostrophe { APOSTROPHE } else { closing })
    }

    /// Whether a double mark opens; `None` for one that stands alone.
    fn opens_double(&self, at: usize, is_open: bool) -> Option<bool> {
        let (before, behind) = (self.before(at), self.flat.get(at + 1).copied());
        if opens(before) || is_quote(before) && self.was_opening {
            let is_printed = before.is_some_and(|c| "“‘«„‚‹»›".contains(c));
            if is_printed && behind.is_some_and(|c| ".,;:!?)]}".contains(c)) {
                return Some(false);
            }
            return if ends(behind) { is_open.then_some(false) } else { Some(true) };
        }
        if ends(behind) || behind.is_some_and(|c| ".,;:!?)]}”’…—–-".contains(c)) {
            return Some(false);
        }
        Some(!is_open)
    }

    fn opens_single(&self, at: usize, is_open: bool) -> Option<bool> {
        let (before, behind) = (self.before(at), self.flat.get(at + 1).copied());
        let may_end = self.last_end > at;
        if opens(before) || is_quote(before) && self.was_opening {
            if ends(behind) {
                return is_open.then_some(false);
            }
            return Some(may_end && !self.is_elided(at));
        }
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == CODE);
        let eastern = before.is_some_and(is_eastern) || behind.is_some_and(is_eastern);
        if eastern && is_letter(behind) {
            return Some(!is_open && may_end);
        }
        Some(false)
    }

    /// `'90s`, `'tis`.
    fn is_elided(&self, at: usize) -> bool {
        let word: String =
            self.flat[at + 1..].iter().take(8).take_while(|c| c.is_alphanumeric()).collect();
        let behind = self.flat.get(at + 1 + word.chars().count());
        let is_small = ELIDED_SMALL.contains(&word.as_str());
        let word = word.to_lowercase();
        let of_year = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_year = word.len() - of_year.len() == 2 && OF_YEARS.contains(&of_year);
        (is_small || ELIDED.contains(&word.as_str())) && behind != Some(&'\'')
            || word == "n"
            || is_year && behind != Some(&'\'')
    }
}

fn is_quote(c: Option<char>) -> bool {
    matches!(c, Some('"' | '\''))
}

/// Whether a mark behind `before` opens.
fn opens(before: Option<char>) -> bool {
    before.is_none_or(|c| c.is_whitespace() || "([{<“‘«„‚‹»›「『（—–-/".contains(c))
}

fn ends(behind: Option<char>) -> bool {
    behind.is_none_or(char::is_whitespace)
}

/// Chinese, Japanese or Korean, which put particles directly behind a quotation.
fn is_eastern(c: char) -> bool {
    c >= '\u{1100}' && c.is_alphanumeric()
}

/// Where the last `'` is behind which a quotation can be over.
fn last_end(flat: &[char]) -> usize {
    let is_end = |at: &usize| {
        let behind = flat.get(at + 1).copied();
        let is_letter = behind.is_some_and(|c| c.is_alphanumeric() && !is_eastern(c));
        flat[*at] == '\'' && *at > 0 && !flat[at - 1].is_whitespace() && !is_letter
    };
    (0..flat.len()).rev().find(is_end).unwrap_or(0)
}

/// Which characters belong to addresses, options and paths, without the marks around them.
fn typed(flat: &[char]) -> Vec<bool> {
    let mut out = vec![false; flat.len()];
    let mut start = 0;
    for at in 0..=flat.len() {
        if flat.get(at).is_some_and(|c| !c.is_whitespace()) {
            continue;
        }
        let word = &flat[start..at];
        let before = word.iter().take_while(|c| "([{\"'“‘„‚«‹<".contains(**c)).count();
        let is_end = |c: &&char| ")]}\"'”’“‘»›.,;:!?>".contains(**c);
        let behind = word[before..].iter().rev().take_while(is_end).count();
        // `./...` is a path.
        let is_path = word[..word.len() - behind].ends_with(&['/']);
        let behind = if is_path { 0 } else { behind };
        let core = &word[before..word.len() - behind];
        if is_typed(core) {
            out[start + before..at - behind].fill(true);
        }
        start = at + 1;
    }
    out
}

/// Whether a word is none that people say.
fn is_typed(core: &[char]) -> bool {
    let has = |pair: [char; 2]| core.windows(2).any(|two| two == pair);
    let has_dashes = has(['-', '-']);
    let starts = |text: &str| core.iter().take(text.len()).copied().eq(text.chars());
    let is_domain = core.windows(2).any(|two| two[0] == '.' && two[1].is_ascii_alphanumeric());
    has([':', '/'])
        || starts("www.")
        || core.contains(&'@') && is_domain
        || core.iter().any(|c| matches!(c, '\\' | '=' | '_'))
        || has([':', ':'])
        || has(['-', '>'])
        || starts("--") && core.get(2).is_some_and(|c| c.is_ascii_alphanumeric())
        || ["/", "./", "../", "~/", "$"].iter().any(|mark| starts(mark))
        || has_dashes && (core.contains(&'/') || is_domain || starts("xn--"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written_in(language: &str, text: &str) -> String {
        let mut inlines = vec![Inline::Text(text.to_owned())];
        smarten(&mut inlines, Some(QuotationMarks::of(language)));
        plain(&inlines)
    }

    fn written(text: &str) -> String {
        written_in("en", text)
    }

    #[test]
    fn marks_are_printed() {
        for (typed, printed) in [
            ("\"Yes,\" she said.", "“Yes,” she said."),
            ("He said \"no\".", "He said “no”."),
            ("(\"so\")", "(“so”)"),
            ("it's the boys' hat", "it’s the boys’ hat"),
            ("'one' and 'two'", "‘one’ and ‘two’"),
            ("\"'a' b\"", "“‘a’ b”"),
            ("the '90s and rock 'n' roll", "the ’90s and rock ’n’ roll"),
            ("'Tis the season", "’Tis the season"),
            ("pages 3--5 and so---on", "pages 3–5 and so—on"),
            ("a -- b --- c", "a – b — c"),
            ("and so on...", "and so on…"),
            ("-- Jane", "– Jane"),
            ("그는 \"안녕\"이라고 했다", "그는 “안녕”이라고 했다"),
            ("그는\"안녕\"이라고", "그는“안녕”이라고"),
            ("'한글'을 만든 '세종'은", "‘한글’을 만든 ‘세종’은"),
            ("他说：\"你好。\"然后", "他说：“你好。”然后"),
            ("\"a\"--she said", "“a”–she said"),
        ] {
            assert_eq!(written(typed), printed, "{typed}");
        }
    }

    #[test]
    fn each_language_has_its_marks() {
        for (language, typed, printed) in [
            ("de", "\"Wer nicht fragt\", sagt er", "„Wer nicht fragt“, sagt er"),
            ("de-AT", "das Wort 'Servus'.", "das Wort ‚Servus‘."),
            ("de", "\"Er rief: 'Komm!'\"", "„Er rief: ‚Komm!‘“"),
            ("de", "'Wie geht's dir?' war's", "‚Wie geht’s dir?‘ war’s"),
            ("de", "in den '90ern und '88, Hans' Hut", "in den ’90ern und ’88, Hans’ Hut"),
            ("de", "'s ist so 'ne Sache mit Hans' Hut", "’s ist so ’ne Sache mit Hans’ Hut"),
            ("de", "die \"68er\" und die '68er'", "die „68er“ und die ‚68er‘"),
            ("de", "die Zeitung \"Die Zeit\"/\"taz\"", "die Zeitung „Die Zeit“/„taz“"),
            ("de", "\"한글\"은 \"글\"", "„한글“은 „글“"),
            ("de-CH", "\"Er rief: 'Komm!'\" So geht's.", "«Er rief: ‹Komm!›» So geht’s."),
            ("fr", "l'ami dit \"oui\", n'est-ce pas", "l’ami dit «\u{a0}oui\u{a0}», n’est-ce pas"),
            ("fr", "de l'\"ami\"", "de l’«\u{a0}ami\u{a0}»"),
            ("es", "\"Antes 'de' aquí\"", "«Antes “de” aquí»"),
            ("pl", "\"Solaris\" i 'Eden'", "„Solaris” i «Eden»"),
            ("sv", "han sa \"nej\"", "han sa ”nej”"),
            ("ru", "\"Война 'и' мир\"", "«Война „и“ мир»"),
            ("ko", "그는 \"'예'라고\" 했다", "그는 “‘예’라고” 했다"),
            ("ja", "彼は\"はい\"と言った", "彼は“はい”と言った"),
        ] {
            assert_eq!(written_in(language, typed), printed, "{language}: {typed}");
        }
    }

    #[test]
    fn marks_that_are_printed_already_stay() {
        for (language, typed, printed) in [
            ("de", "„Parasite\" gewann", "„Parasite“ gewann"),
            ("de", "das Wort ‚Servus' ist", "das Wort ‚Servus‘ ist"),
            ("de", "“Parasite” und »Oldboy« und „Mother“", "“Parasite” und »Oldboy« und „Mother“"),
            ("de", "\"Er rief »Ja«\", sagte sie", "„Er rief »Ja«“, sagte sie"),
            ("de", "\"Er rief „Ja“\", sagte sie", "„Er rief „Ja““, sagte sie"),
            ("de", "„'Ja', sagte er, 'nein'“", "„‚Ja‘, sagte er, ‚nein‘“"),
            ("de", "„한글\"은", "„한글“은"),
            ("fr", "«\u{a0}oui\u{a0}» et « non »", "«\u{a0}oui\u{a0}» et « non »"),
            ("en", "“word\" and ‘it's’", "“word” and ‘it’s’"),
            ("de", "key=\"a b\" und --flag='x'", "key=\"a b\" und --flag='x'"),
            ("de", "6\" mal 4\", 5' hoch", "6\" mal 4\", 5' hoch"),
        ] {
            assert_eq!(written_in(language, typed), printed, "{language}: {typed}");
        }
    }

    #[test]
    fn what_is_typed_to_machines_stays() {
        for text in [
            "git log --oneline --since='1 week'",
            "npm install --save-dev; a --> b <-- c",
            "--",
            "https://quay.example/a--b...c?d='e'",
            "www.quay.example/a--b",
            "kim--lee@quay.example",
            "key=\"a b\" and x='y z'",
            "./... and ../a--b and ~/it--s",
            "xn--hx2b.example",
            "block--modifier.css",
            "6\" by 4\", 5' tall",
            "main...topic",
            "<!-- a -->",
            "----- and ....",
            "a::b and it_s--not",
            "(--flag) or [--flag]",
            "+--+--+",
        ] {
            assert_eq!(written(text), text, "{text}");
        }
        assert_eq!(written("support for --envfile, \"--flag\""), "support for --envfile, “--flag”");
    }

    #[test]
    fn marks_go_on_through_emphasis_and_code() {
        let emphasis = Inline::Emphasis(vec![Inline::Text("Moby".to_owned())]);
        let code = Inline::Code("Vec".to_owned());
        let text = |text: &str| Inline::Text(text.to_owned());
        let mut inlines = vec![
            emphasis,
            text("'s "),
            code.clone(),
            text("'s \""),
            code.clone(),
            text("\" "),
            code,
        ];
        inlines.push(text("--x"));
        smarten(&mut inlines, Some(QuotationMarks::of("en")));
        assert_eq!(plain(&inlines), "Moby’s Vec’s “Vec” Vec--x");
    }

    #[test]
    fn what_is_escaped_stays() {
        assert_eq!(written("\u{2}\"a\u{2}\" \u{2}-\u{2}- b"), "\"a\" -- b");
        let mut inlines = vec![Inline::Text("\u{2}\"a\" it's".to_owned())];
        smarten(&mut inlines, None);
        assert_eq!(plain(&inlines), "\"a\" it's");
    }

    proptest! {
        #[test]
        fn only_marks_change(text in "(\\PC|[\"'. \n=-]|--|\\.\\.\\.|[„“«‚]){0,40}") {
            let letters = |text: &str| -> String {
                let is_kept = |c: &char| {
                    c.is_alphanumeric() || c.is_whitespace() && *c != '\u{a0}'
                };
                text.chars().filter(is_kept).collect()
            };
            for language in ["en", "de", "fr", "sv"] {
                prop_assert_eq!(letters(&written_in(language, &text)), letters(&text));
            }
        }
    }
}
