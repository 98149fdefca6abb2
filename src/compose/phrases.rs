//! The few words that the letter says itself, in the languages that we can say them in. In another
//! language they stay English, and the HTML says so.

use super::language::of_words;

/// Phrases in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phrases {
    /// The language they are in, where it is not the letter's.
    pub(crate) language: Option<&'static str>,
    /// How a date is written (`strftime`).
    pub(crate) date: &'static str,
    pub(crate) in_this_issue: &'static str,
    /// Before and behind an issue's number.
    pub(crate) number: (&'static str, &'static str),
    /// Before and behind the newsletter's name.
    pub(crate) unsubscribe: (&'static str, &'static str),
    pub(crate) in_a_browser: &'static str,
    /// The same beside the contents.
    pub(crate) on_the_web: &'static str,
    pub(crate) preferences: &'static str,
    /// Before and behind a footnote's number: its link, and the one back to the text.
    pub(crate) footnote: (&'static str, &'static str),
    pub(crate) back: (&'static str, &'static str),
    /// Before and behind an article's title.
    pub(crate) read_in_full: (&'static str, &'static str),
}

const ENGLISH: Phrases = Phrases {
    language: None,
    date: "%-d %B %Y",
    in_this_issue: "In this issue",
    number: ("No. ", ""),
    unsubscribe: ("Unsubscribe from ", ""),
    in_a_browser: "View this issue in a browser",
    on_the_web: "Read on the web",
    preferences: "Choose what you receive",
    footnote: ("Footnote ", ""),
    back: ("Back to text of footnote ", ""),
    read_in_full: ("Read “", "” in full"),
};

const KOREAN: Phrases = Phrases {
    language: None,
    date: "%Y년 %-m월 %-d일",
    in_this_issue: "이번 호",
    number: ("제", "호"),
    unsubscribe: ("", " 수신 거부"),
    in_a_browser: "이번 호를 웹에서 보기",
    on_the_web: "웹에서 읽기",
    preferences: "수신 설정 바꾸기",
    footnote: ("각주 ", ""),
    back: ("본문으로, 각주 ", ""),
    read_in_full: ("‘", "’ 전문 읽기"),
};

const GERMAN: Phrases = Phrases {
    language: None,
    date: "%-d.%-m.%Y",
    in_this_issue: "In dieser Ausgabe",
    number: ("Nr. ", ""),
    unsubscribe: ("", " abbestellen"),
    in_a_browser: "Diese Ausgabe im Browser lesen",
    on_the_web: "Im Web lesen",
    preferences: "Einstellungen ändern",
    footnote: ("Fußnote ", ""),
    back: ("Zurück zum Text, Fußnote ", ""),
    read_in_full: ("„", "“ ganz lesen"),
};

const FRENCH: Phrases = Phrases {
    language: None,
    date: "%d/%m/%Y",
    in_this_issue: "Dans ce numéro",
    number: ("Nº ", ""),
    unsubscribe: ("Se désabonner de ", ""),
    in_a_browser: "Lire ce numéro dans un navigateur",
    on_the_web: "Lire sur le web",
    preferences: "Modifier vos préférences",
    footnote: ("Note ", ""),
    back: ("Retour au texte, note ", ""),
    read_in_full: ("Lire « ", " » en entier"),
};

const SPANISH: Phrases = Phrases {
    language: None,
    date: "%d/%m/%Y",
    in_this_issue: "En este número",
    number: ("N.º ", ""),
    unsubscribe: ("Cancelar la suscripción a ", ""),
    in_a_browser: "Ver este número en el navegador",
    on_the_web: "Leer en la web",
    preferences: "Cambiar sus preferencias",
    footnote: ("Nota ", ""),
    back: ("Volver al texto, nota ", ""),
    read_in_full: ("Leer «", "» completo"),
};

const JAPANESE: Phrases = Phrases {
    language: None,
    date: "%Y年%-m月%-d日",
    in_this_issue: "今号の内容",
    number: ("第", "号"),
    unsubscribe: ("", "の配信停止"),
    in_a_browser: "今号をブラウザで読む",
    on_the_web: "ウェブで読む",
    preferences: "配信設定の変更",
    footnote: ("脚注", ""),
    back: ("本文に戻る、脚注", ""),
    read_in_full: ("「", "」の全文を読む"),
};

const CHINESE: Phrases = Phrases {
    language: None,
    date: "%Y年%-m月%-d日",
    in_this_issue: "本期内容",
    number: ("第", "期"),
    unsubscribe: ("退订", ""),
    in_a_browser: "在浏览器中阅读本期",
    on_the_web: "在网页上阅读",
    preferences: "更改订阅设置",
    footnote: ("脚注", ""),
    back: ("返回正文，脚注", ""),
    read_in_full: ("阅读《", "》全文"),
};

const TRADITIONAL_CHINESE: Phrases = Phrases {
    in_this_issue: "本期內容",
    unsubscribe: ("取消訂閱", ""),
    in_a_browser: "在瀏覽器中閱讀本期",
    on_the_web: "在網頁上閱讀",
    preferences: "變更訂閱設定",
    footnote: ("註腳", ""),
    back: ("返回正文，註腳", ""),
    read_in_full: ("閱讀《", "》全文"),
    ..CHINESE
};

const ARABIC: Phrases = Phrases {
    language: None,
    date: "%d/%m/%Y",
    in_this_issue: "في هذا العدد",
    number: ("العدد ", ""),
    unsubscribe: ("إلغاء الاشتراك في ", ""),
    in_a_browser: "اقرأ هذا العدد في المتصفح",
    on_the_web: "اقرأ على الويب",
    preferences: "تغيير تفضيلاتك",
    footnote: ("حاشية ", ""),
    back: ("العودة إلى النص، حاشية ", ""),
    read_in_full: ("اقرأ «", "» كاملاً"),
};

const HEBREW: Phrases = Phrases {
    language: None,
    date: "%d.%m.%Y",
    in_this_issue: "בגיליון הזה",
    number: ("גיליון ", ""),
    unsubscribe: ("הסרה מרשימת התפוצה של ", ""),
    in_a_browser: "לקריאת הגיליון בדפדפן",
    on_the_web: "לקריאה באתר",
    preferences: "שינוי העדפות",
    footnote: ("הערה ", ""),
    back: ("חזרה לטקסט, הערה ", ""),
    read_in_full: ("לקריאת ״", "״ במלואו"),
};

/// The words for a letter in `language` (BCP 47).
pub(crate) fn phrases(language: &str) -> Phrases {
    match &*of_words(language) {
        "en" => ENGLISH,
        "ko" => KOREAN,
        "de" => GERMAN,
        "fr" => FRENCH,
        "es" => SPANISH,
        "ja" => JAPANESE,
        "zh-hant" => TRADITIONAL_CHINESE,
        "zh" => CHINESE,
        "ar" => ARABIC,
        "he" => HEBREW,
        // A date in figures is read in every language.
        _ => Phrases { language: Some("en"), date: "%Y-%m-%d", ..ENGLISH },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_said_in_a_language_is_marked_as_english() {
        assert_eq!(phrases("ko-KR").unsubscribe, ("", " 수신 거부"));
        assert_eq!(phrases("zh-TW").unsubscribe, ("取消訂閱", ""));
        assert_eq!((phrases("en-GB").language, phrases("fi").language), (None, Some("en")));
    }
}
