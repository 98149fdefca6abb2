//! Brevo: <https://developers.brevo.com/docs/transactional-webhooks>

use serde_json::Value;

use super::{BounceClass, BounceReason, EventMeaning, ToldEvent, said, seconds, text};

pub(super) fn event(value: &Value) -> Option<ToldEvent<'_>> {
    let kind = text(value, "event");
    let failed = |for_good, reason| EventMeaning::Failed { for_good, reason };
    let meaning = match kind {
        "delivered" => EventMeaning::Is(BounceClass::Delivered),
        "spam" | "complaint" => EventMeaning::Is(BounceClass::Complaint),
        "unsubscribed" => EventMeaning::Is(BounceClass::Unsubscribe),
        "hard_bounce" | "invalid_email" => failed(true, BounceReason::Unknown),
        "soft_bounce" => failed(false, BounceReason::Unknown),
        // What is late is tried again; what is blocked was stopped by Brevo itself.
        _ => EventMeaning::Is(BounceClass::None),
    };
    let email = said(value, "email")?;
    // `id` is the hook's. An event has none of its own.
    let time = value.get("ts_event").or(value.get("ts"))?;
    let id = format!("{kind}/{}/{email}/{time}", text(value, "message-id"));
    Some(ToldEvent {
        id,
        email,
        meaning,
        text: text(value, "reason"),
        status: None,
        code: None,
        message_id: None,
        relay_id: None,
        at: seconds(Some(time)),
    })
}
