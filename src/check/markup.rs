//! The document itself: what every mail program builds on. The composer sees to it; these rules are
//! the second pair of eyes.

use super::html::Tree;
use super::view::View;
use crate::diagnostic::Diagnostic;

const OURS: &str = "this is a mistake in digest or in style.css: please report it, with this issue";

/// Elements that are not closed would swallow what follows.
pub(super) fn balance(view: &View<'_>) -> Vec<Diagnostic> {
    let faults = view.tree.faults.iter();
    faults
        .map(|fault| {
            Diagnostic::error("html-balance", format!("the HTML is not well-formed: {fault}"))
                .at(view.manifest())
                .help(OURS)
        })
        .collect()
}

/// What a document says of itself: type, language, direction, title, character set.
pub(super) fn skeleton(view: &View<'_>) -> Vec<Diagnostic> {
    let tree = &view.tree;
    let has_language = |element: &super::html::Element| {
        element.attribute("lang").is_some_and(|lang| !lang.is_empty())
            && element.attribute("dir").is_some()
    };
    let parts = tree.elements.iter().filter(|element| {
        let around = element.parent.and_then(|parent| tree.elements.get(parent));
        around.is_some_and(|parent| parent.name == "body")
    });
    let parts_say = parts.into_iter().all(|part| {
        has_language(part) || part.style("display").is_some_and(|value| value == "none")
    });
    let titles: Vec<&str> = tree.named("title").map(|title| title.text.trim()).collect();
    let wrong = [
        (
            view.html.get(..15).is_none_or(|start| !start.eq_ignore_ascii_case("<!DOCTYPE html>")),
            "another doctype than <!DOCTYPE html>",
        ),
        (!tree.named("html").all(has_language), "no lang and dir on <html>"),
        (!parts_say, "no lang and dir on a part of <body>"),
        (titles.len() != 1 || titles[0].is_empty(), "no title, or more than one"),
        (!view.html.get(..1024).unwrap_or(&view.html).contains("charset"), "no character set"),
    ];
    let wrong = wrong.into_iter().filter(|(is_wrong, _)| *is_wrong);
    wrong
        .map(|(_, what)| {
            Diagnostic::error("html-skeleton", format!("the document has {what}"))
                .at(view.manifest())
                .help(OURS)
        })
        .collect()
}

/// Pictures without whole numbers for width and height: Word drops anything else.
pub(super) fn image_size(view: &View<'_>) -> Vec<Diagnostic> {
    let whole = |value: Option<&str>| value.is_some_and(|value| value.parse::<u32>().is_ok());
    let images = view.tree.named("img");
    images
        .filter(|img| {
            let sized = whole(img.attribute("width")) && whole(img.attribute("height"));
            !sized || img.attribute("alt").is_none()
        })
        .map(|img| {
            let source = img.attribute("src").unwrap_or_default();
            Diagnostic::error("html-image", format!("{source} lacks alt, width or height"))
                .at(view.manifest())
                .help(OURS)
        })
        .collect()
}

/// Comments for Word: each is closed, and together they are well-formed.
pub(super) fn conditional(view: &View<'_>) -> Vec<Diagnostic> {
    let mut for_word = String::new();
    let mut problems = Vec::new();
    let mut report = |what: String| {
        problems.push(Diagnostic::error("mso-comment", what).at(view.manifest()).help(OURS));
    };
    let mut open = 0_i32;
    for comment in &view.tree.comments {
        let comment = comment.trim();
        let starts = comment.starts_with("[if");
        let ends = comment.ends_with("<![endif]");
        match (starts, ends) {
            (true, true) => {
                let inner = comment.split_once("]>").map_or("", |(_, inner)| inner);
                for_word.push_str(inner.trim_end_matches("<![endif]"));
            }
            // `<!--[if !mso]><!-->` … `<!--<![endif]-->`: seen by all but Word.
            (true, false) => open += 1,
            (false, true) => open -= 1,
            (false, false) => {}
        }
    }
    if open != 0 {
        report("a conditional comment is not closed".to_owned());
    }
    for fault in Tree::read(&for_word).faults {
        report(format!("the part that only Word reads is not well-formed: {fault}"));
    }
    problems
}
