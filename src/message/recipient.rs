//! One person in one send: the address, and what a message is spliced from.
//!
//! Exists because a million of these pass by: fields lie in one allocation and most names are
//! borrowed. Must never hold a control character: a value may end up in a header.

use std::borrow::Cow;

use crate::issue::only::Traits;
use crate::issue::script::WritingScript;
use crate::message::address::Address;

/// A subscriber in one send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    address: Address,
    fields: Fields,
    tags: Box<[Box<str>]>,
}

/// Names and values, one after the other in one text; `ends` holds where each name and each value
/// ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fields {
    text: Box<str>,
    ends: Box<[(u32, u32)]>,
}

impl Recipient {
    /// A person with an address, fields and tags. Empty values are not kept, the first of two
    /// fields or tags with one name wins, and a control character becomes a space.
    pub fn new<'a>(
        address: Address,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
        tags: impl IntoIterator<Item = &'a str>,
    ) -> Recipient {
        let mut kept: Vec<Box<str>> = Vec::new();
        for tag in tags.into_iter().map(one_line) {
            let tag = tag.trim();
            if !tag.is_empty() && !kept.iter().any(|known| **known == *tag) {
                kept.push(tag.into());
            }
        }
        Recipient { address, fields: Fields::new(fields), tags: kept.into_boxed_slice() }
    }

    /// The same person with another value in a field.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Recipient {
        let others = self.fields().filter(|(known, _)| *known != name);
        Recipient { fields: Fields::new(others.chain([(name, value)])), ..self.clone() }
    }

    /// Where the message goes.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The value of a field, by its lower snake_case name; an empty value counts as none. `email`
    /// answers the address.
    pub fn field(&self, name: &str) -> Option<&str> {
        if name == "email" {
            return Some(self.address.as_str());
        }
        self.fields().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All fields that have a value, in the order of their columns, without `email`.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter()
    }

    /// The tags as written, each once.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(|tag| &**tag)
    }

    /// Whether the person carries a tag; case does not matter.
    pub fn has_tag(&self, tag: &str) -> bool {
        let tag = tag.to_lowercase();
        self.tags().any(|known| known.to_lowercase() == tag)
    }

    /// How the person is called in the `To` header: `name`, or first and last name, or whichever of
    /// the two is there. Korean names are written family name first, without a space.
    pub fn display_name(&self) -> Option<Cow<'_, str>> {
        if let Some(name) = self.field("name") {
            return Some(Cow::Borrowed(name));
        }
        match (self.field("first_name"), self.field("last_name")) {
            (Some(first), Some(last)) if is_hangul(first) && is_hangul(last) => {
                Some(Cow::Owned(format!("{last}{first}")))
            }
            (Some(first), Some(last)) => Some(Cow::Owned(format!("{first} {last}"))),
            (one, other) => one.or(other).map(Cow::Borrowed),
        }
    }
}

impl Traits for Recipient {
    fn identity(&self) -> String {
        self.address.identity()
    }
    fn has_tag(&self, tag: &str) -> bool {
        Recipient::has_tag(self, tag)
    }
    fn tags(&self) -> impl Iterator<Item = &str> {
        Recipient::tags(self)
    }
    fn field(&self, name: &str) -> Option<&str> {
        Recipient::field(self, name)
    }
}

impl Fields {
    fn new<'a>(given: impl IntoIterator<Item = (&'a str, &'a str)>) -> Fields {
        let mut text = String::new();
        let mut ends: Vec<(u32, u32)> = Vec::new();
        for (name, value) in given {
            let value = one_line(value);
            let value = value.trim();
            let known = pairs(&text, &ends).any(|(known, _)| known == name);
            if value.is_empty() || name.is_empty() || name == "email" || known {
                continue;
            }
            let Ok(name_end) = u32::try_from(text.len() + name.len()) else { break };
            let Ok(value_end) = u32::try_from(text.len() + name.len() + value.len()) else { break };
            text.push_str(name);
            text.push_str(value);
            ends.push((name_end, value_end));
        }
        Fields { text: text.into_boxed_str(), ends: ends.into_boxed_slice() }
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.text, &self.ends)
    }
}

fn pairs<'a>(text: &'a str, ends: &'a [(u32, u32)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let mut start = 0;
    ends.iter().map(move |(name_end, value_end)| {
        let (name_end, value_end) = (*name_end as usize, *value_end as usize);
        let pair = (&text[start..name_end], &text[name_end..value_end]);
        start = value_end;
        pair
    })
}

/// The last line of defence before a header: readers mend control characters and say so.
fn one_line(text: &str) -> Cow<'_, str> {
    let odd = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if text.contains(odd) { Cow::Owned(text.replace(odd, " ")) } else { Cow::Borrowed(text) }
}

/// Whether a name is written in Hangul only.
fn is_hangul(name: &str) -> bool {
    name.chars().all(|c| WritingScript::of(c) == Some(WritingScript::Hangul))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn person(fields: &[(&str, &str)], tags: &[&str]) -> Recipient {
        let address = Address::parse("Kim@Example.org").unwrap();
        Recipient::new(address, fields.iter().copied(), tags.iter().copied())
    }

    fn name(fields: &[(&str, &str)]) -> Option<String> {
        person(fields, &[]).display_name().map(Cow::into_owned)
    }

    #[test]
    fn fields_answer_by_name_and_empty_is_none() {
        let kim = person(&[("city", "Seoul"), ("note", " "), ("city", "Busan")], &[]);
        assert_eq!(kim.field("city"), Some("Seoul"));
        assert_eq!(kim.field("note"), None);
        assert_eq!(kim.field("absent"), None);
        assert_eq!(kim.field("email"), Some("Kim@example.org"));
        assert_eq!(kim.fields().collect::<Vec<_>>(), [("city", "Seoul")]);
    }

    #[test]
    fn names_follow_their_script() {
        assert_eq!(name(&[("name", "Kim Minji"), ("first_name", "M")]), Some("Kim Minji".into()));
        assert_eq!(name(&[("first_name", "Ada"), ("last_name", "L")]), Some("Ada L".into()));
        assert_eq!(name(&[("first_name", "민지"), ("last_name", "김")]), Some("김민지".into()));
        assert_eq!(name(&[("first_name", "Minji"), ("last_name", "김")]), Some("Minji 김".into()));
        assert_eq!(name(&[("last_name", "Kim")]), Some("Kim".into()));
        assert_eq!(name(&[("first_name", "")]), None);
    }

    #[test]
    fn tags_are_kept_once_as_written() {
        let kim = person(&[], &["Board", " Board ", "", "donor"]);
        assert_eq!(kim.tags().collect::<Vec<_>>(), ["Board", "donor"]);
        assert!(kim.has_tag("board") && !kim.has_tag("boar"));
    }

    proptest! {
        #[test]
        fn no_value_holds_a_control_character(value in any::<String>()) {
            let kim = person(&[("name", &value), ("city", &value)], &[&value]);
            for text in kim.fields().map(|(_, value)| value).chain(kim.tags()) {
                prop_assert!(!text.is_empty() && !text.chars().any(char::is_control));
            }
        }
    }
}
