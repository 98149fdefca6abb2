//! The names of days of the week and of months, in the languages of many newsletters: the one table of
//! all rules that know dates.

/// Days of the week from Monday on.
#[derive(Debug)]
pub(super) struct WeekdayNames {
    /// BCP 47, the first part of it.
    pub(super) language: &'static str,
    /// Whether they are no whole names: `Mon`, `Mo`, `월`.
    pub(super) is_short: bool,
    pub(super) names: [&'static str; 7],
}

const fn days(language: &'static str, names: [&'static str; 7]) -> WeekdayNames {
    WeekdayNames { language, is_short: false, names }
}

const fn short(language: &'static str, names: [&'static str; 7]) -> WeekdayNames {
    WeekdayNames { language, is_short: true, names }
}

/// All of them, in small letters.
pub(super) const WEEKDAYS: [WeekdayNames; 15] = [
    days("en", ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]),
    short("en", ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]),
    short("en", ["mon", "tues", "wed", "thur", "fri", "sat", "sun"]),
    short("en", ["mon", "tues", "wed", "thurs", "fri", "sat", "sun"]),
    days("de", ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"]),
    days("de", ["montag", "dienstag", "mittwoch", "donnerstag", "freitag", "sonnabend", "sonntag"]),
    short("de", ["mo", "di", "mi", "do", "fr", "sa", "so"]),
    days("fr", ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]),
    days("es", ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"]),
    days("it", ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"]),
    days("ko", ["월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"]),
    short("ko", ["월", "화", "수", "목", "금", "토", "일"]),
    days("ja", ["月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日"]),
    short("ja", ["月", "火", "水", "木", "金", "土", "日"]),
    days("zh", ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"]),
];

/// Months from January on, each with its language; the same in two languages may stand once.
const MONTHS: [(&str, [&str; 12]); 7] = [
    ("en", crate::manifest::MONTHS),
    ("en", ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    ("en", ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sept", "oct", "nov", "dec"]),
    (
        "de",
        [
            "januar",
            "februar",
            "märz",
            "april",
            "mai",
            "juni",
            "juli",
            "august",
            "september",
            "oktober",
            "november",
            "dezember",
        ],
    ),
    (
        "fr",
        [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
    ),
    (
        "es",
        [
            "enero",
            "febrero",
            "marzo",
            "abril",
            "mayo",
            "junio",
            "julio",
            "agosto",
            "septiembre",
            "octubre",
            "noviembre",
            "diciembre",
        ],
    ),
    (
        "it",
        [
            "gennaio",
            "febbraio",
            "marzo",
            "aprile",
            "maggio",
            "giugno",
            "luglio",
            "agosto",
            "settembre",
            "ottobre",
            "novembre",
            "dicembre",
        ],
    ),
];

/// Which month from January on `word` is, in small letters: 0 to 11.
pub(super) fn month(word: &str) -> Option<usize> {
    MONTHS.iter().find_map(|(_, names)| names.iter().position(|name| *name == word))
}

/// Whether `word`, in small letters, is a day of the week, whole or short.
pub(super) fn is_weekday(word: &str) -> bool {
    WEEKDAYS.iter().any(|days| days.names.contains(&word))
}

/// Whether `word`, in small letters, is an English day or month.
pub(super) fn is_english(word: &str) -> bool {
    let is_day = WEEKDAYS.iter().any(|days| days.language == "en" && days.names.contains(&word));
    is_day || MONTHS.iter().any(|(language, names)| *language == "en" && names.contains(&word))
}
