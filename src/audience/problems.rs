//! Problems of the rows of a list -> those that are told: the first of each rule, and how many there are.
//!
//! Exists so that a list of a million rows says what is odd in it in a few lines. Must never drop a
//! problem without counting it.

use crate::diagnostic::{Diagnostic, Severity};

/// Errors of each rule that are told one by one: each row has to be corrected.
const ERRORS: usize = 20;
/// Warnings of each rule that are told one by one. Where there are more, they are one.
const WARNINGS: usize = 3;
/// Lines that are named where not every problem is told.
pub(crate) const LINES: usize = 10;

/// The problems of one rule and severity.
#[derive(Debug, Default)]
struct ProblemKind {
    /// The first ones.
    first: Vec<Diagnostic>,
    /// Lines of those that are not among the first ones.
    lines: Vec<usize>,
    count: u64,
}

/// The problems of each rule: the first ones, and how many there are. Errors come first, and kinds
/// in the order in which they were met.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    kinds: Vec<(&'static str, Severity, ProblemKind)>,
}

impl Problems {
    /// Takes one more.
    pub(crate) fn add(&mut self, problem: Diagnostic) {
        let kind = self.kind(problem.rule, problem.severity);
        kind.count += 1;
        if kind.first.len() < ERRORS {
            kind.first.push(problem);
        } else if let Some((line, _)) = problem.place.as_ref().and_then(|place| place.line_column())
            && kind.lines.len() < LINES
        {
            kind.lines.push(line);
        }
    }

    /// Takes so many more, of which nothing else is told.
    pub(crate) fn count(&mut self, rule: &'static str, severity: Severity, number: u64) {
        if number > 0 {
            self.kind(rule, severity).count += number;
        }
    }

    fn kind(&mut self, rule: &'static str, severity: Severity) -> &mut ProblemKind {
        let known =
            |(name, level, _): &(&str, Severity, ProblemKind)| *name == rule && *level == severity;
        let at = self.kinds.iter().position(known).unwrap_or_else(|| {
            self.kinds.push((rule, severity, ProblemKind::default()));
            self.kinds.len() - 1
        });
        &mut self.kinds[at].2
    }

    /// Errors and then warnings, each by the place of its first row.
    pub(crate) fn in_order(self) -> Vec<Diagnostic> {
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        for (rule, severity, kind) in self.kinds {
            match severity {
                Severity::Error => errors.extend(kind.told(ERRORS)),
                // Each column becomes another field.
                Severity::Warning if rule == "list-column-name" => {
                    warnings.extend(kind.told(ERRORS));
                }
                Severity::Warning | Severity::Note => warnings.extend(kind.told(WARNINGS)),
            }
        }
        let line = |problem: &Diagnostic| {
            problem.place.as_ref().and_then(|place| place.line_column()).unwrap_or((usize::MAX, 0))
        };
        errors.sort_by_key(line);
        warnings.sort_by_key(line);
        errors.append(&mut warnings);
        errors
    }
}

impl ProblemKind {
    /// All of them if there are few; else what is left of `most` errors, or one for all warnings,
    /// with their count.
    fn told(mut self, most: usize) -> Vec<Diagnostic> {
        if self.count <= most as u64 {
            return self.first;
        }
        let kept = if most == ERRORS { most } else { 1 };
        let rest = self.first.split_off(kept.min(self.first.len()));
        let lines = rest.iter().filter_map(|problem| problem.place.as_ref()?.line_column());
        let mut lines: Vec<usize> = lines.map(|(line, _)| line).chain(self.lines).collect();
        lines.truncate(LINES);
        let more = self.count - self.first.len() as u64;
        let named: Vec<String> = lines.iter().map(usize::to_string).collect();
        let dots = if (lines.len() as u64) < more { ", …" } else { "" };
        let places = match named.len() {
            0 => String::new(),
            1 => format!(": line {}", named.concat()),
            _ => format!(": lines {}{dots}", named.join(", ")),
        };
        if let Some(last) = self.first.last_mut() {
            last.message = format!("{} (and {more} more like this{places})", last.message);
            last.count = more + 1;
        }
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Place;

    fn at(problem: Diagnostic, line: usize) -> Diagnostic {
        problem.at(Place::Line { path: "list.csv".into(), line, column: 1 })
    }

    #[test]
    fn many_of_a_kind_are_told_once_with_their_count_and_first_places() {
        let mut problems = Problems::default();
        for line in 2..3_002 {
            problems.add(at(Diagnostic::warning("row-tags", format!("the tag a{line}")), line));
        }
        for line in 2..32 {
            problems.add(at(Diagnostic::error("row-address", format!("a{line}")), line));
        }
        problems.add(at(Diagnostic::warning("row-role", "b"), 4));
        problems.count("list-contradiction", Severity::Warning, 0);
        let listed = problems.in_order();
        let errors: Vec<&Diagnostic> = listed.iter().filter(|one| one.is_error()).collect();
        assert_eq!((errors.len(), errors[19].count, errors[0].count), (20, 11, 1));
        assert!(
            errors[19].message.contains("10 more like this: lines 22, 23, "),
            "{:?}",
            errors[19]
        );
        let warnings: Vec<(&str, u64)> =
            listed[20..].iter().map(|one| (&*one.message, one.count)).collect();
        let tags = "the tag a2 (and 2999 more like this: lines 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …)";
        assert_eq!(warnings, [(tags, 3_000), ("b", 1)]);
    }
}
