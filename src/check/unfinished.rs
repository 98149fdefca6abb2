//! Words that stand for what is still to be written, and where they stand for something else: `XXX`
//! is a number of the Romans, a venue may be TBA because nobody knows it yet, and people write about
//! TODO lists.

use super::calendar;

/// Where a text of the mail is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Beside the sender, in the list of mails.
    Inbox,
    /// As a title or a heading.
    Title,
    /// As a cell of a table.
    Cell,
    /// As running text.
    Body,
}

/// A word of a text, and what stands around it.
struct MarkedWord<'a> {
    /// The bytes before it that are looked at.
    before: &'a str,
    /// Those behind it.
    behind: &'a str,
    /// Whether the text has no other words.
    is_alone: bool,
    shown: Shown,
    language: &'a str,
}

/// How one of these words may be meant.
type Meant = fn(&MarkedWord<'_>) -> bool;

/// The words, each as a whole word in this case, and when it is meant as it is.
const MARKS: [(&str, Meant); 9] = [
    ("tbd", is_noted),
    ("tba", is_noted),
    ("TODO", is_task),
    ("FIXME", is_task),
    ("TBD", is_open),
    ("TBA", is_open),
    ("XXX", is_roman),
    ("TKTK", |_| false),
    ("WIP", is_under_way),
];

/// The same in any case, and whether it counts in a short text only.
const PHRASES: [(&str, bool); 9] = [
    ("lorem ipsum", false),
    ("dolor sit amet", false),
    ("insert text here", false),
    ("insert link here", false),
    ("your text here", false),
    ("asdf", false),
    ("test test", false),
    ("placeholder text", true),
    ("여기에 입력", false),
];

/// Bytes around a word that are looked at.
const NEAR: usize = 120;
/// Words before a word that may say of what it is told.
const WORDS: usize = 6;
/// Words of a text that is hardly more than a phrase.
const SHORT: usize = 8;

/// Words of one kind that are told of one text: a text may hold ten thousand.
pub(super) const MOST: usize = 200;

/// Such words of a text, each with how many of the same stand before it. `in_links` are those that are
/// the text of a link.
pub(super) fn unfinished<'m>(
    text: &str,
    shown: Shown,
    language: &str,
    in_links: impl Fn(&str) -> bool,
) -> Vec<(&'m str, usize)> {
    let mut all: Vec<(&'m str, usize)> = Vec::new();
    for (mark, is_meant) in &MARKS {
        let told = places(text, mark).enumerate().filter(|(_, at)| {
            let word = MarkedWord::new(text, *at..at + mark.len(), shown, language);
            let is_quoted = word.is_between_quotes() && !word.is_alone;
            !(is_quoted || in_links(mark) && word.is_in_sentence() || is_meant(&word))
        });
        all.extend(told.take(MOST).map(|(nth, _)| (*mark, nth)));
    }
    let lower = text.to_lowercase();
    let is_short = || text.split_whitespace().nth(SHORT).is_none();
    let found = PHRASES.iter().filter(|(phrase, only_short)| {
        places(&lower, phrase).next().is_some() && (!only_short || is_short())
    });
    // What is told of a text by one phrase is not told by another.
    let phrase = found.map(|(phrase, _)| *phrase).next().or_else(|| bracketed(&lower));
    let phrase = phrase.map(|phrase| (phrase, 0)).filter(|_| all.is_empty());
    all.extend(phrase);
    all
}

/// The marks that are the whole text of a link.
pub(super) fn as_link(text: &str) -> Option<&'static str> {
    MARKS.iter().map(|(mark, _)| *mark).find(|mark| *mark == text.trim())
}

/// The bytes at which `word` stands as a word of its own.
pub(super) fn places<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + use<'t> {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        !is_letter(text[..*at].chars().next_back())
            && !is_letter(text[at + word.len()..].chars().next())
    })
}

impl<'a> MarkedWord<'a> {
    fn new(
        text: &'a str,
        range: std::ops::Range<usize>,
        shown: Shown,
        language: &'a str,
    ) -> MarkedWord<'a> {
        let (before, behind) = (&text[..range.start], &text[range.end..]);
        let before = &before[before.ceil_char_boundary(before.len().saturating_sub(NEAR))..];
        let behind = &behind[..behind.floor_char_boundary(NEAR)];
        // A line of its own is a text of its own: raw HTML has them.
        let before = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        let behind = &behind[..behind.find('\n').unwrap_or(behind.len())];
        let is_alone =
            !before.contains(char::is_alphanumeric) && !behind.contains(char::is_alphanumeric);
        MarkedWord { before, behind, is_alone, shown, language }
    }

    /// The word directly behind it, in small letters, without the marks around.
    fn next(&self) -> String {
        let rest = self.behind.strip_prefix([' ', '-', '\u{a0}']).unwrap_or_default();
        small(rest.split_whitespace().next().unwrap_or_default())
    }

    /// The word directly before it, as it is written; nothing if a mark stands between.
    fn previous(&self) -> &'a str {
        let before = self.before.trim_end_matches([' ', '\u{a0}', '-']);
        let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
        if word.ends_with(char::is_alphanumeric) { word } else { "" }
    }

    /// The words before it in its sentence, in small letters, the last first.
    fn sentence(&self) -> impl Iterator<Item = String> {
        let words = self.before.split_whitespace().rev().take(WORDS);
        words.take_while(|word| !word.ends_with(['.', '!', '?', '。'])).map(small)
    }

    fn is_between_quotes(&self) -> bool {
        let pairs = [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('„', '“'), ('「', '」')];
        pairs
            .iter()
            .any(|(open, close)| self.before.ends_with(*open) && self.behind.starts_with(*close))
    }

    /// Whether words stand on both sides.
    fn is_in_sentence(&self) -> bool {
        self.before.contains(char::is_alphanumeric) && self.behind.contains(char::is_alphanumeric)
    }

    /// Whether it opens its text, whatever marks are before it.
    fn is_first(&self) -> bool {
        !self.before.contains(char::is_alphanumeric)
    }

    /// `[WIP]`, `(TODO)`.
    fn is_bracketed(&self, open: char, close: char) -> bool {
        self.before.ends_with(open) && self.behind.starts_with(close)
    }
}

/// The first word of a text, in small letters.
fn small_first(text: &str) -> String {
    small(text.split_whitespace().next().unwrap_or_default())
}

/// A word in small letters, without what stands around its letters.
fn small(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

/// Words that make a thing of what stands behind them.
const ARTICLES: [&str; 26] = [
    "a", "an", "the", "this", "that", "these", "each", "every", "any", "one", "no", "another",
    "some", "old", "new", "of", "our", "my", "his", "her", "their", "your", "its", "ein", "eine",
    "un",
];

/// What a task is said of: `TODO app`, `FIXME comments`.
const TASKS: [&str; 36] = [
    "app",
    "apps",
    "application",
    "applications",
    "list",
    "lists",
    "mvc",
    "tracker",
    "manager",
    "example",
    "examples",
    "comment",
    "comments",
    "item",
    "items",
    "api",
    "program",
    "board",
    "page",
    "demo",
    "tutorial",
    "service",
    "project",
    "tag",
    "tags",
    "note",
    "notes",
    "marker",
    "markers",
    "keyword",
    "keywords",
    "tree",
    "highlighter",
    "file",
    "앱",
    "목록",
];

/// `TODO` or `FIXME` as a thing that people write about.
fn is_task(word: &MarkedWord<'_>) -> bool {
    let next = word.next();
    let is_said_of = TASKS.contains(&next.as_str())
        || ["앱", "리스트", "목록", "アプリ", "リスト", "应用", "清单"]
            .iter()
            .any(|noun| next.starts_with(noun));
    // `TODO.md`, `docs/TODO`, `TODO/FIXME`.
    let is_name = word.behind.strip_prefix('.').is_some_and(|b| b.starts_with(char::is_alphabetic))
        || word.before.ends_with('/')
        || word.behind.starts_with('/');
    // "and a TODO." at the end may be a note that somebody left.
    let is_thing =
        word.is_in_sentence() && ARTICLES.contains(&word.previous().to_lowercase().as_str());
    // It is the Spanish and the Portuguese word for "all".
    let language = word.language.split('-').next().unwrap_or_default();
    let is_all = ["es", "pt", "gl", "ast"].contains(&language)
        && !word.is_alone
        && !word.behind.starts_with([':', ']', ')']);
    is_said_of || is_name || is_thing && !word.behind.starts_with(':') || is_all
}

/// What an event has, and is not known yet.
const OPEN: [&str; 97] = [
    "date",
    "dates",
    "day",
    "days",
    "time",
    "times",
    "hour",
    "hours",
    "detail",
    "details",
    "topic",
    "topics",
    "subject",
    "theme",
    "location",
    "locations",
    "venue",
    "venues",
    "place",
    "room",
    "hall",
    "address",
    "city",
    "country",
    "speaker",
    "speakers",
    "speaker(s",
    "presenter",
    "presenters",
    "host",
    "hosts",
    "guest",
    "guests",
    "moderator",
    "instructor",
    "teacher",
    "panel",
    "agenda",
    "title",
    "titles",
    "program",
    "programme",
    "session",
    "sessions",
    "talk",
    "talks",
    "schedule",
    "lineup",
    "line-up",
    "menu",
    "format",
    "duration",
    "price",
    "prices",
    "cost",
    "costs",
    "fee",
    "fees",
    "registration",
    "deadline",
    "winner",
    "winners",
    "organiser",
    "organizer",
    "chair",
    "link",
    "starts",
    "where",
    "when",
    "who",
    "opponent",
    "artist",
    "artists",
    "ort",
    "datum",
    "uhrzeit",
    "zeit",
    "termin",
    "raum",
    "thema",
    "referent",
    "referentin",
    "sprecher",
    "preis",
    "lieu",
    "heure",
    "salle",
    "sujet",
    "lugar",
    "fecha",
    "hora",
    "luogo",
    "release",
    "version",
    "eta",
    "location(s",
    "date(s",
];

/// The same where words are written with endings, or without spaces between them.
const OPEN_STARTS: [&str; 24] = [
    "장소",
    "일시",
    "시간",
    "날짜",
    "연사",
    "주제",
    "발표자",
    "강사",
    "참가비",
    "세부",
    "일정",
    "회비",
    "場所",
    "日時",
    "会場",
    "時間",
    "講師",
    "登壇者",
    "地点",
    "时间",
    "日期",
    "主题",
    "嘉宾",
    "讲者",
];

/// `January`, `Tue`, `19:30`, `7pm`, `5월`: what says when something is.
fn is_moment(word: &str) -> bool {
    let is_day = calendar::is_english(word) || word == "noon" || word.ends_with("day");
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = &word[digits..];
    let is_time = digits > 0
        && (rest.starts_with([':', '월', '일', '시', '月', '日', '時', '年', '/', '-'])
            || ["am", "pm", "h", "st", "nd", "rd", "th"].contains(&rest));
    is_day || is_time
}

/// `TBD` or `TBA` of something that nobody can know yet, such as the room of an event.
fn is_open(word: &MarkedWord<'_>) -> bool {
    if word.shown == Shown::Cell {
        return true;
    }
    let is_noun = |word: &str| {
        OPEN.contains(&word)
            || OPEN_STARTS.iter().any(|start| word.starts_with(start))
            || is_moment(word)
    };
    // `date/time`.
    let is_known = |word: String| word.split('/').any(is_noun) || is_noun(&word);
    if word.is_alone {
        return false;
    }
    let is_said_of = word.sentence().any(is_known) || is_known(word.next());
    let ends_bracket = word.behind.starts_with([')', '）']);
    is_said_of || ends_bracket && word.shown != Shown::Inbox
}

/// `tbd` in small letters is one word among others, but for one that stands alone.
fn is_noted(word: &MarkedWord<'_>) -> bool {
    let is_apart = word.is_alone || word.is_bracketed('(', ')') || word.is_bracketed('[', ']');
    !is_apart || is_open(word)
}

/// Words of what stands between brackets until it is there.
const TO_FOLLOW: [&str; 12] = [
    "photo",
    "photos",
    "picture",
    "pictures",
    "image",
    "images",
    "caption",
    "quote",
    "text",
    "bild",
    "foto",
    "illustration",
];

/// `[insert name here]`, `(Photo to follow)`: what was to be replaced, in small letters.
fn bracketed(lower: &str) -> Option<&'static str> {
    lower.match_indices(['[', '(']).find_map(|(at, _)| {
        let inner = &lower[at + 1..lower.floor_char_boundary((at + NEAR).min(lower.len()))];
        let inner = inner[..inner.find([']', ')', '\n'])?].trim();
        let is_insert = inner.starts_with("insert ") || inner.starts_with("add ");
        let what = inner.trim_end_matches('.').strip_suffix(" to follow");
        let is_awaited =
            what.and_then(|what| what.split(' ').next()).is_some_and(|w| TO_FOLLOW.contains(&w));
        match (is_insert && inner.ends_with(" here"), is_awaited) {
            (true, _) if inner.starts_with("add ") => Some("add"),
            (true, _) => Some("insert"),
            (_, true) => Some("to follow"),
            _ => None,
        }
    })
}

/// What is counted by the numbers of the Romans.
const COUNTED: [&str; 44] = [
    "corps",
    "legion",
    "army",
    "division",
    "dynasty",
    "olympic",
    "olympics",
    "olympische",
    "olympischen",
    "jahrestagung",
    "tagung",
    "jahrgang",
    "jahrhundert",
    "summer",
    "chapter",
    "volume",
    "vol",
    "part",
    "book",
    "section",
    "psalm",
    "act",
    "article",
    "canto",
    "olympiad",
    "congress",
    "congreso",
    "congrès",
    "congresso",
    "kongress",
    "conference",
    "edition",
    "edición",
    "edizione",
    "édition",
    "meeting",
    "assembly",
    "anniversary",
    "games",
    "symposium",
    "legislature",
    "century",
    "siglo",
    "tome",
];

/// Words with a capital letter before a name or a number that is to be filled in.
const BEFORE_NAMES: [&str; 26] = [
    "dear",
    "hello",
    "hi",
    "hey",
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "professor",
    "sir",
    "madam",
    "room",
    "tel",
    "phone",
    "call",
    "contact",
    "email",
    "by",
    "at",
    "from",
    "to",
    "liebe",
    "lieber",
    "cher",
    "chère",
];

/// `XXX` as thirty: `Super Bowl XXX`, `XXIX and XXX`, `the XXX Congress`.
fn is_roman(word: &MarkedWord<'_>) -> bool {
    let is_number = |part: &str| {
        let part = part.trim_matches(|c: char| !c.is_alphanumeric());
        part != "XXX" && part.len() > 1 && part.bytes().all(|byte| b"IVXLCDM".contains(&byte))
    };
    let split = |c: char| c.is_whitespace() || "-–—/".contains(c);
    let mut around = word.before.split(split).chain(word.behind.split(split));
    let previous = word.previous();
    let small = previous.to_lowercase();
    let is_counted = |noun: &str| COUNTED.contains(&noun);
    // An ordinal has a full stop in some languages: XXX. Olympische Spiele.
    let ordinal = word.behind.strip_prefix('.').unwrap_or_default();
    let next = small_first(ordinal);
    if is_counted(&small) || is_counted(&word.next()) || is_counted(&next) || around.any(is_number)
    {
        return true;
    }
    // The first word of a sentence has a capital letter whatever it is.
    let letters: Vec<char> = previous.chars().filter(|c| c.is_alphabetic()).collect();
    let is_abbreviation = letters.len() > 1 && letters.iter().all(|c| c.is_uppercase());
    let is_later = word.sentence().nth(1).is_some_and(|word| !word.is_empty());
    let has_capital = previous.starts_with(char::is_uppercase);
    has_capital && (is_abbreviation || is_later) && !BEFORE_NAMES.contains(&small.as_str())
}

/// `WIP` as a word of a text, and not as a mark on it.
fn is_under_way(word: &MarkedWord<'_>) -> bool {
    if word.is_alone || word.is_bracketed('[', ']') {
        return false;
    }
    let behind = word.behind.trim_start();
    let opens =
        word.is_first() && (behind.starts_with([':', '–', '—', '|']) || behind.starts_with("- "));
    if opens {
        return false;
    }
    match word.shown {
        Shown::Body | Shown::Cell => true,
        Shown::Inbox | Shown::Title => {
            let previous = word.previous().to_lowercase();
            previous.ends_with("ing")
                || ARTICLES.contains(&previous.as_str())
                || ["on", "with", "in", "and", "is", "to"].contains(&previous.as_str())
                || behind.starts_with(|c: char| c.is_lowercase())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn first(all: Vec<(&str, usize)>) -> Option<&str> {
        all.first().map(|(mark, _)| *mark)
    }

    fn found(text: &str, shown: Shown) -> Option<&'static str> {
        first(unfinished(text, shown, "en", |_| false))
    }

    #[test]
    fn what_is_still_to_be_written_is_told() {
        for (text, mark) in [
            ("TODO: ask Ann for the third paragraph.", "TODO"),
            ("TODO ask Ann", "TODO"),
            ("Write more (TODO).", "TODO"),
            ("[TODO]", "TODO"),
            ("The TODO app is here. TODO: a picture of it", "TODO"),
            ("FIXME the dates are wrong", "FIXME"),
            ("TBD", "TBD"),
            ("(TBA)", "TBA"),
            ("TBD: what the council said", "TBD"),
            ("This paragraph is TBD.", "TBD"),
            ("XXX", "XXX"),
            ("XXX check this with Kim", "XXX"),
            ("It costs XXX won.", "XXX"),
            ("Dear XXX, welcome.", "XXX"),
            ("We thank Mr XXX for it.", "XXX"),
            ("Ask XXX about it.", "XXX"),
            ("TKTK", "TKTK"),
            ("[WIP] The plan", "WIP"),
            ("WIP: the plan", "WIP"),
            ("WIP", "WIP"),
            ("Lorem ipsum dolor", "lorem ipsum"),
            ("This is placeholder text.", "placeholder text"),
            ("tbd", "tbd"),
            ("Dear [insert name here],", "insert"),
            ("(Photo to follow)", "to follow"),
            ("[Picture of the quay to follow.]", "to follow"),
        ] {
            assert_eq!(found(text, Shown::Body), Some(mark), "{text}");
        }
        for (text, mark) in
            [("The plan (WIP)", "WIP"), ("WIP The plan", "WIP"), ("Plan TODO", "TODO")]
        {
            assert_eq!(found(text, Shown::Title), Some(mark), "{text}");
        }
        assert_eq!(found("The plan (TBD)", Shown::Inbox), Some("TBD"));
        assert_eq!(first(unfinished("TODO: pedir", Shown::Body, "es", |_| false)), Some("TODO"));
        assert_eq!(
            unfinished("TODO a. TBD. TODO b.", Shown::Body, "en", |_| false),
            [("TODO", 0), ("TODO", 1), ("TBD", 0)]
        );
    }

    #[test]
    fn what_is_meant_is_not_told() {
        for text in [
            "in the proceedings of ADASS XXX",
            "He saw Super Bowl XXX twice.",
            "the XXX. Olympic Games",
            "Die XXX. Jahrestagung war gut.",
            "XXX Corps crossed the river.",
            "Room: tbd",
            "the tbd of the plan",
            "(programme to follow)",
            "More photos to follow next week.",
            "We insert it here (see below).",
            "Chapter XXX is the longest.",
            "chapters XXVIII, XXIX and XXX",
            "the XXX Olympiad and the XXX Congreso",
            "Pages XXI–XXX are missing.",
            "it ignores work in progress (WIP) requests",
            "WIP, we will know more soon",
            "the demo is still WIP",
            "WIP limits keep a team calm",
            "Topic TBD",
            "Speaker: TBA",
            "Date and time are still TBD.",
            "More details TBA!",
            "in Lyon (dates TBD)",
            "12 May, 19:30 – TBA",
            "Tuesday: TBA",
            "at a TBD location",
            "장소: TBD",
            "연사는 TBA",
            "Ort: TBA",
            "会場：TBA",
            "build the same TODO app twice",
            "TODO 앱을 만듭니다",
            "we removed the TODO of March, and a FIXME of Kim",
            "see TODO.md and docs/TODO",
            "TODO/FIXME comments are shown",
            "the word “TODO” and the word \"TBD\"",
            "browsers show placeholder text in an empty field of a form, in grey",
        ] {
            assert_eq!(found(text, Shown::Body), None, "{text}");
        }
        assert_eq!(found("TBA", Shown::Cell), None);
        assert_eq!(found("Limiting WIP", Shown::Title), None);
        assert_eq!(found("Autumn meeting: venue TBA", Shown::Inbox), None);
        assert_eq!(first(unfinished("TODO EL MUNDO", Shown::Title, "es-MX", |_| false)), None);
        assert_eq!(first(unfinished("There is a FIXME in it", Shown::Body, "en", |_| true)), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "(XXX|TBD|WIP|TODO| |\\PC|[.:()\\[\\]“장]){0,60}") {
            for shown in [Shown::Inbox, Shown::Title, Shown::Cell, Shown::Body] {
                let _ = unfinished(&text, shown, "en", |_| false);
            }
        }
    }
}
