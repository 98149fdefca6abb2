//! `[segment.board] only = "…"`: expressions that have a name, and the names that an expression may
//! use at all.
//!
//! An expression that is kept, such as that of a passage, must not change when digest.toml does: so
//! the names of segments are replaced by what they stand for.

use std::collections::BTreeMap;

use super::by_issues::MOST_ISSUES;
use super::parse::word_column;
use super::{Only, OnlyCondition, OnlyError};
use crate::diagnostic::nearest;
use crate::issue::topics::{self, Topic};

/// Parts of a segment with all that it names: more is asked of each person of a list.
const MOST_PARTS: usize = 1_000;

/// What digest.toml gives names to.
#[derive(Clone, Copy, Debug)]
pub struct SelectionNames<'a> {
    /// The topics.
    pub topics: &'a [Topic],
    /// The segments by name, with the names in them replaced.
    pub segments: &'a BTreeMap<String, Only>,
}

impl Only {
    /// Reads an expression in which topics and segments may be named.
    ///
    /// # Errors
    /// It cannot be read, or names what digest.toml does not have.
    pub fn read(text: &str, names: SelectionNames<'_>) -> Result<Only, OnlyError> {
        let only: Only = text.parse()?;
        let segment = |name: &str| match names.segments.get(name) {
            Some(segment) => Ok(segment.condition.clone()),
            None => {
                let known = names.segments.keys().map(String::as_str);
                Err(no_segment(text, name, known))
            }
        };
        let whole = only.replaced(text, names.topics, segment)?;
        if whole.issues().len() > MOST_ISSUES {
            let reason = format!("got: can ask about {MOST_ISSUES} issues at most");
            return Err(OnlyError { column: 1, reason });
        }
        Ok(whole)
    }

    /// The same with each `segment:` replaced by what `segment` says.
    fn replaced(
        &self,
        text: &str,
        topics: &[Topic],
        mut segment: impl FnMut(&str) -> Result<OnlyCondition, OnlyError>,
    ) -> Result<Only, OnlyError> {
        let condition = replace(&self.condition, &mut |leaf| match leaf {
            OnlyCondition::Segment(name) => segment(name),
            OnlyCondition::Topic(name) if topics.iter().all(|topic| topic.name != *name) => {
                let reason = format!(
                    "digest.toml has no topic {name:?} ({})",
                    topics::instead(name, topics).trim_end_matches('?')
                );
                Err(OnlyError { column: word_column(text, &format!("topic:{name}")), reason })
            }
            leaf => Ok(leaf.clone()),
        })?;
        Ok(Only { condition })
    }
}

fn replace(
    condition: &OnlyCondition,
    leaf: &mut dyn FnMut(&OnlyCondition) -> Result<OnlyCondition, OnlyError>,
) -> Result<OnlyCondition, OnlyError> {
    let mut each = |all: &[OnlyCondition]| {
        all.iter().map(|one| replace(one, leaf)).collect::<Result<Vec<_>, OnlyError>>()
    };
    Ok(match condition {
        OnlyCondition::Not(inner) => OnlyCondition::Not(Box::new(replace(inner, leaf)?)),
        OnlyCondition::All(all) => OnlyCondition::All(each(all)?),
        OnlyCondition::Any(all) => OnlyCondition::Any(each(all)?),
        other => leaf(other)?,
    })
}

fn no_segment<'a>(
    text: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> OnlyError {
    let instead = match nearest(name, known.clone()) {
        Some(meant) => format!("did you mean {meant}"),
        None if known.clone().next().is_none() => {
            format!("add [segment.{name}] with only = \"…\" to digest.toml")
        }
        None => format!("segments: {}", known.collect::<Vec<_>>().join(", ")),
    };
    let reason = format!("digest.toml has no segment {name:?} ({instead})");
    OnlyError { column: word_column(text, &format!("segment:{name}")), reason }
}

/// The segments of a publication, by name, with the names in them replaced; and what is wrong with
/// which of them.
pub fn settle(
    written: &BTreeMap<String, String>,
    topics: &[Topic],
) -> (BTreeMap<String, Only>, Vec<(String, OnlyError)>) {
    let mut settling = Settling { written, topics, done: BTreeMap::new(), wrong: Vec::new() };
    for name in written.keys() {
        settling.segment(name, &mut Vec::new());
    }
    let Settling { done, wrong, .. } = settling;
    (done.into_iter().filter_map(|(name, only)| Some((name, only?))).collect(), wrong)
}

struct Settling<'a> {
    written: &'a BTreeMap<String, String>,
    topics: &'a [Topic],
    /// `None` where something is wrong with it, which is told once.
    done: BTreeMap<String, Option<Only>>,
    wrong: Vec<(String, OnlyError)>,
}

impl Settling<'_> {
    /// Settles one; `around` are those that have led to it.
    fn segment(&mut self, name: &str, around: &mut Vec<String>) {
        let Some(text) = self.written.get(name).filter(|_| !self.done.contains_key(name)) else {
            return;
        };
        around.push(name.to_owned());
        let settled = self.read(text, around);
        around.pop();
        let settled =
            settled.map_err(|error| self.wrong.extend(error.map(|it| (name.to_owned(), it))));
        self.done.insert(name.to_owned(), settled.ok());
    }

    /// An `Err` without an error: another segment is wrong, and told itself.
    fn read(&mut self, text: &str, around: &mut Vec<String>) -> Result<Only, Option<OnlyError>> {
        let only: Only = text.parse().map_err(Some)?;
        for name in only.segments() {
            if let Some(start) = around.iter().position(|one| *one == name) {
                let mut round = around[start..].join(", which names ");
                round.push_str(&format!(", which names {name}"));
                let column = word_column(text, &format!("segment:{name}"));
                let reason = format!("this segment is defined by itself: {round}");
                return Err(Some(OnlyError { column, reason }));
            }
            if !self.written.contains_key(name) {
                let known = self.written.keys().map(String::as_str);
                let others = known.filter(|known| !around.iter().any(|one| one == known));
                return Err(Some(no_segment(text, name, others)));
            }
            self.segment(name, around);
        }
        let mut is_whole = true;
        let replaced = only.replaced(text, self.topics, |name| {
            let segment = self.done.get(name).and_then(Option::as_ref);
            is_whole &= segment.is_some();
            Ok(segment.map_or(OnlyCondition::Any(Vec::new()), |segment| segment.condition.clone()))
        });
        let replaced = replaced.map_err(Some)?;
        if !is_whole {
            return Err(None);
        }
        let is_deep = || replaced.to_string().parse::<Only>().is_err();
        if replaced.condition.parts() > MOST_PARTS || is_deep() {
            let reason = "this segment is too large, with those that it names".to_owned();
            return Err(Some(OnlyError { column: 1, reason }));
        }
        Ok(replaced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(written: &[(&str, &str)]) -> (BTreeMap<String, Only>, Vec<(String, OnlyError)>) {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        settle(&written.iter().map(owned).collect(), &[])
    }

    #[test]
    fn segments_stand_for_what_they_name() {
        let (segments, wrong) = settled(&[
            ("board", "tag:board or segment:staff"),
            ("staff", "tag:staff"),
            ("others", "not segment:board"),
        ]);
        assert_eq!(wrong, []);
        let written = |name: &str| segments[name].to_string();
        assert_eq!(written("others"), "not (tag:board or tag:staff)");
        let names = SelectionNames { topics: &[], segments: &segments };
        let only = Only::read("segment:staff and language=ko", names).unwrap();
        assert_eq!(only.to_string(), "tag:staff and language=ko");
        let error = Only::read("language=ko and segment:bord", names).unwrap_err();
        assert_eq!(error.column, 17);
        assert!(error.reason.contains("did you mean board"), "{error}");
    }

    #[test]
    fn a_loop_is_told_once_and_what_names_it_is_not_used() {
        let (segments, wrong) = settled(&[
            ("a", "tag:x or segment:b"),
            ("b", "segment:c"),
            ("c", "segment:a"),
            ("d", "segment:a"),
            ("e", "segment:e"),
            ("fine", "tag:x"),
        ]);
        let told: Vec<&str> = wrong.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(told, ["c", "e"]);
        assert!(wrong[0].1.reason.contains("a, which names b, which names c, which names a"));
        assert_eq!(segments.keys().collect::<Vec<_>>(), ["fine"]);
    }

    #[test]
    fn segments_that_double_each_other_come_to_an_end() {
        let names: Vec<String> = (0..40).map(|n| format!("s{n}")).collect();
        let texts: Vec<String> =
            (0..40).map(|n| format!("segment:s{} or segment:s{}", n + 1, n + 1)).collect();
        let mut written: Vec<(&str, &str)> =
            names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        written.push(("s40", "tag:x"));
        let (segments, wrong) = settled(&written);
        assert!(wrong.iter().any(|(_, error)| error.reason.contains("too large")));
        assert!(segments.len() < 12);
    }
}
