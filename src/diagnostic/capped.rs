//! Many problems -> as many as a person reads: the first of each file, and a count of the others.
//!
//! Whoever can write a file of a publication can write one with a hundred thousand mistakes. To show
//! each with its line takes longer than to find it. A list is not shown with its lines, and its rows
//! are counted by kind where it is read, so those stay. What is left out keeps its severity, so that the
//! exit code stays true.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{Diagnostic, Place, Severity, counted};

/// Problems of one file that are shown.
pub const MOST_OF_A_FILE: usize = 100;
/// Problems of all files that are shown.
pub const MOST: usize = 1_000;

/// The problems of one file, or of none.
#[derive(Default)]
struct FileCount<'a> {
    errors: usize,
    warnings: usize,
    left_out: usize,
    rules_left_out: BTreeSet<&'a str>,
    worst: Option<Severity>,
}

/// The problems to show, in their order, errors before warnings where not all can be shown; and,
/// behind them, one for each file of which some are left out.
pub fn capped(problems: &[Diagnostic]) -> Vec<Diagnostic> {
    if problems.len() <= MOST_OF_A_FILE {
        return problems.to_vec();
    }
    let mut files: BTreeMap<Option<&Path>, FileCount<'_>> = BTreeMap::new();
    for problem in problems.iter().filter(|problem| !is_of_a_list(problem)) {
        let file = files.entry(path(problem)).or_default();
        if problem.is_error() { file.errors += 1 } else { file.warnings += 1 }
    }
    // From here on the counts are how many may still be shown.
    for file in files.values_mut() {
        file.errors = file.errors.min(MOST_OF_A_FILE);
        file.warnings = file.warnings.min(MOST_OF_A_FILE - file.errors);
    }
    let mut shown = Vec::new();
    let mut of_lists = 0;
    for problem in problems {
        if is_of_a_list(problem) {
            of_lists += 1;
            shown.push(problem.clone());
            continue;
        }
        let Some(file) = files.get_mut(&path(problem)) else { continue };
        let free = if problem.is_error() { &mut file.errors } else { &mut file.warnings };
        if *free > 0 && shown.len() < MOST + of_lists {
            *free -= 1;
            shown.push(problem.clone());
        } else {
            file.left_out += 1;
            file.rules_left_out.insert(problem.rule);
            file.worst = file.worst.max(Some(problem.severity));
        }
    }
    shown.extend(files.into_iter().filter_map(|(path, file)| left_out(path, &file)));
    shown
}

/// Only rows of a list have a place without a text.
fn is_of_a_list(problem: &Diagnostic) -> bool {
    matches!(problem.place, Some(Place::Line { .. }))
}

fn path(problem: &Diagnostic) -> Option<&Path> {
    problem.place.as_ref().map(Place::path)
}

fn left_out(path: Option<&Path>, file: &FileCount<'_>) -> Option<Diagnostic> {
    let rules: Vec<&str> = file.rules_left_out.iter().copied().collect();
    let number = counted(file.left_out as u64, "more problem");
    let what = format!("{number} of {} here", counted(rules.len() as u64, "kind"));
    let problem = if file.worst? == Severity::Error {
        Diagnostic::error("more-problems", what)
    } else {
        Diagnostic::warning("more-problems", what)
    }
    .help(format!("correct what is shown first, and check again: {}", rules.join(", ")));
    Some(match path {
        Some(path) => problem.at(Place::File(path.to_owned())),
        None => problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(file: &str, errors: usize, warnings: usize) -> Vec<Diagnostic> {
        let at = |problem: Diagnostic| problem.at(Place::File(file.into()));
        let warnings = (0..warnings).map(|_| at(Diagnostic::warning("spam-phrase", "w")));
        warnings.chain((0..errors).map(|_| at(Diagnostic::error("slot-syntax", "e")))).collect()
    }

    #[test]
    fn few_problems_are_all_shown() {
        let few = [problems("a.md", 60, 30), problems("b.md", 0, 90)].concat();
        assert_eq!(capped(&few), few);
    }

    #[test]
    fn errors_are_shown_first_and_the_others_are_counted() {
        let many = [problems("a.md", 3, 500), problems("b.md", 2, 0)].concat();
        let shown = capped(&many);
        assert_eq!(shown.len(), 100 + 2 + 1);
        assert_eq!(shown.iter().filter(|problem| problem.is_error()).count(), 5);
        let last = shown.last().unwrap();
        assert_eq!((last.rule, last.severity), ("more-problems", Severity::Warning));
        assert_eq!(last.message, "403 more problems of 1 kind here");
    }

    #[test]
    fn an_error_that_is_left_out_is_still_an_error() {
        let shown = capped(&problems("a.md", 101, 0));
        assert_eq!(
            shown.last().map(|last| (last.rule, last.is_error())),
            Some(("more-problems", true))
        );
        let all: Vec<Diagnostic> =
            (0..30).flat_map(|file| problems(&format!("{file}.md"), 90, 0)).collect();
        let shown = capped(&all);
        assert_eq!(shown.iter().filter(|problem| problem.rule != "more-problems").count(), MOST);
    }
}
