//! Words in capitals: shouting is told, and a row of abbreviations is not, which have no other form.

use super::author::Passage;
use super::view::View;
use crate::diagnostic::{Diagnostic, Place};

/// Words of capitals in a row.
const SHOUTED: usize = 5;
/// How many of them are no abbreviations.
const WORDS: usize = 4;

/// Short words of the languages that newsletters in Latin letters are written in. Other words of two
/// or three letters are taken for abbreviations.
const SHORT_WORDS: [&str; 185] = [
    "ACT", "ADD", "AGE", "AIR", "ALL", "AN", "AND", "ANY", "ARE", "ART", "AS", "ASK", "AT", "BAD",
    "BE", "BIG", "BOX", "BUT", "BUY", "BY", "CAN", "CAR", "DAY", "DID", "DO", "EAT", "END", "FAR",
    "FEW", "FOR", "FUN", "GET", "GO", "GOT", "HAD", "HAS", "HE", "HER", "HIM", "HIS", "HOT", "HOW",
    "IF", "IN", "IS", "IT", "ITS", "JOB", "JOY", "KEY", "LAW", "LET", "LOT", "LOW", "MAN", "MAY",
    "ME", "MEN", "MY", "NEW", "NO", "NOT", "NOW", "OF", "OFF", "OLD", "ON", "ONE", "OR", "OUR",
    "OUT", "OWN", "PAY", "PUT", "RUN", "SAW", "SAY", "SEA", "SEE", "SET", "SHE", "SIX", "SO",
    "SUN", "TEA", "TEN", "THE", "TO", "TOO", "TOP", "TRY", "TWO", "UP", "US", "USE", "WAS", "WAY",
    "WE", "WHO", "WHY", "WIN", "YES", "YET", "YOU", "DER", "DIE", "DAS", "DEN", "DEM", "DES",
    "EIN", "UND", "IST", "IM", "AM", "AUF", "AUS", "BEI", "BIS", "MIT", "VON", "VOR", "ZU", "ZUM",
    "ZUR", "WIR", "SIE", "ER", "ES", "IHR", "UNS", "NUR", "NEU", "TAG", "AB", "WIE", "WO", "LE",
    "LA", "LES", "UN", "UNE", "DU", "DE", "ET", "EST", "EN", "AU", "AUX", "SUR", "PAR", "NE",
    "PAS", "CE", "QUI", "QUE", "EL", "LOS", "LAS", "UNA", "DEL", "CON", "POR", "SU", "SE", "MI",
    "IL", "LO", "GLI", "DI", "DA", "PER", "NON", "OS", "DOS", "EM", "UM", "UMA", "COM", "NA", "AO",
    "HET", "EEN", "VAN", "OP",
];

/// Whether a word has two letters or more, and none of them is small.
fn is_capital(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    letters > 1 && !word.chars().any(char::is_lowercase) && word.chars().any(char::is_uppercase)
}

/// Whether a word in capitals is one that could be written in small letters: not `DR8`, `ET/1`,
/// `HTML`, `ESA`, nor one of a list with commas.
fn is_word(word: &str) -> bool {
    let is_listed = word.ends_with([',', ';', '|', '/', '、']);
    if is_listed || word.contains('/') || word.contains(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    if !bare.is_ascii() {
        return true;
    }
    match bare.len() {
        0..=3 => SHORT_WORDS.contains(&bare),
        // `I'M`, `WE'RE`.
        _ => bare.contains(['A', 'E', 'I', 'O', 'U', 'Y']),
    }
}

/// The first words of a text that are shouted: a row of capitals, most of them words.
fn shouted<'t, 'w>(words: &'w [&'t str]) -> Option<&'w [&'t str]> {
    // A list has a comma behind all of its words, a sentence behind some.
    words.windows(SHOUTED).find(|run| {
        run.iter().all(|word| is_capital(word))
            && run.first().is_some_and(|word| is_word(word))
            && run.iter().filter(|word| is_word(word)).count() >= WORDS
    })
}

/// Words in capitals, one after the other.
pub(super) fn all_caps(view: &View<'_>) -> Vec<Diagnostic> {
    let passages = view.author.passages.iter();
    passages
        .filter_map(|passage| {
            let words: Vec<&str> = passage.text.split_whitespace().collect();
            let run = shouted(&words)?;
            Some(
                Diagnostic::warning("all-caps", "these words are written in capitals only")
                    .at(place(passage, run))
                    .help("write them in normal letters, and use **bold** for emphasis"),
            )
        })
        .collect()
}

/// Where a run of words begins: the first of them may stand elsewhere as well.
fn place(passage: &Passage<'_>, run: &[&str]) -> Place {
    let starts = (1..=run.len()).rev().map(|count| run[..count].join(" "));
    let found = starts.into_iter().find_map(|words| passage.spot.find(&words));
    found.unwrap_or_else(|| passage.spot.start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_shouted(text: &str) -> bool {
        shouted(&text.split_whitespace().collect::<Vec<_>>()).is_some()
    }

    #[test]
    fn sentences_are_told_from_rows_of_abbreviations() {
        for text in [
            "WHY YOUR WEBSITE SHOULD BE SMALL",
            "PLEASE READ ALL OF THIS BEFORE YOU GO.",
            "BUY NOW SAVE BIG TODAY ONLY",
            "COME, SEE, AND BUY OUR NEW BOOKS",
            "JOIN US AT THE BBC TODAY",
            "DAS IST DER LETZTE TAG",
            "C'EST LA FIN DE LA FOIRE",
            "ЭТО НАШ НОВЫЙ САЙТ СЕГОДНЯ",
            "I SAY THAT WE ALL KNOW IT",
            "FREE SHIPPING! ORDER TODAY! ENDS SOON!",
        ] {
            assert!(is_shouted(text), "{text}");
        }
        for text in [
            "Friday at 2 PM ET/1 PM CT/12 PM MT/11 AM PT.",
            "catalogues such as GALEX, UKIDSS DR5 LAS, SDSS DR8, and 2MASS",
            "CVE-2024-21892, CVE-2024-22019, CVE-2024-21896, CVE-2024-22017, CVE-2024-1 are closed",
            "NASA, ESA, JAXA, CNES, DLR and ISRO",
            "NASA ESA JAXA CNES DLR",
            "the formats PDF HTML CSS SVG PNG",
            "EUR/USD GBP/USD USD/JPY EUR/CHF AUD/USD",
            "MON TUE WED THU FRI",
            "UNESCO, UNICEF, INTERPOL, OPEC, NATO, WHO",
            "GPT-4, BERT, LLAMA-2, RWKV-5, T5-XXL",
        ] {
            assert!(!is_shouted(text), "{text}");
        }
    }
}
