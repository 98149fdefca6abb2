//! What the law asks of bulk mail.

use super::view::{UNSUBSCRIBE, View};
use crate::diagnostic::Diagnostic;

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The postal address, in both forms of the mail (CAN-SPAM Act, 15 U.S.C. 7704(a)(5)).
pub(super) fn address_shown(view: &View<'_>) -> Vec<Diagnostic> {
    let Some(address) = &view.input.publication.postal_address else { return Vec::new() };
    let address = squeezed(address);
    let forms = [(view.visible(), "HTML"), (squeezed(&view.text), "text")];
    let without = forms.into_iter().filter(|(text, _)| !text.contains(&address));
    without
        .map(|(_, form)| {
            Diagnostic::error(
                "address-shown",
                format!("readers of the {form} see no postal address"),
            )
            .at(view.place_of("display"))
            .help("check whether style.css hides it; the law requires it in bulk mail")
        })
        .collect()
}

/// A way out, in both forms of the mail.
pub(super) fn unsubscribe_shown(view: &View<'_>) -> Vec<Diagnostic> {
    let tree = &view.tree;
    let in_html = tree.texts.iter().any(|words| {
        let mut around = tree.around(words.parent);
        let leads_out = around.any(|element| {
            element.attribute("href").is_some_and(|href| href.contains(UNSUBSCRIBE))
        });
        leads_out && !words.text.trim().is_empty() && !tree.is_hidden(words.parent)
    });
    let forms = [(in_html, "HTML"), (view.text.contains(UNSUBSCRIBE), "text")];
    let without = forms.into_iter().filter(|(is_there, _)| !is_there);
    without
        .map(|(_, form)| {
            let what = format!("readers of the {form} see no link to unsubscribe");
            Diagnostic::error("unsubscribe-shown", what).at(view.place_of("display")).help(
                "check whether style.css hides it; people who cannot unsubscribe report the mail \
                 as spam",
            )
        })
        .collect()
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
