//! `tag:member and language=ko`: who of a list is meant.
//!
//! `--only` asks so of a whole send, and `::: only` of a passage. Exists so that a part of a list needs
//! no list of its own. Must never guess: what cannot be read
//! is an error at its column, and a field or tag that nobody has can be asked for afterwards.

pub mod bound;
pub mod by_issues;
mod parse;
pub mod segments;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use self::bound::{Bound, Comparison};
use super::topics;
use crate::diagnostic::nearest;

/// What stands in the field `status` of people of the store.
pub const STATUS_WORDS: [&str; 3] = ["confirmed", "unconfirmed", "unsubscribed"];

/// What is known of a person.
pub trait Traits {
    /// The address in the form in which two are one person.
    fn identity(&self) -> String;
    /// Whether they carry the tag; case does not matter.
    fn has_tag(&self, tag: &str) -> bool;
    /// Their tags.
    fn tags(&self) -> impl Iterator<Item = &str>;
    /// What they have in a field.
    fn field(&self, name: &str) -> Option<&str>;
    /// Whether they have an issue.
    fn got(&self, _issue: &str) -> bool {
        false
    }
    /// Whether they want a topic.
    fn wants(&self, topic: &str) -> bool {
        topics::wants(self.field(topics::FIELD).unwrap_or_default(), topic)
    }
}

/// An expression over what is known of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    condition: OnlyCondition,
}

impl From<OnlyCondition> for Only {
    fn from(condition: OnlyCondition) -> Only {
        Only { condition }
    }
}

/// What an expression says of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnlyCondition {
    /// They have this identity.
    Person(String),
    /// They carry a tag.
    Tag(String),
    /// They want a topic.
    Topic(String),
    /// A relay took an issue for them.
    Got(String),
    /// What digest.toml calls so; [`Only::read`] replaces it, and by itself it means nobody.
    Segment(String),
    /// A field has a value; an empty one: that it has none.
    Field(String, String),
    /// The value of a field stands so to another.
    Compared(String, Comparison, Bound),
    /// The other is not so.
    Not(Box<OnlyCondition>),
    /// All are so.
    All(Vec<OnlyCondition>),
    /// One is so, at least.
    Any(Vec<OnlyCondition>),
}

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}, at column {column}")]
pub struct OnlyError {
    /// The character, from 1.
    pub column: usize,
    /// What is wrong there.
    pub reason: String,
}

/// What an expression asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Term<'a> {
    /// A tag.
    Tag(&'a str),
    /// A topic.
    Topic(&'a str),
    /// A field.
    Field(&'a str),
    /// A value of a field; not that it has none.
    Value(&'a str, &'a str),
}

impl Term<'_> {
    /// Whether the person has it at all.
    pub fn is_known_to(self, person: &impl Traits) -> bool {
        match self {
            Term::Tag(tag) => person.has_tag(tag),
            Term::Topic(topic) => person.wants(topic),
            Term::Field(field) => person.field(field).is_some(),
            Term::Value(field, value) => {
                person.field(field).is_some_and(|has| has.to_lowercase() == value.to_lowercase())
            }
        }
    }
}

/// Tags, or values of a field, that are kept for a suggestion.
const KEPT: usize = 1_000;

/// What of an expression nobody has been met with yet, while a list is read.
#[derive(Debug, Default)]
pub struct TermsToMeet<'a> {
    unmet: BTreeSet<Term<'a>>,
    tags: BTreeSet<String>,
    values: BTreeMap<&'a str, BTreeSet<String>>,
}

/// A tag or a value that an expression asks about and that nobody of a list has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmetTerm {
    /// As it stands in an expression: `tag:pres`, `language=kr`.
    pub term: String,
    /// What was probably meant, in the same form.
    pub meant: Option<String>,
    /// What there is, in the same form: the first few.
    pub known: Vec<String>,
}

impl UnmetTerm {
    /// What to write in its place.
    pub fn instead(&self) -> String {
        match (&self.meant, self.known.as_slice()) {
            (Some(meant), _) => format!("did you mean {meant}?"),
            (None, []) => "the list has none at all".to_owned(),
            (None, known) => format!("it has {}", known.join(", ")),
        }
    }
}

impl<'a> TermsToMeet<'a> {
    /// Of an expression, all that it asks about.
    pub fn of(only: Option<&'a Only>) -> TermsToMeet<'a> {
        let unmet = only.iter().flat_map(|only| only.terms()).collect();
        TermsToMeet { unmet, ..TermsToMeet::default() }
    }

    /// The words that a field may have: one of them is no slip where nobody has it now, and another one
    /// is told with them.
    pub fn know(&mut self, field: &str, words: &[&str]) {
        self.unmet.retain(|term| {
            !matches!(term, Term::Value(name, value) if *name == field && words.contains(value))
        });
        for term in &self.unmet {
            if let Term::Value(name, _) = term
                && *name == field
            {
                let known = self.values.entry(*name).or_default();
                known.extend(words.iter().map(|word| (*word).to_owned()));
            }
        }
    }

    /// Somebody of the list.
    pub fn meet(&mut self, person: &impl Traits) {
        self.unmet.retain(|term| !term.is_known_to(person));
        for term in &self.unmet {
            match term {
                Term::Tag(_) if self.tags.len() < KEPT => {
                    self.tags.extend(person.tags().map(str::to_owned));
                }
                Term::Value(field, _) => {
                    let values = self.values.entry(*field).or_default();
                    if values.len() < KEPT {
                        values.extend(person.field(field).map(str::to_owned));
                    }
                }
                Term::Tag(_) | Term::Field(_) | Term::Topic(_) => {}
            }
        }
    }

    /// The fields that nobody has, and that are no column either.
    pub fn unknown_fields(&self, columns: &[String]) -> Vec<String> {
        let fields = self.unmet.iter().filter_map(|term| match term {
            Term::Field(field) if !columns.iter().any(|column| column == field) => Some(*field),
            _ => None,
        });
        fields.map(str::to_owned).collect()
    }

    /// The tags and values that nobody has.
    pub fn unmet(&self) -> Vec<UnmetTerm> {
        let unmet = self.unmet.iter().filter_map(|term| match term {
            Term::Tag(tag) => Some(unmet("tag:", tag, &self.tags)),
            Term::Value(field, value) => {
                Some(unmet(&format!("{field}="), value, self.values.get(field)?))
            }
            Term::Field(_) | Term::Topic(_) => None,
        });
        unmet.collect()
    }
}

/// An expression that an author wrote, which must not look like one of a paragraph that is left out
/// without its fields: the rules would pass over what stands in it.
pub(super) fn authored(text: String) -> String {
    if Only::is_filled(&text) { format!("({text})") } else { text }
}

/// A tag or a value as it stands in an expression.
fn written(before: &str, text: &str) -> String {
    let bare = !text.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '!'));
    if bare { format!("{before}{text}") } else { format!("{before}\"{text}\"") }
}

fn unmet(before: &str, asked: &str, known: &BTreeSet<String>) -> UnmetTerm {
    let written = |text: &str| written(before, text);
    UnmetTerm {
        term: written(asked),
        meant: nearest(asked, known.iter().map(String::as_str)).map(written),
        known: known.iter().take(10).map(|text| written(text)).collect(),
    }
}

impl Only {
    /// The person with an identity, and nobody else.
    pub fn person(identity: String) -> Only {
        Only { condition: OnlyCondition::Person(identity) }
    }

    /// What a passage asks: an expression, or a tag alone.
    pub fn of_passage(text: &str) -> Only {
        text.parse().unwrap_or_else(|_| Only { condition: OnlyCondition::Tag(text.to_owned()) })
    }

    /// The expression for those who have a value in any of `fields`.
    pub fn filled<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
        let empty: Vec<String> = fields.into_iter().map(|field| format!("{field}=")).collect();
        format!("not ({})", empty.join(" and "))
    }

    /// Whether it is one that [`Only::filled`] has made.
    pub fn is_filled(text: &str) -> bool {
        let inner = text.strip_prefix("not (").and_then(|inner| inner.strip_suffix(')'));
        inner.is_some_and(|inner| inner.split(" and ").all(|part| part.ends_with('=')))
    }

    /// The tag, where nothing else is asked about.
    pub fn lone_tag(&self) -> Option<&str> {
        match &self.condition {
            OnlyCondition::Tag(tag) => Some(tag),
            _ => None,
        }
    }

    /// Whether it asks about topics and about nothing else.
    pub fn is_of_topics(&self) -> bool {
        let terms = self.terms();
        !terms.is_empty() && terms.iter().all(|term| matches!(term, Term::Topic(_)))
    }

    /// Whether the person is meant. Case does not matter, neither in tags nor in values.
    pub fn means(&self, person: &impl Traits) -> bool {
        self.condition.holds(person)
    }

    /// The expression as a tree.
    pub fn condition(&self) -> &OnlyCondition {
        &self.condition
    }

    /// The issues that it asks about, each once.
    pub fn issues(&self) -> Vec<&str> {
        self.named(|condition| match condition {
            OnlyCondition::Got(issue) => Some(issue),
            _ => None,
        })
    }

    /// The segments that it names, each once.
    pub fn segments(&self) -> Vec<&str> {
        self.named(|condition| match condition {
            OnlyCondition::Segment(name) => Some(name),
            _ => None,
        })
    }

    fn named<'a>(&'a self, name: impl Fn(&'a OnlyCondition) -> Option<&'a String>) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        self.condition.each(&mut |condition| {
            let new = name(condition).filter(|new| !names.contains(&new.as_str()));
            names.extend(new.map(String::as_str));
        });
        names
    }

    /// What it asks about, each once.
    pub fn terms(&self) -> Vec<Term<'_>> {
        let mut terms = Vec::new();
        self.condition.each(&mut |condition| condition.add_terms(&mut terms));
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

impl fmt::Display for Only {
    /// As it can be read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.condition)
    }
}

impl fmt::Display for OnlyCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let among = |f: &mut fmt::Formatter<'_>, all: &[OnlyCondition], between: &str| {
            for (at, one) in all.iter().enumerate() {
                let between = if at > 0 { between } else { "" };
                // A group of its own keeps what binds how.
                match one {
                    OnlyCondition::All(_) | OnlyCondition::Any(_) => write!(f, "{between}({one})")?,
                    _ => write!(f, "{between}{one}")?,
                }
            }
            Ok(())
        };
        match self {
            OnlyCondition::Person(identity) => f.write_str(&written("email=", identity)),
            OnlyCondition::Tag(tag) => f.write_str(&written("tag:", tag)),
            OnlyCondition::Topic(topic) => write!(f, "topic:{topic}"),
            OnlyCondition::Got(issue) => f.write_str(&written("got:", issue)),
            OnlyCondition::Segment(name) => write!(f, "segment:{name}"),
            OnlyCondition::Field(name, value) => {
                f.write_str(&written(&format!("{}=", written("", name)), value))
            }
            OnlyCondition::Compared(name, comparison, bound) => {
                write!(f, "{}{}{bound}", written("", name), comparison.sign())
            }
            OnlyCondition::Not(inner) => write!(f, "not ({inner})"),
            OnlyCondition::All(all) => among(f, all, " and "),
            OnlyCondition::Any(all) => among(f, all, " or "),
        }
    }
}

impl OnlyCondition {
    fn holds(&self, person: &impl Traits) -> bool {
        match self {
            OnlyCondition::Person(identity) => person.identity() == *identity,
            OnlyCondition::Tag(tag) => person.has_tag(tag),
            OnlyCondition::Topic(topic) => person.wants(topic),
            OnlyCondition::Got(issue) => person.got(issue),
            OnlyCondition::Segment(_) => false,
            OnlyCondition::Field(name, value) => {
                person.field(name).unwrap_or_default().to_lowercase() == value.to_lowercase()
            }
            OnlyCondition::Compared(name, comparison, bound) => {
                person.field(name).is_some_and(|value| bound.fits(*comparison, value))
            }
            OnlyCondition::Not(inner) => !inner.holds(person),
            OnlyCondition::All(all) => all.iter().all(|one| one.holds(person)),
            OnlyCondition::Any(all) => all.iter().any(|one| one.holds(person)),
        }
    }

    /// Shows each condition that has no other in it.
    fn each<'a>(&'a self, see: &mut dyn FnMut(&'a OnlyCondition)) {
        match self {
            OnlyCondition::Not(inner) => inner.each(see),
            OnlyCondition::All(all) | OnlyCondition::Any(all) => {
                all.iter().for_each(|one| one.each(see))
            }
            leaf => see(leaf),
        }
    }

    /// How many conditions there are in it.
    fn parts(&self) -> usize {
        let mut parts = 0;
        self.each(&mut |_| parts += 1);
        parts
    }

    fn add_terms<'a>(&'a self, into: &mut Vec<Term<'a>>) {
        match self {
            OnlyCondition::Topic(topic) => into.push(Term::Topic(topic)),
            OnlyCondition::Tag(tag) => into.push(Term::Tag(tag)),
            OnlyCondition::Compared(name, ..) => into.push(Term::Field(name)),
            OnlyCondition::Field(name, value) => {
                into.push(Term::Field(name));
                if !value.is_empty() {
                    into.push(Term::Value(name, value));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Someone {
        fields: Vec<(&'static str, &'static str)>,
        tags: Vec<&'static str>,
    }

    impl Traits for Someone {
        fn identity(&self) -> String {
            "kim@example.org".to_owned()
        }
        fn has_tag(&self, tag: &str) -> bool {
            self.tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase())
        }
        fn tags(&self) -> impl Iterator<Item = &str> {
            self.tags.iter().copied()
        }
        fn field(&self, name: &str) -> Option<&str> {
            if name == "email" {
                return Some("kim@example.org");
            }
            self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        }
    }

    fn means(text: &str) -> bool {
        let kim = Someone {
            fields: vec![
                ("language", "ko"),
                ("city", "Silver Spring"),
                ("points", "10"),
                ("joined", "2025-03-04T10:00:00Z"),
                ("topics", "-events"),
            ],
            tags: vec!["Member", "board"],
        };
        text.parse::<Only>().unwrap_or_else(|error| panic!("{text}: {error}")).means(&kim)
    }

    #[test]
    fn a_passage_for_one_tag_is_known_as_such() {
        let lone = |text: &str| Only::of_passage(text).lone_tag().map(str::to_owned);
        assert_eq!(lone("tag:member").as_deref(), Some("member"));
        assert_eq!(lone("member").as_deref(), Some("member"));
        for more in ["not tag:member", "tag:a and tag:b", "language=ko"] {
            assert_eq!(lone(more), None, "{more}");
        }
    }

    #[test]
    fn tags_and_fields_decide() {
        for yes in [
            "tag:member",
            "!tag:press",
            "not tag:press",
            "language=KO",
            "language!=en",
            "city=\"silver spring\"",
            "affiliation=",
            "email=kim@example.org",
            "tag:press or tag:board and language=ko",
            "(tag:press or tag:board) and !(language=en)",
            "!!tag:member",
        ] {
            assert!(means(yes), "{yes}");
        }
        for no in ["tag:press", "!tag:member", "language=", "tag:board and tag:press or tag:x"] {
            assert!(!means(no), "{no}");
        }
    }

    #[test]
    fn days_and_numbers_are_compared() {
        for yes in [
            "points >= 10",
            "points>9.5 and points <11",
            "joined > 2025-01-01",
            "not joined>2025-06-01",
            "city != Seoul",
            "city = \"Silver Spring\"",
            "affiliation = ",
            "affiliation = and language=ko",
            "topic:jobs and !topic:events",
        ] {
            assert!(means(yes), "{yes}");
        }
        for no in ["points > 10", "city > 10", "language < 2025-01-01", "joined<10", "absent < 1"] {
            assert!(!means(no), "{no}");
        }
    }

    #[test]
    fn mistakes_are_told_at_their_column() {
        for (text, column) in [
            ("language=ko and points > many", 26),
            ("points >", 8),
            ("points > and tag:a", 8),
            ("joined>2025-02-30", 1),
            ("tag:a and topic:Events", 11),
            ("got:", 1),
            ("> 5", 1),
            ("a!!=b", 1),
            ("a! = b", 4),
            ("", 1),
            ("tag:", 1),
            ("tag:회원 나라", 8),
            ("tag:a and", 10),
            ("tag:a tag:b", 7),
            ("(tag:a", 7),
            ("tag:a)", 6),
            ("tag:a and =x", 11),
            ("city=\"Seoul", 1),
            ("member", 1),
        ] {
            assert_eq!(text.parse::<Only>().unwrap_err().column, column, "{text}");
        }
        assert!("(".repeat(100_000).parse::<Only>().is_err());
    }

    #[test]
    fn what_nobody_has_is_told_with_what_was_meant() {
        let only: Only = "!tag:pres and city!=\"Silver Sprin\" and language=KO and x= and tag:Vip"
            .parse()
            .unwrap();
        let mut terms = TermsToMeet::of(Some(&only));
        for (city, tag) in [("Silver Spring", "press"), ("Seoul", "vip")] {
            let fields = vec![("language", "ko"), ("city", city)];
            terms.meet(&Someone { fields, tags: vec![tag] });
        }
        let told = terms.unmet().into_iter().map(|unmet| (unmet.term, unmet.meant));
        let told: Vec<(String, Option<String>)> = told.collect();
        let owned = |a: &str, b: &str| (a.to_owned(), Some(b.to_owned()));
        let city = owned("city=\"Silver Sprin\"", "city=\"Silver Spring\"");
        assert_eq!(told, [owned("tag:pres", "tag:press"), city]);
        assert_eq!(terms.unknown_fields(&["city".to_owned()]), ["x"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(tag:|and|or|not|[!()=\"ab ]|\\PC){0,30}") {
            let _ = text.parse::<Only>();
        }

        #[test]
        fn what_is_written_again_is_the_same_expression(
            text in "((tag:|topic:|got:|segment:|a |b|\"c d\"|=|<=| > |!=|2025-01-01|10)?[() ]?( and | or |not |!)?){1,9}",
        ) {
            if let Ok(only) = text.parse::<Only>() {
                prop_assert_eq!(only.to_string().parse::<Only>(), Ok(only));
            }
        }
    }
}
