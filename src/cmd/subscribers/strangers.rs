//! Which of those who were suppressed nobody knows: a slip there leaves the person who said no on the
//! list.
//!
//! The noes are written by now, so whatever cannot be read here is not told. Must never name anybody
//! who was forgotten.

use std::collections::{BTreeMap, BTreeSet};

use sejong_digest::audience::list::ReadOptions;
use sejong_digest::audience::subscribers::{moved, rows};
use sejong_digest::audience::suppression::SuppressionSubject;
use sejong_digest::delivery::ledger;
use sejong_digest::delivery::ledger::overview;
use sejong_digest::files;
use sejong_digest::message::address::Address;
use sejong_digest::store::{Store, StoreAddress, StoreError};

use crate::cmd::files::describe;
use crate::cmd::print;
use crate::cmd::readers::{self, ListPlace};
use crate::cmd::workspace::Workspace;

/// So many of a file are named.
const NAMED: usize = 10;
/// For so many it is looked for who may be meant: each is compared with the whole list.
const COMPARED: usize = 100;

/// Says of people who were named, one by one where they were typed, who of them is in no list and in
/// no issue, and who may be meant.
pub(super) async fn tell(
    workspace: &Workspace,
    named: impl Iterator<Item = (&SuppressionSubject, bool)>,
    store: &StoreAddress,
) {
    let mut is_typed: BTreeMap<String, bool> = BTreeMap::new();
    for (subject, typed) in named {
        if let SuppressionSubject::Address(identity) = subject {
            is_typed.insert(identity.clone(), typed);
        }
    }
    let usual = workspace.root.join("subscribers.csv");
    let has_file = files::is_there(&usual);
    let has_store = rows::are_in(store, &ledger::STEPS).await.unwrap_or_default();
    let consent = workspace.config.consent_columns.clone();
    let options =
        ReadOptions { consent, is_foreign: readers::is_foreign(&usual), ..ReadOptions::default() };
    let file = has_file.then(|| ListPlace { path: usual.clone(), store: None });
    let list = ListPlace { path: "store".into(), store: Some(store.clone()) };
    let lists: Vec<ListPlace> = file.into_iter().chain(has_store.then_some(list)).collect();
    let mut strangers: BTreeSet<String> = is_typed.keys().cloned().collect();
    if lists.is_empty() || strike_known(&mut strangers, store).await.is_err() {
        return;
    }
    for list in &lists {
        // Where one of two lists cannot be read, nobody can tell who is in none.
        if strangers.is_empty() || readers::strike(&mut strangers, list, &options).await.is_err() {
            return;
        }
    }
    let strangers = strangers.iter().filter_map(|one| Address::parse(one).ok());
    let (typed, others): (Vec<Address>, Vec<Address>) =
        strangers.partition(|one| is_typed.get(&one.identity()).is_some_and(|typed| *typed));
    let where_not = match (has_file, has_store) {
        (true, true) => format!("neither in {} nor in the store", describe(&usual)),
        (true, false) => format!("not in {}", describe(&usual)),
        (false, _) => "not in the list of the store".to_owned(),
    };
    for (address, near) in meant(&typed, &lists, &options).await {
        let meant = near.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
        print::note(&format!("{address} is {where_not}, and no issue was for this address{meant}"));
    }
    if !others.is_empty() {
        let meant = meant(&others, &lists, &options).await;
        print::note(&many(meant, &where_not));
    }
}

/// Takes out whom an issue was for, and who has another address now.
async fn strike_known(
    strangers: &mut BTreeSet<String>,
    store: &StoreAddress,
) -> Result<(), StoreError> {
    let store = Store::read(store, &ledger::STEPS).await?;
    let known = overview::known_of(&store, strangers).await;
    let all: Vec<&str> = strangers.iter().map(String::as_str).collect();
    let moved = moved::all_now(&store, &all).await;
    store.close().await;
    for one in known?.iter().chain(moved?.iter().map(|(former, _)| former)) {
        strangers.remove(one);
    }
    Ok(())
}

/// Each with the address of a list that is nearly the same.
async fn meant(
    strangers: &[Address],
    lists: &[ListPlace],
    options: &ReadOptions,
) -> Vec<(Address, Option<String>)> {
    let mut all: Vec<(Address, Option<String>)> =
        strangers.iter().map(|one| (one.clone(), None)).collect();
    let compared = &strangers[..strangers.len().min(COMPARED)];
    for list in lists.iter().filter(|_| !compared.is_empty()) {
        let Ok(looked) = readers::look_up(compared, list, options).await else { continue };
        for ((_, meant), (_, near)) in all.iter_mut().zip(looked.people) {
            *meant = meant.take().or(near);
        }
    }
    all
}

/// How many of a file they are, and the first of them: those before all who may be somebody else.
fn many(mut all: Vec<(Address, Option<String>)>, where_not: &str) -> String {
    all.sort_by_key(|(_, meant)| meant.is_none());
    let are = if all.len() == 1 { "address is" } else { "addresses are" };
    let each = all.iter().take(NAMED).map(|(address, meant)| match meant {
        Some(meant) => format!("{address} (did you mean {meant}?)"),
        None => address.to_string(),
    });
    let named = each.collect::<Vec<_>>().join(", ");
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} {are} {where_not}, and no issue was for them: {named}{more}", all.len())
}
