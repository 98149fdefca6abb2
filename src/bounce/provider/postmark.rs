//! Postmark: <https://postmarkapp.com/developer/webhooks/webhooks-overview>

use serde_json::Value;

use super::{BounceClass, BounceReason, EventMeaning, ToldEvent, said, text};

pub(super) fn event(value: &Value) -> Option<ToldEvent<'_>> {
    let kind = text(value, "RecordType");
    let meaning = match kind {
        "Bounce" => bounce(text(value, "Type")),
        "SpamComplaint" => EventMeaning::Is(BounceClass::Complaint),
        "Delivery" => EventMeaning::Is(BounceClass::Delivered),
        "SubscriptionChange" if value.get("SuppressSending") == Some(&Value::Bool(true)) => {
            match text(value, "SuppressionReason") {
                "ManualSuppression" if text(value, "Origin") == "Recipient" => {
                    EventMeaning::Is(BounceClass::Unsubscribe)
                }
                // Of the others there is a report of its own.
                _ => EventMeaning::Is(BounceClass::None),
            }
        }
        _ => EventMeaning::Is(BounceClass::None),
    };
    let at = ["BouncedAt", "DeliveredAt", "ChangedAt"].iter().find_map(|key| said(value, key));
    let email = said(value, "Email").or(said(value, "Recipient"))?;
    let id = match value.get("ID").and_then(Value::as_i64) {
        Some(number) => format!("{kind}/{number}"),
        None => {
            let message = text(value, "MessageID");
            format!("{kind}/{message}/{email}/{}", at.unwrap_or_default())
        }
    };
    let words = said(value, "Details").or(said(value, "Description"));
    Some(ToldEvent {
        id,
        email,
        meaning,
        text: words.unwrap_or_default(),
        status: None,
        code: None,
        message_id: None,
        relay_id: None,
        at: at.and_then(|at| at.parse().ok()),
    })
}

fn bounce(kind: &str) -> EventMeaning {
    let soft = |reason| EventMeaning::Failed { for_good: false, reason };
    match kind {
        "HardBounce" | "BadEmailAddress" => {
            EventMeaning::Failed { for_good: true, reason: BounceReason::Unknown }
        }
        "SpamComplaint" => EventMeaning::Is(BounceClass::Complaint),
        "Unsubscribe" => EventMeaning::Is(BounceClass::Unsubscribe),
        "AutoResponder" | "ChallengeVerification" | "AddressChange" => {
            EventMeaning::Is(BounceClass::Autoreply)
        }
        "SoftBounce" | "Unknown" | "DnsError" => soft(BounceReason::Unknown),
        "SpamNotification" => soft(BounceReason::Spam),
        "VirusNotification" => soft(BounceReason::Virus),
        "DMARCPolicy" => soft(BounceReason::Authentication),
        "Blocked" => soft(BounceReason::Blocked),
        // What is late is tried again; the others say nothing of an address.
        _ => EventMeaning::Is(BounceClass::None),
    }
}
