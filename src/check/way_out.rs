//! Links of a text that lead to the reader's own page for leaving the list: whoever presses one that
//! says something else leaves without wanting to.
//!
//! Must never tell of the letter's own link, which the footer has, or of preferences: those undo nothing.

use super::links::each;
use super::view::View;
use crate::diagnostic::Diagnostic;

/// Words for leaving a list, in the languages of the letter and some others, in small letters and
/// without white space. A part of a word is enough: `abmeld` is in `Abmeldung`.
const WORDS: [&str; 65] = [
    "unsubscrib",
    "optout",
    "opt-out",
    "leavethelist",
    "leavethislist",
    "leaveourlist",
    "leavethenewsletter",
    "leavethisnewsletter",
    "stopreceiving",
    "nolongerreceive",
    "수신거부",
    "수신을거부",
    "수신해제",
    "수신취소",
    "수신중단",
    "구독취소",
    "구독을취소",
    "구독해지",
    "구독을해지",
    "구독해제",
    "구독을해제",
    "구독중단",
    "구독을중단",
    "구독중지",
    "그만받",
    "abmeld",
    "meldedichab",
    "meldensiesichab",
    "abbestell",
    "austragen",
    "kündig",
    "désabonn",
    "desabonn",
    "désinscri",
    "desinscri",
    "résili",
    "cancelarlasuscripci",
    "cancelarsuscripci",
    "cancelarmisuscripci",
    "anularlasuscripci",
    "darsedebaja",
    "darmedebaja",
    "dartedebaja",
    "desuscri",
    "配信停止",
    "配信を停止",
    "配信解除",
    "購読解除",
    "購読を解除",
    "購読中止",
    "購読停止",
    "登録解除",
    "登録を解除",
    "退会",
    "退订",
    "退訂",
    "取消订阅",
    "取消訂閱",
    "إلغاءالاشتراك",
    "إلغاءاشتراك",
    "الغاءالاشتراك",
    "הסרה",
    "ביטולההרשמה",
    "ביטולמינוי",
    "הסירואותי",
];

/// Words that say it alone, and in a longer text something else.
const WHOLE: [&str; 4] = ["leave", "해지", "baja", "הסר"];

/// The rule `link-unsubscribe`.
pub(super) fn texts(view: &View<'_>) -> Vec<Diagnostic> {
    each(view, |link| {
        if !link.is_way_out || says_so(&link.text) {
            return None;
        }
        let what = match link.text.trim() {
            "" => "this link unsubscribes whoever presses it, and has no text".to_owned(),
            text => format!("{text:?} unsubscribes whoever presses it, and does not say so"),
        };
        Some(Diagnostic::warning("link-unsubscribe", what).at(link.label()).help(
            "say it in the text of the link, as [unsubscribe]({{ unsubscribe_url }}) does, or lead \
             to the page that is meant",
        ))
    })
}

/// Whether a text says that who presses it leaves the list, or is the address itself.
fn says_so(text: &str) -> bool {
    let flat: String = text.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    let bare = flat.trim_matches(|c: char| !c.is_alphanumeric());
    WORDS.iter().any(|word| flat.contains(word))
        || WHOLE.contains(&bare)
        || flat.contains("«unsubscribe_url»")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_leaving_are_known_in_each_language_of_the_letter() {
        for text in [
            "Unsubscribe",
            "opt out",
            "Leave the list",
            "leave",
            "Newsletter abbestellen",
            "Abmeldung",
            "수신 거부",
            "구독 취소하기",
            "구독을 해지합니다",
            "Se désabonner",
            "Me désinscrire",
            "Cancelar la suscripción",
            "Darse de baja",
            "配信停止はこちら",
            "退订",
            "取消訂閱",
            "إلغاء الاشتراك",
            "הסרה מרשימת התפוצה",
            "«unsubscribe_url»",
        ] {
            assert!(says_so(text), "{text}");
        }
    }

    #[test]
    fn other_words_do_not_say_it() {
        for text in [
            "Read the rest of this story",
            "leave a comment",
            "here",
            "",
            "구독하기",
            "Baja California",
        ] {
            assert!(!says_so(text), "{text}");
        }
    }
}
