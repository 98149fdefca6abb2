//! Whether a message asks to leave the list: by an address for it, by its subject, or by the first words
//! that a person wrote into it.
//!
//! The words are a table, `leaving.tsv`. A text asks to leave if nothing is left of it without what may
//! stand around such a wish (politeness, the word newsletter, the name of the publication), and one of its
//! words asks to leave. So "How do I unsubscribe my colleague?" is none. Of a text that says more, each part
//! between two signs (`. , ! ? -`) is looked at alone: "I have moved. Please remove me." So is what stands
//! behind a word that begins a clause, or before it: "I have moved and want to unsubscribe." A wish that is not heard is worse than a line too many for a person to look at, and nothing happens by such a wish alone:
//! what may mean it counts. Must never take what a program, a list or a mail system sends for the wish of a person.

use std::collections::HashMap;
use std::sync::LazyLock;

use icu_normalizer::DecomposingNormalizerBorrowed;

use super::answer::{is_automatic, subject, submitted};
use super::fields::{FieldBlock, cut};
use super::mime::header_text;
use super::notice::{Notice, NoticeLine};

/// Letters of the shortest token by which somebody leaves.
const LEAST_TOKEN: usize = 28;
/// Bytes of a subject, and of a line, that are looked at: a wish is short.
const MOST_SUBJECT: usize = 400;
const MOST_LINE: usize = 400;
/// Lines that are looked at, quoted ones included.
const MOST_LINES: usize = 200;
/// Words of a name of something to leave.
const MOST_NAME: usize = 4;
/// Letters of a sentence that only greets.
const MOST_GREETING: usize = 60;
/// Words that a text has before all of it asks for something.
const MOST_SAID: usize = 200;
/// Bytes of what somebody wrote in which a part of it may ask.
const MOST_OWN: usize = 2_000;
/// Letters of a line that goes on in the next: a shorter one was ended by whoever wrote it.
const LEAST_WRAPPED: usize = 50;
/// How often a sign stands in a line that separates what is quoted.
const LEAST_RULE: usize = 5;
/// Letters of what stands before the colon of a reply.
const MOST_REPLY: usize = 12;

/// A wish, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LeavingWish {
    pub(super) text: String,
    /// The line of the message; `None` of the subject.
    pub(super) line: Option<usize>,
}

/// Looks whether a message asks to leave a publication with these `names`. `notice` is its text for
/// people.
///
/// What a program answers asks for nothing; one that asks by itself for a reader has the subject that
/// List-Unsubscribe gives it.
pub(super) fn wish(
    header: &FieldBlock,
    notice: &Notice,
    addressed_to: &[String],
    names: &[String],
) -> Option<LeavingWish> {
    let whole = header_text(header.get("subject").unwrap_or_default());
    let by_subject = LeavingWish { text: whole.clone(), line: None };
    let asked = asked_by_program(header);
    // Apple Mail leaves for its reader so, and calls it a reply.
    if header.get("x-apple-unsubscribe").is_some() {
        return asked.map(|_| by_subject);
    }
    if is_automatic(header) {
        let is_own = asked.is_some() && submitted(header).starts_with("auto-generated");
        return is_own.then_some(by_subject);
    }
    let has_token = asked.is_some_and(|token| token >= LEAST_TOKEN)
        || addressed_to.iter().any(|to| has_token(to));
    if has_token {
        return Some(by_subject);
    }
    if is_of_a_list_or_system(header) {
        return None;
    }
    let names = NamesToLeave::of(names, header);
    let is_in_subject = asked.is_some() || in_subject(&whole, &names);
    if is_in_subject || addressed_to.iter().any(|to| is_door(to)) {
        return Some(by_subject);
    }
    in_text(&notice.lines, &names)
}

/// How long the token is behind the word "unsubscribe" in the subject that List-Unsubscribe asks programs
/// to write; `None` of another subject.
fn asked_by_program(header: &FieldBlock) -> Option<usize> {
    let subject = subject(header);
    let subject = subject.trim_matches(|c: char| c.is_whitespace() || ".!\"'<>[]()".contains(c));
    let (first, token) = subject.split_once(' ').unwrap_or((subject, ""));
    let is_asked = first.eq_ignore_ascii_case("unsubscribe") && !token.contains(' ');
    is_asked.then_some(token.len())
}

fn has_token(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    local.split_once("+u-").is_some_and(|(_, token)| token.len() >= LEAST_TOKEN)
}

/// Whether an address of ours is for leaving.
fn is_door(address: &str) -> bool {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    local.split(['+', '-', '.', '_']).any(|word| matches!(word, "unsubscribe" | "leave"))
}

/// Whether a list or a mail system has sent it, and no person.
fn is_of_a_list_or_system(header: &FieldBlock) -> bool {
    let is_list = ["list-id", "list-post", "list-unsubscribe", "list-help"]
        .iter()
        .any(|name| header.get(name).is_some())
        || ["bulk", "list", "junk"].iter().any(|word| header.says("precedence", word));
    let is_null = |value: &str| value.trim().trim_matches(['<', '>']).trim().is_empty();
    is_list
        || header.says("content-type", "multipart/report")
        || header.all("return-path").any(is_null)
        || ["mailer-daemon", "postmaster@"].iter().any(|word| header.says("from", word))
}

/// Words of the names that somebody may leave, or sign with.
struct NamesToLeave(Vec<Vec<String>>);

impl NamesToLeave {
    /// Those of the publication, and the one in From.
    fn of(publication: &[String], header: &FieldBlock) -> NamesToLeave {
        let from = header_text(header.get("from").unwrap_or_default());
        let sender = from.split('<').next().unwrap_or_default();
        let all = publication.iter().map(String::as_str).chain([sender]);
        NamesToLeave(all.map(words).filter(|name| !name.is_empty()).collect())
    }

    /// How many words of the beginning are one of them.
    fn begins(&self, text: &[String]) -> usize {
        self.0.iter().filter(|name| text.starts_with(name)).map(Vec::len).max().unwrap_or(0)
    }
}

/// What a word does in a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum WishWord {
    /// It asks to leave, also with the name of something behind it.
    Leave,
    /// It may: where nothing else is said.
    Stop,
    Around,
    From,
    /// It begins a clause, which may ask.
    Clause,
    Hello,
    Reply,
}

/// What a text asks that says nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum AskedInText {
    Nothing,
    /// It may mean something else, where more is said.
    ToStop,
    ToLeave,
}

/// The table: of each kind, by its first word, the words of each phrase.
struct WishTable(HashMap<WishWord, HashMap<String, Vec<Vec<String>>>>);

static TABLE: LazyLock<WishTable> = LazyLock::new(|| WishTable::read(include_str!("leaving.tsv")));

impl WishTable {
    fn read(text: &str) -> WishTable {
        let mut table: HashMap<WishWord, HashMap<String, Vec<Vec<String>>>> = HashMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((kind, phrases)) = line.split_once('\t') else { continue };
            let kind = match kind {
                "leave" => WishWord::Leave,
                "stop" => WishWord::Stop,
                "around" => WishWord::Around,
                "from" => WishWord::From,
                "clause" => WishWord::Clause,
                "hello" => WishWord::Hello,
                _ => WishWord::Reply,
            };
            for phrase in phrases.split(',').map(words) {
                let Some(first) = phrase.first().cloned() else { continue };
                table.entry(kind).or_default().entry(first).or_default().push(phrase);
            }
        }
        WishTable(table)
    }

    /// How many words at the beginning are the longest phrase of this kind.
    fn begins(&self, kind: WishWord, text: &[String]) -> usize {
        let phrases = || self.0.get(&kind)?.get(text.first()?);
        let fits = |phrase: &&Vec<String>| text.starts_with(phrase);
        phrases().into_iter().flatten().filter(fits).map(Vec::len).max().unwrap_or(0)
    }
}

/// Whether all of a text is a wish to leave.
fn asks(text: &[String], names: &NamesToLeave) -> bool {
    read(text, names).is_some_and(|asked| asked > AskedInText::Nothing)
}

/// Whether a part of a text is a wish to leave, whatever else the text says; or one of its clauses is.
fn part_asks(part: &str, names: &NamesToLeave) -> bool {
    let part = words(part);
    let asks = |clause: &[String]| read(clause, names) == Some(AskedInText::ToLeave);
    if asks(&part) {
        return true;
    }
    let mut at = 0;
    while let rest @ [_, ..] = &part[at..] {
        let clause = TABLE.begins(WishWord::Clause, rest);
        if clause > 0 && (asks(&part[..at]) || asks(rest) || asks(&rest[clause..])) {
            return true;
        }
        // "ab und zu" is one phrase: no clause begins in it.
        at += TABLE.begins(WishWord::Around, rest).max(1);
    }
    false
}

/// What a text asks that says nothing else; `None` where it says something else.
fn read(text: &[String], names: &NamesToLeave) -> Option<AskedInText> {
    let (mut rest, mut asked, mut is_from) = (text, AskedInText::Nothing, false);
    while !rest.is_empty() {
        let from = TABLE.begins(WishWord::From, rest);
        let around = TABLE.begins(WishWord::Around, rest).max(names.begins(rest));
        let leave = TABLE.begins(WishWord::Leave, rest);
        let stop = TABLE.begins(WishWord::Stop, rest);
        let longest = from.max(around).max(leave).max(stop);
        if longest == 0 {
            // "Unsubscribe from The Weekly Paper"
            let is_word = |word: &String| word.chars().all(|c| c.is_alphabetic() && !is_sign(c));
            let is_name = rest.len() <= MOST_NAME && rest.iter().all(is_word);
            return (is_from && is_name).then_some(asked);
        }
        if leave == longest {
            asked = AskedInText::ToLeave;
        } else if stop == longest {
            asked = asked.max(AskedInText::ToStop);
        }
        is_from |= asked == AskedInText::ToLeave && from == longest;
        rest = &rest[longest..];
    }
    Some(asked)
}

/// The parts of a line between its signs, each with its sign. A dot within an address ends nothing.
fn parts(line: &str) -> Vec<&str> {
    let (mut parts, mut start, mut before) = (Vec::new(), 0, ' ');
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        let is_end = match c {
            '。' | '！' | '？' | '、' | '，' | '；' | '…' | '—' => true,
            '.' | '!' | '?' | ',' | ';' | ')' => next.is_whitespace() || !next.is_ascii(),
            '-' | '–' => before.is_whitespace() && next.is_whitespace(),
            _ => false,
        };
        if is_end {
            let end = at + c.len_utf8();
            parts.push(&line[start..end]);
            start = end;
        }
        before = c;
    }
    parts.push(&line[start..]);
    parts
}

/// Whether a subject asks to leave: all of it, or what somebody wrote behind the subject that they answer
/// to, or before it.
fn in_subject(subject: &str, names: &NamesToLeave) -> bool {
    let subject = cut(subject, MOST_SUBJECT);
    let bare = without_tags(subject);
    let (mut rest, mut is_reply) = (bare.as_str(), false);
    let behind_sign = |text: &'_ str| -> Option<usize> {
        let (sign, after) = text.split_once([':', '：'])?;
        is_reply_sign(sign).then_some(text.len() - after.len())
    };
    while let Some(at) = behind_sign(rest) {
        (rest, is_reply) = (&rest[at..], true);
    }
    let found = words(rest);
    // "[unsubscribe]"
    let found = if found.is_empty() { words(subject) } else { found };
    let ends_with_wish = |at: usize| {
        let end = &found[at..];
        TABLE.begins(WishWord::Leave, end) > 0 && asks(end, names)
    };
    // The subject of a reply is that of the issue, whatever that says.
    asks(&found, names)
        || !is_reply && parts(rest).into_iter().any(|part| part_asks(part, names))
        || is_reply && (0..found.len()).any(ends_with_wish)
        || stands_before_reply(rest, names)
}

/// Whether it is what mail programs put before the subject of a reply.
fn is_reply_sign(text: &str) -> bool {
    let sign = words(text);
    let is_short = text.trim().chars().count() <= MOST_REPLY && !sign.is_empty();
    is_short && TABLE.begins(WishWord::Reply, &sign) == sign.len()
}

/// "Unsubscribe Re: October"
fn stands_before_reply(subject: &str, names: &NamesToLeave) -> bool {
    subject.match_indices([':', '：']).any(|(at, _)| {
        let parts = subject[..at].trim_end().rsplit_once(char::is_whitespace);
        parts.is_some_and(|(before, sign)| is_reply_sign(sign) && asks(&words(before), names))
    })
}

/// A text without what stands in square brackets: the name of a list, the number of a reply.
fn without_tags(text: &str) -> String {
    let mut bare = String::new();
    let mut depth = 0_u32;
    for c in text.chars() {
        match c {
            '[' | '【' | '［' => depth += 1,
            ']' | '】' | '］' => depth = depth.saturating_sub(1),
            c if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare
}

/// The wish in what somebody wrote: its first sentence, the first ones together, or a part of it that
/// says nothing else. A greeting before it is passed over, and so is what is quoted.
fn in_text(lines: &[NoticeLine], names: &NamesToLeave) -> Option<LeavingWish> {
    let (mut whole, mut part) = (WholeText::default(), PartOfText::default());
    let mut own = 0;
    let mut before = "";
    for (at, line) in lines.iter().take(MOST_LINES).enumerate() {
        let text = cut(line.text.trim(), MOST_LINE);
        let quotes = introduces_quote(&lines[at..]);
        // A signature begins with a line of these two (RFC 3676 4.3).
        if text == "--" || own > MOST_OWN || !quotes && begins_quotation(text, before) {
            break;
        }
        if text.starts_with('>') || quotes {
            continue;
        }
        (own, before) = (own + text.len(), text);
        let number = line.number;
        if let Some(wish) =
            whole.take(text, number, names).or_else(|| part.take(text, number, names))
        {
            return Some(wish);
        }
    }
    part.end(names)
}

/// What is read as one text, from its beginning.
#[derive(Debug, Default)]
struct WholeText {
    said: Vec<String>,
    begins: Option<usize>,
    says_more: bool,
}

impl WholeText {
    /// Takes the next line; the wish that all of it is.
    fn take(&mut self, line: &str, number: usize, names: &NamesToLeave) -> Option<LeavingWish> {
        for sentence in line.split_inclusive(['.', '!', '?', '。', '！', '？']) {
            let new = words(sentence);
            if new.is_empty() || self.says_more {
                continue;
            }
            self.said.extend(new.iter().cloned());
            self.begins = self.begins.or(Some(number));
            self.says_more = self.said.len() > MOST_SAID;
            match read(&self.said, names).filter(|_| !self.says_more) {
                Some(AskedInText::Nothing) => {}
                Some(_) => return Some(LeavingWish { text: line.to_owned(), line: self.begins }),
                None if is_greeting(sentence, &new) => {
                    self.said.truncate(self.said.len() - new.len());
                    self.begins = self.begins.filter(|_| !self.said.is_empty());
                }
                None => self.says_more = true,
            }
        }
        None
    }
}

/// What is read since the last sign, over the end of a line that goes on.
#[derive(Debug, Default)]
struct PartOfText {
    text: String,
    begins: usize,
}

impl PartOfText {
    /// Takes the next line, an empty one between paragraphs too; the wish that a part is which ends in it.
    fn take(&mut self, line: &str, number: usize, names: &NamesToLeave) -> Option<LeavingWish> {
        let parts = parts(line);
        let last = parts.len() - 1;
        for (at, one) in parts.into_iter().enumerate() {
            if self.text.is_empty() {
                self.begins = number;
            }
            self.text.push_str(one);
            self.text.push(' ');
            let goes_on = at == last && line.chars().count() >= LEAST_WRAPPED;
            if !goes_on && let Some(wish) = self.end(names) {
                return Some(wish);
            }
        }
        None
    }

    fn end(&mut self, names: &NamesToLeave) -> Option<LeavingWish> {
        let part = std::mem::take(&mut self.text);
        let wish = || LeavingWish { text: part.trim().to_owned(), line: Some(self.begins) };
        part_asks(&part, names).then(wish)
    }
}

/// Whether what stands below was written by somebody else, and has no sign for that: mail programs put a
/// rule, the fields of the message or "On Monday kim@example.org wrote:" before it.
fn begins_quotation(line: &str, before: &str) -> bool {
    let bare = line.trim_start_matches('*').to_lowercase();
    let sign = line.chars().next().filter(|c| matches!(c, '-' | '_'));
    let is_rule =
        sign.is_some_and(|sign| line.chars().take_while(|c| *c == sign).count() >= LEAST_RULE);
    let is_field = OF_A_QUOTED_FROM.iter().any(|name| {
        bare.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with([':', '：']))
    });
    let is_said = line.ends_with([':', '：']) && (says_who_or_when(line) || before.contains('@'));
    is_rule || is_field || is_said
}

/// What mail programs call From.
const OF_A_QUOTED_FROM: &[&str] = &[
    "from",
    "von",
    "de",
    "da",
    "van",
    "od",
    "från",
    "fra",
    "от",
    "보낸 사람",
    "보낸사람",
    "발신",
    "差出人",
    "发件人",
    "寄件者",
    "寄件人",
    "من",
    "מאת",
];

fn is_greeting(sentence: &str, words: &[String]) -> bool {
    let is_short = sentence.chars().count() <= MOST_GREETING;
    is_short && TABLE.begins(WishWord::Hello, words) > 0
}

/// Whether the first line is one of two at most that say who wrote what is quoted below.
fn introduces_quote(lines: &[NoticeLine]) -> bool {
    let line = |at: usize| lines.get(at).map_or("", |line| line.text.trim());
    let is_last = |at: usize| {
        let below = lines.iter().take(MOST_LINES).skip(at + 1).map(|line| line.text.trim());
        let mut below = below.filter(|text| !text.is_empty());
        line(at).ends_with([':', '：']) && below.next().is_some_and(|text| text.starts_with('>'))
    };
    is_last(0) || says_who_or_when(line(0)) && is_last(1)
}

fn says_who_or_when(line: &str) -> bool {
    line.contains(|c: char| c == '@' || c.is_ascii_digit())
}

/// The words of a text in small letters, without accents, signs and addresses. Of Korean, Japanese and
/// Chinese each sign is a word: whether there is a space between two makes no difference.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in text.split_whitespace().filter(|part| !part.contains('@')) {
        let small = part.to_lowercase();
        let mut word = String::new();
        for c in DecomposingNormalizerBorrowed::new_nfkd().normalize(&small).chars() {
            if is_mark(c) {
                continue;
            }
            if !c.is_alphanumeric() || is_sign(c) {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                words.extend(is_sign(c).then(|| c.to_string()));
                continue;
            }
            word.push(c);
        }
        words.extend((!word.is_empty()).then_some(word));
    }
    words
}

/// Accents, and the vowels of Arabic and Hebrew.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5C7}' | '\u{64B}'..='\u{65F}' | '\u{670}')
}

/// The parts of Hangul, kana and Han.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3041}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
#[path = "leaving_tests.rs"]
mod tests;
