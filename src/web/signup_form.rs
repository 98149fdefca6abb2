//! The form for subscribing: what it asks for, how it is written, and what somebody has said on it.
//!
//! What is wrong with what somebody said is told by their words alone: nothing is looked up.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::form::SentForm;
use super::page::filled_text;
use super::web_address::has_web_address;
use super::words::PageWords;
use super::{Site, page, typed};
use crate::audience::signup::words_hash;
use crate::audience::subscribers::change;
use crate::compose::language::meant;
use crate::issue::topics::Topic;
use crate::message::address::Address;

/// Characters of a value.
const LONGEST: usize = 200;

/// A field that only programs fill in. No field of a publication can be called so.
pub const TRAP: &str = "homepage";

/// What forms say that do not name the topics that they show: those of their day.
const ALL_SHOWN: &str = "shown";

/// Names that no field of a form can have, beside those that the store keeps.
pub const TAKEN: [&str; 9] =
    ["email", "topic", "topics", "language", "words", "consent", "sure", TRAP, "confirm"];

/// What the form asks for; see [`super::WebOptions`].
#[derive(Clone, Debug, PartialEq)]
pub struct SignupForm {
    /// Beside the address.
    pub fields: Vec<FormField>,
    /// Topics that can be chosen.
    pub topics: Vec<Topic>,
    /// Languages that can be chosen (BCP 47).
    pub languages: Vec<String>,
    /// What people agree to; ours where nothing is said.
    pub consent: Option<String>,
    /// Whether the welcome leads to the latest issue.
    pub latest_issue: bool,
}

/// A field of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// As the list calls it.
    pub name: String,
    /// As people read it.
    pub label: String,
    /// Whether it has to be filled in.
    pub is_required: bool,
}

/// What somebody has said on it, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FormInput {
    email: String,
    values: BTreeMap<String, String>,
    /// The topics that are wanted, where topics were shown.
    topics: Option<Vec<String>>,
    /// Those that were shown, where the form says so: one on another site may be older than a topic.
    shown: Option<Vec<String>>,
    language: String,
    /// In which language the form was.
    words: Option<String>,
    /// What names the words of consent that it showed.
    pub(super) consent: Option<String>,
    /// The address that is right although it looks like another one.
    sure: String,
    pub(super) is_of_program: bool,
}

/// The same as it is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FormAnswer {
    pub(super) address: Address,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) language: String,
    /// The topics that the form showed, and whether they want each.
    pub(super) topics: Vec<(String, bool)>,
}

/// What is wrong with it: the field, and what about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FormProblem {
    pub(super) field: String,
    pub(super) what: FieldProblem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldProblem {
    NoAddress,
    /// They get mail there already, and have proven it.
    OwnAddress,
    /// It is written almost like the address of a provider of mail that everybody knows.
    Nearly(NearlyAddress),
    Missing,
    Unfit,
    UnknownTopic,
}

impl FormProblem {
    pub(super) fn new(field: &str, what: FieldProblem) -> FormProblem {
        FormProblem { field: field.to_owned(), what }
    }

    pub(super) fn text(&self, words: &PageWords) -> String {
        let text = match &self.what {
            FieldProblem::NoAddress => words.form.email_wrong,
            FieldProblem::OwnAddress => words.moving.own_text,
            FieldProblem::Nearly(NearlyAddress { written, meant }) => {
                let text = words.form.email_nearly.replace("{meant}", meant);
                return text.replace("{written}", written);
            }
            FieldProblem::Missing => words.form.field_missing,
            FieldProblem::Unfit => words.form.field_wrong,
            FieldProblem::UnknownTopic => words.form.topic_unknown,
        };
        text.to_owned()
    }

    /// What was probably meant, of an address that may be right.
    pub(super) fn nearly(&self) -> Option<&NearlyAddress> {
        match &self.what {
            FieldProblem::Nearly(nearly) => Some(nearly),
            _ => None,
        }
    }
}

/// An address that may be right, and the one that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NearlyAddress {
    pub(super) written: String,
    pub(super) meant: String,
}

impl FormInput {
    /// Of a form that a browser sends.
    pub(super) fn of_form(form: &SentForm) -> FormInput {
        let value = |name: &str| form.value(name).unwrap_or_default().to_owned();
        let shown = form.value("topics");
        let named = shown.filter(|shown| *shown != ALL_SHOWN);
        FormInput {
            email: value("email"),
            values: form.all().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            topics: shown.map(|_| form.values("topic").map(str::to_owned).collect()),
            shown: named.map(|named| named.split(';').map(str::to_owned).collect()),
            language: value("language"),
            words: form.value("words").map(str::to_owned),
            consent: form.value("consent").map(str::to_owned),
            sure: value("sure"),
            is_of_program: form.value(TRAP).is_some_and(|trap| !trap.is_empty()),
        }
    }

    /// Of a JSON object with texts, and a list of `topics`; nothing where it is none.
    pub(super) fn of_json(body: &[u8]) -> Option<FormInput> {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(body).ok()?;
        let mut input = FormInput::default();
        for (name, value) in object {
            match (name.as_str(), value) {
                ("topics", serde_json::Value::Array(names)) => {
                    let names: Option<Vec<String>> =
                        names.iter().map(|one| one.as_str().map(str::to_owned)).collect();
                    input.topics = Some(names?);
                }
                // Nobody shall get all topics by a slip.
                ("topics", serde_json::Value::String(_)) => return None,
                ("email", serde_json::Value::String(text)) => input.email = text,
                ("language", serde_json::Value::String(text)) => input.language = text,
                ("words", serde_json::Value::String(text)) => input.words = Some(text),
                ("consent", serde_json::Value::String(text)) => input.consent = Some(text),
                ("sure", serde_json::Value::String(text)) => input.sure = text,
                (TRAP, serde_json::Value::String(text)) => input.is_of_program = !text.is_empty(),
                (_, serde_json::Value::String(text)) => {
                    input.values.insert(name, text);
                }
                (_, serde_json::Value::Null) => {}
                _ => return None,
            }
        }
        Some(input)
    }

    /// The words of the form that it was, where it says so.
    pub(super) fn words(&self) -> Option<&'static PageWords> {
        PageWords::of(self.words.as_deref()?)
    }

    fn has_shown(&self, topic: &Topic) -> bool {
        let shown = self.shown.as_ref();
        shown.is_none_or(|shown| shown.iter().any(|name| is_called(topic, name)))
    }

    fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }
}

impl SignupForm {
    /// What somebody has said, if it can be believed.
    pub(super) fn read(&self, input: &FormInput) -> Result<FormAnswer, FormProblem> {
        let address = typed_address(&input.email, &input.sure)?;
        let mut fields = BTreeMap::new();
        for field in &self.fields {
            let unfit = || FormProblem::new(&field.name, FieldProblem::Unfit);
            let value = fit_value(input.value(&field.name)).ok_or_else(unfit)?;
            if value.is_empty() && field.is_required {
                return Err(FormProblem::new(&field.name, FieldProblem::Missing));
            }
            if !value.is_empty() {
                fields.insert(field.name.clone(), value);
            }
        }
        let language = meant(&input.language, &self.languages).cloned().unwrap_or_default();
        let topics = self.answers(input)?;
        Ok(FormAnswer { address, fields, language, topics })
    }

    /// What was said of the topics that were shown: of all others nothing was.
    fn answers(&self, input: &FormInput) -> Result<Vec<(String, bool)>, FormProblem> {
        let Some(chosen) = &input.topics else { return Ok(Vec::new()) };
        let is_known = |name: &String| self.topics.iter().any(|topic| is_called(topic, name));
        if !chosen.iter().all(is_known) {
            return Err(FormProblem::new("topics", FieldProblem::UnknownTopic));
        }
        let answer = |topic: &Topic| {
            let is_chosen = chosen.iter().any(|name| is_called(topic, name));
            (is_chosen || input.has_shown(topic)).then(|| (topic.name.clone(), is_chosen))
        };
        Ok(self.topics.iter().filter_map(answer).collect())
    }

    /// All that people may be asked to agree to, in each language of the form.
    pub fn consents(&self, site: &Site) -> Vec<String> {
        let mut all: Vec<String> =
            PageWords::all().map(|words| self.consent(site, words)).collect();
        all.dedup();
        all
    }

    /// What people agree to, as it stands on the form.
    pub(super) fn consent(&self, site: &Site, words: &PageWords) -> String {
        match &self.consent {
            Some(own) => own.clone(),
            None => filled_text(words.form.consent, site),
        }
    }
}

/// The address that somebody has typed; one that looks like another has to be typed twice, then it is
/// `sure`.
pub(super) fn typed_address(text: &str, sure: &str) -> Result<Address, FormProblem> {
    let wrong = |what| FormProblem::new("email", what);
    let address = typed::narrowed(text);
    let address = Address::parse(&address).map_err(|_| wrong(FieldProblem::NoAddress))?;
    let is_sure = typed::narrowed(sure).eq_ignore_ascii_case(address.as_str());
    if let Some(meant) = typed::meant(&address).filter(|_| !is_sure) {
        let written = address.as_str().to_owned();
        return Err(wrong(FieldProblem::Nearly(NearlyAddress { written, meant })));
    }
    Ok(address)
}

/// Whether somebody means a topic, in capitals or not.
fn is_called(topic: &Topic, name: &str) -> bool {
    topic.name.eq_ignore_ascii_case(name.trim())
}

/// A value as it is kept; none where nobody shall send it by our mail, or a form in another encoding
/// has destroyed it.
pub(super) fn fit_value(value: &str) -> Option<String> {
    let is_whole = !value.contains('\u{FFFD}');
    let value = change::text(value);
    let is_short = value.chars().count() <= LONGEST;
    (is_whole && is_short && !has_web_address(&value)).then_some(value)
}

/// What stands around a form.
pub(super) struct FormShown<'a> {
    pub(super) site: &'a Site,
    pub(super) form: &'a SignupForm,
    pub(super) words: &'static PageWords,
    /// Where it goes.
    pub(super) action: String,
    /// Whether it stands on another site, without our sheet.
    pub(super) is_elsewhere: bool,
}

/// The form. What was said on it stands in it again, with what is wrong.
pub(super) fn markup(
    shown: &FormShown<'_>,
    input: &FormInput,
    problem: Option<&FormProblem>,
) -> Markup {
    let FormShown { site, form, words, action, is_elsewhere } = shown;
    let own = &words.form;
    let hidden = is_elsewhere.then_some("position:absolute;left:-200vw");
    html! {
        form method="post" action=(action) accept-charset="utf-8" lang=(words.language)
            dir=(page::direction(words)) {
            input type="hidden" name="words" value=(words.language);
            input type="hidden" name="consent" value=(words_hash(&form.consent(site, words)));
            @if let Some(nearly) = problem.and_then(FormProblem::nearly) {
                input type="hidden" name="sure" value=(nearly.written);
            }
            (text_field(words, ("email", own.email_label, true), &input.email, problem))
            @for field in &form.fields {
                @let about = (&*field.name, &*field.label, field.is_required);
                (text_field(words, about, input.value(&field.name), problem))
            }
            @if let Some(problem) = problem.filter(|problem| problem.field == "topics") {
                p role="alert" { strong { (problem.text(words)) } }
            }
            @if !form.topics.is_empty() { (topics(form, words, input)) }
            @if form.languages.len() > 1 {
                p {
                    label for="digest-language" { (own.language_label) }
                    select id="digest-language" name="language" {
                        @for language in &form.languages {
                            @let wanted = if input.language.is_empty() {
                                words.language
                            } else {
                                &input.language
                            };
                            @let is_chosen = meant(wanted, &form.languages) == Some(language);
                            option value=(language) selected[is_chosen] { (language_name(language)) }
                        }
                    }
                }
            }
            p.trap style=[hidden] aria-hidden="true" {
                label { (own.trap_label)
                    input type="text" name=(TRAP) value="" tabindex="-1" autocomplete="off"; }
            }
            p { (form.consent(site, words)) }
            p { button type="submit" { (own.subscribe_button) } }
        }
    }
}

/// A field with its label, and what is wrong with it.
pub(super) fn text_field(
    words: &PageWords,
    (name, label, is_required): (&str, &str, bool),
    value: &str,
    problem: Option<&FormProblem>,
) -> Markup {
    let problem = problem.filter(|problem| problem.field == name);
    let id = format!("digest-{name}");
    let told = format!("{id}-problem");
    let kind = if name == "email" { "email" } else { "text" };
    let fills = match name {
        "email" => Some("email"),
        "first_name" => Some("given-name"),
        "last_name" => Some("family-name"),
        "name" => Some("name"),
        _ => None,
    };
    html! {
        p {
            label for=(id) { (label) }
            input type=(kind) id=(id) name=(name) value=(value) required[is_required] dir="auto"
                autocomplete=[fills] maxlength="254" aria-invalid=[problem.map(|_| "true")]
                aria-describedby=[problem.map(|_| &told)];
            @if let Some(problem) = problem {
                strong.wrong id=(told) { (problem.text(words)) }
            }
        }
    }
}

fn topics(form: &SignupForm, words: &PageWords, input: &FormInput) -> Markup {
    let is_wanted = |topic: &Topic| {
        let chosen = input.topics.as_ref();
        let is_chosen = |chosen: &Vec<String>| chosen.iter().any(|name| is_called(topic, name));
        chosen.is_none_or(is_chosen) || !input.has_shown(topic)
    };
    let shown: Vec<&str> = form.topics.iter().map(|topic| topic.name.as_str()).collect();
    html! {
        fieldset {
            legend { (words.form.topics_label) }
            input type="hidden" name="topics" value=(shown.join(";"));
            @for topic in &form.topics {
                label {
                    input type="checkbox" name="topic" value=(topic.name) checked[is_wanted(topic)];
                    (topic.title)
                    @if let Some(about) = &topic.about { " · " (about) }
                }
            }
        }
    }
}

/// A language in itself, or its tag.
pub(super) fn language_name(tag: &str) -> &str {
    PageWords::of(tag).map_or(tag, |words| words.form.language_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Place;

    fn form() -> SignupForm {
        let topic = |name: &str| Topic {
            name: name.to_owned(),
            title: name.to_owned(),
            about: None,
            place: Place::File("digest.toml".into()),
        };
        let field = |name: &str, is_required| FormField {
            name: name.to_owned(),
            label: name.to_owned(),
            is_required,
        };
        SignupForm {
            fields: vec![field("first_name", true), field("city", false)],
            topics: vec![topic("events"), topic("jobs")],
            languages: vec!["en".to_owned(), "ko".to_owned()],
            consent: None,
            latest_issue: false,
        }
    }

    fn said(events: bool, jobs: bool) -> Vec<(String, bool)> {
        vec![("events".to_owned(), events), ("jobs".to_owned(), jobs)]
    }

    #[test]
    fn of_a_topic_that_an_older_form_does_not_show_nothing_is_said() {
        let answers = |shown: &[&str], chosen: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
            let (topics, shown) = (Some(owned(chosen)), Some(owned(shown)));
            form().answers(&FormInput { topics, shown, ..FormInput::default() }).unwrap()
        };
        assert_eq!(answers(&["events", "gone"], &[]), [("events".to_owned(), false)]);
        assert_eq!(answers(&[], &["jobs"]), [("jobs".to_owned(), true)]);
        assert_eq!(answers(&["events", "jobs"], &["events"]), said(true, false));
    }

    fn json(text: &str) -> Result<FormAnswer, FormProblem> {
        form().read(&FormInput::of_json(text.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_said_is_read_and_what_is_wrong_names_its_field() {
        let answer = json(
            r#"{"email": " Kim@example.org ", "first_name": "Kim", "language": "ko", "x": "y",
                "topics": ["jobs"]}"#,
        );
        let answer = answer.unwrap();
        assert_eq!((answer.address.as_str(), &*answer.language), ("Kim@example.org", "ko"));
        assert_eq!((answer.topics, answer.fields.len()), (said(false, true), 1));
        // A browser says where its language is spoken.
        let korea = r#"{"email": "k@a.example", "first_name": "K", "language": "ko-KR"}"#;
        assert_eq!(json(korea).unwrap().language, "ko");
        // As the name of a topic matches wherever it is written.
        let capitals = r#"{"email": "k@a.example", "first_name": "K", "topics": [" JOBS"]}"#;
        assert_eq!(json(capitals).unwrap().topics, said(false, true));
        let none = r#"{"email": "k@a.example", "first_name": "K", "topics": []}"#;
        assert_eq!(json(none).unwrap().topics, said(false, false));
        let all = json(r#"{"email": "kim@example.org", "first_name": "K", "language": "tlh"}"#);
        let all = all.unwrap();
        assert_eq!((all.topics.len(), &*all.language), (0, ""));
        let long = "x".repeat(201);
        for (text, field, what) in [
            (r#"{"email": "kim", "first_name": "K"}"#.to_owned(), "email", FieldProblem::NoAddress),
            ("{}".to_owned(), "email", FieldProblem::NoAddress),
            (r#"{"email": "k@a.example"}"#.to_owned(), "first_name", FieldProblem::Missing),
            (
                r#"{"email": "k@a.example", "first_name": "see https://evil.example"}"#.to_owned(),
                "first_name",
                FieldProblem::Unfit,
            ),
            (
                r#"{"email": "k@a.example", "first_name": "K", "topics": ["jobs", "job"]}"#
                    .to_owned(),
                "topics",
                FieldProblem::UnknownTopic,
            ),
            (
                "{\"email\": \"k@a.example\", \"first_name\": \"J\u{FFFD}rg\"}".to_owned(),
                "first_name",
                FieldProblem::Unfit,
            ),
            (
                format!(r#"{{"email": "k@a.example", "first_name": "{long}"}}"#),
                "first_name",
                FieldProblem::Unfit,
            ),
        ] {
            assert_eq!(json(&text), Err(FormProblem::new(field, what)), "{text}");
        }
        for odd in ["", "[]", "{\"email\": 1}", "{\"topics\": [1]}", "{\"topics\": \"jobs\"}"] {
            assert_eq!(FormInput::of_json(odd.as_bytes()), None, "{odd}");
        }
    }
}
