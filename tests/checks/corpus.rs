//! Many issues as newsletters are written, made from seeds: each is read, composed and checked, and
//! what comes out is whole.

mod writer;

use std::collections::BTreeMap;

use mail_parser::{MessageParser, MimeHeaders as _};
use unicode_width::UnicodeWidthStr as _;

use crate::harness::Publication;
use crate::sent::Sent;
use writer::Writer;

const ISSUES: u64 = 120;

/// Rules that a generated issue may break: what authors do, and warnings about it.
fn may_say(rule: &str) -> bool {
    (!rule.starts_with("html-") || rule == "html-size")
        && !rule.starts_with("message-")
        && !rule.starts_with("mso-")
        && !["heading-one", "heading-order", "text-words", "text-residue", "gmail-style"]
            .contains(&rule)
}

/// Whether a line could have been broken: its words are not one that is long.
fn can_break(line: &str) -> bool {
    let is_mark = |word: &str| word.starts_with('[') && word.ends_with(']');
    let words =
        line.trim_start_matches(['>', '*', '|', ' ']).split(' ').filter(|word| !is_mark(word));
    words.count() > 1 && !line.starts_with("    ")
}

#[test]
fn a_hundred_and_twenty_varied_issues_are_composed_and_whole() {
    let mut here = Publication::new();
    let mut names = Vec::new();
    for seed in 0..ISSUES {
        let name = format!("seed-{seed:03}");
        for (file, text) in Writer::new(seed).issue() {
            here = here.write(&format!("issues/{name}/{file}"), text);
        }
        names.push(name);
    }
    let mut wrong = Vec::new();
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &names {
        let sent = Sent::read(&here.path(""), name);
        let mut report = |what: String| wrong.push(format!("{name}: {what}"));
        for problem in sent.problems.iter().filter(|problem| problem.is_error()) {
            let place = problem.place.as_ref().map(ToString::to_string);
            report(format!("{} {} {place:?}", problem.rule, problem.message));
        }
        for problem in sent.check() {
            *rules.entry(problem.rule).or_default() += 1;
            let is_large = problem.rule == "html-size";
            if problem.is_error() && !is_large || !may_say(problem.rule) {
                report(format!("{} {}", problem.rule, problem.message));
            }
        }
        let parsed = MessageParser::default().parse(&sent.message).unwrap();
        let text = parsed.body_text(0).unwrap().into_owned();
        let html = parsed.body_html(0).unwrap().into_owned();
        if html.matches("<table").count() != html.matches("</table>").count() {
            report("tables that are not closed".to_owned());
        }
        for line in text.lines().filter(|line| line.width() > 72 && can_break(line)) {
            report(format!("{} columns: {line}", line.width()));
        }
        assert_eq!(parsed.text_body_count(), 1, "{name}");
        assert!(parsed.parts.iter().all(|part| part.content_type().is_some()), "{name}");
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(200)].join("\n")
    );
    // The seeds are varied enough to meet rules of several kinds.
    assert!(rules.len() >= 5, "{rules:?}");
}
