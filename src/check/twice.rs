//! An article that stands in an issue twice, under two names: the copy of a file, or a text that was
//! saved again.

use std::collections::HashMap;

use super::view::View;
use crate::diagnostic::{Diagnostic, Place};
use crate::issue::Article;

/// Characters of a text that two articles do not share by chance.
const LEAST: usize = 30;
/// The same where nothing else is the same: a short notice may be printed twice.
const LONG: usize = 400;
/// Words of a title that two articles do not share by chance: there may be two of "Book review".
const WORDS: usize = 4;

/// Two articles with the same long text, or of which two of these are the same: the text, the title, the
/// name of the file without the end of a copy's.
pub(super) fn articles(view: &View<'_>) -> Vec<Diagnostic> {
    let sections = &view.input.issue.sections;
    let all: Vec<&Article> = sections.iter().flat_map(|section| &section.articles).collect();
    let mut first: HashMap<String, &Article> = HashMap::new();
    let mut problems = Vec::new();
    for article in all {
        let keys = keys(article);
        let known = keys.iter().find_map(|(key, what)| Some((*first.get(key)?, *what)));
        if let Some((other, what)) = known {
            let place = title_place(article);
            let words = format!("this article has the same {what} as {}", title_place(other));
            problems.push(Diagnostic::warning("article-twice", words).at(place).help(
                "if it is a copy, take one of the two out of issue.toml: readers would get both",
            ));
        }
        for (key, _) in keys {
            first.entry(key).or_insert(article);
        }
    }
    problems
}

/// What no other article of an issue has, each with what it is.
fn keys(article: &Article) -> Vec<(String, &'static str)> {
    let text = body(article.source.text());
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let title = article.title.trim().to_lowercase();
    let mut keys = Vec::new();
    let name = without_copy(&article.slug);
    if text.chars().nth(LONG).is_some() {
        keys.push((format!("text {text}"), "text"));
    }
    if text.chars().nth(LEAST).is_some() {
        keys.push((format!("name {name} text {text}"), "text"));
        keys.push((format!("title {title} text {text}"), "text"));
    }
    if title.split_whitespace().count() >= WORDS {
        keys.push((format!("title {title}"), "title"));
    }
    keys.push((format!("name {name} title {title}"), "title"));
    keys
}

/// The text of a file below its front matter.
fn body(source: &str) -> &str {
    let Some(mark) = ["---", "+++"].into_iter().find(|mark| source.starts_with(mark)) else {
        return source;
    };
    let mut at = 0;
    for (number, line) in source.split_inclusive('\n').enumerate() {
        at += line.len();
        if number > 0 && line.trim_end() == mark {
            return &source[at..];
        }
    }
    source
}

/// The name of a file without what programs put at the end of a copy's: `winter (copy)`, `winter-2`.
fn without_copy(slug: &str) -> String {
    let lower = slug.to_lowercase();
    let digits = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let mut name = lower.as_str();
    loop {
        let before = name.len();
        name = name.trim_end_matches([' ', '-', '_', ')', '(']);
        // A number is a part of the name where nothing stands before it.
        let bare = &name[..digits(name)];
        name = if bare.ends_with([' ', '-', '_', '(']) { bare } else { name };
        for end in ["copy", "kopie", "copie", "copia", "사본", "コピー", "副本", "final", "new"]
        {
            name = name.strip_suffix(end).unwrap_or(name);
        }
        if name.len() == before {
            break;
        }
    }
    let name = name.strip_prefix("copy of ").unwrap_or(name);
    if name.is_empty() { lower } else { name.to_owned() }
}

/// Where the title of an article is written, or else its file.
fn title_place(article: &Article) -> Place {
    let text = article.source.text();
    let found = Some(&article.title).filter(|title| !title.is_empty());
    match found.and_then(|title| memchr::memmem::find(text.as_bytes(), title.as_bytes())) {
        Some(at) => Place::span(&article.source, at..at + article.title.len()),
        None => Place::File(article.source.path().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_copy_is_that_of_its_file() {
        for name in [
            "winter",
            "winter (copy)",
            "winter copy",
            "winter-2",
            "Winter (1)",
            "winter - Kopie (2)",
        ] {
            assert_eq!(without_copy(name), "winter", "{name}");
        }
        assert_eq!(without_copy("2025"), "2025");
        assert_eq!(without_copy("part11"), "part11");
        assert_eq!(without_copy("copy"), "copy");
    }
}
