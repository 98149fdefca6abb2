//! The name of a column -> whether it says that people may be mailed, and in which sense; and what
//! somebody has told us of it.
//!
//! Exists because mail to somebody who left costs more than a question. Must never guess what a
//! column means: what only looks like consent is asked about.

use super::answers::{is_among, spoken};
use super::known::known;
use super::refusal::{Leaving, leaving, refuses};
use super::status::flat;

/// What a column says of consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// A word such as `unsubscribed`; one that is not known is asked about.
    Status,
    /// The same under a name that others use as well, such as `state`: a column without any such
    /// word is none.
    Loose,
    /// How somebody stands in a society. Who left it is not mailed; whoever is inactive, or has not
    /// paid, has said nothing of mail.
    Standing,
    /// A yes means that the person may be mailed; without it, the reason why not.
    May(&'static str),
    /// A yes means that they must not, and why.
    MustNot(&'static str),
    /// Whatever stands in it, such as a day, means that they have left, and why.
    Date(&'static str),
    /// It looks as if a yes meant that they may.
    LooksMay,
    /// It looks as if a yes meant that they must not.
    LooksMustNot,
    /// The same, of names such as `newsletter` that may hold a title or an interval instead. Any other
    /// short word in it is an answer.
    SeemsMay,
    /// The same, of names such as `marketing` that often hold something else.
    PerhapsMay,
    /// The day on which they confirmed, as it looks: an empty one may mean that they never did.
    Confirmed,
    /// Something else, whatever its name.
    Aside,
    /// A plain field. A word that is said of nothing else still counts.
    Plain,
}

/// What somebody says of a column, or of one word in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A true value, or this word, means that the person may be mailed.
    Yes,
    /// It means that they must not be mailed.
    No,
    /// It has nothing to do with consent.
    Ignore,
}

/// Where that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaidIn {
    /// In digest.toml, for all lists of the publication.
    Configuration,
    /// On the command line, for this list.
    CommandLine,
}

/// What somebody has said of one column: `Opted In=yes`, or of one word in it: `Status: Gold=yes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentColumn {
    /// The column as the list calls it, or the column, a colon and the word.
    pub name: String,
    /// What it means.
    pub meaning: Meaning,
    /// Where that was said.
    pub said_in: SaidIn,
}

/// What is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the column and what it means, as in 'Opted In=yes': yes, no or ignore")]
pub struct NoConsentColumn;

impl Meaning {
    /// The words for it, as a person writes them.
    pub const WORDS: [(&'static str, Meaning); 3] =
        [("yes", Meaning::Yes), ("no", Meaning::No), ("ignore", Meaning::Ignore)];

    /// Reads one of the words.
    pub fn read(word: &str) -> Option<Meaning> {
        let word = word.trim().to_lowercase();
        Meaning::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
    }
}

/// Reads `Opted In=yes`. The last equals sign counts: names may have one.
///
/// # Errors
/// It is not of this form.
pub fn consent_column(text: &str) -> Result<ConsentColumn, NoConsentColumn> {
    let (name, meaning) = text.rsplit_once('=').ok_or(NoConsentColumn)?;
    let meaning = Meaning::read(meaning).ok_or(NoConsentColumn)?;
    if flat(name).is_empty() {
        return Err(NoConsentColumn);
    }
    Ok(ConsentColumn { name: name.trim().to_owned(), meaning, said_in: SaidIn::CommandLine })
}

/// Consent to something else than mail from this publication.
const OTHERS: &str = "sms mms phone telephone mobile whatsapp telegram push cookie terms privacy photo picture \
    track kakao fax postal bypost directmail thirdparty partner directcall voice 문자 알림톡 \
    카카오 전화 제3자 개인정보 이용약관 datenschutz telefon confidentialite 個人情報";

/// Parts of names that speak of leaving.
const LEAVING: &str = "unsub optout optedout optsout optingout donotemail donotmail donotcontact donotsend \
    dontemail dontmail nomailing nonewsletter noemail blacklist blocklist suppress undeliverab \
    unzustellbar rucklaufer 반송 hardbounce bounced bouncedate bouncereason complained spamcomplaint leftlist abgemeldet \
    abmeld abbestell widerruf widersproch gekundigt austrag desabonn desinscri desuscri disiscri descadastr afgemeld \
    afmeld uitgeschreven uitschrijf 수신거부 구독취소 구독해지 배신거부 退会 配信停止 退订";

/// Parts of names that speak of agreeing.
const AGREEING: &str = "optin optedin optsin consent permission gdpr dsgvo rgpd subscribed mayemail maymail \
    canemail canmail oktoemail okaytoemail oktomail emailok mailok acceptsemail \
    acceptsmarketing emailallowed mailallowed emailverified einwillig zustimmung einverstand \
    consentement consentimiento consenso consentimento toestemming 동의 수신여부 同意 許諾";

/// Parts of names that may speak of agreeing, or of a title, an interval, a plan.
const PERHAPS: &str = "newsletter mailing marketing subscription subscribe emailupdates receiveemail receivemail \
    receivesemail wantsemail wantsmail sendemail contactable mailable emailable rundbrief \
    rundmail rundschreiben infomail infopost verteiler 소식지 수신 \
    infobrief infolettre abonnement boletin bollettino nieuwsbrief 구독 뉴스레터 메일링 \
    メルマガ 订阅";

/// Days of confirming, as far as they are not an exporter's own.
const CONFIRMED: &str = "confirmedat confirmedon confirmationdate dateconfirmed verifiedat activatedat bestatigtam \
    confirmele confirmationtime 인증일";

/// Endings of names that tell when, or why.
const WHEN: &str = "at on date time datetime timestamp reason day when source by datum am grund le fecha motif \
    일 일자 일시 날짜 사유 日 日時 理由";

/// Endings of names that are about the means of leaving.
const LINKS: &str = "url urls link links token key hash page form rate count score 링크 주소";

/// Beginnings that tell when.
const WHEN_FIRST: &str = "dateof date datum fecha datede timeof";

/// Endings of names that are about the form of a thing, not about whether somebody wants it.
const FORM: &str = "id ids url urls link token key hash page rate count counts number score ip ipaddress name \
    title text type plan tier level method format form language frequency group list version \
    length 경로 유형 링크";

/// Last words of names that begin as if they spoke of agreeing, and are about something else.
const FORM_WORDS: &str = "edition issue issues topic topics interest interests category categories segment source \
    medium campaign campaigns clicks opens opened clicked sent price amount fee cost end ends expiry \
    expires expiration start starts begin renewal renews period term year month currency interval \
    product item ref reference no nr nummer typ art seit bis beginn preis stage role manager owner \
    department team note notes comment comments editor author template country city address since \
    from to kategorie thema themen sprache intervall ausgabe 주기 빈도 언어 종류 분야 주제 채널 금액 요금 플랜 상품 기간 번호 제목 이름";
/// Words of a postal address.
const POSTAL: &str = "address addresses street city town zip zipcode postcode postal state province country county \
    region line suite house label labels";
/// Parts of names of which much else is said.
const OFTEN_OTHER: &str = "subscriber marketing verteiler 구독자 購読者";
/// Parts of names that only look like those of a wish.
const NO_WISH: &str = "수신자 수신인 수신처 수신지 수신번호";

/// Parts of names that tell whose standing it is: that of a member of something.
const MEMBERS: &str =
    "member mitglied 회원 가입 adherent adhesion membre socio socia lidmaatschap medlem 会員 成员";
/// The same of a reader.
const READERS: &str =
    "subscriber abonnent account user reader person contact 구독자 독자 계정 購読者 读者";
/// Parts of names that tell how things stand.
const STANDING: &str =
    "status state zustand statut estado stato situacao 상태 状態 状态 ステータス";

/// What a column tells that is called like the standing of a person, as `Membership status` is.
fn standing(name: &str) -> Option<Sense> {
    let has = |parts: &str| parts.split(' ').any(|part| name.contains(part));
    match (has(STANDING), has(MEMBERS), has(READERS)) {
        (true, true, _) => Some(Sense::Standing),
        (true, false, true) => Some(Sense::Loose),
        _ => None,
    }
}

/// What a column of this name says.
pub(super) fn sense(header: &str) -> Sense {
    let name = &*flat(header);
    if let Some(sense) = known(name) {
        return sense;
    }
    match leaving(name) {
        Some(Leaving::Dated) => return Sense::Date(why(name)),
        Some(Leaving::Said) => return Sense::LooksMustNot,
        None => {}
    }
    let has = |parts: &str| parts.split(' ').any(|part| name.contains(part));
    let last = last_word(header);
    // A short ending is one only as a word: `Permission` does not end with `on`.
    let ends = |parts: &str| {
        parts.split(' ').any(|part| {
            part == last || (part.len() > 3 || !part.is_ascii()) && name.ends_with(part)
        })
    };
    if CONFIRMED.split(' ').any(|day| day == name) {
        return Sense::Confirmed;
    }
    if let Some(sense) = standing(name) {
        return sense;
    }
    if name == "mailinglist" || name == "emaillist" || name == "subscriber" {
        return Sense::PerhapsMay;
    }
    let words = spoken(header);
    let refuses = refuses(header, name, &words, has(OTHERS));
    if has(OTHERS) && !refuses {
        return Sense::Plain;
    }
    let dated = ends(WHEN)
        || name.ends_with("edat")
        || name.ends_with("edon")
        || WHEN_FIRST.split(' ').any(|first| name.starts_with(first));
    if has(LEAVING) {
        return if ends(LINKS) {
            Sense::Plain
        } else if dated {
            Sense::Date(why(name))
        } else {
            Sense::LooksMustNot
        };
    }
    if is_day_of_leaving(name) {
        return Sense::Date(why(name));
    }
    if refuses {
        return if ends(LINKS) { Sense::Plain } else { Sense::LooksMustNot };
    }
    if asks(name, &words) {
        return Sense::LooksMay;
    }
    if dated || ends(FORM) && !name.ends_with("frequency") {
        Sense::Plain
    } else if has(AGREEING) {
        Sense::LooksMay
    } else {
        perhaps(name, &words)
    }
}

/// Whether a name asks if somebody wants mail: `May we write to you?`, `수신을 원하십니까`.
fn asks(name: &str, words: &[String]) -> bool {
    const BEGIN: &str = "do_you|would_you|may_we|can_we|could_we|shall_we|should_we|are_you|i_want|i_would|i_wish|\
        i_agree|id_like|would_like|wants|want|wishes|please_send|send_me|ok_to|okay_to|happy_to|keep_me|\
        keep_in|keep_informed|sign_me|receive|receives|mochten_sie|mochtest_du|mochte|durfen_wir|wollen_sie|\
        wunschen_sie|wunscht|sollen_wir|ich_mochte|voulez_vous|souhaitez_vous|souhaite|pouvons_nous|acceptez_vous|\
        quiere|desea|podemos|vuoi|vuole|desidera|possiamo|mogen_wij|wilt_u|wil_je|deseja|quer";
    const TOPICS: &str = "newsletter newsletters mail mails email emails mailing mailings write contact contacted news \
        letter letters updates bulletin informed touch subscribe hear schreiben anschreiben kontaktieren \
        brief briefe rundbrief infos informationen informieren ecrire contacter lettre nouvelles courriels \
        escribir escribirle boletin noticias correo correos scrivere scriverle notizie schrijven nieuws nieuwsbrief";
    const KOREAN_ASKS: [&str; 7] = ["원하", "희망", "받으시", "받아보", "받겠", "신청하", "동의하"];
    const KOREAN_TOPICS: [&str; 8] =
        ["뉴스레터", "소식", "메일", "수신", "구독", "레터", "회보", "연락"];
    let joined = words.join("_");
    let begins = BEGIN.split('|').any(|begin| {
        let rest = joined.strip_prefix(begin.trim());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    });
    let has_topic = words.iter().any(|word| is_among(TOPICS, word));
    let is_korean = KOREAN_TOPICS.iter().any(|part| name.contains(part))
        && (name.ends_with('까')
            || name.ends_with("까요")
            || name.ends_with("나요")
            || KOREAN_ASKS.iter().any(|part| name.contains(part)));
    let is_open =
        ["어떻게", "어디", "무엇", "왜", "어떤", "얼마"].iter().any(|one| name.contains(one));
    begins && has_topic || is_korean && !is_open
}

/// What a name says that may speak of agreeing, or of a title, an interval, a plan.
fn perhaps(name: &str, words: &[String]) -> Sense {
    const OPEN: &str = "how what where when who why wie was wo woher wann comment como come";
    let has = |parts: &str| parts.split_whitespace().any(|part| name.contains(part));
    let is_word = |list: &str| words.iter().any(|word| is_among(list, word));
    let last = words.last().map_or("", String::as_str);
    let is_form = is_among(FORM_WORDS, last)
        || FORM_WORDS.split_whitespace().any(|part| !part.is_ascii() && name.ends_with(part));
    // `How did you hear of the newsletter?` has no yes; `How often` has a never.
    let is_open =
        words.first().is_some_and(|first| is_among(OPEN, first)) && !name.contains("often");
    if has("frequency haufigkeit frequence frecuencia frequenza 빈도 주기") && has(PERHAPS) {
        // One of the intervals may be never.
        return Sense::SeemsMay;
    }
    if is_form || is_open || has(NO_WISH) || name.contains("mailing") && is_word(POSTAL) {
        Sense::Plain
    } else if has(OFTEN_OTHER) && has(PERHAPS) {
        Sense::PerhapsMay
    } else if has(PERHAPS) || is_word("abo abos") {
        Sense::SeemsMay
    } else {
        Sense::Plain
    }
}

/// The last word of a name: of `unsubscribedAt`, as of `Unsubscribed at`, it is `at`.
fn last_word(header: &str) -> String {
    let header = header.trim_end_matches(|c: char| !c.is_alphanumeric());
    let mut word: Vec<char> = Vec::new();
    for c in header.chars().rev() {
        if !c.is_alphanumeric()
            || word.last().is_some_and(|next| next.is_uppercase()) && c.is_lowercase()
        {
            break;
        }
        word.push(c);
    }
    flat(&word.into_iter().rev().collect::<String>())
}

/// Days that a list of readers has of nothing else, though their names do not speak of mail.
fn is_day_of_leaving(name: &str) -> bool {
    const DAYS: &str = "deletedat deletedon dateleft leftat lefton removedat removedon bouncedat bouncedon \
    complainedat suppressedat blockedat blockedon blocklistedat deactivatedat deactivatedon \
    cleanedat archivedat geloschtam leavedate dateofleave 반송일";
    DAYS.split(' ').any(|day| day == name)
}

/// What such a date says.
fn why(name: &str) -> &'static str {
    let has = |parts: &str| parts.split(' ').any(|part| name.contains(part));
    if has("bounce undeliver unzustellbar rucklaufer 반송") {
        "bounced"
    } else if has("complain spam") {
        "complained"
    } else if has("block blacklist suppress") {
        "blocklisted"
    } else {
        "unsubscribed"
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_speak_of_consent_are_noticed() {
        for (header, expected) in [
            ("Opted In", Sense::LooksMay),
            ("GDPR consent", Sense::LooksMay),
            ("Email permission", Sense::LooksMay),
            ("마케팅 수신 동의", Sense::LooksMay),
            ("Einwilligung", Sense::LooksMay),
            ("Consentement", Sense::LooksMay),
            ("Newsletter", Sense::SeemsMay),
            ("뉴스레터 구독", Sense::SeemsMay),
            ("Opted out of news", Sense::LooksMustNot),
            ("Vom Newsletter abgemeldet", Sense::LooksMustNot),
            ("unsubscribed_at", Sense::Date("unsubscribed")),
            ("unsubscribedAt", Sense::Date("unsubscribed")),
            ("optOutAt", Sense::Date("unsubscribed")),
            ("unsubscription", Sense::LooksMustNot),
            ("Date of unsubscription", Sense::Date("unsubscribed")),
            ("수신거부일", Sense::Date("unsubscribed")),
            ("abgemeldet am", Sense::Date("unsubscribed")),
            ("Opt-out reason", Sense::Date("unsubscribed")),
            ("bounced_at", Sense::Date("bounced")),
            ("Confirmed at", Sense::Confirmed),
            ("Membership status", Sense::Standing),
            ("Status of membership", Sense::Standing),
            ("Status (member)", Sense::Standing),
            ("Mitgliedsstatus", Sense::Standing),
            ("Mitglieder-Status", Sense::Standing),
            ("회원 상태", Sense::Status),
            ("협회 회원 상태", Sense::Standing),
            ("가입상태", Sense::Standing),
            ("Statut d'adhésion", Sense::Standing),
            ("Estado del socio", Sense::Standing),
            ("会員ステータス", Sense::Standing),
            ("Account status", Sense::Loose),
            ("Austrittsdatum", Sense::Date("unsubscribed")),
            ("Ausgetreten am", Sense::Date("unsubscribed")),
            ("탈퇴일자", Sense::Date("unsubscribed")),
            ("Leave date", Sense::Date("unsubscribed")),
            ("Date deleted", Sense::Date("unsubscribed")),
            ("수신거부 날짜", Sense::Date("unsubscribed")),
            ("Vereinsaustritt", Sense::LooksMustNot),
            ("kein Newsletter", Sense::LooksMustNot),
            ("소식지 거부", Sense::LooksMustNot),
            ("문자/메일 수신 안함", Sense::LooksMustNot),
            ("unzustellbar", Sense::LooksMustNot),
            ("광고 수신 동의/거부", Sense::LooksMay),
        ] {
            assert_eq!(sense(header), expected, "{header}");
        }
    }

    #[test]
    fn names_that_speak_of_other_things_are_left_alone() {
        for header in [
            "company",
            "active_member",
            "Membership level",
            "Marital status",
            "Order status",
            "Lead Status",
            "Subscription date",
            "Opt-in date",
            "optin_ip",
            "Consent text",
            "Newsletter language",
            "subscriber_id",
            "Unsubscribe link",
            "unsubscribe_url",
            "SMS consent",
            "Photo consent",
            "개인정보 수집 동의",
            "구독일",
            "Adoption",
            "Position",
            "Format",
            "가입일",
            "Hotel",
            "Country",
            "No SMS",
            "개인정보 미동의",
            "안내 메일",
            "Kündigungsfrist",
        ] {
            assert_eq!(sense(header), Sense::Plain, "{header}");
        }
    }

    #[test]
    fn an_answer_is_a_column_and_a_word() {
        let read = |text: &str| consent_column(text).map(|said| (said.name, said.meaning)).ok();
        assert_eq!(read("Opted In=yes"), Some(("Opted In".to_owned(), Meaning::Yes)));
        assert_eq!(read(" a=b = NO "), Some(("a=b".to_owned(), Meaning::No)));
        assert_eq!(read("Status: Gold=ignore"), Some(("Status: Gold".to_owned(), Meaning::Ignore)));
        for text in ["Opted In", "Opted In=perhaps", "=yes", " - =no"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_name_has_a_sense(name in "\\PC{0,60}") {
            let _ = sense(&name);
        }
    }
}
