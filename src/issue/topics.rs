//! Topics: `[topic.events]` of digest.toml, and which of them a person wants.
//!
//! Exists so that one issue can be for readers of different interests: whoever does not want a topic
//! gets the issue without its sections. Must never guess what a person wants: what cannot be read is
//! an error of the row.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::{Place, nearest};

/// The field of a person, and the column of a list, that says which topics they want.
pub const FIELD: &str = "topics";

/// What stands there for somebody who wants none.
const NONE: &str = "none";

/// A topic of the publication.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// As sections, lists and expressions call it.
    pub name: String,
    /// As readers call it.
    pub title: String,
    /// What it is about, for readers who choose.
    pub about: Option<String>,
    /// Where its name is written.
    pub place: Place,
}

impl Topic {
    /// Whether a topic can be called so: small letters, digits, `-` and `_`.
    pub fn is_name(name: &str) -> bool {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        !name.starts_with('-') && !name.is_empty() && name != NONE && name.chars().all(fits)
    }
}

/// The topics of a publication, for somebody who has written the name of none of them.
pub fn instead(given: &str, topics: &[Topic]) -> String {
    let names = || topics.iter().map(|topic| topic.name.as_str());
    match nearest(given, names()) {
        Some(meant) => format!("did you mean {meant}?"),
        None if topics.is_empty() => {
            format!("add [topic.{given}] with name = \"…\" to digest.toml")
        }
        None => format!("topics in digest.toml: {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// Which topics a person wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicChoice {
    /// Whether they want all but these; else only these.
    all_but: bool,
    names: Vec<String>,
}

/// Why a text says nothing of topics.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicChoiceError {
    /// Names with a minus, which leave topics out, and names without one, which choose some.
    #[error("{0:?} mixes topics to leave out (-events) with topics to choose (events)")]
    Mixed(String),
    /// No topic can have this name.
    #[error("{0:?} is not a list of topics")]
    NoName(String),
}

impl FromStr for TopicChoice {
    type Err = TopicChoiceError;

    fn from_str(text: &str) -> Result<TopicChoice, TopicChoiceError> {
        let (mut left_out, mut chosen) = (Vec::new(), Vec::new());
        for part in parts(text) {
            let (name, names) = match part.strip_prefix('-') {
                Some(name) => (name, &mut left_out),
                None => (part, &mut chosen),
            };
            let name = name.to_ascii_lowercase();
            if name != NONE && !Topic::is_name(&name) {
                return Err(TopicChoiceError::NoName(text.trim().to_owned()));
            }
            names.push(name);
        }
        let all = left_out.len() + chosen.len();
        let has_none = chosen.iter().any(|name| name == NONE);
        if !left_out.is_empty() && !chosen.is_empty() || has_none && all > 1 {
            return Err(TopicChoiceError::Mixed(text.trim().to_owned()));
        }
        let all_but = chosen.is_empty();
        chosen.retain(|name| name != NONE);
        let mut names = if all_but { left_out } else { chosen };
        names.sort();
        names.dedup();
        Ok(TopicChoice { all_but, names })
    }
}

impl TopicChoice {
    /// What `before` becomes where somebody says of some topics whether they want them: the others stay as
    /// they are, and so does whether what is new later is wanted. Of a text that says nothing of topics,
    /// what is said now is chosen.
    pub fn with(before: &str, said: &[(String, bool)]) -> TopicChoice {
        let before: Option<TopicChoice> = before.parse().ok();
        let (all_but, known) = before.map_or((false, Vec::new()), |one| (one.all_but, one.names));
        let is_said = |name: &String| said.iter().any(|(topic, _)| topic == name);
        let mut names: Vec<String> = known.into_iter().filter(|name| !is_said(name)).collect();
        let named = said.iter().filter(|(_, wanted)| *wanted != all_but);
        names.extend(named.map(|(topic, _)| topic.clone()));
        names.sort();
        TopicChoice { all_but, names }
    }

    /// The topics that are named: those that are left out, or those that are chosen.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

impl fmt::Display for TopicChoice {
    /// In small letters, each topic once, without spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.all_but && self.names.is_empty() {
            return f.write_str(NONE);
        }
        let mark = if self.all_but { "-" } else { "" };
        for (at, name) in self.names.iter().enumerate() {
            let between = if at > 0 { ";" } else { "" };
            write!(f, "{between}{mark}{name}")?;
        }
        Ok(())
    }
}

/// What somebody has said of some topics as one text, `+events;-jobs`: it says nothing of the others.
pub fn write_answers(said: &[(String, bool)]) -> String {
    let one =
        |(topic, wanted): &(String, bool)| format!("{}{topic}", if *wanted { '+' } else { '-' });
    said.iter().map(one).collect::<Vec<_>>().join(";")
}

/// The same, read. What is no answer is none.
pub fn read_answers(text: &str) -> Vec<(String, bool)> {
    let one = |part: &str| {
        let wanted = part.strip_prefix('+').map(|name| (name, true));
        let (name, wanted) = wanted.or_else(|| Some((part.strip_prefix('-')?, false)))?;
        Topic::is_name(name).then(|| (name.to_owned(), wanted))
    };
    parts(text).filter_map(one).collect()
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(';').map(str::trim).filter(|part| !part.is_empty())
}

/// Whether somebody with `text` in the field wants `topic`. Asked for each person and section, so
/// nothing is kept. Of a text that [`TopicChoice`] refuses, every no counts.
pub fn wants(text: &str, topic: &str) -> bool {
    let (mut only, mut named) = (false, false);
    for part in parts(text) {
        match part.strip_prefix('-') {
            Some(name) if name.eq_ignore_ascii_case(topic) => return false,
            Some(_) => {}
            None => (only, named) = (true, named || part.eq_ignore_ascii_case(topic)),
        }
    }
    !only || named
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_said_of_topics_stays_as_it_is() {
        let said = [("events".to_owned(), false), ("jobs".to_owned(), true)];
        for (before, after) in [
            ("", "-events"),
            ("-jobs;-inner", "-events;-inner"),
            ("events", "jobs"),
            ("Events;inner", "inner;jobs"),
            ("none", "jobs"),
            ("events;-jobs", "jobs"),
        ] {
            assert_eq!(TopicChoice::with(before, &said).to_string(), after, "{before}");
        }
        assert_eq!(TopicChoice::with("jobs", &[("jobs".to_owned(), false)]).to_string(), "none");
    }

    #[test]
    fn what_is_no_answer_is_read_as_none() {
        let answer = |name: &str, wanted| (name.to_owned(), wanted);
        for (text, read) in [
            ("", vec![]),
            ("?", vec![]),
            ("events; + ;--jobs;+Jobs", vec![]),
            ("+events; -jobs", vec![answer("events", true), answer("jobs", false)]),
        ] {
            assert_eq!(read_answers(text), read, "{text}");
        }
    }

    fn wanted(text: &str) -> Vec<&'static str> {
        ["events", "jobs", "news"].into_iter().filter(|topic| wants(text, topic)).collect()
    }

    #[test]
    fn a_person_wants_all_all_but_some_some_or_none() {
        for (text, expected, written) in [
            ("", vec!["events", "jobs", "news"], ""),
            (" ; ", vec!["events", "jobs", "news"], ""),
            ("-events", vec!["jobs", "news"], "-events"),
            ("-Jobs ; -events;-jobs", vec!["news"], "-events;-jobs"),
            ("News", vec!["news"], "news"),
            ("news; events", vec!["events", "news"], "events;news"),
            ("none", vec![], "none"),
            ("NONE", vec![], "none"),
            ("sport", vec![], "sport"),
        ] {
            assert_eq!(wanted(text), expected, "{text}");
            assert_eq!(text.parse::<TopicChoice>().unwrap().to_string(), written, "{text}");
        }
    }

    #[test]
    fn a_mixture_and_what_is_no_name_are_refused() {
        for text in ["-events;jobs", "none;events", "none;-events"] {
            let mixed = TopicChoiceError::Mixed(text.to_owned());
            assert_eq!(text.parse::<TopicChoice>(), Err(mixed), "{text}");
        }
        for text in ["#NAME?", "events, jobs", "-", "--events", "행사"] {
            let error = TopicChoiceError::NoName(text.to_owned());
            assert_eq!(text.parse::<TopicChoice>(), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn answers_are_read_as_they_were_written(
            said in proptest::collection::vec(("[a-z0-9_][a-z0-9_-]{0,8}", any::<bool>()), 0..5)
        ) {
            let said: Vec<_> = said.into_iter().filter(|(name, _)| name != NONE).collect();
            prop_assert_eq!(read_answers(&write_answers(&said)), said);
        }

        #[test]
        fn what_is_written_again_says_the_same(text in "(-?(events|jobs|NEWS|none)[; ]{0,2}){0,4}") {
            if let Ok(choice) = text.parse::<TopicChoice>() {
                let written = choice.to_string();
                prop_assert_eq!(wanted(&text), wanted(&written));
                prop_assert_eq!(written.parse::<TopicChoice>(), Ok(choice));
            }
        }
    }
}
