//! Whom a message is made for: somebody on the list, somebody at an address, or a reader who
//! stands for all of them.
//!
//! Must never send, and must never change a list.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sejong_digest::audience::list::{self, ReadOptions};
use sejong_digest::check::{self, Audience, Lacking};
use sejong_digest::compose::Composition;
use sejong_digest::delivery::intake::{self, Intake, IntakeError};
use sejong_digest::delivery::ledger::Ledger;
use sejong_digest::delivery::ledger::staging::Standing;
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::files;
use sejong_digest::issue::load;
use sejong_digest::issue::slot::BUILT_IN;
use sejong_digest::message::address::Address;
use sejong_digest::message::recipient::Recipient;

use super::failure::Failure;
use super::print;
use super::workspace::Workspace;

/// Problems of a list that are listed, of each rule.
const LISTED: usize = 1_000;

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
    pub(crate) async fn read(
        path: &Path,
        options: ReadOptions,
        problems: &mut Vec<Diagnostic>,
    ) -> Result<Option<Readers>, Failure> {
        let ledger = Ledger::of_a_list().await?;
        let staged = match list::open(path, load::path_from_here(path), &options) {
            Ok(rows) => intake::stage(&ledger, rows, None, LISTED).await,
            Err(problem) => Err(problem.into()),
        };
        let mut intake = match staged {
            Ok(intake) => intake,
            Err(IntakeError::List(problem)) => {
                problems.push(*problem);
                return Ok(None);
            }
            Err(IntakeError::Store(error)) => return Err(error.into()),
        };
        problems.append(&mut intake.problems);
        let (people, _) = ledger.planned_counts().await?;
        Ok(Some(Readers { intake, ledger, people, lacking: BTreeMap::new() }))
    }

    /// The readers as the rules about a composition want to know them.
    pub(crate) async fn audience(
        &mut self,
        composition: &Composition,
    ) -> Result<Audience<'_>, Failure> {
        let mut asked = check::asked(composition, &self.intake.columns);
        asked.retain(|field| !self.lacking.contains_key(*field));
        self.lacking.append(&mut self.ledger.lacking(&asked).await?);
        let Readers { intake, people, lacking, .. } = self;
        Ok(Audience { columns: &intake.columns, people: *people, lacking })
    }
}

/// The subscriber file: the one that was named, or `subscribers.csv` beside `digest.toml`.
pub(crate) fn file(workspace: &Workspace, named: Option<&Path>) -> Option<PathBuf> {
    let usual = workspace.root.join("subscribers.csv");
    named.map(Path::to_owned).or_else(|| files::is_there(&usual).then_some(usual))
}

/// The people at `addresses`, which `flag` named, with the fields that the list has of them.
pub(crate) async fn at_addresses(
    flag: &str,
    addresses: &[String],
    file: Option<&Path>,
    options: ReadOptions,
) -> Result<Vec<Recipient>, Failure> {
    let parse = |text: &String| {
        Address::parse(text).map_err(|error| Failure::usage(format!("{flag}: {error}")))
    };
    let addresses: Vec<Address> = addresses.iter().map(parse).collect::<Result<_, Failure>>()?;
    let nobody = |address: Address| Recipient::new(address, [], []);
    let Some(path) = file else { return Ok(addresses.into_iter().map(nobody).collect()) };
    let shown = load::path_from_here(path);
    let found = match list::open(path, &shown, &options) {
        Ok(rows) => intake::find(&Ledger::of_a_list().await?, rows, &addresses).await,
        Err(problem) => Err(problem.into()),
    };
    let found = found.map_err(|error| match error {
        IntakeError::List(problem) => {
            print::problems(&[*problem]);
            Failure::checks("the list of subscribers cannot be read")
        }
        IntakeError::Store(error) => error.into(),
    })?;
    let person = |(address, (standing, near)): (Address, (Standing, Option<String>))| {
        let list = shown.display();
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
    Ok(addresses.into_iter().zip(found).map(person).collect())
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
