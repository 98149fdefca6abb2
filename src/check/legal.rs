//! What the law asks of bulk mail.

use super::html::Tree;
use super::view::{UNSUBSCRIBE, View, visible};
use crate::diagnostic::{Diagnostic, Place};

/// Without white space: words of another script stand in an element of their own.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The postal address, in both forms of the mail (CAN-SPAM Act, 15 U.S.C. 7704(a)(5)), whatever
/// tags a reader has.
pub(super) fn address_shown(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(address) = &view.input.publication.postal_address else { return Vec::new() };
    let address = squeezed(address);
    missing(
        view,
        |tree| squeezed(&visible(tree)).contains(&address),
        |text| squeezed(text).contains(&address),
        |who| {
            Diagnostic::error("address-shown", format!("{who} see no postal address"))
                .help("check whether style.css hides it; the law requires it in bulk mail")
        },
    )
}

/// A way out, in both forms of the mail, whatever tags a reader has.
pub(super) fn unsubscribe_shown(view: &View<'_>) -> Vec<Diagnostic> {
    let in_html = |tree: &Tree| {
        tree.texts.iter().any(|words| {
            let mut around = tree.around(words.parent);
            let leads_out = around.any(|element| {
                element.attribute("href").is_some_and(|href| href.contains(UNSUBSCRIBE))
            });
            leads_out && !words.text.trim().is_empty() && !tree.is_hidden(words.parent)
        })
    };
    missing(
        view,
        in_html,
        |text| text.contains(UNSUBSCRIBE),
        |who| {
            Diagnostic::error("unsubscribe-shown", format!("{who} see no link to unsubscribe")).help(
            "check whether style.css hides it; people who cannot unsubscribe report the mail as \
             spam",
        )
        },
    )
}

/// The problem for each form of the mail in which something is missing.
fn missing(
    view: &View<'_>,
    in_html: impl Fn(&Tree) -> bool,
    in_text: impl Fn(&str) -> bool,
    problem: impl Fn(&str) -> Diagnostic,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (at, (tree, text)) in view.readings().into_iter().enumerate() {
        let whose = if at == 0 { "" } else { " without a tag" };
        let forms = [(in_html(tree), "HTML"), (in_text(text), "text")];
        for (_, form) in forms.into_iter().filter(|(is_there, _)| !is_there) {
            let who = format!("readers of the {form}{whose}");
            problems.push(problem(&who).at(hides(view)));
        }
    }
    problems
}

/// Where something may hide it: a `display` in style.css or raw HTML.
fn hides(view: &View<'_>) -> Place {
    view.in_markup("display").unwrap_or_else(|| view.manifest())
}

/// Commercial mail to Korea says so first (Network Act, article 50).
pub(super) fn advertising_mark(view: &View<'_>) -> Vec<Diagnostic> {
    if !view.input.issue.advertising || view.subject.starts_with("(광고)") {
        return Vec::new();
    }
    let problem = Diagnostic::error("advertising-mark", "the subject does not begin with (광고)")
        .at(view.subject_place())
        .help("write subject = \"(광고) …\", or advertising = false if it is not an advertisement");
    vec![problem]
}

/// Commercial mail to Korea says whom to turn to (Network Act, article 50).
pub(super) fn advertising_contact(view: &View<'_>) -> Vec<Diagnostic> {
    if !view.input.issue.advertising {
        return Vec::new();
    }
    let visible = view.visible();
    let is_mail = |word: &str| {
        word.rsplit_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
    };
    let is_telephone = |word: &str| {
        word.chars().filter(char::is_ascii_digit).count() >= 8
            && word.chars().all(|c| c.is_ascii_digit() || "+-().".contains(c))
    };
    let contact = ["mailto:", "tel:"];
    let links = view.targets().iter().any(|href| contact.iter().any(|way| href.starts_with(way)));
    if links || visible.split_whitespace().any(|word| is_mail(word) || is_telephone(word)) {
        return Vec::new();
    }
    let what = "the advertisement has no telephone number or mail address of its sender";
    let problem = Diagnostic::error("advertising-contact", what)
        .at(view.publication())
        .help("add it to footer in [theme], or to the intro");
    vec![problem]
}
