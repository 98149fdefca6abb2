//! `[retry]` and `[lane."…"]` -> Schedule and lanes.

use std::time::Duration;

use super::{rate, wrong};
use crate::delivery::duration;
use crate::delivery::run::lanes::LaneOptions;
use crate::delivery::schedule::Schedule;
use crate::diagnostic::Diagnostic;
use crate::manifest::{Table, ValueKind};

/// When deferred recipients are tried again.
pub(super) fn retry(table: &mut Table, problems: &mut Vec<Diagnostic>) -> Schedule {
    let mut section = table.table("retry");
    let mut schedule = Schedule::default();
    for (key, time) in [
        ("first", &mut schedule.first),
        ("cap", &mut schedule.cap),
        ("give_up", &mut schedule.give_up),
    ] {
        let Some(text) = section.text(key) else { continue };
        match duration::read(&text.value) {
            Ok(read) if read > Duration::ZERO => *time = read,
            _ => {
                let help = "write \"30s\", \"5m\", \"2h\" or \"3d\"";
                let what = format!("{key}: {:?} is not a length of time", text.value);
                wrong(&mut section, "retry", what, &text, help);
            }
        }
    }
    section.finish(problems);
    schedule
}

/// What single recipient domains may get.
pub(super) fn lanes(table: &mut Table, problems: &mut Vec<Diagnostic>) -> Vec<LaneOptions> {
    let mut lanes = Vec::new();
    let mut section = table.table("lane");
    for (domain, value) in section.take_rest() {
        if !matches!(value.value, ValueKind::Table(_)) {
            let help = "write [lane.\"gmail.com\"], and limit = \"5/minute\" below it";
            wrong(&mut section, "lane", format!("{} is not a domain", domain.value), &domain, help);
            continue;
        }
        let name = format!("[lane.\"{}\"]", domain.value);
        let mut lane = Table::new(section.source(), name, value);
        let limit = lane.text("limit").and_then(|text| rate(&mut lane, &text));
        let connections = lane.integer("connections", 1..257).map(|count| count as usize);
        lane.finish(problems);
        lanes.push(LaneOptions { domain: domain.value.to_lowercase(), limit, connections });
    }
    section.finish(problems);
    lanes
}
