//! All that is kept of one person, for whoever shows it: `subscribers show`, and the person on the web.
//!
//! Must never have what belongs to somebody else who has the address now, or had it before.

use jiff::Timestamp;
use serde::Serialize;

use super::ledger::bounces::{self, ListedBounce};
use super::ledger::undecided::{self, UndecidedReport};
use super::ledger::{Ledger, overview};
use super::outbox::sent::{self, ListedLetter};
use super::state::State;
use crate::audience::address_change::{self, OpenAddressChange};
use crate::audience::forgotten::{self, ForgettingKeys};
use crate::audience::signup::{self, OpenSignup};
use crate::audience::subscribers::change::{self, SubscriberEvent};
use crate::audience::subscribers::moved::{self, FormerAddress};
use crate::audience::suppression::{self, Suppression};
use crate::message::address::Address;
use crate::store::{Store, StoreError};

/// All that is known of a person.
#[derive(Debug, Serialize)]
pub struct PersonKnown {
    /// The address that was asked about.
    pub address: String,
    /// Their row in the list of the store.
    pub subscriber: Option<serde_json::Value>,
    /// Addresses that they had before.
    pub former: Vec<FormerAddress>,
    /// The address that they have now, where this one is an earlier one.
    pub now: Option<String>,
    /// What has happened to it.
    pub changes: Vec<SubscriberEvent>,
    /// Whether they get no mail for a no.
    pub suppressed: bool,
    /// Erased, and known by a hash alone.
    pub forgotten: bool,
    /// When.
    pub forgotten_at: Option<String>,
    /// Each no that was said of them.
    pub history: Vec<Suppression>,
    /// What was reported of mail to them.
    pub bounces: Vec<ListedBounce>,
    /// What a person has to decide.
    pub undecided: Vec<UndecidedReport>,
    /// What they have asked for on the form and not confirmed.
    pub signups: Vec<OpenSignup>,
    /// The address that they have asked to get mail at, and not confirmed there.
    pub address_changes: Vec<OpenAddressChange>,
    /// Mails about their subscription.
    pub mails: Vec<ListedLetter>,
    /// What became of each issue that was for them.
    pub issues: Vec<IssueOfPerson>,
}

/// The row of a person in the ledger of an issue.
#[derive(Debug, Serialize)]
pub struct IssueOfPerson {
    /// The issue.
    pub issue: String,
    /// The earlier address that it was for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former: Option<String>,
    /// What became of it.
    pub state: State,
    /// When, RFC 3339.
    pub at: Option<String>,
    /// What the relay said, or why it was not sent.
    pub text: Option<String>,
}

impl PersonKnown {
    /// Whether anything is kept of this very person. Who has another address now asks by that one, and of
    /// who was erased there is a hash.
    pub fn is_anything_kept(&self) -> bool {
        let is_nobodys = self.forgotten || self.now.is_some();
        let is_empty = self.subscriber.is_none()
            && self.former.is_empty()
            && self.changes.is_empty()
            && self.history.is_empty()
            && self.bounces.is_empty()
            && self.undecided.is_empty()
            && self.signups.is_empty()
            && self.address_changes.is_empty()
            && self.mails.is_empty()
            && self.issues.is_empty();
        !is_nobodys && !is_empty
    }

    /// Of somebody of whom nothing is known.
    pub fn nothing(address: &Address) -> PersonKnown {
        PersonKnown {
            address: address.to_string(),
            subscriber: None,
            former: Vec::new(),
            now: None,
            changes: Vec::new(),
            suppressed: false,
            forgotten: false,
            forgotten_at: None,
            history: Vec::new(),
            bounces: Vec::new(),
            undecided: Vec::new(),
            signups: Vec::new(),
            address_changes: Vec::new(),
            mails: Vec::new(),
            issues: Vec::new(),
        }
    }
}

/// All that a store has of the person at an address, `now`.
///
/// # Errors
/// The store's.
pub async fn known(
    store: &Store,
    address: &Address,
    keys: &ForgettingKeys,
    now: Timestamp,
) -> Result<PersonKnown, StoreError> {
    let history = suppression::history(store, address).await?;
    let since = forgotten::since(store, address, keys).await?;
    let second = |at: Timestamp| at.strftime("%FT%TZ").to_string();
    let (forgotten, forgotten_at) = (since.is_some(), since.map(|(at, _)| second(at)));
    let found = change::find(store, address).await?;
    // Whoever has the address now is somebody else than who had it before.
    let has_now = if found.is_some() { None } else { moved::now(store, address).await? };
    let subscriber = found.and_then(|found| serde_json::to_value(found.object()).ok());
    let former = moved::before(store, address).await?;
    let mut issues = Vec::new();
    for one in &former {
        let Ok(address_before) = Address::parse(&one.address) else { continue };
        // What goes to whoever has it now is nobody else's business.
        if moved::kept_out_for(store, &address_before).await?.as_deref()
            != Some(&*address.identity())
        {
            continue;
        }
        let of_former = issues_of(store, &address_before).await?.into_iter();
        let at = |had| IssueOfPerson { former: Some(one.address.clone()), ..had };
        issues.extend(of_former.map(at));
    }
    issues.extend(issues_of(store, address).await?);
    issues.sort_by(|one, other| one.issue.cmp(&other.issue));
    let identity = address.identity();
    Ok(PersonKnown {
        subscriber,
        former,
        now: has_now,
        changes: change::history(store, address).await?,
        suppressed: forgotten || history.iter().any(Suppression::is_in_force),
        forgotten,
        forgotten_at,
        history,
        bounces: bounces::of_person(store, &identity).await?,
        undecided: undecided::all(store, Some(&identity)).await?,
        signups: signup::open_of(store, &identity, now).await?,
        address_changes: address_change::open_of(store, &identity, now).await?,
        mails: sent::of_person(store, &identity).await?,
        issues,
        ..PersonKnown::nothing(address)
    })
}

/// The issues that were for the person.
async fn issues_of(store: &Store, address: &Address) -> Result<Vec<IssueOfPerson>, StoreError> {
    let mut issues = Vec::new();
    for issue in overview::issues(store).await? {
        let ledger = Ledger::new(store.clone(), &issue);
        let Some(one) = ledger.one(address).await? else { continue };
        let row = ledger.list_one(address, one.state).await?.into_iter().next();
        let state = if one.state == State::Claimed { State::Pending } else { one.state };
        let (at, text) = row.map_or((None, None), |row| (row.at, row.text));
        issues.push(IssueOfPerson { issue, former: None, state, at, text });
    }
    Ok(issues)
}
