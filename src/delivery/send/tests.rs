//! The stages of a send and their order, with a ledger on disk and no relay.

use std::path::Path;

use super::content::{Change, Composed, DifferenceCause, Files};
use super::locked::Answers;
use super::renamed::FormerFolder;
use super::survey::{Ready, Survey};
use super::*;
use crate::archive::edition::WebEdition;
use crate::compose::theme::Theme;
use crate::delivery::id::{RowId, RunId};
use crate::delivery::journal::{Journal, JournalHead, Settled};
use crate::delivery::ledger::wishes::Reopened;
use crate::delivery::ledger::{Ledger, STEPS};
use crate::delivery::moment::Moment;
use crate::delivery::state::State;
use crate::issue::{Contents, Pictures, Publication, load};
use crate::message::header::Mailbox;
use crate::message::splice::Identity;
use crate::message::token::Keys;
use crate::smtp::outcome::Stage;
use crate::store::Store;
use crate::store::sql;

const ISSUE: &str = "number = 1
title = \"October\"
subject = \"Hello\"
date = 2025-11-06
";
const BOOT: &str = "boot";
const HOLD: Answers = Answers {
    reopened: Reopened { uncertain: false, refused: false },
    despite_receipt: false,
    new_issue: false,
};
const RESEND: Answers = Answers { reopened: Reopened { uncertain: true, refused: false }, ..HOLD };

/// A folder like a user's.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(folder.path("issues/x")).unwrap();
        std::fs::write(folder.path("issues/x/issue.toml"), ISSUE).unwrap();
        folder.text("Twenty-eight letters.");
        folder.list(&["kim", "ada", "lee"]);
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, text: &str) {
        let article = format!("---\ntitle: Hangul\n---\n\n{text}\n");
        std::fs::write(self.path("issues/x/hangul.md"), article).unwrap();
    }

    fn list(&self, people: &[&str]) {
        let rows: String = people.iter().map(|name| format!("{name}@x.example\n")).collect();
        std::fs::write(self.path("list.csv"), format!("email\n{rows}")).unwrap();
    }

    fn publication(&self) -> Publication {
        Publication {
            root: self.0.path().to_owned(),
            name: "Digest".to_owned(),
            organization: None,
            postal_address: None,
            language: "en".to_owned(),
            base_url: "https://x.example".to_owned(),
            browser_url: None,
            has_archive: false,
            preferences_url: None,
            has_preferences: false,
            from: "digest@x.example".to_owned(),
            reply_to: None,
            logo: None,
            logo_dark: None,
            pictures: Pictures::default(),
            advertising: false,
            sign_off: None,
            contents: Contents::default(),
            smart: true,
            ignored_keys: Vec::new(),
            topics: Vec::new(),
            segments: Default::default(),
            segment_places: Default::default(),
        }
    }

    fn composed(&self) -> Files {
        let publication = self.publication();
        let issue = load::load(&publication, &self.path("issues/x")).issue.unwrap();
        let (composition, _) = crate::compose::compose(&publication, &issue, &Theme::default());
        let (composition, files) = (composition.unwrap(), issue.files());
        let web = WebEdition::of(&publication, &issue);
        Files::Sound(Box::new(Composed { issue, composition, files, web }))
    }

    fn options(&self) -> SendOptions {
        SendOptions {
            issue: "x".to_owned(),
            ledger: self.path("digest.db").into(),
            list: self.path("list.csv"),
            list_in_store: None,
            read: ReadOptions::default(),
            except: None,
            suppressed_in: None,
            forgetting: Default::default(),
            only: None,
            part: String::new(),
            origin: RunOrigin::default(),
            to: None,
            skip_invalid: false,
            recompose: false,
            expect: None,
            receipt: None,
            folders: None,
            begin: "2025-11-06T09:00[UTC]".parse().unwrap(),
            boot: BOOT.to_owned(),
            clock: || "2025-11-06T09:00:00Z".to_owned(),
        }
    }

    async fn survey(&self) -> Result<Survey, SendError> {
        Survey::take(self.options(), self.composed()).await
    }

    async fn ready(&self) -> Ready {
        passed(self.survey().await.unwrap()).await
    }

    /// A send up to its plan, in which nobody is attempted.
    async fn plan(&self) {
        let locked = self.ready().await.lock(&identity(), "process 1").await.unwrap();
        let planned = locked.propose(HOLD).await.unwrap().accept().await.unwrap();
        planned.leave().await.unwrap();
    }

    async fn ledger(&self) -> (Store, Ledger) {
        let store = Store::open(&self.path("digest.db"), &STEPS).await.unwrap();
        (store.clone(), Ledger::new(store, "x"))
    }

    /// Every address with its state, and how many runs and revisions there are.
    async fn written(&self) -> (Vec<String>, i64, i64) {
        let (store, _) = self.ledger().await;
        let rows = sql::query_scalar("SELECT email || ' ' || state FROM recipient ORDER BY id");
        let rows = rows.fetch_all(store.pool()).await.unwrap();
        let count = "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM revision)";
        let (runs, revisions) = sql::query_as(count).fetch_one(store.pool()).await.unwrap();
        store.close().await;
        (rows, runs, revisions)
    }

    /// Claims everybody as the last sender that then dies, with so many dots marked; returns the rows.
    async fn claim(&self, marked: usize) -> Vec<RowId> {
        let (store, ledger) = self.ledger().await;
        let run: RunId =
            sql::query_scalar("SELECT max(id) FROM run").fetch_one(store.pool()).await.unwrap();
        let token = ledger.token(run).await.unwrap();
        let head = JournalHead { boot: BOOT.to_owned(), run, token, recorded: 0 };
        let mut journal = Journal::begin(&ledger.journal_path(), head).unwrap();
        let ledger = ledger.lock("a sender that dies").await.unwrap();
        let claimed = ledger.claim(run, 10, Moment(0), &Default::default()).await.unwrap();
        let rows: Vec<RowId> = claimed.iter().map(|claimed| claimed.row).collect();
        for row in rows.iter().take(marked) {
            journal.dot(*row, "a@x.example".to_owned()).unwrap();
        }
        store.close().await;
        rows
    }

    /// Gives a row an outcome.
    async fn settle(&self, row: RowId, state: State, code: u16) {
        self.settle_at(row, state, code, (code < 500).then_some(Stage::Rcpt)).await;
    }

    async fn settle_at(&self, row: RowId, state: State, code: u16, stage: Option<Stage>) {
        let (store, ledger) = self.ledger().await;
        let settled = Settled {
            row,
            state,
            code: Some(code),
            enhanced: None,
            text: String::new(),
            at: "2025-11-06T09:00:01Z".to_owned(),
            message_id: "a@x.example".to_owned(),
            retry: None,
            stage,
            unasked: false,
        };
        let ledger = ledger.lock("a sender").await.unwrap();
        ledger.record(&[settled], None).await.unwrap();
        store.close().await;
    }
}

async fn passed(survey: Survey) -> Ready {
    let readers = survey.readers().await.unwrap();
    survey.passed(readers, &[]).unwrap()
}

fn identity() -> Identity {
    Identity {
        from: Mailbox::parse("Digest <digest@x.example>").unwrap(),
        reply_to: None,
        list_name: crate::message::header::HeaderText::new("Digest"),
        list_id: "digest.x.example".to_owned(),
        base_url: "https://x.example".to_owned(),
        list_archive: "https://x.example/".to_owned(),
        reverse_path: None,
        preferences_url: None,
        keys: Keys::new(b"a secret of the tests"),
        signers: Vec::new(),
    }
}

fn text_of(survey: &Survey) -> String {
    format!("{:?}", survey.content().composition().text)
}

#[tokio::test]
async fn nothing_is_written_before_a_person_has_agreed() {
    let folder = Folder::new();
    let ready = folder.ready().await;
    assert_eq!(ready.plan(Reopened::default()).await.unwrap().to_send, 3);
    assert!(!folder.path("digest.db").exists(), "a survey only reads");
    let locked = ready.lock(&identity(), "process 1").await.unwrap();
    let proposal = locked.propose(HOLD).await.unwrap();
    assert_eq!(proposal.plan().to_send, 3);
    drop(proposal);
    assert_eq!(folder.written().await, (Vec::new(), 0, 0));
}

#[tokio::test]
async fn a_second_sender_is_told_who_sends_before_it_settles_anything() {
    let folder = Folder::new();
    folder.plan().await;
    folder.claim(1).await;
    let first = Store::open(&folder.path("digest.db"), &STEPS).await.unwrap();
    let _lock = first.lock("process 1 (issue x)").await.unwrap();
    let error = folder.ready().await.lock(&identity(), "process 2").await.unwrap_err();
    assert!(
        matches!(&error, SendError::Store(StoreError::Busy { holder, .. }) if holder.to_string().contains("process 1"))
    );
    let (rows, runs, _) = folder.written().await;
    assert_eq!((rows[0].as_str(), runs), ("kim@x.example claimed", 1), "the first still has them");
}

#[tokio::test]
async fn what_a_dead_sender_left_is_settled_before_anybody_is_counted() {
    let folder = Folder::new();
    folder.plan().await;
    folder.claim(1).await;
    let locked = folder.ready().await.lock(&identity(), "process 1").await.unwrap();
    assert_eq!(locked.uncertain().await.unwrap().0, 1);
    let held = locked.propose(HOLD).await.unwrap();
    assert_eq!((held.plan().to_send, held.plan().uncertain), (2, 1));
    drop(held);
    let locked = folder.ready().await.lock(&identity(), "process 1").await.unwrap();
    let resent = locked.propose(RESEND).await.unwrap();
    assert_eq!((resent.plan().to_send, resent.plan().uncertain), (3, 0));
    let planned = resent.accept().await.unwrap();
    assert!(folder.written().await.0.iter().all(|row| row.ends_with(" pending")));
    // Nobody was attempted, and with the command the wish is over.
    planned.leave().await.unwrap();
    assert_eq!(folder.written().await.0[0], "kim@x.example uncertain");
}

#[tokio::test]
async fn a_plan_that_another_send_made_meanwhile_is_left_alone() {
    let folder = Folder::new();
    let late = folder.ready().await;
    folder.text("Twenty-four letters.");
    folder.plan().await;
    let before = folder.written().await;
    let error = late.lock(&identity(), "process 2").await.unwrap_err();
    assert!(matches!(error, SendError::Overtaken), "{error}");
    assert_eq!(folder.written().await, before);
}

#[tokio::test]
async fn a_send_that_was_begun_meanwhile_freezes_the_issue() {
    let folder = Folder::new();
    folder.plan().await;
    folder.text("Twenty-four letters.");
    let late = folder.ready().await;
    let rows = folder.claim(0).await;
    folder.settle(rows[0], State::Accepted, 250).await;
    let error = late.lock(&identity(), "process 2").await.unwrap_err();
    assert!(matches!(error, SendError::Overtaken), "{error}");
}

#[tokio::test]
async fn run_people_and_revision_are_written_together_or_not_at_all() {
    let folder = Folder::new();
    let locked = folder.ready().await.lock(&identity(), "process 1").await.unwrap();
    let proposal = locked.propose(HOLD).await.unwrap();
    let (store, _) = folder.ledger().await;
    let broken = "CREATE TRIGGER no BEFORE INSERT ON person BEGIN SELECT RAISE(ABORT, 'no'); END";
    sql::raw(broken).execute(store.pool()).await.unwrap();
    store.close().await;
    proposal.accept().await.unwrap_err();
    assert_eq!(folder.written().await, (Vec::new(), 0, 0));
}

#[tokio::test]
async fn an_issue_is_composed_anew_until_somebody_may_have_it() {
    let claimed = |marked| async move {
        let folder = Folder::new();
        folder.plan().await;
        let rows = folder.claim(marked).await;
        (folder, rows)
    };
    let after = |folder: Folder| async move {
        folder.text("Twenty-four letters.");
        let survey = folder.survey().await.unwrap();
        let difference = survey.content().difference().unwrap().clone();
        let edited = vec![("hangul.md".to_owned(), Change::Edited)];
        assert_eq!(difference.cause, DifferenceCause::Files(edited));
        assert_eq!(text_of(&survey).contains("Twenty-eight"), difference.frozen);
        assert_eq!(survey.content().issue().is_none(), difference.frozen);
        difference.frozen
    };
    let planned = Folder::new();
    planned.plan().await;
    assert!(!after(planned).await, "planned");
    assert!(!after(claimed(0).await.0).await, "claimed, and no dot has left");
    assert!(after(claimed(1).await.0).await, "a dot may have left");
    for (state, stage, had) in [
        (State::Accepted, None, true),
        (State::Uncertain, Some(Stage::Dot), true),
        (State::Deferred, Some(Stage::Dot), true),
        (State::Refused, Some(Stage::Dot), true),
        (State::Deferred, Some(Stage::Rcpt), false),
        (State::Deferred, None, false),
        (State::Refused, None, false),
    ] {
        let (folder, rows) = claimed(0).await;
        folder.settle_at(rows[2], state, 450, stage).await;
        assert_eq!(after(folder).await, had, "{state} {stage:?}");
    }
    let (folder, _) = claimed(0).await;
    std::fs::remove_file(folder.path("digest.db-marks")).unwrap();
    assert!(after(folder).await, "claimed, and nobody knows whether a dot has left");
}

#[tokio::test]
async fn a_revision_that_nobody_has_gives_its_place_to_the_next() {
    let folder = Folder::new();
    folder.plan().await;
    folder.text("Twenty-four letters.");
    folder.plan().await;
    assert_eq!(folder.written().await.2, 1, "one revision");
    let rows = folder.claim(0).await;
    folder.settle(rows[0], State::Accepted, 250).await;
    folder.text("Twenty letters.");
    let survey = folder.survey().await.unwrap();
    assert!(text_of(&survey).contains("Twenty-four"), "{}", text_of(&survey));
    let options = SendOptions { recompose: true, ..folder.options() };
    let survey = Survey::take(options, folder.composed()).await.unwrap();
    assert!(text_of(&survey).contains("Twenty letters"), "{}", text_of(&survey));
}

#[tokio::test]
async fn files_with_errors_stop_a_send_only_as_long_as_nobody_may_have_it() {
    let folder = Folder::new();
    let broken = || Survey::take(folder.options(), Files::Broken);
    assert!(matches!(broken().await, Err(SendError::Broken)));
    folder.plan().await;
    assert!(matches!(broken().await, Err(SendError::Broken)));
    let rows = folder.claim(0).await;
    folder.settle(rows[0], State::Accepted, 250).await;
    let survey = broken().await.unwrap();
    assert_eq!(survey.content().difference().unwrap().cause, DifferenceCause::Errors);
    assert!(text_of(&survey).contains("Twenty-eight"));
}

#[tokio::test]
async fn a_list_is_judged_before_anything_is_locked() {
    let folder = Folder::new();
    let survey = async |list: &str, options: SendOptions| {
        std::fs::write(folder.path("list.csv"), list).unwrap();
        let survey = Survey::take(options, folder.composed()).await.unwrap();
        survey.readers().await.map(|readers| readers.people())
    };
    let found = survey("email\nkim@x.example\nno-address\n", folder.options()).await;
    assert!(matches!(found, Err(SendError::List(_, ListFault::Rejected(1)))), "{found:?}");
    let skip = SendOptions { skip_invalid: true, ..folder.options() };
    assert!(matches!(survey("email\nkim@x.example\nno-address\n", skip).await, Ok(1)));
    let found = survey("email\n", folder.options()).await;
    assert!(
        matches!(found, Err(SendError::List(_, ListFault::Nobody { others: false }))),
        "{found:?}"
    );
    let only = |text: &str| Some(text.parse().unwrap());
    let few = SendOptions { only: only("tag:press"), ..folder.options() };
    let found = survey("email\nkim@x.example\n", few).await;
    assert!(
        matches!(found, Err(SendError::List(_, ListFault::Nobody { others: true }))),
        "{found:?}"
    );
    let other = SendOptions { only: only("town=Busan"), ..folder.options() };
    let found = survey("email\nkim@x.example\n", other).await;
    assert!(matches!(found, Err(SendError::List(_, ListFault::UnknownField { .. }))), "{found:?}");
    assert!(!Path::new(&folder.path("digest.db-lock")).exists());
}

#[tokio::test]
async fn who_left_the_list_last_is_written_down_although_nothing_is_sent() {
    let folder = Folder::new();
    folder.plan().await;
    let rows = folder.claim(0).await;
    folder.settle(rows[0], State::Accepted, 250).await;
    folder.list(&["kim"]);
    let locked = folder.ready().await.lock(&identity(), "process 1").await.unwrap();
    let proposal = locked.propose(HOLD).await.unwrap();
    assert_eq!(proposal.plan().to_send, 0);
    let report = proposal.leave().await.unwrap();
    assert_eq!((report.counts.accepted, report.counts.suppressed), (1, 2));
    assert!(report.ended.is_none());
}

#[tokio::test]
async fn an_issue_that_looks_renamed_is_proposed_only_as_another_one() {
    let folder = Folder::new();
    folder.plan().await;
    let rows = folder.claim(0).await;
    folder.settle(rows[0], State::Accepted, 250).await;
    let folders = Some(vec![folder.path("issues/y")]);
    let options = SendOptions { issue: "y".to_owned(), folders, ..folder.options() };
    let ready =
        async || passed(Survey::take(options.clone(), folder.composed()).await.unwrap()).await;
    let seen = ready().await.renamed().await.unwrap().unwrap();
    assert_eq!((seen.before.as_str(), seen.accepted), ("x", 1));
    let locked = ready().await.lock(&identity(), "process 1").await.unwrap();
    let stopped = locked.propose(HOLD).await.unwrap_err();
    assert!(matches!(&stopped, SendError::Renamed(known) if **known == seen), "{stopped}");
    let locked = ready().await.lock(&identity(), "process 1").await.unwrap();
    let another = locked.propose(Answers { new_issue: true, ..HOLD }).await.unwrap();
    assert_eq!(another.plan().to_send, 3);
}

/// To compare an issue with all others takes its time. That its folder is moved meanwhile shows whether
/// it is done again.
#[tokio::test]
async fn an_issue_is_compared_once_unless_something_was_sent_meanwhile() {
    for sends_meanwhile in [false, true] {
        let folder = Folder::new();
        folder.plan().await;
        let rows = folder.claim(0).await;
        folder.settle(rows[0], State::Accepted, 250).await;
        let folders = Some(vec![folder.path("issues/x")]);
        let options = SendOptions { issue: "y".to_owned(), folders, ..folder.options() };
        let ready = passed(Survey::take(options, folder.composed()).await.unwrap()).await;
        let seen = ready.renamed().await.unwrap().unwrap();
        assert_eq!(seen.folder, FormerFolder::There);
        if sends_meanwhile {
            folder.plan().await;
        }
        std::fs::rename(folder.path("issues/x"), folder.path("issues/z")).unwrap();
        let locked = ready.lock(&identity(), "process 1").await.unwrap();
        let stopped = locked.propose(HOLD).await.unwrap_err();
        let SendError::Renamed(known) = stopped else { panic!("{stopped}") };
        assert_eq!(known.folder != FormerFolder::There, sends_meanwhile);
    }
}

#[tokio::test]
async fn only_what_was_approved_is_sent() {
    let folder = Folder::new();
    let expecting =
        |hash: &str| SendOptions { expect: Some(hash.parse().unwrap()), ..folder.options() };
    let survey = async |hash: &str| Survey::take(expecting(hash), folder.composed()).await;
    let approved = folder.survey().await.unwrap().content().composition().hash_hex();
    survey(&approved[..12]).await.unwrap();
    survey(&approved.to_uppercase()).await.unwrap();
    let other = survey("0123456789abcdef").await.unwrap_err();
    assert!(matches!(other, SendError::Unexpected { .. }), "{other}");
    for bad in [&approved[..11], "0123456789ag", ""] {
        bad.parse::<content::ExpectedHash>().unwrap_err();
    }
    // Somebody was put off by a relay that had the text, and keeps what it may have.
    folder.plan().await;
    let rows = folder.claim(0).await;
    folder.settle_at(rows[0], State::Deferred, 451, Some(Stage::Dot)).await;
    folder.text("Twenty-four letters.");
    let recomposed = SendOptions { recompose: true, ..folder.options() };
    let now = Survey::take(recomposed.clone(), folder.composed()).await.unwrap();
    let now = now.content().composition().hash_hex();
    let options = SendOptions { expect: Some(now.parse().unwrap()), ..recomposed };
    let ready = passed(Survey::take(options, folder.composed()).await.unwrap()).await;
    // A dry run foretells it.
    let kept = ready.plan(Reopened::default()).await.unwrap_err();
    assert!(matches!(&kept, SendError::Unexpected { found, .. } if *found == approved), "{kept}");
    let locked = ready.lock(&identity(), "process 1").await.unwrap();
    let kept = locked.propose(HOLD).await.unwrap_err();
    assert!(matches!(&kept, SendError::Unexpected { found, .. } if *found == approved), "{kept}");
}

#[tokio::test]
async fn a_ledger_that_knows_less_than_the_receipt_sends_only_when_told_to() {
    let (here, receipt) = (Folder::new(), "receipts/x.toml");
    let sent = async |folder: &Folder, answers| {
        let options = SendOptions { receipt: Some(folder.path(receipt)), ..folder.options() };
        let ready = passed(Survey::take(options, folder.composed()).await.unwrap()).await;
        ready.lock(&identity(), "process 1").await.unwrap().propose(answers).await
    };
    sent(&here, HOLD).await.unwrap().accept().await.unwrap().leave().await.unwrap();
    assert!(!here.path(receipt).exists(), "nobody has it");
    for row in here.claim(0).await {
        here.settle(row, State::Accepted, 250).await;
    }
    sent(&here, HOLD).await.unwrap().leave().await.unwrap();
    let written = std::fs::read_to_string(here.path(receipt)).unwrap();
    assert!(written.contains("accepted = 3") && !written.contains('@'), "{written}");
    let clone = Folder::new();
    std::fs::create_dir(clone.path("receipts")).unwrap();
    std::fs::write(clone.path(receipt), written).unwrap();
    let error = sent(&clone, HOLD).await.unwrap_err();
    assert!(matches!(error, SendError::AlreadySent(_)), "{error}");
    assert_eq!(clone.written().await.0, [""; 0]);
    let despite = Answers { despite_receipt: true, ..HOLD };
    assert_eq!(sent(&clone, despite).await.unwrap().plan().to_send, 3);
}

#[tokio::test]
async fn a_rehearsal_that_starts_over_forgets_one_issue() {
    let folder = Folder::new();
    folder.plan().await;
    folder.claim(1).await;
    let path = folder.path("digest.db");
    let times = (BOOT, "2025-11-06T09:00:00Z");
    let caught = folder.path("caught");
    rehearsal::start_over(&path, "y", &caught, times, "process 1").await.unwrap();
    assert_eq!(folder.written().await.0.len(), 3);
    rehearsal::start_over(&path, "x", &caught, times, "process 1").await.unwrap();
    assert_eq!(folder.written().await, (Vec::new(), 1, 0), "the run's number is not given twice");
    folder.plan().await;
    assert_eq!(folder.written().await.0.len(), 3);
}

/// One wish is one copy, wherever the sender dies; `docs/ledger.md` has the steps.
#[tokio::test]
async fn a_further_copy_is_sent_once_for_each_wish_wherever_its_sender_dies() {
    let address = Address::parse("kim@x.example").unwrap();
    let folder = Folder::new();
    let propose = async || {
        let to = Some(OnePerson { address: address.clone(), again: true });
        let options = SendOptions { to, ..folder.options() };
        let ready = passed(Survey::take(options, folder.composed()).await.unwrap()).await;
        ready.lock(&identity(), "process 1").await.unwrap().propose(HOLD).await.unwrap()
    };
    let state = async || folder.written().await.0[0].clone();
    folder.plan().await;
    for row in folder.claim(0).await {
        folder.settle(row, State::Accepted, 250).await;
    }
    let wish = propose().await;
    assert_eq!((wish.plan().to_send, wish.plan().accepted), (1, 0));
    drop(wish);
    assert_eq!(state().await, "kim@x.example accepted", "nothing before a person has agreed");
    // Dead behind the plan: it falls back, and the same command opens it anew.
    drop(propose().await.accept().await.unwrap());
    assert_eq!(state().await, "kim@x.example pending");
    let same = propose().await;
    assert_eq!(state().await, "kim@x.example accepted");
    assert_eq!((same.plan().to_send, same.one().unwrap().earlier), (1, 0));
    drop(same.accept().await.unwrap());
    // Dead behind the dot: nobody can tell.
    let rows = folder.claim(1).await;
    assert_eq!(rows.len(), 1);
    let held = propose().await;
    assert_eq!((held.plan().to_send, held.plan().uncertain), (0, 1));
    held.leave().await.unwrap();
    // Then the relay's log shows that it was taken: the wish is fulfilled, and is told so once.
    let told = async |row| {
        folder.settle(row, State::Accepted, 250).await;
        let known = propose().await;
        assert!(known.one().unwrap().was_sent_untold());
        assert_eq!((known.plan().to_send, known.plan().accepted), (0, 1));
        known.leave().await.unwrap();
    };
    told(rows[0]).await;
    // The next wish is a new one. Dead behind the plan and then behind the relay's reply.
    let next = propose().await;
    assert_eq!((next.plan().to_send, next.one().unwrap().was_sent_untold()), (1, false));
    drop(next.accept().await.unwrap());
    drop(propose().await.accept().await.unwrap());
    let rows = folder.claim(1).await;
    told(rows[0]).await;
    assert_eq!(propose().await.plan().to_send, 1);
}
