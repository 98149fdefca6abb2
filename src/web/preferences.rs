//! The page on which readers choose what they get: name, language and topics, by the link in a mail.
//!
//! A mail may be passed on, and its link with it: the page shows what is needed to choose, the address as
//! far as it is shown everywhere, and nothing else that is known of the person. Must never change
//! anything on a GET, nor by a form of another site.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::get;
use maud::{Markup, html};

use super::form::SentForm;
use super::leaving::ByLink;
use super::page::{filled, masked, page, title};
use super::pausing::PauseWish;
use super::signup_form::{
    FieldProblem, FormField, FormProblem, fit_value, language_name, text_field,
};
use super::subscribing::too_many;
use super::words::PageWords;
use super::{Pages, own_data, pausing};
use crate::audience::subscribers::preferences::PreferencesWish;
use crate::audience::subscribers::profile::SubscriberProfile;
use crate::compose::language;
use crate::crypto;
use crate::issue::topics::{Topic, wants};
use crate::message::address::Address;

/// Bytes of a code that are kept.
const CODE: usize = 16;
/// Fields that are a person's name.
pub const NAMES: [&str; 3] = ["name", "first_name", "last_name"];

/// What can be chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReaderChoices {
    /// Those of [`NAMES`] that the form for subscribing asks for.
    pub names: Vec<FormField>,
    /// The topics.
    pub topics: Vec<Topic>,
    /// The languages (BCP 47); fewer than two are no choice.
    pub languages: Vec<String>,
}

pub(super) fn routes() -> Router<Arc<Pages>> {
    Router::new().route("/preferences/{token}", get(look).post(save))
}

/// What stands on the page.
struct PreferencesShown<'a> {
    address: &'a Address,
    /// Which only this page's form has.
    code: String,
    fields: Vec<FormField>,
    profile: &'a SubscriberProfile,
    told: Option<&'static str>,
    problem: Option<FormProblem>,
    is_no_day: bool,
}

async fn look(link: ByLink) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let Some(choices) = &pages.choices else { return pages.missing_page(words) };
    let Some(address) = pages.chooser(&token) else {
        return pages.broken_confirmation(words, visitor);
    };
    match pages.writer.choose(address.clone(), None).await {
        Ok(Some(profile)) => {
            let shown = pages.shown((&address, &token), choices.fields(&profile, words), &profile);
            pages.preferences_page(words, StatusCode::OK, choices, &shown)
        }
        Ok(None) => pages.nothing_to_choose(words, &address),
        Err(_) => pages.busy_form(words),
    }
}

async fn save(link: ByLink, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let ByLink { pages, visitor, token, words } = link;
    let Some(choices) = &pages.choices else { return pages.missing_page(words) };
    let Some(address) = pages.chooser(&token) else {
        return pages.broken_confirmation(words, visitor);
    };
    let form = SentForm::read(&headers, &body);
    let profile = match pages.writer.choose(address.clone(), None).await {
        Ok(Some(profile)) => profile,
        Ok(None) => return pages.nothing_to_choose(words, &address),
        Err(_) => return pages.busy_form(words),
    };
    let mut shown = pages.shown((&address, &token), choices.fields(&profile, words), &profile);
    let code = form.value("code").unwrap_or_default();
    if is_from_elsewhere(&headers) || !crypto::equal(code.as_bytes(), shown.code.as_bytes()) {
        shown.told = Some(words.preferences.again_text);
        return pages.preferences_page(words, StatusCode::FORBIDDEN, choices, &shown);
    }
    if !pages.may_change(&address) {
        return too_many(&pages.site, words);
    }
    if form.value("act") == Some("link") && pages.sends_links() {
        return pages.send_link(words, address.clone()).await;
    }
    let pause = pages.pause_days().read(&form);
    let read = match pause {
        Some(PauseWish::Until(pause)) => {
            Ok(PreferencesWish { pause: Some(pause), ..PreferencesWish::default() })
        }
        Some(PauseWish::NoSuchDay) => {
            shown.is_no_day = true;
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return pages.preferences_page(words, status, choices, &shown);
        }
        None => choices.read(&form, &shown.fields, &profile),
    };
    let wish = match read {
        Ok(wish) => wish,
        Err(problem) => {
            let mut tried = profile.clone();
            let values = form.all().filter(|(name, _)| NAMES.contains(name));
            tried.fields.extend(values.map(|(name, value)| (name.to_owned(), value.to_owned())));
            let fields = choices.fields(&profile, words);
            let mut shown = pages.shown((&address, &token), fields, &tried);
            shown.problem = Some(problem);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return pages.preferences_page(words, status, choices, &shown);
        }
    };
    match pages.writer.choose(address.clone(), Some(wish)).await {
        Ok(Some(profile)) => {
            let fields = choices.fields(&profile, words);
            let mut shown = pages.shown((&address, &token), fields, &profile);
            shown.told = Some(words.preferences.saved_text);
            pages.preferences_page(words, StatusCode::OK, choices, &shown)
        }
        Ok(None) => pages.nothing_to_choose(words, &address),
        Err(_) => pages.busy_form(words),
    }
}

/// Whether a browser says that another site sends the form (Fetch Metadata). `Origin` says nothing: our
/// pages send no referrer, and with it browsers write `null` there.
pub(super) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

impl ReaderChoices {
    /// The fields of a person's name: those of the form, and those that they have.
    fn fields(&self, profile: &SubscriberProfile, words: &PageWords) -> Vec<FormField> {
        let mut fields = self.names.clone();
        for (name, label) in NAMES.into_iter().zip(words.preferences.name_labels) {
            let is_known = fields.iter().any(|field| field.name == name);
            if !is_known && profile.fields.contains_key(name) {
                let (name, label) = (name.to_owned(), label.to_owned());
                fields.push(FormField { name, label, is_required: false });
            }
        }
        fields
    }

    /// What somebody wants, if it can be believed.
    fn read(
        &self,
        form: &SentForm,
        shown: &[FormField],
        profile: &SubscriberProfile,
    ) -> Result<PreferencesWish, FormProblem> {
        let mut fields = BTreeMap::new();
        for field in shown {
            let Some(value) = form.value(&field.name) else { continue };
            // What a list brought in keeps nobody from choosing something else.
            if profile.fields.get(&field.name).is_some_and(|known| known == value) {
                continue;
            }
            let unfit = || FormProblem::new(&field.name, FieldProblem::Unfit);
            let value = fit_value(value).ok_or_else(unfit)?;
            if value.is_empty() && field.is_required {
                return Err(FormProblem::new(&field.name, FieldProblem::Missing));
            }
            fields.insert(field.name.clone(), value);
        }
        let language = form.value("language").filter(|language| {
            *language == profile.language || self.languages.iter().any(|one| one == language)
        });
        let chosen: Vec<&str> = form.values("topic").collect();
        let topics = self.topics.iter().filter(|_| form.value("topics").is_some());
        let wish = |topic: &Topic| (topic.name.clone(), chosen.contains(&&*topic.name));
        let topics = topics.map(wish).collect();
        let language = language.map(str::to_owned);
        Ok(PreferencesWish { fields, language, topics, pause: None })
    }
}

/// Topics that somebody may leave out instead of all. It says nothing of which they have now: the link for
/// leaving is for nothing else.
pub(super) fn less_form(choices: &ReaderChoices, words: &PageWords) -> Markup {
    html! {
        @if !choices.topics.is_empty() {
            form method="post" {
                fieldset {
                    legend { (words.preferences.less_question) }
                    @for topic in &choices.topics {
                        label {
                            input type="checkbox" name="topic" value=(topic.name);
                            (topic.title)
                        }
                    }
                    button type="submit" name="act" value="less" class="second" {
                        (words.preferences.less_button)
                    }
                }
            }
        }
    }
}

impl Pages {
    /// What somebody wants instead of leaving: a pause, or to leave topics out; nothing where a form has
    /// neither.
    pub(super) fn wanted_instead(&self, form: &SentForm) -> Option<PreferencesWish> {
        let choices = self.choices.as_ref()?;
        if let Some(PauseWish::Until(Some(until))) = self.pause_days().read(form) {
            return Some(PreferencesWish {
                pause: Some(Some(until)),
                ..PreferencesWish::default()
            });
        }
        let choices = Some(choices).filter(|_| form.value("act") == Some("less"))?;
        let chosen: Vec<&str> = form.values("topic").collect();
        let topics = choices.topics.iter().filter(|topic| chosen.contains(&&*topic.name));
        let topics: Vec<(String, bool)> = topics.map(|topic| (topic.name.clone(), false)).collect();
        (!topics.is_empty()).then(|| PreferencesWish { topics, ..PreferencesWish::default() })
    }

    /// Fulfils what somebody wants instead of leaving, and says what that is.
    pub(super) async fn instead(
        &self,
        words: &PageWords,
        address: &Address,
        wish: PreferencesWish,
    ) -> Response<Body> {
        if !self.may_change(address) {
            return too_many(&self.site, words);
        }
        let until = wish.pause.flatten();
        match self.writer.choose(address.clone(), Some(wish)).await {
            Ok(Some(_)) => {
                let (own, shown) = (&words.preferences, masked(address.as_str()));
                let text = match until {
                    Some(until) => pausing::paused(self, words, &shown, until),
                    None => filled(own.less_text, &self.site, &shown),
                };
                let content = html! { p { (text) } p { (own.saved_text) } };
                page(&self.site, words, StatusCode::OK, (&title(own.title, &self.site), content))
            }
            Ok(None) => self.nothing_to_choose(words, address),
            Err(_) => self.busy_form(words),
        }
    }

    fn chooser(&self, token: &str) -> Option<Address> {
        self.keys.find(|keys| keys.read_preferences_token(&self.site.list_id, token))
    }

    fn shown<'a>(
        &self,
        (address, token): (&'a Address, &str),
        fields: Vec<FormField>,
        profile: &'a SubscriberProfile,
    ) -> PreferencesShown<'a> {
        let code = self.keys.known().forms.authenticate(&[b"preferences", token.as_bytes()]);
        let code = data_encoding::HEXLOWER.encode(&code[..CODE]);
        PreferencesShown {
            address,
            code,
            fields,
            profile,
            told: None,
            problem: None,
            is_no_day: false,
        }
    }

    fn preferences_page(
        &self,
        words: &PageWords,
        status: StatusCode,
        choices: &ReaderChoices,
        shown: &PreferencesShown<'_>,
    ) -> Response<Body> {
        let PreferencesShown { address, code, fields, profile, told, problem, is_no_day } = shown;
        let (own, shown_address) = (&words.preferences, masked(address.as_str()));
        let content = html! {
            @if let Some(told) = told { p role="status" { strong { (told) } } }
            p { (filled(own.text, &self.site, &shown_address)) }
            form method="post" {
                input type="hidden" name="code" value=(code);
                @for field in fields {
                    @let value = profile.fields.get(&field.name).map_or("", String::as_str);
                    @let about = (&*field.name, &*field.label, field.is_required);
                    (text_field(words, about, value, problem.as_ref()))
                }
                @if choices.languages.len() > 1 { (languages(choices, words, &profile.language)) }
                @if !choices.topics.is_empty() { (topics(choices, words, &profile.topics)) }
                @if !fields.is_empty() || choices.languages.len() > 1 || !choices.topics.is_empty() {
                    p { button type="submit" { (own.save_button) } }
                }
            }
            (self.pause_days().forms((self, words), (code, &shown_address), profile, *is_no_day))
            (own_data::more(self, words, (code, &shown_address)))
        };
        page(&self.site, words, status, (&title(own.title, &self.site), content))
    }

    /// The same page for who has left, was forgotten, has another address now or was never there.
    pub(super) fn nothing_to_choose(&self, words: &PageWords, address: &Address) -> Response<Body> {
        let own = &words.preferences;
        let content =
            html! { p { (filled(own.none_text, &self.site, &masked(address.as_str()))) } };
        page(&self.site, words, StatusCode::GONE, (own.none_title, content))
    }
}

fn languages(choices: &ReaderChoices, words: &PageWords, own: &str) -> Markup {
    let meant = language::meant(own, &choices.languages);
    html! {
        p {
            label for="digest-language" { (words.form.language_label) }
            select id="digest-language" name="language" {
                @if meant.is_none() {
                    option value=(own) selected { @if own.is_empty() { "–" } @else { (language_name(own)) } }
                }
                @for language in &choices.languages {
                    // Whoever changes nothing keeps their own tag.
                    @let is_own = meant == Some(language);
                    option value=(if is_own { own } else { language }) selected[is_own] {
                        (language_name(language))
                    }
                }
            }
        }
    }
}

fn topics(choices: &ReaderChoices, words: &PageWords, own: &str) -> Markup {
    html! {
        fieldset {
            legend { (words.form.topics_label) }
            input type="hidden" name="topics" value="shown";
            @for topic in &choices.topics {
                label {
                    input type="checkbox" name="topic" value=(topic.name)
                        checked[wants(own, &topic.name)];
                    (topic.title)
                    @if let Some(about) = &topic.about { " · " (about) }
                }
            }
        }
    }
}
