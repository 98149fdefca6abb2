//! Text -> expression: words, what they compare, and how they bind.

use std::iter::Peekable;
use std::str::{CharIndices, FromStr};

use super::bound::{Bound, Comparison};
use super::{Only, OnlyCondition, OnlyError, STATUS_WORDS, written};
use crate::issue::topics::Topic;

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
        let condition = reader.any()?;
        match reader.peek() {
            None => Ok(Only { condition }),
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
            '!' if !matches!(chars.peek(), Some((_, '='))) => Token::Not,
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

    fn any(&mut self) -> Result<OnlyCondition, OnlyError> {
        let mut tests = vec![self.all()?];
        while self.peek() == Some(&Token::Or) {
            self.at += 1;
            tests.push(self.all()?);
        }
        Ok(together(tests, OnlyCondition::Any))
    }

    fn all(&mut self) -> Result<OnlyCondition, OnlyError> {
        let mut tests = vec![self.one()?];
        while self.peek() == Some(&Token::And) {
            self.at += 1;
            tests.push(self.one()?);
        }
        Ok(together(tests, OnlyCondition::All))
    }

    fn one(&mut self) -> Result<OnlyCondition, OnlyError> {
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
        Ok(if denied { OnlyCondition::Not(Box::new(test)) } else { test })
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

    /// What a word, or several, say of a person. The reader stands on the last of them then.
    fn term(&mut self, word: &str) -> Result<OnlyCondition, OnlyError> {
        if let Some((kind, name)) = word.split_once(':')
            && let Some(condition) = self.named(kind, name)
        {
            return condition;
        }
        let (name, operator, mut value) = match operator_in(word) {
            Some((name, operator, value)) => (name, operator, value.to_owned()),
            None => match self.word_behind().and_then(operator_at_start) {
                Some((operator, value)) => {
                    let value = value.to_owned();
                    self.at += 1;
                    (word, operator, value)
                }
                None => return Err(self.no_term(word)),
            },
        };
        if name.is_empty() {
            return Err(
                self.wrong(&format!("a field's name is missing before {}", operator.sign()))
            );
        }
        // Written again, the last sign would belong to the operator.
        if name.ends_with('!') {
            return Err(self.wrong(&format!("{name:?} cannot be the name of a field")));
        }
        // `city=` alone asks for no value, so its value is never the next word.
        let is_apart = !word.contains(operator.sign()) || matches!(operator, Operator::Order(_));
        if value.is_empty()
            && is_apart
            && let Some(next) = self.word_behind()
        {
            value = next.to_owned();
            self.at += 1;
        }
        let equal = |value| OnlyCondition::Field(name.to_owned(), value);
        match operator {
            Operator::Equal => Ok(equal(value)),
            Operator::Unequal => Ok(OnlyCondition::Not(Box::new(equal(value)))),
            Operator::Order(comparison) => match Bound::read(&value) {
                Some(bound) => Ok(OnlyCondition::Compared(name.to_owned(), comparison, bound)),
                None if value.is_empty() => {
                    Err(self.wrong(&format!("a value is missing behind {}", comparison.sign())))
                }
                None => Err(self.wrong(&format!(
                    "{value:?} is neither a day, such as 2025-01-31, nor a number"
                ))),
            },
        }
    }

    /// `tag:member` and the like; `None` where the word before the colon is none of these.
    fn named(&self, kind: &str, name: &str) -> Option<Result<OnlyCondition, OnlyError>> {
        let make = match kind {
            "tag" => OnlyCondition::Tag,
            "topic" => OnlyCondition::Topic,
            "got" => OnlyCondition::Got,
            "segment" => OnlyCondition::Segment,
            _ => return None,
        };
        let is_key = matches!(kind, "topic" | "segment");
        Some(match name {
            "" => Err(self.wrong(&format!("{kind}: needs a name"))),
            name if is_key && !Topic::is_name(name) => {
                Err(self.wrong(&format!("{name:?} is no name of a {kind}")))
            }
            name => Ok(make(name.to_owned())),
        })
    }

    /// The next token, where it is a word.
    fn word_behind(&self) -> Option<&str> {
        match self.tokens.get(self.at + 1) {
            Some((_, Token::Word(word))) => Some(word),
            _ => None,
        }
    }

    fn no_term(&self, word: &str) -> OnlyError {
        let status =
            |(_, token): &(usize, Token)| matches!(token, Token::Word(one) if one == "status");
        let instead = if self.tokens.iter().any(status) {
            format!("how somebody stands is status={}", STATUS_WORDS.join(", status="))
        } else if word.is_empty() {
            "write a name between the quotation marks, such as tag:member".to_owned()
        } else {
            format!("a tag of that name is {}", written("tag:", word))
        };
        self.wrong(&format!("{word:?} is neither tag:NAME nor FIELD=VALUE; {instead}"))
    }
}

/// One alone stands for itself.
fn together(
    mut all: Vec<OnlyCondition>,
    make: fn(Vec<OnlyCondition>) -> OnlyCondition,
) -> OnlyCondition {
    match all.pop() {
        Some(one) if all.is_empty() => one,
        last => {
            all.extend(last);
            make(all)
        }
    }
}

/// What stands between a field and a value.
#[derive(Clone, Copy)]
enum Operator {
    Equal,
    Unequal,
    Order(Comparison),
}

/// The longer ones first: `<=` begins with `<`.
const OPERATORS: [Operator; 6] = [
    Operator::Unequal,
    Operator::Order(Comparison::AtMost),
    Operator::Order(Comparison::AtLeast),
    Operator::Order(Comparison::Below),
    Operator::Order(Comparison::Above),
    Operator::Equal,
];

impl Operator {
    fn sign(self) -> &'static str {
        match self {
            Operator::Equal => "=",
            Operator::Unequal => "!=",
            Operator::Order(comparison) => comparison.sign(),
        }
    }
}

/// The first operator of a word, with what stands before and behind it.
fn operator_in(word: &str) -> Option<(&str, Operator, &str)> {
    let starts = word.char_indices().map(|(at, _)| at);
    starts.into_iter().find_map(|at| {
        let (operator, value) = operator_at_start(&word[at..])?;
        Some((&word[..at], operator, value))
    })
}

fn operator_at_start(text: &str) -> Option<(Operator, &str)> {
    OPERATORS.iter().find_map(|one| Some((*one, text.strip_prefix(one.sign())?)))
}

/// The column at which a word of an expression stands, or the first one.
pub(super) fn word_column(text: &str, word: &str) -> usize {
    let tokens = tokens(text).unwrap_or_default();
    let found =
        tokens.into_iter().find(|(_, token)| matches!(token, Token::Word(one) if one == word));
    found.map_or(1, |(column, _)| column)
}
