//! `digest subscribers add`, `set`, `tag` and `remove`: one person of the store's list.

use sejong_digest::audience::email;
use sejong_digest::audience::forgotten;
use sejong_digest::audience::leave;
use sejong_digest::audience::list::ReadOptions;
use sejong_digest::audience::pause;
use sejong_digest::audience::row::unknown_topics;
use sejong_digest::audience::subscribers::change::{self, ChangeNote};
use sejong_digest::audience::subscribers::moved::{self, AddressChangeError};
use sejong_digest::audience::subscribers::profile::{ConsentRecord, SubscriberProfile};
use sejong_digest::audience::subscribers::rows;
use sejong_digest::audience::subscribers::{ChangeOrigin, ConsentWay, SubscriptionStatus};
use sejong_digest::audience::suppression::{
    self, SuppressionNote, SuppressionOrigin, SuppressionReason,
};
use sejong_digest::delivery::ledger;
use sejong_digest::delivery::ledger::staging::Standing;
use sejong_digest::delivery::ledger::undecided;
use sejong_digest::files;
use sejong_digest::issue::topics::TopicChoice;
use sejong_digest::message::address::Address;
use sejong_digest::store::Store;

use super::import::{forgotten, tags};
use super::release::earlier_address;
use super::{place, words};
use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::files::{describe, quoted, with_address};
use crate::cmd::readers::{ListPlace, forgetting_keys, is_foreign, list_file, look_up};
use crate::cmd::workspace::Workspace;
use crate::cmd::{clock, looking, print, runtime};

/// What is said of a person.
#[derive(Clone, Debug, clap::Args)]
struct Details {
    /// The name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// A field: 'city=Seoul'; an empty value takes it away. Repeat it for several
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
    /// The language that the person reads, such as ko
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<String>,
    /// The topics: '' for all, '-events;-jobs' for all but these, 'events' for these alone, none
    #[arg(long, value_name = "TOPICS", allow_hyphen_values = true)]
    topics: Option<String>,
    /// How the person agreed to get the newsletter, in your words
    #[arg(long, value_name = "TEXT")]
    consent: Option<String>,
}

/// Bring a person into the store
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  digest subscribers add park@example.org --name 'Park Jiwoo' --consent 'wrote to us' --tag member
")]
pub(super) struct Add {
    /// The address
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// A tag; repeat it for several
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    #[command(flatten)]
    details: Details,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

const SET: &str = "\
Change what the store says of a person

--set email=NEW is a change of address. The person keeps all that is known of them; the old address \
is kept out of every list, and an issue that went to it is one that they have. A no that comes for the \
old address later holds for the new one, too.

--set paused_until=DAY is a pause: issues leave the person out, and from that day on they get them again. \
An empty value ends it.";

/// Change what the store says of a person
#[derive(Debug, clap::Args)]
#[command(long_about = SET)]
#[command(after_help = "Examples:
  digest subscribers set ada@example.org --set city=Seoul --language ko --topics=-events
  digest subscribers set ada@example.org --set email=ada@new.example
  digest subscribers set ada@example.org --set paused_until=2027-01-10
")]
pub(super) struct Set {
    /// The address
    #[arg(value_name = "ADDRESS")]
    address: String,
    #[command(flatten)]
    details: Details,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// Give people a tag, or take it away
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  digest subscribers tag board ada@example.org lee@example.org
  digest subscribers tag board ada@example.org --remove
")]
pub(super) struct TagPeople {
    /// The tag
    #[arg(value_name = "TAG")]
    tag: String,
    /// The addresses
    #[arg(value_name = "ADDRESS", required = true)]
    addresses: Vec<String>,
    /// Take the tag away
    #[arg(long)]
    remove: bool,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// End a person's subscription: they get no mail any more
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  digest subscribers remove ada@example.org --why 'asked by phone'
")]
pub(super) struct Remove {
    /// The address
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// Why, in your words: it stays in their history
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// An address as somebody types it.
pub(super) fn address(text: &str) -> Result<Address, Failure> {
    email::typed(text).map_err(|(what, help)| Failure::usage(what).help(help))
}

fn note() -> ChangeNote {
    ChangeNote { origin: ChangeOrigin::Command, at: clock::now() }
}

/// A change of a person, read and checked.
type ProfileEdit = Box<dyn Fn(&mut SubscriberProfile)>;

impl Details {
    fn read(&self) -> Result<ProfileEdit, Failure> {
        let mut fields: Vec<(String, String)> = Vec::new();
        let name = self.name.as_ref().map(|name| ("name", name.as_str()));
        let set: Option<Vec<(&str, &str)>> =
            self.set.iter().map(|text| text.split_once('=')).collect();
        let set = set.ok_or_else(|| {
            Failure::usage("--set needs a field and a value, such as --set city=Seoul")
        })?;
        let mut paused_until = None;
        for (name, value) in name.into_iter().chain(set) {
            if name.trim() == pause::FIELD {
                paused_until = Some(pause::day(value).map_err(|error| {
                    Failure::usage(format!("--set {error}; an empty value ends a pause"))
                })?);
                continue;
            }
            fields.push(change::field(name.trim(), value).map_err(Failure::usage)?);
        }
        let language = self.language.as_deref().map(change::text);
        let topics = self.topics.as_deref().map(str::parse::<TopicChoice>).transpose();
        let topics = topics.map_err(|wrong| Failure::usage(format!("--topics: {wrong}")))?;
        let topics = topics.map(|topics| topics.to_string());
        let consent = self.consent.as_deref().map(|text| words("--consent", text)).transpose()?;
        let at = clock::now();
        Ok(Box::new(move |profile| {
            for (name, value) in &fields {
                if value.is_empty() {
                    profile.fields.remove(name);
                } else {
                    profile.fields.insert(name.clone(), value.clone());
                }
            }
            profile.language = language.clone().unwrap_or_else(|| profile.language.clone());
            profile.topics = topics.clone().unwrap_or_else(|| profile.topics.clone());
            profile.paused_until = paused_until.unwrap_or(profile.paused_until);
            if let Some(words) = &consent {
                let (how, words) = (ConsentWay::ByHand, words.clone());
                profile.consent = Some(ConsentRecord { how, at, words, ip_hash: None });
            }
        }))
    }
}

/// Says which of the fields that were set nobody has had: with a slip there, a letter finds none.
async fn tell_new_fields(store: &Store, set: &[String]) -> Result<(), Failure> {
    let names = set.iter().filter_map(|text| text.split_once('='));
    let names = names.filter(|(_, value)| !value.trim().is_empty()).map(|(name, _)| name.trim());
    let names: Vec<&str> = names.filter(|name| *name != pause::FIELD).collect();
    for (name, meant) in change::unknown_fields(store, &names).await? {
        let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
        print::note(&format!("{name} is a new field: nobody had it before{meant}"));
    }
    Ok(())
}

/// Opens the store to write, does something in it, and closes it.
fn in_store<T>(
    workspace: &Workspace,
    named: Option<&str>,
    work: impl AsyncFnOnce(&Store) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let path = place(workspace, named)?;
    runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        suppression::wait_for_others(&store).await?;
        let done = looking::waiting(&store, work(&store)).await;
        store.close().await;
        done
    })
}

/// Runs `digest subscribers add`.
pub(super) fn add(workspace: &Workspace, args: &Add) -> Ending {
    let who = address(&args.address)?;
    let (edit, tags) = (args.details.read()?, tags(&args.tag)?);
    let mut profile = SubscriberProfile::new(who.as_str().to_owned(), clock::now());
    edit(&mut profile);
    profile.tags = tags;
    let topics = &workspace.config.publication.topics;
    print::problems(&unknown_topics(&who, &profile.topics, topics));
    let had_people = has_people(workspace, args.store.as_deref())?;
    in_store(workspace, args.store.as_deref(), async |store| {
        let release = with_address("digest subscribers release", who.as_str(), "--why TEXT");
        forgotten(workspace, store).await?;
        let since = forgotten::since(store, &who, &forgetting_keys(workspace)?).await?;
        if let Some((at, _)) = since {
            let at = clock::minute(at, &workspace.config.time_zone);
            return Err(Failure::new(format!("{who} was forgotten, {at}, and gets no mail")).help(
                format!("if the person asked again: {release}, and then this command once more"),
            ));
        }
        let known = change::find(store, &who).await?;
        let left =
            known.is_some_and(|known| known.profile.status == SubscriptionStatus::Unsubscribed);
        if let Some(one) = suppression::of(store, &who).await? {
            let what =
                format!("{who} is suppressed ({}) and gets no mail: {}", one.reason, one.why);
            if let Some(now) = moved::kept_out_for(store, &who).await? {
                return Err(earlier_address(&who.identity(), &now, " and gets no mail"));
            }
            let domain = ("digest subscribers release", "--domain --why TEXT");
            let release = if one.is_for_domain() {
                with_address(domain.0, &one.what, domain.1)
            } else {
                release
            };
            return Err(Failure::new(what).help(format!("if they want it again: {release}")));
        }
        if left {
            return Err(Failure::new(format!("{who} has left"))
                .help(format!("if they want it again: {release}")));
        }
        tell_new_fields(store, &args.details.set).await?;
        if !change::add(store, &who, &profile, note()).await? {
            let set = with_address("digest subscribers set", who.as_str(), "");
            return Err(Failure::new(format!("{who} is in the list already"))
                .help(format!("{set} changes what it says of them")));
        }
        Ok(())
    })?;
    print::words(&format!("{who}: added\n"))?;
    if let Some(file) = list_file(workspace, had_people).filter(|_| args.store.is_none()) {
        let file = describe(&file);
        let two = match workspace.config.audience_source {
            Some(_) => "",
            None => {
                ". Now there are two lists, and a send stops until digest.toml says which is meant"
            }
        };
        print::note(&format!(
            "{who} is in the store, and your list is {file}{two}. Write the person into {file}; or bring \
             that list into the store (digest subscribers import {}) and write source = \"store\" under \
             [audience] in digest.toml",
            quoted(&file)
        ));
    }
    Ok(Exit::Done)
}

/// Says that what was changed in the publication's own store is not what the next send uses, where
/// `digest.toml` says that it is a file.
pub(super) fn tell_unused(workspace: &Workspace, named: Option<&str>) {
    if let Some(file) = list_file(workspace, true).filter(|_| named.is_none()) {
        print::note(&format!(
            "this is in the store, and the next send uses {} (`[audience] source` in digest.toml)",
            describe(&file)
        ));
    }
}

/// Whether anybody is in the list of the store.
fn has_people(workspace: &Workspace, named: Option<&str>) -> Result<bool, Failure> {
    let path = place(workspace, named)?;
    let are_in = runtime()?.block_on(rows::are_in(&path, &ledger::STEPS));
    Ok(path.is_there() && are_in.map_err(looking::unusable)?)
}

/// What somebody wanted of a person who is not in the list of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ChangeAsked {
    End,
    Change,
}

/// Nobody of the store's list has this address: where else it is, or who is meant, and what to do.
fn not_in_list(
    workspace: &Workspace,
    named: Option<&str>,
    who: &Address,
    wanted: ChangeAsked,
) -> Failure {
    if let Ok(Some(now)) = moved_to(workspace, named, who) {
        return Failure::new(format!("{who} is an earlier address of {now}"))
            .help(format!("name {now} instead"));
    }
    let (in_file, near) = elsewhere(workspace, named, who).unwrap_or_default();
    let suppress = with_address(
        "digest subscribers suppress",
        who.as_str(),
        "--reason unsubscribed --why TEXT",
    );
    let add = with_address("digest subscribers add", who.as_str(), "");
    let add = format!("{add} brings them in");
    let help = match (wanted, in_file, near) {
        (ChangeAsked::End, true, _) => format!("to end it, whatever a list says: {suppress}"),
        (ChangeAsked::End, false, Some(near)) => {
            format!(
                "did you mean {near}? If not, and no later list is to bring them in: {suppress}"
            )
        }
        (ChangeAsked::End, false, None) => {
            format!("so that no later list brings them in: {suppress}")
        }
        (ChangeAsked::Change, true, _) => {
            "change the row in subscribers.csv, or bring that list into the \
             store: digest subscribers import subscribers.csv"
                .to_owned()
        }
        (ChangeAsked::Change, false, Some(near)) => format!("did you mean {near}? If not, {add}"),
        (ChangeAsked::Change, false, None) => add,
    };
    let but = if in_file { ", but in subscribers.csv" } else { "" };
    Failure::new(format!("{who} is not in the list of the store{but}")).help(help)
}

/// The address that the person has now who had this one.
fn moved_to(
    workspace: &Workspace,
    named: Option<&str>,
    who: &Address,
) -> Result<Option<String>, Failure> {
    let path = place(workspace, named)?;
    runtime()?.block_on(async {
        let store = Store::read(&path, &ledger::STEPS).await?;
        let now = moved::now(&store, who).await;
        store.close().await;
        Ok(now?)
    })
}

/// Whether subscribers.csv has the address, and which address of a list is nearly the same.
fn elsewhere(
    workspace: &Workspace,
    named: Option<&str>,
    who: &Address,
) -> Result<(bool, Option<String>), Failure> {
    let file = workspace.root.join("subscribers.csv");
    let options = ReadOptions {
        consent: workspace.config.consent_columns.clone(),
        is_foreign: is_foreign(&file),
        ..ReadOptions::default()
    };
    let store = Some(place(workspace, named)?);
    let mut lists = vec![ListPlace { path: "store".into(), store }];
    if files::is_there(&file) {
        lists.push(ListPlace { path: file, store: None });
    }
    let (mut in_file, mut near) = (false, None);
    runtime()?.block_on(async {
        for list in &lists {
            // One that cannot be read says nothing here.
            let Ok(found) = look_up(std::slice::from_ref(who), list, &options).await else {
                continue;
            };
            for (standing, meant) in found.people {
                in_file |= list.store.is_none() && !matches!(standing, Standing::Absent);
                near = near.take().or(meant);
            }
        }
    });
    Ok((in_file, near))
}

/// The new address, where one is set, and all other fields.
fn new_address(details: &mut Details) -> Result<Option<Address>, Failure> {
    let is_email =
        |text: &String| text.split_once('=').is_some_and(|(name, _)| name.trim() == "email");
    let (emails, others): (Vec<String>, _) = details.set.drain(..).partition(is_email);
    details.set = others;
    match &emails[..] {
        [] => Ok(None),
        [one] => address(one.split_once('=').map_or("", |(_, value)| value)).map(Some),
        _ => Err(Failure::usage("--set email= stands twice: a person has one address")),
    }
}

/// Gives a person another address; nothing where there is none of them.
async fn move_to(
    workspace: &Workspace,
    store: &Store,
    (old, new): (&Address, &Address),
) -> Result<Option<bool>, Failure> {
    let forgotten = forgotten(workspace, store).await?;
    let release = |who: &str, reason: Option<SuppressionReason>| {
        let reason = reason.map_or(String::new(), |reason| format!("--reason {} ", reason.word()));
        let release =
            with_address("digest subscribers release", who, &format!("{reason}--why TEXT"));
        format!("if they want mail: {release}, and then this command once more")
    };
    match moved::change_address(store, (old, new), &forgotten, note()).await {
        Ok(changed) => Ok(Some(changed)),
        Err(AddressChangeError::NotInList(_)) => Ok(None),
        Err(error) => {
            let failure = Failure::new(error.to_string());
            Err(match error {
                AddressChangeError::Store(error) => error.into(),
                AddressChangeError::Left(_) | AddressChangeError::Suppressed { .. } => {
                    failure.help(release(old.as_str(), None))
                }
                AddressChangeError::NewSuppressed { reason: SuppressionReason::Moved, .. } => {
                    let now = moved::kept_out_for(store, new).await?;
                    let now = now.unwrap_or_else(|| new.identity());
                    earlier_address(&new.identity(), &now, " and gets no mail")
                }
                AddressChangeError::NewSuppressed { reason, .. } => {
                    failure.help(release(new.as_str(), Some(reason)))
                }
                AddressChangeError::Taken(_) => {
                    let remove = with_address(
                        "digest subscribers remove",
                        old.as_str(),
                        "--why 'has another address'",
                    );
                    failure.help(format!("if both are one person: {remove}"))
                }
                _ => failure.help(release(new.as_str(), None)),
            })
        }
    }
}

/// Says of somebody whose address has changed that they have asked to leave, and nobody has decided.
async fn tell_wishes(workspace: &Workspace, store: &Store, who: &Address) -> Result<(), Failure> {
    let all = undecided::all(store, Some(&who.identity())).await?;
    let Some(wish) = all.iter().find(|one| one.is_wish()) else { return Ok(()) };
    let at = clock::minute(wish.at, &workspace.config.time_zone);
    let remove = with_address("digest subscribers remove", who.as_str(), "--why TEXT");
    let dismiss = with_address("digest bounces dismiss", who.as_str(), "");
    print::note(&format!(
        "under {} this person asked to leave, {at} ({}), and nobody has decided about it: `{remove}` if it \
         holds, or `{dismiss}`",
        wish.email, wish.text
    ));
    Ok(())
}

/// Runs `digest subscribers set`.
pub(super) fn set(workspace: &Workspace, args: &Set) -> Ending {
    let mut details = args.details.clone();
    let (old, new) = (address(&args.address)?, new_address(&mut details)?);
    let (named, edit) = (args.store.as_deref(), details.read()?);
    let (said, topics) =
        (details.topics.as_deref().unwrap_or_default(), &workspace.config.publication.topics);
    print::problems(&unknown_topics(&old, said, topics));
    let changed = in_store(workspace, named, async |store| {
        let mut has_moved = false;
        if let Some(new) = &new {
            let Some(moved) = move_to(workspace, store, (&old, new)).await? else {
                return Ok(None);
            };
            has_moved = moved;
            if moved {
                super::unfinished::tell(store, &old, new).await?;
            }
        }
        if new.is_none() && change::find(store, &old).await?.is_none() {
            return Ok(None);
        }
        tell_new_fields(store, &details.set).await?;
        let who = new.as_ref().unwrap_or(&old);
        let changed = change::change(store, who, note(), |profile| edit(profile)).await?;
        if has_moved {
            tell_wishes(workspace, store, who).await?;
        }
        Ok(changed.map(|changed| (has_moved, changed)))
    })?;
    let (has_moved, changed) =
        changed.ok_or_else(|| not_in_list(workspace, named, &old, ChangeAsked::Change))?;
    let what = match &new {
        Some(new) if has_moved => format!("address changed to {new}"),
        _ if changed => "changed".to_owned(),
        _ => "nothing to change".to_owned(),
    };
    print::words(&format!("{old}: {what}\n"))?;
    if let Some(file) = list_file(workspace, true).filter(|_| named.is_none() && has_moved) {
        let (file, new) = (describe(&file), new.as_ref().unwrap_or(&old));
        print::note(&format!(
            "the next send uses {file} (`[audience] source` in digest.toml), and nothing goes to {old} any \
             more: write {new} in its place there"
        ));
        return Ok(Exit::Done);
    }
    tell_unused(workspace, named);
    Ok(Exit::Done)
}

/// Runs `digest subscribers tag`.
pub(super) fn tag(workspace: &Workspace, args: &TagPeople) -> Ending {
    // One that came with a file may have a comma.
    let tags = if args.remove {
        args.tag.split(';').map(|tag| tag.trim().to_owned()).collect()
    } else {
        tags(std::slice::from_ref(&args.tag))?
    };
    let all: Result<Vec<Address>, Failure> =
        args.addresses.iter().map(|one| address(one)).collect();
    let all = all?;
    let edit = |profile: &mut SubscriberProfile| {
        profile.tags.retain(|tag| !tags.contains(tag) || !args.remove);
        let missing = tags.iter().filter(|tag| !args.remove && !profile.tags.contains(tag));
        let missing: Vec<String> = missing.cloned().collect();
        profile.tags.extend(missing);
    };
    let missing = in_store(workspace, args.store.as_deref(), async |store| {
        let mut missing = None;
        for who in &all {
            let what = match change::change(store, who, note(), edit).await? {
                None => {
                    missing.get_or_insert(who);
                    match moved::now(store, who).await? {
                        Some(now) => format!("an earlier address of {now}"),
                        None => "not in the list".to_owned(),
                    }
                }
                Some(false) => "nothing to change".to_owned(),
                Some(true) if args.remove => "tag taken away".to_owned(),
                Some(true) => "tagged".to_owned(),
            };
            print::words(&format!("{who}: {what}\n"))?;
        }
        Ok(missing)
    })?;
    tell_unused(workspace, args.store.as_deref());
    match missing {
        None => Ok(Exit::Done),
        Some(who) => Err(not_in_list(workspace, args.store.as_deref(), who, ChangeAsked::Change)),
    }
}

/// Runs `digest subscribers remove`.
pub(super) fn remove(workspace: &Workspace, args: &Remove) -> Ending {
    let who = address(&args.address)?;
    let why = args.why.as_deref().unwrap_or("removed by hand");
    let why = words("--why", why)?;
    let was = in_store(workspace, args.store.as_deref(), async |store| {
        let Some(known) = change::find(store, &who).await? else { return Ok(None) };
        let note_of_no = SuppressionNote {
            reason: SuppressionReason::Unsubscribed,
            why: &why,
            origin: SuppressionOrigin::Command,
            at: clock::now(),
        };
        leave::leave(store, &who, &note_of_no, ChangeOrigin::Command).await?;
        Ok(Some(known.profile.status))
    })?;
    let was =
        was.ok_or_else(|| not_in_list(workspace, args.store.as_deref(), &who, ChangeAsked::End))?;
    let before = if was == SubscriptionStatus::Unsubscribed { " before" } else { "" };
    print::words(&format!("{who}: unsubscribed{before}, and suppressed\n"))?;
    Ok(Exit::Done)
}
