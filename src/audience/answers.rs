//! An answer as people write it -> a yes, a no, or neither: `Yes, please`, `Nein danke`, `no longer`.
//!
//! Exists because forms let people write what they want. Must never take for a yes what has any
//! other word in it than courtesy: `Yes, but by post` is not known.

use super::clean::{compose, without_accents};
use super::status::{WITHOUT, Word, flat};

/// A longer text is no answer.
const ANSWER_BYTES: usize = 120;
/// The same of a word in a column that may hold a title.
const SHORT_BYTES: usize = 60;

const YES: &str = "yes yep yeah y ja jawohl oui si sim sure ok okay please gladly certainly absolutely \
    bitte gern gerne naturlich volontiers volentieri graag 네 예 넵 はい";
const NO: &str = "no nope nah n nein non nao nee 아니오 아니요 아뇨 아니 いいえ";
/// What may stand beside a yes or a no, and changes nothing.
const COURTESY: &str = "please thank thanks you thx sorry of course gladly sure do i would want wanted it to \
    bitte danke gern gerne sehr naturlich ich vielen merci sil vous te plait gracias por favor grazie \
    obrigado obrigada graag dank u je 괜찮습니다 괜찮아요 감사합니다 고맙습니다 사양합니다";
/// What may stand behind a yes alone.
const AGREEING: &str = "by via per par email send me the newsletter letter newsletters receive \
    with pleasure avec plaisir receives want wants keep subscribe like love id definitely that am happy";
/// Answers of several words, and words that are a yes where mail is asked about.
const AGREED: [&str; 30] = [
    "by email",
    "via email",
    "per email",
    "par email",
    "par courriel",
    "per mail",
    "email",
    "i want it",
    "i want to",
    "i want",
    "i do",
    "i would",
    "i would like to",
    "i agree",
    "want",
    "wants",
    "wants it",
    "wanted",
    "of course",
    "with pleasure",
    "sehr gern",
    "sehr gerne",
    "ich will",
    "ich mochte",
    "ich mochte ihn",
    "gewunscht",
    "erwunscht",
    "avec plaisir",
    "con gusto",
    "je veux bien",
];
/// Words that turn round what is said.
const NEGATIONS: &str = "not dont doesnt didnt wont wouldnt cannot cant never stop stopped unwanted neither nor \
    remove unsubscribe nicht nie kein keine keinen keinem keiner nein pas jamais niet geen nunca";
/// The same of Korean and Japanese, as parts of words.
const NEGATED: &str = "않 싫 거부 거절 아니 아뇨 그만 중단 말아 말것 괜찮 필요없 안받 안함 원치 사양 不要 いりません 希望しない";
/// What may stand before a yes in Korean: what is agreed to, and its particles.
const KOREAN_OBJECTS: &str =
    "네 예 넵 계속 뉴스레터 소식지 소식 이메일 메일 정보 안내 수신 구독 을 를 에 도 으로 로";
/// A yes in Korean, by its stem: the whole of what may stand behind it. Another ending may turn it
/// round (`동의 안합니다`, `동의 취소`).
const KOREAN_YES: [(&str, &str); 11] = [
    ("동의", KOREAN_DOES),
    ("희망", KOREAN_DOES),
    ("신청", KOREAN_DOES),
    ("수신", KOREAN_DOES),
    ("구독", KOREAN_DOES),
    ("허용", KOREAN_DOES),
    ("찬성", KOREAN_DOES),
    (
        "받",
        "겠습니다 겠어요 겠음 을게요 을래요 고싶습니다 고싶어요 고싶음 습니다 아요 음 고있습니다 고있어요",
    ),
    ("원", "합니다 해요 함"),
    ("좋", "습니다 아요 음"),
    ("부탁", "합니다 해요 함 드립니다 드려요 드림"),
];
const KOREAN_DOES: &str = "합니다 해요 함 했음 했습니다 했어요 하였음 하였습니다 하겠습니다 하겠음 할게요 \
    하고싶습니다 하고싶어요 중입니다 희망 희망합니다 희망함 희망해요 동의 동의합니다 동의함 신청 신청합니다 신청함 원합니다 \
    원해요 원함 부탁드립니다 부탁드려요 부탁합니다 에동의합니다 에동의함";
/// Words about mail of which one is said where somebody wants none: elsewhere they are no answer.
const NONE: &str = "none never nil nie niemals kein keine keiner keinen aucun aucune jamais ninguno \
    ninguna nunca nessuno nessuna mai geen nooit 없음 안함 無し";

/// What may stand in a column called `Newsletter` and is no answer: intervals, forms, plans, languages.
const ORDINARY: &str = "daily weekly biweekly fortnightly monthly bimonthly quarterly yearly annual annually \
    semiannual instant immediately day days week weeks month months quarter year years per a each every \
    once twice hourly summary digest full short long issue issues edition nr vol volume \
    taglich wochentlich monatlich vierteljahrlich halbjahrlich jahrlich hebdomadaire mensuel \
    mensuelle trimestriel annuel annuelle quotidien semanal mensual mensal anual settimanale mensile \
    annuale wekelijks maandelijks html text plain plaintext pdf rss english german french spanish \
    italian korean japanese chinese dutch portuguese deutsch englisch francais espanol italiano en de \
    fr es it ko ja zh nl pt 영어 한국어 국문 영문 매일 매주 격주 매월 매달 분기 연간 월간 주간 격월 계간 \
    월 년 주 회 호 free basic standard plus pro premium gold silver bronze platinum trial lifetime student \
    students family individual institution institutional single couple supporter patron corporate \
    business team personal complimentary founding paid plan tier print digital online bundle and";
/// Words of which titles of newsletters are made.
const TITLES: &str = "news letter newsletter digest bulletin update updates journal magazine gazette review \
    brief briefing weekly monthly notes report";

/// The words of a text without capitals, accents and signs: `Don't` is `dont`.
pub(super) fn spoken(text: &str) -> Vec<String> {
    let text = compose(&without_accents(&compose(text))).to_lowercase();
    let text: String = text.chars().filter(|c| !matches!(c, '\'' | '’')).collect();
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a word stands in a list.
pub(super) fn is_among(words: &str, word: &str) -> bool {
    words.split_whitespace().any(|known| known == word)
}

/// Reads an answer that is more than one plain word.
pub(super) fn answer(cell: &str) -> Word {
    if cell.len() > ANSWER_BYTES {
        return Word::Unknown;
    }
    let words = email_as_one_word(spoken(cell));
    let Some((first, rest)) = words.split_first() else { return Word::Unknown };
    if is_among(NO, first) {
        // `No, thanks` is a no; `no, by post` and `no longer` refuse whatever is asked.
        let is_plain = rest.iter().all(|word| is_among(COURTESY, word));
        return if is_plain { Word::No } else { Word::Out(WITHOUT) };
    }
    let joined = flat(cell);
    let negates = words.iter().any(|word| is_among(NEGATIONS, word))
        || NEGATED.split(' ').any(|part| joined.contains(part))
        || joined.starts_with("rathernot");
    let is_yes = is_among(YES, first);
    if negates {
        return if is_yes { Word::Unknown } else { Word::Out(WITHOUT) };
    }
    let follows = |word: &String| {
        [YES, COURTESY, AGREEING].iter().any(|words| is_among(words, word))
            || agrees_in_korean(word)
    };
    let agrees = is_yes && rest.iter().all(follows)
        || AGREED.contains(&&*words.join(" "))
        || agrees_in_korean(&joined);
    if agrees { Word::Yes } else { Word::Unknown }
}

/// Whether the whole of a text without spaces is a yes in Korean.
fn agrees_in_korean(text: &str) -> bool {
    let text =
        ["감사합니다", "고맙습니다"].iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
    let is_whole = |text: &str| {
        KOREAN_YES.iter().any(|(stem, ends)| {
            text.strip_prefix(stem).is_some_and(|end| {
                is_among(ends, end) || end.is_empty() && std::ptr::eq(*ends, KOREAN_DOES)
            })
        })
    };
    let mut rest = text;
    loop {
        if is_whole(rest) {
            return true;
        }
        let begin = KOREAN_OBJECTS.split_whitespace().find_map(|one| rest.strip_prefix(one));
        match begin {
            Some(behind) if !behind.is_empty() => rest = behind,
            _ => return false,
        }
    }
}

/// Whether a word says that somebody wants none, in a column about mail.
pub(super) fn wants_none(cell: &str) -> bool {
    is_among(NONE, &flat(cell))
}

/// Whether a text in a column of days on which people left says that somebody has not: `still a
/// member`, `not yet`, `alive`.
pub(super) fn says_still(cell: &str) -> bool {
    const STILL: &str = "not no never still yet alive living active current currently nicht noch nie kein aktiv \
        lebt pas encore toujours actif active todavia aun sigue ancora attivo nog niet ainda";
    spoken(cell).iter().any(|word| is_among(STILL, word))
        || ["아직", "않", "안함", "미탈퇴", "계속", "유지", "생존", "활동", "재직", "未", "まだ"]
            .iter()
            .any(|part| cell.contains(part))
}

/// `E-mail` as one word: `by mail` alone is by post.
fn email_as_one_word(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        match joined.last_mut().filter(|last| *last == "e" && word == "mail") {
            Some(last) => last.push_str("mail"),
            None => joined.push(word),
        }
    }
    joined
}

/// Whether a word that is not known may stand in a column called `Newsletter` without being an
/// answer: an interval, a plan, a number, a title, a longer text.
pub(super) fn is_no_answer(cell: &str) -> bool {
    let cell = cell.trim();
    if cell.len() > SHORT_BYTES || cell.contains("://") || cell.contains('@') {
        return true;
    }
    let words = spoken(cell);
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    words.iter().all(|word| is_number(word) || is_among(ORDINARY, word)) || is_title(cell, &words)
}

/// Whether it is the name of a newsletter: `Harbour News`, `하버 레터`.
fn is_title(cell: &str, words: &[String]) -> bool {
    if ["소식", "레터", "회보", "통신", "매거진"].iter().any(|part| cell.contains(part))
    {
        return true;
    }
    let is_capital = |word: &str| !word.starts_with(|c: char| c.is_lowercase()) || word.len() < 4;
    words.iter().any(|word| is_among(TITLES, word) || word.len() > 6 && word.ends_with("letter"))
        && cell.split_whitespace().all(is_capital)
        && cell.starts_with(|c: char| !c.is_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_are_read_by_their_first_word_and_clear_phrases() {
        for (cell, expected) in [
            ("Yes, please", Word::Yes),
            ("Yes please!", Word::Yes),
            ("Yes, by e-mail", Word::Yes),
            ("Ja bitte", Word::Yes),
            ("Ja, gerne", Word::Yes),
            ("Oui, s'il vous plaît", Word::Yes),
            ("I want it", Word::Yes),
            ("by e-mail", Word::Yes),
            ("네 받겠습니다", Word::Yes),
            ("예, 동의합니다", Word::Yes),
            ("받겠습니다", Word::Yes),
            ("No, thank you", Word::No),
            ("No thanks", Word::No),
            ("Nein danke", Word::No),
            ("Non merci", Word::No),
            ("아니오 괜찮습니다", Word::No),
            ("no longer", Word::Out(WITHOUT)),
            ("not any more", Word::Out(WITHOUT)),
            ("no, by post", Word::Out(WITHOUT)),
            ("I do not want it", Word::Out(WITHOUT)),
            ("I don’t want it", Word::Out(WITHOUT)),
            ("nicht mehr", Word::Out(WITHOUT)),
            ("rather not", Word::Out(WITHOUT)),
            ("받지 않겠습니다", Word::Out(WITHOUT)),
            ("괜찮습니다", Word::Out(WITHOUT)),
            ("Yes, but not by e-mail", Word::Unknown),
            ("Yes, by post", Word::Unknown),
            ("by post", Word::Unknown),
            ("Yes, by mail", Word::Unknown),
            ("perhaps", Word::Unknown),
            ("예정", Word::Unknown),
        ] {
            assert_eq!(answer(cell), expected, "{cell}");
        }
    }

    #[test]
    fn a_yes_in_korean_is_the_whole_of_what_is_said() {
        for stem in ["동의", "희망", "신청", "수신", "구독"] {
            for end in ["", "함", "합니다", "했습니다", "하겠습니다", "해요"] {
                for gap in ["", " "] {
                    let said = format!("네 {stem}{gap}{end}");
                    assert_eq!(answer(&said), Word::Yes, "{said}");
                }
            }
            for against in [
                "안합니다",
                "안함",
                "안했음",
                "못합니다",
                "못함",
                "없음",
                "취소",
                "철회",
                "해제",
                "보류",
                "거부",
                "하지않음",
                "불가",
                "여부",
                "안해요",
                "취소합니다",
                "철회함",
                "기간만료",
            ] {
                for gap in ["", " ", " - "] {
                    for before in ["", "네 ", "수신 ", "메일 "] {
                        let said = format!("{before}{stem}{gap}{against}");
                        assert_ne!(answer(&said), Word::Yes, "{said}");
                    }
                }
            }
            for said in [format!("미{stem}"), format!("안 {stem}"), format!("불{stem}")] {
                assert_ne!(answer(&said), Word::Yes, "{said}");
            }
        }
        for said in [
            "받을 수 없음",
            "받을수없음",
            "받고 있지 않음",
            "원하지 않음",
            "원치 않습니다",
            "좋지 않음",
        ] {
            assert_ne!(answer(said), Word::Yes, "{said}");
        }
        for said in [
            "메일로 받고 싶습니다",
            "뉴스레터를 구독합니다",
            "수신에 동의합니다",
            "네, 부탁드립니다",
        ] {
            assert_eq!(answer(said), Word::Yes, "{said}");
        }
    }

    #[test]
    fn intervals_plans_and_titles_are_no_answers() {
        for cell in [
            "weekly",
            "Monthly",
            "once a month",
            "Annual plan",
            "2024-01",
            "Harbour News",
            "Research Newsletter",
            "주간 소식",
            "매주",
            "Issue 12",
            "https://a.example/x",
        ] {
            assert!(is_no_answer(cell), "{cell}");
        }
        for cell in ["perhaps", "by post", "later maybe", "please stop the newsletter", "on paper"]
        {
            assert!(!is_no_answer(cell), "{cell}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_read(cell in "\\PC{0,60}") {
            let _ = (answer(&cell), is_no_answer(&cell));
        }
    }
}
