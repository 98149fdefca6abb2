//! Sections for readers who choose: one composition, in which all that belongs to a section with a
//! topic stands in a passage for those who want the topic.
//!
//! The letter is a table, in which a parser leaves no text but comments where they are: so the
//! passages of the HTML are comments until its styles are written.

use std::collections::HashMap;

use maud::{Markup, PreEscaped};
use percent_encoding::percent_decode_str;

use super::slots::{self, END_WHEN, WHEN, WHEN_TAG};
use crate::issue::{Contents, Issue, Section};

/// For whom a section is, as an expression; `None` for everybody. The only article of an issue is for
/// all who get the issue.
pub(super) fn of_section(issue: &Issue, section: &Section) -> Option<String> {
    condition(section).filter(|_| issue.only_article().is_none())
}

fn condition(section: &Section) -> Option<String> {
    section.topic.as_ref().map(|topic| format!("topic:{topic}"))
}

/// For whom at least one of these is; `None` for everybody.
pub(super) fn any_of(conditions: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let mut any: Vec<String> = Vec::new();
    for condition in conditions {
        let condition = condition?;
        if !any.contains(&condition) {
            any.push(condition);
        }
    }
    Some(any.join(" or ")).filter(|any| !any.is_empty())
}

/// Who gets the issue: those for whom a section is left.
pub(super) fn sent_to(issue: &Issue) -> Option<String> {
    any_of(issue.filled_sections().map(condition))
}

/// For whom each article is, in reading order.
pub(super) fn of_articles(issue: &Issue) -> Vec<Option<String>> {
    let sections = issue.sections.iter();
    let each = sections.flat_map(|section| {
        std::iter::repeat_n(of_section(issue, section), section.articles.len())
    });
    each.collect()
}

/// For whom it says what is inside, where its lines are for `entries`: an article that everybody gets
/// needs no list of its own.
pub(super) fn contents_for(issue: &Issue, entries: &[Option<String>]) -> Option<String> {
    let plain = of_articles(issue).iter().filter(|only| only.is_none()).count();
    if plain >= 2 && entries.iter().any(Option::is_none) {
        return None;
    }
    any_of(entries.iter().filter(|only| only.is_some()).cloned())
}

/// For whom the mark between an entry and those before it is. `entries` ends with that entry.
pub(super) fn separated_for(entries: &[Option<String>]) -> Option<String> {
    let (own, before) = entries.split_last()?;
    any_of(before.iter().cloned()).filter(|before| Some(before) != own.as_ref())
}

/// The lines of the contents of an issue: for whom each is.
pub(super) fn of_contents(issue: &Issue, manner: Contents) -> Vec<Option<String>> {
    let named: Vec<_> = super::contents::named(issue).collect();
    if manner == Contents::Text && !named.is_empty() {
        return named.into_iter().map(|(_, section, _)| of_section(issue, section)).collect();
    }
    of_articles(issue)
}

/// What stands between these marks of the HTML is for those whom the expression means.
pub(super) fn within(only: Option<&str>, markup: Markup) -> Markup {
    let Some(only) = only else { return markup };
    PreEscaped(format!("<!--{}-->{}<!--{END_WHEN}-->", slots::when_mark(only), markup.0))
}

/// Makes passages of the marks, and takes links away from those who do not get what they lead to.
pub(super) fn settle(html: &str) -> String {
    if !html.contains(WHEN) {
        return html.to_owned();
    }
    let html = html
        .replace(&format!("<!--{WHEN}"), &WHEN.to_string())
        .replace(&format!("{WHEN_TAG}-->"), &WHEN_TAG.to_string())
        .replace(&format!("<!--{END_WHEN}-->"), &END_WHEN.to_string());
    conditional_links(&html)
}

/// A tag of the letter with the passages around it, from the outside.
struct PlacedTag<'a> {
    start: usize,
    text: &'a str,
    around: Vec<&'a str>,
}

/// The tags, in order; those in comments are for Word.
fn tags(html: &str) -> Vec<PlacedTag<'_>> {
    let mut found = Vec::new();
    let mut around: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(next) = html[at..].find(['<', WHEN, END_WHEN]) {
        let start = at + next;
        let rest = &html[start..];
        let length = if rest.starts_with("<!--") {
            rest.find("-->").map_or(rest.len(), |end| end + 3)
        } else if rest.starts_with(WHEN) {
            let end = rest.find(WHEN_TAG).unwrap_or(rest.len());
            around.push(&rest[..end]);
            end
        } else if rest.starts_with(END_WHEN) {
            around.pop();
            END_WHEN.len_utf8()
        } else {
            let mut quoted = false;
            let end = rest.find(|c| {
                quoted ^= c == '"';
                c == '>' && !quoted
            });
            let end = end.map_or(rest.len(), |end| end + 1);
            found.push(PlacedTag { start, text: &rest[..end], around: around.clone() });
            end
        };
        at = start + length;
    }
    found
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split('"').next()
}

fn conditional_links(html: &str) -> String {
    let tags = tags(html);
    let mut targets: HashMap<&str, &[&str]> = HashMap::new();
    for tag in tags.iter().filter(|tag| !tag.around.is_empty()) {
        let names = ["id", "name"].into_iter().filter_map(|name| attribute(tag.text, name));
        names.for_each(|name| {
            targets.insert(name, &tag.around);
        });
    }
    let mut out = String::with_capacity(html.len());
    let mut written = 0;
    let mut open: Option<Vec<&str>> = None;
    for tag in &tags {
        let needed = if tag.text.starts_with("<a ") {
            open = attribute(tag.text, "href").and_then(|href| lacking(href, &targets, tag));
            open.clone()
        } else if tag.text.starts_with("</a") {
            open.take()
        } else {
            None
        };
        let Some(needed) = needed else { continue };
        out.push_str(&html[written..tag.start]);
        for one in &needed {
            out.push_str(one);
            out.push(WHEN_TAG);
        }
        out.push_str(tag.text);
        out.extend(std::iter::repeat_n(END_WHEN, needed.len()));
        written = tag.start + tag.text.len();
    }
    out.push_str(&html[written..]);
    out
}

/// The passages that what a link leads to stands in, and the link does not.
fn lacking<'a>(
    href: &str,
    targets: &HashMap<&str, &[&'a str]>,
    link: &PlacedTag<'_>,
) -> Option<Vec<&'a str>> {
    let name = href.strip_prefix('#')?;
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    let around = targets.get(name).or_else(|| targets.get(&*decoded))?;
    let lacking: Vec<&str> =
        around.iter().filter(|one| !link.around.contains(one)).copied().collect();
    Some(lacking).filter(|lacking| !lacking.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_stands_between_two_entries_is_for_those_who_get_one_before() {
        let entries = [some("topic:a"), some("topic:a"), some("topic:b"), None, some("topic:c")];
        let between = |to: usize| separated_for(&entries[..=to]);
        assert_eq!(between(1), None);
        assert_eq!(between(2), some("topic:a"));
        assert_eq!(between(3), some("topic:a or topic:b"));
        assert_eq!(between(4), None);
    }

    #[test]
    fn a_link_is_for_those_who_get_what_it_leads_to() {
        let passage = |inner: &str| within(Some("topic:a"), PreEscaped(inner.to_owned())).0;
        let html = format!(
            "<a href=\"#x\">X</a><a href=\"#y\">Y</a>{}",
            passage("<a id=\"x\" name=\"x\"></a><a href=\"#x\">up</a>")
        );
        let settled = settle(&html);
        let for_a = slots::when_mark("topic:a");
        let expected = format!(
            "{for_a}<a href=\"#x\">{END_WHEN}X{for_a}</a>{END_WHEN}<a href=\"#y\">Y</a>\
             {for_a}<a id=\"x\" name=\"x\"></a><a href=\"#x\">up</a>{END_WHEN}"
        );
        assert_eq!(settled, expected);
    }
}
