//! `digest secret rotate`: a new key for links and Message-IDs, beside the older ones.
//!
//! Must never show a key, nor take one away.

use sejong_digest::config::{self, RotateError};
use sejong_digest::delivery::ledger::{Ledger, STEPS};
use sejong_digest::store::{Lock, Quiet, Store, StoreError};

use super::failure::{Ending, Exit, Failure};
use super::files::describe;
use super::workspace::{LostSecret, Workspace};
use super::{Global, print, runtime};

/// Change the key of unsubscribe links; links in sent mail keep working
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Rotate(Rotate),
}

const LONG: &str = "\
Add a new key to the secret; links in mail that was sent keep working

The key gets the next number and a line of its own in the file of the secret, .digest-secret or the
one that DIGEST_SECRET_FILE names. New mail is made with it: links for leaving, Message-IDs and
reverse-paths. The older keys stay in the file, because mail that was sent needs them. An issue that
was begun goes on, and messages that are tried again keep their Message-IDs. Copy the file to every
computer that sends or reads links.

Whoever knows an older key can unsubscribe your readers and read the addresses in links. To stop that,
take its line out of the file afterwards; then the links in mail that was sent with it stop working.";

const EXAMPLES: &str = "\
Examples:
  digest secret rotate";

/// Add a new key to the secret; links in mail that was sent keep working
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
struct Rotate {}

/// Runs `digest secret`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let Command::Rotate(Rotate {}) = &args.command;
    rotate(&Workspace::open(global)?)
}

fn rotate(workspace: &Workspace) -> Ending {
    let runtime = runtime()?;
    let held = runtime.block_on(held_ledger(workspace))?;
    let mut last_number = 0;
    if let Some((store, _)) = &held {
        let list_id = workspace.config.sender.list_id_in_mail();
        let sent = runtime.block_on(Ledger::new(store.clone(), "").sent_keys(list_id))?;
        // An old copy of it: the next number may stand for a key that mail was sent with.
        if let Some(lost) = LostSecret::in_part(workspace, &sent, store.address())? {
            return Err(Failure::new(format!("{lost}; the secret was not changed")).help(format!(
                "copy {} here from the computer that sent before. If it is lost, `digest send \
                 --new-secret` goes on without it, and then there can be a new key",
                lost.file()
            )));
        }
        last_number = sent.last_number;
    }
    let rotated = config::rotate_secret(&workspace.root, &workspace.environment, last_number);
    let rotated = match rotated {
        Ok(rotated) => rotated,
        Err(RotateError::Missing(path)) => {
            drop(held);
            let ledger = workspace.ledger_place().ok();
            return Err(match runtime.block_on(LostSecret::of(workspace, ledger))? {
                Some(lost) => Failure::new(lost.to_string())
                    .help("copy that file here from the computer that sent before"),
                None => Failure::new(RotateError::Missing(path).to_string())
                    .help("the first send makes it; then it has a key to rotate"),
            });
        }
        Err(error) => return Err(refused(error)),
    };
    print::words(&format!(
        "made key {} in {}; new mail is made with it\nLinks in mail that was sent keep working, as \
         the older keys stay in the file.\nCopy the file to every computer that sends or reads \
         links, and keep a copy of it.\n",
        rotated.number,
        describe(&rotated.path)
    ))?;
    Ok(Exit::Done)
}

/// The ledger, which nobody sends from as long as this is held; nothing where there is none.
async fn held_ledger(workspace: &Workspace) -> Result<Option<(Store, Lock)>, Failure> {
    let path = workspace.ledger_place()?;
    if !path.is_there() {
        return Ok(None);
    }
    let store = Store::read(&path, &STEPS).await?;
    match store.quiet().await? {
        Quiet::Nobody(lock) => Ok(Some((store, lock))),
        Quiet::Sending(holder) => Err(Failure::new(format!(
            "{}; the secret was not changed",
            StoreError::Busy { store: path, holder }
        ))),
    }
}

fn refused(error: RotateError) -> Failure {
    let failure = Failure::new(error.to_string());
    match error {
        RotateError::Variable => failure.help(
            "write the value of DIGEST_SECRET to .digest-secret beside digest.toml (chmod 600), or to \
             a file that DIGEST_SECRET_FILE names, remove DIGEST_SECRET, and run this again. Or add a \
             line to its value yourself: key 2 (or the next number), a space, and what `openssl rand \
             -hex 32` prints",
        ),
        RotateError::UnderWay(path) => failure.help(format!(
            "if no other one runs, remove {}: nothing uses what is in it",
            describe(&path)
        )),
        RotateError::SeveralLines(_) => failure.help(
            "keep it as it is: written in one line it would be another secret, and links in mail that \
             was sent would stop working",
        ),
        RotateError::Full(_) => failure.help(
            "only another secret helps: remove the file, and `digest send --new-secret` makes one; then \
             the links in mail that was sent stop working",
        ),
        RotateError::Missing(_) | RotateError::Unwritten(_) | RotateError::Secret(_) => failure,
    }
}
