//! For commands that only look at the ledger: what they see of a send that goes on or was killed, and
//! how that is told.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use sejong_digest::delivery::journal::{self, Found};
use sejong_digest::delivery::ledger::Ledger;
use sejong_digest::delivery::recovery::{self, Look, Recovery};
use sejong_digest::delivery::state::State;
use sejong_digest::diagnostic::counted;
use sejong_digest::store::home::Moved;
use sejong_digest::store::{Store, StoreAddress, StoreError};

use super::failure::Failure;
use super::files::{describe, describe_store};
use super::{clock, print};

/// From a journal that is left nobody can tell which of the two it was.
const CUT_OFF: &str = "a send was cut off: it was killed, or the disk was full";

/// So long a command waits for others that write before it says so.
const SILENCE: Duration = Duration::from_secs(2);

/// Does some work on a store, and says for whom it waits where another process writes for long.
pub(super) async fn waiting<T>(store: &Store, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(SILENCE) => {}
    }
    // The question may take as long as the work.
    let who = tokio::select! {
        done = &mut work => return done,
        who = store.writer() => who.unwrap_or_default(),
    };
    let dead = who.if_dead().map_or_else(String::new, |dead| format!(". {dead}"));
    print::note(&format!(
        "waiting for {who}, which writes to {}: this goes on when that is done{dead}",
        describe_store(store.address())
    ));
    work.await
}

/// Lets a command see the ledger as the next `send` will find it, and says where that is not what
/// the file alone says.
pub(super) async fn look(ledger: &Ledger) -> Result<(), StoreError> {
    tell(&recovery::look(ledger, &boot(), &clock::now().to_string()).await?);
    Ok(())
}

/// Says on stderr what goes on in a ledger that somebody looks at.
pub(super) fn tell(look: &Look) {
    match look {
        Look::Still => {}
        Look::Sending(holder) if holder.is_sending() => print::note(&format!(
            "{holder} is sending now: a message that is on its way counts as pending"
        )),
        Look::Sending(holder) => {
            print::note(&format!("{holder} {} the store now", holder.does()));
        }
        // No numbers of what was on its way: beside those of the issue they look like all there is.
        Look::Killed(Recovery { missing_journal: Some(journal), .. }) => {
            let ledger = of_journal(journal);
            print::note(&format!(
                "{CUT_OFF}, and its journal {} is missing here: copy {ledger} and all {ledger}-* \
                 from there. Without it, people who were sent to count as uncertain here. A copy that \
                 was made while a send went on never had one: look where that send was",
                describe(journal)
            ));
        }
        Look::Killed(_) => print::note(&format!(
            "{CUT_OFF}. The numbers here have what its journal says; the next send or digest \
             reconcile writes that to the ledger"
        )),
        Look::Unsettled(error) => print::note(&format!("these numbers may be wrong: {error}")),
    }
}

/// The name of the ledger that a journal lies beside.
fn of_journal(journal: &Path) -> String {
    let journal = describe(journal);
    journal.strip_suffix("-marks").unwrap_or(&journal).to_owned()
}

/// Says what a killed run had left, now that it is settled.
pub(super) fn tell_recovered(recovery: &Recovery) {
    let uncertain = recovery.count(State::Uncertain);
    let journal = match &recovery.missing_journal {
        Some(journal) => format!(
            "{} is missing here (a copy that was made while a send went on has none)",
            describe(journal)
        ),
        None => "is not complete".to_owned(),
    };
    if (recovery.gap || recovery.missing_journal.is_some()) && uncertain > 0 {
        print::note(&format!(
            "{CUT_OFF}, and its journal {journal}: of {} nobody can tell any more whether the \
             issue was sent to them",
            counted(uncertain, "person")
        ));
    }
    if recovery.overtaken > 0 {
        print::note(&format!(
            "the journal of this machine says that {} had the issue, and a later send, which could not \
             read it, has sent to them as well: they may have it twice",
            counted(recovery.overtaken, "person")
        ));
    }
}

/// What a person is told of a ledger that cannot be used. Of one that was lost, the journal that lies
/// there says which run it had begun: nobody may take that for an issue that was never sent.
pub(super) fn unusable(error: StoreError) -> Failure {
    let StoreError::Missing { path, .. } = &error else { return error.into() };
    let mut journal = path.as_os_str().to_owned();
    journal.push("-marks");
    let journal = Path::new(&journal);
    match journal::read(journal) {
        Ok(Found::Journal(left)) => Failure::new(format!(
            "{error}. {} is the journal of run {} and holds {}: mail may have left",
            describe(journal),
            left.head.run,
            counted(left.last, "line"),
        )),
        _ => error.into(),
    }
}

/// What names this boot of the machine; empty where the system does not say, which counts as
/// another boot each time.
pub(super) fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map_or(String::new(), |text| text.trim().to_owned())
}

/// What is said of a ledger that may be a copy.
pub(super) fn moved(store: &StoreAddress, moved: Moved) -> String {
    let ledger = describe_store(store);
    let what = match moved {
        Moved::Machine => "last sent from another computer",
        Moved::File => "is not the file that it was when it last sent",
        Moved::FromServer => "was on a PostgreSQL server when it last sent",
        Moved::FromFile => "was a file when it last sent",
        Moved::Server => {
            "last sent from another server, or from this one before it went on from a backup or \
             from a standby"
        }
        Moved::Tables => "last sent from other tables, in another schema or before these were made",
    };
    format!(
        "{ledger} {what}: it was copied, moved or put back from a copy, and what another copy of it \
         has sent since is not in it"
    )
}
