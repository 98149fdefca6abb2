//! Composition <-> JSON: what a ledger keeps of an issue, so that who is sent to tomorrow gets what
//! the others got today.
//!
//! Must hold everything that a message is made of, and nothing of the author's files besides.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Composition, Picture, Segment};
use crate::diagnostic::Place;
use crate::issue::slot::Slot;

/// The JSON's shape; the names are kept, because ledgers hold them.
#[derive(Serialize, Deserialize)]
struct Frozen {
    issue: String,
    subject: Vec<Segment>,
    text: Vec<Segment>,
    html: Vec<Segment>,
    pictures: Vec<FrozenPicture>,
    language: String,
    slots: Vec<Option<Slot>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_to: Option<String>,
    /// Hexadecimal digits.
    content_hash: String,
}

#[derive(Serialize, Deserialize)]
struct FrozenPicture {
    content_id: String,
    file_name: String,
    media_type: String,
    /// Base64.
    bytes: String,
}

/// The kept text is no composition.
#[derive(Debug, thiserror::Error)]
#[error("the composed issue in the ledger cannot be read: {0}")]
pub struct ThawError(String);

impl Composition {
    /// The composition as JSON.
    ///
    /// # Errors
    /// None that text and numbers could cause.
    pub fn freeze(&self) -> Result<String, serde_json::Error> {
        let picture = |picture: &Picture| FrozenPicture {
            content_id: picture.content_id.clone(),
            file_name: picture.file_name.clone(),
            media_type: picture.media_type.clone(),
            bytes: data_encoding::BASE64.encode(&picture.bytes),
        };
        serde_json::to_string(&Frozen {
            issue: self.issue.clone(),
            subject: self.subject.clone(),
            text: self.text.clone(),
            html: self.html.clone(),
            pictures: self.pictures.iter().map(picture).collect(),
            language: self.language.clone(),
            slots: self.slots.clone(),
            sent_to: self.sent_to.clone(),
            content_hash: self.hash_hex(),
        })
    }

    /// The composition that was frozen; `place` is what a problem with one of its slots points at,
    /// because the author's text may have changed.
    ///
    /// # Errors
    /// The text is not what [`Composition::freeze`] wrote.
    pub fn thaw(json: &str, place: &Place) -> Result<Composition, ThawError> {
        let failed = |error: &dyn std::fmt::Display| ThawError(error.to_string());
        let frozen: Frozen = serde_json::from_str(json).map_err(|error| failed(&error))?;
        let hash = data_encoding::HEXLOWER
            .decode(frozen.content_hash.as_bytes())
            .map_err(|error| failed(&error))?;
        let mut pictures = Vec::with_capacity(frozen.pictures.len());
        for picture in frozen.pictures {
            let bytes = data_encoding::BASE64
                .decode(picture.bytes.as_bytes())
                .map_err(|error| failed(&error))?;
            pictures.push(Picture {
                content_id: picture.content_id,
                file_name: picture.file_name,
                media_type: picture.media_type,
                bytes: Arc::from(bytes),
            });
        }
        let used = frozen.slots.iter().enumerate().filter(|(_, slot)| slot.is_some());
        let slot_places = used.map(|(index, _)| (index, place.clone())).collect();
        Ok(Composition {
            issue: frozen.issue,
            subject: frozen.subject,
            text: frozen.text,
            html: frozen.html,
            pictures,
            language: frozen.language,
            slots: frozen.slots,
            sent_to: frozen.sent_to,
            slot_places,
            content_hash: hash.try_into().map_err(|_| failed(&"its hash has another length"))?,
        })
    }

    /// The Subject as people would read it in a list: fallbacks, or the names of fields.
    pub fn readable_subject(&self) -> String {
        let slot = |index: usize| match self.slots.get(index).and_then(Option::as_ref) {
            Some(Slot { fallback: Some(fallback), .. }) => fallback.clone(),
            Some(Slot { field, .. }) => format!("{{{{ {field} }}}}"),
            None => String::new(),
        };
        self.subject
            .iter()
            .map(|segment| match segment {
                Segment::Literal(text) => text.clone(),
                Segment::Slot(index, _) => slot(*index),
                Segment::When(_) | Segment::EndWhen => String::new(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::SlotContext;

    #[test]
    fn what_is_frozen_thaws_as_it_was() {
        let slot = Slot { field: "first_name".to_owned(), fallback: Some("독자".to_owned()) };
        let html = vec![
            Segment::When("member".to_owned()),
            Segment::Literal("<p>\u{1F600}\r\n".to_owned()),
            Segment::EndWhen,
            Segment::Slot(1, SlotContext::UrlPart),
        ];
        let composition = Composition {
            issue: "2025-11".to_owned(),
            subject: vec![Segment::Slot(1, SlotContext::Plain), Segment::Literal("!".to_owned())],
            text: vec![Segment::Slot(1, SlotContext::PlainUrlPart)],
            html,
            pictures: vec![Picture {
                content_id: "a@b".to_owned(),
                file_name: "a.png".to_owned(),
                media_type: "image/png".to_owned(),
                bytes: Arc::from([0_u8, 255, 10].as_slice()),
            }],
            language: "ko".to_owned(),
            slots: vec![None, Some(slot)],
            slot_places: Vec::new(),
            sent_to: Some("topic:events".to_owned()),
            content_hash: [7; 32],
        };
        assert_eq!(composition.readable_subject(), "독자!");
        let json = composition.freeze().unwrap();
        let thawed = Composition::thaw(&json, &Place::File("a".into())).unwrap();
        assert_eq!(thawed.freeze().unwrap(), json);
        assert_eq!((thawed.html, thawed.pictures), (composition.html, composition.pictures));
        assert_eq!((thawed.slots, thawed.slot_places.len()), (composition.slots, 1));
        assert_eq!(thawed.sent_to, composition.sent_to);
        assert!(Composition::thaw("{}", &Place::File("a".into())).is_err());
    }
}
