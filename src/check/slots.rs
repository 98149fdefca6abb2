//! Slots against the fields that readers have. A send refuses what is an error here.

use std::collections::BTreeSet;

use crate::check::{Audience, EXAMPLES, Lacking};
use crate::compose::Composition;
use crate::diagnostic::grouped::grouped;
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::issue::slot::{BUILT_IN, Slot};

/// What lists usually call their columns; a near miss of one is probably a slip.
const USUAL: [&str; 5] = ["first_name", "last_name", "name", "email", "affiliation"];

/// Every used slot that a list or a person fills, with each of its places.
fn declared(composition: &Composition) -> impl Iterator<Item = (&Slot, &Place)> {
    composition.slot_places.iter().filter_map(|(index, place)| {
        let slot = composition.slots.get(*index)?.as_ref()?;
        (!BUILT_IN.contains(&slot.field.as_str())).then_some((slot, place))
    })
}

/// The rules where nothing is known of the readers.
pub(super) fn without_list(composition: &Composition) -> Vec<Diagnostic> {
    once(composition, |slot, place| likely_slip(slot, place).or_else(|| no_fallback(slot, place)))
}

/// What is to be told of slots, once with all places. A slot is asked about at its first place alone.
fn once(
    composition: &Composition,
    tell: impl Fn(&Slot, &Place) -> Option<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut last: Option<(&Slot, Option<Diagnostic>)> = None;
    let mut found = Vec::new();
    for (slot, place) in declared(composition) {
        let told = match last.take() {
            Some((known, told)) if std::ptr::eq(known, slot) => {
                told.map(|problem| problem.at(place.clone()))
            }
            _ => tell(slot, place),
        };
        found.extend(told.clone().map(|problem| (problem.message.clone(), problem)));
        last = Some((slot, told));
    }
    grouped(found)
}

/// A field that is nearly, but not quite, what lists call it.
fn likely_slip(slot: &Slot, place: &Place) -> Option<Diagnostic> {
    let usual = USUAL.into_iter().chain(BUILT_IN);
    let meant = nearest(&slot.field, usual).filter(|meant| *meant != slot.field)?;
    Some(
        Diagnostic::warning("slot-unknown", format!("most lists have no column {}", slot.field))
            .at(place.clone())
            .help(format!("did you mean {meant}?")),
    )
}

/// A slot that stops the send for everybody who lacks the field.
fn no_fallback(slot: &Slot, place: &Place) -> Option<Diagnostic> {
    let field = &slot.field;
    slot.fallback.is_none().then(|| {
        let message = format!("this issue cannot be sent to a reader without {field}");
        Diagnostic::warning("slot-fallback", message)
            .at(place.clone())
            .help(format!("give a fallback, as in {{{{ {field} | reader }}}}"))
    })
}

/// The fields whose lack could be an error: without a fallback, or in no column.
pub(super) fn asked<'a>(composition: &'a Composition, columns: &[String]) -> BTreeSet<&'a str> {
    let open = |slot: &Slot| slot.fallback.is_none() || !columns.contains(&slot.field);
    let slots = declared(composition).filter(|(slot, _)| open(slot));
    slots.map(|(slot, _)| slot.field.as_str()).collect()
}

/// The rules where the readers are known.
pub(super) fn against_list(composition: &Composition, audience: &Audience<'_>) -> Vec<Diagnostic> {
    let columns = audience.columns.iter().map(String::as_str);
    once(composition, |slot, place| {
        let lacking = audience.lacking.get(&slot.field)?;
        // Some exports keep fields inside one column, so a name that people have is known too.
        let known =
            columns.clone().any(|column| column == slot.field) || lacking.count < audience.people;
        if known {
            unfilled(slot, place, lacking, audience.people)
        } else {
            Some(unknown(slot, place, columns.clone()))
        }
    })
}

/// A field that the list does not have. With a fallback and nothing like it in the list it is
/// only a warning: every reader gets the fallback, which the author wrote for that case.
fn unknown<'a>(slot: &Slot, place: &Place, columns: impl Iterator<Item = &'a str>) -> Diagnostic {
    let columns: Vec<&str> = columns.filter(|column| !column.is_empty()).collect();
    let message = format!("the list has no column {}", slot.field);
    let meant = nearest(&slot.field, columns.iter().copied().chain(BUILT_IN));
    let problem = match (meant, &slot.fallback) {
        (None, Some(fallback)) => Diagnostic::warning(
            "slot-unknown",
            format!("{message}, so everybody reads {fallback:?} there"),
        ),
        _ => Diagnostic::error("slot-unknown", message),
    };
    let help = match meant {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("columns of the list: {}", columns.join(", ")),
    };
    problem.at(place.clone()).help(help)
}

/// A field that some readers lack, and no fallback.
fn unfilled(slot: &Slot, place: &Place, lacking: &Lacking, all: u64) -> Option<Diagnostic> {
    if lacking.count == 0 || slot.fallback.is_some() {
        return None;
    }
    let mut who: Vec<&str> = lacking.examples.iter().map(String::as_str).collect();
    if lacking.count > EXAMPLES as u64 {
        who.push("…");
    }
    let field = &slot.field;
    let have = if all == 1 { "subscriber has" } else { "subscribers have" };
    let message = format!("{} of {all} {have} no {field} ({})", lacking.count, who.join(", "));
    Some(
        Diagnostic::error("slot-unfilled", message)
            .at(place.clone())
            .help(format!("give a fallback, as in {{{{ {field} | reader }}}}, or fill the column")),
    )
}
