//! Before the first message: who is on the list, who has the issue already, and the question.

use std::collections::HashMap;
use std::io::IsTerminal as _;

use sejong_digest::audience::list::{self, ReadOptions};
use sejong_digest::check::{self, Audience};
use sejong_digest::compose::Composition;
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::issue::load;

use super::frozen::Content;
use super::{Args, Destination, Uncertain};
use crate::cmd::desk::Desk;
use crate::cmd::failure::{Exit, Failure};
use crate::cmd::print;
use crate::cmd::readers::{self, Readers};

/// Problems of a list that are shown one by one.
const SHOWN: usize = 20;

/// Reads the list, and stops where it or the slots have errors.
pub(super) fn readers(desk: &Desk, args: &Args, content: &Content) -> Result<Readers, Failure> {
    let Some(path) = readers::file(desk, args.subscribers.as_deref()) else {
        return Err(Failure::usage("there is no list of subscribers")
            .help("name one: --subscribers FILE.csv"));
    };
    let encoding = match &args.encoding {
        None => None,
        Some(label) => Some(list::encoding_named(label).ok_or_else(|| {
            Failure::usage(format!("--encoding: {label:?} is not known"))
                .help("as in utf-8, windows-1252, euc-kr")
        })?),
    };
    let shown = load::shown(&path);
    let unreadable = |problem: Diagnostic| {
        print::problems(&[problem]);
        Failure::checks(format!("{} cannot be used; nothing was sent", shown.display()))
    };
    let rows = list::open(&path, &shown, &ReadOptions { encoding }).map_err(unreadable)?;
    let columns = rows.field_names().map(str::to_owned).collect();
    let list = list::read_all(rows).map_err(unreadable)?;
    let readers = Readers { path: shown.clone(), columns, list };
    show(&readers);
    let rejected = readers.list.rejected.len();
    if rejected > 0 && !args.skip_invalid {
        return Err(Failure::checks(format!(
            "{rejected} of the rows of {} cannot be used; nothing was sent",
            shown.display()
        ))
        .help("correct them, or leave them out with --skip-invalid"));
    }
    if readers.list.recipients.is_empty() {
        return Err(Failure::checks(format!("{} holds nobody to send to", shown.display())));
    }
    let audience = Audience { columns: &readers.columns, recipients: &readers.list.recipients };
    let composition = &content.composition;
    let problems = match &content.issue {
        Some(issue) => check::issue(issue, composition, Some(audience)),
        None => check::readers(composition, &audience),
    };
    print::problems(&problems);
    match problems.iter().any(Diagnostic::is_error) {
        true => Err(Failure::checks("the issue does not fit its readers; nothing was sent")),
        false => Ok(readers),
    }
}

fn show(readers: &Readers) {
    let list = &readers.list;
    let problems: Vec<Diagnostic> =
        list.rejected.iter().chain(&list.warnings).take(SHOWN).cloned().collect();
    print::problems(&problems);
    let more = (list.rejected.len() + list.warnings.len()).saturating_sub(SHOWN);
    if more > 0 {
        print::note(&format!("… and {more} more of this kind"));
    }
}

/// Who gets the issue, and who does not and why.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) to_send: usize,
    accepted: usize,
    refused: usize,
    uncertain: usize,
    /// Rows of the ledger that wait, whether or not the list still has them.
    waiting: usize,
    duplicates: usize,
    rejected: usize,
    left_out: Vec<(&'static str, usize)>,
    domains: Vec<(String, usize)>,
}

impl Plan {
    /// `states` are those of the ledger, by the address's identity.
    pub(super) fn new(
        readers: &Readers,
        states: &HashMap<String, String>,
        uncertain: Uncertain,
    ) -> Plan {
        let list = &readers.list;
        let mut plan = Plan {
            duplicates: list.duplicates,
            rejected: list.rejected.len(),
            waiting: states
                .values()
                .filter(|s| matches!(s.as_str(), "pending" | "deferred"))
                .count(),
            left_out: list.left_out.iter().map(|(reason, number)| (*reason, *number)).collect(),
            ..Plan::default()
        };
        let mut domains: HashMap<&str, usize> = HashMap::new();
        for recipient in &list.recipients {
            let state = states.get(&recipient.address().identity()).map(String::as_str);
            match state {
                Some("accepted") => plan.accepted += 1,
                Some("refused") => plan.refused += 1,
                Some("uncertain") if uncertain == Uncertain::Hold => plan.uncertain += 1,
                _ => {
                    plan.to_send += 1;
                    *domains.entry(recipient.address().domain()).or_default() += 1;
                }
            }
        }
        plan.domains =
            domains.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
        plan.domains.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        plan
    }

    /// What a send will do, for who is about to be asked.
    pub(super) fn told(
        &self,
        desk: &Desk,
        destination: &Destination,
        composition: &Composition,
    ) -> String {
        let pace = destination.limit.map_or(String::new(), |rate| {
            let seconds = rate.interval().as_secs_f64() * self.to_send as f64;
            format!(", at most {rate}: about {}", duration(seconds))
        });
        let connections = destination.relay.connections();
        let relay = format!("{} ({}){pace}", destination.relay, counted(connections, "connection"));
        self.dry(desk, &relay, composition).trim_end().to_owned()
    }

    /// The same, for `--dry-run`.
    pub(super) fn dry(&self, desk: &Desk, relay: &str, composition: &Composition) -> String {
        let domains: Vec<String> =
            self.domains.iter().take(5).map(|(name, number)| format!("{name} {number}")).collect();
        let more = self.domains.len().saturating_sub(5);
        let more = if more > 0 { format!(", {more} more") } else { String::new() };
        let mut text = format!(
            "Issue     {} ({})\nSubject   {}\nFrom      {}\nTo        {} ({}{more})\nRelay     {relay}\n",
            composition.issue,
            &composition.hash_hex()[..12],
            composition.readable_subject(),
            desk.config.sender.from(),
            counted(self.to_send, "recipient"),
            domains.join(", "),
        );
        for (number, why) in self.others() {
            text.push_str(&format!("Not to    {number} {why}\n"));
        }
        text
    }

    /// Whether all who still wait in the ledger have left the list.
    pub(super) fn only_leavers_wait(&self) -> bool {
        self.to_send == 0 && self.waiting > 0
    }

    fn others(&self) -> Vec<(usize, String)> {
        let mut others = vec![
            (self.accepted, "who have it already".to_owned()),
            (self.refused, "whom the relay refused for good".to_owned()),
            (self.uncertain, "uncertain: --uncertain resend repeats them".to_owned()),
            (self.duplicates, "listed twice".to_owned()),
            (self.rejected, "rows that cannot be used".to_owned()),
        ];
        others.extend(self.left_out.iter().map(|(reason, number)| (*number, (*reason).to_owned())));
        others.retain(|(number, _)| *number > 0);
        others
    }

    /// Why nothing is left to send.
    pub(super) fn nothing(&self, issue: &str) -> String {
        let others: Vec<String> =
            self.others().into_iter().map(|(number, why)| format!("{number} {why}")).collect();
        format!("nothing to send of {issue}: {}", others.join(", "))
    }

    /// For `--dry-run --json`.
    pub(super) fn json(&self, composition: &Composition) -> Result<String, Failure> {
        let object = serde_json::json!({
            "issue": composition.issue,
            "content_hash": composition.hash_hex(),
            "dry_run": true,
            "to_send": self.to_send,
            "accepted": self.accepted,
            "refused": self.refused,
            "uncertain": self.uncertain,
            "duplicates": self.duplicates,
            "invalid": self.rejected,
            "left_out": self.left_out.iter().map(|(_, number)| number).sum::<usize>(),
        });
        Ok(serde_json::to_string(&object)?)
    }
}

/// Asks on a terminal; elsewhere only `--yes` is an answer.
pub(super) fn confirmed(yes: bool, to_send: usize) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure { exit: Exit::Usage, ..Failure::new("nobody is here to be asked") }
            .help("--yes sends without a question; --dry-run shows what would be sent"));
    }
    let question = format!("Send to {}?", counted(to_send, "recipient"));
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
}

/// `1 recipient`, `12 recipients`.
pub(super) fn counted(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// A time as people say it.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}
