//! `digest check`: everything that can be found wrong before a message is sent, at the author's
//! line. The rules are the library's; this file gathers what they look at and prints what they say.
//! Nobody on the network is asked without `--online`.

use std::collections::{BTreeSet, HashSet};
use std::io::IsTerminal as _;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use sejong_digest::check::{online, register, selections};
use sejong_digest::diagnostic::capped::capped;
use sejong_digest::diagnostic::{Diagnostic, Place, counted, render, sarif};
use sejong_digest::fetch::{Client, Reach, links};
use sejong_digest::issue::load;
use tokio::runtime::Runtime;

use super::failure::{Ending, Exit, Failure};
use super::gate::Gate;
use super::readers::{ListArgs, Readers};
use super::workspace::{Draft, Workspace};
use super::{Global, archive, print, published, reach, readers, runtime, serve};

/// How often to say how far it is, where there is no bar.
const SAY_EVERY: Duration = Duration::from_secs(10);

const LONG: &str = "\
Find mistakes before anybody gets the mail

Checks digest.toml, the issues that you name (or all of them), the mails that they become, and the
list of subscribers: does everybody have the fields that the slots need? The exit code is 3 if
there is an error; with only warnings it is 0.

With --online, each web address in the issues is requested once, a few at a time, and so are the
pictures under base_url. Only servers on the internet are asked.";

const EXAMPLES: &str = "\
Examples:
  digest check
  digest check 2025-11 --subscribers subscribers.csv
  digest check 2025-11 --allow subject-length
  digest check --format github

  digest check 2025-11 --online";

/// Find mistakes before anybody gets the mail
#[derive(Debug, clap::Args)]
#[command(long_about = LONG, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Folders in issues/, or paths [default: all issues]
    #[arg(value_name = "ISSUE")]
    issues: Vec<String>,
    /// The form of the report [default: human]
    #[arg(long, value_name = "FORMAT", default_value = "human", hide_default_value = true)]
    #[arg(value_enum)]
    format: ReportFormat,
    #[command(flatten)]
    list: ListArgs,
    /// Allow problems of this rule; repeat the flag for several rules
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
    /// Ask the web servers whether the links work
    #[arg(long)]
    online: bool,
    /// Ask servers in your own network, too: only where you trust whoever wrote the links
    #[arg(long, requires = "online")]
    allow_private: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ReportFormat {
    /// For people, with the line of the file
    Human,
    /// A JSON array of objects
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// Runs `digest check`.
pub(crate) fn run(global: &Global, args: &Args) -> Ending {
    let mut gate = Gate::new(&args.allow)?;
    let (problems, issues) = match Workspace::try_open(global)? {
        Ok(workspace) => look(&workspace.of_strangers(), args, &mut gate)?,
        // What cannot be read cannot be allowed.
        Err(problems) => {
            let (errors, warnings): (Vec<_>, Vec<_>) =
                problems.into_iter().partition(Diagnostic::is_error);
            ([errors, gate.remaining(warnings)].concat(), None)
        }
    };
    let problems = [problems, gate.unused()].concat();
    report(&problems, issues, args.format)?;
    if problems.iter().any(Diagnostic::is_error) { Ok(Exit::ChecksFailed) } else { Ok(Exit::Done) }
}

/// The problems, and how many issues were looked at.
fn look(
    workspace: &Workspace,
    args: &Args,
    gate: &mut Gate,
) -> Result<(Vec<Diagnostic>, Option<usize>), Failure> {
    let names = if args.issues.is_empty() { all_issues(workspace)? } else { args.issues.clone() };
    let runtime = runtime()?;
    let mut problems = Vec::new();
    readers::tell_left_out_store(workspace)?;
    let mut readers = match runtime.block_on(args.list.place(workspace))? {
        Some(place) => {
            let options = args.list.options(workspace);
            let own = readers::own_store(workspace)?;
            let keys = readers::forgetting_keys(workspace)?;
            let own = (own.as_ref(), &keys);
            runtime.block_on(Readers::read(&place, options, own, &mut problems))?
        }
        None => None,
    };
    problems.extend(readers.iter().flat_map(|one| one.segments(&workspace.config.publication)));
    problems = gate.remaining(problems);
    let mut found: Vec<Diagnostic> = Vec::new();
    if args.issues.is_empty() {
        found.extend(of_publication(workspace, gate));
    }
    let mut known: HashSet<ProblemKey> = found.iter().map(told).collect();
    let mut drafts: Vec<Draft> = Vec::new();
    for name in &names {
        let mut draft = gate.read(workspace, name);
        if let (Some(issue), Some(composition)) = (&draft.issue, &draft.composition) {
            let audience = match &mut readers {
                Some(readers) => Some(runtime.block_on(readers.audience(composition))?),
                None => None,
            };
            let told = gate.rules(workspace, (issue, composition), &mut draft.allowed, audience)?;
            draft.problems.extend(told);
        }
        // A problem of the theme or the logo shows in every issue; it is told once.
        let new = std::mem::take(&mut draft.problems);
        let new: Vec<Diagnostic> =
            new.into_iter().filter(|problem| !known.contains(&told(problem))).collect();
        known.extend(new.iter().map(told));
        found.extend(new);
        drafts.push(draft);
    }
    let mut replies = if args.online {
        gate.remaining(ask(workspace, &drafts, reach(args.allow_private), &runtime)?)
    } else {
        Vec::new()
    };
    for mut draft in drafts {
        // What one issue allows is not allowed to another.
        let folder = load::path_from_here(&draft.folder);
        let is_own = |problem: &Diagnostic| {
            problem.place.as_ref().is_some_and(|place| place.path().starts_with(&folder))
        };
        let (own, others) = replies.into_iter().partition(is_own);
        replies = others;
        found.extend(draft.allowed.remaining(own));
    }
    found.extend(replies);
    problems.extend(found);
    let config = &workspace.config;
    let dkim = config.dkim.as_ref().and_then(|dkim| dkim.warning().cloned());
    problems.extend(gate.remaining(config.warnings.iter().cloned().chain(dkim).collect()));
    Ok((problems, Some(names.len())))
}

/// What is wrong beside the issues.
fn of_publication(workspace: &Workspace, gate: &mut Gate) -> Vec<Diagnostic> {
    let publication = &workspace.config.publication;
    let siblings = load::siblings(publication);
    let mut found = load::misplaced(publication);
    found.extend(gate.remaining(selections::unused_topics(publication, &siblings)));
    found.extend(gate.remaining(serve::problems_of_letters(workspace)));
    found.extend(archive::card_faces(workspace).err().unwrap_or_default());
    found
}

/// What makes a problem the same as another: where it is and what is said. What one issue allows is
/// not the same as what another does not.
type ProblemKey = (Option<PathBuf>, Option<Range<usize>>, &'static str, String, Option<String>);

fn told(problem: &Diagnostic) -> ProblemKey {
    let path = problem.place.as_ref().map(|place| place.path().to_owned());
    let span = match &problem.place {
        Some(Place::Span { span, .. }) => Some(span.clone()),
        Some(Place::Line { line, column, .. }) => Some(*line..*column),
        _ => None,
    };
    (path, span, problem.rule, problem.message.clone(), problem.allowed_by().map(str::to_owned))
}

/// Asks for the links of all issues, each address once.
fn ask(
    workspace: &Workspace,
    drafts: &[Draft],
    reach: Reach,
    runtime: &Runtime,
) -> Result<Vec<Diagnostic>, Failure> {
    let composed = drafts.iter().filter_map(Draft::as_composed);
    let addresses: BTreeSet<String> =
        composed.clone().flat_map(|(_, composition)| online::addresses(composition)).collect();
    let client = Client::new(reach).map_err(|error| Failure::new(error.to_string()))?;
    let count = addresses.len();
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(count as u64)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} links") {
        bar.set_style(style.progress_chars("━╸ "));
    }
    bar.set_position(0);
    let mut last = Instant::now();
    let told = |settled: usize| {
        bar.set_position(settled as u64);
        if bar.is_hidden() && last.elapsed() >= SAY_EVERY {
            print::note(&format!("{settled}/{count} links"));
            last = Instant::now();
        }
    };
    let visits = runtime.block_on(links::visit(&client, addresses, told));
    bar.finish_and_clear();
    let own = &workspace.config.publication.base_url;
    let compositions = composed.clone().map(|(_, composition)| composition);
    let pictures = runtime.block_on(published::ask(compositions, own, reach))?;
    let rules = |(issue, composition)| {
        let mut problems = online::rules(issue, composition, own, &visits);
        problems.extend(online::pictures(Some(issue), composition, own, &pictures));
        problems
    };
    Ok(composed.flat_map(rules).collect())
}

fn all_issues(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let names = match load::names(&workspace.config.publication) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            return Err(Failure::new(format!("the folder issues/ cannot be read: {error}")));
        }
    };
    if names.is_empty() {
        print::note("there are no issues yet; `digest new 2025-11` makes one");
    }
    Ok(names)
}

fn report(
    problems: &[Diagnostic],
    issues: Option<usize>,
    format: ReportFormat,
) -> Result<(), Failure> {
    let summary = render::summary(problems).unwrap_or_else(|| "no problems".to_owned());
    let allowed = render::allowed(problems);
    let problems = &capped(problems)[..];
    match format {
        ReportFormat::Json => print::json(&format!("{}\n", render::json(problems))),
        ReportFormat::Sarif => print::json(&format!("{}\n", log(problems))),
        ReportFormat::Github => print::words(&sarif::github(problems)),
        ReportFormat::Human => {
            let scope = match issues {
                None => "digest.toml".to_owned(),
                Some(count) => counted(count as u64, "issue"),
            };
            let allowed = allowed.map_or(String::new(), |count| format!(", {count}"));
            let text = format!("{}{summary} in {scope}{allowed}\n", render::human(problems, true));
            print::colored_answer(&text)
        }
    }
}

/// The log with what `docs/checks.md` says of each rule.
fn log(problems: &[Diagnostic]) -> String {
    sarif::sarif(problems, &|name| {
        let rule = register::find(name).ok()?;
        Some(sarif::RulePage { finds: rule.finds, fix: rule.fix })
    })
}
