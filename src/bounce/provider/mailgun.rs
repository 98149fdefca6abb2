//! Mailgun: <https://documentation.mailgun.com/docs/mailgun/user-manual/tracking-messages/>

use serde_json::Value;

use super::{BounceClass, BounceReason, EventMeaning, ToldEvent, said, seconds, text};

/// What is to be proven before anything else of a body counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailgunSignature {
    /// Seconds since 1970, as it was written.
    pub timestamp: String,
    /// A random text, of one request alone.
    pub token: String,
    /// HMAC-SHA256 of both, in hexadecimal.
    pub code: String,
}

/// The proof in a body, if it has one.
pub fn signature(body: &[u8]) -> Option<MailgunSignature> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let signature = value.get("signature")?;
    let part = |key| said(signature, key).map(str::to_owned);
    Some(MailgunSignature {
        timestamp: part("timestamp")?,
        token: part("token")?,
        code: part("signature")?,
    })
}

pub(super) fn event(value: &Value) -> Option<ToldEvent<'_>> {
    let event = value.get("event-data")?;
    let reason = text(event, "reason");
    let meaning = match (text(event, "event"), text(event, "severity")) {
        ("delivered", _) => EventMeaning::Is(BounceClass::Delivered),
        ("complained", _) => EventMeaning::Is(BounceClass::Complaint),
        ("unsubscribed", _) => EventMeaning::Is(BounceClass::Unsubscribe),
        ("failed", "permanent") => match reason {
            "suppress-complaint" => EventMeaning::Is(BounceClass::Complaint),
            "suppress-unsubscribe" => EventMeaning::Is(BounceClass::Unsubscribe),
            "bounce" | "suppress-bounce" => {
                EventMeaning::Failed { for_good: true, reason: BounceReason::Unknown }
            }
            "espblock" => EventMeaning::Failed { for_good: false, reason: BounceReason::Blocked },
            "old" => EventMeaning::Failed { for_good: false, reason: BounceReason::Expired },
            _ => EventMeaning::Failed { for_good: false, reason: BounceReason::Unknown },
        },
        // What failed for now is tried again.
        _ => EventMeaning::Is(BounceClass::None),
    };
    let status = event.get("delivery-status").unwrap_or(&Value::Null);
    let words = said(status, "message").or(said(status, "description"));
    let headers = event.get("message").and_then(|message| message.get("headers"));
    Some(ToldEvent {
        id: said(event, "id")?.to_owned(),
        email: said(event, "recipient")?,
        meaning,
        text: words.unwrap_or_default(),
        status: said(status, "enhanced-code"),
        code: status.get("code").and_then(Value::as_i64),
        message_id: headers.and_then(|headers| said(headers, "message-id")),
        relay_id: None,
        at: seconds(event.get("timestamp")),
    })
}
