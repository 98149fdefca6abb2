//! `allow = [{ rule = "link-vague", reason = "…" }]`: rules that an issue may break. Whether there
//! is such a rule is for `check` to say.

use crate::diagnostic::Diagnostic;
use crate::issue::AllowedRule;
use crate::manifest::{Table, ValueKind};

const HELP: &str = "write it like allow = [{ rule = \"link-vague\", reason = \"quoted from the \
                    original\" }]";

/// Reads the key `allow` of `issue.toml`.
pub(super) fn read(table: &mut Table) -> Vec<AllowedRule> {
    let Some(value) = table.take("allow") else { return Vec::new() };
    let items = match value.value {
        ValueKind::List(items) => items,
        _ => vec![value],
    };
    let mut allowed = Vec::new();
    for item in items {
        let whole = table.place(&item.span);
        let ValueKind::Table(_) = &item.value else {
            let what = "an entry of `allow` needs a reason, for the next editors";
            table.report(Diagnostic::error("allow-reason", what).at(whole).help(HELP));
            continue;
        };
        let mut problems = Vec::new();
        let mut entry = Table::new(table.source(), "allow", item);
        let rule = entry.required_text("rule", HELP);
        let reason = entry.text("reason").filter(|reason| !reason.value.trim().is_empty());
        entry.finish(&mut problems);
        problems.into_iter().for_each(|problem| table.report(problem));
        match (rule, reason) {
            (Some(rule), Some(reason)) => {
                let place = table.place(&rule.span);
                let (rule, reason) = (rule.value.trim().to_owned(), reason.value);
                allowed.push(AllowedRule { rule, reason, place });
            }
            (Some(_), None) => {
                let what = "an entry of `allow` needs a reason, for the next editors";
                table.report(Diagnostic::error("allow-reason", what).at(whole).help(HELP));
            }
            (None, _) => {}
        }
    }
    allowed
}
