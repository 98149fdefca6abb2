//! Faults that no author can write: the composition or the message is broken on purpose, and the
//! rule that looks after it must say so.

use sejong_digest::compose::Segment;

use crate::harness::Publication;
use crate::sent::Sent;

/// The rules that these tests are for.
pub(crate) const RULES: [&str; 18] = [
    "address-shown",
    "unsubscribe-shown",
    "heading-one",
    "html-balance",
    "html-skeleton",
    "html-image",
    "mso-comment",
    "gmail-style",
    "image-resolution",
    "client-html",
    "text-width",
    "text-links",
    "text-words",
    "text-residue",
    "message-lines",
    "message-headers",
    "message-parts",
    "message-size",
];

fn sent() -> Sent {
    let here = Publication::repository();
    let sent = Sent::read(&here.path(""), "2025-11");
    assert_eq!(sent.check(), [], "the issue is clean before it is broken");
    sent
}

#[track_caller]
fn says(sent: &Sent, rule: &str) {
    assert!(RULES.contains(&rule));
    let told = sent.check();
    let rules: Vec<&str> = told.iter().map(|problem| problem.rule).collect();
    assert!(rules.contains(&rule), "no {rule} in {rules:?}");
}

#[test]
fn a_document_that_is_not_whole() {
    says(&sent().edit_html("</h1>", ""), "html-balance");
    says(&sent().edit_html("<h1", "<h2").edit_html("</h1>", "</h2>"), "heading-one");
    says(
        &sent().edit_html("<!DOCTYPE html>", "<!DOCTYPE html PUBLIC \"-//W3C\">"),
        "html-skeleton",
    );
    says(&sent().edit_html("<title>", "<title>a</title><title>"), "html-skeleton");
    says(&sent().edit_html("<img", "<img src=\"a.png\"><img"), "html-image");
    says(&sent().edit_html("<![endif]-->", "<b><![endif]-->"), "mso-comment");
    says(&sent().edit_html("<h1", "<!--[if !mso]><!--><h1"), "mso-comment");
}

#[test]
fn a_footer_that_some_do_not_see() {
    for style in ["display:none", "visibility: hidden", "opacity:0"] {
        let hidden = format!("<td class=\"f\" style=\"{style};");
        let sent = sent().edit_html("<td class=\"f\" style=\"", &hidden);
        says(&sent, "address-shown");
        says(&sent, "unsubscribe-shown");
    }
    let mut passage = sent();
    let when = Segment::When("member".to_owned());
    passage.composition.html.insert(0, when.clone());
    says(&passage, "address-shown");
    let mut passage = sent();
    passage.composition.text.insert(0, when);
    says(&passage, "unsubscribe-shown");
}

#[test]
fn styles_and_elements_that_programs_drop() {
    says(&sent().edit_html(":root{", "/* x */:root{"), "gmail-style");
    says(&sent().edit_html(":root{", "a{color:red!important}:root{"), "gmail-style");
    says(&sent().edit_html("<h1", "<video></video><h1"), "client-html");
}

#[test]
fn a_picture_that_is_shown_larger_than_it_is() {
    let sent = sent();
    let figures = sent.issue.sections.iter().flat_map(|section| &section.articles);
    let lead = figures.filter_map(|article| article.lead.as_ref()).next().unwrap().clone();
    let mut sent = sent;
    sent.issue.images[lead.image].width = 300;
    says(&sent, "image-resolution");
}

#[test]
fn a_text_that_is_not_clean() {
    let long = format!("Dear {}", "reader ".repeat(20));
    says(&sent().edit_text("Dear ", &long), "text-width");
    says(&sent().edit_text("Dear ", "Dear&nbsp;"), "text-residue");
    says(&sent().edit_text("Dear ", "\n\n\n\n\nDear "), "text-residue");
    let page = "https://thesejongsociety.org/";
    let mut sent = sent();
    for at in &mut sent.composition.text {
        if let Segment::Literal(text) = at {
            *text = text.replace(page, &format!("{page}."));
        }
    }
    says(&sent, "text-links");
    sent.composition.text.truncate(3);
    says(&sent, "text-links");
    says(&sent, "text-words");
}

#[test]
fn a_message_that_relays_would_break() {
    says(&sent().edit_message("\r\nSubject:", "\nSubject:"), "message-lines");
    says(&sent().edit_message("Subject: ", "Subject: é"), "message-lines");
    let long = format!("Subject: {}", "letters ".repeat(12));
    says(&sent().edit_message("Subject: ", &long), "message-lines");
    says(&sent().edit_message("Message-ID:", "X-ID:"), "message-headers");
    says(
        &sent().edit_message("\r\nSubject:", "\r\nBcc: a@b.example\r\nSubject:"),
        "message-headers",
    );
    says(&sent().edit_message("text/plain", "text/x-plain"), "message-parts");
    let mut sent = sent();
    sent.message.extend(b"0123456789ABCDEF\r\n".repeat(600_000));
    says(&sent, "message-size");
}
