//! Names in the text that links within the letter lead to: `id` and `name` of raw HTML, `{#name}`
//! behind a heading, and headings by their words, as GitHub names them.
//!
//! The letter has names of its own, for articles, sections and footnotes. No text may take one: a
//! link of the contents would lead where a stranger wants. A name of a text that is taken, by the
//! letter or by another text, is written in another way, and so are the links to it. A name to which
//! no link leads is left out.

mod html;
mod walk;

use std::collections::{HashMap, HashSet};

use percent_encoding::percent_decode_str;

pub(super) use self::html::{href_of, names_of, tag_length, target, targets_of};
use self::html::{rewrite_hrefs, with_targets};
use self::walk::{NamedLine, each_anchor, each_href, each_line};
use super::block::{Block, BlockKind, Inline, plain};
use super::{Article, Section};

/// Characters of a name: what is longer was made by a machine for itself.
const LONGEST: usize = 100;

/// Whether a text may call a place so: letters, digits and a few signs, so that it stands in an
/// attribute and in an address as it is.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST
        && name.chars().all(|c| c.is_alphanumeric() || "-_.:".contains(c))
}

/// Takes `{#name}` from the end of a heading, and puts the name before its words.
pub(super) fn name_heading(inlines: &mut Vec<Inline>) {
    let Some(Inline::Text(text)) = inlines.last_mut() else { return };
    let Some(inner) = text.trim_end().strip_suffix('}') else { return };
    let Some(start) = inner.rfind('{') else { return };
    let inner = inner[start + 1..].trim_start_matches(':').trim();
    let Some(name) = inner.strip_prefix('#').filter(|name| is_name(name)) else { return };
    let name = name.to_owned();
    text.truncate(text[..start].trim_end().len());
    if text.is_empty() {
        inlines.pop();
    }
    inlines.insert(0, Inline::Anchor(name));
}

/// The places of a paragraph that names some and has no words: readers are to see no gap.
pub(super) fn only_anchors(inlines: &[Inline]) -> Option<String> {
    let mut out = String::new();
    for inline in inlines {
        match inline {
            Inline::Anchor(name) => out.push_str(&target(name)),
            Inline::Text(text) if text.trim().is_empty() => {}
            Inline::SoftBreak => {}
            _ => return None,
        }
    }
    Some(out)
}

/// What links call a heading of these words: GitHub's rule.
fn slug(words: &str) -> String {
    let words = words.trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// What links within the letter call an article: its file name, in which HTML allows no space.
pub(crate) fn of_article(slug: &str) -> String {
    slug.split_whitespace().collect::<Vec<_>>().join("-")
}

/// What a link to `#…` names, percent-decoded.
fn named(href: &str) -> Option<String> {
    let name = href.strip_prefix('#').filter(|name| !name.is_empty())?;
    Some(percent_decode_str(name).decode_utf8_lossy().into_owned())
}

/// A text with names of its own: the introduction, or an article.
struct NamedText<'a> {
    blocks: Vec<&'a mut Vec<Block>>,
    note: Option<&'a mut Vec<Inline>>,
}

impl NamedText<'_> {
    fn each(&mut self, visit: &mut dyn FnMut(NamedLine<'_>)) {
        self.blocks.iter_mut().for_each(|blocks| each_line(blocks, visit));
        if let Some(note) = &mut self.note {
            visit(NamedLine::Words(note));
        }
    }

    fn each_href(&mut self, change: &mut dyn FnMut(&str) -> Option<String>) {
        self.each(&mut |line| match line {
            NamedLine::Heading(inlines) | NamedLine::Words(inlines) => each_href(inlines, change),
            NamedLine::Href(href) => {
                if let Some(changed) = change(href) {
                    *href = changed;
                }
            }
            NamedLine::Html(html) => rewrite_hrefs(html, change),
        });
    }
}

/// Names that are given, and those that no text may have.
struct Names {
    /// Of articles, in lower case: some programs do not tell capitals apart.
    own: HashSet<String>,
    given: HashSet<String>,
    /// How often a name had to be written in another way.
    tries: HashMap<String, usize>,
}

impl Names {
    fn is_free(&self, name: &str) -> bool {
        let lower = name.to_lowercase();
        // Sections and footnotes: see `compose::contents` and `compose::blocks`.
        let without_number = lower.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_note = without_number.len() < lower.len()
            && ["-note-", "-ref-"].iter().any(|end| without_number.ends_with(end));
        !is_note
            && !lower.starts_with("section")
            && !self.own.contains(&lower)
            && !self.given.contains(&lower)
    }

    /// `name` as no other place of the letter is called.
    fn give(&mut self, name: &str) -> String {
        let mut written = name.to_owned();
        while !self.is_free(&written) {
            let tries = self.tries.entry(name.to_owned()).or_insert(1);
            *tries += 1;
            written = format!("at-{name}-{tries}");
        }
        self.given.insert(written.to_lowercase());
        written
    }
}

/// Makes the names of all texts of an issue work, and leaves those out that no link needs.
pub(super) fn settle(intro: &mut Vec<Block>, sections: &mut [Section]) {
    let articles = || sections.iter().flat_map(|section| &section.articles);
    let own: HashSet<String> = articles().map(|one| of_article(&one.slug)).collect();
    let titles: HashMap<String, String> =
        articles().map(|one| (slug(&one.title), of_article(&one.slug))).collect();
    let mut scopes = vec![NamedText { blocks: vec![intro], note: None }];
    let articles = sections.iter_mut().flat_map(|section| &mut section.articles);
    scopes.extend(articles.map(scope));

    let mut wanted = HashSet::new();
    for scope in &mut scopes {
        scope.each_href(&mut |href| {
            wanted.extend(named(href));
            None
        });
    }
    let lower = own.iter().map(|name| name.to_lowercase()).collect();
    let mut names = Names { own: lower, given: HashSet::new(), tries: HashMap::new() };
    let written: Vec<HashMap<String, String>> =
        scopes.iter_mut().map(|scope| keep_wanted(scope, &wanted, &mut names)).collect();
    if wanted.is_empty() {
        return;
    }
    let slugs: Vec<HashMap<String, usize>> = scopes.iter_mut().map(heading_slugs).collect();
    let mut headings: HashMap<(usize, usize), String> = HashMap::new();
    for (at, scope) in scopes.iter_mut().enumerate() {
        scope.each_href(&mut |href| {
            let name = named(href)?;
            let elsewhere = || written.iter().find_map(|names| names.get(&name));
            if let Some(own_name) = written[at].get(&name) {
                return Some(format!("#{own_name}"));
            }
            if own.contains(&name) || name.starts_with("section-") {
                return None;
            }
            if let Some(other) = elsewhere() {
                return Some(format!("#{other}"));
            }
            let here = slugs[at].get(&name).map(|heading| (at, *heading));
            let there = || {
                let mut others = slugs.iter().enumerate();
                others.find_map(|(scope, slugs)| Some((scope, *slugs.get(&name)?)))
            };
            if here.is_none() && titles.contains_key(&name) {
                return titles.get(&name).map(|article| format!("#{article}"));
            }
            let heading = here.or_else(there)?;
            let given = headings.entry(heading).or_insert_with(|| names.give(&name));
            Some(format!("#{given}"))
        });
    }
    for (at, scope) in scopes.iter_mut().enumerate() {
        let mut heading = 0;
        scope.each(&mut |line| {
            let NamedLine::Heading(inlines) = line else { return };
            if let Some(name) = headings.remove(&(at, heading)) {
                inlines.insert(0, Inline::Anchor(name));
            }
            heading += 1;
        });
    }
}

fn scope(article: &mut Article) -> NamedText<'_> {
    let mut blocks = vec![&mut article.body];
    blocks.extend(article.footnotes.iter_mut());
    NamedText { blocks, note: article.note.as_mut() }
}

/// Leaves the names of a text that a link wants, each once: as they are written, and as they are now.
fn keep_wanted(
    scope: &mut NamedText<'_>,
    wanted: &HashSet<String>,
    names: &mut Names,
) -> HashMap<String, String> {
    let mut kept: HashMap<String, String> = HashMap::new();
    let mut keep = |name: &str| {
        if !wanted.contains(name) || kept.contains_key(name) {
            return None;
        }
        let given = names.give(name);
        kept.insert(name.to_owned(), given.clone());
        Some(given)
    };
    scope.each(&mut |line| match line {
        NamedLine::Heading(inlines) | NamedLine::Words(inlines) => each_anchor(inlines, &mut keep),
        NamedLine::Html(html) => *html = with_targets(html, &mut keep),
        NamedLine::Href(_) => {}
    });
    let is_something = |block: &Block| match &block.kind {
        BlockKind::Html(html, _) => !html.trim().is_empty(),
        _ => true,
    };
    scope.blocks.iter_mut().for_each(|blocks| blocks.retain(is_something));
    kept
}

/// The headings of a text by their slugs, counted from 0. The second of the same words has a number,
/// as on GitHub.
fn heading_slugs(scope: &mut NamedText<'_>) -> HashMap<String, usize> {
    let mut slugs = HashMap::new();
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut heading = 0;
    scope.each(&mut |line| {
        let NamedLine::Heading(inlines) = line else { return };
        let slug = slug(&plain(inlines));
        let count = counts.entry(slug.clone()).or_default();
        let slug = if *count == 0 { slug } else { format!("{slug}-{count}") };
        *count += 1;
        if is_name(&slug) {
            slugs.entry(slug).or_insert(heading);
        }
        heading += 1;
    });
    slugs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_named_as_on_github() {
        for (words, name) in [
            ("My Heading!", "my-heading"),
            ("한글 소식, 10월", "한글-소식-10월"),
            ("C++ & Rust_x", "c--rust_x"),
            ("It’s here", "its-here"),
        ] {
            assert_eq!(slug(words), name);
        }
        let text = |text: &str| Inline::Text(text.to_owned());
        let mut heading = vec![text("The tide {#tide}")];
        name_heading(&mut heading);
        assert_eq!(heading, [Inline::Anchor("tide".to_owned()), text("The tide")]);
        for other in ["The set {a}", "The tide {#tide} x", "{#}", "x {#a b}", "x {#<b>}"] {
            let mut heading = vec![text(other)];
            name_heading(&mut heading);
            assert_eq!(heading, [text(other)]);
        }
    }

    #[test]
    fn no_name_is_given_twice_or_taken_from_the_letter() {
        let own = HashSet::from(["hangul".to_owned(), "at-hangul-2".to_owned()]);
        let mut names = Names { own, given: HashSet::new(), tries: HashMap::new() };
        let given: Vec<String> =
            ["tide", "tide", "Tide", "hangul", "section-1", "hangul-note-1", "x-ref-12", "note"]
                .iter()
                .map(|name| names.give(name))
                .collect();
        assert_eq!(
            given,
            [
                "tide",
                "at-tide-2",
                "at-Tide-3",
                "at-hangul-3",
                "at-section-1-2",
                "at-hangul-note-1-2",
                "at-x-ref-12-2",
                "note"
            ]
        );
    }
}
