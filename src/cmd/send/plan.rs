//! Before the first message: who gets the issue, who has it already and how long it takes, in words
//! and as JSON.

use std::path::Path;

use jiff::tz::TimeZone;
use sejong_digest::audience::pause;
use sejong_digest::compose::Composition;
use sejong_digest::delivery::duration;
use sejong_digest::delivery::ledger::copies::OneRow;
use sejong_digest::delivery::ledger::editions::ShownIssues;
use sejong_digest::delivery::ledger::got::GotIssue;
use sejong_digest::delivery::ledger::staging::NO_SECTION;
use sejong_digest::delivery::pace::Rate;
use sejong_digest::delivery::send::plan::{PartCounts, PassageCount, Plan, VariantCount};
use sejong_digest::diagnostic::counted;
use sejong_digest::issue::load::{self, ArchiveStanding};
use sejong_digest::issue::percent;
use sejong_digest::message::address::Address;

use super::reasons::PlanDoubts;
use super::window::Window;
use crate::cmd::bounces::undecided::WaitingWishes;
use crate::cmd::clock;
use crate::cmd::failure::Failure;
use crate::cmd::files::describe;
use crate::cmd::readers::shortened_condition;
use crate::cmd::workspace::Workspace;

/// Domains that are named for people.
const NAMED: usize = 5;
/// Sets of sections that are told.
const VARIANTS: usize = 20;

/// How a plan would be sent.
pub(super) struct RoutePlan {
    /// The relays, in words.
    relay: String,
    /// How fast at most, in words, where there is a limit for all of them.
    pace: Option<String>,
    per_second: Option<f64>,
}

impl RoutePlan {
    /// Over these relays, each with its own limit; `limit` stands for theirs.
    pub(super) fn new(relays: Vec<(String, Option<Rate>)>, limit: Option<Rate>) -> RoutePlan {
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
        RoutePlan {
            relay: names.join(", "),
            pace: limits.as_ref().map(told),
            per_second: limits.as_ref().map(rates),
        }
    }
}

/// A plan with all that is told of it.
pub(super) struct PlanText<'a> {
    pub(super) plan: &'a Plan,
    pub(super) workspace: &'a Workspace,
    pub(super) routes: &'a RoutePlan,
    pub(super) composition: &'a Composition,
    pub(super) window: &'a Window,
    /// The list, and whether it is that of a store.
    pub(super) list: (&'a Path, bool),
    /// The file of `--except`.
    pub(super) except: Option<&'a Path>,
    /// Whether it goes to people who were chosen, and not to the whole list.
    pub(super) is_part: bool,
    /// How many get which parts of the issue.
    pub(super) parts: &'a PartCounts,
}

impl PlanText<'_> {
    /// What a send will do.
    pub(super) fn words(&self) -> String {
        let PlanText { plan, workspace, routes, composition, window, except, .. } = self;
        let named = plan.domains.iter().take(NAMED);
        let domains: Vec<String> = named.map(|(name, number)| format!("{name} {number}")).collect();
        let more = plan.domain_count.saturating_sub(NAMED as u64);
        let more = if more > 0 { format!(", {more} more") } else { String::new() };
        let to = match plan.to_send {
            0 => "nobody: there is nothing to do".to_owned(),
            people => format!("{} ({}{more})", counted(people, "recipient"), domains.join(", ")),
        };
        let list = match self.list {
            (path, true) => format!("the store, {}", describe(path)),
            (path, false) => describe(path),
        };
        let mut text = format!(
            "Issue     {} ({})\nSubject   {}\nFrom      {}\nSigned    {}\nList      {list}\nTo        {to}\nRelay     {}\n",
            composition.issue,
            &composition.hash_hex()[..12],
            composition.readable_subject(),
            workspace.config.sender.from(),
            signed(workspace),
            routes.relay,
        );
        if plan.copies > 0 {
            let have = if plan.copies == 1 { "has it, and gets" } else { "have it, and get" };
            text.push_str(&format!("Copies    {} of them {have} a further copy\n", plan.copies));
        }
        if let Some(start) = window.start() {
            text.push_str(&format!("Start     {start}\n"));
        }
        if let Some((pace, seconds)) = self.pace() {
            let finish = self.finish(seconds);
            let finish =
                finish.map_or(String::new(), |at| at.strftime(", until %F %H:%M").to_string());
            text.push_str(&format!(
                "Pace      at most {pace}: about {}{finish}\n",
                duration::about(seconds)
            ));
        }
        let base_url = &workspace.config.publication.base_url;
        if let Some(except) = except.map(Path::display) {
            text.push_str(&format!(
                "Except    {except}, in this command only: name it in each send of the issue\n"
            ));
        }
        match composition.hosted_pictures(base_url).len() {
            0 => {}
            count => text.push_str(&format!(
                "Pictures  {count} from {base_url}; `digest render {} --assets DIR` writes them\n",
                composition.issue
            )),
        }
        for GotIssue { issue, people } in &plan.got {
            text.push_str(&format!("Got       {issue}: by {}\n", counted(*people, "person")));
        }
        text.push_str(&self.web());
        text.push_str(&self.sections());
        for PassageCount { only, people, of } in &self.parts.passages {
            let only = shortened_condition(only);
            text.push_str(&format!("Passage   `only {only}` goes to {people} of {of}\n"));
        }
        for (number, why) in others(plan) {
            text.push_str(&format!("Not to    {number} {why}\n"));
        }
        text
    }

    /// That what goes to few people can be read by everybody.
    fn web(&self) -> String {
        let PlanText { workspace: Workspace { config, .. }, composition, is_part, .. } = self;
        let publication = &config.publication;
        if !is_part
            || config.archive.served() == ShownIssues::None
            || load::archive_standing(publication, &composition.issue) == ArchiveStanding::Withdrawn
        {
            return String::new();
        }
        format!(
            "Web       everybody can read it at {}/issues/{}/; archive = false in issue.toml keeps it off\n",
            publication.base_url,
            percent::path(&composition.issue)
        )
    }

    /// How many get which sections, where these have topics.
    fn sections(&self) -> String {
        let variants = &self.parts.variants;
        let of: u64 = variants.iter().map(|one| one.people).sum();
        let mut text = String::new();
        for VariantCount { without, people } in variants.iter().take(VARIANTS) {
            let which = match &without[..] {
                [] => "get all sections".to_owned(),
                topics => format!("without {}", topics.join(", ")),
            };
            text.push_str(&format!("Sections  {people} of {of} {which}\n"));
        }
        match &variants[VARIANTS.min(variants.len())..] {
            [] => {}
            more => {
                let people: u64 = more.iter().map(|one| one.people).sum();
                text.push_str(&format!(
                    "Sections  {people} of {of} with {} more sets\n",
                    more.len()
                ));
            }
        }
        text
    }

    /// The limit that takes longest, in words, and how long it takes: that of all messages, or of
    /// a domain with a lane.
    fn pace(&self) -> Option<(String, f64)> {
        // The first message goes at once.
        let pauses = |messages: u64| messages.saturating_sub(1) as f64;
        let PlanText { plan, workspace, routes, .. } = self;
        let whole = routes.pace.clone().zip(routes.per_second);
        let whole = whole.map(|(pace, rate)| (pace, pauses(plan.to_send) / rate));
        let lanes = workspace.config.lanes.iter().filter_map(|lane| {
            let (_, to_send) = plan.domains.iter().find(|(domain, _)| *domain == lane.domain)?;
            let limit = lane.limit?;
            let seconds = pauses(*to_send) * limit.interval().as_secs_f64();
            Some((format!("{limit} to {}", lane.domain), seconds))
        });
        whole.into_iter().chain(lanes).max_by(|one, other| one.1.total_cmp(&other.1))
    }

    fn finish(&self, seconds: f64) -> Option<jiff::ZonedDateTime> {
        let took = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
        let begin = clock::at(self.window.begin(), &self.workspace.config.time_zone);
        begin.checked_add(took).ok()
    }

    /// For `plan --json`; the names are relied on by scripts.
    pub(super) fn json(
        &self,
        doubts: &PlanDoubts,
        wishes: &WaitingWishes,
    ) -> Result<String, Failure> {
        let PlanText { plan, composition, .. } = self;
        let seconds = self.pace().map(|(_, seconds)| seconds);
        let finish = seconds.and_then(|seconds| self.finish(seconds));
        let domains = plan.domains.iter();
        let domains = domains
            .map(|(domain, to_send)| serde_json::json!({"domain": domain, "to_send": to_send}));
        let got = plan.got.iter();
        let got = got.map(|one| serde_json::json!({"issue": one.issue, "people": one.people}));
        let variants = self.parts.variants.iter();
        let variants =
            variants.map(|one| serde_json::json!({"without": one.without, "people": one.people}));
        let passages = self.parts.passages.iter();
        let passages = passages
            .map(|one| serde_json::json!({"only": one.only, "people": one.people, "of": one.of}));
        let object = serde_json::json!({
            "issue": composition.issue,
            "content_hash": composition.hash_hex(),
            "dry_run": true,
            "list": self.list.0.display().to_string(),
            "list_source": if self.list.1 { "store" } else { "file" },
            "to_send": plan.to_send,
            "further_copies": plan.copies,
            "at_earlier_address": plan.moved,
            "accepted": plan.accepted,
            "refused": plan.refused,
            "uncertain": plan.uncertain,
            "duplicates": plan.duplicates,
            "invalid": plan.rejected,
            "left_out": plan.left_out.values().sum::<u64>(),
            "paused": plan.left_out.get(pause::PAUSED).copied().unwrap_or_default(),
            "suppressed": plan.suppressed.values().sum::<u64>(),
            "suppressed_by_reason": &plan.suppressed,
            "no_section": plan.unserved,
            "outside": plan.outside,
            "leaving": plan.leaving,
            "domains": domains.collect::<Vec<_>>(),
            "got": got.collect::<Vec<_>>(),
            "variants": variants.collect::<Vec<_>>(),
            "passages": passages.collect::<Vec<_>>(),
            "seconds": seconds,
            "finish": finish.map(|at| clock::second(at.timestamp())),
            "wishes": wishes,
            "doubts": doubts.json()?,
        });
        Ok(serde_json::to_string(&object)?)
    }
}

/// Why nothing is left to send.
pub(super) fn nothing(plan: &Plan, issue: &str) -> String {
    let others: Vec<String> =
        others(plan).into_iter().map(|(number, why)| format!("{number} {why}")).collect();
    match others.as_slice() {
        [one] => format!("nothing to send of {issue}: {one}"),
        // Each on a line: some have a comma or a colon within.
        all => {
            let lines: String = all.iter().map(|other| format!("\nNot to    {other}")).collect();
            format!("nothing to send of {issue}:{lines}")
        }
    }
}

/// Why nothing is sent to one person who has the issue.
pub(super) fn has_it(address: &Address, one: &OneRow, issue: &str, zone: &TimeZone) -> String {
    let at = one.at.as_deref().map(|at| clock::told(at, zone));
    let at = at.map_or(String::new(), |at| format!(" (sent {at})"));
    if one.was_sent_untold() {
        return format!(
            "the send of {issue} that was cut off had already sent the copy to {address}{at}; nothing was \
             sent now. The same command sends one more"
        );
    }
    match one.former() {
        Some(former) if !one.may_be_copied() => {
            format!("{address} has {issue} already, at an earlier address, {former}{at}")
        }
        Some(former) => format!(
            "{address} has {issue} already, at an earlier address, {former}{at}; --again sends it to \
             {address}"
        ),
        None => format!("{address} has {issue} already{at}; --again sends it once more"),
    }
}

/// Why nothing is sent to one person of whose further copy nobody knows what became of it.
pub(super) fn copy_unknown(address: &Address, issue: &str) -> String {
    format!(
        "{address} has {issue}, and it is not known whether the further copy arrived that was sent \
         last: nothing was sent, and --again sends no other copy until that one is settled"
    )
}

/// Who does not get it, and why.
fn others(plan: &Plan) -> Vec<(u64, String)> {
    let outside = if plan.corrects {
        "in the list, but without the text as it was, or not chosen with --only or --to"
    } else {
        "in the list, but not chosen with --only or --to"
    };
    let who = |number: u64, one: &str, more: &str| {
        (number, if number == 1 { one } else { more }.to_owned())
    };
    let rejected = if plan.rejected == 1 { "row" } else { "rows" };
    let mut others = vec![
        who(plan.accepted, "who has it already", "who have it already"),
        who(
            plan.refused.saturating_sub(plan.given_up),
            "refused for good by the relay: --retry-refused tries this person again",
            "refused for good by the relay: --retry-refused tries them again",
        ),
        who(
            plan.given_up,
            "given up, because the relay said \"not now\" for too long: --retry-refused tries this \
             person again",
            "given up, because the relay said \"not now\" for too long: --retry-refused tries them \
             again",
        ),
        (
            plan.uncertain,
            "who may or may not have it: --uncertain resend sends to them again".to_owned(),
        ),
        who(
            plan.leaving,
            "waiting, but this list does not have this person, or says that they get no mail (or \
             --except does), or the row cannot be used: a later send sends to them if its list has \
             them",
            "waiting, but this list does not have them, or says that they get no mail (or --except \
             does), or their row cannot be used: a later send sends to them if its list has them",
        ),
        (plan.outside, outside.to_owned()),
        (plan.duplicates, "listed twice".to_owned()),
        (plan.rejected, format!("{rejected} that cannot be used")),
    ];
    // What a row of the list says in the same word means the same, and is told with it.
    let mut left_out = plan.left_out.clone();
    let (mut suppressed, mut reasons) = (0, Vec::new());
    for (reason, number) in &plan.suppressed {
        let word = reason.to_string();
        match left_out.get_mut(&word) {
            Some(left_out) => *left_out += number,
            None => {
                suppressed += number;
                reasons.push(format!("{number} {word}"));
            }
        }
    }
    others.push((suppressed, format!("suppressed: {}", reasons.join(", "))));
    others.push((plan.moved, "of them at an earlier address: it has changed since".to_owned()));
    others.push((plan.unserved, NO_SECTION.to_owned()));
    others.extend(left_out.into_iter().map(|(reason, number)| (number, reason)));
    others.retain(|(number, _)| *number > 0);
    others
}

fn signed(workspace: &Workspace) -> String {
    match &workspace.config.dkim {
        Some(dkim) => dkim.to_string(),
        None => "no: digest.toml has no [dkim]".to_owned(),
    }
}
