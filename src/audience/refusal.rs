//! The name of a column -> whether a mark in it refuses mail, or says that somebody has left.
//!
//! Exists because people call such columns in their own words: `Keine E-Mails`, `소식지 받지 않음`,
//! `Datum Austritt`. Must apply nothing of which every word is not known: the rest is asked about.

use super::answers::is_among;

/// What a name says of leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// That the person has left, and a day or a reason: whatever stands in it says so.
    Dated,
    /// That they have left. A mark in it may mean something else.
    Said,
}

/// A no, as a word of its own.
const NO: &str = "no not non dont doesnt didnt never without cannot cant wont kein keine keinen keiner \
    keinem keines nicht nie nein ohne pas sans jamais sin nunca senza nao niet geen nooit";
/// Words that make a no of a mail or a consent.
const UNDONE: &str = "ungultig ungueltig unzustellbar falsch falsche fehlerhaft fehlerhafte defekt invalid wrong \
    undeliverable unerwunscht ungewunscht unwanted withdrawn revoked refused declined denied \
    missing fehlt entzogen verweigert abgelehnt zuruckgezogen gesperrt sperre stop stopped stopp \
    gestoppt blocked";
/// A no in Korean, Japanese and Chinese, as parts of a name. `안내`, `미술` and `불교` have none.
const NO_PARTS: &str = "거부 거절 사양 싫 않 안함 안받 안보내 안원 안해 안됨 미동의 미수신 미구독 미신청 미희망 미승인 \
    미허용 비동의 비수신 비구독 비희망 부동의 불동의 불가 불원 불허 불필요 불능 불희망 원치 필요없 금지 \
    중단 중지 제외 차단 취소 철회 해지 해제 그만 마세요 말아 지말 없음 반송 실패 무효 오류 不要 拒否 拒收 \
    不同意 停止 しない";
/// Words before a no that make it one of two answers, or a condition.
const EITHER: &str = "oder or ou o of wenn falls if";
/// The same of Korean, flat.
const EITHER_PARTS: &str = "않으면 않을시 않을경우 않는경우 거부시 미동의시 원치않을";
/// The same as they are written with a stroke: `수신 동의/거부`.
const EITHER_SIGNS: [&str; 4] = ["동의/", "수신/", "허용/", "同意/"];
/// A yes beside a plain no: `Newsletter (ja/nein)` asks.
const YES: &str = "yes ja oui si sim";
const PLAIN_NO: &str = "no nein non nao nee";

/// Whole names that say it without naming mail, flat.
const NAMES: &str = "loschen zuloschen bitteloschen streichen zustreichen raus delete todelete tobedeleted \
    pleaseremove werbesperre werbeverbot kontaktsperre versandsperre 삭제 삭제요청 삭제대상 고인";
/// A part of an address in America.
const MAIL_STOP: &str = "mailstop";

/// Mail, as parts of a name and as words.
const MAIL_PARTS: &str = "mail newsletter rundbrief rundschreiben infobrief infopost infolettre courriel boletin \
    bollettino nieuwsbrief 메일 소식 뉴스레터 레터 회보 メール メルマガ 邮件";
const MAIL: &str = "post brief briefe news info infos information informationen letter letters lettre correo \
    correos zusendung zusendungen werbung nieuws noticias updates abo abos nl";
/// What is said of other things than mail as well: consent, contact, sending.
const CONSENT_PARTS: &str = "contact kontakt send schick schreib write einwillig zustimm einverstand consent \
    permission optin subscri abonn angemeldet versand verteiler interess wunsch zustellbar \
    erreichbar deliverab receive erhalten bekommen envoy envi invia 수신 구독 발송 동의 연락 보내 \
    받 광고 配信 受信 購読 同意";

/// Members of something, and words that say that somebody is no longer one.
const MEMBERS: &str = "member mitglied adherent membre socio socia lid medlem aktiv active dabei";
const NO_MORE: &str = "mehr longer anymore more plus piu meer ya";
const FORMER: &str = "ex former ehemalig ehemalige ehemaliges ehemaliger ancien ancienne oud";

/// Whether a name says that a mark in it refuses mail: `Keine E-Mails`, `nicht mehr Mitglied`,
/// `E-Mail ungültig`, `소식지 거부`. Where it `names_others`, such as photos, it has to name mail.
pub(super) fn refuses(header: &str, name: &str, words: &[String], names_others: bool) -> bool {
    let has = |parts: &str| parts.split_whitespace().any(|part| name.contains(part));
    let is_word = |list: &str| words.iter().any(|word| is_among(list, word));
    let joined: String = header.split_whitespace().collect();
    let is_either = is_word(YES) && is_word(PLAIN_NO)
        || has(EITHER_PARTS)
        || EITHER_SIGNS.iter().any(|sign| joined.contains(sign));
    if is_either || name.starts_with(MAIL_STOP) {
        return false;
    }
    if is_among(NAMES, name) {
        return true;
    }
    let is_member = words.iter().any(|word| {
        MEMBERS.split_whitespace().any(|member| word.starts_with(member) || word.ends_with(member))
    });
    let negates = (0..words.len()).any(|at| is_no(words, at));
    if is_member && (negates && is_word(NO_MORE) || is_word(FORMER)) {
        return true;
    }
    let is_mail = has(MAIL_PARTS) || is_word(MAIL) || !names_others && has(CONSENT_PARTS);
    is_mail && (negates || is_word(UNDONE) || has(NO_PARTS))
}

/// Whether the word is a no. `Member no` and `No of mails` are numbers, `Non-profit` is a kind.
fn is_no(words: &[String], at: usize) -> bool {
    let (word, next) = (words[at].as_str(), words.get(at + 1).map(String::as_str));
    let is_either = at > 0 && is_among(EITHER, &words[at - 1]);
    let is_mail = |word: &str| {
        is_among(MAIL, word)
            || [MAIL_PARTS, CONSENT_PARTS]
                .iter()
                .any(|parts| parts.split_whitespace().any(|part| word.contains(part)))
    };
    is_among(NO, word)
        && !is_either
        && match word {
            "no" => next.is_some_and(|next| next != "of" && !next.starts_with(is_digit)),
            "non" => next.is_none_or(|next| is_mail(next) || is_among(NO_MORE, next)),
            _ => true,
        }
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// Words of leaving a society or a list, and of death, flat. `Leave` alone is a holiday.
const LEAVE: &str = "left leaving hasleft resigned resignation resigning quit cancelled canceled cancellation \
    terminated withdrawn withdrew withdrawal deceased died death removed deleted deactivated \
    unsubscribed unsubscription optout optedout austritt austritts ausgetreten austreten kundigung \
    kundigungs gekundigt abmeldung abmelde abgemeldet abbestellung abbestellt ausscheiden \
    ausscheide ausgeschieden ausschluss ausgeschlossen gestrichen entfernt beendet verstorben gestorben verst gest sterbe tod todes \
    geloscht ausgetragen widerruf widerrufs widerrufen widerspruch widerspruchs widersprochen \
    demission demissionne resiliation resilie radiation radie deces decede baja fallecido \
    fallecimiento dimissioni disdetta deceduto decesso opzegging opgezegd uitgetreden uittreding \
    overleden 탈퇴 탈회 퇴회 해지 제명 제적 자격상실 사망 별세 작고 소천 철회 수신거부 구독취소 구독해지 退会 脱会 解約 死亡 退订";
/// Words that make a day or a reason of it, or a yes and a no.
const DATED: &str = "date dates dateof dated datum on at since per zum am seit wann when asof effective wirksam \
    tag tage zeitpunkt reason reasonfor grund fecha fechade data motif motivo causa 일 일자 일시 날짜 \
    연월일 년월일 시각 시점 사유 이유 여부 日 日時 日付 年月日 日期 理由 原因";
/// Words that change nothing of it. None is a syllable that makes another word of one of leaving, as
/// `Ankündigung` and `Abkündigung` are.
const FILLING: &str = "der des dem den die das aus vom von im in of the de du la le el il del della from s es \
    year jahr member members membership memberships mitglied mitglieder mitglieds mitgliedschaft \
    verein vereins vereines society club association gesellschaft verband newsletter newsletters \
    list liste verteiler subscription abo abonnement user account has hat ist is was wurde for \
    회원 정회원 준회원 협회 학회 처리 신청 요청 완료 예정 확정 접수 최종 된 한 함 자 구독 수신 동의 광고 마케팅 정보 \
    이메일 메일 뉴스레터 소식지 서비스 계정";
/// A longer name is a sentence.
const NAME_BYTES: usize = 80;

/// What a name says of leaving that is made of nothing but such words, in any order.
pub(super) fn leaving(name: &str) -> Option<Leaving> {
    if name.len() > NAME_BYTES {
        return None;
    }
    // What a name is made of up to each byte: bit 0 says that it is, bits 1 and 2 which kinds of
    // words it has; one entry for each of the four mixtures.
    let kinds = [(LEAVE, 1), (DATED, 2), (FILLING, 0)];
    let mut reached = vec![[false; 4]; name.len() + 1];
    reached[0][0] = true;
    for at in 0..name.len() {
        let so_far = reached[at];
        if so_far == [false; 4] {
            continue;
        }
        for (words, kind) in kinds {
            for word in words.split_whitespace().filter(|word| name[at..].starts_with(*word)) {
                for (mixture, _) in so_far.iter().enumerate().filter(|(_, is)| **is) {
                    reached[at + word.len()][mixture | kind] = true;
                }
            }
        }
    }
    match reached[name.len()] {
        [_, _, _, true] => Some(Leaving::Dated),
        [_, true, ..] => Some(Leaving::Said),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::answers::spoken;
    use super::super::status::flat;
    use super::*;

    fn is_refusal(header: &str) -> bool {
        refuses(header, &flat(header), &spoken(header), false)
    }

    #[test]
    fn a_no_beside_mail_or_consent_refuses() {
        for header in [
            "Keine E-Mails",
            "keine_Mails",
            "keine E-Mail",
            "nicht anschreiben",
            "will keine Post",
            "kein Newsletter",
            "kein NL",
            "zu löschen",
            "Werbesperre",
            "Mailing stop",
            "Newsletter nein",
            "ohne Rundbrief",
            "E-Mail ungültig",
            "nicht mehr Mitglied",
            "kein Mitglied mehr",
            "ehemaliges Mitglied",
            "No emails",
            "No longer a member",
            "Not to be contacted",
            "Consent withdrawn",
            "Pas de courriel",
            "Newsletter non",
            "sin correo",
            "소식지 거부",
            "메일 수신 안함",
            "메일 수신 안 함",
            "소식지 받지 않음",
            "수신 미동의",
            "메일 발송 금지",
            "연락 불가",
            "メール不要",
        ] {
            assert!(is_refusal(header), "{header}");
        }
        assert!(refuses("No email/SMS", "noemailsms", &spoken("No email/SMS"), true));
        assert!(!refuses("No SMS contact", "nosmscontact", &spoken("No SMS contact"), true));
    }

    #[test]
    fn a_number_an_alternative_and_other_things_do_not_refuse() {
        for header in [
            "Newsletter no",
            "No of emails sent",
            "Non-profit newsletter",
            "Mail Stop",
            "Löschdatum",
            "Newsletter (ja/nein)",
            "Newsletter gewünscht oder nicht?",
            "광고 수신 동의/거부",
            "뉴스레터 수신 (원치 않으면 X)",
            "Nichte",
            "Nichtmitglied",
            "Nichtraucher",
            "안내 메일",
            "미술 소식지",
            "불교 소식",
            "회비 미납",
            "보안 등급",
        ] {
            assert!(!is_refusal(header), "{header}");
        }
    }

    #[test]
    fn a_day_of_leaving_is_one_in_any_order() {
        for header in [
            "탈퇴일자",
            "탈퇴 일자",
            "탈퇴날짜",
            "해지일시",
            "회원 탈퇴 처리일",
            "탈퇴 연월일",
            "뉴스레터 해지일",
            "Datum Austritt",
            "Austritt per",
            "ausgetreten zum",
            "Datum des Austritts",
            "Austritt aus dem Verein am",
            "Kündigung per",
            "Austrittsgrund",
            "Mitgliedschaft beendet am",
            "회원 자격상실일",
            "Sterbedatum",
            "Todestag",
            "Resigned on",
            "leftOn",
            "date_left",
            "Reason for leaving",
            "Date de démission",
        ] {
            assert_eq!(leaving(&flat(header)), Some(Leaving::Dated), "{header}");
        }
        for header in ["Vereinsaustritt", "회원탈퇴", "Austrittsjahr", "Kündigung Newsletter"]
        {
            assert_eq!(leaving(&flat(header)), Some(Leaving::Said), "{header}");
        }
        for header in [
            "",
            "Beitritt",
            "Eintrittsdatum",
            "Mitglied seit",
            "Kündigungsfrist",
            "Ankündigung",
            "Abkündigung am",
            "Time left",
            "On leave",
            "Austria",
            "가입일",
            "탈춤 동아리",
            "해지 방법",
        ] {
            assert_eq!(leaving(&flat(header)), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_read(header in "\\PC{0,60}") {
            let name = flat(&header);
            let _ = (refuses(&header, &name, &spoken(&header), false), leaving(&name));
        }
    }
}
