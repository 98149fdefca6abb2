//! `digest.toml` and the environment -> each room's own options. No room reads a `Config`.
//!
//! Every key can be overridden by `DIGEST_SECTION__KEY`. Secrets come from the environment or from
//! a file, and are never printed, not even in an error.

mod archive;
pub mod dkim;
mod audience;
mod bounce;
mod clients;
mod form;
mod pace;
mod relay;
mod secret;
mod segments;
mod theme;
mod serving;
mod topics;
mod webhooks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::audience::consent::ConsentColumn;
use crate::check::clients::Profile;
use crate::compose::theme::Theme;
use crate::delivery::bounced::policy::BouncePolicy;
use crate::delivery::ledger::editions::ShownIssues;
use crate::delivery::pace::Rate;
use crate::delivery::run::lanes::LaneOptions;
use crate::delivery::schedule::Schedule;
use crate::diagnostic::{Diagnostic, Place, Source, nearest, refused, unseen};
use crate::files;
use crate::issue::{Pictures, Publication, load};
use crate::manifest::{self, Located, Table, Value, ValueKind};
use crate::message::header::{HeaderText, Mailbox};
use crate::message::splice::Identity;
use crate::message::token::Keys;
use crate::net::web::{self, other_host};
use crate::web::signup_form::SignupForm;
pub use archive::ArchiveConfig;
pub use audience::AudienceSource;
pub use relay::{PasswordError, RelayConfig, credentials};
pub use secret::rotate::{RotateError, Rotated, rotate_secret};
pub use secret::{Secret, SecretError, known_secret, missing_secret, secret, secret_place};
pub use serving::{WebConfig, listening};
pub use webhooks::{WebhookConfig, WebhookError};

/// Everything that `digest.toml` and the environment say, in the shapes that the rooms take.
#[derive(Debug)]
pub struct Config {
    /// For `issue` and `compose`.
    pub publication: Publication,
    /// For `compose`.
    pub theme: Theme,
    /// Fonts for cards: paths, and where they are named.
    pub card_fonts: Vec<(String, Place)>,
    /// For `message`, still without its keys.
    pub sender: Sender,
    /// For `message`, still without its keys; `None` where the relay signs.
    pub dkim: Option<dkim::Dkim>,
    /// For `smtp` and `delivery`, in the order of the file.
    pub relays: Vec<RelayConfig>,
    /// For `delivery`: recipient domains that get less than others.
    pub lanes: Vec<LaneOptions>,
    /// For `delivery`: when deferred recipients are tried again.
    pub schedule: Schedule,
    /// For `store`: `sqlite:digest.db`.
    pub store_url: Option<String>,
    /// For `delivery`: how many reports it takes until somebody gets no mail any more.
    pub bounce: BouncePolicy,
    /// For `mailbox`: where reports come to, as it stands in the file.
    pub bounce_mailbox: Option<String>,
    /// For `check`: which mail programs readers use.
    pub clients: Profile,
    /// For `audience`: what columns of lists mean about consent.
    pub consent_columns: Vec<ConsentColumn>,
    /// Which list is used without a word; the one that there is where nothing is said.
    pub audience_source: Option<AudienceSource>,
    /// For `web`.
    pub web: WebConfig,
    /// For `web`: what people are asked who subscribe there; `None` where nobody can.
    pub form: Option<SignupForm>,
    /// For `archive`: which issues everybody may read.
    pub archive: ArchiveConfig,
    /// Where dates and times are told.
    pub time_zone: jiff::tz::TimeZone,
    /// What is no error, but should be known: for `check` and `doctor`.
    pub warnings: Vec<Diagnostic>,
}

impl Config {
    /// Whose signature messages carry, or would.
    pub fn signing_domain(&self) -> &str {
        match &self.dkim {
            Some(dkim) => dkim.domain(),
            None => self.sender.from.address.domain(),
        }
    }
}

/// Who the publication is in mail; [`Sender::identity`] adds the keys.
#[derive(Clone, Debug)]
pub struct Sender {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    list_name: HeaderText,
    list_id: String,
    /// Whether digest.toml says it.
    has_list_id: bool,
    base_url: String,
    list_archive: String,
    preferences_url: Option<String>,
    reverse_path: Option<String>,
}

impl Config {
    /// Whether issues go to a file of people, which no page changes.
    pub fn has_list_in_file(&self) -> bool {
        audience::is_in_file(self.audience_source, &self.publication.root)
    }
}

impl Sender {
    /// The identity, with tokens and Message-IDs made under `secret`, and nobody who signs.
    pub fn identity(&self, secret: &Secret) -> Identity {
        Identity {
            from: self.from.clone(),
            reply_to: self.reply_to.clone(),
            list_name: self.list_name.clone(),
            list_id: self.list_id.clone(),
            base_url: self.base_url.clone(),
            list_archive: self.list_archive.clone(),
            preferences_url: self.preferences_url.clone(),
            reverse_path: self.reverse_path.clone(),
            keys: Keys::numbered(secret.newest(), secret.older()),
            signers: Vec::new(),
        }
    }

    /// The list's identifier, where digest.toml says it.
    pub fn list_id(&self) -> Option<&str> {
        self.has_list_id.then_some(&*self.list_id)
    }

    /// The list's identifier in mail, written or made from the address.
    pub fn list_id_in_mail(&self) -> &str {
        &self.list_id
    }

    /// Where pages are found.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where readers write to: `Reply-To`, or `From`.
    pub fn contact(&self) -> &Mailbox {
        self.reply_to.as_ref().unwrap_or(&self.from)
    }

    /// `From`, for people.
    pub fn from(&self) -> &Mailbox {
        &self.from
    }
}

/// The nearest folder at or above `start` that holds a `digest.toml`.
pub fn find_root(start: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .find(|folder| files::is_there(&folder.join("digest.toml")))
        .map(Path::to_owned)
}

/// Reads the configuration of the publication at `root`. `environment` is the process's.
///
/// # Errors
/// Every problem of the file and the environment, each at its place.
pub fn read(root: &Path, environment: &[(String, String)]) -> Result<Config, Vec<Diagnostic>> {
    let source = source(root)?;
    let mut problems = Vec::new();
    let mut value = manifest::toml(&source, 0..source.text().len(), &mut problems);
    if problems.iter().any(is_half_read) {
        return Err(problems);
    }
    problems.extend(unseen::in_source(&source));
    override_from(environment, &mut value, &mut problems);
    let mut table = Table::new(&source, "digest.toml", value);
    let (reverse_path, bounce_mailbox, bounce) = bounce::read(&mut table, &mut problems);
    let (publication, sender) = publication(root, &mut table, reverse_path, &mut problems);
    let from_domain = sender.as_ref().map(|sender| sender.from.address.domain());
    let dkim = dkim::read(&mut table, root, from_domain, &mut problems);
    let (theme, (logo, logo_dark), card_fonts) = theme::read(&mut table, &mut problems);
    let relays = relay::relays(&mut table, root, &mut problems);
    problems.extend(relay::open_password_file(environment));
    let lanes = pace::lanes(&mut table, &mut problems);
    let schedule = pace::retry(&mut table, &mut problems);
    let clients = clients::read(&mut table, &mut problems);
    let (smart, ignored_keys) = texts(&mut table, &mut problems);
    let (consent_columns, audience_source) = audience::read(&mut table, &mut problems);
    let topics = topics::read(&mut table, &mut problems);
    let (segments, segment_places) = segments::read(&mut table, &topics, &mut problems);
    let archive = archive::read(&mut table, &mut problems);
    let web = serving::read(&mut table, root, &mut problems);
    let form = form::read(&mut table, &topics, &mut problems);
    let store_url = store_url(&mut table, &mut problems);
    table.finish(&mut problems);
    match (publication, sender) {
        (Some((publication, time_zone)), Some(sender))
            if !problems.iter().any(Diagnostic::is_error) =>
        {
            let publication = Publication {
                logo,
                logo_dark,
                smart,
                ignored_keys,
                topics,
                segments,
                segment_places,
                has_preferences: web.is_written && !audience::is_in_file(audience_source, root),
                ..publication
            };
            let (publication, sender) = on_the_web(publication, sender, archive);
            Ok(Config {
                publication,
                theme,
                card_fonts,
                sender,
                dkim,
                relays,
                lanes,
                schedule,
                store_url,
                bounce,
                bounce_mailbox,
                clients,
                consent_columns,
                audience_source,
                web,
                form,
                archive,
                time_zone,
                warnings: problems,
            })
        }
        _ => Err(problems),
    }
}

fn source(root: &Path) -> Result<Arc<Source>, Vec<Diagnostic>> {
    let path = root.join("digest.toml");
    load::read_text(root, &path).map_err(|error| vec![error.diagnostic(&path)])
}

fn store_url(table: &mut Table, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let mut store = table.table("store");
    let url = store.text("url").map(|url| url.value);
    store.finish(problems);
    url
}

/// `[text]` and `[articles]`: whether quotation marks are made round, and keys of articles that mean
/// nothing here.
fn texts(table: &mut Table, problems: &mut Vec<Diagnostic>) -> (bool, Vec<String>) {
    let mut text = table.table("text");
    let smart = text.flag("smart").unwrap_or(true);
    text.finish(problems);
    let mut articles = table.table("articles");
    let ignored_keys = articles.texts("ignore_keys").into_iter().map(|key| key.value).collect();
    articles.finish(problems);
    (smart, ignored_keys)
}

/// Whether keys are missing for this problem: half a table would report them as missing.
fn is_half_read(problem: &Diagnostic) -> bool {
    problem.is_error() && problem.rule != unseen::RULE
}

/// `DIGEST_PUBLICATION__NAME=…` -> `[publication] name`; numbers and truth values become such.
fn override_from(
    environment: &[(String, String)],
    value: &mut Value,
    problems: &mut Vec<Diagnostic>,
) {
    for (name, text) in environment {
        let Some(path) = name.strip_prefix("DIGEST_") else { continue };
        if !path.contains("__") {
            continue;
        }
        if let Some((_, odd)) = refused::find(text) {
            problems.push(refused::diagnostic(&format!("the environment variable {name}"), odd));
            continue;
        }
        if let Some(odd) = unseen::odd(text).first() {
            let Diagnostic { message, .. } = odd.problem();
            problems.push(Diagnostic::error(
                "character-invisible",
                format!("the environment variable {name}: {message}"),
            ));
            continue;
        }
        let keys: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        let kind = match (text.parse::<i64>(), text.as_str()) {
            (Ok(number), _) => ValueKind::Integer(number),
            (_, "true") => ValueKind::Bool(true),
            (_, "false") => ValueKind::Bool(false),
            _ => ValueKind::Text(text.clone()),
        };
        set(value, &keys, kind);
    }
}

fn set(value: &mut Value, keys: &[String], kind: ValueKind) {
    let Some((key, rest)) = keys.split_first() else {
        value.value = kind;
        return;
    };
    // `DIGEST_RELAY__URL` means the first relay.
    if let ValueKind::List(items) = &mut value.value {
        if let Some(first) = items.first_mut() {
            set(first, keys, kind);
        }
        return;
    }
    let ValueKind::Table(entries) = &mut value.value else { return };
    match entries.iter_mut().find(|(name, _)| name.value == *key) {
        Some((_, inner)) => set(inner, rest, kind),
        None => {
            let mut inner = Value { value: ValueKind::Table(Vec::new()), span: 0..0 };
            set(&mut inner, rest, kind);
            entries.push((Located { value: key.clone(), span: 0..0 }, inner));
        }
    }
}

type ReadPublication = (Option<(Publication, jiff::tz::TimeZone)>, Option<Sender>);

fn publication(
    root: &Path,
    table: &mut Table,
    reverse_path: Option<String>,
    problems: &mut Vec<Diagnostic>,
) -> ReadPublication {
    let mut section = table.table("publication");
    let name = section.required_text("name", "add name = \"…\": the name of the newsletter");
    let organization = section.text("organization").map(|text| text.value);
    let from = section.required_text("from", "add from = \"Name <address@your.domain>\"");
    let from = from.and_then(|text| mailbox(&mut section, "from", &text));
    let reply_to = section.text("reply_to");
    let reply_to = reply_to.and_then(|text| mailbox(&mut section, "reply_to", &text));
    let postal_address = postal_address(&mut section);
    let language = section.language("language").unwrap_or_else(|| "en".to_owned());
    let base_url = section
        .required_text("base_url", "add base_url = \"https://…\": where pictures and pages are");
    let base_url = base_url.and_then(|text| url_of(&mut section, "base_url", &text));
    let [browser_url, preferences_url] = ["browser_url", "preferences_url"]
        .map(|key| section.text(key).and_then(|text| url_of(&mut section, key, &text)));
    let list_id = section.text("list_id").and_then(|text| list_id_of(&mut section, &text));
    let time_zone = time_zone(&mut section);
    let pictures = section.choice("images", load::pictures_choices()).unwrap_or(Pictures::Hosted);
    let advertising = section.flag("advertising").unwrap_or_default();
    let sign_off = section.text("sign_off").map(|text| text.value.trim().to_owned());
    let contents = section.choice("contents", load::contents_choices()).unwrap_or_default();
    section.finish(problems);
    let (Some(name), Some(from), Some(base_url)) = (name, from, base_url) else {
        return (None, None);
    };
    let from_address = from.address.to_string();
    let sender = Sender {
        list_name: HeaderText::new(&name.value),
        has_list_id: list_id.is_some(),
        list_id: list_id.unwrap_or_else(|| format!("digest.{}", from.address.domain())),
        base_url: base_url.clone(),
        list_archive: format!("{base_url}/"),
        preferences_url: preferences_url.clone(),
        reverse_path,
        reply_to: reply_to.clone(),
        from,
    };
    let publication = Publication {
        root: root.to_owned(),
        name: name.value,
        organization,
        postal_address,
        language,
        base_url,
        browser_url,
        has_archive: false,
        preferences_url,
        has_preferences: false,
        from: from_address,
        reply_to: reply_to.map(|mailbox| mailbox.address.to_string()),
        logo: None,
        logo_dark: None,
        pictures,
        advertising,
        sign_off,
        contents,
        smart: true,
        ignored_keys: Vec::new(),
        topics: Vec::new(),
        segments: BTreeMap::new(),
        segment_places: BTreeMap::new(),
    };
    (Some((publication, time_zone)), Some(sender))
}

/// Mail links to the archive where there is one, unless digest.toml names another page.
fn on_the_web(
    publication: Publication,
    sender: Sender,
    archive: ArchiveConfig,
) -> (Publication, Sender) {
    if archive.served() == ShownIssues::None {
        return (publication, sender);
    }
    let issues = format!("{}/issues/", publication.base_url);
    let has_archive = publication.browser_url.is_none();
    let own = has_archive.then(|| format!("{issues}{{issue}}/"));
    let browser_url = publication.browser_url.or(own);
    let publication = Publication { browser_url, has_archive, ..publication };
    (publication, Sender { list_archive: issues, ..sender })
}

/// Whether a text has a letter or a digit that is seen. Hangul fillers are letters, and empty.
fn shows_something(text: &str) -> bool {
    let is_filler = |c: char| matches!(c, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}');
    text.chars().any(|c| c.is_alphanumeric() && !is_filler(c))
}

fn postal_address(section: &mut Table) -> Option<String> {
    let postal_address = section.text("postal_address").map(|text| text.value);
    if !postal_address.as_deref().is_some_and(shows_something) {
        section.report(no_postal_address(section.source()));
    }
    postal_address
}

fn no_postal_address(source: &Arc<Source>) -> Diagnostic {
    let at = source.text().find("[publication]").unwrap_or(0);
    Diagnostic::error(
        "postal-address",
        "there is no postal_address; the law requires one in bulk mail",
    )
    .at(Place::span(source, at..at))
    .help("add postal_address = \"…\" to [publication] (CAN-SPAM Act, 15 U.S.C. 7704(a)(5))")
}

fn wrong(table: &mut Table, rule: &'static str, what: String, text: &Located<String>, help: &str) {
    let place = table.place(&text.span);
    table.report(Diagnostic::error(rule, what).at(place).help(help));
}

fn mailbox(table: &mut Table, key: &str, text: &Located<String>) -> Option<Mailbox> {
    match Mailbox::parse(&text.value) {
        Ok(mailbox) => Some(mailbox),
        Err(error) => {
            let help = "write \"Name <address@your.domain>\"";
            wrong(table, "address", format!("{key}: {error}"), text, help);
            None
        }
    }
}

/// A web address, without a slash at its end where `base_url` is meant: paths follow it.
fn url_of(table: &mut Table, key: &'static str, text: &Located<String>) -> Option<String> {
    match web_address(key == "base_url", &text.value) {
        Ok(url) => Some(url),
        Err((what, help)) => {
            // A password in it is shown to nobody.
            let place = table.place(&text.span);
            let place = if text.value.contains('@') { place.unquoted() } else { place };
            let help = help.unwrap_or_else(|| {
                format!("write a web address, such as {key} = \"https://digest.sejong.example\"")
            });
            let problem = Diagnostic::error("base-url", format!("{key} {what}"));
            table.report(problem.at(place).help(help));
            None
        }
    }
}

/// The address as it is written into mails, with its domain as DNS knows it; or what is wrong with
/// it, and what to do.
fn web_address(is_base: bool, text: &str) -> Result<String, (String, Option<String>)> {
    let no_address = || ("is not a web address".to_owned(), None);
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"\\".contains(c)) {
        return Err(no_address());
    }
    let (scheme, rest) = text.split_once("://").ok_or_else(no_address)?;
    let url = web::read(text).ok_or_else(no_address)?;
    let is_web = ["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let host =
        url.host_str().filter(|_| is_web && !rest.starts_with('/')).ok_or_else(no_address)?;
    if !url.username().is_empty() || url.password().is_some() {
        let what = "has a user name or a password in it, and every reader would get it".to_owned();
        return Err((what, Some("delete everything from behind :// to the @".to_owned())));
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let colon = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let written = &authority[..colon.unwrap_or(authority.len())];
    if let Some(real) = other_host(text, written) {
        let what = format!("is written with the host {written}, but web browsers go to {real}");
        return Err((what, Some(format!("write {real} if that is the site that you mean"))));
    }
    let sign = [(url.query(), '?'), (url.fragment(), '#')];
    if let Some((_, sign)) = sign.into_iter().find(|(part, _)| is_base && part.is_some()) {
        let what = format!("has a {sign} in it: what follows it would not lead to a page");
        return Err((what, Some(format!("delete it from the {sign} to the end"))));
    }
    // The path stays as it is written: `{issue}` stands for a name.
    let path = percent_encoding::utf8_percent_encode(&rest[end..], percent_encoding::CONTROLS);
    let authority = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let whole = format!("{}://{authority}{path}", url.scheme());
    Ok(if is_base { whole.trim_end_matches('/').to_owned() } else { whole })
}

fn list_id_of(table: &mut Table, text: &Located<String>) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if text.value.chars().all(fits) && text.value.contains('.') {
        return Some(text.value.clone());
    }
    let help = "write a name under your own domain, such as digest.sejong.example (RFC 2919)";
    wrong(table, "list-id", "list_id is not a list identifier".to_owned(), text, help);
    None
}

fn time_zone(table: &mut Table) -> jiff::tz::TimeZone {
    let Some(text) = table.text("timezone") else { return jiff::tz::TimeZone::UTC };
    jiff::tz::TimeZone::get(&text.value).unwrap_or_else(|_| {
        let help = match zone_meant(&text.value) {
            Some(zone) => format!("did you mean {zone}?"),
            None => "write a name from the time zone database, such as America/New_York".to_owned(),
        };
        wrong(table, "timezone", format!("there is no time zone {:?}", text.value), &text, &help);
        jiff::tz::TimeZone::UTC
    })
}

/// The time zone that somebody meant who wrote its city alone, or misspelt it.
fn zone_meant(written: &str) -> Option<String> {
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    // Names of whole countries and old ones have no region.
    let zones = || names.iter().filter(|name| name.contains('/')).map(String::as_str);
    let flat = |text: &str| text.trim().replace([' ', '-'], "_").to_lowercase();
    let wanted = flat(written);
    let city = wanted.rsplit('/').next().unwrap_or_default();
    let is_city = |zone: &&str| zone.rsplit('/').next().is_some_and(|end| flat(end) == city);
    let found = zones().find(is_city);
    let cities = || zones().filter_map(|zone| Some((zone, zone.rsplit('/').next()?)));
    let meant = || {
        let near = nearest(written, cities().map(|(_, end)| end))?;
        cities().find(|(_, end)| *end == near).map(|(zone, _)| zone)
    };
    found.or_else(|| nearest(written, zones())).or_else(meant).map(str::to_owned)
}

fn rate(table: &mut Table, text: &Located<String>) -> Option<Rate> {
    match text.value.parse() {
        Ok(rate) => Some(rate),
        Err(_) => {
            let help = "write \"50/second\", \"30/minute\" or \"2000/hour\"";
            wrong(table, "limit", format!("{:?} is not a rate", text.value), text, help);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_pages_are_read_and_written_as_dns_knows_them() {
        for (text, expected) in [
            ("https://digest.sejong.example", "https://digest.sejong.example"),
            ("https://digest.sejong.example/news/", "https://digest.sejong.example/news"),
            ("HTTPS://Digest.Sejong.example/News", "https://digest.sejong.example/News"),
            ("https://회보.example", "https://xn--on3b118b.example"),
            ("https://b\u{fc}cher.example/\u{fc}", "https://xn--bcher-kva.example/%C3%BC"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/", "http://[::1]:8080"),
        ] {
            assert_eq!(web_address(true, text).as_deref().ok(), Some(expected), "{text}");
        }
        for text in ["https://a.example/{issue}/?x=1#top", "https://a.example/"] {
            assert_eq!(web_address(false, text).as_deref().ok(), Some(text), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_the_beginning_of_addresses_is_refused() {
        for (text, part) in [
            ("digest.sejong.example", "is not a web address"),
            ("https:digest.sejong.example", "is not a web address"),
            ("https:///digest.sejong.example", "is not a web address"),
            ("ftp://digest.sejong.example", "is not a web address"),
            ("https://", "is not a web address"),
            ("https://a b.example", "is not a web address"),
            ("https://a.example:99999", "is not a web address"),
            ("https://a.example/?list=1", "has a ?"),
            ("https://a.example/?", "has a ?"),
            ("https://a.example/#top", "has a #"),
            ("https://user:pw@a.example", "a user name or a password"),
            ("https://user@a.example", "a user name or a password"),
            ("https://a\u{3002}example", "go to a.example"),
            ("https://0x7f.1/", "go to 127.0.0.1"),
        ] {
            let told = web_address(true, text).unwrap_err().0;
            assert!(told.contains(part), "{text}: {told}");
        }
        assert!(web_address(false, "https://user:pw@a.example/").is_err());
    }
}
