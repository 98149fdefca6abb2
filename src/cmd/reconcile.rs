//! `digest reconcile`: settles uncertain recipients from the relay's log.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sejong_digest::delivery::ledger::{self, Ledger, overview};
use sejong_digest::delivery::reconcile::evidence::{Quote, ReportedAction};
use sejong_digest::delivery::reconcile::maillog::{self, LogFile, LogSpan};
use sejong_digest::delivery::reconcile::ruling::{self, Doubt, NotShown, Ruling};
use sejong_digest::delivery::reconcile::stamp::LogClock;
use sejong_digest::delivery::reconcile::{self, UndecidedRow};
use sejong_digest::delivery::recovery;
use sejong_digest::files;
use sejong_digest::store::Store;

use super::failure::{Ending, Exit, Failure};
use super::status::{ledger_address, unknown};
use super::workspace::Workspace;
use super::{Global, clock, files as shown, looking, print, runtime};

/// What is read of a file at once, and looked at to see what it is.
const BUFFER_BYTES: usize = 64 * 1024;

/// Find out from the relay's log who has got an uncertain message
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Logs that can be read: Postfix and Sendmail as syslog or `journalctl -o short` \
write them, Exim's main log, Exchange's message tracking log. Times without a zone are taken to be \
in this machine's zone; TZ=UTC before the command says another.

Examples:
  digest reconcile 2025-11 --maillog /var/log/mail.log
  digest reconcile 2025-11 --maillog mail.log.1 --maillog mail.log --not-found resend
"
)]
pub(crate) struct Args {
    /// The issue: the name of its folder
    issue: String,
    /// The log of the relay, from the time of the send; repeat it for more files
    #[arg(long, value_name = "FILE", required = true)]
    maillog: Vec<PathBuf>,
    /// What to do with people for whom the log does not show that the relay took the message
    #[arg(long, value_name = "WHAT", default_value = "hold")]
    not_found: NotFound,
    /// Another ledger than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

/// See [`Args::not_found`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum NotFound {
    /// Leave them uncertain: the log may begin too late, or come from another server
    Hold,
    /// The log is complete: they have not got the issue, and the next send sends it to them
    Resend,
}

/// Runs the command.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let workspace = Workspace::open(global)?;
    let path = ledger_address(&workspace, args.store.as_deref(), None)?;
    let files = args.maillog.iter().map(|path| log_file(path)).collect::<Result<Vec<_>, _>>()?;
    let not_shown = match args.not_found {
        NotFound::Hold => NotShown::Hold,
        NotFound::Resend => NotShown::Resend,
    };
    let when = LogClock { now: clock::now(), zone: TimeZone::system() };
    runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await?;
        let known = overview::issues(&store).await?;
        let issue = workspace.known_name(&args.issue, &known);
        if !known.contains(&issue) {
            store.close().await;
            return Err(unknown(&issue, &known));
        }
        let who = format!("process {} (reconciling)", std::process::id());
        let ledger = Ledger::new(store.clone(), &issue).lock(&who).await?;
        // Whom a killed send has left is settled first: its journal knows who is uncertain.
        let now = clock::now().to_string();
        let recovered = recovery::recover(&ledger, &looking::boot(), &now).await?;
        looking::tell_recovered(&recovered);
        let undecided = reconcile::open(&store, &issue).await?;
        if undecided.rows.is_empty() {
            store.close().await;
            print::note(&format!("no recipient of {issue} is uncertain"));
            return Ok(Exit::Done);
        }
        let log = maillog::read(&undecided, files, &when)?;
        let rulings: Vec<(UndecidedRow, Ruling)> = undecided
            .rows
            .into_iter()
            .map(|open| {
                let evidence = log.evidence.get(&open.row);
                let ruling = ruling::rule(&open, evidence, log.span.as_ref(), not_shown);
                (open, ruling)
            })
            .collect();
        reconcile::settle(&ledger, &rulings, &clock::now().to_string()).await?;
        store.close().await;
        let zones = LogZones {
            publication: workspace.config.time_zone.clone(),
            assumed: log.span.filter(|span| span.lacks_zone).map(|span| (when.zone, span)),
        };
        tell(&issue, &rulings, &zones)
    })
}

/// The zones of what is told.
struct LogZones {
    publication: TimeZone,
    /// In which times were read that leave out theirs, if there are any.
    assumed: Option<(TimeZone, LogSpan)>,
}

impl LogZones {
    fn told(&self, doubt: &Doubt) -> String {
        let minute = |at: &Timestamp| clock::minute(*at, &self.publication);
        let zone = |at: &Timestamp| clock::zone_name(*at, &self.publication);
        match doubt {
            Doubt::LogBeginsAfter { first, run } => format!(
                "the log begins at {}, after the send began ({}, {}): give the older log file as well",
                minute(first),
                minute(run),
                zone(run)
            ),
            Doubt::LogEndsBefore { last, row } => format!(
                "the log ends at {}, before this became uncertain ({}, {}): give the newer log file \
                 as well",
                minute(last),
                minute(row),
                zone(row)
            ),
            Doubt::LogAhead { last } => format!(
                "the log's last time would be {} ({}), which has not come yet: the relay's clock is in \
                 another zone than the one that was assumed",
                minute(last),
                zone(last)
            ),
            other => other.to_string(),
        }
    }
}

fn log_file(path: &Path) -> Result<LogFile<BufReader<File>>, Failure> {
    let file = files::open_named(path)
        .map_err(|error| Failure::new(format!("{} cannot be read: {error}", path.display())))?;
    let reader = BufReader::with_capacity(BUFFER_BYTES, file);
    Ok(LogFile { name: path.display().to_string(), reader })
}

/// Says for each row what was decided, and by which line.
fn tell(issue: &str, rulings: &[(UndecidedRow, Ruling)], zones: &LogZones) -> Ending {
    let mut text = String::new();
    let mut held = false;
    let mut is_of_time = false;
    for (UndecidedRow { email, .. }, ruling) in rulings {
        match ruling {
            Ruling::Accepted { by, later } => {
                text.push_str(&format!(
                    "accepted   {email}: the relay took the message\n{}",
                    line(by)
                ));
                if let Some((action, quote)) = later {
                    let what = match action {
                        ReportedAction::Delivered => "then it passed it on",
                        ReportedAction::Delayed => "it has not been able to pass it on yet",
                        ReportedAction::Failed => "then it could not deliver it (bounced)",
                    };
                    text.push_str(&format!("           {what}:\n{}", line(quote)));
                }
            }
            Ruling::Pending(doubt) => {
                is_of_time |= doubt.is_of_time();
                text.push_str(&format!("pending    {email}: {}\n", zones.told(doubt)));
                text.extend(doubt.quote().map(line));
            }
            Ruling::Uncertain(doubt) => {
                held = true;
                is_of_time |= doubt.is_of_time();
                text.push_str(&format!("uncertain  {email}: {}\n", zones.told(doubt)));
                text.extend(doubt.quote().map(line));
            }
        }
    }
    print::words(&text)?;
    if let Some((assumed, span)) = zones.assumed.as_ref().filter(|_| is_of_time) {
        let zone = clock::zone_name(clock::now(), assumed);
        let minute = |at| clock::minute(at, assumed);
        print::note(&format!(
            "times in the log that have no zone were read as {zone}, the zone of this computer: the log \
             is from {} to {}. If the relay's clock has another one, name it: `TZ=America/New_York \
             digest reconcile …`",
            minute(span.first),
            minute(span.last)
        ));
    }
    if held {
        print::note(&format!(
            "people who are still uncertain get nothing. If the log is complete, use \
                 --not-found resend. To send the issue to all of them again, use `digest send {} \
                 --uncertain resend`",
            shown::quoted(issue)
        ));
    }
    Ok(if held { Exit::Unfinished } else { Exit::Done })
}

fn line(Quote { file, number, text }: &Quote) -> String {
    format!("           {file}:{number}: {text}\n")
}
