//! Characters that nobody sees, and whether they have a use where they stand.
//!
//! An override turns letters round, a zero-width space hides in a name, tags hold a text of their
//! own. But joiners, marks of direction and variation selectors are how some languages and emoji
//! are written. This is the one place that decides: what the rules tell, what goes to a reader, and
//! what a terminal shows written out.
//!
//! Which characters have no shape is Unicode's property `Default_Ignorable_Code_Point`, and a few
//! more that are empty in every font.

use std::borrow::Cow;
use std::sync::Arc;

use icu_properties::props::{
    DefaultIgnorableCodePoint, Emoji, GeneralCategory, GeneralCategoryGroup, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::{Diagnostic, Place, Source};

/// The rule that such characters break.
pub const RULE: &str = "character-invisible";

/// What an unseen character without a use does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UnseenKind {
    /// It came along with a copied text and does nothing: it can be taken out.
    Pasted,
    /// It hides something, or makes a name look like another.
    Hiding,
    /// It changes the order in which letters are shown.
    Turning,
}

/// An unseen character that has no use where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// Its first byte in the text.
    pub at: usize,
    /// The character.
    pub character: char,
    /// What it does there.
    pub kind: UnseenKind,
}

/// Whether a character has no shape of its own, wherever it stands.
pub fn is_unseen(c: char) -> bool {
    // Nearly all characters pass by this line.
    if matches!(c as u32, 0..=0xAC | 0xAE..=0x34E | 0x3000..=0x3163 | 0x3165..=0xD7FF) {
        return false;
    }
    matches!(c as u32, 0x2028..=0x2029 | 0x2800 | 0xFFF9..=0xFFFC | 0x1D159)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Whether it is always written out for people, also where a language has a use for it: it turns
/// letters round, or ends a line.
pub fn is_always_shown(c: char) -> bool {
    matches!(c as u32,
        0xAD | 0x61C | 0x200B | 0x200E..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF
        | 0xFFF0..=0xFFFC)
}

/// Each unseen character of `text` that has no use where it stands.
pub fn odd(text: &str) -> Vec<Unseen> {
    let mut found = Vec::new();
    if text.is_ascii() {
        return found;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if !line.is_ascii() && line.chars().any(is_unseen) {
            odd_in_line(line, at, &mut found);
        }
        at += line.len();
    }
    found
}

/// The text without those that came along with a copied text.
pub fn without_pasted(text: &str) -> Cow<'_, str> {
    let pasted = odd(text).into_iter().filter(|unseen| unseen.kind == UnseenKind::Pasted);
    let mut out = String::new();
    let mut kept = 0;
    for Unseen { at, character, .. } in pasted {
        out.push_str(&text[kept..at]);
        kept = at + character.len_utf8();
    }
    match kept {
        0 => Cow::Borrowed(text),
        kept => {
            out.push_str(&text[kept..]);
            Cow::Owned(out)
        }
    }
}

/// Every such character of a file, each at its place.
pub fn in_source(source: &Arc<Source>) -> Vec<Diagnostic> {
    let place = |one: &Unseen| Place::span(source, one.at..one.at + one.character.len_utf8());
    odd(source.text()).iter().map(|one| one.problem().at(place(one))).collect()
}

impl Unseen {
    /// The problem, still without its place. What only came along with a copied text stops nothing.
    pub fn problem(self) -> Diagnostic {
        let c = self.character;
        let code = c as u32;
        let named = name(c).map_or(String::new(), |name| format!(" ({name})"));
        let search =
            if code > 0xFFFF { format!("\\u{{{code:X}}}") } else { format!("\\u{code:04X}") };
        let find = format!(
            "put the cursor in front of it and press Delete once; editors find all of them by the \
             regular expression {search}"
        );
        match self.kind {
            UnseenKind::Pasted => {
                let what = format!(
                    "nobody sees the character U+{code:04X}{named} here; readers get the text \
                     without it"
                );
                Diagnostic::warning("character-invisible", what)
                    .help(format!("it came with copied text: {find}"))
            }
            UnseenKind::Hiding => {
                let what = format!("nobody sees the character U+{code:04X}{named} here");
                Diagnostic::error("character-invisible", what).help(format!(
                    "delete it, as a text with it reads as another than it is, and filters count \
                     it: {find}"
                ))
            }
            UnseenKind::Turning => {
                let what = format!(
                    "the character U+{code:04X}{named} turns the order of letters round, and \
                     nobody sees it"
                );
                Diagnostic::error("character-invisible", what).help(format!(
                    "delete it, as a text with it reads as another than it is: {find}"
                ))
            }
        }
    }
}

/// What people call those that are met most.
fn name(c: char) -> Option<&'static str> {
    Some(match c as u32 {
        0xAD => "a soft hyphen",
        0x34F => "a grapheme joiner",
        0x61C | 0x200E..=0x200F => "a mark of direction",
        0x115F..=0x1160 | 0x3164 | 0xFFA0 => "a Hangul filler",
        0x200B => "a zero-width space",
        0x200C => "a zero-width non-joiner",
        0x200D => "a zero-width joiner",
        0x2028..=0x2029 => "a separator of lines",
        0x202A..=0x202B => "an embedding",
        0x202C => "the end of an embedding",
        0x202D..=0x202E => "an override of direction",
        0x2060 => "a word joiner",
        0x2061..=0x2064 => "an invisible operator",
        0x2066..=0x2068 => "an isolate",
        0x2069 => "the end of an isolate",
        0x2800 => "an empty Braille cell",
        0x180B..=0x180D | 0x180F | 0xFE00..=0xFE0F | 0xE0100..=0xE01EF => "a variation selector",
        0xFEFF => "a byte order mark",
        0xFFFC => "what is left of an object that was not copied",
        0xE0000..=0xE007F => "a tag",
        _ => return None,
    })
}

fn odd_in_line(line: &str, start: usize, found: &mut Vec<Unseen>) {
    let is_turned = line.chars().any(is_right_to_left);
    let mut around = Neighbours {
        before: '\n',
        base: '\n',
        behind: '\n',
        is_turned,
        balanced: is_turned && is_balanced(line),
        flag_ends: 0,
        doubled_ends: 0,
        at: 0,
    };
    let mut words = Words { line, end: 0, is_address: false };
    let mut characters = line.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        around.at = at;
        around.behind = characters.peek().map_or('\n', |(_, behind)| *behind);
        if c == BLACK_FLAG {
            around.flag_ends = at + flag_length(&line[at..]);
        }
        if is_selector(c) && !is_selector(around.before) && has_variants(around.base) {
            around.doubled_ends = at + doubled_length(&line[at..], c);
        }
        if is_unseen(c) {
            let is_address = words.is_address(at);
            if !is_in_place(c, around) || is_address && c == '\u{AD}' {
                let kind = kind(c, around, is_address);
                found.push(Unseen { at: start + at, character: c, kind });
            }
        }
        around.before = c;
        if !is_unseen(c) && !is_mark(c) {
            around.base = c;
        }
    }
}

/// What stands around a character.
#[derive(Clone, Copy)]
struct Neighbours {
    before: char,
    /// The last character before it that has a shape and stands on its own.
    base: char,
    behind: char,
    /// Whether the line has letters that run from right to left.
    is_turned: bool,
    /// Whether it has them, and each change of direction in it ends in it.
    balanced: bool,
    /// Where the tags of a flag end, if one has begun.
    flag_ends: usize,
    /// Where a variation selector ends that was typed several times behind its sign.
    doubled_ends: usize,
    at: usize,
}

fn kind(c: char, around: Neighbours, is_address: bool) -> UnseenKind {
    match c as u32 {
        0x61C | 0x200E..=0x200F | 0x202A..=0x202E | 0x2066..=0x2069 | 0x206A..=0x206F => {
            UnseenKind::Turning
        }
        _ if is_address => UnseenKind::Hiding,
        0xFE00..=0xFE0F if around.at < around.doubled_ends => UnseenKind::Pasted,
        // One that is left of an emoji; many in a row are a text of their own.
        0xFE00..=0xFE0F if !is_selector(around.before) && !is_selector(around.behind) => {
            UnseenKind::Pasted
        }
        _ if is_only_pasted(c) => UnseenKind::Pasted,
        _ => UnseenKind::Hiding,
    }
}

/// What web pages and word processors put between words, to say where a line may break.
fn is_only_pasted(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

fn is_in_place(c: char, around: Neighbours) -> bool {
    let Neighbours { before, base, behind, is_turned, balanced, flag_ends, at, .. } = around;
    let beside = |of: &dyn Fn(char) -> bool| of(before) || of(behind);
    match c as u32 {
        0xAD => before != '\u{AD}',
        // Keeps accents in their order.
        0x34F => is_mark(behind),
        0x61C => is_turned,
        // The marks of direction turn nothing round: they belong to a sign between two letters.
        0x200E..=0x200F => is_turned || before.is_ascii_punctuation(),
        0x202A..=0x202C | 0x2066..=0x2069 => balanced,
        0x115F..=0x1160 => beside(&is_old_hangul),
        0x17B4..=0x17B5 => script(before) == Script::Khmer,
        0x180B..=0x180F => script(before) == Script::Mongolian,
        0x200B => beside(&is_without_spaces),
        0x200C => joins(base) && !is_joiner(before),
        0x200D => !is_joiner(before) && (joins(base) || is_emoji(base) && is_emoji(behind)),
        0x2060 => beside(&|c| matches!(c, '-' | '/' | '\u{2010}'..='\u{2015}' | '\u{2026}')),
        0x2800 => beside(&|c| matches!(c, '\u{2801}'..='\u{28FF}')) || before == c,
        // Between a digit and its selector may be the box around it.
        0xFE00..=0xFE0F => (before == base || before == '\u{20E3}') && has_variants(base),
        0xE0100..=0xE01EF => before == base && is_ideograph(base),
        0xE0020..=0xE007F => at < flag_ends,
        0x1D159 | 0x1D173..=0x1D17A => beside(&|c| matches!(c, '\u{1D100}'..='\u{1D1FF}')),
        0x1BCA0..=0x1BCA3 => beside(&|c| matches!(c, '\u{1BC00}'..='\u{1BC9F}')),
        _ => false,
    }
}

fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && !is_unseen(c)
        && GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

/// Whether how a letter of this script looks may depend on the next: only there is a joiner, or
/// what keeps from joining, a part of writing.
fn joins(base: char) -> bool {
    let apart = [
        Script::Common,
        Script::Latin,
        Script::Greek,
        Script::Cyrillic,
        Script::Armenian,
        Script::Georgian,
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Bopomofo,
        Script::Hangul,
    ];
    // The sign for a letter that is not there, the hyphen of Arabic and its digits are Common.
    base == '\u{25CC}' || matches!(base, '\u{600}'..='\u{6FF}') || !apart.contains(&script(base))
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}')
}

/// Signs that are shown in colours, or may be.
fn is_emoji(c: char) -> bool {
    !c.is_ascii() && CodePointSetData::new::<Emoji>().contains(c)
}

fn is_ideograph(c: char) -> bool {
    matches!(c as u32, 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Whether a variation selector may follow.
fn has_variants(base: char) -> bool {
    if base.is_ascii() {
        return base.is_ascii_digit() || "#*".contains(base);
    }
    let is_sign = |c| {
        let category = CodePointMapData::<GeneralCategory>::new().get(c);
        GeneralCategoryGroup::Symbol.contains(category)
    };
    let is_wide = is_ideograph(base) || matches!(base as u32, 0x2018..=0x201D | 0xFF00..=0xFF60);
    let scripts = [
        Script::Myanmar,
        Script::PhagsPa,
        Script::Manichaean,
        Script::Mongolian,
        Script::EgyptianHieroglyphs,
    ];
    is_wide || is_emoji(base) || is_sign(base) || scripts.contains(&script(base))
}

/// Scripts that are written without spaces: there a zero-width space says where a line may end.
fn is_without_spaces(c: char) -> bool {
    matches!(c as u32, 0xE00..=0xEFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3000..=0x3163
        | 0x3165..=0x9FFF | 0xAC00..=0xD7A3 | 0xFF00..=0xFF9F)
}

fn is_old_hangul(c: char) -> bool {
    matches!(c as u32, 0x1100..=0x11FF | 0xA960..=0xA97F | 0xD7B0..=0xD7FF)
}

fn is_right_to_left(c: char) -> bool {
    matches!(c as u32, 0x590..=0x61B | 0x61D..=0x8FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFE
        | 0x10800..=0x10FFF | 0x1E800..=0x1EFFF)
}

/// Whether each embedding and isolate of a line is closed in it.
fn is_balanced(line: &str) -> bool {
    let mut open = Vec::new();
    for c in line.chars() {
        match c as u32 {
            0x202A..=0x202B => open.push(0x202C),
            0x2066..=0x2068 => open.push(0x2069),
            code @ (0x202C | 0x2069) if open.pop() != Some(code) => return false,
            _ => {}
        }
    }
    open.is_empty()
}

const BLACK_FLAG: char = '\u{1F3F4}';

/// The bytes of a flag with its tags (`gbsct`, and one that ends them). Any other run of tags is a
/// text that nobody sees.
fn flag_length(text: &str) -> usize {
    let mut length = BLACK_FLAG.len_utf8();
    for (number, c) in text.chars().skip(1).take(7).enumerate() {
        length += c.len_utf8();
        match c as u32 {
            0xE007F if number >= 3 => return length,
            0xE0030..=0xE0039 | 0xE0061..=0xE007A => {}
            _ => return 0,
        }
    }
    0
}

/// How often pickers of emoji write one selector.
const DOUBLED: usize = 4;

/// The bytes of one selector that `text` begins with several times; nothing if others follow, or so
/// many that they may be a text.
fn doubled_length(text: &str, selector: char) -> usize {
    let count = text.chars().take(DOUBLED + 1).take_while(|c| *c == selector).count();
    let length = count * selector.len_utf8();
    match text[length..].chars().next() {
        _ if count > DOUBLED => 0,
        Some(c) if is_selector(c) => 0,
        _ => length,
    }
}

/// The words of a line, one after the other, as far as they are addresses.
struct Words<'a> {
    line: &'a str,
    /// Where the word ends that was looked at last.
    end: usize,
    is_address: bool,
}

impl Words<'_> {
    /// Whether the word around `at` is an address: a name in it must not look like another. Asked
    /// from the left to the right, so that each word is read once.
    fn is_address(&mut self, at: usize) -> bool {
        let ends = |c: char| c.is_whitespace() || "()[]{}<>\"'`".contains(c);
        if at >= self.end {
            let start = self.line[self.end..at].rfind(ends).map_or(self.end, |found| {
                let found = self.end + found;
                found + self.line[found..].chars().next().map_or(1, char::len_utf8)
            });
            self.end = self.line[at..].find(ends).map_or(self.line.len(), |end| at + end);
            let word = &self.line[start..self.end];
            self.is_address = word.contains("://")
                || word.contains('@')
                || word.starts_with("www.")
                || self.line[..start].ends_with("](");
        }
        self.is_address
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_nobody_sees_is_found() {
        for text in [
            "a\u{202E}b",
            "a\u{202D}b\u{202C}",
            "a \u{2067}b\u{2069}",
            "עברית \u{202B}a",
            "עברית \u{202E}a\u{202C}",
            "pay\u{200B}pal",
            "pay\u{200D}pal",
            "pay\u{200C}pal",
            "pay\u{FE0F}pal",
            "pay\u{2060}pal",
            "a\u{FEFF}b",
            "a\u{E0041}b",
            "\u{1F600}\u{E0041}",
            "a\u{3164}b",
            "한\u{115F}글",
            "a\u{FFA0}",
            "a\u{2064}b",
            "a\u{180E}b",
            "https://pay\u{AD}pal.example",
            "kim@x\u{AD}y.example",
            "a\u{2028}b",
            "a\u{E0100}b",
            "a\u{200F}b",
            "a\u{34F}b",
            "a\u{1160}",
            "a\u{17B4}b",
            "a\u{180B}b",
            "a\u{180F}b",
            "a\u{FFFC}b",
            "a\u{61C}b",
            "עברית \u{206B}a",
            "a\u{2800}b",
            "é\u{FE0F}",
            "日\u{200D}本",
            "раy\u{200C}раl",
            "한\u{200D}글",
            "a\u{1D173}b",
            "a\u{1D159}b",
            "a\u{1BCA0}b",
            "a\u{E01F0}b",
            "é\u{E0100}",
            "🏴\u{E0070}\u{E0061}\u{E0079}\u{E0020}\u{E006D}\u{E0065}\u{E007F}",
            "🏴\u{E0067}\u{E0062}",
            "می\u{200C}\u{200C}خواهم",
            "👩\u{200D}",
            "❤\u{FE0F}\u{FE0E}",
            "Donau\u{AD}\u{AD}dampf",
            "https://a.example/한\u{AD}글",
        ] {
            assert_eq!(odd(text).len().min(1), 1, "{text:?}");
        }
    }

    #[test]
    fn languages_and_emoji_are_left_alone() {
        for text in [
            "세종대왕의 한글은 스물여덟 글자다.",
            "안녕\u{200B}하세요",
            "نرم\u{200C}افزار",
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "שלום עולם (abc)\u{200F}.",
            "עברית \u{2066}a\u{2069} עברית",
            "مرحبا \u{202B}a\u{202C}",
            "👩\u{200D}💻 ❤\u{FE0F} 1\u{FE0F}\u{20E3}",
            "🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
            "葛\u{E0100}城",
            "Donau\u{AD}dampf\u{AD}schiff",
            "ᄒᆞᆫ글 \u{115F}\u{1161}",
            "ไทย\u{200B}ไทย",
            "👩🏽\u{200D}❤\u{FE0F}\u{200D}👨",
            "£ é “x” — …",
            "ᠰᠠᠶ\u{180B}ᠢᠨ ᠪᠠᠶᠢᠨ\u{180E}\u{1820}",
            "שָׁ\u{34F}ִ",
            "https://fa.example/نرم\u{200C}افزار",
            "1–\u{2060}2",
            "★\u{FE0E} ✓\u{FE0E} ©\u{FE0F} 1\u{20E3}\u{FE0F}",
            "\u{2200}\u{FE00}",
            "ក\u{17B4}",
            "⠓⠑\u{2800}⠇",
            "न\u{94D}\u{200D}",
            "C#\u{200E} ©",
            "\u{1D15D}\u{1D173}\u{1D15E}",
            "a\u{A0}b\u{202F}c\u{2009}d\u{3000}e",
        ] {
            assert_eq!(odd(text), [], "{text:?}");
        }
    }

    #[test]
    fn what_came_with_a_copied_text_is_taken_out() {
        for (text, left) in [
            ("\u{FEFF}Hello\u{200B} the\u{2060}re", "Hello there"),
            ("pay\u{200D}pal \u{FE0F}!", "paypal !"),
            ("Donau\u{AD}\u{AD}dampf", "Donau\u{AD}dampf"),
            ("[more\u{200B}](https://a.example/)", "[more](https://a.example/)"),
            ("می\u{200C}\u{200C}خواهم", "می\u{200C}خواهم"),
            ("https://pay\u{200B}pal.example", "https://pay\u{200B}pal.example"),
            ("[a](x\u{200B}y)", "[a](x\u{200B}y)"),
            ("a\u{202E}b\u{3164}\u{E0041}", "a\u{202E}b\u{3164}\u{E0041}"),
            ("ไทย\u{200B}ไทย", "ไทย\u{200B}ไทย"),
            ("a\u{FE01}\u{FE02}", "a\u{FE01}\u{FE02}"),
        ] {
            assert_eq!(without_pasted(text), left, "{text:?}");
        }
    }

    #[test]
    fn each_place_is_found_and_what_it_does() {
        let found = odd("a\u{200B}b\n\u{202E}c\u{3164}");
        let found: Vec<_> = found.iter().map(|one| (one.at, one.kind)).collect();
        assert_eq!(
            found,
            [(1, UnseenKind::Pasted), (6, UnseenKind::Turning), (10, UnseenKind::Hiding)]
        );
    }

    #[test]
    fn every_character_without_a_shape_is_known() {
        let ranges = [
            0x34F..=0x34F,
            0x61C..=0x61C,
            0x115F..=0x1160,
            0x17B4..=0x17B5,
            0x180B..=0x180F,
            0x200B..=0x200F,
            0x2028..=0x202E,
            0x2060..=0x206F,
            0x3164..=0x3164,
            0xFE00..=0xFE0F,
            0xFEFF..=0xFEFF,
            0xFFA0..=0xFFA0,
            0xFFF0..=0xFFFC,
            0x1BCA0..=0x1BCA3,
            0x1D173..=0x1D17A,
            0xE0000..=0xE0FFF,
        ];
        for code in ranges.into_iter().flatten() {
            let c = char::from_u32(code).unwrap();
            assert!(is_unseen(c), "{code:x}");
            assert_eq!(odd(&format!("a{c}b")).len(), 1, "{code:x}");
        }
        for c in "a é 한 日 ا ् \u{301} 👩 \u{A0} \u{3000} \u{FFFD} \u{20E3}".chars() {
            assert!(!is_unseen(c), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn only_what_nobody_sees_is_taken_out(
            text in "([a-z ]|\\PC|[\u{200B}-\u{200F}]|[\u{FE00}-\u{FE0F}]|[\u{AD}\u{2060}]|ا|👩){0,30}"
        ) {
            let seen = |text: &str| text.chars().filter(|c| !is_unseen(*c)).collect::<String>();
            let left = without_pasted(&text);
            prop_assert_eq!(seen(&left), seen(&text));
            prop_assert!(left.len() <= text.len());
        }
    }
}
