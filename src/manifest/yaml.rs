//! YAML into the same values as TOML, with byte spans. The only file that knows the YAML crate,
//! which is young: its limits on aliases, depth and size stay at their defaults, which are strict.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::{Located, Value, ValueKind};

pub(super) struct SyntaxError {
    pub(super) message: String,
    /// Bytes from the start of the text.
    pub(super) at: usize,
}

/// Reads `text`, whose first byte is byte `start` of its file.
pub(super) fn parse(text: &str, start: usize) -> Result<Value, SyntaxError> {
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    match serde_saphyr::from_str_with_options::<Node>(text, options) {
        Ok(node) => Ok(node.into_value(text, start)),
        Err(error) => {
            let at = error.location().map_or(0, |place| {
                line_start(text, place.line()) + (place.column() as usize).saturating_sub(1)
            });
            let message = error.without_snippet().to_string();
            // The crate appends its own line numbers, which count from the front matter's start.
            let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
            Err(SyntaxError { message, at: at.min(text.len()) })
        }
    }
}

fn line_start(text: &str, line: u64) -> usize {
    let before = (line.max(1) - 1) as usize;
    text.split_inclusive('\n').take(before).map(str::len).sum()
}

/// One node, with its place.
struct Node(Spanned<NodeKind>);

enum NodeKind {
    Scalar(ValueKind),
    List(Vec<Node>),
    Table(Vec<(Spanned<String>, Node)>),
}

impl Node {
    fn into_value(self, text: &str, start: usize) -> Value {
        let span = bytes(&self.0.referenced, text, start);
        let value = match self.0.value {
            NodeKind::Scalar(kind) => kind,
            NodeKind::List(items) => ValueKind::List(
                items.into_iter().map(|item| item.into_value(text, start)).collect(),
            ),
            NodeKind::Table(entries) => ValueKind::Table(
                entries
                    .into_iter()
                    .map(|(key, value)| {
                        let span = bytes(&key.referenced, text, start);
                        (Located { value: key.value, span }, value.into_value(text, start))
                    })
                    .collect(),
            ),
        };
        Value { value, span }
    }
}

fn bytes(place: &serde_saphyr::Location, text: &str, start: usize) -> std::ops::Range<usize> {
    let span = place.span();
    let from = span.byte_offset().map_or(0, |at| at as usize).min(text.len());
    let length = span.byte_len().unwrap_or(0) as usize;
    start + from..start + (from + length).min(text.len())
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        Spanned::<NodeKind>::deserialize(deserializer).map(Node)
    }
}

impl<'de> Deserialize<'de> for NodeKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NodeKind, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = NodeKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true or false, a list or a table")
    }

    fn visit_str<E>(self, text: &str) -> Result<NodeKind, E> {
        Ok(NodeKind::Scalar(ValueKind::Text(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<NodeKind, E> {
        Ok(NodeKind::Scalar(ValueKind::Integer(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<NodeKind, E> {
        let kind =
            i64::try_from(number).map_or(ValueKind::Float(number as f64), ValueKind::Integer);
        Ok(NodeKind::Scalar(kind))
    }

    fn visit_f64<E>(self, number: f64) -> Result<NodeKind, E> {
        Ok(NodeKind::Scalar(ValueKind::Float(number)))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<NodeKind, E> {
        Ok(NodeKind::Scalar(ValueKind::Bool(flag)))
    }

    fn visit_unit<E>(self) -> Result<NodeKind, E> {
        Ok(NodeKind::Scalar(ValueKind::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<NodeKind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(NodeKind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<NodeKind, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(NodeKind::Table(entries))
    }
}
