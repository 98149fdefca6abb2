//! `[form]` -> what people are asked who subscribe on the web.

use super::wrong;
use crate::audience::subscribers::{RESERVED, change};
use crate::diagnostic::Diagnostic;
use crate::issue::topics::{self, Topic};
use crate::manifest::{Table, ValueKind, is_language};
use crate::web::signup_form::{FormField, SignupForm, TAKEN};

/// Fields that a form may ask for: who is asked more goes away.
const MOST: usize = 12;

/// The form; nothing where `digest.toml` has no `[form]`: then nobody can subscribe on the web.
pub(super) fn read(
    table: &mut Table,
    known: &[Topic],
    problems: &mut Vec<Diagnostic>,
) -> Option<SignupForm> {
    let value = table.take("form")?;
    let is_table = matches!(value.value, ValueKind::Table(_));
    if !is_table {
        let place = table.place(&value.span);
        let what = "form should be a table";
        let help = "write [form] on a line of its own, and its keys below";
        table.report(Diagnostic::error("wrong-type", what).at(place).help(help));
        return None;
    }
    let mut section = Table::new(table.source(), "[form]", value);
    let consent = section.text("consent").map(|text| text.value.trim().to_owned());
    let latest_issue = section.flag("latest_issue").unwrap_or_default();
    let languages = section.texts("languages");
    let mut tags: Vec<String> = Vec::new();
    for text in languages {
        if is_language(&text.value) {
            tags.push(text.value);
        } else {
            let what = format!("{:?} is no language", text.value);
            wrong(&mut section, "language", what, &text, "write a tag such as \"en\" or \"ko\"");
        }
    }
    let topics = shown_topics(&mut section, known);
    let mut fields: Vec<FormField> = Vec::new();
    for mut one in section.tables("field") {
        let name = one.required_text("name", "add name = \"first_name\": what the list calls it");
        let label = one.required_text("label", "add label = \"…\": what people read");
        let is_required = one.flag("required").unwrap_or_default();
        if let Some((name, label)) = name.zip(label) {
            let fault = change::field(&name.value, "x").err();
            let is_taken = TAKEN.contains(&&*name.value) || RESERVED.contains(&&*name.value);
            let is_double = fields.iter().any(|known| known.name == name.value);
            let fault = fault.or_else(|| is_taken.then(|| format!("{} is taken", name.value)));
            let fault = fault.or_else(|| is_double.then(|| format!("{} stands twice", name.value)));
            match fault {
                Some(what) => {
                    let help = "name a field of the list, such as \"first_name\"";
                    wrong(&mut one, "form-field", what, &name, help);
                }
                None => {
                    let (name, label) = (name.value, label.value);
                    fields.push(FormField { name, label, is_required });
                }
            }
        }
        one.finish(problems);
    }
    if fields.len() > MOST {
        let what = format!("a form can have {MOST} fields, and this one has {}", fields.len());
        let place = section.place(&(0..0));
        let help = "ask for what you use: whoever is asked more goes away";
        section.report(Diagnostic::error("form-field", what).at(place).help(help));
    }
    section.finish(problems);
    let consent = consent.filter(|words| !words.is_empty());
    Some(SignupForm { fields, topics, languages: tags, consent, latest_issue })
}

/// The topics that are named, or all where nothing is said.
fn shown_topics(section: &mut Table, known: &[Topic]) -> Vec<Topic> {
    let Some(value) = section.take("topics") else { return known.to_vec() };
    let mut holder = Vec::new();
    let names = match &value.value {
        ValueKind::List(items) => items.clone(),
        _ => vec![value],
    };
    for name in names {
        let place = section.place(&name.span);
        let ValueKind::Text(text) = &name.value else {
            let what = "topics should be a list of names";
            let help = "write topics = [\"events\"], or leave it out for all";
            section.report(Diagnostic::error("wrong-type", what).at(place).help(help));
            continue;
        };
        match known.iter().find(|topic| topic.name == *text) {
            Some(topic) => holder.push(topic.clone()),
            None => section.report(
                Diagnostic::error("topic-unknown", format!("there is no topic {text:?}"))
                    .at(place)
                    .help(topics::instead(text, known)),
            ),
        }
    }
    holder
}
