//! Before the first message: who gets the issue, who has it already, how long it takes, and the
//! question.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use sejong_digest::compose::Composition;
use sejong_digest::delivery::intake::Intake;
use sejong_digest::delivery::ledger::staging::Census;
use sejong_digest::delivery::pace::Rate;

use crate::cmd::clock;
use crate::cmd::failure::{Exit, Failure};
use crate::cmd::workspace::Workspace;

/// Domains that are named for people.
const NAMED: usize = 5;

/// Who gets the issue, and who does not and why.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) to_send: u64,
    /// People of the list who were not asked for.
    outside: u64,
    accepted: u64,
    refused: u64,
    uncertain: u64,
    /// Rows of the ledger that wait, whether or not the list still has them.
    waiting: u64,
    duplicates: u64,
    rejected: u64,
    left_out: BTreeMap<String, u64>,
    domains: Vec<(String, u64)>,
    domain_count: u64,
}

/// How a plan would be sent.
pub(super) struct Way {
    /// The relays, in words.
    relay: String,
    /// How fast at most, in words, where there is a limit for all of them.
    pace: Option<String>,
    per_second: Option<f64>,
}

impl Way {
    /// Over these relays, each with its own limit; `limit` stands for theirs.
    pub(super) fn new(relays: Vec<(String, Option<Rate>)>, limit: Option<Rate>) -> Way {
        let limits: Option<Vec<Rate>> = match limit {
            Some(limit) => Some(vec![limit]),
            None => relays.iter().map(|(_, limit)| *limit).collect(),
        };
        let names: Vec<String> = relays.into_iter().map(|(name, _)| name).collect();
        let rates = |limits: &Vec<Rate>| {
            limits.iter().map(|rate| 1.0 / rate.interval().as_secs_f64()).sum::<f64>()
        };
        let told = |limits: &Vec<Rate>| {
            limits.iter().map(Rate::to_string).collect::<Vec<_>>().join(" and ")
        };
        Way {
            relay: names.join(", "),
            pace: limits.as_ref().map(told),
            per_second: limits.as_ref().map(rates),
        }
    }
}

impl Plan {
    pub(super) fn new(intake: &Intake, census: Census, resend: bool) -> Plan {
        let state = |name: &str| census.states.get(name).copied().unwrap_or(0);
        let all: u64 = census.states.values().sum();
        let (accepted, refused) = (state("accepted"), state("refused"));
        let uncertain = if resend { 0 } else { state("uncertain") };
        Plan {
            to_send: all - accepted - refused - uncertain,
            outside: census.outside,
            accepted,
            refused,
            uncertain,
            waiting: census.waiting,
            duplicates: intake.duplicates,
            rejected: intake.rejected,
            left_out: intake.left_out.clone(),
            domains: census.domains,
            domain_count: census.domain_count,
        }
    }

    /// What a send will do.
    pub(super) fn told(
        &self,
        workspace: &Workspace,
        way: &Way,
        composition: &Composition,
    ) -> String {
        let named = self.domains.iter().take(NAMED);
        let domains: Vec<String> = named.map(|(name, number)| format!("{name} {number}")).collect();
        let more = self.domain_count.saturating_sub(NAMED as u64);
        let more = if more > 0 { format!(", {more} more") } else { String::new() };
        let mut text = format!(
            "Issue     {} ({})\nSubject   {}\nFrom      {}\nSigned    {}\nTo        {} ({}{more})\nRelay     {}\n",
            composition.issue,
            &composition.hash_hex()[..12],
            composition.readable_subject(),
            workspace.config.sender.from(),
            signed(workspace),
            counted(self.to_send, "recipient"),
            domains.join(", "),
            way.relay,
        );
        if let (Some(rate), Some(seconds)) = (&way.pace, self.seconds(way)) {
            let finish = self.finish(workspace, seconds);
            let finish =
                finish.map_or(String::new(), |at| at.strftime(", until %F %H:%M").to_string());
            text.push_str(&format!(
                "Pace      at most {rate}: about {}{finish}\n",
                duration(seconds)
            ));
        }
        let base_url = &workspace.config.publication.base_url;
        match composition.hosted_pictures(base_url) {
            0 => {}
            count => text.push_str(&format!(
                "Pictures  {count} from {base_url}; `digest render {} --assets DIR` writes them\n",
                composition.issue
            )),
        }
        for (number, why) in self.others() {
            text.push_str(&format!("Not to    {number} {why}\n"));
        }
        text
    }

    /// How long it takes at the pace that was asked for.
    fn seconds(&self, way: &Way) -> Option<f64> {
        // The first message goes at once.
        let pauses = self.to_send.saturating_sub(1) as f64;
        way.per_second.map(|rate| pauses / rate)
    }

    fn finish(&self, workspace: &Workspace, seconds: f64) -> Option<jiff::ZonedDateTime> {
        let took = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
        clock::now_in(&workspace.config.time_zone).checked_add(took).ok()
    }

    /// Whether all who still wait in the ledger have left the list.
    pub(super) fn only_leavers_wait(&self) -> bool {
        self.to_send == 0 && self.waiting > 0
    }

    fn others(&self) -> Vec<(u64, String)> {
        let mut others = vec![
            (self.accepted, "who have it already".to_owned()),
            (self.refused, "whom the relay refused for good".to_owned()),
            (self.uncertain, "uncertain: --uncertain resend repeats them".to_owned()),
            (self.outside, "not named by --only".to_owned()),
            (self.duplicates, "listed twice".to_owned()),
            (self.rejected, "rows that cannot be used".to_owned()),
        ];
        others.extend(self.left_out.iter().map(|(reason, number)| (*number, reason.clone())));
        others.retain(|(number, _)| *number > 0);
        others
    }

    /// Why nothing is left to send.
    pub(super) fn nothing(&self, issue: &str) -> String {
        let others: Vec<String> =
            self.others().into_iter().map(|(number, why)| format!("{number} {why}")).collect();
        format!("nothing to send of {issue}: {}", others.join(", "))
    }

    /// For `plan --json`; the names are relied on by scripts.
    pub(super) fn json(
        &self,
        workspace: &Workspace,
        way: &Way,
        composition: &Composition,
    ) -> Result<String, Failure> {
        let seconds = self.seconds(way);
        let finish = seconds.and_then(|seconds| self.finish(workspace, seconds));
        let domains = self.domains.iter();
        let domains = domains
            .map(|(domain, to_send)| serde_json::json!({"domain": domain, "to_send": to_send}));
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
            "left_out": self.left_out.values().sum::<u64>(),
            "outside": self.outside,
            "domains": domains.collect::<Vec<_>>(),
            "seconds": seconds,
            "finish": finish.map(|at| at.timestamp().strftime("%FT%TZ").to_string()),
        });
        Ok(serde_json::to_string(&object)?)
    }
}

fn signed(workspace: &Workspace) -> String {
    match &workspace.config.dkim {
        Some(dkim) => dkim.to_string(),
        None => "no: digest.toml has no [dkim]".to_owned(),
    }
}

/// Asks on a terminal; elsewhere only `--yes` is an answer.
pub(super) fn confirmed(yes: bool, to_send: u64) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !somebody_is_here() {
        return Err(Failure { exit: Exit::Usage, ..Failure::new("nobody is here to be asked") }
            .help("--yes sends without a question; --dry-run shows what would be sent"));
    }
    let question = format!("Send to {}?", counted(to_send, "recipient"));
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
}

/// Whether a person can be asked.
pub(super) fn somebody_is_here() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks what becomes of those of whom nobody can tell; to hold them is the default.
pub(super) fn resend_confirmed(count: u64) -> Result<bool, Failure> {
    let question = format!(
        "Nobody can tell whether {} the issue. Most of such have it.",
        if count == 1 { "this one has".to_owned() } else { format!("these {count} have") }
    );
    let answers = ["hold: leave them, and list them at the end", "resend: send again, once"];
    let chosen =
        dialoguer::Select::new().with_prompt(question).items(answers).default(0).interact()?;
    Ok(chosen == 1)
}

/// `1 recipient`, `12 recipients`.
pub(super) fn counted(number: u64, word: &str) -> String {
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
