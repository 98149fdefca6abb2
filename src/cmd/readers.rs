//! Whom a message is made for: somebody on the list, somebody at an address, or a reader who
//! stands for all of them.
//!
//! Must never send, and must never change a list.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sejong_digest::audience::consent::{ConsentColumn, consent_column};
use sejong_digest::audience::forgotten::ForgettingKeys;
use sejong_digest::audience::list::{self, ReadOptions};
use sejong_digest::audience::subscribers::rows;
use sejong_digest::audience::suppression::{self, Suppression};
use sejong_digest::check::{self, Audience, Lacking, passages, selections};
use sejong_digest::compose::Composition;
use sejong_digest::config::{self, AudienceSource};
use sejong_digest::delivery::intake::{self, Choice, Intake, IntakeError, Standings};
use sejong_digest::delivery::ledger::staging::{NO_SECTION, Standing};
use sejong_digest::delivery::ledger::{Ledger, STEPS};
use sejong_digest::delivery::source;
use sejong_digest::diagnostic::{Diagnostic, counted};
use sejong_digest::files;
use sejong_digest::issue::load;
use sejong_digest::issue::only::Traits as _;
use sejong_digest::issue::slot::BUILT_IN;
use sejong_digest::issue::{Issue, Publication, Section};
use sejong_digest::message::address::Address;
use sejong_digest::message::recipient::Recipient;
use sejong_digest::store::{Store, StoreAddress};

use super::failure::Failure;
use super::files::{describe, describe_store, is_disguised, stays_here};
use super::workspace::Workspace;
use super::{clock, looking, print};

/// Where a list is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListPlace {
    /// The file, or what people know the store by.
    pub(crate) path: PathBuf,
    /// The store, where it is the list of one.
    pub(crate) store: Option<StoreAddress>,
}

/// Which list, and how to read it: the same for every command that reads one.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// The list, as CSV [default: the publication's subscribers.csv]
    #[arg(long, value_name = "FILE")]
    pub(crate) subscribers: Option<PathBuf>,
    /// The encoding of the list, if it is neither UTF-8 nor UTF-16 with a byte order mark
    #[arg(long, value_name = "NAME", hide_short_help = true, value_parser = list::in_encoding)]
    pub(crate) encoding: Option<ReadOptions>,
    /// What a column says of consent: 'Opted In=yes' (a true value means that the person may be
    /// mailed), =no (must not) or =ignore; of one word, 'Status: Gold=yes'. Repeat the flag
    #[arg(long, value_name = "COLUMN=MEANING", hide_short_help = true)]
    #[arg(value_parser = consent_column)]
    pub(crate) consent_column: Vec<ConsentColumn>,
}

impl ListArgs {
    /// Those of a command that takes none.
    pub(crate) fn of_publication() -> ListArgs {
        ListArgs { subscribers: None, encoding: None, consent_column: Vec::new() }
    }

    /// The list: the one that was named, or what `[audience] source` says, or else the one that there
    /// is of `subscribers.csv` beside `digest.toml` and the list of the store.
    pub(crate) async fn place(&self, workspace: &Workspace) -> Result<Option<ListPlace>, Failure> {
        let is_file = |path: PathBuf| ListPlace { path, store: None };
        if let Some(named) = &self.subscribers {
            return Ok(Some(is_file(named.clone())));
        }
        let usual = workspace.root.join("subscribers.csv");
        let file = files::is_there(&usual).then(|| is_file(usual));
        let said = workspace.config.audience_source;
        if said == Some(AudienceSource::File) {
            return Ok(file);
        }
        let store = match own_store(workspace)? {
            Some(store) => {
                let are_in = rows::are_in(&store, &STEPS).await.map_err(looking::unusable)?;
                let path = store.file().map_or_else(|| store.to_string().into(), Path::to_owned);
                are_in.then_some(ListPlace { path, store: Some(store) })
            }
            None => None,
        };
        match (file, store, said) {
            (_, None, Some(AudienceSource::Store)) if workspace.store_left_out()?.is_some() => {
                Ok(None)
            }
            (_, None, Some(AudienceSource::Store)) => {
                Err(Failure::checks("[audience] source is \"store\", and nobody is in the store")
                    .help("bring people in with `digest subscribers import FILE`"))
            }
            (Some(file), Some(store), None) => {
                Err(two_lists(&file, &store, &self.options(workspace)).await)
            }
            (_, Some(store), _) => Ok(Some(store)),
            (file, None, _) => Ok(file),
        }
    }

    /// The list that was named, where `subscribers.csv` beside `digest.toml` is another one. It is called
    /// the same from whatever folder it was named.
    pub(crate) fn unusual(&self, workspace: &Workspace) -> Option<PathBuf> {
        let named = self.subscribers.as_ref()?;
        let usual = workspace.root.join("subscribers.csv");
        if !files::is_there(&usual) {
            return None;
        }
        let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let (named, usual) = (absolute(named), absolute(&usual));
        let from_root = named.strip_prefix(absolute(&workspace.root)).unwrap_or(&named);
        (named != usual).then(|| from_root.to_owned())
    }

    /// How to read it. What the command line says of a column comes behind what `digest.toml` says,
    /// and counts more.
    pub(crate) fn options(&self, workspace: &Workspace) -> ReadOptions {
        let mut options = self.encoding.clone().unwrap_or_default();
        options.consent = workspace.config.consent_columns.clone();
        options.consent.extend(self.consent_column.iter().cloned());
        options.topics.clone_from(&workspace.config.publication.topics);
        options.today = Some(clock::now_in(&workspace.config.time_zone).date());
        let usual = || workspace.root.join("subscribers.csv");
        options.is_foreign = is_foreign(&self.subscribers.clone().unwrap_or_else(usual));
        options
    }
}

/// The failure of a publication with a list in a file and another in the store. It says how many people
/// each has: one of the two may be there by accident.
async fn two_lists(file: &ListPlace, store: &ListPlace, options: &ReadOptions) -> Failure {
    let mut sizes = [String::new(), String::new()];
    for (size, place) in sizes.iter_mut().zip([file, store]) {
        if let Some(people) = Box::pin(people_of(place, options)).await {
            *size = format!(" ({})", counted(people, "person"));
        }
    }
    let [of_file, of_store] = sizes;
    let store = describe(&store.path);
    Failure::checks(format!(
        "there are two lists: subscribers.csv{of_file}, and people in the store {store}{of_store}"
    ))
    .help(
        "write source = \"file\" or source = \"store\" under [audience] in digest.toml, or name a \
         file with --subscribers. `digest subscribers import subscribers.csv` brings the people of the \
         file into the store",
    )
}

/// How many people of a list may be mailed by its rows, where it can be read.
async fn people_of(place: &ListPlace, options: &ReadOptions) -> Option<u64> {
    let ledger = Ledger::of_a_list().await.ok()?;
    let rows = source::open(&ledger, &place.path, place.store.as_ref(), options).await.ok()?;
    intake::stage(&ledger, rows, Choice::default()).await.ok()?;
    ledger.planned_counts().await.ok().map(|(people, _)| people)
}

/// The publication's own file, where sends go to it and not to the list of the store, which does or does
/// not have people.
pub(crate) fn list_file(workspace: &Workspace, store_has_people: bool) -> Option<PathBuf> {
    let file = workspace.root.join("subscribers.csv");
    let is_used = match workspace.config.audience_source {
        Some(AudienceSource::File) => true,
        Some(AudienceSource::Store) => false,
        None => !store_has_people && files::is_there(&file),
    };
    is_used.then_some(file)
}

/// Whether a link that may have come with the repository leads from `file` to somewhere else, or to
/// what its name hides: nothing of that is repeated.
pub(crate) fn is_foreign(file: &Path) -> bool {
    stays_here(file).is_err() || is_disguised(file)
}

/// A list that issues are checked against.
#[derive(Debug)]
pub(crate) struct Readers {
    intake: Intake,
    ledger: Ledger,
    people: u64,
    /// Who lacks which field, as far as it was asked.
    lacking: BTreeMap<String, Lacking>,
}

impl Readers {
    /// Reads a list, with what is wrong with it added to `problems`; `None` where it cannot be read.
    /// Who is suppressed by a store gets no mail, and is none of them.
    pub(crate) async fn read(
        place: &ListPlace,
        options: ReadOptions,
        (suppressed_in, keys): (Option<&StoreAddress>, &ForgettingKeys),
        problems: &mut Vec<Diagnostic>,
    ) -> Result<Option<Readers>, Failure> {
        let ledger = Ledger::of_a_list().await?;
        let choice = Choice { suppressed_in, forgetting: Some(keys), ..Choice::default() };
        let staged = match source::open(&ledger, &place.path, place.store.as_ref(), &options).await
        {
            Ok(rows) => intake::stage(&ledger, rows, choice).await,
            Err(error) => Err(error),
        };
        let mut intake = match staged {
            Ok(intake) => intake,
            Err(IntakeError::List(problem)) => {
                problems.push(*problem);
                return Ok(None);
            }
            // Whoever only checks may not be the one who sends, and may not read that file.
            Err(IntakeError::Store(error)) if suppressed_in.is_some() && place.store.is_none() => {
                print::note(&format!("it is not known who is suppressed: {error}"));
                return Box::pin(Readers::read(place, options, (None, keys), problems)).await;
            }
            Err(IntakeError::Store(error)) => return Err(error.into()),
            Err(IntakeError::Forgotten(error)) => return Err(error.into()),
            Err(error @ IntakeError::UnknownIssue { .. }) => {
                return Err(Failure::usage(error.to_string()));
            }
        };
        problems.append(&mut intake.problems);
        let (people, _) = ledger.planned_counts().await?;
        Ok(Some(Readers { intake, ledger, people, lacking: BTreeMap::new() }))
    }

    /// What segments ask about and nobody of them has.
    pub(crate) fn segments(&self, publication: &Publication) -> Vec<Diagnostic> {
        selections::segments(publication, &self.intake.columns, self.intake.tags.as_ref())
    }

    /// The readers as the rules about a composition want to know them.
    pub(crate) async fn audience(
        &mut self,
        composition: &Composition,
    ) -> Result<Audience<'_>, Failure> {
        let mut asked = check::asked(composition, &self.intake.columns);
        asked.retain(|field| !self.lacking.contains_key(field));
        self.lacking
            .append(&mut self.ledger.lacking(&asked.iter().map(String::as_str).collect()).await?);
        let Readers { intake, people, lacking, .. } = self;
        let (columns, tags) = (&intake.columns[..], intake.tags.as_ref());
        Ok(Audience { columns, people: *people, lacking, tags })
    }
}

/// The keys that tell who was forgotten; none where there is no secret.
pub(crate) fn forgetting_keys(workspace: &Workspace) -> Result<ForgettingKeys, Failure> {
    let secret = config::known_secret(&workspace.root, &workspace.environment)?;
    Ok(secret.map_or_else(ForgettingKeys::default, |secret| {
        ForgettingKeys::of_secret(secret.older().chain([secret.newest()]))
    }))
}

/// The publication's own store, where it has one that this command may open: who is suppressed there
/// gets no mail.
pub(crate) fn own_store(workspace: &Workspace) -> Result<Option<StoreAddress>, Failure> {
    if workspace.store_left_out()?.is_some() {
        return Ok(None);
    }
    Ok(Some(workspace.ledger_place()?).filter(StoreAddress::is_there))
}

/// Says which store is not opened because strangers may have named it, and what is not known for that.
pub(crate) fn tell_left_out_store(workspace: &Workspace) -> Result<(), Failure> {
    if let Some(store) = workspace.store_left_out()? {
        let what = if store.file().is_some() { "outside the publication" } else { "on a server" };
        print::note(&format!(
            "the store is {what}: {}. This command opens none there, so who is suppressed is not known \
             here, nor who is in it",
            describe_store(&store)
        ));
    }
    Ok(())
}

/// What keeps mail from each of these people, if anything does.
pub(crate) async fn suppressions(
    workspace: &Workspace,
    addresses: impl Iterator<Item = &Address>,
) -> Result<Vec<(Address, Suppression)>, Failure> {
    let Some(path) = own_store(workspace)? else { return Ok(Vec::new()) };
    let store = Store::read(&path, &STEPS).await.map_err(looking::unusable)?;
    let keys = forgetting_keys(workspace)?;
    let found = async {
        let mut found = Vec::new();
        for address in addresses {
            let one = suppression::of_person(&store, address, &keys.hashes(address)).await?;
            found.extend(one.map(|one| (address.clone(), one)));
        }
        Ok(found)
    };
    let found = found.await;
    store.close().await;
    found
}

/// What a list says of people, and what is to be known of it.
pub(crate) async fn standings(
    addresses: &[Address],
    place: &ListPlace,
    options: &ReadOptions,
) -> Result<Standings, Failure> {
    look_up(addresses, place, options).await.map_err(|error| match error {
        IntakeError::List(problem) => {
            print::problems(&[*problem]);
            Failure::checks("the list of subscribers cannot be read")
        }
        IntakeError::Store(error) => error.into(),
        IntakeError::Forgotten(error) => error.into(),
        error @ IntakeError::UnknownIssue { .. } => Failure::usage(error.to_string()),
    })
}

/// The same, for who tells what is wrong in words of their own.
pub(crate) async fn look_up(
    addresses: &[Address],
    place: &ListPlace,
    options: &ReadOptions,
) -> Result<Standings, IntakeError> {
    let ledger = Ledger::of_a_list().await?;
    let rows = source::open(&ledger, &place.path, place.store.as_ref(), options).await?;
    intake::find(&ledger, rows, addresses).await
}

/// Takes those out of `people`, who are named by their identities, whom the list has.
pub(crate) async fn strike(
    people: &mut BTreeSet<String>,
    place: &ListPlace,
    options: &ReadOptions,
) -> Result<(), IntakeError> {
    let ledger = Ledger::of_a_list().await?;
    let rows = source::open(&ledger, &place.path, place.store.as_ref(), options).await?;
    intake::strike(rows, people).await
}

/// The people at `addresses`, which `flag` named, with the fields that the list has of them. Shows
/// what is to be known of the list; it is an error if nobody can know who of it may be mailed.
pub(crate) async fn at_addresses(
    flag: &str,
    addresses: &[String],
    place: Option<&ListPlace>,
    options: ReadOptions,
) -> Result<Vec<Recipient>, Failure> {
    let parse = |text: &String| {
        Address::parse(text).map_err(|error| Failure::usage(format!("{flag}: {error}")))
    };
    let addresses: Vec<Address> = addresses.iter().map(parse).collect::<Result<_, Failure>>()?;
    let nobody = |address: Address| Recipient::new(address, [], []);
    let Some(place) = place else { return Ok(addresses.into_iter().map(nobody).collect()) };
    let list = load::path_from_here(&place.path);
    let list = list.display();
    let found = standings(&addresses, place, &options).await?;
    print::problems(&found.problems);
    if found.problems.iter().any(Diagnostic::is_error) {
        return Err(Failure::checks(format!("it is not known who of {list} may be mailed"))
            .help("say what the columns mean that are named above"));
    }
    let person = |(address, (standing, near)): (Address, (Standing, Option<String>))| {
        match standing {
            Standing::Kept(person) => return person,
            Standing::Left(reason) => print::note(&format!(
                "{address} gets no issue, because {list} says {reason}, so this reader has no \
                 fields"
            )),
            Standing::Absent => {
                let meant = near.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
                print::note(&format!(
                    "{address} is not in {list}, so this reader has no fields{meant}"
                ));
            }
        }
        nobody(address)
    };
    Ok(addresses.into_iter().zip(found.people).map(person).collect())
}

/// For whom a passage is, as far as it fits a line.
pub(crate) fn shortened_condition(condition: &str) -> Cow<'_, str> {
    match condition.char_indices().nth(CONDITION) {
        Some((end, _)) => Cow::Owned(format!("{}…", &condition[..end])),
        None => Cow::Borrowed(condition),
    }
}

/// Passages that are named to whoever looks at a message without them.
const PASSAGES: usize = 10;
/// Letters of a condition that are shown.
const CONDITION: usize = 100;

/// Says which sections and passages of the issue a reader, called `who`, does not get.
pub(crate) fn tell_left_out(issue: &Issue, who: &str, reader: &Recipient) {
    let is_wanted =
        |section: &&Section| section.topic.as_deref().is_none_or(|topic| reader.wants(topic));
    let mut sections = issue.filled_sections().peekable();
    if sections.peek().is_some() && !sections.any(|section| is_wanted(&section)) {
        print::note(&format!("a send leaves {who} out: {NO_SECTION}"));
    }
    for section in issue.filled_sections().filter(|section| !is_wanted(section)) {
        let topic = section.topic.as_deref().unwrap_or_default();
        let heading = section.heading.as_deref().map_or(String::new(), |text| format!(" {text:?}"));
        print::note(&format!("left out for {who}: the section{heading} of the topic {topic}"));
    }
    let left_out = passages::left_out(issue, reader);
    for (place, condition) in left_out.iter().take(PASSAGES) {
        let line = place.line_column().map_or(String::new(), |(line, _)| format!(":{line}"));
        let condition = shortened_condition(condition);
        let path = place.path().display();
        print::note(&format!("left out for {who}: {path}{line} `only {condition}`"));
    }
    let more = left_out.len().saturating_sub(PASSAGES);
    if more > 0 {
        print::note(&format!("left out for {who}: {}", counted(more as u64, "more passage")));
    }
}

/// A reader who stands for all: every fallback shows, and where a slot has none, its field's name.
pub(crate) fn anybody(composition: &Composition) -> Result<Recipient, Failure> {
    let fields = unfilled(composition);
    if !fields.is_empty() {
        let names: Vec<String> = fields.iter().map(|field| format!("«{field}»")).collect();
        let names = names.join(", ");
        print::note(&format!("{names}: no fallback, so the name shows; --as ADDRESS fills it"));
    }
    stand_in(composition)
}

/// The same, where nobody looks at what shows.
pub(crate) fn stand_in(composition: &Composition) -> Result<Recipient, Failure> {
    let address = Address::parse("reader@example.org")?;
    let fields = unfilled(composition);
    let named: Vec<String> = fields.iter().map(|field| format!("«{field}»")).collect();
    Ok(Recipient::new(address, fields.into_iter().zip(named.iter().map(String::as_str)), []))
}

/// Fields without a fallback, each once.
fn unfilled(composition: &Composition) -> Vec<&str> {
    let mut fields: Vec<&str> = Vec::new();
    for slot in composition.slots.iter().flatten() {
        let field = slot.field.as_str();
        if slot.fallback.is_none() && !BUILT_IN.contains(&field) && !fields.contains(&field) {
            fields.push(field);
        }
    }
    fields
}
