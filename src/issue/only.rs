//! `tag:member and language=ko`: who of a list is meant.
//!
//! `--only` asks so of a whole send, and `::: only` of a passage. Exists so that a part of a list needs
//! no list of its own. Must never guess: what cannot be read
//! is an error at its column, and a field or tag that nobody has can be asked for afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;
use std::str::{CharIndices, FromStr};

use super::topics::{self, Topic};
use crate::diagnostic::nearest;

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
    /// Whether they want a topic.
    fn wants(&self, topic: &str) -> bool {
        topics::wants(self.field(topics::FIELD).unwrap_or_default(), topic)
    }
}

/// An expression over tags and fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Only {
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// The identity of an address.
    Person(String),
    Tag(String),
    Topic(String),
    Field(String, String),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
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

impl<'a> TermsToMeet<'a> {
    /// Of an expression, all that it asks about.
    pub fn of(only: Option<&'a Only>) -> TermsToMeet<'a> {
        let unmet = only.iter().flat_map(|only| only.terms()).collect();
        TermsToMeet { unmet, ..TermsToMeet::default() }
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

/// A tag or a value as it stands in an expression.
fn written(before: &str, text: &str) -> String {
    let bare = !text.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
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
        Only { test: Test::Person(identity) }
    }

    /// What a passage asks: an expression, or a tag alone.
    pub fn of_passage(text: &str) -> Only {
        text.parse().unwrap_or_else(|_| Only { test: Test::Tag(text.to_owned()) })
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
        let mut test = &self.test;
        loop {
            match test {
                Test::Any(tests) | Test::All(tests) => {
                    test = tests.first().filter(|_| tests.len() == 1)?
                }
                Test::Tag(tag) => return Some(tag),
                _ => return None,
            }
        }
    }

    /// Whether it asks about topics and about nothing else.
    pub fn is_of_topics(&self) -> bool {
        let terms = self.terms();
        !terms.is_empty() && terms.iter().all(|term| matches!(term, Term::Topic(_)))
    }

    /// Whether the person is meant. Case does not matter, neither in tags nor in values.
    pub fn means(&self, person: &impl Traits) -> bool {
        self.test.holds(person)
    }

    /// What it asks about, each once.
    pub fn terms(&self) -> Vec<Term<'_>> {
        let mut terms = Vec::new();
        self.test.collect(&mut terms);
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

impl Test {
    fn holds(&self, person: &impl Traits) -> bool {
        match self {
            Test::Person(identity) => person.identity() == *identity,
            Test::Tag(tag) => person.has_tag(tag),
            Test::Topic(topic) => person.wants(topic),
            Test::Field(name, value) => {
                person.field(name).unwrap_or_default().to_lowercase() == value.to_lowercase()
            }
            Test::Not(test) => !test.holds(person),
            Test::All(tests) => tests.iter().all(|test| test.holds(person)),
            Test::Any(tests) => tests.iter().any(|test| test.holds(person)),
        }
    }

    fn collect<'a>(&'a self, into: &mut Vec<Term<'a>>) {
        match self {
            Test::Person(_) => {}
            Test::Topic(topic) => into.push(Term::Topic(topic)),
            Test::Tag(tag) => into.push(Term::Tag(tag)),
            Test::Field(name, value) => {
                into.push(Term::Field(name));
                if !value.is_empty() {
                    into.push(Term::Value(name, value));
                }
            }
            Test::Not(test) => test.collect(into),
            Test::All(tests) | Test::Any(tests) => {
                tests.iter().for_each(|test| test.collect(into));
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Not,
    And,
    Or,
    /// A word, and whether the author quoted its end.
    Word(String),
}

impl FromStr for Only {
    type Err = OnlyError;

    fn from_str(text: &str) -> Result<Only, OnlyError> {
        let mut reader = OnlyParser { tokens: tokens(text)?, at: 0, end: text.chars().count() + 1 };
        let test = reader.any()?;
        match reader.peek() {
            None => Ok(Only { test }),
            Some(Token::Close) => Err(reader.wrong("this ) has no opening (")),
            Some(_) => Err(reader.wrong("`and` or `or` is missing here")),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, OnlyError> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut column = 0;
    while let Some((_, c)) = chars.next() {
        column += 1;
        let token = match c {
            c if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '!' => Token::Not,
            c => {
                let (word, length, bare) = word(c, &mut chars, column)?;
                let token = match word.to_ascii_lowercase().as_str() {
                    "and" if bare => Token::And,
                    "or" if bare => Token::Or,
                    "not" if bare => Token::Not,
                    _ => Token::Word(word),
                };
                tokens.push((column, token));
                column += length - 1;
                continue;
            }
        };
        tokens.push((column, token));
    }
    Ok(tokens)
}

/// A word up to white space or a parenthesis, quoted stretches taken as they are; how many
/// characters it took, and whether nothing of it was quoted.
fn word(
    first: char,
    chars: &mut Peekable<CharIndices<'_>>,
    column: usize,
) -> Result<(String, usize, bool), OnlyError> {
    let mut word = String::new();
    let (mut quoted, mut bare, mut length) = (false, true, 1);
    let mut next = Some(first);
    while let Some(c) = next {
        match c {
            '"' => (quoted, bare) = (!quoted, false),
            c => word.push(c),
        }
        let more = |c: char| quoted || !(c.is_whitespace() || matches!(c, '(' | ')'));
        next = chars.next_if(|(_, c)| more(*c)).map(|(_, c)| c);
        length += usize::from(next.is_some());
    }
    if quoted {
        Err(OnlyError { column, reason: "a quotation mark here is never closed".to_owned() })
    } else {
        Ok((word, length, bare))
    }
}

/// Reads tokens: `or` binds least, `and` more, `!` most.
struct OnlyParser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
}

impl OnlyParser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn wrong(&self, reason: &str) -> OnlyError {
        let column = self.tokens.get(self.at).map_or(self.end, |(column, _)| *column);
        OnlyError { column, reason: reason.to_owned() }
    }

    fn any(&mut self) -> Result<Test, OnlyError> {
        let mut tests = vec![self.all()?];
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            tests.push(self.all()?);
        }
        Ok(Test::Any(tests))
    }

    fn all(&mut self) -> Result<Test, OnlyError> {
        let mut tests = vec![self.one()?];
        while self.peek() == Some(&Token::And) {
            self.at += 1;
            tests.push(self.one()?);
        }
        Ok(Test::All(tests))
    }

    fn one(&mut self) -> Result<Test, OnlyError> {
        // Not recursive here: a thousand exclamation marks must not need a thousand frames.
        let mut denied = false;
        while self.peek() == Some(&Token::Not) {
            self.at += 1;
            denied = !denied;
        }
        let test = match self.peek().cloned() {
            Some(Token::Open) if self.depth() > 50 => {
                return Err(self.wrong("there are too many parentheses inside each other"));
            }
            Some(Token::Open) => {
                self.at += 1;
                let test = self.any()?;
                if self.peek() != Some(&Token::Close) {
                    return Err(self.wrong("a ) is missing here"));
                }
                test
            }
            Some(Token::Word(word)) => self.term(&word)?,
            _ => return Err(self.wrong("tag:NAME or FIELD=VALUE is missing here")),
        };
        self.at += 1;
        Ok(if denied { Test::Not(Box::new(test)) } else { test })
    }

    /// How many parentheses are open here.
    fn depth(&self) -> usize {
        let before = self.tokens.iter().take(self.at).map(|(_, token)| token);
        before.fold(0_usize, |depth, token| match token {
            Token::Open => depth + 1,
            Token::Close => depth.saturating_sub(1),
            _ => depth,
        })
    }

    fn term(&self, word: &str) -> Result<Test, OnlyError> {
        if let Some(tag) = word.strip_prefix("tag:") {
            return if tag.is_empty() {
                Err(self.wrong("tag: needs a name"))
            } else {
                Ok(Test::Tag(tag.to_owned()))
            };
        }
        if let Some(topic) = word.strip_prefix("topic:") {
            return if Topic::is_name(topic) {
                Ok(Test::Topic(topic.to_owned()))
            } else {
                Err(self.wrong("topic: needs the name of a topic, such as topic:events"))
            };
        }
        let Some((name, value)) = word.split_once('=') else {
            let tag = written("tag:", word);
            return Err(self.wrong(&format!(
                "{word:?} is neither tag:NAME nor FIELD=VALUE; a tag of that name is {tag}"
            )));
        };
        let (name, denied) = match name.strip_suffix('!') {
            Some(name) => (name, true),
            None => (name, false),
        };
        if name.is_empty() {
            return Err(self.wrong("a field's name is missing before ="));
        }
        let test = Test::Field(name.to_owned(), value.to_owned());
        Ok(if denied { Test::Not(Box::new(test)) } else { test })
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
            fields: vec![("language", "ko"), ("city", "Silver Spring")],
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
    fn mistakes_are_told_at_their_column() {
        for (text, column) in [
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
    }
}
