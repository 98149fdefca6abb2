//! Lines that were to stand below each other, and that Markdown puts behind each other as one text:
//! `Q:` and `A:`, times and days, speech behind dashes, paragraphs of a law, a greeting, verses.
//!
//! Must never tell of a text whose lines an editor has only broken at some width: each sign has to
//! stand in two lines that follow each other, or in the first or the last line.

use std::ops::Range;

use super::calendar;
use super::own_lines::{UNBROKEN, are_two, are_verses, columns};
use super::stretch::lines;

/// Lines of a paragraph that are looked at.
const MOST: usize = 2_000;
/// Characters of a greeting, and of the name below a letter.
const SHORT: usize = 40;

/// What a line begins with, of which another line has the same kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineStart {
    /// `Q: `, `A: `.
    Label,
    /// `When: 7 pm`, in a short line.
    Entry,
    /// `– How are you?`
    Dash,
    /// `§ 3`: its number.
    Section(u32),
    /// `19:30`, `Monday`, `6 November`.
    Moment,
    /// `1921 The pier`: its number.
    Year(u32),
    /// `Kim Min-su, Vorsitz`.
    Office,
    /// `☎ 0221 123456`, `Tel. 0221 123456`, `IBAN DE02 …`
    Contact,
}

impl LineStart {
    fn goes_on(self, before: LineStart) -> bool {
        match (before, self) {
            (LineStart::Section(last), LineStart::Section(next)) => next == last + 1,
            (LineStart::Year(last), LineStart::Year(next)) => next > last,
            _ => before == self,
        }
    }
}

/// The first of two lines that would be shown as one, and what to do.
pub(super) fn run_together(written: &str) -> Option<(Range<usize>, &'static str)> {
    const HELP: &str = "this line and the next are shown as one: put an empty line between them, or \
                        two spaces or a backslash at the end of the line";
    let all: Vec<(usize, &str)> = lines(written).take(MOST).collect();
    let words: Vec<&str> = all.iter().map(|(_, line)| *line).collect();
    let has_verses = are_verses(&words);
    let pairs = all.iter().zip(all.iter().skip(1)).enumerate();
    let mut joined = pairs.filter(|(_, (one, _))| !is_broken(written, one.0 + one.1.len(), one.1));
    let is_first = |start: usize| all.first().is_some_and(|(first, _)| *first == start);
    let is_last = |start: usize| all.last().is_some_and(|(last, _)| *last == start);
    let found = joined.find(|(at, ((start, line), (next_start, next)))| {
        let starts = start_of(line).zip(start_of(next));
        let is_listed = starts.is_some_and(|(before, next)| next.goes_on(before));
        is_listed
            || has_verses
            || are_two(&words, *at)
            || is_first(*start) && is_greeting(line)
            || is_last(*next_start) && is_farewell(line) && next.chars().count() <= SHORT
    });
    found.map(|(_, ((start, line), _))| (*start..start + line.len(), HELP))
}

/// Whether the line that ends at `end` has a mark behind it that ends it for readers as well.
pub(super) fn is_broken(written: &str, end: usize, line: &str) -> bool {
    let ends = ["\\", "<br>", "<br/>", "<br />"];
    written[end..].starts_with("  ") || ends.iter().any(|mark| line.ends_with(mark))
}

fn start_of(line: &str) -> Option<LineStart> {
    let bare = line.trim_start_matches(['*', '_']);
    if let Some(rest) = bare.strip_prefix(['–', '—', '―']) {
        return rest.starts_with([' ', '\u{a0}']).then_some(LineStart::Dash);
    }
    if let Some(rest) = bare.strip_prefix('§') {
        return number(rest.trim_start()).map(LineStart::Section);
    }
    if is_moment(bare) {
        return Some(LineStart::Moment);
    }
    if let Some(year) = year(bare) {
        return Some(LineStart::Year(year));
    }
    if is_labelled(bare) {
        return Some(LineStart::Label);
    }
    if is_contact(bare) {
        return Some(LineStart::Contact);
    }
    if is_entry(bare) {
        return Some(LineStart::Entry);
    }
    is_office(line).then_some(LineStart::Office)
}

/// What stands before a number or an address: a sign for it, or a word without a colon.
fn is_contact(line: &str) -> bool {
    const WORDS: &str = "iban bic swift tel telefon telephone phone mobil mobile fax e-mail email mail web \
                         전화 휴대전화 팩스 이메일 계좌 계좌번호 예금주";
    let Some((first, behind)) = line.split_once(' ') else { return false };
    let sign = first.trim_end_matches(['\u{fe0e}', '\u{fe0f}', '\u{200d}']);
    // Of bullets it is told that they make no list.
    let is_sign = sign.chars().all(|c| {
        matches!(c, '℡' | '←'..='⇿' | '\u{2600}'..='\u{27bf}' | '\u{1f300}'..='\u{1faff}')
            && !"☞✓✔➤".contains(c)
    });
    let word = first.trim_end_matches(['.', ':']).to_lowercase();
    let is_known = WORDS.split_whitespace().any(|known| known == word);
    let is_value = !behind.starts_with(char::is_lowercase) || behind.contains(['@', '.']);
    let is_word = is_known && is_value && columns(line) <= UNBROKEN;
    !behind.trim().is_empty() && (!sign.is_empty() && is_sign || is_word)
}

/// `Kim Min-su, Vorsitz`: a name of some words, a comma and an office.
fn is_office(line: &str) -> bool {
    let bare = line.trim_matches(['*', '_']);
    let Some((name, office)) = bare.split_once(", ") else { return false };
    let is_name = |word: &str| word.starts_with(|c: char| c.is_uppercase() || c >= '\u{1100}');
    let is_plain = |c: char| c.is_alphabetic() || " -–'’./*_&".contains(c);
    (2..=4).contains(&name.split(' ').count())
        && name.split(' ').all(is_name)
        && (1..=4).contains(&office.split(' ').count())
        && bare.replacen(", ", " ", 1).chars().all(is_plain)
        && !bare.ends_with('.')
        && columns(line) <= UNBROKEN
}

fn number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

/// Labels of a question and of its answer.
const SPEAKERS: &str = "q a f r p question questions answer frage antwort réponse pregunta respuesta 문 \
    답 질문 답변 問 答";

/// `Q: x`, `**A:** x`, `Q1: x`, `질문: x`. Of other labels nobody knows whether they begin a line.
fn is_labelled(line: &str) -> bool {
    let Some((label, behind)) = line.split_once([':', '：']) else { return false };
    let behind = behind.trim_start_matches(['*', '_']);
    let label = label.trim_end_matches(|c: char| c.is_ascii_digit() || "*_ ".contains(c));
    let lower = label.to_lowercase();
    let is_name = label.starts_with(|c: char| c.is_uppercase() || c >= '\u{1100}')
        && SPEAKERS.split_whitespace().any(|known| known == lower);
    is_name && behind.starts_with(char::is_whitespace) && !behind.trim().is_empty()
}

/// `When: 7 pm`, `**장소:** 부두`: a word, a colon and a few words.
fn is_entry(line: &str) -> bool {
    let Some((label, behind)) = line.split_once([':', '：']) else { return false };
    let label = label.trim_end_matches(['*', '_', ' ']);
    let behind = behind.trim_start_matches(['*', '_']);
    let is_word = label.chars().all(|c| c.is_alphabetic() || c == '-')
        && label.starts_with(|c: char| c.is_uppercase() || c >= '\u{1100}')
        && (2..=14).contains(&label.chars().count());
    is_word && columns(line) <= UNBROKEN && behind.starts_with(' ') && !behind.trim().is_empty()
}

/// `1921 The pier`, `1921: the pier`, `1921 – the pier`.
fn year(line: &str) -> Option<u32> {
    let year = number(line).filter(|year| (1000..2100).contains(year))?;
    let behind = &line[4..];
    let words = behind.trim_start_matches([':', ' ', '–', '—', '-']);
    let is_apart = behind.starts_with([':', ' ']);
    let is_marked = behind.trim_start().starts_with([':', '–', '—']);
    let is_begun = words.starts_with(char::is_uppercase) || is_marked;
    (is_apart && is_begun && words.len() < behind.len()).then_some(year)
}

/// Whether a line begins with a time, a date, or a day of the week and one of these.
fn is_moment(line: &str) -> bool {
    let mut words = line.split([' ', '\u{a0}']).filter(|word| !word.is_empty());
    let (Some(first), second) = (words.next(), words.next().unwrap_or_default()) else {
        return false;
    };
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let (one, two) = (bare(first), bare(second));
    let is_month = |word: &str| calendar::month(word).is_some();
    let has_digit = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let is_short_number = |word: &str| number(word).is_some_and(|number| number < 32);
    // `Sun 5`, `Monday, 19:30`, `Monday: soup`.
    let is_day = calendar::is_weekday(&one) && (has_digit(&two) || first.ends_with([':', '：']));
    let is_date = is_short_number(&one) && is_month(&two)
        || is_month(&one) && is_short_number(&two)
        || is_day;
    is_date || is_time(first, &two) || is_day_number(first)
}

/// `19:30`, `9.30–10`, `7pm`, `7 pm`, `19 Uhr`, `19h`.
fn is_time(first: &str, second: &str) -> bool {
    let digits = first.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=2).contains(&digits) {
        return false;
    }
    let rest = &first[digits..];
    let minutes = rest.strip_prefix([':', '.', 'h']).unwrap_or_default();
    let is_clock = minutes.len() > 1
        && minutes.bytes().take(2).all(|byte| byte.is_ascii_digit())
        && !minutes[2..].starts_with(|c: char| c.is_ascii_digit() || c == '%' || c == '.');
    let is_hour = |word: &str| ["am", "pm", "uhr", "h", "heures"].contains(&word);
    // 3.50 may be a price as well.
    let is_clock = is_clock && (!rest.starts_with('.') || is_hour(second));
    is_clock || is_hour(&rest.to_lowercase()) || rest.is_empty() && is_hour(second)
}

/// `2025-11-06`, `6.11.`, `6.11.2025`, `6/11`, `11월`.
fn is_day_number(first: &str) -> bool {
    let first = first.trim_end_matches([',', ':', ')']);
    let parts: Vec<&str> = first.split(['-', '.', '/']).filter(|part| !part.is_empty()).collect();
    let is_number = |part: &&str| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_date = parts.len() == 3
        || parts.len() == 2 && (first.ends_with('.') || first.contains('/') && first.len() <= 5);
    parts.iter().all(is_number) && is_date
        || first.strip_suffix('월').is_some_and(|month| number(month).is_some())
}

/// Words that begin a letter.
const GREETINGS: &str = "dear hello hi hey greetings liebe lieber sehr hallo guten cher chère chers \
    chères bonjour querido querida queridos queridas estimado estimada estimados estimadas hola cari \
    caro cara care gentili beste geachte kära hej friends colleagues members";

/// `Dear all,`, `Dear friends!`, `여러분,`: the first line of a letter.
fn is_greeting(line: &str) -> bool {
    let first = line.split([' ', ',', '!']).next().unwrap_or_default().to_lowercase();
    let is_begun = GREETINGS.split_whitespace().any(|word| word == first)
        || line.contains("여러분")
        || line.starts_with("Good morning")
        || line.starts_with("Good evening");
    is_begun && line.ends_with([',', '!', ':', '，', '！']) && line.chars().count() <= SHORT
}

/// `Best wishes,`: the line before a name.
fn is_farewell(line: &str) -> bool {
    const WORDS: [&str; 16] = [
        "best",
        "kind",
        "warm",
        "yours",
        "with",
        "sincerely",
        "regards",
        "cheers",
        "viele",
        "herzliche",
        "mit",
        "liebe",
        "cordialement",
        "bien",
        "saludos",
        "cordiali",
    ];
    let first = line.split([' ', ',']).next().unwrap_or_default().to_lowercase();
    WORDS.contains(&first.as_str()) && line.ends_with(',') && line.split_whitespace().count() <= 4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_that_run_together_are_found() {
        for text in [
            "Q: Why boats?\nA: They float.",
            "**Q:** Why?\n**A:** So.",
            "질문: 왜요?\n답: 그래서요.",
            "– How are you?\n– Well.",
            "She asked:\n— Why?\n— Why not?",
            "§ 1 The name\n§ 2 The seat",
            "9:30 Doors\n10:00 Talk",
            "7pm Doors\n8 pm Talk",
            "19 Uhr Einlass\n20 Uhr Beginn",
            "Mon 3: choir\nTue 4: walk",
            "Monday, 19:30 choir\nTuesday, 20:00 walk",
            "6 November: walk\n13 November: talk",
            "November 6: walk\nNovember 13: talk",
            "6.11. Walk\n13.11. Talk",
            "2025-11-06 Walk\n2025-11-13 Talk",
            "1921 The pier\n1938 The fire",
            "Dear all,\nthe tide is high.",
            "Liebe Mitglieder,\nes ist Mai.",
            "The tide is high.\nBest wishes,\nAnn",
            "Date: 6 November\nLocation: the quay",
            "**일시:** 11월 27일 19시\n**장소:** 부두",
            "Kim Min-su, Vorsitz\nPark Ji-yeon, Kasse",
            "**Dr. Ann Lee**, chair\n**Bo Ray**, press and books",
            "☎ 0221 123456\n✉ post@a.kr",
            "📅 11월 27일 19시\n📍 서울 부두",
            "☎️ 0221 123456\n✉️ post@a.kr",
            "Konto der Gesellschaft:\nIBAN DE02 3705 0198 0000 0012 34\nBIC COLSDE33XXX",
            "Tel. 0221 123456\nFax 0221 123457",
            "계좌 국민은행 123-456\n예금주 한독협회",
            "Wir freuen uns.\nMit freundlichen Grüßen\nAnna Schmidt",
            "많은 참여 바랍니다.\n감사합니다.\n한독협회 회장 황서진 드림",
            "Unser Büro:\nHauptstraße 12\n50667 Köln",
            "> Burning bright\n> In the forests\n> Of the night",
            "Burning bright\\\nIn the forests\nOf the night",
        ] {
            assert!(run_together(text).is_some(), "{text}");
        }
        for text in [
            "Q: Why boats?  \nA: They float.",
            "Q: Why boats?\\\nA: They float.",
            "One long line that was broken at\nMonday for the width of a screen, and\nnot for readers.",
            "It began at 9:30 on\n10 May and went on.",
            "the last of them. Note: it\nis high.",
            "– alone\nand more",
            "§ 5 and\n§ 9 say so",
            "in the year\n1921 the pier burnt\n1938 boats",
            "Dear all, the tide\nis high.",
            "Dear all,",
            "Note: the tide is high this week, and all the boats are in\nAnn: she is not",
            "See https://a.kr:\nhttps://b.kr: c",
            "The price is\n3.50 euros or\n4.20 euros.",
            "with all the boats,\nAnn went home and came back with many more of them.",
            "12 boats\n13 gulls",
            "So it is\nMon dieu",
            "Ann Lee, who is our chair, met\nBo Ray, and they walked.",
            "Berlin, Deutschland\nParis, Frankreich",
            "IBAN office and the\nBIC office of it",
            "❤ for all\nand more",
            "✓ Tea\n✓ Cake",
            "Burning bright  \nIn the forests  \nOf the night",
            "Mit freundlichen Grüßen\\\nAnna Schmidt",
            "Kim Min-su, Vorsitz<br>\nPark Ji-yeon, Kasse",
        ] {
            assert_eq!(run_together(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_lines_are_read(text in "([QA:§–*0-9. \\n\\\\]|Mon|Dear|,|\\PC){0,60}") {
            let _ = run_together(&text);
        }
    }
}
