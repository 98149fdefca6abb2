//! `digest subscribers import`: a file of people into the store, as a plan, as one transaction, or taken
//! back.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::{ProgressBar, ProgressStyle};
use sejong_digest::audience::consent::{ConsentColumn, consent_column};
use sejong_digest::audience::forgotten::Forgotten;
use sejong_digest::audience::formula::{csv_cell, is_formula};
use sejong_digest::audience::list::{self, ColumnName, ReadOptions, column_name};
use sejong_digest::audience::subscribers::import::{
    self, ChangedByHand, ImportError, ImportExample, ImportKind, ImportNote, ImportOptions,
    ImportPlan, RejectedRow, StagedFile, UpdatePolicy,
};
use sejong_digest::audience::subscribers::undo::{self, UndoError, Undone};
use sejong_digest::delivery::ledger;
use sejong_digest::diagnostic::{Diagnostic, counted};
use sejong_digest::issue::load;
use sejong_digest::store::Store;
use serde_json::json;

use super::person::tell_unused;
use super::{place, words};
use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::files::{DraftFile, Readable, describe, describe_store, quoted, with_address};
use crate::cmd::readers::{forgetting_keys, is_foreign};
use crate::cmd::workspace::Workspace;
use crate::cmd::{clock, looking, print, runtime};

const IMPORT: &str = "\
Bring people into the store, from a file of any newsletter program

--plan shows what the file would do, and changes nothing. An import is one transaction with a number,
and --undo takes it back. Who is suppressed stays so, whatever the file says. Whoever the file calls
unsubscribed, bounced or complained is suppressed; who never confirmed gets no mail. Rows that cannot
be used go to FILE.rejects.csv with the reason: correct them there, and import that file.";

const EXAMPLES: &str = "\
Examples:
  digest subscribers import members.csv --plan
  digest subscribers import members.csv --consent 'signed up on our site' --tag member
  digest subscribers import contacts.csv --map 'Contact address=email' --plan
  digest subscribers import --undo 1
";

/// Bring people into the store, from a file of any newsletter program
#[derive(Debug, clap::Args)]
#[command(long_about = IMPORT, after_long_help = EXAMPLES)]
pub(super) struct Import {
    /// The file, as CSV
    #[arg(value_name = "FILE", required_unless_present = "undo", conflicts_with = "undo")]
    file: Option<PathBuf>,
    /// Show what the file would do, and change nothing
    #[arg(long, conflicts_with = "undo")]
    plan: bool,
    /// Take back the import of this number
    #[arg(long, value_name = "N")]
    undo: Option<i64>,
    /// How these people agreed to get the newsletter, in your words
    #[arg(long, value_name = "TEXT")]
    consent: Option<String>,
    /// What of people who are in the store already: fill what is empty, overwrite, or never change
    #[arg(long, value_name = "WHAT", default_value = "fill", value_parser = policies())]
    update: UpdatePolicy,
    /// Give everybody of the file this tag; repeat it for several
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// What a column is called here: 'Contact address=email'; repeat it for several
    #[arg(long, value_name = "COLUMN=NAME", value_parser = column_name)]
    map: Vec<ColumnName>,
    /// The encoding of the file, if it is neither UTF-8 nor UTF-16 with a byte order mark
    #[arg(long, value_name = "NAME", hide_short_help = true, value_parser = list::in_encoding)]
    encoding: Option<ReadOptions>,
    /// What a column says of consent: 'Opted In=yes' (a true value means that the person may be
    /// mailed), =no (must not) or =ignore; of one word, 'Status: Gold=yes'. Repeat the flag
    #[arg(long, value_name = "COLUMN=MEANING", hide_short_help = true)]
    #[arg(value_parser = consent_column)]
    consent_column: Vec<ConsentColumn>,
    /// Leave out rows that cannot be used, and write no file of them
    #[arg(long)]
    skip_invalid: bool,
    /// Print JSON to stdout
    #[arg(long)]
    json: bool,
    /// Another store than the one in digest.toml, such as sqlite:digest.db
    #[arg(long, value_name = "URL")]
    store: Option<String>,
}

fn policies() -> impl TypedValueParser<Value = UpdatePolicy> {
    PossibleValuesParser::new(["fill", "overwrite", "never"]).map(|word| match word.as_str() {
        "overwrite" => UpdatePolicy::Overwrite,
        "never" => UpdatePolicy::Never,
        _ => UpdatePolicy::Fill,
    })
}

/// Runs `digest subscribers import`.
pub(super) fn run(workspace: &Workspace, args: &Import) -> Ending {
    match (args.undo, &args.file) {
        (Some(number), _) => take_back(workspace, args, number),
        (None, Some(file)) => bring(workspace, args, file),
        (None, None) => Err(Failure::usage("name a file")),
    }
}

fn bring(workspace: &Workspace, args: &Import, file: &Path) -> Ending {
    let consent = args.consent.as_deref().map(|text| words("--consent", text)).transpose()?;
    let path = place(workspace, args.store.as_deref())?;
    let is_new = !path.is_there();
    let mut rejects = Rejects::of(file, args);
    let (number, plan, by_hand) = runtime()?.block_on(async {
        let steps = &ledger::STEPS;
        let store = match (args.plan, is_new) {
            (true, true) => Store::nowhere(&path, steps).await,
            (true, false) => Store::read(&path, steps).await,
            (false, _) => Store::open(&path, steps).await,
        };
        let store = store.map_err(looking::unusable)?;
        // A long one holds back whoever writes, and a send that begins must know its list.
        let who = format!("process {} (import of {})", std::process::id(), file.display());
        let _alone = if args.plan { None } else { Some(store.lock(&who).await?) };
        let done = bring_into(workspace, args, &store, consent, (file, &mut rejects)).await;
        store.close().await;
        done
    })?;
    if is_new && !args.plan {
        print::note(&format!("{} was made", describe_store(&path)));
    }
    if !args.plan {
        tell_unused(workspace, args.store.as_deref());
    }
    let written = rejects.finish()?;
    if args.json {
        let mut object = json!(plan);
        object["file"] = json!(file.display().to_string());
        object["import"] = json!(number);
        object["rejects"] = json!(written.as_ref().map(|path| path.display().to_string()));
        print::json(&format!("{object}\n"))?;
    } else {
        print::words(&told(&plan, args.plan, written.as_deref()))?;
        if !args.plan {
            print::words(&match number {
                Some(number) => format!(
                    "Import {number}. `digest subscribers import --undo {number}` takes it back\n"
                ),
                None => "Nothing has changed\n".to_owned(),
            })?;
        }
    }
    match unfinished(&plan, &by_hand) {
        Some(failure) => Err(failure.behind_an_answer()),
        None => Ok(Exit::Done),
    }
}

/// What somebody has to do yet, behind what the file does or would do.
fn unfinished(plan: &ImportPlan, by_hand: &ChangedByHand) -> Option<Failure> {
    let mut noes: Vec<String> = by_hand.still_mailed.iter().map(still_mailed).collect();
    if let Some(what) = second(&by_hand.second) {
        noes.iter().for_each(|no| print::note(no));
        return Some(Failure::checks(what).help(TWO_PEOPLE));
    }
    let last = if plan.lost_noes > 0 { None } else { noes.pop() };
    noes.iter().for_each(|no| print::note(no));
    if plan.lost_noes > 0 {
        let rows = counted(plan.lost_noes, "rejected row");
        let what = format!("{rows} may say that somebody wants no mail, and cannot be used");
        return Some(Failure::new(what).help(
            "correct the row and import it, or: digest subscribers suppress ADDRESS --reason \
             unsubscribed --why TEXT",
        ));
    }
    last.map(Failure::new)
}

/// Somebody whose no stands in a row with another address.
fn still_mailed(one: &ImportExample) -> String {
    let remove = with_address("digest subscribers remove", &one.email, "");
    format!(
        "line {} looks like {} with another address, who still gets mail: `{remove}`",
        one.line, one.email
    )
}

async fn bring_into(
    workspace: &Workspace,
    args: &Import,
    store: &Store,
    consent: Option<String>,
    (file, rejects): (&Path, &mut Rejects),
) -> Result<(Option<i64>, ImportPlan, ChangedByHand), Failure> {
    let forgotten = forgotten(workspace, store).await?;
    let tags = tags(&args.tag)?;
    let bar = Counting::begin();
    let progress = |rows: u64| bar.tell(rows);
    let options = ImportOptions {
        update: args.update,
        tags: &tags,
        forgotten: &forgotten,
        progress: &progress,
    };
    let staged = read(workspace, args, store, &options, (file, rejects)).await?;
    let by_hand = staged.changed_by_hand().await?;
    if args.plan {
        return Ok((None, staged.plan().await?, by_hand));
    }
    if let Some(what) = second(&by_hand.second) {
        return Err(Failure::checks(format!("{what}; nothing was imported")).help(TWO_PEOPLE));
    }
    let consent = match consent {
        None if staged.asks_for_consent().await? => {
            drop(bar);
            Some(asked_consent(file)?)
        }
        consent => consent,
    };
    let shown = file.file_name().unwrap_or_default().to_string_lossy();
    let note = ImportNote { file: &shown, consent: consent.as_deref(), at: clock::now() };
    let (number, plan) = staged.write(&note).await?;
    Ok((number, plan, by_hand))
}

const TWO_PEOPLE: &str = "then import the file once more. If they are two people, leave the row of the old address in it";

/// People whose address somebody has changed in our own export, and how it is changed.
fn second(all: &[ImportExample]) -> Option<String> {
    let first = all.first()?;
    let set = with_address(
        "digest subscribers set",
        &first.email,
        &format!("--set email={}", first.what),
    );
    let more = match all.len() {
        1 => String::new(),
        more => format!(", and so do {} more", more - 1),
    };
    Some(format!(
        "line {} looks like {} with another address, and would bring the person in a second time: change \
         it with `{set}`{more}",
        first.line, first.email
    ))
}

async fn read(
    workspace: &Workspace,
    args: &Import,
    store: &Store,
    options: &ImportOptions<'_>,
    (file, rejects): (&Path, &mut Rejects),
) -> Result<StagedFile, Failure> {
    let shown = load::path_from_here(file);
    let mut read = args.encoding.clone().unwrap_or_default();
    read.consent = workspace.config.consent_columns.clone();
    read.consent.extend(args.consent_column.iter().cloned());
    read.is_foreign = is_foreign(file);
    read.names.clone_from(&args.map);
    read.topics.clone_from(&workspace.config.publication.topics);
    let staged = match list::open(file, &shown, &read) {
        Ok(mut rows) => {
            print::problems(rows.warnings());
            let staged =
                import::read(store, &mut rows, options, &mut |row| rejects.write(&row)).await;
            print::problems(rows.guessed().as_slice());
            if let Ok(staged) = &staged {
                print::problems(staged.warnings());
            }
            staged
        }
        Err(problem) => Err(problem.into()),
    };
    let nothing = |problems: &[Diagnostic], what: String| {
        print::problems(problems);
        Failure::checks(format!("{what}; nothing was imported"))
    };
    staged.map_err(|error| match error {
        ImportError::List(problem) => {
            nothing(&[*problem], format!("{} cannot be read", shown.display()))
        }
        ImportError::Unclear(doubts) => {
            let what = format!("it is not known who of {} may be mailed", shown.display());
            nothing(&doubts, what).help("say what the columns mean that are named above")
        }
        ImportError::Rejects(error) => Failure::new(format!(
            "{} cannot be written: {error}; nothing was imported",
            describe(&rejects.path)
        ))
        .help("--skip-invalid writes no file of the rejected rows"),
        ImportError::Store(error) => error.into(),
    })
}

/// Who was forgotten by this store.
pub(super) async fn forgotten(workspace: &Workspace, store: &Store) -> Result<Forgotten, Failure> {
    let keys = forgetting_keys(workspace)?;
    Ok(Forgotten::read(store, &keys).await?)
}

/// Tags as they are kept.
pub(super) fn tags(given: &[String]) -> Result<Vec<String>, Failure> {
    let mut all = Vec::new();
    for tag in given.iter().flat_map(|tag| tag.split(';')).map(str::trim) {
        if tag.is_empty() {
            return Err(Failure::usage("--tag is empty"));
        }
        if tag.contains(char::is_control) || tag.starts_with('\'') || is_formula(tag) {
            return Err(Failure::usage(format!("{tag:?} cannot be a tag"))
                .help("begin it with a letter or a digit, and write it on one line"));
        }
        if tag.contains(',') {
            let each: Vec<&str> = tag.split(',').map(str::trim).collect();
            return Err(Failure::usage(format!("{tag:?} would be one tag with a comma in it"))
                .help(format!("a semicolon stands between tags: '{}'", each.join(";"))));
        }
        if !all.contains(&tag.to_owned()) {
            all.push(tag.to_owned());
        }
    }
    Ok(all)
}

/// How these people agreed: asked on a terminal, and required elsewhere.
fn asked_consent(file: &Path) -> Result<String, Failure> {
    let how = "say how these people agreed to get the newsletter";
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::usage(format!("{how}; nothing was imported")).help(format!(
            "add --consent TEXT, such as --consent 'signed up on our site', or look first: digest \
             subscribers import {} --plan",
            quoted(&file.display().to_string())
        )));
    }
    print::prompt("How did these people agree to get the newsletter? ");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    match line.split_whitespace().collect::<Vec<_>>().join(" ") {
        text if text.is_empty() => Err(Failure::usage(format!("{how}; nothing was imported"))),
        text => Ok(text),
    }
}

/// Tells how many rows were read: on a terminal only.
struct Counting(Option<ProgressBar>);

impl Counting {
    fn begin() -> Counting {
        let bar = io::stderr().is_terminal().then(ProgressBar::new_spinner);
        if let (Some(bar), Ok(style)) =
            (&bar, ProgressStyle::with_template("{spinner} {human_pos} rows · {elapsed}"))
        {
            bar.set_style(style);
        }
        Counting(bar)
    }

    fn tell(&self, rows: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(rows);
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// The file of rejected rows: made with the first of them, and kept when the import is done.
struct Rejects {
    path: PathBuf,
    is_wanted: bool,
    file: Option<DraftFile>,
}

/// The column with the reason.
const BECAUSE: &str = "rejected_because";

impl Rejects {
    fn of(file: &Path, args: &Import) -> Rejects {
        let mut path = file.as_os_str().to_owned();
        path.push(".rejects.csv");
        let is_wanted = !args.plan && !args.skip_invalid;
        Rejects { path: path.into(), is_wanted, file: None }
    }

    fn write(&mut self, row: &RejectedRow<'_>) -> io::Result<()> {
        if !self.is_wanted {
            return Ok(());
        }
        // A file of rejected rows has the column already.
        let is_kept = |at: &usize| row.header.get(*at).is_some_and(|name| name != BECAUSE);
        let columns: Vec<usize> = (0..row.header.len()).filter(is_kept).collect();
        let mut text = String::new();
        if self.file.is_none() {
            let begun = DraftFile::begin(&self.path, Readable::Owner);
            self.file = Some(begun.map_err(|failure| io::Error::other(failure.message))?);
            for at in &columns {
                text.push_str(&csv_cell(&row.header[*at]));
                text.push(',');
            }
            text.push_str(BECAUSE);
            text.push('\n');
        }
        for at in &columns {
            text.push_str(&csv_cell(row.cells.get(*at).copied().unwrap_or_default()));
            text.push(',');
        }
        // Cells beyond the columns would be lost.
        let more: Vec<&str> = row.cells.iter().skip(row.header.len()).copied().collect();
        let place = row.line.map_or(String::new(), |line| format!("line {line}: "));
        let more = match more.join(" ").trim() {
            "" => String::new(),
            more => format!(" (further cells: {more})"),
        };
        text.push_str(&csv_cell(&format!("{place}{}{more}", row.reason)));
        text.push('\n');
        match &mut self.file {
            Some(file) => file.write_all(text.as_bytes()),
            None => Ok(()),
        }
    }

    /// Where the rows are, if there are any.
    fn finish(self) -> Result<Option<PathBuf>, Failure> {
        let Some(file) = self.file else { return Ok(None) };
        file.finish()?;
        Ok(Some(self.path))
    }
}

/// What becomes of people of a file who were forgotten.
const FORGOTTEN: &str =
    "stay out; if one of them asked again: digest subscribers release ADDRESS --why TEXT";

/// What the file does, kind by kind; of a plan with the first people of each.
fn told(plan: &ImportPlan, is_plan: bool, rejects: Option<&Path>) -> String {
    let kinds: [(&str, &ImportKind, &str); 8] = [
        ("add", &plan.add, ""),
        ("unconfirmed", &plan.unconfirmed, "come in, and get no mail"),
        ("change", &plan.change, ""),
        ("conflict", &plan.conflict, "the store's values stay; see --update"),
        ("suppress", &plan.suppress, "the file says that they get no mail"),
        ("stays suppressed", &plan.stays_suppressed, ""),
        ("forgotten", &plan.forgotten, FORGOTTEN),
        ("reject", &plan.reject, ""),
    ];
    let mut text = format!("{}\n", counted(plan.rows, "row"));
    for (name, kind, what) in kinds.into_iter().filter(|(name, kind, _)| {
        // Most lists have none.
        *name != "forgotten" || kind.count > 0
    }) {
        let to = rejects.filter(|_| name == "reject").map(|path| format!("to {}", describe(path)));
        let what = to.as_deref().unwrap_or(what);
        let what =
            if kind.count > 0 && !what.is_empty() { format!("  ({what})") } else { String::new() };
        text.push_str(&format!("{name:<17}{:>9}{what}\n", kind.count));
        for one in kind.examples.iter().filter(|_| is_plan) {
            let place = if one.line > 0 { format!("line {}", one.line) } else { String::new() };
            let cells = [place.as_str(), &one.email, &one.what];
            let cells: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
            text.push_str(&format!("  {}\n", cells.join("  ")));
        }
        let more = kind.count.saturating_sub(kind.examples.len() as u64);
        if is_plan && more > 0 {
            text.push_str(&format!("  and {more} more\n"));
        }
    }
    text.push_str(&format!("{:<17}{:>9}\n", "no change", plan.same));
    if plan.remarks.count > 0 {
        text.push_str(&format!(
            "look at {}: these people get mail, and the remark may say that they want none\n",
            counted(plan.remarks.count, "remark")
        ));
        for one in plan.remarks.examples.iter().filter(|_| is_plan) {
            text.push_str(&format!("  line {}  {}\n", one.line, one.email));
        }
    }
    text.push_str(&of_earlier(&plan.follows, "and that no holds for the address of now, too"));
    text.push_str(&of_earlier(
        &plan.earlier_addresses,
        "which is kept out; if somebody else has it now: digest subscribers release ADDRESS --reason moved \
         --why TEXT",
    ));
    text.push_str(&absent(&plan.absent));
    for (name, count) in [("repeated", plan.repeated), ("without address", plan.without_address)] {
        if count > 0 {
            text.push_str(&format!("{name:<17}{count:>9}\n"));
        }
    }
    text
}

/// Earlier addresses of people, and who they are now.
fn of_earlier(people: &ImportKind, what: &str) -> String {
    if people.count == 0 {
        return String::new();
    }
    let has = if people.count == 1 { "has" } else { "have" };
    let mut text =
        format!("{} {has} an earlier address of somebody, {what}\n", counted(people.count, "row"));
    for one in &people.examples {
        text.push_str(&format!("  {}, now {}\n", one.email, one.what));
    }
    let more = people.count.saturating_sub(people.examples.len() as u64);
    if more > 0 {
        text.push_str(&format!("  and {more} more\n"));
    }
    text
}

/// Those of the list whose row is not in our own export that comes back: to delete it ends nothing.
fn absent(people: &ImportKind) -> String {
    if people.count == 0 {
        return String::new();
    }
    let (are, stay) = if people.count == 1 { ("is", "stays") } else { ("are", "stay") };
    let mut text = format!(
        "{} of the list {are} not in this file, and {stay}; `digest subscribers remove ADDRESS` ends a \
         subscription\n",
        counted(people.count, "person")
    );
    people.examples.iter().for_each(|one| text.push_str(&format!("  {}\n", one.email)));
    let more = people.count.saturating_sub(people.examples.len() as u64);
    if more > 0 {
        text.push_str(&format!("  and {more} more\n"));
    }
    text
}

fn take_back(workspace: &Workspace, args: &Import, number: i64) -> Ending {
    let path = place(workspace, args.store.as_deref())?;
    if !path.is_there() {
        return Err(Failure::new(format!("there is no import {number}: there is no {path}")));
    }
    let undone = runtime()?.block_on(async {
        let store = Store::open(&path, &ledger::STEPS).await.map_err(looking::unusable)?;
        let who = format!("process {} (import {number} is taken back)", std::process::id());
        let _alone = store.lock(&who).await?;
        let undone = undo::undo(&store, number, clock::now()).await;
        store.close().await;
        undone.map_err(|error| match error {
            UndoError::Undone(number, at) => Failure::new(format!(
                "import {number} was taken back already, {}",
                clock::minute(at, &workspace.config.time_zone)
            )),
            UndoError::ChangedLater { later, .. } => Failure::new(error.to_string()).help(format!(
                "take that one back first: digest subscribers import --undo {later}"
            )),
            error => error.into(),
        })
    })?;
    if args.json {
        print::json(&format!("{}\n", serde_json::to_string(&undone)?))?;
    } else {
        print::words(&undone_words(&undone))?;
    }
    Ok(Exit::Done)
}

fn undone_words(undone: &Undone) -> String {
    let Undone { number, file, removed, restored, released, stay, staying } = undone;
    let mut text = format!(
        "Import {number} ({file}) is taken back: {} removed, {restored} as before, {released} no \
         longer suppressed\n",
        counted(*removed, "person")
    );
    if *stay > 0 {
        text.push_str(&format!(
            "{} as they are now, because they changed after the import:\n",
            match stay {
                1 => "1 person stays".to_owned(),
                more => format!("{more} people stay"),
            }
        ));
        staying.iter().for_each(|email| text.push_str(&format!("  {email}\n")));
        let more = stay.saturating_sub(staying.len() as u64);
        if more > 0 {
            text.push_str(&format!("  and {more} more\n"));
        }
    }
    text
}
