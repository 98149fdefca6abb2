//! Many problems of one kind as one, told at the first place with the others named: forty links with
//! the same parameter are one decision of an editor, not forty.

use std::collections::HashMap;

use super::{Diagnostic, Place};

/// Places that are named behind the first.
const NAMED: usize = 20;

/// The problems of `found`, one for each key, in the order of the first of each.
pub fn grouped(found: impl IntoIterator<Item = (String, Diagnostic)>) -> Vec<Diagnostic> {
    let mut groups: Vec<(Diagnostic, Vec<Place>)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (key, problem) in found {
        match known.get(&key).and_then(|at| groups.get_mut(*at)) {
            Some((_, others)) => others.extend(problem.place),
            None => {
                known.insert(key, groups.len());
                groups.push((problem, Vec::new()));
            }
        }
    }
    groups.into_iter().map(|(problem, others)| with_others(problem, &others)).collect()
}

/// The same for the problems of one rule among others, which keep their order: those with the same
/// words are one.
pub fn group_rule(problems: Vec<Diagnostic>, rule: &str) -> Vec<Diagnostic> {
    if problems.iter().filter(|problem| problem.rule == rule).count() < 2 {
        return problems;
    }
    grouped(problems.into_iter().enumerate().map(|(at, problem)| {
        let key = if problem.rule == rule {
            format!("{}\n{:?}", problem.message, problem.help)
        } else {
            at.to_string()
        };
        (key, problem)
    }))
}

/// A problem whose message says where else it is.
fn with_others(mut problem: Diagnostic, others: &[Place]) -> Diagnostic {
    if others.is_empty() {
        return problem;
    }
    let mut file = problem.place.as_ref().map(|place| place.path().to_owned());
    let mut named = Vec::new();
    for place in others.iter().take(NAMED) {
        // Of a file that was just named, line and column are enough.
        named.push(match (place.line_column(), file.as_deref() == Some(place.path())) {
            (Some((line, column)), true) => format!("{line}:{column}"),
            _ => place.to_string(),
        });
        file = Some(place.path().to_owned());
    }
    if others.len() > NAMED {
        named.push(format!("{} more", others.len() - NAMED));
    }
    problem.message = format!("{}; also at {}", problem.message, named.join(", "));
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;

    #[test]
    fn one_is_told_for_each_key_and_names_the_places_of_the_others() {
        let (a, b) = (Source::new("a.md", "one\ntwo\n"), Source::new("b.md", "three"));
        let told = |key: &str, source, at| {
            let problem = Diagnostic::warning("link-insecure", format!("about {key}"));
            (key.to_owned(), problem.at(Place::span(source, at..at + 1)))
        };
        let found = [told("x", &a, 0), told("y", &a, 1), told("x", &a, 4), told("x", &b, 2)];
        let words: Vec<String> = grouped(found).into_iter().map(|one| one.message).collect();
        assert_eq!(words, ["about x; also at 2:1, b.md:1:3", "about y"]);
        let one = |rule, at| Diagnostic::error(rule, "no words").at(Place::span(&a, at..at + 1));
        let of_rule = vec![one("p", 0), one("q", 1), one("q", 4), one("p", 5)];
        let words: Vec<String> =
            group_rule(of_rule, "q").into_iter().map(|one| one.message).collect();
        assert_eq!(words, ["no words", "no words; also at 2:1", "no words"]);
        let many = (0..30).map(|_| told("x", &a, 0));
        assert!(grouped(many)[0].message.ends_with(", 9 more"));
    }
}
