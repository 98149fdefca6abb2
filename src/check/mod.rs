//! Rules over an issue, its composition, its message and its readers: what composes without a
//! complaint and would still be a mistake in an inbox.
//!
//! A function per rule, each returning its own diagnostics with the author's place. Must never read
//! a file or send anything: what is looked at comes in as an argument. `docs/checks.md` has a row
//! for each rule.

mod access;
pub mod allow;
mod author;
mod brackets;
mod broken_letters;
mod calendar;
mod capitals;
pub mod clients;
mod colors;
mod contrast;
mod css;
mod dates;
mod dialects;
mod disguised;
mod emphasis;
mod following;
mod formulas;
mod gmail;
mod head;
mod html;
mod invisible;
mod images;
mod laid_out;
mod leftovers;
mod legal;
mod link_texts;
mod links;
mod mail;
mod markup;
mod merge_tags;
pub mod online;
mod own_lines;
pub mod passages;
mod pasted;
mod personal;
mod plain_lines;
mod posts;
pub mod register;
mod run_together;
mod script;
pub mod selections;
mod shown;
mod site;
mod size;
mod slots;
mod spot;
mod stretch;
mod swallowed;
mod text_part;
mod twice;
mod unfinished;
mod unread;
mod view;
mod way_out;
mod weekdays;
mod without_code;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::Composition;
use crate::compose::theme::Theme;
use crate::diagnostic::Diagnostic;
use crate::issue::load::Headline;
use crate::issue::{Issue, Publication};
use clients::Profile;
use view::View;

/// An issue and all that was made of it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The newsletter.
    pub publication: &'a Publication,
    /// What it looks like.
    pub theme: &'a Theme,
    /// What authors wrote.
    pub issue: &'a Issue,
    /// What is sent.
    pub composition: &'a Composition,
    /// RFC 5322 bytes for some reader; the rules about headers and parts need them.
    pub message: Option<&'a [u8]>,
    /// The publication's other issues.
    pub siblings: &'a [Headline],
    /// The names of those that somebody has or may have: nothing of them can change any more.
    pub sent: &'a BTreeSet<String>,
    /// Which programs readers use.
    pub clients: &'a Profile,
    /// The day on which the rules are asked; without it none asks whether a date is far off.
    pub today: Option<jiff::civil::Date>,
}

/// Who a list holds, as far as the rules need to know it.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    /// The names of the list's columns, as slots call them.
    pub columns: &'a [String],
    /// How many people are on it.
    pub people: u64,
    /// Those without a value, for each of the fields that [`asked`] names.
    pub lacking: &'a BTreeMap<String, Lacking>,
    /// The tags that people have, in small letters, where they are known.
    pub tags: Option<&'a BTreeSet<String>>,
}

/// People without a value in a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// How many.
    pub count: u64,
    /// The addresses of the first [`EXAMPLES`].
    pub examples: Vec<String>,
}

/// How many addresses are shown as examples.
pub const EXAMPLES: usize = 3;

/// The fields of which the rules want to know who lacks them.
pub fn asked(composition: &Composition, columns: &[String]) -> BTreeSet<String> {
    let slots = slots::asked(composition, columns).into_iter().map(str::to_owned);
    slots.chain(passages::asked(composition, columns)).collect()
}

/// What a send to people may not have and a check passes over: settings that are examples still.
pub fn before_sending(publication: &Publication) -> Vec<Diagnostic> {
    leftovers::settings(publication)
}

/// The rules about slots alone, for a composition whose files have changed since.
pub fn readers(composition: &Composition, audience: &Audience<'_>) -> Vec<Diagnostic> {
    slots::against_list(composition, audience)
}

/// A rule: what it sees, and what it has to say.
type RuleCheck = fn(&View<'_>) -> Vec<Diagnostic>;

/// Every rule but those about readers, in the order in which they are told.
const RULES: &[RuleCheck] = &[
    head::subject_length,
    head::subject_caps,
    head::subject_marks,
    head::subject_emoji,
    head::subject_reply,
    head::subject_gappy,
    head::subject_repeated,
    head::preheader_missing,
    head::preheader_length,
    head::preheader_title,
    head::preheader_subject,
    dates::number,
    dates::order,
    dates::date,
    dates::article,
    weekdays::weekday,
    weekdays::no_such_day,
    passages::about_one,
    twice::articles,
    leftovers::words,
    leftovers::templates,
    merge_tags::merge_tags,
    dialects::markdown,
    plain_lines::marks,
    pasted::html,
    pasted::indents,
    leftovers::addresses,
    leftovers::spam,
    broken_letters::letters,
    invisible::written,
    invisible::decoded,
    link_texts::vague,
    link_texts::symbols,
    link_texts::same_text,
    links::insecure,
    links::shortened,
    links::local,
    links::numeric,
    links::port,
    links::credentials,
    links::syntax,
    links::anchor,
    links::mailto,
    links::tracking,
    disguised::addresses,
    way_out::texts,
    personal::email,
    personal::doors,
    images::alt_name,
    images::alt_length,
    images::alt_caption,
    images::resolution,
    images::heavy,
    images::insecure,
    images::only_pictures,
    access::heading_order,
    access::heading_one,
    access::heading_empty,
    access::table_header,
    access::table_wide,
    access::part_language,
    capitals::all_caps,
    access::justified,
    access::small,
    access::wide,
    contrast::contrast,
    clients::css_support,
    clients::html_support,
    gmail::html_size,
    gmail::style_size,
    gmail::nested_at_rules,
    gmail::style_hazards,
    gmail::control_characters,
    markup::balance,
    markup::skeleton,
    markup::image_size,
    markup::conditional,
    legal::address_shown,
    legal::unsubscribe_shown,
    shown::letter_hidden,
    shown::covering,
    laid_out::lying_on,
    legal::advertising_mark,
    legal::advertising_contact,
    mail::lines,
    mail::headers,
    mail::unsubscribe,
    mail::parts,
    mail::size,
    text_part::width,
    text_part::links,
    text_part::words,
    text_part::residue,
];

/// Whether a problem is one between an issue and its readers, and not of its files alone.
pub fn is_about_readers(problem: &Diagnostic) -> bool {
    problem.rule.starts_with("slot-")
}

/// Every rule; those about slots ask the list where there is one.
pub fn issue(input: &Input<'_>, audience: Option<Audience<'_>>) -> Vec<Diagnostic> {
    let view = View::new(input);
    let mut problems: Vec<Diagnostic> = RULES.iter().flat_map(|rule| rule(&view)).collect();
    match audience {
        Some(audience) => {
            problems.extend(slots::against_list(input.composition, &audience));
            problems.extend(passages::against_list(&view, &audience));
        }
        None => problems.extend(slots::without_list(input.composition)),
    }
    problems.iter_mut().for_each(|problem| input.issue.slots.unmark(problem));
    problems
}
