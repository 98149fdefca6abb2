//! A cell of a column for remarks -> the words in it that may mean that the person gets no mail.
//!
//! Exists because people who keep lists by hand write `unsubscribed in May` beside an address. Must
//! only warn: a sentence may mean something else.

use super::answers::{is_among, spoken};
use super::status::flat;

/// Names of columns for remarks, flat; each also with a number or an `s` behind it.
const NAMES: &str = "note remark comment memo info information additionalinfo additionalinformation internalnote \
    membernote contactnote adminnote description detail history annotation observation misc other reason \
    bemerkung kommentar notiz notizen anmerkung hinweis sonstige vermerk zusatz remarque commentaire \
    notes nota notas observacion observaciones comentario osservazioni commento commenti \
    observacao observacoes opmerking opmerkingen notitie 비고 메모 특이사항 참고 참고사항 코멘트 기타 \
    설명 의견 備考 メモ 备注 説明";

/// Clear words and phrases, spoken as [`spoken`] writes them: a part of a word counts at its beginning
/// where a star ends it.
const PHRASES: [&str; 78] = [
    "unsubscrib*",
    "unsub",
    "opt out",
    "opted out",
    "opts out",
    "optout",
    "remove from",
    "removed from",
    "remove me",
    "remove him",
    "remove her",
    "please remove",
    "pls remove",
    "please delete",
    "to be removed",
    "take off",
    "take me off",
    "off the list",
    "do not mail",
    "do not email",
    "do not e mail",
    "do not send",
    "do not contact",
    "do not write",
    "dont mail",
    "dont email",
    "dont e mail",
    "dont send",
    "dont contact",
    "dont write",
    "no mail*",
    "no email*",
    "no e mail*",
    "no newsletter*",
    "no more mail*",
    "no more email*",
    "no more e mail*",
    "no more newsletter*",
    "no more letters",
    "no longer wants",
    "no longer wishes",
    "no longer interested",
    "no longer a member",
    "no longer member",
    "no longer subscribed",
    "stop sending",
    "stop mail*",
    "stop email*",
    "stop newsletter*",
    "stop the newsletter",
    "left the society",
    "left the association",
    "left the club",
    "left the list",
    "cancelled subscription",
    "canceled subscription",
    "cancelled membership",
    "canceled membership",
    "subscription cancelled",
    "membership cancelled",
    "membership ended",
    "passed away",
    "withdrew consent",
    "consent withdrawn",
    "marked as spam",
    "spam complaint",
    "reported spam",
    "blacklist*",
    "blocklist*",
    "abgemeldet",
    "abmeld*",
    "abbestell*",
    "ausgetreten",
    "gekundigt",
    "widersprochen",
    "widerruf*",
    "nicht mehr mitglied",
    "nicht mehr interess*",
];

/// The same in further languages.
const MORE_PHRASES: [&str; 47] = [
    "keine post",
    "keine mail*",
    "keine email*",
    "keine e mail*",
    "keine infos",
    "keine zusendung*",
    "keine werbung",
    "keinen newsletter",
    "keine newsletter",
    "kein newsletter",
    "keinen rundbrief",
    "nicht anschreiben",
    "nicht mehr anschreiben",
    "nicht kontaktieren",
    "nicht senden",
    "nicht mehr senden",
    "nicht mehr schicken",
    "nicht mehr zusenden",
    "bitte loschen",
    "bitte streichen",
    "von der liste",
    "von liste",
    "aus der liste",
    "aus dem verteiler",
    "vom verteiler",
    "desabonn*",
    "desinscri*",
    "ne plus envoyer",
    "ne plus ecrire",
    "ne plus contacter",
    "ne veut plus",
    "ne souhaite plus",
    "plus de courriel*",
    "retirer de la liste",
    "resilie*",
    "dado de baja",
    "darse de baja",
    "no quiere recibir",
    "no enviar",
    "disiscri*",
    "non inviare",
    "non vuole piu",
    "uitgeschreven",
    "afgemeld",
    "opgezegd",
    "geen mail",
    "geen nieuwsbrief",
];

/// What is said of somebody who has died; of a member of their family it is another thing.
const DIED: &str = "deceased died verstorben gestorben decede decedee fallecido fallecida deceduto deceduta overleden";
const FAMILY: &str = "husband wife father mother son daughter brother sister parent parents partner spouse mann \
    ehemann frau ehefrau vater mutter sohn tochter bruder schwester gatte mari femme pere mere marido \
    esposa padre madre marito moglie man vrouw vader moeder";

/// The same in languages that do not part words with spaces.
const PARTS: &str = "수신거부 수신중단 수신해제 수신안함 수신원하지 수신을원하지 구독취소 구독해지 구독중단 탈퇴 회원해지 해지요청 \
    해지신청 해지함 해지됨 보내지말 보내지마 보내지않 발송금지 발송중단 발송제외 명단제외 명단에서제외 명단에서삭제 \
    삭제요청 삭제바람 메일그만 받지않 원치않 동의철회 스팸신고 退会 配信停止 解約 送らないで 送信不要 退订 取消订阅 逝去 去世";
const DIED_PARTS: &str = "사망 별세 작고하 死亡";
const FAMILY_PARTS: &str =
    "부친 모친 아버 어머 남편 아내 배우자 부인 부모 자녀 아들 조부 조모 장인 장모 시부 시모";

/// Whether a column of this name holds remarks.
pub(super) fn is_for_remarks(header: &str) -> bool {
    let name = flat(header);
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let last = spoken(header).pop().unwrap_or_default();
    [name, &*last].iter().any(|name| {
        let name = name.strip_suffix("s").unwrap_or(name);
        is_among(NAMES, name) || name.strip_suffix("en").is_some_and(|one| is_among(NAMES, one))
    }) || is_among(NAMES, name)
        || ["비고", "메모", "특이사항"].iter().any(|part| name.ends_with(part))
}

/// Whether a remark may say that the person wants no mail, or has left, or has died.
pub(super) fn may_say_no(cell: &str) -> bool {
    if cell.trim().len() < 4 {
        return false;
    }
    let words = spoken(cell);
    let text = format!(" {} ", words.join(" "));
    let stands = |phrase: &&str| match phrase.strip_suffix('*') {
        Some(begin) => text.contains(&format!(" {begin}")),
        None => text.contains(&format!(" {phrase} ")),
    };
    let of_family = words.iter().any(|word| is_among(FAMILY, word));
    if PHRASES.iter().chain(&MORE_PHRASES).any(stands)
        || !of_family && words.iter().any(|word| is_among(DIED, word))
        || wants_no_mail(&words)
    {
        return true;
    }
    if text.is_ascii() {
        return false;
    }
    let joined = words.concat();
    let has = |parts: &str| parts.split_whitespace().any(|part| joined.contains(part));
    has(PARTS)
        || words.iter().any(|word| word == "해지" || word == "제명")
        || has(DIED_PARTS) && !has(FAMILY_PARTS)
}

/// `Does not want the letter any more`, `will keine Post mehr`: a no beside a wish and the mail.
fn wants_no_mail(words: &[String]) -> bool {
    const NO: &str = "not dont doesnt didnt kein keine keinen nicht ne pas no non niet geen";
    const WISH: &str = "want wants wish wishes receive receives like get interested will mochte mochten wunscht \
        wunschen veut souhaite quiere vuole wil";
    const MAIL: &str = "mail mails mailing mailings email emails newsletter newsletters letter letters news post \
        list rundbrief rundbriefe zusendungen courrier lettre correo boletin posta nieuwsbrief";
    let has = |list: &str| words.iter().any(|word| is_among(list, word));
    has(NO) && has(WISH) && has(MAIL)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn remarks_that_may_say_no_are_noticed() {
        for cell in [
            "unsubscribed in May",
            "please remove from list",
            "Please remove her, phoned 3 May",
            "deceased 2025",
            "died 2 May 2025",
            "will keine Post mehr",
            "möchte den Newsletter nicht mehr",
            "verstorben",
            "Verstorben 2024",
            "hat am 3.5. gekündigt",
            "bitte löschen",
            "doesn't want the letter any more",
            "no e-mails please",
            "Opted-out by phone",
            "ne veut plus recevoir",
            "désabonnée en mai",
            "수신거부 요청",
            "메일 보내지 마세요",
            "2024년 탈퇴",
            "사망",
            "配信停止を希望",
        ] {
            assert!(may_say_no(cell), "{cell}");
        }
    }

    #[test]
    fn other_remarks_are_left_alone() {
        for cell in [
            "",
            "board member since 2010",
            "husband died 2020",
            "부친 사망",
            "resigned as treasurer",
            "moved to Busan",
            "left-handed",
            "prefers the morning",
            "no longer at Hanbit",
            "Ankündigung im März",
            "speaks no English",
            "not on the board",
            "이해지 교수 소개",
            "wants a receipt by post",
            "does not want to give a talk",
        ] {
            assert!(!may_say_no(cell), "{cell}");
        }
    }

    #[test]
    fn columns_for_remarks_are_known_by_name() {
        for header in [
            "Notes",
            "note",
            "NOTES",
            "Remarks",
            "Comments",
            "Kommentar",
            "Bemerkung",
            "Bemerkungen",
            "Anmerkungen",
            "Internal notes",
            "Memo",
            "Info",
            "비고",
            "메모",
            "관리자 메모",
            "備考",
        ] {
            assert!(is_for_remarks(header), "{header}");
        }
        for header in ["Name", "Company", "City", "Tags", "Status", "Title", "Newsletter", "소속"]
        {
            assert!(!is_for_remarks(header), "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_remark_is_read(cell in "\\PC{0,60}") {
            let _ = (may_say_no(&cell), is_for_remarks(&cell));
        }
    }
}
