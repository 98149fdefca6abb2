//! `digest amend`: what was corrected in an issue after it was sent, told to everybody who reads it on
//! the web, and by a short mail to those who got it as it was.
//!
//! Must never change what the ledger says that somebody got, and must never mail before the correction
//! is written down.

mod erratum;

use sejong_digest::archive::corrections::CorrectedParts;
use sejong_digest::archive::edition::WebEdition;
use sejong_digest::compose::Segment;
use sejong_digest::config::ArchiveConfig;
use sejong_digest::delivery::amend::{self, Amendment, TextHolders};
use sejong_digest::delivery::ledger::corrections::KeptCorrection;
use sejong_digest::delivery::ledger::editions::ShownIssues;
use sejong_digest::delivery::ledger::{self, Ledger, LockedLedger};
use sejong_digest::delivery::pace::Rate;
use sejong_digest::delivery::recovery;
use sejong_digest::delivery::send::content::{Change, Composed};
use sejong_digest::delivery::send::renamed;
use sejong_digest::diagnostic::counted;
use sejong_digest::diagnostic::visible::visible;
use sejong_digest::issue::Issue;
use sejong_digest::store::Store;
use serde::Serialize;

use super::failure::{Ending, Exit, Failure};
use super::files::{describe, quoted};
use super::gate::Gate;
use super::readers::ListArgs;
use super::relays::RelayArgs;
use super::send::question;
use super::status::ledger_address;
use super::workspace::Workspace;
use super::{Global, LogOptions, archive, clock, looking, print, runtime, send};
use erratum::Erratum;

const LONG: &str = "\
Correct an issue that was sent

Correct the files of the issue first. This shows what differs from what was sent, and asks. From \
then on the archive, its feeds and its search show the corrected text with your note, on the page of \
the issue and of each article that changed. What readers have in their mailboxes stays as it is: \
--notify sends a short mail, an issue of its own, to those who got the text as it was, and to nobody \
else.

Exit codes: 0 done; 1 it could not run, or nothing differs; 3 the issue has errors; with --notify \
also those of `digest send`.";

const EXAMPLES: &str = "\
Examples:
  digest amend 2025-11 --dry-run
  digest amend 2025-11 --note \"The date of the hearing was wrong.\"
  digest amend 2025-11 --note \"The date of the hearing was wrong.\" --notify";

/// Correct an issue that was sent: on the web, and by a short mail to those who got it
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The issue: a folder under issues/, or a path
    issue: String,
    /// What was wrong, in a sentence or two, for everybody to read
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Tell those who got the text as it was, by an issue of its own: ISSUE-erratum-1
    #[arg(long)]
    notify: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Show what differs, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// End with one JSON object on stdout; with --notify it is the one of the send
    #[arg(long)]
    json: bool,
    /// Let problems of this rule pass; repeat it for several
    #[arg(long, value_name = "RULE", hide_short_help = true)]
    allow: Vec<String>,
    #[command(flatten)]
    list: ListArgs,
    /// With --notify: the relay, such as smtps://user@host [default: the one in digest.toml]
    #[arg(long, value_name = "URL", requires = "notify")]
    relay: Option<String>,
    /// With --notify: how fast at most: 50/second, 30/minute, 2000/hour
    #[arg(long, value_name = "RATE", requires = "notify")]
    limit: Option<Rate>,
    #[command(flatten)]
    pub(super) log: LogOptions,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: Args) -> Ending {
    let issue = args.issue.clone();
    let (json, yes) = (args.json, args.yes);
    let erratum = match runtime()?.block_on(amended(global, &args)) {
        Ok(Some(erratum)) => erratum,
        Ok(None) => return Ok(Exit::Done),
        Err(failure) => return send::in_one_object(Err(failure), json, &issue),
    };
    let relay = RelayArgs { relay: args.relay, catch: None };
    send::run(
        global,
        &send::Args::of_erratum(erratum, (args.list, relay, args.limit), (yes, json, args.log)),
    )
}

/// Writes the correction down; the issue that tells readers of it, where it is to be sent.
async fn amended(global: &Global, args: &Args) -> Result<Option<String>, Failure> {
    let workspace = Workspace::open(global)?;
    workspace.has_issue(&args.issue)?;
    let name = workspace.issue_name(&args.issue)?;
    let place = ledger_address(&workspace, None, None)?;
    let store = if args.dry_run {
        Store::read(&place, &ledger::STEPS).await
    } else {
        Store::open(&place, &ledger::STEPS).await
    };
    let store = store.map_err(looking::unusable)?;
    let done = in_store(&workspace, args, &Ledger::new(store.clone(), &name)).await;
    store.close().await;
    done
}

async fn in_store(
    workspace: &Workspace,
    args: &Args,
    ledger: &Ledger,
) -> Result<Option<String>, Failure> {
    let (boot, now) = (looking::boot(), clock::now_in(&workspace.config.time_zone));
    let at = now.timestamp().to_string();
    if !recovery::may_be_had(ledger, &boot, &at).await? {
        return Err(not_sent(workspace, args, ledger, (&boot, &at)).await);
    }
    if args.dry_run {
        looking::look(ledger).await?;
        let draft = read(workspace, args)?;
        let (issue, subject) = named(&draft);
        let Some(found) = Amendment::found(ledger, draft).await? else {
            return look_again(workspace, args, (ledger, &issue, &subject)).await.map(|()| None);
        };
        return tell(workspace, args, (&found, amend::holders(ledger).await?)).map(|()| None);
    }
    let who = format!("process {} (correcting {})", std::process::id(), args.issue);
    let locked = ledger.clone().lock(&who).await?;
    looking::tell_recovered(&recovery::recover(&locked, &boot, &at).await?);
    let composed = read(workspace, args)?;
    let (issue, subject) = named(&composed);
    let Some(found) = Amendment::found(&locked, composed).await? else {
        return again(workspace, args, (&locked, &issue, &subject)).await;
    };
    let Some(note) = note(args)? else {
        show(args, &found)?;
        return Err(Failure::usage("say with --note what was wrong: nothing was changed").help(
            "such as --note \"The date of the hearing was wrong.\"; everybody reads it on the web",
        ));
    };
    show(args, &found)?;
    if !confirmed(args.yes, "Correct the issue on the web?")? {
        return Err(Failure::new("nothing was changed"));
    }
    archive::keep_pictures(workspace, &issue);
    let holders = amend::holders(&locked).await?;
    let told = shown(&workspace.config.archive, found.edition());
    let answer = CorrectionAnswer::of(args, &found, holders);
    let kept = found.write(&locked, &note, &now).await?;
    let words = format!("{}: correction {} is written down", answer.issue, kept.number);
    match (args.json, args.notify) {
        (true, false) => {
            print::json(&format!("{}\n", serde_json::to_string(&answer.written(&kept))?))?;
        }
        // The one object is that of the send.
        (true, true) => print::note(&words),
        (false, _) => print::words(&format!("{words}\n"))?,
    }
    print::note(told);
    tell_waiting(args, holders);
    if !args.notify {
        tell_holders(args, locked.outdated(kept.number).await?);
        return Ok(None);
    }
    told_by(workspace, &locked, (&issue, &subject)).await
}

/// Makes the issue that tells of all corrections; its name, where somebody is to be told.
async fn told_by(
    workspace: &Workspace,
    ledger: &LockedLedger,
    (issue, subject): (&Issue, &str),
) -> Result<Option<String>, Failure> {
    match Erratum::found(workspace, ledger, (issue, subject)).await? {
        Some(erratum) => erratum.made(workspace, ledger, issue).await.map(Some),
        None => Ok(None),
    }
}

/// The issue, and what a mail about it calls it: of a subject with something of each reader's, its title.
fn named(composed: &Composed) -> (Issue, String) {
    let issue = composed.issue.clone();
    let mut segments = composed.composition.subject.iter();
    let subject = if segments.all(|segment| matches!(segment, Segment::Literal(_))) {
        composed.composition.readable_subject()
    } else {
        issue.title.clone()
    };
    (issue, subject)
}

/// Nobody has it: under this name, or at all.
async fn not_sent(
    workspace: &Workspace,
    args: &Args,
    ledger: &Ledger,
    (boot, at): (&str, &str),
) -> Failure {
    let failure = Failure::new(format!("{} was not sent to anybody yet", args.issue));
    match renamed::former_name(ledger, &workspace.issue_folders(), (boot, at)).await {
        Ok(Some(before)) => failure.help(format!(
            "issues/{0} was sent, has nearly the same text, and its folder is gone or has another issue \
             now. If it is the same issue, give this folder its old name back, and run `digest amend` \
             with {0}",
            visible(&before)
        )),
        Ok(None) => failure.help("correct its files: `digest send` takes them as they are"),
        Err(error) => Failure::new(error.to_string()),
    }
}

/// The issue that was composed, without errors.
fn read(workspace: &Workspace, args: &Args) -> Result<Composed, Failure> {
    let mut gate = Gate::new(&args.allow)?;
    gate.is_had();
    let draft = gate.read(workspace, &args.issue);
    let (issue, composition) = gate.pass(workspace, draft)?;
    let files = workspace.files(&issue);
    let web = WebEdition::of(&workspace.config.publication, &issue);
    Ok(Composed { issue, composition, files, web })
}

/// The note, in one line.
fn note(args: &Args) -> Result<Option<String>, Failure> {
    let words = |note: &String| note.split_whitespace().collect::<Vec<_>>().join(" ");
    let note = args.note.as_ref().map(words);
    if note.as_ref().is_some_and(|note| note.is_empty() || note.contains(char::is_control)) {
        return Err(Failure::usage("--note has no words; nothing was changed"));
    }
    Ok(note)
}

/// Nothing differs: readers may be told now of the correction that was written down before, or its note
/// is put in other words as long as nobody was told.
async fn again(
    workspace: &Workspace,
    args: &Args,
    (ledger, issue, subject): (&LockedLedger, &Issue, &str),
) -> Result<Option<String>, Failure> {
    let corrections = ledger.corrections().await?;
    let Some(last) = corrections.last() else { return Err(nothing_differs(args)) };
    match note(args)? {
        Some(note) if note != last.correction.note => {
            in_other_words(workspace, args, (ledger, last, &note)).await?;
        }
        _ if !args.notify => return Err(nothing_differs(args)),
        _ => {}
    }
    if !args.notify {
        return Ok(None);
    }
    told_by(workspace, ledger, (issue, subject)).await
}

/// Puts another note in the place of the last one.
async fn in_other_words(
    workspace: &Workspace,
    args: &Args,
    (ledger, last, note): (&LockedLedger, &KeptCorrection, &str),
) -> Result<(), Failure> {
    if !erratum::is_untold(ledger, last).await? {
        return Err(nothing_differs(args).help(format!(
            "readers were told {:?}: that note cannot be changed any more. Another correction of the \
             article gets a note of its own; without --note, --notify tells those who were not told yet",
            last.correction.note
        )));
    }
    let folders = workspace.issue_folders();
    let made = last.erratum.as_ref().and_then(|name| folders.iter().find(|it| it.ends_with(name)));
    if let Some(folder) = made {
        let folder = describe(folder);
        return Err(Failure::new(format!("{folder} has the note already; nothing was changed"))
            .help(format!(
                "nobody has that issue yet: delete the folder {folder}, and run the same command again; \
                 --notify makes it anew"
            )));
    }
    let (issue, before) = (&args.issue, &last.correction.note);
    let what = format!("{issue}: the note {before:?} becomes {note:?}\n");
    if args.json {
        print::note(what.trim_end())
    } else {
        print::words(&what)?
    }
    if !confirmed(args.yes, "Change the note on the web?")? {
        return Err(Failure::new("nothing was changed"));
    }
    ledger.note(last.number, note).await?;
    if args.json && !args.notify {
        let told = serde_json::json!({ "issue": issue, "number": last.number, "note": note });
        print::json(&format!("{told}\n"))?;
    }
    Ok(())
}

/// What `--notify` would tell where nothing differs any more, and whom.
async fn look_again(
    workspace: &Workspace,
    args: &Args,
    (ledger, issue, subject): (&Ledger, &Issue, &str),
) -> Result<(), Failure> {
    let corrections = ledger.corrections().await?;
    let Some(last) = corrections.last().filter(|_| args.notify) else {
        return Err(nothing_differs(args));
    };
    let Some(erratum) = Erratum::found(workspace, ledger, (issue, subject)).await? else {
        return Ok(());
    };
    let told = ledger.told(last.number).await?;
    if args.json {
        print::json(&format!("{}\n", erratum.in_json(&args.issue, told)))?;
    } else {
        print::words(&erratum.shown())?;
    }
    erratum.tell();
    if told > 0 {
        let have = if told == 1 { "has" } else { "have" };
        print::note(&format!("{} {have} it already, or may have", counted(told, "person")));
    }
    Ok(())
}

fn nothing_differs(args: &Args) -> Failure {
    Failure::new(format!(
        "the files of {} say what everybody reads already; nothing was changed",
        args.issue
    ))
    .help(
        "correct the article first, and run the same command again. As long as nobody was told by mail, \
         --note with other words changes the note of the last correction",
    )
}

/// Asks on a terminal; elsewhere only `--yes` is an answer.
fn confirmed(yes: bool, what: &str) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !question::somebody_is_here() {
        let lacks = "there is no terminal to ask the question on; nothing was changed";
        return Err(Failure::usage(lacks)
            .help("--yes corrects without a question; --dry-run shows what differs"));
    }
    question::said_yes(what)
}

/// Where the correction can be read.
fn shown(config: &ArchiveConfig, edition: &WebEdition) -> &'static str {
    match (config.served(), config.built()) {
        _ if !edition.archive => {
            "the issue is not on the web: archive = false in its issue.toml leaves it out"
        }
        (ShownIssues::None, ShownIssues::None) => {
            "no issue is on the web: [archive] in digest.toml says publish = \"none\""
        }
        (ShownIssues::None, _) => "`digest archive build` writes it into the pages",
        _ => "`digest serve` shows it at once, and `digest archive build` writes it into the pages",
    }
}

/// What a correction differs in, and what a script is told of it.
#[derive(Serialize)]
struct CorrectionAnswer {
    issue: String,
    /// The correction's number; none where nothing was written down.
    number: Option<i64>,
    note: Option<String>,
    at: Option<String>,
    /// Articles, by the names of their pages.
    corrected: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
    /// Whether something beside the articles is another.
    around: bool,
    files: Vec<String>,
    had: u64,
    waiting: u64,
}

impl CorrectionAnswer {
    fn of(args: &Args, found: &Amendment, holders: TextHolders) -> CorrectionAnswer {
        let CorrectedParts { corrected, added, removed, around } = found.changes.clone();
        CorrectionAnswer {
            issue: args.issue.clone(),
            number: None,
            note: None,
            at: None,
            corrected,
            added,
            removed: removed.into_iter().map(|one| one.slug).collect(),
            around,
            files: found.files.iter().map(|(name, _)| name.clone()).collect(),
            had: holders.had,
            waiting: holders.waiting,
        }
    }

    fn written(&self, kept: &KeptCorrection) -> serde_json::Value {
        let mut value = serde_json::json!(self);
        value["number"] = kept.number.into();
        value["note"] = kept.correction.note.clone().into();
        value["at"] = clock::second(kept.correction.at).into();
        value
    }
}

/// What differs, for a person who is about to say yes.
fn show(args: &Args, found: &Amendment) -> Result<(), Failure> {
    let words = differences(args, found);
    // The answer for a script is one object.
    if args.json {
        print::note(words.trim_end());
        return Ok(());
    }
    print::words(&words)
}

/// What a dry run ends with.
fn tell(
    workspace: &Workspace,
    args: &Args,
    (found, holders): (&Amendment, TextHolders),
) -> Result<(), Failure> {
    if args.json {
        let answer = CorrectionAnswer::of(args, found, holders);
        print::json(&format!("{}\n", serde_json::to_string(&answer)?))?;
    } else {
        print::words(&differences(args, found))?;
    }
    print::note(shown(&workspace.config.archive, found.edition()));
    tell_waiting(args, holders);
    tell_holders(args, holders.had);
    Ok(())
}

fn tell_waiting(args: &Args, holders: TextHolders) {
    if holders.waiting == 0 {
        return;
    }
    let issue = quoted(&args.issue);
    print::note(&format!(
        "{} wait: `digest send {issue}` sends the text that was planned, and with --recompose the \
         corrected one to those whom no relay was asked about yet",
        if holders.waiting == 1 {
            "1 recipient still has to".to_owned()
        } else {
            format!("{} recipients still have to", holders.waiting)
        }
    ));
}

fn tell_holders(args: &Args, outdated: u64) {
    if outdated > 0 {
        print::note(&format!(
            "{} got the text as it was, or may have: `digest amend {} --notify` tells them",
            counted(outdated, "person"),
            quoted(&args.issue)
        ));
    }
}

/// A line for each article, and each other file, that is not as it was.
fn differences(args: &Args, found: &Amendment) -> String {
    let parts = &found.changes;
    let mut text = format!("{} differs from what everybody reads:\n", args.issue);
    let titles = |slug: &str| found.edition().articles().find(|article| article.slug == slug);
    let mut say = |what: &str, title: &str| text.push_str(&format!("  {what:<10} {title}\n"));
    for (what, slugs) in [("corrected", &parts.corrected), ("new", &parts.added)] {
        for slug in slugs {
            say(what, titles(slug).map_or(slug, |article| &article.title));
        }
    }
    parts.removed.iter().for_each(|gone| say("taken out", &gone.title));
    if parts.around {
        say("other", "the title, or what stands around the articles");
    }
    for (file, change) in found.other_files() {
        let word = match change {
            Change::Edited => "",
            Change::Gone => " (gone)",
            Change::New => " (new)",
        };
        say("file", &format!("{file}{word}"));
    }
    if parts.is_nothing() {
        text.push_str(
            "  on the web everybody reads the same as before: what differs is in the mail alone, as in a \
             passage for some readers. Your note is public all the same, on the page of the issue, and \
             --notify tells it to everybody who got the issue\n",
        );
    }
    text
}
