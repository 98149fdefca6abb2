//! The search: an index that is made with the pages, and a script that looks into it. Without a script
//! the page has the newest articles and the way to all issues.

use std::collections::{BTreeMap, BTreeSet};

use maud::html;
use serde_json::json;

use super::document::Framed;
use super::edition::WebArticle;
use super::metadata::PageMetadata;
use super::{Making, PublishedIssue};
use crate::issue::script::WritingScript;

/// Looks into the index. It finds what [`terms`] finds.
pub(super) const SCRIPT: &str = include_str!("search.js");

/// Articles of the page without a script.
const NEWEST: usize = 30;
/// Characters of a word that count; longer ones are no words.
const LONGEST: usize = 32;

fn articles<'a>(making: Making<'a>) -> impl Iterator<Item = (&'a PublishedIssue, &'a WebArticle)> {
    let of_issue = |issue: &'a PublishedIssue| issue.pages().map(move |article| (issue, article));
    making.issues.iter().flat_map(of_issue)
}

/// The page.
pub(super) fn page(making: Making<'_>) -> String {
    let Making { site, words, .. } = making;
    let content = html! {
        h1 { (words.search) }
        form role="search" data-index=(site.link("search/index.json"))
            data-root={ (site.path) "/" } data-found=(words.found) {
            label for="q" { (words.search_label) }
            input #q type="search" name="q" autocomplete="off";
        }
        p.m #found role="status" {}
        ul.list #results {}
        div #newest {
            h2 { (words.newest) }
            ul.list {
                @for (issue, article) in articles(making).take(NEWEST) {
                    li lang=[(article.language != words.language).then_some(&article.language)] {
                        a href=(site.link(&issue.article_path(article))) { bdi { (article.title) } }
                        " " span.m { bdi { (issue.title()) } }
                    }
                }
            }
            p { a href=(site.link("issues/")) { (words.all_issues) } }
        }
    };
    let newest = making.issues.iter().find_map(PublishedIssue::edition);
    making.framed(Framed {
        title: words.search,
        language: words.language,
        path: "search/",
        metadata: PageMetadata::plain(site, words.search, "search/"),
        logos: newest.map_or(&[], |edition| &edition.logos),
        is_hidden: false,
        searches: true,
        content,
    })
}

/// `articles`: title, path and issue of each; `terms`: for each word the articles that have it, each as
/// the distance from the one before.
pub(super) fn index(making: Making<'_>) -> String {
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut listed = Vec::new();
    for (number, (issue, article)) in articles(making).enumerate() {
        let path = crate::issue::percent::path(&issue.article_path(article));
        listed.push(json!([article.title, path, issue.title(), article.language]));
        let mut own = BTreeSet::new();
        let words = [&article.author, &article.affiliation].into_iter().flatten();
        let words = words.chain(&article.tags).map(String::as_str);
        let notes = issue.corrections_of(&article.slug).map(|one| &*one.note);
        let words = words.chain([&*article.title, &*article.description, &*article.text]);
        words.chain(notes).for_each(|text| terms(text, &mut own));
        for term in own {
            found.entry(term).or_default().push(number);
        }
    }
    let distances = |numbers: Vec<usize>| {
        let mut last = 0;
        let each = numbers.into_iter().map(|number| {
            let distance = number - last;
            last = number;
            distance
        });
        each.collect::<Vec<usize>>()
    };
    let terms: BTreeMap<String, Vec<usize>> =
        found.into_iter().map(|(term, numbers)| (term, distances(numbers))).collect();
    json!({"articles": listed, "terms": terms}).to_string()
}

/// The words of a text in small letters; of scripts without spaces between words, and of Korean, whose
/// words have endings, each two neighbouring letters.
fn terms(text: &str, terms: &mut BTreeSet<String>) {
    let lower = text.to_lowercase();
    for run in lower.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()) {
        let letters: Vec<char> = run.chars().collect();
        for part in letters.chunk_by(|a, b| is_joined(*a) == is_joined(*b)) {
            if !is_joined(part[0]) {
                terms.insert(part.iter().take(LONGEST).collect());
            } else if part.len() == 1 {
                terms.insert(part.iter().collect());
            } else {
                terms.extend(part.windows(2).map(|two| two.iter().collect::<String>()));
            }
        }
    }
}

fn is_joined(c: char) -> bool {
    use WritingScript::{Han, Hangul, Kana, Thai};
    matches!(WritingScript::of(c), Some(Han | Hangul | Kana | Thai))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_letters_of_the_east_go_in_pairs() {
        let mut found = BTreeSet::new();
        terms("Hangul’s Day — 훈민정음 in 2025, 東京! 글", &mut found);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(
            found,
            ["2025", "day", "hangul", "in", "s", "東京", "글", "민정", "정음", "훈민"]
        );
    }

    #[test]
    fn the_script_is_small() {
        assert!(SCRIPT.len() < 6_000, "{}", SCRIPT.len());
    }
}
