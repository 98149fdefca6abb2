//! listmonk's `attributes` cell, a JSON object -> fields and tags.
//!
//! Exists so that `{"city": "Seoul"}` is a field like any column. Must never nest: a message is
//! spliced from flat names.

use serde::de::Error;
use serde_json::{Map, Value};

use super::columns::{MAX_COLUMNS, field_name};

/// What the object holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    /// Names in lower snake_case and their values.
    pub(super) fields: Vec<(String, String)>,
    pub(super) tags: Vec<String>,
    /// Names that cannot be a field's.
    pub(super) unnamed: Vec<String>,
}

/// Reads the object; an empty cell is an empty object.
pub(super) fn attributes(cell: &str) -> Result<Attributes, serde_json::Error> {
    let mut found = Attributes::default();
    if !cell.trim().is_empty() {
        flatten("", serde_json::from_str::<Map<String, Value>>(cell)?, &mut found);
    }
    if found.fields.len() > MAX_COLUMNS {
        return Err(Error::custom(format!("more than {MAX_COLUMNS} values")));
    }
    Ok(found)
}

/// `{"address": {"city": "Seoul"}}` -> `address_city`.
fn flatten(prefix: &str, object: Map<String, Value>, found: &mut Attributes) {
    for (key, value) in object {
        let Some(name) = field_name(&key) else {
            found.unnamed.push(key);
            continue;
        };
        match value {
            Value::Object(inner) => flatten(&format!("{prefix}{name}_"), inner, found),
            Value::Array(items) if prefix.is_empty() && name == "tags" => {
                found.tags.extend(items.iter().filter_map(scalar));
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().filter_map(scalar).collect();
                found.fields.push((format!("{prefix}{name}"), items.join(", ")));
            }
            value => {
                let text = scalar(&value).unwrap_or_default();
                found.fields.push((format!("{prefix}{name}"), text));
            }
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_become_flat_fields() {
        let cell = r#"{"City": "Seoul", "age": 41, "job": {"title": "Prof"}, "tags": ["a", "b"],
                       "topics": ["x", 1], "none": null, "좋아하는 꽃": 1}"#;
        let found = attributes(cell).unwrap();
        let field = |name: &str| {
            found.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        assert_eq!(field("city"), Some("Seoul"));
        assert_eq!(field("age"), Some("41"));
        assert_eq!(field("job_title"), Some("Prof"));
        assert_eq!(field("topics"), Some("x, 1"));
        assert_eq!(field("none"), Some(""));
        assert_eq!((found.tags.len(), found.unnamed.len()), (2, 1));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(attributes("[1]").is_err() && attributes("{").is_err());
        assert_eq!(attributes(" ").unwrap(), Attributes::default());
        assert!(attributes(&"{\"a\":".repeat(10_000)).is_err());
        let many: Vec<String> = (0..2000).map(|index| format!("\"a{index}\": 1")).collect();
        assert!(attributes(&format!("{{{}}}", many.join(","))).is_err());
    }
}
