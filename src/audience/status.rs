//! A cell of a column about consent -> what it says of the person.
//!
//! Exists because an export holds the people who left as well, and each program and language has
//! its own words for it. Must never turn an unknown word into a yes.

use super::clean::{compose, without_accents};

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Nothing: empty, or a sign for "not known".
    Empty,
    /// Yes: what that means, the name of the column says. A date is a yes as well.
    Yes,
    /// No.
    No,
    /// The person may be mailed, whatever the column is called.
    In,
    /// The person must not be mailed, for this reason, whatever the column is called.
    Out(&'static str),
    /// The word is not known.
    Unknown,
}

const UNSUBSCRIBED: &str = "unsubscribed";
/// Of those who have another address now.
pub(super) const ADDRESS_CHANGED: &str = "address changed";
/// Of those whom a program knows, and who never asked for mail.
pub(super) const NEVER: &str = "never subscribed";
const BOUNCED: &str = "bounced";
const COMPLAINED: &str = "complained";
const DISABLED: &str = "disabled";
const BLOCKED: &str = "blocklisted";
/// Of those who have not said yet whether they want mail.
pub(super) const UNCONFIRMED: &str = "unconfirmed";
/// Why somebody gets no mail who has not said yes.
pub(super) const WITHOUT: &str = "without consent";
/// Why somebody gets no mail who was asked, and has answered with a no.
pub(super) const OPTED_OUT: &str = "opted out";

/// Words for people who get no mail, flat as [`flat`] makes them, by reason. Of English, Korean,
/// German, French, Spanish, Italian, Portuguese, Dutch, Japanese and Chinese.
const OUT: [(&str, &str); 9] = [
    (
        UNSUBSCRIBED,
        "unsubscribed unsubscribe unsub unsubs optedout optout optsout removed deleted \
         cancelled canceled donotemail donotmail donotcontact nomail noemail noemails \
         unsubscribedfromall globallyunsubscribed globalunsubscribe unsubscribedbyuser \
         unsubscribedbyadmin emailoptout signedoff resigned left leftlist leftus hasleft gone quit \
         leaver former formermember exmember nolongeramember nolongermember \
         terminated deceased died dead passedaway departed erased optingout unsubscribing \
         ausgetreten austritt ehemalig ehemaliges ehemaligesmitglied exmitglied \
         verstorben ausgeschieden demissionnaire demissionne parti radie decede ancienmembre \
         exsocio fallecido dimesso uscito deceduto exsocia opgezegd uitgetreden \
         oudlid overleden utmeldt uttradd 탈퇴함 탈퇴회원 탈퇴자 탈퇴완료 탈퇴신청 강제탈퇴 탈회 퇴회 \
         제명 퇴사 사망 退社 脱退 脱会 退会者 死亡 수신거부 수신거부함 수신거부자 \
         구독취소 구독해지 구독해제 해지 해지함 탈퇴 거부 거부함 거절 철회 동의철회 취소 \
         구독중단 수신중단 수신해제 삭제 삭제됨 abgemeldet ausgetragen abbestellt gekundigt \
         geloscht desabonne desabonnee desinscrit desinscrite supprime supprimee baja \
         dadodebaja cancelado cancelada desuscrito desuscrita disiscritto disiscritta \
         cancellato cancellata descadastrado descadastrada desinscrito afgemeld uitgeschreven \
         avregistrerad avanmeldt 退会 退会済 退会済み 解除 配信解除 登録解除 購読解除 配信停止 \
         停止 退订 已退订 取消订阅 取消訂閱 已取消",
    ),
    (
        NEVER,
        "nonsubscribed notsubscribed neversubscribed notoptedin transactional notactivated \
         nonmarketingcontact nonmarketing 미구독 구독안함 nichtabonniert nichtangemeldet \
         nonabonne noninscrit 未登録 未订阅",
    ),
    ("cleaned", "cleaned"),
    (
        BOUNCED,
        "bounced bounce bouncing hardbounced hardbounce softbounced softbounce undeliverable \
         undelivered unreachable invalid invalidemail quarantined 반송 반송됨 자동삭제 \
         발송실패 오류 에러 하드바운스 소프트바운스 unzustellbar unerreichbar ungultig \
         rebotado rimbalzato エラー 不達 退信",
    ),
    (
        COMPLAINED,
        "complained complaint complainer spam spammy spamcomplaint markedasspam reportedspam \
         reportedasspam spamreported junk abuse abusecomplaint 스팸신고 스팸 스팸처리 \
         spamgemeldet 迷惑メール",
    ),
    (
        DISABLED,
        "disabled inactive deactivated archived suspended paused snoozed dormant expelled \
         onhold temporaryhold temphold notactive excluded 비활성 비활성화 휴면 휴면회원 휴면계정 중지 중단 정지 \
         일시정지 수신안함 수신하지않음 inaktiv deaktiviert pausiert inactif desactive \
         inactivo inactiva inattivo inattiva inativo inativa inactief 無効 停止中 休止",
    ),
    (
        BLOCKED,
        "blocklisted blacklisted blocked banned suppressed suppression globallysuppressed \
         denylisted 차단 차단됨 블랙리스트 gesperrt blockiert bloque bloquee bloqueado \
         bloccato geblokkeerd ブロック 拒否リスト",
    ),
    (
        UNCONFIRMED,
        "unconfirmed notconfirmed pending pendingconfirmation confirmationpending pendingoptin \
         optinpending awaiting awaitingconfirmation waiting waitingforconfirmation unverified \
         notverified validating unactivated invited requested 미확인 확인대기 확인대기중 \
         구독확인대기 구독대기 대기 대기중 미인증 인증대기 미승인 승인대기 unbestatigt \
         nichtbestatigt ausstehend bestatigungausstehend wartend nonconfirme nonconfirmee \
         enattente noconfirmado sinconfirmar pendiente nonconfermato inattesa naoconfirmado \
         pendente nietbevestigd onbevestigd 未確認 仮登録 確認待ち 未确认 待确认",
    ),
    (
        WITHOUT,
        "withdrawn revoked refused declined denied rejected notgiven notgranted noconsent \
         nopermission nopermissions nopermissionset nopermissionsset permissionnotset \
         permissionsnotset notset notallowed 미동의 비동의 동의안함 동의하지않음 동의거부 \
         부동의 미허용 widerrufen verweigert abgelehnt nichterteilt zuruckgezogen \
         keineeinwilligung nichteingewilligt nichtzugestimmt refuse refusee retire rechazado \
         rifiutato recusado geweigerd ingetrokken 同意しない 同意なし 不同意 未同意 拒否 拒绝",
    ),
];

/// Words for people who get mail.
const IN: &str = "subscribed confirmed enabled active activated regular optedin optin singleoptin \
    doubleoptin granted given agreed accepted allowed approved verified express explicit \
    implied premium paid free comp gifted trialed trialing founding member owner manager \
    marketingcontact marketing eachemail allemail digest abridged dailydigest subscriber valid \
    deliverable consented permitted registered ok current currentmember \
    goodstanding ingoodstanding fullmember lifemember honorarymember mitglied aktivesmitglied \
    vollmitglied ehrenmitglied membre adherent socio socia 회원 정회원 준회원 일반회원 가입 가입됨 \
    가입중 활동 활동중 会員 구독 구독중 구독자 구독함 확인 확인됨 \
    확인완료 인증 인증됨 인증완료 동의 동의함 동의완료 수신 수신함 수신중 수신동의 수신허용 \
    허용 활성 활성화 정상 정상회원 활동회원 승인 abonniert aktiv angemeldet eingetragen bestatigt erteilt \
    zugestimmt eingewilligt registriert abonne abonnee inscrit inscrite actif confirme \
    confirmee suscrito suscrita activo activa confirmado iscritto iscritta attivo attiva \
    inscrito ativo aangemeld actief bevestigd 購読中 登録済み 有効 配信中 同意 同意する \
    確認済み";

const YES: &str = "yes y true t 1 on x o checked ja j wahr oui vrai si verdadero sim verdadeiro vero waar 예 \
    네 참 유 여 はい 是 有 done ticked selected always evet да";
const NO: &str = "no n false f 0 off unchecked never nein falsch non faux falso nao nee onwaar nej 아니오 \
    아니요 아니 거짓 부 무 안함 いいえ 否 无 なし hayir нет";
const EMPTY: &str =
    "null none nil na nan undefined unknown notspecified 없음 미입력 notapplicable keine";

/// Words that mean in any column, also in one called `note`, that a person must not be mailed: they
/// are said of nothing else. As people write them; compared without case.
const STRONG: [&str; 35] = [
    "unsubscribed",
    "unsubscribe",
    "opted out",
    "opted-out",
    "opt-out",
    "opt out",
    "optout",
    "do not email",
    "do not mail",
    "do not contact",
    "do-not-email",
    "do-not-mail",
    "do-not-contact",
    "hard bounce",
    "hard bounced",
    "hardbounced",
    "spam complaint",
    "unsub",
    "수신거부",
    "수신 거부",
    "구독취소",
    "구독 취소",
    "구독해지",
    "구독 해지",
    "abgemeldet",
    "désabonné",
    "désinscrit",
    "配信停止",
    "退会",
    "退订",
    "탈퇴",
    "탈퇴함",
    "탈퇴회원",
    "ausgetreten",
    "退会済み",
];

/// Reads a cell. Under a header in Korean, X is a no: elsewhere it is a tick.
pub(super) fn word(cell: &str, is_korean: bool) -> Word {
    let cell = cell.trim();
    match cell {
        "" | "-" | "--" | "?" | "—" | "–" | "/" | "\\N" | "n/a" | "N/A" => return Word::Empty,
        "✓" | "✔" | "✔️" | "☑" | "☑️" | "✅" | "○" | "◯" | "〇" | "●" | "◎" =>
        {
            return Word::Yes;
        }
        "✗" | "✘" | "✖" | "×" | "❌" | "☐" | "╳" => return Word::No,
        "x" | "X" if is_korean => return Word::No,
        _ => {}
    }
    // Whoever writes more than this writes a sentence.
    if cell.len() > 120 {
        return Word::Unknown;
    }
    if let Some(moment) = moment(cell) {
        return moment;
    }
    // A spreadsheet writes 1 as 1.0.
    let flat = flat(cell.strip_suffix(".0").unwrap_or(cell));
    if flat.is_empty() {
        return Word::Unknown;
    }
    let is_among = |words: &str| words.split(' ').any(|known| known == flat);
    if let Some((reason, _)) = OUT.iter().find(|(_, words)| is_among(words)) {
        return Word::Out(reason);
    }
    if is_among(IN) {
        Word::In
    } else if is_among(YES) {
        Word::Yes
    } else if is_among(NO) {
        Word::No
    } else if is_among(EMPTY) {
        Word::Empty
    } else {
        Word::Unknown
    }
}

/// Whether a word only says that nobody has set whether the person may be mailed.
pub(super) fn is_unset(cell: &str) -> bool {
    const UNSET: &str =
        "notset nopermissionset nopermissionsset permissionnotset permissionsnotset";
    UNSET.split(' ').any(|word| word == flat(cell))
}

/// Whether the cell of any column says that the person must not be mailed.
pub(super) fn is_strong(cell: &str) -> bool {
    let cell = cell.trim();
    if !(5..=24).contains(&cell.len()) {
        return false;
    }
    STRONG.iter().any(|word| word.len() == cell.len() && word.eq_ignore_ascii_case(cell))
}

/// A date or a time is a yes, and that of no day is empty; `None` for what is neither.
fn moment(cell: &str) -> Option<Word> {
    let is_moment = |c: char| {
        c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ':' | ' ' | '+' | 'T' | 'Z' | 'U' | 'C')
    };
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    if digits < 4 || !cell.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // `2024. 1. 5. 오후 3:12` and `12-Mar-2024 10:00 AM` begin with digits and separators, too.
    let separated = cell.bytes().filter(|byte| matches!(byte, b'-' | b'/' | b'.')).count() >= 2
        || cell.contains('년')
        || cell.contains('年');
    let stamp = digits >= 9 && cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !(separated || stamp || cell.chars().all(is_moment) && digits >= 8) {
        return None;
    }
    // What stands beside a day is what is said: `2024-05-01 unsubscribed`.
    let behind: Vec<&str> = cell
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty() && !is_of_moment(word))
        .collect();
    if !behind.is_empty() {
        return Some(word(&behind.join(" "), false));
    }
    let is_none = cell.bytes().all(|byte| !byte.is_ascii_digit() || byte == b'0');
    Some(if is_none { Word::Empty } else { Word::Yes })
}

/// Whether a word is a part of a day or a time: a month, half of a day, a zone.
fn is_of_moment(word: &str) -> bool {
    const PARTS: &str = "t z st nd rd th am pm utc gmt kst jst est edt cst cdt mst mdt pst pdt cet cest bst uhr h \
        de at um le el 년 월 일 시 분 초 오전 오후 年 月 日 時 时 分 秒 午前 午後 上午 下午 년월일 일요일 월요일 화요일 \
        수요일 목요일 금요일 토요일 mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday \
        sunday jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august \
        september october november december januar februar marz mai juni juli oktober dezember janvier fevrier mars \
        avril juin juillet aout septembre octobre novembre decembre enero febrero marzo abril mayo junio julio \
        agosto septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre ottobre \
        dicembre";
    let word = flat(word);
    PARTS.split_whitespace().any(|part| part == word)
}

/// Lower case letters and digits alone, without accents: `Opted-In` is `opted in` is `OPTED_IN`.
pub(super) fn flat(text: &str) -> String {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    if text.is_ascii() { plain(text) } else { plain(&compose(&without_accents(&compose(text)))) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_decide() {
        for (cell, expected) in [
            ("Unsubscribed", Word::Out(UNSUBSCRIBED)),
            ("non-subscribed", Word::Out(NEVER)),
            (" PENDING ", Word::Out(UNCONFIRMED)),
            ("구독 취소", Word::Out(UNSUBSCRIBED)),
            ("Désabonné", Word::Out(UNSUBSCRIBED)),
            ("Gelöscht", Word::Out(UNSUBSCRIBED)),
            ("Hard bounce", Word::Out(BOUNCED)),
            ("Left", Word::Out(UNSUBSCRIBED)),
            ("ex-member", Word::Out(UNSUBSCRIBED)),
            ("ausgetreten", Word::Out(UNSUBSCRIBED)),
            ("Démissionné", Word::Out(UNSUBSCRIBED)),
            ("탈퇴 회원", Word::Out(UNSUBSCRIBED)),
            ("lapsed", Word::Unknown),
            ("Subscribed", Word::In),
            ("구독 중", Word::In),
            ("TRUE", Word::Yes),
            ("Nein", Word::No),
            ("1.0", Word::Yes),
            ("0.0", Word::No),
            ("", Word::Empty),
            ("Professor", Word::Unknown),
            ("maybe", Word::Unknown),
            ("2", Word::Unknown),
        ] {
            assert_eq!(word(cell, false), expected, "{cell}");
        }
    }

    #[test]
    fn a_cross_is_a_tick_or_a_no() {
        assert_eq!((word("X", false), word("X", true)), (Word::Yes, Word::No));
        assert_eq!((word("O", true), word("○", false), word("×", false)), {
            (Word::Yes, Word::Yes, Word::No)
        });
    }

    #[test]
    fn dates_are_a_yes_and_the_date_of_no_day_is_empty() {
        for date in [
            "2024-01-02 10:00:00",
            "2024-05-01T00:00:00.000Z",
            "1/2/2024",
            "02.01.2024",
            "2024. 1. 5. 오후 3:12",
            "2024년 1월 5일",
            "1714521600",
            "12-Mar-2024",
        ] {
            assert_eq!(word(date, false), Word::Yes, "{date}");
        }
        assert_eq!(word("0000-00-00 00:00:00", false), Word::Empty);
        for (cell, expected) in [
            ("2024-05-01 unsubscribed", Word::Out(UNSUBSCRIBED)),
            ("2024-05-01 (cancelled)", Word::Out(UNSUBSCRIBED)),
            ("2024-05-01 철회", Word::Out(UNSUBSCRIBED)),
            ("01.02.2024 abgemeldet", Word::Out(UNSUBSCRIBED)),
            ("2024-05-01 no", Word::No),
            ("2024-05-01 active", Word::In),
            ("2024-05-01 by post", Word::Unknown),
            ("2024-05-01 10:00 Uhr", Word::Yes),
            ("1. März 2024, 10.00 Uhr", Word::Yes),
            ("2024-05-01 10:00:00 KST", Word::Yes),
        ] {
            assert_eq!(word(cell, false), expected, "{cell}");
        }
        assert_eq!(word("2024", false), Word::Unknown);
    }

    #[test]
    fn each_word_means_one_thing() {
        let out = OUT.map(|(_, words)| words);
        let lists = [&out[..], &[IN, YES, NO, EMPTY]].concat();
        let all: Vec<&str> = lists.iter().flat_map(|words| words.split_whitespace()).collect();
        for (at, known) in all.iter().enumerate() {
            assert_eq!(flat(known), *known);
            assert!(!all[..at].contains(known), "{known}");
        }
    }

    #[test]
    fn only_words_that_are_said_of_nothing_else_are_strong() {
        assert!(is_strong(" Unsubscribed ") && is_strong("수신거부"));
        assert!(!is_strong("inactive") && !is_strong("Opted out of the choir"));
    }

    proptest! {
        #[test]
        fn any_cell_is_read(cell in "\\PC{0,40}") {
            let _ = (word(&cell, false), word(&cell, true), is_strong(&cell));
        }
    }
}
