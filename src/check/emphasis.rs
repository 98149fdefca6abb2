//! Emphasis that Markdown did not take for any: a space within its marks, a letter too close, or
//! half of a pair. Readers would see the stars.

/// The first such stretch of a text, and what to do.
pub(super) fn unread(text: &str) -> Option<(&str, &'static str)> {
    spaced(text).or_else(|| touching(text)).or_else(|| half(text))
}

/// Marks of emphasis, and how it is written.
const MARKS: [(&str, &str); 5] = [
    ("**", "write it without a space within the stars: **words**"),
    ("__", "write it without a space within the marks: __words__"),
    ("~~", "write it without a space within the marks: ~~words~~"),
    ("*", "write it without a space within the stars: *words*"),
    ("_", "write it without a space within the marks: _words_"),
];

/// Bytes of words that are emphasized, at most: of more nobody has forgotten a space.
const LONGEST: usize = 200;

/// A run of one mark.
#[derive(Clone, Copy)]
struct Run {
    at: usize,
    mark: u8,
    length: usize,
}

/// `** words **`, `**words **`, `*words *`.
fn spaced(text: &str) -> Option<(&str, &'static str)> {
    let runs = runs(text);
    let mut pairs = runs.iter().zip(runs.iter().skip(1));
    // The end of one pair begins none.
    let mut skipped = false;
    pairs.find_map(|(open, close)| {
        if std::mem::take(&mut skipped) || (open.mark, open.length) != (close.mark, close.length) {
            return None;
        }
        let mark = &text[open.at..open.at + open.length];
        let (_, help) = MARKS.into_iter().find(|(known, _)| *known == mark)?;
        let inner = &text[open.at + open.length..close.at];
        let end = close.at + close.length;
        let is_joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let stands_apart = !is_joined(text[..open.at].chars().next_back())
            && (!is_joined(text[end..].chars().next()) || inner.ends_with(char::is_whitespace));
        // 2 ** 3 is a power.
        let is_sum = text[..open.at].trim_end().ends_with(|c: char| c.is_ascii_digit());
        if !stands_apart || is_sum || !is_emphasized(inner, open.length) {
            return None;
        }
        skipped = true;
        Some((&text[open.at..end], help))
    })
}

/// Whether words between marks were to be emphasized, and have a space at an end. A product has one
/// at both, and a star alone leads to a note.
fn is_emphasized(inner: &str, marks: usize) -> bool {
    let before = inner.starts_with(char::is_whitespace);
    let behind = inner.ends_with(char::is_whitespace);
    let mut words = inner.split(|c: char| !c.is_alphanumeric());
    let is_word =
        |word: &str| word.chars().nth(1).is_some() || word.chars().any(|c| c >= '\u{1100}');
    let has_words = words.any(|word| is_word(word) && word.chars().any(char::is_alphabetic));
    let is_sure = marks == 2 || before != behind && is_plain(inner);
    (before || behind) && inner.len() <= LONGEST && has_words && is_sure
}

/// Whether words hold nothing that tells of a note, a sum or a list.
fn is_plain(inner: &str) -> bool {
    let odd = |c: char| c.is_ascii_digit() || ".=/+|:;!?".contains(c);
    !inner.contains(odd) && inner.split_whitespace().count() <= 6
}

/// The runs of stars, underscores and tildes that may be a mark of emphasis.
fn runs(text: &str) -> Vec<Run> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let mark = bytes[at];
        if !matches!(mark, b'*' | b'_' | b'~') {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take_while(|byte| **byte == mark).count();
        // An underscore within a word is a letter of it, and a tilde alone is no mark.
        let within = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_letter = mark == b'_'
            && within(text[..at].chars().next_back())
            && within(text[at + length..].chars().next());
        if !is_letter && length <= 2 && (mark != b'~' || length == 2) {
            found.push(Run { at, mark, length });
        }
        at += length;
    }
    found
}

/// `**Note:**text`: a pair that no space or mark surrounds.
fn touching(text: &str) -> Option<(&str, &'static str)> {
    let at = text.find("**").filter(|at| !text[at + 2..].starts_with(['*', ' ']))?;
    let end = text[at + 2..].find("**").filter(|end| *end > 0)?;
    // 2**3 is a power.
    let is_in_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let behind = text[at + 2..].chars().next();
    let is_power = is_in_word(text[..at].chars().next_back()) && is_in_word(behind);
    let inner = &text[at + 2..at + 2 + end];
    let is_before_word = text[at + end + 4..].starts_with(char::is_alphanumeric);
    // Behind a mark, Markdown ends nothing that a letter touches.
    let help = match inner.chars().next_back() {
        Some(c) if is_before_word && c != ':' && !c.is_alphanumeric() => {
            "put a space behind the stars: **\"Words\"** text"
        }
        _ => "write **Note**: text, not **Note:**text",
    };
    (!is_power).then(|| (&text[at..at + end + 4], help))
}

/// Half of a pair.
fn half(text: &str) -> Option<(&str, &'static str)> {
    let halves = [
        ("**", "close it: **words**, in one paragraph"),
        ("~~", "close it: ~~words~~, in one paragraph"),
        ("`", "close it: `words`, in one paragraph"),
    ];
    halves.into_iter().find_map(|(mark, help)| {
        let opens = |at: &usize| {
            let before = text[..*at].chars().next_back();
            let behind = text[at + mark.len()..].chars().next();
            let is_open = |c: char| c.is_whitespace() || "“\"".contains(c);
            before.is_none_or(is_open) && behind.is_some_and(char::is_alphanumeric)
        };
        let at = text.match_indices(mark).map(|(at, _)| at).find(opens)?;
        let end = text[at..].find(char::is_whitespace).map_or(text.len(), |end| at + end);
        Some((&text[at..end], help))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_with_a_space_within_are_found() {
        for (text, found) in [
            ("A ** bold ** word", "** bold **"),
            ("A **bold ** word", "**bold **"),
            ("A ** bold** word", "** bold**"),
            ("** Note: ** the tide", "** Note: **"),
            ("A __ bold __ word", "__ bold __"),
            ("~~ gone ~~ now", "~~ gone ~~"),
            ("*soft * word", "*soft *"),
            ("a * soft word* here", "* soft word*"),
            ("_soft _ word", "_soft _"),
            ("** 굵게 **는 이렇게", "** 굵게 **"),
            ("one ** two ** three ** four **", "** two **"),
            ("**Note:**text", "**Note:**"),
            ("Mind **the gap", "**the"),
        ] {
            assert_eq!(unread(text).map(|(found, _)| found), Some(found), "{text}");
        }
    }

    #[test]
    fn sums_notes_and_names_are_left_alone() {
        for text in [
            "2 ** 3 ** 4 and x ** y ** z",
            "width * height * depth",
            "Home * About * Contact",
            "Price* is 3. *Terms apply. See * below.",
            "Coffee * 3.00 and tea* 2.00",
            "snake_case and _id, my_ name, __init__",
            "Name ____ and date ____ here",
            "안녕하세요~~ 반갑습니다~~ 여러분",
            "*** Sale ***",
            "5 * 3 = 15*",
            "* * *",
            "a ** ** b",
        ] {
            assert_eq!(spaced(text).map(|(found, _)| found), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([*_~ a]|가|\\PC){0,60}") {
            let _ = unread(&text);
        }
    }
}
