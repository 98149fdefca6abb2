//! Short lines that people write below each other in a letter: the verses of a poem, an address, bank
//! details, names with offices, the words and the name at the end.
//!
//! Must never tell of prose that was broken at some width: no such text has only short lines that all
//! begin like a line of their own.

/// Columns of a line that nobody has broken for its length.
pub(super) const UNBROKEN: usize = 50;
/// Columns at which nobody breaks a text.
const NARROW: usize = 30;
/// Lines of the smallest poem.
const VERSES: usize = 3;
/// Lines that can stand below the last words of a letter: a name, an office, a society.
const SIGNATURE: usize = 4;

/// Columns of a line: Korean, Chinese and Japanese letters and pictures take two.
pub(super) fn columns(line: &str) -> usize {
    line.chars().map(|c| if c < '\u{1100}' { 1 } else { 2 }).sum()
}

/// Cells between tabs are no line.
fn is_short(line: &str) -> bool {
    !line.is_empty() && !line.contains('\t') && columns(line) <= UNBROKEN
}

/// Whether the line at `at` and the next are two for what they say.
pub(super) fn are_two(lines: &[&str], at: usize) -> bool {
    let [line, next, behind @ ..] = &lines[at..] else { return false };
    if !is_short(line) || !is_short(next) {
        return false;
    }
    let is_end = behind.len() < SIGNATURE && behind.iter().all(|line| is_short(line));
    is_end && is_last_words(line) && begins(next)
        || behind.is_empty() && is_korean_signature(next) && !is_unfinished(line)
        || is_street(line) && is_town(next)
}

/// Whether lines are verses, or entries of which each has its line: at least three short ones that begin
/// with a capital letter or have none, and are not all sentences.
pub(super) fn are_verses(lines: &[&str]) -> bool {
    let lines = match lines {
        // Whose verses they are.
        [verses @ .., name] if name.starts_with(['—', '–', '―']) => verses,
        all => all,
    };
    let Some((_, broken)) = lines.split_last().filter(|_| lines.len() >= VERSES) else {
        return false;
    };
    let widest = lines.iter().map(|line| columns(line)).max().unwrap_or_default();
    // Who breaks a text at a width puts each word that fits on the line.
    let has_room = |pair: &[&str]| {
        let first = pair[1].split(' ').next().unwrap_or_default();
        columns(pair[0]) + 1 + columns(first) <= widest
    };
    lines.iter().all(|line| is_short(line) && begins(line))
        && !broken.iter().all(|line| is_sentence(line))
        && (widest <= NARROW || lines.windows(2).any(has_room))
}

/// Whether a line begins as one of its own.
fn begins(line: &str) -> bool {
    let bare = line.trim_start_matches(|c| "*_\"'“‘„‚«‹»(¡¿".contains(c));
    bare.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase()) || is_town(bare)
}

fn is_sentence(line: &str) -> bool {
    let bare = line.trim_end_matches(|c| "*_\"'“‘”’»«›‹)".contains(c));
    bare.ends_with(['.', '!', '?', '…', '。', '！', '？'])
}

/// The end of a letter, without a comma behind it: `Mit freundlichen Grüßen`, `Kind regards`.
fn is_last_words(line: &str) -> bool {
    const LAST: &str = "grüße grüßen gruß grüsse grüssen gruss regards wishes sincerely faithfully truly \
                        cordialement saludos saluti";
    let words = line.trim_matches(['*', '_']).to_lowercase();
    let last = words.rsplit([' ', '\u{a0}']).next().unwrap_or_default();
    let is_last = LAST.split_whitespace().any(|known| known == last);
    is_last && begins(line) && words.split_whitespace().count() <= 4
}

/// `한독협회 회장 황서진 드림`.
fn is_korean_signature(line: &str) -> bool {
    let bare = line.trim_matches(['*', '_']);
    let signed = bare.rsplit_once(' ').filter(|(_, last)| ["드림", "올림", "배상"].contains(last));
    signed.is_some_and(|(before, _)| before.ends_with(|c: char| c.is_alphabetic()))
}

/// Whether a line goes on with the next.
fn is_unfinished(line: &str) -> bool {
    !is_sentence(line) && columns(line) > NARROW
}

/// `Hauptstraße 12`, `Am Markt 3a`, `12 rue de la Paix`.
fn is_street(line: &str) -> bool {
    let words: Vec<&str> = line.split(' ').collect();
    let is_number = |word: &&str| {
        word.len() <= 7
            && word.starts_with(|c: char| c.is_ascii_digit())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "-–/,".contains(c))
    };
    let has_number = words.first().is_some_and(is_number) || words.last().is_some_and(is_number);
    (2..=6).contains(&words.len()) && has_number && line.contains(char::is_alphabetic)
}

/// `50667 Köln`, `D-50667 Köln`, `1010 Wien`.
fn is_town(line: &str) -> bool {
    let bare = ["D-", "A-", "CH-", "F-"].iter().find_map(|land| line.strip_prefix(land));
    let Some((code, town)) = bare.unwrap_or(line).split_once(' ') else { return false };
    (4..=5).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && town.starts_with(char::is_uppercase)
        && town.split(' ').count() <= 3
        && !is_sentence(town)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<&str> {
        text.lines().collect()
    }

    #[test]
    fn lines_of_a_letter_are_two() {
        for text in [
            "Mit freundlichen Grüßen\nAnna Schmidt",
            "Viele liebe Grüße\nAnna Schmidt\nVorsitzende",
            "Kind regards\nAnn Lee",
            "*Herzliche Grüße*\n*Eure Anna*",
            "감사합니다.\n한독협회 회장 황서진 드림",
            "Hauptstraße 12\n50667 Köln",
            "Am Alten Markt 3a\nD-10117 Berlin",
            "12 rue de la Paix\n75002 Paris",
            "Stephansplatz 1/4\n1010 Wien",
        ] {
            assert!(are_two(&lines(text), 0), "{text}");
        }
        for text in [
            "Mit freundlichen Grüßen\nan alle Mitglieder",
            "She sends her best wishes and\nKim sends hers.",
            "Viele Grüße\nA\nB\nC\nD\nE\nF",
            "Viele Grüße\nAnna schreibt, dass sie in diesem Jahr nicht zu uns nach Köln kommen kann.",
            "우리 모두의 오랜 소망이자 참으로 아름다운\n아메리칸 드림",
            "Es kamen 120\n50667 waren es nicht",
            "Im Jahr 1990\n1991 Menschen waren da.",
            "Im Haus Nummer 12\n1990 Gäste kamen.",
            "Hauptstraße 12\nam Markt",
        ] {
            assert!(!are_two(&lines(text), 0), "{text}");
        }
    }

    #[test]
    fn verses_are_told_from_prose() {
        for text in [
            "Es schlug mein Herz, geschwind zu Pferde!\nEs war getan fast eh gedacht.\nDer Abend wiegte \
             schon die Erde,\nUnd an den Bergen hing die Nacht;",
            "산에는 꽃 피네\n꽃이 피네\n갈 봄 여름 없이\n꽃이 피네",
            "O Captain! my Captain!\nOur fearful trip is done,\nThe ship has weathered\n— Walt Whitman",
            "Anna Schmidt\nHauptstraße 12\n50667 Köln",
            "Deutsch-Koreanische Gesellschaft\nPostfach 10\nD-50667 Köln",
            "회장 김민수\n총무 박지연\n감사 이서준",
            "\"Tiger, tiger,\nBurning bright\nIn the forests\"",
        ] {
            assert!(are_verses(&lines(text)), "{text}");
        }
        for text in [
            // Broken at 72, at 60 and at 45 columns.
            "The pier is open again after a year of work, and all of the boats are\nback where they \
             were. Members who want to help with the last of the\nPainting can ring Ann.",
            "Die Gesellschaft lädt alle Mitglieder herzlich zur\nVersammlung am Freitag ein. Nach dem \
             Bericht des\nVorstands gibt es Kaffee und Kuchen.",
            "Am Freitag, dem fünften Dezember, findet das\nWinterkonzert des Chores in der alten Kirche\n\
             Sankt Anna statt, zu der alle eingeladen sind.",
            "올해 정기 총회는 십이월 오일 금요일 저녁에\n본회 사무실에서 열리며 회원 여러분의 많은\n참여를 \
             바랍니다.",
            // A sentence on each line.
            "The tide is high.\nThe boats are in.\nWe go home.",
            "안녕하세요.\n이번 달 소식입니다.\n많이 읽어 주세요.",
            // A part of a sentence on each line.
            "The pier is open,\nwhich is good news,\nand the boats are in.",
            "in the year\n1921 the pier burnt\n1938 boats",
            "The price is\n3.50 euros or\n4.20 euros.",
            "[One](https://a.kr)\n[Two](https://b.kr)\n[Three](https://c.kr)",
            "#harbour #quay\n#boats\n#sea",
            "Dear all, the tide\nIs high.",
            "Name\tOffice\nKim\tChair\nLee\tPress",
            "- a\n- b\n- c",
        ] {
            assert!(!are_verses(&lines(text)), "{text}");
        }
    }
}
