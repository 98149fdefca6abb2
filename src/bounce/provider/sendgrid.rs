//! SendGrid: <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>

use serde_json::Value;

use super::{BounceClass, BounceReason, EventMeaning, ToldEvent, said, seconds, text};

pub(super) fn event(value: &Value) -> Option<ToldEvent<'_>> {
    let failed = |for_good, reason| EventMeaning::Failed { for_good, reason };
    let meaning = match (text(value, "event"), text(value, "type")) {
        ("delivered", _) => EventMeaning::Is(BounceClass::Delivered),
        ("spamreport", _) => EventMeaning::Is(BounceClass::Complaint),
        ("unsubscribe" | "group_unsubscribe", _) => EventMeaning::Is(BounceClass::Unsubscribe),
        ("bounce", "blocked") => failed(false, BounceReason::Blocked),
        ("bounce", _) => failed(true, BounceReason::Unknown),
        // It was never tried, because of what SendGrid knows from before.
        ("dropped", _) => match text(value, "reason") {
            "Bounced Address" | "Invalid" => failed(true, BounceReason::Unknown),
            "Spam Reporting Address" => EventMeaning::Is(BounceClass::Complaint),
            "Unsubscribed Address" => EventMeaning::Is(BounceClass::Unsubscribe),
            _ => EventMeaning::Is(BounceClass::None),
        },
        _ => EventMeaning::Is(BounceClass::None),
    };
    Some(ToldEvent {
        id: said(value, "sg_event_id")?.to_owned(),
        email: said(value, "email")?,
        meaning,
        text: said(value, "reason").or(said(value, "response")).unwrap_or_default(),
        status: said(value, "status"),
        code: None,
        message_id: said(value, "smtp-id"),
        relay_id: None,
        at: seconds(value.get("timestamp")),
    })
}
