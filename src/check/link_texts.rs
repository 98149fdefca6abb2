//! The texts of links: whether they say where a link leads, and whether two of them can be told apart.

use std::collections::{HashMap, HashSet};

use super::author::Anchor;
use super::links::{each, lower_host, shortened_address};
use super::site::is_service;
use super::view::View;
use crate::diagnostic::Diagnostic;

/// Texts that say nothing of where a link leads, in the languages that newsletters use.
const VAGUE: [&str; 60] = [
    "here",
    "click here",
    "click",
    "read more",
    "more",
    "learn more",
    "this",
    "this link",
    "link",
    "continue reading",
    "read on",
    "find out more",
    "see more",
    "details",
    "more details",
    "go",
    "read",
    "see here",
    "more info",
    "more information",
    "full story",
    "read it",
    "read this",
    "여기",
    "여기를 클릭",
    "여기를 클릭하세요",
    "클릭",
    "클릭하세요",
    "자세히",
    "자세히 보기",
    "자세히보기",
    "더 보기",
    "더보기",
    "더 읽기",
    "더 알아보기",
    "바로가기",
    "바로 가기",
    "링크",
    "보기",
    "원문",
    "こちら",
    "ここ",
    "詳細",
    "詳しくはこちら",
    "続きを読む",
    "もっと見る",
    "点击这里",
    "这里",
    "了解更多",
    "阅读更多",
    "hier",
    "mehr",
    "mehr erfahren",
    "weiterlesen",
    "ici",
    "en savoir plus",
    "lire la suite",
    "aquí",
    "leer más",
    "más información",
];

/// A link's text as it is compared: lower case, without the marks around it.
fn bare(text: &str) -> String {
    let is_mark = |c: char| !c.is_alphanumeric();
    text.trim_matches(is_mark).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a word that is vague elsewhere is the name of what the link leads to: the language Go, a
/// magazine called Here.
fn is_name(link: &Anchor<'_>) -> bool {
    let text = bare(&link.text);
    let Some(host) = lower_host(&link.href) else { return false };
    let lower = link.href.to_lowercase();
    let is_site = host.strip_prefix("www.").unwrap_or(&host).split('.').next() == Some(&*text);
    let is_project =
        is_service(&host) && lower.trim_end_matches('/').ends_with(&format!("/{text}"));
    let has_version = link.around().1.trim_start().starts_with(|c: char| c.is_ascii_digit());
    is_site || is_project || text == "go" && (lower.contains("golang") || has_version)
}

/// Text that says nothing of where the link leads (WCAG 2.4.4).
pub(super) fn vague(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let is_vague = !link.has_picture && VAGUE.contains(&bare(&link.text).as_str());
        (is_vague && !is_name(link)).then(|| {
            let text = link.text.trim();
            Diagnostic::warning(
                "link-vague",
                format!("the link text {text:?} does not say where the link leads"),
            )
            .at(link.label())
            .help("name the page; screen readers list links without the text around them")
        })
    })
}

/// Text of symbols alone: a screen reader says "rightwards arrow".
pub(super) fn symbols(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        let text = link.text.trim();
        let only = !link.has_picture && !text.is_empty() && !text.contains(char::is_alphanumeric);
        only.then(|| {
            Diagnostic::warning("link-emoji", format!("the text of this link is only {text:?}"))
                .at(link.label())
                .help("add words: a screen reader reads the names of the symbols")
        })
    })
}

/// What is compared of a text: `C++`, `C#` and `@Gull` are others than `C` and `Gull`.
fn compared(text: &str) -> String {
    let is_around = |c: char| {
        c.is_whitespace()
            || ".,:;!?…·()[]\"'“”‘’„«»‹›*_~→⟶➜↗>".contains(c)
            || "、。「」『』（）".contains(c)
    };
    let words = text.trim_matches(is_around).to_lowercase();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Links of one text that are looked at: readers know the others as they know these.
const MOST: usize = 100;

/// One text that leads to several places: told once for each text, and not where the list item, the
/// row or the heading around says which is meant (WCAG 2.4.4 lets these say so), nor what is around
/// it in its sentence.
pub(super) fn same_text(view: &View<'_>) -> Vec<Diagnostic> {
    let pressed = view.author.links.iter().filter(|link| !link.has_picture);
    let all: Vec<(&Anchor<'_>, String)> =
        pressed.map(|link| (link, compared(&link.text))).collect();
    // The first link of each text, and how many others were looked at beside it.
    let mut first: HashMap<(usize, bool, &str), (usize, usize)> = HashMap::new();
    let mut told = HashSet::new();
    let mut problems = Vec::new();
    for (at, (link, text)) in all.iter().enumerate() {
        if text.is_empty() || VAGUE.contains(&bare(text).as_str()) {
            continue;
        }
        // A list of contents within the mail has the words of what it leads to.
        let is_within = link.href.starts_with('#');
        let (known, looked) = first.entry((link.context, is_within, text)).or_insert((at, 0));
        let before = all[*known].0;
        if is_same_page(&before.href, &link.href) || *looked >= MOST {
            continue;
        }
        *looked += 1;
        if is_explained(before, link, text) || is_series(&all, *known, at) {
            continue;
        }
        if told.insert(text) {
            let other = shortened_address(before.href.trim_end_matches('/'));
            let what =
                format!("another link with the text {:?} leads to {other}", link.text.trim());
            problems.push(
                Diagnostic::warning("link-same-text", what)
                    .at(link.label())
                    .help("give each link its own text, or let both lead to the same page"),
            );
        }
    }
    problems
}

/// Whether readers know which of two links is meant: an account on another service, the source of
/// another quote, another post.
fn is_explained(before: &Anchor<'_>, link: &Anchor<'_>, text: &str) -> bool {
    let (Some(one), Some(other)) = (lower_host(&before.href), lower_host(&link.href)) else {
        return is_source(link) || is_in_brackets(link);
    };
    let is_account = one != other && {
        let is_handle = text.starts_with('@') && !text.contains(' ');
        let ends_in = |href: &str| {
            let end = href.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            end.trim_start_matches('@').eq_ignore_ascii_case(text.trim_start_matches('@'))
        };
        let is_profile = |link: &Anchor<'_>, host: &str| {
            ends_in(&link.href) && (is_service(host) || link.href.contains("/@"))
        };
        is_handle || is_profile(before, &one) && is_profile(link, &other)
    };
    let is_tag = text.starts_with('#') && {
        let tag = text.trim_start_matches('#');
        let has = |href: &str| {
            let href = href.to_lowercase();
            ["hashtag/", "hashtags/", "tags/", "tagged/", "tag/"]
                .iter()
                .any(|path| href.contains(&format!("{path}{tag}")))
        };
        has(&before.href) && has(&link.href)
    };
    let is_post = |href: &str| {
        ["/status/", "/statuses/", "/post/", "/posts/", "/@", "/p/", "/notes/"]
            .iter()
            .any(|path| href.contains(path))
    };
    let is_dated_post = is_date(text) && is_post(&before.href) && is_post(&link.href);
    is_account || is_tag || is_dated_post || is_source(link) || is_in_brackets(link)
}

/// Whether a text is a date with its year, as posts show when they were written.
fn is_date(text: &str) -> bool {
    let is_year = |part: &str| {
        part.len() == 4 && part.starts_with("20") && part.bytes().all(|b| b.is_ascii_digit())
    };
    text.split(|c: char| !c.is_ascii_digit()).any(is_year) && text.split_whitespace().count() < 8
}

/// Whether the link says who or where something is from: behind a dash or "via", at the end.
fn is_source(link: &Anchor<'_>) -> bool {
    const DASHES: [&str; 5] = ["—", "―", "–", "--", "~ "];
    const WORDS: [&str; 9] =
        ["via", "source", "sources", "credit", "h/t", "quelle", "출처", "出典", "来源"];
    let (before, behind) = link.around();
    let is_mark = |c: char| c.is_whitespace() || "*_".contains(c);
    let line = before.trim_start_matches(|c: char| is_mark(c) || c == '>');
    let before = before.trim_end_matches(|c: char| is_mark(c) || c == ':');
    let last = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let is_last = !behind.contains(char::is_alphanumeric);
    let is_behind = DASHES.iter().any(|dash| before.ends_with(dash.trim_end()))
        || WORDS.contains(&last.to_lowercase().as_str());
    DASHES.iter().any(|dash| line.starts_with(dash)) || is_last && is_behind
}

/// Whether the link stands in round brackets that end a sentence or a line: what is before them says
/// of what it is a proof.
fn is_in_brackets(link: &Anchor<'_>) -> bool {
    let (before, behind) = link.around();
    let depth = before.chars().fold(0_usize, |depth, c| match c {
        '(' => depth + 1,
        ')' => depth.saturating_sub(1),
        _ => depth,
    });
    if depth == 0 {
        return false;
    }
    let mut open = 1_usize;
    let end = behind.char_indices().find(|(_, c)| {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        open == 0
    });
    let rest = end.map(|(at, _)| behind[at + 1..].trim_start_matches([' ', '*', '_']));
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(['.', ',', ';', ':', '!', '?', '。'])
    })
}

/// Whether both links are the same part of a row that is written twice, as of `2019 (part 1, part
/// 2), 2020 (part 1, part 2)`.
fn is_series(all: &[(&Anchor<'_>, String)], first: usize, second: usize) -> bool {
    let beside = |at: Option<usize>, of: usize| {
        let (link, text) = all.get(at?)?;
        (link.context == all[of].0.context && *text != all[of].1).then_some(text)
    };
    let behind = |at: usize| beside(at.checked_add(1), at);
    let before = |at: usize| beside(at.checked_sub(1), at);
    let is_same = |one: Option<&String>, other: Option<&String>| one.is_some() && one == other;
    is_same(behind(first), behind(second)) || is_same(before(first), before(second))
}

/// An address without what makes no other page of it.
fn same_page(href: &str) -> &str {
    let bare = href.trim_end_matches('/');
    let bare = ["https://", "http://"].iter().find_map(|scheme| bare.strip_prefix(scheme));
    let bare = bare.unwrap_or(href.trim_end_matches('/'));
    bare.strip_prefix("www.").unwrap_or(bare)
}

/// Whether two links lead to one page or one mailbox, whose name may be in capitals.
fn is_same_page(one: &str, other: &str) -> bool {
    let (one, other) = (same_page(one), same_page(other));
    let is_mailbox = one.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    one == other || is_mailbox && one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_make_another_text() {
        assert_eq!(compared(" “C++”, "), "c++");
        assert_eq!(compared("Slides →"), "slides");
        assert_eq!(compared("@LiveTide"), "@livetide");
        assert_eq!(compared("(**)"), "");
    }

    #[test]
    fn a_date_of_a_post_has_its_year() {
        assert!(is_date("november 3, 2025") && is_date("2025-11-03"));
        assert!(!is_date("12 may") && !is_date("part 3"));
    }
}
