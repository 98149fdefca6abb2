//! What the cells of each column say of consent: whom a row leaves out, and, when all rows were
//! read, what nobody can know without asking.
//!
//! Exists because a column shows what it is by all its cells, and a list is read once. Must never
//! let a row pass for a doubt that is not told at the end: the list is not sent to until somebody
//! has said what the column means.

use std::path::Path;

use crate::diagnostic::{Diagnostic, Place};

use super::answers::{answer, is_no_answer, says_still, wants_none};
use super::columns::Exporter;
use super::consent::{ConsentColumn, Meaning, SaidIn, Sense, sense};
use super::csv::{Placed, Record};
use super::email::shorten;
use super::remarks::is_for_remarks;
use super::rules;
use super::status::{NEVER, UNCONFIRMED, WITHOUT, Word, flat, is_strong, is_unset, word};

/// Different values of a column that are named.
const NAMED: usize = 6;
/// Why somebody gets no mail whose status says no.
const UNSUBSCRIBED: &str = "unsubscribed";

/// Words that say that somebody gets mail also under a name such as `Unsubscribed`, where others
/// might mean that they agree to leave.
const SUBSCRIBED: [&str; 13] = [
    "subscribed",
    "regular",
    "optedin",
    "구독",
    "구독중",
    "수신",
    "수신중",
    "허용",
    "정상",
    "abonniert",
    "angemeldet",
    "abonne",
    "購読中",
];

/// A column on its way through a list.
#[derive(Debug)]
struct Watched {
    label: String,
    line: usize,
    column: usize,
    sense: Sense,
    /// Somebody has said what it means.
    is_said: bool,
    /// Words that somebody has said the meaning of.
    words: Vec<(String, Meaning)>,
    is_korean: bool,
    /// It holds in words why somebody has left, or what made them leave.
    is_reason: bool,
    /// It holds what somebody has noted of the person.
    is_for_remarks: bool,
    counts: CellCounts,
    /// How many rows it has left out.
    left_out: u64,
}

/// What was met in a column.
#[derive(Debug, Default)]
struct CellCounts {
    yes: u64,
    no: u64,
    empty: u64,
    kept: u64,
    /// Of the kept, words that speak of nothing but mail.
    subscribed: u64,
    out: u64,
    unknown: u64,
    /// Of the unknown, those that are no title, interval or plan.
    odd: u64,
    has_circle: bool,
    has_cross: bool,
    /// The first different values, as they stand there, with the number of rows.
    values: Vec<(String, u64)>,
    /// The same of words that are not known.
    strange: Vec<(String, u64)>,
    others: u64,
    /// The first lines with words that are not known.
    strange_lines: Vec<usize>,
}

/// What a cell says against mail to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SaidNo {
    /// Why they get none, in the words that are counted.
    pub(super) reason: &'static str,
    /// The column and the answer in it, where somebody was asked and has answered with a no.
    pub(super) answer: Option<String>,
}

impl SaidNo {
    /// A reason alone.
    pub(super) fn because(reason: &'static str) -> SaidNo {
        SaidNo { reason, answer: None }
    }

    /// How much it weighs beside what the other cells of the row say: what was reported or wished once
    /// weighs more than an answer, and an answer more than none.
    fn weight(&self) -> u8 {
        match self.reason {
            "complained" => 6,
            UNSUBSCRIBED | "email disabled" => 5,
            "bounced" | "cleaned" => 4,
            UNCONFIRMED => 0,
            _ if self.answer.is_some() => 3,
            WITHOUT | NEVER | "not enabled" => 1,
            _ => 2,
        }
    }

    /// The stronger of what two cells say; of two that weigh the same, the first.
    pub(super) fn stronger(one: Option<SaidNo>, other: Option<SaidNo>) -> Option<SaidNo> {
        match (one, other) {
            (Some(one), Some(other)) if other.weight() > one.weight() => Some(other),
            (one, other) => one.or(other),
        }
    }
}

/// What the columns of one list say of consent.
#[derive(Debug)]
pub(super) struct Tallies {
    columns: Vec<Watched>,
    exporter: Exporter,
    /// What was said of columns that the list does not have.
    absent: Vec<ConsentColumn>,
}

impl Tallies {
    /// Of a header, with what somebody has `said` of its columns.
    pub(super) fn new(header: &Record, exporter: Exporter, said: &[ConsentColumn]) -> Tallies {
        let mut columns: Vec<Watched> =
            header.iter().map(|cell| Watched::new(cell, exporter)).collect();
        let mut absent = Vec::new();
        for one in said {
            match meant(&columns, &one.name) {
                Some(index) => columns[index].take(one),
                None => absent.push(one.clone()),
            }
        }
        Tallies { columns, exporter, absent }
    }

    /// Whether the meaning of a column's name is understood, whatever field it becomes.
    pub(super) fn is_consent(&self, index: usize) -> bool {
        self.columns.get(index).is_some_and(|column| column.sense != Sense::Plain)
    }

    /// Whether a column says of people that they may be mailed, or that they must not, and nothing
    /// else of them.
    pub(super) fn says_consent_alone(&self, index: usize) -> bool {
        self.columns.get(index).is_some_and(|column| {
            let sense = column.sense;
            let is_else = matches!(sense, Sense::Plain | Sense::Aside | Sense::PerhapsMay);
            !is_else && !matches!(sense, Sense::Loose | Sense::Standing)
        })
    }

    /// Whether a column holds remarks, and nobody has said that they have nothing to do with mail.
    pub(super) fn is_for_remarks(&self, index: usize) -> bool {
        let is_free = |column: &Watched| column.sense == Sense::Plain && column.is_for_remarks;
        self.columns.get(index).is_some_and(is_free)
    }

    /// Counts the cells of a row; the strongest of what they say against mail to the person, in
    /// whatever order they stand. `skipped` are columns that say nothing of it, such as the address.
    pub(super) fn row(
        &mut self,
        record: &Record,
        skipped: impl Fn(usize) -> bool,
    ) -> Option<SaidNo> {
        let mut strongest = None;
        for (index, (column, cell)) in self.columns.iter_mut().zip(record.iter()).enumerate() {
            if !skipped(index) {
                let reason = column.judge(cell, self.exporter);
                column.left_out += u64::from(reason.is_some());
                let said = reason.map(|reason| column.said_no(reason, cell));
                strongest = SaidNo::stronger(strongest, said);
            }
        }
        strongest
    }

    /// The columns that have left out rows, the one with most first: its name, and where it stands.
    pub(super) fn leaving(&self, path: &Path) -> Vec<(&str, Place)> {
        let mut found: Vec<&Watched> =
            self.columns.iter().filter(|column| column.left_out > 0).collect();
        found.sort_by_key(|column| std::cmp::Reverse(column.left_out));
        let place = |column: &Watched| rules::place(path, column.line, column.column);
        found.into_iter().map(|column| (column.label.as_str(), place(column))).collect()
    }

    /// What nobody can know without asking, when all rows were read: errors, one for each column. A
    /// name in digest.toml that this list does not have is a warning, as another list may have it.
    pub(super) fn doubts(&self, path: &Path) -> Vec<Diagnostic> {
        let labels = || self.columns.iter().map(|column| column.label.as_str());
        let absent = self.absent.iter().map(|said| {
            rules::list_consent_absent(path, said, labels(), said.said_in == SaidIn::CommandLine)
        });
        let has_status = self.columns.iter().any(|column| column.tells_confirmed());
        let doubts = self.columns.iter().filter_map(|column| column.doubt(path, has_status));
        let unread = self.columns.iter().filter_map(|column| column.unread(path));
        absent.chain(doubts).chain(unread).collect()
    }
}

/// A name as a column and a word in it, for each of its colons.
fn parts(name: &str) -> impl Iterator<Item = (&str, &str)> {
    name.match_indices(':').map(|(at, _)| (&name[..at], &name[at + 1..]))
}

/// The column that somebody has said something of. Of names that differ only in spaces and signs
/// (`Opted In`, `OptedIn`), it is the one that is written so; else nobody knows which is meant.
fn meant(columns: &[Watched], name: &str) -> Option<usize> {
    let names = || std::iter::once(name).chain(parts(name).map(|(column, _)| column));
    let like = |name: &str, column: &Watched| {
        let own = flat(&column.label);
        !own.is_empty() && flat(name) == own
    };
    let written = |name: &str, column: &Watched| {
        name.split_whitespace().eq(column.label.split_whitespace()) && like(name, column)
    };
    names().find_map(|name| {
        let exact = columns.iter().position(|column| written(name, column));
        exact.or_else(|| {
            let mut found = (0..columns.len()).filter(|index| like(name, &columns[*index]));
            let first = found.next()?;
            found.next().is_none().then_some(first)
        })
    })
}

impl Watched {
    fn new(cell: Placed<'_>, exporter: Exporter) -> Watched {
        let label = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let label = label.trim_matches(['\u{FEFF}', '\u{200B}']).to_owned();
        let sense = match (exporter, &*flat(&label)) {
            // Whether people confirmed themselves or were imported, and when.
            (Exporter::Phplist, "optedin") | (Exporter::Mailtrain, "optin") => Sense::Aside,
            (Exporter::Digest, "status" | "suppressed") => sense(&label),
            (Exporter::Digest | Exporter::Suppressed, _) => Sense::Aside,
            _ => sense(&label),
        };
        let is_korean = label.chars().any(|c| ('가'..='힣').contains(&c));
        let is_for_remarks = label.is_empty() || is_for_remarks(&label);
        let is_reason = is_for_reasons(&label);
        Watched {
            label,
            line: cell.line,
            column: cell.column,
            sense,
            is_said: false,
            words: Vec::new(),
            is_korean,
            is_reason,
            is_for_remarks,
            counts: CellCounts::default(),
            left_out: 0,
        }
    }

    /// Takes what somebody has said of this column, or of a word in it.
    fn take(&mut self, said: &ConsentColumn) {
        let own = flat(&self.label);
        if flat(&said.name) == own {
            self.sense = match (said.meaning, self.sense) {
                (Meaning::Ignore, _) => Sense::Aside,
                (Meaning::Yes, Sense::May(reason)) => Sense::May(reason),
                (Meaning::Yes, _) => Sense::May(WITHOUT),
                (Meaning::No, Sense::MustNot(reason) | Sense::Date(reason)) => {
                    Sense::MustNot(reason)
                }
                (Meaning::No, _) => Sense::MustNot(UNSUBSCRIBED),
            };
            self.is_said = true;
        } else if let Some((_, word)) = parts(&said.name).find(|(name, _)| flat(name) == own) {
            self.words.push((spelled(word), said.meaning));
        }
    }

    /// Counts a cell; the reason if it says that the person is not to be mailed.
    fn judge(&mut self, placed: Placed<'_>, exporter: Exporter) -> Option<&'static str> {
        let cell = placed.text;
        match self.sense {
            // What is said of one word says nothing of the others.
            Sense::Plain => {
                let said = self.said_word(cell);
                let is_out = || is_strong(cell).then_some(UNSUBSCRIBED);
                return said.map_or_else(is_out, |said| match said {
                    Word::Out(reason) => Some(reason),
                    _ => None,
                });
            }
            Sense::Aside => return None,
            _ => {}
        }
        let said = self.said_word(cell);
        let is_said = said.is_some();
        let preferred = || preference(&flat(&self.label), cell);
        let found =
            said.or_else(preferred).unwrap_or_else(|| match (exporter, self.sense, cell.trim()) {
                (Exporter::Mailtrain, Sense::Status, "2") => Word::Out(UNSUBSCRIBED),
                (Exporter::Mailtrain, Sense::Status, "3") => Word::Out("bounced"),
                (Exporter::Mailtrain, Sense::Status, "4") => Word::Out("complained"),
                _ => self.word(cell),
            });
        // listmonk has three words; a fourth is no permission to write.
        let found = match (exporter, self.sense, found) {
            (Exporter::Listmonk, Sense::Status, Word::Unknown) => Word::Out("not enabled"),
            // What somebody has said of a word holds as it was said.
            (_, _, found) if is_said => found,
            (_, Sense::MustNot(_) | Sense::LooksMustNot | Sense::Date(_), found) => {
                leaving(cell, found, &self.label)
            }
            (_, Sense::Standing, Word::Out(reason)) if !has_left(cell, reason) => Word::In,
            (_, _, found) => found,
        };
        let is_odd = match self.sense {
            Sense::SeemsMay => !is_no_answer(cell),
            Sense::Date(_) => self.may_stay(cell),
            _ => false,
        };
        self.counts.add(placed, found, self.sense, is_odd);
        if !is_said {
            self.counts.has_circle |= matches!(cell.trim(), "o" | "O");
            self.counts.has_cross |= matches!(cell.trim(), "x" | "X");
        }
        match (self.sense, found) {
            (Sense::Date(_) | Sense::MustNot(_), Word::In) => None,
            (Sense::Date(_), Word::Unknown) if self.may_stay(cell) => None,
            (Sense::Date(reason), Word::Yes | Word::Unknown | Word::Out(_)) => Some(reason),
            (_, Word::Out(reason)) => Some(reason),
            (Sense::May(reason), Word::No) => Some(reason),
            // Once somebody has said what the column means, only a yes is one.
            (Sense::May(reason) | Sense::MustNot(reason), Word::Unknown) if self.is_said => {
                Some(reason)
            }
            (Sense::May("unconfirmed"), Word::Empty) => Some("unconfirmed"),
            (Sense::May(_), Word::Empty) => Some(WITHOUT),
            (Sense::MustNot(reason), Word::Yes) => Some(reason),
            (Sense::Status, Word::No) => Some(UNSUBSCRIBED),
            _ => None,
        }
    }

    /// The no of a cell. An empty one is no answer, nor is a word that nobody knows, or one that only
    /// says that nothing was set.
    fn said_no(&self, reason: &'static str, placed: Placed<'_>) -> SaidNo {
        let cell = placed.text.trim();
        let is_asked = matches!(self.sense, Sense::May(_));
        let is_answer = match self.said_word(cell).unwrap_or_else(|| self.word(cell)) {
            Word::No => true,
            Word::Out(WITHOUT) => !is_unset(cell),
            Word::Out(NEVER) => is_asked,
            _ => false,
        };
        let is_answered = is_answer && matches!(reason, WITHOUT | NEVER);
        let answer = is_answered.then(|| format!("{}={}", shorten(&self.label), shorten(cell)));
        SaidNo { reason, answer }
    }

    /// A plain word, or an answer in more words where the column may ask for one.
    fn word(&self, cell: &str) -> Word {
        let is_answered = matches!(
            self.sense,
            Sense::May(_)
                | Sense::MustNot(_)
                | Sense::LooksMay
                | Sense::LooksMustNot
                | Sense::SeemsMay
                | Sense::PerhapsMay
        );
        match word(cell, self.is_korean) {
            Word::Unknown if is_answered => answer(cell),
            Word::Empty if is_answered && wants_none(cell) => Word::No,
            found => found,
        }
    }

    /// Whether a text in a column about leaving may say that somebody has not left. A reason for leaving
    /// does not: `no longer interested`.
    fn may_stay(&self, cell: &str) -> bool {
        !self.is_reason && says_still(cell)
    }

    fn said_word(&self, cell: &str) -> Option<Word> {
        if self.words.is_empty() {
            return None;
        }
        let cell = spelled(cell);
        let (_, meaning) = self.words.iter().find(|(word, _)| *word == cell)?;
        Some(match meaning {
            Meaning::Yes | Meaning::Ignore => Word::In,
            Meaning::No => Word::Out(WITHOUT),
        })
    }

    /// Whether it says who confirmed.
    fn tells_confirmed(&self) -> bool {
        matches!(self.sense, Sense::Status | Sense::May(_))
    }

    /// What has to be asked of this column.
    fn doubt(&self, path: &Path, has_status: bool) -> Option<Diagnostic> {
        let CellCounts { yes, no, empty, kept, subscribed, out, unknown, odd, .. } = self.counts;
        let mixed = self.counts.has_circle && self.counts.has_cross && !self.is_korean;
        let is_asked = match self.sense {
            Sense::Status => unknown > 0,
            Sense::Loose => unknown > 0 && out + subscribed > 0,
            Sense::Standing => unknown > 0 && out > 0,
            Sense::May(_) | Sense::MustNot(_) if self.is_said => mixed,
            Sense::May(_) => unknown > 0 || mixed || empty > 0 && yes + kept == 0,
            Sense::MustNot(_) => unknown > 0 || mixed,
            Sense::LooksMay => no + out + unknown > 0 || mixed || yes + kept > 0 && empty > 0,
            Sense::LooksMustNot => yes + out + kept + unknown > 0,
            Sense::PerhapsMay => no + out > 0 || unknown == 0 && yes > 0 && empty > 0,
            // A newsletter's name is the same in every row.
            Sense::SeemsMay => {
                let differ = self.counts.values.iter().filter(|(cell, _)| !cell.is_empty()).count();
                no + out > 0 || unknown == 0 && yes > 0 && empty > 0 || odd > 0 && differ > 1
            }
            Sense::Confirmed => yes > 0 && empty > 0 && !has_status,
            // People who have not left may be among those who have.
            Sense::Date(_) => odd > 0,
            Sense::Aside | Sense::Plain => false,
        };
        if !is_asked {
            return None;
        }
        let place = rules::place(path, self.line, self.column);
        let looks = matches!(
            self.sense,
            Sense::LooksMay
                | Sense::LooksMustNot
                | Sense::SeemsMay
                | Sense::PerhapsMay
                | Sense::Confirmed
        );
        let CellCounts { strange, values, others, .. } = &self.counts;
        let said = self.lines(looks, mixed);
        Some(if unknown > 0 && !looks {
            let rest = unknown - strange.iter().map(|(_, rows)| rows).sum::<u64>();
            rules::list_status(place, &self.label, (strange, rest), &said)
        } else {
            rules::list_consent(place, &self.label, (values, *others), &said)
        })
    }

    /// That a column of which somebody has said what it means has answers that are neither a yes nor
    /// a no: these people get no mail.
    fn unread(&self, path: &Path) -> Option<Diagnostic> {
        let CellCounts { unknown, strange, strange_lines, .. } = &self.counts;
        let line = strange_lines.first()?;
        if !self.is_said || !matches!(self.sense, Sense::May(_) | Sense::MustNot(_)) {
            return None;
        }
        let rest = unknown - strange.iter().map(|(_, rows)| rows).sum::<u64>();
        let place = rules::place(path, *line, 1);
        Some(rules::list_answer(place, &self.label, (strange, rest), strange_lines))
    }

    /// What may stand in `consent_columns`, so that nothing of this column is asked again: the
    /// column itself where only its name is in doubt, and each word that is not known. What a word
    /// means that is not known, only the person knows who keeps the list; and so it is with a name
    /// such as `Newsletter`, which speaks neither of agreeing nor of refusing.
    fn lines(&self, looks: bool, mixed: bool) -> Vec<(String, &'static str)> {
        let label = &self.label;
        let is_no = matches!(self.sense, Sense::LooksMustNot | Sense::MustNot(_));
        let (yes, no) = if is_no { ("no", "yes") } else { ("yes", "no") };
        let has_known = self.counts.unknown == 0 && !mixed;
        let mut lines = Vec::new();
        if looks || has_known {
            let is_open = matches!(self.sense, Sense::SeemsMay | Sense::PerhapsMay);
            lines.push((label.clone(), if is_open { rules::OPEN } else { yes }));
        }
        if mixed {
            // Where both stand in one column, the cross is no tick.
            lines.extend(
                [("o", yes), ("x", no)].map(|(sign, means)| (format!("{label}: {sign}"), means)),
            );
        }
        lines.extend(
            self.counts.strange.iter().map(|(word, _)| (format!("{label}: {word}"), rules::OPEN)),
        );
        lines
    }
}

impl CellCounts {
    fn add(&mut self, placed: Placed<'_>, found: Word, sense: Sense, is_odd: bool) {
        let cell = placed.text;
        match found {
            Word::Yes => self.yes += 1,
            Word::No => self.no += 1,
            Word::Empty => self.empty += 1,
            Word::In => self.kept += 1,
            Word::Out(_) => self.out += 1,
            Word::Unknown => self.unknown += 1,
        }
        // A society has regular members, and says nothing of mail by it.
        if found == Word::In
            && sense == Sense::Loose
            && is_subscribed(cell)
            && flat(cell) != "regular"
        {
            self.subscribed += 1;
        }
        let cell = shorten(cell.trim());
        if !note(&mut self.values, &cell) {
            self.others += 1;
        }
        if found == Word::Unknown {
            self.odd += u64::from(is_odd);
            note(&mut self.strange, &cell);
            if self.strange_lines.len() < NAMED {
                self.strange_lines.push(placed.line);
            }
        }
    }
}

/// Counts a value, if it is one of the first few.
fn note(values: &mut Vec<(String, u64)>, cell: &str) -> bool {
    if let Some((_, rows)) = values.iter_mut().find(|(known, _)| known == cell) {
        *rows += 1;
        return true;
    }
    let is_new = values.len() < NAMED;
    if is_new {
        values.push((cell.to_owned(), 1));
    }
    is_new
}

/// Whether a column holds reasons in words, or the name of what somebody has left after.
fn is_for_reasons(label: &str) -> bool {
    const REASONS: &str =
        "reason grund ursache motif motivo raison causa campaign 사유 이유 理由 原因";
    let name = flat(label);
    REASONS.split(' ').any(|part| name.contains(part))
}

fn is_subscribed(cell: &str) -> bool {
    SUBSCRIBED.contains(&&*flat(cell))
}

/// A word in a column about leaving. `Accepted` and `refused` may be said of either; so may a no that
/// the name of the column ends with, as `nein` under `Newsletter nein`.
fn leaving(cell: &str, found: Word, label: &str) -> Word {
    match found {
        Word::In if !is_subscribed(cell) => Word::Unknown,
        Word::No if flat(label).ends_with(&flat(cell)) && !flat(cell).is_empty() => Word::Unknown,
        Word::Out(WITHOUT) => Word::Unknown,
        found => found,
    }
}

/// A word of Google Groups in the column that says what of a group's mail a member wants. Elsewhere
/// `none` is no answer, and `email` says nothing of a wish.
fn preference(column: &str, cell: &str) -> Option<Word> {
    const COLUMNS: [&str; 5] = [
        "emailpreference",
        "emailpreferences",
        "emailsetting",
        "emailsettings",
        "deliverysettings",
    ];
    const WANTED: [&str; 12] = [
        "email",
        "emails",
        "allmail",
        "all",
        "each",
        "eachmessage",
        "daily",
        "weekly",
        "monthly",
        "summary",
        "digestemail",
        "dailysummary",
    ];
    if !COLUMNS.contains(&column) {
        return None;
    }
    match &*flat(cell) {
        "none" | "websiteonly" | "web" => Some(Word::Out(UNSUBSCRIBED)),
        wanted if WANTED.contains(&wanted) => Some(Word::In),
        _ => None,
    }
}

/// Whether a word about somebody's standing says that they have left: who was put out has.
fn has_left(cell: &str, reason: &str) -> bool {
    reason == UNSUBSCRIBED || reason == "blocklisted" || flat(cell) == "expelled"
}

/// A word as it is compared with what somebody has said of it: signs count, as in `?`.
fn spelled(word: &str) -> String {
    let word = word.trim();
    let flat = flat(word);
    if flat.is_empty() { word.to_owned() } else { flat }
}
