//! SparkPost: <https://developers.sparkpost.com/api/webhooks/>

use serde_json::Value;

use super::{BounceClass, BounceReason, EventMeaning, ToldEvent, said, seconds_in_text, text};

pub(super) fn event(value: &Value) -> Option<ToldEvent<'_>> {
    // One key says of which kind it is: message_event, unsubscribe_event. A test has none.
    let event = value.get("msys")?.as_object()?.values().next()?;
    let meaning = match text(event, "type") {
        "delivery" => EventMeaning::Is(BounceClass::Delivered),
        "spam_complaint" => EventMeaning::Is(BounceClass::Complaint),
        "list_unsubscribe" | "link_unsubscribe" => EventMeaning::Is(BounceClass::Unsubscribe),
        "bounce" | "out_of_band" => bounce(text(event, "bounce_class")),
        // What is late is tried again.
        _ => EventMeaning::Is(BounceClass::None),
    };
    let words = said(event, "raw_reason").or(said(event, "reason"));
    Some(ToldEvent {
        id: said(event, "event_id")?.to_owned(),
        email: said(event, "rcpt_to")?,
        meaning,
        text: words.unwrap_or_default(),
        status: None,
        code: text(event, "error_code").parse().ok(),
        message_id: None,
        relay_id: None,
        at: seconds_in_text(text(event, "timestamp")),
    })
}

/// <https://support.sparkpost.com/docs/deliverability/bounce-classification-codes>
fn bounce(class: &str) -> EventMeaning {
    let soft = |reason| EventMeaning::Failed { for_good: false, reason };
    match class {
        // An invalid recipient, and no recipient at all.
        "10" | "30" => EventMeaning::Failed { for_good: true, reason: BounceReason::Unknown },
        "22" => soft(BounceReason::MailboxFull),
        "50" | "51" | "52" => soft(BounceReason::Blocked),
        "60" => EventMeaning::Is(BounceClass::Autoreply),
        "80" => EventMeaning::Is(BounceClass::None),
        "90" => EventMeaning::Is(BounceClass::Unsubscribe),
        _ => soft(BounceReason::Unknown),
    }
}
